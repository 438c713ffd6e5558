/* weakref.c - the native part of module weakref. */
/* SPDX-License-Identifier: MIT */
#include "object/weakref.h"

#include "object/int.h"
#include "object/list.h"
#include "object/native.h"

NATIVE(weakref_getweakrefcount, "getweakrefcount(object, /)",
       "How many weak references there are to object.")
{
    return from_small(weakref_count(vm, argv[0]));
}
NATIVE(weakref_getweakrefs, "getweakrefs(object, /)", "A list of the weak references to object.")
{
    Ref list = list_new(vm, 0);
    for (Weakref *at = weakref_first(vm, argv[0]); at && !failed(list); at = weakref_next(at))
        if (!list_push(vm, as_list(list), newref(borrow(at)))) {
            decref(list);
            return FAIL;
        }
    return list;
}
static const Native *const weakref_functions[] = {&weakref_getweakrefcount_def,
                                                  &weakref_getweakrefs_def, NULL};
static bool weakref_open(Vm *vm, Value module)
{
    Value type = borrow(type_builtin(vm, KIND_WEAKREF));
    return module_set(vm, module, "ref", newref(type)) &&
           module_set(vm, module, "ReferenceType", newref(type));
}
const ModuleDef _weakref_module = {
    .name = "_weakref",
    .doc = "Weak references.",
    .functions = weakref_functions,
    .open = weakref_open,
};
