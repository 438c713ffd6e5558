/* token.c - the names of token kinds.
 *
 * Neighbours: token.h, grammar/tokens.def (the rows), dump.c (aio --tokens). */
/* SPDX-License-Identifier: MIT */
#include "syntax/token.h"

const char *token_kind_name(TokenKind kind)
{
    static const char *const names[TOKEN_KIND_COUNT] = {
        [TOK_END] = "ENDMARKER",
        [TOK_ERROR] = "ERRORTOKEN",
        [TOK_NEWLINE] = "NEWLINE",
        [TOK_INDENT] = "INDENT",
        [TOK_DEDENT] = "DEDENT",
        [TOK_NAME] = "NAME",
        [TOK_NUMBER] = "NUMBER",
        [TOK_STRING] = "STRING",
        [TOK_FSTRING_START] = "FSTRING_START",
        [TOK_TSTRING_START] = "TSTRING_START",
        [TOK_FSTRING_MIDDLE] = "FSTRING_MIDDLE",
        [TOK_FSTRING_END] = "FSTRING_END",
        [TOK_UNKNOWN] = "ERRORTOKEN",
#define TOKEN(name, text)   [TOK_##name] = #name,
#define KEYWORD(name, text) [KW_##name] = "NAME",
#include "../grammar/tokens.def"
    };
    return names[kind];
}

const char *token_kind_text(TokenKind kind)
{
    static const char *const texts[TOKEN_KIND_COUNT] = {
#define TOKEN(name, text)   [TOK_##name] = text,
#define KEYWORD(name, text) [KW_##name] = text,
#include "../grammar/tokens.def"
    };
    return texts[kind];
}
