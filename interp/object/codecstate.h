/* codecstate.h - a conversion in progress; shared by codec.c and codecescape.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CODECSTATE_H
#define AIO_OBJECT_CODECSTATE_H

#include "object/str.h"

enum { /* error handlers */
       HANDLE_STRICT,
       HANDLE_IGNORE,
       HANDLE_REPLACE,
       HANDLE_BACKSLASH,
       HANDLE_XML,
       HANDLE_ESCAPE,
       HANDLE_PASS,
       HANDLE_NAME,
};

typedef enum ByteOrder {
    ORDER_LITTLE,
    ORDER_BIG,
    ORDER_MARK
} ByteOrder; /* MARK: a byte order mark decides */

typedef struct Decoder {
    Vm *vm;
    const char *data;
    ptrdiff_t len, used;
    const char *encoding, *errors; /* errors NULL: strict */
    ByteOrder order;
    bool big;     /* units are big-endian */
    bool partial; /* leave an incomplete sequence at the end alone */
    bool raw;     /* raw_unicode_escape */
    StrBuilder out;
} Decoder;

typedef struct Encoder {
    Vm *vm;
    Value text;
    const char *encoding, *errors;
    const char *reason; /* why a point cannot be encoded */
    ByteOrder order;
    bool (*put)(struct Encoder *e, uint32_t point); /* writes an encodable point */
    char *data;
    ptrdiff_t len, capacity;
} Encoder;

/* Applies the error handler to data[start:end]; *resume: where to go on.  false: raised. */
bool decode_error(Decoder *d, ptrdiff_t start, ptrdiff_t end, const char *reason,
                  ptrdiff_t *resume);
/* Applies the error handler to text[start:end], none of whose points can be encoded. */
bool encode_error(Encoder *e, ptrdiff_t start, ptrdiff_t end);
bool encoder_bytes(Encoder *e, const char *bytes, ptrdiff_t len);
/* \xNN, \uNNNN or \UNNNNNNNN */
void escape_point(char text[12], uint32_t point);

/* codecescape.c */
bool escape_decode(Decoder *d);
bool escape_encode(Encoder *e);
bool raw_escape_decode(Decoder *d);
bool raw_escape_encode(Encoder *e);

#endif
