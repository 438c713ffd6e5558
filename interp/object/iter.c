/* iter.c - iteration: iter(), next(), for-each from C, and the two iterators that belong to no
 * container.
 *
 * A next slot returns UNDEF at the end and FAIL when it raised; an iterator that has ended drops
 * what it iterated over and stays at its end.
 * Neighbours: list.c, tuple.c, dictview.c ... (each its own iterators), vm/ops (FOR). */
/* SPDX-License-Identifier: MIT */
#include "object/iter.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/reduce.h"
#include "object/tuple.h"

typedef struct CallIter {
    Container head;
    Ref callable, sentinel;
} CallIter; /* callable UNDEF: exhausted */
typedef struct SeqIter {
    Container head;
    Ref sequence;
    int64_t next;
} SeqIter; /* sequence UNDEF: exhausted */

static SeqIter *as_seq_iter(Value v) { return (SeqIter *)as_object(v); }
static CallIter *as_call_iter(Value v) { return (CallIter *)as_object(v); }

Ref iter_self(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

bool is_iterator(const Vm *vm, Value v) { return type_of(vm, v)->slots.next; }

static Ref seq_iter_new(Vm *vm, Value sequence)
{
    SeqIter *iter = type_instance(vm, type_builtin(vm, KIND_SEQ_ITER));
    if (!iter) return FAIL;
    iter->sequence = newref(sequence);
    return from_object(iter);
}

Ref iter_of(Vm *vm, Value iterable)
{
    Type *type = type_of(vm, iterable);
    if (!type->slots.iter) {
        if (type->slots.get_item && !is_type(iterable)) return seq_iter_new(vm, iterable);
        return throw(vm, TypeError, "'%T' object is not iterable", iterable);
    }
    Ref iter = type->slots.iter(vm, iterable);
    if (failed(iter) || is_iterator(vm, iter)) return iter;
    throw(vm, TypeError, "iter() returned non-iterator of type '%T'", (Value)iter);
    decref(iter);
    return FAIL;
}

Ref iter_next(Vm *vm, Value iterator)
{
    Ref (*next)(Vm *, Value) = type_of(vm, iterator)->slots.next;
    if (!next) return throw(vm, TypeError, "'%T' object is not an iterator", iterator);
    if (!stack_enough(vm)) return FAIL; /* a map of a map of ... */
    return next(vm, iterator);
}

Ref iter_next_held(Vm *vm, Value iterator)
{
    Ref held = newref(iterator), item = iter_next(vm, held);
    decref(held);
    return item;
}

Ref iter_end(Vm *vm)
{
    if (!error_is(vm, StopIteration)) return FAIL;
    error_clear(vm);
    return UNDEF;
}

static bool iterate_generic(Vm *vm, Value iterable, bool (*each)(Vm *, Value, void *),
                            void *context)
{
    Ref iter = iter_of(vm, iterable);
    if (failed(iter)) return false;
    Ref (*next)(Vm *, Value) = type_of(vm, iter)->slots.next;
    bool ok = false;
    for (;;) {
        Ref item = next(vm, iter);
        ok = absent(item);
        if (ok || failed(item)) break;
        ok = each(vm, item, context);
        decref(item);
        if (!ok) break;
    }
    decref(iter);
    return ok;
}

bool iterate(Vm *vm, Value iterable, bool (*each)(Vm *vm, Value item, void *context), void *context)
{
    if (is_exact(iterable, KIND_LIST)) {
        List *list = as_list(iterable);
        for (ptrdiff_t i = 0; i < list->len; i++) {
            Ref item = newref(list->items[i]);
            bool ok = each(vm, item, context);
            decref(item);
            if (!ok) return false;
        }
        return true;
    }
    if (is_exact(iterable, KIND_TUPLE)) {
        for (ptrdiff_t i = 0; i < tuple_len(iterable); i++)
            if (!each(vm, tuple_at(iterable, i), context)) return false;
        return true;
    }
    return iterate_generic(vm, iterable, each, context);
}

static ptrdiff_t hint_of(Vm *vm, Value hint, ptrdiff_t otherwise)
{
    if (hint == NOT_IMPLEMENTED) return otherwise;
    if (!is_any_int(hint)) {
        throw(vm, TypeError, "__length_hint__ must be an integer, not %T", hint);
        return -1;
    }
    int overflow;
    int64_t n = int_value(hint, &overflow);
    if (overflow > 0) {
        throw(vm, OverflowError, "cannot fit '%T' into an index-sized integer", hint);
        return -1;
    }
    if (overflow < 0 || n < 0) {
        throw(vm, ValueError, "__length_hint__() should return >= 0");
        return -1;
    }
    return n;
}

ptrdiff_t iter_length_hint(Vm *vm, Value iterable, ptrdiff_t otherwise)
{
    if (type_of(vm, iterable)->slots.len) {
        ptrdiff_t len = value_len(vm, iterable);
        if (len >= 0 || !error_is(vm, TypeError)) return len;
        error_clear(vm);
    }
    Ref hint = call_special(vm, iterable, N(__length_hint__), 0, NULL);
    if (failed(hint)) {
        if (!error_is(vm, TypeError)) return -1;
        error_clear(vm);
        return otherwise;
    }
    if (absent(hint)) return otherwise;
    ptrdiff_t n = hint_of(vm, hint, otherwise);
    decref(hint);
    return n;
}

Ref list_from(Vm *vm, Value iterable)
{
    Ref list = list_new(vm, 0);
    if (failed(list)) return FAIL;
    if (list_extend(vm, as_list(list), iterable)) return list;
    decref(list);
    return FAIL;
}

Ref tuple_from(Vm *vm, Value iterable)
{
    if (is_exact(iterable, KIND_TUPLE)) return newref(iterable);
    if (is_exact(iterable, KIND_LIST))
        return tuple_from_values(vm, as_list(iterable)->len, as_values(as_list(iterable)->items));
    Ref list = list_from(vm, iterable);
    if (failed(list)) return FAIL;
    ptrdiff_t len = as_list(list)->len;
    as_list(list)->len = 0;
    Ref tuple = tuple_from_refs(vm, len, as_list(list)->items);
    decref(list);
    return tuple;
}

Ref iter_callable(Vm *vm, Value callable, Value sentinel)
{
    CallIter *iter = type_instance(vm, type_builtin(vm, KIND_CALL_ITER));
    if (!iter) return FAIL;
    iter->callable = newref(callable);
    iter->sentinel = newref(sentinel);
    return from_object(iter);
}

static Ref call_iter_next(Vm *vm, Value self)
{
    CallIter *iter = as_call_iter(self);
    if (absent(iter->callable)) return UNDEF;
    Ref callable = newref(iter->callable);
    Ref value = call0(vm, callable);
    decref(callable);
    if (failed(value)) {
        value = iter_end(vm);
        if (absent(value)) {
            clear(&iter->callable);
            clear(&iter->sentinel);
        }
        return value;
    }
    if (absent(iter->callable)) { /* ended by a nested next() */
        decref(value);
        return UNDEF;
    }
    Ref sentinel = newref(iter->sentinel);
    Truth same = value_equal(vm, sentinel, value);
    decref(sentinel);
    if (same == NO) return value;
    decref(value);
    if (same == FAILED) return FAIL;
    clear(&iter->callable);
    clear(&iter->sentinel);
    return UNDEF;
}

static Ref seq_iter_next(Vm *vm, Value self)
{
    SeqIter *iter = as_seq_iter(self);
    if (absent(iter->sequence)) return UNDEF;
    Ref sequence = newref(iter->sequence);
    Ref item = value_get_item(vm, sequence, from_small(iter->next));
    decref(sequence);
    if (!failed(item)) {
        iter->next++;
        return item;
    }
    if (!error_is(vm, IndexError) && !error_is(vm, StopIteration)) return FAIL;
    error_clear(vm);
    clear(&iter->sequence);
    return UNDEF;
}

NATIVE(seq_iter_length_hint, "__length_hint__(self, /)",
       "Return an estimate of the number of items left.")
{
    SeqIter *iter = as_seq_iter(argv[0]);
    if (absent(iter->sequence)) return from_small(0);
    if (!type_of(vm, iter->sequence)->slots.len) return NOT_IMPLEMENTED;
    ptrdiff_t len = value_len(vm, iter->sequence);
    if (len < 0) return FAIL;
    return from_small(len > iter->next ? len - iter->next : 0);
}

NATIVE(seq_iter_reduce, "__reduce__(self, /)",
       "How to make it again: iter, the sequence and the index.")
{
    SeqIter *iter = as_seq_iter(argv[0]);
    if (absent(iter->sequence)) return reduce_to_iter(vm, newref(vm->interp->empty_tuple), UNDEF);
    return reduce_to_iter(vm, newref(iter->sequence), from_small(iter->next));
}
NATIVE(seq_iter_setstate, "__setstate__(self, state, /)", "Go to the index state.")
{
    int64_t index;
    if (!int_index(vm, argv[1], &index)) return FAIL;
    if (!absent(as_seq_iter(argv[0])->sequence)) as_seq_iter(argv[0])->next = index < 0 ? 0 : index;
    return NONE;
}
NATIVE(call_iter_reduce, "__reduce__(self, /)",
       "How to make it again: iter, the function and the sentinel.")
{
    CallIter *iter = as_call_iter(argv[0]);
    if (absent(iter->callable)) return reduce_to_iter(vm, newref(vm->interp->empty_tuple), UNDEF);
    Ref function = reduce_builtin(vm, "iter");
    Ref args =
        failed(function) ? FAIL : tuple_pack(vm, 2, (Value)iter->callable, (Value)iter->sentinel);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, (Value)function, (Value)args);
    decref(function);
    decref(args);
    return out;
}

static const Native *const call_iter_methods[] = {&call_iter_reduce_def, NULL};
static const Native *const seq_iter_methods[] = {&seq_iter_reduce_def, &seq_iter_setstate_def,
                                                 &seq_iter_length_hint_def, NULL};

const TypeDef seq_iter_type = {
    .name = "iterator",
    .doc =
        "Iterates over what has __getitem__ but no __iter__: items 0, 1, 2 ... until IndexError.",
    .size = sizeof(SeqIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(SeqIter, sequence)),
    .iter = iter_self,
    .next = seq_iter_next,
    .methods = seq_iter_methods,
};

const TypeDef call_iter_type = {
    .name = "callable_iterator",
    .doc = "Calls a function until it returns the sentinel.",
    .size = sizeof(CallIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(CallIter, callable), REF(CallIter, sentinel)),
    .iter = iter_self,
    .next = call_iter_next,
    .methods = call_iter_methods,
};
