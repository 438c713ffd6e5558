/* half.c - floats of 16 bits: a sign, five bits of exponent, ten of fraction (IEEE 754 binary16).
 *
 * Neighbours: stdlib/_struct.c, object/memoryview.c (format 'e'). */
/* SPDX-License-Identifier: MIT */
#include "base/half.h"

#include <math.h>

double half_value(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double fraction = bits & 0x3FF;
    double value = exponent == 31 ? (fraction != 0 ? (double)NAN : (double)INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

bool half_bits(double x, uint16_t *bits)
{
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    int exponent;
    if (isnan(x) || isinf(x)) {
        *bits = sign | (isnan(x) ? 0x7E00 : 0x7C00);
        return true;
    }
    if (x == 0) {
        *bits = sign;
        return true;
    }
    frexp(x, &exponent); /* |x| in [2^(exponent-1), 2^exponent) */
    int unit = exponent - 11 < -24 ? -24 : exponent - 11;
    double digits = rint(ldexp(fabs(x), -unit)); /* of 2^unit; 1024 to 2048 unless subnormal */
    uint32_t value = (uint32_t)digits + (uint32_t)(unit + 24) * 1024;
    if (value >= 0x7C00) return false;
    *bits = (uint16_t)(sign | value);
    return true;
}
