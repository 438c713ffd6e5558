/* list.h - a growable array of values. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_LIST_H
#define AIO_OBJECT_LIST_H

#include "object/type.h"

typedef struct List {
    Container head;
    ptrdiff_t len, capacity;
    Ref *items; /* memory_new; NULL when capacity is 0 */
} List;

/* Forwards and backwards; list UNDEF: exhausted. */
typedef struct ListIter {
    Container head;
    Ref list;
    ptrdiff_t next;
} ListIter;

static inline bool is_list(Value v) { return is_kind(v, KIND_LIST); }
static inline List *as_list(Value v) { return (List *)as_object(v); }
static inline Value list_at(const List *list, ptrdiff_t i)
{
    return list->items[i];
} /* borrowed, unchecked */

Ref list_new(Vm *vm, ptrdiff_t capacity);
Ref list_from_values(Vm *vm, ptrdiff_t len, Value *items);
Ref list_from_refs(Vm *vm, ptrdiff_t len, Ref *items); /* steals the items, also when it fails */
bool list_push_full(Vm *vm, List *list, Ref item);     /* list_push where there is no room */
static inline bool list_push(Vm *vm, List *list, Ref item) /* steals item, also when it fails */
{
    if (list->len >= list->capacity) return list_push_full(vm, list, item);
    list->items[list->len++] = item;
    return true;
}
Ref list_take(List *list, ptrdiff_t i); /* removes; yours now */
bool list_insert(Vm *vm, List *list, ptrdiff_t i, Ref item);
bool list_extend(Vm *vm, List *list, Value iterable);
bool list_sort(Vm *vm, List *list, Value key, bool reverse); /* key NONE: the items themselves */
Ref list_slice(Vm *vm, List *list, ptrdiff_t start, ptrdiff_t end); /* clamped */
void list_clear(List *list);
/* Replaces items[start:end] (in range) by count values, borrowed; they may lie in the list itself.
 */
bool list_splice(Vm *vm, List *list, ptrdiff_t start, ptrdiff_t end, Value *values,
                 ptrdiff_t count);
Ref list_iter_next(Vm *vm, Value self); /* the next slot of LIST_ITER */

#endif
