/* signals.c - OS signals.
 *
 * The C handler only sets flags: which signal, and INTERRUPT_SIGNAL in the main thread's Vm; the
 * script's handler runs at the main thread's next safe point.  These flags are the mutable globals
 * the kernel forces on us. Neighbours: pending.c (safe_point), loop/ (the wakeup descriptor),
 * modules/signal.c. */
/* SPDX-License-Identifier: MIT */
#include "vm/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "object/call.h"
#include "object/error.h"
#include "vm/frame.h"

static atomic_int arrived[NSIG]; /* written by whichever thread the signal comes to */
static atomic_int any_arrived;
static atomic_int wakeup = -1;
static _Atomic(Vm *) main_vm;

struct SignalHandlers {
    Ref handlers[NSIG];
};

const volatile void *signals_main_place(void) { return &main_vm; }

static void on_signal(int number)
{
    int saved = errno;
    arrived[number] = 1;
    any_arrived = 1;
    Vm *vm = main_vm;
    if (vm) atomic_fetch_or(&vm->interrupt, INTERRUPT_SIGNAL);
    int descriptor = wakeup;
    if (descriptor >= 0) {
        unsigned char byte = (unsigned char)number;
        if (write(descriptor, &byte, 1) < 0) errno = saved; /* full: it will wake up anyway */
    }
    errno = saved;
}

static void install(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_open(Vm *vm)
{
    main_vm = vm;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* writing beyond the limit is an OSError */
    struct sigaction current;
    if (sigaction(SIGINT, NULL, &current) == 0 && current.sa_handler == SIG_IGN)
        return; /* started with nohup or & */
    install(SIGINT, on_signal);
}

void signals_forked(Vm *vm)
{
    any_arrived = 0;
    for (int n = 1; n < NSIG; n++) arrived[n] = 0;
    atomic_fetch_and(&vm->interrupt, ~INTERRUPT_SIGNAL);
}

void signal_arrives(int number) { on_signal(number); }

bool signals_waiting(void) { return any_arrived != 0; }

int signal_wakeup_fd(int fd)
{
    int old = wakeup;
    wakeup = fd;
    return old;
}

Value signal_get(Vm *vm, int number)
{
    struct SignalHandlers *table = vm->interp->signal_handlers;
    return table ? (Value)table->handlers[number] : (Value)UNDEF;
}

Ref signal_set(Vm *vm, int number, Value handler)
{
    if (!vm->interp->signal_handlers) {
        vm->interp->signal_handlers = memory_zeroed(vm, sizeof(struct SignalHandlers));
        if (!vm->interp->signal_handlers) return FAIL;
    }
    Ref *slot = &vm->interp->signal_handlers->handlers[number];
    Ref old = *slot;
    *slot = newref(handler);
    install(number, handler == NONE ? SIG_DFL : handler == ELLIPSIS ? SIG_IGN : on_signal);
    return old;
}

void signals_close(Vm *vm)
{
    for (int n = 0; vm->interp->signal_handlers && n < NSIG; n++)
        clear(&vm->interp->signal_handlers->handlers[n]);
    memory_free(vm->interp->signal_handlers);
    vm->interp->signal_handlers = NULL;
}

bool signals_run(Vm *vm)
{
    if (vm != &vm->interp->main) {
        atomic_fetch_or(&vm->interp->main.interrupt, INTERRUPT_SIGNAL);
        return true;
    }
    any_arrived = 0;
    for (int n = 1; n < NSIG; n++) {
        if (!atomic_exchange(&arrived[n], 0)) continue;
        Value handler = signal_get(vm, n);
        if (handler == NONE || handler == ELLIPSIS) continue; /* set since it arrived */
        if (absent(handler)) {
            if (n == SIGINT) throw_value(vm, KeyboardInterrupt, UNDEF);
            if (n == SIGINT) return false;
            continue;
        }
        Ref kept = newref(handler);
        Ref result = call2(vm, kept, from_small(n), NONE);
        decref(kept);
        if (failed(result)) return false;
        decref(result);
    }
    return true;
}
