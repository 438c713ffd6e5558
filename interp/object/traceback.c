/* traceback.c - where an exception went.
 *
 * The unwinder prepends a step for each frame it leaves, so the list starts at the outermost frame.
 * Neighbours: vm/unwind.c (adds steps), report.c (prints), frameobject.c. */
/* SPDX-License-Identifier: MIT */
#include "object/traceback.h"

#include "object/frameobject.h"
#include "object/int.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/tuple.h"

void traceback_lost(Vm *vm, Ref exception)
{
    if (exception_is(vm, exception, MemoryError)) {
        error_restore(vm, exception);
        return;
    }
    if (as_object(vm->error)->count == 1) replace(&as_exception(vm->error)->context, exception);
    else decref(exception); /* it is the one made in time, which others have */
}

/* Is outer, whose call stood in record, the caller of inner, what came before it? */
static bool is_caller(const Traceback *inner, int record)
{
    if (inner->outer || inner->link || !is_kind(inner->code, KIND_CODE)) return false;
    unsigned flags = as_code(inner->code)->flags;
    bool awaited = flags & CODE_COROUTINE && inner->record == record;
    return awaited || inner->record == record + 1;
}

void traceback_take(Traceback *step, Ref *registers)
{
    step->count = as_code(step->code)->locals;
    for (int n = 0; n < step->count; n++) step->values[n] = take(&registers[n]);
}

Traceback *traceback_add(Vm *vm, Exception *exception, Value called, int instr, int record,
                         Value frame, Ref *registers)
{
    const Function *function = as_function(called);
    int count = absent(frame) ? function->code->locals : 0;
    Ref saved = error_take(vm);
    Traceback *step =
        type_instance_sized(vm, type_builtin(vm, KIND_TRACEBACK), sizeof(Ref) * (size_t)count);
    if (!step) {
        traceback_lost(vm, saved);
        return NULL;
    }
    step->next = take(&exception->traceback);
    if (is_kind(step->next, KIND_TRACEBACK) && is_caller(as_traceback(step->next), record))
        as_traceback(step->next)->outer = step;
    step->code = newref(borrow(function->code));
    step->function = newref(called);
    step->frame = newref(frame);
    step->instr = instr;
    step->line = code_position(function->code, instr).line;
    step->record = record;
    if (registers && absent(frame)) traceback_take(step, registers);
    exception->traceback = from_object(step);
    error_restore(vm, saved);
    return step;
}

void traceback_set_frame(Traceback *step, Value frame)
{
    *step->link = step->rest;
    if (step->rest) step->rest->link = step->link;
    step->link = NULL;
    if (!absent(frame)) replace(&step->frame, newref(frame));
}

/* What step shows of a call that ended, whose variables it has. */
static Ref ended_frame(Vm *vm, Traceback *step)
{
    Function *function = as_function(step->function);
    FrameObject *frame = frame_object_new(vm, function, step->code, borrow(function->globals));
    if (!frame) return FAIL;
    Ref made = from_object(frame), values = step->count ? tuple_new(vm, step->count) : UNDEF;
    if (failed(values)) {
        decref(made);
        return FAIL;
    }
    for (int n = 0; n < step->count; n++) as_tuple(values)->items[n] = take(&step->values[n]);
    frame->values = values;
    frame->instr = step->instr;
    frame->line = step->line;
    return made;
}

static void traceback_visit(Object *self, Visit *visit, void *context)
{
    Traceback *step = (Traceback *)self;
    for (int n = 0; n < step->count; n++)
        if (is_heap(step->values[n])) visit(&step->values[n], context);
}
/* What came before step is not known as called from there any more. */
static void leave_inner(Traceback *step)
{
    Traceback *inner = is_kind(step->next, KIND_TRACEBACK) ? as_traceback(step->next) : NULL;
    if (inner && inner->outer == step) inner->outer = NULL;
}
static void traceback_clear(Object *self)
{
    Traceback *step = (Traceback *)self;
    for (int n = 0; n < step->count; n++) clear(&step->values[n]);
    step->count = 0;
    if (step->link) traceback_set_frame(step, UNDEF);
    leave_inner(step);
}

/* ---- Traceback ---- */

static Ref get_next(Vm *vm __attribute__((unused)), Value self)
{
    return absent(as_traceback(self)->next) ? NONE : newref(as_traceback(self)->next);
}
static bool set_next(Vm *vm, Value self, Value value)
{
    if (absent(value)) {
        throw(vm, TypeError, "can't delete tb_next attribute");
        return false;
    }
    if (value != NONE && !is_kind(value, KIND_TRACEBACK)) {
        throw(vm, TypeError, "expected traceback object, got '%T'", value);
        return false;
    }
    for (Value at = value; is_kind(at, KIND_TRACEBACK); at = as_traceback(at)->next)
        if (at == self) {
            throw(vm, ValueError, "traceback loop detected");
            return false;
        }
    leave_inner(as_traceback(self));
    replace(&as_traceback(self)->next, value == NONE ? UNDEF : newref(value));
    return true;
}
static Ref get_lineno(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_traceback(self)->line);
}
static Ref get_lasti(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(code_offset(as_traceback(self)->instr));
}
/* The frame of a step, called from that of the step around it (back; UNDEF: not known). */
static Ref frame_called_from(Vm *vm, Traceback *step, Value back)
{
    if (step->link) return frame_object_running(vm, step->running, step->coroutine);
    if (is_kind(step->frame, KIND_TRACEBACK)) {
        Ref frame = traceback_frame(vm, step->frame);
        if (failed(frame)) return FAIL;
        replace(&step->frame, frame);
    }
    if (absent(step->frame)) {
        Ref made = ended_frame(vm, step);
        if (failed(made)) return FAIL;
        step->frame = made;
        as_frame_object(made)->back = newref(back);
    }
    return newref(step->frame);
}
Ref traceback_frame(Vm *vm, Value self)
{
    Traceback *inner = as_traceback(self), *step = inner;
    while (step->outer && absent(step->frame) && !step->link) step = step->outer;
    Ref frame = frame_called_from(vm, step, UNDEF);
    while (step != inner && !failed(frame)) {
        step = as_traceback(step->next);
        replace(&frame, frame_called_from(vm, step, frame));
    }
    return frame;
}
NATIVE(traceback_make, "__new__(cls, tb_next, tb_frame, tb_lasti, tb_lineno)",
       "Create a new traceback object.")
{
    int64_t offset, line;
    if (argv[1] != NONE && !is_kind(argv[1], KIND_TRACEBACK))
        return throw(vm, TypeError, "expected traceback object or None, got '%T'", argv[1]);
    if (!is_kind(argv[2], KIND_FRAME))
        return throw(vm, TypeError, "TracebackType() argument 'tb_frame' must be frame, not %T",
                     argv[2]);
    if (!int_index(vm, argv[3], &offset) || !int_index(vm, argv[4], &line)) return FAIL;
    Traceback *step = type_instance(vm, as_type(argv[0]));
    if (!step) return FAIL;
    const FrameObject *frame = as_frame_object(argv[2]);
    step->next = argv[1] == NONE ? UNDEF : newref(argv[1]);
    step->code = newref(frame->code);
    step->frame = newref(argv[2]);
    step->instr = (int32_t)code_index((int)offset);
    step->line = (int32_t)line;
    return from_object(step);
}

static const Attribute traceback_attributes[] = {
    {"tb_next", get_next, set_next, "the next step, one call deeper"},
    {"tb_lineno", get_lineno, NULL, "line in the source"},
    {"tb_lasti", get_lasti, member_read_only, "offset of the instruction"},
    {"tb_frame", traceback_frame, member_read_only, "the frame"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef traceback_type = {
    .name = "traceback",
    .doc = "Where an exception went.",
    .size = sizeof(Traceback),
    .flags = TYPE_FINAL | TYPE_CONTAINER,
    .new = &traceback_make_def,
    .refs = REFS(REF(Traceback, next), REF(Traceback, code), REF(Traceback, frame),
                 REF(Traceback, function)),
    .visit = traceback_visit,
    .clear = traceback_clear,
    .attributes = traceback_attributes,
};
