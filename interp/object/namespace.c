/* namespace.c - types.SimpleNamespace: an object that is nothing but its attributes.
 *
 * Neighbours: shape.c (where the attributes are), sys and types (which make some). */
/* SPDX-License-Identifier: MIT */
#include "object/namespace.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/native.h"
#include "object/number.h"
#include "object/sequence.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct Namespace {
    Container head;
} Namespace;

static bool is_namespace(Value v) { return is_kind(v, KIND_NAMESPACE); }

/* Sets an attribute for each entry. */
static bool set_attributes(Vm *vm, Value self, Dict *attributes)
{
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(attributes, &i, &key, &value);) {
        if (!is_str(key)) {
            throw(vm, TypeError, "keywords must be strings");
            return false;
        }
        Ref name = str_intern(vm, newref(key));
        bool ok = !failed(name) && object_set_attr(vm, self, name, value);
        decref(name);
        if (!ok) return false;
    }
    return true;
}

Ref namespace_new(Vm *vm, Value attributes)
{
    Namespace *self = type_instance(vm, type_builtin(vm, KIND_NAMESPACE));
    if (!self) return FAIL;
    if (absent(attributes) || set_attributes(vm, borrow(self), as_dict(attributes)))
        return from_object(self);
    decref_object(self);
    return FAIL;
}

NATIVE(namespace_make, "new(cls, /, *args, **kwargs)",
       "Return an empty namespace; __init__ fills it.")
{
    Namespace *self = type_instance(vm, as_type(argv[0]));
    return self ? from_object(self) : FAIL;
}

NATIVE(
    namespace_init, "__init__(self, mapping=?, /, **kwargs)",
    "Set an attribute for each entry of mapping (or of its (key, value) pairs) and each keyword.")
{
    if (!absent(argv[1])) {
        Ref entries = dict_new(vm);
        bool ok = !failed(entries) && dict_update(vm, as_dict(entries), argv[1]) &&
                  set_attributes(vm, argv[0], as_dict(entries));
        decref(entries);
        if (!ok) return FAIL;
    }
    return set_attributes(vm, argv[0], as_dict(argv[2])) ? NONE : FAIL;
}

/* The attributes as a dict; owned. */
static Ref attributes_of(Vm *vm, Value self)
{
    Dict *dict = object_dict(vm, as_object(self));
    return dict ? newref(borrow(dict)) : FAIL;
}

static bool repr_attributes(Vm *vm, StrBuilder *text, Dict *dict)
{
    bool first = true;
    for (ptrdiff_t i = 0; i < dict->used; i++) {
        if (!is_str(dict->entries[i].key)) continue;
        Ref key = newref(dict->entries[i].key), value = newref(dict->entries[i].value);
        bool ok = (first || builder_ascii(vm, text, ", ", 2)) && builder_str(vm, text, key) &&
                  builder_ascii(vm, text, "=", 1) && builder_repr(vm, text, value);
        decref(key);
        decref(value);
        if (!ok) return false;
        first = false;
    }
    return true;
}

static Ref namespace_repr(Vm *vm, Value self)
{
    const char *name = is_exact(self, KIND_NAMESPACE) ? "namespace" : type_name(vm, self);
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_format(vm, "%s(...)", name);
    Ref dict = attributes_of(vm, self);
    StrBuilder text;
    builder_open(&text);
    bool ok = !failed(dict) && builder_text(vm, &text, name) && builder_ascii(vm, &text, "(", 1) &&
              repr_attributes(vm, &text, as_dict(dict)) && builder_ascii(vm, &text, ")", 1);
    decref(dict);
    repr_leave(vm, self);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static Ref namespace_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_namespace(a) || !is_namespace(b)) return NOT_IMPLEMENTED;
    Ref left = attributes_of(vm, a), right = FAIL, out = FAIL;
    if (!failed(left)) right = attributes_of(vm, b);
    if (!failed(right)) out = value_compare(vm, left, right, op);
    decref(left);
    decref(right);
    return out;
}

NATIVE(namespace_replace, "__replace__(self, /, **changes)",
       "Return a copy with the given attributes changed: what copy.replace calls.")
{
    Ref out = call0(vm, borrow(type_of(vm, argv[0])));
    if (failed(out)) return FAIL;
    Ref dict = attributes_of(vm, argv[0]);
    bool ok = !failed(dict) && set_attributes(vm, out, as_dict(dict)) &&
              set_attributes(vm, out, as_dict(argv[1]));
    decref(dict);
    if (ok) return out;
    decref(out);
    return FAIL;
}

NATIVE(namespace_reduce, "__reduce__(self, /)", "How to make it again, for copy and pickle.")
{
    Ref dict = attributes_of(vm, argv[0]);
    if (failed(dict)) return FAIL;
    Ref out = tuple_pack(vm, 3, borrow(type_of(vm, argv[0])), (Value)vm->interp->empty_tuple,
                         (Value)dict);
    decref(dict);
    return out;
}

static const Native *const namespace_methods[] = {&namespace_reduce_def, &namespace_replace_def,
                                                  NULL};

const TypeDef namespace_type = {
    .name = "types.SimpleNamespace",
    .doc = "An object that is nothing but its attributes.",
    .size = sizeof(Namespace),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .new = &namespace_make_def,
    .init = &namespace_init_def,
    .repr = namespace_repr,
    .compare = namespace_compare,
    .methods = namespace_methods,
};
