/* Requires a feature that no host has. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
ONE_TASK_PACKAGE("unknown_feature", .required_features = 1ULL << 40)
