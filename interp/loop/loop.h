/* loop.h - the event loop: what is ready, what is due, what is watched, and one turn over them.
 *
 * A Loop is the script's EventLoop object itself.  What can run is an Entry: a tagged word
 * (entries.def) and an argument.  The same word stands in the ready ring, among a future's
 * callbacks and in the timer heap, so waking something moves a word and allocates nothing.
 * Neighbours: loop.c, timers.c, eventloop.c (its methods), source.h, future.h, task.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_LOOP_H
#define AIO_LOOP_LOOP_H

#include "base/heap.h"
#include "loop/events.h"
#include "loop/source.h"
#include "object/call.h"
#include "object/context.h"
#include "object/error.h"
#include "object/name.h"
#include "object/native.h"

typedef struct Task Task;

typedef enum EntryTag {
#define ENTRY(tag, body, meaning) ENTRY_##tag,
#include "loop/entries.def"
    ENTRY_COUNT
} EntryTag;
_Static_assert(ENTRY_COUNT <= 16, "an entry's tag is the low four bits of an object's address");

typedef bool EntryBody(Vm *vm, Object *object, Value arg);
#define ENTRY(tag, body, meaning) EntryBody body;
#include "loop/entries.def"

typedef uintptr_t Tagged; /* an owned object and an EntryTag; 0: nothing */
static inline Tagged tagged(EntryTag tag, const void *object) { return (uintptr_t)object | tag; }
static inline EntryTag tag_of(Tagged what) { return (EntryTag)(what & 15); }
static inline Object *object_of(Tagged what) { return (Object *)(what & ~(uintptr_t)15); }

typedef struct Entry {
    Tagged what;
    Ref arg;
} Entry; /* both owned */

typedef struct Ring { /* a growing circular queue; capacity is a power of two */
    Entry *items;
    uint32_t head, len, capacity;
    uint32_t limit; /* from this length on loop_room() is asked: capacity, or 0 for a loop that is
                     * written in the language, which hears of each entry */
} Ring;

/* Who is told about a descriptor: a Handle, a Waiter (woken), an object that starts as a Job does,
 * or UNDEF. */
typedef struct Watch {
    Ref reader, writer;
    unsigned known; /* POLL_*: what the poller watches for; may be more than anybody wants now */
    bool surplus;   /* the last event was for nobody */
    const void *keeper; /* the Socket that tells when it is closed (loop_await), borrowed */
} Watch;

typedef struct Loop {
    Container head;
    Ring ready;
    Heap timers;        /* keys: due_ns; items: Tagged */
    size_t dead_timers; /* items of the heap whose object has been cancelled or set anew */
    Source source;
    Watch *watches;                  /* by descriptor */
    int watch_capacity, watch_count; /* watch_count: descriptors watched for scripts */
    int wake_fd,
        wake_in; /* the pipe that ends a wait, read and written end; -1 before the poller is open */
    int outside; /* jobs that run in threads and will come back */
    bool running, stopping, closed, debug, asyncgens_closed, executor_closed;
    bool poller_open;
    atomic_bool woken; /* loop_wake was called and the pipe has not been read since */
    bool at_prompt; /* the prompt runs a plain statement: no turn is under way, another loop may run
                     */
    bool until_complete; /* run_until_complete is on: a turn with nothing to wait for is a deadlock
                          */
    uint64_t thread_id;  /* of the thread that runs it */
    int native_id;       /* the same as the system knows it */
    Task *first_task, *last_task; /* every pending task, oldest first; owned */
    Ref current;                  /* the task whose step runs, or UNDEF */
    Ref reason;                   /* why the runtime itself cancels just now (trail.h), or UNDEF */
    Ref last_reason;              /* the last note on a cancelling task, for the next; UNDEF */
    Value running_handle;         /* debug mode: the handle that runs now, borrowed; or UNDEF */
    Ref exception_handler, task_factory, executor; /* NONE or UNDEF: default */
    struct Pool *pool;                             /* threads of the default executor; executor.c */
    Ref asyncgens; /* list of weak references to async generators that were begun, or UNDEF */
    Ref transport_class,
        buffered_class;       /* of asyncio.selector_events and asyncio.protocols, once needed */
    Ref signal_handlers;      /* dict: number -> Handle, or UNDEF */
    bool subclass, own_turns; /* of a script's class; that class has _run_once() (subclass.h) */
    bool abstract;      /* derived from AbstractEventLoop alone: the script has turns of its own */
    Ref own_timers;     /* that class has call_at(): dict, serial -> the handle it gave; or UNDEF */
    int64_t own_serial; /* of the last one */
    Vm *clock_vm;       /* whose time() is the clock; NULL: the clock is the source's own */
    int64_t told_ns;    /* what it said last */
    double slow_callback_s;
    struct Watchdog *watchdog; /* debug mode, once a step ran; or NULL */
    Listener *listeners;       /* events.h; NULL: nobody listens */
    uint64_t turns;
} Loop;

/* Also one of a script's class that implements AbstractEventLoop itself. */
static inline bool is_loop(Value v)
{
    return is_kind(v, KIND_EVENT_LOOP) || is_kind(v, KIND_ABSTRACT_EVENT_LOOP);
}
static inline Loop *as_loop(Value v) { return (Loop *)as_object(v); }

/* What all loops of an interpreter share (Interp.loops). */
typedef struct LoopState {
    int64_t task_names; /* Task-N handed out so far */
    /* sys.set_asyncgen_hooks(): what is called with an async generator that begins, and with one
     * that is dropped while suspended, or UNDEF; they count where the same loop runs as when they
     * were set. */
    Ref firstiter, finalizer;
    const struct Loop *hooked; /* compared only */
    Ref entered;    /* dict: loops that are no Loop -> the task entered there, or UNDEF */
    Ref registered; /* weakref.WeakSet of tasks of other implementations, or UNDEF */
} LoopState;
LoopState *loop_state(Vm *vm); /* NULL: raised */
void loop_state_close(Interp *interp);

/* The loop running in this thread; NULL: RuntimeError "no running event loop". */
Loop *loop_running(Vm *vm);
/* Does a loop run in this thread so that no other may? */
static inline bool loop_is_busy(const Vm *vm)
{
    return vm->running_loop && !vm->running_loop->at_prompt;
}
/* loop_running, else the one set_event_loop() set; NULL: RuntimeError. */
Loop *loop_current_or_set(Vm *vm);

bool loop_room(Vm *vm, Loop *loop); /* for one more in the ready queue */

/* Appends to the ready queue: steals object and arg, also when it fails. */
static inline bool loop_ready(Vm *vm, Loop *loop, EntryTag tag, void *object, Ref arg)
{
    Ring *ring = &loop->ready;
    if (__builtin_expect(ring->len >= ring->limit, 0) && !loop_room(vm, loop)) {
        decref_object(object);
        decref(arg);
        return false;
    }
    ring->items[(ring->head + ring->len++) & (ring->capacity - 1)] =
        (Entry){tagged(tag, object), arg};
    return true;
}

/* ---- loop.c ---- */
bool loop_open(Vm *vm, Loop *loop);  /* source and poller */
void loop_close(Vm *vm, Loop *loop); /* drops what is scheduled, closes the poller */
bool entry_run(Vm *vm, Entry entry); /* drops it; false: an exception leaves the loop */
/* Runs what has been ready longest, if anything is; false: an exception leaves the loop. */
bool loop_run_next(Vm *vm, Loop *loop);
bool loop_turn(Vm *vm, Loop *loop); /* false: an exception leaves the loop */
bool loop_run(Vm *vm, Loop *loop);  /* turns until it is stopped */
/* Runs until future is done; its result. */
Ref loop_run_until(Vm *vm, Loop *loop, Value future);
void loop_wake(Loop *loop); /* ends a wait; from any thread, also from a signal handler */
bool loop_check_open(Vm *vm, Loop *loop); /* RuntimeError "Event loop is closed" */
static inline int64_t loop_now(const Loop *loop)
{
    return loop->source.clock->now_ns(loop->source.clock_state);
}
/* Watches fd: the handle (stolen) becomes ready when it is readable (POLL_READ) or writable; UNDEF
 * forgets. */
bool loop_watch(Vm *vm, Loop *loop, int fd, unsigned which, Ref handle);
/* The same for one event only: the poller goes on watching, until an event comes that nobody wants
 * or keeper says loop_forget(), so that waiting again costs no system call. */
bool loop_await(Vm *vm, Loop *loop, int fd, unsigned which, Ref waiter, const void *keeper);
void loop_unawait(Loop *loop, int fd, unsigned which,
                  Value waiter); /* nobody waits any more, if waiter did */
void loop_forget(Loop *loop, int fd, const void *keeper);
/* keeper closes fd now.  shared: others may have the same file open, so the poller must be told;
 * else it notices. */
void loop_release(Loop *loop, int fd, const void *keeper, bool shared);

/* ---- asyncgens.c: async generators begun in the loop, for shutdown_asyncgens() ---- */
bool asyncgen_hooks_set(Vm *vm, Value firstiter, Value finalizer); /* None: no hook */
Ref loop_take_asyncgens(Vm *vm, Loop *loop); /* a list of those still alive, owned */

/* ---- eventloop.c: a Loop as an object ---- */
void loop_visit(Object *object, Visit *visit, void *context);
void loop_clear(Object *object);
bool loop_needs_finalizer(Object *object);
/* TypeError when callback is none, or makes a coroutine. */
bool loop_check_callback(Vm *vm, Value callback, const char *method);
void loop_finalize(Vm *vm, Object *object);

/* ---- timers.c ---- */
/* Puts (tag, object) into the heap, newref'd.  The object's timer field becomes the serial; false:
 * raised. */
bool timer_start(Vm *vm, Loop *loop, int64_t due_ns, EntryTag tag, void *object);
/* The same for what is due already: straight into the ready queue. */
bool timer_soon(Vm *vm, Loop *loop, EntryTag tag, void *object);
/* Forgets a timer that has not run yet. */
void timer_stop(Loop *loop, EntryTag tag, void *object);
/* Is this timer expired, and was it not stopped while it stood in the ready queue?  Its entry asks
 * first. */
bool timer_take(EntryTag tag, void *object);
/* Runs the entry of a timer that a script's call_at() has in hand, if it still counts. */
bool timer_fire(Vm *vm, EntryTag tag, void *object, uint64_t serial);
/* When the next one is due; INT64_MAX: never.  Drops dead ones from the top. */
int64_t timers_next(Loop *loop);
/* Moves what is due to the ready queue. */
bool timers_expire(Vm *vm, Loop *loop, int64_t now_ns);
void timers_close(Loop *loop);
int64_t ns_from_seconds(double seconds); /* clamped to what fits */

/* ---- report.c ---- */
/* loop.call_exception_handler({message, exception?, <key>: <subject>}); exception, subject: UNDEF:
 * none. false: the handler raised what must leave the loop (SystemExit, KeyboardInterrupt). */
bool loop_report(Vm *vm, Value loop, const char *message, Value exception, const char *key,
                 Value subject);
/* What a report says; UNDEF: nothing of the kind. */
typedef struct Report {
    const char *message;
    Value exception;
    const char *key; /* of subject */
    Value subject, origin;
} Report;
bool loop_report_all(Vm *vm, Value loop, const Report *report);
bool loop_call_exception_handler(Vm *vm, Value loop, Value context); /* context: the dict */
bool loop_default_exception_handler(Vm *vm, Value loop, Value context);
/* As loop_report with a context of the caller's (borrowed). */
bool loop_report_context(Vm *vm, Value loop, Value context);
void log_error(Vm *vm, const char *level, Value text,
               Value exception); /* as logging's last resort does: to sys.stderr */

/* ---- executor.c ---- */
/* The future of callback(*args) in a thread of the default pool, in `context` (UNDEF: none). */
Ref pool_submit(Vm *vm, Loop *loop, Value callback, Value args, Value kwargs, Value context);
void pool_close(Loop *loop); /* idle threads end; running ones when they are through */
extern const Native *const executor_functions[];
extern const Native loop_run_in_executor_def, loop_shutdown_executor_def,
    loop_set_default_executor_def;
extern const Native loop_shutdown_asyncgens_def, loop_close_method_def; /* eventloop.c */

/* ---- deadlock.c ---- */
Ref deadlock_raise(Vm *vm, Loop *loop);

#endif
