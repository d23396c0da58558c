/* Makes a Debian C library importable. */
#include <openssl/evp.h>
