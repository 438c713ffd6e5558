/* graph.h - who waits for a future.  Neighbours: graph.c, taskgroup.c, modules/asyncio.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_GRAPH_H
#define AIO_LOOP_GRAPH_H

#include "loop/future.h"

/* A new set of the futures and tasks that wait for future. */
Ref future_awaiters(Vm *vm, Future *future);

extern const Native *const graph_functions[];

#endif
