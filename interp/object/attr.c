/* attr.c - attribute access.
 *
 * The generic protocol of an instance: a data descriptor of the class, the instance's own
 * attribute, another attribute of the class (bound by its __get__), then AttributeError.  For a
 * class the same, with the metaclass as the class and the MRO as its own attributes.  A type whose
 * get_attr slot is not one of these has its own way. Neighbours: shape.c (own attributes), type.c
 * (lookup), slot.c (__getattr__), module.c, super.c. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"

#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/function.h"
#include "object/module.h"
#include "object/name.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

/* ---- errors ---- */

/* Gives the AttributeError being raised its name and obj. */
static void describe_error(Vm *vm, Value object, Value name)
{
    if (!error_is(vm, AttributeError)) return;
    Ref error = error_take(vm);
    if (attr_set(vm, error, N(name), name) && attr_set(vm, error, N(obj), object))
        error_restore(vm, error);
    else decref(error);
}

Ref attr_missing(Vm *vm, Value object, Value name)
{
    if (is_type(object))
        throw(vm, AttributeError, "type object '%F' has no attribute '%S'", as_type(object), name);
    else throw(vm, AttributeError, "'%T' object has no attribute '%S'", object, name);
    describe_error(vm, object, name);
    return FAIL;
}

static bool cannot_set(Vm *vm, Value self, Value name, bool class_has_it)
{
    bool attributes = is_heap(self) && object_has_attributes(as_object(self));
    if (attributes) return attr_missing(vm, self, name), false;
    if (class_has_it)
        throw(vm, AttributeError, "'%T' object attribute '%S' is read-only", self, name);
    else
        throw(vm, AttributeError,
              "'%T' object has no attribute '%S' and no __dict__ for setting new attributes", self,
              name);
    describe_error(vm, self, name);
    return false;
}

/* ---- instances ---- */

Ref object_get_attr_or_absent(Vm *vm, Value self, Value name)
{
    Type *type = type_of(vm, self);
    Value found = type_lookup(vm, type, name);
    Ref (*get)(Vm *, Value, Value, Value) = NULL;
    if (!absent(found)) {
        const Slots *slots = &type_of(vm, found)->slots;
        get = slots->descr_get;
        if (get && slots->descr_set) {
            Ref held = newref(found);
            Ref out = get(vm, held, self, borrow(type));
            decref(held);
            return out;
        }
    }
    if (is_heap(self)) {
        Value own = object_own(as_object(self), name);
        if (!absent(own)) return newref(own);
    }
    if (absent(found)) return UNDEF;
    if (!get) return newref(found);
    if (is_function(found)) return method_new(vm, found, self);
    Ref held = newref(found);
    Ref out = get(vm, held, self, borrow(type));
    decref(held);
    return out;
}

Ref object_get_attr(Vm *vm, Value self, Value name)
{
    Ref out = object_get_attr_or_absent(vm, self, name);
    return absent(out) ? attr_missing(vm, self, name) : out;
}

bool object_set_attr(Vm *vm, Value self, Value name, Value value)
{
    Value found = type_lookup(vm, type_of(vm, self), name);
    if (!absent(found)) {
        bool (*set)(Vm *, Value, Value, Value) = type_of(vm, found)->slots.descr_set;
        if (set) {
            Ref held = newref(found);
            bool ok = set(vm, held, self, value);
            decref(held);
            return ok;
        }
    }
    Truth done = is_heap(self) ? object_set_own(vm, as_object(self), name, value) : NO;
    if (done == NO) cannot_set(vm, self, name, !absent(found));
    return done == YES;
}

/* ---- classes ---- */

static Ref type_find(Vm *vm, Value self, Value name)
{
    Type *type = as_type(self), *meta = type_of(vm, self);
    Value above = type_lookup(vm, meta, name);
    const Slots *slots = absent(above) ? NULL : &type_of(vm, above)->slots;
    if (slots && slots->descr_get && slots->descr_set) {
        Ref held = newref(above);
        Ref out = slots->descr_get(vm, held, self, borrow(meta));
        decref(held);
        return out;
    }
    Value found = type_lookup(vm, type, name);
    if (!absent(found)) {
        Ref (*get)(Vm *, Value, Value, Value) = type_of(vm, found)->slots.descr_get;
        Ref held = newref(found);
        if (!get) return held;
        Ref out = get(vm, held, UNDEF, self);
        decref(held);
        return out;
    }
    if (absent(above)) return UNDEF;
    Ref held = newref(above);
    if (!slots->descr_get) return held;
    Ref out = slots->descr_get(vm, held, self, borrow(meta));
    decref(held);
    return out;
}

Ref type_get_attr(Vm *vm, Value self, Value name)
{
    Ref out = type_find(vm, self, name);
    return absent(out) ? attr_missing(vm, self, name) : out;
}

/* May a script set this attribute of the class?  Those of asyncio that CPython has in the language
 * take what is no special method: tests put their own methods there. */
static bool may_set(const Type *type, Value name)
{
    if (type->flags & TYPE_HEAP) return true;
    const Str *text = as_str(name);
    const bool special = text->len > 1 && str_at(text, 0) == '_' && str_at(text, 1) == '_';
    return !special && strncmp(type->def->name, "asyncio.", strlen("asyncio.")) == 0;
}

bool type_set_attr(Vm *vm, Value self, Value name, Value value)
{
    Type *type = as_type(self);
    if (!may_set(type, name))
        return throw(vm, TypeError, "cannot set '%S' attribute of immutable type '%F'", name, type),
               false;
    Value above = type_lookup(vm, type_of(vm, self), name);
    if (!absent(above)) {
        bool (*set)(Vm *, Value, Value, Value) = type_of(vm, above)->slots.descr_set;
        if (set) {
            Ref held = newref(above);
            bool ok = set(vm, held, self, value);
            decref(held);
            return ok;
        }
    }
    Dict *dict = type_dict(vm, type);
    if (absent(value)) {
        Truth gone = dict_delete(vm, dict, name);
        if (gone == NO) attr_missing(vm, self, name);
        if (gone != YES) return false;
    } else if (!dict_set(vm, dict, name, value)) {
        return false;
    }
    return type_modified(vm, type, name);
}

/* ---- any value ---- */

/* Is the error being raised an AttributeError that does not say yet what was looked for in what? */
static bool is_undescribed(Vm *vm)
{
    if (!error_is(vm, AttributeError)) return false;
    Ref error = error_take(vm), known = attr_get_or_absent(vm, error, N(name));
    if (is_none(known)) replace(&known, attr_get_or_absent(vm, error, N(obj)));
    bool unknown = is_none(known);
    decref(known);
    error_clear(vm);
    error_restore(vm, error);
    return unknown;
}

Ref attr_get(Vm *vm, Value object, Value name)
{
    Ref out = type_of(vm, object)->slots.get_attr(vm, object, name);
    if (failed(out) && is_undescribed(vm)) describe_error(vm, object, name);
    return out;
}

Ref attr_get_text(Vm *vm, Value object, const char *name)
{
    Ref text = str_interned(vm, name);
    if (failed(text)) return FAIL;
    Ref out = attr_get(vm, object, text);
    decref(text);
    return out;
}

Ref attr_get_or_absent(Vm *vm, Value object, Value name)
{
    Ref (*get)(Vm *, Value, Value) = type_of(vm, object)->slots.get_attr;
    Ref out = get == object_get_attr   ? object_get_attr_or_absent(vm, object, name)
              : get == type_get_attr   ? type_find(vm, object, name)
              : get == module_get_attr ? module_get_attr_or_absent(vm, object, name)
                                       : get(vm, object, name);
    if (!failed(out) || !error_is(vm, AttributeError)) return out;
    error_clear(vm);
    return UNDEF;
}

bool attr_set(Vm *vm, Value object, Value name, Value value)
{
    return type_of(vm, object)->slots.set_attr(vm, object, name, value);
}

Ref attr_special(Vm *vm, Value object, Value name)
{
    Type *type = type_of(vm, object);
    Value found = type_lookup(vm, type, name);
    if (absent(found)) return UNDEF;
    if (is_function(found)) return method_new(vm, found, object);
    Ref held = newref(found);
    Ref (*get)(Vm *, Value, Value, Value) = type_of(vm, found)->slots.descr_get;
    if (!get) return held;
    Ref out = get(vm, held, object, borrow(type));
    decref(held);
    return out;
}
