/* _json.c - the module _json: JSON text read into objects.
 *
 * A recursive descent over the str where it lies; keys that were seen before are taken from a small
 * table, so that equal ones are one object with its hash known.  Positions are code points.
 * Neighbours: _json_encode.c (the other way), json/decoder.aio (classes over this). */
/* SPDX-License-Identifier: MIT */
#include "_json.h"

enum { KEYS = 256, KEY_LONGEST = 32 }; /* KEYS: as many as eight bits of a hash tell */
enum { DIGITS_SMALL = 15 };            /* so many decimal digits fit a small int */

typedef struct Reader {
    Vm *vm;
    Value source;
    const Str *text;
    ptrdiff_t at;
    Value object_hook, pairs_hook, parse_float, parse_int, parse_constant; /* UNDEF: none */
    bool strict;
    bool nothing;     /* no value starts here: the caller says what that means */
    uint32_t *points; /* a string with escapes while it is read; kept for the next */
    ptrdiff_t points_room;
    uint64_t known[KEYS / 64]; /* bit i: keys[i] holds one */
    Ref keys[KEYS];            /* ASCII keys by a hash of their characters */
} Reader;

static Ref read_value(Reader *r);

/* ---- errors ---- */

/* Raises JSONDecodeError(message, text, position). */
static Ref json_error(Reader *r, const char *message, ptrdiff_t position)
{
    Vm *vm = r->vm;
    Ref module = import_text(vm, "json.decoder"), text = str_from(vm, message);
    Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "JSONDecodeError");
    Ref at = from_small(position);
    Value args[] = {text, r->source, at};
    Ref error = failed(class) || failed(text) ? FAIL : call(vm, class, 3, args);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(class);
    decref(text);
    decref(module);
    return FAIL;
}

/* ---- characters ---- */

static inline int32_t point_at(const Reader *r, ptrdiff_t i)
{
    return i < r->text->len ? (int32_t)str_at(r->text, i) : -1;
}

static inline bool is_blank(int32_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

static inline int32_t skip_blanks(Reader *r)
{
    int32_t c = point_at(r, r->at);
    while (is_blank(c)) c = point_at(r, ++r->at);
    return c;
}

/* ---- strings ---- */

/* Four hexadecimal digits at i, not the last of the text; negative: they are not. */
static inline int32_t read_hex4(const Reader *r, ptrdiff_t i)
{
    int32_t value = 0;
    if (i + 4 >= r->text->len) return -1;
    for (int n = 0; n < 4; n++) {
        uint32_t c = str_at(r->text, i + n), digit = c - '0';
        if (digit > 9) digit = (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 1u << 16;
        value = value << 4 | (int32_t)digit;
    }
    return value > 0xFFFF ? -1 : value;
}

/* An escape, r->at behind its backslash; start: where the string began. */
static bool read_escape(Reader *r, ptrdiff_t start, uint32_t *point)
{
    static const char values[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    int32_t c = point_at(r, r->at);
    if (c < 0) return json_error(r, "Unterminated string starting at", start), false;
    if (c != 'u') {
        if (c > 127 || !values[c]) return json_error(r, "Invalid \\escape", r->at - 1), false;
        *point = (uint8_t)values[c];
        r->at++;
        return true;
    }
    int32_t high = read_hex4(r, r->at + 1);
    if (high < 0) return json_error(r, "Invalid \\uXXXX escape", r->at), false;
    r->at += 5;
    if (high >> 10 == 0xD800 >> 10 && point_at(r, r->at) == '\\' && point_at(r, r->at + 1) == 'u') {
        int32_t low = read_hex4(r, r->at + 2);
        if (low < 0) return json_error(r, "Invalid \\uXXXX escape", r->at + 1), false;
        if (low >> 10 == 0xDC00 >> 10) {
            high = 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF));
            r->at += 6;
        }
    }
    *point = (uint32_t)high;
    return true;
}

static bool points_grow(Reader *r)
{
    ptrdiff_t room = r->points_room * 2 + 64;
    uint32_t *points = memory_resize(r->vm, r->points, room * sizeof *points);
    if (!points) return false;
    r->points = points;
    r->points_room = room;
    return true;
}

/* A string that has escapes, or ends badly; start: its opening quote. */
static Ref read_string_slow(Reader *r, ptrdiff_t start)
{
    ptrdiff_t len = 0;
    for (r->at = start + 1;; len++) {
        int32_t c = point_at(r, r->at);
        if (c < 0) return json_error(r, "Unterminated string starting at", start);
        if (len == r->points_room && !points_grow(r)) return FAIL;
        r->at++;
        if (c == '"') return str_from_points(r->vm, r->points, len);
        if (c == '\\') {
            if (!read_escape(r, start, &r->points[len])) return FAIL;
        } else if (c < ' ' && r->strict) {
            return json_error(r, "Invalid control character at", r->at - 1);
        } else {
            r->points[len] = (uint32_t)c;
        }
    }
}

/* A string; r->at at its opening quote. */
static Ref read_string(Reader *r)
{
    ptrdiff_t start = r->at, end = json_plain_end(r->text, start + 1);
    if (point_at(r, end) != '"') return read_string_slow(r, start);
    r->at = end + 1;
    if (r->text->ascii) return str_from_ascii(r->vm, r->text->data + start + 1, end - start - 1);
    return str_slice(r->vm, r->source, start + 1, end);
}

/* Up to eight characters as a number; there are eight to read. */
static inline uint64_t key_word(const char *data, ptrdiff_t len)
{
    uint64_t word;
    memcpy(&word, data, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return len < 8 ? word & ((UINT64_C(1) << 8 * len) - 1) : word;
#else
    return len < 8 ? word & ~(UINT64_MAX >> 8 * len) : word;
#endif
}

static inline bool key_is(const Str *key, const char *data, ptrdiff_t len)
{
    if (key->len != len) return false;
    if (len <= 8)
        return key_word(key->data, len) == key_word(data, len); /* cells are wide enough */
    return memcmp(key->data, data, len) == 0;
}

/* A key: a short plain one may be known already. */
static Ref read_key(Reader *r)
{
    const Str *text = r->text;
    ptrdiff_t start = r->at + 1, end = json_plain_end(text, start), len = end - start;
    const char *data = text->data + start;
    if (!text->ascii || len > KEY_LONGEST || start + 8 > text->len || data[len] != '"')
        return read_string(r);
    uint64_t hash = key_word(data, len) + (uint64_t)len;
    if (len > 8) hash ^= key_word(data + len - 8, 8) << 1;
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    unsigned at = hash >> 56;
    uint64_t bit = UINT64_C(1) << at % 64;
    bool known = r->known[at / 64] & bit;
    r->at = end + 1;
    if (known && key_is(as_str(r->keys[at]), data, len)) return newref(r->keys[at]);
    Ref key = str_from_ascii(r->vm, data, len);
    if (failed(key)) return FAIL;
    if (known) decref(r->keys[at]);
    r->keys[at] = newref(key);
    r->known[at / 64] |= bit;
    return key;
}

/* ---- numbers ---- */

/* The text [start, end) as bytes; all ASCII.  *owned: to be freed. */
static const char *ascii_text(Reader *r, ptrdiff_t start, ptrdiff_t end, char **owned)
{
    *owned = NULL;
    if (r->text->width == 1) return r->text->data + start;
    char *copy = *owned = memory_new(r->vm, end - start + 1);
    for (ptrdiff_t n = start; copy && n < end; n++) copy[n - start] = (char)point_at(r, n);
    return copy;
}

static Ref number_from(Reader *r, ptrdiff_t start, ptrdiff_t end, bool real)
{
    Vm *vm = r->vm;
    Value parse = real ? r->parse_float : r->parse_int;
    if (!absent(parse)) {
        Ref text = str_slice(vm, r->source, start, end);
        Ref out = failed(text) ? FAIL : call1(vm, parse, text);
        decref(text);
        return out;
    }
    char *owned;
    double number;
    const char *text = ascii_text(r, start, end, &owned);
    if (!text) return FAIL;
    Ref out;
    if (real) {
        double_scan(text, end - start, &number);
        out = from_float(number);
    } else {
        out = int_from_text(vm, text, end - start, 10);
    }
    memory_free(owned);
    return out;
}

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static Ref read_number(Reader *r)
{
    ptrdiff_t start = r->at, i = start;
    bool minus = point_at(r, i) == '-', real = false;
    if (minus) i++;
    ptrdiff_t digits = i;
    int64_t value = 0;
    if (!is_digit(point_at(r, i))) {
        r->nothing = true;
        return FAIL;
    }
    if (point_at(r, i) == '0') {
        i++;
    } else {
        for (int32_t c; is_digit(c = point_at(r, i)); i++)
            if (i - digits < DIGITS_SMALL) value = value * 10 + c - '0';
    }
    ptrdiff_t whole = i;
    if (point_at(r, i) == '.' && is_digit(point_at(r, i + 1))) {
        real = true;
        for (i++; is_digit(point_at(r, i));) i++;
    }
    if ((point_at(r, i) | 32) == 'e') {
        ptrdiff_t e = i + 1;
        if (point_at(r, e) == '+' || point_at(r, e) == '-') e++;
        if (is_digit(point_at(r, e))) {
            real = true;
            for (i = e; is_digit(point_at(r, i));) i++;
        }
    }
    r->at = i;
    if (real || whole - digits > DIGITS_SMALL || !absent(r->parse_int))
        return number_from(r, start, i, real);
    return from_small(minus ? -value : value);
}

static inline bool looking_at(const Reader *r, const char *word)
{
    ptrdiff_t len = (ptrdiff_t)strlen(word);
    if (r->text->width == 1)
        return r->at + len <= r->text->len && memcmp(r->text->data + r->at, word, len) == 0;
    for (ptrdiff_t i = r->at; *word; i++, word++)
        if (point_at(r, i) != *word) return false;
    return true;
}

/* NaN, Infinity and -Infinity, which are no JSON but are written all the same. */
static Ref read_constant(Reader *r, const char *word, double value)
{
    r->at += (ptrdiff_t)strlen(word);
    if (absent(r->parse_constant)) return from_float(value);
    Ref text = str_from(r->vm, word);
    Ref out = failed(text) ? FAIL : call1(r->vm, r->parse_constant, text);
    decref(text);
    return out;
}

/* ---- containers ---- */

/* read_value where one must stand. */
static Ref read_expected(Reader *r)
{
    ptrdiff_t at = r->at;
    Ref value = read_value(r);
    if (failed(value) && r->nothing) {
        r->nothing = false;
        return json_error(r, "Expecting value", at);
    }
    return value;
}

static Ref read_array(Reader *r)
{
    Ref out = list_new(r->vm, 0);
    if (failed(out)) return FAIL;
    r->at++;
    if (skip_blanks(r) == ']') {
        r->at++;
        return out;
    }
    for (;;) {
        Ref item = read_expected(r);
        if (failed(item) || !list_push(r->vm, as_list(out), item)) break;
        int32_t c = skip_blanks(r);
        ptrdiff_t comma = r->at;
        if (c == ']') {
            r->at++;
            return out;
        }
        if (c != ',') {
            json_error(r, "Expecting ',' delimiter", comma);
            break;
        }
        r->at++;
        if (skip_blanks(r) == ']') {
            json_error(r, "Illegal trailing comma before end of array", comma);
            break;
        }
    }
    decref(out);
    return FAIL;
}

/* One `"key": value`; both owned. */
static bool read_pair(Reader *r, Ref *key, Ref *value)
{
    *key = read_key(r);
    if (failed(*key)) return false;
    if (skip_blanks(r) == ':') {
        r->at++;
        skip_blanks(r);
        *value = read_expected(r);
        if (!failed(*value)) return true;
    } else {
        json_error(r, "Expecting ':' delimiter", r->at);
    }
    decref(*key);
    return false;
}

static bool keep_pair(Reader *r, Ref out, Ref key, Ref value)
{
    bool good;
    if (is_dict(out)) {
        good = dict_set(r->vm, as_dict(out), key, value);
    } else {
        Ref pair = tuple_pack(r->vm, 2, (Value)key, (Value)value);
        good = !failed(pair) && list_push(r->vm, as_list(out), pair);
    }
    decref(key);
    decref(value);
    return good;
}

/* What a hook makes of a finished object; steals out. */
static Ref object_finish(Reader *r, Ref out)
{
    Value hook = absent(r->pairs_hook) ? r->object_hook : r->pairs_hook;
    if (absent(hook)) return out;
    Ref made = call1(r->vm, hook, out);
    decref(out);
    return made;
}

static Ref read_object(Reader *r)
{
    Ref out = absent(r->pairs_hook) ? dict_new(r->vm) : list_new(r->vm, 0), key, value;
    if (failed(out)) return FAIL;
    r->at++;
    int32_t c = skip_blanks(r);
    if (c == '}') {
        r->at++;
        return object_finish(r, out);
    }
    for (;;) {
        if (c != '"') {
            json_error(r, "Expecting property name enclosed in double quotes", r->at);
            break;
        }
        if (!read_pair(r, &key, &value) || !keep_pair(r, out, key, value)) break;
        c = skip_blanks(r);
        ptrdiff_t comma = r->at;
        if (c == '}') {
            r->at++;
            return object_finish(r, out);
        }
        if (c != ',') {
            json_error(r, "Expecting ',' delimiter", comma);
            break;
        }
        r->at++;
        c = skip_blanks(r);
        if (c == '}') {
            json_error(r, "Illegal trailing comma before end of object", comma);
            break;
        }
    }
    decref(out);
    return FAIL;
}

static Ref read_nested(Reader *r, bool object)
{
    if (!recursion_enter(r->vm)) return FAIL;
    Ref out = object ? read_object(r) : read_array(r);
    recursion_leave(r->vm);
    return out;
}

static inline Ref read_word(Reader *r, const char *word, Ref value)
{
    if (looking_at(r, word)) {
        r->at += (ptrdiff_t)strlen(word);
        return value;
    }
    r->nothing = true;
    return FAIL;
}

/* The value at r->at; FAIL with r->nothing set when none starts there. */
static Ref read_value(Reader *r)
{
    switch (point_at(r, r->at)) {
    case '"': return read_string(r);
    case '{': return read_nested(r, true);
    case '[': return read_nested(r, false);
    case 'n': return read_word(r, "null", NONE);
    case 't': return read_word(r, "true", TRUE);
    case 'f': return read_word(r, "false", FALSE);
    case 'N':
        if (looking_at(r, "NaN")) return read_constant(r, "NaN", NAN);
        break;
    case 'I':
        if (looking_at(r, "Infinity")) return read_constant(r, "Infinity", INFINITY);
        break;
    case '-':
        if (looking_at(r, "-Infinity")) return read_constant(r, "-Infinity", -INFINITY);
        return read_number(r);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return read_number(r);
    }
    r->nothing = true;
    return FAIL;
}

/* ---- functions ---- */

static Value hook_of(Value v) { return is_none(v) ? UNDEF : v; }

static void reader_close(Reader *r)
{
    for (int n = 0; n < KEYS / 64; n++)
        for (uint64_t left = r->known[n]; left; left &= left - 1)
            decref(r->keys[n * 64 + __builtin_ctzll(left)]);
    memory_free(r->points);
}

/* argv: text, then object_hook, object_pairs_hook, parse_float, parse_int, parse_constant,
 * strict. */
static bool reader_open(Vm *vm, Reader *r, Value text, Value *options)
{
    if (!is_str(text)) {
        throw(vm, TypeError, "first argument must be a string, not %T", text);
        return false;
    }
    Truth strict = value_truth(vm, options[5]);
    if (strict == FAILED) return false;
    memset(r, 0, offsetof(Reader, keys)); /* the keys are good where known says so */
    r->vm = vm;
    r->source = text;
    r->text = as_str(text);
    r->strict = strict == YES;
    r->object_hook = hook_of(options[0]);
    r->pairs_hook = hook_of(options[1]);
    r->parse_float = hook_of(options[2]);
    r->parse_int = hook_of(options[3]);
    r->parse_constant = hook_of(options[4]);
    if (r->parse_float == borrow(type_builtin(vm, KIND_FLOAT))) r->parse_float = UNDEF;
    if (r->parse_int == borrow(type_builtin(vm, KIND_INT))) r->parse_int = UNDEF;
    return true;
}

#define OPTIONS                                                                                    \
    "object_hook=None, object_pairs_hook=None, parse_float=None, parse_int=None, "                 \
    "parse_constant=None, strict=True"

NATIVE(json_decode, "decode(text, /, " OPTIONS ")",
       "Return the value that text, a whole JSON document, stands for.\n"
       "Raises JSONDecodeError when it is none.")
{
    Reader r;
    if (!reader_open(vm, &r, argv[0], argv + 1)) return FAIL;
    skip_blanks(&r);
    Ref value = read_expected(&r);
    if (!failed(value) && skip_blanks(&r) >= 0) {
        json_error(&r, "Extra data", r.at);
        replace(&value, FAIL);
    }
    reader_close(&r);
    return value;
}

NATIVE(json_scan, "scan(text, index, /, " OPTIONS ")",
       "Return (value, end) for the JSON value that starts at index of text.\n"
       "Raises StopIteration(index) when none starts there.")
{
    Reader r;
    int64_t index;
    if (!int_index(vm, argv[1], &index)) return FAIL;
    if (!reader_open(vm, &r, argv[0], argv + 2)) return FAIL;
    if (index < 0) return throw(vm, ValueError, "idx cannot be negative");
    r.at = index > r.text->len ? r.text->len : index;
    Ref value = read_value(&r);
    reader_close(&r);
    if (failed(value)) return r.nothing ? throw_value(vm, StopIteration, argv[1]) : FAIL;
    Ref out = tuple_pack(vm, 2, (Value)value, (Value)from_small(r.at));
    decref(value);
    return out;
}

NATIVE(json_scanstring, "scanstring(string, end, strict=True, /)",
       "Return (text, end) for the JSON string whose opening quote stands before end.")
{
    int64_t end;
    Value options[6] = {NONE, NONE, NONE, NONE, NONE, argv[2]};
    Reader r;
    if (!int_index(vm, argv[1], &end) || !reader_open(vm, &r, argv[0], options)) return FAIL;
    if (end <= 0 || end > r.text->len) return throw(vm, ValueError, "end is out of bounds");
    r.at = end - 1;
    Ref text = read_string(&r);
    reader_close(&r);
    Ref out = failed(text) ? FAIL : tuple_pack(vm, 2, (Value)text, (Value)from_small(r.at));
    decref(text);
    return out;
}

static const Native *const json_functions[] = {
    &json_decode_def,
    &json_scan_def,
    &json_scanstring_def,
    NULL,
};
static bool json_open(Vm *vm, Value module)
{
    Value module_name = dict_get_name(module_dict(module), N(__name__));
    for (const Native *const *native = json_encode_functions; *native; native++) {
        Ref name = native_name(vm, *native);
        Ref function = failed(name) ? FAIL : native_function(vm, *native, UNDEF, module_name);
        bool good = !failed(function) && dict_set(vm, module_dict(module), name, function);
        decref(function);
        decref(name);
        if (!good) return false;
    }
    return true;
}
const ModuleDef _json_module = {
    .name = "_json",
    .doc = "JSON text to objects and back.",
    .functions = json_functions,
    .open = json_open,
};
