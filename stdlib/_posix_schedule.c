/* _posix_schedule.c - priorities, scheduling policies and CPU affinity.
 *
 * Neighbours: _posix_identity.c. */
/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <sys/resource.h>

#include "_posix.h"

NATIVE(posix_nice, "nice(increment, /)", "Add to the niceness of this process; return it.")
{
    int increment;
    if (!c_int_from(vm, argv[0], &increment)) return FAIL;
    errno = 0;
    int value = nice(increment);
    return value == -1 && errno ? posix_error(vm) : from_small(value);
}
NATIVE(posix_getpriority, "getpriority(which, who)",
       "Return the niceness of a process, group or user (PRIO_*).")
{
    int which, who;
    if (!c_int_from(vm, argv[0], &which) || !c_int_from(vm, argv[1], &who)) return FAIL;
    errno = 0;
    int value = getpriority((unsigned)which, (id_t)who);
    return value == -1 && errno ? posix_error(vm) : from_small(value);
}
NATIVE(posix_setpriority, "setpriority(which, who, priority)",
       "Set the niceness of a process, group or user.")
{
    int which, who, value;
    if (!c_int_from(vm, argv[0], &which) || !c_int_from(vm, argv[1], &who) ||
        !c_int_from(vm, argv[2], &value))
        return FAIL;
    return posix_done(vm, setpriority((unsigned)which, (id_t)who, value));
}

/* ---- policies ---- */

static const Attribute sched_param_fields[] = {
    {"sched_priority", structseq_item_0, NULL, "The priority."},
    {0},
};
NATIVE(sched_param_make, "sched_param(cls, /, sched_priority)", "A scheduling parameter.")
{
    Ref values[] = {newref(argv[1])};
    return structseq_open_new(vm, &sched_param_type, values);
}
NATIVE(sched_param_reduce, "__reduce__(self, /)", "How to copy it.")
{
    Ref args = tuple_pack(vm, 1, tuple_at(argv[0], 0));
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}
static const Native *const sched_param_methods[] = {&sched_param_reduce_def, NULL};
const StructSeq sched_param_type = {
    .type = {.name = "posix.sched_param",
             .doc = "Parameters of a scheduling policy.",
             .size = sizeof(Tuple),
             .flags = TYPE_CONTAINER | TYPE_FINAL,
             .base = &tuple_type,
             .visit = structseq_visit,
             .clear = structseq_clear,
             .new = &sched_param_make_def,
             .repr = structseq_repr,
             .methods = sched_param_methods,
             .fields = sched_param_fields},
    .items = 1,
    .fields = 1,
};

static bool param_from(Vm *vm, Value value, struct sched_param *param)
{
    if (type_of(vm, value)->def != &sched_param_type.type) {
        throw(vm, TypeError, "must have a sched_param object");
        return false;
    }
    return c_int_from(vm, tuple_at(value, 0), &param->sched_priority);
}
#define POLICY(name, call, text)                                                                   \
    NATIVE(posix_##name, #name "(policy)", text)                                                   \
    {                                                                                              \
        int policy;                                                                                \
        if (!c_int_from(vm, argv[0], &policy)) return FAIL;                                        \
        int value = call(policy);                                                                  \
        return value < 0 ? posix_error(vm) : from_small(value);                                    \
    }
POLICY(sched_get_priority_max, sched_get_priority_max, "Return the highest priority of a policy.")
POLICY(sched_get_priority_min, sched_get_priority_min, "Return the lowest priority of a policy.")

NATIVE(posix_sched_getscheduler, "sched_getscheduler(pid, /)",
       "Return the policy (SCHED_*) of a process (0: this one).")
{
    int pid;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    int policy = sched_getscheduler(pid);
    return policy < 0 ? posix_error(vm) : from_small(policy);
}
NATIVE(posix_sched_setscheduler, "sched_setscheduler(pid, policy, param, /)",
       "Set the policy of a process and its parameters.")
{
    int pid, policy;
    struct sched_param param;
    if (!c_int_from(vm, argv[0], &pid) || !c_int_from(vm, argv[1], &policy) ||
        !param_from(vm, argv[2], &param))
        return FAIL;
    return posix_done(vm, sched_setscheduler(pid, policy, &param));
}
NATIVE(posix_sched_getparam, "sched_getparam(pid, /)", "Return the parameters of a process.")
{
    int pid;
    struct sched_param param;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    if (sched_getparam(pid, &param) < 0) return posix_error(vm);
    Ref values[] = {from_small(param.sched_priority)};
    return structseq_open_new(vm, &sched_param_type, values);
}
NATIVE(posix_sched_setparam, "sched_setparam(pid, param, /)", "Set the parameters of a process.")
{
    int pid;
    struct sched_param param;
    if (!c_int_from(vm, argv[0], &pid) || !param_from(vm, argv[1], &param)) return FAIL;
    return posix_done(vm, sched_setparam(pid, &param));
}
NATIVE(posix_sched_rr_get_interval, "sched_rr_get_interval(pid, /)",
       "Return how long a process runs in turn, in seconds.")
{
    int pid;
    struct timespec interval;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    if (sched_rr_get_interval(pid, &interval) < 0) return posix_error(vm);
    return from_float((double)interval.tv_sec + 1e-9 * (double)interval.tv_nsec);
}
NATIVE(posix_sched_yield, "sched_yield()", "Let other threads run.")
{
    int result;
    WAITING(result, sched_yield());
    return posix_done(vm, result);
}

/* ---- affinity ---- */

enum { CPUS_MAX = 1 << 16 };

NATIVE(posix_sched_getaffinity, "sched_getaffinity(pid, /)",
       "Return the set of the CPUs a process (0: this one) may run on.")
{
    int pid;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *cpus = memory_zeroed(vm, size);
    if (!cpus) return FAIL;
    Ref out = sched_getaffinity(pid, size, cpus) < 0 ? posix_error(vm) : set_new(vm);
    for (int n = 0; !failed(out) && n < CPUS_MAX; n++)
        if (CPU_ISSET_S(n, size, cpus) && !set_add(vm, as_set(out), from_small(n)))
            replace(&out, FAIL);
    memory_free(cpus);
    return out;
}

static bool add_cpu(Vm *vm, Value item, void *context)
{
    int64_t cpu;
    if (!is_any_int(item)) {
        throw(vm, TypeError, "expected an iterator of ints, but iterator yielded %R",
              borrow(type_of(vm, item)));
        return false;
    }
    if (!int_index(vm, item, &cpu)) return false;
    if (cpu < 0) throw(vm, ValueError, "negative CPU number");
    else if (cpu > INT32_MAX - 1) throw(vm, OverflowError, "CPU number too large");
    else if (cpu < CPUS_MAX) CPU_SET_S((size_t)cpu, CPU_ALLOC_SIZE(CPUS_MAX), (cpu_set_t *)context);
    return cpu >= 0 && cpu <= INT32_MAX - 1;
}
NATIVE(posix_sched_setaffinity, "sched_setaffinity(pid, mask, /)",
       "Let a process (0: this one) run on the CPUs of an iterable only.")
{
    int pid;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *cpus = memory_zeroed(vm, size);
    if (!cpus) return FAIL;
    Ref out = FAIL;
    if (iterate(vm, argv[1], add_cpu, cpus))
        out = posix_done(vm, sched_setaffinity(pid, size, cpus));
    memory_free(cpus);
    return out;
}

const Native *const posix_schedule_functions[] = {
    &posix_nice_def,
    &posix_getpriority_def,
    &posix_setpriority_def,
    &posix_sched_get_priority_max_def,
    &posix_sched_get_priority_min_def,
    &posix_sched_getscheduler_def,
    &posix_sched_setscheduler_def,
    &posix_sched_getparam_def,
    &posix_sched_setparam_def,
    &posix_sched_rr_get_interval_def,
    &posix_sched_yield_def,
    &posix_sched_getaffinity_def,
    &posix_sched_setaffinity_def,
    NULL,
};
