/* _json_encode.c - objects written as JSON text.
 *
 * Text gathers in the width of its widest point so far: bytes, until with ensure_ascii off
 * something wider is written.  A str is copied a block at a time, what must be escaped being bits
 * of a mask.  Containers being written form a chain on the C stack, which tells circular
 * references.
 * Neighbours: _json.h (blocks), _json.c (the module), json/encoder.aio. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "_json.h"

typedef struct Enclosing {
    Value value;
    const struct Enclosing *outer;
} Enclosing;

enum {
    FEW_BYTES = 512, /* of a text that needs no memory of its own */
    ESCAPE_MOST = 6, /* characters that stand for a point below 0x10000 */
    BLOCK_MOST =
        JSON_BLOCK * (ESCAPE_MOST + 1), /* that are written, or written over, for a block */
    SORT_FEW = 32,                      /* keys whose pairs are sorted in place */
};

/* The text so far: as wide as its widest point needs. */
typedef struct Writer {
    Vm *vm;
    char *data;
    ptrdiff_t len, room; /* in points */
    int width;
    uint32_t limit; /* no point is above it: STR_ASCII and so on */
    bool skip_keys, ascii, circular, nan, sort;
    Value fallback; /* called for what JSON does not know */
    Value indent;   /* str, or UNDEF */
    Value item_separator, key_separator;
    ptrdiff_t level;
    char few[FEW_BYTES];
} Writer;

static bool write_value(Writer *w, Value v, const Enclosing *outer);

/* ---- output ---- */

/* Gives the text room for `more` points, and another width perhaps. */
static __attribute__((noinline)) bool writer_grow(Writer *w, ptrdiff_t more, int width)
{
    const ptrdiff_t room = (w->len + more) * 2;
    const size_t size = (size_t)(room * width);
    const bool in_place = width == w->width && w->data != w->few;
    char *data = in_place ? memory_resize(w->vm, w->data, size) : memory_new(w->vm, size);
    if (!data) return false;
    for (ptrdiff_t i = 0; width != w->width && i < w->len; i++)
        points_set(data, width, i, json_point(w->data + i * w->width, w->width));
    if (width == w->width && !in_place) memcpy(data, w->data, (size_t)(w->len * width));
    if (!in_place && w->data != w->few) memory_free(w->data);
    w->data = data;
    w->room = room;
    w->width = width;
    return true;
}

static inline bool reserve(Writer *w, ptrdiff_t more)
{
    return w->len + more <= w->room || writer_grow(w, more, w->width);
}

static bool put(Writer *w, const char *text, ptrdiff_t len)
{
    if (!reserve(w, len)) return false;
    if (w->width == 1) json_bytes_copy(w->data + w->len, text, len);
    else
        for (ptrdiff_t n = 0; n < len; n++)
            points_set(w->data, w->width, w->len + n, (uint8_t)text[n]);
    w->len += len;
    return true;
}

static inline bool put_char(Writer *w, char c)
{
    if (!reserve(w, 1)) return false;
    points_set(w->data, w->width, w->len++, (uint8_t)c);
    return true;
}

/* The points of text will be written as they are. */
static bool widen_for(Writer *w, const Str *text)
{
    uint32_t limit = str_limit(text);
    if (limit <= w->limit) return true;
    w->limit = limit;
    return text->width == w->width || writer_grow(w, text->len, text->width);
}

static bool put_str(Writer *w, Value v)
{
    const Str *text = as_str(v);
    if (text->ascii) return put(w, text->data, text->len);
    if (!widen_for(w, text) || !reserve(w, text->len)) return false;
    points_copy(w->data, w->width, w->len, text, 0, text->len);
    w->len += text->len;
    return true;
}

static Ref writer_finish(Writer *w, bool good)
{
    Ref out = FAIL;
    if (good && w->len == 1) {
        out = str_from_char(w->vm, json_point(w->data, w->width));
    } else if (good) {
        out = str_new(w->vm, w->len, w->limit);
        if (!failed(out) && w->len) memcpy(as_str(out)->data, w->data, (size_t)(w->len * w->width));
    }
    if (w->data != w->few) memory_free(w->data);
    return out;
}

static void writer_open(Writer *w, Vm *vm, bool ascii)
{
    memset(w, 0, offsetof(Writer, few));
    w->vm = vm;
    w->data = w->few;
    w->room = FEW_BYTES;
    w->width = 1;
    w->limit = STR_ASCII;
    w->ascii = ascii;
}

/* ---- strings ---- */

/* Bytes of a word in the order of the text, its first one lowest. */
ALWAYS_INLINE uint64_t in_order(uint64_t word)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

/* Writes a number below 0x10000 as four hexadecimal digits, made together, a byte for each. */
ALWAYS_INLINE void hex4_write(char *to, uint32_t n)
{
    uint64_t lanes = (n >> 8 | n << 16) & 0x00FF00FF;
    lanes = (lanes >> 4 | lanes << 8) & 0x0F0F0F0F;
    uint64_t letters = (lanes + 0x06060606) >> 4 & 0x01010101;
    lanes = in_order(lanes + 0x30303030 + letters * ('a' - '9' - 1));
    memcpy(to, &lanes, 4);
}

/* Writes a number below 10^8 as eight digits, halved until each lane of a byte holds one: dividing
 * is multiplying by a reciprocal that is close enough for so few digits. */
ALWAYS_INLINE void digits8_write(char *to, uint32_t n)
{
    uint64_t lanes = n / 10000 | (uint64_t)(n % 10000) << 32;
    uint64_t hundreds = (lanes * 10486 >> 20) & UINT64_C(0x0000007F0000007F);
    lanes = hundreds | (lanes - hundreds * 100) << 16;
    uint64_t tens = (lanes * 103 >> 10) & UINT64_C(0x000F000F000F000F);
    lanes = in_order((tens | (lanes - tens * 10) << 8) + UINT64_C(0x3030303030303030));
    memcpy(to, &lanes, 8);
}

/* How an ASCII character is escaped: a letter, 'u' for its code, 0: it may be written as it is. */
static const char letters[128] = {
    [0 ... 7] = 'u', ['\b'] = 'b',      ['\t'] = 't', ['\n'] = 'n',  ['\v'] = 'u', ['\f'] = 'f',
    ['\r'] = 'r',    [14 ... 31] = 'u', ['"'] = '"',  ['\\'] = '\\', [127] = 'u',
};

/* Writes the escape of a point below 0x10000; its length. */
ALWAYS_INLINE int escape_point(uint32_t c, char out[ESCAPE_MOST])
{
    out[0] = '\\';
    out[1] = c < 128 ? letters[c] : 'u';
    if (out[1] != 'u') return 2;
    hex4_write(out + 2, c);
    return 6;
}

/* Writes any point with nothing but ASCII; its length. */
ALWAYS_INLINE int ascii_point(uint32_t c, char out[2 * ESCAPE_MOST])
{
    if (c < 128 && !letters[c]) {
        *out = (char)c;
        return 1;
    }
    if (c <= 0xFFFF) return escape_point(c, out);
    escape_point(0xD800 + ((c - 0x10000) >> 10), out);
    escape_point(0xDC00 + (c & 0x3FF), out + ESCAPE_MOST);
    return 2 * ESCAPE_MOST;
}

/* Bit n: byte n of the span, a block at most, of a str's text belongs to a point to be escaped;
 * when ascii is set, in width 1 only, that is all that is not printable ASCII. */
ALWAYS_INLINE unsigned escapes_in(const char *p, ptrdiff_t span, int width, bool ascii)
{
#ifdef __SSE2__
    const char *start = p + span - JSON_BLOCK; /* it may lie in the str's head */
    JsonBlock block = json_block(start);
    unsigned bits = json_block_bits(json_block_special(block, width));
    if (ascii) bits |= json_block_bits(_mm_or_si128(block, json_block_is(block, width, 127)));
    return bits >> (p - start);
#else
    unsigned bits = 0;
    for (ptrdiff_t n = 0; n < span; n += width) {
        uint32_t c = json_point(p + n, width);
        bits |= (unsigned)!(json_is_plain(c) && !(ascii && c >= 127)) << n;
    }
    return bits;
#endif
}

/* Copies a run of bytes, a block at most, of a text that ends at end. */
ALWAYS_INLINE void run_copy(char *to, int out, const char *p, ptrdiff_t bytes, const char *end,
                            int width)
{
#ifdef __SSE2__
    if (end - p >= JSON_BLOCK) {
        json_block_widen(to, out, json_block(p), width);
        return;
    }
#else
    (void)end;
#endif
    if (out == width) json_bytes_copy(to, p, bytes);
    else
        for (ptrdiff_t n = 0; n < bytes / width; n++)
            points_set(to, out, n, json_point(p + n * width, width));
}

/* Writes a block of text, or what is left of it, where BLOCK_MOST points have room: where writing
 * goes on. */
ALWAYS_INLINE char *write_block(char *to, int out, const char **at, const char *end, int width,
                                bool ascii)
{
    const char *p = *at;
    ptrdiff_t span = end - p < JSON_BLOCK ? end - p : JSON_BLOCK;
    unsigned escapes = escapes_in(p, span, width, ascii);
    *at = p + span;
    while (escapes) {
        const ptrdiff_t run = __builtin_ctz(escapes);
        char escape[ESCAPE_MOST];
        run_copy(to, out, p, run, end, width);
        to += run / width * out;
        uint32_t c = json_point(p + run, width);
        int len = escape_point(c, out == 1 ? to : escape);
        for (int n = 0; out > 1 && n < len; n++) points_set(to, out, n, (uint8_t)escape[n]);
        to += len * out;
        p += run + width;
        span -= run + width;
        escapes >>= run + width;
    }
    run_copy(to, out, p, span, end, width);
    return to + span / width * out;
}

/* Text whose points are written as they are, or that is of width 1. */
ALWAYS_INLINE bool write_kept(Writer *w, const Str *text, int width, int out)
{
    const char *p = text->data, *end = p + text->len * width;
    const bool ascii = width == 1 && w->ascii;
    while (p < end) {
        if (!reserve(w, BLOCK_MOST)) return false;
        char *to = w->data + w->len * out;
        w->len = (write_block(to, out, &p, end, width, ascii) - w->data) / out;
    }
    return true;
}

/* Wider text, all of it made ASCII; nothing wide has been written. */
ALWAYS_INLINE bool write_escaped(Writer *w, const Str *text, int width)
{
    const char *p = text->data, *end = p + text->len * width;
    while (p < end) {
        const char *stop = end - p > JSON_BLOCK ? p + JSON_BLOCK : end;
        if (!reserve(w, BLOCK_MOST)) return false;
        char *to = w->data + w->len;
        for (; p < stop; p += width) to += ascii_point(json_point(p, width), to);
        w->len = to - w->data;
    }
    return true;
}

/* The same when something has been, a separator for instance. */
static bool write_escaped_wide(Writer *w, const Str *text)
{
    for (ptrdiff_t i = 0; i < text->len; i++) {
        char ascii[2 * ESCAPE_MOST];
        if (!put(w, ascii, ascii_point(str_at(text, i), ascii))) return false;
    }
    return true;
}

/* There is code for each width of the text, and of what is written. */
static bool write_points(Writer *w, const Str *text)
{
    const int width = text->width;
    if (w->ascii && width > 1) {
        if (w->width > 1) return write_escaped_wide(w, text);
        return width == 2 ? write_escaped(w, text, 2) : write_escaped(w, text, 4);
    }
    if (w->width == 1) return write_kept(w, text, 1, 1);
    if (w->width == 2) return width == 1 ? write_kept(w, text, 1, 2) : write_kept(w, text, 2, 2);
    return width == 1   ? write_kept(w, text, 1, 4)
           : width == 2 ? write_kept(w, text, 2, 4)
                        : write_kept(w, text, 4, 4);
}

static bool write_text(Writer *w, Value v)
{
    const Str *text = as_str(v);
    if (!w->ascii && !widen_for(w, text)) return false;
    return put_char(w, '"') && write_points(w, text) && put_char(w, '"');
}

/* ---- numbers ---- */

/* An int beyond 64 bits and within 128: its decimal digits in pieces. */
static bool write_medium(Writer *w, Wide n)
{
    enum { PIECE_DIGITS = 16, PIECES = 2 };
    const uint64_t piece = UINT64_C(10000000000000000), half = UINT64_C(100000000);
    unsigned __int128 left = n < 0 ? 0 - (unsigned __int128)n : (unsigned __int128)n;
    char text[INT64_TEXT_MAX + PIECES * PIECE_DIGITS], few[INT64_TEXT_MAX];
    char *at = text + sizeof text;
    while (left >= piece) {
        unsigned __int128 more = left / piece;
        uint64_t digits = (uint64_t)(left - more * piece);
        at -= PIECE_DIGITS;
        digits8_write(at, (uint32_t)(digits / half));
        digits8_write(at + 8, (uint32_t)(digits % half));
        left = more;
    }
    int len = int64_text(n < 0 ? -(int64_t)left : (int64_t)left, few);
    at = memcpy(at - len, few, (size_t)len);
    return put(w, at, text + sizeof text - at);
}

/* An int that is larger. */
static bool write_big(Writer *w, Value v)
{
    enum { LIMBS_FEW = 30, DIGITS_FEW = 600 }; /* 10^578 has 30 limbs; no limit refuses so many */
    mpz_srcptr number = ((const Int *)(const void *)as_object(v))->big;
    const size_t size = mpz_size(number);
    if (size > LIMBS_FEW) {
        Ref digits = int_to_text(w->vm, v, 10);
        bool good = !failed(digits) && put_str(w, digits);
        decref(digits);
        return good;
    }
    mp_limb_t limbs[LIMBS_FEW + 1];
    unsigned char digits[DIGITS_FEW];
    memcpy(limbs, mpz_limbs_read(number), size * sizeof *limbs);
    size_t count = mpn_get_str(digits, 10, limbs, (mp_size_t)size), zeros = 0;
    while (digits[zeros] == 0) zeros++;
    for (size_t n = zeros; n < count; n++) digits[n] += '0';
    return (mpz_sgn(number) > 0 || put_char(w, '-')) &&
           put(w, (const char *)digits + zeros, (ptrdiff_t)(count - zeros));
}

static bool write_int(Writer *w, Value v)
{
    int overflow = 0;
    int64_t n = int_value(v, &overflow);
    if (!overflow) {
        char text[INT64_TEXT_MAX];
        if (w->width > 1) return put(w, text, int64_text(n, text));
        if (!reserve(w, INT64_TEXT_MAX)) return false;
        w->len += int64_text(n, w->data + w->len);
        return true;
    }
    const Int *number = (const Int *)(const void *)as_object(v);
    return number->is_big ? write_big(w, v) : write_medium(w, number->medium);
}

static bool write_float(Writer *w, double number)
{
    char text[DOUBLE_REPR_MAX];
    if (isfinite(number)) {
        if (w->width > 1) return put(w, text, double_repr(number, text));
        if (!reserve(w, DOUBLE_REPR_MAX)) return false;
        w->len += double_repr(number, w->data + w->len);
        return true;
    }
    if (!w->nan) {
        double_repr(number, text);
        throw(w->vm, ValueError, "Out of range float values are not JSON compliant: %s", text);
        return false;
    }
    const char *word = isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    return put(w, word, (ptrdiff_t)strlen(word));
}

/* ---- containers ---- */

/* Adds to the exception on its way where it happened, as Python 3.14 does. */
static bool note_failure(Writer *w, const char *format, Value container, Value place)
{
    Vm *vm = w->vm;
    if (!is_heap(vm->error) || !is_exception(vm->error)) return false;
    Ref error = error_take(vm), note = format_text(vm, format, container, place);
    Value args[] = {note};
    Ref done = failed(note) ? FAIL : call_method(vm, error, N(add_note), 1, args);
    if (failed(done)) decref(error); /* what came up instead is raised */
    else error_restore(vm, error);
    decref(done);
    decref(note);
    return false;
}

static bool is_enclosing(const Enclosing *outer, Value v)
{
    for (; outer; outer = outer->outer)
        if (outer->value == v) return true;
    return false;
}

/* Deep down only every CHECK_EVERY-th level looks: a circle comes round again, and the work stays
 * linear. */
static bool check_circular(Writer *w, Value v, const Enclosing *outer)
{
    enum { CHECK_EVERY = 64 };
    if (w->level > CHECK_EVERY && w->level % CHECK_EVERY) return true;
    if (!w->circular || !is_enclosing(outer, v)) return true;
    throw(w->vm, ValueError, "Circular reference detected");
    return false;
}

/* A line break and the indentation of the level, when there is to be one. */
static bool write_line(Writer *w)
{
    if (absent(w->indent)) return true;
    if (!put(w, "\n", 1)) return false;
    for (ptrdiff_t n = 0; n < w->level; n++)
        if (!put_str(w, w->indent)) return false;
    return true;
}

static bool write_items(Writer *w, Value sequence, Ref items, const Enclosing *outer)
{
    Enclosing self = {sequence, outer};
    for (ptrdiff_t n = 0;; n++) {
        ptrdiff_t len;
        Ref *at = sequence_items(items, &len);
        if (n >= len) return true;
        if (n > 0 && !put_str(w, w->item_separator)) return false;
        Ref item = newref(at[n]);
        bool good = write_line(w) && write_value(w, item, &self);
        decref(item);
        if (!good)
            return note_failure(w, "when serializing %T item %R", sequence, (Value)from_small(n));
    }
}

static bool write_sequence(Writer *w, Value v, const Enclosing *outer)
{
    ptrdiff_t len;
    sequence_items(v, &len);
    if (len == 0) return put(w, "[]", 2);
    if (!check_circular(w, v, outer) || !put(w, "[", 1)) return false;
    w->level++;
    bool good = write_items(w, v, (Ref)as_object(v), outer);
    w->level--;
    return good && write_line(w) && put(w, "]", 1);
}

/* The text of a key, quoted.  NO: it is to be skipped. */
static Truth write_key(Writer *w, Value key)
{
    if (is_str(key)) return write_text(w, key) ? YES : FAILED;
    const char *word = is_none(key) ? "null" : key == TRUE ? "true" : key == FALSE ? "false" : NULL;
    bool number = is_any_int(key) || is_any_float(key);
    if (!word && !number) {
        if (w->skip_keys) return NO;
        throw(w->vm, TypeError, "keys must be str, int, float, bool or None, not %T", key);
        return FAILED;
    }
    if (!put(w, "\"", 1)) return FAILED;
    bool good = word                ? put(w, word, (ptrdiff_t)strlen(word))
                : is_any_float(key) ? write_float(w, float_value(key))
                                    : write_int(w, key);
    return good && put(w, "\"", 1) ? YES : FAILED;
}

static bool is_key(const Writer *w, Value key)
{
    return !w->skip_keys || is_str(key) || is_none(key) || is_any_int(key) || is_any_float(key);
}

static bool write_pair(Writer *w, Value mapping, Value key, Value value, bool *first,
                       const Enclosing *self)
{
    if (!is_key(w, key)) return true;
    if (!*first && !put_str(w, w->item_separator)) return false;
    *first = false;
    if (!write_line(w) || write_key(w, key) != YES || !put_str(w, w->key_separator)) return false;
    return write_value(w, value, self) ||
           note_failure(w, "when serializing %T item %R", mapping, key);
}

/* What items(), a mapping's method, gives: a list of pairs, sorted perhaps. */
static Ref pairs_of(Writer *w, Value method)
{
    Vm *vm = w->vm;
    Ref items = call0(vm, method);
    Ref pairs = failed(items) ? FAIL : list_from(vm, items);
    decref(items);
    if (!failed(pairs) && w->sort && !list_sort(vm, as_list(pairs), NONE, false))
        replace(&pairs, FAIL);
    for (ptrdiff_t n = 0; !failed(pairs) && n < as_list(pairs)->len; n++) {
        Value pair = list_at(as_list(pairs), n);
        if (is_tuple(pair) && tuple_len(pair) == 2) continue;
        throw(vm, ValueError, "items must return 2-tuples");
        replace(&pairs, FAIL);
    }
    return pairs;
}

/* A dict as it lies; the fallback may change it meanwhile. */
static bool write_entries(Writer *w, Value mapping, bool *first, const Enclosing *self)
{
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(as_dict(mapping), &i, &key, &value);) {
        Ref kept_key = newref(key), kept = newref(value);
        bool good = write_pair(w, mapping, kept_key, kept, first, self);
        decref(kept);
        decref(kept_key);
        if (!good) return false;
    }
    return true;
}

/* Are all keys exactly str?  Then they differ, and sorting them calls nobody. */
static bool has_plain_keys(Dict *dict)
{
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(dict, &i, &key, &value);)
        if (!is_exact(key, KIND_STR)) return false;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return str_compare(as_str(((const DictEntry *)a)->key), as_str(((const DictEntry *)b)->key));
}

/* Sorts few entries by their keys, or many. */
static void sort_entries(DictEntry *entries, ptrdiff_t len)
{
    if (len > SORT_FEW) {
        qsort(entries, (size_t)len, sizeof *entries, compare_keys);
        return;
    }
    for (ptrdiff_t n = 1; n < len; n++) {
        DictEntry entry = entries[n];
        ptrdiff_t i = n;
        for (; i > 0 && compare_keys(&entries[i - 1], &entry) > 0; i--) entries[i] = entries[i - 1];
        entries[i] = entry;
    }
}

/* What a dict had when this began; its keys are all str if they are to be sorted. */
static bool write_snapshot(Writer *w, Value mapping, bool *first, const Enclosing *self)
{
    DictEntry few[SORT_FEW], *entries = few;
    ptrdiff_t len = 0, total = as_dict(mapping)->len;
    Value key, value;
    if (total > SORT_FEW && !(entries = memory_new(w->vm, (size_t)total * sizeof *entries)))
        return false;
    for (ptrdiff_t i = 0; dict_next(as_dict(mapping), &i, &key, &value);)
        entries[len++] = (DictEntry){0, newref(key), newref(value)};
    if (w->sort) sort_entries(entries, len);
    bool good = true;
    for (ptrdiff_t n = 0; n < len; n++) {
        good = good && write_pair(w, mapping, entries[n].key, entries[n].value, first, self);
        decref(entries[n].key);
        decref(entries[n].value);
    }
    if (entries != few) memory_free(entries);
    return good;
}

static bool write_any_pairs(Writer *w, Value mapping, Value method, bool *first,
                            const Enclosing *self)
{
    Ref pairs = pairs_of(w, method);
    bool good = !failed(pairs);
    for (ptrdiff_t n = 0; good && n < as_list(pairs)->len; n++) {
        Ref pair = newref(list_at(as_list(pairs), n));
        good = write_pair(w, mapping, tuple_at(pair, 0), tuple_at(pair, 1), first, self);
        decref(pair);
    }
    decref(pairs);
    return good;
}

/* Is it what every dict has for items()? */
static bool is_plain_items(Vm *vm, Value method, Value mapping)
{
    Value plain = type_lookup(vm, type_builtin(vm, KIND_DICT), N(items));
    return is_native(method) && as_native(method)->native == as_native(plain)->native &&
           as_native(method)->self == mapping;
}

/* The pairs of a dict, or of an instance of a subclass, in the order they are to be written in. */
static bool write_ordered(Writer *w, Value mapping, bool *first, const Enclosing *self)
{
    Vm *vm = w->vm;
    const bool plain_keys = !w->sort || has_plain_keys(as_dict(mapping));
    if (plain_keys && is_exact(mapping, KIND_DICT)) return write_snapshot(w, mapping, first, self);
    Ref method = attr_get(vm, mapping, N(items));
    if (failed(method)) return false;
    bool good = plain_keys && is_plain_items(vm, method, mapping)
                    ? write_snapshot(w, mapping, first, self)
                    : write_any_pairs(w, mapping, method, first, self);
    decref(method);
    return good;
}

static bool write_pairs(Writer *w, Value mapping, const Enclosing *self)
{
    bool first = true;
    bool good = is_exact(mapping, KIND_DICT) && !w->sort ? write_entries(w, mapping, &first, self)
                                                         : write_ordered(w, mapping, &first, self);
    if (!good) return false;
    w->level--;
    good = first || write_line(w);
    w->level++;
    return good;
}

static bool write_mapping(Writer *w, Value v, const Enclosing *outer)
{
    Enclosing self = {v, outer};
    if (as_dict(v)->len == 0 && is_exact(v, KIND_DICT)) return put(w, "{}", 2);
    if (!check_circular(w, v, outer) || !put(w, "{", 1)) return false;
    w->level++;
    bool good = write_pairs(w, v, &self);
    w->level--;
    return good && put(w, "}", 1);
}

/* What the fallback makes of a value that JSON does not know. */
static bool write_other(Writer *w, Value v, const Enclosing *outer)
{
    Enclosing self = {v, outer};
    if (!check_circular(w, v, outer)) return false;
    Ref made = call1(w->vm, w->fallback, v);
    bool good = !failed(made) && write_value(w, made, &self);
    decref(made);
    return good || note_failure(w, "when serializing %T object", v, UNDEF);
}

static bool write_nested(Writer *w, Value v, const Enclosing *outer)
{
    if (!recursion_enter(w->vm)) return false;
    bool good = is_list(v) || is_tuple(v) ? write_sequence(w, v, outer)
                : is_dict(v)              ? write_mapping(w, v, outer)
                                          : write_other(w, v, outer);
    recursion_leave(w->vm);
    return good;
}

static bool write_value(Writer *w, Value v, const Enclosing *outer)
{
    if (is_str(v)) return write_text(w, v);
    if (is_none(v)) return put(w, "null", 4);
    if (v == TRUE) return put(w, "true", 4);
    if (v == FALSE) return put(w, "false", 5);
    if (is_any_int(v)) return write_int(w, v);
    if (is_any_float(v)) return write_float(w, float_value(v));
    return write_nested(w, v, outer);
}

/* ---- functions ---- */

NATIVE(json_encode,
       "encode(value, default, skipkeys, ensure_ascii, check_circular, allow_nan, sort_keys, "
       "indent, item_separator, key_separator, /)",
       "Return value as JSON text; the flags count by their truth, indent is a str or None, and\n"
       "default(object) gives something that JSON knows for what it does not.")
{
    Truth flags[5];
    for (int n = 0; n < 5; n++)
        if ((flags[n] = value_truth(vm, argv[2 + n])) == FAILED) return FAIL;
    for (int n = 5; n <= 6; n++)
        if (!is_str(argv[14 - n]))
            return throw(vm, TypeError, "make_encoder() argument %d must be str, not %T", n,
                         argv[14 - n]);
    Writer w;
    writer_open(&w, vm, flags[1] == YES);
    w.fallback = argv[1];
    w.skip_keys = flags[0] == YES;
    w.circular = flags[2] == YES;
    w.nan = flags[3] == YES;
    w.sort = flags[4] == YES;
    w.indent = is_str(argv[7]) ? argv[7] : UNDEF;
    w.item_separator = argv[8];
    w.key_separator = argv[9];
    return writer_finish(&w, write_value(&w, argv[0], NULL));
}

static Ref quoted(Vm *vm, Value v, bool ascii)
{
    if (!is_str(v)) return throw(vm, TypeError, "first argument must be a string, not %T", v);
    Writer w;
    writer_open(&w, vm, ascii);
    return writer_finish(&w, write_text(&w, v));
}
NATIVE(json_quote_ascii, "encode_basestring_ascii(string, /)",
       "Return string as a JSON string of ASCII characters.")
{
    return quoted(vm, argv[0], true);
}
NATIVE(json_quote, "encode_basestring(string, /)", "Return string as a JSON string.")
{
    return quoted(vm, argv[0], false);
}

const Native *const json_encode_functions[] = {
    &json_encode_def,
    &json_quote_ascii_def,
    &json_quote_def,
    NULL,
};
