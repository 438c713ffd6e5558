/* block.h - bytes and code points looked at sixteen bytes at a time.
 *
 * A mask has a bit for each byte of a block, so that a point of width w has w of them.
 * Neighbours: bytescan.c, marks.h; users: object/str.c, strfind.c, codecstate.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_BLOCK_H
#define AIO_BASE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK_BYTES = 16 };
typedef uint8_t Bytes16 __attribute__((vector_size(BLOCK_BYTES)));
typedef uint16_t Units8 __attribute__((vector_size(BLOCK_BYTES)));
typedef uint32_t Points4 __attribute__((vector_size(BLOCK_BYTES)));
typedef uint64_t Words2 __attribute__((vector_size(BLOCK_BYTES)));

/* The top bit of each byte. */
static inline unsigned block_mask(Bytes16 block)
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

static inline bool block_is_zero(Bytes16 block)
{
    Words2 words = (Words2)block;
    return (words[0] | words[1]) == 0;
}

static inline Bytes16 bytes16_at(const char *data)
{
    Bytes16 block;
    memcpy(&block, data, sizeof block);
    return block;
}

static inline Units8 units8_at(const char *data)
{
    Units8 block;
    memcpy(&block, data, sizeof block);
    return block;
}

static inline Points4 points4_at(const char *data)
{
    Points4 block;
    memcpy(&block, data, sizeof block);
    return block;
}

/* Which of the points at data, of that width and at least as wide as point, are point. */
static inline unsigned block_equal(const char *data, int width, uint32_t point)
{
    if (width == 1) return block_mask((Bytes16)(bytes16_at(data) == (uint8_t)point));
    if (width == 2) return block_mask((Bytes16)(units8_at(data) == (uint16_t)point));
    return block_mask((Bytes16)(points4_at(data) == point));
}

/* How many bytes from the start are ASCII. */
static inline ptrdiff_t ascii_run(const char *data, ptrdiff_t len)
{
    ptrdiff_t i = 0;
    for (; i + BLOCK_BYTES <= len; i += BLOCK_BYTES) {
        unsigned mask = block_mask(bytes16_at(data + i));
        if (mask) return i + __builtin_ctz(mask);
    }
    uint64_t eight;
    if (i + 8 <= len && (memcpy(&eight, data + i, 8), !(eight & 0x8080808080808080u))) i += 8;
    while (i < len && !(data[i] & 0x80)) i++;
    return i;
}

#endif
