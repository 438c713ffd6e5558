/* mappingproxy.c - a read-only view of a mapping: every question is passed on.
 *
 * Neighbours: dict.c, type.c (cls.__dict__). */
/* SPDX-License-Identifier: MIT */
#include "object/mappingproxy.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/sequence.h"

static Value target(Value self) { return mapping_proxy_target(self); }

Ref mapping_proxy_new(Vm *vm, Value mapping)
{
    MappingProxy *proxy = type_instance(vm, type_builtin(vm, KIND_MAPPING_PROXY));
    if (!proxy) return FAIL;
    proxy->mapping = newref(mapping);
    return from_object(proxy);
}

NATIVE(mapping_proxy_make, "new(cls, mapping)", "Return a read-only view of mapping.")
{
    const Type *type = type_of(vm, argv[1]);
    if (!type->slots.get_item || is_sequence(argv[1]) || is_type(argv[1]) || is_str(argv[1]))
        return throw(vm, TypeError, "mappingproxy() argument must be a mapping, not %T", argv[1]);
    return mapping_proxy_new(vm, argv[1]);
}

static Ref proxy_repr(Vm *vm, Value self)
{
    return format_text(vm, "mappingproxy(%R)", target(self));
}
static Ref proxy_str(Vm *vm, Value self) { return value_str(vm, target(self)); }
static bool proxy_hash(Vm *vm, Value self, int64_t *hash)
{
    return value_hash(vm, target(self), hash);
}
static ptrdiff_t proxy_len(Vm *vm, Value self) { return value_len(vm, target(self)); }
static Ref proxy_get_item(Vm *vm, Value self, Value key)
{
    return value_get_item(vm, target(self), key);
}
static Truth proxy_contains(Vm *vm, Value self, Value key)
{
    return value_contains(vm, target(self), key);
}
static Ref proxy_iter(Vm *vm, Value self) { return iter_of(vm, target(self)); }

static Ref proxy_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    return value_compare(vm, target(a), is_mapping_proxy(b) ? target(b) : b, op);
}

static Ref proxy_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR) return NOT_IMPLEMENTED;
    return number_binary(vm, op, is_mapping_proxy(a) ? target(a) : a,
                         is_mapping_proxy(b) ? target(b) : b);
}

static Ref proxy_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR) return NOT_IMPLEMENTED;
    return throw(vm, TypeError, "'|=' is not supported by %T; use '|' instead", a, b);
}

NATIVE(proxy_get, "get(self, key, default=None, /)",
       "Return the value under key, default if there is none.")
{
    return call_method(vm, target(argv[0]), N(get), 2, argv + 1);
}
NATIVE(proxy_keys, "keys(self, /)", "Return the mapping's keys().")
{
    return call_method(vm, target(argv[0]), N(keys), 0, NULL);
}
NATIVE(proxy_values, "values(self, /)", "Return the mapping's values().")
{
    return call_method(vm, target(argv[0]), N(values), 0, NULL);
}
NATIVE(proxy_items, "items(self, /)", "Return the mapping's items().")
{
    return call_method(vm, target(argv[0]), N(items), 0, NULL);
}
NATIVE(proxy_copy, "copy(self, /)", "Return the mapping's copy().")
{
    return call_method(vm, target(argv[0]), N(copy), 0, NULL);
}
NATIVE(proxy_reversed, "__reversed__(self, /)", "Return the mapping's reverse iterator.")
{
    return call_method(vm, target(argv[0]), N(__reversed__), 0, NULL);
}

static const Native *const proxy_methods[] = {
    &proxy_get_def,  &proxy_keys_def,     &proxy_values_def,  &proxy_items_def,
    &proxy_copy_def, &proxy_reversed_def, &class_getitem_def, NULL,
};

const TypeDef mapping_proxy_type = {
    .name = "mappingproxy",
    .doc = "A read-only view of a mapping.",
    .size = sizeof(MappingProxy),
    .flags = TYPE_CONTAINER | TYPE_MAPPING | TYPE_FINAL,
    .refs = REFS(REF(MappingProxy, mapping)),
    .new = &mapping_proxy_make_def,
    .repr = proxy_repr,
    .str = proxy_str,
    .hash = proxy_hash,
    .compare = proxy_compare,
    .binary = proxy_binary,
    .inplace = proxy_inplace,
    .len = proxy_len,
    .get_item = proxy_get_item,
    .contains = proxy_contains,
    .iter = proxy_iter,
    .methods = proxy_methods,
};
