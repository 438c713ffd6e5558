/* poll_poll.c - polling with poll(2), for systems without epoll.
 *
 * Keeps the watched descriptors in an array, unordered; descriptors are few where this is used.
 * Neighbours: source.h, poll_epoll.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "loop/source.h"

typedef struct PollState {
    struct pollfd *watched;
    int count, capacity;
} PollState;

static void *poll_open(void) { return calloc(1, sizeof(PollState)); }

static bool poll_watch(void *opaque, int fd, unsigned before __attribute__((unused)),
                       unsigned after)
{
    PollState *state = opaque;
    int i = 0;
    while (i < state->count && state->watched[i].fd != fd) i++;
    if (!after) {
        if (i < state->count) state->watched[i] = state->watched[--state->count];
        return true;
    }
    if (i == state->capacity) {
        int capacity = state->capacity ? state->capacity * 2 : 8;
        struct pollfd *watched = realloc(state->watched, (size_t)capacity * sizeof *watched);
        if (!watched) return false;
        state->watched = watched;
        state->capacity = capacity;
    }
    if (i == state->count) state->count++;
    state->watched[i] = (struct pollfd){.fd = fd};
    if (after & POLL_READ) state->watched[i].events |= POLLIN;
    if (after & POLL_WRITE) state->watched[i].events |= POLLOUT;
    return true;
}

static int poll_wait(void *opaque, int64_t timeout_ns, PollEvent *events, int max)
{
    PollState *state = opaque;
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int n = ppoll(state->watched, (nfds_t)state->count, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (n <= 0) return n;
    n = 0;
    for (int i = 0; i < state->count && n < max; i++) {
        int bits = state->watched[i].revents;
        if (!bits) continue;
        events[n].fd = state->watched[i].fd;
        events[n++].ready = (bits & ~POLLOUT ? POLL_READ : 0u) | (bits & ~POLLIN ? POLL_WRITE : 0u);
    }
    return n;
}

static void poll_close(void *opaque)
{
    PollState *state = opaque;
    free(state->watched);
    free(state);
}

const Poller poll_poll = {"poll", poll_open, poll_watch, poll_wait, poll_close};
