/* imp.c - the module _imp: what importlib asks of import.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/embedded.h"
#include "modules/registry.h"
#include "modules/source.h"
#include "modules/spec.h"
#include "object/bytes.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"
#include "vm/import.h"

static Ref none_if_absent(Ref spec) { return absent(spec) ? NONE : spec; }

static bool check_name(Vm *vm, Value name, const char *function)
{
    if (is_str(name)) return true;
    throw(vm, TypeError, "%s() argument 'name' must be str, not %A", function, name);
    return false;
}

NATIVE(imp_find, "_find(name, places, /)",
       "The spec of the module in one of the places of a list like sys.path, or None.")
{
    return check_name(vm, argv[0], "_find") ? none_if_absent(import_find(vm, argv[0], argv[1]))
                                            : FAIL;
}
NATIVE(imp_find_in_folder, "_find_in_folder(folder, name, /)",
       "The spec of the module in a folder, or None; its loader is None when it is part of a "
       "namespace package.")
{
    if (!check_name(vm, argv[1], "_find_in_folder") || !check_name(vm, argv[0], "_find_in_folder"))
        return FAIL;
    return none_if_absent(import_find_in_folder(vm, argv[0], argv[1]));
}
NATIVE(imp_find_builtin, "_find_builtin(name, /)", "The spec of a module written in C, or None.")
{
    return check_name(vm, argv[0], "_find_builtin")
               ? none_if_absent(import_find_builtin(vm, argv[0]))
               : FAIL;
}
NATIVE(imp_embedded_source, "_embedded_source(path, /)",
       "The source, as bytes, of a file of the library in the binary, or None.")
{
    const Embedded *entry = import_embedded(vm, argv[0]);
    return entry ? bytes_from(vm, (const char *)entry->source, (ptrdiff_t)entry->length) : NONE;
}
NATIVE(imp_embedded_names, "_embedded_names()",
       "The dotted names of the modules of the library in the binary.")
{
    Ref list = list_new(vm, 0);
    for (const Embedded *entry = embedded_modules; !failed(list) && entry->name; entry++) {
        Ref name = str_from(vm, entry->name);
        if (failed(name) || !list_push(vm, as_list(list), name)) replace(&list, FAIL);
    }
    return list;
}
NATIVE(imp_is_builtin, "is_builtin(name, /)",
       "1 when a module of that name is written in C; -1 when it cannot be loaded again; else 0.")
{
    if (!check_name(vm, argv[0], "is_builtin")) return FAIL;
    Ref spec = import_find_builtin(vm, argv[0]);
    if (failed(spec)) return FAIL;
    bool found = !absent(spec);
    decref(spec);
    return from_small(!found ? 0 : str_is(argv[0], "sys") || str_is(argv[0], "builtins") ? -1 : 1);
}
NATIVE(imp_create_builtin, "create_builtin(spec, /)", "The module in C that spec names.")
{
    return import_load_builtin(vm, argv[0]);
}
NATIVE(imp_exec_builtin, "exec_builtin(mod, /)", "0: create_builtin() has filled it.")
{
    return from_small(0);
}
NATIVE(imp_is_frozen, "is_frozen(name, /)", "False: no module is frozen.") { return FALSE; }
NATIVE(imp_override_frozen, "_override_frozen_modules_for_tests(override, /)",
       "No effect: whatever is asked for, no module is frozen.")
{
    int64_t override;
    return int_index(vm, argv[0], &override) ? NONE : FAIL;
}
NATIVE(imp_extension_suffixes, "extension_suffixes()", "[]: modules in C are part of the binary.")
{
    return list_new(vm, 0);
}

static const Native *const imp_functions[] = {
    &imp_find_def,
    &imp_find_in_folder_def,
    &imp_find_builtin_def,
    &imp_embedded_source_def,
    &imp_embedded_names_def,
    &imp_is_builtin_def,
    &imp_create_builtin_def,
    &imp_exec_builtin_def,
    &imp_is_frozen_def,
    &imp_override_frozen_def,
    &imp_extension_suffixes_def,
    NULL,
};
const ModuleDef _imp_module = {
    .name = "_imp", .doc = "What importlib asks of the import system.", .functions = imp_functions};
