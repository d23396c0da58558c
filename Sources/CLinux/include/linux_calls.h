/* Linux calls that Swift cannot make by itself, each with the reason. */
#ifndef CLOACINA_LINUX_CALLS_H
#define CLOACINA_LINUX_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names the calling thread (prctl is variadic; pthread_setname_np needs _GNU_SOURCE). */
void cloacina_name_thread(const char *name);

#endif
