/* bytes.h - immutable bytes, and the buffer protocol. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_BYTES_H
#define AIO_OBJECT_BYTES_H

#include "object/type.h"

typedef struct Bytes {
    Container head;
    int64_t hash; /* 0: not computed yet */
    ptrdiff_t len;
    char data[]; /* and a zero byte */
} Bytes;

struct Buffer {
    char *data;
    ptrdiff_t len; /* bytes */
    bool readonly;
    const char *format; /* struct-module format of an item, "B" by default */
    ptrdiff_t item_size;
    Ref owner; /* keeps data alive */
};

typedef struct BytesIter {
    Object head;
    Ref source;
    ptrdiff_t next;
} BytesIter; /* bytes or bytearray; UNDEF at the end */

static inline bool is_bytes(Value v) { return is_kind(v, KIND_BYTES); }
static inline Bytes *as_bytes(Value v) { return (Bytes *)as_object(v); }
Ref bytes_from(Vm *vm, const char *data, ptrdiff_t len); /* data NULL: uninitialised */
/* The same, not to be written to: one of a single byte is shared. */
Ref bytes_piece(Vm *vm, const char *data, ptrdiff_t len);
void bytes_close(Interp *interp);
/* Shortens bytes (stolen) that nobody else has seen; what is mostly unused becomes a copy. */
Ref bytes_cut(Vm *vm, Ref bytes, ptrdiff_t len);
Ref bytes_concat(Vm *vm, Value a, Value b); /* b: any bytes-like; TypeError "can't concat ..." */
Ref bytes_repr_of(Vm *vm, const char *data, ptrdiff_t len, const char *prefix, const char *suffix);
/* str() of bytes or a bytearray: the repr; with -b a BytesWarning, with -bb it is raised. */
Ref bytes_str(Vm *vm, Value self);
/* The same of == and != with what is never equal; false: raised. */
bool bytes_warn_comparison(Vm *vm, const char *name, Value other, CompareOp op);
/* An int in range(256): TypeError when it is none, else ValueError with the message. */
bool byte_value(Vm *vm, Value v, const char *message, char *byte);
Ref bytes_percent(Vm *vm, Value format, Value args); /* format % args: bytes (percent.c) */
/* Any bytes-like object; raises TypeError "a bytes-like object is required, not 'str'". */
bool buffer_get(Vm *vm, Value v, Buffer *buffer, bool writable);
void buffer_release(Vm *vm, Buffer *buffer);

#endif
