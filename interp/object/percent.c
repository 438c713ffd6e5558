/* percent.c - the % operator of str and bytes.
 *
 *   %[(key)][flags][width][.precision][h|l|L]type
 *
 * Bytes are formatted as text whose points are the bytes, with conversions of their own for %s, %b
 * and %c. Neighbours: strformat.c (str.format), base/numtext.h (doubles). */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>

#include "base/numtext.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/char.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct Percent {
    Vm *vm;
    Value format;
    const Str *text;
    ptrdiff_t at;    /* next point of the format */
    bool bytes;      /* formatting bytes */
    Value args;      /* the right operand */
    ptrdiff_t taken; /* positional arguments used */
    ptrdiff_t given; /* how many there are; -1: args is one argument, not taken; -2: taken */
    bool is_mapping; /* %(key) may be asked of args */
    Ref keyed;       /* the value of the last %(key), owned; UNDEF */
    StrBuilder *out;
} Percent;

typedef struct Conversion {
    bool left, plus, blank, alternate, zero; /* - + ' ' # 0 */
    ptrdiff_t width, precision;              /* -1: not given */
    uint32_t type;
} Conversion;

/* The next argument, borrowed; FAIL: raised. */
static Value next_argument(Percent *p)
{
    if (!absent(p->keyed)) return p->keyed;
    if (p->given >= 0 && p->taken < p->given) return tuple_at(p->args, p->taken++);
    if (p->given == -1) {
        p->given = -2;
        return p->args;
    }
    return throw(p->vm, TypeError, "not enough arguments for format string");
}

/* --- reading a conversion -------------------------------------------------------------------- */

static bool at_end(const Percent *p) { return p->at >= p->text->len; }
static uint32_t here(const Percent *p) { return str_at(p->text, p->at); }

/* After "%(": looks the key up. */
static bool read_key(Percent *p)
{
    Vm *vm = p->vm;
    if (!p->is_mapping) {
        throw(vm, TypeError, "format requires a mapping");
        return false;
    }
    ptrdiff_t start = ++p->at;
    int depth = 1;
    for (; !at_end(p); p->at++) {
        if (here(p) == '(') depth++;
        if (here(p) == ')' && --depth == 0) break;
    }
    if (at_end(p)) {
        throw(vm, ValueError, "incomplete format key");
        return false;
    }
    Ref key = str_slice(vm, p->format, start, p->at++);
    if (!failed(key) && p->bytes) replace(&key, codec_encode(vm, key, "latin-1", NULL));
    if (failed(key)) return false;
    Ref found = value_get_item(vm, p->args, key);
    decref(key);
    if (failed(found)) return false;
    replace(&p->keyed, found);
    p->given = -2; /* the mapping itself is no argument any more */
    return true;
}

/* A number, or * for the next argument; -1: there is none.  false: raised. */
static bool read_number(Percent *p, const char *name, ptrdiff_t *n)
{
    Vm *vm = p->vm;
    *n = -1;
    if (at_end(p)) return true;
    if (here(p) == '*') {
        p->at++;
        if (!absent(p->keyed)) {
            throw(vm, TypeError, "not enough arguments for format string");
            return false;
        }
        Value v = next_argument(p);
        int overflow;
        if (failed(v)) return false;
        if (!is_any_int(v)) {
            throw(vm, TypeError, "* wants int");
            return false;
        }
        int64_t number = int_value(v, &overflow);
        if (overflow || number > INT_MAX || number < -INT_MAX) {
            throw(vm, OverflowError, "Python int too large to convert to C int");
            return false;
        }
        *n = number; /* a negative width means '-' */
        return true;
    }
    for (; !at_end(p) && here(p) - '0' < 10; p->at++) {
        if (*n < 0) *n = 0;
        *n = *n * 10 + (ptrdiff_t)(here(p) - '0');
        if (*n > INT_MAX) {
            throw(vm, ValueError, "%s too big", name);
            return false;
        }
    }
    return true;
}

static void read_flags(Percent *p, Conversion *c)
{
    for (; !at_end(p); p->at++) {
        switch (here(p)) {
        case '-': c->left = true; break;
        case '+': c->plus = true; break;
        case ' ': c->blank = true; break;
        case '#': c->alternate = true; break;
        case '0': c->zero = true; break;
        default: return;
        }
    }
}

/* After the percent sign. */
static bool read_conversion(Percent *p, Conversion *c)
{
    *c = (Conversion){.width = -1, .precision = -1};
    clear(&p->keyed);
    if (!at_end(p) && (here(p) == 's' || here(p) == 'd')) { /* mostly it is no more than that */
        c->type = here(p);
        p->at++;
        return true;
    }
    if (!at_end(p) && here(p) == '(' && !read_key(p)) return false;
    read_flags(p, c);
    bool starred = !at_end(p) && here(p) == '*';
    if (!read_number(p, "width", &c->width)) return false;
    if (starred && c->width < 0) {
        c->left = true;
        c->width = -c->width;
    }
    if (!at_end(p) && here(p) == '.') {
        p->at++;
        if (!read_number(p, p->bytes ? "prec" : "precision", &c->precision)) return false;
        if (c->precision < 0) c->precision = 0;
    }
    if (!at_end(p) && (here(p) == 'h' || here(p) == 'l' || here(p) == 'L')) p->at++;
    if (at_end(p)) {
        throw(p->vm, ValueError, "incomplete format");
        return false;
    }
    c->type = here(p);
    p->at++;
    return true;
}

/* --- writing --------------------------------------------------------------------------------- */

/* How many places the width leaves to fill. */
static ptrdiff_t missing_places(const Conversion *c, ptrdiff_t len)
{
    return c->width > len ? c->width - len : 0;
}

static bool put(Percent *p, const Conversion *c, Value body)
{
    ptrdiff_t missing = missing_places(c, as_str(body)->len);
    return builder_fill(p->vm, p->out, ' ', c->left ? 0 : missing) &&
           builder_str(p->vm, p->out, body) &&
           builder_fill(p->vm, p->out, ' ', c->left ? missing : 0);
}

/* Writes sign and prefix, at least so many zeros, then the digits, padded to the width. */
static bool put_number(Percent *p, const Conversion *c, const char *prefix, ptrdiff_t zeros,
                       const char *digits, ptrdiff_t len)
{
    ptrdiff_t prefix_len = (ptrdiff_t)strlen(prefix);
    ptrdiff_t missing = missing_places(c, prefix_len + zeros + len);
    bool fill_zeros = c->zero && !c->left;
    return builder_fill(p->vm, p->out, ' ', fill_zeros || c->left ? 0 : missing) &&
           builder_ascii(p->vm, p->out, prefix, prefix_len) &&
           builder_fill(p->vm, p->out, '0', zeros + (fill_zeros ? missing : 0)) &&
           builder_ascii(p->vm, p->out, digits, len) &&
           builder_fill(p->vm, p->out, ' ', c->left ? missing : 0);
}

static bool put_text(Percent *p, const Conversion *c, Ref text)
{
    if (failed(text)) return false;
    if (c->precision >= 0 && c->precision < as_str(text)->len)
        replace(&text, str_slice(p->vm, text, 0, c->precision));
    bool ok = !failed(text) && put(p, c, text);
    decref(text);
    return ok;
}

/* The number a %d, %x ... takes: owned int, or FAIL. */
static Ref integer_argument(Percent *p, Value v, uint32_t type)
{
    Vm *vm = p->vm;
    if (is_any_int(v)) return newref(v);
    const Type *of = type_of(vm, v);
    bool decimal = type == 'd' || type == 'i' || type == 'u';
    Ref made = NOT_IMPLEMENTED;
    if (decimal && is_any_float(v)) return from_double(vm, float_value(v));
    if (of->slots.index) made = of->slots.index(vm, v);
    else if (decimal && of->slots.as_int) made = of->slots.as_int(vm, v);
    if (failed(made) && !error_is(vm, TypeError)) return FAIL;
    if (failed(made)) error_clear(vm);
    if (!failed(made) && is_any_int(made)) return made;
    decref(made);
    return throw(vm, TypeError, "%%%c format: %s is required, not %T",
                 (int)(p->bytes && decimal ? 'd' : type), decimal ? "a real number" : "an integer",
                 v);
}

static bool put_integer(Percent *p, const Conversion *c, Value v)
{
    Vm *vm = p->vm;
    int base = c->type == 'x' || c->type == 'X' ? 16 : c->type == 'o' ? 8 : 10;
    char few[INT_DIGITS_FEW], prefix[4] = "";
    ptrdiff_t len;
    Ref number = integer_argument(p, v, c->type), owned;
    if (failed(number)) return false;
    char *digits = int_digits(vm, number, base, few, &len, &owned);
    decref(number);
    if (!digits) return false;
    bool negative = *digits == '-';
    digits += negative;
    len -= negative;
    if (c->type == 'X')
        for (ptrdiff_t i = 0; i < len; i++) digits[i] -= digits[i] >= 'a' ? 32 : 0;
    if (negative || c->plus || c->blank) strcat(prefix, negative ? "-" : c->plus ? "+" : " ");
    if (c->alternate && base != 10) strcat(prefix, base == 8 ? "0o" : c->type == 'x' ? "0x" : "0X");
    bool ok = put_number(p, c, prefix, c->precision > len ? c->precision - len : 0, digits, len);
    decref(owned);
    return ok;
}

static bool put_float(Percent *p, const Conversion *c, Value v)
{
    Vm *vm = p->vm;
    double number;
    if (!float_from(vm, v, &number)) {
        if (!p->bytes || !error_is(vm, TypeError)) return false;
        error_clear(vm);
        throw(vm, TypeError, "float argument required, not %T", v);
        return false;
    }
    int precision = c->precision < 0 ? 6 : (int)c->precision;
    char few[512];
    size_t size = double_format_size(precision);
    char *text = size <= sizeof few ? few : memory_new(vm, size);
    if (!text) return false;
    bool negative = signbit(number) && !isnan(number);
    int len = double_format(fabs(number), (char)c->type, precision, c->alternate, text);
    bool ok = put_number(p, c, negative ? "-" : c->plus ? "+" : c->blank ? " " : "", 0, text, len);
    if (text != few) memory_free(text);
    return ok;
}

/* %c of a str format */
static Ref char_text(Vm *vm, Value v)
{
    if (is_str(v)) {
        if (as_str(v)->len == 1) return newref(v);
        return throw(vm, TypeError,
                     "%%c requires an int or a unicode character, not a string of length %zd",
                     as_str(v)->len);
    }
    if (!is_any_int(v) && !type_of(vm, v)->slots.index)
        return throw(vm, TypeError, "%%c requires an int or a unicode character, not %T", v);
    int64_t n;
    if (!int_index(vm, v, &n)) {
        if (!error_is(vm, OverflowError)) return FAIL;
        error_clear(vm);
        n = -1;
    }
    if (n < 0 || n > CHAR_MAX_POINT)
        return throw(vm, OverflowError, "%%c arg not in range(0x110000)");
    return str_from_char(vm, (uint32_t)n);
}

/* %c of a bytes format */
static Ref byte_text(Vm *vm, Value v)
{
    int64_t n = -1;
    if (type_of(vm, v)->slots.buffer && !is_kind(v, KIND_MEMORYVIEW)) {
        Buffer buffer;
        if (!buffer_get(vm, v, &buffer, false)) return FAIL;
        bool one = buffer.len == 1;
        ptrdiff_t len = buffer.len;
        if (one) n = (uint8_t)*buffer.data;
        buffer_release(vm, &buffer);
        if (!one)
            return throw(vm, TypeError,
                         "%%c requires an integer in range(256) or a single byte, not a %T object "
                         "of length %zd",
                         v, len);
    } else if (!is_any_int(v) && !type_of(vm, v)->slots.index) {
        return throw(vm, TypeError,
                     "%%c requires an integer in range(256) or a single byte, not %T", v);
    } else if (!int_index(vm, v, &n)) {
        if (!error_is(vm, OverflowError)) return FAIL;
        error_clear(vm);
        n = -1;
    }
    if (n < 0 || n > 255) return throw(vm, OverflowError, "%%c arg not in range(256)");
    return str_from_char(vm, (uint32_t)n);
}

/* %s and %b of a bytes format: the bytes of v as Latin-1 text */
static Ref bytes_text(Vm *vm, Value v)
{
    Ref made = UNDEF;
    Value source = v;
    if (!is_bytes(v) && !type_of(vm, v)->slots.buffer) {
        made = call_special(vm, v, N(__bytes__), 0, NULL);
        if (failed(made)) return FAIL;
        if (absent(made))
            return throw(vm, TypeError,
                         "%%b requires a bytes-like object, or an object that implements "
                         "__bytes__, not '%T'",
                         v);
        source = made;
    }
    Buffer buffer;
    Ref out = FAIL;
    if (buffer_get(vm, source, &buffer, false)) {
        out = codec_decode(vm, buffer.data, buffer.len, "latin-1", NULL);
        buffer_release(vm, &buffer);
    }
    decref(made);
    return out;
}

static bool unsupported(Percent *p, const Conversion *c)
{
    char shown = c->type > 31 && c->type < 128 ? (char)c->type : '?';
    throw(p->vm, ValueError, "unsupported format character '%c' (0x%x) at index %zd", shown,
          (int)c->type, p->at - 1);
    return false;
}

static bool put_conversion(Percent *p, const Conversion *c)
{
    Vm *vm = p->vm;
    Value v = next_argument(p);
    if (failed(v)) return false;
    switch (c->type) {
    case 'b': return p->bytes ? put_text(p, c, bytes_text(vm, v)) : unsupported(p, c);
    case 's': return put_text(p, c, p->bytes ? bytes_text(vm, v) : value_str(vm, v));
    case 'r': return put_text(p, c, p->bytes ? value_ascii(vm, v) : value_repr(vm, v));
    case 'a': return put_text(p, c, value_ascii(vm, v));
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X': return put_integer(p, c, v);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': return put_float(p, c, v);
    case 'c': {
        Conversion one = *c;
        one.precision = -1;
        return put_text(p, &one, p->bytes ? byte_text(vm, v) : char_text(vm, v));
    }
    default: return unsupported(p, c);
    }
}

static bool format_all(Percent *p)
{
    Conversion c;
    while (!at_end(p)) {
        ptrdiff_t from = p->at;
        while (!at_end(p) && here(p) != '%') p->at++;
        if (!builder_slice(p->vm, p->out, p->format, from, p->at)) return false;
        if (at_end(p)) break;
        p->at++;
        if (!at_end(p) && here(p) == '%') {
            p->at++;
            if (!builder_char(p->vm, p->out, '%')) return false;
        } else if (!read_conversion(p, &c) || !put_conversion(p, &c)) {
            return false;
        }
        clear(&p->keyed);
    }
    if ((p->given >= 0 && p->taken < p->given) || (p->given == -1 && !p->is_mapping)) {
        throw(p->vm, TypeError, "not all arguments converted during %s formatting",
              p->bytes ? "bytes" : "string");
        return false;
    }
    return true;
}

static Ref percent(Vm *vm, Value format, Value args, bool bytes)
{
    const Type *type = type_of(vm, args);
    StrBuilder out;
    Percent p = {.vm = vm,
                 .format = format,
                 .text = as_str(format),
                 .bytes = bytes,
                 .args = args,
                 .keyed = UNDEF,
                 .out = &out};
    p.given = is_tuple(args) ? tuple_len(args) : -1;
    p.is_mapping = type->slots.get_item && !is_tuple(args) && !is_str(args) &&
                   !(bytes && (is_bytes(args) || is_kind(args, KIND_BYTEARRAY)));
    builder_open(&out);
    bool ok = format_all(&p);
    clear(&p.keyed);
    if (ok) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}

Ref str_percent(Vm *vm, Value format, Value args) { return percent(vm, format, args, false); }

Ref bytes_percent(Vm *vm, Value format, Value args)
{
    Ref text = codec_decode(vm, as_bytes(format)->data, as_bytes(format)->len, "latin-1", NULL);
    if (failed(text)) return FAIL;
    Ref made = percent(vm, text, args, true);
    decref(text);
    if (failed(made)) return FAIL;
    Ref out = codec_encode(vm, made, "latin-1", NULL);
    decref(made);
    return out;
}
