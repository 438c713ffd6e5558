/* codecs.c - module _codecs: our encodings one by one, and the registry of encodings and error
 * handlers that scripts add.
 *
 * The registry hangs off the interpreter: search functions, what they found (by normalised name),
 * handlers.  The library's own search function comes with module encodings, imported at the first
 * lookup.
 * Neighbours: object/codec.c (the encodings), stdlib/codecs.aio, stdlib/encodings/. */
/* SPDX-License-Identifier: MIT */
#include "object/codec.h"

#include <stdio.h>

#include "base/numtext.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/tuple.h"
#include "vm/import.h"

/* ---- the registry ---- */

static bool registry_open(Vm *vm)
{
    Interp *interp = vm->interp;
    if (absent(interp->codec_searches)) interp->codec_searches = list_new(vm, 2);
    if (absent(interp->codec_cache)) interp->codec_cache = dict_new(vm);
    if (absent(interp->codec_handlers)) interp->codec_handlers = dict_new(vm);
    if (!failed(interp->codec_searches) && !failed(interp->codec_cache) &&
        !failed(interp->codec_handlers))
        return true;
    if (failed(interp->codec_searches)) interp->codec_searches = UNDEF;
    if (failed(interp->codec_cache)) interp->codec_cache = UNDEF;
    if (failed(interp->codec_handlers)) interp->codec_handlers = UNDEF;
    return false;
}

/* Lower case, each run of other characters than letters, digits and '.' one '_'. */
static Ref normalise(Vm *vm, Value name)
{
    const Str *s = as_str(name);
    StrBuilder text;
    builder_open(&text);
    bool gap = false, good = true;
    for (ptrdiff_t i = 0; good && i < s->len; i++) {
        uint32_t point = str_at(s, i);
        bool letter = (point | 32) - 'a' < 26u || point - '0' < 10u || point == '.';
        if (point > STR_ASCII) continue;
        if (!letter) {
            gap = true;
            continue;
        }
        if (gap && text.len) good = builder_char(vm, &text, '_');
        gap = false;
        if (point - 'A' < 26u) point |= 32;
        good = good && builder_char(vm, &text, point);
    }
    if (good) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

/* Asks the search functions in turn: a 4-tuple, NONE. */
static Ref search(Vm *vm, Value name)
{
    List *functions = as_list(vm->interp->codec_searches);
    if (functions->len == 0) {
        Ref encodings = import_text(vm, "encodings");
        if (failed(encodings)) return FAIL;
        decref(encodings);
    }
    for (ptrdiff_t i = 0; i < functions->len; i++) {
        Ref function = newref(list_at(functions, i));
        Ref found = call1(vm, function, name);
        decref(function);
        if (found == NONE) continue;
        if (failed(found) || (is_tuple(found) && tuple_len(found) == 4)) return found;
        decref(found);
        return throw(vm, TypeError, "codec search functions must return 4-tuples");
    }
    return NONE;
}

static Ref look_up(Vm *vm, Value name)
{
    if (!registry_open(vm)) return FAIL;
    Ref key = normalise(vm, name);
    if (failed(key)) return FAIL;
    Value known = dict_get(vm, as_dict(vm->interp->codec_cache), key);
    Ref found = absent(known) ? search(vm, key) : newref(known);
    if (absent(known) && !failed(found) && found != NONE &&
        !dict_set(vm, as_dict(vm->interp->codec_cache), key, found)) {
        decref(found);
        found = FAIL;
    }
    decref(key);
    return found == NONE ? throw(vm, LookupError, "unknown encoding: %S", name) : found;
}

Ref codec_handler(Vm *vm, const char *name)
{
    Value known = absent(vm->interp->codec_handlers)
                      ? (Value)UNDEF
                      : dict_get_text(vm, as_dict(vm->interp->codec_handlers), name);
    if (failed(known)) return FAIL;
    if (!absent(known)) return newref(known);
    return throw(vm, LookupError, "unknown error handler name '%s'", name);
}

/* info[index](object, errors)[0]; an exception gets a note of what failed. */
static Ref convert(Vm *vm, Value info, int index, Value object, Value errors, Value encoding)
{
    Value args[] = {object, errors};
    Ref pair = call(vm, tuple_at(info, index), absent(errors) ? 1 : 2, args);
    if (failed(pair)) {
        Ref error = error_take(vm);
        Ref note =
            format_text(vm, "%s with '%S' codec failed", index ? "decoding" : "encoding", encoding);
        Value argument = note;
        Ref added = failed(note) ? FAIL : call_method(vm, error, N(add_note), 1, &argument);
        if (failed(added)) decref(error); /* what came up instead is raised */
        else error_restore(vm, error);
        decref(added);
        decref(note);
        return FAIL;
    }
    Ref out = FAIL;
    if (is_tuple(pair) && tuple_len(pair) == 2) out = newref(tuple_at(pair, 0));
    else
        throw(vm, TypeError, "%s must return a tuple (object, integer)",
              index ? "decoder" : "encoder");
    decref(pair);
    return out;
}

/* For str.encode() and bytes.decode(): the result must be of that kind. */
static Ref convert_text(Vm *vm, const char *encoding, const char *errors, Value object, int index)
{
    Ref name = str_from(vm, encoding), handler = errors ? str_from(vm, errors) : UNDEF;
    Ref info = failed(name) || failed(handler) ? FAIL : look_up(vm, name);
    Ref is_text = failed(info) ? FAIL : attr_get_or_absent(vm, info, N(_is_text_encoding));
    Ref out = FAIL;
    if (is_text == FALSE)
        throw(vm, LookupError,
              "'%s' is not a text encoding; use codecs.%s() to handle arbitrary "
              "codecs",
              encoding, index ? "decode" : "encode");
    else if (!failed(is_text)) out = convert(vm, info, index, object, handler, name);
    if (!failed(out) && !(index ? is_str(out) : is_bytes(out))) {
        throw(vm, TypeError,
              "'%s' %s returned '%T' instead of '%s'; use codecs.%s() to %s to arbitrary types",
              encoding, index ? "decoder" : "encoder", (Value)out, index ? "str" : "bytes",
              index ? "decode" : "encode", index ? "decode" : "encode");
        decref(out);
        out = FAIL;
    }
    decref(name);
    decref(handler);
    decref(info);
    decref(is_text);
    return out;
}

Ref codec_encode_other(Vm *vm, Value text, const char *encoding, const char *errors)
{
    return convert_text(vm, encoding, errors, text, 0);
}

Ref codec_decode_other(Vm *vm, const char *data, ptrdiff_t len, const char *encoding,
                       const char *errors)
{
    Ref bytes = bytes_from(vm, data, len);
    Ref out = failed(bytes) ? FAIL : convert_text(vm, encoding, errors, bytes, 1);
    decref(bytes);
    return out;
}

static bool need_str(Vm *vm, Value v, const char *function, const char *what)
{
    if (is_str(v)) return true;
    throw(vm, TypeError, "%s() argument%s must be str, not %A", function, what, v);
    return false;
}

NATIVE(codecs_register, "register(search_function, /)",
       "Add a function that is asked for encodings: given a name in lower case it returns a "
       "CodecInfo or None.")
{
    if (!type_of(vm, argv[0])->slots.call) return throw(vm, TypeError, "argument must be callable");
    if (!registry_open(vm)) return FAIL;
    if (as_list(vm->interp->codec_searches)->len == 0) {
        Ref encodings = import_text(vm, "encodings"); /* the library's comes first */
        if (failed(encodings)) return FAIL;
        decref(encodings);
    }
    return list_push(vm, as_list(vm->interp->codec_searches), newref(argv[0])) ? NONE : FAIL;
}
NATIVE(codecs_register_first, "_register_first(search_function, /)",
       "register() for the library's own search function.")
{
    if (!registry_open(vm)) return FAIL;
    return list_insert(vm, as_list(vm->interp->codec_searches), 0, newref(argv[0])) ? NONE : FAIL;
}
NATIVE(codecs_unregister, "unregister(search_function, /)",
       "Take a search function away again, and forget what was found.")
{
    if (absent(vm->interp->codec_searches)) return NONE;
    List *functions = as_list(vm->interp->codec_searches);
    for (ptrdiff_t i = 0; i < functions->len; i++) {
        if (list_at(functions, i) != argv[0]) continue;
        dict_clear(as_dict(vm->interp->codec_cache));
        decref(list_take(functions, i));
        break;
    }
    return NONE;
}
NATIVE(codecs_lookup, "lookup(encoding, /)",
       "Return the CodecInfo of an encoding.  Raises LookupError when there is none.")
{
    return need_str(vm, argv[0], "lookup", "") ? look_up(vm, argv[0]) : FAIL;
}

static Ref convert_any(Vm *vm, Value *argv, int index)
{
    Ref info = look_up(vm, argv[1]);
    if (failed(info)) return FAIL;
    Ref out = convert(vm, info, index, argv[0], argv[2], argv[1]);
    decref(info);
    return out;
}
NATIVE(codecs_encode, "encode(obj, encoding='utf-8', errors='strict')",
       "Encode obj with any encoding, between bytes too.")
{
    return need_str(vm, argv[1], "encode", " 'encoding'") &&
                   need_str(vm, argv[2], "encode", " 'errors'")
               ? convert_any(vm, argv, 0)
               : FAIL;
}
NATIVE(codecs_decode, "decode(obj, encoding='utf-8', errors='strict')",
       "Decode obj with any encoding, between bytes too.")
{
    return need_str(vm, argv[1], "decode", " 'encoding'") &&
                   need_str(vm, argv[2], "decode", " 'errors'")
               ? convert_any(vm, argv, 1)
               : FAIL;
}

NATIVE(
    codecs_register_error, "register_error(errors, handler, /)",
    "Make handler known under a name: given a UnicodeError it returns (replacement, position to\n"
    "go on at), or raises.")
{
    if (!need_str(vm, argv[0], "register_error", " 1")) return FAIL;
    if (!type_of(vm, argv[1])->slots.call) return throw(vm, TypeError, "handler must be callable");
    return registry_open(vm) && dict_set(vm, as_dict(vm->interp->codec_handlers), argv[0], argv[1])
               ? NONE
               : FAIL;
}
NATIVE(codecs_unregister_error, "_unregister_error(errors, /)",
       "Forget a handler; return whether there was one.  Raises ValueError for a standard one.")
{
    static const char *const standard[] = {
        "strict",          "ignore",        "replace",    "backslashreplace", "xmlcharrefreplace",
        "surrogateescape", "surrogatepass", "namereplace"};
    if (!need_str(vm, argv[0], "_unregister_error", "") || !registry_open(vm)) return FAIL;
    for (size_t n = 0; n < sizeof standard / sizeof *standard; n++)
        if (str_is(argv[0], standard[n]))
            return throw(vm, ValueError, "cannot un-register built-in error handler '%S'", argv[0]);
    Truth gone = dict_delete(vm, as_dict(vm->interp->codec_handlers), argv[0]);
    return gone == FAILED ? FAIL : from_bool(gone == YES);
}
NATIVE(codecs_lookup_error, "lookup_error(name, /)",
       "Return the error handler with that name.  Raises LookupError when there is none.")
{
    if (!need_str(vm, argv[0], "lookup_error", "")) return FAIL;
    Ref module = import_text(vm, "codecs"); /* which registers the standard ones */
    if (failed(module)) return FAIL;
    decref(module);
    char *owned = NULL;
    const char *name = str_utf8(vm, argv[0], NULL, &owned);
    Ref handler = name ? codec_handler(vm, name) : FAIL;
    memory_free(owned);
    return handler;
}

/* ---- our encodings one by one ---- */

/* errors as a C string (NULL: strict); false: raised. */
static bool errors_text(Vm *vm, Value errors, const char **text, char **owned)
{
    *text = NULL;
    *owned = NULL;
    if (absent(errors) || errors == NONE) return true;
    if (!is_str(errors)) {
        throw(vm, TypeError, "argument 2 must be str or None, not %A", errors);
        return false;
    }
    *text = str_utf8(vm, errors, NULL, owned);
    return *text != NULL;
}

/* (out, count), out stolen. */
static Ref counted(Vm *vm, Ref out, ptrdiff_t count)
{
    if (failed(out)) return FAIL;
    Ref pair = tuple_pack(vm, 2, (Value)out, (Value)from_small(count));
    decref(out);
    return pair;
}

static Ref encode_with(Vm *vm, Value text, Value errors, const char *encoding)
{
    const char *handler;
    char *owned;
    if (!is_str(text))
        return throw(vm, TypeError, "%s_encode() argument 1 must be str, not %A", encoding, text);
    if (!errors_text(vm, errors, &handler, &owned)) return FAIL;
    Ref out = codec_encode(vm, text, encoding, handler);
    memory_free(owned);
    return counted(vm, out, as_str(text)->len);
}

static Ref decode_with(Vm *vm, Value data, Value errors, bool final, const char *encoding)
{
    const char *handler;
    char *owned = NULL;
    Buffer buffer;
    if (!errors_text(vm, errors, &handler, &owned)) return FAIL;
    Ref held = UNDEF, out = FAIL;
    if (is_str(data) && strstr(encoding, "escape")) { /* they take text too */
        held = codec_encode(vm, data, "utf-8", NULL);
        data = held;
    }
    ptrdiff_t used = 0;
    if (!failed(held) && buffer_get(vm, data, &buffer, false)) {
        used = buffer.len;
        out = codec_decode_partial(vm, buffer.data, buffer.len, encoding, handler,
                                   final ? NULL : &used);
        buffer_release(vm, &buffer);
    }
    decref(held);
    memory_free(owned);
    return counted(vm, out, used);
}

#define ENCODING(id, name, last)                                                                   \
    NATIVE(id##_encode, #id "_encode(str, errors=None, /)",                                        \
           "Return (bytes, how many characters they stand for).")                                  \
    {                                                                                              \
        return encode_with(vm, argv[0], argv[1], name);                                            \
    }                                                                                              \
    NATIVE(id##_decode, #id "_decode(data, errors=None, final=" last ", /)",                       \
           "Return (text, how many bytes were used); unless final an incomplete end is left.")     \
    {                                                                                              \
        Truth final = value_truth(vm, argv[2]);                                                    \
        return final == FAILED ? FAIL : decode_with(vm, argv[0], argv[1], final == YES, name);     \
    }
ENCODING(utf_8, "utf-8", "False")
ENCODING(utf_8_sig, "utf-8-sig", "False")
ENCODING(utf_16, "utf-16", "False")
ENCODING(utf_16_le, "utf-16-le", "False")
ENCODING(utf_16_be, "utf-16-be", "False")
ENCODING(utf_32, "utf-32", "False")
ENCODING(utf_32_le, "utf-32-le", "False")
ENCODING(utf_32_be, "utf-32-be", "False")
ENCODING(unicode_escape, "unicode_escape", "True")
ENCODING(raw_unicode_escape, "raw_unicode_escape", "True")
ENCODING(latin_1, "latin-1", "True")
ENCODING(ascii, "ascii", "True")

/* utf_16_ex_decode and utf_32_ex_decode: order -1 little, 1 big, 0: a mark may tell. */
static Ref decode_marked(Vm *vm, Value *argv, int size, const char *native, const char *little,
                         const char *big)
{
    Buffer buffer;
    int64_t order;
    Truth final = value_truth(vm, argv[3]);
    if (final == FAILED || !int_index(vm, argv[2], &order)) return FAIL;
    if (!buffer_get(vm, argv[0], &buffer, false)) return FAIL;
    if (order == 0 && buffer.len >= size) {
        static const char low[] = "\xFF\xFE\0", high[] = "\0\0\xFE\xFF";
        if (memcmp(buffer.data, low, (size_t)size) == 0) order = -1;
        else if (memcmp(buffer.data, high + 4 - size, (size_t)size) == 0) order = 1;
    }
    buffer_release(vm, &buffer);
    bool told = is_int(argv[2]) && as_int(argv[2]) != 0;
    const char *name = !told ? native : order < 0 ? little : big;
    Ref pair = decode_with(vm, argv[0], argv[1], final == YES, name);
    if (failed(pair)) return FAIL;
    Ref out = tuple_pack(vm, 3, tuple_at(pair, 0), tuple_at(pair, 1), (Value)from_small(order));
    decref(pair);
    return out;
}
NATIVE(utf_16_ex_decode, "utf_16_ex_decode(data, errors=None, byteorder=0, final=False, /)",
       "Return (text, bytes used, byte order: -1 little, 1 big, 0 not known).")
{
    return decode_marked(vm, argv, 2, "utf-16", "utf-16-le", "utf-16-be");
}
NATIVE(utf_32_ex_decode, "utf_32_ex_decode(data, errors=None, byteorder=0, final=False, /)",
       "Return (text, bytes used, byte order: -1 little, 1 big, 0 not known).")
{
    return decode_marked(vm, argv, 4, "utf-32", "utf-32-le", "utf-32-be");
}

NATIVE(codecs_native_name, "_native_name(encoding, /)",
       "Return the canonical name of one of our own encodings, or None.")
{
    char *owned = NULL;
    const char *text =
        need_str(vm, argv[0], "_native_name", "") ? str_utf8(vm, argv[0], NULL, &owned) : NULL;
    const char *name = text ? codec_name(text) : NULL;
    Ref out = !text ? FAIL : name ? str_from(vm, name) : NONE;
    memory_free(owned);
    return out;
}
NATIVE(codecs_native_encode, "_native_encode(encoding, text, errors=None, /)",
       "Return (bytes, how many characters they stand for) by one of our own encodings.")
{
    char *owned = NULL;
    const char *name = str_utf8(vm, argv[0], NULL, &owned);
    Ref out = name ? encode_with(vm, argv[1], argv[2], name) : FAIL;
    memory_free(owned);
    return out;
}
NATIVE(codecs_native_decode, "_native_decode(encoding, data, errors=None, /)",
       "Return (text, how many bytes were used) by one of our own encodings.")
{
    char *owned = NULL;
    const char *name = str_utf8(vm, argv[0], NULL, &owned);
    Ref out = name ? decode_with(vm, argv[1], argv[2], true, name) : FAIL;
    memory_free(owned);
    return out;
}

/* ---- mappings ---- */

NATIVE(charmap_encode, "charmap_encode(str, errors=None, mapping=None, /)",
       "Return (bytes, characters used): mapping gives an int, bytes or None for each point.")
{
    const char *handler;
    char *owned;
    if (argv[2] == NONE) return encode_with(vm, argv[0], argv[1], "latin-1");
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "charmap_encode() argument 1 must be str, not %A", argv[0]);
    if (!errors_text(vm, argv[1], &handler, &owned)) return FAIL;
    Ref out = codec_encode_mapped(vm, argv[0], handler, argv[2]);
    memory_free(owned);
    return counted(vm, out, as_str(argv[0])->len);
}
NATIVE(charmap_decode, "charmap_decode(data, errors=None, mapping=None, /)",
       "Return (text, bytes used): mapping, a str or a dict, gives the point or text of each byte.")
{
    const char *handler;
    char *owned;
    Buffer buffer;
    if (argv[2] == NONE) return decode_with(vm, argv[0], argv[1], true, "latin-1");
    if (!errors_text(vm, argv[1], &handler, &owned)) return FAIL;
    Ref out = FAIL;
    ptrdiff_t used = 0;
    if (buffer_get(vm, argv[0], &buffer, false)) {
        used = buffer.len;
        out = codec_decode_mapped(vm, buffer.data, buffer.len, handler, argv[2]);
        buffer_release(vm, &buffer);
    }
    memory_free(owned);
    return counted(vm, out, used);
}
NATIVE(charmap_build, "charmap_build(map, /)",
       "Return the mapping for charmap_encode() of a str with the point of each byte.")
{
    if (!need_str(vm, argv[0], "charmap_build", "")) return FAIL;
    Ref map = dict_new(vm);
    const Str *s = as_str(argv[0]);
    for (ptrdiff_t i = 0; !failed(map) && i < s->len && i < 256; i++) {
        uint32_t point = str_at(s, i);
        if (point == 0xFFFE || dict_set(vm, as_dict(map), from_small(point), from_small(i)))
            continue;
        decref(map);
        return FAIL;
    }
    return map;
}
NATIVE(readbuffer_encode, "readbuffer_encode(data, errors=None, /)",
       "Return (the bytes of a bytes-like object or UTF-8 of a str, how many).")
{
    Buffer buffer;
    if (is_str(argv[0])) {
        Ref bytes = codec_encode(vm, argv[0], "utf-8", NULL);
        return counted(vm, bytes, failed(bytes) ? 0 : as_bytes(bytes)->len);
    }
    if (!buffer_get(vm, argv[0], &buffer, false)) return FAIL;
    Ref bytes = bytes_from(vm, buffer.data, buffer.len);
    ptrdiff_t len = buffer.len;
    buffer_release(vm, &buffer);
    return counted(vm, bytes, len);
}

/* ---- bytes as they stand in a literal ---- */

NATIVE(escape_encode, "escape_encode(data, errors=None, /)",
       "Return (the bytes as they stand in a bytes literal, how many were used).")
{
    if (!is_bytes(argv[0]))
        return throw(vm, TypeError, "escape_encode() argument 1 must be bytes, not %A", argv[0]);
    StrBuilder text;
    builder_open(&text);
    const Bytes *bytes = as_bytes(argv[0]);
    bool good = true;
    for (ptrdiff_t i = 0; good && i < bytes->len; i++) {
        uint8_t byte = (uint8_t)bytes->data[i];
        const char *at = byte ? strchr("\\'\t\n\r", byte) : NULL;
        char escape[8];
        if (at) {
            snprintf(escape, sizeof escape, "\\%c", "\\'tnr"[strcspn("\\'\t\n\r", at)]);
            good = builder_ascii(vm, &text, escape, 2);
        } else if (byte < ' ' || byte >= 0x7f) {
            snprintf(escape, sizeof escape, "\\x%02x", byte);
            good = builder_ascii(vm, &text, escape, 4);
        } else {
            good = builder_char(vm, &text, byte);
        }
    }
    Ref made = good ? builder_finish(vm, &text) : FAIL;
    if (!good) builder_close(&text);
    Ref out = failed(made) ? FAIL : codec_encode(vm, made, "latin-1", NULL);
    decref(made);
    return counted(vm, out, bytes->len);
}

/* A \x without two digits: what errors says. */
static bool bad_hex(Vm *vm, StrBuilder *out, const char *errors, ptrdiff_t at)
{
    if (!errors || strcmp(errors, "strict") == 0) {
        throw(vm, ValueError, "invalid \\x escape at position %zd", at);
        return false;
    }
    if (strcmp(errors, "replace") == 0) return builder_char(vm, out, '?');
    if (strcmp(errors, "ignore") == 0) return true;
    throw(vm, ValueError, "decoding error; unknown error handling code: %s", errors);
    return false;
}

static bool is_octal(char c) { return c >= '0' && c <= '7'; }

static bool unescape_octal(Vm *vm, StrBuilder *out, const char *data, ptrdiff_t len, ptrdiff_t *i,
                           const char **bad)
{
    uint32_t value = 0;
    ptrdiff_t start = *i;
    while (*i < len && *i < start + 3 && is_octal(data[*i]))
        value = value * 8 + (uint32_t)(data[(*i)++] - '0');
    if (value > 255 && !*bad) *bad = data + start;
    return builder_char(vm, out, value & 255);
}

/* data without its escapes; *bad: the first that is not known, behind its backslash. */
static bool unescape(Vm *vm, StrBuilder *out, const char *data, ptrdiff_t len, const char *errors,
                     const char **bad)
{
    static const char plain[] = "\\'\"bftnrva", meaning[] = "\\'\"\b\f\t\n\r\v\a";
    bool good = true;
    for (ptrdiff_t i = 0; good && i < len;) {
        char c = data[i++];
        if (c != '\\') {
            good = builder_char(vm, out, (uint8_t)c);
            continue;
        }
        if (i == len) {
            throw(vm, ValueError, "Trailing \\ in string");
            return false;
        }
        const char *at = data[i] ? strchr(plain, data[i]) : NULL;
        if (data[i] == '\n') {
            i++;
        } else if (at) {
            good = builder_char(vm, out, (uint8_t)meaning[at - plain]);
            i++;
        } else if (is_octal(data[i])) {
            good = unescape_octal(vm, out, data, len, &i, bad);
        } else if (data[i] == 'x') {
            int digits = 0;
            uint32_t value = 0;
            for (; digits < 2 && i + 1 + digits < len &&
                   digit_of_base((unsigned char)data[i + 1 + digits]) < 16;
                 digits++)
                value = value * 16 + (uint32_t)digit_of_base((unsigned char)data[i + 1 + digits]);
            good = digits == 2 ? builder_char(vm, out, value) : bad_hex(vm, out, errors, i - 1);
            i += 1 + digits;
        } else {
            if (!*bad) *bad = data + i;
            good = builder_char(vm, out, '\\') && builder_char(vm, out, (uint8_t)data[i++]);
        }
    }
    return good;
}

NATIVE(escape_decode, "escape_decode(data, errors=None, /)",
       "Return (what a bytes literal with this content is, how many bytes were used).")
{
    const char *handler, *bad = NULL;
    char *owned;
    Buffer buffer;
    Ref held = is_str(argv[0]) ? codec_encode(vm, argv[0], "utf-8", NULL) : newref(argv[0]);
    if (failed(held) || !errors_text(vm, argv[1], &handler, &owned)) {
        decref(held);
        return FAIL;
    }
    Ref out = FAIL;
    ptrdiff_t used = 0;
    if (buffer_get(vm, held, &buffer, false)) {
        StrBuilder text;
        builder_open(&text);
        used = buffer.len;
        bool good = unescape(vm, &text, buffer.data, buffer.len, handler, &bad);
        if (good && bad && is_octal(*bad))
            good = warn(vm, DeprecationWarning, 1,
                        "\"\\%c%c%c\" is an invalid octal escape sequence", bad[0], bad[1], bad[2]);
        else if (good && bad)
            good = warn(vm, DeprecationWarning, 1, "\"\\%c\" is an invalid escape sequence",
                        (uint8_t)*bad);
        Ref made = good ? builder_finish(vm, &text) : FAIL;
        if (!good) builder_close(&text);
        out = failed(made) ? FAIL : codec_encode(vm, made, "latin-1", NULL);
        decref(made);
        buffer_release(vm, &buffer);
    }
    memory_free(owned);
    decref(held);
    return counted(vm, out, used);
}

#define PAIR(id) &id##_encode_def, &id##_decode_def
static const Native *const codecs_functions[] = {
    &codecs_register_def,
    &codecs_register_first_def,
    &codecs_unregister_def,
    &codecs_lookup_def,
    &codecs_encode_def,
    &codecs_decode_def,
    &codecs_register_error_def,
    &codecs_unregister_error_def,
    &codecs_lookup_error_def,
    PAIR(utf_8),
    PAIR(utf_8_sig),
    PAIR(utf_16),
    PAIR(utf_16_le),
    PAIR(utf_16_be),
    PAIR(utf_32),
    PAIR(utf_32_le),
    PAIR(utf_32_be),
    PAIR(unicode_escape),
    PAIR(raw_unicode_escape),
    PAIR(latin_1),
    PAIR(ascii),
    &utf_16_ex_decode_def,
    &utf_32_ex_decode_def,
    &codecs_native_name_def,
    &codecs_native_encode_def,
    &codecs_native_decode_def,
    PAIR(charmap),
    PAIR(escape),
    &charmap_build_def,
    &readbuffer_encode_def,
    NULL,
};
const ModuleDef _codecs_module = {
    .name = "_codecs",
    .doc = "Encodings and error handlers: what is under the module codecs.",
    .functions = codecs_functions,
};
