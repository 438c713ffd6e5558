/* collect.c - collecting at a safe point, told to gc.callbacks.
 *
 * The collector itself runs no script code.  What does is here: the functions in the list callbacks
 * of module gc, once that is imported, are called before and after.
 * Neighbours: memory/gc.c (the collector), pending.c (safe points), modules/gc.c. */
/* SPDX-License-Identifier: MIT */
#include "vm/collect.h"

#include "memory/gc.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/list.h"
#include "object/str.h"
#include "vm/pending.h"

/* gc.callbacks when it holds any, else UNDEF. */
static Ref callbacks_now(Vm *vm)
{
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "gc");
    Ref callbacks = is_heap(module) ? attr_get_text(vm, module, "callbacks") : UNDEF;
    if ((failed(module) || failed(callbacks)) && error_is(vm, MemoryError))
        error_unraisable(vm, "Exception ignored while gc.callbacks were looked for", UNDEF);
    error_clear(vm);
    if (is_list(callbacks) && as_list(callbacks)->len > 0) return callbacks;
    decref(callbacks);
    return UNDEF;
}

static Ref collection_info(Vm *vm, int generation, ptrdiff_t found)
{
    Ref info = dict_new(vm);
    if (!failed(info) && dict_set_text(vm, as_dict(info), "generation", from_small(generation)) &&
        dict_set_text(vm, as_dict(info), "collected", from_small(found)) &&
        dict_set_text(vm, as_dict(info), "uncollectable", from_small(0)))
        return info;
    decref(info);
    return FAIL;
}

static void tell(Vm *vm, Value callbacks, const char *phase, int generation, ptrdiff_t found)
{
    Ref saved = error_take(vm), text = str_from(vm, phase),
        info = collection_info(vm, generation, found);
    for (ptrdiff_t i = 0; !failed(text) && !failed(info) && i < as_list(callbacks)->len; i++) {
        Ref callback = newref(list_at(as_list(callbacks), i));
        Ref result = call(vm, callback, 2, (Value[]){text, info});
        if (failed(result)) error_unraisable(vm, "Exception ignored in", callback);
        decref(result);
        decref(callback);
    }
    if (failed(text) || failed(info))
        error_unraisable(vm, "Exception ignored while gc.callbacks were told", UNDEF);
    decref(text);
    decref(info);
    error_restore(vm, saved);
}

bool garbage_keep(Vm *vm, const ObjectStack *garbage)
{
    if (!is_dict(vm->interp->modules)) return false; /* the program is over */
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "gc");
    Ref list = is_heap(module) ? attr_get_text(vm, module, "garbage") : UNDEF;
    bool kept = is_list(list);
    ptrdiff_t before = kept ? as_list(list)->len : 0;
    for (ptrdiff_t n = 0; kept && n < garbage->len; n++)
        kept = list_push(vm, as_list(list), newref(from_object(garbage->items[n])));
    while (!kept && is_list(list) && as_list(list)->len > before)
        decref(as_list(list)->items[--as_list(list)->len]); /* the collector holds them */
    if (!kept && error_is(vm, MemoryError))
        error_unraisable(vm, "Exception ignored while garbage was kept", UNDEF);
    decref(list);
    error_clear(vm);
    return kept;
}

/* Finalisers run between two rounds, then go the objects they belonged to. */
static ptrdiff_t collect_rounds(Vm *vm)
{
    ptrdiff_t total = 0, found;
    pending_run(vm);
    for (int round = 0; round < 4 && (found = collector_run_full(vm)) > 0; round++) {
        total += round == 0 ? found : 0;
        pending_run(vm);
    }
    return total;
}

ptrdiff_t collect_once(Vm *vm, int generation)
{
    Collector *collector = vm->interp->collector;
    if (collector->collecting) return 0; /* a callback or a finaliser collects */
    collector->collecting = true;
    int counted = generation == COLLECT_AUTOMATIC ? 0 : generation;
    Ref callbacks = callbacks_now(vm);
    if (!absent(callbacks)) tell(vm, callbacks, "start", counted, 0);
    ptrdiff_t found = generation == COLLECT_AUTOMATIC ? collector_run(vm) : collect_rounds(vm);
    collector->runs[counted]++;
    collector->found[counted] += found;
    if (!absent(callbacks)) tell(vm, callbacks, "stop", counted, found);
    decref(callbacks);
    collector->collecting = false;
    return found;
}
