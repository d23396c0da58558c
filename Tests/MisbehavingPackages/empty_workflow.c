/* Has a workflow without tasks. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "act");
WORKFLOW(main_workflow, "main", &act);
static const cloacina_workflow empty = {
    .struct_size = sizeof empty, .name = TEXT("empty"), .tasks = main_workflow_tasks};
static const cloacina_workflow *const both[] = {&main_workflow, &empty};
PACKAGE("empty_workflow", main_workflow, .workflow_count = 2, .workflows = both)
