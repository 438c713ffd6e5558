/* number.c - arithmetic on any values: which type's slot gets to do it.
 *
 * Python's rule for a op b: the slot of a's type, then that of b's; b's goes first when b's type
 * is a proper subclass of a's with a slot of its own.  NOT_IMPLEMENTED passes on to the next; when
 * all pass, TypeError. Small ints and floats are done here, before any slot is looked up.
 * Neighbours: value.c (comparison and the rest), int.c, float.c, slot.c (slots that are script
 * methods). */
/* SPDX-License-Identifier: MIT */
#include "object/number.h"

#include "object/error.h"
#include "object/int.h"
#include "object/native.h"
#include "object/slot.h"
#include "object/str.h"

static const char *const binary_symbols[OP2_COUNT] = {
    [OP2_ADD] = "+",     [OP2_SUB] = "-",           [OP2_MUL] = "*", [OP2_MATMUL] = "@",
    [OP2_TRUEDIV] = "/", [OP2_FLOORDIV] = "//",     [OP2_MOD] = "%", [OP2_POW] = "** or pow()",
    [OP2_LSHIFT] = "<<", [OP2_RSHIFT] = ">>",       [OP2_AND] = "&", [OP2_OR] = "|",
    [OP2_XOR] = "^",     [OP2_DIVMOD] = "divmod()",
};
static const char *const inplace_symbols[OP2_COUNT] = {
    [OP2_ADD] = "+=",     [OP2_SUB] = "-=",          [OP2_MUL] = "*=", [OP2_MATMUL] = "@=",
    [OP2_TRUEDIV] = "/=", [OP2_FLOORDIV] = "//=",    [OP2_MOD] = "%=", [OP2_POW] = "**=",
    [OP2_LSHIFT] = "<<=", [OP2_RSHIFT] = ">>=",      [OP2_AND] = "&=", [OP2_OR] = "|=",
    [OP2_XOR] = "^=",     [OP2_DIVMOD] = "divmod()",
};

/* Two small ints; UNDEF when the slots have to do it. */
static inline Ref small_ints(Vm *vm, BinaryOp op, int64_t a, int64_t b)
{
    int64_t result;
    switch (op) {
    case OP2_ADD: return from_int64(vm, a + b);
    case OP2_SUB: return from_int64(vm, a - b);
    case OP2_MUL: return __builtin_mul_overflow(a, b, &result) ? UNDEF : from_int64(vm, result);
    case OP2_AND: return from_small(a & b);
    case OP2_OR: return from_small(a | b);
    case OP2_XOR: return from_small(a ^ b);
    default: return UNDEF;
    }
}

static inline Ref two_floats(BinaryOp op, double a, double b)
{
    switch (op) {
    case OP2_ADD: return from_float(a + b);
    case OP2_SUB: return from_float(a - b);
    case OP2_MUL: return from_float(a * b);
    case OP2_TRUEDIV: return b == 0 ? UNDEF : from_float(a / b);
    default: return UNDEF;
    }
}

/* An operation that is done before any slot is looked up; UNDEF: it is not. */
static inline Ref binary_plain(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (both_ints(a, b)) {
        Ref result = small_ints(vm, op, as_int(a), as_int(b));
        if (!absent(result)) return result;
    }
    if (both_floats(a, b)) return two_floats(op, as_float(a), as_float(b));
    if ((is_int(a) || is_exact(a, KIND_INT)) && (is_int(b) || is_exact(b, KIND_INT)) &&
        op != OP2_MATMUL)
        return int_binary(vm, op, a, b);
    if (op == OP2_MOD && is_exact(a, KIND_STR) && (!is_heap(b) || is_exact(b, KIND_TUPLE)))
        return str_percent(vm, a, b);
    return UNDEF;
}

/* The slots by Python's rule; NOT_IMPLEMENTED when neither knows. */
static Ref binary_slots(Vm *vm, BinaryOp op, Value a, Value b)
{
    Type *left = type_of(vm, a), *right = type_of(vm, b);
    Ref (*first)(Vm *, BinaryOp, Value, Value) = left->slots.binary;
    Ref (*second)(Vm *, BinaryOp, Value, Value) = right->slots.binary;
    if (first == second) return first ? first(vm, op, a, b) : NOT_IMPLEMENTED;
    if (first && second && left != right && type_is_subtype(right, left)) {
        Ref result = second(vm, op, a, b);
        return result == NOT_IMPLEMENTED ? first(vm, op, a, b) : result;
    }
    Ref result = first ? first(vm, op, a, b) : NOT_IMPLEMENTED;
    return result == NOT_IMPLEMENTED && second ? second(vm, op, a, b) : result;
}

static Ref throw_unsupported(Vm *vm, const char *symbol, Value a, Value b)
{
    if (is_kind(a, KIND_NATIVE_FUNCTION) && symbol[0] == '>' && str_is(as_native(a)->name, "print"))
        return throw(vm, TypeError,
                     "unsupported operand type(s) for %s: '%T' and '%T'. Did you mean "
                     "\"print(<message>, file=<output_stream>)\"?",
                     symbol, a, b);
    return throw(vm, TypeError, "unsupported operand type(s) for %s: '%T' and '%T'", symbol, a, b);
}

Ref number_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    Ref result = binary_plain(vm, op, a, b);
    if (!absent(result)) return result;
    result = binary_slots(vm, op, a, b);
    return result == NOT_IMPLEMENTED ? throw_unsupported(vm, binary_symbols[op], a, b) : result;
}

Ref number_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    Ref result = binary_plain(vm, op, a, b);
    if (!absent(result)) return result;
    Type *type = type_of(vm, a);
    result = type->slots.inplace ? type->slots.inplace(vm, op, a, b) : NOT_IMPLEMENTED;
    if (result == NOT_IMPLEMENTED) result = binary_slots(vm, op, a, b);
    return result == NOT_IMPLEMENTED ? throw_unsupported(vm, inplace_symbols[op], a, b) : result;
}

Ref number_unary(Vm *vm, UnaryOp op, Value a)
{
    static const char *const symbols[] = {[OP1_NEG] = "unary -",
                                          [OP1_POS] = "unary +",
                                          [OP1_INVERT] = "unary ~",
                                          [OP1_ABS] = "abs()"};
    if (is_int(a)) {
        int64_t n = as_int(a);
        if (op == OP1_POS || (op == OP1_ABS && n >= 0)) return from_small(n);
        return from_int64(vm, op == OP1_INVERT ? ~n : -n);
    }
    if (is_float(a) && op == OP1_NEG) return from_float(-as_float(a));
    Type *type = type_of(vm, a);
    Ref result = type->slots.unary ? type->slots.unary(vm, op, a) : NOT_IMPLEMENTED;
    if (result != NOT_IMPLEMENTED || type->slots.unary == special_slots.unary) return result;
    return throw(vm, TypeError, "bad operand type for %s: '%T'", symbols[op], a);
}

/* pow(a, b, modulus) by the power slots: as for two operands, and the modulus's slot last. */
Ref number_power(Vm *vm, Value a, Value b, Value modulus)
{
    if (is_none(modulus)) return number_binary(vm, OP2_POW, a, b);
    typedef Ref Power(Vm *, Value, Value, Value);
    Type *left = type_of(vm, a), *right = type_of(vm, b), *third = type_of(vm, modulus);
    Power *first = left->slots.power, *second = right->slots.power, *last = third->slots.power;
    if (second == first) second = NULL;
    if (last == first || last == second) last = NULL;
    if (first && second && type_is_subtype(right, left)) {
        Power *swapped = first;
        first = second;
        second = swapped;
    }
    Power *const order[] = {first, second, last};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (!order[i]) continue;
        Ref result = order[i](vm, a, b, modulus);
        if (result != NOT_IMPLEMENTED) return result;
    }
    return throw(vm, TypeError, "unsupported operand type(s) for ** or pow(): '%T', '%T', '%T'", a,
                 b, modulus);
}
