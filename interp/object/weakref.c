/* weakref.c - weak references.
 *
 * A table maps an object to the list of its weak references; OBJ_WEAKREFS in its header says that
 * there is an entry, so objects nobody refers to weakly pay nothing. Neighbours: life.c
 * (weakrefs_clear when an object dies), gc.c, vm/pending.c (callbacks). */
/* SPDX-License-Identifier: MIT */
#include "object/member.h"
#include "object/weakref.h"

#include <stdlib.h>

#include "memory/gc.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"

typedef struct Entry {
    Object *target;
    Weakref *first;
} Entry; /* target NULL: free */

struct Weakrefs {
    Entry *entries;
    size_t size, used; /* size: a power of two */
};

/* Where object's entry is, or the free slot where it would be (linear probing). */
static Entry *entry_of(const struct Weakrefs *table, const Object *object)
{
    size_t at = ((uintptr_t)object >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    for (;; at++) {
        Entry *entry = &table->entries[at & (table->size - 1)];
        if (!entry->target || entry->target == object) return entry;
    }
}

static bool grow(struct Weakrefs *table)
{
    struct Weakrefs bigger = {calloc(table->size ? table->size * 2 : 64, sizeof(Entry)),
                              table->size ? table->size * 2 : 64, table->used};
    if (!bigger.entries) return false;
    for (size_t n = 0; n < table->size; n++)
        if (table->entries[n].target)
            *entry_of(&bigger, table->entries[n].target) = table->entries[n];
    free(table->entries);
    *table = bigger;
    return true;
}

/* Frees a slot and moves later entries of its run back. */
static void erase(struct Weakrefs *table, Entry *entry)
{
    size_t hole = (size_t)(entry - table->entries);
    table->entries[hole].target = NULL;
    table->used--;
    for (size_t at = hole + 1;; at++) {
        Entry moved = table->entries[at & (table->size - 1)];
        if (!moved.target) return;
        table->entries[at & (table->size - 1)].target = NULL;
        *entry_of(table, moved.target) = moved;
    }
}

bool weakrefs_open(Vm *vm)
{
    vm->interp->weakrefs = calloc(1, sizeof(struct Weakrefs));
    return vm->interp->weakrefs && grow(vm->interp->weakrefs);
}

void weakrefs_close(Interp *interp)
{
    free(interp->weakrefs->entries);
    free(interp->weakrefs);
    interp->weakrefs = NULL;
}

/* at, or the next after it that is not waiting to be dropped (object_drop). */
static Weakref *alive(Weakref *at)
{
    while (at && at->head.head.count == 0) at = at->next;
    return at;
}

Weakref *weakref_first(Vm *vm, Value target)
{
    if (!is_heap(target) || !(as_object(target)->flags & OBJ_WEAKREFS)) return NULL;
    return alive(entry_of(vm->interp->weakrefs, as_object(target))->first);
}

Weakref *weakref_next(const Weakref *weakref) { return alive(weakref->next); }

ptrdiff_t weakref_count(Vm *vm, Value target)
{
    ptrdiff_t count = 0;
    for (Weakref *at = weakref_first(vm, target); at; at = weakref_next(at)) count++;
    return count;
}

void weakref_unlink(Object *object)
{
    Interp *interp = object_interp(object);
    Weakref *self = (Weakref *)object;
    if (absent(self->target) || !interp->weakrefs) return;
    Entry *entry = entry_of(interp->weakrefs, as_object(self->target));
    Weakref **at = &entry->first;
    while (*at && *at != self) at = &(*at)->next;
    if (*at) *at = self->next;
    if (!entry->first && entry->target) {
        as_object(self->target)->flags &= (uint8_t)~OBJ_WEAKREFS;
        erase(interp->weakrefs, entry);
    }
    self->target = UNDEF;
}

void weakrefs_clear(Vm *vm, Object *object)
{
    struct Weakrefs *table = vm->interp->weakrefs;
    object->flags &= (uint8_t)~OBJ_WEAKREFS;
    if (!table) return;
    Entry *entry = entry_of(table, object);
    Weakref *list = entry->target ? entry->first : NULL;
    if (entry->target) erase(table, entry);
    for (Weakref *next; list; list = next) {
        next = list->next;
        list->next = NULL;
        list->target = UNDEF;
        bool garbage = list->head.head.flags & OBJ_COLOUR; /* it goes, too */
        if (list->head.head.count == 0 || garbage) continue;
        Ref callback = take(&list->callback);
        if (!absent(callback)) weakref_callback_later(vm->interp, callback, newref(borrow(list)));
    }
}

void weakref_disarm(Object *object)
{
    if (is_weakref(borrow(object))) clear(&((Weakref *)object)->callback);
}

Ref weakref_get(Value weakref)
{
    Value target = as_weakref(weakref)->target;
    return absent(target) || as_object(target)->count == 0 ? UNDEF : newref(target);
}

/* One that is given again to whoever asks for it. */
static bool is_plain(const Weakref *weakref)
{
    return absent(weakref->callback) && !(weakref->head.head.flags & OBJ_SUBCLASS);
}

static bool can_refer(const Type *type) { return type->flags & TYPE_WEAKREF; }

Ref weakref_new(Vm *vm, Type *type, Value target, Value callback)
{
    if (!is_heap(target) || !can_refer(type_of(vm, target)))
        return throw(vm, TypeError, "cannot create weak reference to '%T' object", target);
    bool shared = !(type->flags & TYPE_HEAP) && (absent(callback) || callback == NONE);
    for (Weakref *at = weakref_first(vm, target); shared && at; at = weakref_next(at))
        if (is_plain(at) && as_object(borrow(at))->shape->type == type) return newref(borrow(at));
    struct Weakrefs *table = vm->interp->weakrefs;
    if (table->used * 2 >= table->size && !grow(table)) return throw_no_memory(vm);
    Weakref *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->target = target;
    self->callback = absent(callback) || callback == NONE ? UNDEF : newref(callback);
    Entry *entry = entry_of(table, as_object(target));
    if (!entry->target) {
        *entry = (Entry){as_object(target), NULL};
        table->used++;
        as_object(target)->flags |= OBJ_WEAKREFS;
    }
    Weakref **at = &entry->first; /* the plain reference, the plain proxy, then the rest */
    while (*at && is_plain(*at) && !(shared && type == type_builtin(vm, KIND_WEAKREF)))
        at = &(*at)->next;
    self->next = *at;
    *at = self;
    return from_object(self);
}

/* ---- the type ---- */

NATIVE(weakref_make, "__new__(cls, object, callback=None, /, **kwargs)",
       "A weak reference to object.")
{
    return weakref_new(vm, as_type(argv[0]), argv[1], argv[2]);
}
NATIVE(weakref_init, "__init__(self, object, callback=None, /)", "Nothing: __new__ has done it.")
{
    return NONE;
}

static Ref weakref_call(Vm *vm, Value self, const Args *args)
{
    if (args->argc || !absent(args->kwnames))
        return throw(vm, TypeError, "weakref.__call__() takes no arguments");
    Ref target = weakref_get(self);
    return absent(target) ? NONE : target;
}

static Ref weakref_repr(Vm *vm, Value self)
{
    long long address = (long long)(uintptr_t)as_object(self);
    Ref target = weakref_get(self);
    if (absent(target)) return format_text(vm, "<weakref at 0x%llx; dead>", address);
    Ref name = attr_special(vm, target, N(__name__));
    Ref text = FAIL;
    long long where = (long long)(uintptr_t)as_object(target);
    if (!failed(name))
        text = is_str(name) ? format_text(vm, "<weakref at 0x%llx; to '%T' at 0x%llx (%S)>",
                                          address, target, where, name)
                            : format_text(vm, "<weakref at 0x%llx; to '%T' at 0x%llx>", address,
                                          target, where);
    decref(name);
    decref(target);
    return text;
}

static bool weakref_hash(Vm *vm, Value self, int64_t *hash)
{
    Weakref *weak = as_weakref(self);
    if (!weak->hashed) {
        Ref target = weakref_get(self);
        if (absent(target)) return throw(vm, TypeError, "weak object has gone away"), false;
        weak->hashed = value_hash(vm, target, &weak->hash);
        decref(target);
        if (!weak->hashed) return false;
    }
    *hash = weak->hash;
    return true;
}

static Ref weakref_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQUAL && op != CMP_NOT_EQUAL) || !is_kind(b, KIND_WEAKREF))
        return NOT_IMPLEMENTED;
    Ref left = weakref_get(a), right = weakref_get(b);
    Ref answer;
    if (absent(left) || absent(right)) answer = from_bool((a == b) == (op == CMP_EQUAL));
    else answer = value_compare(vm, left, right, op);
    decref(left);
    decref(right);
    return answer;
}

static Ref get_callback(Vm *vm __attribute__((unused)), Value self)
{
    return absent(as_weakref(self)->callback) ? NONE : newref(as_weakref(self)->callback);
}

static const Native *const weakref_methods[] = {&class_getitem_def, NULL};
static const Attribute weakref_attributes[] = {
    {"__callback__", get_callback, member_read_only, "called when the object goes"},
    {NULL, NULL, NULL, NULL}};
const TypeDef weakref_type = {
    .name = "weakref.ReferenceType",
    .doc = "A reference that does not keep its object alive.",
    .size = sizeof(Weakref),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Weakref, callback)),
    .clear = weakref_unlink,
    .new = &weakref_make_def,
    .init = &weakref_init_def,
    .call = weakref_call,
    .repr = weakref_repr,
    .hash = weakref_hash,
    .compare = weakref_compare,
    .methods = weakref_methods,
    .attributes = weakref_attributes,
};
