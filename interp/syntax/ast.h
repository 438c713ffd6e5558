/* ast.h - the syntax tree: what the parser makes and the compiler reads.
 *
 * Nodes live in the Arena handed to the parser and die with it; nothing here owns anything.
 * The rows are in grammar/ast.def; names and fields are those of Python's module `ast`.
 * Neighbours: parser.c (makes the tree), dump.c (aio --ast), compiler/ (reads it). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_AST_H
#define AIO_SYNTAX_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Lines count from 1, columns are byte offsets into the UTF-8 line, from 0; the end is exclusive.
 */
typedef struct Pos {
    int32_t line, col, end_line, end_col;
} Pos;

/* An identifier: NUL-terminated UTF-8, NFKC-normalised, unique per parse (compare by pointer). */
typedef const char *Name;

typedef enum LiteralKind {
    LITERAL_NONE,
    LITERAL_FALSE,
    LITERAL_TRUE,
    LITERAL_ELLIPSIS,
    LITERAL_INT,   /* text: digits with prefix, underscores removed ("0x1f", "12") */
    LITERAL_FLOAT, /* number */
    LITERAL_IMAG,  /* number, the imaginary part */
    LITERAL_STR,   /* text, len: UTF-8; lone surrogates as 3-byte sequences (WTF-8) */
    LITERAL_BYTES, /* text, len: raw bytes */
    LITERAL_VALUE, /* text: address of a Value of the interpreter; never from the parser */
} LiteralKind;

typedef struct Literal {
    LiteralKind kind;
    double number;
    const char *text;
    ptrdiff_t len; /* bytes in text */
} Literal;

typedef enum Op {
    /* expr_context */ CTX_LOAD,
    CTX_STORE,
    CTX_DEL,
    /* boolop */ BOOL_AND,
    BOOL_OR,
    /* operator */ BIN_ADD,
    BIN_SUB,
    BIN_MULT,
    BIN_MATMULT,
    BIN_DIV,
    BIN_MOD,
    BIN_POW,
    BIN_LSHIFT,
    BIN_RSHIFT,
    BIN_BITOR,
    BIN_BITXOR,
    BIN_BITAND,
    BIN_FLOORDIV,
    /* unaryop */ UNARY_INVERT,
    UNARY_NOT,
    UNARY_UADD,
    UNARY_USUB,
    /* cmpop */ CMP_EQ,
    CMP_NOTEQ,
    CMP_LT,
    CMP_LTE,
    CMP_GT,
    CMP_GTE,
    CMP_IS,
    CMP_ISNOT,
    CMP_IN,
    CMP_NOTIN,
} Op;

typedef enum NodeKind {
#define NODE(name, group, fields) NODE_##name,
#include "../grammar/ast.def"
    NODE_COUNT
} NodeKind;

typedef struct Node { /* the head of every node */
    NodeKind kind;
    Pos pos;
} Node;

/* Vectors in the arena.  (Not NodeList: that is the struct of a List node.) */
typedef struct Nodes {
    Node **items;
    ptrdiff_t len;
} Nodes;
typedef struct Names {
    Name *items;
    ptrdiff_t len;
} Names;
typedef struct Ops {
    Op *items;
    ptrdiff_t len;
} Ops;

#define FIELD_TYPE_node    Node *
#define FIELD_TYPE_opt     Node *
#define FIELD_TYPE_list    Nodes
#define FIELD_TYPE_optlist Nodes
#define FIELD_TYPE_name    Name
#define FIELD_TYPE_optname Name
#define FIELD_TYPE_names   Names
#define FIELD_TYPE_op      Op
#define FIELD_TYPE_ops     Ops
#define FIELD_TYPE_num     int
#define FIELD_TYPE_literal Literal

/* struct NodeAwait { Node head; Node *value; }; and so on */
#define FIELD(kind, name) FIELD_TYPE_##kind name;
#define NODE(name, group, fields)                                                                  \
    typedef struct Node##name {                                                                    \
        Node head;                                                                                 \
        fields                                                                                     \
    } Node##name;
#include "../grammar/ast.def"
#undef FIELD

/* as_Await(node): checked downcast (asserts the kind in debug builds) */
#define NODE(name, group, fields)                                                                  \
    static inline Node##name *as_##name(Node *node) { return (Node##name *)(void *)node; }
#include "../grammar/ast.def"

/* Constructors: node_Await(arena, pos, value); return the node as Node *.  NULL stays NULL: when
 * arena is out of memory the arena's own policy applies (arena.h). */
#define FIELD(kind, name)         , FIELD_TYPE_##kind name
#define NODE(name, group, fields) Node *node_##name(Arena *arena, Pos pos fields);
#include "../grammar/ast.def"
#undef FIELD

/* The node's name as Python spells it ("BinOp"), and its group ("expr"). */
const char *node_name(NodeKind kind);
const char *node_group(NodeKind kind);

/* What a field is, as its row says; and where it lies in a node. */
typedef enum FieldKind {
    FIELD_node,
    FIELD_opt,
    FIELD_list,
    FIELD_optlist,
    FIELD_name,
    FIELD_optname,
    FIELD_names,
    FIELD_op,
    FIELD_ops,
    FIELD_num,
    FIELD_literal
} FieldKind;

typedef struct FieldView {
    const char *name;
    FieldKind kind;
    const void *at;
} FieldView;

enum { FIELDS_MAX = 8 };

/* Fills views with the node's fields, in order; returns how many. */
int node_fields(Node *node, FieldView *views);

/* A node whose fields are all zero. */
Node *node_blank(Arena *arena, NodeKind kind, Pos pos);

/* Has it lineno and the like in module ast? */
bool node_has_position(const Node *node);

/* "Load", "BitAnd": the operator or context as module ast spells it. */
const char *op_name(Op op);
enum { OP_COUNT = CMP_NOTIN + 1 };

/* Calls visit(child, context) for each direct child of node, in field order; NULLs are left out. */
void node_children(Node *node, void (*visit)(Node *child, void *context), void *context);

#endif
