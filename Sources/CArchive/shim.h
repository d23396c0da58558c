/* Makes a Debian C library importable. */
#include <archive.h>
#include <archive_entry.h>
