/* sockio.c - the loop's sock_recv, sock_sendall, sock_connect and friends.
 *
 * One coroutine for all: make an attempt, and when it would block wait for the descriptor and make
 * it again.  The poller goes
 * on watching afterwards (loop_await), so a conversation over one socket costs no system call but
 * its own; and when the last
 * read emptied the socket the next one waits first.
 * Neighbours: socket.c, waiter.h, loop.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/sockio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "loop/sockcall.h"
#include "loop/waiter.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/float.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/tuple.h"

typedef struct SockIo SockIo;
typedef Ref SockAttempt(Vm *vm, SockIo *self); /* UNDEF: it would block */

struct SockIo {
    Waiter waiter;       /* owner: the loop */
    Ref socket, payload; /* payload: a buffer, an address, or UNDEF */
    Ref address;
    SockAttempt *attempt;
    int64_t len; /* to read; sent so far */
    int fd;
    unsigned which; /* POLL_READ or POLL_WRITE */
};
enum { PHASE_NEW, PHASE_WAITING, PHASE_RESOLVING };

static Ref blocked_or_error(Vm *vm)
{
    return errno == EAGAIN || errno == EWOULDBLOCK ? UNDEF : throw_errno(vm, errno, UNDEF);
}

/* ---- attempts ---- */

static Ref try_recv(Vm *vm, SockIo *self)
{
    Socket *socket = as_socket(self->socket);
    Ref got = socket_recv_once(vm, socket, self->len, 0);
    if (is_none(got)) return UNDEF;
    if (!failed(got)) socket->drained = as_bytes(got)->len < self->len && as_bytes(got)->len > 0;
    return got;
}

static ssize_t recv_into(Vm *vm, SockIo *self, Address *address)
{
    Buffer buffer;
    if (!buffer_get(vm, self->payload, &buffer, true)) return -2;
    size_t len = (size_t)(self->len && self->len < buffer.len ? self->len : buffer.len);
    ssize_t got;
    if (address) address->len = sizeof address->room;
    do
        got = recvfrom(self->fd, buffer.data, len, MSG_DONTWAIT, address ? &address->any : NULL,
                       address ? &address->len : NULL);
    while (got < 0 && errno == EINTR);
    int error = errno;
    buffer_release(vm, &buffer);
    errno = error;
    return got;
}
static Ref try_recv_into(Vm *vm, SockIo *self)
{
    ssize_t got = recv_into(vm, self, NULL);
    return got >= 0 ? from_small(got) : got == -2 ? FAIL : blocked_or_error(vm);
}

static Ref pair(Vm *vm, Ref first, const Address *address)
{
    Ref items[2] = {first, failed(first) ? FAIL : address_value(vm, address)};
    if (!failed(items[1])) return tuple_from_refs(vm, 2, items);
    decref(first);
    return FAIL;
}
static Ref try_recvfrom_into(Vm *vm, SockIo *self)
{
    Address address = {0};
    ssize_t got = recv_into(vm, self, &address);
    return got >= 0 ? pair(vm, from_small(got), &address) : got == -2 ? FAIL : blocked_or_error(vm);
}
static Ref try_recvfrom(Vm *vm, SockIo *self)
{
    Address address = {.len = sizeof address.room};
    char *room = memory_new(vm, (size_t)self->len + 1);
    if (!room) return FAIL;
    ssize_t got;
    do got = recvfrom(self->fd, room, (size_t)self->len, MSG_DONTWAIT, &address.any, &address.len);
    while (got < 0 && errno == EINTR);
    Ref answer = got >= 0 ? pair(vm, bytes_from(vm, room, got), &address) : blocked_or_error(vm);
    memory_free(room);
    return answer;
}

static Ref try_sendall(Vm *vm, SockIo *self)
{
    Buffer buffer;
    if (!buffer_get(vm, self->payload, &buffer, false)) return FAIL;
    Ref answer = NONE;
    while (self->len < buffer.len) {
        ssize_t sent = send(self->fd, buffer.data + self->len, (size_t)(buffer.len - self->len),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            answer = blocked_or_error(vm);
            break;
        }
        self->len += sent;
    }
    buffer_release(vm, &buffer);
    return answer;
}
static Ref try_sendto(Vm *vm, SockIo *self)
{
    Buffer buffer;
    Address address;
    ssize_t sent;
    if (!address_from(vm, &address, as_socket(self->socket)->family, self->address, "sendto") ||
        !buffer_get(vm, self->payload, &buffer, false))
        return FAIL;
    do
        sent = sendto(self->fd, buffer.data, (size_t)buffer.len, MSG_DONTWAIT | MSG_NOSIGNAL,
                      &address.any, address.len);
    while (sent < 0 && errno == EINTR);
    Ref answer = sent >= 0 ? from_small(sent) : blocked_or_error(vm);
    buffer_release(vm, &buffer);
    return answer;
}

static Ref try_accept(Vm *vm, SockIo *self)
{
    Socket *socket = as_socket(self->socket);
    Address address = {.len = sizeof address.room};
    int fd;
    do fd = accept4(self->fd, &address.any, &address.len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd < 0) return blocked_or_error(vm);
    return pair(vm, socket_of_fd(vm, fd, socket->family, socket->type, socket->protocol), &address);
}

static Ref try_connect(Vm *vm, SockIo *self)
{
    if (waiter_phase(&self->waiter) == PHASE_WAITING) {
        int error = 0;
        socklen_t len = sizeof error;
        if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) error = errno;
        if (!error) return NONE;
        Ref text = format_text(vm, "Connect call failed %S", (Value)self->address);
        if (failed(text)) return FAIL;
        Value argv[2] = {from_small(error), text};
        Ref exception = call(vm, borrow(exception_class(vm, OSError)), 2, argv);
        decref(text);
        if (!failed(exception)) throw_object(vm, exception);
        decref(exception);
        return FAIL;
    }
    Address address;
    if (!address_from(vm, &address, as_socket(self->socket)->family, self->address, "connect"))
        return FAIL;
    if (connect(self->fd, &address.any, address.len) == 0) return NONE;
    return errno == EINPROGRESS || errno == EINTR ? UNDEF : blocked_or_error(vm);
}

/* ---- the coroutine ---- */

static Ref sockio_wait(Vm *vm, SockIo *self)
{
    Ref waiter = newref(borrow(self));
    Loop *loop = as_loop(self->waiter.owner);
    Socket *socket = as_socket(self->socket);
    if (!loop_await(vm, loop, self->fd, self->which, waiter, socket)) return FAIL;
    if (absent(socket->loop)) socket->loop = newref(self->waiter.owner);
    return waiter_pause(vm, &self->waiter, PHASE_WAITING);
}

/* Does the host have to be looked up first? */
static bool needs_lookup(Socket *socket, Value address)
{
    if ((socket->family != AF_INET && socket->family != AF_INET6) || !is_tuple(address) ||
        tuple_len(address) < 2)
        return false;
    Value host = tuple_at(address, 0);
    unsigned char number[16];
    if (!is_str(host) || !as_str(host)->ascii || !as_str(host)->len || as_str(host)->data[0] == '<')
        return false;
    return inet_pton(socket->family, as_str(host)->data, number) != 1;
}

static Ref start_lookup(Vm *vm, SockIo *self)
{
    Ref method = attr_get_text(vm, self->waiter.owner, "_resolve");
    Ref future = FAIL;
    if (!failed(method)) {
        Socket *socket = as_socket(self->socket);
        Value argv[4] = {self->address, from_small(socket->family), from_small(socket->type),
                         from_small(socket->protocol)};
        future = call(vm, method, 4, argv);
    }
    decref(method);
    self->waiter.coroutine.state = PHASE_RESOLVING;
    return delegate_new(vm, future);
}

static Ref sockio_resume(Vm *vm, NativeCoroutine *coroutine, Value sent)
{
    SockIo *self = (SockIo *)coroutine;
    Loop *loop = as_loop(self->waiter.owner);
    switch (waiter_phase(&self->waiter)) {
    case PHASE_NEW:
        if (!loop_check_open(vm, loop)) return FAIL;
        if (self->attempt == try_connect && needs_lookup(as_socket(self->socket), self->address))
            return start_lookup(vm, self);
        if (self->attempt == try_recv && as_socket(self->socket)->drained &&
            !absent(as_socket(self->socket)->loop)) {
            as_socket(self->socket)->drained = false;
            return sockio_wait(vm, self);
        }
        break;
    case PHASE_WAITING:
        loop_unawait(loop, self->fd, self->which, borrow(self));
        if (!waiter_check(vm, &self->waiter)) return FAIL;
        self->fd = as_socket(self->socket)->fd;
        break;
    case PHASE_RESOLVING: replace(&self->address, newref(sent)); break;
    }
    Ref answer = self->attempt(vm, self);
    return absent(answer) ? sockio_wait(vm, self) : answer;
}

static Ref sockio_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    SockIo *self = (SockIo *)coroutine;
    if (waiter_phase(&self->waiter) == PHASE_WAITING)
        loop_unawait(as_loop(self->waiter.owner), self->fd, self->which, borrow(self));
    return FAIL;
}

#define SOCKIO(id, text)                                                                           \
    static const NativeCoroutineDef id = {.name = "BaseSelectorEventLoop." text,                   \
                                          .size = sizeof(SockIo),                                  \
                                          .refs =                                                  \
                                              REFS(REF(Waiter, owner), REF(SockIo, socket),        \
                                                   REF(SockIo, payload), REF(SockIo, address)),    \
                                          .resume = sockio_resume,                                 \
                                          .raise = sockio_raise}

static bool check_socket(Vm *vm, Loop *loop, Value socket)
{
    if (!is_socket(socket)) {
        throw(vm, TypeError, "a socket was expected, got %R", socket);
        return false;
    }
    if (!loop->debug || as_socket(socket)->timeout_ns == 0) return true;
    throw(vm, ValueError, "the socket must be non-blocking");
    return false;
}

static SockIo *sockio_new(Vm *vm, const NativeCoroutineDef *def, Value *argv, unsigned which,
                          SockAttempt *attempt)
{
    if (!check_socket(vm, as_loop(argv[0]), argv[1])) return NULL;
    SockIo *self = (SockIo *)waiter_new(vm, def, argv[0]);
    if (!self) return NULL;
    self->socket = newref(argv[1]);
    self->fd = as_socket(argv[1])->fd;
    self->which = which;
    self->attempt = attempt;
    return self;
}

static Ref sockio_read(Vm *vm, const NativeCoroutineDef *def, Value *argv, SockAttempt *attempt,
                       Value len)
{
    int64_t n = 0;
    if (!absent(len) && !int_index(vm, len, &n)) return FAIL;
    if (n < 0)
        return throw(vm, ValueError, "negative buffersize in %s",
                     attempt == try_recv ? "recv" : "recvfrom");
    SockIo *self = sockio_new(vm, def, argv, POLL_READ, attempt);
    if (self) self->len = n;
    return self ? from_object(self) : FAIL;
}

static Ref with_payload(SockIo *self, Value payload, Value address)
{
    if (!self) return FAIL;
    self->payload = newref(payload);
    self->address = newref(address);
    return from_object(self);
}

/* ---- methods ---- */

SOCKIO(recv_coroutine, "sock_recv");
SOCKIO(recv_into_coroutine, "sock_recv_into");
SOCKIO(recvfrom_coroutine, "sock_recvfrom");
SOCKIO(recvfrom_into_coroutine, "sock_recvfrom_into");
SOCKIO(sendall_coroutine, "sock_sendall");
SOCKIO(sendto_coroutine, "sock_sendto");
SOCKIO(accept_coroutine, "sock_accept");
SOCKIO(connect_coroutine, "sock_connect");

#define METHOD(id, signature, doc)                                                                 \
    static Ref id(Vm *vm, Value *argv);                                                            \
    const Native id##_def = {signature, doc, id, NATIVE_PLAIN, NULL};                              \
    static Ref id(Vm *vm, Value *argv)

METHOD(loop_sock_recv, "async sock_recv(self, sock, n)", "A coroutine that receives up to n bytes.")
{
    return sockio_read(vm, &recv_coroutine, argv, try_recv, argv[2]);
}
METHOD(loop_sock_recv_into, "async sock_recv_into(self, sock, buf)",
       "A coroutine that receives into buf; how many bytes.")
{
    Ref made = sockio_read(vm, &recv_into_coroutine, argv, try_recv_into, UNDEF);
    return failed(made) ? FAIL : with_payload((SockIo *)as_object(made), argv[2], UNDEF);
}
METHOD(loop_sock_recvfrom, "async sock_recvfrom(self, sock, bufsize)",
       "A coroutine that receives a datagram: (data, address).")
{
    return sockio_read(vm, &recvfrom_coroutine, argv, try_recvfrom, argv[2]);
}
METHOD(loop_sock_recvfrom_into, "async sock_recvfrom_into(self, sock, buf, nbytes=0)",
       "A coroutine that receives a datagram into buf: (how many bytes, address).")
{
    Ref made = sockio_read(vm, &recvfrom_into_coroutine, argv, try_recvfrom_into, argv[3]);
    return failed(made) ? FAIL : with_payload((SockIo *)as_object(made), argv[2], UNDEF);
}
METHOD(loop_sock_sendall, "async sock_sendall(self, sock, data)",
       "A coroutine that sends all of data.")
{
    return with_payload(sockio_new(vm, &sendall_coroutine, argv, POLL_WRITE, try_sendall), argv[2],
                        UNDEF);
}
METHOD(loop_sock_sendto, "async sock_sendto(self, sock, data, address)",
       "A coroutine that sends a datagram to address.")
{
    return with_payload(sockio_new(vm, &sendto_coroutine, argv, POLL_WRITE, try_sendto), argv[2],
                        argv[3]);
}
METHOD(loop_sock_connect, "async sock_connect(self, sock, address)",
       "A coroutine that connects sock to address.")
{
    return with_payload(sockio_new(vm, &connect_coroutine, argv, POLL_WRITE, try_connect), UNDEF,
                        argv[2]);
}
METHOD(loop_sock_accept, "async sock_accept(self, sock)",
       "A coroutine that accepts a connection: (socket, address).")
{
    SockIo *self = sockio_new(vm, &accept_coroutine, argv, POLL_READ, try_accept);
    return self ? from_object(self) : FAIL;
}
