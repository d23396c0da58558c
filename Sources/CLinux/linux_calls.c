#include "linux_calls.h"

#include <sys/prctl.h>

void cloacina_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
