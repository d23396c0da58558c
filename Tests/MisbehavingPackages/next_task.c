/* Its runs follow the active version. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "act");
static const cloacina_task *const main_tasks[] = {&act};
static const cloacina_workflow main_workflow = {.struct_size = sizeof(cloacina_workflow),
                                                .name = TEXT("main"),
                                                .task_count = 1,
                                                .tasks = main_tasks,
                                                .upgrade = CLOACINA_UPGRADE_NEXT_TASK};
PACKAGE("next_task", main_workflow)
