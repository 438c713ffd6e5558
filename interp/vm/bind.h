/* bind.h - arguments of a call onto the parameters of a script function. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_BIND_H
#define AIO_VM_BIND_H

#include "object/function.h"

/* Fills window[0 .. code->parameters) with owned values for the call function(args); the window's
 * slots hold no references before.  false: TypeError raised, the window holds none again. */
bool bind_arguments(Vm *vm, Function *function, const Args *args, Ref *window);

/* The quick way for functions without *args and **kwargs: moves the arguments, or answers false
 * having done nothing. */
bool bind_by_name(Function *function, Ref *args, int argc, Value kwnames, Ref *window);

#endif
