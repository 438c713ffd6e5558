/* timers.c - when each sleeping thing wakes.
 *
 * A binary heap ordered by (due_ns, serial): timers due at the same instant fire in the order they
 * were made.  What is timed keeps the serial of its live item in a `timer` field; stopping it only
 * clears the field, and the heap drops items whose serial is no longer the object's when they
 * surface, or all of them once they are the majority. Neighbours: base/heap.h (the heap), loop.c
 * (expires timers once a turn), handle.c, sleep.c, timeout.c. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "loop/completed.h"
#include "loop/handle.h"
#include "loop/subclass.h"
#include "loop/timeout.h"
#include "loop/waiter.h"

#define TIMER_READY UINT64_MAX /* in the ready queue */
enum { DEAD_MIN = 100 };       /* below that many dead items the heap is not swept */

static uint64_t *timer_of(EntryTag tag, void *object)
{
    switch (tag) {
    case ENTRY_HANDLE: return &((TimerHandle *)object)->timer;
    case ENTRY_SLEEP:
    case ENTRY_WAIT_TIMEOUT: return &((TimedWaiter *)object)->timer;
    case ENTRY_COMPLETED_TIMEOUT: return &((Completed *)object)->timer;
    case ENTRY_TIMEOUT: return &((Timeout *)object)->timer;
    default: return NULL;
    }
}

static bool is_live(HeapItem item, void *context __attribute__((unused)))
{
    return *timer_of(tag_of(item.item), object_of(item.item)) == item.serial;
}

int64_t ns_from_seconds(double seconds)
{
    double ns = seconds * 1e9;
    if (!(ns < 9.2e18)) return INT64_MAX;
    return ns < -9.2e18 ? INT64_MIN : (int64_t)ns;
}

bool timer_start(Vm *vm, Loop *loop, int64_t due_ns, EntryTag tag, void *object)
{
    if (!absent(loop->own_timers) && tag != ENTRY_HANDLE)
        return subclass_timer_start(vm, loop, due_ns, tagged(tag, object), timer_of(tag, object));
    uint64_t serial = heap_push(&loop->timers, due_ns, tagged(tag, object));
    if (!serial) {
        throw_no_memory(vm);
        return false;
    }
    newref(borrow(object));
    *timer_of(tag, object) = serial;
    return true;
}

bool timer_soon(Vm *vm, Loop *loop, EntryTag tag, void *object)
{
    *timer_of(tag, object) = TIMER_READY;
    newref(borrow(object));
    return loop_ready(vm, loop, tag, object, UNDEF);
}

/* Drops the dead items, which are the majority.  They are collected first: a drop may run script
 * code. */
static void timers_sweep(Loop *loop)
{
    Heap *heap = &loop->timers;
    size_t dead = 0;
    Tagged *dropped = malloc(heap->len * sizeof *dropped);
    if (!dropped) return; /* later, then */
    for (size_t i = 0; i < heap->len; i++)
        if (!is_live(heap->items[i], NULL)) dropped[dead++] = heap->items[i].item;
    heap_filter(heap, is_live, NULL);
    loop->dead_timers = 0;
    for (size_t i = 0; i < dead; i++) decref_object(object_of(dropped[i]));
    free(dropped);
}

void timer_stop(Loop *loop, EntryTag tag, void *object)
{
    uint64_t *timer = timer_of(tag, object);
    if (!absent(loop->own_timers) && tag != ENTRY_HANDLE) {
        subclass_timer_stop(loop, *timer);
    } else if (*timer && *timer != TIMER_READY && ++loop->dead_timers > DEAD_MIN &&
               loop->dead_timers > loop->timers.len / 2) {
        *timer = 0;
        timers_sweep(loop);
    }
    *timer = 0;
}

bool timer_take(EntryTag tag, void *object)
{
    uint64_t *timer = timer_of(tag, object);
    if (*timer != TIMER_READY) return false;
    *timer = 0;
    return true;
}

bool timer_fire(Vm *vm, EntryTag tag, void *object, uint64_t serial)
{
    if (*timer_of(tag, object) != serial) return true;
    *timer_of(tag, object) = TIMER_READY;
    newref(borrow(object));
    return entry_run(vm, (Entry){tagged(tag, object), UNDEF});
}

int64_t timers_next(Loop *loop)
{
    Heap *heap = &loop->timers;
    while (heap->len && !is_live(heap->items[0], NULL)) {
        loop->dead_timers -= loop->dead_timers > 0;
        decref_object(object_of(heap_pop(heap).item));
    }
    return heap->len ? heap->items[0].key : INT64_MAX;
}

bool timers_expire(Vm *vm, Loop *loop, int64_t now_ns)
{
    while (timers_next(loop) <= now_ns && loop->timers.len) {
        Tagged what = heap_pop(&loop->timers).item;
        *timer_of(tag_of(what), object_of(what)) = TIMER_READY;
        announce(vm, loop, TIMER, borrow(object_of(what)), UNDEF);
        if (!loop_ready(vm, loop, tag_of(what), object_of(what), UNDEF)) return false;
    }
    return true;
}

void timers_close(Loop *loop)
{
    while (loop->timers.len) decref_object(object_of(heap_pop(&loop->timers).item));
    heap_close(&loop->timers);
}
