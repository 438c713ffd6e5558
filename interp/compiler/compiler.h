/* compiler.h - syntax tree to bytecode. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_COMPILER_H
#define AIO_COMPILER_COMPILER_H

#include <stdio.h>

#include "object/code.h"
#include "syntax/parser.h"

enum {                    /* compile flags */
       COMPILE_NAMES = 1, /* module-level names through the namespace in local 0 (exec, eval,
                             compile(), prompt) */
       COMPILE_TOP_LEVEL_AWAIT =
           2, /* await outside functions is allowed; the code is then a coroutine's */
       COMPILE_OPTIMIZE = 4,           /* -O: no assert, __debug__ False */
       COMPILE_NO_DOCS = 16,           /* -OO: and no docstrings */
       COMPILE_LEVEL_GIVEN = 32,       /* these two as they stand, whatever the command line says */
       COMPILE_INCOMPLETE = 64,        /* _IncompleteInputError where more text may help */
       COMPILE_ANNOTATIONS_STRING = 8, /* from __future__ import annotations */
};

/* Parses into arena; NULL with SyntaxError raised.  Warnings are issued. */
Node *parse_source(Vm *vm, Arena *arena, const char *text, ptrdiff_t len, Value filename,
                   ParseMode mode);

/* Parses and compiles; a Code (owned), or FAIL with SyntaxError (filename, lineno, offset, text,
 * end_lineno, end_offset set) raised.  filename is a str.  Warnings are issued. The module code
 * takes no parameters (with COMPILE_NAMES: the namespace as local 0); PARSE_EVAL code returns the
 * value. */
Ref compile_source(Vm *vm, const char *text, ptrdiff_t len, Value filename, ParseMode mode,
                   unsigned flags);

/* Compiles a tree that is already there. source text may be NULL: then errors carry no source line.
 */
Ref compile_tree(Vm *vm, Node *tree, const char *text, ptrdiff_t len, Value filename,
                 unsigned flags);

/* A literal of source text, at pos, could not be made: a ValueError (an integer of too many digits)
 * becomes a SyntaxError. */
void literal_refused(Vm *vm, const char *text, ptrdiff_t len, Value filename, Pos pos);

/* aio --dis: instructions with names, operands, positions, caches, handlers, then nested code. */
void disassemble(Vm *vm, FILE *out, const Code *code);

#endif
