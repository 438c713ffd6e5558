/* nativecoro.c - coroutines written in C, as objects.
 *
 * The state machine is the definition's resume(); this file gives it the face of a coroutine: send,
 * throw, close, await. Neighbours: coroutine.h (the protocol), flow.c (who calls resume). */
/* SPDX-License-Identifier: MIT */
#include "object/call.h"
#include "object/exception.h"
#include "object/native.h"
#include "object/str.h"
#include "vm/asyncgen.h"
#include "vm/coroutine.h"

static NativeCoroutine *as_native_coroutine(Value v) { return (NativeCoroutine *)as_object(v); }

NativeCoroutine *native_coroutine_of_kind(Vm *vm, Kind kind, const NativeCoroutineDef *def)
{
    NativeCoroutine *self = object_new(vm, type_builtin(vm, kind)->shape, def->size);
    if (!self) return NULL;
    self->def = def;
    if (vm->frame->code &&
        kind == KIND_NATIVE_COROUTINE) { /* who made it, for "was never awaited" */
        self->act.awaiting = newref(borrow(vm->frame->code));
        self->made_at = (int32_t)(vm->frame->pc - 1 - vm->frame->code->instrs);
    }
    return self;
}

NativeCoroutine *native_coroutine_new(Vm *vm, const NativeCoroutineDef *def)
{
    return native_coroutine_of_kind(vm, KIND_NATIVE_COROUTINE, def);
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

static void native_coroutine_visit(Object *object, Visit *visit, void *context)
{
    const NativeCoroutineDef *def = ((NativeCoroutine *)object)->def;
    for (const size_t *offset = def->refs; offset && *offset != REFS_END; offset++) {
        Ref *slot = (Ref *)(void *)((char *)object + *offset);
        if (is_heap(*slot)) visit(slot, context);
    }
}

static void drop_slot(Ref *slot, void *context __attribute__((unused))) { clear(slot); }

static void native_coroutine_clear(Object *object)
{
    NativeCoroutine *self = (NativeCoroutine *)object;
    if (is_activation(self->act.awaiting)) as_activation(self->act.awaiting)->awaiter = NULL;
    native_coroutine_visit(object, drop_slot, NULL);
}

/* Runs at a safe point. */
static void native_coroutine_finalize(Vm *vm, Object *object)
{
    NativeCoroutine *self = (NativeCoroutine *)object;
    ActivationState state = activation_state(&self->act);
    Ref saved = error_take(vm);
    if (state == ACTIVATION_CREATED && object->kind == KIND_NATIVE_COROUTINE) {
        Value maker = self->act.awaiting;
        Ref name = str_from(vm, self->def->name);
        int line =
            is_kind(maker, KIND_CODE) ? code_position(as_code(maker), self->made_at).line : 0;
        Ref text =
            failed(name) ? FAIL : format_text(vm, "coroutine '%S' was never awaited", (Value)name);
        if (!never_awaited(vm, text, line ? (Value)as_code(maker)->filename : (Value)UNDEF, line))
            error_unraisable(vm, "Exception ignored while finalizing coroutine", borrow(self));
        decref(name);
    } else if (state == ACTIVATION_CREATED) {
        async_step_unused(vm, &self->act);
    } else if (state == ACTIVATION_SUSPENDED) {
        if (!activation_close(vm, &self->act))
            error_unraisable(vm, "Exception ignored in", borrow(self));
        clear(&vm->returned);
    }
    error_restore(vm, saved);
}

static bool native_coroutine_needs_finalizer(Object *object)
{
    ActivationState state = activation_state(&((NativeCoroutine *)object)->act);
    return state == ACTIVATION_SUSPENDED ||
           (state == ACTIVATION_CREATED && object->kind != KIND_ANEXT_AWAITABLE);
}

/* ---- methods ---- */

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

NATIVE(native_coroutine_send, "send(self, value, /)",
       "Resume with value; return what it yields next.")
{
    Activation *self = as_activation(argv[0]);
    if (!can_resume(vm, self)) return FAIL;
    if (activation_state(self) == ACTIVATION_CREATED && argv[1] != NONE) {
        if (!is_async_step(argv[0]))
            return throw(vm, TypeError, "can't send non-None value to a just-started coroutine");
        if (!async_step_prepare(vm, self, argv[1])) return FAIL;
    }
    begin(self);
    return tail_resume(vm, argv[0], newref(argv[1]));
}
NATIVE(native_coroutine_throw, "throw(self, type, value=?, traceback=?, /)",
       "Raise an exception where it is suspended; return what it yields next.")
{
    Activation *self = as_activation(argv[0]);
    if (!throw_allowed(vm, argv[1], argv[2], argv[3]) || !can_resume(vm, self)) return FAIL;
    begin(self);
    throw_arguments(vm, argv[1], argv[2], argv[3]);
    return tail_resume(vm, argv[0], FAIL);
}
NATIVE(native_coroutine_close, "close(self, /)",
       "Raise GeneratorExit where it is suspended, to end it.")
{
    if (!activation_close(vm, as_activation(argv[0]))) return FAIL;
    clear(&vm->returned);
    return NONE;
}

static Ref native_coroutine_next(Vm *vm, Value self)
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

static Ref native_coroutine_await(Vm *vm, Value self)
{
    CoroutineWrapper *wrapper = type_instance(vm, type_builtin(vm, KIND_COROUTINE_WRAPPER));
    if (!wrapper) return FAIL;
    wrapper->coroutine = newref(self);
    return from_object(wrapper);
}

static Ref get_qualname(Vm *vm, Value self)
{
    return str_from(vm, as_native_coroutine(self)->def->name);
}
static Ref get_name(Vm *vm, Value self)
{
    const char *name = as_native_coroutine(self)->def->name, *dot = strrchr(name, '.');
    return str_from(vm, dot ? dot + 1 : name);
}
static Ref get_running(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(activation_state(activation_innermost(as_activation(self))) ==
                     ACTIVATION_RUNNING);
}
static Ref get_awaiting(Vm *vm __attribute__((unused)), Value self)
{
    Activation *activation = as_activation(self);
    if (activation_state(activation) != ACTIVATION_SUSPENDED || absent(activation->awaiting))
        return NONE;
    return newref(activation->awaiting);
}
static Ref get_none(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return NONE;
}

static Ref native_coroutine_repr(Vm *vm, Value self)
{
    return format_text(vm, "<coroutine object %s at 0x%llx>", as_native_coroutine(self)->def->name,
                       (long long)(uintptr_t)as_object(self));
}

static const Native *const native_coroutine_methods[] = {
    &native_coroutine_send_def,
    &native_coroutine_throw_def,
    &native_coroutine_close_def,
    NULL,
};
static const Attribute native_coroutine_attributes[] = {
    {"__name__", get_name, NULL, "name of the coroutine"},
    {"__qualname__", get_qualname, NULL, "qualified name of the coroutine"},
    {"cr_running", get_running, NULL, "is it executing?"},
    {"cr_await", get_awaiting, NULL, "what it awaits, or None"},
    {"cr_frame", get_none, NULL, "native coroutines have no frame"},
    {"cr_code", get_none, NULL, "native coroutines have no code"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef native_coroutine_type = {
    .name = "coroutine",
    .doc = "A coroutine of the runtime's own.",
    .size = sizeof(NativeCoroutine),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_WEAKREF | TYPE_NO_NEW,
    .refs = REFS(REF(Activation, awaiting)),
    .visit = native_coroutine_visit,
    .clear = native_coroutine_clear,
    .needs_finalizer = native_coroutine_needs_finalizer,
    .finalize = native_coroutine_finalize,
    .repr = native_coroutine_repr,
    .await = native_coroutine_await,
    .methods = native_coroutine_methods,
    .attributes = native_coroutine_attributes,
};

#define STEP_TYPE(type_name, text)                                                                 \
    {                                                                                              \
        .name = type_name, .doc = text, .size = sizeof(NativeCoroutine),                           \
        .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_NO_NEW,                                        \
        .refs = REFS(REF(Activation, awaiting)), .visit = native_coroutine_visit,                  \
        .clear = native_coroutine_clear, .needs_finalizer = native_coroutine_needs_finalizer,      \
        .finalize = native_coroutine_finalize, .iter = self_iter, .next = native_coroutine_next,   \
        .await = self_iter, .methods = native_coroutine_methods,                                   \
    }
const TypeDef async_gen_step_type =
    STEP_TYPE("async_generator_asend", "One step of an async generator.");
const TypeDef async_gen_throw_type =
    STEP_TYPE("async_generator_athrow", "A step of an async generator that throws into it.");
const TypeDef anext_awaitable_type =
    STEP_TYPE("anext_awaitable", "What anext() with a default returns.");
