/* _abc.c - the part of module abc that is worth C: which classes count as subclasses of an ABC.
 *
 * Each ABC has its data in _abc_impl: a registry and two caches, sets of weak references to
 * classes.  What is known not to be a subclass may become one by any later register(), so the
 * negative cache carries the number of registrations at which it was made; the count of all so far
 * lies in head.aux of the type of that data.
 * Neighbours: abc.aio (ABCMeta and the decorators), object/instance.c (isinstance). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

typedef struct AbcData {
    Container head;
    Ref registry, yes, no; /* sets of weak references, UNDEF: empty */
    uint32_t no_since;     /* registrations when `no` was begun */
    ptrdiff_t purge_at;    /* length of a cache at which dead references are looked for */
} AbcData;

enum { PURGE_LEAST = 32 };

static const TypeDef abc_data_type;

static AbcData *as_abc_data(Value v) { return (AbcData *)as_object(v); }

/* How many registrations there were in this interpreter. */
static uint32_t *registrations(Vm *vm)
{
    Type *type = type_from_def(vm, &abc_data_type);
    return type ? &type->head.aux : NULL;
}

/* The data of an ABC, borrowed; NULL: AttributeError. */
static AbcData *data_of(Vm *vm, Value cls)
{
    Value found = is_type(cls) ? type_lookup(vm, as_type(cls), N(_abc_impl)) : UNDEF;
    if (absent(found)) {
        Ref none = attr_get(vm, cls, N(_abc_impl));
        if (!failed(none)) throw(vm, TypeError, "_abc_impl is set to a wrong type");
        decref(none);
        return NULL;
    }
    if (type_of(vm, found)->def == &abc_data_type) return as_abc_data(found);
    throw(vm, TypeError, "_abc_impl is set to a wrong type");
    return NULL;
}

/* ---- sets of weak references ---- */

static Truth weak_has(Vm *vm, Value set, Value cls)
{
    if (absent(set) || as_set(set)->len == 0) return NO;
    Ref weak = weakref_new(vm, type_builtin(vm, KIND_WEAKREF), cls, UNDEF);
    Truth found = failed(weak) ? FAILED : set_has(vm, as_set(set), weak);
    decref(weak);
    return found;
}

/* A new set with the references of set that are alive. */
static Ref weak_live(Vm *vm, Value set)
{
    Ref out = set_new(vm);
    Value weak;
    for (ptrdiff_t i = 0; !failed(out) && !absent(set) && set_next(as_set(set), &i, &weak);)
        if (!absent(as_weakref(weak)->target) && !set_add(vm, as_set(out), weak))
            replace(&out, FAIL);
    return out;
}

static bool weak_add(Vm *vm, AbcData *data, Ref *set, Value cls)
{
    if (data->purge_at < PURGE_LEAST) data->purge_at = PURGE_LEAST;
    if (absent(*set) || as_set(*set)->len >= data->purge_at) {
        Ref live = weak_live(vm, *set);
        if (failed(live)) return false;
        if (as_set(live)->len * 2 > data->purge_at) data->purge_at = as_set(live)->len * 2;
        replace(set, live);
    }
    Ref weak = weakref_new(vm, type_builtin(vm, KIND_WEAKREF), cls, UNDEF);
    bool ok = !failed(weak) && set_add(vm, as_set(*set), weak);
    decref(weak);
    return ok;
}

/* ---- making an ABC ---- */

/* value.__isabstractmethod__, false when it has none. */
static Truth is_abstract(Vm *vm, Value value)
{
    Ref flag = attr_get_or_absent(vm, value, N(__isabstractmethod__));
    if (failed(flag)) return FAILED;
    Truth truth = absent(flag) ? NO : value_truth(vm, flag);
    decref(flag);
    return truth;
}

/* Adds the names that cls itself leaves abstract. */
static bool add_own_abstract(Vm *vm, Set *names, Type *type)
{
    Ref dict = dict_copy(vm, type_dict(vm, type)); /* __isabstractmethod__ may be script code */
    if (failed(dict)) return false;
    Value key, value;
    Truth abstract = NO;
    bool ok = true;
    for (ptrdiff_t i = 0; ok && dict_next(as_dict(dict), &i, &key, &value);) {
        abstract = is_abstract(vm, value);
        ok = abstract == NO || (abstract == YES && set_add(vm, names, key));
    }
    decref(dict);
    return ok;
}

typedef struct Inheriting {
    Set *names;
    Value cls;
} Inheriting;

/* A name abstract in a base: is it still so in cls? */
static bool add_if_abstract(Vm *vm, Value name, void *context)
{
    Inheriting *to = context;
    if (!is_str(name)) return true;
    Ref key = str_intern(vm, newref(name));
    Ref value = failed(key) ? FAIL : attr_get_or_absent(vm, to->cls, key);
    Truth abstract = failed(value) ? FAILED : absent(value) ? NO : is_abstract(vm, value);
    bool ok = abstract == NO || (abstract == YES && set_add(vm, to->names, key));
    decref(key);
    decref(value);
    return ok;
}

static bool add_inherited_abstract(Vm *vm, Set *names, Value cls)
{
    Ref bases = newref(as_type(cls)->bases);
    Inheriting to = {names, cls};
    bool ok = true;
    for (ptrdiff_t i = 0; ok && i < tuple_len(bases); i++) {
        Ref above = attr_get_or_absent(vm, tuple_at(bases, i), N(__abstractmethods__));
        ok = !failed(above) && (absent(above) || iterate(vm, above, add_if_abstract, &to));
        decref(above);
    }
    decref(bases);
    return ok;
}

static bool set_abstract_names(Vm *vm, Value cls)
{
    Ref names = set_new(vm), frozen = FAIL;
    bool ok = !failed(names) && add_own_abstract(vm, as_set(names), as_type(cls)) &&
              add_inherited_abstract(vm, as_set(names), cls);
    if (ok) frozen = frozenset_new(vm, names);
    ok = !failed(frozen) && attr_set(vm, cls, N(__abstractmethods__), frozen);
    decref(names);
    decref(frozen);
    return ok;
}

/* __abc_tpflags__ in the body of Sequence and Mapping: patterns of that kind accept instances. */
static bool take_pattern_flags(Vm *vm, Type *type)
{
    enum { SEQUENCE_BIT = 1 << 5, MAPPING_BIT = 1 << 6 }; /* as in type.__flags__ */
    Ref name = str_interned(vm, "__abc_tpflags__");
    if (failed(name)) return false;
    Ref bits = dict_pop(vm, type_dict(vm, type), name);
    decref(name);
    if (failed(bits)) return false;
    if (is_int(bits)) {
        type->flags |= as_int(bits) & SEQUENCE_BIT ? TYPE_SEQUENCE : 0;
        type->flags |= as_int(bits) & MAPPING_BIT ? TYPE_MAPPING : 0;
    }
    decref(bits);
    return true;
}

NATIVE(abc_init, "_abc_init(cls, /)",
       "Make cls an ABC: set __abstractmethods__ and give it an empty registry and caches.")
{
    if (!is_type(argv[0])) return throw(vm, TypeError, "_abc_init() argument must be a class");
    if (!set_abstract_names(vm, argv[0])) return FAIL;
    Type *type = type_from_def(vm, &abc_data_type);
    AbcData *data = type ? type_instance(vm, type) : NULL;
    if (!data) return FAIL;
    data->no_since = *registrations(vm);
    bool ok = attr_set(vm, argv[0], N(_abc_impl), borrow(data)) &&
              take_pattern_flags(vm, as_type(argv[0]));
    decref_object(data);
    return ok ? NONE : FAIL;
}

/* ---- asking ---- */

/* What cls.__subclasshook__(subclass) says: YES, NO, FAILED, or UNSURE. */
enum { UNSURE = 2 };
static int ask_hook(Vm *vm, Value cls, Value subclass)
{
    Ref answer = call_method(vm, cls, N(__subclasshook__), 1, &subclass);
    if (failed(answer)) return FAILED;
    int out = answer == TRUE ? YES : answer == FALSE ? NO : UNSURE;
    if (out == UNSURE && answer != NOT_IMPLEMENTED) {
        throw(vm, AssertionError,
              "__subclasshook__ must return either False, True, or NotImplemented");
        out = FAILED;
    }
    decref(answer);
    return out;
}

/* issubclass(subclass, other), asked by way of module abc when the metaclass of other has a check
 * in the language: typing.Protocol looks who asks, and answers module abc. */
static Truth ask_other(Vm *vm, Value other, Value subclass)
{
    Value check = type_lookup(vm, type_of(vm, other), N(__subclasscheck__));
    if (!is_kind(check, KIND_FUNCTION)) return value_is_subclass(vm, subclass, other);
    Ref module = import_text(vm, "abc");
    Ref asker = failed(module) ? FAIL : attr_get_text(vm, module, "_issubclass"), answer = FAIL;
    Value args[] = {subclass, other};
    if (!failed(asker)) answer = call(vm, asker, 2, args);
    Truth found = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    decref(asker);
    decref(module);
    return found;
}

/* Is subclass one of a class that was registered? */
static Truth in_registry(Vm *vm, AbcData *data, Value subclass)
{
    if (absent(data->registry)) return NO;
    Truth found = weak_has(vm, data->registry, subclass);
    if (found != NO) return found;
    Ref list = list_from(vm, data->registry); /* a check may register more */
    if (failed(list)) return FAILED;
    for (ptrdiff_t i = 0; found == NO && i < as_list(list)->len; i++) {
        Ref other = newref(as_weakref(list_at(as_list(list), i))->target);
        if (!absent(other)) found = ask_other(vm, other, subclass);
        decref(other);
    }
    decref(list);
    return found;
}

/* Is subclass one of a subclass of cls? */
static Truth in_subclasses(Vm *vm, Value cls, Value subclass)
{
    Ref list = call_method(vm, cls, N(__subclasses__), 0, NULL);
    if (failed(list)) return FAILED;
    Truth found = NO;
    if (!is_list(list)) {
        throw(vm, TypeError, "__subclasses__() must return a list");
        found = FAILED;
    }
    for (ptrdiff_t i = 0; found == NO && i < as_list(list)->len; i++) {
        Ref below = newref(list_at(as_list(list), i));
        found = ask_other(vm, below, subclass);
        decref(below);
    }
    decref(list);
    return found;
}

static Truth in_mro(Value cls, Type *subclass)
{
    for (ptrdiff_t i = 0; is_heap(subclass->mro) && i < tuple_len(subclass->mro); i++)
        if (tuple_at(subclass->mro, i) == cls) return YES;
    return NO;
}

/* In the caches: YES, NO, FAILED, or UNSURE. */
static int ask_caches(Vm *vm, AbcData *data, Value subclass)
{
    Truth found = weak_has(vm, data->yes, subclass);
    if (found != NO) return found;
    uint32_t now = *registrations(vm);
    if (data->no_since != now) {
        data->no_since = now;
        clear(&data->no);
        return UNSURE;
    }
    found = weak_has(vm, data->no, subclass);
    return found == YES ? NO : found == NO ? UNSURE : FAILED;
}

static Truth subclass_of(Vm *vm, Value cls, Value subclass)
{
    if (!is_type(subclass)) {
        throw(vm, TypeError, "issubclass() arg 1 must be a class");
        return FAILED;
    }
    AbcData *data = data_of(vm, cls);
    if (!data) return FAILED;
    int found = ask_caches(vm, data, subclass);
    if (found != UNSURE) return (Truth)found;
    Ref held = newref(borrow(data)); /* script code runs from here on */
    found = ask_hook(vm, cls, subclass);
    if (found == UNSURE) {
        found = in_mro(cls, as_type(subclass));
        if (found == NO) found = in_registry(vm, data, subclass);
        if (found == NO) found = in_subclasses(vm, cls, subclass);
    }
    if (found == YES && !weak_add(vm, data, &data->yes, subclass)) found = FAILED;
    if (found == NO && !weak_add(vm, data, &data->no, subclass)) found = FAILED;
    decref(held);
    return (Truth)found;
}

/* cls.__subclasscheck__(subclass), which a metaclass may have of its own. */
static Truth ask_class(Vm *vm, Value cls, Value subclass)
{
    Ref answer = call_method(vm, cls, N(__subclasscheck__), 1, &subclass);
    Truth found = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return found;
}

static Truth instance_of(Vm *vm, Value cls, Value instance)
{
    AbcData *data = data_of(vm, cls);
    if (!data) return FAILED;
    Ref subclass = attr_get(vm, instance, N(__class__));
    if (failed(subclass)) return FAILED;
    Value type = borrow(type_of(vm, instance));
    int found = UNSURE;
    if (is_type(subclass)) {
        found = weak_has(vm, data->yes, subclass);
        if (found == NO) found = subclass == type ? ask_caches(vm, data, type) : UNSURE;
    }
    if (found == UNSURE) found = ask_class(vm, cls, subclass);
    if (found == NO && subclass != type) found = ask_class(vm, cls, type);
    decref(subclass);
    return (Truth)found;
}

static Ref truth_ref(Truth truth) { return truth == FAILED ? FAIL : from_bool(truth); }

NATIVE(abc_subclasscheck, "_abc_subclasscheck(cls, subclass, /)",
       "Is subclass a subclass of the ABC?")
{
    return truth_ref(subclass_of(vm, argv[0], argv[1]));
}
NATIVE(abc_instancecheck, "_abc_instancecheck(cls, instance, /)", "Is instance one of the ABC?")
{
    return truth_ref(instance_of(vm, argv[0], argv[1]));
}
/* The same as methods of ABCMeta. */
NATIVE(abc_meta_subclasscheck, "__subclasscheck__(cls, subclass, /)",
       "What issubclass(subclass, cls) answers.")
{
    return truth_ref(subclass_of(vm, argv[0], argv[1]));
}
NATIVE(abc_meta_instancecheck, "__instancecheck__(cls, instance, /)",
       "What isinstance(instance, cls) answers.")
{
    return truth_ref(instance_of(vm, argv[0], argv[1]));
}

/* ---- registering ---- */

NATIVE(abc_register, "_abc_register(cls, subclass, /)",
       "Make subclass count as a subclass of the ABC; return it.\n"
       "Raises RuntimeError when the ABC is a subclass of it.")
{
    Value cls = argv[0], subclass = argv[1];
    if (!is_type(subclass)) return throw(vm, TypeError, "Can only register classes");
    Truth known = value_is_subclass(vm, subclass, cls);
    if (known != NO) return known == YES ? newref(subclass) : FAIL;
    known = value_is_subclass(vm, cls, subclass);
    if (known == YES) return throw(vm, RuntimeError, "Refusing to create an inheritance cycle");
    if (known == FAILED) return FAIL;
    AbcData *data = data_of(vm, cls);
    if (!data || !weak_add(vm, data, &data->registry, subclass)) return FAIL;
    ++*registrations(vm);
    unsigned flags = as_type(cls)->flags & (TYPE_SEQUENCE | TYPE_MAPPING);
    if (flags && (as_type(subclass)->flags & TYPE_HEAP)) type_add_flags(as_type(subclass), flags);
    return newref(subclass);
}

NATIVE(abc_get_cache_token, "get_cache_token()",
       "Return a number that changes with every register() of any ABC.")
{
    const uint32_t *count = registrations(vm);
    return count ? from_small(*count) : FAIL;
}

NATIVE(abc_get_dump, "_get_dump(cls, /)",
       "Return the registry, both caches (sets of weak references) and the token of the second.")
{
    const AbcData *data = data_of(vm, argv[0]);
    if (!data) return FAIL;
    Ref registry = weak_live(vm, data->registry), yes = weak_live(vm, data->yes);
    Ref no = weak_live(vm, data->no), out = FAIL;
    if (!failed(registry) && !failed(yes) && !failed(no))
        out = tuple_pack(vm, 4, (Value)registry, (Value)yes, (Value)no,
                         (Value)from_small(data->no_since));
    decref(registry);
    decref(yes);
    decref(no);
    return out;
}
NATIVE(abc_reset_registry, "_reset_registry(cls, /)", "Forget the registered classes.")
{
    AbcData *data = data_of(vm, argv[0]);
    if (!data) return FAIL;
    clear(&data->registry);
    return NONE;
}
NATIVE(abc_reset_caches, "_reset_caches(cls, /)", "Forget what the caches hold.")
{
    AbcData *data = data_of(vm, argv[0]);
    if (!data) return FAIL;
    clear(&data->yes);
    clear(&data->no);
    return NONE;
}

/* ---- tables ---- */

static const TypeDef abc_data_type = {
    .name = "_abc._abc_data",
    .doc = "What an ABC knows about its subclasses.",
    .size = sizeof(AbcData),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(AbcData, registry), REF(AbcData, yes), REF(AbcData, no)),
};

static const Native *const abc_functions[] = {
    &abc_init_def,           &abc_register_def,        &abc_instancecheck_def,
    &abc_subclasscheck_def,  &abc_get_cache_token_def, &abc_get_dump_def,
    &abc_reset_registry_def, &abc_reset_caches_def,    NULL,
};

static bool abc_open(Vm *vm, Value module)
{
    Type *type = type_builtin(vm, KIND_TYPE);
    return module_set(vm, module, "_meta_instancecheck",
                      native_method(vm, &abc_meta_instancecheck_def, type)) &&
           module_set(vm, module, "_meta_subclasscheck",
                      native_method(vm, &abc_meta_subclasscheck_def, type));
}

const ModuleDef _abc_module = {
    .name = "_abc",
    .doc = "Which classes count as subclasses of an abstract base class.",
    .functions = abc_functions,
    .open = abc_open,
};
