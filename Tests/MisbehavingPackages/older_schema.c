/* Has a workflow of ABI 1.1, which ends before `input_schema`; what lies behind it means nothing. */
#include "package.h"

#include <stddef.h>

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "act");
static const cloacina_task *const main_tasks[] = {&act};
static const cloacina_workflow main_workflow = {.struct_size = offsetof(cloacina_workflow, input_schema),
                                                .name = TEXT("main"),
                                                .task_count = 1,
                                                .tasks = main_tasks,
                                                .upgrade = CLOACINA_UPGRADE_NEXT_TASK,
                                                .input_schema = {0, 99}};
PACKAGE("older_schema", main_workflow)
