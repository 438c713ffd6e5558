/* ast.c - module _syntaxtree: the parser's tree as objects, for module ast.
 *
 * One routine makes any node: its fields come as FieldViews, generated from grammar/ast.def.  The
 * classes are those of module ast, which makes them from nodes() here.
 * Neighbours: syntax/ast.h, compiler/compiler.h (parse_source), stdlib/ast.aio. */
/* SPDX-License-Identifier: MIT */
#include "compiler/compiler.h"
#include "modules/source.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/complex.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct Maker { /* one tree being turned into objects */
    Vm *vm;
    Value classes; /* dict from names to what makes an empty instance */
    Value filename;
    const SourceText *source;
} Maker;

static Ref make_empty(const Maker *maker, const char *name)
{
    Ref key = str_interned(maker->vm, name);
    if (failed(key)) return FAIL;
    Value make = dict_get(maker->vm, as_dict(maker->classes), key);
    decref(key);
    if (absent(make)) return throw(maker->vm, KeyError, "no class for %s", name);
    return failed(make) ? FAIL : call(maker->vm, make, 0, NULL);
}

static Ref make_literal(Vm *vm, const Literal *literal)
{
    switch (literal->kind) {
    case LITERAL_NONE: return NONE;
    case LITERAL_FALSE: return FALSE;
    case LITERAL_TRUE: return TRUE;
    case LITERAL_ELLIPSIS: return ELLIPSIS;
    case LITERAL_INT: return int_from_text(vm, literal->text, literal->len, 0);
    case LITERAL_FLOAT: return from_any_float(literal->number);
    case LITERAL_IMAG: return complex_from(vm, 0.0, literal->number);
    case LITERAL_STR: return str_from_utf8(vm, literal->text, literal->len);
    case LITERAL_BYTES: return bytes_from(vm, literal->text, literal->len);
    case LITERAL_VALUE: return newref(*(const Value *)(const void *)literal->text);
    }
    return FAIL;
}

static Ref make_node(const Maker *maker, Node *node);

static Ref make_item(const Maker *maker, const FieldView *field, ptrdiff_t i)
{
    const Nodes *nodes = field->at;
    switch (field->kind) {
    case FIELD_names: return str_interned(maker->vm, ((const Names *)field->at)->items[i]);
    case FIELD_ops: return make_empty(maker, op_name(((const Ops *)field->at)->items[i]));
    default: return nodes->items[i] ? make_node(maker, nodes->items[i]) : NONE;
    }
}

static Ref make_list(const Maker *maker, const FieldView *field, ptrdiff_t len)
{
    Ref list = list_new(maker->vm, len);
    for (ptrdiff_t i = 0; !failed(list) && i < len; i++) {
        Ref item = make_item(maker, field, i);
        if (failed(item) || !list_push(maker->vm, as_list(list), item)) replace(&list, FAIL);
    }
    return list;
}

static Ref make_number(const Maker *maker, const Node *node, int number)
{
    if (node->kind == NODE_Constant) return number ? str_interned(maker->vm, "u") : NONE;
    return from_small(number);
}

static Ref make_field(const Maker *maker, const Node *node, const FieldView *field)
{
    switch (field->kind) {
    case FIELD_node:
    case FIELD_opt: {
        Node *child = *(Node *const *)field->at;
        return child ? make_node(maker, child) : NONE;
    }
    case FIELD_list:
    case FIELD_optlist: return make_list(maker, field, ((const Nodes *)field->at)->len);
    case FIELD_names: return make_list(maker, field, ((const Names *)field->at)->len);
    case FIELD_ops: return make_list(maker, field, ((const Ops *)field->at)->len);
    case FIELD_name:
    case FIELD_optname: {
        Name name = *(const Name *)field->at;
        return name ? str_interned(maker->vm, name) : NONE;
    }
    case FIELD_op: return make_empty(maker, op_name(*(const Op *)field->at));
    case FIELD_num: return make_number(maker, node, *(const int *)field->at);
    case FIELD_literal: {
        Ref value = make_literal(maker->vm, field->at);
        if (failed(value))
            literal_refused(maker->vm, maker->source->text, maker->source->len, maker->filename,
                            node->pos);
        return value;
    }
    }
    return FAIL;
}

static bool set_text(Vm *vm, Value object, const char *name, Ref value)
{
    Ref key = failed(value) ? FAIL : str_interned(vm, name);
    bool good = !failed(key) && attr_set(vm, object, key, value);
    decref(key);
    decref(value);
    return good;
}

static bool set_position(Vm *vm, Value object, const Pos *pos)
{
    return set_text(vm, object, "lineno", from_small(pos->line)) &&
           set_text(vm, object, "col_offset", from_small(pos->col)) &&
           set_text(vm, object, "end_lineno", from_small(pos->end_line)) &&
           set_text(vm, object, "end_col_offset", from_small(pos->end_col));
}

static Ref make_node(const Maker *maker, Node *node)
{
    Vm *vm = maker->vm;
    if (!recursion_enter(vm)) return FAIL;
    FieldView fields[FIELDS_MAX];
    Ref object = make_empty(maker, node_name(node->kind));
    int count = node_fields(node, fields);
    bool good = !failed(object);
    for (int i = 0; good && i < count; i++)
        good = set_text(vm, object, fields[i].name, make_field(maker, node, &fields[i]));
    if (good && node_has_position(node)) good = set_position(vm, object, &node->pos);
    recursion_leave(vm);
    if (good) return object;
    decref(object);
    return FAIL;
}

NATIVE(ast_parse, "parse(source, filename, mode, classes, /)",
       "Return the tree of source, a str or bytes; mode is 'exec', 'eval' or 'single', classes a "
       "dict from the names of nodes and operators to what makes an empty one.\n"
       "Raises SyntaxError as compile() does.")
{
    if (!is_str(argv[1]) || !is_str(argv[2]) || !is_dict(argv[3]))
        return throw(vm, TypeError, "parse() arguments must be source, str, str, dict");
    ParseMode mode = str_is(argv[2], "eval")     ? PARSE_EVAL
                     : str_is(argv[2], "single") ? PARSE_SINGLE
                                                 : PARSE_FILE;
    SourceText from;
    if (!source_text_open(vm, argv[0], "compile() arg 1", "string, bytes or AST object", &from))
        return FAIL;
    Arena arena;
    arena_open(&arena);
    Ref out = FAIL;
    Node *tree = parse_source(vm, &arena, from.text, from.len, argv[1], mode | from.mode);
    if (tree) out = make_node(&(Maker){vm, argv[3], argv[1], &from}, tree);
    arena_close(&arena);
    source_text_close(vm, &from);
    return out;
}

/* (name, group, ((kind, field), ...)) */
static Ref describe(Vm *vm, NodeKind kind)
{
    static const char *const kinds[] = {
        [FIELD_node] = "node",    [FIELD_opt] = "opt",        [FIELD_list] = "list",
        [FIELD_optlist] = "list", [FIELD_name] = "name",      [FIELD_optname] = "opt",
        [FIELD_names] = "list",   [FIELD_op] = "op",          [FIELD_ops] = "list",
        [FIELD_num] = "num",      [FIELD_literal] = "literal"};
    Arena arena;
    arena_open(&arena);
    FieldView fields[FIELDS_MAX];
    int count = node_fields(node_blank(&arena, kind, (Pos){0}), fields);
    Ref list = list_new(vm, 2 * count + 2);
    for (int i = -1; !failed(list) && i < count; i++) {
        const char *texts[] = {i < 0 ? node_name(kind) : kinds[fields[i].kind],
                               i < 0 ? node_group(kind) : fields[i].name};
        for (int n = 0; !failed(list) && n < 2; n++) {
            Ref text = str_interned(vm, texts[n]);
            if (failed(text) || !list_push(vm, as_list(list), text)) replace(&list, FAIL);
        }
    }
    arena_close(&arena);
    return list;
}

NATIVE(ast_nodes, "nodes()",
       "Return a list of [name, group, kind of field, field, kind of field, field, ...].")
{
    (void)argv;
    Ref list = list_new(vm, NODE_COUNT);
    for (int kind = 0; !failed(list) && kind < NODE_COUNT; kind++) {
        Ref row = describe(vm, (NodeKind)kind);
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    return list;
}

static const Native *const ast_functions[] = {&ast_parse_def, &ast_nodes_def, NULL};
const ModuleDef _syntaxtree_module = {
    .name = "_syntaxtree",
    .doc = "The parser's tree as objects.",
    .functions = ast_functions,
};
