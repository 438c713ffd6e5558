/* codecstate.h - a conversion in progress; shared by codec.c and its neighbours. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CODECSTATE_H
#define AIO_OBJECT_CODECSTATE_H

#include "base/block.h"
#include "object/codec.h"

enum { /* error handlers */
       HANDLE_STRICT,
       HANDLE_IGNORE,
       HANDLE_REPLACE,
       HANDLE_BACKSLASH,
       HANDLE_XML,
       HANDLE_ESCAPE,
       HANDLE_PASS,
       HANDLE_NAME,
       HANDLE_OTHER, /* one that a script registered */
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
    bool big;      /* units are big-endian */
    bool partial;  /* leave an incomplete sequence at the end alone */
    bool raw;      /* raw_unicode_escape */
    int charmap;   /* row of charmaps.def */
    Value mapping; /* of charmap_decode(); borrowed */
    Ref held;      /* bytes that an error handler put in place of data, or UNDEF */
    StrBuilder out;
} Decoder;

typedef struct Encoder {
    Vm *vm;
    Value text;
    const char *encoding, *errors;
    const char *reason; /* why a point cannot be encoded */
    ByteOrder order;
    uint32_t limit; /* points from here on cannot be put; 0: `put` decides */
    bool (*put)(struct Encoder *e, uint32_t point); /* writes an encodable point */
    int charmap;                                    /* row of charmaps.def */
    Value mapping;                                  /* of charmap_encode(); borrowed */
    void *state;                                    /* `put`'s own */
    ptrdiff_t at;                                   /* the point whose replacement is being put */
    char *data, *few;                               /* few: where data lie that need no memory */
    ptrdiff_t len, capacity;
} Encoder;

enum { ENCODER_FEW = 128 };

/* Applies the error handler to data[start:end]; *resume: where to go on.  false: raised.
 * data and len may be others afterwards. */
bool decode_error(Decoder *d, ptrdiff_t start, ptrdiff_t end, const char *reason,
                  ptrdiff_t *resume);
/* Applies the error handler to text[start:end], none of whose points can be encoded; *resume: where
 * to go on. */
bool encode_error(Encoder *e, ptrdiff_t start, ptrdiff_t end, ptrdiff_t *resume);
/* Room for len more bytes: where they go; NULL: raised. */
char *encoder_room(Encoder *e, ptrdiff_t len);
bool encoder_bytes(Encoder *e, const char *bytes, ptrdiff_t len);
/* \xNN, \uNNNN or \UNNNNNNNN; its length. */
int escape_point(char text[12], uint32_t point);

/* codecutf.c */
bool utf8_decode_all(Decoder *d);
bool utf8_encode_all(Encoder *e);
bool utf8_sig_decode(Decoder *d);
bool utf8_sig_encode(Encoder *e);
bool put_utf8(Encoder *e, uint32_t point);
bool utf16_decode_all(Decoder *d);
bool utf32_decode_all(Decoder *d);
bool utf_wide_encode(Encoder *e);
bool put_utf16(Encoder *e, uint32_t point);
bool put_utf32(Encoder *e, uint32_t point);

/* codecescape.c */
bool escape_decode(Decoder *d);
bool escape_encode(Encoder *e);
bool raw_escape_decode(Decoder *d);
bool raw_escape_encode(Encoder *e);

/* codeccharmap.c.  The canonical name of an encoding in charmaps.def, looked up by its name between
 * blanks, and its row; NULL: it is not there. */
const char *charmap_name(const char *normalised, int *index);
const char *charmap_exact(const char *name, int *index); /* the same of a canonical name */
bool charmap_decode_all(Decoder *d);
bool charmap_encode_all(Encoder *e);
bool mapping_decode_all(Decoder *d);
bool mapping_encode_all(Encoder *e);

#endif
