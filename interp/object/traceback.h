/* traceback.h - tracebacks as objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TRACEBACK_H
#define AIO_OBJECT_TRACEBACK_H

#include "object/exception.h"

/* The frame of a step, a Traceback. */
Ref traceback_frame(Vm *vm, Value step);

/* There is no memory for what belongs to an exception (stolen) that was raised: the MemoryError in
 * vm->error takes its place and has it for its context. */
void traceback_lost(Vm *vm, Ref exception);

/* A frame is left whose steps in the traceback of exception, and of what that was raised in place
 * of, were added when it still went on in a handler: they get its variables, which are taken out of
 * registers when frame, what scripts see of it, is absent. */
void traceback_leave(Vm *vm, Exception *exception, const Code *code, int record, Value frame,
                     Ref *registers);

#endif
