/* _datetime_calendar.c - arithmetic of the Gregorian calendar, extended to year 1.
 *
 * A day's ordinal counts from 1 January of year 1, which is 1.
 * Neighbours: _datetime.h. */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

const char datetime_weekdays[] = "MonTueWedThuFriSatSun";
const char datetime_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static const short days_before[] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month)
{
    static const char lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : lengths[month];
}

int day_of_year(Day day)
{
    return days_before[day.month] + day.day + (day.month > 2 && is_leap(day.year));
}

int day_ordinal(Day day)
{
    int y = day.year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year(day);
}

/* Neri and Schneider 2022, "Euclidean affine functions and their application to calendar
 * algorithms": years begin in March, so that the leap day comes last, and each division is a
 * multiplication. */
Day ordinal_day(int64_t ordinal)
{
    int64_t cycles = ordinal < -305 ? (-305 - ordinal) / 146097 + 1 : 0; /* of 400 years, to add */
    uint64_t n = 4 * (uint64_t)(ordinal + 305 + cycles * 146097) + 3;
    uint32_t century = (uint32_t)(n / 146097), in_century = (uint32_t)(n % 146097) / 4;
    uint64_t years = UINT64_C(2939745) * (4 * in_century + 3);
    uint32_t in_year = (uint32_t)years / 2939745 / 4;
    uint32_t months = 2141 * in_year + 197913;
    bool next = in_year >= 306; /* January and February belong to the next year */
    int year = (int)(100 * century + (uint32_t)(years >> 32)) + next - (int)(400 * cycles);
    return (Day){year, (int)(months >> 16) - 12 * next, (int)((months & 0xFFFF) / 2141) + 1};
}

int day_weekday(Day day) { return (day_ordinal(day) + 6) % 7; }

int week_one(int year)
{
    int first = day_ordinal((Day){year, 1, 1}), weekday = (first + 6) % 7;
    return first - weekday + (weekday > 3 ? 7 : 0);
}

bool year_has_week(int year, int week)
{
    if (week == 53) return week_one(year + 1) - week_one(year) == 371;
    return week > 0 && week < 53;
}

Day iso_week_day(int year, int week, int weekday)
{
    return ordinal_day(week_one(year) + (week - 1) * 7 + weekday - 1);
}

Clock clock_from_us(int64_t us)
{
    int seconds = (int)(us / SECOND_US);
    return (Clock){(uint8_t)(seconds / 3600), (uint8_t)(seconds / 60 % 60), (uint8_t)(seconds % 60),
                   0, (int32_t)(us % SECOND_US)};
}
