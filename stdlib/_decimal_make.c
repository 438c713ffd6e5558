/* _decimal_make.c - Decimals made of text, ints, floats and tuples.
 *
 * Everything is converted exactly; then either the value must fit the widest rules there are
 * (Decimal(v)), or it is rounded (context.create_decimal(v)).
 * Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

Decimal *decimal_new(Vm *vm, Type *type)
{
    Decimal *out = type_instance(vm, type);
    if (out) triple_init(&out->number);
    return out;
}

Decimal *decimal_plain(Vm *vm)
{
    Type *type = type_from_def(vm, &decimal_type);
    return type ? decimal_new(vm, type) : NULL;
}

bool is_decimal(Vm *vm, Value v) { return is_heap(v) && type_of(vm, v)->def == &decimal_type; }

static void set_int(Triple *out, Value v)
{
    IntView view;
    mpz_srcptr number = int_view(&view, v);
    mpz_abs(out->coeff, number);
    out->negative = mpz_sgn(number) < 0;
}

Ref decimal_operand(Vm *vm, Value v)
{
    if (is_decimal(vm, v)) return newref(v);
    if (!is_any_int(v)) return UNDEF;
    Small small;
    Type *type = type_from_def(vm, &decimal_type);
    if (!type) return FAIL;
    if (small_operand(vm, v, &small)) return decimal_from_small(vm, type, &small);
    Decimal *out = decimal_new(vm, type);
    if (!out) return FAIL;
    set_int(&out->number, v);
    return from_object(out);
}

/* ---- text ---- */

static bool is_blank_point(uint32_t point) { return point_is_space(point); }

/* Blanks around and underscores are for Decimal() only. */
static bool is_strict(const Str *text)
{
    if (text->len == 0) return true;
    if (is_blank_point(str_at(text, 0)) || is_blank_point(str_at(text, text->len - 1)))
        return false;
    for (ptrdiff_t i = 0; i < text->len; i++) {
        if (str_at(text, i) == '_') return false;
    }
    return true;
}

/* Text of few digits and no blanks. */
static bool is_small_text(Value v, Small *out)
{
    return is_str(v) && as_str(v)->ascii && small_parse(out, as_str(v)->data, as_str(v)->len);
}

static bool set_text(Vm *vm, Triple *out, Value v, bool exact, uint32_t *status)
{
    if (!exact && !is_strict(as_str(v))) {
        triple_set_invalid(out, COND_SYNTAX, status);
        return true;
    }
    NumberText text;
    if (!number_text(vm, v, &text)) return false;
    char few[64],
        *plain = text.len < (ptrdiff_t)sizeof few ? few : memory_new(vm, (size_t)text.len);
    if (plain) {
        ptrdiff_t len = 0;
        for (ptrdiff_t i = 0; i < text.len; i++) {
            if (text.text[i] != '_') plain[len++] = text.text[i];
        }
        triple_parse(out, plain, len, status);
        if (plain != few) memory_free(plain);
    }
    number_text_close(&text);
    return plain != NULL;
}

/* ---- tuples ---- */

static bool set_special(Vm *vm, Triple *out, Value v)
{
    if (str_is(v, "F")) {
        out->kind = INFINITE;
        mpz_set_ui(out->coeff, 0);
    } else if (str_is(v, "n")) out->kind = QUIET_NAN;
    else if (str_is(v, "N")) out->kind = SIGNALING_NAN;
    else {
        throw(vm, ValueError, "string argument in the third position must be 'F', 'n' or 'N'");
        return false;
    }
    return true;
}

static bool set_digits(Vm *vm, Triple *out, Value digits)
{
    if (is_kind(digits, KIND_LIST)) {
        Ref tuple = tuple_from(vm, digits);
        bool set = !failed(tuple) && set_digits(vm, out, tuple);
        decref(tuple);
        return set;
    }
    if (!is_tuple(digits)) {
        throw(vm, ValueError, "coefficient must be a tuple of digits");
        return false;
    }
    ptrdiff_t len = tuple_len(digits);
    char *text = memory_new(vm, (size_t)len + 2);
    if (!text) return false;
    text[0] = '0';
    bool good = true;
    for (ptrdiff_t i = 0; good && i < len; i++) {
        Value digit = tuple_at(digits, i);
        good = is_int(digit) && as_int(digit) >= 0 && as_int(digit) <= 9;
        if (good) text[i + 1] = (char)('0' + as_int(digit));
        else throw(vm, ValueError, "coefficient must be a tuple of digits");
    }
    text[len + 1] = '\0';
    if (good) mpz_set_str(out->coeff, text, 10);
    memory_free(text);
    return good;
}

static bool set_triple(Vm *vm, Triple *out, Value tuple)
{
    if (tuple_len(tuple) != 3) {
        throw(vm, ValueError, "argument must be a sequence of length 3");
        return false;
    }
    Value sign = tuple_at(tuple, 0), exponent = tuple_at(tuple, 2);
    int overflow = 0;
    if (!is_any_int(sign) || int_value(sign, &overflow) >> 1 || overflow) {
        throw(vm, ValueError, "sign must be an integer with the value 0 or 1");
        return false;
    }
    out->negative = int_value(sign, &overflow) == 1;
    if (!is_str(exponent) && !is_any_int(exponent)) {
        throw(vm, ValueError, "exponent must be an integer");
        return false;
    }
    if (!set_digits(vm, out, tuple_at(tuple, 1))) return false;
    if (is_str(exponent)) return set_special(vm, out, exponent);
    int64_t exp = int_value(exponent, &overflow), most = 3 * PREC_LIMIT;
    out->exp = overflow ? overflow * most : exp > most ? most : exp < -most ? -most : exp;
    return true;
}

/* ---- fitting ---- */

static void fit_exact(Triple *number, uint32_t *status)
{
    static const Rules widest = {PREC_LIMIT, PREC_LIMIT, -PREC_LIMIT, ROUND_HALF_EVEN, 0, 1};
    if (number->kind != FINITE) return;
    uint32_t happened = 0;
    int64_t high = PREC_LIMIT, first = triple_adjusted(number);
    if (first > high || number->exp < etiny(&widest) || (is_zero(number) && number->exp > high))
        happened = COND_INVALID;
    if (happened) triple_set_invalid(number, happened, status);
}

/* The finished object, or FAIL with the trap's exception. */
static Ref finish(Vm *vm, Decimal *out, Value context, bool exact, uint32_t status)
{
    const Rules *rules = &as_decimal_context(context)->rules;
    if (exact) fit_exact(&out->number, &status);
    else if (is_nan(&out->number) && mpz_sgn(out->number.coeff) &&
             triple_digits(&out->number) > rules->prec - rules->clamp)
        triple_set_invalid(&out->number, COND_SYNTAX, &status);
    else triple_finalize(&out->number, rules, &status);
    if (context_note(vm, context, status)) return from_object(out);
    decref_object(out);
    return FAIL;
}

Ref decimal_from_double(Vm *vm, Type *type, Value v, Value context, bool exact)
{
    if (!is_any_float(v)) return throw(vm, TypeError, "argument must be int or float");
    Decimal *out = decimal_new(vm, type);
    if (!out) return FAIL;
    triple_from_double(&out->number, float_value(v));
    return finish(vm, out, context, exact, 0);
}

Ref decimal_from_value(Vm *vm, Type *type, Value v, Value context, bool exact)
{
    if (exact && is_decimal(vm, v) && type_of(vm, v) == type &&
        type == type_from_def(vm, &decimal_type))
        return newref(v);
    if (is_any_float(v)) {
        if (!context_note(vm, context, COND_FLOAT)) return FAIL;
        return decimal_from_double(vm, type, v, context, exact);
    }
    Small small;
    if (exact && (is_int(v) ? small_operand(vm, v, &small) : is_small_text(v, &small)))
        return decimal_from_small(vm, type, &small);
    Decimal *out = decimal_new(vm, type);
    if (!out) return FAIL;
    uint32_t status = 0;
    bool good = true;
    if (is_decimal(vm, v)) triple_copy(&out->number, &as_decimal(v)->number);
    else if (is_any_int(v)) set_int(&out->number, v);
    else if (is_str(v)) good = set_text(vm, &out->number, v, exact, &status);
    else if (is_tuple(v)) good = set_triple(vm, &out->number, v);
    else if (is_kind(v, KIND_LIST)) {
        Ref tuple = tuple_from(vm, v);
        good = !failed(tuple) && set_triple(vm, &out->number, tuple);
        decref(tuple);
    } else {
        throw(vm, TypeError, "conversion from %T to Decimal is not supported", v);
        good = false;
    }
    if (good) return finish(vm, out, context, exact, status);
    decref_object(out);
    return FAIL;
}
