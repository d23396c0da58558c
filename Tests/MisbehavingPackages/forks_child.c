/* Leaves a child that sleeps for 1000 s and emits its process id; the child outlives nobody. */
#include <stdio.h>
#include <unistd.h>

#include "package.h"

RUN {
  UNUSED;
  pid_t child = fork();
  if (child < 0) return CLOACINA_FAIL;
  if (child == 0) {
    sleep(1000);
    _exit(0);
  }
  char text[64];
  snprintf(text, sizeof text, "{\"child\":%d}", (int)child);
  emit_text(call, text);
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("forks_child")
