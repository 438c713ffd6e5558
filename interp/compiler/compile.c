/* compile.c - source text or tree to a code object: the driver, and the compiler's errors.
 *
 * parse, look at __future__ imports, build the scopes, emit the module.  Everything the compiler
 * needs on the way lives in one arena, freed at the end. Neighbours: syntax/parser.h, scope.c,
 * statement.c; emit.c (makes the Code). */
/* SPDX-License-Identifier: MIT */
#include "compiler/compile.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "compiler/constant.h"
#include "compiler/expression.h"
#include "compiler/function.h"
#include "compiler/statement.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/warning.h"

/* ---- errors */

/* The line of the source (1-based) and its length without the newline; NULL when there is no such
 * line. */
static const char *source_line_at(const Compiler *c, int32_t line, ptrdiff_t *len)
{
    if (!c->text || line < 1) return NULL;
    const char *at = c->text, *end = c->text + c->len;
    for (int32_t i = 1; i < line; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at) return NULL;
        at++;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    *len = (newline ? newline : end) - at;
    return at;
}

/* A byte offset into a line as SyntaxError counts: characters, from 1. */
static int64_t character_offset(const char *line, ptrdiff_t len, int32_t col)
{
    if (!line || col < 0) return col + 1;
    if (col > len)
        return utf8_invalid(line, len, false) < 0 ? utf8_count(line, len) + (col - len) + 1
                                                  : col + 1;
    return utf8_invalid(line, col, false) < 0 ? utf8_count(line, col) + 1 : col + 1;
}

static Ref line_text(Compiler *c, const char *line, ptrdiff_t len)
{
    if (!line || utf8_invalid(line, len, false) >= 0) return NONE;
    char *copy = arena_alloc(c->arena, (size_t)len + 2);
    memcpy(copy, line, (size_t)len);
    copy[len] = '\n';
    return str_from_utf8(c->vm, copy, len + 1);
}

static Ref error_details(Compiler *c, Pos pos)
{
    ptrdiff_t len = 0, end_len = 0;
    const char *line = source_line_at(c, pos.line, &len),
               *end_line = source_line_at(c, pos.end_line, &end_len);
    Ref text = line_text(c, line, len);
    if (failed(text)) return FAIL;
    Ref details = tuple_pack(c->vm, 6, c->filename, (Value)from_small(pos.line),
                             (Value)from_small(character_offset(line, len, pos.col)), (Value)text,
                             (Value)from_small(pos.end_line),
                             (Value)from_small(character_offset(end_line, end_len, pos.end_col)));
    decref(text);
    return details;
}

static void raise_syntax(Compiler *c, ExcId id, const char *message, Pos pos)
{
    c->failed = true;
    Ref text = str_from(c->vm, message);
    Ref details = failed(text) ? FAIL : error_details(c, pos);
    if (!failed(details)) {
        Value argv[2] = {text, details};
        Ref error = exception_new(c->vm, id, 2, argv);
        if (!failed(error)) throw_object(c->vm, error);
        decref(error);
    }
    decref(text);
    decref(details);
}

void compile_error(Compiler *c, Pos pos, const char *format, ...)
{
    if (c->failed) return;
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    raise_syntax(c, SyntaxError, message, pos);
}

/* A warning that a filter made an exception becomes a SyntaxError at its place. */
static void warning_raised(Compiler *c, ExcId id, const char *message, Pos pos)
{
    c->failed = true;
    if (!error_is(c->vm, id)) return;
    error_clear(c->vm);
    raise_syntax(c, SyntaxError, message, pos);
}

static void issue_warning(Compiler *c, ExcId id, Pos pos, const char *message)
{
    if (c->failed) return;
    Ref text = str_from(c->vm, message);
    if (failed(text) || !warn_at(c->vm, id, text, c->filename, pos.line, NULL))
        warning_raised(c, id, message, pos);
    decref(text);
}

void literal_refused(Vm *vm, const char *text, ptrdiff_t len, Value filename, Pos pos)
{
    if (!error_is(vm, ValueError)) return;
    Ref error = error_take(vm), said = value_str(vm, error);
    Arena arena;
    arena_open(&arena);
    Compiler c = {.vm = vm, .arena = &arena, .text = text, .len = len, .filename = filename};
    if (!failed(said))
        compile_error(&c, (Pos){pos.line, -1, pos.end_line, -1},
                      "%s - Consider hexadecimal for huge integer literals to avoid decimal "
                      "conversion limits.",
                      as_str(said)->data);
    arena_close(&arena);
    decref(said);
    decref(error);
}

void compile_warning(Compiler *c, Pos pos, const char *format, ...)
{
    if (c->failed) return;
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    issue_warning(c, SyntaxWarning, pos, message);
}

bool compile_too_deep(Compiler *c)
{
    char here;
    if (c->failed || &here > c->vm->c_stack_limit) return c->failed;
    c->failed = true;
    throw(c->vm, RecursionError, "maximum recursion depth exceeded during compilation");
    return true;
}

/* ---- __future__ */

static void future_feature(Compiler *c, Nodealias *alias)
{
    static const char *const features[] = {
        "nested_scopes",  "generators",       "division",       "absolute_import", "with_statement",
        "print_function", "unicode_literals", "barry_as_FLUFL", "generator_stop",  "annotations",
    };
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        if (strcmp(alias->name, features[i]) != 0) continue;
        if (strcmp(alias->name, "annotations") == 0) c->flags |= COMPILE_ANNOTATIONS_STRING;
        return;
    }
    if (strcmp(alias->name, "braces") == 0) compile_error(c, alias->head.pos, "not a chance");
    else compile_error(c, alias->head.pos, "future feature %s is not defined", alias->name);
}

static bool is_future(Node *node)
{
    if (node->kind != NODE_ImportFrom) return false;
    NodeImportFrom *from = as_ImportFrom(node);
    return from->module && from->level == 0 && strcmp(from->module, "__future__") == 0;
}

/* Anywhere but at the beginning of the file they are errors. */
static void refuse_future(Node *node, void *context)
{
    Compiler *c = context;
    if (is_future(node))
        compile_error(c, node->pos,
                      "from __future__ imports must occur at the beginning of the file");
    if (node->kind <= NODE_Continue || node->kind == NODE_ExceptHandler ||
        node->kind == NODE_match_case)
        if (!compile_too_deep(c)) node_children(node, refuse_future, c);
}

static void look_at_future(Compiler *c, Nodes body)
{
    if (c->text && !memmem(c->text, (size_t)c->len, "__future__", 10)) return;
    ptrdiff_t i = docstring_node(body) ? 1 : 0;
    for (; i < body.len && is_future(body.items[i]); i++) {
        NodeImportFrom *from = as_ImportFrom(body.items[i]);
        for (ptrdiff_t j = 0; j < from->names.len; j++)
            future_feature(c, as_alias(from->names.items[j]));
    }
    for (; i < body.len && !c->failed; i++) refuse_future(body.items[i], c);
}

/* ---- modules */

static void compile_module(Compiler *c, Nodes body)
{
    Ident *annotate = ident_text(&c->idents, "__annotate__");
    open_conditional_annotations(c);
    compile_body_annotations(c, annotate);
    Node *doc = c->interactive ? NULL : docstring_wanted(c, body);
    if (doc) {
        int at = temp_push(c);
        c->pos = doc->pos;
        constant_load(c, docstring_value(c, doc), at);
        variable_store_name(c, ident_text(&c->idents, "__doc__"), at);
        c->unit->depth = at;
        body.items++;
        body.len--;
    }
    compile_body(c, body);
    if (body.len) c->pos = body.items[body.len - 1]->pos;
    emit(c, OP_RETURN_CONST, 0, constant_none(c), 0);
}

static Ref compile_mod(Compiler *c, Node *tree)
{
    Ref name = str_interned(c->vm, "<module>");
    if (failed(name)) return FAIL;
    Scope *scope = scope_of(c, tree, ROLE_MAIN);
    unit_open(c, scope, name, 1);
    decref(name);
    if (c->flags & COMPILE_NAMES) { /* a parameter, the namespace */
        c->unit->arg_count = c->unit->positional_only = 1;
        c->unit->flags |= CODE_NAMESPACE | CODE_SIMPLE;
    }
    if (scope->is_async) c->unit->flags |= CODE_COROUTINE;
    c->pos = (Pos){1, 0, 1, 0};
    if (tree->kind == NODE_Expression) {
        Node *body = as_Expression(tree)->body;
        int value = compile_operand(c, body, false);
        c->pos = body->pos;
        emit(c, OP_RETURN, value, 0, 0);
    } else {
        compile_module(c, tree->kind == NODE_Module ? as_Module(tree)->body
                                                    : as_Interactive(tree)->body);
    }
    return unit_close(c);
}

static Ref compile_in(Compiler *c, Node *tree)
{
    int level = c->flags & COMPILE_LEVEL_GIVEN ? 0 : c->vm->interp->flags.optimize;
    c->flags |= (level >= 1 ? COMPILE_OPTIMIZE : 0u) | (level >= 2 ? COMPILE_NO_DOCS : 0u);
    idents_open(&c->idents, c->vm, c->arena);
    if (tree->kind == NODE_Interactive) c->interactive = tree;
    if (tree->kind != NODE_Expression)
        look_at_future(c, tree->kind == NODE_Module ? as_Module(tree)->body
                                                    : as_Interactive(tree)->body);
    Ref code = FAIL;
    if (!c->failed && scopes_build(c, tree)) code = compile_mod(c, tree);
    units_free(c);
    idents_close(&c->idents);
    if (!failed(code) && !absent(c->vm->error)) replace(&code, FAIL); /* memory ran out somewhere */
    return code;
}

Ref compile_tree(Vm *vm, Node *tree, const char *text, ptrdiff_t len, Value filename,
                 unsigned flags)
{
    Arena arena;
    arena_open(&arena);
    Compiler c = {
        .vm = vm, .arena = &arena, .text = text, .len = len, .filename = filename, .flags = flags};
    Ref code = compile_in(&c, tree);
    arena_close(&arena);
    return code;
}

/* ---- source text */

static void raise_problem(Compiler *c, const SyntaxProblem *problem)
{
    static const ExcId classes[] = {SyntaxError, IndentationError, TabError, SyntaxError};
    if (problem->kind == TOO_DEEP_ERROR) {
        throw(c->vm, MemoryError, "%s", problem->message);
        return;
    }
    if (problem->incomplete && (c->flags & COMPILE_INCOMPLETE))
        raise_syntax(c, IncompleteInputError, "incomplete input", problem->pos);
    else raise_syntax(c, classes[problem->kind], problem->message, problem->pos);
}

static void issue_notes(Compiler *c, const SyntaxNote *note)
{
    for (; note && !c->failed; note = note->next)
        issue_warning(
            c, strcmp(note->category, "SyntaxWarning") == 0 ? SyntaxWarning : DeprecationWarning,
            note->pos, note->message);
}

Node *parse_source(Vm *vm, Arena *arena, const char *text, ptrdiff_t len, Value filename,
                   ParseMode mode)
{
    Compiler c = {.vm = vm, .arena = arena, .text = text, .len = len, .filename = filename};
    ParseResult result = parse_within(arena, text, len, mode, vm->c_stack_limit);
    issue_notes(&c, result.notes);
    if (c.failed) return NULL;
    if (!result.tree) raise_problem(&c, &result.problem);
    return result.tree;
}

Ref compile_source(Vm *vm, const char *text, ptrdiff_t len, Value filename, ParseMode mode,
                   unsigned flags)
{
    Arena arena;
    arena_open(&arena);
    Compiler c = {
        .vm = vm, .arena = &arena, .text = text, .len = len, .filename = filename, .flags = flags};
    Ref code = FAIL;
    ParseResult result = parse_within(&arena, text, len, mode, vm->c_stack_limit);
    if (!result.problem.incomplete || !(flags & COMPILE_INCOMPLETE)) issue_notes(&c, result.notes);
    if (c.failed) result.tree = NULL;
    if (result.tree) code = compile_in(&c, result.tree);
    else if (!c.failed) raise_problem(&c, &result.problem);
    arena_close(&arena);
    return code;
}
