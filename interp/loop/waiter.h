/* waiter.h - a native coroutine that waits for one wake-up: what Lock.acquire, Event.wait,
 * Queue.get are made of.
 *
 * It stands for the Future that asyncio's own primitives make for each wait, without there being
 * one: it yields itself, the task that drives it remembers it, and waking it schedules that task's
 * step, one turn later, as a Future's callback would.  Invariant: it stays in its owner's list
 * until its coroutine has run again. Neighbours: waiter.c, task.c (accepts it), lock.c and friends.
 */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_WAITER_H
#define AIO_LOOP_WAITER_H

#include "loop/task.h"
#include "vm/coroutine.h"

typedef struct Waiter Waiter;
struct Waiter {
    NativeCoroutine coroutine; /* state: phase | WAITER_* */
    Waiter *next, *previous;   /* in the owner's list, which owns a reference */
    Task *task;                /* who is to be woken, borrowed; NULL: nobody drives it */
    Ref owner;                 /* Lock, Event, ... that it waits for */
};

typedef struct TimedWaiter {
    Waiter waiter;
    uint64_t timer;
} TimedWaiter; /* timer: timers.c */

enum { /* NativeCoroutine.state: the machine's phase in the low byte */
       WAITER_PHASE = 255,
       WAITER_PENDING = 256,
       WAITER_WOKEN = 512,
       WAITER_CANCELLED = 1024,
       WAITER_LISTED = 2048,
       WAITER_DONE = WAITER_WOKEN | WAITER_CANCELLED,
};

typedef struct Waiters {
    Waiter *first, *last;
    int len;
} Waiters;

static inline Waiter *as_waiter(Value v) { return (Waiter *)as_object(v); }
static inline int waiter_phase(const Waiter *waiter)
{
    return waiter->coroutine.state & WAITER_PHASE;
}
static inline bool waiter_is_done(const Waiter *waiter)
{
    return waiter->coroutine.state & WAITER_DONE;
}

/* A new one; owner newref'd. */
Waiter *waiter_new(Vm *vm, const NativeCoroutineDef *def, Value owner);
/* Is v a suspended Waiter (seen as what a coroutine yielded)? */
bool is_waiter(Value v);

/* Joins the list (at its end) and suspends in `phase`; what a resume function returns. */
Ref waiter_wait(Vm *vm, Waiter *waiter, Waiters *list, int phase);
/* Suspends without a list. */
Ref waiter_pause(Vm *vm, Waiter *waiter, int phase);
/* To be called first when resumed or thrown into: leaves the list. */
void waiter_leave(Waiter *waiter, Waiters *list);
/* Was it resumed by anything but a wake-up?  Raises RuntimeError "await wasn't used with future"
 * then. */
bool waiter_check(Vm *vm, Waiter *waiter);

/* Like future.set_result(), of no effect when done; false: raised, and it waits on. */
bool waiter_wake(Vm *vm, Waiter *waiter);
Truth waiter_cancel(Vm *vm, Waiter *waiter); /* like future.cancel(); NO: was done */

void waiters_visit(Waiters *list, Visit *visit, void *context);
void waiters_clear(Waiters *list);
/* Who waits, as a new list: for looking at. */
Ref waiters_list(Vm *vm, const Waiters *list);
/* A primitive's loop as scripts see it, owned. */
static inline Ref loop_or_none(Value loop) { return absent(loop) ? NONE : newref(loop); }
/* The first that has not been woken or cancelled, or NULL. */
Waiter *waiters_first_pending(const Waiters *list);

/* delegate() to anything `await` accepts; FAIL: TypeError. */
Ref delegate_any(Vm *vm, Value awaitable);
/* The same, stealing; FAIL passes through. */
Ref delegate_new(Vm *vm, Ref awaitable);

/* A primitive's loop: bound at first use; another loop then: RuntimeError "... is bound to a
 * different event loop". */
bool loop_bind(Vm *vm, Ref *slot, Value primitive);

#endif
