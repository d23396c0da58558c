/* Emits something that is no JSON object. */
#include "package.h"

RUN {
  UNUSED;
  emit_text(call, "{\"a\":1,}");
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("output_not_json")
