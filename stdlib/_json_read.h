/* _json_read.h - a text being read. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_JSON_READ_H
#define AIO_STDLIB_JSON_READ_H

#include "_json.h"

enum {
    JSON_SHORTS_BITS = 8, /* of a hash: places in a table */
    JSON_KEYS_BITS = 6,
    JSON_ITEMS_FEW = 256, /* that need no memory of their own */
};

/* Which places of a table are in use. */
typedef struct JsonUsed {
    uint64_t bits[(1 << JSON_SHORTS_BITS) / 64];
} JsonUsed;

/* A str that has been read, of a few bytes in the text: those. */
typedef struct JsonShort {
    uint64_t bytes;
    Ref text;
} JsonShort;

/* A longer key that has been read: where in the text. */
typedef struct JsonKey {
    const char *at;
    ptrdiff_t bytes;
    Ref key;
} JsonKey;

typedef struct Reader {
    Vm *vm;
    Value source;
    const Str *text;
    const char *end;     /* of the text: a zero lies there */
    const char *at;      /* where reading is when a value is done */
    const char *nothing; /* FAIL with nothing raised: no value starts here; else NULL */
    Value object_hook, pairs_hook, parse_float, parse_int, parse_constant; /* UNDEF: none */
    bool strict;
    uint8_t within; /* what the value being read lies in */
    int depth;      /* of containers, each counted as a recursion */
    /* What the containers being read have so far, the outermost's first; before each one's items
     * lies a small int that tells of the container around it. */
    Ref *items, *top, *limit;
    Ref *first;     /* of the innermost container */
    char *gathered; /* a string with escapes while it is read; kept for the next */
    ptrdiff_t gathered_bytes;
    JsonUsed shorts_used, keys_used;
    JsonShort shorts[1 << JSON_SHORTS_BITS]; /* by a hash of the bytes */
    JsonKey keys[1 << JSON_KEYS_BITS];
    Ref few[JSON_ITEMS_FEW]; /* items at first */
} Reader;

/* argv: text, then object_hook, object_pairs_hook, parse_float, parse_int, parse_constant, strict;
 * false: raised, and nothing is to be closed. */
bool reader_open(Vm *vm, Reader *r, Value text, Value *options);
void reader_close(Reader *r);

/* The value at r->at, which moves on.  FAIL with r->nothing set when none starts somewhere. */
Ref reader_value(Reader *r);
/* The string at r->at, the place of its opening quote. */
Ref reader_string(Reader *r);
/* Moves r->at over blanks. */
void reader_skip_blanks(Reader *r);

/* Which point of the text lies there. */
static inline ptrdiff_t reader_index(const Reader *r, const char *at)
{
    return (at - r->text->data) / r->text->width;
}

/* Raises JSONDecodeError(message, text, position). */
Ref reader_error(Reader *r, const char *message, const char *at);

#endif
