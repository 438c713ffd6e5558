/* function.c - def, lambda, decorators, defaults, annotations.
 *
 * A function is made from a code object and up to three parts in a row of registers: the tuple of
 * defaults, the dict of keyword defaults, the __annotate__ function, which computes the annotations
 * when they are asked for. Neighbours: class.c (class statements), generic.c (type parameters),
 * statement.c (bodies). */
/* SPDX-License-Identifier: MIT */
#include "compiler/function.h"

#include "compiler/assign.h"
#include "compiler/call.h"
#include "compiler/constant.h"
#include "compiler/generic.h"
#include "compiler/statement.h"
#include "compiler/unparse.h"
#include "object/str.h"

enum { PART_DEFAULTS = 1, PART_KEYWORD_DEFAULTS = 2, PART_ANNOTATE = 4 };

void emit_function(Compiler *c, Ref code, int base, int parts)
{
    if (failed(code)) {
        compile_raised(c);
        return;
    }
    emit_aux(c, OP_MAKE_FUNCTION, base, parts, 0, (uint32_t)constant_append(c, code));
}

/* ---- docstrings */

Node *docstring_node(Nodes body)
{
    if (!body.len || body.items[0]->kind != NODE_Expr) return NULL;
    Node *value = as_Expr(body.items[0])->value;
    return value->kind == NODE_Constant && as_Constant(value)->value.kind == LITERAL_STR ? value
                                                                                         : NULL;
}

Node *docstring_wanted(const Compiler *c, Nodes body)
{
    return c->flags & COMPILE_NO_DOCS ? NULL : docstring_node(body);
}

static ptrdiff_t blanks_at(const char *text, ptrdiff_t len)
{
    ptrdiff_t n = 0;
    while (n < len && text[n] == ' ') n++;
    return n;
}

static ptrdiff_t line_length(const char *text, const char *end)
{
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    return newline ? newline - text : end - text;
}

/* Copies text with tabs expanded to columns of 8. */
static char *expand_tabs(Compiler *c, const char *text, ptrdiff_t *len)
{
    char *out = arena_alloc(c->arena, (size_t)*len * 8 + 1), *at = out, *line = out;
    for (ptrdiff_t i = 0; i < *len; i++) {
        if (text[i] == '\t') {
            do *at++ = ' ';
            while ((at - line) % 8);
            continue;
        }
        *at++ = text[i];
        if (text[i] == '\n') line = at;
    }
    *len = at - out;
    return out;
}

Ref docstring_value(Compiler *c, Node *node)
{
    const Literal *literal = &as_Constant(node)->value;
    ptrdiff_t len = literal->len;
    if (!memchr(literal->text, '\n', (size_t)len) && literal->text[0] != ' ' &&
        !memchr(literal->text, '\t', (size_t)len))
        return literal_value(c, literal);
    const char *text = memchr(literal->text, '\t', (size_t)len)
                           ? expand_tabs(c, literal->text, &len)
                           : literal->text;
    const char *end = text + len, *at = text;
    ptrdiff_t margin = PTRDIFF_MAX, n = line_length(at, end);
    for (at += n; at < end; at += n) { /* the margin of all lines but the first */
        at++;
        n = line_length(at, end);
        ptrdiff_t blanks = blanks_at(at, n);
        if (blanks < n && blanks < margin) margin = blanks;
    }
    char *out = arena_alloc(c->arena, (size_t)len + 1), *to = out;
    bool first = true;
    for (at = text; at <= end; at++, first = false) {
        n = line_length(at, end);
        ptrdiff_t skip = blanks_at(at, n);
        if (!first && skip > margin) skip = margin;
        memcpy(to, at + skip, (size_t)(n - skip));
        to += n - skip;
        at += n;
        if (at < end) *to++ = '\n';
    }
    return str_from_utf8(c->vm, out, to - out);
}

/* ---- parameters */

static void open_parameters(Compiler *c, Nodearguments *args)
{
    Unit *unit = c->unit;
    unit->positional_only = (int)args->posonlyargs.len;
    unit->arg_count = (int)(args->posonlyargs.len + args->args.len);
    unit->keyword_only = (int)args->kwonlyargs.len;
    if (args->vararg) unit->flags |= CODE_VARARGS;
    if (args->kwarg) unit->flags |= CODE_VARKEYWORDS;
    if (!args->vararg && !args->kwarg && !unit->keyword_only) unit->flags |= CODE_SIMPLE;
    Node *first = args->posonlyargs.len ? args->posonlyargs.items[0]
                  : args->args.len      ? args->args.items[0]
                                        : NULL;
    if (first) unit->self = scope_ident(c, c->scope, as_arg(first)->arg);
    if (c->scope->is_async)
        unit->flags |= c->scope->is_generator ? CODE_ASYNC_GENERATOR : CODE_COROUTINE;
    else if (c->scope->is_generator) unit->flags |= CODE_GENERATOR;
}

/* Defaults into R[base] and R[base + 1]; which of them there are. */
static int compile_defaults(Compiler *c, Nodearguments *args, int base)
{
    int parts = 0, mark = c->unit->depth;
    if (args->defaults.len) {
        Ref constant = tuple_of_constants(c, args->defaults);
        if (!absent(constant)) {
            emit(c, OP_LOAD_CONST, base, constant_append(c, constant), 0);
        } else {
            int first = compile_run(c, args->defaults);
            emit(c, OP_BUILD_TUPLE, base, first, (int)args->defaults.len);
        }
        parts |= PART_DEFAULTS;
        c->unit->depth = mark;
    }
    int pairs = 0, first = c->unit->depth;
    for (ptrdiff_t i = 0; i < args->kw_defaults.len && !c->failed; i++) {
        if (!args->kw_defaults.items[i]) continue;
        Ident *name = scope_ident(c, c->scope, as_arg(args->kwonlyargs.items[i])->arg);
        emit(c, OP_LOAD_CONST, temp_push(c), constant_name(c, name), 0);
        compile_expr(c, args->kw_defaults.items[i], temp_push(c));
        pairs++;
    }
    if (pairs) {
        emit(c, OP_BUILD_DICT, base + 1, first, pairs);
        parts |= PART_KEYWORD_DEFAULTS;
    }
    c->unit->depth = mark;
    return parts;
}

/* ---- annotations */

static void add_annotation(Compiler *c, Ident *name, Node *annotation)
{
    emit(c, OP_LOAD_CONST, temp_push(c), constant_name(c, name), 0);
    int value = temp_push(c);
    if (c->flags & COMPILE_ANNOTATIONS_STRING) {
        emit(c, OP_LOAD_CONST, value, constant_add(c, unparse(c, annotation)), 0);
    } else if (annotation->kind == NODE_Starred) {
        compile_expr(c, as_Starred(annotation)->value, value);
        emit_aux(c, OP_INTRINSIC, value, value, INTRINSIC_UNPACK_ALIAS, 1);
    } else {
        compile_expr(c, annotation, value);
    }
}

static int add_parameter_annotations(Compiler *c, Nodes args)
{
    int count = 0;
    for (ptrdiff_t i = 0; i < args.len && !c->failed; i++) {
        Nodearg *arg = as_arg(args.items[i]);
        if (!arg->annotation) continue;
        add_annotation(c, scope_ident(c, c->scope, arg->arg), arg->annotation);
        count++;
    }
    return count;
}

/* Starts a function of one parameter, .format, which refuses formats it does not know. */
void open_evaluator(Compiler *c, Scope *scope, Ident *name, int line)
{
    Value str = ident_str(&c->idents, name);
    if (failed(str)) {
        compile_raised(c);
        str = NONE;
    }
    unit_open(c, scope, str, line);
    Unit *unit = c->unit;
    unit->arg_count = unit->positional_only = 1;
    unit->flags |= CODE_SIMPLE;
    Label known = label_new(c);
    int k = constant_add(c, from_small(2)), error = temp_push(c); /* VALUE_WITH_FAKE_GLOBALS */
    State at_known = unit->state;
    emit_jump(c, OP_JUMP_GT_K, -scope->local_count, k, 0, known);
    emit_cached(c, OP_LOAD_GLOBAL, error, 0, 0,
                constant_name(c, ident_text(&c->idents, "NotImplementedError")));
    emit(c, OP_RAISE, error, 0, 0);
    unit->depth = 0;
    unit->state = at_known;
    label_place(c, known);
}

static Ref annotate_code(Compiler *c, Node *node, Nodearguments *args, Node *returns)
{
    Scope *scope = scope_of(c, node, ROLE_ANNOTATIONS);
    open_evaluator(c, scope, ident_text(&c->idents, "__annotate__"), node->pos.line);
    int dict = c->unit->depth;
    int count = add_parameter_annotations(c, args->posonlyargs);
    count += add_parameter_annotations(c, args->args);
    if (args->vararg) count += add_parameter_annotations(c, (Nodes){&args->vararg, 1});
    count += add_parameter_annotations(c, args->kwonlyargs);
    if (args->kwarg) count += add_parameter_annotations(c, (Nodes){&args->kwarg, 1});
    if (returns) {
        add_annotation(c, ident_text(&c->idents, "return"), returns);
        count++;
    }
    emit(c, OP_BUILD_DICT, dict, dict, count);
    emit(c, OP_RETURN, dict, 0, 0);
    return unit_close(c);
}

/* One annotation of a module or class body into dict. */
static void add_body_annotation(Compiler *c, int dict, int condition, int index,
                                const AnnotationItem *item)
{
    int mark = c->unit->depth;
    Label skip = label_new(c);
    State at_skip = c->unit->state;
    if (item->conditional) {
        int number = constant_load(c, from_small(index), ANYWHERE), set = temp_push(c);
        emit(c, OP_LOAD_FREE, set, condition, 0);
        emit_jump(c, OP_JUMP_IN, number, set, 0, skip);
        c->unit->depth = mark;
    }
    int key = temp_push(c), value = temp_push(c);
    Ident *name = scope_ident(c, c->scope, as_Name(item->node->target)->id);
    if (c->flags & COMPILE_ANNOTATIONS_STRING)
        emit(c, OP_LOAD_CONST, value, constant_add(c, unparse(c, item->node->annotation)), 0);
    else compile_expr(c, item->node->annotation, value);
    emit(c, OP_LOAD_CONST, key, constant_name(c, name), 0);
    emit(c, OP_DICT_SET, dict, key, value);
    c->unit->depth = mark;
    label_join(c, skip, &at_skip);
}

void compile_body_annotations(Compiler *c, Ident *name)
{
    Scope *body = c->unit->scope, *scope = scope_of(c, body->node, ROLE_ANNOTATIONS);
    if (!scope || !body->annotation_count) return;
    open_evaluator(c, scope, ident_text(&c->idents, "__annotate__"),
                   body->annotations[0].node->head.pos.line);
    int dict = temp_push(c), condition = 0;
    while (condition < scope->free_count && scope->frees[condition] != body->condition_cell)
        condition++;
    emit(c, OP_BUILD_DICT, dict, dict, 0);
    for (int i = 0; i < body->annotation_count && !c->failed; i++)
        add_body_annotation(c, dict, condition, i, &body->annotations[i]);
    emit(c, OP_RETURN, dict, 0, 0);
    Ref code = unit_close(c);
    int at = temp_push(c);
    emit_function(c, code, at, 0);
    variable_store_name(c, name, at);
    c->unit->depth = at;
}

void open_conditional_annotations(Compiler *c)
{
    Scope *scope = c->unit->scope;
    if (!scope->condition_cell) return;
    int set = temp_push(c);
    emit(c, OP_BUILD_SET, set, set, 0);
    emit(c, OP_STORE_CELL, scope->condition_cell->index - scope->local_count, set, 0);
    c->unit->depth = set;
}

/* ---- def and lambda */

static Ref function_code(Compiler *c, NodeFunctionDef *def, int line)
{
    Scope *scope = scope_of(c, &def->head, ROLE_MAIN);
    Value name = ident_str(&c->idents, ident_of(&c->idents, def->name));
    if (failed(name)) return FAIL;
    unit_open(c, scope, name, line);
    open_parameters(c, as_arguments(def->args));
    if (scope->class_name && scope->parent->unit->kind == SCOPE_CLASS)
        c->unit->flags |= CODE_METHOD;
    Nodes body = def->body;
    Node *doc = docstring_wanted(c, body);
    if (doc) {
        constant_append(c, docstring_value(c, doc));
        c->unit->flags |= CODE_HAS_DOCSTRING;
        body.items++;
        body.len--;
    }
    compile_body(c, body);
    if (def->body.len) c->pos = unwritten(def->body.items[def->body.len - 1]->pos);
    emit(c, OP_RETURN_CONST, 0, constant_none(c), 0);
    return unit_close(c);
}

/* The function with its defaults in R[base] on (parts says which): annotations, code,
 * MAKE_FUNCTION. */
static void make_def(Compiler *c, NodeFunctionDef *def, int base, int parts, int line)
{
    if (scope_of(c, &def->head, ROLE_ANNOTATIONS)) {
        Ref code = annotate_code(c, &def->head, as_arguments(def->args), def->returns);
        emit_function(c, code, base + 2, 0);
        parts |= PART_ANNOTATE;
    }
    emit_function(c, function_code(c, def, line), base, parts);
}

/* def f[T](...): a function of the type parameters makes it; its defaults come in as arguments. */
static void make_generic_def(Compiler *c, NodeFunctionDef *def, int window, int line)
{
    int mark = c->unit->depth;
    c->unit->depth = window + 4;
    if (c->unit->depth > c->unit->most) c->unit->most = c->unit->depth;
    int parts = compile_defaults(c, as_arguments(def->args), window + 2);
    if (parts == PART_KEYWORD_DEFAULTS) emit(c, OP_MOVE, window + 2, window + 3, 0);
    open_type_params(c, &def->head, def->type_params, def->name);
    int base = temp_push_many(c, 3), local = -c->unit->scope->local_count, argc = 0;
    if (parts & PART_DEFAULTS) emit(c, OP_MOVE, base, local + argc++, 0);
    if (parts & PART_KEYWORD_DEFAULTS) emit(c, OP_MOVE, base + 1, local + argc++, 0);
    c->unit->arg_count = c->unit->positional_only = argc;
    make_def(c, def, base, parts, line);
    load_type_params(c, def->type_params, base + 1);
    emit_aux(c, OP_INTRINSIC, base, base, INTRINSIC_SET_TYPE_PARAMS, 2);
    emit(c, OP_RETURN, base, 0, 0);
    emit_function(c, unit_close(c), window, 0);
    emit_cached(c, OP_CALL, window, argc, window, 0);
    c->unit->depth = mark;
}

int open_decorators(Compiler *c, Nodes decorators)
{
    for (ptrdiff_t i = 0; i < decorators.len && !c->failed; i++) {
        compile_expr(c, decorators.items[i], temp_push(c));
        temp_push(c);
    }
    return temp_push(c);
}

int call_decorators(Compiler *c, Nodes decorators, int value)
{
    Pos pos = c->pos;
    for (ptrdiff_t i = decorators.len; i-- > 0;) {
        c->pos = decorators.items[i]->pos;
        emit_cached(c, OP_CALL, value - 2, 1, value - 2, 0);
        value -= 2;
    }
    c->pos = pos;
    return value;
}

void compile_function(Compiler *c, Node *node)
{
    NodeFunctionDef *def = (NodeFunctionDef *)(void *)node;
    int mark = c->unit->depth, line = node->pos.line;
    if (def->decorator_list.len) line = def->decorator_list.items[0]->pos.line;
    int base = open_decorators(c, def->decorator_list);
    if (def->type_params.len) {
        make_generic_def(c, def, base, line);
    } else {
        temp_push_many(c, 2);
        int parts = compile_defaults(c, as_arguments(def->args), base);
        make_def(c, def, base, parts, line);
    }
    c->unit->depth = base + 1;
    int value = call_decorators(c, def->decorator_list, base);
    variable_store(c, scope_ident(c, c->scope, def->name), value);
    c->unit->depth = mark;
}

int compile_lambda(Compiler *c, NodeLambda *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    temp_push_many(c, 2);
    Nodearguments *args = as_arguments(node->args);
    int parts = compile_defaults(c, args, base);
    Value name = ident_str(&c->idents, ident_text(&c->idents, "<lambda>"));
    if (failed(name)) compile_raised(c);
    if (c->failed) return result_register(c, want, mark, base);
    unit_open(c, scope_of(c, &node->head, ROLE_MAIN), name, node->head.pos.line);
    open_parameters(c, args);
    c->pos = node->body->pos;
    int value = compile_operand(c, node->body, false);
    emit(c, OP_RETURN, value, 0, 0);
    emit_function(c, unit_close(c), base, parts);
    int to = result_register(c, want, mark, base);
    move_to(c, to, base);
    return to;
}
