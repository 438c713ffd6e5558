/* socket.c - module _socket: names, numbers and addresses; the class is loop/socket.c.
 *
 * What may ask a name server lets the interpreter lock go.
 * Neighbours: socketconst.def, loop/address.h, stdlib/socket.aio. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#define herror netdb_herror /* the name of an exception class here */
#include <netdb.h>
#undef herror
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "loop/sockcall.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/codec.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/list.h"
#include "object/module.h"
#include "object/tuple.h"
#include "vm/import.h"
#include "vm/thread.h"

/* ---- getaddrinfo ---- */

/* None, str or bytes as text; NULL with *ok true: None. */
static const char *query_host(Vm *vm, Value host, char **owned, bool *ok)
{
    *owned = NULL;
    *ok = true;
    if (is_none(host)) return NULL;
    if (!is_str(host) && !is_bytes(host)) {
        throw(vm, TypeError, "getaddrinfo() argument 1 must be string or None");
        *ok = false;
        return NULL;
    }
    const char *text = host_text(vm, host, owned);
    *ok = text != NULL;
    return text;
}

static const char *query_port(Vm *vm, Value port, char number[24], char **owned, bool *ok)
{
    *owned = NULL;
    *ok = true;
    if (is_none(port)) return NULL;
    if (is_any_int(port)) {
        int overflow;
        int64_t n = int_value(port, &overflow);
        if (overflow) {
            throw(vm, OverflowError, "Python int too large to convert to C long");
            *ok = false;
        }
        snprintf(number, 24, "%lld", (long long)n);
        return number;
    }
    const char *text = NULL;
    if (is_str(port)) text = str_utf8(vm, port, NULL, owned);
    else if (is_bytes(port)) return as_bytes(port)->data;
    else throw(vm, OSError, "Int or String expected");
    *ok = text != NULL;
    return text;
}

static Ref info_value(Vm *vm, const struct addrinfo *info)
{
    Address address = {.len = info->ai_addrlen};
    memcpy(&address.room, info->ai_addr, info->ai_addrlen);
    Ref name = str_from(vm, info->ai_canonname ? info->ai_canonname : ""),
        at = failed(name) ? FAIL : address_value(vm, &address);
    if (failed(at)) {
        decref(name);
        return FAIL;
    }
    Ref items[5] = {from_small(info->ai_family), from_small(info->ai_socktype),
                    from_small(info->ai_protocol), name, at};
    return tuple_from_refs(vm, 5, items);
}

static Ref info_list(Vm *vm, const struct addrinfo *found)
{
    Ref list = list_new(vm, 0);
    for (; found && !failed(list); found = found->ai_next) {
        Ref one = info_value(vm, found);
        if (!failed(one) && list_push(vm, as_list(list), one)) continue;
        decref(list);
        return FAIL;
    }
    return list;
}

NATIVE(socket_getaddrinfo, "getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)",
       "Look host and port up: a list of (family, type, proto, canonical name, address).\nRaises "
       "gaierror.")
{
    struct addrinfo hints = {0}, *found = NULL;
    char number[24], *owned_host, *owned_port;
    bool ok;
    if (!socket_int(vm, argv[2], &hints.ai_family) ||
        !socket_int(vm, argv[3], &hints.ai_socktype) ||
        !socket_int(vm, argv[4], &hints.ai_protocol) || !socket_int(vm, argv[5], &hints.ai_flags))
        return FAIL;
    const char *host = query_host(vm, argv[0], &owned_host, &ok);
    if (!ok) return FAIL;
    const char *port = query_port(vm, argv[1], number, &owned_port, &ok);
    Ref list = FAIL;
    if (ok) {
        gil_release(vm);
        int code = getaddrinfo(host, port, &hints, &found), error = errno;
        gil_acquire(vm);
        list = code ? throw_gai(vm, code, error) : info_list(vm, found);
        if (!code) freeaddrinfo(found);
    }
    memory_free(owned_host);
    memory_free(owned_port);
    return list;
}

static Ref two_texts(Vm *vm, const char *a, const char *b)
{
    Ref first = str_from(vm, a), second = failed(first) ? FAIL : str_from(vm, b);
    if (failed(second)) {
        decref(first);
        return FAIL;
    }
    Ref items[2] = {first, second};
    return tuple_from_refs(vm, 2, items);
}

/* The address of a host number and port for getnameinfo; false: raised. */
static bool numeric_address(Vm *vm, Value given, Address *address)
{
    if (!is_tuple(given))
        return throw(vm, TypeError, "getnameinfo() argument 1 must be a tuple"), false;
    if (tuple_len(given) < 2 || tuple_len(given) > 4 || !is_str(tuple_at(given, 0)) ||
        !is_any_int(tuple_at(given, 1)))
        return throw(vm, TypeError, "getnameinfo(): illegal sockaddr argument"), false;
    int port;
    char *owned;
    if (!socket_int(vm, tuple_at(given, 1), &port)) return false;
    const char *host = host_text(vm, tuple_at(given, 0), &owned);
    if (!host) return false;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_DGRAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char number[24];
    snprintf(number, sizeof number, "%d", port);
    int code = getaddrinfo(host, number, &hints, &found), error = errno;
    memory_free(owned);
    if (code) return throw_gai(vm, code, error), false;
    bool lone = !found->ai_next;
    memcpy(&address->room, found->ai_addr, found->ai_addrlen);
    address->len = found->ai_addrlen;
    freeaddrinfo(found);
    if (!lone) return throw(vm, OSError, "sockaddr resolved to multiple addresses"), false;
    if (address->any.sa_family == AF_INET && tuple_len(given) != 2)
        return throw(vm, OSError, "IPv4 sockaddr must be 2 tuple"), false;
    return true;
}

NATIVE(socket_getnameinfo, "getnameinfo(sockaddr, flags, /)",
       "The (host, port) names of an address.  Raises gaierror.")
{
    Address address = {0};
    int flags;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (!socket_int(vm, argv[1], &flags) || !numeric_address(vm, argv[0], &address)) return FAIL;
    gil_release(vm);
    int code = getnameinfo(&address.any, address.len, host, sizeof host, port, sizeof port, flags),
        error = errno;
    gil_acquire(vm);
    return code ? throw_gai(vm, code, error) : two_texts(vm, host, port);
}

/* ---- hosts ---- */

static Ref throw_herror(Vm *vm, int code)
{
    Ref text = str_from(vm, hstrerror(code));
    if (failed(text)) return FAIL;
    Value argv[2] = {from_small(code), text};
    Ref error = exception_new(vm, herror, 2, argv);
    decref(text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    return FAIL;
}

static Ref texts_value(Vm *vm, char **texts)
{
    Ref list = list_new(vm, 0);
    for (; *texts && !failed(list); texts++) {
        Ref text = str_from(vm, *texts);
        if (!failed(text) && list_push(vm, as_list(list), text)) continue;
        decref(list);
        return FAIL;
    }
    return list;
}

static Ref numbers_value(Vm *vm, const struct hostent *host)
{
    Ref list = list_new(vm, 0);
    for (char **at = host->h_addr_list; *at && !failed(list); at++) {
        char text[INET6_ADDRSTRLEN];
        inet_ntop(host->h_addrtype, *at, text, sizeof text);
        Ref number = str_from(vm, text);
        if (!failed(number) && list_push(vm, as_list(list), number)) continue;
        decref(list);
        return FAIL;
    }
    return list;
}

static Ref host_value(Vm *vm, const struct hostent *host)
{
    Ref items[3] = {str_from(vm, host->h_name), FAIL, FAIL};
    if (!failed(items[0])) items[1] = texts_value(vm, host->h_aliases);
    if (!failed(items[1])) items[2] = numbers_value(vm, host);
    if (!failed(items[2])) return tuple_from_refs(vm, 3, items);
    decref(items[0]);
    decref(items[1]);
    return FAIL;
}

/* The number of a host given by name; false: raised. */
static bool find_host(Vm *vm, Value name, int family, Address *address)
{
    char *owned;
    if (!is_str(name) && !is_bytes(name) && !is_kind(name, KIND_BYTEARRAY))
        return throw(vm, TypeError, "str, bytes or bytearray expected, not %T", name), false;
    const char *host = host_text(vm, name, &owned);
    bool ok = host && address_of_host(vm, address, family, host);
    memory_free(owned);
    return ok;
}

NATIVE(socket_gethostbyname, "gethostbyname(host, /)", "The IPv4 number of a host, as text.")
{
    Address address = {0};
    if (!find_host(vm, argv[0], AF_INET, &address)) return FAIL;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address.in.sin_addr, text, sizeof text);
    return str_from(vm, text);
}
NATIVE(socket_gethostbyname_ex, "gethostbyname_ex(host, /)",
       "The (name, aliases, numbers) of a host.")
{
    Address address = {0};
    char *owned, room[8192];
    if (!find_host(vm, argv[0], AF_INET, &address)) return FAIL;
    const char *host = host_text(vm, argv[0], &owned);
    if (!host) return FAIL;
    struct hostent entry, *found = NULL;
    int code = 0;
    gil_release(vm);
    gethostbyname_r(host, &entry, room, sizeof room, &found, &code);
    gil_acquire(vm);
    memory_free(owned);
    return found ? host_value(vm, found) : throw_herror(vm, code);
}
NATIVE(socket_gethostbyaddr, "gethostbyaddr(host, /)",
       "The (name, aliases, numbers) of the host with a number or name.")
{
    Address address = {0};
    char room[8192];
    if (!find_host(vm, argv[0], AF_UNSPEC, &address)) return FAIL;
    bool six = address.any.sa_family == AF_INET6;
    const void *number = six ? (void *)&address.in6.sin6_addr : (void *)&address.in.sin_addr;
    struct hostent entry, *found = NULL;
    int code = 0;
    gil_release(vm);
    gethostbyaddr_r(number, six ? 16 : 4, address.any.sa_family, &entry, room, sizeof room, &found,
                    &code);
    gil_acquire(vm);
    return found ? host_value(vm, found) : throw_herror(vm, code);
}
NATIVE(socket_gethostname, "gethostname()", "The name of this machine.")
{
    char name[1024];
    return gethostname(name, sizeof name) < 0 ? throw_errno(vm, errno, UNDEF) : str_from(vm, name);
}
NATIVE(socket_sethostname, "sethostname(name, /)", "Name this machine.")
{
    char *owned;
    const char *name = host_text(vm, argv[0], &owned);
    if (!name) return FAIL;
    int done = sethostname(name, strlen(name)), error = errno;
    memory_free(owned);
    return done < 0 ? throw_errno(vm, error, UNDEF) : NONE;
}

/* ---- services and protocols ---- */

static const char *ascii_text(Vm *vm, Value given, const char *function)
{
    if (is_str(given) && as_str(given)->ascii) return as_str(given)->data;
    throw(vm, TypeError, "%s() argument 1 must be str, not %A", function, given);
    return NULL;
}

NATIVE(socket_getservbyname, "getservbyname(name, protocol=?, /)", "The port of a service.")
{
    const char *name = ascii_text(vm, argv[0], "getservbyname");
    const char *protocol =
        name && !absent(argv[1]) ? ascii_text(vm, argv[1], "getservbyname") : NULL;
    if (!name || (!absent(argv[1]) && !protocol)) return FAIL;
    struct servent entry, *found = NULL;
    char room[2048];
    getservbyname_r(name, protocol, &entry, room, sizeof room, &found);
    return found ? from_small(ntohs((uint16_t)found->s_port))
                 : throw(vm, OSError, "service/proto not found");
}
NATIVE(socket_getservbyport, "getservbyport(port, protocol=?, /)", "The service at a port.")
{
    int port;
    if (!socket_int(vm, argv[0], &port)) return FAIL;
    if (port < 0 || port > 65535)
        return throw(vm, OverflowError, "getservbyport: port must be 0-65535.");
    const char *protocol = absent(argv[1]) ? NULL : ascii_text(vm, argv[1], "getservbyport");
    if (!absent(argv[1]) && !protocol) return FAIL;
    struct servent entry, *found = NULL;
    char room[2048];
    getservbyport_r(htons((uint16_t)port), protocol, &entry, room, sizeof room, &found);
    return found ? str_from(vm, found->s_name) : throw(vm, OSError, "port/proto not found");
}
NATIVE(socket_getprotobyname, "getprotobyname(name, /)", "The number of a protocol.")
{
    const char *name = ascii_text(vm, argv[0], "getprotobyname");
    if (!name) return FAIL;
    struct protoent entry, *found = NULL;
    char room[2048];
    getprotobyname_r(name, &entry, room, sizeof room, &found);
    return found ? from_small(found->p_proto) : throw(vm, OSError, "protocol not found");
}

/* ---- numbers ---- */

static bool unsigned_number(Vm *vm, Value given, const char *function, int bits, uint32_t *number)
{
    int overflow;
    if (!is_any_int(given)) return throw(vm, TypeError, "expected int, %T found", given), false;
    int64_t n = int_value(given, &overflow);
    if (overflow || n < 0 || n > (bits == 16 ? 0xffff : (int64_t)0xffffffff)) {
        if (!overflow && n < 0)
            throw(vm, OverflowError,
                  "%s: can't convert negative Python int to C %d-bit unsigned integer", function,
                  bits);
        else
            throw(vm, OverflowError,
                  "%s: Python int too large to convert to C %d-bit unsigned integer", function,
                  bits);
        return false;
    }
    *number = (uint32_t)n;
    return true;
}
static Ref swap16(Vm *vm, Value given, const char *function)
{
    uint32_t number;
    return unsigned_number(vm, given, function, 16, &number) ? from_small(htons((uint16_t)number))
                                                             : FAIL;
}
static Ref swap32(Vm *vm, Value given, const char *function)
{
    uint32_t number;
    return unsigned_number(vm, given, function, 32, &number) ? from_small(htonl(number)) : FAIL;
}
NATIVE(socket_htons, "htons(integer, /)", "A 16-bit number in network order.")
{
    return swap16(vm, argv[0], "htons");
}
NATIVE(socket_ntohs, "ntohs(integer, /)", "A 16-bit number from network order.")
{
    return swap16(vm, argv[0], "ntohs");
}
NATIVE(socket_htonl, "htonl(integer, /)", "A 32-bit number in network order.")
{
    return swap32(vm, argv[0], "htonl");
}
NATIVE(socket_ntohl, "ntohl(integer, /)", "A 32-bit number from network order.")
{
    return swap32(vm, argv[0], "ntohl");
}

NATIVE(socket_inet_aton, "inet_aton(ip_addr, /)", "An IPv4 number written in text, as 4 bytes.")
{
    struct in_addr number;
    const char *text = ascii_text(vm, argv[0], "inet_aton");
    if (!text) return FAIL;
    if (!inet_aton(text, &number))
        return throw(vm, OSError, "illegal IP address string passed to inet_aton");
    return bytes_from(vm, (char *)&number, sizeof number);
}
NATIVE(socket_inet_pton, "inet_pton(family, ip_addr, /)",
       "An IP number written in text, as 4 or 16 bytes.")
{
    int family;
    char number[16];
    if (!socket_int(vm, argv[0], &family)) return FAIL;
    const char *text = ascii_text(vm, argv[1], "inet_pton");
    if (!text) return FAIL;
    int done = inet_pton(family, text, number);
    if (done < 0) return throw_errno(vm, errno, UNDEF);
    if (!done) return throw(vm, OSError, "illegal IP address string passed to inet_pton");
    return bytes_from(vm, number, family == AF_INET ? 4 : 16);
}

static Ref number_text_of(Vm *vm, int family, Value given, bool legacy)
{
    Buffer buffer;
    char text[INET6_ADDRSTRLEN];
    if (!buffer_get(vm, given, &buffer, false)) return FAIL;
    bool fits = buffer.len == (family == AF_INET ? 4 : 16);
    if (fits) inet_ntop(family, buffer.data, text, sizeof text);
    buffer_release(vm, &buffer);
    if (fits) return str_from(vm, text);
    if (legacy) return throw(vm, OSError, "packed IP wrong length for inet_ntoa");
    return throw(vm, ValueError, "invalid length of packed IP address string");
}
NATIVE(socket_inet_ntoa, "inet_ntoa(packed_ip, /)", "4 bytes as an IPv4 number in text.")
{
    return number_text_of(vm, AF_INET, argv[0], true);
}
NATIVE(socket_inet_ntop, "inet_ntop(family, packed_ip, /)",
       "4 or 16 bytes as an IP number in text.")
{
    int family;
    if (!socket_int(vm, argv[0], &family)) return FAIL;
    if (family != AF_INET && family != AF_INET6)
        return throw(vm, ValueError, "unknown address family %d", family);
    return number_text_of(vm, family, argv[1], false);
}

/* ---- interfaces ---- */

NATIVE(socket_if_nameindex, "if_nameindex()", "The network interfaces: [(number, name), ...].")
{
    struct if_nameindex *all = if_nameindex();
    if (!all) return throw_errno(vm, errno, UNDEF);
    Ref list = list_new(vm, 0);
    for (struct if_nameindex *at = all; at->if_index && !failed(list); at++) {
        Ref items[2] = {from_small(at->if_index), str_from(vm, at->if_name)};
        Ref pair = failed(items[1]) ? FAIL : tuple_from_refs(vm, 2, items);
        if (!failed(pair) && list_push(vm, as_list(list), pair)) continue;
        decref(list);
        list = FAIL;
    }
    if_freenameindex(all);
    return list;
}
NATIVE(socket_if_nametoindex, "if_nametoindex(oname, /)", "The number of a network interface.")
{
    const char *name = ascii_text(vm, argv[0], "if_nametoindex");
    if (!name) return FAIL;
    unsigned index = if_nametoindex(name);
    return index ? from_small(index) : throw(vm, OSError, "no interface with this name");
}
NATIVE(socket_if_indextoname, "if_indextoname(if_index, /)", "The name of a network interface.")
{
    int index;
    char name[IF_NAMESIZE];
    if (!socket_int(vm, argv[0], &index)) return FAIL;
    return if_indextoname((unsigned)index, name) ? str_from(vm, name)
                                                 : throw_errno(vm, errno, UNDEF);
}

/* ---- descriptors ---- */

NATIVE(socket_socketpair, "socketpair(family=1, type=1, proto=0, /)",
       "Two connected sockets, as _socket.socket objects.")
{
    int family, type, protocol, ends[2];
    if (!socket_int(vm, argv[0], &family) || !socket_int(vm, argv[1], &type) ||
        !socket_int(vm, argv[2], &protocol))
        return FAIL;
    if (socketpair(family, type | SOCK_CLOEXEC, protocol, ends) < 0)
        return throw_errno(vm, errno, UNDEF);
    Ref items[2] = {from_small(ends[0]), from_small(ends[1])};
    return tuple_from_refs(vm, 2, items);
}
NATIVE(socket_dup, "dup(integer, /)", "Another descriptor for the same socket.")
{
    int fd;
    if (!socket_int(vm, argv[0], &fd)) return FAIL;
    int twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return twin < 0 ? throw_errno(vm, errno, UNDEF) : from_small(twin);
}
NATIVE(socket_close_fd, "close(integer, /)", "Close a socket's descriptor.")
{
    int fd;
    if (!socket_int(vm, argv[0], &fd)) return FAIL;
    return close(fd) < 0 && errno != ECONNRESET ? throw_errno(vm, errno, UNDEF) : NONE;
}
NATIVE(socket_cmsg_len, "CMSG_LEN(length, /)",
       "Bytes of an ancillary item that holds length bytes, padding apart.")
{
    int64_t len;
    if (!int_index(vm, argv[0], &len)) return FAIL;
    if (len < 0 || len > INT32_MAX - 64)
        return throw(vm, OverflowError, "CMSG_LEN() argument out of range");
    return from_small((int64_t)CMSG_LEN((size_t)len));
}
NATIVE(socket_cmsg_space, "CMSG_SPACE(length, /)",
       "Bytes of an ancillary item that holds length bytes, with padding.")
{
    int64_t len;
    if (!int_index(vm, argv[0], &len)) return FAIL;
    if (len < 0 || len > INT32_MAX - 64)
        return throw(vm, OverflowError, "CMSG_SPACE() argument out of range");
    return from_small((int64_t)CMSG_SPACE((size_t)len));
}

static Ref own_module(Vm *vm) { return import_text(vm, "_socket"); }

NATIVE(socket_getdefaulttimeout, "getdefaulttimeout()",
       "The timeout of new sockets in seconds, or None.")
{
    Ref module = own_module(vm),
        value = failed(module) ? FAIL : attr_get_text(vm, module, "_default_timeout");
    decref(module);
    return value;
}
NATIVE(socket_setdefaulttimeout, "setdefaulttimeout(timeout, /)",
       "Set the timeout of new sockets in seconds; None: they block.")
{
    int64_t timeout_ns;
    if (!socket_read_timeout(vm, argv[0], &timeout_ns)) return FAIL;
    Ref module = own_module(vm);
    if (failed(module)) return FAIL;
    bool ok = module_set(vm, module, "_default_timeout", socket_timeout_value(timeout_ns));
    decref(module);
    return ok ? NONE : FAIL;
}

/* ---- the module ---- */

static bool socket_open(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        int64_t value;
    } constants[] = {
#define CONST(name) {#name, (int64_t)name},
#include "modules/socketconst.def"
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (!module_set(vm, module, constants[i].name, from_small(constants[i].value)))
            return false;
    return module_set(vm, module, "socket", newref(borrow(type_builtin(vm, KIND_SOCKET)))) &&
           module_set(vm, module, "SocketType", newref(borrow(type_builtin(vm, KIND_SOCKET)))) &&
           module_set(vm, module, "error", newref(borrow(exception_class(vm, OSError)))) &&
           module_set(vm, module, "timeout", newref(borrow(exception_class(vm, TimeoutError)))) &&
           module_set(vm, module, "gaierror", newref(borrow(exception_class(vm, gaierror)))) &&
           module_set(vm, module, "herror", newref(borrow(exception_class(vm, herror)))) &&
           module_set(vm, module, "has_ipv6", TRUE) &&
           module_set(vm, module, "_default_timeout", NONE);
}

static const Native *const socket_module_functions[] = {&socket_getaddrinfo_def,
                                                        &socket_getnameinfo_def,
                                                        &socket_gethostbyname_def,
                                                        &socket_gethostbyname_ex_def,
                                                        &socket_gethostbyaddr_def,
                                                        &socket_gethostname_def,
                                                        &socket_sethostname_def,
                                                        &socket_getservbyname_def,
                                                        &socket_getservbyport_def,
                                                        &socket_getprotobyname_def,
                                                        &socket_htons_def,
                                                        &socket_ntohs_def,
                                                        &socket_htonl_def,
                                                        &socket_ntohl_def,
                                                        &socket_inet_aton_def,
                                                        &socket_inet_pton_def,
                                                        &socket_inet_ntoa_def,
                                                        &socket_inet_ntop_def,
                                                        &socket_if_nameindex_def,
                                                        &socket_if_nametoindex_def,
                                                        &socket_if_indextoname_def,
                                                        &socket_socketpair_def,
                                                        &socket_dup_def,
                                                        &socket_close_fd_def,
                                                        &socket_cmsg_len_def,
                                                        &socket_cmsg_space_def,
                                                        &socket_getdefaulttimeout_def,
                                                        &socket_setdefaulttimeout_def,
                                                        NULL};

const ModuleDef _socket_module = {
    .name = "_socket",
    .doc = "The native part of module socket.",
    .functions = socket_module_functions,
    .open = socket_open,
};
