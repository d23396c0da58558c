/* Has an input schema that is a null pointer with a count. */
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
                                                .input_schema = {0, 7}};
PACKAGE("null_schema", main_workflow)
