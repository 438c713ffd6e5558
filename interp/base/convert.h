/* convert.h - units of one, two or four bytes as units of another width. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_CONVERT_H
#define AIO_BASE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the n units of that width at `from`, each of which fits, to `to`; neither need be aligned.
 */
void units_convert(char *to, int to_width, const char *from, int from_width, ptrdiff_t n);
/* Turns the bytes of n units of two or four bytes round. */
void units_swap(char *units, int width, ptrdiff_t n);

#endif
