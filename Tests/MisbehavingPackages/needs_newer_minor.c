/* Needs a host of ABI 1.9. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("needs_newer_minor", .abi_minor = 9, .needs_host_minor = 9)
