/* sequence.c - what list and tuple have in common: subscripts, comparison, search, repr.
 *
 * Comparing or printing an item may run script code that changes the list under us, so items and
 * length are read again after each call, and an item is held while it is being looked at.
 * Neighbours: list.c, tuple.c, range.c. */
/* SPDX-License-Identifier: MIT */
#include "object/sequence.h"

#include "object/error.h"
#include "object/int.h"
#include "object/number.h"

bool sequence_is_index(const Vm *vm, Value key)
{
    return is_any_int(key) || type_of(vm, key)->slots.index;
}

bool sequence_index(Vm *vm, Value key, const ptrdiff_t *len, const char *type, const char *what,
                    ptrdiff_t *i)
{
    ptrdiff_t n;
    if (is_int(key)) {
        n = as_int(key);
    } else {
        if (!sequence_is_index(vm, key)) {
            throw(vm, TypeError, "%s indices must be integers or slices, not %T", type, key);
            return false;
        }
        if (!int_subscript(vm, key, &n, false)) return false;
    }
    if (n < 0) n += *len;
    if (n < 0 || n >= *len) {
        throw(vm, IndexError, "%s out of range", what);
        return false;
    }
    *i = n;
    return true;
}

/* May the other operand's type know the operation, so that we must not raise yet? */
static bool may_know(const Vm *vm, Value other)
{
    const Type *type = type_of(vm, other);
    return (type->flags & TYPE_HEAP) && type->slots.binary;
}

Truth sequence_count(Vm *vm, Value operand, ptrdiff_t *n)
{
    if (!sequence_is_index(vm, operand)) {
        if (may_know(vm, operand)) return NO;
        throw(vm, TypeError, "can't multiply sequence by non-int of type '%T'", operand);
        return FAILED;
    }
    if (!int_subscript(vm, operand, n, false)) {
        if (error_is(vm, IndexError)) {
            error_clear(vm);
            throw(vm, OverflowError, "cannot fit '%T' into an index-sized integer", operand);
        }
        return FAILED;
    }
    if (*n < 0) *n = 0;
    return YES;
}

Ref sequence_cannot_add(Vm *vm, const char *type, Value other)
{
    if (may_know(vm, other)) return NOT_IMPLEMENTED;
    return throw(vm, TypeError, "can only concatenate %s (not \"%T\") to %s", type, other, type);
}

/* Finds the first place where a and b differ; *x and *y are then those items, owned.  UNDEF: one
 * is a prefix of the other.  false: raised. */
static bool first_difference(Vm *vm, Value a, Value b, Ref *x, Ref *y)
{
    *x = *y = UNDEF;
    for (ptrdiff_t i = 0;; i++) {
        ptrdiff_t a_len, b_len;
        Ref *a_items = sequence_items(a, &a_len), *b_items = sequence_items(b, &b_len);
        Truth same = YES;
        while (i < a_len && i < b_len && (same = quick_equal(a_items[i], b_items[i])) == YES) i++;
        if (i >= a_len || i >= b_len) return true;
        *x = newref(a_items[i]);
        *y = newref(b_items[i]);
        if (same == NO) return true;
        same = value_equal(vm, *x, *y);
        sequence_items(a, &a_len); /* comparing may have shortened them */
        sequence_items(b, &b_len);
        if (same == NO && i < a_len && i < b_len) return true;
        clear(x);
        clear(y);
        if (same != YES) return same == NO;
    }
}

Truth quick_equal_tuples(Value a, Value b)
{
    if (!is_exact(a, KIND_TUPLE) || !is_exact(b, KIND_TUPLE)) return FAILED;
    ptrdiff_t len = tuple_len(a);
    if (tuple_len(b) != len) return NO;
    for (ptrdiff_t i = 0; i < len; i++) {
        Truth same = quick_equal(tuple_at(a, i), tuple_at(b, i));
        if (same != YES) return same;
    }
    return YES;
}

Ref sequence_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    ptrdiff_t a_len, b_len;
    sequence_items(a, &a_len);
    sequence_items(b, &b_len);
    if (a_len != b_len && (op == CMP_EQUAL || op == CMP_NOT_EQUAL))
        return from_bool(op != CMP_EQUAL);
    Ref x, y;
    if (!first_difference(vm, a, b, &x, &y)) return FAIL;
    if (!absent(x)) {
        Ref out;
        if (op == CMP_EQUAL || op == CMP_NOT_EQUAL) out = from_bool(op == CMP_NOT_EQUAL);
        else out = value_compare(vm, x, y, op);
        decref(x);
        decref(y);
        return out;
    }
    sequence_items(a, &a_len);
    sequence_items(b, &b_len);
    switch (op) {
    case CMP_LESS: return from_bool(a_len < b_len);
    case CMP_LESS_EQUAL: return from_bool(a_len <= b_len);
    case CMP_EQUAL: return from_bool(a_len == b_len);
    case CMP_NOT_EQUAL: return from_bool(a_len != b_len);
    case CMP_GREATER: return from_bool(a_len > b_len);
    default: return from_bool(a_len >= b_len);
    }
}

static bool repr_items(Vm *vm, StrBuilder *text, Value self)
{
    ptrdiff_t len;
    for (ptrdiff_t i = 0;; i++) {
        Ref *items = sequence_items(self, &len);
        if (i >= len) return true;
        Ref item = newref(items[i]);
        bool ok = (i == 0 || builder_ascii(vm, text, ", ", 2)) && builder_repr(vm, text, item);
        decref(item);
        if (!ok) return false;
    }
}

Ref sequence_repr(Vm *vm, Value self)
{
    bool list = is_list(self);
    ptrdiff_t len;
    sequence_items(self, &len);
    if (len == 0) return str_from_ascii(vm, list ? "[]" : "()", 2);
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from(vm, list ? "[...]" : "(...)");
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_ascii(vm, &text, list ? "[" : "(", 1) && repr_items(vm, &text, self);
    if (ok && !list && len == 1) ok = builder_ascii(vm, &text, ",", 1);
    if (ok) ok = builder_ascii(vm, &text, list ? "]" : ")", 1);
    repr_leave(vm, self);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

ptrdiff_t sequence_find(Vm *vm, Value self, Value item, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t len;
    sequence_items(self, &len);
    if (start < 0 && (start += len) < 0) start = 0;
    if (end < 0 && (end += len) < 0) end = 0;
    for (ptrdiff_t i = start;; i++) {
        Ref *items = sequence_items(self, &len);
        if (end < len) len = end;
        Truth same = NO;
        while (i < len && (same = quick_equal(items[i], item)) == NO) i++;
        if (i >= len) return -1;
        if (same == YES) return i;
        Ref held = newref(items[i]);
        same = value_equal(vm, held, item);
        decref(held);
        if (same == FAILED) return -2;
        if (same == YES) return i;
    }
}

ptrdiff_t sequence_count_of(Vm *vm, Value self, Value item)
{
    ptrdiff_t count = 0, i = 0;
    while ((i = sequence_find(vm, self, item, i, PTRDIFF_MAX)) >= 0) {
        count++;
        i++;
    }
    return i == -2 ? -1 : count;
}

void sequence_copy(Ref *to, Ref *from, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) to[i] = newref(from[i]);
}
