/* _library.h - what the modules over a library of the system share.
 *
 * Each opens its library on import with dlopen; one Library object of the module holds the entry
 * points and the module's exception.
 * Neighbours: _compression.h, zlib.c, _expat.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_LIBRARY_H
#define AIO_STDLIB_LIBRARY_H

#include <dlfcn.h>

#include "native.h"

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

/* Sets the methods of self as functions of the module, whose name in home is for scripts. */
static inline bool module_bind(Vm *vm, Value module, Value self, const Native *const *methods,
                               const char *home)
{
    Ref shown = str_interned(vm, home);
    bool good = !failed(shown);
    for (const Native *const *native = methods; good && *native; native++) {
        Ref name = native_name(vm, *native);
        Ref method = failed(name) ? FAIL : native_method(vm, *native, type_of(vm, self));
        Ref bound = failed(method) ? FAIL : native_bind(vm, as_native(method), self);
        decref(method);
        if (!failed(bound)) replace(&as_native(bound)->module, newref(shown));
        good = !failed(bound) && dict_set(vm, module_dict(module), name, bound);
        decref(bound);
        decref(name);
    }
    decref(shown);
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

/* The object "_library" of a module; owned. */
static inline Ref library_of_module(Vm *vm, const char *name)
{
    Ref module = import_text(vm, name);
    Ref library = failed(module) ? FAIL : attr_get_text(vm, module, "_library");
    decref(module);
    return library;
}

#endif
