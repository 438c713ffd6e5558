/* structseq.c - tuples whose items have names. */
/* SPDX-License-Identifier: MIT */
#include "object/structseq.h"

#include "object/dict.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/list.h"
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
    const Attribute *fields = def->fields ? def->fields : def->attributes;
    StrBuilder text;
    builder_open(&text);
    bool good = builder_text(vm, &text, def->name) && builder_text(vm, &text, "(");
    for (int n = 0; good && n < tuple_len(self) && fields[n].name; n++)
        good = (n == 0 || builder_text(vm, &text, ", ")) &&
               builder_text(vm, &text, fields[n].name) && builder_text(vm, &text, "=") &&
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
        as_tuple(names)->items[named] = str_from(vm, def->type.fields[named].name);
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
    const Attribute *at = def->type.fields;
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

/* Fills fields from number `from` on with what named (a dict, or None) has of them; false: it has
 * other names too, or raised. */
static bool take_named(Vm *vm, const StructSeq *def, int from, Value named, Ref *values)
{
    ptrdiff_t used = 0;
    if (!is_dict(named)) return true;
    for (int n = from; n < def->fields; n++) {
        const char *name = field_name(def, n);
        Value held = name ? dict_get_text(vm, as_dict(named), name) : (Value)UNDEF;
        if (absent(held)) continue;
        if (failed(held)) return false;
        replace(&values[n], newref(held));
        used++;
    }
    return used == as_dict(named)->len;
}

static void drop_all(Ref *values, int count)
{
    for (int n = 0; n < count; n++) decref(values[n]);
}

static Ref structseq_make(Vm *vm, Value *argv)
{
    const StructSeq *def = (const StructSeq *)as_type(argv[0])->def;
    Value named = argv[2];
    if (!absent(named) && !is_dict(named))
        return throw(vm, TypeError, "%s() takes a dict as second arg, if any", def->type.name);
    if (!type_of(vm, argv[1])->slots.iter && !type_of(vm, argv[1])->slots.get_item)
        return throw(vm, TypeError, "constructor requires a sequence");
    Ref items = tuple_from(vm, argv[1]);
    if (failed(items) || !check_length(vm, def, tuple_len(items))) {
        decref(items);
        return FAIL;
    }
    Ref values[STRUCTSEQ_MAX];
    int len = (int)tuple_len(items);
    for (int n = 0; n < def->fields; n++) values[n] = n < len ? newref(tuple_at(items, n)) : UNDEF;
    decref(items);
    if (take_named(vm, def, len, named, values)) return structseq_open_new(vm, def, values);
    drop_all(values, def->fields);
    if (!absent(vm->error)) return FAIL;
    return throw(vm, TypeError, "%s() got duplicate or unexpected field name(s)", def->type.name);
}
const Native structseq_make_def = {
    "new(cls, /, sequence, dict=?)",
    "Items from a sequence; what it does not hold of the other fields, from dict.", structseq_make,
    NATIVE_PLAIN, NULL};

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

/* The names in changes that no field has. */
static Ref unexpected_names(Vm *vm, const StructSeq *def, Value changes)
{
    Ref names = list_from(vm, changes);
    for (int n = 0; !failed(names) && n < def->fields; n++)
        for (ptrdiff_t at = as_list(names)->len - 1; at >= 0; at--)
            if (str_is(list_at(as_list(names), at), field_name(def, n)))
                decref(list_take(as_list(names), at));
    return names;
}

NATIVE(structseq_open_replace, "__replace__(self, /, **changes)",
       "Return a copy with other values for some fields, for copy.replace().")
{
    const StructSeq *def = def_of(as_object(argv[0]));
    for (int n = 0; n < def->items; n++)
        if (!field_name(def, n))
            return throw(vm, TypeError,
                         "__replace__() is not supported for %s because it has unnamed field(s)",
                         def->type.name);
    Ref values[STRUCTSEQ_MAX];
    for (int n = 0; n < def->fields; n++) values[n] = newref(as_tuple(argv[0])->items[n]);
    if (take_named(vm, def, 0, argv[1], values)) return structseq_open_new(vm, def, values);
    drop_all(values, def->fields);
    if (!absent(vm->error)) return FAIL;
    Ref names = unexpected_names(vm, def, argv[1]);
    if (!failed(names)) throw(vm, TypeError, "Got unexpected field name(s): %R", (Value)names);
    decref(names);
    return FAIL;
}

const Native *const structseq_open_methods[] = {&structseq_open_reduce_def,
                                                &structseq_open_replace_def, NULL};
