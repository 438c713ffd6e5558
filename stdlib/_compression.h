/* _compression.h - what the modules over a compression library share.
 *
 * Each opens its library on import with dlopen; its functions are methods of one Library object of
 * the module, which holds the entry points and the module's exception.  A stream's work runs
 * without the interpreter lock, under the stream's own.
 * Neighbours: zlib.c, _bz2.c, _lzma.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_COMPRESSION_H
#define AIO_STDLIB_COMPRESSION_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "native.h"

/* ---- output: bytes in the making ---- */

typedef struct Output {
    unsigned char *data;
    size_t len, capacity;
    size_t most; /* stop at so many bytes */
} Output;

enum { OUTPUT_FIRST = 1 << 13 };
#define OUTPUT_ENDLESS ((size_t)PTRDIFF_MAX)

/* How many bytes may be written at data + len; 0: the limit is reached, or (data NULL) there is no
 * memory. */
static inline size_t output_room(Output *out)
{
    if (out->len == out->capacity && out->len < out->most) {
        size_t capacity = out->capacity ? out->capacity * 2 : OUTPUT_FIRST;
        if (capacity > out->most) capacity = out->most;
        unsigned char *data = realloc(out->data, capacity);
        if (!data) {
            free(out->data);
            *out = (Output){0};
            return 0;
        }
        out->data = data;
        out->capacity = capacity;
    }
    return out->capacity - out->len;
}
static inline Ref output_bytes(Vm *vm, const Output *out)
{
    return bytes_from(vm, out->data ? (char *)out->data : "", (ptrdiff_t)out->len);
}

/* ---- a stream's lock, taken without holding the interpreter's ---- */

static inline void stream_enter(Vm *vm, pthread_mutex_t *lock)
{
    gil_release(vm);
    pthread_mutex_lock(lock);
}
static inline void stream_leave(Vm *vm, pthread_mutex_t *lock)
{
    pthread_mutex_unlock(lock);
    gil_acquire(vm);
}

/* ---- the library ---- */

typedef struct Entry {
    const char *name;
    void *slot; /* of a function pointer */
} Entry;

/* Opens one of the files (NULL-terminated) and fills the entries; NULL: ImportError raised. */
static inline void *library_open(Vm *vm, const char *const *files, size_t count,
                                 const Entry *entries)
{
    void *library = NULL;
    for (size_t n = 0; !library && files[n]; n++) library = dlopen(files[n], RTLD_NOW | RTLD_LOCAL);
    for (size_t n = 0; library && n < count; n++) {
        void *entry = dlsym(library, entries[n].name);
        memcpy(entries[n].slot, &entry, sizeof entry);
        if (entry) continue;
        dlclose(library);
        library = NULL;
    }
    if (!library) throw(vm, ImportError, "the library %s cannot be opened", files[0]);
    return library;
}

/* Sets the methods of self as functions of the module. */
static inline bool module_bind(Vm *vm, Value module, Value self, const Native *const *methods)
{
    bool good = true;
    for (const Native *const *native = methods; good && *native; native++) {
        Ref name = native_name(vm, *native);
        Ref method = failed(name) ? FAIL : native_method(vm, *native, type_of(vm, self));
        Ref bound = failed(method) ? FAIL : native_bind(vm, as_native(method), self);
        decref(method);
        good = !failed(bound) && dict_set(vm, module_dict(module), name, bound);
        decref(bound);
        decref(name);
    }
    return good;
}

/* A new exception class module.name, which the module holds too; owned. */
static inline Ref module_exception(Vm *vm, Value module, const char *home, const char *name)
{
    Ref text = str_from(vm, name), bases = FAIL, namespace = dict_new(vm), class = FAIL;
    Ref home_text = str_from(vm, home);
    if (!failed(text)) bases = tuple_pack(vm, 1, borrow(exception_class(vm, Exception_)));
    if (!failed(bases) && !failed(namespace) && !failed(home_text) &&
        dict_set(vm, as_dict(namespace), N(__module__), home_text))
        class = type_make(vm, type_builtin(vm, KIND_TYPE), text, bases, namespace, NULL);
    decref(home_text);
    decref(namespace);
    decref(bases);
    decref(text);
    if (!failed(class) && !module_set(vm, module, name, newref(class))) replace(&class, FAIL);
    return class;
}

static inline Ref throw_class(Vm *vm, Value class, Ref text)
{
    Ref error = failed(text) ? FAIL : call1(vm, class, text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(text);
    return FAIL;
}

#endif
