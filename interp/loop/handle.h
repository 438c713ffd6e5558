/* handle.h - a callback that will be called: call_soon's, call_at's, and a future's done callbacks.
 *
 * Neighbours: handle.c, eventloop.c, timers.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_HANDLE_H
#define AIO_LOOP_HANDLE_H

#include "loop/loop.h"
#include "object/str.h"

typedef struct Handle {
    Container head; /* aux: 1 once cancelled */
    Ref callback;   /* UNDEF when cancelled */
    Ref args;       /* tuple or UNDEF */
    Ref context;    /* what it runs in (context.h) */
    Ref loop;
    Ref origin; /* debug mode: where it was made (origin.h), or UNDEF */
} Handle;

typedef struct TimerHandle {
    Handle handle;
    double when;    /* loop.time() seconds */
    uint64_t timer; /* timers.c */
    bool whole;     /* when was given as an int, and is shown as one */
} TimerHandle;

/* Notes whether its time was given as an int. */
void timer_handle_given(TimerHandle *timer, Value when);

/* args (tuple) borrowed; context NONE or UNDEF: a copy of the current one. */
Handle *handle_new(Vm *vm, Value loop, Value callback, Value args, Value context);
TimerHandle *timer_handle_new(Vm *vm, Loop *loop, double when, Value callback, Value args,
                              Value context);
void handle_cancel(Handle *handle);
/* Calls callback(args) in `context`, reporting what it raises to the loop; false: an exception
 * leaves the loop. */
bool handle_call(Vm *vm, Handle *handle, int argc, Value *argv);
/* "f() at file:1", "functools.partial(...)()": as CPython names callbacks. */
bool callback_repr(Vm *vm, StrBuilder *text, Value callback, Value args);

#endif
