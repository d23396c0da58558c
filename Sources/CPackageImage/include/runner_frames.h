/* The frames between an executor and a runner, shared by both ends.
 *
 * A stream of frames over a socket pair. All numbers are little-endian. A frame is a 16-byte header
 * and `payload_size` bytes. A *string* in a payload is a u32 count and that many bytes. */
#ifndef CLOACINA_RUNNER_FRAMES_H
#define CLOACINA_RUNNER_FRAMES_H

#include <stdint.h>

enum {
  CLOACINA_FRAME_HEADER_SIZE = 16,
  CLOACINA_FRAME_VERSION = 1,
  /* descriptors a runner inherits */
  CLOACINA_RUNNER_SOCKET_FD = 3,  /* the socket pair */
  CLOACINA_RUNNER_LIBRARY_FD = 4, /* a sealed memfd with the library */
  CLOACINA_RUNNER_CRASH_FD = 5    /* a memfd of one page: cloacina_crash_record */
};

typedef struct cloacina_frame_header {
  uint32_t payload_size;
  uint16_t type;       /* CLOACINA_FRAME_… */
  uint16_t reserved;   /* zero */
  uint64_t call_id;    /* 0 where no call is meant */
} cloacina_frame_header;

enum {
  /* executor → runner */
  CLOACINA_FRAME_CALL = 1,      /* u32 workflow_index, u32 task_index, u32 attempt, u32 reserved,
                                   i64 deadline_unix_ms, string run_id, string idempotency_key,
                                   string traceparent, string input */
  CLOACINA_FRAME_CANCEL = 2,    /* empty: raise is_cancelled of this call */
  CLOACINA_FRAME_SHUTDOWN = 3,  /* empty: no further call; end after the last reply */
  /* runner → executor */
  CLOACINA_FRAME_HELLO = 16,    /* u32 frame version, string descriptor (JSON) */
  CLOACINA_FRAME_REFUSED = 17,  /* string code, string sentence; the runner ends */
  CLOACINA_FRAME_RESULT = 18,   /* i32 status, string output, string explanation */
  CLOACINA_FRAME_LOG = 19,      /* i32 level, string line; call 0 while the package opens, also before HELLO */
  CLOACINA_FRAME_HEARTBEAT = 20,/* u64 extend_ms */
  CLOACINA_FRAME_PROGRESS = 21  /* u32 permille, string note */
};

/* No frame is longer; a longer one ends the runner. */
enum { CLOACINA_FRAME_LONGEST = 64 << 20 };

/* How a runner ends by itself. Everything else is a signal, or the package's `_exit`. */
enum {
  CLOACINA_RUNNER_ENDED = 0,         /* after SHUTDOWN */
  CLOACINA_RUNNER_USAGE = 64,        /* wrong options, or the descriptors are not there */
  CLOACINA_RUNNER_REFUSED = 65,      /* after REFUSED */
  CLOACINA_RUNNER_PROTOCOL = 66,     /* a malformed frame; said on standard error */
  CLOACINA_RUNNER_RESOURCES = 67,    /* out of memory or threads; said on standard error */
  CLOACINA_RUNNER_PACKAGE_EXIT = 68, /* the package called exit(); its code is in the crash record */
  CLOACINA_RUNNER_UNCONFINED = 69    /* the kernel cannot enforce the package's permissions; said on standard error */
};

/* What a dying runner leaves behind, written by async-signal-safe code. */
typedef struct cloacina_crash_record {
  uint32_t kind;       /* CLOACINA_CRASH_… */
  int32_t detail;      /* signal number, or the code given to exit() */
  uint64_t call_id;    /* the call on the thread that died; 0: none */
  uint64_t address;    /* fault address of a signal, else 0 */
} cloacina_crash_record;

enum {
  CLOACINA_CRASH_NONE = 0,
  CLOACINA_CRASH_SIGNAL = 1,
  CLOACINA_CRASH_EXIT = 2,       /* exit() called by the package */
  CLOACINA_CRASH_OUTPUT_CAP = 3  /* reserved for the host */
};

#endif
