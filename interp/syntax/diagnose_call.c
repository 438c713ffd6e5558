/* diagnose_call.c - mistakes in the arguments of calls and in signatures.
 *
 * Neighbours: diagnose.h, parse_call.c, parse_parameter.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/diagnose.h"

static bool at_for(const Parser *p)
{
    return at(p, KW_FOR) || (at(p, KW_ASYNC) && peek(p, 1) == KW_FOR);
}

/* --- Arguments --- */

void invalid_argument_start(Parser *p)
{
    bool constant = at(p, KW_TRUE) || at(p, KW_FALSE) || at(p, KW_NONE);
    if (!constant || peek(p, 1) != TOK_EQUAL) return;
    raise_at(p, join(here(p), p->at[1].pos), "cannot assign to %s", p->at->name);
}

void invalid_argument_value(Parser *p)
{
    if (!at(p, TOK_COMMA) && !at(p, TOK_RPAR)) return;
    raise_at(p, join(p->at[-2].pos, p->at[-1].pos), "expected argument value expression");
}

void invalid_keyword_generator(Parser *p, const Token *name)
{
    if (!at_for(p) || !attempt(p, parse_for_if_clause)) return;
    raise_at(p, join(name->pos, name[1].pos),
             "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
}

void invalid_mapping_assignment(Parser *p, Pos start)
{
    const Token *equal = p->at++;
    Node *value = attempt(p, parse_expression);
    if (value) raise_at(p, join(start, value->pos), "cannot assign to keyword argument unpacking");
    p->at = equal;
}

_Noreturn static void bare_generator(Parser *p, Node *element, Nodes clauses)
{
    raise_at(p, join(element->pos, clauses.items[clauses.len - 1]->pos),
             "Generator expression must be parenthesized");
}

void invalid_generator_argument(Parser *p, Node *element, Nodes clauses)
{
    if (at(p, TOK_COMMA)) bare_generator(p, element, clauses);
}

/* f(*a for a in b) */
static void invalid_starred_generator(Parser *p, Node *node, bool not_first)
{
    Nodes clauses = parse_for_if_clauses(p);
    if (not_first) bare_generator(p, node, clauses);
    raise_at(p, node->pos, "iterable unpacking cannot be used in comprehension");
}

void invalid_argument(Parser *p, const Token *start, Node *node, bool not_first, bool keyword,
                      bool mapping)
{
    if (node->kind == NODE_Starred) {
        if (at_for(p)) invalid_starred_generator(p, node, not_first);
        if (mapping) {
            raise_at(p, join(start[-1].pos, node->pos),
                     "iterable argument unpacking follows keyword argument unpacking");
        }
        return;
    }
    if (at(p, TOK_EQUAL)) {
        raise_at(p, join(node->pos, here(p)),
                 "expression cannot contain assignment, perhaps you meant \"==\"?");
    }
    if (not_first && at_for(p)) {
        Nodes clauses = parse_for_if_clauses(p);
        bare_generator(p, node, clauses);
    }
    if (mapping) raise_here(p, "positional argument follows keyword argument unpacking");
    if (keyword) raise_here(p, "positional argument follows keyword argument");
}

/* --- Parameters --- */

void invalid_default(Parser *p)
{
    if (!at(p, TOK_RPAR) && !at(p, TOK_COMMA)) return;
    raise_at(p, p->at[-1].pos, "expected default value expression");
}

void invalid_parameter(Parser *p, bool lambda)
{
    const Token *open = p->at, *token = open + 1;
    if (open->kind != TOK_LPAR || token->kind != TOK_NAME) return;
    while (token->kind == TOK_NAME) {
        token++;
        if (token->kind == TOK_COMMA) token++;
    }
    if (token->kind != TOK_RPAR) return;
    raise_at(p, join(open->pos, token->pos), "%s parameters cannot be parenthesized",
             lambda ? "Lambda expression" : "Function");
}

void invalid_missing_default(Parser *p, const Token *parameter)
{
    raise_at(p, parameter->pos, "parameter without a default follows parameter with a default");
}

void invalid_star(Parser *p, TokenKind close, bool again)
{
    Pos star = p->at[-1].pos;
    if (again) raise_at(p, star, "* may appear only once");
    bool bare =
        at(p, close) || (at(p, TOK_COMMA) && (peek(p, 1) == TOK_DOUBLESTAR || peek(p, 1) == close));
    if (!bare) return;
    if (close == TOK_RPAR) raise_at(p, star, "named parameters must follow bare *");
    if (at(p, TOK_COMMA)) p->at++;
    raise_here(p, "named parameters must follow bare *");
}

void invalid_star_default(Parser *p)
{
    if (at(p, TOK_EQUAL)) {
        raise_at(p, here(p), "var-positional parameter cannot have default value");
    }
}

void invalid_after_kwarg(Parser *p, TokenKind close)
{
    if (at(p, TOK_EQUAL)) {
        raise_at(p, here(p), "var-keyword parameter cannot have default value");
    }
    if (!at(p, TOK_COMMA) || peek(p, 1) == close) return;
    switch (peek(p, 1)) {
    case TOK_NAME:
    case TOK_STAR:
    case TOK_DOUBLESTAR:
    case TOK_SLASH: raise_at(p, p->at[1].pos, "parameters cannot follow var-keyword parameter");
    default: return;
    }
}

void invalid_slash(Parser *p, bool again, bool after_star, bool first)
{
    if (again) raise_at(p, here(p), "/ may appear only once");
    if (after_star) raise_at(p, here(p), "/ must be ahead of *");
    if (first) raise_at(p, here(p), "at least one parameter must precede /");
}

void invalid_after_slash(Parser *p)
{
    if (at(p, TOK_STAR)) raise_at(p, here(p), "expected comma between / and *");
}

void invalid_type_bound(Parser *p, const char *kind)
{
    Pos colon = here(p);
    if (!accept(p, TOK_COLON)) return;
    Node *bound = attempt(p, parse_expression);
    if (!bound) mismatch(p);
    raise_from(p, colon, "cannot use %s with %s",
               bound->kind == NODE_Tuple ? "constraints" : "bound", kind);
}
