/* source.h - the bytes of a source file to the text the lexer reads. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_SOURCE_H
#define AIO_SYNTAX_SOURCE_H

#include "syntax/parser.h"

typedef struct Source {
    const char *text; /* in the arena: UTF-8 with '\n' line ends, the last line too, then a NUL */
    ptrdiff_t len;
} Source;

/* Decodes len bytes by their byte order mark or coding cookie (is_utf8: both say nothing, it is
 * UTF-8 in which lone surrogates may occur).  Returns false and sets problem when it can't. */
bool source_decode(Arena *arena, const char *bytes, ptrdiff_t len, bool is_utf8, Source *source,
                   SyntaxProblem *problem);

#endif
