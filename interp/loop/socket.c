/* socket.c - class _socket.socket: BSD sockets as scripts see them.
 *
 * A socket with a timeout is non-blocking underneath: an attempt that would block waits in poll()
 * until the deadline and is
 * made again.  The interpreter lock is let go only around calls that can block.
 * Neighbours: address.c, sockopt.c (options and messages), sockio.c (the loop's methods),
 * stdlib/socket.aio (socket.socket). */
/* SPDX-License-Identifier: MIT */
#include "loop/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "loop/sockcall.h"
#include "loop/socketwait.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/codec.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/target.h"
#include "object/tuple.h"
#include "vm/import.h"
#include "vm/thread.h"

/* ---- calls that may wait ---- */

int64_t socket_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int socket_fd(Value socket) { return as_socket(socket)->fd; }
int64_t socket_timeout_ns(Value socket) { return as_socket(socket)->timeout_ns; }

Truth socket_wait(Vm *vm, Value socket, short events, int64_t deadline_ns)
{
    for (;;) {
        struct pollfd one = {.fd = socket_fd(socket), .events = events};
        struct timespec left, *timeout = NULL;
        if (deadline_ns >= 0) {
            int64_t left_ns = deadline_ns - socket_now_ns();
            if (left_ns < 0) left_ns = 0;
            left = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
            timeout = &left;
        }
        gil_release(vm);
        int n = ppoll(&one, 1, timeout, NULL), error = errno;
        gil_acquire(vm);
        if (n >= 0) return n > 0 ? YES : NO;
        if (error != EINTR) return throw_errno(vm, error, UNDEF), FAILED;
        if (!safe_point(vm)) return FAILED;
    }
}

/* Waits until fd is ready or the deadline (-1: none) has passed; false: raised. */
static bool wait_ready(Vm *vm, Socket *self, short events, int64_t deadline_ns)
{
    Truth ready = socket_wait(vm, borrow(self), events, deadline_ns);
    if (ready == NO) throw(vm, TimeoutError, "timed out");
    return ready == YES;
}

bool socket_call(Vm *vm, Socket *self, short events, SocketAttempt *attempt, void *operation,
                 ssize_t *result)
{
    int64_t deadline_ns = self->timeout_ns > 0 ? socket_now_ns() + self->timeout_ns : -1;
    bool blocking = self->timeout_ns < 0;
    for (;;) {
        if (blocking) gil_release(vm);
        *result = attempt(self->fd, operation);
        int error = errno;
        if (blocking) gil_acquire(vm);
        if (*result >= 0) return true;
        if (error == EINTR) {
            if (!safe_point(vm)) return false;
        } else if (error == EAGAIN && self->timeout_ns > 0) {
            if (!wait_ready(vm, self, events, deadline_ns)) return false;
        } else {
            return throw_errno(vm, error, UNDEF), false;
        }
    }
}

static ssize_t attempt_recv(int fd, void *opaque)
{
    Transfer *transfer = opaque;
    return recv(fd, transfer->data, transfer->len, transfer->flags);
}
static ssize_t attempt_recvfrom(int fd, void *opaque)
{
    Transfer *transfer = opaque;
    transfer->address->len = sizeof transfer->address->room;
    return recvfrom(fd, transfer->data, transfer->len, transfer->flags, &transfer->address->any,
                    &transfer->address->len);
}
static ssize_t attempt_send(int fd, void *opaque)
{
    Transfer *transfer = opaque;
    return send(fd, transfer->data, transfer->len, transfer->flags);
}
static ssize_t attempt_sendto(int fd, void *opaque)
{
    Transfer *transfer = opaque;
    return sendto(fd, transfer->data, transfer->len, transfer->flags, &transfer->address->any,
                  transfer->address->len);
}
static ssize_t attempt_accept(int fd, void *opaque)
{
    Transfer *transfer = opaque;
    transfer->address->len = sizeof transfer->address->room;
    return accept4(fd, &transfer->address->any, &transfer->address->len, SOCK_CLOEXEC);
}

/* ---- reading ---- */

bool socket_int(Vm *vm, Value given, int *number)
{
    int64_t n;
    if (!int_index(vm, given, &n)) return false;
    *number = (int)n;
    if (n >= INT32_MIN && n <= INT32_MAX) return true;
    throw(vm, OverflowError, "Python int too large to convert to C int");
    return false;
}

static bool read_size(Vm *vm, Value given, const char *method, int64_t *len)
{
    if (!int_index(vm, given, len)) return false;
    if (*len >= 0) return true;
    throw(vm, ValueError, "negative buffersize in %s", method);
    return false;
}

static Ref recv_bytes(Vm *vm, Socket *self, int64_t len, int flags, Address *address)
{
    char small[4096];
    Ref bytes = len > (int64_t)sizeof small ? bytes_from(vm, NULL, len) : UNDEF;
    if (failed(bytes)) return FAIL;
    Transfer transfer = {absent(bytes) ? small : as_bytes(bytes)->data, (size_t)len, flags,
                         address};
    ssize_t got;
    if (!socket_call(vm, self, POLLIN, address ? attempt_recvfrom : attempt_recv, &transfer,
                     &got)) {
        decref(bytes);
        return FAIL;
    }
    return absent(bytes) ? bytes_from(vm, small, got) : bytes_cut(vm, bytes, got);
}

Ref socket_recv_once(Vm *vm, Socket *self, int64_t len, int flags)
{
    char small[4096];
    Ref bytes = len > (int64_t)sizeof small ? bytes_from(vm, NULL, len) : UNDEF;
    if (failed(bytes)) return FAIL;
    ssize_t got;
    do
        got = recv(self->fd, absent(bytes) ? small : as_bytes(bytes)->data, (size_t)len,
                   flags | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got >= 0) return absent(bytes) ? bytes_from(vm, small, got) : bytes_cut(vm, bytes, got);
    int error = errno;
    decref(bytes);
    return error == EAGAIN ? NONE : throw_errno(vm, error, UNDEF);
}

NATIVE(socket_recv, "recv(self, bufsize, flags=0, /)",
       "Receive up to bufsize bytes; b'' when the other side has closed.")
{
    int64_t len;
    int flags;
    if (!int_index(vm, argv[1], &len) || !socket_int(vm, argv[2], &flags)) return FAIL;
    if (len < 0) return throw(vm, ValueError, "negative buffersize in recv");
    return recv_bytes(vm, as_socket(argv[0]), len, flags, NULL);
}

/* (data, address), stealing both. */
static Ref with_address(Vm *vm, Ref data, const Address *address)
{
    if (failed(data)) return FAIL;
    Ref items[2] = {data, address_value(vm, address)};
    if (!failed(items[1])) return tuple_from_refs(vm, 2, items);
    decref(data);
    return FAIL;
}

NATIVE(socket_recvfrom, "recvfrom(self, bufsize, flags=0, /)",
       "Receive up to bufsize bytes: (data, address of the sender).")
{
    int64_t len;
    int flags;
    Address address = {0};
    if (!read_size(vm, argv[1], "recvfrom", &len) || !socket_int(vm, argv[2], &flags)) return FAIL;
    return with_address(vm, recv_bytes(vm, as_socket(argv[0]), len, flags, &address), &address);
}

/* recv_into and recvfrom_into: the number of bytes, or FAIL. */
static Ref recv_into(Vm *vm, Value *argv, const char *method, Address *address)
{
    int64_t len;
    int flags;
    Buffer buffer;
    if (!int_index(vm, argv[2], &len) || !socket_int(vm, argv[3], &flags) ||
        !target_get(vm, argv[1], &buffer,
                    address ? "recvfrom_into() argument 1" : "recv_into() argument 1"))
        return FAIL;
    Ref count = FAIL;
    ssize_t got;
    Transfer transfer = {buffer.data, (size_t)(len ? len : buffer.len), flags, address};
    if (len < 0) throw(vm, ValueError, "negative buffersize in %s", method);
    else if (len > buffer.len)
        throw(vm, ValueError,
              address ? "nbytes is greater than the length of the buffer"
                      : "buffer too small for requested bytes");
    else if (socket_call(vm, as_socket(argv[0]), POLLIN, address ? attempt_recvfrom : attempt_recv,
                         &transfer, &got))
        count = from_small(got);
    buffer_release(vm, &buffer);
    return count;
}
NATIVE(socket_recv_into, "recv_into(self, buffer, nbytes=0, flags=0)",
       "Receive into buffer, nbytes at most (0: as much as it holds); return how many bytes came.")
{
    return recv_into(vm, argv, "recv_into", NULL);
}
NATIVE(socket_recvfrom_into, "recvfrom_into(self, buffer, nbytes=0, flags=0)",
       "Receive into buffer: (how many bytes, address of the sender).")
{
    Address address = {0};
    return with_address(vm, recv_into(vm, argv, "recvfrom_into", &address), &address);
}

/* ---- writing ---- */

NATIVE(socket_send, "send(self, data, flags=0, /)", "Send bytes; return how many were taken.")
{
    Buffer buffer;
    int flags;
    ssize_t sent;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Ref count = FAIL;
    if (socket_int(vm, argv[2], &flags)) {
        Transfer transfer = {buffer.data, (size_t)buffer.len, flags, NULL};
        if (socket_call(vm, as_socket(argv[0]), POLLOUT, attempt_send, &transfer, &sent))
            count = from_small(sent);
    }
    buffer_release(vm, &buffer);
    return count;
}

static bool send_all(Vm *vm, Socket *self, Buffer *buffer, int flags)
{
    int64_t timeout_ns = self->timeout_ns,
            deadline_ns = timeout_ns > 0 ? socket_now_ns() + timeout_ns : 0;
    ssize_t sent;
    bool ok = true;
    for (ptrdiff_t done = 0; ok && done < buffer->len; done += ok ? sent : 0) {
        Transfer transfer = {buffer->data + done, (size_t)(buffer->len - done), flags, NULL};
        if (timeout_ns > 0 && done)
            self->timeout_ns = deadline_ns > socket_now_ns() ? deadline_ns - socket_now_ns() : 1;
        ok = socket_call(vm, self, POLLOUT, attempt_send, &transfer, &sent) &&
             (!atomic_load_explicit(&vm->interrupt, memory_order_relaxed) || safe_point(vm));
    }
    if (timeout_ns > 0) self->timeout_ns = timeout_ns;
    return ok;
}
NATIVE(socket_sendall, "sendall(self, data, flags=0, /)",
       "Send all bytes.  After an exception it is unknown how many were sent.")
{
    Buffer buffer;
    int flags;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    bool ok = socket_int(vm, argv[2], &flags) && send_all(vm, as_socket(argv[0]), &buffer, flags);
    buffer_release(vm, &buffer);
    return ok ? NONE : FAIL;
}

NATIVE(socket_sendto, "sendto(self, data, *args)",
       "sendto(data[, flags], address): send bytes to an address; return how many were taken.")
{
    Socket *self = as_socket(argv[0]);
    ptrdiff_t count = tuple_len(argv[2]);
    if (count < 1 || count > 2)
        return throw(vm, TypeError, "sendto() takes 2 or 3 arguments (%zd given)", count + 1);
    Buffer buffer;
    Address address;
    int flags = 0;
    ssize_t sent;
    if (count == 2 && !socket_int(vm, tuple_at(argv[2], 0), &flags)) return FAIL;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Ref taken = FAIL;
    if (address_from(vm, &address, self->family, tuple_at(argv[2], count - 1), "sendto")) {
        Transfer transfer = {buffer.data, (size_t)buffer.len, flags, &address};
        if (socket_call(vm, self, POLLOUT, attempt_sendto, &transfer, &sent))
            taken = from_small(sent);
    }
    buffer_release(vm, &buffer);
    return taken;
}

/* ---- connecting ---- */

/* 0, or an errno; -1: raised. */
static int socket_connect_to(Vm *vm, Socket *self, const Address *address)
{
    bool blocking = self->timeout_ns < 0;
    if (blocking) gil_release(vm);
    int error = connect(self->fd, &address->any, address->len) < 0 ? errno : 0;
    if (blocking) gil_acquire(vm);
    if (error == EINTR && !safe_point(vm)) return -1;
    if (error != EINTR && !(error == EINPROGRESS && self->timeout_ns > 0)) return error;
    int64_t deadline_ns = self->timeout_ns > 0 ? socket_now_ns() + self->timeout_ns : -1;
    if (!self->timeout_ns) return error;
    if (!wait_ready(vm, self, POLLOUT, deadline_ns)) return -1;
    socklen_t len = sizeof error;
    return getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

NATIVE(socket_connect, "connect(self, address, /)", "Connect to an address.")
{
    Socket *self = as_socket(argv[0]);
    Address address;
    if (!address_from(vm, &address, self->family, argv[1], "connect")) return FAIL;
    int error = socket_connect_to(vm, self, &address);
    return error > 0 ? throw_errno(vm, error, UNDEF) : error ? FAIL : NONE;
}
NATIVE(socket_connect_ex, "connect_ex(self, address, /)",
       "Connect to an address; return 0 or the errno of the failure.")
{
    Socket *self = as_socket(argv[0]);
    Address address;
    if (!address_from(vm, &address, self->family, argv[1], "connect_ex")) return FAIL;
    int error = socket_connect_to(vm, self, &address);
    if (error < 0 && error_is(vm, TimeoutError)) {
        error_clear(vm);
        error = EAGAIN;
    }
    return error < 0 ? FAIL : from_small(error);
}

NATIVE(socket_bind, "bind(self, address, /)", "Give the socket a local address.")
{
    Socket *self = as_socket(argv[0]);
    Address address;
    if (!address_from(vm, &address, self->family, argv[1], "bind")) return FAIL;
    return bind(self->fd, &address.any, address.len) < 0 ? throw_errno(vm, errno, UNDEF) : NONE;
}
NATIVE(socket_listen, "listen(self, backlog=128, /)",
       "Let others connect; backlog: how many may wait to be accepted.")
{
    int backlog;
    if (!socket_int(vm, argv[1], &backlog)) return FAIL;
    return listen(as_socket(argv[0])->fd, backlog < 0 ? 0 : backlog) < 0
               ? throw_errno(vm, errno, UNDEF)
               : NONE;
}
NATIVE(socket_accept, "_accept(self, /)",
       "Accept a connection: (descriptor, address of the other side).")
{
    Address address = {0};
    Transfer transfer = {.address = &address};
    ssize_t fd;
    if (!socket_call(vm, as_socket(argv[0]), POLLIN, attempt_accept, &transfer, &fd)) return FAIL;
    Ref pair = with_address(vm, from_small(fd), &address);
    if (failed(pair)) close((int)fd);
    return pair;
}
NATIVE(socket_shutdown, "shutdown(self, how, /)",
       "Close one or both directions: SHUT_RD, SHUT_WR, SHUT_RDWR.")
{
    int how;
    if (!socket_int(vm, argv[1], &how)) return FAIL;
    return shutdown(as_socket(argv[0])->fd, how) < 0 ? throw_errno(vm, errno, UNDEF) : NONE;
}

static Ref name_of(Vm *vm, Value self, int (*ask)(int, struct sockaddr *, socklen_t *))
{
    Address address = {.len = sizeof address.room};
    if (ask(as_socket(self)->fd, &address.any, &address.len) < 0)
        return throw_errno(vm, errno, UNDEF);
    return address_value(vm, &address);
}
NATIVE(socket_getpeername, "getpeername(self, /)", "Return the address of the other side.")
{
    return name_of(vm, argv[0], getpeername);
}
NATIVE(socket_getsockname, "getsockname(self, /)", "Return the socket's own address.")
{
    return name_of(vm, argv[0], getsockname);
}

/* ---- blocking ---- */

static bool apply_blocking(Vm *vm, Socket *self)
{
    int on = self->timeout_ns >= 0;
    if (ioctl(self->fd, FIONBIO, &on) == 0) return true;
    throw_errno(vm, errno, UNDEF);
    return false;
}

/* None or seconds as nanoseconds, -1: none. */
bool socket_read_timeout(Vm *vm, Value given, int64_t *timeout_ns)
{
    double seconds;
    *timeout_ns = -1;
    if (is_none(given)) return true;
    if (!is_any_int(given) && !is_any_float(given) && !type_of(vm, given)->slots.as_float &&
        !type_of(vm, given)->slots.index) {
        throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", given);
        return false;
    }
    if (!float_from(vm, given, &seconds)) return false;
    if (isnan(seconds)) throw(vm, ValueError, "Invalid value NaN (not a number)");
    else if (seconds < 0) throw(vm, ValueError, "Timeout value out of range");
    else if (seconds > 9e9) throw(vm, OverflowError, "timeout doesn't fit into C timeval");
    else {
        *timeout_ns = (int64_t)ceil(seconds * 1e9);
        return true;
    }
    return false;
}
Ref socket_timeout_value(int64_t timeout_ns)
{
    return timeout_ns < 0 ? NONE : from_float((double)timeout_ns / 1e9);
}

NATIVE(socket_settimeout, "settimeout(self, value, /)",
       "Let calls wait for value seconds at most; None: for ever; 0: not at all.")
{
    Socket *self = as_socket(argv[0]);
    return socket_read_timeout(vm, argv[1], &self->timeout_ns) && apply_blocking(vm, self) ? NONE
                                                                                           : FAIL;
}
NATIVE(socket_gettimeout, "gettimeout(self, /)", "Return the timeout in seconds, or None.")
{
    return socket_timeout_value(as_socket(argv[0])->timeout_ns);
}
NATIVE(socket_setblocking, "setblocking(self, flag, /)", "settimeout(None) or settimeout(0).")
{
    Truth blocking = value_truth(vm, argv[1]);
    if (blocking == FAILED) return FAIL;
    as_socket(argv[0])->timeout_ns = blocking ? -1 : 0;
    return apply_blocking(vm, as_socket(argv[0])) ? NONE : FAIL;
}
NATIVE(socket_getblocking, "getblocking(self, /)", "Return False when the timeout is 0.")
{
    return from_bool(as_socket(argv[0])->timeout_ns != 0);
}
NATIVE(socket_get_inheritable, "get_inheritable(self, /)",
       "Does a program that is started get the descriptor?")
{
    int flags = fcntl(as_socket(argv[0])->fd, F_GETFD);
    return flags < 0 ? throw_errno(vm, errno, UNDEF) : from_bool(!(flags & FD_CLOEXEC));
}
NATIVE(socket_set_inheritable, "set_inheritable(self, inheritable, /)",
       "Say whether programs that are started get the descriptor.")
{
    Truth on = value_truth(vm, argv[1]);
    if (on == FAILED) return FAIL;
    int fd = as_socket(argv[0])->fd, flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, on ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC) < 0)
        return throw_errno(vm, errno, UNDEF);
    return NONE;
}

/* ---- opening and closing ---- */

int socket_detach(Socket *self)
{
    int fd = self->fd;
    self->fd = -1;
    if (is_loop(self->loop)) loop_forget(as_loop(self->loop), fd, self);
    clear(&self->loop);
    return fd;
}

NATIVE(socket_close, "close(self, /)", "Close the socket.")
{
    int fd = socket_detach(as_socket(argv[0]));
    if (fd >= 0 && close(fd) < 0 && errno != ECONNRESET && errno != EINTR)
        return throw_errno(vm, errno, UNDEF);
    return NONE;
}
NATIVE(socket_detach_method, "detach(self, /)",
       "Make this a closed socket; return the descriptor, which stays open.")
{
    return from_small(socket_detach(as_socket(argv[0])));
}
NATIVE(socket_fileno, "fileno(self, /)", "Return the descriptor, -1 once closed.")
{
    return from_small(as_socket(argv[0])->fd);
}

/* What the kernel knows of a descriptor that was given; false: raised. */
static bool socket_adopt(Vm *vm, Socket *self, int fd, int family, int type, int protocol)
{
    Address address = {.len = sizeof address.room};
    socklen_t len = sizeof type;
    bool ok = getsockname(fd, &address.any, &address.len) == 0;
    if (ok && family < 0) family = address.any.sa_family;
    if (ok && type < 0) ok = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    len = sizeof protocol;
    if (ok && protocol < 0) ok = getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0;
    if (!ok) return throw_errno(vm, errno, UNDEF), false;
    self->fd = fd;
    self->family = family;
    self->type = type;
    self->protocol = protocol;
    return true;
}

static bool socket_default(Vm *vm, Socket *self)
{
    Ref module = import_text(vm, "_socket"),
        given = failed(module) ? FAIL : attr_get_text(vm, module, "_default_timeout");
    bool ok = !failed(given) && socket_read_timeout(vm, given, &self->timeout_ns);
    decref(module);
    decref(given);
    return ok;
}

static bool socket_open(Vm *vm, Socket *self, int family, int type, int protocol)
{
    self->family = family < 0 ? AF_INET : family;
    self->type = type < 0 ? SOCK_STREAM : type;
    self->protocol = protocol < 0 ? 0 : protocol;
    self->fd = socket(self->family, self->type | SOCK_CLOEXEC, self->protocol);
    self->type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (self->fd < 0) return throw_errno(vm, errno, UNDEF), false;
    if (type >= 0 && (type & SOCK_NONBLOCK)) {
        self->timeout_ns = 0;
        return true;
    }
    return socket_default(vm, self) && (self->timeout_ns < 0 || apply_blocking(vm, self));
}

NATIVE(socket_make, "socket(cls, *args, **kwargs)", "Make a socket, which __init__ opens.")
{
    Socket *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->fd = -1;
    self->timeout_ns = -1;
    return from_object(self);
}
NATIVE(socket_init, "__init__(self, family=-1, type=-1, proto=-1, fileno=None)",
       "Open a socket of a family, type and protocol (default: TCP over IPv4), or one around an "
       "open descriptor.")
{
    Socket *self = as_socket(argv[0]);
    int family, type, protocol, fd;
    if (!socket_int(vm, argv[1], &family) || !socket_int(vm, argv[2], &type) ||
        !socket_int(vm, argv[3], &protocol))
        return FAIL;
    if (is_none(argv[4])) return socket_open(vm, self, family, type, protocol) ? NONE : FAIL;
    if (is_bytes(argv[4]))
        return throw(vm, TypeError, "'bytes' object cannot be interpreted as an integer");
    if (!socket_int(vm, argv[4], &fd)) return FAIL;
    if (fd < 0) return throw(vm, ValueError, "negative file descriptor");
    if (!socket_adopt(vm, self, fd, family, type, protocol)) return FAIL;
    if (socket_default(vm, self) && (self->timeout_ns < 0 || apply_blocking(vm, self))) return NONE;
    self->fd = -1;
    return FAIL;
}

Ref socket_of_fd(Vm *vm, int fd, int family, int type, int protocol)
{
    Ref module = import_text(vm, "socket"),
        class = failed(module) ? FAIL : attr_get_text(vm, module, "socket");
    decref(module);
    if (failed(class) || !is_type(class)) {
        decref(class);
        close(fd);
        return FAIL;
    }
    Socket *self = type_instance(vm, as_type(class));
    decref(class);
    if (!self) {
        close(fd);
        return FAIL;
    }
    self->fd = fd;
    self->family = family;
    self->type = type;
    self->protocol = protocol;
    self->timeout_ns = 0;
    return from_object(self);
}

static bool socket_needs_finalizer(Object *object) { return ((Socket *)object)->fd >= 0; }

static void socket_finalize(Vm *vm, Object *object)
{
    if (((Socket *)object)->fd < 0) return;
    if (!warn_about(vm, borrow(object), ResourceWarning, 1, "unclosed %R", borrow(object)))
        error_unraisable(vm, "Exception ignored in", borrow(object));
}

static void socket_clear(Object *object)
{
    int fd = socket_detach((Socket *)object);
    if (fd >= 0) close(fd);
}

static Ref socket_repr(Vm *vm, Value v)
{
    Socket *self = as_socket(v);
    return format_text(vm, "<socket object, fd=%d, family=%d, type=%d, proto=%d>", self->fd,
                       self->family, self->type, self->protocol);
}

/* ---- the type ---- */

static Ref get_family(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_socket(self)->family);
}
static Ref get_type(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_socket(self)->type);
}
static Ref get_protocol(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_socket(self)->protocol);
}
static Ref get_timeout(Vm *vm __attribute__((unused)), Value self)
{
    return socket_timeout_value(as_socket(self)->timeout_ns);
}

static const Native *const socket_methods[] = {&socket_recv_def,
                                               &socket_recvfrom_def,
                                               &socket_recv_into_def,
                                               &socket_recvfrom_into_def,
                                               &socket_send_def,
                                               &socket_sendall_def,
                                               &socket_sendto_def,
                                               &socket_connect_def,
                                               &socket_connect_ex_def,
                                               &socket_bind_def,
                                               &socket_listen_def,
                                               &socket_accept_def,
                                               &socket_shutdown_def,
                                               &socket_getpeername_def,
                                               &socket_getsockname_def,
                                               &socket_settimeout_def,
                                               &socket_gettimeout_def,
                                               &socket_setblocking_def,
                                               &socket_getblocking_def,
                                               &socket_get_inheritable_def,
                                               &socket_set_inheritable_def,
                                               &socket_close_def,
                                               &socket_detach_method_def,
                                               &socket_fileno_def,
                                               &socket_getsockopt_def,
                                               &socket_setsockopt_def,
                                               &socket_recvmsg_def,
                                               &socket_recvmsg_into_def,
                                               &socket_sendmsg_def,
                                               NULL};
static const Attribute socket_attributes[] = {
    {"family", get_family, NULL, "the address family"},
    {"type", get_type, NULL, "the kind of socket"},
    {"proto", get_protocol, NULL, "the protocol"},
    {"timeout", get_timeout, NULL, "the timeout in seconds, or None"},
    {0}};

const TypeDef socket_type = {
    .name = "_socket.socket",
    .size = sizeof(Socket),
    .doc = "An end of a connection, or what waits for some.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(Socket, loop)),
    .clear = socket_clear,
    .needs_finalizer = socket_needs_finalizer,
    .finalize = socket_finalize,
    .new = &socket_make_def,
    .init = &socket_init_def,
    .repr = socket_repr,
    .methods = socket_methods,
    .attributes = socket_attributes,
};
