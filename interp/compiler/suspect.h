/* suspect.h - warnings about code that is legal and surely not meant. Neighbours: suspect.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_SUSPECT_H
#define AIO_COMPILER_SUSPECT_H

#include "compiler/compile.h"

/* Warns if node is an assertion of a tuple, a call or subscript of a literal that has none, or a
 * comparison of a literal's identity. */
void suspect(Compiler *c, Node *node);

#endif
