/* source.c - the bytes of a source file to the text the lexer reads.
 *
 * The encoding is UTF-8 unless a comment in one of the first two lines names another (PEP 263).
 * Line ends "\r\n" and "\r" become "\n"; a missing one at the end is added.
 * Neighbours: lexer.c (reads the result), base/utf8.h (validity). */
/* SPDX-License-Identifier: MIT */
#include "syntax/source.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/utf8.h"

enum { ENCODING_MAX = 40 };

static bool refuse(SyntaxProblem *problem, Pos pos, const char *message)
{
    *problem = (SyntaxProblem){SYNTAX_ERROR, message, pos, false};
    return false;
}

static bool is_encoding_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* Reads "coding: name" or "coding=name" from a line that holds only a comment; lower case, with
 * '-' for '_'.  blank tells whether the line could precede a cookie. */
static bool find_cookie(const char *line, const char *end, char *name, bool *blank)
{
    const char *at = line;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\f')) at++;
    *blank = at == end || *at == '#' || *at == '\r';
    if (at == end || *at != '#') return false;
    for (; end - at > 7; at++) {
        if (memcmp(at, "coding", 6) || (at[6] != ':' && at[6] != '=')) continue;
        at += 7;
        while (at < end && (*at == ' ' || *at == '\t')) at++;
        int len = 0;
        for (; at < end && is_encoding_byte(*at) && len < ENCODING_MAX - 1; at++) {
            char c = *at == '_' ? '-' : *at;
            name[len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
        name[len] = 0;
        return len > 0;
    }
    return false;
}

/* The encoding that the first two lines declare; false when they declare none. */
static bool declared_encoding(const char *text, ptrdiff_t len, char *name)
{
    const char *end = text + len;
    for (int line = 0; line < 2; line++) {
        const char *newline = text;
        while (newline < end && *newline != '\n' && *newline != '\r') newline++;
        bool blank;
        if (find_cookie(text, newline, name, &blank)) return true;
        if (!blank || newline == end) return false;
        text = newline + (newline + 1 < end && newline[0] == '\r' && newline[1] == '\n' ? 2 : 1);
    }
    return false;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names)) names++;
    return *names != NULL;
}

static bool is_utf8_name(const char *name)
{
    static const char *const names[] = {"utf-8", "utf8", "u8", "utf", "utf-8-sig", "cp65001", NULL};
    return is_one_of(name, names) || !strncmp(name, "utf-8-", 6);
}

/* What iconv calls an encoding that Python knows by other names too. */
static const char *iconv_name(const char *name)
{
    static const char *const latin1[] = {"latin-1", "latin1", "iso-8859-1", "iso8859-1", "l1",
                                         "8859",    "cp819",  "latin",      NULL};
    static const char *const ascii[] = {"ascii", "us-ascii", "646", NULL};
    if (is_one_of(name, latin1) || !strncmp(name, "latin-1-", 8)) return "ISO-8859-1";
    return is_one_of(name, ascii) ? "ASCII" : name;
}

static bool convert(Arena *arena, const char *name, Source *source, SyntaxProblem *problem)
{
    Pos start = {1, 0, 1, 0};
    iconv_t converter = iconv_open("UTF-8", iconv_name(name));
    if (converter == (iconv_t)-1) { // NOLINT: iconv's own error value
        return refuse(problem, start, arena_printf(arena, "unknown encoding: %s", name));
    }
    size_t in_left = (size_t)source->len, out_left = in_left * 4 + 16;
    char *in = (char *)(uintptr_t)source->text, *out = arena_alloc(arena, out_left), *to = out;
    size_t done = iconv(converter, &in, &in_left, &to, &out_left);
    iconv_close(converter);
    if (done == (size_t)-1) {
        const char *message = arena_printf(
            arena, "(unicode error) '%s' codec can't decode byte 0x%02x in position %td", name,
            in_left ? (unsigned char)*in : 0, in - source->text);
        return refuse(problem, start, message);
    }
    *source = (Source){out, to - out};
    return true;
}

/* The position of the byte at offset; the column counts bytes. */
static Pos position_of(const char *text, ptrdiff_t offset)
{
    Pos pos = {1, 0, 1, 0};
    for (ptrdiff_t i = 0; i < offset; i++) {
        pos.col++;
        if (text[i] == '\n') pos = (Pos){pos.line + 1, 0, 0, 0};
    }
    return (Pos){pos.line, pos.col, pos.line, pos.col + 1};
}

static bool check_utf8(Arena *arena, const Source *source, bool strict, bool declared,
                       SyntaxProblem *problem)
{
    ptrdiff_t bad = utf8_invalid(source->text, source->len, strict);
    if (bad < 0) return true;
    Pos pos = position_of(source->text, bad);
    unsigned char byte = (unsigned char)source->text[bad];
    if (declared) {
        return refuse(problem, (Pos){0, 0, 0, 0},
                      arena_printf(arena,
                                   "(unicode error) 'utf-8' codec can't decode byte 0x%02x "
                                   "in position %td: invalid start byte",
                                   byte, bad));
    }
    return refuse(problem, pos,
                  arena_printf(arena,
                               "Non-UTF-8 code starting with '\\x%02x' on line %d, but no "
                               "encoding declared; see https://peps.python.org/pep-0263/ for "
                               "details",
                               byte, pos.line));
}

/* Copies the text with '\n' line ends and a final one. */
static Source normal_lines(Arena *arena, Source source)
{
    char *copy = arena_alloc(arena, (size_t)source.len + 2);
    if (!source.len || !memchr(source.text, '\r', (size_t)source.len)) {
        if (source.len) memcpy(copy, source.text, (size_t)source.len);
    } else {
        const char *end = source.text + source.len;
        char *to = copy;
        for (const char *at = source.text; at < end; at++) {
            if (*at == '\r' && at + 1 < end && at[1] == '\n') continue;
            *to++ = *at == '\r' ? '\n' : *at;
        }
        source.len = to - copy;
    }
    if (source.len && copy[source.len - 1] != '\n') copy[source.len++] = '\n';
    return (Source){copy, source.len};
}

bool source_decode(Arena *arena, const char *bytes, ptrdiff_t len, bool is_utf8, Source *source,
                   SyntaxProblem *problem)
{
    char encoding[ENCODING_MAX];
    bool mark = false, declared = false;
    *source = (Source){bytes, len};
    if (len > INT32_MAX / 2) return refuse(problem, (Pos){1, 0, 1, 0}, "source is too large");
    if (len && memchr(bytes, 0, (size_t)len)) {
        return refuse(problem, (Pos){0, 0, 0, 0}, "source code string cannot contain null bytes");
    }
    if (!is_utf8) {
        mark = len >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3);
        if (mark) *source = (Source){bytes + 3, len - 3};
        declared = declared_encoding(source->text, source->len, encoding);
        if (declared && mark && strncmp(encoding, "utf-8", 5)) {
            return refuse(problem, (Pos){0, 0, 0, 0},
                          arena_printf(arena, "encoding problem: %s with BOM", encoding));
        }
        if (declared && !is_utf8_name(encoding)) {
            if (!convert(arena, encoding, source, problem)) return false;
        }
    }
    if (!check_utf8(arena, source, !is_utf8, mark || declared, problem)) return false;
    *source = normal_lines(arena, *source);
    return true;
}
