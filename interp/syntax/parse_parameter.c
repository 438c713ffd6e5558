/* parse_parameter.c - parameters of functions and lambdas, and type parameters.
 *
 * The lists of a signature grow at the same time, so each parameter goes into a singly linked
 * chain of slots first; the arguments node is filled from it at the end.
 * Neighbours: parse_compound.c (function_def), parse_expression.c (lambdef), diagnose.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

typedef struct Signature {
    bool lambda;
    TokenKind close;        /* the token after the last parameter */
    ptrdiff_t plain;        /* nodes pushed: (arg, default or NULL) pairs */
    ptrdiff_t positional;   /* pairs before '/' */
    ptrdiff_t keyword_only; /* pairs after '*' */
    Node *vararg, *kwarg;
    bool slash, star, has_default;
} Signature;

/* A parameter, its annotation; after '*' the annotation may be a star_expression; a lambda's has
 * none.
 */
static Node *parameter(Parser *p, const Signature *signature, bool star)
{
    Pos start = here(p);
    Name name = expect_name(p);
    Node *annotation = NULL;
    if (!signature->lambda && accept(p, TOK_COLON)) {
        annotation = star ? parse_star_expression(p) : parse_expression(p);
    }
    return node_arg(p->arena, upto(p, start), name, annotation);
}

static Node *default_value(Parser *p)
{
    if (!accept(p, TOK_EQUAL)) return NULL;
    if (p->diagnose) invalid_default(p);
    return parse_expression(p);
}

static void plain_parameter(Parser *p, Signature *signature)
{
    const Token *token = p->at;
    if (p->diagnose) invalid_parameter(p, signature->lambda);
    Node *arg = parameter(p, signature, false), *value = default_value(p);
    if (!signature->star && signature->has_default && !value) {
        if (p->diagnose) invalid_missing_default(p, token);
        mismatch(p);
    }
    signature->has_default |= value != NULL;
    nodes_push(p, arg);
    nodes_push(p, value);
    if (signature->star) signature->keyword_only++;
    else signature->plain++;
}

static void star_parameter(Parser *p, Signature *signature)
{
    expect(p, TOK_STAR);
    if (p->diagnose) invalid_star(p, signature->close, signature->star);
    if (signature->star) mismatch(p);
    signature->star = true;
    if (at(p, TOK_COMMA)) {
        if (peek(p, 1) != TOK_NAME) {
            p->at++;
            if (p->diagnose && at(p, TOK_SLASH)) invalid_slash(p, false, true, false);
            mismatch(p);
        }
        return;
    }
    signature->vararg = parameter(p, signature, true);
    if (p->diagnose) invalid_star_default(p);
}

static void mapping_parameter(Parser *p, Signature *signature)
{
    expect(p, TOK_DOUBLESTAR);
    signature->kwarg = parameter(p, signature, false);
    if (p->diagnose) invalid_after_kwarg(p, signature->close);
    accept(p, TOK_COMMA);
    if (!at(p, signature->close)) mismatch(p);
}

static void slash(Parser *p, Signature *signature)
{
    if (p->diagnose) {
        invalid_slash(p, signature->slash, signature->star, !signature->plain);
    }
    if (signature->slash || signature->star || !signature->plain) mismatch(p);
    p->at++;
    signature->slash = true;
    signature->positional = signature->plain;
    if (p->diagnose) invalid_after_slash(p);
}

/* count arguments of the pairs from `from` on. */
static Nodes pair_names(Parser *p, const Nodes *pairs, ptrdiff_t from, ptrdiff_t count)
{
    ptrdiff_t begin = list_begin(p);
    for (ptrdiff_t i = from; i < from + count; i++) nodes_push(p, pairs->items[2 * i]);
    return list_end(p, begin);
}

/* Their defaults; holes (NULL) are left out unless keep_holes. */
static Nodes pair_defaults(Parser *p, const Nodes *pairs, ptrdiff_t from, ptrdiff_t count,
                           bool keep_holes)
{
    ptrdiff_t begin = list_begin(p);
    for (ptrdiff_t i = from; i < from + count; i++) {
        Node *value = pairs->items[2 * i + 1];
        if (value || keep_holes) nodes_push(p, value);
    }
    return list_end(p, begin);
}

static Node *signature_node(Parser *p, const Signature *signature, ptrdiff_t begin)
{
    Nodes pairs = list_end(p, begin);
    ptrdiff_t plain = signature->plain, positional = signature->positional;
    ptrdiff_t keywords = signature->keyword_only;
    return node_arguments(p->arena, (Pos){0}, pair_names(p, &pairs, 0, positional),
                          pair_names(p, &pairs, positional, plain - positional), signature->vararg,
                          pair_names(p, &pairs, plain, keywords),
                          pair_defaults(p, &pairs, plain, keywords, true), signature->kwarg,
                          pair_defaults(p, &pairs, 0, plain, false));
}

static Node *signature(Parser *p, bool lambda, TokenKind close)
{
    Signature made = {.lambda = lambda, .close = close};
    ptrdiff_t begin = list_begin(p);
    while (!at(p, close)) {
        if (at(p, TOK_STAR)) star_parameter(p, &made);
        else if (at(p, TOK_DOUBLESTAR)) mapping_parameter(p, &made);
        else if (at(p, TOK_SLASH)) slash(p, &made);
        else plain_parameter(p, &made);
        if (made.kwarg || !accept(p, TOK_COMMA)) break;
    }
    return signature_node(p, &made, begin);
}

/* parameters:
 *     | param (',' param)* [',' '/' (',' param)*] (',' default_param)* [','
 *       star_parameters] [',']
 *     | param (',' param)* (',' default_param)+ ',' '/' (',' default_param)* [','
 *       star_parameters] [',']
 *     | default_param (',' default_param)* [',' '/' (',' default_param)*] [','
 *       star_parameters] [',']
 *     | star_parameters [',']
 *
 * star_parameters:
 *     | '*' NAME [':' star_expression] (',' (param | default_param))* [',' '**' param]
 *     | '*' (',' (param | default_param))+ [',' '**' param]
 *     | '**' param
 *
 * param: NAME [':' expression]
 *
 * default_param: NAME [':' expression] '=' expression */
RULE(parameters) { return signature(p, false, TOK_RPAR); }

/* lambda_parameters:
 *     | NAME (',' NAME)* [',' '/' (',' NAME)*] (',' lambda_default)* [',' lambda_star]
 *       [',']
 *     | NAME (',' NAME)* (',' lambda_default)+ ',' '/' (',' lambda_default)* [','
 *       lambda_star] [',']
 *     | lambda_default (',' lambda_default)* [',' '/' (',' lambda_default)*] [','
 *       lambda_star] [',']
 *     | lambda_star [',']
 *
 * lambda_star:
 *     | '*' NAME (',' (NAME | lambda_default))* [',' '**' NAME]
 *     | '*' (',' (NAME | lambda_default))+ [',' '**' NAME]
 *     | '**' NAME
 *
 * lambda_default: NAME '=' expression */
RULE(lambda_parameters) { return signature(p, true, TOK_COLON); }

/* --- Type parameters --- */

static Node *type_default(Parser *p, bool starred)
{
    if (!accept(p, TOK_EQUAL)) return NULL;
    return starred ? parse_star_expression(p) : parse_expression(p);
}

/* type_param: NAME [':' expression] | '*' NAME | '**' NAME
 *
 * default_type_param:
 *     | NAME [':' expression] '=' expression
 *     | '*' NAME '=' star_expression
 *     | '**' NAME '=' expression */
RULE(type_param)
{
    Pos start = here(p);
    if (accept(p, TOK_STAR)) {
        Name name = expect_name(p);
        if (p->diagnose) invalid_type_bound(p, "TypeVarTuple");
        Node *value = type_default(p, true);
        return node_TypeVarTuple(p->arena, upto(p, start), name, value);
    }
    if (accept(p, TOK_DOUBLESTAR)) {
        Name name = expect_name(p);
        if (p->diagnose) invalid_type_bound(p, "ParamSpec");
        Node *value = type_default(p, false);
        return node_ParamSpec(p->arena, upto(p, start), name, value);
    }
    Name name = expect_name(p);
    Node *bound = accept(p, TOK_COLON) ? parse_expression(p) : NULL;
    Node *value = type_default(p, false);
    return node_TypeVar(p->arena, upto(p, start), name, bound, value);
}

/* A parameter with a default must not precede one without. */
static void check_type_defaults(Parser *p, Nodes params)
{
    bool has_default = false;
    for (ptrdiff_t i = 0; i < params.len; i++) {
        Node *node = params.items[i], *value = NULL;
        Name name = NULL;
        if (node->kind == NODE_TypeVar) {
            value = as_TypeVar(node)->default_value;
            name = as_TypeVar(node)->name;
        } else if (node->kind == NODE_ParamSpec) {
            value = as_ParamSpec(node)->default_value;
            name = as_ParamSpec(node)->name;
        } else {
            value = as_TypeVarTuple(node)->default_value;
            name = as_TypeVarTuple(node)->name;
        }
        if (has_default && !value) {
            raise_at(p, node->pos, "non-default type parameter '%s' follows default type parameter",
                     name);
        }
        has_default |= value != NULL;
    }
}

/* type_params:
 *     | '[' type_param (',' type_param)* (',' default_type_param)* [','] ']'
 *     | '[' default_type_param (',' default_type_param)* [','] ']' */
RULE_LIST(type_params)
{
    ptrdiff_t begin = list_begin(p);
    expect(p, TOK_LSQB);
    if (p->diagnose && at(p, TOK_RSQB)) {
        raise_from(p, here(p), "Type parameter list cannot be empty");
    }
    do {
        nodes_push(p, parse_type_param(p));
    } while (accept(p, TOK_COMMA) && !at(p, TOK_RSQB));
    expect(p, TOK_RSQB);
    Nodes params = list_end(p, begin);
    check_type_defaults(p, params);
    return params;
}
