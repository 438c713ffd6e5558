/* iotext.h - TextIOWrapper: text over a buffered file of bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOTEXT_H
#define AIO_MODULES_IOTEXT_H

#include "modules/iobuffer.h"
#include "modules/iodecode.h"
#include "modules/iofile.h"

typedef struct TextIo {
    Container head;
    Ref buffer; /* UNDEF: never opened, or detached */
    bool ready, detached, finalizing;
    bool fast;            /* buffer is one of the three types itself, over a FileIO itself */
    Ref encoding, errors; /* str, as given */
    char *errors_text;    /* errors as UTF-8 for the codecs; NULL: strict */
    Ref mode;             /* of open(); UNDEF: none */
    bool line_buffering, write_through;
    bool seekable, telling; /* telling: chunks are remembered so that tell() can work */
    bool has_read1;
    NewlineMode newline;
    ptrdiff_t chunk_size; /* bytes read at once, and collected before they are written */

    bool can_read; /* decoder is set up */
    TextDecoder decoder;
    Ref decoded; /* str read and not handed out yet from `used` on; UNDEF: none */
    ptrdiff_t used;
    bool has_snapshot; /* snapshot: the bytes that gave `decoded`, pending ones included */
    char *snapshot;
    ptrdiff_t snapshot_len, snapshot_capacity;
    Ref snapshot_flags;    /* of the decoder before them; int */
    double bytes_per_char; /* of the last chunk */

    bool can_write;
    const char *out_encoding; /* one of our own; NULL: encoder encodes */
    bool ascii_direct;        /* ASCII text is written as it is */
    Ref encoder;              /* an incremental encoder */
    char *out;                /* encoded and not yet written to buffer */
    ptrdiff_t out_len, out_capacity;
} TextIo;

extern const TypeDef text_io_type;

static inline TextIo *as_text_io(Value v) { return (TextIo *)(void *)as_object(v); }
/* Is v a TextIOWrapper itself, no subclass? */
static inline bool is_text_io(Value v)
{
    return is_heap(v) && as_object(v)->shape->type->def == &text_io_type &&
           !(as_object(v)->flags & OBJ_SUBCLASS);
}

/* What TextIOWrapper() is given; UNDEF and NONE: the default. */
typedef struct TextOptions {
    Value encoding, errors, newline;
    bool line_buffering, write_through;
} TextOptions;
Ref text_io_new(Vm *vm, Value buffer, const TextOptions *options);

/* Text over the buffer (or FileIO) of a standard stream; steals mode. */
Ref text_io_standard(Vm *vm, Value buffer, const TextOptions *options, Ref mode, bool reading);

/* Ready, and (check_open) not closed?  Else ValueError. */
bool text_check_ready(Vm *vm, const TextIo *self);
bool text_check_open(Vm *vm, const TextIo *self);

/* iotextwrite.c: write(), flush(), and handing what is encoded to the buffer. */
bool text_write(Vm *vm, TextIo *self, Value text);
bool text_flush(Vm *vm, TextIo *self);
bool text_write_out(Vm *vm, TextIo *self);
/* Makes the encoder begin anew (at the start of a file: with a byte order mark), or go on. */
bool text_reset_encoder(Vm *vm, TextIo *self, bool at_start);

/* iotextread.c: sizes below 0: no limit. */
void text_forget(TextIo *self); /* what was read ahead, and the snapshot */
Ref text_read(Vm *vm, TextIo *self, ptrdiff_t size);
Ref text_readline(Vm *vm, TextIo *self, ptrdiff_t limit);
Ref text_next(Vm *vm, Value self); /* the slot */
/* Remembers that a decoder in the state `flags` (owned) was given these bytes. */
bool text_remember(Vm *vm, TextIo *self, Ref flags, const char *pending, ptrdiff_t pending_len,
                   const char *data, ptrdiff_t len);

/* iotextseek.c */
Ref text_tell(Vm *vm, TextIo *self);
Ref text_seek(Vm *vm, TextIo *self, Value cookie, Value whence);

#endif
