/* unicode_name.h - the hook behind "\N{name}" in string literals.
 *
 * The layer that has a database of character names implements it; without one (the lexer and parser
 * linked alone) a weak definition in literal.c knows no name at all. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_UNICODE_NAME_H
#define AIO_SYNTAX_UNICODE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stores the code point of the character whose Unicode name or alias has these len bytes, in any
 * case; false when there is none. */
bool unicode_name_find(const char *name, ptrdiff_t len, uint32_t *point);

#endif
