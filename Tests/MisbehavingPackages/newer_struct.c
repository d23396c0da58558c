/* Is built for ABI 1.7 with fields this host has never heard of, and is fine. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("newer_struct", .struct_size = sizeof(cloacina_package) + 64, .abi_minor = 7)
