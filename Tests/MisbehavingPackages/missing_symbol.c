/* Calls a function that no library has. */
#include "package.h"

int function_nobody_defines(void);

RUN {
  UNUSED;
  return function_nobody_defines();
}
ONE_TASK_PACKAGE("missing_symbol")
