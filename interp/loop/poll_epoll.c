/* poll_epoll.c - polling with Linux's epoll.
 *
 * Level-triggered; the kernel knows what is watched, so the only state is which descriptors it has.
 * Neighbours: source.h, poll_poll.c (the portable second). */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop/source.h"

enum { BATCH = 256 };

typedef struct Epoll {
    int fd;
    struct epoll_event events[BATCH];
} Epoll;

static void *epoll_open(void)
{
    Epoll *state = malloc(sizeof *state);
    if (!state) return NULL;
    state->fd = epoll_create1(EPOLL_CLOEXEC);
    if (state->fd >= 0) return state;
    free(state);
    return NULL;
}

/* What the caller believes may be wrong when a descriptor was closed and its number given anew:
 * then the other call. */
static bool epoll_watch(void *opaque, int fd, unsigned before, unsigned after)
{
    Epoll *state = opaque;
    struct epoll_event event = {.data.fd = fd};
    if (after & POLL_READ) event.events |= EPOLLIN;
    if (after & POLL_WRITE) event.events |= EPOLLOUT;
    if (!after)
        return epoll_ctl(state->fd, EPOLL_CTL_DEL, fd, &event) == 0 || errno == ENOENT ||
               errno == EBADF;
    if (epoll_ctl(state->fd, before ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0) return true;
    if (errno != (before ? ENOENT : EEXIST)) return false;
    return epoll_ctl(state->fd, before ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0;
}

/* Milliseconds, rounded up so that a timer is never missed by a turn of waiting in vain. */
static int to_milliseconds(int64_t timeout_ns)
{
    if (timeout_ns < 0) return -1;
    int64_t milliseconds = (timeout_ns + 999999) / 1000000;
    return milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds;
}

static int epoll_wait_ns(Epoll *state, int64_t timeout_ns, int max)
{
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int n = epoll_pwait2(state->fd, state->events, max, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (n >= 0 || errno != ENOSYS) return n;
    return epoll_wait(state->fd, state->events, max, to_milliseconds(timeout_ns));
}

static int epoll_wait_events(void *opaque, int64_t timeout_ns, PollEvent *events, int max)
{
    Epoll *state = opaque;
    int n = timeout_ns == 0 ? epoll_wait(state->fd, state->events, max < BATCH ? max : BATCH, 0)
                            : epoll_wait_ns(state, timeout_ns, max < BATCH ? max : BATCH);
    for (int i = 0; i < n; i++) {
        uint32_t bits = state->events[i].events;
        events[i].fd = state->events[i].data.fd;
        events[i].ready = (bits & ~(uint32_t)EPOLLOUT ? POLL_READ : 0) |
                          (bits & ~(uint32_t)EPOLLIN ? POLL_WRITE : 0);
    }
    return n;
}

static void epoll_close(void *opaque)
{
    Epoll *state = opaque;
    close(state->fd);
    free(state);
}

const Poller poll_epoll = {"epoll", epoll_open, epoll_watch, epoll_wait_events, epoll_close};
