/* fstring.h - f-strings and t-strings. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_FSTRING_H
#define AIO_COMPILER_FSTRING_H

#include "compiler/expression.h"

int compile_joined(Compiler *c, NodeJoinedStr *node, int want);
int compile_formatted(Compiler *c, NodeFormattedValue *node, int want);
int compile_template(Compiler *c, NodeTemplateStr *node, int want);

#endif
