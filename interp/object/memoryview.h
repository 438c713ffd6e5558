/* memoryview.h - a window on another object's bytes, seen as an array of items. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_MEMORYVIEW_H
#define AIO_OBJECT_MEMORYVIEW_H

#include "object/bytes.h"

typedef struct MemoryView {
    Object head;
    int64_t hash;          /* 0: not computed yet */
    Buffer buffer;         /* what was got from the object; owner UNDEF once released */
    Ref object;            /* the object that was asked */
    char *start;           /* the first item */
    ptrdiff_t count, step; /* items; bytes from one to the next, may be negative */
    char format[4];        /* one struct-module letter, perhaps after '@' */
    ptrdiff_t item_size;
    ptrdiff_t row_size; /* bytes of what the first index picks; item_size in one dimension */
    int dimensions;     /* 0: one item; then count is 1 */
    Ref inner;          /* tuple: the lengths of the dimensions after the first, one for each; what
                         * they hold lies together in C order.  UNDEF: there are none */
    bool readonly, released;
    ptrdiff_t exports; /* buffers out: cannot be released */
} MemoryView;

static inline bool is_memoryview(Value v) { return is_kind(v, KIND_MEMORYVIEW); }
static inline MemoryView *as_memoryview(Value v) { return (MemoryView *)(void *)as_object(v); }
Ref memoryview_of(Vm *vm, Value object);

#endif
