/* _datetime_format.c - strftime() and __format__ of date, time and datetime, and struct_time.
 *
 * The commonest directives, and those that C's strftime() does not know, are filled in here; if any
 * other is left, the C library does the rest.
 * Neighbours: _datetime.h. */
/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "_datetime.h"

enum { ROOM = 512 };

typedef struct Output {
    char *data;
    size_t len, capacity;
    bool unfinished; /* holds directives for C's strftime() */
    char own[ROOM];  /* where data begins */
} Output;

static void output_close(Output *out)
{
    if (out->data != out->own) memory_free(out->data);
}

static bool output_reserve(Vm *vm, Output *out, size_t more)
{
    if (out->len + more <= out->capacity) return true;
    size_t capacity = (out->len + more) * 2;
    char *data = memory_resize(vm, out->data == out->own ? NULL : out->data, capacity);
    if (!data) return false;
    if (out->data == out->own) memcpy(data, out->own, out->len);
    out->data = data;
    out->capacity = capacity;
    return true;
}

static bool output_add(Vm *vm, Output *out, const char *text, size_t len)
{
    if (!output_reserve(vm, out, len)) return false;
    memcpy(out->data + out->len, text, len);
    out->len += len;
    return true;
}

/* ---- directives ---- */

/* %z, with a colon as separator %:z */
static bool add_offset(Vm *vm, Output *out, Value self, const char *separator)
{
    int64_t us;
    char text[ISO_MAX];
    if (is_plain_date(self)) return true;
    Ref offset = call_text(vm, self, "utcoffset", UNDEF);
    if (failed(offset)) return false;
    bool known = is_delta(offset);
    us = known ? (int64_t)delta_us(offset) : 0;
    decref(offset);
    return !known || output_add(vm, out, text, (size_t)(iso_offset(text, us, separator) - text));
}

/* name (stolen) with each % doubled, by its own replace(), which a subclass of str may have. */
static Ref double_percents(Vm *vm, Ref name)
{
    if (!is_str(name)) return name;
    bool plain = is_exact(name, KIND_STR);
    for (ptrdiff_t i = 0; plain && i < as_str(name)->len; i++)
        plain = str_at(as_str(name), i) != '%';
    if (plain) return name;
    Ref method = attr_get_text(vm, name, "replace"), one = str_from(vm, "%");
    Ref two = str_from(vm, "%%"), out = FAIL;
    if (!failed(method) && !failed(one) && !failed(two)) out = call2(vm, method, one, two);
    if (!failed(out) && !is_str(out)) {
        decref(out);
        out = throw(vm, TypeError, "tzname.replace() did not return a string");
    }
    decref(name);
    decref(method);
    decref(one);
    decref(two);
    return out;
}

/* %Z */
static bool add_name(Vm *vm, Output *out, Value self)
{
    if (is_plain_date(self)) return true;
    Ref name = double_percents(vm, call_text(vm, self, "tzname", UNDEF));
    if (failed(name) || !is_str(name)) return !failed(name);
    ptrdiff_t len;
    char *owned = NULL;
    const char *text = str_utf8(vm, name, &len, &owned);
    bool ok = text && output_add(vm, out, text, (size_t)len);
    memory_free(owned);
    decref(name);
    return ok;
}

/* The directive of one letter; what is not known stays. */
static bool add_directive(Vm *vm, Output *out, Value self, const struct tm *parts, char letter)
{
    char text[16], *end = text;
    switch (letter) {
    case 'z': return add_offset(vm, out, self, "");
    case 'Z': return add_name(vm, out, self);
    case 'f':
        end = digits_six(text, is_plain_date(self) ? 0 : as_moment(self)->clock.microsecond);
        break;
    case 'Y': end += sprintf(text, "%d", parts->tm_year + 1900); break;
    case 'm': end = digits_two(text, parts->tm_mon + 1); break;
    case 'd': end = digits_two(text, parts->tm_mday); break;
    case 'H': end = digits_two(text, parts->tm_hour); break;
    case 'M': end = digits_two(text, parts->tm_min); break;
    case 'S': end = digits_two(text, parts->tm_sec); break;
    default:
        out->unfinished |= letter != '%';
        *end++ = '%';
        *end++ = letter;
    }
    return output_add(vm, out, text, (size_t)(end - text));
}

static bool expand(Vm *vm, Output *out, Value self, const struct tm *parts, const char *form,
                   ptrdiff_t len)
{
    bool ok = true;
    for (ptrdiff_t i = 0; ok && i < len; i++) {
        if (form[i] != '%') {
            ok = output_add(vm, out, form + i, 1);
        } else if (i + 2 < len && form[i + 1] == ':' && form[i + 2] == 'z') {
            ok = add_offset(vm, out, self, ":");
            i += 2;
        } else if (i + 1 < len) {
            ok = add_directive(vm, out, self, parts, form[++i]);
        } else {
            out->unfinished = true;
            ok = output_add(vm, out, "%", 1);
        }
    }
    return ok;
}

/* ---- the rest ---- */

/* What C's strftime() makes of the text from `from` on takes its place. */
static bool finish_segment(Vm *vm, Output *out, size_t from, const struct tm *parts)
{
    size_t len = out->len - from;
    char *form = memory_new(vm, len + 1);
    if (!form) return false;
    memcpy(form, out->data + from, len);
    form[len] = 0;
    out->len = from;
    bool ok = true;
    for (size_t room = 256;; room *= 4) { /* 0: no room, or nothing to say */
        if (!(ok = output_reserve(vm, out, room))) break;
        size_t made = strftime(out->data + from, room, form, parts);
        out->len = from + made;
        if (made || room > 256 * (len + 1)) break;
    }
    memory_free(form);
    return ok;
}

/* %% becomes %. */
static void finish_percents(Output *out, size_t from)
{
    size_t to = from;
    for (size_t i = from; i < out->len; i++) {
        out->data[to++] = out->data[i];
        i += out->data[i] == '%';
    }
    out->len = to;
}

/* What dst() says for tm_isdst. */
static bool ask_saving(Vm *vm, Value self, int *saving)
{
    *saving = -1;
    if (!is_moment(self) || is_none(as_moment(self)->zone)) return true;
    Ref dst = zone_ask(vm, as_moment(self)->zone, "dst", self);
    if (failed(dst)) return false;
    if (is_delta(dst)) *saving = delta_us(dst) != 0;
    decref(dst);
    return true;
}

static bool fill_parts(Vm *vm, Value self, struct tm *parts)
{
    Day day = is_clock(self) ? (Day){1900, 1, 1} : day_of(self);
    Clock clock = is_plain_date(self) ? (Clock){0} : as_moment(self)->clock;
    *parts = (struct tm){.tm_year = day.year - 1900,
                         .tm_mon = day.month - 1,
                         .tm_mday = day.day,
                         .tm_hour = clock.hour,
                         .tm_min = clock.minute,
                         .tm_sec = clock.second,
                         .tm_wday = (day_weekday(day) + 1) % 7,
                         .tm_yday = day_of_year(day) - 1};
    return ask_saving(vm, self, &parts->tm_isdst);
}

Ref moment_format(Vm *vm, Value self, Value form)
{
    struct tm parts;
    ptrdiff_t len;
    char *owned = NULL;
    if (!is_str(form))
        return throw(vm, TypeError, "strftime() argument 1 must be str, not %A", form);
    const char *text = str_utf8(vm, form, &len, &owned);
    if (!text || !fill_parts(vm, self, &parts)) {
        memory_free(owned);
        return FAIL;
    }
    Output out = {.data = out.own, .capacity = ROOM};
    bool ok = true;
    for (ptrdiff_t start = 0; ok && start <= len;) { /* a zero byte ends a text for C */
        size_t from = out.len;
        const char *zero = memchr(text + start, 0, (size_t)(len - start));
        ptrdiff_t end = zero ? zero - text : len;
        out.unfinished = false;
        ok = expand(vm, &out, self, &parts, text + start, end - start);
        if (ok && out.unfinished) ok = finish_segment(vm, &out, from, &parts);
        else if (ok) finish_percents(&out, from);
        if (ok && zero) ok = output_add(vm, &out, "", 1);
        start = end + 1;
    }
    Ref result = ok ? str_from_utf8(vm, out.data, (ptrdiff_t)out.len) : FAIL;
    output_close(&out);
    memory_free(owned);
    return result;
}

Ref format_special(Vm *vm, Value self, Value spec)
{
    if (!is_str(spec))
        return throw(vm, TypeError, "__format__() argument 1 must be str, not %A", spec);
    if (as_str(spec)->len == 0) return value_str(vm, self);
    if (is_own(type_of(vm, self))) return moment_format(vm, self, spec);
    return call_text(vm, self, "strftime", spec);
}

Ref day_struct_time(Vm *vm, Day day, Clock clock, int dst)
{
    const int fields[] = {day.year,         day.month,        day.day,
                          clock.hour,       clock.minute,     clock.second,
                          day_weekday(day), day_of_year(day), dst};
    Ref tuple = tuple_new(vm, 9), time = FAIL, out = FAIL;
    if (failed(tuple)) return FAIL;
    for (int i = 0; i < 9; i++) as_tuple(tuple)->items[i] = from_small(fields[i]);
    time = import_text(vm, "time");
    if (!failed(time)) out = call_text(vm, time, "struct_time", tuple);
    decref(time);
    decref(tuple);
    return out;
}
