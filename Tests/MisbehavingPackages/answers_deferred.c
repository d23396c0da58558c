/* Answers DEFERRED without having declared that it defers. */
#include "package.h"

RUN {
  UNUSED;
  cloacina_deferral timer = {.struct_size = sizeof timer, .kind = CLOACINA_DEFER_TIMER, .until_unix_ms = 1};
  return call->defer_until(call, &timer) == CLOACINA_MISUSE ? CLOACINA_DEFERRED : CLOACINA_DONE;
}
ONE_TASK_PACKAGE("answers_deferred")
