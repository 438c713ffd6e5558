/* sleep.c - asyncio.sleep().
 *
 * A sleeping coroutine is its own timer: the heap holds it, its entry wakes it a turn later than
 * the deadline's turn, as the future and handle of asyncio's would. Neighbours: waiter.h, timers.c.
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "loop/sleep.h"
#include "loop/waiter.h"
#include "object/float.h"
#include "object/int.h"
#include "object/number.h"

typedef struct Sleep {
    TimedWaiter timed;
    Ref result;
    Ref error; /* delay is none: what to raise once it is awaited, or UNDEF */
    double delay_s;
} Sleep;

/* waiter.owner is the loop once it sleeps. */
static Ref sleep_begin(Vm *vm, Sleep *self)
{
    if (!absent(self->error)) return error_restore(vm, take(&self->error)), FAIL;
    if (self->delay_s <= 0) {
        self->timed.waiter.coroutine.state = 1;
        return suspend(vm, NONE);
    }
    Loop *loop = loop_running(vm);
    if (!loop) return FAIL;
    self->timed.waiter.owner = newref(borrow(loop));
    int64_t delay_ns = ns_from_seconds(self->delay_s), now_ns = loop_now(loop);
    int64_t due_ns = delay_ns > INT64_MAX - 1 - now_ns ? INT64_MAX - 1 : now_ns + delay_ns;
    if (!timer_start(vm, loop, due_ns, ENTRY_SLEEP, self)) return FAIL;
    return waiter_pause(vm, &self->timed.waiter, 2);
}

static Ref sleep_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Sleep *self = (Sleep *)coroutine;
    switch (waiter_phase(&self->timed.waiter)) {
    case 0: return sleep_begin(vm, self);
    case 2:
        timer_stop(as_loop(self->timed.waiter.owner), ENTRY_SLEEP, self);
        if (!waiter_check(vm, &self->timed.waiter)) return FAIL;
    }
    return newref(self->result);
}

static Ref sleep_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    Sleep *self = (Sleep *)coroutine;
    if (is_loop(self->timed.waiter.owner))
        timer_stop(as_loop(self->timed.waiter.owner), ENTRY_SLEEP, self);
    return FAIL;
}

bool sleep_fire(Vm *vm, Object *object, Value arg __attribute__((unused)))
{
    return !timer_take(ENTRY_SLEEP, object) || waiter_wake(vm, (Waiter *)object);
}

static const NativeCoroutineDef sleep_def = {
    .name = "sleep",
    .size = sizeof(Sleep),
    .refs = REFS(REF(Waiter, owner), REF(Sleep, result), REF(Sleep, error)),
    .resume = sleep_resume,
    .raise = sleep_raise,
};

/* The delay in seconds; false: raised what comparing it with 0 raises, or that it is no number. */
static bool delay_from(Vm *vm, Value delay, double *delay_s)
{
    if (!is_any_float(delay) && !is_any_int(delay)) {
        Ref less = value_compare(vm, delay, from_small(0), CMP_LESS_EQUAL);
        decref(less);
        if (failed(less)) return false;
    }
    if (!float_from(vm, delay, delay_s)) return false;
    if (!isnan(*delay_s)) return true;
    throw(vm, ValueError, "Invalid delay: NaN (not a number)");
    return false;
}

NATIVE(asyncio_sleep, "async sleep(delay, result=None)",
       "A coroutine that ends with result after delay seconds; 0 and less: after one turn of the "
       "loop.")
{
    Sleep *self = (Sleep *)native_coroutine_new(vm, &sleep_def);
    if (!self) return FAIL;
    if (is_int(argv[0])) self->delay_s = (double)as_int(argv[0]);
    else if (!delay_from(vm, argv[0], &self->delay_s)) self->error = error_take(vm);
    self->result = newref(argv[1]);
    return from_object(self);
}

const Native *const sleep_functions[] = {&asyncio_sleep_def, NULL};
