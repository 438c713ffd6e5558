/* float.c - doubles: conversion, arithmetic, comparison with ints, hashing.
 *
 * A float is an immediate; only an instance of a script's subclass is an object.  Ints mixed in
 * are converted to double for arithmetic (OverflowError when too large) but compared exactly.
 * Neighbours: floatmethods.c (the type and its methods), base/numtext.h (text), int.c,
 * complex.c. */
/* SPDX-License-Identifier: MIT */
#include "object/float.h"

#include "base/numtext.h"
#include "object/call.h"
#include "object/complex.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

/* ---- conversion ---- */

/* The double of a value that __float__ or __index__ can convert; steals nothing.  NO: neither. */
static Truth float_by_slot(Vm *vm, Value v, double *number)
{
    Type *type = type_of(vm, v);
    if (type->slots.as_float) {
        Ref result = type->slots.as_float(vm, v);
        if (failed(result)) return FAILED;
        bool good = is_any_float(result);
        if (!good)
            throw(vm, TypeError, "%T.__float__ returned non-float (type %T)", v, (Value)result);
        else if (!is_float(result))
            good = warn(
                vm, DeprecationWarning, 1,
                "%T.__float__ returned non-float (type %T).  The ability to return an instance "
                "of a strict subclass of float is deprecated, and may be removed in a future "
                "version of Python.",
                v, (Value)result);
        if (good) *number = float_value(result);
        decref(result);
        return good ? YES : FAILED;
    }
    if (!type->slots.index) return NO;
    Ref integer = int_from_index(vm, v);
    if (failed(integer)) return FAILED;
    bool ok;
    *number = int_to_double(vm, integer, &ok);
    decref(integer);
    return ok ? YES : FAILED;
}

bool float_from(Vm *vm, Value v, double *number)
{
    bool ok = true;
    if (is_any_float(v)) {
        *number = float_value(v);
    } else if (is_int(v)) {
        *number = (double)as_int(v);
    } else {
        Truth done = float_by_slot(vm, v, number);
        if (done == NO) throw(vm, TypeError, "must be real number, not %T", v);
        ok = done == YES;
    }
    return ok;
}

ptrdiff_t number_cut_underscores(const char *text, ptrdiff_t len, char *out)
{
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < len; i++) {
        if (text[i] != '_') {
            out[count++] = text[i];
            continue;
        }
        bool between = i > 0 && i + 1 < len && text[i - 1] >= '0' && text[i - 1] <= '9' &&
                       text[i + 1] >= '0' && text[i + 1] <= '9';
        if (!between) return -1;
    }
    return count;
}

bool float_from_str(Vm *vm, Value v, double *number)
{
    NumberText text;
    if (!number_text(vm, v, &text)) return false;
    const char *digits = text.text;
    ptrdiff_t len = text.len;
    char *cut = NULL;
    if (len && memchr(digits, '_', (size_t)len)) {
        cut = memory_new(vm, (size_t)len);
        if (!cut) {
            number_text_close(&text);
            return false;
        }
        len = number_cut_underscores(digits, len, cut);
        digits = cut;
    }
    bool good = len > 0 && double_scan(digits, len, number) == len;
    memory_free(cut);
    number_text_close(&text);
    if (!good) throw(vm, ValueError, "could not convert string to float: %R", v);
    return good;
}

bool float_from_value(Vm *vm, Value v, double *number)
{
    if (is_float(v)) {
        *number = as_float(v);
        return true;
    }
    const Slots *slots = &type_of(vm, v)->slots;
    if (is_str(v) && !slots->as_float && !slots->index) return float_from_str(vm, v, number);
    Truth done = float_by_slot(vm, v, number);
    if (done != NO) return done == YES;
    if (slots->buffer) return float_from_str(vm, v, number);
    throw(vm, TypeError, "float() argument must be a string or a real number, not '%T'", v);
    return false;
}

Ref float_repr_of(Vm *vm, double number)
{
    char buffer[DOUBLE_REPR_MAX];
    return str_from_ascii(vm, buffer, double_repr(number, buffer));
}

/* ---- hash ---- */

enum { HASH_BITS = 61, HASH_INFINITY = 314159 };

int64_t float_hash(double number)
{
    if (isnan(number)) return 0;
    if (isinf(number)) return number > 0 ? HASH_INFINITY : -HASH_INFINITY;
    int exponent;
    double fraction = frexp(fabs(number), &exponent);
    uint64_t mantissa = (uint64_t)ldexp(fraction, 53);
    int turn =
        (exponent - 53) % HASH_BITS; /* 2^61 is 1 modulo 2^61-1: multiplying by 2^n rotates */
    if (turn < 0) turn += HASH_BITS;
    const uint64_t modulus = (UINT64_C(1) << HASH_BITS) - 1;
    uint64_t rotated = ((mantissa << turn) & modulus) | (turn ? mantissa >> (HASH_BITS - turn) : 0);
    if (rotated >= modulus) rotated -= modulus;
    int64_t hash = number < 0 ? -(int64_t)rotated : (int64_t)rotated;
    return hash == -1 ? -2 : hash;
}

/* ---- arithmetic ---- */

double float_mod(double a, double b)
{
    double rest = fmod(a, b);
    if (rest == 0) return copysign(0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

double float_floordiv(double a, double b)
{
    double rest = fmod(a, b);
    double quotient = (a - rest) / b; /* near an integer */
    if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
    if (quotient == 0) return copysign(0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static Ref throw_range(Vm *vm)
{
    Ref message = str_from(vm, "Numerical result out of range");
    if (failed(message)) return FAIL;
    Ref error = call2(vm, borrow(exception_class(vm, OverflowError)), from_small(34), message);
    decref(message);
    if (failed(error)) return FAIL;
    throw_object(vm, error);
    decref(error);
    return FAIL;
}

static Ref float_pow(Vm *vm, double a, double b)
{
    if (a == 0 && b < 0 && !isinf(b))
        return throw(vm, ZeroDivisionError, "zero to a negative power");
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b)) return complex_power(vm, a, 0, b, 0);
    double result = pow(a, b);
    if (isinf(result) && isfinite(a) && isfinite(b)) return throw_range(vm);
    return from_float(isnan(result) ? (double)NAN : result);
}

static Ref divide(Vm *vm, BinaryOp op, double a, double b)
{
    if (b == 0) return throw(vm, ZeroDivisionError, "division by zero");
    switch (op) {
    case OP2_TRUEDIV: return from_float(a / b);
    case OP2_FLOORDIV: return from_float(float_floordiv(a, b));
    case OP2_MOD: return from_float(float_mod(a, b));
    default: {
        Ref pair[2] = {from_float(float_floordiv(a, b)), from_float(float_mod(a, b))};
        return tuple_from_refs(vm, 2, pair);
    }
    }
}

/* A float or int operand as a double: YES; NO: it is neither. */
static Truth operand(Vm *vm, Value v, double *number)
{
    if (is_any_float(v)) {
        *number = float_value(v);
        return YES;
    }
    if (!is_any_int(v)) return NO;
    bool ok;
    *number = int_to_double(vm, v, &ok);
    return ok ? YES : FAILED;
}

static bool is_float_op(BinaryOp op)
{
    return op == OP2_ADD || op == OP2_SUB || op == OP2_MUL || op == OP2_POW || op == OP2_TRUEDIV ||
           op == OP2_FLOORDIV || op == OP2_MOD || op == OP2_DIVMOD;
}

Ref float_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    double x, y;
    if (!is_float_op(op)) return NOT_IMPLEMENTED;
    Truth left = operand(vm, a, &x);
    Truth right = left == YES ? operand(vm, b, &y) : left;
    if (right != YES) return right == NO ? NOT_IMPLEMENTED : FAIL;
    switch (op) {
    case OP2_ADD: return from_float(x + y);
    case OP2_SUB: return from_float(x - y);
    case OP2_MUL: return from_float(x * y);
    case OP2_POW: return float_pow(vm, x, y);
    default: return divide(vm, op, x, y);
    }
}

Ref float_power(Vm *vm, Value a, Value b, Value modulus)
{
    if (is_none(modulus)) return float_binary(vm, OP2_POW, a, b);
    return throw(vm, TypeError, "pow() 3rd argument not allowed unless all arguments are integers");
}

Ref float_unary(Vm *vm __attribute__((unused)), UnaryOp op, Value self)
{
    double number = float_value(self);
    switch (op) {
    case OP1_NEG: return from_float(-number);
    case OP1_POS: return from_float(number);
    case OP1_ABS: return from_float(fabs(number));
    default: return NOT_IMPLEMENTED;
    }
}

Ref float_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    double x, y;
    int order;
    if (is_any_float(a) && is_any_float(b)) {
        x = float_value(a);
        y = float_value(b);
        if (isnan(x) || isnan(y)) return from_bool(op == CMP_NOT_EQUAL);
        order = x < y ? -1 : x > y;
    } else if (is_any_float(a) && is_any_int(b)) {
        x = float_value(a);
        if (isnan(x)) return from_bool(op == CMP_NOT_EQUAL);
        order = -int_compare_double(b, x);
    } else if (is_any_int(a) && is_any_float(b)) {
        y = float_value(b);
        if (isnan(y)) return from_bool(op == CMP_NOT_EQUAL);
        order = int_compare_double(a, y);
    } else {
        return NOT_IMPLEMENTED;
    }
    return from_bool(order_satisfies(order, op));
}
