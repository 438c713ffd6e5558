/* _json_encode.c - objects written as JSON text.
 *
 * Text that is all ASCII, the usual case, gathers in plain bytes; with ensure_ascii off and
 * something
 * wider to write, a StrBuilder takes over.  Containers being written form a chain on the C stack,
 * which tells circular references.  Neighbours: _json.c (the module), json/encoder.aio. */
/* SPDX-License-Identifier: MIT */
#include "_json.h"

typedef struct Enclosing {
    Value value;
    const struct Enclosing *outer;
} Enclosing;

typedef struct Writer {
    Vm *vm;
    char *data; /* ASCII so far */
    ptrdiff_t len, capacity;
    StrBuilder wide; /* in use when is_wide */
    bool is_wide, skip_keys, ascii, circular, nan, sort;
    Value fallback; /* called for what JSON does not know */
    Value indent;   /* str, or UNDEF */
    Value item_separator, key_separator;
    ptrdiff_t level;
} Writer;

static bool write_value(Writer *w, Value v, const Enclosing *outer);

/* ---- output ---- */

static bool reserve(Writer *w, ptrdiff_t more)
{
    if (w->len + more <= w->capacity) return true;
    ptrdiff_t capacity = (w->len + more) * 2 + 256;
    char *data = memory_resize(w->vm, w->data, capacity);
    if (!data) return false;
    w->data = data;
    w->capacity = capacity;
    return true;
}

static inline bool put(Writer *w, const char *text, ptrdiff_t len)
{
    if (w->is_wide) return builder_ascii(w->vm, &w->wide, text, len);
    if (w->len + len > w->capacity && !reserve(w, len)) return false;
    memcpy(w->data + w->len, text, len);
    w->len += len;
    return true;
}

/* The same of a run that is mostly short. */
static inline bool put_run(Writer *w, const char *text, ptrdiff_t len)
{
    if (len > 16 || w->is_wide || w->len + 16 > w->capacity) return put(w, text, len);
    char *to = w->data + w->len;
    if (len >= 8) {
        memcpy(to, text, 8);
        memcpy(to + len - 8, text + len - 8, 8);
    } else {
        for (ptrdiff_t n = 0; n < len; n++) to[n] = text[n];
    }
    w->len += len;
    return true;
}

static bool widen(Writer *w)
{
    if (w->is_wide) return true;
    builder_open(&w->wide);
    w->is_wide = true;
    return builder_ascii(w->vm, &w->wide, w->data, w->len);
}

static bool put_str(Writer *w, Value v)
{
    const Str *text = as_str(v);
    if (text->ascii) return put_run(w, text->data, text->len);
    return widen(w) && builder_str(w->vm, &w->wide, v);
}

static Ref writer_finish(Writer *w, bool good)
{
    Ref out = FAIL;
    if (w->is_wide) {
        if (good) out = builder_finish(w->vm, &w->wide);
        else builder_close(&w->wide);
    } else if (good) {
        out = str_from_ascii(w->vm, w->data ? w->data : "", w->len);
    }
    memory_free(w->data);
    return out;
}

/* ---- strings ---- */

/* The escape of a point below 0x10000 that needs one, in out; its length. */
static inline int escape_point(uint32_t c, char *out)
{
    static const char names[128] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                    ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    static const char digits[] = "0123456789abcdef";
    out[0] = '\\';
    if (c < 128 && names[c]) {
        out[1] = names[c];
        return 2;
    }
    out[1] = 'u';
    for (int n = 0; n < 4; n++) out[2 + n] = digits[c >> (12 - 4 * n) & 15];
    return 6;
}

enum { ESCAPE_MOST = 12 };

static inline int escape_any(uint32_t c, char *out)
{
    if (c <= 0xFFFF) return escape_point(c, out);
    int len = escape_point(0xD800 + ((c - 0x10000) >> 10), out);
    return len + escape_point(0xDC00 + (c & 0x3FF), out + len);
}

static bool put_escaped(Writer *w, uint32_t c)
{
    char out[ESCAPE_MOST];
    if (w->is_wide) return builder_ascii(w->vm, &w->wide, out, escape_any(c, out));
    if (w->len + ESCAPE_MOST > w->capacity && !reserve(w, ESCAPE_MOST)) return false;
    w->len += escape_any(c, w->data + w->len);
    return true;
}

static bool write_ascii_text(Writer *w, const Str *text)
{
    const char but = w->ascii ? 127 : '"'; /* not printable: escaped too */
    for (ptrdiff_t i = 0; i < text->len;) {
        ptrdiff_t start = i;
        i = json_run_end(text->data, i, text->len, but);
        if (!put_run(w, text->data + start, i - start)) return false;
        if (i < text->len && !put_escaped(w, (uint8_t)text->data[i++])) return false;
    }
    return true;
}

/* What is not ASCII, escaped; nothing wide has been written. */
static bool write_wide_escaped(Writer *w, const Str *text)
{
    for (ptrdiff_t i = 0; i < text->len; i++) {
        uint32_t c = str_at(text, i);
        if (w->len + ESCAPE_MOST > w->capacity && !reserve(w, ESCAPE_MOST)) return false;
        if (json_is_plain(c) && c < 127) w->data[w->len++] = (char)c;
        else w->len += escape_any(c, w->data + w->len);
    }
    return true;
}

static bool write_wide_text(Writer *w, Value v)
{
    const Str *text = as_str(v);
    if (w->ascii && !w->is_wide) return write_wide_escaped(w, text);
    if (!w->ascii && !widen(w)) return false;
    for (ptrdiff_t i = 0; i < text->len;) {
        ptrdiff_t start = i;
        if (!w->ascii) {
            i = json_plain_end(text, i);
            if (!builder_slice(w->vm, &w->wide, v, start, i)) return false;
        }
        if (i == text->len) break;
        uint32_t c = str_at(text, i++);
        char plain = (char)c;
        if (!(json_is_plain(c) && c < 127 ? put(w, &plain, 1) : put_escaped(w, c))) return false;
    }
    return true;
}

static bool write_text(Writer *w, Value v)
{
    return put(w, "\"", 1) &&
           (as_str(v)->ascii ? write_ascii_text(w, as_str(v)) : write_wide_text(w, v)) &&
           put(w, "\"", 1);
}

/* ---- numbers ---- */

static bool write_int(Writer *w, Value v)
{
    char text[INT64_TEXT_MAX];
    int overflow = 0;
    int64_t n = int_value(v, &overflow);
    if (!overflow) return put(w, text, int64_text(n, text));
    Ref digits = int_to_text(w->vm, v, 10);
    bool good = !failed(digits) && put_str(w, digits);
    decref(digits);
    return good;
}

static bool write_float(Writer *w, double number)
{
    char text[DOUBLE_REPR_MAX];
    if (isfinite(number)) return put(w, text, double_repr(number, text));
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

/* The items of a mapping that is no plain dict, or that is to be sorted: a list of pairs. */
static Ref pairs_of(Writer *w, Value mapping)
{
    Vm *vm = w->vm;
    Ref items = call_method(vm, mapping, N(items), 0, NULL);
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

static bool write_pairs(Writer *w, Value mapping, const Enclosing *self)
{
    bool first = true, good = true;
    if (is_exact(mapping, KIND_DICT) && !w->sort) {
        Value key, value;
        ptrdiff_t len = as_dict(mapping)->len;
        for (ptrdiff_t i = 0; good && dict_next(as_dict(mapping), &i, &key, &value);) {
            Ref kept_key = newref(key), kept = newref(value);
            good = write_pair(w, mapping, kept_key, kept, &first, self);
            decref(kept);
            decref(kept_key);
            if (good && as_dict(mapping)->len != len) {
                throw(w->vm, RuntimeError, "dictionary changed size during iteration");
                good = false;
            }
        }
    } else {
        Ref pairs = pairs_of(w, mapping);
        good = !failed(pairs);
        for (ptrdiff_t n = 0; good && n < as_list(pairs)->len; n++) {
            Ref pair = newref(list_at(as_list(pairs), n));
            good = write_pair(w, mapping, tuple_at(pair, 0), tuple_at(pair, 1), &first, self);
            decref(pair);
        }
        decref(pairs);
    }
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
    Writer w = {
        .vm = vm,
        .fallback = argv[1],
        .skip_keys = flags[0] == YES,
        .ascii = flags[1] == YES,
        .circular = flags[2] == YES,
        .nan = flags[3] == YES,
        .sort = flags[4] == YES,
        .indent = is_str(argv[7]) ? argv[7] : UNDEF,
        .item_separator = argv[8],
        .key_separator = argv[9],
    };
    return writer_finish(&w, write_value(&w, argv[0], NULL));
}

static Ref quoted(Vm *vm, Value v, bool ascii)
{
    if (!is_str(v)) return throw(vm, TypeError, "first argument must be a string, not %T", v);
    Writer w = {.vm = vm, .ascii = ascii};
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
