/* reversed.c - reversed(sequence): by __reversed__, else from the last index down.
 *
 * Neighbours: list.c, dictview.c, range.c (their own reverse iterators). */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/sequence.h"
#include "object/tuple.h"

typedef struct Reversed {
    Container head;
    Ref sequence;
    int64_t next;
} Reversed; /* sequence UNDEF: exhausted */

static Reversed *as_reversed(Value v) { return (Reversed *)as_object(v); }

static Ref not_reversible(Vm *vm, Value v)
{
    return throw(vm, TypeError, "'%T' object is not reversible", v);
}

NATIVE(reversed_make, "new(cls, object, /)",
       "Return an iterator over the items from the last to the first: object.__reversed__(), or by "
       "index.")
{
    Value object = argv[1];
    Value method = type_lookup(vm, type_of(vm, object), N(__reversed__));
    if (!absent(method) && is_none(method)) return not_reversible(vm, object);
    if (!absent(method)) {
        Ref out = call_special(vm, object, N(__reversed__), 0, NULL);
        if (!absent(out)) return out;
    }
    const Type *type = type_of(vm, object);
    if (!type->slots.get_item || !type->slots.len || is_type(object) ||
        is_kind(object, KIND_DICT) || is_kind(object, KIND_MAPPING_PROXY))
        return not_reversible(vm, object);
    ptrdiff_t len = value_len(vm, object);
    if (len < 0) return FAIL;
    Reversed *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->sequence = newref(object);
    self->next = len - 1;
    return from_object(self);
}

static Ref reversed_next(Vm *vm, Value v)
{
    Reversed *self = as_reversed(v);
    if (absent(self->sequence)) return UNDEF;
    if (self->next < 0) {
        clear(&self->sequence);
        return UNDEF;
    }
    if (is_exact(self->sequence, KIND_TUPLE)) return newref(tuple_at(self->sequence, self->next--));
    Ref sequence = newref(self->sequence);
    Ref item = value_get_item(vm, sequence, from_small(self->next));
    decref(sequence);
    if (!failed(item)) {
        self->next--;
        return item;
    }
    if (!error_is(vm, IndexError) && !error_is(vm, StopIteration)) return FAIL;
    error_clear(vm);
    clear(&self->sequence);
    return UNDEF;
}

NATIVE(reversed_length_hint, "__length_hint__(self, /)",
       "Return an estimate of the number of items left.")
{
    Reversed *self = as_reversed(argv[0]);
    if (absent(self->sequence)) return from_small(0);
    ptrdiff_t len = value_len(vm, self->sequence);
    if (len < 0) return FAIL;
    return from_small(len < self->next + 1 ? 0 : self->next + 1);
}

NATIVE(reversed_reduce, "__reduce__(self, /)",
       "How to make it again: its type, sequence and index.")
{
    Reversed *self = as_reversed(argv[0]);
    Value type = borrow(type_of(vm, argv[0]));
    Ref args = tuple_pack(
        vm, 1, absent(self->sequence) ? (Value)vm->interp->empty_tuple : (Value)self->sequence);
    Ref out = failed(args) ? FAIL
              : absent(self->sequence)
                  ? tuple_pack(vm, 2, type, (Value)args)
                  : tuple_pack(vm, 3, type, (Value)args, from_small(self->next));
    decref(args);
    return out;
}
NATIVE(reversed_setstate, "__setstate__(self, state, /)", "Go to the index state.")
{
    Reversed *self = as_reversed(argv[0]);
    int64_t index;
    if (!int_index(vm, argv[1], &index)) return FAIL;
    if (absent(self->sequence)) return NONE;
    ptrdiff_t len = value_len(vm, self->sequence);
    if (len < 0) return FAIL;
    self->next = index < -1 ? -1 : index > len - 1 ? len - 1 : index;
    return NONE;
}

static const Native *const reversed_methods[] = {&reversed_reduce_def, &reversed_setstate_def,
                                                 &reversed_length_hint_def, NULL};

const TypeDef reversed_type = {
    .name = "reversed",
    .doc = "The items of a sequence from the last to the first.",
    .size = sizeof(Reversed),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Reversed, sequence)),
    .new = &reversed_make_def,
    .iter = iter_self,
    .next = reversed_next,
    .methods = reversed_methods,
};
