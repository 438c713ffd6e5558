/* _datetime_clock.c - time, a time of day, and what it shares with datetime: clock and zone.
 *
 * Neighbours: _datetime.h; _datetime_moment.c. */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

/* ---- clocks ---- */

/* One part of a clock, below limit. */
static bool part_argument(Vm *vm, Value v, int limit, const char *message, int *n)
{
    if (!int_argument(vm, v, n)) return false;
    if (*n >= 0 && *n < limit) return true;
    throw(vm, ValueError, "%s", message);
    return false;
}

static bool hour_argument(Vm *vm, Value v, Clock *clock)
{
    int n;
    if (!part_argument(vm, v, 24, "hour must be in 0..23", &n)) return false;
    clock->hour = (uint8_t)n;
    return true;
}
static bool minute_argument(Vm *vm, Value v, Clock *clock)
{
    int n;
    if (!part_argument(vm, v, 60, "minute must be in 0..59", &n)) return false;
    clock->minute = (uint8_t)n;
    return true;
}
static bool second_argument(Vm *vm, Value v, Clock *clock)
{
    int n;
    if (!part_argument(vm, v, 60, "second must be in 0..59", &n)) return false;
    clock->second = (uint8_t)n;
    return true;
}
static bool microsecond_argument(Vm *vm, Value v, Clock *clock)
{
    int n;
    if (!part_argument(vm, v, SECOND_US, "microsecond must be in 0..999999", &n)) return false;
    clock->microsecond = n;
    return true;
}
static bool fold_argument(Vm *vm, Value v, Clock *clock)
{
    int n;
    if (!part_argument(vm, v, 2, "fold must be either 0 or 1", &n)) return false;
    clock->fold = (uint8_t)n;
    return true;
}

static bool (*const part_readers[])(Vm *, Value, Clock *) = {hour_argument, minute_argument,
                                                             second_argument, microsecond_argument};

bool clock_argument(Vm *vm, Value *argv, Value fold, Clock *clock)
{
    *clock = (Clock){0};
    for (int i = 0; i < 4; i++)
        if (argv[i] != from_small(0) && !part_readers[i](vm, argv[i], clock)) return false;
    return fold == from_small(0) || fold_argument(vm, fold, clock);
}

bool clock_replace(Vm *vm, Value *argv, Value fold, Clock *clock, Value *zone)
{
    for (int i = 0; i < 4; i++)
        if (!absent(argv[i]) && !part_readers[i](vm, argv[i], clock)) return false;
    if (!absent(argv[4])) *zone = argv[4];
    return (absent(fold) || fold_argument(vm, fold, clock)) && check_tzinfo(vm, *zone);
}

bool clock_repr(Vm *vm, StrBuilder *text, const Moment *moment, bool fold_first)
{
    Clock clock = moment->clock;
    char parts[40];
    int len = 0;
    if (clock.second || clock.microsecond) len += sprintf(parts + len, ", %d", clock.second);
    if (clock.microsecond) len += sprintf(parts + len, ", %d", clock.microsecond);
    if (!builder_ascii(vm, text, parts, len)) return false;
    ptrdiff_t before = clock.fold && fold_first ? 8 : 0;
    ptrdiff_t after = clock.fold && !fold_first ? 8 : 0;
    if (!builder_ascii(vm, text, ", fold=1", before)) return false;
    if (!is_none(moment->zone) &&
        !(builder_ascii(vm, text, ", tzinfo=", 9) && builder_repr(vm, text, moment->zone)))
        return false;
    return builder_ascii(vm, text, ", fold=1", after) && builder_char(vm, text, ')');
}

uint8_t *clock_state(uint8_t *out, Clock clock)
{
    *out++ = clock.hour;
    *out++ = clock.minute;
    *out++ = clock.second;
    *out++ = (uint8_t)(clock.microsecond >> 16);
    *out++ = (uint8_t)(clock.microsecond >> 8);
    *out++ = (uint8_t)clock.microsecond;
    return out;
}

Ref moment_reduce(Vm *vm, Value self, const uint8_t *state, ptrdiff_t len)
{
    Value zone = as_moment(self)->zone;
    Ref bytes = bytes_from(vm, (const char *)state, len), args = FAIL, out = FAIL;
    if (!failed(bytes))
        args =
            is_none(zone) ? tuple_pack(vm, 1, (Value)bytes) : tuple_pack(vm, 2, (Value)bytes, zone);
    if (!failed(args)) out = tuple_pack(vm, 2, borrow(type_of(vm, self)), (Value)args);
    decref(bytes);
    decref(args);
    return out;
}

/* ---- making a time ---- */

Ref moment_plain(Vm *vm, Type *type, uint32_t packed, Clock clock, Value zone)
{
    Moment *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->head.aux = packed;
    self->clock = clock;
    self->zone = newref(zone);
    if (!is_own(type)) return from_object(self);
    /* without a zone written by a script it is part of no cycle, without any it owns nothing */
    uint8_t *flags = &self->head.head.flags;
    if (is_none(zone)) *flags = (uint8_t)((*flags & ~OBJ_CONTAINER) | OBJ_CLEARED);
    else if (is_timezone(zone)) *flags = (uint8_t)(*flags & ~OBJ_CONTAINER);
    return from_object(self);
}

void moment_visit(Object *self, Visit *visit, void *context)
{
    Ref *zone = &((Moment *)self)->zone;
    if (is_heap(*zone)) visit(zone, context);
}

void moment_clear(Object *self) { clear(&((Moment *)self)->zone); }

Ref call_with_fold(Vm *vm, Type *type, Value *argv, int argc, bool fold)
{
    Ref names = UNDEF;
    if (fold) {
        Ref name = str_interned(vm, "fold");
        names = failed(name) ? FAIL : tuple_pack(vm, 1, (Value)name);
        decref(name);
        if (failed(names)) return FAIL;
    }
    argv[argc] = from_small(1);
    Ref out = call_args(vm, borrow(type), &(Args){argv, argc, names});
    decref(names);
    return out;
}

Ref clock_new(Vm *vm, Type *type, Clock clock, Value zone)
{
    if (is_own(type)) return moment_plain(vm, type, 0, clock, zone);
    Value argv[6] = {from_small(clock.hour), from_small(clock.minute), from_small(clock.second),
                     from_small(clock.microsecond), zone};
    return call_with_fold(vm, type, argv, 5, clock.fold);
}

/* From the state that __reduce__ gives. */
static Ref clock_from_state(Vm *vm, Type *type, const uint8_t *state, Value zone)
{
    if (!is_none(zone) && !is_tzinfo(zone)) return throw(vm, TypeError, "bad tzinfo state arg");
    const int parts[] = {state[0] & 0x7F, state[1], state[2],
                         state[3] << 16 | state[4] << 8 | state[5]};
    Clock clock;
    if (!clock_from_parts(vm, parts, &clock)) return FAIL;
    if (parts[3] >= SECOND_US) return throw(vm, ValueError, "microsecond must be in 0..999999");
    clock.fold = state[0] >> 7;
    return moment_plain(vm, type, 0, clock, zone);
}

NATIVE(clock_make, "new(cls, /, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
       "Return the time of day that its parts make.")
{
    const uint8_t *state = is_int(argv[1]) ? NULL : state_bytes(argv[1], 6);
    Type *type = as_type(argv[0]);
    if (state && (state[0] & 0x7F) < 24)
        return clock_from_state(vm, type, state, is_int(argv[2]) ? (Value)NONE : argv[2]);
    Clock clock;
    if (!clock_argument(vm, argv + 1, argv[6], &clock) || !check_tzinfo(vm, argv[5])) return FAIL;
    return moment_plain(vm, type, 0, clock, argv[5]);
}

NATIVE_CLASS(clock_fromisoformat, "fromisoformat(cls, time_string, /)",
             "Return the time that an ISO time such as 04:23:01.5+02:00 or T0423 names.")
{
    if (!is_str(argv[1])) return throw(vm, TypeError, "fromisoformat: argument must be str");
    char *owned;
    const char *text = iso_text(vm, argv[1], &owned);
    if (!text) return FAIL;
    ptrdiff_t skip = as_str(argv[1])->len && text[0] == 'T';
    int parts[4];
    IsoZone iso_zone;
    IsoAnswer answer =
        iso_read_clock(vm, text + skip, as_str(argv[1])->len - skip, parts, &iso_zone);
    memory_free(owned);
    if (answer == ISO_RAISED) return FAIL;
    if (answer == ISO_BAD) return iso_invalid(vm, argv[1]);
    if (parts[0] == 24 && !parts[1] && !parts[2] && !parts[3]) parts[0] = 0;
    Clock clock;
    Ref zone = zone_from_iso(vm, iso_zone), out = FAIL;
    if (!failed(zone) && clock_from_parts(vm, parts, &clock))
        out = clock_new(vm, as_type(argv[0]), clock, zone);
    decref(zone);
    return out;
}

NATIVE_CLASS(clock_strptime, "strptime(cls, time_string, format, /)",
             "Return the time that text in a format such as '%H:%M' names.")
{
    return call_strptime(vm, "strptime_time", argv);
}

/* ---- order ---- */

static int order_of(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static Ref clock_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_clock(b)) return NOT_IMPLEMENTED;
    int64_t mine = clock_us(as_moment(a)->clock), theirs = clock_us(as_moment(b)->clock);
    if (as_moment(a)->zone != as_moment(b)->zone) {
        int64_t offset, other_offset;
        Truth aware = offset_ask(vm, a, &offset);
        Truth other_aware = aware == FAILED ? FAILED : offset_ask(vm, b, &other_offset);
        if (other_aware == FAILED) return FAIL;
        if (aware != other_aware) {
            if (op == CMP_EQUAL || op == CMP_NOT_EQUAL) return from_bool(op == CMP_NOT_EQUAL);
            return throw(vm, TypeError, "can't compare offset-naive and offset-aware times");
        }
        mine -= offset;
        theirs -= other_offset;
    }
    return from_bool(order_satisfies(order_of(mine, theirs), op));
}

static bool clock_hash(Vm *vm, Value self, int64_t *hash)
{
    Moment *moment = as_moment(self);
    if (!moment->hash) {
        int64_t offset;
        Truth aware = offset_ask(vm, self, &offset);
        if (aware == FAILED) return false;
        moment->hash = us_hash(clock_us(moment->clock) - offset);
    }
    *hash = moment->hash;
    return true;
}

/* ---- text ---- */

static Ref clock_repr_slot(Vm *vm, Value self)
{
    const Moment *moment = as_moment(self);
    Type *type = type_of(vm, self);
    Ref begin = format_text(vm, is_own(type) ? "datetime.%N(%d, %d" : "%N(%d, %d", type,
                            moment->clock.hour, moment->clock.minute);
    if (failed(begin)) return FAIL;
    StrBuilder text;
    builder_open(&text);
    bool ok = builder_str(vm, &text, begin) && clock_repr(vm, &text, moment, false);
    decref(begin);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static Ref isoformat(Vm *vm, Value self, Value timespec)
{
    char text[ISO_MAX * 2];
    int64_t offset;
    char *end = iso_clock(vm, text, as_moment(self)->clock, timespec);
    if (!end) return FAIL;
    Truth aware = offset_ask(vm, self, &offset);
    if (aware == FAILED) return FAIL;
    if (aware == YES) end = iso_offset(end, offset, ":");
    return str_from_ascii(vm, text, end - text);
}

NATIVE(clock_isoformat, "isoformat(self, /, timespec='auto')",
       "Return the time as HH:MM:SS.ffffff+HH:MM, as much of it as timespec says.")
{
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "isoformat() argument 1 must be str, not %A", argv[1]);
    return isoformat(vm, argv[0], argv[1]);
}

static Ref clock_str(Vm *vm, Value self)
{
    if (!is_own(type_of(vm, self))) return call_text(vm, self, "isoformat", UNDEF);
    Ref spec = str_from_ascii(vm, "auto", 4), out = failed(spec) ? FAIL : isoformat(vm, self, spec);
    decref(spec);
    return out;
}

NATIVE(clock_strftime, "strftime(self, /, format)", "Return the time in a format such as '%H:%M'.")
{
    return moment_format(vm, argv[0], argv[1]);
}

/* ---- zone ---- */

NATIVE(clock_utcoffset, "utcoffset(self, /)", "Return what the zone adds to UTC, or None.")
{
    return zone_ask(vm, as_moment(argv[0])->zone, "utcoffset", NONE);
}
NATIVE(clock_tzname, "tzname(self, /)", "Return the name of the zone, or None.")
{
    return zone_name(vm, as_moment(argv[0])->zone, NONE);
}
NATIVE(clock_dst, "dst(self, /)", "Return the zone's daylight saving, or None.")
{
    return zone_ask(vm, as_moment(argv[0])->zone, "dst", NONE);
}

static Ref replace_parts(Vm *vm, Value *argv)
{
    Clock clock = as_moment(argv[0])->clock;
    Value zone = as_moment(argv[0])->zone;
    if (!clock_replace(vm, argv + 1, argv[6], &clock, &zone)) return FAIL;
    return clock_new(vm, type_of(vm, argv[0]), clock, zone);
}
#define REPLACE "(self, /, hour=?, minute=?, second=?, microsecond=?, tzinfo=?, *, fold=?)"
NATIVE(clock_replace_method, "replace" REPLACE, "Return the time with other fields.")
{
    return replace_parts(vm, argv);
}
NATIVE(clock_replace_special, "__replace__" REPLACE, "Return the time with other fields.")
{
    return replace_parts(vm, argv);
}

static Ref reduce(Vm *vm, Value self, int64_t protocol)
{
    uint8_t state[6];
    clock_state(state, as_moment(self)->clock);
    if (protocol > 3) state[0] |= (uint8_t)(as_moment(self)->clock.fold << 7);
    return moment_reduce(vm, self, state, sizeof state);
}
NATIVE(clock_reduce_ex, "__reduce_ex__(self, protocol, /)", "Return what pickle and copy need.")
{
    int protocol;
    return int_argument(vm, argv[1], &protocol) ? reduce(vm, argv[0], protocol) : FAIL;
}
NATIVE(clock_reduce, "__reduce__(self, /)", "Return what pickle and copy need.")
{
    return reduce(vm, argv[0], 2);
}

/* ---- tables ---- */

Ref get_hour(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_moment(self)->clock.hour);
}
Ref get_minute(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_moment(self)->clock.minute);
}
Ref get_second(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_moment(self)->clock.second);
}
Ref get_microsecond(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_moment(self)->clock.microsecond);
}
Ref get_fold(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_moment(self)->clock.fold);
}
Ref get_zone(Vm *vm __attribute__((unused)), Value self) { return newref(as_moment(self)->zone); }

static const Native *const clock_methods[] = {
    &clock_fromisoformat_def, &clock_strptime_def,       &clock_isoformat_def,
    &clock_strftime_def,      &clock_utcoffset_def,      &clock_tzname_def,
    &clock_dst_def,           &clock_replace_method_def, &clock_replace_special_def,
    &clock_reduce_ex_def,     &clock_reduce_def,         NULL,
};
static const Attribute clock_attributes[] = {CLOCK_ATTRIBUTES, {0}};
const TypeDef clock_type = {
    .name = "datetime.time",
    .doc = "A time of day: time(hour, minute, second, microsecond, tzinfo, fold).",
    .size = sizeof(Moment),
    .flags = TYPE_CONTAINER,
    .visit = moment_visit,
    .clear = moment_clear,
    .new = &clock_make_def,
    .repr = clock_repr_slot,
    .str = clock_str,
    .format = format_special,
    .hash = clock_hash,
    .compare = clock_compare,
    .methods = clock_methods,
    .attributes = clock_attributes,
};

bool clock_constants(Vm *vm)
{
    Type *type = type_from_def(vm, &clock_type);
    const Clock last = {23, 59, 59, 0, SECOND_US - 1};
    return type && type_constant(vm, &clock_type, "min", clock_new(vm, type, (Clock){0}, NONE)) &&
           type_constant(vm, &clock_type, "max", clock_new(vm, type, last, NONE)) &&
           type_constant(vm, &clock_type, "resolution", delta_new(vm, 1));
}
