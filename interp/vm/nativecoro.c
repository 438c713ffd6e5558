/* nativecoro.c - coroutines written in C, as objects.
 *
 * The state machine is the definition's resume().  To a script a native coroutine is one like any
 * other: its class is coroutine, whose methods (coroutine.c) ask here for what a script's own
 * would take from its function.  The steps of async generators have the same layout and a face of
 * their own: send, throw, close, await. Neighbours: coroutine.h (the protocol), flow.c (who calls
 * resume). */
/* SPDX-License-Identifier: MIT */
#include "compiler/opcode.h"
#include "object/call.h"
#include "object/exception.h"
#include "object/native.h"
#include "object/str.h"
#include "object/frameobject.h"
#include "vm/asyncgen.h"
#include "vm/coroutine.h"

static NativeCoroutine *as_native_coroutine(Value v) { return (NativeCoroutine *)as_object(v); }

/* The object, which to a script is of type. */
static NativeCoroutine *native_make(Vm *vm, Type *type, const NativeCoroutineDef *def)
{
    NativeCoroutine *self = object_new(vm, type->shape, def->size);
    if (self) self->def = def;
    return self;
}

NativeCoroutine *native_coroutine_of_kind(Vm *vm, Kind kind, const NativeCoroutineDef *def)
{
    return native_make(vm, type_builtin(vm, kind), def);
}

NativeCoroutine *native_coroutine_new(Vm *vm, const NativeCoroutineDef *def)
{
    Ref origin = __builtin_expect(vm->interp->origin_depth > 0, 0) ? coroutine_origin(vm) : UNDEF;
    if (failed(origin)) return NULL;
    NativeCoroutine *self = native_make(vm, type_builtin(vm, KIND_COROUTINE), def);
    if (!self) {
        decref(origin);
        return NULL;
    }
    self->act.head.head.kind = KIND_NATIVE_COROUTINE;
    if (!absent(origin)) {
        self->act.awaiting = origin;
    } else if (vm->frame->code) { /* who made it, for "was never awaited" */
        self->act.awaiting = newref(borrow(vm->frame->code));
        self->made_at = (int32_t)(vm->frame->pc - 1 - vm->frame->code->instrs);
    }
    return self;
}

Ref suspend(Vm *vm, Ref yielded)
{
    vm->yielded = yielded;
    vm->delegated = UNDEF;
    return TAIL;
}

Ref delegate(Vm *vm, Value awaitable)
{
    vm->delegated = newref(awaitable);
    return TAIL;
}

void native_coroutine_visit(Object *object, Visit *visit, void *context)
{
    const NativeCoroutineDef *def = ((NativeCoroutine *)object)->def;
    for (const size_t *offset = def->refs; offset && *offset != REFS_END; offset++) {
        Ref *slot = (Ref *)(void *)((char *)object + *offset);
        if (is_heap(*slot)) visit(slot, context);
    }
}

static void drop_slot(Ref *slot, void *context __attribute__((unused))) { clear(slot); }

void native_coroutine_drop(Object *object) { native_coroutine_visit(object, drop_slot, NULL); }

/* ---- what a script sees of a native coroutine's function ---- */

Ref native_coroutine_qualname(Vm *vm, Value self)
{
    return str_from(vm, as_native_coroutine(self)->def->name);
}

Ref native_coroutine_name(Vm *vm, Value self)
{
    const char *name = as_native_coroutine(self)->def->name, *dot = strrchr(name, '.');
    return str_from(vm, dot ? dot + 1 : name);
}

/* Its one instruction: return None, on line 1. */
static bool code_return_none(Vm *vm, Code *code)
{
    code->constants = memory_new(vm, sizeof *code->constants);
    code->positions = memory_new(vm, sizeof *code->positions);
    code->instrs = memory_new(vm, sizeof *code->instrs);
    if (!code->constants || !code->positions || !code->instrs) return false;
    code->constants[code->constant_count++] = NONE;
    code->positions[0] = (CodePos){1, 1, -1, -1};
    code->instrs[code->instr_count++] = OP_RETURN_CONST;
    return true;
}

/* A code object made up for it: the names are true, the body is not there to be shown. */
Ref native_coroutine_code(Vm *vm, Value self)
{
    Code *code = code_new(vm);
    if (!code) return FAIL;
    Ref name = native_coroutine_name(vm, self), qualname = native_coroutine_qualname(vm, self),
        file = str_from(vm, "<native>");
    code->flags = CODE_OPTIMIZED | CODE_NEWLOCALS | CODE_COROUTINE;
    code->first_line = 1;
    bool good = !failed(name) && !failed(qualname) && !failed(file) && code_return_none(vm, code);
    if (good) {
        replace(&code->name, take(&name));
        replace(&code->qualname, take(&qualname));
        replace(&code->filename, take(&file));
    }
    decref(name);
    decref(qualname);
    decref(file);
    if (good) return from_object(code);
    decref_object(code);
    return FAIL;
}

Ref native_coroutine_frame(Vm *vm, Value self)
{
    Ref code = native_coroutine_code(vm, self), globals = FAIL, function = FAIL, frame = FAIL;
    if (!failed(code)) globals = dict_new(vm);
    if (!failed(globals)) function = function_new(vm, as_code(code), as_dict(globals), NULL);
    if (!failed(function)) {
        Function *made = as_function(function);
        FrameObject *shown = frame_object_new(vm, made, borrow(made->code), borrow(made->globals));
        if (shown) frame = from_object(shown);
        if (shown) shown->line = code_position(made->code, 0).line;
    }
    decref(function);
    decref(globals);
    decref(code);
    return frame;
}

/* ---- steps of async generators ---- */

static void step_clear(Object *object)
{
    NativeCoroutine *self = (NativeCoroutine *)object;
    if (is_activation(self->act.awaiting)) as_activation(self->act.awaiting)->awaiter = NULL;
    native_coroutine_drop(object);
}

/* Runs at a safe point. */
static void step_finalize(Vm *vm, Object *object)
{
    NativeCoroutine *self = (NativeCoroutine *)object;
    ActivationState state = activation_state(&self->act);
    Ref saved = error_take(vm);
    if (state == ACTIVATION_CREATED) {
        async_step_unused(vm, &self->act);
    } else if (state == ACTIVATION_SUSPENDED) {
        if (!activation_close(vm, &self->act))
            error_unraisable(vm, "Exception ignored in", borrow(self));
        clear(&vm->returned);
    }
    error_restore(vm, saved);
}

static bool step_needs_finalizer(Object *object)
{
    ActivationState state = activation_state(&((NativeCoroutine *)object)->act);
    return state == ACTIVATION_SUSPENDED ||
           (state == ACTIVATION_CREATED && object->kind != KIND_ANEXT_AWAITABLE);
}

static bool can_resume(Vm *vm, Activation *self)
{
    if (activation_state(self) == ACTIVATION_DONE) {
        throw_reused(vm, borrow(self));
        return false;
    }
    if (activation_state(activation_innermost(self)) == ACTIVATION_RUNNING || self->awaiter) {
        throw(vm, ValueError, "coroutine already executing");
        return false;
    }
    return true;
}

static void begin(Activation *self)
{
    if (activation_state(self) == ACTIVATION_CREATED) clear(&self->awaiting);
}

NATIVE(step_send, "send(self, value, /)", "Resume with value; return what it yields next.")
{
    Activation *self = as_activation(argv[0]);
    if (!can_resume(vm, self)) return FAIL;
    if (activation_state(self) == ACTIVATION_CREATED && argv[1] != NONE) {
        if (!async_step_prepare(vm, self, argv[1])) return FAIL;
    }
    begin(self);
    return tail_resume(vm, argv[0], newref(argv[1]));
}
NATIVE(step_throw, "throw(self, type, value=?, traceback=?, /)",
       "Raise an exception where it is suspended; return what it yields next.")
{
    Activation *self = as_activation(argv[0]);
    if (!throw_allowed(vm, argv[1], argv[2], argv[3]) || !can_resume(vm, self)) return FAIL;
    begin(self);
    throw_arguments(vm, argv[1], argv[2], argv[3]);
    return tail_resume(vm, argv[0], FAIL);
}
NATIVE(step_close, "close(self, /)", "Raise GeneratorExit where it is suspended, to end it.")
{
    if (!activation_close(vm, as_activation(argv[0]))) return FAIL;
    clear(&vm->returned);
    return NONE;
}

static Ref step_next(Vm *vm, Value self)
{
    Ref value = UNDEF;
    if (!can_resume(vm, as_activation(self))) return FAIL;
    begin(as_activation(self));
    Step step = activation_resume(vm, activation_innermost(as_activation(self)), NONE, &value);
    if (step == STEP_DONE) {
        throw_stop(vm, value);
        return FAIL;
    }
    return step == STEP_YIELDED ? value : FAIL;
}
static Ref self_iter(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

static const Native *const step_methods[] = {
    &step_send_def,
    &step_throw_def,
    &step_close_def,
    NULL,
};

/* The kind's row; its objects are of the class coroutine (native_coroutine_new). */
const TypeDef native_coroutine_type = {
    .name = "coroutine",
    .doc = "A coroutine of the runtime's own.",
    .size = sizeof(NativeCoroutine),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_NO_NEW,
};

#define STEP_TYPE(type_name, text)                                                                 \
    {                                                                                              \
        .name = type_name, .doc = text, .size = sizeof(NativeCoroutine),                           \
        .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_NO_NEW,                                        \
        .refs = REFS(REF(Activation, awaiting)), .visit = native_coroutine_visit,                  \
        .clear = step_clear, .needs_finalizer = step_needs_finalizer, .finalize = step_finalize,   \
        .iter = self_iter, .next = step_next, .await = self_iter, .methods = step_methods,         \
    }
const TypeDef async_gen_step_type =
    STEP_TYPE("async_generator_asend", "One step of an async generator.");
const TypeDef async_gen_throw_type =
    STEP_TYPE("async_generator_athrow", "A step of an async generator that throws into it.");
const TypeDef anext_awaitable_type =
    STEP_TYPE("anext_awaitable", "What anext() with a default returns.");
