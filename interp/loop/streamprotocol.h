/* streamprotocol.h - StreamReaderProtocol, StreamReader and StreamWriter: what C needs of each
 * other.
 *
 * Neighbours: streamprotocol.c, reader.c, writer.c, transport.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_STREAMPROTOCOL_H
#define AIO_LOOP_STREAMPROTOCOL_H

#include "loop/transport.h"
#include "loop/waiter.h"

typedef struct StreamProtocol StreamProtocol;

typedef struct StreamReader {
    Container head;
    Ref loop, transport, exception; /* transport NONE before set_transport */
    StreamProtocol *protocol;       /* who feeds it, borrowed */
    Waiter *waiting;                /* the coroutine that waits for data; owned by this */
    Ref buffer;                     /* bytes, ours alone; UNDEF: none */
    char *data;                     /* in the buffer; [start, start + len) is unread */
    size_t start, len, capacity;
    int64_t limit;
    bool eof, paused;
} StreamReader;

typedef struct StreamWriter {
    Container head;
    Ref transport, protocol, reader, loop;
} StreamWriter;

struct StreamProtocol {
    Container head;
    Ref loop, transport;       /* transport NONE before connection_made and after connection_lost */
    Ref strong_reader, writer; /* kept until client_connected_cb has them */
    Ref callback, task;        /* client_connected_cb, and the task of its coroutine */
    Ref lost_error;            /* with lost: NONE or the exception */
    Ref closed;                /* Future that foreign code waits for, or UNDEF */
    StreamReader *reader;      /* borrowed */
    Waiters drainers, closers;
    bool paused, lost, over_ssl, reject;
};

static inline bool is_stream_reader(Value v) { return is_kind(v, KIND_STREAM_READER); }
static inline StreamReader *as_stream_reader(Value v) { return (StreamReader *)as_object(v); }
static inline bool is_stream_writer(Value v) { return is_kind(v, KIND_STREAM_WRITER); }
static inline StreamWriter *as_stream_writer(Value v) { return (StreamWriter *)as_object(v); }
static inline bool is_stream_protocol(Value v) { return is_kind(v, KIND_STREAM_PROTOCOL); }
static inline StreamProtocol *as_stream_protocol(Value v) { return (StreamProtocol *)as_object(v); }

/* Does nobody override its data_received()? */
bool stream_protocol_is_plain(Vm *vm, Value protocol);
/* Nor its connection_made()? */
bool stream_protocol_takes_made(Vm *vm, Value protocol);
/* connection_made(transport), in the transport's context; NONE or FAIL. */
Ref stream_protocol_made_in(Vm *vm, Value protocol, Transport *transport);
/* Where len bytes or more can be received at once, and how many; NULL: nowhere. */
char *stream_protocol_room(Vm *vm, StreamProtocol *protocol, size_t *len);
/* Takes len bytes in (data NULL: they are in the room); false: raised. */
bool stream_protocol_feed(Vm *vm, StreamProtocol *protocol, const char *data, ptrdiff_t len);
/* Reports and aborts a connection whose reader has been dropped. */
void stream_protocol_reader_gone(Vm *vm, StreamProtocol *protocol);

Ref reader_feed(Vm *vm, StreamReader *reader, const char *data, size_t len); /* NONE or FAIL */
bool reader_feed_eof(Vm *vm, StreamReader *reader);
bool reader_set_exception(Vm *vm, StreamReader *reader, Value exception);
/* len bytes were put at reader_room(). */
bool reader_grown(Vm *vm, StreamReader *reader, size_t len);
char *reader_room(Vm *vm, StreamReader *reader, size_t len); /* NULL: raised */
bool reader_set_transport(Vm *vm, StreamReader *reader, Value transport);

StreamWriter *writer_new(Vm *vm, Value transport, Value protocol, Value reader, Value loop);

#endif
