/* exception.h - try, with, and leaving statements early. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_EXCEPTION_H
#define AIO_COMPILER_EXCEPTION_H

#include "compiler/expression.h"

void compile_try(Compiler *c, NodeTry *node);
void compile_try_star(Compiler *c, NodeTryStar *node);

/* The with statement's items from index on, and its body.  AsyncWith has the same fields. */
void compile_with(Compiler *c, NodeWith *node, ptrdiff_t index, bool is_async);

/* Emits what leaving all blocks inside `until` (NULL: all of them) takes: iterators dropped,
 * finally bodies and exits run.  value: the temporary that holds a return value meanwhile, or
 * negative. */
void compile_unwind(Compiler *c, Block *until, int value);

/* SyntaxError with message unless the unit is asynchronous. */
void check_async_function(Compiler *c, Pos pos, const char *message);

#endif
