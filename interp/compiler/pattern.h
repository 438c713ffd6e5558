/* pattern.h - match statements. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_PATTERN_H
#define AIO_COMPILER_PATTERN_H

#include "compiler/expression.h"

void compile_match(Compiler *c, NodeMatch *node);

#endif
