/* codecutf.c - UTF-8, UTF-16 and UTF-32.
 *
 * Decoders take what is valid by chunks, and only where a chunk ends early look closely at what is
 * there.
 * Neighbours: codec.c (the table of encodings, error handlers), codecstate.h, base/utf8.h. */
/* SPDX-License-Identifier: MIT */
#include "base/convert.h"
#include "base/utf8.h"
#include "object/char.h"
#include "object/codecstate.h"

enum { CHUNK = 256 }; /* units */

/* Is there a surrogate among the points of a block? */
ALWAYS_INLINE bool block_has_surrogates(Bytes16 block, int width)
{
    Bytes16 found = width == 2 ? (Bytes16)(((Units8)block & 0xF800) == 0xD800)
                               : (Bytes16)(((Points4)block & 0xFFFFF800) == 0xD800);
    return !block_is_zero(found);
}

/* The first surrogate at or after `from`, or the end, of points of a width of two or four. */
ALWAYS_INLINE ptrdiff_t find_surrogate(const Str *s, ptrdiff_t from, int width)
{
    while (s->len - from >= BLOCK_BYTES / width &&
           !block_has_surrogates(bytes16_at(s->data + from * width), width))
        from += BLOCK_BYTES / width;
    while (from < s->len && !char_is_surrogate(points_at(s->data, width, from))) from++;
    return from;
}

/* The end of the surrogates, or of what is none, in s from `from` on. */
static ptrdiff_t run_end(const Str *s, ptrdiff_t from, bool surrogates)
{
    if (s->width == 1) return surrogates ? from : s->len;
    if (!surrogates) return s->width == 2 ? find_surrogate(s, from, 2) : find_surrogate(s, from, 4);
    while (from < s->len && char_is_surrogate(str_at(s, from))) from++;
    return from;
}

/* --- UTF-8 ----------------------------------------------------------------------------------- */

/* The valid sequence at p: its length; else minus the length of the bad part, and why. */
static int utf8_step(const uint8_t *p, ptrdiff_t left, uint32_t *point, const char **reason)
{
    uint8_t lead = p[0];
    if (lead < 0x80) {
        *point = lead;
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        *reason = "invalid start byte";
        return -1;
    }
    int size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t value = lead & (0xFFu >> (size + 1));
    for (int i = 1; i < size; i++) {
        if (i >= left) {
            *reason = "unexpected end of data";
            return -i;
        }
        uint8_t low = 0x80, high = 0xBF;
        if (i == 1) {
            if (lead == 0xE0) low = 0xA0;
            if (lead == 0xED) high = 0x9F;
            if (lead == 0xF0) low = 0x90;
            if (lead == 0xF4) high = 0x8F;
        }
        if (p[i] < low || p[i] > high) {
            *reason = "invalid continuation byte";
            return -i;
        }
        value = value << 6 | (p[i] & 63);
    }
    *point = value;
    return size;
}

/* The first two bytes of a surrogate at the end of a piece: surrogatepass may want the third. */
static bool is_cut_surrogate(const uint8_t *p, ptrdiff_t left)
{
    return left == 2 && p[0] == 0xED && p[1] >= 0xA0 && p[1] <= 0xBF;
}

/* Where the valid sequence of two to four bytes at p, which are there, ends, and its *point; NULL:
 * it is not valid, or of four bytes and those are not wanted. */
ALWAYS_INLINE const uint8_t *utf8_sequence(const uint8_t *p, bool wide, uint32_t *point)
{
    uint32_t four = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if ((four & 0xE0C00000) == 0xC0800000) {
        *point = (four >> 18 & 0x7C0) | (four >> 16 & 0x3F);
        return *point >= 0x80 ? p + 2 : NULL;
    }
    if ((four & 0xF0C0C000) == 0xE0808000) {
        *point = (four >> 12 & 0xF000) | (four >> 10 & 0xFC0) | (four >> 8 & 0x3F);
        return *point >= 0x800 && !char_is_surrogate(*point) ? p + 3 : NULL;
    }
    if (!wide || (four & 0xF8C0C0C0) != 0xF0808080) return NULL;
    *point = (four >> 6 & 0x1C0000) | (four >> 4 & 0x3F000) | (four >> 2 & 0xFC0) | (four & 0x3F);
    return *point - 0x10000 < 0x100000 ? p + 4 : NULL;
}

/* Takes valid sequences from *at on, as many as fit into units of that width, which holds them;
 * gives how many they were, and in *limit the bitwise or of their points. */
ALWAYS_INLINE ptrdiff_t utf8_chunk(const uint8_t **at, const uint8_t *end, char *units, int width,
                                   uint32_t *limit)
{
    const uint8_t *p = *at;
    ptrdiff_t n = 0, most = 0;
    uint32_t all = 0;
    for (;; n++) {
        if (n == most) { /* so many sequences are there, however long they are */
            most += (end - p) / UTF8_MAX_BYTES;
            if (most > CHUNK) most = CHUNK;
            if (n == most) break;
        }
        uint32_t point = p[0];
        if (point < 0x80) {
            p++;
        } else {
            const uint8_t *next = utf8_sequence(p, width == 4, &point);
            if (!next) break;
            p = next;
        }
        points_set(units, width, n, point);
        all |= point;
    }
    *at = p;
    *limit = all;
    return n;
}

/* What stands at byte i, which no chunk takes: *next is where to go on.  NO: the data end in an
 * incomplete sequence that is left alone. */
static Truth utf8_decode_one(Decoder *d, ptrdiff_t i, ptrdiff_t *next)
{
    const uint8_t *data = (const uint8_t *)d->data;
    uint32_t point = 0;
    const char *reason = "";
    int n = utf8_step(data + i, d->len - i, &point, &reason);
    *next = n > 0 ? i + n : i;
    if (n > 0) return builder_char(d->vm, &d->out, point) ? YES : FAILED;
    if (d->partial && (reason[0] == 'u' || is_cut_surrogate(data + i, d->len - i))) return NO;
    return decode_error(d, i, i - n, reason, next) ? YES : FAILED;
}

bool utf8_decode_all(Decoder *d)
{
    uint32_t units[CHUNK]; /* or twice as many of half the width: CHUNK of them are used */
    ptrdiff_t i = 0;
    while (i < d->len) {
        ptrdiff_t run = ascii_run(d->data + i, d->len - i);
        if (run >= BLOCK_BYTES && !builder_ascii(d->vm, &d->out, d->data + i, run)) return false;
        if (run >= BLOCK_BYTES) i += run;
        const uint8_t *at = (const uint8_t *)d->data + i, *end = (const uint8_t *)d->data + d->len;
        char *to = (char *)units;
        int width = d->out.width == 4 ? 4 : 2;
        uint32_t limit;
        ptrdiff_t count =
            width == 4 ? utf8_chunk(&at, end, to, 4, &limit) : utf8_chunk(&at, end, to, 2, &limit);
        if (count && !builder_points(d->vm, &d->out, to, width, count, limit)) return false;
        ptrdiff_t from = i;
        i = (const char *)at - d->data;
        if (i == d->len) break;
        if (count == CHUNK) { /* the rest may be much the same */
            if (!builder_room(d->vm, &d->out, (d->len - i) * count / (i - from), 0)) return false;
            continue;
        }
        Truth done = utf8_decode_one(d, i, &i);
        if (done == FAILED) return false;
        if (done == NO) break;
    }
    d->used = i;
    return true;
}

bool utf8_sig_decode(Decoder *d)
{
    ptrdiff_t skip = d->len >= 3 && memcmp(d->data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    d->data += skip;
    d->len -= skip;
    bool ok = utf8_decode_all(d);
    d->used += skip;
    return ok;
}

bool put_utf8(Encoder *e, uint32_t point)
{
    char bytes[UTF8_MAX_BYTES];
    return encoder_bytes(e, bytes, utf8_encode(bytes, point));
}

/* The points of a text of that width from `from` to `to`; where they end. */
ALWAYS_INLINE char *utf8_put(char *at, const char *data, int width, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++) {
        uint32_t point = points_at(data, width, i);
        if (point < 0x80) {
            *at++ = (char)point;
        } else if (width == 1 || point < 0x800) {
            *at++ = (char)(0xC0 | point >> 6);
            *at++ = (char)(0x80 | (point & 63));
        } else if (width == 2 || point < 0x10000) {
            *at++ = (char)(0xE0 | point >> 12);
            *at++ = (char)(0x80 | (point >> 6 & 63));
            *at++ = (char)(0x80 | (point & 63));
        } else {
            at += utf8_encode(at, point);
        }
    }
    return at;
}

/* The points of s from `from` to `to`, none of them a surrogate. */
static bool put_utf8_run(Encoder *e, const Str *s, ptrdiff_t from, ptrdiff_t to)
{
    char *at = encoder_room(e, (to - from) * (s->width == 1 ? 2 : s->width == 2 ? 3 : 4));
    if (!at) return false;
    if (s->width == 1) at = utf8_put(at, s->data, 1, from, to);
    else if (s->width == 2) at = utf8_put(at, s->data, 2, from, to);
    else at = utf8_put(at, s->data, 4, from, to);
    e->len = at - e->data;
    return true;
}

/* By runs without surrogates, which put_run writes, and runs of them. */
static bool encode_runs(Encoder *e,
                        bool (*put_run)(Encoder *e, const Str *s, ptrdiff_t from, ptrdiff_t to))
{
    const Str *s = as_str(e->text);
    e->reason = "surrogates not allowed";
    for (ptrdiff_t i = 0; i < s->len;) {
        ptrdiff_t end = run_end(s, i, false);
        if (end > i && !put_run(e, s, i, end)) return false;
        if (end == s->len) return true;
        ptrdiff_t bad = e->put == put_utf8 ? run_end(s, end, true) : end + 1; /* as Python does */
        if (!encode_error(e, end, bad, &i)) return false;
    }
    return true;
}

bool utf8_encode_all(Encoder *e) { return encode_runs(e, put_utf8_run); }

bool utf8_sig_encode(Encoder *e)
{
    return encoder_bytes(e, "\xEF\xBB\xBF", 3) && utf8_encode_all(e);
}

/* --- UTF-16 and UTF-32 ----------------------------------------------------------------------- */

enum { MACHINE_IS_BIG = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };

static inline uint32_t unit_at(const Decoder *d, ptrdiff_t i, int size)
{
    const uint8_t *p = (const uint8_t *)d->data + i;
    if (size == 2) return d->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
    uint32_t unit = 0;
    for (int j = 0; j < size; j++) unit = unit << 8 | p[d->big ? j : size - 1 - j];
    return unit;
}

/* Skips a byte order mark where the encoding calls for one; the offset of the first unit. */
static ptrdiff_t skip_mark(Decoder *d, int size)
{
    d->big = d->order == ORDER_BIG;
    if (d->order != ORDER_MARK) return 0;
    d->encoding = size == 2 ? "utf-16-le" : "utf-32-le";
    if (d->len < size) return 0;
    if (unit_at(d, 0, size) == 0xFEFF) return size;
    d->big = true;
    if (unit_at(d, 0, size) != 0xFEFF) {
        d->big = false;
        return 0;
    }
    d->encoding = size == 2 ? "utf-16-be" : "utf-32-be";
    return size;
}

/* Takes the units from byte i on, as many as fit and are no surrogates; gives how many they were,
 * and in *limit their bitwise or. */
static ptrdiff_t utf16_chunk(const Decoder *d, ptrdiff_t i, uint16_t units[CHUNK], uint32_t *limit)
{
    bool swapped = d->big != MACHINE_IS_BIG;
    ptrdiff_t n = 0, most = (d->len - i) / 2 < CHUNK ? (d->len - i) / 2 : CHUNK;
    Units8 all = {0};
    for (; n + 8 <= most; n += 8) {
        Units8 block = units8_at(d->data + i + 2 * n);
        if (swapped) block = block << 8 | block >> 8;
        if (!block_is_zero((Bytes16)((block & 0xF800) == 0xD800))) break;
        all |= block;
        memcpy(units + n, &block, sizeof block);
    }
    *limit = 0;
    for (int k = 0; k < 8; k++) *limit |= all[k];
    for (; n < most; n++) {
        uint32_t unit = unit_at(d, i + 2 * n, 2);
        if (char_is_surrogate(unit)) break;
        units[n] = (uint16_t)unit;
        *limit |= unit;
    }
    return n;
}

bool utf16_decode_all(Decoder *d)
{
    uint16_t units[CHUNK];
    ptrdiff_t i = skip_mark(d, 2);
    if (!builder_room(d->vm, &d->out, (d->len - i) / 2, 0)) return false;
    while (i < d->len) {
        uint32_t limit;
        ptrdiff_t count = utf16_chunk(d, i, units, &limit);
        if (count) {
            if (!builder_points(d->vm, &d->out, (char *)units, 2, count, limit)) return false;
            i += 2 * count;
            continue;
        }
        const char *reason = NULL;
        ptrdiff_t end = i + 2;
        uint32_t point = 0;
        if (d->len - i < 2) {
            if (d->partial) break;
            reason = "truncated data";
            end = d->len;
        } else {
            point = unit_at(d, i, 2);
            if (point - 0xDC00 < 0x400) {
                reason = "illegal encoding";
            } else if (char_is_surrogate(point)) {
                if (d->len - i < 4) {
                    if (d->partial) break;
                    reason = "unexpected end of data";
                    end = d->len;
                } else if (unit_at(d, i + 2, 2) - 0xDC00 >= 0x400) {
                    reason = "illegal UTF-16 surrogate";
                } else {
                    point = 0x10000 + ((point - 0xD800) << 10) + (unit_at(d, i + 2, 2) - 0xDC00);
                    end = i + 4;
                }
            }
        }
        if (reason) {
            if (!decode_error(d, i, end, reason, &i)) return false;
        } else {
            if (!builder_char(d->vm, &d->out, point)) return false;
            i = end;
        }
    }
    d->used = i;
    return true;
}

/* The same of units of four bytes, as far as they are valid points. */
static ptrdiff_t utf32_chunk(const Decoder *d, ptrdiff_t i, uint32_t points[CHUNK], uint32_t *limit)
{
    bool swapped = d->big != MACHINE_IS_BIG;
    ptrdiff_t n = 0, most = (d->len - i) / 4 < CHUNK ? (d->len - i) / 4 : CHUNK;
    Points4 seen = {0};
    for (; n + 4 <= most; n += 4) {
        Points4 block = points4_at(d->data + i + 4 * n);
        if (swapped)
            block = block << 24 | (block & 0xFF00) << 8 | (block >> 8 & 0xFF00) | block >> 24;
        Points4 wrong =
            (Points4)((block & 0xFFFFF800) == 0xD800) | (Points4)(block > CHAR_MAX_POINT);
        if (!block_is_zero((Bytes16)wrong)) break;
        seen |= block;
        memcpy(points + n, &block, sizeof block);
    }
    uint32_t all = seen[0] | seen[1] | seen[2] | seen[3];
    for (; n < most; n++) {
        uint32_t point = points_at(d->data + i, 4, n);
        if (swapped) point = __builtin_bswap32(point);
        if (char_is_surrogate(point) || point > CHAR_MAX_POINT) break;
        points[n] = point;
        all |= point;
    }
    *limit = all;
    return n;
}

/* Why the unit at byte i, which no chunk takes, is not valid. */
static const char *utf32_wrong(const Decoder *d, ptrdiff_t i)
{
    if (d->len - i < 4) return "truncated data";
    return char_is_surrogate(unit_at(d, i, 4))
               ? "code point in surrogate code point range(0xd800, 0xe000)"
               : "code point not in range(0x110000)";
}

bool utf32_decode_all(Decoder *d)
{
    uint32_t points[CHUNK], limit;
    ptrdiff_t i = skip_mark(d, 4);
    if (!builder_room(d->vm, &d->out, (d->len - i) / 4, 0)) return false;
    while (i < d->len) {
        ptrdiff_t count = utf32_chunk(d, i, points, &limit);
        if (count) {
            if (!builder_points(d->vm, &d->out, (char *)points, 4, count, limit)) return false;
            i += 4 * count;
            continue;
        }
        if (d->len - i < 4 && d->partial) break;
        ptrdiff_t end = d->len - i < 4 ? d->len : i + 4;
        if (!decode_error(d, i, end, utf32_wrong(d, i), &i)) return false;
    }
    d->used = i;
    return true;
}

static inline char *unit_put(char *to, uint32_t unit, int size, ByteOrder order)
{
    for (int i = 0; i < size; i++)
        to[order == ORDER_BIG ? size - 1 - i : i] = (char)(unit >> (8 * i));
    return to + size;
}

static inline char *utf16_put(char *to, uint32_t point, ByteOrder order)
{
    if (point < 0x10000) return unit_put(to, point, 2, order);
    to = unit_put(to, 0xD7C0 + (point >> 10), 2, order);
    return unit_put(to, 0xDC00 + (point & 0x3FF), 2, order);
}

bool put_utf16(Encoder *e, uint32_t point)
{
    char bytes[4];
    return encoder_bytes(e, bytes, utf16_put(bytes, point, e->order) - bytes);
}

bool put_utf32(Encoder *e, uint32_t point)
{
    char bytes[4];
    return encoder_bytes(e, bytes, unit_put(bytes, point, 4, e->order) - bytes);
}

static bool put_wide_run(Encoder *e, const Str *s, ptrdiff_t from, ptrdiff_t to)
{
    bool four = e->put == put_utf32, swapped = (e->order == ORDER_BIG) != MACHINE_IS_BIG;
    char *at = encoder_room(e, (to - from) * (four || s->width == 4 ? 4 : 2));
    if (!at) return false;
    if (!four && s->width == 4) {
        for (ptrdiff_t i = from; i < to; i++) at = utf16_put(at, str_at(s, i), e->order);
        e->len = at - e->data;
        return true;
    }
    units_convert(at, four ? 4 : 2, s->data + from * s->width, s->width, to - from);
    if (swapped) units_swap(at, four ? 4 : 2, to - from);
    e->len += (to - from) * (four ? 4 : 2);
    return true;
}

bool utf_wide_encode(Encoder *e)
{
    ptrdiff_t unit = e->put == put_utf32 ? 4 : 2;
    if (!encoder_room(e, unit * (as_str(e->text)->len + 1))) return false;
    if (e->order == ORDER_MARK && !e->put(e, 0xFEFF)) return false;
    return encode_runs(e, put_wide_run);
}
