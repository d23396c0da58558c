/* The comfortable way to write a package in C. Optional, and C only: other languages include cloacina.h.
 *
 *     #include <cloacina/author.h>
 *
 *     static cloacina_status greet(const cloacina_call *call) {
 *       int64_t times = cloacina_integer(cloacina_input(call, "times"), 1);
 *       return cloacina_emit(call, "{\"greetings\":%lld}", (long long)times);
 *     }
 *
 *     CLOACINA_PACKAGE(
 *       CLOACINA_WORKFLOW("greeting", "Greets", CLOACINA_TASK(greet, .timeout_ms = 30000)))
 *
 * Name, version, description, author and fingerprint come from package.toml: the package tool defines them as
 * macros. One file of a package contains CLOACINA_PACKAGE; the whole table in it is constant data. */
#ifndef CLOACINA_AUTHOR_H
#define CLOACINA_AUTHOR_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cloacina.h"
#include "input.h"

#ifndef CLOACINA_PACKAGE_NAME
#define CLOACINA_PACKAGE_NAME "unnamed"
#endif
#ifndef CLOACINA_PACKAGE_VERSION
#define CLOACINA_PACKAGE_VERSION "0.0.0"
#endif
#ifndef CLOACINA_PACKAGE_DESCRIPTION
#define CLOACINA_PACKAGE_DESCRIPTION ""
#endif
#ifndef CLOACINA_PACKAGE_AUTHOR
#define CLOACINA_PACKAGE_AUTHOR ""
#endif
#ifndef CLOACINA_PACKAGE_FINGERPRINT
#define CLOACINA_PACKAGE_FINGERPRINT ""
#endif

/* --- What a task says ------------------------------------------------------------------------------------------ */

#ifdef __GNUC__
#define CLOACINA_FORMAT __attribute__((format(printf, 2, 3)))
#else
#define CLOACINA_FORMAT
#endif

/* Adds a piece of at most 2047 bytes to the result, as printf would write it. DONE, so that a task can end with it;
 * FAIL, explained, for a longer one. Text put in with %s is not escaped. */
CLOACINA_FORMAT static inline cloacina_status cloacina_emit(const cloacina_call *call, const char *format, ...) {
  char text[2048];
  va_list values;
  va_start(values, format);
  int count = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (count < 0 || (size_t)count >= sizeof text) {
    const char reason[] = "cloacina_emit was given more than 2047 bytes at once";
    cloacina_text sentence = {reason, sizeof reason - 1};
    call->explain(call, sentence);
    return CLOACINA_FAIL;
  }
  cloacina_bytes piece = {(const uint8_t *)text, (size_t)count};
  call->emit(call, piece);
  return CLOACINA_DONE;
}

/* Explains, in at most 511 bytes, why the task fails for good; answers FAIL. */
CLOACINA_FORMAT static inline cloacina_status cloacina_fail(const cloacina_call *call, const char *format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  int count = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  cloacina_text reason = {text, count < 0 ? 0 : strlen(text)};
  call->explain(call, reason);
  return CLOACINA_FAIL;
}

/* The same for a failure that another attempt may mend; answers RETRY. */
CLOACINA_FORMAT static inline cloacina_status cloacina_retry(const cloacina_call *call, const char *format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  int count = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  cloacina_text reason = {text, count < 0 ? 0 : strlen(text)};
  call->explain(call, reason);
  return CLOACINA_RETRY;
}

/* --- What a package declares ----------------------------------------------------------------------------------- */

/* A task with the function that runs it. The table of the ABI points to `task`, its first member. */
typedef struct cloacina_authored_task {
  cloacina_task task;
  cloacina_status (*body)(const cloacina_call *call);
} cloacina_authored_task;

/* A literal as borrowed text, in an initializer. */
#define CLOACINA_TEXT(literal) {literal, sizeof(literal) - 1}

/* A task that is called like the function that runs it; what follows are members of cloacina_task, or the three
 * short forms below them: CLOACINA_TASK(report, CLOACINA_AFTER("collect"), .timeout_ms = 30000). */
#define CLOACINA_TASK(function, ...)                                                                \
  &((const cloacina_authored_task){.task = {.struct_size = sizeof(cloacina_task),                   \
                                            .id = CLOACINA_TEXT(#function),                         \
                                            __VA_ARGS__},                                           \
                                   .body = function})                                               \
       .task

/* The task comes after one other. */
#define CLOACINA_AFTER(id) CLOACINA_AFTER_ALL(CLOACINA_TEXT(id))

/* The task comes after several: CLOACINA_AFTER_ALL(CLOACINA_TEXT("left"), CLOACINA_TEXT("right")). */
#define CLOACINA_AFTER_ALL(...)                                                                     \
  .dependency_count = sizeof((const cloacina_text[]){__VA_ARGS__}) / sizeof(cloacina_text),         \
  .dependencies = (const cloacina_text[]){__VA_ARGS__}

/* The members of a cloacina_retry_policy: CLOACINA_RETRY_POLICY(.max_attempts = 3, .base_ms = 100). */
#define CLOACINA_RETRY_POLICY(...)                                                                  \
  .retry = &(const cloacina_retry_policy) { .struct_size = sizeof(cloacina_retry_policy), __VA_ARGS__ }

/* A workflow, a sentence on it, and its tasks in order. */
#define CLOACINA_WORKFLOW(title, about, ...)                                                        \
  CLOACINA_WORKFLOW_OF(CLOACINA_UPGRADE_PINNED, title, about, __VA_ARGS__)

/* The same; its runs in flight go on by a version that becomes active meanwhile. */
#define CLOACINA_UPGRADING_WORKFLOW(title, about, ...)                                              \
  CLOACINA_WORKFLOW_OF(CLOACINA_UPGRADE_NEXT_TASK, title, about, __VA_ARGS__)

#define CLOACINA_WORKFLOW_OF(how, title, about, ...)                                                \
  CLOACINA_WORKFLOW_WITH((.upgrade = how), title, about, __VA_ARGS__)

/* A workflow with further members of cloacina_workflow, in parentheses:
 * CLOACINA_WORKFLOW_WITH((CLOACINA_INPUT_SCHEMA({"required": ["rows"]})), "report", "Reports", CLOACINA_TASK(…)). */
#define CLOACINA_WORKFLOW_WITH(members, title, about, ...)                                          \
  &(const cloacina_workflow) {                                                                      \
    .struct_size = sizeof(cloacina_workflow), .name = CLOACINA_TEXT(title),                         \
    .description = CLOACINA_TEXT(about),                                                            \
    .task_count = sizeof((const cloacina_task *const[]){__VA_ARGS__}) / sizeof(cloacina_task *),    \
    .tasks = (const cloacina_task *const[]) { __VA_ARGS__ }, CLOACINA_MEMBERS members               \
  }

#define CLOACINA_MEMBERS(...) __VA_ARGS__

/* The schema that the input of the workflow's runs has to fit, written as JSON, without quotes around it. */
#define CLOACINA_INPUT_SCHEMA(...) .input_schema = CLOACINA_TEXT(#__VA_ARGS__)

/* The package: its workflows, and the entry points. */
#define CLOACINA_PACKAGE(...)                                                                       \
  static const cloacina_workflow *const cloacina_workflows[] = {__VA_ARGS__};                       \
  static cloacina_status cloacina_run(cloacina_instance *instance, const cloacina_call *call) {     \
    const cloacina_task *task = cloacina_workflows[call->workflow_index]->tasks[call->task_index];  \
    (void)instance;                                                                                 \
    return ((const cloacina_authored_task *)task)->body(call);                                      \
  }                                                                                                 \
  static const cloacina_package cloacina_table = {                                                  \
      .struct_size = sizeof(cloacina_package),                                                      \
      .abi_major = CLOACINA_ABI_MAJOR,                                                              \
      .abi_minor = CLOACINA_ABI_MINOR,                                                              \
      .name = CLOACINA_TEXT(CLOACINA_PACKAGE_NAME),                                                 \
      .version = CLOACINA_TEXT(CLOACINA_PACKAGE_VERSION),                                           \
      .description = CLOACINA_TEXT(CLOACINA_PACKAGE_DESCRIPTION),                                   \
      .author = CLOACINA_TEXT(CLOACINA_PACKAGE_AUTHOR),                                             \
      .fingerprint = CLOACINA_TEXT(CLOACINA_PACKAGE_FINGERPRINT),                                   \
      .workflow_count = sizeof(cloacina_workflows) / sizeof(*cloacina_workflows),                   \
      .workflows = cloacina_workflows,                                                              \
      .run = cloacina_run};                                                                         \
  const cloacina_package *cloacina_package_v1(void) { return &cloacina_table; }                     \
  const cloacina_package_metadata *get_package_metadata_abi(void) {                                 \
    static const cloacina_package_metadata metadata = {                                             \
        CLOACINA_PACKAGE_NAME, CLOACINA_PACKAGE_VERSION, CLOACINA_PACKAGE_DESCRIPTION,              \
        CLOACINA_PACKAGE_AUTHOR, CLOACINA_PACKAGE_FINGERPRINT};                                     \
    return &metadata;                                                                               \
  }                                                                                                 \
  const cloacina_workflow *register_tasks_abi(const char *tenant_id, const char *workflow_id) {     \
    if (!tenant_id || !*tenant_id || !workflow_id) return 0;                                        \
    for (size_t index = 0; index < cloacina_table.workflow_count; index++) {                        \
      const cloacina_text name = cloacina_workflows[index]->name;                                   \
      if (strlen(workflow_id) == name.count && memcmp(workflow_id, name.utf8, name.count) == 0)     \
        return cloacina_workflows[index];                                                           \
    }                                                                                               \
    return 0;                                                                                       \
  }

#endif
