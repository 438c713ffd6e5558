/* ionewline.c - line ends: finding them, and making them all "\n"; IncrementalNewlineDecoder.
 *
 * Neighbours: iotext.c and iostring.c, which read and write lines. */
/* SPDX-License-Identifier: MIT */
#include "modules/ionewline.h"

#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/tuple.h"

static const char *const mode_texts[] = {NULL, "", "\n", "\r", "\r\n"};

bool newline_mode(Vm *vm, Value given, NewlineMode *mode, const char *show)
{
    *mode = NEWLINE_NONE;
    if (given == NONE || absent(given)) return true;
    if (!is_str(given)) {
        throw(vm, TypeError, "newline must be str or None, not %T", given);
        return false;
    }
    for (int n = NEWLINE_ANY; n <= NEWLINE_CRLF; n++) {
        if (!str_is(given, mode_texts[n])) continue;
        *mode = (NewlineMode)n;
        return true;
    }
    throw(vm, ValueError,
          strcmp(show, "%R") == 0 ? "illegal newline value: %R" : "illegal newline value: %S",
          given);
    return false;
}

Ref newline_value(Vm *vm, NewlineMode mode)
{
    return mode == NEWLINE_NONE ? NONE : str_from(vm, mode_texts[mode]);
}

Ref newlines_seen(Vm *vm, int seen)
{
    static const struct {
        int bit;
        const char *text;
    } rows[] = {{SEEN_CR, "\r"}, {SEEN_LF, "\n"}, {SEEN_CRLF, "\r\n"}};
    int count = __builtin_popcount((unsigned)seen), n = 0;
    if (count == 0) return NONE;
    Ref all = count == 1 ? UNDEF : tuple_new(vm, count);
    if (failed(all)) return FAIL;
    for (int i = 0; i < 3; i++) {
        if (!(seen & rows[i].bit)) continue;
        Ref text = str_from(vm, rows[i].text);
        if (failed(text)) {
            decref(all);
            return FAIL;
        }
        if (count == 1) return text;
        as_tuple(all)->items[n++] = text;
    }
    return all;
}

/* ---- finding ---- */

ptrdiff_t points_find(const char *data, int width, ptrdiff_t start, ptrdiff_t len, uint32_t point)
{
    if (start >= len) return -1;
    if (width == 1) {
        const char *at = memchr(data + start, (int)point, (size_t)(len - start));
        return at ? at - data : -1;
    }
    if (width == 2) {
        const uint16_t *wide = (const uint16_t *)(const void *)data;
        for (ptrdiff_t i = start; i < len; i++)
            if (wide[i] == point) return i;
    } else {
        const uint32_t *full = (const uint32_t *)(const void *)data;
        for (ptrdiff_t i = start; i < len; i++)
            if (full[i] == point) return i;
    }
    return -1;
}

static uint32_t point_at(const char *data, int width, ptrdiff_t i)
{
    uint32_t point = 0;
    memcpy(&point, data + i * width, (size_t)width);
    return point;
}

ptrdiff_t newline_find(const char *data, int width, ptrdiff_t start, ptrdiff_t len,
                       NewlineMode mode)
{
    if (mode == NEWLINE_NONE || mode == NEWLINE_LF) {
        ptrdiff_t at = points_find(data, width, start, len, '\n');
        return at < 0 ? -1 : at + 1;
    }
    if (mode == NEWLINE_CR) {
        ptrdiff_t at = points_find(data, width, start, len, '\r');
        return at < 0 ? -1 : at + 1;
    }
    ptrdiff_t cr = points_find(data, width, start, len, '\r');
    if (mode == NEWLINE_CRLF) {
        while (cr >= 0 && (cr + 1 == len || point_at(data, width, cr + 1) != '\n'))
            cr = points_find(data, width, cr + 1, len, '\r');
        return cr < 0 ? -1 : cr + 2;
    }
    ptrdiff_t lf = points_find(data, width, start, cr < 0 ? len : cr, '\n');
    if (lf >= 0) return lf + 1;
    if (cr < 0) return -1;
    return cr + 1 < len && point_at(data, width, cr + 1) == '\n' ? cr + 2 : cr + 1;
}

/* ---- translating ---- */

/* Text without its last point. */
static Ref cut_last(Vm *vm, Ref text)
{
    Ref cut = str_slice(vm, text, 0, as_str(text)->len - 1);
    decref(text);
    return cut;
}

/* Notes the ends in s and, if they are to become "\n", returns it so; steals text. */
static Ref translate(Vm *vm, NewlineState *state, Ref text)
{
    const Str *s = as_str(text);
    ptrdiff_t cr = points_find(s->data, s->width, 0, s->len, '\r');
    if (cr < 0) {
        if (!(state->seen & SEEN_LF) && points_find(s->data, s->width, 0, s->len, '\n') >= 0)
            state->seen |= SEEN_LF;
        return text;
    }
    Ref out = state->translate ? str_new(vm, s->len, str_limit(s)) : UNDEF;
    if (failed(out)) {
        decref(text);
        return FAIL;
    }
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        if (point == '\n') state->seen |= SEEN_LF;
        if (point == '\r') {
            bool pair = i + 1 < s->len && str_at(s, i + 1) == '\n';
            state->seen |= pair ? SEEN_CRLF : SEEN_CR;
            i += pair;
            point = '\n';
        }
        if (!absent(out)) points_set(as_str(out)->data, s->width, len++, point);
    }
    if (absent(out)) return text;
    decref(text);
    Ref cut = str_slice(vm, out, 0, len);
    decref(out);
    return cut;
}

Ref newline_decode(Vm *vm, NewlineState *state, Ref text, bool final)
{
    if (failed(text)) return FAIL;
    if (state->waiting_cr && (as_str(text)->len > 0 || final)) {
        Ref joined = str_concat(vm, vm->interp->latin1['\r'], text);
        decref(text);
        if (failed(joined)) return FAIL;
        text = joined;
        state->waiting_cr = false;
    }
    const Str *s = as_str(text);
    if (s->len == 0) return text;
    if (!final && str_at(s, s->len - 1) == '\r') {
        state->waiting_cr = true;
        text = cut_last(vm, text);
        if (failed(text)) return FAIL;
    }
    return translate(vm, state, text);
}

Ref newline_encode(Vm *vm, Value text, NewlineMode mode)
{
    const Str *s = as_str(text);
    if (mode != NEWLINE_CR && mode != NEWLINE_CRLF) return newref(text);
    if (points_find(s->data, s->width, 0, s->len, '\n') < 0) return newref(text);
    StrBuilder out;
    builder_open(&out);
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        bool good = point != '\n' ? builder_char(vm, &out, point)
                                  : builder_text(vm, &out, mode_texts[mode]);
        if (good) continue;
        builder_close(&out);
        return FAIL;
    }
    return builder_finish(vm, &out);
}

/* ---- IncrementalNewlineDecoder ---- */

typedef struct NewlineDecoder {
    Container head;
    Ref decoder; /* NONE: what comes is text already; UNDEF: not initialised */
    Ref errors;
    NewlineState state;
} NewlineDecoder;

static NewlineDecoder *as_decoder(Value v) { return (NewlineDecoder *)as_object(v); }

static bool check_ready(Vm *vm, const NewlineDecoder *self)
{
    if (absent(self->decoder))
        throw(vm, ValueError, "IncrementalNewlineDecoder.__init__() not called");
    return !absent(self->decoder);
}

NATIVE(
    decoder_init, "__init__(self, decoder, translate, errors='strict')",
    "Pass on what decoder makes of bytes (None: what comes is text already), with all line ends\n"
    "as \"\\n\" if translate is true.")
{
    NewlineDecoder *self = as_decoder(argv[0]);
    Truth wanted = value_truth(vm, argv[2]);
    if (wanted == FAILED) return FAIL;
    replace(&self->decoder, newref(argv[1]));
    replace(&self->errors, newref(argv[3]));
    self->state = (NewlineState){.translate = wanted == YES};
    return NONE;
}

NATIVE(decoder_decode, "decode(self, input, final=False)",
       "Return the text of another piece; with final true nothing is held back.")
{
    NewlineDecoder *self = as_decoder(argv[0]);
    Truth final = value_truth(vm, argv[2]);
    if (final == FAILED || !check_ready(vm, self)) return FAIL;
    Value args[] = {argv[1], from_bool(final == YES)};
    Ref text = self->decoder == NONE ? newref(argv[1])
                                     : call_method(vm, self->decoder, N(decode), 2, args);
    if (!failed(text) && !is_str(text)) {
        throw(vm, TypeError, "decoder should return a string result, not '%T'", (Value)text);
        decref(text);
        return FAIL;
    }
    return newline_decode(vm, &self->state, text, final == YES);
}

NATIVE(decoder_getstate, "getstate(self, /)",
       "Return (bytes not decoded yet, number): what setstate() needs to go on from here.")
{
    NewlineDecoder *self = as_decoder(argv[0]);
    if (!check_ready(vm, self)) return FAIL;
    Value cr = from_small(self->state.waiting_cr);
    if (self->decoder == NONE) {
        Ref empty = bytes_from(vm, NULL, 0);
        Ref out = failed(empty) ? FAIL : tuple_pack(vm, 2, (Value)empty, cr);
        decref(empty);
        return out;
    }
    Ref state = call_method(vm, self->decoder, N(getstate), 0, NULL), out = FAIL, flag = UNDEF;
    if (!failed(state) && (!is_tuple(state) || tuple_len(state) != 2)) {
        throw(vm, TypeError, "illegal decoder state");
    } else if (!failed(state)) {
        Value number = tuple_at(state, 1);
        flag = number_binary(vm, OP2_LSHIFT, number, from_small(1));
        if (!failed(flag)) replace(&flag, number_binary(vm, OP2_OR, flag, cr));
        if (!failed(flag)) out = tuple_pack(vm, 2, tuple_at(state, 0), (Value)flag);
    }
    decref(flag);
    decref(state);
    return out;
}
NATIVE(decoder_setstate, "setstate(self, state, /)", "Go on from a state that getstate() returned.")
{
    NewlineDecoder *self = as_decoder(argv[0]);
    if (!check_ready(vm, self)) return FAIL;
    if (!is_tuple(argv[1])) return throw(vm, TypeError, "state argument must be a tuple");
    if (tuple_len(argv[1]) != 2) return throw(vm, TypeError, "illegal decoder state");
    Value number = tuple_at(argv[1], 1);
    if (!is_any_int(number)) return throw(vm, TypeError, "an integer is required");
    self->state.waiting_cr = is_odd(number);
    if (self->decoder == NONE) return NONE;
    Ref rest = number_binary(vm, OP2_RSHIFT, number, from_small(1));
    Ref inner = failed(rest) ? FAIL : tuple_pack(vm, 2, tuple_at(argv[1], 0), (Value)rest);
    Value args[] = {inner};
    Ref out = failed(inner) ? FAIL : call_method(vm, self->decoder, N(setstate), 1, args);
    decref(rest);
    decref(inner);
    return out;
}
NATIVE(decoder_reset, "reset(self, /)", "Forget what came before.")
{
    NewlineDecoder *self = as_decoder(argv[0]);
    if (!check_ready(vm, self)) return FAIL;
    self->state.seen = 0;
    self->state.waiting_cr = false;
    return self->decoder == NONE ? NONE : call_method(vm, self->decoder, N(reset), 0, NULL);
}
static Ref get_newlines(Vm *vm, Value self)
{
    return check_ready(vm, as_decoder(self)) ? newlines_seen(vm, as_decoder(self)->state.seen)
                                             : FAIL;
}

static const Native *const decoder_methods[] = {&decoder_decode_def, &decoder_getstate_def,
                                                &decoder_setstate_def, &decoder_reset_def, NULL};
static const Attribute decoder_attributes[] = {
    {"newlines", get_newlines, NULL, "The line ends met so far: None, a str or a tuple of them."},
    {NULL, NULL, NULL, NULL},
};
const TypeDef newline_decoder_type = {
    .name = "_io.IncrementalNewlineDecoder",
    .doc = "Makes all line ends \"\\n\" in text that comes in pieces.",
    .size = sizeof(NewlineDecoder),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(NewlineDecoder, decoder), REF(NewlineDecoder, errors)),
    .init = &decoder_init_def,
    .methods = decoder_methods,
    .attributes = decoder_attributes,
};
