/* Exports the entry point of another major version. */
#include "package.h"

CLOACINA_EXPORT const void *cloacina_package_v2(void);
const void *cloacina_package_v2(void) { return NULL; }
