/* _datetime_date.c - date, a day of the Gregorian calendar, and what isocalendar() returns.
 *
 * Neighbours: _datetime.h; _datetime_moment.c (datetime derives from date). */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

/* ---- arguments ---- */

bool int_argument(Vm *vm, Value v, int *n)
{
    int64_t wide;
    if (is_int(v)) wide = as_int(v);
    else if (!int_index(vm, v, &wide)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        throw(vm, OverflowError, "Python int too large to convert to C long");
        return false;
    }
    *n = (int)wide;
    if (*n == wide) return true;
    throw(vm, OverflowError,
          wide < 0 ? "signed integer is less than minimum"
                   : "signed integer is greater than maximum");
    return false;
}

bool check_day(Vm *vm, Day day)
{
    if (day.year < YEAR_MIN || day.year > YEAR_MAX)
        throw(vm, ValueError, "year %d is out of range", day.year);
    else if (day.month < 1 || day.month > 12) throw(vm, ValueError, "month must be in 1..12");
    else if (day.day < 1 || day.day > days_in_month(day.year, day.month))
        throw(vm, ValueError, "day is out of range for month");
    else return true;
    return false;
}

const uint8_t *state_bytes(Value v, ptrdiff_t len)
{
    if (is_bytes(v) && as_bytes(v)->len == len) return (const uint8_t *)as_bytes(v)->data;
    if (!is_str(v) || as_str(v)->len != len || as_str(v)->width != 1) return NULL;
    return (const uint8_t *)as_str(v)->data;
}

Ref call_strptime(Vm *vm, const char *name, Value *argv)
{
    Ref module = import_text(vm, "_strptime");
    Ref function = failed(module) ? FAIL : attr_get_text(vm, module, name);
    Ref out = failed(function) ? FAIL : call(vm, function, 3, argv);
    decref(function);
    decref(module);
    return out;
}

/* ---- making ---- */

Ref date_new(Vm *vm, Type *type, Day day)
{
    if (!is_own(type)) {
        Ref out = call(vm, borrow(type), 3,
                       (Value[]){from_small(day.year), from_small(day.month), from_small(day.day)});
        return out;
    }
    if (type->def == &moment_type) return moment_new(vm, type, day, (Clock){0}, NONE);
    if (!check_day(vm, day)) return FAIL;
    Date *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->head.aux = day_pack(day);
    return from_object(self);
}

static Ref make_plain(Vm *vm, Type *type, Day day)
{
    if (!check_day(vm, day)) return FAIL;
    Date *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->head.aux = day_pack(day);
    return from_object(self);
}

NATIVE(date_make, "new(cls, /, year=?, month=?, day=?)",
       "Return the day; ValueError when there is no such day in years 1 to 9999.")
{
    static const char *const names[] = {"year", "month", "day"};
    const uint8_t *state = absent(argv[2]) ? state_bytes(argv[1], 4) : NULL;
    Day day;
    if (state && state[2] >= 1 && state[2] <= 12) {
        day = (Day){state[0] * 256 + state[1], state[2], state[3]};
        return make_plain(vm, as_type(argv[0]), day);
    }
    for (int i = 0; i < 3; i++)
        if (absent(argv[1 + i]))
            return throw(vm, TypeError, "function missing required argument '%s' (pos %d)",
                         names[i], i + 1);
    if (!int_argument(vm, argv[1], &day.year) || !int_argument(vm, argv[2], &day.month) ||
        !int_argument(vm, argv[3], &day.day))
        return FAIL;
    return make_plain(vm, as_type(argv[0]), day);
}

NATIVE_CLASS(date_fromtimestamp, "fromtimestamp(cls, timestamp, /)",
             "Return the local day of a time in seconds since the epoch.")
{
    int64_t seconds;
    Day day;
    Clock clock;
    if (!timestamp_seconds(vm, argv[1], &seconds) || !local_day(vm, seconds, &day, &clock))
        return FAIL;
    return date_new(vm, as_type(argv[0]), day);
}

NATIVE_CLASS(date_today, "today(cls, /)", "Return the current local day.")
{
    Ref time = import_text(vm, "time"), now = FAIL, out = FAIL;
    if (!failed(time)) now = call_text(vm, time, "time", UNDEF);
    if (!failed(now)) out = call_text(vm, argv[0], "fromtimestamp", now);
    decref(time);
    decref(now);
    return out;
}

NATIVE_CLASS(date_fromordinal, "fromordinal(cls, ordinal, /)",
             "Return the day of that number, 1 being 1 January of year 1.")
{
    int ordinal;
    if (!int_argument(vm, argv[1], &ordinal)) return FAIL;
    if (ordinal < 1) return throw(vm, ValueError, "ordinal must be >= 1");
    return date_new(vm, as_type(argv[0]), ordinal_day(ordinal));
}

NATIVE_CLASS(date_fromisoformat, "fromisoformat(cls, date_string, /)",
             "Return the day that an ISO date such as 2011-11-04 or 2011-W44-5 names.")
{
    if (!is_str(argv[1])) return throw(vm, TypeError, "fromisoformat: argument must be str");
    ptrdiff_t len = as_str(argv[1])->len;
    char *owned;
    const char *text = iso_text(vm, argv[1], &owned);
    if (!text) return FAIL;
    Day day;
    bool ok = (len == 7 || len == 8 || len == 10) && iso_read_day(text, len, &day);
    memory_free(owned);
    return ok ? date_new(vm, as_type(argv[0]), day) : iso_invalid(vm, argv[1]);
}

NATIVE_CLASS(date_fromisocalendar, "fromisocalendar(cls, year, week, day)",
             "Return the day of an ISO year, week and weekday (Monday 1).")
{
    int year, week, weekday;
    if (!int_argument(vm, argv[1], &year) || !int_argument(vm, argv[2], &week) ||
        !int_argument(vm, argv[3], &weekday)) {
        if (!error_is(vm, OverflowError)) return FAIL;
        error_clear(vm);
        return throw(vm, ValueError, "ISO calendar component out of range");
    }
    if (year < YEAR_MIN || year > YEAR_MAX)
        return throw(vm, ValueError, "Year is out of range: %d", year);
    if (!year_has_week(year, week)) return throw(vm, ValueError, "Invalid week: %d", week);
    if (weekday < 1 || weekday > 7)
        return throw(vm, ValueError, "Invalid day: %d (range is [1, 7])", weekday);
    return date_new(vm, as_type(argv[0]), iso_week_day(year, week, weekday));
}

NATIVE_CLASS(date_strptime, "strptime(cls, date_string, format, /)",
             "Return the day that text in a format such as '%Y-%m-%d' names.")
{
    return call_strptime(vm, "strptime_date", argv);
}

/* ---- text ---- */

static Ref date_repr(Vm *vm, Value self)
{
    Day day = day_of(self);
    Type *type = type_of(vm, self);
    return format_text(vm, is_own(type) ? "datetime.%N(%d, %d, %d)" : "%N(%d, %d, %d)", type,
                       day.year, day.month, day.day);
}

NATIVE(date_isoformat, "isoformat(self, /)", "Return the day as YYYY-MM-DD.")
{
    char text[ISO_MAX];
    return str_from_ascii(vm, text, iso_day(text, day_of(argv[0])) - text);
}

static Ref date_str(Vm *vm, Value self)
{
    if (!is_own(type_of(vm, self))) return call_text(vm, self, "isoformat", UNDEF);
    return date_isoformat(vm, &self);
}

NATIVE(date_ctime, "ctime(self, /)", "Return the day as 'Wed Dec  4 00:00:00 2002'.")
{
    Day day = day_of(argv[0]);
    return str_format(vm, "%.3s %.3s %2d 00:00:00 %04d", datetime_weekdays + 3 * day_weekday(day),
                      datetime_months + 3 * (day.month - 1), day.day, day.year);
}

NATIVE(date_strftime, "strftime(self, /, format)", "Return the day in a format such as '%d %B %Y'.")
{
    return moment_format(vm, argv[0], argv[1]);
}

NATIVE(date_timetuple, "timetuple(self, /)", "Return the day as a time.struct_time.")
{
    return day_struct_time(vm, day_of(argv[0]), (Clock){0}, -1);
}

/* ---- parts ---- */

NATIVE(date_toordinal, "toordinal(self, /)",
       "Return the number of the day, 1 January of year 1 being 1.")
{
    return from_small(day_ordinal(day_of(argv[0])));
}
NATIVE(date_weekday, "weekday(self, /)", "Return the day of the week, Monday 0 to Sunday 6.")
{
    return from_small(day_weekday(day_of(argv[0])));
}
NATIVE(date_isoweekday, "isoweekday(self, /)", "Return the day of the week, Monday 1 to Sunday 7.")
{
    return from_small(day_weekday(day_of(argv[0])) + 1);
}

static Ref iso_date_new(Vm *vm, int year, int week, int weekday)
{
    Ref values[] = {from_small(year), from_small(week), from_small(weekday)};
    return structseq_new(vm, &iso_date_type, 3, values);
}

NATIVE(date_isocalendar, "isocalendar(self, /)",
       "Return year, week and weekday of the ISO calendar.")
{
    Day day = day_of(argv[0]);
    int year = day.year, today = day_ordinal(day), start = week_one(year);
    if (today < start) start = week_one(--year);
    else if (today >= week_one(year + 1)) start = week_one(++year);
    return iso_date_new(vm, year, (today - start) / 7 + 1, (today - start) % 7 + 1);
}

static Ref replace_parts(Vm *vm, Value *argv)
{
    Day day = day_of(argv[0]);
    if ((!absent(argv[1]) && !int_argument(vm, argv[1], &day.year)) ||
        (!absent(argv[2]) && !int_argument(vm, argv[2], &day.month)) ||
        (!absent(argv[3]) && !int_argument(vm, argv[3], &day.day)))
        return FAIL;
    return date_new(vm, type_of(vm, argv[0]), day);
}
NATIVE(date_replace, "replace(self, /, year=?, month=?, day=?)",
       "Return the day with other fields.")
{
    return replace_parts(vm, argv);
}
NATIVE(date_replace_special, "__replace__(self, /, year=?, month=?, day=?)",
       "Return the day with other fields.")
{
    return replace_parts(vm, argv);
}

NATIVE(date_reduce, "__reduce__(self, /)", "Return what pickle and copy need.")
{
    Day day = day_of(argv[0]);
    const char state[] = {(char)(day.year >> 8), (char)day.year, (char)day.month, (char)day.day};
    Ref bytes = bytes_from(vm, state, 4), args = FAIL, out = FAIL;
    if (!failed(bytes)) args = tuple_pack(vm, 1, (Value)bytes);
    if (!failed(args)) out = tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(bytes);
    decref(args);
    return out;
}

/* ---- operators ---- */

static Ref shift(Vm *vm, Value self, int days)
{
    int64_t ordinal = (int64_t)day_ordinal(day_of(self)) + days;
    if (ordinal < 1 || ordinal > ORDINAL_MAX)
        return throw(vm, OverflowError, "date value out of range");
    return date_new(vm, type_of(vm, self), ordinal_day(ordinal));
}

static Ref date_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) {
        if (is_delta(a)) return shift(vm, b, delta_days(as_delta(a)));
        return is_delta(b) ? shift(vm, a, delta_days(as_delta(b))) : NOT_IMPLEMENTED;
    }
    if (op != OP2_SUB || !is_plain_date(a)) return NOT_IMPLEMENTED;
    if (is_delta(b)) return shift(vm, a, -delta_days(as_delta(b)));
    if (!is_plain_date(b)) return NOT_IMPLEMENTED;
    return delta_new(vm, (Wide)(day_ordinal(day_of(a)) - day_ordinal(day_of(b))) * DAY_US);
}

static Ref date_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_plain_date(b)) return NOT_IMPLEMENTED; /* a datetime never compares with a date */
    uint32_t x = as_date(a)->head.aux, y = as_date(b)->head.aux;
    return from_bool(order_satisfies(x < y ? -1 : x > y, op));
}

static bool date_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = us_hash(as_date(self)->head.aux);
    return true;
}

static Ref get_year(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(day_of(self).year);
}
static Ref get_month(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(day_of(self).month);
}
static Ref get_day(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(day_of(self).day);
}

/* ---- what isocalendar() returns ---- */

NATIVE(iso_date_make, "new(cls, /, year, week, weekday)",
       "Return the day of an ISO year, week and weekday.")
{
    return structseq_new(vm, &iso_date_type, 3,
                         (Ref[]){newref(argv[1]), newref(argv[2]), newref(argv[3])});
}

NATIVE(iso_date_reduce, "__reduce__(self, /)", "Return what pickle and copy need: a plain tuple.")
{
    Ref plain = tuple_from_values(vm, 3, as_values(as_tuple(argv[0])->items));
    Ref args = failed(plain) ? FAIL : tuple_pack(vm, 1, (Value)plain);
    Value type = borrow(type_builtin(vm, KIND_TUPLE));
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, type, (Value)args);
    decref(plain);
    decref(args);
    return out;
}

static const Native *const iso_date_methods[] = {&iso_date_reduce_def, NULL};
static const Attribute iso_date_attributes[] = {
    {"year", structseq_item_0, NULL, "The year that the week belongs to."},
    {"week", structseq_item_1, NULL, "The number of the week, from 1."},
    {"weekday", structseq_item_2, NULL, "The day of the week, Monday 1 to Sunday 7."},
    {0},
};
const TypeDef iso_date_type = {
    .name = "datetime.IsoCalendarDate",
    .doc = "A day as year, week and weekday of the ISO calendar.",
    .size = sizeof(Tuple),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .base = &tuple_type,
    .new = &iso_date_make_def,
    .repr = structseq_repr,
    .methods = iso_date_methods,
    .attributes = iso_date_attributes,
};

/* ---- tables ---- */

static const Native *const date_methods[] = {
    &date_fromtimestamp_def,   &date_today_def,           &date_fromordinal_def,
    &date_fromisoformat_def,   &date_fromisocalendar_def, &date_strptime_def,
    &date_isoformat_def,       &date_ctime_def,           &date_strftime_def,
    &date_timetuple_def,       &date_toordinal_def,       &date_weekday_def,
    &date_isoweekday_def,      &date_isocalendar_def,     &date_replace_def,
    &date_replace_special_def, &date_reduce_def,          NULL,
};
static const Attribute date_attributes[] = {
    {"year", get_year, NULL, "The year, 1 to 9999."},
    {"month", get_month, NULL, "The month, 1 to 12."},
    {"day", get_day, NULL, "The day of the month, from 1."},
    {0},
};
static const Operators date_operators = {
    .binary = OPERATOR_BIT(ADD) | OPERATOR_BIT(SUB),
    .reflected = OPERATOR_BIT(ADD) | OPERATOR_BIT(SUB),
};
const TypeDef date_type = {
    .name = "datetime.date",
    .doc = "A day: date(year, month, day), from year 1 to 9999.",
    .size = sizeof(Date),
    .new = &date_make_def,
    .repr = date_repr,
    .str = date_str,
    .format = format_special,
    .hash = date_hash,
    .compare = date_compare,
    .binary = date_binary,
    .operators = &date_operators,
    .methods = date_methods,
    .attributes = date_attributes,
};

bool date_constants(Vm *vm)
{
    Type *type = type_from_def(vm, &date_type);
    return type &&
           type_constant(vm, &date_type, "min", date_new(vm, type, (Day){YEAR_MIN, 1, 1})) &&
           type_constant(vm, &date_type, "max", date_new(vm, type, (Day){YEAR_MAX, 12, 31})) &&
           type_constant(vm, &date_type, "resolution", delta_new(vm, DAY_US));
}
