/* completed.c - asyncio.as_completed().
 *
 * Done futures go through a Queue in the order they finish; async iteration gives the futures
 * themselves, plain iteration coroutines that end with the next result. Neighbours: queue.c,
 * wait.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/completed.h"

#include "loop/wait.h"
#include "object/float.h"
#include "object/list.h"

static Completed *as_completed(Value v) { return (Completed *)as_object(v); }

bool completed_child_done(Vm *vm, Object *object, Value future)
{
    Completed *self = (Completed *)object;
    if (self->waiting <= 0) return true; /* timed out */
    if (--self->waiting == 0) timer_stop(as_loop(self->loop), ENTRY_COMPLETED_TIMEOUT, self);
    return queue_put_now(vm, self->done, future);
}

bool completed_timed_out(Vm *vm, Object *object, Value arg __attribute__((unused)))
{
    Completed *self = (Completed *)object;
    if (!timer_take(ENTRY_COMPLETED_TIMEOUT, self)) return true;
    for (ptrdiff_t i = 0; i < as_list(self->futures)->len; i++)
        future_remove_entry(as_future(list_at(as_list(self->futures), i)), ENTRY_COMPLETED, self);
    for (; self->waiting > 0; self->waiting--)
        if (!queue_put_now(vm, self->done, NONE)) return false;
    return true;
}

/* ---- one item ---- */

typedef struct NextCompleted {
    NativeCoroutine coroutine;
    Ref completed;
    bool resolve;
} NextCompleted;

static Ref next_completed_resume(Vm *vm, NativeCoroutine *coroutine, Value sent)
{
    NextCompleted *self = (NextCompleted *)coroutine;
    if (coroutine->state++ == 0)
        return delegate_new(vm, queue_get_coroutine_new(vm, as_completed(self->completed)->done));
    if (is_none(sent)) return throw_value(vm, TimeoutError, UNDEF);
    return self->resolve ? future_result(vm, as_future(sent)) : newref(sent);
}
static const NativeCoroutineDef next_completed_coroutine = {
    .name = "_AsCompletedIterator._wait_for_one",
    .size = sizeof(NextCompleted),
    .refs = REFS(REF(NextCompleted, completed)),
    .resume = next_completed_resume,
};

static Ref next_completed(Vm *vm, Completed *self, bool resolve)
{
    NextCompleted *next = (NextCompleted *)native_coroutine_new(vm, &next_completed_coroutine);
    if (!next) return FAIL;
    next->completed = newref(borrow(self));
    next->resolve = resolve;
    self->left--;
    return from_object(next);
}

static Ref completed_next(Vm *vm, Value self)
{
    return as_completed(self)->left > 0 ? next_completed(vm, as_completed(self), true) : UNDEF;
}
static Ref completed_anext(Vm *vm, Value self)
{
    if (as_completed(self)->left > 0) return next_completed(vm, as_completed(self), false);
    return throw_value(vm, StopAsyncIteration, UNDEF);
}
static Ref completed_iter(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

static const TypeDef completed_type = {
    .name = "asyncio.tasks._AsCompletedIterator",
    .size = sizeof(Completed),
    .doc = "Futures in the order they finish.",
    .flags = TYPE_CONTAINER | TYPE_NO_NEW,
    .refs = REFS(REF(Completed, loop), REF(Completed, futures), REF(Completed, done)),
    .iter = completed_iter,
    .next = completed_next,
    .aiter = completed_iter,
    .anext = completed_anext,
};

/* ---- making one ---- */

static bool completed_watch(Vm *vm, Completed *self, Loop *loop, Value timeout)
{
    List *futures = as_list(self->futures);
    for (ptrdiff_t i = 0; i < futures->len; i++) {
        Ref future = ensure_future(vm, list_at(futures, i), loop);
        if (failed(future)) return false;
        replace(&futures->items[i], future);
    }
    self->waiting = self->left = futures->len;
    for (ptrdiff_t i = 0; i < futures->len; i++) {
        newref(borrow(self));
        if (!future_add_entry(vm, as_future(list_at(futures, i)), ENTRY_COMPLETED, self))
            return false;
    }
    double seconds;
    if (is_none(timeout) || !futures->len) return true;
    return float_from(vm, timeout, &seconds) &&
           timer_start(vm, loop, loop_now(loop) + ns_from_seconds(seconds), ENTRY_COMPLETED_TIMEOUT,
                       self);
}

NATIVE(asyncio_as_completed, "as_completed(fs, *, timeout=None)",
       "Iterate over awaitables in the order they finish: `async for` gives the futures, `for` "
       "coroutines of results.\n"
       "What is not done after timeout seconds raises TimeoutError.")
{
    if (is_future(argv[0]) || is_coroutine_like(vm, argv[0]))
        return throw(vm, TypeError, "expect an iterable of futures, not %T", argv[0]);
    Loop *loop = loop_current_or_set(vm);
    Type *type = loop ? type_from_def(vm, &completed_type) : NULL;
    Completed *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->loop = newref(borrow(loop));
    Ref futures = list_of_unlike(vm, argv[0]), done = failed(futures) ? FAIL : queue_new(vm);
    bool ok = !failed(done);
    if (!failed(futures)) self->futures = futures;
    if (ok) self->done = done;
    if (ok && completed_watch(vm, self, loop, argv[1])) return from_object(self);
    decref_object(self);
    return FAIL;
}

const Native *const completed_functions[] = {&asyncio_as_completed_def, NULL};
