/* iotextseek.c - tell() and seek() of TextIOWrapper.
 *
 * A position in a text is a cookie: where in the bytes a decoder can start, in which state, how
 * many bytes to feed it then and how many of the characters these give to skip.  Mostly all but the
 * first is zero and the cookie is simply a byte offset.
 * Neighbours: iotextread.c (the snapshot that tells where decoded text came from), iodecode.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/iobase.h"
#include "modules/iotext.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"

/* Packed into one int, little-endian: 8, 4, 4, 4 and 1 bytes. */
typedef struct Cookie {
    int64_t start; /* byte offset */
    int32_t flags; /* of the decoder there, nothing pending */
    int32_t feed;  /* bytes to give to it */
    int32_t skip;  /* characters of what it returns that come before the position */
    bool at_end;   /* it must be told that this was the end */
} Cookie;
enum { COOKIE_BYTES = 21 };

static Ref cookie_pack(Vm *vm, const Cookie *cookie)
{
    unsigned char bytes[COOKIE_BYTES];
    if (!cookie->flags && !cookie->feed && !cookie->skip && !cookie->at_end)
        return from_int64(vm, cookie->start);
    memcpy(bytes, &cookie->start, 8);
    memcpy(bytes + 8, &cookie->flags, 4);
    memcpy(bytes + 12, &cookie->feed, 4);
    memcpy(bytes + 16, &cookie->skip, 4);
    bytes[20] = cookie->at_end;
    mpz_t number;
    mpz_init(number);
    mpz_import(number, COOKIE_BYTES, -1, 1, 0, 0, bytes);
    return int_from_mpz(vm, number);
}

static bool cookie_unpack(Vm *vm, Value given, Cookie *cookie)
{
    unsigned char bytes[COOKIE_BYTES] = {0};
    IntView view;
    mpz_srcptr number = int_view(&view, given);
    if (mpz_sizeinbase(number, 2) > 8 * COOKIE_BYTES) {
        throw(vm, OverflowError, "int too big to convert");
        return false;
    }
    mpz_export(bytes, NULL, -1, 1, 0, 0, number);
    memcpy(&cookie->start, bytes, 8);
    memcpy(&cookie->flags, bytes + 8, 4);
    memcpy(&cookie->feed, bytes + 12, 4);
    memcpy(&cookie->skip, bytes + 16, 4);
    cookie->at_end = bytes[20];
    return true;
}

/* ---- tell ---- */

static bool start_decoder(Vm *vm, TextIo *self, int32_t flags)
{
    Ref none = bytes_from(vm, NULL, 0);
    bool good = !failed(none) && decoder_restore(vm, &self->decoder, none, from_small(flags));
    decref(none);
    return good;
}

/* How many characters the decoder makes of data; -1: raised. */
static ptrdiff_t count_chars(Vm *vm, TextIo *self, const char *data, ptrdiff_t len, bool final)
{
    Ref text = decoder_decode(vm, &self->decoder, data, len, final);
    ptrdiff_t count = failed(text) ? -1 : as_str(text)->len;
    decref(text);
    return count;
}

/* The decoder's state: *pending bytes wait in it. */
static bool look_at(Vm *vm, TextIo *self, ptrdiff_t *pending, int32_t *flags)
{
    DecoderState state;
    int64_t number = 0;
    if (!decoder_save(vm, &self->decoder, &state)) return false;
    *pending = as_bytes(state.pending)->len;
    bool good = int_index(vm, state.flags, &number);
    *flags = (int32_t)number;
    decoder_state_drop(&state);
    return good;
}

/* Decodes a good part of the snapshot in one go: *fed bytes of it, so many that the decoder is at a
 * clean start not behind the wanted character. */
static bool jump(Vm *vm, TextIo *self, Cookie *cookie, ptrdiff_t *fed)
{
    int32_t first = cookie->flags;
    ptrdiff_t n = (ptrdiff_t)(self->bytes_per_char * cookie->skip), step = 1;
    if (n > self->snapshot_len) n = self->snapshot_len;
    while (n > 0) {
        ptrdiff_t pending;
        int32_t flags;
        if (!start_decoder(vm, self, first)) return false;
        ptrdiff_t chars = count_chars(vm, self, self->snapshot, n, false);
        if (chars < 0 || !look_at(vm, self, &pending, &flags)) return false;
        if (chars <= cookie->skip && pending == 0) {
            cookie->flags = flags;
            cookie->skip -= (int32_t)chars;
            break;
        }
        n -= chars <= cookie->skip ? pending : step;
        if (chars > cookie->skip) step *= 2;
    }
    *fed = n > 0 ? n : 0;
    cookie->start += *fed;
    return n > 0 || start_decoder(vm, self, first);
}

/* Goes on byte by byte to the wanted character. */
static bool walk(Vm *vm, TextIo *self, Cookie *cookie, ptrdiff_t at)
{
    ptrdiff_t chars = 0, fed = 0;
    if (cookie->skip == 0) return true;
    for (; at < self->snapshot_len; at++) {
        ptrdiff_t pending, more = count_chars(vm, self, self->snapshot + at, 1, false);
        int32_t flags;
        if (more < 0 || !look_at(vm, self, &pending, &flags)) return false;
        fed++;
        chars += more;
        if (pending == 0 && chars <= cookie->skip) {
            cookie->start += fed;
            cookie->skip -= (int32_t)chars;
            cookie->flags = flags;
            fed = chars = 0;
        }
        if (chars >= cookie->skip) break;
    }
    if (at >= self->snapshot_len && chars < cookie->skip) {
        ptrdiff_t more = count_chars(vm, self, "", 0, true);
        if (more < 0) return false;
        chars += more;
        cookie->at_end = true;
        if (chars < cookie->skip) {
            throw(vm, OSError, "can't reconstruct logical file position");
            return false;
        }
    }
    cookie->feed = (int32_t)fed;
    return true;
}

static Ref find_position(Vm *vm, TextIo *self, Cookie *cookie)
{
    DecoderState before;
    ptrdiff_t fed;
    NewlineState newlines = self->decoder.newlines;
    if (!decoder_save(vm, &self->decoder, &before)) return FAIL;
    bool good = jump(vm, self, cookie, &fed) && walk(vm, self, cookie, fed);
    Ref error = error_take(vm);
    if (!decoder_restore(vm, &self->decoder, before.pending, before.flags)) good = false;
    decoder_state_drop(&before);
    self->decoder.newlines.seen = newlines.seen;
    if (!io_chain(vm, error)) good = false;
    return good ? cookie_pack(vm, cookie) : FAIL;
}

Ref text_tell(Vm *vm, TextIo *self)
{
    if (!text_check_open(vm, self)) return FAIL;
    if (!self->seekable) return io_unsupported(vm, "underlying stream is not seekable");
    if (!self->telling) return throw(vm, OSError, "telling position disabled by next() call");
    if (!text_write_out(vm, self) || !io_call(vm, self->buffer, N(flush))) return FAIL;
    Ref position = call_method(vm, self->buffer, N(tell), 0, NULL);
    if (failed(position) || !self->can_read || !self->has_snapshot) return position;
    Cookie cookie = {0};
    int64_t flags;
    bool good =
        int_index(vm, position, &cookie.start) && int_index(vm, self->snapshot_flags, &flags);
    decref(position);
    if (!good) return FAIL;
    cookie.start -= self->snapshot_len;
    cookie.flags = (int32_t)flags;
    cookie.skip = (int32_t)self->used;
    return self->used ? find_position(vm, self, &cookie) : cookie_pack(vm, &cookie);
}

/* ---- seek ---- */

static Ref seek_end(Vm *vm, TextIo *self)
{
    Value args[] = {from_small(0), from_small(2)};
    if (!text_flush(vm, self)) return FAIL;
    text_forget(self);
    if (self->can_read && !decoder_reset(vm, &self->decoder)) return FAIL;
    Ref position = call_method(vm, self->buffer, N(seek), 2, args);
    if (failed(position)) return FAIL;
    Truth at_start = value_equal(vm, position, from_small(0));
    if (at_start != FAILED && text_reset_encoder(vm, self, at_start == YES)) return position;
    decref(position);
    return FAIL;
}

/* Decodes what the cookie says must be decoded to come to the position. */
static bool skip_chars(Vm *vm, TextIo *self, const Cookie *cookie)
{
    Value wanted = from_small(cookie->feed);
    Ref bytes = call_method(vm, self->buffer, N(read), 1, &wanted);
    if (failed(bytes)) return false;
    if (!is_bytes(bytes)) {
        throw(vm, TypeError, "underlying read() should have returned a bytes object, not '%T'",
              (Value)bytes);
        decref(bytes);
        return false;
    }
    const char *data = as_bytes(bytes)->data;
    ptrdiff_t len = as_bytes(bytes)->len;
    Ref text = FAIL;
    if (text_remember(vm, self, from_small(cookie->flags), NULL, 0, data, len))
        text = decoder_decode(vm, &self->decoder, data, len, cookie->at_end);
    decref(bytes);
    if (failed(text)) return false;
    replace(&self->decoded, text);
    self->used = cookie->skip;
    if (as_str(text)->len >= cookie->skip) return true;
    self->used = as_str(text)->len;
    throw(vm, OSError, "can't restore logical file position");
    return false;
}

static Ref seek_cookie(Vm *vm, TextIo *self, Value given)
{
    Cookie cookie;
    if (!cookie_unpack(vm, given, &cookie) || !text_flush(vm, self)) return FAIL;
    Ref start = from_int64(vm, cookie.start);
    Value args[] = {start};
    Ref moved = failed(start) ? FAIL : call_method(vm, self->buffer, N(seek), 1, args);
    decref(start);
    if (failed(moved)) return FAIL;
    decref(moved);
    text_forget(self);
    bool fresh = cookie.start == 0 && cookie.flags == 0;
    if (self->can_read &&
        !(fresh ? decoder_reset(vm, &self->decoder) : start_decoder(vm, self, cookie.flags)))
        return FAIL;
    if (self->can_read && !cookie.skip &&
        !text_remember(vm, self, from_small(cookie.flags), NULL, 0, NULL, 0))
        return FAIL;
    if (cookie.skip && (!self->can_read || !skip_chars(vm, self, &cookie)))
        return self->can_read ? FAIL : io_unsupported(vm, "not readable");
    return text_reset_encoder(vm, self, fresh) ? newref(given) : FAIL;
}

Ref text_seek(Vm *vm, TextIo *self, Value cookie, Value whence_given)
{
    int64_t whence;
    if (!text_check_open(vm, self) || !int_index(vm, whence_given, &whence)) return FAIL;
    if (!self->seekable) return io_unsupported(vm, "underlying stream is not seekable");
    if (whence < 0 || whence > 2)
        return throw(vm, ValueError, "invalid whence (%lld, should be 0, 1 or 2)",
                     (long long)whence);
    Truth zero = value_equal(vm, cookie, from_small(0));
    if (zero == FAILED) return FAIL;
    if (whence && zero == NO)
        return io_unsupported(vm, whence == 1 ? "can't do nonzero cur-relative seeks"
                                              : "can't do nonzero end-relative seeks");
    if (whence == 2) return seek_end(vm, self);
    Ref target = whence == 1 ? text_tell(vm, self) : int_from_index(vm, cookie);
    if (failed(target)) return FAIL;
    Ref out = int_sign(target) < 0
                  ? throw(vm, ValueError, "negative seek position %R", (Value)target)
                  : seek_cookie(vm, self, target);
    decref(target);
    return out;
}
