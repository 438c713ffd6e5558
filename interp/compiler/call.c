/* call.c - calls: arguments evaluated straight into the callee's window.
 *
 * The window is R[a] callee, R[a+1] free for self, R[a+2 ..] arguments, always the newest
 * temporaries: the callee's frame may lie over everything from R[a+2] on.  obj.m(...) is one
 * instruction, CALL_METHOD, whose own word carries the position of the attribute and whose aux word
 * that of the call. Neighbours: expression.c, function.c (classes and decorators are calls too). */
/* SPDX-License-Identifier: MIT */
#include "compiler/call.h"

#include "compiler/constant.h"
#include "object/tuple.h"

Pos attribute_pos(const NodeAttribute *node)
{
    Pos pos = node->head.pos;
    int32_t len = (int32_t)strlen(node->attr);
    if (pos.line != pos.end_line && len <= pos.end_col) {
        pos.line = pos.end_line;
        pos.col = pos.end_col - len;
    }
    return pos;
}

/* The names of the keywords, as a constant tuple. */
static Ref keyword_names(Compiler *c, Nodes keywords)
{
    Ref names = tuple_new(c->vm, keywords.len);
    if (failed(names)) return FAIL;
    for (ptrdiff_t i = 0; i < keywords.len; i++) {
        Value name =
            ident_str(&c->idents, ident_of(&c->idents, as_keyword(keywords.items[i])->arg));
        if (failed(name)) {
            decref(names);
            return FAIL;
        }
        as_tuple(names)->items[i] = newref(name);
    }
    return names;
}

static void check_repeated(Compiler *c, Nodes keywords)
{
    for (ptrdiff_t i = 0; i < keywords.len; i++) {
        Nodekeyword *keyword = as_keyword(keywords.items[i]);
        if (keyword->arg && strcmp(keyword->arg, "__debug__") == 0)
            compile_error(c, keyword->head.pos, "cannot assign to __debug__");
        for (ptrdiff_t j = 0; j < i && keyword->arg; j++)
            if (as_keyword(keywords.items[j])->arg == keyword->arg)
                compile_error(c, keyword->head.pos, "keyword argument repeated: %s", keyword->arg);
    }
}

static bool any_stars(Nodes args, Nodes keywords)
{
    for (ptrdiff_t i = 0; i < args.len; i++)
        if (args.items[i]->kind == NODE_Starred) return true;
    for (ptrdiff_t i = 0; i < keywords.len; i++)
        if (!as_keyword(keywords.items[i])->arg) return true;
    return false;
}

static void run_keywords(Compiler *c, Nodes keywords)
{
    for (ptrdiff_t i = 0; i < keywords.len && !c->failed; i++)
        compile_expr(c, as_keyword(keywords.items[i])->value, temp_push(c));
}

/* *args as a list in register list, after `given` values that already lie there. */
static void star_positional(Compiler *c, int list, int given, Nodes args)
{
    ptrdiff_t plain = 0;
    while (plain < args.len && args.items[plain]->kind != NODE_Starred) plain++;
    compile_run(c, (Nodes){args.items, plain});
    c->unit->depth = list + 1;
    if (c->unit->depth > c->unit->most) c->unit->most = c->unit->depth;
    emit(c, OP_BUILD_LIST, list, list, given + (int)plain);
    for (ptrdiff_t i = plain; i < args.len && !c->failed; i++) {
        Node *item = args.items[i];
        bool starred = item->kind == NODE_Starred;
        int value = compile_operand(c, starred ? as_Starred(item)->value : item, false);
        c->unit->depth = list + 1;
        emit(c, starred ? OP_LIST_EXTEND : OP_LIST_APPEND, list, value, 0);
    }
}

/* Named keywords from `first` up to the next ** as a dict in register dict; how many there were. */
static ptrdiff_t named_group(Compiler *c, int dict, Nodes keywords, ptrdiff_t first)
{
    ptrdiff_t n = first;
    int mark = c->unit->depth;
    c->unit->depth = dict;
    for (; n < keywords.len && as_keyword(keywords.items[n])->arg && !c->failed; n++) {
        int key = temp_push(c);
        emit(c, OP_LOAD_CONST, key,
             constant_name(c, ident_of(&c->idents, as_keyword(keywords.items[n])->arg)), 0);
        compile_expr(c, as_keyword(keywords.items[n])->value, temp_push(c));
    }
    c->unit->depth = mark;
    emit(c, OP_BUILD_DICT, dict, dict, (int)(n - first));
    return n - first;
}

static void star_keywords(Compiler *c, int window, int dict, Nodes keywords)
{
    if (!keywords.len) {
        emit(c, OP_CLEAR, dict, 0, 0);
        return;
    }
    Nodekeyword *first = as_keyword(keywords.items[0]);
    if (keywords.len == 1 && !first->arg) { /* **mapping and no more: passed on as it is */
        c->unit->depth = dict;
        compile_expr(c, first->value, temp_push(c));
        return;
    }
    ptrdiff_t i = named_group(c, dict, keywords, 0);
    while (i < keywords.len && !c->failed) {
        int mark = c->unit->depth, value;
        Nodekeyword *keyword = as_keyword(keywords.items[i]);
        if (keyword->arg) {
            value = temp_push(c);
            i += named_group(c, value, keywords, i);
        } else {
            value = compile_operand(c, keyword->value, false);
            i++;
        }
        c->unit->depth = mark;
        emit(c, OP_DICT_MERGE, dict, value, window);
    }
}

/* No positional arguments, or *args and no more: args is passed on as it is, and the call looks
 * into it. */
static bool pass_star(Compiler *c, int list, int given, Nodes args)
{
    if (!given && !args.len) {
        emit(c, OP_LOAD_CONST, list, constant_add(c, newref(c->vm->interp->empty_tuple)), 0);
        return true;
    }
    if (given || args.len != 1 || args.items[0]->kind != NODE_Starred) return false;
    compile_expr(c, as_Starred(args.items[0])->value, list);
    return true;
}

void compile_arguments(Compiler *c, int window, int given, Nodes args, Nodes keywords, int to)
{
    Pos pos = c->pos;
    check_repeated(c, keywords);
    if (any_stars(args, keywords)) {
        int list = window + 2;
        if (!given) temp_push(c);
        if (!pass_star(c, list, given, args)) {
            if (!given) c->unit->depth = list;
            star_positional(c, list, given, args);
        }
        c->unit->depth = list + 1;
        int dict = temp_push(c);
        star_keywords(c, window, dict, keywords);
        c->pos = pos;
        emit(c, OP_CALL_EX, window, 0, to);
        return;
    }
    compile_run(c, args);
    run_keywords(c, keywords);
    c->pos = pos;
    int argc = given + (int)(args.len + keywords.len);
    int k = keywords.len ? constant_append(c, keyword_names(c, keywords)) : 0;
    emit_cached(c, keywords.len ? OP_CALL_KW : OP_CALL, window, argc, to, k);
}

static bool acts(const Node *node)
{
    return node->kind != NODE_Constant && node->kind != NODE_Name;
}

/* Does an argument run code, so that it matters that the method is looked up before? */
static bool any_that_acts(Nodes args, Nodes keywords)
{
    for (ptrdiff_t i = 0; i < args.len; i++)
        if (acts(args.items[i])) return true;
    for (ptrdiff_t i = 0; i < keywords.len; i++)
        if (acts(as_keyword(keywords.items[i])->value)) return true;
    return false;
}

/* super().name(...): one instruction, which needs no super object. */
static bool is_super_call(Compiler *c, const NodeCall *node)
{
    Node *object = as_Attribute(node->func)->value;
    if (node->keywords.len || object->kind != NODE_Call) return false;
    NodeCall *call = as_Call(object);
    if (call->args.len || call->keywords.len || call->func->kind != NODE_Name) return false;
    Ident *name = scope_ident(c, c->scope, as_Name(call->func)->id);
    return name->special == IDENT_SUPER && variable_find(c, name)->where == WHERE_GLOBAL;
}

static int compile_method_call(Compiler *c, NodeCall *node, int want)
{
    NodeAttribute *method = as_Attribute(node->func);
    int mark = c->unit->depth, window = temp_base(c, want), object = temp_push(c);
    bool through_super = is_super_call(c, node);
    if (through_super) compile_expr(c, as_Call(method->value)->func, window);
    else compile_expr(c, method->value, object);
    Ident *ident = scope_ident(c, c->scope, method->attr);
    Pos at = attribute_pos(method);
    if (any_that_acts(node->args, node->keywords)) {
        int super_argc = through_super ? 1 + (int)node->args.len : 0;
        emit_cached(c, OP_FIND_METHOD, window, super_argc, 0, constant_name(c, ident));
        emit_position(c, -2, at);
    }
    compile_run(c, node->args);
    run_keywords(c, node->keywords);
    check_repeated(c, node->keywords);
    int argc = (int)(node->args.len + node->keywords.len);
    int to = result_register(c, want, mark, window);
    int k;
    if (node->keywords.len) {
        Value name = ident_str(&c->idents, ident);
        k = constant_append(c, failed(name) ? FAIL : newref(name));
        constant_append(c, keyword_names(c, node->keywords));
    } else {
        k = constant_name(c, ident);
    }
    Opcode op = through_super        ? OP_CALL_SUPER
                : node->keywords.len ? OP_CALL_METHOD_KW
                                     : OP_CALL_METHOD;
    emit_cached(c, op, window, argc, to, k);
    emit_position(c, -2, at);
    if (method->head.pos.line !=
        method->head.pos.end_line) { /* the call is reported from the name on */
        Pos call = node->head.pos;
        call.line = at.line;
        call.col = at.col;
        emit_position(c, -1, call);
    }
    return to;
}

int compile_call(Compiler *c, NodeCall *node, int want)
{
    if (node->func->kind == NODE_Attribute && !any_stars(node->args, node->keywords))
        return compile_method_call(c, node, want);
    int mark = c->unit->depth, window = temp_base(c, want);
    int to = want == ANYWHERE ? window : want;
    compile_expr(c, node->func, window);
    temp_push(c);
    compile_arguments(c, window, 0, node->args, node->keywords, to);
    return result_register(c, want, mark, window);
}
