/* astcheck.c - what the grammar would have refused, in a tree that a script made.
 *
 * The compiler takes for granted what the parser never gets wrong: contexts, matching lengths,
 * bodies that are not empty.  A tree of nodes of the right sorts (asttree.c) is looked
 * through once.
 * Neighbours: asttree.c (the maker), syntax/ast.h. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "modules/asttree.h"
#include "object/error.h"
#include "object/tuple.h"

typedef struct Checker {
    Vm *vm;
    bool good;
} Checker;

static void check(Checker *c, Node *node);
static void check_expr(Checker *c, Node *node, Op context);
static void check_pattern(Checker *c, Node *node, bool star_allowed);

#define REFUSE(c, class, ...) ((c)->good = false, (void) throw((c)->vm, class, __VA_ARGS__))

/* ---- parts that many nodes have ---- */

static void check_name(Checker *c, Name name)
{
    static const char *const constants[] = {"None", "True", "False"};
    for (size_t i = 0; c->good && name && i < sizeof constants / sizeof *constants; i++)
        if (strcmp(name, constants[i]) == 0)
            REFUSE(c, ValueError, "identifier field can't represent '%s' constant", name);
}

/* Items that must be there: body, targets ... */
static void check_some(Checker *c, ptrdiff_t len, const char *what, const Node *owner)
{
    if (c->good && len == 0) REFUSE(c, ValueError, "empty %s on %s", what, node_name(owner->kind));
}

static void check_exprs(Checker *c, Nodes list, Op context, bool none_allowed)
{
    for (ptrdiff_t i = 0; c->good && i < list.len; i++) {
        if (list.items[i]) check_expr(c, list.items[i], context);
        else if (!none_allowed) REFUSE(c, ValueError, "None disallowed in expression list");
    }
}

static void check_all(Checker *c, Nodes list, const char *what)
{
    for (ptrdiff_t i = 0; c->good && i < list.len; i++) {
        if (list.items[i]) check(c, list.items[i]);
        else REFUSE(c, ValueError, "None disallowed in %s list", what);
    }
}

static void check_body(Checker *c, Nodes body, const Node *owner)
{
    check_some(c, body.len, "body", owner);
    check_all(c, body, "statement");
}

static void check_opt(Checker *c, Node *node)
{
    if (node && c->good) check_expr(c, node, CTX_LOAD);
}

static void check_position(Checker *c, const Node *node)
{
    Pos at = node->pos;
    if (!c->good || !node_has_position(node)) return;
    if (at.line > at.end_line)
        REFUSE(c, ValueError, "AST node line range (%d, %d) is not valid", (int)at.line,
               (int)at.end_line);
    else if ((at.line < 0 && at.end_line != at.line) || (at.col < 0 && at.col != at.end_col))
        REFUSE(c, ValueError, "AST node column range (%d, %d) for line range (%d, %d) is not valid",
               (int)at.col, (int)at.end_col, (int)at.line, (int)at.end_line);
    else if (at.line == at.end_line && at.col > at.end_col)
        REFUSE(c, ValueError, "line %d, column %d-%d is not a valid range", (int)at.line,
               (int)at.col, (int)at.end_col);
}

/* ---- expressions ---- */

static void check_context(Checker *c, const Node *node, Op has, Op wanted)
{
    if (c->good && has != wanted)
        REFUSE(c, ValueError, "expression must have %s context but has %s instead", op_name(wanted),
               op_name(has));
    (void)node;
}

/* The context of an expression that has one; false: it has none. */
static bool context_of(Node *node, Op *context)
{
    switch (node->kind) {
    case NODE_Attribute: return *context = as_Attribute(node)->ctx, true;
    case NODE_Subscript: return *context = as_Subscript(node)->ctx, true;
    case NODE_Starred: return *context = as_Starred(node)->ctx, true;
    case NODE_Name: return *context = as_Name(node)->ctx, true;
    case NODE_List: return *context = as_List(node)->ctx, true;
    case NODE_Tuple: return *context = as_Tuple(node)->ctx, true;
    default: return false;
    }
}

static void check_comprehension(Checker *c, Nodes generators)
{
    if (c->good && generators.len == 0) REFUSE(c, ValueError, "comprehension with no generators");
    check_all(c, generators, "comprehension");
}

/* Expressions that are looked at more closely than their children. */
static void check_shape(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_BoolOp:
        if (as_BoolOp(node)->values.len < 2)
            REFUSE(c, ValueError, "BoolOp with less than 2 values");
        break;
    case NODE_Dict:
        if (as_Dict(node)->keys.len != as_Dict(node)->values.len)
            REFUSE(c, ValueError, "Dict doesn't have the same number of keys as values");
        break;
    case NODE_Compare:
        if (as_Compare(node)->comparators.len == 0)
            REFUSE(c, ValueError, "Compare with no comparators");
        else if (as_Compare(node)->comparators.len != as_Compare(node)->ops.len)
            REFUSE(c, ValueError, "Compare has a different number of comparators and operands");
        break;
    case NODE_NamedExpr:
        if (as_NamedExpr(node)->target->kind != NODE_Name)
            REFUSE(c, TypeError, "NamedExpr target must be a Name");
        break;
    case NODE_Name: check_name(c, as_Name(node)->id); break;
    case NODE_Set: check_some(c, as_Set(node)->elts.len, "elts", node); break;
    default: break;
    }
}

static void check_pieces(Checker *c, Nodes values)
{
    for (ptrdiff_t i = 0; c->good && i < values.len; i++) {
        Node *value = values.items[i];
        bool text =
            value && value->kind == NODE_Constant && as_Constant(value)->value.kind == LITERAL_STR;
        if (value &&
            (text || value->kind == NODE_FormattedValue || value->kind == NODE_Interpolation))
            check_expr(c, value, CTX_LOAD);
        else REFUSE(c, ValueError, "a part of a t-string must be text or an interpolation");
    }
}

static void check_format_spec(Checker *c, Node *spec)
{
    if (!spec || !c->good) return;
    if (spec->kind == NODE_JoinedStr) check_expr(c, spec, CTX_LOAD);
    else REFUSE(c, ValueError, "format_spec must be a JoinedStr");
}

static void check_child(Node *child, void *context) { check(context, child); }

static void check_parts(Checker *c, Node *node, Op context)
{
    switch (node->kind) {
    case NODE_List: check_exprs(c, as_List(node)->elts, context, false); break;
    case NODE_Tuple: check_exprs(c, as_Tuple(node)->elts, context, false); break;
    case NODE_Starred: check_expr(c, as_Starred(node)->value, context); break;
    case NODE_Dict:
        check_exprs(c, as_Dict(node)->keys, CTX_LOAD, true);
        check_exprs(c, as_Dict(node)->values, CTX_LOAD, false);
        break;
    case NODE_BoolOp: check_exprs(c, as_BoolOp(node)->values, CTX_LOAD, false); break;
    case NODE_Set: check_exprs(c, as_Set(node)->elts, CTX_LOAD, false); break;
    case NODE_Compare:
        check_expr(c, as_Compare(node)->left, CTX_LOAD);
        check_exprs(c, as_Compare(node)->comparators, CTX_LOAD, false);
        break;
    case NODE_Call:
        check_expr(c, as_Call(node)->func, CTX_LOAD);
        check_exprs(c, as_Call(node)->args, CTX_LOAD, false);
        check_all(c, as_Call(node)->keywords, "keyword");
        break;
    case NODE_NamedExpr:
        check_expr(c, as_NamedExpr(node)->target, CTX_STORE);
        check_expr(c, as_NamedExpr(node)->value, CTX_LOAD);
        break;
    case NODE_JoinedStr: check_exprs(c, as_JoinedStr(node)->values, CTX_LOAD, false); break;
    case NODE_TemplateStr: check_pieces(c, as_TemplateStr(node)->values); break;
    case NODE_FormattedValue:
        check_expr(c, as_FormattedValue(node)->value, CTX_LOAD);
        check_format_spec(c, as_FormattedValue(node)->format_spec);
        break;
    case NODE_Interpolation:
        check_expr(c, as_Interpolation(node)->value, CTX_LOAD);
        check_format_spec(c, as_Interpolation(node)->format_spec);
        break;
    case NODE_ListComp: check_comprehension(c, as_ListComp(node)->generators); goto children;
    case NODE_SetComp: check_comprehension(c, as_SetComp(node)->generators); goto children;
    case NODE_DictComp: check_comprehension(c, as_DictComp(node)->generators); goto children;
    case NODE_GeneratorExp:
        check_comprehension(c, as_GeneratorExp(node)->generators);
        goto children;
    default:
    children:
        if (c->good) node_children(node, check_child, c);
    }
}

static void check_expr(Checker *c, Node *node, Op context)
{
    if (!c->good) return;
    check_position(c, node);
    Op has;
    if (!c->good) return;
    if (context_of(node, &has)) check_context(c, node, has, context);
    else if (context != CTX_LOAD)
        REFUSE(c, ValueError, "expression which can't be assigned to in %s context",
               op_name(context));
    if (c->good) check_shape(c, node);
    if (c->good) check_parts(c, node, context);
}

/* ---- patterns ---- */

static bool is_number(const Node *node, bool imaginary)
{
    if (node->kind == NODE_UnaryOp) {
        const NodeUnaryOp *unary = (const void *)node;
        if (unary->op != UNARY_USUB) return false;
        node = unary->operand;
    }
    if (node->kind != NODE_Constant) return false;
    LiteralKind kind = ((const NodeConstant *)(const void *)node)->value.kind;
    if (kind == LITERAL_VALUE) return true;
    return imaginary ? kind == LITERAL_IMAG : kind == LITERAL_INT || kind == LITERAL_FLOAT;
}

/* May the expression stand in a MatchValue or as a key? */
static bool is_pattern_value(Node *node)
{
    switch (node->kind) {
    case NODE_Constant: {
        const Literal *literal = &as_Constant(node)->value;
        LiteralKind kind = literal->kind;
        if (kind == LITERAL_VALUE) {
            Value value = *(const Value *)(const void *)literal->text;
            return !is_tuple(value) && !is_kind(value, KIND_FROZENSET);
        }
        return kind != LITERAL_ELLIPSIS && kind != LITERAL_NONE && kind != LITERAL_TRUE &&
               kind != LITERAL_FALSE;
    }
    case NODE_Attribute: return true;
    case NODE_UnaryOp: return is_number(node, false) || is_number(node, true);
    case NODE_BinOp: {
        const NodeBinOp *sum = as_BinOp(node);
        return (sum->op == BIN_ADD || sum->op == BIN_SUB) && is_number(sum->left, false) &&
               is_number(sum->right, true);
    }
    case NODE_JoinedStr: return true;
    default: return false;
    }
}

static void check_pattern_value(Checker *c, Node *node)
{
    check_expr(c, node, CTX_LOAD);
    if (!c->good || is_pattern_value(node)) return;
    if (node->kind == NODE_Constant)
        REFUSE(c, ValueError, "unexpected constant inside of a literal pattern");
    else REFUSE(c, ValueError, "patterns may only match literals and attribute lookups");
}

static void check_capture(Checker *c, Name name)
{
    if (c->good && name && strcmp(name, "_") == 0)
        REFUSE(c, ValueError, "can't capture name '_' in patterns");
    check_name(c, name);
}

static void check_patterns(Checker *c, Nodes patterns, bool star_allowed)
{
    for (ptrdiff_t i = 0; c->good && i < patterns.len; i++) {
        if (patterns.items[i]) check_pattern(c, patterns.items[i], star_allowed);
        else REFUSE(c, ValueError, "None disallowed in pattern list");
    }
}

static void check_mapping(Checker *c, const NodeMatchMapping *node)
{
    if (node->keys.len != node->patterns.len)
        REFUSE(c, ValueError, "MatchMapping doesn't have the same number of keys as patterns");
    check_capture(c, node->rest);
    for (ptrdiff_t i = 0; c->good && i < node->keys.len; i++) {
        Node *key = node->keys.items[i];
        bool singleton =
            key && key->kind == NODE_Constant && as_Constant(key)->value.kind <= LITERAL_TRUE;
        if (!key) REFUSE(c, ValueError, "None disallowed in expression list");
        else if (singleton) check_expr(c, key, CTX_LOAD);
        else check_pattern_value(c, key);
    }
    check_patterns(c, node->patterns, false);
}

static void check_class(Checker *c, const NodeMatchClass *node)
{
    if (node->kwd_attrs.len != node->kwd_patterns.len)
        REFUSE(c, ValueError,
               "MatchClass doesn't have the same number of keyword attributes as patterns");
    if (c->good) check_expr(c, node->cls, CTX_LOAD);
    Node *at = node->cls;
    while (c->good && at->kind == NODE_Attribute) at = as_Attribute(at)->value;
    if (c->good && at->kind != NODE_Name)
        REFUSE(c, ValueError, "MatchClass cls field can only contain Name or Attribute nodes.");
    for (ptrdiff_t i = 0; i < node->kwd_attrs.len; i++) check_name(c, node->kwd_attrs.items[i]);
    check_patterns(c, node->patterns, false);
    check_patterns(c, node->kwd_patterns, false);
}

static void check_pattern(Checker *c, Node *node, bool star_allowed)
{
    if (!c->good) return;
    check_position(c, node);
    if (!c->good) return;
    switch (node->kind) {
    case NODE_MatchValue: check_pattern_value(c, as_MatchValue(node)->value); break;
    case NODE_MatchSingleton:
        if (as_MatchSingleton(node)->value.kind > LITERAL_TRUE)
            REFUSE(c, ValueError, "MatchSingleton can only contain True, False and None");
        break;
    case NODE_MatchSequence: check_patterns(c, as_MatchSequence(node)->patterns, true); break;
    case NODE_MatchMapping: check_mapping(c, as_MatchMapping(node)); break;
    case NODE_MatchClass: check_class(c, as_MatchClass(node)); break;
    case NODE_MatchStar:
        if (!star_allowed) REFUSE(c, ValueError, "can't use MatchStar here");
        check_capture(c, as_MatchStar(node)->name);
        break;
    case NODE_MatchAs:
        check_capture(c, as_MatchAs(node)->name);
        if (!c->good || !as_MatchAs(node)->pattern) break;
        if (!as_MatchAs(node)->name)
            REFUSE(c, ValueError, "MatchAs must specify a target name if a pattern is given");
        check_pattern(c, as_MatchAs(node)->pattern, false);
        break;
    case NODE_MatchOr:
        if (as_MatchOr(node)->patterns.len < 2)
            REFUSE(c, ValueError, "MatchOr requires at least 2 patterns");
        check_patterns(c, as_MatchOr(node)->patterns, false);
        break;
    default: break;
    }
}

/* ---- statements and their parts ---- */

static void check_arguments(Checker *c, const Nodearguments *node)
{
    check_all(c, node->posonlyargs, "argument");
    check_all(c, node->args, "argument");
    if (c->good && node->vararg) check(c, node->vararg);
    check_all(c, node->kwonlyargs, "argument");
    if (c->good && node->kwarg) check(c, node->kwarg);
    if (!c->good) return;
    if (node->defaults.len > node->posonlyargs.len + node->args.len)
        REFUSE(c, ValueError, "more positional defaults than args on arguments");
    else if (node->kw_defaults.len != node->kwonlyargs.len)
        REFUSE(c, ValueError, "length of kwonlyargs is not the same as kw_defaults on arguments");
    check_exprs(c, node->defaults, CTX_LOAD, false);
    check_exprs(c, node->kw_defaults, CTX_LOAD, true);
}

static void check_function(Checker *c, Node *node, const NodeFunctionDef *function)
{
    check_body(c, function->body, node);
    check_all(c, function->type_params, "type parameter");
    if (c->good) check(c, function->args);
    check_exprs(c, function->decorator_list, CTX_LOAD, false);
    check_opt(c, function->returns);
}

static void check_class_def(Checker *c, NodeClassDef *node)
{
    check_body(c, node->body, &node->head);
    check_all(c, node->type_params, "type parameter");
    check_exprs(c, node->bases, CTX_LOAD, false);
    check_all(c, node->keywords, "keyword");
    check_exprs(c, node->decorator_list, CTX_LOAD, false);
}

static void check_assignment(Checker *c, Node *node)
{
    if (node->kind == NODE_Assign) {
        check_some(c, as_Assign(node)->targets.len, "targets", node);
        check_exprs(c, as_Assign(node)->targets, CTX_STORE, false);
        if (c->good) check_expr(c, as_Assign(node)->value, CTX_LOAD);
    } else if (node->kind == NODE_AugAssign) {
        NodeKind target = as_AugAssign(node)->target->kind;
        check_expr(c, as_AugAssign(node)->target, CTX_STORE);
        check_expr(c, as_AugAssign(node)->value, CTX_LOAD);
        if (c->good && target != NODE_Name && target != NODE_Attribute && target != NODE_Subscript)
            REFUSE(c, TypeError, "invalid node type (%s) for augmented assignment",
                   node_name(target));
    } else {
        NodeAnnAssign *annotated = as_AnnAssign(node);
        NodeKind target = annotated->target->kind;
        if (target != NODE_Name && annotated->simple)
            REFUSE(c, TypeError, "AnnAssign with simple non-Name target");
        check_expr(c, annotated->target, CTX_STORE);
        check_opt(c, annotated->value);
        if (c->good) check_expr(c, annotated->annotation, CTX_LOAD);
        if (c->good && target != NODE_Name && target != NODE_Attribute && target != NODE_Subscript)
            REFUSE(c, TypeError, "invalid node type (%s) for annotated assignment",
                   node_name(target));
    }
}

static void check_loop(Checker *c, Node *node, const NodeFor *loop)
{
    check_expr(c, loop->target, CTX_STORE);
    check_opt(c, loop->iter);
    check_body(c, loop->body, node);
    check_all(c, loop->orelse, "statement");
}

static void check_test(Checker *c, Node *node, Node *test, Nodes body, Nodes orelse)
{
    check_expr(c, test, CTX_LOAD);
    check_body(c, body, node);
    check_all(c, orelse, "statement");
}

static void check_try(Checker *c, Node *node, const NodeTry *try)
{
    check_body(c, try->body, node);
    if (c->good && try->handlers.len == 0 && try->finalbody.len == 0)
        REFUSE(c, ValueError, "%s has neither except handlers nor finalbody",
               node_name(node->kind));
    if (c->good && try->handlers.len == 0 && try->orelse.len > 0)
        REFUSE(c, ValueError, "%s has orelse but no except handlers", node_name(node->kind));
    check_all(c, try->handlers, "handler");
    check_all(c, try->finalbody, "statement");
    check_all(c, try->orelse, "statement");
}

static void check_import(Checker *c, Node *node, Nodes names)
{
    check_some(c, names.len, "names", node);
    check_all(c, names, "alias");
    if (c->good && node->kind == NODE_ImportFrom && as_ImportFrom(node)->level < 0)
        REFUSE(c, ValueError, "Negative ImportFrom level");
}

static void check_type_param(Checker *c, Node *node)
{
    const NodeTypeVar *param = as_TypeVar(node);
    check_name(c, param->name);
    if (c->good) node_children(node, check_child, c);
}

static void check_statement(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef: check_function(c, node, (void *)node); break;
    case NODE_ClassDef: check_class_def(c, as_ClassDef(node)); break;
    case NODE_Delete:
        check_some(c, as_Delete(node)->targets.len, "targets", node);
        check_exprs(c, as_Delete(node)->targets, CTX_DEL, false);
        break;
    case NODE_Assign:
    case NODE_AugAssign:
    case NODE_AnnAssign: check_assignment(c, node); break;
    case NODE_TypeAlias:
        if (as_TypeAlias(node)->name->kind != NODE_Name)
            REFUSE(c, TypeError, "TypeAlias with non-Name name");
        check_expr(c, as_TypeAlias(node)->name, CTX_STORE);
        check_all(c, as_TypeAlias(node)->type_params, "type parameter");
        check_opt(c, as_TypeAlias(node)->value);
        break;
    case NODE_For:
    case NODE_AsyncFor: check_loop(c, node, (void *)node); break;
    case NODE_While:
        check_test(c, node, as_While(node)->test, as_While(node)->body, as_While(node)->orelse);
        break;
    case NODE_If:
        check_test(c, node, as_If(node)->test, as_If(node)->body, as_If(node)->orelse);
        break;
    case NODE_With:
    case NODE_AsyncWith:
        check_some(c, as_With(node)->items.len, "items", node);
        check_all(c, as_With(node)->items, "item");
        check_body(c, as_With(node)->body, node);
        break;
    case NODE_Match:
        check_some(c, as_Match(node)->cases.len, "cases", node);
        check_expr(c, as_Match(node)->subject, CTX_LOAD);
        check_all(c, as_Match(node)->cases, "case");
        break;
    case NODE_Raise:
        if (!as_Raise(node)->exc && as_Raise(node)->cause)
            REFUSE(c, ValueError, "Raise with cause but no exception");
        if (c->good) node_children(node, check_child, c);
        break;
    case NODE_Try:
    case NODE_TryStar: check_try(c, node, (void *)node); break;
    case NODE_Import: check_import(c, node, as_Import(node)->names); break;
    case NODE_ImportFrom: check_import(c, node, as_ImportFrom(node)->names); break;
    case NODE_Global: check_some(c, as_Global(node)->names.len, "names", node); break;
    case NODE_Nonlocal: check_some(c, as_Nonlocal(node)->names.len, "names", node); break;
    default: node_children(node, check_child, c);
    }
}

static void check_part(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_comprehension:
        check_expr(c, as_comprehension(node)->target, CTX_STORE);
        check_expr(c, as_comprehension(node)->iter, CTX_LOAD);
        check_exprs(c, as_comprehension(node)->ifs, CTX_LOAD, false);
        break;
    case NODE_ExceptHandler:
        check_opt(c, as_ExceptHandler(node)->type);
        check_name(c, as_ExceptHandler(node)->name);
        check_body(c, as_ExceptHandler(node)->body, node);
        break;
    case NODE_arguments: check_arguments(c, (void *)node); break;
    case NODE_arg:
        check_name(c, as_arg(node)->arg);
        check_opt(c, as_arg(node)->annotation);
        break;
    case NODE_withitem:
        check_expr(c, as_withitem(node)->context_expr, CTX_LOAD);
        if (c->good && as_withitem(node)->optional_vars)
            check_expr(c, as_withitem(node)->optional_vars, CTX_STORE);
        break;
    case NODE_match_case:
        check_pattern(c, as_match_case(node)->pattern, false);
        check_opt(c, as_match_case(node)->guard);
        check_body(c, as_match_case(node)->body, node);
        break;
    default: node_children(node, check_child, c);
    }
}

static void check(Checker *c, Node *node)
{
    if (!c->good) return;
    const char *group = node_group(node->kind);
    if (strcmp(group, "expr") == 0) {
        check_expr(c, node, CTX_LOAD);
        return;
    }
    check_position(c, node);
    if (!c->good) return;
    if (strcmp(group, "stmt") == 0) check_statement(c, node);
    else if (strcmp(group, "type_param") == 0) check_type_param(c, node);
    else if (strcmp(group, "part") == 0) check_part(c, node);
}

bool tree_check(Vm *vm, Node *tree)
{
    Checker c = {vm, true};
    switch (tree->kind) {
    case NODE_Module: check_all(&c, as_Module(tree)->body, "statement"); break;
    case NODE_Interactive: check_all(&c, as_Interactive(tree)->body, "statement"); break;
    default: check_expr(&c, as_Expression(tree)->body, CTX_LOAD);
    }
    return c.good;
}
