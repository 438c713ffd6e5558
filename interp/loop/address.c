/* address.c - socket addresses, from scripts and for them.
 *
 * Numeric hosts are read without asking anybody; other names go through getaddrinfo with the
 * interpreter lock let go.
 * Neighbours: address.h, socket.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/address.h"

#include <arpa/inet.h>
#include <errno.h>
#define herror netdb_herror /* the name of an exception class here */
#include <netdb.h>
#undef herror

#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/name.h"
#include "object/tuple.h"
#include "vm/thread.h"

static Ref throw_numbered(Vm *vm, ExcId id, int number, const char *text)
{
    Ref message = str_from(vm, text);
    if (failed(message)) return FAIL;
    Value argv[2] = {from_small(number), message};
    Ref error = exception_new(vm, id, 2, argv);
    decref(message);
    if (failed(error)) return FAIL;
    throw_object(vm, error);
    decref(error);
    return FAIL;
}

Ref throw_gai(Vm *vm, int code, int error_number)
{
    if (code == EAI_SYSTEM) return throw_errno(vm, error_number, UNDEF);
    return throw_numbered(vm, gaierror, code, gai_strerror(code));
}

/* ---- hosts ---- */

const char *host_text(Vm *vm, Value host, char **owned)
{
    *owned = NULL;
    if (is_str(host) && as_str(host)->ascii) {
        if (strlen(as_str(host)->data) == (size_t)as_str(host)->len) return as_str(host)->data;
    } else if (is_str(host)) {
        Ref idna = codec_encode(vm, host, "idna", NULL);
        if (failed(idna)) return NULL;
        size_t len = (size_t)as_bytes(idna)->len;
        *owned = memory_new(vm, len + 1);
        if (*owned) memcpy(*owned, as_bytes(idna)->data, len + 1);
        decref(idna);
        return *owned;
    } else {
        Buffer bytes;
        if (!is_bytes(host) && !is_kind(host, KIND_BYTEARRAY)) {
            throw(vm, TypeError, "str, bytes or bytearray expected, not %T", host);
            return NULL;
        }
        if (!buffer_get(vm, host, &bytes, false)) return NULL;
        *owned = memory_new(vm, (size_t)bytes.len + 1);
        if (*owned) {
            memcpy(*owned, bytes.data, (size_t)bytes.len);
            (*owned)[bytes.len] = 0;
        }
        bool whole = *owned && strlen(*owned) == (size_t)bytes.len;
        buffer_release(vm, &bytes);
        if (whole || !*owned) return *owned;
        memory_free(*owned);
        *owned = NULL;
    }
    throw(vm, TypeError, "host name must not contain null character");
    return NULL;
}

static bool host_looked_up(Vm *vm, Address *address, int family, const char *host, int flags)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = flags},
                    *found = NULL;
    gil_release(vm);
    int code = getaddrinfo(host, host ? NULL : "0", &hints, &found), error = errno;
    gil_acquire(vm);
    if (code) {
        throw_gai(vm, code, error);
        return false;
    }
    bool lone = !found->ai_next || host;
    if (lone) {
        memcpy(&address->room, found->ai_addr, found->ai_addrlen);
        address->len = found->ai_addrlen;
    }
    freeaddrinfo(found);
    if (!lone) throw(vm, OSError, "wildcard resolved to multiple address");
    return lone;
}

bool address_of_host(Vm *vm, Address *address, int family, const char *host)
{
    memset(&address->room, 0, sizeof address->room);
    if (!*host) return host_looked_up(vm, address, family, NULL, AI_PASSIVE);
    if (strcmp(host, "<broadcast>") == 0 || strcmp(host, "255.255.255.255") == 0) {
        if (family != AF_INET && family != AF_UNSPEC) {
            throw(vm, OSError, "address family mismatched");
            return false;
        }
        address->in =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = INADDR_BROADCAST};
        address->len = sizeof address->in;
        return true;
    }
    if (family != AF_INET6 && inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
        address->in.sin_family = AF_INET;
        address->len = sizeof address->in;
        return true;
    }
    if (family != AF_INET && !strchr(host, '%') &&
        inet_pton(AF_INET6, host, &address->in6.sin6_addr) == 1) {
        address->in6.sin6_family = AF_INET6;
        address->len = sizeof address->in6;
        return true;
    }
    return host_looked_up(vm, address, family, host, 0);
}

/* ---- from scripts ---- */

static bool read_port(Vm *vm, Value given, const char *method, uint16_t *port)
{
    int64_t number;
    if (!is_any_int(given) && !type_of(vm, given)->slots.index) {
        throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", given);
        return false;
    }
    if (!int_index(vm, given, &number)) return false;
    if (number < 0 || number > 65535) {
        throw(vm, OverflowError, "%s(): port must be 0-65535.", method);
        return false;
    }
    *port = htons((uint16_t)number);
    return true;
}

static bool read_host(Vm *vm, Address *address, int family, Value host)
{
    char *owned;
    const char *text = host_text(vm, host, &owned);
    bool ok = text && address_of_host(vm, address, family, text);
    memory_free(owned);
    return ok;
}

static bool read_in(Vm *vm, Address *address, Value given, const char *method)
{
    if (!is_tuple(given)) {
        throw(vm, TypeError, "%s(): AF_INET address must be tuple, not %T", method, given);
        return false;
    }
    if (tuple_len(given) != 2) {
        throw(vm, TypeError, "AF_INET address must be a pair (host, port)");
        return false;
    }
    uint16_t port;
    if (!read_host(vm, address, AF_INET, tuple_at(given, 0)) ||
        !read_port(vm, tuple_at(given, 1), method, &port))
        return false;
    address->in.sin_port = port;
    return true;
}

static bool read_in6(Vm *vm, Address *address, Value given, const char *method)
{
    if (!is_tuple(given)) {
        throw(vm, TypeError, "%s(): AF_INET6 address must be tuple, not %T", method, given);
        return false;
    }
    ptrdiff_t len = tuple_len(given);
    if (len < 2 || len > 4) {
        throw(vm, TypeError,
              "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])");
        return false;
    }
    uint16_t port;
    int64_t flow = 0, scope = 0;
    if (!read_host(vm, address, AF_INET6, tuple_at(given, 0)) ||
        !read_port(vm, tuple_at(given, 1), method, &port) ||
        (len > 2 && !int_index(vm, tuple_at(given, 2), &flow)) ||
        (len > 3 && !int_index(vm, tuple_at(given, 3), &scope)))
        return false;
    if (flow < 0 || flow > 0xfffff) {
        throw(vm, OverflowError, "%s(): flowinfo must be 0-1048575.", method);
        return false;
    }
    address->in6.sin6_port = port;
    address->in6.sin6_flowinfo = htonl((uint32_t)flow);
    if (len > 3 || !address->in6.sin6_scope_id) address->in6.sin6_scope_id = (uint32_t)scope;
    return true;
}

static bool read_path(Vm *vm, Address *address, Value given)
{
    Ref held = UNDEF;
    if (is_str(given)) {
        held = codec_encode(vm, given, "utf-8", "surrogateescape");
    } else {
        held = call_special(vm, given, N(__fspath__), 0, NULL);
        if (is_str(held)) {
            Ref text = held;
            held = codec_encode(vm, text, "utf-8", "surrogateescape");
            decref(text);
        }
    }
    if (failed(held)) return false;
    Buffer bytes;
    bool ok = buffer_get(vm, absent(held) ? given : (Value)held, &bytes, false);
    if (ok && (size_t)bytes.len >= sizeof address->path.sun_path + (bytes.len && !bytes.data[0])) {
        buffer_release(vm, &bytes);
        throw(vm, OSError, "AF_UNIX path too long");
        ok = false;
    } else if (ok) {
        memset(&address->path, 0, sizeof address->path);
        address->path.sun_family = AF_UNIX;
        memcpy(address->path.sun_path, bytes.data, (size_t)bytes.len);
        bool named = bytes.len && bytes.data[0];
        address->len =
            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)bytes.len + named);
        buffer_release(vm, &bytes);
    }
    decref(held);
    return ok;
}

bool address_from(Vm *vm, Address *address, int family, Value given, const char *method)
{
    memset(&address->room, 0, sizeof address->room);
    switch (family) {
    case AF_INET: return read_in(vm, address, given, method);
    case AF_INET6: return read_in6(vm, address, given, method);
    case AF_UNIX: return read_path(vm, address, given);
    default: throw(vm, OSError, "%s(): bad family", method); return false;
    }
}

/* ---- for scripts ---- */

static Ref pair_value(Vm *vm, int family, const void *number, uint16_t port)
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(family, number, host, sizeof host);
    Ref text = str_from(vm, host);
    if (failed(text)) return FAIL;
    Ref items[2] = {text, from_small(ntohs(port))};
    return tuple_from_refs(vm, 2, items);
}

static Ref in6_value(Vm *vm, const struct sockaddr_in6 *address)
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &address->sin6_addr, host, sizeof host);
    Ref text = str_from(vm, host);
    if (failed(text)) return FAIL;
    Ref items[4] = {text, from_small(ntohs(address->sin6_port)),
                    from_small(ntohl(address->sin6_flowinfo)), from_small(address->sin6_scope_id)};
    return tuple_from_refs(vm, 4, items);
}

static Ref path_value(Vm *vm, const Address *address)
{
    const char *path = address->path.sun_path;
    ptrdiff_t len = (ptrdiff_t)address->len - (ptrdiff_t)offsetof(struct sockaddr_un, sun_path);
    if (len > 0 && !path[0]) return bytes_from(vm, path, len);
    return codec_decode(vm, path, len > 0 ? (ptrdiff_t)strnlen(path, (size_t)len) : 0, "utf-8",
                        "surrogateescape");
}

Ref address_value(Vm *vm, const Address *address)
{
    if (!address->len) return NONE;
    switch (address->any.sa_family) {
    case AF_INET: return pair_value(vm, AF_INET, &address->in.sin_addr, address->in.sin_port);
    case AF_INET6: return in6_value(vm, &address->in6);
    case AF_UNIX: return path_value(vm, address);
    default: {
        Ref data = bytes_from(vm, address->any.sa_data,
                              (ptrdiff_t)address->len - (ptrdiff_t)sizeof(sa_family_t));
        if (failed(data)) return FAIL;
        Ref items[2] = {from_small(address->any.sa_family), data};
        return tuple_from_refs(vm, 2, items);
    }
    }
}
