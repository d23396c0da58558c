/* Has a task id with a space and a slash. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
TASK(act, "../etc passwd");
WORKFLOW(main_workflow, "main", &act);
PACKAGE("bad_id", main_workflow)
