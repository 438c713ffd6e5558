/* socket.h - the socket object (_socket.socket), which socket.socket derives from, and its system
 * calls.
 *
 * Neighbours: socket.c, address.h, sockio.c (the loop's sock_* methods), modules/socket.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SOCKET_H
#define AIO_LOOP_SOCKET_H

#include "loop/address.h"
#include "loop/loop.h"

typedef struct Socket {
    Container head;
    int fd; /* -1: closed */
    int family, type, protocol;
    int64_t timeout_ns; /* -1: blocking; 0: never waits */
    bool drained;       /* the last read of a loop's sock_recv got less than it asked for */
    Ref loop;           /* the loop whose poller may still watch fd for us (loop_await), or UNDEF */
} Socket;

static inline bool is_socket(Value v) { return is_kind(v, KIND_SOCKET); }
static inline Socket *as_socket(Value v) { return (Socket *)as_object(v); }

/* A socket object around fd (taken over, also when it fails) of class socket.socket.  Owned; FAIL:
 * raised. */
Ref socket_of_fd(Vm *vm, int fd, int family, int type, int protocol);
/* Lets go of the descriptor without closing it. */
int socket_detach(Socket *self);

/* One attempt, EINTR apart.  NONE: it would have to wait; else bytes, or the count, owned; FAIL:
 * raised. */
Ref socket_recv_once(Vm *vm, Socket *self, int64_t len, int flags);

extern const struct Native *const socket_functions[]; /* setdefaulttimeout, ... */

#endif
