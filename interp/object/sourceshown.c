/* sourceshown.c - the lines of source under a step of a traceback, and the marks under them.
 *
 * An expression gets a mark below each of its characters: "^" where its own operator, call or
 * subscript stands (the anchor), "~" elsewhere; without an anchor all are "^".  Of many lines the
 * first, the last and those about the ends of the anchor are shown.  Nothing is marked where the
 * expression is all there is to see.  Neighbours: report.c, modules/traceback.c. */
/* SPDX-License-Identifier: MIT */
#include "object/sourceshown.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "object/error.h"
#include "object/str.h"
#include "syntax/parser.h"

typedef struct Place {
    int line, at; /* from 0; bytes from the start of the line */
} Place;

typedef struct Lines {
    char *text;        /* zero bytes instead of newlines; owned */
    char **start;      /* owned */
    int *len;          /* without blanks at the end; owned */
    int count, indent; /* what all lines that are not empty are indented by */
    Place from, to;    /* the expression */
    bool anchored, marked, colour;
    Place anchor, anchor_end;
} Lines;

static bool is_before(Place a, Place b)
{
    return a.line < b.line || (a.line == b.line && a.at < b.at);
}

/* ---- taking the text apart ---- */

static bool lines_open(Vm *vm, Lines *lines, const char *text, ptrdiff_t len)
{
    *lines = (Lines){.count = 1};
    for (ptrdiff_t i = 0; i < len; i++) lines->count += text[i] == '\n';
    lines->text = memory_new(vm, (size_t)len + 1);
    lines->start = memory_new(vm, sizeof(char *) * (size_t)lines->count);
    lines->len = memory_new(vm, sizeof(int) * (size_t)lines->count);
    if (!lines->text || !lines->start || !lines->len) return false;
    memcpy(lines->text, text, (size_t)len + 1);
    char *at = lines->text;
    lines->indent = 1 << 20;
    for (int n = 0; n < lines->count; n++) {
        char *end = strchr(at, '\n');
        char *next = end ? end + 1 : NULL;
        if (end) *end = 0;
        int indent = (int)strspn(at, " \t\f"), size = (int)strlen(at);
        while (size > 0 && strchr(" \t\r\f", at[size - 1])) size--;
        if (size > 0 && indent < lines->indent) lines->indent = indent;
        lines->start[n] = at;
        lines->len[n] = size;
        at = next;
    }
    return true;
}

static void lines_close(Lines *lines)
{
    memory_free(lines->text);
    memory_free(lines->start);
    memory_free(lines->len);
}

/* The first byte of line n that is no blank. */
static int first_of(const Lines *lines, int n) { return (int)strspn(lines->start[n], " \t\f"); }

/* ---- the anchor ---- */

/* Moves on over blanks, brackets, line ends, backslashes and comments. */
static const char *skip(const char *at, const char *end, const char *over)
{
    for (; at < end; at++) {
        if (*at == '#') at += strcspn(at, "\n");
        else if (!strchr(over, *at)) break;
    }
    return at;
}

/* Where a position of the wrapped source lies in its text. */
static const char *source_at(const char *source, int line, int col)
{
    while (line-- > 1) source = strchr(source, '\n') + 1;
    return source + col;
}

static Place place_in(const Lines *lines, const char *source, const char *at)
{
    Place place = {0, 0};
    const char *line = source;
    for (const char *p = source; p < at; p++)
        if (*p == '\n') place.line++, line = p + 1;
    place.at = (int)(at - line) + (place.line == 0 ? lines->from.at - 1 : 0);
    return place;
}

static void set_anchor(Lines *lines, const char *source, const Node *node)
{
    const char *end = source_at(source, node->pos.end_line, node->pos.end_col), *at, *stop = end;
    const Node *left = node->kind == NODE_BinOp       ? as_BinOp((Node *)node)->left
                       : node->kind == NODE_Subscript ? as_Subscript((Node *)node)->value
                       : node->kind == NODE_Call      ? as_Call((Node *)node)->func
                                                      : NULL;
    if (!left) return;
    at = skip(source_at(source, left->pos.end_line, left->pos.end_col), end, " \t\f\r\n\\)");
    if (node->kind == NODE_BinOp) {
        const Node *right = as_BinOp((Node *)node)->right;
        const char *limit = source_at(source, right->pos.line, right->pos.col);
        stop = at + 1;
        if (stop < limit && !strchr(" \t\f\r\n\\(#", *stop)) stop++;
    }
    lines->anchored = true;
    lines->anchor = place_in(lines, source, at);
    lines->anchor_end = place_in(lines, source, stop);
}

/* The text from the expression's start to its end, in brackets, parsed. */
static void find_anchor(Lines *lines)
{
    Arena arena;
    arena_open(&arena);
    char *source = arena_printf(&arena, "(");
    for (int n = 0; n < lines->count; n++) {
        int from = n == 0 ? lines->from.at : 0;
        int to = n == lines->count - 1 ? lines->to.at : lines->len[n];
        source = arena_printf(&arena, "%s%.*s%s", source, to > from ? to - from : 0,
                              lines->start[n] + from, n < lines->count - 1 ? "\n" : ")");
    }
    ParseResult parsed = parse(&arena, source, (ptrdiff_t)strlen(source), PARSE_EVAL | PARSE_UTF8);
    if (parsed.tree) set_anchor(lines, source, as_Expression(parsed.tree)->body);
    arena_close(&arena);
}

/* ---- what is worth marking ---- */

/* Does the value of a statement that stands for itself take all of the range? */
static bool is_all(const Lines *lines, const Node *value)
{
    return value->pos.line == 1 && value->pos.end_line == lines->count &&
           value->pos.col == lines->from.at - lines->indent &&
           value->pos.end_col == lines->to.at - lines->indent;
}

/* return f(...) and name = ...(...): the call is the statement. */
static bool is_plain_call(const Lines *lines)
{
    Arena arena;
    arena_open(&arena);
    char *source = arena_printf(&arena, "%s", "");
    for (int n = 0; n < lines->count; n++) {
        int skipped = lines->indent < lines->len[n] ? lines->indent : lines->len[n];
        source = arena_printf(&arena, "%s%.*s\n", source, lines->len[n] - skipped,
                              lines->start[n] + skipped);
    }
    ParseResult parsed = parse(&arena, source, (ptrdiff_t)strlen(source), PARSE_FILE | PARSE_UTF8);
    bool plain = false;
    if (parsed.tree && as_Module(parsed.tree)->body.len > 0) {
        Node *statement = as_Module(parsed.tree)->body.items[0];
        if (statement->kind == NODE_Return) {
            const Node *value = as_Return(statement)->value;
            plain = value && value->kind == NODE_Call &&
                    as_Call((Node *)value)->func->kind == NODE_Name && is_all(lines, value);
        } else if (statement->kind == NODE_Assign) {
            const NodeAssign *assign = as_Assign(statement);
            plain = assign->targets.len == 1 && assign->targets.items[0]->kind == NODE_Name &&
                    assign->value->kind == NODE_Call && is_all(lines, assign->value);
        }
    }
    arena_close(&arena);
    return plain;
}

static bool worth_marking(const Lines *lines)
{
    if (is_plain_call(lines)) return false;
    return lines->anchored || lines->from.at > first_of(lines, 0) ||
           lines->to.at < lines->len[lines->count - 1];
}

static bool is_significant(const Lines *lines, int n)
{
    if (n == 0 || n == lines->count - 1) return true;
    return lines->anchored &&
           (abs(n - lines->anchor.line) <= 1 || abs(n - lines->anchor_end.line) <= 1);
}

/* ---- writing ---- */

static int width_of(uint32_t point)
{
    bool wide = point == 0x2728 || (point >= 0x1100 && point <= 0x115f) ||
                (point >= 0x2e80 && point <= 0xa4cf) || (point >= 0xac00 && point <= 0xd7a3) ||
                (point >= 0xf900 && point <= 0xfaff) || (point >= 0xfe30 && point <= 0xfe6f) ||
                (point >= 0xff00 && point <= 0xff60) || (point >= 0xffe0 && point <= 0xffe6) ||
                (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd);
    return wide ? 2 : 1;
}

typedef enum Shade { PLAIN, RANGE, POINT } Shade; /* beside, in the expression, in the anchor */

static Shade shade_at(const Lines *lines, Place place)
{
    int from = place.line == 0 ? lines->from.at : first_of(lines, place.line);
    int to = place.line == lines->count - 1 ? lines->to.at : lines->len[place.line];
    if (!lines->marked || place.at < from || place.at >= to) return PLAIN;
    bool inside = !lines->anchored ||
                  (!is_before(place, lines->anchor) && is_before(place, lines->anchor_end));
    return inside ? POINT : RANGE;
}

static bool put_colour(Vm *vm, StrBuilder *out, const Lines *lines, Shade before, Shade shade)
{
    static const char *const colours[] = {"", "\033[31m", "\033[1;31m"};
    if (!lines->colour || before == shade) return true;
    return (before == PLAIN || builder_text(vm, out, "\033[0m")) &&
           builder_text(vm, out, colours[shade]);
}

/* Line n, or with marks what stands under it. */
static bool put_line(Vm *vm, StrBuilder *out, const Lines *lines, int n, bool marks)
{
    static const char *const signs[] = {" ", "~", "^"};
    int size = lines->len[n], at = lines->indent < size ? lines->indent : size;
    int end = marks && n == lines->count - 1 ? lines->to.at : size;
    Shade before = PLAIN;
    if (marks && (n == 0 ? lines->from.at : first_of(lines, n)) >= end) return true;
    if (at >= end || !builder_text(vm, out, marks ? "\n    " : "    ")) return at >= end;
    while (at < end) {
        uint32_t point;
        int bytes = utf8_decode(lines->start[n] + at, size - at, &point);
        if (bytes < 1) bytes = 1, point = '?';
        Shade shade = shade_at(lines, (Place){n, at});
        if (!put_colour(vm, out, lines, before, shade)) return false;
        for (int w = marks ? width_of(point) : 1; w > 0; w--)
            if (!(marks ? builder_text(vm, out, signs[shade]) : builder_char(vm, out, point)))
                return false;
        before = shade;
        at += bytes;
    }
    return put_colour(vm, out, lines, before, PLAIN);
}

static bool put_all(Vm *vm, StrBuilder *out, const Lines *lines)
{
    for (int n = 0; n < lines->count; n++) {
        int gap = 0;
        while (!is_significant(lines, n + gap)) gap++;
        if (gap > 1) {
            char text[48];
            snprintf(text, sizeof text, "\n    ...<%d lines>...", gap);
            if (!builder_text(vm, out, text)) return false;
            n += gap;
        }
        if ((n > 0 && !builder_text(vm, out, "\n")) || !put_line(vm, out, lines, n, false))
            return false;
        if (lines->marked && !put_line(vm, out, lines, n, true)) return false;
    }
    return true;
}

Ref source_shown(Vm *vm, Value text, int from, int to, bool colour)
{
    char *owned = NULL;
    ptrdiff_t len;
    const char *bytes = str_utf8(vm, text, &len, &owned);
    StrBuilder out;
    builder_open(&out);
    Lines lines = {0};
    bool good = bytes && lines_open(vm, &lines, bytes, len);
    lines.colour = colour;
    bool marked = good && from >= 0 && from <= (int)strlen(lines.start[0]);
    if (good && lines.len[0] > 0) {
        int last = lines.count - 1, first = first_of(&lines, 0);
        lines.from = (Place){0, from < first ? first : from};
        lines.to = (Place){last, to > lines.len[last] ? lines.len[last] : to};
        marked = marked && is_before(lines.from, lines.to);
        if (marked) find_anchor(&lines);
        lines.marked = marked && worth_marking(&lines);
        good = put_all(vm, &out, &lines);
    }
    lines_close(&lines);
    memory_free(owned);
    if (good) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}
