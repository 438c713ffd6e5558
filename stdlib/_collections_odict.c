/* _collections_odict.c - collections.OrderedDict: a dict whose order can be changed and counts when
 * it is compared.
 *
 * It is a dict; what it adds is dict_move_last, dict_move_first and popping from the front, which
 * dict.c does in constant time.  Its iterators compare the version of the dict (0 once its keys
 * changed) and so notice every change of the order.
 * Neighbours: _collections.c (the module), object/dict.c. */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef ordered_dict_type;

typedef enum OrderPart { ORDER_KEYS, ORDER_VALUES, ORDER_ITEMS } OrderPart;

typedef struct OrderIter {
    Container head;
    Ref dict;       /* UNDEF: exhausted */
    ptrdiff_t next; /* entry to look at next */
    uint32_t version;
    OrderPart part;
    bool reversed;
} OrderIter;

static Type *ordered_dict_class(Vm *vm) { return type_from_def(vm, &ordered_dict_type); }
static bool is_ordered_dict(Vm *vm, Value v)
{
    return type_has_instance(vm, ordered_dict_class(vm), v);
}
static bool is_exactly(Vm *vm, Value v) { return type_of(vm, v) == ordered_dict_class(vm); }
static OrderIter *as_order_iter(Value v) { return (OrderIter *)as_object(v); }

/* ---- filling ---- */

/* self[key] = value, through the class where it may have its own __setitem__. */
static bool store(Vm *vm, Value self, Value key, Value value)
{
    bool plain = type_of(vm, self)->slots.set_item == dict_type.set_item;
    return plain ? dict_set(vm, as_dict(self), key, value) : value_set_item(vm, self, key, value);
}

static bool add_pair(Vm *vm, Value pair, void *self)
{
    Ref items = tuple_from(vm, pair);
    if (failed(items)) return false;
    ptrdiff_t len = tuple_len(items);
    bool ok = false;
    if (len > 2) throw(vm, ValueError, "too many values to unpack (expected 2)");
    else if (len < 2)
        throw(vm, ValueError, "need more than %zd value%s to unpack", len, len == 1 ? "" : "s");
    else ok = store(vm, self, tuple_at(items, 0), tuple_at(items, 1));
    decref(items);
    return ok;
}

typedef struct FromMapping {
    Value self, mapping;
} FromMapping;

static bool add_key(Vm *vm, Value key, void *context)
{
    FromMapping *from = context;
    Ref value = value_get_item(vm, from->mapping, key);
    bool ok = !failed(value) && store(vm, from->self, key, value);
    decref(value);
    return ok;
}

/* self.update(dict) where only self may have methods of its own. */
static bool add_dict(Vm *vm, Value self, Value other)
{
    if (type_of(vm, self)->slots.set_item == dict_type.set_item)
        return dict_merge(vm, as_dict(self), as_dict(other));
    Ref items = call_method(vm, other, N(items), 0, NULL);
    bool ok = !failed(items) && iterate(vm, items, add_pair, as_object(self));
    decref(items);
    return ok;
}

/* MutableMapping.update: a mapping has keys() or at least items(), anything else gives pairs. */
static bool add_from(Vm *vm, Value self, Value other)
{
    if (is_exact(other, KIND_DICT) || is_exactly(vm, other)) return add_dict(vm, self, other);
    Ref method = attr_get_or_absent(vm, other, N(keys));
    if (failed(method)) return false;
    Ref items = newref(other);
    bool ok = true, keyed = !absent(method);
    if (absent(method)) {
        replace(&method, attr_get_or_absent(vm, other, N(items)));
        ok = !failed(method);
    }
    if (ok && !absent(method)) {
        replace(&items, call0(vm, method));
        ok = !failed(items);
    }
    FromMapping from = {self, other};
    if (ok && keyed) ok = iterate(vm, items, add_key, &from);
    else if (ok) ok = iterate(vm, items, add_pair, as_object(self));
    decref(method);
    decref(items);
    return ok;
}

NATIVE(ordered_dict_init, "__init__(self, /, *args, **kwargs)",
       "Add the entries of a mapping or of (key, value) pairs, then those given by keyword.")
{
    ptrdiff_t given = tuple_len(argv[1]);
    if (given > 1) return throw(vm, TypeError, "expected at most 1 arguments, got %zd", given);
    if (given && !add_from(vm, argv[0], tuple_at(argv[1], 0))) return FAIL;
    return as_dict(argv[2])->len == 0 || add_dict(vm, argv[0], argv[2]) ? NONE : FAIL;
}

NATIVE(ordered_dict_update, "update(self, /, *args, **kwargs)",
       "Add the entries of a mapping or of (key, value) pairs, then those given by keyword.")
{
    ptrdiff_t given = tuple_len(argv[1]);
    if (given > 1)
        return throw(vm, TypeError, "update() takes at most 1 positional argument (%zd given)",
                     given);
    if (given && !add_from(vm, argv[0], tuple_at(argv[1], 0))) return FAIL;
    return as_dict(argv[2])->len == 0 || add_dict(vm, argv[0], argv[2]) ? NONE : FAIL;
}

static bool from_keys_each(Vm *vm, Value key, void *context)
{
    FromMapping *from = context;
    return store(vm, from->self, key, from->mapping);
}

NATIVE_CLASS(ordered_dict_fromkeys, "fromkeys(cls, iterable, value=None)",
             "Return a new OrderedDict with the items of iterable as keys, value under each.")
{
    Ref out = call0(vm, argv[0]);
    FromMapping from = {out, argv[2]};
    if (failed(out) || !is_dict(out) || iterate(vm, argv[1], from_keys_each, &from)) return out;
    decref(out);
    return FAIL;
}

/* ---- order ---- */

NATIVE(ordered_dict_move_to_end, "move_to_end(self, key, last=True)",
       "Move an entry to the end, or with last false to the beginning.\n"
       "Raises KeyError when key is not there.")
{
    Truth last = value_truth(vm, argv[2]);
    if (last == FAILED) return FAIL;
    Truth found = last ? dict_move_last(vm, as_dict(argv[0]), argv[1])
                       : dict_move_first(vm, as_dict(argv[0]), argv[1]);
    if (found == NO) return throw_value(vm, KeyError, argv[1]);
    return found == YES ? NONE : FAIL;
}

NATIVE(ordered_dict_popitem, "popitem(self, last=True)",
       "Remove and return the newest entry as (key, value), or with last false the oldest.\n"
       "Raises KeyError when the dict is empty.")
{
    Dict *dict = as_dict(argv[0]);
    Truth last = value_truth(vm, argv[1]);
    if (last == FAILED) return FAIL;
    if (dict->len == 0) return throw(vm, KeyError, "dictionary is empty");
    return last ? dict_pop_last(vm, dict) : dict_pop_first(vm, dict);
}

NATIVE(ordered_dict_pop, "pop(self, key, default=?)",
       "Remove key and return its value.\n"
       "When it is not there, return default, or raise KeyError if none was given.")
{
    Ref value = dict_pop(vm, as_dict(argv[0]), argv[1]);
    if (!absent(value)) return value;
    return absent(argv[2]) ? throw_value(vm, KeyError, argv[1]) : newref(argv[2]);
}

NATIVE(ordered_dict_setdefault, "setdefault(self, key, default=None)",
       "Return the value under key; when there is none, it becomes default first.")
{
    if (is_exactly(vm, argv[0]))
        return newref(dict_set_default(vm, as_dict(argv[0]), argv[1], argv[2]));
    Truth found = value_contains(vm, argv[0], argv[1]);
    if (found == FAILED) return FAIL;
    if (found == YES) return value_get_item(vm, argv[0], argv[1]);
    return store(vm, argv[0], argv[1], argv[2]) ? newref(argv[2]) : FAIL;
}

NATIVE(ordered_dict_clear, "clear(self, /)", "Remove all entries.")
{
    dict_clear(as_dict(argv[0]));
    return NONE;
}

/* ---- copying ---- */

static Ref copy_of(Vm *vm, Value self)
{
    Ref out = call0(vm, borrow(type_of(vm, self)));
    if (failed(out)) return FAIL;
    FromMapping from = {out, self};
    bool ok = is_exactly(vm, self) ? dict_merge(vm, as_dict(out), as_dict(self))
                                   : iterate(vm, self, add_key, &from);
    if (ok) return out;
    decref(out);
    return FAIL;
}

NATIVE(ordered_dict_copy, "copy(self, /)", "Return a shallow copy.")
{
    return copy_of(vm, argv[0]);
}

NATIVE(ordered_dict_reduce, "__reduce__(self, /)", "Return what pickle needs to rebuild the dict.")
{
    Ref out = FAIL, state = call_method(vm, argv[0], N(__getstate__), 0, NULL);
    Ref view = failed(state) ? FAIL : call_method(vm, argv[0], N(items), 0, NULL);
    Ref items = failed(view) ? FAIL : iter_of(vm, view);
    if (!failed(items))
        out = tuple_pack(vm, 5, borrow(type_of(vm, argv[0])), (Value)vm->interp->empty_tuple,
                         (Value)state, NONE, (Value)items);
    decref(state);
    decref(view);
    decref(items);
    return out;
}

/* ---- slots ---- */

static Ref ordered_dict_repr(Vm *vm, Value self)
{
    Value name = type_of(vm, self)->name;
    if (as_dict(self)->len == 0) return format_text(vm, "%S()", name);
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from_ascii(vm, "...", 3);
    Ref out = FAIL, plain = dict_new(vm);
    bool ok =
        !failed(plain) && (is_exactly(vm, self) ? dict_merge(vm, as_dict(plain), as_dict(self))
                                                : dict_update(vm, as_dict(plain), self));
    if (ok) out = format_text(vm, "%S(%R)", name, (Value)plain);
    decref(plain);
    repr_leave(vm, self);
    return out;
}

/* Do both have their keys in the same order? */
static Truth same_order(Vm *vm, Value a, Value b)
{
    uint32_t version_a = dict_version(vm, as_dict(a)), version_b = dict_version(vm, as_dict(b));
    Ref left = list_from(vm, a), right = failed(left) ? FAIL : list_from(vm, b);
    Truth same = failed(right)                               ? FAILED
                 : as_list(left)->len == as_list(right)->len ? YES
                                                             : NO; /* comparing may change them */
    for (ptrdiff_t n = 0; same == YES && n < as_list(left)->len; n++) {
        same = value_equal(vm, list_at(as_list(left), n), list_at(as_list(right), n));
        if (same == FAILED ||
            (version_a == as_dict(a)->version && version_b == as_dict(b)->version))
            continue;
        throw(vm, RuntimeError, "OrderedDict mutated during iteration");
        same = FAILED;
    }
    decref(left);
    decref(right);
    return same;
}

static Ref ordered_dict_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_dict(b) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    Truth same = dict_equal(vm, as_dict(a), as_dict(b));
    if (same == YES && is_ordered_dict(vm, b)) same = same_order(vm, a, b);
    return same == FAILED ? FAIL : from_bool(same == (op == CMP_EQUAL));
}

static Ref ordered_dict_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR || !is_dict(a) || !is_dict(b)) return NOT_IMPLEMENTED;
    Type *type = type_of(vm, is_ordered_dict(vm, a) ? a : b);
    Ref out = call1(vm, borrow(type), a);
    if (failed(out) || !is_dict(out) || add_from(vm, out, b)) return out;
    decref(out);
    return FAIL;
}

static Ref ordered_dict_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR) return NOT_IMPLEMENTED;
    return add_from(vm, a, b) ? newref(a) : FAIL;
}

NATIVE(ordered_dict_sizeof, "__sizeof__(self, /)", "Return the size in memory, in bytes.")
{
    const Dict *dict = as_dict(argv[0]);
    ptrdiff_t index = dict->log2_size < 0 ? 0 : (ptrdiff_t)1 << dict->log2_size;
    return from_small((ptrdiff_t)sizeof(Dict) + dict->capacity * (ptrdiff_t)sizeof(DictEntry) +
                      index);
}

/* ---- iterators and views ---- */

static const TypeDef order_iter_type, order_keys_type, order_values_type, order_items_type;

static Ref order_iter_new(Vm *vm, Value self, OrderPart part, bool reversed)
{
    Type *type = type_from_def(vm, &order_iter_type);
    OrderIter *iter = type ? type_instance(vm, type) : NULL;
    if (!iter) return FAIL;
    Dict *dict = as_dict(self);
    iter->dict = newref(self);
    iter->next = reversed ? dict->used - 1 : dict->front;
    iter->version = dict_version(vm, dict);
    iter->part = part;
    iter->reversed = reversed;
    return from_object(iter);
}

static Ref order_iter_next(Vm *vm, Value v)
{
    OrderIter *self = as_order_iter(v);
    if (absent(self->dict)) return UNDEF;
    const Dict *dict = as_dict(self->dict);
    if (dict->version != self->version)
        return throw(vm, RuntimeError, "OrderedDict mutated during iteration");
    ptrdiff_t step = self->reversed ? -1 : 1;
    while (self->next >= 0 && self->next < dict->used && absent(dict->entries[self->next].key))
        self->next += step;
    if (self->next < 0 || self->next >= dict->used) {
        clear(&self->dict);
        return UNDEF;
    }
    const DictEntry *entry = &dict->entries[self->next];
    self->next += step;
    if (self->part == ORDER_KEYS) return newref(entry->key);
    if (self->part == ORDER_VALUES) return newref(entry->value);
    return tuple_pack(vm, 2, (Value)entry->key, (Value)entry->value);
}

NATIVE(order_iter_reduce, "__reduce__(self, /)", "Return what pickle needs: the items left.")
{
    const OrderIter *self = as_order_iter(argv[0]);
    Type *type = type_of(vm, argv[0]);
    OrderIter *copy = type_instance(vm, type);
    if (!copy) return FAIL;
    copy->dict = newref(self->dict);
    copy->next = self->next;
    copy->version = self->version;
    copy->part = self->part;
    copy->reversed = self->reversed;
    Ref items = list_from(vm, borrow(copy)), out = FAIL;
    decref_object(copy);
    Value iter = dict_get_text(vm, as_dict(vm->interp->builtins), "iter");
    Ref args = failed(items) || failed(iter) ? FAIL : tuple_pack(vm, 1, (Value)items);
    if (!failed(args)) out = tuple_pack(vm, 2, iter, (Value)args);
    decref(items);
    decref(args);
    return out;
}

static Ref ordered_dict_iter(Vm *vm, Value self)
{
    return order_iter_new(vm, self, ORDER_KEYS, false);
}

static Ref view_new(Vm *vm, const TypeDef *def, Value self)
{
    Type *type = type_from_def(vm, def);
    DictView *view = type ? type_instance(vm, type) : NULL;
    if (!view) return FAIL;
    view->dict = newref(self);
    return from_object(view);
}

#define VIEW(part, PART)                                                                           \
    static Ref part##_iter(Vm *vm, Value self)                                                     \
    {                                                                                              \
        return order_iter_new(vm, as_dict_view(self)->dict, PART, false);                          \
    }                                                                                              \
    NATIVE(part##_reversed, "__reversed__(self, /)", "Return an iterator, newest first.")          \
    {                                                                                              \
        return order_iter_new(vm, as_dict_view(argv[0])->dict, PART, true);                        \
    }                                                                                              \
    NATIVE(ordered_dict_##part, #part "(self, /)", "Return a live view of the " #part ".")         \
    {                                                                                              \
        return view_new(vm, &order_##part##_type, argv[0]);                                        \
    }                                                                                              \
    static const Native *const part##_methods[] = {&part##_reversed_def, NULL};                    \
    static const TypeDef order_##part##_type = {                                                   \
        .name = "odict_" #part,                                                                    \
        .doc = "A live view of the " #part " of an OrderedDict.",                                  \
        .size = sizeof(DictView),                                                                  \
        .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,                                        \
        .base = &dict_##part##_type,                                                               \
        .iter = part##_iter,                                                                       \
        .methods = part##_methods,                                                                 \
    };
VIEW(keys, ORDER_KEYS)
VIEW(values, ORDER_VALUES)
VIEW(items, ORDER_ITEMS)

NATIVE(ordered_dict_reversed, "__reversed__(self, /)",
       "Return an iterator over the keys, newest first.")
{
    return order_iter_new(vm, argv[0], ORDER_KEYS, true);
}

/* ---- tables ---- */

static const Native *const order_iter_methods[] = {&order_iter_reduce_def, NULL};
static const TypeDef order_iter_type = {
    .name = "odict_iterator",
    .doc = "Iterates over an OrderedDict or a view of it.",
    .size = sizeof(OrderIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(OrderIter, dict)),
    .iter = iter_self,
    .next = order_iter_next,
    .methods = order_iter_methods,
};

static const Native *const ordered_dict_methods[] = {
    &ordered_dict_fromkeys_def,   &ordered_dict_sizeof_def,
    &ordered_dict_reduce_def,     &ordered_dict_copy_def,
    &ordered_dict_setdefault_def, &ordered_dict_pop_def,
    &ordered_dict_popitem_def,    &ordered_dict_move_to_end_def,
    &ordered_dict_keys_def,       &ordered_dict_values_def,
    &ordered_dict_items_def,      &ordered_dict_update_def,
    &ordered_dict_clear_def,      &class_getitem_def,
    &ordered_dict_reversed_def,   NULL,
};
const TypeDef ordered_dict_type = {
    .name = "collections.OrderedDict",
    .doc = "A dict whose entries can be moved to either end, and whose order counts when it is\n"
           "compared with another OrderedDict.",
    .size = sizeof(Dict),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .base = &dict_type,
    .init = &ordered_dict_init_def,
    .repr = ordered_dict_repr,
    .compare = ordered_dict_compare,
    .binary = ordered_dict_binary,
    .inplace = ordered_dict_inplace,
    .iter = ordered_dict_iter,
    .methods = ordered_dict_methods,
};
