/* _json.h - what reading and writing JSON share: runs of characters that stand for themselves. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_JSON_H
#define AIO_STDLIB_JSON_H

#include "native.h"

/* The functions of the module that _json_encode.c holds; NULL-terminated. */
extern const Native *const json_encode_functions[];

/* No control, no quote, no backslash? */
static inline bool json_is_plain(uint32_t c) { return c >= ' ' && c != '"' && c != '\\'; }

/* Eight characters at a time: the high bits of the zero bytes in word; higher ones may be wrong. */
static inline uint64_t json_zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

/* The end of the run of plain characters from i on, at most end; `but` is not plain either. */
static inline ptrdiff_t json_run_end(const char *data, ptrdiff_t i, ptrdiff_t end, char but)
{
    const uint64_t every = 0x0101010101010101u;
    for (; i + 8 <= end; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, 8);
        uint64_t stop = json_zero_bytes(word ^ every * '"') | json_zero_bytes(word ^ every * '\\') |
                        json_zero_bytes(word ^ every * (uint8_t)but) |
                        ((word - every * ' ') & ~word & every * 0x80);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (stop) return i + (__builtin_ctzll(stop) >> 3);
#else
        if (stop) break;
#endif
    }
    while (i < end && json_is_plain((uint8_t)data[i]) && data[i] != but) i++;
    return i;
}

/* The same of any text. */
static inline ptrdiff_t json_plain_end(const Str *text, ptrdiff_t i)
{
    if (text->width == 1) return json_run_end(text->data, i, text->len, '"');
    const uint16_t *wide = (const uint16_t *)(const void *)text->data;
    const uint32_t *full = (const uint32_t *)(const void *)text->data;
    if (text->width == 2)
        while (i < text->len && json_is_plain(wide[i])) i++;
    else
        while (i < text->len && json_is_plain(full[i])) i++;
    return i;
}

#endif
