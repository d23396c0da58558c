/* The package of the end-to-end tests that tries what permissions take away. */
#define CLOACINA_PACKAGE_NAME "reach"
#define CLOACINA_PACKAGE_VERSION "1.0.0"
#include "../Packages/Reach/reach.c"
