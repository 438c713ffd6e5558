/* float.h - doubles; a float instance of a script's subclass is a heap object. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_FLOAT_H
#define AIO_OBJECT_FLOAT_H

#include "object/type.h"

typedef struct FloatObject {
    Container head;
    double number;
} FloatObject; /* subclasses of float only */

static inline bool is_any_float(Value v) { return is_float(v) || is_kind(v, KIND_FLOAT); }
static inline double float_value(Value v)
{
    return is_float(v) ? as_float(v) : ((FloatObject *)as_object(v))->number;
}
/* float, int, __float__ or __index__ as a double; raises TypeError "must be real number, not str".
 */
bool float_from(Vm *vm, Value v, double *number);
int64_t float_hash(double number);
Ref float_repr_of(Vm *vm, double number);
double float_mod(double a, double b);      /* Python's %: sign of b; b is not 0 */
double float_floordiv(double a, double b); /* Python's //; b is not 0 */

/* float(v): numbers and text; and the text alone (str or bytes-like). */
bool float_from_value(Vm *vm, Value v, double *number);
bool float_from_str(Vm *vm, Value v, double *number);
/* text without its underscores in out (len bytes); the length, -1 when one does not stand between
 * digits. */
ptrdiff_t number_cut_underscores(const char *text, ptrdiff_t len, char *out);
/* The slots of float; ints mix in, NOT_IMPLEMENTED for anything else. */
Ref float_binary(Vm *vm, BinaryOp op, Value a, Value b);
Ref float_power(Vm *vm, Value a, Value b, Value modulus);
Ref float_unary(Vm *vm, UnaryOp op, Value self);
Ref float_compare(Vm *vm, Value a, Value b, CompareOp op);

#endif
