/* dict.c - ordered hash tables.
 *
 * Entries lie in the order they were added; `index` maps hash -> entry number by open
 * addressing.  Up to SMALL entries there is no index and lookups scan.  A deleted entry leaves a
 * hole in entries and a mark (-2) in the index; Container.aux counts (at least) the marks whose
 * entry number is free again, holes at the end being given back, so no more than used + aux
 * slots of the index are not EMPTY.  Comparing keys may run script code that changes the dict:
 * the entry compared is held, and the search starts again when the table is no longer the same.
 * Layout: one block: entries[capacity], then index[1 << log2_size] of int8, int16 or int32.
 * Neighbours: dictview.c (views and iterators), set.c, vm/specialise.c. */
/* SPDX-License-Identifier: MIT */
#include "object/dict.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/callee.h"
#include "object/dictview.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/sequence.h"
#include "object/set.h"
#include "object/str.h"

enum { SMALL = 8, EMPTY = -1, DELETED = -2, NOT_FOUND = -1, RAISED = -2, CHANGED = -3 };

#define INLINE static inline __attribute__((always_inline))

/* ---- hashing ---- */

bool dict_hash_key(Vm *vm, Value key, int64_t *hash)
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
    if (value_hash(vm, key, hash)) return true;
    if (vm->error != UNDEF && type_of(vm, vm->error) == exception_class(vm, TypeError)) {
        Ref error = error_take(vm);
        throw(vm, TypeError, "cannot use '%T' as a dict key (%S)", key, (Value)error);
        decref(error);
    }
    return false;
}

/* ---- the index ---- */

static inline int index_width(int log2_size)
{
    return log2_size <= 7 ? 1 : log2_size <= 15 ? 2 : 4;
}

INLINE int32_t index_get(const void *index, uint64_t slot, int width)
{
    if (width == 1) return ((const int8_t *)index)[slot];
    if (width == 2) return ((const int16_t *)index)[slot];
    return ((const int32_t *)index)[slot];
}
INLINE void index_put(void *index, uint64_t slot, int width, int32_t entry)
{
    if (width == 1) ((int8_t *)index)[slot] = (int8_t)entry;
    else if (width == 2) ((int16_t *)index)[slot] = (int16_t)entry;
    else ((int32_t *)index)[slot] = entry;
}

/* The probe sequence: a full-period congruence stirred by the higher bits of the hash until they
 * are used up. */
typedef struct Probe {
    uint64_t slot, mask, stir;
} Probe;
INLINE Probe probe_start(const Dict *dict, int64_t hash)
{
    uint64_t mask = ((uint64_t)1 << dict->log2_size) - 1;
    return (Probe){(uint64_t)hash & mask, mask, (uint64_t)hash};
}
INLINE void probe_next(Probe *p)
{
    p->stir >>= 5;
    p->slot = (p->slot * 5 + p->stir + 1) & p->mask;
}

static void index_add(Dict *dict, int64_t hash, int32_t entry)
{
    int width = index_width(dict->log2_size);
    Probe p = probe_start(dict, hash);
    while (index_get(dict->index, p.slot, width) >= 0) probe_next(&p);
    if (dict->head.aux > 0 && index_get(dict->index, p.slot, width) == DELETED) dict->head.aux--;
    index_put(dict->index, p.slot, width, entry);
}

static void index_remove(Dict *dict, int64_t hash, int32_t entry)
{
    int width = index_width(dict->log2_size);
    Probe p = probe_start(dict, hash);
    while (index_get(dict->index, p.slot, width) != entry) probe_next(&p);
    index_put(dict->index, p.slot, width, DELETED);
}

/* ---- searching ---- */

/* Is entry i (whose hash equals the key's) the key?  1, 0; RAISED; CHANGED: the table is not the
 * same any more. */
static int entry_matches(Vm *vm, Dict *dict, ptrdiff_t i, Value key)
{
    DictEntry *entries = dict->entries;
    Ref held = entries[i].key;
    if (absent(held)) return 0;
    Truth same = quick_equal(held, key);
    if (same == FAILED) same = quick_equal_tuples(held, key);
    if (same != FAILED) return same;
    newref(held);
    uint32_t version = dict_version(vm, dict); /* any change of the table sets it to 0 */
    same = value_equal(vm, held, key);
    bool changed = dict->version != version || dict->entries != entries || i >= dict->used ||
                   entries[i].key != held;
    decref(held);
    if (same == FAILED) return RAISED;
    return changed ? CHANGED : same;
}

static ptrdiff_t find_small(Vm *vm, Dict *dict, Value key, int64_t hash)
{
    for (ptrdiff_t i = 0; i < dict->used; i++) {
        if (dict->entries[i].key == key) return i;
        if (dict->entries[i].hash != hash) continue;
        int same = entry_matches(vm, dict, i, key);
        if (same < 0) return same;
        if (same) return i;
    }
    return NOT_FOUND;
}

INLINE ptrdiff_t find_indexed(Vm *vm, Dict *dict, Value key, int64_t hash, int width)
{
    for (Probe p = probe_start(dict, hash);; probe_next(&p)) {
        int32_t i = index_get(dict->index, p.slot, width);
        if (i == EMPTY) return NOT_FOUND;
        if (i == DELETED) continue;
        DictEntry *entry = &dict->entries[i];
        if (entry->key == key) return i;
        if (entry->hash != hash) continue;
        int same = entry_matches(vm, dict, i, key);
        if (same < 0) return same;
        if (same) return i;
    }
}

static ptrdiff_t find_once(Vm *vm, Dict *dict, Value key, int64_t hash)
{
    if (dict->log2_size < 0) return find_small(vm, dict, key, hash);
    if (dict->log2_size <= 7) return find_indexed(vm, dict, key, hash, 1);
    if (dict->log2_size <= 15) return find_indexed(vm, dict, key, hash, 2);
    return find_indexed(vm, dict, key, hash, 4);
}

/* The entry number, NOT_FOUND or RAISED. */
static ptrdiff_t find(Vm *vm, Dict *dict, Value key, int64_t hash)
{
    ptrdiff_t i;
    do i = find_once(vm, dict, key, hash);
    while (i == CHANGED);
    return i;
}

ptrdiff_t dict_entry_of(Dict *dict, Value name)
{
    const Str *key = as_str(name);
    int64_t hash = key->hash;
    if (dict->log2_size < 0) {
        for (ptrdiff_t i = 0; i < dict->used; i++) {
            Value other = dict->entries[i].key;
            if (other == name) return i;
            if (dict->entries[i].hash == hash && is_kind(other, KIND_STR) &&
                str_equal(as_str(other), key))
                return i;
        }
        return -1;
    }
    int width = index_width(dict->log2_size);
    for (Probe p = probe_start(dict, hash);; probe_next(&p)) {
        int32_t i = index_get(dict->index, p.slot, width);
        if (i == EMPTY) return -1;
        if (i == DELETED) continue;
        Value other = dict->entries[i].key;
        if (other == name) return i;
        if (dict->entries[i].hash == hash && is_kind(other, KIND_STR) &&
            str_equal(as_str(other), key))
            return i;
    }
}

/* ---- storage ---- */

/* Entries that an index of this size may hold: two thirds, so that probes stay short and find an
 * EMPTY. */
static ptrdiff_t index_capacity(int log2_size) { return ((ptrdiff_t)2 << log2_size) / 3; }

static void *block_new(Vm *vm, ptrdiff_t capacity, int log2_size)
{
    if (log2_size > 31) {
        throw_no_memory(vm);
        return NULL;
    }
    size_t index_bytes = log2_size < 0 ? 0 : (size_t)index_width(log2_size) << log2_size;
    char *block = memory_new(vm, capacity * sizeof(DictEntry) + index_bytes);
    if (block && index_bytes) memset(block + capacity * sizeof(DictEntry), 0xFF, index_bytes);
    return block;
}

/* Where the entries of a small dict lie that was made for them: behind it. */
static inline DictEntry *place_behind(Dict *dict) { return (DictEntry *)(void *)(dict + 1); }

static inline void block_free(Dict *dict, DictEntry *entries)
{
    if (entries != place_behind(dict)) memory_free(entries);
}

/* The size for a table of `expected` entries. */
static void choose_size(ptrdiff_t expected, ptrdiff_t *capacity, int *log2_size)
{
    if (expected <= SMALL) {
        *log2_size = -1;
        *capacity = expected <= 4 ? 4 : SMALL;
        return;
    }
    int log2 = 5;
    while (log2 < 40 && index_capacity(log2) < expected) log2++;
    *log2_size = log2;
    *capacity = index_capacity(log2);
}

/* Moves the live entries into a block with room for `expected`, behind `gap` holes. */
static bool dict_resize_behind(Vm *vm, Dict *dict, ptrdiff_t expected, ptrdiff_t gap)
{
    ptrdiff_t capacity;
    int log2_size;
    choose_size(expected + gap, &capacity, &log2_size);
    DictEntry *old = dict->entries, *entries = old;
    if (capacity != dict->capacity || gap) {
        entries = block_new(vm, capacity, log2_size);
        if (!entries) return false;
    } else if (log2_size >= 0) {
        memset(dict->index, 0xFF, (size_t)index_width(log2_size) << log2_size);
    }
    ptrdiff_t n = gap;
    if (gap) memset(entries, 0, gap * sizeof *entries);
    for (ptrdiff_t i = dict->front; i < dict->used; i++)
        if (!absent(old[i].key)) entries[n++] = old[i];
    dict->entries = entries;
    dict->index = log2_size < 0 ? NULL : (void *)(entries + capacity);
    dict->log2_size = log2_size;
    dict->used = n;
    dict->front = gap;
    dict->capacity = capacity;
    dict->version = 0;
    dict->head.aux = 0;
    if (log2_size >= 0)
        for (ptrdiff_t i = gap; i < n; i++) index_add(dict, entries[i].hash, (int32_t)i);
    if (entries != old) block_free(dict, old);
    return true;
}

/* The same, closing the holes. */
static bool dict_resize(Vm *vm, Dict *dict, ptrdiff_t expected)
{
    return dict_resize_behind(vm, dict, expected, 0);
}

/* Makes room for one more entry. */
static bool dict_grow(Vm *vm, Dict *dict)
{
    ptrdiff_t wanted = dict->len < SMALL ? dict->len + 1 : dict->len + dict->len / 2 + 1;
    return dict_resize(vm, dict, wanted);
}

static inline bool is_full(const Dict *dict)
{
    return dict->used + (ptrdiff_t)dict->head.aux >= dict->capacity;
}

/* Appends an entry whose key is not there; there is room. */
static inline void dict_add_last(Dict *dict, DictEntry entry)
{
    if (dict->log2_size >= 0) index_add(dict, entry.hash, (int32_t)dict->used);
    dict->entries[dict->used++] = entry;
    dict->len++;
    dict->version = 0;
}

/* Appends an entry for a key that is not there; borrows both. */
static bool dict_append(Vm *vm, Dict *dict, Value key, int64_t hash, Value value)
{
    if (is_full(dict) && !dict_grow(vm, dict)) return false;
    dict_add_last(dict, (DictEntry){hash, newref(key), newref(value)});
    return true;
}

ptrdiff_t dict_take_names(Dict *dict, Ref *pairs, ptrdiff_t count)
{
    if (count > SMALL) return 0;
    for (ptrdiff_t n = 0; n < count; n++) {
        Ref key = pairs[2 * n];
        if (!is_exact(key, KIND_STR) || !as_str(key)->interned) return n;
        for (ptrdiff_t i = 0; i < n; i++)
            if (dict->entries[i].key == key) return n;
        dict_add_last(dict,
                      (DictEntry){as_str(key)->hash, take(&pairs[2 * n]), take(&pairs[2 * n + 1])});
    }
    return count;
}

/* The last entry becomes a live one. */
static void dict_trim(Dict *dict)
{
    while (dict->used > 0 && absent(dict->entries[dict->used - 1].key)) {
        dict->used--;
        if (dict->log2_size >= 0) dict->head.aux++;
    }
    if (dict->front > dict->used) dict->front = dict->used;
}

/* Takes entry i out; its key and value become the caller's.  Its place stays a hole, also at the
 * end: a key that comes back is a new entry to an iterator that has passed the old one. */
static DictEntry dict_take(Dict *dict, ptrdiff_t i)
{
    DictEntry taken = dict->entries[i];
    if (dict->log2_size >= 0) index_remove(dict, taken.hash, (int32_t)i);
    dict->entries[i].key = dict->entries[i].value = UNDEF;
    dict->len--;
    dict->version = 0;
    while (dict->front < dict->used && absent(dict->entries[dict->front].key)) dict->front++;
    return taken;
}

Ref dict_new(Vm *vm)
{
    Dict *dict = object_new(vm, type_builtin(vm, KIND_DICT)->shape, sizeof(Dict));
    if (!dict) return FAIL;
    dict->log2_size = -1;
    return from_object(dict);
}

/* A dict with room for `capacity` entries, few enough for a dict without index, behind it. */
static Ref dict_new_small(Vm *vm, ptrdiff_t capacity)
{
    Dict *dict = object_new_open(vm, type_builtin(vm, KIND_DICT)->shape,
                                 sizeof(Dict) + capacity * sizeof(DictEntry), sizeof(Dict));
    if (!dict) return FAIL;
    dict->log2_size = -1;
    dict->capacity = capacity;
    dict->entries = place_behind(dict);
    return from_object(dict);
}

Ref dict_new_sized(Vm *vm, ptrdiff_t expected)
{
    if (expected <= 0) return dict_new(vm);
    ptrdiff_t capacity;
    int log2_size;
    choose_size(expected, &capacity, &log2_size);
    if (log2_size < 0) return dict_new_small(vm, capacity);
    Ref dict = dict_new(vm);
    if (failed(dict) || dict_resize(vm, as_dict(dict), expected)) return dict;
    decref(dict);
    return FAIL;
}

void dict_clear(Dict *dict)
{
    DictEntry *entries = dict->entries;
    ptrdiff_t used = dict->used;
    dict->entries = NULL;
    dict->index = NULL;
    dict->log2_size = -1;
    dict->len = dict->used = dict->capacity = dict->front = 0;
    dict->head.aux = 0;
    dict->version = 0;
    for (ptrdiff_t i = 0; i < used; i++) {
        decref(entries[i].key);
        decref(entries[i].value);
    }
    block_free(dict, entries);
}

/* ---- reading ---- */

Value dict_get_hashed(Vm *vm, Dict *dict, Value key, int64_t hash)
{
    ptrdiff_t i = find(vm, dict, key, hash);
    if (i >= 0) return dict->entries[i].value;
    return i == NOT_FOUND ? UNDEF : FAIL;
}

Value dict_get(Vm *vm, Dict *dict, Value key)
{
    int64_t hash;
    if (!dict_hash_key(vm, key, &hash)) return FAIL;
    return dict_get_hashed(vm, dict, key, hash);
}

Value dict_get_name(Dict *dict, Value name)
{
    ptrdiff_t i = dict_entry_of(dict, name);
    return i < 0 ? UNDEF : dict->entries[i].value;
}

Value dict_get_text(Vm *vm, Dict *dict, const char *name)
{
    Ref key = str_from(vm, name);
    if (failed(key)) return FAIL;
    Value value = dict_get(vm, dict, key);
    decref(key);
    return value;
}

Truth dict_has(Vm *vm, Dict *dict, Value key)
{
    Value value = dict_get(vm, dict, key);
    return failed(value) ? FAILED : !absent(value);
}

bool dict_next(Dict *dict, ptrdiff_t *i, Value *key, Value *value)
{
    if (*i < dict->front) *i = dict->front;
    for (; *i < dict->used; ++*i) {
        DictEntry *entry = &dict->entries[*i];
        if (absent(entry->key)) continue;
        *key = entry->key;
        *value = entry->value;
        ++*i;
        return true;
    }
    return false;
}

uint32_t dict_version(Vm *vm, Dict *dict)
{
    if (dict->version == 0 && vm->interp->dict_version != UINT32_MAX)
        dict->version = ++vm->interp->dict_version;
    return dict->version;
}

/* ---- writing ---- */

bool dict_set_hashed(Vm *vm, Dict *dict, Value key, int64_t hash, Value value)
{
    ptrdiff_t i = find(vm, dict, key, hash);
    if (i >= 0) {
        replace(&dict->entries[i].value, newref(value));
        return true;
    }
    return i == NOT_FOUND && dict_append(vm, dict, key, hash, value);
}

bool dict_set(Vm *vm, Dict *dict, Value key, Value value)
{
    int64_t hash;
    return dict_hash_key(vm, key, &hash) && dict_set_hashed(vm, dict, key, hash, value);
}

bool dict_set_text(Vm *vm, Dict *dict, const char *name, Value value)
{
    Ref key = str_interned(vm, name);
    if (failed(key)) return false;
    bool ok = dict_set(vm, dict, key, value);
    decref(key);
    return ok;
}

Ref *dict_value_slot(Vm *vm, Dict *dict, Value key, Value otherwise)
{
    int64_t hash;
    if (!dict_hash_key(vm, key, &hash)) return NULL;
    ptrdiff_t i = find(vm, dict, key, hash);
    if (i >= 0) return &dict->entries[i].value;
    if (i == RAISED || !dict_append(vm, dict, key, hash, otherwise)) return NULL;
    return &dict->entries[dict->used - 1].value;
}

Value dict_set_default(Vm *vm, Dict *dict, Value key, Value otherwise)
{
    const Ref *slot = dict_value_slot(vm, dict, key, otherwise);
    return slot ? *slot : FAIL;
}

Ref dict_pop(Vm *vm, Dict *dict, Value key)
{
    if (dict->len == 0) { /* CPython does not hash here either */
        return UNDEF;
    }
    int64_t hash;
    if (!dict_hash_key(vm, key, &hash)) return FAIL;
    ptrdiff_t i = find(vm, dict, key, hash);
    if (i < 0) return i == NOT_FOUND ? UNDEF : FAIL;
    DictEntry entry = dict_take(dict, i);
    decref(entry.key);
    return entry.value;
}

Truth dict_delete(Vm *vm, Dict *dict, Value key)
{
    int64_t hash;
    if (!dict_hash_key(vm, key, &hash)) return FAILED;
    ptrdiff_t i = find(vm, dict, key, hash);
    if (i < 0) return i == NOT_FOUND ? NO : FAILED;
    DictEntry entry = dict_take(dict, i);
    decref(entry.key);
    decref(entry.value);
    return YES;
}

/* Entry i of a dict that is not empty leaves it as a (key, value) tuple. */
static Ref dict_pop_entry(Vm *vm, Dict *dict, ptrdiff_t i)
{
    Ref pair = tuple_new(vm, 2);
    if (failed(pair)) return FAIL;
    DictEntry entry = dict_take(dict, i);
    as_tuple(pair)->items[0] = entry.key;
    as_tuple(pair)->items[1] = entry.value;
    return pair;
}

Ref dict_pop_last(Vm *vm, Dict *dict)
{
    if (dict->len == 0) return throw(vm, KeyError, "popitem(): dictionary is empty");
    dict_trim(dict);
    return dict_pop_entry(vm, dict, dict->used - 1);
}

Ref dict_pop_first(Vm *vm, Dict *dict)
{
    if (dict->len == 0) return throw(vm, KeyError, "popitem(): dictionary is empty");
    return dict_pop_entry(vm, dict, dict->front);
}

/* The entry of key: YES, NO or FAILED. */
static Truth dict_place(Vm *vm, Dict *dict, Value key, ptrdiff_t *i)
{
    int64_t hash;
    if (!dict_hash_key(vm, key, &hash)) return FAILED;
    *i = find(vm, dict, key, hash);
    return *i >= 0 ? YES : *i == NOT_FOUND ? NO : FAILED;
}

Truth dict_move_last_hashed(Vm *vm, Dict *dict, Value key, int64_t hash)
{
    ptrdiff_t i = find(vm, dict, key, hash);
    if (i < 0) return i == NOT_FOUND ? NO : FAILED;
    if (i == dict->used - 1) return YES;
    if (is_full(dict)) {
        ptrdiff_t rank = 0;
        for (ptrdiff_t k = dict->front; k < i; k++) rank += !absent(dict->entries[k].key);
        if (!dict_grow(vm, dict)) return FAILED;
        i = rank;
    }
    dict_add_last(dict, dict_take(dict, i));
    return YES;
}

Truth dict_move_last(Vm *vm, Dict *dict, Value key)
{
    int64_t hash;
    return dict_hash_key(vm, key, &hash) ? dict_move_last_hashed(vm, dict, key, hash) : FAILED;
}

/* Makes holes before the first entry, so many that moving n entries there costs O(n). */
static bool dict_open_front(Vm *vm, Dict *dict)
{
    ptrdiff_t spare = dict->len / 2 + 1;
    return dict_resize_behind(vm, dict, dict->len + spare, spare);
}

Truth dict_move_first(Vm *vm, Dict *dict, Value key)
{
    ptrdiff_t i;
    Truth found = dict_place(vm, dict, key, &i);
    if (found != YES || i == dict->front) return found;
    if (dict->front == 0 || is_full(dict)) {
        ptrdiff_t rank = 0;
        for (ptrdiff_t k = dict->front; k < i; k++) rank += !absent(dict->entries[k].key);
        if (!dict_open_front(vm, dict)) return FAILED;
        i = dict->front + rank;
    }
    ptrdiff_t front = dict->front - 1; /* i lies behind: taking it leaves front alone */
    DictEntry entry = dict_take(dict, i);
    if (dict->log2_size >= 0) {
        dict->head.aux++; /* the hole it fills may have a mark */
        index_add(dict, entry.hash, (int32_t)front);
    }
    dict->entries[dict->front = front] = entry;
    dict->len++;
    dict->version = 0;
    return YES;
}

/* Is dict's block worth copying as it is: mostly used, no holes? */
static bool is_compact(const Dict *dict)
{
    return dict->len == dict->used && dict->len > dict->capacity / 2;
}

/* Fills copy, which has no block or an empty one like it, with a copy of dict's. */
static bool copy_block(Vm *vm, Dict *copy, const Dict *dict)
{
    DictEntry *entries = copy->entries;
    if (!entries) entries = block_new(vm, dict->capacity, dict->log2_size);
    if (!entries) return false;
    memcpy(entries, dict->entries, dict->used * sizeof *entries);
    if (dict->log2_size >= 0) {
        copy->index = entries + dict->capacity;
        memcpy(copy->index, dict->index, (size_t)index_width(dict->log2_size) << dict->log2_size);
    }
    copy->entries = entries;
    copy->log2_size = dict->log2_size;
    copy->len = copy->used = dict->used;
    copy->capacity = dict->capacity;
    copy->version = 0;
    copy->head.aux = dict->head.aux; /* no holes: front is 0 */
    for (ptrdiff_t i = 0; i < copy->used; i++) {
        newref(entries[i].key);
        newref(entries[i].value);
    }
    return true;
}

Ref dict_copy(Vm *vm, Dict *dict)
{
    bool small = dict->capacity && dict->log2_size < 0 && is_compact(dict);
    Ref out = small ? dict_new_small(vm, dict->capacity) : dict_new(vm);
    if (failed(out)) return out;
    if (small ? copy_block(vm, as_dict(out), dict) : dict_merge(vm, as_dict(out), dict)) return out;
    decref(out);
    return FAIL;
}

/* dict.update(other) for a real dict: hashes are known.  Comparing keys may change either. */
bool dict_merge(Vm *vm, Dict *dict, Dict *other)
{
    if (dict == other || other->len == 0) return true;
    if (dict->capacity == 0 && is_compact(other)) return copy_block(vm, dict, other);
    if (dict->capacity - dict->used < other->len && dict->len < other->len &&
        !dict_resize(vm, dict, dict->len + other->len))
        return false;
    bool fresh = dict->len == 0;
    ptrdiff_t expected = other->len;
    for (ptrdiff_t i = 0; i < other->used; i++) {
        DictEntry *entry = &other->entries[i];
        if (absent(entry->key)) continue;
        if (fresh) {
            if (!dict_append(vm, dict, entry->key, entry->hash, entry->value)) return false;
            continue;
        }
        Ref key = newref(entry->key), value = newref(entry->value);
        bool ok = dict_set_hashed(vm, dict, key, entry->hash, value);
        decref(key);
        decref(value);
        if (!ok) return false;
        if (other->len != expected) {
            throw(vm, RuntimeError, "dict mutated during update");
            return false;
        }
    }
    return true;
}

static Truth entry_equal(Vm *vm, DictEntry *entry, Dict *b)
{
    Ref key = newref(entry->key), value = newref(entry->value);
    int64_t hash = entry->hash;
    Value found = dict_get_hashed(vm, b, key, hash);
    Truth same = NO;
    if (failed(found)) {
        same = FAILED;
    } else if (!absent(found) && (same = quick_equal(value, found)) == FAILED) {
        Ref other = newref(found);
        same = value_equal(vm, value, other);
        decref(other);
    }
    decref(key);
    decref(value);
    return same;
}

Truth dict_equal(Vm *vm, Dict *a, Dict *b)
{
    if (a->len != b->len) return NO;
    for (ptrdiff_t i = 0; i < a->used; i++) {
        if (absent(a->entries[i].key)) continue;
        Truth same = entry_equal(vm, &a->entries[i], b);
        if (same != YES) return same;
    }
    return YES;
}

/* ---- update ---- */

/* One element of a sequence of pairs. */
static bool update_pair(Vm *vm, Dict *dict, Value element, ptrdiff_t number)
{
    if (!type_of(vm, element)->slots.iter && !type_of(vm, element)->slots.get_item) {
        throw(vm, TypeError, "cannot convert dictionary update sequence element #%zd to a sequence",
              number);
        return false;
    }
    Ref pair = tuple_from(vm, element);
    if (failed(pair)) return false;
    bool ok = false;
    if (tuple_len(pair) != 2)
        throw(vm, ValueError,
              "dictionary update sequence element #%zd has length %zd; 2 is required", number,
              tuple_len(pair));
    else ok = dict_set(vm, dict, tuple_at(pair, 0), tuple_at(pair, 1));
    decref(pair);
    return ok;
}

typedef struct Update {
    Dict *dict;
    Value mapping;
    ptrdiff_t number;
} Update;

static bool update_each_pair(Vm *vm, Value element, void *context)
{
    Update *update = context;
    return update_pair(vm, update->dict, element, update->number++);
}

static bool update_each_key(Vm *vm, Value key, void *context)
{
    Update *update = context;
    Ref value = value_get_item(vm, update->mapping, key);
    if (failed(value)) return false;
    bool ok = dict_set(vm, update->dict, key, value);
    decref(value);
    return ok;
}

/* Iterates over mapping.keys(). */
static bool iterate_keys(Vm *vm, Value mapping, bool (*each)(Vm *, Value, void *), void *context)
{
    Ref keys = call_method(vm, mapping, N(keys), 0, NULL);
    if (failed(keys)) return false;
    bool ok = iterate(vm, keys, each, context);
    decref(keys);
    return ok;
}

/* A dict whose class does not change how it is read. */
static bool is_plain(const Vm *vm, Value v)
{
    if (!is_dict(v)) return false;
    return is_exact(v, KIND_DICT) ||
           type_of(vm, v)->slots.iter == type_builtin(vm, KIND_DICT)->slots.iter;
}

bool dict_update(Vm *vm, Dict *dict, Value mapping)
{
    if (is_plain(vm, mapping)) return dict_merge(vm, dict, as_dict(mapping));
    Update update = {dict, mapping, 0};
    Ref keys = attr_get_or_absent(vm, mapping, N(keys));
    if (failed(keys)) return false;
    if (absent(keys)) return iterate(vm, mapping, update_each_pair, &update);
    decref(keys);
    return iterate_keys(vm, mapping, update_each_key, &update);
}

/* Raises a TypeError that begins with the callee: "f() got multiple values for keyword argument
 * 'a'". */
static bool kwargs_error(Vm *vm, Value callee, const char *format, Value value)
{
    Ref name = callee_text(vm, callee);
    if (failed(name)) return false;
    throw(vm, TypeError, format, (Value)name, value);
    decref(name);
    return false;
}

typedef struct Kwargs {
    Dict *dict;
    Value mapping, callee;
} Kwargs;

static bool given_twice(Vm *vm, const Kwargs *kwargs, Value key)
{
    return kwargs_error(vm, kwargs->callee, "%S got multiple values for keyword argument '%S'",
                        key);
}

static bool add_keyword(Vm *vm, Kwargs *kwargs, Value key, Value value)
{
    ptrdiff_t len = kwargs->dict->len;
    Value old = dict_set_default(vm, kwargs->dict, key, value);
    if (failed(old)) return false;
    return kwargs->dict->len > len || given_twice(vm, kwargs, key);
}

static bool add_each_keyword(Vm *vm, Value key, void *context)
{
    Kwargs *kwargs = context;
    Value old = dict_get(vm, kwargs->dict, key);
    if (failed(old)) return false;
    if (!absent(old)) return given_twice(vm, kwargs, key);
    Ref value = value_get_item(vm, kwargs->mapping, key);
    if (failed(value)) return false;
    bool ok = add_keyword(vm, kwargs, key, value);
    decref(value);
    return ok;
}

bool dict_merge_kwargs(Vm *vm, Dict *dict, Value mapping, Value callee)
{
    Kwargs kwargs = {dict, mapping, callee};
    if (is_plain(vm, mapping)) {
        Value key, value;
        bool ok = true;
        for (ptrdiff_t i = 0; ok && dict_next(as_dict(mapping), &i, &key, &value);) {
            Ref held_key = newref(key), held = newref(value); /* what is no str may run code */
            ok = add_keyword(vm, &kwargs, key, value);
            decref(held_key);
            decref(held);
        }
        return ok;
    }
    Ref keys = attr_get_or_absent(vm, mapping, N(keys));
    if (failed(keys)) return false;
    if (absent(keys))
        return kwargs_error(vm, callee, "%S argument after ** must be a mapping, not %T", mapping);
    decref(keys);
    return iterate_keys(vm, mapping, add_each_keyword, &kwargs);
}

typedef struct FromKeys {
    Value target, value;
} FromKeys;

static bool from_keys_each(Vm *vm, Value key, void *context)
{
    FromKeys *state = context;
    if (is_exact(state->target, KIND_DICT))
        return dict_set(vm, as_dict(state->target), key, state->value);
    return value_set_item(vm, state->target, key, state->value);
}

/* A key of a dict or set brings its hash along. */
static bool from_hashed_key(Vm *vm, Dict *dict, Value key, int64_t hash, Value value)
{
    Ref held = newref(key);
    bool ok = dict_set_hashed(vm, dict, held, hash, value);
    decref(held);
    return ok;
}

static bool fill_from_keys(Vm *vm, Value target, Value iterable, Value value)
{
    bool ok = true, plain = is_exact(target, KIND_DICT);
    if (plain && is_exact(iterable, KIND_DICT)) {
        const Dict *from = as_dict(iterable);
        for (ptrdiff_t i = 0; ok && i < from->used; i++)
            if (!absent(from->entries[i].key))
                ok = from_hashed_key(vm, as_dict(target), from->entries[i].key,
                                     from->entries[i].hash, value);
        return ok;
    }
    if (plain && (is_exact(iterable, KIND_SET) || is_exact(iterable, KIND_FROZENSET))) {
        Value key;
        int64_t hash;
        for (ptrdiff_t i = 0; ok && set_next_entry(as_set(iterable), &i, &key, &hash);)
            ok = from_hashed_key(vm, as_dict(target), key, hash, value);
        return ok;
    }
    FromKeys state = {target, value};
    return iterate(vm, iterable, from_keys_each, &state);
}

Ref dict_from_keys(Vm *vm, Value iterable, Value value)
{
    Ref dict = dict_new(vm);
    if (failed(dict) || fill_from_keys(vm, dict, iterable, value)) return dict;
    decref(dict);
    return FAIL;
}

/* ---- slots ---- */

static ptrdiff_t dict_len(Vm *vm __attribute__((unused)), Value self) { return as_dict(self)->len; }

static Ref dict_get_item(Vm *vm, Value self, Value key)
{
    Value value = dict_get(vm, as_dict(self), key);
    if (!absent(value)) return newref(value);
    if (!is_exact(self, KIND_DICT)) {
        Ref out = call_special(vm, self, N(__missing__), 1, &key);
        if (!absent(out)) return out;
    }
    return throw_value(vm, KeyError, key);
}

static bool dict_set_item(Vm *vm, Value self, Value key, Value value)
{
    if (!absent(value)) return dict_set(vm, as_dict(self), key, value);
    Truth found = dict_delete(vm, as_dict(self), key);
    if (found == NO) throw_value(vm, KeyError, key);
    return found == YES;
}

static Truth dict_contains(Vm *vm, Value self, Value key)
{
    return dict_has(vm, as_dict(self), key);
}

static Ref dict_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_dict(b) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    Truth same = dict_equal(vm, as_dict(a), as_dict(b));
    return same == FAILED ? FAIL : from_bool(same == (op == CMP_EQUAL));
}

static bool repr_entries(Vm *vm, StrBuilder *text, Dict *dict)
{
    bool first = true;
    for (ptrdiff_t i = 0; i < dict->used; i++) {
        if (absent(dict->entries[i].key)) continue;
        Ref key = newref(dict->entries[i].key), value = newref(dict->entries[i].value);
        bool ok = (first || builder_ascii(vm, text, ", ", 2)) && builder_repr(vm, text, key) &&
                  builder_ascii(vm, text, ": ", 2) && builder_repr(vm, text, value);
        decref(key);
        decref(value);
        if (!ok) return false;
        first = false;
    }
    return true;
}

static Ref dict_repr(Vm *vm, Value self)
{
    if (as_dict(self)->len == 0) return str_from_ascii(vm, "{}", 2);
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from_ascii(vm, "{...}", 5);
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_ascii(vm, &text, "{", 1) && repr_entries(vm, &text, as_dict(self)) &&
              builder_ascii(vm, &text, "}", 1);
    repr_leave(vm, self);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static Ref dict_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR || !is_dict(a) || !is_dict(b)) return NOT_IMPLEMENTED;
    Ref out = dict_copy(vm, as_dict(a));
    if (failed(out) || dict_update(vm, as_dict(out), b)) return out;
    decref(out);
    return FAIL;
}

static Ref dict_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR) return NOT_IMPLEMENTED;
    return dict_update(vm, as_dict(a), b) ? newref(a) : FAIL;
}

static Ref dict_iter(Vm *vm, Value self)
{
    return dict_iter_new(vm, KIND_DICT_KEY_ITER, self, false);
}

static void dict_visit(Object *self, Visit *visit, void *context)
{
    Dict *dict = (Dict *)self;
    for (ptrdiff_t i = 0; i < dict->used; i++) {
        if (is_heap(dict->entries[i].key)) visit(&dict->entries[i].key, context);
        if (is_heap(dict->entries[i].value)) visit(&dict->entries[i].value, context);
    }
}

static void dict_drop(Object *self) { dict_clear((Dict *)self); }

/* ---- methods ---- */

NATIVE(dict_make, "new(cls, /, *args=?, **kwargs=?)", "Return an empty dict; __init__ fills it.")
{
    Dict *dict = type_instance(vm, as_type(argv[0]));
    if (!dict) return FAIL;
    dict->log2_size = -1;
    return from_object(dict);
}

/* kwargs was made for this call by the binder: its block becomes dict's. */
static void adopt_kwargs(Dict *dict, Dict *kwargs)
{
    dict->entries = kwargs->entries;
    dict->index = kwargs->index;
    dict->log2_size = kwargs->log2_size;
    dict->len = kwargs->len;
    dict->used = kwargs->used;
    dict->capacity = kwargs->capacity;
    dict->front = kwargs->front;
    dict->head.aux = kwargs->head.aux;
    dict->version = kwargs->version = 0;
    kwargs->entries = NULL;
    kwargs->index = NULL;
    kwargs->log2_size = -1;
    kwargs->len = kwargs->used = kwargs->capacity = kwargs->front = 0;
    kwargs->head.aux = 0;
}

/* What dict(...) and update(...) share. */
static bool update_from_arguments(Vm *vm, Dict *dict, Value mapping, Value kwargs)
{
    if (!absent(mapping) && !dict_update(vm, dict, mapping)) return false;
    if (absent(kwargs) || as_dict(kwargs)->len == 0) return true;
    if (dict->capacity == 0 && as_object(kwargs)->count == 1) {
        adopt_kwargs(dict, as_dict(kwargs));
        return true;
    }
    return dict_merge(vm, dict, as_dict(kwargs));
}

NATIVE(dict_init, "__init__(self, mapping=?, /, **kwargs=?)",
       "Add the entries of mapping (or of its (key, value) pairs), then those given by keyword.")
{
    return update_from_arguments(vm, as_dict(argv[0]), argv[1], argv[2]) ? NONE : FAIL;
}

NATIVE(dict_update_method, "update(self, mapping=?, /, **kwargs=?)",
       "Add the entries of mapping (or of its (key, value) pairs), then those given by keyword;\n"
       "entries that are there already get the new value.")
{
    return update_from_arguments(vm, as_dict(argv[0]), argv[1], argv[2]) ? NONE : FAIL;
}

NATIVE(dict_get_method, "get(self, key, default=None, /)",
       "Return the value under key, default if there is none.")
{
    Value value = dict_get(vm, as_dict(argv[0]), argv[1]);
    return newref(absent(value) ? argv[2] : value);
}

NATIVE(dict_setdefault, "setdefault(self, key, default=None, /)",
       "Return the value under key; when there is none, it becomes default first.")
{
    return newref(dict_set_default(vm, as_dict(argv[0]), argv[1], argv[2]));
}

NATIVE(dict_pop_method, "pop(self, key, default=?, /)",
       "Remove key and return its value.\n"
       "When it is not there, return default, or raise KeyError if none was given.")
{
    Ref value = dict_pop(vm, as_dict(argv[0]), argv[1]);
    if (!absent(value)) return value;
    return absent(argv[2]) ? throw_value(vm, KeyError, argv[1]) : newref(argv[2]);
}

NATIVE(dict_popitem, "popitem(self, /)",
       "Remove the newest entry and return it as (key, value).\nRaises KeyError when the dict is "
       "empty.")
{
    return dict_pop_last(vm, as_dict(argv[0]));
}

NATIVE(dict_keys, "keys(self, /)", "Return a view of the keys.")
{
    return dict_view_new(vm, KIND_DICT_KEYS, argv[0]);
}

NATIVE(dict_values, "values(self, /)", "Return a view of the values.")
{
    return dict_view_new(vm, KIND_DICT_VALUES, argv[0]);
}

NATIVE(dict_items, "items(self, /)", "Return a view of the entries as (key, value) tuples.")
{
    return dict_view_new(vm, KIND_DICT_ITEMS, argv[0]);
}

NATIVE(dict_clear_method, "clear(self, /)", "Remove all entries.")
{
    dict_clear(as_dict(argv[0]));
    return NONE;
}

NATIVE(dict_copy_method, "copy(self, /)", "Return a shallow copy.")
{
    return dict_copy(vm, as_dict(argv[0]));
}

NATIVE_CLASS(dict_fromkeys, "fromkeys(cls, iterable, value=None, /)",
             "Return a new dict with the items of iterable as keys, value under each.")
{
    if (argv[0] == borrow(type_builtin(vm, KIND_DICT))) return dict_from_keys(vm, argv[1], argv[2]);
    Ref dict = call0(vm, argv[0]);
    if (failed(dict) || fill_from_keys(vm, dict, argv[1], argv[2])) return dict;
    decref(dict);
    return FAIL;
}

NATIVE(dict_reversed, "__reversed__(self, /)", "Return an iterator over the keys, newest first.")
{
    return dict_iter_new(vm, KIND_DICT_KEY_ITER, argv[0], true);
}

static const Native *const dict_methods[] = {
    &dict_update_method_def, &dict_get_method_def,
    &dict_setdefault_def,    &dict_pop_method_def,
    &dict_popitem_def,       &dict_keys_def,
    &dict_values_def,        &dict_items_def,
    &dict_clear_method_def,  &dict_copy_method_def,
    &dict_fromkeys_def,      &dict_reversed_def,
    &class_getitem_def,      NULL,
};

const TypeDef dict_type = {
    .name = "dict",
    .doc = "A mapping that keeps the order in which keys were added.\n"
           "dict(mapping), dict(pairs) and dict(a=1, b=2) fill it.",
    .size = sizeof(Dict),
    .flags = TYPE_CONTAINER | TYPE_MAPPING | TYPE_MATCH_SELF,
    .visit = dict_visit,
    .clear = dict_drop,
    .new = &dict_make_def,
    .init = &dict_init_def,
    .repr = dict_repr,
    .compare = dict_compare,
    .binary = dict_binary,
    .inplace = dict_inplace,
    .len = dict_len,
    .get_item = dict_get_item,
    .set_item = dict_set_item,
    .contains = dict_contains,
    .iter = dict_iter,
    .methods = dict_methods,
};
