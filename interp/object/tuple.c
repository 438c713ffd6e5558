/* tuple.c - the immutable array.
 *
 * The items lie in the object itself, so a tuple never changes size; a subclass instance is made by
 * type_instance_sized.  A new tuple must be filled before anything can run.
 * Neighbours: sequence.c (subscripts, comparison, repr), list.c. */
/* SPDX-License-Identifier: MIT */
#include "object/tuple.h"

#include <stdarg.h>

#include "object/call.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/life.h"
#include "object/native.h"
#include "object/number.h"
#include "object/range.h"
#include "object/reduce.h"
#include "object/sequence.h"

static TupleIter *as_tuple_iter(Value v) { return (TupleIter *)as_object(v); }

/* ---- making tuples ---- */

/* A tuple of so many (> 0) items, which are to be set at once. */
ALWAYS_INLINE Tuple *tuple_raw(Vm *vm, ptrdiff_t len)
{
    if (len > (PTRDIFF_MAX - (ptrdiff_t)sizeof(Tuple)) / (ptrdiff_t)sizeof(Ref)) {
        throw_no_memory(vm);
        return NULL;
    }
    Tuple *tuple =
        object_new_raw(vm, type_builtin(vm, KIND_TUPLE)->shape, sizeof(Tuple) + len * sizeof(Ref));
    if (!tuple) return NULL;
    tuple->head.candidate = tuple->head.aux = 0;
    tuple->len = len;
    return tuple;
}

Ref tuple_new(Vm *vm, ptrdiff_t len)
{
    if (len == 0) return newref(vm->interp->empty_tuple);
    Tuple *tuple = tuple_raw(vm, len);
    if (!tuple) return FAIL;
    for (ptrdiff_t i = 0; i < len; i++) tuple->items[i] = UNDEF;
    return from_object(tuple);
}

Ref tuple_anew(Vm *vm, ptrdiff_t len, Ref *kept)
{
    if (*kept == NONE) return tuple_new(vm, len);
    if (!absent(*kept)) { /* somebody collects them: from now on each is a new one */
        replace(kept, NONE);
        return tuple_new(vm, len);
    }
    Ref made = tuple_new(vm, len);
    if (!failed(made)) *kept = newref(made);
    return made;
}

Ref tuple_from_values(Vm *vm, ptrdiff_t len, Value *items)
{
    if (len == 0) return newref(vm->interp->empty_tuple);
    Tuple *tuple = tuple_raw(vm, len);
    if (!tuple) return FAIL;
    for (ptrdiff_t i = 0; i < len; i++) tuple->items[i] = newref(items[i]);
    return from_object(tuple);
}

Ref tuple_from_refs(Vm *vm, ptrdiff_t len, Ref *items)
{
    if (len == 0) return newref(vm->interp->empty_tuple);
    Tuple *tuple = tuple_raw(vm, len);
    if (!tuple) {
        for (ptrdiff_t i = 0; i < len; i++) decref(items[i]);
        return FAIL;
    }
    for (ptrdiff_t i = 0; i < len; i++) tuple->items[i] = items[i];
    return from_object(tuple);
}

Ref tuple_pack(Vm *vm, int len, ...)
{
    Ref tuple = tuple_new(vm, len);
    if (failed(tuple)) return FAIL;
    va_list values;
    va_start(values, len);
    for (int i = 0; i < len; i++) as_tuple(tuple)->items[i] = newref(va_arg(values, Value));
    va_end(values);
    return tuple;
}

Ref tuple_slice(Vm *vm, Value tuple, ptrdiff_t start, ptrdiff_t end)
{
    if (start == 0 && end == tuple_len(tuple) && is_exact(tuple, KIND_TUPLE)) return newref(tuple);
    return tuple_from_values(vm, end - start, as_values(as_tuple(tuple)->items + start));
}

/* tuple(iterable) for a subclass: the same items in an instance of cls. */
static Ref tuple_subclass(Vm *vm, Type *cls, Value items)
{
    ptrdiff_t len = tuple_len(items);
    Tuple *tuple = type_instance_sized(vm, cls, len * sizeof(Ref));
    if (!tuple) return FAIL;
    tuple->len = len;
    sequence_copy(tuple->items, as_tuple(items)->items, len);
    return from_object(tuple);
}

NATIVE(tuple_new_native, "new(cls, iterable=?, /)", "Return a tuple of the items of iterable.")
{
    Type *cls = as_type(argv[0]);
    Ref items = absent(argv[1]) ? tuple_new(vm, 0) : tuple_from(vm, argv[1]);
    if (failed(items) || cls == type_builtin(vm, KIND_TUPLE)) return items;
    Ref out = tuple_subclass(vm, cls, items);
    decref(items);
    return out;
}

/* ---- slots ---- */

static Ref tuple_concat(Vm *vm, Value a, Value b)
{
    if (tuple_len(a) == 0 && is_exact(b, KIND_TUPLE)) return newref(b);
    if (tuple_len(b) == 0 && is_exact(a, KIND_TUPLE)) return newref(a);
    Ref out = tuple_new(vm, tuple_len(a) + tuple_len(b));
    if (failed(out)) return FAIL;
    sequence_copy(as_tuple(out)->items, as_tuple(a)->items, tuple_len(a));
    sequence_copy(as_tuple(out)->items + tuple_len(a), as_tuple(b)->items, tuple_len(b));
    return out;
}

static Ref tuple_repeat(Vm *vm, Value self, ptrdiff_t n)
{
    ptrdiff_t len = tuple_len(self), total;
    if (n == 1 && is_exact(self, KIND_TUPLE)) return newref(self);
    if (__builtin_mul_overflow(len, n, &total)) return throw_no_memory(vm);
    Ref out = tuple_new(vm, total);
    if (failed(out)) return FAIL;
    for (ptrdiff_t i = 0; i < total; i += len)
        sequence_copy(as_tuple(out)->items + i, as_tuple(self)->items, len);
    return out;
}

static Ref tuple_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) {
        if (!is_tuple(a)) return NOT_IMPLEMENTED;
        return is_tuple(b) ? tuple_concat(vm, a, b) : sequence_cannot_add(vm, "tuple", b);
    }
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    ptrdiff_t n;
    Truth ok = sequence_count(vm, is_tuple(a) ? b : a, &n);
    if (ok != YES) return ok == NO ? NOT_IMPLEMENTED : FAIL;
    return tuple_repeat(vm, is_tuple(a) ? a : b, n);
}

static Ref tuple_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_tuple(b)) return NOT_IMPLEMENTED;
    return sequence_compare(vm, a, b, op);
}

static inline bool item_hash(Vm *vm, Value item, int64_t *hash)
{
    if (is_int(item)) {
        *hash = as_int(item) == -1 ? -2 : as_int(item);
        return true;
    }
    if (is_exact(item, KIND_STR)) {
        Str *text = as_str(item);
        *hash = text->hash ? text->hash : str_hash(vm, text);
        return true;
    }
    return value_hash(vm, item, hash);
}

/* A multiply-and-rotate mix of the items' hashes, position-dependent. */
static bool tuple_hash(Vm *vm, Value self, int64_t *hash)
{
    uint64_t mix = 0x2545F4914F6CDD1Du;
    ptrdiff_t len = tuple_len(self);
    for (ptrdiff_t i = 0; i < len; i++) {
        int64_t item;
        if (!item_hash(vm, tuple_at(self, i), &item)) return false;
        mix += (uint64_t)item * 0xC2B2AE3D27D4EB4Fu;
        mix = (mix << 31 | mix >> 33) * 0x9E3779B185EBCA87u;
    }
    mix ^= mix >> 32;
    mix += (uint64_t)len ^ 0x27D4EB2F165667C5u;
    *hash = mix == UINT64_MAX ? 1546275796 : (int64_t)mix;
    return true;
}

static ptrdiff_t tuple_len_slot(Vm *vm __attribute__((unused)), Value self)
{
    return tuple_len(self);
}

static Ref tuple_get_slice(Vm *vm, Value self, Value slice)
{
    ptrdiff_t start, step, count, len = tuple_len(self);
    if (!slice_resolve(vm, slice, &len, &start, &step, &count)) return FAIL;
    if (count == 0) return tuple_new(vm, 0);
    if (step == 1) return tuple_slice(vm, self, start, start + count);
    Ref out = tuple_new(vm, count);
    if (failed(out)) return FAIL;
    for (ptrdiff_t i = 0; i < count; i++)
        as_tuple(out)->items[i] = newref(as_tuple(self)->items[start + i * step]);
    return out;
}

static Ref tuple_get_item(Vm *vm, Value self, Value key)
{
    if (is_slice(key)) return tuple_get_slice(vm, self, key);
    ptrdiff_t i, len = tuple_len(self);
    if (!sequence_index(vm, key, &len, "tuple", "tuple index", &i)) return FAIL;
    return newref(tuple_at(self, i));
}

static Truth tuple_contains(Vm *vm, Value self, Value item)
{
    ptrdiff_t i = sequence_find(vm, self, item, 0, PTRDIFF_MAX);
    return i == -2 ? FAILED : i >= 0;
}

static Ref tuple_iter(Vm *vm, Value self)
{
    TupleIter *iter = object_new(vm, type_builtin(vm, KIND_TUPLE_ITER)->shape, sizeof(TupleIter));
    if (!iter) return FAIL;
    iter->tuple = newref(self);
    return from_object(iter);
}

static void tuple_visit(Object *self, Visit *visit, void *context)
{
    Tuple *tuple = (Tuple *)self;
    for (ptrdiff_t i = 0; i < tuple->len; i++)
        if (is_heap(tuple->items[i])) visit(&tuple->items[i], context);
}

static void tuple_clear(Object *self)
{
    Tuple *tuple = (Tuple *)self;
    for (ptrdiff_t i = tuple->len - 1; i >= 0; i--) clear(&tuple->items[i]);
}

/* ---- methods ---- */

NATIVE(tuple_count, "count(self, value, /)", "Return how many items equal value.")
{
    ptrdiff_t count = sequence_count_of(vm, argv[0], argv[1]);
    return count < 0 ? FAIL : from_small(count);
}

NATIVE(tuple_index, "index(self, value, start=0, stop=9223372036854775807, /)",
       "Return the index of the first item equal to value, within start and stop.\n"
       "Raises ValueError when there is none.")
{
    ptrdiff_t start, stop;
    if (!int_subscript(vm, argv[2], &start, true) || !int_subscript(vm, argv[3], &stop, true))
        return FAIL;
    ptrdiff_t i = sequence_find(vm, argv[0], argv[1], start, stop);
    if (i == -2) return FAIL;
    return i < 0 ? throw(vm, ValueError, "tuple.index(x): x not in tuple") : from_small(i);
}

NATIVE(tuple_getnewargs, "__getnewargs__(self, /)", "What copying and pickling pass to __new__.")
{
    Ref items = tuple_from_values(vm, tuple_len(argv[0]), as_values(as_tuple(argv[0])->items));
    if (failed(items)) return FAIL;
    Ref out = tuple_pack(vm, 1, (Value)items);
    decref(items);
    return out;
}

static const Native *const tuple_methods[] = {
    &tuple_count_def, &tuple_index_def, &tuple_getnewargs_def, &class_getitem_def, NULL,
};

/* ---- the iterator ---- */

Ref tuple_iter_next(Vm *vm __attribute__((unused)), Value self)
{
    TupleIter *iter = as_tuple_iter(self);
    if (absent(iter->tuple)) return UNDEF;
    if (iter->next < tuple_len(iter->tuple)) return newref(tuple_at(iter->tuple, iter->next++));
    clear(&iter->tuple);
    return UNDEF;
}

NATIVE(tuple_iter_length_hint, "__length_hint__(self, /)", "Return the number of items left.")
{
    TupleIter *iter = as_tuple_iter(argv[0]);
    return from_small(absent(iter->tuple) ? 0 : tuple_len(iter->tuple) - iter->next);
}

static const Native *const tuple_iter_methods[] = {
    &tuple_iter_length_hint_def, &iterator_reduce_def, &iterator_setstate_def, NULL};

const TypeDef tuple_iter_type = {
    .name = "tuple_iterator",
    .doc = "Iterates over a tuple.",
    .size = sizeof(TupleIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(TupleIter, tuple)),
    .iter = iter_self,
    .next = tuple_iter_next,
    .methods = tuple_iter_methods,
};

const TypeDef tuple_type = {
    .name = "tuple",
    .doc = "An immutable sequence.  tuple() is empty; tuple(iterable) holds its items.",
    .size = sizeof(Tuple),
    .flags = TYPE_CONTAINER | TYPE_SEQUENCE | TYPE_MATCH_SELF,
    .visit = tuple_visit,
    .clear = tuple_clear,
    .new = &tuple_new_native_def,
    .repr = sequence_repr,
    .hash = tuple_hash,
    .compare = tuple_compare,
    .binary = tuple_binary,
    .len = tuple_len_slot,
    .get_item = tuple_get_item,
    .contains = tuple_contains,
    .iter = tuple_iter,
    .methods = tuple_methods,
};
