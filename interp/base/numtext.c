/* numtext.c - doubles and integers as text, and text as doubles.
 *
 * Printing: Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020): three products
 * with a 128-bit power of ten, rounded to odd, decide which decimals lie in the interval that
 * reads back as x. Reading: exact double arithmetic for short numbers (Clinger), then one 128-bit
 * product (D. Lemire, "Number parsing at a gigabyte per second", 2021), and big integers for what
 * that cannot decide. Nothing here depends on the locale: what printf says instead of a point is
 * put right.
 * Neighbours: powers10.def (the table), object/float.c, object/numberformat.c. */
/* SPDX-License-Identifier: MIT */
#include "base/numtext.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 Wide;
typedef struct Power10 {
    uint64_t high, low;
} Power10;

enum { POWER10_MIN = -342, POWER10_MAX = 324 };
static const Power10 powers10[] = {
#define POWER10(high, low) {high, low},
#include "base/powers10.def"
};

static const double exact_powers[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static const char digit_pairs[] = "0001020304050607080910111213141516171819202122232425262728293031"
                                  "3233343536373839404142434445464748"
                                  "4950515253545556575859606162636465666768697071727374757677787980"
                                  "8182838485868788899091929394959697"
                                  "9899";

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1075, EXPONENT_MIN = -1074 };

static uint64_t bits_of_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- integers to text ---- */

/* The digits of n, right-aligned so that they end at `end`; where they begin. */
static char *write_digits(uint64_t n, char *end)
{
    while (n >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + 2 * (n % 100), 2);
        n /= 100;
    }
    if (n >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + 2 * n, 2);
        return end;
    }
    *--end = (char)('0' + n);
    return end;
}

static const uint64_t powers_u64[] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

/* How many digits n has. */
static int digit_count(uint64_t n)
{
    int about = (64 - __builtin_clzll(n | 1)) * 1233 >> 12; /* log10(2) is 1233 / 4096, nearly */
    return about + (n >= powers_u64[about] || about == 0);
}

int int64_text(int64_t n, char *buffer)
{
    uint64_t magnitude = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int len = digit_count(magnitude) + (n < 0);
    *buffer = '-';
    buffer[len] = '\0';
    write_digits(magnitude, buffer + len);
    return len;
}

/* ---- doubles to shortest decimals ---- */

typedef struct Decimal {
    uint64_t digits;
    int exponent;
} Decimal; /* digits * 10^exponent */

/* floor(n * 2^-shift) as arithmetic shift: floors of logarithms, valid for the exponents of
 * doubles. */
static int floor_log10_pow2(int e) { return (e * 1262611) >> 22; }
static int floor_log10_three_quarters_pow2(int e) { return (e * 1262611 - 524031) >> 22; }
static int floor_log2_pow10(int e) { return (e * 1741647) >> 19; }

/* g * n / 2^128 rounded to odd: the last bit also says that something was cut off. */
static uint64_t round_to_odd(Power10 g, uint64_t n)
{
    Wide low = (Wide)g.low * n;
    Wide high = (Wide)g.high * n + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* 10^k rounded up where it is not exact. */
static Power10 power10_above(int k)
{
    Power10 g = powers10[k - POWER10_MIN];
    if (k < 0 || k > 55) g.low++;
    return g;
}

/* The shortest decimal in the rounding interval of x > 0, nearest to x when there are several. */
static Decimal shortest_decimal(double x)
{
    uint64_t bits = bits_of_double(x);
    uint64_t fraction = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int biased = (int)(bits >> MANTISSA_BITS);
    uint64_t c = biased ? fraction | UINT64_C(1) << MANTISSA_BITS : fraction;
    int q = (biased ? biased : 1) - EXPONENT_BIAS;
    if (q <= 0 && q > -53 && (c & ((UINT64_C(1) << -q) - 1)) == 0) {
        return (Decimal){c >> -q, 0}; /* a small integer: itself (zeros are cut by the caller) */
    }
    bool even = c % 2 == 0;
    bool closer = fraction == 0 && biased > 1; /* the lower neighbour is half as far */
    int k = closer ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
    int h = q + floor_log2_pow10(-k) + 1;
    Power10 g = power10_above(-k);
    uint64_t lower = round_to_odd(g, (4 * c - 2 + closer) << h) + !even;
    uint64_t value = round_to_odd(g, (4 * c) << h);
    uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - !even;
    uint64_t s = value / 4;
    if (s >= 10) { /* one digit less? */
        uint64_t tens = s / 10;
        bool down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
        if (down != up) return (Decimal){tens + up, k + 1};
    }
    bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up) return (Decimal){s + up, k};
    uint64_t middle = 4 * s + 2;
    bool round_up = value > middle || (value == middle && (s & 1));
    return (Decimal){s + round_up, k};
}

int double_shortest(double x, char *digits, int *point)
{
    if (x == 0) {
        digits[0] = '0';
        *point = 1;
        return 1;
    }
    Decimal decimal = shortest_decimal(x);
    char buffer[INT64_TEXT_MAX];
    char *end = buffer + sizeof buffer;
    char *start = write_digits(decimal.digits, end);
    *point = (int)(end - start) + decimal.exponent;
    while (end[-1] == '0') end--;
    memcpy(digits, start, (size_t)(end - start));
    return (int)(end - start);
}

/* ---- layout ---- */

/* Writes "e+05"; where it ends. */
static char *write_exponent(char *out, int exponent)
{
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    int n = abs(exponent);
    if (n >= 100) *out++ = (char)('0' + n / 100);
    memcpy(out, digit_pairs + 2 * (n % 100), 2);
    return out + 2;
}

/* 0.digits * 10^point without an exponent, with at least one digit after the point. */
static char *write_positional(char *out, const char *digits, int count, int point)
{
    if (point <= 0) {
        memcpy(out, "0.0000", 6);
        out += 2 - point;
        memcpy(out, digits, (size_t)count);
        return out + count;
    }
    if (point >= count) {
        memcpy(out, digits, (size_t)count);
        memset(out + count, '0', (size_t)(point - count));
        out += point;
        *out++ = '.';
        *out++ = '0';
        return out;
    }
    memcpy(out, digits, (size_t)point);
    out[point] = '.';
    memcpy(out + point + 1, digits + point, (size_t)(count - point));
    return out + count + 1;
}

/* d.ddde+XX; no point for a single digit. */
static char *write_scientific(char *out, const char *digits, int count, int point)
{
    *out++ = digits[0];
    if (count > 1) {
        *out++ = '.';
        memcpy(out, digits + 1, (size_t)(count - 1));
        out += count - 1;
    }
    return write_exponent(out, point - 1);
}

static int write_non_finite(double x, bool upper, char *buffer)
{
    const char *text = isnan(x) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf");
    return sprintf(buffer, "%s%s", signbit(x) && !isnan(x) ? "-" : "", text);
}

/* digits laid out as repr does: an exponent when the point lies before 1e-4 or beyond `widest`
 * places. */
static int write_general(bool negative, const char *digits, int count, int point, int widest,
                         char *buffer)
{
    char *out = buffer;
    if (negative) *out++ = '-';
    if (point > -4 && point <= widest) out = write_positional(out, digits, count, point);
    else out = write_scientific(out, digits, count, point);
    *out = '\0';
    return (int)(out - buffer);
}

int double_repr(double x, char *buffer)
{
    if (!isfinite(x)) return write_non_finite(x, false, buffer);
    char digits[18];
    int point;
    int count = double_shortest(fabs(x), digits, &point);
    return write_general(signbit(x) != 0, digits, count, point, 16, buffer);
}

/* ---- fixed precision ---- */

size_t double_format_size(int precision) { return (size_t)(precision < 0 ? 6 : precision) + 400; }

/* Puts a point where a locale's printf wrote something else; the new length. */
static int restore_point(char *text, int len)
{
    int i = text[0] == '-';
    while (text[i] >= '0' && text[i] <= '9') i++;
    if (i == len || text[i] == '.' || text[i] == 'e' || text[i] == 'E') return len;
    int next = i;
    while (next < len && !(text[next] >= '0' && text[next] <= '9') && text[next] != 'e' &&
           text[next] != 'E')
        next++;
    text[i] = '.';
    memmove(text + i + 1, text + next, (size_t)(len - next + 1));
    return len - (next - i) + 1;
}

/* x * 10^k rounded half to even, for x > 0.  false: it is too large, or 128 bits of 10^k leave
 * open which way to round. */
static bool scale_decimal(double x, int k, uint64_t *scaled)
{
    if (k < POWER10_MIN || k > POWER10_MAX) return false;
    uint64_t bits = bits_of_double(x), c = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int biased = (int)(bits >> MANTISSA_BITS);
    if (biased) c |= UINT64_C(1) << MANTISSA_BITS;
    int zeros = __builtin_clzll(c);
    c <<= zeros; /* now x is c * 2^q, and 10^k is g * 2^(floor(log2(10^k)) - 127) or a bit more */
    int q = (biased ? biased : 1) - EXPONENT_BIAS - zeros;
    int shift = -1 - q - floor_log2_pow10(k);
    if (shift < 0 || shift > 63) return false;
    Power10 g = powers10[k - POWER10_MIN];
    bool exact = k >= 0 && k <= 55;
    Wide low = (Wide)g.low * c, high = (Wide)g.high * c + (uint64_t)(low >> 64);
    uint64_t whole = (uint64_t)(high >> 64) >> shift;
    Wide fraction = shift ? high << (64 - shift) : high << 64; /* of 2^128 */
    fraction |= (uint64_t)low >> shift;
    if (!shift) fraction = (Wide)(uint64_t)high << 64 | (uint64_t)low;
    bool rest = shift && (uint64_t)low << (64 - shift);
    Wide half = (Wide)1 << 127, most = exact ? 0 : ((Wide)1 << (64 - shift)) + 1;
    bool up = fraction > half || (fraction == half && (!exact || rest || (whole & 1)));
    if (!up && fraction < half && half - fraction <= most) return false;
    if (whole == UINT64_MAX) return false;
    *scaled = whole + up;
    return true;
}

/* The first count digits of x >= 0, rounded: 0.d1d2... * 10^*point.  false: see above. */
static bool rounded_digits(double x, int count, char *digits, int *point)
{
    if (count > 18) return false;
    if (x == 0) {
        memset(digits, '0', (size_t)count);
        *point = 1;
        return true;
    }
    int exponent;
    frexp(x, &exponent);
    *point = floor_log10_pow2(exponent - 1) + 1; /* or one more */
    uint64_t scaled;
    if (!scale_decimal(x, count - *point, &scaled)) return false;
    if (scaled >= powers_u64[count]) {
        ++*point;
        if (!scale_decimal(x, count - *point, &scaled)) return false;
    }
    write_digits(scaled, digits + count);
    return true;
}

enum { FAST_PRECISION_MAX = 18 };

/* whole.decimals with so many digits after the point, NUL-terminated; the length. */
static int write_fixed(bool negative, uint64_t whole, uint64_t decimals, int precision,
                       char *buffer)
{
    char digits[2 * INT64_TEXT_MAX];
    char *end = digits + sizeof digits, *start = end;
    if (precision) {
        start = write_digits(decimals, end);
        while (end - start < precision) *--start = '0';
        *--start = '.';
    }
    start = write_digits(whole, start);
    if (negative) *--start = '-';
    memcpy(buffer, start, (size_t)(end - start));
    buffer[end - start] = '\0';
    return (int)(end - start);
}

/* %.<precision>f of |x| < 2^53 with no bit below 2^-64: the fraction times 10^precision is exact
 * in 128 bits. -1 when x is not such a number. */
static int format_fixed_fast(double x, int precision, char *buffer)
{
    double magnitude = fabs(x);
    if (precision > FAST_PRECISION_MAX || !(magnitude < 0x1p53)) return -1;
    uint64_t whole = (uint64_t)magnitude;
    double scaled = (magnitude - (double)whole) * 0x1p64;
    uint64_t fraction = (uint64_t)scaled;
    if ((double)fraction != scaled) return -1;
    Wide product = (Wide)fraction * powers_u64[precision];
    uint64_t decimals = (uint64_t)(product >> 64), rest = (uint64_t)product;
    uint64_t half = UINT64_C(1) << 63;
    uint64_t odd = precision ? decimals & 1 : whole & 1;
    if (rest > half || (rest == half && odd)) decimals++;
    if (decimals >= powers_u64[precision]) {
        decimals -= powers_u64[precision];
        whole++;
    }
    return write_fixed(signbit(x), whole, decimals, precision, buffer);
}

/* The same of a number that is small, or has bits below 2^-64. */
static int format_fixed_scaled(double x, int precision, char *buffer)
{
    uint64_t scaled = 0;
    if (precision > FAST_PRECISION_MAX) return -1;
    if (x != 0 && !scale_decimal(fabs(x), precision, &scaled)) return -1;
    uint64_t one = powers_u64[precision];
    return write_fixed(signbit(x), scaled / one, scaled % one, precision, buffer);
}

/* %.<precision>e and g; -1: it takes more digits than rounded_digits gives. */
static int format_scientific_fast(double x, char type, int precision, bool alternate, char *buffer)
{
    char digits[20], *out = buffer;
    int point;
    bool general = type == 'g' || type == 'G';
    int count = general ? (precision ? precision : 1) : precision + 1, widest = count;
    if (!rounded_digits(fabs(x), count, digits, &point)) return -1;
    if (general && !alternate)
        while (count > 1 && digits[count - 1] == '0') count--;
    if (signbit(x)) *out++ = '-';
    if (!general || point < -3 || point > widest) {
        if (count == 1 && alternate) {
            *out++ = digits[0];
            *out++ = '.';
            out = write_exponent(out, point - 1);
        } else {
            out = write_scientific(out, digits, count, point);
        }
        char *mark = memchr(buffer, 'e', (size_t)(out - buffer));
        if (type < 'a' && mark) *mark = 'E';
    } else {
        out = write_positional(out, digits, count, point);
        if (point >= count) out -= alternate ? 1 : 2; /* the 0 of ".0", or both */
    }
    *out = '\0';
    return (int)(out - buffer);
}

/* The first count digits of x, exactly rounded, by printf; buffer is what it writes to. */
static char *printed_digits(double x, int count, char *buffer, int *point)
{
    int len = snprintf(buffer, double_format_size(count), "%.*e", count - 1, x);
    restore_point(buffer, len);
    *point = atoi(strchr(buffer, 'e') + 1) + 1;
    if (count > 1) memmove(buffer + 1, buffer + 2, (size_t)(count - 1));
    return buffer;
}

/* format(x, '.<precision>'): the digits of %e, laid out like repr. */
static int format_repr_like(double x, int precision, bool alternate, char *buffer)
{
    if (precision == 0) precision = 1;
    char few[32], *digits = few; /* laid out over the buffer: not in it */
    int point;
    bool known = rounded_digits(fabs(x), precision, few, &point);
    const char *text = known ? few : printed_digits(fabs(x), precision, buffer, &point);
    int count = precision;
    while (!alternate && count > 1 && text[count - 1] == '0') count--;
    if (count > (int)sizeof few && !(digits = malloc((size_t)count))) abort();
    if (!known) memcpy(digits, text, (size_t)count);
    int len = write_general(signbit(x) != 0, digits, count, point,
                            precision - 1 > 0 ? precision - 1 : 0, buffer);
    if (digits != few) free(digits);
    return len;
}

int double_format(double x, char type, int precision, bool alternate, char *buffer)
{
    if (!isfinite(x)) return write_non_finite(x, type >= 'A' && type <= 'Z', buffer);
    if (type == 'r' && precision < 0) return double_repr(x, buffer);
    if (type == 'r') return format_repr_like(x, precision, alternate, buffer);
    if (precision < 0) precision = 6;
    int len = -1;
    if (type != 'f' && type != 'F')
        len = format_scientific_fast(x, type, precision, alternate, buffer);
    else if (!alternate && (len = format_fixed_fast(x, precision, buffer)) < 0)
        len = format_fixed_scaled(x, precision, buffer);
    if (len >= 0) return len;
    char format[] = "%#.*f";
    format[4] = type;
    if (!alternate) memmove(format + 1, format + 2, 4);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    len = snprintf(buffer, double_format_size(precision), format, precision, x);
#pragma GCC diagnostic pop
    return restore_point(buffer, len);
}

/* ---- composing a double ---- */

/* mantissa * 2^exponent, mantissa standing for a little more when sticky; rounded half to even. */
static double compose(uint64_t mantissa, bool sticky, int64_t exponent)
{
    if (mantissa == 0) return 0;
    int width = 64 - __builtin_clzll(mantissa);
    int64_t lowest = width - 1 + exponent - MANTISSA_BITS; /* exponent of the result's last bit */
    if (lowest < EXPONENT_MIN) lowest = EXPONENT_MIN;
    if (lowest > 2000) return HUGE_VAL;
    int64_t drop = lowest - exponent;
    if (drop > 64) return 0;
    if (drop <= 0) return ldexp((double)mantissa, (int)exponent);
    uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t rest = drop == 64 ? mantissa : mantissa & ((half << 1) - 1);
    if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
    return ldexp((double)kept, (int)lowest);
}

double double_from_ratio(mpz_srcptr numerator, mpz_srcptr denominator)
{
    int sign = mpz_sgn(numerator) * mpz_sgn(denominator);
    if (sign == 0) return 0;
    int64_t magnitude =
        (int64_t)mpz_sizeinbase(numerator, 2) - (int64_t)mpz_sizeinbase(denominator, 2);
    if (magnitude > 1030) return sign * HUGE_VAL;
    if (magnitude < -1080) return sign * 0.0;
    int64_t shift = magnitude - 62; /* the quotient then has 62 or 63 bits */
    mpz_t scaled, quotient, rest;
    mpz_init(scaled);
    mpz_init(quotient);
    mpz_init(rest);
    if (shift < 0) {
        mpz_mul_2exp(scaled, numerator, (mp_bitcnt_t)-shift);
        mpz_tdiv_qr(quotient, rest, scaled, denominator);
    } else {
        mpz_mul_2exp(scaled, denominator, (mp_bitcnt_t)shift);
        mpz_tdiv_qr(quotient, rest, numerator, scaled);
    }
    mpz_abs(quotient, quotient);
    double result = compose(mpz_get_ui(quotient), mpz_sgn(rest) != 0, shift);
    mpz_clear(scaled);
    mpz_clear(quotient);
    mpz_clear(rest);
    return sign < 0 ? -result : result;
}

/* ---- text to doubles ---- */

enum { DIGITS_KEPT = 800 }; /* no double lies between two decimals that first differ later */

/* A decimal number as scanned: its significant digits are text[first .. last), a point perhaps
 * among them. */
typedef struct Scan {
    const char *first, *last;
    uint64_t leading; /* the first 19 significant digits */
    int count;        /* how many those are */
    int64_t exponent; /* leading * 10^exponent, about */
    bool more;        /* a digit that is not 0 was left out of leading */
} Scan;

/* One 128-bit product decides nearly all cases; false: it does not. */
static bool power_product(uint64_t w, int64_t q, double *result)
{
    if (q < POWER10_MIN || q > 308) {
        *result = q < 0 ? 0 : HUGE_VAL;
        return true;
    }
    int zeros = __builtin_clzll(w);
    w <<= zeros;
    Power10 g = powers10[q - POWER10_MIN];
    if (q < 0 && q >= -27) g.low++;
    Wide first = (Wide)w * g.high;
    uint64_t low = (uint64_t)first, high = (uint64_t)(first >> 64);
    if ((high & 0x1ff) == 0x1ff) {
        uint64_t second = (uint64_t)((Wide)w * g.low >> 64);
        low += second;
        if (second > low) high++;
    }
    if (low == UINT64_MAX && (q < -27 || q > 55)) return false;
    int upper = (int)(high >> 63);
    int shift = upper + 64 - MANTISSA_BITS - 3;
    uint64_t mantissa = high >> shift;
    int exponent = (int)((217706 * q) >> 16) + 63 + upper - zeros + 1023;
    if (exponent <= 0) { /* subnormal, or the smallest normal */
        if (1 - exponent >= 64) {
            *result = 0;
            return true;
        }
        mantissa >>= 1 - exponent;
        mantissa = (mantissa + (mantissa & 1)) >> 1;
        *result = ldexp((double)mantissa, EXPONENT_MIN);
        return true;
    }
    /* exactly halfway, which only these powers allow: to even */
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high)
        mantissa &= ~UINT64_C(1);
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >= UINT64_C(2) << MANTISSA_BITS) {
        mantissa = UINT64_C(1) << MANTISSA_BITS;
        exponent++;
    }
    if (exponent >= 0x7ff) {
        *result = HUGE_VAL;
        return true;
    }
    mantissa &= ~(UINT64_C(1) << MANTISSA_BITS);
    *result = double_of_bits(mantissa | (uint64_t)exponent << MANTISSA_BITS);
    return true;
}

/* The exact answer by big integers. */
static double scan_exactly(const Scan *scan)
{
    char digits[DIGITS_KEPT + 2];
    int count = 0, total = 0;
    bool more = false;
    for (const char *p = scan->first; p < scan->last; p++) {
        if (*p == '.') continue;
        if (total < DIGITS_KEPT) digits[count++] = *p;
        else if (*p != '0') more = true;
        if (total < INT32_MAX) total++;
    }
    if (more) digits[count++] = '1';
    digits[count] = '\0';
    int64_t exponent = scan->exponent + scan->count - count;
    mpz_t number, scale;
    mpz_init_set_str(number, digits, 10);
    mpz_init(scale);
    mpz_ui_pow_ui(scale, 10, (unsigned long)llabs(exponent));
    mpz_t one;
    mpz_init_set_ui(one, 1);
    double result;
    if (exponent >= 0) {
        mpz_mul(number, number, scale);
        result = double_from_ratio(number, one);
    } else {
        result = double_from_ratio(number, scale);
    }
    mpz_clear(number);
    mpz_clear(scale);
    mpz_clear(one);
    return result;
}

static double scan_value(const Scan *scan)
{
    if (scan->leading == 0) return 0;
    int64_t magnitude = scan->exponent + scan->count; /* value < 10^magnitude */
    if (magnitude > 310) return HUGE_VAL;
    if (magnitude < -330) return 0;
    if (!scan->more && scan->leading <= UINT64_C(1) << 53) {
        double w = (double)scan->leading;
        if (scan->exponent >= 0 && scan->exponent <= 22) return w * exact_powers[scan->exponent];
        if (scan->exponent < 0 && scan->exponent >= -22) return w / exact_powers[-scan->exponent];
    }
    double low, high;
    if (!power_product(scan->leading, scan->exponent, &low)) return scan_exactly(scan);
    if (!scan->more) return low;
    if (power_product(scan->leading + 1, scan->exponent, &high) && low == high) return low;
    return scan_exactly(scan);
}

/* Digits and a point from *text on; false when there is no digit. */
static bool scan_digits(const char **text, const char *end, Scan *scan)
{
    const char *p = *text;
    bool any = false, point = false;
    *scan = (Scan){.first = NULL};
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9) break;
        any = true;
        if (scan->leading == 0 && digit == 0 && scan->count == 0) {
            if (point) scan->exponent--;
            continue;
        }
        if (!scan->first) scan->first = p;
        if (scan->count < 19) {
            scan->leading = scan->leading * 10 + digit;
            scan->count++;
            if (point) scan->exponent--;
        } else {
            if (digit) scan->more = true;
            if (!point) scan->exponent++;
        }
    }
    scan->last = p;
    *text = p;
    return any;
}

/* "e+10" at *text, added to *exponent (saturating); nothing when it is not complete. */
static void scan_exponent(const char **text, const char *end, int64_t *exponent)
{
    const char *p = *text;
    if (p >= end || (*p != 'e' && *p != 'E')) return;
    p++;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p >= end || *p < '0' || *p > '9') return;
    int64_t n = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (n < INT64_C(1) << 56) n = n * 10 + (*p - '0');
    }
    *exponent += negative ? -n : n;
    *text = p;
}

/* Does text begin with the lower-case word, in any case? */
static bool has_word(const char *text, const char *end, const char *word)
{
    for (; *word; word++, text++) {
        if (text >= end || (*text | 0x20) != *word) return false;
    }
    return true;
}

ptrdiff_t double_scan(const char *text, ptrdiff_t len, double *number)
{
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    Scan scan;
    double value;
    if (has_word(p, end, "inf")) {
        p += has_word(p, end, "infinity") ? 8 : 3;
        value = HUGE_VAL;
    } else if (has_word(p, end, "nan")) {
        p += 3;
        value = (double)NAN;
    } else {
        if (!scan_digits(&p, end, &scan)) return 0;
        scan_exponent(&p, end, &scan.exponent);
        value = scan_value(&scan);
    }
    *number = negative ? -value : value;
    return p - text;
}

/* ---- hexadecimal ---- */

int double_hex(double x, char *buffer)
{
    if (!isfinite(x)) return write_non_finite(x, false, buffer);
    uint64_t bits = bits_of_double(x);
    uint64_t fraction = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int biased = (int)(bits >> MANTISSA_BITS & 0x7ff);
    const char *sign = signbit(x) ? "-" : "";
    if (x == 0) return sprintf(buffer, "%s0x0.0p+0", sign);
    int exponent = biased ? biased - 1023 : -1022;
    return sprintf(buffer, "%s0x%d.%013llxp%+d", sign, biased != 0, (unsigned long long)fraction,
                   exponent);
}

int digit_of_base(unsigned char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* The exponent after 'p', saturating; false when malformed. */
static bool hex_exponent(const char **text, const char *end, int64_t *exponent)
{
    const char *p = *text + 1;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p >= end || *p < '0' || *p > '9') return false;
    int64_t n = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (n < INT64_C(1) << 56) n = n * 10 + (*p - '0');
    }
    *exponent += negative ? -n : n;
    *text = p;
    return true;
}

HexResult double_from_hex(const char *text, ptrdiff_t len, double *number)
{
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (has_word(p, end, "inf") || has_word(p, end, "nan")) {
        return double_scan(text, len, number) == len ? HEX_OK : HEX_INVALID;
    }
    if (end - p >= 2 && p[0] == '0' && (p[1] | 0x20) == 'x') p += 2;
    uint64_t mantissa = 0;
    int64_t exponent = 0;
    bool sticky = false, point = false, any = false;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        int digit = digit_of_base((unsigned char)*p);
        if (digit > 15) break;
        any = true;
        if (mantissa >> 60) {
            sticky |= digit != 0;
            exponent += point ? 0 : 4;
        } else {
            mantissa = mantissa << 4 | (unsigned)digit;
            exponent -= point ? 4 : 0;
        }
    }
    if (!any) return HEX_INVALID;
    if (p < end && (*p | 0x20) == 'p' && !hex_exponent(&p, end, &exponent)) return HEX_INVALID;
    if (p != end) return HEX_INVALID;
    double value = compose(mantissa, sticky, exponent);
    if (isinf(value)) return HEX_OVERFLOW;
    *number = negative ? -value : value;
    return HEX_OK;
}

/* ---- digits and blanks of all scripts ---- */

/* The zeros of the decimal digits of Unicode 16, each followed by its one to nine. */
static const uint32_t digit_zeros[] = {
    0x0030,  0x0660,  0x06f0,  0x07c0,  0x0966,  0x09e6,  0x0a66,  0x0ae6,  0x0b66,  0x0be6,
    0x0c66,  0x0ce6,  0x0d66,  0x0de6,  0x0e50,  0x0ed0,  0x0f20,  0x1040,  0x1090,  0x17e0,
    0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
    0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x10d40,
    0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0,
    0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60,
    0x16ac0, 0x16b50, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0,
    0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
};

int point_digit(uint32_t point)
{
    if (point < 128) return point >= '0' && point <= '9' ? (int)(point - '0') : -1;
    size_t low = 0, high = sizeof digit_zeros / sizeof *digit_zeros;
    while (low < high) { /* the last zero not above point */
        size_t middle = (low + high) / 2;
        if (digit_zeros[middle] <= point) low = middle + 1;
        else high = middle;
    }
    uint32_t distance = point - digit_zeros[low - 1];
    return distance < 10 ? (int)distance : -1;
}

bool point_is_space(uint32_t point)
{
    if (point < 128)
        return point == ' ' || (point >= 9 && point <= 13) || (point >= 28 && point <= 31);
    return point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000;
}
