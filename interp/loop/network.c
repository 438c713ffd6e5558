/* network.c - the loop's methods that are policy: connecting, serving, datagrams, pipes,
 * subprocesses.
 *
 * Each is a coroutine function of stdlib/asyncio/base_events.aio, imported when one of them is
 * first called.
 * Neighbours: sockio.c (those that are mechanism), transport.c, server.c. */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"
#include "loop/sockio.h"
#include "object/attr.h"
#include "object/dict.h"
#include "object/number.h"
#include "object/tuple.h"
#include "vm/import.h"

/* asyncio.base_events.<name>(self, ...): argv as the native's own signature bound it, keyword-only
 * parameters by name. */
static Ref forward(Vm *vm, const Native *native, Value *argv)
{
    const Signature *s = native_parsed(vm, native);
    if (!s) return FAIL;
    Ref name = native_name(vm, native), module = FAIL, function = FAIL, result = FAIL;
    Ref positional = FAIL, named = dict_new(vm);
    bool ok = !failed(name) && !failed(named);
    if (ok) module = import_text(vm, "asyncio.base_events");
    if (!failed(module)) function = attr_get(vm, module, name);
    if (!failed(function)) positional = tuple_from_values(vm, s->positional - 1, argv + 1);
    if (!failed(positional) && s->has_varargs)
        replace(&positional, number_add(vm, positional, argv[s->positional]));
    ok = ok && !failed(positional);
    for (int i = s->positional + s->has_varargs; ok && i < s->count - s->has_kwargs; i++)
        ok = dict_set(vm, as_dict(named), s->names[i], argv[i]);
    if (ok && s->has_kwargs) ok = dict_update(vm, as_dict(named), argv[s->count - 1]);
    if (ok) result = call_with(vm, function, argv[0], positional, named);
    decref(name);
    decref(module);
    decref(function);
    decref(positional);
    decref(named);
    return result;
}

#define FORWARD(name, parameters, doc)                                                             \
    NATIVE(loop_##name, "async " #name "(self, " parameters ")", doc)                              \
    {                                                                                              \
        return forward(vm, &loop_##name##_def, argv);                                              \
    }

FORWARD(create_connection,
        "protocol_factory, host=None, port=None, *, ssl=None, family=0, proto=0, flags=0, "
        "sock=None, local_addr=None, server_hostname=None, ssl_handshake_timeout=None, "
        "ssl_shutdown_timeout=None, happy_eyeballs_delay=None, interleave=None, all_errors=False",
        "A coroutine that connects by TCP: (transport, protocol).")
FORWARD(create_server,
        "protocol_factory, host=None, port=None, *, family=0, flags=1, sock=None, backlog=100, "
        "ssl=None, reuse_address=None, reuse_port=None, keep_alive=None, "
        "ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True",
        "A coroutine that makes a TCP Server.")
FORWARD(create_unix_connection,
        "protocol_factory, path=None, *, ssl=None, sock=None, server_hostname=None, "
        "ssl_handshake_timeout=None, ssl_shutdown_timeout=None",
        "A coroutine that connects to a unix socket: (transport, protocol).")
FORWARD(
    create_unix_server,
    "protocol_factory, path=None, *, sock=None, backlog=100, ssl=None, ssl_handshake_timeout=None, "
    "ssl_shutdown_timeout=None, start_serving=True, cleanup_socket=True",
    "A coroutine that makes a Server at a unix socket.")
FORWARD(
    connect_accepted_socket,
    "protocol_factory, sock, *, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None",
    "A coroutine that takes a connection accepted elsewhere: (transport, protocol).")
FORWARD(create_datagram_endpoint,
        "protocol_factory, local_addr=None, remote_addr=None, *, family=0, proto=0, flags=0, "
        "reuse_port=None, allow_broadcast=None, sock=None",
        "A coroutine that opens a datagram socket: (transport, protocol).")
FORWARD(start_tls,
        "transport, protocol, sslcontext, *, server_side=False, server_hostname=None, "
        "ssl_handshake_timeout=None, ssl_shutdown_timeout=None",
        "A coroutine that encrypts a connection from now on: the new transport.")
FORWARD(_make_ssl_transport,
        "rawsock, protocol, sslcontext, waiter=None, *, server_side=False, server_hostname=None, "
        "extra=None, server=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None",
        "Return a transport that carries TLS over a socket.")
FORWARD(sendfile, "transport, file, offset=0, count=None, *, fallback=True",
        "A coroutine that sends a file over a transport: how many bytes.")
FORWARD(sock_sendfile, "sock, file, offset=0, count=None, *, fallback=True",
        "A coroutine that sends a file over a socket: how many bytes.")
FORWARD(getaddrinfo, "host, port, *, family=0, type=0, proto=0, flags=0",
        "A coroutine: socket.getaddrinfo() in a thread.")
FORWARD(getnameinfo, "sockaddr, flags=0", "A coroutine: socket.getnameinfo() in a thread.")
FORWARD(connect_read_pipe, "protocol_factory, pipe",
        "A coroutine that reads a pipe for a protocol: (transport, protocol).")
FORWARD(connect_write_pipe, "protocol_factory, pipe",
        "A coroutine that writes a pipe for a protocol: (transport, protocol).")
FORWARD(
    subprocess_exec,
    "protocol_factory, program, *args, stdin=-1, stdout=-1, stderr=-1, universal_newlines=False, "
    "shell=False, bufsize=0, encoding=None, errors=None, text=None, **kwargs",
    "A coroutine that starts a program: (transport, protocol).")
FORWARD(subprocess_shell,
        "protocol_factory, cmd, *, stdin=-1, stdout=-1, stderr=-1, universal_newlines=False, "
        "shell=True, bufsize=0, encoding=None, errors=None, text=None, **kwargs",
        "A coroutine that runs a command by the shell: (transport, protocol).")
FORWARD(_resolve, "address, family, type, proto", "A coroutine: the first address of a host.")

const Native *const network_methods[] = {&loop_create_connection_def,
                                         &loop_create_server_def,
                                         &loop_create_unix_connection_def,
                                         &loop_create_unix_server_def,
                                         &loop_connect_accepted_socket_def,
                                         &loop_create_datagram_endpoint_def,
                                         &loop_start_tls_def,
                                         &loop__make_ssl_transport_def,
                                         &loop_sendfile_def,
                                         &loop_sock_sendfile_def,
                                         &loop_getaddrinfo_def,
                                         &loop_getnameinfo_def,
                                         &loop_connect_read_pipe_def,
                                         &loop_connect_write_pipe_def,
                                         &loop_subprocess_exec_def,
                                         &loop_subprocess_shell_def,
                                         &loop__resolve_def,
                                         NULL};
