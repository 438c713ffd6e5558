/* _decimal_order.c - comparing numbers: by value, by the total order, the larger of two, the next.
 *
 * Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

/* ---- order ---- */

/* Finite coefficients compared as if both were positive. */
static int order_magnitudes(const Triple *a, const Triple *b)
{
    if (a->kind == INFINITE || b->kind == INFINITE)
        return (a->kind == INFINITE) - (b->kind == INFINITE);
    int a_zero = !mpz_sgn(a->coeff), b_zero = !mpz_sgn(b->coeff);
    if (a_zero || b_zero) return b_zero - a_zero;
    if (a->exp == b->exp) {
        int order = mpz_cmp(a->coeff, b->coeff);
        return (order > 0) - (order < 0);
    }
    int64_t a_first = triple_adjusted(a), b_first = triple_adjusted(b);
    if (a_first != b_first) return a_first < b_first ? -1 : 1;
    uint32_t status = 0;
    mpz_t scaled;
    mpz_init_set(scaled, a->exp > b->exp ? a->coeff : b->coeff);
    mpz_scale(scaled, a->exp > b->exp ? a->exp - b->exp : b->exp - a->exp, &status);
    int order = a->exp > b->exp ? mpz_cmp(scaled, b->coeff) : mpz_cmp(a->coeff, scaled);
    mpz_clear(scaled);
    return (order > 0) - (order < 0);
}

int triple_order(const Triple *a, const Triple *b)
{
    if (is_zero(a) && is_zero(b)) return 0;
    if (a->negative != b->negative && !is_zero(a) && !is_zero(b)) return a->negative ? -1 : 1;
    int order = order_magnitudes(a, b);
    bool negative = is_zero(a) ? b->negative : a->negative;
    return negative ? -order : order;
}

/* The total order of numbers of one sign, as if positive: by value, then by exponent, infinity,
 * signaling NaNs by payload, quiet ones. */
static int total_magnitudes(const Triple *a, const Triple *b)
{
    static const int ranks[] = {[FINITE] = 0, [INFINITE] = 1, [SIGNALING_NAN] = 2, [QUIET_NAN] = 3};
    if (is_nan(a) || is_nan(b)) {
        if (a->kind != b->kind) return ranks[a->kind] < ranks[b->kind] ? -1 : 1;
        int order = mpz_cmp(a->coeff, b->coeff);
        return (order > 0) - (order < 0);
    }
    int order = order_magnitudes(a, b);
    return order ? order : (a->exp > b->exp) - (a->exp < b->exp);
}

int triple_total_order(const Triple *a, const Triple *b)
{
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    int order = total_magnitudes(a, b);
    return a->negative ? -order : order;
}

static void set_order(Triple *out, int order) { triple_set(out, order < 0, order != 0, 0); }

void triple_compare(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                    uint32_t *status)
{
    if (!triple_nans(out, a, b, rules, status)) set_order(out, triple_order(a, b));
}

void triple_compare_signal(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                           uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) *status |= COND_INVALID;
    else set_order(out, triple_order(a, b));
}

void triple_compare_total(Triple *out, const Triple *a, const Triple *b,
                          const Rules *rules __attribute__((unused)),
                          uint32_t *status __attribute__((unused)))
{
    set_order(out, triple_total_order(a, b));
}

void triple_compare_total_mag(Triple *out, const Triple *a, const Triple *b,
                              const Rules *rules __attribute__((unused)),
                              uint32_t *status __attribute__((unused)))
{
    set_order(out, total_magnitudes(a, b));
}

/* ---- the larger and the smaller ---- */

/* wanted: 1 the larger, -1 the smaller. */
static void choose(Triple *out, const Triple *a, const Triple *b, int wanted, bool magnitude,
                   const Rules *rules, uint32_t *status)
{
    if (is_nan(a) || is_nan(b)) {
        bool quiet = a->kind != SIGNALING_NAN && b->kind != SIGNALING_NAN;
        if (quiet && !(is_nan(a) && is_nan(b))) { /* a number beats a quiet NaN */
            triple_copy(out, is_nan(a) ? b : a);
            triple_finalize(out, rules, status);
        } else triple_nans(out, a, b, rules, status);
        return;
    }
    int order = magnitude ? order_magnitudes(a, b) : 0;
    if (order == 0) order = triple_order(a, b);
    if (order == 0) order = triple_total_order(a, b);
    triple_copy(out, order * wanted >= 0 ? a : b);
    triple_finalize(out, rules, status);
}

void triple_max(Triple *out, const Triple *a, const Triple *b, const Rules *rules, uint32_t *status)
{
    choose(out, a, b, 1, false, rules, status);
}

void triple_min(Triple *out, const Triple *a, const Triple *b, const Rules *rules, uint32_t *status)
{
    choose(out, a, b, -1, false, rules, status);
}

void triple_max_mag(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                    uint32_t *status)
{
    choose(out, a, b, 1, true, rules, status);
}

void triple_min_mag(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                    uint32_t *status)
{
    choose(out, a, b, -1, true, rules, status);
}

/* ---- the next representable number ---- */

static void largest(Triple *out, bool negative, const Rules *rules, uint32_t *status)
{
    triple_set(out, negative, 0, etop(rules));
    if (mpz_power_of_ten(out->coeff, rules->prec, status)) mpz_sub_ui(out->coeff, out->coeff, 1);
}

/* Adding less than the least number, rounded away in that direction, goes to the next one. */
static void step(Triple *out, const Triple *a, bool down, const Rules *rules, uint32_t *status)
{
    if (triple_nans(out, a, NULL, rules, status)) return;
    if (a->kind == INFINITE) {
        if (a->negative == down) triple_copy(out, a);
        else largest(out, a->negative, rules, status);
        return;
    }
    uint32_t ignored = 0;
    Rules towards = *rules;
    towards.rounding = down ? ROUND_FLOOR : ROUND_CEILING;
    Triple least;
    triple_init(&least);
    triple_copy(out, a);
    triple_finalize(out, &towards, &ignored);
    if (out->kind != FINITE || triple_order(out, a) == 0) {
        triple_set(&least, down, 1, etiny(rules) - 1);
        triple_add(out, a, &least, &towards, &ignored);
    }
    triple_clear(&least);
    *status |= ignored & COND_NO_MEMORY;
}

void triple_next_minus(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    step(out, a, true, rules, status);
}

void triple_next_plus(Triple *out, const Triple *a, const Rules *rules, uint32_t *status)
{
    step(out, a, false, rules, status);
}

void triple_next_toward(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                        uint32_t *status)
{
    if (triple_nans(out, a, b, rules, status)) return;
    int order = triple_order(a, b);
    if (order == 0) {
        triple_copy(out, a);
        out->negative = b->negative;
        uint32_t ignored = 0;
        triple_finalize(out, rules, &ignored);
        return;
    }
    step(out, a, order > 0, rules, status);
    if (out->kind == INFINITE) *status |= COND_OVERFLOW | COND_INEXACT | COND_ROUNDED;
    else if (triple_adjusted(out) < rules->emin) {
        *status |= COND_UNDERFLOW | COND_SUBNORMAL | COND_INEXACT | COND_ROUNDED;
        if (is_zero(out)) *status |= COND_CLAMPED;
    }
}

/* ---- classes ---- */

bool triple_same_quantum(const Triple *a, const Triple *b)
{
    if (is_nan(a) || is_nan(b)) return is_nan(a) && is_nan(b);
    return a->kind == b->kind && a->exp == b->exp;
}

bool triple_is_subnormal(const Triple *a, const Rules *rules)
{
    return a->kind == FINITE && mpz_sgn(a->coeff) && triple_adjusted(a) < rules->emin;
}

bool triple_is_normal(const Triple *a, const Rules *rules)
{
    return a->kind == FINITE && mpz_sgn(a->coeff) && triple_adjusted(a) >= rules->emin;
}

const char *triple_class(const Triple *a, const Rules *rules)
{
    if (a->kind == SIGNALING_NAN) return "sNaN";
    if (a->kind == QUIET_NAN) return "NaN";
    if (a->kind == INFINITE) return a->negative ? "-Infinity" : "+Infinity";
    if (is_zero(a)) return a->negative ? "-Zero" : "+Zero";
    if (triple_is_subnormal(a, rules)) return a->negative ? "-Subnormal" : "+Subnormal";
    return a->negative ? "-Normal" : "+Normal";
}

/* ---- hashing ---- */

#define HASH_MODULUS ((UINT64_C(1) << 61) - 1)
#define TENTH_MODULO UINT64_C(2075258708292324556) /* times 10: 1 modulo HASH_MODULUS */

static uint64_t multiply_modulo(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b; /* the high bits count as much */
    uint64_t sum = ((uint64_t)product & HASH_MODULUS) + (uint64_t)(product >> 61);
    return sum >= HASH_MODULUS ? sum - HASH_MODULUS : sum;
}

static uint64_t power_modulo(uint64_t base, uint64_t exponent)
{
    uint64_t product = 1;
    for (; exponent; exponent >>= 1, base = multiply_modulo(base, base)) {
        if (exponent & 1) product = multiply_modulo(product, base);
    }
    return product;
}

/* As of every number: its value modulo 2^61 - 1. */
int64_t triple_hash(const Triple *a)
{
    if (a->kind == INFINITE) return a->negative ? -314159 : 314159;
    uint64_t base = a->exp < 0 ? TENTH_MODULO : 10;
    uint64_t power = power_modulo(base, (uint64_t)llabs(a->exp) % (HASH_MODULUS - 1));
    int64_t hash =
        (int64_t)multiply_modulo(mpz_fdiv_ui(a->coeff, (unsigned long)HASH_MODULUS), power);
    if (a->negative) hash = -hash;
    return hash == -1 ? -2 : hash;
}
