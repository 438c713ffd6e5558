/* generic.c - type parameters, type aliases, and the functions that evaluate on demand.
 *
 * def f[T](...), class C[T] and type A[T] run in a function of their type parameters, called at
 * once.  Bounds, defaults and alias values are functions of a format, called when somebody asks.
 * Neighbours: function.c (generic functions, __annotate__), class.c (generic classes). */
/* SPDX-License-Identifier: MIT */
#include "compiler/generic.h"

#include "compiler/assign.h"
#include "compiler/constant.h"
#include "compiler/function.h"
#include "object/error.h"
#include "object/tuple.h"

static Ref one_default(Compiler *c)
{
    Value one = from_small(1);
    return tuple_from_values(c->vm, 1, &one);
}

/* The function that computes value, or None when there is none, into register at. */
static void load_evaluator(Compiler *c, Node *owner, int role, Node *value, int at)
{
    if (!value) {
        emit(c, OP_LOAD_CONST, at, constant_none(c), 0);
        return;
    }
    Scope *scope = scope_of(c, owner, role);
    open_evaluator(c, scope, scope->name, value->pos.line);
    c->pos = value->pos;
    int result;
    if (value->kind == NODE_Starred) { /* *Ts = *default */
        result = temp_push(c);
        compile_expr(c, as_Starred(value)->value, result);
        emit_aux(c, OP_INTRINSIC, result, result, INTRINSIC_UNPACK_ALIAS, 1);
    } else {
        result = compile_operand(c, value, false);
    }
    emit(c, OP_RETURN, result, 0, 0);
    Ref code = unit_close(c);
    emit(c, OP_LOAD_CONST, at, constant_append(c, one_default(c)), 0);
    emit_function(c, code, at, 1);
}

static void bind_type_param(Compiler *c, Node *node)
{
    int base = temp_push_many(c, 3), count = 2;
    Name name;
    Intrinsic kind;
    if (node->kind == NODE_TypeVar) {
        NodeTypeVar *var = as_TypeVar(node);
        name = var->name;
        bool constrained = var->bound && var->bound->kind == NODE_Tuple;
        kind = constrained ? INTRINSIC_TYPE_VAR_CONSTRAINED : INTRINSIC_TYPE_VAR;
        count = 3;
        load_evaluator(c, node, ROLE_BOUND, var->bound, base + 1);
        load_evaluator(c, node, ROLE_DEFAULT, var->default_value, base + 2);
    } else if (node->kind == NODE_ParamSpec) {
        name = as_ParamSpec(node)->name;
        kind = INTRINSIC_PARAM_SPEC;
        load_evaluator(c, node, ROLE_DEFAULT, as_ParamSpec(node)->default_value, base + 1);
    } else {
        name = as_TypeVarTuple(node)->name;
        kind = INTRINSIC_TYPE_VAR_TUPLE;
        load_evaluator(c, node, ROLE_DEFAULT, as_TypeVarTuple(node)->default_value, base + 1);
    }
    emit(c, OP_LOAD_CONST, base, constant_name(c, ident_of(&c->idents, name)), 0);
    emit_aux(c, OP_INTRINSIC, base, base, kind, (uint32_t)count);
    variable_store(c, scope_ident(c, c->scope, name), base);
    c->unit->depth = base;
}

void open_type_params(Compiler *c, Node *node, Nodes params, Name name)
{
    Ref text = format_text(c->vm, "<generic parameters of %s>", name);
    if (failed(text)) {
        compile_raised(c);
        text = NONE;
    }
    unit_open(c, scope_of(c, node, ROLE_TYPE_PARAMS), text, node->pos.line);
    decref(text);
    c->unit->flags |= CODE_SIMPLE;
    for (ptrdiff_t i = 0; i < params.len && !c->failed; i++) {
        c->pos = params.items[i]->pos;
        bind_type_param(c, params.items[i]);
    }
    c->pos = node->pos;
}

static Name type_param_name(Node *node)
{
    return node->kind == NODE_TypeVar     ? as_TypeVar(node)->name
           : node->kind == NODE_ParamSpec ? as_ParamSpec(node)->name
                                          : as_TypeVarTuple(node)->name;
}

void load_type_params(Compiler *c, Nodes params, int base)
{
    int mark = c->unit->depth, first = mark;
    for (ptrdiff_t i = 0; i < params.len && !c->failed; i++)
        variable_load(c, scope_ident(c, c->scope, type_param_name(params.items[i])), temp_push(c),
                      false);
    emit(c, OP_BUILD_TUPLE, base, first, (int)params.len);
    c->unit->depth = mark;
}

/* TypeAliasType into R[base]. */
static void make_alias(Compiler *c, NodeTypeAlias *node, int base)
{
    int mark = c->unit->depth;
    temp_push_many(c, base + 3 - mark > 0 ? base + 3 - mark : 0);
    Name name = as_Name(node->name)->id;
    if (node->type_params.len) load_type_params(c, node->type_params, base + 1);
    else emit(c, OP_LOAD_CONST, base + 1, constant_none(c), 0);
    load_evaluator(c, &node->head, ROLE_BOUND, node->value, base + 2);
    emit(c, OP_LOAD_CONST, base, constant_name(c, ident_of(&c->idents, name)), 0);
    emit_aux(c, OP_INTRINSIC, base, base, INTRINSIC_TYPE_ALIAS, 3);
    c->unit->depth = mark;
}

void compile_type_alias(Compiler *c, NodeTypeAlias *node)
{
    int base = temp_push(c);
    if (node->type_params.len) {
        temp_push_many(c, 2);
        open_type_params(c, &node->head, node->type_params, as_Name(node->name)->id);
        int inner = temp_push(c);
        make_alias(c, node, inner);
        emit(c, OP_RETURN, inner, 0, 0);
        emit_function(c, unit_close(c), base, 0);
        emit_cached(c, OP_CALL, base, 0, base, 0);
    } else {
        make_alias(c, node, base);
    }
    c->unit->depth = base + 1;
    compile_store(c, node->name, base);
    c->unit->depth = base;
}
