/* _ssl_pump.c - between OpenSSL's buffers and a socket.
 *
 * A call into OpenSSL never waits: it says that it must read, or leaves records to be sent.  Here
 * they are moved without blocking; what has to wait does so in poll(), without the interpreter lock
 * and for as long as the socket's timeout allows.  Of what arrives no more is taken than the record
 * at hand, its five bytes of heading first: when TLS ends, what follows is still in the socket.
 * Neighbours: _ssl.h, _ssl_connection.c (the calls). */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

#include <poll.h>
#include <sys/socket.h>

enum { PIECE = 16 * 1024 };

typedef struct Pump {
    Connection *connection;
    Value socket; /* UNDEF: a script moves the records */
    int64_t deadline_ns;
    const char *what; /* "read", "write", "handshake", "shutdown" */
} Pump;

/* The socket of a connection, owned; UNDEF: it has none; FAIL: raised. */
static Ref socket_open(Vm *vm, const Connection *self)
{
    if (absent(self->socket)) return UNDEF;
    const Tls *tls = as_tls(self->library);
    Ref socket = weakref_get(self->socket);
    if (absent(socket)) return tls_throw(vm, tls, "Underlying socket connection gone");
    if (socket_fd(socket) >= 0) return socket;
    decref(socket);
    return tls_throw(vm, tls, "Underlying socket has been closed.");
}

static bool is(const Pump *pump, const char *what) { return strcmp(pump->what, what) == 0; }

static void timed_out(Vm *vm, const Pump *pump, short events)
{
    const char *what = !is(pump, "shutdown") ? pump->what : events & POLLIN ? "read" : "write";
    if (is(pump, "handshake"))
        throw(vm, TimeoutError, "_ssl.c:%d: The handshake operation timed out", __LINE__);
    else throw(vm, TimeoutError, "The %s operation timed out", what);
}

/* YES: the socket is ready for one of events; NO: it never waits. */
static Truth wait_for(Vm *vm, const Pump *pump, short events)
{
    if (!socket_timeout_ns(pump->socket)) return NO;
    Truth ready = socket_wait(vm, pump->socket, events, pump->deadline_ns);
    if (ready == NO) timed_out(vm, pump, events);
    if (ready == YES && socket_fd(pump->socket) < 0) {
        tls_throw(vm, as_tls(pump->connection->library), "Underlying socket has been closed.");
        return FAILED;
    }
    return ready == YES ? YES : FAILED;
}

/* Throws away what was sent. */
static void drop_sent(const Connection *self, size_t sent)
{
    char room[PIECE];
    const Tls *tls = as_tls(self->library);
    while (sent) {
        int got = tls->BIO_read(self->out, room, sent < sizeof room ? (int)sent : PIECE);
        if (got <= 0) return;
        sent -= (size_t)got;
    }
}

/* YES: all that OpenSSL made is sent; NO: the socket takes no more now. */
static Truth send_now(Vm *vm, const Pump *pump)
{
    const Connection *self = pump->connection;
    const Tls *tls = as_tls(self->library);
    for (;;) {
        char *data;
        long len = tls->BIO_ctrl(self->out, BIO_CTRL_INFO, 0, &data);
        if (len <= 0) return YES;
        ssize_t sent =
            send(socket_fd(pump->socket), data, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent == len) {
            tls->BIO_ctrl(self->out, BIO_CTRL_RESET, 0, NULL);
            return YES;
        }
        if (sent > 0) drop_sent(self, (size_t)sent);
        else if (errno == EAGAIN) return NO;
        else if (errno != EINTR) return throw_errno(vm, errno, UNDEF), FAILED;
    }
}

/* The same, waiting; NO: the socket never waits. */
static Truth send_all(Vm *vm, const Pump *pump)
{
    for (;;) {
        Truth sent = send_now(vm, pump);
        if (sent == NO) {
            Truth ready = wait_for(vm, pump, POLLOUT);
            if (ready == YES) continue;
            return ready;
        }
        return sent;
    }
}

/* What arrived belongs to which part of a record. */
static void follow_record(Connection *self, const char *data, size_t len)
{
    if (self->missing) {
        self->missing -= len;
        return;
    }
    memcpy(self->start + self->start_len, data, len);
    self->start_len += (int)len;
    if (self->start_len < (int)sizeof self->start) return;
    self->start_len = 0;
    self->missing = (size_t)(self->start[3] << 8 | self->start[4]);
}

/* YES: something came, be it the end; NO: nothing is there now. */
static Truth receive(Vm *vm, const Pump *pump)
{
    Connection *self = pump->connection;
    const Tls *tls = as_tls(self->library);
    char room[PIECE];
    size_t want = self->missing ? self->missing : sizeof self->start - (size_t)self->start_len;
    if (want > sizeof room) want = sizeof room;
    ssize_t got;
    do got = recv(socket_fd(pump->socket), room, want, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return NO;
    if (got < 0) return throw_errno(vm, errno, UNDEF), FAILED;
    if (got == 0) { /* OpenSSL shall see the end */
        tls->BIO_ctrl(self->in, BIO_C_SET_BUF_MEM_EOF_RETURN, 0, NULL);
        return YES;
    }
    follow_record(self, room, (size_t)got);
    if (tls->BIO_write(self->in, room, (int)got) == got) return YES;
    tls_queue_error(vm, tls);
    return FAILED;
}

static Pump pump_of(Connection *self, Value socket, const char *what)
{
    Pump pump = {.connection = self, .what = what, .deadline_ns = -1};
    pump.socket = socket;
    int64_t timeout_ns = absent(socket) ? -1 : socket_timeout_ns(socket);
    if (timeout_ns > 0) pump.deadline_ns = socket_now_ns() + timeout_ns;
    return pump;
}

/* Raises what a callback raised during the call, if one did; true: none did. */
static bool no_trouble(Vm *vm, Connection *self)
{
    if (absent(self->trouble)) return true;
    as_tls(self->library)->ERR_clear_error();
    error_restore(vm, take(&self->trouble));
    return false;
}

/* The call waits for the other side.  While it does, what is to be sent goes on, too: another
 * thread may have written it, and the other side may read nothing until it is read itself. */
static Truth turn_waiting(Vm *vm, const Pump *pump, int *code)
{
    Truth sent = send_now(vm, pump);
    Truth got = sent == FAILED ? FAILED : receive(vm, pump);
    if (got != NO) return got;
    Truth ready = wait_for(vm, pump, sent == NO ? POLLIN | POLLOUT : POLLIN);
    if (ready == NO && sent == NO && !is(pump, "read")) *code = SSL_ERROR_WANT_WRITE;
    return ready;
}

/* After a call that said code: moves records.  YES: make it again; NO: that is the answer. */
static Truth turn(Vm *vm, const Pump *pump, int *code)
{
    if (*code == SSL_ERROR_WANT_READ) return turn_waiting(vm, pump, code);
    Truth sent = is(pump, "read") ? send_now(vm, pump) : send_all(vm, pump);
    if (sent == FAILED && *code == SSL_ERROR_NONE) return FAILED;
    if (sent == FAILED) error_clear(vm); /* the alert could not be sent: why it was made counts */
    if (sent == NO && !is(pump, "read")) *code = SSL_ERROR_WANT_WRITE;
    return NO;
}

bool connection_run(Vm *vm, Connection *self, ConnectionStep *step, void *argument,
                    const char *what, int *code)
{
    const Tls *tls = as_tls(self->library);
    Ref socket = socket_open(vm, self), held = newref(borrow(self));
    bool ok = !failed(socket);
    Pump pump = pump_of(self, ok ? socket : UNDEF, what);
    for (Truth again = YES; ok && again == YES;) {
        tls->ERR_clear_error();
        int result = step(self, argument);
        *code = result > 0 ? SSL_ERROR_NONE : tls->SSL_get_error(self->ssl, result);
        ok = no_trouble(vm, self);
        again = ok && !absent(pump.socket) ? turn(vm, &pump, code) : NO;
        ok = ok && again != FAILED;
        if (again == YES && atomic_load_explicit(&vm->interrupt, memory_order_relaxed))
            ok = safe_point(vm);
    }
    decref(socket);
    decref(held);
    return ok;
}

bool connection_flush(Vm *vm, Connection *self, const char *what)
{
    Ref socket = socket_open(vm, self);
    if (failed(socket)) return false;
    Truth sent = YES;
    if (!absent(socket)) {
        Pump pump = pump_of(self, socket, what);
        sent = send_all(vm, &pump);
    }
    decref(socket);
    if (sent == NO) connection_throw(vm, self, SSL_ERROR_WANT_WRITE, 0, __LINE__);
    return sent == YES;
}
