/* _gamma.c - the gamma function and its logarithm; see _gamma.h.
 *
 * Lanczos's approximation gamma(x) = sum(x) * (x + g - 1/2)**(x - 1/2) / e**(x + g - 1/2), with the
 * rational sum of 13 terms that is best for 53 bits (Godfrey; Pugh, "An analysis of the Lanczos
 * gamma approximation", 2004).  Negative numbers by reflection:
 * gamma(x) * gamma(-x) * x * sin(pi x) = -pi. */
/* SPDX-License-Identifier: MIT */
#include "_gamma.h"

#include <math.h>

enum { TERMS = 13 };

static const double g = 6.024680040776729583740234375;
static const double g_minus_half = 5.524680040776729583740234375;
static const double log_pi = 1.144729885849400174143427351353058711647;

/* The sum's numerator and denominator, the constant terms first. */
static const double above[TERMS] = {
    23531376880.410759688572007674451636754734846804940,
    42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843,
    17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708,
    1439720407.3117216736632230727949123939715485786772,
    248874557.86205415651146038641322942321632125127801,
    31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768,
    186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024,
    210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408,
};
static const double below[TERMS] = {0.0,      39916800.0, 120543840.0, 150917976.0, 105258076.0,
                                    45995730, 13339535.0, 2637558.0,   357423.0,    32670.0,
                                    1925.0,   66.0,       1.0};

/* For x > 0; large ones are summed in 1/x, so that no power overflows. */
static double lanczos_sum(double x)
{
    double numerator = 0, denominator = 0;
    for (int n = 0; n < TERMS; n++) {
        int term = x < 5 ? TERMS - 1 - n : n;
        numerator = (x < 5 ? numerator * x : numerator / x) + above[term];
        denominator = (x < 5 ? denominator * x : denominator / x) + below[term];
    }
    return numerator / denominator;
}

/* sin(pi * x), exact at the zeros. */
static double sine_of_pi_times(double x)
{
    double y = fmod(fabs(x), 2), r;
    switch ((int)round(2 * y)) {
    case 0: r = sin(M_PI * y); break;
    case 1: r = cos(M_PI * (y - 0.5)); break;
    case 2: r = sin(M_PI * (1 - y)); break; /* keeps the sign of a zero */
    case 3: r = -cos(M_PI * (y - 1.5)); break;
    default: r = sin(M_PI * (y - 2)); break;
    }
    return copysign(1, x) * r;
}

/* n!, exact up to 22!. */
static double factorial(int n)
{
    double product = 1;
    for (int k = 2; k <= n; k++) product *= k;
    return product;
}

/* r times, or by, base ** exponent, which may itself overflow: in two halves when x is large. */
static double times_power(double r, double base, double x, double sign)
{
    if (x < 140) {
        double power = pow(base, x - 0.5);
        return sign > 0 ? r * power : r / power;
    }
    double half = pow(base, x / 2 - 0.25);
    return sign > 0 ? r * half * half : r / half / half;
}

double gamma_of(double x)
{
    double size = fabs(x);
    if (!isfinite(x)) return isnan(x) || x > 0 ? x : NAN;
    if (x == 0) return copysign(INFINITY, x);
    if (x == floor(x)) {
        if (x < 0) return NAN;
        if (x <= 23) return factorial((int)x - 1);
    }
    if (size < 1e-20) return 1 / x;
    if (size > 200) return x > 0 ? INFINITY : 0 / sine_of_pi_times(x);
    double y = size + g_minus_half;
    /* what rounding lost in y */
    double lost = size > g_minus_half ? y - size - g_minus_half : y - g_minus_half - size;
    lost = lost * g / y;
    if (x > 0) {
        double r = lanczos_sum(size) / exp(y);
        return times_power(r + lost * r, y, size, 1);
    }
    double r = -M_PI / sine_of_pi_times(size) / size * exp(y) / lanczos_sum(size);
    return times_power(r - lost * r, y, size, -1);
}

double log_gamma_of(double x)
{
    double size = fabs(x);
    if (!isfinite(x)) return isnan(x) ? x : INFINITY;
    if (x == floor(x) && x <= 2) return x <= 0 ? INFINITY : 0;
    if (size < 1e-20) return -log(size);
    double r = log(lanczos_sum(size)) - g;
    r += (size - 0.5) * (log(size + g - 0.5) - 1);
    return x < 0 ? log_pi - log(fabs(sine_of_pi_times(size))) - log(size) - r : r;
}
