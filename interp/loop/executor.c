/* executor.c - functions run in threads: the loop's default executor, to_thread(),
 * run_in_executor().
 *
 * A pool belongs to one loop.  All of it is guarded by the interpreter lock, but for the tickets
 * that idle threads wait for: one per job, under a mutex, because a thread waits without the
 * interpreter lock; who has taken one is idle no more, though it may wait for that lock yet.
 * A finished job goes into the ready queue and wakes the loop; there its future is set, as
 * call_soon_threadsafe would do.
 * Neighbours: vm/thread.h, job.h. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/chain.h"
#include "loop/future.h"
#include "loop/job.h"
#include "loop/lock.h"
#include "loop/subclass.h"
#include "object/attr.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/list.h"
#include "object/number.h"
#include "object/tuple.h"
#include "vm/coroutine.h"
#include "vm/import.h"
#include "vm/thread.h"

typedef struct PoolJob {
    struct PoolJob *next;
    Ref future, callback, args, kwargs, context;
    Job *settling; /* owned; made beforehand, for who waits must hear of the end */
} PoolJob;

typedef struct Pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    int tickets, idle;           /* under mutex: jobs no thread has taken; threads without one */
    bool closing;                /* under mutex */
    int threads, limit, holders; /* holders: threads, and the loop: the last one frees it */
    int begun;                   /* how many threads there have been: they are numbered */
    PoolJob *first, *last;
    Ref joiners; /* list: the Waiters of shutdown_default_executor(); UNDEF before the first */
    Loop *loop;  /* borrowed; NULL once it is closed */
} Pool;

static void pool_let_go(Pool *pool)
{
    if (--pool->holders) return;
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static Pool *pool_new(Vm *vm, Loop *loop)
{
    Pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        throw_no_memory(vm);
        return NULL;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    pool->limit = cores + 4 > 32 ? 32 : (int)cores + 4;
    pool->holders = 1;
    pool->loop = loop;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    return pool;
}

static void job_free(PoolJob *job)
{
    decref(job->future);
    decref(job->callback);
    decref(job->args);
    decref(job->kwargs);
    decref(job->context);
    decref_object(job->settling);
    free(job);
}

/* ---- in the thread ---- */

/* In the loop's thread: job->a is the future, job->b what job_outcome() gave. */
static bool settle(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Future *future = as_future(job->a);
    if (is_done(future)) return true;
    if (is_tuple(job->b)) return future_set_result(vm, future, newref(tuple_at(job->b, 0)));
    return !is_exception(job->b) || future_set_exception(vm, future, newref(job->b));
}

/* (result,) or the exception, owned; runs the function. */
static Ref job_outcome(Vm *vm, PoolJob *job)
{
    Ref context = take(&job->context), result = FAIL;
    if (context_enter(vm, &context)) {
        result = call_with(vm, job->callback, UNDEF, job->args, job->kwargs);
        context_leave(vm, &context);
    }
    decref(context);
    Ref outcome = failed(result) ? FAIL : tuple_pack(vm, 1, (Value)result);
    decref(result);
    if (!failed(outcome)) return outcome;
    Ref error = chain_error(vm, error_take(vm));
    return failed(error) ? error_take(vm) : error;
}

static void job_run(Vm *vm, Pool *pool, PoolJob *job)
{
    Ref outcome = is_done(as_future(job->future))
                      ? NONE
                      : job_outcome(vm, job); /* cancelled before it began */
    Loop *loop = pool->loop;
    if (loop && !loop->closed) {
        Job *settling = job->settling;
        job->settling = NULL;
        replace(&settling->b, newref(outcome));
        if (!loop_ready(vm, loop, ENTRY_NATIVE, settling, UNDEF))
            error_unraisable(vm, "Exception ignored at the end of a job in a thread:", job->future);
        loop->outside--;
        loop_wake(loop);
    }
    decref(outcome);
    job_free(job);
}

static PoolJob *take_job(Pool *pool)
{
    PoolJob *job = pool->first;
    if (!job) return NULL;
    pool->first = job->next;
    if (!pool->first) pool->last = NULL;
    return job;
}

/* Waits for a ticket without the interpreter lock; false: the pool closes. */
static bool take_ticket(Vm *vm, Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->idle++; /* before others run: they shall find this thread rather than start another */
    pthread_mutex_unlock(&pool->mutex);
    gil_release(vm);
    pthread_mutex_lock(&pool->mutex);
    while (!pool->tickets && !pool->closing) pthread_cond_wait(&pool->wake, &pool->mutex);
    bool got = pool->tickets > 0;
    if (got) pool->tickets--;
    pool->idle--;
    pthread_mutex_unlock(&pool->mutex);
    gil_acquire(vm);
    return got;
}

static void wake_joiners(Vm *vm, Pool *pool)
{
    Ref joiners = take(&pool->joiners);
    for (ptrdiff_t n = 0; pool->loop && is_list(joiners) && n < as_list(joiners)->len; n++)
        if (!waiter_wake(vm, as_waiter(list_at(as_list(joiners), n))))
            error_unraisable(vm, "Exception ignored while the executor's end was told", UNDEF);
    decref(joiners);
}

static void worker(Vm *vm, void *argument)
{
    Pool *pool = argument;
    Ref name = format_text(vm, "asyncio_%d", pool->begun++);
    if (failed(name)) error_unraisable(vm, "Exception ignored while a thread was named", UNDEF);
    else replace(&vm->thread_object, name); /* what threading is to call it */
    while (take_ticket(vm, pool)) {
        PoolJob *job = take_job(pool);
        if (job) job_run(vm, pool, job);
    }
    if (--pool->threads == 0) wake_joiners(vm, pool);
    if (pool->loop) {
        pool->loop->outside--;
        loop_wake(pool->loop);
    }
    pool_let_go(pool);
}

/* ---- in the loop ---- */

static bool pool_hire(Vm *vm, Pool *pool)
{
    pool->threads++;
    pool->holders++;
    if (thread_start(vm, worker, pool)) return true;
    pool->threads--;
    pool->holders--;
    return false;
}

/* Has each thread a job, taken or on its way? */
static bool pool_is_busy(Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    bool busy = pool->idle <= pool->tickets;
    pthread_mutex_unlock(&pool->mutex);
    return busy;
}

static void pool_add_ticket(Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->tickets++;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

Ref pool_submit(Vm *vm, Loop *loop, Value callback, Value args, Value kwargs, Value context)
{
    if (loop->executor_closed) return throw(vm, RuntimeError, "Executor shutdown has been called");
    if (!loop->pool && !(loop->pool = pool_new(vm, loop))) return FAIL;
    Pool *pool = loop->pool;
    PoolJob *job = calloc(1, sizeof *job);
    if (!job) return throw_no_memory(vm);
    Future *future = future_new(vm, loop);
    if (future)
        *job = (PoolJob){.future = newref(borrow(future)),
                         .callback = newref(callback),
                         .args = newref(args),
                         .kwargs = newref(kwargs),
                         .context = newref(context),
                         .settling = job_new(vm, settle, borrow(future), UNDEF)};
    if (!future || !job->settling ||
        (pool->threads < pool->limit && pool_is_busy(pool) && !pool_hire(vm, pool))) {
        job_free(job);
        decref_object(future);
        return FAIL;
    }
    *(pool->last ? &pool->last->next : &pool->first) = job;
    pool->last = job;
    loop->outside++;
    pool_add_ticket(pool);
    return from_object(future);
}

/* No more jobs: idle threads end now, the others after the jobs that wait. */
static void pool_stop(Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_close(Loop *loop)
{
    Pool *pool = loop->pool;
    if (!pool) return;
    loop->pool = NULL;
    pool->loop = NULL;
    for (PoolJob *job; (job = take_job(pool));) job_free(job);
    clear(&pool->joiners);
    pool_stop(pool);
    pool_let_go(pool);
}

/* ---- methods ---- */

static Ref loop_run_in_executor(Vm *vm, Value *argv);
const Native loop_run_in_executor_def = {
    "run_in_executor(self, executor, func, *args)",
    "A future of func(*args), run in a thread of executor (None: the default one).",
    loop_run_in_executor, NATIVE_PLAIN, NULL};
static Ref loop_run_in_executor(Vm *vm, Value *argv)
{
    Loop *self = as_loop(argv[0]);
    if (!loop_check_open(vm, self) ||
        (self->debug && !loop_check_callback(vm, argv[2], "run_in_executor")))
        return FAIL;
    Value executor = argv[1];
    if (is_none(executor) && is_heap(self->executor)) executor = self->executor;
    if (is_none(executor)) return pool_submit(vm, self, argv[2], argv[3], UNDEF, UNDEF);
    Ref submit = attr_get_text(vm, executor, "submit");
    Ref submitted = failed(submit) ? FAIL : call_with(vm, submit, argv[2], argv[3], UNDEF);
    decref(submit);
    if (failed(submitted)) return FAIL;
    Ref future = future_wrap(vm, self, submitted);
    decref(submitted);
    return future;
}

static Ref loop_set_default_executor(Vm *vm, Value *argv);
const Native loop_set_default_executor_def = {"set_default_executor(self, executor)",
                                              "Set what run_in_executor(None, ...) uses.",
                                              loop_set_default_executor, NATIVE_PLAIN, NULL};

/* Is it a ThreadPoolExecutor?  Nobody has one who has not imported the module. */
static Truth is_thread_pool(Vm *vm, Value executor)
{
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "concurrent.futures.thread");
    if (failed(module)) return FAILED;
    if (absent(module)) return NO;
    Ref type = attr_get_text(vm, module, "ThreadPoolExecutor");
    Truth is = failed(type)                                                      ? FAILED
               : is_type(type) && type_has_instance(vm, as_type(type), executor) ? YES
                                                                                 : NO;
    decref(type);
    return is;
}

static Ref loop_set_default_executor(Vm *vm, Value *argv)
{
    Loop *self = as_loop(argv[0]);
    Truth fits = is_thread_pool(vm, argv[1]);
    if (fits == FAILED) return FAIL;
    if (fits == NO) return throw(vm, TypeError, "executor must be ThreadPoolExecutor instance");
    replace(&self->executor, newref(argv[1]));
    return NONE;
}

typedef struct ShutdownExecutor {
    Waiter waiter;
    Ref timeout;
} ShutdownExecutor;

/* A coroutine of stdlib/asyncio: with a timeout, or for an executor of the script's own; owned. */
static Ref shutdown_elsewhere(Vm *vm, Loop *loop, Value timeout)
{
    bool timed = !is_none(timeout);
    Ref module = import_text(vm, "asyncio.base_events"), function = FAIL, coroutine = FAIL;
    if (!failed(module))
        function = attr_get_text(vm, module, timed ? "_shutdown_within" : "_shutdown_executor");
    if (!failed(function))
        coroutine = call2(vm, function, borrow(loop), timed ? timeout : (Value)loop->executor);
    decref(function);
    decref(module);
    return coroutine;
}

static Ref shutdown_executor_resume(Vm *vm, NativeCoroutine *coroutine,
                                    Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    Loop *loop = as_loop(waiter->owner);
    if (waiter_phase(waiter)) return NONE;
    loop->executor_closed = true;
    Ref timeout = ((ShutdownExecutor *)waiter)->timeout;
    if (!is_none(timeout) || is_heap(loop->executor)) {
        waiter->coroutine.state = 1;
        return delegate_new(vm, shutdown_elsewhere(vm, loop, timeout));
    }
    Pool *pool = loop->pool;
    if (!pool || !pool->threads) return NONE;
    if (absent(pool->joiners)) {
        Ref joiners = list_new(vm, 1);
        if (failed(joiners)) return FAIL;
        pool->joiners = joiners;
        loop->outside += pool->threads;
    }
    if (!list_push(vm, as_list(pool->joiners), newref(borrow(waiter)))) return FAIL;
    pool_stop(pool);
    return waiter_pause(vm, waiter, 1);
}
static const NativeCoroutineDef shutdown_executor_coroutine = {
    .name = "BaseEventLoop.shutdown_default_executor",
    .size = sizeof(ShutdownExecutor),
    .refs = REFS(REF(Waiter, owner), REF(ShutdownExecutor, timeout)),
    .resume = shutdown_executor_resume,
};

static Ref loop_shutdown_executor(Vm *vm, Value *argv);
const Native loop_shutdown_executor_def = {
    "async shutdown_default_executor(self, timeout=None)",
    "A coroutine that waits until the default executor's threads ended.", loop_shutdown_executor,
    NATIVE_PLAIN, NULL};
static Ref loop_shutdown_executor(Vm *vm, Value *argv)
{
    ShutdownExecutor *self =
        (ShutdownExecutor *)waiter_new(vm, &shutdown_executor_coroutine, argv[0]);
    if (!self) return FAIL;
    self->timeout = newref(argv[1]);
    return from_object(self);
}

/* ---- to_thread() ---- */

typedef struct ToThread {
    NativeCoroutine coroutine;
    Ref func, args, kwargs;
} ToThread;

/* loop.run_in_executor(None, partial(context.run, func, *args, **kwargs)) of a script's class. */
static Ref own_executor(Vm *vm, Loop *loop, const ToThread *self, Value context)
{
    Ref module = import_text(vm, "functools"), partial = FAIL, run = FAIL, args = FAIL, call = FAIL,
        future = FAIL;
    if (!failed(module)) partial = attr_get_text(vm, module, "partial");
    if (!failed(partial) && !failed(context)) run = attr_get_text(vm, context, "run");
    Ref first = failed(run) ? FAIL : tuple_pack(vm, 2, (Value)run, (Value)self->func);
    if (!failed(first)) args = number_add(vm, first, self->args);
    if (!failed(args)) call = call_unpacked(vm, partial, args, self->kwargs);
    Ref name = failed(call) ? FAIL : str_interned(vm, "run_in_executor");
    if (!failed(name)) future = call_method(vm, borrow(loop), name, 2, (Value[]){NONE, call});
    decref(name);
    decref(module);
    decref(partial);
    decref(run);
    decref(first);
    decref(args);
    decref(call);
    return future;
}

static Ref to_thread_resume(Vm *vm, NativeCoroutine *coroutine, Value sent)
{
    ToThread *self = (ToThread *)coroutine;
    if (coroutine->state++) return newref(sent);
    Loop *loop = loop_running(vm);
    if (!loop) return FAIL;
    Ref context = context_snapshot(vm);
    Ref future = subclass_overrides(vm, loop, "run_in_executor")
                     ? own_executor(vm, loop, self, context_object(vm, &context))
                     : pool_submit(vm, loop, self->func, self->args, self->kwargs, context);
    decref(context);
    return delegate_new(vm, future);
}
static const NativeCoroutineDef to_thread_coroutine = {
    .name = "to_thread",
    .size = sizeof(ToThread),
    .refs = REFS(REF(ToThread, func), REF(ToThread, args), REF(ToThread, kwargs)),
    .resume = to_thread_resume,
};

NATIVE(asyncio_to_thread, "async to_thread(func, /, *args, **kwargs)",
       "A coroutine that runs func(*args, **kwargs) in a thread, in a copy of the current context, "
       "and ends with its result.")
{
    ToThread *self = (ToThread *)native_coroutine_new(vm, &to_thread_coroutine);
    if (!self) return FAIL;
    self->func = newref(argv[0]);
    self->args = newref(argv[1]);
    self->kwargs = newref(argv[2]);
    return from_object(self);
}

const Native *const executor_functions[] = {&asyncio_to_thread_def, NULL};
