/* alloc.c - cells for objects and raw memory.
 *
 * Memory for objects comes in cells of 16 bytes: a size class is a number of cells, its free list
 * is LIFO, so that what was just freed (and is in the cache) is used next.  Fresh cells are cut
 * from slabs, which are given back only at the end.  An object above CELLS_MAX cells is malloc'd
 * (cells 0). Neighbours: alloc.h, object/life.c (object_new, object_free). */
/* SPDX-License-Identifier: MIT */
#include "memory/alloc.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory/gc.h"
#include "memory/vm.h"

#define SLAB_BYTES       (64 * 1024)
#define HEAP_START_BYTES (384 * 1024)
#define MAPPED_BYTES     (32 * 1024 * 1024) /* blocks from here on are maps of their own */
#define BLOCK_MAX        ((size_t)1 << 39)  /* bytes: more is refused without asking the system */

struct Slab {
    struct Slab *next;
    uint64_t pad;
};
typedef struct Slab Slab;

/* A place that allocates, AIO_DEBUG=sites=FILE: the calls that lead there, as a number. */
typedef struct Site {
    uint64_t calls; /* 0: the slot is free */
    int64_t count;  /* allocations seen there */
} Site;

enum { SITES_MAX = 1 << 16, SITE_CALLS = 12 };

/* What debugging needs.  The live objects, AIO_DEBUG=refs: a set of pointers, open addressing. */
struct Registry {
    Object **slots;
    size_t size, used; /* used counts tombstones too */
    Site *sites;       /* SITES_MAX of them, open addressing; NULL: not wanted */
    int sites_file;    /* a descriptor */
    int64_t allocations;
};

static char registry_gone;
#define GONE ((Object *)(void *)&registry_gone)

/* ---- failing on purpose ---- */

#ifndef NDEBUG
extern const char __executable_start[], etext[]; /* the linker's: where the program's code lies */
#endif

/* The innermost calls of the program's own code as a number that is the same in each run (where
 * the C library lies differs); from the frame pointers, so in a build without them it is 0. */
static uint64_t innermost_calls(void)
{
    uint64_t calls = 0;
#ifndef NDEBUG
    uintptr_t *frame = __builtin_frame_address(0);
    for (int i = 0; i < SITE_CALLS; i++) {
        uintptr_t *outer = (uintptr_t *)frame[0];
        if (frame[1] - (uintptr_t)__executable_start >= (uintptr_t)(etext - __executable_start))
            break;
        calls = (calls ^ (frame[1] - (uintptr_t)&registry_gone)) * UINT64_C(0x9E3779B97F4A7C15);
        if (outer <= frame || outer > frame + 16 * 1024) break; /* a foreign library's */
        frame = outer;
    }
#endif
    return calls;
}

/* AIO_DEBUG=sites=FILE: writes the number N of the allocation, as oom=N wants it, and its place:
 * for the first, the second and the eighth one there. */
static void note_site(struct Registry *registry)
{
    uint64_t calls = innermost_calls();
    size_t at = calls & (SITES_MAX - 1);
    int64_t number = registry->allocations++;
    for (size_t tries = 0; registry->sites[at].calls && registry->sites[at].calls != calls;
         tries++) {
        if (tries == SITES_MAX) return;
        at = (at + 1) & (SITES_MAX - 1);
    }
    Site *site = &registry->sites[at];
    site->calls = calls;
    site->count++;
    if (site->count == 1 || site->count == 2 || site->count == 8)
        dprintf(registry->sites_file, "%lld %llx\n", (long long)number, (unsigned long long)calls);
}

/* AIO_DEBUG=oom=N: is this the allocation that fails? */
static bool allocation_fails(Allocator *memory)
{
    if (memory->registry && memory->registry->sites) note_site(memory->registry);
    if (memory->fail_after < 0) return false;
    if (memory->fail_after-- > 0) return false;
    memory->fail_after = -3; /* it has failed */
    memory->watch = memory->registry != NULL;
    return true;
}

static inline bool refused(Allocator *memory, size_t size_bytes)
{
    return __builtin_expect(size_bytes > BLOCK_MAX || memory->watch, 0) &&
           (size_bytes > BLOCK_MAX || allocation_fails(memory));
}

static void *exhausted(Vm *vm)
{
    throw_no_memory(vm);
    return NULL;
}

/* ---- the registry ---- */

static size_t registry_start(const struct Registry *registry, const Object *object)
{
    return ((uintptr_t)object >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (registry->size - 1);
}

static void registry_put(struct Registry *registry, Object *object)
{
    size_t at = registry_start(registry, object);
    while (registry->slots[at] && registry->slots[at] != GONE) at = (at + 1) & (registry->size - 1);
    registry->used += registry->slots[at] == NULL;
    registry->slots[at] = object;
}

static void registry_add(struct Registry *registry, Object *object)
{
    if (registry->used * 2 >= registry->size) {
        struct Registry old = *registry;
        registry->size = old.size ? old.size * 2 : 4096;
        registry->used = 0;
        registry->slots = calloc(registry->size, sizeof *registry->slots);
        if (!registry->slots) abort(); /* a debugging aid: nothing sensible is left to do */
        for (size_t i = 0; i < old.size; i++)
            if (old.slots[i] && old.slots[i] != GONE) registry_put(registry, old.slots[i]);
        free(old.slots);
    }
    registry_put(registry, object);
}

static void registry_remove(struct Registry *registry, const void *object)
{
    size_t at = registry_start(registry, object);
    while (registry->slots[at] && registry->slots[at] != object)
        at = (at + 1) & (registry->size - 1);
    if (registry->slots[at]) registry->slots[at] = GONE;
}

void objects_each(Interp *interp, void (*each)(Object *object, void *context), void *context)
{
    const struct Registry *registry = interp->memory.registry;
    for (size_t i = 0; registry && i < registry->size; i++)
        if (registry->slots[i] && registry->slots[i] != GONE) each(registry->slots[i], context);
}

/* ---- cells ---- */

#ifndef AIO_SYSTEM_MALLOC
/* Cuts `cells` cells from the newest slab, taking a new one when it is used up. */
static void *slab_cut(Allocator *memory, size_t cells)
{
    size_t bytes = cells * CELL_BYTES;
    size_t left = (size_t)(memory->slab_end - memory->slab_next);
    if (bytes > left) {
        if (left >= CELL_BYTES) { /* the rest is one block of a smaller class */
            FreeCell *rest = (FreeCell *)(void *)memory->slab_next;
            rest->next = memory->free[left / CELL_BYTES];
            memory->free[left / CELL_BYTES] = rest;
        }
        Slab *slab = aligned_alloc(CELL_BYTES, SLAB_BYTES);
        if (!slab) return NULL;
        slab->next = memory->slabs;
        memory->slabs = slab;
        memory->slab_next = (char *)(slab + 1);
        memory->slab_end = (char *)slab + SLAB_BYTES;
    }
    void *cut = memory->slab_next;
    memory->slab_next += bytes;
    return cut;
}
#endif

void *cells_new(Vm *vm, size_t size_bytes, uint16_t *cells)
{
    Allocator *memory = &vm->interp->memory;
    if (refused(memory, size_bytes)) return exhausted(vm);
    if (vm->interp->debug & DEBUG_GCSTRESS) collector_stress(vm);
    void *block;
    *cells = 0;
#ifndef AIO_SYSTEM_MALLOC
    size_t wanted = (size_bytes + CELL_BYTES - 1) / CELL_BYTES;
    if (wanted <= CELLS_MAX) {
        *cells = (uint16_t)wanted;
        FreeCell *cell = memory->free[wanted];
        if (cell) {
            memory->free[wanted] = cell->next;
            block = cell;
        } else {
            block = slab_cut(memory, wanted);
        }
    } else
#endif
        block = malloc(size_bytes);
    if (!block) return exhausted(vm);
    memory->live++;
    if (memory->registry) registry_add(memory->registry, block);
    return block;
}

void cells_free(Interp *interp, void *block, uint16_t cells)
{
    Allocator *memory = &interp->memory;
    memory->live--;
    if (memory->registry) registry_remove(memory->registry, block);
    if (cells == 0) {
        free(block);
        return;
    }
    FreeCell *cell = block;
    cell->next = memory->free[cells];
    memory->free[cells] = cell;
}

void heap_prepare(void)
{
#ifndef AIO_SYSTEM_MALLOC
    mallopt(M_TRIM_THRESHOLD, 2 * MAPPED_BYTES);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    char *start = malloc(HEAP_START_BYTES);
    uintptr_t page = (uintptr_t)start & -(uintptr_t)sysconf(_SC_PAGESIZE);
    if (start) madvise((void *)page, HEAP_START_BYTES, MADV_POPULATE_WRITE);
    free(start);
#endif
}

void allocator_open(Interp *interp, bool registry, int64_t fail_after, int sites)
{
    Allocator *memory = &interp->memory;
    memory->fail_after = fail_after;
    if (registry || sites >= 0) memory->registry = calloc(1, sizeof *memory->registry);
    if (sites >= 0 && memory->registry) {
        memory->registry->sites = calloc(SITES_MAX, sizeof(Site));
        memory->registry->sites_file = sites;
    }
    memory->watch = fail_after >= 0 || memory->registry || (interp->debug & DEBUG_GCSTRESS);
}

void allocator_close(Interp *interp)
{
    Allocator *memory = &interp->memory;
    for (Slab *slab = memory->slabs; slab;) {
        Slab *next = slab->next;
        free(slab);
        slab = next;
    }
    free(memory->drops.objects);
    if (memory->registry) {
        free(memory->registry->slots);
        free(memory->registry->sites);
        free(memory->registry);
    }
    *memory = (Allocator){.fail_after = -1};
}

/* ---- raw memory ---- */

#ifdef AIO_SYSTEM_MALLOC
static void *block_new(Allocator *memory, size_t size_bytes)
{
    (void)memory;
    return malloc(size_bytes ? size_bytes : 1);
}
enum { HEAD_BYTES = 0 };
static size_t block_room(void *block) { return malloc_usable_size(block); }
void memory_free(void *block) { free(block); }
#else
/* A small block is cells, like an object, but for a word before it that tells where they go back:
 * the allocator and, above OWNER_BITS, how many cells.  Before a malloc'd block it is 0. */
enum { BLOCK_CELLS_MAX = 32, OWNER_BITS = 48, ORIGIN_BYTES = sizeof(uint64_t) };
/* What a malloc'd block has before it, as aligned as the C library's own blocks are. */
enum { HEAD_BYTES = CELL_BYTES };

static uint64_t *block_origin(void *block) { return (uint64_t *)block - 1; }

static inline void *block_new(Allocator *memory, size_t size_bytes)
{
    const size_t cells = (size_bytes + ORIGIN_BYTES + CELL_BYTES - 1) / CELL_BYTES;
    char *start;
    uint64_t origin = 0;
    if (cells <= BLOCK_CELLS_MAX) {
        FreeCell *cell = memory->free[cells];
        origin = (uint64_t)cells << OWNER_BITS | (uintptr_t)memory;
        if (cell) memory->free[cells] = cell->next;
        start = cell ? (char *)cell : slab_cut(memory, cells);
    } else {
        start = malloc(size_bytes + HEAD_BYTES);
        if (start) start += HEAD_BYTES - ORIGIN_BYTES;
    }
    if (!start) return NULL;
    void *block = start + ORIGIN_BYTES;
    *block_origin(block) = origin;
    return block;
}

/* How many bytes fit. */
static size_t block_room(void *block)
{
    const uint64_t origin = *block_origin(block);
    return origin ? (size_t)(origin >> OWNER_BITS) * CELL_BYTES - ORIGIN_BYTES
                  : malloc_usable_size((char *)block - HEAD_BYTES) - HEAD_BYTES;
}

void memory_free(void *block)
{
    if (!block) return;
    uint64_t *origin = block_origin(block);
    if (!*origin) {
        free((char *)block - HEAD_BYTES);
        return;
    }
    Allocator *memory = (Allocator *)(uintptr_t)(*origin & ((UINT64_C(1) << OWNER_BITS) - 1));
    FreeCell **list = &memory->free[*origin >> OWNER_BITS], *cell = (FreeCell *)(void *)origin;
    cell->next = *list;
    *list = cell;
}
#endif

/* The C library keeps freed blocks up to this size at hand, for malloc() alone: calloc() and
 * realloc() go the long way. */
enum { CACHED_BYTES = 1032 };

void *memory_new(Vm *vm, size_t size_bytes)
{
    Allocator *allocator = &vm->interp->memory;
    if (refused(allocator, size_bytes)) return exhausted(vm);
    void *block = block_new(allocator, size_bytes);
    return block ? block : exhausted(vm);
}

void *memory_zeroed(Vm *vm, size_t size_bytes)
{
    Allocator *allocator = &vm->interp->memory;
    if (refused(allocator, size_bytes)) return exhausted(vm);
    if (size_bytes > CACHED_BYTES) { /* its words before are zero, as they must be */
        char *start = calloc(1, size_bytes + HEAD_BYTES);
        return start ? start + HEAD_BYTES : exhausted(vm);
    }
    void *block = block_new(allocator, size_bytes);
    return block ? memset(block, 0, size_bytes) : exhausted(vm);
}

void *memory_resize(Vm *vm, void *block, size_t size_bytes)
{
    Allocator *allocator = &vm->interp->memory;
    if (refused(allocator, size_bytes)) return exhausted(vm);
    const size_t room = block ? block_room(block) : 0;
    if (room > CACHED_BYTES && size_bytes > CACHED_BYTES) {
        char *start = realloc((char *)block - HEAD_BYTES, size_bytes + HEAD_BYTES);
        return start ? start + HEAD_BYTES : exhausted(vm);
    }
    if (room && room >= size_bytes && room <= size_bytes * 2) return block;
    void *moved = block_new(allocator, size_bytes);
    if (!moved) return exhausted(vm);
    if (block) memcpy(moved, block, room < size_bytes ? room : size_bytes);
    memory_free(block);
    return moved;
}
