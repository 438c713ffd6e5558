/* completed.h - what asyncio.as_completed() returns: an iterator, plain and async.
 *
 * Neighbours: completed.c, timers.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_COMPLETED_H
#define AIO_LOOP_COMPLETED_H

#include "loop/queue.h"

typedef struct Completed {
    Container head;
    Ref loop;
    Ref futures;       /* list: all of them */
    Ref done;          /* Queue of those done and not given out, None for each that came too late */
    ptrdiff_t waiting; /* futures not done; 0 after the timeout */
    ptrdiff_t left;    /* items to give out */
    uint64_t timer;
} Completed;

#endif
