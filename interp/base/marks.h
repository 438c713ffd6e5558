/* marks.h - which bytes of a text are of some kind (a separator, a blank, the end of a line), found
 * a block at a time: what is found in a block serves the places behind it too.
 *
 * A kind is a function that tells of the sixteen bytes of a block; it is inlined where it is named.
 * Points of a width of two or four are looked at likewise: all offsets are of bytes.
 * Neighbours: block.h; users: object/strsplit.c, bytessearch.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_MARKS_H
#define AIO_BASE_MARKS_H

#include "base/block.h"
#include "base/copy.h"

/* 0xFF where a byte of block is of the kind; what: as the kind needs it. */
typedef Bytes16 MarkKind(Bytes16 block, uint32_t what);

typedef struct Marks {
    const char *text;
    ptrdiff_t len;
    bool headed;     /* the BLOCK_BYTES before text belong to the same piece of memory */
    unsigned mask;   /* bit n: text[block + n] is marked; no byte behind the end is */
    ptrdiff_t block; /* where the block starts that mask tells of */
} Marks;

/* A separator of no more points is looked for by its first one, a longer one as a whole. */
enum { SEPARATOR_FEW = 8 };

#define MARKS_INLINE static inline __attribute__((always_inline))

MARKS_INLINE void marks_load(Marks *marks, ptrdiff_t at, MarkKind *kind, uint32_t what)
{
    ptrdiff_t left = marks->len - at;
    marks->block = at;
    if (left >= BLOCK_BYTES) {
        marks->mask = block_mask(kind(bytes16_at(marks->text + at), what));
    } else if (marks->headed || marks->len >= BLOCK_BYTES) {
        Bytes16 last = bytes16_at(marks->text + marks->len - BLOCK_BYTES);
        marks->mask = block_mask(kind(last, what)) >> (BLOCK_BYTES - left);
    } else {
        char few[BLOCK_BYTES] = {0};
        copy_few(few, marks->text + at, (size_t)left % BLOCK_BYTES);
        marks->mask = block_mask(kind(bytes16_at(few), what)) & ((1u << left) - 1);
    }
}

MARKS_INLINE Marks marks_open(const char *text, ptrdiff_t len, bool headed, MarkKind *kind,
                              uint32_t what)
{
    Marks marks = {.text = text, .len = len, .headed = headed};
    marks_load(&marks, 0, kind, what);
    return marks;
}

/* The first place at or after `from` that is marked, or that is not; len: there is none.  `from`
 * never goes back. */
MARKS_INLINE ptrdiff_t marks_find(Marks *marks, ptrdiff_t from, bool marked, MarkKind *kind,
                                  uint32_t what)
{
    while (from < marks->len) {
        if (from - marks->block >= BLOCK_BYTES) marks_load(marks, from, kind, what);
        unsigned bits = (marked ? marks->mask : ~marks->mask & 0xFFFF) >> (from - marks->block);
        if (bits) {
            ptrdiff_t at = from + __builtin_ctz(bits);
            return at < marks->len ? at : marks->len;
        }
        from = marks->block + BLOCK_BYTES;
    }
    return marks->len;
}

/* Kinds: what is the byte, or the unit of two or four, that is looked for. */
MARKS_INLINE Bytes16 mark_byte(Bytes16 block, uint32_t what)
{
    return (Bytes16)(block == (uint8_t)what);
}
MARKS_INLINE Bytes16 mark_unit(Bytes16 block, uint32_t what)
{
    return (Bytes16)((Units8)block == (uint16_t)what);
}
MARKS_INLINE Bytes16 mark_point(Bytes16 block, uint32_t what)
{
    return (Bytes16)((Points4)block == what);
}

/* The bytes from low to high. */
MARKS_INLINE Bytes16 block_between(Bytes16 block, uint8_t low, uint8_t high)
{
    return (Bytes16)((Bytes16)(block - low) <= (uint8_t)(high - low));
}

#endif
