/* gather.h - asyncio.gather() and asyncio.shield().  Neighbours: gather.c, asyncgens.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_GATHER_H
#define AIO_LOOP_GATHER_H

#include "loop/future.h"

/* gather(*awaitables) on loop (NULL: that of the first future, else the current one); a future,
 * owned. */
Ref gather(Vm *vm, Loop *loop, ptrdiff_t count, Value *awaitables, bool return_exceptions);

extern const Native *const gather_functions[];

#endif
