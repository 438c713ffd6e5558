/* _array_item.c - single items of arrays: from values to bytes and back.
 *
 * Pickles name layouts by number, so that they can be read on other machines: 0 and 1 are bytes,
 * then come pairs, little-endian and big-endian, of integers, floats and text.
 * Neighbours: _array.h, array.c. */
/* SPDX-License-Identifier: MIT */
#include "_array.h"

static const ArrayKind kinds[] = {
    {'b', 1, 'i', "b", 1},  {'B', 1, 'u', "B", 0},  {'u', 4, 'c', "w", 20}, {'w', 4, 'c', "w", 20},
    {'h', 2, 'i', "h", 4},  {'H', 2, 'u', "H", 2},  {'i', 4, 'i', "i", 8},  {'I', 4, 'u', "I", 6},
    {'l', 8, 'i', "l", 12}, {'L', 8, 'u', "L", 10}, {'q', 8, 'i', "q", 12}, {'Q', 8, 'u', "Q", 10},
    {'f', 4, 'f', "f", 14}, {'d', 8, 'f', "d", 16},
};

const ArrayKind *array_kind(uint32_t code)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((uint32_t)kinds[i].code == code) return &kinds[i];
    return NULL;
}

/* ---- loading ---- */

static Ref number_from_bits(Vm *vm, char sort, int size, uint64_t bits)
{
    if (sort == 'u') return from_uint64(vm, bits);
    if (sort == 'i') return from_int64(vm, (int64_t)(bits << (64 - 8 * size)) >> (64 - 8 * size));
    double wide;
    float narrow;
    memcpy(&wide, &bits, 8);
    memcpy(&narrow, &bits, 4);
    return from_any_float(size == 8 ? wide : (double)narrow);
}

Ref array_item_load(Vm *vm, const ArrayKind *kind, const char *at)
{
    uint8_t one;
    uint16_t two;
    uint32_t bits;
    uint64_t wide;
    switch (kind->size) {
    case 1: memcpy(&one, at, 1); return from_small(kind->sort == 'u' ? one : (int8_t)one);
    case 2: memcpy(&two, at, 2); return from_small(kind->sort == 'u' ? two : (int16_t)two);
    case 8: memcpy(&wide, at, 8); return number_from_bits(vm, kind->sort, 8, wide);
    default: memcpy(&bits, at, 4);
    }
    if (kind->sort != 'c') return number_from_bits(vm, kind->sort, 4, bits);
    if (bits > 0x10FFFF)
        return throw(vm, ValueError, "character U+%x is not in range [U+0000; U+10ffff]",
                     (int)bits);
    return str_from_char(vm, (uint32_t)bits);
}

/* ---- storing ---- */

static bool overflow(Vm *vm, const char *text)
{
    throw(vm, OverflowError, "%s", text);
    return false;
}

/* The messages tell which C type an item passes on its way. */
static bool signed_in_range(Vm *vm, char code, int64_t n)
{
    if (code == 'b' && n >= INT16_MIN && n <= INT16_MAX) {
        if (n < INT8_MIN) return overflow(vm, "signed char is less than minimum");
        return n <= INT8_MAX || overflow(vm, "signed char is greater than maximum");
    }
    if (code == 'b' || code == 'h') {
        if (n < INT16_MIN) return overflow(vm, "signed short integer is less than minimum");
        return n <= INT16_MAX || overflow(vm, "signed short integer is greater than maximum");
    }
    if (code == 'B') {
        if (n < 0) return overflow(vm, "unsigned byte integer is less than minimum");
        return n <= UINT8_MAX || overflow(vm, "unsigned byte integer is greater than maximum");
    }
    if (code == 'i' || code == 'H') {
        if (n < INT32_MIN) return overflow(vm, "signed integer is less than minimum");
        if (n > INT32_MAX) return overflow(vm, "signed integer is greater than maximum");
    }
    if (code != 'H') return true;
    if (n < 0) return overflow(vm, "unsigned short is less than minimum");
    return n <= UINT16_MAX || overflow(vm, "unsigned short is greater than maximum");
}

static bool unsigned_bits(Vm *vm, char code, Value number, uint64_t *bits)
{
    int over = 0;
    int64_t n = int_value(number, &over);
    if (int_sign(number) < 0)
        return overflow(vm, code == 'Q' ? "can't convert negative int to unsigned"
                                        : "can't convert negative value to unsigned int");
    *bits = (uint64_t)n;
    if (over) {
        IntView view;
        mpz_srcptr big = int_view(&view, number);
        if (mpz_sizeinbase(big, 2) > 64)
            return overflow(vm, code == 'Q' ? "int too big to convert"
                                            : "Python int too large to convert to C unsigned long");
        *bits = mpz_get_ui(big);
    }
    return code != 'I' || *bits <= UINT32_MAX ||
           overflow(vm, "unsigned int is greater than maximum");
}

static bool integer_bits(Vm *vm, char code, Value v, uint64_t *bits)
{
    Ref number = int_from_index(vm, v);
    if (failed(number)) return false;
    bool ok;
    if (code == 'I' || code == 'L' || code == 'Q') {
        ok = unsigned_bits(vm, code, number, bits);
    } else {
        int over = 0;
        int64_t n = int_value(number, &over);
        *bits = (uint64_t)n;
        ok = over ? overflow(vm, code == 'q' ? "int too big to convert"
                                             : "Python int too large to convert to C long")
                  : signed_in_range(vm, code, n);
    }
    decref(number);
    return ok;
}

bool array_item_store(Vm *vm, const ArrayKind *kind, char *at, Value v)
{
    uint64_t bits = 0;
    if (kind->sort == 'f') {
        double wide;
        if (!float_from(vm, v, &wide)) return false;
        float narrow = (float)wide;
        array_item_copy(at, kind->size == 8 ? (char *)&wide : (char *)&narrow, kind->size);
        return true;
    } else if (kind->sort == 'c') {
        if (!is_str(v) || as_str(v)->len != 1) {
            throw(vm, TypeError, "array item must be unicode character");
            return false;
        }
        bits = str_at(as_str(v), 0);
    } else if (!integer_bits(vm, kind->code, v, &bits)) {
        return false;
    }
    array_item_copy(at, (const char *)&bits, kind->size); /* the low bytes come first */
    return true;
}

/* ---- machine formats ---- */

static const struct {
    uint8_t size;
    char sort;
} machines[MACHINE_FORMATS] = {
    {1, 'u'}, {1, 'i'}, {2, 'u'}, {2, 'u'}, {2, 'i'}, {2, 'i'}, {4, 'u'}, {4, 'u'},
    {4, 'i'}, {4, 'i'}, {8, 'u'}, {8, 'u'}, {8, 'i'}, {8, 'i'}, {4, 'f'}, {4, 'f'},
    {8, 'f'}, {8, 'f'}, {2, 'c'}, {2, 'c'}, {4, 'c'}, {4, 'c'},
};

int array_machine_size(int machine) { return machines[machine].size; }

const ArrayKind *array_machine_kind(int machine, const ArrayKind *asked)
{
    const ArrayKind *found = asked;
    if (machines[machine].sort != 'i' && machines[machine].sort != 'u') return asked;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].size == machines[machine].size && kinds[i].sort == machines[machine].sort)
            found = &kinds[i];
    return found;
}

static Ref decoded(Vm *vm, const char *encoding, const char *data, ptrdiff_t len)
{
    Ref bytes = bytes_from(vm, data, len), name = failed(bytes) ? FAIL : str_from(vm, encoding);
    Ref method = failed(name) ? FAIL : attr_get_text(vm, bytes, "decode");
    Ref out = failed(method) ? FAIL : call1(vm, method, name);
    decref(method);
    decref(name);
    decref(bytes);
    return out;
}

Ref array_machine_items(Vm *vm, int machine, const char *data, ptrdiff_t len)
{
    static const char *const encodings[] = {"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"};
    int size = machines[machine].size;
    bool big = machine > 1 && machine % 2;
    if (machines[machine].sort == 'c') return decoded(vm, encodings[machine - 18], data, len);
    Ref list = list_new(vm, 0);
    for (ptrdiff_t at = 0; !failed(list) && at + size <= len; at += size) {
        uint64_t bits = 0;
        for (int n = 0; n < size; n++)
            bits = bits << 8 | (uint8_t)data[at + (big ? n : size - 1 - n)];
        Ref item = number_from_bits(vm, machines[machine].sort, size, bits);
        if (failed(item) || !list_push(vm, as_list(list), item)) {
            decref(list);
            return FAIL;
        }
    }
    return list;
}
