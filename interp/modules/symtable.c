/* symtable.c - module _symtable: what the compiler knows of a program's names, for module symtable.
 *
 * A scope becomes a tuple (kind, name, line, nested, symbols, scopes inside), a symbol a tuple
 * (name, bits, place).  Comprehensions are inlined, as when they run: their names are those of the
 * scope around.  Neighbours: compiler/scope.h (the scopes), stdlib/symtable.aio. */
/* SPDX-License-Identifier: MIT */
#include "compiler/compile.h"
#include "modules/source.h"
#include "object/bytes.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/memoryview.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

enum { /* bits of a symbol, as symtable.aio names them */
       IS_GLOBAL = 1,
       IS_LOCAL = 2,
       IS_PARAMETER = 4,
       IS_NONLOCAL = 8,
       IS_USED = 16,
       IS_IMPORTED = 128,
       IS_ANNOTATED = 256,
       IS_ITERATION = 512,
       IS_TYPE_PARAMETER = 1024,
};
enum { PLACE_LOCAL = 1, PLACE_EXPLICIT, PLACE_GLOBAL, PLACE_FREE, PLACE_CELL };

static int bits_of_symbol(const Symbol *symbol)
{
    uint32_t flags = symbol->flags;
    bool bound = flags & (SYM_ASSIGNED | SYM_ITER | SYM_TYPE_PARAM) ||
                 (flags & SYM_ANNOTATED && !(flags & (SYM_GLOBAL | SYM_NONLOCAL))) ||
                 (flags & SYM_WALRUS && symbol->owner == symbol);
    return (flags & (SYM_GLOBAL | SYM_OUTER) ? IS_GLOBAL : 0) | (bound ? IS_LOCAL : 0) |
           (flags & SYM_PARAM ? IS_PARAMETER : 0) |
           (flags & SYM_NONLOCAL && !(flags & SYM_WALRUS) ? IS_NONLOCAL : 0) |
           (flags & SYM_USE ? IS_USED : 0) | (flags & SYM_IMPORTED ? IS_IMPORTED : 0) |
           (flags & SYM_ANNOTATED ? IS_ANNOTATED : 0) | (flags & SYM_ITER ? IS_ITERATION : 0) |
           (flags & SYM_TYPE_PARAM ? IS_TYPE_PARAMETER : 0);
}

static int place_of_symbol(const Symbol *symbol)
{
    switch (symbol->where) {
    case WHERE_LOCAL: return symbol->owner->flags & SYM_CELL ? PLACE_CELL : PLACE_LOCAL;
    case WHERE_NAME: return PLACE_LOCAL;
    case WHERE_FREE: return PLACE_FREE;
    case WHERE_EXPLICIT: return PLACE_EXPLICIT;
    default: return PLACE_GLOBAL;
    }
}

static const char *kind_of(const Scope *scope)
{
    switch (scope->kind) {
    case SCOPE_MODULE: return "module";
    case SCOPE_CLASS: return "class";
    case SCOPE_TYPE_PARAMS: return "type parameters";
    case SCOPE_ANNOTATIONS: return "annotation";
    case SCOPE_EVALUATOR:
        return scope->node->kind == NODE_TypeAlias ? "type alias" : "type variable";
    default: return "function";
    }
}

static const char *name_of(const Scope *scope)
{
    switch (scope->kind) {
    case SCOPE_MODULE: return "top";
    case SCOPE_LAMBDA: return "lambda";
    case SCOPE_GENERATOR: return "genexpr";
    case SCOPE_ANNOTATIONS: return "__annotate__";
    default: return scope->name ? scope->name->text : "";
    }
}

/* Is there a symbol of that name in the list of tuples? */
static bool is_listed(const List *symbols, Value name)
{
    for (ptrdiff_t i = 0; i < symbols->len; i++)
        if (tuple_at(list_at(symbols, i), 0) == name) return true;
    return false;
}

static bool list_symbols(Compiler *c, List *symbols, const Scope *scope)
{
    bool inlined = scope->kind == SCOPE_COMPREHENSION;
    for (const Symbol *symbol = scope->first; symbol; symbol = symbol->next) {
        Value name = ident_str(&c->idents, symbol->name);
        if (failed(name)) return false;
        if (inlined && is_listed(symbols, name)) continue;
        Ref made = tuple_pack(c->vm, 3, name, (Value)from_small(bits_of_symbol(symbol)),
                              (Value)from_small(place_of_symbol(symbol)));
        if (failed(made) || !list_push(c->vm, symbols, made)) return false;
    }
    return true;
}

static Ref scope_record(Compiler *c, const Scope *scope);

/* What scope, or a comprehension inlined into it, adds: its scopes in order, its names at last. */
static bool list_inside(Compiler *c, List *symbols, List *inside, const Scope *scope)
{
    for (const Scope *child = scope->first_child; child; child = child->sibling) {
        if (child->kind == SCOPE_COMPREHENSION) {
            if (!list_symbols(c, symbols, child) || !list_inside(c, symbols, inside, child))
                return false;
            continue;
        }
        Ref record = scope_record(c, child);
        if (failed(record) || !list_push(c->vm, inside, record)) return false;
    }
    return true;
}

static Ref scope_record(Compiler *c, const Scope *scope)
{
    if (compile_too_deep(c)) return FAIL;
    Vm *vm = c->vm;
    Ref kind = str_from(vm, kind_of(scope)), name = str_from(vm, name_of(scope)), out = FAIL;
    Ref symbols = list_new(vm, 0), inside = list_new(vm, 0);
    if (!failed(kind) && !failed(name) && !failed(symbols) && !failed(inside) &&
        list_symbols(c, as_list(symbols), scope) &&
        list_inside(c, as_list(symbols), as_list(inside), scope)) {
        int line = scope->kind == SCOPE_MODULE ? 0 : scope->node->pos.line;
        out = tuple_pack(vm, 6, (Value)kind, (Value)name, (Value)from_small(line),
                         (Value)from_bool(scope->nested), (Value)symbols, (Value)inside);
    }
    decref(kind);
    decref(name);
    decref(symbols);
    decref(inside);
    return out;
}

static Ref tables_of(Vm *vm, const char *text, ptrdiff_t len, Value filename, ParseMode mode)
{
    Arena arena;
    arena_open(&arena);
    Compiler c = {.vm = vm,
                  .arena = &arena,
                  .text = text,
                  .len = len,
                  .filename = filename,
                  .flags = COMPILE_NAMES};
    Ref out = FAIL;
    Node *tree = parse_source(vm, &arena, text, len, filename, mode);
    if (tree) {
        idents_open(&c.idents, vm, &arena);
        if (scopes_build(&c, tree)) out = scope_record(&c, scope_of(&c, tree, ROLE_MAIN));
        idents_close(&c.idents);
    }
    arena_close(&arena);
    return out;
}

NATIVE(symtable_tables, "tables(source, filename, mode, /)",
       "Return the scope of a module: (kind, name, line, nested, symbols, scopes inside).\n"
       "source is a str or bytes, mode 'exec', 'eval' or 'single'.  Raises SyntaxError.")
{
    ParseMode mode = PARSE_SINGLE;
    if (!is_str(argv[2]) ||
        (!str_is(argv[2], "exec") && !str_is(argv[2], "eval") && !str_is(argv[2], "single")))
        return throw(vm, ValueError, "symtable() arg 3 must be 'exec' or 'eval' or 'single'");
    if (str_is(argv[2], "exec")) mode = PARSE_FILE;
    if (str_is(argv[2], "eval")) mode = PARSE_EVAL;
    SourceText from;
    if (!source_text_open(vm, argv[0], "symtable() arg 1", "string or bytes object", &from))
        return FAIL;
    Ref out = tables_of(vm, from.text, from.len, argv[1], mode | from.mode);
    source_text_close(vm, &from);
    return out;
}

static const Native *const symtable_functions[] = {&symtable_tables_def, NULL};
const ModuleDef _symtable_module = {
    .name = "_symtable",
    .doc = "The native part of symtable.",
    .functions = symtable_functions,
};
