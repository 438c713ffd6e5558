/* classmethod.c - classmethod and staticmethod.
 *
 * Both wrap a callable and copy its name and doc; they differ in what __get__ gives: the callable
 * bound to the class, or the callable itself. Neighbours: method.c, native.c (methods of builtin
 * types that bind to the class). */
/* SPDX-License-Identifier: MIT */
#include "object/classmethod.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/function.h"
#include "object/genericalias.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"

static Ref wrap(Vm *vm, Kind kind, Value function)
{
    Wrapper *wrapper = type_instance(vm, type_builtin(vm, kind));
    if (!wrapper) return FAIL;
    wrapper->function = newref(function);
    return from_object(wrapper);
}

Ref classmethod_new(Vm *vm, Value function) { return wrap(vm, KIND_CLASSMETHOD, function); }
Ref staticmethod_new(Vm *vm, Value function) { return wrap(vm, KIND_STATICMETHOD, function); }

/* The wrapper looks like what it wraps: __module__, __name__, __qualname__, __doc__ are copied,
 * __wrapped__ set. */
static bool copy_names(Vm *vm, Value self, Value function)
{
    const NameId names[] = {NAME___module__, NAME___name__, NAME___qualname__, NAME___doc__};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Value name = vm->interp->names[names[i]];
        Ref value = attr_get_or_absent(vm, function, name);
        if (failed(value)) return false;
        bool ok = absent(value) || object_set_attr(vm, self, name, value);
        decref(value);
        if (!ok) return false;
    }
    return true;
}

NATIVE(wrapper_init, "__init__(self, function, /)", "Wrap function.")
{
    replace(&as_wrapper(argv[0])->function, newref(argv[1]));
    return copy_names(vm, argv[0], argv[1]) ? NONE : FAIL;
}

static Ref classmethod_get(Vm *vm, Value self, Value object, Value type)
{
    Value function = as_wrapper(self)->function;
    if (absent(function)) return throw(vm, RuntimeError, "uninitialized classmethod object");
    Value class = absent(type) || is_none(type) ? borrow(type_of(vm, object)) : type;
    if (is_kind(function, KIND_NATIVE_FUNCTION) &&
        as_native(function)->native->binding == NATIVE_CLASSMETHOD)
        return native_bind(vm, as_native(function), class);
    return method_new(vm, function, class);
}

static Ref staticmethod_get(Vm *vm, Value self, Value object __attribute__((unused)),
                            Value type __attribute__((unused)))
{
    Value function = as_wrapper(self)->function;
    return absent(function) ? throw(vm, RuntimeError, "uninitialized staticmethod object")
                            : newref(function);
}

static Ref staticmethod_call(Vm *vm, Value self, const Args *args)
{
    Value function = as_wrapper(self)->function;
    return absent(function) ? throw(vm, RuntimeError, "uninitialized staticmethod object")
                            : call_args(vm, function, args);
}

static Ref wrapper_repr(Vm *vm, Value self)
{
    Value function = as_wrapper(self)->function;
    return format_text(vm, "<%s(%R)>",
                       is_kind(self, KIND_CLASSMETHOD) ? "classmethod" : "staticmethod",
                       absent(function) ? (Value)NONE : function);
}

static Ref get_function(Vm *vm __attribute__((unused)), Value self)
{
    Value function = as_wrapper(self)->function;
    return absent(function) ? NONE : newref(function);
}

static Ref get_abstract(Vm *vm, Value self)
{
    Value function = as_wrapper(self)->function;
    Ref flag = absent(function) ? UNDEF : attr_get_or_absent(vm, function, N(__isabstractmethod__));
    Truth truth = failed(flag) ? FAILED : absent(flag) ? NO : value_truth(vm, flag);
    decref(flag);
    return truth == FAILED ? FAIL : from_bool(truth == YES);
}

/* These two are the function's unless the wrapper has its own. */
static Ref delegated(Vm *vm, Value self, Value name)
{
    Value function = as_wrapper(self)->function;
    return absent(function) ? attr_missing(vm, self, name) : attr_get(vm, function, name);
}
static Ref get_annotations(Vm *vm, Value self) { return delegated(vm, self, N(__annotations__)); }
static Ref get_annotate(Vm *vm, Value self) { return delegated(vm, self, N(__annotate__)); }

static const Native *const wrapper_methods[] = {&class_getitem_def, NULL};

static const Attribute wrapper_attributes[] = {
    {"__func__", get_function, member_read_only, "what is wrapped"},
    {"__wrapped__", get_function, member_read_only, "what is wrapped"},
    {"__isabstractmethod__", get_abstract, NULL, "must subclasses define it?"},
    {"__annotations__", get_annotations, NULL, "the function's annotations"},
    {"__annotate__", get_annotate, NULL, "what computes them"},
    {0},
};

const TypeDef classmethod_type = {
    .name = "classmethod",
    .size = sizeof(Wrapper),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .init = &wrapper_init_def,
    .doc = "classmethod(function): a method that gets the class as its first argument.",
    .refs = REFS(REF(Wrapper, function)),
    .repr = wrapper_repr,
    .descr_get = classmethod_get,
    .methods = wrapper_methods,
    .attributes = wrapper_attributes,
};

const TypeDef staticmethod_type = {
    .name = "staticmethod",
    .size = sizeof(Wrapper),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .init = &wrapper_init_def,
    .doc = "staticmethod(function): a method that gets neither instance nor class.",
    .refs = REFS(REF(Wrapper, function)),
    .repr = wrapper_repr,
    .descr_get = staticmethod_get,
    .call = staticmethod_call,
    .methods = wrapper_methods,
    .attributes = wrapper_attributes,
};
