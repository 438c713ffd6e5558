/* asttree.h - trees that scripts made of the classes of module ast, as the compiler reads them. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_ASTTREE_H
#define AIO_MODULES_ASTTREE_H

#include "compiler/compiler.h"

/* The class ast.AST (borrowed) when module ast is imported, else UNDEF; FAIL: memory ended. */
Value ast_base_class(Vm *vm);

/* The tree that object, a mod node for mode, stands for; NULL: raised.  Its constants live in kept
 * (a list). */
Node *tree_from_object(Vm *vm, Arena *arena, Value object, ParseMode mode, Value kept);

/* Does the tree keep the rules that the grammar would have kept?  false: TypeError or ValueError.
 */
bool tree_check(Vm *vm, Node *tree);

#endif
