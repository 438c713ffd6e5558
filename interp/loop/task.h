/* task.h - a coroutine driven by the loop.
 *
 * A task remembers the innermost activation of its await chain and resumes it directly.  What it
 * waits for is a Future (or Task), a Waiter (a native coroutine that yielded itself), or nothing:
 * then a step is scheduled. Neighbours: task.c, vm/coroutine.h (activation_resume), waiter.h,
 * future.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_TASK_H
#define AIO_LOOP_TASK_H

#include "loop/future.h"
#include "vm/coroutine.h"

struct Task {
    Future future;
    Ref coroutine;  /* outermost; UNDEF once its frame is of no more use */
    Activation *at; /* innermost activation of the chain; owned; NULL: foreign, running or done */
    Ref waiting;    /* Future or Waiter it waits for, or UNDEF */
    Ref name;       /* str, or the int N of "Task-N" */
    Ref context;    /* what it runs in (context.h) */
    Task *next, *previous; /* pending tasks of the loop */
    int32_t cancels;       /* cancelling() */
    int32_t made_at;       /* the instruction of made_by that created it */
    Ref made_by;           /* Code, or UNDEF: C did */
    Ref reason;            /* who cancels it, a note not thrown yet (trail.h), or UNDEF */
};

static inline bool is_task(Value v) { return is_kind(v, KIND_TASK); }
static inline Task *as_task(Value v) { return (Task *)as_object(v); }

/* A task for coroutine (borrowed), scheduled on loop.  name: str, NONE or UNDEF: "Task-N". context:
 * NONE or UNDEF: a copy of the current one. */
Task *task_new(Vm *vm, Loop *loop, Value coroutine, Value name, Value context, bool eager);
/* What create_task() was given; UNDEF: not given.  extra: a dict of what only a factory knows. */
typedef struct TaskOptions {
    Value name, context, eager, extra;
} TaskOptions;
#define NO_OPTIONS ((TaskOptions){UNDEF, UNDEF, UNDEF, UNDEF})
/* The same through the loop's task factory; owned. */
Ref loop_create_task(Vm *vm, Loop *loop, Value coroutine, const TaskOptions *options);
/* loop_call_create_task() for callers that need a Future: TypeError for anything else. */
Ref loop_create_own_task(Vm *vm, Loop *loop, Value coroutine, const TaskOptions *options);
/* The same through create_task() of a script's subclass of the loop, if it has its own. */
Ref loop_call_create_task(Vm *vm, Loop *loop, Value coroutine, const TaskOptions *options);

Truth task_cancel(Vm *vm, Task *task, Value message); /* NO: it was done */
int task_uncancel(Task *task);
/* The running task of a loop, borrowed; UNDEF: none. */
static inline Value loop_current(const Loop *loop) { return loop->current; }
/* Called by a waiter: the wait is over.  false: raised. */
bool task_wake(Vm *vm, Task *task);
Ref task_name(Vm *vm, Task *task); /* str, owned */
/* Where its innermost script frame stands: "file:line" pieces; false: nowhere. */
bool task_where(Vm *vm, Task *task, Value *filename, Value *name, int *line);
/* "file:line" of its maker, owned; UNDEF: unknown. */
Ref task_made_where(Vm *vm, Task *task);
/* A new set of the loop's pending tasks. */
Ref loop_all_tasks(Vm *vm, Loop *loop);

/* asyncio.iscoroutine(), async generators' steps and @types.coroutine generators included. */
bool is_coroutine_like(Vm *vm, Value v);
/* Fills in a zeroed Task and schedules it: what task_new and Task.__init__ do. */
bool task_init_with(Vm *vm, Task *task, Loop *loop, Value coroutine, Value name, Value context,
                    bool eager);
void task_unlink(Loop *loop, Task *task);

extern const Native
    *const task_functions[]; /* current_task, all_tasks, create_task, _register_task, ... */

#endif
