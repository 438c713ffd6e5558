/* interp.c - opening and closing an interpreter: each layer in its order, and back.
 *
 * Neighbours: main.c. */
/* SPDX-License-Identifier: MIT */
#include "cli/interp.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"
#include "cli/ending.h"
#include "loop/loop.h"
#include "memory/gc.h"
#include "modules/sys.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/str.h"
#include "object/type.h"
#include "object/weakref.h"
#include "vm/frame.h"
#include "vm/import.h"
#include "vm/pending.h"
#include "vm/signals.h"
#include "vm/specialise.h"
#include "vm/thread.h"

/* PYTHONHASHSEED: a number fixes the key, 0 switches it off; else it is random. */
static void seed_hash(Interp *interp)
{
    const char *seed = flags_getenv(&interp->flags, "PYTHONHASHSEED");
    if (seed && strcmp(seed, "random") != 0) {
        uint64_t n = strtoull(seed, NULL, 10);
        hash_key_from_seed(interp->hash_key, (uint32_t)n);
        interp->flags.hash_randomization = n != 0;
    } else if (getrandom(interp->hash_key, sizeof interp->hash_key, GRND_NONBLOCK) < 0) {
        interp->hash_key[0] = (uint64_t)(uintptr_t)interp;
    }
}

static bool open_modules(Vm *vm)
{
    Interp *interp = vm->interp;
    interp->modules = dict_new(vm);
    if (failed(interp->modules)) return false;
    Ref builtins = import_text(vm, "builtins"),
        sys = failed(builtins) ? FAIL : import_text(vm, "sys");
    bool good = !failed(sys);
    decref(builtins);
    decref(sys);
    return good;
}

Vm *interp_open(Debugging debugging, const Flags *flags)
{
    Interp *interp = calloc(1, sizeof *interp);
    if (!interp) return NULL;
    Vm *vm = &interp->main;
    vm->interp = interp;
    vm->handled = &vm->base_handled;
    vm->thread_id = (uint64_t)pthread_self();
    interp->running = interp->threads = vm;
    interp->debug = debugging.bits;
    interp->flags = flags ? *flags : (Flags){.int_max_str_digits = 4300};
    interp->flags.hash_randomization = 1;
    interp->int_digits_limit =
        interp->flags.int_max_str_digits ? interp->flags.int_max_str_digits : -1;
    allocator_open(interp, debugging.bits & DEBUG_REFS, debugging.fail_after, debugging.sites);
    interp->recursion_limit = 1000;
    seed_hash(interp);
    if (!gil_open(interp) || !stacks_open(vm) || !collector_open(vm) || !types_open(vm) ||
        !names_open(vm) || !exceptions_open(vm) || !weakrefs_open(vm) || !open_modules(vm))
        return NULL;
    signals_open(vm);
    return vm;
}

/* Of a dict that has such an entry, which may hold objects of the program. */
static void drop_entry(Vm *vm, Value dict, Value name)
{
    if (is_dict(dict) && !absent(dict_get_name(as_dict(dict), name)))
        dict_set(vm, as_dict(dict), name, NONE); /* takes no memory: the entry is there */
}

/* The program goes first, with the value shown last and the exception that ended it: its objects
 * may need the library. */
static void drop_program(Vm *vm, Dict *modules)
{
    drop_entry(vm, vm->interp->builtins, (Value)vm->interp->latin1['_']);
    const Value last[] = {N(last_exc), N(last_value), N(last_type), N(last_traceback)};
    for (int i = 0; i < 4; i++) drop_entry(vm, vm->interp->sys, last[i]);
    Ref name = str_from(vm, "__main__");
    if (!failed(name)) dict_delete(vm, modules, name);
    decref(name);
    collector_run_full(vm);
    pending_run(vm);
}

static bool is_sys_or_builtins(const Interp *interp, Value module)
{
    return is_kind(module, KIND_MODULE) &&
           (module_dict(module) == as_dict(interp->builtins) ||
            (is_dict(interp->sys) && module_dict(module) == as_dict(interp->sys)));
}

/* Weak references to the modules that are forgotten here: all but builtins and sys, which a
 * finaliser that imports them must not find anew. */
static Ref forget_modules(Vm *vm, Dict *modules)
{
    Ref weak = list_new(vm, 0), kept = dict_new(vm);
    Value key, module;
    for (ptrdiff_t i = 0; !failed(weak) && dict_next(modules, &i, &key, &module);) {
        if (is_sys_or_builtins(vm->interp, module)) {
            if (!failed(kept) && !dict_set(vm, as_dict(kept), key, module)) error_clear(vm);
        } else if (is_kind(module, KIND_MODULE)) {
            Ref link = weakref_new(vm, type_builtin(vm, KIND_WEAKREF), module, UNDEF);
            if (failed(link) || !list_push(vm, as_list(weak), link)) replace(&weak, FAIL);
        }
    }
    dict_clear(modules);
    for (ptrdiff_t i = 0; !failed(kept) && dict_next(as_dict(kept), &i, &key, &module);)
        if (!dict_set(vm, modules, key, module)) error_clear(vm);
    decref(kept);
    return weak;
}

/* A module that did not go by itself: finalisers that come find None for its names. */
static void empty_module(Vm *vm, Value module)
{
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(module_dict(module), &i, &key, &value);)
        if (!str_is(key, "__builtins__")) dict_set(vm, module_dict(module), key, NONE);
    pending_run(vm);
    dict_clear(module_dict(module));
}

/* What can go does so while the names that its finalisers use are there; the rest is emptied, what
 * was imported last first. */
static void drop_modules(Vm *vm)
{
    if (!is_dict(vm->interp->modules)) return;
    drop_program(vm, as_dict(vm->interp->modules));
    Ref weak = forget_modules(vm, as_dict(vm->interp->modules));
    error_clear(vm);
    collector_run_full(vm);
    pending_run(vm);
    for (ptrdiff_t i = failed(weak) ? 0 : as_list(weak)->len; i-- > 0;) {
        Ref module = weakref_get(as_list(weak)->items[i]);
        if (!absent(module)) empty_module(vm, module);
        decref(module);
    }
    decref(weak);
    pending_run(vm);
}

/* module.function(), when the program has imported that module. */
static void run_at_end(Vm *vm, const char *module_name, const char *function_name)
{
    Value module = is_dict(vm->interp->modules)
                       ? dict_get_text(vm, as_dict(vm->interp->modules), module_name)
                       : (Value)UNDEF;
    if (!is_kind(module, KIND_MODULE) && !failed(module)) return;
    Ref function = failed(module) ? FAIL : attr_get_text(vm, module, function_name),
        result = failed(function) ? FAIL : call0(vm, function);
    if (failed(result))
        error_unraisable(vm, "Exception ignored at the end of the program, in", function);
    decref(result);
    decref(function);
}

/* Everything the interpreter itself keeps, so that what objects_report finds is a leak; types_close
 * calls it. */
static void drop_runtime(Vm *vm)
{
    Interp *interp = vm->interp;
    loop_state_close(interp);
    exceptions_close(vm);
    weakrefs_close(interp);
    types_close(vm);
}

/* A hook in sys leads to its globals, and these to sys: cleared, it is no cycle. */
static void drop_namespace(Ref *dict)
{
    if (is_dict(*dict)) dict_clear(as_dict(*dict));
    clear(dict);
}

int interp_close(Vm *vm)
{
    Interp *interp = vm->interp;
    run_at_end(vm, "threading", "_shutdown");
    run_at_end(vm, "atexit", "_run_exitfuncs");
    int status = ending_flush(vm);
    interp->finalizing = true;
    exception_forget(interp->memory_error); /* its frames go while the modules are whole */
    pending_run(vm);
    drop_modules(vm);
    collector_run_full(vm);
    pending_run(vm);
    sys_flush(vm);
    interp->finalizing_done = true;
    specialise_close(interp);
    signals_close(vm);
    exception_forget(interp->memory_error);
    clear(&vm->error);
    clear(&vm->context);
    clear(&vm->running_set);
    clear(&vm->current_loop);
    clear(&vm->repr_active);
    clear(&vm->thread_object);
    clear(&vm->trace);
    clear(&vm->profile);
    clear(&vm->locals);
    clear(&interp->warned);
    clear(&interp->joined_threads);
    clear(&interp->codec_searches);
    clear(&interp->codec_cache);
    clear(&interp->codec_handlers);
    drop_namespace(&interp->sys);
    drop_namespace(&interp->builtins);
    clear(&interp->modules);
    if (interp->debug & DEBUG_REFS) {
        loop_state_close(interp); /* what it leads to may be part of a cycle */
        types_forget_state(vm);
        while (collector_run_full(vm) > 0) continue; /* what a round frees may free more */
        drop_runtime(vm);
    }
    return status;
}
