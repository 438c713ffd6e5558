/* memoryview.h - a window on another object's bytes, seen as an array of items. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_MEMORYVIEW_H
#define AIO_OBJECT_MEMORYVIEW_H

#include "object/bytes.h"

typedef struct MemoryView {
    Container head;
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
    Ref lender;        /* the object whose __buffer__() gave `object`, or UNDEF: its
                        * __release_buffer__() is called when the last buffer comes back */
} MemoryView;

static inline bool is_memoryview(Value v) { return is_kind(v, KIND_MEMORYVIEW); }
static inline MemoryView *as_memoryview(Value v) { return (MemoryView *)(void *)as_object(v); }
Ref memoryview_of(Vm *vm, Value object);
/* What object.__buffer__() and __release_buffer__() do for a type in C, whose buffer is got with
 * `get`. */
Ref memoryview_from(Vm *vm, Value object, bool (*get)(Vm *, Value, Buffer *, bool), Value flags);
Ref memoryview_give_back(Vm *vm, Value view);
/* The buffer of an object whose class has a method __buffer__(). */
bool memoryview_lend(Vm *vm, Value object, Buffer *buffer, bool writable);

#endif
