/* thread.h - OS threads and the interpreter lock. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_THREAD_H
#define AIO_VM_THREAD_H

#include "memory/vm.h"

bool gil_open(Interp *interp);
void gil_close(Interp *interp);

/* Around everything that may block: another thread runs meanwhile.  No script value may be touched
 * in between. */
void gil_release(Vm *vm);
void gil_acquire(Vm *vm);
/* Lets a waiting thread run (INTERRUPT_LOCK: every 5 ms when contended). */
void gil_yield(Vm *vm);

/* After how many nanoseconds a waiting thread asks. */
int64_t gil_interval(const Interp *interp);

/* Runs body(vm, argument) in a new OS thread holding the lock; the thread's Vm is made and freed
 * here.  false: raised. */
bool thread_start(Vm *vm, void (*body)(Vm *vm, void *argument), void *argument);
/* The same; *ident is what vm->thread_id will be there. */
bool thread_start_named(Vm *vm, void (*body)(Vm *vm, void *argument), void *argument,
                        uint64_t *ident);

/* In the child after fork(): the interpreter lock is made anew, held by the calling thread, which
 * is the only one; what the others had stays as it was, without them.  No loop runs any more. */
void thread_forked(Vm *vm);

/* For an OS thread that is none of ours and is about to run script code: makes a Vm for it and
 * takes the lock; NULL when memory is out.  thread_detach gives both back. */
Vm *thread_attach(Interp *interp);
void thread_detach(Vm *vm);

/* The Vm of the calling OS thread, or NULL when it is none of ours. */
Vm *thread_vm(Interp *interp);
/* That of the thread with an id, or NULL: the C library crashes when asked about no thread. */
Vm *thread_of(Interp *interp, uint64_t id);

#endif
