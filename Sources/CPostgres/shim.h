/* Makes a Debian C library importable. */
#include <libpq-fe.h>
