/* register.h - temporaries and variables: where values live while code runs.
 *
 * Temporaries are a stack: a value is pushed, read once (which empties it) and its register given
 * back by setting the depth to what it was.  Registers are numbers as instructions have them:
 * negative for locals.  Whoever asks for an expression "anywhere" may get a local's own register
 * and must not write to it. Neighbours: emit.h, scope.h, expression.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_REGISTER_H
#define AIO_COMPILER_REGISTER_H

#include "compiler/emit.h"

enum { ANYWHERE = INT32_MIN }; /* as a destination: a new temporary, or the local itself */

/* One or count new temporaries in a row; the first. */
static inline int temp_push_many(Compiler *c, int count)
{
    Unit *unit = c->unit;
    int first = unit->depth;
    unit->depth += count;
    if (unit->depth > unit->most) unit->most = unit->depth;
    return first;
}
static inline int temp_push(Compiler *c) { return temp_push_many(c, 1); }

/* want itself, or a new temporary for ANYWHERE. */
static inline int temp_for(Compiler *c, int want) { return want == ANYWHERE ? temp_push(c) : want; }

/* A temporary to work in for a result that goes to want: want itself when it is the newest
 * temporary. */
static inline int temp_base(Compiler *c, int want)
{
    return want >= 0 && want == c->unit->depth - 1 ? want : temp_push(c);
}

/* Emits MOVE unless both are the same register. */
void move_to(Compiler *c, int to, int from);

/* The Symbol through which the current scope knows name. */
Symbol *variable_find(Compiler *c, Ident *name);

/* The register of the local that name is, or 0 when it is not a plain local (0 is never a local's).
 */
int variable_local(Compiler *c, Symbol *symbol);

/* Emits the check that the local is bound, unless it is known to be. */
void variable_check(Compiler *c, Symbol *symbol);

/* Reads name into want (ANYWHERE: maybe its own register); shared: a later operand of the same
 * instruction may rebind it, so that the register itself may only be used when that cannot happen.
 */
int variable_load(Compiler *c, Ident *name, int want, bool shared);

/* Stores a name of the compiler's own (__annotate__) in the module's or class's namespace. */
void variable_store_name(Compiler *c, Ident *name, int from);

/* Binds name to the value in register from (a temporary is moved out). */
void variable_store(Compiler *c, Ident *name, int from);
void variable_delete(Compiler *c, Ident *name);
/* Unbinds name whatever it is bound to (the end of an except clause). */
void variable_unbind(Compiler *c, Ident *name);

/* The register a value for name may be computed straight into (a plain local), else ANYWHERE. */
int variable_target(Compiler *c, Ident *name);
/* Notes that this local, computed into directly, is bound now. */
void variable_bound(Compiler *c, Ident *name);

#endif
