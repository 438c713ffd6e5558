/* _compression.h - what the modules over a compression library share.
 *
 * A stream's work runs without the interpreter lock, under the stream's own.  bz2 and lzma have one
 * kind of stream, the Packer; zlib's does more and stands in zlib.c.
 * Neighbours: _library.h, zlib.c, _bz2.c, _lzma.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_COMPRESSION_H
#define AIO_STDLIB_COMPRESSION_H

#include <pthread.h>
#include <stdlib.h>

#include "_library.h"

/* ---- output: bytes in the making ---- */

typedef struct Output {
    unsigned char *data;
    size_t len, capacity;
    size_t most; /* stop at so many bytes */
} Output;

enum { OUTPUT_FIRST = 1 << 13 };
#define OUTPUT_ENDLESS ((size_t)PTRDIFF_MAX)

/* How many bytes may be written at data + len; 0: the limit is reached, or (data NULL) there is no
 * memory. */
static inline size_t output_room(Output *out)
{
    if (out->len == out->capacity && out->len < out->most) {
        size_t capacity = out->capacity ? out->capacity * 2 : OUTPUT_FIRST;
        if (capacity > out->most) capacity = out->most;
        unsigned char *data = realloc(out->data, capacity);
        if (!data) {
            free(out->data);
            *out = (Output){0};
            return 0;
        }
        out->data = data;
        out->capacity = capacity;
    }
    return out->capacity - out->len;
}
static inline Ref output_bytes(Vm *vm, const Output *out)
{
    return bytes_from(vm, out->data ? (char *)out->data : "", (ptrdiff_t)out->len);
}

/* ---- a stream's lock, taken without holding the interpreter's ---- */

static inline void stream_enter(Vm *vm, pthread_mutex_t *lock)
{
    gil_release(vm);
    pthread_mutex_lock(lock);
}
static inline void stream_leave(Vm *vm, pthread_mutex_t *lock)
{
    pthread_mutex_unlock(lock);
    gil_acquire(vm);
}

/* What a decompressor works on: what it had not looked at, and more; bytes, owned. */
static inline Ref input_join(Vm *vm, Value tail, Value more)
{
    Buffer data;
    if (!buffer_get(vm, more, &data, false)) return FAIL;
    Ref copy = bytes_from(vm, data.data, data.len);
    buffer_release(vm, &data);
    Ref joined = failed(copy) ? FAIL : bytes_concat(vm, tail, copy);
    decref(copy);
    return joined;
}

/* ---- a stream that takes data piece by piece ---- */

typedef struct Packer {
    Object head;
    Ref library;
    Ref unused, tail;         /* bytes: behind the end of the data; not looked at yet */
    bool open, ended, hungry; /* hungry: more input is needed to go on */
    pthread_mutex_t lock;
} Packer;
#define PACKER_REFS REF(Packer, library), REF(Packer, unused), REF(Packer, tail)

typedef enum Step { STEP_MORE, STEP_END, STEP_ERROR } Step;
typedef struct Work {
    const unsigned char *in;
    size_t len;  /* of what is left of the input */
    bool finish; /* the input ends here */
    bool no_memory;
    Output out;
    int code; /* the library's last answer */
} Work;
/* One call of the library: moves in, len and out.len on; room: what out has.  No script value. */
typedef Step PackerStep(Packer *self, Work *work, size_t room);

static inline Packer *as_packer(Value v) { return (Packer *)as_object(v); }

static inline void *packer_new(Vm *vm, Value class, const char *module)
{
    Ref library = library_of_module(vm, module);
    Packer *self = failed(library) ? NULL : type_instance(vm, as_type(class));
    if (!self) {
        decref(library);
        return NULL;
    }
    self->library = library;
    self->hungry = true;
    pthread_mutex_init(&self->lock, NULL);
    self->unused = bytes_from(vm, "", 0);
    self->tail = bytes_from(vm, "", 0);
    return self;
}

/* Runs until the input is used up (finish: until the stream ends) or the output is full. */
static inline Step packer_run(Vm *vm, Packer *self, Work *work, PackerStep *step)
{
    Step answer = STEP_MORE;
    stream_enter(vm, &self->lock);
    for (;;) {
        size_t room = output_room(&work->out);
        work->no_memory = !room && work->out.len < work->out.most;
        if (!room) break;
        answer = step(self, work, room);
        bool full = work->out.len == work->out.capacity;
        if (answer != STEP_MORE || !(full || work->finish || work->len > 0)) break;
    }
    stream_leave(vm, &self->lock);
    return answer;
}

/* What a compressor makes of data (UNDEF: the end); code: set when that failed and nothing was
 * raised. */
static inline Ref packer_compress(Vm *vm, Packer *self, Value data, PackerStep *step, int *code)
{
    Buffer buffer = {.data = ""};
    if (!absent(data) && !buffer_get(vm, data, &buffer, false)) return FAIL;
    Work work = {.in = (const unsigned char *)buffer.data,
                 .len = (size_t)buffer.len,
                 .finish = absent(data),
                 .out.most = OUTPUT_ENDLESS};
    Step answer = self->ended ? STEP_END : packer_run(vm, self, &work, step);
    if (!absent(data)) buffer_release(vm, &buffer);
    else self->ended = true;
    Ref out = FAIL;
    if (work.no_memory) throw_no_memory(vm);
    else if (answer == STEP_ERROR) *code = work.code;
    else out = output_bytes(vm, &work.out);
    free(work.out.data);
    return out;
}

/* Keeps what is left of the input: behind the end it is unused, else it comes again. */
static inline bool packer_keep(Vm *vm, Packer *self, const Work *work, Step answer)
{
    bool keep = answer != STEP_ERROR;
    Ref rest = bytes_from(vm, (const char *)work->in, keep ? (ptrdiff_t)work->len : 0);
    if (failed(rest)) return false;
    if (answer == STEP_END) {
        self->ended = true;
        replace(&self->unused, rest);
        rest = bytes_from(vm, "", 0);
    }
    replace(&self->tail, rest);
    return !failed(rest);
}

/* decompress(data, max_length); code as for packer_compress. */
static inline Ref packer_decompress(Vm *vm, Packer *self, Value data, Value most_value,
                                    PackerStep *step, int *code)
{
    int64_t most;
    if (!int_index(vm, most_value, &most)) return FAIL;
    Ref input = input_join(vm, self->tail, data);
    if (failed(input)) return FAIL;
    Work work = {.in = (unsigned char *)as_bytes(input)->data,
                 .len = (size_t)as_bytes(input)->len,
                 .out.most = most >= 0 ? (size_t)most : OUTPUT_ENDLESS};
    Step answer = packer_run(vm, self, &work, step);
    Ref out = FAIL;
    if (work.no_memory) throw_no_memory(vm);
    else if (packer_keep(vm, self, &work, answer)) {
        if (answer == STEP_ERROR) *code = work.code;
        else out = output_bytes(vm, &work.out);
        bool full = most >= 0 && (int64_t)work.out.len >= most;
        self->hungry = !self->ended && work.len == 0 && !full;
    }
    free(work.out.data);
    decref(input);
    return out;
}

static inline Ref packer_get_unused(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_packer(self)->unused);
}
static inline Ref packer_get_eof(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_packer(self)->ended);
}
static inline Ref packer_get_needs_input(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_packer(self)->hungry);
}
#define UNPACKER_ATTRIBUTES                                                                        \
    {"unused_data", packer_get_unused, NULL, "What came behind the end of the compressed data."},  \
        {"needs_input", packer_get_needs_input, NULL, "Is more input needed for more output?"},    \
    {                                                                                              \
        "eof", packer_get_eof, NULL, "Was the end of the compressed data reached?"                 \
    }

/* The type of a compressor or decompressor: the file calls its struct Stream, and what clears it
 * stream_clear. */
#define PACKER_TYPE(type_name_, doc_, new_, methods_, attributes_)                                 \
    {                                                                                              \
        .name = type_name_, .doc = doc_, .size = sizeof(Stream), .flags = TYPE_FINAL,              \
        .refs = REFS(PACKER_REFS), .clear = stream_clear, .new = new_, .methods = methods_,        \
        .attributes = attributes_                                                                  \
    }

#endif
