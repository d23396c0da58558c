/* Borrowed text and bytes, statuses and other words both sides use. */
#ifndef CLOACINA_TYPES_H
#define CLOACINA_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "macros.h"

CLOACINA_BEGIN_C

/* UTF-8 text of `count` bytes; no terminator is required. `utf8` may be null when `count` is 0.
 * Text passed to a function is borrowed until that function returns; text reachable from the
 * package descriptor is constant for the life of the process. */
typedef struct cloacina_text {
  const char *CLOACINA_NULLABLE utf8;
  size_t count;
} cloacina_text;

/* Bytes with the same lifetime rule as cloacina_text. */
typedef struct cloacina_bytes {
  const uint8_t *CLOACINA_NULLABLE start;
  size_t count;
} cloacina_bytes;

/* What a function of the package answers. A value outside this list is CLOACINA_MISUSE. */
typedef int32_t cloacina_status;
enum {
  CLOACINA_DONE = 0,      /* the attempt succeeded; what it emitted is its result */
  CLOACINA_RETRY = 1,     /* the attempt failed; another may succeed; charged to the task's policy */
  CLOACINA_FAIL = 2,      /* the task failed for good, whatever attempts are left */
  CLOACINA_CANCELLED = 3, /* the package saw is_cancelled and stopped */
  CLOACINA_DEFERRED = 4,  /* the task asked to be called again later (defer_until) */
  CLOACINA_MISUSE = 5     /* the other side broke a rule of this ABI */
};

/* Severity of a log line. */
enum {
  CLOACINA_LOG_TRACE = 0,
  CLOACINA_LOG_DEBUG = 1,
  CLOACINA_LOG_INFO = 2,
  CLOACINA_LOG_WARNING = 3,
  CLOACINA_LOG_ERROR = 4
};

CLOACINA_END_C

#endif
