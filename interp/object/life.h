/* life.h - the birth of objects that come and go in great numbers, as code to be inlined.
 *
 * Everybody else calls object_new or object_new_open (memory/alloc.h), which are made of this.
 * Neighbours: life.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_LIFE_H
#define AIO_OBJECT_LIFE_H

#include "memory/alloc.h"
#include "object/shape.h"

enum { CELLS_FEW = 16 };
typedef uint64_t CellWords __attribute__((vector_size(CELL_BYTES)));

/* Few cells are zeroed in place: the empty asm keeps the compiler from taking string instructions
 * or calling memset() for them, which takes longer. */
static inline void zero_cells(void *memory, size_t count)
{
    if (count > CELLS_FEW) {
        memset(memory, 0, count * CELL_BYTES);
        return;
    }
    for (CellWords *cell = memory, *end = cell + count; cell < end; cell++) {
        *cell = (CellWords){0};
        __asm__("" : "+r"(cell));
    }
}

/* A free cell run of that size, not zeroed; NULL: there is none, or somebody counts them. */
static inline Object *cells_reuse(Allocator *memory, size_t cells)
{
    if (__builtin_expect(cells > CELLS_MAX || !memory->free[cells] || memory->watch, 0))
        return NULL;
    FreeCell *cell = memory->free[cells];
    memory->free[cells] = cell->next;
    memory->live++;
    return (Object *)(void *)cell;
}

/* The header of a new object of shape. */
static inline void *object_begin(Object *object, Shape *shape, size_t cells)
{
    memcpy(object, &shape->head, sizeof shape->head);
    object->cells = (uint16_t)cells;
    object->shape = shape;
    return object;
}

/* A new object of a builtin type whose every field the caller sets at once: nothing but the header
 * is.  NULL with MemoryError raised when memory is out. */
ALWAYS_INLINE void *object_new_raw(Vm *vm, Shape *shape, size_t size_bytes)
{
    size_t cells = (size_bytes + CELL_BYTES - 1) / CELL_BYTES;
    Object *object = cells_reuse(&vm->interp->memory, cells);
    if (__builtin_expect(!object, 0)) return object_new_open(vm, shape, size_bytes, sizeof *object);
    return object_begin(object, shape, cells);
}

/* object_new of a builtin type. */
ALWAYS_INLINE void *object_new_inline(Vm *vm, Shape *shape, size_t size_bytes)
{
    size_t cells = (size_bytes + CELL_BYTES - 1) / CELL_BYTES;
    Object *object = cells_reuse(&vm->interp->memory, cells);
    if (__builtin_expect(!object, 0)) return object_new(vm, shape, size_bytes);
    zero_cells(object, cells);
    return object_begin(object, shape, cells);
}

#endif
