/* weakref.h - weak references. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_WEAKREF_H
#define AIO_OBJECT_WEAKREF_H

#include "object/type.h"

typedef struct Weakref {
    Container head;
    Value target; /* borrowed; UNDEF when dead */
    Ref callback; /* UNDEF: none */
    int64_t hash; /* of the target, once asked */
    bool hashed;
    struct Weakref *next; /* others to the same target */
} Weakref;

static inline Weakref *as_weakref(Value v) { return (Weakref *)as_object(v); }

/* A weak reference to target; without a callback the same one is given again.  TypeError "cannot
 * create weak reference to 'int' object". */
Ref weakref_new(Vm *vm, Type *type, Value target, Value callback);
static inline bool is_weak_proxy(Value v)
{
    return is_kind(v, KIND_WEAK_PROXY) || is_kind(v, KIND_WEAK_CALLABLE_PROXY);
}
static inline bool is_weakref(Value v) { return is_kind(v, KIND_WEAKREF) || is_weak_proxy(v); }

/* How many there are to target; the first of them; the one after weakref. */
ptrdiff_t weakref_count(Vm *vm, Value target);
Weakref *weakref_first(Vm *vm, Value target);
Weakref *weakref_next(const Weakref *weakref);
/* What weakref refers to; UNDEF when that has gone or is about to. */
Ref weakref_get(Value weakref);
void weakref_unlink(Object *weakref); /* it goes: out of its target's list */
bool weakrefs_open(Vm *vm);
void weakrefs_close(Interp *interp);

#endif
