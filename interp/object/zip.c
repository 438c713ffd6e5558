/* zip.c - zip(*iterables, strict=False): tuples of one item from each, until the shortest ends.
 *
 * Neighbours: map.c (which walks its iterables the same way: zip_step), enumerate.c. */
/* SPDX-License-Identifier: MIT */
#include "object/zip.h"

#include "object/error.h"
#include "object/iter.h"
#include "object/native.h"
#include "object/number.h"
#include "object/pairs.h"

typedef struct Zip {
    Container head;
    Ref iters;
    Ref kept; /* the last tuple given */
    bool strict;
} Zip; /* iters: tuple; UNDEF: exhausted */

static Zip *as_zip(Value v) { return (Zip *)as_object(v); }

Ref zip_iterators(Vm *vm, Value iterables)
{
    ptrdiff_t len = tuple_len(iterables);
    Ref iters = tuple_new(vm, len);
    if (failed(iters)) return FAIL;
    for (ptrdiff_t i = 0; i < len; i++) {
        Ref iter = iter_of(vm, tuple_at(iterables, i));
        if (failed(iter)) {
            decref(iters);
            return FAIL;
        }
        as_tuple(iters)->items[i] = iter;
    }
    return iters;
}

/* "argument 2 is shorter than argument 1", "... than arguments 1-2" */
static void throw_unequal(Vm *vm, const char *name, ptrdiff_t i, const char *how)
{
    if (i == 1) throw(vm, ValueError, "%s() argument 2 is %s than argument 1", name, how);
    else throw(vm, ValueError, "%s() argument %zd is %s than arguments 1-%zd", name, i + 1, how, i);
}

/* Iterator i > 0 has ended (i == 0: the others must have, too). */
static bool check_strict(Vm *vm, Value iters, ptrdiff_t ended, const char *name)
{
    if (ended > 0) {
        throw_unequal(vm, name, ended, "shorter");
        return false;
    }
    for (ptrdiff_t i = 1; i < tuple_len(iters); i++) {
        Ref item = iter_next(vm, tuple_at(iters, i));
        if (failed(item)) return false;
        if (absent(item)) continue;
        decref(item);
        throw_unequal(vm, name, i, "longer");
        return false;
    }
    return true;
}

Truth zip_step(Vm *vm, Value iters, bool strict, const char *name, Ref *items)
{
    ptrdiff_t len = tuple_len(iters);
    for (ptrdiff_t i = 0; i < len; i++) {
        Ref item = iter_step(vm, tuple_at(iters, i));
        if (!failed(item) && !absent(item)) {
            replace(&items[i], item);
            continue;
        }
        for (ptrdiff_t k = 0; k < len; k++) clear(&items[k]);
        if (failed(item)) return FAILED;
        return strict && !check_strict(vm, iters, i, name) ? FAILED : NO;
    }
    return YES;
}

NATIVE(zip_make, "new(cls, /, *iterables, strict=False)",
       "Return an iterator over tuples of one item from each iterable, until the shortest ends.\n"
       "With strict=True, raises ValueError when they do not end together.")
{
    Truth strict = value_truth(vm, argv[2]);
    if (strict == FAILED) return FAIL;
    Ref iters = zip_iterators(vm, argv[1]);
    Zip *self = failed(iters) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(iters);
        return FAIL;
    }
    self->iters = iters;
    self->strict = strict;
    return from_object(self);
}

/* The next items, into as many places as there are iterators. */
static Truth next_items(Vm *vm, Zip *self, Ref *items)
{
    Ref iters = newref(self->iters);
    Truth more = zip_step(vm, iters, self->strict, "zip", items);
    decref(iters);
    if (more == NO) {
        clear(&self->iters);
        clear(&self->kept);
    }
    return more;
}

static Ref zip_next(Vm *vm, Value v)
{
    Zip *self = as_zip(v);
    if (absent(self->iters) || tuple_len(self->iters) == 0) return UNDEF;
    if (self->kept == NONE && tuple_len(self->iters) == 2) { /* each is a new one */
        Ref pair[2] = {UNDEF, UNDEF};
        Truth found = next_items(vm, self, pair);
        return found == YES ? tuple_from_refs(vm, 2, pair) : found == NO ? UNDEF : FAIL;
    }
    Ref out = tuple_again(vm, tuple_len(self->iters), &self->kept);
    if (failed(out)) return FAIL;
    Truth more = next_items(vm, self, as_tuple(out)->items);
    if (more == YES) return out;
    decref(out);
    return more == NO ? UNDEF : FAIL;
}

bool zip_is_of_two(Value zip)
{
    return !absent(as_zip(zip)->iters) && tuple_len(as_zip(zip)->iters) == 2;
}
Truth zip_pair(Vm *vm, Value zip, Ref pair[2])
{
    pair[0] = pair[1] = UNDEF;
    return next_items(vm, as_zip(zip), pair);
}

NATIVE(zip_reduce, "__reduce__(self, /)", "How to make it again: its type and iterators.")
{
    Zip *self = as_zip(argv[0]);
    Value iters = absent(self->iters) ? (Value)vm->interp->empty_tuple : (Value)self->iters;
    Value type = borrow(type_of(vm, argv[0]));
    return self->strict ? tuple_pack(vm, 3, type, iters, TRUE) : tuple_pack(vm, 2, type, iters);
}
NATIVE(zip_setstate, "__setstate__(self, state, /)", "Set whether it is strict.")
{
    Truth strict = value_truth(vm, argv[1]);
    if (strict == FAILED) return FAIL;
    as_zip(argv[0])->strict = strict == YES;
    return NONE;
}

static const Native *const zip_methods[] = {&zip_reduce_def, &zip_setstate_def, NULL};

const TypeDef zip_type = {
    .name = "zip",
    .doc = "Tuples of one item from each iterable.",
    .size = sizeof(Zip),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Zip, iters), REF(Zip, kept)),
    .new = &zip_make_def,
    .iter = iter_self,
    .next = zip_next,
    .methods = zip_methods,
};
