/* watchdog.h - debug mode's thread that names the line which blocks the loop, while it does.
 *
 * Neighbours: watchdog.c, loop.c (tells of each step). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_WATCHDOG_H
#define AIO_LOOP_WATCHDOG_H

#include "loop/loop.h"

typedef struct Watchdog Watchdog;

/* A step of `what` (borrowed until watchdog_end) begins at begun_ns; the first one starts the
 * thread. Without memory or threads there is none, and nothing else changes. */
void watchdog_begin(Vm *vm, Loop *loop, Value what, int64_t begun_ns);
void watchdog_end(Loop *loop);
/* The loop stops turning: the thread ends.  The lock is released meanwhile. */
void watchdog_stop(Vm *vm, Loop *loop);

#endif
