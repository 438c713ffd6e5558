/* register.c - temporaries and variables: where values live while code runs.
 *
 * A plain local is used in place.  Whether it is certainly bound is tracked forward through the
 * code (State in emit.h); where it is not, CHECK_LOCAL goes before its use and the local starts as
 * UNDEF. Neighbours: scope.c (decided where names live), expression.c and assign.c (the users). */
/* SPDX-License-Identifier: MIT */
#include "compiler/register.h"

#include "compiler/constant.h"

void move_to(Compiler *c, int to, int from)
{
    if (to != from) emit(c, OP_MOVE, to, from, 0);
}

Symbol *variable_find(Compiler *c, Ident *name) { return scope_symbol(c, c->scope, name); }

static int local_register(Compiler *c, const Symbol *owner)
{
    return owner->index - c->unit->scope->local_count;
}

static bool is_cell(const Symbol *owner) { return owner->flags & SYM_CELL; }

int variable_local(Compiler *c, Symbol *symbol)
{
    if (symbol->where != WHERE_LOCAL || is_cell(symbol->owner)) return 0;
    return local_register(c, symbol->owner);
}

void variable_check(Compiler *c, Symbol *symbol)
{
    Unit *unit = c->unit;
    int index = symbol->owner->index;
    if (state_has(&unit->state, index) && !(symbol->owner->flags & SYM_DELETED)) return;
    if (unit->state.unreachable) return;
    emit(c, OP_CHECK_LOCAL, local_register(c, symbol->owner), 0, 0);
    unit->unbound[index] = 1;
    state_bind(&unit->state, index);
}

static int load_classdict(Compiler *c, Symbol *symbol, int want)
{
    int at = temp_base(c, want);
    emit(c, OP_LOAD_FREE, at, symbol->index, 0);
    emit(c, OP_LOAD_NAME_OR_GLOBAL, at, constant_name(c, symbol->name), 0);
    if (want == ANYWHERE) return at;
    move_to(c, want, at);
    return want;
}

/* Everything that is not a plain local. */
static int load_other(Compiler *c, Symbol *symbol, int want)
{
    if (symbol->where == WHERE_CLASSDICT) return load_classdict(c, symbol, want);
    int to = temp_for(c, want);
    Scope *unit = c->unit->scope;
    bool named = c->scope == unit && unit->kind == SCOPE_CLASS;
    bool module = unit->kind == SCOPE_MODULE && (c->flags & COMPILE_NAMES);
    int name;
    switch (symbol->where) {
    case WHERE_LOCAL: emit(c, OP_LOAD_CELL, to, local_register(c, symbol->owner), 0); break;
    case WHERE_FREE:
        if (named)
            emit_aux(c, OP_LOAD_NAME_OR_FREE, to, constant_name(c, symbol->name), 0,
                     (uint32_t)symbol->index);
        else emit(c, OP_LOAD_FREE, to, symbol->index, 0);
        break;
    default:
        name = constant_name(c, symbol->name);
        if ((named || module) && symbol->where != WHERE_EXPLICIT)
            emit(c, OP_LOAD_NAME, to, name, 0);
        else emit_cached(c, OP_LOAD_GLOBAL, to, 0, 0, name);
    }
    return to;
}

int variable_load(Compiler *c, Ident *name, int want, bool shared)
{
    Symbol *symbol = variable_find(c, name);
    int local = variable_local(c, symbol);
    if (!local) return load_other(c, symbol, want);
    variable_check(c, symbol);
    if (want == ANYWHERE) {
        if (!shared || !(symbol->owner->flags & SYM_WALRUS)) return local;
        want = temp_push(c);
    }
    move_to(c, want, local);
    return want;
}

void variable_store(Compiler *c, Ident *name, int from)
{
    Symbol *symbol = variable_find(c, name);
    int local = variable_local(c, symbol);
    Scope *unit = c->unit->scope;
    if (local) {
        move_to(c, local, from);
        state_bind(&c->unit->state, symbol->owner->index);
    } else if (symbol->where == WHERE_LOCAL) {
        emit(c, OP_STORE_CELL, local_register(c, symbol->owner), from, 0);
    } else if (symbol->where == WHERE_FREE) {
        emit(c, OP_STORE_FREE, from, symbol->index, 0);
    } else if (symbol->where == WHERE_NAME &&
               (unit->kind == SCOPE_CLASS || (c->flags & COMPILE_NAMES))) {
        emit(c, OP_STORE_NAME, from, constant_name(c, name), 0);
    } else {
        emit_cached(c, OP_STORE_GLOBAL, from, 0, 0, constant_name(c, name));
    }
}

void variable_store_name(Compiler *c, Ident *name, int from)
{
    if (c->unit->scope->kind == SCOPE_CLASS || (c->flags & COMPILE_NAMES))
        emit(c, OP_STORE_NAME, from, constant_name(c, name), 0);
    else emit_cached(c, OP_STORE_GLOBAL, from, 0, 0, constant_name(c, name));
}

void variable_delete(Compiler *c, Ident *name)
{
    Symbol *symbol = variable_find(c, name);
    int local = variable_local(c, symbol);
    Scope *unit = c->unit->scope;
    if (local) {
        emit(c, OP_DELETE_LOCAL, local, 0, 0);
        c->unit->unbound[symbol->owner->index] = 1;
        state_unbind(&c->unit->state, symbol->owner->index);
    } else if (symbol->where == WHERE_LOCAL) {
        emit(c, OP_DELETE_CELL, local_register(c, symbol->owner), 0, 0);
    } else if (symbol->where == WHERE_FREE) {
        emit(c, OP_DELETE_FREE, 0, symbol->index, 0);
    } else if (symbol->where == WHERE_NAME &&
               (unit->kind == SCOPE_CLASS || (c->flags & COMPILE_NAMES))) {
        emit(c, OP_DELETE_NAME, 0, constant_name(c, name), 0);
    } else {
        emit(c, OP_DELETE_GLOBAL, 0, constant_name(c, name), 0);
    }
}

void variable_unbind(Compiler *c, Ident *name)
{
    Symbol *symbol = variable_find(c, name);
    int local = variable_local(c, symbol);
    if (local) {
        emit(c, OP_CLEAR, local, 0, 0);
        state_unbind(&c->unit->state, symbol->owner->index);
        return;
    }
    int temp = temp_push(c); /* so that deleting cannot fail: the body may have deleted it */
    emit(c, OP_LOAD_CONST, temp, constant_none(c), 0);
    variable_store(c, name, temp);
    c->unit->depth = temp;
    variable_delete(c, name);
}

int variable_target(Compiler *c, Ident *name)
{
    int local = variable_local(c, variable_find(c, name));
    return local ? local : ANYWHERE;
}

void variable_bound(Compiler *c, Ident *name)
{
    state_bind(&c->unit->state, variable_find(c, name)->owner->index);
}
