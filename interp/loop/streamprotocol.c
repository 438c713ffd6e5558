/* streamprotocol.c - StreamReaderProtocol: between a transport and a StreamReader.
 *
 * It holds its reader weakly once somebody else has it: when the reader is dropped with the
 * connection open, the connection
 * is aborted.  Whoever waits in drain() or wait_closed() stands in its lists.
 * Neighbours: reader.c, writer.c, transport.c (calls stream_protocol_feed without a bytes object).
 * */
/* SPDX-License-Identifier: MIT */
#include "loop/streamprotocol.h"

#include "loop/future.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/exception.h"
#include "object/name.h"
#include "object/number.h"

/* ---- what the transport asks ---- */

/* Is the method `name` of protocol's class the one of ours? */
static bool keeps(Vm *vm, Value protocol, Value name)
{
    Type *own = type_builtin(vm, KIND_STREAM_PROTOCOL), *type = type_of(vm, protocol);
    return type_lookup(vm, type, name) == type_lookup(vm, own, name);
}

bool stream_protocol_is_plain(Vm *vm, Value protocol)
{
    return is_stream_protocol(protocol) && keeps(vm, protocol, N(data_received)) &&
           type_dict(vm, type_builtin(vm, KIND_STREAM_PROTOCOL));
}

bool stream_protocol_takes_made(Vm *vm, Value protocol)
{
    return keeps(vm, protocol, N(connection_made));
}

char *stream_protocol_room(Vm *vm, StreamProtocol *self, size_t *len)
{
    StreamReader *reader = self->reader;
    if (!reader || reader->eof) return NULL;
    size_t behind = reader->capacity - reader->start - reader->len;
    char *at = reader_room(vm, reader, behind >= *len / 4 ? behind : *len);
    if (!at) {
        error_clear(vm);
        return NULL;
    }
    *len = reader->capacity - reader->start - reader->len;
    return at;
}

bool stream_protocol_feed(Vm *vm, StreamProtocol *self, const char *data, ptrdiff_t len)
{
    if (!self->reader) return true;
    return data ? !failed(reader_feed(vm, self->reader, data, (size_t)len))
                : reader_grown(vm, self->reader, (size_t)len);
}

/* ---- the reader ---- */

static Ref abort_transport(Vm *vm, Value transport)
{
    if (is_transport(transport))
        return transport_abort(vm, as_transport(transport), NONE) ? NONE : FAIL;
    Ref name = str_interned(vm, "abort");
    Ref done = failed(name) ? FAIL : call_method(vm, transport, name, 0, NULL);
    decref(name);
    return done;
}

static void reader_bind(StreamProtocol *self, StreamReader *reader)
{
    if (self->reader) self->reader->protocol = NULL;
    self->reader = reader;
    if (!reader) return;
    if (reader->protocol) reader->protocol->reader = NULL;
    reader->protocol = self;
}

/* Is a transport, of any kind, on its way to its end? */
static Truth is_closing(Vm *vm, Value transport)
{
    if (is_transport(transport)) {
        const Transport *own = as_transport(transport);
        return own->lost || own->closing ? YES : NO;
    }
    Ref name = str_interned(vm, "is_closing");
    Ref answer = failed(name) ? FAIL : call_method(vm, transport, name, 0, NULL);
    decref(name);
    Truth closing = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return closing;
}

static bool tell_reader_gone(Vm *vm, Job *job, Value arg __attribute__((unused)))
{
    Truth closing = is_closing(vm, job->a);
    if (closing != NO) return closing == YES;
    Ref context = dict_new(vm), text = UNDEF;
    if (failed(context)) return false;
    text = str_from(
        vm,
        "An open stream object is being garbage collected; call \"stream.close()\" explicitly.");
    bool ok = !failed(text) && dict_set_text(vm, as_dict(context), "message", text) &&
              loop_report_context(vm, job->b, context);
    decref(text);
    decref(context);
    Ref done = ok ? abort_transport(vm, job->a) : FAIL;
    decref(done);
    return !failed(done);
}

void stream_protocol_reader_gone(Vm *vm, StreamProtocol *self)
{
    if (!is_heap(self->transport) || !is_loop(self->loop)) return;
    Loop *loop = as_loop(self->loop);
    if (loop->closed) return;
    if (is_transport(self->transport) && is_closing(vm, self->transport)) return;
    Ref saved = error_take(vm);
    Job *job = job_new(vm, tell_reader_gone, self->transport, self->loop);
    if (!job || !loop_ready(vm, loop, ENTRY_NATIVE, job, UNDEF))
        error_unraisable(vm, "Exception ignored while a transport was closed", UNDEF);
    loop_wake(loop);
    error_restore(vm, saved);
}

/* ---- connection_made() ---- */

static Ref close_transport(Vm *vm, Value transport)
{
    if (is_transport(transport)) return transport_close(vm, as_transport(transport)) ? NONE : FAIL;
    return call_method(vm, transport, N(close), 0, NULL);
}

/* The task of client_connected_cb is done: job->a is the transport, job->b the loop. */
static bool client_done(Vm *vm, Job *job, Value task)
{
    Ref closed = NONE;
    if (is_cancelled(as_future(task))) {
        closed = close_transport(vm, job->a);
    } else {
        Value exception = future_exception(vm, as_future(task));
        if (!failed(exception) && !is_none(exception)) {
            if (!loop_report(vm, job->b, "Unhandled exception in client_connected_cb", exception,
                             "transport", job->a))
                return false;
            closed = close_transport(vm, job->a);
        }
    }
    bool ok = !failed(closed);
    decref(closed);
    return ok;
}

static bool start_client(Vm *vm, StreamProtocol *self, Value coroutine)
{
    Loop *loop = as_loop(self->loop);
    Ref task = loop_create_own_task(vm, loop, coroutine, &NO_OPTIONS);
    if (failed(task)) return false;
    replace(&self->task, task);
    if (!is_future(task)) return true;
    Job *job = job_new(vm, client_done, self->transport, self->loop);
    return job && future_add_entry(vm, as_future(task), ENTRY_NATIVE, job);
}

static bool call_client(Vm *vm, StreamProtocol *self)
{
    StreamReader *reader = self->reader;
    StreamWriter *writer =
        writer_new(vm, self->transport, borrow(self), borrow(reader), self->loop);
    if (!writer) return false;
    replace(&self->writer, from_object(writer));
    Ref held = newref(borrow(reader)), callback = newref(self->callback);
    clear(&self->strong_reader);
    Ref result = call2(vm, callback, held, borrow(writer));
    decref(held);
    decref(callback);
    bool ok = !failed(result) && (!is_coroutine_like(vm, result) || start_client(vm, self, result));
    decref(result);
    clear(&self->writer);
    return ok;
}

static bool reject_connection(Vm *vm, StreamProtocol *self, Value transport)
{
    Ref context = dict_new(vm),
        text = failed(context)
                   ? FAIL
                   : str_from(vm, "An open stream was garbage collected prior to establishing "
                                  "network connection; call \"stream.close()\" explicitly.");
    bool ok = !failed(text) && dict_set_text(vm, as_dict(context), "message", text) &&
              loop_report_context(vm, self->loop, context);
    decref(text);
    decref(context);
    if (!ok) return false;
    Ref done = abort_transport(vm, transport);
    decref(done);
    return !failed(done);
}

static bool connection_made(Vm *vm, StreamProtocol *self, Value transport)
{
    if (self->reject) return reject_connection(vm, self, transport);
    replace(&self->transport, newref(transport));
    if (self->reader && !reader_set_transport(vm, self->reader, transport)) return false;
    if (!is_transport(transport)) {
        Ref name = str_interned(vm, "get_extra_info"), asked = str_interned(vm, "sslcontext");
        Value argument = asked;
        Ref context =
            failed(name) || failed(asked) ? FAIL : call_method(vm, transport, name, 1, &argument);
        decref(name);
        decref(asked);
        if (failed(context)) return false;
        self->over_ssl = !is_none(context);
        decref(context);
    }
    return is_none(self->callback) || !self->reader || call_client(vm, self);
}

Ref stream_protocol_made_in(Vm *vm, Value protocol, Transport *transport)
{
    Ref held = newref(protocol);
    bool ok = context_enter(vm, &transport->context);
    if (ok) {
        ok = connection_made(vm, as_stream_protocol(protocol), borrow(transport));
        context_leave(vm, &transport->context);
    }
    decref(held);
    return ok ? NONE : FAIL;
}

/* ---- connection_lost() ---- */

static bool wake_all(Vm *vm, Waiters *list)
{
    bool ok = true;
    for (Waiter *waiter = list->first; waiter && ok; waiter = waiter->next)
        ok = waiter_wake(vm, waiter);
    return ok;
}

static bool settle_closed(Vm *vm, StreamProtocol *self)
{
    if (!is_future(self->closed) || is_done(as_future(self->closed))) return true;
    Future *closed = as_future(self->closed);
    if (is_none(self->lost_error)) return future_set_result(vm, closed, NONE);
    bool ok = future_set_exception(vm, closed, newref(self->lost_error));
    closed->head.aux &= ~(unsigned)FUTURE_UNSEEN; /* nobody has to look */
    return ok;
}

static bool connection_lost(Vm *vm, StreamProtocol *self, Value exception)
{
    StreamReader *reader = self->reader;
    bool ok = true;
    if (reader)
        ok = is_none(exception) ? reader_feed_eof(vm, reader)
                                : reader_set_exception(vm, reader, exception);
    self->lost = true;
    replace(&self->lost_error, newref(exception));
    ok = ok && settle_closed(vm, self) && wake_all(vm, &self->closers) &&
         wake_all(vm, &self->drainers);
    reader_bind(self, NULL);
    clear(&self->strong_reader);
    clear(&self->writer);
    clear(&self->task);
    replace(&self->transport, NONE);
    return ok;
}

/* ---- methods ---- */

NATIVE(protocol_make, "StreamReaderProtocol(cls, *args, **kwargs)",
       "Make a protocol, which __init__ fills in.")
{
    StreamProtocol *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->loop = self->transport = self->callback = self->lost_error = NONE;
    return from_object(self);
}
NATIVE(protocol_init, "__init__(self, stream_reader, client_connected_cb=None, loop=None)",
       "Feed stream_reader; client_connected_cb(reader, writer), a function or coroutine function, "
       "gets the connection.")
{
    StreamProtocol *self = as_stream_protocol(argv[0]);
    Loop *loop = NULL;
    if (is_none(argv[3]) && !(loop = loop_current_or_set(vm))) return FAIL;
    replace(&self->loop, newref(loop ? borrow(loop) : argv[3]));
    reader_bind(self, is_stream_reader(argv[1]) ? as_stream_reader(argv[1]) : NULL);
    replace(&self->callback, newref(argv[2]));
    if (!is_none(argv[2])) replace(&self->strong_reader, newref(argv[1]));
    return NONE;
}
NATIVE(protocol_connection_made, "connection_made(self, transport)",
       "Hand the connection to client_connected_cb.")
{
    return connection_made(vm, as_stream_protocol(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(protocol_connection_lost, "connection_lost(self, exc)", "Tell the reader and all who wait.")
{
    return connection_lost(vm, as_stream_protocol(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(protocol_data_received, "data_received(self, data)", "Feed the reader.")
{
    StreamProtocol *self = as_stream_protocol(argv[0]);
    Buffer buffer;
    if (!self->reader) return NONE;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    bool ok = stream_protocol_feed(vm, self, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return ok ? NONE : FAIL;
}
NATIVE(protocol_eof_received, "eof_received(self)",
       "Tell the reader; True keeps the connection open for writing.")
{
    StreamProtocol *self = as_stream_protocol(argv[0]);
    if (self->reader && !reader_feed_eof(vm, self->reader)) return FAIL;
    return from_bool(!self->over_ssl);
}
NATIVE(protocol_pause_writing, "pause_writing(self)", "Let drain() wait.")
{
    as_stream_protocol(argv[0])->paused = true;
    return NONE;
}
NATIVE(protocol_resume_writing, "resume_writing(self)", "Let those who wait in drain() go on.")
{
    StreamProtocol *self = as_stream_protocol(argv[0]);
    self->paused = false;
    return wake_all(vm, &self->drainers) ? NONE : FAIL;
}

static Ref helper_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    Waiter *waiter = (Waiter *)coroutine;
    StreamProtocol *self = as_stream_protocol(waiter->owner);
    if (!waiter_phase(waiter)) {
        if (self->lost) return throw(vm, ConnectionResetError, "Connection lost");
        return self->paused ? waiter_wait(vm, waiter, &self->drainers, 1) : NONE;
    }
    waiter_leave(waiter, &self->drainers);
    if (!waiter_check(vm, waiter)) return FAIL;
    return self->lost && !is_none(self->lost_error) ? throw_object(vm, self->lost_error) : NONE;
}
static Ref helper_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    Waiter *waiter = (Waiter *)coroutine;
    waiter_leave(waiter, &as_stream_protocol(waiter->owner)->drainers);
    return FAIL;
}
static const NativeCoroutineDef helper_coroutine = {
    .name = "FlowControlMixin._drain_helper",
    .size = sizeof(Waiter),
    .refs = REFS(REF(Waiter, owner)),
    .resume = helper_resume,
    .raise = helper_raise,
};
NATIVE(protocol_drain_helper, "async _drain_helper(self)",
       "A coroutine that waits while writing is paused.")
{
    Waiter *waiter = waiter_new(vm, &helper_coroutine, argv[0]);
    return waiter ? from_object(waiter) : FAIL;
}
NATIVE(protocol_get_close_waiter, "_get_close_waiter(self, stream)",
       "A future that is done when the connection is closed.")
{
    StreamProtocol *self = as_stream_protocol(argv[0]);
    if (absent(self->closed)) {
        if (!is_loop(self->loop))
            return throw(vm, AttributeError, "'%T' object has no attribute '_loop'", argv[0]);
        Future *future = future_new(vm, as_loop(self->loop));
        if (!future) return FAIL;
        self->closed = from_object(future);
        future->head.aux |= FUTURE_SILENT;
        if (self->lost && !settle_closed(vm, self)) return FAIL;
    }
    return newref(self->closed);
}
NATIVE(protocol_replace_transport, "_replace_transport(self, transport)",
       "Another transport carries the connection now (TLS).")
{
    StreamProtocol *self = as_stream_protocol(argv[0]);
    replace(&self->transport, newref(argv[1]));
    self->over_ssl = true;
    return NONE;
}

/* ---- the type ---- */

static void protocol_visit(Object *object, Visit *visit, void *context)
{
    waiters_visit(&((StreamProtocol *)object)->drainers, visit, context);
    waiters_visit(&((StreamProtocol *)object)->closers, visit, context);
}
static void protocol_clear(Object *object)
{
    StreamProtocol *self = (StreamProtocol *)object;
    reader_bind(self, NULL);
    waiters_clear(&self->drainers);
    waiters_clear(&self->closers);
}

static Ref get_reader(Vm *vm __attribute__((unused)), Value self)
{
    StreamReader *reader = as_stream_protocol(self)->reader;
    return reader ? newref(borrow(reader)) : NONE;
}
static Ref get_transport(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_protocol(self)->transport);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_protocol(self)->loop);
}
static Ref get_paused(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream_protocol(self)->paused);
}
static Ref get_callback(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_protocol(self)->callback);
}
static Ref get_lost(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream_protocol(self)->lost);
}
static Ref get_over_ssl(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream_protocol(self)->over_ssl);
}
static bool set_over_ssl(Vm *vm __attribute__((unused)), Value self, Value value)
{
    as_stream_protocol(self)->over_ssl = value == TRUE;
    return true;
}
static bool set_transport(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_stream_protocol(self)->transport, absent(value) ? NONE : newref(value));
    return true;
}

static const Native *const protocol_methods[] = {
    &protocol_connection_made_def,   &protocol_connection_lost_def,
    &protocol_data_received_def,     &protocol_eof_received_def,
    &protocol_pause_writing_def,     &protocol_resume_writing_def,
    &protocol_drain_helper_def,      &protocol_get_close_waiter_def,
    &protocol_replace_transport_def, NULL};
static const Attribute protocol_attributes[] = {
    {"_stream_reader", get_reader, NULL, "the reader"},
    {"_transport", get_transport, set_transport, "the transport"},
    {"_loop", get_loop, NULL, "the loop"},
    {"_paused", get_paused, NULL, "is writing paused?"},
    {"_client_connected_cb", get_callback, NULL, "what gets the connection"},
    {"_connection_lost", get_lost, NULL, "is the connection lost?"},
    {"_over_ssl", get_over_ssl, set_over_ssl, "does TLS carry it?"},
    {0}};

const TypeDef stream_protocol_type = {
    .name = "_asyncio._StreamProtocol",
    .size = sizeof(StreamProtocol),
    .doc = "Between a transport and a StreamReader.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(StreamProtocol, loop), REF(StreamProtocol, transport),
                 REF(StreamProtocol, strong_reader), REF(StreamProtocol, writer),
                 REF(StreamProtocol, callback), REF(StreamProtocol, task),
                 REF(StreamProtocol, lost_error), REF(StreamProtocol, closed)),
    .visit = protocol_visit,
    .clear = protocol_clear,
    .new = &protocol_make_def,
    .init = &protocol_init_def,
    .methods = protocol_methods,
    .attributes = protocol_attributes,
};
