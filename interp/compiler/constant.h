/* constant.h - the constants of a unit, and expressions whose value is known while compiling. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_CONSTANT_H
#define AIO_COMPILER_CONSTANT_H

#include "compiler/emit.h"

/* The index of value in the unit's constants; steals it.  FAIL: notes the failure and answers 0. */
int constant_add(Compiler *c, Ref value);
/* The same without looking for an equal one: the next index. */
int constant_append(Compiler *c, Ref value);
int constant_name(Compiler *c, Ident *name);
static inline int constant_none(Compiler *c) { return constant_add(c, NONE); }

/* The value of a literal; owned, FAIL: raised. */
Ref literal_value(Compiler *c, const Literal *literal);

/* The value of a constant in an expression; owned, FAIL: raised and noted. */
Ref node_value(Compiler *c, NodeConstant *node);

/* The value of an expression made of constants only (owned), or UNDEF when it is not that. */
Ref constant_value(Compiler *c, Node *node);

/* A tuple of the values of elts (owned), or UNDEF when one is not constant. */
Ref tuple_of_constants(Compiler *c, Nodes elts);

/* Would constant_value find one?  (Cheap; may say yes where folding then gives up.) */
bool constant_likely(const Node *node);

/* Puts a constant into want (ANYWHERE: a new temporary); steals value. */
int constant_load(Compiler *c, Ref value, int want);

/* The truth of a constant expression; -1: not constant. */
int constant_truth(Compiler *c, Node *node);

#endif
