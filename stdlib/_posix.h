/* _posix.h - what the files of the module posix share.
 *
 * A path argument becomes a Path, an integer one a descriptor; system calls that may block run
 * without the interpreter lock and are repeated when a signal breaks them off (WAITING).  errno is
 * read at once after a call: posix_error() and path_error() raise OSError from it, unless a signal
 * handler has raised already. Files: _posix_path.c (names), _posix_stat.c, _posix_directory.c,
 * _posix_descriptor.c, _posix_transfer.c, _posix_process.c, _posix_exec.c, _posix_schedule.c,
 * _posix_identity.c, _posix_system.c, _posix_constants.c; posix.c is the module. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_POSIX_H
#define AIO_STDLIB_POSIX_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "native.h"

/* A system call without the interpreter lock, again while a signal breaks it off. */
#define WAITING(result, call)                                                                      \
    do {                                                                                           \
        gil_release(vm);                                                                           \
        (result) = (call);                                                                         \
        gil_acquire(vm);                                                                           \
    } while ((result) < 0 && errno == EINTR && safe_point(vm))

enum { PATH_FD = 1, PATH_NONE = 2 }; /* what a path argument may be besides a name */

typedef struct Path {
    const char *text; /* NULL: a descriptor, or None was given */
    int fd;           /* -1: none */
    bool is_bytes;    /* names made from it are bytes */
    Ref given;        /* what was given, __fspath__ followed: the filename of errors */
    Ref bytes;        /* holds text, or UNDEF */
} Path;

/* Reads an argument of a function; both names are for the error texts.  The Path must be closed
 * also when this fails. */
bool path_open(Vm *vm, Value value, const char *function, const char *argument, int allowed,
               Path *path);
void path_close(Path *path);
/* A str or bytes name from the system: as the path it belongs to. */
Ref path_name(Vm *vm, const Path *path, const char *name);
Ref path_error(Vm *vm, const Path *path);
Ref path_pair_error(Vm *vm, const Path *from, const Path *to);
Ref posix_error(Vm *vm); /* from errno */
static inline Ref posix_done(Vm *vm, int result) { return result < 0 ? posix_error(vm) : NONE; }

Ref fspath_of(Vm *vm, Value value);                     /* str or bytes */
Ref fsencoded(Vm *vm, Value value);                     /* bytes of a path-like; no NUL inside */
Ref fsdecoded(Vm *vm, const char *text, ptrdiff_t len); /* str */

bool c_int_from(Vm *vm, Value value, int *out);        /* a C int: OverflowError */
bool descriptor_from(Vm *vm, Value value, int *fd);    /* an int, or what has fileno() */
bool directory_from(Vm *vm, Value value, int *dir_fd); /* None: AT_FDCWD */
bool truth_from(Vm *vm, Value value, bool *out);
/* A user or group id; -1 stands for "leave it"; name: "uid" or "gid". */
bool id_from(Vm *vm, Value value, const char *name, unsigned *id);

/* NULL-terminated arrays of C strings, from a list, tuple or mapping.  function NULL: an empty list
 * or first string is allowed. */
void strings_free(char **strings);
char **arguments_from(Vm *vm, Value list, const char *function, const char *argument);
char **environment_from(Vm *vm, Value mapping);
Ref environment_dict(Vm *vm); /* that of the process: dict of bytes */

Ref stat_result(Vm *vm, const void *stat); /* of a struct stat */

/* Runs what register_at_fork() collected: "before", "after_in_parent", "after_in_child". */
bool fork_hooks(Vm *vm, const char *when);

extern const Native *const posix_path_functions[],
    *const posix_stat_functions[], *const posix_directory_functions[],
                                       *const posix_descriptor_functions[],
                                           *const posix_transfer_functions[],
                                               *const posix_process_functions[],
                                                   *const posix_exec_functions[],
                                                       *const posix_schedule_functions[],
                                                           *const posix_identity_functions[],
                                                               *const posix_system_functions[];
extern const StructSeq stat_result_type, statvfs_result_type, waitid_result_type, sched_param_type,
    uname_result_type, times_result_type, terminal_size_type;
extern const TypeDef direntry_type, scandir_type;
bool posix_add_constants(Vm *vm, Value module);

#endif
