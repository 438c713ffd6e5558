/* thread.c - OS threads and the interpreter lock.
 *
 * One lock per interpreter.  Whoever wants it and does not get it within 5 ms asks the holder to
 * let go, which it does at its next safe point; a ticket makes sure that somebody else then gets
 * it. Neighbours: pending.c (safe_point), modules/thread.c (_thread), loop/. */
/* SPDX-License-Identifier: MIT */
#include "vm/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "object/error.h"
#include "vm/frame.h"
#include "vm/local.h"
#include "vm/pending.h"
#include "vm/signals.h"

#define SWITCH_INTERVAL_NS 5000000

struct Gil {
    pthread_mutex_t mutex;
    pthread_cond_t freed; /* the lock was released */
    pthread_cond_t taken; /* another thread has it now */
    bool held;
    int waiting;
    uint64_t turns; /* how often it changed hands */
};

bool gil_open(Interp *interp)
{
    struct Gil *lock = calloc(1, sizeof *lock);
    if (!lock) return false;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->freed, &monotonic);
    pthread_cond_init(&lock->taken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    lock->held = true; /* by the thread that opens it */
    interp->lock = lock;
    return true;
}

void gil_close(Interp *interp)
{
    pthread_cond_destroy(&interp->lock->freed);
    pthread_cond_destroy(&interp->lock->taken);
    pthread_mutex_destroy(&interp->lock->mutex);
    free(interp->lock);
    interp->lock = NULL;
}

/* vm runs no more, and takes what it has put off with it; the mutex is held. */
static void let_go(Vm *vm, struct Gil *lock)
{
    Interp *interp = vm->interp;
    vm->drops = interp->memory.drops;
    interp->memory.drops = (Drops){0};
    interp->running = NULL;
    lock->held = false;
    pthread_cond_signal(&lock->freed);
}

void gil_release(Vm *vm)
{
    struct Gil *lock = vm->interp->lock;
    pthread_mutex_lock(&lock->mutex);
    let_go(vm, lock);
    pthread_mutex_unlock(&lock->mutex);
}

int64_t gil_interval(const Interp *interp)
{
    return interp->switch_interval_ns ? interp->switch_interval_ns : SWITCH_INTERVAL_NS;
}

static struct timespec soon(const Interp *interp)
{
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    int64_t wait = gil_interval(interp) + when.tv_nsec;
    when.tv_sec += wait / 1000000000;
    when.tv_nsec = wait % 1000000000;
    return when;
}

/* At the end of the program the modules lose their contents.  A thread that still wants to run then
 * would meet that: it is left waiting until the process is gone. */
static void leave_behind(struct Gil *lock)
{
    pthread_cond_signal(&lock->freed); /* it was not meant for us */
    pthread_mutex_unlock(&lock->mutex);
    for (;;) pause();
}

void gil_acquire(Vm *vm)
{
    struct Gil *lock = vm->interp->lock;
    int saved = errno;
    pthread_mutex_lock(&lock->mutex);
    lock->waiting++;
    while (lock->held) {
        struct timespec when = soon(vm->interp);
        uint64_t turns = lock->turns;
        int woken = pthread_cond_timedwait(&lock->freed, &lock->mutex, &when);
        if (woken == ETIMEDOUT && lock->held && lock->turns == turns && vm->interp->running)
            atomic_fetch_or(&vm->interp->running->interrupt, INTERRUPT_LOCK);
    }
    lock->waiting--;
    if (vm->interp->finalizing && vm != &vm->interp->main) leave_behind(lock);
    lock->held = true;
    lock->turns++;
    vm->interp->running = vm;
    vm->interp->memory.drops = vm->drops;
    pthread_cond_broadcast(&lock->taken);
    pthread_mutex_unlock(&lock->mutex);
    errno = saved;
}

void gil_yield(Vm *vm)
{
    struct Gil *lock = vm->interp->lock;
    pthread_mutex_lock(&lock->mutex);
    bool others = lock->waiting > 0;
    uint64_t turns = lock->turns;
    if (others) {
        let_go(vm, lock);
        struct timespec when = soon(vm->interp);
        while (lock->turns == turns &&
               pthread_cond_timedwait(&lock->taken, &lock->mutex, &when) == 0)
            continue;
    }
    pthread_mutex_unlock(&lock->mutex);
    if (others) gil_acquire(vm);
}

/* ---- threads ---- */

typedef struct Start {
    Vm *vm;
    void (*body)(Vm *vm, void *argument);
    void *argument;
} Start;

static Vm *vm_new(Interp *interp)
{
    Vm *vm = calloc(1, sizeof *vm);
    if (!vm) return NULL;
    vm->interp = interp;
    vm->handled = &vm->base_handled;
    if (!stacks_open(vm)) {
        free(vm);
        return NULL;
    }
    return vm;
}

/* What a thread's view refers to; needs the lock. */
static void drop_values(Vm *vm)
{
    clear(&vm->error);
    clear(&vm->base_handled.error);
    clear(&vm->context);
    clear(&vm->running_set);
    clear(&vm->current_loop);
    clear(&vm->repr_active);
    clear(&vm->thread_object);
    clear(&vm->trace);
    clear(&vm->profile);
    thread_locals_leave(vm);
    clear(&vm->body);
}

static void vm_free(Vm *vm)
{
    drop_values(vm);
    stacks_close(vm);
    pending_close(vm);
    free(vm->drops.objects);
    free(vm);
}

static void forget(Interp *interp, Vm *vm)
{
    Vm **at = &interp->threads;
    while (*at && *at != vm) at = &(*at)->next_thread;
    if (*at) *at = vm->next_thread;
}

/* What both sorts of threads begin and end with. */
static void vm_enter(Vm *vm)
{
    vm->thread_id = (uint64_t)pthread_self();
    c_stack_measure(vm);
    gil_acquire(vm);
}
static void vm_leave(Vm *vm)
{
    do drop_values(vm);
    while (pending_run(vm)); /* finalisers may make such values anew */
    forget(vm->interp, vm);
    gil_release(vm);
    stacks_close(vm);
    pending_close(vm);
    free(vm->drops.objects);
    free(vm);
}

static void *thread_main(void *argument)
{
    Start start = *(Start *)argument;
    free(argument);
    vm_enter(start.vm);
    start.body(start.vm, start.argument);
    vm_leave(start.vm);
    return NULL;
}

Vm *thread_attach(Interp *interp)
{
    Vm *vm = vm_new(interp);
    if (!vm) return NULL;
    vm_enter(vm);
    vm->next_thread = interp->threads;
    interp->threads = vm;
    return vm;
}
void thread_detach(Vm *vm) { vm_leave(vm); }

bool thread_start(Vm *vm, void (*body)(Vm *vm, void *argument), void *argument)
{
    uint64_t ident;
    return thread_start_named(vm, body, argument, &ident);
}

bool thread_start_named(Vm *vm, void (*body)(Vm *vm, void *argument), void *argument,
                        uint64_t *ident)
{
    Start *start = malloc(sizeof *start);
    Vm *child = vm_new(vm->interp);
    if (!start || !child) {
        free(start);
        if (child) vm_free(child);
        throw_no_memory(vm);
        return false;
    }
    *start = (Start){child, body, argument};
    child->next_thread = vm->interp->threads;
    vm->interp->threads = child;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (vm->interp->thread_stack_bytes)
        pthread_attr_setstacksize(&attributes, vm->interp->thread_stack_bytes);
    pthread_t thread;
    int failure = pthread_create(&thread, &attributes, thread_main, start);
    pthread_attr_destroy(&attributes);
    *ident = (uint64_t)thread;
    if (failure == 0) return true;
    forget(vm->interp, child);
    vm_free(child);
    free(start);
    throw(vm, RuntimeError, "can't start new thread");
    return false;
}

void thread_forked(Vm *vm)
{
    Interp *interp = vm->interp;
    free(interp->lock); /* not destroyed: that would wait for threads that are not here */
    if (!gil_open(interp)) abort();
    interp->running = vm;
    for (Vm *other = interp->threads, *next; other;
         other = next) { /* what they ran goes no further */
        next = other->next_thread;
        if (other == vm) continue;
        interp->debug &= ~(unsigned)DEBUG_REFS; /* what they held is theirs for ever */
        if (other == &interp->main) continue;
        stacks_abandon(other);
        vm_free(other);
    }
    vm->next_thread = NULL;
    vm->running_loop = NULL;
    clear(&vm->running_set);
    clear(&vm->current_loop);
    interp->threads = vm;
    vm->thread_id = (uint64_t)pthread_self();
    signals_forked(vm);
}

Vm *thread_of(Interp *interp, uint64_t id)
{
    for (Vm *vm = interp->threads; vm; vm = vm->next_thread)
        if (vm->thread_id == id) return vm;
    return NULL;
}

Vm *thread_vm(Interp *interp) { return thread_of(interp, (uint64_t)pthread_self()); }
