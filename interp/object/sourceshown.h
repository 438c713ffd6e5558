/* sourceshown.h - the lines of source under a step of a traceback, and the marks under them. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_SOURCESHOWN_H
#define AIO_OBJECT_SOURCESHOWN_H

#include "object/type.h"

/* The lines of an expression as a report shows them, indented by four, without the last newline;
 * from: bytes before it in the first line, -1: no position is known; to: bytes up to its end in the
 * last.  Empty when the first line is.  colour: for a terminal. */
Ref source_shown(Vm *vm, Value lines, int from, int to, bool colour);

#endif
