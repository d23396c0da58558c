/* Short forms for packages written in C: tables of tasks, and the three entry points. Optional.
 *
 *     static const cloacina_task collect = CLOACINA_TASK("collect");
 *     static const cloacina_task report = CLOACINA_TASK("report", CLOACINA_AFTER("collect"), .timeout_ms = 30000);
 *     CLOACINA_WORKFLOW(main_workflow, "main", &collect, &report);
 *     CLOACINA_PACKAGE(run, &main_workflow)
 *
 * Name, version, description, author and fingerprint come from the package tool, as macros. */
#ifndef CLOACINA_AUTHOR_H
#define CLOACINA_AUTHOR_H

#include <string.h>

#include "cloacina.h"

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

/* A literal as borrowed text, in an initializer. */
#define CLOACINA_TEXT(literal) {literal, sizeof(literal) - 1}

/* A task; further members may follow: CLOACINA_AFTER("other"), .retry = &policy, .timeout_ms = 1000. */
#define CLOACINA_TASK(name, ...) \
  {.struct_size = sizeof(cloacina_task), .id = CLOACINA_TEXT(name), __VA_ARGS__}

/* One dependency; for several, set .dependency_count and .dependencies. */
#define CLOACINA_AFTER(name) \
  .dependency_count = 1, .dependencies = (const cloacina_text[]){CLOACINA_TEXT(name)}

/* Defines `variable`: a workflow of the tasks that follow, in their order. */
#define CLOACINA_WORKFLOW(variable, title, ...)                                           \
  static const cloacina_task *const variable##_tasks[] = {__VA_ARGS__};                   \
  static const cloacina_workflow variable = {                                             \
      .struct_size = sizeof(cloacina_workflow),                                           \
      .name = CLOACINA_TEXT(title),                                                       \
      .task_count = sizeof(variable##_tasks) / sizeof(*variable##_tasks),                 \
      .tasks = variable##_tasks}

/* Defines the entry points of a package whose `run` is `function` and whose workflows follow. */
#define CLOACINA_PACKAGE(function, ...)                                                   \
  static const cloacina_workflow *const cloacina_workflows[] = {__VA_ARGS__};             \
  static const cloacina_package cloacina_table = {                                        \
      .struct_size = sizeof(cloacina_package),                                            \
      .abi_major = CLOACINA_ABI_MAJOR,                                                    \
      .abi_minor = CLOACINA_ABI_MINOR,                                                    \
      .name = CLOACINA_TEXT(CLOACINA_PACKAGE_NAME),                                       \
      .version = CLOACINA_TEXT(CLOACINA_PACKAGE_VERSION),                                 \
      .description = CLOACINA_TEXT(CLOACINA_PACKAGE_DESCRIPTION),                         \
      .author = CLOACINA_TEXT(CLOACINA_PACKAGE_AUTHOR),                                   \
      .fingerprint = CLOACINA_TEXT(CLOACINA_PACKAGE_FINGERPRINT),                         \
      .workflow_count = sizeof(cloacina_workflows) / sizeof(*cloacina_workflows),         \
      .workflows = cloacina_workflows,                                                    \
      .run = function};                                                                   \
  const cloacina_package *cloacina_package_v1(void) { return &cloacina_table; }           \
  const cloacina_package_metadata *get_package_metadata_abi(void) {                       \
    static const cloacina_package_metadata metadata = {                                   \
        CLOACINA_PACKAGE_NAME, CLOACINA_PACKAGE_VERSION, CLOACINA_PACKAGE_DESCRIPTION,    \
        CLOACINA_PACKAGE_AUTHOR, CLOACINA_PACKAGE_FINGERPRINT};                           \
    return &metadata;                                                                     \
  }                                                                                       \
  const cloacina_workflow *register_tasks_abi(const char *tenant_id, const char *workflow_id) { \
    if (!tenant_id || !*tenant_id || !workflow_id) return 0;                              \
    for (size_t index = 0; index < cloacina_table.workflow_count; index++) {              \
      const cloacina_text name = cloacina_workflows[index]->name;                         \
      if (strlen(workflow_id) == name.count && memcmp(workflow_id, name.utf8, name.count) == 0) \
        return cloacina_workflows[index];                                                 \
    }                                                                                     \
    return 0;                                                                             \
  }

#endif
