/* _posixsubprocess.c - starting a program in a child process, for subprocess.aio.
 *
 * All that the child needs is made before the fork, so that it only makes system calls until exec
 * (but for preexec_fn, which a script asked for).  What goes wrong there comes back through a pipe
 * that exec closes: the error number and how far the child got.
 * Neighbours: _posix_exec.c, _posix_process.c. */
/* SPDX-License-Identifier: MIT */
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "_posix.h"

/* How far the child got before it failed. */
enum { STAGE_EXEC, STAGE_CHDIR, STAGE_SETUP, STAGE_PREEXEC };

typedef struct Child {
    char **arguments, **programs, **settings; /* settings NULL: inherit */
    const char *cwd;                          /* NULL: stay */
    int files[3];                             /* what becomes 0, 1 and 2; -1: stay */
    int *kept;                                /* descriptors to pass on, ascending */
    int kept_count;
    int report; /* write end of the pipe */
    bool close_fds, restore_signals, new_session;
    int group;     /* process group, -1: stay */
    int group_id;  /* -1: stay */
    gid_t *groups; /* NULL: stay */
    int group_count;
    int user_id; /* -1: stay */
    int umask;   /* -1: stay */
    Value preexec;
} Child;

/* ---- in the child ---- */

static bool keep(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) == 0;
}

/* Puts the files at 0, 1 and 2.  Those that lie there themselves are moved out of the way first. */
static bool place_files(const Child *child)
{
    int from[3];
    for (int n = 0; n < 3; n++) {
        from[n] = child->files[n];
        if (from[n] >= 0 && from[n] < 3 && from[n] != n &&
            (from[n] = fcntl(from[n], F_DUPFD_CLOEXEC, 3)) < 0)
            return false;
    }
    for (int n = 0; n < 3; n++) {
        if (from[n] < 0) continue;
        if (from[n] == n ? !keep(n) : dup2(from[n], n) < 0) return false;
    }
    return true;
}

static void close_others(const Child *child)
{
    unsigned low = 3;
    bool reported = false;
    for (int n = 0; n <= child->kept_count; n++) {
        unsigned next = n < child->kept_count ? (unsigned)child->kept[n] : ~0u;
        unsigned report = (unsigned)child->report;
        if (!reported && report < next) {
            if (report > low) close_range(low, report - 1, 0);
            if (report >= low) low = report + 1;
            reported = true;
        }
        if (next > low) close_range(low, next == ~0u ? next : next - 1, 0);
        if (next != ~0u && next >= low) low = next + 1;
    }
}

static bool set_identity(const Child *child)
{
    if (child->groups && setgroups((size_t)child->group_count, child->groups) < 0) return false;
    if (child->group_id >= 0 && setregid((gid_t)child->group_id, (gid_t)child->group_id) < 0)
        return false;
    return child->user_id < 0 || setreuid((uid_t)child->user_id, (uid_t)child->user_id) == 0;
}

/* Up to exec; what it returns is the stage that failed, with errno. */
static int child_run(Vm *vm, const Child *child)
{
    for (int n = 0; n < child->kept_count; n++)
        if (!keep(child->kept[n])) return STAGE_SETUP;
    if (!place_files(child)) return STAGE_SETUP;
    if (child->cwd && chdir(child->cwd) < 0) return STAGE_CHDIR;
    if (child->umask >= 0) umask((mode_t)child->umask);
    if (child->restore_signals) {
        signal(SIGPIPE, SIG_DFL);
        signal(SIGXFSZ, SIG_DFL);
    }
    if (child->new_session) setsid();
    if (child->group >= 0 && setpgid(0, child->group) < 0) return STAGE_SETUP;
    if (!set_identity(child)) return STAGE_SETUP;
    if (!is_none(child->preexec)) {
        thread_forked(vm);
        fork_hooks(vm, "after_in_child");
        Ref result = call0(vm, child->preexec);
        errno = 0;
        if (failed(result)) return STAGE_PREEXEC;
    }
    if (child->close_fds) close_others(child);
    int saved = 0;
    for (char **program = child->programs; *program; program++) {
        if (child->settings) execve(*program, child->arguments, child->settings);
        else execv(*program, child->arguments);
        if (errno != ENOENT && errno != ENOTDIR && saved == 0) saved = errno;
    }
    if (saved) errno = saved;
    return STAGE_EXEC;
}

/* ---- in the parent ---- */

/* A list of ints; *count may be 0.  NULL: raised. */
static int *numbers_from(Vm *vm, Value list, int *count)
{
    Ref items = tuple_from(vm, list);
    if (failed(items)) return NULL;
    int *out = memory_new(vm, sizeof *out * (size_t)(tuple_len(items) + 1));
    bool good = out != NULL;
    for (*count = 0; good && *count < tuple_len(items); ++*count)
        good = c_int_from(vm, tuple_at(items, *count), &out[*count]);
    decref(items);
    if (good) return out;
    memory_free(out);
    return NULL;
}

/* The parameters of fork_exec() in argv. */
enum {
    ARGS,
    PROGRAMS,
    CLOSE_FDS,
    PASS_FDS,
    CWD,
    ENV,
    STDIN,
    STDOUT,
    STDERR,
    RESTORE_SIGNALS,
    NEW_SESSION,
    GROUP,
    GROUP_ID,
    GROUPS,
    USER_ID,
    UMASK,
    PREEXEC
};

static void child_close(Child *child)
{
    strings_free(child->arguments);
    strings_free(child->programs);
    strings_free(child->settings);
    memory_free(child->kept);
    memory_free(child->groups);
}

static bool child_open(Vm *vm, Value *argv, Child *child)
{
    *child = (Child){.preexec = argv[PREEXEC], .group_count = 0};
    child->arguments = arguments_from(vm, argv[ARGS], NULL, NULL);
    if (!child->arguments) return false;
    if (!(child->programs = arguments_from(vm, argv[PROGRAMS], NULL, NULL))) return false;
    if (!is_none(argv[ENV]) && !(child->settings = environment_from(vm, argv[ENV]))) return false;
    if (!(child->kept = numbers_from(vm, argv[PASS_FDS], &child->kept_count))) return false;
    if (!is_none(argv[GROUPS])) {
        child->groups = (gid_t *)numbers_from(vm, argv[GROUPS], &child->group_count);
        if (!child->groups) return false;
    }
    for (int n = 0; n < 3; n++)
        if (!c_int_from(vm, argv[STDIN + n], &child->files[n])) return false;
    return truth_from(vm, argv[CLOSE_FDS], &child->close_fds) &&
           truth_from(vm, argv[RESTORE_SIGNALS], &child->restore_signals) &&
           truth_from(vm, argv[NEW_SESSION], &child->new_session) &&
           c_int_from(vm, argv[GROUP], &child->group) &&
           c_int_from(vm, argv[GROUP_ID], &child->group_id) &&
           c_int_from(vm, argv[USER_ID], &child->user_id) &&
           c_int_from(vm, argv[UMASK], &child->umask);
}

/* Forks and waits until the child has run exec or failed: (pid, error number, stage). */
static Ref child_start(Vm *vm, Child *child)
{
    int pipe_fds[2], message[2] = {0, 0};
    if (pipe2(pipe_fds, O_CLOEXEC) < 0) return posix_error(vm);
    child->report = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 3); /* 0, 1, 2 will be replaced */
    close(pipe_fds[1]);
    bool hooks = !is_none(child->preexec);
    if (hooks && !fork_hooks(vm, "before")) return FAIL;
    pid_t pid = fork();
    int saved = errno;
    if (pid == 0) {
        message[1] = child_run(vm, child);
        message[0] = errno;
        if (write(child->report, message, sizeof message) < 0) _exit(254);
        _exit(255);
    }
    close(child->report);
    if (hooks && !fork_hooks(vm, "after_in_parent")) pid = -2;
    ssize_t len = 0;
    if (pid > 0) WAITING(len, read(pipe_fds[0], message, sizeof message));
    close(pipe_fds[0]);
    if (pid == -2 || !absent(vm->error)) return FAIL;
    errno = saved;
    if (pid < 0) return posix_error(vm);
    bool broken = len == (ssize_t)sizeof message;
    if (broken) waitpid(pid, NULL, 0);
    return tuple_pack(vm, 3, from_small(pid), from_small(broken ? message[0] : 0),
                      from_small(broken ? message[1] : -1));
}

NATIVE(
    subprocess_fork_exec,
    "fork_exec(args, programs, close_fds, pass_fds, cwd, env, stdin, stdout, stderr, "
    "restore_signals, start_new_session, process_group, group, groups, user, umask, preexec_fn, "
    "/)",
    "Run the first of programs that there is, with args, in a child process; return (its id, "
    "error\n"
    "number, stage): stage -1 when it runs, else 0 exec, 1 changing the directory, 2 what comes\n"
    "before, 3 preexec_fn, and the child is gone.  -1 and None leave things as they are.")
{
    Child child;
    Ref cwd = UNDEF, out = FAIL;
    bool good = child_open(vm, argv, &child);
    if (good && !is_none(argv[CWD])) {
        cwd = fsencoded(vm, argv[CWD]);
        good = !failed(cwd);
        if (good) child.cwd = as_bytes(cwd)->data;
    }
    if (good && vm->interp->finalizing)
        throw(vm, PythonFinalizationError,
              is_none(child.preexec) ? "can't fork at interpreter shutdown"
                                     : "preexec_fn not supported at interpreter shutdown");
    else if (good) out = child_start(vm, &child);
    decref(cwd);
    child_close(&child);
    return out;
}

static const Native *const subprocess_functions[] = {&subprocess_fork_exec_def, NULL};
const ModuleDef _posixsubprocess_module = {
    .name = "_posixsubprocess",
    .doc = "Starting a program in a child process.",
    .functions = subprocess_functions,
};
