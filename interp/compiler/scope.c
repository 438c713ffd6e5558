/* scope.c - what each name of a program means: scopes, and where the value of a symbol lies.
 *
 * A name that its scope does not bind belongs to the nearest function-like scope around that binds
 * it (classes are skipped), else it is global.  When the binder is in the same unit (an inlined
 * comprehension uses a variable of its function) it is an ordinary local; when not, the binder's
 * local becomes a cell and every unit in between gets a closure cell for it. Neighbours: symbols.c
 * (fills the scopes), compile.h. */
/* SPDX-License-Identifier: MIT */
#include "compiler/scope.h"

#include "compiler/compile.h"
#include "object/code.h"

static uint32_t scope_hash(uintptr_t key)
{
    return (uint32_t)((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

static void scope_table_put(ScopeTable *table, uintptr_t key, Scope *scope)
{
    uint32_t at = scope_hash(key) & (table->capacity - 1);
    while (table->slots[at].key) at = (at + 1) & (table->capacity - 1);
    table->slots[at].key = key;
    table->slots[at].scope = scope;
}

static void scope_table_add(Compiler *c, uintptr_t key, Scope *scope)
{
    ScopeTable *table = &c->scopes;
    if (++table->count * 2 > table->capacity) {
        struct ScopeSlot *old = table->slots;
        uint32_t old_capacity = table->capacity;
        table->capacity = old_capacity ? old_capacity * 2 : 64;
        table->slots = arena_alloc(c->arena, table->capacity * sizeof *old);
        for (uint32_t i = 0; i < old_capacity; i++)
            if (old[i].key) scope_table_put(table, old[i].key, old[i].scope);
    }
    scope_table_put(table, key, scope);
}

Scope *scope_of(Compiler *c, const Node *node, int role)
{
    ScopeTable *table = &c->scopes;
    uintptr_t key = (uintptr_t)node | (uintptr_t)role;
    uint32_t at = scope_hash(key) & (table->capacity - 1);
    for (; table->slots[at].key; at = (at + 1) & (table->capacity - 1))
        if (table->slots[at].key == key) return table->slots[at].scope;
    return NULL;
}

Symbol *scope_find(const Scope *scope, const Ident *name)
{
    if (!scope->capacity) return NULL;
    uint32_t mask = scope->capacity - 1, at = name->hash & mask;
    for (; scope->table[at]; at = (at + 1) & mask)
        if (scope->table[at]->name == name) return scope->table[at];
    return NULL;
}

static void scope_table_insert(Scope *scope, Symbol *symbol)
{
    uint32_t mask = scope->capacity - 1, at = symbol->name->hash & mask;
    while (scope->table[at]) at = (at + 1) & mask;
    scope->table[at] = symbol;
}

Symbol *scope_symbol(Compiler *c, Scope *scope, Ident *name)
{
    Symbol *found = scope_find(scope, name);
    if (found) return found;
    Symbol *made = arena_alloc(c->arena, sizeof *made);
    made->name = name;
    made->scope = scope;
    made->owner = made;
    if (scope->last) scope->last->next = made;
    else scope->first = made;
    scope->last = made;
    if (++scope->count * 2 > scope->capacity) {
        scope->capacity = scope->capacity ? scope->capacity * 2 : 8;
        scope->table = arena_alloc(c->arena, scope->capacity * sizeof *scope->table);
        for (Symbol *s = scope->first; s; s = s->next) scope_table_insert(scope, s);
    } else {
        scope_table_insert(scope, made);
    }
    return made;
}

Symbol *scope_define(Compiler *c, Scope *scope, Ident *name, uint32_t flags)
{
    Symbol *symbol = scope_symbol(c, scope, name);
    symbol->flags |= flags;
    if ((flags & SYM_LOCAL) && !(flags & SYM_IMPORTED)) symbol->flags |= SYM_ASSIGNED;
    return symbol;
}

Ident *scope_ident(Compiler *c, const Scope *scope, Name name)
{
    Ident *ident = ident_of(&c->idents, name);
    if (!ident->is_private) return ident;
    Ident *mangled = ident_mangle(&c->idents, ident, scope->class_name);
    if (!scope->mangled) return mangled;
    const Symbol *symbol = scope_find(scope->mangled, mangled);
    return symbol && (symbol->flags & SYM_TYPE_PARAM) ? mangled : ident;
}

Scope *scope_enter(Compiler *c, ScopeKind kind, Node *node, int role, Ident *name)
{
    Scope *made = arena_alloc(c->arena, sizeof *made), *parent = c->scope;
    made->kind = kind;
    made->node = node;
    made->parent = parent;
    made->name = name;
    made->unit = kind == SCOPE_COMPREHENSION ? parent->unit : made;
    if (parent) {
        if (parent->last_child) parent->last_child->sibling = made;
        else parent->first_child = made;
        parent->last_child = made;
        made->class_name = parent->class_name;
        made->mangled = parent->mangled;
        made->nested = parent->nested || scope_is_function(parent);
        made->iterable_depth = parent->iterable_depth;
        bool parent_shows = parent->kind == SCOPE_CLASS || parent->sees_class;
        made->sees_class = parent_shows && kind > SCOPE_COMPREHENSION;
        if (kind == SCOPE_COMPREHENSION && parent->kind <= SCOPE_COMPREHENSION)
            made->sees_class = parent->sees_class;
    }
    scope_table_add(c, (uintptr_t)node | (uintptr_t)role, made);
    c->scope = made;
    return made;
}

void scope_leave(Compiler *c) { c->scope = c->scope->parent; }

/* ---- resolution */

static int unit_free(Compiler *c, Scope *unit, Symbol *owner)
{
    for (int i = 0; i < unit->free_count; i++)
        if (unit->frees[i] == owner) return i;
    if (unit->parent->unit != owner->scope->unit) unit_free(c, unit->parent->unit, owner);
    if (unit->free_count == unit->free_capacity) {
        Symbol **old = unit->frees;
        unit->free_capacity = unit->free_capacity ? unit->free_capacity * 2 : 4;
        unit->frees = arena_alloc(c->arena, (size_t)unit->free_capacity * sizeof *old);
        for (int i = 0; i < unit->free_count; i++) unit->frees[i] = old[i];
    }
    unit->frees[unit->free_count] = owner;
    return unit->free_count++;
}

static Symbol *class_cell(Compiler *c, Symbol **cell, Scope *class_scope, const char *name)
{
    if (!*cell) {
        Symbol *made = arena_alloc(c->arena, sizeof *made);
        *made = (Symbol){.name = ident_text(&c->idents, name), .scope = class_scope};
        made->flags = SYM_LOCAL | SYM_CELL | SYM_DELETED;
        made->owner = made;
        *cell = made;
    }
    return *cell;
}

/* The symbol that binds name as seen from scope, whose own symbol does not; NULL: global.
 * *classdict: the class whose namespace is asked first. */
static Symbol *find_owner(Compiler *c, Scope *scope, Ident *name, Scope **classdict)
{
    bool sees_class = scope->sees_class;
    for (Scope *at = scope->parent; at; at = at->parent) {
        if (at->kind == SCOPE_MODULE) return NULL;
        if (at->kind == SCOPE_CLASS) {
            if (name->special == IDENT_CLASS)
                return class_cell(c, &at->class_cell, at, "__class__");
            Symbol *bound = sees_class ? scope_find(at, name) : NULL;
            if (bound && (bound->flags & SYM_GLOBAL)) return NULL;
            bool own = bound && (bound->flags & SYM_BOUND) && !(bound->flags & SYM_NONLOCAL);
            if (own && !*classdict) *classdict = at;
            sees_class = false;
            continue;
        }
        Symbol *symbol = scope_find(at, name);
        if (symbol && (symbol->flags & SYM_GLOBAL)) return NULL;
        if (symbol && (symbol->flags & SYM_BOUND) && !(symbol->flags & SYM_NONLOCAL)) return symbol;
        sees_class = sees_class && at->sees_class;
    }
    return NULL;
}

static void resolve_to(Compiler *c, Symbol *symbol, Symbol *owner)
{
    Scope *unit = symbol->scope->unit;
    symbol->owner = owner;
    if (owner->scope->unit == unit) {
        symbol->where = WHERE_LOCAL;
        return;
    }
    owner->flags |= SYM_CELL;
    owner->flags |= symbol->flags & SYM_WALRUS;
    symbol->where = WHERE_FREE;
    symbol->index = unit_free(c, unit, owner);
}

static void resolve_unbound(Compiler *c, Symbol *symbol)
{
    Scope *classdict = NULL;
    Symbol *owner = find_owner(c, symbol->scope, symbol->name, &classdict);
    if (symbol->flags & SYM_NONLOCAL) {
        if (!owner)
            compile_error(c, symbol->pos, "no binding for nonlocal '%s' found", symbol->name->text);
        else if (owner->flags & SYM_TYPE_PARAM && !(owner->flags & SYM_LOCAL))
            compile_error(c, symbol->pos, "nonlocal binding not allowed for type parameter '%s'",
                          symbol->name->text);
        else resolve_to(c, symbol, owner);
    } else if (classdict) {
        Symbol *namespace = class_cell(c, &classdict->namespace_cell, classdict, "__classdict__");
        symbol->where = WHERE_CLASSDICT;
        symbol->owner = namespace;
        symbol->index = unit_free(c, symbol->scope->unit, namespace);
    } else if (owner) {
        resolve_to(c, symbol, owner);
    } else {
        symbol->where = WHERE_GLOBAL;
    }
}

static void resolve_symbol(Compiler *c, Symbol *symbol)
{
    if (symbol->flags & (SYM_GLOBAL | SYM_OUTER)) {
        symbol->where = WHERE_EXPLICIT;
    } else if ((symbol->flags & SYM_BOUND) && !(symbol->flags & SYM_NONLOCAL)) {
        symbol->where = scope_is_function(symbol->scope) ? WHERE_LOCAL : WHERE_NAME;
    } else {
        resolve_unbound(c, symbol);
    }
}

/* ---- numbering the locals of a unit */

static int add_local(Compiler *c, Scope *unit, Ident *name, Symbol *symbol, int kinds)
{
    if (unit->local_count == unit->local_capacity) {
        LocalSlot *old = unit->locals;
        unit->local_capacity = unit->local_capacity ? unit->local_capacity * 2 : 8;
        unit->locals = arena_alloc(c->arena, (size_t)unit->local_capacity * sizeof *old);
        for (int i = 0; i < unit->local_count; i++) unit->locals[i] = old[i];
    }
    unit->locals[unit->local_count] = (LocalSlot){name, symbol, (uint8_t)kinds, false};
    if (symbol) symbol->index = unit->local_count;
    return unit->local_count++;
}

static int cell_kind(const Symbol *symbol) { return symbol->flags & SYM_CELL ? LOCAL_CELL : 0; }

static void add_hidden(Compiler *c, Scope *unit, Symbol *symbol)
{
    int kinds = LOCAL_HIDDEN | cell_kind(symbol);
    for (int i = 0; i < unit->local_count; i++) {
        LocalSlot *slot = &unit->locals[i];
        if (slot->name != symbol->name || slot->kinds != kinds || slot->busy) continue;
        slot->busy = true;
        symbol->index = i;
        return;
    }
    int made = add_local(c, unit, symbol->name, symbol, kinds);
    unit->locals[made].busy = true;
}

/* The variables of the comprehensions inlined into scope; those side by side share slots. */
static void number_comprehensions(Compiler *c, Scope *scope)
{
    for (Scope *child = scope->first_child; child; child = child->sibling) {
        if (child->kind != SCOPE_COMPREHENSION) continue;
        for (Symbol *s = child->first; s; s = s->next)
            if (s->where == WHERE_LOCAL && s->owner == s) add_hidden(c, scope->unit, s);
        number_comprehensions(c, child);
        for (Symbol *s = child->first; s; s = s->next)
            if (s->where == WHERE_LOCAL && s->owner == s)
                scope->unit->locals[s->index].busy = false;
    }
}

static void number_locals(Compiler *c, Scope *unit)
{
    if (unit->kind == SCOPE_CLASS || (unit->kind == SCOPE_MODULE && (c->flags & COMPILE_NAMES)))
        add_local(c, unit, ident_text(&c->idents, ".namespace"), NULL,
                  LOCAL_PARAMETER | LOCAL_HIDDEN);
    if (scope_is_function(unit)) {
        for (Symbol *s = unit->first; s; s = s->next)
            if (s->flags & SYM_PARAM)
                add_local(c, unit, s->name, s, LOCAL_PARAMETER | cell_kind(s));
        for (Symbol *s = unit->first; s; s = s->next)
            if (!(s->flags & SYM_PARAM) && s->where == WHERE_LOCAL && s->owner == s)
                add_local(c, unit, s->name, s, cell_kind(s));
    }
    Symbol *cells[] = {unit->class_cell, unit->namespace_cell, unit->condition_cell};
    for (int i = 0; i < 3; i++)
        if (cells[i]) add_local(c, unit, cells[i]->name, cells[i], LOCAL_CELL | LOCAL_HIDDEN);
    number_comprehensions(c, unit);
    unit->match_base = unit->local_count;
    for (int i = 0; i < unit->match_most; i++)
        add_local(c, unit, ident_text(&c->idents, ".subject"), NULL, LOCAL_HIDDEN);
}

static void resolve_scope(Compiler *c, Scope *scope)
{
    for (Symbol *s = scope->first; s && !c->failed; s = s->next) resolve_symbol(c, s);
    if (scope->has_conditional_annotations) {
        Scope *inner = scope_of(c, scope->node, ROLE_ANNOTATIONS);
        unit_free(c, inner, class_cell(c, &scope->condition_cell, scope, ".conditional"));
    }
    for (Scope *child = scope->first_child; child && !c->failed; child = child->sibling)
        resolve_scope(c, child);
}

/* The free variables of a unit stand by name, as co_freevars and a closure show them. */
static void sort_frees(Scope *unit)
{
    for (int i = 1; i < unit->free_count; i++) {
        Symbol *owner = unit->frees[i];
        int at = i;
        for (; at > 0 && strcmp(unit->frees[at - 1]->name->text, owner->name->text) > 0; at--)
            unit->frees[at] = unit->frees[at - 1];
        unit->frees[at] = owner;
    }
}

static void number_frees(Scope *scope)
{
    Scope *unit = scope->unit;
    if (unit == scope) sort_frees(unit);
    for (Symbol *s = scope->first; s; s = s->next) {
        if (s->where != WHERE_FREE && s->where != WHERE_CLASSDICT) continue;
        s->index = 0;
        while (unit->frees[s->index] != s->owner) s->index++;
    }
}

static void number_scope(Compiler *c, Scope *scope)
{
    number_frees(scope);
    if (scope->unit == scope) number_locals(c, scope);
    for (Scope *child = scope->first_child; child; child = child->sibling) number_scope(c, child);
}

bool scopes_build(Compiler *c, Node *tree)
{
    c->scope = NULL;
    symbols_collect(c, tree);
    Scope *module = scope_of(c, tree, ROLE_MAIN);
    if (!c->failed) resolve_scope(c, module);
    if (!c->failed) number_scope(c, module);
    c->scope = NULL;
    return !c->failed;
}
