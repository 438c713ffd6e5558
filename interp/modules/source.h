/* source.h - reading source files, and the source text of a value. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_SOURCE_H
#define AIO_MODULES_SOURCE_H

#include "object/bytes.h"

/* The bytes of a file (free() them, a NUL follows); NULL: OSError raised. */
char *source_read(Vm *vm, Value filename, ptrdiff_t *len);

/* What is to be compiled, of a str or bytes-like value; a NUL may follow or not. */
typedef struct SourceText {
    const char *text;
    ptrdiff_t len;
    unsigned mode; /* PARSE_UTF8 for a str: a coding cookie in it is a comment */
    char *owned;
    Buffer buffer;
} SourceText;

/* False: raised.  TypeError "<who> must be a <wanted>", SyntaxError for a NUL inside. */
bool source_text_open(Vm *vm, Value value, const char *who, const char *wanted, SourceText *out);
void source_text_close(Vm *vm, SourceText *source);

#endif
