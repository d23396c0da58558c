/* Fails for good and says why. */
#include "package.h"

RUN {
  UNUSED;
  explain_text(call, "first thoughts");
  explain_text(call, "the invoice has no lines");
  return CLOACINA_FAIL;
}
ONE_TASK_PACKAGE("explains_failure")
