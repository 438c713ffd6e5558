/* queue.c - asyncio.Queue, PriorityQueue and LifoQueue.
 *
 * Items lie in one growing array: a circle for Queue, a stack for LifoQueue, a binary heap for
 * PriorityQueue.  A woken getter or putter has left the list already and looks again when it runs,
 * so an item is never promised to anyone; cancelled after its wake-up, it wakes the next.  Once a
 * script looks at _queue or sets it, the items lie in that object instead, as in CPython's queues.
 * Neighbours: waiter.h, lock.c (what primitives share). */
/* SPDX-License-Identifier: MIT */
#include "loop/queue.h"

#include <math.h>
#include <stdio.h>

#include "loop/lock.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "object/str.h"
#include "vm/import.h"

typedef struct Queue {
    Container head; /* aux: 1 once it is shut down */
    Ref loop;
    Ref given;       /* maxsize as the script gave it when that is no int, or UNDEF */
    int64_t maxsize; /* <= 0: no limit */
    int64_t unfinished;
    Ref storage;  /* _queue, once a script wanted it: where the items lie then; or UNDEF */
    Ref finished; /* _finished, an Event, once a script wanted it; or UNDEF */
    Ref *items;
    ptrdiff_t first, len, capacity;
    Waiters getters, putters, joiners;
} Queue;

static Queue *as_queue(Value v) { return (Queue *)as_object(v); }

/* ---- the array ---- */

static bool items_reserve(Vm *vm, Queue *queue)
{
    if (queue->len < queue->capacity) return true;
    ptrdiff_t capacity = queue->capacity ? queue->capacity * 2 : 8;
    Ref *items = memory_new(vm, (size_t)capacity * sizeof *items);
    if (!items) return false;
    for (ptrdiff_t i = 0; i < queue->len; i++)
        items[i] = queue->items[(queue->first + i) & (queue->capacity - 1)];
    memory_free(queue->items);
    queue->items = items;
    queue->first = 0;
    queue->capacity = capacity;
    return true;
}

static Ref *item_at(Queue *queue, ptrdiff_t i)
{
    return &queue->items[(queue->first + i) & (queue->capacity - 1)];
}

/* items[i] < items[j] by the script's order; FAILED also when the queue changed meanwhile. */
static Truth is_less(Vm *vm, Queue *queue, ptrdiff_t i, ptrdiff_t j)
{
    ptrdiff_t len = queue->len;
    Ref a = newref(*item_at(queue, i)), b = newref(*item_at(queue, j));
    Truth less = value_test(vm, a, b, CMP_LESS);
    decref(a);
    decref(b);
    if (less == FAILED || queue->len == len) return less;
    throw(vm, RuntimeError, "queue changed size during a comparison");
    return FAILED;
}

static void items_swap(Queue *queue, ptrdiff_t i, ptrdiff_t j)
{
    Ref held = *item_at(queue, i);
    *item_at(queue, i) = *item_at(queue, j);
    *item_at(queue, j) = held;
}

static bool sift_up(Vm *vm, Queue *queue, ptrdiff_t i)
{
    Truth less = YES;
    for (; i > 0 && (less = is_less(vm, queue, i, (i - 1) / 2)) == YES; i = (i - 1) / 2)
        items_swap(queue, i, (i - 1) / 2);
    return less != FAILED;
}

static bool sift_down(Vm *vm, Queue *queue, ptrdiff_t i)
{
    for (;;) {
        ptrdiff_t child = 2 * i + 1;
        if (child >= queue->len) return true;
        Truth less = child + 1 < queue->len ? is_less(vm, queue, child + 1, child) : NO;
        if (less == YES) child++;
        if (less != FAILED) less = is_less(vm, queue, child, i);
        if (less != YES) return less == NO;
        items_swap(queue, i, child);
        i = child;
    }
}

static bool items_put(Vm *vm, Queue *queue, Value item)
{
    if (!items_reserve(vm, queue)) return false;
    *item_at(queue, queue->len++) = newref(item);
    return !is_kind(borrow(queue), KIND_PRIORITY_QUEUE) || sift_up(vm, queue, queue->len - 1);
}

static Ref items_take(Vm *vm, Queue *queue)
{
    if (is_kind(borrow(queue), KIND_LIFO_QUEUE)) return take(item_at(queue, --queue->len));
    if (is_kind(borrow(queue), KIND_PRIORITY_QUEUE)) {
        Ref least = take(item_at(queue, 0));
        *item_at(queue, 0) = take(item_at(queue, queue->len - 1));
        if (--queue->len == 0) *item_at(queue, 0) = UNDEF;
        if (sift_down(vm, queue, 0)) return least;
        decref(least);
        return FAIL;
    }
    Ref item = take(item_at(queue, 0));
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->len--;
    return item;
}

static void items_drop(Queue *queue)
{
    while (queue->len > 0) clear(item_at(queue, --queue->len));
}

/* ---- items that lie in an object of the script's ---- */

static bool is_priority(const Queue *queue) { return queue->head.head.kind == KIND_PRIORITY_QUEUE; }
static bool is_lifo(const Queue *queue) { return queue->head.head.kind == KIND_LIFO_QUEUE; }

/* storage.name(item), or for a priority queue heapq.name(storage, item); item UNDEF: without. */
static Ref storage_call(Vm *vm, Queue *queue, const char *name, Value item)
{
    Ref storage = newref(queue->storage), method = FAIL, out = FAIL;
    Ref owner = is_priority(queue) ? import_text(vm, "heapq") : newref(storage);
    if (!failed(owner)) method = attr_get_text(vm, owner, name);
    if (!failed(method)) {
        Value args[] = {storage, item};
        int first = is_priority(queue) ? 0 : 1, end = absent(item) ? 1 : 2;
        out = call(vm, method, end - first, args + first);
    }
    decref(method);
    decref(owner);
    decref(storage);
    return out;
}

static bool store_put(Vm *vm, Queue *queue, Value item)
{
    if (absent(queue->storage)) return items_put(vm, queue, item);
    Ref done = storage_call(vm, queue, is_priority(queue) ? "heappush" : "append", item);
    decref(done);
    return !failed(done);
}

static Ref store_take(Vm *vm, Queue *queue)
{
    if (absent(queue->storage)) return items_take(vm, queue);
    const char *name = is_priority(queue) ? "heappop" : is_lifo(queue) ? "pop" : "popleft";
    return storage_call(vm, queue, name, UNDEF);
}

/* -1: raised */
static ptrdiff_t store_len(Vm *vm, Queue *queue)
{
    return absent(queue->storage) ? queue->len : value_len(vm, queue->storage);
}

/* _finished, if a script has it, follows the count. */
static bool finished_tell(Vm *vm, Queue *queue)
{
    if (absent(queue->finished)) return true;
    Ref method = attr_get_text(vm, queue->finished, queue->unfinished > 0 ? "clear" : "set");
    Ref done = failed(method) ? FAIL : call0(vm, method);
    decref(method);
    decref(done);
    return !failed(done);
}

/* ---- what a subclass may override: qsize, _put, _get ---- */

static bool is_plain(const Queue *queue) { return !(queue->head.head.flags & OBJ_SUBCLASS); }

static ptrdiff_t queue_size(Vm *vm, Queue *queue)
{
    if (is_plain(queue)) return store_len(vm, queue);
    Ref size = call_method(vm, borrow(queue), N(qsize), 0, NULL);
    int64_t n;
    bool ok = !failed(size) && int_index(vm, size, &n);
    decref(size);
    return ok ? n : -1;
}

/* What empty() and full() of Queue answer. */
static Truth has_none(Vm *vm, Queue *queue)
{
    ptrdiff_t size = queue_size(vm, queue);
    return size < 0 ? FAILED : size == 0 ? YES : NO;
}
static Truth has_all(Vm *vm, Queue *queue)
{
    if (queue->maxsize <= 0) return NO;
    ptrdiff_t size = queue_size(vm, queue);
    return size < 0 ? FAILED : size >= queue->maxsize ? YES : NO;
}

/* The method of a subclass, which may be its own: self.name(argument), argument UNDEF: none. */
static Ref ask_subclass(Vm *vm, Queue *queue, const char *name, Value argument)
{
    Ref method = attr_get_text(vm, borrow(queue), name);
    Ref out = failed(method) ? FAIL : call(vm, method, absent(argument) ? 0 : 1, &argument);
    decref(method);
    return out;
}

static Truth ask_subclass_whether(Vm *vm, Queue *queue, const char *name)
{
    Ref answer = ask_subclass(vm, queue, name, UNDEF);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return truth;
}

static Truth queue_is_empty(Vm *vm, Queue *queue)
{
    return is_plain(queue) ? has_none(vm, queue) : ask_subclass_whether(vm, queue, "empty");
}

static Truth queue_is_full(Vm *vm, Queue *queue)
{
    return is_plain(queue) ? has_all(vm, queue) : ask_subclass_whether(vm, queue, "full");
}

/* ---- waking ---- */

/* The first that still waits leaves the list and runs again. */
static bool wake_next(Vm *vm, Waiters *list)
{
    while (list->first) {
        Waiter *waiter = list->first;
        Ref held = newref(borrow(waiter));
        bool done = waiter_is_done(waiter);
        Task *task = waiter->task;
        waiter_leave(waiter, list);
        waiter->task = task;
        bool ok = done || waiter_wake(vm, waiter);
        decref(held);
        if (!ok) return false;
        if (!done) break;
    }
    return true;
}

static bool wake_joiners(Vm *vm, Queue *queue)
{
    if (!finished_tell(vm, queue)) return false;
    for (Waiter *waiter = queue->joiners.first; waiter; waiter = waiter->next)
        if (!waiter_wake(vm, waiter)) return false;
    return true;
}

/* ---- putting and getting at once ---- */

static bool throw_shut_down(Vm *vm)
{
    throw_value(vm, QueueShutDown, UNDEF);
    return false;
}

bool queue_put_now(Vm *vm, Value self, Value item)
{
    Queue *queue = as_queue(self);
    if (queue->head.aux) return throw_shut_down(vm);
    Truth full = queue_is_full(vm, queue);
    if (full == YES) throw_value(vm, QueueFull, UNDEF);
    if (full != NO) return false;
    if (is_plain(queue)) {
        if (!store_put(vm, queue, item)) return false;
    } else {
        Ref done = call_method(vm, borrow(queue), N(_put), 1, &item);
        if (failed(done)) return false;
        decref(done);
    }
    queue->unfinished++;
    if (!finished_tell(vm, queue)) return false;
    return wake_next(vm, &queue->getters);
}

static Ref queue_get_now(Vm *vm, Queue *queue)
{
    Truth empty = queue_is_empty(vm, queue);
    if (empty == FAILED) return FAIL;
    if (empty == YES) return throw_value(vm, queue->head.aux ? QueueShutDown : QueueEmpty, UNDEF);
    Ref item =
        is_plain(queue) ? store_take(vm, queue) : call_method(vm, borrow(queue), N(_get), 0, NULL);
    if (failed(item) || wake_next(vm, &queue->putters)) return item;
    decref(item);
    return FAIL;
}

/* ---- waiting ---- */

typedef struct QueuePut {
    Waiter waiter;
    Ref item;
} QueuePut;

static Ref queue_put_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    QueuePut *self = (QueuePut *)coroutine;
    Queue *queue = as_queue(self->waiter.owner);
    bool again = waiter_phase(&self->waiter);
    waiter_leave(&self->waiter, &queue->putters);
    if (again && !waiter_check(vm, &self->waiter)) return FAIL;
    Truth full = queue_is_full(vm, queue);
    if (full == NO && !is_plain(queue)) return ask_subclass(vm, queue, "put_nowait", self->item);
    if (full == NO) return queue_put_now(vm, self->waiter.owner, self->item) ? NONE : FAIL;
    if (full == FAILED || (queue->head.aux && !throw_shut_down(vm))) return FAIL;
    if (!loop_bind(vm, &queue->loop, self->waiter.owner)) return FAIL;
    return waiter_wait(vm, &self->waiter, &queue->putters, 1);
}

static Ref queue_get_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    Queue *queue = as_queue(waiter->owner);
    bool again = waiter_phase(waiter);
    waiter_leave(waiter, &queue->getters);
    if (again && !waiter_check(vm, waiter)) return FAIL;
    Truth empty = queue_is_empty(vm, queue);
    if (empty == NO)
        return is_plain(queue) ? queue_get_now(vm, queue)
                               : ask_subclass(vm, queue, "get_nowait", UNDEF);
    if (empty == FAILED || (queue->head.aux && !throw_shut_down(vm))) return FAIL;
    if (!loop_bind(vm, &queue->loop, waiter->owner)) return FAIL;
    return waiter_wait(vm, waiter, &queue->getters, 1);
}

/* A wake-up that came before the exception goes to the next. */
static Ref queue_raise(Vm *vm, NativeCoroutine *coroutine)
{
    Waiter *waiter = (Waiter *)coroutine;
    Queue *queue = as_queue(waiter->owner);
    bool putting = coroutine->def->resume == queue_put_resume;
    Waiters *list = putting ? &queue->putters : &queue->getters;
    waiter_leave(waiter, list);
    if (!(coroutine->state & WAITER_WOKEN)) return FAIL;
    Ref error = error_take(vm);
    Truth useless = putting ? queue_is_full(vm, queue) : queue_is_empty(vm, queue);
    if (useless == FAILED || (useless == NO && !wake_next(vm, list))) {
        decref(error);
        return FAIL;
    }
    error_restore(vm, error);
    return FAIL;
}

static Ref queue_join_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    Queue *queue = as_queue(waiter->owner);
    if (waiter_phase(waiter) == 0) {
        if (queue->unfinished <= 0) return NONE;
        if (!loop_bind(vm, &queue->loop, waiter->owner)) return FAIL;
        return waiter_wait(vm, waiter, &queue->joiners, 1);
    }
    waiter_leave(waiter, &queue->joiners);
    return waiter_check(vm, waiter) ? NONE : FAIL;
}

static Ref queue_join_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    waiter_leave((Waiter *)coroutine, &as_queue(((Waiter *)coroutine)->owner)->joiners);
    return FAIL;
}

static const NativeCoroutineDef queue_put_coroutine = {
    .name = "Queue.put",
    .size = sizeof(QueuePut),
    .refs = REFS(REF(Waiter, owner), REF(QueuePut, item)),
    .resume = queue_put_resume,
    .raise = queue_raise,
};
static const NativeCoroutineDef queue_get_coroutine = {
    .name = "Queue.get",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = queue_get_resume,
    .raise = queue_raise,
};
static const NativeCoroutineDef queue_join_coroutine = {
    .name = "Queue.join",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = queue_join_resume,
    .raise = queue_join_raise,
};

Ref queue_new(Vm *vm)
{
    Queue *queue = type_instance(vm, type_builtin(vm, KIND_QUEUE));
    return queue ? from_object(queue) : FAIL;
}

Ref queue_get_coroutine_new(Vm *vm, Value queue)
{
    return instant_new(vm, &queue_get_coroutine, queue);
}

/* ---- class Queue ---- */

NATIVE(queue_make, "Queue(cls, *args, **kwargs)", "Make a queue; __init__ sets its size.")
{
    Queue *queue = type_instance(vm, as_type(argv[0]));
    return queue ? from_object(queue) : FAIL;
}
/* A float counts as the next whole number: 1.5 lets two items in. */
static bool read_maxsize(Vm *vm, Queue *self, Value given)
{
    clear(&self->given);
    if (!is_float(given)) return int_index(vm, given, &self->maxsize);
    double limit = ceil(as_float(given));
    self->maxsize = limit > 0 && limit < 9e18 ? (int64_t)limit : 0;
    self->given = newref(given);
    return true;
}
NATIVE(queue_init, "__init__(self, maxsize=0)",
       "maxsize: most items at a time; 0 and less: no limit.")
{
    Queue *self = as_queue(argv[0]);
    if (!read_maxsize(vm, self, argv[1])) return FAIL;
    if (is_plain(self)) return NONE;
    Value size = argv[1];
    Ref done = call_method(vm, argv[0], N(_init), 1, &size);
    decref(done);
    return failed(done) ? FAIL : NONE;
}
NATIVE(queue_init_hook, "_init(self, maxsize)", "For subclasses: make the storage.")
{
    return NONE;
}
NATIVE(queue_put_hook, "_put(self, item)", "For subclasses: store item.")
{
    return store_put(vm, as_queue(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(queue_get_hook, "_get(self)", "For subclasses: take the next item out.")
{
    Queue *self = as_queue(argv[0]);
    return !absent(self->storage) || self->len ? store_take(vm, self)
                                               : throw(vm, IndexError, "pop from an empty queue");
}
NATIVE(queue_qsize, "qsize(self)", "Return the number of items.")
{
    ptrdiff_t len = store_len(vm, as_queue(argv[0]));
    return len < 0 ? FAIL : from_small(len);
}
NATIVE(queue_empty, "empty(self)", "Return True when there is no item.")
{
    Truth empty = has_none(vm, as_queue(argv[0]));
    return empty == FAILED ? FAIL : from_bool(empty);
}
NATIVE(queue_full, "full(self)", "Return True when there are maxsize items.")
{
    Truth full = has_all(vm, as_queue(argv[0]));
    return full == FAILED ? FAIL : from_bool(full);
}
NATIVE(queue_put, "async put(self, item)",
       "A coroutine that waits for a free place and puts item there.")
{
    QueuePut *self = (QueuePut *)waiter_new(vm, &queue_put_coroutine, argv[0]);
    if (!self) return FAIL;
    self->item = newref(argv[1]);
    return from_object(self);
}
NATIVE(queue_put_nowait, "put_nowait(self, item)",
       "Put item into the queue; raises QueueFull when there is no free place.")
{
    return queue_put_now(vm, argv[0], argv[1]) ? NONE : FAIL;
}
NATIVE(queue_get, "async get(self)", "A coroutine that waits for an item and ends with it.")
{
    return instant_new(vm, &queue_get_coroutine, argv[0]);
}
NATIVE(queue_get_nowait, "get_nowait(self)",
       "Take an item out; raises QueueEmpty when there is none.")
{
    return queue_get_now(vm, as_queue(argv[0]));
}
const size_t queue_getters_at = offsetof(Queue, getters);
const Waiters *queue_getters(Value queue) { return &as_queue(queue)->getters; }

NATIVE(queue_task_done, "task_done(self)",
       "Say that an item got from the queue has been dealt with.")
{
    Queue *self = as_queue(argv[0]);
    if (self->unfinished <= 0) return throw(vm, ValueError, "task_done() called too many times");
    return --self->unfinished > 0 || wake_joiners(vm, self) ? NONE : FAIL;
}
NATIVE(queue_join, "async join(self)",
       "A coroutine that waits until every item put has been dealt with.")
{
    return instant_new(vm, &queue_join_coroutine, argv[0]);
}
NATIVE(queue_shutdown, "shutdown(self, immediate=False)",
       "Make put() raise QueueShutDown, and get() too once the queue is empty (at once when "
       "immediate).")
{
    Queue *self = as_queue(argv[0]);
    Truth immediate = value_truth(vm, argv[1]);
    if (immediate == FAILED) return FAIL;
    self->head.aux = 1;
    while (immediate == YES) {
        Truth empty = queue_is_empty(vm, self);
        if (empty == FAILED) return FAIL;
        if (empty == YES) break;
        Ref item =
            is_plain(self) ? store_take(vm, self) : call_method(vm, argv[0], N(_get), 0, NULL);
        if (failed(item)) return FAIL;
        decref(item);
        if (self->unfinished > 0) self->unfinished--;
    }
    if (self->unfinished == 0 && !wake_joiners(vm, self)) return FAIL;
    while (self->getters.first)
        if (!wake_next(vm, &self->getters)) return FAIL;
    while (self->putters.first)
        if (!wake_next(vm, &self->putters)) return FAIL;
    return NONE;
}

static Ref get_maxsize(Vm *vm, Value self)
{
    Queue *queue = as_queue(self);
    return absent(queue->given) ? from_int64(vm, queue->maxsize) : newref(queue->given);
}
static bool set_maxsize(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, AttributeError, "cannot delete _maxsize"), false;
    return read_maxsize(vm, as_queue(self), value);
}
static Ref get_unfinished(Vm *vm, Value self) { return from_int64(vm, as_queue(self)->unfinished); }
static bool set_unfinished(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, AttributeError, "cannot delete _unfinished_tasks"), false;
    return int_index(vm, value, &as_queue(self)->unfinished);
}
static Ref get_shut_down(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_queue(self)->head.aux != 0);
}

/* The items in the order of the array, as a list. */
static Ref queue_items(Vm *vm, Queue *queue)
{
    if (!absent(queue->storage)) return list_from(vm, queue->storage);
    Ref list = list_new(vm, queue->len);
    for (ptrdiff_t i = 0; !failed(list) && i < queue->len; i++)
        if (!list_push(vm, as_list(list), newref(*item_at(queue, i)))) {
            decref(list);
            return FAIL;
        }
    return list;
}

/* _queue: a deque, or for the others a list, that the items move into. */
static Ref get_storage(Vm *vm, Value self)
{
    Queue *queue = as_queue(self);
    if (!absent(queue->storage)) return newref(queue->storage);
    Ref items = queue_items(vm, queue);
    if (!failed(items) && !is_priority(queue) && !is_lifo(queue))
        replace(&items, import_call(vm, "collections", "deque", items));
    if (failed(items)) return FAIL;
    items_drop(queue);
    queue->storage = newref(items);
    return items;
}
static bool set_storage(Vm *vm __attribute__((unused)), Value self, Value value)
{
    items_drop(as_queue(self));
    replace(&as_queue(self)->storage, absent(value) ? UNDEF : newref(value));
    return true;
}

static Ref get_finished(Vm *vm, Value self)
{
    Queue *queue = as_queue(self);
    if (!absent(queue->finished)) return newref(queue->finished);
    Ref made = import_call(vm, "asyncio", "Event", UNDEF);
    if (failed(made)) return FAIL;
    queue->finished = newref(made);
    if (finished_tell(vm, queue)) return made;
    decref(made);
    return FAIL;
}

/* For subclasses: wakes the first of waiters, which are _getters or _putters. */
NATIVE(queue_wakeup_next, "_wakeup_next(self, waiters)",
       "For subclasses: wake the first of waiters.")
{
    Queue *self = as_queue(argv[0]);
    Value first = is_list(argv[1]) && as_list(argv[1])->len ? list_at(as_list(argv[1]), 0) : UNDEF;
    if (self->getters.first && first == borrow(self->getters.first))
        return wake_next(vm, &self->getters) ? NONE : FAIL;
    if (self->putters.first && first == borrow(self->putters.first))
        return wake_next(vm, &self->putters) ? NONE : FAIL;
    return NONE;
}

static bool builder_queue(Vm *vm, StrBuilder *text, Queue *queue)
{
    char part[64];
    Ref maxsize = get_maxsize(vm, borrow(queue));
    bool ok =
        !failed(maxsize) && builder_text(vm, text, " maxsize=") && builder_repr(vm, text, maxsize);
    decref(maxsize);
    Truth any = !ok                      ? FAILED
                : absent(queue->storage) ? (queue->len ? YES : NO)
                                         : value_truth(vm, queue->storage);
    ok = any != FAILED;
    if (any == YES) {
        Ref items = queue_items(vm, queue);
        ok = !failed(items) && builder_text(vm, text, " _queue=") && builder_repr(vm, text, items);
        decref(items);
    }
    snprintf(part, sizeof part, " _getters[%d]", queue->getters.len);
    if (ok && queue->getters.len) ok = builder_text(vm, text, part);
    snprintf(part, sizeof part, " _putters[%d]", queue->putters.len);
    if (ok && queue->putters.len) ok = builder_text(vm, text, part);
    snprintf(part, sizeof part, " tasks=%lld", (long long)queue->unfinished);
    if (ok && queue->unfinished) ok = builder_text(vm, text, part);
    return ok && (!queue->head.aux || builder_text(vm, text, " shutdown"));
}

static Ref queue_text(Vm *vm, Value self, bool with_address)
{
    StrBuilder text;
    char address[32] = "";
    if (with_address)
        snprintf(address, sizeof address, " at 0x%llx", (long long)(uintptr_t)as_object(self));
    builder_open(&text);
    if (builder_text(vm, &text, "<") && builder_text(vm, &text, type_name(vm, self)) &&
        builder_text(vm, &text, address) && builder_queue(vm, &text, as_queue(self)) &&
        builder_text(vm, &text, ">"))
        return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}
static Ref queue_repr(Vm *vm, Value self) { return queue_text(vm, self, true); }
NATIVE(queue_format, "_format(self)", "What its repr says of its state.")
{
    StrBuilder text;
    builder_open(&text);
    if (builder_queue(vm, &text, as_queue(argv[0]))) {
        Ref whole = builder_finish(vm, &text);
        Ref stripped = failed(whole) ? FAIL : call_method(vm, whole, N(strip), 0, NULL);
        decref(whole);
        return stripped;
    }
    builder_close(&text);
    return FAIL;
}
static Ref get_getters(Vm *vm, Value self) { return waiters_list(vm, &as_queue(self)->getters); }
static Ref get_putters(Vm *vm, Value self) { return waiters_list(vm, &as_queue(self)->putters); }
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return loop_or_none(as_queue(self)->loop);
}
static Ref queue_str(Vm *vm, Value self) { return queue_text(vm, self, false); }

static void queue_visit(Object *object, Visit *visit, void *context)
{
    Queue *self = (Queue *)object;
    for (ptrdiff_t i = 0; i < self->len; i++)
        if (is_heap(*item_at(self, i))) visit(item_at(self, i), context);
    waiters_visit(&self->getters, visit, context);
    waiters_visit(&self->putters, visit, context);
    waiters_visit(&self->joiners, visit, context);
}

static void queue_clear(Object *object)
{
    Queue *self = (Queue *)object;
    items_drop(self);
    memory_free(self->items);
    self->items = NULL;
    self->capacity = 0;
    waiters_clear(&self->getters);
    waiters_clear(&self->putters);
    waiters_clear(&self->joiners);
}

static const Native *const queue_methods[] = {&queue_init_hook_def,
                                              &queue_put_hook_def,
                                              &queue_get_hook_def,
                                              &queue_qsize_def,
                                              &queue_empty_def,
                                              &queue_full_def,
                                              &queue_put_def,
                                              &queue_put_nowait_def,
                                              &queue_get_def,
                                              &queue_get_nowait_def,
                                              &queue_task_done_def,
                                              &queue_join_def,
                                              &queue_shutdown_def,
                                              &class_getitem_def,
                                              &queue_format_def,
                                              &queue_wakeup_next_def,
                                              NULL};
static const Attribute queue_attributes[] = {
    {"maxsize", get_maxsize, NULL, "Most items at a time."},
    {"_getters", get_getters, NULL, "Who waits for an item, a list."},
    {"_putters", get_putters, NULL, "Who waits for a place, a list."},
    {"_loop", get_loop, NULL, "The loop it is bound to, or None."},
    {"_maxsize", get_maxsize, set_maxsize, "Most items at a time."},
    {"_unfinished_tasks", get_unfinished, set_unfinished, "Items put and not yet dealt with."},
    {"_finished", get_finished, NULL, "An event: every item put has been dealt with."},
    {"_queue", get_storage, set_storage, "What the items lie in."},
    {"_is_shutdown", get_shut_down, NULL, "Is it shut down?"},
    {0}};

const TypeDef queue_type = {
    .name = "asyncio.queues.Queue",
    .size = sizeof(Queue),
    .doc = "A queue between tasks, first in first out.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Queue, loop), REF(Queue, given), REF(Queue, storage), REF(Queue, finished)),
    .visit = queue_visit,
    .clear = queue_clear,
    .new = &queue_make_def,
    .init = &queue_init_def,
    .repr = queue_repr,
    .str = queue_str,
    .methods = queue_methods,
    .attributes = queue_attributes,
};
const TypeDef priority_queue_type = {
    .name = "asyncio.queues.PriorityQueue",
    .size = sizeof(Queue),
    .base = &queue_type,
    .doc = "A queue that gives the least item out first.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .repr = queue_repr,
    .str = queue_str,
};
const TypeDef lifo_queue_type = {
    .name = "asyncio.queues.LifoQueue",
    .size = sizeof(Queue),
    .base = &queue_type,
    .doc = "A queue that gives the newest item out first.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .repr = queue_repr,
    .str = queue_str,
};
