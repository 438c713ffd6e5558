/* charname.h - the names of characters. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_CHARNAME_H
#define AIO_BASE_CHARNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHARNAME_MAX = 128 }; /* bytes that hold any name */

/* The code point of the character with this name or alias, of len bytes in any case; false: there
 * is none. */
bool charname_find(const char *name, ptrdiff_t len, uint32_t *point);

/* Writes the name of point, NUL-terminated; its length in bytes, 0: it has none. */
int charname_of(uint32_t point, char name[CHARNAME_MAX]);

#endif
