/* map.c - map(function, *iterables, strict=False): what the function returns for each step.
 *
 * Neighbours: zip.c (the walk), filter.c. */
/* SPDX-License-Identifier: MIT */
#include "object/call.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/native.h"
#include "object/number.h"
#include "object/tuple.h"
#include "object/zip.h"

typedef struct Map {
    Container head;
    Ref function, iters;
    bool strict;
} Map; /* iters: tuple; UNDEF: exhausted */

enum { FEW = 8 }; /* iterables whose items fit on the C stack */

static Map *as_map(Value v) { return (Map *)as_object(v); }

NATIVE(map_make, "new(cls, function=?, /, *iterables, strict=False)",
       "Return an iterator over function(item, ...) with one item from each iterable, until the "
       "shortest ends.\n"
       "With strict=True, raises ValueError when they do not end together.")
{
    if (tuple_len(argv[2]) == 0)
        return throw(vm, TypeError, "map() must have at least two arguments.");
    Truth strict = value_truth(vm, argv[3]);
    if (strict == FAILED) return FAIL;
    Ref iters = zip_iterators(vm, argv[2]);
    Map *self = failed(iters) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(iters);
        return FAIL;
    }
    self->function = newref(argv[1]);
    self->iters = iters;
    self->strict = strict;
    return from_object(self);
}

/* One step with the iterators and the function held by the caller. */
static Ref map_step(Vm *vm, Value function, Value iters, bool strict)
{
    Ref few[FEW], *items = few;
    ptrdiff_t len = tuple_len(iters);
    if (len > FEW) {
        items = memory_new(vm, len * sizeof(Ref));
        if (!items) return FAIL;
    }
    for (ptrdiff_t i = 0; i < len; i++) items[i] = UNDEF;
    Truth more = zip_step(vm, iters, strict, "map", items);
    Ref out = more == NO ? UNDEF : FAIL;
    if (more == YES) {
        out = call(vm, function, (int)len, as_values(items));
        for (ptrdiff_t i = 0; i < len; i++) decref(items[i]);
        if (failed(out)) out = iter_end(vm); /* StopIteration from the function ends the map */
    }
    if (items != few) memory_free(items);
    return out;
}

static Ref map_next(Vm *vm, Value v)
{
    Map *self = as_map(v);
    if (absent(self->iters)) return UNDEF;
    Ref function = newref(self->function), iters = newref(self->iters), out;
    if (tuple_len(iters) == 1) {
        Ref item = iter_step(vm, tuple_at(iters, 0));
        out = item;
        if (!failed(item) && !absent(item)) {
            out = call1(vm, function, item);
            decref(item);
            if (failed(out)) out = iter_end(vm);
        }
    } else {
        out = map_step(vm, function, iters, self->strict);
    }
    decref(function);
    decref(iters);
    return out;
}

NATIVE(map_reduce, "__reduce__(self, /)", "How to make it again: its type, function and iterators.")
{
    Map *self = as_map(argv[0]);
    ptrdiff_t count = absent(self->iters) ? 0 : tuple_len(self->iters);
    Ref args = tuple_new(vm, count + 1);
    if (failed(args)) return FAIL;
    as_tuple(args)->items[0] = newref(self->function);
    for (ptrdiff_t n = 0; n < count; n++)
        as_tuple(args)->items[n + 1] = newref(tuple_at(self->iters, n));
    Value type = borrow(type_of(vm, argv[0]));
    Ref out = self->strict ? tuple_pack(vm, 3, type, (Value)args, TRUE)
                           : tuple_pack(vm, 2, type, (Value)args);
    decref(args);
    return out;
}
NATIVE(map_setstate, "__setstate__(self, state, /)", "Set whether it is strict.")
{
    Truth strict = value_truth(vm, argv[1]);
    if (strict == FAILED) return FAIL;
    as_map(argv[0])->strict = strict == YES;
    return NONE;
}

static const Native *const map_methods[] = {&map_reduce_def, &map_setstate_def, NULL};

const TypeDef map_type = {
    .name = "map",
    .doc =
        "What a function returns for each item of an iterable, or for one item of each of several.",
    .size = sizeof(Map),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Map, function), REF(Map, iters)),
    .new = &map_make_def,
    .iter = iter_self,
    .next = map_next,
    .methods = map_methods,
};
