/* Calls _exit(7), which nothing in the process can see. */
#include <unistd.h>

#include "package.h"

RUN {
  UNUSED;
  _exit(7);
}
ONE_TASK_PACKAGE("exits_at_once")
