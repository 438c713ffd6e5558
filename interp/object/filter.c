/* filter.c - filter(function, iterable): the items for which function(item) is true.
 *
 * Neighbours: map.c, iter.c. */
/* SPDX-License-Identifier: MIT */
#include "object/call.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/native.h"
#include "object/number.h"
#include "object/tuple.h"

typedef struct Filter {
    Container head;
    Ref function, iter;
} Filter; /* function NONE: the item's own truth */

static Filter *as_filter(Value v) { return (Filter *)as_object(v); }

NATIVE(filter_make, "new(cls, function, iterable, /)",
       "Return an iterator over the items for which function(item) is true; None stands for bool.")
{
    Ref iter = iter_of(vm, argv[2]);
    Filter *self = failed(iter) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(iter);
        return FAIL;
    }
    self->function = newref(argv[1]);
    self->iter = iter;
    return from_object(self);
}

static Truth passes(Vm *vm, Value function, Value item)
{
    if (is_none(function) || function == borrow(type_builtin(vm, KIND_BOOL)))
        return value_truth(vm, item);
    Ref answer = call1(vm, function, item);
    if (failed(answer)) return FAILED;
    Truth truth = value_truth(vm, answer);
    decref(answer);
    return truth;
}

static Ref filter_next(Vm *vm, Value v)
{
    Ref function = newref(as_filter(v)->function), iter = newref(as_filter(v)->iter), item;
    for (;;) {
        item = iter_step(vm, iter);
        if (failed(item) || absent(item)) break;
        Truth truth = passes(vm, function, item);
        if (truth == YES) break;
        decref(item);
        if (truth == NO) continue;
        item = iter_end(vm);
        break;
    }
    decref(function);
    decref(iter);
    return item;
}

NATIVE(filter_reduce, "__reduce__(self, /)",
       "How to make it again: its type, function and iterator.")
{
    Filter *self = as_filter(argv[0]);
    Ref args = tuple_pack(vm, 2, (Value)self->function, (Value)self->iter);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

static const Native *const filter_methods[] = {&filter_reduce_def, NULL};

const TypeDef filter_type = {
    .name = "filter",
    .doc = "The items of an iterable for which a function is true.",
    .size = sizeof(Filter),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Filter, function), REF(Filter, iter)),
    .new = &filter_make_def,
    .iter = iter_self,
    .next = filter_next,
    .methods = filter_methods,
};
