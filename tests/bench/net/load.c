/* load.c - the load: many connections from one thread over epoll.
 *
 *   load PORT ping CONNECTIONS SIZE SECONDS [DEPTH]   SIZE bytes there and back, DEPTH messages
 * under way on each
 *   load PORT http CONNECTIONS 0 SECONDS              a small GET and its answer
 *   load PORT churn CONNECTIONS SIZE SECONDS          connect, one exchange, close
 *
 * Prints exchanges for each second.  Neighbours: server.c, run.sh. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, ROOM = 256 * 1024 };

typedef struct Connection {
    int fd;
    long want, unsent;
} Connection; /* bytes to come; bytes to go */

static char room[ROOM], *message;
static long size, answer_size, depth = 1, done;
static int poller, churn, port;
static unsigned serial;
static Connection *connections;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void watch(int how, Connection *one, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = one};
    if (epoll_ctl(poller, how, one->fd, &event) < 0) die("epoll_ctl");
}

static void push(Connection *one)
{
    while (one->unsent > 0) {
        long offset = size - (one->unsent - 1) % size - 1;
        long len = one->unsent < ROOM ? one->unsent : ROOM;
        if (len > size * depth - offset) len = size * depth - offset;
        ssize_t sent = send(one->fd, message + offset, (size_t)len, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN) die("send");
            watch(EPOLL_CTL_MOD, one, EPOLLIN | EPOLLOUT);
            return;
        }
        one->unsent -= sent;
    }
}

static void open_one(Connection *one)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    one->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (churn) { /* from ever other addresses of this machine, lest the ports run out */
        struct sockaddr_in own = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + serial++ % 250)};
        setsockopt(one->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(one->fd, (struct sockaddr *)&own, sizeof own) < 0) die("bind");
    }
    if (one->fd < 0 || connect(one->fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect");
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(EPOLL_CTL_ADD, one, EPOLLIN);
    one->want = answer_size * depth;
    one->unsent = size * depth;
}

static void answered(Connection *one, long len)
{
    one->want -= len;
    if (churn) {
        if (one->want > 0) return;
        done++;
        close(one->fd);
        open_one(one);
        push(one);
        return;
    }
    long whole = depth - (one->want + answer_size - 1) / answer_size;
    if (whole <= 0) return;
    done += whole;
    one->want += whole * answer_size;
    one->unsent += whole * size;
    push(one);
}

static void on_event(struct epoll_event *event)
{
    Connection *one = event->data.ptr;
    if (event->events & EPOLLOUT) {
        watch(EPOLL_CTL_MOD, one, EPOLLIN);
        push(one);
    }
    if (!(event->events & ~(uint32_t)EPOLLOUT)) return;
    ssize_t got = recv(one->fd, room, sizeof room, MSG_DONTWAIT);
    if (got > 0) answered(one, got);
    else if (got == 0 || errno != EAGAIN)
        fprintf(stderr, "the server closed a connection\n"), exit(1);
}

int main(int argc, char **argv)
{
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n";
    if (argc < 6)
        return fprintf(stderr, "load PORT ping|http|churn CONNECTIONS SIZE SECONDS [DEPTH]\n"), 2;
    int count = atoi(argv[3]), http = strcmp(argv[2], "http") == 0;
    port = atoi(argv[1]);
    churn = strcmp(argv[2], "churn") == 0;
    size = http ? (long)sizeof request - 1 : atol(argv[4]);
    answer_size = http ? 78 : size;
    if (argc > 6) depth = atol(argv[6]);
    message = malloc((size_t)(size * depth));
    for (long i = 0; i < size * depth; i++)
        message[i] = http ? request[i % size] : (char)('a' + i % 26);
    poller = epoll_create1(0);
    connections = calloc((size_t)count, sizeof *connections);
    for (int i = 0; i < count; i++) {
        open_one(&connections[i]);
        push(&connections[i]);
    }
    double begun = now(), warm = begun + 0.3, end = warm + atof(argv[5]), from = 0;
    long before = 0;
    for (double t = begun; t < end; t = now()) {
        if (!from && t >= warm) {
            from = t;
            before = done;
        }
        struct epoll_event events[EVENTS];
        int n = epoll_wait(poller, events, EVENTS, 1000);
        if (n == 0) fprintf(stderr, "the server is silent\n"), exit(1);
        for (int i = 0; i < n; i++) on_event(&events[i]);
    }
    printf("%.0f\n", (double)(done - before) / (now() - from));
}
