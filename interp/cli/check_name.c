/* check_name.c - names that exist nowhere, imports nobody uses, code that is never reached.
 *
 * What each name means is the compiler's own answer (compiler/scope.h).
 * Neighbours: check.c, findings.def. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/check.h"
#include "object/dict.h"

/* ---- what the module knows ---- */

typedef struct Known {
    Check *check;
    Scope *module;
    bool anything;    /* `from x import *`, exec() or globals(): names may come from anywhere */
    int guarded;      /* > 0: inside a try statement */
    const char *name; /* being looked for */
    Pos *pos;
    bool found;
} Known;

/* Names whose use means that others may be bound unseen. */
static const char *const openers[] = {"exec",        "globals",   "vars",
                                      "locals",      "NameError", "__getattr__",
                                      "global_enum", "_convert_", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

static void find_openness(Node *node, void *context)
{
    Known *known = context;
    if (node->kind == NODE_ImportFrom && as_ImportFrom(node)->names.len &&
        strcmp(as_alias(as_ImportFrom(node)->names.items[0])->name, "*") == 0)
        known->anything = true;
    if (node->kind == NODE_Name && is_one_of(as_Name(node)->id, openers)) known->anything = true;
    if (node->kind == NODE_Attribute && is_one_of(as_Attribute(node)->attr, openers))
        known->anything = true;
    node_children(node, find_openness, context);
}

/* ---- names that exist nowhere ---- */

static bool is_builtin(const Check *check, Ident *name)
{
    Value str = ident_str(&check->compiler->idents, name);
    Dict *builtins = as_dict(check->compiler->vm->interp->builtins);
    return failed(str) || !absent(dict_get_name(builtins, str));
}

static bool is_module_name(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strncmp(name, "__", 2) == 0 && strcmp(name + len - 2, "__") == 0;
}

static void find_use(Node *node, void *context)
{
    Known *known = context;
    if (known->found) return;
    if (node->kind == NODE_Name && as_Name(node)->ctx == CTX_LOAD &&
        strcmp(as_Name(node)->id, known->name) == 0) {
        *known->pos = node->pos;
        known->found = true;
        return;
    }
    node_children(node, find_use, context);
}

static bool is_bound_in_module(const Known *known, const Ident *name)
{
    const Symbol *symbol = scope_find(known->module, name);
    return symbol && symbol->flags & SYM_BOUND;
}

/* Is it declared global and bound in some function below scope? */
static bool is_bound_below(const Scope *scope, const Ident *name)
{
    for (const Scope *child = scope->first_child; child; child = child->sibling) {
        const Symbol *symbol = scope_find(child, name);
        if (symbol && symbol->where == WHERE_EXPLICIT && symbol->flags & SYM_GLOBAL) return true;
        if (is_bound_below(child, name)) return true;
    }
    return false;
}

static void look_at_scope(Known *known, Scope *scope)
{
    for (Symbol *symbol = scope->first; symbol; symbol = symbol->next) {
        bool free = symbol->where == WHERE_GLOBAL ||
                    (symbol->where == WHERE_NAME && !(symbol->flags & SYM_BOUND));
        if (!(symbol->flags & SYM_USE) || !free) continue;
        Ident *name = symbol->name;
        if (is_bound_in_module(known, name) || is_module_name(name->text) ||
            is_builtin(known->check, name) || is_bound_below(known->module, name))
            continue;
        Pos pos = {0};
        known->name = name->text;
        known->pos = &pos;
        known->found = false;
        if (scope->node) find_use(scope->node, known);
        if (known->found) check_add(known->check, FINDING_UNKNOWN, pos, name->text);
    }
    for (Scope *child = scope->first_child; child; child = child->sibling)
        look_at_scope(known, child);
}

/* ---- imports that nobody uses ---- */

/* Does any scope use the name so that it may mean the module's? */
static bool is_used(const Scope *scope, const Ident *name)
{
    const Symbol *symbol = scope_find(scope, name);
    if (symbol && symbol->flags & SYM_USE &&
        (symbol->where == WHERE_GLOBAL || symbol->where == WHERE_EXPLICIT ||
         symbol->where == WHERE_NAME || symbol->where == WHERE_CLASSDICT))
        return true;
    for (const Scope *child = scope->first_child; child; child = child->sibling)
        if (is_used(child, name)) return true;
    return false;
}

/* Is a name that a function imports used in it, or declared to be another's? */
static bool is_used_below(const Scope *scope, const Ident *name)
{
    const Symbol *symbol = scope_find(scope, name);
    if (symbol && symbol->flags & (SYM_USE | SYM_GLOBAL | SYM_NONLOCAL | SYM_CELL)) return true;
    for (const Scope *child = scope->first_child; child; child = child->sibling)
        if (is_used_below(child, name)) return true;
    return scope->looks;
}

/* Does a string constant hold the name as a whole: __all__, an annotation in quotes? */
static void find_in_texts(Node *node, void *context)
{
    Known *known = context;
    if (node->kind == NODE_Constant && as_Constant(node)->value.kind == LITERAL_STR) {
        const Literal *text = &as_Constant(node)->value;
        size_t len = strlen(known->name);
        if (memmem(text->text, (size_t)text->len, known->name, len)) known->found = true;
    }
    if (!known->found) node_children(node, find_in_texts, context);
}

/* ... or a type comment: `# type: (str) -> List[int]`? */
static bool is_in_type_comment(const Check *check, const char *name)
{
    const char *end = check->text + check->len;
    for (const char *at = check->text; at < end; at++) {
        at = memmem(at, (size_t)(end - at), "# type:", 7);
        if (!at) return false;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (memmem(at, (size_t)((newline ? newline : end) - at), name, strlen(name))) return true;
    }
    return false;
}

static void look_at_alias(Known *known, const Scope *scope, Nodealias *alias, bool from)
{
    if (strcmp(alias->name, "*") == 0) return;
    if (alias->asname && strcmp(alias->asname, alias->name) == 0) return; /* `x as x` exports it */
    const char *name = alias->asname ? alias->asname : alias->name;
    if (!alias->asname && !from)
        name = arena_printf(known->check->arena, "%.*s", (int)strcspn(name, "."), name);
    if (name[0] == '_') return;
    Ident *ident = ident_text(&known->check->compiler->idents, name);
    if (scope == known->module ? is_used(scope, ident) : is_used_below(scope, ident)) return;
    known->name = name;
    known->found = false;
    find_in_texts(known->check->tree, known);
    if (!known->found && !is_in_type_comment(known->check, name))
        check_add(known->check, FINDING_UNUSED, alias->head.pos, name);
}

/* Is what is imported from it meant for others: from a module of the package or library that is
 * private? */
static bool is_private_module(const NodeImportFrom *node)
{
    const char *dot = node->module ? strrchr(node->module, '.') : NULL;
    return node->module && (dot ? dot + 1 : node->module)[0] == '_';
}

static void look_at_import(Known *known, const Scope *scope, Node *node)
{
    bool from = node->kind == NODE_ImportFrom;
    if (!from && node->kind != NODE_Import) return;
    const char *module = from ? as_ImportFrom(node)->module : NULL;
    if (module && strcmp(module, "__future__") == 0) return;
    if (from && scope == known->module && is_private_module(as_ImportFrom(node))) return;
    Nodes names = from ? as_ImportFrom(node)->names : as_Import(node)->names;
    for (ptrdiff_t i = 0; i < names.len; i++)
        look_at_alias(known, scope, as_alias(names.items[i]), from);
}

/* Those in the body of a function: what is imported there is seen by nobody else. */
static void look_at_functions(Node *node, void *context)
{
    Known *known = context;
    Nodes body = {0};
    if (node->kind == NODE_FunctionDef) body = as_FunctionDef(node)->body;
    if (node->kind == NODE_AsyncFunctionDef) body = as_AsyncFunctionDef(node)->body;
    const Scope *scope = body.len ? scope_of(known->check->compiler, node, ROLE_MAIN) : NULL;
    for (ptrdiff_t n = 0; scope && n < body.len; n++) look_at_import(known, scope, body.items[n]);
    node_children(node, look_at_functions, context);
}

/* Imports at the top of the module and of functions, not those a try or an if guards. */
static void look_at_imports(Known *known, bool exports)
{
    Nodes body = as_Module(known->check->tree)->body;
    for (ptrdiff_t n = 0; !exports && n < body.len; n++)
        look_at_import(known, known->module, body.items[n]);
    look_at_functions(known->check->tree, known);
}

/* A package's __init__ imports in order to export. */
static bool is_package(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strncmp(slash ? slash + 1 : path, "__init__.", 9) == 0;
}

void check_names(Check *check)
{
    Known known = {.check = check, .module = scope_of(check->compiler, check->tree, ROLE_MAIN)};
    if (!known.module) return;
    find_openness(check->tree, &known);
    if (!known.anything) look_at_scope(&known, known.module);
    look_at_imports(&known, is_package(check->path));
}

/* ---- code that is never reached ---- */

static const char *block_leaves(Nodes body);

static bool is_true(const Node *node)
{
    if (node->kind != NODE_Constant) return false;
    const Literal *value = &as_Constant((Node *)node)->value;
    return value->kind == LITERAL_TRUE ||
           (value->kind == LITERAL_INT && strcmp(value->text, "1") == 0);
}

/* What leaves the block at this statement, whatever happens; NULL: nothing is known to. */
static const char *leaving(Node *node)
{
    switch (node->kind) {
    case NODE_Return: return "return leaves the block before it";
    case NODE_Raise: return "raise leaves the block before it";
    case NODE_Break: return "break leaves the block before it";
    case NODE_Continue: return "continue leaves the block before it";
    case NODE_If:
        return as_If(node)->orelse.len && block_leaves(as_If(node)->body) &&
                       block_leaves(as_If(node)->orelse)
                   ? "each branch of if leaves the block before it"
                   : NULL;
    case NODE_While:
        return is_true(as_While(node)->test) && !check_has(node, NODE_Break)
                   ? "the loop before it never ends"
                   : NULL;
    default: return NULL;
    }
}

static const char *block_leaves(Nodes body)
{
    const char *what = NULL;
    for (ptrdiff_t n = 0; n < body.len && !what; n++) what = leaving(body.items[n]);
    return what;
}

/* A `yield` after `return` makes a generator of the function on purpose. */
static void look_at_block(Check *check, Nodes body)
{
    for (ptrdiff_t n = 0; n + 1 < body.len; n++) {
        const char *what = leaving(body.items[n]);
        if (!what) continue;
        Node *next = body.items[n + 1];
        if (!(next->kind == NODE_Expr && as_Expr(next)->value->kind == NODE_Yield))
            check_add(check, FINDING_UNREACHED, next->pos, what);
        return;
    }
}

#define FIELD_BLOCK_list(field) look_at_block(context, it->field);
#define FIELD_BLOCK_node(field)
#define FIELD_BLOCK_opt(field)
#define FIELD_BLOCK_optlist(field)
#define FIELD_BLOCK_name(field)
#define FIELD_BLOCK_optname(field)
#define FIELD_BLOCK_names(field)
#define FIELD_BLOCK_op(field)
#define FIELD_BLOCK_ops(field)
#define FIELD_BLOCK_num(field)
#define FIELD_BLOCK_literal(field)

/* Every list of nodes is looked at: only lists of statements hold what leaves a block. */
static void walk(Node *node, void *context)
{
    switch (node->kind) {
#define FIELD(kind, field) FIELD_BLOCK_##kind(field)
#define NODE(name, group, fields)                                                                  \
    case NODE_##name: {                                                                            \
        Node##name *it = as_##name(node);                                                          \
        (void)it;                                                                                  \
        fields                                                                                     \
    } break;
#include "../grammar/ast.def"
#undef FIELD
    default: break;
    }
    node_children(node, walk, context);
}

void check_reach(Check *check) { walk(check->tree, check); }
