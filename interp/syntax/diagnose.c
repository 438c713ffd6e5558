/* diagnose.c - mistakes in expressions.
 *
 * The messages are CPython's.  An attempt() here parses what a mistaken user probably wrote; when
 * that works, the mistake is recognised.  Neighbours: diagnose.h, parse_expression.c, parse_atom.c.
 */
/* SPDX-License-Identifier: MIT */
#include "syntax/diagnose.h"

#include <string.h>

static bool is_legacy_name(const Token *token)
{
    return token->kind == TOK_NAME &&
           (!strcmp(token->name, "print") || !strcmp(token->name, "exec"));
}

/* print "text": what was a statement once. */
static void invalid_legacy(Parser *p)
{
    const Token *name = p->at;
    if (!is_legacy_name(name) || peek(p, 1) == TOK_LPAR) return;
    if (!starts_expression(peek(p, 1)) && peek(p, 1) != TOK_STAR) return;
    p->at++;
    Node *rest = attempt(p, parse_star_expressions);
    p->at = name;
    if (!rest) return;
    raise_at(p, join(name->pos, rest->pos),
             "Missing parentheses in call to '%s'. Did you mean %s(...)?", name->name, name->name);
}

/* "pass if x else y" */
void invalid_statement_condition(Parser *p, const Token *statement)
{
    const Token *start = p->at;
    if (!accept(p, KW_IF)) return;
    if (attempt_quietly(p, parse_disjunction) && accept(p, KW_ELSE) &&
        attempt_quietly(p, parse_simple_stmt)) {
        raise_at(p, statement->pos, "expected expression before 'if', but statement is given");
    }
    p->at = start;
}

void invalid_expression_start(Parser *p)
{
    const Token *start = p->at;
    invalid_legacy(p);
    if (at(p, KW_PASS) || at(p, KW_BREAK) || at(p, KW_CONTINUE)) {
        p->at++;
        invalid_statement_condition(p, start);
        p->at = start;
    }
}

void invalid_expression(Parser *p, const Token *start, Node *node)
{
    if (start->kind == TOK_NAME && (start->soft || start[1].kind == TOK_STRING)) return;
    if (!starts_expression(kind_at(p))) return;
    const Token *here_ = p->at;
    Node *second = attempt_quietly(p, parse_expression);
    if (!second) return;
    const Token *last = p->at - 1;
    if (node->kind == NODE_Name && is_legacy_name(start)) last = NULL;
    if (last && last->level > 0) {
        raise_at(p, join(start->pos, last->pos), "invalid syntax. Perhaps you forgot a comma?");
    }
    p->at = here_;
}

void invalid_condition(Parser *p, const Token *start, Node *test)
{
    if (at(p, KW_ELSE) || at(p, TOK_COLON)) return;
    raise_at(p, join(start->pos, test->pos), "expected 'else' after 'if' expression");
}

void invalid_else_expression(Parser *p)
{
    switch (kind_at(p)) {
    case KW_PASS:
    case KW_BREAK:
    case KW_CONTINUE:
    case KW_RETURN:
    case KW_RAISE:
    case KW_DEL:
    case KW_ASSERT:
    case KW_GLOBAL:
    case KW_NONLOCAL:
    case KW_IMPORT:
    case KW_FROM: raise_at(p, here(p), "expected expression after 'else', but statement is given");
    default: return;
    }
}

/* Whether the expression starts with a display or constant that "=" would not be meant for. */
static bool starts_with_display(Node *node)
{
    for (;;) {
        switch (node->kind) {
        case NODE_Attribute: node = as_Attribute(node)->value; break;
        case NODE_Subscript: node = as_Subscript(node)->value; break;
        case NODE_Call: node = as_Call(node)->func; break;
        case NODE_BinOp: node = as_BinOp(node)->left; break;
        case NODE_List:
        case NODE_Tuple:
        case NODE_GeneratorExp: return true;
        case NODE_Constant: return as_Constant(node)->value.kind <= LITERAL_TRUE;
        default: return false;
        }
    }
}

/* Whether node comes from a rule at least as strong as bitwise_or. */
static bool is_bitwise_or(const Node *node, const Token *start)
{
    if (start->kind == TOK_LPAR && start->pos.col == node->pos.col - 1) return true;
    switch (node->kind) {
    case NODE_Compare:
    case NODE_BoolOp:
    case NODE_IfExp:
    case NODE_Lambda:
    case NODE_NamedExpr:
    case NODE_Starred: return false;
    case NODE_UnaryOp: return start->kind != KW_NOT;
    default: return true;
    }
}

void invalid_named_expression(Parser *p, const Token *start, Node *node)
{
    if (at(p, TOK_COLONEQUAL)) {
        p->at++;
        if (attempt(p, parse_expression)) {
            raise_at(p, node->pos, "cannot use assignment expressions with %s",
                     expression_name(node));
        }
        mismatch(p);
    }
    if (!at(p, TOK_EQUAL) || !is_bitwise_or(node, start)) return;
    const Token *equal = p->at++;
    Node *value = attempt(p, parse_bitwise_or);
    bool alone = value && !at(p, TOK_EQUAL) && !at(p, TOK_COLONEQUAL);
    if (alone && node->kind == NODE_Name && equal == start + 1) {
        raise_at(p, join(node->pos, value->pos),
                 "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    }
    if (alone && !starts_with_display(node)) {
        raise_at(p, node->pos, "cannot assign to %s here. Maybe you meant '==' instead of '='?",
                 expression_name(node));
    }
    p->at = equal;
}

void invalid_operand(Parser *p)
{
    if (!at(p, KW_NOT)) return;
    Pos start = here(p);
    Node *operand = attempt(p, parse_inversion);
    if (operand) {
        raise_at(p, join(start, operand->pos), "'not' after an operator must be parenthesized");
    }
}

void invalid_starred(Parser *p)
{
    const Token *start = p->at;
    if (!attempt(p, parse_expression)) raise_here(p, "Invalid star expression");
    p->at = start;
}

void invalid_star_assignment(Parser *p, Pos start)
{
    const Token *equal = p->at++;
    Node *value = attempt(p, parse_expression);
    if (value) {
        raise_at(p, join(start, value->pos), "cannot assign to iterable argument unpacking");
    }
    p->at = equal;
}

void invalid_lambda_in_fstring(Parser *p, Pos start)
{
    if (!at(p, TOK_COLON)) return;
    if (p->at[1].kind != TOK_FSTRING_MIDDLE && p->at[1].kind != TOK_RBRACE) return;
    raise_at(p, join(start, here(p)),
             "f-string: lambda expressions are not allowed without parentheses");
}

/* --- Brackets --- */

void invalid_group(Parser *p, const Token *open)
{
    const Token *start = p->at;
    (void)open;
    if (at(p, TOK_STAR)) {
        Node *starred = attempt(p, parse_starred_expression);
        if (starred && at(p, TOK_RPAR)) {
            raise_at(p, starred->pos, "cannot use starred expression here");
        }
    } else if (accept(p, TOK_DOUBLESTAR)) {
        if (attempt(p, parse_expression) && at(p, TOK_RPAR)) {
            raise_at(p, start->pos, "cannot use double starred expression here");
        }
    }
    p->at = start;
}

static bool at_for(const Parser *p)
{
    return at(p, KW_FOR) || (at(p, KW_ASYNC) && peek(p, 1) == KW_FOR);
}

void invalid_comprehension_items(Parser *p, const Token *open, Nodes items)
{
    if (!at_for(p)) return;
    const Token *loop = p->at;
    Node *first = items.items[0], *last = items.items[items.len - 1];
    bool comma = loop[-1].kind == TOK_COMMA;
    bool starred = items.len == 1 && first->kind == NODE_Starred && !comma;
    if (!starred && ((items.len == 1 && !comma) || open->kind == TOK_LPAR)) return;
    if (!attempt(p, parse_for_if_clause)) return;
    if (starred) {
        raise_at(p, first->pos, "iterable unpacking cannot be used in comprehension");
    }
    raise_at(p, join(first->pos, items.len == 1 ? loop[-1].pos : last->pos),
             "did you forget parentheses around the comprehension target?");
}

void invalid_dict_key(Parser *p, Node *key)
{
    if (at(p, TOK_COLON)) return;
    Pos pos = {key->pos.line, key->pos.end_col - 1, key->pos.end_line, key->pos.end_col};
    raise_at(p, pos, "':' expected after dictionary key");
}

void invalid_dict_value(Parser *p)
{
    Pos star = here(p);
    if (at(p, TOK_STAR)) {
        p->at++;
        if (attempt(p, parse_bitwise_or)) {
            raise_from(p, star, "cannot use a starred expression in a dictionary value");
        }
        p->at--;
    }
    if (at(p, TOK_RBRACE) || at(p, TOK_COMMA)) {
        raise_at(p, p->at[-1].pos, "expression expected after dictionary key and ':'");
    }
}

void invalid_dict_comprehension(Parser *p, const Token *open)
{
    if (open[1].kind == TOK_DOUBLESTAR && at_for(p)) {
        raise_at(p, open[1].pos, "dict unpacking cannot be used in dict comprehension");
    }
}

void invalid_for_target(Parser *p, const Token *first, bool comprehension)
{
    p->at = first;
    if (comprehension) {
        Node *target = attempt(p, parse_star_targets);
        if (target && !at(p, KW_IN) && target->kind != NODE_Starred) {
            raise_here(p, "'in' expected after for-loop variables");
        }
        p->at = first;
    }
    Node *node = attempt(p, parse_star_expressions);
    if (node && invalid_target(node, TARGET_FOR)) raise_invalid_target(p, node, TARGET_FOR);
}
