/* sockcall.h - what socket.c and sockopt.c share: system calls that may wait.  Neighbours:
 * socket.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SOCKCALL_H
#define AIO_LOOP_SOCKCALL_H

#include "loop/socket.h"

typedef struct Transfer {
    char *data;
    size_t len;
    int flags;
    Address *address; /* of the other side, where there is one */
} Transfer;

typedef ssize_t SocketAttempt(int fd, void *operation);

/* Makes attempts until one does not have to wait, as long as the timeout allows; events: what
 * poll() waits for. */
bool socket_call(Vm *vm, Socket *self, short events, SocketAttempt *attempt, void *operation,
                 ssize_t *result);
bool socket_int(Vm *vm, Value given, int *number); /* a C int; OverflowError */
bool socket_read_timeout(Vm *vm, Value given, int64_t *timeout_ns);
Ref socket_timeout_value(int64_t timeout_ns);

extern const Native socket_getsockopt_def, socket_setsockopt_def, socket_recvmsg_def,
    socket_recvmsg_into_def, socket_sendmsg_def;

#endif
