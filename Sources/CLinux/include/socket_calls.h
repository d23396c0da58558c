/* Socket calls that exist only under _GNU_SOURCE, which Swift's view of the C library lacks. */
#ifndef CLOACINA_SOCKET_CALLS_H
#define CLOACINA_SOCKET_CALLS_H

#include <sys/types.h>

/* The next connection, close-on-exec from the start (accept4); -1 with errno. */
int cloacina_accept(int listener);

/* The user at the other end of a connected Unix socket; 0, or -1 with errno. */
int cloacina_peer_user(int socket, uid_t *user);

#endif
