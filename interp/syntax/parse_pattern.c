/* parse_pattern.c - what follows "case".
 *
 * Neighbours: parse_compound.c (match_stmt), literal.c, diagnose.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

/* Items with commas between them up to close (or to what follows a case's patterns). */
static Nodes pattern_items(Parser *p, Node *first, TokenKind close)
{
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_COMMA) && !at(p, close) && !at(p, KW_IF)) {
        nodes_push(p, parse_maybe_star_pattern(p));
    }
    return list_end(p, begin);
}

/* patterns:
 *     | maybe_star_pattern ',' [maybe_star_pattern (',' maybe_star_pattern)* [',']]
 *     | pattern */
RULE(patterns)
{
    Pos start = here(p);
    Node *first = parse_maybe_star_pattern(p);
    if (!at(p, TOK_COMMA)) {
        if (first->kind == NODE_MatchStar) mismatch(p);
        return first;
    }
    Nodes items = pattern_items(p, first, TOK_COLON);
    return node_MatchSequence(p->arena, upto(p, start), items);
}

/* maybe_star_pattern: star_pattern | pattern */
RULE(maybe_star_pattern) { return at(p, TOK_STAR) ? parse_star_pattern(p) : parse_pattern(p); }

/* A name to bind; NULL for "_". */
static Name capture_name(Parser *p)
{
    Name name = at_soft(p, SOFT_UNDERSCORE) ? NULL : p->at->name;
    expect(p, TOK_NAME);
    return name;
}

/* star_pattern: '*' NAME */
RULE(star_pattern)
{
    Pos start = here(p);
    expect(p, TOK_STAR);
    Name name = capture_name(p);
    return node_MatchStar(p->arena, upto(p, start), name);
}

/* pattern: or_pattern ['as' NAME] */
RULE(pattern)
{
    Pos start = here(p);
    Node *pattern = parse_or_pattern(p);
    if (!accept(p, KW_AS)) return pattern;
    if (p->diagnose) invalid_as_pattern(p);
    if (at_soft(p, SOFT_UNDERSCORE)) mismatch(p);
    Name name = expect_name(p);
    return node_MatchAs(p->arena, upto(p, start), pattern, name);
}

/* or_pattern: closed_pattern ('|' closed_pattern)* */
RULE(or_pattern)
{
    Pos start = here(p);
    Node *first = parse_closed_pattern(p);
    if (!at(p, TOK_VBAR)) return first;
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_VBAR)) nodes_push(p, parse_closed_pattern(p));
    Nodes patterns = list_end(p, begin);
    return node_MatchOr(p->arena, upto(p, start), patterns);
}

static Node *capture(Parser *p)
{
    Pos start = here(p);
    Name name = capture_name(p);
    return node_MatchAs(p->arena, upto(p, start), NULL, name);
}

static Node *name_pattern(Parser *p)
{
    if (peek(p, 1) != TOK_DOT && peek(p, 1) != TOK_LPAR) return capture(p);
    const Token *start = p->at;
    Node *value = parse_name_or_attr(p);
    if (at(p, TOK_LPAR)) {
        p->at = start;
        return parse_class_pattern(p);
    }
    return node_MatchValue(p->arena, value->pos, value);
}

/* closed_pattern:
 *     | NAME
 *     | NAME ('.' NAME)+
 *     | class_pattern
 *     | literal_pattern
 *     | sequence_pattern
 *     | mapping_pattern */
RULE(closed_pattern)
{
    enter(p);
    Node *pattern;
    switch (kind_at(p)) {
    case TOK_NAME: pattern = name_pattern(p); break;
    case TOK_LPAR:
    case TOK_LSQB: pattern = parse_sequence_pattern(p); break;
    case TOK_LBRACE: pattern = parse_mapping_pattern(p); break;
    default: pattern = parse_literal_pattern(p); break;
    }
    leave(p);
    return pattern;
}

/* --- Values --- */

static Node *singleton(Parser *p, LiteralKind kind)
{
    p->at++;
    return node_MatchSingleton(p->arena, p->at[-1].pos, (Literal){.kind = kind});
}

/* literal_pattern: complex_number | STRING+ | 'None' | 'True' | 'False' */
RULE(literal_pattern)
{
    Node *value;
    switch (kind_at(p)) {
    case KW_NONE: return singleton(p, LITERAL_NONE);
    case KW_TRUE: return singleton(p, LITERAL_TRUE);
    case KW_FALSE: return singleton(p, LITERAL_FALSE);
    case TOK_NUMBER:
    case TOK_MINUS: value = parse_complex_number(p); break;
    default: value = parse_strings(p); break;
    }
    if (value->kind == NODE_JoinedStr || value->kind == NODE_TemplateStr) {
        raise_at(p, value->pos, "patterns may only match literals and attribute lookups");
    }
    return node_MatchValue(p->arena, value->pos, value);
}

/* signed_number: ['-'] NUMBER */
RULE(signed_number)
{
    Pos start = here(p);
    bool minus = accept(p, TOK_MINUS);
    const Token *token = expect(p, TOK_NUMBER);
    Node *number = node_Constant(p->arena, token->pos, number_literal(p, token), 0);
    if (!minus) return number;
    return node_UnaryOp(p->arena, upto(p, start), UNARY_USUB, number);
}

static bool is_imaginary(Node *node)
{
    if (node->kind == NODE_UnaryOp) node = as_UnaryOp(node)->operand;
    return as_Constant(node)->value.kind == LITERAL_IMAG;
}

/* complex_number: signed_number [('+' | '-') IMAGINARY] */
RULE(complex_number)
{
    Pos start = here(p);
    Node *real = parse_signed_number(p);
    if (!at(p, TOK_PLUS) && !at(p, TOK_MINUS)) return real;
    Op op = accept(p, TOK_PLUS) ? BIN_ADD : (p->at++, BIN_SUB);
    if (!at(p, TOK_NUMBER)) mismatch(p);
    Node *imaginary = parse_signed_number(p);
    if (is_imaginary(real)) raise_at(p, real->pos, "real number required in complex literal");
    if (!is_imaginary(imaginary)) {
        raise_at(p, imaginary->pos, "imaginary number required in complex literal");
    }
    return node_BinOp(p->arena, upto(p, start), real, op, imaginary);
}

/* name_or_attr: NAME ('.' NAME)* */
RULE(name_or_attr)
{
    Pos start = here(p);
    Name name = expect_name(p);
    Node *node = node_Name(p->arena, upto(p, start), name, CTX_LOAD);
    while (accept(p, TOK_DOT)) {
        Name attribute = expect_name(p);
        node = node_Attribute(p->arena, upto(p, start), node, attribute, CTX_LOAD);
    }
    return node;
}

/* --- Patterns with parts --- */

/* sequence_pattern:
 *     | '[' [maybe_star_pattern (',' maybe_star_pattern)* [',']] ']'
 *     | '(' [maybe_star_pattern ',' [maybe_star_pattern (',' maybe_star_pattern)*
 *       [',']]] ')'
 *     | '(' pattern ')' */
RULE(sequence_pattern)
{
    Pos start = here(p);
    bool round = at(p, TOK_LPAR);
    TokenKind close = round ? TOK_RPAR : TOK_RSQB;
    Nodes items = {0};
    p->at++;
    if (!at(p, close)) {
        Node *first = parse_maybe_star_pattern(p);
        if (round && !at(p, TOK_COMMA)) { /* a pattern in parentheses */
            if (first->kind == NODE_MatchStar) mismatch(p);
            expect(p, TOK_RPAR);
            return first;
        }
        items = pattern_items(p, first, close);
    }
    expect(p, close);
    return node_MatchSequence(p->arena, upto(p, start), items);
}

/* Pushes key and pattern. */
static void key_value(Parser *p)
{
    Pos start = here(p);
    Node *key;
    if (at(p, TOK_NAME)) {
        key = parse_name_or_attr(p);
        if (key->kind == NODE_Name) mismatch(p);
    } else {
        key = parse_literal_pattern(p);
        if (key->kind == NODE_MatchSingleton) {
            key = node_Constant(p->arena, upto(p, start), as_MatchSingleton(key)->value, 0);
        } else {
            key = as_MatchValue(key)->value;
        }
    }
    expect(p, TOK_COLON);
    nodes_push(p, key);
    nodes_push(p, parse_pattern(p));
}

/* Splits the pairs pushed since begin: the even ones and the odd ones. */
static Nodes every_other(Parser *p, const Nodes *pairs, int offset)
{
    ptrdiff_t begin = list_begin(p);
    for (ptrdiff_t i = offset; i < pairs->len; i += 2) nodes_push(p, pairs->items[i]);
    return list_end(p, begin);
}

/* mapping_pattern:
 *     | '{' [key_value_pattern (',' key_value_pattern)* [',' '**' NAME] [',']] '}'
 *     | '{' '**' NAME [','] '}'
 *
 * key_value_pattern: (literal_pattern | NAME ('.' NAME)+) ':' pattern */
RULE(mapping_pattern)
{
    Pos start = here(p);
    Name rest = NULL;
    ptrdiff_t begin = list_begin(p);
    expect(p, TOK_LBRACE);
    while (!at(p, TOK_RBRACE)) {
        if (rest) mismatch(p);
        if (accept(p, TOK_DOUBLESTAR)) {
            if (at_soft(p, SOFT_UNDERSCORE)) mismatch(p);
            rest = expect_name(p);
        } else {
            key_value(p);
        }
        if (!accept(p, TOK_COMMA)) break;
    }
    expect(p, TOK_RBRACE);
    Nodes pairs = list_end(p, begin);
    return node_MatchMapping(p->arena, upto(p, start), every_other(p, &pairs, 0),
                             every_other(p, &pairs, 1), rest);
}

/* Moves the pairs (name as a node or NULL, pattern) into a MatchClass. */
static Node *class_node(Parser *p, Pos start, Node *class, const Nodes *pairs)
{
    ptrdiff_t positional = 0;
    while (2 * positional < pairs->len && !pairs->items[2 * positional]) positional++;
    Nodes patterns = every_other(p, pairs, 1), keyword_patterns = patterns;
    patterns.len = positional;
    Names names = {NULL, pairs->len / 2 - positional};
    keyword_patterns.len = names.len;
    if (names.len) {
        keyword_patterns.items += positional;
        names.items = arena_alloc(p->arena, (size_t)names.len * sizeof(Name));
    }
    for (ptrdiff_t i = 0; i < names.len; i++) {
        names.items[i] = as_Name(pairs->items[2 * (positional + i)])->id;
    }
    return node_MatchClass(p->arena, upto(p, start), class, patterns, names, keyword_patterns);
}

/* class_pattern:
 *     | name_or_attr '(' [pattern (',' pattern)* (',' NAME '=' pattern)* [',']] ')'
 *     | name_or_attr '(' NAME '=' pattern (',' NAME '=' pattern)* [','] ')' */
RULE(class_pattern)
{
    Pos start = here(p);
    Node *class = parse_name_or_attr(p);
    ptrdiff_t begin = list_begin(p);
    bool keyword = false;
    expect(p, TOK_LPAR);
    while (!at(p, TOK_RPAR)) {
        Node *name = NULL;
        if (at(p, TOK_NAME) && peek(p, 1) == TOK_EQUAL) {
            name = node_Name(p->arena, here(p), p->at->name, CTX_LOAD);
            p->at += 2;
            keyword = true;
        } else if (keyword) {
            if (p->diagnose) invalid_class_pattern(p);
            mismatch(p);
        }
        nodes_push(p, name);
        nodes_push(p, parse_pattern(p));
        if (!accept(p, TOK_COMMA)) break;
    }
    expect(p, TOK_RPAR);
    Nodes pairs = list_end(p, begin);
    return class_node(p, start, class, &pairs);
}
