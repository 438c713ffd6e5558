/* iter.h - iteration. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_ITER_H
#define AIO_OBJECT_ITER_H

#include "object/list.h"
#include "object/range.h"

Ref iter_of(Vm *vm, Value iterable);   /* iter(x); "'int' object is not iterable" */
Ref iter_next(Vm *vm, Value iterator); /* UNDEF at the end */
/* Calls each(vm, item, context) for every item; stops when it returns false (raised). Lists and
 * tuples go fast. */
bool iterate(Vm *vm, Value iterable, bool (*each)(Vm *vm, Value item, void *context),
             void *context);
ptrdiff_t iter_length_hint(Vm *vm, Value iterable,
                           ptrdiff_t otherwise); /* never raises for missing hints; -1: raised */
Ref list_from(Vm *vm, Value iterable);           /* new list */
Ref tuple_from(Vm *vm, Value iterable); /* tuple (the same one when it is exactly a tuple) */
Ref iter_self(Vm *vm, Value self);      /* the iter slot of an iterator */
Ref iter_callable(Vm *vm, Value callable, Value sentinel); /* iter(callable, sentinel) */
/* Takes a propagating StopIteration away: UNDEF (the end); FAIL when it is another exception. */
Ref iter_end(Vm *vm);
bool is_iterator(const Vm *vm, Value v);

Ref iter_next_held(Vm *vm, Value iterator);
/* As iter_next, but the iterator is held while it runs, and those of lists and ranges run here. */
static inline Ref iter_step(Vm *vm, Value iterator)
{
    if (is_kind(iterator, KIND_LIST_ITER)) {
        ListIter *walk = (ListIter *)as_object(iterator);
        if (!absent(walk->list) && walk->next < as_list(walk->list)->len)
            return newref(as_list(walk->list)->items[walk->next++]);
    } else if (is_kind(iterator, KIND_RANGE_ITER)) {
        RangeIter *range = (RangeIter *)as_object(iterator);
        if (range->left <= 0) return UNDEF;
        range->left--;
        range->next += range->step;
        return from_small(range->next - range->step);
    }
    return iter_next_held(vm, iterator);
}

#endif
