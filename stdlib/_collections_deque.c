/* _collections_deque.c - collections.deque: a list that grows and shrinks at both ends.
 *
 * The items lie in a ring: item i at items[(first + i) & (capacity - 1)], capacity a power of two,
 * so that every operation at an end and every subscript takes constant time.  head.aux counts the
 * changes of length or order; an iterator, and whoever compares items, raises when it moved.
 * Neighbours: _collections.c (the module). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

typedef struct Deque {
    Container head; /* aux: changes so far */
    ptrdiff_t first, len, capacity;
    ptrdiff_t most; /* maxlen, -1: no bound */
    Ref *items;
} Deque;

typedef struct DequeIter {
    Container head;
    Ref deque;
    ptrdiff_t next; /* the item to give next */
    ptrdiff_t left;
    uint32_t changes;
    bool reversed;
} DequeIter;

extern const TypeDef deque_type, deque_iter_type, deque_reverse_iter_type;

enum { CAPACITY_LEAST = 8, SHRINK_FROM = 64 };

static Deque *as_deque(Value v) { return (Deque *)as_object(v); }
static DequeIter *as_deque_iter(Value v) { return (DequeIter *)as_object(v); }

static bool is_deque(Vm *vm, Value v)
{
    Type *type = type_from_def(vm, &deque_type);
    return type && type_has_instance(vm, type, v);
}

static inline Ref *slot_at(const Deque *deque, ptrdiff_t i)
{
    return &deque->items[(deque->first + i) & (deque->capacity - 1)];
}

/* ---- storage ---- */

/* Makes room for `needed` items in all; what had wrapped around comes to lie behind the rest. */
static bool deque_reserve(Vm *vm, Deque *deque, ptrdiff_t needed)
{
    ptrdiff_t old = deque->capacity, capacity = old ? old : CAPACITY_LEAST;
    if (needed <= old) return true;
    while (capacity < needed && capacity < PTRDIFF_MAX / 2) capacity *= 2;
    if (capacity > PTRDIFF_MAX / (ptrdiff_t)sizeof(Ref)) {
        throw_no_memory(vm);
        return false;
    }
    Ref *items = memory_resize(vm, deque->items, capacity * sizeof(Ref));
    if (!items) return false;
    ptrdiff_t wrapped = deque->first + deque->len - old;
    if (wrapped > 0) memcpy(items + old, items, wrapped * sizeof(Ref));
    deque->items = items;
    deque->capacity = capacity;
    return true;
}

/* Gives memory back when most of it is unused. */
static inline void deque_shrink(Vm *vm, Deque *deque)
{
    if (deque->capacity < SHRINK_FROM || deque->len > deque->capacity / 8) return;
    Ref *items = memory_new(vm, deque->capacity / 4 * sizeof(Ref));
    if (!items) {
        error_clear(vm);
        return;
    }
    for (ptrdiff_t i = 0; i < deque->len; i++) items[i] = *slot_at(deque, i);
    memory_free(deque->items);
    deque->items = items;
    deque->capacity /= 4;
    deque->first = 0;
}

static Ref take_first(Vm *vm, Deque *deque)
{
    Ref item = *slot_at(deque, 0);
    deque->first = (deque->first + 1) & (deque->capacity - 1);
    deque->len--;
    deque->head.aux++;
    deque_shrink(vm, deque);
    return item;
}

static Ref take_last(Vm *vm, Deque *deque)
{
    Ref item = *slot_at(deque, deque->len - 1);
    deque->len--;
    deque->head.aux++;
    deque_shrink(vm, deque);
    return item;
}

/* Both steal item; over the bound an item at the other end goes. */
static bool push_last(Vm *vm, Deque *deque, Ref item)
{
    if (deque->len >= deque->capacity && !deque_reserve(vm, deque, deque->len + 1)) {
        decref(item);
        return false;
    }
    *slot_at(deque, deque->len) = item;
    deque->len++;
    deque->head.aux++;
    if (deque->most >= 0 && deque->len > deque->most) decref(take_first(vm, deque));
    return true;
}

static bool push_first(Vm *vm, Deque *deque, Ref item)
{
    if (deque->len >= deque->capacity && !deque_reserve(vm, deque, deque->len + 1)) {
        decref(item);
        return false;
    }
    deque->first = (deque->first - 1) & (deque->capacity - 1);
    deque->items[deque->first] = item;
    deque->len++;
    deque->head.aux++;
    if (deque->most >= 0 && deque->len > deque->most) decref(take_last(vm, deque));
    return true;
}

static void deque_empty(Deque *deque)
{
    Deque old = *deque;
    deque->items = NULL;
    deque->first = deque->len = deque->capacity = 0;
    deque->head.aux++;
    for (ptrdiff_t i = 0; i < old.len; i++) decref(*slot_at(&old, i));
    memory_free(old.items);
}

/* Makes room before item i, the nearer end moving aside; the place is to be filled at once. */
static bool open_gap(Vm *vm, Deque *deque, ptrdiff_t i)
{
    if (!deque_reserve(vm, deque, deque->len + 1)) return false;
    if (i < deque->len / 2) {
        deque->first = (deque->first - 1) & (deque->capacity - 1);
        for (ptrdiff_t k = 0; k < i; k++) *slot_at(deque, k) = *slot_at(deque, k + 1);
    } else {
        for (ptrdiff_t k = deque->len; k > i; k--) *slot_at(deque, k) = *slot_at(deque, k - 1);
    }
    deque->len++;
    deque->head.aux++;
    return true;
}

static Ref take_at(Vm *vm, Deque *deque, ptrdiff_t i)
{
    Ref item = *slot_at(deque, i);
    if (i < deque->len / 2) {
        for (ptrdiff_t k = i; k > 0; k--) *slot_at(deque, k) = *slot_at(deque, k - 1);
        deque->first = (deque->first + 1) & (deque->capacity - 1);
    } else {
        for (ptrdiff_t k = i; k + 1 < deque->len; k++) *slot_at(deque, k) = *slot_at(deque, k + 1);
    }
    deque->len--;
    deque->head.aux++;
    deque_shrink(vm, deque);
    return item;
}

/* ---- making ---- */

/* Pushes the items of iterable at one end; what an iterator gives is moved, not counted twice. */
static bool deque_extend(Vm *vm, Deque *deque, Value iterable, bool (*push)(Vm *, Deque *, Ref))
{
    if (iterable == borrow(deque)) { /* a copy, for it must not grow under the iterator */
        Ref items = list_from(vm, iterable);
        bool ok = !failed(items) && deque_extend(vm, deque, items, push);
        decref(items);
        return ok;
    }
    Ref iter = iter_of(vm, iterable);
    if (failed(iter)) return false;
    Ref (*next)(Vm *, Value) = type_of(vm, iter)->slots.next;
    bool ok = true;
    while (ok) {
        Ref item = next(vm, iter);
        if (absent(item)) break;
        if (failed(item)) ok = false;
        else if (deque->most == 0) decref(item);
        else ok = push(vm, deque, item);
    }
    decref(iter);
    return ok;
}

/* maxlen as given: None or an int from 0. */
static bool bound_from(Vm *vm, Value given, ptrdiff_t *most)
{
    *most = -1;
    if (is_none(given)) return true;
    int64_t bound;
    if (!is_any_int(given)) {
        throw(vm, TypeError, "an integer is required");
        return false;
    }
    if (!int_index(vm, given, &bound)) return false;
    if (bound < 0) throw(vm, ValueError, "maxlen must be non-negative");
    *most = bound;
    return bound >= 0;
}

NATIVE(deque_make, "new(cls, /, *args=?, **kwargs=?)", "Return an empty deque; __init__ fills it.")
{
    Deque *deque = type_instance(vm, as_type(argv[0]));
    if (!deque) return FAIL;
    deque->most = -1;
    return from_object(deque);
}

NATIVE(deque_init, "__init__(self, iterable=?, maxlen=None)",
       "Fill the deque with the items of iterable, of which the last maxlen stay.")
{
    Deque *deque = as_deque(argv[0]);
    ptrdiff_t most;
    if (!bound_from(vm, argv[2], &most)) return FAIL;
    deque_empty(deque);
    deque->most = most;
    if (absent(argv[1])) return NONE;
    return deque_extend(vm, deque, argv[1], push_last) ? NONE : FAIL;
}

/* A new plain deque with the items and the bound of another. */
static Ref deque_copy_plain(Vm *vm, const Deque *from)
{
    Type *type = type_from_def(vm, &deque_type);
    Deque *copy = type ? type_instance(vm, type) : NULL;
    if (!copy) return FAIL;
    copy->most = from->most;
    if (from->len && !deque_reserve(vm, copy, from->len)) {
        decref_object(copy);
        return FAIL;
    }
    for (; copy->len < from->len; copy->len++)
        copy->items[copy->len] = newref(*slot_at(from, copy->len));
    return from_object(copy);
}

/* The same through the class, for subclasses. */
static Ref deque_copy(Vm *vm, Value self)
{
    const Deque *deque = as_deque(self);
    Type *type = type_of(vm, self);
    if (type == type_from_def(vm, &deque_type)) return deque_copy_plain(vm, deque);
    if (deque->most < 0) return call1(vm, borrow(type), self);
    Ref most = from_int64(vm, deque->most);
    Ref copy = failed(most) ? FAIL : call2(vm, borrow(type), self, most);
    decref(most);
    if (failed(copy) || is_deque(vm, copy)) return copy;
    throw(vm, TypeError, "%N() must return a deque, not %T", type, (Value)copy);
    decref(copy);
    return FAIL;
}

/* ---- at the ends ---- */

NATIVE(deque_append, "append(self, item, /)", "Add item at the right end.")
{
    return push_last(vm, as_deque(argv[0]), newref(argv[1])) ? NONE : FAIL;
}

NATIVE(deque_appendleft, "appendleft(self, item, /)", "Add item at the left end.")
{
    return push_first(vm, as_deque(argv[0]), newref(argv[1])) ? NONE : FAIL;
}

NATIVE(deque_pop, "pop(self, /)",
       "Remove and return the rightmost item.\nRaises IndexError when the deque is empty.")
{
    Deque *deque = as_deque(argv[0]);
    if (deque->len == 0) return throw(vm, IndexError, "pop from an empty deque");
    return take_last(vm, deque);
}

NATIVE(deque_popleft, "popleft(self, /)",
       "Remove and return the leftmost item.\nRaises IndexError when the deque is empty.")
{
    Deque *deque = as_deque(argv[0]);
    if (deque->len == 0) return throw(vm, IndexError, "pop from an empty deque");
    return take_first(vm, deque);
}

NATIVE(deque_extend_method, "extend(self, iterable, /)", "Append the items of iterable.")
{
    return deque_extend(vm, as_deque(argv[0]), argv[1], push_last) ? NONE : FAIL;
}

NATIVE(deque_extendleft, "extendleft(self, iterable, /)",
       "Append the items of iterable at the left end, so that the last one stands first.")
{
    return deque_extend(vm, as_deque(argv[0]), argv[1], push_first) ? NONE : FAIL;
}

NATIVE(deque_clear_method, "clear(self, /)", "Remove all items.")
{
    deque_empty(as_deque(argv[0]));
    return NONE;
}

NATIVE(deque_rotate, "rotate(self, n=1, /)",
       "Move n items from the right end to the left one; a negative n goes the other way.")
{
    Deque *deque = as_deque(argv[0]);
    int64_t n;
    if (!int_index(vm, argv[1], &n)) return FAIL;
    if (deque->len < 2) return NONE;
    n %= deque->len;
    if (n > deque->len / 2) n -= deque->len;
    else if (n < -(deque->len / 2)) n += deque->len;
    for (; n > 0; n--) { /* the slot before the first may be the last item's own */
        Ref item = *slot_at(deque, deque->len - 1);
        deque->first = (deque->first - 1) & (deque->capacity - 1);
        deque->items[deque->first] = item;
    }
    for (; n < 0; n++) {
        Ref item = *slot_at(deque, 0);
        deque->first = (deque->first + 1) & (deque->capacity - 1);
        *slot_at(deque, deque->len - 1) = item;
    }
    deque->head.aux++;
    return NONE;
}

NATIVE(deque_reverse, "reverse(self, /)", "Reverse the order of the items in place.")
{
    Deque *deque = as_deque(argv[0]);
    for (ptrdiff_t i = 0, j = deque->len - 1; i < j; i++, j--) {
        Ref item = *slot_at(deque, i);
        *slot_at(deque, i) = *slot_at(deque, j);
        *slot_at(deque, j) = item;
    }
    deque->head.aux++;
    return NONE;
}

/* ---- searching ---- */

/* The first item in [start, end) equal to item; -1: none, -2: raised (class `changed` when the
 * deque changed meanwhile). */
static ptrdiff_t deque_find(Vm *vm, Deque *deque, Value item, ptrdiff_t start, ptrdiff_t end,
                            ExcId changed)
{
    uint32_t changes = deque->head.aux;
    for (ptrdiff_t i = start; i < end; i++) {
        Value held = *slot_at(deque, i);
        Truth same = quick_equal(held, item);
        if (same == FAILED) {
            Ref kept = newref(held);
            same = value_equal(vm, kept, item);
            decref(kept);
            if (same == FAILED) return -2;
            if (deque->head.aux != changes) {
                throw(vm, changed, "deque mutated during iteration");
                return -2;
            }
        }
        if (same == YES) return i;
    }
    return -1;
}

NATIVE(deque_index, "index(self, value, start=?, stop=?, /)",
       "Return the position of the first item equal to value, from start on and before stop.\n"
       "Raises ValueError when there is none.")
{
    Deque *deque = as_deque(argv[0]);
    ptrdiff_t start = 0, end = deque->len;
    if (!absent(argv[2]) && !int_subscript(vm, argv[2], &start, true)) return FAIL;
    if (!absent(argv[3]) && !int_subscript(vm, argv[3], &end, true)) return FAIL;
    if (start < 0 && (start += deque->len) < 0) start = 0;
    if (end < 0 && (end += deque->len) < 0) end = 0;
    if (end > deque->len) end = deque->len;
    ptrdiff_t i = deque_find(vm, deque, argv[1], start, end, RuntimeError);
    if (i >= 0) return from_small(i);
    return i == -2 ? FAIL : throw(vm, ValueError, "%R is not in deque", argv[1]);
}

NATIVE(deque_count, "count(self, value, /)", "Return how many items equal value.")
{
    Deque *deque = as_deque(argv[0]);
    int64_t count = 0;
    for (ptrdiff_t i = -1;; count++) {
        i = deque_find(vm, deque, argv[1], i + 1, deque->len, RuntimeError);
        if (i < 0) return i == -2 ? FAIL : from_small(count);
    }
}

static Truth deque_contains(Vm *vm, Value self, Value item)
{
    ptrdiff_t i = deque_find(vm, as_deque(self), item, 0, as_deque(self)->len, RuntimeError);
    return i == -2 ? FAILED : from_bool(i >= 0) == TRUE ? YES : NO;
}

NATIVE(deque_remove, "remove(self, value, /)",
       "Remove the first item equal to value.\nRaises ValueError when there is none.")
{
    Deque *deque = as_deque(argv[0]);
    ptrdiff_t i = deque_find(vm, deque, argv[1], 0, deque->len, IndexError);
    if (i == -2) return FAIL;
    if (i == -1) return throw(vm, ValueError, "%R is not in deque", argv[1]);
    decref(take_at(vm, deque, i));
    return NONE;
}

NATIVE(deque_insert, "insert(self, index, value, /)",
       "Insert value before index.\nRaises IndexError when the deque holds maxlen items.")
{
    Deque *deque = as_deque(argv[0]);
    ptrdiff_t i;
    if (!type_of(vm, argv[1])->slots.index)
        return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", argv[1]);
    if (!int_subscript(vm, argv[1], &i, true)) return FAIL;
    if (deque->most >= 0 && deque->len >= deque->most)
        return throw(vm, IndexError, "deque already at its maximum size");
    if (i < 0 && (i += deque->len) < 0) i = 0;
    if (i > deque->len) i = deque->len;
    if (!open_gap(vm, deque, i)) return FAIL;
    *slot_at(deque, i) = newref(argv[2]);
    return NONE;
}

/* ---- slots ---- */

static ptrdiff_t deque_len(Vm *vm __attribute__((unused)), Value self)
{
    return as_deque(self)->len;
}

static bool deque_place(Vm *vm, Deque *deque, Value key, ptrdiff_t *i)
{
    if (!type_of(vm, key)->slots.index) {
        throw(vm, TypeError, "sequence index must be integer, not '%T'", key);
        return false;
    }
    if (!int_subscript(vm, key, i, false)) return false;
    if (*i < 0) *i += deque->len;
    if (*i >= 0 && *i < deque->len) return true;
    throw(vm, IndexError, "deque index out of range");
    return false;
}

static Ref deque_get_item(Vm *vm, Value self, Value key)
{
    ptrdiff_t i;
    return deque_place(vm, as_deque(self), key, &i) ? newref(*slot_at(as_deque(self), i)) : FAIL;
}

static bool deque_set_item(Vm *vm, Value self, Value key, Value value)
{
    Deque *deque = as_deque(self);
    ptrdiff_t i;
    if (!deque_place(vm, deque, key, &i)) return false;
    if (absent(value)) decref(take_at(vm, deque, i));
    else replace(slot_at(deque, i), newref(value));
    return true;
}

static Ref deque_iter_new(Vm *vm, const TypeDef *def, Value self)
{
    Type *type = type_from_def(vm, def);
    DequeIter *iter = type ? type_instance(vm, type) : NULL;
    if (!iter) return FAIL;
    Deque *deque = as_deque(self);
    iter->deque = newref(self);
    iter->left = deque->len;
    iter->changes = deque->head.aux;
    iter->reversed = def == &deque_reverse_iter_type;
    iter->next = iter->reversed ? deque->len - 1 : 0;
    return from_object(iter);
}

static Ref deque_iter(Vm *vm, Value self) { return deque_iter_new(vm, &deque_iter_type, self); }

static Ref deque_repr(Vm *vm, Value self)
{
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from_ascii(vm, "[...]", 5);
    Ref out = FAIL, items = list_from(vm, self);
    if (!failed(items)) {
        Value name = type_of(vm, self)->name;
        long long most = as_deque(self)->most;
        out = most < 0 ? format_text(vm, "%S(%R)", name, (Value)items)
                       : format_text(vm, "%S(%R, maxlen=%lld)", name, (Value)items, most);
    }
    decref(items);
    repr_leave(vm, self);
    return out;
}

static Ref deque_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_deque(vm, b)) return NOT_IMPLEMENTED;
    if ((op == CMP_EQUAL || op == CMP_NOT_EQUAL) && as_deque(a)->len != as_deque(b)->len)
        return from_bool(op == CMP_NOT_EQUAL);
    Ref left = list_from(vm, a), right = failed(left) ? FAIL : list_from(vm, b);
    Ref out = failed(right) ? FAIL : sequence_compare(vm, left, right, op);
    decref(left);
    decref(right);
    return out;
}

/* deque *= n */
static bool deque_repeat(Vm *vm, Deque *deque, ptrdiff_t n)
{
    ptrdiff_t len = deque->len;
    if (len == 0 || n == 1) return true;
    if (n == 0) {
        deque_empty(deque);
        return true;
    }
    ptrdiff_t total;
    if (__builtin_mul_overflow(len, n, &total) || total > PTRDIFF_MAX / (ptrdiff_t)sizeof(Ref)) {
        throw_no_memory(vm);
        return false;
    }
    if (deque->most >= 0 && total > deque->most) { /* what would go at the left is not added */
        ptrdiff_t needed = (deque->most + len - 1) / len;
        if (needed < n) n = needed;
    }
    Ref items = list_from(vm, borrow(deque));
    bool ok = !failed(items);
    if (ok && deque->most < 0) ok = deque_reserve(vm, deque, total);
    for (; ok && n > 1; n--) ok = deque_extend(vm, deque, items, push_last);
    decref(items);
    return ok;
}

static Ref deque_add(Vm *vm, Value a, Value b)
{
    if (!is_deque(vm, a)) return NOT_IMPLEMENTED;
    if (!is_deque(vm, b)) return sequence_cannot_add(vm, "deque", b);
    Ref out = deque_copy(vm, a);
    if (failed(out) || deque_extend(vm, as_deque(out), b, push_last)) return out;
    decref(out);
    return FAIL;
}

static Ref deque_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) return deque_add(vm, a, b);
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    bool left = is_deque(vm, a);
    ptrdiff_t n;
    Truth known = sequence_count(vm, left ? b : a, &n);
    if (known != YES) return known == NO ? NOT_IMPLEMENTED : FAIL;
    Ref out = deque_copy(vm, left ? a : b);
    if (failed(out) || deque_repeat(vm, as_deque(out), n)) return out;
    decref(out);
    return FAIL;
}

static Ref deque_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) return deque_extend(vm, as_deque(a), b, push_last) ? newref(a) : FAIL;
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    ptrdiff_t n;
    Truth known = sequence_count(vm, b, &n);
    if (known != YES) return known == NO ? NOT_IMPLEMENTED : FAIL;
    return deque_repeat(vm, as_deque(a), n) ? newref(a) : FAIL;
}

static void deque_visit(Object *self, Visit *visit, void *context)
{
    const Deque *deque = (const Deque *)self;
    for (ptrdiff_t i = 0; i < deque->len; i++)
        if (is_heap(*slot_at(deque, i))) visit(slot_at(deque, i), context);
}

static void deque_drop(Object *self) { deque_empty((Deque *)self); }

/* ---- copying ---- */

NATIVE(deque_copy_method, "copy(self, /)", "Return a shallow copy.")
{
    return deque_copy(vm, argv[0]);
}

NATIVE(deque_copy_special, "__copy__(self, /)", "Return a shallow copy.")
{
    return deque_copy(vm, argv[0]);
}

NATIVE(deque_reduce, "__reduce__(self, /)", "Return what pickle needs to rebuild the deque.")
{
    const Deque *deque = as_deque(argv[0]);
    Ref out = FAIL, items = FAIL, args = FAIL,
        state = call_method(vm, argv[0], N(__getstate__), 0, NULL);
    if (failed(state)) return FAIL;
    Ref most = deque->most < 0 ? UNDEF : from_int64(vm, deque->most);
    args = absent(most) || failed(most)
               ? tuple_new(vm, 0)
               : tuple_pack(vm, 2, (Value)vm->interp->empty_tuple, (Value)most);
    items = failed(args) ? FAIL : iter_of(vm, argv[0]);
    if (!failed(items))
        out = tuple_pack(vm, 4, borrow(type_of(vm, argv[0])), (Value)args, (Value)state,
                         (Value)items);
    decref(state);
    decref(most);
    decref(args);
    decref(items);
    return out;
}

NATIVE(deque_reversed, "__reversed__(self, /)",
       "Return an iterator from the right end to the left.")
{
    return deque_iter_new(vm, &deque_reverse_iter_type, argv[0]);
}

NATIVE(deque_sizeof, "__sizeof__(self, /)", "Return the size in memory, in bytes.")
{
    ptrdiff_t items = as_deque(argv[0])->capacity * (ptrdiff_t)sizeof(Ref);
    return from_small((ptrdiff_t)sizeof(Deque) + items);
}

static Ref get_maxlen(Vm *vm, Value self)
{
    ptrdiff_t most = as_deque(self)->most;
    return most < 0 ? NONE : from_int64(vm, most);
}

/* ---- iterators ---- */

NATIVE(deque_iter_make, "new(cls, deque, index=0, /)",
       "Return an iterator over deque that has passed index items.")
{
    Type *type = as_type(argv[0]);
    if (!is_deque(vm, argv[1]))
        return throw(vm, TypeError, "argument 1 must be collections.deque, not %A", argv[1]);
    int64_t passed;
    if (!int_index(vm, argv[2], &passed)) return FAIL;
    Ref iter = deque_iter_new(vm, type->def, argv[1]);
    if (failed(iter)) return FAIL;
    DequeIter *self = as_deque_iter(iter);
    if (passed < 0) passed = 0;
    if (passed > self->left) passed = self->left;
    self->left -= passed;
    self->next += self->reversed ? -passed : passed;
    return iter;
}

static Ref deque_iter_next(Vm *vm, Value v)
{
    DequeIter *self = as_deque_iter(v);
    const Deque *deque = as_deque(self->deque);
    if (deque->head.aux != self->changes) {
        self->left = 0;
        return throw(vm, RuntimeError, "deque mutated during iteration");
    }
    if (self->left == 0) return UNDEF;
    self->left--;
    return newref(*slot_at(deque, self->reversed ? self->next-- : self->next++));
}

NATIVE(deque_iter_length_hint, "__length_hint__(self, /)", "Return the number of items left.")
{
    return from_small(as_deque_iter(argv[0])->left);
}

NATIVE(deque_iter_reduce, "__reduce__(self, /)",
       "Return what pickle needs to rebuild the iterator.")
{
    const DequeIter *self = as_deque_iter(argv[0]);
    Value passed = from_small(as_deque(self->deque)->len - self->left);
    Ref args = tuple_pack(vm, 2, (Value)self->deque, passed);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

/* ---- tables ---- */

static const Native *const deque_methods[] = {
    &deque_append_def,   &deque_appendleft_def,    &deque_clear_method_def, &deque_copy_method_def,
    &deque_count_def,    &deque_extend_method_def, &deque_extendleft_def,   &deque_index_def,
    &deque_insert_def,   &deque_pop_def,           &deque_popleft_def,      &deque_remove_def,
    &deque_reverse_def,  &deque_rotate_def,        &deque_copy_special_def, &deque_reduce_def,
    &deque_reversed_def, &deque_sizeof_def,        &class_getitem_def,      NULL,
};
static const Attribute deque_attributes[] = {
    {"maxlen", get_maxlen, NULL, "The most items the deque holds, or None."},
    {0},
};

static const Operators deque_operators = {
    .binary = OPERATOR_BIT(ADD) | OPERATOR_BIT(MUL),
    .reflected = OPERATOR_BIT(MUL),
    .inplace = OPERATOR_BIT(ADD) | OPERATOR_BIT(MUL),
};

const TypeDef deque_type = {
    .name = "collections.deque",
    .doc =
        "A list for adding and removing at both ends.\n"
        "With maxlen it holds so many items at most: adding one at an end drops one at the other.",
    .size = sizeof(Deque),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_SEQUENCE,
    .visit = deque_visit,
    .clear = deque_drop,
    .new = &deque_make_def,
    .init = &deque_init_def,
    .repr = deque_repr,
    .compare = deque_compare,
    .binary = deque_binary,
    .inplace = deque_inplace,
    .operators = &deque_operators,
    .len = deque_len,
    .get_item = deque_get_item,
    .set_item = deque_set_item,
    .contains = deque_contains,
    .iter = deque_iter,
    .methods = deque_methods,
    .attributes = deque_attributes,
};

static const Native *const deque_iter_methods[] = {
    &deque_iter_length_hint_def,
    &deque_iter_reduce_def,
    NULL,
};

const TypeDef deque_iter_type = {
    .name = "collections._deque_iterator",
    .doc = "Iterates over a deque from left to right.",
    .size = sizeof(DequeIter),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(DequeIter, deque)),
    .new = &deque_iter_make_def,
    .iter = iter_self,
    .next = deque_iter_next,
    .methods = deque_iter_methods,
};

const TypeDef deque_reverse_iter_type = {
    .name = "collections._deque_reverse_iterator",
    .doc = "Iterates over a deque from right to left.",
    .size = sizeof(DequeIter),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(DequeIter, deque)),
    .new = &deque_iter_make_def,
    .iter = iter_self,
    .next = deque_iter_next,
    .methods = deque_iter_methods,
};
