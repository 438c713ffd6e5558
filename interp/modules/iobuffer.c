/* iobuffer.c - BufferedReader, BufferedWriter and BufferedRandom: a buffer over a raw file.
 *
 * The buffer holds either bytes read ahead or bytes to be written, never both: a BufferedRandom
 * goes back over what it read ahead before it writes, and writes before it reads.  While raw is
 * being used other threads may run: `owner` keeps them out.
 * Neighbours: iofile.c (the usual raw file), iopair.c (a reader and a writer in one), iotext.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/iobuffer.h"

#include <errno.h>
#include <unistd.h>

#include "modules/iobase.h"
#include "modules/iofile.h"
#include "object/attr.h"
#include "object/bytearray.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/member.h"
#include "object/memoryview.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/target.h"
#include "vm/thread.h"

enum { BLOCKED = -2 };

bool buffered_is_fast(Value v)
{
    if (!is_heap(v) || as_object(v)->flags & OBJ_SUBCLASS) return false;
    const TypeDef *def = as_object(v)->shape->type->def;
    return (def == &buffered_reader_type || def == &buffered_writer_type ||
            def == &buffered_random_type) &&
           as_buffered(v)->ready && as_buffered(v)->fast;
}

/* ---- checks ---- */

static bool check_ready(Vm *vm, const Buffered *self)
{
    if (self->ready) return true;
    throw(vm, ValueError,
          self->detached ? "raw stream has been detached"
                         : "I/O operation on uninitialized object");
    return false;
}

static Truth is_closed(Vm *vm, const Buffered *self)
{
    return self->fast ? as_fileio(self->raw)->slot == 0 : io_closed(vm, self->raw);
}

static bool check_open(Vm *vm, const Buffered *self, const char *message)
{
    if (!check_ready(vm, self)) return false;
    Truth closed = is_closed(vm, self);
    if (closed == YES) throw(vm, ValueError, "%s", message);
    return closed == NO;
}

/* ---- one thread at a time ---- */

static bool enter(Vm *vm, Buffered *self)
{
    if (self->owner == vm) {
        throw(vm, RuntimeError, "reentrant call inside %R", borrow(self));
        return false;
    }
    if (pthread_mutex_trylock(&self->lock) != 0) {
        if (vm->interp->finalizing) { /* its owner does not run any more */
            throw(vm, RuntimeError,
                  "could not acquire lock for %R at interpreter shutdown, possibly due to daemon "
                  "threads",
                  borrow(self));
            return false;
        }
        gil_release(vm);
        pthread_mutex_lock(&self->lock);
        gil_acquire(vm);
    }
    self->owner = vm;
    return true;
}

static void leave(Buffered *self)
{
    self->owner = NULL;
    pthread_mutex_unlock(&self->lock);
}

static bool has_buffer(Vm *vm, Buffered *self)
{
    if (!self->data) self->data = memory_new(vm, (size_t)self->size);
    return self->data != NULL;
}

/* ---- the raw file ---- */

/* What a raw method that transfers bytes answered: how many of len; BLOCKED for None; -1: raised.
 */
static ptrdiff_t raw_count(Vm *vm, Ref answer, ptrdiff_t len, const char *method)
{
    int64_t count;
    if (failed(answer)) return -1;
    if (answer == NONE) return BLOCKED;
    bool good = int_index(vm, answer, &count);
    decref(answer);
    if (!good) {
        Ref cause = error_take(vm);
        throw(vm, OSError, "raw %s() failed", method);
        if (is_exception(vm->error)) replace(&as_exception(vm->error)->cause, cause);
        else decref(cause);
        return -1;
    }
    if (count >= 0 && count <= len) return count;
    throw(vm, OSError, "raw %s() returned invalid length %lld (should have been between 0 and %zd)",
          method, (long long)count, len);
    return -1;
}

/* raw.method(view of the object), the object being len bytes; again while a signal breaks it off.
 */
static ptrdiff_t raw_transfer(Vm *vm, Buffered *self, Value object, ptrdiff_t len, Value name,
                              const char *method)
{
    for (;;) {
        Ref view = memoryview_of(vm, object);
        if (failed(view)) return -1;
        Value argument = view;
        Ref answer = call_method(vm, self->raw, name, 1, &argument);
        decref(view);
        if (failed(answer) && error_is(vm, InterruptedError)) {
            error_clear(vm);
            if (!safe_point(vm)) return -1;
            continue;
        }
        return raw_count(vm, answer, len, method);
    }
}

static ptrdiff_t raw_read(Vm *vm, Buffered *self, char *data, ptrdiff_t len)
{
    ptrdiff_t got;
    if (self->fast) {
        got = fileio_read(vm, as_fileio(self->raw), data, len);
    } else {
        Ref room = bytearray_from(vm, NULL, len);
        if (failed(room)) return -1;
        got = raw_transfer(vm, self, room, len, N(readinto), "readinto");
        if (got > 0) memcpy(data, as_bytearray(room)->data, (size_t)got);
        decref(room);
    }
    if (got > 0 && self->raw_position >= 0) self->raw_position += got;
    return got;
}

static ptrdiff_t raw_write(Vm *vm, Buffered *self, const char *data, ptrdiff_t len)
{
    ptrdiff_t done;
    if (self->fast) {
        done = fileio_write(vm, as_fileio(self->raw), data, len);
    } else {
        Ref bytes = bytes_from(vm, data, len);
        if (failed(bytes)) return -1;
        done = raw_transfer(vm, self, bytes, len, N(write), "write");
        decref(bytes);
    }
    if (done > 0 && self->raw_position >= 0) self->raw_position += done;
    return done;
}

static int64_t raw_seek(Vm *vm, Buffered *self, int64_t offset, int whence)
{
    int64_t position;
    if (self->fast) {
        position = fileio_seek(vm, as_fileio(self->raw), offset, whence);
    } else {
        Ref target = from_int64(vm, offset);
        Value args[] = {target, from_small(whence)};
        if (!io_position(vm, self->raw, N(seek), 2, args, &position)) position = -1;
        decref(target);
    }
    self->raw_position = position;
    return position;
}

static int64_t raw_tell(Vm *vm, Buffered *self)
{
    int64_t position;
    if (self->fast) position = fileio_seek(vm, as_fileio(self->raw), 0, 1);
    else if (!io_position(vm, self->raw, N(tell), 0, NULL, &position)) position = -1;
    self->raw_position = position;
    return position;
}

/* ---- reading, the lock held ---- */

/* One read of raw into the empty buffer: how many bytes, BLOCKED, -1. */
static ptrdiff_t fill(Vm *vm, Buffered *self)
{
    if (!has_buffer(vm, self)) return -1;
    self->pos = self->end = 0;
    ptrdiff_t got = raw_read(vm, self, self->data, self->size);
    if (got > 0) self->end = got;
    return got;
}

/* Moves what was read ahead into data, at most len bytes: how many. */
static ptrdiff_t take_ahead(Buffered *self, char *data, ptrdiff_t len)
{
    ptrdiff_t ahead = self->end - self->pos;
    if (len > ahead) len = ahead;
    if (len > 0) memcpy(data, self->data + self->pos, (size_t)len);
    self->pos += len;
    return len;
}

static bool throw_blocked(Vm *vm, ptrdiff_t written)
{
    Ref text = str_from(vm, "write could not complete without blocking");
    if (failed(text)) return false;
    Value args[] = {from_small(EAGAIN), text, from_small(written)};
    Ref error = exception_new(vm, BlockingIOError, 3, args);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(text);
    return false;
}

/* Writes data[0:out]; what cannot be written moves to the front and BlockingIOError is raised. */
static bool write_out(Vm *vm, Buffered *self)
{
    ptrdiff_t done = 0, wrote = 0;
    while (done < self->out) {
        wrote = raw_write(vm, self, self->data + done, self->out - done);
        if (wrote < 0) break;
        done += wrote;
        if (done < self->out && !safe_point(vm)) {
            wrote = -1;
            break;
        }
    }
    if (done > 0 && done < self->out)
        memmove(self->data, self->data + done, (size_t)(self->out - done));
    self->out -= done;
    if (wrote == BLOCKED) return throw_blocked(vm, 0);
    return wrote >= 0;
}

/* Makes ready for reading. */
static bool begin_read(Vm *vm, Buffered *self)
{
    return enter(vm, self) && (self->out == 0 || write_out(vm, self) || (leave(self), false));
}

/* Reads up to len bytes into data, as many as there are without blocking; with `once` raw is read
 * at most once.  -1: raised, BLOCKED: none yet. */
static ptrdiff_t read_bytes(Vm *vm, Buffered *self, char *data, ptrdiff_t len, bool once)
{
    ptrdiff_t done = take_ahead(self, data, len);
    if (once && done > 0 && len - done <= self->size) return done;
    while (done < len) {
        ptrdiff_t left = len - done, got;
        if (left >= self->size) {
            self->pos = self->end = 0;
            got = raw_read(vm, self, data + done, once ? left : left - left % self->size);
            if (got > 0) done += got;
        } else {
            got = fill(vm, self);
            if (got > 0) done += take_ahead(self, data + done, left);
        }
        if (got == -1) return -1;
        if (got == BLOCKED && done == 0) return BLOCKED;
        if (got <= 0 || once) break;
    }
    return done;
}

bool buffered_chunk(Vm *vm, Buffered *self, ptrdiff_t limit, const char **data, ptrdiff_t *len)
{
    if (self->pos == self->end || self->owner) {
        if (!begin_read(vm, self)) return false;
        ptrdiff_t got = self->pos == self->end ? fill(vm, self) : 0;
        leave(self);
        if (got == -1) return false;
        if (got == BLOCKED) {
            throw(vm, TypeError,
                  "underlying read1() should have returned a bytes-like object, not 'NoneType'");
            return false;
        }
    }
    ptrdiff_t ahead = self->end - self->pos;
    *data = self->data + self->pos;
    *len = limit < ahead ? limit : ahead;
    self->pos += *len;
    return true;
}

/* Appends what raw still has to bytes read so far. */
static Ref join_rest(Vm *vm, const char *ahead, ptrdiff_t len, Ref rest)
{
    if (failed(rest)) return FAIL;
    if (rest != NONE && !is_bytes(rest)) {
        decref(rest);
        return throw(vm, TypeError, "readall() should return bytes");
    }
    if (len == 0) return rest;
    if (rest == NONE) return bytes_from(vm, ahead, len);
    Ref out = bytes_from(vm, NULL, len + as_bytes(rest)->len);
    if (!failed(out)) {
        memcpy(as_bytes(out)->data, ahead, (size_t)len);
        memcpy(as_bytes(out)->data + len, as_bytes(rest)->data, (size_t)as_bytes(rest)->len);
    }
    decref(rest);
    return out;
}

/* raw.read() until it answers nothing: for raw files without readall(). */
static Ref read_pieces(Vm *vm, Buffered *self)
{
    Ref all = bytearray_from(vm, NULL, 0), out = FAIL;
    if (failed(all)) return FAIL;
    ByteArray *bytes = as_bytearray(all);
    for (;;) {
        Ref part = call_method(vm, self->raw, N(read), 0, NULL);
        if (failed(part)) break;
        if (part != NONE && !is_bytes(part)) {
            throw(vm, TypeError, "read() should return bytes");
            decref(part);
            break;
        }
        if (part == NONE || as_bytes(part)->len == 0) {
            out = part == NONE && bytes->len == 0 ? NONE : bytes_from(vm, bytes->data, bytes->len);
            decref(part);
            break;
        }
        bool good = bytearray_splice(vm, bytes, bytes->len, bytes->len, as_bytes(part)->data,
                                     as_bytes(part)->len);
        decref(part);
        if (!good) break;
    }
    decref(all);
    return out;
}

static Ref read_all(Vm *vm, Buffered *self)
{
    Ref rest;
    ptrdiff_t ahead = self->end - self->pos;
    if (self->fast) {
        rest = fileio_read_all(vm, as_fileio(self->raw));
    } else {
        Ref readall = attr_get_or_absent(vm, self->raw, N(readall));
        rest = failed(readall)                      ? FAIL
               : absent(readall) || readall == NONE ? read_pieces(vm, self)
                                                    : call0(vm, readall);
        decref(readall);
    }
    Ref out = join_rest(vm, ahead ? self->data + self->pos : NULL, ahead, rest);
    self->raw_position = -1;
    if (!failed(out)) self->pos = self->end = 0;
    return out;
}

/* ---- methods for reading ---- */

static Ref read_counted(Vm *vm, Buffered *self, ptrdiff_t size, bool once)
{
    if (self->end - self->pos >= size && !self->owner) { /* all there */
        Ref out = bytes_from(vm, self->data ? self->data + self->pos : "", size);
        if (!failed(out)) self->pos += size;
        return out;
    }
    if (!begin_read(vm, self)) return FAIL;
    if (once && self->end > self->pos && size > self->end - self->pos) size = self->end - self->pos;
    Ref out = bytes_from(vm, NULL, size);
    ptrdiff_t got = failed(out) ? -1 : read_bytes(vm, self, as_bytes(out)->data, size, once);
    leave(self);
    if (got == size) return out;
    Ref shorter = got == -1        ? FAIL
                  : got == BLOCKED ? (once ? bytes_from(vm, NULL, 0) : NONE)
                                   : bytes_from(vm, as_bytes(out)->data, got);
    decref(out);
    return shorter;
}

NATIVE(buffered_read, "read(self, size=-1, /)",
       "Read and return size bytes, fewer at the end of the file, or all that are left.\n"
       "Return None if there are none yet and reading would block.")
{
    Buffered *self = as_buffered(argv[0]);
    int64_t size = -1;
    if (argv[1] != NONE && !int_index(vm, argv[1], &size)) return FAIL;
    if (size < -1) return throw(vm, ValueError, "read length must be non-negative or -1");
    if (!check_open(vm, self, "read of closed file")) return FAIL;
    if (size >= 0) return read_counted(vm, self, size, false);
    if (!begin_read(vm, self)) return FAIL;
    Ref out = read_all(vm, self);
    leave(self);
    return out;
}
NATIVE(buffered_read1, "read1(self, size=-1, /)",
       "Read up to size bytes with at most one read of the raw file.")
{
    Buffered *self = as_buffered(argv[0]);
    int64_t size;
    if (!int_index(vm, argv[1], &size)) return FAIL;
    if (!check_open(vm, self, "read of closed file")) return FAIL;
    if (size < 0) size = self->size;
    if (size == 0) return bytes_from(vm, NULL, 0);
    return read_counted(vm, self, size, true);
}

static Ref buffered_read_into(Vm *vm, Value v, Value target, bool once)
{
    Buffered *self = as_buffered(v);
    Buffer buffer;
    if (!check_open(vm, self, "readinto of closed file")) return FAIL;
    if (!target_get(vm, target, &buffer, once ? "readinto1() argument" : "readinto() argument"))
        return FAIL;
    ptrdiff_t got = -1;
    if (begin_read(vm, self)) {
        got = read_bytes(vm, self, buffer.data, buffer.len, once);
        leave(self);
    }
    buffer_release(vm, &buffer);
    return got == -1 ? FAIL : got == BLOCKED ? NONE : from_small(got);
}
NATIVE(buffered_readinto, "readinto(self, buffer, /)",
       "Fill a writable buffer; return how many bytes there were.")
{
    return buffered_read_into(vm, argv[0], argv[1], false);
}
NATIVE(buffered_readinto1, "readinto1(self, buffer, /)",
       "Read into a writable buffer with at most one read of the raw file.")
{
    return buffered_read_into(vm, argv[0], argv[1], true);
}

NATIVE(buffered_peek, "peek(self, size=0, /)",
       "Return bytes without moving the position; at most one read of the raw file is made.")
{
    Buffered *self = as_buffered(argv[0]);
    int64_t size;
    if (!int_index(vm, argv[1], &size)) return FAIL;
    if (!check_open(vm, self, "peek of closed file") || !begin_read(vm, self)) return FAIL;
    ptrdiff_t got = self->pos == self->end ? fill(vm, self) : 0;
    leave(self);
    if (got == -1) return FAIL;
    return bytes_from(vm, self->data + self->pos, self->end - self->pos);
}

/* The rest of a line that begins in the buffer and goes on behind it. */
static Ref read_long_line(Vm *vm, Buffered *self, ptrdiff_t limit)
{
    Ref line = bytearray_from(vm, NULL, 0), out = FAIL;
    if (failed(line)) return FAIL;
    if (!begin_read(vm, self)) goto done;
    ByteArray *bytes = as_bytearray(line);
    for (bool more = true; more;) {
        ptrdiff_t ahead = self->end - self->pos, left = limit < 0 ? ahead : limit - bytes->len;
        if (left > ahead) left = ahead;
        const char *start = self->data + self->pos;
        const char *end = left > 0 ? memchr(start, '\n', (size_t)left) : NULL;
        if (end) left = end - start + 1;
        more = !end && (limit < 0 || bytes->len + left < limit);
        bool good = bytearray_splice(vm, bytes, bytes->len, bytes->len, start, left);
        if (good) self->pos += left;
        if (good && !more) break;
        ptrdiff_t got = good ? fill(vm, self) : -1;
        if (got == -1) {
            leave(self);
            goto done;
        }
        if (got <= 0) break;
    }
    leave(self);
    out = bytes_from(vm, bytes->data, bytes->len);
done:
    decref(line);
    return out;
}

static Ref read_line(Vm *vm, Buffered *self, ptrdiff_t limit)
{
    ptrdiff_t ahead = self->end - self->pos;
    if (limit >= 0 && limit < ahead) ahead = limit;
    if (ahead > 0 && !self->owner) {
        const char *start = self->data + self->pos;
        const char *end = memchr(start, '\n', (size_t)ahead);
        if (end || ahead == limit) {
            ptrdiff_t len = end ? end - start + 1 : ahead;
            self->pos += len;
            return bytes_from(vm, start, len);
        }
    }
    return limit == 0 ? bytes_from(vm, NULL, 0) : read_long_line(vm, self, limit);
}
NATIVE(buffered_readline, "readline(self, size=-1, /)",
       "Read a line with its end, but at most size bytes; b'' at the end of the file.")
{
    Buffered *self = as_buffered(argv[0]);
    ptrdiff_t limit;
    if (!io_size(vm, argv[1], &limit) || !check_open(vm, self, "readline of closed file"))
        return FAIL;
    return read_line(vm, self, limit);
}

static Ref buffered_iter(Vm *vm, Value self)
{
    Buffered *file = as_buffered(self);
    if (!check_ready(vm, file)) return FAIL;
    return io_check_open(vm, self) ? newref(self) : FAIL;
}
static Ref buffered_next(Vm *vm, Value v)
{
    Buffered *self = as_buffered(v);
    Ref line;
    if (self->head.head.flags & OBJ_SUBCLASS) {
        line = call_method(vm, v, N(readline), 0, NULL);
        if (!failed(line) && !is_bytes(line)) {
            throw(vm, OSError, "readline() should have returned a bytes object, not '%T'",
                  (Value)line);
            decref(line);
            return FAIL;
        }
    } else {
        if (!check_open(vm, self, "readline of closed file")) return FAIL;
        line = self->readable ? read_line(vm, self, -1) : io_unsupported(vm, "read");
    }
    if (failed(line) || as_bytes(line)->len) return line;
    decref(line);
    return UNDEF;
}

/* ---- writing ---- */

/* Goes back over what was read ahead, so that raw stands where the script thinks it does. */
static bool rewind_ahead(Vm *vm, Buffered *self)
{
    ptrdiff_t ahead = self->end - self->pos;
    self->pos = self->end = 0;
    return ahead == 0 || raw_seek(vm, self, -ahead, 1) >= 0;
}

static bool is_blocked(const Vm *vm) { return error_is(vm, BlockingIOError); }

/* The bytes do not fit: writes out what waits, then whole buffers; the rest is kept. */
static bool write_through(Vm *vm, Buffered *self, const char *data, ptrdiff_t len)
{
    ptrdiff_t done = 0;
    if (!write_out(vm, self)) {
        if (!is_blocked(vm)) return false;
        error_clear(vm);
        ptrdiff_t room = self->size - self->out, count = len < room ? len : room;
        memcpy(self->data + self->out, data, (size_t)count);
        self->out += count;
        return count == len || throw_blocked(vm, count);
    }
    while (len - done > self->size) {
        ptrdiff_t wrote = raw_write(vm, self, data + done, len - done);
        if (wrote == -1) return false;
        if (wrote == BLOCKED) {
            memcpy(self->data, data + done, (size_t)self->size);
            self->out = self->size;
            return throw_blocked(vm, done + self->size);
        }
        done += wrote;
        if (!safe_point(vm)) return false;
    }
    memcpy(self->data, data + done, (size_t)(len - done));
    self->out = len - done;
    return true;
}

bool buffered_write(Vm *vm, Buffered *self, const char *data, ptrdiff_t len)
{
    if (self->pos == self->end && !self->owner && self->data && len <= self->size - self->out) {
        self->pos = self->end = 0;
        memcpy(self->data + self->out, data, (size_t)len);
        self->out += len;
        return true;
    }
    if (!enter(vm, self)) return false;
    bool good = has_buffer(vm, self) && rewind_ahead(vm, self);
    if (good && len <= self->size - self->out) {
        memcpy(self->data + self->out, data, (size_t)len);
        self->out += len;
    } else if (good) {
        good = write_through(vm, self, data, len);
    }
    leave(self);
    return good;
}

NATIVE(buffered_write_method, "write(self, b, /)",
       "Write the bytes, which may stay in the buffer for now; return how many they are.\n"
       "Raises BlockingIOError when the buffer is full and the raw file would block.")
{
    Buffered *self = as_buffered(argv[0]);
    Buffer buffer;
    if (!check_ready(vm, self) || !buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    bool good = check_open(vm, self, "write to closed file");
    if (good && self->owner && self->owner != vm) { /* it may be being closed */
        good = enter(vm, self);
        if (good) leave(self);
        good = good && check_open(vm, self, "write to closed file");
    }
    good = good && buffered_write(vm, self, buffer.data, buffer.len);
    ptrdiff_t len = buffer.len;
    buffer_release(vm, &buffer);
    return good ? from_small(len) : FAIL;
}

bool buffered_flush(Vm *vm, Buffered *self)
{
    if (self->out == 0 && self->pos == self->end && !self->owner) return true;
    if (!enter(vm, self)) return false;
    bool good = self->out == 0 || write_out(vm, self);
    if (good && self->readable && self->writable) good = rewind_ahead(vm, self);
    leave(self);
    return good;
}
NATIVE(buffered_flush_method, "flush(self, /)", "Write what is buffered to the raw file.")
{
    Buffered *self = as_buffered(argv[0]);
    if (!self->writable)
        return check_ready(vm, self) ? call_method(vm, self->raw, N(flush), 0, NULL) : FAIL;
    if (!check_open(vm, self, "flush of closed file")) return FAIL;
    return buffered_flush(vm, self) ? NONE : FAIL;
}

/* ---- the position ---- */

NATIVE(buffered_tell, "tell(self, /)", "Return the position in the file.")
{
    Buffered *self = as_buffered(argv[0]);
    if (!check_ready(vm, self) || !enter(vm, self)) return FAIL;
    int64_t position = raw_tell(vm, self);
    leave(self);
    if (position < 0) return FAIL;
    position += self->out - (self->end - self->pos);
    return from_int64(vm, position < 0 ? 0 : position);
}

/* Can the move be made within what was read ahead?  *position: where that is; -1: no. */
static bool seek_ahead(Vm *vm, Buffered *self, int64_t target, int whence, int64_t *position)
{
    *position = -1;
    if (whence > 1 || !self->readable || self->out) return true;
    int64_t raw_at = self->raw_position >= 0 ? self->raw_position : raw_tell(vm, self);
    if (raw_at < 0) return false;
    int64_t here = raw_at - (self->end - self->pos);
    int64_t step = whence == 0 ? target - here : target;
    if (self->end == 0 || step < -(int64_t)self->pos || step > self->end - self->pos) return true;
    self->pos += (ptrdiff_t)step;
    *position = here + step;
    return true;
}

static int64_t seek_locked(Vm *vm, Buffered *self, int64_t target, int whence)
{
    int64_t position;
    if (!seek_ahead(vm, self, target, whence, &position)) return -1;
    if (position >= 0) return position;
    if (self->out && !write_out(vm, self)) return -1;
    if (whence == 1) target -= self->end - self->pos;
    position = raw_seek(vm, self, target, whence);
    if (position >= 0) self->pos = self->end = 0;
    return position;
}

NATIVE(buffered_seek, "seek(self, target, whence=0, /)",
       "Move to the byte offset, counted from the start (0), here (1) or the end (2).\n"
       "Return the new absolute position.")
{
    Buffered *self = as_buffered(argv[0]);
    int64_t target, whence;
    if (!int_index(vm, argv[2], &whence)) return FAIL;
    if (whence < 0 || whence > 4)
        return throw(vm, ValueError, "whence value %lld unsupported", (long long)whence);
    if (!check_open(vm, self, "seek of closed file")) return FAIL;
    Truth seekable =
        self->fast && as_fileio(self->raw)->seekable > 0 ? YES : io_ask(vm, self->raw, N(seekable));
    if (seekable == FAILED) return FAIL;
    if (seekable == NO) return io_unsupported(vm, "File or stream is not seekable.");
    if (!int_index(vm, argv[1], &target) || !enter(vm, self)) return FAIL;
    int64_t position = seek_locked(vm, self, target, (int)whence);
    leave(self);
    return position < 0 ? FAIL : from_int64(vm, position);
}
NATIVE(buffered_truncate, "truncate(self, pos=None, /)",
       "Make the file pos bytes long, by default as long as the position.  Return the new size.")
{
    Buffered *self = as_buffered(argv[0]);
    if (!check_open(vm, self, "truncate of closed file")) return FAIL;
    if (!self->writable) return io_unsupported(vm, "truncate");
    if (!enter(vm, self)) return FAIL;
    bool good = (self->out == 0 || write_out(vm, self)) && rewind_ahead(vm, self);
    Ref size = good ? call_method(vm, self->raw, N(truncate), 1, &argv[1]) : FAIL;
    leave(self);
    return size;
}

/* ---- opening and closing ---- */

static bool set_up(Vm *vm, Buffered *self, Value raw, ptrdiff_t size, bool readable, bool writable)
{
    if (size <= 0) {
        throw(vm, ValueError, "buffer size must be strictly positive");
        return false;
    }
    if (!self->size) pthread_mutex_init(&self->lock, NULL);
    memory_free(self->data);
    self->data = NULL;
    self->size = size;
    self->pos = self->end = self->out = 0;
    self->raw_position = -1;
    self->readable = readable;
    self->writable = writable;
    self->fast = is_fileio(raw);
    self->detached = false;
    replace(&self->raw, newref(raw));
    self->ready = true;
    return true;
}

Ref buffered_new(Vm *vm, const TypeDef *def, Value raw, ptrdiff_t size)
{
    Type *type = type_from_def(vm, def);
    Buffered *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    if (set_up(vm, self, raw, size, def != &buffered_writer_type, def != &buffered_reader_type))
        return from_object(self);
    decref_object(self);
    return FAIL;
}

static bool must(Vm *vm, Value raw, Value question, const char *message)
{
    Truth able = io_ask(vm, raw, question);
    if (able == NO) io_unsupported(vm, message);
    return able == YES;
}
static Ref init_buffered(Vm *vm, Value *argv, bool readable, bool writable)
{
    Buffered *self = as_buffered(argv[0]);
    int64_t size;
    self->ready = self->detached = false;
    if (!int_index(vm, argv[2], &size)) return FAIL;
    if (readable && writable && !must(vm, argv[1], N(seekable), "File or stream is not seekable."))
        return FAIL;
    if (readable && !must(vm, argv[1], N(readable), "File or stream is not readable.")) return FAIL;
    if (writable && !must(vm, argv[1], N(writable), "File or stream is not writable.")) return FAIL;
    if (!set_up(vm, self, argv[1], size, readable, writable)) return FAIL;
    if (readable && writable && raw_tell(vm, self) < 0) error_clear(vm); /* asked again later */
    return NONE;
}

NATIVE(buffered_detach, "detach(self, /)",
       "Flush, separate the raw file and return it; this object cannot be used any more.")
{
    Buffered *self = as_buffered(argv[0]);
    if (!check_ready(vm, self) || !io_call(vm, argv[0], N(flush))) return FAIL;
    self->detached = true;
    self->ready = false;
    return take(&self->raw);
}

static void warn_unclosed(Vm *vm, Value raw, Value source)
{
    if (is_fileio(raw)) {
        fileio_warn_unclosed(vm, as_fileio(raw), source);
        return;
    }
    Ref done = call_method(vm, raw, N(_dealloc_warn), 1, &source);
    if (failed(done)) error_clear(vm);
    decref(done);
}
NATIVE(buffered_dealloc_warn, "_dealloc_warn(self, source, /)",
       "Warn that source, a file over this one, was dropped while open.")
{
    if (as_buffered(argv[0])->ready) warn_unclosed(vm, as_buffered(argv[0])->raw, argv[1]);
    return NONE;
}

NATIVE(buffered_close, "close(self, /)", "Write what is buffered and close the raw file.")
{
    Buffered *self = as_buffered(argv[0]);
    if (!check_ready(vm, self)) return FAIL;
    Truth closed = is_closed(vm, self);
    if (closed != NO) return closed == YES ? NONE : FAIL;
    if (self->finalizing) warn_unclosed(vm, self->raw, argv[0]);
    if (self->fast && io_is_plain(argv[0]) && io_is_plain(self->raw)) {
        if (self->writable) buffered_flush(vm, self);
    } else {
        io_call(vm, argv[0], N(flush));
    }
    Ref error = error_take(vm);
    if (self->ready && enter(vm, self)) {
        if (self->fast && io_is_plain(self->raw)) fileio_close(vm, as_fileio(self->raw));
        else io_call(vm, self->raw, N(close));
        memory_free(self->data);
        self->data = NULL;
        self->pos = self->end = self->out = 0;
        leave(self);
    }
    return io_chain(vm, error) ? NONE : FAIL;
}

/* ---- the rest ---- */

static Ref ask_raw(Vm *vm, Value v, Value name)
{
    Buffered *self = as_buffered(v);
    return check_ready(vm, self) ? call_method(vm, self->raw, name, 0, NULL) : FAIL;
}
NATIVE(buffered_seekable, "seekable(self, /)", "Can the position be changed?")
{
    return ask_raw(vm, argv[0], N(seekable));
}
NATIVE(buffered_readable, "readable(self, /)", "Can it be read?")
{
    return ask_raw(vm, argv[0], N(readable));
}
NATIVE(buffered_writable, "writable(self, /)", "Can it be written?")
{
    return ask_raw(vm, argv[0], N(writable));
}
NATIVE(buffered_fileno, "fileno(self, /)", "Return the descriptor.")
{
    return ask_raw(vm, argv[0], N(fileno));
}
NATIVE(buffered_isatty, "isatty(self, /)", "Is it a terminal?")
{
    return ask_raw(vm, argv[0], N(isatty));
}
NATIVE(buffered_getstate, "__getstate__(self, /)", "Files cannot be pickled: raises TypeError.")
{
    return throw(vm, TypeError, "cannot pickle %R instances", borrow(type_of(vm, argv[0])));
}

static Ref raw_attribute(Vm *vm, Value self, Value name)
{
    return check_ready(vm, as_buffered(self)) ? attr_get(vm, as_buffered(self)->raw, name) : FAIL;
}
static Ref get_closed(Vm *vm, Value self) { return raw_attribute(vm, self, N(closed)); }
static Ref get_name(Vm *vm, Value self) { return raw_attribute(vm, self, N(name)); }
static Ref get_mode(Vm *vm, Value self) { return raw_attribute(vm, self, N(mode)); }
static Ref get_raw(Vm *vm __attribute__((unused)), Value self)
{
    Value raw = as_buffered(self)->raw;
    return absent(raw) ? NONE : newref(raw);
}
static Ref get_finalizing(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_buffered(self)->finalizing);
}
static bool set_finalizing(Vm *vm __attribute__((unused)), Value self, Value value)
{
    as_buffered(self)->finalizing = value == TRUE;
    return true;
}

static Ref buffered_repr(Vm *vm, Value self)
{
    Type *type = type_of(vm, self);
    const char *module = type->flags & TYPE_HEAP ? "" : "_io.";
    Ref name = attr_get_or_absent(vm, self, N(name));
    if (failed(name) && error_is(vm, ValueError)) {
        error_clear(vm);
        name = UNDEF;
    }
    if (failed(name)) return FAIL;
    if (absent(name)) return format_text(vm, "<%s%N>", module, type);
    Truth running = repr_enter(vm, self);
    Ref out = FAIL;
    if (running == YES) throw(vm, RuntimeError, "reentrant call inside %N.__repr__", type);
    if (running == NO) {
        out = format_text(vm, "<%s%N name=%R>", module, type, (Value)name);
        repr_leave(vm, self);
    }
    decref(name);
    return out;
}

static bool buffered_needs_finalizer(Object *object)
{
    const Buffered *self = (const Buffered *)(void *)object;
    return self->ready && !(self->fast && as_fileio(self->raw)->slot == 0);
}
static void buffered_finalize(Vm *vm, Object *object)
{
    if (buffered_needs_finalizer(object)) io_finalize(vm, object);
}
/* Dropped while open after the interpreter's end: what is buffered is not lost. */
static void buffered_clear(Object *object)
{
    Buffered *self = (Buffered *)(void *)object;
    if (self->ready && self->fast && self->out > 0 && is_heap(self->raw)) {
        ptrdiff_t done = 0, n;
        const FileIo *raw = as_fileio(self->raw);
        while (raw->slot && done < self->out &&
               ((n = write(fileio_fd(raw), self->data + done, (size_t)(self->out - done))) > 0 ||
                errno == EINTR))
            done += n > 0 ? n : 0;
    }
    memory_free(self->data);
    self->data = NULL;
    self->pos = self->end = self->out = 0;
    if (self->size) pthread_mutex_destroy(&self->lock);
    self->size = 0;
    self->ready = false;
}

#define SHARED_METHODS                                                                             \
    &buffered_seek_def, &buffered_tell_def, &buffered_flush_method_def, &buffered_detach_def,      \
        &buffered_close_def, &buffered_dealloc_warn_def, &buffered_seekable_def,                   \
        &buffered_fileno_def, &buffered_isatty_def, &buffered_truncate_def, &buffered_getstate_def
#define READ_METHODS                                                                               \
    &buffered_read_def, &buffered_read1_def, &buffered_readinto_def, &buffered_readinto1_def,      \
        &buffered_peek_def, &buffered_readline_def, &buffered_readable_def
#define WRITE_METHODS &buffered_write_method_def, &buffered_writable_def

static const Attribute buffered_attributes[] = {
    {"closed", get_closed, NULL, "Is the raw file closed?"},
    {"name", get_name, NULL, "The name of the raw file."},
    {"mode", get_mode, NULL, "The mode of the raw file."},
    {"raw", get_raw, member_read_only, "The raw file."},
    {NULL, NULL, NULL, NULL},
};
static const Attribute buffered_fields[] = {
    {"_finalizing", get_finalizing, set_finalizing, "Is it being dropped?"},
    {NULL, NULL, NULL, NULL},
};
static const Native *const reader_methods[] = {SHARED_METHODS, READ_METHODS, NULL};
static const Native *const writer_methods[] = {SHARED_METHODS, WRITE_METHODS, NULL};
static const Native *const random_methods[] = {SHARED_METHODS, READ_METHODS, WRITE_METHODS, NULL};

#define BUFFERED_TYPE                                                                              \
    .base = &bufferediobase_type, .size = sizeof(Buffered),                                        \
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF, .refs = REFS(REF(Buffered, raw)),    \
    .clear = buffered_clear, .needs_finalizer = buffered_needs_finalizer,                          \
    .finalize = buffered_finalize, .repr = buffered_repr, .iter = buffered_iter,                   \
    .attributes = buffered_attributes, .fields = buffered_fields

NATIVE(reader_init, "__init__(self, raw, buffer_size=131072)",
       "Read ahead from raw, which must be readable, buffer_size bytes at a time.")
{
    return init_buffered(vm, argv, true, false);
}
const TypeDef buffered_reader_type = {
    .name = "_io.BufferedReader",
    .doc = "Reads ahead from a raw file.",
    .init = &reader_init_def,
    .next = buffered_next,
    .methods = reader_methods,
    BUFFERED_TYPE,
};
NATIVE(writer_init, "__init__(self, raw, buffer_size=131072)",
       "Collect up to buffer_size bytes before they are written to raw, which must be writable.")
{
    return init_buffered(vm, argv, false, true);
}
const TypeDef buffered_writer_type = {
    .name = "_io.BufferedWriter",
    .doc = "Collects what is written to a raw file.",
    .init = &writer_init_def,
    .next = buffered_next,
    .methods = writer_methods,
    BUFFERED_TYPE,
};
NATIVE(random_init, "__init__(self, raw, buffer_size=131072)",
       "Read ahead from and collect what is written to raw, which must be seekable.")
{
    return init_buffered(vm, argv, true, true);
}
const TypeDef buffered_random_type = {
    .name = "_io.BufferedRandom",
    .doc = "Buffers reading and writing of a raw file.",
    .init = &random_init_def,
    .next = buffered_next,
    .methods = random_methods,
    BUFFERED_TYPE,
};
