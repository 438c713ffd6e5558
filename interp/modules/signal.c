/* signal.c - module _signal: what the kernel offers for signals.
 *
 * A disposition is kept as vm/signals.h has it: None is the default action, ... ignores, else what
 * is called.  For scripts these are SIG_DFL (0), SIG_IGN (1) and the callable.  Module signal adds
 * the enumerations. Neighbours: vm/signals.c (catching), loop/eventloop.c (add_signal_handler). */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/native.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/import.h"
#include "vm/signals.h"
#include "vm/thread.h"

enum { DEFAULT = 0, IGNORE = 1 };

static bool signal_number(Vm *vm, Value v, int *number)
{
    int64_t n;
    if (!int_index(vm, v, &n)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        n = -1;
    }
    if (n < 1 || n >= NSIG) {
        throw(vm, ValueError, "signal number out of range");
        return false;
    }
    *number = (int)n;
    return true;
}

static Ref raise_errno(Vm *vm) { return throw_errno(vm, errno, UNDEF); }

/* ---- dispositions */

NATIVE(signal_default_int_handler, "default_int_handler(signalnum, frame, /)",
       "Raise KeyboardInterrupt.")
{
    return throw_value(vm, KeyboardInterrupt, UNDEF);
}

/* default_int_handler as the module has it. */
static Ref interrupt_handler(Vm *vm)
{
    Ref module = import_text(vm, "_signal");
    Ref handler = failed(module) ? FAIL : attr_get_text(vm, module, "default_int_handler");
    decref(module);
    return handler;
}

/* The script's view of a disposition (stolen; UNDEF: never set by a script). */
static Ref disposition(Vm *vm, int number, Ref kept)
{
    if (kept == NONE) return from_small(DEFAULT);
    if (kept == ELLIPSIS) return from_small(IGNORE);
    if (!absent(kept)) return kept;
    struct sigaction now;
    if (sigaction(number, NULL, &now) < 0) return raise_errno(vm);
    if (number == SIGINT && now.sa_handler != SIG_IGN && now.sa_handler != SIG_DFL)
        return interrupt_handler(vm);
    if (number == SIGPIPE || now.sa_handler == SIG_IGN) return from_small(IGNORE);
    return now.sa_handler == SIG_DFL ? from_small(DEFAULT) : NONE;
}

NATIVE(signal_signal, "signal(signalnum, handler, /)",
       "Set what happens when a signal arrives: SIG_DFL, SIG_IGN or handler(number, frame); return "
       "what was set before.\n"
       "Only the main thread may do this; raises ValueError elsewhere.")
{
    int number;
    if (vm != &vm->interp->main)
        return throw(vm, ValueError, "signal only works in main thread of the main interpreter");
    if (!signal_number(vm, argv[0], &number)) return FAIL;
    Value handler = argv[1];
    if (is_any_int(handler)) {
        int64_t n;
        if (!int_index(vm, handler, &n)) return FAIL;
        if (n != DEFAULT && n != IGNORE) goto wrong;
        handler = n == DEFAULT ? NONE : ELLIPSIS;
    } else if (!type_of(vm, handler)->slots.call) {
        goto wrong;
    }
    if (number == SIGKILL || number == SIGSTOP) return throw_errno(vm, EINVAL, UNDEF);
    Ref before = disposition(vm, number, newref(signal_get(vm, number)));
    if (failed(before)) return FAIL;
    Ref old = signal_set(vm, number, handler);
    if (!failed(old)) {
        decref(old);
        return before;
    }
    decref(before);
    return FAIL;
wrong:
    return throw(vm, TypeError,
                 "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object");
}

NATIVE(signal_getsignal, "getsignal(signalnum, /)",
       "Return what happens when a signal arrives: SIG_DFL, SIG_IGN, a callable, or None when it "
       "was not set from here.")
{
    int number;
    return signal_number(vm, argv[0], &number)
               ? disposition(vm, number, newref(signal_get(vm, number)))
               : FAIL;
}

NATIVE(signal_siginterrupt, "siginterrupt(signalnum, flag, /)",
       "Let system calls be broken off by a signal, or not.")
{
    int number;
    Truth flag = value_truth(vm, argv[1]);
    if (flag == FAILED || !signal_number(vm, argv[0], &number)) return FAIL;
    struct sigaction now;
    if (sigaction(number, NULL, &now) < 0) return raise_errno(vm);
    now.sa_flags = flag == YES ? now.sa_flags & ~SA_RESTART : now.sa_flags | SA_RESTART;
    return sigaction(number, &now, NULL) < 0 ? raise_errno(vm) : NONE;
}

NATIVE(signal_set_wakeup_fd, "set_wakeup_fd(fd, /, *, warn_on_full_buffer=True)",
       "Write the number of each signal that arrives to fd, as one byte; -1: do not.  Return the "
       "descriptor set before.")
{
    int64_t fd;
    if (!int_index(vm, argv[0], &fd)) return FAIL;
    if (vm != &vm->interp->main)
        return throw(vm, ValueError,
                     "set_wakeup_fd only works in main thread of the main interpreter");
    int flags = fd < 0 ? O_NONBLOCK : fd > INT_MAX ? -1 : fcntl((int)fd, F_GETFL);
    if (flags < 0) {
        errno = EBADF;
        return raise_errno(vm);
    }
    if (!(flags & O_NONBLOCK))
        return throw(vm, ValueError, "the fd %d must be in non-blocking mode", (int)fd);
    return from_small(signal_wakeup_fd((int)fd));
}

/* ---- sending */

NATIVE(signal_raise_signal, "raise_signal(signalnum, /)", "Send a signal to this process.")
{
    int64_t number;
    if (!int_index(vm, argv[0], &number)) return FAIL;
    if (raise((int)number) != 0) return raise_errno(vm);
    return safe_point(vm) ? NONE : FAIL;
}

NATIVE(signal_pthread_kill, "pthread_kill(thread_id, signalnum, /)", "Send a signal to a thread.")
{
    int64_t thread, number;
    if (!int_index(vm, argv[0], &thread) || !int_index(vm, argv[1], &number)) return FAIL;
    int failure = thread_of(vm->interp, (uint64_t)thread)
                      ? pthread_kill((pthread_t)thread, (int)number)
                      : ESRCH;
    if (failure) return throw_errno(vm, failure, UNDEF);
    return safe_point(vm) ? NONE : FAIL;
}

NATIVE(signal_strsignal, "strsignal(signalnum, /)",
       "Return the system's description of a signal, or None.")
{
    int number;
    if (!signal_number(vm, argv[0], &number)) return FAIL;
    const char *text = sigdescr_np(number);
    return text ? str_from(vm, text) : NONE;
}

/* ---- sets of signals */

static Ref set_of_signals(Vm *vm, const sigset_t *signals)
{
    Ref set = set_new(vm);
    for (int n = 1; n < NSIG && !failed(set); n++) {
        if (sigismember(signals, n) != 1) continue;
        if (!set_add(vm, as_set(set), from_small(n))) replace(&set, FAIL);
    }
    return set;
}

static bool signals_from(Vm *vm, Value iterable, sigset_t *signals)
{
    Ref items = list_from(vm, iterable);
    bool good = !failed(items);
    sigemptyset(signals);
    for (ptrdiff_t i = 0; good && i < as_list(items)->len; i++) {
        int number;
        good = signal_number(vm, as_list(items)->items[i], &number);
        if (good) sigaddset(signals, number);
    }
    decref(items);
    return good;
}

NATIVE(signal_valid_signals, "valid_signals()", "Return the set of signal numbers of this system.")
{
    sigset_t all;
    sigfillset(&all);
    return set_of_signals(vm, &all);
}

NATIVE(signal_pthread_sigmask, "pthread_sigmask(how, mask, /)",
       "Change which signals the thread blocks; return those blocked before.")
{
    int64_t how;
    sigset_t mask, before;
    if (!int_index(vm, argv[0], &how) || !signals_from(vm, argv[1], &mask)) return FAIL;
    int failure = pthread_sigmask((int)how, &mask, &before);
    if (failure) return throw_errno(vm, failure, UNDEF);
    return safe_point(vm) ? set_of_signals(vm, &before) : FAIL;
}

NATIVE(signal_sigpending, "sigpending()",
       "Return the set of signals that are blocked and have arrived.")
{
    sigset_t pending;
    return sigpending(&pending) < 0 ? raise_errno(vm) : set_of_signals(vm, &pending);
}

NATIVE(signal_sigwait, "sigwait(sigset, /)",
       "Wait until one of the signals arrives; return its number.")
{
    sigset_t wanted;
    int number;
    if (!signals_from(vm, argv[0], &wanted)) return FAIL;
    gil_release(vm);
    int failure = sigwait(&wanted, &number);
    gil_acquire(vm);
    return failure ? throw_errno(vm, failure, UNDEF) : from_small(number);
}

NATIVE(signal_pause, "pause()", "Wait until a signal arrives.")
{
    gil_release(vm);
    pause();
    gil_acquire(vm);
    return safe_point(vm) ? NONE : FAIL;
}

/* ---- timers */

NATIVE(signal_alarm, "alarm(seconds, /)",
       "Let SIGALRM arrive in so many seconds; return those left of the alarm before.")
{
    int64_t seconds;
    if (!int_index(vm, argv[0], &seconds)) return FAIL;
    return from_small(alarm((unsigned)seconds));
}

static struct timeval time_of(double seconds)
{
    double whole = floor(seconds);
    return (struct timeval){.tv_sec = (time_t)whole,
                            .tv_usec = (suseconds_t)((seconds - whole) * 1e6)};
}

static Ref timer_tuple(Vm *vm, const struct itimerval *timer)
{
    return tuple_pack(
        vm, 2,
        (Value)from_float((double)timer->it_value.tv_sec + 1e-6 * (double)timer->it_value.tv_usec),
        (Value)from_float((double)timer->it_interval.tv_sec +
                          1e-6 * (double)timer->it_interval.tv_usec));
}

static Ref raise_timer_error(Vm *vm)
{
    int failure = errno;
    return throw_errno(vm, failure, UNDEF);
}

NATIVE(signal_setitimer, "setitimer(which, seconds, interval=0.0, /)",
       "Start or stop a timer that sends a signal after seconds and then every interval; return "
       "(seconds, interval) of before.")
{
    int64_t which;
    double seconds, interval;
    if (!int_index(vm, argv[0], &which) || !float_from(vm, argv[1], &seconds) ||
        !float_from(vm, argv[2], &interval))
        return FAIL;
    struct itimerval timer = {.it_interval = time_of(interval), .it_value = time_of(seconds)},
                     before;
    if (seconds > 0 && timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
        timer.it_value.tv_usec = 1;
    if (setitimer((int)which, &timer, &before) < 0) return raise_timer_error(vm);
    return timer_tuple(vm, &before);
}

NATIVE(signal_getitimer, "getitimer(which, /)", "Return (seconds left, interval) of a timer.")
{
    int64_t which;
    struct itimerval timer;
    if (!int_index(vm, argv[0], &which)) return FAIL;
    return getitimer((int)which, &timer) < 0 ? raise_timer_error(vm) : timer_tuple(vm, &timer);
}

/* ---- the module */

static const struct {
    const char *name;
    int value;
} constants[] = {
    {"SIGHUP", SIGHUP},
    {"SIGINT", SIGINT},
    {"SIGQUIT", SIGQUIT},
    {"SIGILL", SIGILL},
    {"SIGTRAP", SIGTRAP},
    {"SIGABRT", SIGABRT},
    {"SIGIOT", SIGIOT},
    {"SIGBUS", SIGBUS},
    {"SIGFPE", SIGFPE},
    {"SIGKILL", SIGKILL},
    {"SIGUSR1", SIGUSR1},
    {"SIGSEGV", SIGSEGV},
    {"SIGUSR2", SIGUSR2},
    {"SIGPIPE", SIGPIPE},
    {"SIGALRM", SIGALRM},
    {"SIGTERM", SIGTERM},
    {"SIGSTKFLT", SIGSTKFLT},
    {"SIGCHLD", SIGCHLD},
    {"SIGCLD", SIGCHLD},
    {"SIGCONT", SIGCONT},
    {"SIGSTOP", SIGSTOP},
    {"SIGTSTP", SIGTSTP},
    {"SIGTTIN", SIGTTIN},
    {"SIGTTOU", SIGTTOU},
    {"SIGURG", SIGURG},
    {"SIGXCPU", SIGXCPU},
    {"SIGXFSZ", SIGXFSZ},
    {"SIGVTALRM", SIGVTALRM},
    {"SIGPROF", SIGPROF},
    {"SIGWINCH", SIGWINCH},
    {"SIGIO", SIGIO},
    {"SIGPOLL", SIGPOLL},
    {"SIGPWR", SIGPWR},
    {"SIGSYS", SIGSYS},
    {"SIG_DFL", DEFAULT},
    {"SIG_IGN", IGNORE},
    {"SIG_BLOCK", SIG_BLOCK},
    {"SIG_UNBLOCK", SIG_UNBLOCK},
    {"SIG_SETMASK", SIG_SETMASK},
    {"ITIMER_REAL", ITIMER_REAL},
    {"ITIMER_VIRTUAL", ITIMER_VIRTUAL},
    {"ITIMER_PROF", ITIMER_PROF},
    {"NSIG", NSIG},
};

static bool signal_open(Vm *vm, Value module)
{
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (!module_set(vm, module, constants[i].name, from_small(constants[i].value)))
            return false;
    return module_set(vm, module, "SIGRTMIN", from_small(SIGRTMIN)) &&
           module_set(vm, module, "SIGRTMAX", from_small(SIGRTMAX)) &&
           module_set(vm, module, "ItimerError", newref(borrow(exception_class(vm, OSError))));
}

static const Native *const signal_functions[] = {&signal_signal_def,
                                                 &signal_getsignal_def,
                                                 &signal_default_int_handler_def,
                                                 &signal_siginterrupt_def,
                                                 &signal_set_wakeup_fd_def,
                                                 &signal_raise_signal_def,
                                                 &signal_pthread_kill_def,
                                                 &signal_strsignal_def,
                                                 &signal_valid_signals_def,
                                                 &signal_pthread_sigmask_def,
                                                 &signal_sigpending_def,
                                                 &signal_sigwait_def,
                                                 &signal_pause_def,
                                                 &signal_alarm_def,
                                                 &signal_setitimer_def,
                                                 &signal_getitimer_def,
                                                 NULL};

const ModuleDef _signal_module = {
    .name = "_signal",
    .doc = "Signals as the system has them.",
    .functions = signal_functions,
    .open = signal_open,
};
