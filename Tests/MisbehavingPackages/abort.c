/* Calls abort. */
#include <stdlib.h>

#include "package.h"

RUN {
  UNUSED;
  abort();
}
ONE_TASK_PACKAGE("abort")
