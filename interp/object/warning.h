/* warning.h - warnings at a known place. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_WARNING_H
#define AIO_OBJECT_WARNING_H

#include "object/dict.h"
#include "object/error.h"

/* Issues text (str) as a warning of class id for a line of a file; false: it became an exception.
 * globals: of the module that is warned, whose __name__ filters look at, or NULL. */
bool warn_at(Vm *vm, ExcId id, Value text, Value file, int line, Dict *globals);

/* Where script code runs, level frames up (1: innermost): file is owned, globals borrowed.  false:
 * nothing runs.  In vm/frame.c. */
bool current_place(Vm *vm, int level, Ref *file, int *line, Dict **globals);

#endif
