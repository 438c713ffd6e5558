/* complexnumber.h - what complex.c (arithmetic) and complexmethods.c (the type) share. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_COMPLEXNUMBER_H
#define AIO_OBJECT_COMPLEXNUMBER_H

#include "object/type.h"

typedef struct Parts {
    double real, imag;
} Parts;

/* A complex, or what __complex__ makes of v; NO: v has none. */
Truth complex_by_method(Vm *vm, Value v, double *real, double *imag);

/* The slots of complex; ints and floats mix in. */
Ref complex_binary(Vm *vm, BinaryOp op, Value a, Value b);
Ref complex_power_slot(Vm *vm, Value a, Value b, Value modulus);
Ref complex_unary(Vm *vm, UnaryOp op, Value self);
Ref complex_compare(Vm *vm, Value a, Value b, CompareOp op);

#endif
