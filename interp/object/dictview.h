/* dictview.h - dict.keys(), values(), items() and their iterators. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_DICTVIEW_H
#define AIO_OBJECT_DICTVIEW_H

#include "object/dict.h"

typedef struct DictView {
    Container head;
    Ref dict;
} DictView;

/* Of keys, values or items by its kind. */
typedef struct DictIter {
    Container head; /* aux: DICT_ITER_REVERSED */
    Ref dict;       /* UNDEF: exhausted */
    Ref pair;       /* of items: the last one given */
    ptrdiff_t next; /* entry to look at next */
    ptrdiff_t left; /* entries still to come */
    ptrdiff_t len;  /* dict->len when it began; a change of it raises */
} DictIter;
enum { DICT_ITER_REVERSED = 1 };

static inline bool is_dict_view(Value v) /* keys or items: the ones that are sets */
{
    return is_kind(v, KIND_DICT_KEYS) || is_kind(v, KIND_DICT_ITEMS);
}
static inline DictView *as_dict_view(Value v) { return (DictView *)as_object(v); }
static inline DictIter *as_dict_iter(Value v) { return (DictIter *)as_object(v); }

Ref dict_view_new(Vm *vm, Kind kind, Value dict);
Ref dict_iter_new(Vm *vm, Kind kind, Value dict, bool reversed);
/* The next entry of an iterator: YES and its number in dict->entries, NO at the end, FAILED. */
Truth dict_iter_step(Vm *vm, DictIter *iter, ptrdiff_t *entry);

#endif
