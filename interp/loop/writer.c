/* writer.c - asyncio.StreamWriter: writing to a transport, and waiting for it.
 *
 * With the loop's own transports a write goes straight down to send(); drain() ends without
 * suspending unless the protocol
 * was asked to pause.
 * Neighbours: streamprotocol.c (who is paused and lost), transportwrite.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/streamprotocol.h"
#include "object/attr.h"
#include "object/name.h"
#include "vm/import.h"

StreamWriter *writer_new(Vm *vm, Value transport, Value protocol, Value reader, Value loop)
{
    StreamWriter *self = type_instance(vm, type_builtin(vm, KIND_STREAM_WRITER));
    if (!self) return NULL;
    self->transport = newref(transport);
    self->protocol = newref(protocol);
    self->reader = newref(reader);
    self->loop = newref(loop);
    return self;
}

static Ref forward(Vm *vm, Value self, const char *method, int argc, Value *argv)
{
    Ref name = str_interned(vm, method);
    Ref result =
        failed(name) ? FAIL : call_method(vm, as_stream_writer(self)->transport, name, argc, argv);
    decref(name);
    return result;
}

/* Its transport when it is the loop's own kind, else NULL. */
static Transport *own_transport(Value self)
{
    Ref transport = as_stream_writer(self)->transport;
    return is_transport(transport) && is_loop(as_transport(transport)->job.a) &&
                   borrow(as_object(transport)->shape->type) ==
                       transport_loop(as_transport(transport))->transport_class
               ? as_transport(transport)
               : NULL;
}

/* ---- drain() ---- */

typedef struct Drain {
    Waiter waiter;
} Drain; /* owner: the writer */
enum { DRAIN_NEW, DRAIN_TURN, DRAIN_PAUSED, DRAIN_HELPER };

static Ref drain_wait(Vm *vm, Waiter *waiter, StreamWriter *self)
{
    if (!is_stream_protocol(self->protocol)) {
        Ref name = str_interned(vm, "_drain_helper");
        Ref helper = failed(name) ? FAIL : call_method(vm, self->protocol, name, 0, NULL);
        decref(name);
        waiter->coroutine.state = DRAIN_HELPER;
        return delegate_new(vm, helper);
    }
    StreamProtocol *protocol = as_stream_protocol(self->protocol);
    if (protocol->lost) return throw(vm, ConnectionResetError, "Connection lost");
    if (!protocol->paused) return NONE;
    return waiter_wait(vm, waiter, &protocol->drainers, DRAIN_PAUSED);
}

static bool is_closing(Vm *vm, Value self, bool *closing)
{
    Transport *transport = own_transport(self);
    if (transport) {
        *closing = transport->closing;
        return true;
    }
    Ref answer = forward(vm, self, "is_closing", 0, NULL);
    *closing = answer == TRUE;
    bool ok = !failed(answer);
    decref(answer);
    return ok;
}

/* Raises what the reader has been told; false then. */
static bool check_reader(Vm *vm, Value reader)
{
    if (is_none(reader)) return true;
    Ref error = UNDEF;
    if (is_exact(reader, KIND_STREAM_READER)) error = newref(as_stream_reader(reader)->exception);
    else error = call_method(vm, reader, N(exception), 0, NULL);
    bool none = is_none(error);
    if (!none && !failed(error)) throw_object(vm, error);
    decref(error);
    return none;
}

static Ref drain_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    StreamWriter *self = as_stream_writer(waiter->owner);
    bool closing;
    switch (waiter_phase(waiter)) {
    case DRAIN_NEW:
        if (!check_reader(vm, self->reader) || !is_closing(vm, waiter->owner, &closing))
            return FAIL;
        if (!closing) return drain_wait(vm, waiter, self);
        coroutine->state = DRAIN_TURN; /* let connection_lost() be called */
        return suspend(vm, NONE);
    case DRAIN_TURN: return drain_wait(vm, waiter, self);
    case DRAIN_PAUSED: break;
    default: return NONE;
    }
    StreamProtocol *protocol = as_stream_protocol(self->protocol);
    waiter_leave(waiter, &protocol->drainers);
    if (!waiter_check(vm, waiter)) return FAIL;
    return protocol->lost && !is_none(protocol->lost_error) ? throw_object(vm, protocol->lost_error)
                                                            : NONE;
}

static Ref drain_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    Waiter *waiter = (Waiter *)coroutine;
    StreamWriter *self = as_stream_writer(waiter->owner);
    if (waiter_phase(waiter) == DRAIN_PAUSED)
        waiter_leave(waiter, &as_stream_protocol(self->protocol)->drainers);
    return FAIL;
}

static const NativeCoroutineDef drain_coroutine = {
    .name = "StreamWriter.drain",
    .size = sizeof(Drain),
    .refs = REFS(REF(Waiter, owner)),
    .resume = drain_resume,
    .raise = drain_raise,
};

/* ---- wait_closed() ---- */

static Ref closed_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    StreamWriter *self = as_stream_writer(waiter->owner);
    if (!is_stream_protocol(self->protocol)) {
        if (waiter_phase(waiter)) return NONE;
        Value own = waiter->owner;
        Ref name = str_interned(vm, "_get_close_waiter");
        Ref closed = failed(name) ? FAIL : call_method(vm, self->protocol, name, 1, &own);
        decref(name);
        coroutine->state = 1;
        return delegate_new(vm, closed);
    }
    StreamProtocol *protocol = as_stream_protocol(self->protocol);
    if (waiter_phase(waiter)) {
        waiter_leave(waiter, &protocol->closers);
        if (!waiter_check(vm, waiter)) return FAIL;
    } else if (!protocol->lost) {
        return waiter_wait(vm, waiter, &protocol->closers, 1);
    }
    return is_none(protocol->lost_error) ? NONE : throw_object(vm, protocol->lost_error);
}

static Ref closed_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    Waiter *waiter = (Waiter *)coroutine;
    StreamWriter *self = as_stream_writer(waiter->owner);
    if (is_stream_protocol(self->protocol))
        waiter_leave(waiter, &as_stream_protocol(self->protocol)->closers);
    return FAIL;
}

static const NativeCoroutineDef closed_coroutine = {
    .name = "StreamWriter.wait_closed",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = closed_resume,
    .raise = closed_raise,
};

/* ---- methods ---- */

NATIVE(writer_make, "StreamWriter(cls, transport, protocol, reader, loop)", "Write to transport.")
{
    StreamWriter *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->transport = newref(argv[1]);
    self->protocol = newref(argv[2]);
    self->reader = newref(argv[3]);
    self->loop = newref(argv[4]);
    return from_object(self);
}
NATIVE(writer_write, "write(self, data)", "Send bytes, now or as soon as they can be taken.")
{
    Transport *transport = own_transport(argv[0]);
    if (!transport) return forward(vm, argv[0], "write", 1, &argv[1]);
    return transport_write(vm, transport, argv[1]) ? NONE : FAIL;
}
NATIVE(writer_writelines, "writelines(self, data)", "Send the bytes of several objects.")
{
    return forward(vm, argv[0], "writelines", 1, &argv[1]);
}
NATIVE(writer_write_eof, "write_eof(self)", "Close the writing end when all is sent.")
{
    return forward(vm, argv[0], "write_eof", 0, NULL);
}
NATIVE(writer_can_write_eof, "can_write_eof(self)", "Return True when write_eof() can be used.")
{
    return forward(vm, argv[0], "can_write_eof", 0, NULL);
}
NATIVE(writer_close, "close(self)", "Close the connection when all is sent.")
{
    return forward(vm, argv[0], "close", 0, NULL);
}
NATIVE(writer_is_closing, "is_closing(self)", "Return True when it is closed or is being closed.")
{
    return forward(vm, argv[0], "is_closing", 0, NULL);
}
NATIVE(writer_wait_closed, "async wait_closed(self)",
       "A coroutine that waits until the connection is closed.")
{
    Waiter *waiter = waiter_new(vm, &closed_coroutine, argv[0]);
    return waiter ? from_object(waiter) : FAIL;
}
NATIVE(writer_get_extra_info, "get_extra_info(self, name, default=None)",
       "Return what the transport knows as name.")
{
    return forward(vm, argv[0], "get_extra_info", 2, &argv[1]);
}
NATIVE(writer_drain, "async drain(self)", "A coroutine that waits until it is wise to write on.")
{
    Waiter *waiter = waiter_new(vm, &drain_coroutine, argv[0]);
    return waiter ? from_object(waiter) : FAIL;
}
NATIVE(writer_start_tls,
       "async start_tls(self, sslcontext, *, server_hostname=None, ssl_handshake_timeout=None, "
       "ssl_shutdown_timeout=None)",
       "Encrypt the connection from now on.")
{
    Ref module = import_text(vm, "asyncio.streams"),
        function = failed(module) ? FAIL : attr_get_text(vm, module, "_start_tls");
    Ref result = failed(function) ? FAIL : call(vm, function, 5, argv);
    decref(module);
    decref(function);
    return result;
}

/* ---- the type ---- */

static Ref get_transport(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_writer(self)->transport);
}
static bool set_transport(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_stream_writer(self)->transport, absent(value) ? NONE : newref(value));
    return true;
}
static Ref get_protocol(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_writer(self)->protocol);
}
static Ref get_reader(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_writer(self)->reader);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_writer(self)->loop);
}

static Ref writer_repr(Vm *vm, Value v)
{
    StreamWriter *self = as_stream_writer(v);
    if (is_none(self->reader))
        return format_text(vm, "<StreamWriter transport=%R>", (Value)self->transport);
    return format_text(vm, "<StreamWriter transport=%R reader=%R>", (Value)self->transport,
                       (Value)self->reader);
}

static bool writer_needs_finalizer(Object *object)
{
    Transport *transport = own_transport(borrow(object));
    return transport ? !transport->closing : is_heap(((StreamWriter *)object)->transport);
}

/* transport.close() for a transport written in the language (TLS), if it is open. */
static bool close_foreign(Vm *vm, Value self)
{
    bool closing;
    Value loop = as_stream_writer(self)->loop;
    if (!is_closing(vm, self, &closing)) return false;
    if (closing) return true;
    if (is_loop(loop) && as_loop(loop)->closed)
        return warn(vm, ResourceWarning, 1, "loop is closed");
    Ref closed = forward(vm, self, "close", 0, NULL);
    decref(closed);
    return !failed(closed) && warn(vm, ResourceWarning, 1, "unclosed %R", self);
}

static void writer_finalize(Vm *vm, Object *object)
{
    Transport *transport = own_transport(borrow(object));
    bool ok = true;
    if (!transport) {
        ok = close_foreign(vm, borrow(object));
    } else if (!transport->closing) {
        ok = transport_loop(transport)->closed
                 ? warn(vm, ResourceWarning, 1, "loop is closed")
                 : transport_close(vm, transport) &&
                       warn(vm, ResourceWarning, 1, "unclosed %R", borrow(object));
    }
    if (!ok) error_unraisable(vm, "Exception ignored in", borrow(object));
}

static const Native *const writer_methods[] = {&writer_write_def,
                                               &writer_writelines_def,
                                               &writer_write_eof_def,
                                               &writer_can_write_eof_def,
                                               &writer_close_def,
                                               &writer_is_closing_def,
                                               &writer_wait_closed_def,
                                               &writer_get_extra_info_def,
                                               &writer_drain_def,
                                               &writer_start_tls_def,
                                               NULL};
static const Attribute writer_attributes[] = {
    {"transport", get_transport, NULL, "the transport"},
    {"_transport", get_transport, set_transport, "the transport"},
    {"_protocol", get_protocol, NULL, "the protocol"},
    {"_reader", get_reader, NULL, "the reader"},
    {"_loop", get_loop, NULL, "the loop"},
    {0}};

const TypeDef stream_writer_type = {
    .name = "asyncio.streams.StreamWriter",
    .size = sizeof(StreamWriter),
    .doc = "Writes to a connection.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(StreamWriter, transport), REF(StreamWriter, protocol),
                 REF(StreamWriter, reader), REF(StreamWriter, loop)),
    .needs_finalizer = writer_needs_finalizer,
    .finalize = writer_finalize,
    .new = &writer_make_def,
    .repr = writer_repr,
    .methods = writer_methods,
    .attributes = writer_attributes,
};
