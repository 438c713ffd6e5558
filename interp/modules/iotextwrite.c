/* iotextwrite.c - the writing half of TextIOWrapper.
 *
 * Encoded text collects in `out` until a chunk is full, a line ends (line_buffering) or always
 * (write_through).  Handing it on may let other threads run: `out` is taken off meanwhile.
 * Neighbours: iotext.c (the type), iobuffer.c (what it is handed to). */
/* SPDX-License-Identifier: MIT */
#include "modules/iobase.h"
#include "modules/iotext.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"

static bool hand_on(Vm *vm, TextIo *self, const char *data, ptrdiff_t len)
{
    if (self->fast && as_buffered(self->buffer)->writable)
        return buffered_write(vm, as_buffered(self->buffer), data, len);
    Ref bytes = bytes_from(vm, data, len);
    Value args[] = {bytes};
    Ref done = UNDEF;
    bool again = !failed(bytes);
    while (again) {
        done = call_method(vm, self->buffer, N(write), 1, args);
        again = failed(done) && error_is(vm, InterruptedError);
        if (!again) break;
        error_clear(vm);
        if (!safe_point(vm)) done = FAIL, again = false;
    }
    bool good = !failed(bytes) && !failed(done);
    decref(done);
    decref(bytes);
    return good;
}

bool text_write_out(Vm *vm, TextIo *self)
{
    ptrdiff_t len = self->out_len, capacity = self->out_capacity;
    if (len == 0) return true;
    char *data = self->out;
    self->out = NULL;
    self->out_len = self->out_capacity = 0;
    bool good = hand_on(vm, self, data, len);
    if (self->out) {
        memory_free(data);
    } else {
        self->out = data;
        self->out_capacity = capacity;
    }
    return good;
}

static bool append(Vm *vm, TextIo *self, const char *data, ptrdiff_t len)
{
    while (self->out_len > 0 && len >= self->chunk_size)
        if (!text_write_out(vm, self)) return false;
    if (self->out_len + len > self->out_capacity) {
        if (len > 2 * self->chunk_size) return hand_on(vm, self, data, len);
        ptrdiff_t capacity = self->out_len + len;
        if (capacity < self->chunk_size) capacity = self->chunk_size;
        char *bigger = memory_resize(vm, self->out, (size_t)capacity + 256);
        if (!bigger) return false;
        self->out = bigger;
        self->out_capacity = capacity + 256;
    }
    if (len) memcpy(self->out + self->out_len, data, (size_t)len);
    self->out_len += len;
    return true;
}

/* What an encoding with a byte order mark is once the mark has been written. */
static const char *after_mark(const char *encoding)
{
    if (strcmp(encoding, "utf-16") == 0) return "utf-16-le";
    if (strcmp(encoding, "utf-32") == 0) return "utf-32-le";
    return strcmp(encoding, "utf-8-sig") == 0 ? "utf-8" : encoding;
}

static bool encode_object(Vm *vm, TextIo *self, Value text)
{
    Ref bytes = call_method(vm, self->encoder, N(encode), 1, &text);
    if (failed(bytes)) return false;
    bool good = is_bytes(bytes);
    if (good) good = append(vm, self, as_bytes(bytes)->data, as_bytes(bytes)->len);
    else throw(vm, TypeError, "encoder should return a bytes object, not '%T'", (Value)bytes);
    decref(bytes);
    return good;
}

static bool encode(Vm *vm, TextIo *self, Value text)
{
    const Str *s = as_str(text);
    if (s->ascii && self->ascii_direct) return append(vm, self, s->data, s->len);
    if (!self->out_encoding) return encode_object(vm, self, text);
    Ref bytes = codec_encode(vm, text, self->out_encoding, self->errors_text);
    if (failed(bytes)) return false;
    self->out_encoding = after_mark(self->out_encoding);
    bool good = append(vm, self, as_bytes(bytes)->data, as_bytes(bytes)->len);
    decref(bytes);
    return good;
}

bool text_reset_encoder(Vm *vm, TextIo *self, bool at_start)
{
    if (!self->can_write) return true;
    if (self->decoder.encoding) {
        const char *encoding = self->decoder.encoding;
        self->out_encoding = at_start ? encoding : after_mark(encoding);
        return true;
    }
    if (absent(self->encoder)) return true;
    Value none = from_small(0);
    Ref done = at_start ? call_method(vm, self->encoder, N(reset), 0, NULL)
                        : call_method(vm, self->encoder, N(setstate), 1, &none);
    decref(done);
    return !failed(done);
}

bool text_write(Vm *vm, TextIo *self, Value text)
{
    if (!text_check_open(vm, self)) return false;
    if (!self->can_write) {
        io_unsupported(vm, "not writable");
        return false;
    }
    const Str *s = as_str(text);
    bool replaces = self->newline == NEWLINE_CR || self->newline == NEWLINE_CRLF, good;
    bool flush = self->line_buffering && (points_find(s->data, s->width, 0, s->len, '\n') >= 0 ||
                                          points_find(s->data, s->width, 0, s->len, '\r') >= 0);
    if (replaces) {
        Ref changed = newline_encode(vm, text, self->newline);
        good = !failed(changed) && encode(vm, self, changed);
        decref(changed);
    } else {
        good = encode(vm, self, text);
    }
    if (!good) return false;
    if ((self->out_len >= self->chunk_size || flush || self->write_through) &&
        !text_write_out(vm, self))
        return false;
    if (flush) {
        good = self->fast && as_buffered(self->buffer)->writable
                   ? buffered_flush(vm, as_buffered(self->buffer))
                   : io_call(vm, self->buffer, N(flush));
        if (!good) return false;
    }
    if (!self->can_read || !self->has_snapshot) return true;
    text_forget(self);
    return decoder_reset(vm, &self->decoder);
}

bool text_flush(Vm *vm, TextIo *self)
{
    self->telling = self->seekable;
    if (!text_write_out(vm, self)) return false;
    if (self->fast && as_buffered(self->buffer)->writable)
        return buffered_flush(vm, as_buffered(self->buffer));
    return io_call(vm, self->buffer, N(flush));
}
