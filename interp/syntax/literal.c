/* literal.c - the values of number and string literals.
 *
 * The result of decoding escapes is never longer than the text, except that \ooo and \xhh may make
 * two UTF-8 bytes of at least two characters and \N{...} at most four of more, so a buffer of the
 * text's length is enough.
 * Neighbours: lex_number.c (what a number may look like), parse_string.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"

#include <string.h>

#include "base/charname.h"
#include "base/numtext.h"
#include "base/utf8.h"

/* --- Numbers --- */

/* Copies a number without underscores. */
static Literal digits(Parser *p, const char *text, ptrdiff_t len)
{
    char *copy = arena_alloc(p->arena, (size_t)len + 1), *to = copy;
    for (ptrdiff_t i = 0; i < len; i++) {
        if (text[i] != '_') *to++ = text[i];
    }
    return (Literal){.kind = LITERAL_INT, .text = copy, .len = to - copy};
}

Literal number_literal(Parser *p, const Token *token)
{
    Literal literal = digits(p, p->text + token->start, token->end - token->start);
    char last = literal.text[literal.len - 1] | 0x20;
    bool radix = literal.len > 1 && literal.text[0] == '0' && strchr("xobXOB", literal.text[1]);
    if (radix) return literal;
    if (last != 'j' && !memchr(literal.text, '.', (size_t)literal.len) &&
        !memchr(literal.text, 'e', (size_t)literal.len) &&
        !memchr(literal.text, 'E', (size_t)literal.len)) {
        return literal;
    }
    literal.kind = last == 'j' ? LITERAL_IMAG : LITERAL_FLOAT;
    double_scan(literal.text, literal.len, &literal.number); /* stops at the j */
    return literal;
}

/* --- Strings --- */

typedef struct Escape {
    Parser *p;
    const char *text, *at, *end; /* at: behind the backslash */
    char *out;
    Pos pos; /* of the literal */
    bool bytes;
} Escape;

/* "(unicode error) 'unicodeescape' codec can't decode bytes in position 0-3: ..." */
_Noreturn static void unicode_error(const Escape *escape, const char *start, const char *end,
                                    const char *what)
{
    ptrdiff_t from = start - escape->text, to = end - escape->text - 1;
    if (from >= to) {
        raise_at(escape->p, escape->pos,
                 "(unicode error) 'unicodeescape' codec can't decode byte 0x5c in position %td: %s",
                 from, what);
    }
    raise_at(escape->p, escape->pos,
             "(unicode error) 'unicodeescape' codec can't decode bytes in position %td-%td: %s",
             from, to, what);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads count hexadecimal digits; returns false when there are fewer. */
static bool hex_digits(Escape *escape, int count, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        int digit = escape->at < escape->end ? hex_value(*escape->at) : -1;
        if (digit < 0) return false;
        *value = *value << 4 | (uint32_t)digit;
        escape->at++;
    }
    return true;
}

static void put_point(Escape *escape, uint32_t point)
{
    if (escape->bytes) *escape->out++ = (char)point;
    else escape->out += utf8_encode(escape->out, point);
}

/* \xhh, \uhhhh, \Uhhhhhhhh */
static void hex_escape(Escape *escape, char letter)
{
    const char *start = escape->at - 2;
    uint32_t value;
    int count = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
    if (!hex_digits(escape, count, &value)) {
        if (escape->bytes) {
            raise_at(escape->p, escape->pos, "(value error) invalid \\x escape at position %td",
                     start - escape->text);
        }
        unicode_error(escape, start, escape->at,
                      letter == 'x'   ? "truncated \\xXX escape"
                      : letter == 'u' ? "truncated \\uXXXX escape"
                                      : "truncated \\UXXXXXXXX escape");
    }
    if (value > UTF8_MAX_POINT) {
        unicode_error(escape, start, escape->at, "illegal Unicode character");
    }
    put_point(escape, value);
}

/* \N{name} */
static void name_escape(Escape *escape)
{
    const char *start = escape->at - 2;
    const char *close = NULL;
    if (escape->at < escape->end && *escape->at == '{') {
        close = memchr(escape->at, '}', (size_t)(escape->end - escape->at));
    }
    if (!close || close == escape->at + 1) {
        bool brace = escape->at < escape->end && *escape->at == '{';
        unicode_error(escape, start,
                      !brace  ? start + 2
                      : close ? start + 3
                              : escape->end,
                      "malformed \\N character escape");
    }
    uint32_t point;
    if (!charname_find(escape->at + 1, close - escape->at - 1, &point)) {
        unicode_error(escape, start, close + 1, "unknown Unicode character name");
    }
    escape->at = close + 1;
    put_point(escape, point);
}

/* Where the byte at `at` of the literal's text stands in the source. */
static Pos escape_pos(const Escape *escape, const char *at)
{
    const char *source = escape->p->text, *line = at;
    Pos pos = {escape->pos.line, 0, 0, 0};
    while (line > source && line[-1] != '\n') line--;
    for (const char *before = at; before > escape->text;) pos.line += *--before == '\n';
    pos.col = (int32_t)(at - line);
    pos.end_line = pos.line;
    pos.end_col = pos.col + 2;
    return pos;
}

static void octal_escape(Escape *escape, char first)
{
    const char *start = escape->at - 2;
    uint32_t value = (uint32_t)(first - '0');
    for (int i = 0; i < 2 && escape->at < escape->end; i++, escape->at++) {
        if (*escape->at < '0' || *escape->at > '7') break;
        value = value << 3 | (uint32_t)(*escape->at - '0');
    }
    if (value > 0xFF) {
        lexer_note(
            escape->p->lexer, "SyntaxWarning", escape_pos(escape, start),
            "\"\\%.3s\" is an invalid octal escape sequence. Such sequences will not work in "
            "the future. Did you mean \"\\\\%.3s\"? A raw string is also an option.",
            start + 1, start + 1);
    }
    put_point(escape, escape->bytes ? value & 0xFF : value);
}

/* A backslash before anything else stays; Python warns. */
static void unknown_escape(Escape *escape, char c)
{
    const char *start = escape->at - 2;
    int size = 1;
    if (c & 0x80) {
        uint32_t point;
        size = utf8_decode(start + 1, escape->end - start - 1, &point);
        if (size < 1) size = 1;
    }
    lexer_note(escape->p->lexer, "SyntaxWarning", escape_pos(escape, start),
               "\"\\%.*s\" is an invalid escape sequence. Such sequences will not work in the "
               "future. Did you mean \"\\\\%.*s\"? A raw string is also an option.",
               size, start + 1, size, start + 1);
    *escape->out++ = '\\';
    *escape->out++ = c;
}

static void decode_escape(Escape *escape)
{
    char c = *escape->at++;
    switch (c) {
    case '\n': break;
    case '\\':
    case '\'':
    case '"': *escape->out++ = c; break;
    case 'a': *escape->out++ = '\a'; break;
    case 'b': *escape->out++ = '\b'; break;
    case 'f': *escape->out++ = '\f'; break;
    case 'n': *escape->out++ = '\n'; break;
    case 'r': *escape->out++ = '\r'; break;
    case 't': *escape->out++ = '\t'; break;
    case 'v': *escape->out++ = '\v'; break;
    case '0' ... '7': octal_escape(escape, c); break;
    case 'x': hex_escape(escape, c); break;
    case 'u':
    case 'U':
    case 'N':
        if (escape->bytes) unknown_escape(escape, c);
        else if (c == 'N') name_escape(escape);
        else hex_escape(escape, c);
        break;
    default: unknown_escape(escape, c);
    }
}

static Literal decode(Parser *p, const char *text, ptrdiff_t len, Pos pos, LiteralKind kind)
{
    char *out = arena_alloc(p->arena, (size_t)len + 1);
    Escape escape = {p, text, text, text + len, out, pos, kind == LITERAL_BYTES};
    while (escape.at < escape.end) {
        const char *slash = memchr(escape.at, '\\', (size_t)(escape.end - escape.at));
        ptrdiff_t plain = (slash ? slash : escape.end) - escape.at;
        memcpy(escape.out, escape.at, (size_t)plain);
        escape.out += plain;
        escape.at += plain;
        if (!slash) break;
        if (++escape.at == escape.end) { /* f"\{x}": the text ends in a backslash */
            lexer_note(p->lexer, "SyntaxWarning", escape_pos(&escape, slash),
                       "\"\\%c\" is an invalid escape sequence. Such sequences will not work in "
                       "the future. Did you mean \"\\\\%c\"? A raw string is also an option.",
                       *escape.at, *escape.at);
            *escape.out++ = '\\';
            break;
        }
        decode_escape(&escape);
    }
    return (Literal){.kind = kind, .text = out, .len = escape.out - out};
}

Literal string_literal(Parser *p, const char *text, ptrdiff_t len, bool raw, Pos pos)
{
    if (!raw && memchr(text, '\\', (size_t)len)) return decode(p, text, len, pos, LITERAL_STR);
    return (Literal){.kind = LITERAL_STR, .text = arena_copy(p->arena, text, len), .len = len};
}

Literal bytes_literal(Parser *p, const char *text, ptrdiff_t len, bool raw, Pos pos)
{
    for (ptrdiff_t i = 0; i < len; i++) {
        if (text[i] & 0x80) {
            raise_at(p, pos, "bytes can only contain ASCII literal characters");
        }
    }
    if (!raw && memchr(text, '\\', (size_t)len)) return decode(p, text, len, pos, LITERAL_BYTES);
    return (Literal){.kind = LITERAL_BYTES, .text = arena_copy(p->arena, text, len), .len = len};
}
