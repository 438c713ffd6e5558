/* task.c - driving a coroutine.
 *
 * One step resumes the innermost activation of the await chain, and what comes back says what the
 * task waits for.  While it is pending it stands in its loop's list, which holds it: a task nobody
 * keeps runs on. Invariant: a pending task is in exactly one place that will bring it back: the
 * ready queue, the callbacks of the future it waits for, or the waiter it waits for. Neighbours:
 * task.h, taskface.c (its methods), vm/flow.c (activation_resume), future.c, waiter.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/task.h"

#include "loop/foreign.h"
#include "loop/trail.h"
#include "loop/waiter.h"
#include "object/attr.h"
#include "object/exception.h"
#include "object/number.h"
#include "object/set.h"
#include "object/traceback.h"
#include "object/tuple.h"

/* ---- the loop's list ---- */

static void task_link(Loop *loop, Task *task)
{
    task->future.head.aux |= TASK_LINKED;
    task->previous = loop->last_task;
    task->next = NULL;
    *(loop->last_task ? &loop->last_task->next : &loop->first_task) = task;
    loop->last_task = task;
    newref(borrow(task));
}

void task_unlink(Loop *loop, Task *task)
{
    if (!(task->future.head.aux & TASK_LINKED)) return;
    task->future.head.aux &= ~(unsigned)TASK_LINKED;
    *(task->previous ? &task->previous->next : &loop->first_task) = task->next;
    *(task->next ? &task->next->previous : &loop->last_task) = task->previous;
    task->next = task->previous = NULL;
    decref_object(task);
}

Ref loop_all_tasks(Vm *vm, Loop *loop)
{
    Ref set = set_new(vm);
    for (Task *task = loop->first_task; task && !failed(set); task = task->next) {
        if (is_done(&task->future) || set_add(vm, as_set(set), borrow(task))) continue;
        decref(set);
        return FAIL;
    }
    return set;
}

/* ---- the innermost activation ---- */

/* A count is given back that is certainly not the last way to reach the object: no candidate for
 * the collector. */
static void release(Activation *activation)
{
    if (activation->head.head.count > 1) activation->head.head.count--;
    else decref_object(activation);
}

static void task_stands_at(Task *task, Activation *at)
{
    Activation *old = task->at;
    if (old == at) return;
    if (at) at->head.head.count++;
    task->at = at;
    if (old) release(old);
}

/* Where to resume: task->at, unless somebody else moved the chain; NULL: raised, it cannot be
 * resumed. */
static Activation *task_where_to_resume(Vm *vm, Task *task)
{
    Activation *at = task->at;
    if (!at || activation_state(at) > ACTIVATION_SUSPENDED || is_activation(at->awaiting)) {
        at = activation_innermost(as_activation(task->coroutine));
        task_stands_at(task, at);
    }
    if (activation_state(at) <= ACTIVATION_SUSPENDED) return at;
    if (activation_state(at) == ACTIVATION_RUNNING)
        throw(vm, ValueError, "coroutine already executing");
    else throw_reused(vm, borrow(at));
    return NULL;
}

/* ---- after a step ---- */

static bool task_finish(Vm *vm, Task *task, unsigned bits, Ref result)
{
    task_stands_at(task, NULL);
    bool ok = future_finish(vm, &task->future, bits, result);
    Loop *loop = future_loop(&task->future);
    announce(vm, loop, FINISHED, borrow(task), UNDEF);
    if (loop) task_unlink(loop, task);
    return ok;
}

/* The coroutine raised vm->error; false: the exception leaves the loop as well. */
static bool task_raised(Vm *vm, Task *task)
{
    bool cancelled = error_is(vm, CancelledError);
    bool fatal = error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit);
    Ref error = error_take(vm);
    Loop *loop = future_loop(&task->future);
    if (cancelled) return task_finish(vm, task, FUTURE_CANCELLED, error);
    announce(vm, loop, EXCEPTION, borrow(task), error);
    trail_failed(vm, task, error);
    Ref traceback = as_exception(error)->traceback;
    if (!absent(traceback) && future_extra(vm, &task->future)) {
        task->future.extra->traceback = newref(traceback);
    } else if (!absent(traceback)) {
        traceback_lost(vm, error);
        error = error_take(vm);
    }
    Ref again = fatal ? newref(error) : UNDEF;
    bool ok = task_finish(vm, task, FUTURE_FINISHED | FUTURE_FAILED | FUTURE_UNSEEN, error);
    if (!fatal) return ok;
    error_restore(vm, again);
    return false;
}

static bool task_returned(Vm *vm, Task *task, Ref value)
{
    if (!(task->future.head.aux & TASK_MUST_CANCEL))
        return task_finish(vm, task, FUTURE_FINISHED, value);
    task->future.head.aux &= ~(unsigned)TASK_MUST_CANCEL; /* cancelled during its last step */
    decref(value);
    return task_finish(vm, task, FUTURE_CANCELLED, UNDEF);
}

/* The next step throws the exception just raised into the coroutine. */
static bool task_throw_soon(Vm *vm, Task *task)
{
    return loop_ready(vm, future_loop(&task->future), ENTRY_STEP, as_object(newref(borrow(task))),
                      error_take(vm));
}

/* Nothing will wake it: it is told why. */
static bool task_cannot_wait(Vm *vm, Task *task)
{
    clear(&task->waiting);
    return task_throw_soon(vm, task);
}

/* What was raised is not of the coroutine: told as of any callback, unless it ends the program. */
static bool task_report_raised(Vm *vm, Task *task)
{
    if (error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit)) return false;
    Ref raised = error_take(vm);
    bool ok = loop_report(vm, task->future.loop, "Exception in callback Task.task_step()", raised,
                          "task", borrow(task));
    decref(raised);
    return ok;
}

/* Cancels at once what it has just begun to wait for. */
static bool task_cancel_waiting(Vm *vm, Task *task)
{
    FutureExtra *extra = task->future.extra;
    Truth cancelled =
        future_cancel_any(vm, task->waiting, extra ? (Value)extra->cancel_message : UNDEF);
    if (cancelled == YES) task->future.head.aux &= ~(unsigned)TASK_MUST_CANCEL;
    return cancelled != FAILED || task_report_raised(vm, task);
}

static bool task_awaits_future(Vm *vm, Task *task, Ref yielded)
{
    Future *future = as_future(yielded);
    bool blocking = future->head.aux & FUTURE_BLOCKING;
    if (future->loop != task->future.loop)
        throw(vm, RuntimeError, "Task %R got Future %R attached to a different loop", borrow(task),
              (Value)yielded);
    else if (!blocking)
        throw(vm, RuntimeError, "yield was used instead of yield from in task %R with %R",
              borrow(task), (Value)yielded);
    else if (borrow(task) == yielded)
        throw(vm, RuntimeError, "Task cannot await on itself: %R", borrow(task));
    else goto wait;
    decref(yielded);
    return task_throw_soon(vm, task);
wait:
    future->head.aux &= ~(unsigned)FUTURE_BLOCKING;
    replace(&task->waiting, yielded);
    return future_add_entry(vm, future, ENTRY_WAKE, as_object(newref(borrow(task)))) ||
           task_cannot_wait(vm, task);
}

static bool task_awaits_waiter(Vm *vm, Task *task, Ref yielded)
{
    Waiter *waiter = as_waiter(yielded);
    waiter->task = task;
    replace(&task->waiting, yielded);
    return !waiter_is_done(waiter) || task_wake(vm, task) || task_cannot_wait(vm, task);
}

static bool task_step(Vm *vm, Task *task, Ref error);

/* What a foreign future calls when it is done; self is the task. */
NATIVE(task_wakeup, "wakeup(self, future, /)", "Go on with the future's result or exception.")
{
    Ref result = call_method(vm, argv[1], N(result), 0, NULL);
    Ref error = failed(result) ? error_take(vm) : UNDEF;
    decref(result);
    return task_step(vm, as_task(argv[0]), error) ? NONE : FAIL;
}

static bool task_awaits_foreign(Vm *vm, Task *task, Ref yielded)
{
    if (!foreign_await(vm, task, yielded, &task_wakeup_def)) {
        decref(yielded);
        return task_throw_soon(vm, task);
    }
    replace(&task->waiting, yielded);
    return true;
}

static bool task_got_bad_yield(Vm *vm, Task *task, Ref yielded)
{
    if (is_kind(yielded, KIND_GENERATOR))
        throw(vm, RuntimeError,
              "yield was used instead of yield from for generator in task %R with %R", borrow(task),
              (Value)yielded);
    else throw(vm, RuntimeError, "Task got bad yield: %R", (Value)yielded);
    decref(yielded);
    return task_throw_soon(vm, task);
}

static bool task_suspended(Vm *vm, Task *task, Ref yielded)
{
    Loop *loop = future_loop(&task->future);
    if (is_none(yielded)) {
        newref(borrow(task));
        return loop_ready(vm, loop, ENTRY_STEP, task, UNDEF) || task_throw_soon(vm, task);
    }
    bool ok;
    announce(vm, loop, AWAITS, borrow(task), yielded);
    Truth foreign = yielded == borrow(task) ? NO : is_foreign(vm, yielded);
    if (foreign == FAILED) {
        decref(yielded);
        return task_throw_soon(vm, task);
    }
    if (foreign == YES) ok = task_awaits_foreign(vm, task, yielded);
    else if (is_future(yielded)) ok = task_awaits_future(vm, task, yielded);
    else if (is_waiter(yielded)) ok = task_awaits_waiter(vm, task, yielded);
    else return task_got_bad_yield(vm, task, yielded);
    if (ok && (task->future.head.aux & TASK_MUST_CANCEL) && !absent(task->waiting))
        ok = task_cancel_waiting(vm, task);
    return ok;
}

/* ---- a step ---- */

/* Resumes the coroutine, whatever it is, sending None or (FAIL) throwing vm->error. */
static Step task_resume(Vm *vm, Task *task, Value sent, Ref *out)
{
    *out = UNDEF;
    if (task->future.head.aux & TASK_FOREIGN) return iterator_step(vm, task->coroutine, sent, out);
    Ref error = failed(sent) ? error_take(vm) : UNDEF;
    Activation *at = task_where_to_resume(vm, task);
    if (!at) {
        decref(error);
        return STEP_RAISED;
    }
    if (failed(sent)) error_restore(vm, error);
    Step step = activation_resume(vm, at, sent, out);
    if (step == STEP_YIELDED) task_stands_at(task, vm->suspended);
    return step;
}

/* What to throw into a task that is to be told error: when there was no memory for that, it is
 * told so, for a task that is told nothing would wait for ever. */
static Ref or_why_not(Vm *vm, Ref error) { return failed(error) ? error_take(vm) : error; }

/* The error to throw instead when the task is to be cancelled (error is stolen).  That there is no
 * memory must not be lost: then the task is cancelled where it waits next. */
static Ref task_cancelling_error(Vm *vm, Task *task, Ref error)
{
    if (!absent(error) && exception_is(vm, error, MemoryError)) return error;
    task->future.head.aux &= ~(unsigned)TASK_MUST_CANCEL;
    if (!absent(error) && exception_is(vm, error, CancelledError)) return error;
    decref(error);
    return or_why_not(vm, future_cancelled_error(vm, &task->future));
}

static bool task_after(Vm *vm, Task *task, Step step, Ref out)
{
    switch (step) {
    case STEP_DONE: return task_returned(vm, task, out);
    case STEP_RAISED: return task_raised(vm, task);
    default: return task_suspended(vm, task, out);
    }
}

/* Its next step is due, yet somebody gave it a result by Future.set_result(): that is told. */
static bool task_done_already(Vm *vm, Task *task, Ref error)
{
    throw(vm, InvalidStateError, "_step(): already done: %R, %R", borrow(task),
          absent(error) ? NONE : (Value)error);
    decref(error);
    return task_report_raised(vm, task);
}

/* error (stolen): to be thrown in, or UNDEF. */
static bool task_step(Vm *vm, Task *task, Ref error)
{
    Loop *loop = future_loop(&task->future);
    if (is_done(&task->future)) return task_done_already(vm, task, error);
    if (task->future.head.aux & TASK_MUST_CANCEL) error = task_cancelling_error(vm, task, error);
    if (!absent(task->reason) && !absent(error)) trail_thrown(vm, task, error);
    clear(&task->waiting);
    Ref outer = loop->current, out = UNDEF;
    if (!absent(outer)) {
        decref(error);
        throw(vm, RuntimeError,
              "Cannot enter into task %R while another task %R is being executed.", borrow(task),
              (Value)outer);
        return task_report_raised(vm, task);
    }
    loop->current = from_object(task); /* whoever runs the entry holds it */
    task->future.head.head.count++;
    announce(vm, loop, STEP_BEGUN, borrow(task), UNDEF);
    Step step = STEP_RAISED;
    if (context_enter(vm, &task->context)) {
        if (!absent(error)) error_restore(vm, error);
        step = task_resume(vm, task, absent(error) ? NONE : FAIL, &out);
        context_leave(vm, &task->context);
    } else {
        decref(error);
    }
    announce(vm, loop, STEP_ENDED, borrow(task), UNDEF);
    loop->current = outer;
    bool ok = task_after(vm, task, step, out);
    if (--task->future.head.head.count == 0) object_drop(&task->future.head.head);
    return ok;
}

bool task_run_step(Vm *vm, Object *object, Value arg)
{
    return task_step(vm, (Task *)object, newref(arg));
}

bool task_run_wake(Vm *vm, Object *object, Value arg)
{
    Task *task = (Task *)object;
    Ref error = UNDEF;
    if (is_future(arg)) {
        Future *future = as_future(arg);
        if (is_cancelled(future)) {
            error = future_cancelled_error(vm, future);
        } else if (is_failed(future)) {
            future->head.aux &= ~(unsigned)FUTURE_UNSEEN;
            error = newref(future->result);
            replace(&as_exception(error)->traceback,
                    future->extra ? newref(future->extra->traceback) : UNDEF);
        }
    } else if (is_waiter(task->waiting) &&
               (as_waiter(task->waiting)->coroutine.state & WAITER_CANCELLED)) {
        error = future_cancelled_error(vm, &task->future);
    }
    return task_step(vm, task, or_why_not(vm, error));
}

bool task_wake(Vm *vm, Task *task)
{
    Loop *loop = future_loop(&task->future);
    announce(vm, loop, WOKEN, borrow(task), loop->current);
    if (!loop_check_open(vm, loop)) return false;
    newref(borrow(task));
    return loop_ready(vm, loop, ENTRY_WAKE, task, UNDEF);
}

/* ---- cancelling ---- */

static bool keep_message(Vm *vm, Task *task, Value message)
{
    if (!is_message(message) && !task->future.extra) return true;
    FutureExtra *extra = future_extra(vm, &task->future);
    if (extra) replace(&extra->cancel_message, is_message(message) ? newref(message) : UNDEF);
    return extra;
}

Truth task_cancel(Vm *vm, Task *task, Value message)
{
    task->future.head.aux &= ~(unsigned)FUTURE_UNSEEN;
    if (is_done(&task->future)) return NO;
    task->cancels++;
    if (is_loop(task->future.loop)) /* not of a task that was never initialised */
        announce(vm, future_loop(&task->future), CANCELLED, borrow(task), message);
    trail_cancelling(vm, task);
    bool told =
        is_waiter(task->waiting) && as_waiter(task->waiting)->coroutine.state & WAITER_CANCELLED;
    if (told) { /* what it waited for is cancelled already, with the message given then */
        task->future.head.aux |= TASK_MUST_CANCEL;
        return YES;
    }
    if (!absent(task->waiting)) {
        if (is_waiter(task->waiting) && !keep_message(vm, task, message)) return FAILED;
        if (!recursion_enter(vm)) return FAILED;
        Ref waiting = newref(task->waiting);
        Truth cancelled = future_cancel_any(vm, waiting, message);
        decref(waiting);
        recursion_leave(vm);
        if (cancelled != NO) return cancelled;
    }
    task->future.head.aux |= TASK_MUST_CANCEL;
    return keep_message(vm, task, message) ? YES : FAILED;
}

int task_uncancel(Task *task)
{
    if (task->cancels > 0 && --task->cancels == 0)
        task->future.head.aux &= ~(unsigned)TASK_MUST_CANCEL;
    return task->cancels;
}

/* ---- making ---- */

bool is_coroutine_like(Vm *vm, Value v)
{
    if (is_coroutine(v) || is_async_step(v)) return true;
    if (is_kind(v, KIND_GENERATOR))
        return ((Coroutine *)as_object(v))->function->code->flags & CODE_ITERABLE_COROUTINE;
    Type *type = type_of(vm, v);
    return !absent(type_lookup(vm, type, N(send))) && !absent(type_lookup(vm, type, N(throw))) &&
           !absent(type_lookup(vm, type, N(close))) && !absent(type_lookup(vm, type, N(__await__)));
}

static void remember_maker(Vm *vm, Task *task)
{
    Frame *frame = vm->frame;
    if (!frame->code) return;
    task->made_by = newref(borrow(frame->code));
    task->made_at = (int32_t)(frame->pc - 1 - frame->code->instrs);
}

static bool task_set_name(Vm *vm, Task *task, Value name)
{
    if (absent(name) || is_none(name)) {
        LoopState *state = loop_state(vm);
        if (state) task->name = from_small(++state->task_names);
        return state;
    }
    Ref text = value_str(vm, name);
    if (failed(text)) return false;
    replace(&task->name, text);
    return true;
}

static bool task_start_eagerly(Vm *vm, Task *task, Loop *loop)
{
    Ref outer = loop->current;
    loop->current = UNDEF;
    task_link(loop, task);
    bool ok = task_step(vm, task, UNDEF);
    loop->current = outer;
    if (is_done(&task->future)) clear(&task->coroutine);
    return ok;
}

bool task_init_with(Vm *vm, Task *task, Loop *loop, Value coroutine, Value name, Value context,
                    bool eager)
{
    if (!is_coroutine_like(vm, coroutine)) {
        throw(vm, TypeError, "a coroutine was expected, got %R", coroutine);
        return false;
    }
    if (!is_activation(coroutine)) task->future.head.aux |= TASK_FOREIGN;
    if (!absent(context) && !is_none(context) && !is_context(context)) {
        throw(vm, TypeError, "a contextvars.Context was expected, got %R", context);
        return false;
    }
    if (!loop_check_open(vm, loop) || !task_set_name(vm, task, name)) return false;
    replace(&task->future.loop, newref(borrow(loop)));
    replace(&task->coroutine, newref(coroutine));
    replace(&task->context, is_context(context) ? newref(context) : context_snapshot(vm));
    if (!(task->future.head.aux & TASK_FOREIGN))
        task_stands_at(task, activation_innermost(as_activation(coroutine)));
    remember_maker(vm, task);
    if (loop->debug && !future_keep_origin(vm, &task->future)) return false;
    announce(vm, loop, CREATED, borrow(task), loop->current);
    if (eager && loop->running) return task_start_eagerly(vm, task, loop);
    newref(borrow(task));
    if (!loop_ready(vm, loop, ENTRY_STEP, task, UNDEF)) return false;
    task_link(loop, task);
    return true;
}

Task *task_new(Vm *vm, Loop *loop, Value coroutine, Value name, Value context, bool eager)
{
    Task *task = type_instance(vm, type_builtin(vm, KIND_TASK));
    if (task && task_init_with(vm, task, loop, coroutine, name, context, eager)) return task;
    if (task) task->future.head.aux |= FUTURE_SILENT;
    decref_object(task);
    return NULL;
}

/* The keyword arguments that were given, a new dict. */
static Ref options_dict(Vm *vm, const TaskOptions *options)
{
    Ref dict = dict_new(vm);
    bool ok = !failed(dict) &&
              (absent(options->name) || dict_set_text(vm, as_dict(dict), "name", options->name)) &&
              (absent(options->context) ||
               dict_set_text(vm, as_dict(dict), "context", options->context)) &&
              (absent(options->eager) ||
               dict_set_text(vm, as_dict(dict), "eager_start", options->eager)) &&
              (absent(options->extra) || dict_update(vm, as_dict(dict), options->extra));
    if (ok) return dict;
    decref(dict);
    return FAIL;
}

/* factory(loop, coroutine, **options), or the same of a method create_task of a script's loop. */
static Ref create_by(Vm *vm, Value factory, Value loop, Value coroutine, const TaskOptions *options)
{
    Ref held = newref(factory), named = options_dict(vm, options), task = FAIL;
    Ref args = failed(named) ? FAIL : tuple_pack(vm, 1, coroutine);
    if (!failed(args)) task = call_with(vm, held, loop, args, named);
    decref(held);
    decref(args);
    decref(named);
    return task;
}

Ref loop_create_task(Vm *vm, Loop *loop, Value coroutine, const TaskOptions *options)
{
    if (!loop_check_open(vm, loop)) return FAIL;
    if (is_heap(loop->task_factory))
        return create_by(vm, loop->task_factory, borrow(loop), coroutine, options);
    if (!absent(options->extra)) {
        ptrdiff_t at = 0;
        Value name, value;
        dict_next(as_dict(options->extra), &at, &name, &value);
        return throw(vm, TypeError, "Task() got an unexpected keyword argument '%S'", name);
    }
    bool plain = absent(options->eager) || is_none(options->eager);
    Truth eager = plain ? NO : value_truth(vm, options->eager);
    if (eager == FAILED) return FAIL;
    Task *task = task_new(vm, loop, coroutine, options->name, options->context, eager == YES);
    return task ? from_object(task) : FAIL;
}

Ref loop_create_own_task(Vm *vm, Loop *loop, Value coroutine, const TaskOptions *options)
{
    Ref task = loop_call_create_task(vm, loop, coroutine, options);
    if (failed(task) || is_future(task)) return task;
    throw(vm, TypeError, "a task factory must return an asyncio.Future here, not %T", (Value)task);
    decref(task);
    return FAIL;
}

Ref loop_call_create_task(Vm *vm, Loop *loop, Value coroutine, const TaskOptions *options)
{
    Type *type = type_of(vm, borrow(loop));
    Value method = type->flags & TYPE_HEAP ? type_lookup(vm, type, N(create_task)) : UNDEF;
    if (failed(method)) return FAIL;
    if (absent(method) || is_native(method)) return loop_create_task(vm, loop, coroutine, options);
    return create_by(vm, method, borrow(loop), coroutine, options);
}

/* ---- any awaitable as a future ---- */

typedef struct Wrapping {
    NativeCoroutine coroutine;
    Ref awaitable;
} Wrapping;

static Ref wrapping_resume(Vm *vm, NativeCoroutine *self, Value sent)
{
    if (self->state++ == 0) return delegate_any(vm, ((Wrapping *)self)->awaitable);
    return newref(sent);
}

static const NativeCoroutineDef wrapping_def = {
    .name = "_wrap_awaitable",
    .size = sizeof(Wrapping),
    .refs = REFS(REF(Wrapping, awaitable)),
    .resume = wrapping_resume,
};

Ref ensure_future(Vm *vm, Value awaitable, Loop *loop)
{
    if (is_future(awaitable)) {
        if (!loop || as_future(awaitable)->loop == borrow(loop)) return newref(awaitable);
        return throw(
            vm, ValueError,
            "The future belongs to a different loop than the one specified as the loop argument");
    }
    bool wrap = !is_coroutine_like(vm, awaitable);
    if (wrap && !type_of(vm, awaitable)->slots.await)
        return throw(vm, TypeError, "An asyncio.Future, a coroutine or an awaitable is required");
    if (!loop && !(loop = loop_current_or_set(vm))) return FAIL;
    if (!wrap) return loop_create_own_task(vm, loop, awaitable, &NO_OPTIONS);
    Wrapping *wrapping = (Wrapping *)native_coroutine_new(vm, &wrapping_def);
    if (!wrapping) return FAIL;
    wrapping->awaitable = newref(awaitable);
    Ref task = loop_create_own_task(vm, loop, borrow(wrapping), &NO_OPTIONS);
    decref_object(wrapping);
    return task;
}
