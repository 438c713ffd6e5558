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
    if (frame->kind & FRAME_SHOWN) frame_hide(vm, frame);
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

/* The object that scripts have of a frame; UNDEF: none. */
static Value frame_shown(const Frame *frame)
{
    if (frame->coroutine) return frame->coroutine->frame;
    return frame->kind & FRAME_SHOWN ? (Value)frame->handled.error : (Value)UNDEF;
}

/* Adds the step of the running frame; one that is left leaves its variables there. */
static void add_step(Vm *vm, Frame *frame, int index, bool left)
{
    if (frame->code->flags & CODE_UNSEEN) return;
    traceback_add(vm, as_exception(vm->error), borrow(frame->function), index,
                  (int)(frame - vm->frames), frame_shown(frame), left ? frame->base : NULL);
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
        if (step && is_traced(vm)) trace_raised(vm, frame);
        if (!step && !row && is_exception(vm->error))
            traceback_leave(vm, as_exception(vm->error), code, (int)(frame - vm->frames),
                            frame_shown(frame), frame->base);
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
        bool entry = (frame->kind & ~FRAME_SHOWN) == FRAME_ENTRY;
        leave_call(vm, frame);
        if (entry) return FLOW_OUT_FAIL;
    }
}

Flow unwind(Vm *vm) { return unwind_from(vm, true); }
Flow unwind_again(Vm *vm) { return unwind_from(vm, false); }
