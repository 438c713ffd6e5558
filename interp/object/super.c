/* super.c - super: attribute lookup that starts behind a class in an MRO.
 *
 * super(C, x).name is found in the classes after C in the MRO of x's type (or of x, a class), and
 * bound to x. Without arguments C and x come from the running method (frame_super). Neighbours:
 * attr.c. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/function.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

typedef struct Super {
    Container head;
    Ref class;     /* C */
    Ref self;      /* x, or UNDEF: unbound */
    Ref self_type; /* whose MRO is searched, or UNDEF */
} Super;

static Super *as_super(Value v) { return (Super *)as_object(v); }

/* The class whose MRO serves super(class, object), owned; FAIL: TypeError. */
static Ref check_object(Vm *vm, Type *class, Value object)
{
    if (is_type(object) && type_is_subtype(as_type(object), class)) return newref(object);
    Type *type = type_of(vm, object);
    if (type_is_subtype(type, class)) return newref(borrow(type));
    Ref claimed = attr_get_or_absent(vm, object, N(__class__));
    if (failed(claimed)) return FAIL;
    if (is_type(claimed) && as_type(claimed) != type && type_is_subtype(as_type(claimed), class))
        return claimed;
    decref(claimed);
    return throw(vm, TypeError,
                 "super(type, obj): obj (%s%T) is not an instance or subtype of type (%F).",
                 is_type(object) ? "type object " : "instance of ", object, class);
}

NATIVE(
    super_init, "__init__(self, type=?, object_or_type=None, /)",
    "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\n"
    "super(type, obj) -> bound super object; requires isinstance(obj, type)\n"
    "super(type, type2) -> bound super object; requires issubclass(type2, type)")
{
    Super *super = as_super(argv[0]);
    Ref class, object = newref(argv[2]);
    if (absent(argv[1])) {
        if (!frame_super(vm, &class, &object)) return FAIL;
    } else {
        class = newref(argv[1]);
    }
    if (!is_type(class)) {
        throw(vm, TypeError,
              absent(argv[1]) ? "super(): __class__ is not a type (%T)"
                              : "super() argument 1 must be a type, not %T",
              (Value) class);
        decref(class);
        decref(object);
        return FAIL;
    }
    Ref self_type = UNDEF;
    if (is_none(object)) {
        object = UNDEF;
    } else {
        self_type = check_object(vm, as_type(class), object);
        if (failed(self_type)) {
            decref(class);
            decref(object);
            return FAIL;
        }
    }
    replace(&super->class, class);
    replace(&super->self, object);
    replace(&super->self_type, self_type);
    return NONE;
}

/* The attribute in the classes after super->class, borrowed; UNDEF when there is none. */
static Value find(Vm *vm, const Super *super, Value name)
{
    Value mro = as_type(super->self_type)->mro;
    ptrdiff_t len = type_mro_len(as_type(super->self_type));
    ptrdiff_t i = 0;
    while (i < len && tuple_at(mro, i) != super->class) i++;
    for (i++; i < len; i++) {
        Value found = type_own(vm, as_type(tuple_at(mro, i)), name);
        if (!absent(found)) return found;
    }
    return UNDEF;
}

static Ref super_get_attr(Vm *vm, Value self, Value name)
{
    const Super *super = as_super(self);
    Value found = absent(super->self_type) || name == N(__class__) ? UNDEF : find(vm, super, name);
    if (absent(found)) {
        Ref own = object_get_attr_or_absent(vm, self, name);
        return absent(own) ? attr_missing(vm, self, name) : own;
    }
    bool through_class = super->self == super->self_type;
    if (is_function(found) && !through_class) return method_new(vm, found, super->self);
    Ref held = newref(found);
    Ref (*get)(Vm *, Value, Value, Value) = type_of(vm, found)->slots.descr_get;
    if (!get) return held;
    Ref out = get(vm, held, through_class ? UNDEF : (Value)super->self, super->self_type);
    decref(held);
    return out;
}

static Ref super_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    const Super *super = as_super(self);
    if (absent(object) || absent(super->class) || !absent(super->self)) return newref(self);
    if (type_of(vm, self) != type_builtin(vm, KIND_SUPER))
        return call2(vm, borrow(type_of(vm, self)), super->class, object);
    Ref self_type = check_object(vm, as_type(super->class), object);
    if (failed(self_type)) return FAIL;
    Super *bound = type_instance(vm, type_builtin(vm, KIND_SUPER));
    if (!bound) {
        decref(self_type);
        return FAIL;
    }
    bound->class = newref(super->class);
    bound->self = newref(object);
    bound->self_type = self_type;
    return from_object(bound);
}

static Ref super_repr(Vm *vm, Value self)
{
    const Super *super = as_super(self);
    if (absent(super->class)) return format_text(vm, "<super: <class 'NULL'>, NULL>");
    if (absent(super->self_type))
        return format_text(vm, "<super: <class '%F'>, NULL>", as_type(super->class));
    return format_text(vm, "<super: <class '%F'>, <%F object>>", as_type(super->class),
                       as_type(super->self_type));
}

static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }
static Ref get_thisclass(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_super(self)->class);
}
static Ref get_self(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_super(self)->self);
}
static Ref get_self_class(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_super(self)->self_type);
}

static const Attribute super_attributes[] = {
    {"__thisclass__", get_thisclass, member_read_only, "the class invoking super()"},
    {"__self__", get_self, member_read_only, "the instance invoking super(); may be None"},
    {"__self_class__", get_self_class, member_read_only,
     "the type of the instance invoking super(); may be None"},
    {0},
};

const TypeDef super_type = {
    .name = "super",
    .size = sizeof(Super),
    .flags = TYPE_CONTAINER,
    .init = &super_init_def,
    .doc = "super() gives access to methods of the next class in the method resolution order.",
    .refs = REFS(REF(Super, class), REF(Super, self), REF(Super, self_type)),
    .repr = super_repr,
    .get_attr = super_get_attr,
    .descr_get = super_get,
    .attributes = super_attributes,
};
