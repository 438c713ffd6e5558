/* _collections.c - the parts of module collections that are worth C: deque, defaultdict,
 * OrderedDict, what namedtuple's fields are, and counting.
 *
 * Neighbours: collections/__init__.aio (the rest, in the language), _collections_deque.c,
 * _collections_odict.c. */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef deque_type, deque_iter_type, deque_reverse_iter_type, ordered_dict_type;

/* ---- defaultdict ---- */

typedef struct DefaultDict {
    Dict dict;
    Ref factory; /* UNDEF: none */
} DefaultDict;

extern const TypeDef defaultdict_type;

static DefaultDict *as_defaultdict(Value v) { return (DefaultDict *)as_object(v); }

NATIVE(defaultdict_init, "__init__(self, default_factory=None, /, *args, **kwargs)",
       "Set what makes missing values; the other arguments fill the dict as they do for dict.")
{
    DefaultDict *self = as_defaultdict(argv[0]);
    Value factory = argv[1];
    ptrdiff_t given = tuple_len(argv[2]);
    if (!is_none(factory) && !type_of(vm, factory)->slots.call)
        return throw(vm, TypeError, "first argument must be callable or None");
    if (given > 1) return throw(vm, TypeError, "dict expected at most 1 argument, got %zd", given);
    replace(&self->factory, is_none(factory) ? UNDEF : newref(factory));
    if (given && !dict_update(vm, &self->dict, tuple_at(argv[2], 0))) return FAIL;
    return dict_merge(vm, &self->dict, as_dict(argv[3])) ? NONE : FAIL;
}

/* A new value under key, which is not there. */
static Ref make_missing(Vm *vm, Value v, Value key)
{
    Value factory = as_defaultdict(v)->factory;
    if (absent(factory)) return throw_value(vm, KeyError, key);
    Ref held = newref(factory), value = call0(vm, held);
    decref(held);
    if (failed(value)) return FAIL;
    bool plain = type_of(vm, v)->slots.set_item == dict_type.set_item;
    bool ok = plain ? dict_set(vm, as_dict(v), key, value) : value_set_item(vm, v, key, value);
    if (ok) return value;
    decref(value);
    return FAIL;
}

NATIVE(defaultdict_missing, "__missing__(self, key, /)",
       "Called for a missing key: store and return what default_factory() gives.\n"
       "Raises KeyError when there is no factory.")
{
    return make_missing(vm, argv[0], argv[1]);
}

static Ref defaultdict_get_item(Vm *vm, Value self, Value key)
{
    Value value = dict_get(vm, as_dict(self), key);
    if (!absent(value)) return newref(value);
    bool own = type_of(vm, self) == type_from_def(vm, &defaultdict_type);
    return own ? make_missing(vm, self, key) : call_special(vm, self, N(__missing__), 1, &key);
}

static Ref factory_repr(Vm *vm, Value self)
{
    Value factory = as_defaultdict(self)->factory;
    if (absent(factory)) return str_from_ascii(vm, "None", 4);
    Truth running = repr_enter(vm, factory);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from_ascii(vm, "...", 3);
    Ref held = newref(factory), out = value_repr(vm, held);
    repr_leave(vm, held);
    decref(held);
    return out;
}

static Ref defaultdict_repr(Vm *vm, Value self)
{
    Ref entries = dict_type.repr(vm, self), out = FAIL;
    Ref factory = failed(entries) ? FAIL : factory_repr(vm, self);
    Value name = type_of(vm, self)->name;
    if (!failed(factory)) out = format_text(vm, "%S(%S, %S)", name, (Value)factory, (Value)entries);
    decref(entries);
    decref(factory);
    return out;
}

/* type(like)(factory, entries) */
static Ref defaultdict_like(Vm *vm, Value like, Value entries)
{
    Ref factory = newref(as_defaultdict(like)->factory);
    Ref out =
        call2(vm, borrow(type_of(vm, like)), absent(factory) ? (Value)NONE : factory, entries);
    decref(factory);
    return out;
}

static Ref defaultdict_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR || !is_dict(a) || !is_dict(b)) return NOT_IMPLEMENTED;
    Type *own = type_from_def(vm, &defaultdict_type);
    Ref out = defaultdict_like(vm, type_has_instance(vm, own, a) ? a : b, a);
    if (failed(out) || !is_dict(out) || dict_update(vm, as_dict(out), b)) return out;
    decref(out);
    return FAIL;
}

NATIVE(defaultdict_copy, "copy(self, /)", "Return a shallow copy with the same factory.")
{
    return defaultdict_like(vm, argv[0], argv[0]);
}

NATIVE(defaultdict_copy_special, "__copy__(self, /)",
       "Return a shallow copy with the same factory.")
{
    return defaultdict_like(vm, argv[0], argv[0]);
}

NATIVE(defaultdict_reduce, "__reduce__(self, /)", "Return what pickle needs to rebuild the dict.")
{
    Value factory = as_defaultdict(argv[0])->factory;
    Ref args = absent(factory) ? tuple_new(vm, 0) : tuple_pack(vm, 1, factory), out = FAIL;
    Ref view = failed(args) ? FAIL : call_method(vm, argv[0], N(items), 0, NULL);
    Ref items = failed(view) ? FAIL : iter_of(vm, view);
    if (!failed(items))
        out =
            tuple_pack(vm, 5, borrow(type_of(vm, argv[0])), (Value)args, NONE, NONE, (Value)items);
    decref(args);
    decref(view);
    decref(items);
    return out;
}

static Ref get_factory(Vm *vm __attribute__((unused)), Value self)
{
    Value factory = as_defaultdict(self)->factory;
    return absent(factory) ? NONE : newref(factory);
}
static bool set_factory(Vm *vm __attribute__((unused)), Value self, Value value)
{
    bool none = absent(value) || is_none(value);
    replace(&as_defaultdict(self)->factory, none ? UNDEF : newref(value));
    return true;
}

static const Native *const defaultdict_methods[] = {
    &defaultdict_missing_def,
    &defaultdict_copy_def,
    &defaultdict_copy_special_def,
    &defaultdict_reduce_def,
    NULL,
};
static const Attribute defaultdict_fields[] = {
    {"default_factory", get_factory, set_factory,
     "What makes the value of a missing key, or None."},
    {0},
};
const TypeDef defaultdict_type = {
    .name = "collections.defaultdict",
    .doc = "A dict that makes missing values.\n"
           "defaultdict(default_factory, ...): a subscript with a missing key calls the factory "
           "without\n"
           "arguments and stores what it returns; the other arguments are those of dict.",
    .size = sizeof(DefaultDict),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .base = &dict_type,
    .refs = REFS(REF(DefaultDict, factory)),
    .init = &defaultdict_init_def,
    .repr = defaultdict_repr,
    .binary = defaultdict_binary,
    .get_item = defaultdict_get_item,
    .methods = defaultdict_methods,
    .fields = defaultdict_fields,
};

/* ---- the fields of named tuples ---- */

typedef struct TupleGetter {
    Container head;
    ptrdiff_t index;
    Ref doc;
} TupleGetter;

static TupleGetter *as_tuple_getter(Value v) { return (TupleGetter *)as_object(v); }

NATIVE(tuple_getter_make, "new(cls, index, doc, /)",
       "Return a descriptor for item index of a tuple.")
{
    int64_t index;
    if (!int_index(vm, argv[1], &index)) return FAIL;
    TupleGetter *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->index = index;
    self->doc = newref(argv[2]);
    return from_object(self);
}

static Ref tuple_getter_get(Vm *vm, Value v, Value object, Value type __attribute__((unused)))
{
    ptrdiff_t index = as_tuple_getter(v)->index;
    if (absent(object) || is_none(object)) return newref(v);
    if (!is_tuple(object))
        return throw(vm, TypeError,
                     "descriptor for index '%zd' for tuple subclasses doesn't apply to '%T' object",
                     index, object);
    if (index < 0 || index >= tuple_len(object))
        return throw(vm, IndexError, "tuple index out of range");
    return newref(tuple_at(object, index));
}

static bool tuple_getter_set(Vm *vm, Value v __attribute__((unused)),
                             Value object __attribute__((unused)), Value value)
{
    throw(vm, AttributeError, absent(value) ? "can't delete attribute" : "can't set attribute");
    return false;
}

static Ref tuple_getter_repr(Vm *vm, Value v)
{
    return format_text(vm, "_tuplegetter(%zd, %R)", as_tuple_getter(v)->index,
                       (Value)as_tuple_getter(v)->doc);
}

NATIVE(tuple_getter_reduce, "__reduce__(self, /)", "Return what pickle needs to rebuild it.")
{
    const TupleGetter *self = as_tuple_getter(argv[0]);
    Ref args = tuple_pack(vm, 2, (Value)from_small(self->index), (Value)self->doc);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

static Ref get_doc(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_tuple_getter(self)->doc);
}
static bool set_doc(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_tuple_getter(self)->doc, absent(value) ? NONE : newref(value));
    return true;
}

static const Native *const tuple_getter_methods[] = {&tuple_getter_reduce_def, NULL};
static const Attribute tuple_getter_fields[] = {
    {"__doc__", get_doc, set_doc, "What the field is."},
    {0},
};
static const TypeDef tuple_getter_type = {
    .name = "collections._tuplegetter",
    .doc = "A field of a named tuple.",
    .size = sizeof(TupleGetter),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(TupleGetter, doc)),
    .new = &tuple_getter_make_def,
    .repr = tuple_getter_repr,
    .descr_get = tuple_getter_get,
    .descr_set = tuple_getter_set,
    .methods = tuple_getter_methods,
    .fields = tuple_getter_fields,
};

/* ---- counting ---- */

static bool count_fast(Vm *vm, Value item, void *context)
{
    int64_t hash; /* asked for here, so that the error speaks of no dict */
    if (!value_hash(vm, item, &hash)) return false;
    Ref *slot = dict_value_slot(vm, context, item, from_small(0));
    if (!slot) return false;
    if (is_int(*slot) && as_int(*slot) < SMALL_INT_MAX) {
        *slot = from_small(as_int(*slot) + 1);
        return true;
    }
    Ref old = newref(*slot), count = number_add(vm, old, from_small(1));
    bool ok = !failed(count) && dict_set(vm, context, item, count);
    decref(old);
    decref(count);
    return ok;
}

typedef struct Counting {
    Value mapping, get;
} Counting;

static bool count_slow(Vm *vm, Value item, void *context)
{
    Counting *counting = context;
    Ref old = call2(vm, counting->get, item, from_small(0));
    Ref count = failed(old) ? FAIL : number_add(vm, old, from_small(1));
    bool ok = !failed(count) && value_set_item(vm, counting->mapping, item, count);
    decref(old);
    decref(count);
    return ok;
}

NATIVE(count_elements, "_count_elements(mapping, iterable, /)",
       "Add one to mapping[item], taken as 0 when missing, for each item of iterable.")
{
    Type *type = type_of(vm, argv[0]), *dict = type_builtin(vm, KIND_DICT);
    bool plain = is_dict(argv[0]) &&
                 type_lookup(vm, type, N(get)) == type_lookup(vm, dict, N(get)) &&
                 type_lookup(vm, type, N(__setitem__)) == type_lookup(vm, dict, N(__setitem__));
    if (plain) return iterate(vm, argv[1], count_fast, as_dict(argv[0])) ? NONE : FAIL;
    Ref get = attr_get(vm, argv[0], N(get));
    Counting counting = {argv[0], get};
    bool ok = !failed(get) && iterate(vm, argv[1], count_slow, &counting);
    decref(get);
    return ok ? NONE : FAIL;
}

/* ---- the module ---- */

static const Native *const collections_functions[] = {&count_elements_def, NULL};
static const TypeDef *const collections_types[] = {
    &deque_type,
    &deque_iter_type,
    &deque_reverse_iter_type,
    &defaultdict_type,
    &ordered_dict_type,
    &tuple_getter_type,
    NULL,
};
const ModuleDef _collections_module = {
    .name = "_collections",
    .doc = "Container types: the parts of module collections written in C.",
    .functions = collections_functions,
    .types = collections_types,
};
