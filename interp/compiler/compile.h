/* compile.h - the state of one compilation, shared by the compiler's files.
 *
 * A Compiler translates one source text.  Units (code objects being made) nest; names are looked up
 * in `scope`, which is the unit's own scope or that of a comprehension inlined into it.  After an
 * error `failed` is set (the exception is raised) and everything unwinds quickly without emitting.
 * Neighbours: emit.h (Unit), scope.h, compile.c (the driver). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_COMPILE_H
#define AIO_COMPILER_COMPILE_H

#include "compiler/compiler.h"
#include "compiler/scope.h"

struct Compiler {
    Vm *vm;
    Arena *arena;
    const char *text; /* source, or NULL */
    ptrdiff_t len;
    Value filename;
    unsigned flags; /* COMPILE_* */
    bool failed;    /* an exception is raised */
    Idents idents;
    ScopeTable scopes;
    Scope *scope;       /* where names are looked up */
    struct Unit *unit;  /* what is being emitted */
    struct Unit *spare; /* finished units whose buffers are used again */
    Pos pos;            /* of the node being compiled: goes with each instruction */
    Node *interactive;  /* expression statements print their value */
};

/* Raises SyntaxError at pos (unless something is raised already); message as printf. */
void compile_error(Compiler *c, Pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Issues a SyntaxWarning at pos. */
void compile_warning(Compiler *c, Pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Is the C stack nearly used up?  Then RecursionError is raised. */
bool compile_too_deep(Compiler *c);

/* Notes that an object-layer call failed (it has raised). */
static inline void compile_raised(Compiler *c) { c->failed = true; }

#endif
