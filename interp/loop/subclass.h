/* subclass.h - a script's own event loop.  Neighbours: subclass.c, loop.c, eventloop.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SUBCLASS_H
#define AIO_LOOP_SUBCLASS_H

#include "loop/loop.h"

/* Finds out what the class of a new loop overrides. */
void subclass_open(Vm *vm, Loop *loop);
/* The same for a loop that only AbstractEventLoop's methods are asked of. */
void subclass_open_abstract(Vm *vm, Loop *loop);
/* Has such a loop run, by its call_soon(), what will be ready next. */
bool subclass_soon(Vm *vm, Loop *loop);
/* It begins or ends to run in this thread. */
bool subclass_begin(Vm *vm, Loop *loop);
void subclass_end(Loop *loop);
/* Does the script's class have that method? */
bool subclass_overrides(Vm *vm, Loop *loop, const char *name);
/* loop._run_once(); false: an exception leaves the loop. */
bool subclass_turn(Vm *vm, Loop *loop);
/* Waits with loop._selector, timeout_ns -1: for ever; NO: it has none. */
Truth subclass_select(Vm *vm, Loop *loop, int64_t timeout_ns);

/* Has loop.call_at() of the script's class bring `what` back; *timer becomes its serial. */
bool subclass_timer_start(Vm *vm, Loop *loop, int64_t due_ns, Tagged what, uint64_t *timer);
void subclass_timer_stop(Loop *loop, uint64_t serial);
/* loop.call_at(when, callback, *args, context=context) of the script's class. */
Ref subclass_call_at(Vm *vm, Loop *loop, double when, Value callback, Value args, Value context);

extern const Attribute loop_attributes[];
extern const Native loop_run_once_def, loop_process_events_def, loop_write_to_self_def,
    loop_check_closed_def, loop_check_running_def;

#endif
