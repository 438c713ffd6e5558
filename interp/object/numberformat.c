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
    ptrdiff_t next;
} SpecReader;

static uint32_t peek(const SpecReader *reader, ptrdiff_t ahead)
{
    ptrdiff_t i = reader->next + ahead;
    return i < reader->text->len ? str_at(reader->text, i) : 0;
}

static bool accept(SpecReader *reader, uint32_t point)
{
    if (reader->next >= reader->text->len || str_at(reader->text, reader->next) != point)
        return false;
    reader->next++;
    return true;
}

static bool is_align(uint32_t point)
{
    return point == '<' || point == '>' || point == '=' || point == '^';
}

/* A run of decimal digits; *n stays -1 when there is none. */
static bool read_number(Vm *vm, SpecReader *reader, ptrdiff_t *n)
{
    *n = -1;
    for (; reader->next < reader->text->len; reader->next++) {
        int digit = point_digit(peek(reader, 0));
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

static bool read_grouping(Vm *vm, SpecReader *reader, char *grouping)
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

static void read_fill_and_align(SpecReader *reader, FormatSpec *out)
{
    if (reader->text->len >= 2 && is_align(peek(reader, 1))) {
        out->fill = peek(reader, 0);
        out->align = (char)peek(reader, 1);
        out->fill_given = out->align_given = true;
        reader->next = 2;
    } else if (is_align(peek(reader, 0))) {
        out->align = (char)peek(reader, 0);
        out->align_given = true;
        reader->next = 1;
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

bool format_spec_parse(Vm *vm, Value spec, Value self, char default_type, char default_align,
                       FormatSpec *out)
{
    SpecReader reader = {as_str(spec), 0};
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
    ptrdiff_t left = reader.text->len - reader.next;
    if (left > 1) {
        throw(vm, ValueError, "Invalid format specifier '%S' for object of type '%T'", spec, self);
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

/* ---- layout of a number ---- */

typedef struct Parts {
    char head[4];       /* sign and prefix */
    const char *digits; /* the integer part */
    ptrdiff_t digit_count;
    const char *rest; /* point, fraction, exponent, percent sign; inf and nan */
    ptrdiff_t rest_len;
    int group; /* digits in a group of the integer part: 3 or 4 */
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

/* The text of a number by spec. */
static Ref lay_out(Vm *vm, const FormatSpec *spec, const Parts *parts)
{
    ptrdiff_t head_len = (ptrdiff_t)strlen(parts->head);
    bool zeros = spec->fill == '0' && spec->align == '=';
    ptrdiff_t room = 2 * (parts->digit_count + parts->rest_len) + 16;
    if (zeros && spec->width > 0) {
        if (spec->width > PTRDIFF_MAX / 4) return throw_no_memory(vm);
        room += spec->width + 1;
    }
    char small[256], *buffer = small;
    if (room * 2 > (ptrdiff_t)sizeof small && !(buffer = memory_new(vm, (size_t)room * 2)))
        return FAIL;
    char *tail = buffer + room; /* digits end here, rest begins */
    char *end = group_fraction(parts->rest, parts->rest_len, spec->fraction_grouping, tail);
    ptrdiff_t min_width = zeros && parts->digit_count ? spec->width - head_len - (end - tail) : 0;
    char *start = group_digits(parts, spec->grouping, min_width, tail);
    ptrdiff_t padding = spec->width - head_len - (end - start);
    Ref result = FAIL;
    if (padding <= 0) {
        start -= head_len;
        memcpy(start, parts->head, (size_t)head_len);
        result = str_from_ascii(vm, start, end - start);
    } else {
        ptrdiff_t before = spec->align == '>' ? padding : spec->align == '^' ? padding / 2 : 0;
        ptrdiff_t inside = spec->align == '=' ? padding : 0;
        StrBuilder builder;
        builder_open(&builder);
        if (builder_fill(vm, &builder, spec->fill, before) &&
            builder_ascii(vm, &builder, parts->head, head_len) &&
            builder_fill(vm, &builder, spec->fill, inside) &&
            builder_ascii(vm, &builder, start, end - start) &&
            builder_fill(vm, &builder, spec->fill, padding - before - inside))
            result = builder_finish(vm, &builder);
        else builder_close(&builder);
    }
    if (buffer != small) memory_free(buffer);
    return result;
}

static void put_sign(Parts *parts, bool negative, char sign)
{
    char mark = negative ? '-' : sign == '+' || sign == ' ' ? sign : '\0';
    parts->head[0] = mark;
    parts->head[1] = '\0';
}

/* ---- ints ---- */

static Ref format_char(Vm *vm, const FormatSpec *spec, Value self)
{
    int overflow;
    int64_t point = int_value(self, &overflow);
    if (spec->sign)
        return throw(vm, ValueError, "Sign not allowed with integer format specifier 'c'");
    if (spec->alternate)
        return throw(vm, ValueError,
                     "Alternate form (#) not allowed with integer format specifier 'c'");
    if (overflow || point < 0 || point > 0x10ffff)
        return throw(vm, OverflowError, "%%c arg not in range(0x110000)");
    Ref text = str_from_char(vm, (uint32_t)point);
    if (failed(text)) return FAIL;
    Ref padded = format_pad(vm, spec, text);
    decref(text);
    return padded;
}

static Ref format_integer(Vm *vm, const FormatSpec *spec, Value self)
{
    if (spec->precision >= 0)
        return throw(vm, ValueError, "Precision not allowed in integer format specifier");
    if (spec->no_negative_zero)
        return throw(vm, ValueError,
                     "Negative zero coercion (z) not allowed in integer format specifier");
    if (spec->type == 'c') return format_char(vm, spec, self);
    uint32_t type = spec->type;
    int base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    char few[INT_DIGITS_FEW];
    ptrdiff_t len;
    Ref owned;
    char *digits = int_digits(vm, self, base, few, &len, &owned);
    if (!digits) return FAIL;
    bool negative = digits[0] == '-';
    if (type == 'X')
        for (ptrdiff_t i = 0; i < len; i++) digits[i] -= digits[i] >= 'a' ? 32 : 0;
    Parts parts = {.digits = digits + negative,
                   .digit_count = len - negative,
                   .rest = "",
                   .group = base == 10 ? 3 : 4};
    put_sign(&parts, negative, spec->sign);
    if (spec->alternate && base != 10) {
        size_t at = strlen(parts.head);
        parts.head[at] = '0';
        parts.head[at + 1] = (char)type;
        parts.head[at + 2] = '\0';
    }
    Ref result = lay_out(vm, spec, &parts);
    decref(owned);
    return result;
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
    *parts = (Parts){.digits = buffer,
                     .digit_count = digits,
                     .rest = buffer + digits,
                     .rest_len = len - digits,
                     .group = 3};
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

static Ref format_double(Vm *vm, const FormatSpec *spec, double number)
{
    if (!check_precision(vm, spec)) return FAIL;
    int precision = (int)spec->precision;
    char kind = spec->type == 0     ? 'r'
                : spec->type == '%' ? 'f'
                : spec->type == 'n' ? 'g'
                                    : (char)spec->type;
    char small[512];
    char *buffer = double_buffer(vm, precision, small, sizeof small);
    if (!buffer) return FAIL;
    Parts parts;
    write_double(spec, number, kind, precision, buffer, &parts);
    Ref result = lay_out(vm, spec, &parts);
    if (buffer != small) memory_free(buffer);
    return result;
}

static bool is_float_code(uint32_t type)
{
    return type && type < 128 && strchr("eEfFgGn%", (int)type);
}

Ref int_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len == 0) return value_str(vm, self);
    FormatSpec parsed;
    if (!format_spec_parse(vm, spec, self, 'd', '>', &parsed)) return FAIL;
    uint32_t type = parsed.type;
    if (type < 128 && type && strchr("bcdoxXn", (int)type))
        return format_integer(vm, &parsed, self);
    if (!is_float_code(type)) return format_unknown_code(vm, type, self);
    bool ok;
    double number = int_to_double(vm, self, &ok);
    return ok ? format_double(vm, &parsed, number) : FAIL;
}

Ref float_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len == 0) return value_str(vm, self);
    FormatSpec parsed;
    if (!format_spec_parse(vm, spec, self, 0, '>', &parsed)) return FAIL;
    if (parsed.type && !is_float_code(parsed.type))
        return format_unknown_code(vm, parsed.type, self);
    return format_double(vm, &parsed, float_value(self));
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
    Ref text = lay_out(vm, &bare, &parts);
    if (buffer != small) memory_free(buffer);
    return text;
}

Ref complex_format(Vm *vm, Value self, Value spec)
{
    if (as_str(spec)->len == 0) return value_str(vm, self);
    FormatSpec parsed;
    if (!format_spec_parse(vm, spec, self, 0, '>', &parsed)) return FAIL;
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
