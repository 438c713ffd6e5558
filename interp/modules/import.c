/* import.c - finding, loading and caching modules.
 *
 * Order: sys.modules, natives, then each place of sys.path; "<stdlib>" there stands for the embedded library.  In a folder
 * name/__init__.aio, name/__init__.py, name.aio and name.py are tried in this order; a folder without __init__ is a
 * namespace package.
 * Neighbours: vm/import.h (the contract), registry.h, embedded.h. */
/* SPDX-License-Identifier: MIT */
#include "vm/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "compiler/compiler.h"
#include "modules/embedded.h"
#include "modules/registry.h"
#include "modules/source.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/frame.h"

static Dict *modules(Vm *vm) { return as_dict(vm->interp->modules); }

/* ---- making a module from source ---- */

typedef struct Place { /* where a module was found */
    Ref file;      /* str; UNDEF for a namespace package */
    Ref path;      /* list: __path__ of a package; UNDEF: no package */
    const Embedded *embedded;
} Place;

static void place_close(Place *place)
{
    decref(place->file);
    decref(place->path);
}

static bool run_source(Vm *vm, Value module, const char *text, ptrdiff_t len, Value file)
{
    Ref code = compile_source(vm, text, len, file, PARSE_FILE, 0);
    if (failed(code)) return false;
    Ref result = run_code(vm, as_code(code), module_dict(module), UNDEF);
    decref(code);
    decref(result);
    return !failed(result);
}

static bool run_place(Vm *vm, Value module, const Place *place)
{
    if (place->embedded)
        return run_source(vm, module, (const char *)place->embedded->source, (ptrdiff_t)place->embedded->length,
                          place->file);
    if (absent(place->file)) return true;
    ptrdiff_t len;
    char *text = source_read(vm, place->file, &len);
    if (!text) return false;
    bool good = run_source(vm, module, text, len, place->file);
    free(text);
    return good;
}

/* Everything before the last dot; the empty str when there is none. */
static Ref parent_of(Vm *vm, Value name)
{
    ptrdiff_t dot = as_str(name)->len - 1;
    while (dot >= 0 && str_at(as_str(name), dot) != '.') dot--;
    return str_slice(vm, name, 0, dot < 0 ? 0 : dot);
}

static bool set_place(Vm *vm, Value module, Value name, const Place *place)
{
    Dict *dict = module_dict(module);
    if (!absent(place->file) && !dict_set(vm, dict, N(__file__), place->file)) return false;
    if (!absent(place->path)) return dict_set(vm, dict, N(__path__), place->path) && dict_set(vm, dict, N(__package__), name);
    Ref package = parent_of(vm, name);
    bool good = !failed(package) && dict_set(vm, dict, N(__package__), package);
    decref(package);
    return good;
}

static Ref load_place(Vm *vm, Value name, const Place *place)
{
    Ref module = module_new(vm, name, UNDEF);
    if (failed(module)) return FAIL;
    if (!set_place(vm, module, name, place) || !dict_set(vm, modules(vm), name, module)) goto fail;
    if (!run_place(vm, module, place)) {
        Ref error = error_take(vm);
        if (dict_delete(vm, modules(vm), name) == FAILED) error_clear(vm);
        error_restore(vm, error);
        goto fail;
    }
    decref(module);
    Value now = dict_get(vm, modules(vm), name); /* a module may replace itself */
    return absent(now) ? throw(vm, KeyError, "%R", name) : newref(now);
fail:
    decref(module);
    return FAIL;
}

/* ---- finding ---- */

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}
static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool set_file(Vm *vm, Place *place, const char *file)
{
    place->file = str_from(vm, file);
    return !failed(place->file);
}

static bool set_package(Vm *vm, Place *place, const char *folder)
{
    Ref text = str_from(vm, folder);
    if (failed(text)) return false;
    Value item = text;
    place->path = list_from_values(vm, 1, &item);
    decref(text);
    return !failed(place->path);
}

/* Looks for base in one folder.  YES: place is filled; NO: not here. */
static Truth find_in_folder(Vm *vm, const char *folder, const char *base, Place *place, Ref *namespace)
{
    static const char *const suffixes[] = {"/__init__.aio", "/__init__.py", ".aio", ".py"};
    char stem[4096], path[4200];
    int len = snprintf(stem, sizeof stem, "%s%s%s", folder, folder[0] ? "/" : "", base);
    if (len < 0 || len >= (int)sizeof stem) return NO;
    for (int n = 0; n < 4; n++) {
        snprintf(path, sizeof path, "%s%s", stem, suffixes[n]);
        if (!is_file(path)) continue;
        if (n < 2 && !set_package(vm, place, stem)) return FAILED;
        return set_file(vm, place, path) ? YES : FAILED;
    }
    if (!is_folder(stem)) return NO;
    if (absent(*namespace)) {
        *namespace = list_new(vm, 1);
        if (failed(*namespace)) return FAILED;
    }
    Ref text = str_from(vm, stem);
    return !failed(text) && list_push(vm, as_list(*namespace), text) ? NO : FAILED;
}

static const Embedded *find_embedded(const char *name)
{
    for (const Embedded *entry = embedded_modules; entry->name; entry++)
        if (strcmp(entry->name, name) == 0) return entry;
    return NULL;
}

static Truth find_in_library(Vm *vm, const char *name, Place *place)
{
    const Embedded *entry = find_embedded(name);
    if (!entry) return NO;
    char file[340], folder[300];
    size_t len = 0;
    len += (size_t)snprintf(folder, sizeof folder, "<stdlib>/");
    for (const char *at = name; *at && len < sizeof folder - 1; at++) folder[len++] = *at == '.' ? '/' : *at;
    folder[len] = 0;
    snprintf(file, sizeof file, "%s%s", folder, entry->is_package ? "/__init__.aio" : ".aio");
    place->embedded = entry;
    if (entry->is_package && !set_package(vm, place, folder)) return FAILED;
    return set_file(vm, place, file) ? YES : FAILED;
}

/* path: a list of folders; name: the full dotted name; base: its last part. */
static Truth find(Vm *vm, Value path, const char *name, const char *base, Place *place)
{
    Ref namespace = UNDEF;
    Truth found = NO;
    for (ptrdiff_t n = 0; is_list(path) && n < as_list(path)->len && found == NO; n++) {
        Value item = as_list(path)->items[n];
        if (!is_str(item)) continue;
        char *owned = NULL;
        const char *folder = str_utf8(vm, item, NULL, &owned);
        if (!folder) found = FAILED;
        else if (strncmp(folder, "<stdlib>", 8) == 0) found = find_in_library(vm, name, place);
        else found = find_in_folder(vm, folder, base, place, &namespace);
        memory_free(owned);
    }
    if (found == NO && !absent(namespace)) {
        place->path = namespace;
        return YES;
    }
    decref(namespace);
    return found;
}

static const ModuleDef *find_native(const char *name)
{
    for (const ModuleDef *const *def = native_modules; *def; def++)
        if (strcmp((*def)->name, name) == 0) return *def;
    return NULL;
}

/* sys.meta_path finders a script has put there. */
static Ref find_by_script(Vm *vm, Value name, Value path)
{
    if (absent(vm->interp->sys)) return UNDEF; /* sys itself is being imported */
    Value finders = dict_get_text(vm, as_dict(vm->interp->sys), "meta_path");
    if (!is_list(finders)) return UNDEF;
    for (ptrdiff_t n = 0; n < as_list(finders)->len; n++) {
        Ref spec = call_method(vm, as_list(finders)->items[n], N(find_spec), 2,
                               (Value[]){name, absent(path) ? (Value)NONE : path});
        if (failed(spec)) return FAIL;
        if (spec == NONE) continue;
        Ref bootstrap = import_text(vm, "importlib");
        Ref module = failed(bootstrap) ? FAIL : call_method(vm, bootstrap, N(_load_spec), 1, (Value[]){spec});
        decref(bootstrap);
        decref(spec);
        return module;
    }
    return UNDEF;
}

static Ref raise_not_found(Vm *vm, Value name, Value parent)
{
    Ref text = absent(parent) ? format_text(vm, "No module named %R", name)
                              : format_text(vm, "No module named %R; %R is not a package", name, parent);
    if (failed(text)) return FAIL;
    throw_value(vm, ModuleNotFoundError, text);
    decref(text);
    Ref error = error_take(vm);
    attr_set(vm, error, N(name), name);
    error_restore(vm, error);
    return FAIL;
}

/* Loads name, which is not in sys.modules; path UNDEF: sys.path. */
static Ref load(Vm *vm, Value name, Value path)
{
    char *owned = NULL;
    const char *text = str_utf8(vm, name, NULL, &owned);
    if (!text) return FAIL;
    Ref module = find_by_script(vm, name, path);
    if (absent(module)) {
        const ModuleDef *native = find_native(text);
        const char *dot = strrchr(text, '.');
        Place place = {UNDEF, UNDEF, NULL};
        if (native) {
            module = module_from_def(vm, native);
            if (!failed(module) && !dict_set(vm, modules(vm), name, module)) {
                decref(module);
                module = FAIL;
            }
        } else {
            Value folders = absent(path) ? dict_get_name(as_dict(vm->interp->sys), N(path)) : path;
            Truth found = find(vm, folders, text, dot ? dot + 1 : text, &place);
            module = found == YES ? load_place(vm, name, &place) : found == NO ? raise_not_found(vm, name, UNDEF) : FAIL;
        }
        place_close(&place);
    }
    memory_free(owned);
    return module;
}

Ref import_absolute(Vm *vm, Value name)
{
    Value known = dict_get(vm, modules(vm), name);
    if (failed(known)) return FAIL;
    if (known == NONE) {
        Ref text = format_text(vm, "import of %S halted; None in sys.modules", name);
        if (!failed(text)) throw_value(vm, ModuleNotFoundError, text);
        decref(text);
        return FAIL;
    }
    if (!absent(known)) return newref(known);
    if (!recursion_enter(vm)) return FAIL;
    Ref parent_name = parent_of(vm, name), module = FAIL;
    if (failed(parent_name)) goto done;
    ptrdiff_t prefix = as_str(parent_name)->len;
    if (prefix == 0) {
        module = load(vm, name, UNDEF);
        goto done;
    }
    Ref parent = import_absolute(vm, parent_name);
    if (failed(parent)) goto done;
    known = dict_get(vm, modules(vm), name); /* the parent may have imported it */
    if (!absent(known)) {
        module = newref(known);
    } else {
        Ref path = attr_get_or_absent(vm, parent, N(__path__));
        if (absent(path)) module = raise_not_found(vm, name, parent_name);
        else if (!failed(path)) module = load(vm, name, path);
        decref(path);
        if (!failed(module)) {
            Ref base = str_slice(vm, name, prefix + 1, as_str(name)->len);
            base = failed(base) ? FAIL : str_intern(vm, base);
            if (failed(base) || !attr_set(vm, parent, base, module)) {
                decref(module);
                module = FAIL;
            }
            decref(base);
        }
    }
    decref(parent);
done:
    decref(parent_name);
    recursion_leave(vm);
    return module;
}

Ref import_text(Vm *vm, const char *name)
{
    Ref text = str_interned(vm, name);
    Ref module = failed(text) ? FAIL : import_absolute(vm, text);
    decref(text);
    return module;
}

/* ---- relative names ---- */

static Ref package_of(Vm *vm, Dict *globals)
{
    Value package = globals ? dict_get_name(globals, N(__package__)) : (Value)UNDEF;
    if (is_str(package)) return newref(package);
    Value name = globals ? dict_get_name(globals, N(__name__)) : (Value)UNDEF;
    if (!is_str(name)) return throw(vm, KeyError, "'__name__' not in globals");
    return absent(dict_get_name(globals, N(__path__))) ? parent_of(vm, name) : newref(name);
}

static Ref absolute_name(Vm *vm, Value name, Dict *globals, int level)
{
    Ref package = package_of(vm, globals);
    if (failed(package)) return FAIL;
    if (as_str(package)->len == 0) {
        decref(package);
        return throw(vm, ImportError, "attempted relative import with no known parent package");
    }
    for (int n = 1; n < level; n++) {
        Ref parent = parent_of(vm, package);
        decref(package);
        if (failed(parent)) return FAIL;
        if (as_str(parent)->len == 0) {
            decref(parent);
            return throw(vm, ImportError, "attempted relative import beyond top-level package");
        }
        package = parent;
    }
    if (as_str(name)->len == 0) return package;
    Ref full = format_text(vm, "%S.%S", (Value)package, name);
    decref(package);
    return full;
}

/* Submodules named in a fromlist are imported too. */
static bool import_fromlist(Vm *vm, Value module, Value fromlist)
{
    Ref path = attr_get_or_absent(vm, module, N(__path__));
    if (absent(path) || failed(path)) return !failed(path);
    decref(path);
    Ref package = attr_get(vm, module, N(__name__));
    if (failed(package)) return false;
    bool good = true;
    for (ptrdiff_t n = 0; good && n < tuple_len(fromlist); n++) {
        Value item = tuple_at(fromlist, n);
        if (!is_str(item) || str_is(item, "*")) continue;
        Ref have = attr_get_or_absent(vm, module, item);
        good = !failed(have);
        if (!absent(have)) {
            decref(have);
            continue;
        }
        Ref full = format_text(vm, "%S.%S", (Value)package, item);
        Ref submodule = failed(full) ? FAIL : import_absolute(vm, full);
        if (failed(submodule) && error_is(vm, ModuleNotFoundError)) {
            Value missing = exception_field(vm->error, 1);
            if (is_str(missing) && !failed(full) && str_equal(as_str(missing), as_str(full))) error_clear(vm);
        }
        good = absent(vm->error);
        decref(submodule);
        decref(full);
    }
    decref(package);
    return good;
}

Ref import_module(Vm *vm, Value name, Dict *globals, Value fromlist, int level)
{
    if (!is_str(name)) return throw(vm, TypeError, "module name must be a string");
    if (level < 0) return throw(vm, ValueError, "level must be >= 0");
    if (level == 0 && as_str(name)->len == 0) return throw(vm, ValueError, "Empty module name");
    Ref full = level ? absolute_name(vm, name, globals, level) : newref(name);
    if (failed(full)) return FAIL;
    Ref module = import_absolute(vm, full);
    bool from = is_tuple(fromlist) && tuple_len(fromlist) > 0;
    if (!failed(module) && from && !import_fromlist(vm, module, fromlist)) {
        decref(module);
        module = FAIL;
    }
    if (!failed(module) && !from && level == 0) { /* import a.b.c gives a */
        ptrdiff_t dot = 0;
        while (dot < as_str(name)->len && str_at(as_str(name), dot) != '.') dot++;
        if (dot < as_str(name)->len) {
            Ref top = str_slice(vm, name, 0, dot);
            decref(module);
            module = failed(top) ? FAIL : import_absolute(vm, top);
            decref(top);
        }
    }
    decref(full);
    return module;
}
