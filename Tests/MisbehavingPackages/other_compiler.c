/* Is bound to the runtime of another Swift compiler. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("other_compiler", .compiler = TEXT("swift-5.0.0"))
