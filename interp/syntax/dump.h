/* dump.h - tokens and trees as text: aio --tokens, aio --ast. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_DUMP_H
#define AIO_SYNTAX_DUMP_H

#include <stdio.h>

#include "syntax/ast.h"

/* One line per token of the source: "1,0-1,5:  NAME  'print'"; ends with the problem, if any. */
void dump_tokens(FILE *file, const char *text, ptrdiff_t len);

/* The tree in the form of ast.dump(tree, indent=2), then a newline. */
void dump_tree(FILE *file, Node *tree);

/* As dump_tree, with include_attributes=True. */
void dump_tree_positions(FILE *file, Node *tree);

#endif
