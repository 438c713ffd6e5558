/* insight.c - module _aio: what the runtime knows of tasks, for the module aio and the prompt's
 * commands.
 *
 * Neighbours: loop/task.h (the graph), loop/events.h (the stream), stdlib/aio/ (what is made of
 * it). */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "compiler/compiler.h"
#include "loop/lock.h"
#include "loop/task.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/float.h"
#include "object/list.h"
#include "object/module.h"
#include "object/str.h"
#include "object/tuple.h"

static const char *state_of(const Task *task)
{
    const Future *future = &task->future;
    if (is_cancelled(future)) return "cancelled";
    if (is_failed(future)) return "failed";
    if (is_done(future)) return "done";
    if (future_loop(future)->current == (Value)borrow(task)) return "running";
    return absent(task->waiting) ? "ready" : "waiting";
}

/* One activation as (file, line, name); a native one as (None, 0, name).  UNDEF: nothing to show.
 */
static Ref step_of(Vm *vm, Activation *at)
{
    Value file, name;
    int line;
    if (activation_where(vm, at, &file, &name, &line))
        return tuple_pack(vm, 3, file, (Value)from_small(line), name);
    if (at->head.head.kind != KIND_NATIVE_COROUTINE) return UNDEF;
    Ref native = str_from(vm, ((NativeCoroutine *)at)->def->name);
    Ref step = failed(native) ? FAIL : tuple_pack(vm, 3, NONE, (Value)from_small(0), (Value)native);
    decref(native);
    return step;
}

/* The await stack, outermost first. */
static Ref stack_of(Vm *vm, Task *task)
{
    Ref list = list_new(vm, 4);
    if (failed(list) || task->future.head.aux & TASK_FOREIGN || absent(task->coroutine))
        return list;
    for (Activation *at = as_activation(task->coroutine);; at = as_activation(at->awaiting)) {
        Ref step = step_of(vm, at);
        if (failed(step) || (!absent(step) && !list_push(vm, as_list(list), step))) {
            decref(list);
            return FAIL;
        }
        if (activation_state(at) != ACTIVATION_SUSPENDED || !is_activation(at->awaiting))
            return list;
    }
}

/* What a task waits for: a future, or the lock, event, queue ... that its waiter stands in. */
static Value subject_of(const Task *task)
{
    if (absent(task->waiting)) return NONE;
    if (!is_waiter(task->waiting)) return task->waiting;
    Value owner = as_waiter(task->waiting)->owner;
    return absent(owner) ? (Value)NONE : owner;
}

static Ref made_where(Vm *vm, Task *task)
{
    if (absent(task->made_by)) return NONE;
    Code *code = as_code(task->made_by);
    int line = code_position(code, task->made_at < 0 ? 0 : task->made_at).line;
    return tuple_pack(vm, 2, (Value)code->filename, (Value)from_small(line));
}

NATIVE(aio_task_info, "task_info(task, /)",
       "(state, await stack, what it waits for, holder of that, (file, line) of its maker) of a "
       "task.\n"
       "state: 'running', 'ready', 'waiting', 'done', 'failed' or 'cancelled'.  The stack is a "
       "list of (file, line, "
       "name),\noutermost first; a wait of the runtime itself has None for a file.")
{
    if (!is_task(argv[0])) return throw(vm, TypeError, "a task was expected, got %T", argv[0]);
    Task *task = as_task(argv[0]);
    Value subject = subject_of(task), holder = NONE;
    if (is_kind(subject, KIND_LOCK) && !absent(as_lock(subject)->holder))
        holder = as_lock(subject)->holder;
    Ref state = str_from(vm, state_of(task)), stack = failed(state) ? FAIL : stack_of(vm, task);
    Ref made = failed(stack) ? FAIL : made_where(vm, task);
    Ref info = failed(made)
                   ? FAIL
                   : tuple_pack(vm, 5, (Value)state, (Value)stack, subject, holder, (Value)made);
    decref(made);
    decref(stack);
    decref(state);
    return info;
}

/* ---- since when ---- */

typedef struct Watcher {
    Listener listener;
    Ref since; /* dict: a pending task -> the loop's time when it began to wait */
} Watcher;

static void watcher_tell(Vm *vm, Listener *listener, Loop *loop, EventKind kind, Value subject,
                         Value object __attribute__((unused)))
{
    Dict *since = as_dict(((Watcher *)listener)->since);
    bool good = true;
    if (kind == EVENT_AWAITS)
        good = dict_set(vm, since, subject, from_float((double)loop_now(loop) / 1e9));
    else if (kind == EVENT_FINISHED) good = dict_delete(vm, since, subject) != FAILED;
    if (!good) error_unraisable(vm, "Exception ignored while the time was noted of", subject);
}

static void watcher_close(Listener *listener)
{
    decref(((Watcher *)listener)->since);
    free(listener);
}

NATIVE(aio_watch, "watch(loop, /)",
       "Note from now on when each task of the loop begins to wait; return the dict task -> "
       "loop.time().")
{
    if (!is_loop(argv[0]))
        return throw(vm, TypeError, "an event loop was expected, got %T", argv[0]);
    Loop *loop = as_loop(argv[0]);
    for (Listener *listener = loop->listeners; listener; listener = listener->next)
        if (listener->tell == watcher_tell) return newref(((Watcher *)listener)->since);
    Watcher *watcher = malloc(sizeof *watcher);
    if (!watcher) return throw_no_memory(vm);
    *watcher = (Watcher){{watcher_tell, loop->listeners, watcher_close}, dict_new(vm)};
    if (failed(watcher->since)) {
        free(watcher);
        return FAIL;
    }
    loop->listeners = &watcher->listener;
    return newref(watcher->since);
}

/* ---- bytecode ---- */

NATIVE(aio_disassemble, "disassemble(code, /)",
       "Write the bytecode of a code object to standard output.")
{
    if (!is_kind(argv[0], KIND_CODE))
        return throw(vm, TypeError, "a code object was expected, got %T", argv[0]);
    disassemble(vm, stdout, as_code(argv[0]));
    fflush(stdout);
    return NONE;
}

static const Native *const aio_functions[] = {&aio_task_info_def, &aio_watch_def,
                                              &aio_disassemble_def, NULL};
const ModuleDef _aio_module = {
    .name = "_aio", .doc = "What the runtime knows of tasks.", .functions = aio_functions};
