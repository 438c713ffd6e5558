/* _decimal_transcend.c - exp, ln, log10, power.
 *
 * Numbers are approximated in binary fixed point (value * 2^bits in an mpz) with a known error.  If
 * the error could change how the decimal result rounds, it is computed again with more digits:
 * these functions have no exact results (the few that have are dealt with first), so that ends.
 * Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

#define BITS_PER_DIGIT 3.3219280948873623

enum { HUGE_ADJUSTED = 20, ERROR = 16 }; /* exp(10**20) is out of any range; of A below */

static mp_bitcnt_t bits_for(int64_t digits)
{
    return (mp_bitcnt_t)((double)digits * BITS_PER_DIGIT) + 16;
}

/* How often an argument is halved (or its root taken) before a series is summed. */
static unsigned reductions(mp_bitcnt_t bits) { return (unsigned)sqrt((double)bits) / 2 + 4; }

static bool too_precise(int64_t digits, Triple *out, uint32_t *status)
{
    if (digits <= DIGIT_LIMIT / 16) return false;
    triple_set_invalid(out, 0, status);
    *status |= COND_NO_MEMORY;
    return true;
}

/* ---- series ---- */

/* out += factor * atanh(1 / n) */
static void add_atanh_inverse(mpz_t out, unsigned long factor, unsigned long n, mp_bitcnt_t bits)
{
    mpz_t power, term;
    mpz_inits(power, term, NULL);
    mpz_setbit(power, bits);
    mpz_mul_ui(power, power, factor);
    mpz_tdiv_q_ui(power, power, n);
    for (unsigned long k = 1; mpz_sgn(power); k += 2) {
        mpz_tdiv_q_ui(term, power, k);
        mpz_add(out, out, term);
        mpz_tdiv_q_ui(power, power, n * n);
    }
    mpz_clears(power, term, NULL);
}

static void log_of_2(mpz_t out, mp_bitcnt_t bits)
{
    mpz_set_ui(out, 0);
    add_atanh_inverse(out, 14, 31, bits);
    add_atanh_inverse(out, 10, 49, bits);
    add_atanh_inverse(out, 6, 161, bits);
}

static void log_of_10(mpz_t out, mp_bitcnt_t bits)
{
    mpz_set_ui(out, 0);
    add_atanh_inverse(out, 46, 31, bits);
    add_atanh_inverse(out, 34, 49, bits);
    add_atanh_inverse(out, 20, 161, bits);
}

/* out = atanh(t), t small */
static void atanh_series(mpz_t out, mpz_srcptr t, mp_bitcnt_t bits)
{
    mpz_t square, power, term;
    mpz_inits(square, power, term, NULL);
    mpz_mul(square, t, t);
    mpz_tdiv_q_2exp(square, square, bits);
    mpz_set(power, t);
    mpz_set_ui(out, 0);
    for (unsigned long k = 1; mpz_sgn(power); k += 2) {
        mpz_tdiv_q_ui(term, power, k);
        mpz_add(out, out, term);
        mpz_mul(power, power, square);
        mpz_tdiv_q_2exp(power, power, bits);
    }
    mpz_clears(square, power, term, NULL);
}

/* out = ln(coeff * 10^exp), within 2 units of the last bit. */
static void log_fixed(mpz_t out, mpz_srcptr coeff, int64_t exp, mp_bitcnt_t bits)
{
    unsigned roots = reductions(bits);
    mp_bitcnt_t size = mpz_sizeinbase(coeff, 2), inner = bits + roots + 96;
    mpz_t y, t, constant;
    mpz_inits(y, t, constant, NULL);
    if (inner >= size) mpz_mul_2exp(y, coeff, inner - size); /* coeff = y * 2^size, y < 1 */
    else mpz_tdiv_q_2exp(y, coeff, size - inner);
    for (unsigned n = 0; n < roots; n++) {
        mpz_mul_2exp(y, y, inner);
        mpz_sqrt(y, y);
    }
    mpz_set_ui(constant, 0);
    mpz_setbit(constant, inner); /* 1 */
    mpz_sub(t, y, constant);
    mpz_add(y, y, constant);
    mpz_mul_2exp(t, t, inner);
    mpz_tdiv_q(t, t, y);
    atanh_series(out, t, inner);
    mpz_mul_2exp(out, out, roots + 1);
    log_of_2(constant, inner);
    mpz_addmul_ui(out, constant, size);
    log_of_10(constant, inner);
    if (exp >= 0) mpz_addmul_ui(out, constant, (unsigned long)exp);
    else mpz_submul_ui(out, constant, (unsigned long)-exp);
    mpz_tdiv_q_2exp(out, out, inner - bits);
    mpz_clears(y, t, constant, NULL);
}

/* out = exp(r), 0 <= r < ln(10), within a few units of the last bit. */
static void exp_fixed(mpz_t out, mpz_srcptr r, mp_bitcnt_t bits)
{
    unsigned halvings = reductions(bits);
    mp_bitcnt_t inner = bits + 2 * halvings + 16;
    mpz_t x, term;
    mpz_inits(x, term, NULL);
    mpz_mul_2exp(x, r, inner - bits - halvings);
    mpz_set_ui(out, 0);
    mpz_setbit(out, inner);
    mpz_set(term, out);
    for (unsigned long k = 1;; k++) {
        mpz_mul(term, term, x);
        mpz_tdiv_q_2exp(term, term, inner);
        mpz_tdiv_q_ui(term, term, k);
        if (!mpz_sgn(term)) break;
        mpz_add(out, out, term);
    }
    for (unsigned n = 0; n < halvings; n++) {
        mpz_mul(out, out, out);
        mpz_tdiv_q_2exp(out, out, inner);
    }
    mpz_tdiv_q_2exp(out, out, inner - bits);
    mpz_clears(x, term, NULL);
}

/* ---- rounding ---- */

/* A coefficient known within ERROR units: does it round to prec digits the same way wherever the
 * true value lies? */
static bool is_settled(mpz_srcptr coeff, int64_t prec)
{
    int64_t drop = mpz_digits(coeff) - prec;
    if (drop < 3) return false;
    uint32_t ignored = 0;
    mpz_t power, rest;
    mpz_inits(power, rest, NULL);
    mpz_power_of_ten(power, drop, &ignored);
    mpz_tdiv_r(rest, coeff, power);
    bool settled = mpz_cmp_ui(rest, ERROR) > 0;
    mpz_sub(rest, power, rest);
    settled = settled && mpz_cmp_ui(rest, ERROR) > 0;
    mpz_mul_2exp(rest, rest, 1);
    mpz_sub(rest, rest, power);
    settled = settled && mpz_cmpabs_ui(rest, 2 * ERROR) > 0;
    mpz_clears(power, rest, NULL);
    return settled;
}

/* 1 and a trace more or less. */
static void set_nearly_one(Triple *out, bool less, int64_t prec, uint32_t *status)
{
    triple_set(out, false, 0, -(prec + 2));
    if (!mpz_power_of_ten(out->coeff, prec + 2, status)) return;
    if (less) mpz_sub_ui(out->coeff, out->coeff, 1);
    else mpz_add_ui(out->coeff, out->coeff, 1);
}

/* Beyond the largest number, or below the smallest. */
static void set_extreme(Triple *out, bool small, const Rules *rules)
{
    triple_set(out, false, 1, small ? etiny(rules) - 2 : rules->emax + 2);
}

/* ---- logarithms ---- */

/* Digits lost because the logarithm of something near 1 is small. */
static int64_t digits_lost(const Triple *a)
{
    int64_t adjusted = triple_adjusted(a);
    if (adjusted != 0 && adjusted != -1) return 1;
    uint32_t ignored = 0;
    mpz_t one;
    mpz_init(one);
    mpz_power_of_ten(one, a->exp < 0 ? -a->exp : 0, &ignored);
    mpz_sub(one, a->coeff, one);
    int64_t first = mpz_digits(one) + a->exp - 1;
    mpz_clear(one);
    return first < 0 ? 2 - first : 2;
}

static bool log_special(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return true;
    if (is_zero(a)) triple_set_infinite(out, true);
    else if (a->negative) triple_set_invalid(out, COND_INVALID, status);
    else if (a->kind == INFINITE) triple_set_infinite(out, false);
    else return false;
    return true;
}

/* ln(a), or log10(a): never exact here. */
static void log_rounded(Triple *out, const Triple *a, bool decimal, const Rules *rules,
                        uint32_t *status)
{
    int64_t lost = digits_lost(a);
    if (too_precise(rules->prec + lost, out, status)) return;
    mpz_t value, power;
    mpz_inits(value, power, NULL);
    for (int64_t guard = 10;; guard *= 2) {
        int64_t places = rules->prec + lost + guard;
        mp_bitcnt_t bits = bits_for(places);
        log_fixed(value, a->coeff, a->exp, bits);
        if (decimal) {
            log_of_10(power, bits + 64);
            mpz_mul_2exp(value, value, bits + 64);
            mpz_tdiv_q(value, value, power);
        }
        mpz_power_of_ten(power, places, status);
        mpz_mul(value, value, power);
        mpz_tdiv_q_2exp(value, value, bits);
        triple_set(out, mpz_sgn(value) < 0, 0, -places);
        mpz_abs(out->coeff, value);
        if (is_settled(out->coeff, rules->prec)) break;
    }
    mpz_clears(value, power, NULL);
    Rules nearest = *rules;
    nearest.rounding = ROUND_HALF_EVEN;
    triple_finalize(out, &nearest, status);
}

static bool is_one(const Triple *a)
{
    Triple one;
    triple_init(&one);
    triple_set(&one, false, 1, 0);
    bool equal = a->kind == FINITE && triple_order(a, &one) == 0;
    triple_clear(&one);
    return equal;
}

void triple_ln(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (log_special(out, a, rules, status)) return;
    if (is_one(a)) triple_set(out, false, 0, 0);
    else log_rounded(out, a, false, rules, status);
}

void triple_log10(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (log_special(out, a, rules, status)) return;
    mpz_t rest;
    mpz_init_set(rest, a->coeff);
    int64_t zeros = mpz_strip(rest, INT64_MAX);
    bool power_of_ten = mpz_cmp_ui(rest, 1) == 0;
    mpz_clear(rest);
    if (!power_of_ten) {
        log_rounded(out, a, true, rules, status);
        return;
    }
    int64_t exponent = a->exp + zeros;
    triple_set(out, exponent < 0, (unsigned long)llabs(exponent), 0);
    Rules nearest = *rules;
    nearest.rounding = ROUND_HALF_EVEN;
    triple_finalize(out, &nearest, status);
}

/* ---- the exponential ---- */

/* out within ERROR / 2 units of exp(a), of `digits` digits or one more; a's first digit stands at
 * most at HUGE_ADJUSTED. */
static void exp_approximate(Triple *out, const Triple *a, int64_t digits, uint32_t *status)
{
    mp_bitcnt_t bits = bits_for(digits), wide = bits + 96;
    mpz_t x, log10_, whole;
    mpz_inits(x, log10_, whole, NULL);
    mpz_mul_2exp(x, a->coeff, wide);
    if (a->exp >= 0) mpz_scale(x, a->exp, status);
    else if (mpz_power_of_ten(whole, -a->exp, status)) mpz_tdiv_q(x, x, whole);
    if (a->negative) mpz_neg(x, x);
    log_of_10(log10_, wide);
    mpz_fdiv_qr(whole, x, x, log10_); /* exp(a) = 10^whole * exp(x) */
    int64_t exponent = mpz_get_si(whole);
    mpz_tdiv_q_2exp(x, x, wide - bits);
    exp_fixed(out->coeff, x, bits);
    mpz_power_of_ten(whole, digits, status);
    mpz_mul(out->coeff, out->coeff, whole);
    mpz_tdiv_q_2exp(out->coeff, out->coeff, bits);
    out->kind = FINITE;
    out->negative = false;
    out->exp = exponent - digits;
    mpz_clears(x, log10_, whole, NULL);
}

static void exp_finite(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    int64_t adjusted = triple_adjusted(a);
    if (adjusted >= HUGE_ADJUSTED) set_extreme(out, a->negative, rules);
    else if (adjusted < -(rules->prec + 2)) set_nearly_one(out, a->negative, rules->prec, status);
    else {
        if (too_precise(rules->prec, out, status)) return;
        for (int64_t guard = 10;; guard *= 2) {
            exp_approximate(out, a, rules->prec + guard, status);
            if (is_settled(out->coeff, rules->prec)) break;
        }
    }
}

void triple_exp(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    if (a->kind == INFINITE) {
        if (a->negative) triple_set(out, false, 0, 0);
        else triple_set_infinite(out, false);
        return;
    }
    if (is_zero(a)) {
        triple_set(out, false, 1, 0);
        return;
    }
    exp_finite(out, a, rules, status);
    Rules nearest = *rules;
    nearest.rounding = ROUND_HALF_EVEN;
    triple_finalize(out, &nearest, status);
}

/* ---- power ---- */

static bool is_odd_integer(const Triple *a)
{
    if (!triple_is_integer(a) || a->exp > 0) return false;
    uint32_t ignored = 0;
    mpz_t whole;
    mpz_init(whole);
    triple_to_mpz(whole, a, &ignored);
    bool odd = mpz_odd_p(whole);
    mpz_clear(whole);
    return odd;
}

/* (+-1)**b: exact for an integer, and of how many digits depends on a's. */
static void power_of_one(Triple *out, const Triple *a, const Triple *b, bool negative,
                         const Rules *rules, uint32_t *status)
{
    int64_t exp = 1 - rules->prec, times;
    if (!triple_is_integer(b)) *status |= COND_INEXACT | COND_ROUNDED;
    else {
        if (b->negative) times = 0;
        else if (!triple_small(b, rules->prec, &times)) times = rules->prec;
        __int128 ideal = (__int128)a->exp * times;
        if (ideal < exp) *status |= COND_ROUNDED;
        else exp = ideal > 0 ? 0 : (int64_t)ideal;
    }
    triple_set(out, negative, 1, 0);
    if (mpz_scale(out->coeff, -exp, status)) out->exp = exp;
    triple_finalize(out, rules, status);
}

/* Zero and infinite operands, a negative base, |a| = 1; *negative: the sign of the result. */
static bool power_special(Triple *out, const Triple *a, const Triple *b, bool *negative,
                          const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return true;
    if (is_zero(b)) {
        if (is_zero(a)) triple_set_invalid(out, COND_INVALID, status);
        else triple_set(out, false, 1, 0);
        return true;
    }
    *negative = a->negative && is_odd_integer(b);
    if (a->negative && !is_zero(a) && !triple_is_integer(b)) {
        triple_set_invalid(out, COND_INVALID, status);
        return true;
    }
    if (is_zero(a) || a->kind == INFINITE) {
        if (is_zero(a) == b->negative) triple_set_infinite(out, *negative);
        else triple_set(out, *negative, 0, 0);
        return true;
    }
    Triple magnitude = *a;
    magnitude.negative = false;
    if (is_one(&magnitude)) {
        power_of_one(out, a, b, *negative, rules, status);
        return true;
    }
    if (b->kind != INFINITE) return false;
    if ((triple_adjusted(a) >= 0) == b->negative) triple_set(out, false, 0, 0);
    else triple_set_infinite(out, false);
    return true;
}

/* a**b when b is an integer and the result ends within a few digits more than the precision. */
static bool power_exact(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                        uint32_t *status)
{
    int64_t n;
    if (!triple_small(b, INT64_C(2000000000000000000), &n)) return false;
    bool good = false;
    int64_t times = llabs(n), zeros = 0;
    mpz_t coeff, factor;
    mpz_init_set(coeff, a->coeff);
    mpz_init(factor);
    zeros = mpz_strip(coeff, INT64_MAX);
    __int128 exp = (__int128)a->exp + zeros, spare = (__int128)zeros * times;
    if (n < 0) { /* 1 / 2^k is 5^k / 10^k */
        unsigned long prime = mpz_even_p(coeff) ? 2 : 5;
        mpz_set_ui(factor, prime);
        unsigned long k = mpz_remove(coeff, coeff, factor);
        if (mpz_cmp_ui(coeff, 1) != 0) goto done;
        mpz_ui_pow_ui(coeff, 10 / prime, k);
        exp = -exp - (int64_t)k;
        spare = 0;
    }
    if (mpz_cmp_ui(coeff, 1) > 0) {
        double digits = log10(mpz_get_d(coeff)) * (double)times;
        if (digits > (double)rules->prec + 10 || digits > (double)DIGIT_LIMIT) goto done;
        mpz_pow_ui(coeff, coeff, (unsigned long)times);
    }
    exp *= times;
    good = true;
    __int128 beyond = 4 * (__int128)PREC_LIMIT;
    if (exp > beyond || exp < -beyond) {
        set_extreme(out, exp < 0, rules);
        goto done;
    }
    triple_set(out, false, 0, (int64_t)exp);
    mpz_set(out->coeff, coeff);
    int64_t room = rules->prec + 1 - mpz_digits(coeff);
    if (room > spare) room = (int64_t)spare;
    if (room > 0 && mpz_scale(out->coeff, room, status)) out->exp -= room;
done:
    mpz_clears(coeff, factor, NULL);
    return good;
}

/* y = b * ln(|a|), of so many correct digits. */
static void power_exponent(Triple *y, const Triple *a, const Triple *b, int64_t digits,
                           uint32_t *status)
{
    Rules wide = {digits, PREC_LIMIT, -PREC_LIMIT, ROUND_HALF_EVEN, 0, 1};
    Triple magnitude = *a, log;
    magnitude.negative = false;
    triple_init(&log);
    uint32_t ignored = 0;
    triple_ln(&log, &magnitude, &wide, &ignored);
    y->kind = FINITE;
    y->negative = log.negative != b->negative;
    y->exp = log.exp + b->exp;
    mpz_mul(y->coeff, log.coeff, b->coeff);
    *status |= ignored & COND_NO_MEMORY;
    triple_clear(&log);
}

/* |a|**b through exp and ln. */
static void power_rounded(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                          uint32_t *status)
{
    Triple y;
    triple_init(&y);
    power_exponent(&y, a, b, 9, status);
    int64_t first = triple_adjusted(&y);
    *status |= COND_INEXACT | COND_ROUNDED;
    if (first >= HUGE_ADJUSTED) set_extreme(out, y.negative, rules);
    else if (first < -(rules->prec + 3)) set_nearly_one(out, y.negative, rules->prec, status);
    else if (!too_precise(rules->prec, out, status)) {
        for (int64_t guard = 10;; guard *= 2) {
            int64_t digits = rules->prec + guard;
            power_exponent(&y, a, b, digits + (first > 0 ? first : 0) + 5, status);
            exp_approximate(out, &y, digits, status);
            if (is_settled(out->coeff, rules->prec)) break;
            if (guard > 2 * rules->prec + 60) { /* it must be exact: a root that ends */
                triple_drop(out, guard / 2, ROUND_HALF_EVEN, status);
                break;
            }
        }
    }
    triple_clear(&y);
}

void triple_power(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                  uint32_t *status)
{
    bool negative = false;
    if (power_special(out, a, b, &negative, rules, status)) return;
    if (!power_exact(out, a, b, rules, status)) power_rounded(out, a, b, rules, status);
    out->negative = negative && !is_nan(out);
    triple_finalize(out, rules, status);
    if ((*status & COND_INEXACT) && (*status & COND_SUBNORMAL)) *status |= COND_UNDERFLOW;
}

/* ---- power modulo ---- */

static bool modulo_special(Triple *out, const Triple *a, const Triple *b, const Triple *modulus,
                           const Rules *rules, uint32_t *status)
{
    if (is_nan(a) || is_nan(b) || is_nan(modulus)) {
        const Triple *nan = a->kind == SIGNALING_NAN         ? a
                            : b->kind == SIGNALING_NAN       ? b
                            : modulus->kind == SIGNALING_NAN ? modulus
                            : is_nan(a)                      ? a
                            : is_nan(b)                      ? b
                                                             : modulus;
        return triple_nans(out, nan, NULL, rules, status);
    }
    bool good = triple_is_integer(a) && triple_is_integer(b) && triple_is_integer(modulus) &&
                !b->negative && !is_zero(modulus) && triple_adjusted(modulus) < rules->prec &&
                !(is_zero(a) && is_zero(b));
    if (!good) triple_set_invalid(out, COND_INVALID, status);
    return !good;
}

void triple_power_modulo(Triple *out, const Triple *a, const Triple *b, const Triple *modulus,
                         const Rules *rules, uint32_t *status)
{
    if (modulo_special(out, a, b, modulus, rules, status)) return;
    mpz_t base, exponent, m, ten;
    mpz_inits(base, exponent, m, NULL);
    mpz_init_set_ui(ten, 10);
    triple_set(out, a->negative && is_odd_integer(b), 0, 0);
    if (triple_to_mpz(exponent, b, status) && triple_to_mpz(m, modulus, status)) {
        mpz_abs(m, m);
        if (a->exp > 0) {
            mpz_powm_ui(ten, ten, (unsigned long)a->exp, m);
            mpz_mul(base, a->coeff, ten);
        } else {
            triple_to_mpz(base, a, status);
            mpz_abs(base, base);
        }
        mpz_powm(out->coeff, base, exponent, m);
    }
    mpz_clears(base, exponent, m, ten, NULL);
    triple_finalize(out, rules, status);
}
