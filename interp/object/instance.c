/* instance.c - isinstance and issubclass: tuples, unions, and the hooks a metaclass may define.
 *
 * Plain classes are answered from the MRO.  A class whose metaclass is not plain `type` is asked
 * through __instancecheck__ and __subclasscheck__; `type` itself defines these by instance_check
 * and subclass_check below.
 * Neighbours: value.c, type.c, genericalias.c (unions). */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/name.h"
#include "object/number.h"
#include "object/tuple.h"
#include "object/weakref.h"

static bool is_plain_class(const Vm *vm, Value v)
{
    return is_type(v) && type_of(vm, v) == type_builtin(vm, KIND_TYPE);
}

/* The member of a union as a class. */
static Value member_class(const Vm *vm, Value member)
{
    return is_none(member) ? borrow(type_builtin(vm, KIND_NONE)) : member;
}

/* Calls the hook `name` of cls with v; *found tells whether there is one. */
static Truth call_hook(Vm *vm, Value cls, Value name, Value v, bool *found)
{
    if (!recursion_enter(vm)) {
        *found = true;
        return FAILED;
    }
    Ref answer = call_special(vm, cls, name, 1, &v);
    recursion_leave(vm);
    *found = !absent(answer);
    if (failed(answer)) return FAILED;
    if (absent(answer)) return NO;
    Truth truth = value_truth(vm, answer);
    decref(answer);
    return truth;
}

/* ---- objects that pose as classes: anything with a tuple __bases__ ---- */

/* The tuple v.__bases__; UNDEF: it has none, so it is no class. */
static Ref claimed_bases(Vm *vm, Value v)
{
    Ref bases = attr_get_or_absent(vm, v, N(__bases__));
    if (absent(bases) || failed(bases) || is_tuple(bases)) return bases;
    decref(bases);
    return UNDEF;
}

/* Raises TypeError(message) unless v is a class or poses as one. */
static bool must_be_class(Vm *vm, Value v, const char *message)
{
    if (is_type(v)) return true;
    Ref bases = claimed_bases(vm, v);
    if (absent(bases)) throw(vm, TypeError, "%s", message);
    decref(bases);
    return !absent(bases) && !failed(bases);
}

static const char issubclass_argument_1[] = "issubclass() arg 1 must be a class";
static const char issubclass_argument_2[] =
    "issubclass() arg 2 must be a class, a tuple of classes, or a union";

/* Is cls derived itself or in reach of it through __bases__? */
static Truth derives_from(Vm *vm, Value derived, Value cls)
{
    if (derived == cls) return YES;
    Ref bases = claimed_bases(vm, derived);
    if (failed(bases)) return FAILED;
    if (absent(bases)) return NO;
    Truth answer = NO;
    if (recursion_enter(vm)) {
        for (ptrdiff_t i = 0; answer == NO && i < tuple_len(bases); i++)
            answer = derives_from(vm, tuple_at(bases, i), cls);
        recursion_leave(vm);
    } else {
        answer = FAILED;
    }
    decref(bases);
    return answer;
}

/* ---- without hooks ---- */

Truth instance_check(Vm *vm, Value v, Value cls)
{
    bool plain = is_type(cls);
    if (!plain &&
        !must_be_class(vm, cls, "isinstance() arg 2 must be a type, a tuple of types, or a union"))
        return FAILED;
    Type *type = type_of(vm, v);
    if (plain && type_is_subtype(type, as_type(cls))) return YES;
    if (plain && !(type->flags & TYPE_HEAP) && !is_weak_proxy(v)) return NO;
    Ref claimed = attr_get_or_absent(vm, v, N(__class__)); /* an object may claim another class */
    if (failed(claimed)) return FAILED;
    if (absent(claimed)) return NO;
    Truth answer = NO;
    if (!plain) answer = derives_from(vm, claimed, cls);
    else if (is_type(claimed) && claimed != borrow(type))
        answer = type_is_subtype(as_type(claimed), as_type(cls)) ? YES : NO;
    decref(claimed);
    return answer;
}

Truth subclass_check(Vm *vm, Value v, Value cls)
{
    if (is_type(v) && is_type(cls)) return type_is_subtype(as_type(v), as_type(cls)) ? YES : NO;
    if (!must_be_class(vm, v, issubclass_argument_1) ||
        !must_be_class(vm, cls, issubclass_argument_2))
        return FAILED;
    return derives_from(vm, v, cls);
}

/* ---- with hooks ---- */

/* Asks each item of a tuple (or of a union's arguments) until one says yes. */
static Truth ask_each(Vm *vm, Value v, Value tuple, bool is_union_of,
                      Truth (*ask)(Vm *, Value, Value))
{
    if (!recursion_enter(vm)) return FAILED;
    Truth answer = NO;
    for (ptrdiff_t i = 0; answer == NO && i < tuple_len(tuple); i++) {
        Value member = tuple_at(tuple, i);
        answer = ask(vm, v, is_union_of ? member_class(vm, member) : member);
    }
    recursion_leave(vm);
    return answer;
}

static Truth refuse_alias(Vm *vm, const char *function)
{
    throw(vm, TypeError, "%s() argument 2 cannot be a parameterized generic", function);
    return FAILED;
}

Truth value_is_instance(Vm *vm, Value v, Value class_or_tuple)
{
    if (borrow(type_of(vm, v)) == class_or_tuple) return YES;
    if (is_plain_class(vm, class_or_tuple)) return instance_check(vm, v, class_or_tuple);
    if (is_tuple(class_or_tuple)) return ask_each(vm, v, class_or_tuple, false, value_is_instance);
    if (is_union(class_or_tuple))
        return ask_each(vm, v, union_args(class_or_tuple), true, value_is_instance);
    if (is_generic_alias(class_or_tuple)) return refuse_alias(vm, "isinstance");
    bool found;
    Truth answer = call_hook(vm, class_or_tuple, N(__instancecheck__), v, &found);
    return found ? answer : instance_check(vm, v, class_or_tuple);
}

Truth value_is_subclass(Vm *vm, Value v, Value class_or_tuple)
{
    if (is_plain_class(vm, class_or_tuple)) return subclass_check(vm, v, class_or_tuple);
    if (is_tuple(class_or_tuple)) return ask_each(vm, v, class_or_tuple, false, value_is_subclass);
    if (is_union(class_or_tuple))
        return ask_each(vm, v, union_args(class_or_tuple), true, value_is_subclass);
    if (is_generic_alias(class_or_tuple)) return refuse_alias(vm, "issubclass");
    bool found;
    Truth answer = call_hook(vm, class_or_tuple, N(__subclasscheck__), v, &found);
    return found ? answer : subclass_check(vm, v, class_or_tuple);
}
