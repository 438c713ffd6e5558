/* percent.c - the % operator of str and bytes.
 *
 *   %[(key)][flags][width][.precision][h|l|L]type
 *
 * Bytes are formatted as text whose points are the bytes, with conversions of their own for %s, %b
 * and %c: the builder never gets a point above 255 then, and what it holds are the bytes.
 * Neighbours: strformat.c (str.format), base/numtext.h (doubles). */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>

#include "base/copy.h"
#include "base/numtext.h"
#include "object/bytearray.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/char.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct Percent {
    Vm *vm;
    Value format;     /* str or bytes */
    const char *data; /* its points */
    int width;        /* bytes of each: 1, 2, 4 */
    bool plain;       /* its points may be copied as bytes: bytes, or ASCII */
    bool bytes;       /* formatting bytes */
    ptrdiff_t len;
    ptrdiff_t at;    /* next point of the format */
    Value args;      /* the right operand */
    ptrdiff_t taken; /* positional arguments used */
    ptrdiff_t given; /* how many there are; -1: args is one argument, not taken; -2: taken */
    Ref keyed;       /* the value of the last %(key), owned; UNDEF */
    Ref whole;       /* a str that is the whole result, owned; UNDEF: it is in out */
    StrBuilder *out;
} Percent;

typedef struct Conversion {
    bool left, plus, blank, alternate, zero; /* - + ' ' # 0 */
    ptrdiff_t width, precision;              /* -1: not given */
    uint32_t type;
} Conversion;

/* The next argument, borrowed; FAIL: raised. */
static inline Value next_argument(Percent *p)
{
    if (!absent(p->keyed)) return p->keyed;
    if (p->given >= 0 && p->taken < p->given) return tuple_at(p->args, p->taken++);
    if (p->given == -1) {
        p->given = -2;
        return p->args;
    }
    return throw(p->vm, TypeError, "not enough arguments for format string");
}

/* May %(key) be asked of the right operand? */
static bool is_mapping(const Percent *p)
{
    Value args = p->args;
    return !is_tuple(args) && !is_str(args) && type_of(p->vm, args)->slots.get_item &&
           !(p->bytes && (is_bytes(args) || is_kind(args, KIND_BYTEARRAY)));
}

/* --- reading a conversion -------------------------------------------------------------------- */

static inline bool at_end(const Percent *p) { return p->at >= p->len; }
static inline uint32_t here(const Percent *p)
{
    return p->width == 1 ? (uint8_t)p->data[p->at] : str_at(as_str(p->format), p->at);
}

/* After "%(": looks the key up. */
static bool read_key(Percent *p)
{
    Vm *vm = p->vm;
    if (!is_mapping(p)) {
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
    ptrdiff_t end = p->at++;
    Ref key = p->bytes ? bytes_from(vm, p->data + start, end - start)
                       : str_slice(vm, p->format, start, end);
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

/* After the percent sign and the key. */
static bool read_conversion(Percent *p, Conversion *c)
{
    *c = (Conversion){.width = -1, .precision = -1};
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
static inline ptrdiff_t missing_places(const Conversion *c, ptrdiff_t len)
{
    return c->width > len ? c->width - len : 0;
}

/* Writes bytes as they are, padded to the width. */
static bool put_bytes(Percent *p, const Conversion *c, const char *data, ptrdiff_t len)
{
    ptrdiff_t missing = missing_places(c, len);
    return builder_fill(p->vm, p->out, ' ', c->left ? 0 : missing) &&
           builder_ascii(p->vm, p->out, data, len) &&
           builder_fill(p->vm, p->out, ' ', c->left ? missing : 0);
}

/* Writes text, which is stolen, cut to the precision and padded to the width. */
static bool put_text(Percent *p, const Conversion *c, Ref text)
{
    if (failed(text)) return false;
    if (c->precision >= 0 && c->precision < as_str(text)->len)
        replace(&text, str_slice(p->vm, text, 0, c->precision));
    if (failed(text)) return false;
    ptrdiff_t missing = missing_places(c, as_str(text)->len);
    bool copied = c->plus || c->blank; /* they mean nothing to text, but make a copy of it */
    if (missing == 0 && p->out->len == 0 && at_end(p) && !p->bytes && !copied) {
        p->whole = text;
        return true;
    }
    bool ok = builder_fill(p->vm, p->out, ' ', c->left ? 0 : missing) &&
              builder_str(p->vm, p->out, text) &&
              builder_fill(p->vm, p->out, ' ', c->left ? missing : 0);
    decref(text);
    return ok;
}

/* A number: sign and prefix, at least so many zeros, then the digits. */
typedef struct Number {
    char prefix[3];
    int prefix_len;
    ptrdiff_t zeros;
    const char *digits;
    ptrdiff_t len;
} Number;

/* Writes a number padded to the width. */
static bool put_number(Percent *p, const Conversion *c, const Number *n)
{
    StrBuilder *out = p->out;
    ptrdiff_t zeros = n->zeros, total = n->prefix_len + zeros + n->len;
    ptrdiff_t missing = missing_places(c, total), before = 0, after = 0;
    if (c->left) after = missing;
    else if (c->zero) zeros += missing;
    else before = missing;
    if (!builder_has_room(out, total + missing))
        return builder_fill(p->vm, out, ' ', before) &&
               builder_ascii(p->vm, out, n->prefix, n->prefix_len) &&
               builder_fill(p->vm, out, '0', zeros) &&
               builder_ascii(p->vm, out, n->digits, n->len) && builder_fill(p->vm, out, ' ', after);
    char *to = fill_few(out->data + out->len, ' ', before);
    for (int i = 0; i < n->prefix_len; i++) *to++ = n->prefix[i];
    to = fill_few(to, '0', zeros);
    to = copy_few(to, n->digits, (size_t)n->len);
    fill_few(to, ' ', after);
    out->len += total + missing;
    return true;
}

/* The sign a number is written with. */
static void put_sign(Number *n, const Conversion *c, bool negative)
{
    char sign = negative ? '-' : c->plus ? '+' : c->blank ? ' ' : 0;
    if (sign) n->prefix[n->prefix_len++] = sign;
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
    char few[INT_DIGITS_FEW];
    Number n = {.prefix_len = 0};
    Ref number = integer_argument(p, v, c->type), owned;
    if (failed(number)) return false;
    char *digits = int_digits(vm, number, base, few, &n.len, &owned);
    decref(number);
    if (!digits) return false;
    bool negative = *digits == '-';
    n.digits = digits += negative;
    n.len -= negative;
    if (c->type == 'X')
        for (ptrdiff_t i = 0; i < n.len; i++) digits[i] -= digits[i] >= 'a' ? 32 : 0;
    put_sign(&n, c, negative);
    if (c->alternate && base != 10) {
        n.prefix[n.prefix_len++] = '0';
        n.prefix[n.prefix_len++] = (char)c->type;
    }
    if (c->precision > n.len) n.zeros = c->precision - n.len;
    bool ok = put_number(p, c, &n);
    decref(owned);
    return ok;
}

static bool put_float(Percent *p, const Conversion *c, Value v)
{
    Vm *vm = p->vm;
    double number;
    if (is_float(v)) {
        number = as_float(v);
    } else if (!float_from(vm, v, &number)) {
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
    Number n = {.digits = text};
    n.len = double_format(fabs(number), (char)c->type, precision, c->alternate, text);
    put_sign(&n, c, signbit(number) && !isnan(number));
    bool ok = put_number(p, c, &n);
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
    int64_t n;
    if (!int_index(vm, v, &n)) {
        bool wrong = error_is(vm, TypeError);
        if (!wrong && !error_is(vm, OverflowError)) return FAIL;
        error_clear(vm);
        if (wrong)
            return throw(vm, TypeError, "%%c requires an int or a unicode character, not %T", v);
        n = -1;
    }
    if (n < 0 || n > CHAR_MAX_POINT)
        return throw(vm, OverflowError, "%%c arg not in range(0x110000)");
    return str_from_char(vm, (uint32_t)n);
}

/* %c of a bytes format; -1: raised */
static int byte_of(Vm *vm, Value v)
{
    int64_t n = -1;
    if (type_of(vm, v)->slots.buffer && !is_kind(v, KIND_MEMORYVIEW)) {
        Buffer buffer;
        if (!buffer_get(vm, v, &buffer, false)) return -1;
        bool one = buffer.len == 1;
        ptrdiff_t len = buffer.len;
        if (one) n = (uint8_t)*buffer.data;
        buffer_release(vm, &buffer);
        if (!one) {
            throw(vm, TypeError,
                  "%%c requires an integer in range(256) or a single byte, not a %T object of "
                  "length %zd",
                  v, len);
            return -1;
        }
    } else if (!int_index(vm, v, &n)) {
        bool wrong = error_is(vm, TypeError);
        if (!wrong && !error_is(vm, OverflowError)) return -1;
        error_clear(vm);
        if (wrong) {
            throw(vm, TypeError, "%%c requires an integer in range(256) or a single byte, not %T",
                  v);
            return -1;
        }
        n = -1;
    }
    if (n >= 0 && n <= 255) return (int)n;
    throw(vm, OverflowError, "%%c arg not in range(256)");
    return -1;
}

/* %s and %b of a bytes format: writes the bytes of v. */
static bool put_bytes_of(Percent *p, const Conversion *c, Value v)
{
    Vm *vm = p->vm;
    Ref made = UNDEF;
    Buffer buffer;
    if (!is_bytes(v) && !type_of(vm, v)->slots.buffer) {
        made = call_special(vm, v, N(__bytes__), 0, NULL);
        if (failed(made)) return false;
        if (absent(made)) {
            throw(vm, TypeError,
                  "%%b requires a bytes-like object, or an object that implements __bytes__, not "
                  "'%T'",
                  v);
            return false;
        }
        if (!is_bytes(made)) {
            throw(vm, TypeError, "__bytes__ returned non-bytes (type %T)", made);
            decref(made);
            return false;
        }
    }
    bool ok = buffer_get(vm, absent(made) ? v : (Value)made, &buffer, false);
    if (ok) {
        bool cut = c->precision >= 0 && c->precision < buffer.len;
        ok = put_bytes(p, c, buffer.data, cut ? c->precision : buffer.len);
        buffer_release(vm, &buffer);
    }
    decref(made);
    return ok;
}

/* %s, %r, %a of a str format, and %r, %a of bytes */
static bool put_shown(Percent *p, const Conversion *c, Value v)
{
    Vm *vm = p->vm;
    bool ascii = c->type == 'a' || p->bytes, bare = c->width < 0 && c->precision < 0;
    if (bare && !ascii && (p->out->len || !at_end(p)))
        return (c->type == 's' ? builder_value : builder_repr)(vm, p->out, v);
    if (bare && ascii && (is_int(v) || is_float(v) || (is_exact(v, KIND_STR) && as_str(v)->ascii)))
        return builder_repr(vm, p->out, v);
    return put_text(p, c,
                    c->type == 's' ? value_str(vm, v)
                    : ascii        ? value_ascii(vm, v)
                                   : value_repr(vm, v));
}

static bool put_char(Percent *p, const Conversion *c, Value v)
{
    Conversion one = *c;
    one.precision = -1;
    if (!p->bytes) return put_text(p, &one, char_text(p->vm, v));
    int byte = byte_of(p->vm, v);
    char data = (char)byte;
    return byte >= 0 && put_bytes(p, &one, &data, 1);
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
    Value v = next_argument(p);
    if (failed(v)) return false;
    switch (c->type) {
    case 'b': return p->bytes ? put_bytes_of(p, c, v) : unsupported(p, c);
    case 's': return p->bytes ? put_bytes_of(p, c, v) : put_shown(p, c, v);
    case 'r':
    case 'a': return put_shown(p, c, v);
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
    case 'c': return put_char(p, c, v);
    default: return unsupported(p, c);
    }
}

/* Writes the format up to the next percent sign. */
static bool put_literal(Percent *p)
{
    ptrdiff_t from = p->at;
    if (p->width == 1) {
        const char *found = memchr(p->data + from, '%', (size_t)(p->len - from));
        p->at = found ? found - p->data : p->len;
    } else {
        while (!at_end(p) && here(p) != '%') p->at++;
    }
    if (p->at - from == p->len && !p->bytes) {
        p->whole = newref(p->format);
        return true;
    }
    return p->plain ? builder_ascii(p->vm, p->out, p->data + from, p->at - from)
                    : builder_slice(p->vm, p->out, p->format, from, p->at);
}

/* The argument next_argument would give, not taken; UNDEF: there is none. */
static inline Value peek_argument(const Percent *p)
{
    if (!absent(p->keyed)) return p->keyed;
    if (p->given == -1) return p->args;
    return p->taken < p->given ? tuple_at(p->args, p->taken) : (Value)UNDEF;
}

/* Mostly a conversion is no more than %s or %d, of text or a small int; YES: it was, and is
 * done. */
static Truth put_simple(Percent *p)
{
    Value v = peek_argument(p);
    uint32_t type = here(p);
    bool ok = true, whole = p->out->len == 0 && p->at + 1 == p->len;
    if (type == 'd' && is_int(v)) ok = builder_value(p->vm, p->out, v);
    else if (type == 'c' && is_int(v) && (uint64_t)as_int(v) < 128)
        ok = builder_char(p->vm, p->out, (uint32_t)as_int(v));
    else if (p->bytes && (type == 's' || type == 'b') && is_exact(v, KIND_BYTES))
        ok = builder_ascii(p->vm, p->out, as_bytes(v)->data, as_bytes(v)->len);
    else if (p->bytes || type != 's') return NO;
    else if (is_exact(v, KIND_STR) && whole) p->whole = newref(v);
    else if (is_exact(v, KIND_STR) || is_int(v)) ok = builder_value(p->vm, p->out, v);
    else return NO;
    if (p->given == -1) p->given = -2;
    else if (p->given >= 0) p->taken++;
    p->at++;
    return ok ? YES : FAILED;
}

static bool format_all(Percent *p)
{
    Conversion c;
    while (!at_end(p)) {
        if (here(p) != '%' && !put_literal(p)) return false;
        if (at_end(p)) break;
        p->at++;
        if (!at_end(p) && here(p) == '%') {
            p->at++;
            if (!builder_char(p->vm, p->out, '%')) return false;
            continue;
        }
        if (!at_end(p) && here(p) == '(' && !read_key(p)) return false;
        Truth done = at_end(p) ? NO : put_simple(p);
        if (done == FAILED) return false;
        if (done == NO && !(read_conversion(p, &c) && put_conversion(p, &c))) return false;
        clear(&p->keyed);
    }
    if ((p->given >= 0 && p->taken < p->given) || (p->given == -1 && !is_mapping(p))) {
        throw(p->vm, TypeError, "not all arguments converted during %s formatting",
              p->bytes ? "bytes" : "string");
        return false;
    }
    return true;
}

/* Fills in p->out, or p->whole. */
static bool percent(Percent *p)
{
    Value args = p->args;
    p->given = is_tuple(args) ? tuple_len(args) : -1;
    p->keyed = p->whole = UNDEF;
    builder_open(p->out);
    bool ok = format_all(p);
    clear(&p->keyed);
    if (ok) return true;
    clear(&p->whole);
    builder_close(p->out);
    return false;
}

Ref str_percent(Vm *vm, Value format, Value args)
{
    const Str *text = as_str(format);
    StrBuilder out;
    Percent p = {.vm = vm,
                 .format = format,
                 .data = text->data,
                 .width = text->width,
                 .plain = text->ascii,
                 .len = text->len,
                 .args = args,
                 .out = &out};
    if (!percent(&p)) return FAIL;
    return absent(p.whole) ? builder_finish(vm, &out) : p.whole;
}

/* format % args in out, which the caller closes. */
static bool percent_bytes(Vm *vm, Value format, Value args, StrBuilder *out)
{
    const Bytes *bytes = as_bytes(format);
    Percent p = {.vm = vm,
                 .format = format,
                 .data = bytes->data,
                 .width = 1,
                 .plain = true,
                 .bytes = true,
                 .len = bytes->len,
                 .args = args,
                 .out = out};
    return percent(&p);
}

Ref bytes_percent(Vm *vm, Value format, Value args)
{
    StrBuilder out;
    if (!percent_bytes(vm, format, args, &out)) return FAIL;
    Ref made = bytes_from(vm, out.data, out.len);
    builder_close(&out);
    return made;
}

Ref bytearray_percent(Vm *vm, Value self, Value args)
{
    StrBuilder out;
    const ByteArray *array = as_bytearray(self);
    Ref format = bytes_from(vm, array->data, array->len); /* formatting may change the array */
    if (failed(format)) return FAIL;
    bool ok = percent_bytes(vm, format, args, &out);
    decref(format);
    if (!ok) return FAIL;
    Ref made = bytearray_from(vm, out.data, out.len);
    builder_close(&out);
    return made;
}
