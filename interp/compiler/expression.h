/* expression.h - expressions to instructions. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_EXPRESSION_H
#define AIO_COMPILER_EXPRESSION_H

#include "compiler/register.h"

/* Evaluates node into register want: a temporary that the caller has pushed and that is dead, or a
 * local, which is written last.  ANYWHERE: into a new temporary, or nowhere when node is a local,
 * whose register is returned.  Temporaries used on the way are given back.  The register. */
int compile_expr(Compiler *c, Node *node, int want);

/* ANYWHERE, for an operand of an instruction: shared says that other operands are evaluated after
 * this one. */
int compile_operand(Compiler *c, Node *node, bool shared);

/* Into base (pushed, dead), or a local's own register. */
int compile_operand_near(Compiler *c, Node *node, int base, bool shared);

/* The index of node's value when it is a constant that fits operand kind k, else -1. */
int constant_operand(Compiler *c, Node *node);

/* Evaluates for the effect only. */
void compile_effect(Compiler *c, Node *node);

/* Goes to target when bool(node) == sense; what is known at the jumps is merged into at_jumps. */
void compile_jump_if(Compiler *c, Node *node, bool sense, Label target, State *at_jumps);

/* Evaluates items into new temporaries in a row; the first (the caller sets the depth back). */
int compile_run(Compiler *c, Nodes items);

/* Gives back temporaries down to mark and answers where a result for want goes: base becomes it for
 * ANYWHERE. */
static inline int result_register(Compiler *c, int want, int mark, int base)
{
    c->unit->depth = want == ANYWHERE ? base + 1 : mark;
    return want == ANYWHERE ? base : want;
}

/* R[to] = R[left] op right, in place for op=. */
void compile_arithmetic(Compiler *c, Op op, int to, int left, Node *right, bool in_place);

/* A list (or set) of items, starred ones too, into base, the newest temporary. */
void compile_items(Compiler *c, Nodes items, int base, bool set);

#endif
