/* bytesmethod.c - methods and slots that bytes and bytearray share: case, padding, conversion.
 *
 * Bytes above 127 have no case and no class.  A method that changes nothing still returns a new
 * bytearray, but may return the same bytes.
 * Neighbours: bytes.c, bytearray.c, bytessearch.c, bytesmethods.def (the table). */
/* SPDX-License-Identifier: MIT */
#include "object/bytesmethod.h"

#include "base/block.h"
#include "base/copy.h"
#include "base/hex.h"
#include "base/numtext.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"
#include "object/range.h"
#include "object/sequence.h"

/* --- slots ----------------------------------------------------------------------------------- */

Ref bytes_like(Vm *vm, Value self, const char *data, ptrdiff_t len)
{
    return is_bytes(self) ? bytes_from(vm, data, len) : bytearray_from(vm, data, len);
}

/* The data of a new object that nobody else has seen. */
static char *fresh(Ref made) { return (char *)(uintptr_t)span_of(made).data; }

Ref span_compare(Span a, Span b, CompareOp op)
{
    if (op == CMP_EQUAL || op == CMP_NOT_EQUAL) {
        bool equal = a.len == b.len && memcmp(a.data, b.data, (size_t)a.len) == 0;
        return from_bool(equal == (op == CMP_EQUAL));
    }
    int order = memcmp(a.data, b.data, (size_t)(a.len < b.len ? a.len : b.len));
    if (order == 0) order = (a.len > b.len) - (a.len < b.len);
    switch (op) {
    case CMP_LESS: return from_bool(order < 0);
    case CMP_LESS_EQUAL: return from_bool(order <= 0);
    case CMP_GREATER: return from_bool(order > 0);
    default: return from_bool(order >= 0);
    }
}

Truth bytes_contains(Vm *vm, Value self, Value item)
{
    char byte;
    Buffer buffer;
    if (sequence_is_index(vm, item)) {
        if (!byte_value(vm, item, "byte must be in range(0, 256)", &byte)) return FAILED;
        Span span = span_of(self);
        return memchr(span.data, byte, (size_t)span.len) ? YES : NO;
    }
    if (!buffer_get(vm, item, &buffer, false)) return FAILED;
    Span span = span_of(self);
    bool found =
        buffer.len == 0 || memmem(span.data, (size_t)span.len, buffer.data, (size_t)buffer.len);
    buffer_release(vm, &buffer);
    return found ? YES : NO;
}

Ref bytes_get_item(Vm *vm, Value self, Value key)
{
    bool plain = is_bytes(self);
    const ptrdiff_t *len = plain ? &as_bytes(self)->len : &as_bytearray(self)->len;
    ptrdiff_t i, step, count;
    if (is_slice(key)) {
        if (!slice_resolve(vm, key, len, &i, &step, &count)) return FAIL;
        if (is_exact(self, KIND_BYTES) && step == 1 && count == span_of(self).len)
            return newref(self);
        const char *from = span_of(self).data;
        if (step == 1) return (plain ? bytes_piece : bytearray_from)(vm, from + i, count);
        Ref out = bytes_like(vm, self, NULL, count);
        if (failed(out)) return FAIL;
        char *to = fresh(out);
        for (ptrdiff_t j = 0; j < count; j++) to[j] = from[i + j * step];
        return out;
    }
    if (!sequence_index(vm, key, len, plain ? "byte" : "bytearray",
                        plain ? "index" : "bytearray index", &i))
        return FAIL;
    return from_small((uint8_t)span_of(self).data[i]);
}

Ref bytes_times(Vm *vm, Value self, Value operand)
{
    ptrdiff_t count, len;
    Truth known = sequence_count(vm, operand, &count);
    if (known != YES) return known == NO ? NOT_IMPLEMENTED : FAIL;
    Span span = span_of(self);
    if (count == 1 && is_exact(self, KIND_BYTES)) return newref(self);
    if (count < 0) count = 0;
    if (__builtin_mul_overflow(span.len, count, &len)) {
        if (is_bytes(self)) return throw(vm, OverflowError, "repeated bytes are too long");
        return throw_no_memory(vm);
    }
    Ref out = bytes_like(vm, self, NULL, len);
    if (failed(out) || len == 0) return out;
    span = span_of(self);
    char *to = fresh(out);
    if (span.len == 1) {
        memset(to, *span.data, (size_t)len);
        return out;
    }
    memcpy(to, span.data, (size_t)span.len);
    for (ptrdiff_t done = span.len; done < len; done *= 2)
        memcpy(to + done, to, (size_t)(done < len - done ? done : len - done));
    return out;
}

/* --- case ------------------------------------------------------------------------------------ */

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_alpha(char c) { return is_lower(c) || is_upper(c); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
static bool is_blank(char c) { return c == ' ' || (c >= 9 && c <= 13); }
static char to_lower(char c) { return is_upper(c) ? (char)(c + 32) : c; }
static char to_upper(char c) { return is_lower(c) ? (char)(c - 32) : c; }

/* The lanes that hold letters, those of the case that begins with `first`: all ones. */
static inline Bytes16 letters_from(Bytes16 block, char first)
{
    return (Bytes16)(block - (uint8_t)first < 26);
}

/* Exchanges the case of what `changes` tells, 16 bytes at a time; upper: of letters in upper case,
 * lower: of those in lower case. */
static inline void exchange_case(char *to, const char *from, ptrdiff_t len, bool upper, bool lower)
{
    ptrdiff_t i = 0;
    for (; i + BLOCK_BYTES <= len; i += BLOCK_BYTES) {
        Bytes16 block = bytes16_at(from + i), changed = {0};
        if (upper) changed |= letters_from(block, 'A');
        if (lower) changed |= letters_from(block, 'a');
        block ^= changed & ('a' - 'A');
        memcpy(to + i, &block, BLOCK_BYTES);
    }
    for (; i < len; i++) {
        bool changed = (upper && is_upper(from[i])) || (lower && is_lower(from[i]));
        to[i] = (char)(from[i] ^ (changed ? 'a' - 'A' : 0));
    }
}

static inline Ref recase(Vm *vm, Value self, bool upper, bool lower)
{
    Span span = span_of(self);
    Ref out = bytes_like(vm, self, NULL, span.len);
    if (!failed(out) && span.len) exchange_case(fresh(out), span.data, span.len, upper, lower);
    return out;
}

SHARED_NATIVE(bytes_lower, "lower(self, /)", "Return a copy with ASCII letters in lower case.")
{
    return recase(vm, argv[0], true, false);
}

SHARED_NATIVE(bytes_upper, "upper(self, /)", "Return a copy with ASCII letters in upper case.")
{
    return recase(vm, argv[0], false, true);
}

SHARED_NATIVE(bytes_swapcase, "swapcase(self, /)",
              "Return a copy with the case of ASCII letters exchanged.")
{
    return recase(vm, argv[0], true, true);
}

SHARED_NATIVE(bytes_title, "title(self, /)",
              "Return a copy in which each ASCII word begins in upper case.")
{
    Span span = span_of(argv[0]);
    Ref out = bytes_like(vm, argv[0], NULL, span.len);
    if (failed(out) || span.len == 0) return out;
    char *to = fresh(out);
    bool in_word = false;
    for (ptrdiff_t i = 0; i < span.len; i++) {
        char c = span.data[i];
        to[i] = in_word ? to_lower(c) : to_upper(c);
        in_word = is_alpha(c);
    }
    return out;
}

SHARED_NATIVE(bytes_capitalize, "capitalize(self, /)",
              "Return a copy whose first byte is in upper case, the rest in lower case.")
{
    Ref out = recase(vm, argv[0], true, false);
    if (!failed(out) && span_of(out).len) *fresh(out) = to_upper(*fresh(out));
    return out;
}

static inline Ref all_bytes(Value self, bool (*test)(char c))
{
    Span span = span_of(self);
    for (ptrdiff_t i = 0; i < span.len; i++)
        if (!test(span.data[i])) return FALSE;
    return from_bool(span.len > 0);
}

static inline Ref all_cased(Value self, bool (*right)(char c), bool (*wrong)(char c))
{
    Span span = span_of(self);
    bool cased = false;
    for (ptrdiff_t i = 0; i < span.len; i++) {
        if (wrong(span.data[i])) return FALSE;
        cased |= right(span.data[i]);
    }
    return from_bool(cased);
}

SHARED_NATIVE(bytes_isalnum, "isalnum(self, /)",
              "Tell whether all bytes are ASCII letters or digits and there is one.")
{
    return all_bytes(argv[0], is_alnum);
}

SHARED_NATIVE(bytes_isalpha, "isalpha(self, /)",
              "Tell whether all bytes are ASCII letters and there is one.")
{
    return all_bytes(argv[0], is_alpha);
}

SHARED_NATIVE(bytes_isdigit, "isdigit(self, /)",
              "Tell whether all bytes are ASCII digits and there is one.")
{
    return all_bytes(argv[0], is_digit);
}

SHARED_NATIVE(bytes_isspace, "isspace(self, /)",
              "Tell whether all bytes are ASCII white space and there is one.")
{
    return all_bytes(argv[0], is_blank);
}

static bool is_ascii(Span span) { return ascii_run(span.data, span.len) == span.len; }

SHARED_NATIVE(bytes_isascii, "isascii(self, /)", "Tell whether all bytes are below 128.")
{
    return from_bool(is_ascii(span_of(argv[0])));
}

SHARED_NATIVE(bytes_islower, "islower(self, /)",
              "Tell whether all ASCII letters are lower case and there is one.")
{
    return all_cased(argv[0], is_lower, is_upper);
}

SHARED_NATIVE(bytes_isupper, "isupper(self, /)",
              "Tell whether all ASCII letters are upper case and there is one.")
{
    return all_cased(argv[0], is_upper, is_lower);
}

SHARED_NATIVE(bytes_istitle, "istitle(self, /)",
              "Tell whether each ASCII word begins in upper case and goes on in lower case.")
{
    Span span = span_of(argv[0]);
    bool cased = false, in_word = false;
    for (ptrdiff_t i = 0; i < span.len; i++) {
        char c = span.data[i];
        if ((is_upper(c) && in_word) || (is_lower(c) && !in_word)) return FALSE;
        in_word = is_alpha(c);
        cased |= in_word;
    }
    return from_bool(cased);
}

/* --- padding --------------------------------------------------------------------------------- */

static Ref pad(Vm *vm, Value self, ptrdiff_t left, ptrdiff_t right, char fill)
{
    Span span = span_of(self);
    if (left <= 0 && right <= 0 && is_exact(self, KIND_BYTES)) return newref(self);
    if (left > PTRDIFF_MAX / 2 - span.len - right) return throw_no_memory(vm);
    Ref out = bytes_like(vm, self, NULL, left + span.len + right);
    if (failed(out)) return FAIL;
    char *to = fresh(out);
    if (left) memset(to, fill, (size_t)left);
    copy_few(to + left, span.data, (size_t)span.len);
    if (right) memset(to + left + span.len, fill, (size_t)right);
    return out;
}

/* argv: self, width, fillchar. */
static bool pad_arguments(Vm *vm, const char *name, Value *argv, int64_t *width, ptrdiff_t *missing,
                          char *fill)
{
    *fill = ' ';
    if (!index_argument(vm, argv[1], width)) return false;
    if (!absent(argv[2])) {
        if (!has_span(argv[2])) {
            throw(vm, TypeError, "%s() argument 2 must be a byte string of length 1, not %s", name,
                  argument_type(vm, argv[2]));
            return false;
        }
        if (span_of(argv[2]).len != 1) {
            throw(
                vm, TypeError,
                "%s() argument 2 must be a byte string of length 1, not a %T object of length %zd",
                name, argv[2], span_of(argv[2]).len);
            return false;
        }
        *fill = *span_of(argv[2]).data;
    }
    ptrdiff_t len = span_of(argv[0]).len;
    *missing = *width > len ? *width - len : 0;
    if (*missing < PTRDIFF_MAX / 4) return true;
    throw_no_memory(vm);
    return false;
}

SHARED_NATIVE(bytes_center, "center(self, width, fillchar=?b' ', /)",
              "Return a copy centred in width bytes.")
{
    int64_t width;
    ptrdiff_t missing;
    char fill;
    if (!pad_arguments(vm, "center", argv, &width, &missing, &fill)) return FAIL;
    ptrdiff_t left = missing / 2 + (missing & width & 1);
    return pad(vm, argv[0], left, missing - left, fill);
}

SHARED_NATIVE(bytes_ljust, "ljust(self, width, fillchar=?b' ', /)",
              "Return a copy padded to width at its end.")
{
    int64_t width;
    ptrdiff_t missing;
    char fill;
    return pad_arguments(vm, "ljust", argv, &width, &missing, &fill)
               ? pad(vm, argv[0], 0, missing, fill)
               : FAIL;
}

SHARED_NATIVE(bytes_rjust, "rjust(self, width, fillchar=?b' ', /)",
              "Return a copy padded to width at its beginning.")
{
    int64_t width;
    ptrdiff_t missing;
    char fill;
    return pad_arguments(vm, "rjust", argv, &width, &missing, &fill)
               ? pad(vm, argv[0], missing, 0, fill)
               : FAIL;
}

SHARED_NATIVE(bytes_zfill, "zfill(self, width, /)",
              "Return a copy padded with zeros after its sign, if any.")
{
    int64_t width;
    if (!index_argument(vm, argv[1], &width)) return FAIL;
    Span span = span_of(argv[0]);
    if (width <= span.len) return pad(vm, argv[0], 0, 0, '0');
    Ref out = pad(vm, argv[0], width - span.len, 0, '0');
    if (failed(out) || span.len == 0 || (*span.data != '+' && *span.data != '-')) return out;
    char *to = fresh(out);
    to[width - span.len] = '0';
    to[0] = *span.data;
    return out;
}

/* The length of span with its tabs expanded, which are written to `to` unless that is NULL; -1: too
 * long. */
static ptrdiff_t expand_tabs(Span span, int64_t size, char *to)
{
    ptrdiff_t column = 0, made = 0;
    for (ptrdiff_t i = 0; i < span.len; i++) {
        char c = span.data[i];
        ptrdiff_t width = 1;
        if (c == '\t') {
            width = size > 0 ? size - column % size : 0;
            if (width > PTRDIFF_MAX / 2 - made) return -1;
            if (to) memset(to + made, ' ', (size_t)width);
        } else if (to) {
            to[made] = c;
        }
        column = c == '\n' || c == '\r' ? 0 : column + width;
        made += width;
    }
    return made;
}

SHARED_NATIVE(bytes_expandtabs, "expandtabs(self, /, tabsize=8)",
              "Return a copy whose tabs are blanks up to the next multiple of tabsize.")
{
    int64_t size;
    if (!index_argument(vm, argv[1], &size)) return FAIL;
    Span span = span_of(argv[0]);
    ptrdiff_t len = expand_tabs(span, size, NULL);
    if (len < 0) return throw_no_memory(vm);
    Ref out = bytes_like(vm, argv[0], NULL, len);
    if (!failed(out) && len) expand_tabs(span, size, fresh(out));
    return out;
}

/* --- conversion ------------------------------------------------------------------------------ */

SHARED_NATIVE(bytes_decode, "decode(self, /, encoding=?'utf-8', errors=?'strict')",
              "Return the text that self is in encoding ('utf-8'); errors says what to do with "
              "invalid bytes.")
{
    static const char *const names[] = {"encoding", "errors"};
    for (int i = 0; i < 2; i++)
        if (!absent(argv[i + 1]) && !is_str(argv[i + 1]))
            return throw(vm, TypeError, "decode() argument '%s' must be str, not %s", names[i],
                         argument_type(vm, argv[i + 1]));
    Span span = span_of(argv[0]);
    if (absent(argv[1]) && absent(argv[2]) && is_ascii(span))
        return str_from_ascii(vm, span.data, span.len);
    return codec_decode_values(vm, span.data, span.len, argv[1], argv[2]);
}

/* The separator of hex(): its character, 0 for none, -1: raised. */
static int hex_separator(Vm *vm, Value v)
{
    if (absent(v)) return 0;
    ptrdiff_t len = value_len(vm, v);
    if (len < 0) return -1;
    uint32_t point;
    if (len != 1) {
        throw(vm, ValueError, "sep must be length 1.");
        return -1;
    }
    if (is_str(v)) {
        point = str_at(as_str(v), 0);
    } else if (has_span(v)) {
        point = (uint8_t)*span_of(v).data;
    } else {
        throw(vm, TypeError, "sep must be str or bytes.");
        return -1;
    }
    if (point < 128) return (int)point;
    throw(vm, ValueError, "sep must be ASCII.");
    return -1;
}

Ref bytes_to_hex(Vm *vm, Span span, Value separator, Value group)
{
    int64_t size;
    if (!index_argument(vm, group, &size)) return FAIL;
    int between = hex_separator(vm, separator);
    if (between < 0) return FAIL;
    if (absent(separator) || size == 0) size = span.len + 1;
    bool from_right = size > 0;
    size = size < 0 ? -size : size;
    if (size <= 0) size = span.len + 1;
    ptrdiff_t gaps = span.len ? (span.len - 1) / size : 0;
    Ref out = str_new(vm, span.len * 2 + gaps, STR_ASCII);
    if (failed(out) || span.len == 0) return out;
    char *to = as_str(out)->data;
    ptrdiff_t first = from_right ? span.len - gaps * size : size; /* bytes before the first gap */
    for (ptrdiff_t i = 0, count = first; i < span.len; i += count, count = size) {
        if (i > 0) *to++ = (char)between;
        if (count > span.len - i) count = span.len - i;
        if (count == 1) hex_write(to, span.data + i, 1);
        else hex_write(to, span.data + i, count);
        to += 2 * count;
    }
    return out;
}

SHARED_NATIVE(bytes_hex, "hex(self, sep=?, bytes_per_sep=1)",
              "Return the bytes as hexadecimal digits, sep after each bytes_per_sep bytes counted "
              "from the right\n"
              "(from the left when negative).")
{
    return bytes_to_hex(vm, span_of(argv[0]), argv[1], argv[2]);
}

/* Writes the bytes that hexadecimal text stands for, blanks between them ignored; gives how many,
 * -1: raised. */
static ptrdiff_t parse_hex(Vm *vm, const char *text, ptrdiff_t len, char *to)
{
    ptrdiff_t made = 0, i = 0;
    for (;;) {
        while (i + 1 < len) {
            unsigned high = hex_value(text[i]), low = hex_value(text[i + 1]);
            if ((high | low) > 15) break;
            to[made++] = (char)(high << 4 | low);
            i += 2;
        }
        ptrdiff_t digit = i;
        while (i < len && is_blank(text[i])) i++;
        if (i == len) return made;
        if (i > digit) continue;
        if (hex_value(text[i]) > 15) break;
        if (++i < len) break;
        throw(vm, ValueError, "fromhex() arg must contain an even number of hexadecimal digits");
        return -1;
    }
    throw(vm, ValueError, "non-hexadecimal number found in fromhex() arg at position %zd", i);
    return -1;
}

/* As a bytearray or bytes. */
static Ref bytes_of_hex(Vm *vm, const char *text, ptrdiff_t len, bool mutable)
{
    Ref out = mutable ? bytearray_from(vm, NULL, len / 2) : bytes_from(vm, NULL, len / 2);
    if (failed(out)) return FAIL;
    ptrdiff_t made = parse_hex(vm, text, len, fresh(out));
    if (made == len / 2) return out;
    if (made >= 0 && !mutable) return bytes_cut(vm, out, made);
    if (made >= 0 && bytearray_resize(vm, as_bytearray(out), made)) return out;
    decref(out);
    return FAIL;
}

NATIVE_IN(, bytes_fromhex, NATIVE_CLASSMETHOD, "fromhex(cls, string, /)",
          "Return the bytes that string spells in hexadecimal; blanks between bytes are ignored.")
{
    Ref made;
    bool mutable = as_type(argv[0]) == type_builtin(vm, KIND_BYTEARRAY);
    if (is_str(argv[1])) {
        const Str *s = as_str(argv[1]);
        if (!s->ascii) {
            ptrdiff_t i = 0;
            while (str_at(s, i) < 128) i++;
            return throw(vm, ValueError,
                         "non-hexadecimal number found in fromhex() arg at position %zd", i);
        }
        made = bytes_of_hex(vm, s->data, s->len, mutable);
    } else {
        Buffer buffer;
        if (!type_of(vm, argv[1])->slots.buffer)
            return throw(vm, TypeError, "fromhex() argument must be str or bytes-like, not %T",
                         argv[1]);
        if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
        made = bytes_of_hex(vm, buffer.data, buffer.len, mutable);
        buffer_release(vm, &buffer);
    }
    if (failed(made) || mutable || as_type(argv[0]) == type_builtin(vm, KIND_BYTES)) return made;
    Ref out = call1(vm, argv[0], made);
    decref(made);
    return out;
}

/* span with each byte looked up in table (NULL: as it is), those of drop left out. */
static Ref translated(Vm *vm, Value self, const char *table, Span drop)
{
    Span span = span_of(self);
    Ref out = bytes_like(vm, self, NULL, span.len);
    if (failed(out) || span.len == 0) return out;
    char *to = fresh(out);
    ptrdiff_t len = 0;
    if (drop.len == 0) {
        for (ptrdiff_t i = 0; i < span.len; i++)
            to[i] = table ? table[(uint8_t)span.data[i]] : span.data[i];
        return out;
    }
    bool kept[256];
    memset(kept, true, sizeof kept);
    for (ptrdiff_t i = 0; i < drop.len; i++) kept[(uint8_t)drop.data[i]] = false;
    for (ptrdiff_t i = 0; i < span.len; i++) {
        uint8_t byte = (uint8_t)span.data[i];
        to[len] = table ? table[byte] : (char)byte;
        len += kept[byte];
    }
    if (len == span.len) return out;
    if (is_bytes(self)) return bytes_cut(vm, out, len);
    bytearray_resize(vm, as_bytearray(out), len); /* shorter: that does not fail */
    return out;
}

SHARED_NATIVE(bytes_translate, "translate(self, table, /, delete=b'')",
              "Return a copy in which each byte b is table[b] (table None: b) and the bytes of "
              "delete are dropped.")
{
    Buffer table = {.owner = UNDEF}, drop = {.owner = UNDEF};
    Ref out = FAIL;
    if (!is_none(argv[1]) && !buffer_get(vm, argv[1], &table, false)) return FAIL;
    if (!is_none(argv[1]) && table.len != 256)
        throw(vm, ValueError, "translation table must be 256 characters long");
    else if (buffer_get(vm, argv[2], &drop, false))
        out = translated(vm, argv[0], table.data, (Span){drop.data, drop.len});
    buffer_release(vm, &table);
    buffer_release(vm, &drop);
    return out;
}

NATIVE_IN(
    , bytes_maketrans, NATIVE_STATICMETHOD, "maketrans(frm, to, /)",
    "Return a table for translate that maps each byte of frm to the one of to at the same place.")
{
    Buffer from, to;
    Ref out = FAIL;
    if (!buffer_get(vm, argv[0], &from, false)) return FAIL;
    if (buffer_get(vm, argv[1], &to, false)) {
        if (from.len != to.len) {
            throw(vm, ValueError, "maketrans arguments must have same length");
        } else {
            char table[256];
            for (int i = 0; i < 256; i++) table[i] = (char)i;
            for (ptrdiff_t i = 0; i < from.len; i++) table[(uint8_t)from.data[i]] = to.data[i];
            out = bytes_from(vm, table, 256);
        }
        buffer_release(vm, &to);
    }
    buffer_release(vm, &from);
    return out;
}
