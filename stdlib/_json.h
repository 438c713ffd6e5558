/* _json.h - what reading and writing JSON share: runs of characters that stand for themselves.
 *
 * Text is looked at where it lies, in the width of its str.  What takes a width is always inlined
 * where that is a constant, so that there is code for each.  Behind a str's last character lies a
 * zero, which is not plain: nobody who goes on from plain characters only needs to know the end.
 * Neighbours: _json.c, _json_read.c, _json_encode.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_JSON_H
#define AIO_STDLIB_JSON_H

#include "native.h"

/* The functions of the module that _json_encode.c holds; NULL-terminated. */
extern const Native *const json_encode_functions[];

/* No control, no quote, no backslash? */
static inline bool json_is_plain(uint32_t c) { return c >= ' ' && c != '"' && c != '\\'; }

ALWAYS_INLINE uint32_t json_point(const char *p, int width)
{
    uint16_t wide;
    uint32_t full;
    if (width == 1) return (uint8_t)*p;
    if (width == 2) return memcpy(&wide, p, sizeof wide), wide;
    return memcpy(&full, p, sizeof full), full;
}

/* ---- blocks: what one instruction looks at ---- */

enum { JSON_BLOCK = 16 }; /* bytes */
_Static_assert(offsetof(Str, data) >= JSON_BLOCK,
               "the last block of a short text begins in its head");

#ifdef __SSE2__
typedef __m128i JsonBlock;

ALWAYS_INLINE JsonBlock json_block(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
ALWAYS_INLINE void json_block_store(char *to, JsonBlock block)
{
    _mm_storeu_si128((__m128i *)(void *)to, block);
}

/* All bits of the points that are c. */
ALWAYS_INLINE JsonBlock json_block_is(JsonBlock block, int width, int c)
{
    return width == 1   ? _mm_cmpeq_epi8(block, _mm_set1_epi8((char)c))
           : width == 2 ? _mm_cmpeq_epi16(block, _mm_set1_epi16((short)c))
                        : _mm_cmpeq_epi32(block, _mm_set1_epi32(c));
}

/* All bits of the points that are not plain. */
ALWAYS_INLINE JsonBlock json_block_special(JsonBlock block, int width)
{
    JsonBlock quote = json_block_is(block, width, '"'), slash = json_block_is(block, width, '\\');
    JsonBlock low = width == 1   ? _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(31)), block)
                    : width == 2 ? _mm_cmpeq_epi16(_mm_subs_epu16(block, _mm_set1_epi16(31)),
                                                   _mm_setzero_si128())
                                 : _mm_cmplt_epi32(block, _mm_set1_epi32(' '));
    return _mm_or_si128(_mm_or_si128(quote, slash), low);
}

/* Bit n tells byte n. */
ALWAYS_INLINE unsigned json_block_bits(JsonBlock block)
{
    return (unsigned)_mm_movemask_epi8(block);
}

/* The points in another width that holds them: two blocks or four in place of one. */
ALWAYS_INLINE void json_block_widen(char *to, int to_width, JsonBlock block, int width)
{
    const JsonBlock zero = _mm_setzero_si128();
    JsonBlock halves[2] = {block, block};
    if (to_width == width) {
        json_block_store(to, block);
        return;
    }
    if (width == 1) {
        halves[0] = _mm_unpacklo_epi8(block, zero);
        halves[1] = _mm_unpackhi_epi8(block, zero);
        if (to_width == 2) {
            json_block_store(to, halves[0]);
            json_block_store(to + JSON_BLOCK, halves[1]);
            return;
        }
    }
    for (int n = 0; n < (width == 1 ? 2 : 1); n++) {
        json_block_store(to + 2 * n * JSON_BLOCK, _mm_unpacklo_epi16(halves[n], zero));
        json_block_store(to + (2 * n + 1) * JSON_BLOCK, _mm_unpackhi_epi16(halves[n], zero));
    }
}

/* Are the points of so many bytes, of width 2 or 4 and JSON_BLOCK of them at most, all ASCII?  As many
 * may be read. */
ALWAYS_INLINE bool json_few_ascii(const char *p, ptrdiff_t bytes, int width)
{
    const JsonBlock most = width == 2 ? _mm_set1_epi16(127) : _mm_set1_epi32(127);
    uint64_t others = 0; /* bit n tells byte n */
    for (int n = 0; n < width; n++) {
        JsonBlock block = json_block(p + n * JSON_BLOCK);
        JsonBlock above = width == 2 ? _mm_subs_epu16(block, most) : _mm_cmpgt_epi32(block, most);
        JsonBlock none = json_block_is(above, width, 0);
        others |= (uint64_t)(json_block_bits(none) ^ 0xFFFF) << n * JSON_BLOCK;
    }
    return bytes == 64 ? others == 0 : (others & ((UINT64_C(1) << bytes) - 1)) == 0;
}

/* JSON_BLOCK points of a greater width, none too wide, as one block or two of 1 or 2 bytes. */
ALWAYS_INLINE void json_block_narrow(char *to, int to_width, const char *from, int width)
{
    JsonBlock pairs[2] = {json_block(from), json_block(from + JSON_BLOCK)};
    if (width == 4) {
        const JsonBlock half = _mm_set1_epi32(0x8000), halves = _mm_set1_epi16((short)0x8000);
        for (int n = 0; n < 2; n++) { /* packing takes them for signed */
            JsonBlock low = json_block(from + 2 * n * JSON_BLOCK);
            JsonBlock high = json_block(from + (2 * n + 1) * JSON_BLOCK);
            pairs[n] = _mm_packs_epi32(_mm_sub_epi32(low, half), _mm_sub_epi32(high, half));
            pairs[n] = _mm_xor_si128(pairs[n], halves);
        }
    }
    if (to_width == 1) {
        json_block_store(to, _mm_packus_epi16(pairs[0], pairs[1]));
    } else {
        json_block_store(to, pairs[0]);
        json_block_store(to + JSON_BLOCK, pairs[1]);
    }
}
#endif

/* ---- runs of points ---- */

/* The end of the run of plain points from p on in a str's data; end: of the text, where a zero ends
 * the run at the latest. */
ALWAYS_INLINE const char *json_run_end(const char *p, const char *end, int width)
{
#ifdef __SSE2__
    for (; end - p >= JSON_BLOCK; p += JSON_BLOCK) {
        unsigned stops = json_block_bits(json_block_special(json_block(p), width));
        if (stops) return p + __builtin_ctz(stops);
    }
    const char *last = end + width - JSON_BLOCK; /* it may begin before the text, in its head */
    return p + __builtin_ctz(json_block_bits(json_block_special(json_block(last), width)) >>
                             (p - last));
#else
    (void)end;
    while (json_is_plain(json_point(p, width))) p += width;
    return p;
#endif
}

/* The bitwise or of the points [p, end). */
ALWAYS_INLINE uint32_t json_limit(const char *p, const char *end, int width)
{
    uint32_t all = 0;
#ifdef __SSE2__
    if (end - p >= JSON_BLOCK) {
        JsonBlock block = _mm_setzero_si128();
        for (; end - p >= JSON_BLOCK; p += JSON_BLOCK) block = _mm_or_si128(block, json_block(p));
        char few[JSON_BLOCK];
        json_block_store(few, block);
        for (int n = 0; n < JSON_BLOCK; n += width) all |= json_point(few + n, width);
    }
#endif
    for (; p < end; p += width) all |= json_point(p, width);
    return all;
}

/* Copies bytes, in few steps when they are few. */
ALWAYS_INLINE void json_bytes_copy(char *to, const char *from, ptrdiff_t len)
{
    if (len > 32) {
        memcpy(to, from, (size_t)len);
    } else if (len >= 16) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else if (len >= 2) {
        memcpy(to, from, 2);
        memcpy(to + len - 2, from + len - 2, 2);
    } else if (len) {
        *to = *from;
    }
}

/* Copies points into a width that is not greater and holds them. */
ALWAYS_INLINE void json_points_copy(char *to, int to_width, const char *from, int width,
                                    ptrdiff_t count)
{
    if (to_width == width) {
        json_bytes_copy(to, from, count * width);
        return;
    }
    ptrdiff_t i = 0;
#ifdef __SSE2__
    for (; i + JSON_BLOCK <= count; i += JSON_BLOCK)
        json_block_narrow(to + i * to_width, to_width, from + i * width, width);
#endif
    for (; i < count; i++) points_set(to, to_width, i, json_point(from + i * width, width));
}

#endif
