/* convert.c - units of one, two or four bytes as units of another width.
 *
 * Eight at a time, then those that are left.
 * Neighbours: copy.h (of the same width); users: object/str.c, strbuilder.c, codecutf.c. */
/* SPDX-License-Identifier: MIT */
#include "base/convert.h"

#include <stdint.h>
#include <string.h>

#include "base/copy.h"

enum { AT_ONCE = 8 };

#define CONVERT(name, From, To)                                                                    \
    static void name(char *to, const char *from, ptrdiff_t n)                                      \
    {                                                                                              \
        typedef From Froms __attribute__((vector_size(AT_ONCE * sizeof(From))));                   \
        typedef To Tos __attribute__((vector_size(AT_ONCE * sizeof(To))));                         \
        ptrdiff_t i = 0;                                                                           \
        for (; n - i >= AT_ONCE; i += AT_ONCE) {                                                   \
            Froms block;                                                                           \
            memcpy(&block, from + i * (ptrdiff_t)sizeof(From), sizeof block);                      \
            Tos converted = __builtin_convertvector(block, Tos);                                   \
            memcpy(to + i * (ptrdiff_t)sizeof(To), &converted, sizeof converted);                  \
        }                                                                                          \
        for (; i < n; i++) {                                                                       \
            From unit;                                                                             \
            memcpy(&unit, from + i * (ptrdiff_t)sizeof(From), sizeof unit);                        \
            To converted = (To)unit;                                                               \
            memcpy(to + i * (ptrdiff_t)sizeof(To), &converted, sizeof converted);                  \
        }                                                                                          \
    }
CONVERT(one_to_two, uint8_t, uint16_t)
CONVERT(two_to_one, uint16_t, uint8_t)
CONVERT(two_to_four, uint16_t, uint32_t)
CONVERT(four_to_one, uint32_t, uint8_t)
CONVERT(four_to_two, uint32_t, uint16_t)

static void one_to_four(char *to, const char *from, ptrdiff_t n)
{
    uint16_t middle[64]; /* compilers are not good at one step that is so wide */
    for (ptrdiff_t i = 0, count; i < n; i += count) {
        count = n - i < 64 ? n - i : 64;
        one_to_two((char *)middle, from + i, count);
        two_to_four(to + 4 * i, (const char *)middle, count);
    }
}

void units_convert(char *to, int to_width, const char *from, int from_width, ptrdiff_t n)
{
    if (to_width == from_width) copy_few(to, from, (size_t)(n * to_width));
    else if (from_width == 1) (to_width == 2 ? one_to_two : one_to_four)(to, from, n);
    else if (from_width == 2) (to_width == 1 ? two_to_one : two_to_four)(to, from, n);
    else (to_width == 1 ? four_to_one : four_to_two)(to, from, n);
}

void units_swap(char *units, int width, ptrdiff_t n)
{
    if (width == 2) {
        for (ptrdiff_t i = 0; i < n; i++) {
            uint16_t unit;
            memcpy(&unit, units + 2 * i, 2);
            unit = __builtin_bswap16(unit);
            memcpy(units + 2 * i, &unit, 2);
        }
    } else {
        for (ptrdiff_t i = 0; i < n; i++) {
            uint32_t unit;
            memcpy(&unit, units + 4 * i, 4);
            unit = __builtin_bswap32(unit);
            memcpy(units + 4 * i, &unit, 4);
        }
    }
}
