/* Writes bytes that are no frame to the runner's socket. */
#include <unistd.h>

#include "package.h"

RUN {
  UNUSED;
  unsigned char noise[4096];
  for (unsigned i = 0, x = 2463534242; i < sizeof noise; i++, x ^= x << 13, x ^= x >> 17, x ^= x << 5)
    noise[i] = (unsigned char)x;
  return write(3, noise, sizeof noise) == sizeof noise ? CLOACINA_DONE : CLOACINA_FAIL;
}
ONE_TASK_PACKAGE("frame_garbage")
