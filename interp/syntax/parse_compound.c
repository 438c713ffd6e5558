/* parse_compound.c - statements with blocks.
 *
 * Neighbours: parse_statement.c, parse_pattern.c (what follows "case"), diagnose_statement.c
 * (missing colons and indentation). */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

/* Whether the line that starts with "match" here is a match statement: it ends with a colon, as no
 * expression can (or, when looking for mistakes, goes on like one). */
static bool starts_match(const Parser *p)
{
    switch (peek(p, 1)) {
    case TOK_NAME:
    case TOK_NUMBER:
    case TOK_STRING:
    case TOK_FSTRING_START:
    case TOK_TSTRING_START:
    case TOK_LBRACE:
    case TOK_TILDE:
    case TOK_ELLIPSIS:
    case KW_NONE:
    case KW_TRUE:
    case KW_FALSE:
    case KW_LAMBDA:
    case KW_AWAIT: return true;
    case TOK_LPAR:
    case TOK_LSQB:
    case TOK_PLUS:
    case TOK_MINUS:
    case TOK_STAR:
    case KW_NOT: break;
    default: return false;
    }
    const Token *token = p->at + 1;
    while (token->kind != TOK_NEWLINE && token->kind != TOK_END && token->kind != TOK_ERROR) {
        token++;
    }
    return token[-1].kind == TOK_COLON && token[-1].level == p->at->level;
}

bool starts_compound(const Parser *p)
{
    switch (kind_at(p)) {
    case KW_DEF:
    case KW_IF:
    case KW_CLASS:
    case KW_WITH:
    case KW_FOR:
    case KW_TRY:
    case KW_WHILE:
    case KW_ASYNC:
    case TOK_AT: return true;
    default: return at_soft(p, SOFT_MATCH) && starts_match(p);
    }
}

/* compound_stmt:
 *     | function_def
 *     | if_stmt
 *     | class_def
 *     | with_stmt
 *     | for_stmt
 *     | try_stmt
 *     | while_stmt
 *     | match_stmt
 *     | async_stmt
 *     | decorated */
RULE(compound_stmt)
{
    switch (kind_at(p)) {
    case KW_DEF: return parse_function_def(p);
    case KW_IF: return parse_if_stmt(p);
    case KW_CLASS: return parse_class_def(p);
    case KW_WITH: return parse_with_stmt(p);
    case KW_FOR: return parse_for_stmt(p);
    case KW_TRY: return parse_try_stmt(p);
    case KW_WHILE: return parse_while_stmt(p);
    case KW_ASYNC: return parse_async_stmt(p);
    case TOK_AT: return parse_decorated(p);
    default: return parse_match_stmt(p);
    }
}

/* block: NEWLINE INDENT statements DEDENT | simple_stmts */
RULE_WITH(Nodes, block, const char *what, int line)
{
    if (!accept(p, TOK_NEWLINE)) return parse_simple_stmts(p);
    if (!at(p, TOK_INDENT)) {
        if (p->diagnose && !at(p, TOK_ERROR)) {
            raise_indentation(p, "expected an indented block after %s on line %d", what, line);
        }
        mismatch(p);
    }
    p->at++;
    Nodes body = parse_statements(p);
    expect(p, TOK_DEDENT);
    return body;
}

/* The colon of a statement whose line goes on with nothing else. */
static void colon(Parser *p)
{
    if (p->diagnose && at(p, TOK_NEWLINE)) raise_here(p, "expected ':'");
    expect(p, TOK_COLON);
}

/* --- if, while, for --- */

/* else_block: 'else' ':' block
 *
 * Nothing gives an empty list. */
static RULE_WITH(Nodes, else_block, const char *what)
{
    Pos start = here(p);
    if (!accept(p, KW_ELSE)) return (Nodes){0};
    expect_forced(p, TOK_COLON);
    Nodes body = parse_block(p, what, start.line);
    if (p->diagnose && at(p, KW_ELIF)) raise_here(p, "'elif' block follows an 'else' block");
    return body;
}

static Node *if_or_elif(Parser *p, const char *what)
{
    Pos start = here(p);
    p->at++;
    enter(p);
    Node *test = parse_named_expression(p);
    colon(p);
    Nodes body = parse_block(p, what, start.line), otherwise;
    if (at(p, KW_ELIF)) otherwise = list_of(p, if_or_elif(p, "'elif' statement"));
    else otherwise = parse_else_block(p, "'else' statement");
    leave(p);
    return node_If(p->arena, upto(p, start), test, body, otherwise);
}

/* if_stmt: 'if' named_expression ':' block ('elif' named_expression ':' block)* [else_block] */
RULE(if_stmt) { return if_or_elif(p, "'if' statement"); }

/* while_stmt: 'while' named_expression ':' block [else_block] */
RULE(while_stmt)
{
    Pos start = here(p);
    expect(p, KW_WHILE);
    Node *test = parse_named_expression(p);
    colon(p);
    Nodes body = parse_block(p, "'while' statement", start.line);
    Nodes otherwise = parse_else_block(p, "'else' statement");
    return node_While(p->arena, upto(p, start), test, body, otherwise);
}

static Node *for_loop(Parser *p, Pos start, bool is_async)
{
    Pos line = here(p);
    expect(p, KW_FOR);
    const Token *first = p->at;
    Node *target = parse_star_targets(p);
    if (!at(p, KW_IN) || !set_context(target, CTX_STORE)) {
        if (p->diagnose) invalid_for_target(p, first, false);
        mismatch(p);
    }
    expect(p, KW_IN);
    Node *iterable = parse_star_expressions(p);
    colon(p);
    Nodes body = parse_block(p, "'for' statement", line.line);
    Nodes otherwise = parse_else_block(p, "'else' statement");
    Pos pos = upto(p, start);
    if (is_async) return node_AsyncFor(p->arena, pos, target, iterable, body, otherwise);
    return node_For(p->arena, pos, target, iterable, body, otherwise);
}

/* for_stmt: 'for' star_targets 'in' star_expressions ':' block [else_block] */
RULE(for_stmt) { return for_loop(p, here(p), false); }

/* --- with --- */

/* with_item: expression ['as' star_target] */
RULE(with_item)
{
    Pos start = here(p);
    Node *context = parse_expression(p), *target = NULL;
    if (accept(p, KW_AS)) {
        const Token *first = p->at;
        target = parse_star_target(p);
        bool ends = at(p, TOK_COMMA) || at(p, TOK_RPAR) || at(p, TOK_COLON) ||
                    (p->diagnose && at(p, TOK_NEWLINE));
        if (!ends || !set_context(target, CTX_STORE)) {
            if (p->diagnose) invalid_with_target(p, first);
            mismatch(p);
        }
    }
    return node_withitem(p->arena, upto(p, start), context, target);
}

/* '(' with_item (',' with_item)* [','] ')' ':': pushes the items; the result only says that they
 * are there. */
static Node *bracketed_items(Parser *p)
{
    Node *item;
    expect(p, TOK_LPAR);
    do {
        item = parse_with_item(p);
        nodes_push(p, item);
    } while (accept(p, TOK_COMMA) && !at(p, TOK_RPAR));
    expect(p, TOK_RPAR);
    if (p->diagnose && at(p, TOK_NEWLINE)) raise_here(p, "expected ':'");
    if (!at(p, TOK_COLON)) mismatch(p);
    return item;
}

/* Whether the bracket at p->at is closed right before a ':' (or, looking for mistakes, before the
 * end of the line). */
static bool bracket_before_colon(const Parser *p)
{
    const Token *token = p->at + 1;
    while (token->level >= p->at->level && token->kind != TOK_END && token->kind != TOK_ERROR) {
        token++;
    }
    return token->kind == TOK_RPAR &&
           (token[1].kind == TOK_COLON || (p->diagnose && token[1].kind == TOK_NEWLINE));
}

static Node *with_block(Parser *p, Pos start, bool is_async)
{
    Pos line = here(p);
    expect(p, KW_WITH);
    ptrdiff_t begin = list_begin(p);
    bool bracketed = at(p, TOK_LPAR) && bracket_before_colon(p);
    if (!bracketed || !attempt(p, bracketed_items)) {
        do {
            nodes_push(p, parse_with_item(p));
        } while (accept(p, TOK_COMMA));
    }
    colon(p);
    Nodes items = list_end(p, begin);
    Nodes body = parse_block(p, "'with' statement", line.line);
    Pos pos = upto(p, start);
    if (is_async) return node_AsyncWith(p->arena, pos, items, body);
    return node_With(p->arena, pos, items, body);
}

/* with_stmt:
 *     | 'with' '(' with_item (',' with_item)* [','] ')' ':' block
 *     | 'with' with_item (',' with_item)* ':' block */
RULE(with_stmt) { return with_block(p, here(p), false); }

/* --- try --- */

/* except_block:
 *     | 'except' expressions ':' block
 *     | 'except' expression 'as' NAME ':' block
 *     | 'except' ':' block
 *
 * except_star_block:
 *     | 'except' '*' expressions ':' block
 *     | 'except' '*' expression 'as' NAME ':' block */
RULE(except_block)
{
    Pos start = here(p);
    Node *type = NULL;
    Name name = NULL;
    expect(p, KW_EXCEPT);
    bool star = accept(p, TOK_STAR);
    if (p->diagnose) invalid_except_start(p, star);
    if (star || !at(p, TOK_COLON)) {
        const Token *first = p->at;
        type = parse_expressions(p);
        if (p->diagnose) invalid_except_type(p, first, type);
        if (at(p, KW_AS)) {
            if (type->kind == NODE_Tuple && first->kind != TOK_LPAR) mismatch(p);
            p->at++;
            if (p->diagnose) invalid_except_name(p, star);
            name = expect_name(p);
        }
    }
    colon(p);
    Nodes body = parse_block(p, star ? "'except*' statement" : "'except' statement", start.line);
    return node_ExceptHandler(p->arena, upto(p, start), type, name, body);
}

static bool at_except(const Parser *p, bool star)
{
    return at(p, KW_EXCEPT) && (peek(p, 1) == TOK_STAR) == star;
}

/* try_stmt:
 *     | 'try' ':' block finally_block
 *     | 'try' ':' block except_block+ [else_block] [finally_block]
 *     | 'try' ':' block except_star_block+ [else_block] [finally_block]
 *
 * finally_block: 'finally' ':' block */
RULE(try_stmt)
{
    Pos start = here(p);
    expect(p, KW_TRY);
    expect_forced(p, TOK_COLON);
    Nodes body = parse_block(p, "'try' statement", start.line), otherwise = {0}, final = {0};
    ptrdiff_t begin = list_begin(p);
    bool star = at_except(p, true);
    while (at_except(p, star)) nodes_push(p, parse_except_block(p));
    if (p->diagnose) invalid_try(p, list_begin(p) > begin, star);
    Nodes handlers = list_end(p, begin);
    if (handlers.len) otherwise = parse_else_block(p, "'else' statement");
    Pos line = here(p);
    if (handlers.len ? accept(p, KW_FINALLY) : expect(p, KW_FINALLY) != NULL) {
        expect_forced(p, TOK_COLON);
        final = parse_block(p, "'finally' statement", line.line);
    }
    Pos pos = upto(p, start);
    if (star) return node_TryStar(p->arena, pos, body, handlers, otherwise, final);
    return node_Try(p->arena, pos, body, handlers, otherwise, final);
}

/* --- match --- */

/* subject_expr:
 *     | star_named_expression ',' [star_named_expression (',' star_named_expression)*
 *       [',']]
 *     | named_expression */
RULE(subject_expr)
{
    Pos start = here(p);
    Node *first = parse_star_named_expression(p);
    if (!at(p, TOK_COMMA)) {
        if (first->kind == NODE_Starred) mismatch(p);
        return first;
    }
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_COMMA) && !at(p, TOK_COLON)) {
        nodes_push(p, parse_star_named_expression(p));
    }
    Nodes items = list_end(p, begin);
    return node_Tuple(p->arena, upto(p, start), items, CTX_LOAD);
}

/* case_block: 'case' patterns ['if' named_expression] ':' block */
RULE(case_block)
{
    Pos start = here(p);
    if (!at_soft(p, SOFT_CASE)) mismatch(p);
    p->at++;
    Node *pattern = parse_patterns(p);
    Node *guard = accept(p, KW_IF) ? parse_named_expression(p) : NULL;
    colon(p);
    Nodes body = parse_block(p, "'case' statement", start.line);
    return node_match_case(p->arena, upto(p, start), pattern, guard, body);
}

/* match_stmt: 'match' subject_expr ':' NEWLINE INDENT case_block+ DEDENT */
RULE(match_stmt)
{
    Pos start = here(p);
    p->at++;
    Node *subject = parse_subject_expr(p);
    colon(p);
    expect(p, TOK_NEWLINE);
    if (!at(p, TOK_INDENT) && p->diagnose && !at(p, TOK_ERROR)) {
        raise_indentation(p, "expected an indented block after 'match' statement on line %d",
                          start.line);
    }
    expect(p, TOK_INDENT);
    ptrdiff_t begin = list_begin(p);
    do {
        nodes_push(p, parse_case_block(p));
    } while (at_soft(p, SOFT_CASE));
    Pos pos = upto(p, start);
    Nodes cases = list_end(p, begin);
    expect(p, TOK_DEDENT);
    return node_Match(p->arena, pos, subject, cases);
}

/* --- Definitions --- */

static Node *function(Parser *p, Pos start, bool is_async, Nodes decorators)
{
    Pos line = here(p);
    expect(p, KW_DEF);
    Name name = expect_name(p);
    Nodes type_params = at(p, TOK_LSQB) ? parse_type_params(p) : (Nodes){0};
    expect_forced(p, TOK_LPAR);
    Node *parameters = parse_parameters(p);
    expect(p, TOK_RPAR);
    Node *returns = accept(p, TOK_RARROW) ? parse_expression(p) : NULL;
    expect_forced(p, TOK_COLON);
    Nodes body = parse_block(p, "function definition", line.line);
    Pos pos = upto(p, start);
    if (is_async) {
        return node_AsyncFunctionDef(p->arena, pos, name, parameters, body, decorators, returns,
                                     type_params);
    }
    return node_FunctionDef(p->arena, pos, name, parameters, body, decorators, returns,
                            type_params);
}

/* function_def: 'def' NAME [type_params] '(' [parameters] ')' ['->' expression] ':' block */
RULE(function_def) { return function(p, here(p), false, (Nodes){0}); }

/* async_stmt: 'async' function_def | 'async' with_stmt | 'async' for_stmt */
RULE(async_stmt)
{
    Pos start = here(p);
    expect(p, KW_ASYNC);
    switch (kind_at(p)) {
    case KW_DEF: return function(p, start, true, (Nodes){0});
    case KW_WITH: return with_block(p, start, true);
    case KW_FOR: return for_loop(p, start, true);
    default: mismatch(p);
    }
}

static Node *class(Parser *p, Nodes decorators)
{
    Pos start = here(p);
    Nodes bases = {0}, keywords = {0};
    expect(p, KW_CLASS);
    Name name = expect_name(p);
    Nodes type_params = at(p, TOK_LSQB) ? parse_type_params(p) : (Nodes){0};
    if (accept(p, TOK_LPAR)) {
        parse_arguments(p, false, &bases, &keywords);
        expect(p, TOK_RPAR);
    }
    colon(p);
    Nodes body = parse_block(p, "class definition", start.line);
    return node_ClassDef(p->arena, upto(p, start), name, bases, keywords, body, decorators,
                         type_params);
}

/* class_def: 'class' NAME [type_params] ['(' [arguments] ')'] ':' block */
RULE(class_def) { return class(p, (Nodes){0}); }

/* decorated: ('@' named_expression NEWLINE)+ (class_def | function_def | 'async' function_def) */
RULE(decorated)
{
    ptrdiff_t begin = list_begin(p);
    while (accept(p, TOK_AT)) {
        nodes_push(p, parse_named_expression(p));
        expect(p, TOK_NEWLINE);
    }
    Nodes decorators = list_end(p, begin);
    Pos start = here(p);
    if (at(p, KW_CLASS)) return class(p, decorators);
    bool is_async = accept(p, KW_ASYNC);
    return function(p, start, is_async, decorators);
}
