/* chain.c - a future of the loop that follows a concurrent.futures.Future, and the other way round.
 *
 * What the other thread's future tells comes in that thread, holding the interpreter lock; it only
 * schedules a job in the loop. Neighbours: executor.c, future.c, job.h. */
/* SPDX-License-Identifier: MIT */
#include "loop/chain.h"
#include "loop/foreign.h"

#include "loop/future.h"
#include "loop/job.h"
#include "loop/task.h"
#include "object/attr.h"
#include "object/exception.h"
#include "object/dict.h"
#include "object/number.h"
#include "vm/import.h"

/* object.name(), its truth. */
static Truth ask(Vm *vm, Value object, const char *name)
{
    Ref method = attr_get_text(vm, object, name),
        answer = failed(method) ? FAIL : call0(vm, method);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(method);
    decref(answer);
    return truth;
}

static Ref call_named(Vm *vm, Value object, const char *name, int argc, Value *argv)
{
    Ref method = attr_get_text(vm, object, name),
        answer = failed(method) ? FAIL : call(vm, method, argc, argv);
    decref(method);
    return answer;
}

Ref chain_error(Vm *vm, Ref error)
{
    static const struct {
        const char *name;
        ExcId ours;
    } alike[] = {{"CancelledError", CancelledError}, {"InvalidStateError", InvalidStateError}};
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "concurrent.futures");
    if (failed(module)) return decref(error), FAIL;
    for (int i = 0; i < 2 && !absent(module); i++) {
        Ref class = attr_get_text(vm, module, alike[i].name);
        if (failed(class)) return decref(error), FAIL;
        bool is = class == borrow(type_of(vm, error));
        decref(class);
        if (!is) continue;
        Ref args = newref(as_exception(error)->args);
        replace(&error, call_unpacked(vm, borrow(exception_class(vm, alike[i].ours)), args, UNDEF));
        decref(args);
        return error;
    }
    return error;
}

/* In the loop: the concurrent future job->b is done, and so is job->a. */
static bool copy_in(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Future *future = as_future(job->a);
    if (is_done(future)) return true;
    Truth cancelled = ask(vm, job->b, "cancelled");
    if (cancelled == YES) return future_cancel(vm, future, UNDEF) != FAILED;
    if (cancelled == FAILED) return false;
    Ref error = call_named(vm, job->b, "exception", 0, NULL);
    if (failed(error)) return false;
    if (is_exception(error)) {
        error = chain_error(vm, error);
        return !failed(error) && future_set_exception(vm, future, error);
    }
    decref(error);
    Ref result = call_named(vm, job->b, "result", 0, NULL);
    return !failed(result) && future_set_result(vm, future, result);
}

/* The concurrent future's done callback; self is our future. */
NATIVE(chain_notice, "notice(self, concurrent)", "Schedule the copying of a result.")
{
    Future *future = as_future(argv[0]);
    Loop *loop = future_loop(future);
    if (loop->closed) return NONE;
    Job *job = job_new(vm, copy_in, argv[0], argv[1]);
    if (!job || !loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF)) return FAIL;
    loop->outside--;
    loop_wake(loop);
    return NONE;
}

/* Our future is done: cancelling it cancels the concurrent one. */
static bool pass_cancel(Vm *vm, Job *job, Value arg)
{
    return !is_cancelled(as_future(arg)) || ask(vm, job->b, "cancel") != FAILED;
}

Ref future_wrap(Vm *vm, Loop *loop, Value concurrent)
{
    if (is_future(concurrent)) return newref(concurrent);
    Future *future = future_new(vm, loop);
    if (!future) return FAIL;
    Ref notice = native_function(vm, &chain_notice_def, borrow(future), UNDEF);
    Job *cancel = failed(notice) ? NULL : job_new(vm, pass_cancel, UNDEF, concurrent);
    bool ok = cancel && future_add_entry(vm, future, ENTRY_NATIVE, cancel);
    if (ok) loop->outside++;
    Ref done = ok ? call_named(vm, concurrent, "add_done_callback", 1, (Value[]){notice}) : FAIL;
    decref(notice);
    decref(done);
    if (!failed(done)) return from_object(future);
    decref_object(future);
    return FAIL;
}

NATIVE(asyncio_wrap_future, "wrap_future(future, *, loop=None)",
       "A future that follows a concurrent.futures.Future.")
{
    Truth future = is_future_like(vm, argv[0]);
    if (future != NO) return future == YES ? newref(argv[0]) : FAIL;
    Loop *loop = is_loop(argv[1]) ? as_loop(argv[1]) : loop_current_or_set(vm);
    return loop ? future_wrap(vm, loop, argv[0]) : FAIL;
}

/* ---- run_coroutine_threadsafe() ---- */

/* job->a: the task; job->b: the concurrent future. */
static bool copy_out(Vm *vm, Job *job, Value arg)
{
    Future *task = as_future(arg);
    Ref done;
    if (is_cancelled(task)) {
        Truth cancelled = ask(vm, job->b, "cancel");
        if (cancelled == FAILED) return false;
        done = call_named(vm, job->b, "set_running_or_notify_cancel", 0, NULL);
    } else {
        Truth go_on = ask(vm, job->b, "set_running_or_notify_cancel");
        if (go_on != YES) return go_on == NO;
        task->head.aux &= ~(unsigned)FUTURE_UNSEEN;
        done = call_named(vm, job->b, is_failed(task) ? "set_exception" : "set_result", 1,
                          (Value[]){task->result});
    }
    decref(done);
    return !failed(done);
}

static bool cancel_task(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    return future_cancel_any(vm, job->a, UNDEF) != FAILED;
}

/* The concurrent future is done: cancelling it cancels the task; self is the task. */
NATIVE(chain_notice_cancel, "notice_cancel(self, concurrent)", "Schedule the cancelling of a task.")
{
    Truth cancelled = ask(vm, argv[1], "cancelled");
    if (cancelled != YES) return cancelled == NO ? NONE : FAIL;
    Loop *loop = future_loop(as_future(argv[0]));
    if (loop->closed || is_done(as_future(argv[0]))) return NONE;
    Job *job = job_new(vm, cancel_task, argv[0], UNDEF);
    if (!job || !loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF)) return FAIL;
    loop_wake(loop);
    return NONE;
}

/* In the loop: makes the task of coroutine job->a and ties it to the concurrent future job->b. */
static bool begin_task(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Ref task = ensure_future(vm, job->a, vm->running_loop), notice = FAIL, tied = FAIL;
    if (!failed(task)) notice = native_function(vm, &chain_notice_cancel_def, task, UNDEF);
    if (!failed(notice)) tied = call_named(vm, job->b, "add_done_callback", 1, (Value[]){notice});
    Job *copy = failed(tied) ? NULL : job_new(vm, copy_out, UNDEF, job->b);
    if (!copy || !future_add_entry(vm, as_future(task), ENTRY_NATIVE, copy)) {
        Ref error = error_take(vm);
        Ref told = call_named(vm, job->b, "set_exception", 1, (Value[]){error});
        if (failed(told)) error_clear(vm);
        decref(told);
        decref(error);
    }
    decref(task);
    decref(notice);
    decref(tied);
    return true;
}

NATIVE(
    asyncio_run_coroutine_threadsafe, "run_coroutine_threadsafe(coro, loop)",
    "Schedule coro on loop from another thread; return a concurrent.futures.Future of its result.")
{
    if (!is_coroutine_like(vm, argv[0]))
        return throw(vm, TypeError, "A coroutine object is required");
    if (!is_loop(argv[1]))
        return throw(vm, TypeError, "an event loop was expected, got %R", argv[1]);
    Loop *loop = as_loop(argv[1]);
    if (!loop_check_open(vm, loop)) return FAIL;
    Ref module = import_text(vm, "concurrent.futures");
    Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "Future");
    Ref concurrent = failed(class) ? FAIL : call0(vm, class);
    decref(module);
    decref(class);
    if (failed(concurrent)) return FAIL;
    Job *job = job_new(vm, begin_task, argv[0], concurrent);
    if (job && loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF)) {
        loop_wake(loop);
        return concurrent;
    }
    decref(concurrent);
    return FAIL;
}

const Native *const chain_functions[] = {&asyncio_wrap_future_def,
                                         &asyncio_run_coroutine_threadsafe_def, NULL};
