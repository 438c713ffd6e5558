/* flow.h - where execution goes next: resuming, suspending and completing chains of activations.
 *
 * Every function here works on the record vm->frame and answers how eval goes on.  None of them
 * runs script code on the C stack except through native coroutines' state machines and foreign
 * iterators. Neighbours: coroutine.h (the objects), flow.c, unwind.c, eval.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_FLOW_H
#define AIO_VM_FLOW_H

#include "vm/coroutine.h"

typedef enum Flow {
    FLOW_RUN,           /* run vm->frame from its pc */
    FLOW_RAISE,         /* vm->error is set: unwind vm->frame from its pc */
    FLOW_OUT_VALUE,     /* the entry is left with vm->returned */
    FLOW_OUT_FAIL,      /* the entry is left, vm->error set */
    FLOW_OUT_SUSPENDED, /* the entry is left suspended: vm->yielded, vm->suspended */
} Flow;

/* The running chain record's coroutine returned (vm->returned, taken): into its awaiter, or out of
 * the chain. */
Flow flow_return(Vm *vm);
/* The same, raised (vm->error); the coroutine is already finished. */
Flow flow_raise(Vm *vm);
/* The running coroutine yields value (stolen) to whoever drives the chain; what it is resumed with
 * goes to dst. */
Flow flow_yield(Vm *vm, Ref value, int dst);
/* The running async generator yields a value to its step. */
Flow flow_async_yield(Vm *vm, Ref value, int dst);
/* The running coroutine awaits awaitable (stolen; GET_AWAITABLE has been applied); the result goes
 * to dst. */
Flow flow_await(Vm *vm, Ref awaitable, int dst);
/* Resumes a suspended chain at its innermost activation in the record vm->frame, sending `sent`
 * (stolen; FAIL: vm->error is thrown in). */
Flow flow_resume(Vm *vm, Activation *at, Ref sent);
/* Pushes a record for a chain; NULL: RecursionError. holder is stolen. */
Frame *push_chain(Vm *vm, FrameKind kind, Ref holder, int dst, int iter);

/* One turn of ASYNC_FOR: the iterator is in register iter, the item goes to dst; iter + 1 is
 * scratch. */
Flow flow_async_for(Vm *vm, int iter, int dst);

/* ---- a record and the coroutine it runs ---- */

/* Puts frame on top as the record of a chain that nothing holds; what it runs is set by
 * record_enter. */
static inline void record_open(Vm *vm, Frame *frame, FrameKind kind, int dst, int iter)
{
    frame->top = vm->frame->top;
    frame->holder = UNDEF;
    frame->dst = (int16_t)dst;
    frame->iter = (int16_t)iter;
    frame->kind = (uint8_t)kind;
    frame->handled.outer = vm->handled;
    vm->handled = &frame->handled;
    vm->frame = frame;
}

/* A created coroutine is about to start. */
static inline void coroutine_begin(Coroutine *coroutine)
{
    coroutine->pc = coroutine->function->code->instrs;
    clear(&coroutine->act.awaiting);
}

/* The record runs coroutine from where it was parked. */
static inline void record_enter(Frame *frame, Coroutine *coroutine)
{
    Code *code = coroutine->function->code;
    frame->coroutine = coroutine;
    frame->function = coroutine->function;
    frame->code = code;
    frame->base = coroutine->regs;
    frame->regs = coroutine->regs + code->locals;
    frame->pc = coroutine->pc;
    frame->handled.error = take(&coroutine->handled);
    coroutine->act.head.aux = (coroutine->act.head.aux & ~0xffu) | ACTIVATION_RUNNING;
}

/* The record leaves the coroutine it runs, whose state goes back to the heap. */
static inline void record_park(Frame *frame, ActivationState state)
{
    Coroutine *coroutine = frame->coroutine;
    coroutine->pc = frame->pc;
    coroutine->handled = take(&frame->handled.error);
    coroutine->act.head.aux = (coroutine->act.head.aux & ~0xffu) | state;
}

/* Is activation a generator that stands in a plain yield and can go on at once? */
static inline bool is_at_yield(const Activation *activation)
{
    return activation_state(activation) == ACTIVATION_SUSPENDED && absent(activation->awaiting) &&
           !activation->awaiter && activation->head.head.kind == KIND_GENERATOR;
}

/* Finds the handler of vm->error, leaving frames. */
Flow unwind(Vm *vm);
/* The same without a new traceback entry for the running frame (a bare raise, the end of a finally
 * block). */
Flow unwind_again(Vm *vm);
/* The same for a coroutine that has not started, whose body never runs. */
Flow unwind_unstarted(Vm *vm);

/* Does the suspended coroutine stand inside a try, with or for-finally (a handler covers it)? */
bool coroutine_has_handler(const Coroutine *coroutine);

#endif
