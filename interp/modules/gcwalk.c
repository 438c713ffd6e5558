/* gcwalk.c - every container that an interpreter can reach.
 *
 * No list of all objects is kept, so this one is made when somebody asks: from modules, builtin
 * types and the threads' stacks through everything they refer to, and from the collector's
 * candidates, among which is all garbage that cycles keep.
 * Neighbours: memory/gc.h (object_visit), gc.c (who asks). */
/* SPDX-License-Identifier: MIT */
#include "modules/gcwalk.h"

#include <stdint.h>
#include <stdlib.h>

#include "memory/gc.h"
#include "object/error.h"
#include "object/exception.h"
#include "vm/frame.h"

static ptrdiff_t slot_of(const HeapWalk *walk, const Object *object)
{
    ptrdiff_t mask = walk->slots - 1;
    ptrdiff_t at =
        (ptrdiff_t)(((uintptr_t)object >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
    while (walk->table[at] && walk->table[at] != object) at = (at + 1) & mask;
    return at;
}

/* Makes room for one more; the set stays at most half full. */
static bool grow(HeapWalk *walk)
{
    ptrdiff_t capacity = walk->capacity ? walk->capacity * 2 : 4096;
    Object **objects = realloc(walk->objects, (size_t)capacity * sizeof *objects);
    Object **table = calloc((size_t)capacity * 2, sizeof *table);
    if (objects) walk->objects = objects;
    if (!objects || !table) {
        free(table);
        return false;
    }
    free(walk->table);
    walk->table = table;
    walk->capacity = capacity;
    walk->slots = capacity * 2;
    for (ptrdiff_t i = 0; i < walk->len; i++)
        walk->table[slot_of(walk, walk->objects[i])] = walk->objects[i];
    return true;
}

static void reach(Ref *slot, void *context)
{
    HeapWalk *walk = context;
    if (!walk->good || !is_heap(*slot)) return;
    Object *object = as_object(*slot);
    if (!(object->flags & OBJ_CONTAINER) || (object->flags & OBJ_DEAD)) return;
    if (walk->len == walk->capacity) walk->good = grow(walk);
    if (!walk->good) return;
    ptrdiff_t at = slot_of(walk, object);
    if (walk->table[at]) return;
    walk->table[at] = object;
    walk->objects[walk->len++] = object;
}

static void reach_thread(HeapWalk *walk, Vm *vm)
{
    Ref *const held[] = {&vm->context,       &vm->running_set, &vm->current_loop,
                         &vm->thread_object, &vm->body,        &vm->locals,
                         &vm->error,         &vm->trace,       &vm->profile};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) reach(held[i], walk);
    for (Frame *frame = vm->frame; frame > vm->frames; frame--) {
        reach(&frame->holder, walk);
        if (!frame->code) continue;
        Ref function = from_object(frame->function);
        reach(&function, walk);
        if (frame->coroutine) continue;
        if (frame->kind & FRAME_SHOWN) reach(&frame->shown, walk);
        for (Ref *at = frame->base; at < frame->top; at++) reach(at, walk);
    }
}

static void reach_roots(HeapWalk *walk, Vm *vm)
{
    Interp *interp = vm->interp;
    reach(&interp->modules, walk);
    reach(&interp->builtins, walk);
    reach(&interp->sys, walk);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        Ref type = from_object(interp->types[kind]);
        reach(&type, walk);
    }
    for (int id = 0; id < EXCEPTION_COUNT; id++) {
        Ref type = from_object(interp->exceptions[id]);
        reach(&type, walk);
    }
    for (Vm *thread = interp->threads; thread; thread = thread->next_thread)
        reach_thread(walk, thread);
}

bool heap_walk(Vm *vm, HeapWalk *walk, bool young)
{
    *walk = (HeapWalk){.good = true};
    const ObjectStack *candidates = &vm->interp->collector->candidates;
    for (ptrdiff_t i = 0; i < candidates->len; i++) {
        Ref candidate = from_object(candidates->items[i]);
        reach(&candidate, walk);
    }
    if (!young) reach_roots(walk, vm);
    for (ptrdiff_t i = 0; !young && walk->good && i < walk->len; i++)
        object_visit(walk->objects[i], reach, walk);
    if (!walk->good) throw_no_memory(vm);
    return walk->good;
}

void heap_walk_end(HeapWalk *walk)
{
    free(walk->objects);
    free(walk->table);
    *walk = (HeapWalk){.good = false};
}
