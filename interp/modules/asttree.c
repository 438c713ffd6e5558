/* asttree.c - trees that scripts made of the classes of module ast, as the compiler reads them.
 *
 * The reverse of ast.c: any node is filled field by field as grammar/ast.def lists them.  What sort
 * of node a field takes follows from its name and its node (sort_of).  An object is a node of the
 * first class in its MRO that module ast made.
 * Neighbours: ast.c, astcheck.c (what the grammar would have refused), compiler/compiler.h. */
/* SPDX-License-Identifier: MIT */
#include "modules/asttree.h"

#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/complex.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

enum { DEPTH_MAX = 3000 }; /* nested nodes: the compiler recurses on them */

typedef struct Reader {
    Vm *vm;
    Arena *arena;
    Value classes; /* dict: name -> class, of module ast */
    Value kept;    /* list: what the tree refers to */
    Dict *names;   /* str -> address of its one copy in the arena */
    int depth;
} Reader;

Value ast_base_class(Vm *vm)
{
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "ast");
    if (failed(module)) return FAIL;
    if (!is_kind(module, KIND_MODULE)) return UNDEF;
    Value class = dict_get_text(vm, module_dict(module), "AST");
    return is_type(class) || failed(class) ? class : (Value)UNDEF;
}

/* ---- classes ---- */

/* The name of the class of module ast that object is an instance of (borrowed), or UNDEF. */
static Value class_name_of(const Reader *reader, Value object)
{
    const Type *type = type_of(reader->vm, object);
    for (ptrdiff_t i = 0; i < tuple_len(type->mro); i++) {
        Value class = tuple_at(type->mro, i);
        Value name = as_type(class)->name;
        if (dict_get_name(as_dict(reader->classes), name) == class) return name;
    }
    return UNDEF;
}

static int kind_named(Value name)
{
    for (int kind = 0; kind < NODE_COUNT; kind++)
        if (str_is(name, node_name((NodeKind)kind))) return kind;
    return -1;
}

/* The sort of node that a field takes. */
static const char *sort_of(NodeKind kind, const char *field)
{
    static const struct {
        const char *field, *sort;
    } sorts[] = {
        {"handlers", "excepthandler"},
        {"keywords", "keyword"},
        {"items", "withitem"},
        {"cases", "match_case"},
        {"generators", "comprehension"},
        {"names", "alias"},
        {"pattern", "pattern"},
        {"patterns", "pattern"},
        {"kwd_patterns", "pattern"},
        {"type_params", "type_param"},
        {"posonlyargs", "arg"},
        {"kwonlyargs", "arg"},
        {"vararg", "arg"},
        {"kwarg", "arg"},
        {"finalbody", "stmt"},
    };
    if (strcmp(field, "body") == 0 || strcmp(field, "orelse") == 0) {
        bool expression = kind == NODE_Lambda || kind == NODE_IfExp || kind == NODE_Expression;
        return expression ? "expr" : "stmt";
    }
    if (strcmp(field, "args") == 0)
        return kind == NODE_arguments ? "arg" : kind == NODE_Call ? "expr" : "arguments";
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        if (strcmp(field, sorts[i].field) == 0) return sorts[i].sort;
    return "expr";
}

static bool is_sort(NodeKind kind, const char *sort)
{
    if (strcmp(sort, "excepthandler") == 0) return kind == NODE_ExceptHandler;
    const char *group = node_group(kind);
    return strcmp(strcmp(group, "part") == 0 ? node_name(kind) : group, sort) == 0;
}

/* The sort of operator that a field takes: the first and the last of them. */
static const char *operator_sort(NodeKind kind, const char *field, Op *first, Op *last)
{
    if (strcmp(field, "ctx") == 0) return *first = CTX_LOAD, *last = CTX_DEL, "expr_context";
    if (kind == NODE_BoolOp) return *first = BOOL_AND, *last = BOOL_OR, "boolop";
    if (kind == NODE_UnaryOp) return *first = UNARY_INVERT, *last = UNARY_USUB, "unaryop";
    if (kind == NODE_Compare) return *first = CMP_EQ, *last = CMP_NOTIN, "cmpop";
    return *first = BIN_ADD, *last = BIN_FLOORDIV, "operator";
}

/* ---- fields that are no nodes ---- */

static Name read_name(Reader *reader, Value text)
{
    Vm *vm = reader->vm;
    if (!is_str(text)) return throw(vm, TypeError, "AST identifier must be of type str"), NULL;
    Value known = dict_get(vm, reader->names, text);
    if (failed(known)) return NULL;
    int overflow;
    if (!absent(known)) return (Name)(uintptr_t)int_value(known, &overflow);
    ptrdiff_t len;
    char *owned = NULL, *copy = NULL;
    const char *utf8 = str_utf8(vm, text, &len, &owned);
    if (utf8 && memchr(utf8, 0, (size_t)len))
        throw(vm, ValueError, "identifier field can't hold a null character");
    else if (utf8) copy = arena_copy(reader->arena, utf8, len);
    memory_free(owned);
    Ref address = copy ? from_int64(vm, (int64_t)(uintptr_t)copy) : FAIL;
    bool good = !failed(address) && dict_set(vm, reader->names, text, address);
    decref(address);
    return good ? copy : NULL;
}

static bool read_operator(Reader *reader, NodeKind kind, const char *field, Value object, Op *op)
{
    Op first, last;
    const char *sort = operator_sort(kind, field, &first, &last);
    Value name = class_name_of(reader, object);
    for (int at = first; !absent(name) && at <= (int)last; at++)
        if (str_is(name, op_name((Op)at))) return *op = (Op)at, true;
    throw(reader->vm, TypeError, "expected some sort of %s, but got %R", sort, object);
    return false;
}

/* A value that a literal cannot spell. */
static bool keep_value(Reader *reader, Value value, Literal *literal)
{
    Value *slot = arena_alloc(reader->arena, sizeof *slot);
    *slot = value;
    *literal = (Literal){.kind = LITERAL_VALUE, .text = (const char *)slot};
    return list_push(reader->vm, as_list(reader->kept), newref(value));
}

/* May value stand in a Constant? */
static bool check_constant(Vm *vm, Value value)
{
    const Type *type = type_of(vm, value);
    bool exact = !(type->flags & TYPE_HEAP);
    if (exact && (is_tuple(value) || is_kind(value, KIND_FROZENSET))) {
        Ref items = recursion_enter(vm) ? tuple_from(vm, value) : FAIL;
        if (failed(items)) return false;
        bool good = true;
        for (ptrdiff_t i = 0; good && i < tuple_len(items); i++)
            good = check_constant(vm, tuple_at(items, i));
        decref(items);
        recursion_leave(vm);
        return good;
    }
    if (exact &&
        (is_none(value) || value == ELLIPSIS || is_bool(value) || is_any_int(value) ||
         is_any_float(value) || is_str(value) || is_bytes(value) || is_kind(value, KIND_COMPLEX)))
        return true;
    throw(vm, TypeError, "got an invalid type in Constant: %N", type);
    return false;
}

static bool read_literal(Reader *reader, Value value, Literal *literal)
{
    Vm *vm = reader->vm;
    *literal = (Literal){0};
    if (!check_constant(vm, value)) return false;
    if (is_none(value)) return literal->kind = LITERAL_NONE, true;
    if (is_bool(value)) return literal->kind = value == TRUE ? LITERAL_TRUE : LITERAL_FALSE, true;
    if (value == ELLIPSIS) return literal->kind = LITERAL_ELLIPSIS, true;
    if (is_float(value)) {
        *literal = (Literal){.kind = LITERAL_FLOAT, .number = as_float(value)};
        return true;
    }
    if (is_int(value) && as_int(value) >= 0) {
        char *digits = arena_printf(reader->arena, "%lld", (long long)as_int(value));
        *literal = (Literal){.kind = LITERAL_INT, .text = digits, .len = (ptrdiff_t)strlen(digits)};
        return true;
    }
    if (is_str(value)) {
        ptrdiff_t len;
        char *owned = NULL;
        const char *utf8 = str_utf8(vm, value, &len, &owned);
        if (utf8) {
            literal->kind = LITERAL_STR;
            literal->text = arena_copy(reader->arena, utf8, len);
            literal->len = len;
            memory_free(owned);
            return true;
        }
        error_clear(vm); /* lone surrogates */
    }
    return keep_value(reader, value, literal);
}

static bool read_number(Reader *reader, NodeKind kind, Value value, int *number)
{
    Vm *vm = reader->vm;
    if (kind == NODE_Constant) { /* its kind: 'u' or None */
        if (value != NONE && !is_str(value))
            return throw(vm, TypeError, "AST string must be of type str"), false;
        *number = is_str(value) && str_is(value, "u");
        return true;
    }
    if (value == NONE && kind == NODE_ImportFrom) return *number = 0, true;
    if (!is_any_int(value)) return throw(vm, ValueError, "invalid integer value: %R", value), false;
    int overflow;
    int64_t wide = int_value(value, &overflow);
    if (overflow || wide > INT32_MAX || wide < INT32_MIN)
        return throw(vm, OverflowError, "Python int too large to convert to C int"), false;
    *number = (int)wide;
    return true;
}

/* ---- nodes ---- */

static Node *read_node(Reader *reader, Value object, const char *sort);

static bool must_be_list(Reader *reader, NodeKind kind, const char *field, Value value)
{
    if (is_list(value)) return true;
    throw(reader->vm, TypeError, "%s field \"%s\" must be a list, not a %T", node_name(kind), field,
          value);
    return false;
}

static bool read_list(Reader *reader, NodeKind kind, FieldView *field, Value value)
{
    if (!must_be_list(reader, kind, field->name, value)) return false;
    List *list = as_list(value);
    ptrdiff_t len = list->len;
    void *items = arena_alloc(reader->arena, (size_t)(len + 1) * sizeof(Node *));
    bool good = true;
    for (ptrdiff_t i = 0; good && i < len; i++) {
        if (i >= list->len) {
            throw(reader->vm, RuntimeError, "%s field \"%s\" changed size during iteration",
                  node_name(kind), field->name);
            return false;
        }
        Ref item = newref(list_at(list, i));
        if (field->kind == FIELD_names)
            good = (((Name *)items)[i] = read_name(reader, item)) != NULL;
        else if (field->kind == FIELD_ops)
            good = read_operator(reader, kind, field->name, item, &((Op *)items)[i]);
        else if (item == NONE) ((Node **)items)[i] = NULL; /* tree_check() says where it may */
        else
            good =
                (((Node **)items)[i] = read_node(reader, item, sort_of(kind, field->name))) != NULL;
        decref(item);
    }
    if (field->kind == FIELD_names) *(Names *)field->at = (Names){items, len};
    else if (field->kind == FIELD_ops) *(Ops *)field->at = (Ops){items, len};
    else *(Nodes *)field->at = (Nodes){items, len};
    return good;
}

static bool read_value(Reader *reader, NodeKind kind, FieldView *field, Value value)
{
    void *at = (void *)(uintptr_t)field->at;
    bool optional = field->kind == FIELD_opt || field->kind == FIELD_optname;
    if (value == NONE && optional) return true;
    switch (field->kind) {
    case FIELD_node:
    case FIELD_opt:
        if (value == NONE) break;
        return (*(Node **)at = read_node(reader, value, sort_of(kind, field->name))) != NULL;
    case FIELD_name:
    case FIELD_optname:
        if (value == NONE) break;
        return (*(Name *)at = read_name(reader, value)) != NULL;
    case FIELD_op: return read_operator(reader, kind, field->name, value, at);
    case FIELD_num: return read_number(reader, kind, value, at);
    case FIELD_literal: return read_literal(reader, value, at);
    default: return read_list(reader, kind, field, value);
    }
    throw(reader->vm, ValueError, "field '%s' is required for %s", field->name, node_name(kind));
    return false;
}

/* May a field be missing from the object? */
static bool may_be_missing(NodeKind kind, const FieldView *field)
{
    switch (field->kind) {
    case FIELD_opt:
    case FIELD_optname: return true;
    case FIELD_num: return kind == NODE_Constant || kind == NODE_ImportFrom;
    case FIELD_list:
    case FIELD_optlist:
    case FIELD_names:
    case FIELD_ops: return true; /* an empty list */
    default: return false;
    }
}

static bool read_field(Reader *reader, Value object, NodeKind kind, FieldView *field)
{
    Vm *vm = reader->vm;
    Ref name = str_interned(vm, field->name);
    Ref value = failed(name) ? FAIL : attr_get_or_absent(vm, object, name);
    decref(name);
    bool good = !failed(value);
    if (absent(value)) {
        good = may_be_missing(kind, field);
        if (!good)
            throw(vm, TypeError, "required field \"%s\" missing from %s", field->name,
                  node_name(kind));
    } else if (good) {
        good = read_value(reader, kind, field, value);
    }
    decref(value);
    return good;
}

/* An int attribute; missing (and None, when it is an end): fallback, or raises when that is -2. */
static bool read_place(Reader *reader, Value object, NodeKind kind, const char *attribute,
                       int fallback, int32_t *place)
{
    Vm *vm = reader->vm;
    Ref name = str_interned(vm, attribute);
    Ref value = failed(name) ? FAIL : attr_get_or_absent(vm, object, name);
    decref(name);
    bool good = !failed(value);
    if (absent(value) || (value == NONE && fallback != -2)) {
        *place = fallback;
        good = fallback != -2;
        const char *group = kind == NODE_ExceptHandler              ? "excepthandler"
                            : strcmp(node_group(kind), "part") == 0 ? node_name(kind)
                                                                    : node_group(kind);
        if (!good) throw(vm, TypeError, "required field \"%s\" missing from %s", attribute, group);
    } else if (good) {
        int number = 0;
        good = read_number(reader, NODE_Pass, value, &number);
        *place = number;
    }
    decref(value);
    return good;
}

static bool read_position(Reader *reader, Value object, NodeKind kind, Pos *pos)
{
    return read_place(reader, object, kind, "lineno", -2, &pos->line) &&
           read_place(reader, object, kind, "col_offset", -2, &pos->col) &&
           read_place(reader, object, kind, "end_lineno", pos->line, &pos->end_line) &&
           read_place(reader, object, kind, "end_col_offset", pos->col, &pos->end_col);
}

static Node *read_node(Reader *reader, Value object, const char *sort)
{
    Vm *vm = reader->vm;
    Value name = class_name_of(reader, object);
    int kind = absent(name) ? -1 : kind_named(name);
    if (kind < 0 || !is_sort((NodeKind)kind, sort)) {
        throw(vm, TypeError, "expected some sort of %s, but got %R", sort, object);
        return NULL;
    }
    if (++reader->depth > DEPTH_MAX) {
        throw(vm, RecursionError, "maximum recursion depth exceeded while traversing '%s' node",
              sort);
        return NULL;
    }
    Node *node = node_blank(reader->arena, (NodeKind)kind, (Pos){0});
    FieldView fields[FIELDS_MAX];
    int count = node_fields(node, fields);
    bool good = true;
    for (int i = 0; good && i < count; i++)
        good = read_field(reader, object, (NodeKind)kind, &fields[i]);
    if (good && node_has_position(node))
        good = read_position(reader, object, (NodeKind)kind, &node->pos);
    reader->depth--;
    return good ? node : NULL;
}

Node *tree_from_object(Vm *vm, Arena *arena, Value object, ParseMode mode, Value kept)
{
    static const char *const wanted[] = {
        [PARSE_FILE] = "Module", [PARSE_EVAL] = "Expression", [PARSE_SINGLE] = "Interactive"};
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "ast");
    Ref classes = failed(module) ? FAIL : attr_get_text(vm, module, "_classes");
    if (failed(classes)) return NULL;
    Ref names = dict_new(vm);
    Node *tree = NULL;
    if (!is_dict(classes)) throw(vm, TypeError, "ast._classes is not a dict");
    else if (!failed(names)) {
        Reader reader = {vm, arena, classes, kept, as_dict(names), 0};
        Value name = class_name_of(&reader, object);
        if (absent(name) || !str_is(name, wanted[mode]))
            throw(vm, TypeError, "expected %s node, got %T", wanted[mode], object);
        else tree = read_node(&reader, object, "mod");
    }
    decref(names);
    decref(classes);
    return tree;
}
