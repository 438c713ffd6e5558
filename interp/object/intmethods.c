/* intmethods.c - the type int: its constructor, methods and attributes.
 *
 * An instance of a script's subclass is an Int of its own type whatever its size; every operation
 * on it gives plain ints.
 * Neighbours: int.c (values and arithmetic), inttext.c (text), bool.c (the subclass bool),
 * numberformat.c. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/numtext.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/native.h"
#include "object/number.h"
#include "object/numberformat.h"
#include "object/str.h"
#include "object/tuple.h"

/* ---- int(x, base) ---- */

/* value (stolen) as an instance of cls. */
static Ref int_in_class(Vm *vm, Type *cls, Ref value)
{
    if (failed(value) || cls == type_builtin(vm, KIND_INT)) return value;
    Int *object = type_instance(vm, cls);
    if (object) {
        const Int *plain = is_int(value) ? NULL : (const Int *)as_object(value);
        if (plain && plain->is_big) {
            mpz_init_set(object->big, plain->big);
            object->is_big = true;
        } else {
            object->medium = plain ? plain->medium : as_int(value);
        }
    }
    decref(value);
    return object ? from_object(object) : FAIL;
}

/* int(text, base) */
static Ref int_with_base(Vm *vm, Value text, Value base)
{
    Ref plain = int_from_index(vm, base);
    if (failed(plain)) return FAIL;
    int overflow;
    int64_t n = int_value(plain, &overflow);
    decref(plain);
    if (overflow || (n != 0 && n < 2) || n > 36)
        return throw(vm, ValueError, "int() base must be >= 2 and <= 36, or 0");
    if (!is_str(text) && !is_bytes(text) && !is_kind(text, KIND_BYTEARRAY))
        return throw(vm, TypeError, "int() can't convert non-string with explicit base");
    return int_from_str(vm, text, (int)n);
}

NATIVE(int_new, "new(cls, x=?, /, base=?)",
       "Return the integer x, a number or text holding one in the given base (10; 0 reads the base "
       "from a prefix).\n"
       "Raises ValueError for text that is no integer, TypeError for what cannot be converted.")
{
    Type *cls = as_type(argv[0]);
    if (!absent(argv[2])) {
        if (absent(argv[1])) return throw(vm, TypeError, "int() missing string argument");
        return int_in_class(vm, cls, int_with_base(vm, argv[1], argv[2]));
    }
    if (absent(argv[1])) return int_in_class(vm, cls, from_small(0));
    return int_in_class(vm, cls, int_from_value(vm, argv[1]));
}

/* ---- methods ---- */

NATIVE(int_bit_length, "bit_length(self, /)", "Number of bits of the absolute value; 0 for zero.")
{
    if (int_sign(argv[0]) == 0) return from_small(0);
    IntView view;
    return from_int64(vm, (int64_t)mpz_sizeinbase(int_view(&view, argv[0]), 2));
}

NATIVE(int_bit_count, "bit_count(self, /)",
       "Number of ones in the binary text of the absolute value.")
{
    int overflow;
    int64_t n = int_value(argv[0], &overflow);
    if (!overflow) return from_small(__builtin_popcountll(n < 0 ? 0 - (uint64_t)n : (uint64_t)n));
    IntView view;
    mpz_t magnitude;
    mpz_init(magnitude);
    mpz_abs(magnitude, int_view(&view, argv[0]));
    uint64_t count = mpz_popcount(magnitude);
    mpz_clear(magnitude);
    return from_uint64(vm, count);
}

NATIVE(int_conjugate, "conjugate(self, /)", "Return self, the complex conjugate of any integer.")
{
    return int_plain(vm, argv[0]);
}

NATIVE(int_as_integer_ratio, "as_integer_ratio(self, /)", "Return the pair (self, 1).")
{
    Ref number = int_plain(vm, argv[0]);
    if (failed(number)) return FAIL;
    Ref pair = tuple_pack(vm, 2, (Value)number, (Value)from_small(1));
    decref(number);
    return pair;
}

NATIVE(int_is_integer, "is_integer(self, /)", "Return True: for duck typing with float.")
{
    return TRUE;
}

NATIVE(int___trunc__, "__trunc__(self, /)", "Return self as a plain int.")
{
    return int_plain(vm, argv[0]);
}

NATIVE(int___floor__, "__floor__(self, /)", "Return self as a plain int.")
{
    return int_plain(vm, argv[0]);
}

NATIVE(int___ceil__, "__ceil__(self, /)", "Return self as a plain int.")
{
    return int_plain(vm, argv[0]);
}

NATIVE(int___getnewargs__, "__getnewargs__(self, /)", "Return the arguments that make a copy.")
{
    Ref number = int_plain(vm, argv[0]);
    if (failed(number)) return FAIL;
    Ref args = tuple_pack(vm, 1, (Value)number);
    decref(number);
    return args;
}

NATIVE(int___sizeof__, "__sizeof__(self, /)", "Size in memory, in bytes.")
{
    int64_t size = sizeof(Int);
    if (is_kind(argv[0], KIND_INT) && ((Int *)as_object(argv[0]))->is_big)
        size += (int64_t)(mpz_size(((Int *)as_object(argv[0]))->big) * sizeof(mp_limb_t));
    return from_int64(vm, size);
}

/* number rounded to a multiple of 10^places, a tie to the even multiple. */
static Ref round_to_power(Vm *vm, Value number, unsigned long places)
{
    IntView view;
    mpz_srcptr n = int_view(&view, number);
    if (places > mpz_sizeinbase(n, 10) + 1) return from_small(0);
    mpz_t power, quotient, rest;
    mpz_init(power);
    mpz_init(quotient);
    mpz_init(rest);
    mpz_ui_pow_ui(power, 10, places);
    mpz_fdiv_qr(quotient, rest, n, power);
    mpz_mul_2exp(rest, rest, 1);
    int order = mpz_cmp(rest, power);
    if (order > 0 || (order == 0 && mpz_odd_p(quotient))) mpz_add_ui(quotient, quotient, 1);
    mpz_mul(quotient, quotient, power);
    mpz_clear(power);
    mpz_clear(rest);
    return int_from_mpz(vm, quotient);
}

NATIVE(int___round__, "__round__(self, ndigits=None, /)",
       "Return self, rounded half to even to a multiple of 10**-ndigits when ndigits is negative.")
{
    if (is_none(argv[1])) return int_plain(vm, argv[0]);
    Ref digits = int_from_index(vm, argv[1]);
    if (failed(digits)) return FAIL;
    int overflow, sign = int_sign(digits);
    int64_t n = int_value(digits, &overflow);
    decref(digits);
    if (sign >= 0) return int_plain(vm, argv[0]);
    if (overflow) return from_small(0);
    return round_to_power(vm, argv[0], 0 - (unsigned long)n);
}

/* ---- bytes ---- */

/* 1: little, 0: big, -1: raised. */
static int byte_order(Vm *vm, Value name, const char *function)
{
    if (!is_str(name)) {
        throw(vm, TypeError, "%s() argument 'byteorder' must be str, not %A", function, name);
        return -1;
    }
    if (str_is(name, "little")) return 1;
    if (str_is(name, "big")) return 0;
    throw(vm, ValueError, "byteorder must be either 'little' or 'big'");
    return -1;
}

static void reverse_bytes(char *data, ptrdiff_t len)
{
    for (ptrdiff_t i = 0, j = len - 1; i < j; i++, j--) {
        char swapped = data[i];
        data[i] = data[j];
        data[j] = swapped;
    }
}

/* The len low bytes of number's two's complement, little end first. */
static void write_bytes(mpz_srcptr number, char *data, ptrdiff_t len)
{
    size_t count = 0;
    memset(data, 0, (size_t)len);
    if (mpz_sgn(number) >= 0) {
        mpz_export(data, &count, -1, 1, 0, 0, number);
        return;
    }
    mpz_t complement; /* -n - 1, every bit of it inverted, is n */
    mpz_init(complement);
    mpz_com(complement, number);
    mpz_export(data, &count, -1, 1, 0, 0, complement);
    mpz_clear(complement);
    for (ptrdiff_t i = 0; i < len; i++) data[i] = (char)~data[i];
}

/* Does number fit in len bytes? */
static bool fits_bytes(mpz_srcptr number, int64_t len, bool is_signed)
{
    if (mpz_sgn(number) == 0) return true;
    uint64_t bits = mpz_sizeinbase(number, 2);
    if (is_signed) {
        bool lowest = mpz_sgn(number) < 0 && mpz_scan1(number, 0) == bits - 1; /* -2^(bits-1) */
        bits += !lowest;
    }
    return (bits + 7) / 8 <= (uint64_t)len;
}

/* to_bytes() of a small int in at most eight bytes; UNDEF: it does not fit. */
static Ref small_to_bytes(Vm *vm, int64_t n, int64_t len, bool little, bool is_signed)
{
    uint64_t word = (uint64_t)n;
    int64_t bits = 8 * len, beyond = bits > 63 ? n >> 63 : n >> (bits - is_signed);
    if (beyond && !(is_signed && beyond == -1)) return UNDEF;
    char data[sizeof word];
    for (int64_t i = 0; i < len; i++, word >>= 8) data[little ? i : len - 1 - i] = (char)word;
    return bytes_from(vm, data, len);
}

NATIVE(int_to_bytes, "to_bytes(self, /, length=1, byteorder='big', *, signed=False)",
       "Return length bytes holding self, most significant first unless byteorder is 'little'.\n"
       "Raises OverflowError when they cannot hold it, or for a negative number unless signed.")
{
    int64_t len;
    int little = byte_order(vm, argv[2], "to_bytes");
    if (little < 0 || !int_index(vm, argv[1], &len)) return FAIL;
    Truth is_signed = value_truth(vm, argv[3]);
    if (is_signed == FAILED) return FAIL;
    if (len < 0) return throw(vm, ValueError, "length argument must be non-negative");
    if (is_int(argv[0]) && len > 0 && len <= 8 && (is_signed || as_int(argv[0]) >= 0)) {
        Ref small = small_to_bytes(vm, as_int(argv[0]), len, little, is_signed);
        if (!absent(small)) return small;
    }
    IntView view;
    mpz_srcptr number = int_view(&view, argv[0]);
    if (mpz_sgn(number) < 0 && !is_signed)
        return throw(vm, OverflowError, "can't convert negative int to unsigned");
    if (!fits_bytes(number, len, is_signed))
        return throw(vm, OverflowError, "int too big to convert");
    Ref bytes = bytes_from(vm, NULL, len);
    if (failed(bytes) || len == 0) return bytes;
    write_bytes(number, as_bytes(bytes)->data, len);
    if (!little) reverse_bytes(as_bytes(bytes)->data, len);
    return bytes;
}

/* bytes(v) as int.from_bytes wants it: not a count of zeros. */
static Ref bytes_of_argument(Vm *vm, Value v)
{
    if (is_bytes(v)) return newref(v);
    if (is_any_int(v) || is_str(v))
        return throw(vm, TypeError, "cannot convert '%T' object to bytes", v);
    return call1(vm, borrow(type_builtin(vm, KIND_BYTES)), v);
}

static Ref int_of_bytes(Vm *vm, const char *data, ptrdiff_t len, bool little, bool is_signed)
{
    uint64_t word = 0;
    if (len < (ptrdiff_t)sizeof word) {
        for (ptrdiff_t i = 0; i < len; i++)
            word = word << 8 | (uint8_t)data[little ? len - 1 - i : i];
        int above = 64 - 8 * (int)len;
        bool negative = is_signed && len && (data[little ? len - 1 : 0] & 0x80);
        return from_int64(vm, negative ? (int64_t)(word << above) >> above : (int64_t)word);
    }
    mpz_t number;
    mpz_init(number);
    mpz_import(number, (size_t)len, little ? -1 : 1, 1, 0, 0, data);
    if (is_signed && (data[little ? len - 1 : 0] & 0x80)) {
        mpz_t wrap;
        mpz_init(wrap);
        mpz_setbit(wrap, 8 * (mp_bitcnt_t)len);
        mpz_sub(number, number, wrap);
        mpz_clear(wrap);
    }
    return int_from_mpz(vm, number);
}

NATIVE_CLASS(int_from_bytes, "from_bytes(cls, /, bytes, byteorder='big', *, signed=False)",
             "Return the integer that bytes (bytes-like, or an iterable of ints below 256) hold in "
             "the given byte order,\n"
             "read as two's complement when signed.")
{
    int little = byte_order(vm, argv[2], "from_bytes");
    Truth is_signed = little < 0 ? FAILED : value_truth(vm, argv[3]);
    if (is_signed == FAILED) return FAIL;
    Ref bytes = bytes_of_argument(vm, argv[1]);
    if (failed(bytes)) return FAIL;
    Ref result = int_of_bytes(vm, as_bytes(bytes)->data, as_bytes(bytes)->len, little, is_signed);
    decref(bytes);
    if (failed(result) || argv[0] == borrow(type_builtin(vm, KIND_INT))) return result;
    Ref converted = call1(vm, argv[0], result);
    decref(result);
    return converted;
}

/* ---- attributes ---- */

static Ref int_get_real(Vm *vm, Value self) { return int_plain(vm, self); }

static Ref int_get_imag(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return from_small(0);
}

static Ref int_get_denominator(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return from_small(1);
}

/* ---- slots ---- */

static bool int_hash_slot(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = int_hash(self);
    return true;
}

static Ref int_compare_slot(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_any_int(a) || !is_any_int(b)) return NOT_IMPLEMENTED;
    return from_bool(order_satisfies(int_compare(a, b), op));
}

static Truth int_truth(Vm *vm __attribute__((unused)), Value self) { return int_sign(self) != 0; }

static Ref int_as_float(Vm *vm, Value self)
{
    bool ok;
    double number = int_to_double(vm, self, &ok);
    return ok ? from_float(number) : FAIL;
}

static void int_clear(Object *self)
{
    Int *object = (Int *)self;
    if (object->is_big) mpz_clear(object->big);
    object->is_big = false;
}

static const Native *const int_methods[] = {
    &int_as_integer_ratio_def, &int_bit_count_def,
    &int_bit_length_def,       &int_conjugate_def,
    &int_from_bytes_def,       &int_is_integer_def,
    &int_to_bytes_def,         &int___ceil___def,
    &int___floor___def,        &int___getnewargs___def,
    &int___round___def,        &int___sizeof___def,
    &int___trunc___def,        NULL,
};

static const Attribute int_attributes[] = {
    {"real", int_get_real, NULL, "The number itself."},
    {"imag", int_get_imag, NULL, "Zero: an int has no imaginary part."},
    {"numerator", int_get_real, NULL, "The number itself, as a fraction in lowest terms."},
    {"denominator", int_get_denominator, NULL, "One, as a fraction in lowest terms."},
    {NULL, NULL, NULL, NULL},
};

const TypeDef int_type = {
    .name = "int",
    .size = sizeof(Int),
    .flags = TYPE_MATCH_SELF,
    .doc = "int([x]) -> integer\nint(x, base=10) -> integer\n\n"
           "A whole number of any size, made from a number or from text.",
    .clear = int_clear,
    .new = &int_new_def,
    .repr = int_repr,
    .format = int_format,
    .hash = int_hash_slot,
    .compare = int_compare_slot,
    .unary = int_unary,
    .binary = int_binary,
    .power = int_power,
    .truth = int_truth,
    .as_int = int_plain,
    .as_float = int_as_float,
    .index = int_plain,
    .methods = int_methods,
    .attributes = int_attributes,
};
