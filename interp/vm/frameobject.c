/* frameobject.c - which call a frame object shows, while that runs and afterwards.
 *
 * A plain call's record knows its frame object (FRAME_SHOWN) and hands its variables over when it
 * ends and somebody still looks.  Tracebacks of exceptions that it handled (FRAME_STEPS) look, too:
 * one that is still there when the call ends makes it have a frame object.  The frame object of a
 * coroutine looks at the coroutine's registers, belongs to it, and takes them over likewise.
 * Neighbours: object/frameobject.h (the contract), frame.c (views). */
/* SPDX-License-Identifier: MIT */
#include "compiler/instruction.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/frameobject.h"
#include "object/traceback.h"
#include "object/tuple.h"
#include "vm/coroutine.h"

Value frame_shown(const Frame *frame)
{
    if (frame->coroutine) return frame->coroutine->frame;
    return frame->kind & FRAME_SHOWN ? (Value)frame->shown : (Value)UNDEF;
}

/* The variables will find room when the call ends, where nothing can be raised; false: frame is
 * dropped. */
static bool room_for_values(Vm *vm, FrameObject *frame)
{
    Ref values = tuple_new(vm, as_code(frame->code)->locals);
    frame->values = failed(values) ? UNDEF : values;
    if (failed(values)) decref_object(frame);
    return !failed(values);
}

Ref frame_object_of(Vm *vm, Vm *thread, const FrameView *view)
{
    Frame *record = view->coroutine ? NULL : view->record;
    if (record && record->kind & FRAME_SHOWN) return newref(record->shown);
    if (view->coroutine && !absent(view->coroutine->frame)) return newref(view->coroutine->frame);
    FrameObject *frame = frame_object_new(vm, view->function, borrow(view->function->code),
                                          borrow(view->function->globals));
    if (!frame || !room_for_values(vm, frame)) return FAIL;
    frame->instr = view->instr;
    frame->line = code_position(view->function->code, view->instr).line;
    frame->thread = thread;
    if (view->coroutine) {
        frame->coroutine = view->coroutine;
        view->coroutine->frame = from_object(frame);
        return newref(borrow(frame));
    }
    frame->record = record;
    record->kind |= FRAME_SHOWN;
    record->shown = from_object(frame);
    return newref(borrow(frame));
}

/* The view that frame shows; false: its call does not run. */
static bool find_view(Vm *vm, const FrameObject *frame, FrameView *view)
{
    Vm *thread = frame->record ? frame->thread : vm;
    if (!frame->record && !frame->coroutine) return false;
    bool more = frame_view_first(thread, view);
    while (more && (frame->record ? view->coroutine || view->record != frame->record
                                  : view->coroutine != frame->coroutine))
        more = frame_view_next(thread, view);
    return more;
}

/* RETURN took the value that it returns out of its variable, where it is still looked for. */
static void keep_returned(Vm *vm, const Code *code, int instr, Ref *values)
{
    if (absent(vm->returned)) return;
    Instruction in = {.next = 0};
    while (in.next <= instr) instruction_read(code, in.next, &in);
    if (in.op == OP_RETURN && in.operand[0] < 0)
        replace(&values[code->locals + in.operand[0]], newref(vm->returned));
}

/* The call that frame shows ends: somebody who keeps it finds the variables there. */
static void take_over(Vm *vm, FrameObject *frame, Ref *registers)
{
    Ref saved = error_take(vm), back = frame_object_back(vm, frame);
    frame->back = failed(back) || back == NONE ? UNDEF : back;
    frame->instr = frame_object_instr(vm, frame);
    const Code *code = as_code(frame->code);
    frame->line = code_position(code, frame->instr).line;
    for (int n = 0; n < code->locals; n++) as_tuple(frame->values)->items[n] = take(&registers[n]);
    keep_returned(vm, code, frame->instr, as_tuple(frame->values)->items);
    error_clear(vm); /* a caller that there is no memory to show is not shown, as in CPython */
    error_restore(vm, saved);
}

Ref frame_object_running(Vm *vm, Frame *record, Coroutine *coroutine)
{
    if (coroutine) return coroutine_get_frame(vm, borrow(coroutine));
    Vm *thread = vm->interp->threads;
    while (record <= thread->frames || record > thread->frame) thread = thread->next_thread;
    FrameView view;
    bool more = frame_view_first(thread, &view);
    while (more && view.record != record) more = frame_view_next(thread, &view);
    return frame_object_of(vm, thread, &view);
}

/* ---- steps of tracebacks whose call goes on in a handler ---- */

static Traceback **steps_of(Frame *record)
{
    if (record->coroutine) return &record->coroutine->steps;
    if (!(record->kind & FRAME_STEPS)) record->steps = NULL;
    record->kind |= FRAME_STEPS;
    return &record->steps;
}

void frame_keep_step(Frame *record, Traceback *step)
{
    step->coroutine = record->coroutine;
    step->running = record->coroutine ? NULL : record;
    step->link = steps_of(record);
    step->rest = *step->link;
    if (step->rest) step->rest->link = &step->rest;
    *step->link = step;
}

/* All of them get frame. */
static void end_steps(Traceback **steps, Value frame)
{
    while (*steps) traceback_set_frame(*steps, borrow(*steps) == frame ? UNDEF : frame);
}

/* They get a frame object, as nothing propagates that could have the variables. */
static void show_steps(Vm *vm, Traceback **steps)
{
    if (!*steps) return;
    Ref saved = error_take(vm);
    Ref frame = frame_object_running(vm, (*steps)->running, (*steps)->coroutine);
    end_steps(steps, failed(frame) ? UNDEF : frame);
    if (failed(frame)) error_clear(vm);
    else decref(frame);
    error_restore(vm, saved);
}

void frame_leave_steps(Frame *record, Traceback *last)
{
    if (!record->coroutine && !(record->kind & FRAME_STEPS)) return;
    Traceback **steps = steps_of(record);
    if (!*steps || !last || !absent(frame_shown(record))) return;
    if (last->link) traceback_take(last, record->base);
    end_steps(steps, borrow(last));
}

void frame_hide(Vm *vm, Frame *record)
{
    if (record->kind & FRAME_STEPS) show_steps(vm, &record->steps);
    bool shown = record->kind & FRAME_SHOWN;
    record->kind &= (uint8_t)~FRAME_SEEN;
    if (!shown) return;
    Ref held = take(&record->shown);
    FrameObject *frame = as_frame_object(held);
    if (frame->head.head.count > 1) take_over(vm, frame, record->base);
    frame->record = NULL;
    decref(held);
}

void frame_forget(Frame *record)
{
    if (record->kind & FRAME_STEPS) end_steps(&record->steps, UNDEF);
    if (!(record->kind & FRAME_SHOWN)) return;
    as_frame_object(record->shown)->record = NULL;
    clear(&record->shown);
}

void coroutine_hide_frame(Coroutine *coroutine)
{
    const Code *code = coroutine->function->code;
    if (code) show_steps(code->interp->running, &coroutine->steps);
    else end_steps(&coroutine->steps, UNDEF);
    if (absent(coroutine->frame)) return;
    Ref held = take(&coroutine->frame);
    FrameObject *frame = as_frame_object(held);
    if (frame->head.head.count > 1 && !absent(frame->code))
        take_over(as_code(frame->code)->interp->running, frame, coroutine->regs);
    frame->coroutine = NULL;
    decref(held);
}

Ref *frame_object_registers(const FrameObject *frame)
{
    if (frame->record) return frame->record->base;
    if (frame->coroutine) return frame->coroutine->regs;
    return absent(frame->values) ? NULL : as_tuple(frame->values)->items;
}

int frame_object_instr(Vm *vm, const FrameObject *frame)
{
    FrameView view;
    if (frame->shown_offset >= 0) return code_index(frame->shown_offset);
    if (find_view(vm, frame, &view)) return view.instr;
    const Coroutine *coroutine = frame->coroutine;
    const Instr *start = as_code(frame->code)->instrs; /* NULL: the collector has it already */
    if (!coroutine || activation_state(&coroutine->act) != ACTIVATION_SUSPENDED || !start)
        return frame->instr;
    return (int)(coroutine->pc - 1 - start);
}

Ref frame_object_back(Vm *vm, FrameObject *frame)
{
    FrameView view;
    Vm *thread = frame->record ? frame->thread : vm;
    if (!find_view(vm, frame, &view)) return absent(frame->back) ? NONE : newref(frame->back);
    return frame_view_next(thread, &view) ? frame_object_of(vm, thread, &view) : NONE;
}

bool frame_object_runs(Vm *vm, const FrameObject *frame)
{
    FrameView view;
    return find_view(vm, frame, &view);
}

bool frame_object_is_suspended(const FrameObject *frame)
{
    return frame->coroutine && activation_state(&frame->coroutine->act) == ACTIVATION_SUSPENDED;
}

Ref frame_object_give_up(Vm *vm, FrameObject *frame)
{
    Coroutine *coroutine = frame->coroutine;
    if (is_coroutine(borrow(coroutine))) coroutine_finalize(vm, &coroutine->act.head.head);
    else if (!activation_close(vm, &coroutine->act)) return FAIL;
    return NONE;
}
