/* iotextread.c - the reading half of TextIOWrapper.
 *
 * Bytes are read a chunk at a time and decoded at once; `decoded` is the chunk's text and `used`
 * says how much of it has been handed out.  While telling is possible the chunk's bytes stay in the
 * snapshot, so that a position in the text can be found among them again.
 * Neighbours: iodecode.c, iotextseek.c (which uses the snapshot), iotext.c (the type). */
/* SPDX-License-Identifier: MIT */
#include "modules/iobase.h"
#include "modules/iotext.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"

void text_forget(TextIo *self)
{
    clear(&self->decoded);
    self->used = 0;
    self->has_snapshot = false;
}

static bool set_snapshot(Vm *vm, TextIo *self, const char *pending, ptrdiff_t pending_len,
                         const char *data, ptrdiff_t len)
{
    ptrdiff_t all = pending_len + len;
    if (all > self->snapshot_capacity) {
        char *bigger = memory_resize(vm, self->snapshot, (size_t)all + 16);
        if (!bigger) return false;
        self->snapshot = bigger;
        self->snapshot_capacity = all + 16;
    }
    if (pending_len) memcpy(self->snapshot, pending, (size_t)pending_len);
    if (len) memcpy(self->snapshot + pending_len, data, (size_t)len);
    self->snapshot_len = all;
    return true;
}

bool text_remember(Vm *vm, TextIo *self, Ref flags, const char *pending, ptrdiff_t pending_len,
                   const char *data, ptrdiff_t len)
{
    replace(&self->snapshot_flags, flags);
    self->has_snapshot = set_snapshot(vm, self, pending, pending_len, data, len);
    return self->has_snapshot;
}

/* The next chunk's bytes: *data valid until the buffer is used; *held owns them unless UNDEF. */
static bool next_bytes(Vm *vm, TextIo *self, ptrdiff_t size, Buffer *held, const char **data,
                       ptrdiff_t *len)
{
    *held = (Buffer){.owner = UNDEF};
    if (self->fast) return buffered_chunk(vm, as_buffered(self->buffer), size, data, len);
    Value wanted = from_small(size);
    Ref bytes = call_method(vm, self->buffer, self->has_read1 ? N(read1) : N(read), 1, &wanted);
    if (failed(bytes)) return false;
    bool good = type_of(vm, bytes)->slots.buffer != NULL;
    if (good) good = buffer_get(vm, bytes, held, false);
    else
        throw(vm, TypeError, "underlying %s() should have returned a bytes-like object, not '%T'",
              self->has_read1 ? "read1" : "read", (Value)bytes);
    decref(bytes);
    *data = held->data;
    *len = held->len;
    return good;
}

/* Decodes the bytes as the next chunk; they are copied first, since decoding may run script code.
 */
static bool take_chunk(Vm *vm, TextIo *self, const char *data, ptrdiff_t len)
{
    DecoderState state = {UNDEF, UNDEF};
    bool telling = self->telling, good;
    if (telling && self->decoder.encoding) {
        good = text_remember(vm, self, from_small(decoder_flags(&self->decoder)),
                             self->decoder.pending, self->decoder.pending_len, data, len);
        data = self->snapshot + self->decoder.pending_len;
    } else if (telling) {
        good = decoder_save(vm, &self->decoder, &state) &&
               text_remember(vm, self, newref(state.flags), as_bytes(state.pending)->data,
                             as_bytes(state.pending)->len, data, len);
        if (good) data = self->snapshot + as_bytes(state.pending)->len;
        decoder_state_drop(&state);
    } else {
        good = set_snapshot(vm, self, NULL, 0, data, len);
        data = self->snapshot;
    }
    self->has_snapshot = false; /* until there is a text that belongs to it */
    Ref text = good ? decoder_decode(vm, &self->decoder, data, len, len == 0) : FAIL;
    if (failed(text)) return false;
    self->has_snapshot = telling;
    replace(&self->decoded, text);
    self->used = 0;
    ptrdiff_t chars = as_str(text)->len;
    self->bytes_per_char = chars ? (double)len / (double)chars : 0;
    return true;
}

/* Reads the next chunk: NO at the end of the file. */
static Truth read_chunk(Vm *vm, TextIo *self, ptrdiff_t hint)
{
    Buffer held;
    const char *data = NULL;
    ptrdiff_t len = 0, size = self->chunk_size;
    if (hint > 0 && self->bytes_per_char > 0) {
        double wanted = (double)hint * self->bytes_per_char;
        if (wanted > (double)size && wanted < 1e9) size = (ptrdiff_t)wanted;
    }
    if (!next_bytes(vm, self, size, &held, &data, &len)) return FAILED;
    bool good = take_chunk(vm, self, data, len);
    buffer_release(vm, &held);
    if (!good) return FAILED;
    return len > 0 || as_str(self->decoded)->len > 0;
}

static bool begin(Vm *vm, TextIo *self)
{
    if (!text_check_open(vm, self)) return false;
    if (!self->can_read) {
        io_unsupported(vm, "not readable");
        return false;
    }
    return self->out_len == 0 || text_write_out(vm, self);
}

static ptrdiff_t ready_chars(const TextIo *self)
{
    return absent(self->decoded) ? 0 : as_str(self->decoded)->len - self->used;
}

/* Everything that is left. */
static Ref read_rest(Vm *vm, TextIo *self)
{
    Ref bytes = call_method(vm, self->buffer, N(read), 0, NULL);
    if (failed(bytes)) return FAIL;
    Buffer buffer;
    if (!type_of(vm, bytes)->slots.buffer) {
        throw(vm, TypeError, "underlying read() should have returned a bytes-like object, not '%T'",
              (Value)bytes);
        decref(bytes);
        return FAIL;
    }
    bool good = buffer_get(vm, bytes, &buffer, false);
    Ref rest = good ? decoder_decode(vm, &self->decoder, buffer.data, buffer.len, true) : FAIL;
    if (good) buffer_release(vm, &buffer);
    decref(bytes);
    if (failed(rest) || ready_chars(self) == 0) {
        if (!failed(rest)) text_forget(self);
        return rest;
    }
    Ref ahead = str_slice(vm, self->decoded, self->used, as_str(self->decoded)->len);
    Ref out = failed(ahead) ? FAIL : str_concat(vm, ahead, rest);
    decref(ahead);
    decref(rest);
    if (!failed(out)) text_forget(self);
    return out;
}

/* Up to size of the characters that are ready. */
static Ref take_chars(Vm *vm, TextIo *self, ptrdiff_t size)
{
    ptrdiff_t ready = ready_chars(self);
    if (size < 0 || size > ready) size = ready;
    if (size == 0) return newref(vm->interp->empty_str);
    Ref out = str_slice(vm, self->decoded, self->used, self->used + size);
    if (!failed(out)) self->used += size;
    return out;
}

Ref text_read(Vm *vm, TextIo *self, ptrdiff_t size)
{
    if (!begin(vm, self)) return FAIL;
    if (size < 0) return read_rest(vm, self);
    if (size <= ready_chars(self)) return take_chars(vm, self, size);
    StrBuilder all;
    builder_open(&all);
    for (ptrdiff_t left = size;;) {
        Ref part = take_chars(vm, self, left);
        bool good = !failed(part) && builder_str(vm, &all, part);
        if (good) left -= as_str(part)->len;
        decref(part);
        Truth more = !good ? FAILED : left > 0 ? read_chunk(vm, self, left) : NO;
        if (more == FAILED) {
            builder_close(&all);
            return FAIL;
        }
        if (more == NO) return builder_finish(vm, &all);
    }
}

/* ---- lines ---- */

/* A line that goes on behind the text that is ready: `line` collects it. */
static bool collect_line(Vm *vm, TextIo *self, ptrdiff_t limit, StrBuilder *line)
{
    for (;;) {
        ptrdiff_t ready = ready_chars(self), count = ready;
        if (limit >= 0 && limit - line->len < count) count = limit - line->len;
        ptrdiff_t end = -1;
        if (count > 0) {
            const Str *s = as_str(self->decoded);
            end = newline_find(s->data, s->width, self->used, self->used + count, self->newline);
            if (end >= 0) count = end - self->used;
            /* "\r\n" may be cut in two by the end of a chunk */
            bool cut = end < 0 && self->newline == NEWLINE_CRLF && count == ready &&
                       str_at(s, s->len - 1) == '\r' && (limit < 0 || line->len + count < limit);
            if (cut) count--;
            if (!builder_slice(vm, line, self->decoded, self->used, self->used + count))
                return false;
            self->used += count;
            if (cut) {
                Truth more = read_chunk(vm, self, 0);
                Ref joined =
                    more == FAILED ? FAIL : str_concat(vm, vm->interp->latin1['\r'], self->decoded);
                if (failed(joined)) return false;
                replace(&self->decoded, joined);
                self->used = 0;
                self->has_snapshot = false;
                if (more == YES) continue;
                bool good = builder_char(vm, line, '\r');
                self->used = 1;
                return good;
            }
        }
        if (end >= 0 || (limit >= 0 && line->len >= limit)) return true;
        Truth more = read_chunk(vm, self, 0);
        if (more != YES) return more == NO;
    }
}

Ref text_readline(Vm *vm, TextIo *self, ptrdiff_t limit)
{
    if (!begin(vm, self)) return FAIL;
    ptrdiff_t ready = ready_chars(self);
    if (limit >= 0 && limit < ready) ready = limit;
    if (ready > 0) {
        const Str *s = as_str(self->decoded);
        ptrdiff_t end =
            newline_find(s->data, s->width, self->used, self->used + ready, self->newline);
        if (end >= 0 || ready == limit)
            return take_chars(vm, self, end >= 0 ? end - self->used : ready);
    }
    StrBuilder line;
    builder_open(&line);
    if (limit == 0 || collect_line(vm, self, limit, &line)) {
        if (line.len == 0 && limit != 0) text_forget(self);
        return builder_finish(vm, &line);
    }
    builder_close(&line);
    return FAIL;
}

Ref text_next(Vm *vm, Value v)
{
    TextIo *self = as_text_io(v);
    Ref line;
    if (self->head.head.flags & OBJ_SUBCLASS) {
        if (!text_check_ready(vm, self)) return FAIL;
        self->telling = false;
        line = call_method(vm, v, N(readline), 0, NULL);
        if (!failed(line) && !is_str(line)) {
            throw(vm, OSError, "readline() should have returned a str object, not '%T'",
                  (Value)line);
            decref(line);
            return FAIL;
        }
    } else {
        self->telling = false;
        line = text_readline(vm, self, -1);
    }
    if (failed(line) || as_str(line)->len) return line;
    decref(line);
    self->telling = self->seekable;
    self->has_snapshot = false;
    return UNDEF;
}
