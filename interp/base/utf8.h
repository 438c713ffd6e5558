/* utf8.h - code points to and from UTF-8 bytes.
 *
 * Text inside aio is WTF-8: UTF-8 in which a lone surrogate (U+D800..U+DFFF) is a three-byte
 * sequence, since Python's str may hold one.  Source text must be strict UTF-8. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_UTF8_H
#define AIO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_MAX_BYTES = 4, UTF8_MAX_POINT = 0x10FFFF };

/* Decodes the code point at text, whose len bytes (len >= 1) end the text; lone surrogates are
 * accepted.  Stores it in *point and returns its length in bytes; 0 when the bytes are invalid. */
int utf8_decode(const char *text, ptrdiff_t len, uint32_t *point);

/* Writes code point (surrogates too) to out, at most UTF8_MAX_BYTES; returns the count of bytes. */
int utf8_encode(char *out, uint32_t point);

/* The offset of the first byte that does not start a valid sequence; -1 when text is valid.
 * strict also refuses lone surrogates. */
ptrdiff_t utf8_invalid(const char *text, ptrdiff_t len, bool strict);

/* The number of code points in valid text. */
ptrdiff_t utf8_count(const char *text, ptrdiff_t len);

#endif
