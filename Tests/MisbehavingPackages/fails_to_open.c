/* Explains why it cannot open. */
#include "package.h"

static cloacina_status refuse(const cloacina_host *host, cloacina_instance **instance) {
  (void)instance;
  host->log(host, CLOACINA_LOG_WARNING, (cloacina_text)TEXT("about to give up"));
  host->explain(host, (cloacina_text)TEXT("the moon is in the wrong house"));
  return CLOACINA_FAIL;
}

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("fails_to_open", .open = refuse)
