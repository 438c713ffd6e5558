/* frameobject.c - a call's frame as scripts see it.
 *
 * Neighbours: vm/frameobject.c (which call), framelocals.c (f_locals), traceback.c (tb_frame). */
/* SPDX-License-Identifier: MIT */
#include "object/frameobject.h"

#include "object/dict.h"
#include "object/error.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"

FrameObject *frame_object_new(Vm *vm, Function *function, Value code, Value globals)
{
    FrameObject *frame = type_instance(vm, type_builtin(vm, KIND_FRAME));
    if (!frame) return NULL;
    frame->function = function ? newref(borrow(function)) : UNDEF;
    frame->code = newref(code);
    frame->globals = newref(globals);
    frame->shown_offset = -1;
    return frame;
}

/* ---- variables ---- */

Value local_value(const Code *code, int n, Value held)
{
    bool cell = is_kind(held, KIND_CELL) && (code->local_kinds[n] & LOCAL_CELL);
    return cell ? ((Cell *)as_object(held))->value : held;
}

bool local_of_comprehension(Vm *vm, const Code *code, int n)
{
    if (!code->local_kinds || !(code->local_kinds[n] & LOCAL_HIDDEN)) return false;
    Value name = code->local_names[n];
    bool class_cell = code->local_kinds[n] & LOCAL_CELL && str_at(as_str(name), 0) == '_' &&
                      (name == N(__class__) || str_is(name, "__classdict__"));
    return str_at(as_str(name), 0) != '.' && !class_cell;
}

Ref locals_dict(Vm *vm, Function *function, Ref *registers)
{
    Ref locals = dict_new(vm);
    if (failed(locals)) return FAIL;
    const Code *code = function->code;
    bool good = true;
    for (int n = 0; good && n < code->locals; n++) {
        Value value = local_value(code, n, registers[n]);
        bool hidden = code->local_kinds && (code->local_kinds[n] & LOCAL_HIDDEN);
        if (!absent(value) && (!hidden || local_of_comprehension(vm, code, n)))
            good = dict_set(vm, as_dict(locals), code->local_names[n], value);
    }
    for (int n = 0; good && n < code->free_count; n++) {
        Value value = function->cells[n]->value;
        good = absent(value) || dict_set(vm, as_dict(locals), code->free_names[n], value);
    }
    if (good) return locals;
    decref(locals);
    return FAIL;
}

/* ---- attributes ---- */

static Ref get_code(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_frame_object(self)->code);
}
static Ref get_globals(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_frame_object(self)->globals);
}
static Ref get_locals(Vm *vm, Value self)
{
    const FrameObject *frame = as_frame_object(self);
    unsigned flags = as_code(frame->code)->flags;
    if (flags & CODE_OPTIMIZED) return frame_locals_new(vm, self);
    const Ref *registers = frame_object_registers(frame);
    bool namespace = flags & CODE_NAMESPACE && registers && !absent(registers[0]);
    return newref(namespace ? registers[0] : frame->globals);
}
static Ref get_builtins(Vm *vm, Value self __attribute__((unused)))
{
    return newref(vm->interp->builtins);
}
static Ref get_lineno(Vm *vm, Value self)
{
    const FrameObject *frame = as_frame_object(self);
    bool alive = frame->record || frame->coroutine;
    if (!alive) return from_small(frame->line);
    return from_small(code_position(as_code(frame->code), frame_object_instr(vm, frame)).line);
}
static bool set_lineno(Vm *vm, Value self, Value line)
{
    if (absent(line)) return throw(vm, AttributeError, "cannot delete attribute"), false;
    if (!is_int(line) && !is_kind(line, KIND_INT))
        return throw(vm, ValueError, "lineno must be an integer"), false;
    if (!is_int(line) || as_int(line) != (int32_t)as_int(line))
        return throw(vm, ValueError, "lineno out of range"), false;
    return frame_object_jump(vm, as_frame_object(self), (int)as_int(line));
}
static Ref get_lasti(Vm *vm, Value self)
{
    return from_small(code_offset(frame_object_instr(vm, as_frame_object(self))));
}
static Ref get_back(Vm *vm, Value self) { return frame_object_back(vm, as_frame_object(self)); }
static Ref get_generator(Vm *vm __attribute__((unused)), Value self)
{
    struct Coroutine *coroutine = as_frame_object(self)->coroutine;
    return coroutine ? newref(borrow(coroutine)) : NONE;
}

static Ref get_trace(Vm *vm __attribute__((unused)), Value self)
{
    Value trace = as_frame_object(self)->trace;
    return absent(trace) ? NONE : newref(trace);
}
static bool set_trace(Vm *vm __attribute__((unused)), Value self, Value trace)
{
    bool none = absent(trace) || trace == NONE;
    replace(&as_frame_object(self)->trace, none ? UNDEF : newref(trace));
    return true;
}
static bool set_flag(Vm *vm, Value self, Value value, unsigned flag, bool meaning)
{
    if (absent(value)) return throw(vm, TypeError, "cannot delete attribute"), false;
    if (!is_bool(value)) return throw(vm, TypeError, "attribute value type must be bool"), false;
    FrameObject *frame = as_frame_object(self);
    bool on = (value == TRUE) == meaning;
    frame->flags = (uint8_t)(on ? frame->flags | flag : frame->flags & ~flag);
    return true;
}
static Ref get_trace_lines(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(!(as_frame_object(self)->flags & TRACE_NO_LINES));
}
static bool set_trace_lines(Vm *vm, Value self, Value value)
{
    return set_flag(vm, self, value, TRACE_NO_LINES, false);
}
static Ref get_trace_opcodes(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_frame_object(self)->flags & TRACE_OPCODES);
}
static bool set_trace_opcodes(Vm *vm, Value self, Value value)
{
    if (!set_flag(vm, self, value, TRACE_OPCODES, true)) return false;
    return value == FALSE || code_trace_opcodes(vm, as_code(as_frame_object(self)->code));
}
static Ref frame_repr(Vm *vm, Value self)
{
    const FrameObject *frame = as_frame_object(self);
    Ref line = get_lineno(vm, self);
    return format_text(vm, "<frame at 0x%llx, file %R, line %d, code %S>",
                       (long long)(uintptr_t)frame, (Value)as_code(frame->code)->filename,
                       (int)as_int(line), (Value)as_code(frame->code)->name);
}

NATIVE(frame_clear, "clear(self, /)",
       "Drop the local variables.  RuntimeError while the call runs or is suspended.")
{
    FrameObject *frame = as_frame_object(argv[0]);
    if (frame_object_runs(vm, frame))
        return throw(vm, RuntimeError, "cannot clear an executing frame");
    if (frame_object_is_suspended(frame))
        return throw(vm, RuntimeError, "cannot clear a suspended frame");
    if (frame->coroutine) return frame_object_give_up(vm, frame);
    clear(&frame->values);
    clear(&frame->extra);
    return NONE;
}

static const Native *const frame_methods[] = {&frame_clear_def, NULL};
static const Attribute frame_attributes[] = {
    {"f_code", get_code, member_read_only, "the code"},
    {"f_globals", get_globals, member_read_only, "the module's names"},
    {"f_locals", get_locals, member_read_only,
     "the local variables; of a function: a mapping that writes through"},
    {"f_builtins", get_builtins, member_read_only, "the builtins"},
    {"f_lineno", get_lineno, set_lineno,
     "line in the source; a trace function may set it, and the call goes on there"},
    {"f_lasti", get_lasti, member_read_only, "offset of the instruction"},
    {"f_back", get_back, member_read_only, "the caller's frame, or None"},
    {"f_generator", get_generator, member_read_only,
     "the generator or coroutine whose frame it is, or None"},
    {"f_trace", get_trace, set_trace, "what is called at each line while somebody traces, or None"},
    {"f_trace_lines", get_trace_lines, set_trace_lines, "is f_trace called at each line?"},
    {"f_trace_opcodes", get_trace_opcodes, set_trace_opcodes, "and at each instruction?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef frame_type = {
    .name = "frame",
    .doc = "A call.",
    .size = sizeof(FrameObject),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_NO_NEW,
    .refs = REFS(REF(FrameObject, function), REF(FrameObject, code), REF(FrameObject, globals),
                 REF(FrameObject, values), REF(FrameObject, extra), REF(FrameObject, back),
                 REF(FrameObject, trace), REF(FrameObject, calling)),
    .repr = frame_repr,
    .methods = frame_methods,
    .attributes = frame_attributes,
};
