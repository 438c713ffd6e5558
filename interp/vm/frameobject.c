/* frameobject.c - which call a frame object shows, while that runs and afterwards.
 *
 * A plain call's record knows its frame object (FRAME_SHOWN; it hangs where a coroutine's record
 * has its handled exception) and hands its variables over when it ends and somebody still looks.
 * The frame object of a coroutine looks at the coroutine's registers, belongs to it, and takes them
 * over likewise.
 * Neighbours: object/frameobject.h (the contract), frame.c (views). */
/* SPDX-License-Identifier: MIT */
#include "object/error.h"
#include "object/exception.h"
#include "object/frameobject.h"
#include "object/tuple.h"
#include "vm/coroutine.h"

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
    if (record && record->kind & FRAME_SHOWN) return newref(record->handled.error);
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
    record->handled.error = from_object(frame);
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

/* The call that frame shows ends: somebody who keeps it finds the variables there. */
static void take_over(Vm *vm, FrameObject *frame, Ref *registers)
{
    Ref saved = error_take(vm), back = frame_object_back(vm, frame);
    frame->back = failed(back) || back == NONE ? UNDEF : back;
    frame->instr = frame_object_instr(vm, frame);
    const Code *code = as_code(frame->code);
    frame->line = code_position(code, frame->instr).line;
    for (int n = 0; n < code->locals; n++) as_tuple(frame->values)->items[n] = take(&registers[n]);
    error_clear(vm); /* a caller that there is no memory to show is not shown, as in CPython */
    error_restore(vm, saved);
}

void frame_hide(Vm *vm, Frame *record)
{
    record->kind &= (uint8_t)~FRAME_SHOWN;
    Ref held = take(&record->handled.error);
    FrameObject *frame = as_frame_object(held);
    if (frame->head.head.count > 1) take_over(vm, frame, record->base);
    frame->record = NULL;
    decref(held);
}

void coroutine_hide_frame(Coroutine *coroutine)
{
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

Ref frame_object_handling(Vm *vm, Value traceback)
{
    const Traceback *step = (const Traceback *)as_object(traceback);
    bool handled = false;
    for (const Handled *at = vm->handled; at && !handled; at = at->outer)
        handled = is_exception(at->error) && as_exception(at->error)->traceback == traceback;
    Frame *record = vm->frames + step->record;
    if (!handled || step->record <= 0 || record > vm->frame ||
        borrow(record->code) != (Value)step->code)
        return UNDEF;
    FrameView view;
    bool more = frame_view_first(vm, &view);
    while (more && view.record != record) more = frame_view_next(vm, &view);
    return more ? frame_object_of(vm, vm, &view) : UNDEF;
}
