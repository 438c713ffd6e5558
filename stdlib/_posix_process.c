/* _posix_process.c - processes: forking, waiting, signalling, running commands.
 *
 * After a fork the child has one thread, the one that forked; the interpreter lock and the list of
 * threads are made anew (vm/thread.h).
 * Neighbours: _posix_exec.c (other programs), vm/thread.c. */
/* SPDX-License-Identifier: MIT */
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "_posix.h"

/* ---- forking ---- */

NATIVE(posix_register_at_fork, "register_at_fork(*, before=?, after_in_child=?, after_in_parent=?)",
       "Call the functions given around each fork: before in the reverse order of registration.")
{
    static const char *const names[] = {"before", "after_in_child", "after_in_parent"};
    bool any = false;
    for (int n = 0; n < 3; n++) {
        if (absent(argv[n])) continue;
        any = true;
        if (!type_of(vm, argv[n])->slots.call)
            return throw(vm, TypeError, "'%s' must be callable, not %T", names[n], argv[n]);
    }
    if (!any) return throw(vm, TypeError, "At least one argument is required.");
    Ref module = import_text(vm, "posix");
    Ref hooks = failed(module) ? FAIL : attr_get_text(vm, module, "_fork_hooks");
    bool good = !failed(hooks);
    for (int n = 0; good && n < 3; n++) {
        if (absent(argv[n])) continue;
        Value list = dict_get_text(vm, as_dict(hooks), names[n]);
        good = is_list(list) && (n ? list_push(vm, as_list(list), newref(argv[n]))
                                   : list_insert(vm, as_list(list), 0, newref(argv[n])));
    }
    decref(hooks);
    decref(module);
    return good ? NONE : FAIL;
}

/* module._after_fork() of what is imported and keeps threads, locks or chance. */
static void after_fork_in(Vm *vm, const char *name)
{
    Value module = is_dict(vm->interp->modules)
                       ? dict_get_text(vm, as_dict(vm->interp->modules), name)
                       : (Value)UNDEF;
    if (absent(module)) return;
    Ref function = failed((Ref)module) ? FAIL : attr_get_text(vm, module, "_after_fork");
    Ref result = failed(function) ? FAIL : call0(vm, function);
    if (failed(result)) error_unraisable(vm, "Exception ignored in", function);
    decref(result);
    decref(function);
}

bool fork_hooks(Vm *vm, const char *when)
{
    if (strcmp(when, "after_in_child") == 0) {
        after_fork_in(vm, "threading");
        after_fork_in(vm, "random");
    }
    Ref module = import_text(vm, "posix");
    Ref hooks = failed(module) ? FAIL : attr_get_text(vm, module, "_fork_hooks");
    if (failed(hooks)) {
        decref(module);
        return false;
    }
    Value list = dict_get_text(vm, as_dict(hooks), when);
    for (ptrdiff_t n = 0; is_list(list) && n < as_list(list)->len; n++) {
        Ref hook = newref(list_at(as_list(list), n)), result = call0(vm, hook);
        if (failed(result)) error_unraisable(vm, "Exception ignored in", hook);
        decref(result);
        decref(hook);
    }
    decref(hooks);
    decref(module);
    return !failed((Ref)list);
}

static bool warn_of_threads(Vm *vm, const char *function)
{
    int threads = 0;
    for (Vm *at = vm->interp->threads; at; at = at->next_thread) threads++;
    return threads < 2 ||
           warn(vm, DeprecationWarning, 1,
                "This process (pid=%d) is multi-threaded, use of %s() may lead to deadlocks in the "
                "child.",
                (int)getpid(), function);
}

/* master NULL: fork().  The pid is 0 in the child, -1 with errno when it failed. */
static Ref fork_process(Vm *vm, const char *function, int *master)
{
    if (vm->interp->finalizing)
        return throw(vm, PythonFinalizationError, "can't fork at interpreter shutdown");
    if (!fork_hooks(vm, "before")) return FAIL;
    pid_t pid = master ? forkpty(master, NULL, NULL, NULL) : fork();
    int saved = errno;
    if (pid == 0) thread_forked(vm);
    if (!fork_hooks(vm, pid == 0 ? "after_in_child" : "after_in_parent")) return FAIL;
    errno = saved;
    if (pid < 0) return posix_error(vm);
    if (pid > 0 && !warn_of_threads(vm, function)) return FAIL;
    if (master) return tuple_pack(vm, 2, from_small(pid), from_small(pid ? *master : -1));
    return from_small(pid);
}
NATIVE(posix_fork, "fork()", "Make a child process; return 0 in it and its id in the parent.")
{
    return fork_process(vm, "fork", NULL);
}
NATIVE(
    posix_forkpty, "forkpty()",
    "Make a child process that has a new pseudo-terminal; return (pid, descriptor of its master).")
{
    int master = -1;
    return fork_process(vm, "forkpty", &master);
}

/* ---- waiting ---- */

static Ref waited(Vm *vm, int64_t pid, int status)
{
    return pid < 0 ? posix_error(vm) : tuple_pack(vm, 2, from_small(pid), from_small(status));
}
NATIVE(posix_wait, "wait()", "Wait for a child process to end; return (pid, status).")
{
    int64_t pid;
    int status = 0;
    WAITING(pid, wait(&status));
    return waited(vm, pid, status);
}
NATIVE(posix_waitpid, "waitpid(pid, options, /)",
       "Wait for a child process (-1: any); return (pid, status), (0, 0) when none is ready and\n"
       "options has WNOHANG.")
{
    int which, options, status = 0;
    int64_t pid;
    if (!c_int_from(vm, argv[0], &which) || !c_int_from(vm, argv[1], &options)) return FAIL;
    WAITING(pid, waitpid(which, &status, options));
    return waited(vm, pid, status);
}

/* (pid, status, resource.struct_rusage) */
static Ref waited_usage(Vm *vm, int64_t pid, int status, const struct rusage *usage)
{
    if (pid < 0) return posix_error(vm);
    Ref module = import_text(vm, "resource"), type = FAIL, made = FAIL, out = FAIL;
    if (!failed(module)) type = attr_get_text(vm, module, "struct_rusage");
    const struct timeval *user = &usage->ru_utime, *system = &usage->ru_stime;
    Ref items[] = {
        from_float((double)user->tv_sec + (double)user->tv_usec * 1e-6),
        from_float((double)system->tv_sec + (double)system->tv_usec * 1e-6),
        from_small(usage->ru_maxrss),
        from_small(usage->ru_ixrss),
        from_small(usage->ru_idrss),
        from_small(usage->ru_isrss),
        from_small(usage->ru_minflt),
        from_small(usage->ru_majflt),
        from_small(usage->ru_nswap),
        from_small(usage->ru_inblock),
        from_small(usage->ru_oublock),
        from_small(usage->ru_msgsnd),
        from_small(usage->ru_msgrcv),
        from_small(usage->ru_nsignals),
        from_small(usage->ru_nvcsw),
        from_small(usage->ru_nivcsw),
    };
    Ref tuple = tuple_from_refs(vm, 16, items);
    if (!failed(type) && !failed(tuple)) made = call1(vm, type, tuple);
    if (!failed(made)) out = tuple_pack(vm, 3, from_small(pid), from_small(status), (Value)made);
    decref(tuple);
    decref(made);
    decref(type);
    decref(module);
    return out;
}
NATIVE(posix_wait3, "wait3(options)",
       "Wait for a child process; return (pid, status, resources it used).")
{
    int options, status = 0;
    int64_t pid;
    struct rusage usage = {0};
    if (!c_int_from(vm, argv[0], &options)) return FAIL;
    WAITING(pid, wait3(&status, options, &usage));
    return waited_usage(vm, pid, status, &usage);
}
NATIVE(posix_wait4, "wait4(pid, options)", "Like wait3(), for the child process pid.")
{
    int which, options, status = 0;
    int64_t pid;
    struct rusage usage = {0};
    if (!c_int_from(vm, argv[0], &which) || !c_int_from(vm, argv[1], &options)) return FAIL;
    WAITING(pid, wait4(which, &status, options, &usage));
    return waited_usage(vm, pid, status, &usage);
}
NATIVE(posix_waitid, "waitid(idtype, id, options, /)",
       "Wait for a change of child processes (P_PID, P_PGID, P_PIDFD, P_ALL); return a "
       "waitid_result,\n"
       "None when none is ready and options has WNOHANG.")
{
    int type, id, options, result;
    siginfo_t info = {0};
    if (!c_int_from(vm, argv[0], &type) || !c_int_from(vm, argv[1], &id) ||
        !c_int_from(vm, argv[2], &options))
        return FAIL;
    WAITING(result, waitid((idtype_t)type, (id_t)id, &info, options));
    if (result < 0) return posix_error(vm);
    if (info.si_pid == 0) return NONE;
    Ref values[] = {from_small(info.si_pid), from_small(info.si_uid), from_small(info.si_signo),
                    from_small(info.si_status), from_small(info.si_code)};
    return structseq_open_new(vm, &waitid_result_type, values);
}
static const Attribute waitid_fields[] = {
    {"si_pid", structseq_item_0, NULL, "The child process."},
    {"si_uid", structseq_item_1, NULL, "Its real user."},
    {"si_signo", structseq_item_2, NULL, "SIGCHLD."},
    {"si_status", structseq_item_3, NULL, "Its exit status, or the signal."},
    {"si_code", structseq_item_4, NULL, "What happened: CLD_*."},
    {0},
};
const StructSeq waitid_result_type =
    STRUCTSEQ_OPEN("posix.waitid_result", "What happened to a child process.", waitid_fields, 5, 5);

NATIVE(posix_waitstatus_to_exitcode, "waitstatus_to_exitcode(status)",
       "Return the exit status in a wait status, or minus the signal that ended the process.")
{
    int status;
    if (!c_int_from(vm, argv[0], &status)) return FAIL;
    if (WIFEXITED(status)) return from_small(WEXITSTATUS(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) > 0) return from_small(-WTERMSIG(status));
    if (WIFSTOPPED(status))
        return throw(vm, ValueError, "process stopped by delivery of signal %d", WSTOPSIG(status));
    return throw(vm, ValueError, "invalid wait status: %d", status);
}

#define STATUS(name, make, text)                                                                   \
    NATIVE(posix_##name, #name "(status)", text)                                                   \
    {                                                                                              \
        int status;                                                                                \
        return c_int_from(vm, argv[0], &status) ? make(name(status)) : FAIL;                       \
    }
STATUS(WIFEXITED, from_bool, "Return whether the process exited.")
STATUS(WIFSIGNALED, from_bool, "Return whether a signal ended the process.")
STATUS(WIFSTOPPED, from_bool, "Return whether the process is stopped.")
STATUS(WEXITSTATUS, from_small, "Return the exit status of a process that exited.")
STATUS(WTERMSIG, from_small, "Return the signal that ended the process.")
STATUS(WSTOPSIG, from_small, "Return the signal that stopped the process.")
NATIVE(posix_WCOREDUMP, "WCOREDUMP(status, /)", "Return whether the process left a core file.")
{
    int status;
    return c_int_from(vm, argv[0], &status) ? from_bool(WCOREDUMP(status)) : FAIL;
}
NATIVE(posix_WIFCONTINUED, "WIFCONTINUED(status)", "Return whether the process goes on again.")
{
    int status;
    return c_int_from(vm, argv[0], &status) ? from_bool(WIFCONTINUED(status)) : FAIL;
}

/* ---- signalling and ending ---- */

NATIVE(posix_kill, "kill(pid, signal, /)", "Send a signal to a process.")
{
    int pid, number;
    if (!c_int_from(vm, argv[0], &pid) || !c_int_from(vm, argv[1], &number)) return FAIL;
    if (kill(pid, number) < 0) return posix_error(vm);
    return safe_point(vm) ? NONE : FAIL; /* it may have been for this one */
}
NATIVE(posix_killpg, "killpg(pgid, signal, /)", "Send a signal to a process group.")
{
    int group, number;
    if (!c_int_from(vm, argv[0], &group) || !c_int_from(vm, argv[1], &number)) return FAIL;
    if (killpg(group, number) < 0) return posix_error(vm);
    return safe_point(vm) ? NONE : FAIL;
}
NATIVE(posix_pidfd_open, "pidfd_open(pid, flags=0)",
       "Return a descriptor that stands for a process; it can be read from when it has ended.")
{
    int pid, flags;
    if (!c_int_from(vm, argv[0], &pid) || !c_int_from(vm, argv[1], &flags)) return FAIL;
    long fd = syscall(SYS_pidfd_open, pid, flags);
    return fd < 0 ? posix_error(vm) : from_small(fd);
}
NATIVE(posix__exit, "_exit(status)", "End the process at once, without cleaning up.")
{
    int status;
    if (!c_int_from(vm, argv[0], &status)) return FAIL;
    _exit(status);
}
NATIVE(posix_abort, "abort()", "End the process by the signal SIGABRT.") { abort(); }

NATIVE(posix_system, "system(command)", "Run a shell command and return its wait status.")
{
    Ref command = fsencoded(vm, argv[0]);
    if (failed(command)) return FAIL;
    gil_release(vm);
    int status = system(as_bytes(command)->data);
    gil_acquire(vm);
    decref(command);
    return from_small(status);
}

const Native *const posix_process_functions[] = {
    &posix_register_at_fork_def,
    &posix_fork_def,
    &posix_forkpty_def,
    &posix_wait_def,
    &posix_waitpid_def,
    &posix_wait3_def,
    &posix_wait4_def,
    &posix_waitid_def,
    &posix_waitstatus_to_exitcode_def,
    &posix_WIFEXITED_def,
    &posix_WIFSIGNALED_def,
    &posix_WIFSTOPPED_def,
    &posix_WEXITSTATUS_def,
    &posix_WTERMSIG_def,
    &posix_WSTOPSIG_def,
    &posix_WCOREDUMP_def,
    &posix_WIFCONTINUED_def,
    &posix_kill_def,
    &posix_killpg_def,
    &posix_pidfd_open_def,
    &posix__exit_def,
    &posix_abort_def,
    &posix_system_def,
    NULL,
};
