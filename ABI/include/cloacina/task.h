/* The complete description of a task and of the workflow it belongs to: constant data. */
#ifndef CLOACINA_TASK_H
#define CLOACINA_TASK_H

#include "types.h"

CLOACINA_BEGIN_C

/* How the delay before attempt n+1 grows; `base_ms` is the delay after the first failure. */
enum {
  CLOACINA_BACKOFF_FIXED = 0,      /* base */
  CLOACINA_BACKOFF_LINEAR = 1,     /* base * n */
  CLOACINA_BACKOFF_EXPONENTIAL = 2 /* base * multiplier^(n-1) */
};

/* Which failures are worth another attempt; 0 stands for all of them. */
enum {
  CLOACINA_RETRY_ON_ERROR = 1 << 0,   /* run answered CLOACINA_RETRY */
  CLOACINA_RETRY_ON_TIMEOUT = 1 << 1, /* the attempt passed its time limit */
  CLOACINA_RETRY_ON_CRASH = 1 << 2    /* the attempt ended its process */
};

typedef struct cloacina_retry_policy {
  uint32_t struct_size;
  uint32_t max_attempts;         /* attempts in all, the first included; 0: 1 */
  int32_t backoff;               /* CLOACINA_BACKOFF_… */
  uint32_t retry_on;             /* CLOACINA_RETRY_ON_… */
  uint64_t base_ms;
  uint64_t cap_ms;               /* longest delay before jitter; 0: no cap */
  uint32_t multiplier_permille;  /* 2000 doubles; 0: 2000 */
  uint32_t jitter_permille;      /* a delay is drawn from delay*(1 ± jitter); at most 1000 */
} cloacina_retry_policy;

/* The condition under which a task starts once all its dependencies have ended. */
enum {
  CLOACINA_RULE_ALWAYS = 0,
  CLOACINA_RULE_ALL = 1,       /* every child holds */
  CLOACINA_RULE_ANY = 2,       /* at least one child holds */
  CLOACINA_RULE_NONE = 3,      /* no child holds */
  CLOACINA_RULE_SUCCEEDED = 4, /* `subject` names a dependency that succeeded */
  CLOACINA_RULE_FAILED = 5,
  CLOACINA_RULE_SKIPPED = 6,
  CLOACINA_RULE_CONTEXT = 7    /* the context member `subject` compares with `value` */
};
enum {
  CLOACINA_COMPARE_EQUAL = 0,
  CLOACINA_COMPARE_NOT_EQUAL = 1,
  CLOACINA_COMPARE_LESS = 2,
  CLOACINA_COMPARE_GREATER = 3,
  CLOACINA_COMPARE_EXISTS = 4,
  CLOACINA_COMPARE_CONTAINS = 5
};

typedef struct cloacina_rule {
  uint32_t struct_size;
  int32_t kind;                  /* CLOACINA_RULE_… */
  int32_t comparison;            /* CLOACINA_COMPARE_…, for CONTEXT */
  uint32_t reserved;             /* must be zero */
  cloacina_text subject;         /* a task id, or a top-level member of the context */
  cloacina_text value;           /* JSON text, for CONTEXT */
  size_t child_count;
  const struct cloacina_rule *CLOACINA_NONNULL const *CLOACINA_NULLABLE children;
} cloacina_rule;

/* Task flags. A flag the host does not know refuses the load. */
enum {
  CLOACINA_TASK_DEFERS = 1 << 0  /* the task may answer CLOACINA_DEFERRED */
};

typedef struct cloacina_task {
  uint32_t struct_size;
  uint32_t flags;
  cloacina_text id;
  cloacina_text description;
  size_t dependency_count;
  const cloacina_text *CLOACINA_NULLABLE dependencies;  /* ids of tasks of the same workflow */
  const cloacina_retry_policy *CLOACINA_NULLABLE retry; /* null: one attempt */
  uint64_t timeout_ms;                                  /* 0: the host's default */
  const cloacina_rule *CLOACINA_NULLABLE rule;          /* null: all dependencies succeeded */
  size_t tag_count;
  const cloacina_text *CLOACINA_NULLABLE tags;          /* a node must offer all of them */
  cloacina_text concurrency_key;                        /* empty: none */
  uint32_t concurrency_limit;                           /* runs at once that share the key; 0: no limit */
  uint32_t reserved;                                    /* must be zero */
} cloacina_task;

/* What to do when two unordered tasks write one key of the context. */
enum {
  CLOACINA_CONFLICT_LAST_DECLARED = 0, /* the later declaration wins; a warning event is recorded */
  CLOACINA_CONFLICT_REFUSE = 1         /* the run fails */
};

/* What becomes of runs in flight when another version of the package becomes active. Since 1.1. */
enum {
  CLOACINA_UPGRADE_PINNED = 0,   /* they end by the version they began with */
  CLOACINA_UPGRADE_NEXT_TASK = 1 /* they go on by the new version from the next task on, if what has ended fits it */
};

typedef struct cloacina_workflow {
  uint32_t struct_size;
  int32_t on_conflict;           /* CLOACINA_CONFLICT_… */
  cloacina_text name;
  cloacina_text description;
  size_t task_count;
  const cloacina_task *CLOACINA_NONNULL const *CLOACINA_NONNULL tasks;
  int32_t upgrade;               /* CLOACINA_UPGRADE_…; since 1.1 */
  uint32_t reserved;             /* must be zero; since 1.1 */
  cloacina_text input_schema;    /* JSON Schema that the input of a run has to fit; empty: anything; since 1.2 */
} cloacina_workflow;

CLOACINA_END_C

#endif
