/* setop.h - union, intersection, difference of sets. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_SETOP_H
#define AIO_OBJECT_SETOP_H

#include "object/set.h"

/* New sets of a's kind; other is any iterable. */
Ref set_union(Vm *vm, Set *a, Value other);
Ref set_intersection(Vm *vm, Set *a, Value other);
Ref set_difference(Vm *vm, Set *a, Value other);
Ref set_symmetric_difference(Vm *vm, Set *a, Value other);

/* In place. */
bool set_intersection_update(Vm *vm, Set *set, Value other);
bool set_difference_update(Vm *vm, Set *set, Value other);
bool set_symmetric_difference_update(Vm *vm, Set *set, Value other);

Truth set_is_subset(Vm *vm, Set *a, Value other);
Truth set_is_superset(Vm *vm, Set *a, Value other);
Truth set_is_disjoint(Vm *vm, Set *a, Value other);

#endif
