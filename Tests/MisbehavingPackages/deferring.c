/* Declares a task that defers, which this host does not support. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "act", .flags = CLOACINA_TASK_DEFERS);
WORKFLOW(main_workflow, "main", &act);
PACKAGE("deferring", main_workflow)
