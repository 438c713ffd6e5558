/* wait.c - asyncio.wait().
 *
 * One native coroutine is the waiter, the counter and the timer; each future has it as a callback
 * entry meanwhile. Neighbours: waiter.h, timers.c, completed.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/wait.h"

#include "loop/waiter.h"
#include "object/dict.h"
#include "object/float.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "object/set.h"
#include "object/tuple.h"

typedef enum WaitMode { WAIT_ALL, WAIT_FIRST_COMPLETED, WAIT_FIRST_EXCEPTION } WaitMode;

typedef struct Wait {
    TimedWaiter timed; /* waiter.owner: the loop once it waits */
    Ref given;         /* the argument, then the list of futures */
    Ref timeout, return_when;
    ptrdiff_t left; /* futures that are not done */
    WaitMode mode;
} Wait;

static bool add_key(Vm *vm, Value item, void *dict) { return dict_set(vm, dict, item, NONE); }

Ref list_of_unlike(Vm *vm, Value iterable)
{
    Ref seen = dict_new(vm);
    if (failed(seen)) return FAIL;
    Ref list = iterate(vm, iterable, add_key, as_dict(seen)) ? list_from(vm, seen) : FAIL;
    decref(seen);
    return list;
}

static bool wait_read_mode(Vm *vm, Wait *self)
{
    static const char *const names[] = {"ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"};
    for (int mode = 0; mode < 3; mode++)
        if (is_str(self->return_when) && str_is(self->return_when, names[mode])) {
            self->mode = (WaitMode)mode;
            return true;
        }
    throw(vm, ValueError, "Invalid return_when value: %S", (Value)self->return_when);
    return false;
}

/* The list of futures in the place of the argument. */
static bool wait_read_futures(Vm *vm, Wait *self)
{
    if (is_future(self->given) || is_coroutine_like(vm, self->given)) {
        throw(vm, TypeError, "expect a list of futures, not %T", (Value)self->given);
        return false;
    }
    Truth some = value_truth(vm, self->given);
    if (some == NO) throw(vm, ValueError, "Set of Tasks/Futures is empty.");
    if (some != YES || !wait_read_mode(vm, self)) return false;
    Ref list = list_of_unlike(vm, self->given);
    if (failed(list)) return false;
    replace(&self->given, list);
    for (ptrdiff_t i = 0; i < as_list(list)->len; i++) {
        Value item = list_at(as_list(list), i);
        if (is_future(item)) continue;
        if (is_coroutine_like(vm, item))
            throw(vm, TypeError, "Passing coroutines is forbidden, use tasks explicitly.");
        else throw(vm, TypeError, "An asyncio.Future, a coroutine or an awaitable is required");
        return false;
    }
    return true;
}

static void wait_stop(Wait *self)
{
    if (!is_loop(self->timed.waiter.owner)) return;
    timer_stop(as_loop(self->timed.waiter.owner), ENTRY_WAIT_TIMEOUT, self);
    for (ptrdiff_t i = 0; i < as_list(self->given)->len; i++)
        future_remove_entry(as_future(list_at(as_list(self->given), i)), ENTRY_WAIT, self);
}

static Ref wait_begin(Vm *vm, Wait *self)
{
    if (!wait_read_futures(vm, self)) return FAIL;
    Loop *loop = loop_running(vm);
    if (!loop) return FAIL;
    List *futures = as_list(self->given);
    self->left = futures->len;
    self->timed.waiter.owner = newref(borrow(loop));
    double seconds;
    if (!is_none(self->timeout) &&
        (!float_from(vm, self->timeout, &seconds) ||
         !timer_start(vm, loop, loop_now(loop) + ns_from_seconds(seconds), ENTRY_WAIT_TIMEOUT,
                      self)))
        return FAIL;
    Ref answer = waiter_pause(vm, &self->timed.waiter, 1);
    for (ptrdiff_t i = 0; i < futures->len; i++) {
        newref(borrow(self));
        if (future_add_entry(vm, as_future(list_at(futures, i)), ENTRY_WAIT, self)) continue;
        wait_stop(self);
        clear(&vm->yielded);
        return FAIL;
    }
    return answer;
}

static Ref wait_result(Vm *vm, List *futures)
{
    Ref done = set_new(vm), pending = failed(done) ? FAIL : set_new(vm);
    bool ok = !failed(pending);
    for (ptrdiff_t i = 0; ok && i < futures->len; i++) {
        Value future = list_at(futures, i);
        ok = set_add(vm, as_set(is_done(as_future(future)) ? done : pending), future);
    }
    Ref out = ok ? tuple_pack(vm, 2, (Value)done, (Value)pending) : FAIL;
    decref(done);
    decref(pending);
    return out;
}

static Ref wait_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Wait *self = (Wait *)coroutine;
    if (waiter_phase(&self->timed.waiter) == 0) return wait_begin(vm, self);
    wait_stop(self);
    return waiter_check(vm, &self->timed.waiter) ? wait_result(vm, as_list(self->given)) : FAIL;
}

static Ref wait_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    wait_stop((Wait *)coroutine);
    return FAIL;
}

bool wait_child_done(Vm *vm, Object *object, Value arg)
{
    Wait *self = (Wait *)object;
    Future *future = as_future(arg);
    bool failure = is_failed(future);
    if (self->mode == WAIT_FIRST_EXCEPTION && failure) future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    if (--self->left > 0 && self->mode != WAIT_FIRST_COMPLETED &&
        !(self->mode == WAIT_FIRST_EXCEPTION && failure))
        return true;
    timer_stop(as_loop(self->timed.waiter.owner), ENTRY_WAIT_TIMEOUT, self);
    return waiter_wake(vm, &self->timed.waiter);
}

bool wait_timed_out(Vm *vm, Object *object, Value arg __attribute__((unused)))
{
    return !timer_take(ENTRY_WAIT_TIMEOUT, object) || waiter_wake(vm, (Waiter *)object);
}

static const NativeCoroutineDef wait_coroutine = {
    .name = "wait",
    .size = sizeof(Wait),
    .refs = REFS(REF(Waiter, owner), REF(Wait, given), REF(Wait, timeout), REF(Wait, return_when)),
    .resume = wait_resume,
    .raise = wait_raise,
};

NATIVE(asyncio_wait, "async wait(fs, *, timeout=None, return_when='ALL_COMPLETED')",
       "A coroutine that waits for futures and tasks and ends with two sets: those done and those "
       "pending.\n"
       "It ends after timeout seconds, too, and raises no TimeoutError.")
{
    Wait *self = (Wait *)native_coroutine_new(vm, &wait_coroutine);
    if (!self) return FAIL;
    self->given = newref(argv[0]);
    self->timeout = newref(argv[1]);
    self->return_when = newref(argv[2]);
    return from_object(self);
}

const Native *const wait_functions[] = {&asyncio_wait_def, NULL};
