/* pairs.h - iterators whose items are pairs: enumerate, zip of two, items of a dict.
 *
 * A loop that takes each pair apart at once gets the two items; the tuple is not made. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_PAIRS_H
#define AIO_OBJECT_PAIRS_H

#include "object/tuple.h"

/* Each: YES and the next two items, owned; NO at the end; FAILED. */
Truth enumerate_pair(Vm *vm, Value enumerate, Ref pair[2]);
Truth zip_pair(Vm *vm, Value zip, Ref pair[2]);
Truth dict_item_pair(Vm *vm, Value iterator, Ref pair[2]);
bool zip_is_of_two(Value zip);

static inline bool iterates_pairs(Value v)
{
    return is_exact(v, KIND_ENUMERATE) || is_kind(v, KIND_DICT_ITEM_ITER) ||
           (is_exact(v, KIND_ZIP) && zip_is_of_two(v));
}
/* The next pair of an iterator that iterates_pairs. */
static inline Truth iter_pair(Vm *vm, Value v, Ref pair[2])
{
    return is_kind(v, KIND_ENUMERATE) ? enumerate_pair(vm, v, pair)
           : is_kind(v, KIND_ZIP)     ? zip_pair(vm, v, pair)
                                      : dict_item_pair(vm, v, pair);
}
/* What such an iterator's `next` answers: the pair as a tuple; kept: the last one given. */
Ref pair_tuple(Vm *vm, Truth found, Ref pair[2], Ref *kept);

#endif
