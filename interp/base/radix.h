/* radix.h - a stable sort by numbers that compares nothing. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_RADIX_H
#define AIO_BASE_RADIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Ranked {
    uint64_t number;
    uint64_t place; /* where it stood */
} Ranked;

/* Sorts ascending by number, equal ones as they stood; spare is as long as items.  false: they were
 * in order already. */
bool radix_sort(Ranked *items, Ranked *spare, ptrdiff_t len);

#endif
