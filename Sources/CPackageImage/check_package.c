#include <stdio.h>
#include <string.h>

#include "descriptor.h"

static int check_version(const cloacina_package *package, cloacina_image_error *error) {
  if (package->abi_major != CLOACINA_ABI_MAJOR)
    return clo_refuse(error, REFUSED_MAJOR, "the package is built for ABI %u.%u, this host speaks %d.%d; rebuild it "
                      "with this host's headers", package->abi_major, package->abi_minor, CLOACINA_ABI_MAJOR,
                      CLOACINA_ABI_MINOR);
  if (package->needs_host_minor > CLOACINA_ABI_MINOR)
    return clo_refuse(error, REFUSED_NEEDS_MINOR, "the package needs a host of ABI %d.%u or newer, this one is "
                      "%d.%d; update the host", CLOACINA_ABI_MAJOR, package->needs_host_minor, CLOACINA_ABI_MAJOR,
                      CLOACINA_ABI_MINOR);
  if (package->reserved != 0 || package->reserved2 != 0)
    return clo_refuse(error, REFUSED_RESERVED, "reserved fields of the package are not zero (%u, %u)",
                      package->reserved, package->reserved2);
  if (package->required_features != 0)
    return clo_refuse(error, REFUSED_FEATURE, "the package requires features this host does not know: 0x%llx",
                      (unsigned long long)package->required_features);
  return 0;
}

static int check_texts(const cloacina_package *package, cloacina_image_error *error) {
  if (clo_check_name(package->name, "the name of the package", error) != 0 ||
      clo_check_text(package->version, longest_word, "the version of the package", error) != 0 ||
      clo_check_text(package->description, longest_description, "the description of the package", error) != 0 ||
      clo_check_text(package->author, longest_description, "the author of the package", error) != 0 ||
      clo_check_text(package->fingerprint, longest_word, "the fingerprint of the package", error) != 0 ||
      clo_check_text(package->compiler, longest_word, "the compiler of the package", error) != 0)
    return -1;
  if (package->version.count == 0) return clo_refuse(error, REFUSED_TEXT, "the version of the package is empty");
  return 0;
}

static int check_compiler(cloacina_text compiler, const char *swift_compiler, cloacina_image_error *error) {
  if (compiler.count == 0) return 0;
  const char *own = swift_compiler == NULL ? "" : swift_compiler;
  if (strlen(own) == compiler.count && memcmp(own, compiler.utf8, compiler.count) == 0) return 0;
  return clo_refuse(error, REFUSED_COMPILER, "the package is built with %.*s and shares its Swift runtime with the "
                    "host, which has %s; rebuild it with the host's compiler", (int)compiler.count, compiler.utf8,
                    *own == 0 ? "none" : own);
}

/* ABI 1.1 ends where the schema of 1.2 begins. */
static int has_upgrade(const cloacina_workflow *workflow) {
  return workflow->struct_size >= offsetof(cloacina_workflow, input_schema);
}

int32_t clo_upgrade_of(const cloacina_workflow *workflow) {
  return has_upgrade(workflow) ? workflow->upgrade : CLOACINA_UPGRADE_PINNED;
}

cloacina_text clo_input_schema_of(const cloacina_workflow *workflow) {
  const cloacina_text none = {NULL, 0};
  return workflow->struct_size >= sizeof *workflow ? workflow->input_schema : none;
}

static int check_upgrade(const cloacina_workflow *workflow, const char *where, cloacina_image_error *error) {
  if (has_upgrade(workflow) && workflow->reserved != 0)
    return clo_refuse(error, REFUSED_RESERVED, "a reserved field of %s is not zero (%u)", where, workflow->reserved);
  return clo_check_enum(clo_upgrade_of(workflow), CLOACINA_UPGRADE_NEXT_TASK, "upgrade of a workflow", error);
}

static int check_workflow(const cloacina_workflow *workflow, uint64_t *tasks, uint64_t *dependencies,
                          cloacina_image_error *error) {
  if (workflow == NULL) return clo_refuse(error, REFUSED_NULL_POINTER, "a workflow is a null pointer");
  if (clo_check_size(workflow->struct_size, offsetof(cloacina_workflow, upgrade), "a workflow", error) != 0 ||
      clo_check_name(workflow->name, "the name of a workflow", error) != 0)
    return -1;
  char where[longest_name + 16];
  snprintf(where, sizeof where, "workflow '%.*s'", (int)workflow->name.count, workflow->name.utf8);
  if (clo_check_text(workflow->description, longest_description, "the description of a workflow", error) != 0 ||
      clo_check_enum(workflow->on_conflict, CLOACINA_CONFLICT_REFUSE, "on_conflict of a workflow", error) != 0 ||
      check_upgrade(workflow, where, error) != 0 ||
      clo_check_text(clo_input_schema_of(workflow), longest_value, "the input schema of a workflow", error) != 0)
    return -1;
  if (workflow->task_count == 0 || workflow->task_count > most_tasks || (*tasks += workflow->task_count) > most_tasks)
    return clo_refuse(error, REFUSED_COUNT, "%s has %zu tasks; 1 to %d per package are allowed", where,
                      workflow->task_count, most_tasks);
  if (workflow->tasks == NULL)
    return clo_refuse(error, REFUSED_NULL_POINTER, "the tasks of %s are a null pointer", where);
  char task[longest_name + 48];
  for (size_t index = 0; index < workflow->task_count; index++) {
    snprintf(task, sizeof task, "task %zu of %s", index, where);
    if (clo_check_task(workflow->tasks[index], task, dependencies, error) != 0) return -1;
  }
  return 0;
}

int clo_check_package(const cloacina_package *package, const char *swift_compiler, cloacina_image_error *error) {
  if (package == NULL)
    return clo_refuse(error, REFUSED_NULL_PACKAGE, "cloacina_package_v1 answered a null pointer instead of a package");
  /* The versions lie within any size a package can have; they explain a short size better than the size. */
  if (package->struct_size >= offsetof(cloacina_package, needs_host_minor) &&
      package->abi_major != CLOACINA_ABI_MAJOR)
    return check_version(package, error);
  if (clo_check_size(package->struct_size, sizeof *package, "the package", error) != 0 ||
      check_version(package, error) != 0 || check_texts(package, error) != 0 ||
      check_compiler(package->compiler, swift_compiler, error) != 0)
    return -1;
  if (package->run == NULL) return clo_refuse(error, REFUSED_NULL_POINTER, "the package has no function run");
  if (package->workflow_count == 0 || package->workflow_count > most_workflows)
    return clo_refuse(error, REFUSED_COUNT, "the package has %zu workflows; 1 to %d are allowed",
                      package->workflow_count, most_workflows);
  if (package->workflows == NULL)
    return clo_refuse(error, REFUSED_NULL_POINTER, "the workflows of the package are a null pointer");
  uint64_t tasks = 0, dependencies = 0;
  for (size_t index = 0; index < package->workflow_count; index++)
    if (check_workflow(package->workflows[index], &tasks, &dependencies, error) != 0) return -1;
  return 0;
}
