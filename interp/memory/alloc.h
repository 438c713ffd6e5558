/* alloc.h - memory for objects: size-class free lists over the system allocator.
 *
 * Sizes are rounded up to 16-byte cells; up to CELLS_MAX cells come from free lists cut from
 * 64 KiB slabs, the rest from malloc.  CONFIG=asan and tsan send everything to malloc. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MEMORY_ALLOC_H
#define AIO_MEMORY_ALLOC_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "memory/ref.h"

#if (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)) && !defined(AIO_SYSTEM_MALLOC)
#define AIO_SYSTEM_MALLOC 1
#endif
#if defined(__has_feature) && !defined(AIO_SYSTEM_MALLOC)
#if __has_feature(address_sanitizer)
#define AIO_SYSTEM_MALLOC 1
#endif
#endif

#define CELL_BYTES 16
#define CELLS_MAX  64

typedef struct FreeCell {
    struct FreeCell *next;
} FreeCell;

/* The nested drops of a thread, and the objects whose drop was put off because they are many. */
typedef struct Drops {
    int depth, count, capacity;
    Object **objects;
} Drops;

typedef struct Allocator {
    FreeCell *free[CELLS_MAX + 1]; /* by size in cells */
    char *slab_next, *slab_end;    /* uncut part of the newest slab */
    struct Slab *slabs;
    int64_t fail_after;        /* AIO_DEBUG=oom=N: how many go well first; -1: all */
    int64_t live;              /* objects alive */
    bool watch;                /* the fast path is closed: fail_after or registry is in use */
    struct Registry *registry; /* AIO_DEBUG=refs: every live object; NULL: off */
    Drops drops;               /* of the thread that runs; the others' are in their Vms */
} Allocator;

/* Once a process: takes what every start touches from the system in one call, rather than by a page
 * fault a page, and keeps a heap that has shrunk for a while: it will grow again. */
void heap_prepare(void);

/* Prepares interp's allocator, zeroed before; registry: remember every live object
 * (AIO_DEBUG=refs); fail_after as above; sites: AIO_DEBUG=sites' file, or -1. */
void allocator_open(Interp *interp, bool registry, int64_t fail_after, int sites);
/* Frees all slabs: nothing allocated may be used any more. */
void allocator_close(Interp *interp);

/* Memory for an object of size_bytes, not cleared; *cells: what Object.cells must be.  NULL:
 * MemoryError raised. */
void *cells_new(Vm *vm, size_t size_bytes, uint16_t *cells);
void cells_free(Interp *interp, void *memory, uint16_t cells);

/* Raises MemoryError; object/error.c. */
Ref throw_no_memory(Vm *vm);

/* A new object of size_bytes: header set (count 1, flags and kind from shape's type), the rest
 * zeroed. NULL with MemoryError raised when memory is out. */
void *object_new(Vm *vm, Shape *shape, size_t size_bytes);
/* The same of an object that is filled at once: only the first head_bytes and the last 16 bytes
 * are zeroed. */
void *object_new_open(Vm *vm, Shape *shape, size_t size_bytes, size_t head_bytes);

/* Gives the memory of a dropped object back. */
void object_free(Interp *interp, Object *object);

/* Calls each() for all live objects; only with the registry on. */
void objects_each(Interp *interp, void (*each)(Object *object, void *context), void *context);
/* Counts of the live objects by type, most first (AIO_DEBUG=refs). */
void objects_report(Vm *vm, FILE *file);

/* Raw memory owned by objects (list storage, hash tables), aligned to 8 bytes: cells or malloc,
 * with MemoryError and oom=N.  Only with the interpreter lock. */
void *memory_new(Vm *vm, size_t size_bytes); /* uninitialised */
void *memory_zeroed(Vm *vm, size_t size_bytes);
void *memory_resize(Vm *vm, void *memory,
                    size_t size_bytes); /* NULL on failure, memory stays valid */
void memory_free(void *memory);

#endif
