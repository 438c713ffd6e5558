/* complex.h - complex numbers; always heap objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_COMPLEX_H
#define AIO_OBJECT_COMPLEX_H

#include "object/type.h"

typedef struct Complex {
    Container head;
    double real, imag;
} Complex;

static inline bool is_complex(Value v) { return is_kind(v, KIND_COMPLEX); }
static inline Complex *as_complex(Value v) { return (Complex *)as_object(v); }

Ref complex_from(Vm *vm, double real, double imag);
/* complex, __complex__, or anything float_from takes; raises TypeError "must be real number, not
 * str". */
bool complex_value(Vm *vm, Value v, double *real, double *imag);
/* (a + bi) ** (c + di) */
Ref complex_power(Vm *vm, double a, double b, double c, double d);

#endif
