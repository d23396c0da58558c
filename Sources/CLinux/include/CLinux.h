/* Everything of this module. */
#include "linux_calls.h"
#include "socket_calls.h"
