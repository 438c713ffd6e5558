/* thread.h - OS threads and the interpreter lock. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_THREAD_H
#define AIO_VM_THREAD_H

#include "memory/vm.h"

bool gil_open(Interp *interp);
void gil_close(Interp *interp);

/* Around everything that may block: another thread runs meanwhile.  No script value may be touched in between. */
void gil_release(Vm *vm);
void gil_acquire(Vm *vm);
/* Lets a waiting thread run (INTERRUPT_LOCK: every 5 ms when contended). */
void gil_yield(Vm *vm);

/* Runs body(vm, argument) in a new OS thread holding the lock; the thread's Vm is made and freed here.  false: raised. */
bool thread_start(Vm *vm, void (*body)(Vm *vm, void *argument), void *argument);

/* The Vm of the calling OS thread, or NULL when it is none of ours. */
Vm *thread_vm(Interp *interp);

#endif
