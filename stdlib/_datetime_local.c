/* _datetime_local.c - methods of datetime about the epoch, the current time and the local zone.
 *
 * Neighbours: _datetime.h, _datetime_moment.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <time.h>

#include "_datetime.h"

/* NATIVE, its row being used in the table of another file. */
#define NATIVE_SHARED(id, binding, signature, doc)                                                 \
    static Ref id(Vm *vm, Value *argv);                                                            \
    const Native id##_def = {signature, doc, id, binding, NULL};                                   \
    static Ref id(Vm *vm __attribute__((unused)), Value *argv __attribute__((unused)))

/* ---- seconds since the epoch ---- */

static bool throw_out_of_range(Vm *vm)
{
    throw(vm, OverflowError, "timestamp out of range for platform time_t");
    return false;
}

static bool whole_seconds(Vm *vm, Value v, int64_t *seconds)
{
    if (int_index(vm, v, seconds)) return true;
    if (!error_is(vm, OverflowError)) return false;
    error_clear(vm);
    return throw_out_of_range(vm);
}

static bool check_number(Vm *vm, double number)
{
    if (isnan(number)) throw(vm, ValueError, "Invalid value NaN (not a number)");
    else if (fabs(number) >= 0x1p63) throw_out_of_range(vm);
    else return true;
    return false;
}

bool timestamp_seconds(Vm *vm, Value v, int64_t *seconds)
{
    if (!is_any_float(v)) return whole_seconds(vm, v, seconds);
    double number = float_value(v);
    if (!check_number(vm, number)) return false;
    *seconds = (int64_t)floor(number);
    return true;
}

/* Seconds and microseconds, rounded to the nearest one, ties to even. */
static bool timestamp_parts(Vm *vm, Value v, int64_t *seconds, int32_t *microseconds)
{
    *microseconds = 0;
    if (!is_any_float(v)) return whole_seconds(vm, v, seconds);
    double number = float_value(v);
    if (!check_number(vm, number)) return false;
    double whole = trunc(number), us = nearbyint((number - whole) * 1e6);
    if (us >= SECOND_US) {
        us -= SECOND_US;
        whole += 1;
    } else if (us < 0) {
        us += SECOND_US;
        whole -= 1;
    }
    if (us >= SECOND_US) { /* just below a second */
        us -= SECOND_US;
        whole += 1;
    }
    *seconds = (int64_t)whole;
    *microseconds = (int32_t)us;
    return true;
}

static bool day_in_range(Vm *vm, int64_t year)
{
    if (year >= YEAR_MIN && year <= YEAR_MAX) return true;
    throw(vm, ValueError, "year %lld is out of range", (long long)year);
    return false;
}

/* Day and clock of seconds since the epoch in UTC. */
static bool utc_day(Vm *vm, int64_t seconds, Day *day, Clock *clock)
{
    int64_t days = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;
    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    if (days < -EPOCH_ORDINAL || days > ORDINAL_MAX) { /* the year is told, not represented */
        struct tm parts;
        time_t when = seconds;
        if (!gmtime_r(&when, &parts)) return throw_errno(vm, EOVERFLOW, UNDEF), false;
        return day_in_range(vm, 1900 + (int64_t)parts.tm_year);
    }
    *day = ordinal_day(days + EPOCH_ORDINAL);
    *clock = clock_from_us(rest * SECOND_US);
    return day_in_range(vm, day->year);
}

bool local_day(Vm *vm, int64_t seconds, Day *day, Clock *clock)
{
    struct tm parts;
    time_t when = seconds;
    if (!localtime_r(&when, &parts)) return throw_errno(vm, EOVERFLOW, UNDEF), false;
    *day = (Day){parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday};
    *clock = (Clock){(uint8_t)parts.tm_hour, (uint8_t)parts.tm_min,
                     (uint8_t)(parts.tm_sec < 60 ? parts.tm_sec : 59), 0, 0};
    return day_in_range(vm, 1900 + (int64_t)parts.tm_year);
}

/* What clocks show at that time, in seconds since the epoch as if they showed UTC. */
static bool shown_at(Vm *vm, int64_t seconds, int64_t *shown)
{
    Day day;
    Clock clock;
    if (!local_day(vm, seconds, &day, &clock)) return false;
    *shown = (day_ordinal(day) - EPOCH_ORDINAL) * (int64_t)DAY_SECONDS + clock_seconds(clock);
    return true;
}

/* ---- from the epoch ---- */

/* Does the local clock show for the second time what it shows at `seconds`?  It did a day's change
 * of offset before. */
static Truth is_repeated(Vm *vm, int64_t seconds)
{
    int64_t now, before, again;
    if (seconds < DAY_SECONDS) return NO;
    if (!shown_at(vm, seconds, &now) || !shown_at(vm, seconds - DAY_SECONDS, &before))
        return FAILED;
    int64_t change = now - before - DAY_SECONDS;
    if (change >= 0) return NO;
    return shown_at(vm, seconds + change, &again) ? again == now : FAILED;
}

/* The moment of a class, in the zone, or local when it is NONE. */
static Ref moment_at(Vm *vm, Type *type, int64_t seconds, int32_t microseconds, Value zone)
{
    Day day;
    Clock clock;
    if (!is_none(zone)) {
        if (!utc_day(vm, seconds, &day, &clock)) return FAIL;
        clock.microsecond = microseconds;
        Ref utc = moment_new(vm, type, day, clock, zone);
        Ref out = failed(utc) ? FAIL : call_text(vm, zone, "fromutc", utc);
        decref(utc);
        return out;
    }
    if (!local_day(vm, seconds, &day, &clock)) return FAIL;
    Truth repeated = is_repeated(vm, seconds);
    if (repeated == FAILED) return FAIL;
    clock.microsecond = microseconds;
    clock.fold = repeated;
    return moment_new(vm, type, day, clock, NONE);
}

NATIVE_SHARED(moment_fromtimestamp, NATIVE_CLASSMETHOD, "fromtimestamp(cls, timestamp, tz=None)",
              "Return the moment of a time in seconds since the epoch, local or in a zone.")
{
    int64_t seconds;
    int32_t microseconds;
    if (!check_tzinfo(vm, argv[2]) || !timestamp_parts(vm, argv[1], &seconds, &microseconds))
        return FAIL;
    return moment_at(vm, as_type(argv[0]), seconds, microseconds, argv[2]);
}

NATIVE_SHARED(moment_now, NATIVE_CLASSMETHOD, "now(cls, /, tz=None)",
              "Return the current moment, local or in a zone.")
{
    struct timespec now;
    if (!check_tzinfo(vm, argv[1])) return FAIL;
    clock_gettime(CLOCK_REALTIME, &now);
    return moment_at(vm, as_type(argv[0]), now.tv_sec, (int32_t)(now.tv_nsec / 1000), argv[1]);
}

static Ref naive_utc(Vm *vm, Type *type, int64_t seconds, int32_t microseconds)
{
    Day day;
    Clock clock;
    if (!utc_day(vm, seconds, &day, &clock)) return FAIL;
    clock.microsecond = microseconds;
    return moment_new(vm, type, day, clock, NONE);
}

static bool warn_deprecated(Vm *vm, const char *name, const char *instead)
{
    return warn(vm, DeprecationWarning, 1,
                "datetime.datetime.%s() is deprecated and scheduled for removal in a future "
                "version. Use timezone-aware objects to represent datetimes in UTC: "
                "datetime.datetime.%s.",
                name, instead);
}

NATIVE_SHARED(moment_utcfromtimestamp, NATIVE_CLASSMETHOD, "utcfromtimestamp(cls, timestamp, /)",
              "Return the moment in UTC, without a zone; deprecated.")
{
    int64_t seconds;
    int32_t microseconds;
    if (!warn_deprecated(vm, "utcfromtimestamp", "fromtimestamp(timestamp, datetime.UTC)") ||
        !timestamp_parts(vm, argv[1], &seconds, &microseconds))
        return FAIL;
    return naive_utc(vm, as_type(argv[0]), seconds, microseconds);
}

NATIVE_SHARED(moment_utcnow, NATIVE_CLASSMETHOD, "utcnow(cls, /)",
              "Return the current moment in UTC, without a zone; deprecated.")
{
    struct timespec now;
    if (!warn_deprecated(vm, "utcnow", "now(datetime.UTC)")) return FAIL;
    clock_gettime(CLOCK_REALTIME, &now);
    return naive_utc(vm, as_type(argv[0]), now.tv_sec, (int32_t)(now.tv_nsec / 1000));
}

/* ---- to the epoch ---- */

/* Seconds since the epoch of what local clocks show; fold chooses where there are two. */
static bool local_seconds(Vm *vm, Value self, int64_t *seconds)
{
    Clock clock = as_moment(self)->clock;
    int64_t want =
        (day_ordinal(day_of(self)) - EPOCH_ORDINAL) * (int64_t)DAY_SECONDS + clock_seconds(clock);
    int64_t shown, shown_then, other_offset;
    if (!shown_at(vm, want, &shown)) return false;
    int64_t offset = shown - want, guess = want - offset;
    if (!shown_at(vm, guess, &shown)) return false;
    if (shown == want) { /* perhaps one of two: ask what the offset is a day away */
        int64_t other = guess + (clock.fold ? DAY_SECONDS : -DAY_SECONDS);
        if (!shown_at(vm, other, &shown_then)) return false;
        other_offset = shown_then - other;
        *seconds = guess;
        if (other_offset == offset) return true;
    } else {
        other_offset = shown - guess;
    }
    int64_t other = want - other_offset;
    if (!shown_at(vm, other, &shown_then)) return false;
    if (shown_then == want) *seconds = other;
    else if (shown == want) *seconds = guess;
    else if (clock.fold) *seconds = guess < other ? guess : other; /* in a gap */
    else *seconds = guess > other ? guess : other;
    return true;
}

/* Microseconds since the epoch of an aware moment whose offset is known, rounded to seconds too. */
static int64_t epoch_us(Value self, int64_t offset)
{
    return moment_us(self) - offset - EPOCH_ORDINAL * DAY_US;
}

NATIVE_SHARED(moment_timestamp, NATIVE_PLAIN, "timestamp(self, /)",
              "Return the moment in seconds since the epoch, a float; local without a zone.")
{
    int64_t seconds, offset;
    if (is_none(as_moment(argv[0])->zone)) {
        if (!local_seconds(vm, argv[0], &seconds)) return FAIL;
        return from_float((double)seconds + as_moment(argv[0])->clock.microsecond / 1e6);
    }
    Truth aware = offset_ask(vm, argv[0], &offset);
    if (aware == FAILED) return FAIL;
    if (aware == NO)
        return throw(vm, TypeError, "can't subtract offset-naive and offset-aware datetimes");
    int64_t us = epoch_us(argv[0], offset); /* beyond 2 ** 53 the quotient is rounded once */
    return from_float((double)((long double)us / SECOND_US));
}

/* ---- between zones ---- */

/* The timezone that is in force locally at the moment; offset_us: its offset when it is aware. */
static Ref local_zone(Vm *vm, Value self, bool aware, int64_t offset_us)
{
    int64_t seconds;
    struct tm parts;
    if (!aware) {
        if (!local_seconds(vm, self, &seconds)) return FAIL;
    } else {
        int64_t us = epoch_us(self, offset_us);
        seconds = us / SECOND_US - (us % SECOND_US < 0);
    }
    time_t when = seconds;
    if (!localtime_r(&when, &parts)) return throw_errno(vm, EOVERFLOW, UNDEF);
    Ref offset = delta_new(vm, (Wide)parts.tm_gmtoff * SECOND_US);
    Ref name = failed(offset) ? FAIL : str_from(vm, parts.tm_zone);
    Type *type = failed(name) ? NULL : type_from_def(vm, &zone_type);
    Ref out = type ? call2(vm, borrow(type), offset, name) : FAIL;
    decref(offset);
    decref(name);
    return out;
}

NATIVE_SHARED(moment_astimezone, NATIVE_PLAIN, "astimezone(self, /, tz=None)",
              "Return the same moment in another zone, the local one if None.")
{
    Value self = argv[0], mine = as_moment(self)->zone;
    if (!check_tzinfo(vm, argv[1])) return FAIL;
    if (!is_none(mine) && argv[1] == mine) return newref(self);
    int64_t offset;
    Truth aware = offset_ask(vm, self, &offset);
    if (aware == FAILED) return FAIL;
    if (aware == NO) { /* it shows local time */
        Ref local = local_zone(vm, self, false, 0);
        if (failed(local)) return FAIL;
        offset = (int64_t)delta_us(as_zone(local)->offset);
        decref(local);
    }
    Ref zone = is_none(argv[1]) ? local_zone(vm, self, aware, offset) : newref(argv[1]);
    Ref utc = failed(zone) ? FAIL : moment_shift(vm, self, 0, -offset), out = FAIL;
    if (!failed(utc)) {
        Ref there = moment_new(vm, type_of(vm, utc), day_of(utc), as_moment(utc)->clock, zone);
        if (!failed(there)) out = call_text(vm, zone, "fromutc", there);
        decref(there);
    }
    decref(utc);
    decref(zone);
    return out;
}
