/* special.c - slots that call special methods: what `def __add__` in a class puts behind its C
 * slots.
 *
 * Each function has the type of its slot, looks the method up on the type and checks what it
 * returns.  A method set to None blocks the operation. Neighbours: slot.c (which class gets which),
 * call.h. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/function.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/memoryview.h"
#include "object/number.h"
#include "object/slot.h"
#include "object/str.h"
#include "object/tuple.h"

static Value method_of(Vm *vm, Value self, Value name)
{
    return type_lookup(vm, type_of(vm, self), name);
}

/* self.name(argv ...); AttributeError when the type has no such method (any more). */
static Ref invoke(Vm *vm, Value self, Value name, int argc, Value *argv)
{
    Ref out = call_special(vm, self, name, argc, argv);
    return absent(out) ? attr_missing(vm, self, name) : out;
}

static Ref invoke_or_pass(Vm *vm, Value self, Value name, int argc, Value *argv)
{
    Ref out = call_special(vm, self, name, argc, argv);
    return absent(out) ? NOT_IMPLEMENTED : out;
}

/* Drops result and raises when it is not what the protocol wants. */
static Ref must_be_str(Vm *vm, Ref result, const char *method)
{
    if (failed(result) || is_str(result)) return result;
    throw(vm, TypeError, "%s returned non-string (type %T)", method, (Value)result);
    decref(result);
    return FAIL;
}

static Ref special_repr(Vm *vm, Value self)
{
    return must_be_str(vm, invoke(vm, self, N(__repr__), 0, NULL), "__repr__");
}
static Ref special_str(Vm *vm, Value self)
{
    return must_be_str(vm, invoke(vm, self, N(__str__), 0, NULL), "__str__");
}

static Ref special_format(Vm *vm, Value self, Value spec)
{
    Ref result = invoke(vm, self, N(__format__), 1, &spec);
    if (failed(result) || is_str(result)) return result;
    throw(vm, TypeError, "__format__ must return a str, not %T", (Value)result);
    decref(result);
    return FAIL;
}

static Ref special_call(Vm *vm, Value self, const Args *args)
{
    Ref method = attr_special(vm, self, N(__call__));
    if (absent(method)) return throw(vm, TypeError, "'%T' object is not callable", self);
    if (failed(method)) return FAIL;
    if (!recursion_enter(vm)) {
        decref(method);
        return FAIL;
    }
    Ref out = call_args(vm, method, args);
    recursion_leave(vm);
    decref(method);
    return out;
}

static bool special_hash(Vm *vm, Value self, int64_t *hash)
{
    Value method = method_of(vm, self, N(__hash__));
    if (absent(method) || is_none(method))
        return throw(vm, TypeError, "unhashable type: '%T'", self), false;
    Ref result = invoke(vm, self, N(__hash__), 0, NULL);
    if (failed(result)) return false;
    bool ok = is_any_int(result);
    int overflow = 0;
    if (!ok) {
        throw(vm, TypeError, "__hash__ method should return an integer");
    } else {
        *hash = int_value(result, &overflow);
        if (overflow) *hash = int_hash(result);
    }
    decref(result);
    return ok;
}

static Ref special_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    static const NameId names[] = {NAME___lt__, NAME___le__, NAME___eq__,
                                   NAME___ne__, NAME___gt__, NAME___ge__};
    return invoke_or_pass(vm, a, vm->interp->names[names[op]], 1, &b);
}

static Ref special_unary(Vm *vm, UnaryOp op, Value self)
{
    static const NameId names[] = {NAME___neg__, NAME___pos__, NAME___invert__, NAME___abs__};
    static const char *const signs[] = {"unary -", "unary +", "unary ~", "abs()"};
    Ref out = call_special(vm, self, vm->interp->names[names[op]], 0, NULL);
    if (!absent(out)) return out;
    return throw(vm, TypeError, "bad operand type for %s: '%T'", signs[op], self);
}

#define OPERATOR(name)                                                                             \
    {                                                                                              \
        NAME___##name##__, NAME___r##name##__, NAME___i##name##__                                  \
    }
static const NameId binary_names[OP2_COUNT][3] = {
    [OP2_ADD] = OPERATOR(add),
    [OP2_SUB] = OPERATOR(sub),
    [OP2_MUL] = OPERATOR(mul),
    [OP2_MATMUL] = OPERATOR(matmul),
    [OP2_TRUEDIV] = OPERATOR(truediv),
    [OP2_FLOORDIV] = OPERATOR(floordiv),
    [OP2_MOD] = OPERATOR(mod),
    [OP2_POW] = OPERATOR(pow),
    [OP2_LSHIFT] = OPERATOR(lshift),
    [OP2_RSHIFT] = OPERATOR(rshift),
    [OP2_AND] = OPERATOR(and),
    [OP2_OR] = OPERATOR(or),
    [OP2_XOR] = OPERATOR(xor),
    [OP2_DIVMOD] = {NAME___divmod__, NAME___rdivmod__, NAME___divmod__},
};

static Ref special_binary(Vm *vm, BinaryOp op, Value a, Value b);

static bool has_special(Vm *vm, Value v) { return type_of(vm, v)->slots.binary == special_binary; }

/* Both sides may be of classes with special methods: the left one's goes first unless the right
 * one's class derives from the left one's and has a reflected method of its own. */
static Ref special_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    Value forward = vm->interp->names[binary_names[op][0]],
          reflected = vm->interp->names[binary_names[op][1]];
    Type *left = type_of(vm, a), *right = type_of(vm, b);
    bool other = left != right && has_special(vm, b);
    if (has_special(vm, a)) {
        if (other && type_is_subtype(right, left) &&
            type_lookup(vm, right, reflected) != type_lookup(vm, left, reflected)) {
            Ref out = invoke_or_pass(vm, b, reflected, 1, &a);
            if (out != NOT_IMPLEMENTED) return out;
            other = false;
        }
        Ref out = invoke_or_pass(vm, a, forward, 1, &b);
        if (out != NOT_IMPLEMENTED || left == right) return out;
    }
    return other || !has_special(vm, a) ? invoke_or_pass(vm, b, reflected, 1, &a) : NOT_IMPLEMENTED;
}

static Ref special_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_DIVMOD) return NOT_IMPLEMENTED;
    return invoke_or_pass(vm, a, vm->interp->names[binary_names[op][2]], 1, &b);
}

static Ref special_power(Vm *vm, Value a, Value b, Value modulus)
{
    if (is_none(modulus)) return special_binary(vm, OP2_POW, a, b);
    if (type_of(vm, a)->slots.power != special_power) return NOT_IMPLEMENTED;
    return invoke_or_pass(vm, a, N(__pow__), 2, (Value[]){b, modulus});
}

static ptrdiff_t special_len(Vm *vm, Value self)
{
    Ref result = call_special(vm, self, N(__len__), 0, NULL);
    if (absent(result)) throw(vm, TypeError, "object of type '%T' has no len()", self);
    if (absent(result) || failed(result)) return -1;
    int64_t len = -1;
    bool negative = is_any_int(result) && int_sign(result) < 0;
    if (negative || int_index(vm, result, &len)) {
        if (len < 0) throw(vm, ValueError, "__len__() should return >= 0");
    } else {
        len = -1;
    }
    decref(result);
    return len < 0 ? -1 : (ptrdiff_t)len;
}

static Truth special_truth(Vm *vm, Value self)
{
    Ref result = call_special(vm, self, N(__bool__), 0, NULL);
    if (failed(result)) return FAILED;
    if (absent(result)) {
        if (!type_of(vm, self)->slots.len) return YES;
        ptrdiff_t len = special_len(vm, self);
        return len < 0 ? FAILED : len > 0 ? YES : NO;
    }
    if (is_bool(result)) return result == TRUE ? YES : NO;
    throw(vm, TypeError, "__bool__ should return bool, returned %T", (Value)result);
    decref(result);
    return FAILED;
}

/* self.name() must give an int. */
static Ref integer(Vm *vm, Value self, Value name)
{
    Ref result = invoke(vm, self, name, 0, NULL);
    if (failed(result) || is_any_int(result)) return result;
    throw(vm, TypeError, "%S returned non-int (type %T)", name, (Value)result);
    decref(result);
    return FAIL;
}

static Ref special_int(Vm *vm, Value self) { return integer(vm, self, N(__int__)); }
static Ref special_index(Vm *vm, Value self) { return integer(vm, self, N(__index__)); }

static Ref special_float(Vm *vm, Value self)
{
    Ref result = invoke(vm, self, N(__float__), 0, NULL);
    if (failed(result) || is_float(result) || is_kind(result, KIND_FLOAT)) return result;
    throw(vm, TypeError, "%T.__float__ returned non-float (type %T)", self, (Value)result);
    decref(result);
    return FAIL;
}

static Ref special_get_item(Vm *vm, Value self, Value key)
{
    Ref out = call_special(vm, self, N(__getitem__), 1, &key);
    return absent(out) ? throw(vm, TypeError, "'%T' object is not subscriptable", self) : out;
}

static bool special_set_item(Vm *vm, Value self, Value key, Value value)
{
    Ref out = absent(value) ? call_special(vm, self, N(__delitem__), 1, &key)
                            : call_special(vm, self, N(__setitem__), 2, (Value[]){key, value});
    if (absent(out))
        throw(vm, TypeError, "'%T' object does%s support item %s", self,
              absent(value) ? "n't" : " not", absent(value) ? "deletion" : "assignment");
    decref(out);
    return !absent(out) && !failed(out);
}

static Truth special_contains(Vm *vm, Value self, Value item)
{
    if (is_none(method_of(vm, self, N(__contains__))))
        return throw(vm, TypeError, "'%T' object is not a container", self), FAILED;
    Ref result = invoke(vm, self, N(__contains__), 1, &item);
    if (failed(result)) return FAILED;
    Truth truth = value_truth(vm, result);
    decref(result);
    return truth;
}

static Ref special_iter(Vm *vm, Value self)
{
    if (is_none(method_of(vm, self, N(__iter__))))
        return throw(vm, TypeError, "'%T' object is not iterable", self);
    Ref out = call_special(vm, self, N(__iter__), 0, NULL);
    return absent(out) ? throw(vm, TypeError, "'%T' object is not iterable", self) : out;
}

static Ref special_next(Vm *vm, Value self)
{
    Ref value = invoke(vm, self, N(__next__), 0, NULL);
    return failed(value) ? iter_end(vm) : value;
}

static Ref special_await(Vm *vm, Value self) { return invoke(vm, self, N(__await__), 0, NULL); }
static Ref special_aiter(Vm *vm, Value self) { return invoke(vm, self, N(__aiter__), 0, NULL); }
static Ref special_anext(Vm *vm, Value self) { return invoke(vm, self, N(__anext__), 0, NULL); }

/* vm->error is AttributeError: what fallback, the __getattr__ of self's class, says instead. */
static Ref get_attr_fallback(Vm *vm, Value self, Value fallback, Value name)
{
    error_clear(vm);
    if (is_function(fallback)) return call(vm, fallback, 2, (Value[]){self, name});
    Ref (*get)(Vm *, Value, Value, Value) = type_of(vm, fallback)->slots.descr_get;
    Ref method = get ? get(vm, fallback, self, borrow(type_of(vm, self))) : newref(fallback);
    Ref out = failed(method) ? FAIL : call1(vm, method, name);
    decref(method);
    return out;
}

static Ref special_get_attr(Vm *vm, Value self, Value name)
{
    Value getter = method_of(vm, self, N(__getattribute__)),
          fallback = method_of(vm, self, N(__getattr__));
    Ref held = newref(fallback), out; /* whoever is asked first may remove it */
    if (is_kind(getter, KIND_SLOT_WRAPPER)) {
        Ref (*get)(Vm *, Value, Value) =
            (Ref(*)(Vm *, Value, Value))(void *)as_slot_wrapper(getter)->function;
        bool plain = get == object_get_attr && !absent(held);
        out = plain ? object_get_attr_or_absent(vm, self, name) : get(vm, self, name);
        if (absent(out)) out = FAIL;
    } else {
        out = invoke(vm, self, N(__getattribute__), 1, &name);
    }
    if (failed(out) && !absent(held) && (absent(vm->error) || error_is(vm, AttributeError)))
        out = get_attr_fallback(vm, self, held, name);
    decref(held);
    return out;
}

static bool special_set_attr(Vm *vm, Value self, Value name, Value value)
{
    Ref out = absent(value) ? invoke(vm, self, N(__delattr__), 1, &name)
                            : invoke(vm, self, N(__setattr__), 2, (Value[]){name, value});
    decref(out);
    return !failed(out);
}

static Ref special_descr_get(Vm *vm, Value self, Value object, Value type)
{
    Value argv[] = {absent(object) ? NONE : object, absent(type) ? NONE : type};
    Ref out = call_special(vm, self, N(__get__), 2, argv);
    return absent(out) ? newref(self) : out;
}

static bool special_descr_set(Vm *vm, Value self, Value object, Value value)
{
    Ref out = absent(value) ? call_special(vm, self, N(__delete__), 1, &object)
                            : call_special(vm, self, N(__set__), 2, (Value[]){object, value});
    if (absent(out)) attr_missing(vm, self, absent(value) ? N(__delete__) : N(__set__));
    decref(out);
    return !absent(out) && !failed(out);
}

const Slots special_slots = {
    .buffer = memoryview_lend,
    .call = special_call,
    .repr = special_repr,
    .str = special_str,
    .format = special_format,
    .hash = special_hash,
    .compare = special_compare,
    .unary = special_unary,
    .binary = special_binary,
    .inplace = special_inplace,
    .power = special_power,
    .truth = special_truth,
    .as_int = special_int,
    .as_float = special_float,
    .index = special_index,
    .len = special_len,
    .get_item = special_get_item,
    .set_item = special_set_item,
    .contains = special_contains,
    .iter = special_iter,
    .next = special_next,
    .await = special_await,
    .aiter = special_aiter,
    .anext = special_anext,
    .get_attr = special_get_attr,
    .set_attr = special_set_attr,
    .descr_get = special_descr_get,
    .descr_set = special_descr_set,
};
