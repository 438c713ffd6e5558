/* exceptiongroup.h - ExceptionGroup and except*. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_EXCEPTIONGROUP_H
#define AIO_OBJECT_EXCEPTIONGROUP_H

#include "object/dict.h"
#include "object/exception.h"
#include "object/native.h"

extern const Native *const group_new_native;
extern const Native *const group_methods[];

bool group_init(Vm *vm, Value self, Value args, Dict *keywords);
Ref group_str(Vm *vm, Value self);

static inline bool is_group(const Vm *vm, Value v)
{
    return exception_is(vm, v, BaseExceptionGroup);
}
/* The tuple of nested exceptions; borrowed. */
static inline Value group_exceptions(Value group)
{
    return exception_field(group, GROUP_EXCEPTIONS_FIELD);
}

#endif
