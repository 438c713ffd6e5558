/* gcwalk.h - every container that an interpreter can reach. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_GCWALK_H
#define AIO_MODULES_GCWALK_H

#include "memory/vm.h"

typedef struct HeapWalk {
    Object **objects; /* containers, borrowed: valid while no script code runs */
    ptrdiff_t len, capacity;
    Object **table; /* the same as a set: open addressing, NULL free */
    ptrdiff_t slots;
    bool good;
} HeapWalk;

/* Fills walk (heap_walk_end frees it, also after false: out of memory, raised).  young: only the
 * collector's candidates, not what they and the interpreter refer to. */
bool heap_walk(Vm *vm, HeapWalk *walk, bool young);
void heap_walk_end(HeapWalk *walk);

#endif
