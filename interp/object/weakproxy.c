/* weakproxy.c - weak proxies: a weak reference that passes on what is done to it.
 *
 * A proxy is a Weakref of another type; every slot looks up the target first and raises
 * ReferenceError when it has gone.  Neighbours: weakref.c (references and their table). */
/* SPDX-License-Identifier: MIT */
#include "object/weakref.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"

/* What v stands for: a proxy's target, anything else itself.  FAIL: the target has gone. */
static Ref target(Vm *vm, Value v)
{
    if (!is_weak_proxy(v)) return newref(v);
    Ref held = weakref_get(v);
    return absent(held) ? throw(vm, ReferenceError, "weakly-referenced object no longer exists")
                        : held;
}

/* Runs `expression` with `self` the target, result FAIL when there is none. */
#define WITH_TARGET(self, type, failure, expression)                                               \
    Ref held = target(vm, self);                                                                   \
    if (failed(held)) return failure;                                                              \
    type result = expression;                                                                      \
    decref(held);                                                                                  \
    return result

static Ref proxy_call(Vm *vm, Value self, const Args *args)
{
    WITH_TARGET(self, Ref, FAIL, call_args(vm, held, args));
}

static Ref proxy_repr(Vm *vm, Value self)
{
    long long address = (long long)(uintptr_t)as_object(self);
    Ref held = weakref_get(self);
    if (absent(held)) return format_text(vm, "<weakproxy at 0x%llx; dead>", address);
    Ref text = format_text(vm, "<weakproxy at 0x%llx; to '%T' at 0x%llx>", address, (Value)held,
                           is_heap(held) ? (long long)(uintptr_t)as_object(held) : 0LL);
    decref(held);
    return text;
}

static Ref proxy_str(Vm *vm, Value self) { WITH_TARGET(self, Ref, FAIL, value_str(vm, held)); }

static bool proxy_hash(Vm *vm, Value self, int64_t *hash __attribute__((unused)))
{
    throw(vm, TypeError, "unhashable type: '%T'", self);
    return false;
}

/* Both operands, proxies replaced; false: one has gone. */
static bool operands(Vm *vm, Value a, Value b, Ref *left, Ref *right)
{
    *left = target(vm, a);
    if (failed(*left)) return false;
    *right = target(vm, b);
    if (!failed(*right)) return true;
    decref(*left);
    return false;
}

static Ref proxy_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    Ref left, right;
    if (!operands(vm, a, b, &left, &right)) return FAIL;
    Ref out = value_compare(vm, left, right, op);
    decref(left);
    decref(right);
    return out;
}

static Ref proxy_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    Ref left, right;
    if (!operands(vm, a, b, &left, &right)) return FAIL;
    Ref out = number_binary(vm, op, left, right);
    decref(left);
    decref(right);
    return out;
}

static Ref proxy_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    Ref left, right;
    if (!operands(vm, a, b, &left, &right)) return FAIL;
    Ref out = number_inplace(vm, op, left, right);
    decref(left);
    decref(right);
    return out;
}

static Ref proxy_power(Vm *vm, Value a, Value b, Value modulus)
{
    Ref left, right, last = target(vm, modulus);
    if (failed(last)) return FAIL;
    Ref out = FAIL;
    if (operands(vm, a, b, &left, &right)) {
        out = number_power(vm, left, right, last);
        decref(left);
        decref(right);
    }
    decref(last);
    return out;
}

static Ref proxy_unary(Vm *vm, UnaryOp op, Value self)
{
    WITH_TARGET(self, Ref, FAIL, number_unary(vm, op, held));
}

static Truth proxy_truth(Vm *vm, Value self)
{
    WITH_TARGET(self, Truth, FAILED, value_truth(vm, held));
}

static Ref proxy_int(Vm *vm, Value self) { WITH_TARGET(self, Ref, FAIL, int_from_value(vm, held)); }

static Ref proxy_float(Vm *vm, Value self)
{
    double number = 0;
    WITH_TARGET(self, Ref, FAIL, float_from_value(vm, held, &number) ? from_float(number) : FAIL);
}

static Ref proxy_index(Vm *vm, Value self)
{
    WITH_TARGET(self, Ref, FAIL, int_from_index(vm, held));
}

static ptrdiff_t proxy_len(Vm *vm, Value self)
{
    WITH_TARGET(self, ptrdiff_t, -1, value_len(vm, held));
}

static Ref proxy_get_item(Vm *vm, Value self, Value key)
{
    WITH_TARGET(self, Ref, FAIL, value_get_item(vm, held, key));
}

static bool proxy_set_item(Vm *vm, Value self, Value key, Value item)
{
    WITH_TARGET(self, bool, false, value_set_item(vm, held, key, item));
}

static Truth proxy_contains(Vm *vm, Value self, Value item)
{
    WITH_TARGET(self, Truth, FAILED, value_contains(vm, held, item));
}

static Ref proxy_iter(Vm *vm, Value self) { WITH_TARGET(self, Ref, FAIL, iter_of(vm, held)); }

static Ref proxy_next_of(Vm *vm, Value iterator)
{
    if (type_of(vm, iterator)->slots.next) return iter_next(vm, iterator);
    return throw(vm, TypeError, "Weakref proxy referenced a non-iterator '%T' object", iterator);
}

static Ref proxy_next(Vm *vm, Value self) { WITH_TARGET(self, Ref, FAIL, proxy_next_of(vm, held)); }

static Ref proxy_get_attr(Vm *vm, Value self, Value name)
{
    WITH_TARGET(self, Ref, FAIL, attr_get(vm, held, name));
}

static bool proxy_set_attr(Vm *vm, Value self, Value name, Value value)
{
    WITH_TARGET(self, bool, false, attr_set(vm, held, name, value));
}

NATIVE(weakproxy_bytes, "__bytes__(self, /)", "bytes(self), of the object referred to.")
{
    WITH_TARGET(argv[0], Ref, FAIL, call_method(vm, held, N(__bytes__), 0, NULL));
}
NATIVE(weakproxy_reversed, "__reversed__(self, /)", "reversed(self), of the object referred to.")
{
    WITH_TARGET(argv[0], Ref, FAIL, call_method(vm, held, N(__reversed__), 0, NULL));
}

static const Native *const proxy_methods[] = {&weakproxy_bytes_def, &weakproxy_reversed_def, NULL};

#define PROXY_SLOTS                                                                                \
    .size = sizeof(Weakref), .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,                   \
    .refs = REFS(REF(Weakref, callback)), .clear = weakref_unlink, .repr = proxy_repr,             \
    .str = proxy_str, .hash = proxy_hash, .compare = proxy_compare, .unary = proxy_unary,          \
    .binary = proxy_binary, .inplace = proxy_inplace, .power = proxy_power, .truth = proxy_truth,  \
    .as_int = proxy_int, .as_float = proxy_float, .index = proxy_index, .len = proxy_len,          \
    .get_item = proxy_get_item, .set_item = proxy_set_item, .contains = proxy_contains,            \
    .iter = proxy_iter, .next = proxy_next, .get_attr = proxy_get_attr,                            \
    .set_attr = proxy_set_attr, .methods = proxy_methods

const TypeDef weak_proxy_type = {
    .name = "weakref.ProxyType",
    .doc = "Stands for an object without keeping it alive.",
    PROXY_SLOTS,
};
const TypeDef weak_callable_proxy_type = {
    .name = "weakref.CallableProxyType",
    .doc = "Stands for a callable object without keeping it alive.",
    PROXY_SLOTS,
    .call = proxy_call,
};
