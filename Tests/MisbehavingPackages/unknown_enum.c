/* Uses a backoff that does not exist. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
static const cloacina_retry_policy retry = {.struct_size = sizeof retry, .max_attempts = 2, .backoff = 9};
TASK(act, "act", .retry = &retry);
WORKFLOW(main_workflow, "main", &act);
PACKAGE("unknown_enum", main_workflow)
