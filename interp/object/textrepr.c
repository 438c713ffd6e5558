/* textrepr.c - text as repr shows it: quoted, with escapes for what cannot be seen.
 *
 * Most text has nothing to escape, which is found out eight bytes at a time; other text is copied
 * in runs between its escapes. Neighbours: str.c, strbuilder.c. */
/* SPDX-License-Identifier: MIT */
#include "base/copy.h"
#include "object/char.h"
#include "object/codecstate.h"
#include "object/str.h"

/* ---- text without escapes ---- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Not 0 when a byte of word is below n (at most 128), if all bytes are below 128. */
static inline uint64_t any_below(uint64_t word, unsigned n) { return (word - EACH(n)) & EACH(128); }

/* Not 0 when repr shows one of eight bytes other than as it is, or it is a quote. */
static inline uint64_t any_special(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, 8);
    return (word & EACH(128)) | any_below(word, ' ') | any_below(word ^ EACH(0x7F), 1) |
           any_below(word ^ EACH('\''), 1) | any_below(word ^ EACH('"'), 1) |
           any_below(word ^ EACH('\\'), 1);
}

static inline bool is_special(uint8_t byte)
{
    return byte - 32u >= 95 || byte == '\'' || byte == '"' || byte == '\\';
}

/* Does repr only put quotes around the bytes? */
static bool is_plain(const char *bytes, ptrdiff_t len)
{
    ptrdiff_t i = 0;
    if (len >= 8) {
        for (; i < len - 8; i += 8)
            if (any_special(bytes + i)) return false;
        return !any_special(bytes + len - 8);
    }
    for (; i < len; i++)
        if (is_special((uint8_t)bytes[i])) return false;
    return true;
}

/* ---- str ---- */

/* Writes a point that repr does not show as it is; how much that takes. */
static int write_escape(char text[12], uint32_t point)
{
    int len = 2;
    text[0] = '\\';
    text[1] = (char)point;
    if (point == '\n' || point == '\r' || point == '\t')
        text[1] = point == '\n' ? 'n' : point == '\r' ? 'r' : 't';
    else if (point != '\\' && point != '\'') /* of quotes only these are ever escaped */
        len = escape_point(text, point);
    return len;
}

static inline bool is_shown(uint32_t point, uint32_t quote)
{
    if (point < 127) return point >= 32 && point != quote && point != '\\';
    return point - 0xAE < 0x52 || char_is_printable(point); /* of Latin-1 most is */
}

static bool has_point(const Str *s, uint32_t point)
{
    if (s->width == 1) return memchr(s->data, (int)point, (size_t)s->len) != NULL;
    ptrdiff_t i = 0;
    while (i < s->len && str_at(s, i) != point) i++;
    return i < s->len;
}

/* Adds what stands between the quotes, where points and builder are one byte wide. */
static bool add_narrow(Vm *vm, StrBuilder *out, const Str *s, uint32_t quote)
{
    enum { PIECE = 48 };
    for (ptrdiff_t i = 0; i < s->len;) {
        ptrdiff_t end = s->len - i < PIECE ? s->len : i + PIECE;
        if (!builder_room(vm, out, 4 * (end - i) + 12, STR_ASCII)) return false;
        char *to = out->data + out->len;
        for (; i < end; i++) {
            uint8_t byte = (uint8_t)s->data[i];
            if (is_shown(byte, quote)) {
                *to++ = (char)byte;
                out->max |= byte;
            } else {
                to += write_escape(to, byte);
            }
        }
        out->len = to - out->data;
    }
    return true;
}

static bool add_wide(Vm *vm, StrBuilder *out, Value v, uint32_t quote)
{
    const Str *s = as_str(v);
    for (ptrdiff_t i = 0; i < s->len; i++) {
        char text[12];
        ptrdiff_t run = i;
        while (i < s->len && is_shown(str_at(s, i), quote)) i++;
        if (!builder_slice(vm, out, v, run, i)) return false;
        if (i == s->len) return true;
        if (!builder_ascii(vm, out, text, write_escape(text, str_at(s, i)))) return false;
    }
    return true;
}

bool builder_str_repr(Vm *vm, StrBuilder *out, Value v)
{
    const Str *s = as_str(v);
    if (s->ascii && builder_has_room(out, s->len + 2) && is_plain(s->data, s->len)) {
        char *to = out->data + out->len;
        *to++ = '\'';
        to = copy_few(to, s->data, (size_t)s->len);
        *to = '\'';
        out->len += s->len + 2;
        return true;
    }
    uint32_t quote = has_point(s, '\'') && !has_point(s, '"') ? '"' : '\'';
    bool narrow = s->width == 1 && out->width == 1;
    return builder_char(vm, out, quote) &&
           (narrow ? add_narrow(vm, out, s, quote) : add_wide(vm, out, v, quote)) &&
           builder_char(vm, out, quote);
}

/* Does repr only put quotes around text that is not all ASCII? */
static bool is_plain_wide(const Str *s)
{
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (!is_shown(str_at(s, i), '\'')) return false;
    return true;
}

Ref str_repr_of(Vm *vm, Value v)
{
    const Str *s = as_str(v);
    if (s->ascii ? is_plain(s->data, s->len) : is_plain_wide(s)) {
        Ref plain = str_new(vm, s->len + 2, str_limit(s));
        if (failed(plain)) return FAIL;
        char *to = as_str(plain)->data;
        points_set(to, s->width, 0, '\'');
        copy_few(to + s->width, s->data, (size_t)s->len * s->width);
        points_set(to, s->width, s->len + 1, '\'');
        return plain;
    }
    StrBuilder out;
    builder_open(&out);
    if (builder_str_repr(vm, &out, v)) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}
