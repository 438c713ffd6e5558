/* loop.c - one turn of the loop, and running turns.
 *
 * loop_turn is the specification: wait, collect events, expire timers, run what was ready when the
 * turn began.  Nothing here calls script code except run_ready and safe_point.  The kernel is asked
 * only when that can matter: with entries ready, no descriptor watched and nobody having called
 * loop_wake, a turn makes no system call. Neighbours: loop.h, timers.c, source.h, entries.def,
 * eventloop.c (the object's methods). */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <unistd.h>

#include "loop/foreign.h"
#include "loop/future.h"
#include "loop/handle.h"
#include "loop/subclass.h"
#include "loop/task.h"
#include "loop/waiter.h"
#include "loop/watchdog.h"
#include "object/attr.h"
#include "vm/import.h"
#include "vm/signals.h"
#include "vm/thread.h"

enum { POLL_BATCH = 256, DEBUG_ORIGINS = 10 /* frames that a coroutine remembers in debug mode */ };
#define DAY_NS INT64_C(86400000000000) /* the longest wait: some kernels refuse more */

LoopState *loop_state(Vm *vm)
{
    if (!vm->interp->loops) vm->interp->loops = memory_zeroed(vm, sizeof(LoopState));
    return vm->interp->loops;
}

void loop_state_close(Interp *interp)
{
    if (!interp->loops) return;
    decref(interp->loops->firstiter);
    decref(interp->loops->finalizer);
    clear(&interp->loops->entered);
    clear(&interp->loops->registered);
    memory_free(interp->loops);
    interp->loops = NULL;
}

Loop *loop_running(Vm *vm)
{
    if (!vm->running_loop) throw(vm, RuntimeError, "no running event loop");
    return vm->running_loop;
}

/* What threading calls this thread. */
static Ref thread_name(Vm *vm)
{
    if (is_str(vm->thread_object)) return newref(vm->thread_object);
    if (is_heap(vm->thread_object)) return attr_get_text(vm, vm->thread_object, "name");
    return str_from(vm, vm == &vm->interp->main ? "MainThread" : "Dummy-1");
}

Loop *loop_current_or_set(Vm *vm)
{
    if (vm->running_loop) return vm->running_loop;
    if (is_loop(vm->current_loop)) return as_loop(vm->current_loop);
    Ref name = thread_name(vm);
    if (!failed(name))
        throw(vm, RuntimeError, "There is no current event loop in thread %R.", (Value)name);
    decref(name);
    return NULL;
}

bool loop_check_open(Vm *vm, Loop *loop)
{
    if (loop->closed) throw(vm, RuntimeError, "Event loop is closed");
    return !loop->closed;
}

/* ---- the ready queue ---- */

static bool ring_grow(Vm *vm, Ring *ring)
{
    uint32_t capacity = ring->capacity ? ring->capacity * 2 : 64;
    Entry *items = memory_new(vm, capacity * sizeof *items);
    if (!items) return false;
    for (uint32_t i = 0; i < ring->len; i++)
        items[i] = ring->items[(ring->head + i) & (ring->capacity - 1)];
    memory_free(ring->items);
    *ring = (Ring){items, 0, ring->len, capacity, capacity};
    return true;
}

bool loop_room(Vm *vm, Loop *loop)
{
    Ring *ring = &loop->ready;
    if (loop->abstract && !subclass_soon(vm, loop)) return false;
    if (ring->len == ring->capacity && !ring_grow(vm, ring)) return false;
    if (loop->abstract) ring->limit = 0;
    return true;
}

static inline Entry ring_take(Ring *ring)
{
    Entry entry = ring->items[ring->head];
    ring->head = (ring->head + 1) & (ring->capacity - 1);
    ring->len--;
    return entry;
}

/* Brings the entry at `at` to the head; those before it keep their order. */
static void ring_bring_forward(Ring *ring, uint32_t at)
{
    uint32_t mask = ring->capacity - 1;
    Entry chosen = ring->items[(ring->head + at) & mask];
    for (; at > 0; at--)
        ring->items[(ring->head + at) & mask] = ring->items[(ring->head + at - 1) & mask];
    ring->items[ring->head] = chosen;
}

/* ---- opening and closing ---- */

/* A line for the log at level debug, when the script uses logging. */
static void log_poller(Vm *vm)
{
    Value logging = dict_get_text(vm, as_dict(vm->interp->modules), "logging");
    if (absent(logging)) return;
    Ref text = failed(logging)          ? FAIL
               : vm->interp->flags.poll ? str_from(vm, "Using selector: PollSelector")
                                        : str_from(vm, "Using selector: EpollSelector");
    if (failed(text)) error_unraisable(vm, "Exception ignored while a loop was opened", UNDEF);
    else log_error(vm, "debug", text, UNDEF);
    decref(text);
}

bool loop_open(Vm *vm, Loop *loop)
{
    loop->source =
        (Source){.clock = &clock_real, .poller = vm->interp->flags.poll ? &poll_poll : &poll_epoll};
    loop->wake_fd = loop->wake_in = -1;
    loop->slow_callback_s = 0.1;
    loop->debug =
        vm->interp->flags.dev_mode || flags_getenv(&vm->interp->flags, "PYTHONASYNCIODEBUG");
    log_poller(vm);
    subclass_open(vm, loop);
    if (vm->interp->debug & DEBUG_LOOP) loop->listeners = events_printer(vm);
    return !(vm->interp->debug & DEBUG_LOOP) || loop->listeners;
}

static bool poller_failed(Vm *vm)
{
    throw_errno(vm, errno, UNDEF);
    return false;
}

/* A signal that arrives ends the wait of the main thread's loop. */
static void watch_signals(Vm *vm, Loop *loop)
{
    if (vm == &vm->interp->main && loop->wake_in >= 0) signal_wakeup_fd(loop->wake_in);
}

/* The poller and the wake-up pipe are made at the first wait: a loop that never waits costs no
 * descriptor. */
static bool poller_open(Vm *vm, Loop *loop)
{
    if (loop->poller_open) return true;
    int ends[2];
    loop->source.poller_state = loop->source.poller->open();
    if (!loop->source.poller_state) return poller_failed(vm);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        loop->source.poller->close(loop->source.poller_state);
        return poller_failed(vm);
    }
    loop->wake_fd = ends[0];
    loop->wake_in = ends[1];
    loop->poller_open = true;
    if (loop->running) watch_signals(vm, loop);
    return loop->source.poller->watch(loop->source.poller_state, loop->wake_fd, 0, POLL_READ) ||
           poller_failed(vm);
}

static void drop_ready(Loop *loop)
{
    while (loop->ready.len) {
        Entry entry = ring_take(&loop->ready);
        decref_object(object_of(entry.what));
        decref(entry.arg);
    }
}

void loop_close(Vm *vm __attribute__((unused)), Loop *loop)
{
    drop_ready(loop);
    timers_close(loop);
    for (int fd = 0; fd < loop->watch_capacity; fd++) {
        clear(&loop->watches[fd].reader);
        clear(&loop->watches[fd].writer);
    }
    memory_free(loop->watches);
    loop->watches = NULL;
    loop->watch_capacity = loop->watch_count = 0;
    if (loop->poller_open) {
        loop->source.poller->close(loop->source.poller_state);
        close(loop->wake_fd);
        close(loop->wake_in);
    }
    loop->poller_open = false;
    loop->wake_fd = loop->wake_in = -1;
    events_close(loop);
}

void loop_wake(Loop *loop)
{
    if (atomic_exchange(&loop->woken, true) || loop->wake_in < 0) return;
    ssize_t written = write(loop->wake_in, "", 1);
    (void)written; /* full means that a wake-up is pending already */
}

/* ---- watching descriptors ---- */

static bool watches_reach(Vm *vm, Loop *loop, int fd)
{
    if (fd < loop->watch_capacity) return true;
    int capacity = loop->watch_capacity ? loop->watch_capacity : 16;
    while (capacity <= fd) capacity *= 2;
    Watch *watches = memory_resize(vm, loop->watches, (size_t)capacity * sizeof *watches);
    if (!watches) return false;
    for (int i = loop->watch_capacity; i < capacity; i++) watches[i] = (Watch){0};
    loop->watches = watches;
    loop->watch_capacity = capacity;
    return true;
}

static unsigned interest_of(const Watch *watch)
{
    return (absent(watch->reader) ? 0 : POLL_READ) | (absent(watch->writer) ? 0 : POLL_WRITE);
}

/* Tells the poller what is wanted of fd now. */
static bool tell_poller(Loop *loop, int fd, unsigned wanted)
{
    Watch *watch = &loop->watches[fd];
    if (watch->known == wanted) return true;
    if (!loop->source.poller->watch(loop->source.poller_state, fd, watch->known, wanted))
        return false;
    watch->known = wanted;
    return true;
}

/* Puts `who` (stolen) into its place; what was there, owned. */
static Ref watch_set(Loop *loop, int fd, unsigned which, Ref who)
{
    Watch *watch = &loop->watches[fd];
    Ref *slot = which == POLL_READ ? &watch->reader : &watch->writer, old = *slot;
    loop->watch_count -= interest_of(watch) != 0;
    *slot = who;
    loop->watch_count += interest_of(watch) != 0;
    return old;
}

static void watch_drop(Ref old)
{
    if (is_kind(old, KIND_HANDLE) || is_kind(old, KIND_TIMER_HANDLE))
        handle_cancel((Handle *)as_object(old));
    decref(old);
}

bool loop_watch(Vm *vm, Loop *loop, int fd, unsigned which, Ref handle)
{
    if (!poller_open(vm, loop) || !watches_reach(vm, loop, fd)) {
        decref(handle);
        return false;
    }
    Ref old = watch_set(loop, fd, which, handle);
    if (!tell_poller(loop, fd, interest_of(&loop->watches[fd]))) {
        int error = errno;
        decref(watch_set(loop, fd, which, old));
        errno = error;
        return poller_failed(vm);
    }
    watch_drop(old);
    return true;
}

bool loop_await(Vm *vm, Loop *loop, int fd, unsigned which, Ref waiter, const void *keeper)
{
    if (!poller_open(vm, loop) || !watches_reach(vm, loop, fd)) {
        decref(waiter);
        return false;
    }
    Watch *watch = &loop->watches[fd];
    if (watch->keeper != keeper && !interest_of(watch))
        tell_poller(loop, fd, 0); /* left by an earlier descriptor */
    watch->keeper = keeper;
    Ref old = watch_set(loop, fd, which, waiter);
    if (!tell_poller(loop, fd, watch->known | which)) {
        int error = errno;
        decref(watch_set(loop, fd, which, old));
        errno = error;
        return poller_failed(vm);
    }
    watch_drop(old);
    return true;
}

void loop_unawait(Loop *loop, int fd, unsigned which, Value waiter)
{
    if (loop->closed || fd < 0 || fd >= loop->watch_capacity) return;
    Watch *watch = &loop->watches[fd];
    if ((which == POLL_READ ? watch->reader : watch->writer) == waiter)
        decref(watch_set(loop, fd, which, UNDEF));
}

void loop_forget(Loop *loop, int fd, const void *keeper)
{
    if (loop->closed || fd < 0 || fd >= loop->watch_capacity || loop->watches[fd].keeper != keeper)
        return;
    loop->watches[fd].keeper = NULL;
    if (!interest_of(&loop->watches[fd])) tell_poller(loop, fd, 0);
}

void loop_release(Loop *loop, int fd, const void *keeper, bool shared)
{
    if (loop->closed || fd >= loop->watch_capacity || loop->watches[fd].keeper != keeper) return;
    if (shared) return loop_forget(loop, fd, keeper);
    loop->watches[fd].keeper = NULL;
    if (!interest_of(&loop->watches[fd])) loop->watches[fd].known = 0;
}

/* ---- one turn ---- */

static bool tell(Vm *vm, Loop *loop, Value who, unsigned which)
{
    announce(vm, loop, IO, who, UNDEF);
    if (is_kind(who, KIND_NATIVE_COROUTINE)) return waiter_wake(vm, as_waiter(who));
    bool handle = is_kind(who, KIND_HANDLE) || is_kind(who, KIND_TIMER_HANDLE);
    return loop_ready(vm, loop, handle ? ENTRY_HANDLE : ENTRY_NATIVE, as_object(newref(who)),
                      from_small(which));
}

/* An event that nobody wants ends the watching when it comes again: mostly the descriptor is closed
 * before that. */
static bool collect(Vm *vm, Loop *loop, PollEvent event)
{
    if (event.fd == loop->wake_fd) {
        char bytes[64];
        while (read(loop->wake_fd, bytes, sizeof bytes) == sizeof bytes) continue;
        atomic_store(&loop->woken, false);
        return true;
    }
    if (event.fd >= loop->watch_capacity) return true;
    Watch *watch = &loop->watches[event.fd];
    bool wanted = false;
    for (unsigned which = POLL_READ; which <= POLL_WRITE; which <<= 1) {
        Value who = which == POLL_READ ? watch->reader : watch->writer;
        if (!(event.ready & which) || absent(who)) continue;
        wanted = true;
        if (!tell(vm, loop, who, which)) return false;
    }
    bool again = watch->surplus;
    watch->surplus = !wanted;
    return wanted || !again || tell_poller(loop, event.fd, interest_of(watch)) || poller_failed(vm);
}

static inline bool interrupted_by(Vm *vm, int why)
{
    return atomic_load_explicit(&vm->interrupt, memory_order_relaxed) & why;
}

/* Waits up to timeout_ns (-1: for ever) and makes ready what events say. */
static bool wait_for_events(Vm *vm, Loop *loop, int64_t timeout_ns)
{
    PollEvent events[POLL_BATCH];
    if (!poller_open(vm, loop)) return false;
    Truth selected = loop->subclass ? subclass_select(vm, loop, timeout_ns) : NO;
    if (selected == FAILED) return false;
    if (selected == YES) timeout_ns = 0;
    /* a signal that came before poller_open() said where to write: nothing would end the wait */
    if (atomic_exchange(&loop->woken, false) || interrupted_by(vm, INTERRUPT_SIGNAL))
        timeout_ns = 0;
    if (timeout_ns) gil_release(vm);
    int n = loop->source.poller->wait(loop->source.poller_state, timeout_ns, events, POLL_BATCH);
    int error = errno;
    if (timeout_ns) gil_acquire(vm);
    errno = error;
    if (n < 0 && errno != EINTR) return poller_failed(vm);
    for (int i = 0; i < n; i++)
        if (!collect(vm, loop, events[i])) return false;
    return !atomic_load(&vm->interrupt) || safe_point(vm);
}

/* Is there nothing that could ever make something ready? */
static bool is_deadlock(Vm *vm, Loop *loop)
{
    return loop->until_complete && !loop->watch_count && !loop->outside &&
           absent(loop->signal_handlers) && !vm->next_thread && vm == vm->interp->threads;
}

static bool wait_turn(Vm *vm, Loop *loop)
{
    if (loop->ready.len || loop->stopping) {
        if (!loop->watch_count && !atomic_load_explicit(&loop->woken, memory_order_relaxed))
            return true;
        return wait_for_events(vm, loop, 0);
    }
    int64_t due_ns = timers_next(loop);
    if (due_ns == INT64_MAX && !loop->timers.len) {
        if (is_deadlock(vm, loop)) return !failed(deadlock_raise(vm, loop));
        return wait_for_events(vm, loop, -1);
    }
    int64_t timeout_ns = due_ns - loop_now(loop);
    return wait_for_events(vm, loop,
                           timeout_ns < 0        ? 0
                           : timeout_ns > DAY_NS ? DAY_NS
                                                 : timeout_ns);
}

static void report_slow(Vm *vm, Loop *loop, Tagged what, int64_t spent_ns)
{
    if ((double)spent_ns < loop->slow_callback_s * 1e9) return;
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.3f", (double)spent_ns / 1e9);
    Ref text = format_text(
        vm, "Executing %R took %s seconds%s", borrow(object_of(what)), seconds,
        vm->interp->flags.plain ? "" : ", and no other task ran meanwhile: aio explain AIO304");
    if (failed(text)) error_unraisable(vm, "Exception ignored while a slow step was told", UNDEF);
    else log_error(vm, "warning", text, UNDEF);
    decref(text);
}

bool entry_run(Vm *vm, Entry entry)
{
    static EntryBody *const bodies[] = {
#define ENTRY(tag, body, meaning) body,
#include "loop/entries.def"
    };
    Object *object = object_of(entry.what);
    bool ok = bodies[tag_of(entry.what)](vm, object, entry.arg);
    decref(entry.arg);
    decref_object(object);
    return ok;
}

bool loop_run_next(Vm *vm, Loop *loop)
{
    return !loop->ready.len || entry_run(vm, ring_take(&loop->ready));
}

static bool run_entry_timed(Vm *vm, Loop *loop, Entry entry)
{
    int64_t begun_ns = loop_now(loop);
    Ref held = newref(borrow(object_of(entry.what)));
    if (tag_of(entry.what) == ENTRY_HANDLE) loop->running_handle = held;
    watchdog_begin(vm, loop, held, begun_ns);
    bool ok = entry_run(vm, entry);
    watchdog_end(loop);
    loop->running_handle = UNDEF;
    if (ok) report_slow(vm, loop, entry.what, loop_now(loop) - begun_ns);
    decref(held);
    return ok;
}

/* Runs what was ready when the turn began; what these make ready waits for the next turn. */
static bool run_ready(Vm *vm, Loop *loop)
{
    const Order *order = loop->source.order;
    for (uint32_t left = loop->ready.len; left > 0 && loop->ready.len; left--) {
        if (order) ring_bring_forward(&loop->ready, order->choose(loop->source.order_state, left));
        Entry entry = ring_take(&loop->ready);
        bool ok = loop->debug ? run_entry_timed(vm, loop, entry) : entry_run(vm, entry);
        if (!ok) return false;
        if (__builtin_expect(interrupted_by(vm, INTERRUPT_PENDING), 0) && !safe_point(vm))
            return false; /* what the entry dropped is told of before the next one runs */
    }
    return true;
}

bool loop_turn(Vm *vm, Loop *loop)
{
    loop->turns++;
    if (!wait_turn(vm, loop)) return false;
    if (loop->timers.len && !timers_expire(vm, loop, loop_now(loop) + 1)) return false;
    if (!run_ready(vm, loop)) return false;
    return !atomic_load_explicit(&vm->interrupt, memory_order_relaxed) || safe_point(vm);
}

/* ---- running ---- */

static bool run_enter(Vm *vm, Loop *loop)
{
    if (!loop_check_open(vm, loop)) return false;
    if (loop->running) {
        throw(vm, RuntimeError, "This event loop is already running");
        return false;
    }
    if (loop_is_busy(vm)) {
        throw(vm, RuntimeError, "Cannot run the event loop while another loop is running");
        return false;
    }
    loop->running = true;
    loop->thread_id = vm->thread_id;
    loop->native_id = gettid();
    vm->running_loop = loop;
    watch_signals(vm, loop);
    return true;
}

bool loop_run(Vm *vm, Loop *loop)
{
    Loop *outer = vm->running_loop;
    int origins = vm->interp->origin_depth;
    if (!run_enter(vm, loop)) return false;
    if (loop->debug) vm->interp->origin_depth = DEBUG_ORIGINS;
    if (loop->clock_vm) loop->clock_vm = vm;
    Ref held = newref(borrow(loop));
    bool ok = true;
    while (ok) {
        ok = loop->own_turns ? subclass_turn(vm, loop) : loop_turn(vm, loop);
        if (loop->stopping) break;
    }
    watchdog_stop(vm, loop);
    loop->stopping = loop->running = false;
    if (loop->debug) vm->interp->origin_depth = origins;
    loop->thread_id = 0;
    vm->running_loop = outer;
    if (vm == &vm->interp->main) signal_wakeup_fd(-1);
    decref(held);
    return ok;
}

bool loop_stop_on(Vm *vm, Object *object, Value arg)
{
    Future *future = as_future(arg);
    if (is_failed(future)) {
        Value exception = future_exception(vm, future);
        if (exception_is(vm, exception, SystemExit) ||
            exception_is(vm, exception, KeyboardInterrupt))
            return true;
    }
    ((Loop *)object)->stopping = true;
    return true;
}

/* future.<method>(_run_until_complete_cb): a class with its own add_done_callback() sees it. */
static bool until_told(Vm *vm, Value future, const char *method)
{
    Ref module = import_text(vm, "_asyncio"), done = FAIL;
    Ref stop = failed(module) ? FAIL : attr_get_text(vm, module, "_run_until_complete_cb");
    Ref name = failed(stop) ? FAIL : str_interned(vm, method);
    if (!failed(name)) done = call_method(vm, future, name, 1, (Value[]){stop});
    decref(module);
    decref(stop);
    decref(name);
    decref(done);
    return !failed(done);
}

Ref loop_run_until(Vm *vm, Loop *loop, Value future)
{
    Future *waited = as_future(future);
    Truth own = is_foreign(vm, future);
    bool watched = own == YES ? until_told(vm, future, "add_done_callback")
                              : own == NO && future_add_entry(vm, waited, ENTRY_STOP,
                                                              as_object(newref(borrow(loop))));
    if (!watched) return FAIL;
    bool outer = loop->until_complete;
    loop->until_complete = true;
    bool ok = loop_run(vm, loop);
    loop->until_complete = outer;
    if (own == NO) future_remove_entry(waited, ENTRY_STOP, loop);
    else if (!is_done(waited) && ok) ok = until_told(vm, future, "remove_done_callback");
    if (!ok) return FAIL;
    if (!is_done(waited))
        return throw(vm, RuntimeError, "Event loop stopped before Future completed.");
    return future_result(vm, waited);
}
