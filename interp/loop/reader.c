/* reader.c - asyncio.StreamReader: bytes that arrived, and coroutines that wait for more.
 *
 * The buffer is one bytes object with the unread bytes in its middle; reading moves the start, and
 * the rest moves to the front when the end is reached.  Who reads all of a long buffer gets the
 * object itself.  A coroutine that finds enough there ends without suspending.
 * Invariant: at most one coroutine waits; it stands in `waiting`, which owns it.  Nobody else has
 * the bytes object while it is the buffer.
 * Neighbours: streamprotocol.c (feeds it), writer.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/streamprotocol.h"

#include "object/attr.h"
#include "object/bytearray.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/tuple.h"

enum {
    LEAST_CAPACITY = 512,
    HANDED_OVER = 8 * 1024, /* bytes; fewer are copied out, and the buffer stays */
    KEPT_CAPACITY = 64 * 1024,
    DEFAULT_LIMIT = 64 * 1024
};

typedef enum ReadOp { READ_SOME, READ_ALL, READ_LINE, READ_EXACTLY, READ_UNTIL, READ_NEXT } ReadOp;

typedef struct ReadWait {
    Waiter waiter; /* owner: the reader */
    ReadOp op;
    bool failed; /* woken by set_exception() */
    int64_t n;
    size_t searched; /* READ_UNTIL: where the search goes on */
    Ref separators;  /* READ_UNTIL: bytes, or a tuple of them */
    Ref gathered;    /* READ_ALL: bytearray */
} ReadWait;

/* ---- the buffer ---- */

char *reader_room(Vm *vm, StreamReader *self, size_t len)
{
    if (self->capacity - self->start - self->len >= len)
        return self->data + self->start + self->len;
    if (self->capacity - self->len < len) {
        size_t capacity = self->capacity ? self->capacity * 2 : LEAST_CAPACITY;
        if (capacity < self->len + len) capacity = self->len + len;
        Ref buffer = bytes_from(vm, NULL, (ptrdiff_t)capacity);
        if (failed(buffer)) return NULL;
        if (self->len) memcpy(as_bytes(buffer)->data, self->data + self->start, self->len);
        replace(&self->buffer, buffer);
        self->data = as_bytes(buffer)->data;
        self->capacity = capacity;
    } else {
        memmove(self->data, self->data + self->start, self->len);
    }
    self->start = 0;
    return self->data + self->len;
}

/* Parts with the buffer; the bytes object, owned. */
static Ref buffer_give(StreamReader *self)
{
    self->data = NULL;
    self->start = self->len = self->capacity = 0;
    return take(&self->buffer);
}

static void buffer_skip(StreamReader *self, size_t len)
{
    self->start += len;
    self->len -= len;
    if (self->len) return;
    self->start = 0;
    if (self->capacity <= KEPT_CAPACITY) return;
    Ref buffer = buffer_give(self);
    decref(buffer);
}

static Ref buffer_take(Vm *vm, StreamReader *self, size_t len)
{
    if (len == self->len && !self->start && len >= HANDED_OVER && len >= self->capacity / 4)
        return bytes_cut(vm, buffer_give(self), (ptrdiff_t)len);
    Ref bytes = bytes_from(vm, self->len ? self->data + self->start : "", (ptrdiff_t)len);
    if (!failed(bytes)) buffer_skip(self, len);
    return bytes;
}

/* ---- feeding ---- */

static bool reader_wake(Vm *vm, StreamReader *self)
{
    if (!self->waiting) return true;
    Waiter *waiter = self->waiting;
    self->waiting = NULL;
    bool ok = waiter_wake(vm, waiter);
    decref_object(waiter);
    return ok;
}

static bool pause_transport(Vm *vm, StreamReader *self)
{
    self->paused = true;
    if (is_transport(self->transport)) {
        transport_pause(as_transport(self->transport));
        return true;
    }
    Ref name = str_interned(vm, "pause_reading"),
        done = failed(name) ? FAIL : call_method(vm, self->transport, name, 0, NULL);
    decref(name);
    decref(done);
    if (!failed(done)) return true;
    if (!error_is(vm, NotImplementedError)) return false;
    error_clear(vm); /* it cannot be paused: never try again */
    self->paused = false;
    replace(&self->transport, NONE);
    return true;
}

static bool resume_transport(Vm *vm, StreamReader *self)
{
    self->paused = false;
    if (is_transport(self->transport)) return transport_resume(vm, as_transport(self->transport));
    Ref name = str_interned(vm, "resume_reading"),
        done = failed(name) ? FAIL : call_method(vm, self->transport, name, 0, NULL);
    decref(name);
    decref(done);
    return !failed(done);
}

static bool resume_if_drained(Vm *vm, StreamReader *self)
{
    return !self->paused || (int64_t)self->len > self->limit || resume_transport(vm, self);
}

bool reader_grown(Vm *vm, StreamReader *self, size_t len)
{
    self->len += len;
    if (!reader_wake(vm, self)) return false;
    if (is_none(self->transport) || self->paused || (int64_t)self->len <= 2 * self->limit)
        return true;
    return pause_transport(vm, self);
}

Ref reader_feed(Vm *vm, StreamReader *self, const char *data, size_t len)
{
    if (self->eof) return throw(vm, AssertionError, "feed_data after feed_eof");
    if (!len) return NONE;
    char *room = reader_room(vm, self, len);
    if (!room) return FAIL;
    memcpy(room, data, len);
    return reader_grown(vm, self, len) ? NONE : FAIL;
}

bool reader_feed_eof(Vm *vm, StreamReader *self)
{
    self->eof = true;
    return reader_wake(vm, self);
}

bool reader_set_exception(Vm *vm, StreamReader *self, Value exception)
{
    replace(&self->exception, newref(exception));
    if (self->waiting && !waiter_is_done(self->waiting)) ((ReadWait *)self->waiting)->failed = true;
    return reader_wake(vm, self);
}

bool reader_set_transport(Vm *vm, StreamReader *self, Value transport)
{
    if (!is_none(self->transport)) {
        throw(vm, AssertionError, "Transport already set");
        return false;
    }
    replace(&self->transport, newref(transport));
    return true;
}

/* ---- waiting ---- */

static Ref wait_for_data(Vm *vm, StreamReader *self, ReadWait *wait)
{
    static const char *const names[] = {"read",        "read",      "readuntil",
                                        "readexactly", "readuntil", "readuntil"};
    if (self->waiting)
        return throw(vm, RuntimeError,
                     "%s() called while another coroutine is already waiting for incoming data",
                     names[wait->op]);
    if (self->paused && !resume_transport(vm, self)) return FAIL;
    self->waiting = (Waiter *)as_object(newref(borrow(wait)));
    return waiter_pause(vm, &wait->waiter, 1);
}

static void stop_waiting(StreamReader *self, ReadWait *wait)
{
    if (self->waiting != &wait->waiter) return;
    self->waiting = NULL;
    decref_object(wait);
}

static Ref throw_incomplete(Vm *vm, StreamReader *self, Value expected)
{
    Ref partial = bytes_from(vm, self->len ? self->data + self->start : "", (ptrdiff_t)self->len);
    if (failed(partial)) return FAIL;
    buffer_skip(self, self->len);
    Value argv[2] = {partial, expected};
    Ref error = call(vm, borrow(exception_class(vm, IncompleteReadError)), 2, argv);
    decref(partial);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    return FAIL;
}

static Ref throw_overrun(Vm *vm, const char *text, size_t consumed)
{
    Ref message = str_from(vm, text);
    if (failed(message)) return FAIL;
    Value argv[2] = {message, from_small((int64_t)consumed)};
    Ref error = call(vm, borrow(exception_class(vm, LimitOverrunError)), 2, argv);
    decref(message);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    return FAIL;
}

/* ---- read(), readexactly() ---- */

static Ref taken(Vm *vm, StreamReader *self, size_t len)
{
    Ref bytes = buffer_take(vm, self, len);
    if (failed(bytes) || resume_if_drained(vm, self)) return bytes;
    decref(bytes);
    return FAIL;
}

static Ref read_some(Vm *vm, StreamReader *self, ReadWait *wait)
{
    if (!self->len && !self->eof && !waiter_phase(&wait->waiter))
        return wait_for_data(vm, self, wait);
    return taken(vm, self, (int64_t)self->len < wait->n ? self->len : (size_t)wait->n);
}

static Ref read_all(Vm *vm, StreamReader *self, ReadWait *wait)
{
    if (absent(wait->gathered)) {
        Ref gathered = bytearray_from(vm, "", 0);
        if (failed(gathered)) return FAIL;
        wait->gathered = gathered;
    }
    ByteArray *all = as_bytearray(wait->gathered);
    if (self->len) {
        if (!bytearray_splice(vm, all, all->len, all->len, self->data + self->start,
                              (ptrdiff_t)self->len))
            return FAIL;
        buffer_skip(self, self->len);
        if (!resume_if_drained(vm, self)) return FAIL;
    }
    return self->eof ? bytes_from(vm, all->len ? all->data : "", all->len)
                     : wait_for_data(vm, self, wait);
}

static Ref read_exactly(Vm *vm, StreamReader *self, ReadWait *wait)
{
    if ((int64_t)self->len >= wait->n) return taken(vm, self, (size_t)wait->n);
    if (self->eof) return throw_incomplete(vm, self, from_small(wait->n));
    if (wait->n <= KEPT_CAPACITY && !reader_room(vm, self, (size_t)wait->n - self->len))
        return FAIL;
    return wait_for_data(vm, self, wait);
}

/* ---- readuntil(), readline() ---- */

/* The first place of separator at or after `from`; false: none. */
static bool find(const StreamReader *self, const Bytes *separator, size_t from, size_t *place)
{
    if (from >= self->len) return false;
    const char *data = self->data + self->start, *at;
    if (separator->len == 1) at = memchr(data + from, separator->data[0], self->len - from);
    else at = memmem(data + from, self->len - from, separator->data, (size_t)separator->len);
    if (at) *place = (size_t)(at - data);
    return at != NULL;
}

/* The match that ends first. */
static bool find_first(const StreamReader *self, Value separators, size_t from, size_t *start,
                       size_t *end)
{
    bool found = false;
    ptrdiff_t count = is_tuple(separators) ? tuple_len(separators) : 1;
    for (ptrdiff_t i = 0; i < count; i++) {
        const Bytes *one = as_bytes(is_tuple(separators) ? tuple_at(separators, i) : separators);
        size_t place;
        if (!find(self, one, from, &place) || (found && place + (size_t)one->len >= *end)) continue;
        found = true;
        *start = place;
        *end = place + (size_t)one->len;
    }
    return found;
}

static size_t longest(Value separators)
{
    if (!is_tuple(separators)) return (size_t)as_bytes(separators)->len;
    size_t most = 0;
    for (ptrdiff_t i = 0; i < tuple_len(separators); i++)
        if ((size_t)as_bytes(tuple_at(separators, i))->len > most)
            most = (size_t)as_bytes(tuple_at(separators, i))->len;
    return most;
}

static Ref read_until(Vm *vm, StreamReader *self, ReadWait *wait)
{
    size_t start = 0, end = 0;
    if (find_first(self, wait->separators, wait->searched, &start, &end)) {
        if ((int64_t)start > self->limit)
            return throw_overrun(vm, "Separator is found, but chunk is longer than limit", start);
        return taken(vm, self, end);
    }
    size_t most = longest(wait->separators);
    wait->searched = self->len + 1 > most ? self->len + 1 - most : 0;
    if ((int64_t)wait->searched > self->limit)
        return throw_overrun(vm, "Separator is not found, and chunk exceed the limit",
                             wait->searched);
    if (self->eof) return throw_incomplete(vm, self, NONE);
    return wait_for_data(vm, self, wait);
}

/* The end of a line too long: it is skipped as far as it is known. */
static Ref line_too_long(Vm *vm, StreamReader *self, const char *text, size_t known)
{
    bool there = known < self->len && self->data[self->start + known] == '\n';
    buffer_skip(self, there ? known + 1 : self->len);
    return resume_if_drained(vm, self) ? throw(vm, ValueError, "%s", text) : FAIL;
}

static Ref read_line(Vm *vm, StreamReader *self, ReadWait *wait)
{
    const char *data = self->data + self->start;
    const char *at = wait->searched < self->len
                         ? memchr(data + wait->searched, '\n', self->len - wait->searched)
                         : NULL;
    size_t place = at ? (size_t)(at - data) : self->len;
    if (at && (int64_t)place <= self->limit) return taken(vm, self, place + 1);
    if (at)
        return line_too_long(vm, self, "Separator is found, but chunk is longer than limit", place);
    wait->searched = self->len;
    if ((int64_t)self->len > self->limit)
        return line_too_long(vm, self, "Separator is not found, and chunk exceed the limit",
                             self->len);
    if (self->eof) return buffer_take(vm, self, self->len);
    return wait_for_data(vm, self, wait);
}

/* ---- the coroutines ---- */

/* One separator or a tuple as bytes, checked; owned. */
static Ref separators_of(Vm *vm, Value given)
{
    if (!is_tuple(given)) {
        Buffer buffer;
        if (!buffer_get(vm, given, &buffer, false)) return FAIL;
        Ref one = bytes_from(vm, buffer.data, buffer.len);
        buffer_release(vm, &buffer);
        if (failed(one) || as_bytes(one)->len) return one;
        decref(one);
        return throw(vm, ValueError, "Separator should be at least one-byte string");
    }
    if (!tuple_len(given))
        return throw(vm, ValueError, "Separator should contain at least one element");
    Ref all = tuple_new(vm, tuple_len(given));
    for (ptrdiff_t i = 0; !failed(all) && i < tuple_len(given); i++) {
        Ref one = separators_of(vm, tuple_at(given, i));
        if (!failed(one)) {
            as_tuple(all)->items[i] = one;
            continue;
        }
        decref(all);
        return FAIL;
    }
    return all;
}

static bool check_separators(Vm *vm, ReadWait *wait)
{
    Ref checked = separators_of(vm, wait->separators);
    if (failed(checked)) return false;
    replace(&wait->separators, checked);
    return true;
}

static Ref read_go_on(Vm *vm, StreamReader *self, ReadWait *wait)
{
    switch (wait->op) {
    case READ_SOME: return read_some(vm, self, wait);
    case READ_ALL: return read_all(vm, self, wait);
    case READ_EXACTLY: return read_exactly(vm, self, wait);
    case READ_UNTIL: return read_until(vm, self, wait);
    default: break;
    }
    Ref line = read_line(vm, self, wait);
    if (wait->op == READ_LINE || !is_bytes(line) || as_bytes(line)->len) return line;
    decref(line);
    throw(vm, StopAsyncIteration, "");
    return FAIL;
}

static Ref read_resume(Vm *vm, NativeCoroutine *coroutine, Value sent __attribute__((unused)))
{
    ReadWait *wait = (ReadWait *)coroutine;
    StreamReader *self = as_stream_reader(wait->waiter.owner);
    if (waiter_phase(&wait->waiter)) {
        stop_waiting(self, wait);
        if (!waiter_check(vm, &wait->waiter)) return FAIL;
        if (wait->failed) return throw_object(vm, self->exception);
    } else {
        if (wait->op == READ_EXACTLY && wait->n < 0)
            return throw(vm, ValueError, "readexactly size can not be less than zero");
        if (wait->op == READ_UNTIL && !check_separators(vm, wait)) return FAIL;
        if (!is_none(self->exception)) return throw_object(vm, self->exception);
        if (wait->n == 0 && (wait->op == READ_SOME || wait->op == READ_EXACTLY))
            return newref(vm->interp->empty_bytes);
    }
    return read_go_on(vm, self, wait);
}

static Ref read_raise(Vm *vm __attribute__((unused)), NativeCoroutine *coroutine)
{
    stop_waiting(as_stream_reader(((Waiter *)coroutine)->owner), (ReadWait *)coroutine);
    return FAIL;
}

#define READ_COROUTINE(id, text)                                                                   \
    static const NativeCoroutineDef id = {                                                         \
        .name = "StreamReader." text,                                                              \
        .size = sizeof(ReadWait),                                                                  \
        .refs = REFS(REF(Waiter, owner), REF(ReadWait, separators), REF(ReadWait, gathered)),      \
        .resume = read_resume,                                                                     \
        .raise = read_raise}
READ_COROUTINE(read_coroutine, "read");
READ_COROUTINE(readline_coroutine, "readline");
READ_COROUTINE(readexactly_coroutine, "readexactly");
READ_COROUTINE(readuntil_coroutine, "readuntil");
READ_COROUTINE(next_coroutine, "__anext__");

static ReadWait *read_new(Vm *vm, const NativeCoroutineDef *def, Value reader, ReadOp op, int64_t n)
{
    ReadWait *wait = (ReadWait *)waiter_new(vm, def, reader);
    if (!wait) return NULL;
    wait->op = op;
    wait->n = n;
    return wait;
}

/* ---- methods ---- */

NATIVE(reader_make, "StreamReader(cls, *args, **kwargs)", "Make a reader, which __init__ fills in.")
{
    StreamReader *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->loop = self->transport = self->exception = NONE;
    self->limit = DEFAULT_LIMIT;
    return from_object(self);
}
NATIVE(reader_init, "__init__(self, limit=65536, loop=None)",
       "Make a reader; lines may have limit bytes, and twice as many are kept before the other "
       "side must wait.")
{
    StreamReader *self = as_stream_reader(argv[0]);
    if (!int_index(vm, argv[1], &self->limit)) return FAIL;
    if (self->limit <= 0) return throw(vm, ValueError, "Limit cannot be <= 0");
    Loop *loop = NULL;
    if (is_none(argv[2]) && !(loop = loop_current_or_set(vm))) return FAIL;
    replace(&self->loop, newref(loop ? borrow(loop) : argv[2]));
    return NONE;
}
NATIVE(reader_read, "async read(self, n=-1)",
       "A coroutine that reads up to n bytes, as soon as some are there; -1: all until the end.")
{
    int64_t n;
    if (!int_index(vm, argv[1], &n)) return FAIL;
    ReadWait *wait = read_new(vm, &read_coroutine, argv[0], n < 0 ? READ_ALL : READ_SOME, n);
    return wait ? from_object(wait) : FAIL;
}
NATIVE(reader_readline, "async readline(self)",
       "A coroutine that reads up to and with b'\\n', or what is left at the end.\nRaises "
       "ValueError when the line is longer than the limit.")
{
    ReadWait *wait = read_new(vm, &readline_coroutine, argv[0], READ_LINE, -1);
    return wait ? from_object(wait) : FAIL;
}
NATIVE(reader_readexactly, "async readexactly(self, n)",
       "A coroutine that reads n bytes.  Raises IncompleteReadError when the end comes first.")
{
    int64_t n;
    if (!int_index(vm, argv[1], &n)) return FAIL;
    ReadWait *wait = read_new(vm, &readexactly_coroutine, argv[0], READ_EXACTLY, n);
    return wait ? from_object(wait) : FAIL;
}

NATIVE(reader_readuntil, "async readuntil(self, separator=b'\\n')",
       "A coroutine that reads up to and with a separator (b'\\n'), or the first of a tuple of "
       "them.\nRaises IncompleteReadError at the end and LimitOverrunError past the limit; the "
       "bytes stay then.")
{
    ReadWait *wait = read_new(vm, &readuntil_coroutine, argv[0], READ_UNTIL, -1);
    if (!wait) return FAIL;
    wait->separators = newref(argv[1]);
    return from_object(wait);
}
NATIVE(reader_feed_data, "feed_data(self, data)", "Add bytes that arrived.")
{
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Ref done = reader_feed(vm, as_stream_reader(argv[0]), buffer.data, (size_t)buffer.len);
    buffer_release(vm, &buffer);
    return done;
}
NATIVE(reader_feed_eof_method, "feed_eof(self)", "Say that no more will come.")
{
    return reader_feed_eof(vm, as_stream_reader(argv[0])) ? NONE : FAIL;
}
NATIVE(reader_at_eof, "at_eof(self)", "Return True when all is read and no more will come.")
{
    return from_bool(as_stream_reader(argv[0])->eof && !as_stream_reader(argv[0])->len);
}
NATIVE(reader_exception, "exception(self)", "Return the exception that was set, or None.")
{
    return newref(as_stream_reader(argv[0])->exception);
}
NATIVE(reader_set_exception_method, "set_exception(self, exc)",
       "Let those who read get an exception.")
{
    return reader_set_exception(vm, as_stream_reader(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(reader_set_transport_method, "set_transport(self, transport)",
       "Say whom to pause when too much arrives.")
{
    return reader_set_transport(vm, as_stream_reader(argv[0]), argv[1]) ? NONE : FAIL;
}

/* ---- the type ---- */

static Ref reader_aiter(Vm *vm __attribute__((unused)), Value self) { return newref(self); }
static Ref reader_anext(Vm *vm, Value self)
{
    ReadWait *wait = read_new(vm, &next_coroutine, self, READ_NEXT, -1);
    return wait ? from_object(wait) : FAIL;
}

static bool repr_parts(Vm *vm, StrBuilder *text, StreamReader *self)
{
    char piece[64];
    bool ok = true;
    if (self->len) {
        snprintf(piece, sizeof piece, " %zu bytes", self->len);
        ok = builder_text(vm, text, piece);
    }
    if (ok && self->eof) ok = builder_text(vm, text, " eof");
    if (ok && self->limit != DEFAULT_LIMIT) {
        snprintf(piece, sizeof piece, " limit=%lld", (long long)self->limit);
        ok = builder_text(vm, text, piece);
    }
    if (ok && self->waiting)
        ok = builder_text(vm, text, " waiter=") && builder_repr(vm, text, borrow(self->waiting));
    if (ok && !is_none(self->exception))
        ok = builder_text(vm, text, " exception=") && builder_repr(vm, text, self->exception);
    if (ok && !is_none(self->transport))
        ok = builder_text(vm, text, " transport=") && builder_repr(vm, text, self->transport);
    return ok && (!self->paused || builder_text(vm, text, " paused"));
}

static Ref reader_repr(Vm *vm, Value v)
{
    StrBuilder text;
    builder_open(&text);
    if (builder_text(vm, &text, "<StreamReader") && repr_parts(vm, &text, as_stream_reader(v)) &&
        builder_text(vm, &text, ">"))
        return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static void reader_visit(Object *object, Visit *visit, void *context)
{
    Ref waiting = (Ref)(void *)((StreamReader *)object)->waiting;
    if (!absent(waiting)) visit(&waiting, context);
}

static void reader_clear(Object *object)
{
    StreamReader *self = (StreamReader *)object;
    Waiter *waiting = self->waiting;
    StreamProtocol *protocol = self->protocol;
    self->waiting = NULL;
    self->protocol = NULL;
    Ref buffer = buffer_give(self);
    decref(buffer);
    if (protocol) {
        protocol->reader = NULL;
        stream_protocol_reader_gone(object->shape->interp->running, protocol);
    }
    decref_object(waiting);
}

static Ref get_buffer(Vm *vm, Value v)
{
    StreamReader *self = as_stream_reader(v);
    return bytearray_from(vm, self->len ? self->data + self->start : "", (ptrdiff_t)self->len);
}
static Ref get_limit(Vm *vm, Value self) { return from_int64(vm, as_stream_reader(self)->limit); }
static Ref get_eof(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream_reader(self)->eof);
}
static Ref get_paused(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream_reader(self)->paused);
}
static Ref get_loop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_reader(self)->loop);
}
static Ref get_transport(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream_reader(self)->transport);
}
static Ref get_waiter(Vm *vm __attribute__((unused)), Value self)
{
    Waiter *waiting = as_stream_reader(self)->waiting;
    return waiting ? newref(borrow(waiting)) : NONE;
}
static bool set_transport(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_stream_reader(self)->transport, absent(value) ? NONE : newref(value));
    return true;
}

static const Native *const reader_methods[] = {&reader_read_def,
                                               &reader_readline_def,
                                               &reader_readexactly_def,
                                               &reader_readuntil_def,
                                               &reader_feed_data_def,
                                               &reader_feed_eof_method_def,
                                               &reader_at_eof_def,
                                               &reader_exception_def,
                                               &reader_set_exception_method_def,
                                               &reader_set_transport_method_def,
                                               NULL};
static const Attribute reader_attributes[] = {
    {"_buffer", get_buffer, NULL, "a copy of the bytes not read yet"},
    {"_limit", get_limit, NULL, "the limit in bytes"},
    {"_eof", get_eof, NULL, "has the end come?"},
    {"_paused", get_paused, NULL, "is the transport paused?"},
    {"_loop", get_loop, NULL, "the loop"},
    {"_transport", get_transport, set_transport, "whom to pause"},
    {"_waiter", get_waiter, NULL, "who waits"},
    {0}};

const TypeDef stream_reader_type = {
    .name = "asyncio.streams.StreamReader",
    .size = sizeof(StreamReader),
    .doc = "Bytes that arrive, to be awaited.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs =
        REFS(REF(StreamReader, loop), REF(StreamReader, transport), REF(StreamReader, exception)),
    .visit = reader_visit,
    .clear = reader_clear,
    .new = &reader_make_def,
    .init = &reader_init_def,
    .repr = reader_repr,
    .aiter = reader_aiter,
    .anext = reader_anext,
    .methods = reader_methods,
    .attributes = reader_attributes,
};
