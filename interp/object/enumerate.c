/* enumerate.c - enumerate(iterable, start): pairs (count, item).
 *
 * Neighbours: zip.c, iter.c. */
/* SPDX-License-Identifier: MIT */
#include "object/genericalias.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/native.h"
#include "object/number.h"
#include "object/pairs.h"

typedef struct Enumerate {
    Container head;
    Ref iter, count;
    Ref pair; /* the last one given */
} Enumerate;  /* iter UNDEF: exhausted */

static Enumerate *as_enumerate(Value v) { return (Enumerate *)as_object(v); }

NATIVE(enumerate_make, "new(cls, iterable=?, start=0)",
       "Return an iterator over (start, item), (start + 1, item) ...")
{
    if (absent(argv[1]))
        return throw(vm, TypeError, "enumerate() missing required argument 'iterable'");
    Ref count = is_int(argv[2]) ? newref(argv[2]) : int_from_index(vm, argv[2]), iter = FAIL;
    if (!failed(count)) iter = iter_of(vm, argv[1]);
    Enumerate *self = failed(iter) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(count);
        decref(iter);
        return FAIL;
    }
    self->iter = iter;
    self->count = count;
    return from_object(self);
}

Truth enumerate_pair(Vm *vm, Value v, Ref pair[2])
{
    Enumerate *self = as_enumerate(v);
    if (absent(self->iter)) return NO;
    Ref item = iter_step(vm, self->iter);
    if (failed(item)) return FAILED;
    if (absent(item)) {
        clear(&self->iter);
        clear(&self->pair);
        return NO;
    }
    bool small = is_int(self->count) && fits_small(as_int(self->count) + 1);
    Ref next =
        small ? from_small(as_int(self->count) + 1) : number_add(vm, self->count, from_small(1));
    if (failed(next)) {
        decref(item);
        return FAILED;
    }
    pair[0] = self->count;
    pair[1] = item;
    self->count = next;
    return YES;
}

static Ref enumerate_next(Vm *vm, Value v)
{
    Ref pair[2];
    return pair_tuple(vm, enumerate_pair(vm, v, pair), pair, &as_enumerate(v)->pair);
}

Ref pair_tuple(Vm *vm, Truth found, Ref pair[2], Ref *kept)
{
    if (found != YES) return found == NO ? UNDEF : FAIL;
    if (*kept == NONE) return tuple_from_refs(vm, 2, pair); /* each is a new one */
    Ref tuple = tuple_again(vm, 2, kept);
    if (failed(tuple)) {
        decref(pair[0]);
        decref(pair[1]);
        return FAIL;
    }
    replace(&as_tuple(tuple)->items[0], pair[0]);
    replace(&as_tuple(tuple)->items[1], pair[1]);
    return tuple;
}

NATIVE(enumerate_reduce, "__reduce__(self, /)",
       "How to make it again: its type, iterator and count.")
{
    Enumerate *self = as_enumerate(argv[0]);
    Value iter = absent(self->iter) ? (Value)vm->interp->empty_tuple : (Value)self->iter;
    Ref args = tuple_pack(vm, 2, iter, (Value)self->count);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

static const Native *const enumerate_methods[] = {&enumerate_reduce_def, &class_getitem_def, NULL};

const TypeDef enumerate_type = {
    .name = "enumerate",
    .doc = "Counts the items of an iterable: (start, item), (start + 1, item) ...",
    .size = sizeof(Enumerate),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Enumerate, iter), REF(Enumerate, count), REF(Enumerate, pair)),
    .new = &enumerate_make_def,
    .iter = iter_self,
    .next = enumerate_next,
    .methods = enumerate_methods,
};
