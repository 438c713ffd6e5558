/* iodecode.c - bytes that come in pieces made text: the reading half of a TextIOWrapper.
 *
 * Our own encodings keep an incomplete sequence in `pending`; an encoding registered by a script
 * has its incremental decoder called.  The flags of a saved state are those Python's decoders
 * give: for an encoding with a byte order mark 0 before the mark was seen, else which it was, and
 * with universal newlines shifted left by one, the lowest bit telling of a waiting "\r".
 * Neighbours: iotext.c, object/codec.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/iodecode.h"

#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/tuple.h"

typedef struct Marked {
    const char *name;         /* an encoding whose text begins with a byte order mark */
    const char *little, *big; /* what it is after that */
    int mark_bytes;
} Marked;
static const Marked marked[] = {
    {"utf-16", "utf-16-le", "utf-16-be", 2},
    {"utf-32", "utf-32-le", "utf-32-be", 4},
    {"utf-8-sig", "utf-8", "utf-8", 3},
};

static const Marked *mark_of(const char *encoding)
{
    for (size_t n = 0; n < sizeof marked / sizeof *marked; n++)
        if (strcmp(marked[n].name, encoding) == 0) return &marked[n];
    return NULL;
}

bool decoder_is_native(const char *encoding)
{
    static const char *const plain[] = {"utf-8",     "ascii",     "iso8859-1", "utf-16-le",
                                        "utf-16-be", "utf-32-le", "utf-32-be"};
    for (size_t n = 0; n < sizeof plain / sizeof *plain; n++)
        if (strcmp(plain[n], encoding) == 0) return true;
    return mark_of(encoding) != NULL;
}

/* Looks at the first bytes of a text for the mark: how many to skip; -1: too few yet. */
static ptrdiff_t skip_mark(TextDecoder *decoder, const Marked *row, const char *data, ptrdiff_t len,
                           bool final)
{
    static const char big2[] = "\xFE\xFF", little2[] = "\xFF\xFE";
    static const char big4[] = "\0\0\xFE\xFF", little4[] = "\xFF\xFE\0\0", utf8[] = "\xEF\xBB\xBF";
    const char *little = row->mark_bytes == 2 ? little2 : row->mark_bytes == 4 ? little4 : utf8;
    const char *big = row->mark_bytes == 2 ? big2 : row->mark_bytes == 4 ? big4 : utf8;
    size_t size = (size_t)row->mark_bytes, have = (size_t)len < size ? (size_t)len : size;
    bool is_utf8 = row->mark_bytes == 3;
    if (have < size && !final && (!is_utf8 || memcmp(data, utf8, have) == 0)) return -1;
    decoder->current = row->little;
    if (have == size && memcmp(data, little, size) == 0) return row->mark_bytes;
    if (have < size || memcmp(data, big, size) != 0) return 0;
    decoder->current = row->big;
    return row->mark_bytes;
}

static Ref decode_native(Vm *vm, TextDecoder *decoder, const char *data, ptrdiff_t len, bool final)
{
    char *joined = NULL;
    if (decoder->pending_len) {
        joined = memory_new(vm, (size_t)(decoder->pending_len + len));
        if (!joined) return FAIL;
        memcpy(joined, decoder->pending, (size_t)decoder->pending_len);
        memcpy(joined + decoder->pending_len, data, (size_t)len);
        data = joined;
        len += decoder->pending_len;
    }
    const Marked *row = decoder->current == decoder->encoding ? mark_of(decoder->encoding) : NULL;
    ptrdiff_t skip = row ? skip_mark(decoder, row, data, len, final) : 0, used = 0;
    Ref text = FAIL;
    if (row && skip == 0 && row->mark_bytes != 3 && len >= row->mark_bytes) {
        codec_throw_decode(vm, decoder->encoding, data, len, 0, row->mark_bytes,
                           "Stream does not start with BOM");
        decoder->current = decoder->encoding;
    } else if (skip < 0) {
        text = newref(vm->interp->empty_str);
    } else {
        ptrdiff_t *partial = final ? NULL : &used;
        text = codec_decode_partial(vm, data + skip, len - skip, decoder->current, decoder->errors,
                                    partial);
        used = final ? len : used + skip;
        if (failed(text) && row) decoder->current = decoder->encoding;
    }
    if (!failed(text)) {
        decoder->pending_len = (int)(len - used);
        if (used < len) memcpy(decoder->pending, data + used, (size_t)(len - used));
    }
    memory_free(joined);
    return text;
}

static Ref decode_object(Vm *vm, TextDecoder *decoder, const char *data, ptrdiff_t len, bool final)
{
    Ref bytes = bytes_from(vm, data, len);
    Value args[] = {bytes, from_bool(final)};
    Ref text = failed(bytes) ? FAIL : call_method(vm, decoder->object, N(decode), 2, args);
    decref(bytes);
    if (failed(text) || is_str(text)) return text;
    throw(vm, TypeError, "decoder should return a string result, not '%T'", (Value)text);
    decref(text);
    return FAIL;
}

Ref decoder_decode(Vm *vm, TextDecoder *decoder, const char *data, ptrdiff_t len, bool final)
{
    Ref text = decoder->encoding ? decode_native(vm, decoder, data, len, final)
                                 : decode_object(vm, decoder, data, len, final);
    return decoder->universal ? newline_decode(vm, &decoder->newlines, text, final) : text;
}

/* ---- the state ---- */

static int64_t native_flags(const TextDecoder *decoder)
{
    const Marked *row = mark_of(decoder->encoding);
    if (!row) return 0;
    bool fresh = decoder->current == decoder->encoding;
    if (row->mark_bytes == 3) return fresh; /* as Python's: 1 before the mark */
    return fresh ? 2 : decoder->current == row->big;
}

int64_t decoder_flags(const TextDecoder *decoder)
{
    int64_t flags = native_flags(decoder);
    return decoder->universal ? flags << 1 | decoder->newlines.waiting_cr : flags;
}

static bool save_inner(Vm *vm, TextDecoder *decoder, DecoderState *state)
{
    if (decoder->encoding) {
        state->pending = bytes_from(vm, decoder->pending, decoder->pending_len);
        state->flags = from_small(native_flags(decoder));
        return !failed(state->pending);
    }
    Ref pair = call_method(vm, decoder->object, N(getstate), 0, NULL);
    bool good = is_tuple(pair) && tuple_len(pair) == 2 && is_bytes(tuple_at(pair, 0)) &&
                is_any_int(tuple_at(pair, 1));
    if (good) {
        state->pending = newref(tuple_at(pair, 0));
        state->flags = newref(tuple_at(pair, 1));
    } else if (is_tuple(pair) && tuple_len(pair) == 2 && !is_bytes(tuple_at(pair, 0))) {
        throw(vm, TypeError,
              "illegal decoder state: the first item should be a bytes object, not '%T'",
              tuple_at(pair, 0));
    } else if (!failed(pair)) {
        throw(vm, TypeError, "illegal decoder state");
    }
    decref(pair);
    return good;
}

bool decoder_save(Vm *vm, TextDecoder *decoder, DecoderState *state)
{
    *state = (DecoderState){UNDEF, UNDEF};
    if (!save_inner(vm, decoder, state)) return false;
    if (!decoder->universal) return true;
    Ref shifted = number_binary(vm, OP2_LSHIFT, state->flags, from_small(1));
    if (!failed(shifted) && decoder->newlines.waiting_cr)
        replace(&shifted, number_binary(vm, OP2_OR, shifted, from_small(1)));
    replace(&state->flags, failed(shifted) ? UNDEF : shifted);
    if (!failed(shifted)) return true;
    decoder_state_drop(state);
    return false;
}

void decoder_state_drop(DecoderState *state)
{
    clear(&state->pending);
    clear(&state->flags);
}

static bool restore_inner(Vm *vm, TextDecoder *decoder, Value pending, Value flags)
{
    if (!decoder->encoding) {
        Ref pair = tuple_pack(vm, 2, pending, flags);
        Value args[] = {pair};
        Ref done = failed(pair) ? FAIL : call_method(vm, decoder->object, N(setstate), 1, args);
        decref(pair);
        decref(done);
        return !failed(done);
    }
    const Marked *row = mark_of(decoder->encoding);
    int64_t number = is_int(flags) ? as_int(flags) : 0;
    decoder->current = decoder->encoding;
    if (row && row->mark_bytes == 3 && number == 0) decoder->current = row->little;
    if (row && row->mark_bytes != 3 && number < 2)
        decoder->current = number == 1 ? row->big : row->little;
    decoder->pending_len = (int)as_bytes(pending)->len;
    if (decoder->pending_len > DECODER_PENDING_MAX) decoder->pending_len = 0;
    memcpy(decoder->pending, as_bytes(pending)->data, (size_t)decoder->pending_len);
    return true;
}

bool decoder_restore(Vm *vm, TextDecoder *decoder, Value pending, Value flags)
{
    if (!decoder->universal) return restore_inner(vm, decoder, pending, flags);
    decoder->newlines.waiting_cr = is_odd(flags);
    Ref inner = number_binary(vm, OP2_RSHIFT, flags, from_small(1));
    bool good = !failed(inner) && restore_inner(vm, decoder, pending, inner);
    decref(inner);
    return good;
}

bool decoder_reset(Vm *vm, TextDecoder *decoder)
{
    decoder->newlines.waiting_cr = false;
    decoder->newlines.seen = 0;
    decoder->pending_len = 0;
    decoder->current = decoder->encoding;
    if (decoder->encoding || absent(decoder->object)) return true;
    Ref done = call_method(vm, decoder->object, N(reset), 0, NULL);
    decref(done);
    return !failed(done);
}
