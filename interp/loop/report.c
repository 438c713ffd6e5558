/* report.c - telling about exceptions that nobody awaits: the loop's exception handler.
 *
 * Without a handler the text goes to the logger "asyncio" when the script uses logging, else to
 * sys.stderr, as logging's last resort would print it. Neighbours: eventloop.c (the methods),
 * future.c and handle.c (who report). */
/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "loop/handle.h"
#include "loop/origin.h"
#include "loop/task.h"
#include "object/attr.h"
#include "object/context.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

/* ---- writing ---- */

static void write_stderr(Vm *vm, Value text)
{
    Value stream = dict_get_text(vm, as_dict(vm->interp->sys), "stderr");
    if (!absent(stream) && !failed(stream) && !is_none(stream)) {
        Ref held = newref(stream), done = call_method(vm, held, N(write), 1, &text);
        decref(held);
        if (failed(done) && error_is(vm, MemoryError))
            error_unraisable(vm, "Exception ignored while an error was told", text);
        else if (failed(done)) error_clear(vm);
        decref(done);
        return;
    }
    ptrdiff_t len;
    char *owned = NULL;
    const char *utf8 = str_utf8(vm, text, &len, &owned);
    if (!utf8 || write(2, utf8, (size_t)len) < 0) error_clear(vm);
    memory_free(owned);
}

/* What a program has put in the place of asyncio.base_events.logger, else getLogger("asyncio"). */
static Ref asyncio_logger(Vm *vm, Value logging)
{
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "asyncio.base_events");
    if (failed(module)) return FAIL;
    Value own =
        is_kind(module, KIND_MODULE) ? dict_get_text(vm, module_dict(module), "logger") : UNDEF;
    if (failed(own)) return FAIL;
    if (!absent(own)) return newref(own);
    Ref get_logger = attr_get_text(vm, logging, "getLogger"), logger = FAIL;
    Ref name = failed(get_logger) ? FAIL : str_from(vm, "asyncio");
    if (!failed(name)) logger = call1(vm, get_logger, name);
    decref(get_logger);
    decref(name);
    return logger;
}

/* logging.getLogger("asyncio").<level>(text, exc_info=exception): YES; NO: the script does not use
 * logging. */
static Truth log_with_logging(Vm *vm, const char *level, Value text, Value exception)
{
    Value logging = dict_get_text(vm, as_dict(vm->interp->modules), "logging");
    if (failed(logging)) return FAILED;
    if (absent(logging)) return NO;
    Ref method = FAIL, names = FAIL, done = FAIL, logger = asyncio_logger(vm, logging);
    if (!failed(logger)) method = attr_get_text(vm, logger, level);
    Ref keyword = failed(method) ? FAIL : str_interned(vm, "exc_info");
    if (!failed(keyword)) names = tuple_pack(vm, 1, (Value)keyword);
    if (!failed(names)) {
        Value argv[2] = {text, absent(exception) ? FALSE : exception};
        Args args = {argv, 1, names};
        done = call_args(vm, method, &args);
    }
    Truth truth = failed(done) ? FAILED : YES;
    decref(logger);
    decref(method);
    decref(keyword);
    decref(names);
    decref(done);
    return truth;
}

void log_error(Vm *vm, const char *level, Value text, Value exception)
{
    Truth logged = log_with_logging(vm, level, text, exception);
    if (logged == FAILED) error_unraisable(vm, "Exception ignored while an error was told", UNDEF);
    if (logged == YES) return;
    StrBuilder out;
    builder_open(&out);
    bool ok = builder_str(vm, &out, text) && builder_text(vm, &out, "\n");
    if (ok && is_exception(exception)) {
        Ref trace = exception_format(vm, exception);
        ok = !failed(trace) && builder_str(vm, &out, trace);
        ptrdiff_t len = ok ? as_str(trace)->len : 0;
        if (ok && len && str_at(as_str(trace), len - 1) != '\n') ok = builder_text(vm, &out, "\n");
        decref(trace);
    }
    Ref whole = ok ? builder_finish(vm, &out) : FAIL;
    if (!ok) builder_close(&out);
    if (failed(whole)) error_unraisable(vm, "Exception ignored while an error was told", text);
    else write_stderr(vm, whole);
    decref(whole);
}

/* ---- the default handler ---- */

/* Where something was made: the lines of a stack. */
static bool add_origin_line(Vm *vm, StrBuilder *text, Value key, Value origin)
{
    bool handle = str_is(key, "handle_traceback");
    Ref lines = origin_text(vm, origin);
    bool ok = !failed(lines) && builder_text(vm, text, "\n") && builder_str(vm, text, key) &&
              builder_text(vm, text, handle ? ": Handle" : ": Object") &&
              builder_text(vm, text, " created at (most recent call last):\n") &&
              builder_str(vm, text, lines);
    decref(lines);
    return ok;
}

/* "key: repr of value" of one context entry. */
static bool add_context_line(Vm *vm, StrBuilder *text, Value key, Value value)
{
    if (str_is(key, "created_at")) /* ours: "file:line" of the task's maker */
        return builder_text(vm, text, "\ncreated at: ") && builder_str(vm, text, value) &&
               builder_text(vm, text, "\nawait it, or let a TaskGroup own it: aio explain AIO303");
    if (str_is(key, "source_traceback") || str_is(key, "handle_traceback"))
        return add_origin_line(vm, text, key, value);
    if (!builder_text(vm, text, "\n") || !builder_str(vm, text, key) ||
        !builder_text(vm, text, ": "))
        return false;
    return builder_repr(vm, text, value);
}

/* Debug mode: where the callback that runs now was scheduled. */
static bool add_handle_origin(Vm *vm, Value loop, Dict *context)
{
    if (!is_loop(loop) || !is_heap(as_loop(loop)->running_handle)) return true;
    Value given = dict_get_text(vm, context, "source_traceback");
    Value origin = ((Handle *)as_object(as_loop(loop)->running_handle))->origin;
    if (failed(given)) return false;
    return !absent(given) || absent(origin) ||
           dict_set_text(vm, context, "handle_traceback", origin);
}

static bool add_context_lines(Vm *vm, StrBuilder *text, Dict *context)
{
    Ref keys = list_from(vm, borrow(context));
    if (failed(keys)) return false;
    bool ok = list_sort(vm, as_list(keys), NONE, false);
    for (ptrdiff_t i = 0; ok && i < as_list(keys)->len; i++) {
        Value key = list_at(as_list(keys), i);
        if (!is_str(key) || str_is(key, "message") || str_is(key, "exception")) continue;
        Value value = dict_get(vm, context, key);
        ok = !failed(value) && !absent(value) && add_context_line(vm, text, key, value);
    }
    decref(keys);
    return ok;
}

bool loop_default_exception_handler(Vm *vm, Value loop, Value context)
{
    if (!is_dict(context)) {
        throw(vm, TypeError, "exception handler context must be a dict, not %T", context);
        return false;
    }
    Value message = dict_get_text(vm, as_dict(context), "message");
    Value exception = dict_get_text(vm, as_dict(context), "exception");
    if (failed(message) || failed(exception) || !add_handle_origin(vm, loop, as_dict(context)))
        return false;
    StrBuilder text;
    builder_open(&text);
    bool ok = is_str(message) && as_str(message)->len
                  ? builder_str(vm, &text, message)
                  : builder_text(vm, &text, "Unhandled exception in event loop");
    if (!ok || !add_context_lines(vm, &text, as_dict(context))) {
        builder_close(&text);
        return false;
    }
    Ref whole = builder_finish(vm, &text);
    if (failed(whole)) return false;
    log_error(vm, "error", whole, is_exception(exception) ? exception : UNDEF);
    decref(whole);
    return true;
}

static bool is_fatal(Vm *vm) { return error_is(vm, SystemExit) || error_is(vm, KeyboardInterrupt); }

/* loop.default_exception_handler(context), which a subclass may override; its own failure is
 * logged. */
static bool call_default_handler(Vm *vm, Value loop, Value context)
{
    bool ok;
    if (as_object(loop)->flags & OBJ_SUBCLASS) {
        Ref name = str_interned(vm, "default_exception_handler");
        Ref done = failed(name) ? FAIL : call_method(vm, loop, name, 1, &context);
        ok = !failed(done);
        decref(name);
        decref(done);
    } else {
        ok = loop_default_exception_handler(vm, loop, context);
    }
    if (ok) return true;
    if (is_fatal(vm)) return false;
    Ref error = error_take(vm), text = str_from(vm, "Exception in default exception handler");
    if (!failed(text)) log_error(vm, "error", text, error);
    decref(text);
    decref(error);
    return true;
}

/* The custom handler failed: tell about that with the default one. */
static bool report_handler_failure(Vm *vm, Value loop, Value context)
{
    if (is_fatal(vm)) return false;
    Ref error = error_take(vm), inner = dict_new(vm), text = FAIL;
    bool ok = !failed(inner);
    if (ok) text = str_from(vm, "Unhandled error in exception handler");
    ok = ok && !failed(text) && dict_set_text(vm, as_dict(inner), "message", text) &&
         dict_set_text(vm, as_dict(inner), "exception", error) &&
         dict_set_text(vm, as_dict(inner), "context", context) &&
         call_default_handler(vm, loop, inner);
    decref(text);
    decref(inner);
    decref(error);
    return ok;
}

/* What the task, future or handle of a report runs in, owned; UNDEF: nothing of its own; FAIL:
 * memory ended. */
static Ref subject_context(Vm *vm, Value report)
{
    static const char *const keys[] = {"task", "future", "handle"};
    Value subject = UNDEF;
    for (int i = 0; i < 3 && !failed(subject) && (absent(subject) || is_none(subject)); i++)
        subject = is_dict(report) ? dict_get_text(vm, as_dict(report), keys[i]) : UNDEF;
    if (absent(subject) || is_none(subject)) return UNDEF;
    Ref method = failed(subject) ? FAIL : attr_get_text(vm, subject, "get_context");
    Ref context = failed(method) ? FAIL : call0(vm, method);
    decref(method);
    if (is_context(context) || (failed(context) && error_is(vm, MemoryError))) return context;
    if (failed(context)) error_clear(vm);
    decref(context);
    return UNDEF;
}

/* handler(loop, report) in the context of what the report is about. */
static Ref call_handler(Vm *vm, Value handler, Value loop, Value report)
{
    Ref context = subject_context(vm, report);
    if (failed(context)) return FAIL;
    bool entered = !absent(context) && context_enter(vm, &context);
    if (!entered && !absent(context)) error_clear(vm); /* it runs in that very context */
    Ref done = call2(vm, handler, loop, report);
    if (entered) context_leave(vm, &context);
    decref(context);
    return done;
}

bool loop_call_exception_handler(Vm *vm, Value loop, Value context)
{
    Ref handler = newref(as_loop(loop)->exception_handler);
    if (absent(handler) || is_none(handler)) return call_default_handler(vm, loop, context);
    Ref done = call_handler(vm, handler, loop, context);
    decref(handler);
    if (failed(done)) return report_handler_failure(vm, loop, context);
    decref(done);
    return true;
}

/* {message, exception, key: subject, source_traceback}; owned. */
static Ref report_context(Vm *vm, const Report *report)
{
    Ref context = dict_new(vm), text = failed(context) ? FAIL : str_from(vm, report->message);
    const struct {
        const char *key;
        Value value;
    } rows[] = {{"message", text},
                {"exception", report->exception},
                {report->key, report->subject},
                {"source_traceback", report->origin}};
    bool ok = !failed(text);
    for (size_t i = 0; ok && i < sizeof rows / sizeof *rows; i++)
        ok = absent(rows[i].value) ||
             dict_set_text(vm, as_dict(context), rows[i].key, rows[i].value);
    decref(text);
    if (ok) return context;
    decref(context);
    return FAIL;
}

bool loop_report_context(Vm *vm, Value loop, Value context)
{
    Ref travelling = error_take(vm);
    bool ok = true;
    if (is_loop(loop)) { /* by name: a class or a test may have put its own there */
        Ref done = call_method(vm, loop, N(call_exception_handler), 1, &context);
        ok = !failed(done);
        decref(done);
    }
    if (!ok && !is_fatal(vm)) {
        error_unraisable(vm, "Exception ignored in the exception handler of", loop);
        ok = true;
    }
    if (ok) error_restore(vm, travelling);
    else decref(travelling);
    return ok;
}

bool loop_report_all(Vm *vm, Value loop, const Report *report)
{
    Ref travelling = error_take(vm), context = report_context(vm, report);
    bool ok = true;
    if (failed(context)) error_unraisable(vm, report->message, UNDEF);
    else ok = loop_report_context(vm, loop, context);
    decref(context);
    if (ok) error_restore(vm, travelling);
    else decref(travelling);
    return ok;
}

bool loop_report(Vm *vm, Value loop, const char *message, Value exception, const char *key,
                 Value subject)
{
    Report report = {message, exception, key, subject, UNDEF};
    return loop_report_all(vm, loop, &report);
}
