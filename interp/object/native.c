/* native.c - native functions as objects: builtin functions, methods of builtin types, and both
 * bound.
 *
 * Neighbours: signature.c, nativebind.c (calling), classmethod.c (native class and static methods).
 */
/* SPDX-License-Identifier: MIT */
#include "object/native.h"

#include "object/attr.h"
#include "object/classmethod.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/name.h"
#include "object/reduce.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

enum { ASYNC_LEN = 6 }; /* "async " */

bool native_is_async(const Native *native)
{
    return strncmp(native->signature, "async ", ASYNC_LEN) == 0;
}

const char *native_text(const Native *native)
{
    return native->signature + (native_is_async(native) ? ASYNC_LEN : 0);
}

Ref native_name(Vm *vm, const Native *native)
{
    const char *text = native_text(native);
    bool new = strncmp(text, "new(", 4) == 0;
    if (new) return newref(N(__new__));
    return str_intern(vm, str_from_utf8(vm, text, (ptrdiff_t)strcspn(text, "(")));
}

static NativeFunction *make(Vm *vm, Kind kind, const Native *native, Type *owner)
{
    NativeFunction *function = type_instance(vm, type_builtin(vm, kind));
    if (!function) return NULL;
    function->native = native;
    function->body = native->body;
    function->owner = owner;
    function->name = native_name(vm, native);
    if (!failed(function->name)) return function;
    function->name = UNDEF;
    decref(from_object(function));
    return NULL;
}

Ref native_function(Vm *vm, const Native *native, Value self, Value module)
{
    bool bound = !absent(self) && !is_kind(self, KIND_MODULE);
    NativeFunction *function =
        make(vm, KIND_NATIVE_FUNCTION, native, bound ? type_of(vm, self) : NULL);
    if (!function) return FAIL;
    if (bound) function->self = newref(self);
    function->module = newref(module);
    return from_object(function);
}

Ref native_method(Vm *vm, const Native *native, Type *owner)
{
    bool plain = native->binding == NATIVE_PLAIN;
    bool new =
        native->binding != NATIVE_CLASSMETHOD &&strncmp(native->signature, "__new__(", 8) == 0;
    if (new) return native_new(vm, native, owner);
    NativeFunction *function = make(vm, plain ? KIND_METHOD_DESCRIPTOR : KIND_NATIVE_FUNCTION,
                                    native, native->binding == NATIVE_STATICMETHOD ? NULL : owner);
    if (!function) return FAIL;
    Ref ref = from_object(function);
    if (plain) return ref;
    if (!function->owner) function->self = newref(borrow(owner)); /* shown, not handed over */
    Ref wrapper = native->binding == NATIVE_CLASSMETHOD ? classmethod_new(vm, ref)
                                                        : staticmethod_new(vm, ref);
    decref(ref);
    return wrapper;
}

Ref native_new(Vm *vm, const Native *native, Type *owner)
{
    NativeFunction *function = make(vm, KIND_NATIVE_FUNCTION, native, owner);
    if (!function) return FAIL;
    function->head.aux = NATIVE_IS_NEW;
    function->self = newref(borrow(owner));
    return from_object(function);
}

Ref native_bind(Vm *vm, NativeFunction *method, Value self)
{
    NativeFunction *bound = type_instance(vm, type_builtin(vm, KIND_NATIVE_FUNCTION));
    if (!bound) return FAIL;
    bound->native = method->native;
    bound->signature = method->signature;
    bound->body = method->body;
    bound->owner = method->owner;
    bound->name = newref(method->name);
    bound->module = newref(method->module);
    bound->self = newref(self);
    return from_object(bound);
}

/* ---- slots ---- */

static Ref native_call_slot(Vm *vm, Value self, const Args *args)
{
    return native_call(vm, as_native(self), args);
}

/* Is it a function of a module, even where what the module's functions share is its self?  A
 * static method has its class for self and no owner. */
static bool is_of_module(const NativeFunction *function)
{
    return function->owner ? is_str(function->module) : !is_type(function->self);
}

static Ref function_repr(Vm *vm, Value self)
{
    const NativeFunction *function = as_native(self);
    if (is_of_module(function))
        return format_text(vm, "<built-in function %S>", (Value)function->name);
    char address[32];
    snprintf(address, sizeof address, "%#llx", (unsigned long long)bits_of(function->self));
    return format_text(vm, "<built-in method %S of %T object at %s>", (Value)function->name,
                       (Value)function->self, address);
}

static Ref method_repr(Vm *vm, Value self)
{
    const NativeFunction *method = as_native(self);
    return format_text(vm, "<method '%S' of '%F' objects>", (Value)method->name, method->owner);
}

static Ref method_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    NativeFunction *method = as_native(self);
    if (absent(object)) return newref(self);
    if (!type_has_instance(vm, method->owner, object))
        return throw(vm, TypeError,
                     "descriptor '%S' for '%F' objects doesn't apply to a '%T' object",
                     (Value)method->name, method->owner, object);
    return native_bind(vm, method, object);
}

static Ref function_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_NATIVE_FUNCTION) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL))
        return NOT_IMPLEMENTED;
    bool same =
        as_native(a)->native == as_native(b)->native && as_native(a)->self == as_native(b)->self;
    return from_bool(same == (op == CMP_EQUAL));
}

static bool function_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash =
        (int64_t)((uintptr_t)as_native(self)->native >> 4 ^ bits_of(as_native(self)->self) >> 4);
    return true;
}

/* ---- attributes ---- */

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_native(self)->name);
}

static Ref get_qualname(Vm *vm, Value self)
{
    const NativeFunction *function = as_native(self);
    if (is_of_module(function)) return newref(function->name);
    bool of_class = is_type(function->self) && !(function->head.aux & NATIVE_IS_NEW);
    const Type *owner = of_class ? as_type(function->self) : function->owner;
    return format_text(vm, "%S.%S", (Value)owner->qualname, (Value)function->name);
}

static Ref get_doc(Vm *vm, Value self) { return str_from(vm, as_native(self)->native->doc); }

static Ref get_module(Vm *vm __attribute__((unused)), Value self)
{
    return absent(as_native(self)->module) ? NONE : newref(as_native(self)->module);
}

/* The bound object; a module's function names its module. */
static Ref get_self(Vm *vm, Value self)
{
    const NativeFunction *function = as_native(self);
    if (!function->owner && is_type(function->self)) return NONE;
    if (!absent(function->self) && !(function->owner && is_of_module(function)))
        return newref(function->self);
    Value module = is_dict(vm->interp->modules) && is_str(function->module)
                       ? dict_get(vm, as_dict(vm->interp->modules), function->module)
                       : UNDEF;
    return failed(module) ? FAIL : absent(module) ? NONE : newref(module);
}

static Ref get_owner(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_native(self)->owner));
}

/* "(" first and what follows at; an absent default as inspect reads it, or what stands after the
 * `?`.  Options that stand before an absent **kwargs are some of those. */
static Ref parameters_text(Vm *vm, const char *first, const char *at)
{
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_text(vm, &text, "(") && builder_text(vm, &text, first), rest = false;
    for (; ok && *at; at++) {
        const char *others = strncmp(at, "*, ", 3) == 0 ? strstr(at, "**kwargs=?") : NULL;
        if (others) at = others;
        bool absent_one = at[0] == '=' && at[1] == '?', shown = absent_one && !strchr(",)", at[2]),
             unknown = absent_one && !shown;
        rest = *at != ',' && (rest || *at == '*');
        if (!unknown) ok = builder_char(vm, &text, (uint8_t)*at);
        else if (!rest) ok = builder_text(vm, &text, "=<unrepresentable>");
        at += absent_one;
    }
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

/* "($self, index=-1, /)": the parameters, as inspect reads them. */
static Ref get_text_signature(Vm *vm, Value self)
{
    const NativeFunction *function = as_native(self);
    const char *at = strchr(function->native->signature, '(') + 1;
    bool plain = !function->owner && function->native->binding == NATIVE_PLAIN;
    Ref module =
        plain ? get_self(vm, self) : NONE; /* inspect leaves $module out when there is one */
    if (failed(module)) return FAIL;
    if (module == NONE) plain = false;
    decref(module);
    if (strncmp(at, "self", 4) == 0) return parameters_text(vm, "$self", at + 4);
    if (!plain && strncmp(at, "cls", 3) == 0) return parameters_text(vm, "$type", at + 3);
    return parameters_text(vm, !plain ? "" : *at == ')' ? "$module" : "$module, ", at);
}

Ref native_class_signature(Vm *vm, const Native *native)
{
    if (!native) return NONE;
    const char *at = strchr(native->signature, '(') + 1;
    at += strncmp(at, "self", 4) == 0 ? 4 : strncmp(at, "cls", 3) == 0 ? 3 : 0;
    if (strncmp(at, ", /, *args", 10) == 0) return NONE; /* an exception: it says nothing */
    at += strncmp(at, ", ", 2) == 0 ? 2 : 0;
    return parameters_text(vm, "", at + (strncmp(at, "/, ", 3) == 0 ? 3 : 0));
}

/* What inspect.iscoroutinefunction() looks for; AttributeError when no coroutine is returned. */
static Ref get_coroutine_mark(Vm *vm, Value self)
{
    Value inspect = native_is_async(as_native(self)->native)
                        ? dict_get_text(vm, as_dict(vm->interp->modules), "inspect")
                        : UNDEF;
    if (failed(inspect)) return FAIL;
    if (!absent(inspect)) return attr_get(vm, inspect, N(_is_coroutine_mark));
    return throw(vm, AttributeError, "'%T' object has no attribute '_is_coroutine_mark'", self);
}

/* How pickle and copy name a builtin function: by its own name; methods as getattr(self, name), or
 * getattr(class, name). */
NATIVE(native_reduce, "__reduce__(self, /)", "Helper for pickle.")
{
    const NativeFunction *function = as_native(argv[0]);
    if (is_of_module(function)) return newref(function->name);
    Value from = absent(function->self) ? borrow(function->owner) : (Value)function->self;
    return reduce_to_getattr(vm, from, function->name);
}

/* ---- tables ---- */

static const Native *const function_methods[] = {&native_reduce_def, NULL};

static const Attribute function_attributes[] = {
    {"__name__", get_name, NULL, "the function's name"},
    {"__qualname__", get_qualname, NULL, "with its class"},
    {"__doc__", get_doc, NULL, "its documentation"},
    {"__module__", get_module, NULL, "name of its module, or None"},
    {"__self__", get_self, NULL, "what it is bound to"},
    {"__text_signature__", get_text_signature, NULL, "its parameters"},
    {"_is_coroutine_mark", get_coroutine_mark, NULL, "does it return a coroutine?"},
    {0},
};

const TypeDef native_function_type = {
    .name = "builtin_function_or_method",
    .size = sizeof(NativeFunction),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW | TYPE_WEAKREF,
    .doc = "A function written in C.",
    .refs = REFS(REF(NativeFunction, name), REF(NativeFunction, self), REF(NativeFunction, module)),
    .call = native_call_slot,
    .repr = function_repr,
    .compare = function_compare,
    .hash = function_hash,
    .methods = function_methods,
    .attributes = function_attributes,
};

static const Attribute method_attributes[] = {
    {"__name__", get_name, NULL, "the method's name"},
    {"__qualname__", get_qualname, NULL, "with its class"},
    {"__doc__", get_doc, NULL, "its documentation"},
    {"__objclass__", get_owner, NULL, "its class"},
    {"__text_signature__", get_text_signature, NULL, "its parameters"},
    {"_is_coroutine_mark", get_coroutine_mark, NULL, "does it return a coroutine?"},
    {0},
};

const TypeDef method_descriptor_type = {
    .name = "method_descriptor",
    .size = sizeof(NativeFunction),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .doc = "A method written in C.",
    .refs = REFS(REF(NativeFunction, name), REF(NativeFunction, module)),
    .call = native_call_slot,
    .repr = method_repr,
    .descr_get = method_get,
    .methods = function_methods,
    .attributes = method_attributes,
};
