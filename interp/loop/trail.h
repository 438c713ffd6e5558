/* trail.h - notes on errors that cross tasks: from which task, who cancelled, which timeout.
 *
 * With AIO_PLAIN nothing is noted.  Nothing here fails: without memory a note is left out.
 * Neighbours: trail.c, object/exception.h (notes). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_TRAIL_H
#define AIO_LOOP_TRAIL_H

#include "loop/task.h"

/* Where a script stands: what is kept until somebody reads it. */
typedef struct Place {
    Ref code; /* Code, or UNDEF: no script runs */
    int32_t instr;
} Place;
Place place_here(Vm *vm);

/* Why the runtime itself cancels until trail_end(): a reason for each task that is cancelled
 * meanwhile.  TIMEOUT: what, a delay or UNDEF, was set at place; the others have neither. */
typedef enum Reason {
    BECAUSE_TIMEOUT,
    BECAUSE_GROUP, /* another task of the TaskGroup failed: what */
    BECAUSE_INTERRUPT,
    BECAUSE_RUN_ENDS
} Reason;
Ref trail_begin(Vm *vm, Loop *loop, Reason reason, Value what, const Place *place);
void trail_end(Loop *loop, Ref outer);

/* task is being cancelled: remembers by whom. */
void trail_cancelling(Vm *vm, Task *task);
/* error is about to be thrown into task: a CancelledError gets the note. */
void trail_thrown(Vm *vm, Task *task, Value error);
/* A TimeoutError instead of a cancellation. */
void trail_timed_out(Vm *vm, Value error, Value delay, const Place *place);
/* task fails with error: notes who awaits it, outwards. */
void trail_failed(Vm *vm, Task *task, Value error);
/* The error of a task that had failed before reaches whoever runs now. */
void trail_reached(Vm *vm, Task *task, Value error);

Value group_parent(Object *group);   /* of a TaskGroup, borrowed */
extern const size_t group_parent_at; /* where in the struct it stands */

#endif
