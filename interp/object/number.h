/* number.h - arithmetic and comparison on any values: dispatch to the types' slots by Python's
 * rules. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_NUMBER_H
#define AIO_OBJECT_NUMBER_H

#include "object/type.h"

Ref number_binary(Vm *vm, BinaryOp op, Value a,
                  Value b); /* a op b; small ints and floats first, then slots */
Ref number_inplace(Vm *vm, BinaryOp op, Value a, Value b); /* a op= b: the new value */
Ref number_unary(Vm *vm, UnaryOp op, Value a);
Ref number_power(Vm *vm, Value a, Value b, Value modulus); /* modulus NONE: a ** b */
static inline Ref number_add(Vm *vm, Value a, Value b) { return number_binary(vm, OP2_ADD, a, b); }

/* Does an order (-1, 0, 1 as of a three-way comparison) satisfy op? */
static inline bool order_satisfies(int order, CompareOp op)
{
    switch (op) {
    case CMP_LESS: return order < 0;
    case CMP_LESS_EQUAL: return order <= 0;
    case CMP_EQUAL: return order == 0;
    case CMP_NOT_EQUAL: return order != 0;
    case CMP_GREATER: return order > 0;
    default: return order >= 0;
    }
}

Ref value_compare(Vm *vm, Value a, Value b, CompareOp op); /* rich comparison: any value */
Truth value_test(Vm *vm, Value a, Value b, CompareOp op);  /* its truth */
Truth value_equal(Vm *vm, Value a, Value b); /* identity first, then == : what containers use */
Truth value_truth(Vm *vm, Value v);
bool value_hash(Vm *vm, Value v, int64_t *hash);
Ref value_repr(Vm *vm, Value v);               /* str */
Ref value_str(Vm *vm, Value v);                /* str */
Ref value_ascii(Vm *vm, Value v);              /* str */
Ref value_format(Vm *vm, Value v, Value spec); /* format(v, spec) */
ptrdiff_t value_len(Vm *vm, Value v);          /* -1: raised */
Ref value_get_item(Vm *vm, Value v, Value key);
bool value_set_item(Vm *vm, Value v, Value key, Value item); /* item UNDEF deletes */
Truth value_contains(Vm *vm, Value v, Value item);
Truth value_is_instance(Vm *vm, Value v, Value class_or_tuple); /* with __instancecheck__ */
Truth value_is_subclass(Vm *vm, Value v, Value class_or_tuple);
/* The same for one class without its hooks: type.__instancecheck__ and type.__subclasscheck__. */
Truth instance_check(Vm *vm, Value v, Value cls);
Truth subclass_check(Vm *vm, Value v, Value cls);
/* Guards repr of recursive containers: YES when v's repr is already running (print "..."), else
 * enter. */
Truth repr_enter(Vm *vm, Value v);
void repr_leave(Vm *vm, Value v);

#endif
