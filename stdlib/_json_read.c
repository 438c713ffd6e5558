/* _json_read.c - JSON text read into objects.
 *
 * One loop over the str where it lies, without recursion: the items of the containers that are open
 * gather on a stack of their own, and a list or dict is made, exactly as large as it must be, when
 * its bracket closes.  A key whose characters were seen before is taken from a small table, so that
 * equal ones are one object with its hash known.
 * Neighbours: _json.h (runs of characters), _json.c (the functions of the module). */
/* SPDX-License-Identifier: MIT */
#include "_json_read.h"

enum { ALONE, IN_ARRAY, IN_OBJECT, WITHIN_BITS = 2 }; /* what a value lies in */
enum {
    DEPTH_MOST = 40000,  /* containers within each other */
    ITEMS_SLACK = 2,     /* items that fit behind Reader.limit: a key and its value */
    KEY_BYTES_MOST = 64, /* of keys that are remembered */
    DICT_FEW = 8         /* entries of a dict that needs no index */
};
enum {
    DIGITS_SMALL = 14,       /* so many decimal digits fit a small int, */
    DIGITS_UINT64 = 19,      /* so many 64 bits, */
    DIGITS_WIDE = 38,        /* so many a Wide, */
    DIGITS_FEW = 600,        /* so many no limit of int() refuses */
    EXACT_POWER_OF_TEN = 22, /* the greatest that a double holds */
};

#define TEN_TO_DIGITS_UINT64 UINT64_C(10000000000000000000)

/* ---- errors ---- */

Ref reader_error(Reader *r, const char *message, const char *at)
{
    Vm *vm = r->vm;
    Ref module = import_text(vm, "json.decoder"), text = str_from(vm, message);
    Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "JSONDecodeError");
    Ref position = from_small(reader_index(r, at));
    Value args[] = {text, r->source, position};
    Ref error = failed(class) || failed(text) ? FAIL : call(vm, class, 3, args);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(class);
    decref(text);
    decref(module);
    return FAIL;
}

/* ---- blanks and words ---- */

static inline bool is_blank(uint32_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* Beyond the blank at p and those behind it: a line break and what the next line begins with. */
ALWAYS_INLINE const char *skip_run(const char *p, const char *end, int width)
{
    do {
        p += width;
#ifdef __SSE2__
        if (end - p >= JSON_BLOCK) {
            JsonBlock block = json_block(p), tabs = json_block_is(block, width, '\t');
            unsigned same = json_block_bits(_mm_or_si128(json_block_is(block, width, ' '), tabs));
            p += __builtin_ctz(~same | 1u << JSON_BLOCK);
        }
#else
        (void)end;
#endif
    } while (is_blank(json_point(p, width)));
    return p;
}

ALWAYS_INLINE const char *skip_blanks(const char *p, const char *end, int width)
{
    if (json_point(p, width) > ' ') return p;
    if (json_point(p, width) == ' ' && json_point(p + width, width) > ' ') return p + width;
    return is_blank(json_point(p, width)) ? skip_run(p, end, width) : p;
}

static Ref no_value(Reader *r, const char *at)
{
    r->nothing = at;
    return FAIL;
}

ALWAYS_INLINE bool is_word(const Reader *r, const char *p, const char *word, int width)
{
    size_t len = strlen(word);
    if (width == 1) return r->end - p >= (ptrdiff_t)len && memcmp(p, word, len) == 0;
    for (; *word; word++, p += width)
        if (json_point(p, width) != (uint8_t)*word) return false;
    return true;
}

/* ---- strings ---- */

/* Narrows JSON_BLOCK points when those before end are ASCII. */
ALWAYS_INLINE bool few_narrowed(char few[JSON_BLOCK], const char *p, const char *end, int width)
{
#ifdef __SSE2__
    if (!json_few_ascii(p, end - p, width)) return false;
    json_block_narrow(few, 1, p, width);
    return true;
#else
    return (void)few, (void)p, (void)end, (void)width, false;
#endif
}

/* The str of the points [p, end); as far as `room` may be read. */
ALWAYS_INLINE Ref text_of(Reader *r, const char *p, const char *end, const char *room, int width,
                          bool ascii)
{
    const ptrdiff_t len = (end - p) / width;
    char few[JSON_BLOCK];
    if (width > 1 && len > 1 && len <= JSON_BLOCK && room - p >= JSON_BLOCK * width &&
        few_narrowed(few, p, end, width)) {
        Ref text = str_new(r->vm, len, STR_ASCII);
        if (!failed(text)) json_bytes_copy(as_str(text)->data, few, len);
        return text;
    }
    const uint32_t limit = ascii && len != 1 ? STR_ASCII : json_limit(p, end, width);
    if (len == 1) return str_from_char(r->vm, limit);
    Ref text = str_new(r->vm, len, limit);
    if (failed(text) || len == 0) return text;
    char *to = as_str(text)->data;
    if (width == 1 || as_str(text)->width == width) json_points_copy(to, width, p, width, len);
    else if (as_str(text)->width == 1) json_points_copy(to, 1, p, width, len);
    else json_points_copy(to, 2, p, width, len);
    return text;
}

/* Four hexadecimal digits at p, not the last of the text; negative: they are not. */
ALWAYS_INLINE int32_t read_hex4(const Reader *r, const char *p, int width)
{
    static const uint8_t digits[256] = {
        ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21,
        ['6'] = 22, ['7'] = 23, ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27,
        ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['A'] = 26, ['B'] = 27,
        ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31, /* 16 more than they are worth */
    };
    if (r->end - p <= 4 * width) return -1;
    uint32_t value = 0, good = 16;
    for (int n = 0; n < 4; n++) {
        uint32_t c = json_point(p + n * width, width);
        uint32_t digit = width == 1 || c < 256 ? digits[c] : 0;
        good &= digit;
        value = value << 4 | (digit & 15);
    }
    return good ? (int32_t)value : -1;
}

/* The escape whose backslash is at p in the string that begins at start: where it ends, or NULL. */
ALWAYS_INLINE const char *read_escape(Reader *r, const char *start, const char *p, uint32_t *point,
                                      int width)
{
    static const char values[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *escape = p + width;
    uint32_t c = json_point(escape, width);
    if (c < 256 && values[c]) {
        *point = (uint8_t)values[c];
        return escape + width;
    }
    if (escape == r->end) return reader_error(r, "Unterminated string starting at", start), NULL;
    if (c != 'u') return reader_error(r, "Invalid \\escape", p), NULL;
    int32_t high = read_hex4(r, escape + width, width);
    if (high < 0) return reader_error(r, "Invalid \\uXXXX escape", escape), NULL;
    const char *next = escape + 5 * width;
    *point = (uint32_t)high;
    if (high >> 10 == 0xD800 >> 10 && json_point(next, width) == '\\' &&
        json_point(next + width, width) == 'u') {
        int32_t low = read_hex4(r, next + 2 * width, width);
        if (low < 0) return reader_error(r, "Invalid \\uXXXX escape", next + width), NULL;
        if (low >> 10 == 0xDC00 >> 10) {
            *point = 0x10000 + ((uint32_t)(high & 0x3FF) << 10 | (uint32_t)(low & 0x3FF));
            next += 6 * width;
        }
    }
    return next;
}

static __attribute__((noinline)) bool gathered_grow(Reader *r, ptrdiff_t needed)
{
    ptrdiff_t bytes = needed * 2 + 256;
    char *gathered = memory_resize(r->vm, r->gathered, (size_t)bytes);
    if (!gathered) return false;
    r->gathered = gathered;
    r->gathered_bytes = bytes;
    return true;
}

/* The len points gathered get another width. */
static bool gathered_widen(Reader *r, ptrdiff_t len, int from, int to)
{
    if (r->gathered_bytes < len * to && !gathered_grow(r, len * to)) return false;
    for (ptrdiff_t i = len; i-- > 0;) /* downwards: they are where they go */
        points_set(r->gathered, to, i, json_point(r->gathered + i * from, from));
    return true;
}

/* A point, or the escape of one, at p in the string that begins at start: where the next one is;
 * NULL: raised. */
ALWAYS_INLINE const char *read_point(Reader *r, const char *start, const char *p, uint32_t *point,
                                     int width)
{
    *point = json_point(p, width);
    if (*point == '\\') return read_escape(r, start, p, point, width);
    if (p == r->end) return reader_error(r, "Unterminated string starting at", start), NULL;
    if (*point < ' ' && r->strict) return reader_error(r, "Invalid control character at", p), NULL;
    return p + width;
}

/* Gathers, in width `out`, the points of the string that begins at start, from p on, *len being
 * there already.  Stops before the closing quote, or an escape of a point that is too wide; NULL:
 * raised.  A block is looked at once, however many escapes it has: those left are bits of stops. */
ALWAYS_INLINE const char *gather(Reader *r, const char *start, const char *p, ptrdiff_t *len,
                                 int width, int out)
{
    const uint32_t widest = out == 1 ? STR_LATIN1 : out == 2 ? STR_WIDE : STR_FULL;
    const ptrdiff_t step = (2 * JSON_BLOCK / width + 1) * out; /* what a block may write over */
    for (;;) {
        ptrdiff_t needed = *len * out + step;
        if (needed > r->gathered_bytes && !gathered_grow(r, needed)) return NULL;
        const char *block = p;
        char *to = r->gathered + *len * out;
        unsigned stops = 1; /* near the end each point is looked at alone */
        bool whole = false;
#ifdef __SSE2__
        whole = r->end - p >= 2 * JSON_BLOCK;
        if (whole) stops = json_block_bits(json_block_special(json_block(p), width));
#endif
        do {
#ifdef __SSE2__
            if (whole) json_block_widen(to, out, json_block(p), width);
#endif
            const char *stop = block + (stops ? __builtin_ctz(stops) : JSON_BLOCK), *next;
            uint32_t c;
            to += (stop - p) / width * out;
            p = stop;
            if (!stops) break;
            *len = (to - r->gathered) / out;
            if (json_point(p, width) == '"') return p;
            if (!(next = read_point(r, start, p, &c, width))) return NULL;
            if (c > widest) return p;
            points_set(to, out, 0, c);
            to += out;
            p = next;
            stops = p - block < JSON_BLOCK ? stops & ~0u << (p - block) : 0;
        } while (whole && p - block < JSON_BLOCK);
        *len = (to - r->gathered) / out;
    }
}

/* A string that has escapes or ends badly, its opening quote at start; r->at: behind it. */
ALWAYS_INLINE Ref read_gathered(Reader *r, const char *start, int width)
{
    ptrdiff_t len = 0;
    int out = width;
    const char *p = gather(r, start, start + width, &len, width, width);
    if (width < 4 && p && json_point(p, width) != '"') {
        uint32_t point = 0;
        read_escape(r, start, p, &point, width);
        out = point > STR_WIDE ? 4 : 2;
        if (!gathered_widen(r, len, width, out)) return FAIL;
        if (width == 1 && out == 2) p = gather(r, start, p, &len, width, 2);
    }
    if (width < 4 && p && json_point(p, width) != '"') {
        if (out < 4 && !gathered_widen(r, len, out, 4)) return FAIL;
        out = 4;
        p = gather(r, start, p, &len, width, 4);
    }
    if (!p) return FAIL;
    r->at = p + width;
    const char *data = r->gathered, *end = data + len * out;
    return out == 1   ? text_of(r, data, end, end, 1, false)
           : out == 2 ? text_of(r, data, end, end, 2, false)
                      : text_of(r, data, end, end, 4, false);
}

/* There is one copy of the code for each width. */
static __attribute__((noinline)) Ref read_gathered_1(Reader *r, const char *start)
{
    return read_gathered(r, start, 1);
}
static __attribute__((noinline)) Ref read_gathered_2(Reader *r, const char *start)
{
    return read_gathered(r, start, 2);
}
static __attribute__((noinline)) Ref read_gathered_4(Reader *r, const char *start)
{
    return read_gathered(r, start, 4);
}
ALWAYS_INLINE Ref read_special(Reader *r, const char **at, int width)
{
    Ref text = width == 1   ? read_gathered_1(r, *at)
               : width == 2 ? read_gathered_2(r, *at)
                            : read_gathered_4(r, *at);
    *at = r->at;
    return text;
}

/* ---- strings seen before ---- */

/* Up to eight bytes as a number; there are eight to read. */
ALWAYS_INLINE uint64_t bytes_word(const char *p, ptrdiff_t bytes)
{
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return bytes < 8 ? word & ((UINT64_C(1) << 8 * bytes) - 1) : word;
#else
    return bytes < 8 ? word & ~(UINT64_MAX >> 8 * bytes) : word;
#endif
}

/* A place in a table of so many bits. */
static inline unsigned word_hash(uint64_t word, int bits)
{
    return (unsigned)(word * UINT64_C(0x9E3779B97F4A7C15) >> (64 - bits));
}

static inline bool is_used(const JsonUsed *used, unsigned place)
{
    return used->bits[place / 64] >> place % 64 & 1;
}
static inline void use(JsonUsed *used, unsigned place)
{
    used->bits[place / 64] |= UINT64_C(1) << place % 64;
}

/* The str of up to eight bytes of plain points at p: what often comes again. */
ALWAYS_INLINE Ref read_short(Reader *r, const char *p, ptrdiff_t bytes, int width, bool ascii)
{
    uint64_t word = bytes_word(p, bytes); /* as plain points are not zero, it tells their number */
    unsigned place = word_hash(word, JSON_SHORTS_BITS);
    JsonShort *known = &r->shorts[place];
    bool used = is_used(&r->shorts_used, place);
    if (used && known->bytes == word) return newref(known->text);
    Ref text = text_of(r, p, p + bytes, r->end, width, ascii);
    if (failed(text)) return FAIL;
    if (used) decref(known->text);
    else use(&r->shorts_used, place);
    *known = (JsonShort){word, newref(text)};
    return text;
}

/* A longer key. */
ALWAYS_INLINE Ref read_long_key(Reader *r, const char *p, ptrdiff_t bytes, int width, bool ascii)
{
    uint64_t first = bytes_word(p, 8), last = bytes_word(p + bytes - 8, 8);
    unsigned place = word_hash((first ^ last << 1) + (uint64_t)bytes, JSON_KEYS_BITS);
    JsonKey *known = &r->keys[place];
    bool used = is_used(&r->keys_used, place);
    if (used && known->bytes == bytes && bytes_word(known->at, 8) == first &&
        memcmp(known->at + 8, p + 8, (size_t)bytes - 8) == 0)
        return newref(known->key);
    Ref key = text_of(r, p, p + bytes, r->end, width, ascii);
    if (failed(key)) return FAIL;
    if (used) decref(known->key);
    else use(&r->keys_used, place);
    *known = (JsonKey){p, bytes, newref(key)};
    return key;
}

/* A string; *at: its opening quote. */
ALWAYS_INLINE Ref read_string(Reader *r, const char **at, int width, bool key)
{
    const char *start = *at + width, *end = json_run_end(start, r->end, width);
    const ptrdiff_t bytes = end - start;
    const bool ascii = width == 1 && r->text->ascii;
    if (json_point(end, width) != '"') return read_special(r, at, width);
    *at = end + width;
    if (bytes > width && bytes <= 8 && r->end - start >= 8)
        return read_short(r, start, bytes, width, ascii);
    if (key && bytes > 8 && bytes <= KEY_BYTES_MOST)
        return read_long_key(r, start, bytes, width, ascii);
    return text_of(r, start, end, r->end, width, ascii);
}

/* ---- numbers ---- */

/* Eight digits read at once, pairs first: false, they are not all digits. */
static inline bool eight_digits(const char *p, uint64_t *n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t every = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, p, 8);
    if ((word & every * 0xF0) != every * '0' || ((word + every * 6) & every * 0xF0) != every * '0')
        return false;
    word -= every * '0';
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *n = *n * 100000000 + ((word * 10000 + (word >> 32)) & UINT32_MAX);
    return true;
#else
    return (void)p, (void)n, false;
#endif
}

/* The value of few digits. */
static uint64_t digits_value(const char *p, const char *end, int width)
{
    uint64_t n = 0;
    while (width == 1 && end - p >= 8 && eight_digits(p, &n)) p += 8;
    for (; p < end; p += width) n = n * 10 + (json_point(p, width) - '0');
    return n;
}

/* The text [start, end), all ASCII, given to a hook. */
static Ref call_with_text(Reader *r, Value hook, const char *start, const char *end)
{
    const int width = r->text->width;
    Ref text = width == 1   ? text_of(r, start, end, r->end, 1, true)
               : width == 2 ? text_of(r, start, end, r->end, 2, false)
                            : text_of(r, start, end, r->end, 4, false);
    if (failed(text) || hook == borrow(type_builtin(r->vm, KIND_STR))) return text;
    Ref out = call1(r->vm, hook, text);
    decref(text);
    return out;
}

/* The text [start, end), all ASCII, as bytes; *owned: to be freed. */
static const char *ascii_text(Reader *r, const char *start, const char *end, char **owned)
{
    int width = r->text->width;
    *owned = NULL;
    if (width == 1) return start;
    char *copy = *owned = memory_new(r->vm, (size_t)(end - start));
    for (ptrdiff_t n = 0; copy && n < (end - start) / width; n++)
        copy[n] = (char)json_point(start + n * width, width);
    return copy;
}

/* [start, end) read by the general functions. */
static Ref number_from(Reader *r, const char *start, const char *end, bool real)
{
    char *owned;
    double number;
    ptrdiff_t len = (end - start) / r->text->width;
    const char *text = ascii_text(r, start, end, &owned);
    if (!text) return FAIL;
    Ref out;
    if (real) {
        double_scan(text, len, &number);
        out = from_float(number);
    } else {
        out = int_from_text(r->vm, text, len, 10);
    }
    memory_free(owned);
    return out;
}

/* An int that is not small, without leading zeros. */
static Ref int_of_wide(Vm *vm, Wide n)
{
    if (n == (int64_t)n) return from_int64(vm, (int64_t)n);
    Int *made = object_new(vm, type_builtin(vm, KIND_INT)->shape, sizeof(Int));
    if (!made) return FAIL;
    made->medium = n;
    made->head.flags |= OBJ_CLEARED;
    return from_object(made);
}

/* The int of the digits [p, end): more than a Wide holds, but few. */
static Ref int_of_many(Vm *vm, const char *p, const char *end, int width, bool minus)
{
    mpz_t number;
    mpz_init(number);
    ptrdiff_t count = (end - p) / width, piece = count % DIGITS_UINT64;
    mp_limb_t *limbs = mpz_limbs_write(number, (mp_size_t)(count / DIGITS_UINT64 + 1));
    mp_size_t size = 0;
    for (; p < end; piece = DIGITS_UINT64) {
        mp_limb_t value = digits_value(p, p + piece * width, width);
        mp_limb_t carry = size ? mpn_mul_1(limbs, limbs, size, TEN_TO_DIGITS_UINT64) : 0;
        carry += size ? mpn_add_1(limbs, limbs, size, value) : value;
        if (carry) limbs[size++] = carry;
        p += piece * width;
    }
    mpz_limbs_finish(number, minus ? -size : size);
    return int_from_mpz(vm, number);
}

/* The int [start, end) whose `count` digits make n (if so many fit), when it has a hook or is not
 * small. */
static __attribute__((noinline)) Ref int_of_digits(Reader *r, const char *start, const char *end,
                                                   ptrdiff_t count, uint64_t n)
{
    if (!absent(r->parse_int)) return call_with_text(r, r->parse_int, start, end);
    if (count > DIGITS_FEW) return number_from(r, start, end, false);
    Wide wide = n;
    const int width = r->text->width;
    const bool minus = json_point(start, width) == '-';
    if (count > DIGITS_WIDE) return int_of_many(r->vm, end - count * width, end, width, minus);
    if (count > DIGITS_UINT64) {
        const char *middle = end - DIGITS_UINT64 * width;
        uint64_t high = digits_value(end - count * width, middle, width);
        wide = (Wide)high * (Wide)TEN_TO_DIGITS_UINT64 + (Wide)digits_value(middle, end, width);
    }
    return int_of_wide(r->vm, minus ? -wide : wide);
}

/* A float that is not simple. */
static __attribute__((noinline)) Ref real_of(Reader *r, const char *start, const char *end)
{
    if (!absent(r->parse_float)) return call_with_text(r, r->parse_float, start, end);
    return number_from(r, start, end, true);
}

/* The digits from p on, added to *n, which may overflow: where they end. */
ALWAYS_INLINE const char *read_digits(const Reader *r, const char *p, uint64_t *n, int width)
{
    while (width == 1 && r->end - p >= 8 && eight_digits(p, n)) p += 8;
    for (uint32_t digit; (digit = json_point(p, width) - '0') <= 9; p += width)
        *n = *n * 10 + digit;
    return p;
}

/* The exponent of a number at p, if there is a whole one: where it ends. */
ALWAYS_INLINE const char *skip_exponent(const Reader *r, const char *p, int width)
{
    const char *digits = p + width;
    uint32_t sign = json_point(digits, width);
    uint64_t n = 0;
    if (sign == '+' || sign == '-') digits += width;
    const char *end = read_digits(r, digits, &n, width);
    return end == digits ? p : end;
}

/* A number; FAIL with r->nothing set: there is none. */
ALWAYS_INLINE Ref read_number(Reader *r, const char **at, int width)
{
    static const double powers[EXACT_POWER_OF_TEN + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *start = *at, *digits = start;
    bool minus = json_point(start, width) == '-';
    if (minus) digits += width;
    uint64_t n = 0;
    const char *p =
        json_point(digits, width) == '0' ? digits + width : read_digits(r, digits, &n, width);
    ptrdiff_t count = (p - digits) / width, decimals = 0;
    const char *whole = p;
    if (count == 0) return no_value(r, start);
    if (json_point(p, width) == '.') {
        p = read_digits(r, p + width, &n, width);
        decimals = (p - whole) / width - 1;
        if (decimals == 0) p = whole;
    }
    const char *mantissa = p;
    if ((json_point(p, width) | 32) == 'e') p = skip_exponent(r, p, width);
    *at = p;
    if (p == whole) {
        if (count > DIGITS_SMALL || !absent(r->parse_int))
            return int_of_digits(r, start, p, count, n);
        return from_small(minus ? -(int64_t)n : (int64_t)n);
    }
    if (p != mantissa || count + decimals > DIGITS_UINT64 || n > UINT64_C(1) << 53 ||
        !absent(r->parse_float))
        return real_of(r, start, p);
    double number = (double)n / powers[decimals];
    return from_float(minus ? -number : number);
}

/* NaN, Infinity and -Infinity, which are no JSON but are written all the same. */
static Ref read_constant(Reader *r, const char *word, double value)
{
    if (absent(r->parse_constant)) return from_float(value);
    Ref text = str_from(r->vm, word);
    Ref out = failed(text) ? FAIL : call1(r->vm, r->parse_constant, text);
    decref(text);
    return out;
}

/* ---- containers ---- */

/* The items on the stack that begin at first become nobody's. */
static void items_drop(Reader *r, Ref *first)
{
    while (r->top > first) decref(*--r->top);
}

/* More room for items; those there stay in order. */
static __attribute__((noinline)) bool items_grow(Reader *r)
{
    ptrdiff_t len = r->top - r->items, first = r->first - r->items, capacity = len * 2 + 64;
    Ref *items = memory_new(r->vm, (size_t)capacity * sizeof *items);
    if (!items) return false;
    memcpy(items, r->items, (size_t)len * sizeof *items);
    if (r->items != r->few) memory_free(r->items);
    r->items = items;
    r->top = items + len;
    r->first = items + first;
    r->limit = items + capacity - ITEMS_SLACK;
    return true;
}

static __attribute__((noinline)) bool too_deep(Reader *r, bool object)
{
    throw(r->vm, RecursionError,
          "maximum recursion depth exceeded while decoding a JSON %s from a unicode string",
          object ? "object" : "array");
    return false;
}

/* A container begins.  What lies around it, and where, is told by a mark before its items. */
static inline bool container_open(Reader *r, bool object)
{
    if (r->depth == DEPTH_MOST) return too_deep(r, object);
    r->depth++;
    *r->top++ = from_small((r->first - r->items) << WITHIN_BITS | r->within);
    r->first = r->top;
    r->within = object ? IN_OBJECT : IN_ARRAY;
    return r->top < r->limit || items_grow(r);
}

/* The list of the items, at least one, at the top of the stack, which are taken off. */
static Ref list_of_items(Reader *r, Ref *items)
{
    const ptrdiff_t count = r->top - items;
    Ref out = list_new(r->vm, 0);
    Ref *room = failed(out) ? NULL : memory_new(r->vm, (size_t)count * sizeof *room);
    if (!room) {
        items_drop(r, items);
        decref(out);
        return FAIL;
    }
    json_bytes_copy((char *)room, (const char *)items, count * (ptrdiff_t)sizeof *room);
    List *list = as_list(out);
    list->items = room;
    list->len = list->capacity = count;
    r->top = items;
    return out;
}

/* An exact block of entries for the pairs, to which they go; NULL: raised, or (*same) two keys may
 * be the same. */
static DictEntry *entries_of(Vm *vm, Ref *pairs, ptrdiff_t count, bool *same)
{
    DictEntry *entries = memory_new(vm, (size_t)count * sizeof *entries);
    for (ptrdiff_t n = 0; entries && n < count; n++) {
        Str *key = as_str(pairs[2 * n]);
        const int64_t hash = key->hash ? key->hash : str_hash(vm, key);
        for (ptrdiff_t i = 0; i < n; i++) *same |= entries[i].hash == hash;
        entries[n] = (DictEntry){hash, pairs[2 * n], pairs[2 * n + 1]};
    }
    if (!*same) return entries;
    memory_free(entries);
    return NULL;
}

/* The dict of the pairs, at least one, at the top of the stack, which are taken off. */
static Ref dict_of_pairs(Reader *r, Ref *pairs)
{
    Vm *vm = r->vm;
    const ptrdiff_t count = (r->top - pairs) / 2;
    bool few = count <= DICT_FEW, same = false;
    Ref out = few ? dict_new(vm) : dict_new_sized(vm, count);
    Dict *dict = as_dict(out);
    if (!failed(out) && few && (dict->entries = entries_of(vm, pairs, count, &same))) {
        dict->len = dict->used = dict->capacity = count;
        r->top = pairs;
        return out;
    }
    bool good = !failed(out) && (!few || same);
    for (ptrdiff_t n = 0; good && n < count; n++) {
        Value key = pairs[2 * n];
        good = dict_set_hashed(vm, dict, key, str_hash(vm, as_str(key)), pairs[2 * n + 1]);
    }
    if (!good) replace(&out, FAIL);
    items_drop(r, pairs);
    return out;
}

/* The list of (key, value) tuples likewise. */
static Ref list_of_pairs(Reader *r, Ref *pairs)
{
    ptrdiff_t count = (r->top - pairs) / 2;
    Ref out = list_new(r->vm, count);
    for (ptrdiff_t n = 0; !failed(out) && n < count; n++) {
        Ref pair = tuple_new(r->vm, 2);
        if (failed(pair)) {
            replace(&out, FAIL);
            break;
        }
        as_tuple(pair)->items[0] = take(&pairs[2 * n]);
        as_tuple(pair)->items[1] = take(&pairs[2 * n + 1]);
        as_list(out)->items[as_list(out)->len++] = pair;
    }
    items_drop(r, pairs);
    return out;
}

/* What a hook, if there is one, makes of a finished object; steals out. */
static Ref call_with_object(Reader *r, Value hook, Ref out)
{
    if (absent(hook) || failed(out)) return out;
    Ref made = call1(r->vm, hook, out);
    decref(out);
    return made;
}

/* A container without items. */
static Ref container_empty(Reader *r, bool object)
{
    if (!object) return list_new(r->vm, 0);
    if (absent(r->pairs_hook)) return call_with_object(r, r->object_hook, dict_new(r->vm));
    return call_with_object(r, r->pairs_hook, list_new(r->vm, 0));
}

/* The innermost container is whole: it, its items taken off the stack. */
static Ref container_close(Reader *r)
{
    Ref *items = r->first, out;
    int64_t mark = as_int(items[-1]);
    if (r->within == IN_ARRAY) {
        out = list_of_items(r, items);
    } else if (!absent(r->pairs_hook)) {
        out = call_with_object(r, r->pairs_hook, list_of_pairs(r, items));
    } else {
        out = call_with_object(r, r->object_hook, dict_of_pairs(r, items));
    }
    r->top--;
    r->first = r->items + (mark >> WITHIN_BITS);
    r->within = mark & ((1 << WITHIN_BITS) - 1);
    r->depth--;
    return out;
}

/* ---- the loop ---- */

/* A value that is no container; FAIL with r->nothing set: there is none. */
ALWAYS_INLINE Ref read_plain(Reader *r, const char **at, int width)
{
    const char *p = *at;
    switch (json_point(p, width)) {
    case '"': return read_string(r, at, width, false);
    case 'n': return *at += 4 * width, is_word(r, p, "null", width) ? NONE : no_value(r, p);
    case 't': return *at += 4 * width, is_word(r, p, "true", width) ? TRUE : no_value(r, p);
    case 'f': return *at += 5 * width, is_word(r, p, "false", width) ? FALSE : no_value(r, p);
    case 'N':
        *at += 3 * width;
        return is_word(r, p, "NaN", width) ? read_constant(r, "NaN", NAN) : no_value(r, p);
    case 'I':
        *at += 8 * width;
        return is_word(r, p, "Infinity", width) ? read_constant(r, "Infinity", INFINITY)
                                                : no_value(r, p);
    case '-':
        if (json_point(p + width, width) == 'I' && is_word(r, p, "-Infinity", width)) {
            *at += 9 * width;
            return read_constant(r, "-Infinity", -INFINITY);
        }
    }
    return read_number(r, at, width);
}

/* A key and the colon behind it; *at: where one must be, and then its value. */
ALWAYS_INLINE bool read_name(Reader *r, const char **at, int width)
{
    if (json_point(*at, width) != '"')
        return reader_error(r, "Expecting property name enclosed in double quotes", *at), false;
    Ref key = read_string(r, at, width, true);
    if (failed(key)) return false;
    *r->top++ = key;
    *at = skip_blanks(*at, r->end, width);
    if (json_point(*at, width) != ':')
        return reader_error(r, "Expecting ':' delimiter", *at), false;
    *at = skip_blanks(*at + width, r->end, width);
    return true;
}

/* Behind a value in a container.  YES: *at is where its next value must be; NO: at its bracket. */
ALWAYS_INLINE Truth read_comma(Reader *r, const char **at, int width)
{
    const char *comma = skip_blanks(*at, r->end, width), *p = comma;
    const bool object = r->within == IN_OBJECT;
    const uint32_t c = json_point(p, width), bracket = object ? '}' : ']';
    *at = p;
    if (c == bracket) return NO;
    if (c != ',') return reader_error(r, "Expecting ',' delimiter", p), FAILED;
    *at = p = skip_blanks(p + width, r->end, width);
    if (json_point(p, width) == bracket)
        return reader_error(r,
                            object ? "Illegal trailing comma before end of object"
                                   : "Illegal trailing comma before end of array",
                            comma),
               FAILED;
    return !object || read_name(r, at, width) ? YES : FAILED;
}

/* *at: an opening bracket.  Likewise, but NO: *out is the container, without items. */
ALWAYS_INLINE Truth read_opening(Reader *r, const char **at, Ref *out, int width)
{
    const bool object = json_point(*at, width) == '{';
    *at = skip_blanks(*at + width, r->end, width);
    if (json_point(*at, width) == (object ? '}' : ']')) {
        *out = container_empty(r, object);
        *at += width;
        return NO;
    }
    if (!container_open(r, object)) return FAILED;
    return !object || read_name(r, at, width) ? YES : FAILED;
}

ALWAYS_INLINE Ref read_value(Reader *r, int width)
{
    const char *p = r->at;
    for (;;) {
        Truth more = NO;
        Ref value = UNDEF;
        const uint32_t c = json_point(p, width);
        if (c == '[' || c == '{') more = read_opening(r, &p, &value, width);
        else value = read_plain(r, &p, width);
        while (more == NO) { /* a value is whole */
            if (failed(value)) return FAIL;
            if (r->within == ALONE) {
                r->at = p;
                return value;
            }
            *r->top++ = value;
            if (r->top >= r->limit && !items_grow(r)) return FAIL;
            if ((more = read_comma(r, &p, width)) == NO) {
                value = container_close(r);
                p += width;
            }
        }
        if (more == FAILED) return FAIL;
    }
}

/* ---- for each width ---- */

static __attribute__((noinline)) Ref read_value_1(Reader *r) { return read_value(r, 1); }
static __attribute__((noinline)) Ref read_value_2(Reader *r) { return read_value(r, 2); }
static __attribute__((noinline)) Ref read_value_4(Reader *r) { return read_value(r, 4); }
Ref reader_value(Reader *r)
{
    int width = r->text->width;
    return width == 1 ? read_value_1(r) : width == 2 ? read_value_2(r) : read_value_4(r);
}

Ref reader_string(Reader *r)
{
    int width = r->text->width;
    return width == 1   ? read_string(r, &r->at, 1, false)
           : width == 2 ? read_string(r, &r->at, 2, false)
                        : read_string(r, &r->at, 4, false);
}

void reader_skip_blanks(Reader *r)
{
    int width = r->text->width;
    while (is_blank(json_point(r->at, width))) r->at += width;
}

/* ---- opening and closing ---- */

static Value hook_of(Value v) { return is_none(v) ? UNDEF : v; }

bool reader_open(Vm *vm, Reader *r, Value text, Value *options)
{
    if (!is_str(text)) {
        throw(vm, TypeError, "first argument must be a string, not %T", text);
        return false;
    }
    Truth strict = value_truth(vm, options[5]);
    if (strict == FAILED) return false;
    memset(r, 0, offsetof(Reader, shorts)); /* the rest is good where something says so */
    r->vm = vm;
    r->source = text;
    r->text = as_str(text);
    r->at = r->text->data;
    r->end = r->at + r->text->len * r->text->width;
    r->strict = strict == YES;
    r->object_hook = hook_of(options[0]);
    r->pairs_hook = hook_of(options[1]);
    r->parse_float = hook_of(options[2]);
    r->parse_int = hook_of(options[3]);
    r->parse_constant = hook_of(options[4]);
    if (r->parse_float == borrow(type_builtin(vm, KIND_FLOAT))) r->parse_float = UNDEF;
    if (r->parse_int == borrow(type_builtin(vm, KIND_INT))) r->parse_int = UNDEF;
    if (r->pairs_hook == borrow(type_builtin(vm, KIND_DICT))) /* it makes what no hook makes */
        r->pairs_hook = r->object_hook = UNDEF;
    r->items = r->top = r->first = r->few;
    r->limit = r->few + JSON_ITEMS_FEW - ITEMS_SLACK;
    return true;
}

void reader_close(Reader *r)
{
    items_drop(r, r->items);
    if (r->items != r->few) memory_free(r->items);
    for (unsigned n = 0; n < 1u << JSON_SHORTS_BITS; n += 64)
        for (uint64_t left = r->shorts_used.bits[n / 64]; left; left &= left - 1)
            decref(r->shorts[n + (unsigned)__builtin_ctzll(left)].text);
    for (uint64_t left = r->keys_used.bits[0]; left; left &= left - 1)
        decref(r->keys[__builtin_ctzll(left)].key);
    memory_free(r->gathered);
}
