/* Writes 4 MiB to standard output and standard error. */
#include <string.h>
#include <unistd.h>

#include "package.h"

RUN {
  UNUSED;
  char page[4096];
  memset(page, 'x', sizeof page);
  page[sizeof page - 1] = '\n';
  for (int i = 0; i < 1024; i++)
    if (write(1 + i % 2, page, sizeof page) < 0) return CLOACINA_FAIL;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("floods_stdout")
