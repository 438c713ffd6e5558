/* sockio.h - the loop's methods on sockets (rows of eventloop.c's table).  Neighbours: sockio.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_SOCKIO_H
#define AIO_LOOP_SOCKIO_H

#include "object/native.h"

extern const Native loop_sock_recv_def, loop_sock_recv_into_def, loop_sock_recvfrom_def,
    loop_sock_recvfrom_into_def, loop_sock_sendall_def, loop_sock_sendto_def, loop_sock_connect_def,
    loop_sock_accept_def, loop_make_transport_def; /* transportface.c */

extern const Native *const network_methods[]; /* network.c: create_connection, create_server ... */

#endif
