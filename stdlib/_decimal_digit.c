/* _decimal_digit.c - operations on the digits of a coefficient: logical, shifting, the exponent.
 *
 * Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

/* ---- logical operations: digits are 0 and 1 ---- */

/* The digits as bits, the last one lowest; false: no logical operand. */
static bool bits_from(mpz_t out, const Triple *a, const Rules *rules)
{
    mpz_set_ui(out, 0);
    if (a->kind != FINITE || a->negative || a->exp != 0) return false;
    char *text = mpz_get_str(NULL, 10, a->coeff);
    size_t len = strlen(text), size = len + 1;
    bool good = strspn(text, "01") == len;
    size_t most = rules->prec < (int64_t)len ? (size_t)rules->prec : len; /* the last digits */
    if (good) mpz_set_str(out, text + len - most, 2);
    void (*release)(void *, size_t);
    mp_get_memory_functions(NULL, NULL, &release);
    release(text, size);
    return good;
}

static void bits_to(Triple *out, mpz_srcptr bits)
{
    char *text = mpz_get_str(NULL, 2, bits);
    triple_set(out, false, 0, 0);
    mpz_set_str(out->coeff, text, 10);
    void (*release)(void *, size_t);
    mp_get_memory_functions(NULL, NULL, &release);
    release(text, strlen(text) + 1);
}

typedef void BitOperation(mpz_ptr, mpz_srcptr, mpz_srcptr);

static void logical(Triple *out, const Triple *a, const Triple *b, BitOperation *operation,
                    const Rules *rules, uint32_t *status)
{
    mpz_t left, right;
    mpz_inits(left, right, NULL);
    if (bits_from(left, a, rules) && bits_from(right, b, rules)) {
        operation(left, left, right);
        bits_to(out, left);
    } else triple_set_invalid(out, COND_INVALID, status);
    mpz_clears(left, right, NULL);
}

void triple_and(Triple *out, const Triple *a, const Triple *b, const Rules *rules, uint32_t *status)
{
    logical(out, a, b, mpz_and, rules, status);
}

void triple_or(Triple *out, const Triple *a, const Triple *b, const Rules *rules, uint32_t *status)
{
    logical(out, a, b, mpz_ior, rules, status);
}

void triple_xor(Triple *out, const Triple *a, const Triple *b, const Rules *rules, uint32_t *status)
{
    logical(out, a, b, mpz_xor, rules, status);
}

void triple_invert(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    mpz_t bits, ones;
    mpz_inits(bits, ones, NULL);
    if (rules->prec > DIGIT_LIMIT) {
        triple_set_invalid(out, 0, status);
        *status |= COND_NO_MEMORY;
    } else if (bits_from(bits, a, rules)) {
        mpz_setbit(ones, (mp_bitcnt_t)rules->prec);
        mpz_sub_ui(ones, ones, 1);
        mpz_xor(bits, bits, ones);
        bits_to(out, bits);
    } else triple_set_invalid(out, COND_INVALID, status);
    mpz_clears(bits, ones, NULL);
}

/* ---- shifting ---- */

/* The last `prec` digits. */
static void keep_digits(mpz_t coeff, const Rules *rules, uint32_t *status)
{
    if (mpz_digits(coeff) <= rules->prec) return;
    mpz_t power;
    mpz_init(power);
    mpz_power_of_ten(power, rules->prec, status);
    mpz_tdiv_r(coeff, coeff, power);
    mpz_clear(power);
}

/* Left by n digits, right by -n. */
static void shift_by(mpz_t coeff, int64_t n, const Rules *rules, uint32_t *status)
{
    if (n >= 0) {
        mpz_scale(coeff, n, status);
        keep_digits(coeff, rules, status);
    } else if (-n >= mpz_digits(coeff)) mpz_set_ui(coeff, 0);
    else {
        mpz_t power;
        mpz_init(power);
        mpz_power_of_ten(power, -n, status);
        mpz_tdiv_q(coeff, coeff, power);
        mpz_clear(power);
    }
}

static bool shift_operands(Triple *out, const Triple *a, const Triple *b, int64_t *n,
                           const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return false;
    if (b->kind != FINITE || b->exp != 0 || !triple_small(b, rules->prec, n)) {
        triple_set_invalid(out, COND_INVALID, status);
        return false;
    }
    triple_copy(out, a);
    if (a->kind != FINITE) return false;
    keep_digits(out->coeff, rules, status);
    return true;
}

void triple_shift(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                  uint32_t *status)
{
    int64_t n;
    if (shift_operands(out, a, b, &n, rules, status)) shift_by(out->coeff, n, rules, status);
}

void triple_rotate(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                   uint32_t *status)
{
    int64_t n;
    if (!shift_operands(out, a, b, &n, rules, status)) return;
    if (n < 0) n += rules->prec;
    mpz_t around;
    mpz_init_set(around, out->coeff);
    shift_by(around, n - rules->prec, rules, status);
    shift_by(out->coeff, n, rules, status);
    mpz_add(out->coeff, out->coeff, around);
    mpz_clear(around);
}

/* ---- the exponent ---- */

void triple_scaleb(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                   uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return;
    int64_t n;
    if (b->kind != FINITE || b->exp != 0 || !triple_small(b, 2 * (rules->emax + rules->prec), &n)) {
        triple_set_invalid(out, COND_INVALID, status);
        return;
    }
    triple_copy(out, a);
    if (a->kind != FINITE) return;
    out->exp += n;
    triple_finalize(out, rules, status);
}

void triple_logb(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    if (a->kind == INFINITE) triple_set_infinite(out, false);
    else if (is_zero(a)) {
        triple_set_infinite(out, true);
        *status |= COND_DIVISION_BY_ZERO;
    } else {
        int64_t adjusted = triple_adjusted(a);
        triple_set(out, adjusted < 0, (unsigned long)llabs(adjusted), 0);
        triple_finalize(out, rules, status);
    }
}
