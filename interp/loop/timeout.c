/* timeout.c - asyncio.timeout(), timeout_at() and Timeout.
 *
 * The deadline is a timer entry of its own; passing it cancels the task that entered.  On the way
 * out a CancelledError that only this timeout asked for becomes TimeoutError; task.cancelling()
 * tells whether somebody else asked too. Neighbours: timers.c, task.c (cancel, uncancel). */
/* SPDX-License-Identifier: MIT */
#include "loop/timeout.h"

#include "loop/job.h"
#include "loop/lock.h"
#include "object/attr.h"
#include "object/tuple.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/number.h"
#include "vm/coroutine.h"

static Timeout *as_timeout(Value v) { return (Timeout *)as_object(v); }
static TimeoutState state_of(const Timeout *timeout) { return (TimeoutState)timeout->head.aux; }

static const char *state_name(TimeoutState state)
{
    static const char *const names[] = {"created", "active", "expiring", "expired", "finished"};
    return names[state];
}

Timeout *timeout_new(Vm *vm, Value when)
{
    Timeout *timeout = type_instance(vm, type_builtin(vm, KIND_TIMEOUT));
    if (!timeout) return NULL;
    timeout->when = newref(when);
    timeout->made = place_here(vm);
    return timeout;
}

static bool timeout_arm(Vm *vm, Timeout *timeout)
{
    Loop *loop = as_loop(timeout->loop);
    timer_stop(loop, ENTRY_TIMEOUT, timeout);
    if (is_none(timeout->when)) return true;
    double when;
    if (!float_from(vm, timeout->when, &when)) return false;
    int64_t due_ns = ns_from_seconds(when);
    if (due_ns <= loop_now(loop)) return timer_soon(vm, loop, ENTRY_TIMEOUT, timeout);
    return timer_start(vm, loop, due_ns, ENTRY_TIMEOUT, timeout);
}

bool timeout_fire(Vm *vm, Object *object, Value arg __attribute__((unused)))
{
    Timeout *timeout = (Timeout *)object;
    if (!timer_take(ENTRY_TIMEOUT, timeout) || state_of(timeout) != TIMEOUT_ENTERED) return true;
    timeout->head.aux = TIMEOUT_EXPIRING;
    Loop *loop = as_loop(timeout->loop);
    Ref outer = trail_begin(vm, loop, BECAUSE_TIMEOUT, timeout->delay, &timeout->made);
    bool ok = future_cancel_any(vm, timeout->task, UNDEF) != FAILED;
    trail_end(loop, outer);
    return ok;
}

bool timeout_enter(Vm *vm, Timeout *timeout)
{
    Loop *loop = vm->running_loop;
    if (state_of(timeout) != TIMEOUT_CREATED) {
        throw(vm, RuntimeError, "Timeout has already been entered");
        return false;
    }
    if (!loop || absent(loop->current)) {
        throw(vm, RuntimeError, "Timeout should be used inside a task");
        return false;
    }
    timeout->loop = newref(borrow(loop));
    timeout->task = newref(loop->current);
    timeout->cancelling = is_task(loop->current) ? as_task(loop->current)->cancels : 0;
    timeout->head.aux = TIMEOUT_ENTERED;
    return timeout_arm(vm, timeout);
}

/* TimeoutError in the place of a CancelledError. */
static void throw_timeout(Vm *vm, Value cancelled)
{
    throw_value(vm, TimeoutError, UNDEF);
    Exception *error = as_exception(vm->error);
    replace(&error->cause, newref(cancelled));
    replace(&error->context, newref(cancelled));
    error->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
}

/* A foreign exception that came of the cancellation: TimeoutError stands between the two. */
static bool insert_timeout(Vm *vm, Value exception)
{
    for (Value at = exception; is_exception(at); at = as_exception(at)->context) {
        Value context = as_exception(at)->context;
        if (!is_exception(context) || !exception_is(vm, context, CancelledError)) continue;
        Ref error = exception_new(vm, TimeoutError, 0, NULL);
        if (failed(error)) return false;
        replace(&as_exception(error)->cause, newref(context));
        replace(&as_exception(error)->context, newref(context));
        as_exception(error)->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
        replace(&as_exception(at)->context, error);
        return true;
    }
    return true;
}

/* The same for what leaves the block, and for what is in it when it is a group. */
static bool insert_timeouts(Vm *vm, Value exception)
{
    if (!is_exception(exception) || !insert_timeout(vm, exception)) return false;
    if (!exception_is(vm, exception, BaseExceptionGroup)) return true;
    Ref inner = attr_get_text(vm, exception, "exceptions");
    bool ok = is_tuple(inner);
    for (ptrdiff_t i = 0; ok && i < tuple_len(inner); i++)
        ok = insert_timeout(vm, tuple_at(inner, i));
    decref(inner);
    return ok;
}

bool timeout_leave(Vm *vm, Timeout *timeout, Value exception)
{
    if (is_loop(timeout->loop)) timer_stop(as_loop(timeout->loop), ENTRY_TIMEOUT, timeout);
    if (state_of(timeout) == TIMEOUT_EXPIRING) {
        timeout->head.aux = TIMEOUT_EXPIRED;
        bool ours =
            is_task(timeout->task) && task_uncancel(as_task(timeout->task)) <= timeout->cancelling;
        if (ours && is_exception(exception) && exception_is(vm, exception, CancelledError)) {
            throw_timeout(vm, exception);
            trail_timed_out(vm, vm->error, timeout->delay, &timeout->made);
            return false;
        }
        if (ours && is_exception(exception) && !insert_timeouts(vm, exception)) return false;
    } else if (state_of(timeout) == TIMEOUT_ENTERED) {
        timeout->head.aux = TIMEOUT_EXITED;
    }
    return true;
}

/* ---- the class ---- */

typedef struct TimeoutExit {
    Waiter waiter;
    Ref exception;
} TimeoutExit;

static Ref timeout_enter_resume(Vm *vm, NativeCoroutine *coroutine,
                                Value sent __attribute__((unused)))
{
    Value self = ((Waiter *)coroutine)->owner;
    return timeout_enter(vm, as_timeout(self)) ? newref(self) : FAIL;
}
static Ref timeout_exit_resume(Vm *vm, NativeCoroutine *coroutine,
                               Value sent __attribute__((unused)))
{
    TimeoutExit *self = (TimeoutExit *)coroutine;
    return timeout_leave(vm, as_timeout(self->waiter.owner), self->exception) ? NONE : FAIL;
}
static const NativeCoroutineDef timeout_enter_coroutine = {
    .name = "Timeout.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = timeout_enter_resume,
};
static const NativeCoroutineDef timeout_exit_coroutine = {
    .name = "Timeout.__aexit__",
    .size = sizeof(TimeoutExit),
    .refs = REFS(REF(Waiter, owner), REF(TimeoutExit, exception)),
    .resume = timeout_exit_resume,
};

NATIVE(timeout_make, "Timeout(cls, *args, **kwargs)", "Make a timeout; __init__ sets its time.")
{
    Timeout *timeout = type_instance(vm, as_type(argv[0]));
    if (!timeout) return FAIL;
    timeout->when = NONE;
    timeout->made = place_here(vm);
    return from_object(timeout);
}
NATIVE(timeout_init, "__init__(self, when)",
       "A timeout for the time `when` of loop.time(); None: never.")
{
    replace(&as_timeout(argv[0])->when, newref(argv[1]));
    return NONE;
}
NATIVE(timeout_when, "when(self)", "Return the deadline, or None.")
{
    return newref(as_timeout(argv[0])->when);
}
NATIVE(timeout_reschedule, "reschedule(self, when)",
       "Move the deadline; raises RuntimeError when it cannot be moved any more.")
{
    Timeout *self = as_timeout(argv[0]);
    if (state_of(self) != TIMEOUT_ENTERED)
        return state_of(self) == TIMEOUT_CREATED
                   ? throw(vm, RuntimeError, "Timeout has not been entered")
                   : throw(vm, RuntimeError, "Cannot change state of %s Timeout",
                           state_name(state_of(self)));
    replace(&self->when, newref(argv[1]));
    clear(&self->delay);
    return timeout_arm(vm, self) ? NONE : FAIL;
}
NATIVE(timeout_expired, "expired(self)",
       "Return True when the deadline passed while it was entered.")
{
    TimeoutState state = state_of(as_timeout(argv[0]));
    return from_bool(state == TIMEOUT_EXPIRING || state == TIMEOUT_EXPIRED);
}
NATIVE(timeout_aenter, "async __aenter__(self)", "Start.")
{
    return instant_new(vm, &timeout_enter_coroutine, argv[0]);
}
NATIVE(timeout_aexit, "async __aexit__(self, exc_type, exc_val, exc_tb)",
       "Stop; CancelledError of the deadline becomes TimeoutError.")
{
    TimeoutExit *exit = (TimeoutExit *)waiter_new(vm, &timeout_exit_coroutine, argv[0]);
    if (!exit) return FAIL;
    exit->exception = newref(argv[2]);
    return from_object(exit);
}

static Ref timeout_repr(Vm *vm, Value self)
{
    Timeout *timeout = as_timeout(self);
    const char *state = state_name(state_of(timeout));
    if (state_of(timeout) != TIMEOUT_ENTERED) return format_text(vm, "<Timeout [%s]>", state);
    return format_text(vm, "<Timeout [%s] when=%S>", state, (Value)timeout->when);
}

static const Native *const timeout_methods[] = {&timeout_when_def,    &timeout_reschedule_def,
                                                &timeout_expired_def, &timeout_aenter_def,
                                                &timeout_aexit_def,   NULL};

const TypeDef timeout_type = {
    .name = "asyncio.timeouts.Timeout",
    .size = sizeof(Timeout),
    .doc = "Cancels a block that takes too long.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES | TYPE_FINAL,
    .refs = REFS(REF(Timeout, when), REF(Timeout, task), REF(Timeout, loop), REF(Timeout, delay),
                 REF(Timeout, made.code)),
    .new = &timeout_make_def,
    .init = &timeout_init_def,
    .repr = timeout_repr,
    .methods = timeout_methods,
};

NATIVE(asyncio_timeout, "timeout(delay)",
       "An async context manager that cancels its block after delay seconds (None: never).")
{
    Value when = NONE;
    if (!is_none(argv[0])) {
        Loop *loop = loop_running(vm);
        double delay;
        if (!loop) return FAIL;
        Value now = from_any_float((double)loop_now(loop) / 1e9);
        if (!is_any_float(argv[0]) && !is_any_int(argv[0])) { /* what adding them raises */
            Ref sum = number_add(vm, now, argv[0]);
            decref(sum);
            if (failed(sum)) return FAIL;
        }
        if (!float_from(vm, argv[0], &delay)) return FAIL;
        when = from_any_float(float_value(now) + delay);
    }
    Timeout *timeout = timeout_new(vm, when);
    if (!timeout) return FAIL;
    if (!is_none(argv[0])) timeout->delay = newref(argv[0]);
    return from_object(timeout);
}
NATIVE(asyncio_timeout_at, "timeout_at(when)",
       "An async context manager that cancels its block at the time `when` of loop.time().")
{
    Timeout *timeout = timeout_new(vm, argv[0]);
    return timeout ? from_object(timeout) : FAIL;
}

/* ---- wait_for() ---- */

typedef struct WaitFor {
    NativeCoroutine coroutine;
    Ref awaited; /* the argument; a future once waited for */
    Ref timeout; /* the argument: None or seconds */
    Ref guard;   /* Timeout, or UNDEF */
} WaitFor;

enum { WAIT_BEGIN, WAIT_AWAITING, WAIT_CANCELLING };

/* What was cancelled is done: job->a, which wait_for() awaits, is too. */
static bool release(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Future *waiter = as_future(job->a);
    return is_done(waiter) || future_finish(vm, waiter, FUTURE_FINISHED, NONE);
}

/* Suspends until self->awaited is done, whatever comes of it: by a future of its own, so that being
 * cancelled meanwhile does not reach what is awaited. */
static Ref wait_until_done(Vm *vm, WaitFor *self)
{
    Future *awaited = as_future(self->awaited), *waiter = future_new(vm, future_loop(awaited));
    Job *job = waiter ? job_new(vm, release, borrow(waiter), UNDEF) : NULL;
    bool good = job && future_add_entry(vm, awaited, ENTRY_NATIVE, job);
    if (!good || future_cancel_any(vm, self->awaited, UNDEF) == FAILED) {
        decref_object(waiter);
        return FAIL;
    }
    return delegate_new(vm, from_object(waiter));
}

/* Not to wait at all: cancelled at once unless it is done. */
static Ref wait_for_nothing(Vm *vm, WaitFor *self)
{
    Ref future = ensure_future(vm, self->awaited, NULL);
    if (failed(future)) return FAIL;
    replace(&self->awaited, future);
    if (is_done(as_future(self->awaited))) return future_result(vm, as_future(self->awaited));
    self->coroutine.state = WAIT_CANCELLING;
    return wait_until_done(vm, self);
}

static Ref wait_for_begin(Vm *vm, WaitFor *self)
{
    self->coroutine.state = WAIT_AWAITING;
    Value when = NONE;
    if (!is_none(self->timeout)) {
        Loop *loop = loop_running(vm);
        double seconds;
        if (!loop || !float_from(vm, self->timeout, &seconds)) return FAIL;
        if (seconds <= 0) return wait_for_nothing(vm, self);
        when = from_any_float((double)loop_now(loop) / 1e9 + seconds);
    }
    Timeout *guard = timeout_new(vm, when);
    if (!guard) return FAIL;
    self->guard = from_object(guard);
    if (!is_none(self->timeout)) guard->delay = newref(self->timeout);
    if (!timeout_enter(vm, guard)) return FAIL;
    Ref answer = delegate_any(vm, self->awaited);
    if (failed(answer)) { /* not awaitable at all */
        Ref error = error_take(vm);
        timeout_leave(vm, guard, NONE);
        error_restore(vm, error);
    }
    return answer;
}

/* It was cancelled because there was no time: its result if it has one after all, else
 * TimeoutError. */
static Ref wait_for_cancelled(Vm *vm, WaitFor *self)
{
    Ref result = future_result(vm, as_future(self->awaited));
    if (!failed(result) || !error_is(vm, CancelledError)) return result;
    Ref cancelled = error_take(vm);
    throw_timeout(vm, cancelled);
    decref(cancelled);
    return FAIL;
}

static Ref wait_for_resume(Vm *vm, NativeCoroutine *coroutine, Value sent)
{
    WaitFor *self = (WaitFor *)coroutine;
    switch (coroutine->state) {
    case WAIT_BEGIN: return wait_for_begin(vm, self);
    case WAIT_CANCELLING: return wait_for_cancelled(vm, self);
    default:
        return timeout_leave(vm, (Timeout *)as_object(self->guard), NONE) ? newref(sent) : FAIL;
    }
}

static Ref wait_for_raise(Vm *vm, NativeCoroutine *coroutine)
{
    WaitFor *self = (WaitFor *)coroutine;
    Ref error = error_take(vm);
    if (coroutine->state != WAIT_CANCELLING && !absent(self->guard) &&
        !timeout_leave(vm, (Timeout *)as_object(self->guard), error)) {
        decref(error);
        return FAIL;
    }
    error_restore(vm, error);
    return FAIL;
}

static const NativeCoroutineDef wait_for_coroutine = {
    .name = "wait_for",
    .size = sizeof(WaitFor),
    .refs = REFS(REF(WaitFor, awaited), REF(WaitFor, timeout), REF(WaitFor, guard)),
    .resume = wait_for_resume,
    .raise = wait_for_raise,
};

NATIVE(asyncio_wait_for, "async wait_for(fut, timeout)",
       "A coroutine that awaits fut for at most timeout seconds (None: for ever), then cancels it "
       "and raises TimeoutError.")
{
    WaitFor *self = (WaitFor *)native_coroutine_new(vm, &wait_for_coroutine);
    if (!self) return FAIL;
    self->awaited = newref(argv[0]);
    self->timeout = newref(argv[1]);
    return from_object(self);
}

const Native *const timeout_functions[] = {&asyncio_timeout_def, &asyncio_timeout_at_def,
                                           &asyncio_wait_for_def, NULL};
