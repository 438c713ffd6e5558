/* ast.c - constructors, names and children of syntax-tree nodes.
 *
 * Everything here is generated from the rows of grammar/ast.def; adding a node is adding a row.
 * A row's fields become a sequence "(kind, name)(kind, name)", which the pairs of macros below walk
 * by turns: each one eats a field and leaves the name of the other for the field that follows.
 * Neighbours: ast.h (the structs), parser.c (the maker), dump.c (a reader). */
/* SPDX-License-Identifier: MIT */
#include "syntax/ast.h"

#include <string.h>

#define FIELD(kind, name)    (kind, name)
#define WALK(walker, fields) WALK_END(walker fields)
#define WALK_END(...)        WALK_CLOSE(__VA_ARGS__)
#define WALK_CLOSE(...)      __VA_ARGS__##_END

#define PARAM_A(kind, name) , FIELD_TYPE_##kind name PARAM_B
#define PARAM_B(kind, name) , FIELD_TYPE_##kind name PARAM_A
#define PARAM_A_END
#define PARAM_B_END

#define SET_A(kind, name)                                                                          \
    made->name = name;                                                                             \
    SET_B
#define SET_B(kind, name)                                                                          \
    made->name = name;                                                                             \
    SET_A
#define SET_A_END
#define SET_B_END

/* Node *node_Await(Arena *arena, Pos pos, Node *value) and its siblings */
#define NODE(name, group, fields)                                                                  \
    Node *node_##name(Arena *arena, Pos pos WALK(PARAM_A, fields))                                 \
    {                                                                                              \
        Node##name *made = arena_alloc(arena, sizeof *made);                                       \
        made->head = (Node){NODE_##name, pos};                                                     \
        WALK(SET_A, fields)                                                                        \
        return &made->head;                                                                        \
    }
#include "../grammar/ast.def"

const char *node_name(NodeKind kind)
{
    static const char *const names[] = {
#define NODE(name, group, fields) [NODE_##name] = #name,
#include "../grammar/ast.def"
    };
    return names[kind];
}

const char *node_group(NodeKind kind)
{
    static const char *const groups[] = {
#define NODE(name, group, fields) [NODE_##name] = #group,
#include "../grammar/ast.def"
    };
    return groups[kind];
}

typedef void Visit(Node *child, void *context);

static void visit_node(Node *child, Visit *visit, void *context)
{
    if (child) visit(child, context);
}

static void visit_list(Nodes list, Visit *visit, void *context)
{
    for (ptrdiff_t i = 0; i < list.len; i++) visit_node(list.items[i], visit, context);
}

#define VISIT_node(field)    visit_node(from->field, visit, context);
#define VISIT_opt(field)     visit_node(from->field, visit, context);
#define VISIT_list(field)    visit_list(from->field, visit, context);
#define VISIT_optlist(field) visit_list(from->field, visit, context);
#define VISIT_name(field)
#define VISIT_optname(field)
#define VISIT_names(field)
#define VISIT_op(field)
#define VISIT_ops(field)
#define VISIT_num(field)
#define VISIT_literal(field)

void node_children(Node *node, Visit *visit, void *context)
{
#undef FIELD
#define FIELD(kind, name) VISIT_##kind(name)
    switch (node->kind) {
#define NODE(name, group, fields)                                                                  \
    case NODE_##name: {                                                                            \
        Node##name *from = as_##name(node);                                                        \
        (void)from;                                                                                \
        fields break;                                                                              \
    }
#include "../grammar/ast.def"
    case NODE_COUNT: break;
    }
}

#undef FIELD
int node_fields(Node *node, FieldView *views)
{
    int count = 0;
#define FIELD(kind_, name_) views[count++] = (FieldView){#name_, FIELD_##kind_, &from->name_};
    switch (node->kind) {
#define NODE(name, group, fields)                                                                  \
    case NODE_##name: {                                                                            \
        Node##name *from = as_##name(node);                                                        \
        (void)from;                                                                                \
        fields break;                                                                              \
    }
#include "../grammar/ast.def"
    case NODE_COUNT: break;
    }
#undef FIELD
    return count;
}

Node *node_blank(Arena *arena, NodeKind kind, Pos pos)
{
    static const size_t sizes[] = {
#define NODE(name, group, fields) [NODE_##name] = sizeof(Node##name),
#include "../grammar/ast.def"
    };
    Node *made = arena_alloc(arena, sizes[kind]);
    memset(made, 0, sizes[kind]);
    *made = (Node){kind, pos};
    return made;
}

bool node_has_position(const Node *node)
{
    switch (node->kind) {
    case NODE_Module:
    case NODE_Interactive:
    case NODE_Expression:
    case NODE_arguments:
    case NODE_comprehension:
    case NODE_withitem:
    case NODE_match_case: return false;
    default: return true;
    }
}

const char *op_name(Op op)
{
    static const char *const names[] = {
        [CTX_LOAD] = "Load",       [CTX_STORE] = "Store",   [CTX_DEL] = "Del",
        [BOOL_AND] = "And",        [BOOL_OR] = "Or",        [BIN_ADD] = "Add",
        [BIN_SUB] = "Sub",         [BIN_MULT] = "Mult",     [BIN_MATMULT] = "MatMult",
        [BIN_DIV] = "Div",         [BIN_MOD] = "Mod",       [BIN_POW] = "Pow",
        [BIN_LSHIFT] = "LShift",   [BIN_RSHIFT] = "RShift", [BIN_BITOR] = "BitOr",
        [BIN_BITXOR] = "BitXor",   [BIN_BITAND] = "BitAnd", [BIN_FLOORDIV] = "FloorDiv",
        [UNARY_INVERT] = "Invert", [UNARY_NOT] = "Not",     [UNARY_UADD] = "UAdd",
        [UNARY_USUB] = "USub",     [CMP_EQ] = "Eq",         [CMP_NOTEQ] = "NotEq",
        [CMP_LT] = "Lt",           [CMP_LTE] = "LtE",       [CMP_GT] = "Gt",
        [CMP_GTE] = "GtE",         [CMP_IS] = "Is",         [CMP_ISNOT] = "IsNot",
        [CMP_IN] = "In",           [CMP_NOTIN] = "NotIn",
    };
    return names[op];
}
