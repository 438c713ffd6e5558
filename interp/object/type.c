/* type.c - the types there are: start-up, lookup, versions.
 *
 * A builtin type's namespace is filled on its first lookup, not at start-up.  Every change to a
 * type gives it and all below it new versions, and the shapes of their instances too; whoever
 * cached an attribute under the old version (the method cache here, inline caches in vm/) misses
 * from then on. Neighbours: typemake.c (class statements), typeattr.c (what scripts see of a
 * class), typecall.c, slot.c, shape.c. */
/* SPDX-License-Identifier: MIT */
#include "object/type.h"

#include <stdio.h>
#include <stdlib.h>

#include <stdio.h>
#include <stdlib.h>

#include "memory/gc.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/error.h"
#include "object/member.h"
#include "object/name.h"
#include "object/shape.h"
#include "object/slot.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

static const TypeDef *const definitions[KIND_COUNT] = {
#define TYPE(kind, definition) [KIND_##kind] = &definition,
#include "object/types.def"
};

enum { CACHE_ROWS = 1024, EXCEPTION_SLOTS = 4 };

struct MethodCache {
    struct {
        Value name, value;
        int64_t hash;
        uint32_t version;
    } rows[CACHE_ROWS]; /* hash: the name may be gone and another in its place */
};

/* Types of definitions that are not in types.def, found by address: open addressing. */
struct TypeTable {
    size_t size, used;
    struct TypeRow {
        const TypeDef *def; /* NULL: free */
        Type *type;
    } * rows;
};

/* ---- what a type is ---- */

Type *type_of_immediate(const Vm *vm, Value v)
{
    Kind kind = is_int(v)              ? KIND_INT
                : is_float(v)          ? KIND_FLOAT
                : is_bool(v)           ? KIND_BOOL
                : is_none(v)           ? KIND_NONE
                : v == NOT_IMPLEMENTED ? KIND_NOT_IMPLEMENTED
                : v == ELLIPSIS        ? KIND_ELLIPSIS
                                       : KIND_OBJECT;
    return vm->interp->types[kind];
}

const char *typedef_short_name(const TypeDef *def)
{
    const char *dot = strrchr(def->name, '.');
    return dot ? dot + 1 : def->name;
}

/* The name of type as UTF-8; borrowed from it. */
static const char *type_text(Type *type)
{
    if (!(type->flags & TYPE_HEAP)) return typedef_short_name(type->def);
    if (!is_str(type->name)) return "?";
    if (as_str(type->name)->ascii) return as_str(type->name)->data;
    if (!type->name_text) {
        Vm *vm = type->interp->running ? type->interp->running : &type->interp->main;
        Ref pending = error_take(vm);
        str_utf8(vm, type->name, NULL, &type->name_text);
        error_restore(vm, pending);
    }
    return type->name_text ? type->name_text : "?";
}

const char *type_name(const Vm *vm, Value v) { return type_text(type_of(vm, v)); }

const char *type_full_name(Type *type)
{
    bool script = type->flags & TYPE_HEAP || strncmp(type->def->name, "asyncio.", 8) == 0;
    return script ? type_text(type) : type->def->name;
}

ptrdiff_t type_mro_len(const Type *type) { return is_heap(type->mro) ? tuple_len(type->mro) : 0; }

bool type_is_subtype(const Type *sub, const Type *base)
{
    if (sub == base) return true;
    if (type_mro_len(sub) == 0) {
        for (; sub; sub = sub->base)
            if (sub == base) return true;
        return false;
    }
    const Tuple *mro = as_tuple(sub->mro);
    for (ptrdiff_t i = 1; i < mro->len; i++)
        if (as_type(mro->items[i]) == base) return true;
    return false;
}

bool type_has_instance(const Vm *vm, const Type *type, Value v)
{
    return type_is_subtype(type_of(vm, v), type);
}

/* ---- lookup ---- */

/* __new__ and __init__; object's own are not kept in the type (UNDEF says "nothing to call"). */
static bool fill_new(Vm *vm, Type *type, Dict *dict)
{
    const TypeDef *def = type->def;
    Ref new = !def->new           ? UNDEF
              : absent(type->new) ? native_new(vm, def->new, type)
                                  : newref(type->new);
    Ref init = !def->init           ? UNDEF
               : absent(type->init) ? native_method(vm, def->init, type)
                                    : newref(type->init);
    if (!absent(init) && !failed(init)) replace(&init, slot_wrapper_of_init(vm, init, type));
    bool ok = !failed(new) && !failed(init) &&
              (absent(new) || dict_set(vm, dict, N(__new__), new)) &&
              (absent(init) || dict_set(vm, dict, N(__init__), init));
    decref(new);
    decref(init);
    return ok;
}

/* Puts what def defines into dict. */
static bool fill(Vm *vm, Type *type, Dict *dict)
{
    const TypeDef *def = type->def;
    if (!fill_new(vm, type, dict)) return false;
    if (!slot_fill(vm, type, dict)) return false;
    for (const Native *const *native = def->methods; native && *native; native++) {
        Ref method = native_method(vm, *native, type);
        Ref name = failed(method) ? FAIL : native_name(vm, *native);
        bool ok = !failed(name) && dict_set(vm, dict, name, method);
        decref(name);
        decref(method);
        if (!ok) return false;
    }
    for (const Attribute *attribute = def->attributes; attribute && attribute->name; attribute++)
        if (!getset_define(vm, type, dict, attribute)) return false;
    for (const Attribute *field = def->fields; field && field->name; field++)
        if (!field_define(vm, type, dict, field)) return false;
    if ((def->flags & TYPE_ATTRIBUTES) && absent(dict_get_name(dict, N(__dict__))) &&
        !getset_define(vm, type, dict, &object_dict_attribute))
        return false;
    if (def->match_args) {
        Value names[16];
        int count = 0;
        Ref made[16];
        for (; def->match_args[count] && count < 16; count++)
            names[count] = made[count] = str_interned(vm, def->match_args[count]);
        Ref tuple = tuple_from_values(vm, count, names);
        while (count > 0) decref(made[--count]);
        bool ok = !failed(tuple) && dict_set(vm, dict, N(__match_args__), tuple);
        decref(tuple);
        if (!ok) return false;
    }
    if (!absent(dict_get_name(dict, N(__doc__)))) return true;
    Ref doc = def->doc ? str_from(vm, def->doc) : NONE;
    bool ok = !failed(doc) && dict_set(vm, dict, N(__doc__), doc);
    decref(doc);
    return ok;
}

static bool fill_new_dict(Vm *vm, Type *type)
{
    Ref dict = dict_new(vm);
    type->filled = !failed(dict);
    if (!type->filled) return false;
    replace(&type->dict, dict);
    if (fill(vm, type, as_dict(dict))) return true;
    type->filled = false;
    clear(&type->dict);
    return false;
}

struct Dict *type_dict(Vm *vm, Type *type)
{
    if (__builtin_expect(type->filled, 1)) return as_dict(type->dict);
    Ref pending = error_take(vm);
    /* a look-up cannot fail, and a type without its methods would give wrong answers */
    if (!fill_new_dict(vm, type) && !fill_new_dict(vm, type)) {
        fputs("aio: out of memory while a type was made ready\n", stderr);
        exit(70);
    }
    error_restore(vm, pending);
    return as_dict(type->dict);
}

Value type_own(Vm *vm, Type *type, Value name) { return dict_get_name(type_dict(vm, type), name); }

Value type_lookup(Vm *vm, Type *type, Value name)
{
    size_t at = ((bits_of(name) >> 4) + type->version * 0x9E3779B1u) & (CACHE_ROWS - 1);
    struct MethodCache *cache = vm->interp->method_cache;
    int64_t hash = as_str(name)->hash;
    if (cache->rows[at].version == type->version && cache->rows[at].name == name &&
        cache->rows[at].hash == hash)
        return cache->rows[at].value;
    Value found = UNDEF;
    for (ptrdiff_t i = 0; i < type_mro_len(type) && absent(found); i++)
        found = dict_get_name(type_dict(vm, as_type(tuple_at(type->mro, i))), name);
    if (type->version) {
        cache->rows[at].version = type->version;
        cache->rows[at].name = name;
        cache->rows[at].hash = hash;
        cache->rows[at].value = found;
    }
    return found;
}

/* ---- change ---- */

static void subclasses_close_up(struct Subclasses *list)
{
    int kept = 0;
    for (int i = 0; i < list->len; i++)
        if (list->items[i]) list->items[kept++] = list->items[i];
    list->len = kept;
    list->gone = list->last = 0;
}

bool subclass_add(Vm *vm, Type *base, Type *type)
{
    struct Subclasses *list = base->subclasses;
    if (!list || list->len == list->capacity) {
        int capacity = list ? list->capacity * 2 : 4;
        size_t bytes = sizeof *list + (size_t)capacity * sizeof(Type *);
        struct Subclasses *grown = list ? memory_resize(vm, list, bytes) : memory_zeroed(vm, bytes);
        if (!grown) return false;
        grown->capacity = capacity;
        base->subclasses = list = grown;
    }
    list->items[list->len++] = type;
    return true;
}

void subclass_remove(Type *base, const Type *type)
{
    struct Subclasses *list = base->subclasses;
    if (!list) return;
    for (int n = 0, i = list->last; n < list->len; n++, i++) {
        if (i >= list->len) i = 0;
        if (list->items[i] != type) continue;
        list->items[i] = NULL;
        list->last = i;
        if (++list->gone * 2 > list->len) subclasses_close_up(list);
        return;
    }
}

void type_touch(Vm *vm, Type *type)
{
    type->version = ++vm->interp->type_version;
    shapes_touch(type);
    for (int i = 0; type->subclasses && i < type->subclasses->len; i++)
        if (type->subclasses->items[i]) type_touch(vm, type->subclasses->items[i]);
}

void type_add_flags(Type *type, unsigned flags)
{
    type->flags |= flags;
    for (int i = 0; type->subclasses && i < type->subclasses->len; i++)
        if (type->subclasses->items[i]) type_add_flags(type->subclasses->items[i], flags);
}

/* Is name spelt like a special method? */
static bool is_special_name(Value name)
{
    const Str *s = as_str(name);
    return s->len > 4 && str_at(s, 0) == '_' && str_at(s, 1) == '_' && str_at(s, s->len - 1) == '_';
}

static void update_below(Vm *vm, Type *type, Value name)
{
    type_update_slots(vm, type, name);
    if (name == N(__new__) || name == N(__init__) || name == N(__del__) ||
        name == N(__abstractmethods__))
        type_cache_new(vm, type);
    for (int i = 0; type->subclasses && i < type->subclasses->len; i++)
        if (type->subclasses->items[i]) update_below(vm, type->subclasses->items[i], name);
}

bool type_modified(Vm *vm, Type *type, Value name)
{
    /* What classes have may depend on their metaclass. */
    type_touch(vm, type->flags & TYPE_METACLASS ? type_builtin(vm, KIND_OBJECT) : type);
    if (is_special_name(name)) update_below(vm, type, name);
    return true;
}

void type_cache_new(Vm *vm, Type *type)
{
    Type *object = type_builtin(vm, KIND_OBJECT);
    Value new = type_lookup(vm, type, N(__new__)), init = type_lookup(vm, type, N(__init__));
    bool plain = new == type_lookup(vm, object, N(__new__)) && !(type->flags & TYPE_ABSTRACT);
    replace(&type->new, plain ? UNDEF : newref(new));
    replace(&type->init,
            init == type_lookup(vm, object, N(__init__)) ? UNDEF : newref(slot_unwrapped(init)));
    if (type->flags & TYPE_HEAP) {
        bool has_del = !absent(type_lookup(vm, type, N(__del__)));
        type->flags = has_del ? type->flags | TYPE_HAS_DEL : type->flags & ~(unsigned)TYPE_HAS_DEL;
    }
}

/* ---- builtin types ---- */

/* The offsets of def's references and those of base, without repetition. */
static bool merge_refs(Vm *vm, Type *type, const size_t *own, const size_t *inherited)
{
    type->refs = own ? own : inherited;
    if (!own || !inherited) return true;
    size_t count = 0, n = 0;
    while (own[n] != REFS_END) n++;
    while (inherited[count] != REFS_END) count++;
    size_t *all = memory_new(vm, (n + count + 1) * sizeof *all);
    if (!all) return false;
    memcpy(all, inherited, count * sizeof *all);
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t j = 0; inherited[j] != REFS_END; j++) known |= inherited[j] == own[i];
        if (!known) all[count++] = own[i];
    }
    all[count] = REFS_END;
    type->refs = type->merged_refs = all;
    return true;
}

/* Slots of a builtin type: def's, else its base's. */
static void inherit_slots(Type *type, const TypeDef *def, const Type *base)
{
    typedef void (*Function)(void);
    enum { COUNT = sizeof(Slots) / sizeof(Function) };
    Function own[COUNT], above[COUNT];
    _Static_assert(sizeof own == sizeof(Slots), "Slots holds function pointers only");
    memcpy(own, &def->slots, sizeof own);
    memset(above, 0, sizeof above);
    if (base) memcpy(above, &base->slots, sizeof above);
    for (int i = 0; i < COUNT; i++)
        if (!own[i]) own[i] = above[i];
    memcpy(&type->slots, own, sizeof own);
    if (def->compare && !def->hash) type->slots.hash = hash_not_implemented;
}

/* Everything about a builtin type that needs no str. */
static bool describe(Vm *vm, Type *type, const TypeDef *def, Kind kind, Type *base)
{
    enum {
        INHERITED = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF | TYPE_SEQUENCE | TYPE_MAPPING |
                    TYPE_MATCH_SELF | TYPE_HAS_DEL | TYPE_METACLASS
    };
    type->def = def;
    type->kind = kind;
    type->interp = vm->interp;
    type->base = base;
    type->flags = def->flags | (base ? base->flags & INHERITED : 0) |
                  (kind == KIND_TYPE ? TYPE_METACLASS : 0);
    type->basic_size = (uint32_t)(def->size ? def->size : base ? base->basic_size : sizeof(Object));
    type->version = ++vm->interp->type_version;
    type->visit = def->visit ? def->visit : base ? base->visit : NULL;
    type->clear = def->clear ? def->clear : base ? base->clear : NULL;
    inherit_slots(type, def, base);
    if (!merge_refs(vm, type, def->refs, base ? base->refs : NULL)) return false;
    if (type->shape) return true; /* type itself: made by hand */
    bool attributes = (type->flags & TYPE_ATTRIBUTES) && kind != KIND_MODULE && kind != KIND_TYPE;
    if (attributes && kind != KIND_EXCEPTION)
        type->shape = type->dict_shape = shape_new_dict(vm, type, 0);
    else type->shape = shape_new_root(vm, type, attributes ? EXCEPTION_SLOTS : 0, 0);
    return type->shape != NULL;
}

/* The rest: names, MRO, __new__. */
static bool name_type(Vm *vm, Type *type)
{
    const TypeDef *def = type->def;
    type->name = str_interned(vm, typedef_short_name(def));
    if (failed(type->name)) return false;
    type->qualname = newref(type->name);
    type->bases = type->base ? tuple_pack(vm, 1, borrow(type->base)) : tuple_new(vm, 0);
    int depth = 0;
    for (const Type *at = type; at; at = at->base) depth++;
    type->mro = tuple_new(vm, depth);
    if (failed(type->bases) || failed(type->mro)) return false;
    depth = 0;
    for (const Type *at = type; at; at = at->base)
        as_tuple(type->mro)->items[depth++] = newref(borrow(at));
    if (type->base && !subclass_add(vm, type->base, type)) return false;
    if (!type->base) return true; /* object: UNDEF */
    type->new = def->new ? native_new(vm, def->new, type) : newref(type->base->new);
    type->init = def->init ? native_method(vm, def->init, type) : newref(type->base->init);
    return !failed(type->new) && !failed(type->init);
}

/* The Type objects of all rows of types.def, bare. */
static bool open_rows(Vm *vm, Shape *boot)
{
    Type **types = vm->interp->types;
    for (int i = 0; i < KIND_COUNT; i++) {
        Type *type = object_new(vm, boot, sizeof(Type));
        if (!type) return false;
        type->head.head.count = IMMORTAL;
        types[i] = type;
    }
    boot->type = types[KIND_TYPE];
    boot->sibling = NULL;
    types[KIND_TYPE]->roots = types[KIND_TYPE]->shape = boot;
    for (int i = 0; i < KIND_COUNT; i++) {
        Type *base = i == KIND_OBJECT ? NULL : types[KIND_OBJECT];
        for (int j = 0; definitions[i]->base && j < KIND_COUNT; j++)
            if (definitions[j] == definitions[i]->base) base = types[j];
        if (!describe(vm, types[i], definitions[i], (Kind)i, base)) return false;
    }
    return true;
}

bool types_open(Vm *vm)
{
    Interp *interp = vm->interp;
    interp->types = memory_zeroed(vm, KIND_COUNT * sizeof(Type *));
    interp->method_cache = memory_zeroed(vm, sizeof *interp->method_cache);
    interp->extra_types = memory_zeroed(vm, sizeof *interp->extra_types);
    if (!interp->types || !interp->method_cache || !interp->extra_types) return false;
    Type fake = {.def = &type_type,
                 .kind = KIND_TYPE,
                 .flags = TYPE_CONTAINER,
                 .interp = interp,
                 .basic_size = sizeof(Type),
                 .refs = type_type.refs,
                 .clear = type_type.clear};
    interp->types[KIND_TYPE] = &fake; /* its shape is no derived class's */
    Shape *boot = shape_new_root(vm, &fake, 0, 0);
    if (!boot || !open_rows(vm, boot) || !names_open(vm)) return false;
    if (absent(interp->empty_tuple)) {
        Tuple *empty = type_instance(vm, type_builtin(vm, KIND_TUPLE));
        if (!empty) return false;
        empty->head.head.count = IMMORTAL;
        interp->empty_tuple = from_object(empty);
    }
    for (int i = 0; i < KIND_COUNT; i++)
        if (!name_type(vm, interp->types[i])) return false;
    return true;
}

/* ---- types of native modules ---- */

static size_t table_place(const struct TypeTable *table, const TypeDef *def)
{
    uint64_t mixed = (uintptr_t)def * UINT64_C(0x9E3779B97F4A7C15); /* they lie side by side */
    size_t at = mixed >> 32 & (table->size - 1);
    while (table->rows[at].def && table->rows[at].def != def) at = (at + 1) & (table->size - 1);
    return at;
}

static bool table_grow(Vm *vm, struct TypeTable *table)
{
    struct TypeTable grown = {.size = table->size ? table->size * 2 : 128, .used = table->used};
    grown.rows = memory_zeroed(vm, grown.size * sizeof *grown.rows);
    if (!grown.rows) return false;
    for (size_t i = 0; i < table->size; i++)
        if (table->rows[i].def)
            grown.rows[table_place(&grown, table->rows[i].def)] = table->rows[i];
    memory_free(table->rows);
    *table = grown;
    return true;
}

static bool is_row(const TypeDef *def, Kind *kind)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        if (definitions[i] != def) continue;
        *kind = (Kind)i;
        return true;
    }
    return false;
}

Type *type_from_def(Vm *vm, const TypeDef *def)
{
    struct TypeTable *table = vm->interp->extra_types;
    if (table->size) {
        Type *known = table->rows[table_place(table, def)].type;
        if (known) return known;
    }
    Kind kind;
    if (is_row(def, &kind)) return type_builtin(vm, kind);
    Type *base = def->base ? type_from_def(vm, def->base) : type_builtin(vm, KIND_OBJECT);
    if (!base) return NULL;
    if ((table->used + 1) * 2 > table->size && !table_grow(vm, table)) return NULL;
    Type *type = type_instance(vm, type_builtin(vm, KIND_TYPE));
    if (!type) return NULL;
    if (!describe(vm, type, def, base->kind, base) || !name_type(vm, type)) {
        decref(from_object(type));
        return NULL;
    }
    type->head.head.count = IMMORTAL;
    table->rows[table_place(table, def)] = (struct TypeRow){def, type};
    table->used++;
    return type;
}

/* ---- the end ---- */

static void unlock(Ref *ref)
{
    if (is_heap(*ref)) as_object(*ref)->count = 1;
    clear(ref);
}

void type_release(Type *type)
{
    memory_free(type->merged_refs);
    memory_free(type->name_text);
    memory_free(type->subclasses);
    type->merged_refs = NULL;
    type->name_text = NULL;
    type->subclasses = NULL;
}

/* Calls each() for the builtin types and those of native modules. */
static void each_type(Interp *interp, void (*each)(Type *type))
{
    const struct TypeTable *table = interp->extra_types;
    for (size_t i = 0; table && i < table->size; i++)
        if (table->rows[i].type) each(table->rows[i].type);
    for (int i = 0; i < KIND_COUNT; i++)
        if (interp->types[i]) each(interp->types[i]);
}

static void empty_type(Type *type) { object_clear(&type->head.head); }

void types_forget_state(Vm *vm)
{
    const struct TypeTable *table = vm->interp->extra_types;
    for (size_t i = 0; table && i < table->size; i++) {
        Type *type = table->rows[i].type;
        if (type && is_dict(type->dict)) dict_delete(vm, as_dict(type->dict), N(__self__));
    }
}

static void free_type(Type *type)
{
    type_release(type);
    if (type->head.candidate) collector_forget(type->interp->collector, &type->head);
    object_free(type->interp, &type->head.head);
}

void types_close(Vm *vm)
{
    Interp *interp = vm->interp;
    if (!interp->types) return;
    each_type(interp, empty_type);
    signatures_close(interp);
    each_type(interp, shapes_forget_names);
    for (int i = 0; interp->names && i < NAME_COUNT; i++) clear(&interp->names[i]);
    for (int i = 0; interp->latin1 && i < 256; i++) unlock(&interp->latin1[i]);
    unlock(&interp->empty_str);
    unlock(&interp->empty_bytes);
    bytes_close(interp);
    unlock(&interp->empty_tuple);
    str_close(interp);
    if (interp->debug & DEBUG_REFS) objects_report(vm, stderr); /* while types have names */
    each_type(interp, shapes_free);
    each_type(interp, free_type);
    if (interp->extra_types) memory_free(interp->extra_types->rows);
    memory_free(interp->extra_types);
    memory_free(interp->method_cache);
    memory_free(interp->names);
    memory_free(interp->types);
    interp->extra_types = NULL;
    interp->method_cache = NULL;
    interp->names = NULL;
    interp->types = NULL;
}
