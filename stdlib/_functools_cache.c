/* _functools_cache.c - what functools.lru_cache makes of a function.
 *
 * The results lie in a dict in the order of their last use: a hit moves its entry to the end, a
 * full cache drops the entry at the front.  A key is the only argument itself when it is an int or
 * a str, else the tuple of the arguments; keywords follow behind a mark, types behind those.
 * Neighbours: _functools.c (the module), object/dict.c (moving entries). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef lru_cache_type;

typedef struct LruCache {
    Container head;
    Ref function;
    Ref results;   /* dict */
    Ref info_type; /* called for cache_info() */
    int64_t most;  /* entries; -1: no bound */
    int64_t hits, misses;
    bool typed;
} LruCache;

/* Its class, which no script can get hold of, stands between arguments and keywords. */
static const TypeDef keyword_mark_type = {
    .name = "functools._keyword_mark",
    .doc = "Stands between arguments and keywords in a key.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
};

static LruCache *as_cache(Value v) { return (LruCache *)as_object(v); }

NATIVE(
    lru_cache_make, "new(cls, user_function, maxsize, typed, cache_info_type)",
    "Return a function that calls user_function once for each set of arguments and keeps what it\n"
    "returns: the maxsize results last used, or all.  typed: arguments of other types are others.")
{
    int64_t most = -1;
    Truth typed = value_truth(vm, argv[3]);
    if (!type_of(vm, argv[1])->slots.call)
        return throw(vm, TypeError, "the first argument must be callable");
    if (!is_none(argv[2]) && !type_of(vm, argv[2])->slots.index)
        return throw(vm, TypeError, "maxsize should be integer or None");
    if (typed == FAILED || (!is_none(argv[2]) && !int_index(vm, argv[2], &most))) return FAIL;
    Ref results = dict_new(vm);
    LruCache *self = failed(results) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(results);
        return FAIL;
    }
    self->function = newref(argv[1]);
    self->results = results;
    self->info_type = newref(argv[4]);
    self->most = is_none(argv[2]) ? -1 : most < 0 ? 0 : most;
    self->typed = typed;
    return from_object(self);
}

/* ---- keys ---- */

static Ref key_tuple(Vm *vm, const LruCache *self, const Args *args, ptrdiff_t named)
{
    ptrdiff_t argc = args->argc;
    ptrdiff_t len = argc + (named ? 1 + 2 * named : 0) + (self->typed ? argc + named : 0), n = 0;
    Ref key = tuple_new(vm, len);
    if (failed(key)) return FAIL;
    Ref *items = as_tuple(key)->items;
    for (ptrdiff_t i = 0; i < argc; i++) items[n++] = newref(args->argv[i]);
    if (named) items[n++] = newref(borrow(type_from_def(vm, &keyword_mark_type)));
    for (ptrdiff_t i = 0; i < named; i++) {
        items[n++] = newref(tuple_at(args->kwnames, i));
        items[n++] = newref(args->argv[argc + i]);
    }
    for (ptrdiff_t i = 0; self->typed && i < argc + named; i++)
        items[n++] = newref(borrow(type_of(vm, args->argv[i])));
    return key;
}

static Ref key_of(Vm *vm, const LruCache *self, const Args *args)
{
    ptrdiff_t named = absent(args->kwnames) ? 0 : tuple_len(args->kwnames);
    if (args->argc == 1 && !named && !self->typed) {
        Value only = args->argv[0];
        if (is_int(only) || is_exact(only, KIND_INT) || is_exact(only, KIND_STR))
            return newref(only);
    }
    if (!type_from_def(vm, &keyword_mark_type)) return FAIL;
    return key_tuple(vm, self, args, named);
}

/* ---- calling ---- */

/* The result under key, which becomes the one last used; UNDEF: none. */
static Ref find_result(Vm *vm, const LruCache *self, Dict *results, Value key, int64_t hash)
{
    if (self->most < 0) return newref(dict_get_hashed(vm, results, key, hash));
    Truth found = dict_move_last_hashed(vm, results, key, hash);
    if (found != YES) return found == NO ? UNDEF : FAIL;
    return newref(results->entries[results->used - 1].value);
}

/* Keeps a result unless the call itself has stored one. */
static bool keep_result(Vm *vm, const LruCache *self, Dict *results, Value key, int64_t hash,
                        Value result)
{
    if (self->most < 0) return dict_set_hashed(vm, results, key, hash, result);
    Value there = dict_get_hashed(vm, results, key, hash);
    if (!absent(there)) return !failed(there);
    if (results->len >= self->most && results->len > 0) {
        Ref oldest = dict_pop_first(vm, results);
        if (failed(oldest)) return false;
        decref(oldest);
    }
    return dict_set_hashed(vm, results, key, hash, result);
}

static Ref lru_cache_call(Vm *vm, Value v, const Args *args)
{
    LruCache *self = as_cache(v);
    Ref held = newref(v), key = self->most == 0 ? UNDEF : key_of(vm, self, args);
    Ref out = failed(key) ? FAIL : UNDEF;
    Dict *results = as_dict(self->results);
    int64_t hash = 0; /* asked for once, and here, so that the error speaks of no dict */
    if (!failed(key) && !absent(key))
        out = value_hash(vm, key, &hash) ? find_result(vm, self, results, key, hash) : FAIL;
    if (!failed(out) && !absent(out)) {
        self->hits++;
    } else if (absent(out)) {
        self->misses++;
        out = call_args(vm, self->function, args);
        if (!failed(out) && !absent(key) && !keep_result(vm, self, results, key, hash, out))
            replace(&out, FAIL);
    }
    decref(key);
    decref(held);
    return out;
}

static Ref lru_cache_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    return absent(object) || is_none(object) ? newref(self) : method_new(vm, self, object);
}

/* ---- methods ---- */

NATIVE(lru_cache_info, "cache_info(self, /)",
       "Return (hits, misses, maxsize, currsize) as a named tuple; maxsize None: no bound.")
{
    const LruCache *self = as_cache(argv[0]);
    Ref hits = from_int64(vm, self->hits), misses = from_int64(vm, self->misses);
    Ref most = self->most < 0 ? NONE : from_int64(vm, self->most), out = FAIL;
    Ref size = from_int64(vm, as_dict(self->results)->len);
    if (!failed(hits) && !failed(misses) && !failed(most) && !failed(size))
        out = call(vm, self->info_type, 4, (Value[]){hits, misses, most, size});
    decref(hits);
    decref(misses);
    decref(most);
    decref(size);
    return out;
}

NATIVE(lru_cache_clear, "cache_clear(self, /)", "Forget all results and begin to count again.")
{
    LruCache *self = as_cache(argv[0]);
    self->hits = self->misses = 0;
    dict_clear(as_dict(self->results));
    return NONE;
}

NATIVE(lru_cache_reduce, "__reduce__(self, /)", "Return its qualified name, for pickle.")
{
    return attr_get(vm, argv[0], N(__qualname__));
}

NATIVE(lru_cache_copy, "__copy__(self, /)", "Return the function itself.")
{
    return newref(argv[0]);
}

NATIVE(lru_cache_deepcopy, "__deepcopy__(self, memo, /)", "Return the function itself.")
{
    return newref(argv[0]);
}

static const Native *const lru_cache_methods[] = {
    &lru_cache_info_def, &lru_cache_clear_def,    &lru_cache_reduce_def,
    &lru_cache_copy_def, &lru_cache_deepcopy_def, NULL,
};
const TypeDef lru_cache_type = {
    .name = "functools._lru_cache_wrapper",
    .doc = "A function that keeps its results.",
    .size = sizeof(LruCache),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(LruCache, function), REF(LruCache, results), REF(LruCache, info_type)),
    .new = &lru_cache_make_def,
    .call = lru_cache_call,
    .descr_get = lru_cache_get,
    .methods = lru_cache_methods,
};
