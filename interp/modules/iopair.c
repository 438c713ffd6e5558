/* iopair.c - BufferedRWPair: a reader and a writer over two raw files, a socket's two ends say.
 *
 * Neighbours: iobuffer.c (the two halves). */
/* SPDX-License-Identifier: MIT */
#include "modules/iopair.h"

#include "modules/iobase.h"
#include "modules/iobuffer.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"

typedef struct Pair {
    Container head;
    Ref reader, writer; /* UNDEF: never opened */
} Pair;

static Pair *as_pair(Value v) { return (Pair *)as_object(v); }

static bool must(Vm *vm, Value raw, Value question, const char *message)
{
    Truth able = io_ask(vm, raw, question);
    if (able == NO) io_unsupported(vm, message);
    return able == YES;
}

NATIVE(pair_init, "__init__(self, reader, writer, buffer_size=131072, /)",
       "Read ahead from the raw file reader and collect what is written to the raw file writer.")
{
    Pair *self = as_pair(argv[0]);
    int64_t size;
    if (!int_index(vm, argv[3], &size)) return FAIL;
    if (!must(vm, argv[1], N(readable), "File or stream is not readable.") ||
        !must(vm, argv[2], N(writable), "File or stream is not writable."))
        return FAIL;
    Ref reader = buffered_new(vm, &buffered_reader_type, argv[1], size);
    if (failed(reader)) return FAIL;
    replace(&self->reader, reader);
    Ref writer = buffered_new(vm, &buffered_writer_type, argv[2], size);
    if (failed(writer)) return FAIL;
    replace(&self->writer, writer);
    return NONE;
}

/* half.name(argument), argument UNDEF: none. */
static Ref forward(Vm *vm, Value half, Value name, Value argument)
{
    if (absent(half)) return throw(vm, ValueError, "I/O operation on uninitialized object");
    return call_method(vm, half, name, absent(argument) ? 0 : 1, &argument);
}

NATIVE(pair_read, "read(self, size=?, /)", "Read size bytes, or all that are left.")
{
    return forward(vm, as_pair(argv[0])->reader, N(read), argv[1]);
}
NATIVE(pair_peek, "peek(self, size=?, /)", "Return bytes without moving the position.")
{
    return forward(vm, as_pair(argv[0])->reader, N(peek), argv[1]);
}
NATIVE(pair_read1, "read1(self, size=?, /)", "Read up to size bytes with at most one raw read.")
{
    return forward(vm, as_pair(argv[0])->reader, N(read1), argv[1]);
}
NATIVE(pair_readinto, "readinto(self, buffer, /)", "Fill a writable buffer; return how many bytes.")
{
    return forward(vm, as_pair(argv[0])->reader, N(readinto), argv[1]);
}
NATIVE(pair_readinto1, "readinto1(self, buffer, /)",
       "Read into a writable buffer with at most one raw read.")
{
    return forward(vm, as_pair(argv[0])->reader, N(readinto1), argv[1]);
}
NATIVE(pair_write, "write(self, b, /)", "Write the bytes and return how many they are.")
{
    return forward(vm, as_pair(argv[0])->writer, N(write), argv[1]);
}
NATIVE(pair_flush, "flush(self, /)", "Write what is buffered.")
{
    return forward(vm, as_pair(argv[0])->writer, N(flush), UNDEF);
}
NATIVE(pair_readable, "readable(self, /)", "Can the reader be read?")
{
    return forward(vm, as_pair(argv[0])->reader, N(readable), UNDEF);
}
NATIVE(pair_writable, "writable(self, /)", "Can the writer be written?")
{
    return forward(vm, as_pair(argv[0])->writer, N(writable), UNDEF);
}
NATIVE(pair_close, "close(self, /)", "Close both.")
{
    Pair *self = as_pair(argv[0]);
    decref(forward(vm, self->writer, N(close), UNDEF));
    Ref error = error_take(vm);
    decref(forward(vm, self->reader, N(close), UNDEF));
    return io_chain(vm, error) ? NONE : FAIL;
}
NATIVE(pair_isatty, "isatty(self, /)", "Is one of them a terminal?")
{
    Pair *self = as_pair(argv[0]);
    Ref answer = forward(vm, self->writer, N(isatty), UNDEF);
    if (answer != FALSE) return answer;
    return forward(vm, self->reader, N(isatty), UNDEF);
}
static Ref get_closed(Vm *vm, Value self)
{
    Value writer = as_pair(self)->writer;
    if (absent(writer))
        return throw(vm, RuntimeError,
                     "the BufferedRWPair object is being "
                     "garbage-collected");
    return attr_get(vm, writer, N(closed));
}

static const Native *const pair_methods[] = {
    &pair_read_def,     &pair_peek_def,  &pair_read1_def,    &pair_readinto_def,
    &pair_write_def,    &pair_flush_def, &pair_readable_def, &pair_readinto1_def,
    &pair_writable_def, &pair_close_def, &pair_isatty_def,   NULL,
};
static const Attribute pair_attributes[] = {
    {"closed", get_closed, NULL, "Is the writer closed?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef buffered_pair_type = {
    .name = "_io.BufferedRWPair",
    .doc = "A reader and a writer in one.",
    .base = &bufferediobase_type,
    .size = sizeof(Pair),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(Pair, reader), REF(Pair, writer)),
    .init = &pair_init_def,
    .methods = pair_methods,
    .attributes = pair_attributes,
};
