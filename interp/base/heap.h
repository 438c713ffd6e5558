/* heap.h - a binary min-heap of (key, serial, item).
 *
 * Items with equal keys come out in the order of their serials, which the heap hands out as they go
 * in. Neighbours: loop/timers.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_HEAP_H
#define AIO_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HeapItem {
    int64_t key;
    uint64_t serial;
    uintptr_t item; /* the caller's */
} HeapItem;

typedef struct Heap {
    HeapItem *items; /* items[0] is the least */
    size_t len, capacity;
    uint64_t last_serial;
} Heap;

uint64_t heap_push(Heap *heap, int64_t key,
                   uintptr_t item); /* its serial, from 1 up; 0: out of memory */
HeapItem heap_pop(Heap *heap);      /* the least; the heap is not empty */
/* Keeps the items for which keep() is true; it may not touch the heap. */
void heap_filter(Heap *heap, bool (*keep)(HeapItem item, void *context), void *context);
void heap_close(Heap *heap);

#endif
