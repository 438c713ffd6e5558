/* _cmath.c - the elementary functions of complex numbers whose parts are finite; see _cmath.h.
 *
 * Kahan, "Branch cuts for complex elementary functions, or much ado about nothing's sign bit"
 * (1987): the inverse functions are made of square roots of 1 + z and 1 - z, so that no digit
 * cancels near the ends of a cut, and of atan2, which keeps the sign of a zero.  Parts so
 * large that a square would overflow are halved or quartered first. */
/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "_cmath.h"

static const double large = DBL_MAX / 4;

static bool is_large(double x, double y) { return fabs(x) > large || fabs(y) > large; }

/* log(|x + iy|) where that may be beyond DBL_MAX. */
static double log_large(double x, double y) { return log(hypot(x / 2, y / 2)) + M_LN2; }

/* The same for 2 * |x + iy|. */
static double log_double(double x, double y) { return log(hypot(x / 2, y / 2)) + M_LN2 * 2; }

/* Is e to the power of x near overflow? */
static bool is_steep(double x) { return x > log(large); }

Number complex_sqrt(Number z)
{
    double x = fabs(creal(z)), y = fabs(cimag(z)), s;
    if (x == 0 && y == 0) return number_of(0, cimag(z));
    if (x < DBL_MIN && y < DBL_MIN) { /* subnormals: away from them by an even power of 2 */
        x = ldexp(x, DBL_MANT_DIG | 1);
        s = ldexp(sqrt(x + hypot(x, ldexp(y, DBL_MANT_DIG | 1))), -(DBL_MANT_DIG + 1) / 2);
    } else {
        x /= 8;
        s = 2 * sqrt(x + hypot(x, y / 8));
    }
    double d = y / (2 * s);
    return creal(z) >= 0 ? number_of(s, copysign(d, cimag(z)))
                         : number_of(d, copysign(s, cimag(z)));
}

Number complex_exp(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_steep(x)) {
        double r = exp(x - 1);
        return number_of(r * cos(y) * M_E, r * sin(y) * M_E);
    }
    double r = exp(x);
    return number_of(r * cos(y), r * sin(y));
}

Number complex_log(Number z)
{
    double x = fabs(creal(z)), y = fabs(cimag(z)), real;
    if (is_large(x, y)) real = log_large(x, y);
    else if (x < DBL_MIN && y < DBL_MIN)
        real = log(hypot(ldexp(x, DBL_MANT_DIG), ldexp(y, DBL_MANT_DIG))) - DBL_MANT_DIG * M_LN2;
    else {
        double h = hypot(x, y), more = x > y ? x : y, less = x > y ? y : x;
        real = 0.71 <= h && h <= 1.73 ? log1p((more - 1) * (more + 1) + less * less) / 2 : log(h);
    }
    return number_of(real, atan2(cimag(z), creal(z)));
}

Number complex_sinh(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_steep(fabs(x))) {
        double less = x - copysign(1, x);
        return number_of(cos(y) * sinh(less) * M_E, sin(y) * cosh(less) * M_E);
    }
    return number_of(cos(y) * sinh(x), sin(y) * cosh(x));
}

Number complex_cosh(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_steep(fabs(x))) {
        double less = x - copysign(1, x);
        return number_of(cos(y) * cosh(less) * M_E, sin(y) * sinh(less) * M_E);
    }
    return number_of(cos(y) * cosh(x), sin(y) * sinh(x));
}

Number complex_tanh(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_steep(fabs(x)))
        return number_of(copysign(1, x), 4 * sin(y) * cos(y) * exp(-2 * fabs(x)));
    double tx = tanh(x), ty = tan(y), c = 1 / cosh(x), both = tx * ty;
    double below = 1 + both * both;
    return number_of(tx * (1 + ty * ty) / below, ((ty / below) * c) * c);
}

Number complex_asinh(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_large(x, y)) {
        double real = log_double(x, y);
        return number_of(y >= 0 ? copysign(real, x) : -copysign(real, -x), atan2(y, fabs(x)));
    }
    Number a = complex_sqrt(number_of(1 + y, -x)), b = complex_sqrt(number_of(1 - y, x));
    return number_of(asinh(creal(a) * cimag(b) - creal(b) * cimag(a)),
                     atan2(y, creal(a) * creal(b) - cimag(a) * cimag(b)));
}

Number complex_acosh(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_large(x, y)) return number_of(log_double(x, y), atan2(y, x));
    Number a = complex_sqrt(number_of(x - 1, y)), b = complex_sqrt(number_of(x + 1, y));
    return number_of(asinh(creal(a) * creal(b) + cimag(a) * cimag(b)),
                     2 * atan2(cimag(a), creal(b)));
}

Number complex_acos(Number z)
{
    double x = creal(z), y = cimag(z);
    if (is_large(x, y)) {
        double imag = log_double(x, y);
        return number_of(atan2(fabs(y), x), x < 0 ? -copysign(imag, y) : copysign(imag, -y));
    }
    Number a = complex_sqrt(number_of(1 - x, -y)), b = complex_sqrt(number_of(1 + x, y));
    return number_of(2 * atan2(creal(a), creal(b)),
                     asinh(creal(b) * cimag(a) - cimag(b) * creal(a)));
}

Number complex_atanh(Number z)
{
    double x = creal(z), y = fabs(cimag(z));
    if (signbit(x)) {
        Number other = complex_atanh(number_of(-x, -cimag(z)));
        return number_of(-creal(other), -cimag(other));
    }
    if (x > sqrt(large) || y > sqrt(large)) { /* nearly 1 / z */
        double h = hypot(x / 2, y / 2);
        return number_of(x / 4 / h / h, -copysign(M_PI / 2, -cimag(z)));
    }
    if (x == 1 && y < sqrt(DBL_MIN))
        return number_of(-log(sqrt(y) / sqrt(hypot(y, 2))), copysign(atan2(2, -y) / 2, cimag(z)));
    return number_of(log1p(4 * x / ((1 - x) * (1 - x) + y * y)) / 4,
                     -atan2(-2 * cimag(z), (1 - x) * (1 + x) - y * y) / 2);
}
