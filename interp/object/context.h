/* context.h - contextvars: Context, ContextVar, Token.
 *
 * The variables of a context are a dict shared by count and copied before it is written when
 * somebody else holds it too, so copying a context costs one count.  What runs has a *current
 * context* in vm->context: UNDEF      empty, and no Context object made yet a dict     a snapshot,
 * no Context object made yet a Context  the object scripts see The object is made when a variable
 * is set or a script asks for it; a task that does neither has none. Neighbours: loop/handle.c,
 * loop/task.c (what they run in), modules/contextvars.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CONTEXT_H
#define AIO_OBJECT_CONTEXT_H

#include "object/dict.h"

struct Context {
    Container head; /* aux: 1 while it is entered */
    Ref variables;  /* dict, or UNDEF: empty */
};

typedef struct ContextVar {
    Container head;
    Ref name;
    Ref initial; /* the default, or UNDEF */
} ContextVar;

typedef struct ContextToken {
    Container head; /* aux: 1 once used */
    Ref variable, context;
    Ref old; /* the value before, or UNDEF: it had none */
} ContextToken;

static inline bool is_context(Value v) { return is_kind(v, KIND_CONTEXT); }
static inline Context *as_context(Value v) { return (Context *)as_object(v); }

/* A copy of the current context as a snapshot (dict or UNDEF); owned, never fails. */
Ref context_snapshot(Vm *vm);

/* Makes `*context` (UNDEF, a dict or a Context) current, moving it out of the slot and leaving the
 * outer one there. false: RuntimeError, it is entered already.  context_leave moves it back. */
bool context_enter(Vm *vm, Ref *context);
void context_leave(Vm *vm, Ref *context);

/* The Context object of a slot holding UNDEF, a dict or a Context (borrowed; the slot holds it
 * then); FAIL: raised. */
Value context_object(Vm *vm, Ref *slot);
/* The same for what is current. */
Value context_current(Vm *vm);

/* Sets variable in the current context; the Token, owned. */
Ref context_var_set(Vm *vm, Value variable, Value value);
/* Its value, owned; UNDEF: not set and no default. */
Ref context_var_get(Vm *vm, Value variable);

/* callee(*args, **kwargs): args a tuple or UNDEF, kwargs a dict or UNDEF, first (UNDEF: none)
 * stands before args. */
Ref call_with(Vm *vm, Value callee, Value first, Value args, Value kwargs);

#endif
