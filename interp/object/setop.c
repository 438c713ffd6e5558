/* setop.c - union, intersection, difference of sets.
 *
 * The other operand may be any iterable; sets (and dicts, for difference) are walked with the
 * hashes they keep.  A key walked is held while it is looked up, since that may run script code
 * which changes either set.
 * Neighbours: set.c (the table, the methods). */
/* SPDX-License-Identifier: MIT */
#include "object/setop.h"

#include "object/dict.h"
#include "object/iter.h"
#include "object/type.h"

/* What a walk does with each key. */
typedef bool Visitor(Vm *vm, Value key, int64_t hash, void *context);

ALWAYS_INLINE bool walk_set(Vm *vm, Set *set, Visitor *visitor, void *context)
{
    Value key;
    int64_t hash;
    ptrdiff_t left = set->len; /* behind the last key lie none but those added meanwhile */
    for (ptrdiff_t i = 0; left-- > 0 && set_next_entry(set, &i, &key, &hash);) {
        Ref held = newref(key);
        bool go_on = visitor(vm, held, hash, context);
        decref(held);
        if (!go_on) return false;
    }
    return true;
}

typedef struct Walk {
    Visitor *visitor;
    void *context;
} Walk;

static bool walk_item(Vm *vm, Value item, void *context)
{
    Walk *walk = context;
    int64_t hash;
    return set_hash_key(vm, item, &hash) && walk->visitor(vm, item, hash, walk->context);
}

/* Stops when visitor returns false. */
ALWAYS_INLINE bool walk(Vm *vm, Value iterable, Visitor *visitor, void *context)
{
    if (is_any_set(iterable)) return walk_set(vm, as_set(iterable), visitor, context);
    Walk state = {visitor, context};
    return iterate(vm, iterable, walk_item, &state);
}

/* Gives what was built, or drops it when the walk failed. */
static Ref finish(bool ok, Ref set)
{
    if (ok) return set;
    decref(set);
    return FAIL;
}

/* ---- visitors ---- */

typedef struct Sieve {
    Set *filter, *into;
    Dict *dict_filter; /* instead of filter, when not NULL */
    Truth wanted;      /* keep what is (YES) or is not (NO) in the filter */
    Truth answer;      /* of a question */
    bool distinct;     /* no key comes twice, and into was empty */
} Sieve;

static bool sieve_key(Vm *vm, Value key, int64_t hash, void *context)
{
    Sieve *sieve = context;
    Truth found;
    if (sieve->dict_filter) {
        Value value = dict_get_hashed(vm, sieve->dict_filter, key, hash);
        found = failed(value) ? FAILED : !absent(value);
    } else {
        found = set_has_hashed(vm, sieve->filter, key, hash);
    }
    if (found == FAILED) return false;
    if (found != sieve->wanted) return true;
    return (sieve->distinct ? set_add_new : set_add_hashed)(vm, sieve->into, key, hash);
}

static bool discard_key(Vm *vm, Value key, int64_t hash, void *context)
{
    return set_discard_hashed(vm, context, key, hash) != FAILED;
}

static bool toggle_key(Vm *vm, Value key, int64_t hash, void *context)
{
    Truth found = set_discard_hashed(vm, context, key, hash);
    return found == YES || (found == NO && set_add_hashed(vm, context, key, hash));
}

/* Stops with the answer NO at the first key whose membership is not the wanted one. */
static bool question_key(Vm *vm, Value key, int64_t hash, void *context)
{
    Sieve *sieve = context;
    Truth found = set_has_hashed(vm, sieve->filter, key, hash);
    if (found == sieve->wanted) return true;
    sieve->answer = found == FAILED ? FAILED : NO;
    return false;
}

/* Are all keys of iterable in set (wanted YES), or none (NO)? */
static Truth question(Vm *vm, Value iterable, Set *set, Truth wanted)
{
    Sieve sieve = {.filter = set, .wanted = wanted, .answer = YES};
    if (walk(vm, iterable, question_key, &sieve)) return YES;
    return sieve.answer == NO ? NO : FAILED;
}

/* ---- operations ---- */

Ref set_union(Vm *vm, Set *a, Value other)
{
    Ref out = set_like(vm, a, borrow(a));
    if (failed(out)) return FAIL;
    return finish(set_update(vm, as_set(out), other), out);
}

Ref set_intersection(Vm *vm, Set *a, Value other)
{
    if (other == borrow(a)) return set_like(vm, a, other);
    Ref out = set_like(vm, a, UNDEF);
    if (failed(out)) return FAIL;
    Sieve sieve = {.filter = a, .into = as_set(out), .wanted = YES, .distinct = is_any_set(other)};
    if (sieve.distinct && as_set(other)->len > a->len) { /* walk the smaller one */
        sieve.filter = as_set(other);
        other = borrow(a);
    }
    return finish(walk(vm, other, sieve_key, &sieve), out);
}

/* The two sets exchange their contents. */
static void exchange(Set *a, Set *b)
{
    ptrdiff_t len = a->len, used = a->used, size = a->size;
    SetEntry *table = a->table, few[SET_SMALL];
    bool small = table == a->small;
    memcpy(few, a->small, sizeof few);
    memcpy(a->small, b->small, sizeof few);
    memcpy(b->small, few, sizeof few);
    a->len = b->len;
    a->used = b->used;
    a->size = b->size;
    a->table = b->table == b->small ? a->small : b->table;
    b->len = len;
    b->used = used;
    b->size = size;
    b->table = small ? b->small : table;
}

bool set_intersection_update(Vm *vm, Set *set, Value other)
{
    Ref common = set_intersection(vm, set, other);
    if (failed(common)) return false;
    exchange(set, as_set(common));
    decref(common);
    return true;
}

bool set_difference_update(Vm *vm, Set *set, Value other)
{
    if (other == borrow(set)) {
        set_clear(set);
        return true;
    }
    if (is_any_set(other) && as_set(other)->len / 8 > set->len) {
        Ref rest = set_difference(vm, set, other);
        if (failed(rest)) return false;
        exchange(set, as_set(rest));
        decref(rest);
        return true;
    }
    return walk(vm, other, discard_key, set);
}

Ref set_difference(Vm *vm, Set *a, Value other)
{
    bool set = is_any_set(other), dict = is_exact(other, KIND_DICT);
    ptrdiff_t len = set ? as_set(other)->len : dict ? as_dict(other)->len : 0;
    if ((!set && !dict) || a->len / 4 > len) { /* much is left: copy, then take away */
        Ref out = set_like(vm, a, borrow(a));
        if (failed(out)) return FAIL;
        return finish(set_difference_update(vm, as_set(out), other), out);
    }
    Ref out = set_like(vm, a, UNDEF);
    if (failed(out)) return FAIL;
    Sieve sieve = {.into = as_set(out), .wanted = NO, .distinct = true};
    if (set) sieve.filter = as_set(other);
    else sieve.dict_filter = as_dict(other);
    return finish(walk_set(vm, a, sieve_key, &sieve), out);
}

bool set_symmetric_difference_update(Vm *vm, Set *set, Value other)
{
    if (other == borrow(set)) {
        set_clear(set);
        return true;
    }
    if (is_any_set(other)) return walk_set(vm, as_set(other), toggle_key, set);
    Ref keys = set_from(vm, other); /* each key once */
    if (failed(keys)) return false;
    bool ok = walk_set(vm, as_set(keys), toggle_key, set);
    decref(keys);
    return ok;
}

Ref set_symmetric_difference(Vm *vm, Set *a, Value other)
{
    Ref out = set_like(vm, a, other);
    if (failed(out)) return FAIL;
    return finish(walk_set(vm, a, toggle_key, as_set(out)), out);
}

Truth set_is_subset(Vm *vm, Set *a, Value other)
{
    if (!is_any_set(other)) {
        Ref set = set_from(vm, other);
        if (failed(set)) return FAILED;
        Truth answer = set_is_subset(vm, a, set);
        decref(set);
        return answer;
    }
    if (a->len > as_set(other)->len) return NO;
    return question(vm, borrow(a), as_set(other), YES);
}

Truth set_is_superset(Vm *vm, Set *a, Value other)
{
    if (is_any_set(other)) return set_is_subset(vm, as_set(other), borrow(a));
    return question(vm, other, a, YES);
}

Truth set_is_disjoint(Vm *vm, Set *a, Value other)
{
    if (other == borrow(a)) return a->len == 0;
    if (is_any_set(other) && as_set(other)->len > a->len)
        return question(vm, borrow(a), as_set(other), NO);
    return question(vm, other, a, NO);
}
