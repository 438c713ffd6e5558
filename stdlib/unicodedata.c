/* unicodedata.c - the module unicodedata: what Unicode says about characters.
 *
 * Over utf8proc, which knows categories, classes and full decompositions; _unicodedata.def has the
 * rest.  Normalizing decomposes each point, sorts combining marks and composes again.
 * Neighbours: base/charname.h (names), object/char.h (what str methods ask). */
/* SPDX-License-Identifier: MIT */
#include <utf8proc.h>

#include "native.h"

typedef const utf8proc_property_t Property;

/* ---- tables ---- */

typedef struct Width {
    uint32_t first;
    char name[3];
} Width;
typedef struct Number {
    uint32_t first, last;
    int64_t numerator;
    int16_t denominator;
    int64_t step;
} Number;
typedef struct Decomposition {
    uint32_t point;
    const char *text;
} Decomposition;

static const Width widths[] = {
#define WIDTH(first, class) {first, class},
#include "_unicodedata.def"
};
static const Number numbers[] = {
#define NUMBER(first, last, numerator, denominator, step)                                          \
    {first, last, numerator, denominator, step},
#include "_unicodedata.def"
};
static const Decomposition decompositions[] = {
#define DECOMPOSITION(point, text) {point, text},
#include "_unicodedata.def"
};

static const Number *number_of(uint32_t point)
{
    size_t low = 0, high = sizeof numbers / sizeof *numbers;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point < numbers[middle].first) high = middle;
        else if (point > numbers[middle].last) low = middle + 1;
        else return &numbers[middle];
    }
    return NULL;
}

static int64_t numerator_of(const Number *number, uint32_t point)
{
    return number->numerator + number->step * (int64_t)(point - number->first);
}

/* ---- arguments ---- */

static bool point_from(Vm *vm, Value v, const char *function, uint32_t *point)
{
    if (is_str(v) && as_str(v)->len == 1) {
        *point = str_at(as_str(v), 0);
        return true;
    }
    if (is_str(v))
        throw(vm, TypeError, "%s: argument must be a unicode character, not a string of length %zd",
              function, as_str(v)->len);
    else throw(vm, TypeError, "%s argument must be a unicode character, not %A", function, v);
    return false;
}
static bool first_point_from(Vm *vm, Value v, const char *function, uint32_t *point)
{
    if (is_str(v) && as_str(v)->len == 1) {
        *point = str_at(as_str(v), 0);
        return true;
    }
    if (is_str(v))
        throw(vm, TypeError,
              "%s: argument 1 must be a unicode character, not a string of length %zd", function,
              as_str(v)->len);
    else throw(vm, TypeError, "%s argument 1 must be a unicode character, not %A", function, v);
    return false;
}

static Property *property_of(uint32_t point)
{
    return utf8proc_get_property((utf8proc_int32_t)point);
}

static Ref or_default(Vm *vm, Value otherwise, const char *message)
{
    return absent(otherwise) ? throw(vm, ValueError, "%s", message) : newref(otherwise);
}

/* ---- values ---- */

NATIVE(unicodedata_numeric, "numeric(chr, default=?, /)",
       "Return the number a character stands for, as a float; else default or ValueError.")
{
    uint32_t point;
    if (!first_point_from(vm, argv[0], "numeric()", &point)) return FAIL;
    const Number *number = number_of(point);
    if (!number) return or_default(vm, argv[1], "not a numeric character");
    return from_float((double)numerator_of(number, point) / number->denominator);
}
NATIVE(unicodedata_digit, "digit(chr, default=?, /)",
       "Return the digit a character stands for, as an int; else default or ValueError.")
{
    uint32_t point;
    if (!first_point_from(vm, argv[0], "digit()", &point)) return FAIL;
    const Number *number = char_is_digit(point) ? number_of(point) : NULL;
    if (!number) return or_default(vm, argv[1], "not a digit");
    return from_int64(vm, numerator_of(number, point));
}
NATIVE(unicodedata_decimal, "decimal(chr, default=?, /)",
       "Return the decimal digit a character is, as an int; else default or ValueError.")
{
    uint32_t point;
    if (!first_point_from(vm, argv[0], "decimal()", &point)) return FAIL;
    const Number *number = char_is_decimal(point) ? number_of(point) : NULL;
    if (!number) return or_default(vm, argv[1], "not a decimal");
    return from_int64(vm, numerator_of(number, point));
}

NATIVE(unicodedata_category, "category(chr, /)", "Return the general category, as \"Lu\".")
{
    uint32_t point;
    if (!point_from(vm, argv[0], "category()", &point)) return FAIL;
    return str_from(vm, utf8proc_category_string((utf8proc_int32_t)point));
}
NATIVE(unicodedata_bidirectional, "bidirectional(chr, /)",
       "Return the bidirectional class, as \"AN\"; \"\" for a point without a character.")
{
    static const char *const names[] = {
        "",   "L",  "LRE", "LRO", "R", "AL", "RLE", "RLO", "PDF", "EN",  "ES",  "ET",
        "AN", "CS", "NSM", "BN",  "B", "S",  "WS",  "ON",  "LRI", "RLI", "FSI", "PDI",
    };
    uint32_t point;
    if (!point_from(vm, argv[0], "bidirectional()", &point)) return FAIL;
    Property *property = property_of(point);
    return str_from(vm,
                    property->category == UTF8PROC_CATEGORY_CN ? "" : names[property->bidi_class]);
}
NATIVE(unicodedata_combining, "combining(chr, /)",
       "Return the canonical combining class; 0 for what does not combine.")
{
    uint32_t point;
    if (!point_from(vm, argv[0], "combining()", &point)) return FAIL;
    return from_small(property_of(point)->combining_class);
}
NATIVE(unicodedata_mirrored, "mirrored(chr, /)",
       "Return 1 for a character that is mirrored in text from right to left, else 0.")
{
    uint32_t point;
    if (!point_from(vm, argv[0], "mirrored()", &point)) return FAIL;
    return from_small(property_of(point)->bidi_mirrored);
}
NATIVE(unicodedata_east_asian_width, "east_asian_width(chr, /)",
       "Return the East Asian width: \"F\", \"H\", \"W\", \"Na\", \"A\" or \"N\".")
{
    uint32_t point;
    if (!point_from(vm, argv[0], "east_asian_width()", &point)) return FAIL;
    size_t low = 0, high = sizeof widths / sizeof *widths;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (point < widths[middle].first) high = middle;
        else low = middle;
    }
    return str_from(vm, widths[low].name);
}

/* ---- names ---- */

NATIVE(unicodedata_name, "name(chr, default=?, /)",
       "Return the name of a character; else default or ValueError.")
{
    uint32_t point;
    char name[CHARNAME_MAX];
    if (!first_point_from(vm, argv[0], "name()", &point)) return FAIL;
    int len = charname_of(point, name);
    return len ? str_from_ascii(vm, name, len) : or_default(vm, argv[1], "no such name");
}
NATIVE(unicodedata_lookup, "lookup(name, /)",
       "Return the character with this name or alias, in any case; else KeyError.")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "lookup() argument must be str, not %A", argv[0]);
    ptrdiff_t len;
    char *owned = NULL;
    const char *name = str_utf8(vm, argv[0], &len, &owned);
    if (!name) return FAIL;
    uint32_t point;
    bool found = charname_find(name, len, &point);
    memory_free(owned);
    return found ? str_from_char(vm, point)
                 : throw(vm, KeyError, "undefined character name '%S'", argv[0]);
}

/* ---- decomposition ---- */

enum { DECOMPOSED_MAX = 32 };

static int decompose(uint32_t point, bool compatible, utf8proc_int32_t out[DECOMPOSED_MAX])
{
    if (char_is_surrogate(point)) {
        out[0] = (utf8proc_int32_t)point;
        return 1;
    }
    utf8proc_option_t options = UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
    int state = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)point, out, DECOMPOSED_MAX, options, &state);
    return count > 0 && count <= DECOMPOSED_MAX ? (int)count : 0;
}

/* The mapping as the database has it follows from the full one: for compatibility it is that, else
 * what all points but the last compose to, and the last. */
static int raw_mapping(uint32_t point, bool compatible, utf8proc_int32_t out[DECOMPOSED_MAX])
{
    int count = decompose(point, compatible, out);
    if (compatible || count < 3) return count;
    utf8proc_int32_t last = out[count - 1];
    utf8proc_ssize_t left =
        utf8proc_normalize_utf32(out, count - 1, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (left != 1) return decompose(point, compatible, out);
    out[1] = last;
    return 2;
}

static const char *listed_decomposition(uint32_t point)
{
    size_t low = 0, high = sizeof decompositions / sizeof *decompositions;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point < decompositions[middle].point) high = middle;
        else if (point > decompositions[middle].point) low = middle + 1;
        else return decompositions[middle].text;
    }
    return NULL;
}

NATIVE(unicodedata_decomposition, "decomposition(chr, /)",
       "Return the decomposition mapping, as \"<tag> XXXX XXXX\"; \"\" where there is none.")
{
    static const char *const tags[] = {
        "",    "font",     "noBreak", "initial", "medial", "final",  "isolated", "circle", "super",
        "sub", "vertical", "wide",    "narrow",  "small",  "square", "fraction", "compat",
    };
    uint32_t point;
    if (!point_from(vm, argv[0], "decomposition()", &point)) return FAIL;
    const char *listed = listed_decomposition(point);
    if (listed) return str_from(vm, listed);
    Property *property = property_of(point);
    bool hangul = point >= 0xAC00 && point <= 0xD7A3;
    utf8proc_int32_t mapping[DECOMPOSED_MAX];
    bool compatible = property->decomp_type != 0;
    int count = hangul ? 0 : raw_mapping(point, compatible, mapping);
    if (count == 0 || (count == 1 && (uint32_t)mapping[0] == point)) return str_from(vm, "");
    StrBuilder out;
    builder_open(&out);
    bool ok = !compatible ||
              (builder_text(vm, &out, "<") && builder_text(vm, &out, tags[property->decomp_type]) &&
               builder_text(vm, &out, ">"));
    for (int i = 0; ok && i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, i || compatible ? " %04X" : "%04X", (unsigned)mapping[i]);
        ok = builder_text(vm, &out, text);
    }
    if (ok) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}

/* ---- normal forms ---- */

typedef struct Form {
    bool compatible, compose;
} Form;

static bool form_from(Vm *vm, Value name, const char *function, Form *form)
{
    static const struct {
        const char *name;
        Form form;
    } forms[] = {{"NFC", {false, true}},
                 {"NFD", {false, false}},
                 {"NFKC", {true, true}},
                 {"NFKD", {true, false}}};
    if (!is_str(name)) {
        throw(vm, TypeError, "%s() argument 1 must be str, not %A", function, name);
        return false;
    }
    for (int i = 0; i < 4; i++)
        if (str_is(name, forms[i].name)) {
            *form = forms[i].form;
            return true;
        }
    throw(vm, ValueError, "invalid normalization form");
    return false;
}

/* Is the point, wherever it stands, the same in that form?  NO: it may be, too. */
static bool is_stable(uint32_t point, Form form)
{
    static const struct {
        uint32_t first, last;
        bool compatible; /* also in the forms for compatibility */
    } composed[] = {
        {0x388, 0x3CE, true},    {0x400, 0x482, true},   {0x48A, 0x52F, true},
        {0x5D0, 0x5EA, true},    {0x1E00, 0x1E99, true}, {0x2010, 0x2027, false},
        {0x20A0, 0x20BF, false}, {0x3041, 0x3096, true}, {0x30A1, 0x30FA, true},
        {0x4E00, 0x9FFF, true},  {0xAC00, 0xD7A3, true},
    };
    if (point < 0xA0) return true;
    if (!form.compose) return point < 0xC0 && !form.compatible;
    if (point < 0x300) return !form.compatible || (point >= 0xBF && point <= 0x131);
    for (size_t i = 0; i < sizeof composed / sizeof *composed; i++)
        if (point >= composed[i].first && point <= composed[i].last)
            return composed[i].compatible || !form.compatible;
    return false;
}

static bool is_all_stable(const Str *s, Form form)
{
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (!is_stable(str_at(s, i), form)) return false;
    return true;
}

/* Puts the combining marks after each starter into the order of their classes. */
static void sort_marks(utf8proc_int32_t *points, ptrdiff_t len)
{
    for (ptrdiff_t i = 1; i < len; i++) {
        if (points[i] < 0x300) continue; /* no marks before that */
        int class = property_of((uint32_t)points[i])->combining_class;
        utf8proc_int32_t moved = points[i];
        ptrdiff_t to = i;
        while (class && to > 0 && property_of((uint32_t)points[to - 1])->combining_class > class) {
            points[to] = points[to - 1];
            to--;
        }
        points[to] = moved;
    }
}

/* Composes points; how many are left.  A syllable does not compose with U+11A7, the tail that is
 * none, which utf8proc does not know. */
static ptrdiff_t compose(utf8proc_int32_t *points, ptrdiff_t len)
{
    ptrdiff_t out = 0;
    for (ptrdiff_t from = 0, to; from < len; from = to + 1) {
        for (to = from; to < len && points[to] != 0x11A7;) to++;
        ptrdiff_t left = to == from ? 0
                                    : utf8proc_normalize_utf32(points + from, to - from,
                                                               UTF8PROC_STABLE | UTF8PROC_COMPOSE);
        memmove(points + out, points + from, (size_t)left * sizeof *points);
        out += left;
        if (to < len) points[out++] = 0x11A7;
    }
    return out;
}

static Ref normalized(Vm *vm, Value text, Form form)
{
    const Str *s = as_str(text);
    if (s->ascii || is_all_stable(s, form)) return newref(text);
    ptrdiff_t len = 0, room = s->len + DECOMPOSED_MAX;
    utf8proc_int32_t *points = memory_new(vm, (size_t)room * sizeof *points);
    if (!points) return FAIL;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        if (room - len < DECOMPOSED_MAX) {
            room = room * 2 + DECOMPOSED_MAX;
            utf8proc_int32_t *more = memory_resize(vm, points, (size_t)room * sizeof *points);
            if (!more) {
                memory_free(points);
                return FAIL;
            }
            points = more;
        }
        uint32_t point = str_at(s, i);
        if (point < 0xA0) points[len++] = (utf8proc_int32_t)point;
        else len += decompose(point, form.compatible, points + len);
    }
    sort_marks(points, len);
    if (form.compose) len = compose(points, len);
    Ref out = str_from_points(vm, (const uint32_t *)(const void *)points, len);
    memory_free(points);
    return out;
}

NATIVE(unicodedata_normalize, "normalize(form, unistr, /)",
       "Return a str in the normal form \"NFC\", \"NFD\", \"NFKC\" or \"NFKD\".")
{
    Form form;
    if (!is_str(argv[0])) return form_from(vm, argv[0], "normalize", &form), FAIL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "normalize() argument 2 must be str, not %A", argv[1]);
    if (!as_str(argv[1])->len) return newref(argv[1]);
    return form_from(vm, argv[0], "normalize", &form) ? normalized(vm, argv[1], form) : FAIL;
}
NATIVE(unicodedata_is_normalized, "is_normalized(form, unistr, /)",
       "Is the str in this normal form already?")
{
    Form form;
    if (!form_from(vm, argv[0], "is_normalized", &form)) return FAIL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "is_normalized() argument 2 must be str, not %A", argv[1]);
    Ref made = normalized(vm, argv[1], form);
    if (failed(made)) return FAIL;
    bool same = made == argv[1] || str_equal(as_str(made), as_str(argv[1]));
    decref(made);
    return from_bool(same);
}

static bool unicodedata_open(Vm *vm, Value module)
{
    Ref version = str_from(vm, utf8proc_unicode_version());
    return !failed(version) && module_set(vm, module, "unidata_version", version);
}

static const Native *const unicodedata_functions[] = {
    &unicodedata_bidirectional_def,
    &unicodedata_category_def,
    &unicodedata_combining_def,
    &unicodedata_decimal_def,
    &unicodedata_decomposition_def,
    &unicodedata_digit_def,
    &unicodedata_east_asian_width_def,
    &unicodedata_is_normalized_def,
    &unicodedata_lookup_def,
    &unicodedata_mirrored_def,
    &unicodedata_name_def,
    &unicodedata_normalize_def,
    &unicodedata_numeric_def,
    NULL,
};
const ModuleDef unicodedata_module = {
    .name = "unicodedata",
    .doc = "What the Unicode Character Database says about characters.",
    .functions = unicodedata_functions,
    .open = unicodedata_open,
};
