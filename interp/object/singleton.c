/* singleton.c - the types of None, NotImplemented and Ellipsis, each with its one value.
 *
 * All three are immediates; calling the type gives the value back.
 * Neighbours: memory/value.h. */
/* SPDX-License-Identifier: MIT */
#include "object/error.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"

enum { HASH_NONE = 0xfca86420, HASH_ELLIPSIS = 0x0e111b515, HASH_NOT_IMPLEMENTED = 0x2f3d5a91 };

NATIVE(none_new, "new(cls)", "Return None.") { return NONE; }

static Ref none_repr(Vm *vm, Value self __attribute__((unused))) { return newref(N(None)); }

static Truth none_truth(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return NO;
}

static bool none_hash(Vm *vm __attribute__((unused)), Value self __attribute__((unused)),
                      int64_t *hash)
{
    *hash = HASH_NONE;
    return true;
}

NATIVE(not_implemented_new, "new(cls)", "Return NotImplemented.") { return NOT_IMPLEMENTED; }

static Ref not_implemented_repr(Vm *vm, Value self __attribute__((unused)))
{
    return str_interned(vm, "NotImplemented");
}

static Truth not_implemented_truth(Vm *vm, Value self __attribute__((unused)))
{
    throw(vm, TypeError, "NotImplemented should not be used in a boolean context");
    return FAILED;
}

static bool not_implemented_hash(Vm *vm __attribute__((unused)), Value self __attribute__((unused)),
                                 int64_t *hash)
{
    *hash = HASH_NOT_IMPLEMENTED;
    return true;
}

NATIVE(not_implemented___reduce__, "__reduce__(self, /)", "Return the name that a pickle stores.")
{
    return str_from(vm, "NotImplemented");
}

NATIVE(ellipsis_new, "new(cls)", "Return Ellipsis.") { return ELLIPSIS; }

static Ref ellipsis_repr(Vm *vm, Value self __attribute__((unused)))
{
    return str_interned(vm, "Ellipsis");
}

static bool ellipsis_hash(Vm *vm __attribute__((unused)), Value self __attribute__((unused)),
                          int64_t *hash)
{
    *hash = HASH_ELLIPSIS;
    return true;
}

NATIVE(ellipsis___reduce__, "__reduce__(self, /)", "Return the name that a pickle stores.")
{
    return str_from(vm, "Ellipsis");
}

static const Native *const not_implemented_methods[] = {&not_implemented___reduce___def, NULL};
static const Native *const ellipsis_methods[] = {&ellipsis___reduce___def, NULL};

const TypeDef none_type = {
    .name = "NoneType",
    .size = sizeof(Object),
    .flags = TYPE_FINAL,
    .doc = "The type of the None singleton.",
    .new = &none_new_def,
    .repr = none_repr,
    .truth = none_truth,
    .hash = none_hash,
};

const TypeDef not_implemented_type = {
    .name = "NotImplementedType",
    .size = sizeof(Object),
    .flags = TYPE_FINAL,
    .doc = "The type of the NotImplemented singleton.",
    .new = &not_implemented_new_def,
    .repr = not_implemented_repr,
    .truth = not_implemented_truth,
    .hash = not_implemented_hash,
    .methods = not_implemented_methods,
};

const TypeDef ellipsis_type = {
    .name = "ellipsis",
    .size = sizeof(Object),
    .flags = TYPE_FINAL,
    .doc = "The type of the Ellipsis singleton.",
    .new = &ellipsis_new_def,
    .repr = ellipsis_repr,
    .hash = ellipsis_hash,
    .methods = ellipsis_methods,
};
