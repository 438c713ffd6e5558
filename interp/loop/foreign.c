/* foreign.c - futures of other implementations.
 *
 * The protocol is asyncio's own: the future yields itself with _asyncio_future_blocking set, the
 * task clears that and asks by add_done_callback() to be told.  A subclass of Future that has its
 * own add_done_callback() is asked in the same way, so that it sees who waits.  Neighbours: task.c
 * (what a yielded value means), future.c (our own). */
/* SPDX-License-Identifier: MIT */
#include "loop/foreign.h"

#include "loop/waiter.h"
#include "object/attr.h"
#include "object/number.h"

Truth is_future_like(Vm *vm, Value v)
{
    if (is_future(v)) return YES;
    Ref cls = attr_get(vm, v, N(__class__)); /* what a mock of a future says it is */
    Ref of_class = failed(cls) ? FAIL : attr_get_or_absent(vm, cls, N(_asyncio_future_blocking));
    decref(cls);
    decref(of_class);
    if (failed(of_class)) return FAILED;
    if (absent(of_class)) return NO;
    Ref blocking = attr_get_or_absent(vm, v, N(_asyncio_future_blocking));
    decref(blocking);
    return failed(blocking) ? FAILED : absent(blocking) || is_none(blocking) ? NO : YES;
}

Truth is_foreign(Vm *vm, Value yielded)
{
    if (!is_heap(yielded) || is_waiter(yielded)) return NO;
    if (is_future(yielded) && !(as_object(yielded)->flags & OBJ_SUBCLASS)) return NO;
    if (is_future(yielded)) {
        Value method = type_lookup(vm, type_of(vm, yielded), N(add_done_callback));
        return is_native(method) ? NO : YES;
    }
    return is_future_like(vm, yielded);
}

Ref foreign_loop(Vm *vm, Value future)
{
    Ref method = attr_get_or_absent(vm, future, N(get_loop));
    if (absent(method)) return attr_get_text(vm, future, "_loop");
    Ref loop = failed(method) ? FAIL : call0(vm, method);
    decref(method);
    return loop;
}

/* May the task wait for it?  false: raised. */
static bool foreign_check(Vm *vm, Task *task, Value future)
{
    Ref loop = foreign_loop(vm, future), blocking = FAIL;
    if (!failed(loop)) blocking = attr_get(vm, future, N(_asyncio_future_blocking));
    Truth blocks = failed(blocking) ? FAILED : value_truth(vm, blocking);
    if (blocks != FAILED && loop != task->future.loop)
        throw(vm, RuntimeError, "Task %R got Future %R attached to a different loop", borrow(task),
              future);
    else if (blocks == NO)
        throw(vm, RuntimeError, "yield was used instead of yield from in task %R with %R",
              borrow(task), future);
    bool ok = blocks == YES && loop == task->future.loop;
    decref(loop);
    decref(blocking);
    return ok && attr_set(vm, future, N(_asyncio_future_blocking), FALSE);
}

/* future.add_done_callback(wakeup), in no context of the task's: its step enters that; false:
 * raised. */
static bool foreign_subscribe(Vm *vm, Task *task, Value future, const Native *wakeup)
{
    Ref callback = native_function(vm, wakeup, borrow(task), UNDEF), done = FAIL;
    Ref method = failed(callback) ? FAIL : attr_get(vm, future, N(add_done_callback));
    if (!failed(method)) done = call1(vm, method, callback);
    decref(callback);
    decref(method);
    decref(done);
    return !failed(done);
}

bool foreign_await(Vm *vm, Task *task, Value future, const Native *wakeup)
{
    return foreign_check(vm, task, future) && foreign_subscribe(vm, task, future, wakeup);
}
