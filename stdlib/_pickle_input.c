/* _pickle_input.c - the bytes of a pickle on their way in.
 *
 * `buffer` holds what is there: everything that loads() was given, or what the file gave last.  A
 * file that can be peeked at is read ahead and told afterwards how much was used (input_settle), so
 * that it stands right behind the pickle.  Counts in a damaged pickle may say anything: large ones
 * are read in pieces, so that memory grows with what the file really has.
 * Neighbours: _pickle_load.c. */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

enum { AHEAD = 128 * 1024, PEEK_MOST = 16 * 1024, PIECE = 1024 * 1024 };

static ptrdiff_t left(const Unpickler *self)
{
    return absent(self->buffer.owner) ? 0 : self->buffer.len - self->at;
}

static const char *truncated(Vm *vm, Unpickler *self)
{
    UNPICKLING_ERROR(self, "pickle data was truncated");
    return NULL;
}

void input_close(Vm *vm, Unpickler *self)
{
    if (!absent(self->buffer.owner)) buffer_release(vm, &self->buffer);
    self->buffer.owner = UNDEF;
    self->at = 0;
    self->prefetched = false;
}

/* Makes data, what the file gave (stolen), what is read now. */
static bool set_buffer(Vm *vm, Unpickler *self, Ref data)
{
    input_close(vm, self);
    if (failed(data)) return false;
    bool good = buffer_get(vm, data, &self->buffer, false);
    if (!good) self->buffer.owner = UNDEF;
    decref(data);
    return good;
}

static Ref file_read(Vm *vm, Unpickler *self, int64_t len)
{
    Ref count = from_int64(vm, len), data = failed(count) ? FAIL : call1(vm, self->read, count);
    decref(count);
    return data;
}

bool input_settle(Vm *vm, Unpickler *self)
{
    if (!self->prefetched) return true;
    ptrdiff_t used = self->at;
    input_close(vm, self);
    Ref skipped = used ? file_read(vm, self, used) : NONE;
    decref(skipped);
    return !failed(skipped);
}

/* Looks ahead; false: raised.  self->prefetched tells whether the file has shown something. */
static bool peek(Vm *vm, Unpickler *self)
{
    Ref data = call1(vm, self->peek, from_small(AHEAD));
    if (failed(data) && error_is(vm, NotImplementedError)) {
        error_clear(vm);
        clear(&self->peek);
        return true;
    }
    if (!set_buffer(vm, self, data)) return false;
    self->prefetched = true;
    return true;
}

/* Appends what the file gives for a count to gathered, a bytearray; *got: how many bytes. */
static bool read_piece(Vm *vm, Unpickler *self, Value gathered, int64_t count, ptrdiff_t *got)
{
    Ref data = file_read(vm, self, count);
    Buffer piece;
    if (failed(data)) return false;
    bool good = buffer_get(vm, data, &piece, false);
    if (good) {
        ByteArray *array = as_bytearray(gathered);
        *got = piece.len;
        good = bytearray_splice(vm, array, array->len, array->len, piece.data, piece.len);
        buffer_release(vm, &piece);
    }
    decref(data);
    return good;
}

/* What is left in the buffer and as much of the file as makes len bytes, piece by piece. */
static bool read_pieces(Vm *vm, Unpickler *self, int64_t len)
{
    ptrdiff_t have = left(self), piece = PIECE, got = 1;
    Ref gathered = bytearray_from(vm, have ? self->buffer.data + self->at : "", have);
    if (failed(gathered)) return false;
    bool good = true;
    while (good && got > 0 && as_bytearray(gathered)->len < len) {
        int64_t missing = len - as_bytearray(gathered)->len;
        good = read_piece(vm, self, gathered, missing < piece ? missing : piece, &got);
        if (piece < PTRDIFF_MAX / 2) piece *= 2;
    }
    if (!good) {
        decref(gathered);
        return false;
    }
    return set_buffer(vm, self, gathered);
}

/* Makes len bytes (or all that the file has) lie in the buffer. */
static bool fill(Vm *vm, Unpickler *self, int64_t len)
{
    if (!input_settle(vm, self)) return false;
    if (left(self) == 0 && !absent(self->peek) && len <= PEEK_MOST) {
        if (!peek(vm, self)) return false;
        if (left(self) >= len) return true;
        if (!input_settle(vm, self)) return false;
    }
    if (left(self) > 0 || len > PIECE) return read_pieces(vm, self, len);
    return set_buffer(vm, self, file_read(vm, self, len));
}

const char *input_read(Vm *vm, Unpickler *self, int64_t len)
{
    if (left(self) < len) {
        if (absent(self->read)) return truncated(vm, self);
        if (!fill(vm, self, len)) return NULL;
        if (left(self) < len) return truncated(vm, self);
    }
    if (len == 0) return "";
    const char *data = self->buffer.data + self->at;
    self->at += len;
    return data;
}

int input_opcode(Vm *vm, Unpickler *self)
{
    if (left(self) == 0) {
        bool good = absent(self->read) || fill(vm, self, 1);
        if (!good) return -1;
        if (left(self) == 0) return throw(vm, EOFError, "Ran out of input"), -1;
    }
    return (uint8_t)self->buffer.data[self->at++];
}

/* The line that begins in the buffer and goes on in the file, or lies there altogether. */
static bool read_line(Vm *vm, Unpickler *self)
{
    if (!input_settle(vm, self)) return false;
    ptrdiff_t have = left(self);
    if (have == 0) return set_buffer(vm, self, call0(vm, self->readline));
    Ref gathered = bytearray_from(vm, self->buffer.data + self->at, have);
    Ref rest = failed(gathered) ? FAIL : call0(vm, self->readline);
    Buffer piece;
    bool good = !failed(rest) && buffer_get(vm, rest, &piece, false);
    if (good) {
        good = bytearray_splice(vm, as_bytearray(gathered), have, have, piece.data, piece.len);
        buffer_release(vm, &piece);
    }
    decref(rest);
    if (good) return set_buffer(vm, self, gathered);
    decref(gathered);
    return false;
}

const char *input_line(Vm *vm, Unpickler *self, ptrdiff_t *len)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        ptrdiff_t have = left(self);
        const char *data = have ? self->buffer.data + self->at : "";
        const char *end = memchr(data, '\n', (size_t)have);
        if (end) {
            *len = end + 1 - data;
            self->at += *len;
            return data;
        }
        if (absent(self->read) || attempt) break;
        if (!read_line(vm, self)) return NULL;
    }
    return truncated(vm, self);
}
