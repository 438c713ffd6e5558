/* time.c - the module time: clocks, sleeping, calendar arithmetic by the C library.
 *
 * Times are seconds as float, or nanoseconds as int where the name ends in _ns.  A struct_time is a
 * tuple of nine numbers with two more fields, zone and offset, that are no items.
 * Neighbours: _strptime.aio (strptime). */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "native.h"

#define SECOND_NS INT64_C(1000000000)

enum { ITEMS = 9, ZONE = 9, OFFSET = 10, FIELDS = 11 };

/* ---- clocks ---- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}
static Ref seconds(clockid_t clock) { return from_float((double)clock_ns(clock) * 1e-9); }

#define CLOCK(name, clock, text)                                                                   \
    NATIVE(time_##name, #name "()", text) { return seconds(clock); }                               \
    NATIVE(time_##name##_ns, #name "_ns()", "The same in nanoseconds, an int.")                    \
    {                                                                                              \
        return from_int64(vm, clock_ns(clock));                                                    \
    }
CLOCK(time, CLOCK_REALTIME, "Return the seconds since the epoch, a float.")
CLOCK(monotonic, CLOCK_MONOTONIC, "Return the seconds of a clock that never goes back.")
CLOCK(perf_counter, CLOCK_MONOTONIC, "Return the seconds of the clock for measuring.")
CLOCK(process_time, CLOCK_PROCESS_CPUTIME_ID, "Return the CPU seconds of the process.")
CLOCK(thread_time, CLOCK_THREAD_CPUTIME_ID, "Return the CPU seconds of the thread.")

/* Reads a clock, or its resolution, into *ns. */
static bool read_clock(Vm *vm, Value id, bool resolution, int64_t *ns)
{
    int64_t clock;
    struct timespec now;
    if (!int_index(vm, id, &clock)) return false;
    int result =
        resolution ? clock_getres((clockid_t)clock, &now) : clock_gettime((clockid_t)clock, &now);
    if (result != 0) throw_errno(vm, errno, UNDEF);
    else *ns = (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
    return result == 0;
}
NATIVE(time_clock_gettime, "clock_gettime(clk_id, /)",
       "Return the seconds of a clock of the system.")
{
    int64_t ns;
    return read_clock(vm, argv[0], false, &ns) ? from_float((double)ns * 1e-9) : FAIL;
}
NATIVE(time_clock_gettime_ns, "clock_gettime_ns(clk_id, /)", "The same in nanoseconds.")
{
    int64_t ns;
    return read_clock(vm, argv[0], false, &ns) ? from_int64(vm, ns) : FAIL;
}
NATIVE(time_clock_getres, "clock_getres(clk_id, /)",
       "Return the resolution of a clock, in seconds.")
{
    int64_t ns;
    return read_clock(vm, argv[0], true, &ns) ? from_float((double)ns * 1e-9) : FAIL;
}

static Ref set_clock(Vm *vm, Value id, int64_t ns)
{
    int64_t clock;
    if (!int_index(vm, id, &clock)) return FAIL;
    struct timespec now = {.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
    if (now.tv_nsec < 0) now.tv_nsec += SECOND_NS, now.tv_sec--;
    return clock_settime((clockid_t)clock, &now) == 0 ? NONE : throw_errno(vm, errno, UNDEF);
}
NATIVE(time_clock_settime, "clock_settime(clk_id, time, /)", "Set a clock to a number of seconds.")
{
    double moment;
    return float_from(vm, argv[1], &moment) ? set_clock(vm, argv[0], (int64_t)(moment * 1e9))
                                            : FAIL;
}
NATIVE(time_clock_settime_ns, "clock_settime_ns(clk_id, time, /)", "The same in nanoseconds.")
{
    int64_t ns;
    return int_index(vm, argv[1], &ns) ? set_clock(vm, argv[0], ns) : FAIL;
}
NATIVE(time_pthread_getcpuclockid, "pthread_getcpuclockid(thread_id, /)",
       "Return the id of the CPU clock of a thread.")
{
    int64_t thread;
    clockid_t clock;
    if (!int_index(vm, argv[0], &thread)) return FAIL;
    int error = thread_of(vm->interp, (uint64_t)thread)
                    ? pthread_getcpuclockid((pthread_t)thread, &clock)
                    : ESRCH;
    return error ? throw_errno(vm, error, UNDEF) : from_int64(vm, clock);
}

static const struct {
    const char *name, *implementation;
    clockid_t clock;
    bool monotonic;
} clocks[] = {
    {"time", "clock_gettime(CLOCK_REALTIME)", CLOCK_REALTIME, false},
    {"monotonic", "clock_gettime(CLOCK_MONOTONIC)", CLOCK_MONOTONIC, true},
    {"perf_counter", "clock_gettime(CLOCK_MONOTONIC)", CLOCK_MONOTONIC, true},
    {"process_time", "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", CLOCK_PROCESS_CPUTIME_ID, true},
    {"thread_time", "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", CLOCK_THREAD_CPUTIME_ID, true},
};
enum { CLOCKS = sizeof clocks / sizeof *clocks };

/* namespace.name = value; steals value. */
static bool set_field(Vm *vm, Value namespace, const char *name, Ref value)
{
    Ref text = str_interned(vm, name);
    bool good = !failed(text) && !failed(value) && attr_set(vm, namespace, text, value);
    decref(text);
    decref(value);
    return good;
}
NATIVE(time_get_clock_info, "get_clock_info(name, /)",
       "Return what there is to know of the clock with that name: implementation, monotonic,\n"
       "adjustable, resolution in seconds.  Raises ValueError for an unknown name.")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "get_clock_info() argument 1 must be str, not %A", argv[0]);
    int n = 0;
    while (n < CLOCKS && !str_is(argv[0], clocks[n].name)) n++;
    if (n == CLOCKS) return throw(vm, ValueError, "unknown clock");
    struct timespec step = {0};
    clock_getres(clocks[n].clock, &step);
    Ref types = import_text(vm, "types"), class = FAIL, out = FAIL;
    if (!failed(types)) class = attr_get_text(vm, types, "SimpleNamespace");
    if (!failed(class)) out = call0(vm, class);
    decref(class);
    decref(types);
    double resolution = (double)step.tv_sec + (double)step.tv_nsec * 1e-9;
    bool good = !failed(out) &&
                set_field(vm, out, "implementation", str_from(vm, clocks[n].implementation)) &&
                set_field(vm, out, "monotonic", from_bool(clocks[n].monotonic)) &&
                set_field(vm, out, "adjustable", from_bool(clocks[n].clock == CLOCK_REALTIME)) &&
                set_field(vm, out, "resolution", from_float(resolution));
    if (!good) replace(&out, FAIL);
    return out;
}

/* ---- sleeping ---- */

/* Sleeps until a point of the monotonic clock; signals are handled meanwhile. */
static bool sleep_until(Vm *vm, int64_t due_ns)
{
    struct timespec due = {.tv_sec = due_ns / SECOND_NS, .tv_nsec = due_ns % SECOND_NS};
    for (;;) {
        gil_release(vm);
        int failure = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        gil_acquire(vm);
        if (failure != EINTR) return true;
        if (!safe_point(vm)) return false;
    }
}
NATIVE(time_sleep, "sleep(seconds, /)",
       "Let the thread wait for a number of seconds.\nRaises ValueError when it is negative.")
{
    double wait;
    Value given = argv[0];
    if (!is_any_float(given) && !is_any_int(given) && !type_of(vm, given)->slots.index)
        return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", given);
    if (!float_from(vm, given, &wait)) return FAIL;
    if (isnan(wait)) return throw(vm, ValueError, "Invalid value NaN (not a number)");
    if (wait < 0) return throw(vm, ValueError, "sleep length must be non-negative");
    if (wait > 9e9) return throw(vm, OverflowError, "timestamp too large to convert to C PyTime_t");
    return sleep_until(vm, clock_ns(CLOCK_MONOTONIC) + (int64_t)ceil(wait * 1e9)) ? NONE : FAIL;
}

/* ---- struct_time ---- */

static const Attribute struct_time_attributes[] = {
    {"tm_year", structseq_item_0, NULL, "The year."},
    {"tm_mon", structseq_item_1, NULL, "The month, 1 to 12."},
    {"tm_mday", structseq_item_2, NULL, "The day of the month, 1 to 31."},
    {"tm_hour", structseq_item_3, NULL, "The hour, 0 to 23."},
    {"tm_min", structseq_item_4, NULL, "The minute, 0 to 59."},
    {"tm_sec", structseq_item_5, NULL, "The second, 0 to 61."},
    {"tm_wday", structseq_item_6, NULL, "The day of the week, Monday 0."},
    {"tm_yday", structseq_item_7, NULL, "The day of the year, 1 to 366."},
    {"tm_isdst", structseq_item_8, NULL, "Daylight saving: 1, 0, or -1 when not known."},
    {"tm_zone", structseq_item_9, NULL, "The name of the time zone, or None."},
    {"tm_gmtoff", structseq_item_10, NULL, "Seconds east of UTC, or None."},
    {0},
};
static const StructSeq struct_time_type =
    STRUCTSEQ_OPEN("time.struct_time", "A time as nine numbers with names, and zone and offset.",
                   struct_time_attributes, ITEMS, FIELDS);

static Ref struct_time(Vm *vm, const struct tm *t)
{
    Ref values[FIELDS] = {
        from_small(t->tm_year + INT64_C(1900)),
        from_small(t->tm_mon + 1),
        from_small(t->tm_mday),
        from_small(t->tm_hour),
        from_small(t->tm_min),
        from_small(t->tm_sec),
        from_small((t->tm_wday + 6) % 7),
        from_small(t->tm_yday + 1),
        from_small(t->tm_isdst),
        str_from(vm, t->tm_zone),
        from_small(t->tm_gmtoff),
    };
    return structseq_open_new(vm, &struct_time_type, values);
}

/* ---- calendar ---- */

/* None (now) or a number of seconds, cut to whole ones. */
static bool moment_from(Vm *vm, Value given, time_t *when)
{
    int64_t whole = 0;
    bool fits = true;
    if (is_none(given)) {
        whole = time(NULL);
    } else if (is_any_float(given)) {
        double number = floor(float_value(given));
        if (isnan(number)) {
            throw(vm, ValueError, "Invalid value NaN (not a number)");
            return false;
        }
        fits = fabs(number) < 9.2e18;
        whole = fits ? (int64_t)number : 0;
    } else if (!int_index(vm, given, &whole)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        fits = false;
    }
    if (!fits) throw(vm, OverflowError, "timestamp out of range for platform time_t");
    *when = whole;
    return fits;
}

static Ref broken_down(Vm *vm, Value given, struct tm *(*convert)(const time_t *, struct tm *))
{
    time_t when;
    struct tm parts;
    if (!moment_from(vm, given, &when)) return FAIL;
    return convert(&when, &parts) ? struct_time(vm, &parts) : throw_errno(vm, EOVERFLOW, UNDEF);
}
NATIVE(time_localtime, "localtime(seconds=None, /)", "Return local time as a struct_time.")
{
    return broken_down(vm, argv[0], localtime_r);
}
NATIVE(time_gmtime, "gmtime(seconds=None, /)", "Return UTC as a struct_time.")
{
    return broken_down(vm, argv[0], gmtime_r);
}

/* Nine numbers as C's struct tm, not checked. */
static bool read_tuple(Vm *vm, Value value, const char *function, struct tm *parts)
{
    int64_t n[ITEMS];
    if (!is_tuple(value) || tuple_len(value) != ITEMS) {
        if (is_tuple(value)) throw(vm, TypeError, "%s(): illegal time tuple argument", function);
        else throw(vm, TypeError, "Tuple or struct_time argument required");
        return false;
    }
    for (int k = 0; k < ITEMS; k++) {
        if (!int_index(vm, tuple_at(value, k), &n[k])) return false;
        if (n[k] >= INT32_MIN && n[k] <= INT32_MAX) continue;
        throw(vm, OverflowError, "signed integer is %s",
              n[k] < 0 ? "less than minimum" : "greater than maximum");
        return false;
    }
    if (n[0] < INT32_MIN + INT64_C(1900)) {
        throw(vm, OverflowError, "year out of range");
        return false;
    }
    *parts = (struct tm){
        .tm_year = (int)(n[0] - 1900),
        .tm_mon = (int)n[1] - 1,
        .tm_mday = (int)n[2],
        .tm_hour = (int)n[3],
        .tm_min = (int)n[4],
        .tm_sec = (int)n[5],
        .tm_wday = (int)((n[6] + 1) % 7),
        .tm_yday = (int)n[7] - 1,
        .tm_isdst = (int)n[8],
    };
    return true;
}

/* Range checks; 0 stands for the first month, day and day of the year. */
static bool check_parts(Vm *vm, struct tm *parts)
{
    if (parts->tm_mon == -1) parts->tm_mon = 0;
    if (parts->tm_mday == 0) parts->tm_mday = 1;
    if (parts->tm_yday == -1) parts->tm_yday = 0;
    const char *wrong = parts->tm_mon < 0 || parts->tm_mon > 11      ? "month"
                        : parts->tm_mday < 0 || parts->tm_mday > 31  ? "day of month"
                        : parts->tm_hour < 0 || parts->tm_hour > 23  ? "hour"
                        : parts->tm_min < 0 || parts->tm_min > 59    ? "minute"
                        : parts->tm_sec < 0 || parts->tm_sec > 61    ? "seconds"
                        : parts->tm_wday < 0                         ? "day of week"
                        : parts->tm_yday < 0 || parts->tm_yday > 365 ? "day of year"
                                                                     : NULL;
    if (wrong) throw(vm, ValueError, "%s out of range", wrong);
    return !wrong;
}

/* The argument of a formatting function; absent: now. */
static bool read_parts(Vm *vm, Value value, const char *function, struct tm *parts)
{
    if (absent(value)) {
        time_t now = time(NULL);
        return localtime_r(&now, parts) != NULL;
    }
    return read_tuple(vm, value, function, parts) && check_parts(vm, parts);
}

/* Zone and offset for %Z and %z: those kept in a struct_time, else the local ones. */
static void set_zone(Vm *vm, struct tm *parts, Value value)
{
    if (absent(value)) return;
    bool own = type_of(vm, value)->def == &struct_time_type.type;
    Value zone = own ? (Value)as_tuple(value)->items[ZONE] : UNDEF;
    Value offset = own ? (Value)as_tuple(value)->items[OFFSET] : UNDEF;
    bool has_zone = is_str(zone) && as_str(zone)->ascii;
    if (!has_zone || !is_int(offset)) { /* mktime() looks for the zone's file again: it is slow */
        struct tm copy = *parts;
        mktime(&copy);
        parts->tm_zone = tzname[parts->tm_isdst > 0];
        parts->tm_gmtoff = copy.tm_gmtoff;
    }
    if (has_zone) parts->tm_zone = as_str(zone)->data;
    if (is_int(offset)) parts->tm_gmtoff = as_int(offset);
}

/* What C's strftime() makes of a format. */
static bool add_formatted(Vm *vm, StrBuilder *to, const char *format, const struct tm *parts)
{
    char *text = NULL;
    size_t most = 256 * strlen(format), len = 0;
    bool good = true;
    for (size_t room = 1024;; room *= 4) {
        char *grown = memory_resize(vm, text, room);
        good = grown != NULL;
        if (!good) break;
        text = grown;
        len = strftime(text, room, format, parts);
        if (len || room >= most) break; /* 0: no room, or nothing to say */
    }
    Ref made = good ? str_from_utf8(vm, text, (ptrdiff_t)len) : FAIL;
    good = !failed(made) && builder_str(vm, to, made);
    decref(made);
    memory_free(text);
    return good;
}

NATIVE(time_strftime, "strftime(format, t=?, /)",
       "Return a time (now if not given) in a format by the rules of C's strftime().")
{
    struct tm parts;
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "strftime() argument 1 must be str, not %A", argv[0]);
    if (!read_parts(vm, argv[1], "strftime", &parts)) return FAIL;
    set_zone(vm, &parts, argv[1]);
    char *owned = NULL;
    ptrdiff_t len;
    const char *format = str_utf8(vm, argv[0], &len, &owned);
    if (!format) return FAIL;
    StrBuilder text;
    builder_open(&text);
    bool good = true;
    for (const char *at = format, *end = format + len; good; at += strlen(at) + 1) {
        good = add_formatted(vm, &text, at, &parts);
        if (!good || at + strlen(at) == end) break;
        good = builder_char(vm, &text, 0); /* C ends a format there */
    }
    memory_free(owned);
    if (good) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}
NATIVE(time_strptime, "strptime(string, format='%a %b %d %H:%M:%S %Y', /)",
       "Return the struct_time that text in a format stands for.\n"
       "Raises ValueError when it does not match.")
{
    Ref module = import_text(vm, "_strptime"), function = FAIL;
    if (!failed(module)) function = attr_get_text(vm, module, "strptime_time_tuple");
    Ref out = failed(function) ? FAIL : call2(vm, function, argv[0], argv[1]);
    decref(function);
    decref(module);
    return out;
}
NATIVE(time_mktime, "mktime(t, /)", "Return local time as seconds since the epoch, a float.")
{
    struct tm parts;
    if (!read_tuple(vm, argv[0], "mktime", &parts)) return FAIL;
    parts.tm_wday = -1; /* stays so when the time cannot be represented */
    time_t when = mktime(&parts);
    if (when == -1 && parts.tm_wday == -1)
        return throw(vm, OverflowError, "mktime argument out of range");
    return from_float((double)when);
}

static Ref clock_text(Vm *vm, const struct tm *parts)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    return str_format(vm, "%.3s %.3s%3d %.2d:%.2d:%.2d %lld", days + 3 * parts->tm_wday,
                      months + 3 * parts->tm_mon, parts->tm_mday, parts->tm_hour, parts->tm_min,
                      parts->tm_sec, 1900LL + parts->tm_year);
}
NATIVE(time_asctime, "asctime(t=?, /)",
       "Return a time (now if not given) as 'Sat Jun  6 16:26:11 1998'.")
{
    struct tm parts;
    return read_parts(vm, argv[0], "asctime", &parts) ? clock_text(vm, &parts) : FAIL;
}
NATIVE(time_ctime, "ctime(seconds=None, /)", "The same for seconds since the epoch, in local time.")
{
    time_t when;
    struct tm parts;
    if (!moment_from(vm, argv[0], &when)) return FAIL;
    return localtime_r(&when, &parts) ? clock_text(vm, &parts) : throw_errno(vm, EOVERFLOW, UNDEF);
}

/* ---- the module ---- */

/* tzname, timezone, altzone and daylight, from what the C library knows of the zone. */
static bool set_zones(Vm *vm, Value module)
{
    enum { YEAR = (365 * 24 + 6) * 3600 };
    tzset();
    time_t start = time(NULL) / YEAR * YEAR, middle = start + YEAR / 2;
    struct tm january, july;
    localtime_r(&start, &january);
    localtime_r(&middle, &july);
    const bool south = january.tm_gmtoff > july.tm_gmtoff; /* summer is in January there */
    const struct tm *winter = south ? &july : &january, *summer = south ? &january : &july;
    Ref names = tuple_new(vm, 2);
    if (failed(names)) return false;
    as_tuple(names)->items[0] = str_from(vm, winter->tm_zone);
    as_tuple(names)->items[1] = str_from(vm, summer->tm_zone);
    return module_set(vm, module, "tzname", names) &&
           module_set(vm, module, "timezone", from_small(-winter->tm_gmtoff)) &&
           module_set(vm, module, "altzone", from_small(-summer->tm_gmtoff)) &&
           module_set(vm, module, "daylight", from_small(winter->tm_gmtoff != summer->tm_gmtoff));
}
NATIVE(time_tzset, "tzset()", "Read the environment variable TZ anew.")
{
    Ref module = import_text(vm, "time");
    bool good = !failed(module) && set_zones(vm, module);
    decref(module);
    return good ? NONE : FAIL;
}

static const Native *const time_functions[] = {
    &time_time_def,
    &time_time_ns_def,
    &time_monotonic_def,
    &time_monotonic_ns_def,
    &time_perf_counter_def,
    &time_perf_counter_ns_def,
    &time_process_time_def,
    &time_process_time_ns_def,
    &time_thread_time_def,
    &time_thread_time_ns_def,
    &time_clock_gettime_def,
    &time_clock_gettime_ns_def,
    &time_clock_getres_def,
    &time_clock_settime_def,
    &time_clock_settime_ns_def,
    &time_pthread_getcpuclockid_def,
    &time_get_clock_info_def,
    &time_sleep_def,
    &time_localtime_def,
    &time_gmtime_def,
    &time_strftime_def,
    &time_strptime_def,
    &time_mktime_def,
    &time_asctime_def,
    &time_ctime_def,
    &time_tzset_def,
    NULL,
};
static const TypeDef *const time_types[] = {&struct_time_type.type, NULL};

static bool time_open(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        clockid_t clock;
    } constants[] = {
        {"CLOCK_REALTIME", CLOCK_REALTIME},
        {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
        {"CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW},
        {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID},
        {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID},
        {"CLOCK_BOOTTIME", CLOCK_BOOTTIME},
        {"CLOCK_TAI", CLOCK_TAI},
    };
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_small(constants[n].clock)))
            return false;
    return module_set(vm, module, "_STRUCT_TM_ITEMS", from_small(FIELDS)) &&
           type_from_def(vm, &struct_time_type.type) &&
           structseq_count_fields(vm, &struct_time_type, 0) && set_zones(vm, module);
}

const ModuleDef time_module = {
    .name = "time",
    .doc = "Clocks, sleeping and calendar time.",
    .functions = time_functions,
    .types = time_types,
    .open = time_open,
};
