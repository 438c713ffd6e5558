/* check_import.c - what a name means that the file imports: "asyncio.sleep" for sleep after
 * `from asyncio import sleep`.
 *
 * A name counts only if all its imports agree and nothing else in the file binds it.
 * Neighbours: check.h, check_async.c (asks). */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"

struct Imported {
    const char *name, *meaning; /* in the arena; meaning NULL: more than one */
};

static Imported *find(const Check *check, const char *name)
{
    for (int n = 0; n < check->imported_count; n++)
        if (strcmp(check->imported[n].name, name) == 0) return &check->imported[n];
    return NULL;
}

static void remember(Check *check, const char *name, const char *meaning)
{
    Imported *known = find(check, name);
    if (known) {
        if (meaning && known->meaning && strcmp(known->meaning, meaning) == 0) return;
        known->meaning = NULL;
        return;
    }
    size_t size = (size_t)(check->imported_count + 1) * sizeof *known;
    Imported *more = realloc(check->imported, size);
    if (!more) return;
    check->imported = more;
    more[check->imported_count++] = (Imported){name, meaning};
}

static void remember_import(Check *check, Nodes names)
{
    for (ptrdiff_t n = 0; n < names.len; n++) {
        Nodealias *alias = as_alias(names.items[n]);
        const char *first =
            arena_printf(check->arena, "%.*s", (int)strcspn(alias->name, "."), alias->name);
        if (alias->asname) remember(check, alias->asname, alias->name);
        else remember(check, first, first);
    }
}

static void remember_import_from(Check *check, NodeImportFrom *node)
{
    for (ptrdiff_t n = 0; n < node->names.len; n++) {
        Nodealias *alias = as_alias(node->names.items[n]);
        bool known = node->module && !node->level;
        remember(check, alias->asname ? alias->asname : alias->name,
                 known ? arena_printf(check->arena, "%s.%s", node->module, alias->name) : NULL);
    }
}

static void collect_imports(Node *node, void *context)
{
    Check *check = context;
    if (node->kind == NODE_Import) remember_import(check, as_Import(node)->names);
    if (node->kind == NODE_ImportFrom) remember_import_from(check, as_ImportFrom(node));
    node_children(node, collect_imports, context);
}

/* The name that a node binds without an import, or NULL. */
static const char *bound_by(Node *node)
{
    switch (node->kind) {
    case NODE_Name: return as_Name(node)->ctx == CTX_LOAD ? NULL : as_Name(node)->id;
    case NODE_FunctionDef: return as_FunctionDef(node)->name;
    case NODE_AsyncFunctionDef: return as_AsyncFunctionDef(node)->name;
    case NODE_ClassDef: return as_ClassDef(node)->name;
    case NODE_ExceptHandler: return as_ExceptHandler(node)->name;
    case NODE_arg: return as_arg(node)->arg;
    case NODE_MatchAs: return as_MatchAs(node)->name;
    case NODE_MatchStar: return as_MatchStar(node)->name;
    case NODE_MatchMapping: return as_MatchMapping(node)->rest;
    default: return NULL;
    }
}

static void forget_bound(Node *node, void *context)
{
    Check *check = context;
    const char *name = bound_by(node);
    Imported *known = name ? find(check, name) : NULL;
    if (known) known->meaning = NULL;
    node_children(node, forget_bound, context);
}

void check_imports(Check *check)
{
    collect_imports(check->tree, check);
    forget_bound(check->tree, check);
}

const char *check_meaning(const Check *check, Node *node)
{
    const char *name = check_dotted(check, node);
    if (!name) return NULL;
    const char *dot = strchrnul(name, '.');
    Imported *known = find(check, arena_printf(check->arena, "%.*s", (int)(dot - name), name));
    if (!known || !known->meaning) return NULL;
    return arena_printf(check->arena, "%s%s", known->meaning, dot);
}

typedef struct Bindings {
    const char *name;
    int count;
} Bindings;

static void count_bindings(Node *node, void *context)
{
    Bindings *counted = context;
    const char *name = bound_by(node);
    if (name && strcmp(name, counted->name) == 0) counted->count++;
    node_children(node, count_bindings, context);
}

int check_bindings(const Check *check, const char *name)
{
    Bindings counted = {name, find(check, name) != NULL};
    count_bindings(check->tree, &counted);
    return counted.count;
}
