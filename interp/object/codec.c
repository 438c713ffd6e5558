/* codec.c - text to bytes and back.
 *
 * A row of `codecs` gives each encoding its two directions.  A decoder hands a bad sequence to
 * decode_error, an encoder an unencodable run to encode_error; those apply the error handler and
 * say where to go on.  Handlers are looked up by name only when something is wrong.
 * Neighbours: codecutf.c, codecescape.c (unicode_escape), codeccharmap.c (one byte each),
 * modules/codecs.c (encodings and handlers that scripts register). */
/* SPDX-License-Identifier: MIT */
#include "object/codec.h"

#include <ctype.h>
#include <stdio.h>

#include "base/charname.h"
#include "base/utf8.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/char.h"
#include "object/codecstate.h"
#include "object/attr.h"
#include "object/name.h"
#include "object/error.h"
#include "object/int.h"
#include "object/tuple.h"

/* --- error handlers -------------------------------------------------------------------------- */

static const char *const handler_names[] = {
    [HANDLE_STRICT] = "strict",         [HANDLE_IGNORE] = "ignore",
    [HANDLE_REPLACE] = "replace",       [HANDLE_BACKSLASH] = "backslashreplace",
    [HANDLE_XML] = "xmlcharrefreplace", [HANDLE_ESCAPE] = "surrogateescape",
    [HANDLE_PASS] = "surrogatepass",    [HANDLE_NAME] = "namereplace",
};

static int handler_of(const char *errors)
{
    if (!errors) return HANDLE_STRICT;
    for (int i = 0; i < (int)(sizeof handler_names / sizeof *handler_names); i++)
        if (*handler_names[i] == *errors && strcmp(handler_names[i], errors) == 0) return i;
    return HANDLE_OTHER;
}

/* class(encoding, object, start, end, reason) */
static Ref make_unicode(Vm *vm, ExcId id, const char *encoding, Value object, ptrdiff_t start,
                        ptrdiff_t end, const char *reason)
{
    Ref name = str_from(vm, encoding), why = str_from(vm, reason), error = FAIL;
    if (!failed(name) && !failed(why)) {
        Value argv[] = {name, object, from_small(start), from_small(end), why};
        error = call(vm, borrow(exception_class(vm, id)), 5, argv);
    }
    decref(name);
    decref(why);
    return error;
}

static Ref throw_unicode(Vm *vm, ExcId id, const char *encoding, Value object, ptrdiff_t start,
                         ptrdiff_t end, const char *reason)
{
    Ref error = make_unicode(vm, id, encoding, object, start, end, reason);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    return FAIL;
}

/* Calls the handler a script registered with error (borrowed): what it returned, a pair whose
 * second item, *resume, lies in [0, len]. */
static Ref call_handler(Vm *vm, const char *errors, Value error)
{
    Ref handler = codec_handler(vm, errors);
    Ref pair = failed(handler) ? FAIL : call1(vm, handler, error);
    decref(handler);
    return pair;
}

static Ref check_answer(Vm *vm, Ref pair, bool encoding, ptrdiff_t len, ptrdiff_t *resume)
{
    if (failed(pair)) return FAIL;
    int64_t at = 0;
    bool good = is_tuple(pair) && tuple_len(pair) == 2 && is_any_int(tuple_at(pair, 1)) &&
                (is_str(tuple_at(pair, 0)) || (encoding && is_bytes(tuple_at(pair, 0))));
    if (!good)
        throw(vm, TypeError, "%s error handler must return (%s, int) tuple",
              encoding ? "encoding" : "decoding", encoding ? "str/bytes" : "str");
    good = good && int_index(vm, tuple_at(pair, 1), &at);
    *resume = at < 0 ? at + len : at;
    if (good && (*resume < 0 || *resume > len)) {
        throw(vm, IndexError, "position %lld from error handler out of bounds", (long long)at);
        good = false;
    }
    if (good) return pair;
    decref(pair);
    return FAIL;
}

Ref codec_throw_encode(Vm *vm, const char *encoding, Value text, ptrdiff_t start, ptrdiff_t end,
                       const char *reason)
{
    return throw_unicode(vm, UnicodeEncodeError, encoding, text, start, end, reason);
}

Ref codec_throw_decode(Vm *vm, const char *encoding, const char *data, ptrdiff_t len,
                       ptrdiff_t start, ptrdiff_t end, const char *reason)
{
    Ref object = bytes_from(vm, data, len);
    if (!failed(object))
        throw_unicode(vm, UnicodeDecodeError, encoding, object, start, end, reason);
    decref(object);
    return FAIL;
}

static bool throw_decode(Decoder *d, ptrdiff_t start, ptrdiff_t end, const char *reason)
{
    codec_throw_decode(d->vm, d->encoding, d->data, d->len, start, end, reason);
    return false;
}

/* surrogatepass: the surrogate encoded at start, if that is what is wrong there. */
static bool pass_surrogate(Decoder *d, ptrdiff_t start, ptrdiff_t *resume)
{
    const uint8_t *at = (const uint8_t *)d->data + start;
    ptrdiff_t left = d->len - start;
    uint32_t point = 0;
    int size = 0;
    if (strncmp(d->encoding, "utf-8", 5) == 0 && left >= 3 && at[0] == 0xED &&
        (at[2] & 0xC0) == 0x80) {
        point = 0xD000u | (uint32_t)(at[1] & 63) << 6 | (at[2] & 63);
        size = 3;
    } else if (strncmp(d->encoding, "utf-16", 6) == 0 && left >= 2) {
        point = d->big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
        size = 2;
    } else if (strncmp(d->encoding, "utf-32", 6) == 0 && left >= 4) {
        point = d->big
                    ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
                    : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
        size = 4;
    }
    if (!size || !char_is_surrogate(point)) return false;
    *resume = start + size;
    return builder_char(d->vm, &d->out, point);
}

/* Goes on in other bytes when the handler has put them in error.object. */
static bool adopt_object(Decoder *d, Value error, Value before)
{
    Vm *vm = d->vm;
    Ref object = attr_get(vm, error, N(object));
    if (failed(object)) return false;
    if (object == before) {
        decref(object);
    } else if (!is_bytes(object)) {
        decref(object);
        return throw(vm, TypeError, "object attribute must be bytes"), false;
    } else {
        replace(&d->held, object);
        d->data = as_bytes(object)->data;
        d->len = as_bytes(object)->len;
    }
    return true;
}

static bool decode_other(Decoder *d, ptrdiff_t start, ptrdiff_t end, const char *reason,
                         ptrdiff_t *resume)
{
    Ref object = bytes_from(d->vm, d->data, d->len);
    if (failed(object)) return false;
    Ref error = make_unicode(d->vm, UnicodeDecodeError, d->encoding, object, start, end, reason);
    Ref pair = failed(error) ? FAIL : call_handler(d->vm, d->errors, error);
    if (!failed(pair) && !adopt_object(d, error, object)) replace(&pair, FAIL);
    pair = check_answer(d->vm, pair, false, d->len, resume);
    decref(error);
    decref(object);
    bool good = !failed(pair) && builder_str(d->vm, &d->out, tuple_at(pair, 0));
    decref(pair);
    return good;
}

bool decode_error(Decoder *d, ptrdiff_t start, ptrdiff_t end, const char *reason, ptrdiff_t *resume)
{
    Vm *vm = d->vm;
    char escape[8];
    *resume = end;
    switch (handler_of(d->errors)) {
    case HANDLE_OTHER: return decode_other(d, start, end, reason, resume);
    case HANDLE_IGNORE: return true;
    case HANDLE_REPLACE: return builder_char(vm, &d->out, 0xFFFD);
    case HANDLE_BACKSLASH:
        for (ptrdiff_t i = start; i < end; i++) {
            snprintf(escape, sizeof escape, "\\x%02x", (uint8_t)d->data[i]);
            if (!builder_ascii(vm, &d->out, escape, 4)) return false;
        }
        return true;
    case HANDLE_ESCAPE: {
        ptrdiff_t i = start;
        for (; i < end && i < start + 4 && (d->data[i] & 0x80); i++)
            if (!builder_char(vm, &d->out, 0xDC00u + (uint8_t)d->data[i])) return false;
        if (i == start) return throw_decode(d, start, end, reason);
        *resume = i;
        return true;
    }
    case HANDLE_PASS:
        return pass_surrogate(d, start, resume) ||
               (absent(vm->error) && throw_decode(d, start, end, reason));
    case HANDLE_XML:
    case HANDLE_NAME:
        throw(vm, TypeError, "don't know how to handle UnicodeDecodeError in error callback");
        return false;
    default: return throw_decode(d, start, end, reason);
    }
}

/* --- encoder output -------------------------------------------------------------------------- */

char *encoder_room(Encoder *e, ptrdiff_t len)
{
    if (e->len + len > e->capacity) {
        ptrdiff_t capacity = e->len ? (e->len + len) * 2 : len;
        bool few = e->data == e->few;
        char *data = memory_resize(e->vm, few ? NULL : e->data, (size_t)capacity);
        if (!data) return NULL;
        if (few) memcpy(data, e->few, (size_t)e->len);
        e->data = data;
        e->capacity = capacity;
    }
    return e->data + e->len;
}

bool encoder_bytes(Encoder *e, const char *bytes, ptrdiff_t len)
{
    char *to = encoder_room(e, len);
    if (!to) return false;
    memcpy(to, bytes, (size_t)len);
    e->len += len;
    return true;
}

static bool put_byte(Encoder *e, uint32_t point)
{
    char byte = (char)point;
    return encoder_bytes(e, &byte, 1);
}

static bool encoder_text(Encoder *e, const char *ascii)
{
    if (e->put == put_byte || e->put == put_utf8)
        return encoder_bytes(e, ascii, (ptrdiff_t)strlen(ascii));
    for (; *ascii; ascii++)
        if (!e->put(e, (uint8_t)*ascii)) return false;
    return true;
}

static bool encode_strict(Encoder *e, ptrdiff_t start, ptrdiff_t end, const char *reason)
{
    codec_throw_encode(e->vm, e->encoding, e->text, start, end, reason);
    return false;
}

/* surrogateescape and surrogatepass: *taken points were written from start on; 0: the handler does
 * not apply. */
static bool encode_surrogates(Encoder *e, int handler, ptrdiff_t start, ptrdiff_t end)
{
    const Str *s = as_str(e->text);
    bool pass = handler == HANDLE_PASS && strncmp(e->encoding, "utf-", 4) == 0;
    for (ptrdiff_t i = start; i < end; i++) {
        uint32_t point = str_at(s, i);
        char byte = (char)point;
        if (handler == HANDLE_ESCAPE ? point - 0xDC80 >= 0x80 : !pass || !char_is_surrogate(point))
            return encode_strict(e, handler == HANDLE_ESCAPE ? i : start, end, e->reason);
        if (!(pass ? e->put(e, point) : encoder_bytes(e, &byte, 1))) return false;
    }
    return true;
}

/* A replacement that a handler gave for text[start:end]. */
static bool encode_replacement(Encoder *e, Value text, ptrdiff_t start, ptrdiff_t end)
{
    if (is_bytes(text)) return encoder_bytes(e, as_bytes(text)->data, as_bytes(text)->len);
    const Str *s = as_str(text);
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        bool refused = e->limit ? point >= e->limit : !e->state && char_is_surrogate(point);
        if (refused) return encode_strict(e, start, end, e->reason);
        if (!e->put(e, point)) return false;
    }
    return true;
}

static bool encode_other(Encoder *e, ptrdiff_t start, ptrdiff_t end, ptrdiff_t *resume)
{
    Ref error =
        make_unicode(e->vm, UnicodeEncodeError, e->encoding, e->text, start, end, e->reason);
    Ref pair = failed(error) ? FAIL : call_handler(e->vm, e->errors, error);
    pair = check_answer(e->vm, pair, true, as_str(e->text)->len, resume);
    decref(error);
    bool good = !failed(pair) && encode_replacement(e, tuple_at(pair, 0), start, end);
    decref(pair);
    return good;
}

/* \N{...}, or an escape where the character has no name. */
static void name_point(char text[CHARNAME_MAX + 8], uint32_t point)
{
    char name[CHARNAME_MAX];
    if (charname_of(point, name) > 0) snprintf(text, CHARNAME_MAX + 8, "\\N{%s}", name);
    else escape_point(text, point);
}

bool encode_error(Encoder *e, ptrdiff_t start, ptrdiff_t end, ptrdiff_t *resume)
{
    const Str *s = as_str(e->text);
    char text[CHARNAME_MAX + 8];
    int handler = handler_of(e->errors);
    *resume = end;
    if (handler == HANDLE_OTHER) return encode_other(e, start, end, resume);
    if (handler == HANDLE_ESCAPE || handler == HANDLE_PASS)
        return encode_surrogates(e, handler, start, end);
    if (handler == HANDLE_STRICT) return encode_strict(e, start, end, e->reason);
    for (ptrdiff_t i = start; i < end; i++) {
        uint32_t point = str_at(s, i);
        if (handler == HANDLE_IGNORE) *text = 0;
        else if (handler == HANDLE_REPLACE) strcpy(text, "?");
        else if (handler == HANDLE_XML) snprintf(text, sizeof text, "&#%u;", point);
        else if (handler == HANDLE_NAME) name_point(text, point);
        else escape_point(text, point);
        if (!encoder_text(e, text)) return false;
    }
    return true;
}

int escape_point(char text[12], uint32_t point)
{
    int digits = point < 0x100 ? 2 : point < 0x10000 ? 4 : 8;
    text[0] = '\\';
    text[1] = digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
    for (int i = 0; i < digits; i++)
        text[2 + i] = "0123456789abcdef"[point >> 4 * (digits - 1 - i) & 15];
    text[2 + digits] = 0;
    return 2 + digits;
}

/* --- one byte per point ---------------------------------------------------------------------- */

/* Its points are its bytes. */
static Ref latin1_copy(Vm *vm, const char *data, ptrdiff_t len)
{
    if (ascii_run(data, len) == len) return str_from_ascii(vm, data, len);
    if (len == 1) return str_from_char(vm, (uint8_t)data[0]);
    Ref out = str_new(vm, len, STR_LATIN1);
    if (!failed(out)) memcpy(as_str(out)->data, data, (size_t)len);
    return out;
}

static bool latin1_decode_all(Decoder *d)
{
    d->used = d->len;
    Ref text = latin1_copy(d->vm, d->data, d->len);
    bool good = !failed(text) && builder_str(d->vm, &d->out, text);
    decref(text);
    return good;
}

static bool ascii_decode_all(Decoder *d)
{
    for (ptrdiff_t i = 0; i < d->len;) {
        ptrdiff_t run = ascii_run(d->data + i, d->len - i);
        if (run) {
            if (!builder_ascii(d->vm, &d->out, d->data + i, run)) return false;
            i += run;
        } else if (!decode_error(d, i, i + 1, "ordinal not in range(128)", &i)) {
            return false;
        }
    }
    d->used = d->len;
    return true;
}

static bool narrow_encode(Encoder *e, uint32_t limit)
{
    const Str *s = as_str(e->text);
    e->limit = limit;
    for (ptrdiff_t i = 0; i < s->len;) {
        ptrdiff_t start = i;
        char *to = encoder_room(e, s->len - i);
        if (!to) return false;
        while (i < s->len && str_at(s, i) < limit) *to++ = (char)str_at(s, i++);
        e->len += i - start;
        if (i == s->len) break;
        ptrdiff_t end = i + 1;
        while (end < s->len && str_at(s, end) >= limit) end++;
        if (!encode_error(e, i, end, &i)) return false;
    }
    return true;
}

static bool latin1_encode_all(Encoder *e)
{
    e->reason = "ordinal not in range(256)";
    return narrow_encode(e, 256);
}

static bool ascii_encode_all(Encoder *e)
{
    e->reason = "ordinal not in range(128)";
    return narrow_encode(e, 128);
}

/* --- table and entry points ------------------------------------------------------------------ */

typedef struct Codec {
    const char *aliases; /* normalised, each between blanks */
    const char *name;    /* in messages */
    size_t name_len;
    const char *canonical;
    ByteOrder order;
    bool (*decode)(Decoder *d);
    bool (*encode)(Encoder *e);
    bool (*put)(Encoder *e, uint32_t point);
} Codec;

#define NAMED(name) name, sizeof name - 1
static const Codec codecs[] = {
    {" utf8 u8 utf cp65001 ", NAMED("utf-8"), "utf-8", ORDER_LITTLE, utf8_decode_all,
     utf8_encode_all, put_utf8},
    {" utf8sig ", NAMED("utf-8"), "utf-8-sig", ORDER_LITTLE, utf8_sig_decode, utf8_sig_encode,
     put_utf8},
    {" ascii usascii 646 ansix3.41968 ", NAMED("ascii"), "ascii", ORDER_LITTLE, ascii_decode_all,
     ascii_encode_all, put_byte},
    {" latin1 iso88591 88591 l1 latin cp819 8859 iso8859 ", NAMED("latin-1"), "iso8859-1",
     ORDER_LITTLE, latin1_decode_all, latin1_encode_all, put_byte},
    {" utf16 u16 ", NAMED("utf-16"), "utf-16", ORDER_MARK, utf16_decode_all, utf_wide_encode,
     put_utf16},
    {" utf16le ", NAMED("utf-16-le"), "utf-16-le", ORDER_LITTLE, utf16_decode_all, utf_wide_encode,
     put_utf16},
    {" utf16be ", NAMED("utf-16-be"), "utf-16-be", ORDER_BIG, utf16_decode_all, utf_wide_encode,
     put_utf16},
    {" utf32 u32 ", NAMED("utf-32"), "utf-32", ORDER_MARK, utf32_decode_all, utf_wide_encode,
     put_utf32},
    {" utf32le ", NAMED("utf-32-le"), "utf-32-le", ORDER_LITTLE, utf32_decode_all, utf_wide_encode,
     put_utf32},
    {" utf32be ", NAMED("utf-32-be"), "utf-32-be", ORDER_BIG, utf32_decode_all, utf_wide_encode,
     put_utf32},
    {" unicodeescape ", NAMED("unicodeescape"), "unicode_escape", ORDER_LITTLE, escape_decode,
     escape_encode, put_byte},
    {" rawunicodeescape ", NAMED("rawunicodeescape"), "raw_unicode_escape", ORDER_LITTLE,
     raw_escape_decode, raw_escape_encode, put_byte},
};

static const Codec charmap_codec = {
    "", NAMED("charmap"), "charmap", ORDER_LITTLE, charmap_decode_all, charmap_encode_all, NULL};

/* *charmap: the row of an encoding that is charmap_codec, and *name its canonical name. */
static const Codec *codec_find(const char *encoding, int *charmap, const char **canonical)
{
    *charmap = 0;
    char name[40] = " ";
    size_t len = 1;
    *canonical = codecs[0].canonical;
    if (!encoding) return &codecs[0];
    size_t given = strlen(encoding);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (given == codecs[i].name_len && /* as most write it */
            memcmp(encoding, codecs[i].name, given) == 0) {
            *canonical = codecs[i].canonical;
            return &codecs[i];
        }
    if ((*canonical = charmap_exact(encoding, charmap))) return &charmap_codec;
    for (; *encoding && len < sizeof name - 2; encoding++)
        if (!strchr("-_ ", *encoding)) name[len++] = (char)tolower((unsigned char)*encoding);
    if (*encoding || len == 1) return NULL;
    name[len++] = ' ';
    name[len] = 0;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        if (!strstr(codecs[i].aliases, name)) continue;
        *canonical = codecs[i].canonical;
        return &codecs[i];
    }
    *canonical = charmap_name(name, charmap);
    return *canonical ? &charmap_codec : NULL;
}

const char *codec_name(const char *encoding)
{
    int charmap;
    const char *canonical;
    return codec_find(encoding, &charmap, &canonical) ? canonical : NULL;
}

static Ref encoder_finish(Encoder *e, bool good)
{
    Ref out = good ? bytes_from(e->vm, e->data, e->len) : FAIL;
    if (e->data != e->few) memory_free(e->data);
    return out;
}

static void decoder_open(Decoder *d, Vm *vm, const char *data, ptrdiff_t len, const char *encoding,
                         const char *errors)
{
    memset(d, 0, offsetof(Decoder, out)); /* what the builder has room for is left as it is */
    d->vm = vm;
    d->data = data;
    d->len = len;
    d->encoding = encoding;
    d->errors = errors;
    builder_open(&d->out);
}

static Ref decoder_finish(Decoder *d, bool good)
{
    clear(&d->held);
    if (good) return builder_finish(d->vm, &d->out);
    builder_close(&d->out);
    return FAIL;
}

Ref codec_encode(Vm *vm, Value text, const char *encoding, const char *errors)
{
    int charmap;
    const char *canonical;
    const Codec *codec = codec_find(encoding, &charmap, &canonical);
    if (!codec) return codec_encode_other(vm, text, encoding, errors);
    const Str *s = as_str(text);
    bool direct =
        codec->decode == latin1_decode_all
            ? s->width == 1
            : s->ascii && (codec->decode == utf8_decode_all || codec->decode == ascii_decode_all);
    if (direct) return bytes_from(vm, s->data, s->len);
    char few[ENCODER_FEW];
    Encoder e = {.vm = vm,
                 .text = text,
                 .encoding = codec->name,
                 .errors = errors,
                 .order = codec->order,
                 .put = codec->put,
                 .charmap = charmap,
                 .reason = "",
                 .data = few,
                 .few = few,
                 .capacity = ENCODER_FEW};
    return encoder_finish(&e, codec->encode(&e));
}

Ref codec_decode_partial(Vm *vm, const char *data, ptrdiff_t len, const char *encoding,
                         const char *errors, ptrdiff_t *used)
{
    if (len == 0 && !used) return newref(vm->interp->empty_str); /* whatever the encoding */
    int charmap;
    const char *canonical;
    const Codec *codec = codec_find(encoding, &charmap, &canonical);
    if (!codec) return codec_decode_other(vm, data, len, encoding, errors);
    bool narrow = codec->decode == utf8_decode_all || codec->decode == ascii_decode_all;
    if (narrow && ascii_run(data, len) == len) {
        if (used) *used = len;
        return str_from_ascii(vm, data, len);
    }
    if (codec->decode == latin1_decode_all) {
        if (used) *used = len;
        return latin1_copy(vm, data, len);
    }
    Decoder d;
    decoder_open(&d, vm, data, len, codec->name, errors);
    d.order = codec->order;
    d.charmap = charmap;
    d.partial = used != NULL;
    bool good = codec->decode(&d);
    if (good && used) *used = d.used < len ? d.used : len;
    return decoder_finish(&d, good);
}

Ref codec_encode_mapped(Vm *vm, Value text, const char *errors, Value mapping)
{
    char few[ENCODER_FEW];
    Encoder e = {.vm = vm,
                 .text = text,
                 .encoding = "charmap",
                 .errors = errors,
                 .mapping = mapping,
                 .data = few,
                 .few = few,
                 .capacity = ENCODER_FEW};
    return encoder_finish(&e, mapping_encode_all(&e));
}

Ref codec_decode_mapped(Vm *vm, const char *data, ptrdiff_t len, const char *errors, Value mapping)
{
    Decoder d;
    decoder_open(&d, vm, data, len, "charmap", errors);
    d.mapping = mapping;
    return decoder_finish(&d, mapping_decode_all(&d));
}

Ref codec_decode(Vm *vm, const char *data, ptrdiff_t len, const char *encoding, const char *errors)
{
    return codec_decode_partial(vm, data, len, encoding, errors, NULL);
}

/* The text of an optional str argument as a C string; false: raised. */
static bool name_text(Vm *vm, Value v, const char **text, char **owned)
{
    ptrdiff_t len;
    *owned = NULL;
    *text = NULL;
    if (absent(v)) return true;
    *text = str_utf8(vm, v, &len, owned);
    if (!*text) return false;
    if ((ptrdiff_t)strlen(*text) == len) return true;
    memory_free(*owned);
    *owned = NULL;
    throw(vm, ValueError, "embedded null character");
    return false;
}

Ref codec_encode_values(Vm *vm, Value text, Value encoding, Value errors)
{
    const char *name, *handler;
    char *own_name = NULL, *own_handler = NULL;
    Ref out = FAIL;
    if (name_text(vm, encoding, &name, &own_name) && name_text(vm, errors, &handler, &own_handler))
        out = codec_encode(vm, text, name, handler);
    memory_free(own_name);
    memory_free(own_handler);
    return out;
}

Ref codec_decode_values(Vm *vm, const char *data, ptrdiff_t len, Value encoding, Value errors)
{
    const char *name, *handler;
    char *own_name = NULL, *own_handler = NULL;
    Ref out = FAIL;
    if (name_text(vm, encoding, &name, &own_name) && name_text(vm, errors, &handler, &own_handler))
        out = codec_decode(vm, data, len, name, handler);
    memory_free(own_name);
    memory_free(own_handler);
    return out;
}
