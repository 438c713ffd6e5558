/* flow.c - resuming, suspending and completing chains of activations.
 *
 * A chain is driven through one record, vm->frame; which activation of the chain it runs changes as
 * awaits begin and end.  The outermost activation has no awaiter: when it completes, the record is
 * popped and its kind says what its driver gets. Invariants: only the innermost activation of a
 * chain is RUNNING; every other one is SUSPENDED with `awaiting` set.  A coroutine's pc is saved
 * whenever it is not the one that runs. Neighbours: coroutine.c (the objects), unwind.c, eval.c. */
/* SPDX-License-Identifier: MIT */
#include "vm/flow.h"

#include "compiler/opcode.h"
#include "object/call.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/shape.h"
#include "vm/asyncgen.h"
#include "vm/eval.h"
#include "vm/trace.h"

static Flow await_on(Vm *vm, Activation *waiter, Ref awaitable);
static Flow native_answered(Vm *vm, NativeCoroutine *native, Ref answer);
static Flow deliver(Vm *vm, Activation *waiter, Ref value);
static Flow deliver_error(Vm *vm, Activation *waiter);

static Coroutine *as_coroutine(Activation *activation) { return (Coroutine *)activation; }
static void set_state(Activation *activation, ActivationState state)
{
    activation->head.aux = (activation->head.aux & ~0xffu) | state;
}

/* ---- the record ---- */

Frame *push_chain(Vm *vm, FrameKind kind, Ref holder, int dst, int iter)
{
    Frame *below = vm->frame, *frame = below + 1;
    if (frame >= vm->frame_limit) {
        decref(holder);
        frame_overflow(vm);
        return NULL;
    }
    record_open(vm, frame, kind, dst, iter);
    frame->holder = holder;
    frame->coroutine = NULL; /* until one is entered */
    frame->code = NULL;
    frame->function = NULL;
    frame->handled.error = UNDEF;
    frame->pc = NULL;
    frame->regs = frame->base = below->top;
    return frame;
}

/* Pops the chain's record.  The holder is dropped by the caller, when nothing of the chain is
 * needed any more. */
static Ref pop_chain(Vm *vm)
{
    Frame *frame = vm->frame;
    vm->handled = frame->handled.outer;
    vm->frame = frame - 1;
    return take(&frame->holder);
}

/* ---- leaving the chain ---- */

/* The chain's outermost activation finished with value (stolen). */
static Flow out_value(Vm *vm, Ref value)
{
    FrameKind kind = (FrameKind)vm->frame->kind;
    int iter = vm->frame->iter;
    Ref holder = pop_chain(vm);
    Frame *frame = vm->frame;
    Flow flow = FLOW_RUN;
    switch (kind) {
    case FRAME_FOR: /* pc is after the FOR's aux word */
        decref(value);
        clear(&frame->regs[iter]);
        frame->pc += (int32_t)frame->pc[-1];
        break;
    case FRAME_NEXT:
        throw_stop(vm, value);
        flow = FLOW_RAISE;
        break;
    default: vm->returned = value; flow = FLOW_OUT_VALUE;
    }
    decref(holder);
    return flow;
}

/* The chain's outermost activation raised vm->error. */
static Flow out_error(Vm *vm)
{
    FrameKind kind = (FrameKind)vm->frame->kind;
    decref(pop_chain(vm));
    return kind == FRAME_ENTRY ? FLOW_OUT_FAIL : FLOW_RAISE;
}

/* The chain suspends at innermost; value (stolen) goes to the driver. */
static Flow out_suspended(Vm *vm, Activation *innermost, Ref value)
{
    if (is_traced(vm)) trace_suspended(vm, innermost, value);
    FrameKind kind = (FrameKind)vm->frame->kind;
    int dst = vm->frame->dst;
    Ref holder = pop_chain(vm);
    if (kind == FRAME_ENTRY) {
        vm->yielded = value;
        vm->suspended = innermost;
        decref(holder);
        return FLOW_OUT_SUSPENDED;
    }
    decref(holder);
    replace(&vm->frame->regs[dst], value);
    return FLOW_RUN;
}

/* ---- completing an activation ---- */

static void finished(Activation *activation)
{
    set_state(activation, ACTIVATION_DONE);
    activation->awaiter = NULL;
    clear(&activation->awaiting);
}

/* activation is done with value (stolen): it goes to the awaiter. */
static Flow pass_value(Vm *vm, Activation *activation, Ref value)
{
    Activation *awaiter = activation->awaiter;
    finished(activation);
    if (!awaiter) return out_value(vm, value);
    return deliver(vm, awaiter, value);
}

static Flow pass_error(Vm *vm, Activation *activation)
{
    Activation *awaiter = activation->awaiter;
    finished(activation);
    if (!awaiter) return out_error(vm);
    return deliver_error(vm, awaiter);
}

/* Drops what waiter awaited: mostly a script's coroutine that is done and that nobody else holds,
 * which has let go of everything but its function. */
static void drop_awaited(Activation *waiter)
{
    Ref awaited = take(&waiter->awaiting);
    if (!is_kind(awaited, KIND_COROUTINE)) {
        decref(awaited);
        return;
    }
    Coroutine *inner = as_coroutine(as_activation(awaited));
    const Container *head = &inner->act.head;
    bool last = head->head.count == 1 && !(head->head.flags & OBJ_WEAKREFS) && !head->candidate;
    if (!last || activation_state(&inner->act) != ACTIVATION_DONE) {
        decref(awaited);
        return;
    }
    decref_object(inner->function);
    object_free(inner->act.head.head.shape->interp, &inner->act.head.head);
}

/* What waiter awaited is there: value (stolen).  Script coroutines get it in their register and
 * run. */
static Flow deliver(Vm *vm, Activation *waiter, Ref value)
{
    if (is_native_activation(waiter)) {
        NativeCoroutine *native = (NativeCoroutine *)waiter;
        set_state(waiter, ACTIVATION_RUNNING);
        vm->frame->code = NULL; /* what the record ran may go with waiter->awaiting */
        clear(&waiter->awaiting);
        Ref answer = native->def->resume(vm, native, value);
        decref(value);
        return native_answered(vm, native, answer);
    }
    Coroutine *coroutine = as_coroutine(waiter);
    coroutine->act.head.aux &= ~(uint32_t)ACTIVATION_IN_ASYNC_FOR;
    record_enter(vm->frame, coroutine);
    replace(&vm->frame->regs[coroutine->dst], value);
    drop_awaited(waiter);
    return FLOW_RUN;
}

/* An exception enters the running coroutine from outside, as if raised where it stands. */
static Flow raise_inside(Vm *vm)
{
    if (!absent(frame_handled(vm->frame))) {
        Ref error = error_take(vm);
        throw_object(vm, error); /* what is being handled there becomes its context */
        decref(error);
    }
    return FLOW_RAISE;
}

/* Does what waiter awaits run a script's code, whose exceptions know their context already? */
static bool awaits_script(const Activation *waiter)
{
    Value awaited = waiter->awaiting;
    return is_async_step(awaited) ||
           (is_activation(awaited) && !is_native_activation(as_activation(awaited)));
}

/* What waiter awaited failed: vm->error. */
static Flow deliver_error(Vm *vm, Activation *waiter)
{
    if (is_native_activation(waiter)) {
        NativeCoroutine *native = (NativeCoroutine *)waiter;
        set_state(waiter, ACTIVATION_RUNNING);
        vm->frame->code = NULL; /* what the record ran may go with waiter->awaiting */
        clear(&waiter->awaiting);
        if (!native->def->raise) return pass_error(vm, waiter);
        return native_answered(vm, native, native->def->raise(vm, native));
    }
    Coroutine *coroutine = as_coroutine(waiter);
    bool in_async_for = coroutine->act.head.aux & ACTIVATION_IN_ASYNC_FOR;
    coroutine->act.head.aux &= ~(uint32_t)ACTIVATION_IN_ASYNC_FOR;
    record_enter(vm->frame, coroutine);
    bool has_context = awaits_script(waiter);
    clear(&waiter->awaiting);
    if (in_async_for && error_is(vm, StopAsyncIteration)) {
        error_clear(vm);
        Frame *frame = vm->frame;
        clear(&frame->regs[coroutine->iter]);
        frame->pc += (int32_t)frame->pc[-1];
        return FLOW_RUN;
    }
    return has_context ? FLOW_RAISE : raise_inside(vm);
}

static Flow native_answered(Vm *vm, NativeCoroutine *native, Ref answer)
{
    if (failed(answer)) return pass_error(vm, &native->act);
    if (answer != TAIL) return pass_value(vm, &native->act, answer);
    set_state(&native->act, ACTIVATION_SUSPENDED);
    if (absent(vm->delegated)) return out_suspended(vm, &native->act, take(&vm->yielded));
    return await_on(vm, &native->act, take(&vm->delegated));
}

/* ---- awaiting ---- */

/* A foreign iterator (stolen by waiter->awaiting already) is advanced with sent (NONE: next; FAIL:
 * vm->error thrown in). */
static Flow drive_iterator(Vm *vm, Activation *waiter, Value sent)
{
    Ref iterator = newref(waiter->awaiting), value = UNDEF;
    set_state(waiter, ACTIVATION_RUNNING); /* the iterator must not resume it */
    Step step = iterator_step(vm, iterator, sent, &value);
    set_state(waiter, ACTIVATION_SUSPENDED);
    decref(iterator);
    switch (step) {
    case STEP_YIELDED: return out_suspended(vm, waiter, value);
    case STEP_DONE: return deliver(vm, waiter, value);
    default: return deliver_error(vm, waiter);
    }
}

/* waiter is who gets inner's result.  A chain takes one frame, yet its depth counts against the
 * recursion limit, or a coroutine that awaits itself would go on until memory ends.  false:
 * raised. */
static bool attach(Vm *vm, Activation *waiter, Activation *inner)
{
    ptrdiff_t depth = (ptrdiff_t)(waiter->head.aux >> ACTIVATION_DEPTH_SHIFT) + 1;
    if (depth > ACTIVATION_DEPTH_MAX || depth >= vm->frame_limit - vm->frame) {
        if (activation_state(inner) == ACTIVATION_CREATED) activation_close(vm, inner);
        throw(vm, RecursionError, "maximum recursion depth exceeded");
        return false;
    }
    inner->head.aux = (inner->head.aux & ((1u << ACTIVATION_DEPTH_SHIFT) - 1)) |
                      (uint32_t)depth << ACTIVATION_DEPTH_SHIFT;
    inner->awaiter = waiter;
    return true;
}

/* Is inner a coroutine that somebody else is in the middle of, a task perhaps, or waiter itself? */
static bool is_awaited(const Activation *waiter, const Activation *inner)
{
    if (inner->awaiter || inner == waiter || activation_state(inner) == ACTIVATION_RUNNING)
        return true;
    bool native = inner->head.head.kind == KIND_NATIVE_COROUTINE;
    return (native || (inner->head.head.kind == KIND_COROUTINE && !absent(inner->awaiting))) &&
           activation_state(inner) == ACTIVATION_SUSPENDED;
}

static Flow start_inner(Vm *vm, Activation *waiter, Activation *inner, Ref sent)
{
    if (!failed(sent) && activation_state(inner) == ACTIVATION_CREATED) replace(&sent, NONE);
    if (is_awaited(waiter, inner) || activation_state(inner) == ACTIVATION_DONE) {
        if (activation_state(inner) == ACTIVATION_DONE && inner->head.head.kind == KIND_GENERATOR)
            return deliver(vm, waiter, NONE);
        decref(sent);
        if (activation_state(inner) == ACTIVATION_DONE) throw_reused(vm, borrow(inner));
        else if (inner->head.head.kind == KIND_GENERATOR)
            throw(vm, ValueError, "generator already executing");
        else if (inner == waiter) throw(vm, ValueError, "coroutine already executing");
        else throw(vm, RuntimeError, "coroutine is being awaited already");
        return deliver_error(vm, waiter);
    }
    Activation *innermost = inner; /* as activation_innermost(), but it may lead back to waiter */
    while (activation_state(innermost) == ACTIVATION_SUSPENDED &&
           is_activation(innermost->awaiting)) {
        innermost = as_activation(innermost->awaiting);
        if (innermost == waiter) break;
    }
    if (innermost != inner &&
        (innermost == waiter || activation_state(innermost) == ACTIVATION_RUNNING)) {
        decref(sent);
        if (inner->head.head.kind == KIND_GENERATOR)
            throw(vm, ValueError, "generator already executing");
        else throw(vm, RuntimeError, "coroutine is being awaited already");
        return deliver_error(vm, waiter);
    }
    if (!attach(vm, waiter, inner)) {
        decref(sent);
        return deliver_error(vm, waiter);
    }
    return flow_resume(vm, innermost, sent);
}

/* A script's coroutine that nobody has begun: the usual thing to await. */
static inline bool is_fresh(Value v)
{
    return is_kind(v, KIND_COROUTINE) && !as_activation(v)->awaiter &&
           activation_state(as_activation(v)) == ACTIVATION_CREATED;
}

/* waiter (not running any more) waits for awaitable (stolen). */
static Flow await_on(Vm *vm, Activation *waiter, Ref awaitable)
{
    replace(&waiter->awaiting, awaitable);
    Ref sent = is_step_kind(waiter->head.head.kind) ? async_step_value(vm, waiter) : NONE;
    if (is_kind(awaitable, KIND_ASYNC_GENERATOR)) {
        if (!attach(vm, waiter, as_activation(awaitable))) {
            decref(sent);
            return deliver_error(vm, waiter);
        }
        return flow_resume(vm, activation_innermost(as_activation(awaitable)), sent);
    }
    if (is_activation(awaitable)) return start_inner(vm, waiter, as_activation(awaitable), sent);
    if (is_heap(awaitable) &&
        (as_object(awaitable)->kind == KIND_FUTURE || as_object(awaitable)->kind == KIND_TASK)) {
        if (failed(sent)) return deliver_error(vm, waiter);
        Ref result = future_await(vm, awaitable);
        if (result == TAIL) return out_suspended(vm, waiter, newref(awaitable));
        return failed(result) ? deliver_error(vm, waiter) : deliver(vm, waiter, result);
    }
    return drive_iterator(vm, waiter, sent);
}

Flow flow_await(Vm *vm, Ref awaitable, int dst)
{
    Coroutine *coroutine = vm->frame->coroutine;
    coroutine->dst = (int16_t)dst;
    record_park(vm->frame, ACTIVATION_SUSPENDED);
    if (!is_fresh(awaitable)) return await_on(vm, &coroutine->act, awaitable);
    replace(&coroutine->act.awaiting, awaitable);
    Coroutine *inner = as_coroutine(as_activation(awaitable));
    if (!attach(vm, &coroutine->act, &inner->act)) return deliver_error(vm, &coroutine->act);
    coroutine_begin(inner);
    record_enter(vm->frame, inner);
    return FLOW_RUN;
}

Flow flow_async_for(Vm *vm, int iter, int dst)
{
    Frame *frame = vm->frame;
    Coroutine *coroutine = frame->coroutine;
    Value iterator = frame->regs[iter];
    Ref step = async_iterator_next(vm, iterator);
    if (failed(step)) {
        if (!error_is(vm, StopAsyncIteration)) return FLOW_RAISE;
        error_clear(vm);
        clear(&frame->regs[iter]);
        frame->pc += (int32_t)frame->pc[-1];
        return FLOW_RUN;
    }
    coroutine->dst = (int16_t)dst;
    coroutine->iter = (int16_t)iter;
    record_park(frame, ACTIVATION_SUSPENDED);
    coroutine->act.head.aux |= ACTIVATION_IN_ASYNC_FOR;
    return await_on(vm, &coroutine->act, step);
}

/* ---- resuming ---- */

/* A script coroutine suspended in a plain yield, or not started, goes on. */
static Flow resume_plain(Vm *vm, Coroutine *coroutine, Ref sent)
{
    bool fresh = activation_state(&coroutine->act) == ACTIVATION_CREATED;
    if (fresh) coroutine_begin(coroutine);
    record_enter(vm->frame, coroutine);
    if (failed(sent)) {
        if (!fresh) return raise_inside(vm);
        return unwind_unstarted(vm);
    }
    if (!fresh) replace(&vm->frame->regs[coroutine->dst], sent);
    else decref(sent);
    return FLOW_RUN;
}

Flow flow_resume(Vm *vm, Activation *at, Ref sent)
{
    bool fresh = activation_state(at) == ACTIVATION_CREATED;
    if (is_native_activation(at) && (fresh || absent(at->awaiting))) {
        NativeCoroutine *native = (NativeCoroutine *)at;
        if (fresh) clear(&at->awaiting); /* who made it */
        set_state(at, ACTIVATION_RUNNING);
        if (failed(sent)) {
            bool told = native->def->raise && (!fresh || is_step_kind(at->head.head.kind));
            if (!told) return pass_error(vm, at);
            return native_answered(vm, native, native->def->raise(vm, native));
        }
        Ref answer = native->def->resume(vm, native, sent);
        decref(sent);
        return native_answered(vm, native, answer);
    }
    if (fresh || absent(at->awaiting)) return resume_plain(vm, as_coroutine(at), sent);
    Value awaiting = at->awaiting;
    if (as_object(awaiting)->kind == KIND_FUTURE || as_object(awaiting)->kind == KIND_TASK) {
        if (failed(sent)) return deliver_error(vm, at);
        decref(sent);
        Ref result = future_await(vm, awaiting);
        if (result == TAIL) {
            throw(vm, RuntimeError, "await wasn't used with future");
            return deliver_error(vm, at);
        }
        return failed(result) ? deliver_error(vm, at) : deliver(vm, at, result);
    }
    Flow flow = drive_iterator(vm, at, sent);
    decref(sent);
    return flow;
}

/* ---- what the running coroutine does ---- */

Flow flow_yield(Vm *vm, Ref value, int dst)
{
    Coroutine *coroutine = vm->frame->coroutine;
    coroutine->dst = (int16_t)dst;
    record_park(vm->frame, ACTIVATION_SUSPENDED);
    return out_suspended(vm, &coroutine->act, value);
}

Flow flow_async_yield(Vm *vm, Ref value, int dst)
{
    Coroutine *generator = vm->frame->coroutine;
    Activation *step = generator->act.awaiter;
    generator->dst = (int16_t)dst;
    record_park(vm->frame, ACTIVATION_SUSPENDED);
    generator->act.awaiter = NULL;
    return deliver(vm, step, value);
}

Flow flow_return(Vm *vm)
{
    Frame *frame = vm->frame;
    Coroutine *coroutine = frame->coroutine;
    clear(&frame->handled.error);
    coroutine_clear(coroutine);
    Ref value = take(&vm->returned);
    if (frame->code->flags & CODE_ASYNC_GENERATOR) {
        decref(value);
        throw_value(vm, StopAsyncIteration, UNDEF);
        return pass_error(vm, &coroutine->act);
    }
    return pass_value(vm, &coroutine->act, value);
}

Flow flow_raise(Vm *vm)
{
    Frame *frame = vm->frame;
    Coroutine *coroutine = frame->coroutine;
    coroutine_convert_error(vm, coroutine);
    clear(&frame->handled.error);
    coroutine_clear(coroutine);
    return pass_error(vm, &coroutine->act);
}
