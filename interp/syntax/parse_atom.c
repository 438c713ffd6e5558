/* parse_atom.c - names, constants, and what stands in brackets of its own: groups, tuples, lists,
 * dicts, sets, comprehensions.
 *
 * Neighbours: parse_string.c (strings), literal.c (numbers), parse_expression.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

static Node *constant(Parser *p, LiteralKind kind)
{
    Literal literal = {.kind = kind};
    p->at++;
    return node_Constant(p->arena, p->at[-1].pos, literal, 0);
}

static Node *number(Parser *p)
{
    const Token *token = p->at++;
    return node_Constant(p->arena, token->pos, number_literal(p, token), 0);
}

static Node *name(Parser *p)
{
    const Token *token = p->at++;
    return node_Name(p->arena, token->pos, token->name, CTX_LOAD);
}

/* atom:
 *     | NAME
 *     | 'True'
 *     | 'False'
 *     | 'None'
 *     | '...'
 *     | NUMBER
 *     | strings
 *     | group
 *     | list
 *     | dict_or_set */
RULE(atom)
{
    switch (kind_at(p)) {
    case TOK_NAME: return name(p);
    case TOK_NUMBER: return number(p);
    case TOK_STRING:
    case TOK_FSTRING_START:
    case TOK_TSTRING_START: return parse_strings(p);
    case TOK_LPAR: return parse_group(p);
    case TOK_LSQB: return parse_list(p);
    case TOK_LBRACE: return parse_dict_or_set(p);
    case KW_NONE: return constant(p, LITERAL_NONE);
    case KW_TRUE: return constant(p, LITERAL_TRUE);
    case KW_FALSE: return constant(p, LITERAL_FALSE);
    case TOK_ELLIPSIS: return constant(p, LITERAL_ELLIPSIS);
    default: mismatch(p);
    }
}

static bool at_comprehension(const Parser *p)
{
    return at(p, KW_FOR) || (at(p, KW_ASYNC) && peek(p, 1) == KW_FOR);
}

/* Items up to the closing bracket, after the first one. */
static Nodes more_items(Parser *p, Node *first, TokenKind close)
{
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_COMMA) && !at(p, close)) nodes_push(p, parse_star_named_expression(p));
    return list_end(p, begin);
}

/* --- Parentheses --- */

static Node *empty_tuple(Parser *p, Pos start)
{
    return node_Tuple(p->arena, upto(p, start), (Nodes){0}, CTX_LOAD);
}

/* group:
 *     | '(' ')'
 *     | '(' yield_expr ')'
 *     | '(' named_expression ')'
 *     | '(' named_expression for_if_clauses ')'
 *     | '(' star_named_expression ',' [star_named_expression (','
 *       star_named_expression)* [',']] ')' */
RULE(group)
{
    const Token *open = expect(p, TOK_LPAR);
    Node *node;
    if (accept(p, TOK_RPAR)) return empty_tuple(p, open->pos);
    if (at(p, KW_YIELD)) {
        node = parse_yield_expr(p);
    } else {
        if (p->diagnose) invalid_group(p, open);
        node = parse_star_named_expression(p);
        if (at(p, TOK_COMMA)) {
            Nodes items = more_items(p, node, TOK_RPAR);
            if (p->diagnose) invalid_comprehension_items(p, open, items);
            expect(p, TOK_RPAR);
            return node_Tuple(p->arena, upto(p, open->pos), items, CTX_LOAD);
        }
        if (p->diagnose) invalid_comprehension_items(p, open, list_of(p, node));
        if (node->kind == NODE_Starred) mismatch(p);
        if (at_comprehension(p)) {
            Nodes clauses = parse_for_if_clauses(p);
            expect(p, TOK_RPAR);
            return node_GeneratorExp(p->arena, upto(p, open->pos), node, clauses);
        }
    }
    expect(p, TOK_RPAR);
    return node;
}

/* --- Square brackets --- */

/* list:
 *     | '[' ']'
 *     | '[' named_expression for_if_clauses ']'
 *     | '[' star_named_expression (',' star_named_expression)* [','] ']' */
RULE(list)
{
    const Token *open = expect(p, TOK_LSQB);
    Nodes items = {0};
    if (!at(p, TOK_RSQB)) {
        Node *first = parse_star_named_expression(p);
        if (p->diagnose) invalid_comprehension_items(p, open, list_of(p, first));
        if (at_comprehension(p) && first->kind != NODE_Starred) {
            Nodes clauses = parse_for_if_clauses(p);
            expect(p, TOK_RSQB);
            return node_ListComp(p->arena, upto(p, open->pos), first, clauses);
        }
        items = more_items(p, first, TOK_RSQB);
        if (p->diagnose) invalid_comprehension_items(p, open, items);
    }
    expect(p, TOK_RSQB);
    return node_List(p->arena, upto(p, open->pos), items, CTX_LOAD);
}

/* --- Braces --- */

static Node *set_display(Parser *p, const Token *open, Node *first)
{
    if (p->diagnose) invalid_comprehension_items(p, open, list_of(p, first));
    if (at_comprehension(p) && first->kind != NODE_Starred) {
        Nodes clauses = parse_for_if_clauses(p);
        expect(p, TOK_RBRACE);
        return node_SetComp(p->arena, upto(p, open->pos), first, clauses);
    }
    Nodes items = more_items(p, first, TOK_RBRACE);
    if (p->diagnose) invalid_comprehension_items(p, open, items);
    expect(p, TOK_RBRACE);
    return node_Set(p->arena, upto(p, open->pos), items);
}

/* Pushes key and value, after the key. */
static void dict_value(Parser *p, Node *key)
{
    expect(p, TOK_COLON);
    if (p->diagnose) invalid_dict_value(p);
    nodes_push(p, key);
    nodes_push(p, parse_expression(p));
}

/* Pushes "key: value" or "**mapping" (its key is NULL). */
static void dict_item(Parser *p)
{
    if (accept(p, TOK_DOUBLESTAR)) {
        nodes_push(p, NULL);
        nodes_push(p, parse_bitwise_or(p));
        return;
    }
    Node *key = parse_expression(p);
    if (p->diagnose) invalid_dict_key(p, key);
    dict_value(p, key);
}

/* Splits the pairs pushed since begin into keys and values. */
static Node *dict_display(Parser *p, Pos start, ptrdiff_t begin)
{
    Nodes pairs = list_end(p, begin);
    Nodes keys = {NULL, pairs.len / 2}, values = keys;
    if (pairs.len) {
        keys.items = arena_alloc(p->arena, (size_t)keys.len * sizeof(Node *));
        values.items = arena_alloc(p->arena, (size_t)keys.len * sizeof(Node *));
    }
    for (ptrdiff_t i = 0; i < keys.len; i++) {
        keys.items[i] = pairs.items[2 * i];
        values.items[i] = pairs.items[2 * i + 1];
    }
    return node_Dict(p->arena, upto(p, start), keys, values);
}

/* A dict whose first item has the key given; NULL: the first item is "**mapping". */
static Node *dict(Parser *p, const Token *open, Node *key)
{
    ptrdiff_t begin = list_begin(p);
    if (key) dict_value(p, key);
    else dict_item(p);
    if (p->diagnose) invalid_dict_comprehension(p, open);
    if (at_comprehension(p) && key) {
        Node *value = p->stack[begin + 1];
        p->stack_len = begin;
        Nodes clauses = parse_for_if_clauses(p);
        expect(p, TOK_RBRACE);
        return node_DictComp(p->arena, upto(p, open->pos), key, value, clauses);
    }
    while (accept(p, TOK_COMMA) && !at(p, TOK_RBRACE)) dict_item(p);
    expect(p, TOK_RBRACE);
    return dict_display(p, open->pos, begin);
}

/* dict_or_set:
 *     | '{' '}'
 *     | '{' dict_item (',' dict_item)* [','] '}'
 *     | '{' expression ':' expression for_if_clauses '}'
 *     | '{' named_expression for_if_clauses '}'
 *     | '{' star_named_expression (',' star_named_expression)* [','] '}'
 *
 * dict_item: expression ':' expression | '**' bitwise_or */
RULE(dict_or_set)
{
    const Token *open = expect(p, TOK_LBRACE);
    if (accept(p, TOK_RBRACE)) return dict_display(p, open->pos, list_begin(p));
    if (at(p, TOK_DOUBLESTAR)) return dict(p, open, NULL);
    bool walrus = at(p, TOK_NAME) && peek(p, 1) == TOK_COLONEQUAL;
    Node *first = parse_star_named_expression(p);
    if (at(p, TOK_COLON) && !walrus && first->kind != NODE_Starred) return dict(p, open, first);
    return set_display(p, open, first);
}

/* --- Comprehensions --- */

/* for_if_clause: ['async'] 'for' star_targets 'in' disjunction ('if' disjunction)* */
RULE(for_if_clause)
{
    Pos start = here(p);
    bool is_async = accept(p, KW_ASYNC);
    expect(p, KW_FOR);
    const Token *first = p->at;
    Node *target = parse_star_targets(p);
    if (!at(p, KW_IN) || !set_context(target, CTX_STORE)) {
        if (p->diagnose) invalid_for_target(p, first, true);
        mismatch(p);
    }
    expect(p, KW_IN);
    Node *iterable = parse_disjunction(p);
    ptrdiff_t begin = list_begin(p);
    while (accept(p, KW_IF)) nodes_push(p, parse_disjunction(p));
    Nodes tests = list_end(p, begin);
    return node_comprehension(p->arena, upto(p, start), target, iterable, tests, is_async);
}

/* for_if_clauses: for_if_clause+ */
RULE_LIST(for_if_clauses)
{
    ptrdiff_t begin = list_begin(p);
    do {
        nodes_push(p, parse_for_if_clause(p));
    } while (at_comprehension(p));
    return list_end(p, begin);
}
