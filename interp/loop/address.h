/* address.h - socket addresses: ('127.0.0.1', 80), '/run/x', and the C library's struct sockaddr.
 *
 * Neighbours: address.c, socket.c, modules/socket.c (getaddrinfo). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_ADDRESS_H
#define AIO_LOOP_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "object/error.h"

typedef struct Address {
    socklen_t len; /* bytes used; 0: none */
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un path;
        struct sockaddr_storage room;
    };
} Address;

/* Reads what a script gives as an address of a family.  `method` words errors ("connect").  A host
 * that is no number is
 * looked up, without the interpreter lock.  false: raised. */
bool address_from(Vm *vm, Address *address, int family, Value given, const char *method);
/* The script's form: a tuple, a str or bytes; None when there is none.  Owned. */
Ref address_value(Vm *vm, const Address *address);
/* Fills in the number of a host name of a family (AF_UNSPEC: any), port left 0. */
bool address_of_host(Vm *vm, Address *address, int family, const char *host);
/* The text of a host as the C library wants it; free *owned.  NULL: raised. */
const char *host_text(Vm *vm, Value host, char **owned);
/* Raises gaierror for what getaddrinfo or getnameinfo returned; FAIL. */
Ref throw_gai(Vm *vm, int code, int error_number);

#endif
