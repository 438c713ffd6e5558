/* value.c - what can be asked of any value: comparison, truth, hash, text, length, items.
 *
 * Each is a slot of the value's type with Python's defaults and error messages around it; the
 * commonest immediates are answered before the slot is looked up.
 * Neighbours: number.c (arithmetic), instance.c (isinstance), attr.h, iter.h, slot.c. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"

/* ---- comparison ---- */

static const char *const compare_symbols[] = {"<", "<=", "==", "!=", ">", ">="};

static CompareOp mirrored(CompareOp op)
{
    static const CompareOp mirror[] = {CMP_GREATER,   CMP_GREATER_EQUAL, CMP_EQUAL,
                                       CMP_NOT_EQUAL, CMP_LESS,          CMP_LESS_EQUAL};
    return mirror[op];
}

static inline Ref compare_floats(double a, double b, CompareOp op)
{
    if (isnan(a) || isnan(b)) return from_bool(op == CMP_NOT_EQUAL);
    return from_bool(order_satisfies(a < b ? -1 : a > b, op));
}

/* The slots: a's, then b's with the operator mirrored; b's first when its type is a proper
 * subclass. */
static Ref compare_slots(Vm *vm, Value a, Value b, CompareOp op)
{
    Type *left = type_of(vm, a), *right = type_of(vm, b);
    Ref (*first)(Vm *, Value, Value, CompareOp) = left->slots.compare;
    Ref (*second)(Vm *, Value, Value, CompareOp) = right->slots.compare;
    bool right_first = left != right && second && type_is_subtype(right, left);
    Ref result = NOT_IMPLEMENTED;
    if (right_first) result = second(vm, b, a, mirrored(op));
    if (result == NOT_IMPLEMENTED && first) result = first(vm, a, b, op);
    if (result == NOT_IMPLEMENTED && second && !right_first)
        result = second(vm, b, a, mirrored(op));
    if (result != NOT_IMPLEMENTED) return result;
    if (op == CMP_EQUAL || op == CMP_NOT_EQUAL) return from_bool((a == b) == (op == CMP_EQUAL));
    return throw(vm, TypeError, "'%s' not supported between instances of '%T' and '%T'",
                 compare_symbols[op], a, b);
}

Ref value_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (both_ints(a, b)) {
        int64_t x = as_int(a), y = as_int(b);
        return from_bool(order_satisfies(x < y ? -1 : x > y, op));
    }
    if (both_floats(a, b)) return compare_floats(as_float(a), as_float(b), op);
    if (!is_heap(a) || !(as_object(a)->flags & OBJ_CONTAINER)) return compare_slots(vm, a, b, op);
    if (!recursion_enter(vm)) return FAIL; /* containers compare their items */
    Ref result = compare_slots(vm, a, b, op);
    recursion_leave(vm);
    return result;
}

Truth value_test(Vm *vm, Value a, Value b, CompareOp op)
{
    Ref result = value_compare(vm, a, b, op);
    if (is_bool(result)) return result == TRUE;
    if (failed(result)) return FAILED;
    Truth truth = value_truth(vm, result);
    decref(result);
    return truth;
}

Truth value_equal(Vm *vm, Value a, Value b)
{
    if (a == b) return YES;
    if (both_ints(a, b)) return NO;
    return value_test(vm, a, b, CMP_EQUAL);
}

/* ---- truth, hash, length ---- */

Truth value_truth(Vm *vm, Value v)
{
    if (is_bool(v)) return v == TRUE;
    if (is_none(v)) return NO;
    if (is_int(v)) return as_int(v) != 0;
    if (is_float(v)) return as_float(v) != 0;
    Type *type = type_of(vm, v);
    if (type->slots.truth) return type->slots.truth(vm, v);
    if (!type->slots.len) return YES;
    ptrdiff_t len = type->slots.len(vm, v);
    return len < 0 ? FAILED : len > 0;
}

bool value_hash(Vm *vm, Value v, int64_t *hash)
{
    if (is_int(v)) {
        int64_t n = as_int(v);
        *hash = n == -1 ? -2 : n;
        return true;
    }
    Type *type = type_of(vm, v);
    if (!type->slots.hash) {
        throw(vm, TypeError, "unhashable type: '%T'", v);
        return false;
    }
    if (!is_heap(v) || !(as_object(v)->flags & OBJ_CONTAINER)) return type->slots.hash(vm, v, hash);
    if (!recursion_enter(vm)) return false; /* containers hash their items */
    bool ok = type->slots.hash(vm, v, hash);
    recursion_leave(vm);
    return ok;
}

ptrdiff_t value_len(Vm *vm, Value v)
{
    Type *type = type_of(vm, v);
    if (type->slots.len) return type->slots.len(vm, v);
    throw(vm, TypeError, "object of type '%T' has no len()", v);
    return -1;
}

/* ---- text ---- */

/* text, which a __repr__ or __str__ gave, if it is a str; steals it. */
static Ref check_text(Vm *vm, Ref text, const char *method)
{
    if (failed(text) || is_str(text)) return text;
    throw(vm, TypeError, "%s returned non-string (type %T)", method, (Value)text);
    decref(text);
    return FAIL;
}

Ref value_repr(Vm *vm, Value v)
{
    if (is_int(v)) return int_repr(vm, v);
    Type *type = type_of(vm, v);
    if (!recursion_enter(vm)) return FAIL;
    Ref text = type->slots.repr ? type->slots.repr(vm, v) : format_text(vm, "<%T object>", v);
    recursion_leave(vm);
    return check_text(vm, text, "__repr__");
}

Ref value_str(Vm *vm, Value v)
{
    if (is_int(v)) return int_repr(vm, v);
    if (is_exact(v, KIND_STR)) return newref(v);
    if (is_none(v)) return newref(N(None));
    if (is_bool(v)) return newref(v == TRUE ? N(True) : N(False));
    Type *type = type_of(vm, v);
    if (!type->slots.str) return value_repr(vm, v);
    if (!recursion_enter(vm)) return FAIL;
    Ref text = type->slots.str(vm, v);
    recursion_leave(vm);
    return check_text(vm, text, "__str__");
}

/* point as \xhh, \uhhhh or \Uhhhhhhhh. */
static bool add_escaped(Vm *vm, StrBuilder *builder, uint32_t point)
{
    static const char digits[] = "0123456789abcdef";
    int count = point <= 0xff ? 2 : point <= 0xffff ? 4 : 8;
    char text[10] = {'\\', count == 2 ? 'x' : count == 4 ? 'u' : 'U'};
    for (int i = 0; i < count; i++) text[2 + i] = digits[point >> (4 * (count - 1 - i)) & 15];
    return builder_ascii(vm, builder, text, 2 + count);
}

Ref value_ascii(Vm *vm, Value v)
{
    Ref text = value_repr(vm, v);
    if (failed(text) || as_str(text)->ascii) return text;
    StrBuilder builder;
    builder_open(&builder);
    bool ok = true;
    for (ptrdiff_t i = 0; ok && i < as_str(text)->len; i++) {
        uint32_t point = str_at(as_str(text), i);
        ok = point < 128 ? builder_char(vm, &builder, point) : add_escaped(vm, &builder, point);
    }
    decref(text);
    if (ok) return builder_finish(vm, &builder);
    builder_close(&builder);
    return FAIL;
}

Ref value_format(Vm *vm, Value v, Value spec)
{
    bool empty = absent(spec) || (is_str(spec) && as_str(spec)->len == 0);
    if (empty && is_exact(v, KIND_STR)) return newref(v);
    if (empty && (is_int(v) || is_float(v))) return value_repr(vm, v);
    if (!empty && !is_str(spec))
        return throw(vm, TypeError, "Format specifier must be a string, not %T", spec);
    Type *type = type_of(vm, v);
    if (!type->slots.format) {
        if (empty) return value_str(vm, v);
        return throw(vm, TypeError, "unsupported format string passed to %T.__format__", v);
    }
    Ref text = type->slots.format(vm, v, absent(spec) ? (Value)vm->interp->empty_str : spec);
    if (failed(text) || is_str(text)) return text;
    throw(vm, TypeError, "__format__ must return a str, not %T", (Value)text);
    decref(text);
    return FAIL;
}

/* ---- items ---- */

/* cls[key]: type[...], or what __class_getitem__ says. */
static Ref get_class_item(Vm *vm, Value cls, Value key)
{
    if (cls == borrow(type_builtin(vm, KIND_TYPE))) return generic_alias_new(vm, cls, key);
    Ref method = attr_get_or_absent(vm, cls, N(__class_getitem__));
    if (failed(method)) return FAIL;
    if (absent(method) || is_none(method))
        return throw(vm, TypeError, "type '%F' is not subscriptable", as_type(cls));
    Ref result = call1(vm, method, key);
    decref(method);
    return result;
}

Ref value_get_item(Vm *vm, Value v, Value key)
{
    Type *type = type_of(vm, v);
    if (type->slots.get_item) return type->slots.get_item(vm, v, key);
    if (is_type(v)) return get_class_item(vm, v, key);
    return throw(vm, TypeError, "'%T' object is not subscriptable", v);
}

bool value_set_item(Vm *vm, Value v, Value key, Value item)
{
    Type *type = type_of(vm, v);
    if (type->slots.set_item) return type->slots.set_item(vm, v, key, item);
    /* what looks like a sequence says so in other words, as CPython's does */
    bool sequence = (type->flags & TYPE_HEAP || type->slots.len) &&
                    (is_any_int(key) || type_of(vm, key)->slots.index);
    if (absent(item))
        throw(vm, TypeError,
              sequence ? "'%T' object doesn't support item deletion"
                       : "'%T' object does not support item deletion",
              v);
    else throw(vm, TypeError, "'%T' object does not support item assignment", v);
    return false;
}

/* item in v for what can only be iterated over. */
static Truth search(Vm *vm, Value v, Value item)
{
    Ref iterator = iter_of(vm, v);
    if (failed(iterator)) {
        if (error_is(vm, TypeError)) {
            error_clear(vm);
            throw(vm, TypeError, "argument of type '%T' is not a container or iterable", v);
        }
        return FAILED;
    }
    Truth found = NO;
    while (found == NO) {
        Ref next = iter_next(vm, iterator);
        if (absent(next)) break;
        found = failed(next) ? FAILED : value_equal(vm, next, item);
        decref(next);
    }
    decref(iterator);
    return found;
}

Truth value_contains(Vm *vm, Value v, Value item)
{
    Type *type = type_of(vm, v);
    return type->slots.contains ? type->slots.contains(vm, v, item) : search(vm, v, item);
}

/* ---- recursive reprs ---- */

Truth repr_enter(Vm *vm, Value v)
{
    if (absent(vm->repr_active)) {
        Ref list = list_new(vm, 4);
        if (failed(list)) return FAILED;
        vm->repr_active = list;
    }
    List *active = as_list(vm->repr_active);
    for (ptrdiff_t i = active->len - 1; i >= 0; i--) {
        if (list_at(active, i) == v) return YES;
    }
    return list_push(vm, active, newref(v)) ? NO : FAILED;
}

void repr_leave(Vm *vm, Value v)
{
    List *active = as_list(vm->repr_active);
    for (ptrdiff_t i = active->len - 1; i >= 0; i--) {
        if (list_at(active, i) != v) continue;
        decref(list_take(active, i));
        return;
    }
}
