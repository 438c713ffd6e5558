/* generic.h - type parameters, type aliases, and the functions that evaluate on demand. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_GENERIC_H
#define AIO_COMPILER_GENERIC_H

#include "compiler/expression.h"

typedef enum Intrinsic {
#define INTRINSIC_ROW(name, count, meaning) INTRINSIC_##name,
#include "compiler/intrinsics.def"
    INTRINSIC_COUNT
} Intrinsic;

/* Starts a function of one parameter, .format, which refuses formats it does not know. */
void open_evaluator(Compiler *c, Scope *scope, Ident *name, int line);

/* Starts the function of type parameters around a generic thing and binds the parameters. */
void open_type_params(Compiler *c, Node *node, Nodes params, Name name);

/* R[base] = tuple of the type parameters (base is the newest temporary or below). */
void load_type_params(Compiler *c, Nodes params, int base);

void compile_type_alias(Compiler *c, NodeTypeAlias *node);

#endif
