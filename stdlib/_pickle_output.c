/* _pickle_output.c - the bytes of a pickle on their way out, their frames, and the memo.
 *
 * From protocol 4 on opcodes stand in frames: room for a frame's header is left when its first
 * byte is written and filled when it ends.  Data of a frame's size and more stand between frames
 * and go to the file without being copied.
 * Neighbours: _pickle_save.c. */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

#include <endian.h>

enum { FRAME_HEADER = 9, FRAME_LEAST = 4, FRAME_TARGET = 64 * 1024, MEMO_FIRST = 16 };

/* ---- bytes ---- */

static void store(char *to, uint64_t number, int len)
{
    for (int n = 0; n < len; n++) to[n] = (char)(number >> 8 * n);
}

static bool reserve(Vm *vm, Pickler *self, ptrdiff_t more)
{
    if (more > PTRDIFF_MAX / 2 - self->len) return throw_no_memory(vm), false;
    ptrdiff_t needed = self->len + more;
    if (needed <= self->capacity) return true;
    ptrdiff_t capacity = needed < 256 ? 512 : needed + needed / 2;
    char *out = memory_resize(vm, self->out, (size_t)capacity);
    if (!out) return false;
    self->out = out;
    self->capacity = capacity;
    return true;
}

/* Makes room for len bytes and, behind them, for what is stored as a whole word. */
static inline bool prepare(Vm *vm, Pickler *self, ptrdiff_t len)
{
    bool begins = self->framing && self->frame_start < 0;
    bool room = len + FRAME_HEADER <= self->capacity - self->len;
    if (!begins && room) return true;
    if (!room && !reserve(vm, self, len + FRAME_HEADER)) return false;
    if (begins) {
        self->frame_start = self->len;
        self->len += FRAME_HEADER;
    }
    return len + FRAME_HEADER <= self->capacity - self->len ||
           reserve(vm, self, len + FRAME_HEADER);
}

bool output_put(Vm *vm, Pickler *self, const char *data, ptrdiff_t len)
{
    if (!prepare(vm, self, len)) return false;
    memcpy(self->out + self->len, data, (size_t)len);
    self->len += len;
    return true;
}

bool output_byte(Vm *vm, Pickler *self, int byte)
{
    if (!prepare(vm, self, 1)) return false;
    self->out[self->len++] = (char)byte;
    return true;
}

bool output_number(Vm *vm, Pickler *self, int opcode, uint64_t number, int len)
{
    if (!prepare(vm, self, 1)) return false; /* and FRAME_HEADER more */
    char *to = self->out + self->len;
    *to = (char)opcode;
    uint64_t word = htole64(number);
    memcpy(to + 1, &word, sizeof word);
    self->len += 1 + len;
    return true;
}

bool output_line(Vm *vm, Pickler *self, int opcode, const char *text, ptrdiff_t len)
{
    return output_byte(vm, self, opcode) && output_put(vm, self, text, len) &&
           output_byte(vm, self, '\n');
}

/* ---- frames ---- */

static void end_frame(Pickler *self)
{
    if (!self->framing || self->frame_start < 0) return;
    char *frame = self->out + self->frame_start;
    ptrdiff_t len = self->len - self->frame_start - FRAME_HEADER;
    if (len >= FRAME_LEAST) {
        frame[0] = (char)OP_FRAME;
        store(frame + 1, (uint64_t)len, FRAME_HEADER - 1);
    } else {
        memmove(frame, frame + FRAME_HEADER, (size_t)len);
        self->len -= FRAME_HEADER;
    }
    self->frame_start = -1;
}

static bool write_file(Vm *vm, Pickler *self, Value data)
{
    Ref written = call1(vm, self->write, data);
    decref(written);
    return !failed(written);
}

/* Gives the file what there is. */
static bool flush(Vm *vm, Pickler *self)
{
    if (absent(self->write) || self->len == 0) return true;
    Ref data = bytes_from(vm, self->out, self->len);
    self->len = 0;
    bool good = !failed(data) && write_file(vm, self, data);
    decref(data);
    return good;
}

bool output_boundary(Vm *vm, Pickler *self)
{
    if (self->frame_start < 0 || self->len - self->frame_start < FRAME_TARGET + FRAME_HEADER)
        return true;
    end_frame(self);
    return flush(vm, self);
}

bool output_finish(Vm *vm, Pickler *self)
{
    end_frame(self);
    self->framing = false;
    return flush(vm, self);
}

bool output_payload(Vm *vm, Pickler *self, const char *header, ptrdiff_t header_len,
                    const char *data, ptrdiff_t len, Value payload)
{
    if (len < FRAME_TARGET)
        return output_put(vm, self, header, header_len) && output_put(vm, self, data, len);
    bool framing = self->framing, good;
    end_frame(self);
    self->framing = false;
    good = output_put(vm, self, header, header_len);
    if (good && absent(self->write)) {
        good = output_put(vm, self, data, len);
    } else if (good && flush(vm, self)) {
        Ref bytes = absent(payload) ? bytes_from(vm, data, len) : newref(payload);
        good = !failed(bytes) && write_file(vm, self, bytes);
        decref(bytes);
    } else {
        good = false;
    }
    self->framing = framing;
    return good;
}

/* ---- the memo ---- */

static size_t place_of(Value object, ptrdiff_t size)
{
    uint64_t bits = bits_of(object);
    bits = (bits >> 4 ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(bits >> 20) & (size_t)(size - 1);
}

static MemoEntry *entry_for(MemoEntry *memo, ptrdiff_t size, Value object)
{
    size_t at = place_of(object, size);
    while (!absent(memo[at].object) && memo[at].object != object)
        at = (at + 1) & (size_t)(size - 1);
    return &memo[at];
}

ptrdiff_t memo_find(const Pickler *self, Value object)
{
    if (self->memo_len == 0) return -1;
    const MemoEntry *entry = entry_for(self->memo, self->memo_size, object);
    return absent(entry->object) ? -1 : entry->index;
}

static bool memo_grow(Vm *vm, Pickler *self)
{
    ptrdiff_t size = self->memo_size ? self->memo_size * 4 : MEMO_FIRST;
    MemoEntry *memo = memory_zeroed(vm, (size_t)size * sizeof *memo);
    if (!memo) return false;
    for (ptrdiff_t n = 0; n < self->memo_size; n++)
        if (!absent(self->memo[n].object))
            *entry_for(memo, size, self->memo[n].object) = self->memo[n];
    memory_free(self->memo);
    self->memo = memo;
    self->memo_size = size;
    return true;
}

bool memo_keep(Vm *vm, Pickler *self, Value object, ptrdiff_t index)
{
    if (self->memo_len * 2 >= self->memo_size && !memo_grow(vm, self)) return false;
    MemoEntry *entry = entry_for(self->memo, self->memo_size, object);
    if (absent(entry->object)) {
        entry->object = newref(object);
        self->memo_len++;
    }
    entry->index = index;
    return true;
}

void memo_clear(Pickler *self)
{
    MemoEntry *memo = self->memo;
    ptrdiff_t size = self->memo_size;
    self->memo = NULL;
    self->memo_len = self->memo_size = 0;
    for (ptrdiff_t n = 0; n < size; n++) decref(memo[n].object);
    memory_free(memo);
}

bool memo_write_get(Vm *vm, Pickler *self, ptrdiff_t index)
{
    if (!self->binary) {
        char text[INT64_TEXT_MAX];
        return output_line(vm, self, OP_GET, text, int64_text(index, text));
    }
    return index < 256 ? output_number(vm, self, OP_BINGET, (uint64_t)index, 1)
                       : output_number(vm, self, OP_LONG_BINGET, (uint64_t)index, 4);
}

bool memo_add(Vm *vm, Pickler *self, Value object)
{
    if (self->fast) return true;
    ptrdiff_t index = self->memo_len;
    if (!memo_keep(vm, self, object, index)) return false;
    if (self->protocol >= 4) return output_byte(vm, self, OP_MEMOIZE);
    if (!self->binary) {
        char text[INT64_TEXT_MAX];
        return output_line(vm, self, OP_PUT, text, int64_text(index, text));
    }
    return index < 256 ? output_number(vm, self, OP_BINPUT, (uint64_t)index, 1)
                       : output_number(vm, self, OP_LONG_BINPUT, (uint64_t)index, 4);
}
