/* exception.c - try, with, and leaving statements early.
 *
 * An exception costs nothing until raised: handler rows say where it goes and which temporaries
 * stay.  A handler finds the exception in R[keep], and while it runs R[keep + 1] keeps what was
 * being handled before. finally bodies are compiled once for each way out: normal, exceptional, and
 * each break, continue, return. Neighbours: emit.c (blocks and handler rows), statement.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/exception.h"

#include "compiler/assign.h"
#include "compiler/constant.h"
#include "compiler/statement.h"

void check_async_function(Compiler *c, Pos pos, const char *message)
{
    if (!c->unit->scope->is_async) compile_error(c, pos, "%s", message);
}

/* ---- leaving early */

/* Calls the exit function in R[exit] with three Nones, in a window on top; the answer is dropped.
 */
static void call_exit(Compiler *c, int exit, bool is_async)
{
    int mark = c->unit->depth, window = exit == mark - 1 ? exit : temp_push(c);
    move_to(c, window, exit);
    temp_push(c);
    for (int i = 0; i < 3; i++) emit(c, OP_LOAD_CONST, temp_push(c), constant_none(c), 0);
    emit_cached(c, OP_CALL, window, 3, window, 0);
    if (is_async) {
        emit(c, OP_GET_AWAITABLE, window, window, 2);
        emit(c, OP_AWAIT, window, window, 0);
    }
    emit(c, OP_CLEAR, window, 0, 0);
    c->unit->depth = mark;
}

static void unwind_block(Compiler *c, Block *block, int value)
{
    Pos pos = c->pos;
    switch (block->kind) {
    case BLOCK_FOR:
    case BLOCK_ASYNC_FOR:
    case BLOCK_VALUE: emit(c, OP_CLEAR, block->temp, 0, 0); break;
    case BLOCK_HANDLER:
        emit(c, OP_POP_HANDLED, block->temp, 0, 0);
        if (block->name) variable_unbind(c, block->name);
        break;
    case BLOCK_FINALLY_END:
        emit(c, OP_POP_HANDLED, block->temp, 0, 0);
        emit(c, OP_CLEAR, block->temp - 1, 0, 0);
        break;
    case BLOCK_FINALLY: {
        Block waiting;
        block_push(c, &waiting, BLOCK_VALUE);
        waiting.temp = value;
        if (value < 0) c->unit->block = waiting.outer;
        compile_body(c, block->finalbody);
        if (value >= 0) block_pop(c, &waiting);
        break;
    }
    case BLOCK_WITH:
    case BLOCK_ASYNC_WITH:
        c->pos = block->pos;
        call_exit(c, block->temp, block->kind == BLOCK_ASYNC_WITH);
        break;
    case BLOCK_STAR:
        compile_error(c, c->pos,
                      "'break', 'continue' and 'return' cannot appear in an except* block");
        break;
    case BLOCK_WHILE:
    case BLOCK_TRY:
    case BLOCK_CLEANUP: break;
    }
    c->pos = pos;
}

void compile_unwind(Compiler *c, Block *until, int value)
{
    Unit *unit = c->unit;
    Block *innermost = unit->block, *block;
    int mark = unit->depth;
    for (block = innermost; block != until && !c->failed; block = block->outer) {
        block_suspend(c, block);
        unit->block = block->outer;
        unwind_block(c, block, value);
        unit->depth = mark;
    }
    for (block = innermost; block != until; block = block->outer) block_resume(c, block);
    unit->block = innermost;
}

/* ---- handlers */

/* Control comes to a handler of block, if it protected anything: R[keep] is the exception, R[keep +
 * 1] pushed. */
static int enter_handler(Compiler *c, const Block *block, const State *entry)
{
    Unit *unit = c->unit;
    state_unreachable(&unit->state);
    if (block->first) unit->state = *entry;
    label_place(c, block->handler);
    unit->depth = block->keep;
    int error = temp_push(c), saved = temp_push(c);
    emit(c, OP_PUSH_HANDLED, saved, error, 0);
    return error;
}

/* The end of a handler's protection: an exception in it lands in R[saved + 1], is raised on after
 * saved is put back. */
static void emit_cleanup(Compiler *c, const Block *block, int saved, Ident *name)
{
    Unit *unit = c->unit;
    State state = unit->state;
    int mark = unit->depth;
    state_unreachable(&unit->state);
    if (block->first)
        for (int i = 0; i < STATE_WORDS; i++) unit->state.bound[i] = 0;
    unit->state.unreachable = !block->first;
    label_place(c, block->handler);
    unit->depth = saved + 2;
    if (unit->depth > unit->most) unit->most = unit->depth;
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    if (name) variable_unbind(c, name);
    emit(c, OP_RERAISE, saved + 1, 0, 0);
    unit->depth = mark;
    unit->state = state;
}

/* One except clause whose type matched; what its body raises is cleaned up behind it. */
static void compile_handler(Compiler *c, NodeExceptHandler *node, int error, Block *cleanup,
                            Label end, State *at_end)
{
    int saved = error + 1;
    Ident *name = node->name ? scope_ident(c, c->scope, node->name) : NULL;
    if (name) variable_store(c, name, error);
    else emit(c, OP_CLEAR, error, 0, 0);
    Block block;
    block_push(c, &block, BLOCK_HANDLER);
    block.temp = saved;
    block.name = name;
    if (name) block_protect(c, &block, label_new(c), saved + 1);
    compile_body(c, node->body);
    block_pop(c, &block);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    if (name) variable_unbind(c, name);
    state_merge(at_end, &c->unit->state);
    emit_goto(c, end);
    if (name) {
        block_suspend(c, cleanup);
        emit_cleanup(c, &block, saved, name);
        block_resume(c, cleanup);
    }
}

static void compile_handlers(Compiler *c, Nodes handlers, int error, Label end, State *at_end)
{
    int saved = error + 1;
    Block cleanup;
    block_push(c, &cleanup, BLOCK_CLEANUP);
    block_protect(c, &cleanup, label_new(c), saved + 1);
    for (ptrdiff_t i = 0; i < handlers.len && !c->failed; i++) {
        NodeExceptHandler *handler = as_ExceptHandler(handlers.items[i]);
        Label next = label_new(c);
        State at_next;
        state_unreachable(&at_next);
        c->pos = handler->head.pos;
        if (handler->type) {
            int mark = c->unit->depth, type = compile_operand(c, handler->type, false);
            c->pos = handler->type->pos;
            emit_jump(c, OP_JUMP_NO_MATCH, error, type, 0, next);
            at_next = c->unit->state;
            c->unit->depth = mark;
        } else if (i + 1 < handlers.len) {
            compile_error(c, handler->head.pos, "default 'except:' must be last");
        }
        c->pos = handler->head.pos;
        compile_handler(c, handler, error, &cleanup, end, at_end);
        label_join(c, next, &at_next);
    }
    block_pop(c, &cleanup);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    emit(c, OP_RERAISE, error, 0, 0);
    emit_cleanup(c, &cleanup, saved, NULL);
}

static void try_except(Compiler *c, NodeTry *node)
{
    int mark = c->unit->depth;
    Pos pos = c->pos;
    State entry = c->unit->state, at_end;
    Label end = label_new(c);
    Block block;
    block_push(c, &block, BLOCK_TRY);
    block_protect(c, &block, label_new(c), mark);
    compile_body(c, node->body);
    block_pop(c, &block);
    compile_body(c, node->orelse);
    at_end = c->unit->state;
    emit_goto(c, end);
    int error = enter_handler(c, &block, &entry);
    compile_handlers(c, node->handlers, error, end, &at_end);
    c->unit->depth = mark;
    c->pos = pos;
    label_join(c, end, &at_end);
}

/* try body finally finalbody, the body being compiled by a function. */
static void try_finally(Compiler *c, Node *node, Nodes finalbody, void (*body)(Compiler *, Node *))
{
    int mark = c->unit->depth;
    State entry = c->unit->state, at_end;
    Label end = label_new(c);
    Block block, cleanup;
    block_push(c, &block, BLOCK_FINALLY);
    block.finalbody = finalbody;
    block_protect(c, &block, label_new(c), mark);
    body(c, node);
    block_pop(c, &block);
    compile_body(c, finalbody);
    at_end = c->unit->state;
    emit_goto(c, end);
    int error = enter_handler(c, &block, &entry), saved = error + 1;
    block_push(c, &cleanup, BLOCK_FINALLY_END);
    cleanup.temp = saved;
    block_protect(c, &cleanup, label_new(c), saved + 1);
    compile_body(c, finalbody);
    block_pop(c, &cleanup);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    emit(c, OP_RERAISE, error, 0, 0);
    emit_cleanup(c, &cleanup, saved, NULL);
    c->unit->depth = mark;
    label_join(c, end, &at_end);
}

static void try_inner(Compiler *c, Node *node)
{
    if (as_Try(node)->handlers.len) try_except(c, as_Try(node));
    else compile_body(c, as_Try(node)->body);
}

void compile_try(Compiler *c, NodeTry *node)
{
    emit(c, OP_NOP, 0, 0, 0);
    if (node->finalbody.len) try_finally(c, &node->head, node->finalbody, try_inner);
    else try_except(c, node);
}

/* ---- except*: R[error] original, +1 saved, +2 list of what was raised, +3 what is not handled yet
 */

static void star_handler(Compiler *c, NodeExceptHandler *node, int error)
{
    int list = error + 2, rest = error + 3, left = error + 4, saved = error + 5;
    Ident *name = node->name ? scope_ident(c, c->scope, node->name) : NULL;
    Label no_match = label_new(c), next = label_new(c);
    c->unit->depth = left;
    int type = temp_push(c);
    compile_expr(c, node->type, type);
    c->pos = node->type->pos;
    emit(c, OP_SPLIT_GROUP, rest, rest, type);
    int copy = temp_push(c);
    emit(c, OP_COPY, copy, rest, 0);
    emit_jump(c, OP_JUMP_NONE, copy, 0, 1, no_match);
    State at_no_match = c->unit->state, at_next;
    emit(c, OP_PUSH_HANDLED, saved, rest, 0);
    if (name) variable_store(c, name, rest);
    else emit(c, OP_CLEAR, rest, 0, 0);
    Block block;
    block_push(c, &block, BLOCK_STAR);
    block_protect(c, &block, label_new(c), saved + 1);
    compile_body(c, node->body);
    c->pos = unwritten(c->pos);
    block_pop(c, &block);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    if (name) variable_unbind(c, name);
    emit(c, OP_MOVE, rest, left, 0);
    at_next = c->unit->state;
    emit_goto(c, next);
    c->unit->state = at_no_match; /* the body raised: collected */
    c->unit->state.unreachable = !block.first;
    label_place(c, block.handler);
    c->unit->depth = saved + 2;
    if (c->unit->depth > c->unit->most) c->unit->most = c->unit->depth;
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    emit(c, OP_LIST_APPEND, list, saved + 1, 0);
    if (name) variable_unbind(c, name);
    emit(c, OP_MOVE, rest, left, 0);
    state_merge(&at_next, &c->unit->state);
    emit_goto(c, next);
    c->unit->state = at_no_match;
    label_place(c, no_match);
    emit(c, OP_CLEAR, rest, 0, 0);
    emit(c, OP_MOVE, rest, left, 0);
    label_join(c, next, &at_next);
    c->unit->depth = left;
}

static void star_handlers(Compiler *c, Nodes handlers, int error, Label end, State *at_end)
{
    int saved = error + 1, list = temp_push(c), rest = temp_push(c);
    Block cleanup;
    block_push(c, &cleanup, BLOCK_CLEANUP);
    block_protect(c, &cleanup, label_new(c), saved + 1);
    c->pos = unwritten(c->pos);
    emit(c, OP_BUILD_LIST, list, list, 0);
    emit(c, OP_COPY, rest, error, 0);
    for (ptrdiff_t i = 0; i < handlers.len && !c->failed; i++) {
        c->pos = handlers.items[i]->pos;
        star_handler(c, as_ExceptHandler(handlers.items[i]), error);
    }
    c->pos = unwritten(c->pos);
    emit(c, OP_LIST_APPEND, list, rest, 0);
    c->unit->depth = rest;
    int pair = temp_push_many(c, 2);
    emit(c, OP_MOVE, pair, error, 0);
    emit(c, OP_MOVE, pair + 1, list, 0);
    emit(c, OP_JOIN_GROUP, error, pair, 0);
    emit(c, OP_COPY, pair, error, 0);
    Label handled = label_new(c);
    emit_jump(c, OP_JUMP_NONE, pair, 0, 1, handled);
    State at_handled = c->unit->state;
    block_pop(c, &cleanup);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    emit(c, OP_RERAISE, error, 0, 0);
    emit_cleanup(c, &cleanup, saved, NULL);
    label_join(c, handled, &at_handled);
    emit(c, OP_CLEAR, error, 0, 0);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    state_merge(at_end, &c->unit->state);
    emit_goto(c, end);
}

static void try_except_star(Compiler *c, NodeTryStar *node)
{
    int mark = c->unit->depth;
    State entry = c->unit->state, at_end;
    Label end = label_new(c);
    Block block;
    block_push(c, &block, BLOCK_TRY);
    block_protect(c, &block, label_new(c), mark);
    compile_body(c, node->body);
    block_pop(c, &block);
    compile_body(c, node->orelse);
    at_end = c->unit->state;
    emit_goto(c, end);
    int error = enter_handler(c, &block, &entry);
    star_handlers(c, node->handlers, error, end, &at_end);
    c->unit->depth = mark;
    label_join(c, end, &at_end);
}

static void star_inner(Compiler *c, Node *node) { try_except_star(c, as_TryStar(node)); }

void compile_try_star(Compiler *c, NodeTryStar *node)
{
    emit(c, OP_NOP, 0, 0, 0);
    if (node->finalbody.len) try_finally(c, &node->head, node->finalbody, star_inner);
    else try_except_star(c, node);
}

/* ---- with */

/* R[exit] = exit method; the value of enter goes to R[exit + 1] or straight into target's local. */
static int enter_with(Compiler *c, Node *context, Node *target, int exit, bool is_async)
{
    int manager = temp_push(c);
    compile_expr(c, context, manager);
    c->pos = context->pos;
    emit(c, OP_LOAD_SPECIAL, exit, manager, is_async ? 3 : 1);
    emit(c, OP_LOAD_SPECIAL, manager, manager, is_async ? 2 : 0);
    int local = target ? target_register(c, target) : ANYWHERE;
    int to = local == ANYWHERE ? manager : local;
    temp_push(c); /* the window's free slot */
    emit_cached(c, OP_CALL, manager, 0, is_async ? manager : to, 0);
    c->unit->depth = manager + 1;
    if (is_async) {
        emit(c, OP_GET_AWAITABLE, manager, manager, 1);
        emit(c, OP_AWAIT, to, manager, 0);
    }
    return to;
}

/* The way out with an exception: exit(type, value, traceback) decides whether it goes on. */
static void exit_with_exception(Compiler *c, const Block *block, const State *entry, bool is_async)
{
    int exit = block->temp, error = enter_handler(c, block, entry), saved = error + 1;
    Block cleanup;
    block_push(c, &cleanup, BLOCK_CLEANUP);
    block_protect(c, &cleanup, label_new(c), saved + 1);
    int window = temp_push_many(c, 5);
    emit(c, OP_MOVE, window, exit, 0);
    emit(c, OP_EXC_INFO, window + 2, error, 0);
    emit_cached(c, OP_CALL, window, 3, window, 0);
    if (is_async) {
        emit(c, OP_GET_AWAITABLE, window, window, 2);
        emit(c, OP_AWAIT, window, window, 0);
    }
    Label swallow = label_new(c);
    emit_jump(c, OP_JUMP_IF, window, 0, 1, swallow);
    State at_swallow = c->unit->state;
    block_pop(c, &cleanup);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    emit(c, OP_RERAISE, error, 0, 0);
    emit_cleanup(c, &cleanup, saved, NULL);
    label_join(c, swallow, &at_swallow);
    emit(c, OP_POP_HANDLED, saved, 0, 0);
    emit(c, OP_CLEAR, error, 0, 0);
}

void compile_with(Compiler *c, NodeWith *node, ptrdiff_t index, bool is_async)
{
    if (index == node->items.len || c->failed) {
        compile_body(c, node->body);
        return;
    }
    if (is_async) check_async_function(c, node->head.pos, "'async with' outside async function");
    Nodewithitem *item = as_withitem(node->items.items[index]);
    int mark = c->unit->depth, exit = temp_push(c);
    Pos pos = c->pos;
    int entered = enter_with(c, item->context_expr, item->optional_vars, exit, is_async);
    Block block;
    block_push(c, &block, is_async ? BLOCK_ASYNC_WITH : BLOCK_WITH);
    block.temp = exit;
    block.pos = item->context_expr->pos;
    if (!item->optional_vars) emit(c, OP_CLEAR, entered, 0, 0);
    State entry = c->unit->state, at_end;
    block_protect(c, &block, label_new(c), exit + 1);
    if (item->optional_vars) target_bind(c, item->optional_vars, entered);
    c->unit->depth = exit + 1;
    c->pos = pos;
    compile_with(c, node, index + 1, is_async);
    block_pop(c, &block);
    Label end = label_new(c);
    c->pos = item->context_expr->pos;
    call_exit(c, exit, is_async);
    at_end = c->unit->state;
    emit_goto(c, end);
    exit_with_exception(c, &block, &entry, is_async);
    c->pos = pos;
    c->unit->depth = mark;
    label_join(c, end, &at_end);
}
