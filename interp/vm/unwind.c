/* unwind.c - from a raised exception to its handler.
 *
 * Costs nothing until something is raised: the handlers are rows of a table.  Each frame left adds
 * a (code, instruction) step to the traceback.  Frames are left like returns: a coroutine's error
 * goes into its awaiter. Neighbours: flow.c, object/traceback.c. */
/* SPDX-License-Identifier: MIT */
#include "object/exception.h"
#include "object/frameobject.h"
#include "object/traceback.h"
#include "vm/eval.h"
#include "vm/flow.h"
#include "vm/trace.h"

static const HandlerRow *handler_at(const Code *code, uint32_t index)
{
    for (int n = 0; n < code->handler_count; n++) {
        const HandlerRow *row = &code->handlers[n];
        if (index >= row->start && index < row->end) return row;
    }
    return NULL;
}

bool coroutine_has_handler(const Coroutine *coroutine)
{
    const Code *code = coroutine->function->code;
    return handler_at(code, (uint32_t)(coroutine->pc - 1 - code->instrs)) != NULL;
}

static void drop_range(Ref *from, const Ref *end)
{
    for (; from < end; from++) clear(from);
}

/* A plain call is left: its window is emptied, the function dropped. */
static void leave_call(Vm *vm, Frame *frame)
{
    if (frame->kind & FRAME_SEEN) frame_hide(vm, frame);
    Ref *start = frame->kind == FRAME_INIT ? frame->base - 1 : frame->base;
    drop_range(start, frame->regs + frame->code->temps);
    Function *function = frame->function;
    vm->frame = frame - 1;
    decref_object(function);
}

/* A handler is entered: the comprehensions that the exception left have no variables any more. */
static void drop_hidden(Vm *vm, Frame *frame)
{
    const Code *code = frame->code;
    if (!code->local_kinds) return;
    for (int n = code->parameters; n < code->locals; n++)
        if (code->local_kinds[n] & LOCAL_HIDDEN && !absent(frame->base[n]) &&
            local_of_comprehension(vm, code, n))
            clear(&frame->base[n]);
}

/* Adds the step of the running frame; one that is left leaves its variables there. */
static void add_step(Vm *vm, Frame *frame, int index, bool left)
{
    if (frame->code->flags & CODE_UNSEEN) return;
    Traceback *step =
        traceback_add(vm, as_exception(vm->error), borrow(frame->function), index,
                      (int)(frame - vm->frames), frame_shown(frame), left ? frame->base : NULL);
    if (left) frame_leave_steps(frame, step);
    else if (step && absent(step->frame)) frame_keep_step(frame, step);
}

/* The step of the running frame, which handled the exception that is raised again; NULL: none. */
static Traceback *own_step(Vm *vm, const Frame *frame)
{
    Value at = is_exception(vm->error) ? (Value)as_exception(vm->error)->traceback : (Value)UNDEF;
    Traceback *step = is_kind(at, KIND_TRACEBACK) ? as_traceback(at) : NULL;
    bool own = step && step->link &&
               (frame->coroutine ? step->coroutine == frame->coroutine : step->running == frame);
    return own ? step : NULL;
}

/* It is thrown into the running frame before its first instruction. */
Flow unwind_unstarted(Vm *vm)
{
    if (is_exception(vm->error)) add_step(vm, vm->frame, -1, true);
    return flow_raise(vm);
}

static Flow unwind_from(Vm *vm, bool step)
{
    for (;;) {
        Frame *frame = vm->frame;
        Code *code = frame->code;
        uint32_t index = (uint32_t)(frame->pc - 1 - code->instrs);
        if (frame->pc == code->instrs) index = 0;
        const HandlerRow *row = handler_at(code, index);
        if (step && is_exception(vm->error)) add_step(vm, frame, (int)index, !row);
        if (!step && !row) frame_leave_steps(frame, own_step(vm, frame));
        if (step && is_traced(vm)) trace_raised(vm, frame);
        step = true;
        if (row) {
            drop_hidden(vm, frame);
            drop_range(frame->regs + row->keep, frame->regs + code->temps);
            replace(&frame->regs[row->error], take(&vm->error));
            frame->pc = code->instrs + row->target;
            return FLOW_RUN;
        }
        if (is_traced(vm)) trace_left(vm, frame);
        if (frame->coroutine) {
            Flow flow = flow_raise(vm);
            if (flow != FLOW_RAISE) return flow;
            continue;
        }
        bool entry = (frame->kind & ~FRAME_SEEN) == FRAME_ENTRY;
        leave_call(vm, frame);
        if (entry) return FLOW_OUT_FAIL;
    }
}

Flow unwind(Vm *vm) { return unwind_from(vm, true); }
Flow unwind_again(Vm *vm) { return unwind_from(vm, false); }
