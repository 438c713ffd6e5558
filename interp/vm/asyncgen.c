/* asyncgen.c - async generators.
 *
 * asend(), athrow(), aclose() and __anext__() make a step: a small native coroutine that resumes
 * the generator's body and ends with what it yields.  While a step runs it is the body's awaiter.
 * Neighbours: flow.c (flow_async_yield), coroutine.c. */
/* SPDX-License-Identifier: MIT */
#include "vm/asyncgen.h"

#include "object/call.h"
#include "object/exception.h"
#include "object/genericalias.h"
#include "object/name.h"
#include "vm/eval.h"

typedef enum StepKind { STEP_SEND, STEP_THROW, STEP_CLOSE } StepKind;

typedef struct AsyncStep {
    NativeCoroutine native; /* state: 0 not begun, 1 running */
    Ref generator;
    Ref value;   /* to send, or the exception to throw */
    int kind;    /* StepKind */
    bool thrown; /* it began by throw(): value is that exception */
} AsyncStep;

typedef struct AnextDefault {
    NativeCoroutine native;
    Ref awaitable, fallback;
    Ref error; /* thrown in before it began, or UNDEF */
} AnextDefault;

static Coroutine *as_generator(Value v) { return (Coroutine *)as_object(v); }

static void step_over(AsyncStep *step)
{
    as_generator(step->generator)->act.head.aux &= ~(uint32_t)ACTIVATION_SENDING;
}

/* Is another step of the generator running?  Raises. */
static bool step_refused(Vm *vm, const AsyncStep *step)
{
    static const char *const names[] = {"anext", "athrow", "aclose"};
    if (!(as_generator(step->generator)->act.head.aux & ACTIVATION_SENDING)) return false;
    error_clear(vm);
    throw(vm, RuntimeError, "%s(): asynchronous generator is already running", names[step->kind]);
    return true;
}

/* The step begins: the body goes on with what the step carries. */
static Ref step_begin(Vm *vm, AsyncStep *step)
{
    Coroutine *generator = as_generator(step->generator);
    if (step_refused(vm, step)) return FAIL;
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

/* The step begins with an exception thrown into it: it goes on to the body. */
static Ref step_begin_thrown(Vm *vm, AsyncStep *step)
{
    Coroutine *generator = as_generator(step->generator);
    if (step_refused(vm, step) || activation_state(&generator->act) == ACTIVATION_DONE) return FAIL;
    step->native.state = 1;
    step->thrown = true;
    replace(&step->value, error_take(vm));
    generator->act.head.aux |= ACTIVATION_SENDING;
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
    if (self->state == 0) return step_begin_thrown(vm, step);
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
    Kind face = kind == STEP_SEND ? KIND_ASYNC_GEN_STEP : KIND_ASYNC_GEN_THROW;
    AsyncStep *step = (AsyncStep *)native_coroutine_of_kind(vm, face, &step_def);
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
    if (step->head.head.kind == KIND_ANEXT_AWAITABLE) {
        Value inner = ((const AnextDefault *)step)->awaitable;
        return is_async_step(inner) ? async_step_name(as_activation(inner)) : "coroutine";
    }
    return ((const AsyncStep *)step)->kind == STEP_SEND ? "__anext__()/asend()"
                                                        : "aclose()/athrow()";
}

Ref async_step_value(Vm *vm, Activation *activation)
{
    if (activation->head.head.kind == KIND_ANEXT_AWAITABLE) {
        AnextDefault *self = (AnextDefault *)activation;
        if (absent(self->error)) return NONE;
        error_restore(vm, take(&self->error));
        return FAIL;
    }
    AsyncStep *step = (AsyncStep *)activation;
    if (step->kind == STEP_SEND && !step->thrown) return take(&step->value);
    if (step->kind == STEP_CLOSE && !step->thrown) throw_value(vm, GeneratorExit, UNDEF);
    else error_restore(vm, take(&step->value));
    return FAIL;
}

bool async_step_prepare(Vm *vm, Activation *activation, Value value)
{
    AsyncStep *step = (AsyncStep *)activation;
    Kind face = (Kind)activation->head.head.kind;
    if (face == KIND_ASYNC_GEN_STEP) replace(&step->value, newref(value));
    else
        throw(vm, face == KIND_ANEXT_AWAITABLE ? TypeError : RuntimeError,
              "can't send non-None value to a just-started coroutine");
    return face == KIND_ASYNC_GEN_STEP;
}

void async_step_unused(Vm *vm, Activation *activation)
{
    static const char *const names[] = {"asend", "athrow", "aclose"};
    const AsyncStep *step = (const AsyncStep *)activation;
    const Function *function = as_generator(step->generator)->function;
    Ref text = format_text(vm, "coroutine method '%s' of '%S' was never awaited", names[step->kind],
                           function_qualname(function));
    if (!never_awaited(vm, text, UNDEF, 0))
        error_unraisable(vm, "Exception ignored while finalizing coroutine", borrow(activation));
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
    Ref awaitable = get_awaitable(vm, next, 0);
    if (failed(awaitable)) {
        Ref cause = error_take(vm);
        throw(vm, TypeError, "'async for' received an invalid object from __anext__: %T",
              (Value)next);
        error_set_cause(vm, cause);
    }
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
    if (!throw_allowed(vm, argv[1], argv[2], argv[3])) return FAIL;
    throw_arguments(vm, argv[1], argv[2], argv[3]);
    return step_new(vm, argv[0], STEP_THROW, error_take(vm));
}
NATIVE(async_generator_aclose, "aclose(self, /)", "An awaitable that closes the generator.")
{
    return step_new(vm, argv[0], STEP_CLOSE, UNDEF);
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
    &class_getitem_def,
    &async_generator_asend_def,
    &async_generator_athrow_def,
    &async_generator_aclose_def,
    NULL,
};
static const Attribute async_generator_attributes[] = {
    {"__name__", coroutine_get_name, coroutine_set_name, "name of the generator"},
    {"__qualname__", coroutine_get_qualname, coroutine_set_qualname,
     "qualified name of the generator"},
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
    .refs = REFS(REF(Activation, awaiting)),
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

/* The awaitable is asked for when the result is first wanted. */
static Ref anext_begin(Vm *vm, AnextDefault *self)
{
    Ref awaitable = get_awaitable(vm, self->awaitable, 0);
    if (failed(awaitable)) return FAIL;
    self->native.state = 1;
    Ref answer = delegate(vm, awaitable);
    decref(awaitable);
    return answer;
}

static Ref anext_default_resume(Vm *vm, NativeCoroutine *self, Value sent)
{
    return self->state ? newref(sent) : anext_begin(vm, (AnextDefault *)self);
}

static Ref anext_default_raise(Vm *vm, NativeCoroutine *native)
{
    AnextDefault *self = (AnextDefault *)native;
    if (native->state == 0) {
        self->error = error_take(vm);
        return anext_begin(vm, self);
    }
    if (!error_is(vm, StopAsyncIteration)) return FAIL;
    error_clear(vm);
    return newref(self->fallback);
}

static const NativeCoroutineDef anext_default_def = {
    .name = "anext_awaitable",
    .size = sizeof(AnextDefault),
    .refs =
        REFS(REF(AnextDefault, awaitable), REF(AnextDefault, fallback), REF(AnextDefault, error)),
    .resume = anext_default_resume,
    .raise = anext_default_raise,
};

Ref anext_default(Vm *vm, Value step, Value fallback)
{
    AnextDefault *self =
        (AnextDefault *)native_coroutine_of_kind(vm, KIND_ANEXT_AWAITABLE, &anext_default_def);
    if (!self) return FAIL;
    self->awaitable = newref(step);
    self->fallback = newref(fallback);
    return from_object(self);
}
