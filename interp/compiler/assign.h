/* assign.h - binding: targets, unpacking, augmented and annotated assignment, del, loop variables.
 */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_ASSIGN_H
#define AIO_COMPILER_ASSIGN_H

#include "compiler/expression.h"

/* Binds target to the value in register from; a temporary is moved out. */
void compile_store(Compiler *c, Node *target, int from);

/* Emits a loop step, FOR or ASYNC_FOR over iterator iter, that binds target or goes to end. */
void compile_step(Compiler *c, Opcode op, int iter, Node *target, Label end);

/* The register an expression for target may be computed straight into, or ANYWHERE. */
int target_register(Compiler *c, Node *target);
/* Binds target to what compile_expr put into the register it was given, or answered. */
void target_bind(Compiler *c, Node *target, int from);

void compile_assign(Compiler *c, NodeAssign *node);
void compile_augmented(Compiler *c, NodeAugAssign *node);
void compile_annotated(Compiler *c, NodeAnnAssign *node);
void compile_delete(Compiler *c, Node *target);

#endif
