/* gather.c - asyncio.gather().
 *
 * The outer future keeps its children in a list, one for each argument; each child has the outer
 * one as a callback entry, so gathering n things allocates one list and one object beside the
 * tasks. Neighbours: future.h, task.h. */
/* SPDX-License-Identifier: MIT */
#include "loop/gather.h"

#include "loop/task.h"
#include "object/dict.h"
#include "object/exception.h"
#include "object/list.h"
#include "object/number.h"
#include "object/tuple.h"

typedef struct Gather {
    Future future;
    Ref children;     /* list of Future, one per argument */
    ptrdiff_t unlike; /* different ones */
    ptrdiff_t finished;
    bool return_exceptions;
    bool cancel_requested;
} Gather;

/* What stands in the result for a child that is done; owned. */
static Ref child_outcome(Vm *vm, Future *child)
{
    if (is_cancelled(child)) {
        Value message = child->extra ? (Value)child->extra->cancel_message : UNDEF;
        Ref empty = is_message(message) ? UNDEF : str_from(vm, "");
        if (!absent(empty)) message = empty;
        Ref error = failed(empty) ? FAIL : exception_new(vm, CancelledError, 1, &message);
        decref(empty);
        return error;
    }
    child->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    return newref(child->result);
}

/* It was cancelled: CancelledError, with what the last child of the list was told. */
static bool gather_finish_cancelled(Vm *vm, Gather *gather)
{
    List *children = as_list(gather->children);
    for (ptrdiff_t i = 0; i < children->len; i++)
        as_future(list_at(children, i))->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    Ref error = future_cancelled_error(vm, as_future(list_at(children, children->len - 1)));
    return !failed(error) && future_set_exception(vm, &gather->future, error);
}

static bool gather_finish(Vm *vm, Gather *gather)
{
    if (gather->cancel_requested) return gather_finish_cancelled(vm, gather);
    List *children = as_list(gather->children);
    Ref results = list_new(vm, children->len);
    for (ptrdiff_t i = 0; !failed(results) && i < children->len; i++) {
        Ref outcome = child_outcome(vm, as_future(list_at(children, i)));
        if (!failed(outcome) && list_push(vm, as_list(results), outcome)) continue;
        decref(results);
        return false;
    }
    return !failed(results) && future_set_result(vm, &gather->future, results);
}

static bool gather_look_at(Vm *vm, Gather *gather, Future *child)
{
    gather->finished++;
    if (is_done(&gather->future)) {
        child->head.aux &= ~(unsigned)FUTURE_UNSEEN;
        return true;
    }
    if (!gather->return_exceptions) {
        if (is_cancelled(child)) {
            Ref error = future_cancelled_error(vm, child);
            return !failed(error) && future_set_exception(vm, &gather->future, error);
        }
        if (is_failed(child)) {
            child->head.aux &= ~(unsigned)FUTURE_UNSEEN;
            return future_set_exception(vm, &gather->future, newref(child->result));
        }
    }
    return gather->finished < gather->unlike || gather_finish(vm, gather);
}

bool gather_child_done(Vm *vm, Object *object, Value arg)
{
    Gather *gather = (Gather *)object;
    if (gather_look_at(vm, gather, as_future(arg))) return true;
    if (is_done(&gather->future)) return false;
    return future_set_exception(vm, &gather->future, error_take(vm)); /* or its waiter never ends */
}

NATIVE(gather_cancel, "cancel(self, /, msg=None)",
       "Cancel every child; return True when one of them could be.")
{
    Gather *self = (Gather *)as_object(argv[0]);
    if (is_done(&self->future)) return FALSE;
    bool any = false;
    for (ptrdiff_t i = 0; i < as_list(self->children)->len; i++) {
        Ref child = newref(list_at(as_list(self->children), i));
        Truth cancelled = future_cancel_any(vm, child, argv[1]);
        decref(child);
        if (cancelled == FAILED) return FAIL;
        any = any || cancelled == YES;
    }
    if (any) self->cancel_requested = true;
    return from_bool(any);
}

static const Native *const gather_methods[] = {&gather_cancel_def, NULL};
static const TypeDef gathering_type = {
    .name = "asyncio.tasks._GatheringFuture",
    .size = sizeof(Gather),
    .base = &future_type,
    .doc = "The future of several things.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES | TYPE_NO_NEW,
    .refs = REFS(REF(Gather, children)),
    .methods = gather_methods,
};

/* ---- making ---- */

/* The future of an argument: the same one for an argument that was there before.  Owned. */
static Ref child_of(Vm *vm, Value awaitable, Loop *loop, Ref *seen, bool *is_new)
{
    *is_new = true;
    if (as_object(awaitable)->count > 1 ||
        is_future(awaitable)) { /* else nobody can have given it twice */
        if (absent(*seen)) *seen = dict_new(vm);
        Value found = failed(*seen) ? FAIL : dict_get(vm, as_dict(*seen), awaitable);
        if (failed(found)) return FAIL;
        *is_new = absent(found);
        if (!absent(found)) return newref(found);
    }
    Ref child = ensure_future(vm, awaitable, loop);
    if (failed(child)) return FAIL;
    if (child != awaitable) as_future(child)->head.aux |= FUTURE_SILENT;
    if (absent(*seen) || dict_set(vm, as_dict(*seen), awaitable, child)) return child;
    decref(child);
    return FAIL;
}

static Ref gather_nothing(Vm *vm)
{
    Loop *loop = loop_current_or_set(vm);
    Future *future = loop ? future_new(vm, loop) : NULL;
    Ref results = future ? list_new(vm, 0) : FAIL;
    if (!failed(results) && future_set_result(vm, future, results)) return from_object(future);
    decref_object(future);
    return FAIL;
}

static Gather *gather_new(Vm *vm, Loop *loop, Ref children, ptrdiff_t unlike,
                          bool return_exceptions)
{
    Type *type = type_from_def(vm, &gathering_type);
    Gather *gather = type ? (Gather *)future_new_of(vm, loop, type) : NULL;
    if (!gather) return NULL;
    gather->future.head.aux |= FUTURE_GATHERING;
    gather->children = newref(children);
    gather->unlike = unlike;
    gather->return_exceptions = return_exceptions;
    return gather;
}

/* The outer future watches its children; those that are done already count at once. */
static bool gather_watch(Vm *vm, Gather *gather, const uint8_t *is_first)
{
    List *children = as_list(gather->children);
    for (int done = 0; done < 2; done++)
        for (ptrdiff_t i = 0; i < children->len; i++) {
            Future *child = as_future(list_at(children, i));
            if (!is_first[i] || is_done(child) != (done == 1)) continue;
            newref(borrow(gather));
            bool ok;
            if (done) {
                ok = gather_child_done(vm, (Object *)gather, borrow(child));
                decref_object(gather);
            } else {
                ok = future_add_entry(vm, child, ENTRY_GATHER, gather);
            }
            if (!ok) return false;
        }
    return true;
}

Ref gather(Vm *vm, Loop *loop, ptrdiff_t count, Value *awaitables, bool return_exceptions)
{
    if (!count) return gather_nothing(vm);
    Ref children = list_new(vm, count), seen = UNDEF, out = FAIL;
    uint8_t *is_first = failed(children) ? NULL : memory_zeroed(vm, (size_t)count);
    ptrdiff_t unlike = 0;
    if (!is_first) goto done;
    for (ptrdiff_t i = 0; i < count; i++) {
        bool is_new;
        if (!is_heap(awaitables[i])) {
            throw(vm, TypeError, "An asyncio.Future, a coroutine or an awaitable is required");
            goto done;
        }
        Ref child = child_of(vm, awaitables[i], loop, &seen, &is_new);
        if (failed(child) || !list_push(vm, as_list(children), child)) goto done;
        if (!loop) loop = future_loop(as_future(list_at(as_list(children), i)));
        is_first[i] = is_new;
        unlike += is_new;
    }
    Gather *gathering = gather_new(vm, loop, children, unlike, return_exceptions);
    if (gathering && gather_watch(vm, gathering, is_first)) out = from_object(gathering);
    else decref_object(gathering);
done:
    decref(children);
    decref(seen);
    memory_free(is_first);
    return out;
}

NATIVE(
    asyncio_gather, "gather(*coros_or_futures, return_exceptions=False)",
    "A future of the list of all results, in the order of the arguments, which run concurrently.\n"
    "The first exception ends it, unless return_exceptions puts exceptions into the list.")
{
    Truth return_exceptions = value_truth(vm, argv[1]);
    if (return_exceptions == FAILED) return FAIL;
    Tuple *given = as_tuple(argv[0]);
    return gather(vm, NULL, given->len, as_values(given->items), return_exceptions == YES);
}

/* ---- shield() ---- */

/* Entries hold both futures: the outer one's callback lets go of the inner one's, and the other way
 * round. */
bool shield_inner_done(Vm *vm, Object *object, Value arg)
{
    Future *outer = (Future *)object, *inner = as_future(arg);
    future_remove_entry(outer, ENTRY_SHIELD_OUTER, inner);
    if (is_cancelled(outer))
        return true; /* a failure nobody sees is reported when the inner one goes */
    if (is_done(outer)) return true;
    if (is_cancelled(inner)) return future_cancel(vm, outer, UNDEF) != FAILED;
    if (!is_failed(inner)) return future_set_result(vm, outer, newref(inner->result));
    inner->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    return future_set_exception(vm, outer, newref(inner->result));
}

bool shield_outer_done(Vm *vm __attribute__((unused)), Object *object, Value arg)
{
    Future *inner = (Future *)object;
    if (!is_done(inner)) future_remove_entry(inner, ENTRY_SHIELD_INNER, as_object(arg));
    return true;
}

NATIVE(asyncio_shield, "shield(arg)",
       "A future of arg's result that can be cancelled without cancelling arg.")
{
    Ref inner = ensure_future(vm, argv[0], NULL);
    if (failed(inner) || is_done(as_future(inner))) return inner;
    Future *outer = future_new(vm, future_loop(as_future(inner)));
    bool ok = outer && future_add_entry(vm, as_future(inner), ENTRY_SHIELD_INNER,
                                        as_object(newref(borrow(outer))));
    ok = ok && future_add_entry(vm, outer, ENTRY_SHIELD_OUTER, as_object(newref(inner)));
    decref(inner);
    if (ok) return from_object(outer);
    decref_object(outer);
    return FAIL;
}

const Native *const gather_functions[] = {&asyncio_gather_def, &asyncio_shield_def, NULL};
