/* deadlock.c - what to say when every task waits and nothing can wake one.
 *
 * The report names each waiting task, the lines of its await stack, what it waits for and who holds
 * that. DeadlockError then leaves run_until_complete(); nobody catches it: asyncio.run() ends the
 * program with DEADLOCK_STATUS. Neighbours: loop.c (notices), waiter.h (what knows its owner),
 * lock.h (what knows its holder), runner.c (the status). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "loop/lock.h"
#include "object/exception.h"
#include "object/number.h"
#include "object/str.h"

static bool add_source(Vm *vm, StrBuilder *text, Value file, int line)
{
    Ref source = source_line(vm, file, line);
    if (failed(source)) return false;
    bool ok = true;
    if (is_str(source)) {
        Ref stripped = call_method(vm, source, N(strip), 0, NULL);
        ok = !failed(stripped) && builder_text(vm, text, "      ") &&
             builder_str(vm, text, stripped) && builder_text(vm, text, "\n");
        decref(stripped);
    }
    decref(source);
    return ok;
}

/* "    at file:line in name" for each activation of the chain, outermost first. */
static bool add_stack(Vm *vm, StrBuilder *text, Task *task)
{
    if (task->future.head.aux & TASK_FOREIGN || absent(task->coroutine)) return true;
    for (Activation *at = as_activation(task->coroutine);; at = as_activation(at->awaiting)) {
        Value file, name;
        int line;
        bool ok = true;
        if (activation_where(vm, at, &file, &name, &line)) {
            Ref where = format_text(vm, "    File \"%S\", line %d, in %S\n", file, line, name);
            ok = !failed(where) && builder_str(vm, text, where) && add_source(vm, text, file, line);
            decref(where);
        } else if (at->head.head.kind == KIND_NATIVE_COROUTINE) {
            ok = builder_text(vm, text, "    in ") &&
                 builder_text(vm, text, ((NativeCoroutine *)at)->def->name) &&
                 builder_text(vm, text, "\n");
        }
        if (!ok) return false;
        if (activation_state(at) != ACTIVATION_SUSPENDED || !is_activation(at->awaiting))
            return true;
    }
}

static bool add_task_name(Vm *vm, StrBuilder *text, Value task)
{
    Ref name = is_task(task) ? task_name(vm, as_task(task)) : value_repr(vm, task);
    bool ok = !failed(name) && builder_str(vm, text, name);
    decref(name);
    return ok;
}

static bool add_what(Vm *vm, StrBuilder *text, Task *task)
{
    if (absent(task->waiting)) return true;
    Value subject =
        is_waiter(task->waiting) ? (Value)as_waiter(task->waiting)->owner : (Value)task->waiting;
    if (absent(subject)) return true;
    if (!builder_text(vm, text, "    waits for ")) return false;
    if (is_task(subject))
        return builder_text(vm, text, "task ") && add_task_name(vm, text, subject) &&
               builder_text(vm, text, "\n");
    if (!builder_repr(vm, text, subject)) return false;
    if (is_kind(subject, KIND_LOCK) && !absent(as_lock(subject)->holder))
        return builder_text(vm, text, ", held by ") &&
               add_task_name(vm, text, as_lock(subject)->holder) && builder_text(vm, text, "\n");
    return builder_text(vm, text, "\n");
}

static bool add_task(Vm *vm, StrBuilder *text, Task *task)
{
    Ref made = task_made_where(vm, task);
    bool ok =
        !failed(made) && builder_text(vm, text, "  ") && add_task_name(vm, text, borrow(task));
    if (ok && !absent(made))
        ok = builder_text(vm, text, " (created at ") && builder_str(vm, text, made) &&
             builder_text(vm, text, ")");
    decref(made);
    return ok && builder_text(vm, text, "\n") && add_stack(vm, text, task) &&
           add_what(vm, text, task);
}

static const char how_to_mend[] =
    "Look for the task that should have woken the others: a lock that is held while waiting, an "
    "event\nthat nobody sets, a queue that nobody fills. More: aio explain AIO301\n";

Ref deadlock_raise(Vm *vm, Loop *loop)
{
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_text(vm, &text,
                           "Deadlock: every task waits, and nothing is left that could wake one.");
    ok = ok && builder_text(vm, &text, "\n");
    for (Task *task = loop->first_task; ok && task; task = task->next)
        ok = add_task(vm, &text, task);
    ok = ok && (vm->interp->flags.plain || builder_text(vm, &text, how_to_mend));
    if (!ok) {
        builder_close(&text);
        return FAIL;
    }
    Ref report = builder_finish(vm, &text);
    if (failed(report)) return FAIL;
    Ref trimmed = str_slice(vm, report, 0, as_str(report)->len - 1);
    decref(report);
    if (failed(trimmed)) return FAIL;
    log_error(vm, "critical", trimmed, UNDEF);
    decref(trimmed);
    return throw(vm, DeadlockError, "every task waits and nothing can wake one");
}
