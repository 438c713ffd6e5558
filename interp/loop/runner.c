/* runner.c - asyncio.run() and asyncio.Runner.
 *
 * Ctrl-C cancels the main task once; when that ends it, KeyboardInterrupt is raised, and a second
 * Ctrl-C raises it at once. A deadlock ends the program with DEADLOCK_STATUS: its report has been
 * printed. Neighbours: eventloop.c, gather.c, deadlock.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/runner.h"

#include <signal.h>

#include "loop/eventloop.h"
#include "loop/gather.h"
#include "loop/task.h"
#include "loop/trail.h"
#include "object/attr.h"
#include "object/module.h"
#include "object/exception.h"
#include "object/list.h"
#include "object/number.h"
#include "vm/coroutine.h"
#include "vm/signals.h"

enum { DEADLOCK_STATUS = 70 };

typedef enum RunnerState { RUNNER_CREATED, RUNNER_OPEN, RUNNER_CLOSED } RunnerState;

typedef struct Runner {
    Container head; /* aux: RunnerState */
    Ref debug, factory, loop;
    Ref context;    /* Context the main tasks run in */
    Ref task;       /* the main task that runs, or UNDEF */
    int interrupts; /* Ctrl-C seen by it */
    bool set_loop;  /* it is this thread's event loop: set_event_loop() */
} Runner;

static const TypeDef runner_type;
static Runner *as_runner(Value v) { return (Runner *)as_object(v); }

/* asyncio.events.<name>(...) where set_event_loop_policy() was called; UNDEF: nobody did. */
static Ref ask_policy(Vm *vm, const char *name, int argc, Value *argv)
{
    Value module = dict_get_text(vm, as_dict(vm->interp->modules), "asyncio.events");
    if (failed(module)) return FAIL;
    if (!is_kind(module, KIND_MODULE)) return UNDEF;
    Value policy = dict_get_text(vm, module_dict(module), "_event_loop_policy");
    if (failed(policy)) return FAIL;
    if (absent(policy) || is_none(policy)) return UNDEF;
    Ref function = attr_get_text(vm, module, name), answer = FAIL;
    if (!failed(function)) answer = call(vm, function, argc, argv);
    decref(function);
    return answer;
}

/* set_event_loop(loop), by the policy if there is one. */
static bool set_current(Vm *vm, Value loop)
{
    Ref told = ask_policy(vm, "set_event_loop", 1, &loop);
    if (absent(told)) replace(&vm->current_loop, is_none(loop) ? UNDEF : newref(loop));
    decref(told);
    return !failed(told);
}

static bool runner_open(Vm *vm, Runner *runner)
{
    if (runner->head.aux == RUNNER_CLOSED) {
        throw(vm, RuntimeError, "Runner is closed");
        return false;
    }
    if (runner->head.aux == RUNNER_OPEN) return true;
    Ref loop;
    if (is_heap(runner->factory)) {
        loop = call0(vm, runner->factory);
    } else {
        loop = ask_policy(vm, "new_event_loop", 0, NULL);
        Loop *made = absent(loop) ? eventloop_new(vm) : NULL;
        if (absent(loop)) loop = made ? from_object(made) : FAIL;
    }
    if (failed(loop)) return false;
    runner->loop = loop;
    if (!is_loop(loop)) {
        throw(vm, TypeError, "loop_factory must return an event loop, not %T", (Value)loop);
        return false;
    }
    if (!is_heap(runner->factory)) {
        runner->set_loop = true;
        if (!set_current(vm, loop)) return false;
    }
    if (!is_none(runner->debug)) {
        Ref set = call_method(vm, loop, N(set_debug), 1, (Value *)&runner->debug);
        decref(set);
        if (failed(set)) return false;
    }
    runner->context = context_snapshot(vm);
    if (failed(context_object(vm, &runner->context))) return false;
    runner->head.aux = RUNNER_OPEN;
    return true;
}

/* ---- Ctrl-C ---- */

/* signal.signal()'s handler while a main task runs; self is the runner. */
NATIVE(runner_on_sigint, "on_sigint(self, number, frame)",
       "Cancel the main task; the second time raise KeyboardInterrupt.")
{
    Runner *self = as_runner(argv[0]);
    self->interrupts++;
    if (self->interrupts == 1 && is_task(self->task) && !is_done(as_future(self->task))) {
        Loop *loop = as_loop(self->loop);
        Ref outer = trail_begin(vm, loop, BECAUSE_INTERRUPT, UNDEF, NULL);
        Truth cancelled = task_cancel(vm, as_task(self->task), UNDEF);
        trail_end(loop, outer);
        if (cancelled == FAILED) return FAIL;
        loop_wake(as_loop(self->loop));
        return NONE;
    }
    return throw_value(vm, KeyboardInterrupt, UNDEF);
}

/* Only where Ctrl-C means what it does by default: a script's own handler stays, and so does that
 * the program was started to ignore it (a shell's `program &`). */
static bool sigint_is_default(Vm *vm)
{
    Value handler = signal_get(vm, SIGINT);
    struct sigaction now;
    return vm == &vm->interp->main && absent(handler) && sigaction(SIGINT, NULL, &now) == 0 &&
           now.sa_handler != SIG_IGN;
}

/* loop.run_until_complete(future), which a script's own loop may have its own way to do. */
static Ref run_until(Vm *vm, Loop *loop, Value future)
{
    if (!loop->subclass) return loop_run_until(vm, loop, future);
    return call_method(vm, borrow(loop), N(run_until_complete), 1, &future);
}

static Ref runner_await(Vm *vm, Runner *runner, Value task)
{
    Loop *loop = as_loop(runner->loop);
    bool ours = sigint_is_default(vm);
    Ref catcher = ours ? native_function(vm, &runner_on_sigint_def, borrow(runner), UNDEF) : UNDEF;
    if (failed(catcher)) return FAIL;
    Ref before = ours ? signal_set(vm, SIGINT, catcher) : UNDEF;
    if (failed(before)) {
        decref(catcher);
        return FAIL;
    }
    decref(before);
    runner->interrupts = 0;
    replace(&runner->task, newref(task));
    Ref result = run_until(vm, loop, task);
    clear(&runner->task);
    if (ours && signal_get(vm, SIGINT) == catcher) decref(signal_set(vm, SIGINT, UNDEF));
    decref(catcher);
    if (failed(result) && error_is(vm, CancelledError) && runner->interrupts > 0 &&
        task_uncancel(as_task(task)) == 0) {
        error_clear(vm);
        throw_value(vm, KeyboardInterrupt, UNDEF);
    }
    return result;
}

static Ref runner_run(Vm *vm, Runner *runner, Value main, Value context, const char *who)
{
    if (loop_is_busy(vm))
        return throw(vm, RuntimeError, "%s cannot be called from a running event loop", who);
    bool coroutine = is_coroutine_like(vm, main);
    if (!coroutine && !type_of(vm, main)->slots.await)
        return throw(vm, TypeError, "An asyncio.Future, a coroutine or an awaitable is required");
    if (!runner_open(vm, runner)) return FAIL;
    Ref outer = vm->context; /* the task's context is the runner's, not a copy of the current one */
    if (is_none(context)) context = runner->context;
    Ref task = FAIL;
    if (coroutine) {
        task = loop_create_own_task(vm, as_loop(runner->loop), main,
                                    &(TaskOptions){UNDEF, context, UNDEF, UNDEF});
    } else {
        vm->context = newref(context);
        task = ensure_future(vm, main, as_loop(runner->loop));
        decref(vm->context);
        vm->context = outer;
    }
    if (failed(task)) return FAIL;
    if (is_task(task)) as_future(task)->head.aux |= FUTURE_SILENT;
    Ref result =
        is_task(task) ? runner_await(vm, runner, task) : run_until(vm, as_loop(runner->loop), task);
    if (failed(result)) as_future(task)->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    decref(task);
    return result;
}

/* ---- closing ---- */

/* loop.run_until_complete(coroutine), which is stolen; false: raised. */
static bool run_through(Vm *vm, Loop *loop, Ref coroutine)
{
    if (failed(coroutine)) return false;
    Ref task = ensure_future(vm, coroutine, loop);
    decref(coroutine);
    Ref result = failed(task) ? FAIL : run_until(vm, loop, task);
    decref(task);
    decref(result);
    return !failed(result);
}

static bool report_shutdown_failures(Vm *vm, Loop *loop, List *tasks)
{
    for (ptrdiff_t i = 0; i < tasks->len; i++) {
        Future *future = as_future(list_at(tasks, i));
        if (!is_failed(future)) continue;
        future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
        if (!loop_report(vm, borrow(loop), "unhandled exception during asyncio.run() shutdown",
                         future->result, "task", borrow(future)))
            return false;
    }
    return true;
}

static bool cancel_all_tasks(Vm *vm, Loop *loop)
{
    Ref tasks = list_new(vm, 0);
    bool ok = !failed(tasks);
    for (Task *task = loop->first_task; ok && task; task = task->next)
        ok = list_push(vm, as_list(tasks), newref(borrow(task)));
    List *list = ok ? as_list(tasks) : NULL;
    Ref outer = trail_begin(vm, loop, BECAUSE_RUN_ENDS, UNDEF, NULL);
    for (ptrdiff_t i = 0; ok && i < list->len; i++)
        ok = future_cancel_any(vm, list_at(list, i), UNDEF) != FAILED;
    trail_end(loop, outer);
    if (ok && list->len)
        ok = run_through(vm, loop, gather(vm, loop, list->len, as_values(list->items), true)) &&
             report_shutdown_failures(vm, loop, list);
    decref(tasks);
    return ok;
}

static bool runner_close_loop(Vm *vm, Runner *runner)
{
    Loop *loop = as_loop(runner->loop);
    Value self = borrow(loop);
    bool ok = cancel_all_tasks(vm, loop);
    ok = ok && run_through(vm, loop, call_method(vm, self, N(shutdown_asyncgens), 0, NULL));
    Value forever = NONE;
    ok = ok &&
         run_through(vm, loop, call_method(vm, self, N(shutdown_default_executor), 1, &forever));
    Ref error = error_take(vm);
    if (runner->set_loop && !set_current(vm, NONE)) error_clear(vm);
    bool untouched = !type_of(vm, self)->filled; /* no script knows the class: nothing overrides */
    Ref close = untouched ? loop_close_method_def.body(vm, &self)
                          : call_method(vm, self, N(close), 0, NULL);
    if (failed(close)) {
        decref(error);
        return false;
    }
    if (!ok) error_restore(vm, error);
    return ok;
}

static bool runner_close(Vm *vm, Runner *runner)
{
    if (runner->head.aux != RUNNER_OPEN) {
        runner->head.aux = RUNNER_CLOSED;
        return true;
    }
    bool ok = runner_close_loop(vm, runner);
    runner->head.aux = RUNNER_CLOSED;
    clear(&runner->loop);
    return ok;
}

/* Closes whatever happened before; an exception that was travelling goes on unless closing raised
 * another. */
static bool runner_close_after(Vm *vm, Runner *runner)
{
    Ref error = error_take(vm);
    bool ok = runner_close(vm, runner);
    if (ok || absent(error)) {
        if (!absent(error)) error_restore(vm, error);
    } else {
        if (is_exception(vm->error)) replace(&as_exception(vm->error)->context, error);
        else decref(error);
    }
    return ok;
}

/* ---- what scripts see ---- */

NATIVE(runner_make, "Runner(cls, *args, **kwargs)", "Make a runner; __init__ says what of.")
{
    Runner *runner = type_instance(vm, as_type(argv[0]));
    if (!runner) return FAIL;
    runner->debug = runner->factory = NONE;
    return from_object(runner);
}
NATIVE(runner_init, "__init__(self, *, debug=None, loop_factory=None)",
       "A runner; its loop is made at first use.")
{
    Runner *runner = as_runner(argv[0]);
    replace(&runner->debug, newref(argv[1]));
    replace(&runner->factory, newref(argv[2]));
    return NONE;
}
NATIVE(runner_run_method, "run(self, coro, *, context=None)",
       "Run coro as a task until it is done; return its result.")
{
    return runner_run(vm, as_runner(argv[0]), argv[1], argv[2], "Runner.run()");
}
NATIVE(runner_get_loop, "get_loop(self)", "Return the event loop.")
{
    return runner_open(vm, as_runner(argv[0])) ? newref(as_runner(argv[0])->loop) : FAIL;
}
NATIVE(runner_close_method, "close(self)",
       "Cancel what is left, run it to its end and close the loop.")
{
    return runner_close(vm, as_runner(argv[0])) ? NONE : FAIL;
}
NATIVE(runner_enter, "__enter__(self)", "Open the loop.")
{
    return runner_open(vm, as_runner(argv[0])) ? newref(argv[0]) : FAIL;
}
NATIVE(runner_exit, "__exit__(self, exc_type, exc_val, exc_tb)", "close().")
{
    return runner_close(vm, as_runner(argv[0])) ? NONE : FAIL;
}

static const Native *const runner_methods[] = {&runner_run_method_def,   &runner_get_loop_def,
                                               &runner_close_method_def, &runner_enter_def,
                                               &runner_exit_def,         NULL};
static const TypeDef runner_type = {
    .name = "asyncio.runners.Runner",
    .size = sizeof(Runner),
    .doc = "An event loop for several runs.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Runner, debug), REF(Runner, factory), REF(Runner, loop), REF(Runner, context),
                 REF(Runner, task)),
    .new = &runner_make_def,
    .init = &runner_init_def,
    .methods = runner_methods,
};
const TypeDef *const runner_types[] = {&runner_type, NULL};

NATIVE(asyncio_run, "run(main, *, debug=None, loop_factory=None)",
       "Run the coroutine main in a new event loop, close the loop and return the result.")
{
    if (loop_is_busy(vm))
        return throw(vm, RuntimeError, "asyncio.run() cannot be called from a running event loop");
    Type *type = type_from_def(vm, &runner_type);
    Runner *runner = type ? type_instance(vm, type) : NULL;
    if (!runner) return FAIL;
    runner->debug = newref(argv[1]);
    runner->factory = newref(argv[2]);
    Ref result = runner_run(vm, runner, argv[0], NONE, "asyncio.run()");
    bool deadlock = failed(result) && error_is(vm, DeadlockError);
    if (!runner_close_after(vm, runner)) {
        decref(result);
        result = FAIL;
    }
    decref_object(runner);
    if (!deadlock || !failed(result) || vm->interp->flags.interactive)
        return result; /* the prompt goes on */
    error_clear(vm);
    return throw_value(vm, SystemExit, from_small(DEADLOCK_STATUS));
}

NATIVE(asyncio_run_until_complete_cb, "_run_until_complete_cb(fut)",
       "What run_until_complete() adds to a future: stop its loop.")
{
    if (!is_future(argv[0]) || !is_loop(as_future(argv[0])->loop))
        return throw(vm, TypeError, "a Future was expected, not %T", argv[0]);
    decref(call_method(vm, as_future(argv[0])->loop, N(stop), 0, NULL));
    return absent(vm->error) ? NONE : FAIL;
}

const Native *const runner_functions[] = {&asyncio_run_until_complete_cb_def, &asyncio_run_def,
                                          NULL};
