/* _datetime_delta.c - timedelta: a length of time, exact to the microsecond.
 *
 * Kept as days, seconds (under a day) and microseconds (under a second), only days negative;
 * counted in microseconds a length needs 67 bits, so that products and quotients fit 128 or
 * are out of bounds.
 * Neighbours: _datetime.h. */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

enum { DAYS_MAX = 999999999 };

#define BY_ZERO "division by zero"

/* The sum of two lengths fits in 128 bits whatever they were made from. */
#define US_MAX ((Wide)1 << 100)

static bool throw_too_large(Vm *vm)
{
    throw(vm, OverflowError, "Python int too large to convert to C int");
    return false;
}

/* ---- making ---- */

static Ref delta_make(Vm *vm, Type *type, int64_t days, int32_t seconds, int32_t microseconds)
{
    if (days < INT32_MIN || days > INT32_MAX) return throw_too_large(vm), FAIL;
    if (days < -DAYS_MAX || days > DAYS_MAX)
        return throw(vm, OverflowError, "days=%d; must have magnitude <= 999999999", (int)days);
    Delta *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->head.aux = (uint32_t)(int32_t)days;
    self->seconds = seconds;
    self->microseconds = microseconds;
    return from_object(self);
}

static Ref make_us(Vm *vm, Type *type, Wide us)
{
    Wide days = us / DAY_US, rest = us % DAY_US;
    if (rest < 0) {
        rest += DAY_US;
        days--;
    }
    if (days < INT32_MIN || days > INT32_MAX) return throw_too_large(vm), FAIL;
    int64_t small = (int64_t)rest;
    return delta_make(vm, type, (int64_t)days, (int32_t)(small / SECOND_US),
                      (int32_t)(small % SECOND_US));
}

Ref delta_new(Vm *vm, Wide us) { return make_us(vm, type_from_def(vm, &delta_type), us); }

/* From parts beyond their ranges by little. */
static Ref make_parts(Vm *vm, int64_t days, int seconds, int microseconds)
{
    if (microseconds < 0) {
        microseconds += SECOND_US;
        seconds--;
    } else if (microseconds >= SECOND_US) {
        microseconds -= SECOND_US;
        seconds++;
    }
    if (seconds < 0) {
        seconds += DAY_SECONDS;
        days--;
    } else if (seconds >= DAY_SECONDS) {
        seconds -= DAY_SECONDS;
        days++;
    }
    return delta_make(vm, type_from_def(vm, &delta_type), days, seconds, microseconds);
}

/* The value of an int when it fits in 128 bits. */
static bool wide_of(Value v, Wide *n)
{
    *n = is_int(v) ? as_int(v) : v == TRUE;
    if (!is_kind(v, KIND_INT)) return true;
    const Int *object = (const Int *)as_object(v);
    *n = object->is_big ? 0 : object->medium;
    return !object->is_big;
}

static Ref from_wide(Vm *vm, Wide n)
{
    if (n >= INT64_MIN && n <= INT64_MAX) return from_int64(vm, (int64_t)n);
    unsigned __int128 size = n < 0 ? -(unsigned __int128)n : (unsigned __int128)n;
    uint64_t limbs[] = {(uint64_t)size, (uint64_t)(size >> 64)};
    mpz_t big;
    mpz_init(big);
    mpz_import(big, 2, -1, sizeof *limbs, 0, 0, limbs);
    if (n < 0) mpz_neg(big, big);
    return int_from_mpz(vm, big);
}

/* Microseconds so far, whole and the rest of what fractions there were. */
typedef struct Sum {
    Wide whole;
    double rest;
} Sum;

static bool sum_whole(Vm *vm, Sum *sum, Wide n, int64_t factor)
{
    Wide product;
    if (__builtin_mul_overflow(n, (Wide)factor, &product) || product > US_MAX || product < -US_MAX)
        return throw_too_large(vm);
    sum->whole += product;
    return true;
}

static bool sum_float(Vm *vm, Sum *sum, double number, int64_t factor)
{
    double whole, fraction = modf(number, &whole);
    if (!isfinite(number)) return from_double(vm, number), false; /* raises */
    if (fabs(whole) > 0x1p100) return throw_too_large(vm);
    if (!sum_whole(vm, sum, (Wide)whole, factor)) return false;
    if (fraction != 0) {
        fraction = modf(fraction * (double)factor, &whole);
        sum->whole += (Wide)whole;
        sum->rest += fraction;
    }
    return true;
}

/* The whole with the rest added, rounded to the nearest, ties to even. */
static Wide sum_round(const Sum *sum)
{
    if (sum->rest == 0) return sum->whole;
    double whole = nearbyint(sum->rest);
    if (fabs(whole - sum->rest) == 0.5) {
        int odd = (int)(sum->whole & 1);
        whole = 2 * nearbyint((sum->rest + odd) * 0.5) - odd;
    }
    return sum->whole + (Wide)whole;
}

NATIVE(delta_make_native,
       "new(cls, /, days=?, seconds=?, microseconds=?, milliseconds=?, minutes=?, hours=?, "
       "weeks=?)",
       "Return the length that its parts make; OverflowError beyond 999999999 days.")
{
    static const struct {
        const char *name;
        int at;
        int64_t us;
    } units[] = {{"microseconds", 3, 1},
                 {"milliseconds", 4, 1000},
                 {"seconds", 2, SECOND_US},
                 {"minutes", 5, 60 * (int64_t)SECOND_US},
                 {"hours", 6, 3600 * (int64_t)SECOND_US},
                 {"days", 1, DAY_US},
                 {"weeks", 7, 7 * DAY_US}};
    Sum sum = {0, 0};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        Value part = argv[units[i].at];
        Wide n;
        if (absent(part)) continue;
        if (is_int(part)) {
            sum.whole += (Wide)as_int(part) * units[i].us;
        } else if (is_any_int(part)) {
            if (!wide_of(part, &n)) return throw_too_large(vm), FAIL;
            if (!sum_whole(vm, &sum, n, units[i].us)) return FAIL;
        } else if (is_any_float(part)) {
            if (!sum_float(vm, &sum, float_value(part), units[i].us)) return FAIL;
        } else {
            return throw(vm, TypeError, "unsupported type for timedelta %s component: %T",
                         units[i].name, part);
        }
    }
    return make_us(vm, as_type(argv[0]), sum_round(&sum));
}

/* ---- arithmetic ---- */

static Wide floor_divide(Wide a, Wide b)
{
    Wide q = a / b;
    return a % b != 0 && (a % b < 0) != (b < 0) ? q - 1 : q;
}

/* a / b as the nearest int, ties to even. */
static Wide divide_nearest(Wide a, Wide b)
{
    Wide q = floor_divide(a, b), r = a - q * b; /* r has the sign of b */
    Wide left = b - r;
    if (b < 0) {
        r = -r;
        left = -left;
    }
    return r > left || (r == left && q & 1) ? q + 1 : q;
}

/* number = *mantissa * 2 ** *exponent, the mantissa odd or 0; false: raised. */
static bool take_apart(Vm *vm, double number, Wide *mantissa, int *exponent)
{
    if (isnan(number)) throw(vm, ValueError, "cannot convert NaN to integer ratio");
    if (isinf(number)) throw(vm, OverflowError, "cannot convert Infinity to integer ratio");
    if (!isfinite(number)) return false;
    int64_t bits = (int64_t)(frexp(number, exponent) * 0x1p53);
    *exponent -= 53;
    for (; bits && !(bits & 1); ++*exponent) bits /= 2;
    *mantissa = bits;
    return true;
}

/* us * number, or us / number when inverse, by the ratio that as_integer_ratio() of a subclass of
 * float gives; NOT_IMPLEMENTED: its numbers are too large for that. */
static Ref by_ratio(Vm *vm, Wide us, Value number, bool inverse)
{
    Ref ratio = call_text(vm, number, "as_integer_ratio", UNDEF), out = NOT_IMPLEMENTED;
    Wide over, under, product;
    if (failed(ratio)) return FAIL;
    if (!is_tuple(ratio))
        out = throw(vm, TypeError,
                    "unexpected return type from as_integer_ratio(): expected tuple, not '%T'",
                    (Value)ratio);
    else if (tuple_len(ratio) != 2)
        out = throw(vm, ValueError,
                    "unexpected return value from as_integer_ratio(): expected tuple of length 2");
    else if (!is_any_int(tuple_at(ratio, 0)) || !is_any_int(tuple_at(ratio, 1)))
        out = throw(vm, TypeError, "as_integer_ratio() must return a pair of integers");
    else if (wide_of(tuple_at(ratio, inverse), &over) &&
             wide_of(tuple_at(ratio, !inverse), &under) &&
             !__builtin_mul_overflow(us, over, &product))
        out = under ? delta_new(vm, divide_nearest(product, under))
                    : throw(vm, ZeroDivisionError, BY_ZERO);
    decref(ratio);
    return out;
}

static Ref times_float(Vm *vm, Wide us, Value by)
{
    if (!is_float(by)) {
        Ref out = by_ratio(vm, us, by, false);
        if (out != NOT_IMPLEMENTED) return out;
    }
    double number = float_value(by);
    Wide n;
    int exponent;
    if (!take_apart(vm, number, &n, &exponent)) return FAIL;
    n *= us; /* 53 + 67 bits */
    if (n == 0 || exponent < -125) return delta_new(vm, 0);
    if (exponent < 0) return delta_new(vm, divide_nearest(n, (Wide)1 << -exponent));
    if (exponent > 100 || __builtin_mul_overflow(n, (Wide)1 << exponent, &n))
        return throw_too_large(vm), FAIL;
    return delta_new(vm, n);
}

static Ref throw_zero(Vm *vm, const char *message)
{
    return throw(vm, ZeroDivisionError, "%s", message);
}

static Ref over_float(Vm *vm, Wide us, Value by)
{
    if (!is_float(by)) {
        Ref out = by_ratio(vm, us, by, true);
        if (out != NOT_IMPLEMENTED) return out;
    }
    double number = float_value(by);
    Wide n;
    int exponent;
    if (!take_apart(vm, number, &n, &exponent)) return FAIL;
    if (n == 0) return throw_zero(vm, BY_ZERO);
    if (us == 0) return delta_new(vm, 0);
    if (exponent < 0) { /* us * 2 ** -exponent / n */
        if (exponent < -125 || __builtin_mul_overflow(us, (Wide)1 << -exponent, &us))
            return throw_too_large(vm), FAIL;
    } else if (exponent > 100 || __builtin_mul_overflow(n, (Wide)1 << exponent, &n)) {
        return delta_new(vm, 0);
    }
    return delta_new(vm, divide_nearest(us, n));
}

static Ref times(Vm *vm, Value delta, Value by)
{
    Wide n, us = delta_us(delta);
    if (is_any_float(by)) return times_float(vm, us, by);
    if (!is_any_int(by)) return NOT_IMPLEMENTED;
    if (us == 0) return delta_new(vm, 0);
    if (!wide_of(by, &n) || __builtin_mul_overflow(us, n, &us)) return throw_too_large(vm), FAIL;
    return delta_new(vm, us);
}

/* The quotient of two ints as a float, rounded once. */
static Ref true_divide(Vm *vm, Wide a, Wide b)
{
    if (b == 0) return throw_zero(vm, BY_ZERO);
    const Wide exact = (Wide)1 << 53;
    if (a < exact && a > -exact && b < exact && b > -exact)
        return from_float((double)a / (double)b);
    Ref x = from_wide(vm, a), y = failed(x) ? FAIL : from_wide(vm, b);
    Ref out = failed(y) ? FAIL : number_binary(vm, OP2_TRUEDIV, x, y);
    decref(x);
    decref(y);
    return out;
}

/* delta / by or delta // by, by a number. */
static Ref over_number(Vm *vm, Value delta, Value by, bool whole)
{
    Wide n, us = delta_us(delta);
    if (is_any_float(by) && !whole) return over_float(vm, us, by);
    if (!is_any_int(by)) return NOT_IMPLEMENTED;
    if (!wide_of(by, &n)) return delta_new(vm, whole && (us < 0) != (int_sign(by) < 0) ? -1 : 0);
    if (n == 0) return throw_zero(vm, BY_ZERO);
    return delta_new(vm, whole ? floor_divide(us, n) : divide_nearest(us, n));
}

/* quotient and remainder */
static Ref divide_both(Vm *vm, Wide a, Wide b)
{
    Wide q = floor_divide(a, b);
    Ref quotient = from_wide(vm, q), rest = failed(quotient) ? FAIL : delta_new(vm, a - q * b);
    Ref out = failed(rest) ? FAIL : tuple_pack(vm, 2, (Value)quotient, (Value)rest);
    decref(quotient);
    decref(rest);
    return out;
}

/* Both are lengths. */
static Ref divide(Vm *vm, BinaryOp op, Wide a, Wide b)
{
    if (op == OP2_TRUEDIV) return true_divide(vm, a, b);
    if (b == 0) return throw_zero(vm, BY_ZERO);
    if (op == OP2_FLOORDIV) return from_wide(vm, floor_divide(a, b));
    if (op == OP2_MOD) return delta_new(vm, a - floor_divide(a, b) * b);
    return divide_both(vm, a, b);
}

enum {
    DELTA_OPERATORS = OPERATOR_BIT(ADD) | OPERATOR_BIT(SUB) | OPERATOR_BIT(MUL) |
                      OPERATOR_BIT(TRUEDIV) | OPERATOR_BIT(FLOORDIV) | OPERATOR_BIT(MOD) |
                      OPERATOR_BIT(DIVMOD)
};

static Ref delta_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (!(1u << op & DELTA_OPERATORS)) return NOT_IMPLEMENTED;
    if (op == OP2_MUL) return is_delta(a) ? times(vm, a, b) : times(vm, b, a);
    if (!is_delta(a)) return NOT_IMPLEMENTED;
    if (!is_delta(b)) {
        if (op == OP2_TRUEDIV || op == OP2_FLOORDIV)
            return over_number(vm, a, b, op == OP2_FLOORDIV);
        return NOT_IMPLEMENTED;
    }
    const Delta *x = as_delta(a), *y = as_delta(b);
    switch (op) {
    case OP2_ADD:
        return make_parts(vm, (int64_t)delta_days(x) + delta_days(y), x->seconds + y->seconds,
                          x->microseconds + y->microseconds);
    case OP2_SUB:
        return make_parts(vm, (int64_t)delta_days(x) - delta_days(y), x->seconds - y->seconds,
                          x->microseconds - y->microseconds);
    default: return divide(vm, op, delta_us(a), delta_us(b));
    }
}

static Ref delta_unary(Vm *vm, UnaryOp op, Value self)
{
    const Delta *delta = as_delta(self);
    bool negate = op == OP1_NEG || (op == OP1_ABS && delta_days(delta) < 0);
    if (negate)
        return make_parts(vm, -(int64_t)delta_days(delta), -delta->seconds, -delta->microseconds);
    return make_parts(vm, delta_days(delta), delta->seconds, delta->microseconds);
}

/* ---- comparison ---- */

static Ref delta_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_delta(b)) return NOT_IMPLEMENTED;
    const Delta *x = as_delta(a), *y = as_delta(b);
    int days = delta_days(x), other = delta_days(y);
    int order = days < other ? -1 : days > other;
    if (!order) {
        int64_t rest = delta_rest_us(x), other_rest = delta_rest_us(y);
        order = rest < other_rest ? -1 : rest > other_rest;
    }
    return from_bool(order_satisfies(order, op));
}

int64_t us_hash(Wide us)
{
    uint64_t n = (uint64_t)us ^ (uint64_t)((unsigned __int128)us >> 64) * 0x9E3779B97F4A7C15u;
    n = (n ^ n >> 32) * 0xD6E8FEB86659FD93u;
    n = (n ^ n >> 32) * 0xD6E8FEB86659FD93u;
    n ^= n >> 32;
    return (int64_t)n == -1 ? -2 : (int64_t)n;
}

static bool delta_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = us_hash(delta_us(self));
    return true;
}

static Truth delta_truth(Vm *vm __attribute__((unused)), Value self)
{
    const Delta *delta = as_delta(self);
    return delta_days(delta) || delta->seconds || delta->microseconds;
}

/* ---- text ---- */

static Ref delta_repr(Vm *vm, Value self)
{
    const Delta *delta = as_delta(self);
    const int parts[] = {delta_days(delta), delta->seconds, delta->microseconds};
    static const char *const names[] = {"days", "seconds", "microseconds"};
    char text[80];
    int len = 0;
    for (int i = 0; i < 3; i++)
        if (parts[i]) len += sprintf(text + len, "%s%s=%d", len ? ", " : "", names[i], parts[i]);
    if (!len) strcpy(text, "0");
    Type *type = type_of(vm, self);
    return format_text(vm, is_own(type) ? "datetime.%N(%s)" : "%N(%s)", type, text);
}

static Ref delta_str(Vm *vm, Value self)
{
    const Delta *delta = as_delta(self);
    int days = delta_days(delta), seconds = delta->seconds;
    char text[80];
    int len = 0;
    if (days) len = sprintf(text, "%d day%s, ", days, days == 1 || days == -1 ? "" : "s");
    len += sprintf(text + len, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (delta->microseconds) len += sprintf(text + len, ".%06d", delta->microseconds);
    return str_from_ascii(vm, text, len);
}

NATIVE(delta_total_seconds, "total_seconds(self, /)", "Return the length in seconds, a float.")
{
    return true_divide(vm, delta_us(argv[0]), SECOND_US);
}

NATIVE(delta_reduce, "__reduce__(self, /)", "Return what pickle and copy need.")
{
    const Delta *self = as_delta(argv[0]);
    Ref parts = tuple_pack(vm, 3, (Value)from_small(delta_days(self)),
                           (Value)from_small(self->seconds), (Value)from_small(self->microseconds));
    Ref out = failed(parts) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)parts);
    decref(parts);
    return out;
}

/* ---- tables ---- */

static Ref get_days(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(delta_days(as_delta(self)));
}
static Ref get_seconds(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_delta(self)->seconds);
}
static Ref get_microseconds(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_delta(self)->microseconds);
}

static const Native *const delta_methods[] = {&delta_total_seconds_def, &delta_reduce_def, NULL};
static const Attribute delta_attributes[] = {
    {"days", get_days, member_read_only, "Whole days, perhaps negative."},
    {"seconds", get_seconds, member_read_only, "Seconds beyond the days, from 0 to 86399."},
    {"microseconds", get_microseconds, member_read_only,
     "Microseconds beyond the seconds, from 0 to 999999."},
    {0},
};
static const Operators delta_operators = {
    .binary = DELTA_OPERATORS,
    .reflected = DELTA_OPERATORS,
    .unary = 1u << OP1_NEG | 1u << OP1_POS | 1u << OP1_ABS,
};
const TypeDef delta_type = {
    .name = "datetime.timedelta",
    .doc =
        "A length of time: timedelta(days, seconds, microseconds, milliseconds, minutes, hours,\n"
        "weeks).  Kept as days, seconds (under a day) and microseconds (under a second); only\n"
        "days may be negative.",
    .size = sizeof(Delta),
    .new = &delta_make_native_def,
    .repr = delta_repr,
    .str = delta_str,
    .hash = delta_hash,
    .compare = delta_compare,
    .unary = delta_unary,
    .binary = delta_binary,
    .truth = delta_truth,
    .operators = &delta_operators,
    .methods = delta_methods,
    .attributes = delta_attributes,
};

bool delta_constants(Vm *vm)
{
    const Wide most = (Wide)DAYS_MAX * DAY_US;
    return type_constant(vm, &delta_type, "min", delta_new(vm, -most)) &&
           type_constant(vm, &delta_type, "max", delta_new(vm, most + DAY_US - 1)) &&
           type_constant(vm, &delta_type, "resolution", delta_new(vm, 1));
}
