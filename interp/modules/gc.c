/* gc.c - the module gc. */
/* SPDX-License-Identifier: MIT */
#include "memory/gc.h"

#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/native.h"
#include "object/tuple.h"
#include "vm/pending.h"

NATIVE(gc_collect, "collect(generation=2)",
       "Run a full collection; return how many unreachable objects were found.")
{
    int64_t generation;
    if (!int_index(vm, argv[0], &generation)) return FAIL;
    if (generation < 0 || generation > 2) return throw(vm, ValueError, "invalid generation");
    ptrdiff_t total = 0, found;
    pending_run(vm);
    for (int round = 0; round < 4 && (found = collector_run_full(vm)) > 0; round++) {
        total += round == 0 ? found : 0;
        pending_run(vm); /* finalisers, then the objects they belonged to */
    }
    return from_int64(vm, total);
}
NATIVE(gc_enable, "enable()", "Enable automatic collection.")
{
    return collector_enable(vm->interp, true), NONE;
}
NATIVE(gc_disable, "disable()", "Disable automatic collection.")
{
    return collector_enable(vm->interp, false), NONE;
}
NATIVE(gc_isenabled, "isenabled()", "Is automatic collection enabled?")
{
    return from_bool(collector_enabled(vm->interp));
}
NATIVE(gc_is_tracked, "is_tracked(obj, /)", "Can obj be part of a cycle?")
{
    return from_bool(is_heap(argv[0]) && (as_object(argv[0])->flags & OBJ_CONTAINER));
}
NATIVE(gc_is_finalized, "is_finalized(obj, /)", "Has obj's finaliser run?")
{
    return from_bool(is_heap(argv[0]) && (as_object(argv[0])->flags & OBJ_FINALIZED));
}

typedef struct Referents {
    Vm *vm;
    List *list;
    bool good;
} Referents;
static void add_referent(Ref *slot, void *context)
{
    Referents *referents = context;
    referents->good = referents->good && list_push(referents->vm, referents->list, newref(*slot));
}
NATIVE(gc_get_referents, "get_referents(*objs)",
       "A list of the objects that objs refer to directly.")
{
    Ref list = list_new(vm, 0);
    if (failed(list)) return FAIL;
    Referents referents = {vm, as_list(list), true};
    for (ptrdiff_t n = 0; n < tuple_len(argv[0]); n++)
        if (is_heap(tuple_at(argv[0], n)))
            object_visit(as_object(tuple_at(argv[0], n)), add_referent, &referents);
    if (referents.good) return list;
    decref(list);
    return FAIL;
}
NATIVE(gc_get_threshold, "get_threshold()", "The thresholds, for compatibility.")
{
    return tuple_pack(vm, 3, from_small(10000), from_small(10), from_small(10));
}
NATIVE(gc_set_threshold, "set_threshold(threshold0, threshold1=10, threshold2=10, /)",
       "Accepted for compatibility; 0 switches automatic collection off.")
{
    collector_enable(vm->interp, argv[0] != from_small(0));
    return NONE;
}
NATIVE(gc_get_count, "get_count()", "Collection counters, for compatibility.")
{
    return tuple_pack(vm, 3, from_small(0), from_small(0), from_small(0));
}
NATIVE(gc_freeze, "freeze()", "Accepted for compatibility.") { return NONE; }
NATIVE(gc_unfreeze, "unfreeze()", "Accepted for compatibility.") { return NONE; }

static const Native *const gc_functions[] = {
    &gc_collect_def,
    &gc_enable_def,
    &gc_disable_def,
    &gc_isenabled_def,
    &gc_is_tracked_def,
    &gc_is_finalized_def,
    &gc_get_referents_def,
    &gc_get_threshold_def,
    &gc_set_threshold_def,
    &gc_get_count_def,
    &gc_freeze_def,
    &gc_unfreeze_def,
    NULL,
};
static bool gc_open(Vm *vm, Value module)
{
    return module_set(vm, module, "garbage", list_new(vm, 0));
}
const ModuleDef gc_module = {
    .name = "gc",
    .doc = "The cycle collector.",
    .functions = gc_functions,
    .open = gc_open,
};
