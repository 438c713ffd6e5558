/* gc.h - the cycle collector.
 *
 * Works from candidates: containers whose count fell to non-zero.  Memory nobody drops cannot be
 * garbage, so an idle heap costs nothing.  Trial deletion (Bacon and Rajan, "Concurrent Cycle
 * Collection in Reference Counted Systems", 2001, the synchronous algorithm): subtract the
 * references that come from inside, what is left at zero is garbage. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MEMORY_GC_H
#define AIO_MEMORY_GC_H

#include "memory/vm.h"

typedef struct ObjectStack {
    Object **items;
    ptrdiff_t len, capacity;
} ObjectStack;

typedef struct Collector {
    ObjectStack candidates;
    ObjectStack work; /* objects whose references are still to be followed */
    ObjectStack garbage;
    ptrdiff_t next_look; /* candidates at which the heap's growth is looked at */
    int64_t live_after;  /* objects alive after the last collection */
    int64_t room;        /* how many more may live before the next */
    int64_t runs[3],
        found[3];         /* collections and unreachable objects, by gc.collect()'s generation */
    int debug;            /* gc.set_debug() */
    int64_t frozen;       /* gc.get_freeze_count() */
    int64_t looked;       /* objects that the last collection looked at */
    int64_t stress_runs;  /* AIO_DEBUG=gcstress: collections so far */
    int64_t stress_left;  /* ... and allocations until the next is due */
    int64_t threshold[3]; /* gc.set_threshold() */
    bool enabled, running, full;
    bool collecting; /* collect_once() is at work, gc.callbacks and finalisers included */
} Collector;

enum { COLLECTOR_SAVE_ALL = 32 }; /* debug: garbage goes into the list gc.garbage */

bool collector_open(Vm *vm);
void collector_close(Interp *interp);
/* Collects at a safe point when the heap has grown; how many unreachable objects were found. */
ptrdiff_t collector_run(Vm *vm);
/* AIO_DEBUG=gcstress: something was allocated.  Asks for a collection at the next safe point,
 * unless that is too much work: one that looked at more than STRESS_SMALL objects is followed by an
 * allocation for each STRESS_SHARE of them, and each STRESS_MANY collections halve how often. */
void collector_stress(Vm *vm);
/* Looks everywhere, types and modules included: gc.collect(). */
ptrdiff_t collector_run_full(Vm *vm);
/* A container dies: it is a candidate no more. */
static inline void collector_forget(Collector *collector, Container *container)
{
    Object **items = collector->candidates.items;
    ptrdiff_t last = --collector->candidates.len;
    ((Container *)items[last])->candidate = container->candidate;
    items[container->candidate - 1] = items[last];
    container->candidate = 0;
}
/* gc.freeze(): what is garbage now stays; nothing is looked at until somebody drops a reference. */
void collector_freeze(Interp *interp);
/* gc.disable() and gc.enable() */
void collector_enable(Interp *interp, bool enabled);
bool collector_enabled(const Interp *interp);

/* What the object layer knows (object/life.c, weakref.c, vm/pending.c). */
Interp *object_interp(const Object *object);
void object_visit(Object *object, void (*visit)(Ref *slot, void *context), void *context);
void object_clear(Object *object);             /* drops everything it refers to */
bool object_is_boundary(const Object *object); /* a type, module, module namespace or code */
bool object_has_finalizer(const Object *object);
/* Keeps it alive until its finaliser has run; false: none runs any more. */
bool object_finalize_later(Interp *interp, Object *object);
bool object_finalize(
    Vm *vm, Object *object); /* count is 0; false: it lives on until its finaliser has run */
/* If it is a weak reference: it calls nobody any more. */
void weakref_disarm(Object *object);
/* A class is taken from its bases' lists of subclasses; anything else is left alone. */
void type_unlink(Object *object);
void type_leave_metaclass(Vm *vm, Object *object); /* becomes a mere instance of type */
/* Native types drop what their modules keep in them, as __self__: it may be part of a cycle. */
void types_forget_state(Vm *vm);
void weakref_callback_later(Interp *interp, Ref callback, Ref weakref); /* steals both */
/* Keeps garbage in the list gc.garbage; false: it is to be cleared. */
bool garbage_keep(Vm *vm, const ObjectStack *garbage);
void weakrefs_clear(Vm *vm,
                    Object *object); /* weak references to it go dead, callbacks are queued */

#endif
