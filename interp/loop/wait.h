/* wait.h - asyncio.wait() and as_completed().  Neighbours: wait.c, completed.c, modules/asyncio.c.
 */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_WAIT_H
#define AIO_LOOP_WAIT_H

#include "loop/future.h"

/* The items of an iterable without repetitions, in order: a list, owned. */
Ref list_of_unlike(Vm *vm, Value iterable);

extern const Native *const wait_functions[];
extern const Native *const completed_functions[];

#endif
