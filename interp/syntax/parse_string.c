/* parse_string.c - adjacent string literals, f-strings and t-strings.
 *
 * Adjacent literals join: plain ones into one Constant, with an f-string among them into one
 * JoinedStr, with a t-string into one TemplateStr.  The parts of a joined string are pushed on the
 * parser's stack as Constant and FormattedValue (or Interpolation) nodes; neighbouring Constants
 * are merged at the end.
 * Neighbours: lex_string.c (the tokens), literal.c (escapes), diagnose.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

#include <string.h>

typedef struct Prefix {
    bool raw, bytes, unicode;
    int len; /* letters before the quote */
} Prefix;

static Prefix string_prefix(const char *text)
{
    Prefix prefix = {0};
    for (; text[prefix.len] != '"' && text[prefix.len] != '\''; prefix.len++) {
        char letter = text[prefix.len] | 0x20;
        prefix.raw |= letter == 'r';
        prefix.bytes |= letter == 'b';
        prefix.unicode |= letter == 'u';
    }
    return prefix;
}

/* The value of one TOK_STRING, which is consumed. */
static Literal string_value(Parser *p, Prefix *prefix)
{
    const Token *token = p->at++;
    const char *text = p->text + token->start;
    *prefix = string_prefix(text);
    ptrdiff_t len = token->end - token->start - prefix->len;
    text += prefix->len;
    int quotes = len >= 6 && text[1] == text[0] && text[2] == text[0] ? 3 : 1;
    text += quotes;
    len -= 2 * quotes;
    if (prefix->bytes) return bytes_literal(p, text, len, prefix->raw, token->pos);
    return string_literal(p, text, len, prefix->raw, token->pos);
}

static Node *string_constant(Parser *p, Pos pos, Literal literal, bool unicode)
{
    return node_Constant(p->arena, pos, literal, unicode);
}

/* Adds the text of a Constant to that of another. */
static void constant_append(Parser *p, NodeConstant *to, const NodeConstant *from)
{
    Literal *a = &to->value;
    const Literal *b = &from->value;
    char *text = arena_alloc(p->arena, (size_t)(a->len + b->len) + 1);
    if (a->len) memcpy(text, a->text, (size_t)a->len);
    if (b->len) memcpy(text + a->len, b->text, (size_t)b->len);
    a->text = text;
    a->len += b->len;
    to->head.pos = join(to->head.pos, from->head.pos);
}

/* --- Replacement fields --- */

static bool at_string_start(const Parser *p)
{
    return at(p, TOK_STRING) || at(p, TOK_FSTRING_START) || at(p, TOK_TSTRING_START);
}

/* The source from `from` to `to` with comments left out. */
static Literal source_text(Parser *p, int32_t from, int32_t to)
{
    char *text = arena_copy(p->arena, p->text + from, to - from), *out = text;
    char quote = 0;
    for (const char *in = text; *in; in++) {
        if (quote) {
            if (*in == quote) quote = 0;
        } else if (*in == '\'' || *in == '"') {
            quote = *in;
        } else if (*in == '#') {
            while (in[1] && in[1] != '\n') in++;
            continue;
        }
        *out++ = *in;
    }
    *out = 0;
    return (Literal){.kind = LITERAL_STR, .text = text, .len = out - text};
}

/* '!' NAME: the conversion's letter; -1 for none. */
static int conversion(Parser *p, bool template)
{
    if (!at(p, TOK_EXCLAMATION)) return -1;
    const Token *mark = p->at++;
    if (p->diagnose) invalid_conversion(p, template);
    const Token *name = expect(p, TOK_NAME);
    if (name->start != mark->end) {
        raise_at(p, join(mark->pos, name->pos),
                 "%c-string: conversion type must come right after the exclamation mark",
                 template ? 't' : 'f');
    }
    if (name->name[1] || !strchr("sra", name->name[0])) {
        raise_at(p, name->pos,
                 "%c-string: invalid conversion character '%s': expected 's', 'r', or 'a'",
                 template ? 't' : 'f', name->name);
    }
    return name->name[0];
}

static Nodes merged_parts(Parser *p, ptrdiff_t begin);
static void fstring_parts(Parser *p, bool raw, bool template);

/* ':' (FSTRING_MIDDLE | field)*: a JoinedStr; NULL when no specification follows. */
static Node *format_spec(Parser *p, bool raw)
{
    Pos start = here(p);
    if (!accept(p, TOK_COLON)) return NULL;
    ptrdiff_t begin = list_begin(p);
    fstring_parts(p, raw, false);
    Nodes parts = merged_parts(p, begin);
    return node_JoinedStr(p->arena, upto(p, start), parts);
}

/* Pushes "expression=" as a Constant, whose text ends where the next token starts. */
static void push_debug_text(Parser *p, const Token *open)
{
    Literal text = source_text(p, open->end, p->at->start);
    Pos pos = {open->pos.line, open->pos.col + 1, p->at->pos.line, p->at->pos.col};
    nodes_push(p, node_Constant(p->arena, pos, text, 0));
}

/* The text of an interpolation, as Interpolation.expression shows it. */
static Literal interpolation_text(Parser *p, const Token *open, const Token *end)
{
    Literal text = source_text(p, open->end, end->start);
    while (text.len && strchr(" \t\n\r\f\v=", text.text[text.len - 1])) text.len--;
    return (Literal){
        .kind = LITERAL_STR, .text = arena_copy(p->arena, text.text, text.len), .len = text.len};
}

/* Pushes the field, after a Constant for the text before a '='. */
static void replacement_field(Parser *p, bool raw, bool template)
{
    const Token *open = p->at++;
    if (p->diagnose) invalid_field_start(p, template);
    enter(p);
    Node *value = p->diagnose ? invalid_or_field_value(p, template) : parse_annotated_rhs(p);
    const Token *end = p->at;
    bool debug = accept(p, TOK_EQUAL);
    if (p->diagnose) invalid_field_after_value(p, debug, template);
    if (debug) push_debug_text(p, open);
    int letter = conversion(p, template);
    if (p->diagnose) invalid_field_after_conversion(p, template);
    Node *spec = format_spec(p, raw);
    if (debug && letter < 0 && !spec) letter = 'r';
    if (p->diagnose) invalid_field_end(p, spec != NULL, template);
    expect(p, TOK_RBRACE);
    leave(p);
    Pos pos = upto(p, open->pos);
    if (template) {
        Literal text = interpolation_text(p, open, end);
        nodes_push(p, node_Interpolation(p->arena, pos, value, text, letter, spec));
    } else {
        nodes_push(p, node_FormattedValue(p->arena, pos, value, letter, spec));
    }
}

/* Pushes the literal text and the fields of an f-string or of a format specification. */
static void fstring_parts(Parser *p, bool raw, bool template)
{
    for (;;) {
        if (at(p, TOK_LBRACE)) {
            replacement_field(p, raw, template);
        } else if (at(p, TOK_FSTRING_MIDDLE)) {
            const Token *token = p->at++;
            Literal text = string_literal(p, p->text + token->start, token->end - token->start, raw,
                                          token->pos);
            nodes_push(p, node_Constant(p->arena, token->pos, text, 0));
        } else {
            return;
        }
    }
}

/* The nodes pushed since begin, with neighbouring Constants joined and empty ones left out. */
static Nodes merged_parts(Parser *p, ptrdiff_t begin)
{
    ptrdiff_t kept = begin;
    for (ptrdiff_t i = begin; i < p->stack_len; i++) {
        Node *node = p->stack[i];
        Node *last = kept > begin ? p->stack[kept - 1] : NULL;
        if (node->kind == NODE_Constant) {
            if (last && last->kind == NODE_Constant) {
                constant_append(p, as_Constant(last), as_Constant(node));
                continue;
            }
        }
        p->stack[kept++] = node;
    }
    p->stack_len = kept;
    ptrdiff_t filled = begin;
    for (ptrdiff_t i = begin; i < p->stack_len; i++) {
        Node *node = p->stack[i];
        if (node->kind == NODE_Constant && !as_Constant(node)->value.len) continue;
        p->stack[filled++] = node;
    }
    p->stack_len = filled;
    return list_end(p, begin);
}

/* --- Joining --- */

/* Pushes the parts of an f-string or t-string. */
static void fstring(Parser *p, bool template)
{
    bool raw = p->at++->raw;
    fstring_parts(p, raw, template);
    expect(p, TOK_FSTRING_END);
}

/* Whether literals follow that join into one of the given kind. */
typedef struct Mixture {
    bool bytes, text, fstring, tstring;
} Mixture;

static Mixture mixture(const Parser *p)
{
    Mixture found = {0};
    int strings = 0; /* open f-strings */
    for (const Token *token = p->at;; token++) {
        switch (token->kind) {
        case TOK_FSTRING_START:
        case TOK_TSTRING_START:
            if (!strings++) {
                found.fstring |= token->kind == TOK_FSTRING_START;
                found.tstring |= token->kind == TOK_TSTRING_START;
            }
            break;
        case TOK_FSTRING_END: strings--; break;
        case TOK_STRING:
            if (strings) break;
            if (string_prefix(p->text + token->start).bytes) found.bytes = true;
            else found.text = true;
            break;
        case TOK_END:
        case TOK_ERROR: return found;
        default:
            if (!strings) return found;
        }
    }
}

static void check_mixture(Parser *p, Mixture found)
{
    const Token *last = p->at;
    while (last->kind == TOK_STRING) last++;
    if (found.bytes && (found.text || found.fstring || found.tstring)) {
        raise_at(p, join(p->at->pos, last > p->at ? last[-1].pos : last->pos),
                 "cannot mix bytes and nonbytes literals");
    }
    if (found.tstring && (found.text || found.fstring)) {
        raise_at(p, p->at->pos, "cannot mix t-string literals with string or bytes literals");
    }
}

/* Joins plain strings, all bytes or all text, into one Constant. */
static Node *plain_strings(Parser *p)
{
    Pos start = here(p);
    Prefix prefix;
    Literal value = string_value(p, &prefix);
    if (!at(p, TOK_STRING)) return string_constant(p, upto(p, start), value, prefix.unicode);
    ptrdiff_t capacity = value.len * 2 + 256, len = value.len;
    char *text = arena_alloc(p->arena, (size_t)capacity);
    if (len) memcpy(text, value.text, (size_t)len);
    while (at(p, TOK_STRING)) {
        Prefix other;
        Literal more = string_value(p, &other);
        if (len + more.len + 1 > capacity) {
            capacity = (len + more.len) * 2 + 256;
            char *grown = arena_alloc(p->arena, (size_t)capacity);
            memcpy(grown, text, (size_t)len);
            text = grown;
        }
        if (more.len) memcpy(text + len, more.text, (size_t)more.len);
        len += more.len;
    }
    text[len] = 0;
    value.text = text;
    value.len = len;
    return string_constant(p, upto(p, start), value, prefix.unicode);
}

/* strings: (STRING | fstring)+ | tstring+
 *
 * fstring: FSTRING_START (FSTRING_MIDDLE | replacement_field)* FSTRING_END
 *
 * tstring: TSTRING_START (FSTRING_MIDDLE | replacement_field)* FSTRING_END
 *
 * replacement_field: '{' annotated_rhs ['='] ['!' NAME] [format_spec] '}'
 *
 * format_spec: ':' (FSTRING_MIDDLE | replacement_field)* */
RULE(strings)
{
    Pos start = here(p);
    if (!at_string_start(p)) mismatch(p);
    if (at(p, TOK_STRING) && peek(p, 1) != TOK_STRING && peek(p, 1) != TOK_FSTRING_START &&
        peek(p, 1) != TOK_TSTRING_START) {
        return plain_strings(p);
    }
    Mixture found = mixture(p);
    check_mixture(p, found);
    if (!found.fstring && !found.tstring) return plain_strings(p);
    ptrdiff_t begin = list_begin(p);
    while (at_string_start(p)) {
        if (!at(p, TOK_STRING)) {
            fstring(p, at(p, TOK_TSTRING_START));
            continue;
        }
        Pos pos = here(p);
        Prefix prefix;
        Literal value = string_value(p, &prefix);
        nodes_push(p, string_constant(p, pos, value, prefix.unicode));
    }
    Nodes parts = merged_parts(p, begin);
    if (found.tstring) return node_TemplateStr(p->arena, upto(p, start), parts);
    return node_JoinedStr(p->arena, upto(p, start), parts);
}
