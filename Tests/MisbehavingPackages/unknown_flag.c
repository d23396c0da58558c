/* Sets a task flag that does not exist. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "act", .flags = 1U << 30);
WORKFLOW(main_workflow, "main", &act);
PACKAGE("unknown_flag", main_workflow)
