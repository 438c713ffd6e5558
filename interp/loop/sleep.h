/* sleep.h - asyncio.sleep().  Neighbours: sleep.c, modules/asyncio.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SLEEP_H
#define AIO_LOOP_SLEEP_H

#include "object/native.h"

extern const Native *const sleep_functions[];

#endif
