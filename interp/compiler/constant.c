/* constant.c - the constants of a unit, and expressions whose value is known while compiling.
 *
 * Folding changes nothing a script can see: what would raise, or grow large, is left to run time.
 * Constants are shared by identity of their bits: immediates by value, interned strings by address.
 * Neighbours: emit.c (the pool's owner), expression.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/constant.h"

#include "compiler/register.h"
#include "object/bytes.h"
#include "object/complex.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

enum { FOLD_BITS = 128, FOLD_TEXT = 4096, FOLD_ITEMS = 256, INTERN_BYTES = 64 };

int constant_append(Compiler *c, Ref value)
{
    Unit *unit = c->unit;
    if (failed(value)) {
        compile_raised(c);
        return 0;
    }
    unit->constants =
        unit_grow(c, unit->constants, unit->constant_count, &unit->constant_capacity, sizeof(Ref));
    unit->constants[unit->constant_count] = value;
    return unit->constant_count++;
}

static int *table_slot(Unit *unit, uint64_t bits)
{
    uint32_t mask = (uint32_t)unit->table_capacity - 1;
    uint32_t at = (uint32_t)(bits * UINT64_C(0x9E3779B97F4A7C15) >> 40) & mask;
    while (unit->constant_table[at] &&
           bits_of(unit->constants[unit->constant_table[at] - 1]) != bits)
        at = (at + 1) & mask;
    return &unit->constant_table[at];
}

static void table_grow(Compiler *c, Unit *unit)
{
    while (unit->constant_count * 2 > unit->table_capacity) unit->table_capacity *= 2;
    unit->constant_table = arena_alloc(c->arena, (size_t)unit->table_capacity * sizeof(int));
    for (int i = 0; i < unit->constant_count; i++) {
        int *slot = table_slot(unit, bits_of(unit->constants[i]));
        if (!*slot) *slot = i + 1;
    }
}

int constant_add(Compiler *c, Ref value)
{
    Unit *unit = c->unit;
    if (failed(value)) {
        compile_raised(c);
        return 0;
    }
    int *slot = table_slot(unit, bits_of(value));
    if (*slot) {
        decref(value);
        return *slot - 1;
    }
    int index = constant_append(c, value);
    *slot = index + 1;
    if (unit->constant_count * 2 > unit->table_capacity) table_grow(c, unit);
    return index;
}

int constant_name(Compiler *c, Ident *name)
{
    Value str = ident_str(&c->idents, name);
    return constant_add(c, failed(str) ? FAIL : newref(str));
}

/* ---- literals */

static Ref text_value(Compiler *c, const Literal *literal)
{
    Ref text = str_from_utf8(c->vm, literal->text, literal->len);
    if (failed(text) || literal->len > INTERN_BYTES) return text;
    return str_intern(c->vm, text);
}

static Ref int_value_of(Compiler *c, const Literal *literal)
{
    const char *text = literal->text;
    if (literal->len < 15 && text[0] != '0') {
        int64_t n = 0;
        for (ptrdiff_t i = 0; i < literal->len; i++) n = n * 10 + (text[i] - '0');
        return from_int64(c->vm, n);
    }
    return int_from_text(c->vm, text, literal->len, 0);
}

Ref literal_value(Compiler *c, const Literal *literal)
{
    switch (literal->kind) {
    case LITERAL_NONE: return NONE;
    case LITERAL_FALSE: return FALSE;
    case LITERAL_TRUE: return TRUE;
    case LITERAL_ELLIPSIS: return ELLIPSIS;
    case LITERAL_INT: return int_value_of(c, literal);
    case LITERAL_FLOAT: return from_any_float(literal->number);
    case LITERAL_IMAG: return complex_from(c->vm, 0.0, literal->number);
    case LITERAL_STR: return text_value(c, literal);
    case LITERAL_BYTES: return bytes_from(c->vm, literal->text, literal->len);
    case LITERAL_VALUE: return newref(*(const Value *)(const void *)literal->text);
    }
    return FAIL;
}

Ref node_value(Compiler *c, NodeConstant *node)
{
    Ref value = literal_value(c, &node->value);
    if (!failed(value)) return value;
    compile_raised(c);
    literal_refused(c->vm, c->text, c->len, c->filename, node->head.pos);
    return FAIL;
}

/* ---- folding */

bool constant_likely(const Node *node)
{
    for (;;) {
        switch (node->kind) {
        case NODE_Constant: return true;
        case NODE_UnaryOp: node = ((const NodeUnaryOp *)(const void *)node)->operand; break;
        case NODE_BinOp: {
            const NodeBinOp *binary = (const void *)node;
            if (!constant_likely(binary->right)) return false;
            node = binary->left;
            break;
        }
        case NODE_Tuple: {
            const NodeTuple *tuple = (const void *)node;
            if (tuple->elts.len > FOLD_ITEMS || tuple->ctx != CTX_LOAD) return false;
            for (ptrdiff_t i = 0; i < tuple->elts.len; i++)
                if (!constant_likely(tuple->elts.items[i])) return false;
            return true;
        }
        case NODE_Name: return strcmp(((const NodeName *)(const void *)node)->id, "__debug__") == 0;
        default: return false;
        }
    }
}

static ptrdiff_t bits_needed(Value v)
{
    IntView view;
    return is_any_int(v) ? (ptrdiff_t)mpz_sizeinbase(int_view(&view, v), 2) : 0;
}

static ptrdiff_t length_of(Value v)
{
    return is_str(v)     ? as_str(v)->len
           : is_bytes(v) ? as_bytes(v)->len
           : is_tuple(v) ? tuple_len(v)
                         : -1;
}

static bool small_enough(BinaryOp op, Value a, Value b)
{
    bool ints = is_any_int(a) && is_any_int(b);
    ptrdiff_t la = length_of(a), lb = length_of(b);
    int overflow = 0;
    switch (op) {
    case OP2_MUL:
        if (ints) return bits_needed(a) + bits_needed(b) <= FOLD_BITS;
        if (la >= 0 || lb >= 0) {
            Value count = la >= 0 ? b : a;
            if (!is_any_int(count)) return false;
            int64_t n = int_value(count, &overflow);
            ptrdiff_t len = la >= 0 ? la : lb,
                      most = is_tuple(la >= 0 ? a : b) ? FOLD_ITEMS : FOLD_TEXT;
            return !overflow && n >= 0 && n <= most && (len == 0 || n <= most / len);
        }
        return true;
    case OP2_POW:
        if (!ints) return is_float(a) || is_float(b);
        return int_sign(b) > 0 && bits_needed(b) < 16 &&
               bits_needed(a) * int_value(b, &overflow) <= FOLD_BITS;
    case OP2_LSHIFT:
        if (!ints || int_sign(b) < 0 || bits_needed(b) > 8) return false;
        return bits_needed(a) + int_value(b, &overflow) <= FOLD_BITS;
    case OP2_MOD: return la < 0; /* not text formatting */
    case OP2_ADD: return la < 0 || la + lb <= FOLD_TEXT;
    default: return true;
    }
}

static const BinaryOp binary_ops[] = {
    [BIN_ADD] = OP2_ADD,           [BIN_SUB] = OP2_SUB,       [BIN_MULT] = OP2_MUL,
    [BIN_MATMULT] = OP2_MATMUL,    [BIN_DIV] = OP2_TRUEDIV,   [BIN_MOD] = OP2_MOD,
    [BIN_POW] = OP2_POW,           [BIN_LSHIFT] = OP2_LSHIFT, [BIN_RSHIFT] = OP2_RSHIFT,
    [BIN_BITOR] = OP2_OR,          [BIN_BITXOR] = OP2_XOR,    [BIN_BITAND] = OP2_AND,
    [BIN_FLOORDIV] = OP2_FLOORDIV,
};

/* What could not be computed is left to run time. */
static Ref folded(Compiler *c, Ref value)
{
    if (!failed(value)) return value;
    error_clear(c->vm);
    return UNDEF;
}

static Ref binary_value(Compiler *c, NodeBinOp *node)
{
    Ref out = UNDEF, left = constant_value(c, node->left);
    if (absent(left)) return UNDEF;
    Ref right = constant_value(c, node->right);
    if (!absent(right) && small_enough(binary_ops[node->op], left, right))
        out = folded(c, number_binary(c->vm, binary_ops[node->op], left, right));
    decref(left);
    decref(right);
    return out;
}

static Ref unary_value(Compiler *c, NodeUnaryOp *node)
{
    Ref operand = constant_value(c, node->operand), out = UNDEF;
    if (absent(operand)) return UNDEF;
    if (node->op == UNARY_NOT) {
        Truth truth = value_truth(c->vm, operand);
        out = truth == FAILED ? folded(c, FAIL) : from_bool(truth == NO);
    } else if (!(node->op == UNARY_INVERT && is_bool(operand))) { /* ~True warns when it runs */
        UnaryOp op = node->op == UNARY_USUB   ? OP1_NEG
                     : node->op == UNARY_UADD ? OP1_POS
                                              : OP1_INVERT;
        out = folded(c, number_unary(c->vm, op, operand));
    }
    decref(operand);
    return out;
}

Ref tuple_of_constants(Compiler *c, Nodes elts)
{
    Ref tuple = tuple_new(c->vm, elts.len);
    if (failed(tuple)) return folded(c, FAIL);
    for (ptrdiff_t i = 0; i < elts.len; i++) {
        Ref item = constant_value(c, elts.items[i]);
        if (absent(item)) {
            decref(tuple);
            return UNDEF;
        }
        as_tuple(tuple)->items[i] = item;
    }
    return tuple;
}

Ref constant_value(Compiler *c, Node *node)
{
    if (c->failed || !constant_likely(node)) return UNDEF;
    switch (node->kind) {
    case NODE_Constant: {
        Ref value = node_value(c, as_Constant(node));
        return failed(value) ? UNDEF : value;
    }
    case NODE_BinOp: return binary_value(c, as_BinOp(node));
    case NODE_UnaryOp: return unary_value(c, as_UnaryOp(node));
    case NODE_Tuple: return tuple_of_constants(c, as_Tuple(node)->elts);
    default: return from_bool(!(c->flags & COMPILE_OPTIMIZE)); /* __debug__ */
    }
}

int constant_load(Compiler *c, Ref value, int want)
{
    int to = temp_for(c, want);
    if (is_int(value) && as_int(value) >= INT16_MIN && as_int(value) <= INT16_MAX)
        emit(c, OP_LOAD_INT, to, (int)as_int(value), 0);
    else emit(c, OP_LOAD_CONST, to, constant_add(c, value), 0);
    return to;
}

int constant_truth(Compiler *c, Node *node)
{
    Ref value = constant_value(c, node);
    if (absent(value)) return -1;
    Truth truth = value_truth(c->vm, value);
    if (truth == FAILED) error_clear(c->vm);
    decref(value);
    return truth;
}
