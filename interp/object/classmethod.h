/* classmethod.h - classmethod and staticmethod: wrappers that change how a function is bound. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CLASSMETHOD_H
#define AIO_OBJECT_CLASSMETHOD_H

#include "object/type.h"

typedef struct Wrapper { /* KIND_CLASSMETHOD, KIND_STATICMETHOD; an attribute slot follows */
    Container head;
    Ref function;
} Wrapper;

static inline Wrapper *as_wrapper(Value v) { return (Wrapper *)as_object(v); }

Ref classmethod_new(Vm *vm, Value function);
Ref staticmethod_new(Vm *vm, Value function);

#endif
