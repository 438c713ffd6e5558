/* eventloop.c - the script's face of a Loop: class EventLoop.
 *
 * Neighbours: loop.c (what it does), handle.c, task.c, executor.c, report.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/eventloop.h"

#include <signal.h>
#include <stdio.h>

#include "loop/gather.h"
#include "loop/handle.h"
#include "loop/job.h"
#include "loop/sockio.h"
#include "loop/subclass.h"
#include "loop/task.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/tuple.h"
#include "vm/coroutine.h"
#include "vm/signals.h"

Loop *eventloop_new(Vm *vm)
{
    Type *type = type_from_def(vm, &selector_event_loop_type);
    Loop *loop = type ? type_instance(vm, type) : NULL;
    if (loop && loop_open(vm, loop)) return loop;
    decref_object(loop);
    return NULL;
}

/* ---- running ---- */

NATIVE(loop_run_forever, "run_forever(self)", "Run until stop() is called.")
{
    return loop_run(vm, as_loop(argv[0])) ? NONE : FAIL;
}

static bool can_run(Vm *vm, Loop *loop)
{
    if (!loop_check_open(vm, loop)) return false;
    if (!loop->running && !loop_is_busy(vm)) return true;
    throw(vm, RuntimeError,
          loop->running ? "This event loop is already running"
                        : "Cannot run the event loop while another loop is running");
    return false;
}

NATIVE(loop_run_until_complete, "run_until_complete(self, future)",
       "Run until future (or a task for a coroutine) is done; return its result or raise its "
       "exception.")
{
    Loop *self = as_loop(argv[0]);
    if (!can_run(vm, self)) return FAIL;
    Ref future = ensure_future(vm, argv[1], self);
    if (failed(future)) return FAIL;
    bool ours = future != argv[1];
    if (ours) as_future(future)->head.aux |= FUTURE_SILENT;
    Ref result = loop_run_until(vm, self, future);
    if (failed(result) && ours) as_future(future)->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    decref(future);
    return result;
}

NATIVE(loop_stop, "stop(self)", "Stop at the end of this turn.")
{
    as_loop(argv[0])->stopping = true;
    return NONE;
}
static Ref loop_close_method(Vm *vm, Value *argv)
{
    Loop *self = as_loop(argv[0]);
    if (self->running) return throw(vm, RuntimeError, "Cannot close a running event loop");
    if (self->closed) return NONE;
    self->closed = true;
    pool_close(self);
    loop_close(vm, self);
    clear(&self->executor);
    clear(&self->signal_handlers);
    return NONE;
}
const Native loop_close_method_def = {
    "close(self)",
    "Close the loop: what is scheduled is dropped.  Raises RuntimeError while it runs.",
    loop_close_method, NATIVE_PLAIN, NULL};
NATIVE(loop_is_running, "is_running(self)", "Return True while the loop runs.")
{
    return from_bool(as_loop(argv[0])->running);
}
NATIVE(loop_is_closed, "is_closed(self)", "Return True once the loop was closed.")
{
    return from_bool(as_loop(argv[0])->closed);
}
NATIVE(loop_time, "time(self)", "Return the loop's clock in seconds.")
{
    /* a subclass whose time() asks this one is the clock itself */
    Loop *self = as_loop(argv[0]);
    return from_float((double)(self->clock_vm ? clock_real.now_ns(NULL) : loop_now(self)) / 1e9);
}

/* ---- callbacks ---- */

bool loop_check_callback(Vm *vm, Value callback, const char *method)
{
    if (is_coroutine(callback) ||
        (is_function(callback) && as_function(callback)->code->flags & CODE_COROUTINE)) {
        throw(vm, TypeError, "coroutines cannot be used with %s()", method);
        return false;
    }
    if (type_of(vm, callback)->slots.call) return true;
    throw(vm, TypeError, "a callable object was expected by %s(), got %R", method, callback);
    return false;
}

static bool check_in_debug(Vm *vm, const Loop *loop, Value callback, const char *method)
{
    return !loop->debug || loop_check_callback(vm, callback, method);
}

static bool check_thread(Vm *vm, Loop *loop)
{
    if (!loop->debug || !loop->thread_id || loop->thread_id == vm->thread_id) return true;
    throw(vm, RuntimeError,
          "Non-thread-safe operation invoked on an event loop other than the current one");
    return false;
}

static Ref call_soon(Vm *vm, Loop *loop, Value callback, Value args, Value context)
{
    Handle *handle = handle_new(vm, borrow(loop), callback, args, context);
    if (!handle) return FAIL;
    newref(borrow(handle));
    if (loop_ready(vm, loop, ENTRY_HANDLE, handle, UNDEF)) return from_object(handle);
    decref_object(handle);
    return FAIL;
}

NATIVE(loop_call_soon, "call_soon(self, callback, *args, context=None)",
       "Call callback(*args) on the next turn; return a Handle that can cancel it.")
{
    Loop *self = as_loop(argv[0]);
    if (!loop_check_open(vm, self) || !check_thread(vm, self) ||
        !check_in_debug(vm, self, argv[1], "call_soon"))
        return FAIL;
    return call_soon(vm, self, argv[1], argv[2], argv[3]);
}
NATIVE(loop_call_soon_threadsafe, "call_soon_threadsafe(self, callback, *args, context=None)",
       "call_soon() that may be used from any thread.")
{
    Loop *self = as_loop(argv[0]);
    if (!loop_check_open(vm, self) || !check_in_debug(vm, self, argv[1], "call_soon_threadsafe"))
        return FAIL;
    Ref handle = call_soon(vm, self, argv[1], argv[2], argv[3]);
    if (!failed(handle)) loop_wake(self);
    return handle;
}

static Ref call_at(Vm *vm, Loop *loop, double when, Value callback, Value args, Value context)
{
    TimerHandle *timer = timer_handle_new(vm, loop, when, callback, args, context);
    if (!timer) return FAIL;
    if (timer_start(vm, loop, ns_from_seconds(when), ENTRY_HANDLE, timer))
        return from_object(timer);
    decref_object(timer);
    return FAIL;
}

NATIVE(loop_call_later, "call_later(self, delay, callback, *args, context=None)",
       "Call callback(*args) after delay seconds; return a TimerHandle.")
{
    Loop *self = as_loop(argv[0]);
    double delay;
    if (is_none(argv[1])) return throw(vm, TypeError, "delay must not be None");
    if (!float_from(vm, argv[1], &delay) || !loop_check_open(vm, self) || !check_thread(vm, self) ||
        !check_in_debug(vm, self, argv[2], "call_at"))
        return FAIL;
    double when = (double)loop_now(self) / 1e9 + delay;
    if (!absent(self->own_timers))
        return subclass_call_at(vm, self, when, argv[2], argv[3], argv[4]);
    return call_at(vm, self, when, argv[2], argv[3], argv[4]);
}
NATIVE(loop_call_at, "call_at(self, when, callback, *args, context=None)",
       "Call callback(*args) when loop.time() reaches when; return a TimerHandle.")
{
    Loop *self = as_loop(argv[0]);
    double when;
    if (is_none(argv[1])) return throw(vm, TypeError, "when cannot be None");
    if (!float_from(vm, argv[1], &when) || !loop_check_open(vm, self) || !check_thread(vm, self) ||
        !check_in_debug(vm, self, argv[2], "call_at"))
        return FAIL;
    Ref handle = call_at(vm, self, when, argv[2], argv[3], argv[4]);
    if (!failed(handle)) timer_handle_given((TimerHandle *)as_object(handle), argv[1]);
    return handle;
}

/* ---- futures and tasks ---- */

NATIVE(loop_create_future, "create_future(self)", "Return a new Future of this loop.")
{
    Future *future = future_new(vm, as_loop(argv[0]));
    return future ? from_object(future) : FAIL;
}
NATIVE(loop_create_task_method,
       "create_task(self, coro, *, name=?, context=?, eager_start=?, **kwargs=?)",
       "Schedule coro to run soon as a task of this loop; return the task.")
{
    TaskOptions options = {argv[2], argv[3], argv[4], argv[5]};
    return loop_create_task(vm, as_loop(argv[0]), argv[1], &options);
}
NATIVE(loop_set_task_factory, "set_task_factory(self, factory)",
       "Have create_task() call factory(loop, coro, **kwargs); None: the default.")
{
    if (!is_none(argv[1]) && !type_of(vm, argv[1])->slots.call)
        return throw(vm, TypeError, "task factory must be a callable or None");
    replace(&as_loop(argv[0])->task_factory, newref(argv[1]));
    return NONE;
}
NATIVE(loop_get_task_factory, "get_task_factory(self)", "Return the task factory, or None.")
{
    Ref factory = as_loop(argv[0])->task_factory;
    return absent(factory) ? NONE : newref(factory);
}

/* ---- exceptions nobody awaits ---- */

NATIVE(loop_set_exception_handler, "set_exception_handler(self, handler)",
       "Have handler(loop, context) called for exceptions nobody awaits; None: the default.")
{
    if (!is_none(argv[1]) && !type_of(vm, argv[1])->slots.call)
        return throw(vm, TypeError, "A callable object or None is expected, got %R", argv[1]);
    replace(&as_loop(argv[0])->exception_handler, newref(argv[1]));
    return NONE;
}
NATIVE(loop_get_exception_handler, "get_exception_handler(self)",
       "Return the exception handler, or None.")
{
    Ref handler = as_loop(argv[0])->exception_handler;
    return absent(handler) ? NONE : newref(handler);
}
NATIVE(loop_default_exception_handler_method, "default_exception_handler(self, context)",
       "Log context['message'], the other entries and the exception.")
{
    return loop_default_exception_handler(vm, argv[0], argv[1]) ? NONE : FAIL;
}
NATIVE(loop_call_exception_handler_method, "call_exception_handler(self, context)",
       "Call the exception handler with context, a dict: message, exception, future, task, handle, "
       "...")
{
    return loop_call_exception_handler(vm, argv[0], argv[1]) ? NONE : FAIL;
}

/* ---- debugging ---- */

NATIVE(loop_get_debug, "get_debug(self)", "Return True in debug mode.")
{
    return from_bool(as_loop(argv[0])->debug);
}
NATIVE(loop_set_debug, "set_debug(self, enabled)", "Switch debug mode on or off.")
{
    Truth enabled = value_truth(vm, argv[1]);
    if (enabled == FAILED) return FAIL;
    as_loop(argv[0])->debug = enabled == YES;
    return NONE;
}
/* ---- descriptors and signals ---- */

/* The number of a descriptor, or of what has fileno(); -1: raised. */
static int descriptor_of(Vm *vm, Value file)
{
    int64_t fd = -1;
    if (is_any_int(file)) {
        if (!int_index(vm, file, &fd)) return -1;
    } else {
        Ref number = call_method(vm, file, N(fileno), 0, NULL);
        bool ok = !failed(number) && int_index(vm, number, &fd);
        decref(number);
        if (!ok && (error_is(vm, AttributeError) || error_is(vm, TypeError))) {
            error_clear(vm);
            throw(vm, ValueError, "Invalid file object: %R", file);
        }
        if (!ok) return -1;
    }
    if (fd >= 0 && fd < INT32_MAX) return (int)fd;
    throw(vm, ValueError, "Invalid file descriptor: %lld", (long long)fd);
    return -1;
}

static Ref watch(Vm *vm, Value *argv, unsigned which)
{
    Loop *self = as_loop(argv[0]);
    int fd = descriptor_of(vm, argv[1]);
    if (fd < 0 || !loop_check_open(vm, self)) return FAIL;
    Handle *handle = handle_new(vm, argv[0], argv[2], argv[3], UNDEF);
    return handle && loop_watch(vm, self, fd, which, from_object(handle)) ? NONE : FAIL;
}

static Ref unwatch(Vm *vm, Value *argv, unsigned which)
{
    Loop *self = as_loop(argv[0]);
    int fd = descriptor_of(vm, argv[1]);
    if (fd < 0) return FAIL;
    if (self->closed || fd >= self->watch_capacity) return FALSE;
    Ref there = which == POLL_READ ? self->watches[fd].reader : self->watches[fd].writer;
    if (absent(there)) return FALSE;
    return loop_watch(vm, self, fd, which, UNDEF) ? TRUE : FAIL;
}

/* A transport's descriptor is not for scripts to watch. */
static bool check_unused(Vm *vm, Value *argv)
{
    const Loop *self = as_loop(argv[0]);
    int fd = descriptor_of(vm, argv[1]);
    if (fd < 0) return false;
    const Object *keeper = fd < self->watch_capacity ? self->watches[fd].keeper : NULL;
    if (!keeper || keeper->kind != KIND_TRANSPORT) return true;
    throw(vm, RuntimeError, "File descriptor %R is used by transport %R", argv[1], borrow(keeper));
    return false;
}

NATIVE(loop_own_add_reader, "_add_reader(self, fd, callback, *args)", "add_reader() unchecked.")
{
    return watch(vm, argv, POLL_READ);
}
NATIVE(loop_own_add_writer, "_add_writer(self, fd, callback, *args)", "add_writer() unchecked.")
{
    return watch(vm, argv, POLL_WRITE);
}
NATIVE(loop_own_remove_reader, "_remove_reader(self, fd)", "remove_reader() unchecked.")
{
    return unwatch(vm, argv, POLL_READ);
}
NATIVE(loop_own_remove_writer, "_remove_writer(self, fd)", "remove_writer() unchecked.")
{
    return unwatch(vm, argv, POLL_WRITE);
}
NATIVE(loop_add_reader, "add_reader(self, fd, callback, *args)",
       "Call callback(*args) whenever fd can be read.")
{
    return check_unused(vm, argv) ? watch(vm, argv, POLL_READ) : FAIL;
}
NATIVE(loop_add_writer, "add_writer(self, fd, callback, *args)",
       "Call callback(*args) whenever fd can be written.")
{
    return check_unused(vm, argv) ? watch(vm, argv, POLL_WRITE) : FAIL;
}
NATIVE(loop_remove_reader, "remove_reader(self, fd)",
       "Stop watching fd for reading; return False when nobody did.")
{
    return check_unused(vm, argv) ? unwatch(vm, argv, POLL_READ) : FAIL;
}
NATIVE(loop_remove_writer, "remove_writer(self, fd)",
       "Stop watching fd for writing; return False when nobody did.")
{
    return check_unused(vm, argv) ? unwatch(vm, argv, POLL_WRITE) : FAIL;
}

/* What signal.signal() gets: makes the loop's handle ready.  self is the loop. */
NATIVE(loop_on_signal, "on_signal(self, number, frame)", "Schedule the handler of a signal.")
{
    Loop *self = as_loop(argv[0]);
    Value handle = absent(self->signal_handlers)
                       ? UNDEF
                       : dict_get(vm, as_dict(self->signal_handlers), argv[1]);
    if (failed(handle)) return FAIL;
    if (absent(handle) || ((Handle *)as_object(handle))->head.aux) return NONE;
    return loop_ready(vm, self, ENTRY_HANDLE, as_object(newref(handle)), UNDEF) ? NONE : FAIL;
}

enum { SIGNALS = 65 };

static bool signal_number(Vm *vm, Value given, int *number)
{
    int64_t n;
    if (!is_int(given) && !is_bool(given) && !is_kind(given, KIND_INT)) {
        throw(vm, TypeError, "sig must be an int, not %R", given);
        return false;
    }
    if (!int_index(vm, given, &n)) return false;
    *number = (int)n;
    if (n > 0 && n < SIGNALS) return true;
    throw(vm, ValueError, "invalid signal number %lld", (long long)n);
    return false;
}

NATIVE(loop_add_signal_handler, "add_signal_handler(self, sig, callback, *args)",
       "Call callback(*args) from the loop when signal sig arrives.")
{
    Loop *self = as_loop(argv[0]);
    int number;
    if (!loop_check_callback(vm, argv[2], "add_signal_handler") ||
        !signal_number(vm, argv[1], &number) || !loop_check_open(vm, self))
        return FAIL;
    if (absent(self->signal_handlers)) {
        Ref made = dict_new(vm);
        if (failed(made)) return FAIL;
        self->signal_handlers = made;
    }
    if (number == SIGKILL || number == SIGSTOP)
        return throw(vm, RuntimeError, "sig %d cannot be caught", number);
    Handle *handle = handle_new(vm, argv[0], argv[2], argv[3], UNDEF);
    bool ok =
        handle && dict_set(vm, as_dict(self->signal_handlers), from_small(number), borrow(handle));
    decref_object(handle);
    Ref catcher = ok ? native_function(vm, &loop_on_signal_def, argv[0], UNDEF) : FAIL;
    Ref old = failed(catcher) ? FAIL : signal_set(vm, number, catcher);
    decref(catcher);
    decref(old);
    return failed(old) ? FAIL : NONE;
}

NATIVE(loop_remove_signal_handler, "remove_signal_handler(self, sig)",
       "Forget the handler of signal sig; return False when there was none.")
{
    Loop *self = as_loop(argv[0]);
    int number;
    if (!signal_number(vm, argv[1], &number)) return FAIL;
    Truth was = absent(self->signal_handlers)
                    ? NO
                    : dict_delete(vm, as_dict(self->signal_handlers), from_small(number));
    if (was != YES) return was == FAILED ? FAIL : FALSE;
    if (!as_dict(self->signal_handlers)->len) clear(&self->signal_handlers);
    Ref old = signal_set(vm, number, number == 2 ? (Value)UNDEF : NONE);
    decref(old);
    return failed(old) ? FAIL : TRUE;
}

/* ---- shutting down ---- */

typedef struct ShutdownAsyncgens {
    NativeCoroutine coroutine;
    Ref loop, generators;
} ShutdownAsyncgens;

/* aclose() of each, gathered; owned. */
static Ref close_all(Vm *vm, Loop *loop, List *generators)
{
    Ref closing = list_new(vm, generators->len), name = str_interned(vm, "aclose");
    bool ok = !failed(closing) && !failed(name);
    for (ptrdiff_t i = 0; ok && i < generators->len; i++) {
        Ref step = call_method(vm, list_at(generators, i), name, 0, NULL);
        ok = !failed(step) && list_push(vm, as_list(closing), step);
    }
    Ref future =
        ok ? gather(vm, loop, as_list(closing)->len, as_values(as_list(closing)->items), true)
           : FAIL;
    decref(closing);
    decref(name);
    return future;
}

static bool report_unclosed(Vm *vm, ShutdownAsyncgens *self, Value results)
{
    for (ptrdiff_t i = 0; i < as_list(results)->len; i++) {
        Value error = list_at(as_list(results), i),
              generator = list_at(as_list(self->generators), i);
        if (!is_exception(error) || !exception_is(vm, error, Exception_)) continue;
        Ref text = value_repr(vm, generator);
        char message[200];
        snprintf(message, sizeof message,
                 "an error occurred during closing of asynchronous generator %.100s",
                 failed(text) || !as_str(text)->ascii ? "?" : as_str(text)->data);
        if (failed(text)) error_clear(vm);
        decref(text);
        if (!loop_report(vm, self->loop, message, error, "asyncgen", generator)) return false;
    }
    return true;
}

static Ref shutdown_asyncgens_resume(Vm *vm, NativeCoroutine *coroutine, Value sent)
{
    ShutdownAsyncgens *self = (ShutdownAsyncgens *)coroutine;
    Loop *loop = as_loop(self->loop);
    if (coroutine->state++) return report_unclosed(vm, self, sent) ? NONE : FAIL;
    loop->asyncgens_closed = true;
    Ref generators = loop_take_asyncgens(vm, loop);
    if (failed(generators)) return FAIL;
    self->generators = generators;
    if (!as_list(generators)->len) return NONE;
    Ref closing = close_all(vm, loop, as_list(generators));
    Ref answer = failed(closing) ? FAIL : delegate(vm, closing);
    decref(closing);
    return answer;
}

static const NativeCoroutineDef shutdown_asyncgens_coroutine = {
    .name = "BaseEventLoop.shutdown_asyncgens",
    .size = sizeof(ShutdownAsyncgens),
    .refs = REFS(REF(ShutdownAsyncgens, loop), REF(ShutdownAsyncgens, generators)),
    .resume = shutdown_asyncgens_resume,
};

static Ref loop_shutdown_asyncgens(Vm *vm, Value *argv);
const Native loop_shutdown_asyncgens_def = {"async shutdown_asyncgens(self)",
                                            "A coroutine that closes all async generators in use.",
                                            loop_shutdown_asyncgens, NATIVE_PLAIN, NULL};
static Ref loop_shutdown_asyncgens(Vm *vm, Value *argv)
{
    ShutdownAsyncgens *self =
        (ShutdownAsyncgens *)native_coroutine_new(vm, &shutdown_asyncgens_coroutine);
    if (!self) return FAIL;
    self->loop = newref(argv[0]);
    return from_object(self);
}

/* ---- the type ---- */

NATIVE(loop_make, "EventLoop(cls, *args, **kwargs)", "Make an event loop.")
{
    Loop *loop = type_instance(vm, as_type(argv[0]));
    if (loop && loop_open(vm, loop)) return from_object(loop);
    decref_object(loop);
    return FAIL;
}

static Ref loop_repr(Vm *vm, Value self)
{
    Loop *loop = as_loop(self);
    return format_text(vm, "<%T running=%s closed=%s debug=%s>", self,
                       loop->running ? "True" : "False", loop->closed ? "True" : "False",
                       loop->debug ? "True" : "False");
}

static void ring_visit(Loop *loop, Visit *visit, void *context)
{
    for (uint32_t i = 0; i < loop->ready.len; i++) {
        Entry *entry = &loop->ready.items[(loop->ready.head + i) & (loop->ready.capacity - 1)];
        Ref object = (Ref)(void *)object_of(entry->what);
        visit(&object, context);
        if (is_heap(entry->arg)) visit(&entry->arg, context);
    }
}

void loop_visit(Object *object, Visit *visit, void *context)
{
    Loop *self = (Loop *)object;
    ring_visit(self, visit, context);
    for (size_t i = 0; i < self->timers.len; i++) {
        Ref timer = (Ref)(void *)object_of(self->timers.items[i].item);
        visit(&timer, context);
    }
    for (int fd = 0; fd < self->watch_capacity; fd++) {
        if (is_heap(self->watches[fd].reader)) visit(&self->watches[fd].reader, context);
        if (is_heap(self->watches[fd].writer)) visit(&self->watches[fd].writer, context);
    }
    for (Task *task = self->first_task; task; task = task->next) {
        Ref held = (Ref)(void *)task;
        visit(&held, context);
    }
}

void loop_clear(Object *object)
{
    Loop *self = (Loop *)object;
    Vm *vm = object->shape->interp->running;
    self->closed = true;
    pool_close(self);
    loop_close(vm, self);
    while (self->first_task) task_unlink(self, self->first_task);
    memory_free(self->ready.items);
    self->ready = (Ring){0};
}

/* Pending tasks that only the loop holds are reported while it is still whole. */
bool loop_needs_finalizer(Object *object)
{
    const Loop *self = (Loop *)object;
    return self->first_task || (!self->closed && self->poller_open);
}

void loop_finalize(Vm *vm, Object *object)
{
    Loop *self = (Loop *)object;
    while (self->first_task) task_unlink(self, self->first_task);
    if (self->closed || self->abstract) return;
    Ref travelling = error_take(vm);
    if (!warn_about(vm, borrow(object), ResourceWarning, 1, "unclosed event loop %R",
                    borrow(object)))
        error_unraisable(vm, "Exception ignored in", borrow(object));
    error_restore(vm, travelling);
}

static const Native *const loop_methods[] = {&loop_run_forever_def,
                                             &loop_run_until_complete_def,
                                             &loop_stop_def,
                                             &loop_close_method_def,
                                             &loop_is_running_def,
                                             &loop_is_closed_def,
                                             &loop_time_def,
                                             &loop_call_soon_def,
                                             &loop_call_soon_threadsafe_def,
                                             &loop_call_later_def,
                                             &loop_call_at_def,
                                             &loop_create_future_def,
                                             &loop_create_task_method_def,
                                             &loop_set_task_factory_def,
                                             &loop_get_task_factory_def,
                                             &loop_set_exception_handler_def,
                                             &loop_get_exception_handler_def,
                                             &loop_default_exception_handler_method_def,
                                             &loop_call_exception_handler_method_def,
                                             &loop_get_debug_def,
                                             &loop_set_debug_def,
                                             &loop_add_reader_def,
                                             &loop_add_writer_def,
                                             &loop_remove_reader_def,
                                             &loop_remove_writer_def,
                                             &loop_own_add_reader_def,
                                             &loop_own_add_writer_def,
                                             &loop_own_remove_reader_def,
                                             &loop_own_remove_writer_def,
                                             &loop_add_signal_handler_def,
                                             &loop_remove_signal_handler_def,
                                             &loop_shutdown_asyncgens_def,
                                             &loop_run_in_executor_def,
                                             &loop_shutdown_executor_def,
                                             &loop_set_default_executor_def,
                                             &loop_sock_recv_def,
                                             &loop_sock_recv_into_def,
                                             &loop_sock_recvfrom_def,
                                             &loop_sock_recvfrom_into_def,
                                             &loop_sock_sendall_def,
                                             &loop_sock_sendto_def,
                                             &loop_sock_connect_def,
                                             &loop_sock_accept_def,
                                             &loop_make_transport_def,
                                             &loop_run_once_def,
                                             &loop_process_events_def,
                                             &loop_write_to_self_def,
                                             &loop_check_closed_def,
                                             &loop_check_running_def,
                                             NULL};
const TypeDef event_loop_type = {
    .name = "asyncio.base_events.BaseEventLoop",
    .size = sizeof(Loop),
    .doc = "An event loop.",
    .base = &abstract_event_loop_type,
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .needs_finalizer = loop_needs_finalizer,
    .finalize = loop_finalize,
    .new = &loop_make_def,
    .repr = loop_repr,
    .methods = loop_methods,
    .attributes = loop_attributes,
};

const TypeDef selector_event_loop_type = {
    .name = "asyncio.unix_events._UnixSelectorEventLoop",
    .size = sizeof(Loop),
    .doc = "The event loop of Unix.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .base = &event_loop_type,
    .needs_finalizer = loop_needs_finalizer,
    .finalize = loop_finalize,
    .new = &loop_make_def,
    .methods = network_methods,
};
