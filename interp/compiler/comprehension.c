/* comprehension.c - list, set and dict comprehensions (inlined) and generator expressions
 * (functions).
 *
 * An inlined comprehension runs in the frame around it; its variables are hidden locals, dropped at
 * the end. A generator expression is a generator function of one parameter, .0: the outermost
 * iterator, made outside. Neighbours: scope.c (the hidden locals), function.c, assign.c (targets).
 */
/* SPDX-License-Identifier: MIT */
#include "compiler/comprehension.h"

#include "compiler/assign.h"
#include "compiler/constant.h"
#include "compiler/function.h"

typedef struct Making {
    Node *node;
    Nodes generators;
    Node *element, *value; /* value: of a dict comprehension */
    int result;            /* what is being built; unused by generators */
} Making;

static Making making_of(Node *node)
{
    switch (node->kind) {
    case NODE_ListComp:
        return (Making){node, as_ListComp(node)->generators, as_ListComp(node)->elt, NULL, 0};
    case NODE_SetComp:
        return (Making){node, as_SetComp(node)->generators, as_SetComp(node)->elt, NULL, 0};
    case NODE_DictComp:
        return (Making){node, as_DictComp(node)->generators, as_DictComp(node)->key,
                        as_DictComp(node)->value, 0};
    default:
        return (Making){node, as_GeneratorExp(node)->generators, as_GeneratorExp(node)->elt, NULL,
                        0};
    }
}

static void compile_element(Compiler *c, const Making *making)
{
    int mark = c->unit->depth;
    Pos pos = c->pos;
    int value = compile_operand(c, making->element, making->value != NULL);
    switch (making->node->kind) {
    case NODE_ListComp:
        c->pos = making->element->pos;
        emit(c, OP_LIST_APPEND, making->result, value, 0);
        break;
    case NODE_SetComp:
        c->pos = making->element->pos;
        emit(c, OP_SET_ADD, making->result, value, 0);
        break;
    case NODE_DictComp: {
        int item = compile_operand(c, making->value, false);
        c->pos = making->element->pos;
        emit(c, OP_DICT_SET, making->result, value, item);
        break;
    }
    default: {
        c->unit->depth = mark;
        int sent = temp_push(c);
        c->pos = making->element->pos;
        emit(c, OP_YIELD, sent, value, 0);
        emit(c, OP_CLEAR, sent, 0, 0);
    }
    }
    c->pos = pos;
    c->unit->depth = mark;
}

/* iter(expression) into register at (and at + 1 for async for). */
static void compile_iterator(Compiler *c, Node *expression, bool is_async, int at)
{
    Pos pos = c->pos;
    int value = compile_operand_near(c, expression, at, false);
    c->pos = expression->pos;
    emit(c, is_async ? OP_GET_AITER : OP_GET_ITER, at, value, 0);
    c->pos = pos;
}

static int push_iterator(Compiler *c, bool is_async)
{
    int at = temp_push(c);
    if (is_async) {
        temp_push(c); /* scratch of ASYNC_FOR */
        c->unit->depth = at + 1;
    }
    return at;
}

static void compile_level(Compiler *c, const Making *making, ptrdiff_t index, int iter)
{
    Nodecomprehension *part = as_comprehension(making->generators.items[index]);
    int mark = c->unit->depth;
    if (index > 0) {
        iter = push_iterator(c, part->is_async);
        compile_iterator(c, part->iter, part->is_async, iter);
    }
    if (part->is_async) c->unit->depth = iter + 2;
    Label top = label_new(c), next = label_new(c), end = label_new(c);
    State entry = c->unit->state, at_next;
    state_unreachable(&at_next);
    label_place(c, top);
    Pos pos = c->pos;
    c->pos = part->iter->pos;
    compile_step(c, part->is_async ? OP_ASYNC_FOR : OP_FOR, iter, part->target, end);
    c->pos = pos;
    for (ptrdiff_t i = 0; i < part->ifs.len && !c->failed; i++)
        compile_jump_if(c, part->ifs.items[i], false, next, &at_next);
    if (index + 1 < making->generators.len) compile_level(c, making, index + 1, 0);
    else compile_element(c, making);
    label_join(c, next, &at_next);
    emit_back(c, top);
    c->unit->state = entry;
    label_place(c, end);
    c->unit->depth = mark;
}

static void check_async(Compiler *c, const Scope *scope)
{
    if (scope->async_comprehension && !c->unit->scope->is_async)
        compile_error(c, scope->node->pos,
                      "asynchronous comprehension outside of an asynchronous function");
}

static bool is_hidden(const Symbol *symbol)
{
    return symbol->where == WHERE_LOCAL && symbol->owner == symbol;
}

static void open_hidden(Compiler *c, const Scope *scope)
{
    int locals = c->unit->scope->local_count;
    for (Symbol *s = scope->first; s; s = s->next)
        if (is_hidden(s) && (s->flags & SYM_CELL)) emit(c, OP_NEW_CELL, s->index - locals, 0, 0);
}

static void drop_hidden(Compiler *c, const Scope *scope)
{
    int locals = c->unit->scope->local_count;
    for (Symbol *s = scope->first; s; s = s->next) {
        if (!is_hidden(s)) continue;
        emit(c, OP_CLEAR, s->index - locals, 0, 0);
        state_unbind(&c->unit->state, s->index);
    }
}

int compile_comprehension(Compiler *c, Node *node, int want)
{
    Making making = making_of(node);
    Nodecomprehension *outermost = as_comprehension(making.generators.items[0]);
    Scope *scope = scope_of(c, node, ROLE_MAIN), *around = c->scope;
    check_async(c, scope);
    int mark = c->unit->depth, base = temp_base(c, want);
    making.result = base;
    int iter = push_iterator(c, outermost->is_async);
    compile_iterator(c, outermost->iter, outermost->is_async, iter);
    c->scope = scope;
    open_hidden(c, scope);
    if (node->kind == NODE_DictComp) emit(c, OP_BUILD_DICT, base, base, 0);
    else emit(c, node->kind == NODE_SetComp ? OP_BUILD_SET : OP_BUILD_LIST, base, base, 0);
    compile_level(c, &making, 0, iter);
    drop_hidden(c, scope);
    c->scope = around;
    int to = result_register(c, want, mark, base);
    move_to(c, to, base);
    return to;
}

static Ref generator_code(Compiler *c, Node *node)
{
    Making making = making_of(node);
    Scope *scope = scope_of(c, node, ROLE_MAIN);
    Value name = ident_str(&c->idents, ident_text(&c->idents, "<genexpr>"));
    if (failed(name)) return FAIL;
    unit_open(c, scope, name, node->pos.line);
    Unit *unit = c->unit;
    unit->arg_count = unit->positional_only = 1;
    unit->flags |= CODE_SIMPLE | (scope->is_async ? CODE_ASYNC_GENERATOR : CODE_GENERATOR);
    c->pos = node->pos;
    bool is_async = as_comprehension(making.generators.items[0])->is_async;
    int iter = push_iterator(c, is_async), parameter = -scope->local_count;
    emit(c, OP_MOVE, iter, parameter, 0);
    emit(c, OP_CLEAR, parameter, 0, 0);
    if (is_async) emit(c, OP_CLEAR, iter + 1, 0, 0);
    compile_level(c, &making, 0, iter);
    c->unit->depth = 0;
    emit(c, OP_RETURN_CONST, 0, constant_none(c), 0);
    return unit_close(c);
}

int compile_generator(Compiler *c, NodeGeneratorExp *node, int want)
{
    int mark = c->unit->depth, window = temp_base(c, want);
    temp_push(c);
    Nodecomprehension *outermost = as_comprehension(node->generators.items[0]);
    int argument = push_iterator(c, outermost->is_async);
    Ref code = generator_code(c, &node->head);
    compile_iterator(c, outermost->iter, outermost->is_async, argument);
    emit_function(c, code, window, 0);
    int to = result_register(c, want, mark, window);
    emit_cached(c, OP_CALL, window, 1, to, 0);
    return to;
}
