/* eventloop.h - making event loops from C.  Neighbours: eventloop.c, runner.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_EVENTLOOP_H
#define AIO_LOOP_EVENTLOOP_H

#include "loop/loop.h"

extern const TypeDef selector_event_loop_type; /* what new_event_loop() makes */

Loop *eventloop_new(Vm *vm); /* open, not running; owned */

#endif
