/* parse_call.c - the arguments of calls and of class definitions.
 *
 * Positional arguments and "*iterable" end up in one list, "name=value" and "**mapping" in another.
 * Neighbours: parse_expression.c (primary), parse_compound.c (class_def), diagnose.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

/* keyword_argument: NAME '=' expression
 *
 * mapping_argument: '**' expression */
RULE(keyword_argument)
{
    const Token *first = p->at;
    Pos start = here(p);
    Name name = NULL;
    if (!accept(p, TOK_DOUBLESTAR)) {
        name = expect_name(p);
        expect(p, TOK_EQUAL);
        if (p->diagnose) invalid_argument_value(p);
    }
    Node *value = parse_expression(p);
    if (p->diagnose && name) invalid_keyword_generator(p, first);
    if (p->diagnose && !name && at(p, TOK_EQUAL)) invalid_mapping_assignment(p, start);
    return node_keyword(p->arena, upto(p, start), name, value);
}

static bool at_kwarg(const Parser *p)
{
    return at(p, TOK_DOUBLESTAR) || (at(p, TOK_NAME) && peek(p, 1) == TOK_EQUAL);
}

/* argument: starred_expression | assignment_expression | expression */
RULE(argument)
{
    if (at(p, TOK_STAR)) return parse_starred_expression(p);
    if (at(p, TOK_NAME) && peek(p, 1) == TOK_COLONEQUAL) return parse_assignment_expression(p);
    return parse_expression(p);
}

/* Splits what was pushed since begin into positional arguments and keywords. */
static void split_arguments(Parser *p, ptrdiff_t begin, Nodes *args, Nodes *keywords)
{
    Nodes all = list_end(p, begin);
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < all.len; i++) count += all.items[i]->kind == NODE_keyword;
    *args = all;
    *keywords = (Nodes){0};
    if (!count) return;
    args->len = 0; /* the positional ones move up within the list */
    keywords->items = arena_alloc(p->arena, (size_t)count * sizeof(Node *));
    for (ptrdiff_t i = 0; i < all.len; i++) {
        Nodes *list = all.items[i]->kind == NODE_keyword ? keywords : args;
        list->items[list->len++] = all.items[i];
    }
}

/* The generator expression that is a call's only argument; the call's parentheses are its own. */
static Node *lone_generator(Parser *p, const Token *open, Node *element)
{
    Nodes clauses = parse_for_if_clauses(p);
    if (p->diagnose) invalid_generator_argument(p, element, clauses);
    if (!at(p, TOK_RPAR)) mismatch(p);
    return node_GeneratorExp(p->arena, join(open->pos, here(p)), element, clauses);
}

/* arguments:
 *     | argument (',' argument)* (',' (keyword_argument | starred_expression))* (','
 *       (keyword_argument | mapping_argument))* [',']
 *     | keyword_argument (',' (keyword_argument | starred_expression))* (','
 *       (keyword_argument | mapping_argument))* [',']
 *     | mapping_argument (',' (keyword_argument | mapping_argument))* [',']
 *
 * Positional arguments come before keywords, except "*iterable", which comes before "**mapping". */
RULE_WITH(void, arguments, bool is_call, Nodes *args, Nodes *keywords)
{
    const Token *open = p->at - 1;
    ptrdiff_t begin = list_begin(p);
    bool keyword = false, mapping = false;
    while (!at(p, TOK_RPAR)) {
        if (p->diagnose) invalid_argument_start(p);
        if (at_kwarg(p)) {
            keyword = true;
            mapping |= at(p, TOK_DOUBLESTAR);
            nodes_push(p, parse_keyword_argument(p));
        } else {
            const Token *first = p->at;
            Node *node = parse_argument(p);
            if (p->diagnose) {
                invalid_argument(p, first, node, list_begin(p) > begin, keyword, mapping);
            }
            if (node->kind == NODE_Starred ? mapping : keyword) mismatch(p);
            bool generator = at(p, KW_FOR) || (at(p, KW_ASYNC) && peek(p, 1) == KW_FOR);
            if (generator && is_call && list_begin(p) == begin && node->kind != NODE_Starred) {
                node = lone_generator(p, open, node);
            }
            nodes_push(p, node);
        }
        if (!accept(p, TOK_COMMA)) break;
    }
    split_arguments(p, begin, args, keywords);
}
