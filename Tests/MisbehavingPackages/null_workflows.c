/* Has one workflow at a null pointer. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("null_workflows", .workflows = NULL)
