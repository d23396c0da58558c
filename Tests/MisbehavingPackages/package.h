/* The parts every package here shares, so that each file shows only the rule it breaks. */
#include <cloacina/cloacina.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* A task called `id`; further fields may follow. */
#define TASK(variable, id_text, ...) \
  static const cloacina_task variable = {.struct_size = sizeof(cloacina_task), .id = TEXT(id_text), __VA_ARGS__}

/* A workflow of the tasks that follow, as pointers. */
#define WORKFLOW(variable, name_text, ...)                                                       \
  static const cloacina_task *const variable##_tasks[] = {__VA_ARGS__};                          \
  static const cloacina_workflow variable = {                                                    \
      .struct_size = sizeof(cloacina_workflow), .name = TEXT(name_text),                         \
      .task_count = sizeof variable##_tasks / sizeof *variable##_tasks, .tasks = variable##_tasks}

/* The entry point of a package of one workflow; a field that follows replaces the one written here. */
#define PACKAGE(name_text, workflow_variable, ...)                                               \
  static const cloacina_workflow *const package_workflows[] = {&workflow_variable};              \
  CLOACINA_EXPORT const cloacina_package *cloacina_package_v1(void) {                            \
    static const cloacina_package package = {                                                    \
        .struct_size = sizeof(cloacina_package), .abi_major = CLOACINA_ABI_MAJOR,                \
        .abi_minor = CLOACINA_ABI_MINOR, .name = TEXT(name_text), .version = TEXT("1.0.0"),      \
        .description = TEXT("Breaks one rule."), .workflow_count = 1,                            \
        .workflows = package_workflows, .run = run, __VA_ARGS__};                                \
    return &package;                                                                             \
  }

/* A package called like its file, with workflow `main` of the one task `act`. */
#define ONE_TASK_PACKAGE(name_text, ...) \
  TASK(act, "act");                      \
  WORKFLOW(main_workflow, "main", &act); \
  PACKAGE(name_text, main_workflow, __VA_ARGS__)

#define RUN static cloacina_status run(cloacina_instance *instance, const cloacina_call *call)
#define UNUSED (void)instance, (void)call

static inline void emit_text(const cloacina_call *call, const char *text) {
  call->emit(call, (cloacina_bytes){(const uint8_t *)text, strlen(text)});
}

static inline void explain_text(const cloacina_call *call, const char *text) {
  call->explain(call, (cloacina_text){text, strlen(text)});
}
