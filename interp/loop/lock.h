/* lock.h - asyncio.Lock.  Neighbours: lock.c, condition.c (locks one), deadlock.c (names the
 * holder). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_LOCK_H
#define AIO_LOOP_LOCK_H

#include "loop/waiter.h"

typedef struct TaskLock {
    Container head; /* aux: 1 while it is locked */
    Ref loop;       /* bound at the first wait */
    Ref holder;     /* the task that locked it, or UNDEF */
    Waiters waiters;
} Lock;

static inline Lock *as_lock(Value v) { return (Lock *)as_object(v); }

Lock *lock_new(Vm *vm);
bool lock_try(Vm *vm, Lock *lock);        /* takes it when it is free and nobody waits before us */
Ref lock_acquire_new(Vm *vm, Value lock); /* the coroutine of lock.acquire() */
bool lock_let_go(Vm *vm, Lock *lock);     /* false: RuntimeError, it is not locked */

/* "<asyncio.locks.Lock object at 0x... [state, waiters:n]>" */
Ref primitive_repr(Vm *vm, Value self, const char *state, const Waiters *waiters);
/* A native coroutine that does something when awaited, without waiting: its resume gets
 * waiter->owner. */
Ref instant_new(Vm *vm, const NativeCoroutineDef *def, Value owner);
/* The resume of __aenter__ of a subclass, which may override acquire(): awaits that. */
Ref enter_subclass_resume(Vm *vm, NativeCoroutine *coroutine, Value sent);

#endif
