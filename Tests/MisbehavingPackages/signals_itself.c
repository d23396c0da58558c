/* Sends itself a SIGTRAP, as a runtime does that finds a broken invariant. */
#include <signal.h>

#include "package.h"

RUN {
  UNUSED;
  raise(SIGTRAP);
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("signals_itself")
