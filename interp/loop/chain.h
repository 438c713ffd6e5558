/* chain.h - futures across threads.  Neighbours: chain.c, modules/asyncio.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_CHAIN_H
#define AIO_LOOP_CHAIN_H

#include "object/native.h"

extern const Native *const chain_functions[]; /* wrap_future, run_coroutine_threadsafe */

/* What an exception (stolen) that came from concurrent.futures is here: its CancelledError and
 * InvalidStateError are asyncio's then, with the same arguments. */
Ref chain_error(Vm *vm, Ref error);

#endif
