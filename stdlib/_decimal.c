/* _decimal.c - the type decimal.Decimal.
 *
 * A Decimal never changes.  Its operators round by the current context; its methods by the one
 * given, or the current one.
 * Neighbours: _decimal.h (numbers), _decimal_context.c, _decimal_make.c, _decimal_classes.aio. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

static const Triple *number_of(Value v) { return &as_decimal(v)->number; }

static void decimal_drop(Object *self)
{
    Decimal *decimal = (Decimal *)self;
    if (decimal->number.coeff->_mp_d != decimal->few) triple_clear(&decimal->number);
}

/* ---- making ---- */

static Ref make_from(Vm *vm, Value type, Value v, Value given)
{
    Ref context = context_or_current(vm, given);
    Ref out = failed(context) ? FAIL : decimal_from_value(vm, as_type(type), v, context, true);
    decref(context);
    return out;
}

NATIVE(decimal_make, "new(cls, value='0', context=None)",
       "Return value (str, int, float, Decimal, or a tuple of sign, digits and exponent) as an\n"
       "exact Decimal.  InvalidOperation for text that is no number.")
{
    return make_from(vm, argv[0], argv[1], argv[2]);
}

/* decimal as an instance of class: itself, or class(decimal); steals. */
static Ref as_class(Vm *vm, Value class, Ref decimal)
{
    if (failed(decimal) || as_type(class) == type_of(vm, decimal)) return decimal;
    Ref out = call1(vm, class, decimal);
    decref(decimal);
    return out;
}

static Ref from_double_or_int(Vm *vm, Value v)
{
    Type *type = type_from_def(vm, &decimal_type);
    Ref context = type ? context_get_current(vm) : FAIL;
    Ref out = failed(context) ? FAIL
              : is_any_int(v) ? decimal_operand(vm, v)
                              : decimal_from_double(vm, type, v, context, true);
    decref(context);
    return out;
}

NATIVE_CLASS(decimal_from_float, "from_float(cls, f, /)",
             "Return a float (or an int) as an exact Decimal.")
{
    return as_class(vm, argv[0], from_double_or_int(vm, argv[1]));
}

NATIVE_CLASS(decimal_from_number, "from_number(cls, number, /)",
             "Return an int, a float or a Decimal as an exact Decimal; TypeError for other types.")
{
    Value v = argv[1];
    if (is_decimal(vm, v)) return as_class(vm, argv[0], newref(v));
    if (!is_any_int(v) && !is_any_float(v))
        return throw(vm, TypeError, "Cannot convert %R to Decimal", v);
    return as_class(vm, argv[0], from_double_or_int(vm, v));
}

/* ---- operators ---- */

Ref decimal_divmod(Vm *vm, Value a, Value b, Value context)
{
    Decimal *quotient = decimal_plain(vm), *remainder = quotient ? decimal_plain(vm) : NULL;
    Ref out = FAIL;
    uint32_t status = 0;
    if (remainder) {
        triple_divmod(&quotient->number, &remainder->number, number_of(a), number_of(b),
                      &as_decimal_context(context)->rules, &status);
        if (context_note(vm, context, status))
            out = tuple_pack(vm, 2, borrow(quotient), borrow(remainder));
    }
    decref_object(quotient);
    decref_object(remainder);
    return out;
}

Ref decimal_fma(Vm *vm, Value a, Value b, Value c, Value context)
{
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    uint32_t status = 0;
    triple_fma(&out->number, number_of(a), number_of(b), number_of(c),
               &as_decimal_context(context)->rules, &status);
    if (context_note(vm, context, status)) return from_object(out);
    decref_object(out);
    return FAIL;
}

Ref decimal_power(Vm *vm, Value a, Value b, Value modulo, Value context)
{
    if (is_none(modulo)) return decimal_binary(vm, triple_power, a, b, context);
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    uint32_t status = 0;
    triple_power_modulo(&out->number, number_of(a), number_of(b), number_of(modulo),
                        &as_decimal_context(context)->rules, &status);
    if (context_note(vm, context, status)) return from_object(out);
    decref_object(out);
    return FAIL;
}

/* The result as an object, or FAIL with the trap's exception. */
static Ref small_finish(Vm *vm, const Small *result, Value context, uint32_t status)
{
    if (!context_note(vm, context, status)) return FAIL;
    Type *type = type_from_def(vm, &decimal_type);
    return type ? decimal_from_small(vm, type, result) : FAIL;
}

/* a op b if both and the result are small; UNDEF: they are not. */
static Ref small_operator(Vm *vm, BinaryOp op, Value a, Value b)
{
    Small left, right, result;
    if (!small_operand(vm, a, &left) || !small_operand(vm, b, &right)) return UNDEF;
    Ref context = context_get_current(vm), out = UNDEF;
    if (failed(context)) return FAIL;
    uint32_t status = 0;
    if (small_binary(op, &result, &left, &right, &as_decimal_context(context)->rules, &status))
        out = small_finish(vm, &result, context, status);
    decref(context);
    return out;
}

static Ref decimal_operator(Vm *vm, BinaryOp op, Value a, Value b)
{
    static Binary *const functions[OP2_COUNT] = {
        [OP2_ADD] = triple_add,       [OP2_SUB] = triple_subtract,
        [OP2_MUL] = triple_multiply,  [OP2_TRUEDIV] = triple_divide,
        [OP2_MOD] = triple_remainder, [OP2_FLOORDIV] = triple_divide_int,
        [OP2_POW] = triple_power,
    };
    if (!functions[op] && op != OP2_DIVMOD) return NOT_IMPLEMENTED;
    Ref small = small_operator(vm, op, a, b);
    if (!absent(small)) return small;
    Ref left = decimal_operand(vm, a), right = absent(left) || failed(left) ? left : UNDEF;
    if (!absent(left) && !failed(left)) right = decimal_operand(vm, b);
    Ref out = failed(left) || failed(right) ? FAIL : NOT_IMPLEMENTED;
    if (!absent(left) && !absent(right) && !failed(out)) {
        Ref context = context_get_current(vm);
        out = failed(context)    ? FAIL
              : op == OP2_DIVMOD ? decimal_divmod(vm, left, right, context)
                                 : decimal_binary(vm, functions[op], left, right, context);
        decref(context);
    }
    decref(left);
    decref(right);
    return out;
}

static Ref decimal_power_slot(Vm *vm, Value a, Value b, Value modulo)
{
    if (is_none(modulo)) return decimal_operator(vm, OP2_POW, a, b);
    Ref left = decimal_operand(vm, a), right = UNDEF, third = UNDEF, out = NOT_IMPLEMENTED;
    if (!absent(left) && !failed(left)) right = decimal_operand(vm, b);
    if (!absent(right) && !failed(right)) third = decimal_operand(vm, modulo);
    if (failed(left) || failed(right) || failed(third)) out = FAIL;
    else if (!absent(third)) {
        Ref context = context_get_current(vm);
        out = failed(context) ? FAIL : decimal_power(vm, left, right, third, context);
        decref(context);
    }
    decref(left);
    decref(right);
    decref(third);
    return out;
}

static Ref decimal_prefix(Vm *vm, UnaryOp op, Value self)
{
    Ref context = op == OP1_INVERT ? NOT_IMPLEMENTED : context_get_current(vm);
    if (failed(context) || op == OP1_INVERT) return context;
    Small number, result;
    uint32_t status = 0;
    Ref out;
    if (small_operand(vm, self, &number) &&
        small_prefix(op, &result, &number, &as_decimal_context(context)->rules, &status)) {
        out = small_finish(vm, &result, context, status);
    } else {
        Unary *function = op == OP1_NEG ? triple_minus : op == OP1_POS ? triple_plus : triple_abs;
        out = decimal_unary(vm, function, self, context);
    }
    decref(context);
    return out;
}

static Truth decimal_truth(Vm *vm __attribute__((unused)), Value self)
{
    return is_zero(number_of(self)) ? NO : YES;
}

/* ---- comparing ---- */

/* a compared with a Rational n/d: a * d with n. */
static Ref compare_ratio(Vm *vm, Value a, Value ratio, CompareOp op)
{
    Ref numerator = attr_get_text(vm, ratio, "numerator"), denominator = UNDEF, out = FAIL;
    if (!failed(numerator)) denominator = attr_get_text(vm, ratio, "denominator");
    Decimal *scaled = absent(denominator) || failed(denominator) ? NULL : decimal_plain(vm);
    if (scaled && is_any_int(numerator) && is_any_int(denominator)) {
        IntView view;
        triple_copy(&scaled->number, number_of(a));
        if (scaled->number.kind == FINITE)
            mpz_mul(scaled->number.coeff, scaled->number.coeff, int_view(&view, denominator));
        out = value_compare(vm, borrow(scaled), numerator, op);
    } else if (scaled) out = NOT_IMPLEMENTED;
    decref_object(scaled);
    decref(numerator);
    decref(denominator);
    return out;
}

/* b as a Decimal to compare with, owned; UNDEF: it cannot be. */
static Ref comparand(Vm *vm, Value b, CompareOp op, Value context)
{
    bool equality = op == CMP_EQUAL || op == CMP_NOT_EQUAL;
    double number;
    if (is_any_float(b)) number = float_value(b);
    else if (equality && is_complex(b) && as_complex(b)->imag == 0) number = as_complex(b)->real;
    else return decimal_operand(vm, b);
    if (equality) {
        Ref flags = attr_get_text(vm, context, "flags");
        if (failed(flags)) return FAIL;
        ((SignalDict *)as_object(flags))->bits |= COND_FLOAT;
        decref(flags);
    } else if (!context_note(vm, context, COND_FLOAT)) return FAIL;
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    triple_from_double(&out->number, number);
    return from_object(out);
}

static Ref compare_numbers(Vm *vm, const Triple *a, const Triple *b, CompareOp op, Value context)
{
    bool equality = op == CMP_EQUAL || op == CMP_NOT_EQUAL;
    if (!is_nan(a) && !is_nan(b)) return from_bool(order_satisfies(triple_order(a, b), op));
    bool signals = !equality || a->kind == SIGNALING_NAN || b->kind == SIGNALING_NAN;
    if (signals && !context_note(vm, context, COND_INVALID)) return FAIL;
    return from_bool(op == CMP_NOT_EQUAL);
}

static Ref decimal_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_decimal(vm, a)) return NOT_IMPLEMENTED;
    Small left, right;
    if (small_operand(vm, a, &left) && small_operand(vm, b, &right))
        return from_bool(order_satisfies(small_order(&left, &right), op));
    Ref context = context_get_current(vm);
    if (failed(context)) return FAIL;
    Ref other = comparand(vm, b, op, context), out = NOT_IMPLEMENTED;
    if (failed(other)) out = FAIL;
    else if (!absent(other)) out = compare_numbers(vm, number_of(a), number_of(other), op, context);
    else if (is_heap(b) && !is_str(b)) {
        Value rational = decimal_rational(vm);
        Truth is_ratio = failed(rational) ? FAILED : value_is_instance(vm, b, rational);
        if (is_ratio == FAILED) out = FAIL;
        else if (is_ratio == YES) out = compare_ratio(vm, a, b, op);
    }
    decref(other);
    decref(context);
    return out;
}

static bool decimal_hash(Vm *vm, Value self, int64_t *hash)
{
    const Triple *number = number_of(self);
    if (number->kind == SIGNALING_NAN) {
        throw(vm, TypeError, "Cannot hash a signaling NaN value");
        return false;
    }
    if (number->kind == QUIET_NAN) return type_builtin(vm, KIND_OBJECT)->slots.hash(vm, self, hash);
    *hash = triple_hash(number);
    return true;
}

/* ---- conversions ---- */

static Ref decimal_text(Vm *vm, Value self, bool engineering, Value given)
{
    Ref context = context_or_current(vm, given);
    if (failed(context)) return FAIL;
    bool capitals = as_decimal_context(context)->rules.capitals;
    decref(context);
    return triple_to_text(vm, number_of(self), capitals, engineering);
}

static Ref decimal_str(Vm *vm, Value self) { return decimal_text(vm, self, false, NONE); }

static Ref decimal_repr(Vm *vm, Value self)
{
    Ref text = decimal_str(vm, self);
    Ref out = failed(text) ? FAIL : format_text(vm, "Decimal('%S')", (Value)text);
    decref(text);
    return out;
}

static Ref decimal_format(Vm *vm, Value self, Value spec)
{
    Ref context = context_get_current(vm);
    if (failed(context)) return FAIL;
    Ref out = triple_format(vm, number_of(self), spec, &as_decimal_context(context)->rules);
    decref(context);
    return out;
}

/* NaNs and infinities have no integer value: raises for them. */
static bool has_integer(Vm *vm, const Triple *number, const char *what)
{
    if (number->kind == FINITE) return true;
    if (number->kind == INFINITE) throw(vm, OverflowError, "cannot convert Infinity to %s", what);
    else throw(vm, ValueError, "cannot convert NaN to %s", what);
    return false;
}

static Ref to_int(Vm *vm, Value self, Rounding rounding)
{
    const Triple *number = number_of(self);
    if (!has_integer(vm, number, "integer")) return FAIL;
    Small small;
    int64_t n;
    if (rounding == ROUND_DOWN && small_operand(vm, self, &small) && small_whole(&small, &n))
        return from_int64(vm, n);
    uint32_t status = 0;
    Triple whole;
    triple_init(&whole);
    triple_rescale(&whole, number, number->exp > 0 ? number->exp : 0, rounding, &status);
    mpz_t out;
    mpz_init(out);
    bool good = triple_to_mpz(out, &whole, &status);
    triple_clear(&whole);
    if (good) return int_from_mpz(vm, out);
    mpz_clear(out);
    return throw_no_memory(vm);
}

static Ref decimal_int(Vm *vm, Value self) { return to_int(vm, self, ROUND_DOWN); }
NATIVE(decimal_trunc, "__trunc__(self, /)", "Return the integer part.")
{
    return to_int(vm, argv[0], ROUND_DOWN);
}
NATIVE(decimal_floor, "__floor__(self, /)", "Return the largest int that is not above the number.")
{
    return to_int(vm, argv[0], ROUND_FLOOR);
}
NATIVE(decimal_ceil, "__ceil__(self, /)", "Return the least int that is not below the number.")
{
    return to_int(vm, argv[0], ROUND_CEILING);
}

NATIVE(decimal_round, "__round__(self, ndigits=?, /)",
       "Return the nearest int, of two the even one; with ndigits a Decimal of so many places.")
{
    if (absent(argv[1])) return to_int(vm, argv[0], ROUND_HALF_EVEN);
    int64_t places;
    if (!is_any_int(argv[1])) return throw(vm, TypeError, "optional arg must be an integer");
    if (!int_index(vm, argv[1], &places)) return FAIL;
    if (places == INT64_MIN) places++;
    Decimal *quantum = decimal_plain(vm);
    Ref context = quantum ? context_get_current(vm) : FAIL, out = FAIL;
    Small number, result;
    uint32_t status = 0;
    if (!failed(context) && small_operand(vm, argv[0], &number) &&
        small_quantize(&result, &number, -places, &as_decimal_context(context)->rules, &status)) {
        out = small_finish(vm, &result, context, status);
    } else if (!failed(context)) {
        triple_set(&quantum->number, false, 1, -places);
        out = decimal_binary(vm, triple_quantize, argv[0], borrow(quantum), context);
    }
    decref(context);
    decref_object(quantum);
    return out;
}

/* numerator and denominator of a finite number, in lowest terms; false: MemoryError. */
static bool to_ratio(Vm *vm, const Triple *number, mpz_t numerator, mpz_t denominator)
{
    uint32_t status = 0;
    mpz_set(numerator, number->coeff);
    mpz_set_ui(denominator, 1);
    if (mpz_sgn(number->coeff)) {
        mpz_scale(numerator, number->exp, &status);
        mpz_scale(denominator, -number->exp, &status);
        mpz_t common;
        mpz_init(common);
        mpz_gcd(common, numerator, denominator);
        mpz_divexact(numerator, numerator, common);
        mpz_divexact(denominator, denominator, common);
        mpz_clear(common);
    }
    if (number->negative) mpz_neg(numerator, numerator);
    if (status) throw_no_memory(vm);
    return !status;
}

static bool to_double(Vm *vm, const Triple *number, double *out)
{
    double magnitude = 0;
    if (number->kind == SIGNALING_NAN) {
        throw(vm, ValueError, "cannot convert signaling NaN to float");
        return false;
    }
    if (number->kind == QUIET_NAN) magnitude = (double)NAN;
    else if (number->kind == INFINITE) magnitude = (double)INFINITY;
    else if (mpz_sgn(number->coeff)) {
        int64_t first = triple_adjusted(number);
        if (first > 400) magnitude = (double)INFINITY;
        else if (first >= -400) {
            uint32_t status = 0;
            mpz_t numerator, denominator;
            mpz_init_set(numerator, number->coeff);
            mpz_init_set_ui(denominator, 1);
            mpz_scale(numerator, number->exp, &status);
            mpz_scale(denominator, -number->exp, &status);
            magnitude = double_from_ratio(numerator, denominator);
            mpz_clears(numerator, denominator, NULL);
        }
    }
    *out = number->negative ? -magnitude : magnitude;
    return true;
}

static Ref decimal_float(Vm *vm, Value self)
{
    double number;
    Small small;
    bool good = (small_operand(vm, self, &small) && small_double(&small, &number)) ||
                to_double(vm, number_of(self), &number);
    return good ? from_any_float(number) : FAIL;
}

NATIVE(decimal_complex, "__complex__(self, /)", "Return the number as a complex.")
{
    double number;
    return to_double(vm, number_of(argv[0]), &number) ? complex_from(vm, number, 0) : FAIL;
}

NATIVE(decimal_as_integer_ratio, "as_integer_ratio(self, /)",
       "Return (numerator, denominator), ints in lowest terms whose quotient is the number.\n"
       "OverflowError for infinities, ValueError for NaNs.")
{
    const Triple *number = number_of(argv[0]);
    if (!has_integer(vm, number, "integer ratio")) return FAIL;
    mpz_t parts[2];
    mpz_inits(parts[0], parts[1], NULL);
    if (!to_ratio(vm, number, parts[0], parts[1])) {
        mpz_clears(parts[0], parts[1], NULL);
        return FAIL;
    }
    Ref numerator = int_from_mpz(vm, parts[0]), denominator = int_from_mpz(vm, parts[1]);
    Ref out = failed(numerator) || failed(denominator)
                  ? FAIL
                  : tuple_pack(vm, 2, (Value)numerator, (Value)denominator);
    decref(numerator);
    decref(denominator);
    return out;
}

/* The digits of the coefficient as a tuple of ints: () for an infinity's or a NaN's none. */
static Ref digit_tuple(Vm *vm, const Triple *number)
{
    if (number->kind == INFINITE) return tuple_pack(vm, 1, (Value)from_small(0));
    if (is_nan(number) && !mpz_sgn(number->coeff)) return tuple_new(vm, 0);
    char *text = memory_new(vm, mpz_sizeinbase(number->coeff, 10) + 2);
    if (!text) return FAIL;
    mpz_get_str(text, 10, number->coeff);
    ptrdiff_t len = (ptrdiff_t)strlen(text);
    Ref out = tuple_new(vm, len);
    for (ptrdiff_t i = 0; !failed(out) && i < len; i++)
        as_tuple(out)->items[i] = from_small(text[i] - '0');
    memory_free(text);
    return out;
}

NATIVE(decimal_as_tuple, "as_tuple(self, /)",
       "Return DecimalTuple(sign, digits, exponent); the exponent of an infinity is 'F', of NaNs\n"
       "'n' and 'N'.")
{
    const Triple *number = number_of(argv[0]);
    Ref digits = digit_tuple(vm, number);
    if (failed(digits)) return FAIL;
    Ref exponent = number->kind == FINITE      ? from_int64(vm, number->exp)
                   : number->kind == INFINITE  ? str_from(vm, "F")
                   : number->kind == QUIET_NAN ? str_from(vm, "n")
                                               : str_from(vm, "N");
    Value class = failed(exponent) ? FAIL : decimal_tuple_class(vm);
    Value parts[] = {from_small(number->negative), digits, exponent};
    Ref out = failed(class) ? FAIL : call(vm, class, 3, parts);
    decref(digits);
    decref(exponent);
    return out;
}

NATIVE(decimal_reduce, "__reduce__(self, /)", "Return what pickle needs to make the number.")
{
    Ref text = decimal_str(vm, argv[0]),
        args = failed(text) ? FAIL : tuple_pack(vm, 1, (Value)text);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(text);
    decref(args);
    return out;
}
NATIVE(decimal_copy_special, "__copy__(self, /)", "Return the number itself.")
{
    return newref(argv[0]);
}
NATIVE(decimal_deepcopy, "__deepcopy__(self, memo, /)", "Return the number itself.")
{
    return newref(argv[0]);
}
NATIVE(decimal_sizeof, "__sizeof__(self, /)", "Return the size in memory, in bytes.")
{
    return from_small((int64_t)(sizeof(Decimal) + mpz_size(number_of(argv[0])->coeff) * 8));
}

/* ---- operations by a context ---- */

/* other as a Decimal, owned, or FAIL. */
static Ref other_operand(Vm *vm, Value v)
{
    Ref out = decimal_operand(vm, v);
    if (absent(out))
        return throw(vm, TypeError, "conversion from %T to Decimal is not supported", v);
    return out;
}

static Ref method_unary(Vm *vm, Value *argv, Unary *function)
{
    Ref context = context_or_current(vm, argv[1]);
    Ref out = failed(context) ? FAIL : decimal_unary(vm, function, argv[0], context);
    decref(context);
    return out;
}

static Ref method_binary(Vm *vm, Value *argv, Binary *function)
{
    Ref context = context_or_current(vm, argv[2]);
    Ref other = failed(context) ? FAIL : other_operand(vm, argv[1]);
    Ref out = failed(other) ? FAIL : decimal_binary(vm, function, argv[0], other, context);
    decref(other);
    decref(context);
    return out;
}

#define UNARY(name, function, doc)                                                                 \
    NATIVE(decimal_method_##name, #name "(self, /, context=None)", doc)                            \
    {                                                                                              \
        return method_unary(vm, argv, function);                                                   \
    }
#define BINARY(name, function, doc)                                                                \
    NATIVE(decimal_method_##name, #name "(self, /, other, context=None)", doc)                     \
    {                                                                                              \
        return method_binary(vm, argv, function);                                                  \
    }
#include "_decimal_operations.def"

NATIVE(decimal_method_fma, "fma(self, /, other, third, context=None)",
       "Return self * other + third, rounded once.")
{
    Ref context = context_or_current(vm, argv[3]);
    Ref other = failed(context) ? FAIL : other_operand(vm, argv[1]);
    Ref third = failed(other) ? FAIL : other_operand(vm, argv[2]);
    Ref out = failed(third) ? FAIL : decimal_fma(vm, argv[0], other, third, context);
    decref(other);
    decref(third);
    decref(context);
    return out;
}

/* The context to round by: `given` or the current one, with another rounding if one is given;
 * owned.  What happens is noted in *noted (borrowed from the result's slot). */
static bool rounding_rules(Vm *vm, Value rounding, Value given, Ref *context, Rules *rules)
{
    *context = context_or_current(vm, given);
    if (failed(*context)) return false;
    *rules = as_decimal_context(*context)->rules;
    Rounding chosen = rules->rounding;
    if (!is_none(rounding) && !rounding_from(vm, rounding, &chosen)) return false;
    rules->rounding = (uint8_t)chosen;
    return true;
}

static Ref finish(Vm *vm, Decimal *out, Value context, uint32_t status)
{
    if (context_note(vm, context, status)) return from_object(out);
    decref_object(out);
    return FAIL;
}

NATIVE(decimal_quantize, "quantize(self, /, exp, rounding=None, context=None)",
       "Return the number rounded to the exponent of exp.\n"
       "InvalidOperation when it then has more digits than the precision.")
{
    Ref context, out = FAIL, other = UNDEF;
    Rules rules;
    uint32_t status = 0;
    if (rounding_rules(vm, argv[2], argv[3], &context, &rules)) other = other_operand(vm, argv[1]);
    Small number, model, result;
    if (is_heap(other) && small_operand(vm, argv[0], &number) && small_operand(vm, other, &model) &&
        small_quantize(&result, &number, model.exp, &rules, &status)) {
        out = small_finish(vm, &result, context, status);
        decref(other);
        decref(context);
        return out;
    }
    Decimal *made = absent(other) || failed(other) ? NULL : decimal_plain(vm);
    if (made) {
        triple_quantize(&made->number, number_of(argv[0]), number_of(other), &rules, &status);
        out = finish(vm, made, context, status);
    }
    decref(other);
    decref(context);
    return out;
}

static Ref round_integral(Vm *vm, Value *argv, Unary *function)
{
    Ref context, out = FAIL;
    Rules rules;
    uint32_t status = 0;
    Decimal *made = NULL;
    if (rounding_rules(vm, argv[1], argv[2], &context, &rules)) made = decimal_plain(vm);
    if (made) {
        function(&made->number, number_of(argv[0]), &rules, &status);
        out = finish(vm, made, context, status);
    }
    decref(context);
    return out;
}

NATIVE(decimal_to_integral_value, "to_integral_value(self, /, rounding=None, context=None)",
       "Return the number rounded to an integer, without signals.")
{
    return round_integral(vm, argv, triple_to_integral);
}
NATIVE(decimal_to_integral, "to_integral(self, /, rounding=None, context=None)",
       "Return the number rounded to an integer, without signals.")
{
    return round_integral(vm, argv, triple_to_integral);
}
NATIVE(decimal_to_integral_exact, "to_integral_exact(self, /, rounding=None, context=None)",
       "Return the number rounded to an integer; signals Inexact and Rounded.")
{
    return round_integral(vm, argv, triple_to_integral_exact);
}

/* ---- parts and classes ---- */

/* A copy of the number with another sign. */
static Ref with_sign(Vm *vm, Value self, bool negative)
{
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    triple_copy(&out->number, number_of(self));
    out->number.negative = negative;
    return from_object(out);
}

NATIVE(decimal_copy_abs, "copy_abs(self, /)", "Return the number without its sign.")
{
    return with_sign(vm, argv[0], false);
}
NATIVE(decimal_copy_negate, "copy_negate(self, /)", "Return the number with the other sign.")
{
    return with_sign(vm, argv[0], !number_of(argv[0])->negative);
}
NATIVE(decimal_copy_sign, "copy_sign(self, /, other, context=None)",
       "Return the number with the sign of other.")
{
    Ref context = context_or_current(vm, argv[2]);
    Ref other = failed(context) ? FAIL : other_operand(vm, argv[1]);
    Ref out = failed(other) ? FAIL : with_sign(vm, argv[0], number_of(other)->negative);
    decref(other);
    decref(context);
    return out;
}
NATIVE(decimal_same_quantum, "same_quantum(self, /, other, context=None)",
       "Have both the same exponent, or are both infinite, or both NaNs?")
{
    Ref context = context_or_current(vm, argv[2]);
    Ref other = failed(context) ? FAIL : other_operand(vm, argv[1]), out = FAIL;
    if (!failed(other)) out = from_bool(triple_same_quantum(number_of(argv[0]), number_of(other)));
    decref(other);
    decref(context);
    return out;
}
NATIVE(decimal_adjusted, "adjusted(self, /)",
       "Return the exponent of the first digit; 0 for infinities and NaNs.")
{
    const Triple *number = number_of(argv[0]);
    return number->kind == FINITE ? from_int64(vm, triple_adjusted(number)) : from_small(0);
}
NATIVE(decimal_canonical, "canonical(self, /)", "Return the number itself.")
{
    return newref(argv[0]);
}
NATIVE(decimal_conjugate, "conjugate(self, /)", "Return the number itself.")
{
    return newref(argv[0]);
}
NATIVE(decimal_radix, "radix(self, /)", "Return Decimal(10).")
{
    return decimal_operand(vm, from_small(10));
}
NATIVE(decimal_is_canonical, "is_canonical(self, /)", "Return True.") { return TRUE; }
NATIVE(decimal_is_finite, "is_finite(self, /)", "Is the number neither infinite nor a NaN?")
{
    return from_bool(number_of(argv[0])->kind == FINITE);
}
NATIVE(decimal_is_infinite, "is_infinite(self, /)", "Is the number infinite?")
{
    return from_bool(number_of(argv[0])->kind == INFINITE);
}
NATIVE(decimal_is_nan, "is_nan(self, /)", "Is it a NaN, quiet or signaling?")
{
    return from_bool(is_nan(number_of(argv[0])));
}
NATIVE(decimal_is_qnan, "is_qnan(self, /)", "Is it a quiet NaN?")
{
    return from_bool(number_of(argv[0])->kind == QUIET_NAN);
}
NATIVE(decimal_is_snan, "is_snan(self, /)", "Is it a signaling NaN?")
{
    return from_bool(number_of(argv[0])->kind == SIGNALING_NAN);
}
NATIVE(decimal_is_signed, "is_signed(self, /)", "Does it carry a minus?")
{
    return from_bool(number_of(argv[0])->negative);
}
NATIVE(decimal_is_zero, "is_zero(self, /)", "Is the number zero?")
{
    return from_bool(is_zero(number_of(argv[0])));
}

/* The rules of `given` or of the current context; false: raised. */
static bool rules_of(Vm *vm, Value given, Rules *rules)
{
    Ref context = context_or_current(vm, given);
    if (failed(context)) return false;
    *rules = as_decimal_context(context)->rules;
    decref(context);
    return true;
}

NATIVE(decimal_is_normal, "is_normal(self, /, context=None)",
       "Is the number finite, not zero, and not subnormal?")
{
    Rules rules;
    if (!rules_of(vm, argv[1], &rules)) return FAIL;
    return from_bool(triple_is_normal(number_of(argv[0]), &rules));
}
NATIVE(decimal_is_subnormal, "is_subnormal(self, /, context=None)",
       "Is the number finite, not zero, and smaller than the least normal number?")
{
    Rules rules;
    if (!rules_of(vm, argv[1], &rules)) return FAIL;
    return from_bool(triple_is_subnormal(number_of(argv[0]), &rules));
}
NATIVE(decimal_number_class, "number_class(self, /, context=None)",
       "Return the class as text: 'sNaN', 'NaN', '-Infinity', '-Normal', '-Subnormal', '-Zero',\n"
       "'+Zero', '+Subnormal', '+Normal' or '+Infinity'.")
{
    Rules rules;
    if (!rules_of(vm, argv[1], &rules)) return FAIL;
    return str_from(vm, triple_class(number_of(argv[0]), &rules));
}
NATIVE(decimal_to_eng_string, "to_eng_string(self, /, context=None)",
       "Return the number as str with an exponent that is a multiple of three.")
{
    return decimal_text(vm, argv[0], true, argv[1]);
}

static Ref get_real(Vm *vm __attribute__((unused)), Value self) { return newref(self); }
static Ref get_imag(Vm *vm, Value self __attribute__((unused)))
{
    return decimal_operand(vm, from_small(0));
}

/* ---- tables ---- */

static const Native *const decimal_methods[] = {
#define UNARY(name, function, doc)  &decimal_method_##name##_def,
#define BINARY(name, function, doc) &decimal_method_##name##_def,
#include "_decimal_operations.def"
    &decimal_method_fma_def,
    &decimal_from_float_def,
    &decimal_from_number_def,
    &decimal_trunc_def,
    &decimal_floor_def,
    &decimal_ceil_def,
    &decimal_round_def,
    &decimal_complex_def,
    &decimal_as_integer_ratio_def,
    &decimal_as_tuple_def,
    &decimal_reduce_def,
    &decimal_copy_special_def,
    &decimal_deepcopy_def,
    &decimal_sizeof_def,
    &decimal_quantize_def,
    &decimal_to_integral_value_def,
    &decimal_to_integral_def,
    &decimal_to_integral_exact_def,
    &decimal_copy_abs_def,
    &decimal_copy_negate_def,
    &decimal_copy_sign_def,
    &decimal_same_quantum_def,
    &decimal_adjusted_def,
    &decimal_canonical_def,
    &decimal_conjugate_def,
    &decimal_radix_def,
    &decimal_is_canonical_def,
    &decimal_is_finite_def,
    &decimal_is_infinite_def,
    &decimal_is_nan_def,
    &decimal_is_qnan_def,
    &decimal_is_snan_def,
    &decimal_is_signed_def,
    &decimal_is_zero_def,
    &decimal_is_normal_def,
    &decimal_is_subnormal_def,
    &decimal_number_class_def,
    &decimal_to_eng_string_def,
    NULL,
};

static const Attribute decimal_attributes[] = {
    {"real", get_real, NULL, "The number itself."},
    {"imag", get_imag, NULL, "Decimal(0)."},
    {0},
};

enum {
    DECIMAL_OPERATORS = OPERATOR_BIT(ADD) | OPERATOR_BIT(SUB) | OPERATOR_BIT(MUL) |
                        OPERATOR_BIT(TRUEDIV) | OPERATOR_BIT(FLOORDIV) | OPERATOR_BIT(MOD) |
                        OPERATOR_BIT(POW) | OPERATOR_BIT(DIVMOD)
};
static const Operators decimal_operators = {
    .binary = DECIMAL_OPERATORS,
    .reflected = DECIMAL_OPERATORS,
    .unary = 1u << OP1_NEG | 1u << OP1_POS | 1u << OP1_ABS,
};

const TypeDef decimal_type = {
    .name = "decimal.Decimal",
    .doc = "A decimal floating-point number: sign, digits, exponent; immutable and hashable.",
    .size = sizeof(Decimal),
    .clear = decimal_drop,
    .new = &decimal_make_def,
    .repr = decimal_repr,
    .str = decimal_str,
    .format = decimal_format,
    .hash = decimal_hash,
    .compare = decimal_compare,
    .unary = decimal_prefix,
    .binary = decimal_operator,
    .power = decimal_power_slot,
    .truth = decimal_truth,
    .as_int = decimal_int,
    .as_float = decimal_float,
    .operators = &decimal_operators,
    .methods = decimal_methods,
    .attributes = decimal_attributes,
};

static const TypeDef *const decimal_types[] = {&decimal_type, &decimal_context_type,
                                               &signal_dict_type, NULL};

const ModuleDef _decimal_module = {
    .name = "_decimal",
    .doc = "Decimal numbers and contexts: what module decimal is made of.",
    .functions = decimal_functions,
    .types = decimal_types,
};
