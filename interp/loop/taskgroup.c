/* taskgroup.c - asyncio.TaskGroup.
 *
 * The group keeps its tasks in a dict (in order, each once).  A task that fails aborts the group:
 * the others are cancelled, and so is the parent, once, to get it out of the body; __aexit__ takes
 * that cancellation back before it raises the group. Neighbours: task.c, waiter.h. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "loop/lock.h"
#include "loop/trail.h"
#include "object/dict.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "object/set.h"

typedef struct TaskGroup {
    Container head;
    Ref loop, parent;
    Ref tasks;       /* dict: task -> None */
    Ref errors;      /* list, or UNDEF */
    Ref base_error;  /* SystemExit or KeyboardInterrupt, or UNDEF */
    Waiter *leaving; /* __aexit__ that waits for the tasks, borrowed; or NULL */
    bool entered, exiting, aborting, parent_cancelled;
} TaskGroup;

static TaskGroup *as_group(Value v) { return (TaskGroup *)as_object(v); }

const size_t group_parent_at = offsetof(TaskGroup, parent);
Value group_parent(Object *group) { return ((TaskGroup *)group)->parent; }

static ptrdiff_t group_len(const TaskGroup *group)
{
    return absent(group->tasks) ? 0 : as_dict(group->tasks)->len;
}

static bool is_base_error(Vm *vm, Value error)
{
    return exception_is(vm, error, SystemExit) || exception_is(vm, error, KeyboardInterrupt);
}

static bool group_abort(Vm *vm, TaskGroup *group)
{
    Ref tasks = group_len(group) ? list_from(vm, group->tasks) : UNDEF;
    if (failed(tasks)) return false; /* not aborting yet: who leaves the group tries again */
    group->aborting = true;
    if (absent(tasks)) return true;
    bool ok = true;
    for (ptrdiff_t i = 0; ok && i < as_list(tasks)->len; i++) {
        Value task = list_at(as_list(tasks), i);
        if (!is_done(as_future(task))) ok = future_cancel_any(vm, task, UNDEF) != FAILED;
    }
    decref(tasks);
    return ok;
}

static bool group_add_error(Vm *vm, TaskGroup *group, Value error)
{
    if (absent(group->errors)) {
        Ref list = list_new(vm, 1);
        if (failed(list)) return false;
        group->errors = list;
    }
    if (is_base_error(vm, error) && absent(group->base_error)) group->base_error = newref(error);
    return list_push(vm, as_list(group->errors), newref(error));
}

static bool report_orphan(Vm *vm, TaskGroup *group, Value task, Value error)
{
    Ref text =
        format_text(vm, "Task %R has errored out but its parent task %R is already completed", task,
                    (Value)group->parent);
    char *owned = NULL;
    const char *utf8 = failed(text) ? NULL : str_utf8(vm, text, NULL, &owned);
    bool ok = utf8 && loop_report(vm, group->loop, utf8, error, "task", task);
    memory_free(owned);
    decref(text);
    return ok;
}

bool group_task_done(Vm *vm, Object *object, Value arg)
{
    TaskGroup *group = (TaskGroup *)object;
    Future *task = as_future(arg);
    if (dict_delete(vm, as_dict(group->tasks), arg) == FAILED) return false;
    if (group->leaving && !group_len(group) && !waiter_wake(vm, group->leaving)) return false;
    if (!is_failed(task)) return true;
    task->head.aux &= ~(unsigned)FUTURE_UNSEEN;
    Value error = task->result;
    if (!group_add_error(vm, group, error)) return false;
    if (is_done(as_future(group->parent))) return report_orphan(vm, group, arg, error);
    if (group->aborting || group->parent_cancelled) return true;
    Loop *loop = as_loop(group->loop);
    Ref outer = trail_begin(vm, loop, BECAUSE_GROUP,
                            is_task(arg) ? (Value)as_task(arg)->name : UNDEF, NULL);
    bool ok = group_abort(vm, group);
    if (ok) group->parent_cancelled = true;
    ok = ok && future_cancel_any(vm, group->parent, UNDEF) != FAILED;
    trail_end(loop, outer);
    return ok;
}

/* ---- async with ---- */

static Ref group_enter_resume(Vm *vm, NativeCoroutine *coroutine,
                              Value sent __attribute__((unused)))
{
    Value self = ((Waiter *)coroutine)->owner;
    TaskGroup *group = as_group(self);
    if (group->entered)
        return throw(vm, RuntimeError, "TaskGroup %R has already been entered", self);
    Loop *loop = loop_running(vm);
    if (!loop) return FAIL;
    if (!is_task(loop->current))
        return throw(vm, RuntimeError, "TaskGroup %R cannot determine the parent task", self);
    Ref tasks = dict_new(vm);
    if (failed(tasks)) return FAIL;
    group->entered = true;
    group->tasks = tasks;
    group->loop = newref(borrow(loop));
    group->parent = newref(loop->current);
    return newref(self);
}
static const NativeCoroutineDef group_enter_coroutine = {
    .name = "TaskGroup.__aenter__",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = group_enter_resume,
};

typedef struct GroupExit {
    Waiter waiter;
    Ref exception;    /* what leaves the body, or NONE */
    Ref cancellation; /* the CancelledError to pass on, or UNDEF */
} GroupExit;

static void raise_kept(Vm *vm, Value error)
{
    Ref traceback = newref(as_exception(error)->traceback);
    throw_object(vm, error);
    replace(&as_exception(error)->traceback, traceback);
}

/* BaseExceptionGroup("unhandled errors in a TaskGroup", errors) from None, raised. */
static Ref raise_group(Vm *vm, TaskGroup *group)
{
    Task *parent = as_task(group->parent);
    if (parent->cancels >
        0) { /* cancelled from outside as well: a new cancellation reaches the next await */
        task_uncancel(parent);
        if (task_cancel(vm, parent, UNDEF) == FAILED) return FAIL;
    }
    Ref text = str_from(vm, "unhandled errors in a TaskGroup");
    Ref error = failed(text) ? FAIL
                             : call2(vm, borrow(exception_class(vm, BaseExceptionGroup)), text,
                                     group->errors);
    decref(text);
    clear(&group->errors);
    if (failed(error)) return FAIL;
    throw_object(vm, error);
    as_exception(error)->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
    decref(error);
    return FAIL;
}

static Ref group_exit_finish(Vm *vm, GroupExit *self, TaskGroup *group)
{
    bool failure = is_exception(self->exception);
    if (!absent(group->base_error)) {
        Ref error = take(&group->base_error);
        raise_kept(vm, error);
        decref(error);
        return FAIL;
    }
    if (group->parent_cancelled && task_uncancel(as_task(group->parent)) == 0)
        clear(&self->cancellation);
    bool errors = !absent(group->errors) && as_list(group->errors)->len;
    if (!absent(self->cancellation) && !errors) {
        error_restore(vm, take(&self->cancellation));
        return FAIL;
    }
    if (failure && !exception_is(vm, self->exception, CancelledError)) {
        if (!group_add_error(vm, group, self->exception)) return FAIL;
        errors = true;
    }
    return errors ? raise_group(vm, group) : NONE;
}

static Ref group_exit_go_on(Vm *vm, GroupExit *self, TaskGroup *group)
{
    group->leaving = NULL;
    if (!group_len(group)) return group_exit_finish(vm, self, group);
    self->waiter.coroutine.state = 0;
    group->leaving = &self->waiter;
    return waiter_pause(vm, &self->waiter, 1);
}

static Ref group_exit_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    GroupExit *self = (GroupExit *)coroutine;
    TaskGroup *group = as_group(self->waiter.owner);
    if (waiter_phase(&self->waiter) == 0) {
        if (!group->entered)
            return throw(vm, RuntimeError, "TaskGroup %R has not been entered",
                         (Value)self->waiter.owner);
        group->exiting = true;
        if (is_exception(self->exception)) {
            if (is_base_error(vm, self->exception) && absent(group->base_error))
                group->base_error = newref(self->exception);
            if (exception_is(vm, self->exception, CancelledError))
                self->cancellation = newref(self->exception);
            if (!group->aborting && !group_abort(vm, group)) return FAIL;
        }
    } else if (!waiter_check(vm, &self->waiter)) {
        group->leaving = NULL;
        return FAIL;
    }
    return group_exit_go_on(vm, self, group);
}

static Ref group_exit_raise(Vm *vm, NativeCoroutine *coroutine)
{
    GroupExit *self = (GroupExit *)coroutine;
    TaskGroup *group = as_group(self->waiter.owner);
    group->leaving = NULL;
    self->waiter.task = NULL;
    if (!error_is(vm, CancelledError)) return FAIL;
    Ref error = error_take(vm);
    if (!group->aborting) {
        replace(&self->cancellation, error); /* the parent is being cancelled */
        if (!group_abort(vm, group)) return FAIL;
    } else {
        decref(error);
    }
    return group_exit_go_on(vm, self, group);
}

static const NativeCoroutineDef group_exit_coroutine = {
    .name = "TaskGroup.__aexit__",
    .size = sizeof(GroupExit),
    .refs = REFS(REF(Waiter, owner), REF(GroupExit, exception), REF(GroupExit, cancellation)),
    .resume = group_exit_resume,
    .raise = group_exit_raise,
};

/* ---- the class ---- */

NATIVE(group_init, "__init__(self)", "A task group; use it with `async with`.") { return NONE; }
NATIVE(group_aenter, "async __aenter__(self)", "Enter.")
{
    return instant_new(vm, &group_enter_coroutine, argv[0]);
}
NATIVE(group_aexit, "async __aexit__(self, et, exc, tb)",
       "Wait for the tasks; raise what failed as a group.")
{
    GroupExit *exit = (GroupExit *)waiter_new(vm, &group_exit_coroutine, argv[0]);
    if (!exit) return FAIL;
    exit->exception = newref(argv[2]);
    return from_object(exit);
}

/* The coroutine will not run: closes it so that it does not warn. */
static Ref refuse(Vm *vm, Value self, Value coroutine, const char *why)
{
    if (is_activation(coroutine)) {
        if (!activation_close(vm, as_activation(coroutine))) return FAIL;
    } else {
        Ref closed = call_method(vm, coroutine, N(close), 0, NULL);
        if (failed(closed)) return FAIL;
        decref(closed);
    }
    return throw(vm, RuntimeError, "TaskGroup %R %s", self, why);
}

NATIVE(group_create_task,
       "create_task(self, coro, *, name=?, context=?, eager_start=?, **kwargs=?)",
       "Schedule coro as a task of the group; return the task.")
{
    TaskGroup *self = as_group(argv[0]);
    if (!self->entered) return refuse(vm, argv[0], argv[1], "has not been entered");
    if (self->exiting && !group_len(self)) return refuse(vm, argv[0], argv[1], "is finished");
    if (self->aborting) return refuse(vm, argv[0], argv[1], "is shutting down");
    TaskOptions options = {argv[2], argv[3], argv[4], argv[5]};
    Ref task = loop_create_own_task(vm, as_loop(self->loop), argv[1], &options);
    if (failed(task)) return FAIL;
    bool ok = dict_set(vm, as_dict(self->tasks), task, NONE);
    if (ok) newref(argv[0]);
    if (ok && future_add_entry(vm, as_future(task), ENTRY_GROUP, self)) return task;
    decref(task);
    return FAIL;
}

static Ref group_repr(Vm *vm, Value self)
{
    TaskGroup *group = as_group(self);
    char tasks[40] = "", errors[40] = "";
    if (group_len(group)) snprintf(tasks, sizeof tasks, " tasks=%td", group_len(group));
    if (!absent(group->errors) && as_list(group->errors)->len)
        snprintf(errors, sizeof errors, " errors=%td", as_list(group->errors)->len);
    return format_text(vm, "<TaskGroup%s%s%s>", tasks, errors,
                       group->aborting  ? " cancelling"
                       : group->entered ? " entered"
                                        : "");
}

NATIVE(group_abort_method, "_abort(self)", "Cancel the tasks and take no more.")
{
    return group_abort(vm, as_group(argv[0])) ? NONE : FAIL;
}

static Ref get_tasks(Vm *vm, Value self)
{
    TaskGroup *group = as_group(self);
    return set_from(vm, absent(group->tasks) ? vm->interp->empty_tuple : group->tasks);
}
static Ref get_errors(Vm *vm, Value self)
{
    TaskGroup *group = as_group(self);
    return absent(group->errors) ? list_new(vm, 0) : newref(group->errors);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return loop_or_none(as_group(self)->loop);
}
static Ref get_parent(Vm *vm __attribute__((unused)), Value self)
{
    Value parent = as_group(self)->parent;
    return absent(parent) ? NONE : newref(parent);
}
static Ref get_entered(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_group(self)->entered);
}
static Ref get_exiting(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_group(self)->exiting);
}
static Ref get_aborting(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_group(self)->aborting);
}
static const Attribute group_attributes[] = {
    {"_tasks", get_tasks, NULL, "Those that are not done, a set."},
    {"_errors", get_errors, NULL, "What failed so far, a list."},
    {"_loop", get_loop, NULL, "The loop it was entered in, or None."},
    {"_parent_task", get_parent, NULL, "The task that entered it, or None."},
    {"_entered", get_entered, NULL, "Was it entered?"},
    {"_exiting", get_exiting, NULL, "Has its block ended?"},
    {"_aborting", get_aborting, NULL, "Are its tasks being cancelled?"},
    {0}};

static const Native *const group_methods[] = {
    &group_aenter_def, &group_aexit_def, &group_create_task_def, &group_abort_method_def, NULL};

const TypeDef task_group_type = {
    .name = "asyncio.taskgroups.TaskGroup",
    .size = sizeof(TaskGroup),
    .doc = "Tasks that end together.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(TaskGroup, loop), REF(TaskGroup, parent), REF(TaskGroup, tasks),
                 REF(TaskGroup, errors), REF(TaskGroup, base_error)),
    .init = &group_init_def,
    .repr = group_repr,
    .methods = group_methods,
    .attributes = group_attributes,
};
