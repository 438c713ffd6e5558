/* thread.c - the module _thread: OS threads and locks, under stdlib/threading.aio.
 *
 * A lock is a mutex and a condition; acquiring lets the interpreter lock go while it waits, and
 * looks at signals every time it is woken.
 * Neighbours: vm/thread.h. */
/* SPDX-License-Identifier: MIT */
#include "vm/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/member.h"
#include "object/native.h"
#include "object/number.h"
#include "object/set.h"
#include "object/shape.h"
#include "object/tuple.h"
#include "vm/local.h"
#include "vm/signals.h"

#define TIMEOUT_MAX 9223372036.0 /* seconds in 63 bits of nanoseconds */

static const TypeDef thread_rlock_type, thread_local_type, thread_handle_type;

typedef struct ThreadLock {
    Container head;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    atomic_bool held; /* written with the interpreter lock, read without it by those who wait */
    bool ready;
    int waiters;    /* threads inside lock_take(); guarded by the interpreter lock */
    uint64_t owner; /* reentrant: the thread that holds it */
    int depth;      /* reentrant: how often */
    bool reentrant;
} ThreadLock;

static ThreadLock *as_lock(Value v) { return (ThreadLock *)as_object(v); }

/* What goes with it is ordered by the interpreter lock. */
static void set_held(ThreadLock *self, bool held)
{
    atomic_store_explicit(&self->held, held, memory_order_relaxed);
}

static void lock_clear(Object *object)
{
    ThreadLock *self = (ThreadLock *)object;
    if (!self->ready) return;
    if (!self->waiters) { /* else a fork has left them behind, and destroying would wait for them */
        pthread_mutex_destroy(&self->mutex);
        pthread_cond_destroy(&self->freed);
    }
    self->ready = false;
}

static void lock_open(ThreadLock *self, bool reentrant)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    self->ready = true;
    self->reentrant = reentrant;
}

static Ref lock_make(Vm *vm, Type *type, bool reentrant)
{
    ThreadLock *self = type_instance(vm, type);
    if (!self) return FAIL;
    lock_open(self, reentrant);
    return from_object(self);
}

/* Waits for the lock to be free until `until` (NULL: for ever); the interpreter lock is not held. 0
 * or ETIMEDOUT. */
static int wait_free(ThreadLock *self, const struct timespec *until)
{
    int answer = 0;
    while (self->held && answer == 0) {
        struct timespec slice; /* signals are looked at between slices */
        clock_gettime(CLOCK_MONOTONIC, &slice);
        slice.tv_nsec += 50000000;
        if (slice.tv_nsec >= 1000000000) slice.tv_sec++, slice.tv_nsec -= 1000000000;
        bool last = until && (until->tv_sec < slice.tv_sec ||
                              (until->tv_sec == slice.tv_sec && until->tv_nsec <= slice.tv_nsec));
        answer = pthread_cond_timedwait(&self->freed, &self->mutex, last ? until : &slice);
        if (answer == ETIMEDOUT && !last) return EINTR;
    }
    return self->held ? ETIMEDOUT : 0;
}

static Truth lock_take(Vm *vm, ThreadLock *self, bool blocking, double timeout)
{
    uint64_t me = vm->thread_id;
    if (self->reentrant && self->held && self->owner == me) {
        self->depth++;
        return YES;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (timeout >= 0) {
        until.tv_sec += (time_t)timeout;
        until.tv_nsec += (long)((timeout - floor(timeout)) * 1e9);
        if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    }
    for (;;) {
        if (!self->held) break;
        if (!blocking) return NO;
        self->waiters++;
        Ref kept = newref(borrow(self));
        gil_release(vm);
        pthread_mutex_lock(&self->mutex);
        int answer = wait_free(self, timeout >= 0 ? &until : NULL);
        pthread_mutex_unlock(&self->mutex);
        gil_acquire(vm);
        self->waiters--;
        decref(kept);
        if (answer == ETIMEDOUT && self->held) return NO;
        if (atomic_load(&vm->interrupt) && !safe_point(vm)) return FAILED;
    }
    set_held(self, true);
    self->owner = me;
    self->depth = 1;
    return YES;
}

static void lock_give(ThreadLock *self)
{
    if (!self->waiters) {
        set_held(self, false);
        self->depth = 0;
        return;
    }
    pthread_mutex_lock(&self->mutex);
    set_held(self, false);
    self->depth = 0;
    pthread_cond_signal(&self->freed);
    pthread_mutex_unlock(&self->mutex);
}

NATIVE(lock_acquire_method, "acquire(self, blocking=True, timeout=-1)",
       "Take the lock; True when it was taken.")
{
    double timeout;
    if (!float_from(vm, argv[2], &timeout)) return FAIL;
    bool blocking = argv[1] != FALSE && argv[1] != from_small(0);
    if (!blocking && timeout != -1)
        return throw(vm, ValueError, "can't specify a timeout for a non-blocking call");
    if (timeout < 0 && timeout != -1)
        return throw(vm, ValueError, "timeout value must be a non-negative number");
    if (timeout > TIMEOUT_MAX) return throw(vm, OverflowError, "timeout value is too large");
    Truth taken = lock_take(vm, as_lock(argv[0]), blocking, timeout);
    return taken == FAILED ? FAIL : from_bool(taken == YES);
}
NATIVE(lock_acquire_lock, "acquire_lock(self, blocking=True, timeout=-1)", "The same as acquire().")
{
    return lock_acquire_method(vm, argv);
}
NATIVE(lock_release_method, "release(self, /)", "Let the lock go.")
{
    ThreadLock *self = as_lock(argv[0]);
    if (self->reentrant) {
        if (!self->held || self->owner != vm->thread_id)
            return throw(vm, RuntimeError, "cannot release un-acquired lock");
        if (--self->depth > 0) return NONE;
    } else if (!self->held) {
        return throw(vm, RuntimeError, "release unlocked lock");
    }
    lock_give(self);
    return NONE;
}
NATIVE(lock_release_lock, "release_lock(self, /)", "The same as release().")
{
    return lock_release_method(vm, argv);
}
NATIVE(lock_locked, "locked(self, /)", "Is it held?") { return from_bool(as_lock(argv[0])->held); }
NATIVE(lock_locked_lock, "locked_lock(self, /)", "The same as locked().")
{
    return lock_locked(vm, argv);
}
NATIVE(lock_enter, "__enter__(self, /)", "Take the lock.")
{
    Truth taken = lock_take(vm, as_lock(argv[0]), true, -1);
    return taken == FAILED ? FAIL : TRUE;
}
NATIVE(lock_exit, "__exit__(self, /, *args=?)", "Let the lock go.")
{
    return lock_release_method(vm, argv);
}
NATIVE(lock_is_owned, "_is_owned(self, /)", "Does this thread hold it?")
{
    return from_bool(as_lock(argv[0])->held && as_lock(argv[0])->owner == vm->thread_id);
}

NATIVE(lock_at_fork, "_at_fork_reinit(self, /)", "Make the lock free, in a child process.")
{
    ThreadLock *self = as_lock(argv[0]);
    bool reentrant = self->reentrant;
    lock_clear(&self->head.head);
    set_held(self, false);
    self->waiters = self->depth = 0;
    lock_open(self, reentrant);
    return NONE;
}
NATIVE(lock_recursion_count, "_recursion_count(self, /)", "How often this thread holds it.")
{
    ThreadLock *self = as_lock(argv[0]);
    return from_small(self->held && self->owner == vm->thread_id ? self->depth : 0);
}
NATIVE(lock_release_save, "_release_save(self, /)",
       "Let it go however often it is held; returns what _acquire_restore() wants.")
{
    ThreadLock *self = as_lock(argv[0]);
    if (!self->held || self->owner != vm->thread_id)
        return throw(vm, RuntimeError, "cannot release un-acquired lock");
    Ref owner = from_uint64(vm, self->owner);
    Ref state = failed(owner) ? FAIL : tuple_pack(vm, 2, from_small(self->depth), (Value)owner);
    decref(owner);
    if (!failed(state)) lock_give(self);
    return state;
}
NATIVE(lock_acquire_restore, "_acquire_restore(self, state, /)",
       "Take it as often as it was held when state was made.")
{
    int64_t depth;
    if (!is_tuple(argv[1]) || tuple_len(argv[1]) != 2)
        return throw(vm, TypeError, "state must be a tuple of two");
    if (!int_index(vm, tuple_at(argv[1], 0), &depth) ||
        lock_take(vm, as_lock(argv[0]), true, -1) == FAILED)
        return FAIL;
    as_lock(argv[0])->depth = (int)depth;
    return NONE;
}

NATIVE(thread_lock_new, "lock(cls, /)", "A new lock.")
{
    return lock_make(vm, as_type(argv[0]), false);
}
NATIVE(thread_rlock_new, "RLock(cls, /, *args, **kwargs)", "A new reentrant lock.")
{
    if (argv[0] == borrow(type_from_def(vm, &thread_rlock_type)) &&
        (tuple_len(argv[1]) || as_dict(argv[2])->len) &&
        !warn(vm, DeprecationWarning, 1,
              "Passing arguments to RLock is deprecated and will be removed in 3.15"))
        return FAIL;
    return lock_make(vm, as_type(argv[0]), true);
}

static Ref lock_repr(Vm *vm, Value self)
{
    return format_text(vm, "<%s %T object at 0x%llx>", as_lock(self)->held ? "locked" : "unlocked",
                       self, (long long)(uintptr_t)as_object(self));
}
static Ref rlock_repr(Vm *vm, Value self)
{
    const ThreadLock *lock = as_lock(self);
    return format_text(vm, "<%s %T object owner=%lld count=%d at 0x%llx>",
                       lock->held ? "locked" : "unlocked", self,
                       (long long)(lock->held ? lock->owner : 0), lock->held ? lock->depth : 0,
                       (long long)(uintptr_t)as_object(self));
}
static const Native *const lock_methods[] = {
    &lock_acquire_method_def, &lock_acquire_lock_def,
    &lock_release_method_def, &lock_release_lock_def,
    &lock_locked_def,         &lock_locked_lock_def,
    &lock_enter_def,          &lock_exit_def,
    &lock_at_fork_def,        NULL,
};
static const Native *const rlock_methods[] = {
    &lock_acquire_method_def,
    &lock_release_method_def,
    &lock_locked_def,
    &lock_enter_def,
    &lock_exit_def,
    &lock_is_owned_def,
    &lock_at_fork_def,
    &lock_recursion_count_def,
    &lock_release_save_def,
    &lock_acquire_restore_def,
    NULL,
};
static const TypeDef thread_lock_type = {
    .name = "_thread.lock",
    .doc = "A lock between threads.",
    .size = sizeof(ThreadLock),
    .flags = TYPE_WEAKREF | TYPE_FINAL,
    .new = &thread_lock_new_def,
    .clear = lock_clear,
    .repr = lock_repr,
    .methods = lock_methods,
};
static const TypeDef thread_rlock_type = {
    .name = "_thread.RLock",
    .doc = "A lock that its thread can take again.",
    .size = sizeof(ThreadLock),
    .flags = TYPE_WEAKREF,
    .new = &thread_rlock_new_def,
    .clear = lock_clear,
    .repr = rlock_repr,
    .methods = rlock_methods,
};

/* ---- threads that can be joined ---- */

typedef struct ThreadHandle {
    Container head;
    Ref running; /* a lock that is held until the thread has ended; UNDEF: not started */
    uint64_t ident;
    bool done;
} ThreadHandle;

static ThreadHandle *as_handle(Value v) { return (ThreadHandle *)as_object(v); }

static void handle_finish(Vm *vm, ThreadHandle *self)
{
    if (self->done) return;
    self->done = true;
    lock_give(as_lock(self->running));
    Value joined = vm->interp->joined_threads;
    if (!absent(joined) && set_discard(vm, as_set(joined), borrow(self)) == FAILED) error_clear(vm);
}

/* The program waits for the thread at its end. */
static bool handle_keep(Vm *vm, Value handle)
{
    Interp *interp = vm->interp;
    if (absent(interp->joined_threads)) {
        Ref made = set_new(vm);
        if (failed(made)) return false;
        interp->joined_threads = made;
    }
    return set_add(vm, as_set(interp->joined_threads), handle);
}

NATIVE(handle_new, "_ThreadHandle(cls, /)", "What start_joinable_thread() returns.")
{
    ThreadHandle *self = type_instance(vm, as_type(argv[0]));
    return self ? from_object(self) : FAIL;
}
NATIVE(handle_join, "join(self, timeout=None, /)",
       "Wait until the thread has ended, at most timeout seconds; None, less than 0: for ever.")
{
    ThreadHandle *self = as_handle(argv[0]);
    double timeout = -1;
    if (argv[1] != NONE && !float_from(vm, argv[1], &timeout)) return FAIL;
    if (absent(self->running)) return throw(vm, RuntimeError, "thread not started");
    if (self->done) return NONE;
    if (self->ident == vm->thread_id) return throw(vm, RuntimeError, "Cannot join current thread");
    Ref kept = newref(self->running);
    Truth ended = lock_take(vm, as_lock(kept), true, timeout < 0 ? -1 : timeout);
    if (ended == YES) lock_give(as_lock(kept));
    decref(kept);
    return ended == FAILED ? FAIL : NONE;
}
NATIVE(handle_is_done, "is_done(self, /)", "Has the thread ended?")
{
    return from_bool(as_handle(argv[0])->done);
}
NATIVE(handle_set_done, "_set_done(self, /)", "Take the thread for one that has ended.")
{
    if (absent(as_handle(argv[0])->running)) return throw(vm, RuntimeError, "thread not started");
    handle_finish(vm, as_handle(argv[0]));
    return NONE;
}
static Ref handle_ident(Vm *vm, Value self) { return from_uint64(vm, as_handle(self)->ident); }
static Ref handle_repr(Vm *vm, Value self)
{
    return format_text(vm, "<%T object: ident=%lld>", self, (long long)as_handle(self)->ident);
}
static const Attribute handle_attributes[] = {
    {"ident", handle_ident, member_read_only, "what get_ident() returns in the thread"},
    {0},
};
static const Native *const handle_methods[] = {&handle_join_def, &handle_is_done_def,
                                               &handle_set_done_def, NULL};
static const TypeDef thread_handle_type = {
    .name = "_thread._ThreadHandle",
    .doc = "A thread that others can wait for.",
    .size = sizeof(ThreadHandle),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_WEAKREF,
    .refs = REFS(REF(ThreadHandle, running)),
    .new = &handle_new_def,
    .repr = handle_repr,
    .methods = handle_methods,
    .attributes = handle_attributes,
};

/* ---- threads ---- */

/* body: function, args, kwargs and, for a thread that can be joined, its handle. */
static void run_body(Vm *vm, void *argument)
{
    Ref body = *(Ref *)argument;
    free(argument);
    vm->body = body; /* there a fork finds it */
    Value function = tuple_at(body, 0);
    Ref result = call_unpacked(vm, function, tuple_at(body, 1), tuple_at(body, 2));
    if (failed(result) && error_is(vm, SystemExit)) error_clear(vm);
    else if (failed(result))
        error_unraisable(vm, "Exception ignored in thread started by", function);
    decref(result);
    if (tuple_len(body) == 4) handle_finish(vm, as_handle(tuple_at(body, 3)));
    clear(&vm->body);
}

/* Starts a thread for body (owned); false: raised. */
static bool start_body(Vm *vm, Ref body, uint64_t *ident)
{
    if (failed(body)) return false;
    if (vm->interp->finalizing) {
        decref(body);
        throw(vm, PythonFinalizationError, "can't create new thread at interpreter shutdown");
        return false;
    }
    Ref *box = malloc(sizeof *box);
    if (!box) {
        decref(body);
        throw_no_memory(vm);
        return false;
    }
    *box = body;
    if (thread_start_named(vm, run_body, box, ident)) return true;
    decref(body);
    free(box);
    return false;
}

NATIVE(thread_start_new_thread, "start_new_thread(function, args, kwargs=None, /)",
       "Run function(*args, **kwargs) in a new thread; return the thread's identifier.")
{
    if (!type_of(vm, argv[0])->slots.call)
        return throw(vm, TypeError, "first arg must be callable");
    if (!is_tuple(argv[1])) return throw(vm, TypeError, "2nd arg must be a tuple");
    if (argv[2] != NONE && !is_dict(argv[2]))
        return throw(vm, TypeError, "optional 3rd arg must be a dictionary");
    uint64_t ident;
    if (!start_body(vm, tuple_pack(vm, 3, argv[0], argv[1], argv[2]), &ident)) return FAIL;
    return from_uint64(vm, ident);
}
NATIVE(thread_start_joinable, "start_joinable_thread(function, handle=None, daemon=True)",
       "Run function() in a new thread; return its _ThreadHandle, handle if that is given.")
{
    Type *type = type_from_def(vm, &thread_handle_type),
         *lock = type_from_def(vm, &thread_lock_type);
    if (!type || !lock) return FAIL;
    if (!type_of(vm, argv[0])->slots.call)
        return throw(vm, TypeError, "thread function must be callable");
    if (argv[1] != NONE && type_of(vm, argv[1]) != type)
        return throw(vm, TypeError, "'handle' must be a _ThreadHandle");
    Truth daemon = value_truth(vm, argv[2]);
    if (daemon == FAILED) return FAIL;
    Ref handle = argv[1] == NONE ? handle_new(vm, (Value[]){borrow(type)}) : newref(argv[1]);
    if (failed(handle)) return FAIL;
    ThreadHandle *self = as_handle(handle);
    if (!absent(self->running)) {
        decref(handle);
        return throw(vm, RuntimeError, "thread already started");
    }
    self->running = lock_make(vm, lock, false);
    if (!failed(self->running) && (daemon == YES || handle_keep(vm, handle))) {
        set_held(as_lock(self->running), true);
        Value empty = vm->interp->empty_tuple;
        if (start_body(vm, tuple_pack(vm, 4, argv[0], empty, NONE, (Value)handle), &self->ident))
            return handle;
        Ref error = error_take(vm);
        handle_finish(vm, self);
        error_restore(vm, error);
    }
    self->done = false;
    replace(&self->running, UNDEF);
    decref(handle);
    return FAIL;
}
NATIVE(thread_shutdown, "_shutdown()",
       "Wait for the threads that start_joinable_thread() started with daemon=False.")
{
    Set *joined = absent(vm->interp->joined_threads) ? NULL : as_set(vm->interp->joined_threads);
    while (joined && joined->len) {
        Ref handles = tuple_from(vm, borrow(joined));
        if (failed(handles)) return FAIL;
        Ref done = handle_join(vm, (Value[]){tuple_at(handles, 0), NONE});
        decref(handles);
        if (failed(done)) return FAIL;
    }
    return NONE;
}
NATIVE(thread_make_handle, "_make_thread_handle(ident, /)",
       "A handle for a thread that runs already and that this module did not start.")
{
    Type *type = type_from_def(vm, &thread_handle_type),
         *lock = type_from_def(vm, &thread_lock_type);
    int64_t ident;
    if (!type || !lock || !int_index(vm, argv[0], &ident)) return FAIL;
    Ref handle = handle_new(vm, (Value[]){borrow(type)});
    if (failed(handle)) return FAIL;
    as_handle(handle)->ident = (uint64_t)ident;
    as_handle(handle)->running = lock_make(vm, lock, false);
    if (!failed(as_handle(handle)->running)) {
        set_held(as_lock(as_handle(handle)->running), true);
        return handle;
    }
    as_handle(handle)->running = UNDEF;
    decref(handle);
    return FAIL;
}
NATIVE(thread_get_main_ident, "_get_main_thread_ident()", "The number of the main thread.")
{
    return from_uint64(vm, vm->interp->main.thread_id);
}
NATIVE(thread_is_main_interpreter, "_is_main_interpreter()", "Always True: there is one only.")
{
    return TRUE;
}
NATIVE(thread_daemons_allowed, "daemon_threads_allowed()", "May threads be daemons?  True.")
{
    return TRUE;
}
NATIVE(thread_get_ident, "get_ident()", "A number that names this thread.")
{
    return from_uint64(vm, vm->thread_id);
}
NATIVE(thread_main_ident, "_main_ident()", "The number of the main thread.")
{
    return from_uint64(vm, vm->interp->main.thread_id);
}
NATIVE(thread_current, "_current()", "The object threading keeps for this thread, or None.")
{
    return absent(vm->thread_object) ? NONE : newref(vm->thread_object);
}
NATIVE(thread_set_current, "_set_current(thread, /)", "Keep an object for this thread.")
{
    replace(&vm->thread_object, newref(argv[0]));
    return NONE;
}
NATIVE(thread_count, "_count()", "How many threads run besides the main one.")
{
    int count = -1;
    for (Vm *at = vm->interp->threads; at; at = at->next_thread) count++;
    return from_small(count);
}

NATIVE(thread_native_id, "get_native_id()", "The number by which the system knows this thread.")
{
    return from_small(gettid());
}
NATIVE(thread_allocate_lock, "allocate_lock()", "A new lock.")
{
    Type *type = type_from_def(vm, &thread_lock_type);
    return type ? lock_make(vm, type, false) : FAIL;
}
NATIVE(thread_exit, "exit()", "End this thread: raises SystemExit.")
{
    return throw_value(vm, SystemExit, UNDEF);
}
NATIVE(thread_interrupt_main, "interrupt_main(signum=2, /)",
       "Let the main thread handle the signal as if it had arrived.")
{
    int64_t number;
    if (!int_index(vm, argv[0], &number)) return FAIL;
    if (number < 1 || number > 64) return throw(vm, ValueError, "signal number out of range");
    Value handler = signal_get(vm, (int)number);
    bool handled = absent(handler) ? number == SIGINT : handler != NONE && handler != ELLIPSIS;
    if (handled) signal_arrives((int)number);
    return vm != &vm->interp->main || safe_point(vm) ? NONE : FAIL;
}
NATIVE(thread_stack_size, "stack_size(size=0, /)",
       "The stack of new threads in bytes, 0 the system's; returns the former.")
{
    int64_t size;
    if (!int_index(vm, argv[0], &size)) return FAIL;
    if (size < 0) return throw(vm, ValueError, "size must be 0 or a positive value");
    if (size && size < 32768)
        return throw(vm, ValueError, "size not valid: %lld bytes", (long long)size);
    size_t before = vm->interp->thread_stack_bytes;
    vm->interp->thread_stack_bytes = (size_t)size;
    return from_int64(vm, (int64_t)before);
}

NATIVE(thread_start_new, "start_new(function, args, kwargs=None, /)",
       "The same as start_new_thread().")
{
    return thread_start_new_thread(vm, argv);
}
NATIVE(thread_allocate, "allocate()", "The same as allocate_lock().")
{
    return thread_allocate_lock(vm, argv);
}
NATIVE(thread_exit_thread, "exit_thread()", "The same as exit().") { return thread_exit(vm, argv); }

/* ---- _local ---- */

/* The attributes belong to the object, so that the collector finds cycles through them; a thread
 * knows which objects have some for it (vm->locals: serial -> address), and takes them away when it
 * ends.  They are the object's own only during an access. */
typedef struct Local {
    Container head;
    int64_t serial;
    Ref args, kwargs; /* for __init__ in further threads */
    Ref dicts;        /* dict: thread -> its attributes; or UNDEF */
} Local;

static Local *as_local(Value v) { return (Local *)as_object(v); }
static Ref thread_key(const Vm *vm) { return from_small((int64_t)((uintptr_t)vm >> 3)); }

static void local_clear(Object *object)
{
    Local *self = (Local *)object;
    Interp *interp = object->shape->interp;
    for (Vm *vm = interp->threads; vm; vm = vm->next_thread)
        if (is_dict(vm->locals))
            decref(dict_pop(interp->running ? interp->running : &interp->main, as_dict(vm->locals),
                            from_small(self->serial)));
}

void thread_locals_leave(Vm *vm)
{
    Ref locals = take(&vm->locals);
    Value serial, address;
    for (ptrdiff_t at = 0; is_dict(locals) && dict_next(as_dict(locals), &at, &serial, &address);) {
        Local *local = (Local *)((uintptr_t)as_int(address) << 3);
        if (is_dict(local->dicts)) decref(dict_pop(vm, as_dict(local->dicts), thread_key(vm)));
    }
    decref(locals);
}

/* An empty dict for this thread's attributes, noted on both sides; UNDEF: raised. */
static Value local_open(Vm *vm, Local *self)
{
    if (!is_dict(vm->locals)) replace(&vm->locals, dict_new(vm));
    if (!is_dict(self->dicts)) replace(&self->dicts, dict_new(vm));
    Ref made = is_dict(vm->locals) && is_dict(self->dicts) ? dict_new(vm) : FAIL;
    bool good = !failed(made) &&
                dict_set(vm, as_dict(vm->locals), from_small(self->serial),
                         from_small((int64_t)((uintptr_t)self >> 3))) &&
                dict_set(vm, as_dict(self->dicts), thread_key(vm), made);
    Value lent = good ? (Value)made : (Value)UNDEF;
    decref(made);
    return lent;
}

/* This thread's attributes (borrowed), made and initialised on first use; UNDEF: raised. */
static Value local_dict(Vm *vm, Value object)
{
    Local *self = as_local(object);
    Value known =
        is_dict(self->dicts) ? dict_get(vm, as_dict(self->dicts), thread_key(vm)) : (Value)UNDEF;
    if (!absent(known)) return failed(known) ? (Value)UNDEF : known;
    if (absent(local_open(vm, self))) return UNDEF;
    Type *type = type_of(vm, object);
    if (is_heap(type->init) && !absent(self->args)) {
        Ref init = attr_get(vm, object, N(__init__));
        Ref done = failed(init) ? FAIL : call_unpacked(vm, init, self->args, self->kwargs);
        decref(init);
        if (failed(done)) {
            Ref error = error_take(vm);
            if (dict_delete(vm, as_dict(self->dicts), thread_key(vm)) == FAILED) error_clear(vm);
            error_restore(vm, error);
            return UNDEF;
        }
        decref(done);
    }
    return dict_get(vm, as_dict(self->dicts), thread_key(vm));
}

NATIVE(local_new, "_local(cls, /, *args, **kwargs)", "Attributes of which each thread has its own.")
{
    Type *type = as_type(argv[0]);
    bool plain = type == type_from_def(vm, &thread_local_type);
    if (plain && (tuple_len(argv[1]) || as_dict(argv[2])->len))
        return throw(vm, TypeError, "Initialization arguments are not supported");
    Local *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->serial = ++vm->interp->local_serial;
    Ref object = from_object(self);
    if (absent(local_dict(vm, object)))
        return decref(object), FAIL; /* this thread: __init__ follows */
    self->args = newref(argv[1]);
    self->kwargs = newref(argv[2]);
    return object;
}

/* Lets the object have this thread's attributes as its own until local_leave(). */
static bool local_enter(Vm *vm, Value self)
{
    Value dict = local_dict(vm, self);
    Object *object = as_object(self);
    if (absent(dict) || (object->shape->mode != SHAPE_DICT && !object_dict(vm, object)))
        return false;
    replace(object_slots(object) + object->shape->fixed, newref(dict));
    return true;
}
static void local_leave(Value self)
{
    Object *object = as_object(self);
    clear(object_slots(object) + object->shape->fixed);
}
static Ref local_get_attr(Vm *vm, Value self, Value name)
{
    if (name == N(__dict__)) {
        Value dict = local_dict(vm, self);
        return absent(dict) ? FAIL : newref(dict);
    }
    if (!local_enter(vm, self)) return FAIL;
    Ref kept = newref(self), value = object_get_attr(vm, self, name);
    local_leave(self);
    decref(kept);
    return value;
}
static bool local_set_attr(Vm *vm, Value self, Value name, Value value)
{
    if (name == N(__dict__)) {
        throw(vm, AttributeError, "'%T' object attribute '__dict__' is read-only", self);
        return false;
    }
    if (!local_enter(vm, self)) return false;
    Ref kept = newref(self);
    bool good = object_set_attr(vm, self, name, value);
    local_leave(self);
    decref(kept);
    return good;
}
static const TypeDef thread_local_type = {
    .name = "_thread._local",
    .doc = "Attributes of which each thread has its own.",
    .size = sizeof(Local),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(Local, args), REF(Local, kwargs), REF(Local, dicts)),
    .new = &local_new_def,
    .clear = local_clear,
    .get_attr = local_get_attr,
    .set_attr = local_set_attr,
};

static const Native *const thread_functions[] = {
    &thread_start_new_thread_def, &thread_start_new_def,      &thread_native_id_def,
    &thread_allocate_lock_def,    &thread_allocate_def,       &thread_exit_def,
    &thread_exit_thread_def,      &thread_interrupt_main_def, &thread_stack_size_def,
    &thread_get_ident_def,        &thread_main_ident_def,     &thread_current_def,
    &thread_set_current_def,      &thread_count_def,          &thread_start_joinable_def,
    &thread_make_handle_def,      &thread_get_main_ident_def, &thread_is_main_interpreter_def,
    &thread_daemons_allowed_def,  &thread_shutdown_def,       NULL,
};
static bool thread_open(Vm *vm, Value module)
{
    Type *lock = type_from_def(vm, &thread_lock_type),
         *rlock = type_from_def(vm, &thread_rlock_type),
         *local = type_from_def(vm, &thread_local_type),
         *handle = type_from_def(vm, &thread_handle_type);
    return lock && rlock && local && handle &&
           module_set(vm, module, "_ThreadHandle", newref(borrow(handle))) &&
           module_set(vm, module, "_local", newref(borrow(local))) &&
           module_set(vm, module, "LockType", newref(borrow(lock))) &&
           module_set(vm, module, "lock", newref(borrow(lock))) &&
           module_set(vm, module, "RLock", newref(borrow(rlock))) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, RuntimeError)))) &&
           module_set(vm, module, "TIMEOUT_MAX", from_float(TIMEOUT_MAX));
}
const ModuleDef _thread_module = {
    .name = "_thread",
    .doc = "Threads and locks.",
    .functions = thread_functions,
    .open = thread_open,
};
