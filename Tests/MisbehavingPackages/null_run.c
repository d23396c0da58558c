/* Has no function run. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("null_run", .run = NULL)
