/* lex_string.c - string tokens, and the literal text of f-strings and t-strings.
 *
 * A plain string is one token.  An f-string is FSTRING_START, then FSTRING_MIDDLE tokens with the
 * literal text, '{' expression tokens '}' for each replacement field, and FSTRING_END.  While
 * Lexer.in_text holds, the lexer is in literal text: of the string itself or, when the innermost
 * field is in_spec, of that field's format specification.  Strings nest through the fields.
 * Neighbours: lexer.c (expression tokens), parse_string.c (escapes, joining). */
/* SPDX-License-Identifier: MIT */
#include "syntax/lexer.h"

#include <string.h>

/* Steps over the byte at `at`, counting lines. */
static void step(Lexer *lexer)
{
    if (*lexer->at++ == '\n') {
        lexer->line++;
        lexer->line_start = lexer->at;
    }
}

static bool is_quote(const char *at, char quote, bool triple)
{
    return at[0] == quote && (!triple || (at[1] == quote && at[2] == quote));
}

/* A string ran into the end of its line or of the source.  Just inside a replacement field whose
 * string has the same quotes, what looks like a new string is the end of the outer one. */
static bool unterminated(Lexer *lexer, Pos open, char quote, bool triple, bool escaped_quote)
{
    const FString *outer = lexer->fstring_count ? &lexer->fstrings[lexer->fstring_count - 1] : NULL;
    int32_t line = lexer->line;
    Pos pos = {open.line, open.col, open.line, open.col};
    if (lexer->at == lexer->end && lexer->at > lexer->text && triple) line--;
    if (outer && outer->quote == quote && outer->triple == triple) {
        lexer->yields = true;
        return lex_fail(lexer, SYNTAX_ERROR, pos, "%c-string: expecting '}'",
                        outer->template ? 't' : 'f');
    }
    if (triple) {
        lexer->at_end = true;
        return lex_fail(lexer, SYNTAX_ERROR, pos,
                        "unterminated triple-quoted string literal (detected at line %d)", line);
    }
    if (lexer->at == lexer->end && lexer->line_start == lexer->at && line > 1) {
        lexer->at_end = true; /* the string goes on, after a backslash, on a line to come */
        line--;
    }
    return lex_fail(lexer, SYNTAX_ERROR, pos, "unterminated string literal (detected at line %d)%s",
                    line, escaped_quote ? "; perhaps you escaped the end quote?" : "");
}

static bool plain_string(Lexer *lexer, const char *start, char quote, bool triple)
{
    Pos open = {lexer->line, lex_col(lexer, start), 0, 0};
    bool escaped_quote = false;
    for (;;) {
        char c = *lexer->at;
        if (c == quote && is_quote(lexer->at, quote, triple)) break;
        if (c == '\\' && lexer->at + 1 < lexer->end) {
            lexer->at++;
            escaped_quote |= *lexer->at == quote;
        } else if ((c == '\n' && !triple) || lexer->at >= lexer->end) {
            return unterminated(lexer, open, quote, triple, escaped_quote);
        }
        step(lexer);
    }
    lexer->at += triple ? 3 : 1;
    Token *token = lex_emit(lexer, TOK_STRING, lexer->line_start);
    token->pos.line = open.line;
    token->pos.col = open.col;
    token->start = (int32_t)(start - lexer->text);
    return true;
}

static bool fstring_open(Lexer *lexer, const char *start, FString fstring)
{
    if (lexer->fstring_count == MAX_FSTRINGS) {
        return lex_fail_at(lexer, lexer->at, "too many nested f-strings or t-strings");
    }
    Token *token = lex_emit(lexer, fstring.template ? TOK_TSTRING_START : TOK_FSTRING_START, start);
    token->raw = fstring.raw;
    fstring.pos = token->pos;
    fstring.level = lexer->level;
    lexer->fstrings[lexer->fstring_count++] = fstring;
    lexer->in_text = true;
    return true;
}

bool lex_string(Lexer *lexer, const char *start)
{
    FString string = {.quote = *lexer->at};
    bool formatted = false;
    for (const char *prefix = start; prefix < lexer->at; prefix++) {
        char letter = *prefix | 0x20;
        formatted |= letter == 'f' || letter == 't';
        string.template |= letter == 't';
        string.raw |= letter == 'r';
    }
    string.triple = lexer->at[1] == string.quote && lexer->at[2] == string.quote;
    lexer->at += string.triple ? 3 : 1;
    if (formatted) return fstring_open(lexer, start, string);
    return plain_string(lexer, start, string.quote, string.triple);
}

/* --- Text within an f-string --- */

static FString *fstring_top(Lexer *lexer) { return &lexer->fstrings[lexer->fstring_count - 1]; }

static bool fstring_unterminated(Lexer *lexer, const FString *fstring)
{
    char letter = fstring->template ? 't' : 'f';
    int32_t line = lexer->line;
    Pos pos = {fstring->pos.line, fstring->pos.col, fstring->pos.line, fstring->pos.col};
    if (!fstring->triple) {
        return lex_fail(lexer, SYNTAX_ERROR, pos,
                        "unterminated %c-string literal (detected at line %d)", letter, line);
    }
    lexer->at_end = true;
    if (lexer->at == lexer->end && line > 1) line--;
    return lex_fail(lexer, SYNTAX_ERROR, pos,
                    "unterminated triple-quoted %c-string literal (detected at line %d)", letter,
                    line);
}

/* Steps over a backslash and what it escapes; braces after it keep their meaning, except in
 * \N{name}. */
static void text_escape(Lexer *lexer, bool raw, char quote)
{
    lexer->at++;
    char c = *lexer->at;
    if (!raw && c == 'N' && lexer->at[1] == '{') {
        const char *close = lexer->at + 2;
        while (*close && *close != '}' && *close != '\n' && *close != quote) close++;
        lexer->at = close + (*close == '}');
    } else if (c != '{' && c != '}' && lexer->at < lexer->end) {
        step(lexer);
    }
}

/* Emits the text from start (at line and col) to `at`, if there is any. */
static void emit_text(Lexer *lexer, const char *start, Pos from, bool in_spec)
{
    if (start == lexer->at) return;
    Token *token = lex_emit(lexer, TOK_FSTRING_MIDDLE, lexer->at);
    token->pos.line = from.line;
    token->pos.col = from.col;
    token->start = (int32_t)(start - lexer->text);
    token->in_spec = in_spec;
}

static bool field_open(Lexer *lexer)
{
    const char *start = lexer->at++;
    if (lexer->level == MAX_BRACKETS) {
        return lex_fail_at(lexer, lexer->at, "too many nested parentheses");
    }
    if (fstring_top(lexer)->fields++ >= MAX_FIELDS) {
        return lex_fail_at(lexer, lexer->at, "%c-string: expressions nested too deeply",
                           fstring_top(lexer)->template ? 't' : 'f');
    }
    lexer->brackets[lexer->level++] =
        (Bracket){'{', true, false, lexer->line, lex_col(lexer, start)};
    lexer->in_text = false;
    lex_emit(lexer, TOK_LBRACE, start);
    return true;
}

static void field_close(Lexer *lexer)
{
    const char *start = lexer->at++;
    lexer->level--;
    fstring_top(lexer)->fields--;
    lex_emit(lexer, TOK_RBRACE, start);
}

/* The closing quote.  It also ends fields that are still open, which the parser complains about. */
static bool fstring_close(Lexer *lexer, const FString *fstring)
{
    const char *start = lexer->at;
    lexer->at += fstring->triple ? 3 : 1;
    lexer->level = fstring->level;
    lexer->fstring_count--;
    lexer->in_text = false;
    lex_emit(lexer, TOK_FSTRING_END, start);
    return true;
}

/* A brace in the literal text (not in a specification): doubled it stands for itself. */
static bool text_brace(Lexer *lexer, const char *start, Pos from, const FString *fstring)
{
    char brace = *lexer->at;
    if (lexer->at[1] == brace) {
        lexer->at++;
        emit_text(lexer, start, from, false);
        lexer->tokens[lexer->count - 1].pos.end_col++; /* the place covers both, the text one */
        lexer->at++;
        return true;
    }
    emit_text(lexer, start, from, false);
    if (brace == '{') return field_open(lexer);
    lexer->at++;
    return lex_fail_at(lexer, lexer->at, "%c-string: single '}' is not allowed",
                       fstring->template ? 't' : 'f');
}

/* The line ended while a format specification was open. */
static bool spec_broken(Lexer *lexer, const FString *fstring)
{
    char letter = fstring->template ? 't' : 'f';
    lexer->yields = true;
    return lex_fail_at(lexer, lexer->at,
                       "%c-string: newlines are not allowed in format specifiers for single "
                       "quoted %c-strings",
                       letter, letter);
}

bool lex_fstring_text(Lexer *lexer)
{
    const FString *fstring = fstring_top(lexer);
    bool in_spec = fstring->fields && lexer->brackets[lexer->level - 1].in_spec;
    const char *start = lexer->at;
    Pos from = {lexer->line, lex_col(lexer, start), 0, 0};
    for (;;) {
        char c = *lexer->at;
        if (lexer->at >= lexer->end) return fstring_unterminated(lexer, fstring);
        if (c == fstring->quote && is_quote(lexer->at, c, fstring->triple)) {
            emit_text(lexer, start, from, in_spec);
            return fstring_close(lexer, fstring);
        }
        if (c == '\n' && !fstring->triple) {
            if (in_spec) return spec_broken(lexer, fstring);
            return fstring_unterminated(lexer, fstring);
        }
        if ((c == '{' || c == '}') && !in_spec) return text_brace(lexer, start, from, fstring);
        if (c == '{' || c == '}') {
            emit_text(lexer, start, from, true);
            if (c == '{') return field_open(lexer);
            field_close(lexer);
            return true;
        }
        if (c == '\\') text_escape(lexer, fstring->raw, fstring->quote);
        else step(lexer);
    }
}
