/* _select_epoll.c - epoll objects of the module select.
 *
 * Neighbours: select.c. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <sys/epoll.h>

#include "_select.h"

typedef struct Epoll {
    Container head;
    int fd; /* -1: closed */
} Epoll;

static Epoll *as_epoll(Value v) { return (Epoll *)as_object(v); }
static void epoll_drop(Object *object)
{
    Epoll *self = (Epoll *)object;
    if (self->fd >= 0) close(self->fd);
    self->fd = -1;
}

static Ref closed_error(Vm *vm)
{
    return throw(vm, ValueError, "I/O operation on closed epoll object");
}

static Ref epoll_wrap(Vm *vm, Type *type, int fd)
{
    Epoll *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->fd = fd;
    return from_object(self);
}
NATIVE(epoll_make, "epoll(cls, /, sizehint=-1, flags=0)",
       "An epoll object; the arguments have no effect any more.")
{
    int hint, flags;
    if (!c_int_from(vm, argv[1], &hint) || !c_int_from(vm, argv[2], &flags)) return FAIL;
    if (hint < -1 || hint == 0) return throw(vm, ValueError, "negative sizehint");
    if (flags & ~EPOLL_CLOEXEC) return throw(vm, OSError, "invalid flags");
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) return posix_error(vm);
    Ref self = epoll_wrap(vm, as_type(argv[0]), fd);
    if (failed(self)) close(fd);
    return self;
}
NATIVE_CLASS(epoll_fromfd, "fromfd(cls, fd, /)",
             "Return an epoll object around a descriptor of one.")
{
    int fd;
    return c_int_from(vm, argv[1], &fd) ? epoll_wrap(vm, as_type(argv[0]), fd) : FAIL;
}
NATIVE(epoll_close, "close(self)", "Close it; more calls are allowed.")
{
    Epoll *self = as_epoll(argv[0]);
    if (self->fd < 0) return NONE;
    int result = close(self->fd);
    self->fd = -1;
    return posix_done(vm, result);
}
NATIVE(epoll_fileno, "fileno(self)", "Return its descriptor.")
{
    Epoll *self = as_epoll(argv[0]);
    return self->fd < 0 ? closed_error(vm) : from_small(self->fd);
}
static Ref epoll_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_epoll(self)->fd < 0);
}

static Ref epoll_control(Vm *vm, Value *argv, int operation, Value events)
{
    Epoll *self = as_epoll(argv[0]);
    int fd, result;
    int64_t mask = 0;
    if (self->fd < 0) return closed_error(vm);
    if (!descriptor_from(vm, argv[1], &fd) || (!absent(events) && !int_index(vm, events, &mask)))
        return FAIL;
    struct epoll_event event = {.events = (uint32_t)mask, .data.fd = fd};
    gil_release(vm);
    result = epoll_ctl(self->fd, operation, fd, &event);
    gil_acquire(vm);
    return posix_done(vm, result);
}
NATIVE(epoll_register, "register(self, fd, eventmask=7)",
       "Watch a descriptor for events (EPOLLIN...).\nRaises FileExistsError when it is watched.")
{
    return epoll_control(vm, argv, EPOLL_CTL_ADD, argv[2]);
}
NATIVE(epoll_modify, "modify(self, fd, eventmask)",
       "Change what a descriptor is watched for.\nRaises FileNotFoundError when it is not watched.")
{
    return epoll_control(vm, argv, EPOLL_CTL_MOD, argv[2]);
}
NATIVE(epoll_unregister, "unregister(self, fd)",
       "Watch a descriptor no longer.\nRaises FileNotFoundError when it is not watched.")
{
    return epoll_control(vm, argv, EPOLL_CTL_DEL, UNDEF);
}

/* Seconds as milliseconds, rounded up; None or negative: -1. */
static bool wait_from(Vm *vm, Value given, int *wait_ms)
{
    double seconds;
    *wait_ms = -1;
    if (is_none(given)) return true;
    if (!is_any_float(given) && !is_any_int(given) && !type_of(vm, given)->slots.index) {
        throw(vm, TypeError, "timeout must be an integer or None");
        return false;
    }
    if (!float_from(vm, given, &seconds)) return false;
    if (seconds * 1000 > INT_MAX) {
        throw(vm, OverflowError, "timeout is too large");
        return false;
    }
    *wait_ms = seconds < 0 ? -1 : (int)ceil(seconds * 1000);
    return true;
}

static int epoll_wait_for(Vm *vm, int fd, struct epoll_event *events, int most, int wait_ms)
{
    int64_t due_ns = select_now_ns() + (int64_t)wait_ms * 1000000;
    int count, left = wait_ms;
    do {
        gil_release(vm);
        count = epoll_wait(fd, events, most, left);
        gil_acquire(vm);
        if (wait_ms > 0) left = (int)((due_ns - select_now_ns() + 999999) / 1000000);
        if (wait_ms > 0 && left < 0) left = 0;
    } while (count < 0 && errno == EINTR && safe_point(vm));
    return count;
}
NATIVE(
    epoll_poll, "poll(self, timeout=None, maxevents=-1)",
    "Wait for events, timeout seconds and maxevents of them at most (-1: no limit); return a list\n"
    "of (descriptor, events).")
{
    Epoll *self = as_epoll(argv[0]);
    int wait_ms, most;
    if (self->fd < 0) return closed_error(vm);
    if (!wait_from(vm, argv[1], &wait_ms) || !c_int_from(vm, argv[2], &most)) return FAIL;
    if (most == -1) most = FOPEN_MAX + 1008;
    if (most < 1) return throw(vm, ValueError, "maxevents must be greater than 0, got %d", most);
    struct epoll_event *events = memory_new(vm, sizeof *events * (size_t)most);
    if (!events) return FAIL;
    int count = epoll_wait_for(vm, self->fd, events, most, wait_ms);
    Ref out = count < 0 ? posix_error(vm) : list_new(vm, count);
    for (int n = 0; !failed(out) && n < count; n++) {
        Ref pair = tuple_pack(vm, 2, from_small(events[n].data.fd), from_small(events[n].events));
        if (failed(pair) || !list_push(vm, as_list(out), pair)) replace(&out, FAIL);
    }
    memory_free(events);
    return out;
}
NATIVE(epoll_enter, "__enter__(self)", "Return it.")
{
    return as_epoll(argv[0])->fd < 0 ? closed_error(vm) : newref(argv[0]);
}
NATIVE(epoll_exit, "__exit__(self, /, *args=?)", "Close it.") { return epoll_close(vm, argv); }

static const Native *const epoll_methods[] = {
    &epoll_fromfd_def, &epoll_close_def,
    &epoll_fileno_def, &epoll_register_def,
    &epoll_modify_def, &epoll_unregister_def,
    &epoll_poll_def,   &epoll_enter_def,
    &epoll_exit_def,   NULL,
};
static const Attribute epoll_attributes[] = {
    {"closed", epoll_closed, NULL, "Is it closed?"},
    {0},
};
const TypeDef epoll_type = {
    .name = "select.epoll",
    .doc = "Waits for events on very many descriptors.",
    .size = sizeof(Epoll),
    .flags = TYPE_CONTAINER,
    .clear = epoll_drop,
    .new = &epoll_make_def,
    .methods = epoll_methods,
    .attributes = epoll_attributes,
};

bool epoll_constants(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        int64_t value;
    } constants[] = {
        C(EPOLLIN),
        C(EPOLLOUT),
        C(EPOLLPRI),
        C(EPOLLERR),
        C(EPOLLHUP),
        C(EPOLLRDHUP),
        C(EPOLLRDNORM),
        C(EPOLLRDBAND),
        C(EPOLLWRNORM),
        C(EPOLLWRBAND),
        C(EPOLLMSG),
        C(EPOLLONESHOT),
        C(EPOLLEXCLUSIVE),
        {"EPOLLET", INT64_C(1) << 31},
        {"EPOLLWAKEUP", 1 << 29},
        C(EPOLL_CLOEXEC),
    };
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_small(constants[n].value)))
            return false;
    return true;
}
