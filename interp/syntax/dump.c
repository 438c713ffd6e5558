/* dump.c - tokens and trees as text: aio --tokens, aio --ast.
 *
 * A node is an array of FieldView (ast.h), so one routine prints every node.  As in
 * ast.dump, fields that are None or empty are left out, and a node stands on one line when it has
 * at most three fields and none of them has parts of its own.
 * Neighbours: ast.h, token.h. */
/* SPDX-License-Identifier: MIT */
#include "syntax/dump.h"

#include <stdlib.h>
#include <string.h>

#include "base/numtext.h"
#include "base/utf8.h"
#include "syntax/lexer.h"
#include "syntax/source.h"

enum { INDENT = 2, INLINE_MAX = 3 };

typedef struct Dump {
    FILE *file;
    bool positions;
} Dump;

/* A "..." string in the form of Python's repr, except that all printable UTF-8 is left as it is. */
static void dump_text(FILE *file, const char *text, ptrdiff_t len, bool bytes)
{
    bool single = memchr(text, '\'', (size_t)len) && !memchr(text, '"', (size_t)len);
    char quote = single ? '"' : '\'';
    fprintf(file, bytes ? "b%c" : "%c", quote);
    for (ptrdiff_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        uint32_t point = c;
        int size = c < 128 || bytes ? 1 : utf8_decode(text + i, len - i, &point);
        if (c == '\n') fputs("\\n", file);
        else if (c == '\t') fputs("\\t", file);
        else if (c == '\r') fputs("\\r", file);
        else if (c == '\\' || c == quote) fprintf(file, "\\%c", c);
        else if (c < 32 || c == 127 || (bytes && c > 127)) fprintf(file, "\\x%02x", c);
        else if (point >= 0xD800 && point < 0xE000) fprintf(file, "\\u%04x", point);
        else fwrite(text + i, 1, (size_t)(size ? size : 1), file);
        if (size > 1) i += size - 1;
    }
    fputc(quote, file);
}

static void dump_number(FILE *file, double number)
{
    char text[DOUBLE_REPR_MAX];
    double_repr(number, text);
    fputs(text, file);
}

static void dump_int(FILE *file, const char *text)
{
    char *end;
    const char *start = text;
    int base = 10;
    if (text[0] == '0' && text[1]) {
        char letter = text[1] | 0x20;
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
        if (base != 10) start += 2;
    }
    unsigned long long value = strtoull(start, &end, base);
    if (strlen(start) <= (base == 2 ? 64 : base == 8 ? 21 : base == 16 ? 16 : 19)) {
        fprintf(file, "%llu", value);
    } else {
        fputs(text, file);
    }
}

static void dump_literal(FILE *file, const Literal *literal)
{
    switch (literal->kind) {
    case LITERAL_NONE: fputs("None", file); break;
    case LITERAL_FALSE: fputs("False", file); break;
    case LITERAL_TRUE: fputs("True", file); break;
    case LITERAL_ELLIPSIS: fputs("Ellipsis", file); break;
    case LITERAL_INT: dump_int(file, literal->text); break;
    case LITERAL_FLOAT: dump_number(file, literal->number); break;
    case LITERAL_IMAG:
        dump_number(file, literal->number);
        fputc('j', file);
        break;
    case LITERAL_STR: dump_text(file, literal->text, literal->len, false); break;
    case LITERAL_BYTES: dump_text(file, literal->text, literal->len, true); break;
    case LITERAL_VALUE: fputs("...", file); break;
    }
}

/* Whether ast.dump leaves the field out. */
static bool is_hidden(const Node *node, const FieldView *field)
{
    switch (field->kind) {
    case FIELD_opt: return !*(Node *const *)field->at;
    case FIELD_optname: return !*(const Name *)field->at;
    case FIELD_list:
    case FIELD_optlist: return !((const Nodes *)field->at)->len;
    case FIELD_names: return !((const Names *)field->at)->len;
    case FIELD_ops: return !((const Ops *)field->at)->len;
    case FIELD_num: return node->kind == NODE_Constant && !*(const int *)field->at;
    default: return false;
    }
}

/* Counts what is printed of a node; *simple becomes false when some of it has parts of its own. */
static int count_shown(const Dump *dump, Node *node, bool *simple)
{
    FieldView views[FIELDS_MAX];
    int count = node_fields(node, views), shown = 0;
    for (int i = 0; i < count; i++) {
        if (is_hidden(node, &views[i])) continue;
        shown++;
        if (!simple) continue;
        switch (views[i].kind) {
        case FIELD_list:
        case FIELD_optlist:
        case FIELD_names:
        case FIELD_ops: *simple = false; break;
        case FIELD_node:
        case FIELD_opt: *simple &= !count_shown(dump, *(Node *const *)views[i].at, NULL); break;
        default: break;
        }
    }
    return shown + (dump->positions && node_has_position(node) ? 4 : 0);
}

static void dump_node(const Dump *dump, Node *node, int level);

static void new_line(const Dump *dump, int level, bool comma)
{
    fprintf(dump->file, comma ? ",\n%*s" : "\n%*s", level * INDENT, "");
}

static void dump_nodes(const Dump *dump, const Nodes *nodes, int level)
{
    fputc('[', dump->file);
    for (ptrdiff_t i = 0; i < nodes->len; i++) {
        new_line(dump, level, i > 0);
        if (nodes->items[i]) dump_node(dump, nodes->items[i], level);
        else fputs("None", dump->file);
    }
    fputc(']', dump->file);
}

static void dump_field(const Dump *dump, Node *node, const FieldView *field, int level)
{
    FILE *file = dump->file;
    switch (field->kind) {
    case FIELD_node:
    case FIELD_opt: dump_node(dump, *(Node *const *)field->at, level); break;
    case FIELD_list:
    case FIELD_optlist: dump_nodes(dump, field->at, level + 1); break;
    case FIELD_name:
    case FIELD_optname: fprintf(file, "'%s'", *(const Name *)field->at); break;
    case FIELD_names: {
        const Names *names = field->at;
        fputc('[', file);
        for (ptrdiff_t i = 0; i < names->len; i++) {
            new_line(dump, level + 1, i > 0);
            fprintf(file, "'%s'", names->items[i]);
        }
        fputc(']', file);
        break;
    }
    case FIELD_op: fprintf(file, "%s()", op_name(*(const Op *)field->at)); break;
    case FIELD_ops: {
        const Ops *ops = field->at;
        fputc('[', file);
        for (ptrdiff_t i = 0; i < ops->len; i++) {
            new_line(dump, level + 1, i > 0);
            fprintf(file, "%s()", op_name(ops->items[i]));
        }
        fputc(']', file);
        break;
    }
    case FIELD_num:
        if (node->kind == NODE_Constant) fputs("'u'", file);
        else fprintf(file, "%d", *(const int *)field->at);
        break;
    case FIELD_literal: dump_literal(file, field->at); break;
    }
}

/* The separator before a field, then "name=". */
static void dump_label(const Dump *dump, const char *name, bool first, bool one_line, int level)
{
    if (!one_line) new_line(dump, level, !first);
    else if (!first) fputs(", ", dump->file);
    fprintf(dump->file, "%s=", name);
}

static void dump_node(const Dump *dump, Node *node, int level)
{
    FieldView views[FIELDS_MAX];
    bool simple = true, first = true;
    int count = node_fields(node, views);
    bool one_line = count_shown(dump, node, &simple) <= INLINE_MAX && simple;
    level++;
    /* AsyncFor and TryStar are Python's names as well */
    fprintf(dump->file, "%s(", node_name(node->kind));
    for (int i = 0; i < count; i++) {
        if (is_hidden(node, &views[i])) continue;
        dump_label(dump, views[i].name, first, one_line, level);
        dump_field(dump, node, &views[i], level);
        first = false;
    }
    if (dump->positions && node_has_position(node)) {
        const char *const names[] = {"lineno", "col_offset", "end_lineno", "end_col_offset"};
        const int values[] = {node->pos.line, node->pos.col, node->pos.end_line, node->pos.end_col};
        for (int i = 0; i < 4; i++, first = false) {
            dump_label(dump, names[i], first, one_line, level);
            fprintf(dump->file, "%d", values[i]);
        }
    }
    fputc(')', dump->file);
}

void dump_tree(FILE *file, Node *tree)
{
    dump_node(&(Dump){file, false}, tree, 0);
    fputc('\n', file);
}

void dump_tree_positions(FILE *file, Node *tree)
{
    dump_node(&(Dump){file, true}, tree, 0);
    fputc('\n', file);
}

/* --- Tokens --- */

static void dump_token(FILE *file, const char *text, const Token *token)
{
    char place[60];
    const Pos *pos = &token->pos;
    snprintf(place, sizeof place, "%d,%d-%d,%d:", pos->line, pos->col, pos->end_line, pos->end_col);
    fprintf(file, "%-20s%-15s", place, token_kind_name((TokenKind)token->kind));
    dump_text(file, text + token->start, token->end - token->start, false);
    fputc('\n', file);
}

void dump_tokens(FILE *file, const char *text, ptrdiff_t len)
{
    Arena arena;
    Source source;
    SyntaxProblem problem = {0};
    arena_open(&arena);
    if (source_decode(&arena, text, len, false, &source, &problem)) {
        Lexer *lexer = arena_alloc(&arena, sizeof *lexer);
        lexer_run(lexer, &arena, source.text, source.len, false);
        for (int32_t i = 0; i < lexer->count; i++) {
            if (lexer->tokens[i].kind == TOK_ERROR) break;
            dump_token(file, source.text, &lexer->tokens[i]);
        }
        problem = lexer->problem;
        lexer_close(lexer);
    }
    if (problem.message) {
        fprintf(file, "%d,%d: error: %s\n", problem.pos.line, problem.pos.col, problem.message);
    }
    arena_close(&arena);
}
