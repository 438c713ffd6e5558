/* fstring.c - f-strings and t-strings, and "..." % (a, b) where that is an f-string.
 *
 * The pieces of an f-string are made in a row of temporaries and joined; a t-string keeps them
 * apart. Neighbours: expression.c, constant.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/fstring.h"

#include "compiler/constant.h"
#include "object/str.h"

enum {
    PIECES_WINDOW = 60, /* pieces joined at once */
    JOIN_SIMPLE = 64,   /* of BUILD_STRING: pieces may be left to it by FORMAT_VALUE */
    LEAVE_SIMPLE = 8,   /* of FORMAT_VALUE */
    PERCENT_DIGITS = 3, /* a width or precision with more of them is left to the % operator */
};

/* Another piece stands in its temporary; more of them follow.  Joins a window that is full. */
static void piece_done(Compiler *c, int base, int *count, int join)
{
    if (++*count < PIECES_WINDOW) return;
    emit(c, OP_BUILD_STRING, base, base, *count | join);
    c->unit->depth = base + 1;
    *count = 1;
}

/* The number of a conversion: none, !s, !r, !a. */
static int conversion_number(int conversion)
{
    return conversion == 's' ? 1 : conversion == 'r' ? 2 : conversion == 'a' ? 3 : 0;
}

static int compile_field(Compiler *c, NodeFormattedValue *node, int want, int leave)
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
    emit(c, OP_FORMAT_VALUE, to, base, how | leave);
    return to;
}

int compile_formatted(Compiler *c, NodeFormattedValue *node, int want)
{
    return compile_field(c, node, want, 0);
}

static bool is_text(Node *node)
{
    return node->kind == NODE_Constant && as_Constant(node)->value.kind == LITERAL_STR;
}

/* A piece in `to`, where the row of temporaries ends. */
static void compile_piece(Compiler *c, Node *piece, int to, int leave)
{
    Pos pos = c->pos;
    if (piece->kind != NODE_FormattedValue) {
        compile_expr(c, piece, to);
        return;
    }
    c->pos = piece->pos;
    compile_field(c, as_FormattedValue(piece), to, leave);
    c->pos = pos;
}

int compile_joined(Compiler *c, NodeJoinedStr *node, int want)
{
    Nodes values = node->values;
    if (values.len == 0) return constant_load(c, newref(c->vm->interp->empty_str), want);
    bool sound = true; /* a tree made by hand may hold what is no text */
    for (ptrdiff_t i = 0; i < values.len; i++)
        sound &= values.items[i]->kind == NODE_FormattedValue || is_text(values.items[i]);
    if (values.len == 1) return compile_expr(c, values.items[0], want);
    int mark = c->unit->depth, base = temp_base(c, want), count = 0;
    int leave = sound ? LEAVE_SIMPLE : 0, join = sound ? JOIN_SIMPLE : 0;
    c->unit->depth = base;
    for (ptrdiff_t i = 0; i < values.len && !c->failed; i++) {
        compile_piece(c, values.items[i], temp_push(c), leave);
        if (i + 1 < values.len) piece_done(c, base, &count, join);
        else count++;
    }
    int to = result_register(c, want, mark, base);
    emit(c, OP_BUILD_STRING, to, base, count | join);
    return to;
}

/* ---- "%s of %r" % (a, b) */

/* A piece of a format: text, then a conversion unless it is 0. */
typedef struct Piece {
    ptrdiff_t text, text_end;
    uint32_t conversion;               /* s, r, a; 0: none, only text */
    char spec[2 * PERCENT_DIGITS + 3]; /* what the conversion is padded and cut to; "": nothing */
} Piece;

/* Copies a run of digits to *spec; false: too many. */
static bool read_digits(const Str *s, ptrdiff_t *at, char **spec)
{
    ptrdiff_t start = *at;
    for (; *at < s->len && str_at(s, *at) - '0' < 10; ++*at) {
        if (*at - start == PERCENT_DIGITS) return false;
        *(*spec)++ = (char)str_at(s, *at);
    }
    return true;
}

/* Reads the piece at *at; false: it is more than the flags, width, precision and conversion that
 * an f-string could say as well. */
static bool read_piece(const Str *s, ptrdiff_t *at, Piece *piece)
{
    *piece = (Piece){.text = *at};
    while (*at < s->len && str_at(s, *at) != '%') ++*at;
    piece->text_end = *at;
    if (*at == s->len) return true;
    if (++*at < s->len && str_at(s, *at) == '%') {
        piece->text_end = (*at)++;
        return true;
    }
    bool left = false;
    for (; *at < s->len && str_at(s, *at) < 128 && strchr("-+ #0", (int)str_at(s, *at)); ++*at)
        left |= str_at(s, *at) == '-';
    char *spec = piece->spec;
    if (!left) *spec++ = '>';
    if (!read_digits(s, at, &spec)) return false;
    if (!left && spec == piece->spec + 1) spec--; /* no width */
    if (*at < s->len && str_at(s, *at) == '.') {
        ++*at;
        *spec++ = '.';
        char *digits = spec;
        if (!read_digits(s, at, &spec)) return false;
        if (spec == digits) *spec++ = '0';
    }
    *spec = '\0';
    piece->conversion = *at < s->len ? str_at(s, (*at)++) : 0;
    return piece->conversion == 's' || piece->conversion == 'r' || piece->conversion == 'a';
}

/* Is each conversion of format one for read_piece, and are there as many as values? */
static bool is_joined(const Str *format, Nodes values)
{
    ptrdiff_t count = 0;
    for (ptrdiff_t at = 0; at < format->len;) {
        Piece piece;
        if (!read_piece(format, &at, &piece)) return false;
        count += piece.conversion != 0;
    }
    for (ptrdiff_t i = 0; i < values.len; i++)
        if (values.items[i]->kind == NODE_Starred) return false;
    return count == values.len;
}

/* The text of value in `to`, where the row of temporaries ends. */
static void compile_converted(Compiler *c, Node *value, const Piece *piece, int to)
{
    Pos pos = c->pos;
    c->pos = value->pos;
    int how = conversion_number((int)piece->conversion);
    compile_expr(c, value, to);
    if (*piece->spec) {
        constant_load(c, str_interned(c->vm, piece->spec), temp_push(c));
        how |= 4;
    }
    emit(c, OP_FORMAT_VALUE, to, to, how | LEAVE_SIMPLE);
    c->unit->depth = to + 1;
    c->pos = pos;
}

static int compile_pieces(Compiler *c, Value format, Nodes values, int want)
{
    int mark = c->unit->depth, base = temp_base(c, want), count = 0;
    c->unit->depth = base;
    ptrdiff_t next = 0;
    for (ptrdiff_t at = 0; at < as_str(format)->len && !c->failed;) {
        Piece piece;
        read_piece(as_str(format), &at, &piece);
        if (piece.text < piece.text_end) {
            constant_load(c, str_slice(c->vm, format, piece.text, piece.text_end), temp_push(c));
            piece_done(c, base, &count, JOIN_SIMPLE);
        }
        if (!piece.conversion) continue;
        compile_converted(c, values.items[next++], &piece, temp_push(c));
        piece_done(c, base, &count, JOIN_SIMPLE);
    }
    int to = result_register(c, want, mark, base);
    emit(c, OP_BUILD_STRING, to, base, count | JOIN_SIMPLE);
    return to;
}

bool compile_percent(Compiler *c, NodeBinOp *node, int want, int *to)
{
    if (node->op != BIN_MOD || node->right->kind != NODE_Tuple || constant_likely(node->right))
        return false;
    Ref format = constant_value(c, node->left);
    Nodes values = as_Tuple(node->right)->elts;
    bool joined = is_str(format) && is_joined(as_str(format), values);
    if (joined) *to = compile_pieces(c, format, values, want);
    decref(format);
    return joined;
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
