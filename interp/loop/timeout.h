/* timeout.h - asyncio.timeout(): cancels the task that entered it when the deadline passes.
 *
 * Neighbours: timeout.c (wait_for embeds one). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_TIMEOUT_H
#define AIO_LOOP_TIMEOUT_H

#include "loop/trail.h"

typedef enum TimeoutState {
    TIMEOUT_CREATED,
    TIMEOUT_ENTERED,
    TIMEOUT_EXPIRING,
    TIMEOUT_EXPIRED,
    TIMEOUT_EXITED
} TimeoutState;

typedef struct Timeout {
    Container head; /* aux: TimeoutState */
    Ref when;       /* None or seconds, as given */
    Ref task;       /* who entered it, or UNDEF */
    Ref loop;
    uint64_t timer;     /* timers.c */
    int32_t cancelling; /* task.cancelling() when it entered */
    Ref delay;          /* seconds as given, or UNDEF: a time, or moved since */
    Place made;
} Timeout;

Timeout *timeout_new(Vm *vm, Value when); /* when: None or a number (loop time) */
bool timeout_enter(Vm *vm, Timeout *timeout);
/* What __aexit__ does with the exception leaving the block (borrowed, NONE: none).  true: nothing
 * more to do; false: raised (TimeoutError in its place). */
bool timeout_leave(Vm *vm, Timeout *timeout, Value exception);

extern const Native *const timeout_functions[]; /* timeout, timeout_at, wait_for */

#endif
