/* assign.c - binding: targets, unpacking, augmented and annotated assignment, del, loop variables.
 *
 * A plain local is computed into directly; that is safe because an instruction writes its result
 * last. a, b = x, y evaluates into temporaries only what a binding before it would change.
 * Neighbours: expression.c, statement.c, register.c (names). */
/* SPDX-License-Identifier: MIT */
#include "compiler/assign.h"

#include "compiler/call.h"
#include "compiler/constant.h"

static Ident *name_of(Compiler *c, Node *node)
{
    return scope_ident(c, c->scope, as_Name(node)->id);
}

int target_register(Compiler *c, Node *target)
{
    return target->kind == NODE_Name ? variable_target(c, name_of(c, target)) : ANYWHERE;
}

void target_bind(Compiler *c, Node *target, int from)
{
    if (target_register(c, target) == from && from < 0) variable_bound(c, name_of(c, target));
    else compile_store(c, target, from);
}

/* ---- targets */

static void add_attribute(Compiler *c, Unit *unit, Ident *name)
{
    for (int i = 0; i < unit->attribute_count; i++)
        if (unit->attributes[i] == name) return;
    unit->attributes = unit_grow(c, unit->attributes, unit->attribute_count,
                                 &unit->attribute_capacity, sizeof *unit->attributes);
    unit->attributes[unit->attribute_count++] = name;
}

/* self.name = ...: sizes instances and goes into __static_attributes__. */
static void note_attribute(Compiler *c, Node *object, Ident *name)
{
    if (object->kind != NODE_Name) return;
    Ident *ident = ident_of(&c->idents, as_Name(object)->id);
    if (ident == c->unit->self && c->unit->scope->kind == SCOPE_FUNCTION)
        add_attribute(c, c->unit, name);
    if (ident->special != IDENT_SELF) return;
    for (Unit *unit = c->unit->outer; unit; unit = unit->outer) {
        if (unit->scope->kind != SCOPE_CLASS) continue;
        add_attribute(c, unit, name);
        return;
    }
}

static void store_attribute(Compiler *c, NodeAttribute *node, int from)
{
    if (strcmp(node->attr, "__debug__") == 0)
        compile_error(c, node->head.pos, "cannot assign to __debug__");
    Ident *name = scope_ident(c, c->scope, node->attr);
    note_attribute(c, node->value, name);
    int object = compile_operand(c, node->value, false);
    c->pos = attribute_pos(node);
    emit_cached(c, OP_SET_ATTR, object, from, 0, constant_name(c, name));
}

static void store_subscript(Compiler *c, NodeSubscript *node, int from)
{
    int object = compile_operand(c, node->value, true);
    int k = constant_operand(c, node->slice);
    if (k >= 0) emit_item(c, OP_SET_ITEM_K, object, k, from, k);
    else emit_aux(c, OP_SET_ITEM, object, compile_operand(c, node->slice, false), from, 0);
}

/* a, b = value, both of them plain locals. */
static bool store_two(Compiler *c, Nodes targets, int from)
{
    if (targets.len != 2) return false;
    int first = target_register(c, targets.items[0]);
    int second = target_register(c, targets.items[1]);
    if (first == ANYWHERE || second == ANYWHERE) return false;
    emit(c, OP_UNPACK_TWO, first, from, second);
    target_bind(c, targets.items[0], first);
    target_bind(c, targets.items[1], second);
    return true;
}

static void store_unpacked(Compiler *c, Nodes targets, Pos pos, int from)
{
    ptrdiff_t star = -1;
    if (store_two(c, targets, from)) return;
    for (ptrdiff_t i = 0; i < targets.len; i++) {
        if (targets.items[i]->kind != NODE_Starred) continue;
        if (star >= 0) compile_error(c, pos, "multiple starred expressions in assignment");
        star = i;
    }
    if (star > 255 || (star >= 0 && targets.len - star - 1 > 0xffffff))
        compile_error(c, pos, "too many expressions in star-unpacking assignment");
    int count = (int)targets.len, base = temp_push_many(c, count);
    if (star < 0) emit(c, OP_UNPACK, base, from, count);
    else emit_aux(c, OP_UNPACK_EX, base, from, (int)star, (uint32_t)(count - 1 - star));
    for (int i = 0; i < count && !c->failed; i++) {
        Node *target = targets.items[i];
        compile_store(c, target->kind == NODE_Starred ? as_Starred(target)->value : target,
                      base + i);
    }
}

void compile_store(Compiler *c, Node *target, int from)
{
    if (c->failed || compile_too_deep(c)) return;
    Pos pos = c->pos;
    int mark = c->unit->depth;
    c->pos = target->pos;
    switch (target->kind) {
    case NODE_Name: variable_store(c, name_of(c, target), from); break;
    case NODE_Attribute: store_attribute(c, as_Attribute(target), from); break;
    case NODE_Subscript: store_subscript(c, as_Subscript(target), from); break;
    case NODE_Tuple: store_unpacked(c, as_Tuple(target)->elts, target->pos, from); break;
    case NODE_List: store_unpacked(c, as_List(target)->elts, target->pos, from); break;
    case NODE_Starred:
        compile_error(c, target->pos, "starred assignment target must be in a list or tuple");
        break;
    default: compile_error(c, target->pos, "cannot assign to %s node", node_name(target->kind));
    }
    c->unit->depth = mark;
    c->pos = pos;
}

void compile_step(Compiler *c, Opcode op, int iter, Node *target, Label end)
{
    int mark = c->unit->depth, local = target_register(c, target);
    int to = local == ANYWHERE ? temp_push(c) : local;
    emit_jump(c, op, iter, to, 0, end);
    target_bind(c, target, to);
    c->unit->depth = mark;
}

/* ---- assignment */

static bool binds_name(Compiler *c, Nodes targets, ptrdiff_t count, const Symbol *owner)
{
    for (ptrdiff_t i = 0; i < count; i++)
        if (targets.items[i]->kind == NODE_Name &&
            variable_find(c, name_of(c, targets.items[i]))->owner == owner)
            return true;
    return false;
}

/* a, b = x, y without making the tuple. */
static bool assign_pairwise(Compiler *c, Node *target, Node *value)
{
    if (target->kind != NODE_Tuple || value->kind != NODE_Tuple) return false;
    Nodes targets = as_Tuple(target)->elts, values = as_Tuple(value)->elts;
    if (targets.len != values.len || targets.len > 8 || targets.len == 0) return false;
    for (ptrdiff_t i = 0; i < targets.len; i++) {
        NodeKind kind = targets.items[i]->kind;
        if (values.items[i]->kind == NODE_Starred ||
            (kind != NODE_Name && kind != NODE_Attribute && kind != NODE_Subscript))
            return false;
    }
    int registers[8];
    for (ptrdiff_t i = 0; i < values.len; i++) {
        Node *item = values.items[i];
        bool changes = false;
        if (item->kind == NODE_Name) {
            Symbol *symbol = variable_find(c, name_of(c, item));
            changes = variable_local(c, symbol) && binds_name(c, targets, i, symbol->owner);
        }
        registers[i] = changes ? compile_expr(c, item, temp_push(c))
                               : compile_operand(c, item, i + 1 < values.len);
    }
    for (ptrdiff_t i = 0; i < targets.len && !c->failed; i++)
        compile_store(c, targets.items[i], registers[i]);
    return true;
}

void compile_assign(Compiler *c, NodeAssign *node)
{
    Nodes targets = node->targets;
    int mark = c->unit->depth;
    if (targets.len == 1) {
        Node *target = targets.items[0];
        if (!assign_pairwise(c, target, node->value)) {
            int local = target_register(c, target);
            int from = local == ANYWHERE ? compile_operand(c, node->value, true)
                                         : compile_expr(c, node->value, local);
            target_bind(c, target, from);
        }
        c->unit->depth = mark;
        return;
    }
    int value = compile_expr(c, node->value, temp_push(c));
    for (ptrdiff_t i = 0; i < targets.len && !c->failed; i++) {
        int from = value;
        if (i + 1 < targets.len) {
            from = temp_push(c);
            emit(c, OP_COPY, from, value, 0);
        }
        compile_store(c, targets.items[i], from);
        c->unit->depth = value + 1;
    }
    c->unit->depth = mark;
}

/* ---- op= */

static void augment_name(Compiler *c, NodeAugAssign *node)
{
    Ident *name = name_of(c, node->target);
    int local = variable_target(c, name), base = temp_push(c);
    Pos pos = c->pos;
    c->pos = node->target->pos;
    int left = local == ANYWHERE ? variable_load(c, name, base, true)
                                 : variable_load(c, name, ANYWHERE, true);
    c->pos = pos;
    int to = local == ANYWHERE ? base : local;
    compile_arithmetic(c, node->op, to, left, node->value, true);
    if (local == ANYWHERE) variable_store(c, name, to);
}

static void augment_attribute(Compiler *c, NodeAugAssign *node)
{
    NodeAttribute *target = as_Attribute(node->target);
    Ident *name = scope_ident(c, c->scope, target->attr);
    note_attribute(c, target->value, name);
    int k = constant_name(c, name);
    int object = compile_operand(c, target->value, true), value = temp_push(c), from = object;
    Pos pos = c->pos;
    if (object >= 0) {
        emit(c, OP_COPY, value, object, 0);
        from = value;
    }
    c->pos = attribute_pos(target);
    emit_cached(c, OP_GET_ATTR, value, from, 0, k);
    c->pos = pos;
    compile_arithmetic(c, node->op, value, value, node->value, true);
    c->pos = attribute_pos(target);
    emit_cached(c, OP_SET_ATTR, object, value, 0, k);
    c->pos = pos;
}

static void augment_subscript(Compiler *c, NodeAugAssign *node)
{
    NodeSubscript *target = as_Subscript(node->target);
    int object = compile_operand(c, target->value, true), k = constant_operand(c, target->slice);
    int key = k >= 0 ? k : compile_operand(c, target->slice, true);
    int value = temp_push(c), from = object, index = key;
    Pos pos = c->pos;
    c->pos = node->target->pos;
    if (object >= 0) {
        from = value;
        emit(c, OP_COPY, from, object, 0);
    }
    if (k < 0 && key >= 0) {
        index = temp_push(c);
        emit(c, OP_COPY, index, key, 0);
        c->unit->depth = index;
    }
    if (k >= 0) emit_item(c, OP_GET_ITEM_K, value, from, k, k);
    else emit_aux(c, OP_GET_ITEM, value, from, index, 0);
    c->pos = pos;
    compile_arithmetic(c, node->op, value, value, node->value, true);
    c->pos = node->target->pos;
    if (k >= 0) emit_item(c, OP_SET_ITEM_K, object, k, value, k);
    else emit_aux(c, OP_SET_ITEM, object, key, value, 0);
    c->pos = pos;
}

void compile_augmented(Compiler *c, NodeAugAssign *node)
{
    int mark = c->unit->depth;
    switch (node->target->kind) {
    case NODE_Name: augment_name(c, node); break;
    case NODE_Attribute: augment_attribute(c, node); break;
    case NODE_Subscript: augment_subscript(c, node); break;
    default:
        compile_error(c, node->target->pos,
                      "'%s' is an illegal expression for augmented assignment",
                      node_name(node->target->kind));
    }
    c->unit->depth = mark;
}

/* ---- x: T = value */

/* Notes in the unit's set that this conditional annotation was met. */
static void meet_annotation(Compiler *c, NodeAnnAssign *node)
{
    Scope *scope = c->unit->scope;
    int mark = c->unit->depth;
    for (int i = 0; i < scope->annotation_count; i++) {
        if (scope->annotations[i].node != node || !scope->annotations[i].conditional) continue;
        int set = temp_push(c), index = temp_push(c);
        emit(c, OP_LOAD_CELL, set, scope->condition_cell->index - scope->local_count, 0);
        constant_load(c, from_small(i), index);
        emit(c, OP_SET_ADD, set, index, 0);
        emit(c, OP_CLEAR, set, 0, 0);
    }
    c->unit->depth = mark;
}

void compile_annotated(Compiler *c, NodeAnnAssign *node)
{
    Node *target = node->target;
    int mark = c->unit->depth;
    if (node->value) {
        int local = target_register(c, target);
        int from = local == ANYWHERE ? compile_operand(c, node->value, true)
                                     : compile_expr(c, node->value, local);
        target_bind(c, target, from);
    } else if (target->kind == NODE_Attribute) {
        compile_effect(c, as_Attribute(target)->value);
    } else if (target->kind == NODE_Subscript) {
        compile_effect(c, as_Subscript(target)->value);
        compile_effect(c, as_Subscript(target)->slice);
    }
    c->unit->depth = mark;
    if (scope_is_function(c->unit->scope)) return;
    if (node->simple) meet_annotation(c, node);
    else if (!(c->flags & COMPILE_ANNOTATIONS_STRING)) compile_effect(c, node->annotation);
}

/* ---- del */

static void delete_all(Compiler *c, Nodes targets)
{
    for (ptrdiff_t i = 0; i < targets.len && !c->failed; i++) compile_delete(c, targets.items[i]);
}

void compile_delete(Compiler *c, Node *target)
{
    Pos pos = c->pos;
    int mark = c->unit->depth;
    c->pos = target->pos;
    switch (target->kind) {
    case NODE_Name: variable_delete(c, name_of(c, target)); break;
    case NODE_Attribute: {
        NodeAttribute *node = as_Attribute(target);
        int object = compile_operand(c, node->value, false);
        c->pos = attribute_pos(node);
        emit(c, OP_DEL_ATTR, object, constant_name(c, scope_ident(c, c->scope, node->attr)), 0);
        break;
    }
    case NODE_Subscript: {
        int object = compile_operand(c, as_Subscript(target)->value, true);
        int key = compile_operand(c, as_Subscript(target)->slice, false);
        emit(c, OP_DEL_ITEM, object, key, 0);
        break;
    }
    case NODE_Tuple: delete_all(c, as_Tuple(target)->elts); break;
    case NODE_List: delete_all(c, as_List(target)->elts); break;
    default: compile_error(c, target->pos, "cannot delete %s node", node_name(target->kind));
    }
    c->unit->depth = mark;
    c->pos = pos;
}
