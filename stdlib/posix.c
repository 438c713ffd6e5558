/* posix.c - the module posix: the operating system's calls, under os.aio.
 *
 * The bodies are in the _posix_*.c files by theme; this one puts their tables together. */
/* SPDX-License-Identifier: MIT */
#include "_posix.h"

static const Native *const *const tables[] = {
    posix_path_functions,       posix_stat_functions,     posix_directory_functions,
    posix_descriptor_functions, posix_transfer_functions, posix_process_functions,
    posix_exec_functions,       posix_schedule_functions, posix_identity_functions,
    posix_system_functions,
};

static bool add_functions(Vm *vm, Value module)
{
    Ref name = str_interned(vm, "posix");
    bool good = !failed(name);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const Native *const *native = tables[t]; good && *native; native++) {
            Ref function = native_function(vm, *native, UNDEF, name);
            good = !failed(function) &&
                   dict_set(vm, module_dict(module), as_native(function)->name, function);
            decref(function);
        }
    decref(name);
    return good;
}

static bool add_types(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        const StructSeq *def;
        int unnamed;
    } rows[] = {
        {"stat_result", &stat_result_type, 3},     {"statvfs_result", &statvfs_result_type, 0},
        {"waitid_result", &waitid_result_type, 0}, {"sched_param", &sched_param_type, 0},
        {"uname_result", &uname_result_type, 0},   {"times_result", &times_result_type, 0},
        {"terminal_size", &terminal_size_type, 0},
    };
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        Type *type = type_from_def(vm, &rows[n].def->type);
        if (!type || !structseq_count_fields(vm, rows[n].def, rows[n].unnamed) ||
            !module_set(vm, module, rows[n].name, newref(borrow(type))))
            return false;
    }
    Type *entry = type_from_def(vm, &direntry_type);
    return entry && module_set(vm, module, "DirEntry", newref(borrow(entry)));
}

/* _fork_hooks: what register_at_fork() collects. */
static bool add_hooks(Vm *vm, Value module)
{
    static const char *const names[] = {"before", "after_in_child", "after_in_parent"};
    Ref hooks = dict_new(vm);
    bool good = !failed(hooks);
    for (int n = 0; good && n < 3; n++) {
        Ref list = list_new(vm, 0);
        good = !failed(list) && dict_set_text(vm, as_dict(hooks), names[n], list);
        decref(list);
    }
    if (good) return module_set(vm, module, "_fork_hooks", hooks);
    decref(hooks);
    return false;
}

static bool posix_open_module(Vm *vm, Value module)
{
    return add_functions(vm, module) && add_types(vm, module) && add_hooks(vm, module) &&
           posix_add_constants(vm, module) && module_set(vm, module, "F_OK", from_small(F_OK)) &&
           module_set(vm, module, "environ", environment_dict(vm)) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, OSError))));
}

const ModuleDef posix_module = {
    .name = "posix",
    .doc = "The calls of the operating system; scripts use the module os.",
    .open = posix_open_module,
};
