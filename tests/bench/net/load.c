/* load.c - the load: many connections from one thread over epoll.
 *
 *   load PORT PID ping CONNECTIONS SIZE SECONDS [DEPTH]  SIZE bytes there and back, DEPTH messages
 *                                                        under way on each
 *   load PORT PID http CONNECTIONS 0 SECONDS [DEPTH]     a small GET and its answer
 *   load PORT PID churn CONNECTIONS SIZE SECONDS         connect, one exchange, close
 *   load PORT PID idle CONNECTIONS                       one byte there and back on each, then none
 *
 * PID is the server's.  Prints exchanges for each second and the server's CPU time for each, in
 * microseconds, both without the first WARM_S seconds; idle: the bytes of memory that the server
 * holds for each connection, all of which stay open until the end of standard input.
 * Neighbours: server.c (the limit), run.py (the driver). */
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

enum { EVENTS = 256, ROOM = 256 * 1024, SOURCES = 250 };
#define WARM_S 0.3

typedef struct Connection {
    int fd;
    long want, unsent;
} Connection; /* bytes to come; bytes to go */

static char room[ROOM], *message;
static long size, answer_size, depth = 1, done;
static int poller, churn, idle, port;
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

/* The CPU time of process pid so far, in seconds. */
static double cpu_of(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t) < 0) die("the server's clock");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The resident size of process pid, in bytes. */
static double memory_of(pid_t pid)
{
    char path[64];
    long pages;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1) die(path);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
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
    if (churn || idle) { /* from ever other addresses of this machine, lest the ports run out */
        struct sockaddr_in own = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + serial++ % SOURCES)};
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
    if (idle) {
        if (one->want == 0) done++;
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

static void wait_events(void)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, 5000);
    if (n == 0) fprintf(stderr, "the server is silent\n"), exit(1);
    for (int i = 0; i < n; i++) on_event(&events[i]);
}

/* What goes to and fro: requests, or letters. */
static void compose(int http)
{
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n";
    if (http) size = (long)sizeof request - 1;
    answer_size = http ? 78 : size;
    message = malloc((size_t)(size * depth));
    for (long i = 0; i < size * depth; i++)
        message[i] = http ? request[i % size] : (char)('a' + i % 26);
}

/* One after another, lest the server's backlog overflows. */
static void load_idle(pid_t server, int count)
{
    double before = 0;
    for (int i = 0; i < count; i++) {
        open_one(&connections[i]);
        push(&connections[i]);
        while (done <= i) wait_events();
        if (i == 0) before = memory_of(server);
    }
    printf("%.0f\n", (memory_of(server) - before) / (count - 1));
    fflush(stdout);
    while (read(STDIN_FILENO, room, ROOM) > 0) continue;
}

static void load_busy(pid_t server, int count, double seconds)
{
    for (int i = 0; i < count; i++) {
        open_one(&connections[i]);
        push(&connections[i]);
    }
    for (double end = now() + WARM_S; now() < end;) wait_events();
    double begun = now(), cpu = cpu_of(server), t = begun;
    long before = done;
    for (; t < begun + seconds; t = now()) wait_events();
    double count_done = (double)(done - before);
    printf("%.0f %.3f\n", count_done / (t - begun), (cpu_of(server) - cpu) / count_done * 1e6);
}

int main(int argc, char **argv)
{
    idle = argc == 5 && strcmp(argv[3], "idle") == 0;
    if (argc < 7 && !idle) {
        fprintf(stderr, "load PORT PID ping|http|churn CONNECTIONS SIZE SECONDS [DEPTH]\n"
                        "load PORT PID idle CONNECTIONS\n");
        return 2;
    }
    pid_t server = (pid_t)atol(argv[2]);
    int count = atoi(argv[4]);
    port = atoi(argv[1]);
    churn = strcmp(argv[3], "churn") == 0;
    size = idle ? 1 : atol(argv[5]);
    if (argc > 7) depth = atol(argv[7]);
    compose(strcmp(argv[3], "http") == 0);
    poller = epoll_create1(0);
    connections = calloc((size_t)count, sizeof *connections);
    if (idle) load_idle(server, count);
    else load_busy(server, count, atof(argv[6]));
}
