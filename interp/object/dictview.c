/* dictview.c - live views of a dict, and iterators over it.
 *
 * keys and items are sets to a script: they compare with and combine into sets.  An iterator
 * remembers the dict's length and raises once it changed; it counts what is left, so a dict
 * whose keys were exchanged is noticed too.
 * Neighbours: dict.c, set.c. */
/* SPDX-License-Identifier: MIT */
#include "object/dictview.h"

#include "object/error.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/mappingproxy.h"
#include "object/native.h"
#include "object/pairs.h"
#include "object/reduce.h"
#include "object/number.h"
#include "object/sequence.h"
#include "object/set.h"

static Dict *dict_of(Value view) { return as_dict(as_dict_view(view)->dict); }

Ref dict_view_new(Vm *vm, Kind kind, Value dict)
{
    DictView *view = object_new(vm, type_builtin(vm, kind)->shape, sizeof(DictView));
    if (!view) return FAIL;
    view->dict = newref(dict);
    return from_object(view);
}

Ref dict_iter_new(Vm *vm, Kind kind, Value dict, bool reversed)
{
    DictIter *iter = object_new(vm, type_builtin(vm, kind)->shape, sizeof(DictIter));
    if (!iter) return FAIL;
    iter->dict = newref(dict);
    iter->left = iter->len = as_dict(dict)->len;
    iter->next = as_dict(dict)->front;
    if (reversed) {
        iter->head.aux = DICT_ITER_REVERSED;
        iter->next = as_dict(dict)->used - 1;
    }
    return from_object(iter);
}

/* ---- iterators ---- */

Truth dict_iter_step(Vm *vm, DictIter *iter, ptrdiff_t *entry)
{
    if (absent(iter->dict)) return NO;
    Dict *dict = as_dict(iter->dict);
    if (dict->len != iter->len) {
        iter->len = -1; /* for good */
        throw(vm, RuntimeError, "dictionary changed size during iteration");
        return FAILED;
    }
    ptrdiff_t i = iter->next;
    if (iter->head.aux & DICT_ITER_REVERSED) {
        if (i >= dict->used) i = dict->used - 1;
        while (i >= 0 && absent(dict->entries[i].key)) i--;
        iter->next = i - 1;
    } else {
        while (i < dict->used && absent(dict->entries[i].key)) i++;
        iter->next = i + 1;
    }
    if (i < 0 || i >= dict->used) {
        clear(&iter->dict);
        return NO;
    }
    if (iter->left == 0) {
        clear(&iter->dict);
        throw(vm, RuntimeError, "dictionary keys changed during iteration");
        return FAILED;
    }
    iter->left--;
    *entry = i;
    return YES;
}

static Ref step_result(Truth found) { return found == NO ? UNDEF : FAIL; }

static Ref dict_key_iter_next(Vm *vm, Value self)
{
    ptrdiff_t i;
    Truth found = dict_iter_step(vm, as_dict_iter(self), &i);
    return found == YES ? newref(as_dict(as_dict_iter(self)->dict)->entries[i].key)
                        : step_result(found);
}

static Ref dict_value_iter_next(Vm *vm, Value self)
{
    ptrdiff_t i;
    Truth found = dict_iter_step(vm, as_dict_iter(self), &i);
    return found == YES ? newref(as_dict(as_dict_iter(self)->dict)->entries[i].value)
                        : step_result(found);
}

Truth dict_item_pair(Vm *vm, Value self, Ref pair[2])
{
    ptrdiff_t i;
    Truth found = dict_iter_step(vm, as_dict_iter(self), &i);
    if (found != YES) return found;
    const DictEntry *entry = &as_dict(as_dict_iter(self)->dict)->entries[i];
    pair[0] = newref(entry->key);
    pair[1] = newref(entry->value);
    return YES;
}

static Ref dict_item_iter_next(Vm *vm, Value self)
{
    Ref pair[2];
    return pair_tuple(vm, dict_item_pair(vm, self, pair), pair, &as_dict_iter(self)->pair);
}

NATIVE(dict_iter_length_hint, "__length_hint__(self, /)", "Return the number of entries left.")
{
    DictIter *iter = as_dict_iter(argv[0]);
    if (absent(iter->dict) || as_dict(iter->dict)->len != iter->len) return from_small(0);
    return from_small(iter->left);
}

static const Native *const dict_iter_methods[] = {&dict_iter_length_hint_def, &iterator_reduce_def,
                                                  NULL};

/* ---- slots of views ---- */

static ptrdiff_t view_len(Vm *vm __attribute__((unused)), Value self) { return dict_of(self)->len; }

static Ref keys_iter(Vm *vm, Value self)
{
    return dict_iter_new(vm, KIND_DICT_KEY_ITER, as_dict_view(self)->dict, false);
}
static Ref values_iter(Vm *vm, Value self)
{
    return dict_iter_new(vm, KIND_DICT_VALUE_ITER, as_dict_view(self)->dict, false);
}
static Ref items_iter(Vm *vm, Value self)
{
    return dict_iter_new(vm, KIND_DICT_ITEM_ITER, as_dict_view(self)->dict, false);
}

static Truth keys_contains(Vm *vm, Value self, Value key)
{
    return dict_has(vm, dict_of(self), key);
}

static Truth items_contains(Vm *vm, Value self, Value item)
{
    if (!is_tuple(item) || tuple_len(item) != 2) return NO;
    Value found = dict_get(vm, dict_of(self), tuple_at(item, 0));
    if (failed(found)) return FAILED;
    if (absent(found)) return NO;
    Ref held = newref(found);
    Truth same = value_equal(vm, held, tuple_at(item, 1));
    decref(held);
    return same;
}

static Ref view_repr(Vm *vm, Value self)
{
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from_ascii(vm, "...", 3);
    Ref out = FAIL, items = list_from(vm, self);
    if (!failed(items)) out = format_text(vm, "%T(%R)", self, (Value)items);
    decref(items);
    repr_leave(vm, self);
    return out;
}

/* ---- keys and items as sets ---- */

typedef struct Membership {
    Value container;
    Truth wanted;
    Set *into;
    bool held;
} Membership;

/* Stops, with held false, at the first item whose membership is not the wanted one. */
static bool check_membership(Vm *vm, Value item, void *context)
{
    Membership *m = context;
    Truth found = value_contains(vm, m->container, item);
    if (found == FAILED) return false;
    if (found == m->wanted) return true;
    m->held = false;
    return false;
}

/* Are all (wanted YES) or none (wanted NO) of the items in container? */
static Truth all_members(Vm *vm, Value items, Value container, Truth wanted)
{
    Membership m = {.container = container, .wanted = wanted, .held = true};
    if (iterate(vm, items, check_membership, &m)) return YES;
    return m.held ? FAILED : NO;
}

static Ref view_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_any_set(b) && !is_dict_view(b)) return NOT_IMPLEMENTED;
    ptrdiff_t a_len = dict_of(a)->len, b_len = value_len(vm, b);
    if (b_len < 0) return FAIL;
    Truth answer = NO;
    switch (op) {
    case CMP_EQUAL:
    case CMP_NOT_EQUAL:
        if (a_len == b_len) answer = all_members(vm, a, b, YES);
        if (op == CMP_NOT_EQUAL && answer != FAILED) answer = !answer;
        break;
    case CMP_LESS:
        if (a_len < b_len) answer = all_members(vm, a, b, YES);
        break;
    case CMP_LESS_EQUAL:
        if (a_len <= b_len) answer = all_members(vm, a, b, YES);
        break;
    case CMP_GREATER:
        if (a_len > b_len) answer = all_members(vm, b, a, YES);
        break;
    case CMP_GREATER_EQUAL:
        if (a_len >= b_len) answer = all_members(vm, b, a, YES);
        break;
    }
    return answer == FAILED ? FAIL : from_bool(answer);
}

static bool add_if_member(Vm *vm, Value item, void *context)
{
    Membership *m = context;
    Truth found = value_contains(vm, m->container, item);
    return found == NO || (found == YES && set_add(vm, m->into, item));
}

/* The items of other that the view has. */
static Ref view_and(Vm *vm, Value view, Value other)
{
    if (is_dict_view(other) &&
        dict_of(other)->len > dict_of(view)->len) { /* walk the shorter one */
        Value longer = other;
        other = view;
        view = longer;
    }
    Ref out = set_new(vm);
    if (failed(out)) return FAIL;
    Membership m = {.container = view, .into = as_set(out)};
    if (iterate(vm, other, add_if_member, &m)) return out;
    decref(out);
    return FAIL;
}

static Ref view_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_AND && op != OP2_OR && op != OP2_SUB && op != OP2_XOR) return NOT_IMPLEMENTED;
    if (op == OP2_AND) return is_dict_view(a) ? view_and(vm, a, b) : view_and(vm, b, a);
    Ref left = set_from(vm, a);
    if (failed(left)) return FAIL;
    Ref right = set_from(vm, b), out = FAIL;
    if (!failed(right)) out = number_binary(vm, op, left, right);
    decref(left);
    decref(right);
    return out;
}

NATIVE(view_isdisjoint, "isdisjoint(self, other, /)", "Return whether no item is in other too.")
{
    Truth answer = all_members(vm, argv[1], argv[0], NO);
    return answer == FAILED ? FAIL : from_bool(answer);
}

NATIVE(keys_reversed, "__reversed__(self, /)", "Return an iterator over the keys, newest first.")
{
    return dict_iter_new(vm, KIND_DICT_KEY_ITER, as_dict_view(argv[0])->dict, true);
}
NATIVE(values_reversed, "__reversed__(self, /)",
       "Return an iterator over the values, newest first.")
{
    return dict_iter_new(vm, KIND_DICT_VALUE_ITER, as_dict_view(argv[0])->dict, true);
}
NATIVE(items_reversed, "__reversed__(self, /)", "Return an iterator over the items, newest first.")
{
    return dict_iter_new(vm, KIND_DICT_ITEM_ITER, as_dict_view(argv[0])->dict, true);
}

static Ref view_get_mapping(Vm *vm, Value self)
{
    return mapping_proxy_new(vm, as_dict_view(self)->dict);
}

static const Attribute view_attributes[] = {
    {"mapping", view_get_mapping, NULL, "A read-only view of the dict."},
    {0},
};
static const Native *const keys_methods[] = {&view_isdisjoint_def, &keys_reversed_def, NULL};
static const Native *const values_methods[] = {&values_reversed_def, NULL};
static const Native *const items_methods[] = {&view_isdisjoint_def, &items_reversed_def, NULL};

const TypeDef dict_keys_type = {
    .name = "dict_keys",
    .doc = "A live, set-like view of the keys of a dict.",
    .size = sizeof(DictView),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(DictView, dict)),
    .repr = view_repr,
    .compare = view_compare,
    .binary = view_binary,
    .len = view_len,
    .contains = keys_contains,
    .iter = keys_iter,
    .methods = keys_methods,
    .attributes = view_attributes,
};

const TypeDef dict_values_type = {
    .name = "dict_values",
    .doc = "A live view of the values of a dict.",
    .size = sizeof(DictView),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(DictView, dict)),
    .repr = view_repr,
    .len = view_len,
    .iter = values_iter,
    .methods = values_methods,
    .attributes = view_attributes,
};

const TypeDef dict_items_type = {
    .name = "dict_items",
    .doc = "A live, set-like view of the entries of a dict as (key, value) tuples.",
    .size = sizeof(DictView),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(DictView, dict)),
    .repr = view_repr,
    .compare = view_compare,
    .binary = view_binary,
    .len = view_len,
    .contains = items_contains,
    .iter = items_iter,
    .methods = items_methods,
    .attributes = view_attributes,
};

const TypeDef dict_key_iter_type = {
    .name = "dict_keyiterator",
    .doc = "Iterates over the keys of a dict.",
    .size = sizeof(DictIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(DictIter, dict)),
    .iter = iter_self,
    .next = dict_key_iter_next,
    .methods = dict_iter_methods,
};

const TypeDef dict_value_iter_type = {
    .name = "dict_valueiterator",
    .doc = "Iterates over the values of a dict.",
    .size = sizeof(DictIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(DictIter, dict)),
    .iter = iter_self,
    .next = dict_value_iter_next,
    .methods = dict_iter_methods,
};

const TypeDef dict_item_iter_type = {
    .name = "dict_itemiterator",
    .doc = "Iterates over the entries of a dict as (key, value) tuples.",
    .size = sizeof(DictIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(DictIter, dict), REF(DictIter, pair)),
    .iter = iter_self,
    .next = dict_item_iter_next,
    .methods = dict_iter_methods,
};
