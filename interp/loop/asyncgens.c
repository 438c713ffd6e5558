/* asyncgens.c - async generators that were begun and not ended, for loop.shutdown_asyncgens().
 *
 * A loop holds weak references to them.  One that is dropped while suspended is closed by a task of
 * its loop. Neighbours: vm/asyncgen.h (who calls), eventloop.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/job.h"
#include "loop/task.h"
#include "object/list.h"
#include "object/weakref.h"
#include "vm/asyncgen.h"

static bool is_gone(Value reference) { return absent(as_weakref(reference)->target); }

/* Forgets those that are gone, when the list is about to grow. */
static void asyncgens_sweep(List *list)
{
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < list->len; i++) {
        Ref reference = list->items[i];
        if (is_gone(reference)) decref(reference);
        else list->items[kept++] = reference;
    }
    list->len = kept;
}

bool async_generator_started(Vm *vm, Coroutine *generator)
{
    Loop *loop = vm->running_loop;
    if (!loop || (generator->act.head.aux & ACTIVATION_HOOKED)) return true;
    generator->act.head.aux |= ACTIVATION_HOOKED;
    if (loop->asyncgens_closed &&
        !warn(vm, ResourceWarning, 1,
              "asynchronous generator %R was scheduled after loop.shutdown_asyncgens() call",
              borrow(generator)))
        return false;
    if (absent(loop->asyncgens)) {
        Ref list = list_new(vm, 8);
        if (failed(list)) return false;
        loop->asyncgens = list;
    }
    List *list = as_list(loop->asyncgens);
    if (list->len == list->capacity) asyncgens_sweep(list);
    Ref reference = weakref_new(vm, type_builtin(vm, KIND_WEAKREF), borrow(generator), UNDEF);
    return !failed(reference) && list_push(vm, list, reference);
}

/* The turn after the drop: a task closes it. */
static bool close_dropped(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Ref name = str_interned(vm, "aclose"), closing = FAIL, task = FAIL;
    if (!failed(name)) closing = call_method(vm, job->a, name, 0, NULL);
    if (!failed(closing)) task = ensure_future(vm, closing, as_loop(job->b));
    if (failed(task)) error_clear(vm);
    decref(name);
    decref(closing);
    decref(task);
    return true;
}

bool async_generator_finalized(Vm *vm, Coroutine *generator)
{
    Loop *loop = vm->running_loop;
    if (!loop || loop->closed || !(generator->act.head.aux & ACTIVATION_HOOKED)) return false;
    Job *job = job_new(vm, close_dropped, borrow(generator), borrow(loop));
    if (job && loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF)) return true;
    error_clear(vm);
    return false;
}

Ref loop_take_asyncgens(Vm *vm, Loop *loop)
{
    Ref alive = list_new(vm, 0), references = take(&loop->asyncgens);
    if (failed(alive) || absent(references)) return alive;
    for (ptrdiff_t i = 0; i < as_list(references)->len; i++) {
        Value reference = list_at(as_list(references), i);
        if (is_gone(reference)) continue;
        Value generator = borrow(as_weakref(reference)->target);
        if (activation_state(as_activation(generator)) == ACTIVATION_DONE) continue;
        if (list_push(vm, as_list(alive), newref(generator))) continue;
        decref(alive);
        decref(references);
        return FAIL;
    }
    decref(references);
    return alive;
}
