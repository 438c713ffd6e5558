/* class.c - class statements.
 *
 * The body is a function of one parameter, the namespace, which its names live in; __build_class__
 * calls it. Methods that say super or __class__ capture a cell of the body, handed over as
 * __classcell__. Neighbours: function.c (decorators, annotations), generic.c (class C[T]), call.c
 * (bases are arguments). */
/* SPDX-License-Identifier: MIT */
#include "compiler/class.h"

#include "compiler/call.h"
#include "compiler/constant.h"
#include "compiler/function.h"
#include "compiler/generic.h"
#include "compiler/statement.h"
#include "object/str.h"
#include "object/tuple.h"

static Ident *named(Compiler *c, const char *text) { return ident_text(&c->idents, text); }

/* Stores a constant (stolen) under a name of the class. */
static void set_constant(Compiler *c, const char *name, Ref value)
{
    int at = temp_push(c);
    constant_load(c, value, at);
    emit(c, OP_STORE_NAME, at, constant_name(c, named(c, name)), 0);
    c->unit->depth = at;
}

static void begin_body(Compiler *c, NodeClassDef *node, int line)
{
    Scope *scope = c->unit->scope;
    int at = temp_push(c);
    if (scope->namespace_cell) {
        emit(c, OP_LOAD_LOCALS, at, 0, 0);
        emit(c, OP_STORE_CELL, scope->namespace_cell->index - scope->local_count, at, 0);
    }
    emit(c, OP_LOAD_NAME, at, constant_name(c, named(c, "__name__")), 0);
    emit(c, OP_STORE_NAME, at, constant_name(c, named(c, "__module__")), 0);
    c->unit->depth = at;
    set_constant(c, "__qualname__", newref(c->unit->qualname));
    set_constant(c, "__firstlineno__", from_small(line));
    if (node->type_params.len) {
        at = variable_load(c, named(c, ".type_params"), temp_push(c), false);
        emit(c, OP_STORE_NAME, at, constant_name(c, named(c, "__type_params__")), 0);
        c->unit->depth = at;
    }
    open_conditional_annotations(c);
    compile_body_annotations(c, named(c, "__annotate_func__"));
}

/* type.__new__ finds the cell in the namespace and fills it. */
static void leave_cell(Compiler *c, const Symbol *cell, const char *name)
{
    if (!cell) return;
    int at = temp_push(c);
    emit(c, OP_MOVE, at, cell->index - c->unit->scope->local_count, 0);
    emit(c, OP_STORE_NAME, at, constant_name(c, named(c, name)), 0);
    c->unit->depth = at;
}

/* The names of the attributes that methods set, sorted. */
static Ref static_attributes(Compiler *c)
{
    Unit *unit = c->unit;
    Ref names = tuple_new(c->vm, unit->attribute_count);
    for (int i = 0; i < unit->attribute_count && !failed(names); i++) {
        Value name = ident_str(&c->idents, unit->attributes[i]);
        if (failed(name)) {
            decref(names);
            return FAIL;
        }
        Ref *items = as_tuple(names)->items;
        int at = i;
        for (; at > 0 && str_compare(as_str(items[at - 1]), as_str(name)) > 0; at--)
            items[at] = items[at - 1];
        items[at] = newref(name);
    }
    return names;
}

static void end_body(Compiler *c)
{
    Unit *unit = c->unit;
    c->pos = unwritten(c->pos);
    Ref names = static_attributes(c);
    if (failed(names)) compile_raised(c);
    else set_constant(c, "__static_attributes__", names);
    leave_cell(c, unit->scope->class_cell, "__classcell__");
    leave_cell(c, unit->scope->namespace_cell, "__classdictcell__");
    emit(c, OP_RETURN_CONST, 0, constant_none(c), 0);
}

static Ref class_code(Compiler *c, NodeClassDef *node, int line)
{
    Value name = ident_str(&c->idents, ident_of(&c->idents, node->name));
    if (failed(name)) return FAIL;
    unit_open(c, scope_of(c, &node->head, ROLE_MAIN), name, line);
    c->unit->arg_count = c->unit->positional_only = 1;
    c->unit->flags |= CODE_NAMESPACE | CODE_SIMPLE;
    if (node->decorator_list.len) c->pos = node->decorator_list.items[0]->pos;
    begin_body(c, node, line);
    Nodes body = node->body;
    Node *doc = docstring_wanted(c, body);
    if (doc) {
        c->pos = doc->pos;
        set_constant(c, "__doc__", docstring_value(c, doc));
        body.items++;
        body.len--;
    }
    compile_body(c, body);
    end_body(c);
    return unit_close(c);
}

/* Builds the class into R[window]; generic: with the base that .generic_base holds. */
static void build_class(Compiler *c, NodeClassDef *node, int window, int line, bool generic)
{
    int mark = c->unit->depth;
    c->unit->depth = window + 1;
    temp_push(c);
    emit(c, OP_LOAD_BUILD_CLASS, window, 0, 0);
    int body = temp_push(c);
    emit_function(c, class_code(c, node, line), body, 0);
    int name = temp_push(c);
    emit(c, OP_LOAD_CONST, name, constant_name(c, ident_of(&c->idents, node->name)), 0);
    Nodes bases = node->bases;
    if (generic) {
        bases.items = arena_alloc(c->arena, (size_t)(bases.len + 1) * sizeof *bases.items);
        if (bases.len)
            memcpy(bases.items, node->bases.items, (size_t)bases.len * sizeof *bases.items);
        bases.items[bases.len++] = node_Name(c->arena, node->head.pos, ".generic_base", CTX_LOAD);
    }
    compile_arguments(c, window, 2, bases, node->keywords, window);
    c->unit->depth = mark;
}

static void build_generic_class(Compiler *c, NodeClassDef *node, int window, int line)
{
    int mark = c->unit->depth;
    c->unit->depth = window + 1;
    temp_push(c);
    open_type_params(c, &node->head, node->type_params, node->name);
    int base = temp_push_many(c, 1), copy = temp_push(c);
    load_type_params(c, node->type_params, base);
    emit(c, OP_COPY, copy, base, 0);
    variable_store(c, named(c, ".type_params"), copy);
    emit_aux(c, OP_INTRINSIC, base, base, INTRINSIC_GENERIC_BASE, 1);
    variable_store(c, named(c, ".generic_base"), base);
    build_class(c, node, base, line, true);
    emit(c, OP_RETURN, base, 0, 0);
    emit_function(c, unit_close(c), window, 0);
    emit_cached(c, OP_CALL, window, 0, window, 0);
    c->unit->depth = mark;
}

void compile_class(Compiler *c, NodeClassDef *node)
{
    int mark = c->unit->depth, line = node->head.pos.line;
    if (node->decorator_list.len) line = node->decorator_list.items[0]->pos.line;
    int window = open_decorators(c, node->decorator_list);
    if (node->type_params.len) build_generic_class(c, node, window, line);
    else build_class(c, node, window, line, false);
    c->unit->depth = window + 1;
    int value = call_decorators(c, node->decorator_list, window);
    variable_store(c, scope_ident(c, c->scope, node->name), value);
    c->unit->depth = mark;
}
