/* One attempt of one task, and what the host offers while it runs. */
#ifndef CLOACINA_CALL_H
#define CLOACINA_CALL_H

#include "types.h"

CLOACINA_BEGIN_C

/* What a deferred task waits for. */
enum {
  CLOACINA_DEFER_TIMER = 0,  /* until_unix_ms */
  CLOACINA_DEFER_SIGNAL = 1, /* a signal called `name` sent to this run */
  CLOACINA_DEFER_EVENT = 2   /* an event (`name`, `key`) published to anyone */
};

typedef struct cloacina_deferral {
  uint32_t struct_size;
  int32_t kind;              /* CLOACINA_DEFER_… */
  int64_t until_unix_ms;     /* 0: no limit, for SIGNAL and EVENT */
  cloacina_text name;
  cloacina_text key;
} cloacina_deferral;

/* Lives from the entry to the return of one `run`. Every pointer in it is borrowed for that time.
 * The functions marked [worker] may be called only from the thread that is inside `run`;
 * those marked [any] from any thread of the package, until `run` returns. */
typedef struct cloacina_call {
  uint32_t struct_size;
  uint32_t attempt;               /* 1 for the first */
  uint32_t workflow_index;        /* positions in the descriptor; quicker than comparing names */
  uint32_t task_index;
  int64_t deadline_unix_ms;       /* 0: none; extended by heartbeat */
  void *CLOACINA_NULLABLE context; /* the host's; do not read */
  cloacina_text run_id;
  cloacina_text workflow;
  cloacina_text task;
  cloacina_text idempotency_key;  /* the same for every attempt of this task of this run */
  cloacina_text traceparent;      /* W3C trace context; may be empty */
  cloacina_bytes input;           /* a JSON object: the run's input and the patches of the ancestors */

  /* [worker] Adds bytes to the result: a JSON Merge Patch, an object. Nothing emitted is `{}`. */
  void (*CLOACINA_NONNULL emit)(const struct cloacina_call *CLOACINA_NONNULL call, cloacina_bytes output);
  /* [worker] Says in a sentence why the answer will be something else than DONE. The last one counts. */
  void (*CLOACINA_NONNULL explain)(const struct cloacina_call *CLOACINA_NONNULL call, cloacina_text reason);
  /* [any] Writes a log line, `level` being CLOACINA_LOG_…. */
  void (*CLOACINA_NONNULL log)(const struct cloacina_call *CLOACINA_NONNULL call, int32_t level, cloacina_text line);
  /* [any] Moves the deadline to `extend_ms` from now. */
  void (*CLOACINA_NONNULL heartbeat)(const struct cloacina_call *CLOACINA_NONNULL call, uint64_t extend_ms);
  /* [any] 1 once the host wants the attempt to stop, else 0. */
  uint8_t (*CLOACINA_NONNULL is_cancelled)(const struct cloacina_call *CLOACINA_NONNULL call);
  /* [worker] Says what to wait for before answering CLOACINA_DEFERRED. DONE, or MISUSE if not supported. */
  cloacina_status (*CLOACINA_NONNULL defer_until)(const struct cloacina_call *CLOACINA_NONNULL call,
                                                  const cloacina_deferral *CLOACINA_NONNULL what);
  /* [any] Tells how far the work is, in thousandths, and a word on it. */
  void (*CLOACINA_NONNULL progress)(const struct cloacina_call *CLOACINA_NONNULL call, uint32_t permille,
                                    cloacina_text note);
} cloacina_call;

CLOACINA_END_C

#endif
