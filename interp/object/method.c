/* method.c - bound methods: a function and the object it is called on.
 *
 * Neighbours: function.c (binding), native.c (bound natives are of another kind). */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/function.h"
#include "object/list.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/reduce.h"
#include "object/str.h"
#include "object/tuple.h"

Ref method_new(Vm *vm, Value function, Value self)
{
    Method *method = type_instance(vm, type_builtin(vm, KIND_METHOD));
    if (!method) return FAIL;
    method->function = newref(function);
    method->self = newref(self);
    return from_object(method);
}

NATIVE(method_make, "new(cls, function, instance, /)", "Create a bound instance method object.")
{
    if (!type_of(vm, argv[1])->slots.call)
        return throw(vm, TypeError, "first argument must be callable");
    if (is_none(argv[2])) return throw(vm, TypeError, "instance must not be None");
    return method_new(vm, argv[1], argv[2]);
}

static Ref method_call(Vm *vm, Value self, const Args *args)
{
    enum { FEW = 16 };
    int total = args->argc + (absent(args->kwnames) ? 0 : (int)tuple_len(args->kwnames));
    Value few[FEW];
    Value *argv = total < FEW ? few : memory_new(vm, (size_t)(total + 1) * sizeof *argv);
    if (!argv) return FAIL;
    argv[0] = as_method(self)->self;
    for (int i = 0; i < total; i++) argv[i + 1] = args->argv[i];
    Ref out =
        call_args(vm, as_method(self)->function, &(Args){argv, args->argc + 1, args->kwnames});
    if (argv != few) memory_free(argv);
    return out;
}

static Ref method_repr(Vm *vm, Value self)
{
    const Method *method = as_method(self);
    Ref name = attr_get_or_absent(vm, method->function, N(__qualname__));
    if (absent(name)) name = attr_get_or_absent(vm, method->function, N(__name__));
    if (failed(name)) return FAIL;
    Ref text = is_str(name)
                   ? format_text(vm, "<bound method %S of %R>", (Value)name, (Value)method->self)
                   : format_text(vm, "<bound method ? of %R>", (Value)method->self);
    decref(name);
    return text;
}

static Ref method_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_METHOD) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL))
        return NOT_IMPLEMENTED;
    Truth same = as_method(a)->self == as_method(b)->self
                     ? value_equal(vm, as_method(a)->function, as_method(b)->function)
                     : NO;
    return same == FAILED ? FAIL : from_bool((same == YES) == (op == CMP_EQUAL));
}

static bool method_hash(Vm *vm, Value self, int64_t *hash)
{
    if (!value_hash(vm, as_method(self)->function, hash)) return false;
    *hash ^= (int64_t)(bits_of(as_method(self)->self) >> 4);
    return true;
}

/* What the method does not have itself is the function's. */
static Ref method_get_attr(Vm *vm, Value self, Value name)
{
    if (!absent(type_lookup(vm, type_of(vm, self), name))) return object_get_attr(vm, self, name);
    return attr_get(vm, as_method(self)->function, name);
}

static bool method_set_attr(Vm *vm, Value self, Value name, Value value)
{
    if (!absent(type_lookup(vm, type_of(vm, self), name)))
        return object_set_attr(vm, self, name, value);
    return attr_missing(vm, self, name), false;
}

static Ref method_descr_get(Vm *vm __attribute__((unused)), Value self,
                            Value object __attribute__((unused)),
                            Value type __attribute__((unused)))
{
    return newref(self);
}

static Ref get_function(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_method(self)->function);
}
static Ref get_self(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_method(self)->self);
}
static Ref get_doc(Vm *vm, Value self)
{
    Ref doc = attr_get_or_absent(vm, as_method(self)->function, N(__doc__));
    return absent(doc) ? NONE : doc;
}

/* How copy and pickle rebuild it: getattr(self, name). */
NATIVE(method_reduce, "__reduce__(self, /)", "Helper for pickle.")
{
    Ref name = attr_get(vm, as_method(argv[0])->function, N(__name__));
    if (failed(name)) return FAIL;
    Ref out = reduce_to_getattr(vm, as_method(argv[0])->self, name);
    decref(name);
    return out;
}

static const Native *const method_methods[] = {&method_reduce_def, NULL};

static const Attribute method_attributes[] = {
    {"__func__", get_function, member_read_only,
     "the function (or other callable) implementing a method"},
    {"__self__", get_self, member_read_only, "the instance to which a method is bound"},
    {"__doc__", get_doc, NULL, "the function's documentation"},
    {0},
};

const TypeDef method_type = {
    .name = "method",
    .size = sizeof(Method),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_WEAKREF,
    .new = &method_make_def,
    .doc = "Create a bound instance method object.",
    .refs = REFS(REF(Method, function), REF(Method, self)),
    .call = method_call,
    .repr = method_repr,
    .compare = method_compare,
    .hash = method_hash,
    .get_attr = method_get_attr,
    .set_attr = method_set_attr,
    .descr_get = method_descr_get,
    .methods = method_methods,
    .attributes = method_attributes,
};
