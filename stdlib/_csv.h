/* _csv.h - what the files of the module _csv share.
 *
 * _csv.c holds dialects and the module, _csv_reader.c reads records, _csv_writer.c writes them.
 * All that is not a dialect's lies in one State, which reader and writer keep alive. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_CSV_H
#define AIO_STDLIB_CSV_H

#include "native.h"

typedef enum Quoting {
    QUOTE_MINIMAL,
    QUOTE_ALL,
    QUOTE_NONNUMERIC,
    QUOTE_NONE,
    QUOTE_STRINGS,
    QUOTE_NOTNULL,
    QUOTING_COUNT
} Quoting;

#define NO_CHARACTER UINT32_MAX /* a dialect without an escape or a quote character */

/* What the functions of the module share. */
typedef struct CsvState {
    Container head;
    Ref error;     /* the class Error */
    Ref dialects;  /* dict: name -> Dialect */
    int64_t limit; /* characters of a field */
} CsvState;

typedef struct Dialect {
    Container head;
    Ref line_end; /* str */
    uint32_t delimiter, quote, escape;
    Quoting quoting;
    bool doubled, skips_space, strict;
    bool special[256]; /* by code point: may it not stand in a field as it is? */
} Dialect;

extern const TypeDef csv_state_type, csv_dialect_type, csv_reader_type, csv_writer_type;

static inline CsvState *as_csv_state(Value v) { return (CsvState *)as_object(v); }
static inline Dialect *as_dialect(Value v) { return (Dialect *)as_object(v); }

/* special, for any point; those above 255 that the line end holds are found here. */
bool dialect_is_special(const Dialect *dialect, uint32_t point);

/* The module's State; owned. */
Ref csv_state(Vm *vm);
/* Raises Error with a formatted message (as throw). */
Ref csv_error(Vm *vm, Value state, const char *format, ...);

/* The dialect that positional arguments [first..] and keywords of a call ask for; owned. */
Ref dialect_from(Vm *vm, Value args, ptrdiff_t first, Value options);

/* A reader or writer; args: (iterable or file, dialect). */
Ref csv_reader_new(Vm *vm, Value args, Value options);
Ref csv_writer_new(Vm *vm, Value args, Value options);

#endif
