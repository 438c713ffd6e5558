/* radix.c - a stable sort by numbers that compares nothing.
 *
 * The items are dealt out by one byte of their numbers after the other, the lowest of the highest
 * few first; groups that share those are sorted by the rest.  Bytes that all numbers share are
 * passed over, and what is in order already is left alone.
 * Neighbours: object/listsort.c (numbers that stand for keys). */
/* SPDX-License-Identifier: MIT */
#include "base/radix.h"

#include <string.h>

enum { DIGITS = 256 };
enum { TOP = 3 };  /* so many bytes tell most items apart */
enum { FEW = 24 }; /* so many are inserted one by one */

/* Deals items out by the byte of their numbers at shift. */
static void deal(const Ranked *items, Ranked *to, ptrdiff_t len, int shift)
{
    ptrdiff_t starts[DIGITS] = {0}, start = 0;
    for (ptrdiff_t i = 0; i < len; i++) starts[items[i].number >> shift & (DIGITS - 1)]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        ptrdiff_t count = starts[digit];
        starts[digit] = start;
        start += count;
    }
    for (ptrdiff_t i = 0; i < len; i++)
        to[starts[items[i].number >> shift & (DIGITS - 1)]++] = items[i];
}

/* Where the bytes lie that not all numbers share, the highest first; how many. */
static int varying_bytes(const Ranked *items, ptrdiff_t len, int shifts[8])
{
    uint64_t varying = 0;
    int count = 0;
    for (ptrdiff_t i = 1; i < len; i++) varying |= items[i].number ^ items[0].number;
    for (int shift = 56; shift >= 0; shift -= 8)
        if (varying >> shift & (DIGITS - 1)) shifts[count++] = shift;
    return count;
}

static void insert_each(Ranked *items, ptrdiff_t len)
{
    for (ptrdiff_t i = 1; i < len; i++) {
        Ranked item = items[i];
        ptrdiff_t at = i;
        for (; at > 0 && items[at - 1].number > item.number; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

/* Sorts by the highest bytes, then each group that shares them by the others. */
static void sort_from_top(Ranked *items, Ranked *spare, ptrdiff_t len)
{
    int shifts[8];
    if (len <= FEW) {
        insert_each(items, len);
        return;
    }
    int count = varying_bytes(items, len, shifts), dealt = count < TOP ? count : TOP;
    Ranked *from = items, *to = spare;
    for (int i = dealt; i-- > 0;) {
        deal(from, to, len, shifts[i]);
        Ranked *filled = to;
        to = from;
        from = filled;
    }
    if (from != items) memcpy(items, from, (size_t)len * sizeof *items);
    if (count == dealt) return;
    int shift = shifts[dealt - 1];
    for (ptrdiff_t start = 0, end; start < len; start = end) {
        uint64_t top = items[start].number >> shift;
        for (end = start + 1; end < len && items[end].number >> shift == top;) end++;
        if (end - start > 1) sort_from_top(items + start, spare, end - start);
    }
}

bool radix_sort(Ranked *items, Ranked *spare, ptrdiff_t len)
{
    ptrdiff_t ordered = 1;
    while (ordered < len && items[ordered - 1].number <= items[ordered].number) ordered++;
    if (ordered >= len) return false;
    sort_from_top(items, spare, len);
    return true;
}
