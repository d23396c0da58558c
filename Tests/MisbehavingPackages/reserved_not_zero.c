/* Sets a reserved field. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("reserved_not_zero", .reserved2 = 1)
