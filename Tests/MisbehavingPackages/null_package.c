/* Answers null instead of a package. */
#include "package.h"

CLOACINA_EXPORT const cloacina_package *cloacina_package_v1(void) { return NULL; }
