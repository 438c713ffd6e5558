/* _decimal_small.c - numbers of at most 38 digits, computed in registers.
 *
 * Nearly all numbers of programs are such.  What is here either computes the whole result or says
 * no and leaves everything as it was: then the operation on Triples does it, which also knows
 * about NaNs, infinities, overflow and subnormal numbers.
 * Neighbours: _decimal.h, _decimal_number.c (the same for any number). */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

/* ---- from and to objects ---- */

static inline bool is_small(const Triple *a)
{
    return a->kind == FINITE && mpz_size(a->coeff) <= 2;
}

static bool small_of(Small *out, const Triple *a)
{
    if (!is_small(a)) return false;
    out->coeff = (unsigned __int128)mpz_getlimbn(a->coeff, 1) << 64 | mpz_getlimbn(a->coeff, 0);
    out->exp = a->exp;
    out->negative = a->negative;
    return out->coeff < small_power(SMALL_DIGITS);
}

bool small_operand(Vm *vm, Value v, Small *out)
{
    if (is_decimal(vm, v)) return small_of(out, &as_decimal(v)->number);
    if (!is_int(v)) return false;
    int64_t n = as_int(v);
    *out = (Small){(uint64_t)llabs(n), 0, n < 0};
    return true;
}

Ref decimal_from_small(Vm *vm, Type *type, const Small *number)
{
    Decimal *out = type_instance(vm, type);
    if (!out) return FAIL;
    out->few[0] = (mp_limb_t)number->coeff;
    out->few[1] = (mp_limb_t)(number->coeff >> 64);
    mpz_roinit_n(out->number.coeff, out->few, 2);
    out->number.kind = FINITE;
    out->number.negative = number->negative;
    out->number.exp = number->exp;
    return from_object(out);
}

/* ---- rounding ---- */

/* Drops the last digits and rounds; drop >= 1, at most SMALL_DIGITS. */
static unsigned __int128 drop_digits(unsigned __int128 coeff, int drop, bool negative,
                                     Rounding rounding, uint32_t *status)
{
    unsigned __int128 power = small_power(drop), kept = coeff / power, rest = coeff - kept * power;
    *status |= COND_ROUNDED;
    if (!rest) return kept;
    *status |= COND_INEXACT;
    int half = (rest > power / 2) - (rest < power / 2);
    bool fives = rounding == ROUND_05UP && kept % 5 == 0;
    return kept + rounds_up(rounding, negative, kept & 1, fives, half);
}

/* Is this a number as the rules allow it, as it stands? */
static bool fits(const Small *number, int digits, const Rules *rules)
{
    if (number->exp > (rules->clamp ? etop(rules) : rules->emax)) return false;
    if (!number->coeff) return number->exp >= etiny(rules);
    int64_t first = number->exp + digits - 1;
    return digits <= rules->prec && first <= rules->emax && first >= rules->emin;
}

/* Rounds to the precision; false: the result is out of the ordinary. */
static bool small_round(Small *number, const Rules *rules, uint32_t *status)
{
    int digits = small_digits(number->coeff);
    if (digits > rules->prec) {
        if (number->exp + digits - 1 < rules->emin) return false; /* subnormal, as it is now */
        int drop = digits - (int)rules->prec;
        digits = (int)rules->prec;
        number->coeff = drop_digits(number->coeff, drop, number->negative, rules->rounding, status);
        number->exp += drop;
        if (number->coeff == small_power(digits)) { /* 99.9 became 100 */
            number->coeff /= 10;
            number->exp++;
        }
    }
    return fits(number, digits, rules);
}

/* ---- arithmetic ---- */

/* coeff *= 10 ** n, if there is room. */
static bool scale(unsigned __int128 *coeff, int64_t n)
{
    if (n == 0) return true;
    if (n > SMALL_DIGITS || small_digits(*coeff) + n > SMALL_DIGITS) return false;
    *coeff *= small_power((int)n);
    return true;
}

static bool add(Small *out, const Small *a, const Small *b, bool b_negative, const Rules *rules)
{
    unsigned __int128 left = a->coeff, right = b->coeff;
    int64_t higher = a->exp - b->exp;
    if (!(higher >= 0 ? scale(&left, higher) : scale(&right, -higher))) return false;
    out->exp = higher >= 0 ? b->exp : a->exp;
    out->negative = a->negative;
    if (a->negative == b_negative) {
        out->coeff = left + right; /* less than 2 * 10**38, which 128 bits hold */
        return true;
    }
    out->coeff = left >= right ? left - right : right - left;
    if (left < right) out->negative = b_negative;
    if (left == right) out->negative = rules->rounding == ROUND_FLOOR;
    return true;
}

static bool multiply(Small *out, const Small *a, const Small *b)
{
    if (small_digits(a->coeff) + small_digits(b->coeff) > SMALL_DIGITS) return false;
    *out = (Small){a->coeff * b->coeff, a->exp + b->exp, a->negative != b->negative};
    return true;
}

/* Zeros off the end until exp reaches the ideal one. */
static void strip(Small *number, int64_t ideal)
{
    for (int step = 16; step; step /= 2) {
        unsigned __int128 power = small_power(step);
        while (ideal - number->exp >= step && number->coeff % power == 0) {
            number->coeff /= power;
            number->exp += step;
        }
    }
}

/* As divide_finite() does it: one digit more than the precision, the last one sticky. */
static bool divide(Small *out, const Small *a, const Small *b, const Rules *rules)
{
    if (!a->coeff || !b->coeff) return false;
    int64_t ideal = a->exp - b->exp;
    *out = (Small){a->coeff / b->coeff, ideal, a->negative != b->negative};
    if (out->coeff * b->coeff == a->coeff) return true;
    int b_digits = small_digits(b->coeff);
    int64_t shift = b_digits - small_digits(a->coeff) + rules->prec + 1;
    if (shift < 0 || rules->prec + 1 + b_digits > SMALL_DIGITS) return false;
    unsigned __int128 scaled = a->coeff * small_power((int)shift);
    out->coeff = scaled / b->coeff;
    out->exp = ideal - shift;
    if (out->coeff * b->coeff == scaled) strip(out, ideal);
    else out->coeff += out->coeff % 5 == 0;
    return true;
}

/* To a whole power from 1 on, when the precision holds every digit. */
static bool power(Small *out, const Small *a, const Small *b, const Rules *rules)
{
    int64_t digits = small_digits(a->coeff);
    bool whole = b->exp == 0 && !b->negative && b->coeff >= 1 && b->coeff <= SMALL_DIGITS;
    if (!whole || !a->coeff) return false;
    int n = (int)b->coeff;
    if (digits * n > SMALL_DIGITS || digits * n > rules->prec) return false;
    *out = (Small){a->coeff, a->exp * n, a->negative && n % 2};
    while (--n > 0) out->coeff *= a->coeff;
    return true;
}

bool small_binary(BinaryOp op, Small *out, const Small *a, const Small *b, const Rules *rules,
                  uint32_t *status)
{
    bool known = op == OP2_ADD       ? add(out, a, b, b->negative, rules)
                 : op == OP2_SUB     ? add(out, a, b, !b->negative, rules)
                 : op == OP2_MUL     ? multiply(out, a, b)
                 : op == OP2_TRUEDIV ? divide(out, a, b, rules)
                 : op == OP2_POW     ? power(out, a, b, rules)
                                     : false;
    uint32_t happened = 0;
    if (!known || !small_round(out, rules, &happened)) return false;
    *status |= happened;
    return true;
}

bool small_prefix(UnaryOp op, Small *out, const Small *a, const Rules *rules, uint32_t *status)
{
    uint32_t happened = 0;
    *out = *a;
    out->negative = op == OP1_NEG ? !a->negative : op == OP1_POS && a->negative;
    if (!a->coeff || !small_round(out, rules, &happened)) return false;
    *status |= happened;
    return true;
}

bool small_quantize(Small *out, const Small *a, int64_t exp, const Rules *rules, uint32_t *status)
{
    if (exp < etiny(rules) || exp > rules->emax) return false;
    uint32_t happened = 0;
    int64_t drop = exp - a->exp;
    *out = *a;
    out->exp = exp;
    if (a->coeff && drop < 0 && !scale(&out->coeff, -drop)) return false;
    if (a->coeff && drop > 0) {
        if (drop > small_digits(a->coeff)) return false;
        out->coeff = drop_digits(a->coeff, (int)drop, a->negative, rules->rounding, &happened);
    }
    if (!fits(out, small_digits(out->coeff), rules)) return false;
    *status |= happened;
    return true;
}

/* ---- order ---- */

/* As if both were positive: -1, 0, 1. */
static int order_magnitudes(const Small *a, const Small *b)
{
    unsigned __int128 left = a->coeff, right = b->coeff;
    if (!left || !right) return (left != 0) - (right != 0);
    int64_t a_first = a->exp + small_digits(left), b_first = b->exp + small_digits(right);
    if (a_first != b_first) return a_first < b_first ? -1 : 1;
    if (a->exp > b->exp) left *= small_power((int)(a->exp - b->exp));
    else if (b->exp > a->exp) right *= small_power((int)(b->exp - a->exp));
    return (left > right) - (left < right);
}

int small_order(const Small *a, const Small *b)
{
    if (!a->coeff && !b->coeff) return 0;
    bool negative = a->coeff ? a->negative : b->negative;
    if (a->coeff && b->coeff && a->negative != b->negative) return a->negative ? -1 : 1;
    int order = order_magnitudes(a, b);
    return negative ? -order : order;
}

/* ---- conversions ---- */

bool small_whole(const Small *a, int64_t *n)
{
    if (a->exp > 0 || a->exp < -SMALL_DIGITS) return false;
    unsigned __int128 whole = a->coeff / small_power((int)-a->exp);
    if (whole > INT64_MAX) return false;
    *n = a->negative ? -(int64_t)whole : (int64_t)whole;
    return true;
}

/* One division of two doubles that are exact is rounded right. */
bool small_double(const Small *a, double *number)
{
    enum { EXACT_POWER = 22 };
    if (a->exp > 0 || a->exp < -EXACT_POWER || a->coeff >> 53) return false;
    double magnitude = (double)(uint64_t)a->coeff / (double)small_power((int)-a->exp);
    *number = a->negative ? -magnitude : magnitude;
    return true;
}

/* ---- text ---- */

bool small_parse(Small *out, const char *text, ptrdiff_t len)
{
    const char *next = text, *end = text + len;
    bool negative = next < end && *next == '-', pointed = false;
    if (next < end && (*next == '-' || *next == '+')) next++;
    unsigned __int128 coeff = 0;
    int64_t exp = 0;
    ptrdiff_t digits = 0;
    for (; next < end; next++) {
        if (*next == '.' && !pointed) pointed = true;
        else if (*next >= '0' && *next <= '9') {
            coeff = coeff * 10 + (unsigned)(*next - '0');
            exp -= pointed;
            if (++digits > SMALL_DIGITS) return false;
        } else return false;
    }
    if (!digits) return false;
    *out = (Small){coeff, exp, negative};
    return true;
}

ptrdiff_t small_text(char *text, const Triple *a)
{
    Small number;
    if (!small_of(&number, a) || a->exp > 0) return 0;
    int digits = small_digits(number.coeff), places = (int)-a->exp;
    if (a->exp < -SMALL_DIGITS || digits + a->exp <= -6) return 0;
    int shown = digits > places ? digits : places + 1;
    char *end = text + number.negative + shown + (places > 0), *at = end;
    for (int i = 0; i < shown; i++) {
        if (i == places && places) *--at = '.';
        uint64_t low = (uint64_t)number.coeff;
        bool one_word = !(number.coeff >> 64);
        *--at = (char)('0' + (one_word ? low % 10 : (uint64_t)(number.coeff % 10)));
        number.coeff = one_word ? low / 10 : number.coeff / 10;
    }
    if (number.negative) *--at = '-';
    return end - text;
}
