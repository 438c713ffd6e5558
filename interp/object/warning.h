/* warning.h - warnings at a known place. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_WARNING_H
#define AIO_OBJECT_WARNING_H

#include "object/error.h"

/* Issues text (str) as a warning of class id for a line of a file; false: it became an exception.
 */
bool warn_at(Vm *vm, ExcId id, Value text, Value file, int line);

/* Where script code runs, level frames up (1: innermost): file is owned.  false: nothing runs.  In
 * vm/frame.c. */
bool current_place(Vm *vm, int level, Ref *file, int *line);

#endif
