/* waiter.c - waiting for one wake-up.
 *
 * Neighbours: waiter.h (the idea), task.c, lock.c, event.c, queue.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/waiter.h"

#include "object/list.h"
#include "vm/eval.h"

/* Only a Waiter sets these bits of the state word: other native coroutines keep it below
 * WAITER_PENDING. */
bool is_waiter(Value v)
{
    if (!is_kind(v, KIND_NATIVE_COROUTINE)) return false;
    NativeCoroutine *coroutine = (NativeCoroutine *)as_object(v);
    return coroutine->def->size >= sizeof(Waiter) &&
           (coroutine->state & (WAITER_PENDING | WAITER_DONE));
}

Waiter *waiter_new(Vm *vm, const NativeCoroutineDef *def, Value owner)
{
    Waiter *waiter = (Waiter *)native_coroutine_new(vm, def);
    if (waiter) waiter->owner = newref(owner);
    return waiter;
}

Ref waiter_pause(Vm *vm, Waiter *waiter, int phase)
{
    waiter->coroutine.state = (waiter->coroutine.state & WAITER_LISTED) | phase | WAITER_PENDING;
    waiter->task = NULL;
    return suspend(vm, newref(borrow(waiter)));
}

Ref waiter_wait(Vm *vm, Waiter *waiter, Waiters *list, int phase)
{
    waiter->previous = list->last;
    waiter->next = NULL;
    *(list->last ? &list->last->next : &list->first) = waiter;
    list->last = waiter;
    list->len++;
    newref(borrow(waiter));
    waiter->coroutine.state |= WAITER_LISTED;
    return waiter_pause(vm, waiter, phase);
}

void waiter_leave(Waiter *waiter, Waiters *list)
{
    waiter->task = NULL;
    if (!(waiter->coroutine.state & WAITER_LISTED)) return;
    waiter->coroutine.state &= ~WAITER_LISTED;
    *(waiter->previous ? &waiter->previous->next : &list->first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &list->last) = waiter->previous;
    waiter->next = waiter->previous = NULL;
    list->len--;
    decref_object(waiter);
}

bool waiter_check(Vm *vm, Waiter *waiter)
{
    if (waiter_is_done(waiter)) return true;
    throw(vm, RuntimeError, "await wasn't used with future");
    return false;
}

bool waiter_wake(Vm *vm, Waiter *waiter)
{
    if (waiter_is_done(waiter)) return true;
    waiter->coroutine.state |= WAITER_WOKEN;
    if (!waiter->task || task_wake(vm, waiter->task)) return true;
    waiter->coroutine.state &= ~WAITER_WOKEN; /* it can still be cancelled */
    return false;
}

Truth waiter_cancel(Vm *vm, Waiter *waiter)
{
    if (waiter_is_done(waiter)) return NO;
    waiter->coroutine.state |= WAITER_CANCELLED;
    if (!waiter->task || task_wake(vm, waiter->task)) return YES;
    waiter->coroutine.state &= ~WAITER_CANCELLED;
    return FAILED;
}

Waiter *waiters_first_pending(const Waiters *list)
{
    Waiter *waiter = list->first;
    while (waiter && waiter_is_done(waiter)) waiter = waiter->next;
    return waiter;
}

Ref waiters_list(Vm *vm, const Waiters *list)
{
    Ref items = list_new(vm, list->len);
    for (Waiter *waiter = list->first; waiter && !failed(items); waiter = waiter->next) {
        if (list_push(vm, as_list(items), newref(borrow(waiter)))) continue;
        decref(items);
        return FAIL;
    }
    return items;
}

void waiters_visit(Waiters *list, Visit *visit, void *context)
{
    for (Waiter *waiter = list->first; waiter; waiter = waiter->next) {
        Ref reference = (Ref)(uintptr_t)waiter;
        visit(&reference, context);
    }
}

void waiters_clear(Waiters *list)
{
    while (list->first) waiter_leave(list->first, list);
}

Ref delegate_any(Vm *vm, Value awaitable)
{
    Ref target = get_awaitable(vm, awaitable, 0);
    if (failed(target)) return FAIL;
    Ref answer = delegate(vm, target);
    decref(target);
    return answer;
}

Ref delegate_new(Vm *vm, Ref awaitable)
{
    if (failed(awaitable)) return FAIL;
    Ref answer = delegate_any(vm, awaitable);
    decref(awaitable);
    return answer;
}

bool loop_bind(Vm *vm, Ref *slot, Value primitive)
{
    Loop *loop = loop_running(vm);
    if (!loop) return false;
    if (absent(*slot)) *slot = newref(borrow(loop));
    if (*slot == borrow(loop)) return true;
    throw(vm, RuntimeError, "%R is bound to a different event loop", primitive);
    return false;
}
