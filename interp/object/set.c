/* set.c - hash sets: the table, and the types set and frozenset.
 *
 * Open addressing in one array: a few neighbouring slots are looked at first, then the place
 * jumps by a recurrence fed with the higher bits of the hash.  The table starts with 8 slots and
 * grows when three fifths are used; so a set of small ints is seen in the order that Python
 * users know.  Comparing keys may run script code that changes the set: the key compared is
 * held, and the search starts again when the table is no longer the same.  A deleted slot
 * stays in the way of searches until a new key takes it or the table is made anew.
 * Container.aux is where the last pop() stopped.
 * Neighbours: setop.c (union, intersection ...), dict.c. */
/* SPDX-License-Identifier: MIT */
#include "object/set.h"

#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/reduce.h"
#include "object/sequence.h"
#include "object/setop.h"
#include "object/tuple.h"

enum { NEIGHBOURS = 9, STIR_SHIFT = 5, BIG = 50000 };
typedef enum Search { SEARCH_FREE, SEARCH_FOUND, SEARCH_RAISED, SEARCH_CHANGED } Search;

static __attribute__((noinline)) bool hash_slowly(Vm *vm, Value key, int64_t *hash)
{
    if (value_hash(vm, key, hash)) return true;
    if (vm->error != UNDEF && type_of(vm, vm->error) == exception_class(vm, TypeError)) {
        Ref error = error_take(vm);
        throw(vm, TypeError, "cannot use '%T' as a set element (%S)", key, (Value)error);
        decref(error);
    }
    return false;
}

static inline bool hash_of(Vm *vm, Value key, int64_t *hash)
{
    if (is_exact(key, KIND_STR)) {
        Str *s = as_str(key);
        *hash = s->hash ? s->hash : str_hash(vm, s);
        return true;
    }
    if (is_int(key)) {
        *hash = as_int(key) == -1 ? -2 : as_int(key);
        return true;
    }
    return hash_slowly(vm, key, hash);
}

bool set_hash_key(Vm *vm, Value key, int64_t *hash) { return hash_of(vm, key, hash); }

/* ---- searching ---- */

static Search slot_matches(Vm *vm, Set *set, SetEntry *entry, Value key)
{
    Ref held = entry->key;
    Truth same = quick_equal(held, key);
    if (same == FAILED) same = quick_equal_tuples(held, key);
    if (same != FAILED) return same == YES ? SEARCH_FOUND : SEARCH_FREE;
    SetEntry *table = set->table;
    ptrdiff_t size = set->size;
    newref(held);
    same = value_equal(vm, held, key);
    bool changed = set->table != table || set->size != size || entry->key != held;
    decref(held);
    if (same == FAILED) return SEARCH_RAISED;
    if (changed) return SEARCH_CHANGED;
    return same == YES ? SEARCH_FOUND : SEARCH_FREE;
}

/* As search() says, once through the table. */
static inline Search search_once(Vm *vm, Set *set, Value key, int64_t hash, bool adding,
                                 SetEntry **found)
{
    uint64_t mask = (uint64_t)set->size - 1, stir = (uint64_t)hash, i = stir & mask;
    SetEntry *deleted = NULL;
    for (;;) {
        SetEntry *entry = &set->table[i],
                 *last = i + NEIGHBOURS <= mask ? entry + NEIGHBOURS : entry;
        for (; entry <= last; entry++) {
            if (absent(entry->key)) {
                *found = adding && deleted ? deleted : entry;
                return failed((*found)->key) || *found == entry ? SEARCH_FREE : SEARCH_CHANGED;
            }
            if (failed(entry->key)) deleted = entry;
            else if (entry->hash == hash) {
                Search answer =
                    entry->key == key ? SEARCH_FOUND : slot_matches(vm, set, entry, key);
                if (answer == SEARCH_FREE) continue; /* another key */
                *found = entry;
                return answer;
            }
        }
        stir >>= STIR_SHIFT;
        i = (i * 5 + 1 + stir) & mask;
    }
}

static __attribute__((noinline)) Search search_on(Vm *vm, Set *set, Value key, int64_t hash,
                                                  bool adding, SetEntry **found)
{
    Search answer;
    do answer = set->table ? search_once(vm, set, key, hash, adding, found) : SEARCH_CHANGED;
    while (answer == SEARCH_CHANGED && set->table);
    return answer;
}

/* The slot where key is (FOUND) or would go (FREE: an empty one, or, for adding, the last deleted
 * one before it); the table must exist.  Mostly that is the first one that is looked at. */
static inline Search search(Vm *vm, Set *set, Value key, int64_t hash, bool adding,
                            SetEntry **found)
{
    *found = &set->table[(uint64_t)hash & ((uint64_t)set->size - 1)];
    if ((*found)->key == key) return SEARCH_FOUND;
    if (absent((*found)->key)) return SEARCH_FREE;
    return search_on(vm, set, key, hash, adding, found);
}

/* ---- storage ---- */

/* Puts a key that is not in table, which has no deleted slots, into it. */
static void insert_clean(SetEntry *table, uint64_t mask, SetEntry moved)
{
    uint64_t stir = (uint64_t)moved.hash, i = stir & mask;
    for (;;) {
        SetEntry *entry = &table[i], *last = i + NEIGHBOURS <= mask ? entry + NEIGHBOURS : entry;
        for (; entry <= last; entry++) {
            if (!absent(entry->key)) continue;
            *entry = moved;
            return;
        }
        stir >>= STIR_SHIFT;
        i = (i * 5 + 1 + stir) & mask;
    }
}

/* Zeroed room for size slots, in the set itself when they are few; the set has no table there. */
static SetEntry *table_new(Vm *vm, Set *set, ptrdiff_t size)
{
    if (size > SET_SMALL) return memory_zeroed(vm, (size_t)size * sizeof(SetEntry));
    memset(set->small, 0, sizeof set->small);
    return set->small;
}

static void table_free(const Set *set, SetEntry *table)
{
    if (table != set->small) memory_free(table);
}

/* A new table with more than `wanted` slots, without what was deleted. */
static bool set_resize(Vm *vm, Set *set, ptrdiff_t wanted)
{
    ptrdiff_t size = SET_SMALL;
    while (size <= wanted) {
        if (size > PTRDIFF_MAX / 64) {
            throw_no_memory(vm);
            return false;
        }
        size *= 2;
    }
    SetEntry few[SET_SMALL], *old = set->table;
    if (old == set->small) old = memcpy(few, old, sizeof few);
    SetEntry *table = table_new(vm, set, size);
    if (!table) return false;
    const SetEntry *from = old;
    for (ptrdiff_t left = set->len; left > 0; from++) {
        if (!set_is_key(from->key)) continue;
        insert_clean(table, size - 1, *from);
        left--;
    }
    set->table = table;
    set->size = size;
    set->used = set->len;
    if (old != few) memory_free(old);
    return true;
}

static inline bool is_crowded(ptrdiff_t used, ptrdiff_t size) { return used * 5 >= (size - 1) * 3; }

static inline bool set_grow(Vm *vm, Set *set)
{
    set->len++;
    set->used++;
    if (!is_crowded(set->used, set->size)) return true;
    return set_resize(vm, set, set->len > BIG ? set->len * 2 : set->len * 4);
}

bool set_add_new(Vm *vm, Set *set, Value key, int64_t hash)
{
    if (!set->table && !set_resize(vm, set, 0)) return false;
    insert_clean(set->table, (uint64_t)set->size - 1, (SetEntry){hash, newref(key)});
    return set_grow(vm, set);
}

bool set_add_hashed(Vm *vm, Set *set, Value key, int64_t hash)
{
    SetEntry *entry;
    if (!set->table && !set_resize(vm, set, 0)) return false;
    Search answer = search(vm, set, key, hash, true, &entry);
    if (answer == SEARCH_CHANGED) return set_add_hashed(vm, set, key, hash); /* emptied meanwhile */
    if (answer != SEARCH_FREE) return answer == SEARCH_FOUND;
    bool empty = absent(entry->key);
    *entry = (SetEntry){hash, newref(key)};
    if (empty) return set_grow(vm, set);
    set->len++;
    return true;
}

Truth set_has_hashed(Vm *vm, Set *set, Value key, int64_t hash)
{
    SetEntry *entry;
    if (!set->table) return NO;
    Search answer = search(vm, set, key, hash, false, &entry);
    return answer == SEARCH_RAISED ? FAILED : answer == SEARCH_FOUND;
}

Truth set_discard_hashed(Vm *vm, Set *set, Value key, int64_t hash)
{
    SetEntry *entry;
    if (!set->table) return NO;
    Search answer = search(vm, set, key, hash, false, &entry);
    if (answer != SEARCH_FOUND) return answer == SEARCH_RAISED ? FAILED : NO;
    Ref old = entry->key;
    entry->key = FAIL;
    set->len--;
    decref(old);
    return YES;
}

bool set_add(Vm *vm, Set *set, Value key)
{
    int64_t hash;
    return hash_of(vm, key, &hash) && set_add_hashed(vm, set, key, hash);
}

/* A set stands for the frozenset with the same items when it is looked for. */
static bool hash_lookup_key(Vm *vm, Value key, Ref *stand_in, int64_t *hash)
{
    *stand_in = UNDEF;
    if (hash_of(vm, key, hash)) return true;
    if (!is_kind(key, KIND_SET) || !error_is(vm, TypeError)) return false;
    error_clear(vm);
    *stand_in = frozenset_new(vm, key);
    return !failed(*stand_in) && value_hash(vm, *stand_in, hash);
}

Truth set_has(Vm *vm, Set *set, Value key)
{
    Ref stand_in;
    int64_t hash;
    Truth answer = FAILED;
    if (hash_lookup_key(vm, key, &stand_in, &hash))
        answer = set_has_hashed(vm, set, absent(stand_in) ? key : stand_in, hash);
    decref(stand_in);
    return answer;
}

Truth set_discard(Vm *vm, Set *set, Value key)
{
    Ref stand_in;
    int64_t hash;
    Truth answer = FAILED;
    if (hash_lookup_key(vm, key, &stand_in, &hash))
        answer = set_discard_hashed(vm, set, absent(stand_in) ? key : stand_in, hash);
    decref(stand_in);
    return answer;
}

void set_clear(Set *set)
{
    SetEntry *table = set->table, few[SET_SMALL];
    bool small = table == set->small; /* what runs here may put keys there again */
    ptrdiff_t left = set->len;
    if (small) table = memcpy(few, table, sizeof few);
    set->table = NULL;
    set->len = set->used = set->size = 0;
    set->head.aux = 0;
    for (const SetEntry *entry = table; left > 0; entry++) {
        if (!set_is_key(entry->key)) continue;
        decref(entry->key);
        left--;
    }
    if (!small) memory_free(table);
}

bool set_next(Set *set, ptrdiff_t *i, Value *key)
{
    int64_t hash;
    return set_next_entry(set, i, key, &hash);
}

/* ---- making sets ---- */

Ref set_new(Vm *vm)
{
    Set *set = object_new(vm, type_builtin(vm, KIND_SET)->shape, sizeof(Set));
    return set ? from_object(set) : FAIL;
}

static Ref set_fill(Vm *vm, Ref set, Value iterable)
{
    if (failed(set) || absent(iterable) || set_update(vm, as_set(set), iterable)) return set;
    decref(set);
    return FAIL;
}

Ref set_from(Vm *vm, Value iterable) { return set_fill(vm, set_new(vm), iterable); }

static Ref set_new_of(Vm *vm, Type *type)
{
    Set *set = type_instance(vm, type);
    return set ? from_object(set) : FAIL;
}

Ref frozenset_new(Vm *vm, Value iterable)
{
    if (is_exact(iterable, KIND_FROZENSET)) return newref(iterable);
    return set_fill(vm, set_new_of(vm, type_builtin(vm, KIND_FROZENSET)), iterable);
}

Ref set_like(Vm *vm, Set *like, Value iterable)
{
    return set_fill(vm, set_new_of(vm, type_builtin(vm, (Kind)like->head.head.kind)), iterable);
}

/* ---- adding many ---- */

/* Room for `more` keys when that needs a bigger table. */
static bool set_reserve(Vm *vm, Set *set, ptrdiff_t more)
{
    ptrdiff_t size = set->size ? set->size : SET_SMALL;
    if (!is_crowded(set->used + more, size)) return true;
    return set_resize(vm, set, (set->len + more) * 2);
}

/* An empty set takes over the table of another. */
static bool copy_table(Vm *vm, Set *set, const Set *other)
{
    SetEntry *old = set->table;
    SetEntry *table = other->size > SET_SMALL
                          ? memory_new(vm, (size_t)other->size * sizeof(SetEntry))
                          : set->small;
    if (!table) return false;
    memcpy(table, other->table, other->size * sizeof(SetEntry));
    const SetEntry *entry = table;
    for (ptrdiff_t left = other->len; left > 0; entry++) {
        if (absent(entry->key)) continue;
        newref(entry->key);
        left--;
    }
    set->table = table;
    set->size = other->size;
    set->len = set->used = other->len;
    if (old != table) table_free(set, old);
    return true;
}

/* The same for one whose table has another size or deleted slots: set's is big enough. */
static void copy_keys(Set *set, const Set *other)
{
    const SetEntry *entry = other->table;
    for (ptrdiff_t left = other->len; left > 0; entry++) {
        if (!set_is_key(entry->key)) continue;
        insert_clean(set->table, (uint64_t)set->size - 1,
                     (SetEntry){entry->hash, newref(entry->key)});
        left--;
    }
    set->len = set->used = other->len;
}

static bool update_from_set(Vm *vm, Set *set, Set *other)
{
    if (set == other || other->len == 0) return true;
    if (!set_reserve(vm, set, other->len)) return false;
    ptrdiff_t size = set->size ? set->size : SET_SMALL;
    if (set->used == 0 && size == other->size && other->used == other->len)
        return copy_table(vm, set, other);
    if (!set->table && !set_resize(vm, set, 0)) return false;
    if (set->used == 0) {
        copy_keys(set, other);
        return true;
    }
    Value key;
    int64_t hash;
    ptrdiff_t left = other->len; /* a comparison may add more, which need not be seen */
    for (ptrdiff_t i = 0; left-- > 0 && set_next_entry(other, &i, &key, &hash);) {
        Ref held = newref(key);
        bool ok = set_add_hashed(vm, set, held, hash);
        decref(held);
        if (!ok) return false;
    }
    return true;
}

static bool update_from_dict(Vm *vm, Set *set, Dict *dict)
{
    if (!set_reserve(vm, set, dict->len)) return false;
    for (ptrdiff_t i = 0; i < dict->used; i++) {
        if (absent(dict->entries[i].key)) continue;
        Ref key = newref(dict->entries[i].key);
        bool ok = set_add_hashed(vm, set, key, dict->entries[i].hash);
        decref(key);
        if (!ok) return false;
    }
    return true;
}

static bool update_from_sequence(Vm *vm, Set *set, Value sequence)
{
    ptrdiff_t len;
    for (ptrdiff_t i = 0;; i++) {
        Ref *items = sequence_items(sequence, &len);
        if (i >= len) return true;
        Ref item = newref(items[i]);
        bool ok = set_add(vm, set, item);
        decref(item);
        if (!ok) return false;
    }
}

static bool add_each(Vm *vm, Value item, void *context) { return set_add(vm, context, item); }

bool set_update(Vm *vm, Set *set, Value iterable)
{
    if (is_any_set(iterable)) return update_from_set(vm, set, as_set(iterable));
    if (is_exact(iterable, KIND_DICT)) return update_from_dict(vm, set, as_dict(iterable));
    if (is_exact(iterable, KIND_LIST) || is_exact(iterable, KIND_TUPLE))
        return update_from_sequence(vm, set, iterable);
    return iterate(vm, iterable, add_each, set);
}

/* ---- slots ---- */

static SetIter *as_set_iter(Value v) { return (SetIter *)as_object(v); }
static Ref truth_ref(Truth answer) { return answer == FAILED ? FAIL : from_bool(answer); }
static ptrdiff_t set_len(Vm *vm __attribute__((unused)), Value self) { return as_set(self)->len; }
static Truth set_contains(Vm *vm, Value self, Value key) { return set_has(vm, as_set(self), key); }

static Truth set_equal(Vm *vm, Set *a, Set *b)
{
    if (a->len != b->len || (a->hash && b->hash && a->hash != b->hash)) return NO;
    return set_is_subset(vm, a, borrow(b));
}

static Ref set_compare(Vm *vm, Value self, Value other, CompareOp op)
{
    if (!is_any_set(other)) return NOT_IMPLEMENTED;
    Set *a = as_set(self), *b = as_set(other);
    Truth answer;
    switch (op) {
    case CMP_EQUAL: return truth_ref(set_equal(vm, a, b));
    case CMP_NOT_EQUAL:
        answer = set_equal(vm, a, b);
        return truth_ref(answer == FAILED ? FAILED : !answer);
    case CMP_LESS: return truth_ref(a->len < b->len ? set_is_subset(vm, a, other) : NO);
    case CMP_LESS_EQUAL: return truth_ref(set_is_subset(vm, a, other));
    case CMP_GREATER: return truth_ref(a->len > b->len ? set_is_subset(vm, b, self) : NO);
    default: return truth_ref(set_is_subset(vm, b, self));
    }
}

static Ref set_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (!is_any_set(a) || !is_any_set(b)) return NOT_IMPLEMENTED;
    switch (op) {
    case OP2_OR: return set_union(vm, as_set(a), b);
    case OP2_AND: return set_intersection(vm, as_set(a), b);
    case OP2_SUB: return set_difference(vm, as_set(a), b);
    case OP2_XOR: return set_symmetric_difference(vm, as_set(a), b);
    default: return NOT_IMPLEMENTED;
    }
}

static Ref set_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (!is_any_set(b)) return NOT_IMPLEMENTED;
    bool ok;
    switch (op) {
    case OP2_OR: ok = set_update(vm, as_set(a), b); break;
    case OP2_AND: ok = set_intersection_update(vm, as_set(a), b); break;
    case OP2_SUB: ok = set_difference_update(vm, as_set(a), b); break;
    case OP2_XOR: ok = set_symmetric_difference_update(vm, as_set(a), b); break;
    default: return NOT_IMPLEMENTED;
    }
    return ok ? newref(a) : FAIL;
}

/* Order must not matter: each item's hash is scrambled alone, then they are combined by xor. */
static bool frozenset_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    Set *set = as_set(self);
    if (!set->hash) {
        uint64_t mix = ((uint64_t)set->len + 1) * 0x9E3779B97F4A7C15u;
        Value key;
        int64_t item;
        for (ptrdiff_t i = 0; set_next_entry(set, &i, &key, &item);) {
            uint64_t bits = ((uint64_t)item ^ 0xD6E8FEB86659FD93u) * 0xFF51AFD7ED558CCDu;
            mix ^= (bits ^ bits >> 29) * 0xC4CEB9FE1A85EC53u;
        }
        mix ^= mix >> 31;
        set->hash = mix == 0 || mix == UINT64_MAX ? 590923713 : (int64_t)mix;
    }
    *hash = set->hash;
    return true;
}

static Ref repr_of_items(Vm *vm, Value self)
{
    Ref items = list_from(vm, self);
    if (failed(items)) return FAIL;
    Ref text = value_repr(vm, items), inner = FAIL, out = FAIL; /* "[1, 2]" */
    decref(items);
    if (failed(text)) return FAIL;
    inner = str_slice(vm, text, 1, as_str(text)->len - 1);
    decref(text);
    if (failed(inner)) return FAIL;
    out = format_text(vm, is_exact(self, KIND_SET) ? "{%S}" : "%T({%S})",
                      is_exact(self, KIND_SET) ? (Value)inner : self, (Value)inner);
    decref(inner);
    return out;
}

static Ref set_repr(Vm *vm, Value self)
{
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return format_text(vm, "%T(...)", self);
    Ref out = as_set(self)->len ? repr_of_items(vm, self) : format_text(vm, "%T()", self);
    repr_leave(vm, self);
    return out;
}

static Ref set_iter(Vm *vm, Value self)
{
    SetIter *iter = object_new(vm, type_builtin(vm, KIND_SET_ITER)->shape, sizeof(SetIter));
    if (!iter) return FAIL;
    iter->set = newref(self);
    iter->left = as_set(self)->len;
    iter->head.aux = (uint32_t)as_set(self)->len;
    return from_object(iter);
}

static void set_visit(Object *self, Visit *visit, void *context)
{
    Set *set = (Set *)self;
    for (ptrdiff_t i = 0; i < set->size; i++)
        if (is_heap(set->table[i].key)) visit(&set->table[i].key, context);
}

static void set_drop(Object *self) { set_clear((Set *)self); }

/* ---- methods of both ---- */

NATIVE(set_copy, "copy(self, /)", "Return a shallow copy.")
{
    if (is_exact(argv[0], KIND_FROZENSET)) return newref(argv[0]);
    return set_like(vm, as_set(argv[0]), argv[0]);
}

/* Folds operation over the operands, from left to right. */
static Ref fold(Vm *vm, Value self, Value operands, Ref (*operation)(Vm *, Set *, Value))
{
    if (tuple_len(operands) == 0) return set_like(vm, as_set(self), self);
    Ref out = newref(self);
    for (ptrdiff_t i = 0; i < tuple_len(operands) && !failed(out); i++)
        replace(&out, operation(vm, as_set(out), tuple_at(operands, i)));
    return out;
}

NATIVE(set_union_method, "union(self, /, *others)",
       "Return a new set with the items of this one and of all others.")
{
    return fold(vm, argv[0], argv[1], set_union);
}

NATIVE(set_intersection_method, "intersection(self, /, *others)",
       "Return a new set with what is in this one and in all others.")
{
    return fold(vm, argv[0], argv[1], set_intersection);
}

NATIVE(set_difference_method, "difference(self, /, *others)",
       "Return a new set with what is in none of the others.")
{
    return fold(vm, argv[0], argv[1], set_difference);
}

NATIVE(set_symmetric_difference_method, "symmetric_difference(self, other, /)",
       "Return a new set with what is in exactly one of the two.")
{
    return set_symmetric_difference(vm, as_set(argv[0]), argv[1]);
}

NATIVE(set_issubset, "issubset(self, other, /)", "Return whether other has every item of this set.")
{
    return truth_ref(set_is_subset(vm, as_set(argv[0]), argv[1]));
}

NATIVE(set_issuperset, "issuperset(self, other, /)",
       "Return whether this set has every item of other.")
{
    return truth_ref(set_is_superset(vm, as_set(argv[0]), argv[1]));
}

NATIVE(set_isdisjoint, "isdisjoint(self, other, /)",
       "Return whether the two have no item in common.")
{
    return truth_ref(set_is_disjoint(vm, as_set(argv[0]), argv[1]));
}

/* ---- methods of set ---- */

NATIVE(set_make, "new(cls, /, *args=?, **kwargs=?)", "Return an empty set; __init__ fills it.")
{
    return set_new_of(vm, as_type(argv[0]));
}

NATIVE(set_init, "__init__(self, iterable=?, /)", "Replace the contents by the items of iterable.")
{
    Set *set = as_set(argv[0]);
    if (set->size) set_clear(set);
    return absent(argv[1]) || set_update(vm, set, argv[1]) ? NONE : FAIL;
}

NATIVE(set_add_method, "add(self, item, /)", "Add item; nothing happens when it is there already.")
{
    return set_add(vm, as_set(argv[0]), argv[1]) ? NONE : FAIL;
}

NATIVE(set_discard_method, "discard(self, item, /)", "Remove item if it is there.")
{
    return set_discard(vm, as_set(argv[0]), argv[1]) == FAILED ? FAIL : NONE;
}

NATIVE(set_remove, "remove(self, item, /)", "Remove item.  Raises KeyError when it is not there.")
{
    Truth found = set_discard(vm, as_set(argv[0]), argv[1]);
    if (found == NO) return throw_value(vm, KeyError, argv[1]);
    return found == FAILED ? FAIL : NONE;
}

NATIVE(set_pop, "pop(self, /)",
       "Remove and return some item.  Raises KeyError when the set is empty.")
{
    Set *set = as_set(argv[0]);
    if (set->len == 0) {
        Ref text = str_from(vm, "pop from an empty set");
        if (!failed(text)) throw_value(vm, KeyError, text);
        decref(text);
        return FAIL;
    }
    ptrdiff_t i = set->head.aux & (set->size - 1); /* where the last pop stopped */
    while (!set_is_key(set->table[i].key)) i = (i + 1) & (set->size - 1);
    Ref key = set->table[i].key;
    set->table[i].key = FAIL;
    set->len--;
    set->head.aux = (uint32_t)(i + 1);
    return key;
}

NATIVE(set_clear_method, "clear(self, /)", "Remove all items.")
{
    set_clear(as_set(argv[0]));
    return NONE;
}

/* Applies operation to set with each operand. */
static Ref update_by(Vm *vm, Value self, Value operands, bool (*operation)(Vm *, Set *, Value))
{
    for (ptrdiff_t i = 0; i < tuple_len(operands); i++)
        if (!operation(vm, as_set(self), tuple_at(operands, i))) return FAIL;
    return NONE;
}

NATIVE(set_update_method, "update(self, /, *others)", "Add the items of all others.")
{
    return update_by(vm, argv[0], argv[1], set_update);
}

NATIVE(set_intersection_update_method, "intersection_update(self, /, *others)",
       "Keep what is in all others.")
{
    return update_by(vm, argv[0], argv[1], set_intersection_update);
}

NATIVE(set_difference_update_method, "difference_update(self, /, *others)",
       "Remove what is in any of the others.")
{
    return update_by(vm, argv[0], argv[1], set_difference_update);
}

NATIVE(set_symmetric_difference_update_method, "symmetric_difference_update(self, other, /)",
       "Keep what is in exactly one of the two.")
{
    return set_symmetric_difference_update(vm, as_set(argv[0]), argv[1]) ? NONE : FAIL;
}

NATIVE(frozenset_make, "new(cls, iterable=?, /)",
       "Return an immutable set of the items of iterable.")
{
    Type *cls = as_type(argv[0]);
    if (cls == type_builtin(vm, KIND_FROZENSET)) return frozenset_new(vm, argv[1]);
    return set_fill(vm, set_new_of(vm, cls), argv[1]);
}

NATIVE(set_reduce, "__reduce__(self, /)",
       "Return the class, a list of the items and the attributes, for pickling.")
{
    Ref items = list_from(vm, argv[0]), state = call_special(vm, argv[0], N(__getstate__), 0, NULL),
        out = FAIL;
    Ref args = failed(items) ? FAIL : tuple_pack(vm, 1, (Value)items);
    if (!failed(args) && !failed(state) && !absent(state))
        out = tuple_pack(vm, 3, borrow(type_of(vm, argv[0])), (Value)args, (Value)state);
    decref(items);
    decref(state);
    decref(args);
    return out;
}

#define METHODS_OF_BOTH                                                                            \
    &set_copy_def, &set_union_method_def, &set_intersection_method_def,                            \
        &set_difference_method_def, &set_symmetric_difference_method_def, &set_issubset_def,       \
        &set_issuperset_def, &set_isdisjoint_def, &class_getitem_def, &set_reduce_def

static const Native *const frozenset_methods[] = {METHODS_OF_BOTH, NULL};
static const Native *const set_methods[] = {
    METHODS_OF_BOTH,
    &set_add_method_def,
    &set_discard_method_def,
    &set_remove_def,
    &set_pop_def,
    &set_clear_method_def,
    &set_update_method_def,
    &set_intersection_update_method_def,
    &set_difference_update_method_def,
    &set_symmetric_difference_update_method_def,
    NULL,
};

/* ---- the iterator ---- */

static Ref set_iter_next(Vm *vm, Value self)
{
    SetIter *iter = as_set_iter(self);
    if (absent(iter->set)) return UNDEF;
    Set *set = as_set(iter->set);
    if (iter->left < 0 || iter->head.aux != (uint32_t)set->len) {
        iter->left = -1; /* for good */
        return throw(vm, RuntimeError, "Set changed size during iteration");
    }
    Value key;
    if (set_next(set, &iter->next, &key)) {
        if (iter->left > 0) iter->left--;
        return newref(key);
    }
    clear(&iter->set);
    return UNDEF;
}

NATIVE(set_iter_length_hint, "__length_hint__(self, /)", "Return the number of items left.")
{
    SetIter *iter = as_set_iter(argv[0]);
    return from_small(absent(iter->set) || iter->left < 0 ? 0 : iter->left);
}

static const Native *const set_iter_methods[] = {&set_iter_length_hint_def, &iterator_reduce_def,
                                                 NULL};

const TypeDef set_iter_type = {
    .name = "set_iterator",
    .doc = "Iterates over a set.",
    .size = sizeof(SetIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(SetIter, set)),
    .iter = iter_self,
    .next = set_iter_next,
    .methods = set_iter_methods,
};

const TypeDef set_type = {
    .name = "set",
    .doc = "A mutable collection of distinct hashable items.",
    .size = sizeof(Set),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_MATCH_SELF,
    .visit = set_visit,
    .clear = set_drop,
    .new = &set_make_def,
    .init = &set_init_def,
    .repr = set_repr,
    .compare = set_compare,
    .binary = set_binary,
    .inplace = set_inplace,
    .len = set_len,
    .contains = set_contains,
    .iter = set_iter,
    .methods = set_methods,
};

const TypeDef frozenset_type = {
    .name = "frozenset",
    .doc = "An immutable, hashable collection of distinct hashable items.",
    .size = sizeof(Set),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_MATCH_SELF,
    .visit = set_visit,
    .clear = set_drop,
    .new = &frozenset_make_def,
    .repr = set_repr,
    .hash = frozenset_hash,
    .compare = set_compare,
    .binary = set_binary,
    .len = set_len,
    .contains = set_contains,
    .iter = set_iter,
    .methods = frozenset_methods,
};
