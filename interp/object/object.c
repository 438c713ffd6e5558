/* object.c - object, the base of all classes: what every value can do.
 *
 * Neighbours: attr.c (attribute access), typecall.c (making instances), typemake.c
 * (__init_subclass__'s caller). */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/mappingproxy.h"
#include "object/member.h"
#include "object/name.h"
#include "object/number.h"
#include "object/reduce.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"
#include "object/weakref.h"

/* ---- slots ---- */

/* "__main__.Point": module and qualified name of a class; builtins go without module. */
static Ref class_path(Vm *vm, Type *type)
{
    Ref module = attr_get_or_absent(vm, borrow(type), N(__module__));
    if (failed(module)) return FAIL;
    Ref path;
    if (!is_str(module) || str_is(module, "builtins")) path = newref(type->qualname);
    else path = format_text(vm, "%S.%S", (Value)module, (Value)type->qualname);
    decref(module);
    return path;
}

static Ref object_repr(Vm *vm, Value self)
{
    Ref path = class_path(vm, type_of(vm, self));
    if (failed(path)) return FAIL;
    char address[32];
    snprintf(address, sizeof address, "%#llx", (unsigned long long)bits_of(self));
    Ref text = format_text(vm, "<%S object at %s>", (Value)path, address);
    decref(path);
    return text;
}

static Ref object_str(Vm *vm, Value self) { return value_repr(vm, self); }

static Ref object_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len > 0)
        return throw(vm, TypeError, "unsupported format string passed to %T.__format__", self);
    return value_str(vm, self);
}

static bool object_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    uint64_t bits = bits_of(self);
    *hash = (int64_t)(bits >> 4 | bits << 60);
    return true;
}

static Ref object_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (op == CMP_EQUAL) return a == b ? TRUE : NOT_IMPLEMENTED;
    if (op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    Ref equal = type_of(vm, a)->slots.compare(vm, a, b, CMP_EQUAL);
    if (failed(equal) || equal == NOT_IMPLEMENTED) return equal;
    Truth truth = value_truth(vm, equal);
    decref(equal);
    return truth == FAILED ? FAIL : from_bool(truth == NO);
}

/* ---- methods ---- */

NATIVE(object_make, "new(cls, *args, **kwargs)", "Create and return a new object.")
{
    bool arguments = tuple_len(argv[1]) > 0 || (is_dict(argv[2]) && as_dict(argv[2])->len > 0);
    Type *type = as_type(argv[0]);
    if (!object_new_check(vm, type, arguments)) return FAIL;
    void *object = type_instance(vm, type);
    return object ? from_object(object) : FAIL;
}

NATIVE(object_init, "__init__(self, *args, **kwargs)", "Initialize self.")
{
    bool arguments = tuple_len(argv[1]) > 0 || (is_dict(argv[2]) && as_dict(argv[2])->len > 0);
    if (!arguments) return NONE;
    Type *type = type_of(vm, argv[0]), *object = type_builtin(vm, KIND_OBJECT);
    if (type_lookup(vm, type, N(__init__)) != type_own(vm, object, N(__init__)))
        return throw(vm, TypeError,
                     "object.__init__() takes exactly one argument (the instance to initialize)");
    if (type_lookup(vm, type, N(__new__)) == type_own(vm, object, N(__new__)))
        return throw(vm, TypeError,
                     "%F.__init__() takes exactly one argument (the instance to initialize)", type);
    return NONE;
}

/* Appends the names of a class and its bases. */
static bool class_names(Vm *vm, Type *type, Dict *names)
{
    for (ptrdiff_t i = 0; i < type_mro_len(type); i++) {
        Dict *dict = type_dict(vm, as_type(tuple_at(type->mro, i)));
        Value key, value;
        for (ptrdiff_t j = 0; dict_next(dict, &j, &key, &value);)
            if (!dict_set(vm, names, key, NONE)) return false;
    }
    return true;
}

NATIVE(object_dir, "__dir__(self, /)", "Default dir() implementation.")
{
    Ref names = dict_new(vm), own = FAIL, out = FAIL;
    Ref dict = attr_get_or_absent(vm, argv[0], N(__dict__));
    bool ok = !failed(names) && !failed(dict);
    if (ok && is_dict(dict)) ok = dict_update(vm, as_dict(names), dict);
    if (ok) own = attr_get_or_absent(vm, argv[0], N(__class__));
    ok = ok && !failed(own) &&
         class_names(vm, is_type(own) ? as_type(own) : type_of(vm, argv[0]), as_dict(names));
    if (ok) out = list_new(vm, as_dict(names)->len);
    Value key, value;
    for (ptrdiff_t i = 0; !failed(out) && dict_next(as_dict(names), &i, &key, &value);)
        if (!list_push(vm, as_list(out), newref(key))) replace(&out, FAIL);
    decref(names);
    decref(own);
    decref(dict);
    return out;
}

NATIVE(object_sizeof, "__sizeof__(self, /)", "Size of object in memory, in bytes.")
{
    Type *type = type_of(vm, argv[0]);
    ptrdiff_t size = type->basic_size;
    if (is_heap(argv[0]) && as_object(argv[0])->cells)
        size = as_object(argv[0])->cells * CELL_BYTES;
    return from_small(size);
}

NATIVE_CLASS(object_init_subclass, "__init_subclass__(cls, /)",
             "This method is called when a class is subclassed.\n"
             "The default does nothing; a class may override it to extend its subclasses.")
{
    return NONE;
}

NATIVE_CLASS(object_subclasshook, "__subclasshook__(cls, subclass, /)",
             "Abstract classes can override this to customize issubclass().")
{
    return NOT_IMPLEMENTED;
}

/* What copy and pickle keep of an instance: its attributes. */
static Ref instance_state(Vm *vm, Value self)
{
    if (!is_heap(self) || !object_has_attributes(as_object(self))) return NONE;
    Ref dict = attr_get_or_absent(vm, self, N(__dict__));
    if (absent(dict)) return NONE;
    if (failed(dict) || !is_dict(dict) || as_dict(dict)->len > 0) return dict;
    decref(dict);
    return NONE;
}

NATIVE(object_getstate, "__getstate__(self, /)",
       "Helper for pickle: the attributes of the instance, or None.")
{
    Type *type = type_of(vm, argv[0]);
    Ref state = instance_state(vm, argv[0]);
    if (failed(state) || type->fixed == 0) return state;
    Ref slots = dict_new(vm);
    Ref out = FAIL;
    bool ok = !failed(slots);
    Value key, value;
    for (ptrdiff_t i = 0; ok && i < type_mro_len(type); i++) {
        Dict *dict = type_dict(vm, as_type(tuple_at(type->mro, i)));
        for (ptrdiff_t j = 0; ok && dict_next(dict, &j, &key, &value);) {
            if (!is_kind(value, KIND_MEMBER)) continue;
            Ref held = attr_get_or_absent(vm, argv[0], key);
            ok = !failed(held) && (absent(held) || dict_set(vm, as_dict(slots), key, held));
            decref(held);
        }
    }
    if (ok)
        out = as_dict(slots)->len ? tuple_pack(vm, 2, (Value)state, (Value)slots) : newref(state);
    decref(state);
    decref(slots);
    return out;
}

NATIVE(object_reduce, "__reduce__(self, /)", "Helper for pickle.")
{
    return object_reduce_by(vm, argv[0], 0);
}

NATIVE(object_reduce_ex, "__reduce_ex__(self, protocol, /)", "Helper for pickle.")
{
    int64_t protocol;
    if (!int_index(vm, argv[1], &protocol)) return FAIL;
    Value own = type_own(vm, type_builtin(vm, KIND_OBJECT), N(__reduce__));
    if (type_lookup(vm, type_of(vm, argv[0]), N(__reduce__)) != own)
        return call_method(vm, argv[0], N(__reduce__), 0, NULL);
    return object_reduce_by(vm, argv[0], protocol);
}

/* ---- attributes ---- */

static Ref get_class(Vm *vm, Value self) { return newref(borrow(type_of(vm, self))); }

/* The class from which on nothing was added to the instances of type. */
static const Type *layout_of(const Type *type)
{
    unsigned told = TYPE_ATTRIBUTES | TYPE_WEAKREF;
    while ((type->flags & TYPE_HEAP) && type->fixed == type->base->fixed &&
           (type->flags & told) == (type->base->flags & told))
        type = type->base;
    return type;
}

/* Did both add to the instances of one class? */
static bool same_origin(const Type *a, const Type *b)
{
    const Type *x = layout_of(a), *y = layout_of(b);
    return x == y || ((x->flags & y->flags & TYPE_HEAP) && x->base == y->base);
}

/* May an instance change from one class to the other? */
static bool same_layout(const Type *a, const Type *b)
{
    /* a class has its namespace whatever its metaclass says of attributes */
    bool class = a->kind == KIND_TYPE;
    unsigned told = class ? TYPE_CONTAINER : TYPE_ATTRIBUTES | TYPE_WEAKREF | TYPE_CONTAINER;
    return a->kind == b->kind && a->def == b->def && a->fixed == b->fixed &&
           a->basic_size == b->basic_size && (a->flags & told) == (b->flags & told) &&
           (class || same_origin(a, b));
}

/* Are all of a's __slots__ b's, by the same names? */
static bool same_members(Vm *vm, const Type *a, Type *b)
{
    for (const Type *at = a; at && (at->flags & TYPE_HEAP); at = at->base) {
        Value key, member;
        for (ptrdiff_t i = 0; dict_next(as_dict(at->dict), &i, &key, &member);) {
            if (!is_kind(member, KIND_MEMBER) || as_member(member)->owner != at) continue;
            Value other = type_lookup(vm, b, key);
            if (!is_kind(other, KIND_MEMBER) || as_member(other)->index != as_member(member)->index)
                return false;
        }
    }
    return true;
}

static bool set_class(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, TypeError, "can't delete __class__ attribute"), false;
    if (!is_type(value))
        return throw(vm, TypeError, "__class__ must be set to a class, not '%T' object", value),
               false;
    Type *old = type_of(vm, self), *new = as_type(value);
    bool modules = old->kind == KIND_MODULE && new->kind == KIND_MODULE;
    if (!modules && (!(old->flags & TYPE_HEAP) || !(new->flags &TYPE_HEAP)))
        return throw(vm, TypeError,
                     "__class__ assignment only supported for mutable types or ModuleType "
                     "subclasses"),
               false;
    bool classes = old->kind == KIND_TYPE; /* its attributes are not where an instance's are */
    if (!same_layout(old, new) || !same_members(vm, old, new) || (classes && old->fixed))
        return throw(vm, TypeError, "__class__ assignment: '%F' object layout differs from '%F'",
                     new, old),
               false;
    Object *object = as_object(self);
    Shape *shape = new->shape;
    if (classes) {
        if (!type_modified(vm, as_type(self), N(__class__))) return false;
    } else if (shape->mode != SHAPE_NONE &&
               (new->flags
                    &TYPE_ATTRIBUTES)) { /* attributes go into a dict: it fits any capacity */
        if (!object_dict(vm, object)) return false;
        if (!new->dict_shape) new->dict_shape = shape_new_dict(vm, new, new->fixed);
        if (!new->dict_shape) return false;
        shape = new->dict_shape;
    }
    bool owned = object->flags & OBJ_SUBCLASS;
    object->shape = shape;
    object->flags &= (uint8_t)~OBJ_SUBCLASS;
    if (new->flags & TYPE_HEAP) {
        newref(value);
        object->flags |= OBJ_SUBCLASS;
    }
    if (owned) decref(from_object(old));
    return true;
}

/* A class whose metaclass also derives from a plain class comes here too: it has a namespace. */
static Ref get_dict(Vm *vm, Value self)
{
    if (is_type(self)) {
        Dict *names = type_dict(vm, as_type(self));
        return names ? mapping_proxy_new(vm, borrow(names)) : throw_no_memory(vm);
    }
    if (!is_heap(self) || !object_has_attributes(as_object(self)))
        return attr_missing(vm, self, N(__dict__));
    Dict *dict = object_dict(vm, as_object(self));
    return dict ? newref(borrow(dict)) : FAIL;
}

static bool set_dict(Vm *vm, Value self, Value value)
{
    if (is_type(self))
        return throw(vm, AttributeError, "attribute '__dict__' of 'type' objects is not writable"),
               false;
    if (is_kind(self, KIND_MODULE)) return throw(vm, AttributeError, "readonly attribute"), false;
    if (absent(value) && !(type_of(vm, self)->flags & TYPE_HEAP))
        return throw(vm, TypeError, "cannot delete __dict__"), false;
    if (absent(value)) {
        Ref fresh = dict_new(vm);
        return !failed(fresh) && object_set_dict(vm, as_object(self), fresh);
    }
    if (!is_dict(value))
        return throw(vm, TypeError, "__dict__ must be set to a dictionary, not a '%T'", value),
               false;
    return object_set_dict(vm, as_object(self), newref(value));
}

const Attribute object_dict_attribute = {"__dict__", get_dict, set_dict,
                                         "dictionary for instance variables"};

/* The plain weak reference to it; when there is none any other. */
static Ref get_weakref(Vm *vm, Value self)
{
    Weakref *first = weakref_first(vm, self), *at = first;
    while (at && (at->head.head.kind != KIND_WEAKREF || !absent(at->callback)))
        at = weakref_next(at);
    if (!at) at = first;
    return at ? newref(borrow(at)) : NONE;
}

const Attribute object_weakref_attribute = {"__weakref__", get_weakref, NULL,
                                            "list of weak references to the object"};

/* ---- tables ---- */

static const Native *const object_methods[] = {
    &object_dir_def,      &object_sizeof_def, &object_init_subclass_def, &object_subclasshook_def,
    &object_getstate_def, &object_reduce_def, &object_reduce_ex_def,     NULL,
};

static const Attribute object_attributes[] = {
    {"__class__", get_class, set_class, "the object's class"},
    {0},
};

const TypeDef object_type = {
    .name = "object",
    .size = sizeof(Container),
    .new = &object_make_def,
    .init = &object_init_def,
    .doc = "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and "
           "returns a new featureless\n"
           "instance that has no instance attributes and cannot be given any.\n",
    .repr = object_repr,
    .str = object_str,
    .format = object_format,
    .hash = object_hash,
    .compare = object_compare,
    .get_attr = object_get_attr,
    .set_attr = object_set_attr,
    .methods = object_methods,
    .attributes = object_attributes,
};
