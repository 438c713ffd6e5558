/* function.c - functions made by def and lambda.
 *
 * Annotations are computed when first asked for, by calling `annotate` (PEP 649).  cells belong to
 * the function: one owned reference for each free name of its code. Neighbours: vm/call.c (calls
 * them), method.c (bound), cell.c, code.c. */
/* SPDX-License-Identifier: MIT */
#include "object/function.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/member.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"

/* The builtins that globals name, or the interpreter's.  For another mapping: an empty dict;
 * load_builtin() asks the mapping. */
static Ref builtins_for(Vm *vm, Dict *globals)
{
    Value given = dict_get_name(globals, N(__builtins__));
    if (is_dict(given)) return newref(given);
    if (is_exact(given, KIND_MODULE)) return newref(borrow(module_dict(given)));
    if (is_kind(given, KIND_MODULE)) {
        Ref dict = attr_get_or_absent(vm, given, N(__dict__));
        if (is_dict(dict)) return dict;
        if (failed(dict)) error_clear(vm);
        decref(dict);
    } else if (!absent(given)) {
        return dict_new(vm);
    }
    return newref(vm->interp->builtins);
}

Ref function_new(Vm *vm, Code *code, Dict *globals, Dict *builtins)
{
    Shape *shape = type_builtin(vm, KIND_FUNCTION)->shape;
    if (__builtin_expect(vm->interp->traced, 0) && !code_trace(vm, code)) return FAIL;
    Ref names = builtins ? newref(borrow(builtins)) : builtins_for(vm, globals);
    if (failed(names)) return FAIL;
    Function *function =
        object_new(vm, shape, sizeof(Function) + (size_t)code->free_count * sizeof(Cell *));
    if (!function) {
        decref(names);
        return FAIL;
    }
    function->code = (Code *)as_object(newref(borrow(code)));
    function->globals = as_dict(newref(borrow(globals)));
    function->builtins = as_dict(names);
    return from_object(function);
}

static void function_visit(Object *self, Visit *visit, void *context)
{
    const Function *function = (Function *)(void *)self;
    for (int i = 0; i < function->code->free_count; i++) {
        Ref cell = from_object(function->cells[i]);
        if (is_heap(cell)) visit(&cell, context);
    }
}

static void function_clear(Object *self)
{
    Function *function = (Function *)(void *)self;
    for (int i = 0; i < function->code->free_count; i++) {
        Cell *cell = function->cells[i];
        function->cells[i] = NULL;
        decref_object(cell);
    }
}

/* ---- making one in a script ---- */

static bool check_closure(Vm *vm, Value code, Value closure)
{
    int wanted = as_code(code)->free_count;
    if (is_none(closure) && wanted == 0) return true;
    if (!is_tuple(closure))
        return throw(vm, TypeError, "arg 5 (closure) must be %stuple", wanted ? "" : "None or "),
               false;
    if (tuple_len(closure) != wanted)
        return throw(vm, ValueError, "%S requires closure of length %d, not %zd",
                     (Value)as_code(code)->name, wanted, tuple_len(closure)),
               false;
    for (int i = 0; i < wanted; i++)
        if (!is_kind(tuple_at(closure, i), KIND_CELL))
            return throw(vm, TypeError, "arg 5 (closure) expected cell, found %T",
                         tuple_at(closure, i)),
                   false;
    return true;
}

NATIVE(function_make,
       "new(cls, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
       "Create a function object.")
{
    if (!is_kind(argv[1], KIND_CODE))
        return throw(vm, TypeError, "function() argument 'code' must be code, not %A", argv[1]);
    if (!is_dict(argv[2]))
        return throw(vm, TypeError, "function() argument 'globals' must be dict, not %A", argv[2]);
    if (!is_none(argv[3]) && !is_str(argv[3]))
        return throw(vm, TypeError, "arg 3 (name) must be None or string");
    if (!is_none(argv[4]) && !is_tuple(argv[4]))
        return throw(vm, TypeError, "arg 4 (defaults) must be None or tuple");
    if (!check_closure(vm, argv[1], argv[5])) return FAIL;
    if (!is_none(argv[6]) && !is_dict(argv[6]))
        return throw(vm, TypeError, "arg 6 (kwdefaults) must be None or dict");
    Code *code = as_code(argv[1]);
    Ref made = function_new(vm, code, as_dict(argv[2]), NULL);
    if (failed(made)) return FAIL;
    Function *function = as_function(made);
    for (int i = 0; i < code->free_count; i++)
        function->cells[i] = (Cell *)as_object(newref(tuple_at(argv[5], i)));
    if (is_str(argv[3])) replace(&function->name, newref(argv[3]));
    if (is_tuple(argv[4])) function->defaults = newref(argv[4]);
    if (is_dict(argv[6])) function->keyword_defaults = newref(argv[6]);
    return made;
}

/* --- slots
 * ------------------------------------------------------------------------------------------------
 */

static Ref function_call(Vm *vm, Value self, const Args *args) { return call_args(vm, self, args); }

static Ref function_repr(Vm *vm, Value self)
{
    char address[32];
    snprintf(address, sizeof address, "%#llx", (unsigned long long)bits_of(self));
    return format_text(vm, "<function %S at %s>", function_qualname(as_function(self)), address);
}

static Ref function_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    return absent(object) ? newref(self) : method_new(vm, self, object);
}

/* ---- attributes ---- */

static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }

static bool set_text(Vm *vm, Ref *slot, Value value, const char *name)
{
    if (!is_str(value))
        return throw(vm, TypeError, "%s must be set to a string object", name), false;
    replace(slot, newref(value));
    return true;
}

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(function_name(as_function(self)));
}
static bool set_name(Vm *vm, Value self, Value value)
{
    return set_text(vm, &as_function(self)->name, value, "__name__");
}
static Ref get_qualname(Vm *vm __attribute__((unused)), Value self)
{
    return newref(function_qualname(as_function(self)));
}
static bool set_qualname(Vm *vm, Value self, Value value)
{
    return set_text(vm, &as_function(self)->qualname, value, "__qualname__");
}
static Ref get_doc(Vm *vm __attribute__((unused)), Value self)
{
    const Function *function = as_function(self);
    if (!absent(function->doc)) return newref(function->doc);
    const Code *code = function->code;
    return (code->flags & CODE_HAS_DOCSTRING) && code->constant_count > 0
               ? newref(code->constants[0])
               : NONE;
}
static bool set_doc(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_function(self)->doc, absent(value) ? NONE : newref(value));
    return true;
}
static Ref get_module(Vm *vm, Value self)
{
    const Function *function = as_function(self);
    return or_none(absent(function->module) ? dict_get_name(function->globals, N(__name__))
                                            : (Value)function->module);
}
static bool set_module(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_function(self)->module, absent(value) ? NONE : newref(value));
    return true;
}
static Ref get_defaults(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_function(self)->defaults);
}
static bool set_defaults(Vm *vm, Value self, Value value)
{
    bool none = absent(value) || is_none(value);
    if (!none && !is_tuple(value))
        return throw(vm, TypeError, "__defaults__ must be set to a tuple object"), false;
    replace(&as_function(self)->defaults, none ? UNDEF : newref(value));
    return true;
}
static Ref get_kwdefaults(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_function(self)->keyword_defaults);
}
static bool set_kwdefaults(Vm *vm, Value self, Value value)
{
    bool none = absent(value) || is_none(value);
    if (!none && !is_dict(value))
        return throw(vm, TypeError, "__kwdefaults__ must be set to a dict object"), false;
    replace(&as_function(self)->keyword_defaults, none ? UNDEF : newref(value));
    return true;
}
static Ref get_code(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_function(self)->code));
}
static bool set_code(Vm *vm, Value self, Value value)
{
    Function *function = as_function(self);
    if (absent(value) || !is_kind(value, KIND_CODE))
        return throw(vm, TypeError, "__code__ must be set to a code object"), false;
    if (as_code(value)->free_count != function->code->free_count)
        return throw(vm, ValueError, "%S() requires a code object with %d free vars, not %d",
                     function_name(function), function->code->free_count,
                     as_code(value)->free_count),
               false;
    if (vm->interp->traced && !code_trace(vm, as_code(value))) return false;
    Ref doc = get_doc(vm, self); /* what it is called stays as it was */
    replace(&function->doc, doc);
    replace(&function->name, newref(function_name(function)));
    replace(&function->qualname, newref(function_qualname(function)));
    Code *old = function->code;
    function->code = (Code *)as_object(newref(value));
    decref_object(old);
    return true;
}
static Ref get_globals(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_function(self)->globals));
}
static Ref get_builtins(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_function(self)->builtins));
}

static Ref get_closure(Vm *vm, Value self)
{
    const Function *function = as_function(self);
    if (function->code->free_count == 0) return NONE;
    Ref tuple = tuple_new(vm, function->code->free_count);
    for (int i = 0; !failed(tuple) && i < function->code->free_count; i++)
        as_tuple(tuple)->items[i] = newref(borrow(function->cells[i]));
    return tuple;
}

static Ref get_annotations(Vm *vm, Value self)
{
    Function *function = as_function(self);
    if (!absent(function->annotations)) return newref(function->annotations);
    Value annotate = function->annotate;
    Ref made =
        absent(annotate) || is_none(annotate) ? dict_new(vm) : call1(vm, annotate, from_small(1));
    if (failed(made)) return FAIL;
    if (!is_dict(made)) {
        throw(vm, TypeError, "__annotate__ returned non-dict of type '%T'", (Value)made);
        decref(made);
        return FAIL;
    }
    replace(&function->annotations, newref(made));
    return made;
}
static bool set_annotations(Vm *vm, Value self, Value value)
{
    bool none = absent(value) || is_none(value);
    if (!none && !is_dict(value))
        return throw(vm, TypeError, "__annotations__ must be set to a dict object"), false;
    replace(&as_function(self)->annotations, none ? UNDEF : newref(value));
    replace(&as_function(self)->annotate, NONE);
    return true;
}
static Ref get_annotate(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_function(self)->annotate);
}
static bool set_annotate(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, TypeError, "__annotate__ cannot be deleted"), false;
    if (!is_none(value) && !type_of(vm, value)->slots.call)
        return throw(vm, TypeError, "__annotate__ must be callable or None"), false;
    replace(&as_function(self)->annotate, newref(value));
    if (!is_none(value)) replace(&as_function(self)->annotations, UNDEF);
    return true;
}
static Ref get_type_params(Vm *vm, Value self)
{
    Value params = as_function(self)->type_params;
    return absent(params) ? tuple_new(vm, 0) : newref(params);
}
static bool set_type_params(Vm *vm, Value self, Value value)
{
    if (absent(value) || !is_tuple(value))
        return throw(vm, TypeError, "__type_params__ must be set to a tuple"), false;
    replace(&as_function(self)->type_params, newref(value));
    return true;
}

/* --- tables
 * -------------------------------------------------------------------------------------------------
 */

static const Attribute function_attributes[] = {
    {"__name__", get_name, set_name, "the function's name"},
    {"__qualname__", get_qualname, set_qualname, "its path from the module"},
    {"__doc__", get_doc, set_doc, "its documentation"},
    {"__module__", get_module, set_module, "name of the module it was defined in"},
    {"__defaults__", get_defaults, set_defaults, "tuple of default values, or None"},
    {"__kwdefaults__", get_kwdefaults, set_kwdefaults,
     "dict of defaults of keyword-only parameters, or None"},
    {"__code__", get_code, set_code, "compiled body"},
    {"__globals__", get_globals, member_read_only, "namespace of its module"},
    {"__builtins__", get_builtins, member_read_only, "namespace of builtins"},
    {"__closure__", get_closure, member_read_only, "tuple of cells, or None"},
    {"__annotations__", get_annotations, set_annotations, "dict of annotations"},
    {"__annotate__", get_annotate, set_annotate, "computes the annotations"},
    {"__type_params__", get_type_params, set_type_params, "tuple of type parameters"},
    {0},
};

const TypeDef function_type = {
    .name = "function",
    .size = sizeof(Function),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .new = &function_make_def,
    .doc = "Create a function object.",
    .refs = REFS(REF(Function, globals), REF(Function, builtins), REF(Function, name),
                 REF(Function, qualname), REF(Function, doc), REF(Function, module),
                 REF(Function, defaults), REF(Function, keyword_defaults), REF(Function, annotate),
                 REF(Function, annotations), REF(Function, type_params), REF(Function, code)),
    .visit = function_visit,
    .clear = function_clear,
    .call = function_call,
    .repr = function_repr,
    .descr_get = function_get,
    .attributes = function_attributes,
};
