/* asyncgens.c - async generators that were begun and not ended, for loop.shutdown_asyncgens().
 *
 * A loop holds weak references to them.  One that is dropped while suspended is closed by a task of
 * its loop.  Hooks that a script set take the loop's place.
 * Neighbours: vm/asyncgen.h (who calls), eventloop.c. */
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

/* ---- sys.set_asyncgen_hooks() ---- */

/* A hook as it is kept and as scripts see it. */
static Ref kept(Value hook) { return is_none(hook) ? UNDEF : newref(hook); }

bool asyncgen_hooks_set(Vm *vm, Value firstiter, Value finalizer)
{
    LoopState *state = loop_state(vm);
    if (!state) return false;
    state->hooked = vm->running_loop;
    replace(&state->firstiter, kept(firstiter));
    replace(&state->finalizer, kept(finalizer));
    return true;
}

/* The script's hooks where they count, else NULL: the running loop sees to its generators. */
static const LoopState *hooks_now(const Vm *vm)
{
    const LoopState *state = vm->interp->loops;
    bool set = state && !(absent(state->firstiter) && absent(state->finalizer));
    return set && state->hooked == vm->running_loop ? state : NULL;
}

static bool call_hook(Vm *vm, Value hook, Coroutine *generator)
{
    if (absent(hook)) return true;
    Ref held = newref(hook), result = call1(vm, held, borrow(generator));
    bool good = !failed(result);
    decref(result);
    decref(held);
    return good;
}

/* ---- beginning and end of a generator ---- */

bool async_generator_started(Vm *vm, Coroutine *generator)
{
    Loop *loop = vm->running_loop;
    const LoopState *hooks = hooks_now(vm);
    if ((!loop && !hooks) || (generator->act.head.aux & ACTIVATION_HOOKED)) return true;
    generator->act.head.aux |= ACTIVATION_HOOKED;
    if (hooks) return call_hook(vm, hooks->firstiter, generator);
    if (loop->asyncgens_closed &&
        !warn_about(vm, borrow(generator), ResourceWarning, 1,
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
    if (failed(task)) error_unraisable(vm, "Exception ignored while closing", job->a);
    decref(name);
    decref(closing);
    decref(task);
    return true;
}

bool async_generator_finalized(Vm *vm, Coroutine *generator)
{
    Loop *loop = vm->running_loop;
    const LoopState *hooks = hooks_now(vm);
    if (hooks && !absent(hooks->finalizer) && (generator->act.head.aux & ACTIVATION_HOOKED)) {
        Ref saved = error_take(vm);
        if (!call_hook(vm, hooks->finalizer, generator))
            error_unraisable(vm, "Exception ignored in", borrow(generator));
        error_restore(vm, saved);
        return true;
    }
    if (hooks || !loop || loop->closed || !(generator->act.head.aux & ACTIVATION_HOOKED))
        return false;
    Ref saved = error_take(vm);
    Job *job = job_new(vm, close_dropped, borrow(generator), borrow(loop));
    bool good = job && loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF);
    if (!good) error_unraisable(vm, "Exception ignored while closing", borrow(generator));
    error_restore(vm, saved);
    return good;
}

Ref loop_take_asyncgens(Vm *vm, Loop *loop)
{
    Ref alive = list_new(vm, 0);
    if (failed(alive) || absent(loop->asyncgens)) return alive;
    Ref references = take(&loop->asyncgens);
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
