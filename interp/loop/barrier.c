/* barrier.c - asyncio.Barrier.
 *
 * Everything happens under a Condition's lock.  Tasks fill the barrier; the last one to come starts
 * the draining, the last one to go makes it ready to be filled again. Neighbours: condition.c. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "loop/condition.h"
#include "object/exception.h"
#include "object/int.h"

typedef enum BarrierState {
    BARRIER_FILLING,
    BARRIER_DRAINING,
    BARRIER_RESETTING,
    BARRIER_BROKEN
} BarrierState;

typedef struct Barrier {
    Container head; /* aux: BarrierState */
    Ref condition;
    int64_t parties, count;
} Barrier;

static Barrier *as_barrier(Value v) { return (Barrier *)as_object(v); }
static Condition *condition_of(const Barrier *barrier)
{
    return (Condition *)as_object(barrier->condition);
}

static bool notify_all(Vm *vm, Barrier *barrier)
{
    return condition_notify_some(vm, condition_of(barrier), condition_of(barrier)->waiters.len);
}

static bool unlock(Vm *vm, Barrier *barrier)
{
    return lock_let_go(vm, as_lock(condition_of(barrier)->lock));
}

/* ---- wait() ---- */

enum { PHASE_BEGIN, PHASE_BLOCKED, PHASE_WAITING };

typedef struct BarrierWait {
    Waiter waiter;
    int64_t index;
} BarrierWait;

/* One leaves: the last one opens the barrier again. */
static bool barrier_leave(Vm *vm, Barrier *barrier)
{
    if (--barrier->count == 0 &&
        (barrier->head.aux == BARRIER_RESETTING || barrier->head.aux == BARRIER_DRAINING)) {
        barrier->head.aux = BARRIER_FILLING;
        if (!notify_all(vm, barrier)) return false;
    }
    return unlock(vm, barrier);
}

static Ref barrier_wait_notified(Vm *vm, BarrierWait *self, Barrier *barrier, int phase)
{
    self->waiter.coroutine.state = phase;
    return delegate_new(vm, condition_wait_coroutine(vm, barrier->condition));
}

static Ref barrier_passed(Vm *vm, BarrierWait *self, Barrier *barrier)
{
    if (barrier->head.aux == BARRIER_BROKEN || barrier->head.aux == BARRIER_RESETTING) {
        if (!barrier_leave(vm, barrier)) return FAIL;
        return throw(vm, BrokenBarrierError, "Abort or reset of barrier");
    }
    return barrier_leave(vm, barrier) ? from_small(self->index) : FAIL;
}

static Ref barrier_wait_resume(Vm *vm, NativeCoroutine *coroutine,
                               Value sent __attribute__((unused)))
{
    BarrierWait *self = (BarrierWait *)coroutine;
    Barrier *barrier = as_barrier(self->waiter.owner);
    int phase = waiter_phase(&self->waiter);
    if (phase == PHASE_BEGIN && !lock_try(vm, as_lock(condition_of(barrier)->lock))) {
        coroutine->state = PHASE_BLOCKED;
        return delegate_new(vm, lock_acquire_new(vm, condition_of(barrier)->lock));
    }
    if (phase == PHASE_WAITING)
        return barrier->head.aux == BARRIER_FILLING
                   ? barrier_wait_notified(vm, self, barrier, PHASE_WAITING)
                   : barrier_passed(vm, self, barrier);
    if (barrier->head.aux == BARRIER_DRAINING || barrier->head.aux == BARRIER_RESETTING)
        return barrier_wait_notified(vm, self, barrier, PHASE_BLOCKED);
    if (barrier->head.aux == BARRIER_BROKEN)
        return unlock(vm, barrier) ? throw(vm, BrokenBarrierError, "Barrier aborted") : FAIL;
    self->index = barrier->count++;
    if (barrier->count < barrier->parties)
        return barrier_wait_notified(vm, self, barrier, PHASE_WAITING);
    barrier->head.aux = BARRIER_DRAINING;
    return notify_all(vm, barrier) && barrier_leave(vm, barrier) ? from_small(self->index) : FAIL;
}

/* The lock is ours when the wait on the condition was cancelled, and not when taking the lock was.
 */
static Ref barrier_wait_raise(Vm *vm, NativeCoroutine *coroutine)
{
    BarrierWait *self = (BarrierWait *)coroutine;
    Barrier *barrier = as_barrier(self->waiter.owner);
    Lock *lock = as_lock(condition_of(barrier)->lock);
    Value current = vm->running_loop ? (Value)vm->running_loop->current : UNDEF;
    Ref error = error_take(vm);
    bool ok = true;
    if (waiter_phase(&self->waiter) == PHASE_WAITING) ok = barrier_leave(vm, barrier);
    else if (lock->head.aux && lock->holder == current) ok = unlock(vm, barrier);
    if (ok) error_restore(vm, error);
    else replace(&as_exception(vm->error)->context, error);
    return FAIL;
}

static const NativeCoroutineDef barrier_wait_coroutine = {
    .name = "Barrier.wait",
    .size = sizeof(BarrierWait),
    .refs = REFS(REF(Waiter, owner)),
    .resume = barrier_wait_resume,
    .raise = barrier_wait_raise,
};

/* ---- reset() and abort() ---- */

static bool barrier_reset_now(Vm *vm, Barrier *barrier)
{
    if (barrier->count <= 0) {
        barrier->head.aux = BARRIER_FILLING;
        return true;
    }
    if (barrier->head.aux == BARRIER_RESETTING) return true;
    barrier->head.aux = BARRIER_RESETTING;
    return notify_all(vm, barrier);
}

static Ref barrier_change_resume(Vm *vm, NativeCoroutine *coroutine,
                                 Value sent __attribute__((unused)))
{
    Barrier *barrier = as_barrier(((Waiter *)coroutine)->owner);
    if (coroutine->state++ == 0 && !lock_try(vm, as_lock(condition_of(barrier)->lock)))
        return delegate_new(vm, lock_acquire_new(vm, condition_of(barrier)->lock));
    bool ok;
    if (coroutine->def->name[8] == 'r') { /* Barrier.reset, Barrier.abort */
        ok = barrier_reset_now(vm, barrier);
    } else {
        barrier->head.aux = BARRIER_BROKEN;
        ok = notify_all(vm, barrier);
    }
    return ok && unlock(vm, barrier) ? NONE : FAIL;
}
static const NativeCoroutineDef barrier_reset_coroutine = {
    .name = "Barrier.reset",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = barrier_change_resume,
};
static const NativeCoroutineDef barrier_abort_coroutine = {
    .name = "Barrier.abort",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = barrier_change_resume,
};
static Ref barrier_exit_resume(Vm *vm __attribute__((unused)),
                               NativeCoroutine *coroutine __attribute__((unused)),
                               Value sent __attribute__((unused)))
{
    return NONE;
}
static const NativeCoroutineDef barrier_exit_coroutine = {
    .name = "Barrier.__aexit__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = barrier_exit_resume,
};

/* ---- the class ---- */

NATIVE(barrier_make, "Barrier(cls, *args, **kwargs)", "Make a barrier; __init__ sets its size.")
{
    Barrier *barrier = type_instance(vm, as_type(argv[0]));
    Condition *condition = barrier ? condition_new(vm) : NULL;
    if (!condition) {
        decref_object(barrier);
        return FAIL;
    }
    barrier->parties = 1;
    barrier->condition = from_object(condition);
    return from_object(barrier);
}
NATIVE(barrier_init, "__init__(self, parties)", "A barrier for that many tasks.")
{
    int64_t parties;
    if (!int_index(vm, argv[1], &parties)) return FAIL;
    if (parties < 1) return throw(vm, ValueError, "parties must be >= 1");
    as_barrier(argv[0])->parties = parties;
    return NONE;
}
NATIVE(barrier_wait, "async wait(self)",
       "A coroutine that waits until all parties wait, and ends with a number from 0 to parties - "
       "1, different for each.")
{
    return instant_new(vm, &barrier_wait_coroutine, argv[0]);
}
NATIVE(barrier_reset, "async reset(self)",
       "A coroutine that empties the barrier; who waits gets BrokenBarrierError.")
{
    return instant_new(vm, &barrier_reset_coroutine, argv[0]);
}
NATIVE(barrier_abort, "async abort(self)",
       "A coroutine that breaks the barrier; who waits gets BrokenBarrierError.")
{
    return instant_new(vm, &barrier_abort_coroutine, argv[0]);
}
NATIVE(barrier_aenter, "async __aenter__(self)", "wait().")
{
    return instant_new(vm, &barrier_wait_coroutine, argv[0]);
}
NATIVE(barrier_aexit, "async __aexit__(self, exc_type, exc, tb)", "Nothing.")
{
    return instant_new(vm, &barrier_exit_coroutine, argv[0]);
}

static Ref get_parties(Vm *vm, Value self) { return from_int64(vm, as_barrier(self)->parties); }
static Ref get_n_waiting(Vm *vm, Value self)
{
    return from_int64(vm,
                      as_barrier(self)->head.aux == BARRIER_FILLING ? as_barrier(self)->count : 0);
}
static Ref get_broken(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_barrier(self)->head.aux == BARRIER_BROKEN);
}

static Ref barrier_repr(Vm *vm, Value self)
{
    static const char *const names[] = {"filling", "draining", "resetting", "broken"};
    Barrier *barrier = as_barrier(self);
    static const Waiters nobody;
    char state[80];
    int64_t waiting = barrier->head.aux == BARRIER_FILLING ? barrier->count : 0;
    if (barrier->head.aux == BARRIER_BROKEN) return primitive_repr(vm, self, "broken", &nobody);
    snprintf(state, sizeof state, "%s, waiters:%lld/%lld", names[barrier->head.aux],
             (long long)waiting, (long long)barrier->parties);
    return primitive_repr(vm, self, state, &nobody);
}

static const Native *const barrier_methods[] = {&barrier_wait_def,  &barrier_reset_def,
                                                &barrier_abort_def, &barrier_aenter_def,
                                                &barrier_aexit_def, NULL};
static Ref get_count(Vm *vm, Value self) { return from_int64(vm, as_barrier(self)->count); }
static const Attribute barrier_attributes[] = {
    {"_count", get_count, NULL, "How many tasks are inside."},
    {"parties", get_parties, NULL, "How many tasks it takes."},
    {"n_waiting", get_n_waiting, NULL, "How many tasks wait."},
    {"broken", get_broken, NULL, "Was it aborted?"},
    {0}};

const TypeDef barrier_type = {
    .name = "asyncio.locks.Barrier",
    .size = sizeof(Barrier),
    .doc = "Tasks wait until there are enough of them.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Barrier, condition)),
    .new = &barrier_make_def,
    .init = &barrier_init_def,
    .repr = barrier_repr,
    .methods = barrier_methods,
    .attributes = barrier_attributes,
};
