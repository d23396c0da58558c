/* States a struct_size that ends before the function run. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("short_struct", .struct_size = offsetof(cloacina_package, run))
