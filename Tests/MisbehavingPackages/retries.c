/* Asks to be tried again twice and succeeds at the third attempt. */
#include "package.h"

RUN {
  UNUSED;
  if (call->attempt < 3) {
    explain_text(call, "not yet");
    return CLOACINA_RETRY;
  }
  emit_text(call, "{\"attempts\":3}");
  return CLOACINA_DONE;
}
static const cloacina_retry_policy retry = {
    .struct_size = sizeof retry, .max_attempts = 5, .backoff = CLOACINA_BACKOFF_FIXED, .base_ms = 1};
TASK(act, "act", .retry = &retry);
WORKFLOW(main_workflow, "main", &act);
PACKAGE("retries", main_workflow)
