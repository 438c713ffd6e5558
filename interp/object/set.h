/* set.h - hash sets; frozenset shares the layout. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_SET_H
#define AIO_OBJECT_SET_H

#include "object/type.h"

typedef struct SetEntry {
    int64_t hash;
    Ref key;
} SetEntry; /* key UNDEF: empty; FAIL: deleted */
static inline bool set_is_key(Value key) { return !absent(key) && !failed(key); }

enum { SET_SMALL = 8 }; /* slots of the smallest table */

typedef struct Set {
    Container head;
    /* size stands between the two that grow together: as neighbours they would be counted up as
     * one vector, and each key would wait for the last one's store. */
    ptrdiff_t len;   /* live keys */
    ptrdiff_t size;  /* of table, a power of two */
    ptrdiff_t used;  /* slots of live and deleted keys */
    SetEntry *table; /* small, or memory of its own; NULL: there is none */
    int64_t hash;    /* frozenset: cached, 0 when not computed */
    SetEntry small[SET_SMALL];
} Set;

typedef struct SetIter {
    Container head;
    Ref set;
    ptrdiff_t next, left;
} SetIter; /* set UNDEF: exhausted */

static inline bool is_any_set(Value v)
{
    return is_kind(v, KIND_SET) || is_kind(v, KIND_FROZENSET);
}
static inline Set *as_set(Value v) { return (Set *)as_object(v); }
Ref set_new(Vm *vm);
Ref frozenset_new(Vm *vm, Value iterable); /* iterable UNDEF: empty */
bool set_add(Vm *vm, Set *set, Value key); /* borrows */
Truth set_has(Vm *vm, Set *set, Value key);
Truth set_discard(Vm *vm, Set *set, Value key); /* YES: was there */
bool set_update(Vm *vm, Set *set, Value iterable);
bool set_next(Set *set, ptrdiff_t *i, Value *key); /* iterate; borrowed */
Ref set_from(Vm *vm, Value iterable);              /* a new set */
void set_clear(Set *set);
/* For set.c and setop.c, where the hash is known already. */
bool set_add_hashed(Vm *vm, Set *set, Value key, int64_t hash);
bool set_add_new(Vm *vm, Set *set, Value key, int64_t hash); /* of a key that is not there */
Truth set_has_hashed(Vm *vm, Set *set, Value key, int64_t hash);
Truth set_discard_hashed(Vm *vm, Set *set, Value key, int64_t hash);
/* The hash of an element; a TypeError is reworded "cannot use 'list' as a set element (...)". */
bool set_hash_key(Vm *vm, Value key, int64_t *hash);
/* A new base set or frozenset (by the layout of like) with the items of iterable, UNDEF: none. */
Ref set_like(Vm *vm, Set *like, Value iterable);
static inline bool set_next_entry(const Set *set, ptrdiff_t *i, Value *key, int64_t *hash)
{
    const SetEntry *table = set->table;
    ptrdiff_t at = *i, size = set->size;
    while (at < size && !set_is_key(table[at].key)) at++;
    if (at >= size) return false;
    *key = table[at].key;
    *hash = table[at].hash;
    *i = at + 1;
    return true;
}

#endif
