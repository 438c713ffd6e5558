/* signals.h - OS signals seen by scripts: caught in C, handled at a safe point of the main thread.
 */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_SIGNALS_H
#define AIO_VM_SIGNALS_H

#include "memory/vm.h"

/* Installs the SIGINT handler (KeyboardInterrupt), ignores SIGPIPE. */
void signals_open(Vm *vm);
void signals_close(Vm *vm);
/* Where the pointer to the main thread's Vm is kept: for whoever looks from another process. */
const volatile void *signals_main_place(void);
/* Runs the handlers of signals that arrived; false: one raised (KeyboardInterrupt by default). */
bool signals_run(Vm *vm);
/* In the child after fork(): forgets the signals that came for the parent. */
void signals_forked(Vm *vm);
/* As if the signal had arrived now. */
void signal_arrives(int number);
/* Is a signal waiting to be handled? */
bool signals_waiting(void);
/* handler: a callable, or NONE for the default action, or ELLIPSIS to ignore; for signal.signal().
 * Returns the old one. */
Ref signal_set(Vm *vm, int number, Value handler);
Value signal_get(Vm *vm, int number);
/* A descriptor written to (one byte, the signal's number) whenever a signal arrives; -1: none.
 * Returns the old one. */
int signal_wakeup_fd(int fd);

#endif
