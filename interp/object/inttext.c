/* inttext.c - ints as text, text as ints, and what int(x) accepts.
 *
 * Conversions in bases that are no power of two take time that grows faster than their length, so
 * they refuse more digits than the interpreter's limit (sys.set_int_max_str_digits).
 * Neighbours: int.c (values), intmethods.c (the type), base/numtext.h (small ones),
 * numberformat.c. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/numtext.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/str.h"

enum { DIGITS_LIMIT_DEFAULT = 4300, LITERAL_SHOWN_MAX = 200, DECIMAL_LIMBS_FEW = 8 };

ptrdiff_t int_digits_limit(const Vm *vm)
{
    int limit = vm->interp->int_digits_limit;
    return limit == 0 ? DIGITS_LIMIT_DEFAULT : limit < 0 ? 0 : limit;
}

static bool is_power_of_two(int base) { return (base & (base - 1)) == 0; }

/* ---- to text ---- */

static Ref throw_too_long(Vm *vm)
{
    return throw(vm, ValueError,
                 "Exceeds the limit (%zd digits) for integer string conversion; use "
                 "sys.set_int_max_str_digits() to increase the limit",
                 int_digits_limit(vm));
}

/* The decimal digits of a number of few limbs, ending at end; where they begin. */
static char *write_decimal(mpz_srcptr number, char *end)
{
    mp_limb_t limbs[DECIMAL_LIMBS_FEW];
    mp_size_t count = (mp_size_t)mpz_size(number);
    memcpy(limbs, mpz_limbs_read(number), (size_t)count * sizeof *limbs);
    while (count > 0) {
        char text[INT64_TEXT_MAX];
        mp_limb_t part = mpn_divrem_1(limbs, 0, limbs, count, UINT64_C(1000000000000000000));
        while (count > 0 && limbs[count - 1] == 0) count--;
        int len = int64_text((int64_t)part, text);
        end = memcpy(end - len, text, (size_t)len);
        for (; count > 0 && len < 18; len++) *--end = '0';
    }
    if (mpz_sgn(number) < 0) *--end = '-';
    return end;
}

/* The digits of a number that is not small in base 2, 4, 8, 16 or 32: bits of its limbs. */
static Ref big_to_bits(Vm *vm, mpz_srcptr number, int base)
{
    const int bits = __builtin_ctz((unsigned)base);
    const size_t total = mpz_sizeinbase(number, 2), minus = mpz_sgn(number) < 0;
    const ptrdiff_t len = (ptrdiff_t)((total + (size_t)bits - 1) / (size_t)bits + minus);
    const mp_limb_t *limb = mpz_limbs_read(number), *end = limb + mpz_size(number);
    Ref out = str_new(vm, len, STR_ASCII);
    if (failed(out)) return FAIL;
    char *start = as_str(out)->data, *to = start + len;
    const int step = 63 / bits; /* digits that one word gives */
    unsigned __int128 left = 0; /* bits not yet written */
    for (int count = 0; to > start + minus; count -= step * bits) {
        if (count < 64 && limb < end) {
            left |= (unsigned __int128)*limb++ << count;
            count += 64;
        }
        uint64_t part = (uint64_t)left;
        char *stop = to - start - (ptrdiff_t)minus > step ? to - step : start + minus;
        for (; to > stop; part >>= bits)
            *--to = "0123456789abcdefghijklmnopqrstuv"[part & (uint64_t)(base - 1)];
        left >>= step * bits;
    }
    if (minus) *start = '-';
    return out;
}

static Ref big_to_text(Vm *vm, mpz_srcptr number, int base)
{
    if (is_power_of_two(base) && base <= 32) return big_to_bits(vm, number, base);
    if (base == 10 && mpz_size(number) <= DECIMAL_LIMBS_FEW) { /* within any limit */
        char digits[DECIMAL_LIMBS_FEW * 20 + 1], *end = digits + sizeof digits;
        char *start = write_decimal(number, end);
        return str_from_ascii(vm, start, end - start);
    }
    ptrdiff_t limit = int_digits_limit(vm);
    size_t size = mpz_sizeinbase(number, base); /* exact, or one too many */
    if (limit && (ptrdiff_t)size > limit + 1) return throw_too_long(vm);
    char few[256], *text = few;
    if (size + 2 > sizeof few && !(text = memory_new(vm, size + 2))) return FAIL;
    mpz_get_str(text, base, number);
    ptrdiff_t len = (ptrdiff_t)strlen(text);
    Ref result = limit && len - (text[0] == '-') > limit ? throw_too_long(vm)
                                                         : str_from_ascii(vm, text, len);
    if (text != few) memory_free(text);
    return result;
}

/* n in base 2, 4, 8, 16 or 32, ending at end; where it begins. */
static char *write_bits(int64_t n, int base, char *end)
{
    uint64_t magnitude = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int bits = __builtin_ctz((unsigned)base);
    do {
        *--end = "0123456789abcdefghijklmnopqrstuv"[magnitude & (uint64_t)(base - 1)];
        magnitude >>= bits;
    } while (magnitude);
    if (n < 0) *--end = '-';
    return end;
}

char *int_digits(Vm *vm, Value v, int base, char few[INT_DIGITS_FEW], ptrdiff_t *len, Ref *owned)
{
    int overflow = 0;
    int64_t n = is_int(v) ? as_int(v) : int_value(v, &overflow);
    *owned = UNDEF;
    if (!overflow && base == 10) {
        *len = int64_text(n, few);
        return few;
    }
    if (!overflow && is_power_of_two(base)) {
        char *start = write_bits(n, base, few + INT_DIGITS_FEW);
        *len = few + INT_DIGITS_FEW - start;
        return start;
    }
    IntView view;
    *owned = big_to_text(vm, int_view(&view, v), base);
    if (failed(*owned)) return NULL;
    *len = as_str(*owned)->len;
    return as_str(*owned)->data;
}

Ref int_to_text(Vm *vm, Value v, int base)
{
    char few[INT_DIGITS_FEW];
    ptrdiff_t len;
    Ref owned;
    const char *digits = int_digits(vm, v, base, few, &len, &owned);
    return !digits ? FAIL : absent(owned) ? str_from_ascii(vm, digits, len) : owned;
}

Ref int_repr(Vm *vm, Value v) { return int_to_text(vm, v, 10); }

/* ---- the text of a number ---- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void strip(NumberText *text)
{
    while (text->len > 0 && is_blank(text->text[0])) {
        text->text++;
        text->len--;
    }
    while (text->len > 0 && is_blank(text->text[text->len - 1])) text->len--;
}

bool number_text(Vm *vm, Value v, NumberText *text)
{
    *text = (NumberText){.owned = NULL};
    if (is_str(v) && as_str(v)->ascii) {
        text->text = as_str(v)->data;
        text->len = as_str(v)->len;
        strip(text);
        return true;
    }
    Buffer buffer = {.data = NULL};
    bool is_text = is_str(v);
    if (!is_text && !buffer_get(vm, v, &buffer, false)) return false;
    text->len = is_text ? as_str(v)->len : buffer.len;
    text->text = text->owned = memory_new(vm, (size_t)text->len + 1);
    if (text->owned && is_text) {
        for (ptrdiff_t i = 0; i < text->len; i++) {
            uint32_t point = str_at(as_str(v), i);
            int digit = point_digit(point);
            text->owned[i] = digit >= 0              ? (char)('0' + digit)
                             : point < 127           ? (char)point
                             : point_is_space(point) ? ' '
                                                     : '?';
        }
    } else if (text->owned) {
        memcpy(text->owned, buffer.data, (size_t)text->len);
    }
    if (!is_text) buffer_release(vm, &buffer);
    if (text->owned) strip(text);
    return text->owned != NULL;
}

void number_text_close(NumberText *text)
{
    memory_free(text->owned);
    text->owned = NULL;
}

/* ---- from text ---- */

/* Cuts sign and base prefix off; false: the base does not go with the text. */
static bool cut_prefix(NumberText *text, int *base, bool *negative)
{
    const char *p = text->text, *end = p + text->len;
    *negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    int marked = 0;
    if (end - p >= 2 && p[0] == '0') {
        char mark = p[1] | 0x20;
        marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    }
    if (marked && (*base == 0 || *base == marked)) {
        p += 2;
        if (p < end && *p == '_') p++;
        *base = marked;
    } else if (*base == 0) {
        *base = 10;
        if (p < end && *p == '0') { /* 0 may not lead another number */
            for (const char *q = p; q < end; q++) {
                if (*q != '0' && *q != '_') return false;
            }
        }
    }
    text->text = p;
    text->len = end - p;
    return true;
}

static inline int digit_value(char c)
{
    unsigned decimal = (uint8_t)c - (unsigned)'0';
    return decimal < 10 ? (int)decimal : digit_of_base((unsigned char)c);
}

/* The values of the digits; -1 when text is not digits with single underscores between them. */
static ptrdiff_t digit_values(const NumberText *text, int base, uint8_t *values)
{
    ptrdiff_t count = 0;
    bool after_digit = false;
    for (ptrdiff_t i = 0; i < text->len; i++) {
        char c = text->text[i];
        if (c == '_') {
            if (!after_digit) return -1;
            after_digit = false;
            continue;
        }
        int digit = digit_value(c);
        if (digit >= base) return -1;
        values[count++] = (uint8_t)digit;
        after_digit = true;
    }
    return after_digit ? count : -1;
}

/* The int of many digits, most significant first. */
static Ref int_from_digits(Vm *vm, const uint8_t *values, ptrdiff_t count, int base, bool negative)
{
    ptrdiff_t limit = is_power_of_two(base) ? 0 : int_digits_limit(vm);
    if (limit && count > limit)
        return throw(vm, ValueError,
                     "Exceeds the limit (%zd digits) for integer string conversion: value has %zd "
                     "digits; use sys.set_int_max_str_digits() to increase the limit",
                     limit, count);
    mpz_t number;
    mpz_init(number);
    size_t bits = 32 - (size_t)__builtin_clz((unsigned)base - 1); /* of a digit, rounded up */
    mp_limb_t *limbs = mpz_limbs_write(number, (mp_size_t)((size_t)count * bits / 64 + 2));
    mp_size_t size = mpn_set_str(limbs, values, (size_t)count, base);
    mpz_limbs_finish(number, negative ? -size : size);
    return int_from_mpz(vm, number);
}

/* Text with many digits, or underscores; UNDEF: it is no int. */
static Ref parse_long(Vm *vm, const NumberText *text, int base, bool negative)
{
    uint8_t few[128], *values = few;
    if (text->len > (ptrdiff_t)sizeof few && !(values = memory_new(vm, (size_t)text->len)))
        return FAIL;
    ptrdiff_t count = digit_values(text, base, values);
    Ref out = count < 0 ? UNDEF : int_from_digits(vm, values, count, base, negative);
    if (values != few) memory_free(values);
    return out;
}

/* The int in text (already stripped); UNDEF: it is none. */
static Ref parse_int(Vm *vm, NumberText text, int base)
{
    bool negative;
    if (!cut_prefix(&text, &base, &negative)) return UNDEF;
    int64_t n = 0;
    ptrdiff_t i = 0;
    for (; i < text.len && n <= INT64_MAX / 37;
         i++) { /* the common case: few digits, no underscores */
        int digit = digit_value(text.text[i]);
        if (digit >= base) break;
        n = n * base + digit;
    }
    if (i == text.len) return i ? from_int64(vm, negative ? -n : n) : UNDEF;
    return parse_long(vm, &text, base, negative);
}

static Ref throw_bad_literal(Vm *vm, int base, Value original)
{
    Ref copy = is_str(original) || is_bytes(original)
                   ? newref(original)
                   : call1(vm, borrow(type_builtin(vm, KIND_BYTES)), original);
    Ref shown = failed(copy) ? FAIL : format_text(vm, "%R", (Value)copy);
    decref(copy);
    if (failed(shown)) return FAIL;
    if (as_str(shown)->len > LITERAL_SHOWN_MAX)
        replace(&shown, str_slice(vm, shown, 0, LITERAL_SHOWN_MAX));
    if (!failed(shown))
        throw(vm, ValueError, "invalid literal for int() with base %d: %S", base, (Value)shown);
    decref(shown);
    return FAIL;
}

Ref int_from_text(Vm *vm, const char *text, ptrdiff_t len, int base)
{
    NumberText stripped = {.text = text, .len = len};
    strip(&stripped);
    Ref result = parse_int(vm, stripped, base);
    if (!absent(result)) return result;
    Ref original = str_from_utf8(vm, text, len);
    if (failed(original)) return FAIL;
    throw_bad_literal(vm, base, original);
    decref(original);
    return FAIL;
}

Ref int_from_str(Vm *vm, Value v, int base)
{
    NumberText text;
    if (!number_text(vm, v, &text)) return FAIL;
    Ref result = parse_int(vm, text, base);
    number_text_close(&text);
    return absent(result) ? throw_bad_literal(vm, base, v) : result;
}

/* ---- int(x) ---- */

/* What an __int__ gave, made a plain int; steals result. */
static Ref check_int_result(Vm *vm, Ref result)
{
    if (failed(result) || is_int(result) || is_exact(result, KIND_INT)) return result;
    if (!is_any_int(result)) {
        throw(vm, TypeError, "__int__ returned non-int (type %T)", (Value)result);
        decref(result);
        return FAIL;
    }
    if (!warn(vm, DeprecationWarning, 1,
              "__int__ returned non-int (type %T).  The ability to return an instance of a strict "
              "subclass of int is deprecated, and may be removed in a future version of Python.",
              (Value)result)) {
        decref(result);
        return FAIL;
    }
    replace(&result, int_plain(vm, result));
    return result;
}

Ref int_from_value(Vm *vm, Value v)
{
    if (is_int(v)) return newref(v);
    Type *type = type_of(vm, v);
    if (type->slots.as_int) return check_int_result(vm, type->slots.as_int(vm, v));
    if (type->slots.index) return int_from_index(vm, v);
    if (is_str(v) || type->slots.buffer) return int_from_str(vm, v, 10);
    return throw(vm, TypeError,
                 "int() argument must be a string, a bytes-like object or a real number, not '%T'",
                 v);
}
