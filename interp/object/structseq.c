/* structseq.c - tuples whose items have names. */
/* SPDX-License-Identifier: MIT */
#include "object/structseq.h"

#include "object/error.h"
#include "object/sequence.h"

#define STRUCTSEQ_DEFINE(n)                                                                        \
    Ref structseq_item_##n(Vm *vm __attribute__((unused)), Value self)                             \
    {                                                                                              \
        return newref(tuple_at(self, n));                                                          \
    }
STRUCTSEQ_ITEMS(STRUCTSEQ_DEFINE)

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
