/* transportface.c - class _SelectorSocketTransport's native base: a Transport as scripts see it.
 *
 * Neighbours: transport.h, stdlib/asyncio/selector_events.aio (the class itself, which is also a
 * transports.Transport). */
/* SPDX-License-Identifier: MIT */
#include <netinet/tcp.h>
#include <unistd.h>

#include "loop/future.h"
#include "loop/server.h"
#include "loop/sockio.h"
#include "loop/transport.h"
#include "object/attr.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/tuple.h"
#include "vm/import.h"

/* ---- extra information ---- */

static Ref address_of(Vm *vm, Transport *self, bool peer)
{
    Address address = {.len = peer ? self->peer_len : self->own_len};
    if (address.len) {
        memcpy(&address.room, peer ? &self->peer : &self->own, address.len);
    } else {
        address.len = sizeof address.room;
        if (self->fd < 0) return UNDEF;
        int done = peer ? getpeername(self->fd, &address.any, &address.len)
                        : getsockname(self->fd, &address.any, &address.len);
        if (done < 0) return peer ? UNDEF : NONE;
    }
    return address_value(vm, &address);
}

static Ref transport_socket_wrapped(Vm *vm, Transport *self)
{
    Ref socket = transport_socket(vm, self), module = UNDEF, class = FAIL, made = FAIL;
    if (is_none(socket)) return UNDEF;
    if (!failed(socket)) module = import_text(vm, "asyncio.trsock");
    if (!failed(socket) && !failed(module)) class = attr_get_text(vm, module, "TransportSocket");
    if (!failed(class)) made = call1(vm, class, socket);
    decref(socket);
    decref(module);
    decref(class);
    return made;
}

Ref transport_extra(Vm *vm, Transport *self, Value name, Value otherwise)
{
    if (!absent(self->extra)) {
        Value known = dict_get(vm, as_dict(self->extra), name);
        if (failed(known)) return FAIL;
        if (!absent(known)) return newref(known);
    }
    Ref found = UNDEF;
    if (str_is(name, "socket")) found = transport_socket_wrapped(vm, self);
    else if (str_is(name, "peername")) found = address_of(vm, self, true);
    else if (str_is(name, "sockname")) found = address_of(vm, self, false);
    if (failed(found)) return FAIL;
    if (absent(found)) return newref(otherwise);
    if (absent(self->extra)) {
        Ref extra = dict_new(vm);
        if (!failed(extra)) self->extra = extra;
    }
    if (!absent(self->extra) && dict_set(vm, as_dict(self->extra), name, found)) return found;
    decref(found);
    return FAIL;
}

/* ---- making one ---- */

NATIVE(transport_make, "_Transport(cls, *args, **kwargs)", "Transports are made by the loop.")
{
    Transport *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->fd = -1;
    self->closing = true;
    self->job.a = self->job.b = NONE;
    self->lost = 1;
    return from_object(self);
}

static void set_nodelay(int fd, int family)
{
    int on = 1;
    if (family == AF_INET || family == AF_INET6)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static Ref loop_make_transport(Vm *vm, Value *argv);
const Native loop_make_transport_def = {
    "_make_socket_transport(self, sock, protocol, waiter=None, *, extra=None, server=None)",
    "A transport for a connected socket; waiter's result is set when reading has begun.",
    loop_make_transport, NATIVE_PLAIN, NULL};
static Ref loop_make_transport(Vm *vm, Value *argv)
{
    if (!is_socket(argv[1])) return throw(vm, TypeError, "a socket was expected, got %R", argv[1]);
    Loop *loop = as_loop(argv[0]);
    Socket *socket = as_socket(argv[1]);
    if (!loop_check_open(vm, loop)) return FAIL;
    Transport *self = transport_new(vm, loop, socket->fd, argv[1], argv[2]);
    if (!self) return FAIL;
    self->family = (uint16_t)socket->family;
    set_nodelay(socket->fd, socket->family);
    if (is_dict(argv[4])) {
        Ref extra = dict_copy(vm, as_dict(argv[4]));
        if (failed(extra)) goto failed;
        self->extra = extra;
    }
    static const char *const asked[] = {"sockname", "peername"};
    for (int i = 0; i < 2; i++) {
        Ref name = str_interned(vm, asked[i]),
            known = failed(name) ? FAIL : transport_extra(vm, self, name, NONE);
        decref(name);
        decref(known);
        if (failed(known)) goto failed;
    }
    if (is_kind(argv[5], KIND_SERVER)) server_attach((Server *)as_object(argv[5]), self);
    if (transport_begin_soon(vm, self, argv[3])) return from_object(self);
failed:
    decref_object(self);
    return FAIL;
}

/* ---- methods ---- */

NATIVE(transport_get_extra_info, "get_extra_info(self, name, default=None)",
       "Return what is known as name: 'peername', 'sockname', 'socket', 'sslcontext' ...")
{
    return transport_extra(vm, as_transport(argv[0]), argv[1], argv[2]);
}
NATIVE(transport_is_closing, "is_closing(self)",
       "Return True when it is closed or is being closed.")
{
    return from_bool(as_transport(argv[0])->closing);
}
NATIVE(transport_close_method, "close(self)", "Close when all that was written is sent.")
{
    return transport_close(vm, as_transport(argv[0])) ? NONE : FAIL;
}
NATIVE(transport_abort_method, "abort(self)", "Close at once; what is not sent is dropped.")
{
    return transport_abort(vm, as_transport(argv[0]), NONE) ? NONE : FAIL;
}
NATIVE(transport_force_close, "_force_close(self, exc)",
       "Close at once, with an exception for connection_lost().")
{
    return transport_abort(vm, as_transport(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(transport_fatal_error, "_fatal_error(self, exc, message='Fatal error on transport')",
       "Report an exception and close at once.")
{
    throw_object(vm, argv[1]);
    char *owned = NULL;
    const char *message = is_str(argv[2]) ? str_utf8(vm, argv[2], NULL, &owned) : NULL;
    bool ok =
        transport_fail(vm, as_transport(argv[0]), message ? message : "Fatal error on transport");
    memory_free(owned);
    return ok ? NONE : FAIL;
}
NATIVE(transport_set_protocol_method, "set_protocol(self, protocol)",
       "Let another protocol have the connection.")
{
    return transport_set_protocol(vm, as_transport(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(transport_get_protocol, "get_protocol(self)", "Return the protocol.")
{
    return newref(as_transport(argv[0])->job.b);
}
NATIVE(transport_is_reading, "is_reading(self)",
       "Return True unless reading is paused or it is closing.")
{
    return from_bool(!as_transport(argv[0])->closing && !as_transport(argv[0])->paused);
}
NATIVE(transport_pause_reading, "pause_reading(self)", "Let no data come until resume_reading().")
{
    transport_pause(as_transport(argv[0]));
    return NONE;
}
NATIVE(transport_resume_reading, "resume_reading(self)", "Let data come again.")
{
    return transport_resume(vm, as_transport(argv[0])) ? NONE : FAIL;
}
NATIVE(transport_write_method, "write(self, data)",
       "Send bytes, now or as soon as they can be taken.")
{
    return transport_write(vm, as_transport(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(transport_writelines, "writelines(self, list_of_data)", "Send the bytes of several objects.")
{
    return transport_write_lines(vm, as_transport(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(transport_write_eof_method, "write_eof(self)", "Close the writing end when all is sent.")
{
    return transport_write_eof(vm, as_transport(argv[0])) ? NONE : FAIL;
}
NATIVE(transport_can_write_eof, "can_write_eof(self)", "Return True.") { return TRUE; }
NATIVE(transport_set_limits_method, "set_write_buffer_limits(self, high=None, low=None)",
       "Pause the protocol's writing above high bytes, resume it below low.")
{
    Transport *self = as_transport(argv[0]);
    return transport_set_limits(vm, self, argv[1], argv[2]) && transport_pause_if_full(vm, self)
               ? NONE
               : FAIL;
}
NATIVE(transport_get_limits, "get_write_buffer_limits(self)", "Return (low, high) in bytes.")
{
    Transport *self = as_transport(argv[0]);
    Ref items[2] = {from_small((int64_t)self->low), from_small((int64_t)self->high)};
    return tuple_from_refs(vm, 2, items);
}
NATIVE(transport_get_size, "get_write_buffer_size(self)", "Return how many bytes wait to be sent.")
{
    return from_small((int64_t)as_transport(argv[0])->buffered);
}
NATIVE(transport_make_empty_waiter, "_make_empty_waiter(self)",
       "A future that is done when all is sent.")
{
    Transport *self = as_transport(argv[0]);
    if (!is_loop(self->job.a))
        return throw(vm, AttributeError, "'%T' object has no attribute '_loop'", argv[0]);
    if (!absent(self->empty_waiter)) return throw(vm, RuntimeError, "Empty waiter is already set");
    Future *future = future_new(vm, transport_loop(self));
    if (!future) return FAIL;
    if (!self->buffered && !future_set_result(vm, future, NONE)) {
        decref_object(future);
        return FAIL;
    }
    self->empty_waiter = newref(borrow(future));
    return from_object(future);
}
NATIVE(transport_reset_empty_waiter, "_reset_empty_waiter(self)", "Allow writing again.")
{
    clear(&as_transport(argv[0])->empty_waiter);
    return NONE;
}

/* ---- the type ---- */

static Ref transport_repr(Vm *vm, Value v)
{
    Transport *self = as_transport(v);
    StrBuilder text;
    char piece[64];
    builder_open(&text);
    bool ok = builder_text(vm, &text, "<") && builder_text(vm, &text, type_name(vm, v));
    if (ok && self->fd < 0) ok = builder_text(vm, &text, " closed");
    else if (ok && self->closing) ok = builder_text(vm, &text, " closing");
    if (ok && self->fd >= 0) {
        snprintf(piece, sizeof piece, " fd=%d", self->fd);
        ok = builder_text(vm, &text, piece);
    }
    if (ok && is_loop(self->job.a) && !transport_loop(self)->closed && self->fd >= 0) {
        snprintf(piece, sizeof piece, " read=%s write=<%s, bufsize=%zu>",
                 self->reading ? "polling" : "idle", self->writing ? "polling" : "idle",
                 self->buffered);
        ok = builder_text(vm, &text, piece);
    }
    if (ok && builder_text(vm, &text, ">")) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static void transport_visit(Object *object, Visit *visit, void *context)
{
    Transport *self = (Transport *)object;
    for (int i = self->chunk_first; i < self->chunk_last; i++) visit(&self->chunks[i], context);
    Ref server = (Ref)(void *)self->server;
    if (self->server) visit(&server, context);
}

static void transport_clear(Object *object)
{
    Transport *self = (Transport *)object;
    transport_drop_chunks(self);
    transport_release(self);
    Server *server = self->server;
    self->server = NULL;
    decref_object(server);
}

static bool transport_needs_finalizer(Object *object) { return ((Transport *)object)->fd >= 0; }
static void transport_finalize(Vm *vm, Object *object)
{
    if (((Transport *)object)->fd < 0) return;
    if (!warn_about(vm, borrow(object), ResourceWarning, 1, "unclosed transport %R",
                    borrow(object)))
        error_unraisable(vm, "Exception ignored in", borrow(object));
}

static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_transport(self)->job.a);
}
static Ref get_fd(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_transport(self)->fd);
}
static Ref get_protocol(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_transport(self)->job.b);
}
static Ref get_sock(Vm *vm, Value self) { return transport_socket(vm, as_transport(self)); }
static Ref get_lost(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_transport(self)->lost);
}

static const Native *const transport_methods[] = {&transport_get_extra_info_def,
                                                  &transport_is_closing_def,
                                                  &transport_close_method_def,
                                                  &transport_abort_method_def,
                                                  &transport_force_close_def,
                                                  &transport_fatal_error_def,
                                                  &transport_set_protocol_method_def,
                                                  &transport_get_protocol_def,
                                                  &transport_is_reading_def,
                                                  &transport_pause_reading_def,
                                                  &transport_resume_reading_def,
                                                  &transport_write_method_def,
                                                  &transport_writelines_def,
                                                  &transport_write_eof_method_def,
                                                  &transport_can_write_eof_def,
                                                  &transport_set_limits_method_def,
                                                  &transport_get_limits_def,
                                                  &transport_get_size_def,
                                                  &transport_make_empty_waiter_def,
                                                  &transport_reset_empty_waiter_def,
                                                  NULL};
static const Attribute transport_attributes[] = {
    {"_loop", get_loop, NULL, "the loop"},
    {"_sock_fd", get_fd, NULL, "the descriptor"},
    {"_protocol", get_protocol, NULL, "the protocol"},
    {"_sock", get_sock, NULL, "the socket"},
    {"_conn_lost", get_lost, NULL, "is connection_lost() on its way?"},
    {0}};

const TypeDef transport_type = {
    .name = "_asyncio._Transport",
    .size = sizeof(Transport),
    .doc = "A connected socket, for a protocol.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(Transport, job.a), REF(Transport, job.b), REF(Transport, socket),
                 REF(Transport, extra), REF(Transport, context), REF(Transport, empty_waiter)),
    .visit = transport_visit,
    .clear = transport_clear,
    .needs_finalizer = transport_needs_finalizer,
    .finalize = transport_finalize,
    .new = &transport_make_def,
    .repr = transport_repr,
    .methods = transport_methods,
    .attributes = transport_attributes,
};
