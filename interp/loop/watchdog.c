/* watchdog.c - debug mode's thread that names the line which blocks the loop, while it does.
 *
 * It sleeps until the step that runs is due to be called slow, then takes the interpreter lock like
 * any thread, finds out whether it is the same step still, and logs where the loop's thread stands.
 * A step that computes lets go of the lock at a safe point, one that waits has done so already;
 * only a long call that keeps the lock is told of late.  A step costs the loop a mutex and no
 * system call.  Neighbours: loop.c (run_entry_timed), report.c (the log), vm/thread.h (the lock).
 */
/* SPDX-License-Identifier: MIT */
#include "loop/watchdog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "object/str.h"
#include "vm/frame.h"
#include "vm/thread.h"

struct Watchdog {
    pthread_mutex_t mutex; /* guards what stands below it */
    pthread_cond_t changed;
    int64_t begun_ns, slow_ns; /* of the step; begun_ns 0: none runs */
    uint64_t step, told;       /* its number; that of the last one reported */
    bool idle, ending;         /* idle: it waits for a step to begin */
    Value what;                /* whose step it is, borrowed */
    const Frame *base;         /* what called it */
    pthread_t thread;
    pid_t process; /* a forked child has no such thread */
    Vm *vm;        /* of the loop's thread */
};

static int64_t now_ns(void) { return clock_real.now_ns(NULL); }

/* The step, if it is still running; needs the interpreter lock. */
static Ref same_step(Watchdog *dog, uint64_t step, int64_t *begun)
{
    pthread_mutex_lock(&dog->mutex);
    *begun = dog->begun_ns;
    Ref what = dog->begun_ns && dog->step == step && !dog->ending ? newref(dog->what) : UNDEF;
    pthread_mutex_unlock(&dog->mutex);
    return what;
}

/* "  File ..., line N, in NAME" of the innermost functions of the step, the last call last. */
static Ref stack_text(Vm *vm, const Watchdog *dog)
{
    enum { DEEPEST = 20 };
    FrameView view;
    Ref text = str_from(vm, "");
    bool more = frame_view_first(dog->vm, &view);
    for (int n = 0; n < DEEPEST && more && view.record > dog->base && !failed(text); n++) {
        const Code *code = view.function->code;
        int line = code_position(code, view.instr < 0 ? 0 : view.instr).line;
        replace(&text, format_text(vm, "\n  File \"%S\", line %d, in %S%S", (Value)code->filename,
                                   line, function_qualname(view.function), (Value)text));
        more = frame_view_next(dog->vm, &view);
    }
    return text;
}

static void tell(Vm *vm, const Watchdog *dog, Value what, int64_t spent_ns)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.3f", (double)spent_ns / 1e9);
    Ref stack = stack_text(vm, dog), text = FAIL;
    if (!failed(stack))
        text = format_text(vm, "Executing %R has taken %s seconds so far and blocks the loop:%S",
                           what, seconds, (Value)stack);
    if (failed(text)) error_unraisable(vm, "Exception ignored while a slow step was told", UNDEF);
    else log_error(vm, "warning", text, UNDEF);
    decref(stack);
    decref(text);
}

static void report(Watchdog *dog, uint64_t step)
{
    Vm *vm = thread_attach(dog->vm->interp);
    if (!vm) return;
    int64_t begun;
    Ref what = same_step(dog, step, &begun);
    if (!absent(what)) tell(vm, dog, what, now_ns() - begun);
    decref(what);
    thread_detach(vm);
}

static void wait_until(Watchdog *dog, int64_t due_ns)
{
    struct timespec when = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
    pthread_cond_timedwait(&dog->changed, &dog->mutex, &when);
}

static void *watch(void *argument)
{
    Watchdog *dog = argument;
    pthread_mutex_lock(&dog->mutex);
    while (!dog->ending) {
        int64_t due_ns = dog->begun_ns + dog->slow_ns;
        if (!dog->begun_ns || dog->told == dog->step) {
            dog->idle = true;
            pthread_cond_wait(&dog->changed, &dog->mutex);
            dog->idle = false;
        } else if (now_ns() < due_ns) {
            wait_until(dog, due_ns);
        } else {
            uint64_t step = dog->told = dog->step;
            pthread_mutex_unlock(&dog->mutex);
            report(dog, step);
            pthread_mutex_lock(&dog->mutex);
        }
    }
    pthread_mutex_unlock(&dog->mutex);
    return NULL;
}

static void watchdog_free(Watchdog *dog)
{
    pthread_mutex_destroy(&dog->mutex);
    pthread_cond_destroy(&dog->changed);
    free(dog);
}

static Watchdog *watchdog_new(Vm *vm)
{
    Watchdog *dog = calloc(1, sizeof *dog);
    if (!dog) return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&dog->mutex, NULL);
    pthread_cond_init(&dog->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    dog->process = getpid();
    dog->vm = vm;
    if (pthread_create(&dog->thread, NULL, watch, dog) == 0) return dog;
    watchdog_free(dog);
    return NULL;
}

void watchdog_begin(Vm *vm, Loop *loop, Value what, int64_t begun_ns)
{
    if (!loop->watchdog) {
        if (loop->source.clock != &clock_real || vm->interp->finalizing) return;
        loop->watchdog = watchdog_new(vm);
    }
    Watchdog *dog = loop->watchdog;
    if (!dog || dog->process != getpid()) return;
    double slow_s = loop->slow_callback_s;
    pthread_mutex_lock(&dog->mutex);
    dog->what = what;
    dog->base = vm->frame;
    dog->begun_ns = begun_ns;
    dog->slow_ns = slow_s < 0     ? 0
                   : slow_s > 1e6 ? INT64_C(1000000000000000)
                                  : ns_from_seconds(slow_s);
    dog->step++;
    if (dog->idle) pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->mutex);
}

void watchdog_end(Loop *loop)
{
    Watchdog *dog = loop->watchdog;
    if (!dog || dog->process != getpid()) return;
    pthread_mutex_lock(&dog->mutex);
    dog->begun_ns = 0;
    dog->what = UNDEF;
    pthread_mutex_unlock(&dog->mutex);
}

void watchdog_stop(Vm *vm, Loop *loop)
{
    Watchdog *dog = loop->watchdog;
    if (!dog) return;
    loop->watchdog = NULL;
    if (dog->process != getpid()) return; /* its mutex may be held by a thread that is not here */
    pthread_mutex_lock(&dog->mutex);
    dog->ending = true;
    pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->mutex);
    gil_release(vm); /* it may wait for it */
    pthread_join(dog->thread, NULL);
    gil_acquire(vm);
    watchdog_free(dog);
}
