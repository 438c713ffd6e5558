/* spec.c - how a module was found: ModuleSpec, the loaders and the finders of sys.meta_path.
 *
 * Every module has a spec and a loader, so both are made here, cheaply; what they can be asked
 * beyond that (get_code, get_source, load_module ...) is written in
 * stdlib/importlib/_bootstrap.aio, to which the methods below pass on.  The attributes of a spec or
 * loader are ordinary ones.
 * Neighbours: import.c (finds and loads), stdlib/importlib/. */
/* SPDX-License-Identifier: MIT */
#include "modules/spec.h"

#include "modules/registry.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/typeparts.h"
#include "object/tuple.h"
#include "vm/import.h"

static const TypeDef spec_type, source_loader_type, namespace_loader_type, builtin_importer_type,
    frozen_importer_type, path_finder_type;

/* importlib._bootstrap.function(argv...) */
static Ref delegate(Vm *vm, const char *function, int argc, Value *argv)
{
    Ref bootstrap = import_text(vm, "importlib._bootstrap");
    Ref callee = failed(bootstrap) ? FAIL : attr_get_text(vm, bootstrap, function);
    decref(bootstrap);
    if (failed(callee)) return FAIL;
    Ref result = call(vm, callee, argc, argv);
    decref(callee);
    return result;
}
#define DELEGATE(id, binding, function, argc, signature, doc)                                      \
    NATIVE_IN(static, id, binding, signature, doc) { return delegate(vm, function, argc, argv); }

/* ---- ModuleSpec ---- */

bool is_spec(const Vm *vm, Value value) { return type_of(vm, value)->def == &spec_type; }
Value spec_get(Value spec, Value name) { return object_own(as_object(spec), name); }

NATIVE(spec_init,
       "__init__(self, name, loader, *, origin=None, loader_state=None, is_package=None)",
       "Describe a module: its name, its loader, where it comes from.")
{
    Value self = argv[0];
    Truth package = argv[5] == NONE ? NO : value_truth(vm, argv[5]);
    if (package == FAILED) return FAIL;
    Ref folders = package == YES ? list_new(vm, 0) : NONE;
    bool good = !failed(folders) && attr_set(vm, self, N(name), argv[1]) &&
                attr_set(vm, self, N(loader), argv[2]) && attr_set(vm, self, N(origin), argv[3]) &&
                attr_set(vm, self, N(loader_state), argv[4]) &&
                attr_set(vm, self, N(submodule_search_locations), folders) &&
                attr_set(vm, self, N(_set_fileattr), FALSE) && attr_set(vm, self, N(_cached), NONE);
    decref(folders);
    return good ? NONE : FAIL;
}

static Ref spec_get_parent(Vm *vm, Value self)
{
    Ref name = attr_get(vm, self, N(name)),
        folders = failed(name) ? FAIL : attr_get(vm, self, N(submodule_search_locations));
    Ref parent = FAIL;
    if (!failed(folders) && (folders != NONE || !is_str(name))) {
        parent = newref(name);
    } else if (!failed(folders)) {
        ptrdiff_t dot = as_str(name)->len - 1;
        while (dot >= 0 && str_at(as_str(name), dot) != '.') dot--;
        parent = str_slice(vm, name, 0, dot < 0 ? 0 : dot);
    }
    decref(name);
    decref(folders);
    return parent;
}
static Ref spec_get_has_location(Vm *vm, Value self)
{
    return attr_get(vm, self, N(_set_fileattr));
}
static bool spec_set_has_location(Vm *vm, Value self, Value value)
{
    Truth truth = absent(value) ? NO : value_truth(vm, value);
    return truth != FAILED && attr_set(vm, self, N(_set_fileattr), truth == YES ? TRUE : FALSE);
}
/* Thought of when asked for: where compiled code would lie. */
static Ref spec_get_cached(Vm *vm, Value self)
{
    Ref cached = attr_get(vm, self, N(_cached));
    if (cached != NONE) return cached;
    Ref in_file = attr_get(vm, self, N(_set_fileattr));
    if (in_file == TRUE) cached = delegate(vm, "spec_cached", 1, &self);
    decref(in_file);
    return failed(in_file) ? FAIL : cached;
}
static bool spec_set_cached(Vm *vm, Value self, Value value)
{
    return attr_set(vm, self, N(_cached), absent(value) ? (Value)NONE : value);
}

static Ref spec_repr(Vm *vm, Value self) { return delegate(vm, "spec_repr", 1, &self); }
static Ref spec_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (op != CMP_EQUAL && op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    Ref same = delegate(vm, "spec_equal", 2, (Value[]){a, b});
    if (failed(same) || op == CMP_EQUAL || same == NOT_IMPLEMENTED) return same;
    return same == TRUE ? FALSE : TRUE;
}

static const Attribute spec_attributes[] = {
    {"parent", spec_get_parent, NULL, "the package the module belongs to"},
    {"has_location", spec_get_has_location, spec_set_has_location,
     "does origin name a file to load from?"},
    {"cached", spec_get_cached, spec_set_cached, "where compiled code is kept; None: nowhere"},
    {0},
};
static const TypeDef spec_type = {
    .name = "_frozen_importlib.ModuleSpec",
    .doc = "How a module was found: name, loader, origin, loader_state, submodule_search_locations "
           "(a package's\n"
           "folders, else None), cached, parent, has_location.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .init = &spec_init_def,
    .repr = spec_repr,
    .compare = spec_compare,
    .hash = hash_not_implemented,
    .attributes = spec_attributes,
};

static Ref make_spec(Vm *vm, Value name, Value loader, Value origin, Value path, bool has_file)
{
    Type *type = type_from_def(vm, &spec_type);
    Object *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    Value spec = borrow(self);
    bool good =
        attr_set(vm, spec, N(name), name) && attr_set(vm, spec, N(loader), loader) &&
        attr_set(vm, spec, N(origin), absent(origin) ? (Value)NONE : origin) &&
        attr_set(vm, spec, N(loader_state), NONE) &&
        attr_set(vm, spec, N(submodule_search_locations), absent(path) ? (Value)NONE : path) &&
        attr_set(vm, spec, N(_set_fileattr), has_file ? TRUE : FALSE) &&
        attr_set(vm, spec, N(_cached), NONE);
    if (good) return from_object(self);
    decref(from_object(self));
    return FAIL;
}

static Ref make_loader(Vm *vm, const TypeDef *def, Value name, Value path)
{
    Type *type = type_from_def(vm, def);
    Object *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    if (attr_set(vm, borrow(self), N(name), name) && attr_set(vm, borrow(self), N(path), path))
        return from_object(self);
    decref(from_object(self));
    return FAIL;
}

Ref spec_for_source(Vm *vm, Value name, Value file, Value path)
{
    Ref loader = make_loader(vm, &source_loader_type, name, file);
    Ref spec = failed(loader) ? FAIL : make_spec(vm, name, loader, file, path, true);
    decref(loader);
    return spec;
}

Ref spec_for_portion(Vm *vm, Value name, Value path)
{
    return make_spec(vm, name, NONE, UNDEF, path, false);
}

/* Its path follows that of its parent: whenever somebody looks, it is searched for again. */
Ref spec_for_namespace(Vm *vm, Value name, Value path)
{
    Ref following = delegate(vm, "namespace_path", 2, (Value[]){name, path});
    Ref spec = failed(following) ? FAIL : make_spec(vm, name, NONE, UNDEF, following, false);
    decref(following);
    return spec;
}

bool spec_add_namespace_loader(Vm *vm, Value spec)
{
    Type *type = type_from_def(vm, &namespace_loader_type);
    Object *self = type ? type_instance(vm, type) : NULL;
    if (!self) return false;
    bool good =
        attr_set(vm, borrow(self), N(_path), spec_get(spec, N(submodule_search_locations))) &&
        attr_set(vm, spec, N(loader), borrow(self));
    decref(from_object(self));
    return good;
}

Ref spec_for_builtin(Vm *vm, Value name)
{
    Type *importer = type_from_def(vm, &builtin_importer_type);
    Ref origin = importer ? str_from(vm, "built-in") : FAIL;
    Ref spec = failed(origin) ? FAIL : make_spec(vm, name, borrow(importer), origin, UNDEF, false);
    decref(origin);
    return spec;
}

/* ---- loaders ---- */

static bool is_exactly(const Vm *vm, Value value, const TypeDef *def)
{
    Type *type = type_of(vm, value);
    return type->def == def && !(type->flags & TYPE_HEAP);
}
bool loader_is_source(const Vm *vm, Value loader)
{
    return is_exactly(vm, loader, &source_loader_type);
}
static bool is_class(Vm *vm, Value value, const TypeDef *def)
{
    Type *type = type_from_def(vm, def);
    return type && value == borrow(type);
}
bool loader_is_builtin(Vm *vm, Value loader)
{
    return is_class(vm, loader, &builtin_importer_type);
}
bool finder_is_path(Vm *vm, Value finder) { return is_class(vm, finder, &path_finder_type); }
bool finder_is_frozen(Vm *vm, Value finder) { return is_class(vm, finder, &frozen_importer_type); }

bool module_set_loader(Vm *vm, Value module, Value filename)
{
    Ref loader = make_loader(vm, &source_loader_type, N(__main__), filename);
    return !failed(loader) && module_set(vm, module, "__loader__", loader);
}

NATIVE(loader_init, "__init__(self, fullname, path)",
       "Load the module fullname from the file path.")
{
    return attr_set(vm, argv[0], N(name), argv[1]) && attr_set(vm, argv[0], N(path), argv[2])
               ? NONE
               : FAIL;
}
DELEGATE(loader_create_module, NATIVE_PLAIN, "create_module", 2, "create_module(self, spec)",
         "None: an ordinary module is made.")
DELEGATE(loader_exec_module, NATIVE_PLAIN, "exec_module", 2, "exec_module(self, module)",
         "Run the module's code in it.")
DELEGATE(loader_load_module, NATIVE_PLAIN, "load_module", 2, "load_module(self, fullname=None)",
         "Load, or load again, the module; exec_module() is the modern way.")
DELEGATE(loader_get_code, NATIVE_PLAIN, "get_code", 2, "get_code(self, fullname)",
         "The compiled code of the module.")
DELEGATE(loader_get_source, NATIVE_PLAIN, "get_source", 2, "get_source(self, fullname)",
         "The source text of the module.")
DELEGATE(loader_get_data, NATIVE_PLAIN, "get_data", 2, "get_data(self, path)",
         "The bytes of the file path.")
DELEGATE(loader_set_data, NATIVE_PLAIN, "set_data", 4, "set_data(self, path, data, *, _mode=438)",
         "Write bytes to the file path, making folders as needed.")
DELEGATE(loader_get_filename, NATIVE_PLAIN, "get_filename", 2, "get_filename(self, name=None)",
         "The path of the source file.")
DELEGATE(loader_is_package, NATIVE_PLAIN, "is_package", 2, "is_package(self, fullname)",
         "Is it the __init__ of a package?")
DELEGATE(loader_path_stats, NATIVE_PLAIN, "path_stats", 2, "path_stats(self, path)",
         "{'mtime': seconds, 'size': bytes} of a file.")
DELEGATE(loader_path_mtime, NATIVE_PLAIN, "path_mtime", 2, "path_mtime(self, path)",
         "When the file was changed, in seconds.")
DELEGATE(loader_source_to_code, NATIVE_PLAIN, "source_to_code", 3,
         "source_to_code(self, data, path, *, _optimize=-1)",
         "Compile source bytes, text or a tree.")
DELEGATE(loader_get_resource_reader, NATIVE_PLAIN, "get_resource_reader", 2,
         "get_resource_reader(self, module)",
         "What importlib.resources reads a package's files through.")

static Ref loader_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (op != CMP_EQUAL && op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    Ref same = delegate(vm, "loader_equal", 2, (Value[]){a, b});
    return failed(same) || op == CMP_EQUAL ? same : same == TRUE ? FALSE : TRUE;
}
static bool loader_hash(Vm *vm, Value self, int64_t *hash)
{
    Ref number = delegate(vm, "loader_hash", 1, &self);
    bool good = !failed(number) && value_hash(vm, number, hash);
    decref(number);
    return good;
}

static const Native *const source_loader_methods[] = {
    &loader_create_module_def,
    &loader_exec_module_def,
    &loader_load_module_def,
    &loader_get_code_def,
    &loader_get_source_def,
    &loader_get_data_def,
    &loader_set_data_def,
    &loader_get_filename_def,
    &loader_is_package_def,
    &loader_path_stats_def,
    &loader_path_mtime_def,
    &loader_source_to_code_def,
    &loader_get_resource_reader_def,
    NULL,
};
static const TypeDef source_loader_type = {
    .name = "_frozen_importlib_external.SourceFileLoader",
    .doc = "Loads a module from a source file: name, path.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .init = &loader_init_def,
    .compare = loader_compare,
    .hash = loader_hash,
    .methods = source_loader_methods,
};

NATIVE(namespace_loader_init, "__init__(self, name, path, path_finder=None)",
       "Load the namespace package name of the folders in path.")
{
    return attr_set(vm, argv[0], N(_path), argv[2]) ? NONE : FAIL;
}
NATIVE(namespace_loader_is_package, "is_package(self, fullname)", "True.") { return TRUE; }
NATIVE(namespace_loader_get_source, "get_source(self, fullname)", "The empty str.")
{
    return str_from(vm, "");
}
NATIVE(namespace_loader_exec_module, "exec_module(self, module)", "Nothing: there is no code.")
{
    return NONE;
}
DELEGATE(namespace_loader_get_code, NATIVE_PLAIN, "namespace_get_code", 2,
         "get_code(self, fullname)", "The code of an empty module.")
DELEGATE(namespace_loader_get_reader, NATIVE_PLAIN, "namespace_get_resource_reader", 2,
         "get_resource_reader(self, module)",
         "What importlib.resources reads the package's files through.")
static const Native *const namespace_loader_methods[] = {
    &loader_create_module_def,        &namespace_loader_exec_module_def,
    &loader_load_module_def,          &namespace_loader_get_code_def,
    &namespace_loader_get_source_def, &namespace_loader_is_package_def,
    &namespace_loader_get_reader_def, NULL,
};
static const TypeDef namespace_loader_type = {
    .name = "_frozen_importlib_external.NamespaceLoader",
    .doc = "Loads a package that is folders without __init__.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .init = &namespace_loader_init_def,
    .methods = namespace_loader_methods,
};

/* ---- finders ---- */

DELEGATE(builtin_find_spec, NATIVE_CLASSMETHOD, "builtin_find_spec", 4,
         "find_spec(cls, fullname, path=None, target=None)",
         "The spec of a module written in C, or None.")
DELEGATE(builtin_create_module, NATIVE_STATICMETHOD, "builtin_create_module", 1,
         "create_module(spec)", "A new module.")
NATIVE_STATIC(builtin_exec_module, "exec_module(module)", "Nothing: create_module() has filled it.")
{
    return NONE;
}
DELEGATE(builtin_load_module, NATIVE_CLASSMETHOD, "load_module", 2, "load_module(cls, fullname)",
         "The module, loaded if need be.")
DELEGATE(builtin_get_code, NATIVE_CLASSMETHOD, "builtin_no_source", 2, "get_code(cls, fullname)",
         "None: it is written in C.")
DELEGATE(builtin_get_source, NATIVE_CLASSMETHOD, "builtin_no_source", 2,
         "get_source(cls, fullname)", "None: it is written in C.")
DELEGATE(builtin_is_package, NATIVE_CLASSMETHOD, "builtin_is_package", 2,
         "is_package(cls, fullname)", "False: none is a package.")
static const Native *const builtin_importer_methods[] = {
    &builtin_find_spec_def,   &builtin_create_module_def,
    &builtin_exec_module_def, &builtin_load_module_def,
    &builtin_get_code_def,    &builtin_get_source_def,
    &builtin_is_package_def,  NULL,
};
static const TypeDef builtin_importer_type = {
    .name = "_frozen_importlib.BuiltinImporter",
    .doc = "Finds and loads modules written in C; used as a class.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .methods = builtin_importer_methods,
};

NATIVE_CLASS(frozen_find_spec, "find_spec(cls, fullname, path=None, target=None)",
             "None: no module is frozen.")
{
    return NONE;
}
static const Native *const frozen_importer_methods[] = {&frozen_find_spec_def, NULL};
static const TypeDef frozen_importer_type = {
    .name = "_frozen_importlib.FrozenImporter",
    .doc = "Finds no module: the library in the binary is found through '<stdlib>' of sys.path.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .methods = frozen_importer_methods,
};

DELEGATE(path_find_spec, NATIVE_CLASSMETHOD, "path_find_spec", 4,
         "find_spec(cls, fullname, path=None, target=None)",
         "The spec of the module in one of the places of path (sys.path), or None.")
DELEGATE(path_invalidate_caches, NATIVE_STATICMETHOD, "path_invalidate_caches", 0,
         "invalidate_caches()", "Let the finders in sys.path_importer_cache look again.")
DELEGATE(path_find_distributions, NATIVE_STATICMETHOD, "path_find_distributions", 2,
         "find_distributions(*args, **kwargs)", "The installed distributions that match a context.")
static const Native *const path_finder_methods[] = {
    &path_find_spec_def,
    &path_invalidate_caches_def,
    &path_find_distributions_def,
    NULL,
};
static const TypeDef path_finder_type = {
    .name = "_frozen_importlib_external.PathFinder",
    .doc = "Finds modules in the places of sys.path; used as a class.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .methods = path_finder_methods,
};

Ref meta_path_new(Vm *vm)
{
    Type *builtin = type_from_def(vm, &builtin_importer_type),
         *frozen = type_from_def(vm, &frozen_importer_type),
         *path = type_from_def(vm, &path_finder_type);
    if (!builtin || !frozen || !path) return FAIL;
    return list_from_values(vm, 3, (Value[]){borrow(builtin), borrow(frozen), borrow(path)});
}

DELEGATE(spec_path_hook, NATIVE_PLAIN, "path_hook", 1, "path_hook_for_FileFinder(path, /)",
         "A finder for the folder path; raises ImportError when it is none.")
DELEGATE(spec_zip_path_hook, NATIVE_PLAIN, "zip_path_hook", 1, "zipimporter(path, /)",
         "A finder for the zip file path; raises ImportError when it is none.")

static const Native *const own_path_hooks[] = {&spec_zip_path_hook_def, &spec_path_hook_def};

Ref path_hooks_new(Vm *vm)
{
    Ref hooks = list_new(vm, 2);
    for (size_t n = 0; !failed(hooks) && n < 2; n++) {
        Ref hook = native_function(vm, own_path_hooks[n], UNDEF, NONE);
        if (failed(hook) || !list_push(vm, as_list(hooks), hook)) replace(&hooks, FAIL);
    }
    return hooks;
}

bool path_hooks_are_own(Value hooks)
{
    if (!is_list(hooks) || as_list(hooks)->len != 2) return false;
    for (ptrdiff_t n = 0; n < 2; n++) {
        Value hook = list_at(as_list(hooks), n);
        if (!is_kind(hook, KIND_NATIVE_FUNCTION) || as_native(hook)->native != own_path_hooks[n])
            return false;
    }
    return true;
}

/* ---- the modules that hold these types ---- */

static const TypeDef *const importlib_types[] = {
    &spec_type,
    &builtin_importer_type,
    &frozen_importer_type,
    NULL,
};
const ModuleDef _frozen_importlib_module = {
    .name = "_frozen_importlib",
    .doc = "Specs and importers, as importlib.machinery shows them.",
    .types = importlib_types,
};
static const TypeDef *const external_types[] = {
    &source_loader_type,
    &namespace_loader_type,
    &path_finder_type,
    NULL,
};
const ModuleDef _frozen_importlib_external_module = {
    .name = "_frozen_importlib_external",
    .doc = "Loaders of files, as importlib.machinery shows them.",
    .types = external_types,
};
