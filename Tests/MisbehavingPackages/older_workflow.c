/* Has a workflow of ABI 1.0, which ends before `upgrade`; what lies behind it means nothing. */
#include "package.h"

#include <stddef.h>

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "act");
static const cloacina_task *const main_tasks[] = {&act};
static const cloacina_workflow main_workflow = {.struct_size = offsetof(cloacina_workflow, upgrade),
                                                .name = TEXT("main"),
                                                .task_count = 1,
                                                .tasks = main_tasks,
                                                .upgrade = 99,
                                                .reserved = 7};
PACKAGE("older_workflow", main_workflow)
