/* Has a null name of four bytes. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("null_name", .name = {NULL, 4})
