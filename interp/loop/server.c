/* server.c - accepting connections, and knowing who is connected.
 *
 * An Acceptor is one listening socket; each connection becomes a transport at once, without a
 * task.  A Server counts its
 * transports in a list that does not own them.  When descriptors run out accepting pauses for a
 * second.
 * Neighbours: server.h, transport.c, stdlib/asyncio/base_events.aio (class Server). */
/* SPDX-License-Identifier: MIT */
#include "loop/server.h"

#include <errno.h>
#include <unistd.h>

#include "object/attr.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "vm/import.h"

typedef struct Acceptor {
    Job job; /* run: acceptor_ready; a: the loop; b: protocol_factory */
    Ref socket, server, context;
    /* NONE, or what takes the socket instead: on_accept(protocol_factory, socket) (TLS) */
    Ref on_accept;
    int backlog;
    bool serving;
} Acceptor;

enum { RETRY_S = 1 };

/* ---- clients ---- */

void server_attach(Server *server, Transport *transport)
{
    transport->server = (Server *)as_object(newref(borrow(server)));
    transport->previous = server->last;
    transport->next = NULL;
    *(server->last ? &server->last->next : &server->first) = transport;
    server->last = transport;
    server->active++;
}

void server_detach(Transport *transport)
{
    Server *server = transport->server;
    if (transport->previous == transport) return; /* detached already */
    *(transport->previous ? &transport->previous->next : &server->first) = transport->next;
    *(transport->next ? &transport->next->previous : &server->last) = transport->previous;
    transport->next = NULL;
    transport->previous = transport;
    server->active--;
}

bool server_check(Vm *vm, Transport *transport)
{
    Server *server = transport->server;
    transport->server = NULL;
    bool ok = true;
    if (!server->active && server->head.aux) {
        Ref wake = attr_get_text(vm, borrow(server), "_wakeup"),
            done = failed(wake) ? FAIL : call0(vm, wake);
        decref(wake);
        decref(done);
        ok = !failed(done);
    }
    decref_object(server);
    return ok;
}

/* ---- accepting ---- */

static bool acceptor_watch(Vm *vm, Acceptor *self, bool on)
{
    int fd = as_socket(self->socket)->fd;
    self->serving = on;
    if (fd < 0) return true;
    return loop_watch(vm, as_loop(self->job.a), fd, POLL_READ, on ? newref(borrow(self)) : UNDEF);
}

/* Reports vm->error; false: it leaves the loop. */
static bool report(Vm *vm, Acceptor *self, const char *message, bool with_socket)
{
    if (error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit)) return false;
    Ref error = error_take(vm), module = UNDEF, class = UNDEF, wrapped = UNDEF;
    if (with_socket) {
        module = import_text(vm, "asyncio.trsock");
        if (!failed(module)) class = attr_get_text(vm, module, "TransportSocket");
        if (!absent(class) && !failed(class)) wrapped = call1(vm, class, self->socket);
        if (absent(wrapped) || failed(wrapped)) {
            error_clear(vm);
            wrapped = UNDEF;
        }
    }
    bool ok = loop_report(vm, self->job.a, message, error, "socket", wrapped);
    decref(error);
    decref(module);
    decref(class);
    decref(wrapped);
    return ok;
}

static bool is_exhaustion(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Stops, and starts again in a second. */
static bool pause_accepting(Vm *vm, Acceptor *self)
{
    if (!report(vm, self, "socket.accept() out of system resource", true)) return false;
    if (!acceptor_watch(vm, self, false)) return false;
    Ref later = attr_get_text(vm, self->job.a, "call_later"),
        start = attr_get_text(vm, borrow(self), "start"), handle = FAIL;
    if (!failed(later) && !failed(start)) handle = call2(vm, later, from_small(RETRY_S), start);
    decref(later);
    decref(start);
    decref(handle);
    return !failed(handle);
}

static bool accept_failed(Vm *vm, Acceptor *self, int error)
{
    throw_errno(vm, error, UNDEF);
    if (is_exhaustion(error)) return pause_accepting(vm, self);
    return report(vm, self, "Exception in callback BaseSelectorEventLoop._accept_connection()",
                  false);
}

/* Making the protocol or the transport raised: told in debug mode and when memory is out only. */
static bool creation_failed(Vm *vm, Acceptor *self)
{
    if (as_loop(self->job.a)->debug || error_is(vm, MemoryError) ||
        error_is(vm, KeyboardInterrupt) || error_is(vm, SystemExit))
        return report(vm, self, "Error on transport creation for incoming connection", false);
    error_clear(vm);
    return true;
}

static bool hand_over(Vm *vm, Acceptor *self, int fd)
{
    Socket *socket = as_socket(self->socket);
    Ref made = socket_of_fd(vm, fd, socket->family, socket->type, socket->protocol);
    Ref done = failed(made) ? FAIL : call2(vm, self->on_accept, self->job.b, made);
    decref(made);
    decref(done);
    return !failed(done) ||
           report(vm, self, "Error on transport creation for incoming connection", false);
}

static bool accepted(Vm *vm, Acceptor *self, int fd, const Address *address)
{
    if (!is_none(self->on_accept)) return hand_over(vm, self, fd);
    Ref protocol = call0(vm, self->job.b);
    if (failed(protocol)) {
        close(fd);
        return creation_failed(vm, self);
    }
    Transport *transport = transport_new(vm, as_loop(self->job.a), fd, UNDEF, protocol);
    decref(protocol);
    if (!transport) return creation_failed(vm, self);
    transport->family = address->any.sa_family;
    if (!address->len) transport->family = (uint16_t)as_socket(self->socket)->family;
    if (address->len <= sizeof transport->peer && transport->family != AF_UNIX) {
        memcpy(&transport->peer, &address->room, address->len);
        transport->peer_len = address->len;
    }
    if (is_kind(self->server, KIND_SERVER))
        server_attach((Server *)as_object(self->server), transport);
    bool ok = transport_begin(vm, transport, UNDEF) || creation_failed(vm, self);
    decref_object(transport);
    return ok;
}

static bool accept_all(Vm *vm, Acceptor *self)
{
    for (int i = 0; i < self->backlog && self->serving && as_socket(self->socket)->fd >= 0; i++) {
        Address address = {.len = sizeof address.room};
        int fd = accept4(as_socket(self->socket)->fd, &address.any, &address.len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (!accepted(vm, self, fd, &address)) return false;
        } else if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) {
            return true;
        } else {
            return accept_failed(vm, self, errno);
        }
    }
    return true;
}

static bool acceptor_ready(Vm *vm, Job *job, Value which __attribute__((unused)))
{
    Acceptor *self = (Acceptor *)job;
    if (!self->serving || !context_enter(vm, &self->context)) return true;
    bool ok = accept_all(vm, self);
    context_leave(vm, &self->context);
    return ok;
}

/* ---- class _Acceptor ---- */

NATIVE(acceptor_make,
       "_Acceptor(cls, loop, protocol_factory, sock, server, backlog=100, on_accept=None)",
       "Accept the connections of a listening socket.")
{
    int64_t backlog;
    if (!is_loop(argv[1]))
        return throw(vm, TypeError, "an event loop was expected, got %R", argv[1]);
    if (!is_socket(argv[3])) return throw(vm, TypeError, "a socket was expected, got %R", argv[3]);
    if (!int_index(vm, argv[5], &backlog)) return FAIL;
    Acceptor *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->job.run = acceptor_ready;
    self->job.a = newref(argv[1]);
    self->job.b = newref(argv[2]);
    self->socket = newref(argv[3]);
    self->server = newref(argv[4]);
    self->backlog = backlog < 1 ? 1 : backlog > 65536 ? 65536 : (int)backlog;
    self->on_accept = newref(argv[6]);
    self->context = context_snapshot(vm);
    return from_object(self);
}
NATIVE(acceptor_start, "start(self)", "Begin to accept.")
{
    Acceptor *self = (Acceptor *)as_object(argv[0]);
    return self->serving || as_loop(self->job.a)->closed || acceptor_watch(vm, self, true) ? NONE
                                                                                           : FAIL;
}
NATIVE(acceptor_stop, "stop(self)", "Accept no more.")
{
    Acceptor *self = (Acceptor *)as_object(argv[0]);
    if (!self->serving || as_loop(self->job.a)->closed) return NONE;
    return acceptor_watch(vm, self, false) ? NONE : FAIL;
}
static const Native *const acceptor_methods[] = {&acceptor_start_def, &acceptor_stop_def, NULL};

const TypeDef acceptor_type = {
    .name = "_asyncio._Acceptor",
    .size = sizeof(Acceptor),
    .doc = "A listening socket of a server.",
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(Acceptor, job.a), REF(Acceptor, job.b), REF(Acceptor, socket),
                 REF(Acceptor, server), REF(Acceptor, context), REF(Acceptor, on_accept)),
    .new = &acceptor_make_def,
    .methods = acceptor_methods,
};

/* ---- class _Server ---- */

static Server *as_server(Value v) { return (Server *)as_object(v); }

NATIVE(server_make, "_Server(cls, *args, **kwargs)", "Make a server without clients.")
{
    Server *self = type_instance(vm, as_type(argv[0]));
    return self ? from_object(self) : FAIL;
}
NATIVE(server_clients, "_transports(self)", "Return a list of the transports of its clients.")
{
    Ref list = list_new(vm, as_server(argv[0])->active);
    for (Transport *at = as_server(argv[0])->first; at && !failed(list); at = at->next)
        if (!list_push(vm, as_list(list), newref(borrow(at)))) {
            decref(list);
            return FAIL;
        }
    return list;
}
NATIVE(server_attach_method, "_attach(self, transport)", "Count transport among the clients.")
{
    if (!is_transport(argv[1]))
        return throw(vm, TypeError, "a transport was expected, got %R", argv[1]);
    server_attach(as_server(argv[0]), as_transport(argv[1]));
    return NONE;
}
static Ref get_active(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_server(self)->active);
}
static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_server(self)->head.aux);
}
static bool set_closed(Vm *vm, Value self, Value value)
{
    Truth closed = absent(value) ? NO : value_truth(vm, value);
    if (closed == FAILED) return false;
    as_server(self)->head.aux = closed == YES;
    return true;
}
static const Native *const server_methods[] = {&server_clients_def, &server_attach_method_def,
                                               NULL};
static const Attribute server_attributes[] = {
    {"_active_count", get_active, NULL, "how many clients are connected"},
    {"_closed", get_closed, set_closed, "call _wakeup() when the last client goes"},
    {0}};

const TypeDef server_type = {
    .name = "_asyncio._Server",
    .size = sizeof(Server),
    .doc = "Who is connected to a server.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(Server, loop)),
    .new = &server_make_def,
    .methods = server_methods,
    .attributes = server_attributes,
};
