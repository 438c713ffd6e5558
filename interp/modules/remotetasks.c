/* remotetasks.c - module _remote: the tasks of another aio process.
 *
 * Follows the same links as the deadlock report and call graphs, with a copy at each step.  A
 * process may be stopped in the midst of changing a list: what does not fit raises RuntimeError,
 * and the whole is read again.  Neighbours: remote.c (the copying), loop/graph.c (who waits for a
 * future, at home), stdlib/asyncio/tools.aio (what is printed). */
/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "loop/completed.h"
#include "loop/task.h"
#include "loop/trail.h"
#include "loop/waiter.h"
#include "modules/remote.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"

enum {
    TRIES = 50,
    TEXT_MAX = 4096,    /* code points of a name */
    CHAIN_MAX = 100000, /* links of a chain of awaits, frames of a stack */
    NESTING_MAX = 100,  /* futures that wait for futures */
    CALLBACKS_MAX = 1 << 20,
    TASKS_MAX = 1 << 24,
};

typedef struct Reader {
    Vm *vm;
    Remote remote;
    Vm thread; /* a copy: the thread whose tasks are read */
} Reader;

static bool peek(Reader *reader, const void *from, void *to, size_t size)
{
    return remote_peek(reader->vm, &reader->remote, from, to, size);
}
static bool torn(Reader *reader)
{
    throw(reader->vm, RuntimeError, "process %d changed while it was read",
          (int)reader->remote.pid);
    return false;
}
static bool peek_kind(Reader *reader, const void *from, Kind kind, void *to, size_t size)
{
    return peek(reader, from, to, size) && (((Object *)to)->kind == kind || torn(reader));
}

/* ---- texts ---- */

static Ref read_str(Reader *reader, Value at)
{
    Str head;
    if (!is_heap(at) || !peek_kind(reader, as_object(at), KIND_STR, &head, sizeof head))
        return is_heap(at) ? FAIL : (torn(reader), FAIL);
    if (head.len < 0 || (head.width != 1 && head.width != 2 && head.width != 4)) {
        torn(reader);
        return FAIL;
    }
    ptrdiff_t len = head.len > TEXT_MAX ? TEXT_MAX : head.len;
    uint32_t limit = head.ascii        ? STR_ASCII
                     : head.width == 1 ? STR_LATIN1
                     : head.width == 2 ? STR_WIDE
                                       : STR_FULL;
    if (!len) return newref(reader->vm->interp->empty_str);
    Ref text = str_new(reader->vm, len, limit);
    if (failed(text)) return FAIL;
    if (as_str(text)->width == head.width &&
        peek(reader, as_str(at)->data, as_str(text)->data, (size_t)(len * head.width)))
        return text;
    decref(text);
    return FAIL;
}

/* A C string of the program's own constants. */
static Ref read_name(Reader *reader, const char *from)
{
    char name[80];
    size_t len = 0;
    for (; len < sizeof name - 1; len++)
        if (!peek(reader, from + len, name + len, 1)) return FAIL;
        else if (!name[len]) break;
    name[len] = 0;
    return str_from(reader->vm, name);
}

/* ---- stacks ---- */

static bool push(Reader *reader, Value list, Ref item)
{
    return !failed(item) && list_push(reader->vm, as_list(list), item);
}

/* (file, line, qualified name) of a function that stands at pc; pc NULL: it has not begun. */
static bool push_place(Reader *reader, Value stack, const Function *at, const Instr *pc)
{
    Function function;
    Code code;
    CodePos where;
    if (!peek_kind(reader, at, KIND_FUNCTION, &function, sizeof function) ||
        !peek_kind(reader, function.code, KIND_CODE, &code, sizeof code))
        return false;
    where.line = code.first_line;
    ptrdiff_t index = pc ? pc - code.instrs - 1 : -1;
    if (index >= code.instr_count) return torn(reader);
    if (pc && code.positions &&
        !peek(reader, code.positions + (index < 0 ? 0 : index), &where, sizeof where))
        return false;
    Ref file = read_str(reader, code.filename), place = FAIL;
    Ref name = failed(file) ? FAIL
                            : read_str(reader, absent(function.qualname) ? code.qualname
                                                                         : function.qualname);
    if (!failed(name))
        place = tuple_pack(reader->vm, 3, (Value)file, (Value)from_small(where.line), (Value)name);
    decref(file);
    decref(name);
    return push(reader, stack, place);
}

static bool push_native(Reader *reader, Value stack, const void *at)
{
    NativeCoroutine coroutine;
    NativeCoroutineDef def;
    if (!peek(reader, at, &coroutine, sizeof coroutine) ||
        !peek(reader, coroutine.def, &def, sizeof def))
        return false;
    Ref name = read_name(reader, def.name), place = FAIL;
    if (!failed(name)) place = tuple_pack(reader->vm, 3, NONE, (Value)from_small(0), (Value)name);
    decref(name);
    return push(reader, stack, place);
}

/* The coroutine runs: where, and the plain calls above it, innermost first in `calls`. */
static bool read_running(Reader *reader, const void *coroutine, const Instr **pc, Value calls)
{
    const Vm *thread = &reader->thread;
    if (thread->frame - thread->frames > CHAIN_MAX) return torn(reader);
    for (const Frame *at = thread->frame; at > thread->frames; at--) {
        Frame frame;
        if (!peek(reader, at, &frame, sizeof frame)) return false;
        if (frame.coroutine == coroutine) {
            *pc = frame.pc;
            return true;
        }
        if (frame.function && !push_place(reader, calls, frame.function, frame.pc)) return false;
    }
    return torn(reader);
}

/* Adds one activation to the stack; *next: what it awaits, UNDEF at the end.  calls: filled in when
 * it runs. */
static bool push_activation(Reader *reader, Value stack, Value calls, Ref *next)
{
    Activation act;
    const void *at = as_object(*next);
    if (!peek(reader, at, &act, sizeof act)) return false;
    Kind kind = (Kind)act.head.head.kind;
    ActivationState state = activation_state(&act);
    *next = state == ACTIVATION_SUSPENDED && is_heap(act.awaiting) ? act.awaiting : UNDEF;
    if (kind == KIND_NATIVE_COROUTINE || is_step_kind(kind)) return push_native(reader, stack, at);
    if (kind < KIND_GENERATOR || kind > KIND_NATIVE_COROUTINE || kind == KIND_COROUTINE_WRAPPER) {
        *next = UNDEF; /* a future, or a foreign awaitable */
        return true;
    }
    Coroutine coroutine;
    if (!peek(reader, at, &coroutine, sizeof coroutine)) return false;
    const Instr *pc = state == ACTIVATION_CREATED ? NULL : coroutine.pc;
    if (state == ACTIVATION_RUNNING && !read_running(reader, at, &pc, calls)) return false;
    return push_place(reader, stack, coroutine.function, pc);
}

/* The stack of a task, innermost first. */
static Ref read_stack(Reader *reader, const Task *task)
{
    Ref stack = list_new(reader->vm, 4), calls = list_new(reader->vm, 0);
    Ref next = task->future.head.aux & TASK_FOREIGN ? UNDEF : task->coroutine;
    bool ok = !failed(stack) && !failed(calls);
    for (int depth = 0; ok && !absent(next); depth++) {
        ok = depth < CHAIN_MAX || torn(reader);
        ok = ok && push_activation(reader, stack, calls, &next);
    }
    ptrdiff_t len = ok ? as_list(stack)->len : 0;
    for (ptrdiff_t i = 0; ok && i < len; i++)
        ok = push(reader, calls, newref(list_at(as_list(stack), len - 1 - i)));
    decref(stack);
    if (ok) return calls;
    decref(calls);
    return FAIL;
}

/* ---- who waits ---- */

static Ref identity(Reader *reader, const void *at)
{
    return from_int64(reader->vm, (int64_t)(uintptr_t)at);
}
static bool add_task(Reader *reader, Value set, const void *task)
{
    Ref id = task ? identity(reader, task) : NONE;
    bool ok = !failed(id) && (is_none(id) || set_add(reader->vm, as_set(set), id));
    decref(id);
    return ok;
}

static bool add_awaiters(Reader *reader, Value set, const void *future, int depth);

/* Those who wait inside as_completed(). */
static bool add_completed(Reader *reader, Value set, const void *at)
{
    Completed completed;
    Waiters waiters;
    if (!peek(reader, at, &completed, sizeof completed) || !is_heap(completed.done)) return false;
    const char *queue = (const char *)as_object(completed.done);
    if (!peek(reader, queue + queue_getters_at, &waiters, sizeof waiters)) return false;
    Waiter waiter;
    for (const Waiter *next = waiters.first; next; next = waiter.next)
        if (!peek(reader, next, &waiter, sizeof waiter) || !add_task(reader, set, waiter.task))
            return false;
    return true;
}

static bool add_callback(Reader *reader, Value set, Tagged what, int depth)
{
    const void *object = object_of(what);
    Waiter waiter;
    Ref parent;
    switch (tag_of(what)) {
    case ENTRY_WAKE: return add_task(reader, set, object);
    case ENTRY_GATHER:
    case ENTRY_SHIELD_INNER: return add_awaiters(reader, set, object, depth + 1);
    case ENTRY_GROUP:
        return peek(reader, (const char *)object + group_parent_at, &parent, sizeof parent) &&
               (!is_heap(parent) || add_task(reader, set, as_object(parent)));
    case ENTRY_WAIT:
        return peek(reader, object, &waiter, sizeof waiter) && add_task(reader, set, waiter.task);
    case ENTRY_COMPLETED: return add_completed(reader, set, object);
    default: return true;
    }
}

static bool add_said(Reader *reader, Value set, Value said, int depth)
{
    Set copy;
    if (!is_heap(said)) return true;
    if (!peek_kind(reader, as_object(said), KIND_SET, &copy, sizeof copy)) return false;
    if (copy.size < 0 || copy.size > CALLBACKS_MAX) return torn(reader);
    for (ptrdiff_t i = 0; i < copy.size; i++) {
        SetEntry entry;
        Object head;
        if (!peek(reader, copy.table + i, &entry, sizeof entry)) return false;
        if (!is_heap(entry.key)) continue;
        const void *at = as_object(entry.key);
        if (!peek(reader, at, &head, sizeof head) ||
            !(head.kind == KIND_TASK ? add_task(reader, set, at)
                                     : add_awaiters(reader, set, at, depth + 1)))
            return false;
    }
    return true;
}

/* Adds the ids of the tasks that wait for a future, directly or by way of gather() and shield(). */
static bool add_awaiters(Reader *reader, Value set, const void *at, int depth)
{
    Future future;
    FutureExtra extra = {0};
    if (depth > NESTING_MAX) return true;
    if (!peek(reader, at, &future, sizeof future)) return false;
    if (future.first && !add_callback(reader, set, future.first, depth)) return false;
    if (!future.extra) return true;
    if (!peek(reader, future.extra, &extra, sizeof extra)) return false;
    if (extra.callback_count < 0 || extra.callback_count > CALLBACKS_MAX) return torn(reader);
    for (int i = 0; i < extra.callback_count; i++) {
        Tagged what;
        if (!peek(reader, extra.callbacks + i, &what, sizeof what) ||
            !add_callback(reader, set, what, depth))
            return false;
    }
    return add_said(reader, set, extra.awaited_by, depth);
}

static Ref read_awaiters(Reader *reader, const void *task)
{
    Ref set = set_new(reader->vm), list = FAIL;
    if (!failed(set) && add_awaiters(reader, set, task, 0)) list = list_from(reader->vm, set);
    decref(set);
    return list;
}

/* ---- tasks ---- */

static Ref read_task_name(Reader *reader, const Task *task)
{
    if (is_int(task->name))
        return str_format(reader->vm, "Task-%lld", (long long)as_int(task->name));
    return is_heap(task->name) ? read_str(reader, task->name) : str_from(reader->vm, "None");
}

static Ref read_task(Reader *reader, const void *at, const Task *task)
{
    Ref id = identity(reader, at), row = FAIL;
    Ref name = failed(id) ? FAIL : read_task_name(reader, task);
    Ref stack = failed(name) ? FAIL : read_stack(reader, task);
    Ref awaiters = failed(stack) ? FAIL : read_awaiters(reader, at);
    if (!failed(awaiters))
        row = tuple_pack(reader->vm, 4, (Value)id, (Value)name, (Value)stack, (Value)awaiters);
    decref(id);
    decref(name);
    decref(stack);
    decref(awaiters);
    return row;
}

/* (thread, its tasks), oldest first; UNDEF: no loop runs in it. */
static Ref read_thread(Reader *reader)
{
    Loop loop;
    Task task;
    if (!reader->thread.running_loop) return UNDEF;
    if (!peek_kind(reader, reader->thread.running_loop, KIND_EVENT_LOOP, &loop, sizeof loop))
        return FAIL;
    Ref tasks = list_new(reader->vm, 8), row = FAIL;
    bool ok = !failed(tasks);
    for (const Task *at = loop.first_task; ok && at; at = task.next)
        ok = peek_kind(reader, at, KIND_TASK, &task, sizeof task) &&
             push(reader, tasks, read_task(reader, at, &task)) &&
             (as_list(tasks)->len < TASKS_MAX || torn(reader));
    if (ok) row = tuple_pack(reader->vm, 2, (Value)from_small(loop.native_id), (Value)tasks);
    decref(tasks);
    return row;
}

static Ref read_threads(Reader *reader)
{
    Interp interp;
    if (!peek(reader, reader->remote.main, &reader->thread, sizeof reader->thread) ||
        !peek(reader, reader->thread.interp, &interp, sizeof interp))
        return FAIL;
    Ref list = list_new(reader->vm, 1);
    bool ok = !failed(list);
    for (const Vm *at = interp.threads; ok && at; at = reader->thread.next_thread) {
        ok = peek(reader, at, &reader->thread, sizeof reader->thread);
        Ref row = ok ? read_thread(reader) : FAIL;
        ok = absent(row) || push(reader, list, row);
        ok = ok && (as_list(list)->len < CHAIN_MAX || torn(reader));
    }
    if (ok) return list;
    decref(list);
    return FAIL;
}

NATIVE(remote_tasks, "tasks(pid, /)",
       "The pending tasks of another aio process of the same user, a list of (thread, tasks) for "
       "the threads\nin which a loop runs.  A task is (id, name, stack, ids of the tasks that wait "
       "for it); the stack is a list\nof (file, line, name), innermost first; what the runtime "
       "itself does has None for a file.\nRaises OSError: no such process, not this program, "
       "another user's, or no permission.")
{
    int64_t pid;
    if (!int_index(vm, argv[0], &pid)) return FAIL;
    for (int left = TRIES;; left--) {
        Reader reader = {.vm = vm};
        Ref list = FAIL;
        if (remote_open(vm, &reader.remote, pid > 0 && pid < INT32_MAX ? (pid_t)pid : 0))
            list = read_threads(&reader);
        remote_close(&reader.remote);
        if (!failed(list) || !left || !error_is(vm, RuntimeError)) return list;
        error_clear(vm);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static const Native *const remote_functions[] = {&remote_tasks_def, NULL};
const ModuleDef _remote_module = {
    .name = "_remote", .doc = "The tasks of another aio process.", .functions = remote_functions};
