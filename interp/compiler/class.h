/* class.h - class statements. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_CLASS_H
#define AIO_COMPILER_CLASS_H

#include "compiler/expression.h"

void compile_class(Compiler *c, NodeClassDef *node);

#endif
