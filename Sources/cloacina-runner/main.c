/* Runs the tasks of one library for an executor: confine, map, say hello, serve. */
#include <malloc.h>
#include <unistd.h>

#include "runner.h"

enum { most_arenas = 4 }; /* each reserves 64 MiB of addresses, which --address-space counts */

static void log_of_package(void *context, int32_t level, const char *utf8, size_t count) {
  (void)context;
  output_send(CLOACINA_FRAME_LOG, 0, &level, sizeof level, utf8, count);
}

static size_t length(const char *text, size_t most) {
  size_t count = 0;
  while (count < most && text[count] != 0) count++;
  return count;
}

static _Noreturn void refuse(const cloacina_image_error *error) {
  uint32_t code_size = (uint32_t)length(error->code, sizeof error->code);
  uint32_t sentence_size = (uint32_t)length(error->sentence, sizeof error->sentence);
  const frame_part parts[] = {{&code_size, sizeof code_size},
                              {error->code, code_size},
                              {&sentence_size, sizeof sentence_size},
                              {error->sentence, sentence_size}};
  output_add(CLOACINA_FRAME_REFUSED, 0, parts, 4);
  output_drain();
  _exit(CLOACINA_RUNNER_REFUSED);
}

static void say_hello(const cloacina_image *image) {
  const uint32_t version = CLOACINA_FRAME_VERSION;
  size_t count;
  const char *descriptor = cloacina_image_descriptor(image, &count);
  output_send(CLOACINA_FRAME_HELLO, 0, &version, sizeof version, descriptor, count);
}

int main(int count, char **arguments) {
  const runner_options options = options_read(count, arguments);
  confine(&options);
  mallopt(M_ARENA_MAX, most_arenas);
  crash_record_open();
  crash_thread_begin();
  crash_watch();
  refuse_what_is_not_permitted(&options);

  cloacina_image_error error = {{0}, {0}};
  cloacina_image *image = cloacina_image_open(CLOACINA_RUNNER_LIBRARY_FD, options.swift_compiler, &error);
  if (image == NULL || cloacina_image_start(image, log_of_package, NULL, &error) != 0) refuse(&error);
  close(CLOACINA_RUNNER_LIBRARY_FD);
  crash_watch(); /* a runtime that came with the package may have put its own handlers there */

  pool_begin(image, options.slots);
  say_hello(image);
  serve(options.output_cap);
  output_drain();
  cloacina_image_stop(image);
  output_drain();
  _exit(CLOACINA_RUNNER_ENDED);
}
