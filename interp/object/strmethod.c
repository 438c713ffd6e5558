/* strmethod.c - methods of str that pad, translate and encode.
 *
 * Neighbours: strmethods.def (the table), strcase.c, strsplit.c, strfind.c, strformat.c (the other
 * methods). */
/* SPDX-License-Identifier: MIT */
#include "object/strmethod.h"

#include "object/char.h"
#include "object/codec.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"
#include "object/tuple.h"

/* --- padding --------------------------------------------------------------------------------- */

/* left and right times fill around self. */
static Ref pad(Vm *vm, Value self, ptrdiff_t left, ptrdiff_t right, uint32_t fill)
{
    const Str *s = as_str(self);
    if (left <= 0 && right <= 0) return str_exact(vm, self);
    ptrdiff_t len;
    if (__builtin_add_overflow(left, right, &len) || __builtin_add_overflow(len, s->len, &len))
        return throw(vm, OverflowError, "padded string is too long");
    uint32_t limit = str_limit(s);
    Ref out = str_new(vm, len, fill > limit ? fill : limit);
    if (failed(out)) return FAIL;
    Str *to = as_str(out);
    points_fill(to->data, to->width, 0, fill, left);
    points_copy(to->data, to->width, left, s, 0, s->len);
    points_fill(to->data, to->width, left + s->len, fill, right);
    return out;
}

/* argv: self, width, fillchar.  *missing: how many points to add, 0 when self is wide enough. */
static bool pad_arguments(Vm *vm, Value *argv, int64_t *width, ptrdiff_t *missing, uint32_t *fill)
{
    if (!index_argument(vm, argv[1], width)) return false;
    if (!is_str(argv[2])) {
        throw(vm, TypeError, "The fill character must be a unicode character, not %T", argv[2]);
        return false;
    }
    if (as_str(argv[2])->len != 1) {
        throw(vm, TypeError, "The fill character must be exactly one character long");
        return false;
    }
    *fill = str_at(as_str(argv[2]), 0);
    *missing = *width > as_str(argv[0])->len ? *width - as_str(argv[0])->len : 0;
    return true;
}

SHARED_NATIVE(str_center, "center(self, width, fillchar=' ', /)",
              "Return a copy centred in width characters, padded with fillchar.")
{
    int64_t width;
    ptrdiff_t missing;
    uint32_t fill;
    if (!pad_arguments(vm, argv, &width, &missing, &fill)) return FAIL;
    ptrdiff_t left = missing / 2 + (missing & width & 1);
    return pad(vm, argv[0], left, missing - left, fill);
}

SHARED_NATIVE(str_ljust, "ljust(self, width, fillchar=' ', /)",
              "Return a copy padded to width at its end.")
{
    int64_t width;
    ptrdiff_t missing;
    uint32_t fill;
    return pad_arguments(vm, argv, &width, &missing, &fill) ? pad(vm, argv[0], 0, missing, fill)
                                                            : FAIL;
}

SHARED_NATIVE(str_rjust, "rjust(self, width, fillchar=' ', /)",
              "Return a copy padded to width at its beginning.")
{
    int64_t width;
    ptrdiff_t missing;
    uint32_t fill;
    return pad_arguments(vm, argv, &width, &missing, &fill) ? pad(vm, argv[0], missing, 0, fill)
                                                            : FAIL;
}

SHARED_NATIVE(str_zfill, "zfill(self, width, /)",
              "Return a copy padded with zeros after its sign, if any.")
{
    int64_t width;
    const Str *s = as_str(argv[0]);
    if (!index_argument(vm, argv[1], &width)) return FAIL;
    if (width <= s->len) return str_exact(vm, argv[0]);
    Ref out = pad(vm, argv[0], width - s->len, 0, '0');
    if (failed(out) || s->len == 0) return out;
    uint32_t sign = str_at(s, 0);
    if (sign == '+' || sign == '-') {
        Str *to = as_str(out);
        points_set(to->data, to->width, width - s->len, '0');
        points_set(to->data, to->width, 0, sign);
    }
    return out;
}

SHARED_NATIVE(str_expandtabs, "expandtabs(self, /, tabsize=8)",
              "Return a copy whose tabs are blanks up to the next multiple of tabsize.")
{
    int64_t size;
    const Str *s = as_str(argv[0]);
    if (!index_argument(vm, argv[1], &size)) return FAIL;
    StrBuilder out;
    builder_open(&out);
    ptrdiff_t column = 0;
    bool ok = true;
    for (ptrdiff_t i = 0; ok && i < s->len; i++) {
        uint32_t point = str_at(s, i);
        if (point == '\t') {
            ptrdiff_t blanks = size > 0 ? size - column % size : 0;
            column += blanks;
            ok = builder_fill(vm, &out, ' ', blanks);
        } else {
            column = point == '\n' || point == '\r' ? 0 : column + 1;
            ok = builder_char(vm, &out, point);
        }
    }
    if (ok) return builder_finish(vm, &out);
    builder_close(&out);
    return FAIL;
}

SHARED_NATIVE(
    str_encode, "encode(self, /, encoding=?'utf-8', errors=?'strict')",
    "Return self as bytes in encoding ('utf-8'); errors says what to do with characters it lacks.")
{
    static const char *const names[] = {"encoding", "errors"};
    for (int i = 0; i < 2; i++)
        if (!absent(argv[i + 1]) && !is_str(argv[i + 1]))
            return throw(vm, TypeError, "encode() argument '%s' must be str, not %s", names[i],
                         argument_type(vm, argv[i + 1]));
    return codec_encode_values(vm, argv[0], argv[1], argv[2]);
}

/* --- translate ------------------------------------------------------------------------------- */

/* table[point]; UNDEF: not there. */
static Ref translation(Vm *vm, Value table, uint32_t point)
{
    Ref found;
    if (is_exact(table, KIND_DICT)) {
        Value value = dict_get(vm, as_dict(table), from_small(point));
        return newref(value);
    }
    found = value_get_item(vm, table, from_small(point));
    if (failed(found) && error_is(vm, LookupError)) {
        error_clear(vm);
        return UNDEF;
    }
    return found;
}

static bool add_translated(Vm *vm, StrBuilder *out, uint32_t point, Value found)
{
    if (absent(found)) return builder_char(vm, out, point);
    if (is_none(found)) return true;
    if (is_str(found)) return builder_str(vm, out, found);
    if (!is_any_int(found)) {
        throw(vm, TypeError, "character mapping must return integer, None or str");
        return false;
    }
    int overflow;
    int64_t n = int_value(found, &overflow);
    if (overflow || n < 0 || n > CHAR_MAX_POINT) {
        throw(vm, ValueError, "character mapping must be in range(0x110000)");
        return false;
    }
    return builder_char(vm, out, (uint32_t)n);
}

/* What table makes of ASCII points, each looked up once: the point, or one of these. */
enum { NOT_KNOWN = 0x80, DROPPED = 0x81, LONGER = 0x82 };
typedef struct Translated {
    uint8_t to[128];
} Translated;

/* Into known: what table, a dict, makes of point. */
static bool translated_learn(Vm *vm, Translated *known, Value table, uint8_t point)
{
    StrBuilder one;
    Ref found = translation(vm, table, point);
    builder_open(&one);
    bool ok = !failed(found) && add_translated(vm, &one, point, found);
    bool ascii = one.max <= STR_ASCII && one.len <= 1;
    if (ok) known->to[point] = !ascii ? LONGER : one.len ? (uint8_t)one.data[0] : DROPPED;
    builder_close(&one);
    decref(found);
    return ok;
}

/* Translates s from *at on while the result is ASCII, into to, which has room; *len: so many
 * points. */
static bool translate_ascii(Vm *vm, const Str *s, Value table, ptrdiff_t *at, char *to,
                            ptrdiff_t *len)
{
    Translated known;
    memset(known.to, NOT_KNOWN, sizeof known.to);
    ptrdiff_t n = 0, i = 0;
    for (; i < s->len; i++) {
        uint8_t point = (uint8_t)s->data[i], made = known.to[point];
        if (made == NOT_KNOWN) {
            if (!translated_learn(vm, &known, table, point)) return false;
            made = known.to[point];
        }
        if (made == LONGER) break;
        if (made != DROPPED) to[n++] = (char)made;
    }
    *at = i;
    *len = n;
    return true;
}

SHARED_NATIVE(str_translate, "translate(self, table, /)",
              "Return a copy in which each character c is table[ord(c)]: an ordinal, a string, or "
              "None to drop it.\n"
              "Characters for which the lookup fails stay.")
{
    const Str *s = as_str(argv[0]);
    StrBuilder out;
    builder_open(&out);
    ptrdiff_t i = 0;
    if (s->ascii && is_exact(argv[1], KIND_DICT) && s->len > 0) {
        if (!builder_room(vm, &out, s->len, STR_ASCII) ||
            !translate_ascii(vm, s, argv[1], &i, out.data, &out.len))
            goto failed;
    }
    for (; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        Ref found = translation(vm, argv[1], point);
        bool ok = !failed(found) && add_translated(vm, &out, point, found);
        decref(found);
        if (!ok) goto failed;
    }
    return builder_finish(vm, &out);
failed:
    builder_close(&out);
    return FAIL;
}

/* maketrans(dict): the keys as ordinals. */
static Ref table_from_dict(Vm *vm, Value mapping)
{
    if (!is_dict(mapping))
        return throw(vm, TypeError, "if you give only one argument to maketrans it must be a dict");
    Ref out = dict_new(vm);
    Value key, value;
    for (ptrdiff_t i = 0; !failed(out) && dict_next(as_dict(mapping), &i, &key, &value);) {
        bool ok = false;
        if (is_str(key) && as_str(key)->len != 1)
            throw(vm, ValueError, "string keys in translate table must be of length 1");
        else if (is_str(key))
            ok = dict_set(vm, as_dict(out), from_small(str_at(as_str(key), 0)), value);
        else if (is_any_int(key)) ok = dict_set(vm, as_dict(out), key, value);
        else throw(vm, TypeError, "keys in translate table must be strings or integers");
        if (!ok) {
            decref(out);
            out = FAIL;
        }
    }
    return out;
}

NATIVE_IN(, str_maketrans, NATIVE_STATICMETHOD, "maketrans(x, y=?, z=?, /)",
          "Return a table for translate: from a dict, or from the characters of x to "
          "those of y at the same\n"
          "place; those of z are dropped.")
{
    if (absent(argv[1])) return table_from_dict(vm, argv[0]);
    if (!is_str(argv[0]))
        return throw(vm, TypeError,
                     "first maketrans argument must be a string if there is a second argument");
    if (!require_str(vm, "maketrans", 2, argv[1])) return FAIL;
    if (!absent(argv[2]) && !require_str(vm, "maketrans", 3, argv[2])) return FAIL;
    const Str *from = as_str(argv[0]), *to = as_str(argv[1]);
    if (from->len != to->len)
        return throw(vm, ValueError, "the first two maketrans arguments must have equal length");
    Ref out = dict_new(vm);
    bool ok = !failed(out);
    for (ptrdiff_t i = 0; ok && i < from->len; i++)
        ok = dict_set(vm, as_dict(out), from_small(str_at(from, i)), from_small(str_at(to, i)));
    if (!absent(argv[2]))
        for (ptrdiff_t i = 0; ok && i < as_str(argv[2])->len; i++)
            ok = dict_set(vm, as_dict(out), from_small(str_at(as_str(argv[2]), i)), NONE);
    if (ok) return out;
    decref(out);
    return FAIL;
}

/* --- what copy, pickle and sys ask ----------------------------------------------------------- */

SHARED_NATIVE(str_getnewargs, "__getnewargs__(self, /)",
              "Return the arguments that make an equal object.")
{
    Ref text = str_exact(vm, argv[0]);
    if (failed(text)) return FAIL;
    Ref out = tuple_pack(vm, 1, (Value)text);
    decref(text);
    return out;
}

SHARED_NATIVE(str_sizeof, "__sizeof__(self, /)", "Return the size in bytes.")
{
    const Str *s = as_str(argv[0]);
    return from_small((int64_t)sizeof(Str) + (s->len + 1) * s->width);
}
