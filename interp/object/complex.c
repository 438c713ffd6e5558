/* complex.c - complex numbers.
 *
 * Arithmetic follows C99 annex G: a real operand is not widened to complex (so the signs of zeros
 * survive), and a product or quotient that came out NaN + NaN j although an operand is infinite is
 * computed again as infinity or 0.
 * Neighbours: complexmethods.c (the type), float.c, numberformat.c (format). */
/* SPDX-License-Identifier: MIT */
#include "object/complex.h"

#include <stdlib.h>

#include "base/numtext.h"
#include "object/call.h"
#include "object/complexnumber.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"

Ref complex_from(Vm *vm, double real, double imag)
{
    Complex *object = object_new(vm, type_builtin(vm, KIND_COMPLEX)->shape, sizeof(Complex));
    if (!object) return FAIL;
    object->real = real;
    object->imag = imag;
    return from_object(object);
}

Truth complex_by_method(Vm *vm, Value v, double *real, double *imag)
{
    if (is_complex(v)) {
        *real = as_complex(v)->real;
        *imag = as_complex(v)->imag;
        return YES;
    }
    if (!(type_of(vm, v)->flags & TYPE_HEAP)) return NO;
    Ref result = call_special(vm, v, N(__complex__), 0, NULL);
    if (absent(result)) return NO;
    if (failed(result)) return FAILED;
    bool good = is_complex(result);
    if (!good)
        throw(vm, TypeError, "%T.__complex__() must return a complex, not %T", v, (Value)result);
    else if (!is_exact(result, KIND_COMPLEX))
        good = warn(
            vm, DeprecationWarning, 1,
            "%T.__complex__() must return a complex, not %T.  The ability to return an instance "
            "of a strict subclass of complex is deprecated, and may be removed in a future "
            "version of Python.",
            v, (Value)result);
    if (good) {
        *real = as_complex(result)->real;
        *imag = as_complex(result)->imag;
    }
    decref(result);
    return good ? YES : FAILED;
}

bool complex_value(Vm *vm, Value v, double *real, double *imag)
{
    Truth done = complex_by_method(vm, v, real, imag);
    if (done != NO) return done == YES;
    *imag = 0;
    return float_from(vm, v, real);
}

/* ---- arithmetic on parts ---- */

/* 1 or 0 with the sign of x: what an infinity counts for when a product is computed again. */
static double unit(double x) { return copysign(isinf(x) ? 1 : 0, x); }
static double without_nan(double x) { return isnan(x) ? copysign(0, x) : x; }
static bool any_infinite(Parts z) { return isinf(z.real) || isinf(z.imag); }

/* An infinite operand made a product NaN: the product of what the infinities stand for. */
static Parts recover_product(Parts a, Parts b, Parts product)
{
    bool again = false;
    if (any_infinite(a)) {
        a = (Parts){unit(a.real), unit(a.imag)};
        b = (Parts){without_nan(b.real), without_nan(b.imag)};
        again = true;
    }
    if (any_infinite(b)) {
        b = (Parts){unit(b.real), unit(b.imag)};
        a = (Parts){without_nan(a.real), without_nan(a.imag)};
        again = true;
    }
    if (!again && (isinf(a.real * b.real) || isinf(a.imag * b.imag) || isinf(a.real * b.imag) ||
                   isinf(a.imag * b.real))) {
        a = (Parts){without_nan(a.real), without_nan(a.imag)};
        b = (Parts){without_nan(b.real), without_nan(b.imag)};
        again = true;
    }
    if (!again) return product;
    return (Parts){HUGE_VAL * (a.real * b.real - a.imag * b.imag),
                   HUGE_VAL * (a.real * b.imag + a.imag * b.real)};
}

static Parts multiply(Parts a, Parts b)
{
    Parts product = {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
    if (isnan(product.real) && isnan(product.imag)) return recover_product(a, b, product);
    return product;
}

/* a / b by Smith's method: scaled by the larger part of b, so that nothing overflows early. b is
 * not 0. */
static Parts quotient_of(Parts a, Parts b)
{
    Parts result;
    if (fabs(b.real) >= fabs(b.imag)) {
        double ratio = b.imag / b.real, denominator = b.real + b.imag * ratio;
        result.real = (a.real + a.imag * ratio) / denominator;
        result.imag = (a.imag - a.real * ratio) / denominator;
    } else if (fabs(b.imag) >= fabs(b.real)) {
        double ratio = b.real / b.imag, denominator = b.real * ratio + b.imag;
        result.real = (a.real * ratio + a.imag) / denominator;
        result.imag = (a.imag * ratio - a.real) / denominator;
    } else {
        result = (Parts){(double)NAN, (double)NAN};
    }
    if (!isnan(result.real) || !isnan(result.imag)) return result;
    if (any_infinite(a) && isfinite(b.real) && isfinite(b.imag)) {
        double x = unit(a.real), y = unit(a.imag);
        result.real = HUGE_VAL * (x * b.real + y * b.imag);
        result.imag = HUGE_VAL * (y * b.real - x * b.imag);
    } else if (any_infinite(b) && isfinite(a.real) && isfinite(a.imag)) {
        double x = unit(b.real), y = unit(b.imag);
        result.real = 0 * (a.real * x + a.imag * y);
        result.imag = 0 * (a.imag * x - a.real * y);
    }
    return result;
}

enum { SMALL_POWER_MAX = 100 };

/* z ** n by squaring */
static Parts whole_power(Parts z, int n)
{
    Parts result = {1, 0};
    for (int left = abs(n); left > 0; left >>= 1) {
        if (left & 1) result = multiply(result, z);
        z = multiply(z, z);
    }
    return n < 0 ? quotient_of((Parts){1, 0}, result) : result;
}

static Parts general_power(Parts a, Parts b)
{
    double length = pow(hypot(a.real, a.imag), b.real);
    double angle = atan2(a.imag, a.real), phase = angle * b.real;
    if (b.imag != 0) {
        length *= exp(-angle * b.imag);
        phase += b.imag * log(hypot(a.real, a.imag));
    }
    return (Parts){length * cos(phase), length * sin(phase)};
}

Ref complex_power(Vm *vm, double a, double b, double c, double d)
{
    Parts base = {a, b}, exponent = {c, d}, result;
    if (c == 0 && d == 0) return complex_from(vm, 1, 0);
    bool zero = a == 0 && b == 0;
    if (zero && (d != 0 || c < 0))
        return throw(vm, ZeroDivisionError, "zero to a negative or complex power");
    if (d == 0 && c == floor(c) && fabs(c) <= SMALL_POWER_MAX) result = whole_power(base, (int)c);
    else if (zero) result = (Parts){0, 0};
    else result = general_power(base, exponent);
    if (any_infinite(result)) return throw(vm, OverflowError, "complex exponentiation");
    return complex_from(vm, result.real, result.imag);
}

/* ---- operands ---- */

/* A complex, float or int operand: YES, with *is_real telling whether it has only a real part; NO:
 * neither. */
static Truth operand(Vm *vm, Value v, Parts *parts, bool *is_real)
{
    *is_real = !is_complex(v);
    if (is_complex(v)) {
        *parts = (Parts){as_complex(v)->real, as_complex(v)->imag};
        return YES;
    }
    parts->imag = 0;
    if (is_any_float(v)) {
        parts->real = float_value(v);
        return YES;
    }
    if (!is_any_int(v)) return NO;
    bool ok;
    parts->real = int_to_double(vm, v, &ok);
    return ok ? YES : FAILED;
}

/* a / b where b may be real. */
static Ref divide(Vm *vm, Parts a, Parts b, bool b_real)
{
    if (b.real == 0 && b.imag == 0) return throw(vm, ZeroDivisionError, "division by zero");
    if (b_real) return complex_from(vm, a.real / b.real, a.imag / b.real);
    Parts result = quotient_of(a, b);
    return complex_from(vm, result.real, result.imag);
}

static Ref product(Vm *vm, Parts a, bool a_real, Parts b, bool b_real)
{
    if (b_real) return complex_from(vm, a.real * b.real, a.imag * b.real);
    if (a_real) return complex_from(vm, a.real * b.real, a.real * b.imag);
    Parts result = multiply(a, b);
    return complex_from(vm, result.real, result.imag);
}

Ref complex_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    Parts x, y;
    bool x_real, y_real;
    if (op != OP2_ADD && op != OP2_SUB && op != OP2_MUL && op != OP2_TRUEDIV && op != OP2_POW)
        return NOT_IMPLEMENTED;
    Truth left = operand(vm, a, &x, &x_real);
    Truth right = left == YES ? operand(vm, b, &y, &y_real) : left;
    if (right != YES) return right == NO ? NOT_IMPLEMENTED : FAIL;
    switch (op) {
    case OP2_ADD:
        return complex_from(vm, x.real + y.real,
                            y_real   ? x.imag
                            : x_real ? y.imag
                                     : x.imag + y.imag);
    case OP2_SUB:
        return complex_from(vm, x.real - y.real,
                            y_real   ? x.imag
                            : x_real ? -y.imag
                                     : x.imag - y.imag);
    case OP2_MUL: return product(vm, x, x_real, y, y_real);
    case OP2_TRUEDIV: return divide(vm, x, y, y_real);
    default: return complex_power(vm, x.real, x.imag, y.real, y.imag);
    }
}

Ref complex_power_slot(Vm *vm, Value a, Value b, Value modulus)
{
    if (is_none(modulus)) return complex_binary(vm, OP2_POW, a, b);
    return throw(vm, ValueError, "complex modulo");
}

Ref complex_unary(Vm *vm, UnaryOp op, Value self)
{
    double real = as_complex(self)->real, imag = as_complex(self)->imag;
    switch (op) {
    case OP1_NEG: return complex_from(vm, -real, -imag);
    case OP1_POS: return complex_from(vm, real, imag);
    case OP1_ABS: {
        double length = hypot(real, imag);
        if (isinf(length) && isfinite(real) && isfinite(imag))
            return throw(vm, OverflowError, "absolute value too large");
        return from_float(length);
    }
    default: return NOT_IMPLEMENTED;
    }
}

Ref complex_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (op != CMP_EQUAL && op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    if (!is_complex(a)) {
        Value swapped = a;
        a = b;
        b = swapped;
    }
    const Complex *z = as_complex(a);
    bool equal;
    if (is_complex(b)) equal = z->real == as_complex(b)->real && z->imag == as_complex(b)->imag;
    else if (is_any_float(b)) equal = z->imag == 0 && z->real == float_value(b);
    else if (is_any_int(b))
        equal = z->imag == 0 && !isnan(z->real) && int_compare_double(b, z->real) == 0;
    else return NOT_IMPLEMENTED;
    return from_bool(equal == (op == CMP_EQUAL));
}
