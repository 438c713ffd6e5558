/* unparse.h - an expression back to source text, for annotations kept as strings. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_UNPARSE_H
#define AIO_COMPILER_UNPARSE_H

#include "compiler/compile.h"

/* The text of an expression as a str (owned); FAIL: raised. */
Ref unparse(Compiler *c, Node *node);

#endif
