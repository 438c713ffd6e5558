/* _datetime_iso.c - dates and times as ISO 8601 writes them.
 *
 * Reading takes the extended and the basic form (2011-11-04T00:05:23, 20111104T000523), calendar
 * dates and those of weeks (2011-W44-5), and times of any length from the hour on.
 * Neighbours: _datetime.h. */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

/* ---- writing ---- */

char *digits_two(char *out, int n)
{
    out[0] = (char)('0' + n / 10);
    out[1] = (char)('0' + n % 10);
    return out + 2;
}

char *digits_six(char *out, int n)
{
    digits_two(out, n / 10000);
    digits_two(out + 2, n / 100 % 100);
    return digits_two(out + 4, n % 100);
}

char *iso_day(char *out, Day day)
{
    digits_two(out, day.year / 100);
    digits_two(out + 2, day.year % 100);
    out[4] = '-';
    digits_two(out + 5, day.month);
    out[7] = '-';
    return digits_two(out + 8, day.day);
}

char *iso_clock(Vm *vm, char *out, Clock clock, Value timespec)
{
    static const char *const specs[] = {"hours",        "minutes",      "seconds",
                                        "milliseconds", "microseconds", NULL};
    int spec = clock.microsecond ? 4 : 2;
    if (!str_is(timespec, "auto")) {
        for (spec = 0; specs[spec] && !str_is(timespec, specs[spec]);) spec++;
        if (!specs[spec]) return throw(vm, ValueError, "Unknown timespec value"), NULL;
    }
    out = digits_two(out, clock.hour);
    if (spec >= 1) {
        *out++ = ':';
        out = digits_two(out, clock.minute);
    }
    if (spec >= 2) {
        *out++ = ':';
        out = digits_two(out, clock.second);
    }
    if (spec >= 3) {
        *out++ = '.';
        out = digits_six(out, clock.microsecond);
        if (spec == 3) out -= 3;
    }
    return out;
}

char *iso_offset(char *out, int64_t us, const char *separator)
{
    *out++ = us < 0 ? '-' : '+';
    if (us < 0) us = -us;
    Clock clock = clock_from_us(us);
    bool separated = *separator;
    out = digits_two(out, clock.hour);
    if (separated) *out++ = *separator;
    out = digits_two(out, clock.minute);
    if (!clock.second && !clock.microsecond) return out;
    if (separated) *out++ = *separator;
    out = digits_two(out, clock.second);
    if (!clock.microsecond) return out;
    *out++ = '.';
    return digits_six(out, clock.microsecond);
}

/* ---- reading ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* count digits at `at`. */
static bool read_digits(const char *text, ptrdiff_t len, ptrdiff_t at, int count, int *n)
{
    if (at + count > len) return false;
    *n = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(text[at + i])) return false;
        *n = *n * 10 + text[at + i] - '0';
    }
    return true;
}

/* The rest of a date after "YYYY-W" or "YYYYW". */
static bool read_week(const char *text, ptrdiff_t len, ptrdiff_t at, bool dash, int year, Day *day)
{
    int week, weekday = 1;
    if (!read_digits(text, len, at, 2, &week)) return false;
    at += 2;
    if (at < len) {
        if ((text[at] == '-') != dash) return false;
        at += dash;
        if (!read_digits(text, len, at++, 1, &weekday)) return false;
    }
    if (at != len || year < YEAR_MIN || !year_has_week(year, week)) return false;
    if (weekday < 1 || weekday > 7) return false;
    *day = iso_week_day(year, week, weekday);
    return true;
}

bool iso_read_day(const char *text, ptrdiff_t len, Day *day)
{
    int year;
    if (!read_digits(text, len, 0, 4, &year)) return false;
    bool dash = len > 4 && text[4] == '-';
    ptrdiff_t at = 4 + dash;
    if (at < len && text[at] == 'W') return read_week(text, len, at + 1, dash, year, day);
    day->year = year;
    if (!read_digits(text, len, at, 2, &day->month)) return false;
    at += 2;
    if ((at < len && text[at] == '-') != dash) return false;
    at += dash;
    return read_digits(text, len, at, 2, &day->day) && at + 2 == len;
}

/* HH[:MM[:SS[.ffffff]]], colons optional. */
static bool read_parts(const char *text, ptrdiff_t len, int parts[4])
{
    parts[1] = parts[2] = parts[3] = 0;
    if (!read_digits(text, len, 0, 2, &parts[0])) return false;
    bool colon = len > 2 && text[2] == ':';
    ptrdiff_t at = 2;
    for (int i = 1; i < 3; i++) {
        if (at == len) return true;
        if (colon && text[at++] != ':') return false;
        if (!read_digits(text, len, at, 2, &parts[i])) return false;
        at += 2;
    }
    if (at == len) return true;
    if ((text[at] != '.' && text[at] != ',') || at + 1 == len) return false;
    int count = 0;
    for (at++; at < len; at++) {
        if (!is_digit(text[at])) return false;
        if (count++ < 6) parts[3] = parts[3] * 10 + text[at] - '0';
    }
    for (; count < 6; count++) parts[3] *= 10;
    return true;
}

/* The offset behind the sign at text[0]. */
static IsoAnswer read_offset(Vm *vm, const char *text, ptrdiff_t len, IsoZone *zone)
{
    int parts[4];
    if (!read_parts(text + 1, len - 1, parts)) return ISO_BAD;
    for (int i = 1; i < 3; i++) {
        if (parts[i] < 60) continue;
        throw(vm, ValueError, i == 1 ? "minute must be in 0..59" : "second must be in 0..59");
        return ISO_RAISED;
    }
    zone->kind = ISO_OFFSET;
    zone->us = ((int64_t)parts[0] * 3600 + parts[1] * 60 + parts[2]) * SECOND_US + parts[3];
    if (text[0] == '-') zone->us = -zone->us;
    return ISO_OK;
}

IsoAnswer iso_read_clock(Vm *vm, const char *text, ptrdiff_t len, int parts[4], IsoZone *zone)
{
    *zone = (IsoZone){ISO_NAIVE, 0};
    ptrdiff_t at = 0;
    if (len && text[len - 1] == 'Z') {
        zone->kind = ISO_OFFSET;
        return read_parts(text, len - 1, parts) ? ISO_OK : ISO_BAD;
    }
    while (at < len && text[at] != '+' && text[at] != '-') at++;
    if (!read_parts(text, at, parts)) return ISO_BAD;
    return at == len ? ISO_OK : read_offset(vm, text + at, len - at, zone);
}

ptrdiff_t iso_day_length(const char *text, ptrdiff_t len)
{
    if (len < 7) return len;
    bool dash = text[4] == '-';
    if (text[4 + dash] != 'W') return dash ? 10 : 8;
    if (dash) return len > 8 && text[8] == '-' ? 10 : 8; /* YYYY-Www or YYYY-Www-D */
    ptrdiff_t end = 7;                                   /* YYYYWww or YYYYWwwD */
    while (end < len && is_digit(text[end])) end++;
    return end < 9 ? end : 8 - (end % 2 == 0); /* the separator may be a digit, too */
}

const char *iso_text(Vm *vm, Value text, char **owned)
{
    const Str *s = as_str(text);
    *owned = NULL;
    if (s->width == 1) return s->data;
    char *copy = *owned = memory_new(vm, (size_t)s->len + 1);
    for (ptrdiff_t i = 0; copy && i < s->len; i++) {
        uint32_t point = str_at(s, i);
        copy[i] = point < 256 ? (char)point : 0;
    }
    return copy;
}

Ref iso_invalid(Vm *vm, Value text)
{
    return throw(vm, ValueError, "Invalid isoformat string: %R", text);
}

bool clock_from_parts(Vm *vm, const int parts[4], Clock *clock)
{
    static const char *const messages[] = {"hour must be in 0..23", "minute must be in 0..59",
                                           "second must be in 0..59"};
    for (int i = 0; i < 3; i++) {
        if (parts[i] < (i ? 60 : 24)) continue;
        throw(vm, ValueError, "%s", messages[i]);
        return false;
    }
    *clock = (Clock){(uint8_t)parts[0], (uint8_t)parts[1], (uint8_t)parts[2], 0, parts[3]};
    return true;
}

Ref zone_from_iso(Vm *vm, IsoZone zone)
{
    return zone.kind == ISO_NAIVE ? NONE : zone_from_us(vm, zone.us);
}
