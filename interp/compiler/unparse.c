/* unparse.c - an expression back to source text, for annotations kept as strings.
 *
 * An expression is written for a Level: how tightly its surroundings bind.  It stands in
 * parentheses when it binds more loosely itself.  Names are written as in the source, private ones
 * too.  After a failure nothing more is written.
 * Neighbours: function.c (annotations), object/strbuilder.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/unparse.h"

#include <math.h>

#include "compiler/constant.h"
#include "object/str.h"

typedef enum Level {
    LEVEL_TUPLE, /* a bare tuple may stand here */
    LEVEL_TEST,  /* lambda, if-else */
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_BITOR,
    LEVEL_BITXOR,
    LEVEL_BITAND,
    LEVEL_SHIFT,
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_SIGN,
    LEVEL_POWER,
    LEVEL_AWAIT,
    LEVEL_ATOM,
} Level;

typedef struct Writer {
    Compiler *c;
    StrBuilder text;
} Writer;

typedef struct Spelling {
    const char *text;
    Level level;
} Spelling;

static const Spelling operators[] = {
    [BOOL_AND] = {" and ", LEVEL_AND},
    [BOOL_OR] = {" or ", LEVEL_OR},
    [BIN_ADD] = {" + ", LEVEL_ADD},
    [BIN_SUB] = {" - ", LEVEL_ADD},
    [BIN_MULT] = {" * ", LEVEL_MULTIPLY},
    [BIN_MATMULT] = {" @ ", LEVEL_MULTIPLY},
    [BIN_DIV] = {" / ", LEVEL_MULTIPLY},
    [BIN_MOD] = {" % ", LEVEL_MULTIPLY},
    [BIN_FLOORDIV] = {" // ", LEVEL_MULTIPLY},
    [BIN_POW] = {" ** ", LEVEL_POWER},
    [BIN_LSHIFT] = {" << ", LEVEL_SHIFT},
    [BIN_RSHIFT] = {" >> ", LEVEL_SHIFT},
    [BIN_BITOR] = {" | ", LEVEL_BITOR},
    [BIN_BITXOR] = {" ^ ", LEVEL_BITXOR},
    [BIN_BITAND] = {" & ", LEVEL_BITAND},
    [UNARY_INVERT] = {"~", LEVEL_SIGN},
    [UNARY_NOT] = {"not ", LEVEL_NOT},
    [UNARY_UADD] = {"+", LEVEL_SIGN},
    [UNARY_USUB] = {"-", LEVEL_SIGN},
    [CMP_EQ] = {" == ", LEVEL_COMPARE},
    [CMP_NOTEQ] = {" != ", LEVEL_COMPARE},
    [CMP_LT] = {" < ", LEVEL_COMPARE},
    [CMP_LTE] = {" <= ", LEVEL_COMPARE},
    [CMP_GT] = {" > ", LEVEL_COMPARE},
    [CMP_GTE] = {" >= ", LEVEL_COMPARE},
    [CMP_IS] = {" is ", LEVEL_COMPARE},
    [CMP_ISNOT] = {" is not ", LEVEL_COMPARE},
    [CMP_IN] = {" in ", LEVEL_COMPARE},
    [CMP_NOTIN] = {" not in ", LEVEL_COMPARE},
};

static void put_expr(Writer *w, Node *node, Level level);

static void put(Writer *w, const char *text)
{
    if (!w->c->failed && !builder_text(w->c->vm, &w->text, text)) compile_raised(w->c);
}

static void put_str(Writer *w, Ref text)
{
    if (failed(text) || !builder_str(w->c->vm, &w->text, text)) compile_raised(w->c);
    decref(text);
}

/* The repr of value; steals it. */
static void put_repr(Writer *w, Ref value)
{
    if (failed(value) || !builder_repr(w->c->vm, &w->text, value)) compile_raised(w->c);
    decref(value);
}

/* What has been written, as a str; FAIL: raised. */
static Ref writer_finish(Writer *w)
{
    if (!w->c->failed) return builder_finish(w->c->vm, &w->text);
    builder_close(&w->text);
    return FAIL;
}

static void put_list(Writer *w, Nodes items)
{
    for (ptrdiff_t i = 0; i < items.len; i++) {
        if (i) put(w, ", ");
        put_expr(w, items.items[i], LEVEL_TEST);
    }
}

static void put_between(Writer *w, const char *open, Nodes items, const char *close)
{
    put(w, open);
    put_list(w, items);
    put(w, close);
}

/* ---- operators; parentheses are put_expr's affair */

static void put_bool(Writer *w, const NodeBoolOp *node)
{
    const Spelling *op = &operators[node->op];
    for (ptrdiff_t i = 0; i < node->values.len; i++) {
        if (i) put(w, op->text);
        put_expr(w, node->values.items[i], op->level + 1);
    }
}

static void put_binary(Writer *w, const NodeBinOp *node)
{
    const Spelling *op = &operators[node->op];
    bool right_first = node->op == BIN_POW;
    put_expr(w, node->left, op->level + right_first);
    put(w, op->text);
    put_expr(w, node->right, op->level + !right_first);
}

static void put_compare(Writer *w, const NodeCompare *node)
{
    put_expr(w, node->left, LEVEL_COMPARE + 1);
    for (ptrdiff_t i = 0; i < node->ops.len; i++) {
        put(w, operators[node->ops.items[i]].text);
        put_expr(w, node->comparators.items[i], LEVEL_COMPARE + 1);
    }
}

static void put_if(Writer *w, const NodeIfExp *node)
{
    put_expr(w, node->body, LEVEL_TEST + 1);
    put(w, " if ");
    put_expr(w, node->test, LEVEL_TEST + 1);
    put(w, " else ");
    put_expr(w, node->orelse, LEVEL_TEST);
}

static void put_named(Writer *w, const NodeNamedExpr *node)
{
    put_expr(w, node->target, LEVEL_ATOM);
    put(w, " := ");
    put_expr(w, node->value, LEVEL_ATOM);
}

/* ---- lambda */

static void put_parameter(Writer *w, const char *before, Node *arg, Node *fallback)
{
    put(w, before);
    put(w, as_arg(arg)->arg);
    if (!fallback) return;
    put(w, "=");
    put_expr(w, fallback, LEVEL_TEST);
}

static void put_parameters(Writer *w, const Nodearguments *args)
{
    const char *separator = " ";
    ptrdiff_t only = args->posonlyargs.len, positional = only + args->args.len;
    ptrdiff_t plain = positional - args->defaults.len;
    for (ptrdiff_t i = 0; i < positional; i++) {
        Node *arg = i < only ? args->posonlyargs.items[i] : args->args.items[i - only];
        put_parameter(w, separator, arg, i < plain ? NULL : args->defaults.items[i - plain]);
        separator = ", ";
        if (i + 1 == only) put(w, ", /");
    }
    const char *comma = positional ? ", " : ""; /* no space after "lambda", as CPython has it */
    if (args->vararg || args->kwonlyargs.len) {
        put(w, comma);
        put(w, "*");
        if (args->vararg) put(w, as_arg(args->vararg)->arg);
        comma = ", ";
    }
    for (ptrdiff_t i = 0; i < args->kwonlyargs.len; i++)
        put_parameter(w, ", ", args->kwonlyargs.items[i], args->kw_defaults.items[i]);
    if (!args->kwarg) return;
    put(w, comma);
    put_parameter(w, "**", args->kwarg, NULL);
}

static void put_lambda(Writer *w, const NodeLambda *node)
{
    put(w, "lambda");
    put_parameters(w, as_arguments(node->args));
    put(w, ": ");
    put_expr(w, node->body, LEVEL_TEST);
}

/* ---- displays and comprehensions */

static void put_dict(Writer *w, const NodeDict *node)
{
    put(w, "{");
    for (ptrdiff_t i = 0; i < node->values.len; i++) {
        if (i) put(w, ", ");
        Node *key = node->keys.items[i];
        if (key) {
            put_expr(w, key, LEVEL_TEST);
            put(w, ": ");
        } else {
            put(w, "**");
        }
        put_expr(w, node->values.items[i], key ? LEVEL_TEST : LEVEL_BITOR);
    }
    put(w, "}");
}

static void put_tuple(Writer *w, const NodeTuple *node)
{
    if (!node->elts.len) put(w, "()");
    else put_between(w, "", node->elts, node->elts.len == 1 ? "," : "");
}

static void put_generators(Writer *w, Nodes generators, const char *close)
{
    for (ptrdiff_t i = 0; i < generators.len; i++) {
        const Nodecomprehension *part = as_comprehension(generators.items[i]);
        put(w, part->is_async ? " async for " : " for ");
        put_expr(w, part->target, LEVEL_TUPLE);
        put(w, " in ");
        put_expr(w, part->iter, LEVEL_TEST + 1);
        for (ptrdiff_t j = 0; j < part->ifs.len; j++) {
            put(w, " if ");
            put_expr(w, part->ifs.items[j], LEVEL_TEST + 1);
        }
    }
    put(w, close);
}

static void put_comprehension(Writer *w, const char *open, Node *elt, Nodes generators,
                              const char *close)
{
    put(w, open);
    put_expr(w, elt, LEVEL_TEST);
    put_generators(w, generators, close);
}

static void put_dict_comprehension(Writer *w, const NodeDictComp *node)
{
    put(w, "{");
    put_expr(w, node->key, LEVEL_TEST);
    put_comprehension(w, ": ", node->value, node->generators, "}");
}

/* ---- primaries */

static void put_call(Writer *w, const NodeCall *node)
{
    put_expr(w, node->func, LEVEL_ATOM);
    Nodes args = node->args, keywords = node->keywords;
    if (args.len == 1 && !keywords.len && args.items[0]->kind == NODE_GeneratorExp) {
        put_expr(w, args.items[0], LEVEL_ATOM); /* its parentheses are the call's */
        return;
    }
    put_between(w, "(", args, "");
    for (ptrdiff_t i = 0; i < keywords.len; i++) {
        const Nodekeyword *keyword = as_keyword(keywords.items[i]);
        if (i || args.len) put(w, ", ");
        put(w, keyword->arg ? keyword->arg : "**");
        if (keyword->arg) put(w, "=");
        put_expr(w, keyword->value, LEVEL_TEST);
    }
    put(w, ")");
}

static void put_attribute(Writer *w, const NodeAttribute *node)
{
    put_expr(w, node->value, LEVEL_ATOM);
    Node *value = node->value;
    bool number = value->kind == NODE_Constant && as_Constant(value)->value.kind == LITERAL_INT;
    put(w, number ? " ." : "."); /* "1." would be a float */
    put(w, node->attr);
}

static void put_subscript(Writer *w, const NodeSubscript *node)
{
    put_expr(w, node->value, LEVEL_ATOM);
    put(w, "[");
    put_expr(w, node->slice, LEVEL_TUPLE);
    put(w, "]");
}

static void put_slice(Writer *w, const NodeSlice *node)
{
    if (node->lower) put_expr(w, node->lower, LEVEL_TEST);
    put(w, ":");
    if (node->upper) put_expr(w, node->upper, LEVEL_TEST);
    if (!node->step) return;
    put(w, ":");
    put_expr(w, node->step, LEVEL_TEST);
}

static void put_prefixed(Writer *w, const char *prefix, Node *value, Level level)
{
    put(w, prefix);
    if (value) put_expr(w, value, level);
}

/* ---- constants and strings with fields */

static void put_constant(Writer *w, const NodeConstant *node)
{
    const Literal *literal = &node->value;
    bool number = literal->kind == LITERAL_FLOAT || literal->kind == LITERAL_IMAG;
    if (number && isinf(literal->number)) {
        put(w, literal->kind == LITERAL_IMAG ? "1e309j" : "1e309");
    } else if (literal->kind == LITERAL_ELLIPSIS) {
        put(w, "...");
    } else {
        if (literal->kind == LITERAL_STR && node->kind) put(w, "u");
        put_repr(w, literal_value(w->c, literal));
    }
}

/* Literal text of an f-string: its braces are doubled. */
static void put_middle(Writer *w, const Literal *literal)
{
    const char *text = literal->text, *end = text + literal->len;
    while (text < end && !w->c->failed) {
        const char *at = text;
        while (at < end && *at != '{' && *at != '}') at++;
        put_str(w, str_from_utf8(w->c->vm, text, at - text));
        if (at < end) put(w, *at == '{' ? "{{" : "}}");
        text = at + 1;
    }
}

static void put_field(Writer *w, Ref text, int conversion, Node *spec);

static void put_parts(Writer *w, Nodes parts)
{
    for (ptrdiff_t i = 0; i < parts.len && !w->c->failed; i++) {
        Node *part = parts.items[i];
        if (part->kind == NODE_Constant) {
            put_middle(w, &as_Constant(part)->value);
        } else if (part->kind == NODE_Interpolation) { /* knows its own source text */
            const NodeInterpolation *field = as_Interpolation(part);
            put_field(w, literal_value(w->c, &field->str), field->conversion, field->format_spec);
        } else {
            const NodeFormattedValue *field = as_FormattedValue(part);
            Writer value = {.c = w->c};
            builder_open(&value.text);
            put_expr(&value, field->value, LEVEL_TEST + 1);
            put_field(w, writer_finish(&value), field->conversion, field->format_spec);
        }
    }
}

/* {text!r:spec}; steals text. */
static void put_field(Writer *w, Ref text, int conversion, Node *spec)
{
    bool brace = !failed(text) && as_str(text)->len && str_at(as_str(text), 0) == '{';
    put(w, brace ? "{ " : "{"); /* two braces would stand for one */
    put_str(w, text);
    if (conversion > 0) put(w, (char[]){'!', (char)conversion, 0});
    if (spec && !compile_too_deep(w->c)) {
        put(w, ":");
        put_parts(w, as_JoinedStr(spec)->values);
    }
    put(w, "}");
}

static void put_joined(Writer *w, const char *prefix, Nodes parts)
{
    Writer body = {.c = w->c};
    builder_open(&body.text);
    put_parts(&body, parts);
    put(w, prefix);
    put_repr(w, writer_finish(&body));
}

/* ---- expressions */

/* How tightly node holds together. */
static Level level_of(Node *node)
{
    switch (node->kind) {
    case NODE_Tuple: return as_Tuple(node)->elts.len ? LEVEL_TUPLE : LEVEL_ATOM;
    case NODE_NamedExpr: return LEVEL_TUPLE;
    case NODE_Lambda:
    case NODE_IfExp: return LEVEL_TEST;
    case NODE_BoolOp: return operators[as_BoolOp(node)->op].level;
    case NODE_BinOp: return operators[as_BinOp(node)->op].level;
    case NODE_UnaryOp: return operators[as_UnaryOp(node)->op].level;
    case NODE_Compare: return LEVEL_COMPARE;
    case NODE_Await: return LEVEL_AWAIT;
    default: return LEVEL_ATOM;
    }
}

static void put_unary(Writer *w, const NodeUnaryOp *node)
{
    const Spelling *op = &operators[node->op];
    put_prefixed(w, op->text, node->operand, op->level);
}

/* Always in parentheses. */
static void put_yield(Writer *w, Node *node)
{
    if (node->kind == NODE_YieldFrom) {
        put_prefixed(w, "(yield from ", as_YieldFrom(node)->value, LEVEL_TEST);
    } else {
        Node *value = as_Yield(node)->value;
        put_prefixed(w, value ? "(yield " : "(yield", value, LEVEL_TEST);
    }
    put(w, ")");
}

static void put_comprehended(Writer *w, Node *node)
{
    if (node->kind == NODE_DictComp) {
        put_dict_comprehension(w, as_DictComp(node));
    } else if (node->kind == NODE_ListComp) {
        put_comprehension(w, "[", as_ListComp(node)->elt, as_ListComp(node)->generators, "]");
    } else if (node->kind == NODE_SetComp) {
        put_comprehension(w, "{", as_SetComp(node)->elt, as_SetComp(node)->generators, "}");
    } else {
        NodeGeneratorExp *generator = as_GeneratorExp(node);
        put_comprehension(w, "(", generator->elt, generator->generators, ")");
    }
}

static void put_bare(Writer *w, Node *node)
{
    switch (node->kind) {
    case NODE_BoolOp: put_bool(w, as_BoolOp(node)); break;
    case NODE_NamedExpr: put_named(w, as_NamedExpr(node)); break;
    case NODE_BinOp: put_binary(w, as_BinOp(node)); break;
    case NODE_UnaryOp: put_unary(w, as_UnaryOp(node)); break;
    case NODE_Lambda: put_lambda(w, as_Lambda(node)); break;
    case NODE_IfExp: put_if(w, as_IfExp(node)); break;
    case NODE_Dict: put_dict(w, as_Dict(node)); break;
    case NODE_Set: put_between(w, "{", as_Set(node)->elts, "}"); break;
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp:
    case NODE_GeneratorExp: put_comprehended(w, node); break;
    case NODE_Await: put_prefixed(w, "await ", as_Await(node)->value, LEVEL_ATOM); break;
    case NODE_Yield:
    case NODE_YieldFrom: put_yield(w, node); break;
    case NODE_Compare: put_compare(w, as_Compare(node)); break;
    case NODE_Call: put_call(w, as_Call(node)); break;
    case NODE_JoinedStr: put_joined(w, "f", as_JoinedStr(node)->values); break;
    case NODE_TemplateStr: put_joined(w, "t", as_TemplateStr(node)->values); break;
    case NODE_Constant: put_constant(w, as_Constant(node)); break;
    case NODE_Attribute: put_attribute(w, as_Attribute(node)); break;
    case NODE_Subscript: put_subscript(w, as_Subscript(node)); break;
    case NODE_Starred: put_prefixed(w, "*", as_Starred(node)->value, LEVEL_BITOR); break;
    case NODE_Name: put(w, as_Name(node)->id); break;
    case NODE_List: put_between(w, "[", as_List(node)->elts, "]"); break;
    case NODE_Tuple: put_tuple(w, as_Tuple(node)); break;
    case NODE_Slice: put_slice(w, as_Slice(node)); break;
    default: break; /* the parts of f-strings: put_parts */
    }
}

static void put_expr(Writer *w, Node *node, Level level)
{
    if (w->c->failed || compile_too_deep(w->c)) return;
    bool loose = level_of(node) < level;
    if (loose) put(w, "(");
    put_bare(w, node);
    if (loose) put(w, ")");
}

Ref unparse(Compiler *c, Node *node)
{
    Writer w = {.c = c};
    builder_open(&w.text);
    put_expr(&w, node, LEVEL_TEST);
    return writer_finish(&w);
}
