/* future.c - a result that arrives later.
 *
 * Invariant: callbacks are there only while it is pending; finishing moves each, in the order they
 * were added, to the ready queue of its loop, from where they run one turn later. Neighbours:
 * future.h, task.c (a Future with a coroutine), vm/flow.c (await calls future_await). */
/* SPDX-License-Identifier: MIT */
#include "loop/future.h"

#include <stdio.h>
#include <stdlib.h>

#include "loop/graph.h"
#include "loop/handle.h"
#include "loop/origin.h"
#include "loop/task.h"
#include "loop/trail.h"
#include "loop/waiter.h"
#include "object/attr.h"
#include "object/exception.h"
#include "object/genericalias.h"
#include "object/list.h"
#include "object/number.h"
#include "object/set.h"
#include "object/tuple.h"
#include "vm/asyncgen.h"
#include "vm/coroutine.h"
#include "vm/import.h"

FutureExtra *future_extra(Vm *vm, Future *future)
{
    if (!future->extra) future->extra = memory_zeroed(vm, sizeof *future->extra);
    return future->extra;
}

bool future_keep_origin(Vm *vm, Future *future)
{
    if (!is_loop(future->loop) || !future_loop(future)->debug) return true;
    if (!future_extra(vm, future)) return false;
    replace(&future->extra->origin, origin_now(vm));
    return true;
}

Future *future_new_of(Vm *vm, Loop *loop, Type *type)
{
    Future *future = type_instance(vm, type);
    if (!future) return NULL;
    future->loop = newref(borrow(loop));
    if (!loop->debug || future_keep_origin(vm, future)) return future;
    decref_object(future);
    return NULL;
}

Future *future_new(Vm *vm, Loop *loop)
{
    return future_new_of(vm, loop, type_builtin(vm, KIND_FUTURE));
}

/* ---- callbacks ---- */

/* Puts a callback (owned word) into the loop's ready queue. */
static bool future_schedule(Vm *vm, Future *future, Tagged what)
{
    if (loop_check_open(vm, future_loop(future)))
        return loop_ready(vm, future_loop(future), tag_of(what), object_of(what),
                          newref(borrow(future)));
    decref_object(object_of(what));
    return false;
}

bool future_add_entry(Vm *vm, Future *future, EntryTag tag, void *object)
{
    if (is_done(future)) return future_schedule(vm, future, tagged(tag, object));
    if (!future->first && !(future->extra && future->extra->callback_count)) {
        future->first = tagged(tag, object);
        return true;
    }
    FutureExtra *extra = future_extra(vm, future);
    if (!extra) goto failure;
    if (extra->callback_count == extra->callback_capacity) {
        int capacity = extra->callback_capacity ? extra->callback_capacity * 2 : 4;
        Tagged *callbacks =
            memory_resize(vm, extra->callbacks, (size_t)capacity * sizeof *callbacks);
        if (!callbacks) goto failure;
        extra->callbacks = callbacks;
        extra->callback_capacity = capacity;
    }
    extra->callbacks[extra->callback_count++] = tagged(tag, object);
    return true;
failure:
    decref_object(object);
    return false;
}

int future_remove_entry(Future *future, EntryTag tag, const void *object)
{
    Tagged what = tagged(tag, object);
    int removed = 0;
    FutureExtra *extra = future->extra;
    int kept = 0;
    for (int i = 0; extra && i < extra->callback_count; i++)
        if (extra->callbacks[i] != what) extra->callbacks[kept++] = extra->callbacks[i];
        else removed++;
    if (extra) extra->callback_count = kept;
    if (future->first == what) {
        future->first = 0;
        removed++;
    }
    for (int i = 0; i < removed; i++) decref_object(object_of(what));
    return removed;
}

bool future_finish(Vm *vm, Future *future, unsigned bits, Ref result)
{
    bool ok = true;
    future->head.aux |= bits;
    future->result = result;
    Tagged first = future->first;
    future->first = 0;
    if (first) ok = future_schedule(vm, future, first);
    FutureExtra *extra = future->extra;
    if (extra) {
        for (int i = 0; i < extra->callback_count; i++)
            ok = future_schedule(vm, future, extra->callbacks[i]) && ok;
        memory_free(extra->callbacks);
        extra->callbacks = NULL;
        extra->callback_count = extra->callback_capacity = 0;
    }
    return ok;
}

/* ---- finishing ---- */

static bool check_pending(Vm *vm, const Future *future)
{
    if (is_done(future)) throw(vm, InvalidStateError, "invalid state");
    return !is_done(future);
}

bool future_set_result(Vm *vm, Future *future, Ref result)
{
    if (check_pending(vm, future)) return future_finish(vm, future, FUTURE_FINISHED, result);
    decref(result);
    return false;
}

bool future_set_exception(Vm *vm, Future *future, Ref exception)
{
    if (!check_pending(vm, future)) {
        decref(exception);
        return false;
    }
    Ref traceback = as_exception(exception)->traceback;
    if (!absent(traceback) && future_extra(vm, future))
        future->extra->traceback = newref(traceback);
    return future_finish(vm, future, FUTURE_FINISHED | FUTURE_FAILED | FUTURE_UNSEEN, exception);
}

Truth future_cancel(Vm *vm, Future *future, Value message)
{
    future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    if (is_done(future)) return NO;
    if (is_message(message)) {
        FutureExtra *extra = future_extra(vm, future);
        if (!extra) return FAILED;
        replace(&extra->cancel_message, newref(message));
    }
    return future_finish(vm, future, FUTURE_CANCELLED, UNDEF) ? YES : FAILED;
}

Truth future_cancel_any(Vm *vm, Value value, Value message)
{
    if (is_waiter(value)) return waiter_cancel(vm, as_waiter(value));
    if (is_future(value) && !(as_object(value)->flags & OBJ_SUBCLASS) &&
        !(as_future(value)->head.aux & FUTURE_GATHERING))
        return is_task(value) ? task_cancel(vm, as_task(value), message)
                              : future_cancel(vm, as_future(value), message);
    Ref names = is_message(message) ? tuple_pack(vm, 1, N(msg)) : UNDEF;
    if (failed(names)) return FAILED;
    Ref method = attr_get(vm, value, N(cancel)), answer = FAIL;
    Args args = {&message, 0, names};
    if (!failed(method)) answer = call_args(vm, method, &args);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(method);
    decref(answer);
    decref(names);
    return truth;
}

/* ---- looking ---- */

Ref future_cancelled_error(Vm *vm, Future *future)
{
    FutureExtra *extra = future->extra;
    if (is_cancelled(future) && !absent(future->result)) return take(&future->result);
    Value message = extra ? (Value)extra->cancel_message : UNDEF;
    return exception_new(vm, CancelledError, is_message(message) ? 1 : 0, &message);
}

static Ref raise_cancelled(Vm *vm, Future *future)
{
    Ref error = future_cancelled_error(vm, future);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    return FAIL;
}

bool future_raise(Vm *vm, Value exception, FutureExtra *extra)
{
    replace(&as_exception(exception)->traceback, extra ? newref(extra->traceback) : UNDEF);
    throw_object(vm, exception);
    return false;
}

Ref future_result(Vm *vm, Future *future)
{
    if (is_cancelled(future)) return raise_cancelled(vm, future);
    if (!is_done(future)) return throw(vm, InvalidStateError, "Result is not set.");
    future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    if (!is_failed(future)) return newref(future->result);
    if (is_task(borrow(future))) trail_reached(vm, (Task *)future, future->result);
    future_raise(vm, future->result, future->extra);
    return FAIL;
}

Value future_exception(Vm *vm, Future *future)
{
    if (is_cancelled(future)) return raise_cancelled(vm, future);
    if (!is_done(future)) return throw(vm, InvalidStateError, "Exception is not set.");
    future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    return is_failed(future) ? (Value)future->result : NONE;
}

/* ---- awaiting ---- */

Ref future_await(Vm *vm, Value value)
{
    Future *future = as_future(value);
    if (is_done(future)) return future_result(vm, future);
    future->head.aux |= FUTURE_BLOCKING;
    return TAIL;
}

static Ref future_iter_new(Vm *vm, Value self)
{
    if (absent(as_future(self)->loop))
        return throw(vm, RuntimeError, "Future object is not initialized.");
    FutureIter *iter = type_instance(vm, type_builtin(vm, KIND_FUTURE_ITER));
    if (!iter) return FAIL;
    iter->future = newref(self);
    return from_object(iter);
}

static Ref future_iter_next(Vm *vm, Value self)
{
    FutureIter *iter = (FutureIter *)as_object(self);
    if (absent(iter->future)) return UNDEF;
    Ref result = future_await(vm, iter->future);
    if (result == TAIL) {
        if (iter->again) return throw(vm, RuntimeError, "await wasn't used with future");
        iter->again = true;
        return newref(iter->future);
    }
    clear(&iter->future);
    if (!failed(result)) throw_stop(vm, result);
    return FAIL;
}

NATIVE(future_iter_send, "send(self, value, /)",
       "Go on; raises StopIteration with the future's result.")
{
    Ref next = future_iter_next(vm, argv[0]);
    return absent(next) ? throw_value(vm, StopIteration, UNDEF) : next;
}
NATIVE(future_iter_throw, "throw(self, type, value=?, traceback=?, /)", "Raise the exception.")
{
    if (!throw_allowed(vm, argv[1], argv[2], argv[3])) return FAIL;
    clear(&((FutureIter *)as_object(argv[0]))->future);
    return throw_arguments(vm, argv[1], argv[2], argv[3]);
}
NATIVE(future_iter_close, "close(self, /)", "Forget the future.")
{
    clear(&((FutureIter *)as_object(argv[0]))->future);
    return NONE;
}
static Ref future_iter_iter(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

static const Native *const future_iter_methods[] = {&future_iter_send_def, &future_iter_throw_def,
                                                    &future_iter_close_def, NULL};

const TypeDef future_iter_type = {
    .name = "_asyncio.FutureIter",
    .size = sizeof(FutureIter),
    .doc = "What a future's __await__() returns.",
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(FutureIter, future)),
    .iter = future_iter_iter,
    .next = future_iter_next,
    .methods = future_iter_methods,
};

/* ---- repr ---- */

enum { REPR_MAX = 30 };

/* A long repr loses its middle. */
static bool builder_short_repr(Vm *vm, StrBuilder *text, Value v)
{
    Ref repr = value_repr(vm, v);
    if (failed(repr)) return false;
    ptrdiff_t len = as_str(repr)->len, head = (REPR_MAX - 3) / 2, tail = REPR_MAX - 3 - head;
    bool whole = len <= REPR_MAX || is_list(v) || is_tuple(v) || is_dict(v) || is_any_set(v) ||
                 is_exception(v);
    bool ok = whole ? builder_str(vm, text, repr)
                    : builder_slice(vm, text, repr, 0, head) && builder_text(vm, text, "...") &&
                          builder_slice(vm, text, repr, len - tail, len);
    decref(repr);
    return ok;
}

bool future_repr_state(Vm *vm, StrBuilder *text, Future *future)
{
    return builder_text(vm, text,
                        is_cancelled(future) ? "cancelled"
                        : is_done(future)    ? "finished"
                                             : "pending");
}

bool future_repr_result(Vm *vm, StrBuilder *text, Future *future)
{
    if (!(future->head.aux & FUTURE_FINISHED)) return true;
    if (is_failed(future))
        return builder_text(vm, text, " exception=") && builder_repr(vm, text, future->result);
    return builder_text(vm, text, " result=") && builder_short_repr(vm, text, future->result);
}

static bool entry_repr(Vm *vm, StrBuilder *text, Tagged what)
{
    switch (tag_of(what)) {
    case ENTRY_CALL: return callback_repr(vm, text, ((Handle *)object_of(what))->callback, UNDEF);
    case ENTRY_WAKE: return builder_text(vm, text, "Task.task_wakeup()");
    case ENTRY_STOP: return builder_text(vm, text, "_run_until_complete_cb()");
    case ENTRY_GATHER: return builder_text(vm, text, "gather.<locals>._done_callback()");
    case ENTRY_WAIT: return builder_text(vm, text, "_wait.<locals>._on_completion()");
    case ENTRY_GROUP: return builder_text(vm, text, "TaskGroup._on_task_done()");
    case ENTRY_COMPLETED:
        return builder_text(vm, text, "_AsCompletedIterator._handle_completion()");
    case ENTRY_SHIELD_INNER:
        return builder_text(vm, text, "shield.<locals>._inner_done_callback()");
    case ENTRY_SHIELD_OUTER:
        return builder_text(vm, text, "shield.<locals>._outer_done_callback()");
    default: return builder_text(vm, text, "_chain_future.<locals>._call_set_state()");
    }
}

/* The callbacks in order: the i-th, or 0. */
static Tagged callback_at(const Future *future, int i)
{
    if (future->first && i-- == 0) return future->first;
    return future->extra && i < future->extra->callback_count ? future->extra->callbacks[i] : 0;
}

bool future_repr_callbacks(Vm *vm, StrBuilder *text, Future *future)
{
    int count = 0;
    while (callback_at(future, count)) count++;
    if (!count) return true;
    if (!builder_text(vm, text, " cb=[") || !entry_repr(vm, text, callback_at(future, 0)))
        return false;
    if (count > 2) {
        char more[40];
        snprintf(more, sizeof more, ", <%d more>", count - 2);
        if (!builder_text(vm, text, more)) return false;
    }
    if (count > 1 &&
        (!builder_text(vm, text, ", ") || !entry_repr(vm, text, callback_at(future, count - 1))))
        return false;
    return builder_text(vm, text, "]");
}

static Ref future_repr(Vm *vm, Value self)
{
    Future *future = as_future(self);
    Truth inside = repr_enter(vm, self);
    if (inside == FAILED) return FAIL;
    if (inside == YES) return format_text(vm, "<%T ...>", self);
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_text(vm, &text, "<") && builder_text(vm, &text, type_name(vm, self)) &&
              builder_text(vm, &text, " ") && future_repr_state(vm, &text, future) &&
              future_repr_result(vm, &text, future) && future_repr_callbacks(vm, &text, future) &&
              builder_origin(vm, &text, future_origin(future)) && builder_text(vm, &text, ">");
    repr_leave(vm, self);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

/* ---- life ---- */

void future_visit(Object *self, Visit *visit, void *context)
{
    Future *future = (Future *)self;
    Ref object = (Ref)(void *)object_of(future->first);
    if (is_heap(object)) visit(&object, context);
    FutureExtra *extra = future->extra;
    if (!extra) return;
    for (int i = 0; i < extra->callback_count; i++) {
        object = (Ref)(void *)object_of(extra->callbacks[i]);
        visit(&object, context);
    }
    Ref *slots[] = {&extra->cancel_message, &extra->traceback, &extra->awaited_by, &extra->origin};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        if (is_heap(*slots[i])) visit(slots[i], context);
}

void future_clear(Object *self)
{
    Future *future = (Future *)self;
    Tagged first = future->first;
    FutureExtra *extra = future->extra;
    future->first = 0;
    future->extra = NULL;
    decref_object(object_of(first));
    if (!extra) return;
    for (int i = 0; i < extra->callback_count; i++) decref_object(object_of(extra->callbacks[i]));
    decref(extra->cancel_message);
    decref(extra->traceback);
    decref(extra->awaited_by);
    decref(extra->origin);
    memory_free(extra->callbacks);
    memory_free(extra);
}

static bool future_needs_finalizer(Object *self)
{
    return ((Future *)self)->head.aux & FUTURE_UNSEEN;
}

static void future_finalize(Vm *vm, Object *self)
{
    Future *future = (Future *)self;
    future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    char message[80];
    snprintf(message, sizeof message, "%.40s exception was never retrieved",
             type_name(vm, borrow(future)));
    Report report = {message, future->result, "future", borrow(future), future_origin(future)};
    if (!loop_report_all(vm, future->loop, &report))
        error_unraisable(vm, "Exception ignored in", borrow(future));
}

/* ---- methods ---- */

NATIVE(future_make, "Future(cls, *args, **kwargs)", "Make a future; __init__ fills it in.")
{
    Future *future = type_instance(vm, as_type(argv[0]));
    return future ? from_object(future) : FAIL;
}

NATIVE(future_init, "__init__(self, *, loop=None)", "loop: the running one, when it is None.")
{
    Future *self = as_future(argv[0]);
    Value loop = argv[1];
    if (is_none(loop)) {
        Loop *current = loop_current_or_set(vm);
        if (!current) return FAIL;
        loop = borrow(current);
    }
    if (!is_loop(loop)) return throw(vm, TypeError, "loop must be an event loop, not %T", loop);
    replace(&self->loop, newref(loop));
    return future_keep_origin(vm, self) ? NONE : FAIL;
}

/* Was __init__ called?  A subclass may forget it. */
static bool check_initialized(Vm *vm, const Future *future)
{
    if (absent(future->loop)) throw(vm, RuntimeError, "Future object is not initialized.");
    return !absent(future->loop);
}

NATIVE(future_result_method, "result(self, /)",
       "Return the result.\n"
       "Raises the exception that was set, CancelledError when cancelled, InvalidStateError when "
       "it is not done.")
{
    if (absent(as_future(argv[0])->loop))
        return throw(vm, InvalidStateError, "Future object is not initialized.");
    return future_result(vm, as_future(argv[0]));
}
NATIVE(future_exception_method, "exception(self, /)",
       "Return the exception that was set, or None.\n"
       "Raises CancelledError when cancelled, InvalidStateError when it is not done.")
{
    if (absent(as_future(argv[0])->loop))
        return throw(vm, InvalidStateError, "Future object is not initialized.");
    return newref(future_exception(vm, as_future(argv[0])));
}
NATIVE(future_done, "done(self, /)",
       "Return True when there is a result or an exception, or it was cancelled.")
{
    return from_bool(is_done(as_future(argv[0])));
}
NATIVE(future_cancelled, "cancelled(self, /)", "Return True when the future was cancelled.")
{
    return from_bool(is_cancelled(as_future(argv[0])));
}
NATIVE(future_cancel_method, "cancel(self, /, msg=None)",
       "Cancel the future and schedule its callbacks; return False when it was done already.")
{
    if (!check_initialized(vm, as_future(argv[0]))) return FAIL;
    Truth done = future_cancel(vm, as_future(argv[0]), argv[1]);
    return done == FAILED ? FAIL : from_bool(done);
}
NATIVE(future_set_result_method, "set_result(self, result, /)",
       "Mark the future done with result and schedule its callbacks.\n"
       "Raises InvalidStateError when it is already done.")
{
    if (!check_initialized(vm, as_future(argv[0]))) return FAIL;
    return future_set_result(vm, as_future(argv[0]), newref(argv[1])) ? NONE : FAIL;
}

/* The instance to keep for what a script gave to set_exception(); owned. */
static Ref exception_to_keep(Vm *vm, Value given)
{
    Ref error =
        is_type(given) && type_is_subtype(as_type(given), exception_class(vm, BaseException))
            ? call0(vm, given)
            : newref(given);
    if (failed(error)) return FAIL;
    if (!is_exception(error)) {
        decref(error);
        return throw(vm, TypeError, "invalid exception object");
    }
    if (!exception_is(vm, error, StopIteration)) return error;
    Ref kept = exception_new_text(
        vm, RuntimeError,
        "StopIteration interacts badly with generators and cannot be raised into a Future");
    if (!failed(kept)) {
        replace(&as_exception(kept)->cause, newref(error));
        replace(&as_exception(kept)->context, newref(error));
    }
    decref(error);
    return kept;
}

NATIVE(future_set_exception_method, "set_exception(self, exception, /)",
       "Mark the future done with an exception (class or instance) and schedule its callbacks.\n"
       "Raises InvalidStateError when it is already done.")
{
    if (!check_initialized(vm, as_future(argv[0])) || !check_pending(vm, as_future(argv[0])))
        return FAIL;
    Ref error = exception_to_keep(vm, argv[1]);
    return !failed(error) && future_set_exception(vm, as_future(argv[0]), error) ? NONE : FAIL;
}

NATIVE(future_add_done_callback, "add_done_callback(self, fn, /, *, context=None)",
       "Call fn(future) from the loop when the future is done (soon, when it is already).")
{
    Future *self = as_future(argv[0]);
    if (absent(self->loop)) return throw(vm, RuntimeError, "uninitialized Future object");
    Handle *handle = handle_new(vm, self->loop, argv[1], UNDEF, argv[2]);
    return handle && future_add_entry(vm, self, ENTRY_CALL, handle) ? NONE : FAIL;
}

NATIVE(future_remove_done_callback, "remove_done_callback(self, fn, /)",
       "Remove all callbacks equal to fn; return how many there were.")
{
    Future *self = as_future(argv[0]);
    int removed = 0;
    if (!check_initialized(vm, self)) return FAIL;
    for (int i = 0; callback_at(self, i);) {
        Tagged what = callback_at(self, i);
        Truth same = NO;
        if (tag_of(what) == ENTRY_CALL)
            same = value_equal(vm, ((Handle *)object_of(what))->callback, argv[1]);
        if (same == FAILED) return FAIL;
        if (same == YES) removed += future_remove_entry(self, ENTRY_CALL, object_of(what));
        else i++;
    }
    return from_small(removed);
}

NATIVE(future_get_loop, "get_loop(self, /)", "Return the event loop the future is bound to.")
{
    Ref loop = as_future(argv[0])->loop;
    return check_initialized(vm, as_future(argv[0])) ? newref(loop) : FAIL;
}

NATIVE(future_make_cancelled_error, "_make_cancelled_error(self, /)",
       "The CancelledError to raise for it.")
{
    return future_cancelled_error(vm, as_future(argv[0]));
}

static Ref get_state(Vm *vm, Value self)
{
    Future *future = as_future(self);
    return str_from(vm, is_cancelled(future) ? "CANCELLED"
                        : is_done(future)    ? "FINISHED"
                                             : "PENDING");
}
static Ref get_blocking(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_future(self)->head.aux & FUTURE_BLOCKING);
}
static bool set_blocking(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, AttributeError, "cannot delete attribute"), false;
    Truth truth = value_truth(vm, value);
    if (truth == FAILED) return false;
    as_future(self)->head.aux &= ~(unsigned)FUTURE_BLOCKING;
    if (truth == YES) as_future(self)->head.aux |= FUTURE_BLOCKING;
    return true;
}
static Ref get_loop_attribute(Vm *vm __attribute__((unused)), Value self)
{
    Ref loop = as_future(self)->loop;
    return absent(loop) ? NONE : newref(loop);
}
static Ref get_result(Vm *vm __attribute__((unused)), Value self)
{
    Future *future = as_future(self);
    return !is_done(future) || is_failed(future) || absent(future->result) ? NONE
                                                                           : newref(future->result);
}
static Ref get_exception(Vm *vm __attribute__((unused)), Value self)
{
    return is_failed(as_future(self)) ? newref(as_future(self)->result) : NONE;
}
static Ref get_log_traceback(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_future(self)->head.aux & FUTURE_UNSEEN);
}
static bool set_log_traceback(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, AttributeError, "cannot delete attribute"), false;
    Truth truth = value_truth(vm, value);
    if (truth == FAILED) return false;
    if (truth == YES) {
        throw(vm, ValueError, "_log_traceback can only be set to False");
        return false;
    }
    as_future(self)->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    return true;
}
static Ref get_awaited_by(Vm *vm, Value self)
{
    Ref set = future_awaiters(vm, as_future(self));
    if (failed(set) || as_set(set)->len) return set;
    decref(set);
    return NONE;
}
static Ref get_origin(Vm *vm __attribute__((unused)), Value self)
{
    Value origin = future_origin(as_future(self));
    return absent(origin) ? NONE : newref(origin);
}
/* [(callback, context), ...] of those a script added; None: there are none. */
/* (callback, context) of a callback of the script, or of run_until_complete(), which those who look
 * for a main task know; NONE: of the runtime's. */
static Ref callback_pair(Vm *vm, Tagged what)
{
    if (tag_of(what) == ENTRY_CALL) {
        Handle *handle = (Handle *)object_of(what);
        Value context = context_object(vm, &handle->context);
        return failed(context) ? FAIL : tuple_pack(vm, 2, (Value)handle->callback, context);
    }
    if (tag_of(what) != ENTRY_STOP) return NONE;
    Ref module = import_text(vm, "_asyncio");
    Ref stop = failed(module) ? FAIL : attr_get_text(vm, module, "_run_until_complete_cb");
    Value context = failed(stop) ? (Value)FAIL : context_current(vm);
    Ref pair = failed(context) ? FAIL : tuple_pack(vm, 2, (Value)stop, context);
    decref(module);
    decref(stop);
    return pair;
}

static Ref get_callbacks(Vm *vm, Value self)
{
    Ref list = list_new(vm, 1);
    for (int i = 0; !failed(list) && callback_at(as_future(self), i); i++) {
        Ref pair = callback_pair(vm, callback_at(as_future(self), i));
        if (pair == NONE) continue;
        if (!failed(pair) && list_push(vm, as_list(list), pair)) continue;
        decref(list);
        return FAIL;
    }
    if (failed(list) || as_list(list)->len) return list;
    decref(list);
    return NONE;
}
static Ref get_cancel_message(Vm *vm __attribute__((unused)), Value self)
{
    FutureExtra *extra = as_future(self)->extra;
    return extra && is_message(extra->cancel_message) ? newref(extra->cancel_message) : NONE;
}

static bool set_cancel_message(Vm *vm, Value self, Value value)
{
    FutureExtra *extra = future_extra(vm, as_future(self));
    if (extra) replace(&extra->cancel_message, newref(value));
    return extra;
}

static const Native *const future_methods[] = {&future_result_method_def,
                                               &future_exception_method_def,
                                               &future_done_def,
                                               &future_cancelled_def,
                                               &future_cancel_method_def,
                                               &future_set_result_method_def,
                                               &future_set_exception_method_def,
                                               &future_add_done_callback_def,
                                               &future_remove_done_callback_def,
                                               &future_get_loop_def,
                                               &class_getitem_def,
                                               &future_make_cancelled_error_def,
                                               NULL};

const Attribute future_attributes[] = {
    {"_state", get_state, NULL, "PENDING, CANCELLED or FINISHED."},
    {"_asyncio_future_blocking", get_blocking, set_blocking,
     "True between being awaited and the task seeing it."},
    {"_loop", get_loop_attribute, NULL, "Its event loop."},
    {"_result", get_result, NULL, "The result, or None."},
    {"_exception", get_exception, NULL, "The exception, or None."},
    {"_log_traceback", get_log_traceback, set_log_traceback,
     "Is its exception still to be reported?"},
    {"_callbacks", get_callbacks, NULL, "Done callbacks with their contexts, or None."},
    {"_source_traceback", get_origin, NULL, "In debug mode where it was made, else None."},
    {"_asyncio_awaited_by", get_awaited_by, NULL, "The futures that wait for it, or None."},
    {"_cancel_message", get_cancel_message, set_cancel_message, "What cancel() was given."},
    {0}};

const TypeDef future_type = {
    .name = "_asyncio.Future",
    .size = sizeof(Future),
    .doc = "A result that arrives later.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Future, loop), REF(Future, result)),
    .visit = future_visit,
    .clear = future_clear,
    .needs_finalizer = future_needs_finalizer,
    .finalize = future_finalize,
    .new = &future_make_def,
    .init = &future_init_def,
    .repr = future_repr,
    .iter = future_iter_new,
    .await = future_iter_new,
    .methods = future_methods,
    .attributes = future_attributes,
};
