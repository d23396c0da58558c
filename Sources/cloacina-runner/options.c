#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "runner.h"

static uint64_t number(const char *name, const char *text, uint64_t least, uint64_t most) {
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != 0 || *text == '-' || value < least || value > most)
    end_with(CLOACINA_RUNNER_USAGE, "--%s takes a number from %llu to %llu, not '%s'", name,
             (unsigned long long)least, (unsigned long long)most, text);
  return value;
}

runner_options options_read(int count, char **arguments) {
  static const struct option known[] = {
      {"slots", required_argument, NULL, 's'},          {"output-cap", required_argument, NULL, 'o'},
      {"address-space", required_argument, NULL, 'a'},  {"swift-compiler", required_argument, NULL, 'c'},
      {"parent", required_argument, NULL, 'p'},         {"no-network", no_argument, NULL, 'n'},
      {"no-processes", no_argument, NULL, 'x'},         {"no-writing", no_argument, NULL, 'w'},
      {NULL, 0, NULL, 0}};
  runner_options options = {.slots = 64, .output_cap = 4 << 20, .parent = getppid(), .network = 1, .processes = 1,
                            .writing = 1};
  for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
    switch (option) {
      case 's': options.slots = (uint32_t)number("slots", optarg, 1, 4096); break;
      case 'o': options.output_cap = number("output-cap", optarg, 2, CLOACINA_FRAME_LONGEST / 2); break;
      case 'a': options.address_space = number("address-space", optarg, 0, UINT64_MAX - 1); break;
      case 'c': options.swift_compiler = optarg; break;
      case 'p': options.parent = (pid_t)number("parent", optarg, 1, INT32_MAX); break;
      case 'n': options.network = 0; break;
      case 'x': options.processes = 0; break;
      case 'w': options.writing = 0; break;
      default: end_with(CLOACINA_RUNNER_USAGE, "cloacina-runner is started by an executor, not by hand");
    }
  }
  if (optind != count) end_with(CLOACINA_RUNNER_USAGE, "unexpected argument '%s'", arguments[optind]);
  return options;
}
