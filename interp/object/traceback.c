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

void traceback_add(Vm *vm, Exception *exception, Value called, int instr, int record, Value frame,
                   Ref *registers)
{
    const Function *function = as_function(called);
    int count = registers && absent(frame) ? function->code->locals : 0;
    Ref saved = error_take(vm);
    Traceback *step =
        type_instance_sized(vm, type_builtin(vm, KIND_TRACEBACK), sizeof(Ref) * (size_t)count);
    if (!step) {
        traceback_lost(vm, saved);
        return;
    }
    step->next = take(&exception->traceback);
    step->code = newref(borrow(function->code));
    step->globals = newref(borrow(function->globals));
    step->function = newref(called);
    step->frame = newref(frame);
    step->instr = instr;
    step->line = code_position(function->code, instr).line;
    step->record = record;
    step->count = count;
    for (int n = 0; n < count; n++) step->values[n] = take(&registers[n]);
    exception->traceback = from_object(step);
    error_restore(vm, saved);
}

/* Of the frame with that code and record, and without its variables yet. */
static bool lacks_variables(Value at, Value code, int record)
{
    const Traceback *step = is_kind(at, KIND_TRACEBACK) ? as_traceback(at) : NULL;
    return step && step->record == record && borrow(step->code) == code && absent(step->frame) &&
           !step->count;
}

/* What step shows of a call that ended; its variables are taken out of registers. */
static Ref ended_frame(Vm *vm, const Traceback *step, Ref *registers, int count)
{
    Function *function = absent(step->function) ? NULL : as_function(step->function);
    FrameObject *frame = frame_object_new(vm, function, step->code, step->globals);
    if (!frame) return FAIL;
    Ref made = from_object(frame), values = count ? tuple_new(vm, count) : UNDEF;
    if (failed(values)) {
        decref(made);
        return FAIL;
    }
    for (int n = 0; n < count; n++) as_tuple(values)->items[n] = take(&registers[n]);
    frame->values = values;
    frame->instr = step->instr;
    frame->line = step->line;
    return made;
}

void traceback_leave(Vm *vm, Exception *exception, const Code *code, int record, Value frame,
                     Ref *registers)
{
    Ref saved = error_take(vm), shown = newref(frame);
    while (lacks_variables(exception->traceback, borrow(code), record)) {
        Traceback *step = as_traceback(exception->traceback);
        if (absent(shown)) shown = ended_frame(vm, step, registers, code->locals);
        if (failed(shown)) break;
        for (;; step = as_traceback(step->next)) {
            step->frame = newref(shown);
            if (!lacks_variables(step->next, borrow(code), record)) break;
        }
        if (!is_exception(exception->context)) break;
        exception = as_exception(exception->context);
    }
    if (failed(shown)) traceback_lost(vm, saved);
    else error_restore(vm, saved);
    decref(shown);
}

static void traceback_visit(Object *self, Visit *visit, void *context)
{
    Traceback *step = (Traceback *)self;
    for (int n = 0; n < step->count; n++)
        if (is_heap(step->values[n])) visit(&step->values[n], context);
}
static void traceback_clear(Object *self)
{
    Traceback *step = (Traceback *)self;
    for (int n = 0; n < step->count; n++) clear(&step->values[n]);
    step->count = 0;
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
Ref traceback_frame(Vm *vm, Value self)
{
    Traceback *step = as_traceback(self);
    if (absent(step->frame)) {
        Ref running = frame_object_handling(vm, self);
        if (!absent(running)) return running;
        Ref frame = ended_frame(vm, step, step->values, step->count);
        if (failed(frame)) return FAIL;
        step->frame = frame;
    }
    return newref(step->frame);
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
    step->globals = newref(frame->globals);
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
    .refs = REFS(REF(Traceback, next), REF(Traceback, code), REF(Traceback, globals),
                 REF(Traceback, frame), REF(Traceback, function)),
    .visit = traceback_visit,
    .clear = traceback_clear,
    .attributes = traceback_attributes,
};
