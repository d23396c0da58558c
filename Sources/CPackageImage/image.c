/* Mapping a library and shaking hands with it. */
#include "image.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "descriptor.h"
#include "refusal.h"

/* The linker takes a path it has seen before for the library it found there then, even if the descriptor
 * behind it is another one by now; so each path is spelled in its own way. The only global of this library. */
static atomic_uint spellings;

enum { spelling_bits = 32, path_size = 160 };

/* `/proc/self/fd`, then one of two spellings of nothing for each bit of a number, then the descriptor. */
static void spell(char path[path_size], int fd) {
  unsigned number = atomic_fetch_add(&spellings, 1);
  char *end = path + sprintf(path, "/proc/self/fd");
  for (int bit = 0; bit < spelling_bits; bit++) end = stpcpy(end, number >> bit & 1 ? "//." : "/.");
  sprintf(end, "/%d", fd);
}

static int inspect(int fd, cloacina_image_error *error) {
  const int needed = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
  int seals = fcntl(fd, F_GET_SEALS);
  struct stat status;
  if (seals < 0 || (seals & needed) != needed || fstat(fd, &status) != 0)
    return clo_refuse(error, REFUSED_DESCRIPTOR, "descriptor %d is not a sealed memory file, so what is checked could "
                      "change before it is mapped", fd);
  size_t count = (size_t)status.st_size;
  if (count == 0) return clo_refuse(error, REFUSED_NOT_ELF, "the library is empty");
  uint8_t *bytes = mmap(NULL, count, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED)
    return clo_refuse(error, REFUSED_DESCRIPTOR, "the library cannot be read: %s", strerror(errno));
  cloacina_elf_facts facts;
  int answer = cloacina_elf_inspect(bytes, count, &facts, error);
  munmap(bytes, count);
  return answer;
}

static const cloacina_package *map(int fd, cloacina_image_error *error) {
  char path[path_size];
  spell(path, fd);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == NULL) {
    const char *cause = dlerror();
    clo_refuse(error, REFUSED_BY_LINKER, "the library cannot be loaded: %s", cause == NULL ? "no reason given" : cause);
    return NULL;
  }
  error->is_mapped = 1;
  typedef const cloacina_package *entry(void);
  entry *package_v1 = (entry *)dlsym(library, "cloacina_package_v1");
  if (package_v1 == NULL) {
    clo_refuse(error, REFUSED_NO_ENTRY_POINT, "the mapped library has no function cloacina_package_v1");
    return NULL;
  }
  const cloacina_package *package = package_v1();
  if (package == NULL)
    clo_refuse(error, REFUSED_NULL_PACKAGE, "cloacina_package_v1 answered a null pointer instead of a package");
  return package;
}

static cloacina_image *make(const cloacina_package *package, cloacina_image_error *error) {
  cloacina_image *image = calloc(1, sizeof *image);
  if (image == NULL) {
    clo_refuse(error, REFUSED_MEMORY, "no memory is left for the package");
    return NULL;
  }
  image->package = package;
  image->descriptor.cap = longest_descriptor;
  clo_write_package(&image->descriptor, package);
  if (!image->descriptor.overflow) return image;
  clo_refuse(error, REFUSED_COUNT, "the package's descriptor has more than %d bytes, or memory is short",
             longest_descriptor);
  free(image->descriptor.bytes);
  free(image);
  return NULL;
}

cloacina_image *cloacina_image_open(int fd, const char *swift_compiler, cloacina_image_error *error) {
  if (inspect(fd, error) != 0) return NULL;
  const cloacina_package *package = map(fd, error);
  if (package == NULL || clo_check_package(package, swift_compiler, error) != 0) return NULL;
  return make(package, error);
}

const char *cloacina_image_descriptor(const cloacina_image *image, size_t *count) {
  *count = image->descriptor.count;
  return image->descriptor.bytes;
}
