/* structseq.c - tuples whose items have names. */
/* SPDX-License-Identifier: MIT */
#include "object/structseq.h"

#include "object/dict.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/number.h"
#include "object/sequence.h"

#define STRUCTSEQ_DEFINE(n)                                                                        \
    Ref structseq_item_##n(Vm *vm __attribute__((unused)), Value self)                             \
    {                                                                                              \
        return newref(tuple_at(self, n));                                                          \
    }
STRUCTSEQ_ITEMS(STRUCTSEQ_DEFINE)

#define STRUCTSEQ_GETTER(n) structseq_item_##n,
enum { STRUCTSEQ_MAX = 20 }; /* getters there are */

Ref structseq_repr(Vm *vm, Value self)
{
    const TypeDef *def = type_of(vm, self)->def;
    StrBuilder text;
    builder_open(&text);
    bool good = builder_text(vm, &text, def->name) && builder_text(vm, &text, "(");
    for (int n = 0; good && n < tuple_len(self) && def->attributes[n].name; n++)
        good = (n == 0 || builder_text(vm, &text, ", ")) &&
               builder_text(vm, &text, def->attributes[n].name) && builder_text(vm, &text, "=") &&
               builder_repr(vm, &text, tuple_at(self, n));
    if (good && builder_text(vm, &text, ")")) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

NATIVE(structseq_reduce, "__reduce__(self, /)",
       "How to copy it: as a plain tuple's type and items.")
{
    Ref plain = tuple_from_values(vm, tuple_len(argv[0]), as_values(as_tuple(argv[0])->items));
    Ref args = failed(plain) ? FAIL : tuple_pack(vm, 1, (Value)plain);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(plain);
    decref(args);
    return out;
}

const Native *const structseq_methods[] = {&structseq_reduce_def, NULL};

Ref structseq_new(Vm *vm, const TypeDef *def, int count, Ref *values)
{
    Type *type = type_from_def(vm, def);
    Tuple *self = type ? type_instance_sized(vm, type, sizeof(Ref) * (size_t)count) : NULL;
    bool good = self != NULL;
    for (int n = 0; n < count; n++) good = good && !failed(values[n]);
    if (self) self->len = good ? count : 0;
    for (int n = 0; n < count; n++) {
        if (good) self->items[n] = values[n];
        else decref(values[n]);
    }
    if (good) return from_object(self);
    if (self) decref(from_object(self));
    return FAIL;
}

/* ---- those that scripts make, with fields that are no items ---- */

static const StructSeq *def_of(const Object *self)
{
    return (const StructSeq *)self->shape->type->def;
}

void structseq_visit(Object *self, Visit *visit, void *context)
{
    Ref *items = ((Tuple *)self)->items;
    for (int n = 0; n < def_of(self)->fields; n++)
        if (is_heap(items[n])) visit(&items[n], context);
}
void structseq_clear(Object *self)
{
    for (int n = 0; n < def_of(self)->fields; n++) clear(&((Tuple *)self)->items[n]);
    ((Tuple *)self)->len = 0;
}

Ref structseq_open_new(Vm *vm, const StructSeq *def, Ref *values)
{
    Type *type = type_from_def(vm, &def->type);
    Tuple *self = type ? type_instance_sized(vm, type, sizeof(Ref) * (size_t)def->fields) : NULL;
    bool good = self != NULL;
    for (int n = 0; n < def->fields; n++) good = good && !failed(values[n]);
    if (self) self->len = def->items;
    for (int n = 0; n < def->fields; n++) {
        if (good) self->items[n] = absent(values[n]) ? NONE : values[n];
        else decref(values[n]);
    }
    if (good) return from_object(self);
    for (int n = 0; self && n < def->fields; n++) self->items[n] = NONE;
    decref_object(self);
    return FAIL;
}

bool structseq_count_fields(Vm *vm, const StructSeq *def, int unnamed)
{
    Type *type = type_from_def(vm, &def->type);
    Dict *dict = type ? type_dict(vm, type) : NULL;
    if (!dict) return false;
    int named = 0;
    Ref names = tuple_new(vm, def->items - unnamed);
    if (failed(names)) return false;
    for (; named < def->items - unnamed; named++)
        as_tuple(names)->items[named] = str_from(vm, def->type.attributes[named].name);
    bool good = dict_set_text(vm, dict, "n_fields", from_small(def->fields)) &&
                dict_set_text(vm, dict, "n_sequence_fields", from_small(def->items)) &&
                dict_set_text(vm, dict, "n_unnamed_fields", from_small(unnamed)) &&
                dict_set_text(vm, dict, "__match_args__", names);
    decref(names);
    return good;
}

/* The name of the field number n: the attribute that reads it. */
static const char *field_name(const StructSeq *def, int n)
{
    static Ref (*const getters[])(Vm *, Value) = {STRUCTSEQ_ITEMS(STRUCTSEQ_GETTER)};
    const Attribute *at = def->type.attributes;
    while (at->name && at->get != getters[n]) at++;
    return at->name;
}

static bool check_length(Vm *vm, const StructSeq *def, ptrdiff_t len)
{
    if (len >= def->items && len <= def->fields) return true;
    if (def->items == def->fields)
        throw(vm, TypeError, "%s() takes a %d-sequence (%zd-sequence given)", def->type.name,
              def->items, len);
    else
        throw(vm, TypeError, "%s() takes an at %s %d-sequence (%zd-sequence given)", def->type.name,
              len < def->items ? "least" : "most", len < def->items ? def->items : def->fields,
              len);
    return false;
}

static Ref structseq_make(Vm *vm, Value *argv)
{
    const StructSeq *def = (const StructSeq *)as_type(argv[0])->def;
    Value named = argv[2];
    if (!is_none(named) && !is_dict(named))
        return throw(vm, TypeError, "%s() takes a dict as second arg, if any", def->type.name);
    if (!type_of(vm, argv[1])->slots.iter && !type_of(vm, argv[1])->slots.get_item)
        return throw(vm, TypeError, "constructor requires a sequence");
    Ref items = tuple_from(vm, argv[1]);
    if (failed(items) || !check_length(vm, def, tuple_len(items))) {
        decref(items);
        return FAIL;
    }
    Ref values[STRUCTSEQ_MAX];
    for (int n = 0; n < def->fields; n++) {
        values[n] = n < tuple_len(items) ? newref(tuple_at(items, n)) : UNDEF;
        const char *name = absent(values[n]) && is_dict(named) ? field_name(def, n) : NULL;
        if (name) values[n] = newref(dict_get_text(vm, as_dict(named), name));
    }
    decref(items);
    return structseq_open_new(vm, def, values);
}
const Native structseq_make_def = {
    "new(cls, /, sequence, dict=None)",
    "Items from a sequence; what it does not hold of the other fields, from dict.", structseq_make,
    NATIVE_PLAIN};

NATIVE(structseq_open_reduce, "__reduce__(self, /)", "How to copy it: its items and other fields.")
{
    Tuple *self = as_tuple(argv[0]);
    const StructSeq *def = def_of(as_object(argv[0]));
    Ref plain = tuple_from_values(vm, def->items, as_values(self->items));
    Ref rest = dict_new(vm), args = FAIL, out = FAIL;
    bool good = !failed(plain) && !failed(rest);
    for (int n = def->items; good && n < def->fields; n++)
        good = dict_set_text(vm, as_dict(rest), field_name(def, n), self->items[n]);
    if (good) args = tuple_pack(vm, 2, (Value)plain, (Value)rest);
    if (!failed(args)) out = tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    decref(rest);
    decref(plain);
    return out;
}

const Native *const structseq_open_methods[] = {&structseq_open_reduce_def, NULL};
