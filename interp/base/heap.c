/* heap.c - a binary min-heap.
 *
 * Invariant: items[i] is not after items[(i - 1) / 2].  Order is total because serials differ, so
 * what comes out does not depend on the shape of the tree. Neighbours: heap.h. */
/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <stdlib.h>

static inline bool is_before(HeapItem a, HeapItem b)
{
    return a.key != b.key ? a.key < b.key : a.serial < b.serial;
}

static void sift_up(Heap *heap, size_t i, HeapItem item)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!is_before(item, heap->items[parent])) break;
        heap->items[i] = heap->items[parent];
        i = parent;
    }
    heap->items[i] = item;
}

static void sift_down(Heap *heap, size_t i, HeapItem item)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->len) break;
        if (child + 1 < heap->len && is_before(heap->items[child + 1], heap->items[child])) child++;
        if (!is_before(heap->items[child], item)) break;
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = item;
}

uint64_t heap_push(Heap *heap, int64_t key, uintptr_t item)
{
    if (heap->len == heap->capacity) {
        size_t capacity = heap->capacity ? heap->capacity * 2 : 16;
        HeapItem *items = realloc(heap->items, capacity * sizeof *items);
        if (!items) return 0;
        heap->items = items;
        heap->capacity = capacity;
    }
    HeapItem added = {key, ++heap->last_serial, item};
    sift_up(heap, heap->len++, added);
    return added.serial;
}

HeapItem heap_pop(Heap *heap)
{
    HeapItem least = heap->items[0];
    HeapItem last = heap->items[--heap->len];
    if (heap->len) sift_down(heap, 0, last);
    return least;
}

void heap_filter(Heap *heap, bool (*keep)(HeapItem item, void *context), void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < heap->len; i++)
        if (keep(heap->items[i], context)) heap->items[kept++] = heap->items[i];
    heap->len = kept;
    for (size_t i = kept / 2; i-- > 0;) sift_down(heap, i, heap->items[i]);
}

void heap_close(Heap *heap)
{
    free(heap->items);
    *heap = (Heap){0};
}
