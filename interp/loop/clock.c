/* clock.c - the real clock: CLOCK_MONOTONIC. */
/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "loop/source.h"

static int64_t clock_now(void *state __attribute__((unused)))
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const Clock clock_real = {"monotonic", clock_now};
