/* sequence.h - what list and tuple (and range, for subscripts) have in common. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_SEQUENCE_H
#define AIO_OBJECT_SEQUENCE_H

#include "object/list.h"
#include "object/str.h"
#include "object/tuple.h"

/* The items of a list or tuple and how many; valid until script code runs. */
static inline Ref *sequence_items(Value v, ptrdiff_t *len)
{
    if (is_list(v)) {
        *len = as_list(v)->len;
        return as_list(v)->items;
    }
    *len = as_tuple(v)->len;
    return as_tuple(v)->items;
}
static inline bool is_sequence(Value v) { return is_list(v) || is_tuple(v); }

/* Is key an int or something with __index__? */
bool sequence_is_index(const Vm *vm, Value key);
/* The index key stands for, negative ones counted from the end; IndexError "<what> out of range"
 * outside [0, len), TypeError "<type> indices must be integers or slices, not ..." for what is
 * no index.  len is read last: __index__ may change it. */
bool sequence_index(Vm *vm, Value key, const ptrdiff_t *len, const char *type, const char *what,
                    ptrdiff_t *i);
/* The operand of sequence * n: YES and *n (0 when negative), NO when the other operand may still
 * know, FAILED. */
Truth sequence_count(Vm *vm, Value operand, ptrdiff_t *n);
/* NOT_IMPLEMENTED when other may know __radd__, else TypeError "can only concatenate list (not
 * "int") to list". */
Ref sequence_cannot_add(Vm *vm, const char *type, Value other);

/* Both lists or both tuples. */
Ref sequence_compare(Vm *vm, Value a, Value b, CompareOp op);
Ref sequence_repr(Vm *vm, Value self);
/* The first item equal to item in [start, end) (negative: from the end), -1: none, -2: raised. */
ptrdiff_t sequence_find(Vm *vm, Value self, Value item, ptrdiff_t start, ptrdiff_t end);
ptrdiff_t sequence_count_of(Vm *vm, Value self, Value item); /* -1: raised */
/* items copied with new references. */
void sequence_copy(Ref *to, Ref *from, ptrdiff_t count);

/* a == b without calling out: YES or NO when identical, both small ints or both exactly str;
 * FAILED: must ask value_equal. */
static inline Truth quick_equal(Value a, Value b)
{
    if (a == b) return YES;
    if (both_ints(a, b)) return NO;
    if (is_exact(a, KIND_STR) && is_exact(b, KIND_STR)) return str_equal(as_str(a), as_str(b));
    return FAILED;
}
/* The same for two tuples of such items. */
Truth quick_equal_tuples(Value a, Value b);

#endif
