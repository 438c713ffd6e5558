/* mro.c - the order in which a class's bases are searched: the C3 linearisation.
 *
 * Merges the MROs of the bases and the list of bases: the next class is the first head of a list
 * that is in no list's tail (M. Barrett et al., "A Monotonic Superclass Linearization for Dylan").
 * Neighbours: typemake.c. */
/* SPDX-License-Identifier: MIT */
#include "object/call.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

typedef struct Row {
    Value *items;
    ptrdiff_t len, at;
} Row; /* items[at ..] are still to be merged */

static bool in_a_tail(const Row *rows, int count, Value class)
{
    for (int i = 0; i < count; i++)
        for (ptrdiff_t j = rows[i].at + 1; j < rows[i].len; j++)
            if (rows[i].items[j] == class) return true;
    return false;
}

static Ref no_order(Vm *vm, const Row *rows, int count)
{
    StrBuilder names;
    builder_open(&names);
    Value seen[64];
    int seen_count = 0;
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        if (rows[i].at >= rows[i].len) continue;
        Value class = rows[i].items[rows[i].at];
        bool known = false;
        for (int j = 0; j < seen_count; j++) known |= seen[j] == class;
        if (known || seen_count == 64) continue;
        seen[seen_count++] = class;
        ok = (seen_count == 1 || builder_text(vm, &names, ", ")) &&
             builder_str(vm, &names, as_type(class)->name);
    }
    if (!ok) {
        builder_close(&names);
        return FAIL;
    }
    Ref text = builder_finish(vm, &names);
    if (failed(text)) return FAIL;
    throw(vm, TypeError, "Cannot create a consistent method resolution order (MRO) for bases %S",
          (Value)text);
    decref(text);
    return FAIL;
}

/* The first head that may come next, UNDEF at the end, FAIL when there is none. */
static Value next_class(const Row *rows, int count)
{
    bool left = false;
    for (int i = 0; i < count; i++) {
        if (rows[i].at >= rows[i].len) continue;
        left = true;
        if (!in_a_tail(rows, count, rows[i].items[rows[i].at])) return rows[i].items[rows[i].at];
    }
    return left ? FAIL : UNDEF;
}

static bool merge(Vm *vm, List *out, Row *rows, int count)
{
    for (;;) {
        Value class = next_class(rows, count);
        if (absent(class)) return true;
        if (failed(class)) return no_order(vm, rows, count), false;
        if (!list_push(vm, out, newref(class))) return false;
        for (int i = 0; i < count; i++)
            if (rows[i].at < rows[i].len && rows[i].items[rows[i].at] == class) rows[i].at++;
    }
}

Ref mro_compute(Vm *vm, Type *type)
{
    const Tuple *bases = as_tuple(type->bases);
    for (ptrdiff_t i = 0; i < bases->len; i++)
        for (ptrdiff_t j = i + 1; j < bases->len; j++)
            if (bases->items[i] == bases->items[j])
                return throw(vm, TypeError, "duplicate base class %F", as_type(bases->items[i]));
    Ref out = list_new(vm, 4);
    if (failed(out)) return FAIL;
    Row *rows = memory_new(vm, (size_t)(bases->len + 1) * sizeof *rows);
    bool ok = rows && list_push(vm, as_list(out), newref(borrow(type)));
    if (ok) {
        for (ptrdiff_t i = 0; i < bases->len; i++) {
            Tuple *mro = as_tuple(as_type(bases->items[i])->mro);
            rows[i] = (Row){as_values(mro->items), mro->len, 0};
        }
        rows[bases->len] = (Row){as_values(as_tuple(type->bases)->items), bases->len, 0};
        ok = merge(vm, as_list(out), rows, (int)bases->len + 1);
    }
    memory_free(rows);
    if (ok) return out;
    decref(out);
    return FAIL;
}

Ref mro_of(Vm *vm, Type *type)
{
    Type *meta = type->head.head.shape->type;
    Ref list = FAIL;
    if (meta->flags & TYPE_HEAP) list = call_special(vm, borrow(type), N(mro), 0, NULL);
    else list = mro_compute(vm, type);
    if (failed(list)) return FAIL;
    Ref tuple = tuple_from(vm, list);
    decref(list);
    if (failed(tuple)) return FAIL;
    for (ptrdiff_t i = 0; i < tuple_len(tuple); i++) {
        Value class = tuple_at(tuple, i);
        if (is_type(class) && is_heap(as_type(class)->mro)) continue;
        if (is_type(class) && as_type(class) == type) continue;
        throw(vm, TypeError, "mro() returned a non-class ('%T')", class);
        decref(tuple);
        return FAIL;
    }
    return tuple;
}
