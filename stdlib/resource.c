/* resource.c - the module resource: what a process has used, and the limits set to it. */
/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include "_posix.h"

enum { USAGE_FIELDS = 16 };

static const Attribute usage_fields[] = {
    {"ru_utime", structseq_item_0, NULL, "CPU seconds of the process."},
    {"ru_stime", structseq_item_1, NULL, "CPU seconds of the system for it."},
    {"ru_maxrss", structseq_item_2, NULL, "The most memory it had, in KiB."},
    {"ru_ixrss", structseq_item_3, NULL, "Shared memory; not kept here."},
    {"ru_idrss", structseq_item_4, NULL, "Unshared data; not kept here."},
    {"ru_isrss", structseq_item_5, NULL, "Unshared stack; not kept here."},
    {"ru_minflt", structseq_item_6, NULL, "Page faults without input."},
    {"ru_majflt", structseq_item_7, NULL, "Page faults with input."},
    {"ru_nswap", structseq_item_8, NULL, "Swaps; not kept here."},
    {"ru_inblock", structseq_item_9, NULL, "Blocks read."},
    {"ru_oublock", structseq_item_10, NULL, "Blocks written."},
    {"ru_msgsnd", structseq_item_11, NULL, "Messages sent; not kept here."},
    {"ru_msgrcv", structseq_item_12, NULL, "Messages received; not kept here."},
    {"ru_nsignals", structseq_item_13, NULL, "Signals received; not kept here."},
    {"ru_nvcsw", structseq_item_14, NULL, "How often it waited."},
    {"ru_nivcsw", structseq_item_15, NULL, "How often it was interrupted."},
    {0},
};
static const StructSeq usage_type = STRUCTSEQ_OPEN(
    "resource.struct_rusage", "What a process has used.", usage_fields, USAGE_FIELDS, USAGE_FIELDS);

NATIVE(resource_getrusage, "getrusage(who, /)",
       "Return what this process (RUSAGE_SELF), its children (RUSAGE_CHILDREN) or this thread\n"
       "(RUSAGE_THREAD) have used: a struct_rusage.")
{
    int who;
    struct rusage used;
    if (!c_int_from(vm, argv[0], &who)) return FAIL;
    if (getrusage(who, &used) < 0)
        return errno == EINVAL ? throw(vm, ValueError, "invalid who parameter") : posix_error(vm);
    Ref values[USAGE_FIELDS] = {
        from_float((double)used.ru_utime.tv_sec + 1e-6 * (double)used.ru_utime.tv_usec),
        from_float((double)used.ru_stime.tv_sec + 1e-6 * (double)used.ru_stime.tv_usec),
        from_small(used.ru_maxrss),
        from_small(used.ru_ixrss),
        from_small(used.ru_idrss),
        from_small(used.ru_isrss),
        from_small(used.ru_minflt),
        from_small(used.ru_majflt),
        from_small(used.ru_nswap),
        from_small(used.ru_inblock),
        from_small(used.ru_oublock),
        from_small(used.ru_msgsnd),
        from_small(used.ru_msgrcv),
        from_small(used.ru_nsignals),
        from_small(used.ru_nvcsw),
        from_small(used.ru_nivcsw),
    };
    return structseq_open_new(vm, &usage_type, values);
}

/* ---- limits ---- */

static Ref limit_of(Vm *vm, rlim_t limit)
{
    return limit == RLIM_INFINITY ? from_small(-1) : from_uint64(vm, limit);
}
static Ref limits_of(Vm *vm, const struct rlimit *limits)
{
    Ref items[] = {limit_of(vm, limits->rlim_cur), limit_of(vm, limits->rlim_max)};
    return tuple_from_refs(vm, 2, items);
}

static bool limits_from(Vm *vm, Value given, struct rlimit *limits)
{
    Ref items = tuple_from(vm, given);
    if (failed(items)) return false;
    int64_t soft = 0, hard = 0;
    bool good = tuple_len(items) == 2;
    if (!good) throw(vm, ValueError, "expected a tuple of 2 integers");
    good = good && int_index(vm, tuple_at(items, 0), &soft) &&
           int_index(vm, tuple_at(items, 1), &hard);
    decref(items);
    *limits = (struct rlimit){.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    return good;
}

static bool resource_from(Vm *vm, Value given, int *resource)
{
    if (!c_int_from(vm, given, resource)) return false;
    if (*resource >= 0 && *resource < (int)RLIM_NLIMITS) return true;
    throw(vm, ValueError, "invalid resource specified");
    return false;
}

static Ref limit_error(Vm *vm)
{
    if (errno == EINVAL) return throw(vm, ValueError, "current limit exceeds maximum limit");
    if (errno == EPERM) return throw(vm, ValueError, "not allowed to raise maximum limit");
    return posix_error(vm);
}
NATIVE(resource_getrlimit, "getrlimit(resource, /)",
       "Return the limits (soft, hard) of a resource; RLIM_INFINITY: none.")
{
    int resource;
    struct rlimit limits;
    if (!resource_from(vm, argv[0], &resource)) return FAIL;
    return getrlimit((unsigned)resource, &limits) < 0 ? posix_error(vm) : limits_of(vm, &limits);
}
NATIVE(resource_setrlimit, "setrlimit(resource, limits, /)",
       "Set the limits (soft, hard) of a resource.")
{
    int resource;
    struct rlimit limits;
    if (!resource_from(vm, argv[0], &resource) || !limits_from(vm, argv[1], &limits)) return FAIL;
    return setrlimit((unsigned)resource, &limits) < 0 ? limit_error(vm) : NONE;
}
NATIVE(resource_prlimit, "prlimit(pid, resource, limits=None, /)",
       "Return the limits of a resource for the process pid (0: this one); set them when given.")
{
    int pid, resource;
    struct rlimit limits, old;
    bool set = !is_none(argv[2]);
    if (!c_int_from(vm, argv[0], &pid) || !resource_from(vm, argv[1], &resource) ||
        (set && !limits_from(vm, argv[2], &limits)))
        return FAIL;
    if (prlimit(pid, (unsigned)resource, set ? &limits : NULL, &old) < 0)
        return errno == EINVAL ? limit_error(vm) : posix_error(vm);
    return limits_of(vm, &old);
}
NATIVE(resource_getpagesize, "getpagesize()", "Return the size of a page of memory in bytes.")
{
    return from_small(sysconf(_SC_PAGESIZE));
}

static const Native *const resource_functions[] = {
    &resource_getrusage_def, &resource_getrlimit_def,   &resource_setrlimit_def,
    &resource_prlimit_def,   &resource_getpagesize_def, NULL,
};
static bool resource_open(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        int value;
    } constants[] = {
#define C(name) {#name, name}
        C(RLIMIT_AS),     C(RLIMIT_CORE),     C(RLIMIT_CPU),        C(RLIMIT_DATA),
        C(RLIMIT_FSIZE),  C(RLIMIT_MEMLOCK),  C(RLIMIT_MSGQUEUE),   C(RLIMIT_NICE),
        C(RLIMIT_NOFILE), C(RLIMIT_NPROC),    C(RLIMIT_OFILE),      C(RLIMIT_RSS),
        C(RLIMIT_RTPRIO), C(RLIMIT_RTTIME),   C(RLIMIT_SIGPENDING), C(RLIMIT_STACK),
        C(RUSAGE_SELF),   C(RUSAGE_CHILDREN), C(RUSAGE_THREAD),     {"RLIM_INFINITY", -1},
    };
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_small(constants[n].value)))
            return false;
    Type *type = type_from_def(vm, &usage_type.type);
    return type && structseq_count_fields(vm, &usage_type, 0) &&
           module_set(vm, module, "struct_rusage", newref(borrow(type))) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, OSError))));
}
const ModuleDef resource_module = {
    .name = "resource",
    .doc = "What processes use, and their limits.",
    .functions = resource_functions,
    .open = resource_open,
};
