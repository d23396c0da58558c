/* Never returns, whatever is_cancelled says. */
#include <unistd.h>

#include "package.h"

RUN {
  UNUSED;
  while (pause() < 0) {}
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("hang")
