/* _datetime_zone.c - tzinfo, the base of time zones, and timezone, which is always the same
 * distance from UTC.
 *
 * What a tzinfo written by a script answers is checked here; a timezone is not even asked.
 * Neighbours: _datetime.h. */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

Ref call_text(Vm *vm, Value object, const char *name, Value argument)
{
    Ref method = attr_get_text(vm, object, name), out = FAIL;
    if (!failed(method)) out = absent(argument) ? call0(vm, method) : call1(vm, method, argument);
    decref(method);
    return out;
}

Dict *type_names(Vm *vm, Type *type)
{
    Dict *names = type ? type_dict(vm, type) : NULL;
    if (type && !names) throw_no_memory(vm);
    return names;
}

bool type_constant(Vm *vm, const TypeDef *def, const char *name, Ref value)
{
    Type *type = failed(value) ? NULL : type_from_def(vm, def);
    Dict *dict = type_names(vm, type);
    Ref key = dict ? str_interned(vm, name) : FAIL;
    bool ok = !failed(key) && dict_set(vm, dict, key, value) && type_modified(vm, type, key);
    decref(key);
    decref(value);
    return ok;
}

/* ---- asking ---- */

bool check_tzinfo(Vm *vm, Value zone)
{
    if (is_none(zone) || is_tzinfo(zone)) return true;
    throw(vm, TypeError, "tzinfo argument must be None or of a tzinfo subclass, not type '%T'",
          zone);
    return false;
}

static bool is_short(Value delta) /* strictly between -1 and 1 day? */
{
    Wide us = delta_us(delta);
    return us > -(Wide)DAY_US && us < DAY_US;
}

static Ref throw_too_long(Vm *vm, Value offset)
{
    return throw(vm, ValueError,
                 "offset must be a timedelta strictly between -timedelta(hours=24) and "
                 "timedelta(hours=24), not %R.",
                 offset);
}

Ref zone_ask(Vm *vm, Value zone, const char *method, Value argument)
{
    if (is_none(zone)) return NONE;
    if (is_timezone(zone)) return *method == 'd' ? NONE : newref(as_zone(zone)->offset);
    Ref offset = call_text(vm, zone, method, argument);
    if (failed(offset) || is_none(offset)) return offset;
    if (!is_delta(offset))
        throw(vm, TypeError, "tzinfo.%s() must return None or timedelta, not '%T'", method,
              (Value)offset);
    else if (is_short(offset)) return offset;
    else throw_too_long(vm, offset);
    decref(offset);
    return FAIL;
}

static Ref zone_own_name(Vm *vm, const Zone *zone)
{
    if (!absent(zone->name)) return newref(zone->name);
    char text[ISO_MAX] = "UTC", *end = text + 3;
    int64_t us = (int64_t)delta_us(zone->offset);
    if (us) end = iso_offset(end, us, ":");
    return str_from_ascii(vm, text, end - text);
}

Ref zone_name(Vm *vm, Value zone, Value argument)
{
    if (is_none(zone)) return NONE;
    if (is_timezone(zone)) return zone_own_name(vm, as_zone(zone));
    Ref name = call_text(vm, zone, "tzname", argument);
    if (failed(name) || is_none(name) || is_str(name)) return name;
    throw(vm, TypeError, "tzinfo.tzname() must return None or a string, not '%T'", (Value)name);
    decref(name);
    return FAIL;
}

Truth offset_ask(Vm *vm, Value moment, int64_t *us)
{
    Value zone = as_moment(moment)->zone;
    *us = 0;
    if (is_none(zone)) return NO;
    Ref offset = zone_ask(vm, zone, "utcoffset", is_moment(moment) ? moment : (Value)NONE);
    if (failed(offset)) return FAILED;
    if (is_none(offset)) return NO;
    *us = (int64_t)delta_us(offset);
    decref(offset);
    return YES;
}

/* ---- tzinfo ---- */

NATIVE(tzinfo_make, "new(cls, /, *args, **kwargs)", "Return a new object; __init__ fills it.")
{
    void *self = type_instance(vm, as_type(argv[0]));
    return self ? from_object(self) : FAIL;
}

static Ref not_implemented(Vm *vm, const char *method)
{
    return throw(vm, NotImplementedError, "a tzinfo subclass must implement %s()", method);
}
NATIVE(tzinfo_tzname, "tzname(self, dt, /)", "Return the name of the zone at dt.")
{
    return not_implemented(vm, "tzname");
}
NATIVE(tzinfo_utcoffset, "utcoffset(self, dt, /)",
       "Return what is added to UTC at dt, a timedelta.")
{
    return not_implemented(vm, "utcoffset");
}
NATIVE(tzinfo_dst, "dst(self, dt, /)", "Return the part of it that is daylight saving time.")
{
    return not_implemented(vm, "dst");
}

/* dt.name(), which must not be None; *us in microseconds. */
static bool ask_present(Vm *vm, Value dt, const char *name, const char *message, int64_t *us)
{
    Ref length = call_text(vm, dt, name, UNDEF);
    bool ok = is_delta(length) && is_short(length);
    if (ok) *us = (int64_t)delta_us(length);
    else if (is_delta(length)) throw_too_long(vm, length);
    else if (is_none(length)) throw(vm, ValueError, "%s", message);
    else if (!failed(length))
        throw(vm, TypeError, "%s() must return a timedelta, not '%T'", name, (Value)length);
    decref(length);
    return ok;
}

NATIVE(tzinfo_fromutc, "fromutc(self, dt, /)",
       "Return dt, a datetime in UTC with this zone, in this zone's time.")
{
    Value self = argv[0], dt = argv[1];
    if (!is_moment(dt)) return throw(vm, TypeError, "fromutc: argument must be a datetime");
    if (as_moment(dt)->zone != self) return throw(vm, ValueError, "fromutc: dt.tzinfo is not self");
    int64_t offset, saving;
    if (!ask_present(vm, dt, "utcoffset", "fromutc: non-None utcoffset() result required",
                     &offset) ||
        !ask_present(vm, dt, "dst", "fromutc: non-None dst() result required", &saving))
        return FAIL;
    if (offset == saving) return moment_shift(vm, dt, 0, saving);
    Ref standard = moment_shift(vm, dt, 0, offset - saving);
    bool ok = !failed(standard) &&
              ask_present(vm, standard, "dst",
                          "fromutc: tz.dst() gave inconsistent results; cannot convert", &saving);
    Ref out = !ok ? FAIL : saving == 0 ? newref(standard) : moment_shift(vm, standard, 0, saving);
    decref(standard);
    return out;
}

NATIVE(tzinfo_reduce, "__reduce__(self, /)", "Return what pickle and copy need.")
{
    Value self = argv[0];
    Ref name = str_interned(vm, "__getinitargs__"), args = FAIL, state = FAIL, out = FAIL;
    Ref method = failed(name) ? FAIL : attr_get_or_absent(vm, self, name);
    if (!failed(method)) args = absent(method) ? tuple_new(vm, 0) : call0(vm, method);
    if (!failed(args)) state = call_method(vm, self, N(__getstate__), 0, NULL);
    if (!failed(state))
        out = tuple_pack(vm, 3, borrow(type_of(vm, self)), (Value)args, (Value)state);
    decref(name);
    decref(method);
    decref(args);
    decref(state);
    return out;
}

static const Native *const tzinfo_methods[] = {&tzinfo_tzname_def, &tzinfo_utcoffset_def,
                                               &tzinfo_dst_def,    &tzinfo_fromutc_def,
                                               &tzinfo_reduce_def, NULL};
const TypeDef tzinfo_type = {
    .name = "datetime.tzinfo",
    .doc = "The base of time zones: utcoffset(dt), dst(dt) and tzname(dt) are for subclasses.",
    .size = sizeof(Container),
    .new = &tzinfo_make_def,
    .methods = tzinfo_methods,
};

/* ---- timezone ---- */

static Ref zone_make(Vm *vm, Value offset, Value name)
{
    Type *type = type_from_def(vm, &zone_type);
    Zone *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->offset = newref(offset);
    self->name = newref(name);
    return from_object(self);
}

static Ref zone_utc(Vm *vm)
{
    Dict *names = type_names(vm, type_from_def(vm, &zone_type));
    Value utc = names ? dict_get_text(vm, names, "utc") : (Value)FAIL;
    return absent(utc) ? throw(vm, AttributeError, "utc") : newref(utc);
}

Ref zone_from_us(Vm *vm, int64_t offset_us)
{
    if (offset_us == 0) return zone_utc(vm);
    Ref offset = delta_new(vm, offset_us);
    Ref out = FAIL;
    if (!failed(offset))
        out = is_short(offset) ? zone_make(vm, offset, UNDEF) : throw_too_long(vm, offset);
    decref(offset);
    return out;
}

NATIVE(zone_new, "new(cls, /, offset, name=?)",
       "Return the zone that is always offset, a timedelta, from UTC.")
{
    Value offset = argv[1], name = argv[2];
    if (!is_delta(offset))
        return throw(vm, TypeError, "timezone() argument 1 must be datetime.timedelta, not %A",
                     offset);
    if (absent(name) && delta_us(offset) == 0) return zone_utc(vm);
    if (!absent(name) && !is_str(name))
        return throw(vm, TypeError,
                     is_none(name) ? "timezone() argument 2 must be str, not None"
                                   : "timezone() argument 2 must be str, not %A",
                     name);
    return is_short(offset) ? zone_make(vm, offset, name) : throw_too_long(vm, offset);
}

/* Is dt a datetime or None? */
static bool check_dt(Vm *vm, const char *method, Value dt)
{
    if (is_none(dt) || is_moment(dt)) return true;
    throw(vm, TypeError, "%s(dt) argument must be a datetime instance or None, not %T", method, dt);
    return false;
}

NATIVE(zone_utcoffset, "utcoffset(self, dt, /)", "Return the offset.")
{
    return check_dt(vm, "utcoffset", argv[1]) ? newref(as_zone(argv[0])->offset) : FAIL;
}

NATIVE(zone_tzname, "tzname(self, dt, /)",
       "Return the name, UTC with the offset if it was given none.")
{
    return check_dt(vm, "tzname", argv[1]) ? zone_own_name(vm, as_zone(argv[0])) : FAIL;
}

NATIVE(zone_dst, "dst(self, dt, /)", "Return None.")
{
    return check_dt(vm, "dst", argv[1]) ? NONE : FAIL;
}

NATIVE(zone_fromutc, "fromutc(self, dt, /)", "Return dt with the offset added.")
{
    Value dt = argv[1];
    if (!is_moment(dt)) return throw(vm, TypeError, "fromutc: argument must be a datetime");
    if (as_moment(dt)->zone != argv[0])
        return throw(vm, ValueError, "fromutc: dt.tzinfo is not self");
    return moment_shift(vm, dt, 0, (int64_t)delta_us(as_zone(argv[0])->offset));
}

NATIVE(zone_getinitargs, "__getinitargs__(self, /)", "Return the arguments that make it.")
{
    const Zone *self = as_zone(argv[0]);
    return absent(self->name) ? tuple_pack(vm, 1, (Value)self->offset)
                              : tuple_pack(vm, 2, (Value)self->offset, (Value)self->name);
}

static Ref zone_repr(Vm *vm, Value self)
{
    const Zone *zone = as_zone(self);
    Ref utc = zone_utc(vm);
    bool is_utc = utc == self;
    decref(utc);
    if (failed(utc)) return FAIL;
    if (is_utc) return str_from(vm, "datetime.timezone.utc");
    if (absent(zone->name)) return format_text(vm, "datetime.timezone(%R)", (Value)zone->offset);
    return format_text(vm, "datetime.timezone(%R, %R)", (Value)zone->offset, (Value)zone->name);
}

static Ref zone_str(Vm *vm, Value self) { return zone_own_name(vm, as_zone(self)); }

static bool zone_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = us_hash(delta_us(as_zone(self)->offset));
    return true;
}

static Ref zone_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_timezone(b) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    bool same = delta_us(as_zone(a)->offset) == delta_us(as_zone(b)->offset);
    return from_bool(same == (op == CMP_EQUAL));
}

static const Native *const zone_methods[] = {&zone_utcoffset_def,   &zone_tzname_def,
                                             &zone_dst_def,         &zone_fromutc_def,
                                             &zone_getinitargs_def, NULL};
const TypeDef zone_type = {
    .name = "datetime.timezone",
    .doc = "A zone that is always the same timedelta from UTC: timezone(offset, name).",
    .size = sizeof(Zone),
    .flags = TYPE_FINAL,
    .base = &tzinfo_type,
    .refs = REFS(REF(Zone, offset), REF(Zone, name)),
    .new = &zone_new_def,
    .repr = zone_repr,
    .str = zone_str,
    .hash = zone_hash,
    .compare = zone_compare,
    .methods = zone_methods,
};

/* timezone.NAME at that many minutes from UTC. */
static bool zone_constant(Vm *vm, const char *name, int minutes)
{
    Ref offset = delta_new(vm, (Wide)minutes * 60 * SECOND_US);
    Ref zone = failed(offset) ? FAIL : zone_make(vm, offset, UNDEF);
    decref(offset);
    return type_constant(vm, &zone_type, name, zone);
}

bool zone_constants(Vm *vm)
{
    enum { MOST = 23 * 60 + 59 };
    return zone_constant(vm, "utc", 0) && zone_constant(vm, "min", -MOST) &&
           zone_constant(vm, "max", MOST);
}
