/* mmap.c - the module mmap: files and shared memory as bytes that can be changed in place.
 *
 * data is NULL once the map is closed.  While `exports` is not zero a buffer points into it, and
 * close() and resize() raise BufferError.  Items are ints for a subscript, bytes for an iterator.
 * Neighbours: array.c (the same rules for buffers), multiprocessing/heap.aio. */
/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/stat.h>

#include "_posix.h"

enum { ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY };

typedef struct Mmap {
    Container head;
    char *data; /* NULL: closed */
    ptrdiff_t len, pos;
    int64_t offset; /* of data in the file */
    int fd;         /* -1: no file */
    bool tracked;   /* has its own descriptor of the file, if there is one */
    int access, flags, prot;
    ptrdiff_t exports; /* buffers out */
} Mmap;

typedef struct MmapIter {
    Object head;
    Ref map; /* UNDEF at the end */
    ptrdiff_t next;
} MmapIter;

static const TypeDef mmap_type, mmap_iter_type;

static Mmap *as_mmap(Value v) { return (Mmap *)as_object(v); }

static void mmap_drop(Object *object)
{
    Mmap *self = (Mmap *)object;
    if (self->data) munmap(self->data, (size_t)self->len);
    if (self->fd >= 0) close(self->fd);
    self->data = NULL;
    self->fd = -1;
}

static bool check_open(Vm *vm, const Mmap *self)
{
    if (self->data) return true;
    throw(vm, ValueError, "mmap closed or invalid");
    return false;
}
static bool check_writable(Vm *vm, const Mmap *self)
{
    if (!check_open(vm, self)) return false;
    if (self->access != ACCESS_READ) return true;
    throw(vm, TypeError, "mmap can't modify a readonly memory map.");
    return false;
}
static bool check_resizable(Vm *vm, const Mmap *self)
{
    if (!check_open(vm, self)) return false;
    if (self->exports) throw(vm, BufferError, "mmap can't resize with extant buffers exported.");
    else if (self->access == ACCESS_READ || self->access == ACCESS_COPY)
        throw(vm, TypeError, "mmap can't resize a readonly or copy-on-write memory map.");
    else if (!self->tracked) throw(vm, ValueError, "mmap can't resize with trackfd=False.");
    else return true;
    return false;
}

/* ---- making ---- */

/* From access, or flags and prot when it is ACCESS_DEFAULT. */
static bool set_access(Vm *vm, Mmap *self)
{
    bool given = self->flags != MAP_SHARED || self->prot != (PROT_READ | PROT_WRITE);
    if (self->access != ACCESS_DEFAULT && given) {
        throw(vm, ValueError, "mmap can't specify both access and flags, prot.");
        return false;
    }
    switch (self->access) {
    case ACCESS_DEFAULT:
        if (!(self->prot & PROT_WRITE)) self->access = ACCESS_READ;
        return true;
    case ACCESS_READ: self->prot = PROT_READ; return true;
    case ACCESS_WRITE: return true;
    case ACCESS_COPY: self->flags = MAP_PRIVATE; return true;
    default: throw(vm, ValueError, "mmap invalid access parameter."); return false;
    }
}

/* The length when none is given, and whether the one given is right. */
static bool fit_file(Vm *vm, Mmap *self, int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) return true; /* mmap() will tell */
    if (self->len == 0) {
        if (stat.st_size == 0) throw(vm, ValueError, "cannot mmap an empty file");
        else if (self->offset >= stat.st_size)
            throw(vm, ValueError, "mmap offset is greater than file size");
        else self->len = stat.st_size - self->offset;
        return self->len > 0;
    }
    if (self->offset <= stat.st_size && self->len <= stat.st_size - self->offset) return true;
    throw(vm, ValueError, "mmap length is greater than file size");
    return false;
}

static bool mmap_file(Vm *vm, Mmap *self, int fd)
{
    if (fd != -1 && !fit_file(vm, self, fd)) return false;
    if (fd == -1) self->flags |= MAP_ANONYMOUS;
    else if (self->tracked && (self->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0) {
        posix_error(vm);
        return false;
    }
    void *data = MAP_FAILED;
    gil_release(vm);
    data = mmap(NULL, (size_t)self->len, self->prot, self->flags, fd, (off_t)self->offset);
    gil_acquire(vm);
    if (data == MAP_FAILED) {
        posix_error(vm);
        return false;
    }
    self->data = data;
    return true;
}

NATIVE(
    mmap_new, "mmap(cls, /, fileno, length, flags=?, prot=?, access=0, offset=0, *, trackfd=True)",
    "Mmap length bytes (0: up to its end) of the file fileno from offset, a multiple of\n"
    "ALLOCATIONGRANULARITY; -1: memory without a file.  access: one of ACCESS_*; else flags and\n"
    "prot as the system has them (MAP_SHARED; PROT_READ | PROT_WRITE).  trackfd: keep a "
    "descriptor,\nfor size() and resize().")
{
    int fd, flags = MAP_SHARED, prot = PROT_READ | PROT_WRITE, access;
    int64_t len, offset;
    bool tracked;
    if (!c_int_from(vm, argv[1], &fd) || !int_index(vm, argv[2], &len) ||
        (!absent(argv[3]) && !c_int_from(vm, argv[3], &flags)) ||
        (!absent(argv[4]) && !c_int_from(vm, argv[4], &prot)) ||
        !c_int_from(vm, argv[5], &access) || !int_index(vm, argv[6], &offset) ||
        !truth_from(vm, argv[7], &tracked))
        return FAIL;
    if (len < 0) return throw(vm, OverflowError, "memory mapped length must be positive");
    if (offset < 0) return throw(vm, OverflowError, "memory mapped offset must be positive");
    Mmap *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->len = len;
    self->offset = offset;
    self->fd = -1;
    self->tracked = tracked;
    self->access = access;
    self->flags = flags;
    self->prot = prot;
    if (set_access(vm, self) && mmap_file(vm, self, fd)) return from_object(self);
    decref_object(self);
    return FAIL;
}

/* ---- the whole ---- */

NATIVE(mmap_close, "close(self, /)", "Unmap it; BufferError while buffers point into it.")
{
    Mmap *self = as_mmap(argv[0]);
    if (self->exports) return throw(vm, BufferError, "cannot close exported pointers exist");
    mmap_drop(&self->head.head);
    return NONE;
}
NATIVE(mmap_enter, "__enter__(self, /)", "Return it.")
{
    return check_open(vm, as_mmap(argv[0])) ? newref(argv[0]) : FAIL;
}
NATIVE(mmap_exit, "__exit__(self, exc_type, exc_value, traceback, /)", "Close it.")
{
    return mmap_close(vm, argv);
}
NATIVE(mmap_size, "size(self, /)", "Return how many bytes the file has.")
{
    Mmap *self = as_mmap(argv[0]);
    struct stat stat;
    if (!check_open(vm, self)) return FAIL;
    if (self->fd < 0) return throw_errno(vm, EBADF, UNDEF);
    return fstat(self->fd, &stat) < 0 ? posix_error(vm) : from_int64(vm, stat.st_size);
}
NATIVE(mmap_resize, "resize(self, newsize, /)", "Make it, and its file, newsize bytes long.")
{
    Mmap *self = as_mmap(argv[0]);
    int64_t len;
    if (!check_resizable(vm, self) || !int_index(vm, argv[1], &len)) return FAIL;
    if (!check_resizable(vm, self)) return FAIL; /* __index__ may have done anything */
    if (len < 0 || INT64_MAX - len < self->offset)
        return throw(vm, ValueError, "new size out of range");
    if (self->fd >= 0 && ftruncate(self->fd, (off_t)(self->offset + len)) < 0)
        return posix_error(vm);
    void *data = mremap(self->data, (size_t)self->len, (size_t)len, MREMAP_MAYMOVE);
    if (data == MAP_FAILED) return posix_error(vm);
    self->data = data;
    self->len = len;
    return NONE;
}
NATIVE(mmap_flush, "flush(self, offset=0, size=?, /)",
       "Write what was changed to the file: size bytes from offset, a multiple of PAGESIZE.")
{
    Mmap *self = as_mmap(argv[0]);
    int64_t offset, size = self->len;
    if (!int_index(vm, argv[1], &offset) || (!absent(argv[2]) && !int_index(vm, argv[2], &size)) ||
        !check_open(vm, self))
        return FAIL;
    if (offset < 0 || size < 0 || offset > self->len || self->len - offset < size)
        return throw(vm, ValueError, "flush values out of range");
    if (self->access == ACCESS_READ || self->access == ACCESS_COPY) return NONE;
    return posix_done(vm, msync(self->data + offset, (size_t)size, MS_SYNC));
}
NATIVE(mmap_madvise, "madvise(self, option, start=0, length=?, /)",
       "Tell the system how length bytes from start will be used: one of MADV_*.")
{
    Mmap *self = as_mmap(argv[0]);
    int option;
    int64_t start, len = self->len;
    if (!c_int_from(vm, argv[1], &option) || !int_index(vm, argv[2], &start) ||
        (!absent(argv[3]) && !int_index(vm, argv[3], &len)) || !check_open(vm, self))
        return FAIL;
    if (start < 0 || start >= self->len)
        return throw(vm, ValueError, "madvise start out of bounds");
    if (len < 0) return throw(vm, ValueError, "madvise length invalid");
    if (INT64_MAX - start < len) return throw(vm, OverflowError, "madvise length too large");
    if (len > self->len - start) len = self->len - start;
    return posix_done(vm, madvise(self->data + start, (size_t)len, option));
}
NATIVE(mmap_move, "move(self, dest, src, count, /)", "Copy count bytes from src to dest.")
{
    Mmap *self = as_mmap(argv[0]);
    int64_t to, from, count;
    if (!int_index(vm, argv[1], &to) || !int_index(vm, argv[2], &from) ||
        !int_index(vm, argv[3], &count) || !check_writable(vm, self))
        return FAIL;
    if (to < 0 || from < 0 || count < 0 || self->len < to || self->len - to < count ||
        self->len < from || self->len - from < count)
        return throw(vm, ValueError, "source, destination, or count out of range");
    memmove(self->data + to, self->data + from, (size_t)count);
    return NONE;
}

/* ---- as a file ---- */

NATIVE(mmap_tell, "tell(self, /)", "Return the position.")
{
    Mmap *self = as_mmap(argv[0]);
    return check_open(vm, self) ? from_small(self->pos) : FAIL;
}
NATIVE(mmap_seekable, "seekable(self, /)", "Return True.") { return TRUE; }
NATIVE(mmap_seek, "seek(self, pos, whence=0, /)",
       "Set the position, from the start (0), where it is (1) or the end (2); return it.")
{
    Mmap *self = as_mmap(argv[0]);
    int64_t by, where = 0;
    int whence;
    if (!int_index(vm, argv[1], &by) || !c_int_from(vm, argv[2], &whence) || !check_open(vm, self))
        return FAIL;
    if (whence < 0 || whence > 2) return throw(vm, ValueError, "unknown seek type");
    if (whence) where = whence == 1 ? self->pos : self->len;
    if (by < -where || by > self->len - where) return throw(vm, ValueError, "seek out of range");
    self->pos = where + by;
    return from_small(self->pos);
}
NATIVE(mmap_read, "read(self, n=None, /)", "Return n bytes from the position, or all (None, < 0).")
{
    Mmap *self = as_mmap(argv[0]);
    int64_t count = -1;
    if (!is_none(argv[1])) {
        if (!sequence_is_index(vm, argv[1]))
            return throw(vm, TypeError, "argument should be integer or None, not '%T'", argv[1]);
        if (!int_index(vm, argv[1], &count)) return FAIL;
    }
    if (!check_open(vm, self)) return FAIL;
    ptrdiff_t left = self->pos < self->len ? self->len - self->pos : 0;
    if (count < 0 || count > left) count = left;
    Ref out = bytes_from(vm, self->data + self->pos, count);
    if (!failed(out)) self->pos += count;
    return out;
}
NATIVE(mmap_readline, "readline(self, /)", "Return the bytes up to the end of the line.")
{
    Mmap *self = as_mmap(argv[0]);
    if (!check_open(vm, self)) return FAIL;
    ptrdiff_t left = self->pos < self->len ? self->len - self->pos : 0;
    const char *start = self->data + self->pos;
    const char *end = left ? memchr(start, '\n', (size_t)left) : NULL;
    ptrdiff_t count = end ? end - start + 1 : left;
    self->pos += count;
    return bytes_from(vm, start, count);
}
NATIVE(mmap_read_byte, "read_byte(self, /)", "Return the byte at the position, an int.")
{
    Mmap *self = as_mmap(argv[0]);
    if (!check_open(vm, self)) return FAIL;
    if (self->pos >= self->len) return throw(vm, ValueError, "read byte out of range");
    return from_small((unsigned char)self->data[self->pos++]);
}
NATIVE(mmap_write, "write(self, bytes, /)", "Put bytes at the position; return how many.")
{
    Mmap *self = as_mmap(argv[0]);
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    ptrdiff_t count = buffer.len;
    bool ok = check_writable(vm, self);
    if (ok && (self->pos > self->len || self->len - self->pos < count)) {
        throw(vm, ValueError, "data out of range");
        ok = false;
    }
    if (ok) {
        memmove(self->data + self->pos, buffer.data, (size_t)count);
        self->pos += count;
    }
    buffer_release(vm, &buffer);
    return ok ? from_small(count) : FAIL;
}
NATIVE(mmap_write_byte, "write_byte(self, byte, /)", "Put a byte, an int, at the position.")
{
    Mmap *self = as_mmap(argv[0]);
    int64_t byte;
    if (!int_index(vm, argv[1], &byte)) return FAIL;
    if (byte < 0) return throw(vm, OverflowError, "unsigned byte integer is less than minimum");
    if (byte > 255)
        return throw(vm, OverflowError, "unsigned byte integer is greater than maximum");
    if (!check_writable(vm, self)) return FAIL;
    if (self->pos >= self->len) return throw(vm, ValueError, "write byte out of range");
    self->data[self->pos++] = (char)byte;
    return NONE;
}

/* ---- searching ---- */

static ptrdiff_t clamp(int64_t i, ptrdiff_t len)
{
    if (i < 0) i += len;
    return i < 0 ? 0 : i > len ? len : i;
}

static ptrdiff_t search(const Mmap *self, const Buffer *sub, ptrdiff_t start, ptrdiff_t end,
                        bool last)
{
    if (end - start < sub->len) return -1;
    if (!last) {
        char *at = sub->len ? memmem(self->data + start, (size_t)(end - start), sub->data,
                                     (size_t)sub->len)
                            : self->data + start;
        return at ? at - self->data : -1;
    }
    for (ptrdiff_t i = end - sub->len; i >= start; i--)
        if (memcmp(self->data + i, sub->data, (size_t)sub->len) == 0) return i;
    return -1;
}
static Ref find(Vm *vm, Value *argv, bool last)
{
    Mmap *self = as_mmap(argv[0]);
    Buffer sub;
    int64_t start = self->pos, end = self->len;
    if ((!absent(argv[2]) && !int_index(vm, argv[2], &start)) ||
        (!absent(argv[3]) && !int_index(vm, argv[3], &end)) ||
        !buffer_get(vm, argv[1], &sub, false))
        return FAIL;
    Ref out = FAIL;
    if (check_open(vm, self))
        out = from_small(search(self, &sub, clamp(start, self->len), clamp(end, self->len), last));
    buffer_release(vm, &sub);
    return out;
}
NATIVE(mmap_find, "find(self, sub, start=?, end=?, /)",
       "Return where sub first occurs from start (default: the position) up to end, or -1.")
{
    return find(vm, argv, false);
}
NATIVE(mmap_rfind, "rfind(self, sub, start=?, end=?, /)",
       "Return where sub last occurs from start (default: the position) up to end, or -1.")
{
    return find(vm, argv, true);
}

/* ---- slots ---- */

static Ref mmap_repr(Vm *vm, Value v)
{
    static const char *const names[] = {"DEFAULT", "READ", "WRITE", "COPY"};
    const Mmap *self = as_mmap(v);
    const char *name = type_full_name(type_of(vm, v));
    if (!self->data) return format_text(vm, "<%s closed=True>", name);
    return format_text(vm, "<%s closed=False, access=ACCESS_%s, length=%zd, pos=%zd, offset=%lld>",
                       name, names[self->access], self->len, self->pos, (long long)self->offset);
}
static ptrdiff_t mmap_len(Vm *vm, Value self)
{
    return check_open(vm, as_mmap(self)) ? as_mmap(self)->len : -1;
}

/* An index of an item; the map is open. */
static bool item_index(Vm *vm, const Mmap *self, Value key, const char *wrong, ptrdiff_t *i)
{
    int64_t n;
    if (!sequence_is_index(vm, key)) {
        throw(vm, TypeError, "%s", wrong);
        return false;
    }
    if (!int_index(vm, key, &n)) return false;
    if (!check_open(vm, self)) return false;
    if (n < 0) n += self->len;
    if (n < 0 || n >= self->len) {
        throw(vm, IndexError, "mmap index out of range");
        return false;
    }
    *i = n;
    return true;
}
static bool item_slice(Vm *vm, const Mmap *self, Value key, ptrdiff_t *start, ptrdiff_t *step,
                       ptrdiff_t *count)
{
    ptrdiff_t len = self->len;
    if (!slice_resolve(vm, key, &len, start, step, count) || !check_open(vm, self)) return false;
    if (len == self->len) return true;
    throw(vm, IndexError, "mmap index out of range"); /* resized by an __index__ of the slice */
    return false;
}

static Ref mmap_get_item(Vm *vm, Value v, Value key)
{
    const Mmap *self = as_mmap(v);
    ptrdiff_t i, step, count;
    if (!check_open(vm, self)) return FAIL;
    if (!is_slice(key))
        return item_index(vm, self, key, "mmap indices must be integers", &i)
                   ? from_small((unsigned char)self->data[i])
                   : FAIL;
    if (!item_slice(vm, self, key, &i, &step, &count)) return FAIL;
    if (step == 1) return bytes_from(vm, self->data + i, count);
    Ref out = bytes_from(vm, NULL, count);
    for (ptrdiff_t n = 0; !failed(out) && n < count; n++)
        as_bytes(out)->data[n] = self->data[i + n * step];
    return out;
}

static bool set_slice(Vm *vm, Mmap *self, Value key, Value value)
{
    ptrdiff_t i, step, count;
    Buffer buffer;
    if (absent(value)) {
        throw(vm, TypeError, "mmap object doesn't support slice deletion");
        return false;
    }
    if (!item_slice(vm, self, key, &i, &step, &count) || !buffer_get(vm, value, &buffer, false))
        return false;
    bool ok = check_writable(vm, self) && i <= self->len;
    if (ok && buffer.len != count) {
        throw(vm, IndexError, "mmap slice assignment is wrong size");
        ok = false;
    }
    if (ok && step == 1) memmove(self->data + i, buffer.data, (size_t)count);
    for (ptrdiff_t n = 0; ok && step != 1 && n < count; n++)
        self->data[i + n * step] = buffer.data[n];
    buffer_release(vm, &buffer);
    return ok;
}
static bool mmap_set_item(Vm *vm, Value v, Value key, Value value)
{
    Mmap *self = as_mmap(v);
    ptrdiff_t i;
    int64_t byte;
    if (!check_writable(vm, self)) return false;
    if (is_slice(key)) return set_slice(vm, self, key, value);
    if (!item_index(vm, self, key, "mmap indices must be integer", &i)) return false;
    if (absent(value)) throw(vm, TypeError, "mmap doesn't support item deletion");
    else if (!sequence_is_index(vm, value)) throw(vm, TypeError, "mmap item value must be an int");
    if (!absent(vm->error) || !int_index(vm, value, &byte)) return false;
    if (byte < 0 || byte > 255) {
        throw(vm, ValueError, "mmap item value must be in range(0, 256)");
        return false;
    }
    if (!check_writable(vm, self)) return false;
    if (i >= self->len) {
        throw(vm, IndexError, "mmap index out of range");
        return false;
    }
    self->data[i] = (char)byte;
    return true;
}
static Truth mmap_contains(Vm *vm, Value v, Value item)
{
    const Mmap *self = as_mmap(v);
    if (!check_open(vm, self)) return FAILED;
    if (!is_bytes(item) || as_bytes(item)->len != 1) return NO;
    return memchr(self->data, as_bytes(item)->data[0], (size_t)self->len) ? YES : NO;
}

static bool mmap_buffer(Vm *vm, Value v, Buffer *buffer, bool writable)
{
    Mmap *self = as_mmap(v);
    if (!check_open(vm, self)) return false;
    if (writable && self->access == ACCESS_READ) {
        throw(vm, BufferError, "Object is not writable.");
        return false;
    }
    self->exports++;
    *buffer = (Buffer){.data = self->data,
                       .len = self->len,
                       .readonly = self->access == ACCESS_READ,
                       .format = "B",
                       .item_size = 1,
                       .owner = newref(v)};
    return true;
}
static void mmap_release_buffer(Value self, Buffer *buffer __attribute__((unused)))
{
    as_mmap(self)->exports--;
}

static Ref mmap_iter(Vm *vm, Value self)
{
    Type *type = type_from_def(vm, &mmap_iter_type);
    MmapIter *iter = type ? type_instance(vm, type) : NULL;
    if (!iter) return FAIL;
    iter->map = newref(self);
    return from_object(iter);
}
static Ref mmap_iter_next(Vm *vm, Value v)
{
    MmapIter *iter = (MmapIter *)as_object(v);
    if (absent(iter->map)) return UNDEF;
    const Mmap *map = as_mmap(iter->map);
    if (!check_open(vm, map)) return FAIL;
    if (iter->next < map->len) return bytes_from(vm, map->data + iter->next++, 1);
    replace(&iter->map, UNDEF);
    return UNDEF;
}

/* ---- tables ---- */

static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(!as_mmap(self)->data);
}
NATIVE(mmap_sizeof, "__sizeof__(self, /)", "Return how many bytes the object itself takes.")
{
    return from_small((ptrdiff_t)sizeof(Mmap));
}
NATIVE(mmap_reduce, "__reduce__(self, /)", "Raise TypeError.")
{
    return throw(vm, TypeError, "cannot pickle '%s' object", type_full_name(type_of(vm, argv[0])));
}
static const Attribute mmap_attributes[] = {
    {"closed", get_closed, NULL, "Is it closed?"},
    {0},
};
static const Native *const mmap_methods[] = {
    &mmap_close_def,    &mmap_enter_def,    &mmap_exit_def,
    &mmap_find_def,     &mmap_flush_def,    &mmap_madvise_def,
    &mmap_move_def,     &mmap_read_def,     &mmap_read_byte_def,
    &mmap_readline_def, &mmap_resize_def,   &mmap_rfind_def,
    &mmap_seek_def,     &mmap_seekable_def, &mmap_size_def,
    &mmap_tell_def,     &mmap_write_def,    &mmap_write_byte_def,
    &mmap_sizeof_def,   &mmap_reduce_def,   NULL,
};
static const TypeDef mmap_type = {
    .name = "mmap.mmap",
    .doc = "A file, or memory without one, as bytes: a sequence and a file at once.",
    .size = sizeof(Mmap),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .clear = mmap_drop,
    .new = &mmap_new_def,
    .repr = mmap_repr,
    .len = mmap_len,
    .get_item = mmap_get_item,
    .set_item = mmap_set_item,
    .contains = mmap_contains,
    .iter = mmap_iter,
    .buffer = mmap_buffer,
    .release_buffer = mmap_release_buffer,
    .methods = mmap_methods,
    .attributes = mmap_attributes,
};
static const TypeDef mmap_iter_type = {
    .name = "mmap.mmap_iterator",
    .doc = "Iterates over a map: bytes of length 1.",
    .size = sizeof(MmapIter),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(MmapIter, map)),
    .iter = iter_self,
    .next = mmap_iter_next,
};

static bool mmap_open(Vm *vm, Value module)
{
#define C(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
    static const struct {
        const char *name;
        int value;
    } constants[] = {
        C(ACCESS_DEFAULT),  C(ACCESS_READ),    C(ACCESS_WRITE),     C(ACCESS_COPY),
        C(MAP_SHARED),      C(MAP_PRIVATE),    C(MAP_ANON),         C(MAP_ANONYMOUS),
        C(MAP_DENYWRITE),   C(MAP_EXECUTABLE), C(MAP_NORESERVE),    C(MAP_POPULATE),
        C(MAP_STACK),       C(PROT_EXEC),      C(PROT_READ),        C(PROT_WRITE),
        C(MADV_NORMAL),     C(MADV_RANDOM),    C(MADV_SEQUENTIAL),  C(MADV_WILLNEED),
        C(MADV_DONTNEED),   C(MADV_REMOVE),    C(MADV_DONTFORK),    C(MADV_DOFORK),
        C(MADV_HWPOISON),   C(MADV_MERGEABLE), C(MADV_UNMERGEABLE), C(MADV_HUGEPAGE),
        C(MADV_NOHUGEPAGE), C(MADV_DONTDUMP),  C(MADV_DODUMP),      C(MADV_FREE),
#ifdef MAP_32BIT
        C(MAP_32BIT),
#endif
    };
#undef C
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_small(constants[n].value)))
            return false;
    int64_t page = sysconf(_SC_PAGESIZE);
    return module_set(vm, module, "PAGESIZE", from_small(page)) &&
           module_set(vm, module, "ALLOCATIONGRANULARITY", from_small(page)) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, OSError))));
}

static const TypeDef *const mmap_types[] = {&mmap_type, NULL};
const ModuleDef mmap_module = {
    .name = "mmap",
    .doc = "Files and shared memory as bytes that can be changed in place.",
    .types = mmap_types,
    .open = mmap_open,
};
