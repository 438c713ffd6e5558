/* taskface.c - what scripts see of a task: class Task and the functions about tasks.
 *
 * Neighbours: task.c (what a task does), modules/asyncio.c (puts the functions into the module). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "loop/foreign.h"
#include "loop/origin.h"
#include "loop/task.h"
#include "loop/waiter.h"
#include "object/attr.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/set.h"
#include "object/traceback.h"
#include "vm/import.h"

Ref task_name(Vm *vm, Task *task)
{
    if (is_int(task->name)) {
        Ref name = str_format(vm, "Task-%lld", (long long)as_int(task->name));
        if (failed(name)) return FAIL;
        replace(&task->name, name);
    }
    return absent(task->name) ? NONE : newref(task->name);
}

Ref task_made_where(Vm *vm, Task *task)
{
    if (absent(task->made_by)) return UNDEF;
    Code *code = as_code(task->made_by);
    return format_text(vm, "%S:%d", (Value)code->filename,
                       code_position(code, task->made_at < 0 ? 0 : task->made_at).line);
}

bool task_where(Vm *vm, Task *task, Value *filename, Value *name, int *line)
{
    if (task->future.head.aux & TASK_FOREIGN || absent(task->coroutine)) return false;
    bool found = false;
    for (Activation *at = as_activation(task->coroutine);; at = as_activation(at->awaiting)) {
        Value file, who;
        int where;
        if (activation_where(vm, at, &file, &who, &where)) {
            *filename = file, *name = who, *line = where;
            found = true;
        }
        if (activation_state(at) != ACTIVATION_SUSPENDED || !is_activation(at->awaiting))
            return found;
    }
}

/* ---- repr ---- */

static bool builder_coroutine(Vm *vm, StrBuilder *text, Value coroutine)
{
    Ref name = attr_get_or_absent(vm, coroutine, N(__qualname__));
    if (failed(name)) return false;
    bool ok = is_str(name) ? builder_str(vm, text, name)
                           : builder_text(vm, text, type_name(vm, coroutine));
    decref(name);
    if (!ok || !builder_text(vm, text, "()")) return false;
    if (!is_activation(coroutine)) return true;
    Value file, who;
    int line;
    bool done = activation_state(as_activation(coroutine)) == ACTIVATION_DONE;
    if (!activation_where(vm, as_activation(coroutine), &file, &who, &line))
        return builder_text(vm, text, done ? " done" : " running");
    char number[16];
    if (done) line = ((Coroutine *)as_object(coroutine))->function->code->first_line;
    snprintf(number, sizeof number, ":%d", line);
    return builder_text(vm, text, done ? " done, defined at " : " running at ") &&
           builder_str(vm, text, file) && builder_text(vm, text, number);
}

static bool builder_waiting(Vm *vm, StrBuilder *text, Value waiting)
{
    if (absent(waiting)) return true;
    if (!builder_text(vm, text, " wait_for=")) return false;
    if (!is_waiter(waiting)) return builder_repr(vm, text, waiting);
    return builder_text(vm, text,
                        waiter_is_done(as_waiter(waiting))
                            ? "<Future finished result=True>"
                            : "<Future pending cb=[Task.task_wakeup()]>");
}

static bool builder_task(Vm *vm, StrBuilder *text, Task *task)
{
    Future *future = &task->future;
    bool cancelling = !is_done(future) && task->cancels > 0;
    Ref name = task_name(vm, task);
    bool ok = !failed(name) && builder_text(vm, text, "<") &&
              builder_text(vm, text, type_name(vm, borrow(task))) && builder_text(vm, text, " ");
    ok = ok &&
         (cancelling ? builder_text(vm, text, "cancelling") : future_repr_state(vm, text, future));
    ok = ok && builder_text(vm, text, " name=") && builder_repr(vm, text, name);
    decref(name);
    if (ok && !absent(task->coroutine))
        ok = builder_text(vm, text, " coro=<") && builder_coroutine(vm, text, task->coroutine) &&
             builder_text(vm, text, ">");
    return ok && builder_waiting(vm, text, task->waiting) && future_repr_result(vm, text, future) &&
           future_repr_callbacks(vm, text, future) &&
           builder_origin(vm, text, future_origin(future)) && builder_text(vm, text, ">");
}

static Ref task_repr(Vm *vm, Value self)
{
    Truth inside = repr_enter(vm, self);
    if (inside == FAILED) return FAIL;
    if (inside == YES) return format_text(vm, "<%T ...>", self);
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_task(vm, &text, as_task(self));
    repr_leave(vm, self);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

/* ---- life ---- */

static bool task_needs_finalizer(Object *self)
{
    Task *task = (Task *)self;
    unsigned bits = task->future.head.aux;
    return (bits & FUTURE_UNSEEN) ||
           (!(bits & (FUTURE_DONE | FUTURE_SILENT)) && !absent(task->coroutine));
}

static bool report_task(Vm *vm, Task *task, const char *message, bool exception, const char *key)
{
    Ref context = dict_new(vm), text = str_from(vm, message),
        made = vm->interp->flags.plain ? UNDEF : task_made_where(vm, task);
    Value origin = future_origin(&task->future);
    bool ok =
        !failed(context) && !failed(text) && !failed(made) &&
        dict_set_text(vm, as_dict(context), "message", text) &&
        (!exception || dict_set_text(vm, as_dict(context), "exception", task->future.result)) &&
        dict_set_text(vm, as_dict(context), key, borrow(task)) &&
        (!absent(origin) || absent(made) ||
         dict_set_text(vm, as_dict(context), "created_at", made)) &&
        (absent(origin) || dict_set_text(vm, as_dict(context), "source_traceback", origin)) &&
        loop_report_context(vm, task->future.loop, context);
    decref(made);
    decref(text);
    decref(context);
    return ok;
}

static void task_finalize(Vm *vm, Object *self)
{
    Task *task = (Task *)self;
    bool unseen = task->future.head.aux & FUTURE_UNSEEN, ok;
    task->future.head.aux = (task->future.head.aux & ~(unsigned)FUTURE_UNSEEN) | FUTURE_SILENT;
    Ref travelling = error_take(vm);
    if (unseen) {
        char message[80];
        snprintf(message, sizeof message, "%.40s exception was never retrieved",
                 type_name(vm, borrow(task)));
        ok = report_task(vm, task, message, true, "future");
    } else {
        ok = report_task(vm, task, "Task was destroyed but it is pending!", false, "task");
    }
    if (!ok) error_unraisable(vm, "Exception ignored in", borrow(task));
    error_restore(vm, travelling);
}

static void task_clear(Object *self)
{
    Task *task = (Task *)self;
    Activation *at = task->at;
    task->at = NULL;
    if (is_waiter(task->waiting) && as_waiter(task->waiting)->task == task)
        as_waiter(task->waiting)->task = NULL;
    decref_object(at);
    future_clear(self);
}

static void task_visit(Object *self, Visit *visit, void *context)
{
    Ref at = (Ref)(void *)((Task *)self)->at;
    if (is_heap(at)) visit(&at, context);
    future_visit(self, visit, context);
}

/* ---- methods ---- */

NATIVE(task_make, "Task(cls, *args, **kwargs)", "Make a task; __init__ fills it in.")
{
    Task *task = type_instance(vm, as_type(argv[0]));
    return task ? from_object(task) : FAIL;
}

NATIVE(task_init, "__init__(self, coro, *, loop=None, name=None, context=None, eager_start=False)",
       "Schedule coro to run on loop (the current one by default).")
{
    Task *self = as_task(argv[0]);
    Loop *loop = is_none(argv[2])   ? loop_current_or_set(vm)
                 : is_loop(argv[2]) ? as_loop(argv[2])
                                    : NULL;
    if (!loop && !is_none(argv[2]))
        throw(vm, TypeError, "loop must be an event loop, not %T", argv[2]);
    Truth eager = loop ? value_truth(vm, argv[5]) : FAILED;
    if (!absent(self->coroutine))
        return throw(vm, RuntimeError, "the task has been initialized already");
    if (eager == FAILED) return FAIL;
    return task_init_with(vm, self, loop, argv[1], argv[3], argv[4], eager == YES) ? NONE : FAIL;
}

NATIVE(
    task_cancel_method, "cancel(self, /, msg=None)",
    "Request that CancelledError be thrown into the coroutine; return False when the task is done.")
{
    Truth cancelled = task_cancel(vm, as_task(argv[0]), argv[1]);
    return cancelled == FAILED ? FAIL : from_bool(cancelled);
}
NATIVE(task_cancelling, "cancelling(self, /)",
       "Return how many cancel() calls have not been undone by uncancel().")
{
    return from_small(as_task(argv[0])->cancels);
}
NATIVE(task_uncancel_method, "uncancel(self, /)", "Undo one cancel(); return how many are left.")
{
    return from_small(task_uncancel(as_task(argv[0])));
}
NATIVE(task_set_result, "set_result(self, result, /)",
       "Tasks get their result from their coroutine.")
{
    return throw(vm, RuntimeError, "Task does not support set_result operation");
}
NATIVE(task_set_exception, "set_exception(self, exception, /)",
       "Tasks get their exception from their coroutine.")
{
    return throw(vm, RuntimeError, "Task does not support set_exception operation");
}
NATIVE(task_get_name, "get_name(self, /)", "Return the task's name.")
{
    return task_name(vm, as_task(argv[0]));
}
NATIVE(task_set_name_method, "set_name(self, value, /)", "Set the task's name to str(value).")
{
    Ref name = value_str(vm, argv[1]);
    if (failed(name)) return FAIL;
    replace(&as_task(argv[0])->name, name);
    return NONE;
}
NATIVE(task_get_coro, "get_coro(self, /)", "Return the coroutine.")
{
    Ref coroutine = as_task(argv[0])->coroutine;
    return absent(coroutine) ? NONE : newref(coroutine);
}
NATIVE(task_get_context, "get_context(self, /)", "Return the contextvars.Context the task runs in.")
{
    Task *self = as_task(argv[0]);
    Loop *loop = vm->running_loop; /* while the task runs, its context is the current one */
    if (loop && loop->current == argv[0] && self->future.loop == borrow(loop))
        return newref(context_current(vm));
    return newref(context_object(vm, &self->context));
}

/* ---- its stack ---- */

/* The frames of the traceback of a failed task. */
static bool push_traceback(Vm *vm, List *stack, Value exception)
{
    Ref step = newref(as_exception(exception)->traceback);
    while (is_kind(step, KIND_TRACEBACK)) {
        Ref frame = attr_get_text(vm, step, "tb_frame");
        if (failed(frame) || !list_push(vm, stack, frame)) {
            decref(step);
            return false;
        }
        replace(&step, newref(((Traceback *)as_object(step))->next));
    }
    decref(step);
    return true;
}

static Ref task_frames(Vm *vm, Task *task)
{
    Ref stack = list_new(vm, 1);
    if (failed(stack)) return FAIL;
    bool ok = true;
    if (is_failed(&task->future)) {
        ok = push_traceback(vm, as_list(stack), task->future.result);
    } else if (!is_done(&task->future) && !absent(task->coroutine)) {
        Ref frame = attr_get_text(vm, task->coroutine, "cr_frame");
        if (failed(frame)) ok = false;
        if (ok && !is_none(frame)) ok = list_push(vm, as_list(stack), frame);
    }
    if (ok) return stack;
    decref(stack);
    return FAIL;
}

NATIVE(task_get_stack, "get_stack(self, /, *, limit=None)",
       "Return the list of frames where the task is suspended, or of its exception's traceback.")
{
    Ref stack = task_frames(vm, as_task(argv[0]));
    if (failed(stack) || is_none(argv[1])) return stack;
    int64_t limit;
    if (!int_index(vm, argv[1], &limit)) {
        decref(stack);
        return FAIL;
    }
    ptrdiff_t len = as_list(stack)->len,
              start = limit < len && !is_failed(as_future(argv[0])) ? len - limit : 0;
    Ref part = list_slice(vm, as_list(stack), start, limit < len && start == 0 ? limit : len);
    decref(stack);
    return part;
}

static bool builder_stack(Vm *vm, StrBuilder *text, Task *task)
{
    bool none =
        absent(task->coroutine) || (task->future.head.aux & TASK_FOREIGN) || is_done(&task->future);
    Value file, name;
    int line;
    bool ok = builder_text(vm, text, none ? "No stack for " : "Stack for ") &&
              builder_repr(vm, text, borrow(task)) &&
              builder_text(vm, text, none ? "\n" : " (most recent call last):\n");
    if (!ok || none || !activation_where(vm, as_activation(task->coroutine), &file, &name, &line))
        return ok;
    Ref where = format_text(vm, "  File \"%S\", line %d, in %S\n", file, line, name);
    ok = !failed(where) && builder_str(vm, text, where);
    decref(where);
    Ref source = ok ? source_line(vm, file, line) : UNDEF;
    if (is_str(source)) {
        Ref stripped = call_method(vm, source, N(strip), 0, NULL);
        ok = !failed(stripped) && builder_text(vm, text, "    ") &&
             builder_str(vm, text, stripped) && builder_text(vm, text, "\n");
        decref(stripped);
    }
    decref(source);
    return ok;
}

NATIVE(task_print_stack, "print_stack(self, /, *, limit=None, file=None)",
       "Print where the task is suspended, to file or sys.stderr.")
{
    StrBuilder text;
    builder_open(&text);
    if (!builder_stack(vm, &text, as_task(argv[0]))) {
        builder_close(&text);
        return FAIL;
    }
    Ref whole = builder_finish(vm, &text);
    if (failed(whole)) return FAIL;
    Value file = is_none(argv[2]) ? dict_get_text(vm, as_dict(vm->interp->sys), "stderr") : argv[2];
    Ref done = failed(file)   ? FAIL
               : absent(file) ? NONE
                              : call_method(vm, file, N(write), 1, (Value[]){whole});
    decref(whole);
    if (failed(done)) return FAIL;
    decref(done);
    return NONE;
}

static Ref get_must_cancel(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_future(self)->head.aux & TASK_MUST_CANCEL);
}
static Ref get_waiting(Vm *vm __attribute__((unused)), Value self)
{
    Ref waiting = as_task(self)->waiting;
    return absent(waiting) ? NONE : newref(waiting);
}
static Ref get_coroutine(Vm *vm __attribute__((unused)), Value self)
{
    Ref coroutine = as_task(self)->coroutine;
    return absent(coroutine) ? NONE : newref(coroutine);
}
static Ref get_log_destroy(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(!(as_future(self)->head.aux & FUTURE_SILENT));
}
static bool set_log_destroy(Vm *vm, Value self, Value value)
{
    Truth truth = absent(value) ? NO : value_truth(vm, value);
    if (truth == FAILED) return false;
    as_future(self)->head.aux &= ~(unsigned)FUTURE_SILENT;
    if (truth == NO) as_future(self)->head.aux |= FUTURE_SILENT;
    return true;
}

static const Native *const task_methods[] = {
    &task_cancel_method_def, &task_cancelling_def, &task_uncancel_method_def, &task_set_result_def,
    &task_set_exception_def, &task_get_name_def,   &task_set_name_method_def, &task_get_coro_def,
    &task_get_context_def,   &task_get_stack_def,  &task_print_stack_def,     NULL};
static const Attribute task_attributes[] = {
    {"_must_cancel", get_must_cancel, NULL, "Will the next step throw CancelledError?"},
    {"_fut_waiter", get_waiting, NULL, "What the task waits for, or None."},
    {"_coro", get_coroutine, NULL, "The coroutine."},
    {"_log_destroy_pending", get_log_destroy, set_log_destroy,
     "Report it when it is dropped while pending?"},
    {0}};

const TypeDef task_type = {
    .name = "_asyncio.Task",
    .size = sizeof(Task),
    .doc = "A coroutine driven by an event loop.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .base = &future_type,
    .refs = REFS(REF(Task, coroutine), REF(Task, waiting), REF(Task, name), REF(Task, context),
                 REF(Task, made_by), REF(Task, reason)),
    .visit = task_visit,
    .clear = task_clear,
    .needs_finalizer = task_needs_finalizer,
    .finalize = task_finalize,
    .new = &task_make_def,
    .init = &task_init_def,
    .repr = task_repr,
    .methods = task_methods,
    .attributes = task_attributes,
};

/* ---- functions ---- */

/* ---- whose turn it is, also in loops of other implementations ---- */

/* The running loop for None; owned. */
static Ref loop_given(Vm *vm, Value given)
{
    if (!is_none(given)) return newref(given);
    Loop *loop = loop_running(vm);
    return loop ? newref(borrow(loop)) : FAIL;
}

/* The task that runs in loop: borrowed, or UNDEF. */
static Value current_of(Vm *vm, Value loop)
{
    if (is_loop(loop)) return as_loop(loop)->current;
    LoopState *state = loop_state(vm);
    if (!state) return FAIL;
    return absent(state->entered) ? UNDEF : dict_get(vm, as_dict(state->entered), loop);
}

/* task UNDEF: none; false: raised. */
static bool set_current_of(Vm *vm, Value loop, Value task)
{
    if (is_loop(loop)) {
        replace(&as_loop(loop)->current, newref(task));
        return true;
    }
    LoopState *state = loop_state(vm);
    if (!state) return false;
    if (absent(state->entered)) state->entered = dict_new(vm);
    if (failed(state->entered)) return state->entered = UNDEF, false;
    if (!absent(task)) return dict_set(vm, as_dict(state->entered), loop, task);
    Ref before = dict_pop(vm, as_dict(state->entered), loop);
    decref(before);
    return !failed(before);
}

NATIVE(asyncio_current_task, "current_task(loop=None)",
       "Return the task that runs in loop (the running one), or None.")
{
    Ref loop = loop_given(vm, argv[0]);
    if (failed(loop)) return FAIL;
    Value task = current_of(vm, loop);
    Ref found = absent(task) ? NONE : newref(task);
    decref(loop);
    return found;
}

/* Adds those of other implementations that have been registered and are of loop. */
static bool add_registered(Vm *vm, Ref set, Value loop)
{
    LoopState *state = loop_state(vm);
    if (!state) return false;
    if (absent(state->registered)) return true;
    Ref all = list_new(vm, 0);
    bool good = !failed(all) && list_extend(vm, as_list(all), state->registered);
    for (ptrdiff_t i = 0; good && i < as_list(all)->len; i++) {
        Value task = list_at(as_list(all), i);
        Ref of = foreign_loop(vm, task),
            done = failed(of) ? FAIL : call_method(vm, task, N(done), 0, NULL);
        Truth is_over = failed(done) ? FAILED : value_truth(vm, done);
        good =
            is_over != FAILED && (is_over == YES || of != loop || set_add(vm, as_set(set), task));
        decref(of);
        decref(done);
    }
    decref(all);
    return good;
}

NATIVE(asyncio_all_tasks, "all_tasks(loop=None)",
       "Return the set of tasks of loop (the running one) that are not done.")
{
    Ref loop = loop_given(vm, argv[0]);
    if (failed(loop)) return FAIL;
    Ref set = is_loop(loop) ? loop_all_tasks(vm, as_loop(loop)) : set_new(vm);
    if (!failed(set) && !add_registered(vm, set, loop)) replace(&set, FAIL);
    decref(loop);
    return set;
}

NATIVE(asyncio_create_task, "create_task(coro, *, name=?, context=?, eager_start=?, **kwargs=?)",
       "Schedule coro to run soon as a task of the running loop; return the task.")
{
    Loop *loop = loop_running(vm);
    TaskOptions options = {argv[1], argv[2], argv[3], argv[4]};
    return loop ? loop_call_create_task(vm, loop, argv[0], &options) : FAIL;
}

NATIVE(asyncio_isfuture, "isfuture(obj)", "Return True for a Future and what looks like one.")
{
    Truth is = is_future_like(vm, argv[0]);
    return is == FAILED ? FAIL : from_bool(is == YES);
}

NATIVE(asyncio_ensure_future, "ensure_future(coro_or_future, *, loop=None)",
       "Return a future itself, or a task for a coroutine or any other awaitable.")
{
    Truth foreign = is_future(argv[0]) ? NO : is_future_like(vm, argv[0]);
    if (foreign != NO) return foreign == YES ? newref(argv[0]) : FAIL;
    if (is_none(argv[1])) return ensure_future(vm, argv[0], NULL);
    return is_loop(argv[1]) ? ensure_future(vm, argv[0], as_loop(argv[1]))
                            : throw(vm, TypeError, "an event loop was expected, got %R", argv[1]);
}

/* weakref.WeakSet.<method>(task) of those that were registered. */
static Ref registered_do(Vm *vm, const char *method, Value task)
{
    LoopState *state = loop_state(vm);
    if (!state || is_task(task)) return state ? NONE : FAIL; /* ours are known already */
    if (absent(state->registered)) {
        Ref module = import_text(vm, "weakref");
        Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "WeakSet");
        Ref made = failed(class) ? FAIL : call0(vm, class);
        decref(module);
        decref(class);
        if (failed(made)) return FAIL;
        replace(&state->registered, made);
    }
    Ref name = str_interned(vm, method);
    Ref done = failed(name) ? FAIL : call_method(vm, state->registered, name, 1, &task);
    decref(name);
    return done;
}

NATIVE(asyncio_register_task, "_register_task(task)",
       "Tell asyncio about a task of another implementation.")
{
    return registered_do(vm, "add", argv[0]);
}
NATIVE(asyncio_unregister_task, "_unregister_task(task)", "Forget such a task.")
{
    return registered_do(vm, "discard", argv[0]);
}

NATIVE(asyncio_enter_task, "_enter_task(loop, task)", "Make task the current one of loop.")
{
    Value now = current_of(vm, argv[0]);
    if (failed(now)) return FAIL;
    if (!absent(now))
        return throw(vm, RuntimeError,
                     "Cannot enter into task %R while another task %R is being executed.", argv[1],
                     now);
    return set_current_of(vm, argv[0], argv[1]) ? NONE : FAIL;
}
NATIVE(asyncio_leave_task, "_leave_task(loop, task)", "Make no task the current one of loop.")
{
    Value now = current_of(vm, argv[0]);
    if (failed(now)) return FAIL;
    if (now != argv[1])
        return throw(vm, RuntimeError, "Leaving task %R does not match the current task %R.",
                     argv[1], absent(now) ? NONE : now);
    return set_current_of(vm, argv[0], UNDEF) ? NONE : FAIL;
}
NATIVE(asyncio_swap_current_task, "_swap_current_task(loop, task)",
       "Set the current task; return the one before.")
{
    Value now = current_of(vm, argv[0]);
    if (failed(now)) return FAIL;
    Ref before = absent(now) ? NONE : newref(now);
    if (set_current_of(vm, argv[0], is_none(argv[1]) ? UNDEF : argv[1])) return before;
    decref(before);
    return FAIL;
}

NATIVE(asyncio_eager_task_factory,
       "eager_task_factory(loop, coro, *, name=None, context=None, eager_start=True)",
       "A task factory whose tasks begin to run at once.")
{
    if (!is_loop(argv[0]))
        return throw(vm, TypeError, "an event loop was expected, got %R", argv[0]);
    Truth eager = value_truth(vm, argv[4]);
    if (eager == FAILED) return FAIL;
    Task *task = task_new(vm, as_loop(argv[0]), argv[1], argv[2], argv[3], eager == YES);
    return task ? from_object(task) : FAIL;
}

NATIVE(asyncio_iscoroutine, "iscoroutine(obj)", "Return True for a coroutine object.")
{
    return from_bool(is_coroutine_like(vm, argv[0]) && !is_kind(argv[0], KIND_GENERATOR));
}

NATIVE(asyncio_iscoroutinefunction, "iscoroutinefunction(func)",
       "Return True for a function made by async def.")
{
    Ref func = newref(argv[0]);
    while (is_kind(func, KIND_METHOD)) replace(&func, newref(as_method(func)->function));
    bool is = is_native(func) ? native_is_async(as_native(func)->native)
                              : is_function(func) && as_function(func)->code->flags &
                                                         (CODE_COROUTINE | CODE_ITERABLE_COROUTINE);
    if (!is) {
        Ref mark = attr_get_or_absent(vm, func, N(_is_coroutine_mark));
        if (failed(mark)) error_clear(vm);
        /* inspect's mark is a plain object(); mocks have all attributes, but not that one */
        is = is_heap(mark) && type_of(vm, mark) == type_builtin(vm, KIND_OBJECT);
        decref(mark);
    }
    decref(func);
    return from_bool(is);
}

const Native *const task_functions[] = {&asyncio_current_task_def,
                                        &asyncio_all_tasks_def,
                                        &asyncio_create_task_def,
                                        &asyncio_ensure_future_def,
                                        &asyncio_register_task_def,
                                        &asyncio_unregister_task_def,
                                        &asyncio_enter_task_def,
                                        &asyncio_leave_task_def,
                                        &asyncio_swap_current_task_def,
                                        &asyncio_eager_task_factory_def,
                                        &asyncio_isfuture_def,
                                        &asyncio_iscoroutine_def,
                                        &asyncio_iscoroutinefunction_def,
                                        NULL};
