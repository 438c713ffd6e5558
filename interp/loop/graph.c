/* graph.c - who waits for a future.
 *
 * The callbacks of a future say it: the task to wake, the gathering, the task inside wait() or
 * as_completed(), the parent of a TaskGroup.  Other event machinery tells of itself with
 * future_add_to_awaited_by().  Neighbours: future.h (the callbacks), stdlib/asyncio/graph.aio (what
 * is shown). */
/* SPDX-License-Identifier: MIT */
#include "loop/graph.h"

#include "loop/completed.h"
#include "loop/task.h"
#include "loop/trail.h"
#include "loop/waiter.h"
#include "object/set.h"

static bool add(Vm *vm, Set *set, Value who)
{
    return absent(who) || is_none(who) || set_add(vm, set, who);
}

/* Those who wait inside as_completed(). */
static bool add_waiting(Vm *vm, Set *set, const Waiters *waiters)
{
    for (Waiter *waiter = waiters->first; waiter; waiter = waiter->next)
        if (waiter->task && !set_add(vm, set, borrow(waiter->task))) return false;
    return true;
}

/* Whoever the callback would tell. */
static bool add_callback(Vm *vm, Set *set, Tagged what)
{
    Object *object = object_of(what);
    switch (tag_of(what)) {
    case ENTRY_WAKE:
    case ENTRY_GATHER:
    case ENTRY_SHIELD_INNER: return set_add(vm, set, borrow(object));
    case ENTRY_GROUP: return add(vm, set, group_parent(object));
    case ENTRY_WAIT: {
        Waiter *waiter = (Waiter *)object;
        return !waiter->task || set_add(vm, set, borrow(waiter->task));
    }
    case ENTRY_COMPLETED: return add_waiting(vm, set, queue_getters(((Completed *)object)->done));
    default: return true;
    }
}

Ref future_awaiters(Vm *vm, Future *future)
{
    Ref set = set_new(vm);
    if (failed(set)) return FAIL;
    FutureExtra *extra = future->extra;
    bool ok = !future->first || add_callback(vm, as_set(set), future->first);
    for (int i = 0; ok && extra && i < extra->callback_count; i++)
        ok = add_callback(vm, as_set(set), extra->callbacks[i]);
    if (ok && extra && is_heap(extra->awaited_by))
        ok = set_update(vm, as_set(set), extra->awaited_by);
    if (ok) return set;
    decref(set);
    return FAIL;
}

NATIVE(asyncio_add_awaited_by, "future_add_to_awaited_by(fut, waiter, /)",
       "Say that the future waiter waits for fut; only call graphs show it.")
{
    if (!is_future(argv[0]) || !is_future(argv[1])) return NONE;
    FutureExtra *extra = future_extra(vm, as_future(argv[0]));
    if (!extra) return FAIL;
    if (!is_heap(extra->awaited_by)) {
        Ref made = set_new(vm);
        if (failed(made)) return FAIL;
        extra->awaited_by = made;
    }
    return set_add(vm, as_set(extra->awaited_by), argv[1]) ? NONE : FAIL;
}

NATIVE(asyncio_discard_awaited_by, "future_discard_from_awaited_by(fut, waiter, /)",
       "Say that the future waiter waits for fut no more.")
{
    if (!is_future(argv[0]) || !is_future(argv[1])) return NONE;
    FutureExtra *extra = as_future(argv[0])->extra;
    if (!extra || !is_heap(extra->awaited_by)) return NONE;
    return set_discard(vm, as_set(extra->awaited_by), argv[1]) == FAILED ? FAIL : NONE;
}

const Native *const graph_functions[] = {&asyncio_add_awaited_by_def,
                                         &asyncio_discard_awaited_by_def, NULL};
