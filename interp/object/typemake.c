/* typemake.c - what a class statement makes.
 *
 * Order: the base that gives the layout, __slots__, the Type with a copy of the namespace, implicit
 * static and class methods, MRO, slots, shape, then (when the class is whole) __set_name__ and
 * __init_subclass__. Neighbours: buildclass.c (the statement), mro.c, slot.c, member.c, typecall.c.
 */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/char.h"
#include "object/classmethod.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/member.h"
#include "object/name.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

enum { NAMES_MAX = 64, FIXED_MAX = 48 };

/* ---- bases ---- */

/* The nearest type that type's layout comes from: it adds fields or members to its base. */
static Type *solid_base(Type *type)
{
    while (type->base) {
        bool adds = type->flags & TYPE_HEAP ? type->fixed != type->base->fixed
                                            : type->basic_size != type->base->basic_size ||
                                                  type->kind != type->base->kind;
        if (adds) return type;
        type = type->base;
    }
    return type;
}

Type *type_best_base(Vm *vm, Value bases)
{
    Type *winner = NULL, *best = NULL;
    for (ptrdiff_t i = 0; i < tuple_len(bases); i++) {
        if (!is_type(tuple_at(bases, i))) {
            throw(vm, TypeError, "bases must be types");
            return NULL;
        }
        Type *base = as_type(tuple_at(bases, i));
        if (type_mro_len(base) == 0) { /* its own mro() runs still */
            throw(vm, TypeError, "Cannot extend an incomplete type '%F'", base);
            return NULL;
        }
        if ((base->flags & TYPE_FINAL) && !(base->flags & TYPE_HEAP)) {
            throw(vm, TypeError, "type '%s' is not an acceptable base type", type_full_name(base));
            return NULL;
        }
        Type *candidate = solid_base(base);
        if (!winner || (type_is_subtype(candidate, winner) && candidate != winner)) {
            winner = candidate;
            best = base;
        } else if (!type_is_subtype(winner, candidate)) {
            throw(vm, TypeError, "multiple bases have instance lay-out conflict");
            return NULL;
        }
    }
    return best;
}

Type *metaclass_of(Vm *vm, Type *metaclass, Value bases)
{
    for (ptrdiff_t i = 0; i < tuple_len(bases); i++) {
        Type *meta = type_of(vm, tuple_at(bases, i));
        if (type_is_subtype(metaclass, meta)) continue;
        if (type_is_subtype(meta, metaclass)) {
            metaclass = meta;
            continue;
        }
        throw(vm, TypeError,
              "metaclass conflict: the metaclass of a derived class must be a (non-strict) "
              "subclass of the "
              "metaclasses of all its bases");
        return NULL;
    }
    return metaclass;
}

/* ---- __slots__ ---- */

/* "__x" in class "_C" is "_C__x". */
static Ref mangle(Vm *vm, Value class_name, Value name)
{
    const Str *s = as_str(name), *class = as_str(class_name);
    bool private = s->len > 2 && str_at(s, 0) == '_' && str_at(s, 1) == '_' &&
                   !(str_at(s, s->len - 1) == '_' && str_at(s, s->len - 2) == '_');
    ptrdiff_t start = 0;
    while (start < class->len && str_at(class, start) == '_') start++;
    if (!private || start == class->len) return str_intern(vm, newref(name));
    StrBuilder text;
    builder_open(&text);
    if (builder_char(vm, &text, '_') && builder_slice(vm, &text, class_name, start, class->len) &&
        builder_str(vm, &text, name))
        return str_intern(vm, builder_finish(vm, &text));
    builder_close(&text);
    return FAIL;
}

typedef struct SlotNames {
    Ref names;          /* list of str, in order; UNDEF: the class has no __slots__ */
    bool dict, weakref; /* '__dict__', '__weakref__' were among them */
} SlotNames;

static bool is_identifier(const Str *s)
{
    for (ptrdiff_t i = 1; i < s->len; i++)
        if (!char_is_id_continue(str_at(s, i))) return false;
    return s->len > 0 && char_is_id_start(str_at(s, 0));
}

/* The instances of these vary in size: nothing is added to them. */
static bool varies_in_size(const Type *base)
{
    return base->kind == KIND_INT || base->kind == KIND_BYTES || base->kind == KIND_TUPLE;
}

static bool slot_name(Vm *vm, Value item, Value class_name, Type *base, Dict *namespace,
                      SlotNames *slots)
{
    if (!is_str(item))
        return throw(vm, TypeError, "__slots__ items must be strings, not '%T'", item), false;
    if (!is_identifier(as_str(item)))
        return throw(vm, TypeError, "__slots__ must be identifiers"), false;
    if (str_is(item, "__dict__")) {
        if (slots->dict || (base->flags & TYPE_ATTRIBUTES))
            return throw(vm, TypeError, "__dict__ slot disallowed: we already got one"), false;
        return slots->dict = true;
    }
    if (str_is(item, "__weakref__")) {
        if (slots->weakref || (base->flags & TYPE_WEAKREF))
            return throw(vm, TypeError, "__weakref__ slot disallowed: we already got one"), false;
        return slots->weakref = true;
    }
    Ref name = mangle(vm, class_name, item);
    if (failed(name)) return false;
    Value there = dict_get(vm, namespace, name);
    if (failed(there)) {
        decref(name);
        return false;
    }
    if (!absent(there) && name != N(__qualname__) && name != N(__classcell__) &&
        name != N(__classdictcell__)) {
        throw(vm, ValueError, "%R in __slots__ conflicts with class variable", (Value)name);
        decref(name);
        return false;
    }
    return list_push(vm, as_list(slots->names), name);
}

/* Reads __slots__ of a namespace. */
static bool slot_names(Vm *vm, Dict *namespace, Value class_name, Type *base, SlotNames *slots)
{
    Value given = dict_get_name(namespace, N(__slots__));
    if (absent(given)) return true;
    slots->names = list_new(vm, 4);
    if (failed(slots->names)) return false;
    Ref items = is_str(given) ? tuple_pack(vm, 1, given) : tuple_from(vm, given);
    if (failed(items)) return false;
    bool ok = !(varies_in_size(base) || base->kind == KIND_TYPE) || !tuple_len(items);
    if (!ok) throw(vm, TypeError, "nonempty __slots__ not supported for subtype of '%F'", base);
    for (ptrdiff_t i = 0; ok && i < tuple_len(items); i++)
        ok = slot_name(vm, tuple_at(items, i), class_name, base, namespace, slots);
    decref(items);
    return ok && list_sort(vm, as_list(slots->names), NONE, false);
}

/* Puts the member descriptors into the class. */
static bool define_members(Vm *vm, Type *type, const SlotNames *slots)
{
    if (absent(slots->names)) return true;
    const List *names = as_list(slots->names);
    Dict *dict = as_dict(type->dict);
    for (ptrdiff_t i = 0; i < names->len; i++) {
        Ref member = member_new(vm, type, names->items[i], type->base->fixed + (int)i);
        if (failed(member)) return false;
        bool ok = dict_set(vm, dict, names->items[i], member);
        decref(member);
        if (!ok) return false;
    }
    return true;
}

/* ---- the shape of instances ---- */

/* Adds the names that a function stores on its first parameter. */
static int collect_names(Value value, Value *names, int count)
{
    if (!is_function(value)) return count;
    const Code *code = as_function(value)->code;
    for (int i = 0; i < code->attribute_count && count < NAMES_MAX; i++) {
        bool known = false;
        for (int j = 0; j < count; j++) known |= names[j] == code->attribute_names[i];
        if (!known) names[count++] = code->attribute_names[i];
    }
    return count;
}

static bool make_shape(Vm *vm, Type *type)
{
    bool attributes = type->flags & TYPE_ATTRIBUTES;
    Kind kind = type->kind;
    if (kind == KIND_TYPE || (kind == KIND_MODULE && type->fixed == 0) ||
        (!attributes && type->fixed == 0))
        return (type->shape = shape_new_root(vm, type, 0, 0)) != NULL;
    if (!attributes && kind != KIND_MODULE) /* which brings its dict */
        return (type->shape = shape_new_root(vm, type, type->fixed, type->fixed)) != NULL;
    if (kind == KIND_STR || kind == KIND_BYTES || kind == KIND_TUPLE || kind == KIND_MODULE ||
        type->fixed > FIXED_MAX)
        return (type->shape = type->dict_shape = shape_new_dict(vm, type, type->fixed)) != NULL;
    Value names[NAMES_MAX];
    int count = 0;
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(as_dict(type->dict), &i, &key, &value);)
        count = collect_names(value, names, count);
    const Shape *above = type->base->shape;
    int capacity = type->fixed + count + 2;
    if (above->mode == SHAPE_SLOTS && (type->base->flags & TYPE_ATTRIBUTES))
        capacity += above->capacity - above->fixed - (type->base->flags & TYPE_HEAP ? 2 : 0);
    if (capacity > NAMES_MAX) capacity = NAMES_MAX;
    return (type->shape = shape_new_root(vm, type, capacity, type->fixed)) != NULL;
}

/* ---- the class itself ---- */

/* A copy of the namespace of class with interned keys. */
static Ref copy_namespace(Vm *vm, Value class, Value namespace)
{
    Ref copy = dict_copy(vm, as_dict(namespace));
    if (failed(copy)) return FAIL;
    Value key, value;
    bool interned = true, named = true;
    for (ptrdiff_t i = 0; dict_next(as_dict(copy), &i, &key, &value);) {
        interned &= !is_str(key) || as_str(key)->interned;
        named &= is_str(key);
    }
    if (!named && !warn(vm, RuntimeWarning, 1, "non-string key in the __dict__ of class %S", class))
        return decref(copy), FAIL;
    if (interned) return copy;
    Ref clean = dict_new(vm);
    for (ptrdiff_t i = 0; !failed(clean) && dict_next(as_dict(copy), &i, &key, &value);) {
        Ref name = is_str(key) ? str_intern(vm, newref(key)) : newref(key);
        if (failed(name) || !dict_set(vm, as_dict(clean), name, value)) {
            decref(clean);
            clean = FAIL;
        }
        decref(name);
    }
    decref(copy);
    return clean;
}

/* A function under this name becomes a static or class method by itself. */
static bool implicit_method(Vm *vm, Dict *dict, Value name, Ref (*wrap)(Vm *vm, Value function))
{
    Value function = dict_get_name(dict, name);
    if (!is_function(function)) return true;
    Ref wrapped = wrap(vm, function);
    bool ok = !failed(wrapped) && dict_set(vm, dict, name, wrapped);
    decref(wrapped);
    return ok;
}

static bool default_entry(Vm *vm, Dict *dict, Value name, Value value)
{
    return !absent(dict_get_name(dict, name)) || dict_set(vm, dict, name, value);
}

/* A docstring is text that can be encoded; what is no str may be anything. */
static bool check_doc(Vm *vm, Dict *dict)
{
    Value doc = dict_get_name(dict, N(__doc__));
    char *owned = NULL;
    bool good = !is_str(doc) || str_utf8(vm, doc, NULL, &owned);
    memory_free(owned);
    return good;
}

/* What the namespace of every class holds. */
static bool complete_namespace(Vm *vm, Type *type, const SlotNames *slots)
{
    Dict *dict = as_dict(type->dict);
    Value module = frame_global(vm, N(__name__));
    if (!absent(module) && !default_entry(vm, dict, N(__module__), module)) return false;
    if (!implicit_method(vm, dict, N(__new__), staticmethod_new) ||
        !implicit_method(vm, dict, N(__init_subclass__), classmethod_new) ||
        !implicit_method(vm, dict, N(__class_getitem__), classmethod_new) ||
        !define_members(vm, type, slots))
        return false;
    unsigned added = type->flags & ~type->base->flags;
    if (type->kind == KIND_TYPE) added = 0; /* type's own __dict__ is that of its instances */
    if ((added & TYPE_ATTRIBUTES) && absent(dict_get_name(dict, N(__dict__))) &&
        !getset_define(vm, type, dict, &object_dict_attribute))
        return false;
    if ((added & TYPE_WEAKREF) && absent(dict_get_name(dict, N(__weakref__))) &&
        !getset_define(vm, type, dict, &object_weakref_attribute))
        return false;
    if (!default_entry(vm, dict, N(__doc__), NONE) || !check_doc(vm, dict)) return false;
    bool unhashable =
        !absent(dict_get_name(dict, N(__eq__))) && absent(dict_get_name(dict, N(__hash__)));
    return !unhashable || dict_set(vm, dict, N(__hash__), NONE);
}

/* The cell that the class body left under a name, which goes from the namespace, gets value. */
static bool fill_cell(Vm *vm, Dict *dict, Value name, Value value)
{
    Value cell = dict_get_name(dict, name);
    if (absent(cell)) return true;
    if (!is_kind(cell, KIND_CELL))
        return throw(vm, TypeError, "%s%S must be a nonlocal cell, not %R",
                     name == N(__classcell__) ? "type.__new__(): " : "", name,
                     borrow(type_of(vm, cell))),
               false;
    replace(&((Cell *)as_object(cell))->value, newref(value));
    return dict_delete(vm, dict, name) != FAILED;
}

/* __qualname__, __classcell__ and __classdictcell__ leave the namespace. */
static bool take_names(Vm *vm, Type *type)
{
    Dict *dict = as_dict(type->dict);
    Value qualname = dict_get_name(dict, N(__qualname__));
    if (!absent(qualname) && !is_str(qualname))
        return throw(vm, TypeError, "type __qualname__ must be a str, not %T", qualname), false;
    type->qualname = newref(absent(qualname) ? (Value)type->name : qualname);
    if (!absent(qualname) && dict_delete(vm, dict, N(__qualname__)) == FAILED) return false;
    return fill_cell(vm, dict, N(__classcell__), borrow(type)) &&
           fill_cell(vm, dict, N(__classdictcell__), type->dict);
}

/* Fields copied from the base; the flags of all bases. */
static void inherit(Vm *vm, Type *type, Type *base, const SlotNames *slots)
{
    enum { MATCHED = TYPE_SEQUENCE | TYPE_MAPPING, INHERITED = TYPE_MATCH_SELF | TYPE_METACLASS };
    type->def = base->def;
    type->kind = base->kind;
    type->interp = vm->interp;
    type->base = base;
    type->basic_size = base->basic_size;
    type->refs = base->refs;
    type->visit = base->visit;
    type->clear = base->clear;
    type->fixed = base->fixed;
    type->slots = base->slots;
    type->flags = (base->flags & INHERITED) | TYPE_HEAP | TYPE_CONTAINER;
    for (ptrdiff_t i = 0; i < tuple_len(type->bases); i++) {
        unsigned above = as_type(tuple_at(type->bases, i))->flags;
        type->flags |= above & (TYPE_ATTRIBUTES | TYPE_WEAKREF);
        if (!(type->flags & MATCHED)) type->flags |= above & MATCHED; /* the first one's */
    }
    if (absent(slots->names)) {
        type->flags |= TYPE_ATTRIBUTES | (varies_in_size(base) ? 0 : TYPE_WEAKREF);
    } else {
        type->fixed = (uint16_t)(base->fixed + as_list(slots->names)->len);
        type->flags |= (slots->dict ? TYPE_ATTRIBUTES : 0) | (slots->weakref ? TYPE_WEAKREF : 0);
    }
}

/* MRO, slots, subclasses: type becomes usable. */
static bool finish(Vm *vm, Type *type)
{
    type->version = ++vm->interp->type_version;
    Ref mro = mro_of(vm, type);
    if (failed(mro)) return false;
    replace(&type->mro, mro);
    type->version = ++vm->interp->type_version;
    type_cache_new(vm, type);
    if (!make_shape(vm, type)) return false;
    if (tuple_len(type->bases) == 1) type_update_own_slots(vm, type);
    else type_update_all_slots(vm, type);
    for (ptrdiff_t i = 0; i < tuple_len(type->bases); i++)
        if (!subclass_add(vm, as_type(tuple_at(type->bases, i)), type)) return false;
    return true;
}

static void set_name_note(Vm *vm, Value value, Value key, const Type *type)
{
    Ref error = error_take(vm);
    Ref note = format_text(vm, "Error calling __set_name__ on '%T' instance %R in '%S'", value, key,
                           (Value)type->name);
    Ref done = failed(note) ? FAIL : call_method(vm, error, N(add_note), 1, (Value[]){note});
    if (failed(done)) decref(error); /* what came up instead is raised */
    else error_restore(vm, error);
    decref(done);
    decref(note);
}

/* Tells every descriptor in the namespace its name. */
static bool set_names(Vm *vm, Type *type)
{
    bool wanted = false;
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(as_dict(type->dict), &i, &key, &value);)
        wanted |=
            !is_function(value) && !absent(type_lookup(vm, type_of(vm, value), N(__set_name__)));
    if (!wanted) return true;
    Ref copy = dict_copy(vm, as_dict(type->dict)); /* the calls may change the class */
    if (failed(copy)) return false;
    bool ok = true;
    for (ptrdiff_t i = 0; ok && dict_next(as_dict(copy), &i, &key, &value);) {
        if (absent(type_lookup(vm, type_of(vm, value), N(__set_name__)))) continue;
        Ref done = call_special(vm, value, N(__set_name__), 2, (Value[]){borrow(type), key});
        ok = !failed(done);
        if (!ok) set_name_note(vm, value, key, type);
        decref(done);
    }
    decref(copy);
    return ok;
}

/* super(type, type).__init_subclass__(**kwargs) */
static bool init_subclass(Vm *vm, Type *type, const Args *kwargs)
{
    Value hook = UNDEF;
    for (ptrdiff_t i = 1; i < type_mro_len(type) && absent(hook); i++)
        hook = type_own(vm, as_type(tuple_at(type->mro, i)), N(__init_subclass__));
    bool none_given = !kwargs || absent(kwargs->kwnames) || tuple_len(kwargs->kwnames) == 0;
    if (absent(hook) ||
        (none_given && hook == type_own(vm, type_builtin(vm, KIND_OBJECT), N(__init_subclass__))))
        return true;
    Slots *slots = &type_of(vm, hook)->slots;
    Ref bound = slots->descr_get ? slots->descr_get(vm, hook, UNDEF, borrow(type)) : newref(hook);
    if (failed(bound)) return false;
    Args args = {0};
    if (!none_given) args = (Args){kwargs->argv + kwargs->argc, 0, kwargs->kwnames};
    Ref done = call_args(vm, bound, &args);
    decref(bound);
    decref(done);
    return !failed(done);
}

static Type *build(Vm *vm, Type *metaclass, Value name, Value bases, Value namespace, Type *base,
                   SlotNames *slots)
{
    Ref dict = copy_namespace(vm, name, namespace);
    if (failed(dict)) return NULL;
    if (!slot_names(vm, as_dict(dict), name, base, slots)) {
        decref(dict);
        return NULL;
    }
    Type *type = type_instance(vm, metaclass);
    if (!type) {
        decref(dict);
        return NULL;
    }
    type->dict = dict;
    type->filled = true;
    type->name = str_intern(vm, newref(name));
    type->bases = newref(bases);
    inherit(vm, type, base, slots);
    if (failed(type->name) || !type_check_name(vm, name) || !take_names(vm, type) ||
        !complete_namespace(vm, type, slots) || !finish(vm, type)) {
        decref(from_object(type));
        return NULL;
    }
    return type;
}

Ref type_make(Vm *vm, Type *metaclass, Value name, Value given_bases, Value namespace,
              const Args *kwargs)
{
    Ref bases = tuple_len(given_bases) ? newref(given_bases)
                                       : tuple_pack(vm, 1, borrow(type_builtin(vm, KIND_OBJECT)));
    if (failed(bases)) return FAIL;
    Type *base = type_best_base(vm, bases);
    SlotNames slots = {0};
    Type *type = base ? build(vm, metaclass, name, bases, namespace, base, &slots) : NULL;
    decref(bases);
    decref(slots.names);
    if (!type) return FAIL;
    if (set_names(vm, type) && init_subclass(vm, type, kwargs)) return from_object(type);
    decref(from_object(type));
    return FAIL;
}
