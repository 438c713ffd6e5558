/* semaphore.c - asyncio.Semaphore and BoundedSemaphore.
 *
 * A woken waiter owns its unit already (value was lowered for it); cancelled before it ran, it
 * gives the unit back and wakes as many others as there are units. Neighbours: waiter.h, lock.c
 * (what primitives share). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "loop/lock.h"
#include "object/int.h"

typedef struct Semaphore {
    Container head;
    Ref loop;
    Waiters waiters;
    int64_t value, bound;
} Semaphore;

static Semaphore *as_semaphore(Value v) { return (Semaphore *)as_object(v); }

static bool semaphore_is_locked(const Semaphore *semaphore)
{
    if (semaphore->value == 0) return true;
    for (Waiter *waiter = semaphore->waiters.first; waiter; waiter = waiter->next)
        if (!(waiter->coroutine.state & WAITER_CANCELLED)) return true;
    return false;
}

/* Gives a unit to the first who waits: NO: nobody does. */
static Truth semaphore_wake_next(Vm *vm, Semaphore *semaphore)
{
    Waiter *waiter = waiters_first_pending(&semaphore->waiters);
    if (!waiter) return NO;
    semaphore->value--;
    return waiter_wake(vm, waiter) ? YES : FAILED;
}

static bool semaphore_wake_all_it_can(Vm *vm, Semaphore *semaphore)
{
    Truth woken = YES;
    while (semaphore->value > 0 && woken == YES) woken = semaphore_wake_next(vm, semaphore);
    return woken != FAILED;
}

static Ref semaphore_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    Semaphore *semaphore = as_semaphore(waiter->owner);
    Ref result =
        coroutine->def->name[10] == 'a' ? TRUE : NONE; /* Semaphore.acquire, Semaphore.__aenter__ */
    if (waiter_phase(waiter) == 0) {
        if (!semaphore_is_locked(semaphore)) {
            semaphore->value--;
            return result;
        }
        if (!loop_bind(vm, &semaphore->loop, waiter->owner)) return FAIL;
        return waiter_wait(vm, waiter, &semaphore->waiters, 1);
    }
    waiter_leave(waiter, &semaphore->waiters);
    return waiter_check(vm, waiter) && semaphore_wake_all_it_can(vm, semaphore) ? result : FAIL;
}

static Ref semaphore_raise(Vm *vm, NativeCoroutine *coroutine)
{
    Waiter *waiter = (Waiter *)coroutine;
    Semaphore *semaphore = as_semaphore(waiter->owner);
    waiter_leave(waiter, &semaphore->waiters);
    if (waiter->coroutine.state & WAITER_WOKEN) semaphore->value++;
    Ref error = error_take(vm);
    if (semaphore_wake_all_it_can(vm, semaphore)) error_restore(vm, error);
    else decref(error);
    return FAIL;
}

static const NativeCoroutineDef semaphore_acquire_coroutine = {
    .name = "Semaphore.acquire",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = semaphore_resume,
    .raise = semaphore_raise,
};
static const NativeCoroutineDef semaphore_enter_coroutine = {
    .name = "Semaphore.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = semaphore_resume,
    .raise = semaphore_raise,
};

static bool semaphore_let_go(Vm *vm, Value self)
{
    Semaphore *semaphore = as_semaphore(self);
    if (is_kind(self, KIND_BOUNDED_SEMAPHORE) && semaphore->value >= semaphore->bound) {
        throw(vm, ValueError, "BoundedSemaphore released too many times");
        return false;
    }
    semaphore->value++;
    return semaphore_wake_next(vm, semaphore) != FAILED;
}

static Ref semaphore_exit_resume(Vm *vm, NativeCoroutine *coroutine,
                                 Value sent __attribute__((unused)))
{
    Value self = ((Waiter *)coroutine)->owner;
    if (!(as_object(self)->flags & OBJ_SUBCLASS)) return semaphore_let_go(vm, self) ? NONE : FAIL;
    Ref done = call_method(vm, self, N(release), 0, NULL);
    decref(done);
    return failed(done) ? FAIL : NONE;
}
static const NativeCoroutineDef semaphore_exit_coroutine = {
    .name = "Semaphore.__aexit__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = semaphore_exit_resume,
};

static const NativeCoroutineDef enter_subclass_coroutine = {
    .name = "Semaphore.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = enter_subclass_resume,
};

NATIVE(semaphore_init, "__init__(self, value=1)", "A semaphore of value units.")
{
    int64_t value;
    if (!int_index(vm, argv[1], &value)) return FAIL;
    if (value < 0) return throw(vm, ValueError, "Semaphore initial value must be >= 0");
    Semaphore *semaphore = as_semaphore(argv[0]);
    semaphore->value = semaphore->bound = value;
    return NONE;
}
NATIVE(semaphore_acquire, "async acquire(self)",
       "A coroutine that waits for a unit, takes it, and ends with True.")
{
    return instant_new(vm, &semaphore_acquire_coroutine, argv[0]);
}
NATIVE(semaphore_release, "release(self)", "Give a unit back and wake the first who waits.")
{
    return semaphore_let_go(vm, argv[0]) ? NONE : FAIL;
}
NATIVE(semaphore_locked, "locked(self)", "Return True when acquire() would have to wait.")
{
    return from_bool(semaphore_is_locked(as_semaphore(argv[0])));
}
NATIVE(semaphore_aenter, "async __aenter__(self)", "Acquire.")
{
    const bool own = as_object(argv[0])->flags & OBJ_SUBCLASS;
    return instant_new(vm, own ? &enter_subclass_coroutine : &semaphore_enter_coroutine, argv[0]);
}
NATIVE(semaphore_aexit, "async __aexit__(self, exc_type, exc, tb)", "Release.")
{
    return instant_new(vm, &semaphore_exit_coroutine, argv[0]);
}

static Ref semaphore_repr(Vm *vm, Value self)
{
    Semaphore *semaphore = as_semaphore(self);
    char state[48] = "locked";
    if (!semaphore_is_locked(semaphore))
        snprintf(state, sizeof state, "unlocked, value:%lld", (long long)semaphore->value);
    return primitive_repr(vm, self, state, &semaphore->waiters);
}
static void semaphore_visit(Object *self, Visit *visit, void *context)
{
    waiters_visit(&((Semaphore *)self)->waiters, visit, context);
}
static void semaphore_clear(Object *self) { waiters_clear(&((Semaphore *)self)->waiters); }

static Ref get_value(Vm *vm, Value self) { return from_int64(vm, as_semaphore(self)->value); }

static const Native *const semaphore_methods[] = {&semaphore_acquire_def, &semaphore_release_def,
                                                  &semaphore_locked_def,  &semaphore_aenter_def,
                                                  &semaphore_aexit_def,   NULL};
static Ref get_waiters(Vm *vm, Value self)
{
    return waiters_list(vm, &as_semaphore(self)->waiters);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return loop_or_none(as_semaphore(self)->loop);
}
static bool set_value(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, AttributeError, "cannot delete _value"), false;
    return int_index(vm, value, &as_semaphore(self)->value);
}
static Ref get_bound(Vm *vm, Value self) { return from_int64(vm, as_semaphore(self)->bound); }
static bool set_bound(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, AttributeError, "cannot delete _bound_value"), false;
    return int_index(vm, value, &as_semaphore(self)->bound);
}
static const Attribute bounded_attributes[] = {
    {"_bound_value", get_bound, set_bound, "The most units that can be left."}, {0}};
static const Attribute semaphore_attributes[] = {
    {"_waiters", get_waiters, NULL, "Who waits, a list."},
    {"_loop", get_loop, NULL, "The loop it is bound to, or None."},
    {"_value", get_value, set_value, "Units left."},
    {0}};

const TypeDef semaphore_type = {
    .name = "asyncio.locks.Semaphore",
    .size = sizeof(Semaphore),
    .doc = "A number of units that tasks can take.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Semaphore, loop)),
    .visit = semaphore_visit,
    .clear = semaphore_clear,
    .init = &semaphore_init_def,
    .repr = semaphore_repr,
    .methods = semaphore_methods,
    .attributes = semaphore_attributes,
};
const TypeDef bounded_semaphore_type = {
    .name = "asyncio.locks.BoundedSemaphore",
    .size = sizeof(Semaphore),
    .base = &semaphore_type,
    .doc = "A semaphore that refuses to be released more often than it was acquired.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .repr = semaphore_repr,
    .attributes = bounded_attributes,
};
