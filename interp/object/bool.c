/* bool.c - the type bool: True and False, which are ints.
 *
 * Both are immediates; arithmetic is that of int, but &, | and ^ of two bools give a bool.
 * Neighbours: int.c, value.c (value_truth: what bool(x) asks). */
/* SPDX-License-Identifier: MIT */
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"

NATIVE(bool_new, "new(cls, x=False, /)", "Return True when x is true, False otherwise.")
{
    Truth truth = value_truth(vm, argv[1]);
    return truth == FAILED ? FAIL : from_bool(truth);
}

static Ref bool_repr(Vm *vm, Value self) { return newref(self == TRUE ? N(True) : N(False)); }

static Ref bool_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (!is_bool(a) || !is_bool(b)) return int_binary(vm, op, a, b);
    bool x = a == TRUE, y = b == TRUE;
    switch (op) {
    case OP2_AND: return from_bool(x & y);
    case OP2_OR: return from_bool(x | y);
    case OP2_XOR: return from_bool(x ^ y);
    default: return int_binary(vm, op, a, b);
    }
}

static Ref bool_unary(Vm *vm, UnaryOp op, Value self)
{
    if (op == OP1_INVERT &&
        !warn(
            vm, DeprecationWarning, 1,
            "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This "
            "returns the bitwise inversion of the underlying int object and is usually not what "
            "you "
            "expect from the negation of a bool object. Use the 'not' operator for boolean "
            "negation "
            "or ~int(x) for the bitwise inversion of the underlying int."))
        return FAIL;
    return int_unary(vm, op, self);
}

const TypeDef bool_type = {
    .name = "bool",
    .size = sizeof(Int),
    .flags = TYPE_FINAL | TYPE_MATCH_SELF,
    .base = &int_type,
    .doc = "bool(object=False, /)\n\nTrue or False: whether the object is true.",
    .new = &bool_new_def,
    .repr = bool_repr,
    .unary = bool_unary,
    .binary = bool_binary,
};
