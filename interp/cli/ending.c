/* ending.c - the exit status, and the last words.
 *
 * Statuses are python's; 70 for a deadlock is ours.  As under python, a program that Ctrl-C ended
 * is killed by SIGINT, so that a shell's loop stops too.  A program whose reader went away (`aio
 * script | head`) ends like any tool: killed by SIGPIPE, without a word.
 * Neighbours: main.c,
 * object/report.c (the traceback), loop/runner.c (raises for a deadlock). */
/* SPDX-License-Identifier: MIT */
#include "cli/ending.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/options.h"
#include "modules/iomodule.h"
#include "modules/sys.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/name.h"
#include "object/str.h"

/* The exit status that SystemExit asks for. */
static int asked_status(Vm *vm, Value error)
{
    Value code = exception_field(error, 0);
    if (absent(code) || code == NONE) return 0;
    if (is_any_int(code)) {
        int overflow;
        return (int)(int_value(code, &overflow) & 0xff);
    }
    sys_flush(vm);
    Ref line = format_text(vm, "%S\n", code);
    if (failed(line) && error_is(vm, MemoryError))
        fputs("SystemExit (MemoryError while it was reported)\n", stderr);
    if (failed(line)) error_clear(vm);
    else stderr_print(vm, line);
    decref(line);
    return STATUS_ERROR;
}

static void print_line(Vm *vm, const char *text)
{
    Ref line = format_text(vm, "%s\n", text);
    if (failed(line)) error_clear(vm);
    else stderr_print(vm, line);
    decref(line);
}

/* Has the reader of standard output gone? */
static bool reader_gone(void)
{
    struct pollfd out = {.fd = 1};
    return poll(&out, 1, 0) > 0 && out.revents & POLLERR;
}

/* Lets sys know the exception that nobody caught, for pdb.pm() and traceback.print_last(). */
static void keep_last(Vm *vm, Value error, Value traceback)
{
    Dict *sys = as_dict(vm->interp->sys);
    if (!dict_set(vm, sys, N(last_exc), error) || !dict_set(vm, sys, N(last_value), error) ||
        !dict_set(vm, sys, N(last_type), borrow(type_of(vm, error))) ||
        !dict_set(vm, sys, N(last_traceback), traceback))
        error_unraisable(vm, "Exception ignored while sys.last_exc was set", UNDEF);
}

/* What sys.excepthook raised, and what it was called for. */
static void tell_both(Vm *vm, Value second, Value error)
{
    print_line(vm, "Error in sys.excepthook:");
    exception_print(vm, second, 2);
    print_line(vm, "\nOriginal exception was:");
    exception_print(vm, error, 2);
}

/* Calls sys.excepthook with the exception.  The exit status that the hook asks for, or 1. */
static int tell(Vm *vm, Value error)
{
    sys_flush(vm);
    Value hook = dict_get_name(as_dict(vm->interp->sys), N(excepthook));
    Value traceback = absent(as_exception(error)->traceback)
                          ? (Value)NONE
                          : (Value)as_exception(error)->traceback;
    keep_last(vm, error, traceback);
    if (absent(hook)) {
        print_line(vm, "sys.excepthook is missing");
        exception_print(vm, error, 2);
    } else decref(call(vm, hook, 3, (Value[]){borrow(type_of(vm, error)), error, traceback}));
    if (absent(vm->error)) return STATUS_ERROR;
    Ref second = error_take(vm);
    int status = STATUS_ERROR;
    if (exception_is(vm, second, SystemExit)) status = asked_status(vm, second);
    else tell_both(vm, second, error);
    decref(second);
    return status;
}

void ending_report(Vm *vm)
{
    Ref error = error_take(vm);
    tell(vm, error);
    decref(error);
}

int ending_uncaught(Vm *vm)
{
    Ref error = error_take(vm);
    int status = STATUS_ERROR;
    if (exception_is(vm, error, SystemExit)) {
        status = asked_status(vm, error);
    } else if (exception_is(vm, error, BrokenPipeError) && reader_gone()) {
        status = STATUS_SIGNAL + SIGPIPE;
    } else {
        status = tell(vm, error);
        if (exception_is(vm, error, KeyboardInterrupt)) status = STATUS_SIGNAL + SIGINT;
        if (exception_is(vm, error, DeadlockError)) status = STATUS_DEADLOCK;
    }
    decref(error);
    return status;
}

/* Flushes one stream of sys; the status its failure asks for. */
static int flush_stream(Vm *vm, Value name)
{
    Value file = dict_get_name(as_dict(vm->interp->sys), name);
    if (absent(file) || file == NONE) return 0;
    Ref held = newref(file);
    bool done = file_flush(vm, held);
    int status = 0;
    if (!done && error_is(vm, BrokenPipeError) && reader_gone()) {
        status = STATUS_SIGNAL + SIGPIPE;
        error_clear(vm);
    } else if (!done && error_is(vm, ValueError)) { /* the script has closed it */
        error_clear(vm);
    } else if (!done) {
        status = STATUS_FLUSH;
        error_unraisable(vm, "Exception ignored while flushing", held);
    }
    decref(held);
    return status;
}

int ending_flush(Vm *vm)
{
    if (!is_dict(vm->interp->sys)) return 0;
    int status = flush_stream(vm, N(stdout));
    int other = flush_stream(vm, N(stderr));
    return status ? status : other;
}

void ending_leave(int status)
{
    int number = status - STATUS_SIGNAL;
    if (number == SIGINT || number == SIGPIPE) {
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, number);
        signal(number, SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        kill(getpid(), number);
    }
    exit(status);
}
