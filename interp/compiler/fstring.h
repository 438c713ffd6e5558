/* fstring.h - f-strings and t-strings, and % where it does the same. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_FSTRING_H
#define AIO_COMPILER_FSTRING_H

#include "compiler/expression.h"

int compile_joined(Compiler *c, NodeJoinedStr *node, int want);
int compile_formatted(Compiler *c, NodeFormattedValue *node, int want);
int compile_template(Compiler *c, NodeTemplateStr *node, int want);
/* "%s of %r" % (a, b) as f"{a!s} of {b!r}": each value becomes text before the next one is
 * evaluated.  false: node is something else. */
bool compile_percent(Compiler *c, NodeBinOp *node, int want, int *to);

#endif
