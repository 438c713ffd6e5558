/* lexer.c - source text to tokens: lines, indentation, brackets and operators.
 *
 * Invariant: `at` lies on line `line`, which starts at `line_start`; whoever steps over a '\n'
 * updates both (lex_newline).  Inside brackets newlines are blanks; outside, the first token of a
 * line is preceded by the INDENT or DEDENTs its column asks for.
 * Neighbours: lex_name.c, lex_number.c, lex_string.c (the longer tokens), source.c (decoding). */
/* SPDX-License-Identifier: MIT */
#include "syntax/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS(mask)                                                                              \
    ['a' ... 'f'] = (mask) | CLASS_HEX, ['g' ... 'z'] = (mask),                                    \
             ['A' ... 'F'] = (mask) | CLASS_HEX, ['G' ... 'Z'] = (mask), ['_'] = (mask),           \
             [128 ... 255] = (mask)

const uint8_t lex_class[256] = {
    LETTERS(CLASS_START | CLASS_CONTINUE),
    ['0' ... '9'] = CLASS_CONTINUE | CLASS_DIGIT | CLASS_HEX,
};

static char *format_text(Arena *arena, const char *format, va_list args)
{
    char buffer[400];
    int len = vsnprintf(buffer, sizeof buffer, format, args);
    if (len >= (int)sizeof buffer) len = (int)sizeof buffer - 1;
    return arena_copy(arena, buffer, len);
}

bool lex_fail(Lexer *lexer, SyntaxErrorKind kind, Pos pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!lexer->problem.message) {
        lexer->problem = (SyntaxProblem){kind, format_text(lexer->arena, format, args), pos, false};
    }
    va_end(args);
    return false;
}

bool lex_fail_at(Lexer *lexer, const char *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!lexer->problem.message) {
        int32_t end = lex_col(lexer, at), col = end > 0 ? end - 1 : 0;
        while (col > 0 && (lexer->line_start[col] & 0xC0) == 0x80) col--;
        lexer->problem = (SyntaxProblem){SYNTAX_ERROR,
                                         format_text(lexer->arena, format, args),
                                         {lexer->line, col, lexer->line, col},
                                         false};
    }
    va_end(args);
    return false;
}

void lexer_note(Lexer *lexer, const char *category, Pos pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    SyntaxNote *note = arena_alloc(lexer->arena, sizeof *note);
    *note = (SyntaxNote){category, format_text(lexer->arena, format, args), pos, NULL};
    *lexer->last_note = note;
    lexer->last_note = &note->next;
    va_end(args);
}

static void tokens_grow(Lexer *lexer)
{
    lexer->capacity = lexer->capacity ? lexer->capacity * 2 : 64;
    lexer->tokens = realloc(lexer->tokens, (size_t)lexer->capacity * sizeof(Token));
    if (!lexer->tokens) abort();
}

Token *lex_emit(Lexer *lexer, TokenKind kind, const char *start)
{
    if (lexer->count == lexer->capacity) tokens_grow(lexer);
    Token *token = &lexer->tokens[lexer->count++];
    *token = (Token){
        .kind = (uint8_t)kind,
        .level = (uint16_t)lexer->level,
        .pos = {lexer->line, lex_col(lexer, start), lexer->line, lex_col(lexer, lexer->at)},
        .start = (int32_t)(start - lexer->text),
        .end = (int32_t)(lexer->at - lexer->text),
    };
    return token;
}

/* Steps over the '\n' at lexer->at. */
static void lex_newline(Lexer *lexer)
{
    lexer->line_start = ++lexer->at;
    lexer->line++;
}

/* The source ended inside brackets or after a backslash. */
static bool lex_early_end(Lexer *lexer, Pos pos)
{
    lexer->at_end = lexer->yields = true;
    if (!lexer->level) return lex_fail(lexer, SYNTAX_ERROR, pos, "unexpected EOF while parsing");
    Bracket *open = &lexer->brackets[lexer->level - 1];
    pos = (Pos){open->line, open->col, open->line, open->col};
    return lex_fail(lexer, SYNTAX_ERROR, pos, "'%c' was never closed", open->open);
}

/* A backslash at lexer->at: the line goes on below. */
static bool lex_continuation(Lexer *lexer)
{
    lexer->at++;
    int32_t col = lex_col(lexer, lexer->at);
    Pos pos = {lexer->line, col, lexer->line, col};
    lexer->yields = true;
    if (lexer->at < lexer->end && *lexer->at != '\n') {
        return lex_fail(lexer, SYNTAX_ERROR, pos,
                        "unexpected character after line continuation character");
    }
    if (lexer->at < lexer->end) lex_newline(lexer);
    if (lexer->at == lexer->end) return lex_early_end(lexer, pos);
    lexer->yields = false;
    return true;
}

static void lex_comment(Lexer *lexer)
{
    const char *newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
    lexer->at = newline ? newline : lexer->end;
}

/* --- Indentation --- */

static bool tab_error(Lexer *lexer)
{
    Pos pos = {lexer->line, 0, lexer->line, 0};
    lexer->yields = true;
    return lex_fail(lexer, TAB_ERROR, pos, "inconsistent use of tabs and spaces in indentation");
}

static bool lex_indent(Lexer *lexer, int32_t column, int32_t alt)
{
    if (lexer->indent + 1 >= MAX_INDENTS) {
        Pos pos = {lexer->line, 0, lexer->line, 0};
        lexer->yields = true;
        return lex_fail(lexer, INDENTATION_ERROR, pos, "too many levels of indentation");
    }
    if (alt <= lexer->alt_columns[lexer->indent]) return tab_error(lexer);
    lexer->indent++;
    lexer->columns[lexer->indent] = column;
    lexer->alt_columns[lexer->indent] = alt;
    Token *token = lex_emit(lexer, TOK_INDENT, lexer->line_start);
    token->pos.col = token->pos.end_col - 1; /* where CPython points */
    token->pos.end_col = token->pos.col;
    return true;
}

static bool lex_dedent(Lexer *lexer, int32_t column, int32_t alt)
{
    while (lexer->indent > 0 && column < lexer->columns[lexer->indent]) {
        lexer->indent--;
        Token *token = lex_emit(lexer, TOK_DEDENT, lexer->at);
        token->pos.end_col = --token->pos.col; /* where CPython points: -1 is nowhere */
    }
    if (column != lexer->columns[lexer->indent]) {
        const char *newline = strchr(lexer->at, '\n');
        int32_t col = lex_col(lexer, newline ? newline : lexer->end);
        lexer->yields = true;
        return lex_fail(lexer, INDENTATION_ERROR, (Pos){lexer->line, col, lexer->line, col},
                        "unindent does not match any outer indentation level");
    }
    return alt == lexer->alt_columns[lexer->indent] || tab_error(lexer);
}

/* Measures the blanks at the start of a line.  A backslash among them joins lines; the column is
 * then that of the first line. */
static bool lex_blanks(Lexer *lexer, int32_t *column, int32_t *alt)
{
    int32_t joined = -1;
    *column = *alt = 0;
    for (;; lexer->at++) {
        switch (*lexer->at) {
        case ' ': ++*column, ++*alt; continue;
        case '\t': *column = (*column / 8 + 1) * 8, ++*alt; continue;
        case '\f': *column = *alt = 0; continue;
        case '\\':
            if (joined < 0) joined = *column;
            if (!lex_continuation(lexer)) return false;
            lexer->at--;
            *column = *alt = 0;
            continue;
        }
        if (joined >= 0) *column = *alt = joined;
        return true;
    }
}

/* The start of a logical line: skips lines with nothing but blanks and comments, then emits INDENT
 * or DEDENT tokens. */
static bool lex_line_start(Lexer *lexer)
{
    int32_t column, alt;
    lexer->at_line_start = false;
    for (;;) {
        if (!lex_blanks(lexer, &column, &alt)) return false;
        if (*lexer->at == '#') lex_comment(lexer);
        if (lexer->at == lexer->end) {
            column = alt = 0;
            break;
        }
        if (*lexer->at != '\n') break;
        lex_newline(lexer);
    }
    int32_t current = lexer->columns[lexer->indent];
    if (column > current) return lex_indent(lexer, column, alt);
    if (column < current) return lex_dedent(lexer, column, alt);
    return alt == lexer->alt_columns[lexer->indent] || tab_error(lexer);
}

/* --- Brackets --- */

static const char *fstring_prefix(const Lexer *lexer)
{
    if (!lexer->fstring_count) return "";
    return lexer->fstrings[lexer->fstring_count - 1].template ? "t-string: " : "f-string: ";
}

static bool lex_open(Lexer *lexer, TokenKind kind)
{
    const char *start = lexer->at++;
    if (lexer->level == MAX_BRACKETS) {
        return lex_fail_at(lexer, lexer->at, "too many nested parentheses");
    }
    lexer->brackets[lexer->level++] =
        (Bracket){*start, false, false, lexer->line, lex_col(lexer, start)};
    lex_emit(lexer, kind, start);
    return true;
}

static bool bracket_mismatch(Lexer *lexer, const Bracket *open, char close)
{
    if (open->line != lexer->line) {
        return lex_fail_at(lexer, lexer->at,
                           "closing parenthesis '%c' does not match opening parenthesis '%c' on "
                           "line %d",
                           close, open->open, open->line);
    }
    return lex_fail_at(lexer, lexer->at,
                       "closing parenthesis '%c' does not match opening parenthesis '%c'", close,
                       open->open);
}

static bool lex_close(Lexer *lexer, TokenKind kind)
{
    const char *start = lexer->at++;
    const FString *fstring =
        lexer->fstring_count ? &lexer->fstrings[lexer->fstring_count - 1] : NULL;
    if (!lexer->level) return lex_fail_at(lexer, lexer->at, "unmatched '%c'", *start);
    const Bracket *open = &lexer->brackets[lexer->level - 1];
    if (fstring && open->is_field && *start != '}') {
        return lex_fail_at(lexer, lexer->at, "%sunmatched '%c'", fstring_prefix(lexer), *start);
    }
    char wanted = open->open == '(' ? ')' : open->open == '[' ? ']' : '}';
    if (*start != wanted) return bracket_mismatch(lexer, open, *start);
    lexer->level--;
    if (open->is_field) {
        lexer->fstrings[lexer->fstring_count - 1].fields--;
        lexer->in_text = true;
    }
    lex_emit(lexer, kind, start);
    return true;
}

/* --- Operators --- */

static bool lex_operator(Lexer *lexer, TokenKind kind, int len)
{
    const char *start = lexer->at;
    lexer->at += len;
    lex_emit(lexer, kind, start);
    return true;
}

/* Whether the lexer stands directly inside a replacement field, not in a bracket within it. */
static bool in_field(const Lexer *lexer)
{
    return lexer->level && lexer->brackets[lexer->level - 1].is_field;
}

static bool lex_colon(Lexer *lexer)
{
    if (in_field(lexer)) { /* the format specification begins */
        lexer->brackets[lexer->level - 1].in_spec = true;
        lexer->in_text = true;
        return lex_operator(lexer, TOK_COLON, 1);
    }
    bool walrus = lexer->at[1] == '=';
    return lex_operator(lexer, walrus ? TOK_COLONEQUAL : TOK_COLON, walrus ? 2 : 1);
}

static bool lex_unknown(Lexer *lexer)
{
    unsigned char c = (unsigned char)*lexer->at;
    if (c < ' ' || c == 0x7F) {
        lexer->at++;
        return lex_fail_at(lexer, lexer->at, "invalid non-printable character U+%04X", c);
    }
    return lex_operator(lexer, TOK_UNKNOWN, 1);
}

/* One of KIND, KIND= (two), KIND twice (two), KIND twice and = (three). */
static bool lex_doubling(Lexer *lexer, TokenKind one, TokenKind one_equal, TokenKind two,
                         TokenKind two_equal)
{
    const char *at = lexer->at;
    if (at[1] == '=') return lex_operator(lexer, one_equal, 2);
    if (at[1] != at[0]) return lex_operator(lexer, one, 1);
    if (at[2] == '=') return lex_operator(lexer, two_equal, 3);
    return lex_operator(lexer, two, 2);
}

static bool lex_equalling(Lexer *lexer, TokenKind one, TokenKind one_equal)
{
    bool equal = lexer->at[1] == '=';
    return lex_operator(lexer, equal ? one_equal : one, equal ? 2 : 1);
}

static bool lex_end(Lexer *lexer)
{
    if (lexer->level) return lex_early_end(lexer, (Pos){0});
    lex_emit(lexer, TOK_END, lexer->at);
    return false;
}

/* Lexes one token, or skips blanks, a comment or a joined line; false when there is no more. */
static bool lex_one(Lexer *lexer)
{
    const char *at = lexer->at;
    switch (*at) {
    case ' ':
    case '\t':
    case '\f': lexer->at++; return true;
    case '#': lex_comment(lexer); return true;
    case '\\': return lex_continuation(lexer);
    case '\n':
        if (!lexer->level) {
            lexer->at++;
            lex_emit(lexer, TOK_NEWLINE, at);
            lexer->at--;
            lexer->at_line_start = true;
        }
        lex_newline(lexer);
        return true;
    case '\0': return at == lexer->end ? lex_end(lexer) : lex_unknown(lexer);
    case '"':
    case '\'': return lex_string(lexer, at);
    case '0' ... '9': return lex_number(lexer);
    case '.':
        if (is_digit_byte(at[1])) return lex_number(lexer);
        if (at[1] == '.' && at[2] == '.') return lex_operator(lexer, TOK_ELLIPSIS, 3);
        return lex_operator(lexer, TOK_DOT, 1);
    case '(': return lex_open(lexer, TOK_LPAR);
    case '[': return lex_open(lexer, TOK_LSQB);
    case '{': return lex_open(lexer, TOK_LBRACE);
    case ')': return lex_close(lexer, TOK_RPAR);
    case ']': return lex_close(lexer, TOK_RSQB);
    case '}': return lex_close(lexer, TOK_RBRACE);
    case ',': return lex_operator(lexer, TOK_COMMA, 1);
    case ';': return lex_operator(lexer, TOK_SEMI, 1);
    case '~': return lex_operator(lexer, TOK_TILDE, 1);
    case ':': return lex_colon(lexer);
    case '=': return lex_equalling(lexer, TOK_EQUAL, TOK_EQEQUAL);
    case '!': return lex_equalling(lexer, TOK_EXCLAMATION, TOK_NOTEQUAL);
    case '+': return lex_equalling(lexer, TOK_PLUS, TOK_PLUSEQUAL);
    case '-':
        if (at[1] == '>') return lex_operator(lexer, TOK_RARROW, 2);
        return lex_equalling(lexer, TOK_MINUS, TOK_MINEQUAL);
    case '%': return lex_equalling(lexer, TOK_PERCENT, TOK_PERCENTEQUAL);
    case '@': return lex_equalling(lexer, TOK_AT, TOK_ATEQUAL);
    case '&': return lex_equalling(lexer, TOK_AMPER, TOK_AMPEREQUAL);
    case '|': return lex_equalling(lexer, TOK_VBAR, TOK_VBAREQUAL);
    case '^': return lex_equalling(lexer, TOK_CIRCUMFLEX, TOK_CIRCUMFLEXEQUAL);
    case '*':
        return lex_doubling(lexer, TOK_STAR, TOK_STAREQUAL, TOK_DOUBLESTAR, TOK_DOUBLESTAREQUAL);
    case '/':
        return lex_doubling(lexer, TOK_SLASH, TOK_SLASHEQUAL, TOK_DOUBLESLASH,
                            TOK_DOUBLESLASHEQUAL);
    case '<':
        if (at[1] == '>') return lex_operator(lexer, TOK_NOTEQUAL, 2);
        return lex_doubling(lexer, TOK_LESS, TOK_LESSEQUAL, TOK_LEFTSHIFT, TOK_LEFTSHIFTEQUAL);
    case '>':
        return lex_doubling(lexer, TOK_GREATER, TOK_GREATEREQUAL, TOK_RIGHTSHIFT,
                            TOK_RIGHTSHIFTEQUAL);
    default: return lex_class[(uint8_t)*at] & CLASS_START ? lex_name(lexer) : lex_unknown(lexer);
    }
}

void lexer_run(Lexer *lexer, Arena *arena, const char *text, ptrdiff_t len, bool single)
{
    memset(lexer, 0, offsetof(Lexer, brackets));
    lexer->indent = lexer->fstring_count = 0;
    lexer->columns[0] = lexer->alt_columns[0] = 0;
    lexer->problem = (SyntaxProblem){0};
    lexer->at_end = lexer->yields = false;
    lexer->arena = arena;
    lexer->text = lexer->at = lexer->line_start = text;
    lexer->end = text + len;
    lexer->line = 1;
    lexer->at_line_start = true;
    lexer->single = single;
    lexer->notes = NULL;
    lexer->last_note = &lexer->notes;
    words_open(&lexer->words, arena);
    lexer->capacity = (int32_t)(len / 4) + 16;
    lexer->tokens = malloc((size_t)lexer->capacity * sizeof(Token));
    if (!lexer->tokens) abort();
    for (;;) {
        if (lexer->in_text) {
            if (!lex_fstring_text(lexer)) break;
        } else {
            if (lexer->at_line_start && !lex_line_start(lexer)) break;
            if (!lex_one(lexer)) break;
        }
    }
    if (lexer->problem.message) lex_emit(lexer, TOK_ERROR, lexer->at);
}

void lexer_close(Lexer *lexer)
{
    free(lexer->tokens);
    lexer->tokens = NULL;
    words_close(&lexer->words);
}
