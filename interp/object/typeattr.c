/* typeattr.c - what scripts see of a class: its attributes, its methods, its repr; the type `type`.
 *
 * Neighbours: attr.c (attribute access on classes), typecall.c (calling), typemake.c (making),
 * type.c. */
/* SPDX-License-Identifier: MIT */
#include "memory/gc.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/mappingproxy.h"
#include "object/member.h"
#include "object/name.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"
#include "object/weakref.h"

/* ---- making ---- */

/* type.__new__(metaclass, name, bases, namespace, **kwargs) once the most derived metaclass is
 * known to be this one. */
static Ref make_checked(Vm *vm, Type *metaclass, const Args *args)
{
    Value name = args->argv[0], bases = args->argv[1], namespace = args->argv[2];
    if (!is_str(name))
        return throw(vm, TypeError, "type.__new__() argument 1 must be str, not %A", name);
    if (!is_tuple(bases))
        return throw(vm, TypeError, "type.__new__() argument 2 must be tuple, not %A", bases);
    if (!is_dict(namespace))
        return throw(vm, TypeError, "type.__new__() argument 3 must be dict, not %A", namespace);
    for (ptrdiff_t i = 0; i < tuple_len(bases); i++) {
        Value base = tuple_at(bases, i);
        if (is_type(base)) continue;
        Ref entries = attr_get_or_absent(vm, base, N(__mro_entries__));
        if (failed(entries)) return FAIL;
        bool resolvable = !absent(entries);
        decref(entries);
        if (resolvable)
            return throw(vm, TypeError,
                         "type() doesn't support MRO entry resolution; use types.new_class()");
    }
    Type *winner = metaclass_of(vm, metaclass, bases);
    if (!winner) return FAIL;
    if (winner != metaclass && winner->new != type_builtin(vm, KIND_TYPE)->new)
        return type_call_new(vm, winner, args);
    return type_make(vm, winner, name, bases, namespace, args);
}

NATIVE(type_new, "new(cls, *args, **kwargs)",
       "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type")
{
    ptrdiff_t given = tuple_len(argv[1]);
    if (given != 3) return throw(vm, TypeError, "type() takes 1 or 3 arguments");
    Dict *kwargs = as_dict(argv[2]);
    Value values[3 + 64], names[64];
    ptrdiff_t count = 0;
    for (int i = 0; i < 3; i++) values[i] = tuple_at(argv[1], i);
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(kwargs, &i, &key, &value);) {
        if (count == 64)
            return throw(vm, TypeError, "too many keyword arguments in class statement");
        names[count] = key;
        values[3 + count++] = value;
    }
    Ref kwnames = count ? tuple_from_values(vm, count, names) : UNDEF;
    if (failed(kwnames)) return FAIL;
    Ref out = make_checked(vm, as_type(argv[0]), &(Args){values, 3, kwnames});
    decref(kwnames);
    return out;
}

NATIVE(type_init, "__init__(self, *args, **kwargs)", "Initialize self.")
{
    ptrdiff_t given = tuple_len(argv[1]);
    if (as_dict(argv[2])->len > 0 && given == 1)
        return throw(vm, TypeError, "type.__init__() takes no keyword arguments");
    if (given != 1 && given != 3)
        return throw(vm, TypeError, "type.__init__() takes 1 or 3 arguments");
    return NONE;
}

/* ---- slots ---- */

static Ref class_module(Vm *vm, Type *type)
{
    if (type->flags & TYPE_HEAP) {
        Value module = type_own(vm, type, N(__module__));
        return absent(module) ? attr_missing(vm, borrow(type), N(__module__)) : newref(module);
    }
    const char *dot = strrchr(type->def->name, '.');
    return dot ? str_intern(vm, str_from_utf8(vm, type->def->name, dot - type->def->name))
               : newref(N(builtins));
}

static Ref type_repr(Vm *vm, Value self)
{
    Type *type = as_type(self);
    Ref module = class_module(vm, type);
    if (failed(module) && error_is(vm, MemoryError)) return FAIL;
    if (failed(module)) error_clear(vm);
    Ref text;
    if (!is_str(module) || str_is(module, "builtins"))
        text = format_text(vm, "<class '%S'>", (Value)type->qualname);
    else text = format_text(vm, "<class '%S.%S'>", (Value)module, (Value)type->qualname);
    decref(module);
    return text;
}

static Ref type_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    return op == OP2_OR ? union_of(vm, a, b) : NOT_IMPLEMENTED;
}

void type_unlink(Object *object)
{
    if (object->kind != KIND_TYPE) return;
    Type *type = (Type *)object;
    for (ptrdiff_t i = 0; is_heap(type->bases) && i < tuple_len(type->bases); i++) {
        Value base = tuple_at(type->bases, i);
        if (is_type(base)) subclass_remove(as_type(base), type);
    }
}

void type_leave_metaclass(Vm *vm, Object *object)
{
    if (object->kind != KIND_TYPE || !(object->flags & OBJ_SUBCLASS)) return;
    Type *metaclass = object->shape->type;
    object->shape = type_builtin(vm, KIND_TYPE)->shape;
    object->flags &= (uint8_t)~OBJ_SUBCLASS;
    decref_object(metaclass);
}

/* Runs when the class dies or the collector empties it. */
static void type_emptied(Object *self)
{
    type_unlink(self);
    ((Type *)self)->filled = true; /* dict is gone: never filled again */
}

/* ---- methods ---- */

NATIVE(type_mro_method, "mro(self, /)",
       "Return the method resolution order of the class, as a list.")
{
    return mro_compute(vm, as_type(argv[0]));
}

NATIVE(type_subclasses, "__subclasses__(self, /)",
       "Return the immediate subclasses that are alive, in the order they were made.")
{
    const struct Subclasses *all = as_type(argv[0])->subclasses;
    Ref list = list_new(vm, all ? all->len : 0);
    for (int i = 0; !failed(list) && all && i < all->len; i++)
        if (all->items[i] && !list_push(vm, as_list(list), newref(borrow(all->items[i]))))
            replace(&list, FAIL);
    return list;
}

NATIVE_CLASS(type_prepare, "__prepare__(cls, *args, **kwargs)",
             "Create the namespace for the class statement: a dict.")
{
    return dict_new(vm);
}

/* Is object's __class__, when it claims another than its type, derived from class? */
NATIVE(type_instancecheck, "__instancecheck__(self, instance, /)",
       "Check if an object is an instance.")
{
    Truth answer = instance_check(vm, argv[1], argv[0]);
    return answer == FAILED ? FAIL : from_bool(answer == YES);
}

NATIVE(type_subclasscheck, "__subclasscheck__(self, subclass, /)",
       "Check if a class is a subclass.")
{
    Truth answer = subclass_check(vm, argv[1], argv[0]);
    return answer == FAILED ? FAIL : from_bool(answer == YES);
}

NATIVE(type_dir, "__dir__(self, /)", "The names of the class's attributes and of its bases'.")
{
    Ref names = dict_new(vm);
    if (failed(names)) return FAIL;
    const Type *type = as_type(argv[0]);
    bool ok = true;
    for (ptrdiff_t i = 0; i < type_mro_len(type); i++) {
        Dict *dict = type_dict(vm, as_type(tuple_at(type->mro, i)));
        Value key, value;
        for (ptrdiff_t j = 0; ok && dict_next(dict, &j, &key, &value);)
            ok = dict_set(vm, as_dict(names), key, NONE);
    }
    Ref list = ok ? list_from(vm, names) : FAIL;
    decref(names);
    return list;
}

NATIVE(type_sizeof, "__sizeof__(self, /)", "Return the size of the class object, in bytes.")
{
    return from_small(sizeof(Type));
}

/* ---- attributes ---- */

static bool check_mutable(Vm *vm, Value self, Value value, const char *name)
{
    if (!(as_type(self)->flags & TYPE_HEAP)) {
        throw(vm, TypeError, "cannot set '%s' attribute of immutable type '%F'", name,
              as_type(self));
        return false;
    }
    if (!absent(value)) return true;
    throw(vm, TypeError, "cannot delete '%s' attribute of immutable type '%F'", name,
          as_type(self));
    return false;
}

bool type_check_name(Vm *vm, Value name)
{
    ptrdiff_t len;
    char *owned = NULL;
    const char *text = str_utf8(vm, name, &len, &owned);
    bool good = text && !memchr(text, 0, (size_t)len);
    if (text && !good) throw(vm, ValueError, "type name must not contain null characters");
    memory_free(owned);
    return good;
}

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_type(self)->name);
}
static bool set_name(Vm *vm, Value self, Value value)
{
    if (!check_mutable(vm, self, value, "__name__")) return false;
    if (!is_str(value))
        return throw(vm, TypeError, "can only assign string to %F.__name__, not '%T'",
                     as_type(self), value),
               false;
    if (!type_check_name(vm, value)) return false;
    memory_free(as_type(self)->name_text);
    as_type(self)->name_text = NULL;
    replace(&as_type(self)->name, newref(value));
    return true;
}

static Ref get_qualname(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_type(self)->qualname);
}
static bool set_qualname(Vm *vm, Value self, Value value)
{
    if (!check_mutable(vm, self, value, "__qualname__")) return false;
    if (!is_str(value))
        return throw(vm, TypeError, "can only assign string to %F.__qualname__, not '%T'",
                     as_type(self), value),
               false;
    replace(&as_type(self)->qualname, newref(value));
    return true;
}

/* Stores an entry of the namespace that has a getter here. */
static bool store(Vm *vm, Value self, Value name, Value value)
{
    return dict_set(vm, as_dict(as_type(self)->dict), name, value) &&
           type_modified(vm, as_type(self), name);
}

static Ref get_module(Vm *vm, Value self) { return class_module(vm, as_type(self)); }
static bool set_module(Vm *vm, Value self, Value value)
{
    return check_mutable(vm, self, value, "__module__") &&
           dict_delete(vm, as_dict(as_type(self)->dict), N(__firstlineno__)) != FAILED &&
           store(vm, self, N(__module__), value);
}

static Ref get_doc(Vm *vm, Value self)
{
    Type *type = as_type(self);
    if (!(type->flags & TYPE_HEAP)) return type->def->doc ? str_from(vm, type->def->doc) : NONE;
    Value doc = type_own(vm, type, N(__doc__));
    if (absent(doc)) return NONE;
    Ref (*get)(Vm *, Value, Value, Value) = type_of(vm, doc)->slots.descr_get;
    return get ? get(vm, doc, UNDEF, self) : newref(doc);
}
static bool set_doc(Vm *vm, Value self, Value value)
{
    return check_mutable(vm, self, value, "__doc__") && store(vm, self, N(__doc__), value);
}

static Ref get_dict(Vm *vm, Value self)
{
    Dict *dict = type_dict(vm, as_type(self));
    return dict ? mapping_proxy_new(vm, borrow(dict)) : throw_no_memory(vm);
}

static Ref get_bases(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_type(self)->bases);
}

/* type is a subclass of its bases, and no longer of those in old and wanted that are none. */
static bool renew_subclasses(Vm *vm, Type *type, Value old, Value wanted)
{
    for (ptrdiff_t i = 0; i < tuple_len(old); i++) subclass_remove(as_type(tuple_at(old, i)), type);
    for (ptrdiff_t i = 0; i < tuple_len(wanted); i++)
        subclass_remove(as_type(tuple_at(wanted, i)), type);
    bool ok = true;
    for (ptrdiff_t i = 0; i < tuple_len(type->bases); i++) {
        Type *base = as_type(tuple_at(type->bases, i));
        subclass_remove(base, type);
        ok = subclass_add(vm, base, type) && ok;
    }
    return ok;
}

/* type and the classes below it get new MROs; renewed grows by (class, old, new) for each. */
static bool renew_mro(Vm *vm, Type *type, List *renewed)
{
    Ref mro = mro_of(vm, type);
    if (failed(mro)) return false;
    Ref row = tuple_pack(vm, 3, borrow(type), (Value)type->mro, (Value)mro);
    if (failed(row) || !list_push(vm, renewed, row)) {
        decref(mro);
        return false;
    }
    replace(&type->mro, mro);
    for (int i = 0; type->subclasses && i < type->subclasses->len; i++)
        if (type->subclasses->items[i] && !renew_mro(vm, type->subclasses->items[i], renewed))
            return false;
    return true;
}

/* The classes in renewed get their old MROs back, unless they have got others since. */
static void restore_mro(const List *renewed)
{
    for (ptrdiff_t i = renewed->len - 1; i >= 0; i--) {
        Value row = renewed->items[i];
        Type *type = as_type(tuple_at(row, 0));
        if (type->mro == tuple_at(row, 2)) replace(&type->mro, newref(tuple_at(row, 1)));
    }
}

static void renew_slots(Vm *vm, Type *type)
{
    type_cache_new(vm, type);
    type_update_all_slots(vm, type);
    for (int i = 0; type->subclasses && i < type->subclasses->len; i++)
        if (type->subclasses->items[i]) renew_slots(vm, type->subclasses->items[i]);
}

/* By the bases alone: the MRO of base is not yet new while a mro() runs that assigns __bases__. */
static bool derives_from(const Type *base, const Type *type)
{
    while (base && base != type) base = base->base;
    return base;
}

/* May value be the bases of type?  The one that gives its layout; NULL: raised. */
static Type *check_bases(Vm *vm, Type *type, Value value)
{
    if (!is_tuple(value))
        return throw(vm, TypeError, "can only assign tuple to %F.__bases__, not %T", type, value),
               NULL;
    if (tuple_len(value) == 0)
        return throw(vm, TypeError, "can only assign non-empty tuple to %F.__bases__, not ()",
                     type),
               NULL;
    for (ptrdiff_t i = 0; i < tuple_len(value); i++) {
        Value base = tuple_at(value, i);
        if (!is_type(base))
            return throw(vm, TypeError, "%F.__bases__ must be tuple of classes, not '%T'", type,
                         base),
                   NULL;
        if (type_is_subtype(as_type(base), type) || derives_from(as_type(base), type))
            return throw(vm, TypeError, "a __bases__ item causes an inheritance cycle"), NULL;
    }
    Type *best = type_best_base(vm, value);
    if (!best) return NULL;
    if (best->kind != type->base->kind || best->def != type->base->def ||
        best->fixed != type->base->fixed ||
        (best->flags & TYPE_CONTAINER) != (type->base->flags & TYPE_CONTAINER))
        return throw(vm, TypeError, "__bases__ assignment: '%F' object layout differs from '%F'",
                     best, type->base),
               NULL;
    return best;
}

static bool set_bases(Vm *vm, Value self, Value value)
{
    Type *type = as_type(self);
    if (!check_mutable(vm, self, value, "__bases__")) return false;
    Type *best = check_bases(vm, type, value);
    Ref renewed = best ? list_new(vm, 4) : FAIL;
    if (failed(renewed)) return false;
    Ref old = type->bases;
    Type *old_base = type->base;
    type->bases = newref(value);
    type->base = best;
    type_touch(vm, type);
    /* A mro() may assign __bases__ itself. */
    bool ok = renew_mro(vm, type, as_list(renewed));
    if (!ok) restore_mro(as_list(renewed));
    decref(renewed);
    if (!ok && type->bases == value) {
        replace(&type->bases, newref(old));
        type->base = old_base;
    }
    ok = renew_subclasses(vm, type, old, value) && ok;
    decref(old);
    type_touch(vm, type);
    renew_slots(vm, type);
    return ok;
}

static Ref get_base(Vm *vm __attribute__((unused)), Value self)
{
    return as_type(self)->base ? newref(borrow(as_type(self)->base)) : NONE;
}

static Ref get_mro(Vm *vm __attribute__((unused)), Value self)
{
    return is_heap(as_type(self)->mro) ? newref(as_type(self)->mro) : NONE;
}

static Ref get_abstract(Vm *vm, Value self)
{
    Value names = self == borrow(type_builtin(vm, KIND_TYPE))
                      ? UNDEF
                      : type_own(vm, as_type(self), N(__abstractmethods__));
    return absent(names) ? throw_value(vm, AttributeError, N(__abstractmethods__)) : newref(names);
}
static bool set_abstract(Vm *vm, Value self, Value value)
{
    Type *type = as_type(self);
    if (!(type->flags & TYPE_HEAP)) return check_mutable(vm, self, value, "__abstractmethods__");
    Truth any = absent(value) ? NO : value_truth(vm, value);
    if (any == FAILED) return false;
    if (absent(value)) {
        Truth gone = dict_delete(vm, as_dict(type->dict), N(__abstractmethods__));
        if (gone == NO) throw_value(vm, AttributeError, N(__abstractmethods__));
        if (gone != YES) return false;
    } else if (!dict_set(vm, as_dict(type->dict), N(__abstractmethods__), value)) {
        return false;
    }
    type->flags = any == YES ? type->flags | TYPE_ABSTRACT : type->flags & ~(unsigned)TYPE_ABSTRACT;
    return type_modified(vm, type, N(__abstractmethods__));
}

/* The entry of the namespace that computes annotations: a function, None or UNDEF. */
static Value annotate_of(Vm *vm, Type *type)
{
    Value annotate = type_own(vm, type, N(__annotate_func__));
    return absent(annotate) ? type_own(vm, type, N(__annotate__)) : annotate;
}

static Ref get_annotate(Vm *vm, Value self)
{
    if (!(as_type(self)->flags & TYPE_HEAP)) return attr_missing(vm, self, N(__annotate__));
    Value annotate = annotate_of(vm, as_type(self));
    return absent(annotate) ? NONE : newref(annotate);
}
static bool set_annotate(Vm *vm, Value self, Value value)
{
    if (!check_mutable(vm, self, value, "__annotate__")) return false;
    if (!is_none(value) && !type_of(vm, value)->slots.call)
        return throw(vm, TypeError, "__annotate__ must be callable or None"), false;
    Dict *dict = as_dict(as_type(self)->dict);
    if (dict_delete(vm, dict, N(__annotations_cache__)) == FAILED) return false;
    return store(vm, self, N(__annotate_func__), value);
}

static Ref get_annotations(Vm *vm, Value self)
{
    Type *type = as_type(self);
    if (!(type->flags & TYPE_HEAP)) return attr_missing(vm, self, N(__annotations__));
    Value known = type_own(vm, type, N(__annotations__));
    if (absent(known)) known = type_own(vm, type, N(__annotations_cache__));
    if (!absent(known)) return newref(known);
    Value annotate = annotate_of(vm, type);
    Ref made =
        absent(annotate) || is_none(annotate) ? dict_new(vm) : call1(vm, annotate, from_small(1));
    if (failed(made)) return FAIL;
    if (!is_dict(made)) {
        throw(vm, TypeError, "__annotate__ returned non-dict of type '%T'", (Value)made);
        decref(made);
        return FAIL;
    }
    if (!dict_set(vm, as_dict(type->dict), N(__annotations_cache__), made)) replace(&made, FAIL);
    return made;
}
static bool set_annotations(Vm *vm, Value self, Value value)
{
    if (!(as_type(self)->flags & TYPE_HEAP))
        return check_mutable(vm, self, value, "__annotations__");
    Dict *dict = as_dict(as_type(self)->dict);
    Truth cached = dict_delete(vm, dict, N(__annotations_cache__));
    if (cached == FAILED) return false;
    if (!absent(value)) return store(vm, self, N(__annotations__), value);
    Truth gone = dict_delete(vm, dict, N(__annotations__));
    if (gone == NO && cached == NO) attr_missing(vm, self, N(__annotations__));
    return (gone == YES || cached == YES) && type_modified(vm, as_type(self), N(__annotations__));
}

static Ref get_type_params(Vm *vm, Value self)
{
    Value params =
        as_type(self)->flags & TYPE_HEAP ? type_own(vm, as_type(self), N(__type_params__)) : UNDEF;
    return absent(params) ? tuple_new(vm, 0) : newref(params);
}
static bool set_type_params(Vm *vm, Value self, Value value)
{
    return check_mutable(vm, self, value, "__type_params__") &&
           store(vm, self, N(__type_params__), value);
}

/* Those classes of builtins that say how they are called; the others have several ways. */
static const char *known_signature(const char *name)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"NoneType", "()"},
        {"NotImplementedType", "()"},
        {"_thread._local", "()"},
        {"_thread.lock", "()"},
        {"bool", "(object=False, /)"},
        {"classmethod", "(function, /)"},
        {"complex", "(real=0, imag=0)"},
        {"ellipsis", "()"},
        {"enumerate", "(iterable, start=0)"},
        {"filter", "(function, iterable, /)"},
        {"float", "(x=0, /)"},
        {"frozenset", "(iterable=(), /)"},
        {"function", "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)"},
        {"functools.partial", "(func, /, *args, **keywords)"},
        {"list", "(iterable=(), /)"},
        {"map", "(function, iterable, /, *iterables, strict=False)"},
        {"mappingproxy", "(mapping)"},
        {"memoryview", "(object)"},
        {"method", "(function, instance, /)"},
        {"module", "(name, doc=None)"},
        {"object", "()"},
        {"property", "(fget=None, fset=None, fdel=None, doc=None)"},
        {"reversed", "(sequence, /)"},
        {"set", "(iterable=(), /)"},
        {"staticmethod", "(function, /)"},
        {"traceback", "(tb_next, tb_frame, tb_lasti, tb_lineno)"},
        {"tuple", "(iterable=(), /)"},
        {"types.SimpleNamespace", "(mapping_or_iterable=(), /, **kwargs)"},
        {"zip", "(*iterables, strict=False)"},
    };
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++)
        if (strcmp(rows[n].name, name) == 0) return rows[n].text;
    return NULL;
}

/* Of a native class: how it is called, in a module by how its __init__ or __new__ takes it. */
static Ref get_text_signature(Vm *vm, Value self)
{
    const Type *type = as_type(self);
    if (type->flags & TYPE_HEAP || !type->def) return NONE;
    const char *text = known_signature(type->def->name);
    if (text || !strchr(type->def->name, '.')) return text ? str_from(vm, text) : NONE;
    for (const TypeDef *def = type->def; def; def = def->base)
        if (def->init || def->new)
            return native_class_signature(vm, def->init ? def->init : def->new);
    return NONE;
}
static Ref get_basicsize(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_type(self)->basic_size);
}
static Ref get_itemsize(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return from_small(0);
}
static Ref get_dictoffset(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_type(self)->flags & TYPE_ATTRIBUTES ? -1 : 0);
}
static Ref get_weakrefoffset(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_type(self)->flags & TYPE_WEAKREF ? -1 : 0);
}

/* The bits scripts test (inspect, abc): heap type 9, base type 10, abstract 20, subclasses of the
 * common builtins 24.. */
static Ref get_flags(Vm *vm __attribute__((unused)), Value self)
{
    const Type *type = as_type(self);
    int64_t flags = 1 << 12;
    if (type->flags & TYPE_HEAP) flags |= 1 << 9;
    if (!(type->flags & TYPE_FINAL)) flags |= 1 << 10;
    if (!(type->flags & TYPE_HEAP)) flags |= 1 << 8;
    if (type->flags & TYPE_ABSTRACT) flags |= 1 << 20;
    if (type->flags & TYPE_SEQUENCE) flags |= 1 << 5;
    if (type->flags & TYPE_MAPPING) flags |= 1 << 6;
    static const Kind bits[] = {KIND_INT, KIND_LIST, KIND_TUPLE,     KIND_BYTES,
                                KIND_STR, KIND_DICT, KIND_EXCEPTION, KIND_TYPE};
    for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++)
        if (type->kind == bits[i]) flags |= INT64_C(1) << (24 + i);
    return from_small(flags);
}

/* ---- tables ---- */

static const Native *const type_methods[] = {
    &type_mro_method_def,    &type_subclasses_def, &type_prepare_def, &type_instancecheck_def,
    &type_subclasscheck_def, &type_dir_def,        &type_sizeof_def,  NULL,
};

static const Attribute type_attributes[] = {
    {"__name__", get_name, set_name, "the class's name"},
    {"__qualname__", get_qualname, set_qualname, "its path from the module"},
    {"__module__", get_module, set_module, "name of the module that defines it"},
    {"__doc__", get_doc, set_doc, "its documentation"},
    {"__dict__", get_dict, NULL, "its namespace, read-only"},
    {"__bases__", get_bases, set_bases, "tuple of base classes"},
    {"__base__", get_base, member_read_only, "the base that gives the layout"},
    {"__mro__", get_mro, NULL, "tuple of classes in the order of lookup"},
    {"__abstractmethods__", get_abstract, set_abstract,
     "names of methods that subclasses must define"},
    {"__annotate__", get_annotate, set_annotate, "computes the annotations"},
    {"__annotations__", get_annotations, set_annotations, "dict of annotations"},
    {"__type_params__", get_type_params, set_type_params, "tuple of type parameters"},
    {"__text_signature__", get_text_signature, NULL, "how to call it, or None"},
    {"__basicsize__", get_basicsize, member_read_only, "bytes of an instance without attributes"},
    {"__itemsize__", get_itemsize, member_read_only, "0"},
    {"__dictoffset__", get_dictoffset, member_read_only,
     "-1 when instances take attributes, else 0"},
    {"__weakrefoffset__", get_weakrefoffset, member_read_only,
     "-1 when instances can be weakly referenced, else 0"},
    {"__flags__", get_flags, member_read_only, "bits"},
    {0},
};

const TypeDef type_type = {
    .name = "type",
    .size = sizeof(Type),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .new = &type_new_def,
    .init = &type_init_def,
    .doc = "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    .refs = REFS(REF(Type, name), REF(Type, qualname), REF(Type, dict), REF(Type, bases),
                 REF(Type, mro), REF(Type, new), REF(Type, init)),
    .clear = type_emptied,
    .call = type_call,
    .repr = type_repr,
    .binary = type_binary,
    .get_attr = type_get_attr,
    .set_attr = type_set_attr,
    .methods = type_methods,
    .attributes = type_attributes,
};
