/* socketwait.h - what a module written in C (native.h) may ask of a socket object.
 *
 * Neighbours: socket.c (the bodies), socket.h (all of it). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SOCKETWAIT_H
#define AIO_LOOP_SOCKETWAIT_H

#include "object/type.h"

int socket_fd(Value socket);             /* -1: closed; socket is of KIND_SOCKET, here and below */
int64_t socket_timeout_ns(Value socket); /* -1: it waits for ever; 0: it never waits */

/* YES: it is ready for poll()'s events; NO: deadline_ns (of socket_now_ns(), -1: none) has passed;
 * FAILED: raised.  The interpreter lock is let go meanwhile. */
Truth socket_wait(Vm *vm, Value socket, short events, int64_t deadline_ns);
int64_t socket_now_ns(void); /* of a clock that never goes back */

#endif
