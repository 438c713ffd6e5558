/* property.c - property: get, set and delete by script functions.
 *
 * Neighbours: attr.c (calls the descriptor slots), vm/specialise.c (reads the getter of plain
 * properties). */
/* SPDX-License-Identifier: MIT */
#include "object/property.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"

/* ---- descriptor slots ---- */

/* "property 'x' of 'C' object has no getter" */
static bool refuse(Vm *vm, Value self, Value object, const char *what)
{
    const Property *property = as_property(self);
    Ref qualname = newref(type_of(vm, object)->qualname);
    if (absent(property->name))
        throw(vm, AttributeError, "property of %R object has no %s", (Value)qualname, what);
    else
        throw(vm, AttributeError, "property %R of %R object has no %s", (Value)property->name,
              (Value)qualname, what);
    decref(qualname);
    return false;
}

static Ref property_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    if (absent(object)) return newref(self);
    Value getter = as_property(self)->getter;
    if (absent(getter)) return refuse(vm, self, object, "getter"), FAIL;
    return call1(vm, getter, object);
}

static bool property_set(Vm *vm, Value self, Value object, Value value)
{
    Value function = absent(value) ? as_property(self)->deleter : as_property(self)->setter;
    if (absent(function)) return refuse(vm, self, object, absent(value) ? "deleter" : "setter");
    Ref done = absent(value) ? call1(vm, function, object) : call2(vm, function, object, value);
    decref(done);
    return !failed(done);
}

/* ---- making ---- */

static Ref or_undef(Value v) { return absent(v) || is_none(v) ? UNDEF : newref(v); }

enum { GETTER_DOC = 1 }; /* Container.aux: __doc__ is the getter's */

/* In an instance of a subclass, whose own __doc__ hides property's, the doc is an attribute.  An
 * explicit one is dropped where there is no room for it. */
static Ref keep_doc(Vm *vm, Value self)
{
    const Property *property = as_property(self);
    if (attr_set(vm, self, N(__doc__), absent(property->doc) ? NONE : property->doc)) return NONE;
    if ((property->head.aux & GETTER_DOC) || !error_is(vm, AttributeError)) return FAIL;
    error_clear(vm);
    return NONE;
}

NATIVE(property_init, "__init__(self, fget=None, fset=None, fdel=None, doc=None)",
       "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  "
       "fset\n"
       "    function to be used for setting an attribute value\n  fdel\n"
       "    function to be used for del'ing an attribute\n  doc\n    docstring\n")
{
    Property *property = as_property(argv[0]);
    replace(&property->getter, or_undef(argv[1]));
    replace(&property->setter, or_undef(argv[2]));
    replace(&property->deleter, or_undef(argv[3]));
    replace(&property->doc, or_undef(argv[4]));
    clear(&property->name);
    property->head.aux &= ~(unsigned)GETTER_DOC;
    if (is_heap(property->getter) && absent(property->doc)) {
        Ref doc = attr_get_or_absent(vm, property->getter, N(__doc__));
        if (failed(doc)) return FAIL;
        if (!absent(doc) && !is_none(doc)) property->head.aux |= GETTER_DOC;
        property->doc = or_undef(doc);
        decref(doc);
    }
    return as_object(argv[0])->flags & OBJ_SUBCLASS ? keep_doc(vm, argv[0]) : NONE;
}

/* A copy with one function exchanged. */
static Ref copy_with(Vm *vm, Value self, Value getter, Value setter, Value deleter)
{
    const Property *old = as_property(self);
    Value argv[] = {absent(getter) ? (Value)old->getter : getter,
                    absent(setter) ? (Value)old->setter : setter,
                    absent(deleter) ? (Value)old->deleter : deleter, NONE};
    for (int i = 0; i < 3; i++)
        if (absent(argv[i])) argv[i] = NONE;
    bool renewed = (old->head.aux & GETTER_DOC) && !is_none(argv[0]);
    if (!absent(old->doc) && !renewed) argv[3] = old->doc;
    Ref copy = call(vm, borrow(type_of(vm, self)), 4, argv);
    if (failed(copy) || !is_kind(copy, KIND_PROPERTY)) return copy;
    if (!absent(old->name)) replace(&as_property(copy)->name, newref(old->name));
    return copy;
}

NATIVE(property_getter, "getter(self, fget, /)",
       "Descriptor to obtain a copy of the property with a different getter.")
{
    return copy_with(vm, argv[0], argv[1], UNDEF, UNDEF);
}

NATIVE(property_setter, "setter(self, fset, /)",
       "Descriptor to obtain a copy of the property with a different setter.")
{
    return copy_with(vm, argv[0], UNDEF, argv[1], UNDEF);
}

NATIVE(property_deleter, "deleter(self, fdel, /)",
       "Descriptor to obtain a copy of the property with a different deleter.")
{
    return copy_with(vm, argv[0], UNDEF, UNDEF, argv[1]);
}

NATIVE(property_set_name, "__set_name__(self, owner, name, /)", "Method to set name of a property.")
{
    replace(&as_property(argv[0])->name, newref(argv[2]));
    return NONE;
}

/* ---- attributes ---- */

static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }
static Ref get_getter(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_property(self)->getter);
}
static Ref get_setter(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_property(self)->setter);
}
static Ref get_deleter(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_property(self)->deleter);
}
static Ref get_doc(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_property(self)->doc);
}
static bool set_doc(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_property(self)->doc, or_undef(value));
    return true;
}

static Ref get_name(Vm *vm, Value self)
{
    const Property *property = as_property(self);
    if (!absent(property->name)) return newref(property->name);
    Ref name =
        absent(property->getter) ? UNDEF : attr_get_or_absent(vm, property->getter, N(__name__));
    return absent(name) ? attr_missing(vm, self, N(__name__)) : name;
}
static bool set_name(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_property(self)->name, newref(value));
    return true;
}

static Ref get_abstract(Vm *vm, Value self)
{
    const Property *property = as_property(self);
    Value parts[] = {property->getter, property->setter, property->deleter};
    for (int i = 0; i < 3; i++) {
        if (absent(parts[i])) continue;
        Ref flag = attr_get_or_absent(vm, parts[i], N(__isabstractmethod__));
        Truth truth = failed(flag) ? FAILED : absent(flag) ? NO : value_truth(vm, flag);
        decref(flag);
        if (truth != NO) return truth == FAILED ? FAIL : TRUE;
    }
    return FALSE;
}

static const Native *const property_methods[] = {
    &property_getter_def, &property_setter_def, &property_deleter_def, &property_set_name_def, NULL,
};

static const Attribute property_attributes[] = {
    {"fget", get_getter, member_read_only, "the getter, or None"},
    {"fset", get_setter, member_read_only, "the setter, or None"},
    {"fdel", get_deleter, member_read_only, "the deleter, or None"},
    {"__name__", get_name, set_name, "the attribute's name"},
    {"__isabstractmethod__", get_abstract, NULL, "must subclasses define it?"},
    {0},
};
static const Attribute property_fields[] = {
    {"__doc__", get_doc, set_doc, "documentation"},
    {0},
};

const TypeDef property_type = {
    .name = "property",
    .size = sizeof(Property),
    .flags = TYPE_CONTAINER,
    .init = &property_init_def,
    .doc = "Property attribute: property(fget=None, fset=None, fdel=None, doc=None).",
    .refs = REFS(REF(Property, getter), REF(Property, setter), REF(Property, deleter),
                 REF(Property, doc), REF(Property, name)),
    .descr_get = property_get,
    .descr_set = property_set,
    .methods = property_methods,
    .attributes = property_attributes,
    .fields = property_fields,
};
