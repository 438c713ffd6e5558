/* ref.h - the object header and reference counting.
 *
 * Every heap object starts with an Object: count, kind, flags, shape.  The shape (object/shape.h)
 * is the hidden class: it names the type and says where attributes lie, so that one comparison
 * guards both.  `kind` is the C layout (a row of object/types.def): a list and an instance of a
 * script's subclass of list both have KIND_LIST.  Counts of constants start at IMMORTAL and may
 * drift. An object that can be part of a cycle starts with a Container; the cycle collector works
 * from candidates, containers whose count fell to non-zero (gc.h). Neighbours: value.h, alloc.h
 * (memory), gc.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MEMORY_REF_H
#define AIO_MEMORY_REF_H

#include "memory/value.h"

typedef struct Vm Vm;
typedef struct Interp Interp;
typedef struct Shape Shape;
typedef struct Type Type;

typedef struct Object {
    uint32_t count;
    uint8_t kind;   /* Kind: the C layout */
    uint8_t flags;  /* OBJ_* */
    uint16_t cells; /* size in 16-byte units, 0 when malloc'd; alloc.h */
    Shape *shape;   /* borrowed from its type; with OBJ_SUBCLASS the object owns a reference to the
                       type */
} Object;

typedef struct Container { /* the head of every object that may be part of a cycle */
    Object head;
    uint32_t candidate; /* 1 + index in the candidate buffer, 0 when not in it */
    uint32_t aux;       /* for the type's own use */
} Container;

enum {
    OBJ_CONTAINER = 1, /* starts with Container */
    OBJ_SUBCLASS = 2, /* its type derives from that of its kind: slots may be overridden; counted in
                         the type */
    OBJ_WEAKREFS = 4, /* somebody holds a weak reference to it (weakref.c) */
    OBJ_FINALIZED = 8, /* __del__ has run */
    OBJ_COLOUR = 48,   /* gc.c: two bits */
    OBJ_DEAD = 64,     /* being destroyed */
    OBJ_CLEARED = 128, /* it refers to nothing (any more): object_clear has nothing to do */
};

#define IMMORTAL 0x60000000u

static inline Object *as_object(Value v) { return (Object *)(uintptr_t)v; }
static inline Ref from_object(void *object)
{
    return (Ref)object;
} /* hands over the owned reference */
static inline Value borrow(const void *object)
{
    return (Value)object;
} /* a C struct seen as a Value */

/* Called when a count reached zero, and when a container's count fell to non-zero for the first
 * time. */
void object_drop(Object *object);
void object_candidate(Object *object);

/* What almost every instruction of the interpreter does must not become a call. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE Ref newref(Value v)
{
    if (is_heap(v)) as_object(v)->count++;
    return (Ref)(uintptr_t)v;
}

/* Gives one reference back; true: it was the last, and the caller drops the object. */
ALWAYS_INLINE bool give_back(Ref v)
{
    if (!is_heap(v)) return false;
    Object *object = as_object(v);
    if (--object->count == 0) return true;
    if ((object->flags & OBJ_CONTAINER) && ((Container *)object)->candidate == 0)
        object_candidate(object);
    return false;
}

/* Never raises; a finaliser may run script code later, at the next safe point, or now: treat as a
 * call. */
ALWAYS_INLINE void decref(Ref v)
{
    if (give_back(v)) object_drop(as_object(v));
}

static inline void decref_object(void *object)
{
    if (object) decref((Ref)object);
}

/* Stores first, then drops what was there. */
ALWAYS_INLINE void replace(Ref *slot, Ref v)
{
    Ref old = *slot;
    *slot = v;
    decref(old);
}
ALWAYS_INLINE Ref take(Ref *slot) /* moves out */
{
    Ref v = *slot;
    *slot = UNDEF;
    return v;
}
ALWAYS_INLINE void clear(Ref *slot) { decref(take(slot)); }

/* An array of owned references passed where borrowed ones are read. */
static inline Value *as_values(Ref *refs) { return (Value *)refs; }

#endif
