/* queue.h - asyncio.Queue for C.  Neighbours: queue.c, completed.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_QUEUE_H
#define AIO_LOOP_QUEUE_H

#include "loop/waiter.h"

Ref queue_new(Vm *vm);                               /* without limit */
bool queue_put_now(Vm *vm, Value queue, Value item); /* false: raised */
const Waiters *queue_getters(Value queue);           /* who waits for an item */
extern const size_t queue_getters_at;                /* where in the struct they stand */
Ref queue_get_coroutine_new(Vm *vm, Value queue);    /* the coroutine of queue.get() */

#endif
