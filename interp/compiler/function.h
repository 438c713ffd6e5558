/* function.h - def, lambda, class, type parameters and annotations. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_FUNCTION_H
#define AIO_COMPILER_FUNCTION_H

#include "compiler/expression.h"

void compile_function(Compiler *c, Node *node); /* FunctionDef or AsyncFunctionDef */
int compile_lambda(Compiler *c, NodeLambda *node, int want);

/* MAKE_FUNCTION of code (stolen; FAIL: nothing) into register base; parts as the instruction's b.
 */
void emit_function(Compiler *c, Ref code, int base, int parts);

/* Evaluates decorators into call windows around what is pushed next; the register for it. */
int open_decorators(Compiler *c, Nodes decorators);
/* Calls them, innermost first, with the decorated value in register `value`; where the result is.
 */
int call_decorators(Compiler *c, Nodes decorators, int value);

/* The __annotate__ function of a module or class body (stored there), when it has annotations. */
void compile_body_annotations(Compiler *c, Ident *name);

/* Makes the set of conditional annotations met, before the body. */
void open_conditional_annotations(Compiler *c);

/* The docstring of a body, indentation removed, or NULL. */
Node *docstring_node(Nodes body);
Node *docstring_wanted(const Compiler *c, Nodes body); /* NULL with -OO, too */
Ref docstring_value(Compiler *c, Node *node);

#endif
