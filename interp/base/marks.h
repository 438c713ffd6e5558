/* marks.h - which bytes of a text are of some kind (a separator, a blank, the end of a line), found
 * a block at a time and told one after the other.
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

/* What is told: each point of the kind, or where those of the kind begin and where they end. */
typedef enum MarksTold { MARKS_EACH, MARKS_EDGES } MarksTold;

typedef struct Marks {
    const char *text;
    ptrdiff_t len;
    int width;
    MarksTold told;
    bool headed;     /* the BLOCK_BYTES before text belong to the same piece of memory */
    unsigned mask;   /* bit n: text[block + n] is to be told; none lies behind the end */
    unsigned before; /* 1: what lies before the next block is of the kind */
    ptrdiff_t block; /* where the block starts that mask tells of */
} Marks;

/* A separator of no more points is looked for by its first one, a longer one as a whole. */
enum { SEPARATOR_FEW = 8 };

#define MARKS_INLINE static inline __attribute__((always_inline))

/* Which bytes of the block at `at` are of the kind; none behind the end is. */
MARKS_INLINE unsigned marks_of_block(const Marks *marks, ptrdiff_t at, MarkKind *kind,
                                     uint32_t what)
{
    ptrdiff_t left = marks->len - at;
    if (left >= BLOCK_BYTES) return block_mask(kind(bytes16_at(marks->text + at), what));
    if (marks->headed || marks->len >= BLOCK_BYTES) {
        Bytes16 last = bytes16_at(marks->text + marks->len - BLOCK_BYTES);
        return block_mask(kind(last, what)) >> (BLOCK_BYTES - left);
    }
    char few[BLOCK_BYTES] = {0};
    copy_few(few, marks->text + at, (size_t)left % BLOCK_BYTES);
    return block_mask(kind(bytes16_at(few), what)) & ((1u << left) - 1);
}

MARKS_INLINE void marks_load(Marks *marks, ptrdiff_t at, MarkKind *kind, uint32_t what)
{
    unsigned mask = marks_of_block(marks, at, kind, what);
    unsigned first_bytes = 0xFFFF / ((1u << marks->width) - 1);
    marks->block = at;
    marks->mask = marks->told == MARKS_EDGES ? (mask ^ (mask << 1 | marks->before)) & 0xFFFF
                                             : mask & first_bytes;
    marks->before = mask >> (BLOCK_BYTES - 1);
}

/* What lies before the text counts as marked. */
MARKS_INLINE Marks marks_open(const char *text, ptrdiff_t len, int width, bool headed,
                              MarksTold told, MarkKind *kind, uint32_t what)
{
    Marks marks = {text, len, width, told, headed, .before = 1};
    marks_load(&marks, 0, kind, what);
    return marks;
}

/* The next place to be told; len: there is none. */
MARKS_INLINE ptrdiff_t marks_next(Marks *marks, MarkKind *kind, uint32_t what)
{
    while (!marks->mask) {
        if (marks->len - marks->block <= BLOCK_BYTES) return marks->len;
        marks_load(marks, marks->block + BLOCK_BYTES, kind, what);
    }
    ptrdiff_t at = marks->block + __builtin_ctz(marks->mask);
    marks->mask &= marks->mask - 1;
    return at;
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
