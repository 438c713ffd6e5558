/* runner.h - asyncio.run() and Runner.  Neighbours: runner.c, modules/asyncio.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_RUNNER_H
#define AIO_LOOP_RUNNER_H

#include "object/native.h"

extern const Native *const runner_functions[];
extern const TypeDef *const runner_types[];

#endif
