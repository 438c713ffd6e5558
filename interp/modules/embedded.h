/* embedded.h - the library's .aio sources, carried in the binary.
 *
 * Neighbours: tools/embed.c (writes the table), modules/import.c (looks names up). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_EMBEDDED_H
#define AIO_MODULES_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Embedded {
    const char *name;            /* "asyncio", "asyncio.locks" */
    const unsigned char *source; /* UTF-8; a NUL follows the last byte */
    size_t length;               /* bytes, without that NUL */
    bool is_package;             /* from a file __init__.aio */
} Embedded;

extern const Embedded embedded_modules[]; /* ends with a NULL name */

#endif
