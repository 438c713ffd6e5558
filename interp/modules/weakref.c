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
NATIVE(
    weakref_proxy, "proxy(object, callback=None, /)",
    "Something that stands for object and does not keep it alive; callback(proxy) is called when\n"
    "it goes.  Whatever is done to the proxy afterwards raises ReferenceError.")
{
    bool callable = type_of(vm, argv[0])->slots.call;
    Kind kind = callable ? KIND_WEAK_CALLABLE_PROXY : KIND_WEAK_PROXY;
    return weakref_new(vm, type_builtin(vm, kind), argv[0], argv[1]);
}
static const Native *const weakref_functions[] = {
    &weakref_getweakrefcount_def, &weakref_getweakrefs_def, &weakref_proxy_def, NULL};
static bool weakref_open(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        Kind kind;
    } types[] = {{"ref", KIND_WEAKREF},
                 {"ReferenceType", KIND_WEAKREF},
                 {"ProxyType", KIND_WEAK_PROXY},
                 {"CallableProxyType", KIND_WEAK_CALLABLE_PROXY}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!module_set(vm, module, types[i].name, newref(borrow(type_builtin(vm, types[i].kind)))))
            return false;
    return true;
}
const ModuleDef _weakref_module = {
    .name = "_weakref",
    .doc = "Weak references.",
    .functions = weakref_functions,
    .open = weakref_open,
};
