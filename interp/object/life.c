/* life.c - the birth and death of objects.
 *
 * An object dies when its count reaches zero: __del__ (which may resurrect it), weak references,
 * attributes in the order they were set, what the type's clear and refs name, its class, its
 * memory.  Deep structures do not recurse on the C stack: beyond DROP_DEPTH nested drops an object
 * waits on a list that the outermost drop works off. Neighbours: memory/alloc.c (cells),
 * memory/gc.c (cycles), shape.c (attribute slots), weakref.c (hooks). */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "memory/gc.h"
#include "object/dict.h"
#include "object/int.h"
#include "object/life.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/typeparts.h"

enum { DROP_DEPTH = 64 };

/* ---- birth ---- */

static void *start(Object *object, Shape *shape, size_t cells)
{
    object_begin(object, shape, cells);
    if (shape->object_flags & OBJ_SUBCLASS) shape->type->head.head.count++;
    return object;
}

/* From fresh memory: the head and the last cell are zeroed. */
static __attribute__((noinline)) void *new_slowly(Vm *vm, Shape *shape, size_t size_bytes,
                                                  size_t head_bytes)
{
    uint16_t used;
    Object *object = cells_new(vm, size_bytes, &used);
    if (!object) return NULL;
    memset(object, 0, head_bytes);
    memset((char *)object + size_bytes - CELL_BYTES, 0, CELL_BYTES);
    return start(object, shape, used);
}

void *object_new_open(Vm *vm, Shape *shape, size_t size_bytes, size_t head_bytes)
{
    size_t cells = (size_bytes + CELL_BYTES - 1) / CELL_BYTES;
    Object *object = cells_reuse(&vm->interp->memory, cells);
    if (!object) return new_slowly(vm, shape, size_bytes, head_bytes);
    zero_cells(object, (head_bytes + CELL_BYTES - 1) / CELL_BYTES);
    zero_cells((char *)object + (cells - 1) * CELL_BYTES, 1);
    return start(object, shape, cells);
}

void *object_new(Vm *vm, Shape *shape, size_t size_bytes)
{
    size_t cells = (size_bytes + CELL_BYTES - 1) / CELL_BYTES;
    Object *object = cells_reuse(&vm->interp->memory, cells);
    if (!object) return new_slowly(vm, shape, size_bytes, size_bytes);
    zero_cells(object, cells);
    return start(object, shape, cells);
}

void *type_instance(Vm *vm, Type *type)
{
    return object_new(vm, type->shape, shape_object_bytes(type->shape));
}

void *type_instance_sized(Vm *vm, Type *type, size_t extra_bytes)
{
    size_t bytes = (type->basic_size + extra_bytes + 7) & ~(size_t)7;
    if (extra_bytes > PTRDIFF_MAX / 2) {
        throw_no_memory(vm);
        return NULL;
    }
    return object_new(vm, type->shape, bytes + sizeof(Ref) * type->shape->capacity);
}

/* ---- looking inside ---- */

/* How many attribute slots of object may hold something. */
static inline int slots_used(const Object *object)
{
    const Shape *shape = object->shape;
    return shape->mode == SHAPE_SLOTS  ? shape->len
           : shape->mode == SHAPE_DICT ? shape->fixed + 1
                                       : 0;
}

static inline Ref *ref_at(Object *object, size_t offset)
{
    return (Ref *)(void *)((char *)object + offset);
}

_Static_assert(offsetof(Int, candidate) == offsetof(Container, candidate) &&
                   offsetof(Str, candidate) == offsetof(Container, candidate),
               "their subclasses may be part of a cycle");

void object_visit(Object *object, void (*visit)(Ref *slot, void *context), void *context)
{
    const Type *type = object->shape->type;
    if (!(object->flags & OBJ_CLEARED)) {
        int used = slots_used(object);
        Ref *slots = used ? object_slots(object) : NULL;
        for (int i = 0; i < used; i++)
            if (is_heap(slots[i])) visit(&slots[i], context);
        if (type->visit) type->visit(object, visit, context);
        for (const size_t *offset = type->refs; offset && *offset != REFS_END; offset++)
            if (is_heap(*ref_at(object, *offset))) visit(ref_at(object, *offset), context);
    }
    if (object->flags & OBJ_SUBCLASS) {
        Ref class = from_object(object->shape->type);
        visit(&class, context);
    }
}

void object_clear(Object *object)
{
    const Type *type = object->shape->type;
    if (object->flags & OBJ_CLEARED) return;
    object->flags |= OBJ_CLEARED;
    int used = slots_used(object);
    if (used) {
        Ref *slots = object_slots(object);
        for (int i = 0; i < used; i++) clear(&slots[i]);
    }
    if (type->clear) type->clear(object);
    for (const size_t *offset = type->refs; offset && *offset != REFS_END; offset++)
        clear(ref_at(object, *offset));
}

/* ---- death ---- */

void object_free(Interp *interp, Object *object)
{
    Allocator *memory = &interp->memory;
    uint16_t cells = object->cells;
    if (__builtin_expect(cells == 0 || memory->registry, 0)) {
        cells_free(interp, object, cells);
        return;
    }
    memory->live--;
    FreeCell *cell = (FreeCell *)(void *)object;
    cell->next = memory->free[cells];
    memory->free[cells] = cell;
}

/* Puts object on the list of those to be dropped later; false: no memory for that. */
static bool drop_later(Drops *drops, Object *object)
{
    if (drops->count == drops->capacity) {
        int capacity = drops->capacity ? drops->capacity * 2 : 256;
        Object **objects = realloc(drops->objects, (size_t)capacity * sizeof *objects);
        if (!objects) return false;
        drops->objects = objects;
        drops->capacity = capacity;
    }
    drops->objects[drops->count++] = object;
    return true;
}

/* What may have to happen before object goes: its finaliser, weak references.  false: it lives on.
 */
static bool last_rites(Interp *interp, Object *object)
{
    Vm *vm = interp->running ? interp->running : &interp->main;
    bool finalizer =
        !(object->flags & (OBJ_FINALIZED | OBJ_CLEARED)) && object_has_finalizer(object);
    if (finalizer && !object_finalize(vm, object)) return false;
    if (object->flags & OBJ_WEAKREFS) weakrefs_clear(vm, object);
    return true;
}

/* Everything but the depth. */
static void drop_now(Interp *interp, Object *object)
{
    Shape *shape = object->shape;
    bool plain = shape->drop != DROP_FULL && !(object->flags & OBJ_WEAKREFS) &&
                 !(shape->type->flags & TYPE_HAS_DEL);
    if (!plain && !last_rites(interp, object)) return;
    object->flags |= OBJ_DEAD;
    if (object->flags & OBJ_CONTAINER && ((Container *)object)->candidate)
        collector_forget(interp->collector, (Container *)object);
    object_clear(object);
    if (object->kind == KIND_TYPE) {
        shapes_retire((Type *)object);
        type_release((Type *)object);
    }
    Type *class = object->flags & OBJ_SUBCLASS ? object->shape->type : NULL;
    object_free(interp, object);
    decref_object(class);
}

/* Has object no more to it than what the type's clear drops, weak references and a place among the
 * collector's candidates included? */
static inline bool is_bare(const Object *object, const Shape *shape)
{
    return shape->drop == DROP_CLEAR && !(object->flags & OBJ_WEAKREFS) &&
           (!(object->flags & OBJ_CONTAINER) || ((const Container *)object)->candidate == 0);
}

/* Of an object that owns something, or that somebody knows of. */
static __attribute__((noinline)) void drop_owner(Object *object)
{
    const Shape *shape = object->shape;
    Interp *interp = shape->interp;
    bool bare = is_bare(object, shape);
    Drops *drops = &interp->memory.drops;
    if (drops->depth >= DROP_DEPTH && drop_later(drops, object)) return;
    drops->depth++;
    if (bare) {
        if (!(object->flags & OBJ_CLEARED)) {
            object->flags |= OBJ_DEAD | OBJ_CLEARED;
            shape->type->clear(object);
        }
        object_free(interp, object);
    } else {
        drop_now(interp, object);
    }
    if (drops->depth == 1)
        while (drops->count > 0) drop_now(interp, drops->objects[--drops->count]);
    drops->depth--;
}

void object_drop(Object *object)
{
    const Shape *shape = object->shape;
    uint8_t flags = object->flags;
    bool owns = shape->drop < DROP_CLEAR || (shape->drop == DROP_CLEAR && !(flags & OBJ_CLEARED));
    if (!owns && !(flags & (OBJ_WEAKREFS | OBJ_CONTAINER))) object_free(shape->interp, object);
    else drop_owner(object);
}

/* ---- the report ---- */

enum { REPORT_TYPES = 512 };
typedef struct Report {
    struct {
        const Type *type;
        size_t count;
    } rows[REPORT_TYPES];
    int len;
    size_t total;
} Report;

static void report_count(Object *object, void *context)
{
    Report *report = context;
    int i = 0;
    if (object->count >= IMMORTAL / 2) return;
    report->total++;
    while (i < report->len && report->rows[i].type != object->shape->type) i++;
    if (i == REPORT_TYPES) return;
    if (i == report->len) report->rows[report->len++].type = object->shape->type;
    report->rows[i].count++;
}

/* The first line.  A program whose allocations fail may be a test that compares what is written:
 * where nothing is wrong, nothing is said. */
static void report_total(const Interp *interp, size_t total, FILE *file)
{
    bool threads = interp->threads != &interp->main || interp->main.next_thread;
    if (threads) fprintf(file, "refs: threads still run, with %zu objects alive\n", total);
    else if (total || interp->memory.fail_after == -1)
        fprintf(file, "refs: %zu objects alive\n", total);
}

void objects_report(Vm *vm, FILE *file)
{
    Report *report = calloc(1, sizeof *report);
    if (!report) return;
    objects_each(vm->interp, report_count, report);
    report_total(vm->interp, report->total, file);
    for (int shown = 0; shown < report->len; shown++) {
        int most = 0;
        for (int i = 1; i < report->len; i++)
            if (report->rows[i].count > report->rows[most].count) most = i;
        if (report->rows[most].count == 0) break;
        const Type *type = report->rows[most].type;
        fprintf(file, "  %8zu %s%s\n", report->rows[most].count, type->def->name,
                type->flags & TYPE_HEAP ? " (subclass)" : "");
        report->rows[most].count = 0;
    }
    free(report);
}

/* ---- for the collector ---- */

Interp *object_interp(const Object *object) { return object->shape->interp; }

bool object_has_finalizer(const Object *object)
{
    const Type *type = object->shape->type;
    return (type->flags & TYPE_HAS_DEL) ||
           (type->def->needs_finalizer && type->def->needs_finalizer((Object *)(uintptr_t)object));
}

bool object_is_boundary(const Object *object)
{
    return object->kind == KIND_TYPE || object->kind == KIND_MODULE || object->kind == KIND_CODE ||
           (object->kind == KIND_DICT && (((const Container *)object)->aux & DICT_OF_MODULE));
}
