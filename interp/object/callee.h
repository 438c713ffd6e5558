/* callee.h - how messages about a call name what is called. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CALLEE_H
#define AIO_OBJECT_CALLEE_H

#include "object/type.h"

/* "f()", or "module.f()" for what is no builtin; owned. */
Ref callee_text(Vm *vm, Value callee);

#endif
