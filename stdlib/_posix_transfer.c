/* _posix_transfer.c - moving bytes: read, write, their vectors, and copies that stay in the system.
 *
 * Neighbours: _posix_descriptor.c. */
/* SPDX-License-Identifier: MIT */
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "_posix.h"

static Ref count_or_error(Vm *vm, int64_t count)
{
    return count < 0 ? posix_error(vm) : from_int64(vm, count);
}

static bool length_from(Vm *vm, Value value, int64_t *len)
{
    if (!int_index(vm, value, len)) return false;
    if (*len > 0x7ffff000) *len = 0x7ffff000; /* what the system takes at once */
    if (*len >= 0) return true;
    throw_errno(vm, EINVAL, UNDEF);
    return false;
}

/* offset -1: at the position. */
static Ref read_bytes(Vm *vm, int fd, int64_t len, int64_t offset, bool at)
{
    Ref out = bytes_from(vm, NULL, len);
    if (failed(out)) return FAIL;
    char *data = as_bytes(out)->data;
    int64_t count;
    WAITING(count, at ? pread(fd, data, (size_t)len, offset) : read(fd, data, (size_t)len));
    if (count < 0) {
        decref(out);
        return posix_error(vm);
    }
    if (count == len) return out;
    Ref cut = bytes_from(vm, data, count);
    decref(out);
    return cut;
}
NATIVE(posix_read, "read(fd, length, /)", "Return up to length bytes of a file; b'' at its end.")
{
    int fd;
    int64_t len;
    if (!c_int_from(vm, argv[0], &fd) || !length_from(vm, argv[1], &len)) return FAIL;
    return read_bytes(vm, fd, len, 0, false);
}
NATIVE(posix_pread, "pread(fd, length, offset, /)",
       "Return up to length bytes of a file from offset on; the position stays.")
{
    int fd;
    int64_t len, offset;
    if (!c_int_from(vm, argv[0], &fd) || !length_from(vm, argv[1], &len) ||
        !int_index(vm, argv[2], &offset))
        return FAIL;
    return read_bytes(vm, fd, len, offset, true);
}
NATIVE(posix_readinto, "readinto(fd, buffer, /)",
       "Read into a writable bytes-like object; return how many bytes were read.")
{
    int fd;
    int64_t count;
    Buffer buffer;
    if (!c_int_from(vm, argv[0], &fd) || !buffer_get(vm, argv[1], &buffer, true)) return FAIL;
    WAITING(count, read(fd, buffer.data, (size_t)buffer.len));
    Ref out = count_or_error(vm, count);
    buffer_release(vm, &buffer);
    return out;
}

static Ref write_buffer(Vm *vm, int fd, Value data, int64_t offset, bool at)
{
    Buffer buffer;
    int64_t count;
    if (!buffer_get(vm, data, &buffer, false)) return FAIL;
    size_t len = buffer.len > 0x7ffff000 ? 0x7ffff000 : (size_t)buffer.len;
    if (vm->interp->before_output && (fd == 1 || fd == 2))
        vm->interp->before_output(vm, fd, buffer.data, len);
    WAITING(count, at ? pwrite(fd, buffer.data, len, offset) : write(fd, buffer.data, len));
    Ref out = count_or_error(vm, count);
    buffer_release(vm, &buffer);
    return out;
}
NATIVE(posix_write, "write(fd, data, /)", "Write bytes to a file; return how many were written.")
{
    int fd;
    return c_int_from(vm, argv[0], &fd) ? write_buffer(vm, fd, argv[1], 0, false) : FAIL;
}
NATIVE(posix_pwrite, "pwrite(fd, buffer, offset, /)",
       "Write bytes to a file from offset on; the position stays.")
{
    int fd;
    int64_t offset;
    if (!c_int_from(vm, argv[0], &fd) || !int_index(vm, argv[2], &offset)) return FAIL;
    return write_buffer(vm, fd, argv[1], offset, true);
}

/* ---- vectors ---- */

typedef struct Vector {
    Ref items; /* list or tuple: keeps the objects */
    Buffer *buffers;
    struct iovec *parts;
    int count;
} Vector;

static void vector_close(Vm *vm, Vector *vector)
{
    for (int n = 0; n < vector->count; n++) buffer_release(vm, &vector->buffers[n]);
    memory_free(vector->buffers);
    memory_free(vector->parts);
    clear(&vector->items);
}

/* Reads a sequence of bytes-like objects; closes vector when it fails. */
static bool vector_open(Vm *vm, Value sequence, const char *function, bool writable, Vector *vector)
{
    *vector = (Vector){.items = UNDEF};
    if (!is_sequence(sequence)) {
        throw(vm, TypeError, "%s() arg 2 must be a sequence", function);
        return false;
    }
    vector->items = tuple_from(vm, sequence);
    if (failed(vector->items)) return false;
    ptrdiff_t len = tuple_len(vector->items);
    vector->buffers = memory_new(vm, sizeof(Buffer) * (size_t)(len + 1));
    vector->parts = memory_new(vm, sizeof(struct iovec) * (size_t)(len + 1));
    bool good = vector->buffers && vector->parts;
    while (good && vector->count < len) {
        Buffer *buffer = &vector->buffers[vector->count];
        good = buffer_get(vm, tuple_at(vector->items, vector->count), buffer, writable);
        if (good)
            vector->parts[vector->count++] =
                (struct iovec){.iov_base = buffer->data, .iov_len = (size_t)buffer->len};
    }
    if (!good) vector_close(vm, vector);
    return good;
}
static Ref vector_count(Vm *vm, Vector *vector, int64_t count)
{
    Ref out = count_or_error(vm, count);
    vector_close(vm, vector);
    return out;
}

NATIVE(posix_readv, "readv(fd, buffers, /)",
       "Fill writable bytes-like objects from a file, in order; return how many bytes were read.")
{
    int fd;
    int64_t count;
    Vector vector;
    if (!c_int_from(vm, argv[0], &fd) || !vector_open(vm, argv[1], "readv", true, &vector))
        return FAIL;
    WAITING(count, readv(fd, vector.parts, vector.count));
    return vector_count(vm, &vector, count);
}
NATIVE(posix_writev, "writev(fd, buffers, /)",
       "Write bytes-like objects to a file, in order; return how many bytes were written.")
{
    int fd;
    int64_t count;
    Vector vector;
    if (!c_int_from(vm, argv[0], &fd) || !vector_open(vm, argv[1], "writev", false, &vector))
        return FAIL;
    WAITING(count, writev(fd, vector.parts, vector.count));
    return vector_count(vm, &vector, count);
}
NATIVE(posix_preadv, "preadv(fd, buffers, offset, flags=0, /)",
       "Like readv(), from offset on; the position stays.  flags: RWF_*.")
{
    int fd, flags;
    int64_t count, offset;
    Vector vector;
    if (!c_int_from(vm, argv[0], &fd) || !int_index(vm, argv[2], &offset) ||
        !c_int_from(vm, argv[3], &flags) || !vector_open(vm, argv[1], "preadv", true, &vector))
        return FAIL;
    WAITING(count, preadv2(fd, vector.parts, vector.count, offset, flags));
    return vector_count(vm, &vector, count);
}
NATIVE(posix_pwritev, "pwritev(fd, buffers, offset, flags=0, /)",
       "Like writev(), from offset on; the position stays.  flags: RWF_*.")
{
    int fd, flags;
    int64_t count, offset;
    Vector vector;
    if (!c_int_from(vm, argv[0], &fd) || !int_index(vm, argv[2], &offset) ||
        !c_int_from(vm, argv[3], &flags) || !vector_open(vm, argv[1], "pwritev", false, &vector))
        return FAIL;
    WAITING(count, pwritev2(fd, vector.parts, vector.count, offset, flags));
    return vector_count(vm, &vector, count);
}

/* ---- within the system ---- */

/* None leaves *at alone: the position is used, and moves. */
static bool offset_from(Vm *vm, Value value, int64_t *offset, int64_t **at)
{
    *at = NULL;
    if (is_none(value)) return true;
    *at = offset;
    return int_index(vm, value, offset);
}

NATIVE(posix_sendfile, "sendfile(out_fd, in_fd, offset, count)",
       "Copy count bytes of in_fd from offset on (None: from its position) to out_fd; return how "
       "many\n"
       "were copied.")
{
    int out_fd, in_fd;
    int64_t offset, *at, len, count;
    if (!c_int_from(vm, argv[0], &out_fd) || !c_int_from(vm, argv[1], &in_fd) ||
        !offset_from(vm, argv[2], &offset, &at) || !int_index(vm, argv[3], &len))
        return FAIL;
    WAITING(count, sendfile(out_fd, in_fd, at, (size_t)len));
    return count_or_error(vm, count);
}

typedef ssize_t Copy(int from, off64_t *from_at, int to, off64_t *to_at, size_t len,
                     unsigned flags);

static Ref copy_within(Vm *vm, Value *argv, Copy *copy)
{
    int from, to, flags = 0;
    int64_t len, count, from_offset, to_offset, *from_at, *to_at;
    if (!c_int_from(vm, argv[0], &from) || !c_int_from(vm, argv[1], &to) ||
        !int_index(vm, argv[2], &len))
        return FAIL;
    if (len < 0) return throw(vm, ValueError, "negative value for 'count' not allowed");
    if (!offset_from(vm, argv[3], &from_offset, &from_at) ||
        !offset_from(vm, argv[4], &to_offset, &to_at) ||
        (copy == splice && !c_int_from(vm, argv[5], &flags)))
        return FAIL;
    WAITING(count, copy(from, from_at, to, to_at, (size_t)len, (unsigned)flags));
    return count_or_error(vm, count);
}
NATIVE(posix_copy_file_range, "copy_file_range(src, dst, count, offset_src=None, offset_dst=None)",
       "Copy count bytes between two files within the system; return how many were copied.")
{
    return copy_within(vm, argv, copy_file_range);
}
NATIVE(posix_splice, "splice(src, dst, count, offset_src=None, offset_dst=None, flags=0)",
       "Move count bytes between a pipe and a file; return how many were moved.")
{
    return copy_within(vm, argv, splice);
}

const Native *const posix_transfer_functions[] = {
    &posix_read_def,
    &posix_pread_def,
    &posix_readinto_def,
    &posix_write_def,
    &posix_pwrite_def,
    &posix_readv_def,
    &posix_writev_def,
    &posix_preadv_def,
    &posix_pwritev_def,
    &posix_sendfile_def,
    &posix_copy_file_range_def,
    &posix_splice_def,
    NULL,
};
