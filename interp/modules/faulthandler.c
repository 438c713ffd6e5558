/* faulthandler.c - module _faulthandler: where each thread stands, written by a signal handler.
 *
 * A crash may come anywhere, so what runs in a handler allocates nothing, takes no lock and calls
 * nothing but write(2).  What has crashed is mostly a library, and each call out of the interpreter
 * stores where it stands.  Signals are the process's and hand nothing of ours to their handlers:
 * hence the one global, `faults`.
 * Neighbours: stdlib/faulthandler.aio (files and arguments), vm/frame.h (the walk), signal.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object/code.h"
#include "object/error.h"
#include "object/int.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "vm/frame.h"

enum { DEEPEST = 100, THREADS_MOST = 100, NAME_MOST = 500, STACK_BYTES = 64 * 1024 };

static const struct {
    int number;
    const char *name;
} fatal[] = {{SIGBUS, "Bus error"},
             {SIGILL, "Illegal instruction"},
             {SIGFPE, "Floating-point exception"},
             {SIGABRT, "Aborted"},
             {SIGSEGV, "Segmentation fault"}};
enum { FATAL = sizeof fatal / sizeof *fatal };

/* What is to be written when a signal arrives, and what was done then before. */
typedef struct Report {
    volatile sig_atomic_t on;
    int fd;
    bool all_threads, chain;
    struct sigaction before;
} Report;

static struct {
    Interp *interp;
    Report crash;
    struct sigaction before[FATAL];
    Report user[NSIG];
    void *stack; /* on which handlers run: that of the thread may be what is full */
} faults;

/* ---- writing ---- */

static void put_bytes(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t done = write(fd, text, len);
        if (done < 0 && errno != EINTR) return;
        if (done > 0) text += done, len -= (size_t)done;
    }
}
static void put(int fd, const char *text) { put_bytes(fd, text, strlen(text)); }

static void put_number(int fd, uint64_t number, unsigned base, int width)
{
    char digits[24];
    int at = sizeof digits;
    do digits[--at] = "0123456789abcdef"[number % base];
    while (number /= base);
    while ((int)sizeof digits - at < width) digits[--at] = '0';
    put_bytes(fd, digits + at, sizeof digits - (size_t)at);
}

/* Other characters than those of ASCII as \x, \u or \U. */
static void put_str(int fd, Value text)
{
    if (!is_str(text)) {
        put(fd, "???");
        return;
    }
    const Str *str = as_str(text);
    for (ptrdiff_t i = 0; i < str->len; i++) {
        if (i == NAME_MOST) {
            put(fd, "...");
            return;
        }
        uint32_t point = str_at(str, i);
        if (point >= ' ' && point < 127) {
            put_bytes(fd, &(char){(char)point}, 1);
            continue;
        }
        put(fd, point < 0x100 ? "\\x" : point < 0x10000 ? "\\u" : "\\U");
        put_number(fd, point, 16, point < 0x100 ? 2 : point < 0x10000 ? 4 : 8);
    }
}

/* ---- where threads stand ---- */

/* The calls of a thread but for the innermost `skip`. */
static void put_stack(int fd, Vm *vm, int skip)
{
    FrameView view;
    bool more = frame_view_first(vm, &view);
    while (more && skip-- > 0) more = frame_view_next(vm, &view);
    if (!more) put(fd, "  <no Python frame>\n");
    for (int n = 0; more; n++, more = frame_view_next(vm, &view)) {
        if (n == DEEPEST) {
            put(fd, "  ...\n");
            return;
        }
        const Code *code = view.function->code;
        put(fd, "  File \"");
        put_str(fd, code->filename);
        put(fd, "\", line ");
        put_number(fd, (uint64_t)code_position(code, view.instr < 0 ? 0 : view.instr).line, 10, 1);
        put(fd, " in ");
        put_str(fd, code->name);
        put(fd, "\n");
    }
}

/* skip: calls of the current thread that are left out; -1: itself. */
static void put_threads(int fd, bool all, int skip)
{
    uint64_t self = (uint64_t)pthread_self();
    int count = 0;
    for (Vm *vm = faults.interp->threads; vm && count < THREADS_MOST; vm = vm->next_thread) {
        bool current = vm->thread_id == self;
        if ((!all && !current) || (current && skip < 0)) continue;
        if (count++) put(fd, "\n");
        if (all) {
            put(fd, current ? "Current thread 0x" : "Thread 0x");
            put_number(fd, vm->thread_id, 16, 16);
        } else {
            put(fd, "Stack");
        }
        put(fd, " (most recent call first):\n");
        put_stack(fd, vm, current ? skip : 0);
    }
}

/* ---- handlers ---- */

static void on_crash(int number)
{
    int error = errno, row = 0;
    if (!faults.crash.on) return;
    while (row + 1 < FATAL && fatal[row].number != number) row++;
    sigaction(number, &faults.before[row], NULL);
    put(faults.crash.fd, "Fatal Python error: ");
    put(faults.crash.fd, fatal[row].name);
    put(faults.crash.fd, "\n\n");
    put_threads(faults.crash.fd, faults.crash.all_threads, 0);
    errno = error;
    raise(number);
}

static void install(int number, void (*handler)(int), bool again, struct sigaction *before)
{
    struct sigaction action = {.sa_handler = handler,
                               .sa_flags = SA_ONSTACK | (again ? SA_NODEFER : SA_RESTART)};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, before);
}

static void on_user(int number)
{
    int error = errno;
    Report *report = &faults.user[number];
    if (!report->on) return;
    put_threads(report->fd, report->all_threads, 0);
    if (report->chain) {
        sigaction(number, &report->before, NULL);
        raise(number);
        install(number, on_user, true, NULL);
    }
    errno = error;
}

/* Makes the stack on which the handlers of this thread run. */
static bool prepare(Vm *vm)
{
    faults.interp = vm->interp;
    if (faults.stack) return true;
    faults.stack = malloc(STACK_BYTES);
    if (!faults.stack) return throw_no_memory(vm), false;
    sigaltstack(&(stack_t){.ss_sp = faults.stack, .ss_size = STACK_BYTES}, NULL);
    return true;
}

/* ---- the module ---- */

static bool fd_and_threads(Vm *vm, const Value *argv, int *fd, bool *all)
{
    int64_t number;
    Truth threads = value_truth(vm, argv[1]);
    if (threads == FAILED || !int_index(vm, argv[0], &number)) return false;
    *fd = (int)number;
    *all = threads == YES;
    return true;
}

NATIVE(
    fault_dump, "dump(fd, all_threads, skip)",
    "Write where threads stand, innermost call first; without skip calls of this one, or without "
    "this one when that is -1.")
{
    int fd;
    bool all;
    int64_t skip;
    if (!fd_and_threads(vm, argv, &fd, &all) || !int_index(vm, argv[2], &skip)) return FAIL;
    faults.interp = vm->interp;
    put_threads(fd, all, (int)skip);
    return NONE;
}

NATIVE(fault_enable, "enable(fd, all_threads)",
       "Write where threads stand when the process is killed by a fault.")
{
    int fd;
    bool all;
    if (!fd_and_threads(vm, argv, &fd, &all) || !prepare(vm)) return FAIL;
    faults.crash.fd = fd;
    faults.crash.all_threads = all;
    if (faults.crash.on) return NONE;
    faults.crash.on = 1;
    for (int n = 0; n < FATAL; n++) install(fatal[n].number, on_crash, true, &faults.before[n]);
    return NONE;
}

NATIVE(fault_disable, "disable()", "Do not; return whether it was to be done.")
{
    (void)vm, (void)argv;
    if (!faults.crash.on) return FALSE;
    faults.crash.on = 0;
    for (int n = 0; n < FATAL; n++) sigaction(fatal[n].number, &faults.before[n], NULL);
    return TRUE;
}

NATIVE(fault_is_enabled, "is_enabled()", "Is it to be done?")
{
    (void)vm, (void)argv;
    return from_bool(faults.crash.on);
}

/* A signal whose handler may be set here. */
static bool user_signal(Vm *vm, Value value, int *number)
{
    int64_t n;
    if (!int_index(vm, value, &n)) return false;
    for (int row = 0; row < FATAL; row++)
        if (fatal[row].number == n)
            return throw(vm, RuntimeError, "signal %d cannot be registered, use enable() instead",
                         (int)n),
                   false;
    if (n < 1 || n >= NSIG) return throw(vm, ValueError, "signal number out of range"), false;
    *number = (int)n;
    return true;
}

NATIVE(fault_register, "register(fd, all_threads, signum, chain)",
       "Write where threads stand when a signal arrives; chain: then do what was done before.")
{
    int fd, number;
    bool all;
    Truth chain = value_truth(vm, argv[3]);
    if (chain == FAILED || !user_signal(vm, argv[2], &number) ||
        !fd_and_threads(vm, argv, &fd, &all) || !prepare(vm))
        return FAIL;
    Report *report = &faults.user[number];
    report->fd = fd;
    report->all_threads = all;
    report->chain = chain == YES;
    install(number, on_user, report->chain, report->on ? NULL : &report->before);
    report->on = 1;
    return NONE;
}

NATIVE(fault_unregister, "unregister(signum)", "Undo register(); return whether it had been done.")
{
    int number;
    if (!user_signal(vm, argv[0], &number)) return FAIL;
    Report *report = &faults.user[number];
    if (!report->on) return FALSE;
    report->on = 0;
    sigaction(number, &report->before, NULL);
    return TRUE;
}

static const Native *const fault_functions[] = {&fault_dump_def,
                                                &fault_enable_def,
                                                &fault_disable_def,
                                                &fault_is_enabled_def,
                                                &fault_register_def,
                                                &fault_unregister_def,
                                                NULL};
const ModuleDef _faulthandler_module = {
    .name = "_faulthandler",
    .doc = "Where each thread stands, written by signal handlers.",
    .functions = fault_functions,
};
