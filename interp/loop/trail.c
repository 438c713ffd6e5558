/* trail.c - notes on errors that cross tasks: from which task, who cancelled, which timeout.
 *
 * Most errors are caught and never looked at, so a note is kept as a template with its arguments
 * (object/exception.h) and becomes text when somebody reads it.  Only the way from a failed task
 * outwards is text at once: those who wait there go on meanwhile.  Invariant: an error is noted at
 * the first task it leaves; what it crosses later stands in that note.
 * Neighbours: task.c, timeout.c, taskgroup.c, runner.c (which call these). */
/* SPDX-License-Identifier: MIT */
#include "loop/trail.h"

#include "loop/completed.h"
#include "loop/waiter.h"
#include "object/exception.h"
#include "object/number.h"
#include "object/tuple.h"

enum { HOPS_MAX = 8 }; /* tasks of a chain that are named */

static bool is_plain(const Vm *vm) { return vm->interp->flags.plain; }

Place place_here(Vm *vm)
{
    Frame *frame = vm->frame;
    if (!frame->code) return (Place){UNDEF, 0};
    return (Place){newref(borrow(frame->code)), (int32_t)(frame->pc - 1 - frame->code->instrs)};
}

/* ---- cancelling ---- */

static Ref reason_note(Vm *vm, Reason reason, Value what, const Place *place)
{
    switch (reason) {
    case BECAUSE_TIMEOUT:
        if (absent(place->code)) return note_make(vm, "cancelled by a timeout", 0, NULL);
        if (absent(what))
            return note_make(vm, "cancelled by the timeout set at %w", 2,
                             (Value[]){place->code, from_small(place->instr)});
        return note_make(vm, "cancelled by the timeout of %s s set at %w", 3,
                         (Value[]){what, place->code, from_small(place->instr)});
    case BECAUSE_GROUP:
        if (absent(what)) return note_make(vm, "cancelled by its TaskGroup", 0, NULL);
        return note_make(vm, "cancelled by its TaskGroup, because task %n failed", 1, &what);
    case BECAUSE_INTERRUPT: return note_make(vm, "cancelled by Ctrl-C", 0, NULL);
    default: return note_make(vm, "cancelled because asyncio.run() ends", 0, NULL);
    }
}

/* There is no memory for a note: the exception goes on without. */
static void note_lost(Vm *vm)
{
    error_unraisable(vm, "Exception ignored while a note was made", UNDEF);
}

Ref trail_begin(Vm *vm, Loop *loop, Reason reason, Value what, const Place *place)
{
    Ref outer = take(&loop->reason);
    if (is_plain(vm)) return outer;
    Ref error = error_take(vm), note = reason_note(vm, reason, what, place);
    if (failed(note)) note_lost(vm);
    else loop->reason = note;
    error_restore(vm, error);
    return outer;
}

void trail_end(Loop *loop, Ref outer) { replace(&loop->reason, outer); }

/* One place often cancels many: the note before may be the same. */
static Ref cancelled_at(Vm *vm, Loop *loop, Value name, const Frame *frame)
{
    Value instr = from_small(frame->pc - 1 - frame->code->instrs), code = borrow(frame->code);
    Value last = loop->last_reason;
    if (is_tuple(last) && tuple_at(last, 1) == name && tuple_at(last, 2) == code &&
        tuple_at(last, 3) == instr)
        return newref(last);
    Ref note = note_make(vm, "cancelled by task %n at %w (aio explain AIO306)", 3,
                         (Value[]){name, code, instr});
    if (!failed(note)) replace(&loop->last_reason, newref(note));
    return note;
}

static Ref canceller_note(Vm *vm, Loop *loop)
{
    if (!absent(loop->reason)) return newref(loop->reason);
    if (!is_task(loop->current)) return note_make(vm, "cancelled by a callback", 0, NULL);
    Value name = as_task(loop->current)->name;
    return vm->frame->code ? cancelled_at(vm, loop, name, vm->frame)
                           : note_make(vm, "cancelled by task %n", 1, &name);
}

void trail_cancelling(Vm *vm, Task *task)
{
    if (!absent(task->reason) || is_plain(vm) || !is_loop(task->future.loop)) return;
    Ref travelling = error_take(vm), note = canceller_note(vm, future_loop(&task->future));
    if (failed(note)) note_lost(vm);
    else task->reason = note;
    error_restore(vm, travelling);
}

void trail_thrown(Vm *vm, Task *task, Value error)
{
    Ref note = take(&task->reason);
    if (exception_is(vm, error, CancelledError) && absent(as_exception(error)->notes))
        exception_note(vm, as_exception(error), note);
    else decref(note);
}

void trail_timed_out(Vm *vm, Value error, Value delay, const Place *place)
{
    if (is_plain(vm) || absent(place->code)) return;
    Value given[] = {place->code, from_small(place->instr), NONE};
    Ref note, travelling = error_take(vm);
    if (absent(delay)) {
        note = note_make(vm, "the timeout set at %w expired (aio explain AIO305)", 2, given);
    } else {
        given[2] = given[1], given[1] = given[0], given[0] = delay;
        note =
            note_make(vm, "the timeout of %s s set at %w expired (aio explain AIO305)", 3, given);
    }
    if (failed(note)) note_lost(vm);
    else exception_note(vm, as_exception(error), note);
    error_restore(vm, travelling);
}

/* ---- who awaits a task ---- */

static Value awaiter_of(const Future *future, int depth);

/* The task that goes on when this callback runs, or UNDEF. */
static Value awaiter_behind(Tagged what, int depth)
{
    Object *object = object_of(what);
    switch (tag_of(what)) {
    case ENTRY_WAKE: return from_object(object);
    case ENTRY_GATHER:
    case ENTRY_SHIELD_INNER: return depth ? awaiter_of((Future *)object, depth - 1) : UNDEF;
    case ENTRY_GROUP: return group_parent(object);
    case ENTRY_WAIT: {
        Task *task = ((Waiter *)object)->task;
        return task ? borrow(task) : UNDEF;
    }
    default: return UNDEF;
    }
}

static Value awaiter_of(const Future *future, int depth)
{
    Value found = future->first ? awaiter_behind(future->first, depth) : UNDEF;
    int more = future->extra ? future->extra->callback_count : 0;
    for (int i = 0; absent(found) && i < more; i++)
        found = awaiter_behind(future->extra->callbacks[i], depth);
    return found;
}

static bool add_name(Vm *vm, StrBuilder *text, Task *task)
{
    Ref name = task_name(vm, task);
    bool ok = !failed(name) && builder_text(vm, text, "'") && builder_str(vm, text, name) &&
              builder_text(vm, text, "'");
    decref(name);
    return ok;
}

static bool add_place(Vm *vm, StrBuilder *text, Value file, int line)
{
    Ref where = format_text(vm, " at %S:%d", file, line);
    bool ok = !failed(where) && builder_str(vm, text, where);
    decref(where);
    return ok;
}

/* "in task 'name', created at file:line". */
static bool add_origin(Vm *vm, StrBuilder *text, Task *task)
{
    Ref made = task_made_where(vm, task);
    bool ok =
        !failed(made) && builder_text(vm, text, "in task ") && add_name(vm, text, task) &&
        (absent(made) || (builder_text(vm, text, ", created at ") && builder_str(vm, text, made)));
    decref(made);
    return ok;
}

static bool add_awaiter(Vm *vm, StrBuilder *text, Task *task)
{
    Value file, name;
    int line;
    return builder_text(vm, text, ", awaited by ") && add_name(vm, text, task) &&
           (!task_where(vm, task, &file, &name, &line) || add_place(vm, text, file, line));
}

/* Ends the text (ok: it is whole) and leaves it with the error. */
static void leave_note(Vm *vm, Exception *error, StrBuilder *text, bool ok)
{
    Ref note = ok ? builder_finish(vm, text) : FAIL;
    if (!ok) builder_close(text);
    if (failed(note)) note_lost(vm);
    else exception_note(vm, error, note);
}

static bool wants_note(const Vm *vm, const Exception *error)
{
    return !is_plain(vm) && !(error->head.aux & EXCEPTION_TRAILED);
}

void trail_failed(Vm *vm, Task *task, Value error)
{
    Exception *exception = as_exception(error);
    Value awaiter = wants_note(vm, exception) ? awaiter_of(&task->future, HOPS_MAX) : UNDEF;
    if (!is_task(awaiter)) return;
    exception->head.aux |= EXCEPTION_TRAILED;
    StrBuilder text;
    builder_open(&text);
    bool ok = add_origin(vm, &text, task);
    for (int hop = 0; ok && is_task(awaiter) && hop < HOPS_MAX; hop++) {
        ok = add_awaiter(vm, &text, as_task(awaiter));
        awaiter = awaiter_of(as_future(awaiter), HOPS_MAX);
    }
    leave_note(vm, exception, &text, ok);
}

void trail_reached(Vm *vm, Task *task, Value error)
{
    Exception *exception = as_exception(error);
    Value current = future_loop(&task->future)->current;
    Frame *frame = vm->frame;
    if (!wants_note(vm, exception) || !is_task(current) || !frame->code) return;
    exception->head.aux |= EXCEPTION_TRAILED;
    int line = code_position(frame->code, (int)(frame->pc - 1 - frame->code->instrs)).line;
    StrBuilder text;
    builder_open(&text);
    bool ok = add_origin(vm, &text, task) && builder_text(vm, &text, ", awaited by ") &&
              add_name(vm, &text, as_task(current)) &&
              add_place(vm, &text, frame->code->filename, line);
    leave_note(vm, exception, &text, ok);
}
