/* foreign.h - futures of other implementations.  Neighbours: foreign.c, task.c, taskface.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_FOREIGN_H
#define AIO_LOOP_FOREIGN_H

#include "loop/task.h"

/* asyncio.isfuture(): a Future, or what has _asyncio_future_blocking. */
Truth is_future_like(Vm *vm, Value v);
/* The loop of another implementation's future or task, owned: get_loop(), or of an older kind
 * _loop. */
Ref foreign_loop(Vm *vm, Value future);
/* Does waiting for what a coroutine yielded go by its methods: a class of its own, or a subclass of
 * Future with its own add_done_callback()? */
Truth is_foreign(Vm *vm, Value yielded);
/* Has a foreign future call wakeup(future), a native whose self is the task, when it is done.
 * RuntimeError: it is another loop's, or was yielded without await. */
bool foreign_await(Vm *vm, Task *task, Value future, const Native *wakeup);

#endif
