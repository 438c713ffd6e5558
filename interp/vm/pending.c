/* pending.c - finalisers and callbacks, run where script code may run.
 *
 * decref never runs script code: a dropped object whose finaliser must run is queued here, alive
 * again.  eval runs what waits where a register loses what it held (object_dies), and looks at
 * vm->interrupt before and after calls, at each turn of a loop, and after a deletion or the
 * rebinding of a global name.  A thread runs what it has dropped itself.
 * Neighbours: object/life.c (object_drop queues), eval.c (CHECK_INTERRUPT). */
/* SPDX-License-Identifier: MIT */
#include "vm/pending.h"

#include <stdlib.h>

#include "memory/gc.h"
#include "object/call.h"
#include "object/error.h"
#include "object/name.h"
#include "vm/collect.h"
#include "vm/signals.h"
#include "vm/thread.h"

typedef struct Job {
    Object *object; /* to finalise, or NULL: */
    Ref callable, argument;
} Job;

struct Pending {
    Job *jobs;
    ptrdiff_t len, capacity;
    bool running;
};

void pending_close(Vm *vm)
{
    if (vm->pending) free(vm->pending->jobs);
    free(vm->pending);
    vm->pending = NULL;
}

/* Makes room for one more; false: no memory. */
static bool pending_grow(Vm *vm)
{
    if (!vm->pending && !(vm->pending = calloc(1, sizeof *vm->pending))) return false;
    struct Pending *pending = vm->pending;
    if (pending->len < pending->capacity) return true;
    ptrdiff_t capacity = pending->capacity ? pending->capacity * 2 : 16;
    Job *jobs = realloc(pending->jobs, sizeof(Job) * (size_t)capacity);
    if (!jobs) return false;
    pending->jobs = jobs;
    pending->capacity = capacity;
    return true;
}

static void push(Interp *interp, Job job)
{
    Vm *vm = interp->running;
    if (!pending_grow(vm)) { /* the object leaks rather than dies unfinalised */
        decref(job.callable);
        decref(job.argument);
        return;
    }
    vm->pending->jobs[vm->pending->len++] = job;
    atomic_fetch_or(&vm->interrupt, INTERRUPT_PENDING);
}

void pending_finalizer(Interp *interp, Object *object)
{
    object->count = 1;
    object->flags |= OBJ_FINALIZED;
    push(interp, (Job){object, UNDEF, UNDEF});
}

bool object_finalize(Vm *vm, Object *object)
{
    if (vm->interp->finalizing_done) return true;
    pending_finalizer(vm->interp, object);
    return false;
}

bool object_finalize_later(Interp *interp, Object *object)
{
    if (interp->finalizing_done) return false;
    object->flags |= OBJ_FINALIZED;
    object->count++;
    push(interp, (Job){object, UNDEF, UNDEF});
    return true;
}

void weakref_callback_later(Interp *interp, Ref callback, Ref weakref)
{
    pending_call(interp, callback, weakref);
}

void pending_call(Interp *interp, Ref callable, Ref argument)
{
    push(interp, (Job){NULL, callable, argument});
}

static void run_del(Vm *vm, Object *object)
{
    Ref result = call_special(vm, borrow(object), N(__del__), 0, NULL);
    if (failed(result)) {
        Ref method = newref(type_lookup(vm, type_of(vm, borrow(object)), N(__del__)));
        error_unraisable(vm, "Exception ignored while calling deallocator", method);
        decref(method);
    }
    decref(result);
}

static void run_job(Vm *vm, Job job)
{
    Ref saved = error_take(vm);
    if (job.object) {
        Type *type = type_of(vm, borrow(job.object));
        if (type->def->finalize) type->def->finalize(vm, job.object);
        if (type->flags & TYPE_HAS_DEL) run_del(vm, job.object);
        decref(from_object(job.object));
    } else {
        Ref result = call1(vm, job.callable, job.argument);
        if (failed(result))
            error_unraisable(vm, "Exception ignored while calling weakref callback", job.callable);
        decref(result);
        decref(job.callable);
        decref(job.argument);
    }
    error_restore(vm, saved);
}

bool pending_run(Vm *vm)
{
    struct Pending *pending = vm->pending;
    if (!pending || pending->running || pending->len == 0) return false;
    pending->running = true;
    for (ptrdiff_t n = 0; n < pending->len; n++) run_job(vm, pending->jobs[n]);
    pending->len = 0;
    pending->running = false;
    return true;
}

void object_dies(Vm *vm, Object *object)
{
    object_drop(object);
    if (!(atomic_load_explicit(&vm->interrupt, memory_order_relaxed) & INTERRUPT_PENDING)) return;
    atomic_fetch_and(&vm->interrupt, ~INTERRUPT_PENDING);
    pending_run(vm);
}

bool safe_point(Vm *vm)
{
    int why = atomic_exchange(&vm->interrupt, 0);
    if (why & INTERRUPT_GC && collector_enabled(vm->interp)) collect_once(vm, COLLECT_AUTOMATIC);
    if (why & INTERRUPT_PENDING) pending_run(vm);
    if (why & INTERRUPT_LOCK) gil_yield(vm);
    return !(why & INTERRUPT_SIGNAL) || signals_run(vm);
}
