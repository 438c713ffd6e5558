/* block.h - code points looked at sixteen bytes at a time, and few bytes copied without a call.
 *
 * A mask has a bit for each byte of a block, so that a point of width w has w of them.
 * Neighbours: str.c, strfind.c, strsplit.c, codecstate.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_BLOCK_H
#define AIO_OBJECT_BLOCK_H

#include <string.h>

#include "object/str.h"

enum { BLOCK_BYTES = 16 };
typedef uint8_t Bytes16 __attribute__((vector_size(BLOCK_BYTES)));
typedef uint16_t Units8 __attribute__((vector_size(BLOCK_BYTES)));
typedef uint32_t Points4 __attribute__((vector_size(BLOCK_BYTES)));
typedef uint64_t Words2 __attribute__((vector_size(BLOCK_BYTES)));

/* The top bit of each byte. */
ALWAYS_INLINE unsigned block_mask(Bytes16 block)
{
#ifdef __SSE2__
    typedef char Chars16 __attribute__((vector_size(BLOCK_BYTES)));
    return (unsigned)__builtin_ia32_pmovmskb128((Chars16)block);
#else
    unsigned mask = 0;
    for (int i = 0; i < BLOCK_BYTES; i++) mask |= (unsigned)(block[i] >> 7) << i;
    return mask;
#endif
}

ALWAYS_INLINE bool block_is_zero(Bytes16 block)
{
    Words2 words = (Words2)block;
    return (words[0] | words[1]) == 0;
}

ALWAYS_INLINE Bytes16 bytes16_at(const char *data)
{
    Bytes16 block;
    memcpy(&block, data, sizeof block);
    return block;
}

ALWAYS_INLINE Units8 units8_at(const char *data)
{
    Units8 block;
    memcpy(&block, data, sizeof block);
    return block;
}

ALWAYS_INLINE Points4 points4_at(const char *data)
{
    Points4 block;
    memcpy(&block, data, sizeof block);
    return block;
}

/* Which of the points at data, of that width and at least as wide as point, are point. */
ALWAYS_INLINE unsigned block_equal(const char *data, int width, uint32_t point)
{
    if (width == 1) return block_mask((Bytes16)(bytes16_at(data) == (uint8_t)point));
    if (width == 2) return block_mask((Bytes16)(units8_at(data) == (uint16_t)point));
    return block_mask((Bytes16)(points4_at(data) == point));
}

/* Copies few bytes without a call; gives where they end. */
ALWAYS_INLINE char *bytes_put(char *to, const char *from, size_t len)
{
    if (len > 16) {
        memcpy(to, from, len);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memmove(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memmove(to + len - 4, from + len - 4, 4);
    } else if (len > 0) {
        to[0] = from[0];
        to[len / 2] = from[len / 2];
        to[len - 1] = from[len - 1];
    }
    return to + len;
}

#endif
