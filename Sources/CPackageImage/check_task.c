#include <stdio.h>

#include "descriptor.h"

/* Ten years; a longer time is a mistake of units, and sums of times stay far from overflow. */
static const uint64_t longest_ms = 315360000000ULL;

static int check_time(uint64_t milliseconds, const char *what, const char *where, cloacina_image_error *error) {
  if (milliseconds <= longest_ms) return 0;
  return clo_refuse(error, REFUSED_NUMBER, "%s of %s is %llu ms, more than ten years", what, where,
                    (unsigned long long)milliseconds);
}

static int check_retry(const cloacina_retry_policy *retry, const char *where, cloacina_image_error *error) {
  const uint32_t known = CLOACINA_RETRY_ON_ERROR | CLOACINA_RETRY_ON_TIMEOUT | CLOACINA_RETRY_ON_CRASH;
  char what[128];
  snprintf(what, sizeof what, "the retry policy of %s", where);
  if (clo_check_size(retry->struct_size, sizeof *retry, what, error) != 0 ||
      clo_check_enum(retry->backoff, CLOACINA_BACKOFF_EXPONENTIAL, "the backoff of a retry policy", error) != 0 ||
      check_time(retry->base_ms, "base_ms", what, error) != 0 || check_time(retry->cap_ms, "cap_ms", what, error) != 0)
    return -1;
  if ((retry->retry_on & ~known) != 0)
    return clo_refuse(error, REFUSED_FLAG, "%s has unknown bits in retry_on: 0x%x", what, retry->retry_on & ~known);
  if (retry->jitter_permille > 1000)
    return clo_refuse(error, REFUSED_NUMBER, "%s has jitter_permille %u, more than 1000", what,
                      retry->jitter_permille);
  return 0;
}

static int check_flags(const cloacina_task *task, const char *where, cloacina_image_error *error) {
  if ((task->flags & ~(uint32_t)CLOACINA_TASK_DEFERS) != 0)
    return clo_refuse(error, REFUSED_FLAG, "%s has flags this host does not know: 0x%x", where,
                      task->flags & ~(uint32_t)CLOACINA_TASK_DEFERS);
  if (task->flags & CLOACINA_TASK_DEFERS)
    return clo_refuse(error, REFUSED_DEFERS, "%s declares that it defers, which this host does not support yet",
                      where);
  if (task->reserved != 0) return clo_refuse(error, REFUSED_RESERVED, "reserved is not zero in %s", where);
  return 0;
}

static int check_tags(const cloacina_task *task, const char *where, cloacina_image_error *error) {
  char what[128];
  snprintf(what, sizeof what, "a tag of %s", where);
  if (task->tag_count > most_tags)
    return clo_refuse(error, REFUSED_COUNT, "%s has %zu tags, more than %d", where, task->tag_count, most_tags);
  if (task->tag_count > 0 && task->tags == NULL)
    return clo_refuse(error, REFUSED_NULL_POINTER, "%s has %zu tags at a null pointer", where, task->tag_count);
  for (size_t index = 0; index < task->tag_count; index++) {
    if (task->tags[index].count == 0) return clo_refuse(error, REFUSED_TEXT, "%s is empty", what);
    if (clo_check_text(task->tags[index], longest_word, what, error) != 0) return -1;
  }
  snprintf(what, sizeof what, "the concurrency key of %s", where);
  return clo_check_text(task->concurrency_key, longest_word, what, error);
}

static int check_dependencies(const cloacina_task *task, const char *where, uint64_t *seen,
                              cloacina_image_error *error) {
  char what[128];
  snprintf(what, sizeof what, "a dependency of %s", where);
  if (task->dependency_count > most_dependencies || (*seen += task->dependency_count) > most_dependencies)
    return clo_refuse(error, REFUSED_COUNT, "with %s the package has more than %d dependencies", where,
                      most_dependencies);
  if (task->dependency_count > 0 && task->dependencies == NULL)
    return clo_refuse(error, REFUSED_NULL_POINTER, "%s has %zu dependencies at a null pointer", where,
                      task->dependency_count);
  for (size_t index = 0; index < task->dependency_count; index++)
    if (clo_check_name(task->dependencies[index], what, error) != 0) return -1;
  return 0;
}

int clo_check_task(const cloacina_task *task, const char *where, uint64_t *dependencies, cloacina_image_error *error) {
  if (task == NULL) return clo_refuse(error, REFUSED_NULL_POINTER, "%s is a null pointer", where);
  if (clo_check_size(task->struct_size, sizeof *task, where, error) != 0 ||
      clo_check_name(task->id, "the id of a task", error) != 0)
    return -1;
  char named[longest_name + 8];
  snprintf(named, sizeof named, "task '%.*s'", (int)task->id.count, task->id.utf8);
  if (check_flags(task, named, error) != 0 ||
      clo_check_text(task->description, longest_description, "the description of a task", error) != 0 ||
      check_dependencies(task, named, dependencies, error) != 0 || check_tags(task, named, error) != 0 ||
      check_time(task->timeout_ms, "timeout_ms", named, error) != 0)
    return -1;
  if (task->retry != NULL && check_retry(task->retry, named, error) != 0) return -1;
  return task->rule == NULL ? 0 : clo_check_rule(task->rule, named, error);
}
