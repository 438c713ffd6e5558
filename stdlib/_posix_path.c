/* _posix_path.c - path arguments, and the calls of module posix that work on names of files.
 *
 * Names are bytes to the system: a str is encoded as UTF-8, with surrogates for what is none.
 * Neighbours: _posix_stat.c, _posix_directory.c. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "_posix.h"

/* ---- path arguments ---- */

Ref fsdecoded(Vm *vm, const char *text, ptrdiff_t len)
{
    return codec_decode(vm, text, len, "utf-8", "surrogateescape");
}

/* value.__fspath__(); UNDEF: it has none. */
static Ref call_fspath(Vm *vm, Value value)
{
    if (is_none(type_lookup(vm, type_of(vm, value), N(__fspath__)))) return UNDEF;
    return call_special(vm, value, N(__fspath__), 0, NULL);
}

Ref fspath_of(Vm *vm, Value value)
{
    if (is_str(value) || is_bytes(value)) return newref(value);
    Ref path = call_fspath(vm, value);
    if (absent(path))
        return throw(vm, TypeError, "expected str, bytes or os.PathLike object, not %T", value);
    if (failed(path) || is_str(path) || is_bytes(path)) return path;
    throw(vm, TypeError, "expected %T.__fspath__() to return str or bytes, not %T", value,
          (Value)path);
    decref(path);
    return FAIL;
}

/* bytes of a str or bytes. */
static Ref encoded(Vm *vm, Value name)
{
    return is_bytes(name) ? newref(name) : codec_encode(vm, name, "utf-8", "surrogateescape");
}

Ref fsencoded(Vm *vm, Value value)
{
    Ref path = fspath_of(vm, value);
    if (failed(path)) return FAIL;
    Ref bytes = encoded(vm, path);
    decref(path);
    if (failed(bytes)) return FAIL;
    if (strlen(as_bytes(bytes)->data) == (size_t)as_bytes(bytes)->len) return bytes;
    decref(bytes);
    return throw(vm, ValueError, "embedded null byte");
}

static Ref not_a_path(Vm *vm, Value value, const char *function, const char *argument, int allowed)
{
    static const char *const kinds[] = {
        "string, bytes or os.PathLike",
        "string, bytes, os.PathLike or integer",
        "string, bytes, os.PathLike or None",
        "string, bytes, os.PathLike, integer or None",
    };
    return throw(vm, TypeError, "%s: %s should be %s, not %T", function, argument, kinds[allowed],
                 value);
}

bool path_open(Vm *vm, Value value, const char *function, const char *argument, int allowed,
               Path *path)
{
    *path = (Path){.fd = -1, .given = newref(value), .bytes = UNDEF};
    if (is_none(value) && (allowed & PATH_NONE)) return true;
    if (!is_str(value) && !is_bytes(value)) {
        Ref name = call_fspath(vm, value);
        if (absent(name)) {
            bool number = is_any_int(value) || type_of(vm, value)->slots.index;
            if (number && (allowed & PATH_FD)) {
                if (is_bool(value) &&
                    !warn(vm, RuntimeWarning, 1, "bool is used as a file descriptor"))
                    return false;
                return c_int_from(vm, value, &path->fd);
            }
            not_a_path(vm, value, function, argument, allowed);
            return false;
        }
        if (failed(name)) return false;
        replace(&path->given, name);
        if (!is_str(name) && !is_bytes(name)) {
            throw(vm, TypeError, "expected %T.__fspath__() to return str or bytes, not %T", value,
                  (Value)name);
            return false;
        }
    }
    path->is_bytes = is_bytes(path->given);
    path->bytes = encoded(vm, path->given);
    if (failed(path->bytes)) return false;
    path->text = as_bytes(path->bytes)->data;
    if (strlen(path->text) == (size_t)as_bytes(path->bytes)->len) return true;
    throw(vm, ValueError, "%s: embedded null character in %s", function, argument);
    return false;
}

void path_close(Path *path)
{
    clear(&path->given);
    clear(&path->bytes);
}

Ref path_name(Vm *vm, const Path *path, const char *name)
{
    ptrdiff_t len = (ptrdiff_t)strlen(name);
    return path->is_bytes ? bytes_from(vm, name, len) : fsdecoded(vm, name, len);
}

/* ---- errors ---- */

/* A signal handler that raised goes before the errno it left. */
Ref posix_error(Vm *vm) { return absent(vm->error) ? throw_errno(vm, errno, UNDEF) : FAIL; }

Ref path_error(Vm *vm, const Path *path)
{
    if (!absent(vm->error)) return FAIL;
    bool named = path->text || path->fd >= 0;
    return throw_errno(vm, errno, named ? (Value)path->given : (Value)UNDEF);
}

Ref path_pair_error(Vm *vm, const Path *from, const Path *to)
{
    if (!absent(vm->error)) return FAIL;
    int number = errno;
    Ref text = str_from(vm, strerror(number));
    if (failed(text)) return FAIL;
    Value args[] = {from_small(number), text, from->given, NONE, to->given};
    Ref made = call(vm, borrow(exception_class(vm, OSError)), 5, args);
    decref(text);
    if (failed(made)) return FAIL;
    throw_object(vm, made);
    decref(made);
    return FAIL;
}

/* The end of a call on one path: closes it. */
static Ref path_done(Vm *vm, Path *path, int result)
{
    Ref out = result < 0 ? path_error(vm, path) : NONE;
    path_close(path);
    return out;
}
static Ref path_failed(Path *path)
{
    path_close(path);
    return FAIL;
}

/* ---- numbers ---- */

bool c_int_from(Vm *vm, Value value, int *out)
{
    int64_t n;
    if (!int_index(vm, value, &n)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        n = INT64_MAX;
    }
    *out = (int)n;
    if (n == *out) return true;
    throw(vm, OverflowError, "Python int too large to convert to C int");
    return false;
}

bool descriptor_from(Vm *vm, Value value, int *fd)
{
    Ref number = UNDEF;
    if (!is_any_int(value)) {
        number = attr_get_or_absent(vm, value, N(fileno));
        if (failed(number)) return false;
        if (absent(number)) {
            throw(vm, TypeError, "argument must be an int, or have a fileno() method.");
            return false;
        }
        replace(&number, call0(vm, number));
        if (failed(number)) return false;
        if (!is_any_int(number)) {
            throw(vm, TypeError, "fileno() returned a non-integer");
            decref(number);
            return false;
        }
        value = number;
    }
    bool good = !is_bool(value) || warn(vm, RuntimeWarning, 1, "bool is used as a file descriptor");
    good = good && c_int_from(vm, value, fd);
    if (good && *fd < 0) {
        throw(vm, ValueError, "file descriptor cannot be a negative integer (%d)", *fd);
        good = false;
    }
    decref(number);
    return good;
}

bool directory_from(Vm *vm, Value value, int *dir_fd)
{
    *dir_fd = AT_FDCWD;
    if (is_none(value)) return true;
    if (!is_any_int(value) && !type_of(vm, value)->slots.index) {
        throw(vm, TypeError, "argument should be integer or None, not %T", value);
        return false;
    }
    int64_t n;
    if (int_index(vm, value, &n)) {
        *dir_fd = (int)n;
        if (n == *dir_fd) return true;
    } else if (error_is(vm, OverflowError)) {
        error_clear(vm);
        n = int_sign(value);
    } else {
        return false;
    }
    throw(vm, OverflowError, "fd is %s", n < 0 ? "less than minimum" : "greater than maximum");
    return false;
}

bool truth_from(Vm *vm, Value value, bool *out)
{
    Truth truth = value_truth(vm, value);
    *out = truth == YES;
    return truth != FAILED;
}

bool id_from(Vm *vm, Value value, const char *name, unsigned *id)
{
    if (!is_any_int(value) && !type_of(vm, value)->slots.index) {
        throw(vm, TypeError, "%s should be integer, not %T", name, value);
        return false;
    }
    int64_t n;
    if (!int_index(vm, value, &n)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        n = int_sign(value) < 0 ? -2 : INT64_MAX;
    }
    *id = (unsigned)n;
    if (n >= -1 && n <= (int64_t)UINT32_MAX) return true;
    throw(vm, OverflowError, "%s is %s", name,
          n < 0 ? "less than minimum" : "greater than maximum");
    return false;
}

/* ---- the working directory ---- */

static char *working_directory(Vm *vm)
{
    char *name;
    gil_release(vm);
    name = getcwd(NULL, 0);
    gil_acquire(vm);
    if (!name) posix_error(vm);
    return name;
}
NATIVE(posix_getcwd, "getcwd()", "Return the name of the working directory.")
{
    char *name = working_directory(vm);
    Ref out = name ? fsdecoded(vm, name, (ptrdiff_t)strlen(name)) : FAIL;
    free(name);
    return out;
}
NATIVE(posix_getcwdb, "getcwdb()", "Return the name of the working directory as bytes.")
{
    char *name = working_directory(vm);
    Ref out = name ? bytes_from(vm, name, (ptrdiff_t)strlen(name)) : FAIL;
    free(name);
    return out;
}
NATIVE(posix_chdir, "chdir(path)", "Make path, a name or a descriptor, the working directory.")
{
    Path path;
    int result;
    if (!path_open(vm, argv[0], "chdir", "path", PATH_FD, &path)) return path_failed(&path);
    WAITING(result, path.text ? chdir(path.text) : fchdir(path.fd));
    return path_done(vm, &path, result);
}
NATIVE(posix_fchdir, "fchdir(fd)", "Make the directory that fd is open on the working one.")
{
    int fd, result;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, fchdir(fd));
    return posix_done(vm, result);
}
NATIVE(posix_chroot, "chroot(path)", "Make path the root directory of this process.")
{
    Path path;
    int result;
    if (!path_open(vm, argv[0], "chroot", "path", 0, &path)) return path_failed(&path);
    WAITING(result, chroot(path.text));
    return path_done(vm, &path, result);
}

/* ---- making and removing ---- */

NATIVE(posix_mkdir, "mkdir(path, mode=511, *, dir_fd=None)",
       "Make a directory with the permissions mode (less the umask).\n"
       "Raises FileExistsError when path exists.")
{
    Path path;
    int mode, at, result;
    if (!path_open(vm, argv[0], "mkdir", "path", 0, &path) || !c_int_from(vm, argv[1], &mode) ||
        !directory_from(vm, argv[2], &at))
        return path_failed(&path);
    WAITING(result, mkdirat(at, path.text, (mode_t)mode));
    return path_done(vm, &path, result);
}

static Ref unlink_path(Vm *vm, Value *argv, const char *function, int flags)
{
    Path path;
    int at, result;
    if (!path_open(vm, argv[0], function, "path", 0, &path) || !directory_from(vm, argv[1], &at))
        return path_failed(&path);
    WAITING(result, unlinkat(at, path.text, flags));
    return path_done(vm, &path, result);
}
NATIVE(posix_unlink, "unlink(path, *, dir_fd=None)", "Remove a file (not a directory).")
{
    return unlink_path(vm, argv, "unlink", 0);
}
NATIVE(posix_remove, "remove(path, *, dir_fd=None)", "Remove a file (not a directory).")
{
    return unlink_path(vm, argv, "remove", 0);
}
NATIVE(posix_rmdir, "rmdir(path, *, dir_fd=None)", "Remove an empty directory.")
{
    return unlink_path(vm, argv, "rmdir", AT_REMOVEDIR);
}
NATIVE(posix_mkfifo, "mkfifo(path, mode=438, *, dir_fd=None)", "Make a named pipe.")
{
    Path path;
    int mode, at, result;
    if (!path_open(vm, argv[0], "mkfifo", "path", 0, &path) || !c_int_from(vm, argv[1], &mode) ||
        !directory_from(vm, argv[2], &at))
        return path_failed(&path);
    WAITING(result, mkfifoat(at, path.text, (mode_t)mode));
    return path_done(vm, &path, result);
}
NATIVE(posix_mknod, "mknod(path, mode=384, device=0, *, dir_fd=None)",
       "Make a file, a pipe or a device: mode holds its type and permissions.")
{
    Path path;
    int mode, at, result;
    int64_t device;
    if (!path_open(vm, argv[0], "mknod", "path", 0, &path) || !c_int_from(vm, argv[1], &mode) ||
        !int_index(vm, argv[2], &device) || !directory_from(vm, argv[3], &at))
        return path_failed(&path);
    WAITING(result, mknodat(at, path.text, (mode_t)mode, (dev_t)device));
    return path_done(vm, &path, result);
}

/* ---- two names ---- */

/* What a call on two paths needs. */
typedef struct Pair {
    Path from, to;
    int from_fd, to_fd;
} Pair;

static bool pair_open(Vm *vm, Pair *pair, Value from, Value to, const char *function)
{
    pair->to = (Path){.given = UNDEF, .bytes = UNDEF};
    return path_open(vm, from, function, "src", 0, &pair->from) &&
           path_open(vm, to, function, "dst", 0, &pair->to);
}
static Ref pair_close(Pair *pair, Ref out)
{
    path_close(&pair->from);
    path_close(&pair->to);
    return out;
}

static Ref rename_path(Vm *vm, Value *argv, const char *function)
{
    Pair pair;
    int result;
    if (!pair_open(vm, &pair, argv[0], argv[1], function) ||
        !directory_from(vm, argv[2], &pair.from_fd) || !directory_from(vm, argv[3], &pair.to_fd))
        return pair_close(&pair, FAIL);
    WAITING(result, renameat(pair.from_fd, pair.from.text, pair.to_fd, pair.to.text));
    Ref out = result < 0 ? path_pair_error(vm, &pair.from, &pair.to) : NONE;
    return pair_close(&pair, out);
}
NATIVE(posix_rename, "rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
       "Give a file or directory another name; a file of that name is replaced.")
{
    return rename_path(vm, argv, "rename");
}
NATIVE(posix_replace, "replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
       "Give a file or directory another name; a file of that name is replaced.")
{
    return rename_path(vm, argv, "replace");
}
NATIVE(posix_link, "link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)",
       "Give the file src the second name dst.")
{
    Pair pair;
    bool follow;
    int result;
    if (!pair_open(vm, &pair, argv[0], argv[1], "link") ||
        !directory_from(vm, argv[2], &pair.from_fd) || !directory_from(vm, argv[3], &pair.to_fd) ||
        !truth_from(vm, argv[4], &follow))
        return pair_close(&pair, FAIL);
    int flags = follow ? AT_SYMLINK_FOLLOW : 0;
    WAITING(result, linkat(pair.from_fd, pair.from.text, pair.to_fd, pair.to.text, flags));
    Ref out = result < 0 ? path_pair_error(vm, &pair.from, &pair.to) : NONE;
    return pair_close(&pair, out);
}
NATIVE(posix_symlink, "symlink(src, dst, target_is_directory=False, *, dir_fd=None)",
       "Make dst a symbolic link to src.")
{
    Pair pair;
    int result;
    if (!pair_open(vm, &pair, argv[0], argv[1], "symlink") ||
        !directory_from(vm, argv[3], &pair.to_fd))
        return pair_close(&pair, FAIL);
    WAITING(result, symlinkat(pair.from.text, pair.to_fd, pair.to.text));
    Ref out = result < 0 ? path_pair_error(vm, &pair.from, &pair.to) : NONE;
    return pair_close(&pair, out);
}
NATIVE(posix_readlink, "readlink(path, *, dir_fd=None)",
       "Return what a symbolic link points to, str or bytes as path is.")
{
    Path path;
    int at;
    char target[4097];
    ssize_t len;
    if (!path_open(vm, argv[0], "readlink", "path", 0, &path) || !directory_from(vm, argv[1], &at))
        return path_failed(&path);
    WAITING(len, readlinkat(at, path.text, target, sizeof target - 1));
    target[len < 0 ? 0 : len] = 0;
    Ref out = len < 0 ? path_error(vm, &path) : path_name(vm, &path, target);
    path_close(&path);
    return out;
}

/* ---- permissions, owners, times, sizes ---- */

NATIVE(posix_access,
       "access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)",
       "Return whether the real user may use path as mode (F_OK, or R_OK, W_OK and X_OK) says.")
{
    Path path;
    int mode, at, result;
    bool effective, follow;
    if (!path_open(vm, argv[0], "access", "path", 0, &path) || !c_int_from(vm, argv[1], &mode) ||
        !directory_from(vm, argv[2], &at) || !truth_from(vm, argv[3], &effective) ||
        !truth_from(vm, argv[4], &follow))
        return path_failed(&path);
    int flags = (effective ? AT_EACCESS : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
    gil_release(vm);
    result = faccessat(at, path.text, mode, flags);
    gil_acquire(vm);
    path_close(&path);
    return from_bool(result == 0);
}

/* Raises the ValueErrors about arguments that exclude each other. */
static bool check_together(Vm *vm, const char *function, const Path *path, int at, bool follow)
{
    if (path->text || (at == AT_FDCWD && follow)) return true;
    if (at != AT_FDCWD)
        throw(vm, ValueError, "%s: can't specify dir_fd without matching path", function);
    else throw(vm, ValueError, "%s: cannot use fd and follow_symlinks together", function);
    return false;
}

NATIVE(posix_chmod, "chmod(path, mode, *, dir_fd=None, follow_symlinks=True)",
       "Set the permissions of path, a name or a descriptor.")
{
    Path path;
    int mode, at, result;
    bool follow;
    if (!path_open(vm, argv[0], "chmod", "path", PATH_FD, &path) ||
        !c_int_from(vm, argv[1], &mode) || !directory_from(vm, argv[2], &at) ||
        !truth_from(vm, argv[3], &follow) || !check_together(vm, "chmod", &path, at, follow))
        return path_failed(&path);
    int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    WAITING(result, path.text ? fchmodat(at, path.text, (mode_t)mode, flags)
                              : fchmod(path.fd, (mode_t)mode));
    if (result < 0 && errno == ENOTSUP && !follow && absent(vm->error)) {
        path_close(&path);
        return throw(vm, NotImplementedError,
                     "chmod: follow_symlinks unavailable on this platform");
    }
    return path_done(vm, &path, result);
}
NATIVE(posix_fchmod, "fchmod(fd, mode)", "Set the permissions of an open file.")
{
    int fd, mode, result;
    if (!c_int_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &mode)) return FAIL;
    WAITING(result, fchmod(fd, (mode_t)mode));
    return posix_done(vm, result);
}

NATIVE(posix_chown, "chown(path, uid, gid, *, dir_fd=None, follow_symlinks=True)",
       "Set the owner and group of path, a name or a descriptor; -1 leaves one as it is.")
{
    Path path;
    unsigned uid, gid;
    int at, result;
    bool follow;
    if (!path_open(vm, argv[0], "chown", "path", PATH_FD, &path) ||
        !id_from(vm, argv[1], "uid", &uid) || !id_from(vm, argv[2], "gid", &gid) ||
        !directory_from(vm, argv[3], &at) || !truth_from(vm, argv[4], &follow) ||
        !check_together(vm, "chown", &path, at, follow))
        return path_failed(&path);
    int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    WAITING(result,
            path.text ? fchownat(at, path.text, uid, gid, flags) : fchown(path.fd, uid, gid));
    return path_done(vm, &path, result);
}
NATIVE(posix_lchown, "lchown(path, uid, gid)", "Like chown(), for a symbolic link itself.")
{
    Path path;
    unsigned uid, gid;
    int result;
    if (!path_open(vm, argv[0], "lchown", "path", 0, &path) || !id_from(vm, argv[1], "uid", &uid) ||
        !id_from(vm, argv[2], "gid", &gid))
        return path_failed(&path);
    WAITING(result, lchown(path.text, uid, gid));
    return path_done(vm, &path, result);
}
NATIVE(posix_fchown, "fchown(fd, uid, gid)", "Like chown(), for an open file.")
{
    unsigned uid, gid;
    int fd, result;
    if (!c_int_from(vm, argv[0], &fd) || !id_from(vm, argv[1], "uid", &uid) ||
        !id_from(vm, argv[2], "gid", &gid))
        return FAIL;
    WAITING(result, fchown(fd, uid, gid));
    return posix_done(vm, result);
}

#define SECOND_NS 1000000000

/* Seconds (int or float) or, with ns, nanoseconds. */
static bool moment_from(Vm *vm, Value given, bool ns, struct timespec *out)
{
    int64_t whole, rest = 0;
    if (is_any_float(given) && !ns) {
        double number = float_value(given), seconds = floor(number);
        if (!isfinite(number) || fabs(number) > 9.2e18) {
            if (isnan(number)) throw(vm, ValueError, "Invalid value NaN (not a number)");
            else throw(vm, OverflowError, "timestamp out of range for platform time_t");
            return false;
        }
        whole = (int64_t)seconds;
        rest = (int64_t)floor((number - seconds) * SECOND_NS);
    } else {
        if (!int_index(vm, given, &whole)) return false;
        if (ns) {
            rest = whole % SECOND_NS;
            whole /= SECOND_NS;
            if (rest < 0) rest += SECOND_NS, whole--;
        }
    }
    *out = (struct timespec){.tv_sec = whole, .tv_nsec = rest};
    return true;
}

/* times=None or (atime, mtime); ns the same in nanoseconds, or absent. */
static bool times_from(Vm *vm, Value times, Value ns, struct timespec out[2])
{
    if (!is_none(times) && !absent(ns)) {
        throw(vm, ValueError, "utime: you may specify either 'times' or 'ns' but not both");
        return false;
    }
    Value given = absent(ns) ? times : ns;
    out[0].tv_nsec = out[1].tv_nsec = UTIME_NOW;
    out[0].tv_sec = out[1].tv_sec = 0;
    if (absent(ns) && is_none(times)) return true;
    if (!is_tuple(given) || tuple_len(given) != 2) {
        throw(vm, TypeError,
              absent(ns) ? "utime: 'times' must be either a tuple of two ints or None"
                         : "utime: 'ns' must be a tuple of two ints");
        return false;
    }
    return moment_from(vm, tuple_at(given, 0), !absent(ns), &out[0]) &&
           moment_from(vm, tuple_at(given, 1), !absent(ns), &out[1]);
}
NATIVE(
    posix_utime, "utime(path, times=None, *, ns=?, dir_fd=None, follow_symlinks=True)",
    "Set the times of access and change of path, a name or a descriptor: times in seconds, ns in\n"
    "nanoseconds, each a tuple of two; None: now.")
{
    Path path;
    int at, result;
    bool follow;
    struct timespec times[2];
    if (!path_open(vm, argv[0], "utime", "path", PATH_FD, &path) ||
        !times_from(vm, argv[1], argv[2], times) || !directory_from(vm, argv[3], &at) ||
        !truth_from(vm, argv[4], &follow) || !check_together(vm, "utime", &path, at, follow))
        return path_failed(&path);
    int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    WAITING(result, path.text ? utimensat(at, path.text, times, flags) : futimens(path.fd, times));
    return path_done(vm, &path, result);
}
NATIVE(posix_truncate, "truncate(path, length)",
       "Cut or extend path, a name or a descriptor, to length bytes.")
{
    Path path;
    int64_t len;
    int result;
    if (!path_open(vm, argv[0], "truncate", "path", PATH_FD, &path) ||
        !int_index(vm, argv[1], &len))
        return path_failed(&path);
    WAITING(result, path.text ? truncate(path.text, len) : ftruncate(path.fd, len));
    return path_done(vm, &path, result);
}

/* ---- extended attributes ---- */

/* Their name is a path in form only. */
typedef struct Attributed {
    Path path, name;
    bool follow;
} Attributed;

static bool attributed_open(Vm *vm, Attributed *at, Value path, Value name, Value follow,
                            const char *function, int allowed)
{
    at->name = (Path){.given = UNDEF, .bytes = UNDEF};
    if (!path_open(vm, path, function, "path", allowed, &at->path) ||
        (!absent(name) && !path_open(vm, name, function, "attribute", 0, &at->name)) ||
        !truth_from(vm, follow, &at->follow))
        return false;
    return check_together(vm, function, &at->path, AT_FDCWD,
                          at->follow || at->path.text || is_none(at->path.given));
}
static Ref attributed_close(Attributed *at, Ref out)
{
    path_close(&at->path);
    path_close(&at->name);
    return out;
}

static ssize_t read_attribute(const Attributed *at, char *data, size_t size)
{
    const char *path = at->path.text, *name = at->name.text;
    if (!path) return fgetxattr(at->path.fd, name, data, size);
    return at->follow ? getxattr(path, name, data, size) : lgetxattr(path, name, data, size);
}
NATIVE(posix_getxattr, "getxattr(path, attribute, *, follow_symlinks=True)",
       "Return the value of an extended attribute of path, as bytes.")
{
    Attributed at;
    ssize_t len = 0;
    if (!attributed_open(vm, &at, argv[0], argv[1], argv[2], "getxattr", PATH_FD))
        return attributed_close(&at, FAIL);
    char *data = memory_new(vm, 65536); /* the system's limit */
    if (!data) return attributed_close(&at, FAIL);
    WAITING(len, read_attribute(&at, data, 65536));
    Ref out = len < 0 ? path_error(vm, &at.path) : bytes_from(vm, data, len);
    memory_free(data);
    return attributed_close(&at, out);
}

static int write_attribute(const Attributed *at, const Buffer *value, int flags)
{
    const char *path = at->path.text, *name = at->name.text;
    size_t len = (size_t)value->len;
    if (!path) return fsetxattr(at->path.fd, name, value->data, len, flags);
    return at->follow ? setxattr(path, name, value->data, len, flags)
                      : lsetxattr(path, name, value->data, len, flags);
}
NATIVE(posix_setxattr, "setxattr(path, attribute, value, flags=0, *, follow_symlinks=True)",
       "Set an extended attribute of path to bytes.")
{
    Attributed at;
    Buffer value;
    int flags, result;
    if (!attributed_open(vm, &at, argv[0], argv[1], argv[4], "setxattr", PATH_FD) ||
        !c_int_from(vm, argv[3], &flags) || !buffer_get(vm, argv[2], &value, false))
        return attributed_close(&at, FAIL);
    WAITING(result, write_attribute(&at, &value, flags));
    Ref out = result < 0 ? path_error(vm, &at.path) : NONE;
    buffer_release(vm, &value);
    return attributed_close(&at, out);
}

static int remove_attribute(const Attributed *at)
{
    const char *path = at->path.text, *name = at->name.text;
    if (!path) return fremovexattr(at->path.fd, name);
    return at->follow ? removexattr(path, name) : lremovexattr(path, name);
}
NATIVE(posix_removexattr, "removexattr(path, attribute, *, follow_symlinks=True)",
       "Remove an extended attribute of path.")
{
    Attributed at;
    int result;
    if (!attributed_open(vm, &at, argv[0], argv[1], argv[2], "removexattr", PATH_FD))
        return attributed_close(&at, FAIL);
    WAITING(result, remove_attribute(&at));
    Ref out = result < 0 ? path_error(vm, &at.path) : NONE;
    return attributed_close(&at, out);
}

static ssize_t list_attributes(const Attributed *at, char *data, size_t size)
{
    const char *path = at->path.text ? at->path.text : ".";
    if (!at->path.text && at->path.fd >= 0) return flistxattr(at->path.fd, data, size);
    return at->follow ? listxattr(path, data, size) : llistxattr(path, data, size);
}
NATIVE(posix_listxattr, "listxattr(path=None, *, follow_symlinks=True)",
       "Return the names of the extended attributes of path (None: the working directory).")
{
    Attributed at;
    ssize_t len = 0;
    if (!attributed_open(vm, &at, argv[0], UNDEF, argv[1], "listxattr", PATH_FD | PATH_NONE))
        return attributed_close(&at, FAIL);
    char *data = memory_new(vm, 65536);
    if (!data) return attributed_close(&at, FAIL);
    WAITING(len, list_attributes(&at, data, 65536));
    Ref out = len < 0 ? path_error(vm, &at.path) : list_new(vm, 0);
    for (const char *name = data; !failed(out) && name < data + len; name += strlen(name) + 1) {
        Ref text = fsdecoded(vm, name, (ptrdiff_t)strlen(name));
        if (failed(text) || !list_push(vm, as_list(out), text)) replace(&out, FAIL);
    }
    memory_free(data);
    return attributed_close(&at, out);
}

NATIVE(posix_fspath, "fspath(path)",
       "Return path itself when it is str or bytes, else what its __fspath__() returns.")
{
    return fspath_of(vm, argv[0]);
}

const Native *const posix_path_functions[] = {
    &posix_getcwd_def,    &posix_getcwdb_def,  &posix_chdir_def,
    &posix_fchdir_def,    &posix_chroot_def,   &posix_mkdir_def,
    &posix_unlink_def,    &posix_remove_def,   &posix_rmdir_def,
    &posix_mkfifo_def,    &posix_mknod_def,    &posix_rename_def,
    &posix_replace_def,   &posix_link_def,     &posix_symlink_def,
    &posix_readlink_def,  &posix_access_def,   &posix_chmod_def,
    &posix_fchmod_def,    &posix_chown_def,    &posix_lchown_def,
    &posix_fchown_def,    &posix_utime_def,    &posix_truncate_def,
    &posix_getxattr_def,  &posix_setxattr_def, &posix_removexattr_def,
    &posix_listxattr_def, &posix_fspath_def,   NULL,
};
