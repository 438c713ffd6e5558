/* range.c - range objects: start, stop, step and the number of items, all ints of any size.
 *
 * Every item of a range lies between start and stop, so when those are small ints (50 bits) so
 * are all items, and plain int64 arithmetic does; the general paths go through number.h.
 * Neighbours: slice.c, sequence.c. */
/* SPDX-License-Identifier: MIT */
#include "object/range.h"
#include "object/call.h"

#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/member.h"
#include "object/native.h"
#include "object/number.h"
#include "object/reduce.h"
#include "object/sequence.h"

/* next, step and left: any ints; next UNDEF: exhausted. */
typedef struct LongRangeIter {
    Container head;
    Ref next, step, left;
} LongRangeIter;

static Range *as_range(Value v) { return (Range *)as_object(v); }
static RangeIter *as_range_iter(Value v) { return (RangeIter *)as_object(v); }
static LongRangeIter *as_long_range_iter(Value v) { return (LongRangeIter *)as_object(v); }
static bool is_range(Value v) { return is_kind(v, KIND_RANGE); }

/* Are start, step and all items small? */
static bool is_small_range(const Range *range)
{
    return is_int(range->start) && is_int(range->stop) && is_int(range->step) &&
           is_int(range->length);
}

/* v through __index__ as an int proper. */
static inline Ref whole(Vm *vm, Value v) { return is_int(v) ? newref(v) : int_from_index(vm, v); }

/* a op b for ints, where a is dropped afterwards and may be FAIL. */
static Ref then(Vm *vm, Ref a, BinaryOp op, Value b)
{
    if (failed(a)) return FAIL;
    Ref out = int_binary(vm, op, a, b);
    decref(a);
    return out;
}

static Ref range_length(Vm *vm, Value start, Value stop, Value step)
{
    if (is_int(start) && is_int(stop) && is_int(step)) {
        int64_t from = as_int(start), to = as_int(stop), by = as_int(step);
        if (by > 0) return from_small(to > from ? (to - from - 1) / by + 1 : 0);
        return from_small(to < from ? (from - to - 1) / -by + 1 : 0);
    }
    int sign = int_sign(step), order = int_compare(start, stop);
    if (order == 0 || order == sign) return from_small(0);
    /* (stop - start - sign) // step + 1 */
    Ref n = then(vm, int_binary(vm, OP2_SUB, stop, start), OP2_SUB, from_small(sign));
    return then(vm, then(vm, n, OP2_FLOORDIV, step), OP2_ADD, from_small(1));
}

/* Steals the three, also when it fails; any of them may be FAIL. */
static Ref range_new(Vm *vm, Ref start, Ref stop, Ref step)
{
    Ref length = FAIL;
    if (failed(start) || failed(stop) || failed(step)) goto fail;
    if (int_sign(step) == 0) {
        throw(vm, ValueError, "range() arg 3 must not be zero");
        goto fail;
    }
    length = range_length(vm, start, stop, step);
    if (failed(length)) goto fail;
    Range *range = type_instance(vm, type_builtin(vm, KIND_RANGE));
    if (!range) goto fail;
    range->start = start;
    range->stop = stop;
    range->step = step;
    range->length = length;
    return from_object(range);
fail:
    decref(start);
    decref(stop);
    decref(step);
    decref(length);
    return FAIL;
}

NATIVE(range_make, "new(cls, start, stop=?, step=?, /)",
       "range(stop) counts from 0, range(start, stop, step) from start; stop itself is left out.")
{
    if (absent(argv[2])) return range_new(vm, from_small(0), whole(vm, argv[1]), from_small(1));
    Ref start = whole(vm, argv[1]);
    Ref stop = failed(start) ? FAIL : whole(vm, argv[2]);
    Ref step = failed(stop) ? FAIL : absent(argv[3]) ? from_small(1) : whole(vm, argv[3]);
    return range_new(vm, start, stop, step);
}

/* Item i (0 <= i, or -1 for "one before") of the range. */
static Ref range_at(Vm *vm, Range *range, Value i)
{
    if (is_small_range(range) && is_int(i)) {
        int64_t by, at;
        if (!__builtin_mul_overflow(as_int(i), as_int(range->step), &by) &&
            !__builtin_add_overflow(by, as_int(range->start), &at))
            return from_int64(vm, at);
    }
    return then(vm, int_binary(vm, OP2_MUL, i, range->step), OP2_ADD, range->start);
}

/* ---- slots ---- */

static ptrdiff_t range_len(Vm *vm, Value self)
{
    int overflow;
    int64_t n = int_value(as_range(self)->length, &overflow);
    if (!overflow) return n;
    throw(vm, OverflowError, "Python int too large to convert to C ssize_t");
    return -1;
}

static Truth range_truth(Vm *vm __attribute__((unused)), Value self)
{
    return int_sign(as_range(self)->length) != 0;
}

static Ref range_slice(Vm *vm, Range *range, Value slice)
{
    Ref part[3];
    if (!slice_indices(vm, slice, range->length, part)) return FAIL;
    Ref start = range_at(vm, range, part[0]);
    Ref stop = failed(start) ? FAIL : range_at(vm, range, part[1]);
    Ref step = failed(stop) ? FAIL : int_binary(vm, OP2_MUL, range->step, part[2]);
    for (int i = 0; i < 3; i++) decref(part[i]);
    return range_new(vm, start, stop, step);
}

static Ref range_get_item(Vm *vm, Value self, Value key)
{
    Range *range = as_range(self);
    if (is_slice(key)) return range_slice(vm, range, key);
    if (!sequence_is_index(vm, key))
        return throw(vm, TypeError, "range indices must be integers or slices, not %T", key);
    Ref i = whole(vm, key);
    if (!failed(i) && int_sign(i) < 0) i = then(vm, i, OP2_ADD, range->length);
    if (failed(i)) return FAIL;
    Ref out;
    if (int_sign(i) < 0 || int_compare(i, range->length) >= 0)
        out = throw(vm, IndexError, "range object index out of range");
    else out = range_at(vm, range, i);
    decref(i);
    return out;
}

/* The index at which the int n is found: UNDEF when it is not there. */
static Ref index_of_int(Vm *vm, Range *range, Value n)
{
    if (is_small_range(range) && is_int(n)) {
        int64_t from = as_int(n) - as_int(range->start), by = as_int(range->step);
        if (from % by != 0 || from / by < 0 || from / by >= as_int(range->length)) return UNDEF;
        return from_small(from / by);
    }
    Ref from = int_binary(vm, OP2_SUB, n, range->start), rest = FAIL, out = FAIL;
    if (failed(from)) return FAIL;
    rest = int_binary(vm, OP2_MOD, from, range->step);
    if (failed(rest)) goto done;
    if (int_sign(rest) != 0) {
        out = UNDEF;
        goto done;
    }
    out = int_binary(vm, OP2_FLOORDIV, from, range->step);
    if (!failed(out) && (int_sign(out) < 0 || int_compare(out, range->length) >= 0)) clear(&out);
done:
    decref(from);
    decref(rest);
    return out;
}

static bool is_plain_int(Value v) { return is_int(v) || is_bool(v) || is_exact(v, KIND_INT); }

/* For what is no int but may equal one: asks every item.  Returns how many are equal, *index the
 * first such; stops there when first.  -1: raised. */
static int64_t search_items(Vm *vm, Value self, Value wanted, bool first, int64_t *index)
{
    int64_t count = 0, at = 0;
    *index = -1;
    Ref iter = iter_of(vm, self);
    if (failed(iter)) return -1;
    for (;; at++) {
        Ref item = iter_next(vm, iter);
        Truth same = failed(item) ? FAILED : absent(item) ? NO : value_equal(vm, item, wanted);
        bool end = absent(item);
        decref(item);
        if (same == FAILED) count = -1;
        if (end || same == FAILED) break;
        if (same == NO) continue;
        if (count++ == 0) *index = at;
        if (first) break;
    }
    decref(iter);
    return count;
}

static Truth range_contains(Vm *vm, Value self, Value item)
{
    int64_t i;
    if (!is_plain_int(item)) {
        int64_t count = search_items(vm, self, item, true, &i);
        return count < 0 ? FAILED : count > 0;
    }
    Ref n = whole(vm, item), index = index_of_int(vm, as_range(self), n);
    decref(n);
    if (failed(index)) return FAILED;
    decref(index);
    return !absent(index);
}

static Ref range_compare(Vm *vm __attribute__((unused)), Value left, Value right, CompareOp op)
{
    if (!is_range(right) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    Range *a = as_range(left), *b = as_range(right);
    bool same = int_compare(a->length, b->length) == 0;
    if (same && int_sign(a->length) != 0) {
        same = int_compare(a->start, b->start) == 0;
        if (same && int_compare(a->length, from_small(1)) != 0)
            same = int_compare(a->step, b->step) == 0;
    }
    return from_bool(same == (op == CMP_EQUAL));
}

/* Equal ranges hash alike: as the tuple (length, start, step), with None for what does not
 * matter. */
static bool range_hash(Vm *vm, Value self, int64_t *hash)
{
    Range *range = as_range(self);
    bool empty = int_sign(range->length) == 0, one = int_compare(range->length, from_small(1)) == 0;
    Ref key = tuple_pack(vm, 3, (Value)range->length, empty ? (Value)NONE : (Value)range->start,
                         empty || one ? (Value)NONE : (Value)range->step);
    if (failed(key)) return false;
    bool ok = value_hash(vm, key, hash);
    decref(key);
    return ok;
}

static Ref range_repr(Vm *vm, Value self)
{
    Range *range = as_range(self);
    if (range->step == from_small(1))
        return format_text(vm, "range(%R, %R)", (Value)range->start, (Value)range->stop);
    return format_text(vm, "range(%R, %R, %R)", (Value)range->start, (Value)range->stop,
                       (Value)range->step);
}

/* ---- iterators ---- */

Ref range_iter_new(Vm *vm, int64_t start, int64_t step, int64_t length)
{
    RangeIter *iter = object_new(vm, type_builtin(vm, KIND_RANGE_ITER)->shape, sizeof(RangeIter));
    if (!iter) return FAIL;
    iter->next = start;
    iter->step = step;
    iter->left = length;
    return from_object(iter);
}

/* Steals the ints; any may be FAIL. */
Ref range_iter_from(Vm *vm, int argc, const Ref *args)
{
    for (int i = 0; i < argc; i++)
        if (!is_int(args[i])) return UNDEF;
    int64_t start = argc > 1 ? as_int(args[0]) : 0, stop = as_int(args[argc > 1]);
    int64_t step = argc > 2 ? as_int(args[2]) : 1,
            distance = step > 0 ? stop - start : start - stop;
    if (step == 0) return UNDEF;
    int64_t length = distance > 0 ? (distance - 1) / (step > 0 ? step : -step) + 1 : 0;
    return fits_small(length) ? range_iter_new(vm, start, step, length) : UNDEF;
}

static Ref long_range_iter_new(Vm *vm, Ref next, Ref step, Ref left)
{
    LongRangeIter *iter = NULL;
    if (!failed(next) && !failed(step) && !failed(left))
        iter = type_instance(vm, type_builtin(vm, KIND_LONG_RANGE_ITER));
    if (!iter) {
        decref(next);
        decref(step);
        decref(left);
        return FAIL;
    }
    iter->next = next;
    iter->step = step;
    iter->left = left;
    return from_object(iter);
}

static Ref range_iter(Vm *vm, Value self)
{
    Range *range = as_range(self);
    if (is_small_range(range))
        return range_iter_new(vm, as_int(range->start), as_int(range->step), as_int(range->length));
    return long_range_iter_new(vm, newref(range->start), newref(range->step),
                               newref(range->length));
}

NATIVE(range_reversed, "__reversed__(self, /)",
       "Return an iterator from the last item to the first.")
{
    Range *range = as_range(argv[0]);
    if (is_small_range(range)) {
        int64_t length = as_int(range->length), step = as_int(range->step);
        if (length == 0) return range_iter_new(vm, 0, 1, 0);
        return range_iter_new(vm, as_int(range->start) + (length - 1) * step, -step, length);
    }
    Ref last = int_binary(vm, OP2_SUB, range->length, from_small(1));
    Ref start = failed(last) ? FAIL : range_at(vm, range, last);
    decref(last);
    Ref step = failed(start) ? FAIL : int_binary(vm, OP2_SUB, from_small(0), range->step);
    return long_range_iter_new(vm, start, step, newref(range->length));
}

static Ref range_iter_next(Vm *vm __attribute__((unused)), Value self)
{
    RangeIter *iter = as_range_iter(self);
    if (iter->left <= 0) return UNDEF;
    int64_t n = iter->next;
    iter->next += iter->step;
    iter->left--;
    return from_small(n);
}

static Ref long_range_iter_next(Vm *vm, Value self)
{
    LongRangeIter *iter = as_long_range_iter(self);
    if (absent(iter->next)) return UNDEF;
    if (int_sign(iter->left) <= 0) {
        clear(&iter->next);
        return UNDEF;
    }
    Ref left = int_binary(vm, OP2_SUB, iter->left, from_small(1));
    if (failed(left)) return FAIL;
    Ref next = int_binary(vm, OP2_ADD, iter->next, iter->step);
    if (failed(next)) {
        decref(left);
        return FAIL;
    }
    replace(&iter->left, left);
    Ref out = iter->next;
    iter->next = next;
    return out;
}

NATIVE(range_iter_length_hint, "__length_hint__(self, /)", "Return the number of items left.")
{
    return from_small(as_range_iter(argv[0])->left);
}

NATIVE(long_range_iter_length_hint, "__length_hint__(self, /)", "Return the number of items left.")
{
    LongRangeIter *iter = as_long_range_iter(argv[0]);
    return absent(iter->next) ? from_small(0) : newref(iter->left);
}

NATIVE(long_range_iter_reduce, "__reduce__(self, /)",
       "How to make it again: iter over the range that is left.")
{
    LongRangeIter *iter = as_long_range_iter(argv[0]);
    if (absent(iter->next)) return reduce_to_iter(vm, newref(vm->interp->empty_tuple), UNDEF);
    Ref span = number_binary(vm, OP2_MUL, iter->left, iter->step);
    Ref stop = failed(span) ? FAIL : number_add(vm, iter->next, span);
    Value args[3] = {iter->next, stop, iter->step};
    Ref range = failed(stop) ? FAIL : call(vm, borrow(type_builtin(vm, KIND_RANGE)), 3, args);
    decref(span);
    decref(stop);
    return reduce_to_iter(vm, range, NONE);
}

/* ---- methods ---- */

NATIVE(range_index, "index(self, value, /)",
       "Return the index of value.  Raises ValueError when it is not there.")
{
    if (is_plain_int(argv[1])) {
        Ref n = whole(vm, argv[1]), index = index_of_int(vm, as_range(argv[0]), n);
        decref(n);
        return absent(index) ? throw(vm, ValueError, "%R is not in range", argv[1]) : index;
    }
    int64_t i;
    int64_t count = search_items(vm, argv[0], argv[1], true, &i);
    if (count < 0) return FAIL;
    return count == 0 ? throw(vm, ValueError, "sequence.index(x): x not in sequence")
                      : from_small(i);
}

NATIVE(range_count, "count(self, value, /)", "Return how many items equal value.")
{
    if (is_plain_int(argv[1])) {
        Truth found = range_contains(vm, argv[0], argv[1]);
        return found == FAILED ? FAIL : from_small(found);
    }
    int64_t i, count = search_items(vm, argv[0], argv[1], false, &i);
    return count < 0 ? FAIL : from_small(count);
}

static Ref range_get_start(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_range(self)->start);
}
static Ref range_get_stop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_range(self)->stop);
}
static Ref range_get_step(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_range(self)->step);
}

static const Attribute range_attributes[] = {
    {"start", range_get_start, member_read_only, "The first item, if any."},
    {"stop", range_get_stop, member_read_only, "Where the range ends; not an item."},
    {"step", range_get_step, member_read_only, "The distance between items."},
    {0},
};
NATIVE(range_reduce, "__reduce__(self, /)",
       "Return the class and start, stop and step, for pickling.")
{
    const Range *range = as_range(argv[0]);
    Ref args = tuple_pack(vm, 3, (Value)range->start, (Value)range->stop, (Value)range->step);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

static const Native *const range_methods[] = {&range_reversed_def, &range_index_def,
                                              &range_reduce_def, &range_count_def, NULL};
static const Native *const range_iter_methods[] = {
    &range_iter_length_hint_def, &iterator_reduce_def, &iterator_setstate_def, NULL};
NATIVE(long_range_iter_setstate, "__setstate__(self, state, /)", "Go past so many values.")
{
    LongRangeIter *iter = (LongRangeIter *)as_object(argv[0]);
    if (!is_any_int(argv[1])) return throw(vm, TypeError, "state must be an int, not %T", argv[1]);
    Ref skip = int_sign(argv[1]) < 0                                     ? from_small(0)
               : value_test(vm, argv[1], iter->left, CMP_GREATER) == YES ? newref(iter->left)
                                                                         : newref(argv[1]);
    Ref way = number_binary(vm, OP2_MUL, skip, iter->step);
    Ref next = failed(way) ? FAIL : number_binary(vm, OP2_ADD, iter->next, way);
    Ref left = failed(next) ? FAIL : number_binary(vm, OP2_SUB, iter->left, skip);
    decref(skip);
    decref(way);
    if (failed(left)) {
        decref(next);
        return FAIL;
    }
    replace(&iter->next, next);
    replace(&iter->left, left);
    return NONE;
}

static const Native *const long_range_iter_methods[] = {&long_range_iter_length_hint_def,
                                                        &long_range_iter_reduce_def,
                                                        &long_range_iter_setstate_def, NULL};

const TypeDef range_iter_type = {
    .name = "range_iterator",
    .doc = "Iterates over a range.",
    .size = sizeof(RangeIter),
    .flags = TYPE_NO_NEW | TYPE_FINAL,
    .iter = iter_self,
    .next = range_iter_next,
    .methods = range_iter_methods,
};

const TypeDef long_range_iter_type = {
    .name = "longrange_iterator",
    .doc = "Iterates over a range of large ints.",
    .size = sizeof(LongRangeIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(LongRangeIter, next), REF(LongRangeIter, step), REF(LongRangeIter, left)),
    .iter = iter_self,
    .next = long_range_iter_next,
    .methods = long_range_iter_methods,
};

const TypeDef range_type = {
    .name = "range",
    .doc = "An immutable sequence of evenly spaced ints.\nrange(stop), range(start, stop), "
           "range(start, stop, step).",
    .size = sizeof(Range),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_SEQUENCE,
    .refs = REFS(REF(Range, start), REF(Range, stop), REF(Range, step), REF(Range, length)),
    .new = &range_make_def,
    .repr = range_repr,
    .hash = range_hash,
    .compare = range_compare,
    .truth = range_truth,
    .len = range_len,
    .get_item = range_get_item,
    .contains = range_contains,
    .iter = range_iter,
    .methods = range_methods,
    .attributes = range_attributes,
};
