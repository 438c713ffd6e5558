/* transport.h - a connected stream socket that the loop reads and writes for a protocol.
 *
 * Neighbours: transport.c (reading, closing), transportwrite.c (writing, flow control),
 * transportface.c (the class),
 * streamprotocol.h (the protocol whose data goes straight into a StreamReader). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_TRANSPORT_H
#define AIO_LOOP_TRANSPORT_H

#include <netinet/in.h>

#include "loop/job.h"
#include "loop/socket.h"

typedef struct Server Server;

typedef enum ProtocolStyle { PROTOCOL_DATA, PROTOCOL_BUFFERED, PROTOCOL_STREAM } ProtocolStyle;

typedef struct Transport {
    Job job;          /* run: transport_ready; a: the loop; b: the protocol, NONE once lost */
    Ref socket;       /* the socket object when somebody has one; UNDEF: fd is ours alone */
    Ref extra;        /* dict for get_extra_info, or UNDEF */
    Ref context;      /* what the protocol is called in (context.h) */
    Ref empty_waiter; /* Future done when all is written, or UNDEF */
    Server *server;   /* whose client it is; owned, NULL: none */
    struct Transport *next, *previous; /* clients of the server */
    Ref *chunks;                       /* bytes to be written: chunks[chunk_first .. chunk_last) */
    int chunk_first, chunk_last, chunk_capacity;
    size_t chunk_done; /* bytes of the first chunk that are written */
    size_t buffered, high, low;
    size_t expected; /* how much the next read will bring, by the last */
    int fd, lost;    /* lost: connection_lost is on its way; counts writes after that */
    uint16_t family;
    ProtocolStyle style : 8;
    bool closing, eof, paused, protocol_paused, reading, writing, connected;
    socklen_t peer_len, own_len; /* 0: not known, ask */
    struct sockaddr_in6 peer, own;
} Transport;

static inline bool is_transport(Value v) { return is_kind(v, KIND_TRANSPORT); }
static inline Transport *as_transport(Value v) { return (Transport *)as_object(v); }
static inline Loop *transport_loop(const Transport *self) { return as_loop(self->job.a); }

/* A transport for fd (taken over, also when it fails) or for socket (UNDEF: none).  Owned; NULL:
 * raised. */
Transport *transport_new(Vm *vm, Loop *loop, int fd, Value socket, Value protocol);
/* Calls connection_made, starts reading, then sets waiter's (a Future, UNDEF: none) result. */
bool transport_begin(Vm *vm, Transport *self, Value waiter);
bool transport_begin_soon(Vm *vm, Transport *self, Value waiter);
bool transport_set_protocol(Vm *vm, Transport *self, Value protocol);

/* Reading. */
void transport_pause(Transport *self);
bool transport_resume(Vm *vm, Transport *self);
bool transport_ready(Vm *vm, Job *job, Value which); /* fd is ready: POLL_READ or POLL_WRITE */

/* Writing: at once what the kernel takes, the rest when it takes more. */
bool transport_write(Vm *vm, Transport *self, Value data);
bool transport_write_lines(Vm *vm, Transport *self, Value list);
bool transport_write_eof(Vm *vm, Transport *self);
bool transport_flush(Vm *vm, Transport *self);
void transport_drop_chunks(Transport *self);
bool transport_pause_if_full(Vm *vm, Transport *self);
bool transport_set_limits(Vm *vm, Transport *self, Value high, Value low);

/* Ending. */
bool transport_close(Vm *vm, Transport *self); /* when all is written */
bool transport_abort(Vm *vm, Transport *self,
                     Value exception); /* now; exception or NONE for connection_lost */
bool transport_lose(Vm *vm, Transport *self, Value exception); /* connection_lost at once */
/* Reports vm->error (unless it is an OSError) and aborts; false: it leaves the loop. */
bool transport_fail(Vm *vm, Transport *self, const char *message);
void transport_release(Transport *self); /* closes the descriptor, leaves the server */

/* What get_extra_info(name, otherwise) answers. */
Ref transport_extra(Vm *vm, Transport *self, Value name, Value otherwise);
Ref transport_socket(Vm *vm, Transport *self); /* its socket object, made on demand; owned */
/* protocol.name(argv...) in the transport's context; FAIL: raised. */
Ref transport_call(Vm *vm, Transport *self, Value name, int argc, Value *argv);
/* The same, its result dropped, an exception reported with message; false: it leaves the loop. */
bool transport_tell(Vm *vm, Transport *self, Value name, const char *message);

#endif
