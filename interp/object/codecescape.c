/* codecescape.c - the encodings unicode_escape and raw_unicode_escape: text as it stands in a
 * string literal.
 *
 * Bytes that are not part of an escape are Latin-1.
 * Neighbours: codec.c. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/charname.h"
#include "base/numtext.h"
#include "object/char.h"
#include "object/codecstate.h"
#include "object/error.h"

/* Reads `digits` hexadecimal digits at data[i]; how many there were. */
static int scan_hex(const Decoder *d, ptrdiff_t i, int digits, uint32_t *point)
{
    int n = 0;
    *point = 0;
    for (; n < digits && i + n < d->len && digit_of_base((unsigned char)d->data[i + n]) < 16; n++)
        *point = *point << 4 | (uint32_t)digit_of_base((unsigned char)d->data[i + n]);
    return n;
}

/* The escape \x, \u or \U (at data[i], the letter) of `digits` digits; *next: after it. */
static bool hex_escape(Decoder *d, ptrdiff_t i, int digits, ptrdiff_t *next)
{
    uint32_t point;
    int n = scan_hex(d, i + 1, digits, &point);
    const char *reason = digits == 2   ? "truncated \\xXX escape"
                         : digits == 4 ? "truncated \\uXXXX escape"
                                       : "truncated \\UXXXXXXXX escape";
    if (n < digits) {
        if (d->partial && i + 1 + n == d->len) {
            *next = -1;
            return true;
        }
        return decode_error(d, i - 1, i + 1 + n, reason, next);
    }
    *next = i + 1 + digits;
    if (point > CHAR_MAX_POINT)
        return decode_error(d, i - 1, *next,
                            d->raw ? "\\Uxxxxxxxx out of range" : "illegal Unicode character",
                            next);
    return builder_char(d->vm, &d->out, point);
}

static bool octal_escape(Decoder *d, ptrdiff_t i, ptrdiff_t *next)
{
    uint32_t point = 0;
    int n = 0;
    for (; n < 3 && i + n < d->len && d->data[i + n] >= '0' && d->data[i + n] <= '7'; n++)
        point = point * 8 + (uint32_t)(d->data[i + n] - '0');
    *next = i + n;
    if (point > 255 &&
        !warn(d->vm, DeprecationWarning, 1, "\"\\%c%c%c\" is an invalid octal escape sequence",
              d->data[i], d->data[i + 1], d->data[i + 2]))
        return false;
    return builder_char(d->vm, &d->out, point);
}

/* \N{...} */
static bool name_escape(Decoder *d, ptrdiff_t i, ptrdiff_t *next)
{
    const char *open = d->data + i + 2;
    const char *close =
        i + 2 < d->len && *open == '{' ? memchr(open, '}', (size_t)(d->len - i - 2)) : NULL;
    uint32_t point;
    if (close && charname_find(open + 1, close - open - 1, &point)) {
        *next = close + 1 - d->data;
        return builder_char(d->vm, &d->out, point);
    }
    if (close)
        return decode_error(d, i, close + 1 - d->data, "unknown Unicode character name", next);
    if (d->partial) {
        *next = -1;
        return true;
    }
    ptrdiff_t end = i + 2 < d->len && *open == '{' ? d->len : i + 2;
    return decode_error(d, i, end, "malformed \\N character escape", next);
}

/* The escape whose backslash is at data[i]; *next: after it, -1 to stop there (partial). */
static bool decode_escape(Decoder *d, ptrdiff_t i, ptrdiff_t *next)
{
    static const char plain[] = "\\'\"abfnrtv", meaning[] = "\\'\"\a\b\f\n\r\t\v";
    if (i + 1 == d->len) {
        *next = -1;
        return d->partial || decode_error(d, i, d->len, "\\ at end of string", next);
    }
    char c = d->data[i + 1];
    const char *at = c ? strchr(plain, c) : NULL;
    *next = i + 2;
    if (at) return builder_char(d->vm, &d->out, (uint8_t)meaning[at - plain]);
    switch (c) {
    case '\n': return true;
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7': return octal_escape(d, i + 1, next);
    case 'x': return hex_escape(d, i + 1, 2, next);
    case 'u': return hex_escape(d, i + 1, 4, next);
    case 'U': return hex_escape(d, i + 1, 8, next);
    case 'N': return name_escape(d, i, next);
    default:
        if (!warn(d->vm, DeprecationWarning, 1, "\"\\%c\" is an invalid escape sequence",
                  (uint8_t)c))
            return false;
        return builder_char(d->vm, &d->out, '\\') && builder_char(d->vm, &d->out, (uint8_t)c);
    }
}

bool escape_decode(Decoder *d)
{
    for (ptrdiff_t i = 0; i < d->len;) {
        ptrdiff_t next = i + 1;
        if (d->data[i] != '\\') {
            if (!builder_char(d->vm, &d->out, (uint8_t)d->data[i])) return false;
        } else if (!decode_escape(d, i, &next)) {
            return false;
        }
        d->used = i;
        if (next < 0) return true;
        i = next;
    }
    d->used = d->len;
    return true;
}

bool raw_escape_decode(Decoder *d)
{
    d->raw = true;
    for (ptrdiff_t i = 0; i < d->len;) {
        char c = d->data[i], after = i + 1 < d->len ? d->data[i + 1] : 0;
        ptrdiff_t next = i + 1;
        bool ok;
        if (c == '\\' && i + 1 == d->len && d->partial) {
            d->used = i;
            return true;
        } else if (c == '\\' && (after == 'u' || after == 'U')) {
            ok = hex_escape(d, i + 1, after == 'u' ? 4 : 8, &next);
        } else if (c == '\\' &&
                   i + 1 < d->len) { /* a backslash and what it quotes: both stand for themselves */
            ok = builder_char(d->vm, &d->out, '\\') && builder_char(d->vm, &d->out, (uint8_t)after);
            next = i + 2;
        } else {
            ok = builder_char(d->vm, &d->out, (uint8_t)c);
        }
        if (!ok) return false;
        d->used = i;
        if (next < 0) return true;
        i = next;
    }
    d->used = d->len;
    return true;
}

bool escape_encode(Encoder *e)
{
    const Str *s = as_str(e->text);
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        char text[12] = {(char)point, 0};
        if (point == '\\') strcpy(text, "\\\\");
        else if (point == '\t') strcpy(text, "\\t");
        else if (point == '\n') strcpy(text, "\\n");
        else if (point == '\r') strcpy(text, "\\r");
        else if (point - 32 >= 95) escape_point(text, point);
        if (!encoder_bytes(e, text, (ptrdiff_t)strlen(text))) return false;
    }
    return true;
}

bool raw_escape_encode(Encoder *e)
{
    const Str *s = as_str(e->text);
    for (ptrdiff_t i = 0; i < s->len; i++) {
        char text[12] = {(char)str_at(s, i), 0};
        ptrdiff_t len = 1;
        if (str_at(s, i) > STR_LATIN1) {
            escape_point(text, str_at(s, i));
            len = (ptrdiff_t)strlen(text);
        }
        if (!encoder_bytes(e, text, len)) return false;
    }
    return true;
}
