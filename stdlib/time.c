/* time.c - the module time: clocks, sleeping, calendar arithmetic by the C library.
 *
 * Times are seconds as float, or nanoseconds as int where the name ends in _ns. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <time.h>

#include "native.h"

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
static Ref seconds(clockid_t clock) { return from_float((double)clock_ns(clock) * 1e-9); }

NATIVE(time_time, "time()", "Seconds since the epoch, as a float.")
{
    return seconds(CLOCK_REALTIME);
}
NATIVE(time_time_ns, "time_ns()", "Nanoseconds since the epoch.")
{
    return from_int64(vm, clock_ns(CLOCK_REALTIME));
}
NATIVE(time_monotonic, "monotonic()", "Seconds of a clock that never goes back.")
{
    return seconds(CLOCK_MONOTONIC);
}
NATIVE(time_monotonic_ns, "monotonic_ns()", "The same in nanoseconds.")
{
    return from_int64(vm, clock_ns(CLOCK_MONOTONIC));
}
NATIVE(time_perf_counter, "perf_counter()", "Seconds of the clock for measuring.")
{
    return seconds(CLOCK_MONOTONIC);
}
NATIVE(time_perf_counter_ns, "perf_counter_ns()", "The same in nanoseconds.")
{
    return from_int64(vm, clock_ns(CLOCK_MONOTONIC));
}
NATIVE(time_process_time, "process_time()", "CPU seconds of the process.")
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}
NATIVE(time_process_time_ns, "process_time_ns()", "The same in nanoseconds.")
{
    return from_int64(vm, clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}
NATIVE(time_thread_time, "thread_time()", "CPU seconds of the thread.")
{
    return seconds(CLOCK_THREAD_CPUTIME_ID);
}

/* Sleeps until a point of the monotonic clock; signals are handled meanwhile. */
static bool sleep_until(Vm *vm, int64_t due_ns)
{
    struct timespec due = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
    for (;;) {
        gil_release(vm);
        int failure = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        gil_acquire(vm);
        if (failure != EINTR) return true;
        if (!safe_point(vm)) return false;
    }
}
NATIVE(time_sleep, "sleep(seconds, /)", "Let the thread wait for a number of seconds.")
{
    double wait;
    if (!float_from(vm, argv[0], &wait)) return FAIL;
    if (isnan(wait)) return throw(vm, ValueError, "Invalid value NaN (not a number)");
    if (wait < 0) return throw(vm, ValueError, "sleep length must be non-negative");
    if (wait > 9e9) return throw(vm, OverflowError, "timestamp too large to convert to C PyTime_t");
    return sleep_until(vm, clock_ns(CLOCK_MONOTONIC) + (int64_t)(wait * 1e9)) ? NONE : FAIL;
}

/* ---- calendar ---- */

static const char *const fields[] = {"tm_year", "tm_mon",  "tm_mday", "tm_hour", "tm_min",
                                     "tm_sec",  "tm_wday", "tm_yday", "tm_isdst"};

static Ref struct_time(Vm *vm, const struct tm *t)
{
    Ref module = import_text(vm, "time"),
        class = failed(module) ? FAIL : attr_get_text(vm, module, "struct_time");
    decref(module);
    if (failed(class)) return FAIL;
    const int numbers[9] = {t->tm_year + 1900,    t->tm_mon + 1,  t->tm_mday,
                            t->tm_hour,           t->tm_min,      t->tm_sec,
                            (t->tm_wday + 6) % 7, t->tm_yday + 1, t->tm_isdst};
    Ref items = tuple_new(vm, 9);
    for (int n = 0; !failed(items) && n < 9; n++)
        as_tuple(items)->items[n] = from_small(numbers[n]);
    Ref made = failed(items) ? FAIL : call1(vm, class, items);
    decref(items);
    decref(class);
    return made;
}

static bool moment(Vm *vm, Value seconds_value, time_t *when)
{
    if (seconds_value == NONE) {
        *when = time(NULL);
        return true;
    }
    double number;
    if (!float_from(vm, seconds_value, &number)) return false;
    *when = (time_t)floor(number);
    return true;
}
NATIVE(time_localtime, "localtime(seconds=None, /)", "Local time as a struct_time.")
{
    time_t when;
    struct tm parts;
    return moment(vm, argv[0], &when) && localtime_r(&when, &parts) ? struct_time(vm, &parts)
                                                                    : FAIL;
}
NATIVE(time_gmtime, "gmtime(seconds=None, /)", "UTC as a struct_time.")
{
    time_t when;
    struct tm parts;
    return moment(vm, argv[0], &when) && gmtime_r(&when, &parts) ? struct_time(vm, &parts) : FAIL;
}

/* A tuple of nine numbers, or None for now, as C's struct tm. */
static bool read_parts(Vm *vm, Value value, struct tm *parts)
{
    memset(parts, 0, sizeof *parts);
    if (absent(value)) {
        time_t now = time(NULL);
        return localtime_r(&now, parts) != NULL;
    }
    Ref items = tuple_from(vm, value);
    if (failed(items)) return false;
    int64_t n[9];
    bool good = tuple_len(items) >= 9;
    if (!good) throw(vm, TypeError, "Tuple or struct_time argument required");
    for (int k = 0; good && k < 9; k++) good = int_index(vm, tuple_at(items, k), &n[k]);
    decref(items);
    if (!good) return false;
    *parts = (struct tm){.tm_year = (int)n[0] - 1900,
                         .tm_mon = (int)n[1] - 1,
                         .tm_mday = (int)n[2],
                         .tm_hour = (int)n[3],
                         .tm_min = (int)n[4],
                         .tm_sec = (int)n[5],
                         .tm_wday = (int)(n[6] + 1) % 7,
                         .tm_yday = (int)n[7] - 1,
                         .tm_isdst = (int)n[8]};
    return true;
}
NATIVE(time_strftime, "strftime(format, t=?, /)", "Format a time by the C library's rules.")
{
    struct tm parts;
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "strftime() argument 1 must be str, not %T", argv[0]);
    if (!read_parts(vm, argv[1], &parts)) return FAIL;
    char *owned = NULL, text[1024];
    const char *format = str_utf8(vm, argv[0], NULL, &owned);
    if (!format) return FAIL;
    size_t len = strftime(text, sizeof text, format, &parts);
    memory_free(owned);
    return str_from_utf8(vm, text, (ptrdiff_t)len);
}
NATIVE(time_mktime, "mktime(t, /)", "Local time as seconds since the epoch.")
{
    struct tm parts;
    return read_parts(vm, argv[0], &parts) ? from_float((double)mktime(&parts)) : FAIL;
}
NATIVE(time_asctime, "asctime(t=?, /)", "A time like 'Sat Jun 06 16:26:11 1998'.")
{
    struct tm parts;
    char text[64];
    if (!read_parts(vm, argv[0], &parts)) return FAIL;
    strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts);
    return str_from(vm, text);
}
NATIVE(time_ctime, "ctime(seconds=None, /)", "The same for seconds since the epoch.")
{
    time_t when;
    struct tm parts;
    char text[64];
    if (!moment(vm, argv[0], &when) || !localtime_r(&when, &parts)) return FAIL;
    strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts);
    return str_from(vm, text);
}

/* ---- struct_time: a tuple whose items have names ---- */

static Ref field_at(Value self, int n) { return newref(tuple_at(self, n)); }
#define FIELD_GETTER(n)                                                                            \
    static Ref get_##n(Vm *vm __attribute__((unused)), Value self) { return field_at(self, n); }
FIELD_GETTER(0)
FIELD_GETTER(1)
FIELD_GETTER(2)
FIELD_GETTER(3) FIELD_GETTER(4) FIELD_GETTER(5) FIELD_GETTER(6) FIELD_GETTER(7) FIELD_GETTER(8)

    static Ref struct_time_repr(Vm *vm, Value self)
{
    StrBuilder text;
    builder_open(&text);
    bool good = builder_text(vm, &text, "time.struct_time(");
    for (int n = 0; good && n < 9; n++)
        good = (n == 0 || builder_text(vm, &text, ", ")) && builder_text(vm, &text, fields[n]) &&
               builder_text(vm, &text, "=") && builder_repr(vm, &text, tuple_at(self, n));
    if (good && builder_text(vm, &text, ")")) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}
static const Attribute struct_time_attributes[] = {
    {"tm_year", get_0, NULL, "year"},
    {"tm_mon", get_1, NULL, "month, 1 to 12"},
    {"tm_mday", get_2, NULL, "day of the month"},
    {"tm_hour", get_3, NULL, "hour"},
    {"tm_min", get_4, NULL, "minute"},
    {"tm_sec", get_5, NULL, "second"},
    {"tm_wday", get_6, NULL, "day of the week, Monday 0"},
    {"tm_yday", get_7, NULL, "day of the year from 1"},
    {"tm_isdst", get_8, NULL, "daylight saving: 1, 0, -1 unknown"},
    {NULL, NULL, NULL, NULL},
};
static const TypeDef struct_time_type = {
    .name = "time.struct_time",
    .doc = "A time as nine numbers.",
    .size = sizeof(Tuple),
    .flags = TYPE_CONTAINER,
    .base = &tuple_type,
    .repr = struct_time_repr,
    .attributes = struct_time_attributes,
};

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
    &time_sleep_def,
    &time_localtime_def,
    &time_gmtime_def,
    &time_strftime_def,
    &time_mktime_def,
    &time_asctime_def,
    &time_ctime_def,
    NULL,
};
static const TypeDef *const time_types[] = {&struct_time_type, NULL};

static bool time_open(Vm *vm, Value module)
{
    tzset();
    Ref names = tuple_new(vm, 2);
    if (failed(names)) return false;
    as_tuple(names)->items[0] = str_from(vm, tzname[0]);
    as_tuple(names)->items[1] = str_from(vm, tzname[1]);
    return module_set(vm, module, "tzname", names) &&
           module_set(vm, module, "timezone", from_small(timezone)) &&
           module_set(vm, module, "daylight", from_small(daylight));
}

const ModuleDef time_module = {
    .name = "time",
    .doc = "Clocks, sleeping and calendar time.",
    .functions = time_functions,
    .types = time_types,
    .open = time_open,
};
