/* traceback.h - tracebacks as objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TRACEBACK_H
#define AIO_OBJECT_TRACEBACK_H

#include "object/exception.h"

/* The frame of a step, a Traceback. */
Ref traceback_frame(Vm *vm, Value step);

#endif
