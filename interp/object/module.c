/* module.c - modules: a namespace with a name.
 *
 * A module's attributes are the entries of its dict; a function __getattr__ in it answers for what
 * is missing. Neighbours: modules/import.c (finds and runs them), native.h (ModuleDef). */
/* SPDX-License-Identifier: MIT */
#include "object/module.h"

#include <unistd.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/typeparts.h"

static Module *as_module(Value v) { return (Module *)as_object(v); }

/* ---- making ---- */

/* Gives module a dict with the entries every module has. */
static bool fill_names(Vm *vm, Module *module, Value name, Value doc)
{
    if (!is_heap(module->dict)) {
        Ref dict = dict_new(vm);
        if (failed(dict)) return false;
        module->dict = dict;
    }
    Dict *dict = as_dict(module->dict);
    return dict_set(vm, dict, N(__name__), name) &&
           dict_set(vm, dict, N(__doc__), absent(doc) ? (Value)NONE : doc) &&
           dict_set(vm, dict, N(__package__), NONE) && dict_set(vm, dict, N(__loader__), NONE) &&
           dict_set(vm, dict, N(__spec__), NONE);
}

Ref module_new(Vm *vm, Value name, Value doc)
{
    Module *module = type_instance(vm, type_builtin(vm, KIND_MODULE));
    if (!module) return FAIL;
    if (fill_names(vm, module, name, doc)) return from_object(module);
    decref(from_object(module));
    return FAIL;
}

bool module_set(Vm *vm, Value module, const char *name, Ref value)
{
    Ref text = failed(value) ? FAIL : str_interned(vm, name);
    bool ok = !failed(text) && dict_set(vm, module_dict(module), text, value);
    decref(text);
    decref(value);
    return ok;
}

static bool add_functions(Vm *vm, Value module, const ModuleDef *def, Value module_name)
{
    for (const Native *const *native = def->functions; native && *native; native++) {
        Ref function = native_function(vm, *native, UNDEF, module_name);
        if (failed(function)) return false;
        bool ok = dict_set(vm, module_dict(module), as_native(function)->name, function);
        decref(function);
        if (!ok) return false;
    }
    for (const TypeDef *const *type = def->types; type && *type; type++) {
        Type *class = type_from_def(vm, *type);
        if (!class || !module_set(vm, module, typedef_short_name(*type), newref(borrow(class))))
            return false;
    }
    return true;
}

Ref module_from_def(Vm *vm, const ModuleDef *def)
{
    Ref name = str_interned(vm, def->name), doc = def->doc ? str_from(vm, def->doc) : NONE;
    Ref module = failed(name) || failed(doc) ? FAIL : module_new(vm, name, doc);
    if (!failed(module)) {
        as_module(module)->def = def;
        if (!add_functions(vm, module, def, name) || (def->open && !def->open(vm, module)))
            replace(&module, FAIL);
    }
    decref(name);
    decref(doc);
    return module;
}

NATIVE(module_make, "new(cls, /, *args, **kwargs)",
       "A module with an empty namespace; __init__ names it.")
{
    Module *module = type_instance(vm, as_type(argv[0]));
    if (!module) return FAIL;
    module->dict = dict_new(vm);
    if (!failed(module->dict)) return from_object(module);
    module->dict = UNDEF;
    decref(from_object(module));
    return FAIL;
}

NATIVE(module_init, "__init__(self, name, doc=None)", "Create a module object.")
{
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "module.__init__() argument 1 must be str, not %A", argv[1]);
    return fill_names(vm, as_module(argv[0]), argv[1], argv[2]) ? NONE : FAIL;
}

/* ---- attributes ---- */

/* Is file in the folder that sys.path begins with (a package's __init__: its folder)? */
static bool in_first_folder(Vm *vm, Value file)
{
    Value path = absent(vm->interp->sys) ? UNDEF : dict_get_name(as_dict(vm->interp->sys), N(path));
    if (!is_str(file) || !is_list(path) || as_list(path)->len == 0 ||
        !is_str(as_list(path)->items[0]))
        return false;
    char *owned = NULL, *first_owned = NULL, here[4096] = "";
    const char *text = str_utf8(vm, file, NULL, &owned);
    const char *first = text ? str_utf8(vm, as_list(path)->items[0], NULL, &first_owned) : NULL;
    if (first && !*first) first = getcwd(here, sizeof here);
    const char *end = first ? strrchr(text, '/') : NULL;
    if (end && strncmp(end, "/__init__.", 10) == 0) {
        do end--;
        while (end > text && *end != '/');
    }
    bool same =
        end && (size_t)(end - text) == strlen(first) && memcmp(text, first, strlen(first)) == 0;
    error_clear(vm);
    memory_free(owned);
    memory_free(first_owned);
    return same;
}

static bool is_library_name(Vm *vm, Value name)
{
    Value names = absent(vm->interp->sys)
                      ? UNDEF
                      : dict_get_text(vm, as_dict(vm->interp->sys), "stdlib_module_names");
    bool there = !failed(names) && !absent(names) && value_contains(vm, names, name) == YES;
    error_clear(vm);
    return there;
}

ModuleStanding module_standing(Vm *vm, Value spec, Value name, Value *origin)
{
    *origin = UNDEF;
    if (!is_heap(spec)) return MODULE_WHOLE;
    Value file = object_own(as_object(spec), N(origin));
    if (object_own(as_object(spec), N(_set_fileattr)) == TRUE && is_str(file)) *origin = file;
    bool shadows = in_first_folder(vm, *origin);
    if (shadows && is_library_name(vm, name)) return MODULE_HIDES_LIBRARY;
    if (object_own(as_object(spec), N(_initializing)) != TRUE) return MODULE_WHOLE;
    return shadows ? MODULE_MAY_HIDE : MODULE_PARTIAL;
}

/* Is package.name a module whose code runs just now? */
static Truth is_being_imported(Vm *vm, Value package, Value name)
{
    if (!is_dict(vm->interp->modules)) return NO;
    Ref full = format_text(vm, "%S.%S", package, name);
    Value found = failed(full) ? FAIL : dict_get(vm, as_dict(vm->interp->modules), full);
    decref(full);
    if (failed(found)) return FAILED;
    if (!is_kind(found, KIND_MODULE)) return NO;
    Value spec = dict_get_name(module_dict(found), N(__spec__));
    return is_heap(spec) && object_own(as_object(spec), N(_initializing)) == TRUE;
}

static Ref throw_missing(Vm *vm, Value self, Value own, Value name)
{
    Value origin, spec = dict_get_name(module_dict(self), N(__spec__));
    switch (module_standing(vm, spec, own, &origin)) {
    case MODULE_HIDES_LIBRARY:
        return throw(vm, AttributeError,
                     "module '%S' has no attribute '%S' (consider renaming %R since it has the "
                     "same name as the standard library module named '%S' and prevents importing "
                     "that standard "
                     "library module)",
                     own, name, origin, own);
    case MODULE_MAY_HIDE:
        return throw(vm, AttributeError,
                     "module '%S' has no attribute '%S' (consider renaming %R if it has the same "
                     "name as a library you intended to import)",
                     own, name, origin);
    case MODULE_PARTIAL:
        if (!absent(origin))
            return throw(vm, AttributeError,
                         "partially initialized module '%S' from %R has no attribute '%S' (most "
                         "likely due to a circular import)",
                         own, origin, name);
        return throw(vm, AttributeError,
                     "partially initialized module '%S' has no attribute '%S' (most likely due to "
                     "a circular import)",
                     own, name);
    case MODULE_WHOLE: break;
    }
    Truth inside = is_being_imported(vm, own, name);
    if (inside == FAILED) return FAIL;
    if (inside == YES)
        return throw(vm, AttributeError,
                     "cannot access submodule '%S' of module '%S' (most likely due to a circular "
                     "import)",
                     name, own);
    return throw(vm, AttributeError, "module '%S' has no attribute '%S'", own, name);
}

static Ref missing(Vm *vm, Value self, Value name)
{
    const Module *module = as_module(self);
    Value own = is_dict(module->dict) ? dict_get_name(as_dict(module->dict), N(__name__)) : UNDEF;
    if (is_str(own)) throw_missing(vm, self, own, name);
    else throw(vm, AttributeError, "module has no attribute '%S'", name);
    if (!error_is(vm, AttributeError)) return FAIL;
    Ref error = error_take(vm);
    if (attr_set(vm, error, N(name), name) && attr_set(vm, error, N(obj), self))
        error_restore(vm, error);
    else decref(error);
    return FAIL;
}

Ref module_get_attr_or_absent(Vm *vm, Value self, Value name)
{
    Ref out = object_get_attr_or_absent(vm, self, name);
    if (failed(out) && error_is(vm, AttributeError)) { /* of a descriptor: it counts as missing */
        error_clear(vm);
        out = UNDEF;
    }
    if (!absent(out)) return out;
    Value dict = as_module(self)->dict;
    Value hook = is_dict(dict) ? dict_get_name(as_dict(dict), N(__getattr__)) : UNDEF;
    if (absent(hook)) return UNDEF;
    Ref held = newref(hook);
    out = call1(vm, held, name);
    decref(held);
    return out;
}

Ref module_get_attr(Vm *vm, Value self, Value name)
{
    Ref out = module_get_attr_or_absent(vm, self, name);
    return absent(out) ? missing(vm, self, name) : out;
}

/* What stands behind the name in the repr of a module that no file is known of. */
static Ref repr_by_loader(Vm *vm, Value name, Value loader)
{
    Type *type = type_of(vm, loader);
    if (loader == NONE) return format_text(vm, "<module %R>", name);
    if (strcmp(type_full_name(type), "_frozen_importlib_external.NamespaceLoader") != 0)
        return format_text(vm, "<module %R (%R)>", name, loader);
    Ref path = attr_get(vm, loader, N(_path)), list = failed(path) ? FAIL : list_from(vm, path);
    Ref text =
        failed(list) ? FAIL : format_text(vm, "<module %R (namespace) from %R>", name, (Value)list);
    decref(path);
    decref(list);
    return text;
}

static Ref repr_by_spec(Vm *vm, Value spec)
{
    Ref text = FAIL, place = UNDEF, name = attr_get(vm, spec, N(name));
    Ref origin = failed(name) ? FAIL : attr_get(vm, spec, N(origin));
    if (name == NONE) replace(&name, str_from(vm, "?"));
    if (failed(origin) || failed(name)) goto done;
    place = attr_get(vm, spec, origin == NONE ? N(loader) : N(has_location));
    if (failed(place)) goto done;
    if (origin == NONE) {
        text = repr_by_loader(vm, name, place);
    } else {
        Truth in_file = value_truth(vm, place);
        if (in_file == YES)
            text = format_text(vm, "<module %R from %R>", (Value)name, (Value)origin);
        if (in_file == NO) text = format_text(vm, "<module %R (%S)>", (Value)name, (Value)origin);
    }
done:
    decref(name);
    decref(origin);
    decref(place);
    return text;
}

/* By the spec; without one by the file, then by the loader. */
static Ref repr_by_names(Vm *vm, Dict *names)
{
    Value spec = dict_get_name(names, N(__spec__)), name = dict_get_name(names, N(__name__)),
          file = dict_get_name(names, N(__file__)), loader = dict_get_name(names, N(__loader__));
    Truth described = absent(spec) || spec == NONE ? NO : value_truth(vm, spec);
    if (described == FAILED) return FAIL;
    if (described == YES) return repr_by_spec(vm, spec);
    Ref told = absent(name) ? str_from(vm, "?") : newref(name), text = FAIL;
    if (failed(told)) return FAIL;
    if (absent(file)) text = repr_by_loader(vm, told, absent(loader) ? (Value)NONE : loader);
    else text = format_text(vm, "<module %R from %R>", (Value)told, file);
    decref(told);
    return text;
}

static Ref module_repr(Vm *vm, Value self)
{
    Value dict = as_module(self)->dict;
    Value name = is_dict(dict) ? dict_get_name(as_dict(dict), N(__name__)) : UNDEF;
    if (!is_dict(dict)) return format_text(vm, "<module '?'>");
    if (as_module(self)->def && is_str(name) && absent(dict_get_name(as_dict(dict), N(__spec__))))
        return format_text(vm, "<module %R (built-in)>", name);
    Ref names = newref(dict), text = repr_by_names(vm, as_dict(names));
    decref(names);
    return text;
}

NATIVE(module_dir, "__dir__(self, /)",
       "The names in the module, or what its __dir__ function answers.")
{
    Ref dict = attr_get(vm, argv[0], N(__dict__));
    if (failed(dict)) return FAIL;
    if (!is_dict(dict)) {
        decref(dict);
        return throw(vm, TypeError, "<module>.__dict__ is not a dictionary");
    }
    Value hook = dict_get_name(as_dict(dict), N(__dir__));
    Ref out = FAIL;
    if (!absent(hook)) {
        out = call0(vm, hook);
    } else {
        out = list_new(vm, as_dict(dict)->len);
        Value key, value;
        for (ptrdiff_t i = 0; !failed(out) && dict_next(as_dict(dict), &i, &key, &value);)
            if (!list_push(vm, as_list(out), newref(key))) replace(&out, FAIL);
    }
    decref(dict);
    return out;
}

static Ref get_dict(Vm *vm __attribute__((unused)), Value self)
{
    return is_heap(as_module(self)->dict) ? newref(as_module(self)->dict) : NONE;
}

/* __annotations__ and __annotate__ live in the dict, made on demand. */
static Ref get_annotations(Vm *vm, Value self)
{
    Dict *dict = module_dict(self);
    Value known = dict_get_name(dict, N(__annotations__));
    if (!absent(known)) return newref(known);
    Value annotate = dict_get_name(dict, N(__annotate__));
    Ref made =
        absent(annotate) || is_none(annotate) ? dict_new(vm) : call1(vm, annotate, from_small(1));
    if (!failed(made) && !dict_set(vm, dict, N(__annotations__), made)) replace(&made, FAIL);
    return made;
}
static bool set_annotations(Vm *vm, Value self, Value value)
{
    if (!absent(value)) return dict_set(vm, module_dict(self), N(__annotations__), value);
    Truth gone = dict_delete(vm, module_dict(self), N(__annotations__));
    if (gone == NO) missing(vm, self, N(__annotations__));
    return gone == YES;
}
static Ref get_annotate(Vm *vm, Value self)
{
    Value annotate = dict_get_name(module_dict(self), N(__annotate__));
    return absent(annotate) ? NONE : newref(annotate);
}
static bool set_annotate(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, TypeError, "cannot delete __annotate__ attribute"), false;
    return dict_set(vm, module_dict(self), N(__annotate__), value);
}

static const Native *const module_methods[] = {&module_dir_def, NULL};

static const Attribute module_attributes[] = {
    {"__dict__", get_dict, NULL, "the namespace"},
    {"__annotations__", get_annotations, set_annotations, "dict of annotations"},
    {"__annotate__", get_annotate, set_annotate, "computes the annotations"},
    {0},
};

const TypeDef module_type = {
    .name = "module",
    .size = sizeof(Module),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .new = &module_make_def,
    .init = &module_init_def,
    .doc = "Create a module object.",
    .refs = REFS(REF(Module, dict)),
    .repr = module_repr,
    .get_attr = module_get_attr,
    .methods = module_methods,
    .attributes = module_attributes,
};
