/* math.c - the module math, over the C library. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <float.h>
#include <stdlib.h>

#include "native.h"

/* One-argument functions: the name, the C function; a NaN from a number is a domain error, an
 * infinity from a finite number an overflow (or a pole: domain error). */
static Ref checked(Vm *vm, double x, double y, bool pole_is_domain)
{
    if (isnan(y) && !isnan(x)) return throw(vm, ValueError, "math domain error");
    if (isinf(y) && isfinite(x))
        return pole_is_domain ? throw(vm, ValueError, "math domain error")
                              : throw(vm, OverflowError, "math range error");
    return from_float(y);
}
#define MATH(name, pole, text)                                                                     \
    static double real_##name(double x) { return name(x); }                                        \
    NATIVE_REAL(math_##name, real_##name, #name "(x, /)", text)                                    \
    {                                                                                              \
        double x;                                                                                  \
        if (!float_from(vm, argv[0], &x)) return FAIL;                                             \
        return checked(vm, x, name(x), pole);                                                      \
    }
MATH(sin, true, "The sine of x (radians).")
MATH(cos, true, "The cosine of x (radians).")
MATH(tan, true, "The tangent of x (radians).")
MATH(asin, true, "The arc sine of x, in radians.")
MATH(acos, true, "The arc cosine of x, in radians.")
MATH(atan, true, "The arc tangent of x, in radians.")
MATH(sinh, false, "The hyperbolic sine of x.")
MATH(cosh, false, "The hyperbolic cosine of x.")
MATH(tanh, true, "The hyperbolic tangent of x.")
MATH(asinh, true, "The inverse hyperbolic sine of x.")
MATH(acosh, true, "The inverse hyperbolic cosine of x.")
MATH(atanh, true, "The inverse hyperbolic tangent of x.")
MATH(exp, false, "e raised to the power of x.")
MATH(exp2, false, "2 raised to the power of x.")
MATH(expm1, false, "exp(x) - 1, exact for small x.")
MATH(log1p, true, "The natural logarithm of 1 + x.")
MATH(sqrt, true, "The square root of x.")
MATH(cbrt, true, "The cube root of x.")
MATH(erf, true, "The error function at x.")
MATH(erfc, true, "The complementary error function at x.")
MATH(fabs, true, "The absolute value of x as a float.")
NATIVE(math_gamma, "gamma(x, /)", "The gamma function at x.")
{
    double x;
    if (!float_from(vm, argv[0], &x)) return FAIL;
    if (x == floor(x) && x <= 0 && !isinf(x)) return throw(vm, ValueError, "math domain error");
    return checked(vm, x, tgamma(x), false);
}
NATIVE(math_lgamma, "lgamma(x, /)",
       "The logarithm of the absolute value of the gamma function at x.")
{
    double x;
    if (!float_from(vm, argv[0], &x)) return FAIL;
    return checked(vm, x, lgamma(x), x == floor(x) && x <= 0);
}

#define MATH2(name, function, text)                                                                \
    NATIVE(math_##name, #name "(x, y, /)", text)                                                   \
    {                                                                                              \
        double x, y;                                                                               \
        if (!float_from(vm, argv[0], &x) || !float_from(vm, argv[1], &y)) return FAIL;             \
        double z = function(x, y);                                                                 \
        if (isnan(z) && !isnan(x) && !isnan(y)) return throw(vm, ValueError, "math domain error"); \
        if (isinf(z) && isfinite(x) && isfinite(y))                                                \
            return throw(vm, OverflowError, "math range error");                                   \
        return from_float(z);                                                                      \
    }
MATH2(atan2, atan2, "The arc tangent of x/y, in radians, the signs telling the quadrant.")
MATH2(fmod, fmod, "The remainder of x/y with the sign of x.")
MATH2(copysign, copysign, "x with the sign of y.")
MATH2(remainder, remainder, "The difference between x and the closest multiple of y.")
NATIVE(math_pow, "pow(x, y, /)", "x raised to the power of y, as floats.")
{
    double x, y;
    if (!float_from(vm, argv[0], &x) || !float_from(vm, argv[1], &y)) return FAIL;
    double z = pow(x, y);
    if (isnan(z) && !isnan(x) && !isnan(y)) return throw(vm, ValueError, "math domain error");
    if (isinf(z) && isfinite(x) && isfinite(y))
        return x == 0 ? throw(vm, ValueError, "math domain error")
                      : throw(vm, OverflowError, "math range error");
    return from_float(z);
}

/* floor, ceil: an int, by the type's own special method when it has one. */
static Ref rounded(Vm *vm, Value v, Value special, double (*function)(double))
{
    if (is_float(v)) return from_double(vm, function(as_float(v)));
    if (is_any_int(v)) return number_unary(vm, OP1_POS, v);
    Ref result = call_special(vm, v, special, 0, NULL);
    if (!absent(result)) return result;
    double x;
    return float_from(vm, v, &x) ? from_double(vm, function(x)) : FAIL;
}
NATIVE(math_floor, "floor(x, /)", "The largest integer <= x.")
{
    return rounded(vm, argv[0], N(__floor__), floor);
}
NATIVE(math_ceil, "ceil(x, /)", "The smallest integer >= x.")
{
    return rounded(vm, argv[0], N(__ceil__), ceil);
}
NATIVE(math_trunc, "trunc(x, /)", "x cut to an integer.")
{
    if (is_float(argv[0])) return from_double(vm, trunc(as_float(argv[0])));
    Ref result = call_special(vm, argv[0], N(__trunc__), 0, NULL);
    return absent(result) ? throw(vm, TypeError, "type %T doesn't define __trunc__ method", argv[0])
                          : result;
}

/* The logarithm of an int of any size, or of a float; unit: that of 2. */
static bool logarithm(Vm *vm, Value v, double (*function)(double), double unit, double *out)
{
    if (is_any_int(v)) {
        if (int_sign(v) <= 0) {
            throw(vm, ValueError, "expected a positive input");
            return false;
        }
        long exponent;
        IntView view;
        double x, mantissa = mpz_get_d_2exp(&exponent, int_view(&view, v));
        if (exponent < DBL_MAX_EXP && !float_from(vm, v, &x)) return false;
        *out = exponent < DBL_MAX_EXP ? function(x) : function(mantissa) + (double)exponent * unit;
        return true;
    }
    double x;
    if (!float_from(vm, v, &x)) return false;
    if (x <= 0) {
        throw(vm, ValueError, "expected a positive input, got %R", v);
        return false;
    }
    *out = function(x);
    return true;
}
NATIVE(math_log, "log(x, base=?, /)", "The logarithm of x to base, or the natural one.")
{
    double x, base = 1;
    if (!logarithm(vm, argv[0], log, M_LN2, &x)) return FAIL;
    if (absent(argv[1])) return from_float(x);
    if (!logarithm(vm, argv[1], log, M_LN2, &base)) return FAIL;
    if (base == 0) return throw(vm, ZeroDivisionError, "division by zero");
    return from_float(x / base);
}
NATIVE(math_log2, "log2(x, /)", "The base-2 logarithm of x.")
{
    double x;
    if (is_float(argv[0]) && as_float(argv[0]) > 0) return from_float(log2(as_float(argv[0])));
    return logarithm(vm, argv[0], log2, 1, &x) ? from_float(x) : FAIL;
}
NATIVE(math_log10, "log10(x, /)", "The base-10 logarithm of x.")
{
    double x;
    if (is_float(argv[0]) && as_float(argv[0]) > 0) return from_float(log10(as_float(argv[0])));
    return logarithm(vm, argv[0], log10, 0.30102999566398119521, &x) ? from_float(x) : FAIL;
}

NATIVE(math_isnan, "isnan(x, /)", "Is x not a number?")
{
    double x;
    return float_from(vm, argv[0], &x) ? from_bool(isnan(x)) : FAIL;
}
NATIVE(math_isinf, "isinf(x, /)", "Is x an infinity?")
{
    double x;
    return float_from(vm, argv[0], &x) ? from_bool(isinf(x)) : FAIL;
}
NATIVE(math_isfinite, "isfinite(x, /)", "Is x neither?")
{
    double x;
    return float_from(vm, argv[0], &x) ? from_bool(isfinite(x)) : FAIL;
}
NATIVE(math_degrees, "degrees(x, /)", "Radians to degrees.")
{
    double x;
    return float_from(vm, argv[0], &x) ? from_float(x * (180 / M_PI)) : FAIL;
}
NATIVE(math_radians, "radians(x, /)", "Degrees to radians.")
{
    double x;
    return float_from(vm, argv[0], &x) ? from_float(x * (M_PI / 180)) : FAIL;
}

/* The length of a vector, from its coordinates one by one.  In long double neither the squares nor
 * their sum overflow; `rest` is what their rounding loses, so that the length comes out as the
 * double that is nearest. */
typedef struct Length {
    long double squares, rest;
    bool infinite;
} Length;

/* x squared: the nearest long double, and what it lacks. */
static long double square(double x, long double *rest)
{
    union {
        double number;
        uint64_t bits;
    } high = {.number = x};
    high.bits &= ~(uint64_t)0x7ffffff; /* 26 bits: products of the halves are exact */
    long double a = high.number, b = x - high.number, product = (long double)x * x;
    *rest = a * a - product + 2 * a * b + b * b;
    return product;
}
static void length_add(Length *length, double x)
{
    long double rest, more = square(x, &rest), sum = length->squares + more;
    long double share = sum - length->squares; /* of `more` in the sum */
    length->infinite |= isinf(x);
    length->rest += rest + ((length->squares - (sum - share)) + (more - share));
    length->squares = sum;
}
static Ref length_finish(const Length *length)
{
    double root = (double)sqrtl(length->squares);
    if (length->infinite) return from_float(INFINITY);
    if (root == 0 || !isfinite(root)) return from_float(root);
    long double rest, back = square(root, &rest);
    return from_float(root +
                      (double)((length->squares - back + (length->rest - rest)) / (2 * root)));
}

NATIVE(math_hypot, "hypot(*coordinates)", "The Euclidean length of a vector.")
{
    Length length = {0};
    ptrdiff_t count = tuple_len(argv[0]);
    for (ptrdiff_t n = 0; n < count; n++) {
        double x;
        if (!float_from(vm, tuple_at(argv[0], n), &x)) return FAIL;
        length_add(&length, x);
    }
    return length_finish(&length);
}
NATIVE(math_frexp, "frexp(x, /)", "The mantissa and exponent of x: x == m * 2**e.")
{
    double x;
    int exponent = 0;
    if (!float_from(vm, argv[0], &x)) return FAIL;
    double mantissa = isfinite(x) ? frexp(x, &exponent) : x;
    return tuple_pack(vm, 2, (Value)from_float(mantissa), (Value)from_small(exponent));
}
static Ref integer(Vm *vm, Value v)
{
    if (is_any_int(v)) return number_unary(vm, OP1_POS, v);
    Type *type = type_of(vm, v);
    if (type->slots.index) return type->slots.index(vm, v);
    return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", v);
}

/* What ldexp() takes of an exponent of any size: beyond 100,000 all are alike. */
static bool exponent_from(Vm *vm, Value v, int *exponent)
{
    enum { FAR = 100000 };
    if (!is_any_int(v) && !type_of(vm, v)->slots.index) {
        throw(vm, TypeError, "Expected an int as second argument to ldexp.");
        return false;
    }
    Ref number = integer(vm, v);
    if (failed(number)) return false;
    int overflow = 0;
    int64_t n = int_value(number, &overflow);
    bool down = overflow ? int_sign(number) < 0 : n < -FAR;
    *exponent = down ? -FAR : overflow || n > FAR ? FAR : (int)n;
    decref(number);
    return true;
}
NATIVE(math_ldexp, "ldexp(x, i, /)", "x * (2**i).")
{
    double x;
    int n;
    if (!float_from(vm, argv[0], &x) || !exponent_from(vm, argv[1], &n)) return FAIL;
    double y = ldexp(x, n);
    return isinf(y) && isfinite(x) ? throw(vm, OverflowError, "math range error") : from_float(y);
}
NATIVE(math_modf, "modf(x, /)", "The fractional and integer parts of x.")
{
    double x, whole;
    if (!float_from(vm, argv[0], &x)) return FAIL;
    double part = isinf(x) ? copysign(0, x) : modf(x, &whole);
    if (isinf(x)) whole = x;
    return tuple_pack(vm, 2, (Value)from_float(part), (Value)from_float(whole));
}

/* ---- integers ---- */

/* The argument as an int (by __index__), owned. */
static Ref gcd_of(Vm *vm, Value a, Value b)
{
    if (is_int(a) && is_int(b)) {
        int64_t m = as_int(a), n = as_int(b);
        while (n) {
            int64_t rest = m % n;
            m = n;
            n = rest;
        }
        return from_int64(vm, m < 0 ? -m : m);
    }
    Ref x = number_unary(vm, OP1_ABS, a), y = number_unary(vm, OP1_ABS, b);
    while (!failed(x) && !failed(y) && int_sign(y) != 0) {
        Ref rest = number_binary(vm, OP2_MOD, x, y);
        replace(&x, take(&y));
        y = rest;
    }
    if (failed(y)) replace(&x, FAIL);
    decref(y);
    return x;
}
NATIVE(math_gcd, "gcd(*integers)", "The greatest common divisor.")
{
    Ref total = from_small(0);
    for (ptrdiff_t n = 0; n < tuple_len(argv[0]) && !failed(total); n++) {
        Ref next = integer(vm, tuple_at(argv[0], n));
        replace(&total, failed(next) ? FAIL : gcd_of(vm, total, next));
        decref(next);
    }
    return total;
}
NATIVE(math_lcm, "lcm(*integers)", "The least common multiple.")
{
    Ref total = from_small(1);
    for (ptrdiff_t n = 0; n < tuple_len(argv[0]) && !failed(total); n++) {
        Ref next = integer(vm, tuple_at(argv[0], n));
        if (failed(next)) return decref(total), FAIL;
        if (int_sign(next) == 0 || int_sign(total) == 0) {
            decref(next);
            replace(&total, from_small(0));
            continue;
        }
        Ref divisor = gcd_of(vm, total, next);
        Ref part = failed(divisor) ? FAIL : number_binary(vm, OP2_FLOORDIV, total, divisor);
        Ref product = failed(part) ? FAIL : number_binary(vm, OP2_MUL, part, next);
        decref(part);
        decref(divisor);
        decref(next);
        replace(&total, failed(product) ? FAIL : number_unary(vm, OP1_ABS, product));
        decref(product);
    }
    return total;
}
/* The product from .. to, halving the range so that factors are of like size. */
static Ref product(Vm *vm, int64_t from, int64_t to)
{
    if (from > to) return from_small(1);
    if (from == to) return from_int64(vm, from);
    int64_t middle = from + (to - from) / 2;
    Ref left = product(vm, from, middle), right = product(vm, middle + 1, to), both = FAIL;
    if (!failed(left) && !failed(right)) both = number_binary(vm, OP2_MUL, left, right);
    decref(left);
    decref(right);
    return both;
}
NATIVE(math_factorial, "factorial(n, /)", "n!")
{
    Ref n = integer(vm, argv[0]);
    if (failed(n)) return FAIL;
    int overflow = 0, sign = int_sign(n);
    int64_t count = int_value(n, &overflow);
    decref(n);
    if (sign < 0) return throw(vm, ValueError, "factorial() not defined for negative values");
    if (overflow)
        return throw(vm, OverflowError, "factorial() argument should not exceed %lld",
                     (long long)INT64_MAX);
    return product(vm, 2, count);
}

/* n - from, n - from - 1, ..., n - to + 1 multiplied. */
static Ref falling(Vm *vm, Value n, int64_t from, int64_t to)
{
    if (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        Ref left = falling(vm, n, from, middle),
            right = failed(left) ? FAIL : falling(vm, n, middle, to);
        Ref both = failed(right) ? FAIL : number_binary(vm, OP2_MUL, left, right);
        decref(left);
        decref(right);
        return both;
    }
    if (from == to) return from_small(1);
    Ref less = from_int64(vm, from),
        term = failed(less) ? FAIL : number_binary(vm, OP2_SUB, n, less);
    decref(less);
    return term;
}

static Truth less_than(Vm *vm, Value a, Value b)
{
    Ref less = value_compare(vm, a, b, CMP_LESS);
    return failed(less) ? FAILED : less == TRUE ? YES : NO;
}

/* Takes n and k as ints; false: raised. */
static bool choice_arguments(Vm *vm, Value *argv, Ref *n, Ref *k)
{
    *n = integer(vm, argv[0]);
    if (!failed(*n)) *k = argv[1] == NONE ? newref(*n) : integer(vm, argv[1]);
    if (failed(*n) || failed(*k)) return false;
    const char *negative = int_sign(*n) < 0 ? "n" : int_sign(*k) < 0 ? "k" : NULL;
    if (negative) throw(vm, ValueError, "%s must be a non-negative integer", negative);
    return !negative;
}

/* The product of the k greatest of 1..n, k an int of any size; name: what it is, for the error. */
static Ref greatest(Vm *vm, Value n, Value k, const char *name, int64_t *count)
{
    int overflow = 0;
    *count = int_value(k, &overflow);
    if (overflow)
        return throw(vm, OverflowError, "%s must not exceed %lld", name, (long long)INT64_MAX);
    int64_t top = int_value(n, &overflow);
    return overflow ? falling(vm, n, 0, *count) : product(vm, top - *count + 1, top);
}

NATIVE(math_comb, "comb(n, k, /)", "How many ways to choose k of n things, without order.")
{
    Ref n = UNDEF, k = UNDEF, rest = UNDEF, top = UNDEF, bottom = UNDEF, out = FAIL;
    int64_t count;
    if (!choice_arguments(vm, argv, &n, &k)) goto done;
    rest = number_binary(vm, OP2_SUB, n, k);
    if (failed(rest)) goto done;
    Truth fewer = int_sign(rest) < 0 ? NO : less_than(vm, rest, k);
    if (fewer == FAILED) goto done;
    if (int_sign(rest) < 0) {
        out = from_small(0);
        goto done;
    }
    top = greatest(vm, n, fewer == YES ? rest : k, "min(n - k, k)", &count);
    bottom = failed(top) ? FAIL : product(vm, 2, count);
    if (!failed(bottom)) out = number_binary(vm, OP2_FLOORDIV, top, bottom);
done:
    decref(n);
    decref(k);
    decref(rest);
    decref(top);
    decref(bottom);
    return out;
}
NATIVE(math_perm, "perm(n, k=None, /)", "How many ways to choose k of n things, with order.")
{
    if (argv[1] == NONE) return math_factorial(vm, argv);
    Ref n = UNDEF, k = UNDEF, out = FAIL;
    int64_t count;
    if (choice_arguments(vm, argv, &n, &k)) {
        Truth fewer = less_than(vm, n, k);
        if (fewer != FAILED) out = fewer == YES ? from_small(0) : greatest(vm, n, k, "k", &count);
    }
    decref(n);
    decref(k);
    return out;
}
NATIVE(math_isqrt, "isqrt(n, /)", "The integer part of the square root of n.")
{
    Ref n = integer(vm, argv[0]);
    if (failed(n)) return FAIL;
    if (int_sign(n) < 0) {
        decref(n);
        return throw(vm, ValueError, "isqrt() argument must be nonnegative");
    }
    IntView view;
    mpz_t root;
    mpz_init(root);
    mpz_sqrt(root, int_view(&view, n));
    decref(n);
    return int_from_mpz(vm, root);
}

/* ---- sums ---- */

/* Partial sums that do not overlap, smallest first: their exact sum is that of all that was added
 * (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997).  Each holds one bit at least of
 * the 2,098 that doubles reach over. */
enum { PARTIALS_MAX = 2100 };
typedef struct ExactSum {
    double partials[PARTIALS_MAX];
    int count;
} ExactSum;

/* x is finite; false: the sum is not. */
static bool exact_add(ExactSum *sum, double x)
{
    int kept = 0;
    for (int n = 0; n < sum->count; n++) {
        double y = sum->partials[n];
        if (fabs(x) < fabs(y)) {
            double t = x;
            x = y;
            y = t;
        }
        double high = x + y, low = y - (high - x);
        if (!isfinite(high)) return false;
        if (low != 0) sum->partials[kept++] = low;
        x = high;
    }
    sum->partials[kept++] = x;
    sum->count = kept;
    return true;
}

/* The double nearest to it. */
static double exact_round(ExactSum *sum)
{
    double total = 0;
    int count = sum->count;
    while (count > 0) {
        double x = total, y = sum->partials[--count];
        total = x + y;
        double low = y - (total - x);
        if (low == 0) continue;
        if (count > 0 && ((low < 0 && sum->partials[count - 1] < 0) ||
                          (low > 0 && sum->partials[count - 1] > 0))) {
            double twice = low * 2, moved = total + twice;
            if (twice == moved - total) total = moved;
        }
        break;
    }
    return total;
}

NATIVE(math_fsum, "fsum(seq, /)", "The accurate sum of floats.")
{
    ExactSum sum = {.count = 0};
    double special = 0, infinite = 0;
    Ref iter = iter_of(vm, argv[0]);
    if (failed(iter)) return FAIL;
    for (;;) {
        Ref item = iter_next(vm, iter);
        if (absent(item)) break;
        double x;
        bool good = !failed(item) && float_from(vm, item, &x);
        decref(item);
        if (good && isfinite(x) && !exact_add(&sum, x)) {
            good = false;
            throw(vm, OverflowError, "intermediate overflow in fsum");
        }
        if (!good) return decref(iter), FAIL;
        if (!isfinite(x)) special += x;
        if (isinf(x)) infinite += x;
    }
    decref(iter);
    if (isnan(infinite)) return throw(vm, ValueError, "-inf + inf in fsum");
    return from_float(special != 0 || isnan(special) ? special : exact_round(&sum));
}
NATIVE(math_prod, "prod(iterable, /, *, start=1)", "The product of the items.")
{
    Ref total = newref(argv[1]), iter = iter_of(vm, argv[0]);
    while (!failed(iter)) {
        Ref item = iter_next(vm, iter);
        if (absent(item)) break;
        replace(&total, failed(item) ? FAIL : number_binary(vm, OP2_MUL, total, item));
        decref(item);
        if (failed(total)) break;
    }
    if (failed(iter)) replace(&total, FAIL);
    decref(iter);
    return total;
}
/* ---- sums of products ---- */

typedef struct Twofold {
    double high, low;
} Twofold;

static Twofold two_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (Twofold){sum, (a - (sum - part)) + (b - part)};
}

/* Ogita, Rump and Oishi's dot product in threefold precision. */
static double products_of_doubles(Value p, Value q)
{
    double high = 0, low = 0, tiny = 0;
    for (ptrdiff_t n = 0; n < tuple_len(p); n++) {
        Value a = tuple_at(p, n), b = tuple_at(q, n);
        double x = is_int(a) ? (double)as_int(a) : as_float(a);
        double y = is_int(b) ? (double)as_int(b) : as_float(b);
        double product = x * y;
        Twofold sum = two_sum(high, product), rest = two_sum(low, fma(x, y, -product));
        Twofold middle = two_sum(rest.high, sum.low);
        high = sum.high;
        low = middle.high;
        tiny += rest.low + middle.low;
    }
    Twofold last = two_sum(low, tiny), total = two_sum(high, last.high);
    return total.high + (last.low + total.low);
}

static Ref products_of_values(Vm *vm, Value p, Value q)
{
    Ref total = from_small(0);
    for (ptrdiff_t n = 0; n < tuple_len(p) && !failed(total); n++) {
        Ref product = number_binary(vm, OP2_MUL, tuple_at(p, n), tuple_at(q, n));
        replace(&total, failed(product) ? FAIL : number_add(vm, total, product));
        decref(product);
    }
    return total;
}

/* Only floats and small ints, and at least one float? */
static bool are_doubles(Value p, Value q)
{
    bool any = false;
    for (ptrdiff_t n = 0; n < tuple_len(p); n++) {
        Value a = tuple_at(p, n), b = tuple_at(q, n);
        if ((!is_float(a) && !is_int(a)) || (!is_float(b) && !is_int(b))) return false;
        any = any || is_float(a) || is_float(b);
    }
    return any;
}

NATIVE(math_sumprod, "sumprod(p, q, /)",
       "The sum of the products of the items of two iterables; of floats in higher precision.\n"
       "ValueError unless both have the same length.")
{
    Ref p = tuple_from(vm, argv[0]), q = failed(p) ? FAIL : tuple_from(vm, argv[1]), out = FAIL;
    if (!failed(q) && tuple_len(p) != tuple_len(q))
        throw(vm, ValueError, "Inputs are not the same length");
    else if (!failed(q)) {
        double total = are_doubles(p, q) ? products_of_doubles(p, q) : (double)NAN;
        out = isfinite(total) ? from_float(total) : products_of_values(vm, p, q);
    }
    decref(p);
    decref(q);
    return out;
}
NATIVE(math_fma, "fma(x, y, z, /)", "x * y + z, rounded once.")
{
    double x, y, z;
    if (!float_from(vm, argv[0], &x) || !float_from(vm, argv[1], &y) ||
        !float_from(vm, argv[2], &z))
        return FAIL;
    double result = fma(x, y, z);
    if (isnan(result) && !isnan(x) && !isnan(y) && !isnan(z))
        return throw(vm, ValueError, "invalid operation in fma");
    if (isinf(result) && isfinite(x) && isfinite(y) && isfinite(z))
        return throw(vm, OverflowError, "overflow in fma");
    return from_any_float(result);
}
NATIVE(math_dist, "dist(p, q, /)", "The Euclidean distance between two points.")
{
    Ref p = tuple_from(vm, argv[0]), q = failed(p) ? FAIL : tuple_from(vm, argv[1]);
    Length length = {0};
    bool good = !failed(q);
    if (good && tuple_len(p) != tuple_len(q)) {
        throw(vm, ValueError, "both points must have the same number of dimensions");
        good = false;
    }
    for (ptrdiff_t n = 0; good && n < tuple_len(p); n++) {
        double x, y;
        good = float_from(vm, tuple_at(p, n), &x) && float_from(vm, tuple_at(q, n), &y);
        if (good) length_add(&length, x - y);
    }
    decref(p);
    decref(q);
    return good ? length_finish(&length) : FAIL;
}
NATIVE(math_isclose, "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", "Are two floats close?")
{
    double a, b, relative, absolute;
    if (!float_from(vm, argv[0], &a) || !float_from(vm, argv[1], &b) ||
        !float_from(vm, argv[2], &relative) || !float_from(vm, argv[3], &absolute))
        return FAIL;
    if (relative < 0 || absolute < 0)
        return throw(vm, ValueError, "tolerances must be non-negative");
    if (a == b) return TRUE;
    if (isinf(a) || isinf(b)) return FALSE;
    double difference = fabs(b - a);
    return from_bool(difference <= fabs(relative * b) || difference <= fabs(relative * a) ||
                     difference <= absolute);
}
/* Floats in their order as integers: neighbours differ by one, both zeros are 0. */
static int64_t float_rank(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}
static double float_ranked(int64_t rank)
{
    int64_t bits = rank < 0 ? INT64_MIN - rank : rank;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

NATIVE(math_nextafter, "nextafter(x, y, /, *, steps=None)",
       "The float steps (one by default) after x towards y; y where that is nearer.\n"
       "Raises ValueError when steps is negative.")
{
    double x, y;
    if (!float_from(vm, argv[0], &x) || !float_from(vm, argv[1], &y)) return FAIL;
    if (argv[2] == NONE) return from_float(nextafter(x, y));
    Ref steps = int_from_index(vm, argv[2]);
    if (failed(steps)) return FAIL;
    uint64_t count = UINT64_MAX;
    int64_t few;
    int sign = int_sign(steps);
    bool good = sign >= 0 || throw(vm, ValueError, "steps must be a non-negative integer") != FAIL;
    if (good && sign > 0 && int_index(vm, steps, &few)) count = (uint64_t)few;
    else if (good && sign > 0) error_clear(vm);
    decref(steps);
    if (!good) return FAIL;
    if (sign == 0) return from_float(x);
    if (isnan(x) || isnan(y)) return from_float(isnan(x) ? x : y);
    int64_t from = float_rank(x), to = float_rank(y);
    uint64_t apart = to > from ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
    if (count >= apart) return from_float(y);
    double result =
        float_ranked((int64_t)(to > from ? (uint64_t)from + count : (uint64_t)from - count));
    return from_float(result == 0 && x < 0 ? -0.0 : result);
}
NATIVE(math_ulp, "ulp(x, /)", "The value of the least significant bit of x.")
{
    double x;
    if (!float_from(vm, argv[0], &x)) return FAIL;
    if (!isfinite(x)) return from_float(fabs(x));
    x = fabs(x);
    double next = nextafter(x, INFINITY);
    return from_float(isinf(next) ? x - nextafter(x, 0) : next - x);
}

static const Native *const math_functions[] = {
    &math_sin_def,       &math_cos_def,
    &math_tan_def,       &math_asin_def,
    &math_acos_def,      &math_atan_def,
    &math_sinh_def,      &math_cosh_def,
    &math_tanh_def,      &math_asinh_def,
    &math_acosh_def,     &math_atanh_def,
    &math_exp_def,       &math_exp2_def,
    &math_expm1_def,     &math_log1p_def,
    &math_sqrt_def,      &math_cbrt_def,
    &math_erf_def,       &math_erfc_def,
    &math_fabs_def,      &math_gamma_def,
    &math_lgamma_def,    &math_atan2_def,
    &math_fmod_def,      &math_copysign_def,
    &math_remainder_def, &math_pow_def,
    &math_floor_def,     &math_ceil_def,
    &math_trunc_def,     &math_log_def,
    &math_log2_def,      &math_log10_def,
    &math_isnan_def,     &math_isinf_def,
    &math_isfinite_def,  &math_degrees_def,
    &math_radians_def,   &math_hypot_def,
    &math_frexp_def,     &math_ldexp_def,
    &math_modf_def,      &math_gcd_def,
    &math_lcm_def,       &math_factorial_def,
    &math_comb_def,      &math_perm_def,
    &math_isqrt_def,     &math_fsum_def,
    &math_prod_def,      &math_dist_def,
    &math_isclose_def,   &math_nextafter_def,
    &math_ulp_def,       &math_sumprod_def,
    &math_fma_def,       NULL,
};

static bool math_open(Vm *vm, Value module)
{
    return module_set(vm, module, "pi", from_float(M_PI)) &&
           module_set(vm, module, "e", from_float(M_E)) &&
           module_set(vm, module, "tau", from_float(2 * M_PI)) &&
           module_set(vm, module, "inf", from_float((double)INFINITY)) &&
           module_set(vm, module, "nan", from_float((double)NAN));
}

const ModuleDef math_module = {
    .name = "math",
    .doc = "Mathematical functions of real numbers.",
    .functions = math_functions,
    .open = math_open,
};
