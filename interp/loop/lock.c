/* lock.c - asyncio.Lock.
 *
 * Fair: waiters get it in the order they came.  A release wakes the first waiter, which takes the
 * lock when it runs; when it was cancelled in between it hands the wake-up on, so none is lost.
 * Neighbours: waiter.h, condition.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/lock.h"

#include <stdio.h>

#include "object/attr.h"
#include "object/number.h"

/* ---- shared by the primitives ---- */

Ref primitive_repr(Vm *vm, Value self, const char *state, const Waiters *waiters)
{
    char address[40], count[40] = "";
    snprintf(address, sizeof address, "0x%llx", (long long)(uintptr_t)as_object(self));
    if (waiters->len) snprintf(count, sizeof count, ", waiters:%d", waiters->len);
    Type *type = type_of(vm, self);
    Ref module = attr_get(vm, borrow(type), N(__module__));
    if (failed(module)) return FAIL;
    Ref text = format_text(vm, "<%S.%S object at %s [%s%s]>", (Value)module, (Value)type->qualname,
                           address, state, count);
    decref(module);
    return text;
}

Ref instant_new(Vm *vm, const NativeCoroutineDef *def, Value owner)
{
    Waiter *waiter = waiter_new(vm, def, owner);
    return waiter ? from_object(waiter) : FAIL;
}

/* ---- taking and letting go ---- */

Lock *lock_new(Vm *vm) { return type_instance(vm, type_builtin(vm, KIND_LOCK)); }

static void lock_take(Vm *vm, Lock *lock)
{
    lock->head.aux = 1;
    Loop *loop = vm->running_loop;
    if (loop && !absent(loop->current)) replace(&lock->holder, newref(loop->current));
}

bool lock_try(Vm *vm, Lock *lock)
{
    if (lock->head.aux) return false;
    for (Waiter *waiter = lock->waiters.first; waiter; waiter = waiter->next)
        if (!(waiter->coroutine.state & WAITER_CANCELLED)) return false;
    lock_take(vm, lock);
    return true;
}

static bool lock_wake_first(Vm *vm, Lock *lock)
{
    return !lock->waiters.first || waiter_wake(vm, lock->waiters.first);
}

bool lock_let_go(Vm *vm, Lock *lock)
{
    if (!lock->head.aux) {
        throw(vm, RuntimeError, "Lock is not acquired.");
        return false;
    }
    lock->head.aux = 0;
    clear(&lock->holder);
    return lock_wake_first(vm, lock);
}

/* ---- acquire() ---- */

static const NativeCoroutineDef lock_enter_coroutine;

static Ref lock_acquired(const Waiter *waiter)
{
    return waiter->coroutine.def == &lock_enter_coroutine ? NONE : TRUE;
}

static Ref lock_acquire_resume(Vm *vm, NativeCoroutine *coroutine,
                               Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    Lock *lock = as_lock(waiter->owner);
    if (waiter_phase(waiter) == 0) {
        if (lock_try(vm, lock)) return lock_acquired(waiter);
        if (!loop_bind(vm, &lock->loop, waiter->owner)) return FAIL;
        return waiter_wait(vm, waiter, &lock->waiters, 1);
    }
    waiter_leave(waiter, &lock->waiters);
    if (!waiter_check(vm, waiter)) return FAIL;
    lock_take(vm, lock);
    return lock_acquired(waiter);
}

static Ref lock_acquire_raise(Vm *vm, NativeCoroutine *coroutine)
{
    Waiter *waiter = (Waiter *)coroutine;
    Lock *lock = as_lock(waiter->owner);
    waiter_leave(waiter, &lock->waiters);
    if (!error_is(vm, CancelledError) || lock->head.aux) return FAIL;
    Ref error = error_take(vm);
    if (lock_wake_first(vm, lock)) error_restore(vm, error);
    else decref(error);
    return FAIL;
}

static const NativeCoroutineDef lock_acquire_coroutine = {
    .name = "Lock.acquire",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = lock_acquire_resume,
    .raise = lock_acquire_raise,
};
static const NativeCoroutineDef lock_enter_coroutine = {
    .name = "Lock.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = lock_acquire_resume,
    .raise = lock_acquire_raise,
};

Ref lock_acquire_new(Vm *vm, Value lock) { return instant_new(vm, &lock_acquire_coroutine, lock); }

/* ---- async with, for subclasses and __aexit__ ---- */

Ref enter_subclass_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    if (coroutine->state++) return NONE;
    return delegate_new(vm, call_method(vm, ((Waiter *)coroutine)->owner, N(acquire), 0, NULL));
}
static const NativeCoroutineDef enter_subclass_coroutine = {
    .name = "Lock.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = enter_subclass_resume,
};

static Ref lock_exit_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Value self = ((Waiter *)coroutine)->owner;
    if (is_exact(self, KIND_LOCK)) return lock_let_go(vm, as_lock(self)) ? NONE : FAIL;
    Ref done = call_method(vm, self, N(release), 0, NULL);
    if (failed(done)) return FAIL;
    decref(done);
    return NONE;
}
static const NativeCoroutineDef lock_exit_coroutine = {
    .name = "Lock.__aexit__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = lock_exit_resume,
};

NATIVE(lock_aenter, "async __aenter__(self)", "Acquire.")
{
    bool exact = is_exact(argv[0], KIND_LOCK);
    return instant_new(vm, exact ? &lock_enter_coroutine : &enter_subclass_coroutine, argv[0]);
}
NATIVE(lock_aexit, "async __aexit__(self, exc_type, exc, tb)", "Release.")
{
    return instant_new(vm, &lock_exit_coroutine, argv[0]);
}

/* ---- class Lock ---- */

NATIVE(lock_init, "__init__(self)", "An unlocked lock.") { return NONE; }
NATIVE(lock_acquire_method, "async acquire(self)",
       "A coroutine that waits until the lock is free, takes it, and ends with True.")
{
    return lock_acquire_new(vm, argv[0]);
}
NATIVE(lock_release, "release(self)",
       "Release the lock and wake the first who waits.  Raises RuntimeError when it is free.")
{
    return lock_let_go(vm, as_lock(argv[0])) ? NONE : FAIL;
}
NATIVE(lock_locked, "locked(self)", "Return True when the lock is held.")
{
    return from_bool(as_lock(argv[0])->head.aux);
}

static Ref lock_repr(Vm *vm, Value self)
{
    return primitive_repr(vm, self, as_lock(self)->head.aux ? "locked" : "unlocked",
                          &as_lock(self)->waiters);
}
static void lock_visit(Object *self, Visit *visit, void *context)
{
    waiters_visit(&((Lock *)self)->waiters, visit, context);
}
static void lock_clear(Object *self) { waiters_clear(&((Lock *)self)->waiters); }

static const Native *const lock_methods[] = {&lock_acquire_method_def, &lock_release_def,
                                             &lock_locked_def,         &lock_aenter_def,
                                             &lock_aexit_def,          NULL};

static Ref get_waiters(Vm *vm, Value self) { return waiters_list(vm, &as_lock(self)->waiters); }
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return loop_or_none(as_lock(self)->loop);
}
static Ref get_locked(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_lock(self)->head.aux != 0);
}
static bool set_locked(Vm *vm, Value self, Value value)
{
    Truth locked = absent(value) ? NO : value_truth(vm, value);
    if (locked != FAILED) as_lock(self)->head.aux = locked == YES;
    return locked != FAILED;
}
static const Attribute lock_attributes[] = {
    {"_locked", get_locked, set_locked, "Is it held?"},
    {"_waiters", get_waiters, NULL, "Who waits, a list."},
    {"_loop", get_loop, NULL, "The loop it is bound to, or None."},
    {0}};

const TypeDef lock_type = {
    .name = "asyncio.locks.Lock",
    .size = sizeof(Lock),
    .doc = "Mutual exclusion between tasks, first come first served.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Lock, loop), REF(Lock, holder)),
    .visit = lock_visit,
    .clear = lock_clear,
    .init = &lock_init_def,
    .repr = lock_repr,
    .methods = lock_methods,
    .attributes = lock_attributes,
};
