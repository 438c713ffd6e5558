/* floatmethods.c - the type float: its constructor, methods and slots.
 *
 * Neighbours: float.c (arithmetic), base/numtext.h (text), numberformat.c (format). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/numtext.h"
#include "object/call.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/native.h"
#include "object/number.h"
#include "object/numberformat.h"
#include "object/str.h"
#include "object/tuple.h"

static Ref float_in_class(Vm *vm, Type *cls, double number)
{
    if (cls == type_builtin(vm, KIND_FLOAT)) return from_any_float(number);
    FloatObject *object = type_instance(vm, cls);
    if (!object) return FAIL;
    object->number = number;
    return from_object(object);
}

NATIVE(float_new, "new(cls, x=0.0, /)",
       "Return x, a number or text holding one, as a double.\n"
       "Raises ValueError for text that is no number, OverflowError for an int that is too large.")
{
    double number;
    if (!float_from_value(vm, argv[1], &number)) return FAIL;
    return float_in_class(vm, as_type(argv[0]), number);
}

/* number as an instance of cls, made by calling it when it is not float itself. */
static Ref call_class(Vm *vm, Value cls, double number)
{
    Ref plain = from_any_float(number);
    return cls == borrow(type_builtin(vm, KIND_FLOAT)) ? plain : call1(vm, cls, plain);
}

NATIVE_CLASS(float_from_number, "from_number(cls, number, /)",
             "Return number as a double; unlike float() it takes no text.")
{
    double number;
    if (!float_from(vm, argv[1], &number)) return FAIL;
    return call_class(vm, argv[0], number);
}

NATIVE_CLASS(
    float_fromhex, "fromhex(cls, string, /)",
    "Return the double that hexadecimal text such as '0x1.8p+1' stands for, correctly rounded.\n"
    "Raises ValueError for malformed text, OverflowError when it is too large.")
{
    if (!is_str(argv[1])) return throw(vm, TypeError, "bad argument type for built-in operation");
    NumberText text;
    double number = 0;
    if (!number_text(vm, argv[1], &text)) return FAIL;
    HexResult outcome =
        as_str(argv[1])->ascii ? double_from_hex(text.text, text.len, &number) : HEX_INVALID;
    number_text_close(&text);
    if (outcome == HEX_INVALID)
        return throw(vm, ValueError, "invalid hexadecimal floating-point string");
    if (outcome == HEX_OVERFLOW)
        return throw(vm, OverflowError, "hexadecimal value too large to represent as a float");
    return call_class(vm, argv[0], number);
}

NATIVE(float_hex, "hex(self, /)",
       "Return the exact value as hexadecimal text: '0x1.8000000000000p+1'.")
{
    char buffer[DOUBLE_REPR_MAX];
    return str_from_ascii(vm, buffer, double_hex(float_value(argv[0]), buffer));
}

NATIVE(float_is_integer, "is_integer(self, /)", "Return True when the value is finite and whole.")
{
    double number = float_value(argv[0]);
    return from_bool(isfinite(number) && floor(number) == number);
}

NATIVE(float_conjugate, "conjugate(self, /)",
       "Return self, the complex conjugate of any real number.")
{
    return from_float(float_value(argv[0]));
}

NATIVE(float_as_integer_ratio, "as_integer_ratio(self, /)",
       "Return two ints without common factor, the second positive, whose ratio is exactly the "
       "value.\n"
       "Raises OverflowError for infinities and ValueError for NaN.")
{
    double number = float_value(argv[0]);
    if (isinf(number)) return throw(vm, OverflowError, "cannot convert Infinity to integer ratio");
    if (isnan(number)) return throw(vm, ValueError, "cannot convert NaN to integer ratio");
    int exponent;
    double fraction = frexp(number, &exponent);
    for (int i = 0; i < 60 && fraction != floor(fraction); i++) {
        fraction *= 2;
        exponent--;
    }
    mpz_t numerator, denominator;
    mpz_init_set_d(numerator, fraction);
    mpz_init_set_ui(denominator, 1);
    mpz_ptr scaled = exponent > 0 ? numerator : denominator;
    mpz_mul_2exp(scaled, scaled, (mp_bitcnt_t)abs(exponent));
    Ref pair[2];
    pair[0] = int_from_mpz(vm, numerator);
    pair[1] = int_from_mpz(vm, denominator);
    if (!failed(pair[0]) && !failed(pair[1])) return tuple_from_refs(vm, 2, pair);
    decref(pair[0]);
    decref(pair[1]);
    return FAIL;
}

NATIVE(float___trunc__, "__trunc__(self, /)", "Return the value as an int, cut towards zero.")
{
    return from_double(vm, float_value(argv[0]));
}

NATIVE(float___floor__, "__floor__(self, /)", "Return the largest int that is not above the value.")
{
    return from_double(vm, floor(float_value(argv[0])));
}

NATIVE(float___ceil__, "__ceil__(self, /)", "Return the smallest int that is not below the value.")
{
    return from_double(vm, ceil(float_value(argv[0])));
}

NATIVE(float___getnewargs__, "__getnewargs__(self, /)", "Return the arguments that make a copy.")
{
    return tuple_pack(vm, 1, (Value)from_float(float_value(argv[0])));
}

NATIVE_CLASS(float___getformat__, "__getformat__(cls, typestr, /)",
             "Return how C's 'double' or 'float' is laid out in memory.")
{
    if (!str_is(argv[1], "double") && !str_is(argv[1], "float"))
        return throw(vm, ValueError, "__getformat__() argument 1 must be 'double' or 'float'");
    return str_from(vm, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "IEEE, little-endian"
                                                                  : "IEEE, big-endian");
}

/* ---- rounding ---- */

enum {
    PLACES_MAX = 323,
    PLACES_MIN = -308
}; /* beyond them rounding changes nothing, or leaves nothing */

/* Half of 10^tens against |number|: which of 0 and 10^tens is nearer, a tie going to 0. */
static double round_to_one_digit(double number, int tens)
{
    mpz_t half;
    mpz_init(half);
    mpz_ui_pow_ui(half, 10, (unsigned long)tens);
    mpz_tdiv_q_2exp(half, half, 1);
    double one;
    char text[16];
    int len = snprintf(text, sizeof text, "1e%d", tens);
    bool above = mpz_cmp_d(half, fabs(number)) < 0;
    mpz_clear(half);
    double_scan(text, len, &one);
    return copysign(above ? one : 0, number);
}

/* number to `places` decimal places (tens, hundreds... when negative), exactly halfway to even;
 * infinity: too large. */
static double round_to_places(double number, int places)
{
    char text[PLACES_MAX + 420];
    double result;
    int len;
    if (places >= 0) {
        len = double_format(number, 'f', places, false, text);
    } else {
        int point;
        double_shortest(fabs(number), text, &point);
        int digits = point - 1 + places; /* after the first */
        if (digits < -1) return copysign(0, number);
        if (digits == -1) return round_to_one_digit(number, -places);
        len = double_format(number, 'e', digits, false, text);
    }
    double_scan(text, len, &result);
    return result;
}

NATIVE(float___round__, "__round__(self, ndigits=None, /)",
       "Return the nearest int, or the nearest multiple of 10**-ndigits as a float; halfway goes "
       "to even.")
{
    double number = float_value(argv[0]);
    if (is_none(argv[1])) return from_double(vm, rint(number));
    Ref index = int_from_index(vm, argv[1]);
    if (failed(index)) return FAIL;
    int overflow, sign = int_sign(index);
    int64_t places = int_value(index, &overflow);
    decref(index);
    if (overflow) places = sign < 0 ? INT64_MIN : INT64_MAX;
    if (!isfinite(number) || number == 0 || places > PLACES_MAX) return from_float(number);
    if (places < PLACES_MIN) return from_float(copysign(0, number));
    double rounded = round_to_places(number, (int)places);
    if (isinf(rounded)) return throw(vm, OverflowError, "rounded value too large to represent");
    return from_float(rounded);
}

/* ---- slots ---- */

static Ref float_repr(Vm *vm, Value self) { return float_repr_of(vm, float_value(self)); }

static bool float_hash_slot(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = float_hash(float_value(self));
    return true;
}

static Truth float_truth(Vm *vm __attribute__((unused)), Value self)
{
    return float_value(self) != 0;
}

static Ref float_as_int(Vm *vm, Value self) { return from_double(vm, float_value(self)); }

static Ref float_as_float(Vm *vm __attribute__((unused)), Value self)
{
    return from_float(float_value(self));
}

static Ref float_get_imag(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return from_float(0);
}

static const Native *const float_methods[] = {
    &float_as_integer_ratio_def,
    &float_conjugate_def,
    &float_from_number_def,
    &float_fromhex_def,
    &float_hex_def,
    &float_is_integer_def,
    &float___ceil___def,
    &float___floor___def,
    &float___getformat___def,
    &float___getnewargs___def,
    &float___round___def,
    &float___trunc___def,
    NULL,
};

static const Attribute float_attributes[] = {
    {"real", float_as_float, NULL, "The number itself."},
    {"imag", float_get_imag, NULL, "Zero: a float has no imaginary part."},
    {NULL, NULL, NULL, NULL},
};

const TypeDef float_type = {
    .name = "float",
    .size = sizeof(FloatObject),
    .flags = TYPE_MATCH_SELF,
    .doc = "float(x=0.0)\n\nA double-precision number, made from a number or from text.",
    .new = &float_new_def,
    .repr = float_repr,
    .format = float_format,
    .hash = float_hash_slot,
    .compare = float_compare,
    .unary = float_unary,
    .binary = float_binary,
    .power = float_power,
    .truth = float_truth,
    .as_int = float_as_int,
    .as_float = float_as_float,
    .methods = float_methods,
    .attributes = float_attributes,
};
