/* _cmath.h - the elementary functions of complex numbers whose parts are finite.
 *
 * Written out, not the C library's, so that every last digit is that of CPython on any system.
 * Neighbours: cmath.c (what holds at infinities and NaN, and the errors). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_CMATH_H
#define AIO_STDLIB_CMATH_H

#include <complex.h>
#undef I /* a local name elsewhere */

typedef double complex Number;

/* A complex of exactly these parts (real + imag * I would lose signs and infinities). */
static inline Number number_of(double real, double imag)
{
    union {
        double parts[2];
        Number number;
    } both = {{real, imag}};
    return both.number;
}

Number complex_sqrt(Number z);
Number complex_exp(Number z);
Number complex_log(Number z); /* z is not 0 */
Number complex_sinh(Number z);
Number complex_cosh(Number z);
Number complex_tanh(Number z);
Number complex_asinh(Number z);
Number complex_acosh(Number z);
Number complex_acos(Number z);
Number complex_atanh(Number z); /* z is neither 1 nor -1 */

#endif
