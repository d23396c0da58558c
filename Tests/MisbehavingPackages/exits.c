/* Calls exit(0). */
#include <stdlib.h>

#include "package.h"

RUN {
  UNUSED;
  exit(0);
}
ONE_TASK_PACKAGE("exits")
