/* transportwrite.c - writing for a protocol, and its flow control.
 *
 * What is written goes to the kernel at once; what it does not take is kept as the bytes objects
 * that were given and goes when
 * the descriptor is writable.  Above the high mark the protocol is asked to pause, below the low
 * one to go on.
 * Neighbours: transport.c, transportface.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/uio.h>

#include "loop/future.h"
#include "loop/transport.h"
#include "object/bytes.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"

enum { PIECES = 64, WARN_AFTER = 5 };

/* ---- flow control ---- */

bool transport_pause_if_full(Vm *vm, Transport *self)
{
    if (self->protocol_paused || self->buffered <= self->high) return true;
    self->protocol_paused = true;
    return transport_tell(vm, self, N(pause_writing), "protocol.pause_writing() failed");
}

static bool resume_if_drained(Vm *vm, Transport *self)
{
    if (!self->protocol_paused || self->buffered > self->low) return true;
    self->protocol_paused = false;
    return transport_tell(vm, self, N(resume_writing), "protocol.resume_writing() failed");
}

static bool read_limit(Vm *vm, Value given, int64_t *limit)
{
    if (is_none(given)) {
        *limit = -1;
        return true;
    }
    return int_index(vm, given, limit);
}

bool transport_set_limits(Vm *vm, Transport *self, Value high, Value low)
{
    int64_t above, below;
    if (!read_limit(vm, high, &above) || !read_limit(vm, low, &below)) return false;
    if (is_none(high)) above = is_none(low) ? 64 * 1024 : 4 * below;
    if (is_none(low)) below = above / 4;
    if (above < below || below < 0) {
        throw(vm, ValueError, "high (%lld) must be >= low (%lld) must be >= 0", (long long)above,
              (long long)below);
        return false;
    }
    self->high = (size_t)above;
    self->low = (size_t)below;
    return true;
}

/* ---- chunks ---- */

void transport_drop_chunks(Transport *self)
{
    while (self->chunk_first < self->chunk_last) {
        Ref chunk = take(&self->chunks[self->chunk_first++]);
        decref(chunk);
    }
    memory_free(self->chunks);
    self->chunks = NULL;
    self->chunk_first = self->chunk_last = self->chunk_capacity = 0;
    self->chunk_done = self->buffered = 0;
}

/* Keeps chunk (bytes, stolen), of which `done` are written. */
static bool keep_chunk(Vm *vm, Transport *self, Ref chunk, size_t done)
{
    if (self->chunk_last == self->chunk_capacity && self->chunk_first) {
        int count = self->chunk_last - self->chunk_first;
        memmove(self->chunks, self->chunks + self->chunk_first,
                (size_t)count * sizeof *self->chunks);
        self->chunk_first = 0;
        self->chunk_last = count;
    }
    if (self->chunk_last == self->chunk_capacity) {
        int capacity = self->chunk_capacity ? self->chunk_capacity * 2 : 4;
        Ref *chunks = memory_resize(vm, self->chunks, (size_t)capacity * sizeof *chunks);
        if (!chunks) {
            decref(chunk);
            return false;
        }
        self->chunks = chunks;
        self->chunk_capacity = capacity;
    }
    if (self->chunk_first == self->chunk_last) self->chunk_done = done;
    self->buffered += (size_t)as_bytes(chunk)->len - done;
    self->chunks[self->chunk_last++] = chunk;
    return true;
}

static void chunks_written(Transport *self, size_t count)
{
    self->buffered -= count;
    while (count) {
        Bytes *first = as_bytes(self->chunks[self->chunk_first]);
        size_t left = (size_t)first->len - self->chunk_done;
        if (count < left) {
            self->chunk_done += count;
            return;
        }
        count -= left;
        self->chunk_done = 0;
        clear(&self->chunks[self->chunk_first++]);
    }
    if (self->chunk_first == self->chunk_last) transport_drop_chunks(self);
}

/* Hands pieces of the chunks to the kernel; how many bytes it took, -1: errno. */
static ssize_t send_chunks(Transport *self)
{
    struct iovec pieces[PIECES];
    size_t count = 0;
    for (int i = self->chunk_first; i < self->chunk_last && count < PIECES; i++, count++) {
        size_t done = i == self->chunk_first ? self->chunk_done : 0;
        pieces[count] = (struct iovec){as_bytes(self->chunks[i])->data + done,
                                       (size_t)as_bytes(self->chunks[i])->len - done};
    }
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    return count == 1 ? send(self->fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                      : sendmsg(self->fd, &message, MSG_NOSIGNAL);
}

static bool start_writing(Vm *vm, Transport *self)
{
    if (self->writing) return true;
    self->writing =
        loop_await(vm, transport_loop(self), self->fd, POLL_WRITE, newref(borrow(self)), self);
    return self->writing;
}

static bool write_failed(Vm *vm, Transport *self)
{
    throw_errno(vm, errno, UNDEF);
    Ref waiter = take(&self->empty_waiter), error = newref(vm->error);
    bool ok = transport_fail(vm, self, "Fatal write error on socket transport");
    if (is_future(waiter) && !is_done(as_future(waiter)))
        ok = future_set_exception(vm, as_future(waiter), newref(error)) && ok;
    decref(waiter);
    decref(error);
    return ok;
}

/* All is written. */
static bool emptied(Vm *vm, Transport *self)
{
    if (self->writing) {
        self->writing = false;
        if (!loop_watch(vm, transport_loop(self), self->fd, POLL_WRITE, UNDEF)) return false;
    }
    Ref waiter = take(&self->empty_waiter);
    bool ok = !is_future(waiter) || is_done(as_future(waiter)) ||
              future_set_result(vm, as_future(waiter), NONE);
    decref(waiter);
    if (!ok) return false;
    if (self->closing) {
        self->lost++;
        return transport_lose(vm, self, NONE);
    }
    if (self->eof) shutdown(self->fd, SHUT_WR);
    return true;
}

bool transport_flush(Vm *vm, Transport *self)
{
    if (self->lost) return true;
    ssize_t sent = self->buffered ? send_chunks(self) : 0;
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? start_writing(vm, self) : write_failed(vm, self);
    chunks_written(self, (size_t)sent);
    Ref held = newref(borrow(self));
    bool ok = resume_if_drained(vm, self);
    if (ok && !self->lost) ok = self->buffered ? start_writing(vm, self) : emptied(vm, self);
    decref(held);
    return ok;
}

/* ---- write() ---- */

/* May something be written?  YES; NO: it is dropped, the connection is lost. */
static Truth may_write(Vm *vm, Transport *self)
{
    if (self->eof) {
        throw(vm, RuntimeError, "Cannot call write() after write_eof()");
        return FAILED;
    }
    if (!absent(self->empty_waiter)) {
        throw(vm, RuntimeError, "unable to write; sendfile is in progress");
        return FAILED;
    }
    if (!self->lost) return YES;
    if (self->lost++ >= WARN_AFTER) {
        Ref text = str_from(vm, "socket.send() raised exception.");
        if (failed(text)) return FAILED;
        log_error(vm, "warning", text, UNDEF);
        decref(text);
    }
    return NO;
}

/* data as bytes that nobody changes; owned. */
static Ref frozen(Vm *vm, Value data)
{
    if (is_exact(data, KIND_BYTES)) return newref(data);
    Buffer buffer;
    if (!buffer_get(vm, data, &buffer, false)) return FAIL;
    Ref bytes = bytes_from(vm, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return bytes;
}

/* What the kernel takes of the bytes at once; -1: it failed and that was dealt with, -2: an
 * exception goes on. */
static ssize_t send_now(Vm *vm, Transport *self, const char *data, ptrdiff_t len)
{
    ssize_t sent = send(self->fd, data, (size_t)len, MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EAGAIN || errno == EINTR) return 0;
    return write_failed(vm, self) ? -1 : -2;
}

static bool keep_rest(Vm *vm, Transport *self, Ref bytes, size_t done)
{
    if (failed(bytes) || !keep_chunk(vm, self, bytes, done)) return false;
    if (start_writing(vm, self)) return transport_pause_if_full(vm, self);
    return transport_fail(vm, self, "Fatal write error on socket transport");
}

bool transport_write(Vm *vm, Transport *self, Value data)
{
    Buffer buffer;
    bool exact = is_exact(data, KIND_BYTES);
    if (exact) {
        buffer = (Buffer){.data = as_bytes(data)->data, .len = as_bytes(data)->len};
    } else if (!type_of(vm, data)->slots.buffer) {
        throw(vm, TypeError, "data argument must be a bytes-like object, not %R",
              (Value)type_of(vm, data)->name);
        return false;
    } else if (!buffer_get(vm, data, &buffer, false)) {
        return false;
    }
    Truth may = buffer.len || self->eof ? may_write(vm, self) : NO;
    bool ok = may != FAILED;
    ssize_t sent = may == YES && !self->buffered ? send_now(vm, self, buffer.data, buffer.len) : 0;
    if (sent < 0) ok = sent == -1;
    else if (may == YES && sent < buffer.len)
        ok = exact ? keep_rest(vm, self, newref(data), (size_t)sent)
                   : keep_rest(vm, self, bytes_from(vm, buffer.data + sent, buffer.len - sent), 0);
    if (!exact) buffer_release(vm, &buffer);
    return ok;
}

bool transport_write_lines(Vm *vm, Transport *self, Value iterable)
{
    Truth may = may_write(vm, self);
    if (may != YES) return may == NO;
    Ref list = list_from(vm, iterable);
    bool ok = !failed(list);
    for (ptrdiff_t i = 0; ok && i < as_list(list)->len; i++) {
        Ref bytes = frozen(vm, list_at(as_list(list), i));
        ok = !failed(bytes);
        if (ok && !as_bytes(bytes)->len) decref(bytes);
        else if (ok) ok = keep_chunk(vm, self, bytes, 0);
    }
    decref(list);
    Ref error = error_take(vm); /* what was kept is sent all the same */
    bool going = (self->writing || !self->buffered || transport_flush(vm, self)) &&
                 transport_pause_if_full(vm, self);
    if (going) error_restore(vm, error);
    else decref(error);
    return ok && going;
}

bool transport_write_eof(Vm *vm __attribute__((unused)), Transport *self)
{
    if (self->closing || self->eof) return true;
    self->eof = true;
    if (!self->buffered) shutdown(self->fd, SHUT_WR);
    return true;
}
