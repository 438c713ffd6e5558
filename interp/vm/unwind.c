/* unwind.c - from a raised exception to its handler.
 *
 * Costs nothing until something is raised: the handlers are rows of a table.  Each frame left adds
 * a (code, instruction) step to the traceback.  Frames are left like returns: a coroutine's error
 * goes into its awaiter. Neighbours: flow.c, object/traceback.c. */
/* SPDX-License-Identifier: MIT */
#include "object/exception.h"
#include "vm/eval.h"
#include "vm/flow.h"

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
    Ref *start = frame->kind == FRAME_INIT ? frame->base - 1 : frame->base;
    drop_range(start, frame->regs + frame->code->temps);
    Function *function = frame->function;
    vm->frame = frame - 1;
    decref_object(function);
}

static Flow unwind_from(Vm *vm, bool add_step)
{
    for (;;) {
        Frame *frame = vm->frame;
        Code *code = frame->code;
        uint32_t index = (uint32_t)(frame->pc - 1 - code->instrs);
        if (frame->pc == code->instrs) index = 0;
        if (add_step && is_exception(vm->error))
            traceback_add(vm, as_exception(vm->error), code, borrow(frame->function->globals),
                          (int)index);
        add_step = true;
        const HandlerRow *row = handler_at(code, index);
        if (row) {
            drop_range(frame->regs + row->keep, frame->regs + code->temps);
            replace(&frame->regs[row->error], take(&vm->error));
            frame->pc = code->instrs + row->target;
            return FLOW_RUN;
        }
        if (frame->coroutine) {
            Flow flow = flow_raise(vm);
            if (flow != FLOW_RAISE) return flow;
            continue;
        }
        bool entry = frame->kind == FRAME_ENTRY;
        leave_call(vm, frame);
        if (entry) return FLOW_OUT_FAIL;
    }
}

Flow unwind(Vm *vm) { return unwind_from(vm, true); }
Flow unwind_again(Vm *vm) { return unwind_from(vm, false); }
