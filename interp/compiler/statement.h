/* statement.h - statements to instructions. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_STATEMENT_H
#define AIO_COMPILER_STATEMENT_H

#include "compiler/emit.h"

void compile_body(Compiler *c, Nodes body);

#endif
