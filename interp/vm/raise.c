/* raise.c - the raise statement, except clauses, and awaitables: what ops/raise.inc and
 * coroutine.inc call. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/tuple.h"
#include "vm/eval.h"

Value frame_handled(const Frame *frame)
{
    if (!absent(frame->handled.error)) return frame->handled.error;
    if (!frame->code || !frame->coroutine) return UNDEF; /* nothing of it can be looked at now */
    for (const Activation *at = &frame->coroutine->act; at; at = at->awaiter) {
        if (is_native_activation(at)) continue;
        Value error = ((const Coroutine *)at)->handled;
        if (!absent(error)) return error;
    }
    return UNDEF;
}

Value exception_handled(const Vm *vm)
{
    const Handled *at = vm->handled;
    for (; at != &vm->base_handled; at = at->outer) {
        const char *record = (const char *)at - offsetof(Frame, handled);
        Value error = frame_handled((const Frame *)(const void *)record);
        if (!absent(error)) return error;
    }
    return at->error;
}

Value handled_now(const Vm *vm)
{
    Value error = exception_handled(vm);
    return absent(error) ? NONE : error;
}

/* An exception from what stands after `raise` or `from`; owned, FAIL when raised instead. */
static Ref exception_from(Vm *vm, Value value, const char *message)
{
    if (is_exception(value)) return newref(value);
    if (!is_type(value) || !type_is_subtype(as_type(value), exception_class(vm, BaseException)))
        return throw(vm, TypeError, "%s", message);
    Ref made = call0(vm, value);
    if (failed(made) || is_exception(made)) return made;
    throw(vm, TypeError, "calling %R should have returned an instance of BaseException, not %T",
          value, (Value)made);
    decref(made);
    return FAIL;
}

void raise_value(Vm *vm, Value value, Value cause)
{
    Ref error = exception_from(vm, value, "exceptions must derive from BaseException");
    if (failed(error)) return;
    if (!absent(cause)) {
        Ref reason =
            cause == NONE
                ? NONE
                : exception_from(vm, cause, "exception causes must derive from BaseException");
        if (failed(reason)) {
            decref(error);
            return;
        }
        replace(&as_exception(error)->cause, reason);
        as_exception(error)->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
    }
    throw_object(vm, error);
    decref(error);
}

static bool is_exception_class(const Vm *vm, Value v)
{
    return is_type(v) && type_is_subtype(as_type(v), exception_class(vm, BaseException));
}

Truth exception_matches(Vm *vm, Value exception, Value classes)
{
    ptrdiff_t count = is_tuple(classes) ? tuple_len(classes) : 1;
    bool match = false;
    for (ptrdiff_t n = 0; n < count; n++) { /* all are looked at: a bad one is told in any case */
        Value class = is_tuple(classes) ? tuple_at(classes, n) : classes;
        if (!is_exception_class(vm, class)) {
            throw(vm, TypeError,
                  "catching classes that do not inherit from BaseException is not allowed");
            return FAILED;
        }
        match = match || type_is_subtype(type_of(vm, exception), as_type(class));
    }
    return match ? YES : NO;
}

Ref get_yield_iter(Vm *vm, const Code *code, Value iterable)
{
    if (is_kind(iterable, KIND_GENERATOR)) return newref(iterable);
    if (is_coroutine(iterable)) {
        if (code->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)) return newref(iterable);
        return throw(vm, TypeError,
                     "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    return iter_of(vm, iterable);
}

Ref get_awaitable(Vm *vm, Value value, int context)
{
    if (is_coroutine(value)) {
        if (as_activation(value)->awaiter)
            return throw(vm, RuntimeError, "coroutine is being awaited already");
        return newref(value);
    }
    if (is_async_step(value)) return newref(value);
    if (is_kind(value, KIND_FUTURE) || is_kind(value, KIND_TASK)) return newref(value);
    if (is_kind(value, KIND_GENERATOR) &&
        (((Coroutine *)as_object(value))->function->code->flags & CODE_ITERABLE_COROUTINE))
        return newref(value);
    Type *type = type_of(vm, value);
    if (!type->slots.await) {
        switch (context) {
        case 1:
            return throw(vm, TypeError,
                         "'async with' received an object from __aenter__ that does not implement "
                         "__await__: %T",
                         value);
        case 2:
            return throw(vm, TypeError,
                         "'async with' received an object from __aexit__ that does not implement "
                         "__await__: %T",
                         value);
        default: return throw(vm, TypeError, "'%T' object can't be awaited", value);
        }
    }
    Ref iterator = type->slots.await(vm, value);
    if (failed(iterator)) return FAIL;
    if (is_coroutine(iterator)) {
        decref(iterator);
        return throw(vm, TypeError, "__await__() returned a coroutine");
    }
    if (!type_of(vm, iterator)->slots.next) {
        throw(vm, TypeError, "__await__() returned non-iterator of type '%T'", (Value)iterator);
        decref(iterator);
        return FAIL;
    }
    return iterator;
}

Ref get_aiter(Vm *vm, Value iterable)
{
    Type *type = type_of(vm, iterable);
    if (!type->slots.aiter)
        return throw(vm, TypeError, "'async for' requires an object with __aiter__ method, got %T",
                     iterable);
    Ref iterator = type->slots.aiter(vm, iterable);
    if (failed(iterator)) return FAIL;
    if (type_of(vm, iterator)->slots.anext) return iterator;
    throw(vm, TypeError,
          "'async for' received an object from __aiter__ that does not implement __anext__: %T",
          (Value)iterator);
    decref(iterator);
    return FAIL;
}
