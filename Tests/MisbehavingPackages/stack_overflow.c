/* Calls itself until the stack ends. */
#include "package.h"

static int deeper(volatile char *above) {
  volatile char frame[4096];
  frame[0] = above[0];
  return deeper(frame) + frame[0];
}

RUN {
  UNUSED;
  volatile char start = 1;
  return deeper(&start) == 0 ? CLOACINA_DONE : CLOACINA_FAIL;
}
ONE_TASK_PACKAGE("stack_overflow")
