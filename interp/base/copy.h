/* copy.h - copying and writing few bytes without a call.
 *
 * Two overlapping words of the size class cover any length of it, so that what has to be guessed
 * is the class and not the length.  Both words are read before one is written.
 * Neighbours: bytescan.c; users: object/bytes.c and the methods of bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_COPY_H
#define AIO_BASE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct CopyPair {
    uint64_t low, high;
} CopyPair;

/* Copies len bytes, which do not overlap; gives where they end. */
static inline char *copy_few(char *to, const char *from, size_t len)
{
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len >= 16) {
        CopyPair first, last;
        memcpy(&first, from, 16);
        memcpy(&last, from + len - 16, 16);
        memcpy(to, &first, 16);
        memcpy(to + len - 16, &last, 16);
    } else if (len >= 8) {
        uint64_t first, last;
        memcpy(&first, from, 8);
        memcpy(&last, from + len - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + len - 8, &last, 8);
    } else if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + len - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + len - 4, &last, 4);
    } else if (len) {
        char first = from[0], middle = from[len / 2], last = from[len - 1];
        to[0] = first;
        to[len / 2] = middle;
        to[len - 1] = last;
    }
    return to + len;
}

/* Writes byte count times, mostly a few; gives where they end. */
static inline char *fill_few(char *to, char byte, ptrdiff_t count)
{
    if (count > 16) return (char *)memset(to, byte, (size_t)count) + count;
    for (ptrdiff_t i = 0; i < count; i++) *to++ = byte;
    return to;
}

#endif
