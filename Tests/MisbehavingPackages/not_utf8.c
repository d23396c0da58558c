/* Has a description that is not UTF-8. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("not_utf8", .description = TEXT("caf\xE9"))
