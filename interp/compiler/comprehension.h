/* comprehension.h - list, set and dict comprehensions (inlined) and generator expressions
 * (functions). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_COMPREHENSION_H
#define AIO_COMPILER_COMPREHENSION_H

#include "compiler/expression.h"

int compile_comprehension(Compiler *c, Node *node, int want);
int compile_generator(Compiler *c, NodeGeneratorExp *node, int want);

#endif
