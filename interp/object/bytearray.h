/* bytearray.h - mutable bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_BYTEARRAY_H
#define AIO_OBJECT_BYTEARRAY_H

#include "object/bytes.h"

typedef struct ByteArray {
    Container head;
    ptrdiff_t len, capacity; /* capacity leaves room for a zero byte after len */
    char *data;              /* NULL when capacity is 0, else memory_new's block + front */
    ptrdiff_t front;         /* unused bytes before data: what was deleted at the beginning */
    ptrdiff_t exports;       /* buffers out: the size must not change */
} ByteArray;

static inline bool is_bytearray(Value v) { return is_kind(v, KIND_BYTEARRAY); }
static inline ByteArray *as_bytearray(Value v) { return (ByteArray *)(void *)as_object(v); }
Ref bytearray_from(Vm *vm, const char *data, ptrdiff_t len); /* data NULL: zeros */
/* Changes the length, keeping what fits (new bytes are undefined); BufferError while a buffer is
 * out. */
bool bytearray_resize(Vm *vm, ByteArray *array, ptrdiff_t len);
/* Replaces the bytes [start, end) by len others, which may not lie within array. */
bool bytearray_splice(Vm *vm, ByteArray *array, ptrdiff_t start, ptrdiff_t end, const char *data,
                      ptrdiff_t len);
Ref bytearray_percent(Vm *vm, Value self, Value args); /* self % args: bytearray (percent.c) */

#endif
