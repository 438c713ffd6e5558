/* range.h - range objects and slices. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_RANGE_H
#define AIO_OBJECT_RANGE_H

#include "object/type.h"

typedef struct Range {
    Container head;
    Ref start, stop, step, length;
} Range; /* any ints */
typedef struct RangeIter {
    Object head;
    int64_t next, step;
    int64_t left;
} RangeIter; /* left: values still to come; all small ints */
typedef struct Slice {
    Container head;
    Ref start, stop, step;
} Slice;

static inline bool is_slice(Value v) { return is_kind(v, KIND_SLICE); }
Ref slice_new(Vm *vm, Value start, Value stop, Value step);
/* Clamps to a sequence of *len items: first index, step, and how many. false: raised.  len is read
 * last: an __index__ may change it. */
bool slice_resolve(Vm *vm, Value slice, const ptrdiff_t *len, ptrdiff_t *start, ptrdiff_t *step,
                   ptrdiff_t *count);
/* The iterator over start, start + step, ...: length of them, all small ints. */
Ref range_iter_new(Vm *vm, int64_t start, int64_t step, int64_t length);
/* iter(range(*args)), without the range; UNDEF when an argument is no small int, or the step 0. */
Ref range_iter_from(Vm *vm, int argc, const Ref *args);
/* start, stop and step through __index__, unclamped but for ptrdiff_t; absent ones as Python
 * defaults them. */
bool slice_unpack(Vm *vm, Value slice, ptrdiff_t *start, ptrdiff_t *stop, ptrdiff_t *step);
/* slice.indices(length) for any int length: three owned ints.  false: raised. */
bool slice_indices(Vm *vm, Value slice, Value length, Ref out[3]);
/* Clamps to a sequence of len items: how many items. */
ptrdiff_t slice_clamp(ptrdiff_t len, ptrdiff_t *start, ptrdiff_t *stop, ptrdiff_t step);

#endif
