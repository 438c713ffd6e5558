/* condition.c - asyncio.Condition.
 *
 * wait() gives the lock up, waits for notify(), and takes the lock again before anything else can
 * happen, cancelled or not. Who was notified and then fails to go on passes the notification on.
 * Neighbours: lock.c, waiter.h, barrier.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/condition.h"

#include "object/exception.h"
#include "object/int.h"
#include "object/number.h"

static Condition *as_condition(Value v) { return (Condition *)as_object(v); }

/* ---- the lock, ours or a script's ---- */

static bool is_our_lock(Value lock) { return is_exact(lock, KIND_LOCK); }

static Truth condition_is_locked(Vm *vm, Condition *condition)
{
    if (is_our_lock(condition->lock)) return as_lock(condition->lock)->head.aux ? YES : NO;
    Ref answer = call_method(vm, condition->lock, N(locked), 0, NULL);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return truth;
}

static bool condition_release_lock(Vm *vm, Condition *condition)
{
    if (is_our_lock(condition->lock)) return lock_let_go(vm, as_lock(condition->lock));
    Ref done = call_method(vm, condition->lock, N(release), 0, NULL);
    decref(done);
    return !failed(done);
}

static Ref condition_acquire_lock(Vm *vm, Condition *condition)
{
    if (is_our_lock(condition->lock)) return lock_acquire_new(vm, condition->lock);
    return call_method(vm, condition->lock, N(acquire), 0, NULL);
}

bool condition_notify_some(Vm *vm, Condition *condition, ptrdiff_t n)
{
    for (Waiter *waiter = condition->waiters.first; waiter && n > 0; waiter = waiter->next) {
        if (waiter_is_done(waiter)) continue;
        n--;
        if (!waiter_wake(vm, waiter)) return false;
    }
    return true;
}

static bool check_locked(Vm *vm, Condition *condition, const char *what)
{
    Truth locked = condition_is_locked(vm, condition);
    if (locked == NO) throw(vm, RuntimeError, "cannot %s on un-acquired lock", what);
    return locked == YES;
}

/* ---- wait() ---- */

enum { PHASE_WAITING = 1, PHASE_LOCKING = 2 };

typedef struct ConditionWait {
    Waiter waiter;
    Ref error; /* what to raise once the lock is ours again */
    Ref first; /* what ended the waiting: the context of what comes while it takes the lock */
} ConditionWait;

static Ref condition_lock_again(Vm *vm, ConditionWait *self, Condition *condition)
{
    self->waiter.coroutine.state = PHASE_LOCKING;
    return delegate_new(vm, condition_acquire_lock(vm, condition));
}

static Ref condition_locked_again(Vm *vm, ConditionWait *self, Condition *condition)
{
    if (absent(self->error)) return TRUE;
    Ref error = take(&self->error);
    if (condition_notify_some(vm, condition, 1)) error_restore(vm, error);
    else decref(error);
    return FAIL;
}

static Ref condition_wait_resume(Vm *vm, NativeCoroutine *coroutine,
                                 Value sent __attribute__((unused)))
{
    ConditionWait *self = (ConditionWait *)coroutine;
    Condition *condition = as_condition(self->waiter.owner);
    switch (waiter_phase(&self->waiter)) {
    case 0:
        if (!check_locked(vm, condition, "wait") ||
            !loop_bind(vm, &condition->loop, self->waiter.owner) ||
            !condition_release_lock(vm, condition))
            return FAIL;
        return waiter_wait(vm, &self->waiter, &condition->waiters, PHASE_WAITING);
    case PHASE_WAITING:
        waiter_leave(&self->waiter, &condition->waiters);
        if (!waiter_check(vm, &self->waiter)) self->error = error_take(vm);
        return condition_lock_again(vm, self, condition);
    default: return condition_locked_again(vm, self, condition);
    }
}

static Ref condition_wait_raise(Vm *vm, NativeCoroutine *coroutine)
{
    ConditionWait *self = (ConditionWait *)coroutine;
    Condition *condition = as_condition(self->waiter.owner);
    bool waiting = waiter_phase(&self->waiter) == PHASE_WAITING;
    waiter_leave(&self->waiter, &condition->waiters);
    bool again = waiting || error_is(vm, CancelledError);
    replace(&self->error, error_take(vm));
    if (waiting) self->first = newref(self->error);
    else if (!absent(self->first) && absent(as_exception(self->error)->context))
        as_exception(self->error)->context = newref(self->first);
    if (again) return condition_lock_again(vm, self, condition);
    return condition_locked_again(vm, self, condition);
}

static const NativeCoroutineDef condition_wait_def_coroutine = {
    .name = "Condition.wait",
    .size = sizeof(ConditionWait),
    .refs = REFS(REF(Waiter, owner), REF(ConditionWait, error), REF(ConditionWait, first)),
    .resume = condition_wait_resume,
    .raise = condition_wait_raise,
};

Ref condition_wait_coroutine(Vm *vm, Value condition)
{
    return instant_new(vm, &condition_wait_def_coroutine, condition);
}

/* ---- wait_for() ---- */

typedef struct ConditionWaitFor {
    Waiter waiter;
    Ref predicate;
} ConditionWaitFor;

static Ref condition_wait_for_resume(Vm *vm, NativeCoroutine *coroutine,
                                     Value sent __attribute__((unused)))
{
    ConditionWaitFor *self = (ConditionWaitFor *)coroutine;
    Ref result = call0(vm, self->predicate);
    Truth truth = failed(result) ? FAILED : value_truth(vm, result);
    if (truth == YES) return result;
    decref(result);
    if (truth == FAILED) return FAIL;
    return delegate_new(vm, call_method(vm, self->waiter.owner, N(wait), 0, NULL));
}
static const NativeCoroutineDef condition_wait_for_coroutine = {
    .name = "Condition.wait_for",
    .size = sizeof(ConditionWaitFor),
    .refs = REFS(REF(Waiter, owner), REF(ConditionWaitFor, predicate)),
    .resume = condition_wait_for_resume,
};

/* ---- async with ---- */

static Ref condition_enter_resume(Vm *vm, NativeCoroutine *coroutine,
                                  Value sent __attribute__((unused)))
{
    Condition *condition = as_condition(((Waiter *)coroutine)->owner);
    if (coroutine->state++) return NONE;
    if (is_our_lock(condition->lock) && lock_try(vm, as_lock(condition->lock))) return NONE;
    return delegate_new(vm, condition_acquire_lock(vm, condition));
}
static Ref condition_exit_resume(Vm *vm, NativeCoroutine *coroutine,
                                 Value sent __attribute__((unused)))
{
    return condition_release_lock(vm, as_condition(((Waiter *)coroutine)->owner)) ? NONE : FAIL;
}
static const NativeCoroutineDef condition_enter_coroutine = {
    .name = "Condition.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = condition_enter_resume,
};
static const NativeCoroutineDef condition_exit_coroutine = {
    .name = "Condition.__aexit__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = condition_exit_resume,
};

/* ---- class Condition ---- */

Condition *condition_new(Vm *vm)
{
    Condition *condition = type_instance(vm, type_builtin(vm, KIND_CONDITION));
    Lock *lock = condition ? lock_new(vm) : NULL;
    if (lock) {
        condition->lock = from_object(lock);
        return condition;
    }
    decref_object(condition);
    return NULL;
}

NATIVE(condition_make, "Condition(cls, *args, **kwargs)",
       "Make a condition; __init__ sets its lock.")
{
    Condition *condition = type_instance(vm, as_type(argv[0]));
    if (!condition) return FAIL;
    condition->lock = NONE;
    return from_object(condition);
}
NATIVE(condition_init, "__init__(self, lock=None)", "A condition with lock, or a lock of its own.")
{
    Lock *made = is_none(argv[1]) ? lock_new(vm) : NULL;
    if (is_none(argv[1]) && !made) return FAIL;
    replace(&as_condition(argv[0])->lock, made ? from_object(made) : newref(argv[1]));
    return NONE;
}
NATIVE(condition_acquire, "async acquire(self)", "A coroutine that acquires the lock.")
{
    return condition_acquire_lock(vm, as_condition(argv[0]));
}
NATIVE(condition_release, "release(self)", "Release the lock.")
{
    return condition_release_lock(vm, as_condition(argv[0])) ? NONE : FAIL;
}
NATIVE(condition_locked, "locked(self)", "Return True when the lock is held.")
{
    Truth locked = condition_is_locked(vm, as_condition(argv[0]));
    return locked == FAILED ? FAIL : from_bool(locked);
}
NATIVE(condition_wait, "async wait(self)",
       "A coroutine that releases the lock, waits to be notified, and acquires the lock again; "
       "ends with True.")
{
    return condition_wait_coroutine(vm, argv[0]);
}
NATIVE(condition_wait_for, "async wait_for(self, predicate)",
       "A coroutine that waits until predicate() is true; ends with its value.")
{
    ConditionWaitFor *self =
        (ConditionWaitFor *)waiter_new(vm, &condition_wait_for_coroutine, argv[0]);
    if (!self) return FAIL;
    self->predicate = newref(argv[1]);
    return from_object(self);
}
NATIVE(condition_notify, "notify(self, n=1)",
       "Wake at most n of those who wait.  Raises RuntimeError without the lock.")
{
    int64_t n;
    if (!check_locked(vm, as_condition(argv[0]), "notify") || !int_index(vm, argv[1], &n))
        return FAIL;
    return condition_notify_some(vm, as_condition(argv[0]), n) ? NONE : FAIL;
}
NATIVE(condition_notify_all, "notify_all(self)",
       "Wake all who wait.  Raises RuntimeError without the lock.")
{
    Condition *condition = as_condition(argv[0]);
    if (!check_locked(vm, condition, "notify")) return FAIL;
    return condition_notify_some(vm, condition, condition->waiters.len) ? NONE : FAIL;
}
NATIVE(condition_aenter, "async __aenter__(self)", "Acquire the lock.")
{
    return instant_new(vm, &condition_enter_coroutine, argv[0]);
}
NATIVE(condition_aexit, "async __aexit__(self, exc_type, exc, tb)", "Release the lock.")
{
    return instant_new(vm, &condition_exit_coroutine, argv[0]);
}

static Ref condition_repr(Vm *vm, Value self)
{
    Truth locked = condition_is_locked(vm, as_condition(self));
    if (locked == FAILED) return FAIL;
    return primitive_repr(vm, self, locked == YES ? "locked" : "unlocked",
                          &as_condition(self)->waiters);
}
static void condition_visit(Object *self, Visit *visit, void *context)
{
    waiters_visit(&((Condition *)self)->waiters, visit, context);
}
static void condition_clear(Object *self) { waiters_clear(&((Condition *)self)->waiters); }
static Ref get_lock(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_condition(self)->lock);
}

static const Native *const condition_methods[] = {&condition_acquire_def,    &condition_release_def,
                                                  &condition_locked_def,     &condition_wait_def,
                                                  &condition_wait_for_def,   &condition_notify_def,
                                                  &condition_notify_all_def, &condition_aenter_def,
                                                  &condition_aexit_def,      NULL};
static Ref get_waiters(Vm *vm, Value self)
{
    return waiters_list(vm, &as_condition(self)->waiters);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return loop_or_none(as_condition(self)->loop);
}
static const Attribute condition_attributes[] = {
    {"_waiters", get_waiters, NULL, "Who waits, a list."},
    {"_loop", get_loop, NULL, "The loop it is bound to, or None."},
    {"_lock", get_lock, NULL, "The lock."},
    {0}};

const TypeDef condition_type = {
    .name = "asyncio.locks.Condition",
    .size = sizeof(Condition),
    .doc = "A lock with a way to wait for changes.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Condition, loop), REF(Condition, lock)),
    .visit = condition_visit,
    .clear = condition_clear,
    .new = &condition_make_def,
    .init = &condition_init_def,
    .repr = condition_repr,
    .methods = condition_methods,
    .attributes = condition_attributes,
};
