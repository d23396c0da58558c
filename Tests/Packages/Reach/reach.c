/* A package that tries what permissions take away. Its task `reach` emits the error number of each try, 0 for one that
 * went well; what needs a path is tried below the input's "folder". */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <cloacina/cloacina.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

enum { much = 1 << 30 };

static int closed(int fd) {
  int error = fd < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  return error;
}

/* Listens on the loopback interface and connects to itself. */
static int tcp(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return errno;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int failed = bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
               getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
               connect(client, (struct sockaddr *)&address, size) != 0;
  int error = failed ? errno : 0;
  close(client);
  close(listener);
  return error;
}

static int netlink(void) { return closed(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0)); }

static int local(void) { return closed(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

static int spawn(void) {
  char *const arguments[] = {"true", NULL};
  char *const environment[] = {NULL};
  pid_t child;
  int error = posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment), status;
  if (error != 0) return error;
  return waitpid(child, &status, 0) == child && status == 0 ? 0 : ECHILD;
}

/* The program begins with `execveat` on a descriptor, as fexecve starts one. */
static int by_descriptor(void) {
  int program = open("/bin/true", O_PATH | O_CLOEXEC);
  if (program < 0) return errno;
  int ends[2], error = 0;
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  pid_t child = fork();
  if (child == 0) {
    char *const arguments[] = {"true", NULL};
    char *const environment[] = {NULL};
    syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    error = errno;
    _exit(write(ends[1], &error, sizeof error) != sizeof error);
  }
  close(ends[1]);
  if (child < 0 || read(ends[0], &error, sizeof error) < 0) error = errno;
  close(ends[0]);
  close(program);
  if (child > 0) waitpid(child, NULL, 0);
  return error;
}

static int allocate(void) {
  void *bytes = mmap(NULL, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) return errno;
  munmap(bytes, much);
  return 0;
}

/* Numbers of errors of the file `kept`, which is there, or of `made`, which is not. */
static int make_file(const char *made) {
  int error = closed(open(made, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  unlink(made);
  return error;
}

static int read_file(const char *kept) { return closed(open(kept, O_RDONLY | O_CLOEXEC)); }

static int cut_file(const char *kept) { return closed(open(kept, O_RDONLY | O_TRUNC | O_CLOEXEC)); }

static int cut_by_path(const char *kept) { return truncate(kept, 0) != 0 ? errno : 0; }

static int remove_file(const char *kept) { return unlink(kept) != 0 ? errno : 0; }

static int make_folder(const char *made) {
  if (mkdir(made, 0700) != 0) return errno;
  rmdir(made);
  return 0;
}

/* A ring of the kernel could open sockets and files unseen. */
static int ring(void) {
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  return closed((int)syscall(SYS_io_uring_setup, 1, &parameters));
}

#ifdef __x86_64__
/* The same call by the two other ABIs that a kernel for this machine may have. */
static int tcp_of_i386(void) {
  long answer;
  __asm__ volatile("int $0x80"
                   : "=a"(answer)
                   : "a"(359L), "b"((long)AF_INET), "c"((long)SOCK_STREAM), "d"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  if (answer >= 0) close((int)answer);
  return answer < 0 ? (int)-answer : 0;
}

static int tcp_of_x32(void) { return closed((int)syscall(SYS_socket | 0x40000000, AF_INET, SOCK_STREAM, 0)); }
#else
static int tcp_of_i386(void) { return ENOSYS; }
static int tcp_of_x32(void) { return ENOSYS; }
#endif

/* Copies the string member "folder" of the input, which has no escapes. */
static void folder_of(const cloacina_call *call, char *out, size_t room) {
  static const char key[] = "\"folder\":\"";
  const char *text = (const char *)call->input.start;
  const char *at = memmem(text, call->input.count, key, sizeof key - 1);
  size_t count = 0;
  if (at != NULL)
    for (at += sizeof key - 1; at < text + call->input.count && *at != '"' && count + 1 < room;) out[count++] = *at++;
  out[count] = 0;
}

/* What an initialiser tries counts too: it runs while the library is mapped. */
static int tried_early;
__attribute__((constructor)) static void try_early(void) { tried_early = tcp(); }

/* Adds a member to the object that begins in `text`. */
static void note(char *text, size_t room, const char *name, int error) {
  size_t count = strlen(text);
  snprintf(text + count, room - count, "%s\"%s\":%d", count > 1 ? "," : "", name, error);
}

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  (void)instance;
  char folder[512], kept[600], made[600], text[1024] = "{";
  const size_t room = sizeof text - 1;
  folder_of(call, folder, sizeof folder);
  snprintf(kept, sizeof kept, "%s/kept", folder);
  snprintf(made, sizeof made, "%s/made", folder);
  note(text, room, "initialiser", tried_early);
  note(text, room, "tcp", tcp());
  note(text, room, "netlink", netlink());
  note(text, room, "local", local());
  note(text, room, "ring", ring());
  note(text, room, "tcp_of_i386", tcp_of_i386());
  note(text, room, "tcp_of_x32", tcp_of_x32());
  note(text, room, "spawn", spawn());
  note(text, room, "by_descriptor", by_descriptor());
  note(text, room, "allocate", allocate());
  note(text, room, "make_file", make_file(made));
  note(text, room, "make_folder", make_folder(made));
  note(text, room, "read_file", read_file(kept));
  note(text, room, "cut_file", cut_file(kept));
  note(text, room, "cut_by_path", cut_by_path(kept));
  note(text, room, "remove_file", remove_file(kept));
  strcat(text, "}");
  call->emit(call, (cloacina_bytes){(const uint8_t *)text, strlen(text)});
  return CLOACINA_DONE;
}

static const cloacina_task reach = {.struct_size = sizeof(cloacina_task), .id = TEXT("reach"), .timeout_ms = 30000};
static const cloacina_task *const tasks[] = {&reach};
static const cloacina_workflow flow = {
    .struct_size = sizeof(cloacina_workflow), .name = TEXT("flow"), .task_count = 1, .tasks = tasks};
static const cloacina_workflow *const workflows[] = {&flow};

CLOACINA_EXPORT const cloacina_package *cloacina_package_v1(void) {
  static const cloacina_package package = {
      .struct_size = sizeof(cloacina_package), .abi_major = CLOACINA_ABI_MAJOR, .abi_minor = CLOACINA_ABI_MINOR,
      .name = TEXT(CLOACINA_PACKAGE_NAME), .version = TEXT(CLOACINA_PACKAGE_VERSION), .workflow_count = 1,
      .workflows = workflows, .run = run};
  return &package;
}
