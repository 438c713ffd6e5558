/* tuple.h - an immutable array of values. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TUPLE_H
#define AIO_OBJECT_TUPLE_H

#include "object/type.h"

typedef struct Tuple {
    Container head;
    ptrdiff_t len;
    Ref items[];
} Tuple;

/* tuple UNDEF: exhausted. */
typedef struct TupleIter {
    Container head;
    Ref tuple;
    ptrdiff_t next;
} TupleIter;

static inline bool is_tuple(Value v) { return is_kind(v, KIND_TUPLE); }
static inline Tuple *as_tuple(Value v) { return (Tuple *)as_object(v); }
static inline Value tuple_at(Value tuple, ptrdiff_t i)
{
    return as_tuple(tuple)->items[i];
} /* borrowed, unchecked */
static inline ptrdiff_t tuple_len(Value tuple) { return as_tuple(tuple)->len; }

Ref tuple_new(Vm *vm, ptrdiff_t len); /* items UNDEF: fill at once.  len 0: the empty tuple */
Ref tuple_from_values(Vm *vm, ptrdiff_t len, Value *items);
Ref tuple_from_refs(Vm *vm, ptrdiff_t len, Ref *items); /* steals the items, also when it fails */
Ref tuple_pack(Vm *vm, int len, ...);                   /* of Value, borrowed */
Ref tuple_anew(Vm *vm, ptrdiff_t len, Ref *kept);
/* As tuple_new, for an iterator: what it gave last (*kept) over again when nobody else has that.
 * The items of that are still there: to be replaced. */
static inline Ref tuple_again(Vm *vm, ptrdiff_t len, Ref *kept)
{
    if (is_heap(*kept) && as_object(*kept)->count == 1) return newref(*kept);
    return tuple_anew(vm, len, kept);
}
Ref tuple_slice(Vm *vm, Value tuple, ptrdiff_t start, ptrdiff_t end); /* 0 <= start <= end <= len */
Ref tuple_iter_next(Vm *vm, Value self); /* the next slot of TUPLE_ITER */

#endif
