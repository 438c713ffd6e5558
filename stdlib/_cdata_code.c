/* _cdata_code.c - C numbers, characters and pointers to text, by the letter of their type.
 *
 * Memory may be unaligned (packed structures): everything goes through memcpy.
 * Neighbours: _cdata.h. */
/* SPDX-License-Identifier: MIT */
#include <wchar.h>

#include "_cdata.h"

static const Letter letters[] = {
    {'c', 'c', 1, FFI_KIND_S8},
    {'b', 'i', 1, FFI_KIND_S8},
    {'B', 'u', 1, FFI_KIND_U8},
    {'h', 'i', 2, FFI_KIND_S16},
    {'H', 'u', 2, FFI_KIND_U16},
    {'i', 'i', 4, FFI_KIND_S32},
    {'I', 'u', 4, FFI_KIND_U32},
    {'l', 'i', sizeof(long), FFI_KIND_S64},
    {'L', 'u', sizeof(long), FFI_KIND_U64},
    {'q', 'i', 8, FFI_KIND_S64},
    {'Q', 'u', 8, FFI_KIND_U64},
    {'f', 'f', sizeof(float), FFI_KIND_FLOAT},
    {'d', 'f', sizeof(double), FFI_KIND_DOUBLE},
    {'g', 'f', sizeof(long double), FFI_KIND_LONGDOUBLE},
    {'?', '?', 1, FFI_KIND_U8},
    {'v', '?', 2, FFI_KIND_S16},
    {'u', 'w', sizeof(wchar_t), FFI_KIND_S32},
    {'z', 's', sizeof(char *), FFI_KIND_POINTER},
    {'Z', 's', sizeof(char *), FFI_KIND_POINTER},
    {'P', 's', sizeof(char *), FFI_KIND_POINTER},
    {'O', 's', sizeof(char *), FFI_KIND_POINTER},
};
_Static_assert(sizeof(long) == 8, "l and L are 64 bits");

const Letter *letter_named(char letter)
{
    for (size_t n = 0; n < sizeof letters / sizeof *letters; n++)
        if (letters[n].letter == letter) return &letters[n];
    return NULL;
}

uint64_t int_low_bits(Value v)
{
    int overflow = 0;
    int64_t n = int_value(v, &overflow);
    if (!overflow) return (uint64_t)n;
    IntView view;
    mpz_srcptr big = int_view(&view, v);
    uint64_t bits = mpz_getlimbn(big, 0);
    return mpz_sgn(big) < 0 ? -bits : bits;
}

/* ---- text ---- */

Ref wide_text(Vm *vm, const char *memory, ptrdiff_t most, bool to_zero)
{
    ptrdiff_t len = 0;
    uint32_t widest = 0;
    for (; most < 0 || len < most; len++) {
        uint32_t point;
        memcpy(&point, memory + len * 4, 4);
        if (to_zero && !point) break;
        if (point > STR_FULL) {
            char text[16];
            snprintf(text, sizeof text, "%x", point);
            return throw(vm, ValueError, "character U+%s is not in range [U+0000; U+10ffff]", text);
        }
        widest |= point;
    }
    Ref out = str_new(vm, len, widest > STR_FULL ? STR_FULL : widest);
    for (ptrdiff_t n = 0; !failed(out) && n < len; n++) {
        uint32_t point;
        memcpy(&point, memory + n * 4, 4);
        points_set(as_str(out)->data, as_str(out)->width, n, point);
    }
    return out;
}

Ref wide_bytes(Vm *vm, Value text)
{
    const Str *s = as_str(text);
    Ref out = bytes_from(vm, NULL, (s->len + 1) * 4);
    if (failed(out)) return FAIL;
    for (ptrdiff_t n = 0; n <= s->len; n++) {
        uint32_t point = n < s->len ? str_at(s, n) : 0;
        memcpy(as_bytes(out)->data + n * 4, &point, 4);
    }
    return out;
}

/* ---- byte order ---- */

static void copy_ordered(char *to, const char *from, size_t size, bool swapped)
{
    for (size_t n = 0; swapped && n < size; n++) to[n] = from[size - 1 - n];
    if (!swapped) memcpy(to, from, size);
}

/* ---- loading ---- */

static Ref load_integer(Vm *vm, const Letter *letter, const char *memory)
{
    uint64_t bits = 0;
    memcpy(&bits, memory, letter->size);
    int unused = 64 - 8 * letter->size;
    if (letter->sort == 'u') return from_uint64(vm, bits);
    return from_int64(vm, (int64_t)(bits << unused) >> unused);
}

static Ref load_float(const Letter *letter, const char *memory)
{
    float f;
    double d;
    long double g;
    if (letter->letter == 'f') {
        memcpy(&f, memory, sizeof f);
        return from_any_float((double)f);
    }
    if (letter->letter == 'd') {
        memcpy(&d, memory, sizeof d);
        return from_any_float(d);
    }
    memcpy(&g, memory, sizeof g);
    return from_any_float((double)g);
}

static Ref load_pointer(Vm *vm, char letter, const char *memory)
{
    char *pointer;
    memcpy(&pointer, memory, sizeof pointer);
    if (letter == 'O') {
        if (!pointer) return throw(vm, ValueError, "PyObject is NULL");
        return newref((Value)(const void *)pointer);
    }
    if (!pointer) return NONE;
    if (letter == 'z') return bytes_from(vm, pointer, (ptrdiff_t)strlen(pointer));
    if (letter == 'Z') return wide_text(vm, pointer, -1, true);
    return from_uint64(vm, (uint64_t)(uintptr_t)pointer);
}

Ref simple_load(Vm *vm, const Info *info, const char *memory)
{
    const Letter *letter = info->letter;
    char ordered[SMALL];
    copy_ordered(ordered, memory, letter->size, info->swapped);
    switch (letter->sort) {
    case 'i':
    case 'u': return load_integer(vm, letter, ordered);
    case 'f': return load_float(letter, ordered);
    case '?': return from_bool(ordered[0] || (letter->size > 1 && ordered[1]));
    case 'c': return bytes_from(vm, ordered, 1);
    case 'w': return wide_text(vm, ordered, 1, false);
    default: return load_pointer(vm, letter->letter, ordered);
    }
}

/* ---- storing ---- */

static bool store_float(Vm *vm, const Letter *letter, char *memory, Value value)
{
    double d;
    if (!float_from(vm, value, &d)) return false;
    float f = (float)d;
    long double g = (long double)d;
    if (letter->letter == 'f') memcpy(memory, &f, sizeof f);
    else if (letter->letter == 'd') memcpy(memory, &d, sizeof d);
    else {
        memset(memory, 0, sizeof g);
        memcpy(memory, &g, sizeof g);
    }
    return true;
}

static bool store_byte(Vm *vm, char *memory, Value value)
{
    bool good = true;
    if (is_bytes(value) && as_bytes(value)->len == 1) *memory = as_bytes(value)->data[0];
    else if (is_kind(value, KIND_BYTEARRAY)) {
        Buffer buffer;
        if (!buffer_get(vm, value, &buffer, false)) return false;
        good = buffer.len == 1;
        if (good) *memory = buffer.data[0];
        buffer_release(vm, &buffer);
    } else {
        int overflow = 0;
        int64_t n = is_any_int(value) ? int_value(value, &overflow) : -1;
        good = !overflow && n >= 0 && n < 256;
        if (good) *memory = (char)n;
    }
    if (!good) throw(vm, TypeError, "one character bytes, bytearray or integer expected");
    return good;
}

static bool store_character(Vm *vm, char *memory, Value value)
{
    if (!is_str(value)) {
        throw(vm, TypeError, "unicode string expected instead of %T instance", value);
        return false;
    }
    if (as_str(value)->len != 1) {
        throw(vm, TypeError, "one character unicode string expected");
        return false;
    }
    uint32_t point = str_at(as_str(value), 0);
    memcpy(memory, &point, sizeof point);
    return true;
}

static bool store_pointer(Vm *vm, char letter, char *memory, Value value, Ref *keep)
{
    void *pointer = NULL;
    if (letter == 'O') {
        pointer = (void *)(uintptr_t)bits_of(value);
        *keep = newref(value);
    } else if (letter == 'z' && is_bytes(value)) {
        pointer = as_bytes(value)->data;
        *keep = newref(value);
    } else if (letter == 'Z' && is_str(value)) {
        *keep = wide_bytes(vm, value);
        if (failed(*keep)) return false;
        pointer = as_bytes(*keep)->data;
    } else if (is_any_int(value)) {
        pointer = (void *)(uintptr_t)int_low_bits(value);
    } else if (!is_none(value)) {
        if (letter == 'P') throw(vm, TypeError, "cannot be converted to pointer");
        else
            throw(vm, TypeError, "%s or integer address expected instead of %T instance",
                  letter == 'z' ? "bytes" : "unicode string", value);
        return false;
    }
    memcpy(memory, &pointer, sizeof pointer);
    return true;
}

static bool store_integer(Vm *vm, const Letter *letter, char *memory, Value value)
{
    Ref plain = int_from_index(vm, value);
    if (failed(plain)) return false;
    uint64_t bits = int_low_bits(plain);
    decref(plain);
    memcpy(memory, &bits, letter->size);
    return true;
}

bool simple_store(Vm *vm, const Info *info, char *memory, Value value, Ref *keep)
{
    const Letter *letter = info->letter;
    char ordered[SMALL] = {0};
    bool good;
    Truth truth;
    *keep = NONE;
    switch (letter->sort) {
    case 'i':
    case 'u': good = store_integer(vm, letter, ordered, value); break;
    case 'f': good = store_float(vm, letter, ordered, value); break;
    case '?':
        truth = value_truth(vm, value);
        good = truth != FAILED;
        memset(ordered, truth == NO ? 0 : letter->size > 1 ? 0xFF : 1, letter->size);
        break;
    case 'c': good = store_byte(vm, ordered, value); break;
    case 'w': good = store_character(vm, ordered, value); break;
    default: good = store_pointer(vm, letter->letter, ordered, value, keep);
    }
    if (good) copy_ordered(memory, ordered, letter->size, info->swapped);
    return good;
}
