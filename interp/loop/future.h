/* future.h - a result that arrives later.
 *
 * state lives in head.aux.  Callbacks are tagged words (loop.h): the first one inline, more in
 * `extra`, which also holds what few futures have.  A Task starts with a Future. Neighbours:
 * future.c, task.h, gather.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_FUTURE_H
#define AIO_LOOP_FUTURE_H

#include "loop/loop.h"
#include "object/str.h"

enum { /* Future.head.aux */
       FUTURE_CANCELLED = 1,
       FUTURE_FINISHED = 2, /* neither: pending */
       FUTURE_DONE = FUTURE_CANCELLED | FUTURE_FINISHED,
       FUTURE_FAILED = 4,      /* with FINISHED: result is the exception */
       FUTURE_BLOCKING = 8,    /* yielded by await, not by a bare yield: _asyncio_future_blocking */
       FUTURE_UNSEEN = 16,     /* failed and nobody has looked: reported when dropped */
       FUTURE_GATHERING = 32,  /* a Gather: cancel() goes to its children */
       FUTURE_SILENT = 64,     /* not reported when dropped while pending */
       TASK_MUST_CANCEL = 128, /* throw CancelledError at the next step */
       TASK_FOREIGN = 256, /* its coroutine is no activation: driven through send() and throw() */
       TASK_LINKED = 512,  /* in its loop's list */
       FUTURE_OVERRIDES = 1024, /* a script's subclass: cancel() and friends may be overridden */
};

typedef struct FutureExtra {
    Tagged *callbacks; /* those after the first */
    int callback_count, callback_capacity;
    Ref cancel_message;
    Ref traceback;  /* of the exception when it was set */
    Ref awaited_by; /* set of futures that are said to wait for this one, or UNDEF (graph.h) */
    Ref origin;     /* debug mode: where it was made (origin.h), or UNDEF */
} FutureExtra;

typedef struct Future {
    Container head;
    Ref loop;     /* EventLoop */
    Ref result;   /* value or exception, of a cancelled one the CancelledError that is to be raised;
                     UNDEF while pending */
    Tagged first; /* first callback, or 0 */
    FutureExtra *extra; /* NULL: none */
} Future;

typedef struct FutureIter {
    Object head;
    Ref future;
    bool again;
} FutureIter; /* future UNDEF: at the end */

static inline bool is_future(Value v)
{
    return is_heap(v) && (as_object(v)->kind == KIND_FUTURE || as_object(v)->kind == KIND_TASK);
}
static inline Future *as_future(Value v) { return (Future *)as_object(v); }
static inline bool is_done(const Future *future) { return future->head.aux & FUTURE_DONE; }
static inline bool is_failed(const Future *future) { return future->head.aux & FUTURE_FAILED; }
static inline bool is_cancelled(const Future *future)
{
    return future->head.aux & FUTURE_CANCELLED;
}
static inline Loop *future_loop(const Future *future) { return as_loop(future->loop); }

/* Was cancel() given this, or nothing (UNDEF, None)? */
static inline bool is_message(Value v) { return !absent(v) && !is_none(v); }

Future *future_new(Vm *vm, Loop *loop);
/* A future of a native subtype: type_from_def's. */
Future *future_new_of(Vm *vm, Loop *loop, Type *type);

bool future_set_result(Vm *vm, Future *future,
                       Ref result); /* steals; InvalidStateError when done */
bool future_set_exception(Vm *vm, Future *future, Ref exception); /* steals an instance */
/* Marks cancelled and schedules callbacks: YES; NO: was done already.  Overridden cancel() is not
 * consulted. */
Truth future_cancel(Vm *vm, Future *future, Value message);
/* future.cancel(msg=message) of any future: tasks, gatherings and scripts' subclasses included. */
Truth future_cancel_any(Vm *vm, Value future, Value message);
/* Done with what FUTURE_* bits say; schedules callbacks (result stolen). */
bool future_finish(Vm *vm, Future *future, unsigned bits, Ref result);
/* The result (owned), or FAIL having raised what it failed with. */
Ref future_result(Vm *vm, Future *future);
/* The exception of a done future (borrowed; NONE: it has none).  Cancelled: FAIL, CancelledError
 * raised. */
Value future_exception(Vm *vm, Future *future);
/* The CancelledError of a cancelled future, owned. */
Ref future_cancelled_error(Vm *vm, Future *future);
bool future_raise(Vm *vm, Value exception, FutureExtra *extra); /* sets vm->error; always false */
/* Calls (tag, object) when done; object is stolen. */
bool future_add_entry(Vm *vm, Future *future, EntryTag tag, void *object);
/* Takes (tag, object) out; how many there were. */
int future_remove_entry(Future *future, EntryTag tag, const void *object);
FutureExtra *future_extra(Vm *vm, Future *future); /* NULL: raised */

/* For types that start with Future. */
void future_visit(Object *self, Visit *visit, void *context);
void future_clear(Object *self);
/* The texts between < and > of repr: "pending", "finished result=1", with callbacks. */
/* Where it was made, borrowed; UNDEF: not known, as without debug mode. */
static inline Value future_origin(const Future *future)
{
    return future->extra ? (Value)future->extra->origin : UNDEF;
}
/* Remembers in debug mode where the script stands. */
bool future_keep_origin(Vm *vm, Future *future);
bool future_repr_state(Vm *vm, StrBuilder *text, Future *future);
bool future_repr_callbacks(Vm *vm, StrBuilder *text, Future *future);
bool future_repr_result(Vm *vm, StrBuilder *text, Future *future);
extern const Attribute future_attributes[];

/* asyncio.wrap_future(): a future of loop that follows a concurrent.futures.Future (and cancels
 * it).  Owned. */
Ref future_wrap(Vm *vm, Loop *loop, Value concurrent);

/* Any awaitable as a future of loop: itself, or a task that awaits it (asyncio.ensure_future).
 * Owned. */
Ref ensure_future(Vm *vm, Value awaitable, Loop *loop);

#endif
