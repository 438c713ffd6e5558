/* parse_expression.c - operators, conditions, lambda, slices: everything between a statement and an
 * atom.
 *
 * The two-operand operators share one loop, driven by a table of their strengths (precedence
 * climbing); the rules above and below it are one function each.  Positions come from the first
 * token, so parentheses around the left operand count, as they do in CPython.
 * Neighbours: parse_atom.c, parse_call.c, diagnose.c (mistakes in expressions). */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

bool starts_expression(TokenKind kind)
{
    switch (kind) {
    case TOK_NAME:
    case TOK_NUMBER:
    case TOK_STRING:
    case TOK_FSTRING_START:
    case TOK_TSTRING_START:
    case TOK_LPAR:
    case TOK_LSQB:
    case TOK_LBRACE:
    case TOK_MINUS:
    case TOK_PLUS:
    case TOK_TILDE:
    case TOK_ELLIPSIS:
    case KW_NONE:
    case KW_TRUE:
    case KW_FALSE:
    case KW_NOT:
    case KW_LAMBDA:
    case KW_AWAIT: return true;
    default: return false;
    }
}

static bool starts_starred(const Parser *p)
{
    return at(p, TOK_STAR) || starts_expression(kind_at(p));
}

/* item (',' item)* [',']: the item itself when there is no comma, else a tuple. */
static Node *tuple_or_one(Parser *p, Rule *item, Op context)
{
    Pos start = here(p);
    Node *first = item(p);
    if (!at(p, TOK_COMMA)) return first;
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_COMMA) && starts_starred(p)) nodes_push(p, item(p));
    Nodes items = list_end(p, begin);
    return node_Tuple(p->arena, upto(p, start), items, context);
}

/* star_expressions: star_expression (',' star_expression)* [','] */
RULE(star_expressions) { return tuple_or_one(p, parse_star_expression, CTX_LOAD); }

/* expressions: expression (',' expression)* [','] */
RULE(expressions) { return tuple_or_one(p, parse_expression, CTX_LOAD); }

/* star_expression: '*' bitwise_or | expression */
RULE(star_expression)
{
    Pos start = here(p);
    if (!accept(p, TOK_STAR)) return parse_expression(p);
    Node *value = parse_bitwise_or(p);
    return node_Starred(p->arena, upto(p, start), value, CTX_LOAD);
}

/* star_named_expression: '*' bitwise_or | named_expression */
RULE(star_named_expression)
{
    if (at(p, TOK_STAR)) return parse_star_expression(p);
    return parse_named_expression(p);
}

/* starred_expression: '*' expression */
RULE(starred_expression)
{
    Pos start = here(p);
    expect(p, TOK_STAR);
    if (p->diagnose) invalid_starred(p);
    Node *value = parse_expression(p);
    if (p->diagnose && at(p, TOK_EQUAL)) invalid_star_assignment(p, start);
    return node_Starred(p->arena, upto(p, start), value, CTX_LOAD);
}

/* assignment_expression: NAME ':=' expression */
RULE(assignment_expression)
{
    Pos start = here(p);
    Name name = expect_name(p);
    Node *target = node_Name(p->arena, upto(p, start), name, CTX_STORE);
    expect(p, TOK_COLONEQUAL);
    Node *value = parse_expression(p);
    return node_NamedExpr(p->arena, upto(p, start), target, value);
}

/* named_expression: assignment_expression | expression */
RULE(named_expression)
{
    if (at(p, TOK_NAME) && peek(p, 1) == TOK_COLONEQUAL) return parse_assignment_expression(p);
    const Token *start = p->at;
    Node *node = parse_expression(p);
    if (p->diagnose) invalid_named_expression(p, start, node);
    return node;
}

/* lambdef: 'lambda' [lambda_parameters] ':' expression */
RULE(lambdef)
{
    Pos start = here(p);
    expect(p, KW_LAMBDA);
    Node *parameters = parse_lambda_parameters(p);
    if (p->diagnose) invalid_lambda_in_fstring(p, start);
    expect(p, TOK_COLON);
    enter(p);
    Node *body = parse_expression(p);
    leave(p);
    return node_Lambda(p->arena, upto(p, start), parameters, body);
}

/* expression: disjunction ['if' disjunction 'else' expression] | lambdef */
RULE(expression)
{
    if (at(p, KW_LAMBDA)) return parse_lambdef(p);
    const Token *start = p->at;
    if (p->diagnose) invalid_expression_start(p);
    enter(p);
    Node *node = parse_disjunction(p);
    if (p->diagnose) invalid_expression(p, start, node);
    if (accept(p, KW_IF)) {
        Node *test = parse_disjunction(p);
        if (p->diagnose) invalid_condition(p, start, test);
        expect(p, KW_ELSE);
        if (p->diagnose) invalid_else_expression(p);
        Node *otherwise = parse_expression(p);
        node = node_IfExp(p->arena, upto(p, start->pos), test, node, otherwise);
    }
    leave(p);
    return node;
}

static Node *bool_operation(Parser *p, Pos start, Node *first, TokenKind operator, Op op,
                            Rule *operand)
{
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, operator)) nodes_push(p, operand(p));
    Nodes values = list_end(p, begin);
    return node_BoolOp(p->arena, upto(p, start), op, values);
}

/* disjunction: conjunction ('or' conjunction)* */
RULE(disjunction)
{
    Pos start = here(p);
    Node *first = parse_conjunction(p);
    if (!at(p, KW_OR)) return first;
    return bool_operation(p, start, first, KW_OR, BOOL_OR, parse_conjunction);
}

/* conjunction: inversion ('and' inversion)* */
RULE(conjunction)
{
    Pos start = here(p);
    Node *first = parse_inversion(p);
    if (!at(p, KW_AND)) return first;
    return bool_operation(p, start, first, KW_AND, BOOL_AND, parse_inversion);
}

/* inversion: 'not' inversion | comparison */
RULE(inversion)
{
    Pos start = here(p);
    if (!accept(p, KW_NOT)) return parse_comparison(p);
    enter(p);
    Node *operand = parse_inversion(p);
    leave(p);
    return node_UnaryOp(p->arena, upto(p, start), UNARY_NOT, operand);
}

/* --- Comparisons --- */

/* Consumes a comparison operator. */
static bool accept_comparison(Parser *p, Op *op)
{
    switch (kind_at(p)) {
    case TOK_EQEQUAL: *op = CMP_EQ; break;
    case TOK_NOTEQUAL:
        if (p->text[p->at->start] == '<') return false; /* "<>" */
        *op = CMP_NOTEQ;
        break;
    case TOK_LESS: *op = CMP_LT; break;
    case TOK_LESSEQUAL: *op = CMP_LTE; break;
    case TOK_GREATER: *op = CMP_GT; break;
    case TOK_GREATEREQUAL: *op = CMP_GTE; break;
    case KW_IN: *op = CMP_IN; break;
    case KW_NOT:
        if (peek(p, 1) != KW_IN) {
            if (p->far < p->at + 1) p->far = p->at + 1;
            return false;
        }
        p->at++;
        *op = CMP_NOTIN;
        break;
    case KW_IS:
        *op = CMP_IS;
        if (peek(p, 1) != KW_NOT) break;
        p->at++;
        *op = CMP_ISNOT;
        break;
    default: return false;
    }
    p->at++;
    return true;
}

enum { OPS_INLINE = 8 };

/* The operators in a longer chain than fits the caller's array move to the arena. */
static Op *ops_grow(Parser *p, const Op *ops, ptrdiff_t len, ptrdiff_t *capacity)
{
    *capacity *= 2;
    Op *grown = arena_alloc(p->arena, (size_t)*capacity * sizeof *grown);
    for (ptrdiff_t i = 0; i < len; i++) grown[i] = ops[i];
    return grown;
}

/* comparison: bitwise_or (comparison_operator bitwise_or)*
 *
 * comparison_operator:
 *     | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not' 'in' | 'is' | 'is' 'not' */
RULE(comparison)
{
    Pos start = here(p);
    Node *left = parse_bitwise_or(p);
    Op op;
    if (!accept_comparison(p, &op)) return left;
    Op local[OPS_INLINE], *ops = local;
    ptrdiff_t len = 0, capacity = OPS_INLINE, begin = list_begin(p);
    do {
        if (len == capacity) ops = ops_grow(p, ops, len, &capacity);
        ops[len++] = op;
        nodes_push(p, parse_bitwise_or(p));
    } while (accept_comparison(p, &op));
    Nodes comparators = list_end(p, begin);
    Ops list = {arena_alloc(p->arena, (size_t)len * sizeof(Op)), len};
    for (ptrdiff_t i = 0; i < len; i++) list.items[i] = ops[i];
    return node_Compare(p->arena, upto(p, start), left, list, comparators);
}

/* --- Two operands --- */

typedef struct Operator {
    uint8_t strength; /* 0: not an operator; a stronger one binds first */
    uint8_t op;
} Operator;

static const Operator operators[TOKEN_KIND_COUNT] = {
    [TOK_VBAR] = {1, BIN_BITOR},        [TOK_CIRCUMFLEX] = {2, BIN_BITXOR},
    [TOK_AMPER] = {3, BIN_BITAND},      [TOK_LEFTSHIFT] = {4, BIN_LSHIFT},
    [TOK_RIGHTSHIFT] = {4, BIN_RSHIFT}, [TOK_PLUS] = {5, BIN_ADD},
    [TOK_MINUS] = {5, BIN_SUB},         [TOK_STAR] = {6, BIN_MULT},
    [TOK_SLASH] = {6, BIN_DIV},         [TOK_DOUBLESLASH] = {6, BIN_FLOORDIV},
    [TOK_PERCENT] = {6, BIN_MOD},       [TOK_AT] = {6, BIN_MATMULT},
};

/* An operand and what follows it through operators of at least that strength. */
static Node *operation(Parser *p, int strength)
{
    Pos start = here(p);
    Node *left = parse_factor(p);
    for (;;) {
        const Operator *operator= & operators[kind_at(p)];
        if (operator->strength<strength || !operator->strength) return left;
        p->at++;
        if (p->diagnose && operator->strength >= 5) invalid_operand(p);
        Node *right = operation(p, operator->strength + 1);
        left = node_BinOp(p->arena, upto(p, start), left, (Op) operator->op, right);
    }
}

/* bitwise_or: factor (binary_operator factor)*
 *
 * binary_operator: '|' | '^' | '&' | '<<' | '>>' | '+' | '-' | '*' | '/' | '//' | '%' | '@' */
RULE(bitwise_or) { return operation(p, 1); }

/* factor: ('+' | '-' | '~') factor | power */
RULE(factor)
{
    Pos start = here(p);
    Op op;
    switch (kind_at(p)) {
    case TOK_PLUS: op = UNARY_UADD; break;
    case TOK_MINUS: op = UNARY_USUB; break;
    case TOK_TILDE: op = UNARY_INVERT; break;
    default: return parse_power(p);
    }
    p->at++;
    if (p->diagnose) invalid_operand(p);
    enter(p);
    Node *operand = parse_factor(p);
    leave(p);
    return node_UnaryOp(p->arena, upto(p, start), op, operand);
}

/* power: await_primary ['**' factor] */
RULE(power)
{
    Pos start = here(p);
    Node *base = parse_await_primary(p);
    if (!accept(p, TOK_DOUBLESTAR)) return base;
    enter(p);
    Node *exponent = parse_factor(p);
    leave(p);
    return node_BinOp(p->arena, upto(p, start), base, BIN_POW, exponent);
}

/* await_primary: 'await' primary | primary */
RULE(await_primary)
{
    Pos start = here(p);
    if (!accept(p, KW_AWAIT)) return parse_primary(p);
    Node *value = parse_primary(p);
    return node_Await(p->arena, upto(p, start), value);
}

/* --- Primaries --- */

static Node *attribute(Parser *p, Node *value, Pos start)
{
    Name name = expect_name(p);
    return node_Attribute(p->arena, upto(p, start), value, name, CTX_LOAD);
}

static Node *call(Parser *p, Node *func, Pos start)
{
    Nodes args, keywords;
    parse_arguments(p, true, &args, &keywords);
    expect(p, TOK_RPAR);
    return node_Call(p->arena, upto(p, start), func, args, keywords);
}

static Node *subscript(Parser *p, Node *value, Pos start)
{
    Node *index = parse_slices(p);
    expect(p, TOK_RSQB);
    return node_Subscript(p->arena, upto(p, start), value, index, CTX_LOAD);
}

/* primary:
 *     | atom ('.' NAME | '(' [arguments] ')' | '(' named_expression for_if_clauses ')'
 *       | '[' slices ']')* */
RULE(primary)
{
    Pos start = here(p);
    Node *node = parse_atom(p);
    for (;;) {
        switch (kind_at(p)) {
        case TOK_DOT:
            p->at++;
            node = attribute(p, node, start);
            break;
        case TOK_LPAR:
            p->at++;
            node = call(p, node, start);
            break;
        case TOK_LSQB:
            p->at++;
            node = subscript(p, node, start);
            break;
        default: return node;
        }
    }
}

static Node *slice_part(Parser *p)
{
    return starts_expression(kind_at(p)) ? parse_expression(p) : NULL;
}

/* slice: [expression] ':' [expression] [':' [expression]] | named_expression */
RULE(slice)
{
    Pos start = here(p);
    Node *lower = NULL, *step = NULL;
    if (!at(p, TOK_COLON)) {
        bool walrus = at(p, TOK_NAME) && peek(p, 1) == TOK_COLONEQUAL;
        lower = parse_named_expression(p);
        if (!at(p, TOK_COLON) || walrus) return lower;
    }
    expect(p, TOK_COLON);
    Node *upper = slice_part(p);
    if (accept(p, TOK_COLON)) step = slice_part(p);
    return node_Slice(p->arena, upto(p, start), lower, upper, step);
}

static Node *slice_or_starred(Parser *p)
{
    return at(p, TOK_STAR) ? parse_starred_expression(p) : parse_slice(p);
}

/* slices:
 *     | slice
 *     | (slice | starred_expression) (',' (slice | starred_expression))+ [',']
 *     | (slice | starred_expression) ','
 *     | starred_expression */
RULE(slices)
{
    Pos start = here(p);
    Node *first = slice_or_starred(p);
    if (!at(p, TOK_COMMA) && first->kind != NODE_Starred) return first;
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_COMMA) && !at(p, TOK_RSQB)) nodes_push(p, slice_or_starred(p));
    Nodes items = list_end(p, begin);
    return node_Tuple(p->arena, upto(p, start), items, CTX_LOAD);
}

/* yield_expr: 'yield' 'from' expression | 'yield' [star_expressions] */
RULE(yield_expr)
{
    Pos start = here(p);
    expect(p, KW_YIELD);
    if (accept(p, KW_FROM)) {
        Node *from = parse_expression(p);
        return node_YieldFrom(p->arena, upto(p, start), from);
    }
    Node *value = starts_starred(p) ? parse_star_expressions(p) : NULL;
    return node_Yield(p->arena, upto(p, start), value);
}
