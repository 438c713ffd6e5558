/* gc.c - the cycle collector.
 *
 * Three passes over what the candidates reach: subtract every inner reference from the counts
 * (grey); what is then held from outside gets its counts back (black); the rest is garbage (white).
 * White objects get their counts back too, weak references to them are cleared, their contents
 * dropped, and counting does the rest. Objects with a finaliser to run are finalised first, after
 * the callbacks of the weak references, and judged again in a second round. An automatic collection
 * does not look inside types, modules and code, which stay candidates; gc.collect() does.
 * Neighbours: gc.h (the algorithm's source), object/life.c (object_visit, object_clear),
 * vm/pending.c (safe points). */
/* SPDX-License-Identifier: MIT */
#include "memory/gc.h"

#include <stdio.h>
#include <stdlib.h>

enum { BLACK = 0, GREY = 16, WHITE = 32, FIRST_LOOK = 10000 };
enum { STRESS_SMALL = 2000, STRESS_SHARE = 20, STRESS_MANY = 50000 };

static void push(ObjectStack *stack, Object *object)
{
    if (stack->len == stack->capacity) {
        stack->capacity = stack->capacity ? stack->capacity * 2 : 1024;
        stack->items = realloc(stack->items, sizeof(Object *) * (size_t)stack->capacity);
        if (!stack->items) abort(); /* half-subtracted counts cannot be left behind */
    }
    stack->items[stack->len++] = object;
}

bool collector_open(Vm *vm)
{
    struct Collector *collector = calloc(1, sizeof *collector);
    if (!collector) return false;
    collector->enabled = true;
    collector->threshold[0] = 2000;
    collector->threshold[1] = 10;
    collector->next_look = collector->room = FIRST_LOOK;
    vm->interp->collector = collector;
    return true;
}

void collector_close(Interp *interp)
{
    struct Collector *collector = interp->collector;
    free(collector->candidates.items);
    free(collector->work.items);
    free(collector->garbage.items);
    free(collector);
    interp->collector = NULL;
}

void collector_freeze(Interp *interp)
{
    ObjectStack *candidates = &interp->collector->candidates;
    for (ptrdiff_t n = 0; n < candidates->len; n++)
        ((Container *)candidates->items[n])->candidate = 0;
    candidates->len = 0;
}

void collector_enable(Interp *interp, bool enabled) { interp->collector->enabled = enabled; }
bool collector_enabled(const Interp *interp) { return interp->collector->enabled; }

/* ---- candidates ---- */

void object_candidate(Object *object)
{
    Interp *interp = object_interp(object);
    struct Collector *collector = interp->collector;
    if (!collector || collector->running || (object->flags & OBJ_DEAD)) return;
    push(&collector->candidates, object);
    ((Container *)object)->candidate = (uint32_t)collector->candidates.len;
    if (collector->candidates.len < collector->next_look) return;
    collector->next_look = collector->candidates.len + FIRST_LOOK;
    if (collector->enabled && interp->memory.live > collector->live_after + collector->room)
        atomic_fetch_or(&interp->running->interrupt, INTERRUPT_GC);
}

/* ---- the three passes ---- */

static unsigned colour(const Object *object) { return object->flags & OBJ_COLOUR; }
static void paint(Object *object, unsigned shade)
{
    object->flags = (uint8_t)((object->flags & ~OBJ_COLOUR) | shade);
}

/* Can the collector look inside what slot holds? */
static Object *inner(const struct Collector *collector, Ref slot)
{
    Object *object = as_object(slot);
    if (!(object->flags & OBJ_CONTAINER) || object->count >= IMMORTAL / 2) return NULL;
    return collector->full || !object_is_boundary(object) ? object : NULL;
}

static void subtract(Ref *slot, void *context)
{
    struct Collector *collector = context;
    Object *object = inner(collector, *slot);
    if (!object) return;
    object->count--;
    if (colour(object) != GREY) {
        paint(object, GREY);
        collector->looked++;
        push(&collector->work, object);
    }
}

static void restore(Ref *slot, void *context)
{
    struct Collector *collector = context;
    Object *object = inner(collector, *slot);
    if (!object) return;
    object->count++;
    if (colour(object) != BLACK) {
        paint(object, BLACK);
        push(&collector->work, object);
    }
}

static void follow(struct Collector *collector, Object *from,
                   void (*each)(Ref *slot, void *context))
{
    ptrdiff_t floor = collector->work.len;
    object_visit(from, each, collector);
    while (collector->work.len > floor)
        object_visit(collector->work.items[--collector->work.len], each, collector);
}

static void scan(Ref *slot, void *context)
{
    struct Collector *collector = context;
    Object *object = inner(collector, *slot);
    if (!object || colour(object) != GREY) return;
    if (object->count > 0) {
        paint(object, BLACK);
        follow(collector, object, restore);
    } else {
        paint(object, WHITE);
        push(&collector->garbage, object);
        push(&collector->work, object);
    }
}

static void recount(Ref *slot, void *context)
{
    Object *object = inner(context, *slot);
    if (object) object->count++;
}

/* Fills collector->garbage from the candidates, all counts as they were, everything black but the
 * garbage. */
static void find_garbage(struct Collector *collector)
{
    ObjectStack *roots = &collector->candidates;
    collector->looked = roots->len;
    for (ptrdiff_t n = 0; n < roots->len; n++) {
        ((Container *)roots->items[n])->candidate = 0;
        if (colour(roots->items[n]) == GREY || !inner(collector, from_object(roots->items[n])))
            continue;
        paint(roots->items[n], GREY);
        follow(collector, roots->items[n], subtract);
    }
    for (ptrdiff_t n = 0; n < roots->len; n++) {
        Ref root = from_object(roots->items[n]);
        scan(&root, collector);
        while (collector->work.len)
            object_visit(collector->work.items[--collector->work.len], scan, collector);
    }
    ptrdiff_t left = 0; /* what was not looked into is left for the next full collection */
    for (ptrdiff_t n = 0; !collector->full && n < roots->len; n++) {
        if (!object_is_boundary(roots->items[n])) continue;
        roots->items[left++] = roots->items[n];
        ((Container *)roots->items[left - 1])->candidate = (uint32_t)left;
    }
    roots->len = left;
    ptrdiff_t kept = 0; /* restore() may have turned what was white black again */
    for (ptrdiff_t n = 0; n < collector->garbage.len; n++)
        if (colour(collector->garbage.items[n]) == WHITE)
            collector->garbage.items[kept++] = collector->garbage.items[n];
    collector->garbage.len = kept;
    for (ptrdiff_t n = 0; n < kept; n++)
        object_visit(collector->garbage.items[n], recount, collector);
}

/* ---- getting rid of it ---- */

/* Queues the finalisers that have not run yet; true: there were some, so nothing may be cleared
 * now. */
static bool finalize_garbage(Vm *vm, ObjectStack *garbage)
{
    bool any = false;
    for (ptrdiff_t n = 0; n < garbage->len; n++) {
        Object *object = garbage->items[n];
        if ((object->flags & OBJ_FINALIZED) || !object_has_finalizer(object)) continue;
        any |= object_finalize_later(vm->interp, object);
    }
    return any;
}

static void clear_garbage(Vm *vm, ObjectStack *garbage)
{
    for (ptrdiff_t n = 0; n < garbage->len; n++) garbage->items[n]->count++;
    for (ptrdiff_t n = 0; n < garbage->len; n++) {
        weakref_disarm(garbage->items[n]); /* it goes with what it would call */
        type_unlink(garbage->items[n]);    /* while its tuple of bases is whole */
    }
    bool keep = vm->interp->collector->debug & COLLECTOR_SAVE_ALL && garbage_keep(vm, garbage);
    for (ptrdiff_t n = 0; !keep && n < garbage->len; n++) object_clear(garbage->items[n]);
    for (ptrdiff_t n = 0; !keep && n < garbage->len; n++)
        type_leave_metaclass(vm, garbage->items[n]); /* a class may be its own */
    for (ptrdiff_t n = 0; n < garbage->len; n++) decref(from_object(garbage->items[n]));
}

static ptrdiff_t collect(Vm *vm, bool full)
{
    struct Collector *collector = vm->interp->collector;
    if (collector->running) return 0;
    collector->running = true;
    collector->full = full;
    collector->garbage.len = 0;
    find_garbage(collector);
    ptrdiff_t found = collector->garbage.len;
    for (ptrdiff_t n = 0; n < found; n++)
        if (collector->garbage.items[n]->flags & OBJ_WEAKREFS)
            weakrefs_clear(vm, collector->garbage.items[n]); /* while what goes is white */
    for (ptrdiff_t n = 0; n < found; n++) paint(collector->garbage.items[n], BLACK);
    collector->running = false;
    if (finalize_garbage(vm, &collector->garbage)) {
        for (ptrdiff_t n = 0; n < found; n++) { /* judged again in the next round */
            Container *container = (Container *)collector->garbage.items[n];
            if (container->candidate == 0) object_candidate(&container->head);
        }
    } else {
        ObjectStack garbage = collector->garbage;
        collector->garbage = (ObjectStack){NULL, 0, 0};
        clear_garbage(vm, &garbage);
        free(garbage.items);
    }
    collector->next_look = collector->candidates.len + FIRST_LOOK;
    collector->live_after = vm->interp->memory.live;
    /* A program that only grows is not looked through again and again for nothing. */
    bool futile = found < collector->live_after / 16;
    collector->room = FIRST_LOOK + (futile ? collector->live_after : collector->live_after / 4);
    if (vm->interp->debug & DEBUG_GC)
        fprintf(stderr, "gc: %td unreachable, %lld alive\n", found,
                (long long)collector->live_after);
    return found;
}

/* ---- when ---- */

void collector_stress(Vm *vm)
{
    struct Collector *collector = vm->interp->collector;
    if (!collector || collector->collecting || --collector->stress_left > 0) return;
    atomic_fetch_or(&vm->interrupt, INTERRUPT_GC);
}

static void stress_again(struct Collector *collector)
{
    int64_t halved = collector->stress_runs++ / STRESS_MANY, work = 1;
    if (collector->looked > STRESS_SMALL) work = collector->looked / STRESS_SHARE;
    collector->stress_left = work << (halved < 30 ? halved : 30);
}

ptrdiff_t collector_run(Vm *vm)
{
    ptrdiff_t found = collect(vm, false);
    if (vm->interp->debug & DEBUG_GCSTRESS) stress_again(vm->interp->collector);
    return found;
}
ptrdiff_t collector_run_full(Vm *vm) { return collect(vm, true); }
