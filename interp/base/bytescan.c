/* bytescan.c - where one run of bytes occurs in another.
 *
 * Sixteen places are tried at once: where both the first and the last byte of what is sought match
 * there is a hit, and only hits are compared in full.  A text that misleads too often is left to
 * the C library's memmem, whose time is linear whatever the text.
 * Neighbours: object/bytessearch.c (the methods), copy.h. */
/* SPDX-License-Identifier: MIT */
#include "base/bytescan.h"

#include <string.h>

#include "base/block.h"

enum { BLOCK = BLOCK_BYTES, WASTE_ALLOWED = 256 };

static inline Bytes16 block_of(char c) { return (Bytes16){0} + (uint8_t)c; }

ByteScan bytescan_open(const char *text, ptrdiff_t len, const char *sub, ptrdiff_t sub_len)
{
    return (ByteScan){.text = text,
                      .sub = sub,
                      .sub_len = sub_len,
                      .places = len - sub_len + 1,
                      .block = -BLOCK,
                      .exhausted = len < sub_len};
}

/* The places from `at` on, fewer than a block of them, that are hits. */
static uint32_t last_hits(const ByteScan *scan, ptrdiff_t at)
{
    const char *text = scan->text, *end = text + scan->sub_len - 1;
    char first = scan->sub[0], last = scan->sub[scan->sub_len - 1];
    ptrdiff_t left = scan->places - at;
    if (scan->places >= BLOCK) { /* a block that ends there */
        const char *from = text + scan->places - BLOCK;
        Bytes16 same = (Bytes16)(bytes16_at(from) == block_of(first)) &
                       (Bytes16)(bytes16_at(from + (end - text)) == block_of(last));
        return block_mask(same) >> (BLOCK - left);
    }
    uint32_t hits = 0;
    for (ptrdiff_t i = 0; i < left; i++)
        hits |= (uint32_t)(text[at + i] == first && end[at + i] == last) << i;
    return hits;
}

/* Goes on to the next block with a hit, not before `from`; false: there is none. */
static bool next_block(ByteScan *scan, ptrdiff_t from)
{
    ptrdiff_t at = scan->block + BLOCK;
    if (scan->exhausted) return false;
    if (at < from) at = from;
    const char *text = scan->text, *end = text + scan->sub_len - 1;
    Bytes16 first = block_of(scan->sub[0]), last = block_of(scan->sub[scan->sub_len - 1]);
    for (; at + BLOCK <= scan->places; at += BLOCK) {
        Bytes16 same =
            (Bytes16)(bytes16_at(text + at) == first) & (Bytes16)(bytes16_at(end + at) == last);
        scan->hits = block_mask(same);
        if (scan->hits) {
            scan->block = at;
            return true;
        }
    }
    scan->exhausted = true;
    scan->block = at;
    scan->hits = at < scan->places ? last_hits(scan, at) : 0;
    return scan->hits != 0;
}

/* Is what lies between the ends of the hit at `at` right as well? */
static inline bool middle_matches(ByteScan *scan, ptrdiff_t at)
{
    const char *here = scan->text + at + 1, *wanted = scan->sub + 1;
    ptrdiff_t len = scan->sub_len - 2;
    if (len <= 8) {
        for (ptrdiff_t i = 0; i < len; i++)
            if (here[i] != wanted[i]) return false;
        return true;
    }
    if (memcmp(here, wanted, 8) != 0) return false;
    if (memcmp(here + 8, wanted + 8, (size_t)len - 8) == 0) return true;
    scan->wasted += len;
    return false;
}

static ptrdiff_t find_steadily(const ByteScan *scan, ptrdiff_t from)
{
    size_t len = (size_t)(scan->places + scan->sub_len - 1 - from);
    if (from >= scan->places) return -1;
    const char *found = memmem(scan->text + from, len, scan->sub, (size_t)scan->sub_len);
    return found ? found - scan->text : -1;
}

ptrdiff_t bytescan_next(ByteScan *scan, ptrdiff_t from)
{
    if (scan->wasted > WASTE_ALLOWED + 4 * from) return find_steadily(scan, from);
    do {
        while (scan->hits) {
            ptrdiff_t at = scan->block + __builtin_ctz(scan->hits);
            scan->hits &= scan->hits - 1;
            if (at < from) continue;
            if (middle_matches(scan, at)) return at;
            if (scan->wasted > WASTE_ALLOWED + 4 * at) return find_steadily(scan, at + 1);
        }
    } while (next_block(scan, from));
    return -1;
}

ptrdiff_t bytescan_find(const char *text, ptrdiff_t len, const char *sub, ptrdiff_t sub_len)
{
    if (sub_len == 1) {
        const char *found = len > 0 ? memchr(text, *sub, (size_t)len) : NULL;
        return found ? found - text : -1;
    }
    ByteScan scan = bytescan_open(text, len, sub, sub_len);
    return bytescan_next(&scan, 0);
}

/* How often c occurs. */
static ptrdiff_t count_byte(const char *text, ptrdiff_t len, char c)
{
    enum { ROUNDS = 255 }; /* before a lane's count overflows */
    ptrdiff_t count = 0, i = 0;
    while (i + BLOCK <= len) {
        Bytes16 sums = {0}, wanted = block_of(c);
        for (int round = 0; round < ROUNDS && i + BLOCK <= len; round++, i += BLOCK)
            sums -= (Bytes16)(bytes16_at(text + i) == wanted);
        for (int k = 0; k < BLOCK; k++) count += sums[k];
    }
    for (; i < len; i++) count += text[i] == c;
    return count;
}

ptrdiff_t bytescan_count(const char *text, ptrdiff_t len, const char *sub, ptrdiff_t sub_len,
                         ptrdiff_t most)
{
    if (sub_len == 1 && most >= len) return count_byte(text, len, *sub);
    ByteScan scan = bytescan_open(text, len, sub, sub_len);
    ptrdiff_t count = 0, at = 0;
    for (; count < most && (at = bytescan_next(&scan, at)) >= 0; count++) at += sub_len;
    return count;
}

void bytescan_exchange(char *text, ptrdiff_t len, char old, char new)
{
    Bytes16 wanted = block_of(old), change = block_of((char)(old ^ new));
    ptrdiff_t i = 0;
    for (; i + BLOCK <= len; i += BLOCK) {
        Bytes16 block = bytes16_at(text + i);
        block ^= (Bytes16)(block == wanted) & change;
        memcpy(text + i, &block, BLOCK);
    }
    for (; i < len; i++)
        if (text[i] == old) text[i] = new;
}
