/* _array.h - the items that an array holds, by their typecode.
 *
 * Neighbours: _array_item.c (implements this), array.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_ARRAY_H
#define AIO_STDLIB_ARRAY_H

#include "native.h"

typedef struct ArrayKind {
    char code;          /* 'i' */
    uint8_t size;       /* bytes of an item */
    char sort;          /* 'i' signed, 'u' unsigned, 'f' float, 'c' character */
    const char *format; /* for buffers */
    uint8_t machine;    /* number of the machine format, little-endian, as pickles name it */
} ArrayKind;

/* NULL: there is no such typecode. */
const ArrayKind *array_kind(uint32_t code);

/* Copies an item: a copy of a length that is not constant takes longer than all else. */
static inline void array_item_copy(char *to, const char *from, int size)
{
    switch (size) {
    case 1: *to = *from; break;
    case 2: memcpy(to, from, 2); break;
    case 4: memcpy(to, from, 4); break;
    default: memcpy(to, from, 8); break;
    }
}
Ref array_item_load(Vm *vm, const ArrayKind *kind, const char *at);
/* Raises TypeError or OverflowError for what the kind cannot hold. */
bool array_item_store(Vm *vm, const ArrayKind *kind, char *at, Value v);

enum { MACHINE_FORMATS = 22 };
/* Bytes of an item of a machine format. */
int array_machine_size(int machine);
/* The kind of array that a machine format is read into: for integers one of the same size, for
 * others the kind that was asked for. */
const ArrayKind *array_machine_kind(int machine, const ArrayKind *asked);
/* A list of the items that data holds in a machine format, or a str for UTF-16 and UTF-32. */
Ref array_machine_items(Vm *vm, int machine, const char *data, ptrdiff_t len);

#endif
