/* gc.c - the module gc. */
/* SPDX-License-Identifier: MIT */
#include "memory/gc.h"

#include <string.h>

#include "modules/gcwalk.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/native.h"
#include "object/tuple.h"
#include "object/dict.h"
#include "vm/collect.h"
#include "vm/pending.h"

NATIVE(gc_collect, "collect(generation=2)",
       "Run a full collection; return how many unreachable objects were found.")
{
    int64_t generation;
    if (!int_index(vm, argv[0], &generation)) return FAIL;
    if (generation < 0 || generation > 2) return throw(vm, ValueError, "invalid generation");
    return from_int64(vm, collect_once(vm, (int)generation));
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
static void add_values(Referents *referents, Ref *values, ptrdiff_t count)
{
    while (count > 0) add_referent(&values[--count], referents);
}
static void add_referents(Referents *referents, Value of)
{
    if (is_tuple(of)) {
        add_values(referents, as_tuple(of)->items, tuple_len(of));
    } else if (is_list(of)) {
        add_values(referents, as_list(of)->items, as_list(of)->len);
    } else if (is_dict(of)) {
        Value key, value;
        for (ptrdiff_t at = 0; dict_next(as_dict(of), &at, &key, &value);) {
            referents->good = referents->good &&
                              list_push(referents->vm, referents->list, newref(value)) &&
                              list_push(referents->vm, referents->list, newref(key));
        }
    } else if (is_heap(of)) {
        object_visit(as_object(of), add_referent, referents);
    }
}
NATIVE(gc_get_referents, "get_referents(*objs)",
       "A list of the objects that objs refer to directly.")
{
    Ref list = list_new(vm, 0);
    if (failed(list)) return FAIL;
    Referents referents = {vm, as_list(list), true};
    for (ptrdiff_t n = 0; n < tuple_len(argv[0]); n++)
        add_referents(&referents, tuple_at(argv[0], n));
    if (referents.good) return list;
    decref(list);
    return FAIL;
}
NATIVE(gc_get_threshold, "get_threshold()", "What set_threshold() was given.")
{
    const int64_t *threshold = vm->interp->collector->threshold;
    Ref values[3];
    for (int n = 0; n < 3; n++) values[n] = from_int64(vm, threshold[n]);
    Ref out = tuple_pack(vm, 3, (Value)values[0], (Value)values[1], (Value)values[2]);
    for (int n = 0; n < 3; n++) decref(values[n]);
    return out;
}
NATIVE(gc_set_threshold, "set_threshold(threshold0, threshold1=?, threshold2=?, /)",
       "Keep the thresholds for get_threshold(); a first one of 0 switches automatic collection "
       "off.\nWhen to collect the collector decides by how the heap has grown.")
{
    int64_t given[3];
    Collector *collector = vm->interp->collector;
    for (int n = 0; n < 3; n++) {
        given[n] = collector->threshold[n];
        if (!absent(argv[n]) && !int_index(vm, argv[n], &given[n])) return FAIL;
    }
    memcpy(collector->threshold, given, sizeof given);
    collector_enable(vm->interp, given[0] != 0);
    return NONE;
}
NATIVE(gc_get_count, "get_count()",
       "Counters for set_threshold(); the first: the objects that the next collection looks at.")
{
    return tuple_pack(vm, 3, from_small(vm->interp->collector->candidates.len), from_small(0),
                      from_small(0));
}

/* ---- freezing ---- */

NATIVE(gc_freeze, "freeze()",
       "Leave alone all containers there are until a reference to them is dropped.")
{
    HeapWalk walk = {.good = false};
    bool good = heap_walk(vm, &walk, false);
    if (good) {
        vm->interp->collector->frozen = walk.len;
        collector_freeze(vm->interp);
    }
    heap_walk_end(&walk);
    return good ? NONE : FAIL;
}
NATIVE(gc_unfreeze, "unfreeze()", "Forget what freeze() left alone.")
{
    vm->interp->collector->frozen = 0;
    return NONE;
}
NATIVE(gc_get_freeze_count, "get_freeze_count()", "How many containers freeze() left alone.")
{
    return from_int64(vm, vm->interp->collector->frozen);
}
NATIVE(gc_get_debug, "get_debug()", "The flags that set_debug() was given.")
{
    return from_small(vm->interp->collector->debug);
}
NATIVE(gc_set_debug, "set_debug(flags, /)",
       "Keep flags for get_debug(); DEBUG_SAVEALL: unreachable objects go into garbage.\n"
       "AIO_DEBUG=gc shows collections.")
{
    int64_t flags;
    if (!int_index(vm, argv[0], &flags)) return FAIL;
    vm->interp->collector->debug = (int)flags;
    return NONE;
}

static Ref stats_of(Vm *vm, int64_t runs, int64_t found)
{
    Ref stats = dict_new(vm);
    if (!failed(stats) && dict_set_text(vm, as_dict(stats), "collections", from_small(runs)) &&
        dict_set_text(vm, as_dict(stats), "collected", from_small(found)) &&
        dict_set_text(vm, as_dict(stats), "uncollectable", from_small(0)))
        return stats;
    decref(stats);
    return FAIL;
}
NATIVE(gc_get_stats, "get_stats()",
       "A list of dicts, one a generation: collections so far and what they found.\n"
       "Automatic collections count as the first.")
{
    const Collector *collector = vm->interp->collector;
    Ref list = list_new(vm, 3);
    bool good = !failed(list);
    for (int generation = 0; good && generation < 3; generation++) {
        Ref stats = stats_of(vm, collector->runs[generation], collector->found[generation]);
        good = !failed(stats) && list_push(vm, as_list(list), stats);
    }
    if (good) return list;
    decref(list);
    return FAIL;
}

/* ---- looking at the heap ---- */

NATIVE(gc_get_objects, "get_objects(generation=None)",
       "A list of the containers that are in use, or garbage not collected yet.\n"
       "generation 0 or 1: only those that the next collection looks at.")
{
    int64_t generation = 2;
    if (argv[0] != NONE && !int_index(vm, argv[0], &generation)) return FAIL;
    if (generation < -1) return throw(vm, ValueError, "generation parameter cannot be negative");
    if (generation > 2)
        return throw(vm, ValueError,
                     "generation parameter must be less than the number of available generations "
                     "(3)");
    HeapWalk walk = {.good = false};
    Ref list = list_new(vm, 0);
    bool good = !failed(list) && heap_walk(vm, &walk, generation == 0 || generation == 1);
    for (ptrdiff_t i = 0; good && i < walk.len; i++)
        good = list_push(vm, as_list(list), newref(from_object(walk.objects[i])));
    heap_walk_end(&walk);
    if (good) return list;
    decref(list);
    return FAIL;
}

typedef struct Sought {
    Value objects; /* tuple */
    bool found;
} Sought;
static void seek(Ref *slot, void *context)
{
    Sought *sought = context;
    for (ptrdiff_t i = 0; !sought->found && i < tuple_len(sought->objects); i++)
        sought->found = *slot == tuple_at(sought->objects, i);
}
NATIVE(gc_get_referrers, "get_referrers(*objs)",
       "A list of the containers that refer directly to any of objs.")
{
    HeapWalk walk = {.good = false};
    Ref list = list_new(vm, 0);
    bool good = !failed(list) && heap_walk(vm, &walk, false);
    for (ptrdiff_t i = 0; good && i < walk.len; i++) {
        Sought sought = {argv[0], false};
        if (from_object(walk.objects[i]) == argv[0]) continue;
        object_visit(walk.objects[i], seek, &sought);
        if (sought.found) good = list_push(vm, as_list(list), newref(from_object(walk.objects[i])));
    }
    heap_walk_end(&walk);
    if (good) return list;
    decref(list);
    return FAIL;
}

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
    &gc_get_freeze_count_def,
    &gc_get_debug_def,
    &gc_set_debug_def,
    &gc_get_stats_def,
    &gc_get_objects_def,
    &gc_get_referrers_def,
    NULL,
};
static bool gc_open(Vm *vm, Value module)
{
    return module_set(vm, module, "garbage", list_new(vm, 0)) &&
           module_set(vm, module, "callbacks", list_new(vm, 0)) &&
           module_set(vm, module, "DEBUG_STATS", from_small(1)) &&
           module_set(vm, module, "DEBUG_COLLECTABLE", from_small(2)) &&
           module_set(vm, module, "DEBUG_UNCOLLECTABLE", from_small(4)) &&
           module_set(vm, module, "DEBUG_SAVEALL", from_small(32)) &&
           module_set(vm, module, "DEBUG_LEAK", from_small(38));
}
const ModuleDef gc_module = {
    .name = "gc",
    .doc = "The cycle collector.",
    .functions = gc_functions,
    .open = gc_open,
};
