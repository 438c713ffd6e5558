/* radix.c - base/radix: against a plain insertion of the same items.
 *
 * Neighbours: interp/base/radix.c. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/radix.h"

enum { MOST = 700 };

static uint64_t state = 1;

static uint64_t next_number(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state ^ state >> 29;
}

/* Are items what inserting from, in order, makes of it? */
static bool is_sorted(const Ranked *items, const Ranked *from, ptrdiff_t len)
{
    for (ptrdiff_t i = 0; i < len; i++) {
        const Ranked *item = &items[i];
        if (item->place >= (uint64_t)len || from[item->place].number != item->number) return false;
        if (i == 0) continue;
        if (item[-1].number > item->number) return false;
        if (item[-1].number == item->number && item[-1].place >= item->place) return false;
    }
    return true;
}

static bool try(ptrdiff_t len, uint64_t mask, uint64_t more)
{
    static Ranked from[MOST], items[MOST], spare[MOST];
    bool ordered = true;
    for (ptrdiff_t i = 0; i < len; i++) {
        from[i] = (Ranked){(next_number() & mask) | more, (uint64_t)i};
        items[i] = from[i];
        ordered &= i == 0 || from[i - 1].number <= from[i].number;
    }
    bool changed = radix_sort(items, spare, len);
    return changed != ordered && is_sorted(items, from, len);
}

int main(void)
{
    const uint64_t masks[] = {0,      1,          0xFF,           0xFF00,
                              0xFFFF, 0xFFFFFFFF, ~(uint64_t)0,   (uint64_t)3 << 62 | 7,
                              0x0101, 0xF0F0F0F0, 0xFF000000FF00, 0x8000000000000001u};
    int failures = 0;
    for (ptrdiff_t len = 0; len <= MOST; len += len < 40 ? 1 : 55)
        for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
            if (!try(len, masks[i], (uint64_t)i << 20)) {
                printf("wrong: %td items, mask %#llx\n", len, (unsigned long long)masks[i]);
                failures++;
            }
    return failures != 0;
}
