/* server.h - what listens: accepting connections, and who is connected.
 *
 * Neighbours: server.c, transport.h, stdlib/asyncio/base_events.aio (class Server, which derives
 * from this). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SERVER_H
#define AIO_LOOP_SERVER_H

#include "loop/transport.h"

struct Server {
    Container head; /* aux: 1 once closed: _wakeup() is called when the last client goes */
    Ref loop;
    Transport *first, *last; /* clients, borrowed */
    int active;
};

extern const TypeDef acceptor_type;

void server_attach(Server *server, Transport *transport);
void server_detach(Transport *transport); /* transport->server stays set for server_check */
/* Drops transport's server, waking those who wait for a closed one to lose its last client. */
bool server_check(Vm *vm, Transport *transport);

#endif
