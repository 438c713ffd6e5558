/* parser.h - source text to syntax tree. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_PARSER_H
#define AIO_SYNTAX_PARSER_H

#include "syntax/ast.h"

typedef enum ParseMode {
    PARSE_FILE,      /* -> Module */
    PARSE_EVAL,      /* -> Expression */
    PARSE_SINGLE,    /* -> Interactive: one statement at the prompt */
    PARSE_UTF8 = 8,  /* may be or-ed to the others: the text comes from a str, so it is UTF-8
                     * whatever a coding cookie in it says */
    PARSE_OPEN = 16, /* with PARSE_SINGLE: a compound statement goes on until an empty line */
} ParseMode;

typedef enum SyntaxErrorKind {
    SYNTAX_ERROR,
    INDENTATION_ERROR,
    TAB_ERROR,
    DECODE_ERROR,
    TOO_DEEP_ERROR /* MemoryError: the nesting exceeds the parser's depth limit */
} SyntaxErrorKind;

/* Why a text does not parse.  pos is what the carets underline (columns are byte offsets; the
 * raiser turns them into character offsets).  Like CPython's, it may point at nothing: an empty
 * range is one caret, column -1 none. */
typedef struct SyntaxProblem {
    SyntaxErrorKind kind;
    const char *message; /* in the arena */
    Pos pos;
    bool incomplete; /* more lines may complete it */
} SyntaxProblem;

/* A SyntaxWarning the lexer or parser found (invalid escape sequence, "is" with a literal, ...). */
typedef struct SyntaxNote {
    const char *category; /* "SyntaxWarning" or "DeprecationWarning" */
    const char *message;
    Pos pos;
    struct SyntaxNote *next;
} SyntaxNote;

typedef struct ParseResult {
    Node *tree; /* NULL when problem is set */
    SyntaxProblem problem;
    SyntaxNote *notes; /* in source order */
} ParseResult;

/* Parses `len` bytes of source (any encoding a Python source may declare; text need not be
 * NUL-terminated).  Everything returned lives in arena.  Never raises, never recurses beyond a
 * bounded depth (too deep: "too many nested parentheses" or a MemoryError-like problem). */
ParseResult parse(Arena *arena, const char *text, ptrdiff_t len, ParseMode mode);
/* The same on a thread whose C stack must not grow below stack_limit. */
ParseResult parse_within(Arena *arena, const char *text, ptrdiff_t len, ParseMode mode,
                         const char *stack_limit);

#endif
