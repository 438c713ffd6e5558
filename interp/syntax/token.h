/* token.h - what the lexer hands to the parser.
 *
 * All tokens of a source text lie in one array, so the parser looks ahead by indexing.  Kinds come
 * from grammar/tokens.def; a keyword has a kind of its own (KW_IF), a soft keyword is a TOK_NAME.
 */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_TOKEN_H
#define AIO_SYNTAX_TOKEN_H

#include "syntax/ast.h"

typedef enum TokenKind {
    TOK_END,     /* the end of the source */
    TOK_ERROR,   /* the lexer could not go on: Lexer.problem says why */
    TOK_NEWLINE, /* the end of a logical line */
    TOK_INDENT,
    TOK_DEDENT,
    TOK_NAME,
    TOK_NUMBER,
    TOK_STRING,
    TOK_FSTRING_START,  /* prefix and opening quote of an f-string */
    TOK_TSTRING_START,  /* ... of a t-string */
    TOK_FSTRING_MIDDLE, /* literal text within either */
    TOK_FSTRING_END,    /* closing quote of either */
    TOK_UNKNOWN,        /* a character that no token starts with, such as "?" */
#define TOKEN(name, text)   TOK_##name,
#define KEYWORD(name, text) KW_##name,
#include "../grammar/tokens.def"
    TOKEN_KIND_COUNT
} TokenKind;

typedef enum SoftWord { /* Token.soft of a TOK_NAME */
                        SOFT_NO,
#define SOFT(name, text) SOFT_##name,
#include "../grammar/tokens.def"
} SoftWord;

typedef struct Token {
    uint8_t kind;   /* TokenKind */
    uint8_t soft;   /* TOK_NAME: SoftWord */
    bool raw;       /* TOK_FSTRING_START, TOK_TSTRING_START: backslashes are literal */
    bool in_spec;   /* TOK_FSTRING_MIDDLE: part of a format specification */
    uint16_t level; /* brackets open after this token */
    Pos pos;
    int32_t start, end; /* byte offsets into the source */
    Name name;          /* TOK_NAME: the identifier; keywords: their text */
} Token;

/* "NAME", "PLUSEQUAL", "NEWLINE": the kind as module `token` spells it; keywords are "NAME". */
const char *token_kind_name(TokenKind kind);

/* "+=", "while": the text of an operator or keyword; NULL for the other kinds. */
const char *token_kind_text(TokenKind kind);

#endif
