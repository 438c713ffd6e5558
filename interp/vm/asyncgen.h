/* asyncgen.h - async generators and their steps. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_ASYNCGEN_H
#define AIO_VM_ASYNCGEN_H

#include "vm/coroutine.h"

typedef struct CoroutineWrapper {
    Container head;
    Ref coroutine;
} CoroutineWrapper;

/* An awaitable for the next item of any async iterator (GET_AWAITABLE applied). */
Ref async_iterator_next(Vm *vm, Value iterator);

/* A coroutine that awaits step and gives fallback at StopAsyncIteration. */
Ref anext_default(Vm *vm, Value step, Value fallback);

/* What a step (is_step_kind) sends into what it awaits (owned), or FAIL with the error it throws
 * raised. */
Ref async_step_value(Vm *vm, Activation *step);
/* send(value) to a step that has not begun; false: raised. */
bool async_step_prepare(Vm *vm, Activation *step, Value value);
/* Warns that the step was dropped before it began. */
void async_step_unused(Vm *vm, Activation *step);
/* The methods that made step, for messages. */
const char *async_step_name(const Activation *step);

/* An async generator is dropped while suspended: true when its event loop takes care of closing it.
 * Declared here, implemented in loop/. */
bool async_generator_finalized(Vm *vm, Coroutine *generator);
/* Its first step: tells the event loop about it; false: raised.  Declared here, implemented in
 * loop/. */
bool async_generator_started(Vm *vm, Coroutine *generator);

/* Warns with text (stolen, FAIL: raised) that something was never awaited; file and line say where
 * it was made (UNDEF: unknown).  false: a filter made it an error. */
bool never_awaited(Vm *vm, Ref text, Value file, int line);

/* Can throw(type, value, traceback) mean an exception?  false: TypeError, for the caller. */
bool throw_allowed(Vm *vm, Value type, Value value, Value traceback);
/* The exception that these arguments, which are allowed, mean: raised. */
Ref throw_arguments(Vm *vm, Value type, Value value, Value traceback);

#endif
