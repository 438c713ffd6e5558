/* traceback.h - tracebacks as objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TRACEBACK_H
#define AIO_OBJECT_TRACEBACK_H

#include "object/exception.h"

/* The frame of a step, a Traceback; owned. */
Ref traceback_frame(Vm *vm, Value step);

/* There is no memory for what belongs to an exception (stolen) that was raised: the MemoryError in
 * vm->error takes its place and has it for its context. */
void traceback_lost(Vm *vm, Ref exception);

/* The call of step, which went on in a handler, ends: its variables are taken out of registers, or
 * are in frame (a frame object, or a step that took them; UNDEF: nobody sees them). */
void traceback_take(Traceback *step, Ref *registers);
void traceback_set_frame(Traceback *step, Value frame);

#endif
