/* server.c - the limit: a bare epoll server in C, echo or tiny HTTP.  server PORT echo|http
 *
 * One thread, level-triggered, accepts until there is nobody left, reads what is there and sends
 * it back at once.
 * Neighbours: load.c (the other side), run.py (the driver). */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, ROOM = 256 * 1024, DESCRIPTORS = 1 << 20 };

typedef struct Rest {
    char *data;
    size_t len;
} Rest; /* what the kernel did not take */

static char room[ROOM];
static Rest rests[DESCRIPTORS];
static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int poller, int how, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, how, fd, &event) < 0) die("epoll_ctl");
}

static void drop(int fd)
{
    free(rests[fd].data);
    rests[fd] = (Rest){0};
    close(fd);
}

static void send_out(int poller, int fd, const char *data, size_t len)
{
    ssize_t sent = rests[fd].len ? 0 : send(fd, data, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done == len) return;
    Rest *rest = &rests[fd];
    if (!rest->len) watch(poller, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    rest->data = realloc(rest->data, rest->len + len - done);
    memcpy(rest->data + rest->len, data + done, len - done);
    rest->len += len - done;
}

static void flush_rest(int poller, int fd)
{
    Rest *rest = &rests[fd];
    ssize_t sent = send(fd, rest->data, rest->len, MSG_NOSIGNAL);
    if (sent < 0) return;
    rest->len -= (size_t)sent;
    memmove(rest->data, rest->data + sent, rest->len);
    if (!rest->len) watch(poller, EPOLL_CTL_MOD, fd, EPOLLIN);
}

/* One answer for each end of a header block; blocks come whole from load.c. */
static void answer_http(int poller, int fd, ssize_t len)
{
    for (char *at = room; (at = memmem(at, (size_t)(room + len - at), "\r\n\r\n", 4)); at += 4)
        send_out(poller, fd, answer, sizeof answer - 1);
}

static void serve(int poller, int fd, int http)
{
    ssize_t got = recv(fd, room, sizeof room, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) drop(fd);
    } else if (http) {
        answer_http(poller, fd, got);
    } else {
        send_out(poller, fd, room, (size_t)got);
    }
}

static void accept_all(int poller, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        watch(poller, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) return fprintf(stderr, "server PORT echo|http\n"), 2;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1,
        http = strcmp(argv[2], "http") == 0;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 1024) < 0)
        die("bind");
    int poller = epoll_create1(EPOLL_CLOEXEC);
    watch(poller, EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(poller, listener);
            else {
                if (events[i].events & EPOLLOUT) flush_rest(poller, fd);
                if (events[i].events & ~(uint32_t)EPOLLOUT) serve(poller, fd, http);
            }
        }
    }
}
