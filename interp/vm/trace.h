/* trace.h - trace and profile functions (sys.settrace, sys.setprofile).
 *
 * Costs nothing while nobody listens: then no instruction is a TRACE. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_TRACE_H
#define AIO_VM_TRACE_H

#include "object/frameobject.h"
#include "vm/coroutine.h"

/* Does anybody listen in this thread, who is not being told of something just now? */
static inline bool is_traced(const Vm *vm)
{
    return __builtin_expect(!absent(vm->trace) || !absent(vm->profile), 0) && !vm->tracing;
}

/* sys.settrace and sys.setprofile in thread; None: nobody listens any more.  false: no memory. */
bool trace_set(Vm *vm, Vm *thread, Value function);
bool profile_set(Vm *vm, Vm *thread, Value function);
/* The TRACE before frame->pc runs: tells what happens there and gives the instruction it hides, the
 * word that WIDE would be in the upper half; frame->pc is after it (elsewhere than it was, when
 * f_lineno was set).  0: raised. */
uint64_t trace_instruction(Vm *vm, Frame *frame);

/* vm->error was raised in the running frame, or has come to it; then: it leaves that. */
void trace_raised(Vm *vm, Frame *frame);
void trace_left(Vm *vm, Frame *frame);
/* A chain suspends at innermost and its driver gets value: what awaits in it stops running. */
void trace_suspended(Vm *vm, Activation *innermost, Value value);

#endif
