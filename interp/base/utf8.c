/* utf8.c - code points to and from UTF-8 bytes.
 *
 * A sequence is valid when it is the shortest form of its code point and at most U+10FFFF.
 * Neighbours: syntax/source.c (checks source text), object/str.c (strings). */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>

/* The smallest code point that needs a sequence of so many bytes. */
static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};

int utf8_decode(const char *text, ptrdiff_t len, uint32_t *point)
{
    const uint8_t *byte = (const uint8_t *)text;
    if (byte[0] < 0x80) {
        *point = byte[0];
        return 1;
    }
    int size = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || size > len) return 0;
    uint32_t value = byte[0] & (0x7Fu >> size);
    for (int i = 1; i < size; i++) {
        if ((byte[i] & 0xC0) != 0x80) return 0;
        value = value << 6 | (byte[i] & 0x3F);
    }
    if (value < smallest[size] || value > UTF8_MAX_POINT) return 0;
    *point = value;
    return size;
}

int utf8_encode(char *out, uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    int size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (int i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)((0xF00 >> size) | point); /* 110xxxxx, 1110xxxx, 11110xxx */
    return size;
}

ptrdiff_t utf8_invalid(const char *text, ptrdiff_t len, bool strict)
{
    for (ptrdiff_t i = 0; i < len;) {
        uint64_t word; /* eight ASCII bytes at a time */
        if (len - i >= 8 && (memcpy(&word, text + i, 8), !(word & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        uint32_t point;
        int size = utf8_decode(text + i, len - i, &point);
        if (!size || (strict && point >= 0xD800 && point <= 0xDFFF)) return i;
        i += size;
    }
    return -1;
}

ptrdiff_t utf8_count(const char *text, ptrdiff_t len)
{
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < len; i++) count += (text[i] & 0xC0) != 0x80;
    return count;
}
