/* remote.c - the memory of another process that runs this very program.
 *
 * Same file, same layout of every struct: what lies at an address over there is copied and read as
 * if it were ours.  The process has no part in it, so it may be blocked, deadlocked or stopped, and
 * nothing is spent on it when nobody looks.  Its threads are held while it is read, by ptrace(2):
 * should we die meanwhile the kernel lets them go.  The one thing to find is where the interpreter
 * is: signals.c keeps a pointer to it, at the same distance from where the program is loaded in
 * either process.  Neighbours: remotetasks.c (reads tasks), vm/signals.h. */
/* SPDX-License-Identifier: MIT */
#include "modules/remote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "object/error.h"
#include "vm/signals.h"

enum { PATH_SIZE = 64, CHUNK = 65536 };

static bool refuse(Vm *vm, const char *format, int pid)
{
    char text[160];
    snprintf(text, sizeof text, format, pid);
    throw(vm, OSError, "%s", text);
    return false;
}

/* ---- is it this program, and ours ---- */

static bool same_bytes(int a, int b)
{
    char *left = malloc(CHUNK), *right = malloc(CHUNK);
    bool same = left && right;
    while (same) {
        ssize_t n = read(a, left, CHUNK), m = read(b, right, CHUNK);
        same = n == m && n >= 0 && memcmp(left, right, (size_t)n) == 0;
        if (n <= 0) break;
    }
    free(left);
    free(right);
    return same;
}

/* The same file, or a copy of it. */
static bool same_program(const char *path, const struct stat *theirs)
{
    struct stat ours;
    if (stat("/proc/self/exe", &ours) < 0 || ours.st_size != theirs->st_size) return false;
    if (ours.st_dev == theirs->st_dev && ours.st_ino == theirs->st_ino) return true;
    int a = open(path, O_RDONLY | O_CLOEXEC), b = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool same = a >= 0 && b >= 0 && same_bytes(a, b);
    if (a >= 0) close(a);
    if (b >= 0) close(b);
    return same;
}

/* Does it run as us, and as nobody else?  FAILED (nothing raised): there is no such process. */
static Truth same_user(pid_t pid)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file) return FAILED;
    char *line = NULL;
    size_t size = 0;
    Truth same = FAILED;
    unsigned real, effective, saved, me = geteuid();
    while (same == FAILED && getline(&line, &size, file) >= 0)
        if (sscanf(line, "Uid: %u %u %u", &real, &effective, &saved) == 3)
            same = real == me && effective == me && saved == me ? YES : NO;
    free(line);
    fclose(file);
    return same;
}

static bool check_process(Vm *vm, pid_t pid, struct stat *program)
{
    char path[PATH_SIZE];
    Truth ours = pid > 0 ? same_user(pid) : FAILED;
    if (ours == FAILED) return refuse(vm, "no process %d", pid);
    if (ours == NO) return refuse(vm, "process %d belongs to another user", pid);
    if (pid == getpid()) return refuse(vm, "process %d is the one that asks", pid);
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    if (stat(path, program) < 0)
        return errno == EACCES || errno == EPERM
                   ? refuse(vm, "no permission to look into process %d", pid)
                   : refuse(vm, "process %d has ended", pid);
    return same_program(path, program) || refuse(vm, "process %d does not run this aio", pid);
}

/* ---- where things are ---- */

/* Where the program is loaded in a process; 0: not found. */
static uintptr_t load_address(const char *maps, const struct stat *program)
{
    FILE *file = fopen(maps, "re");
    char *line = NULL;
    size_t size = 0;
    uintptr_t found = 0;
    while (file && !found && getline(&line, &size, file) >= 0) {
        unsigned long start, offset, inode;
        if (sscanf(line, "%lx-%*x %*s %lx %*x:%*x %lu", &start, &offset, &inode) == 3 &&
            inode == program->st_ino && offset == 0)
            found = start;
    }
    free(line);
    if (file) fclose(file);
    return found;
}

static bool find_main(Vm *vm, Remote *remote, const struct stat *program)
{
    char maps[PATH_SIZE];
    struct stat own;
    snprintf(maps, sizeof maps, "/proc/%d/maps", (int)remote->pid);
    uintptr_t theirs = load_address(maps, program), ours = 0;
    if (stat("/proc/self/exe", &own) == 0) ours = load_address("/proc/self/maps", &own);
    if (!theirs || !ours) return refuse(vm, "no permission to look into process %d", remote->pid);
    uintptr_t place = (uintptr_t)signals_main_place() - ours + theirs;
    if (!remote_peek(vm, remote, (const void *)place, &remote->main, sizeof remote->main))
        return false;
    return remote->main || refuse(vm, "process %d has not begun, or ends", remote->pid);
}

bool remote_peek(Vm *vm, const Remote *remote, const void *from, void *to, size_t size)
{
    struct iovec here = {to, size}, there = {(void *)(uintptr_t)from, size};
    if (process_vm_readv(remote->pid, &here, 1, &there, 1, 0) == (ssize_t)size) return true;
    if (errno == EPERM) return refuse(vm, "no permission to look into process %d", remote->pid);
    if (errno == ESRCH) return refuse(vm, "process %d has ended", remote->pid);
    throw(vm, RuntimeError, "process %d changed while it was read", (int)remote->pid);
    return false;
}

/* ---- holding it ---- */

static bool is_held(const Remote *remote, pid_t thread)
{
    for (int i = 0; i < remote->count; i++)
        if (remote->threads[i] == thread) return true;
    return false;
}

static bool make_room(Vm *vm, Remote *remote)
{
    if (remote->count < remote->capacity) return true;
    int capacity = remote->capacity ? remote->capacity * 2 : 16;
    pid_t *threads = realloc(remote->threads, (size_t)capacity * sizeof *threads);
    if (threads) remote->threads = threads;
    int *signals = realloc(remote->signals, (size_t)capacity * sizeof *signals);
    if (signals) remote->signals = signals;
    if (!threads || !signals) return !failed(throw_no_memory(vm));
    remote->capacity = capacity;
    return true;
}

/* Stops one thread; a thread that has ended meanwhile is no failure. */
static bool hold(Vm *vm, Remote *remote, pid_t thread)
{
    if (!make_room(vm, remote)) return false;
    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) < 0)
        return errno == ESRCH || refuse(vm, "no permission to look into process %d", remote->pid);
    int status = 0;
    pid_t got = -1;
    if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0) do
            got = waitpid(thread, &status, __WALL);
        while (got < 0 && errno == EINTR);
    if (got != thread || !WIFSTOPPED(status)) return true; /* it has ended */
    remote->threads[remote->count] = thread;
    remote->signals[remote->count++] = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
    return true;
}

/* Stops threads until there is none left that runs. */
static bool hold_all(Vm *vm, Remote *remote)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%d/task", (int)remote->pid);
    for (int before = -1; before != remote->count;) {
        before = remote->count;
        DIR *folder = opendir(path);
        if (!folder) return refuse(vm, "process %d has ended", remote->pid);
        bool ok = true;
        for (struct dirent *entry; ok && (entry = readdir(folder));) {
            pid_t thread = (pid_t)atoi(entry->d_name);
            if (thread > 0 && !is_held(remote, thread)) ok = hold(vm, remote, thread);
        }
        closedir(folder);
        if (!ok) return false;
    }
    return true;
}

bool remote_open(Vm *vm, Remote *remote, pid_t pid)
{
    struct stat program;
    *remote = (Remote){.pid = pid};
    return check_process(vm, pid, &program) && hold_all(vm, remote) &&
           find_main(vm, remote, &program);
}

void remote_close(Remote *remote)
{
    for (int i = 0; i < remote->count; i++)
        ptrace(PTRACE_DETACH, remote->threads[i], NULL, (void *)(uintptr_t)remote->signals[i]);
    free(remote->threads);
    free(remote->signals);
    *remote = (Remote){0};
}
