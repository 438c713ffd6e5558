/* numtext.h - numbers as text and back: shortest doubles, exact rounding, no locale. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_NUMTEXT_H
#define AIO_BASE_NUMTEXT_H

#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DOUBLE_REPR_MAX = 32, /* bytes double_repr and double_hex need */
    INT64_TEXT_MAX = 24,  /* bytes int64_text needs */
};

/* Decimal text of n, NUL-terminated; its length. */
int int64_text(int64_t n, char *buffer);

/* The shortest text that reads back as x, as repr(float) writes it ("1.0", "1e+16", "-inf",
 * "nan"), NUL-terminated; its length. */
int double_repr(double x, char *buffer);

/* The fewest digits (no trailing zeros) d1 d2 ... with 0.d1d2... * 10^*point the double nearest to
 * x among those that read back as x; x is finite and not negative, "0" with point 1 for zero.
 * digits has room for 18; how many. */
int double_shortest(double x, char *digits, int *point);

/* Bytes that double_format needs at most, its NUL included. */
size_t double_format_size(int precision);

/* x as printf's e, E, f, F, g, G would (always with a point for `alternate`), or for type 'r' as
 * format(x, '.<precision>') does: like g, but with a digit after the point (precision -1: as
 * repr).  NUL-terminated; its length. */
int double_format(double x, char type, int precision, bool alternate, char *buffer);

/* The longest prefix of text that is a decimal float (sign, digits, point, exponent; inf,
 * infinity, nan in any case); its length, 0 when there is none.  No blanks, no underscores.
 * Correctly rounded; too large gives infinity. */
ptrdiff_t double_scan(const char *text, ptrdiff_t len, double *number);

/* numerator / denominator correctly rounded; infinity when too large.  denominator is not 0. */
double double_from_ratio(mpz_srcptr numerator, mpz_srcptr denominator);

/* As float.hex() writes it; the length. */
int double_hex(double x, char *buffer);

/* As float.fromhex() reads it (blanks already stripped). */
typedef enum HexResult { HEX_OK, HEX_INVALID, HEX_OVERFLOW } HexResult;
HexResult double_from_hex(const char *text, ptrdiff_t len, double *number);

/* The value of a decimal digit of any script, or -1; and whether str.strip() would strip the code
 * point. */
int point_digit(uint32_t point);
bool point_is_space(uint32_t point);

/* The value of a digit or letter in bases up to 36, or 99. */
int digit_of_base(unsigned char c);

#endif
