/* Never returns from open. */
#include <unistd.h>

#include "package.h"

static cloacina_status hang(const cloacina_host *host, cloacina_instance **instance) {
  (void)host, (void)instance;
  while (pause() < 0) {}
  return CLOACINA_DONE;
}

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("hang_in_open", .open = hang)
