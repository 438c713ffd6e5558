/* iobuffer.h - BufferedReader, BufferedWriter and BufferedRandom: a buffer over a raw file. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOBUFFER_H
#define AIO_MODULES_IOBUFFER_H

#include <pthread.h>

#include "object/native.h"

typedef struct Buffered {
    Container head;
    Ref raw; /* UNDEF: never opened, or detached */
    bool ready, detached;
    bool readable, writable; /* both: BufferedRandom */
    bool fast;               /* raw is a FileIO itself: no need to call its methods */
    bool finalizing;
    char *data; /* size bytes, allocated on first use */
    ptrdiff_t size;
    ptrdiff_t pos, end;   /* data[pos:end] was read ahead; raw stands behind it */
    ptrdiff_t out;        /* data[0:out] waits to be written; then pos == end == 0 */
    int64_t raw_position; /* where raw stands; -1: not known */
    Vm *owner;            /* the thread that is reading or writing raw */
    pthread_mutex_t lock; /* held by owner */
} Buffered;

extern const TypeDef buffered_reader_type, buffered_writer_type, buffered_random_type;

static inline Buffered *as_buffered(Value v) { return (Buffered *)(void *)as_object(v); }
/* Is v one of the three types itself, no subclass, over a FileIO itself? */
bool buffered_is_fast(Value v);

/* type(raw, size) where the caller knows that raw can be read or written as the type needs. */
Ref buffered_new(Vm *vm, const TypeDef *type, Value raw, ptrdiff_t size);

/* The next bytes, at most limit, with at most one read of raw when none are there: valid until self
 * is used again; *len 0: the end.  false: raised. */
bool buffered_chunk(Vm *vm, Buffered *self, ptrdiff_t limit, const char **data, ptrdiff_t *len);
/* write() and flush(). */
bool buffered_write(Vm *vm, Buffered *self, const char *data, ptrdiff_t len);
bool buffered_flush(Vm *vm, Buffered *self);

#endif
