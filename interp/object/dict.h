/* dict.h - ordered hash tables: a compact entry array and an index table.
 *
 * version names the set of keys and where they lie: it is 0 until a cache asks for it
 * (dict_version) and goes back to 0 whenever a key is added, removed or moved.  Storing a new value
 * under an old key does not change it, so a cache holding (version, entry index) reads the value
 * straight from entries. Neighbours: dictview.c, set.c, vm/specialise.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_DICT_H
#define AIO_OBJECT_DICT_H

#include "object/type.h"

typedef struct DictEntry {
    int64_t hash;
    Ref key, value; /* UNDEF: deleted */
} DictEntry;

typedef struct Dict {
    Container head;
    uint32_t version;  /* 0: not cached by anyone */
    int32_t log2_size; /* of index; -1: no table yet (up to 8 entries are searched linearly) */
    ptrdiff_t len;     /* live entries */
    ptrdiff_t used, capacity; /* entries used (live and deleted), entries allocated */
    DictEntry *entries;
    void *index;     /* int8, int16 or int32 entry numbers by log2_size; -1 empty, -2 deleted */
    ptrdiff_t front; /* the oldest live entry; those before it are holes */
} Dict;

enum { DICT_OF_MODULE = 1 }; /* head.aux: the namespace of a module (module.c sets it) */

static inline bool is_dict(Value v) { return is_kind(v, KIND_DICT); }
static inline Dict *as_dict(Value v) { return (Dict *)as_object(v); }

Ref dict_new(Vm *vm);
Ref dict_new_sized(Vm *vm, ptrdiff_t expected);
/* Moves pairs into dict, new and with room for them, as long as their keys are interned strs that
 * differ; how many were moved. */
ptrdiff_t dict_take_names(Dict *dict, Ref *pairs, ptrdiff_t count);
Value dict_get(Vm *vm, Dict *dict, Value key); /* borrowed; UNDEF: not there; FAIL: raised */
Value dict_get_name(Dict *dict, Value name);   /* name interned; never raises, never calls out */
Value dict_get_text(Vm *vm, Dict *dict, const char *name); /* UNDEF or FAIL likewise */
bool dict_set(Vm *vm, Dict *dict, Value key, Value value); /* borrows both */
bool dict_set_text(Vm *vm, Dict *dict, const char *name, Value value);
Truth dict_delete(Vm *vm, Dict *dict, Value key); /* NO: was not there (nothing raised) */
Ref dict_pop(Vm *vm, Dict *dict, Value key);      /* UNDEF: not there */
Truth dict_has(Vm *vm, Dict *dict, Value key);
Ref dict_copy(Vm *vm, Dict *dict);
void dict_clear(Dict *dict);
bool dict_update(Vm *vm, Dict *dict, Value mapping); /* dict.update(mapping or pairs) */
bool dict_merge_kwargs(Vm *vm, Dict *dict, Value mapping,
                       Value callee); /* **mapping in a call: raises when a key is there already */
/* Iterate: for (ptrdiff_t i = 0; dict_next(dict, &i, &key, &value);) borrowed; the dict must not
 * change meanwhile. */
bool dict_next(Dict *dict, ptrdiff_t *i, Value *key, Value *value);

/* For caches: the version (given now if it was 0) and the entry number of an interned name, or -1.
 */
uint32_t dict_version(Vm *vm, Dict *dict);
ptrdiff_t dict_entry_of(Dict *dict, Value name);

/* What is there under key (borrowed), else it is set to otherwise first. */
Value dict_set_default(Vm *vm, Dict *dict, Value key, Value otherwise);
/* Where the value under key lies (set to otherwise first when it is missing), until dict changes;
 * NULL: raised. */
Ref *dict_value_slot(Vm *vm, Dict *dict, Value key, Value otherwise);
Ref dict_pop_last(Vm *vm, Dict *dict);               /* (key, value) tuple; KeyError when empty */
Ref dict_pop_first(Vm *vm, Dict *dict);              /* the same from the other end */
Truth dict_move_last(Vm *vm, Dict *dict, Value key); /* NO: not there; amortised constant time */
Truth dict_move_first(Vm *vm, Dict *dict, Value key);
Truth dict_equal(Vm *vm, Dict *a, Dict *b);
bool dict_merge(Vm *vm, Dict *dict, Dict *other); /* update from a real dict */
Ref dict_from_keys(Vm *vm, Value iterable, Value value);
/* The hash of a key; a TypeError is reworded "cannot use 'list' as a dict key (...)". */
bool dict_hash_key(Vm *vm, Value key, int64_t *hash);
Value dict_get_hashed(Vm *vm, Dict *dict, Value key,
                      int64_t hash); /* dict_get when the hash is known */
bool dict_set_hashed(Vm *vm, Dict *dict, Value key, int64_t hash, Value value); /* likewise */
Truth dict_move_last_hashed(Vm *vm, Dict *dict, Value key, int64_t hash);

#endif
