/* fcntl.c - the module fcntl: control of descriptors, and locks on files.
 *
 * An argument that is no int is bytes for the system call: it works on a copy in a buffer of fixed
 * size, or in place on a larger writable object.
 * Neighbours: _posix_descriptor.c, termios.c. */
/* SPDX-License-Identifier: MIT */
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "_posix.h"

enum { ARGUMENT_MAX = 1024, GUARD = 32 };

/* ---- the bytes of an argument ---- */

static bool is_bytes_argument(Value v) { return is_bytes(v) || is_str(v); }

/* Copies str or bytes; the length, or -1: raised. */
static ptrdiff_t copy_argument(Vm *vm, Value v, char *to, const char *function)
{
    char *owned = NULL;
    ptrdiff_t len = 0;
    const char *text = is_bytes(v) ? as_bytes(v)->data : str_utf8(vm, v, &len, &owned);
    if (!text) return -1;
    if (is_bytes(v)) len = as_bytes(v)->len;
    if (len > ARGUMENT_MAX) {
        throw(vm, ValueError, "%s string arg too long", function);
        len = -1;
    } else {
        memcpy(to, text, (size_t)len);
        memset(to + len, 0, GUARD);
    }
    memory_free(owned);
    return len;
}

/* An int as the bits of a long or an unsigned long. */
static bool bits_from(Vm *vm, Value v, uint64_t *bits)
{
    Ref number = int_from_index(vm, v);
    if (failed(number)) return false;
    int overflow;
    int64_t n = int_value(number, &overflow);
    *bits = (uint64_t)n;
    if (overflow) {
        IntView view;
        mpz_srcptr big = int_view(&view, number);
        *bits = mpz_get_ui(big);
        if (mpz_sgn(big) < 0) *bits = -*bits;
    }
    decref(number);
    return true;
}

/* ---- fcntl and ioctl ---- */

NATIVE(fcntl_fcntl, "fcntl(fd, cmd, arg=0, /)",
       "Do cmd (F_*) on a descriptor; return the int that the system returns, or what it made of "
       "arg\nwhen that is bytes, 1024 of them at most.")
{
    int fd, command, result;
    char buffer[ARGUMENT_MAX + GUARD];
    uint64_t bits;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &command)) return FAIL;
    if (is_bytes_argument(argv[2])) {
        ptrdiff_t len = copy_argument(vm, argv[2], buffer, "fcntl");
        if (len < 0) return FAIL;
        WAITING(result, fcntl(fd, command, buffer));
        return result < 0 ? posix_error(vm) : bytes_from(vm, buffer, len);
    }
    if (!bits_from(vm, argv[2], &bits)) return FAIL;
    int number = (int)bits;
    WAITING(result, fcntl(fd, command, number));
    return result < 0 ? posix_error(vm) : from_small(result);
}

/* In place; a short one works on a copy, in case the system writes more than fits. */
static Ref control_buffer(Vm *vm, int fd, uint64_t request, Buffer *given)
{
    char buffer[ARGUMENT_MAX + GUARD];
    int result;
    bool copied = given->len <= ARGUMENT_MAX;
    char *data = copied ? buffer : given->data;
    if (copied) {
        memcpy(buffer, given->data, (size_t)given->len);
        memset(buffer + given->len, 0, GUARD);
    }
    WAITING(result, ioctl(fd, request, data));
    int saved = errno;
    if (copied) memcpy(given->data, buffer, (size_t)given->len);
    errno = saved;
    return result < 0 ? posix_error(vm) : from_small(result);
}

NATIVE(fcntl_ioctl, "ioctl(fd, request, arg=0, mutate_flag=True, /)",
       "Do request on a device; return an int, or for bytes what the system made of them.  A "
       "writable\nobject is changed in place, unless mutate_flag is false.")
{
    int fd, result;
    uint64_t request, bits;
    bool mutates;
    char buffer[ARGUMENT_MAX + GUARD];
    if (!descriptor_from(vm, argv[0], &fd) || !bits_from(vm, argv[1], &request) ||
        !truth_from(vm, argv[3], &mutates))
        return FAIL;
    request &= 0xFFFFFFFF;
    if (is_bytes_argument(argv[2])) {
        ptrdiff_t len = copy_argument(vm, argv[2], buffer, "ioctl");
        if (len < 0) return FAIL;
        WAITING(result, ioctl(fd, request, buffer));
        return result < 0 ? posix_error(vm) : bytes_from(vm, buffer, len);
    }
    if (!sequence_is_index(vm, argv[2]) && type_of(vm, argv[2])->slots.buffer) {
        Buffer given;
        if (!buffer_get(vm, argv[2], &given, mutates)) return FAIL;
        Ref out = FAIL;
        if (mutates) out = control_buffer(vm, fd, request, &given);
        else if (given.len > ARGUMENT_MAX) throw(vm, ValueError, "ioctl string arg too long");
        else {
            memcpy(buffer, given.data, (size_t)given.len);
            memset(buffer + given.len, 0, GUARD);
            WAITING(result, ioctl(fd, request, buffer));
            out = result < 0 ? posix_error(vm) : bytes_from(vm, buffer, given.len);
        }
        buffer_release(vm, &given);
        return out;
    }
    if (!bits_from(vm, argv[2], &bits)) return FAIL;
    int number = (int)bits;
    WAITING(result, ioctl(fd, request, number));
    return result < 0 ? posix_error(vm) : from_small(result);
}

/* ---- locks ---- */

NATIVE(fcntl_flock, "flock(fd, operation, /)",
       "Lock the file of a descriptor: LOCK_SH shared, LOCK_EX exclusive, LOCK_UN not; | LOCK_NB:\n"
       "raise OSError instead of waiting.")
{
    int fd, operation, result;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &operation)) return FAIL;
    WAITING(result, flock(fd, operation));
    return posix_done(vm, result);
}
NATIVE(
    fcntl_lockf, "lockf(fd, cmd, len=0, start=0, whence=0, /)",
    "Lock a part of the file of a descriptor for this process; cmd as for flock().  The part is\n"
    "len bytes (0: up to the end) from start, counted as os.lseek() does by whence.")
{
    int fd, command, whence, result;
    int64_t len, start;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &command) ||
        !int_index(vm, argv[2], &len) || !int_index(vm, argv[3], &start) ||
        !c_int_from(vm, argv[4], &whence))
        return FAIL;
    struct flock lock = {.l_start = start, .l_len = len, .l_whence = (short)whence};
    if (command == LOCK_UN) lock.l_type = F_UNLCK;
    else if (command & LOCK_SH) lock.l_type = F_RDLCK;
    else if (command & LOCK_EX) lock.l_type = F_WRLCK;
    else return throw(vm, ValueError, "unrecognized lockf argument");
    WAITING(result, fcntl(fd, command & LOCK_NB ? F_SETLK : F_SETLKW, &lock));
    return posix_done(vm, result);
}

/* ---- tables ---- */

#define C(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
static const struct {
    const char *name;
    int64_t value;
} constants[] = {
    C(LOCK_SH),
    C(LOCK_EX),
    C(LOCK_NB),
    C(LOCK_UN),
    C(LOCK_MAND),
    C(LOCK_READ),
    C(LOCK_WRITE),
    C(LOCK_RW),
    C(F_DUPFD),
    C(F_DUPFD_CLOEXEC),
    C(F_GETFD),
    C(F_SETFD),
    C(F_GETFL),
    C(F_SETFL),
    C(F_GETLK),
    C(F_SETLK),
    C(F_SETLKW),
    C(F_OFD_GETLK),
    C(F_OFD_SETLK),
    C(F_OFD_SETLKW),
    C(F_GETOWN),
    C(F_SETOWN),
    C(F_GETOWN_EX),
    C(F_SETOWN_EX),
    C(F_OWNER_TID),
    C(F_OWNER_PID),
    C(F_OWNER_PGRP),
    C(F_GETSIG),
    C(F_SETSIG),
    C(F_RDLCK),
    C(F_WRLCK),
    C(F_UNLCK),
    {"F_EXLCK", 4},
    {"F_SHLCK", 8},
    {"F_GETLK64", F_GETLK},
    {"F_SETLK64", F_SETLK},
    {"F_SETLKW64", F_SETLKW},
    C(F_SETLEASE),
    C(F_GETLEASE),
    C(F_NOTIFY),
    C(F_SETPIPE_SZ),
    C(F_GETPIPE_SZ),
    C(F_ADD_SEALS),
    C(F_GET_SEALS),
    C(F_SEAL_SEAL),
    C(F_SEAL_SHRINK),
    C(F_SEAL_GROW),
    C(F_SEAL_WRITE),
    C(F_SEAL_FUTURE_WRITE),
    C(F_GET_RW_HINT),
    C(F_SET_RW_HINT),
    C(F_GET_FILE_RW_HINT),
    C(F_SET_FILE_RW_HINT),
    C(RWH_WRITE_LIFE_NOT_SET),
    C(RWH_WRITE_LIFE_NONE),
    C(RWH_WRITE_LIFE_SHORT),
    C(RWH_WRITE_LIFE_MEDIUM),
    C(RWH_WRITE_LIFE_LONG),
    C(RWH_WRITE_LIFE_EXTREME),
    C(FD_CLOEXEC),
    C(FASYNC),
    C(DN_ACCESS),
    C(DN_MODIFY),
    C(DN_CREATE),
    C(DN_DELETE),
    C(DN_RENAME),
    C(DN_ATTRIB),
    C(DN_MULTISHOT),
    C(FICLONE),
    C(FICLONERANGE),
};
#undef C

static bool fcntl_open(Vm *vm, Value module)
{
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_int64(vm, constants[n].value)))
            return false;
    return true;
}
static const Native *const fcntl_functions[] = {
    &fcntl_fcntl_def, &fcntl_ioctl_def, &fcntl_flock_def, &fcntl_lockf_def, NULL,
};
const ModuleDef fcntl_module = {
    .name = "fcntl",
    .doc = "Control of descriptors, and locks on files.",
    .functions = fcntl_functions,
    .open = fcntl_open,
};
