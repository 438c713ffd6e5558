/* pending.h - what waits for a safe point of the thread it came up in: finalisers, and callbacks of
 * weak references. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_PENDING_H
#define AIO_VM_PENDING_H

#include "object/type.h"

/* Keeps object alive until its finaliser has run (__del__, TypeDef.finalize); object's count is 0
 * and becomes 1. */
void pending_finalizer(Interp *interp, Object *object);
/* callable(argument) at the next safe point; both stolen. Errors are reported as unraisable. */
void pending_call(Interp *interp, Ref callable, Ref argument);
/* object, whose count is 0, dies where script code may run: its finaliser runs now. */
void object_dies(Vm *vm, Object *object);
/* Runs everything that waits in this thread; false: nothing did, or it is being run. */
bool pending_run(Vm *vm);
void pending_close(Vm *vm);

#endif
