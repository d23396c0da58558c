/* Threads that run calls, made when needed.
 *
 * Waking is a chain: at most one thread is on its way at a time, and once it is here it sends for the next if calls
 * are still queued. So a burst of short calls is served by a thread or two, and yet no call waits behind a blocked
 * one while a thread could be had.
 *
 * A thread that goes on to its next call may leave its reply unwritten if another is on its way: that one flushes
 * before it does anything else. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runner.h"

enum { worker_stack = 8 << 20 };

static struct {
  pthread_mutex_t lock;
  pthread_cond_t work;
  cloacina_image *image;
  runner_call *first, *last; /* the queue */
  runner_call *newest;       /* of all calls not yet answered */
  size_t live;               /* how many these are */
  uint32_t threads, idle, slots;
  int waking;                /* a thread has been sent for and is not here yet */
  int closing;
  int end_fd;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .end_fd = -1};

static void *work(void *unused);

static int start_thread(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return -1;
  sigfillset(&all);
  pthread_attr_setstacksize(&attributes, worker_stack);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int code = pthread_create(&thread, &attributes, work, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return code;
}

/* With the lock held: sends for a thread if calls are queued and none is on its way.
 * 1 if the caller has to start one, after giving up the lock. */
static int send_for_thread(void) {
  if (pool.first == NULL || pool.waking) return 0;
  if (pool.idle == 0 && pool.threads == pool.slots) return 0;
  pool.waking = 1;
  if (pool.idle > 0) {
    pthread_cond_signal(&pool.work);
    return 0;
  }
  pool.threads++;
  return 1;
}

/* A thread that cannot be had lowers the number of slots, unless it would be the only one. */
static void start_or_do_without(void) {
  int code = start_thread();
  if (code == 0) return;
  pthread_mutex_lock(&pool.lock);
  pool.waking = 0;
  pool.slots = --pool.threads;
  pthread_mutex_unlock(&pool.lock);
  if (pool.slots == 0) end_with(CLOACINA_RUNNER_RESOURCES, "no thread can be started: %s", strerror(code));
  output_flush();
}

/* The signals that end the process must reach the thread that caused them. */
static void take_only_deadly_signals(void) {
  static const int taken[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
  sigset_t set;
  sigemptyset(&set);
  for (size_t index = 0; index < sizeof taken / sizeof *taken; index++) sigaddset(&set, taken[index]);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* With the lock held, which is given up meanwhile. */
static void flush(void) {
  pthread_mutex_unlock(&pool.lock);
  output_flush();
  pthread_mutex_lock(&pool.lock);
}

/* With the lock held: this thread was sent for and is here. */
static void arrive(void) {
  pool.waking = 0;
  flush();
}

/* With the lock held, which is given up meanwhile: waits for a call. */
static runner_call *next_call(void) {
  if (pool.first == NULL) flush();
  while (pool.first == NULL) {
    pool.idle++;
    pthread_cond_wait(&pool.work, &pool.lock);
    pool.idle--;
    arrive();
  }
  runner_call *call = pool.first;
  pool.first = call->next;
  return call;
}

static void forget(runner_call *call) {
  if (call->newer != NULL) call->newer->older = call->older;
  else pool.newest = call->older;
  if (call->older != NULL) call->older->newer = call->newer;
  pool.live--;
}

static void tell_end(void) {
  const uint64_t one = 1;
  if (pool.closing && pool.live == 0 && write(pool.end_fd, &one, sizeof one) != sizeof one)
    end_with(CLOACINA_RUNNER_RESOURCES, "an eventfd cannot be written: %s", strerror(errno));
}

static void *work(void *unused) {
  (void)unused;
  crash_thread_begin();
  take_only_deadly_signals();
  pthread_mutex_lock(&pool.lock);
  arrive();
  for (;;) {
    runner_call *call = next_call();
    int start = send_for_thread(), left_to_other = pool.waking;
    pthread_mutex_unlock(&pool.lock);
    if (start) start_or_do_without();
    if (!left_to_other) output_flush();
    if (call->cancelled) call_skip(call);
    else call_run(pool.image, call);
    pthread_mutex_lock(&pool.lock);
    forget(call);
    tell_end();
    free(call);
  }
  return NULL;
}

void pool_begin(cloacina_image *image, uint32_t slots) {
  pool.image = image;
  pool.slots = slots;
  pool.end_fd = eventfd(0, EFD_CLOEXEC);
  if (pool.end_fd < 0) end_with(CLOACINA_RUNNER_RESOURCES, "eventfd failed: %s", strerror(errno));
}

void pool_submit(runner_call *first, runner_call *last, size_t count) {
  pthread_mutex_lock(&pool.lock);
  if (pool.first == NULL) pool.first = first;
  else pool.last->next = first;
  pool.last = last;
  for (runner_call *call = first; call != NULL; call = call->next) {
    call->older = pool.newest;
    if (pool.newest != NULL) pool.newest->newer = call;
    pool.newest = call;
  }
  pool.live += count;
  int start = send_for_thread();
  pthread_mutex_unlock(&pool.lock);
  if (start) start_or_do_without();
}

void pool_cancel(uint64_t call_id) {
  pthread_mutex_lock(&pool.lock);
  for (runner_call *call = pool.newest; call != NULL; call = call->older)
    if (call->id == call_id) call->cancelled = 1;
  pthread_mutex_unlock(&pool.lock);
}

void pool_close(void) {
  pthread_mutex_lock(&pool.lock);
  pool.closing = 1;
  tell_end();
  pthread_mutex_unlock(&pool.lock);
}

int pool_end_fd(void) { return pool.end_fd; }
