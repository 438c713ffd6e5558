/* handle.c - callbacks on their way.
 *
 * Cancelling drops what a handle holds at once; the entry left in the queue does nothing.
 * Neighbours: handle.h, eventloop.c (makes them), loop.c (runs them). */
/* SPDX-License-Identifier: MIT */
#include "loop/handle.h"

#include <stdio.h>

#include "loop/origin.h"
#include "loop/task.h"
#include "object/attr.h"
#include "object/float.h"
#include "object/number.h"
#include "object/iter.h"
#include "object/tuple.h"

/* ---- naming callbacks ---- */

/* Its qualified name, else its repr. */
static bool callback_name(Vm *vm, StrBuilder *text, Value callback)
{
    Ref name = attr_get_or_absent(vm, callback, N(__qualname__));
    if (failed(name)) return false;
    if (!is_str(name)) {
        decref(name);
        return builder_repr(vm, text, callback);
    }
    bool ok = builder_str(vm, text, name);
    decref(name);
    return ok;
}

/* What a decorator that uses functools.wraps() has wrapped; owned. */
static Ref innermost(Vm *vm, Value callback)
{
    enum { DEEPEST = 100 };
    Ref function = newref(callback);
    for (int i = 0; i < DEEPEST && is_function(function); i++) {
        Ref wrapped = attr_get_or_absent(vm, function, N(__wrapped__));
        if (absent(wrapped)) break;
        replace(&function, wrapped);
    }
    return function;
}

bool callback_repr(Vm *vm, StrBuilder *text, Value callback, Value args __attribute__((unused)))
{
    if (!callback_name(vm, text, callback) || !builder_text(vm, text, "()")) return false;
    Ref function = innermost(
        vm, is_kind(callback, KIND_METHOD) ? (Value)as_method(callback)->function : callback);
    bool ok = !failed(function);
    if (ok && is_function(function)) {
        Code *code = as_function(function)->code;
        char line[24];
        snprintf(line, sizeof line, ":%d", code->first_line);
        ok = builder_text(vm, text, " at ") && builder_str(vm, text, code->filename) &&
             builder_text(vm, text, line);
    }
    decref(function);
    return ok;
}

/* loop.get_debug(), also of a loop that is none of ours; no answer is no.  FAILED: memory ended. */
static Truth is_debugging(Vm *vm, Value loop)
{
    if (is_loop(loop)) return as_loop(loop)->debug ? YES : NO;
    if (!is_heap(loop)) return NO;
    Ref name = str_interned(vm, "get_debug");
    Ref answer = failed(name) ? FAIL : call_method(vm, loop, name, 0, NULL);
    Truth is = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(name);
    decref(answer);
    if (is != FAILED || error_is(vm, MemoryError)) return is;
    error_clear(vm);
    return NO;
}

/* ---- making and running ---- */

static bool handle_fill(Vm *vm, Handle *handle, Value loop, Value callback, Value args,
                        Value context)
{
    if (!absent(context) && !is_none(context) && !is_context(context)) {
        throw(vm, TypeError, "a contextvars.Context was expected, got %R", context);
        return false;
    }
    handle->loop = newref(loop);
    handle->callback = newref(callback);
    if (!absent(args) && (!is_tuple(args) || tuple_len(args))) {
        Ref items = tuple_from(vm, args);
        if (failed(items)) return false;
        handle->args = items;
    }
    handle->context = is_context(context) ? newref(context) : context_snapshot(vm);
    Truth debug = is_debugging(vm, loop);
    handle->origin = debug == YES ? origin_now(vm) : UNDEF;
    return debug != FAILED;
}

Handle *handle_new(Vm *vm, Value loop, Value callback, Value args, Value context)
{
    Handle *handle = type_instance(vm, type_builtin(vm, KIND_HANDLE));
    if (handle && handle_fill(vm, handle, loop, callback, args, context)) return handle;
    decref_object(handle);
    return NULL;
}

TimerHandle *timer_handle_new(Vm *vm, Loop *loop, double when, Value callback, Value args,
                              Value context)
{
    TimerHandle *timer = type_instance(vm, type_builtin(vm, KIND_TIMER_HANDLE));
    if (timer) timer->when = when;
    if (timer && handle_fill(vm, &timer->handle, borrow(loop), callback, args, context))
        return timer;
    decref_object(timer);
    return NULL;
}

void handle_cancel(Handle *handle)
{
    if (handle->head.aux) return;
    handle->head.aux = 1;
    if (is_kind(borrow(handle), KIND_TIMER_HANDLE) && is_loop(handle->loop))
        timer_stop(as_loop(handle->loop), ENTRY_HANDLE, handle);
    Ref callback = take(&handle->callback), args = take(&handle->args);
    decref(callback);
    decref(args);
}

/* A loop written in the language keeps its timers itself and is told. */
static bool timer_told(Vm *vm, Value loop, Value handle)
{
    if (!is_kind(handle, KIND_TIMER_HANDLE) || !is_loop(loop) || !as_loop(loop)->abstract)
        return true;
    Ref method = attr_get_text(vm, loop, "_timer_handle_cancelled");
    Ref told = failed(method) ? FAIL : call1(vm, method, handle);
    decref(method);
    decref(told);
    return !failed(told);
}

static bool is_plain(Value callback)
{
    return is_function(callback) || is_native(callback) || is_kind(callback, KIND_METHOD);
}

void timer_handle_given(TimerHandle *timer, Value when)
{
    timer->whole = is_int(when) && (double)as_int(when) == timer->when;
}

/* when as a script sees it: a number, no reference. */
static Ref when_value(const TimerHandle *timer)
{
    return timer->whole ? from_small((int64_t)timer->when) : from_any_float(timer->when);
}

/* A handle's callback: with its arguments in debug mode. */
static bool callback_text(Vm *vm, StrBuilder *text, const Handle *handle, Value callback,
                          Value args)
{
    Truth debug = is_debugging(vm, handle->loop);
    if (debug == FAILED) return false;
    if (debug == NO && is_plain(callback)) return callback_repr(vm, text, callback, args);
    return builder_callback(vm, text, callback, args, debug == YES);
}

/* Tells the loop about the exception a callback raised; false: it is one that leaves the loop. */
static bool handle_report(Vm *vm, Handle *handle, Value callback, Value args)
{
    if (error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit)) return false;
    Ref error = error_take(vm), message = UNDEF;
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_text(vm, &text, "Exception in callback ") &&
              callback_text(vm, &text, handle, callback, args);
    if (ok) message = builder_finish(vm, &text);
    else builder_close(&text);
    char *owned = NULL;
    const char *utf8 = ok && !failed(message) ? str_utf8(vm, message, NULL, &owned) : NULL;
    if (!utf8) {
        utf8 = error_is(vm, MemoryError) ? "Exception in callback (MemoryError while it was named)"
                                         : "Exception in callback";
        error_clear(vm);
    }
    Report report = {utf8, error, "handle", borrow(handle), handle->origin};
    ok = loop_report_all(vm, handle->loop, &report);
    memory_free(owned);
    decref(message);
    decref(error);
    return ok;
}

bool handle_call(Vm *vm, Handle *handle, int argc, Value *argv)
{
    Ref callback = newref(handle->callback), args = newref(handle->args);
    Ref result = FAIL;
    if (context_enter(vm, &handle->context)) {
        result = call(vm, callback, argc, argv);
        context_leave(vm, &handle->context);
    }
    bool ok = !failed(result) || handle_report(vm, handle, callback, args);
    decref(result);
    decref(callback);
    decref(args);
    return ok;
}

bool handle_run(Vm *vm, Object *object, Value arg __attribute__((unused)))
{
    Handle *handle = (Handle *)object;
    if (handle->head.aux) return true;
    if (object->kind == KIND_TIMER_HANDLE) timer_take(ENTRY_HANDLE, handle);
    if (absent(handle->args)) return handle_call(vm, handle, 0, NULL);
    Tuple *args = as_tuple(handle->args);
    return handle_call(vm, handle, (int)args->len, as_values(args->items));
}

bool handle_run_done(Vm *vm, Object *object, Value future)
{
    Handle *handle = (Handle *)object;
    return handle->head.aux || handle_call(vm, handle, 1, &future);
}

/* ---- what scripts see ---- */

static Handle *as_handle(Value v) { return (Handle *)as_object(v); }

static Ref handle_repr(Vm *vm, Value self)
{
    Handle *handle = as_handle(self);
    if (handle->head.aux && is_str(handle->callback)) return newref(handle->callback);
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_text(vm, &text, "<") && builder_text(vm, &text, type_name(vm, self));
    if (ok && handle->head.aux) ok = builder_text(vm, &text, " cancelled");
    if (ok && is_kind(self, KIND_TIMER_HANDLE)) {
        Ref when = value_repr(vm, when_value((TimerHandle *)handle));
        ok = !failed(when) && builder_text(vm, &text, " when=") && builder_str(vm, &text, when);
        decref(when);
    }
    if (ok && !absent(handle->callback))
        ok = builder_text(vm, &text, " ") &&
             callback_text(vm, &text, handle, handle->callback, handle->args);
    if (ok) ok = builder_origin(vm, &text, handle->origin);
    if (ok && builder_text(vm, &text, ">")) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

NATIVE(handle_cancel_method, "cancel(self)",
       "Cancel the callback; no effect when it has run or was cancelled.")
{
    Handle *self = as_handle(argv[0]);
    if (!self->head.aux && !timer_told(vm, self->loop, argv[0])) return FAIL;
    if (self->head.aux || !is_loop(self->loop) || !as_loop(self->loop)->debug) {
        handle_cancel(self);
        return NONE;
    }
    self->head.aux = 1; /* debug mode goes on showing what was cancelled */
    Ref text = handle_repr(vm, argv[0]);
    self->head.aux = 0;
    handle_cancel(self);
    if (failed(text)) return FAIL;
    self->callback = text;
    return NONE;
}

NATIVE(handle_make, "Handle(cls, callback, args, loop, context=None)",
       "A handle that no loop knows of yet.")
{
    Handle *handle = type_instance(vm, as_type(argv[0]));
    if (handle && handle_fill(vm, handle, argv[3], argv[1], argv[2], argv[4]))
        return from_object(handle);
    decref_object(handle);
    return FAIL;
}
NATIVE(timer_handle_make, "TimerHandle(cls, when, callback, args, loop, context=None)",
       "A handle with a time that no loop knows of yet.")
{
    TimerHandle *timer = type_instance(vm, as_type(argv[0]));
    bool good = timer && float_from(vm, argv[1], &timer->when);
    if (good) timer_handle_given(timer, argv[1]);
    if (good && handle_fill(vm, &timer->handle, argv[4], argv[2], argv[3], argv[5]))
        return from_object(timer);
    decref_object(timer);
    return FAIL;
}
NATIVE(handle_run_method, "_run(self)", "Call the callback; what it raises goes to the loop.")
{
    return handle_run(vm, as_object(argv[0]), UNDEF) ? NONE : FAIL;
}

NATIVE(handle_cancelled, "cancelled(self)", "Return True when the callback was cancelled.")
{
    return from_bool(as_handle(argv[0])->head.aux);
}

NATIVE(handle_get_context, "get_context(self)",
       "Return the contextvars.Context the callback runs in.")
{
    return newref(context_object(vm, &as_handle(argv[0])->context));
}

NATIVE(timer_handle_when, "when(self)", "Return the time it is set for, in seconds of loop.time().")
{
    return when_value((TimerHandle *)as_object(argv[0]));
}

/* Do both call the same at the same time? */
static Truth timer_handle_equal(Vm *vm, const TimerHandle *a, const TimerHandle *b)
{
    if (a->when != b->when || a->handle.head.aux != b->handle.head.aux) return NO;
    if (absent(a->handle.callback) || absent(b->handle.callback))
        return a->handle.callback == b->handle.callback ? YES : NO;
    Truth same = value_equal(vm, a->handle.callback, b->handle.callback);
    if (same != YES || (absent(a->handle.args) && absent(b->handle.args))) return same;
    if (absent(a->handle.args) || absent(b->handle.args)) return NO;
    return value_equal(vm, a->handle.args, b->handle.args);
}

static Ref timer_handle_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_TIMER_HANDLE)) return NOT_IMPLEMENTED;
    if (op == CMP_EQUAL || op == CMP_NOT_EQUAL) {
        Truth same =
            timer_handle_equal(vm, (TimerHandle *)as_object(a), (TimerHandle *)as_object(b));
        return same == FAILED ? FAIL : from_bool((same == YES) == (op == CMP_EQUAL));
    }
    Ref left = from_any_float(((TimerHandle *)as_object(a))->when);
    Ref right = from_any_float(((TimerHandle *)as_object(b))->when);
    return value_compare(vm, left, right, op);
}

static bool timer_handle_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = float_hash(((TimerHandle *)as_object(self))->when);
    return true;
}

static Ref get_callback(Vm *vm __attribute__((unused)), Value self)
{
    Handle *handle = as_handle(self);
    return handle->head.aux || absent(handle->callback) ? NONE : newref(handle->callback);
}
static Ref get_args(Vm *vm, Value self)
{
    Handle *handle = as_handle(self);
    if (handle->head.aux) return NONE;
    return absent(handle->args) ? tuple_new(vm, 0) : newref(handle->args);
}
static Ref get_cancelled(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_handle(self)->head.aux);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_handle(self)->loop);
}
static Ref get_context(Vm *vm, Value self)
{
    return newref(context_object(vm, &as_handle(self)->context));
}
static Ref get_origin(Vm *vm __attribute__((unused)), Value self)
{
    Value origin = as_handle(self)->origin;
    return absent(origin) ? NONE : newref(origin);
}
static Ref get_when(Vm *vm __attribute__((unused)), Value self)
{
    return when_value((TimerHandle *)as_object(self));
}
static Ref get_scheduled(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(((TimerHandle *)as_object(self))->timer != 0);
}

static const Native *const handle_methods[] = {&handle_cancel_method_def, &handle_cancelled_def,
                                               &handle_get_context_def, &handle_run_method_def,
                                               NULL};
static const Attribute handle_attributes[] = {
    {"_callback", get_callback, NULL, "What is called; None once cancelled."},
    {"_args", get_args, NULL, "Its arguments; None once cancelled."},
    {"_cancelled", get_cancelled, NULL, "Was it cancelled?"},
    {"_loop", get_loop, NULL, "Its event loop."},
    {"_context", get_context, NULL, "The context it runs in."},
    {"_source_traceback", get_origin, NULL, "In debug mode where it was made, else None."},
    {0}};
static const Attribute timer_handle_attributes[] = {
    {"_when", get_when, NULL, "When it is due, in seconds of loop.time()."},
    {"_scheduled", get_scheduled, NULL, "Does the loop's heap hold it?"},
    {0}};
static const Native *const timer_handle_methods[] = {&timer_handle_when_def, NULL};

const TypeDef handle_type = {
    .name = "asyncio.events.Handle",
    .size = sizeof(Handle),
    .doc = "A callback that will be called soon.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .new = &handle_make_def,
    .refs = REFS(REF(Handle, callback), REF(Handle, args), REF(Handle, context), REF(Handle, loop),
                 REF(Handle, origin)),
    .repr = handle_repr,
    .methods = handle_methods,
    .attributes = handle_attributes,
};

const TypeDef timer_handle_type = {
    .name = "asyncio.events.TimerHandle",
    .size = sizeof(TimerHandle),
    .doc = "A callback that will be called at some time.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .base = &handle_type,
    .new = &timer_handle_make_def,
    .repr = handle_repr,
    .compare = timer_handle_compare,
    .hash = timer_handle_hash,
    .methods = timer_handle_methods,
    .attributes = timer_handle_attributes,
};
