/* _operator_apply.c - the operators as functions.
 *
 * They are natives, so one that a class keeps as an attribute is not bound to its instances.
 * Operators of one shape are the rows of a list, from which bodies and table come.
 * Neighbours: _operator.h, operator.aio (their other names). */
/* SPDX-License-Identifier: MIT */
#include "_operator.h"

/* ROW(name, operator, how it is written) */
#define BINARY_ROWS(ROW)                                                                           \
    ROW(add, ADD, "+")                                                                             \
    ROW(sub, SUB, "-")                                                                             \
    ROW(mul, MUL, "*")                                                                             \
    ROW(matmul, MATMUL, "@")                                                                       \
    ROW(truediv, TRUEDIV, "/")                                                                     \
    ROW(floordiv, FLOORDIV, "//")                                                                  \
    ROW(mod, MOD, "%")                                                                             \
    ROW(pow, POW, "**")                                                                            \
    ROW(lshift, LSHIFT, "<<")                                                                      \
    ROW(rshift, RSHIFT, ">>")                                                                      \
    ROW(and_, AND, "&")                                                                            \
    ROW(or_, OR, "|")                                                                              \
    ROW(xor, XOR, "^")
#define INPLACE_ROWS(ROW)                                                                          \
    ROW(iadd, ADD, "+=")                                                                           \
    ROW(isub, SUB, "-=")                                                                           \
    ROW(imul, MUL, "*=")                                                                           \
    ROW(imatmul, MATMUL, "@=")                                                                     \
    ROW(itruediv, TRUEDIV, "/=")                                                                   \
    ROW(ifloordiv, FLOORDIV, "//=")                                                                \
    ROW(imod, MOD, "%=")                                                                           \
    ROW(ipow, POW, "**=")                                                                          \
    ROW(ilshift, LSHIFT, "<<=")                                                                    \
    ROW(irshift, RSHIFT, ">>=")                                                                    \
    ROW(iand, AND, "&=")                                                                           \
    ROW(ior, OR, "|=")                                                                             \
    ROW(ixor, XOR, "^=")
#define COMPARE_ROWS(ROW)                                                                          \
    ROW(lt, LESS, "<")                                                                             \
    ROW(le, LESS_EQUAL, "<=")                                                                      \
    ROW(eq, EQUAL, "==")                                                                           \
    ROW(ne, NOT_EQUAL, "!=")                                                                       \
    ROW(ge, GREATER_EQUAL, ">=")                                                                   \
    ROW(gt, GREATER, ">")
#define UNARY_ROWS(ROW)                                                                            \
    ROW(neg, NEG, "-a")                                                                            \
    ROW(pos, POS, "+a")                                                                            \
    ROW(inv, INVERT, "~a")                                                                         \
    ROW(invert, INVERT, "~a")                                                                      \
    ROW(abs, ABS, "abs(a)")

#define BINARY_BODY(name, op, sign)                                                                \
    NATIVE(operator_##name, #name "(a, b, /)", "Same as a " sign " b.")                            \
    {                                                                                              \
        return number_binary(vm, OP2_##op, argv[0], argv[1]);                                      \
    }
#define INPLACE_BODY(name, op, sign)                                                               \
    NATIVE(operator_##name, #name "(a, b, /)", "Same as a " sign " b.")                            \
    {                                                                                              \
        return number_inplace(vm, OP2_##op, argv[0], argv[1]);                                     \
    }
#define COMPARE_BODY(name, op, sign)                                                               \
    NATIVE(operator_##name, #name "(a, b, /)", "Same as a " sign " b.")                            \
    {                                                                                              \
        return value_compare(vm, argv[0], argv[1], CMP_##op);                                      \
    }
#define UNARY_BODY(name, op, sign)                                                                 \
    NATIVE(operator_##name, #name "(a, /)", "Same as " sign ".")                                   \
    {                                                                                              \
        return number_unary(vm, OP1_##op, argv[0]);                                                \
    }
BINARY_ROWS(BINARY_BODY)
INPLACE_ROWS(INPLACE_BODY)
COMPARE_ROWS(COMPARE_BODY)
UNARY_ROWS(UNARY_BODY)

/* ---- truth and identity ---- */

NATIVE(operator_not_, "not_(a, /)", "Same as not a.")
{
    Truth truth = value_truth(vm, argv[0]);
    return truth == FAILED ? FAIL : from_bool(!truth);
}

NATIVE(operator_truth, "truth(a, /)", "Return True if a is true, False otherwise.")
{
    Truth truth = value_truth(vm, argv[0]);
    return truth == FAILED ? FAIL : from_bool(truth);
}

NATIVE(operator_is_, "is_(a, b, /)", "Same as a is b.") { return from_bool(argv[0] == argv[1]); }

NATIVE(operator_is_not, "is_not(a, b, /)", "Same as a is not b.")
{
    return from_bool(argv[0] != argv[1]);
}

NATIVE(operator_is_none, "is_none(a, /)", "Same as a is None.")
{
    return from_bool(is_none(argv[0]));
}

NATIVE(operator_is_not_none, "is_not_none(a, /)", "Same as a is not None.")
{
    return from_bool(!is_none(argv[0]));
}

NATIVE(operator_index, "index(a, /)", "Same as a.__index__(), as an exact int.")
{
    return int_from_index(vm, argv[0]);
}

/* ---- sequences and items ---- */

/* Has it items, as far as can be seen, that are found by their index? */
static bool has_items(Vm *vm, Value v)
{
    return !is_dict(v) && !absent(type_lookup(vm, type_of(vm, v), N(__getitem__)));
}

/* May a and b be put together?  A builtin sequence looks at b itself. */
static bool can_concat(Vm *vm, Value a, Value b)
{
    bool looks = !is_kind(a, KIND_OBJECT) || !(type_of(vm, a)->flags & TYPE_HEAP);
    if (has_items(vm, a) && (looks || has_items(vm, b))) return true;
    throw(vm, TypeError, "'%s' object can't be concatenated", type_name(vm, a));
    return false;
}

NATIVE(operator_concat, "concat(a, b, /)", "Same as a + b, for a and b sequences.")
{
    return can_concat(vm, argv[0], argv[1]) ? number_add(vm, argv[0], argv[1]) : FAIL;
}

NATIVE(operator_iconcat, "iconcat(a, b, /)", "Same as a += b, for a and b sequences.")
{
    if (!can_concat(vm, argv[0], argv[1])) return FAIL;
    return number_inplace(vm, OP2_ADD, argv[0], argv[1]);
}

NATIVE(operator_contains, "contains(a, b, /)", "Same as b in a (note reversed operands).")
{
    Truth found = value_contains(vm, argv[0], argv[1]);
    return found == FAILED ? FAIL : from_bool(found);
}

NATIVE(operator_getitem, "getitem(a, b, /)", "Same as a[b].")
{
    return value_get_item(vm, argv[0], argv[1]);
}

NATIVE(operator_setitem, "setitem(a, b, c, /)", "Same as a[b] = c.")
{
    return value_set_item(vm, argv[0], argv[1], argv[2]) ? NONE : FAIL;
}

NATIVE(operator_delitem, "delitem(a, b, /)", "Same as del a[b].")
{
    return value_set_item(vm, argv[0], argv[1], UNDEF) ? NONE : FAIL;
}

/* A walk over iterable that says itself when there is none. */
static Ref walk_of(Vm *vm, Value iterable)
{
    Ref walk = iter_of(vm, iterable);
    if (!failed(walk) || !error_is(vm, TypeError)) return walk;
    error_clear(vm);
    return throw(vm, TypeError, "argument of type '%s' is not iterable", type_name(vm, iterable));
}

/* Steps walk to an item that is or equals wanted, counting in *passed those before; NO: the end. */
static Truth walk_to(Vm *vm, Value walk, Value wanted, int64_t *passed)
{
    for (;; ++*passed) {
        Ref item = iter_step(vm, walk);
        if (failed(item)) return FAILED;
        if (absent(item)) return NO;
        Truth equal = value_equal(vm, item, wanted);
        decref(item);
        if (equal != NO) return equal;
    }
}

NATIVE(operator_countOf, "countOf(a, b, /)", "Return how many items of a are b or equal it.")
{
    Ref walk = walk_of(vm, argv[0]);
    if (failed(walk)) return FAIL;
    int64_t count = 0, passed = 0;
    Truth found;
    while ((found = walk_to(vm, walk, argv[1], &passed)) == YES) count++;
    decref(walk);
    return found == FAILED ? FAIL : from_int64(vm, count);
}

NATIVE(operator_indexOf, "indexOf(a, b, /)",
       "Return the first index at which b occurs in a.  Raises ValueError when it does not.")
{
    Ref walk = walk_of(vm, argv[0]);
    if (failed(walk)) return FAIL;
    int64_t passed = 0;
    Truth found = walk_to(vm, walk, argv[1], &passed);
    decref(walk);
    if (found == FAILED) return FAIL;
    if (found == NO) return throw(vm, ValueError, "sequence.index(x): x not in sequence");
    return from_int64(vm, passed);
}

NATIVE(operator_length_hint, "length_hint(obj, default=0, /)",
       "Return an estimate of the number of items in obj: its length, its __length_hint__(), or\n"
       "default.")
{
    int64_t otherwise;
    if (!int_index(vm, argv[1], &otherwise)) return FAIL;
    ptrdiff_t hint = iter_length_hint(vm, argv[0], PTRDIFF_MIN);
    if (hint == -1) return FAIL;
    return from_int64(vm, hint == PTRDIFF_MIN ? otherwise : hint);
}

NATIVE(operator_call, "call(obj, /, *args, **kwargs=?)", "Same as obj(*args, **kwargs).")
{
    return call_unpacked(vm, argv[0], argv[1], absent(argv[2]) ? NONE : argv[2]);
}

#define FUNCTION(name, ...) &operator_##name##_def,
const Native *const operator_functions[] = {
    BINARY_ROWS(FUNCTION) INPLACE_ROWS(FUNCTION) COMPARE_ROWS(FUNCTION) UNARY_ROWS(FUNCTION)
        FUNCTION(not_) FUNCTION(truth) FUNCTION(is_) FUNCTION(is_not) FUNCTION(is_none)
            FUNCTION(is_not_none) FUNCTION(index) FUNCTION(concat) FUNCTION(iconcat)
                FUNCTION(contains) FUNCTION(getitem) FUNCTION(setitem) FUNCTION(delitem)
                    FUNCTION(countOf) FUNCTION(indexOf) FUNCTION(length_hint) FUNCTION(call) NULL};
