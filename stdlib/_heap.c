/* _heap.c - priority queues in lists, for module heapq.
 *
 * heap[k] comes before, or is equal to, heap[2*k + 1] and heap[2*k + 2].  An item is moved down to
 * a leaf along the children that come first and then up again: most items belong near the bottom,
 * so this takes fewer comparisons (Knuth, volume 3, exercise 5.2.3-18).  A comparison may run
 * script code: items move by exchange, so that the list holds each exactly once at any time, and
 * a list that was changed meanwhile is noticed by its length.
 * Neighbours: heapq.aio (merge, nlargest and nsmallest, in the language). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- order ---- */

/* a < b, both held meanwhile. */
static Truth less_slow(Vm *vm, Value a, Value b)
{
    Ref left = newref(a), right = newref(b);
    Truth order = value_test(vm, left, right, CMP_LESS);
    decref(left);
    decref(right);
    return order;
}

INLINE Truth less(Vm *vm, Value a, Value b)
{
    if (both_ints(a, b)) return as_int(a) < as_int(b);
    if (both_floats(a, b)) return as_float(a) < as_float(b);
    if (is_exact(a, KIND_TUPLE) && is_exact(b, KIND_TUPLE) && tuple_len(a) && tuple_len(b)) {
        Value x = tuple_at(a, 0), y = tuple_at(b, 0); /* priorities mostly decide */
        if (x != y && both_ints(x, y)) return as_int(x) < as_int(y);
        if (x != y && both_floats(x, y) && as_float(x) != as_float(y))
            return as_float(x) < as_float(y);
    }
    return less_slow(vm, a, b);
}

/* Does the item at i come before the one at j?  FAILED also when the length changed meanwhile. */
INLINE Truth before(Vm *vm, const List *heap, ptrdiff_t i, ptrdiff_t j, bool largest)
{
    Value a = list_at(heap, i), b = list_at(heap, j);
    ptrdiff_t len = heap->len;
    Truth order = largest ? less(vm, b, a) : less(vm, a, b);
    if (heap->len == len || order == FAILED) return order;
    throw(vm, RuntimeError, "list changed size during iteration");
    return FAILED;
}

INLINE void exchange(List *heap, ptrdiff_t i, ptrdiff_t j)
{
    Ref item = heap->items[i];
    heap->items[i] = heap->items[j];
    heap->items[j] = item;
}

/* ---- moving ---- */

/* Up from at, not above start. */
INLINE bool rise(Vm *vm, List *heap, ptrdiff_t start, ptrdiff_t at, bool largest)
{
    while (at > start) {
        ptrdiff_t parent = (at - 1) >> 1;
        Truth first = before(vm, heap, at, parent, largest);
        if (first == FAILED) return false;
        if (!first) break;
        exchange(heap, at, parent);
        at = parent;
    }
    return true;
}

INLINE bool sink(Vm *vm, List *heap, ptrdiff_t at, bool largest)
{
    ptrdiff_t start = at, end = heap->len, child;
    while ((child = 2 * at + 1) < end) {
        if (child + 1 < end) {
            Truth first = before(vm, heap, child, child + 1, largest);
            if (first == FAILED) return false;
            child += !first;
        }
        exchange(heap, at, child);
        at = child;
    }
    return rise(vm, heap, start, at, largest);
}

/* ---- operations ---- */

static bool check_list(Vm *vm, Value heap, const char *name)
{
    if (is_list(heap)) return true;
    throw(vm, TypeError, "%s must be list, not %A", name, heap);
    return false;
}

INLINE Ref push(Vm *vm, Value *argv, const char *name, bool largest)
{
    if (!check_list(vm, argv[0], name)) return FAIL;
    List *heap = as_list(argv[0]);
    if (!list_push(vm, heap, newref(argv[1]))) return FAIL;
    return rise(vm, heap, 0, heap->len - 1, largest) ? NONE : FAIL;
}

/* out when ok; else it goes. */
static Ref given(Ref out, bool ok)
{
    if (ok) return out;
    decref(out);
    return FAIL;
}

INLINE Ref pop(Vm *vm, Value *argv, const char *name, bool largest)
{
    if (!check_list(vm, argv[0], name)) return FAIL;
    List *heap = as_list(argv[0]);
    if (heap->len == 0) return throw(vm, IndexError, "index out of range");
    Ref last = list_take(heap, heap->len - 1);
    if (heap->len == 0) return last;
    Ref first = heap->items[0];
    heap->items[0] = last;
    return given(first, sink(vm, heap, 0, largest));
}

/* Puts item in the place of the first one and returns that. */
INLINE Ref put_first(Vm *vm, List *heap, Value item, bool largest)
{
    Ref first = heap->items[0];
    heap->items[0] = newref(item);
    return given(first, sink(vm, heap, 0, largest));
}

INLINE Ref replace_first(Vm *vm, Value *argv, const char *name, bool largest)
{
    if (!check_list(vm, argv[0], name)) return FAIL;
    List *heap = as_list(argv[0]);
    if (heap->len == 0) return throw(vm, IndexError, "index out of range");
    return put_first(vm, heap, argv[1], largest);
}

INLINE Ref push_pop(Vm *vm, Value *argv, const char *name, bool largest)
{
    if (!check_list(vm, argv[0], name)) return FAIL;
    List *heap = as_list(argv[0]);
    Value item = argv[1];
    if (heap->len == 0) return newref(item);
    Value first = list_at(heap, 0);
    Truth later = largest ? less(vm, item, first) : less(vm, first, item);
    if (later == FAILED) return FAIL;
    if (!later) return newref(item);
    if (heap->len == 0) return throw(vm, IndexError, "index out of range");
    return put_first(vm, heap, item, largest);
}

INLINE Ref order(Vm *vm, Value *argv, const char *name, bool largest)
{
    if (!check_list(vm, argv[0], name)) return FAIL;
    List *heap = as_list(argv[0]);
    for (ptrdiff_t at = heap->len / 2; at-- > 0;)
        if (!sink(vm, heap, at, largest)) return FAIL;
    return NONE;
}

NATIVE(heappush, "heappush(heap, item, /)", "Add item to heap.")
{
    return push(vm, argv, "heappush() argument 1", false);
}

NATIVE(heappop, "heappop(heap, /)",
       "Remove and return the smallest item.  Raises IndexError when heap is empty.")
{
    return pop(vm, argv, "heappop() argument 1", false);
}

NATIVE(heapreplace, "heapreplace(heap, item, /)",
       "Remove and return the smallest item, and add item.\n"
       "Raises IndexError when heap is empty.")
{
    return replace_first(vm, argv, "heapreplace() argument 1", false);
}

NATIVE(heappushpop, "heappushpop(heap, item, /)",
       "Add item, then remove and return the smallest one.")
{
    return push_pop(vm, argv, "heappushpop() argument 1", false);
}

NATIVE(heapify, "heapify(heap, /)",
       "Put a list into heap order, in time proportional to its length.")
{
    return order(vm, argv, "heapify() argument", false);
}

NATIVE(heappush_max, "heappush_max(heap, item, /)",
       "Add item to a heap whose largest item comes first.")
{
    return push(vm, argv, "heappush_max() argument 1", true);
}

NATIVE(heappop_max, "heappop_max(heap, /)",
       "Remove and return the largest item of such a heap.  Raises IndexError when it is empty.")
{
    return pop(vm, argv, "heappop_max() argument 1", true);
}

NATIVE(heapreplace_max, "heapreplace_max(heap, item, /)",
       "Remove and return the largest item, and add item.\n"
       "Raises IndexError when the heap is empty.")
{
    return replace_first(vm, argv, "heapreplace_max() argument 1", true);
}

NATIVE(heappushpop_max, "heappushpop_max(heap, item, /)",
       "Add item, then remove and return the largest one.")
{
    return push_pop(vm, argv, "heappushpop_max() argument 1", true);
}

NATIVE(heapify_max, "heapify_max(heap, /)",
       "Put a list into the order of a heap whose largest item comes first.")
{
    return order(vm, argv, "heapify_max() argument", true);
}

static const Native *const heap_functions[] = {
    &heappush_def,
    &heappop_def,
    &heapreplace_def,
    &heappushpop_def,
    &heapify_def,
    &heappush_max_def,
    &heappop_max_def,
    &heapreplace_max_def,
    &heappushpop_max_def,
    &heapify_max_def,
    NULL,
};
const ModuleDef _heap_module = {
    .name = "_heap",
    .doc = "Priority queues in lists: the parts of module heapq written in C.",
    .functions = heap_functions,
};
