/* event.c - asyncio.Event.
 *
 * Neighbours: waiter.h, lock.c (what primitives share). */
/* SPDX-License-Identifier: MIT */
#include "loop/lock.h"
#include "object/number.h"

typedef struct Event {
    Container head; /* aux: 1 while it is set */
    Ref loop;
    Waiters waiters;
} Event;

static Event *as_event(Value v) { return (Event *)as_object(v); }

static Ref event_wait_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    Event *event = as_event(waiter->owner);
    if (waiter_phase(waiter) == 0) {
        if (event->head.aux) return TRUE;
        if (!loop_bind(vm, &event->loop, waiter->owner)) return FAIL;
        return waiter_wait(vm, waiter, &event->waiters, 1);
    }
    waiter_leave(waiter, &event->waiters);
    return waiter_check(vm, waiter) ? TRUE : FAIL;
}

static Ref event_wait_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    waiter_leave((Waiter *)coroutine, &as_event(((Waiter *)coroutine)->owner)->waiters);
    return FAIL;
}

static const NativeCoroutineDef event_wait_coroutine = {
    .name = "Event.wait",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = event_wait_resume,
    .raise = event_wait_raise,
};

NATIVE(event_init, "__init__(self)", "An event that is not set.") { return NONE; }
NATIVE(event_wait, "async wait(self)",
       "A coroutine that waits until the event is set, and ends with True.")
{
    return instant_new(vm, &event_wait_coroutine, argv[0]);
}
NATIVE(event_set, "set(self)", "Set the event and wake everybody who waits for it.")
{
    Event *event = as_event(argv[0]);
    if (event->head.aux) return NONE;
    event->head.aux = 1;
    for (Waiter *waiter = event->waiters.first; waiter; waiter = waiter->next)
        if (!waiter_wake(vm, waiter)) return FAIL;
    return NONE;
}
NATIVE(event_clear, "clear(self)", "Unset the event: from now on wait() waits.")
{
    as_event(argv[0])->head.aux = 0;
    return NONE;
}
NATIVE(event_is_set, "is_set(self)", "Return True when the event is set.")
{
    return from_bool(as_event(argv[0])->head.aux);
}

static Ref event_repr(Vm *vm, Value self)
{
    return primitive_repr(vm, self, as_event(self)->head.aux ? "set" : "unset",
                          &as_event(self)->waiters);
}
static void event_visit(Object *self, Visit *visit, void *context)
{
    waiters_visit(&((Event *)self)->waiters, visit, context);
}
static void event_drop(Object *self) { waiters_clear(&((Event *)self)->waiters); }

static const Native *const event_methods[] = {&event_wait_def, &event_set_def, &event_clear_def,
                                              &event_is_set_def, NULL};

static Ref get_waiters(Vm *vm, Value self) { return waiters_list(vm, &as_event(self)->waiters); }
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return loop_or_none(as_event(self)->loop);
}
static Ref get_value(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_event(self)->head.aux != 0);
}
static bool set_value(Vm *vm, Value self, Value value)
{
    Truth set = absent(value) ? NO : value_truth(vm, value);
    if (set != FAILED) as_event(self)->head.aux = set == YES;
    return set != FAILED;
}
static const Attribute event_attributes[] = {
    {"_value", get_value, set_value, "Is it set?"},
    {"_waiters", get_waiters, NULL, "Who waits, a list."},
    {"_loop", get_loop, NULL, "The loop it is bound to, or None."},
    {0}};

const TypeDef event_type = {
    .name = "asyncio.locks.Event",
    .size = sizeof(Event),
    .doc = "A flag that tasks can wait for.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Event, loop)),
    .visit = event_visit,
    .clear = event_drop,
    .init = &event_init_def,
    .repr = event_repr,
    .methods = event_methods,
    .attributes = event_attributes,
};
