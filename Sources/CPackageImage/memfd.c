/* A library in memory that nobody can change any more. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "package_image.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* since Linux 6.3; older kernels answer EINVAL and need no such flag */
#endif

static int create(const char *name) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = memfd_create(name, flags | MFD_EXEC);
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, flags);
  return fd;
}

static int write_all(int fd, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -1;
    bytes += written;
    count -= (size_t)written;
  }
  return 0;
}

int cloacina_sealed_memfd(const char *name, const uint8_t *bytes, size_t count) {
  int fd = create(name);
  if (fd < 0) return -1;
  int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (write_all(fd, bytes, count) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0) return fd;
  int cause = errno;
  close(fd);
  errno = cause;
  return -1;
}
