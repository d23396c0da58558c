/* A checked descriptor as JSON text. Nothing is checked here. */
#include "descriptor.h"

static void escape(clo_buffer *buffer, unsigned char c) {
  static const char digits[] = "0123456789abcdef";
  char text[7] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], 0};
  if (c == '"' || c == '\\') {
    text[1] = (char)c;
    text[2] = 0;
  }
  clo_buffer_add_text(buffer, text);
}

static void write_text(clo_buffer *buffer, cloacina_text text) {
  clo_buffer_add(buffer, "\"", 1);
  size_t plain = 0;
  for (size_t index = 0; index < text.count; index++) {
    unsigned char c = (unsigned char)text.utf8[index];
    if (c >= ' ' && c != '"' && c != '\\') continue;
    clo_buffer_add(buffer, text.utf8 + plain, index - plain);
    escape(buffer, c);
    plain = index + 1;
  }
  if (text.count > plain) clo_buffer_add(buffer, text.utf8 + plain, text.count - plain);
  clo_buffer_add(buffer, "\"", 1);
}

/* `key` carries its own punctuation: `{"name":` or `,"name":`. */
static void write_member(clo_buffer *buffer, const char *key, cloacina_text text) {
  clo_buffer_add_text(buffer, key);
  write_text(buffer, text);
}

static void write_number(clo_buffer *buffer, const char *key, uint64_t number) {
  clo_buffer_add_text(buffer, key);
  clo_buffer_add_number(buffer, number);
}

static void write_list(clo_buffer *buffer, const char *key, const cloacina_text *texts, size_t count) {
  clo_buffer_add_text(buffer, key);
  clo_buffer_add(buffer, "[", 1);
  for (size_t index = 0; index < count; index++) {
    if (index > 0) clo_buffer_add(buffer, ",", 1);
    write_text(buffer, texts[index]);
  }
  clo_buffer_add(buffer, "]", 1);
}

static void write_retry(clo_buffer *buffer, const cloacina_retry_policy *retry) {
  static const char *const backoff[] = {"fixed", "linear", "exponential"};
  static const char *const failures[] = {"\"error\"", "\"timeout\"", "\"crash\""};
  if (retry == NULL) {
    clo_buffer_add_text(buffer, "null");
    return;
  }
  write_number(buffer, "{\"max_attempts\":", retry->max_attempts == 0 ? 1 : retry->max_attempts);
  clo_buffer_add_text(buffer, ",\"backoff\":\"");
  clo_buffer_add_text(buffer, backoff[retry->backoff]);
  write_number(buffer, "\",\"base_ms\":", retry->base_ms);
  write_number(buffer, ",\"cap_ms\":", retry->cap_ms);
  write_number(buffer, ",\"multiplier_permille\":",
               retry->multiplier_permille == 0 ? 2000 : retry->multiplier_permille);
  write_number(buffer, ",\"jitter_permille\":", retry->jitter_permille);
  clo_buffer_add_text(buffer, ",\"retry_on\":[");
  uint32_t chosen = retry->retry_on == 0 ? 7 : retry->retry_on;
  const char *comma = "";
  for (unsigned bit = 0; bit < 3; bit++) {
    if ((chosen >> bit & 1) == 0) continue;
    clo_buffer_add_text(buffer, comma);
    clo_buffer_add_text(buffer, failures[bit]);
    comma = ",";
  }
  clo_buffer_add_text(buffer, "]}");
}

static void write_rule(clo_buffer *buffer, const cloacina_rule *rule);

static void write_rule_rest(clo_buffer *buffer, const cloacina_rule *rule) {
  static const char *const comparison[] = {"equal", "not_equal", "less", "greater", "exists", "contains"};
  switch (rule->kind) {
    case CLOACINA_RULE_ALWAYS:
      break;
    case CLOACINA_RULE_CONTEXT:
      write_member(buffer, ",\"key\":", rule->subject);
      clo_buffer_add_text(buffer, ",\"comparison\":\"");
      clo_buffer_add_text(buffer, comparison[rule->comparison]);
      write_member(buffer, "\",\"value_json\":", rule->value);
      break;
    case CLOACINA_RULE_SUCCEEDED:
    case CLOACINA_RULE_FAILED:
    case CLOACINA_RULE_SKIPPED:
      write_member(buffer, ",\"task\":", rule->subject);
      break;
    default:
      clo_buffer_add_text(buffer, ",\"rules\":[");
      for (size_t index = 0; index < rule->child_count; index++) {
        if (index > 0) clo_buffer_add(buffer, ",", 1);
        write_rule(buffer, rule->children[index]);
      }
      clo_buffer_add(buffer, "]", 1);
  }
}

static void write_rule(clo_buffer *buffer, const cloacina_rule *rule) {
  static const char *const kind[] = {"always", "all", "any", "none", "succeeded", "failed", "skipped", "context"};
  if (rule == NULL) {
    clo_buffer_add_text(buffer, "null");
    return;
  }
  clo_buffer_add_text(buffer, "{\"kind\":\"");
  clo_buffer_add_text(buffer, kind[rule->kind]);
  clo_buffer_add(buffer, "\"", 1);
  write_rule_rest(buffer, rule);
  clo_buffer_add(buffer, "}", 1);
}

static void write_task(clo_buffer *buffer, const cloacina_task *task) {
  write_member(buffer, "{\"id\":", task->id);
  write_member(buffer, ",\"description\":", task->description);
  write_list(buffer, ",\"dependencies\":", task->dependencies, task->dependency_count);
  clo_buffer_add_text(buffer, ",\"retry\":");
  write_retry(buffer, task->retry);
  write_number(buffer, ",\"timeout_ms\":", task->timeout_ms);
  clo_buffer_add_text(buffer, ",\"rule\":");
  write_rule(buffer, task->rule);
  write_list(buffer, ",\"tags\":", task->tags, task->tag_count);
  write_member(buffer, ",\"concurrency_key\":", task->concurrency_key);
  write_number(buffer, ",\"concurrency_limit\":", task->concurrency_limit);
  clo_buffer_add_text(buffer, task->flags & CLOACINA_TASK_DEFERS ? ",\"defers\":true}" : ",\"defers\":false}");
}

static void write_workflow(clo_buffer *buffer, const cloacina_workflow *workflow) {
  static const char *const conflict[] = {"last_declared", "refuse"};
  write_member(buffer, "{\"name\":", workflow->name);
  write_member(buffer, ",\"description\":", workflow->description);
  clo_buffer_add_text(buffer, ",\"on_conflict\":\"");
  clo_buffer_add_text(buffer, conflict[workflow->on_conflict]);
  clo_buffer_add_text(buffer, "\"");
  /* Left out where it says nothing, so that older hosts read the text too. */
  if (clo_upgrade_of(workflow) == CLOACINA_UPGRADE_NEXT_TASK)
    clo_buffer_add_text(buffer, ",\"upgrade\":\"next-task\"");
  const cloacina_text input_schema = clo_input_schema_of(workflow);
  if (input_schema.count > 0) write_member(buffer, ",\"input_schema\":", input_schema);
  clo_buffer_add_text(buffer, ",\"tasks\":[");
  for (size_t index = 0; index < workflow->task_count; index++) {
    if (index > 0) clo_buffer_add(buffer, ",", 1);
    write_task(buffer, workflow->tasks[index]);
  }
  clo_buffer_add_text(buffer, "]}");
}

void clo_write_package(clo_buffer *buffer, const cloacina_package *package) {
  write_member(buffer, "{\"name\":", package->name);
  write_member(buffer, ",\"version\":", package->version);
  write_member(buffer, ",\"description\":", package->description);
  write_member(buffer, ",\"author\":", package->author);
  write_member(buffer, ",\"fingerprint\":", package->fingerprint);
  write_member(buffer, ",\"compiler\":", package->compiler);
  write_number(buffer, ",\"abi_major\":", package->abi_major);
  write_number(buffer, ",\"abi_minor\":", package->abi_minor);
  write_number(buffer, ",\"needs_host_minor\":", package->needs_host_minor);
  clo_buffer_add_text(buffer, ",\"workflows\":[");
  for (size_t index = 0; index < package->workflow_count; index++) {
    if (index > 0) clo_buffer_add(buffer, ",", 1);
    write_workflow(buffer, package->workflows[index]);
  }
  clo_buffer_add_text(buffer, "]}");
}
