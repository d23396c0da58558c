/* Emits 64 MiB in pieces of 1 MiB. */
#include <stdlib.h>

#include "package.h"

RUN {
  UNUSED;
  uint8_t *piece = calloc(1, 1 << 20);
  if (piece == NULL) return CLOACINA_FAIL;
  for (int i = 0; i < 64; i++) call->emit(call, (cloacina_bytes){piece, 1 << 20});
  free(piece);
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("output_too_large")
