/* condition.h - asyncio.Condition.  Neighbours: condition.c, barrier.c (is made of one). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_CONDITION_H
#define AIO_LOOP_CONDITION_H

#include "loop/lock.h"

typedef struct Condition {
    Container head;
    Ref loop;
    Ref lock; /* Lock, or what a script gave */
    Waiters waiters;
} Condition;

Condition *condition_new(Vm *vm);
Ref condition_wait_coroutine(Vm *vm, Value condition); /* the coroutine of wait() */
bool condition_notify_some(Vm *vm, Condition *condition, ptrdiff_t n);

#endif
