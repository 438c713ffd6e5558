/* exceptionfield.h - what each exception class adds to BaseException. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_EXCEPTIONFIELD_H
#define AIO_OBJECT_EXCEPTIONFIELD_H

#include "object/dict.h"
#include "object/exception.h"

/* The definition of a builtin exception class, and what its fields are: its own or its base's. */
typedef struct ExceptionDef {
    TypeDef def;
    const struct Family *family;
} ExceptionDef;

/* Completes the definition of class id: attributes, methods, constructor, family. */
void fields_define(ExceptionDef *made, const ExceptionDef *base, ExcId id);
/* Does type's __init__ take keyword arguments (ImportError, AttributeError ...)? */
bool fields_take_keywords(const Vm *vm, const Type *type);
/* Sets the fields of self from constructor arguments (keywords NULL: none); false: raised. */
bool fields_init(Vm *vm, Value self, Value args, Dict *keywords);
/* str() where a class has its own; UNDEF: BaseException's. */
Ref fields_str(Vm *vm, Value self);
/* For pickle: the arguments that make self again; into state the fields that they do not tell. */
Ref fields_reduce_args(Vm *vm, Value self);
bool fields_state(Vm *vm, Value self, Dict *state);
/* str(args[0]) or str(args): BaseException's. */
Ref exception_plain_str(Vm *vm, Value self);

#endif
