/* bytescan.h - where one run of bytes occurs in another. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_BYTESCAN_H
#define AIO_BASE_BYTESCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A walk over the occurrences of sub in text; both are borrowed. */
typedef struct ByteScan {
    const char *text, *sub;
    ptrdiff_t sub_len; /* at least 1 */
    ptrdiff_t places;  /* where sub may begin: text[0] .. text[places - 1] */
    ptrdiff_t block;   /* the place that bit 0 of hits stands for */
    uint32_t hits;     /* the places from there on whose ends match and that wait to be looked at */
    bool exhausted;    /* no block is left */
    ptrdiff_t wasted;  /* bytes compared in vain at places that misled */
} ByteScan;

ByteScan bytescan_open(const char *text, ptrdiff_t len, const char *sub, ptrdiff_t sub_len);
/* The first place at or after `from` where sub lies, -1: none.  `from` never goes back. */
ptrdiff_t bytescan_next(ByteScan *scan, ptrdiff_t from);
/* How often sub occurs without overlap, at most `most` times. */
ptrdiff_t bytescan_count(const char *text, ptrdiff_t len, const char *sub, ptrdiff_t sub_len,
                         ptrdiff_t most);
/* The first place where sub (not empty) lies, -1: none. */
ptrdiff_t bytescan_find(const char *text, ptrdiff_t len, const char *sub, ptrdiff_t sub_len);
/* Overwrites each old by new. */
void bytescan_exchange(char *text, ptrdiff_t len, char old, char new);

#endif
