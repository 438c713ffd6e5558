/* exceptionfield.h - what each exception class adds to BaseException. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_EXCEPTIONFIELD_H
#define AIO_OBJECT_EXCEPTIONFIELD_H

#include "object/dict.h"
#include "object/exception.h"

/* Completes the definition of class id: attributes, methods, constructor. */
void fields_define(TypeDef *def, ExcId id);
/* Does type's __init__ take keyword arguments (ImportError, AttributeError ...)? */
bool fields_take_keywords(const Vm *vm, const Type *type);
/* Sets the fields of self from constructor arguments; false: raised. */
bool fields_init(Vm *vm, Value self, Value args, Dict *keywords);
/* str() where a class has its own; UNDEF: BaseException's. */
Ref fields_str(Vm *vm, Value self);
/* For pickle: the arguments that make self again; into state the fields that they do not tell. */
Ref fields_reduce_args(Vm *vm, Value self);
bool fields_state(Vm *vm, Value self, Dict *state);
/* str(args[0]) or str(args): BaseException's. */
Ref exception_plain_str(Vm *vm, Value self);

#endif
