/* call.h - calling a script value from C.  Declared here, implemented in vm/call.c.
 *
 * These run on the C stack (bounded: RecursionError first).  Arguments are borrowed. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CALL_H
#define AIO_OBJECT_CALL_H

#include "object/type.h"

Ref call_args(Vm *vm, Value callee, const Args *args);
Ref call(Vm *vm, Value callee, int argc, Value *argv);
Ref call0(Vm *vm, Value callee);
Ref call1(Vm *vm, Value callee, Value a);
Ref call2(Vm *vm, Value callee, Value a, Value b);
/* callee(*args, **kwargs): a tuple; a dict, or anything else for none. */
Ref call_unpacked(Vm *vm, Value callee, Value args, Value kwargs);

/* object.name(argv...), name an interned str. */
Ref call_method(Vm *vm, Value object, Value name, int argc, Value *argv);

/* The special method `name` looked up on the type only, called with self: UNDEF when the type has
 * none. */
Ref call_special(Vm *vm, Value self, Value name, int argc, Value *argv);

/* For super() without arguments: the running function's __class__ cell content and its first
 * argument (owned); false: raised RuntimeError. */
bool frame_super(Vm *vm, Ref *cls, Ref *self);

/* The global `name` of the innermost running script function, borrowed, or UNDEF. */
Value frame_global(Vm *vm, Value name);

/* Enter and leave C recursion; false: RecursionError raised. */
bool recursion_enter(Vm *vm);
void recursion_leave(Vm *vm);

/* For C recursion too quick to be counted: false, RecursionError raised, where the C stack ends. */
bool stack_overflow(Vm *vm);
static inline bool stack_enough(Vm *vm)
{
    if (__builtin_expect((char *)__builtin_frame_address(0) > vm->c_stack_limit, 1)) return true;
    return stack_overflow(vm);
}

/* Runs what waits for a safe point (signals, finalisers, cycle collection); false: an exception was
 * raised. */
bool safe_point(Vm *vm);

#endif
