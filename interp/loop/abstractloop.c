/* abstractloop.c - class AbstractEventLoop: what every event loop has, none of it implemented.
 *
 * An instance is a Loop all the same: a script's class that implements the methods has turns of its
 * own, and what this runtime makes ready comes to it through its call_soon() and call_at()
 * (subclass.c).  Neighbours: eventloop.c (BaseEventLoop and the loop there is derive from it). */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"
#include "loop/subclass.h"
#include "vm/coroutine.h"

/* A coroutine that raises NotImplementedError once it is awaited. */
static Ref abstract_resume(Vm *vm, NativeCoroutine *coroutine __attribute__((unused)),
                           Value sent __attribute__((unused)))
{
    return throw(vm, NotImplementedError, "");
}
static const NativeCoroutineDef abstract_coroutine = {
    .name = "AbstractEventLoop",
    .size = sizeof(NativeCoroutine),
    .resume = abstract_resume,
};

static Ref abstract_coroutine_new(Vm *vm)
{
    NativeCoroutine *coroutine = native_coroutine_new(vm, &abstract_coroutine);
    return coroutine ? from_object(coroutine) : FAIL;
}

#define ABSTRACT(name, parameters)                                                                 \
    NATIVE(abstract_##name, #name parameters, "To be implemented by a loop.")                      \
    {                                                                                              \
        return throw(vm, NotImplementedError, "");                                                 \
    }
#define ABSTRACT_ASYNC(name, parameters)                                                           \
    NATIVE(abstract_##name, "async " #name parameters, "To be implemented by a loop.")             \
    {                                                                                              \
        return abstract_coroutine_new(vm);                                                         \
    }

ABSTRACT(run_forever, "(self)")
ABSTRACT(run_until_complete, "(self, future)")
ABSTRACT(stop, "(self)")
ABSTRACT(is_running, "(self)")
ABSTRACT(is_closed, "(self)")
ABSTRACT(close, "(self)")
ABSTRACT_ASYNC(shutdown_asyncgens, "(self)")
ABSTRACT_ASYNC(shutdown_default_executor, "(self)")
ABSTRACT(call_soon, "(self, callback, *args, context=None)")
ABSTRACT(call_later, "(self, delay, callback, *args, context=None)")
ABSTRACT(call_at, "(self, when, callback, *args, context=None)")
ABSTRACT(time, "(self)")
ABSTRACT(create_future, "(self)")
ABSTRACT(create_task, "(self, coro, **kwargs)")
ABSTRACT(call_soon_threadsafe, "(self, callback, *args, context=None)")
ABSTRACT(run_in_executor, "(self, executor, func, *args)")
ABSTRACT(set_default_executor, "(self, executor)")
ABSTRACT_ASYNC(getaddrinfo, "(self, host, port, *, family=0, type=0, proto=0, flags=0)")
ABSTRACT_ASYNC(getnameinfo, "(self, sockaddr, flags=0)")
ABSTRACT_ASYNC(
    create_connection,
    "(self, protocol_factory, host=None, port=None, *, ssl=None, family=0, proto=0, flags=0, "
    "sock=None, local_addr=None, server_hostname=None, ssl_handshake_timeout=None, "
    "ssl_shutdown_timeout=None, happy_eyeballs_delay=None, interleave=None)")
ABSTRACT_ASYNC(create_server,
               "(self, protocol_factory, host=None, port=None, *, family=0, flags=1, sock=None, "
               "backlog=100, ssl=None, reuse_address=None, reuse_port=None, keep_alive=None, "
               "ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)")
ABSTRACT_ASYNC(sendfile, "(self, transport, file, offset=0, count=None, *, fallback=True)")
ABSTRACT_ASYNC(start_tls,
               "(self, transport, protocol, sslcontext, *, server_side=False, "
               "server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None)")
ABSTRACT_ASYNC(create_unix_connection,
               "(self, protocol_factory, path=None, *, ssl=None, sock=None, server_hostname=None, "
               "ssl_handshake_timeout=None, ssl_shutdown_timeout=None)")
ABSTRACT_ASYNC(create_unix_server,
               "(self, protocol_factory, path=None, *, sock=None, backlog=100, ssl=None, "
               "ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)")
ABSTRACT_ASYNC(connect_accepted_socket, "(self, protocol_factory, sock, *, ssl=None, "
                                        "ssl_handshake_timeout=None, ssl_shutdown_timeout=None)")
ABSTRACT_ASYNC(create_datagram_endpoint,
               "(self, protocol_factory, local_addr=None, remote_addr=None, *, family=0, proto=0, "
               "flags=0, reuse_address=None, reuse_port=None, allow_broadcast=None, sock=None)")
ABSTRACT_ASYNC(connect_read_pipe, "(self, protocol_factory, pipe)")
ABSTRACT_ASYNC(connect_write_pipe, "(self, protocol_factory, pipe)")
ABSTRACT_ASYNC(subprocess_shell,
               "(self, protocol_factory, cmd, *, stdin=-1, stdout=-1, stderr=-1, **kwargs)")
ABSTRACT_ASYNC(subprocess_exec,
               "(self, protocol_factory, *args, stdin=-1, stdout=-1, stderr=-1, **kwargs)")
ABSTRACT(add_reader, "(self, fd, callback, *args)")
ABSTRACT(remove_reader, "(self, fd)")
ABSTRACT(add_writer, "(self, fd, callback, *args)")
ABSTRACT(remove_writer, "(self, fd)")
ABSTRACT_ASYNC(sock_recv, "(self, sock, nbytes)")
ABSTRACT_ASYNC(sock_recv_into, "(self, sock, buf)")
ABSTRACT_ASYNC(sock_recvfrom, "(self, sock, bufsize)")
ABSTRACT_ASYNC(sock_recvfrom_into, "(self, sock, buf, nbytes=0)")
ABSTRACT_ASYNC(sock_sendall, "(self, sock, data)")
ABSTRACT_ASYNC(sock_sendto, "(self, sock, data, address)")
ABSTRACT_ASYNC(sock_connect, "(self, sock, address)")
ABSTRACT_ASYNC(sock_accept, "(self, sock)")
ABSTRACT_ASYNC(sock_sendfile, "(self, sock, file, offset=0, count=None, *, fallback=None)")
ABSTRACT(add_signal_handler, "(self, sig, callback, *args)")
ABSTRACT(remove_signal_handler, "(self, sig)")
ABSTRACT(set_task_factory, "(self, factory)")
ABSTRACT(get_task_factory, "(self)")
ABSTRACT(get_exception_handler, "(self)")
ABSTRACT(set_exception_handler, "(self, handler)")
ABSTRACT(default_exception_handler, "(self, context)")
ABSTRACT(call_exception_handler, "(self, context)")
ABSTRACT(get_debug, "(self)")
ABSTRACT(set_debug, "(self, enabled)")

NATIVE(abstract_make, "AbstractEventLoop(cls, *args, **kwargs)", "Make an instance of a subclass.")
{
    Loop *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    subclass_open_abstract(vm, self);
    return from_object(self);
}

static const Native *const abstract_methods[] = {&abstract_run_forever_def,
                                                 &abstract_run_until_complete_def,
                                                 &abstract_stop_def,
                                                 &abstract_is_running_def,
                                                 &abstract_is_closed_def,
                                                 &abstract_close_def,
                                                 &abstract_shutdown_asyncgens_def,
                                                 &abstract_shutdown_default_executor_def,
                                                 &abstract_call_soon_def,
                                                 &abstract_call_later_def,
                                                 &abstract_call_at_def,
                                                 &abstract_time_def,
                                                 &abstract_create_future_def,
                                                 &abstract_create_task_def,
                                                 &abstract_call_soon_threadsafe_def,
                                                 &abstract_run_in_executor_def,
                                                 &abstract_set_default_executor_def,
                                                 &abstract_getaddrinfo_def,
                                                 &abstract_getnameinfo_def,
                                                 &abstract_create_connection_def,
                                                 &abstract_create_server_def,
                                                 &abstract_sendfile_def,
                                                 &abstract_start_tls_def,
                                                 &abstract_create_unix_connection_def,
                                                 &abstract_create_unix_server_def,
                                                 &abstract_connect_accepted_socket_def,
                                                 &abstract_create_datagram_endpoint_def,
                                                 &abstract_connect_read_pipe_def,
                                                 &abstract_connect_write_pipe_def,
                                                 &abstract_subprocess_shell_def,
                                                 &abstract_subprocess_exec_def,
                                                 &abstract_add_reader_def,
                                                 &abstract_remove_reader_def,
                                                 &abstract_add_writer_def,
                                                 &abstract_remove_writer_def,
                                                 &abstract_sock_recv_def,
                                                 &abstract_sock_recv_into_def,
                                                 &abstract_sock_recvfrom_def,
                                                 &abstract_sock_recvfrom_into_def,
                                                 &abstract_sock_sendall_def,
                                                 &abstract_sock_sendto_def,
                                                 &abstract_sock_connect_def,
                                                 &abstract_sock_accept_def,
                                                 &abstract_sock_sendfile_def,
                                                 &abstract_add_signal_handler_def,
                                                 &abstract_remove_signal_handler_def,
                                                 &abstract_set_task_factory_def,
                                                 &abstract_get_task_factory_def,
                                                 &abstract_get_exception_handler_def,
                                                 &abstract_set_exception_handler_def,
                                                 &abstract_default_exception_handler_def,
                                                 &abstract_call_exception_handler_def,
                                                 &abstract_get_debug_def,
                                                 &abstract_set_debug_def,
                                                 NULL};

const TypeDef abstract_event_loop_type = {
    .name = "asyncio.events.AbstractEventLoop",
    .size = sizeof(Loop),
    .doc = "What every event loop has.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Loop, current), REF(Loop, reason), REF(Loop, last_reason),
                 REF(Loop, exception_handler), REF(Loop, task_factory), REF(Loop, executor),
                 REF(Loop, asyncgens), REF(Loop, signal_handlers), REF(Loop, transport_class),
                 REF(Loop, buffered_class), REF(Loop, own_timers)),
    .visit = loop_visit,
    .clear = loop_clear,
    .needs_finalizer = loop_needs_finalizer,
    .finalize = loop_finalize,
    .new = &abstract_make_def,
    .methods = abstract_methods,
};
