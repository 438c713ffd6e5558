/* expression.c - expressions to instructions.
 *
 * A result is computed straight into the register where it is wanted.  Operands that are bound
 * locals are used in place; the left one is copied first if a walrus later in the same expression
 * could rebind it. Conditions become compare-and-branch instructions: and, or, not and comparison
 * chains jump directly. Neighbours: call.c, comprehension.c, fstring.c, function.c (expressions of
 * their own), statement.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/expression.h"

#include "compiler/call.h"
#include "compiler/comprehension.h"
#include "compiler/constant.h"
#include "compiler/fstring.h"
#include "compiler/function.h"
#include "object/range.h"
#include "object/set.h"

enum { DISPLAY_WINDOW = 48 }; /* items of a display held in temporaries at once */

/* ---- operands */

static int plain_local(Compiler *c, Node *node, bool shared)
{
    if (node->kind != NODE_Name || as_Name(node)->ctx != CTX_LOAD) return 0;
    Ident *name = scope_ident(c, c->scope, as_Name(node)->id);
    if (name->special == IDENT_DEBUG) return 0;
    Symbol *symbol = variable_find(c, name);
    int local = variable_local(c, symbol);
    if (!local || (shared && (symbol->owner->flags & SYM_WALRUS))) return 0;
    Pos pos = c->pos;
    c->pos = node->pos;
    variable_check(c, symbol);
    c->pos = pos;
    return local;
}

/* x := value with x a plain local: its register. */
static int named_local(Compiler *c, Node *node)
{
    if (node->kind != NODE_NamedExpr) return 0;
    NodeNamedExpr *named = as_NamedExpr(node);
    Ident *name = scope_ident(c, c->scope, as_Name(named->target)->id);
    int local = variable_target(c, name);
    if (local == ANYWHERE) return 0;
    Pos pos = c->pos;
    c->pos = node->pos;
    compile_expr(c, named->value, local);
    variable_bound(c, name);
    c->pos = pos;
    return local;
}

int compile_operand_near(Compiler *c, Node *node, int base, bool shared)
{
    int local = plain_local(c, node, shared);
    if (!local && !shared) local = named_local(c, node);
    return local ? local : compile_expr(c, node, base);
}

int compile_operand(Compiler *c, Node *node, bool shared)
{
    int local = plain_local(c, node, shared);
    if (!local && !shared) local = named_local(c, node);
    if (local) return local;
    int to = temp_push(c);
    return compile_expr(c, node, to);
}

int compile_run(Compiler *c, Nodes items)
{
    int first = c->unit->depth;
    for (ptrdiff_t i = 0; i < items.len && !c->failed; i++)
        compile_expr(c, items.items[i], temp_push(c));
    return first;
}

int constant_operand(Compiler *c, Node *node)
{
    if (!constant_likely(node)) return -1;
    Unit *unit = c->unit;
    if (unit->constant_count > 255) return -1;
    Ref value = constant_value(c, node);
    if (absent(value)) return -1;
    int index = constant_add(c, value);
    return index <= 255 ? index : -1;
}

/* ---- arithmetic */

static const Opcode arithmetic[] = {
    [BIN_ADD] = OP_ADD,           [BIN_SUB] = OP_SUB,       [BIN_MULT] = OP_MUL,
    [BIN_MATMULT] = OP_MATMUL,    [BIN_DIV] = OP_TRUEDIV,   [BIN_MOD] = OP_MOD,
    [BIN_POW] = OP_POW,           [BIN_LSHIFT] = OP_LSHIFT, [BIN_RSHIFT] = OP_RSHIFT,
    [BIN_BITOR] = OP_OR,          [BIN_BITXOR] = OP_XOR,    [BIN_BITAND] = OP_AND,
    [BIN_FLOORDIV] = OP_FLOORDIV,
};

void compile_arithmetic(Compiler *c, Op op, int to, int left, Node *right, bool in_place)
{
    Opcode opcode = arithmetic[op];
    int mark = c->unit->depth, k = constant_operand(c, right);
    if (k >= 0) {
        emit_aux(c, opcode + (OP_ADD_K - OP_ADD), to, left, k, in_place);
        return;
    }
    int operand = compile_operand(c, right, false);
    c->unit->depth = mark;
    emit_aux(c, opcode, to, left, operand, in_place);
}

/* 2 * x and 2 + x have the constant on the left. */
static bool is_number(const Node *node)
{
    if (node->kind != NODE_Constant) return false;
    LiteralKind kind = ((const NodeConstant *)node)->value.kind;
    return kind == LITERAL_INT || kind == LITERAL_FLOAT;
}

static int compile_binary(Compiler *c, NodeBinOp *node, int want)
{
    Ref value = constant_value(c, &node->head);
    if (!absent(value)) return constant_load(c, value, want);
    int made;
    if (compile_percent(c, node, want, &made)) return made;
    int mark = c->unit->depth, base = temp_base(c, want);
    bool swapped = (node->op == BIN_ADD || node->op == BIN_MULT) && is_number(node->left);
    int number = swapped ? constant_operand(c, node->left) : -1;
    if (number >= 0) {
        int operand = compile_operand_near(c, node->right, base, false);
        int to = result_register(c, want, mark, base);
        emit_aux(c, node->op == BIN_ADD ? OP_ADD_K : OP_MUL_K, to, operand, number, BINARY_SWAPPED);
        return to;
    }
    int left = compile_operand_near(c, node->left, base, true);
    int k = constant_operand(c, node->right);
    if (k >= 0) {
        int to = result_register(c, want, mark, base);
        emit_aux(c, arithmetic[node->op] + (OP_ADD_K - OP_ADD), to, left, k, 0);
        return to;
    }
    int right = compile_operand(c, node->right, false);
    int to = result_register(c, want, mark, base);
    emit_aux(c, arithmetic[node->op], to, left, right, 0);
    return to;
}

static int compile_unary(Compiler *c, NodeUnaryOp *node, int want)
{
    static const Opcode ops[] = {
        [UNARY_INVERT] = OP_INVERT,
        [UNARY_NOT] = OP_NOT,
        [UNARY_UADD] = OP_POS,
        [UNARY_USUB] = OP_NEG,
    };
    Ref value = constant_value(c, &node->head);
    if (!absent(value)) return constant_load(c, value, want);
    int mark = c->unit->depth, base = temp_base(c, want);
    int operand = compile_operand_near(c, node->operand, base, false);
    int to = result_register(c, want, mark, base);
    emit(c, ops[node->op], to, operand, 0);
    return to;
}

/* ---- comparison */

static const Opcode comparison[] = {
    [CMP_EQ] = OP_EQ, [CMP_NOTEQ] = OP_NE,     [CMP_LT] = OP_LT, [CMP_LTE] = OP_LE,
    [CMP_GT] = OP_GT, [CMP_GTE] = OP_GE,       [CMP_IS] = OP_IS, [CMP_ISNOT] = OP_IS_NOT,
    [CMP_IN] = OP_IN, [CMP_NOTIN] = OP_NOT_IN,
};
static const Opcode compare_jump[] = {
    [CMP_EQ] = OP_JUMP_EQ,    [CMP_NOTEQ] = OP_JUMP_NE, [CMP_LT] = OP_JUMP_LT,
    [CMP_LTE] = OP_JUMP_LE,   [CMP_GT] = OP_JUMP_GT,    [CMP_GTE] = OP_JUMP_GE,
    [CMP_IS] = OP_JUMP_IS,    [CMP_ISNOT] = OP_JUMP_IS, [CMP_IN] = OP_JUMP_IN,
    [CMP_NOTIN] = OP_JUMP_IN,
};

/* a < b < c as a value: the middle operand is kept for the second comparison. */
static int compile_chain(Compiler *c, NodeCompare *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    int left = temp_push(c), kept = temp_push(c);
    Label drop = label_new(c), end = label_new(c);
    State short_cut;
    state_unreachable(&short_cut);
    compile_expr(c, node->left, left);
    ptrdiff_t last = node->ops.len - 1;
    for (ptrdiff_t i = 0; i <= last; i++) {
        compile_expr(c, node->comparators.items[i], kept);
        if (i == last) {
            emit(c, comparison[node->ops.items[i]], base, left, kept);
            break;
        }
        int copy = temp_push(c);
        emit(c, OP_COPY, copy, kept, 0);
        emit(c, comparison[node->ops.items[i]], base, left, copy);
        c->unit->depth = copy;
        emit_jump(c, OP_JUMP_IF_KEEP, base, 0, 0, drop);
        state_merge(&short_cut, &c->unit->state);
        move_to(c, left, kept);
    }
    emit_goto(c, end);
    c->unit->state = short_cut;
    label_place(c, drop);
    emit(c, OP_CLEAR, kept, 0, 0);
    label_place(c, end);
    int to = result_register(c, want, mark, base);
    move_to(c, to, base);
    return to;
}

static int compile_compare(Compiler *c, NodeCompare *node, int want)
{
    if (node->ops.len > 1) return compile_chain(c, node, want);
    int mark = c->unit->depth, base = temp_base(c, want);
    int left = compile_operand_near(c, node->left, base, true);
    int right = compile_operand(c, node->comparators.items[0], false);
    int to = result_register(c, want, mark, base);
    emit(c, comparison[node->ops.items[0]], to, left, right);
    return to;
}

static void note_jump(Compiler *c, State *at_jumps) { state_merge(at_jumps, &c->unit->state); }

static bool is_none_literal(Node *node)
{
    return node->kind == NODE_Constant && as_Constant(node)->value.kind == LITERAL_NONE;
}

/* left is in a register; jumps when (left op right) == sense. */
static void jump_compare(Compiler *c, int left, Op op, Node *right, bool sense, Label target)
{
    bool negated = op == CMP_ISNOT || op == CMP_NOTIN, identity = op == CMP_IS || op == CMP_ISNOT;
    if (identity && is_none_literal(right)) {
        emit_jump(c, OP_JUMP_NONE, left, 0, sense != negated, target);
        return;
    }
    int k = op <= CMP_GTE ? constant_operand(c, right) : -1;
    if (k >= 0) {
        emit_jump(c, compare_jump[op] + (OP_JUMP_LT_K - OP_JUMP_LT), left, k, sense, target);
        return;
    }
    int mark = c->unit->depth, operand = compile_operand(c, right, false);
    c->unit->depth = mark;
    emit_jump(c, compare_jump[op], left, operand, sense != negated, target);
}

static void jump_chain(Compiler *c, NodeCompare *node, bool sense, Label target, State *at_jumps)
{
    int mark = c->unit->depth, left = temp_push(c), kept = temp_push(c);
    Label drop = label_new(c), end = label_new(c);
    State short_cut;
    state_unreachable(&short_cut);
    compile_expr(c, node->left, left);
    ptrdiff_t last = node->ops.len - 1;
    for (ptrdiff_t i = 0; i < last; i++) {
        Op op = node->ops.items[i];
        bool negated = op == CMP_ISNOT || op == CMP_NOTIN;
        compile_expr(c, node->comparators.items[i], kept);
        int copy = temp_push(c);
        emit(c, OP_COPY, copy, kept, 0);
        emit_jump(c, compare_jump[op], left, copy, negated, drop);
        c->unit->depth = copy;
        note_jump(c, &short_cut);
        move_to(c, left, kept);
    }
    c->unit->depth = kept;
    jump_compare(c, left, node->ops.items[last], node->comparators.items[last], sense, target);
    note_jump(c, at_jumps);
    State through = c->unit->state;
    c->unit->depth = mark;
    emit_goto(c, end);
    c->unit->state = short_cut;
    label_place(c, drop);
    emit(c, OP_CLEAR, kept, 0, 0);
    if (!sense) {
        note_jump(c, at_jumps);
        emit_goto(c, target);
        c->unit->state = through;
        label_place(c, end);
    } else {
        label_join(c, end, &through);
    }
}

static void jump_bool(Compiler *c, NodeBoolOp *node, bool sense, Label target, State *at_jumps)
{
    bool is_or = node->op == BOOL_OR;
    ptrdiff_t last = node->values.len - 1;
    if (is_or == sense) { /* any operand that settles it jumps */
        for (ptrdiff_t i = 0; i <= last; i++)
            compile_jump_if(c, node->values.items[i], sense, target, at_jumps);
        return;
    }
    Label next = label_new(c);
    State at_next;
    state_unreachable(&at_next);
    for (ptrdiff_t i = 0; i < last; i++)
        compile_jump_if(c, node->values.items[i], is_or, next, &at_next);
    compile_jump_if(c, node->values.items[last], sense, target, at_jumps);
    label_join(c, next, &at_next);
}

static void jump_conditional(Compiler *c, NodeIfExp *node, bool sense, Label target,
                             State *at_jumps)
{
    Label other = label_new(c), end = label_new(c);
    State at_other, at_end;
    state_unreachable(&at_other);
    compile_jump_if(c, node->test, false, other, &at_other);
    compile_jump_if(c, node->body, sense, target, at_jumps);
    at_end = c->unit->state;
    emit_goto(c, end);
    label_join(c, other, &at_other);
    compile_jump_if(c, node->orelse, sense, target, at_jumps);
    label_join(c, end, &at_end);
}

void compile_jump_if(Compiler *c, Node *node, bool sense, Label target, State *at_jumps)
{
    if (c->failed || compile_too_deep(c)) return;
    Pos pos = c->pos;
    c->pos = node->pos;
    int mark = c->unit->depth, truth = constant_truth(c, node);
    if (truth >= 0) {
        if (truth == sense) {
            note_jump(c, at_jumps);
            emit_goto(c, target);
        }
    } else if (node->kind == NODE_UnaryOp && as_UnaryOp(node)->op == UNARY_NOT) {
        compile_jump_if(c, as_UnaryOp(node)->operand, !sense, target, at_jumps);
    } else if (node->kind == NODE_BoolOp) {
        jump_bool(c, as_BoolOp(node), sense, target, at_jumps);
    } else if (node->kind == NODE_IfExp) {
        jump_conditional(c, as_IfExp(node), sense, target, at_jumps);
    } else if (node->kind == NODE_Compare && as_Compare(node)->ops.len > 1) {
        jump_chain(c, as_Compare(node), sense, target, at_jumps);
    } else if (node->kind == NODE_Compare) {
        NodeCompare *compare = as_Compare(node);
        Node *right = compare->comparators.items[0];
        int left = compile_operand(c, compare->left, !constant_likely(right));
        jump_compare(c, left, compare->ops.items[0], right, sense, target);
        note_jump(c, at_jumps);
    } else {
        emit_jump(c, OP_JUMP_IF, compile_operand(c, node, false), 0, sense, target);
        note_jump(c, at_jumps);
    }
    c->unit->depth = mark;
    c->pos = pos;
}

static int compile_bool(Compiler *c, NodeBoolOp *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    Label end = label_new(c);
    State at_end;
    state_unreachable(&at_end);
    ptrdiff_t last = node->values.len - 1;
    for (ptrdiff_t i = 0; i < last && !c->failed; i++) {
        compile_expr(c, node->values.items[i], base);
        emit_jump(c, OP_JUMP_IF_KEEP, base, 0, node->op == BOOL_OR, end);
        note_jump(c, &at_end);
    }
    compile_expr(c, node->values.items[last], base);
    label_join(c, end, &at_end);
    int to = result_register(c, want, mark, base);
    move_to(c, to, base);
    return to;
}

static int compile_conditional(Compiler *c, NodeIfExp *node, int want)
{
    int to = temp_for(c, want);
    Label other = label_new(c), end = label_new(c);
    State at_other, at_end;
    state_unreachable(&at_other);
    compile_jump_if(c, node->test, false, other, &at_other);
    compile_expr(c, node->body, to);
    at_end = c->unit->state;
    emit_goto(c, end);
    label_join(c, other, &at_other);
    compile_expr(c, node->orelse, to);
    label_join(c, end, &at_end);
    return to;
}

/* ---- attributes and items */

static int compile_attribute(Compiler *c, NodeAttribute *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    int object = compile_operand_near(c, node->value, base, false);
    int to = result_register(c, want, mark, base);
    c->pos = attribute_pos(node);
    emit_cached(c, OP_GET_ATTR, to, object, 0,
                constant_name(c, scope_ident(c, c->scope, node->attr)));
    return to;
}

static Ref slice_part(Compiler *c, Node *node) { return node ? constant_value(c, node) : NONE; }

/* The constant slice node is, or UNDEF. */
static Ref slice_constant(Compiler *c, NodeSlice *node)
{
    Node *parts[3] = {node->lower, node->upper, node->step};
    for (int i = 0; i < 3; i++)
        if (parts[i] && !constant_likely(parts[i])) return UNDEF;
    Ref out = UNDEF, values[3];
    for (int i = 0; i < 3; i++) values[i] = slice_part(c, parts[i]);
    if (!absent(values[0]) && !absent(values[1]) && !absent(values[2])) {
        out = slice_new(c->vm, values[0], values[1], values[2]);
        if (failed(out)) {
            compile_raised(c);
            out = UNDEF;
        }
    }
    for (int i = 0; i < 3; i++) decref(values[i]);
    return out;
}

static int compile_slice(Compiler *c, NodeSlice *node, int want)
{
    Ref value = slice_constant(c, node);
    if (!absent(value)) {
        int to = temp_for(c, want);
        emit(c, OP_LOAD_CONST, to, constant_append(c, value), 0);
        return to;
    }
    int mark = c->unit->depth, base = temp_base(c, want);
    c->unit->depth = base;
    Node *parts[3] = {node->lower, node->upper, node->step};
    for (int i = 0; i < 3; i++) {
        int at = temp_push(c);
        if (parts[i]) compile_expr(c, parts[i], at);
        else emit(c, OP_LOAD_CONST, at, constant_none(c), 0);
    }
    int to = result_register(c, want, mark, base);
    emit(c, OP_BUILD_SLICE, to, base, 0);
    return to;
}

static int subscript_constant(Compiler *c, Node *slice)
{
    if (slice->kind != NODE_Slice) return constant_operand(c, slice);
    if (c->unit->constant_count > 254) return -1;
    Ref value = slice_constant(c, as_Slice(slice));
    return absent(value) ? -1 : constant_append(c, value);
}

static int compile_subscript(Compiler *c, NodeSubscript *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    int object = compile_operand_near(c, node->value, base, true);
    int k = subscript_constant(c, node->slice);
    if (k >= 0) {
        int to = result_register(c, want, mark, base);
        emit_item(c, OP_GET_ITEM_K, to, object, k, k);
        return to;
    }
    int key = compile_operand(c, node->slice, false);
    int to = result_register(c, want, mark, base);
    emit_aux(c, OP_GET_ITEM, to, object, key, 0);
    return to;
}

/* ---- displays */

static void add_item(Compiler *c, int container, Node *item, Opcode single, Opcode many)
{
    int mark = c->unit->depth;
    bool starred = item->kind == NODE_Starred;
    int value = compile_operand(c, starred ? as_Starred(item)->value : item, false);
    c->unit->depth = mark;
    Pos pos = c->pos;
    if (starred) c->pos = as_Starred(item)->value->pos;
    emit(c, starred ? many : single, container, value, 0);
    c->pos = pos;
}

/* A list or set of items into base: the leading plain ones at once, the rest one by one. */
void compile_items(Compiler *c, Nodes items, int base, bool set)
{
    ptrdiff_t plain = 0;
    while (plain < items.len && plain < DISPLAY_WINDOW && items.items[plain]->kind != NODE_Starred)
        plain++;
    int mark = c->unit->depth;
    c->unit->depth = base;
    compile_run(c, (Nodes){items.items, plain});
    c->unit->depth = mark;
    emit(c, set ? OP_BUILD_SET : OP_BUILD_LIST, base, base, (int)plain);
    for (ptrdiff_t i = plain; i < items.len && !c->failed; i++)
        add_item(c, base, items.items[i], set ? OP_SET_ADD : OP_LIST_APPEND,
                 set ? OP_SET_UPDATE : OP_LIST_EXTEND);
}

static bool any_starred(Nodes items)
{
    for (ptrdiff_t i = 0; i < items.len; i++)
        if (items.items[i]->kind == NODE_Starred) return true;
    return false;
}

static int compile_tuple(Compiler *c, NodeTuple *node, int want)
{
    Ref value = constant_value(c, &node->head);
    if (!absent(value)) {
        int to = temp_for(c, want);
        emit(c, OP_LOAD_CONST, to, constant_append(c, value), 0);
        return to;
    }
    int mark = c->unit->depth, base = temp_base(c, want);
    if (any_starred(node->elts) || node->elts.len > DISPLAY_WINDOW) {
        compile_items(c, node->elts, base, false);
        int to = result_register(c, want, mark, base);
        emit(c, OP_LIST_TO_TUPLE, to, base, 0);
        return to;
    }
    c->unit->depth = base;
    compile_run(c, node->elts);
    int to = result_register(c, want, mark, base);
    emit(c, OP_BUILD_TUPLE, to, base, (int)node->elts.len);
    return to;
}

/* Three or more constants: one constant tuple that the list or set is extended with. */
static bool compile_constant_items(Compiler *c, Nodes items, int base, bool set)
{
    if (items.len < 3 || items.len > 20000) return false;
    for (ptrdiff_t i = 0; i < items.len; i++)
        if (!constant_likely(items.items[i])) return false;
    Ref constants = tuple_of_constants(c, items);
    if (absent(constants)) return false;
    if (set) { /* constants can be hashed; a set of a frozenset is quick, and in the order Python
                  users know */
        replace(&constants, frozenset_new(c->vm, constants));
        if (failed(constants)) compile_raised(c);
    }
    int mark = c->unit->depth, at = temp_push(c);
    emit(c, set ? OP_BUILD_SET : OP_BUILD_LIST, base, base, 0);
    emit(c, OP_LOAD_CONST, at, constant_append(c, constants), 0);
    emit(c, set ? OP_SET_UPDATE : OP_LIST_EXTEND, base, at, 0);
    c->unit->depth = mark;
    return true;
}

static int compile_display(Compiler *c, Nodes items, bool set, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    if (!compile_constant_items(c, items, base, set)) {
        if (items.len <= DISPLAY_WINDOW && !any_starred(items)) { /* straight into want */
            c->unit->depth = base;
            compile_run(c, items);
            int to = result_register(c, want, mark, base);
            emit(c, set ? OP_BUILD_SET : OP_BUILD_LIST, to, base, (int)items.len);
            return to;
        }
        compile_items(c, items, base, set);
    }
    int to = result_register(c, want, mark, base);
    move_to(c, to, base);
    return to;
}

static void add_pair(Compiler *c, int dict, Node *key, Node *value)
{
    int mark = c->unit->depth;
    if (key) {
        int k = compile_operand(c, key, true);
        int v = compile_operand(c, value, false);
        emit(c, OP_DICT_SET, dict, k, v);
    } else {
        int v = compile_operand(c, value, false);
        Pos pos = c->pos;
        c->pos = value->pos;
        emit(c, OP_DICT_UPDATE, dict, v, 0);
        c->pos = pos;
    }
    c->unit->depth = mark;
}

static int compile_dict(Compiler *c, NodeDict *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    ptrdiff_t plain = 0, len = node->values.len;
    c->unit->depth = base;
    for (; plain < len && plain < DISPLAY_WINDOW / 2 && node->keys.items[plain] && !c->failed;
         plain++) {
        compile_expr(c, node->keys.items[plain], temp_push(c));
        compile_expr(c, node->values.items[plain], temp_push(c));
    }
    c->unit->depth = base + 1 > mark ? base + 1 : mark;
    if (c->unit->depth > c->unit->most) c->unit->most = c->unit->depth;
    int first = plain == len && want != ANYWHERE ? want : base;
    emit(c, OP_BUILD_DICT, first, base, (int)plain);
    for (ptrdiff_t i = plain; i < len && !c->failed; i++)
        add_pair(c, base, node->keys.items[i], node->values.items[i]);
    int to = result_register(c, want, mark, base);
    if (first == base) move_to(c, to, base);
    return to;
}

/* ---- walrus, yield, await */

static int compile_named(Compiler *c, NodeNamedExpr *node, int want)
{
    int local = named_local(c, &node->head), to = temp_for(c, want);
    if (local) {
        move_to(c, to, local);
        return to;
    }
    Ident *name = scope_ident(c, c->scope, as_Name(node->target)->id);
    int mark = c->unit->depth, value = temp_push(c);
    compile_expr(c, node->value, value);
    int copy = temp_push(c);
    emit(c, OP_COPY, copy, value, 0);
    variable_store(c, name, copy);
    c->unit->depth = mark;
    move_to(c, to, value);
    return to;
}

static bool in_function(Compiler *c)
{
    ScopeKind kind = c->unit->scope->kind;
    return kind == SCOPE_FUNCTION || kind == SCOPE_LAMBDA || kind == SCOPE_GENERATOR;
}

static int compile_yield(Compiler *c, NodeYield *node, int want)
{
    if (!in_function(c)) {
        compile_error(c, node->head.pos, "'yield' outside function");
        return temp_for(c, want);
    }
    int mark = c->unit->depth, base = temp_base(c, want);
    int value = base;
    if (node->value) value = compile_operand_near(c, node->value, base, false);
    else emit(c, OP_LOAD_CONST, base, constant_none(c), 0);
    int to = result_register(c, want, mark, base);
    emit(c, OP_YIELD, to, value, 0);
    return to;
}

static int compile_yield_from(Compiler *c, NodeYieldFrom *node, int want)
{
    if (!in_function(c)) compile_error(c, node->head.pos, "'yield from' outside function");
    else if (c->unit->scope->is_async)
        compile_error(c, node->head.pos, "'yield from' inside async function");
    int mark = c->unit->depth, base = temp_base(c, want);
    int value = compile_operand_near(c, node->value, base, false);
    emit(c, OP_GET_YIELD_ITER, base, value, 0);
    int to = result_register(c, want, mark, base);
    emit(c, OP_YIELD_FROM, to, base, 0);
    return to;
}

static int compile_await(Compiler *c, NodeAwait *node, int want)
{
    Scope *unit = c->unit->scope;
    if (!unit->is_async) {
        bool in_comprehension = c->scope->kind == SCOPE_COMPREHENSION && scope_is_function(unit);
        if (in_comprehension)
            compile_error(c, c->scope->node->pos,
                          "asynchronous comprehension outside of an asynchronous function");
        else
            compile_error(c, node->head.pos,
                          scope_is_function(unit) ? "'await' outside async function"
                                                  : "'await' outside function");
    }
    int mark = c->unit->depth, base = temp_base(c, want);
    int value = compile_operand_near(c, node->value, base, false);
    emit(c, OP_GET_AWAITABLE, base, value, 0);
    int to = result_register(c, want, mark, base);
    emit(c, OP_AWAIT, to, base, 0);
    return to;
}

/* ---- all of them */

static int compile_name(Compiler *c, NodeName *node, int want)
{
    Ident *name = scope_ident(c, c->scope, node->id);
    if (name->special == IDENT_DEBUG)
        return constant_load(c, from_bool(!(c->flags & COMPILE_OPTIMIZE)), want);
    return variable_load(c, name, want, false);
}

static int compile_constant(Compiler *c, NodeConstant *node, int want)
{
    Ref value = node_value(c, node);
    return failed(value) ? temp_for(c, want) : constant_load(c, value, want);
}

static int compile_kind(Compiler *c, Node *node, int want)
{
    switch (node->kind) {
    case NODE_Name: return compile_name(c, as_Name(node), want);
    case NODE_Constant: return compile_constant(c, as_Constant(node), want);
    case NODE_BinOp: return compile_binary(c, as_BinOp(node), want);
    case NODE_UnaryOp: return compile_unary(c, as_UnaryOp(node), want);
    case NODE_BoolOp: return compile_bool(c, as_BoolOp(node), want);
    case NODE_Compare: return compile_compare(c, as_Compare(node), want);
    case NODE_IfExp: return compile_conditional(c, as_IfExp(node), want);
    case NODE_Call: return compile_call(c, as_Call(node), want);
    case NODE_Attribute: return compile_attribute(c, as_Attribute(node), want);
    case NODE_Subscript: return compile_subscript(c, as_Subscript(node), want);
    case NODE_Slice: return compile_slice(c, as_Slice(node), want);
    case NODE_Tuple: return compile_tuple(c, as_Tuple(node), want);
    case NODE_List: return compile_display(c, as_List(node)->elts, false, want);
    case NODE_Set: return compile_display(c, as_Set(node)->elts, true, want);
    case NODE_Dict: return compile_dict(c, as_Dict(node), want);
    case NODE_NamedExpr: return compile_named(c, as_NamedExpr(node), want);
    case NODE_Lambda: return compile_lambda(c, as_Lambda(node), want);
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp: return compile_comprehension(c, node, want);
    case NODE_GeneratorExp: return compile_generator(c, as_GeneratorExp(node), want);
    case NODE_JoinedStr: return compile_joined(c, as_JoinedStr(node), want);
    case NODE_FormattedValue: return compile_formatted(c, as_FormattedValue(node), want);
    case NODE_TemplateStr: return compile_template(c, as_TemplateStr(node), want);
    case NODE_Yield: return compile_yield(c, as_Yield(node), want);
    case NODE_YieldFrom: return compile_yield_from(c, as_YieldFrom(node), want);
    case NODE_Await: return compile_await(c, as_Await(node), want);
    case NODE_Starred: compile_error(c, node->pos, "can't use starred expression here"); break;
    default: compile_error(c, node->pos, "unexpected %s node", node_name(node->kind)); break;
    }
    return temp_for(c, want);
}

int compile_expr(Compiler *c, Node *node, int want)
{
    if (c->failed || compile_too_deep(c)) return temp_for(c, want);
    Pos pos = c->pos;
    c->pos = node->pos;
    int at = compile_kind(c, node, want);
    c->pos = pos;
    return at;
}

void compile_effect(Compiler *c, Node *node)
{
    if (node->kind == NODE_Constant) return;
    int mark = c->unit->depth, at = compile_operand(c, node, false);
    c->unit->depth = mark;
    if (at < 0) return;
    Pos pos = c->pos;
    c->pos = node->pos;
    emit(c, OP_CLEAR, at, 0, 0);
    c->pos = pos;
}
