/* Writes to address 64. */
#include "package.h"

RUN {
  UNUSED;
  *(volatile int *)64 = 1;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("segfault")
