/* suspect.c - code that is legal and surely not meant: a SyntaxWarning.
 *
 * Neighbours: symbols.c (shows each node once), compile.c (issues the warnings). */
/* SPDX-License-Identifier: MIT */
#include "compiler/suspect.h"

/* What messages call the type of an operand of "is" that is a literal; NULL for others. */
static const char *literal_type(Node *node)
{
    if (node->kind == NODE_Tuple) return "tuple";
    if (node->kind != NODE_Constant) return NULL;
    switch (as_Constant(node)->value.kind) {
    case LITERAL_INT: return "int";
    case LITERAL_FLOAT: return "float";
    case LITERAL_IMAG: return "complex";
    case LITERAL_STR: return "str";
    case LITERAL_BYTES: return "bytes";
    case LITERAL_VALUE: return "tuple"; /* of a tree that a script made */
    default: return NULL;
    }
}

static bool is_constant_tuple(Node *node)
{
    if (node->kind != NODE_Tuple) return false;
    Nodes items = as_Tuple(node)->elts;
    for (ptrdiff_t i = 0; i < items.len; i++) {
        if (items.items[i]->kind != NODE_Constant && !is_constant_tuple(items.items[i])) {
            return false;
        }
    }
    return true;
}

static void suspect_compare(Compiler *c, NodeCompare *node)
{
    Node *left = node->left;
    for (ptrdiff_t i = 0; i < node->ops.len; i++) {
        Node *right = node->comparators.items[i];
        Op op = node->ops.items[i];
        if (op == CMP_IS || op == CMP_ISNOT) {
            Node *constant = literal_type(left) ? left : right;
            const char *type = literal_type(constant);
            if (type && (constant->kind != NODE_Tuple || is_constant_tuple(constant))) {
                compile_warning(c, node->head.pos, "\"%s\" with '%s' literal. Did you mean \"%s\"?",
                                op == CMP_IS ? "is" : "is not", type, op == CMP_IS ? "==" : "!=");
            }
        }
        left = right;
    }
}

/* The type of a display or literal that certainly can't be called; NULL for others. */
static const char *display_type(Node *node)
{
    switch (node->kind) {
    case NODE_Tuple: return "tuple";
    case NODE_List:
    case NODE_ListComp: return "list";
    case NODE_Dict:
    case NODE_DictComp: return "dict";
    case NODE_Set:
    case NODE_SetComp: return "set";
    case NODE_GeneratorExp: return "generator";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "str";
    case NODE_Lambda: return "function";
    case NODE_Constant:
        switch (as_Constant(node)->value.kind) {
        case LITERAL_NONE: return "NoneType";
        case LITERAL_TRUE:
        case LITERAL_FALSE: return "bool";
        case LITERAL_ELLIPSIS: return "ellipsis";
        default: return literal_type(node);
        }
    default: return NULL;
    }
}

static void suspect_call(Compiler *c, NodeCall *node)
{
    const char *type = display_type(node->func);
    if (!type || node->func->kind == NODE_Lambda) return;
    compile_warning(c, node->head.pos, "'%s' object is not callable; perhaps you missed a comma?",
                    type);
}

static bool is_sequence(Node *node)
{
    switch (node->kind) {
    case NODE_Tuple:
    case NODE_List:
    case NODE_ListComp:
    case NODE_JoinedStr: return true;
    case NODE_Constant:
        return as_Constant(node)->value.kind == LITERAL_STR ||
               as_Constant(node)->value.kind == LITERAL_BYTES;
    default: return false;
    }
}

static void suspect_subscript(Compiler *c, NodeSubscript *node)
{
    const char *type = display_type(node->value), *index = display_type(node->slice);
    if (!type) return;
    if (is_sequence(node->value)) {
        bool fine = !index || (node->slice->kind == NODE_Constant &&
                               (as_Constant(node->slice)->value.kind == LITERAL_INT ||
                                as_Constant(node->slice)->value.kind == LITERAL_TRUE ||
                                as_Constant(node->slice)->value.kind == LITERAL_FALSE));
        if (fine) return;
        compile_warning(
            c, node->head.pos,
            "%s indices must be integers or slices, not %s; perhaps you missed a comma?", type,
            index);
    } else if (node->value->kind != NODE_Dict && node->value->kind != NODE_DictComp) {
        compile_warning(c, node->head.pos,
                        "'%s' object is not subscriptable; perhaps you missed a comma?", type);
    }
}

static void suspect_assert(Compiler *c, NodeAssert *node)
{
    if (node->test->kind != NODE_Tuple || !as_Tuple(node->test)->elts.len) return;
    compile_warning(c, node->head.pos, "assertion is always true, perhaps remove parentheses?");
}

void suspect(Compiler *c, Node *node)
{
    switch (node->kind) {
    case NODE_Compare: suspect_compare(c, as_Compare(node)); return;
    case NODE_Call: suspect_call(c, as_Call(node)); return;
    case NODE_Subscript: suspect_subscript(c, as_Subscript(node)); return;
    case NODE_Assert: suspect_assert(c, as_Assert(node)); return;
    default: return;
    }
}
