/* cmath.c - the module cmath: functions of complex numbers, over the C library's.
 *
 * The C library follows Annex G of the C standard in what it gives for zeros, infinities and NaNs;
 * what it cannot do is raise: a pole or an infinite angle is a ValueError, an infinite result from
 * finite numbers an OverflowError.
 * Neighbours: math.c. */
/* SPDX-License-Identifier: MIT */
#include <complex.h>
#undef I /* a local name elsewhere */

#include "native.h"

typedef double _Complex Number;

/* real + imag * I would spoil infinities and signs of zero; clang 14 has no CMPLX. */
static Number number_of(double real, double imag)
{
    union {
        double parts[2];
        Number number;
    } both = {{real, imag}};
    return both.number;
}
static bool is_finite_number(Number z) { return isfinite(creal(z)) && isfinite(cimag(z)); }

static bool number_from(Vm *vm, Value v, Number *z)
{
    double real, imag;
    if (!complex_value(vm, v, &real, &imag)) return false;
    *z = number_of(real, imag);
    return true;
}

static Ref domain_error(Vm *vm) { return throw(vm, ValueError, "math domain error"); }
static Ref range_error(Vm *vm) { return throw(vm, OverflowError, "math range error"); }

/* The result w for z as a complex; an infinity from finite parts is out of range. */
static Ref result(Vm *vm, Number z, Number w)
{
    if (is_finite_number(z) && (isinf(creal(w)) || isinf(cimag(w)))) return range_error(vm);
    return complex_from(vm, creal(w), cimag(w));
}

/* Where a function is not defined. */
static bool nowhere(Number z __attribute__((unused))) { return false; }
static bool at_zero(Number z) { return creal(z) == 0 && cimag(z) == 0; }
static bool at_real_one(Number z) { return fabs(creal(z)) == 1 && cimag(z) == 0; }
static bool at_imag_one(Number z) { return creal(z) == 0 && fabs(cimag(z)) == 1; }
static bool real_infinite(Number z) { return isinf(creal(z)) && !isnan(cimag(z)); }
static bool imag_infinite(Number z) { return isinf(cimag(z)) && !isnan(creal(z)); }
static bool imag_infinite_only(Number z) { return isinf(cimag(z)) && isfinite(creal(z)); }
static bool real_infinite_only(Number z) { return isinf(creal(z)) && isfinite(cimag(z)); }
static bool angle_infinite(Number z)
{
    return isinf(cimag(z)) && (isfinite(creal(z)) || (isinf(creal(z)) && creal(z) > 0));
}

static Number common_log(Number z)
{
    Number w = clog(z);
    return number_of(creal(w) / M_LN10, cimag(w) / M_LN10);
}

/* C has pi / 2 for the imaginary part of acosh(nan * 1j). */
static Number inverse_cosh(Number z)
{
    return creal(z) == 0 && isnan(cimag(z)) ? number_of(NAN, NAN) : cacosh(z);
}

/* C has 0 for the real part of tanh(nan * 1j), and for the imaginary one of tan(nan). */
static Number hyperbolic_tangent(Number z)
{
    return creal(z) == 0 && isnan(cimag(z)) ? number_of(NAN, NAN) : ctanh(z);
}
static Number tangent(Number z)
{
    return cimag(z) == 0 && isnan(creal(z)) ? number_of(NAN, NAN) : ctan(z);
}

#define FUNCTION(name, body, undefined, text)                                                      \
    NATIVE(cmath_##name, #name "(z, /)", text)                                                     \
    {                                                                                              \
        Number z;                                                                                  \
        if (!number_from(vm, argv[0], &z)) return FAIL;                                            \
        return undefined(z) ? domain_error(vm) : result(vm, z, body(z));                           \
    }
FUNCTION(acos, cacos, nowhere, "The arc cosine of z, cut along the real axis outside of -1 to 1.")
FUNCTION(acosh, inverse_cosh, nowhere, "The inverse hyperbolic cosine of z, cut below 1.")
FUNCTION(asin, casin, nowhere, "The arc sine of z, cut along the real axis outside of -1 to 1.")
FUNCTION(asinh, casinh, nowhere, "The inverse hyperbolic sine of z, cut beyond -1j and 1j.")
FUNCTION(atan, catan, at_imag_one, "The arc tangent of z, cut beyond -1j and 1j.")
FUNCTION(atanh, catanh, at_real_one, "The inverse hyperbolic tangent of z, cut beyond -1 and 1.")
FUNCTION(cos, ccos, real_infinite, "The cosine of z.")
FUNCTION(cosh, ccosh, imag_infinite, "The hyperbolic cosine of z.")
FUNCTION(exp, cexp, angle_infinite, "e raised to the power of z.")
FUNCTION(log10, common_log, at_zero, "The base-10 logarithm of z.")
FUNCTION(sin, csin, real_infinite, "The sine of z.")
FUNCTION(sinh, csinh, imag_infinite, "The hyperbolic sine of z.")
FUNCTION(sqrt, csqrt, nowhere, "The square root of z that is not left of the imaginary axis.")
FUNCTION(tan, tangent, real_infinite_only, "The tangent of z.")
FUNCTION(tanh, hyperbolic_tangent, imag_infinite_only, "The hyperbolic tangent of z.")

NATIVE(cmath_log, "log(z, base=?, /)",
       "The logarithm of z to base, or the natural one; cut along the negative real axis.")
{
    Number z, base;
    if (!number_from(vm, argv[0], &z)) return FAIL;
    if (absent(argv[1])) return at_zero(z) ? domain_error(vm) : result(vm, z, clog(z));
    if (!number_from(vm, argv[1], &base)) return FAIL;
    if (at_zero(z) || at_zero(base)) return domain_error(vm);
    Number divisor = clog(base);
    if (at_zero(divisor)) return domain_error(vm);
    Ref above = complex_from(vm, creal(clog(z)), cimag(clog(z))), out = FAIL;
    Ref below = failed(above) ? FAIL : complex_from(vm, creal(divisor), cimag(divisor));
    if (!failed(below)) out = number_binary(vm, OP2_TRUEDIV, above, below);
    decref(above);
    decref(below);
    return out;
}

NATIVE(cmath_phase, "phase(z, /)", "The angle of z, in radians from -pi to pi.")
{
    Number z;
    return number_from(vm, argv[0], &z) ? from_float(atan2(cimag(z), creal(z))) : FAIL;
}
NATIVE(cmath_polar, "polar(z, /)", "The distance of z from zero and its angle: (r, phi).")
{
    Number z;
    if (!number_from(vm, argv[0], &z)) return FAIL;
    double r = hypot(creal(z), cimag(z));
    if (isinf(r) && is_finite_number(z)) return range_error(vm);
    return tuple_pack(vm, 2, (Value)from_float(r), (Value)from_float(atan2(cimag(z), creal(z))));
}
NATIVE(cmath_rect, "rect(r, phi, /)", "The complex at distance r from zero and angle phi.")
{
    double r, phi;
    if (!float_from(vm, argv[0], &r) || !float_from(vm, argv[1], &phi)) return FAIL;
    if (isinf(phi) && r != 0 && !isnan(r)) return domain_error(vm);
    if (r == 0 && !isfinite(phi)) return complex_from(vm, 0, 0);
    if (isinf(r) && isfinite(phi) && phi != 0)
        return complex_from(vm, copysign(INFINITY, cos(phi)) * (r < 0 ? -1 : 1),
                            copysign(INFINITY, sin(phi)) * (r < 0 ? -1 : 1));
    if (isnan(r) && phi == 0) return complex_from(vm, r, 0);
    if (isinf(r) && isnan(phi)) return complex_from(vm, INFINITY, NAN);
    if (phi == 0)
        return complex_from(vm, r, isinf(r) ? copysign(0, phi) * (r < 0 ? -1 : 1) : r * phi);
    return complex_from(vm, r * cos(phi), r * sin(phi));
}

NATIVE(cmath_isfinite, "isfinite(z, /)", "Are both parts of z finite?")
{
    Number z;
    return number_from(vm, argv[0], &z) ? from_bool(is_finite_number(z)) : FAIL;
}
NATIVE(cmath_isinf, "isinf(z, /)", "Is a part of z infinite?")
{
    Number z;
    if (!number_from(vm, argv[0], &z)) return FAIL;
    return from_bool(isinf(creal(z)) || isinf(cimag(z)));
}
NATIVE(cmath_isnan, "isnan(z, /)", "Is a part of z not a number?")
{
    Number z;
    if (!number_from(vm, argv[0], &z)) return FAIL;
    return from_bool(isnan(creal(z)) || isnan(cimag(z)));
}
NATIVE(cmath_isclose, "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)",
       "Are a and b no further apart than rel_tol of the larger one, or than abs_tol?")
{
    Number a, b;
    double relative, absolute;
    if (!number_from(vm, argv[0], &a) || !number_from(vm, argv[1], &b) ||
        !float_from(vm, argv[2], &relative) || !float_from(vm, argv[3], &absolute))
        return FAIL;
    if (relative < 0 || absolute < 0)
        return throw(vm, ValueError, "tolerances must be non-negative");
    if (creal(a) == creal(b) && cimag(a) == cimag(b)) return TRUE;
    if (isinf(creal(a)) || isinf(cimag(a)) || isinf(creal(b)) || isinf(cimag(b))) return FALSE;
    double apart = cabs(a - b);
    return from_bool(apart <= relative * cabs(b) || apart <= relative * cabs(a) ||
                     apart <= absolute);
}

static bool cmath_open(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        double real, imag;
    } numbers[] = {{"infj", 0, (double)INFINITY}, {"nanj", 0, (double)NAN}};
    for (int i = 0; i < 2; i++) {
        Ref number = complex_from(vm, numbers[i].real, numbers[i].imag);
        if (failed(number) || !module_set(vm, module, numbers[i].name, number)) return false;
    }
    return module_set(vm, module, "pi", from_float(M_PI)) &&
           module_set(vm, module, "e", from_float(M_E)) &&
           module_set(vm, module, "tau", from_float(2 * M_PI)) &&
           module_set(vm, module, "inf", from_float(INFINITY)) &&
           module_set(vm, module, "nan", from_float(NAN));
}

static const Native *const cmath_functions[] = {
    &cmath_acos_def,     &cmath_acosh_def,   &cmath_asin_def,  &cmath_asinh_def,
    &cmath_atan_def,     &cmath_atanh_def,   &cmath_cos_def,   &cmath_cosh_def,
    &cmath_exp_def,      &cmath_isclose_def, &cmath_isinf_def, &cmath_isnan_def,
    &cmath_isfinite_def, &cmath_log_def,     &cmath_log10_def, &cmath_phase_def,
    &cmath_polar_def,    &cmath_rect_def,    &cmath_sin_def,   &cmath_sinh_def,
    &cmath_sqrt_def,     &cmath_tan_def,     &cmath_tanh_def,  NULL,
};
const ModuleDef cmath_module = {
    .name = "cmath",
    .doc = "Functions of complex numbers.",
    .functions = cmath_functions,
    .open = cmath_open,
};
