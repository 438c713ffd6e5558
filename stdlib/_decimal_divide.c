/* _decimal_divide.c - quotients, remainders, square roots, and exponents changed on purpose.
 *
 * A quotient that does not end gets a sticky last digit (see _decimal_number.c), so that rounding
 * sees that something follows.  Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

/* Marks that something not zero follows the last digit. */
static void make_sticky(mpz_t coeff)
{
    if (mpz_divisible_ui_p(coeff, 5)) mpz_add_ui(coeff, coeff, 1);
}

/* Zeros off the end until exp reaches the ideal one. */
static void strip_to(Triple *out, int64_t ideal)
{
    if (out->exp < ideal) out->exp += mpz_strip(out->coeff, ideal - out->exp);
}

/* ---- division ---- */

/* A quotient with an end: so many digits after the point that 1 / b has, or -1. */
static int64_t digits_of_inverse(const Triple *a, const Triple *b)
{
    mpz_t rest;
    mpz_init(rest);
    mpz_gcd(rest, a->coeff, b->coeff);
    mpz_divexact(rest, b->coeff, rest);
    mpz_t factor;
    mpz_init_set_ui(factor, 2);
    int64_t twos = (int64_t)mpz_remove(rest, rest, factor);
    mpz_set_ui(factor, 5);
    int64_t fives = (int64_t)mpz_remove(rest, rest, factor);
    bool ends = mpz_cmp_ui(rest, 1) == 0;
    mpz_clears(rest, factor, NULL);
    return ends ? (twos > fives ? twos : fives) : -1;
}

static void divide_finite(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                          uint32_t *status)
{
    int64_t ideal = a->exp - b->exp;
    int64_t shift = triple_digits(b) - triple_digits(a) + rules->prec + 1;
    if (shift > 10000) { /* perhaps fewer do */
        int64_t enough = digits_of_inverse(a, b);
        if (enough >= 0 && enough < shift) shift = enough;
    }
    mpz_t divisor, rest;
    mpz_inits(divisor, rest, NULL);
    mpz_set(out->coeff, a->coeff);
    mpz_set(divisor, b->coeff);
    if (shift >= 0 ? mpz_scale(out->coeff, shift, status) : mpz_scale(divisor, -shift, status)) {
        mpz_tdiv_qr(out->coeff, rest, out->coeff, divisor);
        out->exp = ideal - shift;
        if (mpz_sgn(rest)) make_sticky(out->coeff);
        else strip_to(out, ideal);
    }
    mpz_clears(divisor, rest, NULL);
    triple_finalize(out, rules, status);
}

void triple_divide(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                   uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return;
    bool negative = a->negative != b->negative;
    triple_set(out, negative, 0, 0);
    if (a->kind == INFINITE && b->kind == INFINITE) triple_set_invalid(out, COND_INVALID, status);
    else if (a->kind == INFINITE) triple_set_infinite(out, negative);
    else if (b->kind == INFINITE) {
        out->exp = etiny(rules);
        *status |= COND_CLAMPED;
    } else if (is_zero(b)) {
        if (is_zero(a)) triple_set_invalid(out, COND_DIVISION_UNDEFINED, status);
        else {
            triple_set_infinite(out, negative);
            *status |= COND_DIVISION_BY_ZERO;
        }
    } else if (is_zero(a)) {
        out->exp = a->exp - b->exp;
        triple_finalize(out, rules, status);
    } else divide_finite(out, a, b, rules, status);
}

/* ---- integer division ---- */

/* quotient (an integer) and remainder of finite numbers, b not zero; false: the quotient has more
 * digits than the precision. */
static bool divide_whole(mpz_t quotient, Triple *remainder, const Triple *a, const Triple *b,
                         const Rules *rules, uint32_t *status)
{
    int64_t exp = a->exp < b->exp ? a->exp : b->exp;
    mpz_set_ui(quotient, 0);
    remainder->kind = FINITE;
    remainder->negative = a->negative;
    if (is_zero(a)) {
        triple_set(remainder, a->negative, 0, exp);
        return true;
    }
    int64_t distance = triple_adjusted(a) - triple_adjusted(b);
    if (distance > rules->prec) return false;
    if (distance <= -2) {
        triple_copy(remainder, a);
        if (a->exp > exp && a->exp - exp <= rules->prec + 1) {
            mpz_scale(remainder->coeff, a->exp - exp, status);
            remainder->exp = exp;
        } else if (a->exp > exp) { /* zeros as far as they can be kept */
            mpz_scale(remainder->coeff, rules->prec + 1, status);
            remainder->exp = a->exp - (rules->prec + 1);
        }
        return true;
    }
    mpz_t divisor;
    mpz_init_set(divisor, b->coeff);
    mpz_set(remainder->coeff, a->coeff);
    bool good = mpz_scale(remainder->coeff, a->exp - exp, status) &&
                mpz_scale(divisor, b->exp - exp, status);
    if (good) mpz_tdiv_qr(quotient, remainder->coeff, remainder->coeff, divisor);
    remainder->exp = exp;
    mpz_clear(divisor);
    return good && mpz_digits(quotient) <= rules->prec;
}

/* What needs no division: NaNs, infinities, a zero divisor.  NULL stands for a result not asked
 * for. */
static bool divmod_special(Triple *quotient, Triple *remainder, const Triple *a, const Triple *b,
                           const Rules *rules, uint32_t *status)
{
    bool negative = a->negative != b->negative, special = a->kind != FINITE || is_zero(b);
    if (is_nan(a) || is_nan(b)) {
        if (quotient) triple_nans(quotient, a, b, rules, status);
        if (remainder) triple_nans(remainder, a, b, rules, status);
        return true;
    }
    if (a->kind == INFINITE) {
        if (remainder) triple_set_invalid(remainder, COND_INVALID, status);
        if (quotient && b->kind == INFINITE) triple_set_invalid(quotient, COND_INVALID, status);
        else if (quotient) triple_set_infinite(quotient, negative);
    } else if (is_zero(b) && is_zero(a)) {
        if (quotient) triple_set_invalid(quotient, COND_DIVISION_UNDEFINED, status);
        if (remainder) triple_set_invalid(remainder, COND_DIVISION_UNDEFINED, status);
    } else if (is_zero(b)) {
        if (quotient) {
            triple_set_infinite(quotient, negative);
            *status |= COND_DIVISION_BY_ZERO;
        }
        if (remainder) triple_set_invalid(remainder, COND_INVALID, status);
    } else if (b->kind == INFINITE) {
        if (quotient) triple_set(quotient, negative, 0, 0);
        if (remainder) {
            triple_copy(remainder, a);
            triple_finalize(remainder, rules, status);
        }
        return true;
    }
    return special;
}

static void impossible(Triple *quotient, Triple *remainder, uint32_t *status)
{
    uint32_t why = *status & COND_NO_MEMORY ? 0 : COND_DIVISION_IMPOSSIBLE;
    if (quotient) triple_set_invalid(quotient, why, status);
    if (remainder) triple_set_invalid(remainder, why, status);
}

static void divide_parts(Triple *quotient, Triple *remainder, const Triple *a, const Triple *b,
                         const Rules *rules, uint32_t *status)
{
    if (divmod_special(quotient, remainder, a, b, rules, status)) return;
    Triple whole, rest;
    triple_init(&whole);
    triple_init(&rest);
    if (divide_whole(whole.coeff, &rest, a, b, rules, status)) {
        whole.negative = a->negative != b->negative;
        if (quotient) {
            triple_copy(quotient, &whole);
            triple_finalize(quotient, rules, status);
        }
        if (remainder) {
            triple_copy(remainder, &rest);
            triple_finalize(remainder, rules, status);
        }
    } else impossible(quotient, remainder, status);
    triple_clear(&whole);
    triple_clear(&rest);
}

void triple_divide_int(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                       uint32_t *status)
{
    divide_parts(out, NULL, a, b, rules, status);
}

void triple_remainder(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                      uint32_t *status)
{
    divide_parts(NULL, out, a, b, rules, status);
}

void triple_divmod(Triple *quotient, Triple *remainder, const Triple *a, const Triple *b,
                   const Rules *rules, uint32_t *status)
{
    divide_parts(quotient, remainder, a, b, rules, status);
}

/* The remainder of the nearest quotient, the even one of two: it may be negative. */
void triple_remainder_near(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                           uint32_t *status)
{
    if (divmod_special(NULL, out, a, b, rules, status)) return;
    mpz_t quotient, twice, divisor;
    mpz_inits(quotient, twice, divisor, NULL);
    if (divide_whole(quotient, out, a, b, rules, status)) {
        if (triple_adjusted(a) - triple_adjusted(b) > -2) {
            mpz_set(divisor, b->coeff);
            mpz_scale(divisor, b->exp - out->exp, status);
            mpz_mul_2exp(twice, out->coeff, 1);
            int order = mpz_cmp(twice, divisor);
            if (order > 0 || (order == 0 && mpz_odd_p(quotient))) {
                mpz_sub(out->coeff, divisor, out->coeff);
                out->negative = !out->negative;
                mpz_add_ui(quotient, quotient, 1);
            }
        }
        if (mpz_digits(quotient) > rules->prec) impossible(NULL, out, status);
        else triple_finalize(out, rules, status);
    } else impossible(NULL, out, status);
    mpz_clears(quotient, twice, divisor, NULL);
}

/* ---- exponents ---- */

void triple_rescale(Triple *out, const Triple *a, int64_t exp, Rounding rounding, uint32_t *status)
{
    triple_copy(out, a);
    if (a->kind != FINITE) return;
    if (!mpz_sgn(a->coeff)) out->exp = exp;
    else if (a->exp >= exp) {
        if (mpz_scale(out->coeff, a->exp - exp, status)) out->exp = exp;
    } else triple_drop(out, exp - a->exp, rounding, status);
}

void triple_quantize(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                     uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return;
    if (a->kind == INFINITE && b->kind == INFINITE) {
        triple_copy(out, a);
        return;
    }
    bool fits =
        a->kind == FINITE && b->kind == FINITE && b->exp >= etiny(rules) && b->exp <= rules->emax;
    uint32_t happened = 0;
    if (fits && mpz_sgn(a->coeff)) {
        int64_t adjusted = triple_adjusted(a);
        fits = adjusted <= rules->emax && adjusted - b->exp + 1 <= rules->prec;
    }
    if (fits) {
        triple_rescale(out, a, b->exp, rules->rounding, &happened);
        fits = triple_adjusted(out) <= rules->emax && triple_digits(out) <= rules->prec;
    }
    if (!fits) {
        triple_set_invalid(out, COND_INVALID, status);
        return;
    }
    if (mpz_sgn(out->coeff) && triple_adjusted(out) < rules->emin) happened |= COND_SUBNORMAL;
    *status |= happened;
    triple_finalize(out, rules, status);
}

void triple_to_integral_exact(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    triple_copy(out, a);
    if (a->kind != FINITE || a->exp >= 0) return;
    if (!mpz_sgn(a->coeff)) out->exp = 0;
    else triple_drop(out, -a->exp, rules->rounding, status);
}

void triple_to_integral(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    uint32_t happened = 0;
    triple_to_integral_exact(out, a, rules, &happened);
    *status |= happened & ~(uint32_t)(COND_INEXACT | COND_ROUNDED);
}

void triple_normalize(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    triple_plus(out, a, rules, status);
    if (out->kind != FINITE) return;
    if (!mpz_sgn(out->coeff)) {
        out->exp = 0;
        out->negative = a->negative;
        return;
    }
    int64_t high = rules->clamp ? etop(rules) : rules->emax;
    if (out->exp < high) out->exp += mpz_strip(out->coeff, high - out->exp);
}

/* ---- the square root ---- */

void triple_sqrt(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    int64_t ideal = a->exp >= 0 ? a->exp / 2 : -((1 - a->exp) / 2);
    if (is_zero(a)) {
        triple_set(out, a->negative, 0, ideal);
        triple_finalize(out, rules, status);
        return;
    }
    if (a->negative) {
        triple_set_invalid(out, COND_INVALID, status);
        return;
    }
    if (a->kind == INFINITE) {
        triple_set_infinite(out, false);
        return;
    }
    /* coeff * 10^(2 * shift) (times 10 when exp is odd) has a root of prec + 1 digits */
    bool odd = a->exp != 2 * ideal;
    int64_t digits = triple_digits(a) + odd;
    int64_t shift = rules->prec + 1 - (digits + 1) / 2;
    if (shift > 10000 && mpz_perfect_square_p(a->coeff) && !odd) shift = 0;
    mpz_t rest;
    mpz_init(rest);
    mpz_set(out->coeff, a->coeff);
    bool exact = true;
    if (odd) mpz_mul_ui(out->coeff, out->coeff, 10);
    if (shift >= 0) mpz_scale(out->coeff, 2 * shift, status);
    else {
        mpz_t power;
        mpz_init(power);
        mpz_power_of_ten(power, -2 * shift, status);
        mpz_tdiv_qr(out->coeff, rest, out->coeff, power);
        exact = !mpz_sgn(rest);
        mpz_clear(power);
    }
    mpz_sqrtrem(out->coeff, rest, out->coeff);
    exact = exact && !mpz_sgn(rest);
    mpz_clear(rest);
    out->exp = ideal - shift;
    if (exact) strip_to(out, ideal);
    else make_sticky(out->coeff);
    Rules nearest = *rules;
    nearest.rounding = ROUND_HALF_EVEN;
    triple_finalize(out, &nearest, status);
}
