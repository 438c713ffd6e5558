/* _posix_system.c - what the system tells of itself: names, times, limits, chance.
 *
 * Neighbours: _posix_constants.c (the names of the limits). */
/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <sys/random.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "_posix.h"

NATIVE(posix_strerror, "strerror(code, /)", "Return what an error number means.")
{
    int code;
    return c_int_from(vm, argv[0], &code) ? str_from(vm, strerror(code)) : FAIL;
}

/* ---- names and times ---- */

static const Attribute uname_fields[] = {
    {"sysname", structseq_item_0, NULL, "Name of the system."},
    {"nodename", structseq_item_1, NULL, "Name of the machine in the network."},
    {"release", structseq_item_2, NULL, "Release of the system."},
    {"version", structseq_item_3, NULL, "Version of the system."},
    {"machine", structseq_item_4, NULL, "Kind of hardware."},
    {0},
};
const StructSeq uname_result_type =
    STRUCTSEQ_OPEN("posix.uname_result", "The names of a system.", uname_fields, 5, 5);
NATIVE(posix_uname, "uname()", "Return the names of the system: a uname_result.")
{
    struct utsname names;
    if (uname(&names) < 0) return posix_error(vm);
    const char *const texts[] = {names.sysname, names.nodename, names.release, names.version,
                                 names.machine};
    Ref values[5];
    for (int n = 0; n < 5; n++) values[n] = fsdecoded(vm, texts[n], (ptrdiff_t)strlen(texts[n]));
    return structseq_open_new(vm, &uname_result_type, values);
}

static const Attribute times_fields[] = {
    {"user", structseq_item_0, NULL, "CPU seconds of this process."},
    {"system", structseq_item_1, NULL, "CPU seconds of the system for it."},
    {"children_user", structseq_item_2, NULL, "CPU seconds of its children."},
    {"children_system", structseq_item_3, NULL, "CPU seconds of the system for them."},
    {"elapsed", structseq_item_4, NULL, "Seconds since a fixed point in the past."},
    {0},
};
const StructSeq times_result_type =
    STRUCTSEQ_OPEN("posix.times_result", "The times of a process.", times_fields, 5, 5);
NATIVE(posix_times, "times()", "Return the times of this process, in seconds: a times_result.")
{
    struct tms used;
    double tick = (double)sysconf(_SC_CLK_TCK);
    clock_t now = times(&used);
    if (now == (clock_t)-1) return posix_error(vm);
    Ref values[] = {
        from_float((double)used.tms_utime / tick),
        from_float((double)used.tms_stime / tick),
        from_float((double)used.tms_cutime / tick),
        from_float((double)used.tms_cstime / tick),
        from_float((double)now / tick),
    };
    return structseq_open_new(vm, &times_result_type, values);
}
NATIVE(posix_getloadavg, "getloadavg()",
       "Return how many processes ran on average in the last 1, 5 and 15 minutes.")
{
    double load[3];
    if (getloadavg(load, 3) != 3) return throw(vm, OSError, "Load averages are unobtainable");
    return tuple_pack(vm, 3, (Value)from_float(load[0]), (Value)from_float(load[1]),
                      (Value)from_float(load[2]));
}
NATIVE(posix_cpu_count, "cpu_count()", "Return the number of CPUs, or None when it is not known.")
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? NONE : from_small(count);
}

/* ---- limits ---- */

/* The number of a limit: itself, or its name in the module's dict. */
static bool limit_from(Vm *vm, Value value, const char *dict_name, int *number)
{
    if (is_any_int(value)) return c_int_from(vm, value, number);
    if (!is_str(value)) {
        throw(vm, TypeError, "configuration names must be strings or integers");
        return false;
    }
    Ref module = import_text(vm, "posix");
    Ref names = failed(module) ? FAIL : attr_get_text(vm, module, dict_name);
    Value found = is_dict(names) ? dict_get(vm, as_dict(names), value) : FAIL;
    bool good = is_int(found);
    if (good) *number = (int)as_int(found);
    else if (!failed((Ref)found)) throw(vm, ValueError, "unrecognized configuration name");
    decref(names);
    decref(module);
    return good;
}
NATIVE(posix_sysconf, "sysconf(name, /)",
       "Return a limit or number of the system, by its name (in sysconf_names); -1: none.")
{
    int number;
    if (!limit_from(vm, argv[0], "sysconf_names", &number)) return FAIL;
    errno = 0;
    long value = sysconf(number);
    return value == -1 && errno ? posix_error(vm) : from_int64(vm, value);
}
NATIVE(posix_pathconf, "pathconf(path, name)",
       "Return a limit of the file system path lies on, by its name (in pathconf_names); -1: none.")
{
    Path path;
    int number;
    Ref out = FAIL;
    if (path_open(vm, argv[0], "pathconf", "path", PATH_FD, &path) &&
        limit_from(vm, argv[1], "pathconf_names", &number)) {
        errno = 0;
        long value = path.text ? pathconf(path.text, number) : fpathconf(path.fd, number);
        out = value == -1 && errno ? path_error(vm, &path) : from_int64(vm, value);
    }
    path_close(&path);
    return out;
}
NATIVE(posix_fpathconf, "fpathconf(fd, name, /)", "Like pathconf(), for an open file.")
{
    int fd, number;
    if (!descriptor_from(vm, argv[0], &fd) || !limit_from(vm, argv[1], "pathconf_names", &number))
        return FAIL;
    errno = 0;
    long value = fpathconf(fd, number);
    return value == -1 && errno ? posix_error(vm) : from_int64(vm, value);
}
NATIVE(posix_confstr, "confstr(name, /)",
       "Return a text of the system, by its name (in confstr_names), or None.")
{
    int number;
    char text[1024];
    if (!limit_from(vm, argv[0], "confstr_names", &number)) return FAIL;
    errno = 0;
    size_t len = confstr(number, text, sizeof text);
    if (len == 0) return errno ? posix_error(vm) : NONE;
    if (len <= sizeof text) return fsdecoded(vm, text, (ptrdiff_t)len - 1);
    char *longer = memory_new(vm, len);
    if (!longer) return FAIL;
    confstr(number, longer, len);
    Ref out = fsdecoded(vm, longer, (ptrdiff_t)len - 1);
    memory_free(longer);
    return out;
}
NATIVE(posix_umask, "umask(mask, /)",
       "Set which permissions new files do not get; return the mask set before.")
{
    int mask;
    return c_int_from(vm, argv[0], &mask) ? from_small(umask((mode_t)mask)) : FAIL;
}

/* ---- numbers of devices ---- */

#define DEVICE(name, text)                                                                         \
    NATIVE(posix_##name, #name "(device, /)", text)                                                \
    {                                                                                              \
        int64_t device;                                                                            \
        return int_index(vm, argv[0], &device) ? from_small(gnu_dev_##name((dev_t)device)) : FAIL; \
    }
DEVICE(major, "Return the major number of a device.")
DEVICE(minor, "Return the minor number of a device.")
NATIVE(posix_makedev, "makedev(major, minor, /)", "Return the device with these two numbers.")
{
    int high, low;
    if (!c_int_from(vm, argv[0], &high) || !c_int_from(vm, argv[1], &low)) return FAIL;
    return from_uint64(vm, gnu_dev_makedev((unsigned)high, (unsigned)low));
}

/* ---- chance ---- */

NATIVE(posix_urandom, "urandom(size, /)", "Return size random bytes fit for cryptography.")
{
    int64_t len;
    if (!int_index(vm, argv[0], &len)) return FAIL;
    if (len < 0) return throw(vm, ValueError, "negative argument not allowed");
    Ref out = bytes_from(vm, NULL, len);
    for (int64_t done = 0; !failed(out) && done < len;) {
        ssize_t count;
        WAITING(count, getrandom(as_bytes(out)->data + done, (size_t)(len - done), 0));
        if (count < 0) {
            posix_error(vm);
            replace(&out, FAIL);
        } else {
            done += count;
        }
    }
    return out;
}
NATIVE(posix_getrandom, "getrandom(size, flags=0)",
       "Return up to size random bytes; flags: GRND_*.")
{
    int64_t len, count;
    int flags;
    if (!int_index(vm, argv[0], &len) || !c_int_from(vm, argv[1], &flags)) return FAIL;
    if (len < 0) return throw_errno(vm, EINVAL, UNDEF);
    Ref out = bytes_from(vm, NULL, len), cut;
    if (failed(out)) return FAIL;
    WAITING(count, getrandom(as_bytes(out)->data, (size_t)len, (unsigned)flags));
    cut = count < 0 ? posix_error(vm) : bytes_from(vm, as_bytes(out)->data, count);
    decref(out);
    return cut;
}

const Native *const posix_system_functions[] = {
    &posix_strerror_def,  &posix_uname_def,   &posix_times_def,     &posix_getloadavg_def,
    &posix_cpu_count_def, &posix_sysconf_def, &posix_pathconf_def,  &posix_fpathconf_def,
    &posix_confstr_def,   &posix_umask_def,   &posix_major_def,     &posix_minor_def,
    &posix_makedev_def,   &posix_urandom_def, &posix_getrandom_def, NULL,
};
