/* numberformat.c - format(number, spec).
 *
 * A number is laid out as   fill  sign prefix  fill  digits rest  fill   where only one of the
 * fills is used, `digits` is the integer part, which grouping may spread out, and `rest`
 * everything after it. All but the fill is ASCII.
 * Neighbours: base/numtext.h (digits of doubles), inttext.c (of ints), str.c (the same parser for
 * str). */
/* SPDX-License-Identifier: MIT */
#include "object/numberformat.h"

#include <limits.h>

#include "base/copy.h"
#include "base/numtext.h"
#include "object/complex.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/number.h"
#include "object/str.h"

/* ---- the specification ---- */

Ref format_unknown_code(Vm *vm, uint32_t code, Value self)
{
    if (code > 32 && code < 128)
        return throw(vm, ValueError, "Unknown format code '%c' for object of type '%T'", (int)code,
                     self);
    return throw(vm, ValueError, "Unknown format code '\\x%x' for object of type '%T'", (int)code,
                 self);
}

typedef struct SpecReader {
    const Str *text;
    ptrdiff_t next, end;
} SpecReader;

static inline uint32_t peek(const SpecReader *reader, ptrdiff_t ahead)
{
    ptrdiff_t i = reader->next + ahead;
    return i < reader->end ? str_at(reader->text, i) : 0;
}

static inline bool accept(SpecReader *reader, uint32_t point)
{
    if (reader->next >= reader->end || str_at(reader->text, reader->next) != point) return false;
    reader->next++;
    return true;
}

static inline bool is_align(uint32_t point)
{
    return point == '<' || point == '>' || point == '=' || point == '^';
}

/* A run of decimal digits; *n stays -1 when there is none. */
static inline bool read_number(Vm *vm, SpecReader *reader, ptrdiff_t *n)
{
    *n = -1;
    for (; reader->next < reader->end; reader->next++) {
        uint32_t point = peek(reader, 0);
        int digit = point < 128 ? (point - '0' < 10 ? (int)(point - '0') : -1) : point_digit(point);
        if (digit < 0) break;
        if (*n < 0) *n = 0;
        if (*n > (PTRDIFF_MAX - digit) / 10) {
            throw(vm, ValueError, "Too many decimal digits in format string");
            return false;
        }
        *n = *n * 10 + digit;
    }
    return true;
}

static inline bool read_grouping(Vm *vm, SpecReader *reader, char *grouping)
{
    if (accept(reader, ',')) *grouping = ',';
    bool underscore = accept(reader, '_');
    if ((underscore && *grouping) || (underscore && peek(reader, 0) == ',')) {
        throw(vm, ValueError, "Cannot specify both ',' and '_'.");
        return false;
    }
    if (underscore) *grouping = '_';
    return true;
}

static inline void read_fill_and_align(SpecReader *reader, FormatSpec *out)
{
    if (is_align(peek(reader, 1))) {
        out->fill = peek(reader, 0);
        out->align = (char)peek(reader, 1);
        out->fill_given = out->align_given = true;
        reader->next += 2;
    } else if (is_align(peek(reader, 0))) {
        out->align = (char)peek(reader, 0);
        out->align_given = true;
        reader->next++;
    }
}

static bool read_precision(Vm *vm, SpecReader *reader, FormatSpec *out)
{
    if (!accept(reader, '.')) return true;
    if (!read_number(vm, reader, &out->precision)) return false;
    if (!read_grouping(vm, reader, &out->fraction_grouping)) return false;
    if (out->precision >= 0 || out->fraction_grouping) return true;
    throw(vm, ValueError, "Format specifier missing precision");
    return false;
}

/* Grouping goes with some types only. */
static bool check_grouping(Vm *vm, const FormatSpec *spec)
{
    uint32_t type = spec->type;
    if (!spec->grouping && !spec->fraction_grouping) return true;
    bool floating = type == 0 || (type < 128 && strchr("eEfFgG%", (int)type));
    bool binary = type && type < 128 && strchr("boxX", (int)type);
    bool wrong = spec->grouping && !floating && type != 'd' && !(binary && spec->grouping == '_');
    char separator = spec->grouping;
    if (!wrong && spec->fraction_grouping && !floating) {
        wrong = true;
        separator = spec->fraction_grouping;
    }
    if (!wrong) return true;
    if (type > 32 && type < 128)
        throw(vm, ValueError, "Cannot specify '%c' with '%c'.", separator, (int)type);
    else throw(vm, ValueError, "Cannot specify '%c' with '\\x%x'.", separator, (int)type);
    return false;
}

bool format_spec_parse(Vm *vm, SpecText spec, Value self, char default_type, char default_align,
                       FormatSpec *out)
{
    SpecReader reader = {as_str(spec.text), spec.start, spec.end};
    *out = (FormatSpec){.fill = ' ',
                        .align = default_align,
                        .width = -1,
                        .precision = -1,
                        .type = (uint8_t)default_type};
    read_fill_and_align(&reader, out);
    uint32_t sign = peek(&reader, 0);
    if (sign == '+' || sign == '-' || sign == ' ') {
        out->sign = (char)sign;
        reader.next++;
    }
    out->no_negative_zero = accept(&reader, 'z');
    out->alternate = accept(&reader, '#');
    if (!out->fill_given && accept(&reader, '0')) {
        out->fill = '0';
        out->zero = true;
        if (!out->align_given && default_align == '>') out->align = '=';
    }
    if (!read_number(vm, &reader, &out->width)) return false;
    if (!read_grouping(vm, &reader, &out->grouping)) return false;
    if (!read_precision(vm, &reader, out)) return false;
    ptrdiff_t left = reader.end - reader.next;
    if (left > 1) {
        Ref shown = str_slice(vm, spec.text, spec.start, spec.end);
        if (!failed(shown))
            throw(vm, ValueError, "Invalid format specifier '%S' for object of type '%T'",
                  (Value)shown, self);
        decref(shown);
        return false;
    }
    if (left == 1) out->type = peek(&reader, 0);
    return check_grouping(vm, out);
}

/* ---- padding ---- */

Ref format_pad(Vm *vm, const FormatSpec *spec, Value v)
{
    const Str *text = as_str(v);
    ptrdiff_t padding = spec->width - text->len;
    if (padding <= 0) return newref(v);
    ptrdiff_t before = spec->align == '<' ? 0 : spec->align == '^' ? padding / 2 : padding;
    if (spec->width == 1) return str_from_char(vm, spec->fill);
    Ref out = str_new(vm, spec->width, str_limit(text) | spec->fill);
    if (failed(out)) return FAIL;
    Str *padded = as_str(out);
    points_fill(padded->data, padded->width, 0, spec->fill, before);
    points_copy(padded->data, padded->width, before, text, 0, text->len);
    points_fill(padded->data, padded->width, before + text->len, spec->fill, padding - before);
    return out;
}

bool format_pad_into(Vm *vm, StrBuilder *out, const FormatSpec *spec, Value text, ptrdiff_t len)
{
    ptrdiff_t padding = spec->width > len ? spec->width - len : 0;
    ptrdiff_t before = spec->align == '<' ? 0 : spec->align == '^' ? padding / 2 : padding;
    return builder_fill(vm, out, spec->fill, before) && builder_slice(vm, out, text, 0, len) &&
           builder_fill(vm, out, spec->fill, padding - before);
}

/* ---- layout of a number ---- */

typedef struct Parts {
    char head[4]; /* sign and prefix */
    int head_len;
    const char *digits;    /* the integer part; behind it point, fraction, exponent, percent sign */
    ptrdiff_t digit_count; /* of the integer part: none for inf and nan */
    ptrdiff_t len;         /* of all */
    int group;             /* digits in a group of the integer part: 3 or 4 */
} Parts;

/* The integer digits with separators, and zeros on the left up to min_width, written backwards
 * from end. */
static char *group_digits(const Parts *parts, char separator, ptrdiff_t min_width, char *end)
{
    char *out = end;
    ptrdiff_t left = parts->digit_count, written = 0;
    int in_group = 0;
    while (left > 0 || written < min_width) {
        if (separator && in_group == parts->group) {
            *--out = separator;
            written++;
            in_group = 0;
            if (left <= 0 && written == min_width) min_width++; /* a separator never leads */
            continue;
        }
        *--out = left > 0 ? parts->digits[--left] : '0';
        in_group++;
        written++;
    }
    return out;
}

/* rest with separators between every three digits of its fraction; where it ends. */
static char *group_fraction(const char *rest, ptrdiff_t len, char separator, char *out)
{
    ptrdiff_t i = 0;
    int in_group = 0;
    if (separator && len > 0 && rest[0] == '.') {
        *out++ = rest[i++];
        for (; i < len && rest[i] >= '0' && rest[i] <= '9'; i++) {
            if (in_group == 3) {
                *out++ = separator;
                in_group = 0;
            }
            *out++ = rest[i];
            in_group++;
        }
    }
    memcpy(out, rest + i, (size_t)(len - i));
    return out + (len - i);
}

/* Adds the head and the text behind it, padded by spec. */
static bool put_padded(Vm *vm, StrBuilder *out, const FormatSpec *spec, const Parts *parts,
                       const char *text, ptrdiff_t len)
{
    ptrdiff_t padding = spec->width - parts->head_len - len, before = 0, inside = 0;
    if (padding < 0) padding = 0;
    if (spec->align == '>') before = padding;
    else if (spec->align == '^') before = padding / 2;
    else if (spec->align == '=') inside = padding;
    ptrdiff_t after = padding - before - inside;
    if (spec->fill > 127 || padding > (ptrdiff_t)sizeof out->few ||
        !builder_has_room(out, parts->head_len + len + padding))
        return builder_fill(vm, out, spec->fill, before) &&
               builder_ascii(vm, out, parts->head, parts->head_len) &&
               builder_fill(vm, out, spec->fill, inside) && builder_ascii(vm, out, text, len) &&
               builder_fill(vm, out, spec->fill, after);
    char *to = fill_few(out->data + out->len, (char)spec->fill, before);
    for (int i = 0; i < parts->head_len; i++) *to++ = parts->head[i];
    to = fill_few(to, (char)spec->fill, inside);
    to = copy_few(to, text, (size_t)len);
    fill_few(to, (char)spec->fill, after);
    out->len += parts->head_len + len + padding;
    return true;
}

/* Adds a number with separators between its groups of digits. */
static bool lay_out_grouped(Vm *vm, StrBuilder *out, const FormatSpec *spec, const Parts *parts)
{
    bool zeros = spec->fill == '0' && spec->align == '=';
    ptrdiff_t room = 2 * parts->len + 16, rest_len = parts->len - parts->digit_count;
    if (zeros && spec->width > 0) {
        if (spec->width > PTRDIFF_MAX / 4) {
            throw_no_memory(vm);
            return false;
        }
        room += spec->width + 1;
    }
    char small[256], *buffer = small;
    if (room * 2 > (ptrdiff_t)sizeof small && !(buffer = memory_new(vm, (size_t)room * 2)))
        return false;
    char *tail = buffer + room; /* digits end here, the rest begins */
    char *end =
        group_fraction(parts->digits + parts->digit_count, rest_len, spec->fraction_grouping, tail);
    ptrdiff_t min_width =
        zeros && parts->digit_count ? spec->width - parts->head_len - (end - tail) : 0;
    char *start = group_digits(parts, spec->grouping, min_width, tail);
    bool ok = put_padded(vm, out, spec, parts, start, end - start);
    if (buffer != small) memory_free(buffer);
    return ok;
}

/* Adds a number by spec. */
static bool lay_out(Vm *vm, StrBuilder *out, const FormatSpec *spec, const Parts *parts)
{
    if (spec->grouping || spec->fraction_grouping) return lay_out_grouped(vm, out, spec, parts);
    return put_padded(vm, out, spec, parts, parts->digits, parts->len);
}

static inline void put_sign(Parts *parts, bool negative, char sign)
{
    char mark = negative ? '-' : sign == '+' || sign == ' ' ? sign : '\0';
    if (mark) parts->head[parts->head_len++] = mark;
}

/* ---- ints ---- */

static bool add_char(Vm *vm, StrBuilder *out, const FormatSpec *spec, Value self)
{
    int overflow;
    int64_t point = int_value(self, &overflow);
    if (spec->sign) {
        throw(vm, ValueError, "Sign not allowed with integer format specifier 'c'");
        return false;
    }
    if (spec->alternate) {
        throw(vm, ValueError, "Alternate form (#) not allowed with integer format specifier 'c'");
        return false;
    }
    if (overflow || point < 0 || point > 0x10ffff) {
        throw(vm, OverflowError,
              overflow ? "Python int too large to convert to C long"
                       : "%%c arg not in range(0x110000)");
        return false;
    }
    Ref text = str_from_char(vm, (uint32_t)point);
    bool ok = !failed(text) && format_pad_into(vm, out, spec, text, 1);
    decref(text);
    return ok;
}

static bool add_integer(Vm *vm, StrBuilder *out, const FormatSpec *spec, Value self)
{
    uint32_t type = spec->type;
    if (spec->precision >= 0 || spec->no_negative_zero) {
        throw(vm, ValueError,
              spec->precision >= 0
                  ? "Precision not allowed in integer format specifier"
                  : "Negative zero coercion (z) not allowed in integer format specifier");
        return false;
    }
    if (type == 'c') return add_char(vm, out, spec, self);
    int base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    char few[INT_DIGITS_FEW];
    ptrdiff_t len;
    Ref owned;
    char *digits = int_digits(vm, self, base, few, &len, &owned);
    if (!digits) return false;
    bool negative = digits[0] == '-';
    if (type == 'X')
        for (ptrdiff_t i = 0; i < len; i++) digits[i] -= digits[i] >= 'a' ? 32 : 0;
    Parts parts = {.digits = digits + negative,
                   .digit_count = len - negative,
                   .len = len - negative,
                   .group = base == 10 ? 3 : 4};
    put_sign(&parts, negative, spec->sign);
    if (spec->alternate && base != 10) {
        parts.head[parts.head_len++] = '0';
        parts.head[parts.head_len++] = (char)type;
    }
    bool ok = lay_out(vm, out, spec, &parts);
    decref(owned);
    return ok;
}

/* ---- floats ---- */

/* Makes 1e+16 into 1.e+16; the new length. */
static int force_point(char *text, int len)
{
    int i = 0;
    while (i < len && text[i] != '.' && text[i] != 'e' && text[i] != 'E') i++;
    if (i < len && text[i] == '.') return len;
    memmove(text + i + 1, text + i, (size_t)(len - i + 1));
    text[i] = '.';
    return len + 1;
}

/* Does text (digits, point, exponent) show nothing but zeros? */
static bool shows_zero(const char *text)
{
    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if ((*text >= '1' && *text <= '9') || *text == 'i' || *text == 'n' || *text == 'I' ||
            *text == 'N')
            return false;
    }
    return true;
}

/* One double as text, in a buffer of double_format_size(precision) + 8 bytes: no sign; parts
 * filled in. kind is a double_format type, or 'R': the shortest text without ".0". */
static void write_double(const FormatSpec *spec, double number, char kind, int precision,
                         char *buffer, Parts *parts)
{
    double magnitude = spec->type == '%' ? number * 100 : number;
    char type = kind == 'R' ? 'r' : kind;
    int len = double_format(fabs(magnitude), type, precision, spec->alternate, buffer);
    bool finite = isfinite(magnitude);
    if (kind == 'R' && len > 2 && memcmp(buffer + len - 2, ".0", 3) == 0) buffer[len -= 2] = '\0';
    if (spec->alternate && finite) len = force_point(buffer, len);
    bool negative = signbit(magnitude) && !isnan(magnitude);
    if (spec->no_negative_zero && shows_zero(buffer)) negative = false;
    if (spec->type == '%') {
        buffer[len++] = '%';
        buffer[len] = '\0';
    }
    ptrdiff_t digits = 0;
    while (buffer[digits] >= '0' && buffer[digits] <= '9') digits++;
    *parts = (Parts){.digits = buffer, .digit_count = digits, .len = len, .group = 3};
    put_sign(parts, negative, spec->sign);
}

static bool check_precision(Vm *vm, const FormatSpec *spec)
{
    if (spec->precision <= INT_MAX) return true;
    throw(vm, ValueError, "precision too big");
    return false;
}

static char *double_buffer(Vm *vm, int precision, char *small, size_t small_size)
{
    size_t size = double_format_size(precision) + 8;
    return size <= small_size ? small : memory_new(vm, size);
}

static bool add_double(Vm *vm, StrBuilder *out, const FormatSpec *spec, double number)
{
    if (!check_precision(vm, spec)) return false;
    int precision = (int)spec->precision;
    char kind = spec->type == 0     ? 'r'
                : spec->type == '%' ? 'f'
                : spec->type == 'n' ? 'g'
                                    : (char)spec->type;
    char small[512];
    char *buffer = double_buffer(vm, precision, small, sizeof small);
    if (!buffer) return false;
    Parts parts;
    write_double(spec, number, kind, precision, buffer, &parts);
    bool ok = lay_out(vm, out, spec, &parts);
    if (buffer != small) memory_free(buffer);
    return ok;
}

static bool is_float_code(uint32_t type)
{
    switch (type) {
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'n':
    case '%': return true;
    default: return false;
    }
}

static bool is_int_code(uint32_t type)
{
    switch (type) {
    case 'b':
    case 'c':
    case 'd':
    case 'o':
    case 'x':
    case 'X':
    case 'n': return true;
    default: return false;
    }
}

bool int_format_into(Vm *vm, StrBuilder *out, Value self, SpecText spec)
{
    FormatSpec parsed;
    if (!format_spec_parse(vm, spec, self, 'd', '>', &parsed)) return false;
    if (is_int_code(parsed.type)) return add_integer(vm, out, &parsed, self);
    if (!is_float_code(parsed.type)) {
        format_unknown_code(vm, parsed.type, self);
        return false;
    }
    bool ok;
    double number = int_to_double(vm, self, &ok);
    return ok && add_double(vm, out, &parsed, number);
}

bool float_format_into(Vm *vm, StrBuilder *out, Value self, SpecText spec)
{
    FormatSpec parsed;
    if (!format_spec_parse(vm, spec, self, 0, '>', &parsed)) return false;
    if (!parsed.type || is_float_code(parsed.type))
        return add_double(vm, out, &parsed, float_value(self));
    format_unknown_code(vm, parsed.type, self);
    return false;
}

Ref int_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len == 0) return value_str(vm, self);
    StrBuilder out;
    builder_open(&out);
    if (int_format_into(vm, &out, self, spec_text(spec))) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}

Ref float_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len == 0) return value_str(vm, self);
    StrBuilder out;
    builder_open(&out);
    if (float_format_into(vm, &out, self, spec_text(spec))) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}

/* ---- complex ---- */

/* One part of a complex number, unpadded; owned str. */
static Ref format_part(Vm *vm, const FormatSpec *spec, double number, char kind, int precision,
                       char sign)
{
    FormatSpec bare = *spec;
    bare.width = -1;
    bare.fill = ' ';
    bare.align = '<';
    bare.sign = sign;
    char small[512];
    char *buffer = double_buffer(vm, precision, small, sizeof small);
    if (!buffer) return FAIL;
    Parts parts;
    write_double(&bare, number, kind, precision, buffer, &parts);
    StrBuilder out;
    builder_open(&out);
    Ref text = FAIL;
    if (lay_out(vm, &out, &bare, &parts)) text = builder_finish(vm, &out);
    else builder_close(&out);
    if (buffer != small) memory_free(buffer);
    return text;
}

Ref complex_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len == 0) return value_str(vm, self);
    FormatSpec parsed;
    if (!format_spec_parse(vm, spec_text(spec), self, 0, '>', &parsed)) return FAIL;
    uint32_t type = parsed.type;
    if (type == '%' || (type && !is_float_code(type))) return format_unknown_code(vm, type, self);
    if (parsed.fill == '0')
        return throw(vm, ValueError, "Zero padding is not allowed in complex format specifier");
    if (parsed.align == '=')
        return throw(vm, ValueError,
                     "'=' alignment flag is not allowed in complex format specifier");
    if (!check_precision(vm, &parsed)) return FAIL;
    const Complex *number = as_complex(self);
    int precision = (int)parsed.precision;
    bool plain = type == 0;
    char kind = !plain ? (type == 'n' ? 'g' : (char)type) : precision < 0 ? 'R' : 'g';
    bool only_imaginary = plain && number->real == 0 && !signbit(number->real);
    Ref real = UNDEF, whole = FAIL;
    Ref imaginary =
        format_part(vm, &parsed, number->imag, kind, precision, only_imaginary ? parsed.sign : '+');
    if (!failed(imaginary) && !only_imaginary)
        real = format_part(vm, &parsed, number->real, kind, precision, parsed.sign);
    if (!failed(imaginary) && !failed(real)) {
        if (only_imaginary) whole = format_text(vm, "%Sj", (Value)imaginary);
        else whole = format_text(vm, plain ? "(%S%Sj)" : "%S%Sj", (Value)real, (Value)imaginary);
        if (!failed(whole)) replace(&whole, format_pad(vm, &parsed, whole));
    }
    decref(real);
    decref(imaginary);
    return whole;
}
