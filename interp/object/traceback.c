/* traceback.c - where an exception went: Traceback and frame objects.
 *
 * The unwinder prepends a step for each frame it leaves, so the list starts at the outermost frame.
 * Neighbours: vm/unwind.c (adds steps), report.c (prints). */
/* SPDX-License-Identifier: MIT */
#include "object/traceback.h"

#include "object/dict.h"
#include "object/int.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"

static Traceback *as_traceback(Value v) { return (Traceback *)as_object(v); }
static FrameObject *as_frame_object(Value v) { return (FrameObject *)as_object(v); }

void traceback_add(Vm *vm, Exception *exception, Code *code, Value globals, int instr)
{
    Ref saved = error_take(vm);
    Traceback *step = type_instance(vm, type_builtin(vm, KIND_TRACEBACK));
    if (step) {
        step->next = take(&exception->traceback);
        step->code = newref(borrow(code));
        step->globals = newref(globals);
        step->instr = instr;
        step->line = code_position(code, instr).line;
        exception->traceback = from_object(step);
    }
    error_restore(vm, saved);
}

/* ---- Traceback ---- */

static Ref get_next(Vm *vm __attribute__((unused)), Value self)
{
    return absent(as_traceback(self)->next) ? NONE : newref(as_traceback(self)->next);
}
static bool set_next(Vm *vm, Value self, Value value)
{
    if (value != NONE && !is_kind(value, KIND_TRACEBACK)) {
        throw(vm, TypeError, "expected traceback object or None, got '%T'", value);
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
static Ref get_frame(Vm *vm, Value self)
{
    Traceback *step = as_traceback(self);
    if (absent(step->frame)) {
        FrameObject *frame = type_instance(vm, type_builtin(vm, KIND_FRAME));
        if (!frame) return FAIL;
        frame->code = newref(step->code);
        frame->globals = newref(step->globals);
        frame->instr = step->instr;
        frame->line = step->line;
        step->frame = from_object(frame);
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
    step->instr = (int32_t)(offset / 2);
    step->line = (int32_t)line;
    return from_object(step);
}

static const Attribute traceback_attributes[] = {
    {"tb_next", get_next, set_next, "the next step, one call deeper"},
    {"tb_lineno", get_lineno, NULL, "line in the source"},
    {"tb_lasti", get_lasti, member_read_only, "offset of the instruction"},
    {"tb_frame", get_frame, member_read_only, "the frame"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef traceback_type = {
    .name = "traceback",
    .doc = "Where an exception went.",
    .size = sizeof(Traceback),
    .flags = TYPE_FINAL | TYPE_CONTAINER,
    .new = &traceback_make_def,
    .refs = REFS(REF(Traceback, next), REF(Traceback, code), REF(Traceback, globals),
                 REF(Traceback, frame)),
    .attributes = traceback_attributes,
};

/* ---- frames ---- */

static bool add_local(Vm *vm, Dict *locals, const Code *code, int n, Value value)
{
    if (is_kind(value, KIND_CELL) && (code->local_kinds[n] & LOCAL_CELL))
        value = ((Cell *)as_object(value))->value;
    if (absent(value) || (code->local_kinds[n] & LOCAL_HIDDEN)) return true;
    return dict_set(vm, locals, code->local_names[n], value);
}

Ref locals_dict(Vm *vm, Function *function, Ref *registers)
{
    Ref locals = dict_new(vm);
    if (failed(locals)) return FAIL;
    const Code *code = function->code;
    bool good = true;
    for (int n = 0; good && n < code->locals; n++)
        good = add_local(vm, as_dict(locals), code, n, registers[n]);
    for (int n = 0; good && n < code->free_count; n++) {
        Value value = function->cells[n]->value;
        good = absent(value) || dict_set(vm, as_dict(locals), code->free_names[n], value);
    }
    if (good) return locals;
    decref(locals);
    return FAIL;
}

Ref frame_object(Vm *vm, Function *function, int instr, Ref *registers)
{
    FrameObject *frame = type_instance(vm, type_builtin(vm, KIND_FRAME));
    if (!frame) return FAIL;
    frame->code = newref(borrow(function->code));
    frame->globals = newref(borrow(function->globals));
    frame->instr = instr;
    frame->line = code_position(function->code, instr).line;
    unsigned flags = function->code->flags;
    if (!registers) frame->locals = dict_new(vm);
    else if (flags & CODE_OPTIMIZED) frame->locals = locals_dict(vm, function, registers);
    else frame->locals = newref(flags & CODE_NAMESPACE ? registers[0] : borrow(function->globals));
    bool good = !failed(frame->locals);
    if (!good) frame->locals = UNDEF;
    if (good) return from_object(frame);
    decref_object(frame);
    return FAIL;
}

static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }
static Ref frame_code(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_frame_object(self)->code);
}
static Ref frame_globals(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_frame_object(self)->globals);
}
static Ref frame_locals(Vm *vm, Value self)
{
    return absent(as_frame_object(self)->locals) ? dict_new(vm)
                                                 : newref(as_frame_object(self)->locals);
}
static Ref frame_builtins(Vm *vm, Value self __attribute__((unused)))
{
    return newref(vm->interp->builtins);
}
static Ref frame_lineno(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_frame_object(self)->line);
}
static Ref frame_lasti(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(code_offset(as_frame_object(self)->instr));
}
static Ref frame_back(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_frame_object(self)->back);
}
static Ref frame_repr(Vm *vm, Value self)
{
    FrameObject *frame = as_frame_object(self);
    return format_text(vm, "<frame at 0x%llx, file %R, line %d, code %S>",
                       (long long)(uintptr_t)frame, (Value)as_code(frame->code)->filename,
                       (int)frame->line, (Value)as_code(frame->code)->name);
}
NATIVE(frame_clear, "clear(self, /)", "Drop the local variables.")
{
    clear(&as_frame_object(argv[0])->locals);
    return NONE;
}
static const Native *const frame_methods[] = {&frame_clear_def, NULL};
static const Attribute frame_attributes[] = {
    {"f_code", frame_code, NULL, "the code"},
    {"f_globals", frame_globals, NULL, "the module's names"},
    {"f_locals", frame_locals, NULL, "the local variables"},
    {"f_builtins", frame_builtins, NULL, "the builtins"},
    {"f_lineno", frame_lineno, NULL, "line in the source"},
    {"f_lasti", frame_lasti, NULL, "offset of the instruction"},
    {"f_back", frame_back, NULL, "the caller's frame"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef frame_type = {
    .name = "frame",
    .doc = "A snapshot of a call.",
    .size = sizeof(FrameObject),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_NO_NEW,
    .refs = REFS(REF(FrameObject, code), REF(FrameObject, globals), REF(FrameObject, locals),
                 REF(FrameObject, back)),
    .repr = frame_repr,
    .methods = frame_methods,
    .attributes = frame_attributes,
};
