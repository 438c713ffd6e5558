/* ionewline.h - line ends: finding them, and making them all "\n". */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IONEWLINE_H
#define AIO_MODULES_IONEWLINE_H

#include "object/native.h"
#include "object/str.h"

/* What the newline argument of open() says. */
typedef enum NewlineMode {
    NEWLINE_NONE, /* None: all ends are read as "\n"; "\n" is written as it is here */
    NEWLINE_ANY,  /* '': all ends count, none is changed */
    NEWLINE_LF,   /* '\n' */
    NEWLINE_CR,   /* '\r': only this one counts, and it is written for "\n" */
    NEWLINE_CRLF, /* '\r\n' likewise */
} NewlineMode;

/* Reads a newline argument (None or str); false: ValueError with what it shows (%R, %S). */
bool newline_mode(Vm *vm, Value given, NewlineMode *mode, const char *show);
/* The same as a value, owned. */
Ref newline_value(Vm *vm, NewlineMode mode);

enum { SEEN_CR = 1, SEEN_LF = 2, SEEN_CRLF = 4 };
/* What the attribute `newlines` shows of a set of SEEN_*. */
Ref newlines_seen(Vm *vm, int seen);

/* The index behind the first line end at or after start, or -1, in len points of that width. */
ptrdiff_t newline_find(const char *data, int width, ptrdiff_t start, ptrdiff_t len,
                       NewlineMode mode);
/* The index of point in data[start:len], or -1. */
ptrdiff_t points_find(const char *data, int width, ptrdiff_t start, ptrdiff_t len, uint32_t point);

/* Universal newlines of a text that comes in pieces: a "\r" at the end of one waits for the next.
 */
typedef struct NewlineState {
    bool translate; /* make every end "\n" */
    bool waiting_cr;
    int seen; /* SEEN_* */
} NewlineState;
/* Steals text (FAIL passes); the str to hand on. */
Ref newline_decode(Vm *vm, NewlineState *state, Ref text, bool final);
/* text (str, borrowed) with each "\n" replaced as mode says; owned. */
Ref newline_encode(Vm *vm, Value text, NewlineMode mode);

extern const TypeDef newline_decoder_type;

#endif
