/* call.h - calls: arguments evaluated straight into the callee's window. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_CALL_H
#define AIO_COMPILER_CALL_H

#include "compiler/expression.h"

int compile_call(Compiler *c, NodeCall *node, int want);

/* The rest of a call whose callee is in register window (the newest temporary but for what
 * follows), whose window + 1 is pushed and whose first `given` arguments are in place: the other
 * arguments and the call, with the result in register to. */
void compile_arguments(Compiler *c, int window, int given, Nodes args, Nodes keywords, int to);

/* Where an attribute of a value written over several lines is reported: at its name. */
Pos attribute_pos(const NodeAttribute *node);

#endif
