#include "linux_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void cloacina_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int cloacina_pidfd(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int cloacina_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cloacina_shared_page(size_t size) {
  int fd = memfd_create("cloacina-crash", MFD_CLOEXEC);
  if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

int cloacina_watch_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cloacina_watch(int set, int fd, uint64_t token, uint32_t what) {
  struct epoll_event event = {.data.u64 = token};
  if (what & CLOACINA_READABLE) event.events |= EPOLLIN | EPOLLRDHUP;
  if (what & CLOACINA_WRITABLE) event.events |= EPOLLOUT;
  if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
  if (errno != ENOENT) return errno;
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void cloacina_unwatch(int set, int fd) { epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL); }

int cloacina_watch_wait(int set, cloacina_ready *ready, int most, int milliseconds) {
  struct epoll_event events[64];
  int count = epoll_wait(set, events, most < 64 ? most : 64, milliseconds);
  if (count < 0) return 0;
  for (int index = 0; index < count; index++) {
    uint32_t what = 0;
    if (events[index].events & EPOLLIN) what |= CLOACINA_READABLE;
    if (events[index].events & EPOLLOUT) what |= CLOACINA_WRITABLE;
    if (events[index].events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) what |= CLOACINA_HUNG_UP;
    ready[index] = (cloacina_ready){events[index].data.u64, what};
  }
  return count;
}

int cloacina_waker(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int cloacina_reap(pid_t process) {
  int status;
  pid_t found;
  do found = waitpid(process, &status, 0);
  while (found < 0 && errno == EINTR);
  if (found != process) return -1;
  return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}
