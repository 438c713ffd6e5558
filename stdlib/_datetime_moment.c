/* _datetime_moment.c - datetime: a day and a time of day, perhaps in a zone.
 *
 * Neighbours: _datetime.h; _datetime_date.c (its base), _datetime_clock.c (what it shares with
 * time), _datetime_local.c (its methods about the epoch and local time). */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

/* ---- making ---- */

/* What cls(...) of a subclass makes of the parts. */
static Ref call_class(Vm *vm, Type *type, Day day, Clock clock, Value zone)
{
    Value argv[9] = {from_small(day.year),          from_small(day.month),
                     from_small(day.day),           from_small(clock.hour),
                     from_small(clock.minute),      from_small(clock.second),
                     from_small(clock.microsecond), zone};
    return call_with_fold(vm, type, argv, 8, clock.fold);
}

Ref moment_new(Vm *vm, Type *type, Day day, Clock clock, Value zone)
{
    if (!is_own(type)) return call_class(vm, type, day, clock, zone);
    return check_day(vm, day) ? moment_plain(vm, type, day_pack(day), clock, zone) : FAIL;
}

/* From the state that __reduce__ gives. */
static Ref from_state(Vm *vm, Type *type, const uint8_t *state, Value zone)
{
    if (!is_none(zone) && !is_tzinfo(zone)) return throw(vm, TypeError, "bad tzinfo state arg");
    const int parts[] = {state[4], state[5], state[6], state[7] << 16 | state[8] << 8 | state[9]};
    Day day = {state[0] * 256 + state[1], state[2] & 0x7F, state[3]};
    Clock clock;
    if (!check_day(vm, day) || !clock_from_parts(vm, parts, &clock)) return FAIL;
    if (parts[3] >= SECOND_US) return throw(vm, ValueError, "microsecond must be in 0..999999");
    clock.fold = state[2] >> 7;
    return moment_plain(vm, type, day_pack(day), clock, zone);
}

NATIVE(moment_make,
       "new(cls, /, year=?, month=?, day=?, hour=0, minute=0, second=0, microsecond=0, "
       "tzinfo=None, *, fold=0)",
       "Return the moment that its parts make; ValueError when one is out of range.")
{
    static const char *const names[] = {"year", "month", "day"};
    const uint8_t *state = absent(argv[3]) ? state_bytes(argv[1], 10) : NULL;
    Type *type = as_type(argv[0]);
    if (state && (state[2] & 0x7F) >= 1 && (state[2] & 0x7F) <= 12) {
        Value zone = !absent(argv[2]) ? argv[2] : argv[8];
        return from_state(vm, type, state, zone);
    }
    for (int i = 0; i < 3; i++)
        if (absent(argv[1 + i]))
            return throw(vm, TypeError, "function missing required argument '%s' (pos %d)",
                         names[i], i + 1);
    Day day;
    Clock clock;
    if (!int_argument(vm, argv[1], &day.year) || !int_argument(vm, argv[2], &day.month) ||
        !int_argument(vm, argv[3], &day.day) || !check_day(vm, day) ||
        !clock_argument(vm, argv + 4, argv[9], &clock) || !check_tzinfo(vm, argv[8]))
        return FAIL;
    return moment_plain(vm, type, day_pack(day), clock, argv[8]);
}

NATIVE_CLASS(moment_combine, "combine(cls, date, time, tzinfo=?)",
             "Return the moment of a date and a time; tzinfo replaces that of the time.")
{
    Value date = argv[1], time = argv[2];
    if (!is_date(date))
        return throw(vm, TypeError, "combine() argument 1 must be datetime.date, not %A", date);
    if (!is_clock(time))
        return throw(vm, TypeError, "combine() argument 2 must be datetime.time, not %A", time);
    Value zone = absent(argv[3]) ? (Value)as_moment(time)->zone : argv[3];
    if (!check_tzinfo(vm, zone)) return FAIL;
    return moment_new(vm, as_type(argv[0]), day_of(date), as_moment(time)->clock, zone);
}

/* Day, clock and zone of ISO text; ISO_BAD, or ISO_RAISED. */
static IsoAnswer read_iso(Vm *vm, const char *text, ptrdiff_t len, Day *day, int parts[4],
                          IsoZone *zone)
{
    ptrdiff_t split = iso_day_length(text, len);
    *zone = (IsoZone){ISO_NAIVE, 0};
    memset(parts, 0, 4 * sizeof *parts);
    if (len < 7 || split > len || !iso_read_day(text, split, day)) return ISO_BAD;
    if (split == len) return ISO_OK;
    return iso_read_clock(vm, text + split + 1, len - split - 1, parts, zone);
}

NATIVE_CLASS(moment_fromisoformat, "fromisoformat(cls, date_string, /)",
             "Return the moment that an ISO date, or date and time, names.")
{
    if (!is_str(argv[1])) return throw(vm, TypeError, "fromisoformat: argument must be str");
    Day day;
    int parts[4];
    IsoZone iso_zone;
    char *owned;
    const char *text = iso_text(vm, argv[1], &owned);
    if (!text) return FAIL;
    IsoAnswer answer = read_iso(vm, text, as_str(argv[1])->len, &day, parts, &iso_zone);
    memory_free(owned);
    if (answer == ISO_RAISED) return FAIL;
    if (answer == ISO_BAD) return iso_invalid(vm, argv[1]);
    if (!check_day(vm, day)) return FAIL;
    if (parts[0] == 24 && !parts[1] && !parts[2] && !parts[3]) {
        parts[0] = 0;
        day = ordinal_day(day_ordinal(day) + 1);
    }
    Clock clock;
    Ref zone = zone_from_iso(vm, iso_zone), out = FAIL;
    if (!failed(zone) && clock_from_parts(vm, parts, &clock))
        out = moment_new(vm, as_type(argv[0]), day, clock, zone);
    decref(zone);
    return out;
}

NATIVE_CLASS(moment_strptime, "strptime(cls, date_string, format, /)",
             "Return the moment that text in a format such as '%Y-%m-%d %H:%M' names.")
{
    return call_strptime(vm, "strptime_datetime", argv);
}

/* ---- parts ---- */

NATIVE(moment_date, "date(self, /)", "Return the day.")
{
    Type *type = type_from_def(vm, &date_type);
    return type ? date_new(vm, type, day_of(argv[0])) : FAIL;
}
NATIVE(moment_time, "time(self, /)", "Return the time of day, without zone.")
{
    Type *type = type_from_def(vm, &clock_type);
    return moment_plain(vm, type, 0, as_moment(argv[0])->clock, NONE);
}
NATIVE(moment_timetz, "timetz(self, /)", "Return the time of day, with the zone.")
{
    Type *type = type_from_def(vm, &clock_type);
    return moment_plain(vm, type, 0, as_moment(argv[0])->clock, as_moment(argv[0])->zone);
}

NATIVE(moment_timetuple, "timetuple(self, /)", "Return the moment as a time.struct_time.")
{
    Ref saving = zone_ask(vm, as_moment(argv[0])->zone, "dst", argv[0]);
    if (failed(saving)) return FAIL;
    int dst = is_none(saving) ? -1 : delta_us(saving) != 0;
    decref(saving);
    return day_struct_time(vm, day_of(argv[0]), as_moment(argv[0])->clock, dst);
}

NATIVE(moment_utctimetuple, "utctimetuple(self, /)",
       "Return the moment in UTC as a time.struct_time.")
{
    int64_t offset;
    if (offset_ask(vm, argv[0], &offset) == FAILED) return FAIL;
    int64_t us = moment_us(argv[0]) - offset, ordinal = us / DAY_US;
    if (ordinal < 1 || ordinal > ORDINAL_MAX)
        return throw(vm, OverflowError, "date value out of range");
    return day_struct_time(vm, ordinal_day(ordinal), clock_from_us(us % DAY_US), 0);
}

static Ref replace_parts(Vm *vm, Value *argv)
{
    Day day = day_of(argv[0]);
    Clock clock = as_moment(argv[0])->clock;
    Value zone = as_moment(argv[0])->zone;
    if ((!absent(argv[1]) && !int_argument(vm, argv[1], &day.year)) ||
        (!absent(argv[2]) && !int_argument(vm, argv[2], &day.month)) ||
        (!absent(argv[3]) && !int_argument(vm, argv[3], &day.day)) || !check_day(vm, day) ||
        !clock_replace(vm, argv + 4, argv[9], &clock, &zone))
        return FAIL;
    return moment_new(vm, type_of(vm, argv[0]), day, clock, zone);
}
#define REPLACE                                                                                    \
    "(self, /, year=?, month=?, day=?, hour=?, minute=?, second=?, microsecond=?, tzinfo=?, *, "   \
    "fold=?)"
NATIVE(moment_replace, "replace" REPLACE, "Return the moment with other fields.")
{
    return replace_parts(vm, argv);
}
NATIVE(moment_replace_special, "__replace__" REPLACE, "Return the moment with other fields.")
{
    return replace_parts(vm, argv);
}

/* ---- zone ---- */

NATIVE(moment_utcoffset, "utcoffset(self, /)", "Return what the zone adds to UTC, or None.")
{
    return zone_ask(vm, as_moment(argv[0])->zone, "utcoffset", argv[0]);
}
NATIVE(moment_tzname, "tzname(self, /)", "Return the name of the zone, or None.")
{
    return zone_name(vm, as_moment(argv[0])->zone, argv[0]);
}
NATIVE(moment_dst, "dst(self, /)", "Return the zone's daylight saving, or None.")
{
    return zone_ask(vm, as_moment(argv[0])->zone, "dst", argv[0]);
}

/* ---- text ---- */

static Ref moment_repr(Vm *vm, Value self)
{
    const Moment *moment = as_moment(self);
    Type *type = type_of(vm, self);
    Day day = day_of(self);
    Ref begin =
        format_text(vm, is_own(type) ? "datetime.%N(%d, %d, %d, %d, %d" : "%N(%d, %d, %d, %d, %d",
                    type, day.year, day.month, day.day, moment->clock.hour, moment->clock.minute);
    if (failed(begin)) return FAIL;
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_str(vm, &text, begin) && clock_repr(vm, &text, moment, true);
    decref(begin);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static Ref isoformat(Vm *vm, Value self, uint32_t separator, Value timespec)
{
    char text[ISO_MAX * 3], *clock = iso_day(text, day_of(self)) + 1;
    char *end = iso_clock(vm, clock, as_moment(self)->clock, timespec);
    if (!end) return FAIL;
    int64_t offset;
    Truth aware = offset_ask(vm, self, &offset);
    if (aware == FAILED) return FAIL;
    if (aware == YES) end = iso_offset(end, offset, ":");
    clock[-1] = (char)separator;
    if (separator < 128) return str_from_ascii(vm, text, end - text);
    StrBuilder all;
    builder_open(&all);
    if (builder_ascii(vm, &all, text, clock - 1 - text) && builder_char(vm, &all, separator) &&
        builder_ascii(vm, &all, clock, end - clock))
        return builder_finish(vm, &all);
    builder_close(&all);
    return FAIL;
}

NATIVE(moment_isoformat, "isoformat(self, /, sep='T', timespec='auto')",
       "Return the moment as YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM, as much of it as timespec says.")
{
    if (!is_str(argv[1]) || as_str(argv[1])->len != 1)
        return throw(vm, TypeError, "isoformat() argument 1 must be a unicode character, not %A",
                     argv[1]);
    if (!is_str(argv[2]))
        return throw(vm, TypeError, "isoformat() argument 2 must be str, not %A", argv[2]);
    return isoformat(vm, argv[0], str_at(as_str(argv[1]), 0), argv[2]);
}

static Ref moment_str(Vm *vm, Value self)
{
    bool own = is_own(type_of(vm, self));
    Ref text = str_from_ascii(vm, own ? "auto" : " ", own ? 4 : 1);
    Ref out = failed(text) ? FAIL
              : own        ? isoformat(vm, self, ' ', text)
                           : call_text(vm, self, "isoformat", text);
    decref(text);
    return out;
}

NATIVE(moment_ctime, "ctime(self, /)", "Return the moment as 'Wed Dec  4 20:30:40 2002'.")
{
    Day day = day_of(argv[0]);
    Clock clock = as_moment(argv[0])->clock;
    return str_format(vm, "%.3s %.3s %2d %02d:%02d:%02d %04d",
                      datetime_weekdays + 3 * day_weekday(day),
                      datetime_months + 3 * (day.month - 1), day.day, clock.hour, clock.minute,
                      clock.second, day.year);
}

/* ---- arithmetic ---- */

Ref moment_shift(Vm *vm, Value self, int64_t days, int64_t us)
{
    Type *type = type_of(vm, self);
    const Moment *moment = as_moment(self);
    Day day = day_of(self);
    us += clock_us(moment->clock);
    for (; us < 0; us += DAY_US) days--;
    for (; us >= DAY_US; us -= DAY_US) days++;
    if (days >= 1 - day.day && days <= 28 - day.day) { /* in the same month */
        day.day += (int)days;
    } else {
        days += day_ordinal(day);
        if (days < 1 || days > ORDINAL_MAX)
            return throw(vm, OverflowError, "date value out of range");
        day = ordinal_day(days);
    }
    Clock clock = clock_from_us(us);
    return is_own(type) ? moment_plain(vm, type, day_pack(day), clock, moment->zone)
                        : moment_new(vm, type, day, clock, moment->zone);
}

static Ref shift(Vm *vm, Value self, Value delta)
{
    return moment_shift(vm, self, delta_days(as_delta(delta)), delta_rest_us(as_delta(delta)));
}

static Ref subtract(Vm *vm, Value a, Value b)
{
    int64_t us = moment_us(a) - moment_us(b);
    if (as_moment(a)->zone != as_moment(b)->zone) {
        int64_t offset, other_offset;
        Truth aware = offset_ask(vm, a, &offset);
        Truth other_aware = aware == FAILED ? FAILED : offset_ask(vm, b, &other_offset);
        if (other_aware == FAILED) return FAIL;
        if (aware != other_aware)
            return throw(vm, TypeError, "can't subtract offset-naive and offset-aware datetimes");
        us += other_offset - offset;
    }
    return delta_new(vm, us);
}

static Ref moment_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) {
        if (is_delta(a)) return shift(vm, b, a);
        return is_delta(b) ? shift(vm, a, b) : NOT_IMPLEMENTED;
    }
    if (op != OP2_SUB || !is_moment(a)) return NOT_IMPLEMENTED;
    if (is_delta(b)) {
        const Delta *delta = as_delta(b);
        return moment_shift(vm, a, -(int64_t)delta_days(delta), -delta_rest_us(delta));
    }
    return is_moment(b) ? subtract(vm, a, b) : NOT_IMPLEMENTED;
}

/* ---- comparison ---- */

/* Would the offset be another one with the other fold?  Then it equals no moment of another
 * zone. */
static Truth fold_matters(Vm *vm, Value self, int64_t offset, Truth aware)
{
    const Moment *moment = as_moment(self);
    if (is_none(moment->zone) || is_timezone(moment->zone)) return NO;
    Clock clock = moment->clock;
    clock.fold = !clock.fold;
    int64_t other_offset;
    Ref other = moment_plain(vm, type_of(vm, self), moment->head.aux, clock, moment->zone);
    Truth other_aware = failed(other) ? FAILED : offset_ask(vm, other, &other_offset);
    decref(other);
    if (other_aware == FAILED) return FAILED;
    return other_aware != aware || other_offset != offset;
}

/* Order of moments in different zones: -1, 0, 1; 2 unequal although the same; -2: raised. */
static int order_across(Vm *vm, Value a, Value b, bool equality)
{
    int64_t offset, other_offset;
    Truth aware = offset_ask(vm, a, &offset);
    Truth other_aware = aware == FAILED ? FAILED : offset_ask(vm, b, &other_offset);
    if (other_aware == FAILED) return -2;
    if (aware != other_aware) {
        if (equality) return 2;
        throw(vm, TypeError, "can't compare offset-naive and offset-aware datetimes");
        return -2;
    }
    int64_t mine = moment_us(a) - offset, theirs = moment_us(b) - other_offset;
    if (mine != theirs || !equality) return mine < theirs ? -1 : mine > theirs;
    Truth matters = fold_matters(vm, a, offset, aware);
    if (matters == NO) matters = fold_matters(vm, b, other_offset, other_aware);
    return matters == FAILED ? -2 : matters ? 2 : 0;
}

static Ref moment_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_moment(b)) return NOT_IMPLEMENTED;
    int order;
    if (as_moment(a)->zone == as_moment(b)->zone) {
        int64_t mine = moment_us(a), theirs = moment_us(b);
        order = mine < theirs ? -1 : mine > theirs;
    } else {
        order = order_across(vm, a, b, op == CMP_EQUAL || op == CMP_NOT_EQUAL);
        if (order == -2) return FAIL;
    }
    return from_bool(order_satisfies(order, op));
}

static bool moment_hash(Vm *vm, Value self, int64_t *hash)
{
    Moment *moment = as_moment(self);
    if (!moment->hash) {
        Ref first = newref(self); /* the first of two moments with the same clock stands for both */
        if (moment->clock.fold) {
            Clock clock = moment->clock;
            clock.fold = 0;
            replace(&first,
                    moment_plain(vm, type_of(vm, self), moment->head.aux, clock, moment->zone));
        }
        int64_t offset;
        Truth aware = failed(first) ? FAILED : offset_ask(vm, first, &offset);
        decref(first);
        if (aware == FAILED) return false;
        moment->hash = us_hash(moment_us(self) - offset);
    }
    *hash = moment->hash;
    return true;
}

/* ---- pickling ---- */

static Ref reduce(Vm *vm, Value self, int64_t protocol)
{
    Day day = day_of(self);
    Clock clock = as_moment(self)->clock;
    uint8_t state[10] = {(uint8_t)(day.year >> 8), (uint8_t)day.year, (uint8_t)day.month,
                         (uint8_t)day.day};
    if (protocol > 3) state[2] |= (uint8_t)(clock.fold << 7);
    clock_state(state + 4, clock);
    return moment_reduce(vm, self, state, sizeof state);
}
NATIVE(moment_reduce_ex, "__reduce_ex__(self, protocol, /)", "Return what pickle and copy need.")
{
    int protocol;
    return int_argument(vm, argv[1], &protocol) ? reduce(vm, argv[0], protocol) : FAIL;
}
NATIVE(moment_reduce_method, "__reduce__(self, /)", "Return what pickle and copy need.")
{
    return reduce(vm, argv[0], 2);
}

/* ---- tables ---- */

static const Native *const moment_methods[] = {
    &moment_combine_def,
    &moment_fromisoformat_def,
    &moment_strptime_def,
    &moment_fromtimestamp_def,
    &moment_utcfromtimestamp_def,
    &moment_now_def,
    &moment_utcnow_def,
    &moment_timestamp_def,
    &moment_astimezone_def,
    &moment_date_def,
    &moment_time_def,
    &moment_timetz_def,
    &moment_timetuple_def,
    &moment_utctimetuple_def,
    &moment_replace_def,
    &moment_replace_special_def,
    &moment_utcoffset_def,
    &moment_tzname_def,
    &moment_dst_def,
    &moment_isoformat_def,
    &moment_ctime_def,
    &moment_reduce_ex_def,
    &moment_reduce_method_def,
    NULL,
};
static const Attribute moment_attributes[] = {CLOCK_ATTRIBUTES, {0}};
static const Operators moment_operators = {
    .binary = OPERATOR_BIT(ADD) | OPERATOR_BIT(SUB),
    .reflected = OPERATOR_BIT(ADD) | OPERATOR_BIT(SUB),
};
const TypeDef moment_type = {
    .name = "datetime.datetime",
    .doc = "A moment: datetime(year, month, day, hour, minute, second, microsecond, tzinfo, fold).",
    .size = sizeof(Moment),
    .flags = TYPE_CONTAINER,
    .base = &date_type,
    .visit = moment_visit,
    .clear = moment_clear,
    .new = &moment_make_def,
    .repr = moment_repr,
    .str = moment_str,
    .hash = moment_hash,
    .compare = moment_compare,
    .binary = moment_binary,
    .operators = &moment_operators,
    .methods = moment_methods,
    .attributes = moment_attributes,
};

bool moment_constants(Vm *vm)
{
    Type *type = type_from_def(vm, &moment_type);
    const Clock last = {23, 59, 59, 0, SECOND_US - 1};
    const Day first = {YEAR_MIN, 1, 1}, final = {YEAR_MAX, 12, 31};
    return type &&
           type_constant(vm, &moment_type, "min", moment_new(vm, type, first, (Clock){0}, NONE)) &&
           type_constant(vm, &moment_type, "max", moment_new(vm, type, final, last, NONE)) &&
           type_constant(vm, &moment_type, "resolution", delta_new(vm, 1));
}
