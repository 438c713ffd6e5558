/* int.c - integers of any size: values, arithmetic, comparison, hashing.
 *
 * Three sizes: small (immediate, 50 bits), medium (128 bits on the heap) and big (GMP).  A
 * result takes the least of them that holds it, so a plain int has one representation.  Operations
 * try int64_t first, then 128 bits (hashes and random generators of 64 bits stay in there), whose
 * overflow the machine reports, and go to GMP with a view of their operands that allocates nothing.
 * Neighbours: inttext.c (text, int()), intmethods.c (methods and the type), float.c (mixed
 * arithmetic). */
/* SPDX-License-Identifier: MIT */
#include "object/int.h"

#include <limits.h>

#include "base/numtext.h"
#include "object/error.h"
#include "object/life.h"
#include "object/number.h"
#include "object/tuple.h"

/* No result is allowed to be larger: GMP ends the process when memory is out. */
#define INT_BITS_MAX (INT64_C(1) << 33)

/* ---- making ints ---- */

static Int *int_object(Vm *vm)
{
    return object_new(vm, type_builtin(vm, KIND_INT)->shape, sizeof(Int));
}

static Ref int_medium(Vm *vm, Wide n)
{
    Int *object = object_new_raw(vm, type_builtin(vm, KIND_INT)->shape, sizeof(Int));
    if (!object) return FAIL;
    object->candidate = 0;
    object->is_big = false;
    object->medium = n;
    object->head.flags |= OBJ_CLEARED;
    return from_object(object);
}

Ref from_int64(Vm *vm, int64_t n) { return fits_small(n) ? from_small(n) : int_medium(vm, n); }

static Ref from_wide(Vm *vm, Wide n)
{
    return n >= SMALL_INT_MIN && n <= SMALL_INT_MAX ? from_small((int64_t)n) : int_medium(vm, n);
}

Ref from_uint64(Vm *vm, uint64_t n) { return from_wide(vm, n); }

/* The value of z when it fits in 128 bits. */
static bool wide_of_mpz(mpz_srcptr z, Wide *n)
{
    unsigned __int128 magnitude = (unsigned __int128)mpz_getlimbn(z, 1) << 64 | mpz_getlimbn(z, 0);
    bool negative = mpz_sgn(z) < 0;
    if (mpz_size(z) > 2 || (magnitude - negative) >> 127) return false;
    *n = (Wide)(negative ? 0 - magnitude : magnitude);
    return true;
}

Ref int_from_mpz(Vm *vm, mpz_t z)
{
    Wide n;
    if (wide_of_mpz(z, &n)) {
        mpz_clear(z);
        return from_wide(vm, n);
    }
    Int *object = int_object(vm);
    if (!object) {
        mpz_clear(z);
        return FAIL;
    }
    object->is_big = true;
    object->big[0] = z[0];
    return from_object(object);
}

Ref from_double(Vm *vm, double n)
{
    if (isnan(n)) return throw(vm, ValueError, "cannot convert float NaN to integer");
    if (isinf(n)) return throw(vm, OverflowError, "cannot convert float infinity to integer");
    if (n > -0x1p63 && n < 0x1p63) return from_int64(vm, (int64_t)n);
    mpz_t z;
    mpz_init_set_d(z, n);
    return int_from_mpz(vm, z);
}

/* ---- looking at ints ---- */

/* The value when it fits in 128 bits. */
static inline bool wide_of(Value v, Wide *n)
{
    if (is_int(v)) {
        *n = as_int(v);
        return true;
    }
    if (is_bool(v)) {
        *n = v == TRUE;
        return true;
    }
    const Int *object = (const Int *)as_object(v);
    if (object->is_big) return false;
    *n = object->medium;
    return true;
}

/* The value when it fits in 64 bits. */
static inline bool int64_of(Value v, int64_t *n)
{
    Wide wide;
    if (!wide_of(v, &wide)) return false;
    *n = (int64_t)wide;
    return *n == wide;
}

static inline unsigned __int128 magnitude_of(Wide n)
{
    return n < 0 ? 0 - (unsigned __int128)n : (unsigned __int128)n;
}

mpz_srcptr int_view(IntView *view, Value v)
{
    Wide n;
    if (!wide_of(v, &n)) return ((const Int *)as_object(v))->big;
    unsigned __int128 magnitude = magnitude_of(n);
    view->limbs[0] = (mp_limb_t)magnitude;
    view->limbs[1] = (mp_limb_t)(magnitude >> 64);
    mp_size_t size = view->limbs[1] ? 2 : view->limbs[0] != 0;
    return mpz_roinit_n(view->number, view->limbs, n < 0 ? -size : size);
}

int64_t int_value(Value v, int *overflow)
{
    int64_t n = 0;
    *overflow = int64_of(v, &n) ? 0 : int_sign(v);
    return n;
}

Ref int_plain(Vm *vm, Value v)
{
    Wide n;
    if (is_int(v) || is_exact(v, KIND_INT)) return newref(v);
    if (wide_of(v, &n)) return from_wide(vm, n);
    mpz_t z;
    mpz_init_set(z, ((const Int *)as_object(v))->big);
    return int_from_mpz(vm, z);
}

Ref int_from_index(Vm *vm, Value v)
{
    if (is_any_int(v)) return int_plain(vm, v);
    Type *type = type_of(vm, v);
    if (!type->slots.index)
        return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", v);
    Ref result = type->slots.index(vm, v);
    if (failed(result)) return FAIL;
    if (!is_any_int(result)) {
        throw(vm, TypeError, "__index__ returned non-int (type %T)", (Value)result);
        decref(result);
        return FAIL;
    }
    if (!is_int(result) && !is_exact(result, KIND_INT)) {
        if (!warn(vm, DeprecationWarning, 1,
                  "__index__ returned non-int (type %T).  The ability to return an instance of a "
                  "strict subclass of int is deprecated, and may be removed in a future "
                  "version of Python.",
                  (Value)result)) {
            decref(result);
            return FAIL;
        }
        replace(&result, int_plain(vm, result));
    }
    return result;
}

/* 0: *n holds the value; -1, 1: too small, too large; 2: raised. */
static int index_value(Vm *vm, Value v, int64_t *n)
{
    int overflow;
    if (is_any_int(v)) {
        *n = int_value(v, &overflow);
        return overflow;
    }
    Ref plain = int_from_index(vm, v);
    if (failed(plain)) return 2;
    *n = int_value(plain, &overflow);
    decref(plain);
    return overflow;
}

bool int_index(Vm *vm, Value v, int64_t *n)
{
    int outcome = index_value(vm, v, n);
    if (outcome == 0) return true;
    if (outcome != 2) throw(vm, OverflowError, "cannot fit '%T' into an index-sized integer", v);
    return false;
}

bool int_subscript(Vm *vm, Value v, ptrdiff_t *n, bool clamp)
{
    int64_t value = 0;
    int outcome = index_value(vm, v, &value);
    *n = value;
    if (outcome == 0) return true;
    if (outcome == 2) return false;
    if (clamp) {
        *n = outcome < 0 ? PTRDIFF_MIN : PTRDIFF_MAX;
        return true;
    }
    throw(vm, IndexError, "cannot fit '%T' into an index-sized integer", v);
    return false;
}

double int_to_double(Vm *vm, Value v, bool *ok)
{
    int64_t n;
    *ok = true;
    if (int64_of(v, &n)) return (double)n;
    IntView view, unit;
    double number = double_from_ratio(int_view(&view, v), int_view(&unit, from_small(1)));
    if (isinf(number)) {
        throw(vm, OverflowError, "int too large to convert to float");
        *ok = false;
    }
    return number;
}

int int_sign(Value v)
{
    Wide n;
    if (!wide_of(v, &n)) return mpz_sgn(((const Int *)as_object(v))->big);
    return n < 0 ? -1 : n > 0;
}

bool is_odd(Value v)
{
    Wide n;
    if (!wide_of(v, &n)) return mpz_odd_p(((const Int *)as_object(v))->big) != 0;
    return n & 1;
}

int int_compare(Value a, Value b)
{
    Wide x, y;
    if (wide_of(a, &x) && wide_of(b, &y)) return x < y ? -1 : x > y;
    IntView left, right;
    int order = mpz_cmp(int_view(&left, a), int_view(&right, b));
    return order < 0 ? -1 : order > 0;
}

int int_compare_double(Value v, double number)
{
    int64_t n;
    if (isinf(number)) return number > 0 ? -1 : 1;
    if (int64_of(v, &n) && n >= -(INT64_C(1) << 53) && n <= INT64_C(1) << 53)
        return (double)n < number ? -1 : (double)n > number;
    IntView view;
    int order = mpz_cmp_d(int_view(&view, v), number);
    return order < 0 ? -1 : order > 0;
}

#define HASH_MODULUS ((UINT64_C(1) << 61) - 1)

int64_t int_hash(Value v)
{
    int64_t hash;
    Wide n;
    if (is_int(v)) {
        hash = as_int(v);
    } else if (wide_of(v, &n)) {
        hash = (int64_t)(magnitude_of(n) % HASH_MODULUS);
        if (n < 0) hash = -hash;
    } else {
        mpz_srcptr z = ((const Int *)as_object(v))->big;
        hash = (int64_t)mpz_tdiv_ui(z, HASH_MODULUS);
        if (mpz_sgn(z) < 0) hash = -hash;
    }
    return hash == -1 ? -2 : hash;
}

/* ---- arithmetic in 64 bits ---- */

static Ref throw_zero_division(Vm *vm) { return throw(vm, ZeroDivisionError, "division by zero"); }

/* Rounded towards minus infinity; b is neither 0 nor (a the least number and b -1). */
static inline int64_t floor_quotient(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static inline int64_t floor_rest(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* a // b, a % b and divmod(a, b); UNDEF when the quotient does not fit. */
static Ref divide64(Vm *vm, BinaryOp op, int64_t a, int64_t b)
{
    if (b == 0) return throw_zero_division(vm);
    if (b == -1) {
        if (op == OP2_MOD) return from_small(0);
        if (a == INT64_MIN) return UNDEF;
    }
    if (op == OP2_MOD) return from_int64(vm, floor_rest(a, b));
    if (op == OP2_FLOORDIV) return from_int64(vm, floor_quotient(a, b));
    Ref pair[2] = {from_int64(vm, floor_quotient(a, b)), from_int64(vm, floor_rest(a, b))};
    if (failed(pair[0]) || failed(pair[1])) {
        decref(pair[0]);
        decref(pair[1]);
        return FAIL;
    }
    return tuple_from_refs(vm, 2, pair);
}

/* base ** exponent by squaring; UNDEF when it does not fit. */
static Ref power64(Vm *vm, int64_t base, int64_t exponent)
{
    int64_t result = 1;
    for (;;) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return UNDEF;
        exponent >>= 1;
        if (exponent == 0) return from_int64(vm, result);
        if (__builtin_mul_overflow(base, base, &base)) return UNDEF;
    }
}

/* a op b; UNDEF when it does not fit. */
static Ref binary64(Vm *vm, BinaryOp op, int64_t a, int64_t b)
{
    int64_t result;
    switch (op) {
    case OP2_ADD: return __builtin_add_overflow(a, b, &result) ? UNDEF : from_int64(vm, result);
    case OP2_SUB: return __builtin_sub_overflow(a, b, &result) ? UNDEF : from_int64(vm, result);
    case OP2_MUL: return __builtin_mul_overflow(a, b, &result) ? UNDEF : from_int64(vm, result);
    case OP2_AND: return from_int64(vm, a & b);
    case OP2_OR: return from_int64(vm, a | b);
    case OP2_XOR: return from_int64(vm, a ^ b);
    case OP2_FLOORDIV:
    case OP2_MOD:
    case OP2_DIVMOD: return divide64(vm, op, a, b);
    case OP2_LSHIFT:
        if (b < 0 || b > 62) return UNDEF;
        return a >> (63 - b) == a >> 63 ? from_int64(vm, (int64_t)((uint64_t)a << b)) : UNDEF;
    case OP2_RSHIFT:
        if (b < 0) return UNDEF;
        return from_int64(vm, a >> (b > 63 ? 63 : b));
    case OP2_POW: return b < 0 ? UNDEF : power64(vm, a, b);
    default: return UNDEF;
    }
}

/* ---- arithmetic in 128 bits ---- */

/* a * b; false when it does not fit (or might not). */
static bool multiply_wide(Wide a, Wide b, Wide *product)
{
    unsigned __int128 x = magnitude_of(a), y = magnitude_of(b);
    if (x >> 64 || y >> 64) return false;
    unsigned __int128 magnitude = (unsigned __int128)(uint64_t)x * (uint64_t)y;
    if (magnitude >> 127) return false;
    *product = (a < 0) == (b < 0) ? (Wide)magnitude : -(Wide)magnitude;
    return true;
}

/* a op b; UNDEF when GMP has to do it. */
static Ref binary_wide(Vm *vm, BinaryOp op, Wide a, Wide b)
{
    Wide result;
    switch (op) {
    case OP2_ADD: return __builtin_add_overflow(a, b, &result) ? UNDEF : from_wide(vm, result);
    case OP2_SUB: return __builtin_sub_overflow(a, b, &result) ? UNDEF : from_wide(vm, result);
    case OP2_MUL: return multiply_wide(a, b, &result) ? from_wide(vm, result) : UNDEF;
    case OP2_AND: return from_wide(vm, a & b);
    case OP2_OR: return from_wide(vm, a | b);
    case OP2_XOR: return from_wide(vm, a ^ b);
    case OP2_FLOORDIV:
    case OP2_MOD:
        if (b == 0 || b == -1) return UNDEF;
        result = op == OP2_MOD ? a % b : a / b;
        if (op == OP2_MOD)
            return from_wide(vm, result && (result < 0) != (b < 0) ? result + b : result);
        return from_wide(vm, (a < 0) != (b < 0) && result * b != a ? result - 1 : result);
    case OP2_LSHIFT:
        if (b < 0 || b > 126 || a >> (127 - (int)b) != a >> 127) return UNDEF;
        return from_wide(vm, (Wide)((unsigned __int128)a << (int)b));
    case OP2_RSHIFT:
        if (b < 0) return UNDEF;
        return from_wide(vm, a >> (b > 127 ? 127 : (int)b));
    default: return UNDEF;
    }
}

/* ---- arithmetic of any size ---- */

static bool size_allowed(Vm *vm, int64_t bits)
{
    if (bits <= INT_BITS_MAX) return true;
    throw_no_memory(vm);
    return false;
}

static Ref divide_big(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (int_sign(b) == 0) return throw_zero_division(vm);
    IntView left, right;
    mpz_srcptr x = int_view(&left, a), y = int_view(&right, b);
    mpz_t quotient, rest;
    if (op == OP2_FLOORDIV) {
        mpz_init(quotient);
        mpz_fdiv_q(quotient, x, y);
        return int_from_mpz(vm, quotient);
    }
    mpz_init(rest);
    if (op == OP2_MOD) {
        mpz_fdiv_r(rest, x, y);
        return int_from_mpz(vm, rest);
    }
    mpz_init(quotient);
    mpz_fdiv_qr(quotient, rest, x, y);
    Ref pair[2] = {int_from_mpz(vm, quotient), int_from_mpz(vm, rest)};
    if (failed(pair[0]) || failed(pair[1])) {
        decref(pair[0]);
        decref(pair[1]);
        return FAIL;
    }
    return tuple_from_refs(vm, 2, pair);
}

static Ref true_divide(Vm *vm, Value a, Value b)
{
    int64_t x, y;
    const int64_t exact = INT64_C(1) << 53;
    if (int64_of(a, &x) && int64_of(b, &y) && x >= -exact && x <= exact && y >= -exact &&
        y <= exact) {
        if (y == 0) return throw_zero_division(vm);
        return from_float((double)x / (double)y);
    }
    if (int_sign(b) == 0) return throw_zero_division(vm);
    IntView left, right;
    double quotient = double_from_ratio(int_view(&left, a), int_view(&right, b));
    if (isinf(quotient))
        return throw(vm, OverflowError, "integer division result too large for a float");
    bool negative = (int_sign(a) < 0) != (int_sign(b) < 0); /* of a zero too */
    return from_float(quotient == 0 && negative ? -0.0 : quotient);
}

static Ref shift_big(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (int_sign(b) < 0) return throw(vm, ValueError, "negative shift count");
    int sign = int_sign(a), overflow;
    int64_t count = int_value(b, &overflow);
    if (sign == 0) return from_small(0);
    IntView view;
    mpz_t result;
    if (op == OP2_RSHIFT) {
        if (overflow) return from_small(sign < 0 ? -1 : 0);
        mpz_init(result);
        mpz_fdiv_q_2exp(result, int_view(&view, a), (mp_bitcnt_t)count);
        return int_from_mpz(vm, result);
    }
    if (overflow) return throw(vm, OverflowError, "too many digits in integer");
    mpz_srcptr x = int_view(&view, a);
    if (count > INT_BITS_MAX || !size_allowed(vm, count + (int64_t)mpz_sizeinbase(x, 2)))
        return count > INT_BITS_MAX ? throw_no_memory(vm) : FAIL;
    mpz_init(result);
    mpz_mul_2exp(result, x, (mp_bitcnt_t)count);
    return int_from_mpz(vm, result);
}

static Ref power_big(Vm *vm, Value a, Value b)
{
    if (int_sign(b) < 0) { /* a float, as Python says */
        bool ok;
        double base = int_to_double(vm, a, &ok), exponent = ok ? int_to_double(vm, b, &ok) : 0;
        return ok ? number_power(vm, from_float(base), from_float(exponent), NONE) : FAIL;
    }
    int64_t base, exponent;
    int overflow;
    if (int64_of(a, &base) && base >= -1 && base <= 1) {
        if (base == -1 && !is_odd(b)) return from_small(1);
        return from_small(int_sign(b) == 0 ? 1 : base);
    }
    exponent = int_value(b, &overflow);
    if (overflow) return throw_no_memory(vm);
    IntView view;
    mpz_srcptr x = int_view(&view, a);
    int64_t bits;
    if (__builtin_mul_overflow((int64_t)mpz_sizeinbase(x, 2) - 1, exponent, &bits))
        bits = INT64_MAX;
    if (!size_allowed(vm, bits)) return FAIL;
    mpz_t result;
    mpz_init(result);
    mpz_pow_ui(result, x, (unsigned long)exponent);
    return int_from_mpz(vm, result);
}

/* The operations that map to one GMP function. */
static Ref simple_big(Vm *vm, BinaryOp op, Value a, Value b)
{
    IntView left, right;
    mpz_srcptr x = int_view(&left, a), y = int_view(&right, b);
    if (op == OP2_MUL && !size_allowed(vm, (int64_t)(mpz_sizeinbase(x, 2) + mpz_sizeinbase(y, 2))))
        return FAIL;
    mpz_t result;
    mpz_init(result);
    switch (op) {
    case OP2_ADD: mpz_add(result, x, y); break;
    case OP2_SUB: mpz_sub(result, x, y); break;
    case OP2_MUL: mpz_mul(result, x, y); break;
    case OP2_AND: mpz_and(result, x, y); break;
    case OP2_OR: mpz_ior(result, x, y); break;
    default: mpz_xor(result, x, y); break;
    }
    return int_from_mpz(vm, result);
}

Ref int_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (!is_any_int(a) || !is_any_int(b) || op == OP2_MATMUL) return NOT_IMPLEMENTED;
    if (op == OP2_TRUEDIV) return true_divide(vm, a, b);
    Wide x, y;
    if (wide_of(a, &x) && wide_of(b, &y)) {
        bool narrow = (int64_t)x == x && (int64_t)y == y;
        Ref result = narrow ? binary64(vm, op, (int64_t)x, (int64_t)y) : UNDEF;
        if (absent(result)) result = binary_wide(vm, op, x, y);
        if (!absent(result)) return result;
    }
    switch (op) {
    case OP2_FLOORDIV:
    case OP2_MOD:
    case OP2_DIVMOD: return divide_big(vm, op, a, b);
    case OP2_LSHIFT:
    case OP2_RSHIFT: return shift_big(vm, op, a, b);
    case OP2_POW: return power_big(vm, a, b);
    default: return simple_big(vm, op, a, b);
    }
}

/* The same of small ints, the exponent not negative: squaring in 128 bits. */
static Ref power_modulo_small(int64_t a, int64_t b, int64_t modulus)
{
    uint64_t size = (uint64_t)llabs(modulus), base = (uint64_t)llabs(a) % size, product = 1 % size;
    if (a < 0 && base) base = size - base;
    for (uint64_t left = (uint64_t)b; left; left >>= 1) {
        if (left & 1) product = (uint64_t)((unsigned __int128)product * base % size);
        base = (uint64_t)((unsigned __int128)base * base % size);
    }
    return from_small((int64_t)product - (modulus < 0 && product ? (int64_t)size : 0));
}

/* pow(a, b, modulus) for ints; the result has the sign of modulus. */
static Ref power_modulo(Vm *vm, Value a, Value b, Value modulus)
{
    if (int_sign(modulus) == 0) return throw(vm, ValueError, "pow() 3rd argument cannot be 0");
    if (both_ints(a, b) && is_int(modulus) && as_int(b) >= 0)
        return power_modulo_small(as_int(a), as_int(b), as_int(modulus));
    IntView base_view, exponent_view, modulus_view;
    mpz_srcptr base = int_view(&base_view, a), exponent = int_view(&exponent_view, b);
    mpz_srcptr m = int_view(&modulus_view, modulus);
    mpz_t result;
    mpz_init(result);
    if (mpz_cmpabs_ui(m, 1) != 0) {
        if (mpz_sgn(exponent) < 0) {
            mpz_t positive;
            if (!mpz_invert(result, base, m)) {
                mpz_clear(result);
                return throw(vm, ValueError, "base is not invertible for the given modulus");
            }
            mpz_init(positive);
            mpz_neg(positive, exponent);
            mpz_powm(result, result, positive, m);
            mpz_clear(positive);
        } else {
            mpz_powm(result, base, exponent, m);
        }
        if (mpz_sgn(m) < 0 && mpz_sgn(result) > 0) mpz_add(result, result, m);
    }
    return int_from_mpz(vm, result);
}

Ref int_power(Vm *vm, Value a, Value b, Value modulus)
{
    if (!is_any_int(a) || !is_any_int(b)) return NOT_IMPLEMENTED;
    if (is_none(modulus)) return int_binary(vm, OP2_POW, a, b);
    if (!is_any_int(modulus)) return NOT_IMPLEMENTED;
    return power_modulo(vm, a, b, modulus);
}

Ref int_unary(Vm *vm, UnaryOp op, Value self)
{
    int64_t n;
    if (op == OP1_POS || (op == OP1_ABS && int_sign(self) >= 0)) return int_plain(vm, self);
    if (int64_of(self, &n) && n != INT64_MIN) return from_int64(vm, op == OP1_INVERT ? ~n : -n);
    IntView view;
    mpz_srcptr x = int_view(&view, self);
    mpz_t result;
    mpz_init(result);
    if (op == OP1_INVERT) mpz_com(result, x);
    else mpz_neg(result, x);
    return int_from_mpz(vm, result);
}
