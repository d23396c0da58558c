/* Makes a Debian C library importable. */
#include <seccomp.h>
