/* hex.h - bytes as hexadecimal digits and back, for bytes.hex(), binascii, hashlib and the like.
 *
 * Eight digits are made at once: each byte of a word holds one nibble, and those above 9 get what
 * lies between '9' and 'a' added. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_HEX_H
#define AIO_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Writes the 2 * len lower-case digits of the bytes. */
static inline void hex_write(char *to, const char *from, ptrdiff_t len)
{
    static const char digits[] = "0123456789abcdef";
    ptrdiff_t i = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; i + 4 <= len; i += 4) {
        uint32_t four;
        memcpy(&four, from + i, 4);
        uint64_t lanes = four; /* a byte in each 16 bits, then a nibble in each 8 */
        lanes = (lanes | lanes << 16) & 0x0000FFFF0000FFFFu;
        lanes = (lanes | lanes << 8) & 0x00FF00FF00FF00FFu;
        lanes = (lanes >> 4 | lanes << 8) & 0x0F0F0F0F0F0F0F0Fu;
        uint64_t letters = (lanes + 0x0606060606060606u) >> 4 & 0x0101010101010101u;
        lanes += 0x3030303030303030u + letters * ('a' - '9' - 1);
        memcpy(to + 2 * i, &lanes, 8);
    }
#endif
    for (; i < len; i++) {
        to[2 * i] = digits[(uint8_t)from[i] >> 4];
        to[2 * i + 1] = digits[from[i] & 15];
    }
}

/* The value of a hexadecimal digit; above 15: it is none. */
static inline unsigned hex_value(char c)
{
    unsigned digit = (unsigned)(unsigned char)c - '0';
    if (digit < 10) return digit;
    digit = ((unsigned)(unsigned char)c | 32) - 'a';
    return digit < 6 ? digit + 10 : 99;
}

#endif
