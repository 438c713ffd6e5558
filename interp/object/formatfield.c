/* formatfield.c - the text of a replacement field, taken apart.
 *
 * Neighbours: strformat.c (str.format fills fields in), stdlib/_string.c (string.Formatter). */
/* SPDX-License-Identifier: MIT */
#include "object/formatfield.h"

#include "base/numtext.h"
#include "object/error.h"
#include "object/int.h"

/* The spec from *at on, up to the brace that closes the field. */
static bool scan_spec(Vm *vm, const Str *s, ptrdiff_t *at, ptrdiff_t end, FormatField *field)
{
    int depth = 1;
    field->spec = *at;
    while (*at < end) {
        uint32_t point = str_at(s, (*at)++);
        if (point == '{') {
            field->nested = true;
            depth++;
        } else if (point == '}' && --depth == 0) {
            field->spec_end = *at - 1;
            return true;
        }
    }
    throw(vm, ValueError, "unmatched '{' in format spec");
    return false;
}

bool format_scan_field(Vm *vm, const Str *s, ptrdiff_t *at, ptrdiff_t end, FormatField *field)
{
    uint32_t point = 0;
    *field = (FormatField){.name = *at};
    while (*at < end) {
        point = str_at(s, (*at)++);
        if (point == '{') {
            throw(vm, ValueError, "unexpected '{' in field name");
            return false;
        }
        if (point == '[')
            while (*at < end && str_at(s, *at) != ']') (*at)++;
        if (point == '}' || point == ':' || point == '!') break;
    }
    field->name_end = *at - 1;
    if (point == '}') return true;
    if (point == '!') {
        if (*at >= end) {
            throw(vm, ValueError, "end of string while looking for conversion specifier");
            return false;
        }
        field->conversion = str_at(s, (*at)++);
        if (*at < end) {
            point = str_at(s, (*at)++);
            if (point == '}') return true;
            if (point != ':') {
                throw(vm, ValueError, "expected ':' after conversion specifier");
                return false;
            }
        }
    } else if (point != ':') {
        throw(vm, ValueError, "expected '}' before end of string");
        return false;
    }
    return scan_spec(vm, s, at, end, field);
}

ptrdiff_t format_number(Vm *vm, const Str *s, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t n = 0;
    if (start == end) return -1;
    for (ptrdiff_t i = start; i < end; i++) {
        uint32_t point = str_at(s, i);
        int digit = point - '0' < 10 ? (int)(point - '0') : point_digit(point);
        if (digit < 0) return -1;
        if (n > (PTRDIFF_MAX - digit) / 10) {
            throw(vm, ValueError, "Too many decimal digits in format string");
            return -2;
        }
        n = n * 10 + digit;
    }
    return n;
}

Ref format_key(Vm *vm, Value text, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t n = format_number(vm, as_str(text), start, end);
    if (n == -2) return FAIL;
    return n >= 0 ? from_int64(vm, n) : str_slice(vm, text, start, end);
}

ptrdiff_t format_find_step(const Str *s, ptrdiff_t i, ptrdiff_t end)
{
    while (i < end && str_at(s, i) != '.' && str_at(s, i) != '[') i++;
    return i;
}

bool format_scan_step(Vm *vm, const Str *s, ptrdiff_t *at, ptrdiff_t end, FormatStep *step)
{
    uint32_t sign = str_at(s, (*at)++);
    ptrdiff_t i = *at;
    const char *wrong = NULL;
    *step = (FormatStep){.start = i, .item = sign == '['};
    if (step->item) {
        while (i < end && str_at(s, i) != ']') i++;
        if (i == end) wrong = "Missing ']' in format string";
        *at = i < end ? i + 1 : end;
    } else if (sign == '.') {
        *at = i = format_find_step(s, i, end);
    } else {
        wrong = "Only '.' or '[' may follow ']' in format field specifier";
    }
    step->end = i;
    if (!wrong && i == step->start) wrong = "Empty attribute in format string";
    if (wrong) throw(vm, ValueError, "%s", wrong);
    return !wrong;
}
