/* import.c - finding, loading and caching modules.
 *
 * Order: sys.modules, then the finders of sys.meta_path.  The two that matter stand for functions
 * here: modules written in C, then each place of sys.path, where "<stdlib>" is the embedded
 * library.  In a folder name/__init__.aio, name/__init__.py, name.aio and name.py are tried in this
 * order; a folder without __init__ is a namespace package.
 * What scripts add (finders, path hooks, loaders) is called through
 * stdlib/importlib/_bootstrap.aio.
 * Neighbours: vm/import.h (the contract), spec.h (specs and loaders), registry.h, embedded.h, imp.c
 * (module _imp). */
/* SPDX-License-Identifier: MIT */
#include "vm/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compiler/compiler.h"
#include "modules/embedded.h"
#include "modules/registry.h"
#include "modules/source.h"
#include "modules/spec.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/frame.h"

static Dict *modules(Vm *vm) { return as_dict(vm->interp->modules); }

/* Everything before the last dot; the empty str when there is none. */
static Ref parent_of(Vm *vm, Value name)
{
    ptrdiff_t dot = as_str(name)->len - 1;
    while (dot >= 0 && str_at(as_str(name), dot) != '.') dot--;
    return str_slice(vm, name, 0, dot < 0 ? 0 : dot);
}

/* An entry of sys, borrowed, or UNDEF. */
static Value sys_get(Vm *vm, Value name)
{
    return absent(vm->interp->sys) ? (Value)UNDEF : dict_get_name(as_dict(vm->interp->sys), name);
}

/* ---- the library in the binary ---- */

#define LIBRARY "<stdlib>"

static const Embedded *find_embedded(const char *name)
{
    for (const Embedded *entry = embedded_modules; entry->name; entry++)
        if (strcmp(entry->name, name) == 0) return entry;
    return NULL;
}

/* "<stdlib>/a/b.aio" or ".../b/__init__.aio": the module a.b; NULL: the path leads elsewhere. */
static const Embedded *embedded_at(const char *path)
{
    size_t prefix = strlen(LIBRARY "/"), len = strlen(path);
    char name[300];
    if (len <= prefix + 4 || len - prefix >= sizeof name || strncmp(path, LIBRARY "/", prefix) != 0)
        return NULL;
    if (strcmp(path + len - 4, ".aio") != 0) return NULL;
    size_t used = len - prefix - 4;
    memcpy(name, path + prefix, used);
    bool package = used > 9 && memcmp(name + used - 9, "/__init__", 9) == 0;
    if (package) used -= 9;
    name[used] = 0;
    for (size_t n = 0; n < used; n++)
        if (name[n] == '/') name[n] = '.';
    const Embedded *entry = find_embedded(name);
    return entry && entry->is_package == package ? entry : NULL;
}

const Embedded *import_embedded(Vm *vm, Value path)
{
    if (!is_str(path) || as_str(path)->len < 9 || str_at(as_str(path), 0) != '<') return NULL;
    char *owned = NULL;
    const char *text = str_utf8(vm, path, NULL, &owned);
    const Embedded *entry = text ? embedded_at(text) : NULL;
    if (!text) error_clear(vm);
    memory_free(owned);
    return entry;
}

/* ---- finding in folders ---- */

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

/* The spec of a source file; folder: of the package whose __init__ it is, else NULL. */
static Ref source_spec(Vm *vm, Value name, const char *file, const char *folder)
{
    Ref path = UNDEF, text = str_from(vm, file);
    if (folder && !failed(text)) {
        Ref item = str_from(vm, folder);
        path = failed(item) ? FAIL : list_from_refs(vm, 1, &item);
    }
    Ref spec = failed(text) || failed(path) ? FAIL : spec_for_source(vm, name, text, path);
    decref(text);
    decref(path);
    return spec;
}

/* folder/base, absolute; false: too long. */
static bool make_stem(char *stem, size_t size, const char *folder, const char *base)
{
    char here[4096] = "";
    if (folder[0] != '/' && !getcwd(here, sizeof here)) here[0] = 0;
    if (strcmp(folder, ".") == 0) folder = "";
    int len = snprintf(stem, size, "%s%s%s%s%s", here, here[0] && folder[0] ? "/" : "", folder,
                       here[0] || folder[0] ? "/" : "", base);
    return len > 0 && (size_t)len < size;
}

/* Looks for base in one folder: its spec, or UNDEF.  A folder without __init__ is added to
 * namespace. */
static Ref find_in_folder(Vm *vm, const char *folder, Value name, const char *base, Ref *namespace)
{
    static const char *const suffixes[] = {"/__init__.aio", "/__init__.py", ".aio", ".py"};
    char stem[8192], path[8300];
    if (!make_stem(stem, sizeof stem, folder, base)) return UNDEF;
    bool there = is_folder(stem);
    for (int n = there ? 0 : 2; n < 4; n++) {
        snprintf(path, sizeof path, "%s%s", stem, suffixes[n]);
        if (is_file(path)) return source_spec(vm, name, path, n < 2 ? stem : NULL);
    }
    if (!there) return UNDEF;
    if (absent(*namespace)) {
        *namespace = list_new(vm, 1);
        if (failed(*namespace)) return take(namespace);
    }
    Ref text = str_from(vm, stem);
    return !failed(text) && list_push(vm, as_list(*namespace), text) ? UNDEF : FAIL;
}

static Ref find_in_library(Vm *vm, Value name, const char *text)
{
    const Embedded *entry = find_embedded(text);
    if (!entry) return UNDEF;
    char file[340], folder[300] = LIBRARY "/";
    size_t len = strlen(folder);
    for (const char *at = text; *at && len < sizeof folder - 1; at++)
        folder[len++] = *at == '.' ? '/' : *at;
    folder[len] = 0;
    snprintf(file, sizeof file, "%s%s", folder, entry->is_package ? "/__init__.aio" : ".aio");
    return source_spec(vm, name, file, entry->is_package ? folder : NULL);
}

/* Have scripts changed how places are searched? */
static bool has_own_hooks(Vm *vm)
{
    Value hooks = sys_get(vm, N(path_hooks)), cache = sys_get(vm, N(path_importer_cache));
    return !path_hooks_are_own(hooks) || (is_dict(cache) && as_dict(cache)->len > 0);
}

/* What a finder of sys.path_hooks says of one place: its spec, or UNDEF. */
static Ref find_by_hooks(Vm *vm, Value place, Value name, Ref *namespace)
{
    Ref bootstrap = import_text(vm, "importlib._bootstrap");
    Ref search = failed(bootstrap) ? FAIL : attr_get_text(vm, bootstrap, "find_by_hooks");
    Ref spec = failed(search) ? FAIL : call2(vm, search, place, name);
    decref(search);
    decref(bootstrap);
    if (failed(spec) || spec != NONE) {
        Ref folders = failed(spec) ? FAIL : attr_get(vm, spec, N(submodule_search_locations));
        Ref loader = failed(folders) ? FAIL : attr_get(vm, spec, N(loader));
        bool only_folders = !failed(loader) && loader == NONE && folders != NONE;
        bool good = !failed(loader);
        if (good && only_folders && absent(*namespace)) *namespace = list_new(vm, 1);
        if (good && only_folders)
            good = !failed(*namespace) && list_extend(vm, as_list(*namespace), folders);
        decref(folders);
        decref(loader);
        if (good && !only_folders) return spec;
        decref(spec);
        return good ? UNDEF : FAIL;
    }
    return UNDEF;
}

/* Looks in a folder; what is below a file (ENOTDIR) may be in a zip file, which a hook opens: not
 * importlib, which the hooks need. */
static Ref find_in_place(Vm *vm, Value place, const char *folder, Value name, const char *base,
                         Ref *namespace)
{
    errno = 0;
    Ref spec = find_in_folder(vm, folder, name, base, namespace);
    bool below_file = absent(spec) && errno == ENOTDIR && !str_is(name, "importlib") &&
                      !str_is(name, "importlib._bootstrap");
    return below_file ? find_by_hooks(vm, place, name, namespace) : spec;
}

Ref import_find(Vm *vm, Value name, Value places)
{
    char *owned = NULL;
    ptrdiff_t len;
    const char *text = str_utf8(vm, name, &len, &owned);
    if (!text) return FAIL;
    if (strlen(text) != (size_t)len) { /* no file has a NUL in its name */
        memory_free(owned);
        return UNDEF;
    }
    const char *dot = strrchr(text, '.'), *base = dot ? dot + 1 : text;
    Ref namespace = UNDEF, spec = UNDEF;
    Ref list = is_list(places) ? newref(places) : list_from(vm, places);
    if (failed(list)) spec = FAIL;
    for (ptrdiff_t n = 0; absent(spec) && n < as_list(list)->len; n++) {
        Value item = list_at(as_list(list), n);
        if (!is_str(item)) continue;
        char *place_owned = NULL;
        const char *place = str_utf8(vm, item, NULL, &place_owned);
        if (!place) spec = FAIL;
        else if (strncmp(place, LIBRARY, strlen(LIBRARY)) == 0)
            spec = find_in_library(vm, name, text);
        else if (has_own_hooks(vm)) spec = find_by_hooks(vm, item, name, &namespace);
        else spec = find_in_place(vm, item, place, name, base, &namespace);
        memory_free(place_owned);
    }
    decref(list);
    if (absent(spec) && !absent(namespace)) spec = spec_for_namespace(vm, name, namespace);
    decref(namespace);
    memory_free(owned);
    return spec;
}

Ref import_find_in_folder(Vm *vm, Value folder, Value name)
{
    char *owned = NULL, *folder_owned = NULL;
    const char *text = str_utf8(vm, name, NULL, &owned),
               *place = text ? str_utf8(vm, folder, NULL, &folder_owned) : NULL;
    Ref namespace = UNDEF, spec = FAIL;
    if (place) {
        const char *dot = strrchr(text, '.');
        spec = find_in_folder(vm, place, name, dot ? dot + 1 : text, &namespace);
        if (absent(spec) && !absent(namespace)) {
            replace(&spec, spec_for_portion(vm, name, namespace));
        }
    }
    decref(namespace);
    memory_free(owned);
    memory_free(folder_owned);
    return spec;
}

static const ModuleDef *find_native(const char *name)
{
    for (const NativeModule *row = native_modules; row->def; row++)
        if (strcmp(row->name, name) == 0) return row->def;
    return NULL;
}

static const ModuleDef *native_named(Vm *vm, Value name)
{
    char *owned = NULL;
    ptrdiff_t len;
    const char *text = str_utf8(vm, name, &len, &owned);
    const ModuleDef *def = text && strlen(text) == (size_t)len ? find_native(text) : NULL;
    if (!text) error_clear(vm);
    memory_free(owned);
    return def;
}

Ref import_find_builtin(Vm *vm, Value name)
{
    return native_named(vm, name) ? spec_for_builtin(vm, name) : UNDEF;
}

/* What the import system itself is written in is found whatever sys.path says, as long as nothing
 * there has the same name: FrozenImporter stands for that. */
static Ref find_essential(Vm *vm, Value name)
{
    static const char *const essential[] = {
        "importlib", "zipimport",        "os",     "posixpath", "genericpath", "stat", "abc",
        "_py_abc",   "_collections_abc", "codecs", "io",        "runpy",       "site", NULL,
    };
    for (int n = 0; essential[n]; n++)
        if (str_is(name, essential[n])) return find_in_library(vm, name, essential[n]);
    return UNDEF;
}

/* The spec of name by the finders of sys.meta_path; UNDEF: nobody knows it. */
static Ref find_spec(Vm *vm, Value name, Value path)
{
    Value finders = sys_get(vm, N(meta_path));
    if (!is_list(finders)) return import_find_builtin(vm, name); /* builtins and sys, at start-up */
    Ref spec = UNDEF, list = newref(finders);
    bool frozen = false;
    for (ptrdiff_t n = 0; absent(spec) && n < as_list(list)->len; n++) {
        Ref finder = newref(list_at(as_list(list), n));
        if (loader_is_builtin(vm, finder)) {
            spec = import_find_builtin(vm, name);
        } else if (finder_is_path(vm, finder)) {
            Value places = absent(path) ? sys_get(vm, N(path)) : path;
            if (!absent(places)) spec = import_find(vm, name, places);
        } else if (finder_is_frozen(vm, finder)) {
            frozen = true;
        } else {
            Value last = absent(path) ? (Value)NONE : path;
            spec = call_method(vm, finder, N(find_spec), 3, (Value[]){name, last, NONE});
            if (spec == NONE) spec = UNDEF;
        }
        decref(finder);
    }
    decref(list);
    return absent(spec) && frozen && absent(path) ? find_essential(vm, name) : spec;
}

/* ---- loading ---- */

static bool run_source(Vm *vm, Value module, Value file)
{
    const Embedded *embedded = import_embedded(vm, file);
    ptrdiff_t len = embedded ? (ptrdiff_t)embedded->length : 0;
    char *text = embedded ? NULL : source_read(vm, file, &len);
    if (!embedded && !text) return false;
    Ref code = compile_source(vm, embedded ? (const char *)embedded->source : text, len, file,
                              PARSE_FILE, 0);
    free(text);
    if (failed(code)) return false;
    Ref result = run_code(vm, as_code(code), module_dict(module), UNDEF);
    decref(code);
    decref(result);
    return !failed(result);
}

/* __spec__, __loader__, __package__, __file__, __path__ */
static bool set_names(Vm *vm, Value module, Value spec)
{
    Dict *dict = module_dict(module);
    Value path = spec_get(spec, N(submodule_search_locations)), origin = spec_get(spec, N(origin));
    Ref package = attr_get_text(vm, spec, "parent");
    bool good = !failed(package) && dict_set(vm, dict, N(__package__), package) &&
                dict_set(vm, dict, N(__loader__), spec_get(spec, N(loader))) &&
                dict_set(vm, dict, N(__spec__), spec) &&
                (spec_get(spec, N(_set_fileattr)) == TRUE ? dict_set(vm, dict, N(__file__), origin)
                 : path != NONE                           ? dict_set(vm, dict, N(__file__), NONE)
                                                          : true) &&
                (path == NONE || dict_set(vm, dict, N(__path__), path));
    decref(package);
    return good;
}

/* A failed import leaves nothing in sys.modules. */
static void forget(Vm *vm, Value name)
{
    Ref error = error_take(vm);
    if (dict_delete(vm, modules(vm), name) == FAILED) error_clear(vm);
    error_restore(vm, error);
}

Ref import_load_builtin(Vm *vm, Value spec)
{
    Ref name = attr_get(vm, spec, N(name));
    Ref module = FAIL;
    if (failed(name)) return FAIL;
    const ModuleDef *def = is_str(name) ? native_named(vm, name) : NULL;
    if (def) module = module_from_def(vm, def);
    else throw(vm, ImportError, "%R is not a built-in module", (Value)name);
    decref(name);
    return module;
}

static Ref load_builtin(Vm *vm, Value name, Value spec)
{
    Ref module = import_load_builtin(vm, spec);
    if (!failed(module) && set_names(vm, module, spec) && dict_set(vm, modules(vm), name, module))
        return module;
    decref(module);
    return FAIL;
}

static Ref load_file(Vm *vm, Value name, Value spec)
{
    Ref module = module_new(vm, name, UNDEF);
    if (failed(module)) return FAIL;
    if (!dict_set(vm, module_dict(module), N(__builtins__), vm->interp->builtins) ||
        !set_names(vm, module, spec) || !attr_set(vm, spec, N(_initializing), TRUE) ||
        !dict_set(vm, modules(vm), name, module)) {
        decref(module);
        return FAIL;
    }
    bool runs = spec_get(spec, N(_set_fileattr)) == TRUE;
    bool good = !runs || run_source(vm, module, spec_get(spec, N(origin)));
    Ref error = good ? UNDEF : error_take(vm);
    if (!attr_set(vm, spec, N(_initializing), FALSE)) error_clear(vm);
    if (!good) error_restore(vm, error);
    if (!good) forget(vm, name);
    decref(module);
    if (!good) return FAIL;
    Value now = dict_get(vm, modules(vm), name); /* a module may replace itself */
    return absent(now) ? throw(vm, KeyError, "%R", name) : newref(now);
}

/* The module of a spec that some finder made. */
static Ref load_spec(Vm *vm, Value spec)
{
    Ref bootstrap = import_text(vm, "importlib._bootstrap");
    Ref load_it = failed(bootstrap) ? FAIL : attr_get_text(vm, bootstrap, "_load");
    Ref module = failed(load_it) ? FAIL : call1(vm, load_it, spec);
    decref(load_it);
    decref(bootstrap);
    return module;
}

/* Gives the ModuleNotFoundError being raised its name. */
static Ref name_missing_module(Vm *vm, Value name)
{
    if (!error_is(vm, ModuleNotFoundError)) return FAIL;
    Ref error = error_take(vm);
    if (attr_set(vm, error, N(name), name)) error_restore(vm, error);
    else decref(error);
    return FAIL;
}

static Ref raise_not_found(Vm *vm, Value name, Value parent)
{
    Ref text = absent(parent)
                   ? format_text(vm, "No module named %R", name)
                   : format_text(vm, "No module named %R; %R is not a package", name, parent);
    if (failed(text)) return FAIL;
    throw_value(vm, ModuleNotFoundError, text);
    decref(text);
    return name_missing_module(vm, name);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static Ref find_and_load(Vm *vm, Value name, Value path);

/* With -X importtime: a line for each module, innermost first. */
static Ref load_timed(Vm *vm, Value name, Value path)
{
    Interp *interp = vm->interp;
    int64_t outer_ns = interp->import_ns, begun_ns = now_ns();
    if (interp->import_depth == 0 && outer_ns == 0)
        fputs("import time: self [us] | cumulative | imported package\n", stderr);
    interp->import_ns = 0;
    interp->import_depth++;
    Ref module = find_and_load(vm, name, path);
    interp->import_depth--;
    int64_t all_ns = now_ns() - begun_ns;
    if (!failed(module) && as_str(name)->ascii)
        fprintf(stderr, "import time: %9lld | %10lld | %*s%s\n",
                (long long)((all_ns - interp->import_ns) / 1000), (long long)(all_ns / 1000),
                interp->import_depth * 2, "", as_str(name)->data);
    interp->import_ns = outer_ns + all_ns;
    return module;
}

/* With -v: a line for each module that was imported. */
static void tell_loaded(Vm *vm, Value name, Value module)
{
    Ref loader = attr_get_or_absent(vm, module, N(__loader__)), text = FAIL;
    if (!failed(loader))
        text =
            format_text(vm, "import %R # %R\n", name, absent(loader) ? (Value)NONE : (Value)loader);
    char *owned = NULL;
    const char *line = failed(text) ? NULL : str_utf8(vm, text, NULL, &owned);
    if (line) fputs(line, stderr);
    else error_unraisable(vm, "Exception ignored while -v told of module", name);
    memory_free(owned);
    decref(text);
    decref(loader);
}

/* Loads name, which is not in sys.modules; path UNDEF: sys.path. */
static Ref load(Vm *vm, Value name, Value path)
{
    Ref module =
        vm->interp->flags.import_times ? load_timed(vm, name, path) : find_and_load(vm, name, path);
    if (vm->interp->flags.verbose && !failed(module)) tell_loaded(vm, name, module);
    return module;
}

static Ref find_and_load(Vm *vm, Value name, Value path)
{
    Ref spec = find_spec(vm, name, path), module = FAIL;
    if (failed(spec)) return FAIL;
    if (absent(spec)) return raise_not_found(vm, name, UNDEF);
    Value loader = is_spec(vm, spec) ? spec_get(spec, N(loader)) : (Value)UNDEF;
    if (!absent(loader) && loader_is_builtin(vm, loader)) module = load_builtin(vm, name, spec);
    else if (!absent(loader) && loader_is_source(vm, loader)) module = load_file(vm, name, spec);
    else if (loader == NONE && spec_get(spec, N(submodule_search_locations)) != NONE)
        module = spec_add_namespace_loader(vm, spec) ? load_file(vm, name, spec) : FAIL;
    else module = load_spec(vm, spec);
    decref(spec);
    return module;
}

/* Of a module that sys.modules lacks, whose parent is imported first. */
static Ref load_submodule(Vm *vm, Value name, Value parent_name)
{
    Ref parent = import_absolute(vm, parent_name), module = FAIL;
    if (failed(parent)) return FAIL;
    Value known = dict_get(vm, modules(vm), name); /* the parent may have imported it */
    if (!absent(known)) {
        decref(parent);
        return failed(known) ? FAIL : newref(known);
    }
    Ref path = attr_get_or_absent(vm, parent, N(__path__));
    if (absent(path)) module = raise_not_found(vm, name, parent_name);
    else if (!failed(path)) module = load(vm, name, path);
    decref(path);
    if (!failed(module)) {
        Ref base = str_slice(vm, name, as_str(parent_name)->len + 1, as_str(name)->len);
        base = failed(base) ? FAIL : str_intern(vm, base);
        if (failed(base) || (!attr_set(vm, parent, base, module) && !error_is(vm, AttributeError)))
            replace(&module, FAIL);
        else if (!absent(vm->error)) {
            error_clear(vm);
            if (!warn(vm, ImportWarning, 1, "Cannot set an attribute on %R for child module %R",
                      parent_name, (Value)base))
                replace(&module, FAIL);
        }
        decref(base);
    }
    decref(parent);
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
        return name_missing_module(vm, name);
    }
    if (!absent(known)) return newref(known);
    if (!recursion_enter(vm)) return FAIL;
    Ref parent_name = parent_of(vm, name), module = FAIL;
    if (!failed(parent_name))
        module = as_str(parent_name)->len ? load_submodule(vm, name, parent_name)
                                          : load(vm, name, UNDEF);
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

Ref import_call(Vm *vm, const char *module_name, const char *function_name, Value argument)
{
    Ref module = import_text(vm, module_name);
    Ref function = failed(module) ? FAIL : attr_get_text(vm, module, function_name);
    Ref result = failed(function) ? FAIL : call(vm, function, absent(argument) ? 0 : 1, &argument);
    decref(function);
    decref(module);
    return result;
}

/* ---- relative names ---- */

static Ref package_of(Vm *vm, Dict *globals)
{
    Value package = globals ? dict_get_name(globals, N(__package__)) : (Value)UNDEF;
    Value spec = globals ? dict_get_name(globals, N(__spec__)) : (Value)UNDEF;
    if (is_str(package)) return newref(package);
    if (!absent(package) && package != NONE)
        return throw(vm, TypeError, "package must be a string");
    if (!absent(spec) && spec != NONE) {
        Ref held = newref(spec), parent = attr_get_text(vm, held, "parent");
        decref(held);
        if (failed(parent) || is_str(parent)) return parent;
        decref(parent);
        return throw(vm, TypeError, "__spec__.parent must be a string");
    }
    if (!warn(vm, ImportWarning, 1,
              "can't resolve package from __spec__ or __package__, falling back on __name__ and "
              "__path__"))
        return FAIL;
    Value name = globals ? dict_get_name(globals, N(__name__)) : (Value)UNDEF;
    if (absent(name)) return throw(vm, KeyError, "'__name__' not in globals");
    if (!is_str(name)) return throw(vm, TypeError, "__name__ must be a string");
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
            if (is_str(missing) && !failed(full) && str_equal(as_str(missing), as_str(full)))
                error_clear(vm);
        }
        good = absent(vm->error);
        decref(submodule);
        decref(full);
    }
    decref(package);
    return good;
}

/* Does the library itself import a private module that a program has put out of reach (None in
 * sys.modules), to try a library without its accelerators?  There is no other copy of what it
 * holds, so the program goes without and the library does not. */
static bool is_needed_all_the_same(Vm *vm, Value name, Dict *globals)
{
    Value file = globals ? dict_get_name(globals, N(__file__)) : (Value)UNDEF;
    size_t prefix = strlen(LIBRARY);
    return as_str(name)->len > 1 && str_at(as_str(name), 0) == '_' &&
           dict_get(vm, modules(vm), name) == NONE && is_str(file) && as_str(file)->ascii &&
           strncmp(as_str(file)->data, LIBRARY, prefix) == 0;
}

static Ref import_out_of_reach(Vm *vm, Value name)
{
    Ref module = load(vm, name, UNDEF);
    if (!failed(module) && !dict_set(vm, modules(vm), name, NONE)) replace(&module, FAIL);
    return module;
}

Ref import_module(Vm *vm, Value name, Dict *globals, Value fromlist, int level)
{
    if (!is_str(name)) return throw(vm, TypeError, "module name must be a string");
    if (level < 0) return throw(vm, ValueError, "level must be >= 0");
    if (level == 0 && as_str(name)->len == 0) return throw(vm, ValueError, "Empty module name");
    Ref full = level ? absolute_name(vm, name, globals, level) : newref(name);
    if (failed(full)) return FAIL;
    Ref module = is_needed_all_the_same(vm, full, globals) ? import_out_of_reach(vm, full)
                                                           : import_absolute(vm, full);
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
