/* source.h - where a loop gets its time, its I/O and its order from.
 *
 * No feature reads the clock or the kernel past this interface.  The real world is one
 * implementation (clock.c with poll_epoll.c or poll_poll.c); virtual time and a seeded or replayed
 * order are others. Neighbours: loop.c (the only caller). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SOURCE_H
#define AIO_LOOP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

enum { POLL_READ = 1, POLL_WRITE = 2 };

typedef struct PollEvent {
    int fd;
    unsigned ready;
} PollEvent; /* ready: POLL_* */

/* A poller: four functions over a state of its own. */
typedef struct Poller {
    const char *name;
    void *(*open)(void); /* NULL: errno says why */
    /* From interest `before` to `after`, POLL_* bits: 0 is not watched at all; false: errno. */
    bool (*watch)(void *state, int fd, unsigned before, unsigned after);
    /* Waits up to timeout_ns (-1: for ever) and fills at most max events; their number, or -1:
     * errno. */
    int (*wait)(void *state, int64_t timeout_ns, PollEvent *events, int max);
    void (*close)(void *state);
} Poller;

/* A clock: monotonic nanoseconds. */
typedef struct Clock {
    const char *name;
    int64_t (*now_ns)(void *state);
} Clock;

/* The order in which what is ready runs: which of the `count` entries at the head of the ready
 * queue comes next. NULL: the first, as asyncio promises. */
typedef struct Order {
    const char *name;
    uint32_t (*choose)(void *state, uint32_t count);
} Order;

typedef struct Source {
    const Clock *clock;
    const Poller *poller;
    const Order *order;
    void *clock_state, *poller_state, *order_state;
} Source;

extern const Poller poll_epoll, poll_poll;
extern const Clock clock_real;

#endif
