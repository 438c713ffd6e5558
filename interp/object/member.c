/* member.c - descriptors: a __slots__ member (a slot of the instance) and a native attribute (C
 * functions), which is shown as a getset_descriptor or, where CPython has a field, as a member.
 *
 * Neighbours: typemake.c (makes members), type.c (makes native attributes), shape.c (where the
 * slots lie). */
/* SPDX-License-Identifier: MIT */
#include "object/member.h"

#include <assert.h>
#include <stddef.h>

#include "object/attr.h"
#include "object/error.h"
#include "object/name.h"
#include "object/shape.h"
#include "object/str.h"

/* Is object one of owner's? */
static bool check(Vm *vm, Value name, const Type *owner, Value object)
{
    if (type_has_instance(vm, owner, object)) return true;
    throw(vm, TypeError, "descriptor '%S' for '%F' objects doesn't apply to a '%T' object", name,
          owner, object);
    return false;
}

/* ---- native attributes ---- */

bool member_read_only(Vm *vm, Value self __attribute__((unused)),
                      Value value __attribute__((unused)))
{
    throw(vm, AttributeError, "readonly attribute");
    return false;
}

static_assert(sizeof(Member) == sizeof(GetSet) &&
                  offsetof(Member, owner) == offsetof(GetSet, owner),
              "both are instances of member_descriptor");

static bool define(Vm *vm, Type *owner, Dict *dict, const Attribute *attribute, bool field)
{
    Type *type = type_builtin(vm, field ? KIND_MEMBER : KIND_GETSET);
    GetSet *getset = type_instance(vm, type);
    if (!getset) return false;
    getset->head.head.kind = KIND_GETSET;
    getset->attribute = attribute;
    getset->owner = owner;
    getset->name = UNDEF;
    Ref made = from_object(getset), name = str_interned(vm, attribute->name);
    bool good = !failed(name);
    if (good) getset->name = name;
    good = good && dict_set(vm, dict, name, made);
    decref(made);
    return good;
}

bool getset_define(Vm *vm, Type *owner, Dict *dict, const Attribute *attribute)
{
    return define(vm, owner, dict, attribute, attribute->set == member_read_only);
}

bool field_define(Vm *vm, Type *owner, Dict *dict, const Attribute *attribute)
{
    return define(vm, owner, dict, attribute, true);
}

static Ref getset_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    const GetSet *getset = as_getset(self);
    if (absent(object)) return newref(self);
    return check(vm, getset->name, getset->owner, object) ? getset->attribute->get(vm, object)
                                                          : FAIL;
}

static bool getset_set(Vm *vm, Value self, Value object, Value value)
{
    const GetSet *getset = as_getset(self);
    if (!check(vm, getset->name, getset->owner, object)) return false;
    if (getset->attribute->set) return getset->attribute->set(vm, object, value);
    if (type_of(vm, self) == type_builtin(vm, KIND_MEMBER))
        return member_read_only(vm, object, value);
    throw(vm, AttributeError, "attribute '%S' of '%s' objects is not writable", (Value)getset->name,
          type_full_name(getset->owner));
    return false;
}

static Ref getset_repr(Vm *vm, Value self)
{
    return format_text(vm, "<attribute '%S' of '%F' objects>", (Value)as_getset(self)->name,
                       as_getset(self)->owner);
}

static Ref getset_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_getset(self)->name);
}
static Ref getset_qualname(Vm *vm, Value self)
{
    return format_text(vm, "%S.%S", (Value)as_getset(self)->owner->qualname,
                       (Value)as_getset(self)->name);
}
static Ref getset_owner(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_getset(self)->owner));
}
static Ref getset_doc(Vm *vm, Value self)
{
    const char *doc = as_getset(self)->attribute->doc;
    return doc ? str_from(vm, doc) : NONE;
}

static const Attribute getset_attributes[] = {
    {"__name__", getset_name, NULL, "the attribute's name"},
    {"__qualname__", getset_qualname, NULL, "with its class"},
    {"__objclass__", getset_owner, NULL, "its class"},
    {"__doc__", getset_doc, NULL, "documentation"},
    {0},
};

const TypeDef getset_type = {
    .name = "getset_descriptor",
    .size = sizeof(GetSet),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .doc = "An attribute computed in C.",
    .refs = REFS(REF(GetSet, name)),
    .repr = getset_repr,
    .descr_get = getset_get,
    .descr_set = getset_set,
    .attributes = getset_attributes,
};

/* ---- members ---- */

Ref member_new(Vm *vm, Type *owner, Value name, int index)
{
    Member *member = type_instance(vm, type_builtin(vm, KIND_MEMBER));
    if (!member) return FAIL;
    member->name = newref(name);
    member->owner = owner;
    member->index = index;
    return from_object(member);
}

/* "'module.C' object has no attribute 'x'"; owner's module is left out where that is __main__. */
static Ref unset(Vm *vm, Value object, Value name)
{
    Type *type = type_of(vm, object);
    Ref module = attr_get_or_absent(vm, borrow(type), N(__module__));
    if (failed(module)) return FAIL;
    bool shown = is_str(module) && !str_is(module, "__main__") && !str_is(module, "builtins");
    Ref full = shown ? format_text(vm, "%S.%S", (Value)module, (Value)type->qualname)
                     : newref(type->qualname);
    if (!failed(full))
        throw(vm, AttributeError, "'%S' object has no attribute '%S'", (Value)full, name);
    decref(full);
    decref(module);
    return FAIL;
}

static Ref member_get(Vm *vm, Value self, Value object, Value type)
{
    if (is_kind(self, KIND_GETSET)) return getset_get(vm, self, object, type);
    const Member *member = as_member(self);
    if (absent(object)) return newref(self);
    if (!check(vm, member->name, member->owner, object)) return FAIL;
    Value value = object_slots(as_object(object))[member->index];
    return absent(value) ? unset(vm, object, member->name) : newref(value);
}

static bool member_set(Vm *vm, Value self, Value object, Value value)
{
    if (is_kind(self, KIND_GETSET)) return getset_set(vm, self, object, value);
    const Member *member = as_member(self);
    if (!check(vm, member->name, member->owner, object)) return false;
    Ref *slot = object_slots(as_object(object)) + member->index;
    if (absent(value) && absent(*slot)) return throw_value(vm, AttributeError, member->name), false;
    replace(slot, newref(value));
    return true;
}

static Ref member_repr(Vm *vm, Value self)
{
    return format_text(vm, "<member '%S' of '%F' objects>", (Value)as_member(self)->name,
                       as_member(self)->owner);
}

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_member(self)->name);
}
static Ref get_qualname(Vm *vm, Value self)
{
    return format_text(vm, "%S.%S", (Value)as_member(self)->owner->qualname,
                       (Value)as_member(self)->name);
}
static Ref get_owner(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_member(self)->owner));
}
static Ref get_doc(Vm *vm, Value self)
{
    if (is_kind(self, KIND_GETSET)) return getset_doc(vm, self);
    return NONE; /* inspect.getdoc() looks into __slots__ */
}

static const Attribute member_attributes[] = {
    {"__name__", get_name, NULL, "the attribute's name"},
    {"__qualname__", get_qualname, NULL, "with its class"},
    {"__objclass__", get_owner, NULL, "its class"},
    {"__doc__", get_doc, NULL, "documentation"},
    {0},
};

const TypeDef member_type = {
    .name = "member_descriptor",
    .size = sizeof(Member),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .doc = "An attribute kept in a slot of the instance.",
    .refs = REFS(REF(Member, name)),
    .repr = member_repr,
    .descr_get = member_get,
    .descr_set = member_set,
    .attributes = member_attributes,
};
