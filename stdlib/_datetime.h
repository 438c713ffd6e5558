/* _datetime.h - what the parts of module datetime share: the objects, the calendar, ISO text.
 *
 * Objects never change once a script has them.  A Date packs its day into one number that orders
 * as the days do; a Moment is a Date with a clock and a zone, and time is a Moment whose day is
 * unused, so that both share what concerns clock and zone.  Lengths are counted in microseconds:
 * those between two moments fit 64 bits, those of a Delta need a Wide.
 * Neighbours: _datetime_calendar.c (days), _datetime_iso.c (ISO text), _datetime_delta.c
 * (timedelta), _datetime_zone.c (tzinfo, timezone), _datetime_date.c, _datetime_clock.c (time),
 * _datetime_moment.c and _datetime_local.c (datetime), _datetime_format.c (strftime), datetime.c
 * (the module). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_DATETIME_H
#define AIO_STDLIB_DATETIME_H

#include "native.h"

enum { YEAR_MIN = 1, YEAR_MAX = 9999, ORDINAL_MAX = 3652059, EPOCH_ORDINAL = 719163 };
enum { SECOND_US = 1000000, DAY_SECONDS = 86400 };
#define DAY_US ((int64_t)DAY_SECONDS * SECOND_US)

typedef struct Day {
    int year, month, day;
} Day;

typedef struct Clock {
    uint8_t hour, minute, second, fold;
    int32_t microsecond;
} Clock;

typedef struct Delta {
    Container head; /* aux: days, an int32_t */
    int32_t seconds, microseconds;
} Delta;

typedef struct Date {
    Container head; /* aux: year << 9 | month << 5 | day */
} Date;

typedef struct Moment { /* a datetime, or a time (head.aux unused) */
    Container head;     /* aux: as a Date's */
    Clock clock;
    Ref zone;     /* a tzinfo or NONE */
    int64_t hash; /* 0: not computed yet */
} Moment;

typedef struct Zone { /* a timezone; a tzinfo of another kind has the head only */
    Container head;
    Ref offset; /* Delta */
    Ref name;   /* str, or UNDEF */
} Zone;

extern const TypeDef delta_type, date_type, clock_type, moment_type, tzinfo_type, zone_type;
extern const TypeDef iso_date_type;

static inline const TypeDef *def_of(Value v)
{
    return is_heap(v) ? as_object(v)->shape->type->def : NULL;
}
static inline bool is_delta(Value v) { return def_of(v) == &delta_type; }
static inline bool is_clock(Value v) { return def_of(v) == &clock_type; }
static inline bool is_moment(Value v) { return def_of(v) == &moment_type; }
static inline bool is_plain_date(Value v) { return def_of(v) == &date_type; }
static inline bool is_date(Value v) { return is_plain_date(v) || is_moment(v); }
static inline bool is_timezone(Value v) { return def_of(v) == &zone_type; }
static inline bool is_tzinfo(Value v) { return def_of(v) == &tzinfo_type || is_timezone(v); }

static inline Delta *as_delta(Value v) { return (Delta *)as_object(v); }
static inline Date *as_date(Value v) { return (Date *)as_object(v); }
static inline Moment *as_moment(Value v) { return (Moment *)as_object(v); }
static inline Zone *as_zone(Value v) { return (Zone *)as_object(v); }

static inline int delta_days(const Delta *delta) { return (int32_t)delta->head.aux; }
static inline uint32_t day_pack(Day day)
{
    return (uint32_t)(day.year << 9 | day.month << 5 | day.day);
}
static inline Day day_of(Value date)
{
    uint32_t packed = as_date(date)->head.aux;
    return (Day){(int)(packed >> 9), (int)(packed >> 5 & 15), (int)(packed & 31)};
}

/* Is it of the very class, no subclass? */
static inline bool is_own(const Type *type) { return !(type->flags & TYPE_HEAP); }

/* ---- _datetime_calendar.c ---- */

int days_in_month(int year, int month);
int day_of_year(Day day);         /* from 1 */
int day_ordinal(Day day);         /* 1 January of year 1 is 1 */
Day ordinal_day(int64_t ordinal); /* also of ordinals outside [1, ORDINAL_MAX] */
int day_weekday(Day day);         /* Monday 0 */
int week_one(int year);           /* the ordinal of the Monday of ISO week 1 */
/* The day of an ISO year, week and weekday (Monday 1). */
Day iso_week_day(int year, int week, int weekday);
bool year_has_week(int year, int week);

static inline int64_t clock_seconds(Clock clock)
{
    return clock.hour * 3600 + clock.minute * 60 + clock.second;
}
static inline int64_t clock_us(Clock clock)
{
    return clock_seconds(clock) * SECOND_US + clock.microsecond;
}
Clock clock_from_us(int64_t us); /* us in [0, DAY_US) */

/* ---- arguments ---- */

bool int_argument(Vm *vm, Value v, int *n); /* an index that fits a C int */
bool check_day(Vm *vm, Day day);
/* Hour, minute, second, microsecond and fold as given, checked. */
bool clock_argument(Vm *vm, Value *argv, Value fold, Clock *clock);
bool check_tzinfo(Vm *vm, Value zone);
/* The bytes of a pickled state (bytes, or a str of such characters) of that length, else NULL. */
const uint8_t *state_bytes(Value v, ptrdiff_t len);

/* ---- making ---- */

Ref delta_new(Vm *vm, Wide us); /* OverflowError beyond the bounds */
/* A date, time or datetime of type, through its __init__ and __new__ when it is a subclass. */
Ref date_new(Vm *vm, Type *type, Day day);
Ref clock_new(Vm *vm, Type *type, Clock clock, Value zone);
/* type(*argv[0 .. argc)), with fold=1 if fold; argv has room for one more. */
Ref call_with_fold(Vm *vm, Type *type, Value *argv, int argc, bool fold);
Ref moment_new(Vm *vm, Type *type, Day day, Clock clock, Value zone);
Ref moment_plain(Vm *vm, Type *type, uint32_t packed, Clock clock, Value zone); /* unchecked */
void moment_visit(Object *self, Visit *visit, void *context);
void moment_clear(Object *self);

/* ---- lengths ---- */

static inline int64_t delta_rest_us(const Delta *delta) /* beyond the days */
{
    return (int64_t)delta->seconds * SECOND_US + delta->microseconds;
}
static inline Wide delta_us(Value v)
{
    return (Wide)delta_days(as_delta(v)) * DAY_US + delta_rest_us(as_delta(v));
}
int64_t us_hash(Wide us); /* of the timedelta of that length */

/* ---- zones ---- */

/* zone.utcoffset(argument) or dst, checked: NONE or a timedelta strictly between -1 and 1 day. */
Ref zone_ask(Vm *vm, Value zone, const char *method, Value argument);
Ref zone_name(Vm *vm, Value zone, Value argument); /* NONE or str */
Ref zone_from_us(Vm *vm, int64_t offset_us);       /* a timezone; utc for 0 */
/* What utcoffset() of a moment or time says in microseconds: YES and *us, NO: None. */
Truth offset_ask(Vm *vm, Value moment, int64_t *us);

/* ---- text ---- */

enum { ISO_MAX = 64 }; /* bytes of the longest ISO text of a moment, and of each of its parts */

typedef struct IsoZone {
    enum { ISO_NAIVE, ISO_OFFSET } kind;
    int64_t us;
} IsoZone;

typedef enum IsoAnswer { ISO_OK, ISO_BAD, ISO_RAISED } IsoAnswer;

char *iso_day(char *out, Day day); /* each writes and returns the end */
/* What timespec (a str, "auto"...) asks for; NULL: ValueError raised. */
char *iso_clock(Vm *vm, char *out, Clock clock, Value timespec);
char *iso_offset(char *out, int64_t us, const char *separator);
char *digits_two(char *out, int n);
char *digits_six(char *out, int n);

bool iso_read_day(const char *text, ptrdiff_t len, Day *day);
IsoAnswer iso_read_clock(Vm *vm, const char *text, ptrdiff_t len, int parts[4], IsoZone *zone);
ptrdiff_t iso_day_length(const char *text, ptrdiff_t len); /* of the date in a datetime */
bool clock_from_parts(Vm *vm, const int parts[4], Clock *clock);
Ref zone_from_iso(Vm *vm, IsoZone zone); /* NONE, or a timezone */
/* The characters of text, those beyond Latin-1 as 0; *owned is to be freed. */
const char *iso_text(Vm *vm, Value text, char **owned);
Ref iso_invalid(Vm *vm, Value text); /* raises "Invalid isoformat string: ..." */

/* form filled in for a date, time or datetime. */
Ref moment_format(Vm *vm, Value self, Value form);
Ref format_special(Vm *vm, Value self, Value spec); /* __format__ */
Ref day_struct_time(Vm *vm, Day day, Clock clock, int dst);
extern const char datetime_weekdays[], datetime_months[];

/* object.name(argument), or without one when it is UNDEF. */
Ref call_text(Vm *vm, Value object, const char *name, Value argument);
/* What _strptime.name(cls, text, form) gives. */
Ref call_strptime(Vm *vm, const char *name, Value *argv);

/* fields of clock and zone: attributes of time and datetime */
Ref get_hour(Vm *vm, Value self);
Ref get_minute(Vm *vm, Value self);
Ref get_second(Vm *vm, Value self);
Ref get_microsecond(Vm *vm, Value self);
Ref get_fold(Vm *vm, Value self);
Ref get_zone(Vm *vm, Value self);
#define CLOCK_ATTRIBUTES                                                                           \
    {"hour", get_hour, NULL, "The hour, 0 to 23."},                                                \
        {"minute", get_minute, NULL, "The minute, 0 to 59."},                                      \
        {"second", get_second, NULL, "The second, 0 to 59."},                                      \
        {"microsecond", get_microsecond, NULL, "The microsecond, 0 to 999999."},                   \
        {"tzinfo", get_zone, NULL, "The time zone, or None."},                                     \
    {                                                                                              \
        "fold", get_fold, NULL, "1 for the second of two times that a clock set back shows twice." \
    }

/* Replaces each part of clock and zone that is given (UNDEF: not); false: raised. */
bool clock_replace(Vm *vm, Value *argv, Value fold, Clock *clock, Value *zone);
/* ", 6, 7, fold=1, tzinfo=...)"; a time has its fold last. */
bool clock_repr(Vm *vm, StrBuilder *text, const Moment *moment, bool fold_first);
uint8_t *clock_state(uint8_t *out, Clock clock); /* the six bytes */
/* (cls, (state,)) or (cls, (state, zone)) */
Ref moment_reduce(Vm *vm, Value self, const uint8_t *state, ptrdiff_t len);
Dict *type_names(Vm *vm, Type *type); /* its namespace; type NULL, or raised: NULL */
bool type_constant(Vm *vm, const TypeDef *def, const char *name, Ref value); /* steals */

bool delta_constants(Vm *vm);
bool zone_constants(Vm *vm);
bool date_constants(Vm *vm);
bool clock_constants(Vm *vm);
bool moment_constants(Vm *vm);

/* ---- _datetime_local.c: methods of datetime about clocks and epochs ---- */

extern const Native moment_fromtimestamp_def, moment_utcfromtimestamp_def, moment_now_def;
extern const Native moment_utcnow_def, moment_timestamp_def, moment_astimezone_def;
bool local_day(Vm *vm, int64_t seconds, Day *day, Clock *clock); /* localtime() */
bool timestamp_seconds(Vm *vm, Value v, int64_t *seconds);       /* rounded down */
/* The moment in microseconds since year 1, day 0, its clock taken as it is. */
static inline int64_t moment_us(Value v)
{
    return day_ordinal(day_of(v)) * DAY_US + clock_us(as_moment(v)->clock);
}
/* The moment so many days and microseconds (of less than two days) later, of the same type. */
Ref moment_shift(Vm *vm, Value self, int64_t days, int64_t us);

#endif
