/* Linux calls that Swift cannot make by itself, each with the reason. */
#ifndef CLOACINA_LINUX_CALLS_H
#define CLOACINA_LINUX_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names the calling thread (prctl is variadic; pthread_setname_np needs _GNU_SOURCE). */
void cloacina_name_thread(const char *name);

/* One descriptor a child is given: `number` in the child is a copy of `source`. */
typedef struct cloacina_child_fd {
  int source;
  int number;
} cloacina_child_fd;

/* Starts a program (posix_spawn with closefrom is a GNU extension; the descriptor juggling belongs together).
 * Besides 0…2 and those in `fds` nothing is inherited; signals are at their defaults and none is blocked.
 * `folder` may be null; with `own_group` the child leads a new process group.
 * 0 and `*process`, or an errno value. */
int cloacina_spawn(const char *path, char *const arguments[], char *const environment[], const char *folder,
                   const cloacina_child_fd *fds, size_t fd_count, int own_group, pid_t *process);

/* A descriptor that is readable once `process` has ended, close-on-exec; or -1 (no wrapper in glibc 2.36). */
int cloacina_pidfd(pid_t process);

/* A pipe, both ends close-on-exec; 0, or -1 (pipe2 needs _GNU_SOURCE). */
int cloacina_pipe(int ends[2]);

/* An empty memfd of `size` bytes, close-on-exec; or -1 (needs _GNU_SOURCE). */
int cloacina_shared_page(size_t size);

/* Readiness of many descriptors (the packed union of epoll_event is awkward to import). */
enum { CLOACINA_READABLE = 1, CLOACINA_WRITABLE = 2, CLOACINA_HUNG_UP = 4 };
typedef struct cloacina_ready {
  uint64_t token;
  uint32_t what; /* CLOACINA_READABLE | … */
} cloacina_ready;

/* A new set, close-on-exec; or -1. */
int cloacina_watch_open(void);
/* Adds `fd` to the set, or changes what it is watched for; 0, or an errno value. */
int cloacina_watch(int set, int fd, uint64_t token, uint32_t what);
/* Takes `fd` out of the set. */
void cloacina_unwatch(int set, int fd);
/* Waits at most `milliseconds` (-1: for ever); how many are ready, 0 at the time-out or a signal. */
int cloacina_watch_wait(int set, cloacina_ready *ready, int most, int milliseconds);

/* A counter descriptor to wake a waiting thread, non-blocking and close-on-exec; or -1. */
int cloacina_waker(void);

/* How the child `process` ended, waiting for it: its exit code, or 256 + the signal that ended it; -1 when it
 * is no child of ours (the macros of <sys/wait.h> are not imported). */
int cloacina_reap(pid_t process);

#endif
