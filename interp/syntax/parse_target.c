/* parse_target.c - what may stand left of "=", after "for", "as" and "del".
 *
 * A target is parsed as an expression first and then turned into one: the context of its parts
 * changes from Load to Store or Del.  Neighbours: parse_statement.c, parse_compound.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"

const char *expression_name(const Node *node)
{
    switch (node->kind) {
    case NODE_Attribute: return "attribute";
    case NODE_Subscript: return "subscript";
    case NODE_Starred: return "starred";
    case NODE_Name: return "name";
    case NODE_List: return "list";
    case NODE_Tuple: return "tuple";
    case NODE_Lambda: return "lambda";
    case NODE_Call: return "function call";
    case NODE_GeneratorExp: return "generator expression";
    case NODE_Yield:
    case NODE_YieldFrom: return "yield expression";
    case NODE_Await: return "await expression";
    case NODE_ListComp: return "list comprehension";
    case NODE_SetComp: return "set comprehension";
    case NODE_DictComp: return "dict comprehension";
    case NODE_Dict: return "dict literal";
    case NODE_Set: return "set display";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "f-string expression";
    case NODE_TemplateStr:
    case NODE_Interpolation: return "t-string expression";
    case NODE_Compare: return "comparison";
    case NODE_IfExp: return "conditional expression";
    case NODE_NamedExpr: return "named expression";
    case NODE_Constant:
        switch (((const NodeConstant *)(const void *)node)->value.kind) {
        case LITERAL_NONE: return "None";
        case LITERAL_TRUE: return "True";
        case LITERAL_FALSE: return "False";
        case LITERAL_ELLIPSIS: return "ellipsis";
        default: return "literal";
        }
    default: return "expression";
    }
}

static bool set_contexts(Nodes nodes, Op context)
{
    for (ptrdiff_t i = 0; i < nodes.len; i++) {
        if (!set_context(nodes.items[i], context)) return false;
    }
    return true;
}

bool set_context(Node *node, Op context)
{
    switch (node->kind) {
    case NODE_Name: as_Name(node)->ctx = context; return true;
    case NODE_Attribute: as_Attribute(node)->ctx = context; return true;
    case NODE_Subscript: as_Subscript(node)->ctx = context; return true;
    case NODE_Starred:
        if (context == CTX_DEL) return false;
        if (as_Starred(node)->value->kind == NODE_Starred) return false;
        as_Starred(node)->ctx = context;
        return set_context(as_Starred(node)->value, context);
    case NODE_List: as_List(node)->ctx = context; return set_contexts(as_List(node)->elts, context);
    case NODE_Tuple:
        as_Tuple(node)->ctx = context;
        return set_contexts(as_Tuple(node)->elts, context);
    default: return false;
    }
}

static Node *invalid_among(Nodes nodes, TargetUse use)
{
    for (ptrdiff_t i = 0; i < nodes.len; i++) {
        Node *invalid = invalid_target(nodes.items[i], use);
        if (invalid) return invalid;
    }
    return NULL;
}

Node *invalid_target(Node *node, TargetUse use)
{
    switch (node->kind) {
    case NODE_Name:
    case NODE_Attribute:
    case NODE_Subscript: return NULL;
    case NODE_List: return invalid_among(as_List(node)->elts, use);
    case NODE_Tuple: return invalid_among(as_Tuple(node)->elts, use);
    case NODE_Starred:
        return use == TARGET_DELETE ? node : invalid_target(as_Starred(node)->value, use);
    case NODE_Compare: /* "for f() in x": the comparison is ours, the call is the user's */
        if (use != TARGET_FOR) return node;
        if (as_Compare(node)->ops.items[0] != CMP_IN) return NULL;
        return invalid_target(as_Compare(node)->left, use);
    default: return node;
    }
}

void raise_invalid_target(Parser *p, Node *node, TargetUse use)
{
    const char *verb = use == TARGET_DELETE ? "delete" : "assign to";
    Node *invalid = invalid_target(node, use);
    if (!invalid) raise_here(p, "invalid syntax");
    raise_at(p, invalid->pos, "cannot %s %s", verb, expression_name(invalid));
}

/* star_target: '*' target | target
 *
 * target:
 *     | NAME
 *     | primary '.' NAME
 *     | primary '[' slices ']'
 *     | '(' target ')'
 *     | '(' star_target ',' [star_targets] ')'
 *     | '[' [star_targets] ']'
 *     | '(' ')' */
RULE(star_target)
{
    if (at(p, TOK_STAR)) return parse_star_expression(p);
    return parse_bitwise_or(p);
}

/* star_targets: star_target (',' star_target)* [','] */
RULE(star_targets)
{
    Pos start = here(p);
    Node *first = parse_star_target(p);
    if (!at(p, TOK_COMMA)) return first;
    ptrdiff_t begin = list_begin(p);
    nodes_push(p, first);
    while (accept(p, TOK_COMMA) && (at(p, TOK_STAR) || starts_expression(kind_at(p)))) {
        nodes_push(p, parse_star_target(p));
    }
    Nodes items = list_end(p, begin);
    return node_Tuple(p->arena, upto(p, start), items, CTX_LOAD);
}
