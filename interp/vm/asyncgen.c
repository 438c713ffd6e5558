/* asyncgen.c - async generators.
 *
 * asend(), athrow(), aclose() and __anext__() make a step: a small native coroutine that resumes
 * the generator's body and ends with what it yields.  While a step runs it is the body's awaiter.
 * Neighbours: flow.c (flow_async_yield), coroutine.c. */
/* SPDX-License-Identifier: MIT */
#include "vm/asyncgen.h"

#include "object/call.h"
#include "object/exception.h"
#include "object/name.h"
#include "vm/eval.h"

typedef enum StepKind { STEP_SEND, STEP_THROW, STEP_CLOSE } StepKind;

typedef struct AsyncStep {
    NativeCoroutine native; /* state: 0 not begun, 1 running */
    Ref generator;
    Ref value; /* to send, or the exception to throw */
    int kind;  /* StepKind */
} AsyncStep;

static Coroutine *as_generator(Value v) { return (Coroutine *)as_object(v); }

static void step_over(AsyncStep *step)
{
    as_generator(step->generator)->act.head.aux &= ~(uint32_t)ACTIVATION_SENDING;
}

/* The step begins: the body goes on with what the step carries. */
static Ref step_begin(Vm *vm, AsyncStep *step)
{
    Coroutine *generator = as_generator(step->generator);
    static const char *const names[] = {"anext(): asynchronous generator is already running",
                                        "athrow(): asynchronous generator is already running",
                                        "aclose(): asynchronous generator is already running"};
    if (generator->act.head.aux & ACTIVATION_SENDING)
        return throw(vm, RuntimeError, "%s", names[step->kind]);
    ActivationState state = activation_state(&generator->act);
    if (state == ACTIVATION_DONE || (generator->act.head.aux & ACTIVATION_CLOSING)) {
        if (step->kind == STEP_CLOSE) return NONE;
        if (step->kind == STEP_THROW && state == ACTIVATION_DONE) {
            error_restore(vm, take(&step->value));
            return FAIL;
        }
        return throw_value(vm, StopAsyncIteration, UNDEF);
    }
    if (state == ACTIVATION_CREATED && step->kind == STEP_SEND && step->value != NONE)
        return throw(vm, TypeError, "can't send non-None value to a just-started async generator");
    if (state == ACTIVATION_CREATED && step->kind == STEP_CLOSE) {
        activation_close(vm, &generator->act);
        return NONE;
    }
    if (state == ACTIVATION_CREATED && !async_generator_started(vm, generator)) return FAIL;
    step->native.state = 1;
    generator->act.head.aux |= ACTIVATION_SENDING;
    if (step->kind == STEP_CLOSE) generator->act.head.aux |= ACTIVATION_CLOSING;
    return delegate(vm, step->generator);
}

static Ref step_resume(Vm *vm, NativeCoroutine *self, Value sent)
{
    AsyncStep *step = (AsyncStep *)self;
    if (self->state == 0) return step_begin(vm, step);
    step_over(step); /* the body yielded `sent` */
    if (step->kind == STEP_CLOSE)
        return throw(vm, RuntimeError, "async generator ignored GeneratorExit");
    return newref(sent);
}

static Ref step_raise(Vm *vm, NativeCoroutine *self)
{
    AsyncStep *step = (AsyncStep *)self;
    step_over(step);
    if (step->kind == STEP_CLOSE &&
        (error_is(vm, StopAsyncIteration) || error_is(vm, GeneratorExit))) {
        error_clear(vm);
        return NONE;
    }
    return FAIL;
}

static const NativeCoroutineDef step_def = {
    .name = "async_generator_asend",
    .size = sizeof(AsyncStep),
    .refs = REFS(REF(AsyncStep, generator), REF(AsyncStep, value)),
    .resume = step_resume,
    .raise = step_raise,
};

static Ref step_new(Vm *vm, Value generator, StepKind kind, Ref value)
{
    AsyncStep *step = (AsyncStep *)native_coroutine_of_kind(vm, KIND_ASYNC_GEN_STEP, &step_def);
    if (!step) {
        decref(value);
        return FAIL;
    }
    step->generator = newref(generator);
    step->value = value;
    step->kind = kind;
    return from_object(step);
}

const char *async_step_name(const Activation *step)
{
    return ((const AsyncStep *)step)->kind == STEP_SEND ? "__anext__()/asend()"
                                                        : "aclose()/athrow()";
}

Ref async_step_value(Vm *vm, Activation *step_activation)
{
    AsyncStep *step = (AsyncStep *)step_activation;
    if (step->kind == STEP_SEND) return take(&step->value);
    if (step->kind == STEP_CLOSE) throw_value(vm, GeneratorExit, UNDEF);
    else error_restore(vm, take(&step->value));
    return FAIL;
}

Ref async_yield_wrap(Vm *vm __attribute__((unused)), Activation *step __attribute__((unused)),
                     Ref value)
{
    return value;
}

Ref async_iterator_next(Vm *vm, Value iterator)
{
    if (is_kind(iterator, KIND_ASYNC_GENERATOR)) return step_new(vm, iterator, STEP_SEND, NONE);
    Type *type = type_of(vm, iterator);
    if (!type->slots.anext)
        return throw(vm, TypeError,
                     "'async for' requires an iterator with __anext__ method, got %T", iterator);
    Ref next = type->slots.anext(vm, iterator);
    if (failed(next)) return FAIL;
    Ref awaitable = get_awaitable(vm, next, 3);
    decref(next);
    return awaitable;
}

static Ref async_generator_anext(Vm *vm, Value self) { return step_new(vm, self, STEP_SEND, NONE); }
static Ref async_generator_aiter(Vm *vm __attribute__((unused)), Value self)
{
    return newref(self);
}

NATIVE(async_generator_asend, "asend(self, value, /)",
       "An awaitable that resumes the generator with value.")
{
    return step_new(vm, argv[0], STEP_SEND, newref(argv[1]));
}
NATIVE(async_generator_athrow, "athrow(self, type, value=?, traceback=?, /)",
       "An awaitable that raises an exception where the generator is suspended.")
{
    throw_arguments(vm, argv[1], argv[2], argv[3]);
    if (error_is(vm, TypeError) && !is_exception(argv[1]) && !is_type(argv[1])) return FAIL;
    return step_new(vm, argv[0], STEP_THROW, error_take(vm));
}
NATIVE(async_generator_aclose, "aclose(self, /)", "An awaitable that closes the generator.")
{
    return step_new(vm, argv[0], STEP_CLOSE, UNDEF);
}

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(function_name(as_generator(self)->function));
}
static Ref get_qualname(Vm *vm __attribute__((unused)), Value self)
{
    return newref(function_qualname(as_generator(self)->function));
}
static Ref get_code(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_generator(self)->function->code));
}
static Ref get_running(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_generator(self)->act.head.aux & ACTIVATION_SENDING);
}
static Ref async_generator_repr(Vm *vm, Value self)
{
    return format_text(vm, "<async_generator object %S at 0x%llx>",
                       function_qualname(as_generator(self)->function),
                       (long long)(uintptr_t)as_object(self));
}

static const Native *const async_generator_methods[] = {
    &async_generator_asend_def,
    &async_generator_athrow_def,
    &async_generator_aclose_def,
    NULL,
};
static const Attribute async_generator_attributes[] = {
    {"__name__", get_name, NULL, "name of the generator"},
    {"__qualname__", get_qualname, NULL, "qualified name of the generator"},
    {"ag_code", get_code, NULL, "its code"},
    {"ag_running", get_running, NULL, "is a step of it running?"},
    {"ag_suspended", activation_get_suspended, NULL, "is it suspended?"},
    {"ag_await", activation_get_awaiting, NULL, "what it awaits, or None"},
    {"ag_frame", coroutine_get_frame, NULL, "its frame, None when finished"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef async_generator_type = {
    .name = "async_generator",
    .doc = "What calling an async def function that yields returns.",
    .size = sizeof(Coroutine),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_WEAKREF | TYPE_NO_NEW,
    .base = NULL,
    .refs = REFS(REF(Activation, awaiting), REF(Coroutine, handled)),
    .visit = coroutine_visit,
    .clear = coroutine_drop,
    .needs_finalizer = coroutine_needs_finalizer,
    .finalize = coroutine_finalize,
    .repr = async_generator_repr,
    .aiter = async_generator_aiter,
    .anext = async_generator_anext,
    .methods = async_generator_methods,
    .attributes = async_generator_attributes,
};

/* ---- anext(iterator, default) ---- */

typedef struct AnextDefault {
    NativeCoroutine native;
    Ref awaitable, fallback;
} AnextDefault;

static Ref anext_default_resume(Vm *vm, NativeCoroutine *self, Value sent)
{
    if (self->state++) return newref(sent);
    return delegate(vm, ((AnextDefault *)self)->awaitable);
}

static Ref anext_default_raise(Vm *vm, NativeCoroutine *self)
{
    if (!error_is(vm, StopAsyncIteration)) return FAIL;
    error_clear(vm);
    return newref(((AnextDefault *)self)->fallback);
}

static const NativeCoroutineDef anext_default_def = {
    .name = "anext_awaitable",
    .size = sizeof(AnextDefault),
    .refs = REFS(REF(AnextDefault, awaitable), REF(AnextDefault, fallback)),
    .resume = anext_default_resume,
    .raise = anext_default_raise,
};

Ref anext_default(Vm *vm, Value step, Value fallback)
{
    Ref awaitable = get_awaitable(vm, step, 3);
    if (failed(awaitable)) return FAIL;
    AnextDefault *self = (AnextDefault *)native_coroutine_new(vm, &anext_default_def);
    if (!self) {
        decref(awaitable);
        return FAIL;
    }
    self->awaitable = awaitable;
    self->fallback = newref(fallback);
    return from_object(self);
}
