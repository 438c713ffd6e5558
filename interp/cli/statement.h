/* statement.h - what is typed at the prompt: is it complete, how is the next line indented, its
 * code. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_STATEMENT_H
#define AIO_CLI_STATEMENT_H

#include "object/code.h"

/* Can text be run, or is it wrong in a way that no further line mends?  A compound statement ends
 * with an empty line unless the text was given whole. */
bool statement_is_complete(const char *text, bool whole);
/* The blanks that the line after text begins with. */
int statement_indent(const char *text);
/* Code that shows the value of each expression statement; a coroutine's when it awaits.  Owned;
 * FAIL: raised. */
Ref statement_compile(Vm *vm, const char *text, Value filename);

#endif
