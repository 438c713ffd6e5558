/* statement.c - statements to instructions.
 *
 * Loops note on the block stack what leaving them early must tidy up; break, continue and return
 * walk it (compile_unwind in exception.c).  Code that cannot be reached is compiled for its errors
 * only. Neighbours: assign.c, exception.c (try, with), pattern.c (match), function.c and class.c.
 */
/* SPDX-License-Identifier: MIT */
#include "compiler/statement.h"

#include "compiler/assign.h"
#include "compiler/class.h"
#include "compiler/constant.h"
#include "compiler/exception.h"
#include "compiler/function.h"
#include "compiler/generic.h"
#include "compiler/pattern.h"
#include "object/tuple.h"

/* ---- branches and loops */

static void compile_if(Compiler *c, NodeIf *node)
{
    Label end = label_new(c);
    State at_end;
    state_unreachable(&at_end);
    for (;;) {
        Label other = label_new(c);
        State at_other;
        state_unreachable(&at_other);
        if (constant_truth(c, node->test) >= 0) emit(c, OP_NOP, 0, 0, 0);
        compile_jump_if(c, node->test, false, other, &at_other);
        compile_body(c, node->body);
        if (!node->orelse.len) {
            label_join(c, other, &at_other);
            break;
        }
        state_merge(&at_end, &c->unit->state);
        emit_goto(c, end);
        label_join(c, other, &at_other);
        Node *only = node->orelse.items[0];
        if (node->orelse.len > 1 || only->kind != NODE_If || c->failed) {
            compile_body(c, node->orelse);
            break;
        }
        node = as_If(only); /* elif */
        c->pos = only->pos;
    }
    label_join(c, end, &at_end);
}

/* May node be compiled twice?  A comparison of names, constants and attributes. */
static bool is_short_test(const Node *node)
{
    if (node->kind != NODE_Compare) return false;
    const NodeCompare *compare = (const NodeCompare *)node;
    const Node *operands[] = {compare->left, compare->comparators.items[0]};
    for (int i = 0; i < 2; i++)
        if (operands[i]->kind != NODE_Name && operands[i]->kind != NODE_Constant &&
            operands[i]->kind != NODE_Attribute)
            return false;
    return compare->ops.len == 1;
}

/* The end of a while body: back to the test, or, where that is short, the test again so that a turn
 * takes one jump. */
static void compile_next_turn(Compiler *c, NodeWhile *node, Label body, Label test)
{
    if (constant_truth(c, node->test) >= 0) {
        emit_leave(c, OP_JUMP_BACK, test); /* here it tells of the test's line */
        return;
    }
    if (!is_short_test(node->test) || c->unit->state.unreachable) {
        emit_back(c, test);
        return;
    }
    State at_body; /* nothing new: what is bound only grows */
    state_unreachable(&at_body);
    compile_jump_if(c, node->test, true, body, &at_body);
}

static void compile_while(Compiler *c, NodeWhile *node)
{
    Block block;
    block_push(c, &block, BLOCK_WHILE);
    Label end = label_new(c);
    block.continue_label = label_new(c);
    block.break_label = label_new(c);
    State at_end;
    state_unreachable(&at_end);
    if (constant_truth(c, node->test) >= 0 || !c->unit->count) emit(c, OP_NOP, 0, 0, 0);
    label_place(c, block.continue_label);
    compile_jump_if(c, node->test, false, end, &at_end);
    Label body = label_new(c);
    label_place(c, body);
    compile_body(c, node->body);
    compile_next_turn(c, node, body, block.continue_label);
    block_pop(c, &block);
    label_join(c, end, &at_end);
    compile_body(c, node->orelse);
    label_join(c, block.break_label, &block.break_state);
}

/* For and AsyncFor have the same fields. */
static void compile_for(Compiler *c, NodeFor *node, bool is_async)
{
    int mark = c->unit->depth, iter = temp_push(c);
    if (is_async) check_async_function(c, node->head.pos, "'async for' outside async function");
    int value = compile_operand_near(c, node->iter, iter, false);
    Pos pos = c->pos;
    if (is_async) temp_push(c); /* scratch of ASYNC_FOR */
    c->pos = node->iter->pos;
    emit(c, is_async ? OP_GET_AITER : OP_GET_ITER, iter, value, 0);
    c->pos = pos;
    Block block;
    block_push(c, &block, is_async ? BLOCK_ASYNC_FOR : BLOCK_FOR);
    block.temp = iter;
    Label end = label_new(c);
    block.continue_label = label_new(c);
    block.break_label = label_new(c);
    State entry = c->unit->state;
    label_place(c, block.continue_label);
    c->pos = node->iter->pos;
    compile_step(c, is_async ? OP_ASYNC_FOR : OP_FOR, iter, node->target, end);
    compile_body(c, node->body);
    c->pos = node->head.pos;
    emit_back(c, block.continue_label);
    block_pop(c, &block);
    c->unit->depth = mark;
    c->unit->state = entry;
    label_place(c, end);
    compile_body(c, node->orelse);
    label_join(c, block.break_label, &block.break_state);
}

static Block *innermost_loop(Compiler *c)
{
    Block *block = c->unit->block;
    while (block && block->kind > BLOCK_ASYNC_FOR) block = block->outer;
    return block;
}

/* break or continue where no loop is. */
static void refuse_jump(Compiler *c, const char *message)
{
    const Block *block = c->unit->block;
    while (block && block->kind != BLOCK_STAR) block = block->outer;
    compile_error(c, c->pos, "%s",
                  block ? "'break', 'continue' and 'return' cannot appear in an except* block"
                        : message);
}

/* Does leaving the blocks inside `until` run code? */
static bool unwinding_runs_code(Compiler *c, const Block *until)
{
    for (Block *block = c->unit->block; block != until; block = block->outer)
        if (block->kind == BLOCK_FINALLY || block->kind == BLOCK_WITH ||
            block->kind == BLOCK_ASYNC_WITH || block->kind == BLOCK_HANDLER)
            return true;
    return false;
}

/* break, continue and return leave the blocks inside `until`; when that runs code, the statement's
 * own line comes first. */
static void leave_blocks(Compiler *c, Block *until)
{
    bool first = unwinding_runs_code(c, until);
    if (first) emit(c, OP_NOP, 0, 0, 0);
    compile_unwind(c, until, -1);
    if (first) c->pos = unwritten(c->pos);
}

static void compile_break(Compiler *c)
{
    Block *loop = innermost_loop(c);
    if (!loop) {
        refuse_jump(c, "'break' outside loop");
        return;
    }
    leave_blocks(c, loop->outer);
    state_merge(&loop->break_state, &c->unit->state);
    emit_leave(c, OP_JUMP, loop->break_label);
}

static void compile_continue(Compiler *c)
{
    Block *loop = innermost_loop(c);
    if (!loop) {
        refuse_jump(c, "'continue' not properly in loop");
        return;
    }
    leave_blocks(c, loop);
    emit_leave(c, OP_JUMP_BACK, loop->continue_label);
}

static void compile_return(Compiler *c, NodeReturn *node)
{
    ScopeKind kind = c->unit->scope->kind;
    Pos pos = c->pos;
    if (kind != SCOPE_FUNCTION && kind != SCOPE_LAMBDA) {
        compile_error(c, pos, "'return' outside function");
        return;
    }
    if (node->value && (c->unit->flags & CODE_ASYNC_GENERATOR))
        compile_error(c, pos, "'return' with value in async generator");
    int mark = c->unit->depth;
    Ref constant = node->value ? constant_value(c, node->value) : NONE;
    if (!absent(constant)) {
        if (node->value) c->pos = node->value->pos;
        int k = is_heap(constant) ? constant_append(c, constant) : constant_add(c, constant);
        c->pos = pos;
        leave_blocks(c, NULL);
        emit(c, OP_RETURN_CONST, 0, k, 0);
        c->unit->depth = mark;
        return;
    }
    int value = unwinding_runs_code(c, NULL) ? compile_expr(c, node->value, temp_push(c))
                                             : compile_operand(c, node->value, false);
    compile_unwind(c, NULL, value);
    emit(c, OP_RETURN, value, 0, 0);
    c->unit->depth = mark;
}

/* ---- raise and assert */

static void compile_raise(Compiler *c, NodeRaise *node)
{
    if (!node->exc) {
        emit(c, OP_RAISE_AGAIN, 0, 0, 0);
        return;
    }
    int mark = c->unit->depth, error = compile_operand(c, node->exc, node->cause != NULL);
    if (node->cause) emit(c, OP_RAISE_FROM, error, compile_operand(c, node->cause, false), 0);
    else emit(c, OP_RAISE, error, 0, 0);
    c->unit->depth = mark;
}

static void compile_assert(Compiler *c, NodeAssert *node)
{
    if (c->flags & COMPILE_OPTIMIZE) return;
    Label passed = label_new(c);
    State at_passed;
    state_unreachable(&at_passed);
    compile_jump_if(c, node->test, true, passed, &at_passed);
    int error = temp_push(c);
    c->pos = node->test->pos;
    emit(c, OP_LOAD_ASSERTION, error, 0, 0);
    if (node->msg) {
        temp_push(c);
        compile_expr(c, node->msg, temp_push(c));
        emit_cached(c, OP_CALL, error, 1, error, 0);
    }
    emit(c, OP_RAISE, error, 0, 0);
    c->unit->depth = error;
    label_join(c, passed, &at_passed);
}

/* ---- import */

static Ref text_constant(Compiler *c, const char *text, ptrdiff_t len)
{
    Value str = ident_str(&c->idents, ident_text(&c->idents, arena_copy(c->arena, text, len)));
    return failed(str) ? FAIL : newref(str);
}

static void import_module(Compiler *c, int to, const char *module, Ref fromlist, int level)
{
    int k = constant_add(c, text_constant(c, module, (ptrdiff_t)strlen(module)));
    int names = temp_push(c);
    emit(c, OP_LOAD_CONST, names,
         is_heap(fromlist) ? constant_append(c, fromlist) : constant_add(c, fromlist), 0);
    emit_aux(c, OP_IMPORT_NAME, to, names, level, (uint32_t)k);
    c->unit->depth = names;
}

/* import a.b.c as name: the name is bound to the innermost module. */
static void import_as(Compiler *c, const char *module, int at)
{
    int other = temp_push(c);
    for (const char *dot = strchr(module, '.'); dot;) {
        const char *part = dot + 1;
        dot = strchr(part, '.');
        ptrdiff_t len = dot ? dot - part : (ptrdiff_t)strlen(part);
        emit_aux(c, OP_IMPORT_FROM, other, at, 0,
                 (uint32_t)constant_add(c, text_constant(c, part, len)));
        emit(c, OP_CLEAR, at, 0, 0);
        emit(c, OP_MOVE, at, other, 0);
    }
    c->unit->depth = other;
}

static void compile_import(Compiler *c, NodeImport *node)
{
    for (ptrdiff_t i = 0; i < node->names.len && !c->failed; i++) {
        Nodealias *alias = as_alias(node->names.items[i]);
        int at = temp_push(c);
        import_module(c, at, alias->name, NONE, 0);
        const char *dot = strchr(alias->name, '.');
        Name name = alias->asname ? alias->asname : alias->name;
        if (dot && alias->asname) import_as(c, alias->name, at);
        else if (dot) name = arena_copy(c->arena, alias->name, dot - alias->name);
        variable_store(c, scope_ident(c, c->scope, name), at);
        c->unit->depth = at;
    }
}

static Ref import_names(Compiler *c, Nodes names)
{
    Ref tuple = tuple_new(c->vm, names.len);
    for (ptrdiff_t i = 0; i < names.len && !failed(tuple); i++) {
        Value name = ident_str(&c->idents, ident_of(&c->idents, as_alias(names.items[i])->name));
        if (failed(name)) {
            decref(tuple);
            return FAIL;
        }
        as_tuple(tuple)->items[i] = newref(name);
    }
    return tuple;
}

static void compile_import_from(Compiler *c, NodeImportFrom *node)
{
    int at = temp_push(c);
    Ref names = import_names(c, node->names);
    if (failed(names)) {
        compile_raised(c);
        return;
    }
    import_module(c, at, node->module ? node->module : "", names, node->level);
    if (node->names.len == 1 && strcmp(as_alias(node->names.items[0])->name, "*") == 0) {
        emit(c, OP_IMPORT_STAR, at, 0, 0);
        c->unit->depth = at;
        return;
    }
    for (ptrdiff_t i = 0; i < node->names.len && !c->failed; i++) {
        Nodealias *alias = as_alias(node->names.items[i]);
        int value = temp_push(c);
        emit_aux(c, OP_IMPORT_FROM, value, at, 0,
                 (uint32_t)constant_name(c, ident_of(&c->idents, alias->name)));
        variable_store(c, scope_ident(c, c->scope, alias->asname ? alias->asname : alias->name),
                       value);
        c->unit->depth = value;
    }
    emit(c, OP_CLEAR, at, 0, 0);
    c->unit->depth = at;
}

/* ---- all of them */

static void compile_expression_statement(Compiler *c, Node *value)
{
    int mark = c->unit->depth, start = c->unit->count;
    if (!c->interactive || c->unit->outer) {
        compile_effect(c, value);
        if (c->unit->count == start) emit(c, OP_NOP, 0, 0, 0);
        return;
    }
    emit(c, OP_PRINT_EXPR, compile_operand(c, value, false), 0, 0);
    c->unit->depth = mark;
}

static void compile_statement(Compiler *c, Node *node)
{
    switch (node->kind) {
    case NODE_Expr: compile_expression_statement(c, as_Expr(node)->value); break;
    case NODE_Assign: compile_assign(c, as_Assign(node)); break;
    case NODE_AugAssign: compile_augmented(c, as_AugAssign(node)); break;
    case NODE_AnnAssign: compile_annotated(c, as_AnnAssign(node)); break;
    case NODE_Delete:
        for (ptrdiff_t i = 0; i < as_Delete(node)->targets.len; i++)
            compile_delete(c, as_Delete(node)->targets.items[i]);
        break;
    case NODE_If: compile_if(c, as_If(node)); break;
    case NODE_While: compile_while(c, as_While(node)); break;
    case NODE_For: compile_for(c, as_For(node), false); break;
    case NODE_AsyncFor: compile_for(c, (NodeFor *)(void *)node, true); break;
    case NODE_Break: compile_break(c); break;
    case NODE_Continue: compile_continue(c); break;
    case NODE_Return: compile_return(c, as_Return(node)); break;
    case NODE_Raise: compile_raise(c, as_Raise(node)); break;
    case NODE_Assert: compile_assert(c, as_Assert(node)); break;
    case NODE_Try: compile_try(c, as_Try(node)); break;
    case NODE_TryStar: compile_try_star(c, as_TryStar(node)); break;
    case NODE_With: compile_with(c, as_With(node), 0, false); break;
    case NODE_AsyncWith: compile_with(c, (NodeWith *)(void *)node, 0, true); break;
    case NODE_Match: compile_match(c, as_Match(node)); break;
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef: compile_function(c, node); break;
    case NODE_ClassDef: compile_class(c, as_ClassDef(node)); break;
    case NODE_TypeAlias: compile_type_alias(c, as_TypeAlias(node)); break;
    case NODE_Import: compile_import(c, as_Import(node)); break;
    case NODE_ImportFrom: compile_import_from(c, as_ImportFrom(node)); break;
    case NODE_Global:
    case NODE_Nonlocal: break;
    case NODE_Pass: emit(c, OP_NOP, 0, 0, 0); break;
    default: compile_error(c, node->pos, "unexpected %s node", node_name(node->kind));
    }
}

void compile_body(Compiler *c, Nodes body)
{
    Pos pos = c->pos;
    for (ptrdiff_t i = 0; i < body.len && !c->failed; i++) {
        if (compile_too_deep(c)) return;
        c->pos = body.items[i]->pos;
        compile_statement(c, body.items[i]);
    }
    c->pos = pos;
}
