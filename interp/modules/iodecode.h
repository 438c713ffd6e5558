/* iodecode.h - bytes that come in pieces made text: the reading half of a TextIOWrapper. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IODECODE_H
#define AIO_MODULES_IODECODE_H

#include "modules/ionewline.h"

enum { DECODER_PENDING_MAX = 8 };

/* Either one of our own encodings (encoding set), or an incremental decoder object. */
typedef struct TextDecoder {
    const char *encoding; /* canonical name; NULL: object decodes */
    const char *current;  /* after a byte order mark: the encoding it told, else encoding */
    const char *errors;   /* borrowed */
    char pending[DECODER_PENDING_MAX]; /* an incomplete sequence */
    int pending_len;
    Ref object;     /* owned by whoever holds the decoder */
    bool universal; /* line ends pass through newlines */
    NewlineState newlines;
} TextDecoder;

/* A point in the middle of a text: what decoder_restore needs to go on from there. */
typedef struct DecoderState {
    Ref pending; /* bytes, owned */
    Ref flags;   /* int, owned */
} DecoderState;

/* Is the encoding (canonical name) one that TextDecoder handles itself? */
bool decoder_is_native(const char *encoding);
/* The text of another piece; owned, FAIL: raised. */
Ref decoder_decode(Vm *vm, TextDecoder *decoder, const char *data, ptrdiff_t len, bool final);
/* decoder_save's flags for one of our own encodings; its pending bytes are decoder->pending. */
int64_t decoder_flags(const TextDecoder *decoder);
bool decoder_save(Vm *vm, TextDecoder *decoder, DecoderState *state);
bool decoder_restore(Vm *vm, TextDecoder *decoder, Value pending, Value flags);
bool decoder_reset(Vm *vm, TextDecoder *decoder);
void decoder_state_drop(DecoderState *state);

#endif
