/* _decimal_number.c - decimal numbers: making, rounding, adding, multiplying.
 *
 * An operation computes its result exactly, or with a *sticky* last digit (one more digit than the
 * precision needs, not 0 or 5 when the rest is not zero), and triple_finalize then rounds once.
 * Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

/* ---- powers of ten ---- */

const unsigned long small_powers[SMALL_POWERS] = {
    1ul,
    10ul,
    100ul,
    1000ul,
    10000ul,
    100000ul,
    1000000ul,
    10000000ul,
    100000000ul,
    1000000000ul,
    10000000000ul,
    100000000000ul,
    1000000000000ul,
    10000000000000ul,
    100000000000000ul,
    1000000000000000ul,
    10000000000000000ul,
    100000000000000000ul,
    1000000000000000000ul,
    10000000000000000000ul,
};
int64_t mpz_digits(mpz_srcptr z)
{
    if (mpz_size(z) <= 2) {
        unsigned __int128 n = (unsigned __int128)mpz_getlimbn(z, 1) << 64 | mpz_getlimbn(z, 0);
        return small_digits(n);
    }
    long exp;
    double mantissa = mpz_get_d_2exp(&exp, z);
    double log = log10(mantissa) + (double)exp * 0.30102999566398119521;
    double whole = floor(log), slack = 1e-12 + fabs(log) * 1e-15;
    if (log - whole > slack && whole + 1 - log > slack) return (int64_t)whole + 1;
    int64_t digits = (int64_t)mpz_sizeinbase(z, 10); /* right, or one too many */
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, (unsigned long)digits - 1);
    if (mpz_cmp(z, power) < 0) digits--;
    mpz_clear(power);
    return digits;
}

bool mpz_power_of_ten(mpz_t out, int64_t n, uint32_t *status)
{
    if (n > DIGIT_LIMIT) {
        *status |= COND_NO_MEMORY;
        mpz_set_ui(out, 1);
        return false;
    }
    if (n < SMALL_POWERS) mpz_set_ui(out, small_powers[n]);
    else if (n < 2 * SMALL_POWERS - 1) {
        mpz_set_ui(out, small_powers[SMALL_POWERS - 1]);
        mpz_mul_ui(out, out, small_powers[n - SMALL_POWERS + 1]);
    } else mpz_ui_pow_ui(out, 10, (unsigned long)n);
    return true;
}

bool mpz_scale(mpz_t z, int64_t n, uint32_t *status)
{
    if (n <= 0 || !mpz_sgn(z)) return true;
    if (n < SMALL_POWERS) {
        mpz_mul_ui(z, z, small_powers[n]);
        return true;
    }
    mpz_t power;
    mpz_init(power);
    bool good = mpz_power_of_ten(power, n, status);
    mpz_mul(z, z, power);
    mpz_clear(power);
    return good;
}

int64_t mpz_strip(mpz_t z, int64_t most)
{
    int64_t count = 0;
    if (!mpz_sgn(z)) return 0;
    while (most - count >= 19 && mpz_divisible_ui_p(z, small_powers[19])) {
        mpz_divexact_ui(z, z, small_powers[19]);
        count += 19;
    }
    for (int step = 16; step; step /= 2) {
        while (most - count >= step && mpz_divisible_ui_p(z, small_powers[step])) {
            mpz_divexact_ui(z, z, small_powers[step]);
            count += step;
        }
    }
    return count;
}

/* ---- making ---- */

void triple_init(Triple *out)
{
    out->kind = FINITE;
    out->negative = false;
    out->exp = 0;
    mpz_init(out->coeff);
}

void triple_clear(Triple *number) { mpz_clear(number->coeff); }

void triple_copy(Triple *out, const Triple *a)
{
    out->kind = a->kind;
    out->negative = a->negative;
    out->exp = a->exp;
    mpz_set(out->coeff, a->coeff);
}

void triple_set(Triple *out, bool negative, unsigned long coeff, int64_t exp)
{
    out->kind = FINITE;
    out->negative = negative;
    out->exp = exp;
    mpz_set_ui(out->coeff, coeff);
}

void triple_set_infinite(Triple *out, bool negative)
{
    triple_set(out, negative, 0, 0);
    out->kind = INFINITE;
}

void triple_set_invalid(Triple *out, uint32_t conditions, uint32_t *status)
{
    triple_set(out, false, 0, 0);
    out->kind = QUIET_NAN;
    *status |= conditions;
}

/* m * 2^-k is m * 5^k * 10^-k. */
void triple_from_double(Triple *out, double number)
{
    triple_set(out, signbit(number), 0, 0);
    if (isnan(number)) out->kind = QUIET_NAN;
    else if (isinf(number)) out->kind = INFINITE;
    if (!isfinite(number) || number == 0) return;
    int exp;
    unsigned long mantissa = (unsigned long)ldexp(fabs(frexp(number, &exp)), 53);
    exp -= 53;
    for (; exp < 0 && !(mantissa & 1); exp++) mantissa >>= 1;
    if (exp >= 0) {
        mpz_set_ui(out->coeff, mantissa);
        mpz_mul_2exp(out->coeff, out->coeff, (mp_bitcnt_t)exp);
        return;
    }
    mpz_ui_pow_ui(out->coeff, 5, (unsigned long)-exp);
    mpz_mul_ui(out->coeff, out->coeff, mantissa);
    out->exp = exp;
}

/* ---- rounding ---- */

/* As rounds_up() says, the number kept being a coefficient. */
static bool grows(Rounding rounding, bool negative, mpz_srcptr kept, int half)
{
    bool fives = rounding == ROUND_05UP && mpz_divisible_ui_p(kept, 5);
    return rounds_up(rounding, negative, mpz_odd_p(kept), fives, half);
}

void triple_drop(Triple *number, int64_t drop, Rounding rounding, uint32_t *status)
{
    mpz_ptr coeff = number->coeff;
    if (drop <= 0) return;
    *status |= COND_ROUNDED;
    number->exp += drop;
    if (!mpz_sgn(coeff)) return;
    bool inexact, up;
    if (drop > triple_digits(number)) { /* less than one tenth */
        inexact = true;
        mpz_set_ui(coeff, 0);
        up = grows(rounding, number->negative, coeff, -1);
    } else if (drop < SMALL_POWERS) {
        unsigned long rest = mpz_tdiv_q_ui(coeff, coeff, small_powers[drop]);
        unsigned long half = small_powers[drop] / 2;
        inexact = rest != 0;
        up = inexact && grows(rounding, number->negative, coeff, (rest > half) - (rest < half));
    } else {
        mpz_t power, rest;
        mpz_inits(power, rest, NULL);
        mpz_power_of_ten(power, drop, status);
        mpz_tdiv_qr(coeff, rest, coeff, power);
        inexact = mpz_sgn(rest) != 0;
        mpz_mul_2exp(rest, rest, 1);
        int half = mpz_cmp(rest, power);
        up = inexact && grows(rounding, number->negative, coeff, half);
        mpz_clears(power, rest, NULL);
    }
    if (inexact) *status |= COND_INEXACT;
    if (up) mpz_add_ui(coeff, coeff, 1);
}

static void set_largest(Triple *out, const Rules *rules, uint32_t *status)
{
    if (mpz_power_of_ten(out->coeff, rules->prec, status)) mpz_sub_ui(out->coeff, out->coeff, 1);
    out->exp = etop(rules);
}

static void overflow(Triple *number, const Rules *rules, uint32_t *status)
{
    *status |= COND_OVERFLOW | COND_INEXACT | COND_ROUNDED;
    Rounding rounding = rules->rounding;
    bool largest = rounding == ROUND_DOWN || rounding == ROUND_05UP ||
                   (rounding == ROUND_CEILING && number->negative) ||
                   (rounding == ROUND_FLOOR && !number->negative);
    if (largest) set_largest(number, rules, status);
    else triple_set_infinite(number, number->negative);
}

/* A payload keeps its last digits. */
static void fit_payload(Triple *number, const Rules *rules)
{
    int64_t most = rules->prec - rules->clamp;
    if (!mpz_sgn(number->coeff) || triple_digits(number) <= most) return;
    uint32_t ignored = 0;
    mpz_t power;
    mpz_init(power);
    mpz_power_of_ten(power, most, &ignored);
    mpz_tdiv_r(number->coeff, number->coeff, power);
    mpz_clear(power);
}

static void finalize_zero(Triple *number, const Rules *rules, uint32_t *status)
{
    int64_t low = etiny(rules), high = rules->clamp ? etop(rules) : rules->emax;
    int64_t exp = number->exp < low ? low : number->exp > high ? high : number->exp;
    if (exp != number->exp) *status |= COND_CLAMPED;
    number->exp = exp;
}

void triple_finalize(Triple *number, const Rules *rules, uint32_t *status)
{
    if (is_nan(number)) fit_payload(number, rules);
    if (number->kind != FINITE) return;
    if (!mpz_sgn(number->coeff)) {
        finalize_zero(number, rules, status);
        return;
    }
    int64_t digits = triple_digits(number), least = digits + number->exp - rules->prec;
    int64_t high = etop(rules), low = etiny(rules);
    if (least > high) {
        overflow(number, rules, status);
        return;
    }
    bool subnormal = least < low;
    if (subnormal) least = low;
    if (number->exp < least) {
        uint32_t happened = 0;
        triple_drop(number, least - number->exp, rules->rounding, &happened);
        if (!subnormal && triple_digits(number) > rules->prec) { /* 99.9 became 100 */
            mpz_divexact_ui(number->coeff, number->coeff, 10);
            number->exp++;
        }
        if (number->exp > high) {
            overflow(number, rules, status);
            return;
        }
        if (subnormal && (happened & COND_INEXACT)) happened |= COND_UNDERFLOW;
        if (!mpz_sgn(number->coeff)) happened |= COND_CLAMPED;
        *status |= happened;
    }
    if (subnormal) *status |= COND_SUBNORMAL;
    if (rules->clamp && number->exp > high) {
        *status |= COND_CLAMPED;
        mpz_scale(number->coeff, number->exp - high, status);
        number->exp = high;
    }
}

bool triple_nans(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                 uint32_t *status)
{
    const Triple *nan = a->kind == SIGNALING_NAN        ? a
                        : b && b->kind == SIGNALING_NAN ? b
                        : is_nan(a)                     ? a
                        : b && is_nan(b)                ? b
                                                        : NULL;
    if (!nan) return false;
    if (nan->kind == SIGNALING_NAN) *status |= COND_INVALID;
    triple_copy(out, nan);
    out->kind = QUIET_NAN;
    fit_payload(out, rules);
    return true;
}

/* ---- integers ---- */

bool triple_is_integer(const Triple *a)
{
    if (a->kind != FINITE) return false;
    if (a->exp >= 0 || !mpz_sgn(a->coeff)) return true;
    if (-a->exp >= triple_digits(a)) return false;
    uint32_t status = 0;
    mpz_t power;
    mpz_init(power);
    bool whole = mpz_power_of_ten(power, -a->exp, &status) && mpz_divisible_p(a->coeff, power);
    mpz_clear(power);
    return whole;
}

bool triple_small(const Triple *a, int64_t limit, int64_t *n)
{
    if (!triple_is_integer(a)) return false;
    if (!mpz_sgn(a->coeff)) {
        *n = 0;
        return true;
    }
    if (triple_adjusted(a) > 18) return false;
    uint32_t status = 0;
    mpz_t whole;
    mpz_init(whole);
    triple_to_mpz(whole, a, &status);
    bool good = mpz_cmpabs_ui(whole, (unsigned long)limit) <= 0;
    *n = good ? mpz_get_si(whole) : 0;
    mpz_clear(whole);
    return good;
}

bool triple_to_mpz(mpz_t out, const Triple *a, uint32_t *status)
{
    bool good = true;
    mpz_set(out, a->coeff);
    if (a->exp >= 0) good = mpz_scale(out, a->exp, status);
    else if (-a->exp >= triple_digits(a)) mpz_set_ui(out, 0);
    else {
        mpz_t power;
        mpz_init(power);
        good = mpz_power_of_ten(power, -a->exp, status);
        mpz_tdiv_q(out, out, power);
        mpz_clear(power);
    }
    if (a->negative) mpz_neg(out, out);
    return good;
}

/* ---- sums ---- */

/* One operand is zero: the other, with the lower exponent if the precision has room for it. */
static void add_zero(Triple *out, const Triple *a, int64_t zero_exp, const Rules *rules,
                     uint32_t *status)
{
    triple_copy(out, a);
    if (zero_exp < a->exp) {
        int64_t exp = triple_adjusted(a) - rules->prec; /* one digit more: it is rounded */
        if (exp < zero_exp) exp = zero_exp;
        if (exp < a->exp) {
            mpz_scale(out->coeff, a->exp - exp, status);
            out->exp = exp;
        }
    }
    triple_finalize(out, rules, status);
}

/* a + b, b's sign given; both finite. */
static void add_finite(Triple *out, const Triple *a, const Triple *b, bool b_negative,
                       const Rules *rules, uint32_t *status)
{
    bool differ = a->negative != b_negative;
    if (is_zero(a) && is_zero(b)) {
        bool negative = differ ? rules->rounding == ROUND_FLOOR : a->negative;
        triple_set(out, negative, 0, a->exp < b->exp ? a->exp : b->exp);
        triple_finalize(out, rules, status);
        return;
    }
    if (is_zero(b)) {
        add_zero(out, a, b->exp, rules, status);
        return;
    }
    if (is_zero(a)) {
        Triple signed_b = *b;
        signed_b.negative = b_negative;
        add_zero(out, &signed_b, a->exp, rules, status);
        return;
    }
    const Triple *high = a->exp >= b->exp ? a : b, *low = high == a ? b : a;
    bool high_negative = high == a ? a->negative : b_negative;
    bool low_negative = high == a ? b_negative : a->negative;
    int64_t low_exp = low->exp;
    mpz_t low_coeff;
    mpz_init(low_coeff);
    int64_t floor_exp = high->exp;
    if (high->exp != low->exp) {
        int64_t room = triple_digits(high) - rules->prec - 2;
        floor_exp += room < -1 ? room : -1;
    }
    if (triple_adjusted(low) < floor_exp) { /* too small to matter but as a trace */
        mpz_set_ui(low_coeff, 1);
        low_exp = floor_exp;
    } else mpz_set(low_coeff, low->coeff);
    mpz_set(out->coeff, high->coeff);
    mpz_scale(out->coeff, high->exp - low_exp, status);
    if (high_negative == low_negative) mpz_add(out->coeff, out->coeff, low_coeff);
    else mpz_sub(out->coeff, out->coeff, low_coeff);
    int sign = mpz_sgn(out->coeff);
    out->kind = FINITE;
    out->exp = low_exp;
    out->negative = sign == 0  ? (differ ? rules->rounding == ROUND_FLOOR : a->negative)
                    : sign < 0 ? !high_negative
                               : high_negative;
    mpz_abs(out->coeff, out->coeff);
    mpz_clear(low_coeff);
    triple_finalize(out, rules, status);
}

static void add_signed(Triple *out, const Triple *a, const Triple *b, bool b_negative,
                       const Rules *rules, uint32_t *status)
{
    if (a->kind == FINITE && b->kind == FINITE) {
        add_finite(out, a, b, b_negative, rules, status);
        return;
    }
    if (triple_nans(out, a, b, rules, status)) return;
    if (a->kind == INFINITE && b->kind == INFINITE && a->negative != b_negative)
        triple_set_invalid(out, COND_INVALID, status);
    else triple_set_infinite(out, a->kind == INFINITE ? a->negative : b_negative);
}

void triple_add(Triple *out, const Triple *a, const Triple *b, const Rules *rules, uint32_t *status)
{
    add_signed(out, a, b, b->negative, rules, status);
}

void triple_subtract(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                     uint32_t *status)
{
    add_signed(out, a, b, !b->negative, rules, status);
}

/* 0 + a or 0 - a: a zero loses its sign, except when rounding down. */
static void with_sign(Triple *out, const Triple *a, bool negative, const Rules *rules,
                      uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    triple_copy(out, a);
    out->negative = is_zero(a) ? negative && rules->rounding == ROUND_FLOOR : negative;
    triple_finalize(out, rules, status);
}

void triple_plus(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    with_sign(out, a, a->negative, rules, status);
}

void triple_apply(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    triple_copy(out, a);
    triple_finalize(out, rules, status);
}

void triple_minus(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    with_sign(out, a, !a->negative, rules, status);
}

void triple_abs(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    with_sign(out, a, false, rules, status);
}

/* ---- products ---- */

/* The exact product, special values included (no NaNs). */
static bool multiply_exact(Triple *out, const Triple *a, const Triple *b, uint32_t *status)
{
    bool negative = a->negative != b->negative;
    if (a->kind == INFINITE || b->kind == INFINITE) {
        if (is_zero(a) || is_zero(b)) {
            triple_set_invalid(out, COND_INVALID, status);
            return false;
        }
        triple_set_infinite(out, negative);
        return true;
    }
    out->kind = FINITE;
    out->negative = negative;
    out->exp = a->exp + b->exp;
    mpz_mul(out->coeff, a->coeff, b->coeff);
    return true;
}

void triple_multiply(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                     uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return;
    if (multiply_exact(out, a, b, status)) triple_finalize(out, rules, status);
}

void triple_fma(Triple *out, const Triple *a, const Triple *b, const Triple *c, const Rules *rules,
                uint32_t *status)
{
    if (a->kind == SIGNALING_NAN || b->kind == SIGNALING_NAN) {
        triple_nans(out, a, b, rules, status);
        return;
    }
    if (is_nan(a) || is_nan(b)) {
        const Triple *nan = is_nan(a) ? a : b;
        triple_nans(out, nan, c->kind == SIGNALING_NAN ? c : NULL, rules, status);
        return;
    }
    Triple product;
    triple_init(&product);
    if (multiply_exact(&product, a, b, status)) triple_add(out, &product, c, rules, status);
    else triple_copy(out, &product);
    triple_clear(&product);
}
