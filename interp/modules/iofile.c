/* iofile.c - FileIO: bytes from and to a file descriptor without a buffer.
 *
 * The interpreter lock is free while a system call may block; a call that a signal broke off is
 * made again once the signal's handler has run.
 * Neighbours: iobase.c (what all files share), iobuffer.c (buffers over this). */
/* SPDX-License-Identifier: MIT */
#include "modules/iofile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modules/iobase.h"
#include "object/attr.h"
#include "object/audit.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/target.h"
#include "vm/thread.h"

/* ---- system calls ---- */

static bool closed_error(Vm *vm)
{
    throw(vm, ValueError, "I/O operation on closed file");
    return false;
}
static bool check_open(Vm *vm, const FileIo *file) { return file->slot > 0 || closed_error(vm); }

/* After a failed call: true to make it again, false: raised. */
static bool again(Vm *vm, int problem, Value name)
{
    if (problem == EINTR) return safe_point(vm);
    throw_errno(vm, problem, name);
    return false;
}

static bool would_block(int problem) { return problem == EAGAIN || problem == EWOULDBLOCK; }

ptrdiff_t fileio_read(Vm *vm, FileIo *file, char *data, ptrdiff_t len)
{
    for (;;) {
        if (!check_open(vm, file)) return -1;
        gil_release(vm);
        ssize_t got = read(fileio_fd(file), data, (size_t)len);
        int problem = errno;
        gil_acquire(vm);
        if (got >= 0) return got;
        if (would_block(problem)) return -2;
        if (!again(vm, problem, UNDEF)) return -1;
    }
}

ptrdiff_t fileio_write(Vm *vm, FileIo *file, const char *data, ptrdiff_t len)
{
    int fd = fileio_fd(file);
    /* what the hook made room for is written before another thread can draw there */
    bool hooked = fd <= 2 && vm->interp->before_output;
    if (hooked) vm->interp->before_output(vm, fd, data, (size_t)len);
    for (;;) {
        if (!check_open(vm, file)) return -1;
        if (!hooked) gil_release(vm);
        ssize_t done = write(fileio_fd(file), data, (size_t)len);
        int problem = errno;
        if (!hooked) gil_acquire(vm);
        if (done >= 0) return done;
        if (would_block(problem)) return -2;
        if (!again(vm, problem, UNDEF)) return -1;
    }
}

int64_t fileio_seek(Vm *vm, FileIo *file, int64_t offset, int whence)
{
    if (!check_open(vm, file)) return -1;
    int64_t position = lseek(fileio_fd(file), offset, whence);
    if (!file->seekable) file->seekable = position >= 0 ? 1 : -1;
    if (position < 0) throw_errno(vm, errno, UNDEF);
    return position;
}

bool fileio_seekable(FileIo *file)
{
    if (!file->seekable) file->seekable = lseek(fileio_fd(file), 0, SEEK_CUR) >= 0 ? 1 : -1;
    return file->seekable > 0;
}

bool fileio_close(Vm *vm, FileIo *file)
{
    int fd = fileio_fd(file);
    file->slot = 0;
    if (fd < 0 || file->keep_fd) return true;
    gil_release(vm);
    int status = close(fd), problem = errno;
    gil_acquire(vm);
    if (status == 0 || problem == EINTR) return true;
    throw_errno(vm, problem, UNDEF);
    return false;
}

bool fileio_warn_unclosed(Vm *vm, FileIo *file, Value source)
{
    if (file->slot == 0 || file->keep_fd) return true;
    Ref saved = error_take(vm);
    if (!warn_about(vm, source, ResourceWarning, 1, "unclosed file %R", source))
        error_unraisable(vm, "Exception ignored in", source);
    error_restore(vm, saved);
    return true;
}

/* ---- opening ---- */

Ref path_text(Vm *vm, Value path)
{
    if (is_str(path) || is_bytes(path)) return newref(path);
    Ref held = is_none(type_lookup(vm, type_of(vm, path), N(__fspath__)))
                   ? UNDEF
                   : call_special(vm, path, N(__fspath__), 0, NULL);
    if (absent(held))
        return throw(vm, TypeError, "expected str, bytes or os.PathLike object, not %T", path);
    if (failed(held) || is_str(held) || is_bytes(held)) return held;
    throw(vm, TypeError, "expected %T.__fspath__() to return str or bytes, not %T", path,
          (Value)held);
    decref(held);
    return FAIL;
}

Ref path_bytes(Vm *vm, Value path)
{
    Ref text = path_text(vm, path);
    if (failed(text)) return FAIL;
    Ref bytes = is_str(text) ? codec_encode(vm, text, "utf-8", "surrogateescape") : newref(text);
    decref(text);
    if (failed(bytes) || !memchr(as_bytes(bytes)->data, 0, (size_t)as_bytes(bytes)->len))
        return bytes;
    decref(bytes);
    return throw(vm, ValueError, "embedded null byte");
}

/* Sets what the mode says in file and returns the flags for open(2); -1: raised. */
static int parse_mode(Vm *vm, FileIo *file, Value mode)
{
    const Str *text = as_str(mode);
    int kinds = 0, plus = 0, flags = 0;
    for (ptrdiff_t i = 0; i < text->len; i++) {
        uint32_t letter = str_at(text, i);
        switch (letter) {
        case 'r': file->readable = true; break;
        case 'w': flags |= O_CREAT | O_TRUNC; break;
        case 'x': flags |= O_CREAT | O_EXCL; break;
        case 'a': flags |= O_CREAT | O_APPEND; break;
        case '+': plus++; continue;
        case 'b': continue;
        default: throw(vm, ValueError, "invalid mode: %S", mode); return -1;
        }
        kinds++;
        file->writable |= letter != 'r';
        file->created |= letter == 'x';
        file->appending |= letter == 'a';
    }
    if (kinds != 1 || plus > 1) {
        throw(vm, ValueError,
              "Must have exactly one of create/read/write/append mode and at most one plus");
        return -1;
    }
    if (plus) file->readable = file->writable = true;
    return flags | (plus ? O_RDWR : file->readable ? O_RDONLY : O_WRONLY) | O_CLOEXEC;
}

/* What fstat has to say; false: raised. */
static bool look_at(Vm *vm, FileIo *file, Value name)
{
    struct stat status;
    if (fstat(fileio_fd(file), &status) < 0) {
        if (errno != EBADF) return true;
        throw_errno(vm, EBADF, UNDEF);
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        throw_errno(vm, EISDIR, name);
        return false;
    }
    if (status.st_blksize > 1) file->block_bytes = status.st_blksize;
    file->size_bytes = status.st_size;
    return true;
}

/* opener(name, flags) */
static int call_opener(Vm *vm, Value opener, Value name, int flags)
{
    int64_t fd;
    Ref opened = call2(vm, opener, name, from_small(flags));
    if (failed(opened)) return -1;
    bool good = is_any_int(opened);
    if (!good) throw(vm, TypeError, "expected integer from opener");
    good = good && int_index(vm, opened, &fd);
    decref(opened);
    if (!good) return -1;
    if (fd < 0 || fd > INT32_MAX) {
        throw(vm, ValueError, "opener returned %lld", (long long)fd);
        return -1;
    }
    fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    return (int)fd;
}

static int open_path(Vm *vm, Value name, int flags)
{
    Ref path = path_bytes(vm, name);
    int fd = -1;
    while (!failed(path)) {
        gil_release(vm);
        fd = open(as_bytes(path)->data, flags, 0666);
        int problem = errno;
        gil_acquire(vm);
        if (fd >= 0 || !again(vm, problem, name)) break;
    }
    decref(path);
    return fd;
}

/* A descriptor given instead of a name: -1: it is a name; -2: raised. */
static int given_fd(Vm *vm, Value name)
{
    int64_t fd;
    if (!is_any_int(name)) return -1;
    if (is_bool(name) && !warn(vm, RuntimeWarning, 1, "bool is used as a file descriptor"))
        return -2;
    int overflow;
    fd = int_value(name, &overflow);
    if (overflow || fd != (int)fd) {
        throw(vm, OverflowError,
              overflow > 0 || fd > 0 ? "Python int too large to convert to C int"
                                     : "Python int too small to convert to C int");
        return -2;
    }
    if (fd >= 0) return (int)fd;
    throw(vm, ValueError, "negative file descriptor");
    return -2;
}

static bool open_file(Vm *vm, FileIo *file, Value name, Value mode, Value opener, int flags)
{
    int fd = given_fd(vm, name);
    if (fd == -2) return false;
    if (!audit(vm, "open", 3, (Value[]){name, mode, from_small(flags)})) return false;
    bool own = fd < 0;
    if (own && file->keep_fd) {
        throw(vm, ValueError, "Cannot use closefd=False with file name");
        return false;
    }
    if (own)
        fd = opener == NONE ? open_path(vm, name, flags) : call_opener(vm, opener, name, flags);
    if (fd < 0) return false;
    file->slot = fd + 1;
    replace(&file->name, newref(name));
    if (look_at(vm, file, name)) {
        if (!file->appending || lseek(fd, 0, SEEK_END) >= 0 || errno == ESPIPE) return true;
        throw_errno(vm, errno, UNDEF);
    }
    if (own) close(fd);
    file->slot = 0;
    return false;
}

NATIVE(fileio_init, "__init__(self, file, mode='r', closefd=True, opener=None)",
       "Open file, a path or a descriptor; mode is 'r', 'w', 'x' or 'a', perhaps with '+'.\n"
       "With closefd False the descriptor stays open when the file is closed; opener(path, flags)\n"
       "is called instead of open(2).  Raises OSError when it cannot be opened.")
{
    FileIo *file = as_fileio(argv[0]);
    if (!is_str(argv[2]))
        return throw(vm, TypeError, "FileIO() argument 'mode' must be str, not %A", argv[2]);
    if (file->slot && !fileio_close(vm, file)) return FAIL;
    Truth closefd = value_truth(vm, argv[3]);
    if (closefd == FAILED) return FAIL;
    file->keep_fd = closefd == NO;
    file->readable = file->writable = file->created = file->appending = false;
    file->seekable = 0;
    file->block_bytes = file->size_bytes = 0;
    int flags = parse_mode(vm, file, argv[2]);
    return flags >= 0 && open_file(vm, file, argv[1], argv[2], argv[4], flags) ? NONE : FAIL;
}

Ref fileio_standard(Vm *vm, int fd, Value name, bool writable, int64_t block_bytes)
{
    Type *type = type_from_def(vm, &fileio_type);
    FileIo *file = type ? type_instance(vm, type) : NULL;
    if (!file) return FAIL;
    file->slot = fd + 1;
    file->keep_fd = true;
    file->readable = !writable;
    file->writable = writable;
    file->block_bytes = block_bytes;
    file->name = newref(name);
    return from_object(file);
}

/* ---- reading ---- */

static bool check_readable(Vm *vm, const FileIo *file)
{
    if (!check_open(vm, file)) return false;
    if (!file->readable) io_unsupported(vm, "File not open for reading");
    return file->readable;
}

/* How many bytes there may be, and one more so that the end is seen at once. */
static ptrdiff_t rest_of(const FileIo *file)
{
    struct stat status;
    off_t at = lseek(fileio_fd(file), 0, SEEK_CUR);
    if (at < 0 || fstat(fileio_fd(file), &status) < 0 || status.st_size <= at) return 8192;
    return status.st_size - at + 1;
}

/* The rest of a file of known size, read into the bytes it becomes; `room` is one more. */
static Ref read_sized(Vm *vm, FileIo *file, ptrdiff_t room)
{
    Ref out = bytes_from(vm, NULL, room);
    if (failed(out)) return FAIL;
    Bytes *bytes = as_bytes(out);
    ptrdiff_t len = 0, got = 0;
    while (len < room) {
        got = fileio_read(vm, file, bytes->data + len, room - len);
        if (got <= 0) break;
        len += got;
    }
    if (got == 0 && len == room - 1) { /* as expected: the spare byte becomes the terminator */
        bytes->data[len] = 0;
        bytes->len = len;
        return out;
    }
    Ref rest = UNDEF, all = FAIL;
    if (got > 0) rest = fileio_read_all(vm, file); /* it grew meanwhile */
    if (got == -2 && len == 0) all = NONE;
    else if (got != -1 && !failed(rest)) {
        ptrdiff_t more = is_bytes(rest) ? as_bytes(rest)->len : 0;
        all = bytes_from(vm, NULL, len + more);
        if (!failed(all) && len) memcpy(as_bytes(all)->data, bytes->data, (size_t)len);
        if (!failed(all) && more)
            memcpy(as_bytes(all)->data + len, as_bytes(rest)->data, (size_t)more);
    }
    decref(rest);
    decref(out);
    return all;
}

Ref fileio_read_all(Vm *vm, FileIo *file)
{
    ptrdiff_t capacity = rest_of(file), len = 0;
    if (capacity > 8192) return read_sized(vm, file, capacity);
    char *data = memory_new(vm, (size_t)capacity);
    while (data) {
        if (len == capacity) {
            char *bigger = memory_resize(vm, data, (size_t)capacity * 2);
            if (!bigger) break;
            data = bigger;
            capacity *= 2;
        }
        ptrdiff_t got = fileio_read(vm, file, data + len, capacity - len);
        if (got == -1) break;
        if (got > 0) len += got;
        if (got > 0) continue;
        Ref out = got == -2 && len == 0 ? NONE : bytes_from(vm, data, len);
        memory_free(data);
        return out;
    }
    memory_free(data);
    return FAIL;
}

NATIVE(fileio_readall, "readall(self, /)",
       "Return all bytes up to the end; None if there are none yet and reading would block.")
{
    return check_readable(vm, as_fileio(argv[0])) ? fileio_read_all(vm, as_fileio(argv[0])) : FAIL;
}
NATIVE(fileio_read_method, "read(self, size=-1, /)",
       "Read up to size bytes with one system call, or all that are left.\n"
       "Return None if there are none yet and reading would block.")
{
    FileIo *file = as_fileio(argv[0]);
    ptrdiff_t size;
    if (!check_readable(vm, file) || !io_size(vm, argv[1], &size)) return FAIL;
    if (size < 0) return call_method(vm, argv[0], N(readall), 0, NULL);
    char few[4096], *data = size <= (ptrdiff_t)sizeof few ? few : memory_new(vm, (size_t)size);
    if (!data) return FAIL;
    ptrdiff_t got = fileio_read(vm, file, data, size);
    Ref out = got == -1 ? FAIL : got == -2 ? NONE : bytes_from(vm, data, got);
    if (data != few) memory_free(data);
    return out;
}
NATIVE(fileio_readinto, "readinto(self, buffer, /)",
       "Read into a writable buffer; return how many bytes, None if it would block.")
{
    FileIo *file = as_fileio(argv[0]);
    Buffer buffer;
    if (!check_readable(vm, file) || !target_get(vm, argv[1], &buffer, "readinto() argument 1"))
        return FAIL;
    ptrdiff_t got = fileio_read(vm, file, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return got == -1 ? FAIL : got == -2 ? NONE : from_small(got);
}

/* ---- writing ---- */

static bool check_writable(Vm *vm, const FileIo *file)
{
    if (!check_open(vm, file)) return false;
    if (!file->writable) io_unsupported(vm, "File not open for writing");
    return file->writable;
}

NATIVE(fileio_write_method, "write(self, b, /)",
       "Write the bytes with one system call; return how many were written, None if it would "
       "block.")
{
    FileIo *file = as_fileio(argv[0]);
    Buffer buffer;
    if (!check_writable(vm, file) || !buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    ptrdiff_t done = fileio_write(vm, file, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return done == -1 ? FAIL : done == -2 ? NONE : from_small(done);
}

/* ---- the rest ---- */

NATIVE(fileio_seek_method, "seek(self, offset, whence=0, /)",
       "Move to the byte offset, counted from the start (0), here (1) or the end (2).\n"
       "Return the new absolute position.")
{
    int64_t offset, whence;
    if (!check_open(vm, as_fileio(argv[0]))) return FAIL;
    if (is_float(argv[1]))
        return throw(vm, TypeError, "'float' object cannot be interpreted as an integer");
    if (!int_index(vm, argv[1], &offset) || !int_index(vm, argv[2], &whence)) return FAIL;
    int64_t position = fileio_seek(vm, as_fileio(argv[0]), offset, (int)whence);
    return position < 0 ? FAIL : from_int64(vm, position);
}
NATIVE(fileio_tell, "tell(self, /)", "Return the position in the file.")
{
    int64_t position = fileio_seek(vm, as_fileio(argv[0]), 0, SEEK_CUR);
    return position < 0 ? FAIL : from_int64(vm, position);
}
NATIVE(fileio_truncate, "truncate(self, size=None, /)",
       "Make the file size bytes long, by default as long as the position.  Return the new size.")
{
    FileIo *file = as_fileio(argv[0]);
    int64_t size;
    if (!check_writable(vm, file)) return FAIL;
    if (argv[1] == NONE) {
        size = fileio_seek(vm, file, 0, SEEK_CUR);
        if (size < 0) return FAIL;
    } else if (!int_index(vm, argv[1], &size)) return FAIL;
    for (;;) {
        gil_release(vm);
        int status = ftruncate(fileio_fd(file), size), problem = errno;
        gil_acquire(vm);
        if (status == 0) return from_int64(vm, size);
        if (!again(vm, problem, UNDEF)) return FAIL;
    }
}
NATIVE(fileio_close_method, "close(self, /)",
       "Close the file and, unless closefd is False, its descriptor.")
{
    FileIo *file = as_fileio(argv[0]);
    if (io_is_plain(argv[0])) {
        if (file->finalizing) fileio_warn_unclosed(vm, file, argv[0]);
        return fileio_close(vm, file) ? NONE : FAIL;
    }
    io_base_close(vm, argv[0]);
    Ref error = error_take(vm);
    if (file->finalizing) fileio_warn_unclosed(vm, file, argv[0]);
    fileio_close(vm, file);
    return io_chain(vm, error) ? NONE : FAIL;
}
NATIVE(fileio_flush, "flush(self, /)", "Does nothing: there is no buffer.")
{
    if (as_fileio(argv[0])->slot) return NONE;
    return throw(vm, ValueError, "I/O operation on closed file.");
}
NATIVE(fileio_seekable_method, "seekable(self, /)", "Can the position be changed?")
{
    return check_open(vm, as_fileio(argv[0])) ? from_bool(fileio_seekable(as_fileio(argv[0])))
                                              : FAIL;
}
NATIVE(fileio_readable, "readable(self, /)", "Can it be read?")
{
    return check_open(vm, as_fileio(argv[0])) ? from_bool(as_fileio(argv[0])->readable) : FAIL;
}
NATIVE(fileio_writable, "writable(self, /)", "Can it be written?")
{
    return check_open(vm, as_fileio(argv[0])) ? from_bool(as_fileio(argv[0])->writable) : FAIL;
}
NATIVE(fileio_fileno, "fileno(self, /)", "Return the descriptor.")
{
    return check_open(vm, as_fileio(argv[0])) ? from_small(fileio_fd(as_fileio(argv[0]))) : FAIL;
}
NATIVE(fileio_isatty, "isatty(self, /)", "Is it a terminal?")
{
    return check_open(vm, as_fileio(argv[0])) ? from_bool(isatty(fileio_fd(as_fileio(argv[0]))))
                                              : FAIL;
}
NATIVE(fileio_dealloc_warn, "_dealloc_warn(self, source, /)",
       "Warn that source, a file over this one, was dropped while open.")
{
    return fileio_warn_unclosed(vm, as_fileio(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(fileio_getstate, "__getstate__(self, /)", "Files cannot be pickled: raises TypeError.")
{
    return throw(vm, TypeError, "cannot pickle %R instances", borrow(type_of(vm, argv[0])));
}

static const char *mode_text(const FileIo *file)
{
    if (file->created) return file->readable ? "xb+" : "xb";
    if (file->appending) return file->readable ? "ab+" : "ab";
    if (file->readable) return file->writable ? "rb+" : "rb";
    return "wb";
}
static Ref get_mode(Vm *vm, Value self) { return str_from(vm, mode_text(as_fileio(self))); }
static Ref get_name(Vm *vm, Value self)
{
    Value name = as_fileio(self)->name;
    return absent(name) ? attr_missing(vm, self, N(name)) : newref(name);
}
static bool set_name(Vm *vm __attribute__((unused)), Value self, Value name)
{
    replace(&as_fileio(self)->name, newref(name));
    return true;
}
static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_fileio(self)->slot == 0);
}
static Ref get_closefd(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(!as_fileio(self)->keep_fd);
}
static Ref get_block_bytes(Vm *vm, Value self)
{
    int64_t bytes = as_fileio(self)->block_bytes;
    return from_int64(vm, bytes ? bytes : IO_BUFFER_BYTES);
}
static Ref get_finalizing(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_fileio(self)->finalizing);
}
static bool set_finalizing(Vm *vm __attribute__((unused)), Value self, Value value)
{
    as_fileio(self)->finalizing = value == TRUE;
    return true;
}

static Ref fileio_repr(Vm *vm, Value self)
{
    FileIo *file = as_fileio(self);
    Type *type = type_of(vm, self);
    const char *closefd = file->keep_fd ? "False" : "True";
    const char *module = type->flags & TYPE_HEAP ? "" : "_io.";
    if (file->slot == 0) return format_text(vm, "<%s%N [closed]>", module, type);
    if (absent(file->name))
        return format_text(vm, "<%s%N fd=%d mode='%s' closefd=%s>", module, type, fileio_fd(file),
                           mode_text(file), closefd);
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return throw(vm, RuntimeError, "reentrant call inside %N.__repr__", type);
    Ref out = format_text(vm, "<%s%N name=%R mode='%s' closefd=%s>", module, type,
                          (Value)file->name, mode_text(file), closefd);
    repr_leave(vm, self);
    return out;
}

static bool fileio_needs_finalizer(Object *object) { return ((FileIo *)object)->slot != 0; }
static void fileio_clear(Object *object)
{
    FileIo *file = (FileIo *)object;
    if (file->slot && !file->keep_fd) close(fileio_fd(file));
    file->slot = 0;
}

static const Native *const fileio_methods[] = {
    &fileio_readall_def,
    &fileio_read_method_def,
    &fileio_readinto_def,
    &fileio_write_method_def,
    &fileio_seek_method_def,
    &fileio_tell_def,
    &fileio_truncate_def,
    &fileio_close_method_def,
    &fileio_seekable_method_def,
    &fileio_flush_def,
    &fileio_readable_def,
    &fileio_writable_def,
    &fileio_fileno_def,
    &fileio_isatty_def,
    &fileio_dealloc_warn_def,
    &fileio_getstate_def,
    NULL,
};
static const Attribute fileio_attributes[] = {
    {"closed", get_closed, NULL, "Is the file closed?"},
    {"closefd", get_closefd, NULL, "Does closing the file close its descriptor?"},
    {"mode", get_mode, NULL, "The mode it was opened in."},
    {"name", get_name, set_name, "The path or descriptor it was opened with."},
    {NULL, NULL, NULL, NULL},
};
static const Attribute fileio_fields[] = {
    {"_blksize", get_block_bytes, NULL, "How many bytes are best read at once."},
    {"_finalizing", get_finalizing, set_finalizing, "Is it being dropped?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef fileio_type = {
    .name = "_io.FileIO",
    .doc = "Bytes from and to a file descriptor, without a buffer.",
    .base = &rawiobase_type,
    .size = sizeof(FileIo),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(FileIo, name)),
    .clear = fileio_clear,
    .needs_finalizer = fileio_needs_finalizer,
    .finalize = io_finalize,
    .init = &fileio_init_def,
    .repr = fileio_repr,
    .methods = fileio_methods,
    .attributes = fileio_attributes,
    .fields = fileio_fields,
};
