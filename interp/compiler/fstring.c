/* fstring.c - f-strings and t-strings.
 *
 * The pieces of an f-string are made in a row of temporaries and joined; a t-string keeps them
 * apart. Neighbours: expression.c, constant.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/fstring.h"

#include "compiler/constant.h"

enum { PIECES_WINDOW = 60 }; /* pieces joined at once */

/* The number of a conversion: none, !s, !r, !a. */
static int conversion_number(int conversion)
{
    return conversion == 's' ? 1 : conversion == 'r' ? 2 : conversion == 'a' ? 3 : 0;
}

int compile_formatted(Compiler *c, NodeFormattedValue *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want);
    int how = conversion_number(node->conversion);
    c->unit->depth = base + 1;
    compile_expr(c, node->value, base);
    if (node->format_spec) {
        compile_expr(c, node->format_spec, temp_push(c));
        how |= 4;
    }
    int to = result_register(c, want, mark, base);
    emit(c, OP_FORMAT_VALUE, to, base, how);
    return to;
}

int compile_joined(Compiler *c, NodeJoinedStr *node, int want)
{
    Nodes values = node->values;
    if (values.len == 0) return constant_load(c, newref(c->vm->interp->empty_str), want);
    if (values.len == 1 && values.items[0]->kind != NODE_Constant)
        return compile_expr(c, values.items[0], want);
    int mark = c->unit->depth, base = temp_base(c, want), count = 0;
    c->unit->depth = base;
    for (ptrdiff_t i = 0; i < values.len && !c->failed; i++) {
        compile_expr(c, values.items[i], temp_push(c));
        if (++count < PIECES_WINDOW || i + 1 == values.len) continue;
        emit(c, OP_BUILD_STRING, base, base, count);
        c->unit->depth = base + 1;
        count = 1;
    }
    int to = result_register(c, want, mark, base);
    emit(c, OP_BUILD_STRING, to, base, count);
    return to;
}

static void compile_interpolation(Compiler *c, NodeInterpolation *node, int at)
{
    Pos pos = c->pos;
    c->pos = node->head.pos;
    int how = conversion_number(node->conversion), text = temp_push(c);
    compile_expr(c, node->value, at);
    constant_load(c, literal_value(c, &node->str), text);
    if (node->format_spec) {
        compile_expr(c, node->format_spec, temp_push(c));
        how |= 4;
    }
    emit(c, OP_BUILD_INTERPOLATION, at, at, how);
    c->unit->depth = at + 1;
    c->pos = pos;
}

/* The texts between interpolations as a constant tuple: always one more than there are
 * interpolations. */
static void compile_texts(Compiler *c, Nodes values, int at)
{
    int mark = c->unit->depth, count = 0;
    bool open = false;
    for (ptrdiff_t i = 0; i <= values.len && !c->failed; i++) {
        bool text = i < values.len && values.items[i]->kind == NODE_Constant;
        if (text) {
            compile_expr(c, values.items[i], temp_push(c));
            count++;
            open = true;
            continue;
        }
        if (!open) {
            constant_load(c, newref(c->vm->interp->empty_str), temp_push(c));
            count++;
        }
        open = false;
    }
    emit(c, OP_BUILD_TUPLE, at, mark, count);
    c->unit->depth = mark;
}

int compile_template(Compiler *c, NodeTemplateStr *node, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want), count = 0;
    c->unit->depth = base + 1;
    int interpolations = temp_push(c), first = c->unit->depth;
    compile_texts(c, node->values, base);
    for (ptrdiff_t i = 0; i < node->values.len && !c->failed; i++) {
        if (node->values.items[i]->kind != NODE_Interpolation) continue;
        compile_interpolation(c, as_Interpolation(node->values.items[i]), temp_push(c));
        count++;
    }
    emit(c, OP_BUILD_TUPLE, interpolations, first, count);
    int to = result_register(c, want, mark, base);
    emit(c, OP_BUILD_TEMPLATE, to, base, 0);
    return to;
}
