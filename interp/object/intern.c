/* intern.c - the table of unique strings, and the strings every interpreter has.
 *
 * Open addressing with linear probing.  The table does not own its strings: one that dies takes
 * itself out (the clear of str_type).  A slot is NULL (never used), GONE (deleted) or a string.
 * Neighbours: str.c, name.c (names C code needs). */
/* SPDX-License-Identifier: MIT */
#include "object/intern.h"

struct Interned {
    size_t size; /* slots: a power of two */
    size_t used; /* slots that are not NULL */
    size_t live; /* strings */
    const Str **slots;
};

static const char gone_mark;
#define GONE ((const Str *)(const void *)&gone_mark)

/* A table of `size` slots holding what old held; false when memory is out. */
static bool intern_rebuild(Vm *vm, struct Interned *table, size_t size)
{
    const Str **slots = memory_zeroed(vm, size * sizeof *slots);
    if (!slots) return false;
    for (size_t i = 0; i < table->size; i++) {
        const Str *s = table->slots[i];
        if (!s || s == GONE) continue;
        size_t at = (size_t)s->hash & (size - 1);
        while (slots[at]) at = (at + 1) & (size - 1);
        slots[at] = s;
    }
    memory_free(table->slots);
    table->slots = slots;
    table->size = size;
    table->used = table->live;
    return true;
}

static bool same_text(const Str *a, const Str *b)
{
    return a->hash == b->hash && a->len == b->len && a->width == b->width &&
           memcmp(a->data, b->data, (size_t)a->len * a->width) == 0;
}

Ref str_intern(Vm *vm, Ref ref)
{
    if (failed(ref) || as_str(ref)->interned) return ref;
    struct Interned *table = vm->interp->interned;
    if ((table->used + 1) * 3 > table->size * 2 &&
        !intern_rebuild(vm, table, table->live * 3 > table->size ? table->size * 2 : table->size)) {
        decref(ref);
        return FAIL;
    }
    if (!is_exact(ref, KIND_STR)) {
        replace(&ref, str_exact(vm, ref));
        if (failed(ref)) return FAIL;
    }
    Str *s = as_str(ref);
    str_hash(vm, s);
    size_t at = (size_t)s->hash & (table->size - 1);
    size_t place = table->size; /* the first GONE on the way */
    for (; table->slots[at]; at = (at + 1) & (table->size - 1)) {
        const Str *other = table->slots[at];
        if (other == GONE || other->head.count == 0) { /* a dying one gives its place up */
            if (other != GONE) {
                table->slots[at] = GONE;
                table->live--;
            }
            if (place == table->size) place = at;
        } else if (same_text(other, s)) {
            Ref found = newref(borrow(other));
            decref(ref);
            return found;
        }
    }
    if (place == table->size) {
        place = at;
        table->used++;
    }
    table->slots[place] = s;
    table->live++;
    s->interned = true;
    s->head.flags &= (uint8_t)~OBJ_CLEARED;
    return ref;
}

Ref str_interned(Vm *vm, const char *utf8) { return str_intern(vm, str_from(vm, utf8)); }

void intern_forget(Interp *interp, const Str *s)
{
    struct Interned *table = interp->interned;
    if (!table) return;
    for (size_t at = (size_t)s->hash & (table->size - 1); table->slots[at];
         at = (at + 1) & (table->size - 1)) {
        if (table->slots[at] != s) continue;
        table->slots[at] = GONE;
        table->live--;
        return;
    }
}

bool str_open(Vm *vm)
{
    Interp *interp = vm->interp;
    interp->interned = memory_zeroed(vm, sizeof *interp->interned);
    if (!interp->interned || !intern_rebuild(vm, interp->interned, 4096)) return false;
    interp->latin1 = memory_zeroed(vm, 256 * sizeof(Ref));
    if (!interp->latin1) return false;
    interp->empty_str = str_intern(vm, str_new(vm, 0, STR_ASCII));
    if (failed(interp->empty_str)) return false;
    for (int i = 0; i < 256; i++) {
        Ref s = str_new(vm, 1, (uint32_t)i);
        if (failed(s)) return false;
        as_str(s)->data[0] = (char)i;
        interp->latin1[i] = str_intern(vm, s);
        if (failed(interp->latin1[i])) return false;
        as_object(interp->latin1[i])->count = IMMORTAL;
    }
    as_object(interp->empty_str)->count = IMMORTAL;
    return true;
}

void str_close(Interp *interp)
{
    if (!interp->interned) return;
    memory_free(interp->interned->slots);
    memory_free(interp->interned);
    interp->interned = NULL;
    memory_free(interp->latin1);
    interp->latin1 = NULL;
}
