/* _posix_descriptor.c - descriptors: opening, closing, copying, positions, flags, pipes, terminals.
 *
 * What is opened here is not inherited by programs that are executed (O_CLOEXEC), as scripts
 * expect.
 * Neighbours: _posix_transfer.c (reading and writing). */
/* SPDX-License-Identifier: MIT */
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <utmp.h>

#include "_posix.h"

/* ---- opening and closing ---- */

NATIVE(posix_open, "open(path, flags, mode=511, *, dir_fd=None)",
       "Open a file as flags (O_RDONLY...) say and return its descriptor, which is not inherited.\n"
       "mode, less the umask, are the permissions of a new file.")
{
    Path path;
    int flags, mode, at, fd;
    Ref out = FAIL;
    if (path_open(vm, argv[0], "open", "path", 0, &path) && c_int_from(vm, argv[1], &flags) &&
        c_int_from(vm, argv[2], &mode) && directory_from(vm, argv[3], &at) &&
        audit(vm, "open", 3, (Value[]){path.given, NONE, from_small(flags | O_CLOEXEC)})) {
        WAITING(fd, openat(at, path.text, flags | O_CLOEXEC, mode));
        out = fd < 0 ? path_error(vm, &path) : from_small(fd);
    }
    path_close(&path);
    return out;
}
NATIVE(posix_close, "close(fd)", "Close a descriptor.")
{
    int fd, result;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    gil_release(vm); /* never repeated: after EINTR it is closed */
    result = close(fd);
    gil_acquire(vm);
    return result < 0 && errno != EINTR ? posix_error(vm) : NONE;
}
NATIVE(posix_closerange, "closerange(fd_low, fd_high, /)",
       "Close the descriptors from fd_low up to but not fd_high; errors are ignored.")
{
    int low, high;
    if (!c_int_from(vm, argv[0], &low) || !c_int_from(vm, argv[1], &high)) return FAIL;
    if (low < 0) low = 0;
    if (high > low) close_range((unsigned)low, (unsigned)high - 1, 0);
    return NONE;
}
NATIVE(posix_dup, "dup(fd, /)", "Return another descriptor of an open file, not inherited.")
{
    int fd, copy;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? posix_error(vm) : from_small(copy);
}
NATIVE(posix_dup2, "dup2(fd, fd2, inheritable=True)",
       "Make fd2 another descriptor of the file that fd is open on; return fd2.")
{
    int fd, to, result;
    bool inheritable;
    if (!c_int_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &to) ||
        !truth_from(vm, argv[2], &inheritable))
        return FAIL;
    WAITING(result, inheritable || fd == to ? dup2(fd, to) : dup3(fd, to, O_CLOEXEC));
    return result < 0 ? posix_error(vm) : from_small(result);
}

static Ref descriptor_pair(Vm *vm, int result, const int fds[2])
{
    if (result < 0) return posix_error(vm);
    return tuple_pack(vm, 2, from_small(fds[0]), from_small(fds[1]));
}
NATIVE(posix_pipe, "pipe()", "Return the descriptors (read end, write end) of a pipe.")
{
    int fds[2];
    int result = pipe2(fds, O_CLOEXEC);
    return descriptor_pair(vm, result, fds);
}
NATIVE(posix_pipe2, "pipe2(flags, /)", "Like pipe(), with flags: O_NONBLOCK, O_CLOEXEC.")
{
    int flags, fds[2];
    if (!c_int_from(vm, argv[0], &flags)) return FAIL;
    int result = pipe2(fds, flags);
    return descriptor_pair(vm, result, fds);
}

/* ---- state ---- */

NATIVE(posix_get_inheritable, "get_inheritable(fd, /)",
       "Return whether programs that are executed get the descriptor.")
{
    int fd;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 ? posix_error(vm) : from_bool(!(flags & FD_CLOEXEC));
}
NATIVE(posix_set_inheritable, "set_inheritable(fd, inheritable, /)",
       "Set whether programs that are executed get the descriptor.")
{
    int fd;
    bool inheritable;
    if (!c_int_from(vm, argv[0], &fd) || !truth_from(vm, argv[1], &inheritable)) return FAIL;
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) return posix_error(vm);
    flags = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC;
    return posix_done(vm, fcntl(fd, F_SETFD, flags));
}
NATIVE(posix_get_blocking, "get_blocking(fd, /)", "Return whether reading and writing wait.")
{
    int fd;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? posix_error(vm) : from_bool(!(flags & O_NONBLOCK));
}
NATIVE(posix_set_blocking, "set_blocking(fd, blocking, /)", "Set whether reading and writing wait.")
{
    int fd;
    bool blocking;
    if (!c_int_from(vm, argv[0], &fd) || !truth_from(vm, argv[1], &blocking)) return FAIL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return posix_error(vm);
    flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    return posix_done(vm, fcntl(fd, F_SETFL, flags));
}
NATIVE(posix_lseek, "lseek(fd, position, whence, /)",
       "Move the position of an open file to position bytes from its start (whence SEEK_SET), the\n"
       "present position (SEEK_CUR) or its end (SEEK_END); return it from the start.")
{
    int fd, whence;
    int64_t position, result;
    if (!c_int_from(vm, argv[0], &fd) || !int_index(vm, argv[1], &position) ||
        !c_int_from(vm, argv[2], &whence))
        return FAIL;
    WAITING(result, lseek(fd, position, whence));
    return result < 0 ? posix_error(vm) : from_int64(vm, result);
}
NATIVE(posix_ftruncate, "ftruncate(fd, length, /)", "Cut or extend an open file to length bytes.")
{
    int fd, result;
    int64_t len;
    if (!c_int_from(vm, argv[0], &fd) || !int_index(vm, argv[1], &len)) return FAIL;
    WAITING(result, ftruncate(fd, len));
    return posix_done(vm, result);
}
NATIVE(posix_fsync, "fsync(fd)", "Write what the system still holds of an open file to its device.")
{
    int fd, result;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, fsync(fd));
    return posix_done(vm, result);
}
NATIVE(posix_fdatasync, "fdatasync(fd)", "Like fsync(), leaving out what reading does not need.")
{
    int fd, result;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, fdatasync(fd));
    return posix_done(vm, result);
}
NATIVE(posix_sync, "sync()", "Write everything the system still holds to the devices.")
{
    gil_release(vm);
    sync();
    gil_acquire(vm);
    return NONE;
}
NATIVE(posix_lockf, "lockf(fd, command, length, /)",
       "Lock, unlock or test length bytes from the present position: F_LOCK, F_TLOCK, F_ULOCK, "
       "F_TEST.")
{
    int fd, command, result;
    int64_t len;
    if (!c_int_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &command) ||
        !int_index(vm, argv[2], &len))
        return FAIL;
    WAITING(result, lockf(fd, command, len));
    return posix_done(vm, result);
}

/* posix_f*() return the error; the length of a file and what is meant with it. */
static bool range_from(Vm *vm, Value *argv, int *fd, int64_t *offset, int64_t *len)
{
    return c_int_from(vm, argv[0], fd) && int_index(vm, argv[1], offset) &&
           int_index(vm, argv[2], len);
}
NATIVE(posix_posix_fallocate, "posix_fallocate(fd, offset, length, /)",
       "Make sure that there is room on the device for these bytes of a file.")
{
    int fd, result;
    int64_t offset, len;
    if (!range_from(vm, argv, &fd, &offset, &len)) return FAIL;
    WAITING(result, (errno = posix_fallocate(fd, offset, len)) ? -1 : 0);
    return posix_done(vm, result);
}
NATIVE(posix_posix_fadvise, "posix_fadvise(fd, offset, length, advice, /)",
       "Tell the system how these bytes of a file will be used: POSIX_FADV_*.")
{
    int fd, advice, result;
    int64_t offset, len;
    if (!range_from(vm, argv, &fd, &offset, &len) || !c_int_from(vm, argv[3], &advice)) return FAIL;
    WAITING(result, (errno = posix_fadvise(fd, offset, len, advice)) ? -1 : 0);
    return posix_done(vm, result);
}

/* ---- terminals ---- */

NATIVE(posix_isatty, "isatty(fd, /)", "Return whether the descriptor is a terminal.")
{
    int fd;
    return c_int_from(vm, argv[0], &fd) ? from_bool(isatty(fd) == 1) : FAIL;
}
NATIVE(posix_ttyname, "ttyname(fd, /)", "Return the name of the terminal.")
{
    int fd;
    char name[256];
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    errno = ttyname_r(fd, name, sizeof name);
    return errno ? posix_error(vm) : fsdecoded(vm, name, (ptrdiff_t)strlen(name));
}
NATIVE(posix_ctermid, "ctermid()", "Return the name of the terminal that controls this process.")
{
    char name[L_ctermid + 1];
    return str_from(vm, ctermid(name));
}
NATIVE(posix_get_terminal_size, "get_terminal_size(fd=1, /)",
       "Return the size of a terminal in characters: a terminal_size(columns, lines).")
{
    int fd;
    struct winsize size;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return posix_error(vm);
    Ref values[] = {from_small(size.ws_col), from_small(size.ws_row)};
    return structseq_open_new(vm, &terminal_size_type, values);
}
static const Attribute terminal_size_fields[] = {
    {"columns", structseq_item_0, NULL, "Width in characters."},
    {"lines", structseq_item_1, NULL, "Height in characters."},
    {0},
};
const StructSeq terminal_size_type =
    STRUCTSEQ_OPEN("os.terminal_size", "The size of a terminal.", terminal_size_fields, 2, 2);

NATIVE(posix_device_encoding, "device_encoding(fd)",
       "Return the encoding of a terminal, or None when the descriptor is none.")
{
    int fd;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    return isatty(fd) ? str_from(vm, "UTF-8") : NONE;
}
NATIVE(posix_tcgetpgrp, "tcgetpgrp(fd, /)", "Return the process group in front of a terminal.")
{
    int fd;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    pid_t group = tcgetpgrp(fd);
    return group < 0 ? posix_error(vm) : from_small(group);
}
NATIVE(posix_tcsetpgrp, "tcsetpgrp(fd, pgid, /)", "Put a process group in front of a terminal.")
{
    int fd, group;
    if (!c_int_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &group)) return FAIL;
    return posix_done(vm, tcsetpgrp(fd, group));
}
NATIVE(posix_openpty, "openpty()",
       "Return the descriptors (master, slave) of a new pseudo-terminal.")
{
    int fds[2];
    int result = openpty(&fds[0], &fds[1], NULL, NULL, NULL);
    for (int n = 0; result == 0 && n < 2; n++) fcntl(fds[n], F_SETFD, FD_CLOEXEC);
    return descriptor_pair(vm, result, fds);
}
NATIVE(posix_login_tty, "login_tty(fd, /)",
       "Make a terminal the standard streams and the controlling terminal of a new session.")
{
    int fd;
    return c_int_from(vm, argv[0], &fd) ? posix_done(vm, login_tty(fd)) : FAIL;
}
NATIVE(posix_posix_openpt, "posix_openpt(oflag, /)", "Open a pseudo-terminal's master side.")
{
    int flags;
    if (!c_int_from(vm, argv[0], &flags)) return FAIL;
    int fd = posix_openpt(flags | O_CLOEXEC);
    return fd < 0 ? posix_error(vm) : from_small(fd);
}
NATIVE(posix_grantpt, "grantpt(fd, /)", "Give the user access to the slave side.")
{
    int fd;
    return c_int_from(vm, argv[0], &fd) ? posix_done(vm, grantpt(fd)) : FAIL;
}
NATIVE(posix_unlockpt, "unlockpt(fd, /)", "Unlock the slave side.")
{
    int fd;
    return c_int_from(vm, argv[0], &fd) ? posix_done(vm, unlockpt(fd)) : FAIL;
}
NATIVE(posix_ptsname, "ptsname(fd, /)", "Return the name of the slave side.")
{
    int fd;
    char name[256];
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    errno = ptsname_r(fd, name, sizeof name);
    return errno ? posix_error(vm) : fsdecoded(vm, name, (ptrdiff_t)strlen(name));
}

/* ---- descriptors that are no files ---- */

NATIVE(posix_memfd_create, "memfd_create(name, flags=1)",
       "Return the descriptor of a file that lives in memory; flags: MFD_*.")
{
    int flags;
    Ref name = fsencoded(vm, argv[0]);
    if (failed(name)) return FAIL;
    int fd = -1;
    if (c_int_from(vm, argv[1], &flags)) fd = memfd_create(as_bytes(name)->data, (unsigned)flags);
    decref(name);
    return fd < 0 ? posix_error(vm) : from_small(fd);
}
NATIVE(posix_eventfd, "eventfd(initval, flags=524288)",
       "Return the descriptor of a counter that starts at initval; flags: EFD_*.")
{
    int flags;
    int64_t start;
    if (!int_index(vm, argv[0], &start) || !c_int_from(vm, argv[1], &flags)) return FAIL;
    int fd = eventfd((unsigned)start, flags);
    return fd < 0 ? posix_error(vm) : from_small(fd);
}
NATIVE(posix_eventfd_read, "eventfd_read(fd)", "Return the counter and set it to 0.")
{
    int fd, result;
    eventfd_t count;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, eventfd_read(fd, &count));
    return result < 0 ? posix_error(vm) : from_uint64(vm, count);
}
NATIVE(posix_eventfd_write, "eventfd_write(fd, value)", "Add to the counter.")
{
    int fd, result;
    IntView view;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    Ref count = int_from_index(vm, argv[1]);
    if (failed(count)) return FAIL;
    mpz_srcptr number = int_view(&view, count);
    bool fits = mpz_sgn(number) >= 0 && mpz_sizeinbase(number, 2) <= 64;
    eventfd_t value = fits ? mpz_get_ui(number) : 0;
    decref(count);
    if (!fits) return throw(vm, OverflowError, "int out of range for an eventfd");
    WAITING(result, eventfd_write(fd, value));
    return posix_done(vm, result);
}

NATIVE(posix_timerfd_create, "timerfd_create(clockid, /, *, flags=524288)",
       "Return the descriptor of a timer on a clock; flags: TFD_*.")
{
    int clock, flags;
    if (!c_int_from(vm, argv[0], &clock) || !c_int_from(vm, argv[1], &flags)) return FAIL;
    int fd = timerfd_create(clock, flags | TFD_CLOEXEC);
    return fd < 0 ? posix_error(vm) : from_small(fd);
}

/* A time of a timer: seconds, or nanoseconds when ns. */
static bool timer_time(Vm *vm, Value given, bool ns, struct timespec *out)
{
    int64_t total;
    if (ns) {
        if (!int_index(vm, given, &total)) return false;
    } else {
        double seconds;
        if (!float_from(vm, given, &seconds)) return false;
        total = (int64_t)llround(seconds * 1e9);
    }
    *out = (struct timespec){.tv_sec = total / 1000000000, .tv_nsec = total % 1000000000};
    return true;
}
static Ref timer_spec(Vm *vm, const struct itimerspec *spec, bool ns)
{
    int64_t next = spec->it_value.tv_sec * INT64_C(1000000000) + spec->it_value.tv_nsec;
    int64_t every = spec->it_interval.tv_sec * INT64_C(1000000000) + spec->it_interval.tv_nsec;
    if (!ns)
        return tuple_pack(vm, 2, from_float((double)next * 1e-9), from_float((double)every * 1e-9));
    Ref items[] = {from_int64(vm, next), from_int64(vm, every)};
    return tuple_from_refs(vm, 2, items);
}
static Ref timer_set(Vm *vm, Value *argv, bool ns)
{
    int fd, flags, result;
    struct itimerspec spec, old;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &flags) ||
        !timer_time(vm, argv[2], ns, &spec.it_value) ||
        !timer_time(vm, argv[3], ns, &spec.it_interval))
        return FAIL;
    result = timerfd_settime(fd, flags, &spec, &old);
    return result < 0 ? posix_error(vm) : timer_spec(vm, &old, ns);
}
NATIVE(posix_timerfd_settime, "timerfd_settime(fd, /, *, flags=0, initial=0.0, interval=0.0)",
       "Let a timer expire after initial and then every interval seconds; return what was set.")
{
    return timer_set(vm, argv, false);
}
NATIVE(posix_timerfd_settime_ns, "timerfd_settime_ns(fd, /, *, flags=0, initial=0, interval=0)",
       "The same in nanoseconds.")
{
    return timer_set(vm, argv, true);
}
static Ref timer_get(Vm *vm, Value *argv, bool ns)
{
    int fd;
    struct itimerspec spec;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    return timerfd_gettime(fd, &spec) < 0 ? posix_error(vm) : timer_spec(vm, &spec, ns);
}
NATIVE(posix_timerfd_gettime, "timerfd_gettime(fd, /)",
       "Return (seconds until it expires, interval) of a timer.")
{
    return timer_get(vm, argv, false);
}
NATIVE(posix_timerfd_gettime_ns, "timerfd_gettime_ns(fd, /)", "The same in nanoseconds.")
{
    return timer_get(vm, argv, true);
}

const Native *const posix_descriptor_functions[] = {
    &posix_open_def,
    &posix_close_def,
    &posix_closerange_def,
    &posix_dup_def,
    &posix_dup2_def,
    &posix_pipe_def,
    &posix_pipe2_def,
    &posix_get_inheritable_def,
    &posix_set_inheritable_def,
    &posix_get_blocking_def,
    &posix_set_blocking_def,
    &posix_lseek_def,
    &posix_ftruncate_def,
    &posix_fsync_def,
    &posix_fdatasync_def,
    &posix_sync_def,
    &posix_lockf_def,
    &posix_posix_fallocate_def,
    &posix_posix_fadvise_def,
    &posix_isatty_def,
    &posix_ttyname_def,
    &posix_ctermid_def,
    &posix_get_terminal_size_def,
    &posix_device_encoding_def,
    &posix_tcgetpgrp_def,
    &posix_tcsetpgrp_def,
    &posix_openpty_def,
    &posix_login_tty_def,
    &posix_posix_openpt_def,
    &posix_grantpt_def,
    &posix_unlockpt_def,
    &posix_ptsname_def,
    &posix_memfd_create_def,
    &posix_eventfd_def,
    &posix_eventfd_read_def,
    &posix_eventfd_write_def,
    &posix_timerfd_create_def,
    &posix_timerfd_settime_def,
    &posix_timerfd_settime_ns_def,
    &posix_timerfd_gettime_def,
    &posix_timerfd_gettime_ns_def,
    NULL,
};
