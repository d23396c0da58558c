/* Answers a status that does not exist. */
#include "package.h"

RUN {
  UNUSED;
  return 42;
}
ONE_TASK_PACKAGE("odd_status")
