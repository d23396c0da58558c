/* A process that runs the tasks of one library. Parts, in the order in which they come to life. */
#ifndef CLOACINA_RUNNER_H
#define CLOACINA_RUNNER_H

#include <package_image.h>
#include <runner_frames.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* options.c */
typedef struct runner_options {
  uint32_t slots;             /* calls at once */
  size_t output_cap;          /* bytes one task may emit */
  uint64_t address_space;     /* bytes; 0: unlimited */
  const char *swift_compiler; /* null: the host has no Swift runtime */
  pid_t parent;               /* the executor */
  int network, processes, writing; /* what the package may do; 0: not */
} runner_options;

/* Reads the command line; ends the process if it is wrong. */
runner_options options_read(int count, char **arguments);

/* confine.c */

/* Ties this process to its parent and takes away what a package needs not have. Single-threaded. */
void confine(const runner_options *options);
/* Ends this process and every process of its group. */
_Noreturn void end_group(void);
/* Says a sentence on standard error and ends the process without the package's exit handlers. */
__attribute__((format(printf, 2, 3))) _Noreturn void end_with(int code, const char *format, ...);

/* permissions.c */

/* Has the kernel refuse what the package is not to do; ends the process if the kernel cannot. Single-threaded. */
void refuse_what_is_not_permitted(const runner_options *options);

/* crash.c */

/* Maps the crash record. */
void crash_record_open(void);
/* Records a deadly signal or an exit() from now on. Called again after foreign code may have interfered. */
void crash_watch(void);
/* Gives the calling thread a stack to die on. */
void crash_thread_begin(void);
/* The call on this thread; 0: none. */
void crash_set_call(uint64_t call_id);

/* output.c */
typedef struct frame_part {
  const void *bytes;
  size_t count;
} frame_part;

/* Adds a frame to what goes to the executor; it leaves with the next flush. [any] */
void output_add(uint16_t type, uint64_t call_id, const frame_part *parts, size_t part_count);
/* Writes what has gathered, unless another thread is doing so. [any] */
void output_flush(void);
/* Writes what has gathered and waits until it is written. */
void output_drain(void);
/* A frame of a number and a text, written at once. [any] */
void output_send(uint16_t type, uint64_t call_id, const void *number, size_t number_size, const char *utf8,
                 size_t count);

/* calls.c */
typedef struct runner_call {
  struct runner_call *next;            /* in the queue */
  struct runner_call *older, *newer;   /* among those not yet answered */
  uint64_t id;
  volatile uint8_t cancelled;
  cloacina_image_call asked;           /* its pointers lead into `payload` */
  uint8_t payload[];
} runner_call;

/* A call from the payload of a CALL frame, or null if it is malformed. */
runner_call *call_make(uint64_t id, const uint8_t *payload, size_t count, size_t output_cap);
/* Runs the call and adds its RESULT to the output. */
void call_run(cloacina_image *image, runner_call *call);
/* Adds the RESULT of a call that was cancelled before it started. */
void call_skip(const runner_call *call);

/* pool.c */
void pool_begin(cloacina_image *image, uint32_t slots);
/* Takes over `count` calls linked from `first` to `last`. */
void pool_submit(runner_call *first, runner_call *last, size_t count);
void pool_cancel(uint64_t call_id);
/* From now on, `pool_end_fd` becomes readable once no call is left. */
void pool_close(void);
int pool_end_fd(void);

/* serve.c */

/* Serves frames until SHUTDOWN and the last reply. */
void serve(size_t output_cap);

#endif
