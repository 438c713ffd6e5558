/* list.c - the growable array.
 *
 * Anything that calls out (comparison, a finaliser, the iterable of extend) may change the list:
 * lengths and the items pointer are read again afterwards.  What is removed is first taken out,
 * then dropped, so that a finaliser sees a whole list.  While list.sort runs, capacity is -1
 * (listsort.c).
 * Neighbours: sequence.c (subscripts, comparison, repr), listsort.c, tuple.c. */
/* SPDX-License-Identifier: MIT */
#include "object/list.h"

#include "base/copy.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/life.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/parts.h"
#include "object/range.h"
#include "object/reduce.h"
#include "object/sequence.h"
#include "object/set.h"

static ListIter *as_list_iter(Value v) { return (ListIter *)as_object(v); }

/* ---- storage ---- */

/* Makes room for `capacity` items in all. */
static bool list_reserve_exact(Vm *vm, List *list, ptrdiff_t capacity)
{
    if (capacity <= list->capacity) return true;
    if (capacity > PTRDIFF_MAX / (ptrdiff_t)sizeof(Ref)) {
        throw_no_memory(vm);
        return false;
    }
    size_t size = (size_t)capacity * sizeof(Ref);
    Ref *items = list->items ? memory_resize(vm, list->items, size) : memory_new(vm, size);
    if (!items) return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

/* The same with spare room, so that n pushes cost O(n). */
static bool list_reserve(Vm *vm, List *list, ptrdiff_t needed)
{
    if (needed <= list->capacity) return true;
    ptrdiff_t spare = needed > PTRDIFF_MAX / 16 ? 0 : (needed >> 2) + 3;
    return list_reserve_exact(vm, list, (needed + spare) & ~(ptrdiff_t)1);
}

/* Gives memory back when most of it is unused. */
static void list_shrink(Vm *vm, List *list)
{
    if (list->capacity < 32 || list->len > list->capacity / 4) return;
    Ref *items = memory_resize(vm, list->items, (list->len + 4) * sizeof(Ref));
    if (!items) {
        error_clear(vm);
        return;
    }
    list->items = items;
    list->capacity = list->len + 4;
}

static Ref list_new_of(Vm *vm, Type *type, ptrdiff_t capacity)
{
    List *list = type_instance(vm, type);
    if (!list) return FAIL;
    if (capacity > 0 && !list_reserve_exact(vm, list, capacity)) {
        decref_object(list);
        return FAIL;
    }
    return from_object(list);
}

Ref list_new(Vm *vm, ptrdiff_t capacity)
{
    List *list = object_new_inline(vm, type_builtin(vm, KIND_LIST)->shape, sizeof(List));
    if (!list) return FAIL;
    if (capacity > 0 && !list_reserve_exact(vm, list, capacity)) {
        decref_object(list);
        return FAIL;
    }
    return from_object(list);
}

Ref list_from_values(Vm *vm, ptrdiff_t len, Value *items)
{
    Ref list = list_new(vm, len);
    if (failed(list)) return FAIL;
    for (ptrdiff_t i = 0; i < len; i++) as_list(list)->items[i] = newref(items[i]);
    as_list(list)->len = len;
    return list;
}

Ref list_from_refs(Vm *vm, ptrdiff_t len, Ref *items)
{
    List *list = object_new_inline(vm, type_builtin(vm, KIND_LIST)->shape, sizeof(List));
    Ref *room = list && len ? memory_new(vm, (size_t)len * sizeof *room) : NULL;
    if (!room && (!list || len)) {
        for (ptrdiff_t i = 0; i < len; i++) decref(items[i]);
        decref_object(list);
        return FAIL;
    }
    if (len) copy_few((char *)room, (const char *)items, (size_t)len * sizeof *room);
    list->items = room;
    list->len = list->capacity = len;
    return from_object(list);
}

bool list_push_full(Vm *vm, List *list, Ref item)
{
    if (!list_reserve(vm, list, list->len + 1)) {
        decref(item);
        return false;
    }
    list->items[list->len++] = item;
    return true;
}

static void reverse_items(Ref *items, ptrdiff_t len)
{
    for (ptrdiff_t i = 0, j = len - 1; i < j; i++, j--) {
        Ref item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}

bool parts_flush(Parts *parts)
{
    Vm *vm = parts->vm;
    if (absent(parts->list)) parts->list = list_new(vm, 2 * PARTS_FEW);
    List *list = failed(parts->list) ? NULL : as_list(parts->list);
    if (!list || !list_reserve(vm, list, list->len + parts->len)) {
        if (!list) parts->list = UNDEF;
        return false;
    }
    for (ptrdiff_t i = 0; i < parts->len; i++) list->items[list->len++] = parts->few[i];
    parts->len = 0;
    return true;
}

Ref parts_close(Parts *parts, bool good, bool backwards)
{
    good = good && (absent(parts->list) || parts_flush(parts));
    if (!good) {
        while (parts->len > 0) decref(parts->few[--parts->len]);
        decref(parts->list);
        return FAIL;
    }
    if (absent(parts->list)) {
        if (backwards) reverse_items(parts->few, parts->len);
        return list_from_refs(parts->vm, parts->len, parts->few);
    }
    if (backwards) reverse_items(as_list(parts->list)->items, as_list(parts->list)->len);
    return parts->list;
}

bool list_insert(Vm *vm, List *list, ptrdiff_t i, Ref item)
{
    if (!list_reserve(vm, list, list->len + 1)) {
        decref(item);
        return false;
    }
    if (i < 0 && (i += list->len) < 0) i = 0;
    if (i > list->len) i = list->len;
    memmove(list->items + i + 1, list->items + i, (list->len - i) * sizeof(Ref));
    list->items[i] = item;
    list->len++;
    return true;
}

Ref list_take(List *list, ptrdiff_t i)
{
    Ref item = list->items[i];
    list->len--;
    memmove(list->items + i, list->items + i + 1, (list->len - i) * sizeof(Ref));
    return item;
}

void list_clear(List *list)
{
    if (!list->items) return; /* empty, maybe while it is sorted */
    Ref *items = list->items;
    ptrdiff_t len = list->len;
    list->items = NULL;
    list->len = list->capacity = 0;
    while (len > 0) decref(items[--len]);
    memory_free(items);
}

Ref list_slice(Vm *vm, List *list, ptrdiff_t start, ptrdiff_t end)
{
    if (start < 0) start = 0;
    if (end > list->len) end = list->len;
    if (end <= start) return list_new(vm, 0);
    return list_from_values(vm, end - start, as_values(list->items + start));
}

/* Drops count references that are no longer in any list, then their array. */
static void drop_all(Ref *items, ptrdiff_t count)
{
    while (count > 0) decref(items[--count]);
    memory_free(items);
}

bool list_splice(Vm *vm, List *list, ptrdiff_t start, ptrdiff_t end, Value *values, ptrdiff_t count)
{
    ptrdiff_t removed = end - start, tail = list->len - end;
    /* One buffer holds the new references, then what they replace. */
    Ref *buffer = NULL;
    if (count + removed > 0) {
        buffer = memory_new(vm, (count + removed) * sizeof(Ref));
        if (!buffer) return false;
    }
    for (ptrdiff_t i = 0; i < count; i++) buffer[i] = newref(values[i]);
    if (count > removed && !list_reserve(vm, list, list->len + count - removed)) {
        drop_all(buffer, count);
        return false;
    }
    if (removed) memcpy(buffer + count, list->items + start, removed * sizeof(Ref));
    if (count != removed && tail)
        memmove(list->items + start + count, list->items + end, tail * sizeof(Ref));
    if (count) memcpy(list->items + start, buffer, count * sizeof(Ref));
    list->len += count - removed;
    if (count < removed) list_shrink(vm, list);
    for (ptrdiff_t i = removed - 1; i >= 0; i--) decref(buffer[count + i]);
    memory_free(buffer);
    return true;
}

/* ---- extend ---- */

/* Borrowed items that stay put: nothing runs between reading and copying them. */
static bool extend_values(Vm *vm, List *list, Value iterable)
{
    ptrdiff_t count;
    sequence_items(iterable, &count);
    if (count == 0) return true;
    bool fresh = list->len == 0;
    if (!(fresh ? list_reserve_exact : list_reserve)(vm, list, list->len + count)) return false;
    Ref *items = sequence_items(iterable, &count); /* iterable may be the list itself */
    sequence_copy(list->items + list->len, items, count);
    list->len += count;
    return true;
}

static bool extend_range(Vm *vm, List *list, RangeIter *iter)
{
    if (!list_reserve(vm, list, list->len + iter->left)) return false;
    int64_t next = iter->next;
    Ref *slot = list->items + list->len;
    for (int64_t i = 0; i < iter->left; i++, next += iter->step) slot[i] = from_small(next);
    list->len += iter->left;
    iter->left = 0;
    return true;
}

static bool extend_dict(Vm *vm, List *list, Dict *dict)
{
    if (!list_reserve(vm, list, list->len + dict->len)) return false;
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(dict, &i, &key, &value);)
        list->items[list->len++] = newref(key);
    return true;
}

static bool extend_set(Vm *vm, List *list, Set *set)
{
    if (!list_reserve(vm, list, list->len + set->len)) return false;
    Value key;
    for (ptrdiff_t i = 0; set_next(set, &i, &key);) list->items[list->len++] = newref(key);
    return true;
}

static bool extend_iter(Vm *vm, List *list, Value iterable, Value iter)
{
    if (is_kind(iter, KIND_RANGE_ITER)) return extend_range(vm, list, (RangeIter *)as_object(iter));
    ptrdiff_t hint = iter_length_hint(vm, iterable, 0);
    if (hint < 0) return false;
    if (hint > 0 && hint < PTRDIFF_MAX / 64 && !list_reserve(vm, list, list->len + hint))
        return false;
    Ref (*next)(Vm *, Value) = type_of(vm, iter)->slots.next;
    for (;;) {
        Ref item = next(vm, iter);
        if (failed(item)) return false;
        if (absent(item)) break;
        if (!list_push(vm, list, item)) return false;
    }
    list_shrink(vm, list);
    return true;
}

bool list_extend(Vm *vm, List *list, Value iterable)
{
    if (is_exact(iterable, KIND_LIST) || is_exact(iterable, KIND_TUPLE))
        return extend_values(vm, list, iterable);
    if (is_exact(iterable, KIND_DICT)) return extend_dict(vm, list, as_dict(iterable));
    if (is_exact(iterable, KIND_SET) || is_exact(iterable, KIND_FROZENSET))
        return extend_set(vm, list, as_set(iterable));
    Ref iter = iter_of(vm, iterable);
    if (failed(iter)) return false;
    bool ok = extend_iter(vm, list, iterable, iter);
    decref(iter);
    return ok;
}

/* ---- slots ---- */

static ptrdiff_t list_len(Vm *vm __attribute__((unused)), Value self) { return as_list(self)->len; }

static Ref list_get_slice(Vm *vm, List *list, Value slice)
{
    ptrdiff_t start, step, count;
    if (!slice_resolve(vm, slice, &list->len, &start, &step, &count)) return FAIL;
    if (step == 1) return list_slice(vm, list, start, start + count);
    Ref out = list_new(vm, count);
    if (failed(out)) return FAIL;
    Ref *to = as_list(out)->items;
    for (ptrdiff_t i = 0; i < count; i++) to[i] = newref(list->items[start + i * step]);
    as_list(out)->len = count;
    return out;
}

static Ref list_get_item(Vm *vm, Value self, Value key)
{
    List *list = as_list(self);
    if (is_int(key)) {
        int64_t i = as_int(key);
        if (i < 0) i += list->len;
        if ((uint64_t)i < (uint64_t)list->len) return newref(list->items[i]);
    }
    if (is_slice(key)) return list_get_slice(vm, list, key);
    ptrdiff_t i;
    if (!sequence_index(vm, key, &list->len, "list", "list index", &i)) return FAIL;
    return newref(list->items[i]);
}

/* del list[start::step]: closes the gaps from left to right, then drops what was taken out. */
static bool list_delete_stepped(Vm *vm, List *list, ptrdiff_t start, ptrdiff_t step,
                                ptrdiff_t count)
{
    if (count == 0) return true;
    if (step < 0) {
        start += step * (count - 1);
        step = -step;
    }
    Ref *garbage = memory_new(vm, count * sizeof(Ref));
    if (!garbage) return false;
    ptrdiff_t to = start, taken = 0;
    for (ptrdiff_t i = start; i < list->len; i++) {
        if (taken < count && i == start + taken * step) garbage[taken++] = list->items[i];
        else list->items[to++] = list->items[i];
    }
    list->len = to;
    list_shrink(vm, list);
    drop_all(garbage, count);
    return true;
}

/* list[start::step] = values, as many as there are places. */
static bool list_set_stepped(Vm *vm, List *list, ptrdiff_t start, ptrdiff_t step, ptrdiff_t count,
                             List *values)
{
    if (values->len != count) {
        throw(vm, ValueError,
              "attempt to assign sequence of size %zd to extended slice of size %zd", values->len,
              count);
        return false;
    }
    if (count == 0) return true;
    Ref *garbage = memory_new(vm, count * sizeof(Ref));
    if (!garbage) return false;
    for (ptrdiff_t i = 0; i < count; i++) {
        garbage[i] = list->items[start + i * step];
        list->items[start + i * step] = newref(values->items[i]);
    }
    drop_all(garbage, count);
    return true;
}

static bool list_set_slice(Vm *vm, List *list, Value slice, Value value)
{
    ptrdiff_t start, stop, step, count;
    if (absent(value)) {
        if (!slice_resolve(vm, slice, &list->len, &start, &step, &count)) return false;
        if (step == 1) return list_splice(vm, list, start, start + count, NULL, 0);
        return list_delete_stepped(vm, list, start, step, count);
    }
    if (!slice_unpack(vm, slice, &start, &stop, &step)) return false;
    if (!type_of(vm, value)->slots.iter && !type_of(vm, value)->slots.get_item) {
        throw(vm, TypeError, "must assign iterable to extended slice");
        return false;
    }
    Ref values = list_from(vm, value); /* a copy, also when value is the list itself */
    if (failed(values)) return false;
    count = slice_clamp(list->len, &start, &stop,
                        step); /* after list_from, which may have changed the list */
    bool ok = step == 1 ? list_splice(vm, list, start, start + count,
                                      as_values(as_list(values)->items), as_list(values)->len)
                        : list_set_stepped(vm, list, start, step, count, as_list(values));
    decref(values);
    return ok;
}

static bool list_set_item(Vm *vm, Value self, Value key, Value value)
{
    List *list = as_list(self);
    if (is_slice(key)) return list_set_slice(vm, list, key, value);
    ptrdiff_t i;
    if (!sequence_index(vm, key, &list->len, "list", "list assignment index", &i)) return false;
    if (absent(value)) decref(list_take(list, i));
    else replace(&list->items[i], newref(value));
    return true;
}

static Truth list_contains(Vm *vm, Value self, Value item)
{
    ptrdiff_t i = sequence_find(vm, self, item, 0, PTRDIFF_MAX);
    return i == -2 ? FAILED : i >= 0;
}

static Ref list_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_list(b)) return NOT_IMPLEMENTED;
    return sequence_compare(vm, a, b, op);
}

static Ref list_concat(Vm *vm, List *a, List *b)
{
    Ref out = list_new(vm, a->len + b->len);
    if (failed(out)) return FAIL;
    sequence_copy(as_list(out)->items, a->items, a->len);
    sequence_copy(as_list(out)->items + a->len, b->items, b->len);
    as_list(out)->len = a->len + b->len;
    return out;
}

/* n further references. */
static inline void newref_times(Value v, ptrdiff_t n)
{
    if (is_heap(v)) as_object(v)->count += (uint32_t)n;
}

/* Fills total places with the first len, over and over. */
static void repeat_items(Ref *items, ptrdiff_t len, ptrdiff_t total)
{
    if (len == 1) {
        const Ref item = items[0];
        for (ptrdiff_t i = 1; i < total; i++) items[i] = item;
        return;
    }
    for (ptrdiff_t done = len, more; done < total; done += more) {
        more = done < total - done ? done : total - done;
        memcpy(items + done, items, (size_t)more * sizeof(Ref));
    }
}

/* Appends n - 1 more copies of the first len items. */
static bool list_multiply(Vm *vm, List *list, ptrdiff_t len, ptrdiff_t n)
{
    ptrdiff_t total;
    if (__builtin_mul_overflow(len, n, &total)) {
        throw_no_memory(vm);
        return false;
    }
    if (!list_reserve_exact(vm, list, total)) return false;
    for (ptrdiff_t i = 0; i < len; i++) newref_times(list->items[i], n - 1);
    repeat_items(list->items, len, total);
    list->len = total;
    return true;
}

static Ref list_repeat(Vm *vm, List *list, ptrdiff_t n)
{
    if (n == 0 || list->len == 0) return list_new(vm, 0);
    ptrdiff_t total;
    if (__builtin_mul_overflow(list->len, n, &total)) return throw_no_memory(vm);
    Ref out = list_new(vm, total);
    if (failed(out)) return FAIL;
    sequence_copy(as_list(out)->items, list->items, list->len);
    as_list(out)->len = list->len;
    if (list_multiply(vm, as_list(out), list->len, n)) return out;
    decref(out);
    return FAIL;
}

static Ref list_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) {
        if (!is_list(a)) return NOT_IMPLEMENTED;
        return is_list(b) ? list_concat(vm, as_list(a), as_list(b))
                          : sequence_cannot_add(vm, "list", b);
    }
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    ptrdiff_t n;
    Truth ok = sequence_count(vm, is_list(a) ? b : a, &n);
    if (ok != YES) return ok == NO ? NOT_IMPLEMENTED : FAIL;
    return list_repeat(vm, as_list(is_list(a) ? a : b), n);
}

static Ref list_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) return list_extend(vm, as_list(a), b) ? newref(a) : FAIL;
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    ptrdiff_t n;
    Truth ok = sequence_count(vm, b, &n);
    if (ok != YES) return ok == NO ? NOT_IMPLEMENTED : FAIL;
    List *list = as_list(a);
    if (n == 0) list_clear(list);
    else if (list->len && !list_multiply(vm, list, list->len, n)) return FAIL;
    return newref(a);
}

static Ref list_iter(Vm *vm, Value self)
{
    ListIter *iter = object_new(vm, type_builtin(vm, KIND_LIST_ITER)->shape, sizeof(ListIter));
    if (!iter) return FAIL;
    iter->list = newref(self);
    return from_object(iter);
}

static void list_visit(Object *self, Visit *visit, void *context)
{
    List *list = (List *)self;
    for (ptrdiff_t i = 0; i < list->len; i++)
        if (is_heap(list->items[i])) visit(&list->items[i], context);
}

static void list_drop(Object *self) { list_clear((List *)self); }

/* ---- methods ---- */

NATIVE(list_make, "new(cls, /, *args=?, **kwargs=?)", "Return an empty list; __init__ fills it.")
{
    return list_new_of(vm, as_type(argv[0]), 0);
}

NATIVE(list_init, "__init__(self, iterable=(), /)",
       "Replace the contents by the items of iterable.")
{
    List *list = as_list(argv[0]);
    if (list->len) list_clear(list);
    return list_extend(vm, list, argv[1]) ? NONE : FAIL;
}

NATIVE(list_append, "append(self, object, /)", "Append object to the end of the list.")
{
    return list_push(vm, as_list(argv[0]), newref(argv[1])) ? NONE : FAIL;
}

NATIVE(list_extend_method, "extend(self, iterable, /)", "Append the items of iterable.")
{
    return list_extend(vm, as_list(argv[0]), argv[1]) ? NONE : FAIL;
}

NATIVE(list_insert_method, "insert(self, index, object, /)", "Insert object before index.")
{
    ptrdiff_t i;
    if (!sequence_is_index(vm, argv[1]))
        return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", argv[1]);
    if (!int_subscript(vm, argv[1], &i, true)) return FAIL;
    return list_insert(vm, as_list(argv[0]), i, newref(argv[2])) ? NONE : FAIL;
}

NATIVE(list_pop, "pop(self, index=-1, /)",
       "Remove and return the item at index, by default the last.\n"
       "Raises IndexError if the list is empty or index is out of range.")
{
    List *list = as_list(argv[0]);
    ptrdiff_t i;
    if (is_int(argv[1])) {
        i = as_int(argv[1]);
    } else {
        if (!sequence_is_index(vm, argv[1]))
            return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", argv[1]);
        if (!int_subscript(vm, argv[1], &i, false)) return FAIL;
    }
    if (list->len == 0) return throw(vm, IndexError, "pop from empty list");
    if (i < 0) i += list->len;
    if (i < 0 || i >= list->len) return throw(vm, IndexError, "pop index out of range");
    Ref item = list_take(list, i);
    list_shrink(vm, list);
    return item;
}

NATIVE(list_remove, "remove(self, value, /)",
       "Remove the first item equal to value.\nRaises ValueError if there is none.")
{
    List *list = as_list(argv[0]);
    ptrdiff_t i = sequence_find(vm, argv[0], argv[1], 0, PTRDIFF_MAX);
    if (i == -2) return FAIL;
    if (i < 0) return throw(vm, ValueError, "list.remove(x): x not in list");
    if (i < list->len) decref(list_take(list, i)); /* the comparison may have shortened it */
    return NONE;
}

NATIVE(list_index, "index(self, value, start=0, stop=9223372036854775807, /)",
       "Return the index of the first item equal to value, within start and stop.\n"
       "Raises ValueError if there is none.")
{
    ptrdiff_t start, stop;
    if (!int_subscript(vm, argv[2], &start, true) || !int_subscript(vm, argv[3], &stop, true))
        return FAIL;
    ptrdiff_t i = sequence_find(vm, argv[0], argv[1], start, stop);
    if (i == -2) return FAIL;
    return i < 0 ? throw(vm, ValueError, "list.index(x): x not in list") : from_small(i);
}

NATIVE(list_count, "count(self, value, /)", "Return how many items equal value.")
{
    ptrdiff_t count = sequence_count_of(vm, argv[0], argv[1]);
    return count < 0 ? FAIL : from_small(count);
}

NATIVE(list_reverse, "reverse(self, /)", "Reverse the list in place.")
{
    List *list = as_list(argv[0]);
    reverse_items(list->items, list->len);
    return NONE;
}

NATIVE(
    list_sort_method, "sort(self, *, key=None, reverse=False)",
    "Sort the list in place, stably, in ascending order of the items or of key(item).\n"
    "reverse=True sorts in descending order.  Raises ValueError when the list changes meanwhile.")
{
    Truth reverse = value_truth(vm, argv[2]);
    if (reverse == FAILED) return FAIL;
    return list_sort(vm, as_list(argv[0]), argv[1], reverse) ? NONE : FAIL;
}

NATIVE(list_copy, "copy(self, /)", "Return a shallow copy.")
{
    return list_slice(vm, as_list(argv[0]), 0, PTRDIFF_MAX);
}

NATIVE(list_clear_method, "clear(self, /)", "Remove all items.")
{
    list_clear(as_list(argv[0]));
    return NONE;
}

NATIVE(list_reversed, "__reversed__(self, /)",
       "Return an iterator from the last item to the first.")
{
    ListIter *iter = type_instance(vm, type_builtin(vm, KIND_LIST_REVERSE_ITER));
    if (!iter) return FAIL;
    iter->list = newref(argv[0]);
    iter->next = as_list(argv[0])->len - 1;
    return from_object(iter);
}

static const Native *const list_methods[] = {
    &list_append_def,        &list_extend_method_def,
    &list_insert_method_def, &list_pop_def,
    &list_remove_def,        &list_index_def,
    &list_count_def,         &list_reverse_def,
    &list_sort_method_def,   &list_copy_def,
    &list_clear_method_def,  &list_reversed_def,
    &class_getitem_def,      NULL,
};

/* ---- iterators ---- */

Ref list_iter_next(Vm *vm __attribute__((unused)), Value self)
{
    ListIter *iter = as_list_iter(self);
    if (absent(iter->list)) return UNDEF;
    List *list = as_list(iter->list);
    if (iter->next < list->len) return newref(list->items[iter->next++]);
    clear(&iter->list);
    return UNDEF;
}

NATIVE(list_iter_length_hint, "__length_hint__(self, /)", "Return the number of items left.")
{
    ListIter *iter = as_list_iter(argv[0]);
    if (absent(iter->list)) return from_small(0);
    ptrdiff_t left = as_list(iter->list)->len - iter->next;
    return from_small(left > 0 ? left : 0);
}

static const Native *const list_iter_methods[] = {&list_iter_length_hint_def, &iterator_reduce_def,
                                                  &iterator_setstate_def, NULL};

static Ref list_reverse_iter_next(Vm *vm __attribute__((unused)), Value self)
{
    ListIter *iter = as_list_iter(self);
    if (absent(iter->list)) return UNDEF;
    List *list = as_list(iter->list);
    if (iter->next >= 0 && iter->next < list->len) return newref(list->items[iter->next--]);
    clear(&iter->list);
    return UNDEF;
}

NATIVE(list_reverse_iter_length_hint, "__length_hint__(self, /)",
       "Return the number of items left.")
{
    ListIter *iter = as_list_iter(argv[0]);
    if (absent(iter->list) || iter->next >= as_list(iter->list)->len) return from_small(0);
    return from_small(iter->next + 1);
}

static const Native *const list_reverse_iter_methods[] = {
    &list_reverse_iter_length_hint_def, &iterator_reduce_def, &iterator_setstate_def, NULL};

const TypeDef list_iter_type = {
    .name = "list_iterator",
    .doc = "Iterates over a list.",
    .size = sizeof(ListIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(ListIter, list)),
    .iter = iter_self,
    .next = list_iter_next,
    .methods = list_iter_methods,
};

const TypeDef list_reverse_iter_type = {
    .name = "list_reverseiterator",
    .doc = "Iterates over a list from its end.",
    .size = sizeof(ListIter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(ListIter, list)),
    .iter = iter_self,
    .next = list_reverse_iter_next,
    .methods = list_reverse_iter_methods,
};

const TypeDef list_type = {
    .name = "list",
    .doc = "A mutable sequence.  list() is empty; list(iterable) holds its items.",
    .size = sizeof(List),
    .flags = TYPE_CONTAINER | TYPE_SEQUENCE | TYPE_MATCH_SELF,
    .visit = list_visit,
    .clear = list_drop,
    .new = &list_make_def,
    .init = &list_init_def,
    .repr = sequence_repr,
    .compare = list_compare,
    .binary = list_binary,
    .inplace = list_inplace,
    .len = list_len,
    .get_item = list_get_item,
    .set_item = list_set_item,
    .contains = list_contains,
    .iter = list_iter,
    .methods = list_methods,
};
