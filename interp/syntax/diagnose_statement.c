/* diagnose_statement.c - mistakes in statements and patterns.
 *
 * Neighbours: diagnose.h, parse_statement.c, parse_import.c, parse_compound.c, parse_pattern.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/diagnose.h"

/* --- Assignments --- */

/* "a, b: int" and "f(): int"; what stands before the colon is no single target. */
static void invalid_annotation(Parser *p, const Token *start)
{
    p->at = start;
    Node *target = attempt(p, parse_star_expressions);
    if (!target || !accept(p, TOK_COLON) || !attempt(p, parse_expression)) return;
    if (target->kind == NODE_List || target->kind == NODE_Tuple) {
        bool bare = target->kind == NODE_Tuple && start->kind != TOK_LPAR;
        Node *what = bare ? as_Tuple(target)->elts.items[0] : target;
        raise_at(p, what->pos, "only single target (not %s) can be annotated",
                 expression_name(target));
    }
    raise_at(p, target->pos, "illegal target for annotation");
}

/* "a = f() = b": the first side that can't be assigned to. */
static void invalid_chain(Parser *p, const Token *start)
{
    p->at = start;
    for (;;) {
        bool yields = at(p, KW_YIELD);
        Node *side = attempt(p, parse_annotated_rhs);
        if (!side || !at(p, TOK_EQUAL)) return;
        if (yields) raise_at(p, side->pos, "assignment to yield expression not possible");
        if (invalid_target(side, TARGET_ASSIGN)) raise_invalid_target(p, side, TARGET_ASSIGN);
        p->at++;
    }
}

static bool is_augmented(const Parser *p)
{
    return at(p, TOK_PLUSEQUAL) || (kind_at(p) > TOK_PLUSEQUAL && kind_at(p) < TOK_PLUS);
}

void invalid_assignment(Parser *p, const Token *start)
{
    invalid_annotation(p, start);
    p->at = start;
    do { /* each item may hold "f() = 1" */
        if (!attempt(p, parse_star_named_expression)) break;
    } while (accept(p, TOK_COMMA));
    invalid_chain(p, start);
    p->at = start;
    Node *target = attempt(p, parse_star_expressions);
    if (!target || !is_augmented(p)) return;
    p->at++;
    if (!attempt(p, parse_annotated_rhs)) return;
    raise_at(p, target->pos, "'%s' is an illegal expression for augmented assignment",
             expression_name(target));
}

/* --- Other lines --- */

void invalid_delete(Parser *p, const Token *first)
{
    p->at = first;
    Node *node = attempt(p, parse_star_expressions);
    if (node && invalid_target(node, TARGET_DELETE)) raise_invalid_target(p, node, TARGET_DELETE);
}

void invalid_raise(Parser *p)
{
    if (!at(p, KW_FROM)) return;
    raise_at(p, join(p->at[-1].pos, here(p)),
             "did you forget an expression between 'raise' and 'from'?");
}

void invalid_raise_from(Parser *p)
{
    if (starts_expression(kind_at(p))) return;
    raise_at(p, p->at[-1].pos, "did you forget an expression after 'from'?");
}

static const Token *after_dotted_name(const Token *token)
{
    while (token->kind == TOK_NAME && token[1].kind == TOK_DOT) token += 2;
    return token->kind == TOK_NAME ? token + 1 : NULL;
}

void invalid_import(Parser *p, Pos start)
{
    if (at(p, TOK_NEWLINE)) raise_from(p, here(p), "Expected one or more names after 'import'");
    const Token *token = after_dotted_name(p->at);
    while (token && token->kind == TOK_COMMA) token = after_dotted_name(token + 1);
    if (!token || token->kind != KW_FROM) return;
    token = after_dotted_name(token + 1);
    if (!token) return;
    p->at = token;
    raise_from(p, start, "Did you mean to use 'from ... import ...' instead?");
}

void invalid_import_target(Parser *p, bool brackets)
{
    TokenKind next = peek(p, 1);
    bool ends = next == TOK_COMMA || next == TOK_NEWLINE || next == TOK_SEMI ||
                (brackets && next == TOK_RPAR);
    if (at(p, TOK_NAME) && ends) return;
    Node *node = attempt(p, parse_expression);
    if (node) raise_at(p, node->pos, "cannot use %s as import target", expression_name(node));
}

void invalid_import_targets(Parser *p)
{
    if (at(p, TOK_NEWLINE)) raise_from(p, here(p), "Expected one or more names after 'import'");
    const Token *start = p->at;
    while (attempt(p, parse_import_from_as_name) && accept(p, TOK_COMMA)) {
        if (!at(p, TOK_NEWLINE)) continue;
        raise_here(p, "trailing comma not allowed without surrounding parentheses");
    }
    p->at = start;
}

/* --- Blocks --- */

void invalid_with_target(Parser *p, const Token *first)
{
    p->at = first;
    Node *node = attempt(p, parse_expression);
    if (!node || !(at(p, TOK_COMMA) || at(p, TOK_RPAR) || at(p, TOK_COLON))) return;
    if (invalid_target(node, TARGET_ASSIGN)) raise_invalid_target(p, node, TARGET_ASSIGN);
}

void invalid_except_start(Parser *p, bool star)
{
    if (star && (at(p, TOK_NEWLINE) || at(p, TOK_COLON))) {
        raise_here(p, "expected one or more exception types");
    }
    if (at(p, TOK_NEWLINE)) raise_here(p, "expected ':'");
}

void invalid_except_type(Parser *p, const Token *first, Node *type)
{
    if (!at(p, KW_AS) || type->kind != NODE_Tuple || first->pos.col < type->pos.col) return;
    if (first->kind == TOK_LPAR && type->pos.col == first->pos.col && p->at[-1].kind == TOK_RPAR &&
        as_Tuple(type)->elts.len && as_Tuple(type)->elts.items[0]->pos.col > first->pos.col) {
        return; /* parenthesised */
    }
    raise_from(p, first->pos, "multiple exception types must be parenthesized when using 'as'");
}

void invalid_except_name(Parser *p, bool star)
{
    if (at(p, TOK_NAME) && peek(p, 1) == TOK_COLON) return;
    Node *node = attempt(p, parse_expression);
    if (!node || !at(p, TOK_COLON)) return;
    raise_at(p, node->pos, "cannot use except%s statement with %s", star ? "*" : "",
             expression_name(node));
}

void invalid_try(Parser *p, bool has_handlers, bool star)
{
    if (!has_handlers && !at(p, KW_FINALLY)) {
        raise_here(p, "expected 'except' or 'finally' block");
    }
    if (has_handlers && at(p, KW_EXCEPT) && (peek(p, 1) == TOK_STAR) != star) {
        raise_at(p, star ? here(p) : join(here(p), p->at[1].pos),
                 "cannot have both 'except' and 'except*' on the same 'try'");
    }
}

/* --- Patterns --- */

void invalid_as_pattern(Parser *p)
{
    if (at_soft(p, SOFT_UNDERSCORE)) raise_at(p, here(p), "cannot use '_' as a target");
    if (at(p, TOK_NAME) && peek(p, 1) != TOK_DOT && peek(p, 1) != TOK_LPAR) return;
    Node *node = attempt(p, parse_expression);
    if (node) raise_at(p, node->pos, "cannot use %s as pattern target", expression_name(node));
}

void invalid_class_pattern(Parser *p)
{
    Node *first = attempt(p, parse_pattern), *last = first;
    while (first && accept(p, TOK_COMMA) && !(at(p, TOK_NAME) && peek(p, 1) == TOK_EQUAL)) {
        Node *next = attempt(p, parse_pattern);
        if (!next) break;
        last = next;
    }
    if (!first) return;
    raise_at(p, join(first->pos, last->pos), "positional patterns follow keyword patterns");
}
