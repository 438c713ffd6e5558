/* parse_statement.c - statements of one line.
 *
 * Assignments start as an expression that becomes a target when a '=' follows.
 * Neighbours: parse_compound.c (the others), parse_import.c, parse_target.c, diagnose.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

/* statements: statement+ */
RULE_LIST(statements)
{
    ptrdiff_t begin = list_begin(p);
    while (!at(p, TOK_END) && !at(p, TOK_DEDENT)) parse_statement(p);
    return list_end(p, begin);
}

/* Pushes the statements of a line. */
static void simple_line(Parser *p)
{
    do {
        nodes_push(p, parse_simple_stmt(p));
    } while (accept(p, TOK_SEMI) && !at(p, TOK_NEWLINE));
    expect(p, TOK_NEWLINE);
}

/* statement: compound_stmt | simple_stmts */
RULE_WITH(void, statement)
{
    if (starts_compound(p)) nodes_push(p, parse_compound_stmt(p));
    else simple_line(p);
}

/* simple_stmts: simple_stmt (';' simple_stmt)* [';'] NEWLINE */
RULE_LIST(simple_stmts)
{
    ptrdiff_t begin = list_begin(p);
    simple_line(p);
    return list_end(p, begin);
}

/* simple_stmt:
 *     | assignment
 *     | type_alias
 *     | return_stmt
 *     | import_stmt
 *     | raise_stmt
 *     | pass_stmt
 *     | del_stmt
 *     | assert_stmt
 *     | break_stmt
 *     | continue_stmt
 *     | global_stmt
 *     | nonlocal_stmt */
RULE(simple_stmt)
{
    switch (kind_at(p)) {
    case KW_RETURN: return parse_return_stmt(p);
    case KW_IMPORT:
    case KW_FROM: return parse_import_stmt(p);
    case KW_RAISE: return parse_raise_stmt(p);
    case KW_PASS: return parse_pass_stmt(p);
    case KW_DEL: return parse_del_stmt(p);
    case KW_ASSERT: return parse_assert_stmt(p);
    case KW_BREAK: return parse_break_stmt(p);
    case KW_CONTINUE: return parse_continue_stmt(p);
    case KW_GLOBAL: return parse_global_stmt(p);
    case KW_NONLOCAL: return parse_nonlocal_stmt(p);
    case TOK_NAME:
        if (at_soft(p, SOFT_TYPE) && peek(p, 1) == TOK_NAME) return parse_type_alias(p);
        return parse_assignment(p);
    default: return parse_assignment(p);
    }
}

/* --- Assignments --- */

static bool augmented_op(TokenKind kind, Op *op)
{
    switch (kind) {
    case TOK_PLUSEQUAL: *op = BIN_ADD; return true;
    case TOK_MINEQUAL: *op = BIN_SUB; return true;
    case TOK_STAREQUAL: *op = BIN_MULT; return true;
    case TOK_ATEQUAL: *op = BIN_MATMULT; return true;
    case TOK_SLASHEQUAL: *op = BIN_DIV; return true;
    case TOK_PERCENTEQUAL: *op = BIN_MOD; return true;
    case TOK_AMPEREQUAL: *op = BIN_BITAND; return true;
    case TOK_VBAREQUAL: *op = BIN_BITOR; return true;
    case TOK_CIRCUMFLEXEQUAL: *op = BIN_BITXOR; return true;
    case TOK_LEFTSHIFTEQUAL: *op = BIN_LSHIFT; return true;
    case TOK_RIGHTSHIFTEQUAL: *op = BIN_RSHIFT; return true;
    case TOK_DOUBLESTAREQUAL: *op = BIN_POW; return true;
    case TOK_DOUBLESLASHEQUAL: *op = BIN_FLOORDIV; return true;
    default: return false;
    }
}

/* annotated_rhs: yield_expr | star_expressions */
RULE(annotated_rhs) { return at(p, KW_YIELD) ? parse_yield_expr(p) : parse_star_expressions(p); }

static bool is_single_target(const Node *node)
{
    return node->kind == NODE_Name || node->kind == NODE_Attribute || node->kind == NODE_Subscript;
}

static Node *annotated(Parser *p, const Token *start, Node *target)
{
    if (!is_single_target(target)) {
        if (p->diagnose) invalid_assignment(p, start);
        mismatch(p);
    }
    set_context(target, CTX_STORE);
    expect(p, TOK_COLON);
    Node *annotation = parse_expression(p);
    Node *value = accept(p, TOK_EQUAL) ? parse_annotated_rhs(p) : NULL;
    bool simple = target->kind == NODE_Name && start->kind == TOK_NAME;
    return node_AnnAssign(p->arena, upto(p, start->pos), target, annotation, value, simple);
}

static Node *augmented(Parser *p, const Token *start, Node *target, Op op)
{
    if (!is_single_target(target)) {
        if (p->diagnose) invalid_assignment(p, start);
        mismatch(p);
    }
    set_context(target, CTX_STORE);
    p->at++;
    Node *value = parse_annotated_rhs(p);
    return node_AugAssign(p->arena, upto(p, start->pos), target, op, value);
}

static Node *chained(Parser *p, const Token *start, Node *target)
{
    ptrdiff_t begin = list_begin(p);
    Node *value = target;
    while (at(p, TOK_EQUAL)) {
        if (!set_context(value, CTX_STORE)) {
            if (p->diagnose) invalid_assignment(p, start);
            mismatch(p);
        }
        nodes_push(p, value);
        p->at++;
        value = parse_annotated_rhs(p);
    }
    Nodes targets = list_end(p, begin);
    return node_Assign(p->arena, upto(p, start->pos), targets, value);
}

/* assignment:
 *     | (star_targets '=')+ annotated_rhs
 *     | single_target ':' expression ['=' annotated_rhs]
 *     | single_target augmented_assign annotated_rhs
 *     | annotated_rhs
 *
 * single_target: NAME | '(' single_target ')' | primary '.' NAME | primary '[' slices ']'
 *
 * augmented_assign:
 *     | '+=' | '-=' | '*=' | '@=' | '/=' | '%=' | '&=' | '|=' | '^=' | '<<=' | '>>=' |
 *       '**=' | '//=' */
RULE(assignment)
{
    const Token *start = p->at;
    Op op;
    Node *first = parse_annotated_rhs(p);
    switch (kind_at(p)) {
    case TOK_NEWLINE:
    case TOK_SEMI: break;
    case TOK_COLONEQUAL:
        if (p->diagnose && p->at != start + 1) invalid_named_expression(p, start, first);
        break;
    case TOK_EQUAL: return chained(p, start, first);
    case TOK_COLON: return annotated(p, start, first);
    default:
        if (augmented_op(kind_at(p), &op)) return augmented(p, start, first, op);
    }
    return node_Expr(p->arena, upto(p, start->pos), first);
}

/* type_alias: 'type' NAME [type_params] '=' expression */
RULE(type_alias)
{
    Pos start = here(p);
    p->at++;
    Pos name_start = here(p);
    Name name = expect_name(p);
    Node *target = node_Name(p->arena, upto(p, name_start), name, CTX_STORE);
    Nodes params = at(p, TOK_LSQB) ? parse_type_params(p) : (Nodes){0};
    expect(p, TOK_EQUAL);
    Node *value = parse_expression(p);
    return node_TypeAlias(p->arena, upto(p, start), target, params, value);
}

/* --- The rest --- */

static bool at_line_end(const Parser *p) { return at(p, TOK_NEWLINE) || at(p, TOK_SEMI); }

/* return_stmt: 'return' [star_expressions] */
RULE(return_stmt)
{
    Pos start = here(p);
    expect(p, KW_RETURN);
    Node *value = at_line_end(p) ? NULL : parse_star_expressions(p);
    return node_Return(p->arena, upto(p, start), value);
}

/* raise_stmt: 'raise' [expression ['from' expression]] */
RULE(raise_stmt)
{
    Pos start = here(p);
    Node *cause = NULL;
    expect(p, KW_RAISE);
    if (p->diagnose) invalid_raise(p);
    Node *error = at_line_end(p) ? NULL : parse_expression(p);
    if (error && accept(p, KW_FROM)) {
        if (p->diagnose) invalid_raise_from(p);
        cause = parse_expression(p);
    }
    return node_Raise(p->arena, upto(p, start), error, cause);
}

/* pass_stmt: 'pass' */
RULE(pass_stmt)
{
    const Token *token = expect(p, KW_PASS);
    if (p->diagnose) invalid_statement_condition(p, token);
    return node_Pass(p->arena, token->pos);
}

/* break_stmt: 'break' */
RULE(break_stmt)
{
    const Token *token = expect(p, KW_BREAK);
    if (p->diagnose) invalid_statement_condition(p, token);
    return node_Break(p->arena, token->pos);
}

/* continue_stmt: 'continue' */
RULE(continue_stmt)
{
    const Token *token = expect(p, KW_CONTINUE);
    if (p->diagnose) invalid_statement_condition(p, token);
    return node_Continue(p->arena, token->pos);
}

/* del_stmt: 'del' del_target (',' del_target)* [',']
 *
 * del_target:
 *     | NAME
 *     | primary '.' NAME
 *     | primary '[' slices ']'
 *     | '(' del_target ')'
 *     | '(' del_target ',' [del_target (',' del_target)* [',']] ')'
 *     | '[' [del_target (',' del_target)* [',']] ']' */
RULE(del_stmt)
{
    Pos start = here(p);
    expect(p, KW_DEL);
    const Token *first = p->at;
    ptrdiff_t begin = list_begin(p);
    bool valid = true;
    do {
        Node *target = parse_star_target(p);
        valid &= set_context(target, CTX_DEL);
        nodes_push(p, target);
    } while (accept(p, TOK_COMMA) && !at_line_end(p));
    if (!valid || !at_line_end(p)) {
        if (p->diagnose) invalid_delete(p, first);
        mismatch(p);
    }
    Nodes targets = list_end(p, begin);
    return node_Delete(p->arena, upto(p, start), targets);
}

/* assert_stmt: 'assert' expression [',' expression] */
RULE(assert_stmt)
{
    Pos start = here(p);
    expect(p, KW_ASSERT);
    Node *test = parse_expression(p);
    Node *message = accept(p, TOK_COMMA) ? parse_expression(p) : NULL;
    return node_Assert(p->arena, upto(p, start), test, message);
}

static Names name_list(Parser *p)
{
    const Token *first = p->at;
    Names names = {NULL, 0};
    do {
        expect(p, TOK_NAME);
        names.len++;
    } while (accept(p, TOK_COMMA));
    names.items = arena_alloc(p->arena, (size_t)names.len * sizeof(Name));
    for (ptrdiff_t i = 0; i < names.len; i++) names.items[i] = first[2 * i].name;
    return names;
}

/* global_stmt: 'global' NAME (',' NAME)* */
RULE(global_stmt)
{
    Pos start = here(p);
    expect(p, KW_GLOBAL);
    Names names = name_list(p);
    return node_Global(p->arena, upto(p, start), names);
}

/* nonlocal_stmt: 'nonlocal' NAME (',' NAME)* */
RULE(nonlocal_stmt)
{
    Pos start = here(p);
    expect(p, KW_NONLOCAL);
    Names names = name_list(p);
    return node_Nonlocal(p->arena, upto(p, start), names);
}
