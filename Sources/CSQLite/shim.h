/* Makes a Debian C library importable. */
#include <sqlite3.h>
