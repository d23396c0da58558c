/* Says it is built for ABI 2. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("wrong_major", .abi_major = 2)
