/* transport.c - the life of a transport: beginning, reading, ending.
 *
 * A transport is a Job: the poller's events come to transport_ready.  While it reads or writes,
 * the loop's watch holds it.
 * What a StreamReader gets is received straight into its buffer; for others a bytes object is made
 * once.
 * Invariant: after `lost` the protocol hears nothing but connection_lost, once.
 * Neighbours: transport.h, transportwrite.c, transportface.c, server.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/transport.h"

#include <errno.h>
#include <unistd.h>

#include "loop/future.h"
#include "loop/server.h"
#include "loop/streamprotocol.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/exception.h"
#include "object/number.h"
#include "object/tuple.h"
#include "vm/import.h"

enum { READ_SIZE = 256 * 1024, SMALL_READ = 16 * 1024 };

/* ---- calling the protocol ---- */

Ref transport_call(Vm *vm, Transport *self, Value name, int argc, Value *argv)
{
    Ref protocol = newref(self->job.b), result = FAIL;
    if (context_enter(vm, &self->context)) {
        result = call_method(vm, protocol, name, argc, argv);
        context_leave(vm, &self->context);
    }
    decref(protocol);
    return result;
}

/* {message, exception, transport, protocol} to the loop's handler; takes vm->error. */
static bool report(Vm *vm, Transport *self, const char *message)
{
    if (error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit)) return false;
    Ref error = error_take(vm), context = dict_new(vm),
        text = failed(context) ? FAIL : str_from(vm, message);
    bool ok = !failed(text) && dict_set_text(vm, as_dict(context), "message", text) &&
              dict_set_text(vm, as_dict(context), "exception", error) &&
              dict_set_text(vm, as_dict(context), "transport", borrow(self)) &&
              dict_set_text(vm, as_dict(context), "protocol", self->job.b);
    ok = ok && loop_report_context(vm, self->job.a, context);
    decref(text);
    decref(context);
    decref(error);
    return ok;
}

bool transport_tell(Vm *vm, Transport *self, Value name, const char *message)
{
    Ref result = transport_call(vm, self, name, 0, NULL);
    if (failed(result)) return report(vm, self, message);
    decref(result);
    return true;
}

bool transport_fail(Vm *vm, Transport *self, const char *message)
{
    Ref error = newref(vm->error);
    if (exception_is(vm, error, OSError) || exception_is(vm, error, CancelledError)) {
        error_clear(vm);
    } else if (!report(vm, self, message)) {
        decref(error);
        return false;
    }
    bool ok = transport_abort(vm, self, error);
    decref(error);
    return ok;
}

/* ---- beginning ---- */

static bool classes_open(Vm *vm, Loop *loop)
{
    if (!absent(loop->transport_class)) return true;
    Ref selectors = import_text(vm, "asyncio.selector_events"), protocols = UNDEF, made = FAIL,
        buffered = FAIL;
    if (!failed(selectors)) made = attr_get_text(vm, selectors, "_SelectorSocketTransport");
    if (!failed(made)) protocols = import_text(vm, "asyncio.protocols");
    if (!failed(made) && !failed(protocols))
        buffered = attr_get_text(vm, protocols, "BufferedProtocol");
    decref(selectors);
    decref(protocols);
    if (!failed(buffered) && is_type(made)) {
        loop->transport_class = made;
        loop->buffered_class = buffered;
        return true;
    }
    decref(made);
    decref(buffered);
    return false;
}

bool transport_set_protocol(Vm *vm, Transport *self, Value protocol)
{
    self->style = PROTOCOL_DATA;
    if (stream_protocol_is_plain(vm, protocol)) {
        self->style = PROTOCOL_STREAM;
    } else if (is_loop(self->job.a)) { /* not by hand: a transport without a loop moves nothing */
        Truth buffered = value_is_instance(vm, protocol, transport_loop(self)->buffered_class);
        if (buffered == FAILED) return false;
        if (buffered) self->style = PROTOCOL_BUFFERED;
    }
    replace(&self->job.b, newref(protocol));
    self->connected = !is_none(protocol);
    return true;
}

Transport *transport_new(Vm *vm, Loop *loop, int fd, Value socket, Value protocol)
{
    Transport *self =
        classes_open(vm, loop) ? type_instance(vm, as_type(loop->transport_class)) : NULL;
    if (!self) {
        if (absent(socket)) close(fd);
        return NULL;
    }
    self->job.run = transport_ready;
    self->job.a = newref(borrow(loop));
    self->job.b = NONE;
    self->fd = fd;
    self->socket = newref(socket);
    self->context = context_snapshot(vm);
    self->high = 64 * 1024;
    self->low = 16 * 1024;
    if (transport_set_protocol(vm, self, protocol)) return self;
    decref_object(self);
    return NULL;
}

/* The poller is told when reading starts, and only if it has forgotten; not when it stops: it may
 * start again before an
 * event comes (loop_await). */
static bool start_reading(Vm *vm, Transport *self)
{
    if (self->closing || self->paused || self->reading) return true;
    self->reading =
        loop_await(vm, transport_loop(self), self->fd, POLL_READ, newref(borrow(self)), self);
    return self->reading;
}

static void stop_reading(Transport *self)
{
    if (!self->reading) return;
    self->reading = false;
    loop_unawait(transport_loop(self), self->fd, POLL_READ, borrow(self));
}

static void stop_writing(Transport *self)
{
    if (!self->writing) return;
    self->writing = false;
    loop_unawait(transport_loop(self), self->fd, POLL_WRITE, borrow(self));
}

static bool made_failed(Vm *vm, Transport *self)
{
    if (error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit)) return false;
    Ref error = error_take(vm),
        text = format_text(vm, "Exception in callback %T.connection_made()", (Value)self->job.b);
    char *owned = NULL;
    const char *message = failed(text) ? NULL : str_utf8(vm, text, NULL, &owned);
    if (!message) {
        message = error_is(vm, MemoryError)
                      ? "Exception in callback (MemoryError while it was named)"
                      : "Exception in callback";
        error_clear(vm);
    }
    bool ok = loop_report(vm, self->job.a, message, error, "transport", borrow(self));
    memory_free(owned);
    decref(text);
    decref(error);
    return ok;
}

bool transport_begin(Vm *vm, Transport *self, Value waiter)
{
    Value own = borrow(self);
    Ref made = self->style == PROTOCOL_STREAM && stream_protocol_takes_made(vm, self->job.b)
                   ? stream_protocol_made_in(vm, self->job.b, self)
                   : transport_call(vm, self, N(connection_made), 1, &own);
    if (failed(made) && !made_failed(vm, self)) return false;
    decref(made);
    if (!start_reading(vm, self)) return false;
    if (!is_future(waiter) || is_done(as_future(waiter))) return true;
    return future_set_result(vm, as_future(waiter), NONE);
}

static bool begin_job(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Transport *self = as_transport(job->a);
    return self->lost || transport_begin(vm, self, job->b);
}

bool transport_begin_soon(Vm *vm, Transport *self, Value waiter)
{
    Job *job = job_new(vm, begin_job, borrow(self), waiter);
    return job && loop_ready(vm, transport_loop(self), ENTRY_NATIVE, job, UNDEF);
}

/* ---- ending ---- */

void transport_release(Transport *self)
{
    Ref socket = take(&self->socket);
    int fd = self->fd;
    self->fd = -1;
    if (fd >= 0 && is_loop(self->job.a))
        loop_release(transport_loop(self), fd, self, is_socket(socket));
    if (is_socket(socket) && as_socket(socket)->fd == fd) socket_detach(as_socket(socket));
    if (fd >= 0) close(fd);
    decref(socket);
    if (self->server) server_detach(self);
}

/* Keeps the address for those who ask when the descriptor is gone. */
static void keep_own_address(Transport *self)
{
    socklen_t len = sizeof self->own;
    if (self->own_len || (self->family != AF_INET && self->family != AF_INET6)) return;
    if (getsockname(self->fd, (struct sockaddr *)&self->own, &len) == 0) self->own_len = len;
}

bool transport_lose(Vm *vm, Transport *self, Value exception)
{
    Ref held = newref(borrow(self)), result = NONE;
    if (self->connected) {
        keep_own_address(self);
        self->connected = false;
        result = transport_call(vm, self, N(connection_lost), 1, &exception);
    }
    bool ok = !failed(result) ||
              report(vm, self, "Exception in callback _SelectorTransport._call_connection_lost()");
    decref(result);
    transport_release(self);
    replace(&self->job.b, NONE);
    if (self->server) ok = server_check(vm, self) && ok;
    decref(held);
    return ok;
}

static bool lose_job(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    return transport_lose(vm, as_transport(job->a), job->b);
}

/* Without memory for that it is lost at once, which is told: others wait for it to be. */
static bool lose_soon(Vm *vm, Transport *self, Value exception)
{
    self->lost++;
    Loop *loop = transport_loop(self);
    if (!loop_check_open(vm, loop)) return false;
    Job *job = job_new(vm, lose_job, borrow(self), exception);
    if (job && loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF)) return true;
    Ref error = error_take(vm);
    if (transport_lose(vm, self, exception)) error_restore(vm, error);
    else decref(error);
    return false;
}

bool transport_close(Vm *vm, Transport *self)
{
    if (self->closing) return true;
    self->closing = true;
    Ref held = newref(borrow(self));
    stop_reading(self);
    bool ok = true;
    if (!self->buffered) {
        stop_writing(self);
        ok = lose_soon(vm, self, NONE);
    }
    decref(held);
    return ok;
}

bool transport_abort(Vm *vm, Transport *self, Value exception)
{
    if (self->lost) return true;
    Ref held = newref(borrow(self));
    if (self->buffered) {
        transport_drop_chunks(self);
        stop_writing(self);
    }
    self->closing = true;
    stop_reading(self);
    bool ok = lose_soon(vm, self, exception);
    decref(held);
    return ok;
}

/* ---- reading ---- */

void transport_pause(Transport *self)
{
    if (self->closing || self->paused) return;
    self->paused = true;
    stop_reading(self);
}

bool transport_resume(Vm *vm, Transport *self)
{
    if (self->closing || !self->paused) return true;
    self->paused = false;
    return start_reading(vm, self);
}

static bool got_eof(Vm *vm, Transport *self)
{
    Ref keep = transport_call(vm, self, N(eof_received), 0, NULL);
    Truth open = failed(keep) ? FAILED : value_truth(vm, keep);
    decref(keep);
    if (open == FAILED)
        return transport_fail(vm, self, "Fatal error: protocol.eof_received() call failed.");
    if (open == NO) return transport_close(vm, self);
    stop_reading(self);
    return true;
}

static bool read_error(Vm *vm, Transport *self, const char *message)
{
    if (errno == EAGAIN || errno == EINTR) return true;
    throw_errno(vm, errno, UNDEF);
    return transport_fail(vm, self, message);
}

/* What is expected rises at once and falls slowly: a long message often comes in pieces. */
static ssize_t receive(Transport *self, void *room, size_t len)
{
    ssize_t got = recv(self->fd, room, len, 0);
    if (got <= 0) return got;
    if ((size_t)got == len) self->expected = len * 2;
    else if ((size_t)got > self->expected) self->expected = (size_t)got;
    else self->expected -= (self->expected - (size_t)got) / 8;
    return got;
}

/* How much the next read may bring, after one that was long: a little more, to see what is more. */
static size_t room_wanted(const Transport *self)
{
    size_t room = self->expected + self->expected / 8;
    return room < READ_SIZE ? room : READ_SIZE;
}

/* After a long read the next one goes into an object of its length at once, else into the stack. */
static Ref read_bytes(Vm *vm, Transport *self, ssize_t *got)
{
    if (self->expected < SMALL_READ) {
        char room[SMALL_READ];
        *got = receive(self, room, sizeof room);
        return *got > 0 ? bytes_from(vm, room, *got) : UNDEF;
    }
    size_t len = room_wanted(self);
    Ref bytes = bytes_from(vm, NULL, (ptrdiff_t)len);
    if (failed(bytes)) return FAIL;
    *got = receive(self, as_bytes(bytes)->data, len);
    if (*got <= 0) {
        int error = errno;
        decref(bytes);
        errno = error;
        return UNDEF;
    }
    return bytes_cut(vm, bytes, *got);
}

static bool read_data(Vm *vm, Transport *self)
{
    ssize_t got;
    Ref data = read_bytes(vm, self, &got);
    if (failed(data)) return transport_fail(vm, self, "Fatal read error on socket transport");
    if (absent(data))
        return got == 0 ? got_eof(vm, self)
                        : read_error(vm, self, "Fatal read error on socket transport");
    Value argument = data;
    Ref result = transport_call(vm, self, N(data_received), 1, &argument);
    decref(data);
    if (failed(result))
        return transport_fail(vm, self, "Fatal error: protocol.data_received() call failed.");
    decref(result);
    return true;
}

/* Like read_bytes, but a long read goes into the reader's buffer. */
static bool read_stream(Vm *vm, Transport *self)
{
    StreamProtocol *protocol = as_stream_protocol(self->job.b);
    size_t room = room_wanted(self);
    char small[SMALL_READ], *at = NULL;
    if (self->expected >= SMALL_READ) at = stream_protocol_room(vm, protocol, &room);
    ssize_t got = at ? receive(self, at, room) : receive(self, small, sizeof small);
    if (got == 0) return got_eof(vm, self);
    if (got < 0) return read_error(vm, self, "Fatal read error on socket transport");
    if (stream_protocol_feed(vm, protocol, at ? NULL : small, got)) return true;
    return transport_fail(vm, self, "Fatal error: protocol.data_received() call failed.");
}

/* get_buffer(-1), receive into it, buffer_updated(n). */
static bool read_buffered(Vm *vm, Transport *self)
{
    Value hint = from_small(-1);
    Buffer buffer;
    Ref given = transport_call(vm, self, N(get_buffer), 1, &hint);
    if (failed(given) || !buffer_get(vm, given, &buffer, true)) {
        decref(given);
        return transport_fail(vm, self, "Fatal error: protocol.get_buffer() call failed.");
    }
    if (!buffer.len) throw(vm, RuntimeError, "get_buffer() returned an empty buffer");
    ssize_t got = buffer.len ? receive(self, buffer.data, (size_t)buffer.len) : -2;
    int error = errno;
    buffer_release(vm, &buffer);
    decref(given);
    errno = error;
    if (got == -2)
        return transport_fail(vm, self, "Fatal error: protocol.get_buffer() call failed.");
    if (got == 0) return got_eof(vm, self);
    if (got < 0) return read_error(vm, self, "Fatal read error on socket transport");
    Value count = from_small(got);
    Ref result = transport_call(vm, self, N(buffer_updated), 1, &count);
    if (failed(result))
        return transport_fail(vm, self, "Fatal error: protocol.buffer_updated() call failed.");
    decref(result);
    return true;
}

bool transport_ready(Vm *vm, Job *job, Value which)
{
    Transport *self = (Transport *)job;
    if (self->lost) return true;
    if (as_int(which) == POLL_WRITE) return !self->writing || transport_flush(vm, self);
    if (!self->reading) return true;
    switch (self->style) {
    case PROTOCOL_STREAM: return read_stream(vm, self);
    case PROTOCOL_BUFFERED: return read_buffered(vm, self);
    default: return read_data(vm, self);
    }
}

/* ---- the socket object ---- */

Ref transport_socket(Vm *vm, Transport *self)
{
    if (!absent(self->socket)) return newref(self->socket);
    if (self->fd < 0) return NONE;
    int type = SOCK_STREAM, protocol = 0;
    socklen_t len = sizeof protocol;
    getsockopt(self->fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
    int fd = self->fd;
    Ref socket = socket_of_fd(vm, fd, self->family, type, protocol);
    if (failed(socket)) self->fd = -1; /* it was closed */
    else self->socket = newref(socket);
    return socket;
}
