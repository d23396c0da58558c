/* Emits a null pointer with a count. */
#include "package.h"

RUN {
  UNUSED;
  call->emit(call, (cloacina_bytes){NULL, 8});
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("emits_null")
