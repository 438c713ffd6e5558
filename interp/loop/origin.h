/* origin.h - debug mode's memory of where things were made.  Neighbours: origin.c, report.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_ORIGIN_H
#define AIO_LOOP_ORIGIN_H

#include "loop/loop.h"
#include "object/str.h"
#include "object/tuple.h"

/* The stack of the script where it stands now: a StackSummary, owned; UNDEF: not to be had. */
Ref origin_now(Vm *vm);
/* The same in debug mode only. */
static inline Ref origin_of_new(Vm *vm, Value loop)
{
    return is_loop(loop) && as_loop(loop)->debug ? origin_now(vm) : UNDEF;
}
/* " created at file:line", or nothing without an origin. */
bool builder_origin(Vm *vm, StrBuilder *text, Value origin);
/* Its lines as a traceback shows them, without the last newline; owned. */
Ref origin_text(Vm *vm, Value origin);
/* "f(1, 2) at file:line": a callback of any kind, its arguments in debug mode. */
bool builder_callback(Vm *vm, StrBuilder *text, Value callback, Value args, bool debug);

#endif
