/* thread.c - the module _thread: OS threads and locks, under stdlib/threading.aio.
 *
 * A lock is a mutex and a condition; acquiring lets the interpreter lock go while it waits, and looks at
 * signals every time it is woken.
 * Neighbours: vm/thread.h. */
/* SPDX-License-Identifier: MIT */
#include "vm/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/native.h"
#include "object/tuple.h"

typedef struct ThreadLock {
    Object head;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    bool held, ready;
    uint64_t owner;   /* reentrant: the thread that holds it */
    int depth;        /* reentrant: how often */
    bool reentrant;
} ThreadLock;

static ThreadLock *as_lock(Value v) { return (ThreadLock *)as_object(v); }

static void lock_clear(Object *object)
{
    ThreadLock *self = (ThreadLock *)object;
    if (!self->ready) return;
    pthread_mutex_destroy(&self->mutex);
    pthread_cond_destroy(&self->freed);
    self->ready = false;
}

static Ref lock_make(Vm *vm, Type *type, bool reentrant)
{
    ThreadLock *self = type_instance(vm, type);
    if (!self) return FAIL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    self->ready = true;
    self->reentrant = reentrant;
    return from_object(self);
}

/* Waits for the lock to be free until `until` (NULL: for ever); the interpreter lock is not held. 0 or ETIMEDOUT. */
static int wait_free(ThreadLock *self, const struct timespec *until)
{
    int answer = 0;
    while (self->held && answer == 0) {
        struct timespec slice; /* signals are looked at between slices */
        clock_gettime(CLOCK_MONOTONIC, &slice);
        slice.tv_nsec += 50000000;
        if (slice.tv_nsec >= 1000000000) slice.tv_sec++, slice.tv_nsec -= 1000000000;
        bool last = until && (until->tv_sec < slice.tv_sec || (until->tv_sec == slice.tv_sec && until->tv_nsec <= slice.tv_nsec));
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
        gil_release(vm);
        pthread_mutex_lock(&self->mutex);
        int answer = wait_free(self, timeout >= 0 ? &until : NULL);
        pthread_mutex_unlock(&self->mutex);
        gil_acquire(vm);
        if (answer == ETIMEDOUT && self->held) return NO;
        if (atomic_load(&vm->interrupt) && !safe_point(vm)) return FAILED;
    }
    self->held = true; /* guarded by the interpreter lock */
    self->owner = me;
    self->depth = 1;
    return YES;
}

static void lock_give(ThreadLock *self)
{
    pthread_mutex_lock(&self->mutex);
    self->held = false;
    self->depth = 0;
    pthread_cond_signal(&self->freed);
    pthread_mutex_unlock(&self->mutex);
}

NATIVE(lock_acquire_method, "acquire(self, blocking=True, timeout=-1)", "Take the lock; True when it was taken.")
{
    double timeout;
    if (!float_from(vm, argv[2], &timeout)) return FAIL;
    bool blocking = argv[1] != FALSE && argv[1] != from_small(0);
    if (!blocking && timeout != -1) return throw(vm, ValueError, "can't specify a timeout for a non-blocking call");
    if (blocking && timeout < 0 && timeout != -1) return throw(vm, ValueError, "timeout value must be a non-negative number");
    Truth taken = lock_take(vm, as_lock(argv[0]), blocking, timeout);
    return taken == FAILED ? FAIL : from_bool(taken == YES);
}
NATIVE(lock_release_method, "release(self, /)", "Let the lock go.")
{
    ThreadLock *self = as_lock(argv[0]);
    if (self->reentrant) {
        if (!self->held || self->owner != vm->thread_id) return throw(vm, RuntimeError, "cannot release un-acquired lock");
        if (--self->depth > 0) return NONE;
    } else if (!self->held) {
        return throw(vm, RuntimeError, "release unlocked lock");
    }
    lock_give(self);
    return NONE;
}
NATIVE(lock_locked, "locked(self, /)", "Is it held?") { return from_bool(as_lock(argv[0])->held); }
NATIVE(lock_enter, "__enter__(self, /)", "Take the lock.")
{
    Truth taken = lock_take(vm, as_lock(argv[0]), true, -1);
    return taken == FAILED ? FAIL : TRUE;
}
NATIVE(lock_exit, "__exit__(self, /, *args)", "Let the lock go.") { return lock_release_method(vm, argv); }
NATIVE(lock_is_owned, "_is_owned(self, /)", "Does this thread hold it?")
{
    return from_bool(as_lock(argv[0])->held && as_lock(argv[0])->owner == vm->thread_id);
}

NATIVE(thread_lock_new, "lock(cls, /)", "A new lock.") { return lock_make(vm, as_type(argv[0]), false); }
NATIVE(thread_rlock_new, "RLock(cls, /)", "A new reentrant lock.") { return lock_make(vm, as_type(argv[0]), true); }

static Ref lock_repr(Vm *vm, Value self)
{
    return format_text(vm, "<%s %T object at 0x%llx>", as_lock(self)->held ? "locked" : "unlocked", self,
                       (long long)(uintptr_t)as_object(self));
}
static const Native *const lock_methods[] = {
    &lock_acquire_method_def, &lock_release_method_def, &lock_locked_def, &lock_enter_def, &lock_exit_def, &lock_is_owned_def, NULL,
};
static const TypeDef thread_lock_type = {
    .name = "_thread.lock", .doc = "A lock between threads.", .size = sizeof(ThreadLock), .flags = TYPE_WEAKREF,
    .new = &thread_lock_new_def, .clear = lock_clear, .repr = lock_repr, .methods = lock_methods,
};
static const TypeDef thread_rlock_type = {
    .name = "_thread.RLock", .doc = "A lock that its thread can take again.", .size = sizeof(ThreadLock), .flags = TYPE_WEAKREF,
    .new = &thread_rlock_new_def, .clear = lock_clear, .repr = lock_repr, .methods = lock_methods,
};

/* ---- threads ---- */

typedef struct Body { Ref function, args, kwargs; } Body;

static void run_body(Vm *vm, void *argument)
{
    Body *body = argument;
    Ref kwnames = UNDEF, result = FAIL;
    ptrdiff_t argc = tuple_len(body->args), named = is_dict(body->kwargs) ? as_dict(body->kwargs)->len : 0;
    Value *argv = malloc(sizeof(Value) * (size_t)(argc + named + 1));
    for (ptrdiff_t n = 0; argv && n < argc; n++) argv[n] = tuple_at(body->args, n);
    if (argv && named) {
        kwnames = tuple_new(vm, named);
        Value key, value;
        ptrdiff_t k = 0;
        for (ptrdiff_t i = 0; !failed(kwnames) && dict_next(as_dict(body->kwargs), &i, &key, &value); k++) {
            as_tuple(kwnames)->items[k] = newref(key);
            argv[argc + k] = value;
        }
    }
    if (argv && !failed(kwnames)) result = call_args(vm, body->function, &(Args){argv, (int)argc, kwnames});
    if (failed(result) && error_is(vm, SystemExit)) error_clear(vm);
    else if (failed(result)) error_unraisable(vm, "Exception ignored in thread started by", body->function);
    decref(result);
    decref(kwnames);
    free(argv);
    decref(body->function);
    decref(body->args);
    decref(body->kwargs);
    free(body);
}

NATIVE(thread_start_new_thread, "start_new_thread(function, args, kwargs=None, /)",
    "Run function(*args, **kwargs) in a new thread; return the thread's identifier.")
{
    if (!is_tuple(argv[1])) return throw(vm, TypeError, "2nd arg must be a tuple");
    Body *body = malloc(sizeof *body);
    if (!body) return throw_no_memory(vm);
    *body = (Body){newref(argv[0]), newref(argv[1]), newref(argv[2])};
    if (thread_start(vm, run_body, body)) return NONE;
    decref(body->function);
    decref(body->args);
    decref(body->kwargs);
    free(body);
    return FAIL;
}
NATIVE(thread_get_ident, "get_ident()", "A number that names this thread.") { return from_uint64(vm, vm->thread_id); }
NATIVE(thread_main_ident, "_main_ident()", "The number of the main thread.") { return from_uint64(vm, vm->interp->main.thread_id); }
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

static const Native *const thread_functions[] = {
    &thread_start_new_thread_def, &thread_get_ident_def, &thread_main_ident_def, &thread_current_def,
    &thread_set_current_def, &thread_count_def, NULL,
};
static bool thread_open(Vm *vm, Value module)
{
    Type *lock = type_from_def(vm, &thread_lock_type), *rlock = type_from_def(vm, &thread_rlock_type);
    return lock && rlock && module_set(vm, module, "allocate_lock", newref(borrow(lock))) &&
           module_set(vm, module, "LockType", newref(borrow(lock))) && module_set(vm, module, "lock", newref(borrow(lock))) &&
           module_set(vm, module, "RLock", newref(borrow(rlock))) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, RuntimeError)))) &&
           module_set(vm, module, "TIMEOUT_MAX", from_float(9223372036.0));
}
const ModuleDef _thread_module = {
    .name = "_thread", .doc = "Threads and locks.", .functions = thread_functions, .open = thread_open,
};
