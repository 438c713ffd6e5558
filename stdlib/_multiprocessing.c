/* _multiprocessing.c - semaphores that processes share, for multiprocessing/synchronize.aio.
 *
 * A SemLock is a named POSIX semaphore, opened.  Its count of how often it is held, and by which
 * thread, are of this process only; the value is everybody's.
 * Neighbours: interp/modules/thread.c (locks of threads). */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <semaphore.h>
#include <time.h>

#include "_posix.h"

enum { SEM_RECURSIVE, SEM_COUNTING };

typedef struct SemLock {
    Container head;
    sem_t *handle; /* NULL: closed */
    int kind;      /* SEM_* */
    int maximum;
    int count;      /* how often this process holds it */
    uint64_t owner; /* the thread that took it last; meaningful while count > 0 */
    Ref name;       /* str; None: unknown, rebuilt from a handle */
} SemLock;

static const TypeDef semlock_type;

static SemLock *as_semlock(Value v) { return (SemLock *)as_object(v); }

static bool is_mine(const Vm *vm, const SemLock *self)
{
    return self->count > 0 && self->owner == vm->thread_id;
}

static void semlock_drop(Object *object)
{
    SemLock *self = (SemLock *)object;
    if (self->handle) sem_close(self->handle);
    self->handle = NULL;
}

/* ---- making ---- */

static Ref semlock_wrap(Vm *vm, Type *type, sem_t *handle, int kind, int maximum, Value name)
{
    SemLock *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->handle = handle;
    self->kind = kind;
    self->maximum = maximum;
    self->name = newref(name);
    return from_object(self);
}

NATIVE(semlock_new, "SemLock(cls, /, kind, value, maxvalue, name, unlink)",
       "Make the semaphore name, which must not exist: kind 0 a recursive lock, 1 a semaphore;\n"
       "unlink: its name goes at once, so that only forked children come by it.")
{
    int kind, value, maximum;
    bool unlinked;
    if (!c_int_from(vm, argv[1], &kind) || !c_int_from(vm, argv[2], &value) ||
        !c_int_from(vm, argv[3], &maximum) || !truth_from(vm, argv[5], &unlinked))
        return FAIL;
    if (kind != SEM_RECURSIVE && kind != SEM_COUNTING)
        return throw(vm, ValueError, "unrecognized kind");
    Ref text = fsencoded(vm, argv[4]);
    if (failed(text)) return FAIL;
    const char *name = as_bytes(text)->data;
    sem_t *handle = sem_open(name, O_CREAT | O_EXCL, 0600, (unsigned)value);
    Ref out = FAIL;
    if (handle == SEM_FAILED || (unlinked && sem_unlink(name) < 0)) posix_error(vm);
    else out = semlock_wrap(vm, as_type(argv[0]), handle, kind, maximum, argv[4]);
    if (failed(out) && handle != SEM_FAILED) sem_close(handle);
    decref(text);
    return out;
}
NATIVE_CLASS(semlock_rebuild, "_rebuild(cls, handle, kind, maxvalue, name, /)",
             "Open the semaphore name that another process has made.")
{
    int kind, maximum;
    if (!c_int_from(vm, argv[2], &kind) || !c_int_from(vm, argv[3], &maximum)) return FAIL;
    Ref text = fsencoded(vm, argv[4]);
    if (failed(text)) return FAIL;
    sem_t *handle = sem_open(as_bytes(text)->data, 0);
    Ref out = handle == SEM_FAILED
                  ? posix_error(vm)
                  : semlock_wrap(vm, as_type(argv[0]), handle, kind, maximum, argv[4]);
    if (failed(out) && handle != SEM_FAILED) sem_close(handle);
    decref(text);
    return out;
}

/* ---- taking and giving ---- */

/* When a wait of so many seconds ends, on the clock of sem_timedwait(). */
static struct timespec deadline_after(double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    if (seconds > 1e9) seconds = 1e9;
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)((seconds - floor(seconds)) * 1e9);
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    return until;
}

/* Waits for the semaphore; seconds below 0: for ever. */
static Truth semlock_wait(Vm *vm, SemLock *self, double seconds)
{
    struct timespec until = deadline_after(seconds < 0 ? 0 : seconds);
    int result;
    Ref kept = newref(borrow(self));
    if (seconds < 0) WAITING(result, sem_wait(self->handle));
    else WAITING(result, sem_timedwait(self->handle, &until));
    int saved = errno;
    decref(kept);
    if (result == 0) return YES;
    errno = saved;
    if (errno == ETIMEDOUT) return NO;
    posix_error(vm);
    return FAILED;
}

static Ref semlock_take(Vm *vm, SemLock *self, bool blocking, double seconds)
{
    if (self->kind == SEM_RECURSIVE && is_mine(vm, self)) {
        self->count++;
        return TRUE;
    }
    if (sem_trywait(self->handle) < 0) {
        if (errno != EAGAIN && errno != EINTR) return posix_error(vm);
        if (!blocking || seconds == 0) return FALSE;
        Truth taken = semlock_wait(vm, self, seconds);
        if (taken != YES) return taken == NO ? FALSE : FAIL;
    }
    self->count++;
    self->owner = vm->thread_id;
    return TRUE;
}

NATIVE(semlock_acquire, "acquire(self, block=True, timeout=None)",
       "Take it, waiting timeout seconds at most (None: for ever); return whether it was taken.")
{
    bool blocking;
    double seconds = -1;
    if (!truth_from(vm, argv[1], &blocking)) return FAIL;
    if (!is_none(argv[2])) {
        if (!float_from(vm, argv[2], &seconds)) return FAIL;
        if (!(seconds > 0)) seconds = 0;
    }
    return semlock_take(vm, as_semlock(argv[0]), blocking, seconds);
}
NATIVE(semlock_release, "release(self, /)", "Give it back.")
{
    SemLock *self = as_semlock(argv[0]);
    int value;
    if (self->kind == SEM_RECURSIVE) {
        if (!is_mine(vm, self))
            return throw(vm, AssertionError,
                         "attempt to release recursive lock not owned by thread");
        if (self->count > 1) {
            self->count--;
            return NONE;
        }
    } else {
        if (sem_getvalue(self->handle, &value) < 0) return posix_error(vm);
        if (value >= self->maximum)
            return throw(vm, ValueError, "semaphore or lock released too many times");
    }
    if (sem_post(self->handle) < 0) return posix_error(vm);
    self->count--;
    return NONE;
}
NATIVE(semlock_enter, "__enter__(self, /)", "Take it.")
{
    return semlock_take(vm, as_semlock(argv[0]), true, -1);
}
NATIVE(semlock_exit, "__exit__(self, exc_type=None, exc_value=None, exc_tb=None, /)",
       "Give it back.")
{
    return semlock_release(vm, argv);
}

/* ---- asking ---- */

NATIVE(semlock_count, "_count(self, /)", "Return how often this process holds it.")
{
    return from_small(as_semlock(argv[0])->count);
}
NATIVE(semlock_is_mine, "_is_mine(self, /)", "Does this thread hold it?")
{
    return from_bool(is_mine(vm, as_semlock(argv[0])));
}
NATIVE(semlock_value, "_get_value(self, /)", "Return how many more may take it.")
{
    int value;
    if (sem_getvalue(as_semlock(argv[0])->handle, &value) < 0) return posix_error(vm);
    return from_small(value < 0 ? 0 : value);
}
NATIVE(semlock_is_zero, "_is_zero(self, /)", "Would acquire() have to wait?")
{
    int value;
    if (sem_getvalue(as_semlock(argv[0])->handle, &value) < 0) return posix_error(vm);
    return from_bool(value <= 0);
}
NATIVE(semlock_after_fork, "_after_fork(self, /)", "In a child process: it does not hold it.")
{
    as_semlock(argv[0])->count = 0;
    return NONE;
}

NATIVE(multiprocessing_sem_unlink, "sem_unlink(name, /)",
       "Take the name of a semaphore away; those who have it open keep it.")
{
    Ref text = fsencoded(vm, argv[0]);
    if (failed(text)) return FAIL;
    int result = sem_unlink(as_bytes(text)->data);
    decref(text);
    return posix_done(vm, result);
}

/* ---- tables ---- */

static Ref get_handle(Vm *vm, Value self)
{
    return from_uint64(vm, (uint64_t)(uintptr_t)as_semlock(self)->handle);
}
static Ref get_kind(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_semlock(self)->kind);
}
static Ref get_maximum(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_semlock(self)->maximum);
}
static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_semlock(self)->name);
}
static const Attribute semlock_attributes[] = {
    {"handle", get_handle, NULL, "Where it lies in memory."},
    {"kind", get_kind, NULL, "0: a recursive lock, 1: a semaphore."},
    {"maxvalue", get_maximum, NULL, "What release() may raise its value to."},
    {"name", get_name, NULL, "Its name in the system."},
    {0},
};
static const Native *const semlock_methods[] = {
    &semlock_acquire_def,
    &semlock_release_def,
    &semlock_enter_def,
    &semlock_exit_def,
    &semlock_count_def,
    &semlock_is_mine_def,
    &semlock_value_def,
    &semlock_is_zero_def,
    &semlock_after_fork_def,
    &semlock_rebuild_def,
    NULL,
};
static const TypeDef semlock_type = {
    .name = "_multiprocessing.SemLock",
    .doc = "A semaphore, or a recursive lock, that processes share.",
    .size = sizeof(SemLock),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(SemLock, name)),
    .clear = semlock_drop,
    .new = &semlock_new_def,
    .methods = semlock_methods,
    .attributes = semlock_attributes,
};

static bool multiprocessing_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &semlock_type);
    Dict *space = type ? type_dict(vm, type) : NULL;
    if (!space || !dict_set_text(vm, space, "SEM_VALUE_MAX", from_small(SEM_VALUE_MAX)))
        return false;
    Ref flags = dict_new(vm);
    return !failed(flags) && module_set(vm, module, "flags", flags);
}

static const Native *const multiprocessing_functions[] = {&multiprocessing_sem_unlink_def, NULL};
static const TypeDef *const multiprocessing_types[] = {&semlock_type, NULL};
const ModuleDef _multiprocessing_module = {
    .name = "_multiprocessing",
    .doc = "Semaphores that processes share.",
    .functions = multiprocessing_functions,
    .types = multiprocessing_types,
    .open = multiprocessing_open,
};
