/* select.c - the module select: waiting until descriptors can be read from or written to.
 *
 * A wait that a signal breaks off goes on with what is left of its time.
 * Neighbours: _select_epoll.c (epoll), selectors.aio. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <sys/select.h>
#include <time.h>

#include "_select.h"

int64_t select_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- select ---- */

/* One of the three arguments: its items and their descriptors. */
typedef struct Watched {
    Ref items; /* list */
    int *fds;
    fd_set set, ready;
} Watched;

static bool watched_add(Vm *vm, Watched *watched, Value item, int *most)
{
    int fd;
    if (!descriptor_from(vm, item, &fd)) return false;
    if (fd >= FD_SETSIZE) {
        throw(vm, ValueError, "filedescriptor out of range in select()");
        return false;
    }
    ptrdiff_t len = as_list(watched->items)->len;
    int *grown = memory_resize(vm, watched->fds, sizeof(int) * (size_t)(len + 1));
    if (!grown) return false;
    watched->fds = grown;
    watched->fds[len] = fd;
    FD_SET(fd, &watched->set);
    if (fd > *most) *most = fd;
    return list_push(vm, as_list(watched->items), newref(item));
}

static bool watched_open(Vm *vm, Value given, Watched *watched, int *most)
{
    FD_ZERO(&watched->set);
    if (!type_of(vm, given)->slots.iter && !type_of(vm, given)->slots.get_item) {
        throw(vm, TypeError, "arguments 1-3 must be sequences");
        return false;
    }
    watched->items = list_new(vm, 0);
    if (failed(watched->items)) return false;
    Ref source = is_list(given) ? newref(given) : tuple_from(vm, given);
    if (failed(source)) return false;
    bool good = true;
    ptrdiff_t len; /* asked for each time: fileno() may change a list */
    for (ptrdiff_t n = 0; good && (sequence_items(source, &len), n < len); n++) {
        Ref item = newref(sequence_items(source, &len)[n]);
        good = watched_add(vm, watched, item, most);
        decref(item);
    }
    decref(source);
    return good;
}
static Ref watched_ready(Vm *vm, const Watched *watched)
{
    Ref out = list_new(vm, 0);
    for (ptrdiff_t n = 0; !failed(out) && n < as_list(watched->items)->len; n++)
        if (FD_ISSET(watched->fds[n], &watched->ready) &&
            !list_push(vm, as_list(out), newref(list_at(as_list(watched->items), n))))
            replace(&out, FAIL);
    return out;
}

/* Seconds or None; the time in nanoseconds, -1 for ever. */
static bool wait_from(Vm *vm, Value given, int64_t *wait_ns)
{
    *wait_ns = -1;
    if (is_none(given)) return true;
    double seconds;
    if (!is_any_float(given) && !is_any_int(given) && !type_of(vm, given)->slots.index) {
        throw(vm, TypeError, "timeout must be a float or None");
        return false;
    }
    if (!float_from(vm, given, &seconds)) return false;
    if (isnan(seconds)) throw(vm, ValueError, "Invalid value NaN (not a number)");
    else if (seconds > 9.2e9)
        throw(vm, OverflowError, "timestamp out of range for platform time_t");
    else if (seconds < 0) throw(vm, ValueError, "timeout must be non-negative");
    else *wait_ns = (int64_t)ceil(seconds * 1e9);
    return *wait_ns >= 0;
}

static int select_wait(Vm *vm, Watched watched[3], int most, int64_t wait_ns)
{
    int64_t due_ns = wait_ns < 0 ? 0 : select_now_ns() + wait_ns;
    int count;
    do {
        for (int n = 0; n < 3; n++) watched[n].ready = watched[n].set;
        int64_t left = wait_ns < 0 ? 0 : due_ns - select_now_ns();
        if (left < 0) left = 0;
        struct timespec time = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        gil_release(vm);
        count = pselect(most + 1, &watched[0].ready, &watched[1].ready, &watched[2].ready,
                        wait_ns < 0 ? NULL : &time, NULL);
        gil_acquire(vm);
    } while (count < 0 && errno == EINTR && safe_point(vm));
    return count;
}
NATIVE(
    select_select, "select(rlist, wlist, xlist, timeout=None, /)",
    "Wait until something in rlist can be read, in wlist written or in xlist has an exceptional\n"
    "condition, timeout seconds at most (None: for ever); return the lists of what is ready.")
{
    Watched watched[3] = {{.items = UNDEF}, {.items = UNDEF}, {.items = UNDEF}};
    int64_t wait_ns;
    int most = -1;
    Ref out = FAIL;
    if (!wait_from(vm, argv[3], &wait_ns)) return FAIL;
    bool good = true;
    for (int n = 0; good && n < 3; n++) good = watched_open(vm, argv[n], &watched[n], &most);
    if (good && select_wait(vm, watched, most, wait_ns) < 0) {
        posix_error(vm);
        good = false;
    }
    if (good) {
        Ref lists[3];
        for (int n = 0; n < 3; n++) lists[n] = watched_ready(vm, &watched[n]);
        for (int n = 0; n < 3; n++) good = good && !failed(lists[n]);
        if (good) out = tuple_from_refs(vm, 3, lists);
        for (int n = 0; !good && n < 3; n++) decref(lists[n]);
    }
    for (int n = 0; n < 3; n++) {
        memory_free(watched[n].fds);
        decref(watched[n].items);
    }
    return out;
}

/* ---- poll ---- */

typedef struct Poll {
    Container head;
    struct pollfd *rows;
    int len, capacity;
    bool waiting;
} Poll;

static Poll *as_poll(Value v) { return (Poll *)as_object(v); }
static void poll_drop(Object *self)
{
    memory_free(((Poll *)self)->rows);
    ((Poll *)self)->rows = NULL;
}

static struct pollfd *poll_row(Poll *self, int fd)
{
    for (int n = 0; n < self->len; n++)
        if (self->rows[n].fd == fd) return &self->rows[n];
    return NULL;
}

static bool events_from(Vm *vm, Value given, short *events)
{
    int64_t n;
    if (!int_index(vm, given, &n)) return false;
    *events = (short)n;
    if (n >= 0 && n <= UINT16_MAX) return true;
    if (n < 0) throw(vm, ValueError, "value must be positive");
    else throw(vm, OverflowError, "Python int too large for C unsigned short");
    return false;
}
NATIVE(poll_register, "register(self, fd, eventmask=7, /)",
       "Watch a descriptor for events (POLLIN...), or change what it is watched for.")
{
    Poll *self = as_poll(argv[0]);
    int fd;
    short events;
    if (!descriptor_from(vm, argv[1], &fd) || !events_from(vm, argv[2], &events)) return FAIL;
    struct pollfd *row = poll_row(self, fd);
    if (!row && self->len == self->capacity) {
        int room = self->capacity * 2 + 8;
        struct pollfd *grown = memory_resize(vm, self->rows, sizeof *grown * (size_t)room);
        if (!grown) return FAIL;
        self->rows = grown;
        self->capacity = room;
    }
    if (!row) row = &self->rows[self->len++];
    *row = (struct pollfd){.fd = fd, .events = events};
    return NONE;
}
NATIVE(poll_modify, "modify(self, fd, eventmask, /)",
       "Change what a descriptor is watched for.\nRaises FileNotFoundError when it is not watched.")
{
    int fd;
    short events;
    if (!descriptor_from(vm, argv[1], &fd) || !events_from(vm, argv[2], &events)) return FAIL;
    struct pollfd *row = poll_row(as_poll(argv[0]), fd);
    if (!row) return throw_errno(vm, ENOENT, UNDEF);
    row->events = events;
    return NONE;
}
NATIVE(poll_unregister, "unregister(self, fd, /)",
       "Watch a descriptor no longer.\nRaises KeyError when it is not watched.")
{
    Poll *self = as_poll(argv[0]);
    int fd;
    if (!descriptor_from(vm, argv[1], &fd)) return FAIL;
    struct pollfd *row = poll_row(self, fd);
    if (!row) return throw_value(vm, KeyError, from_small(fd));
    memmove(row, row + 1, sizeof *row * (size_t)(self->rows + --self->len - row));
    return NONE;
}

/* Milliseconds, rounded up; None or negative: -1. */
static bool milliseconds_from(Vm *vm, Value given, int *wait_ms)
{
    double number;
    *wait_ms = -1;
    if (is_none(given)) return true;
    if (!is_any_float(given) && !is_any_int(given) && !type_of(vm, given)->slots.index) {
        throw(vm, TypeError, "timeout must be an integer or None");
        return false;
    }
    if (!float_from(vm, given, &number)) return false;
    if (number > INT_MAX) {
        throw(vm, OverflowError, "timeout is too large");
        return false;
    }
    *wait_ms = number < 0 ? -1 : (int)ceil(number);
    return true;
}

/* Waits on a copy of the rows, as they may change meanwhile. */
static int poll_wait(Vm *vm, struct pollfd *rows, int len, int wait_ms)
{
    int64_t due_ns = select_now_ns() + (int64_t)wait_ms * 1000000;
    int count, left = wait_ms;
    do {
        gil_release(vm);
        count = poll(rows, (nfds_t)len, left);
        gil_acquire(vm);
        if (wait_ms > 0) left = (int)((due_ns - select_now_ns() + 999999) / 1000000);
        if (wait_ms > 0 && left < 0) left = 0;
    } while (count < 0 && errno == EINTR && safe_point(vm));
    return count;
}
NATIVE(poll_poll, "poll(self, timeout=None, /)",
       "Wait for events, timeout milliseconds at most; return a list of (descriptor, events).")
{
    Poll *self = as_poll(argv[0]);
    int wait_ms;
    if (!milliseconds_from(vm, argv[1], &wait_ms)) return FAIL;
    if (self->waiting) return throw(vm, RuntimeError, "concurrent poll() invocation");
    int len = self->len;
    struct pollfd *rows = memory_new(vm, sizeof *rows * (size_t)(len + 1));
    if (!rows) return FAIL;
    if (len) memcpy(rows, self->rows, sizeof *rows * (size_t)len);
    self->waiting = true;
    int count = poll_wait(vm, rows, len, wait_ms);
    self->waiting = false;
    Ref out = count < 0 ? posix_error(vm) : list_new(vm, 0);
    for (int n = 0; !failed(out) && n < len; n++) {
        if (!rows[n].revents) continue;
        Ref pair =
            tuple_pack(vm, 2, from_small(rows[n].fd), from_small((unsigned short)rows[n].revents));
        if (failed(pair) || !list_push(vm, as_list(out), pair)) replace(&out, FAIL);
    }
    memory_free(rows);
    return out;
}

static const Native *const poll_methods[] = {&poll_register_def, &poll_modify_def,
                                             &poll_unregister_def, &poll_poll_def, NULL};
static const TypeDef poll_type = {
    .name = "select.poll",
    .doc = "Waits for events on many descriptors.",
    .size = sizeof(Poll),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .clear = poll_drop,
    .methods = poll_methods,
};
NATIVE(select_poll, "poll()", "Return an object that waits for events on many descriptors.")
{
    Type *type = type_from_def(vm, &poll_type);
    Poll *self = type ? type_instance(vm, type) : NULL;
    return self ? from_object(self) : FAIL;
}

static const Native *const select_functions[] = {&select_select_def, &select_poll_def, NULL};
static const TypeDef *const select_types[] = {&epoll_type, NULL};

static bool select_open(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        int64_t value;
    } constants[] = {
        C(POLLIN),   C(POLLPRI),    C(POLLOUT),    C(POLLERR),    C(POLLHUP),
        C(POLLNVAL), C(POLLRDNORM), C(POLLRDBAND), C(POLLWRNORM), C(POLLWRBAND),
        C(POLLMSG),  C(POLLRDHUP),  C(PIPE_BUF),
    };
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_small(constants[n].value)))
            return false;
    return epoll_constants(vm, module) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, OSError))));
}
const ModuleDef select_module = {
    .name = "select",
    .doc = "Waiting until descriptors can be read from or written to.",
    .functions = select_functions,
    .types = select_types,
    .open = select_open,
};
