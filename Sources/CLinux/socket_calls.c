#include "socket_calls.h"

#include <sys/socket.h>

int cloacina_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC); }

int cloacina_peer_user(int socket, uid_t *user) {
  struct ucred peer = {0};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
  *user = peer.uid;
  return 0;
}
