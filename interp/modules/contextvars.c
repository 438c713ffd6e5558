/* contextvars.c - module contextvars: context variables.
 *
 * Neighbours: object/context.c (what they are). */
/* SPDX-License-Identifier: MIT */
#include "object/context.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"

static Ref missing_repr(Vm *vm, Value self __attribute__((unused)))
{
    return str_from(vm, "<Token.MISSING>");
}

static const TypeDef token_missing_type = {
    .name = "Token.MISSING",
    .size = sizeof(Object),
    .doc = "No value before.",
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .repr = missing_repr,
};

NATIVE(contextvars_copy_context, "copy_context()", "Return a copy of the current context.")
{
    Ref context = context_snapshot(vm);
    if (!failed(context_object(vm, &context))) return context;
    decref(context);
    return FAIL;
}

static bool contextvars_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &token_missing_type);
    Object *missing = type ? type_instance(vm, type) : NULL;
    if (!missing) return false;
    Dict *names = type_dict(vm, type_builtin(vm, KIND_CONTEXT_TOKEN));
    bool ok =
        names ? dict_set_text(vm, names, "MISSING", borrow(missing)) : !failed(throw_no_memory(vm));
    decref_object(missing);
    const struct {
        const char *name;
        Kind kind;
    } types[] = {
        {"Context", KIND_CONTEXT}, {"ContextVar", KIND_CONTEXT_VAR}, {"Token", KIND_CONTEXT_TOKEN}};
    Ref all = ok ? tuple_new(vm, 4) : FAIL;
    for (int i = 0; !failed(all) && i < 4; i++) {
        Ref name = str_interned(vm, i < 3 ? types[i].name : "copy_context");
        if (failed(name)) replace(&all, FAIL);
        else as_tuple(all)->items[i] = name;
    }
    ok = !failed(all) && module_set(vm, module, "__all__", all);
    for (int i = 0; ok && i < 3; i++)
        ok = module_set(vm, module, types[i].name, newref(borrow(type_builtin(vm, types[i].kind))));
    return ok;
}

static const Native *const contextvars_functions[] = {&contextvars_copy_context_def, NULL};
const ModuleDef contextvars_module = {
    .name = "contextvars",
    .doc = "Variables with a value per context.",
    .functions = contextvars_functions,
    .open = contextvars_open,
};
