/* template.h - t-strings: string.templatelib's Template and Interpolation. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TEMPLATE_H
#define AIO_OBJECT_TEMPLATE_H

#include "object/type.h"

typedef struct Template {
    Container head;
    Ref strings, interpolations; /* tuples: one string more than interpolations */
} Template;

typedef struct Interpolation {
    Container head;
    Ref value, expression, conversion, format_spec; /* conversion: 's', 'r', 'a' or None */
} Interpolation;

Ref template_new(Vm *vm, Value strings, Value interpolations); /* borrows both tuples */
Ref interpolation_new(Vm *vm, Value value, Value expression, Value conversion, Value format_spec);

#endif
