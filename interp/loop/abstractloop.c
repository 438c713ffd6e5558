/* abstractloop.c - class AbstractEventLoop: what every event loop has, none of it implemented.
 *
 * Neighbours: eventloop.c (BaseEventLoop and the loop there is derive from it). */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#define ABSTRACT(name)                                                                             \
    NATIVE(abstract_##name, #name "(self, *args, **kwargs)", "To be implemented by a loop.")       \
    {                                                                                              \
        return throw(vm, NotImplementedError, "");                                                 \
    }

ABSTRACT(run_forever)
ABSTRACT(run_until_complete)
ABSTRACT(stop)
ABSTRACT(is_running)
ABSTRACT(is_closed)
ABSTRACT(close)
ABSTRACT(shutdown_asyncgens)
ABSTRACT(shutdown_default_executor)
ABSTRACT(call_soon)
ABSTRACT(call_later)
ABSTRACT(call_at)
ABSTRACT(time)
ABSTRACT(create_future)
ABSTRACT(create_task)
ABSTRACT(call_soon_threadsafe)
ABSTRACT(run_in_executor)
ABSTRACT(set_default_executor)
ABSTRACT(getaddrinfo)
ABSTRACT(getnameinfo)
ABSTRACT(create_connection)
ABSTRACT(create_server)
ABSTRACT(sendfile)
ABSTRACT(start_tls)
ABSTRACT(create_unix_connection)
ABSTRACT(create_unix_server)
ABSTRACT(connect_accepted_socket)
ABSTRACT(create_datagram_endpoint)
ABSTRACT(connect_read_pipe)
ABSTRACT(connect_write_pipe)
ABSTRACT(subprocess_shell)
ABSTRACT(subprocess_exec)
ABSTRACT(add_reader)
ABSTRACT(remove_reader)
ABSTRACT(add_writer)
ABSTRACT(remove_writer)
ABSTRACT(sock_recv)
ABSTRACT(sock_recv_into)
ABSTRACT(sock_recvfrom)
ABSTRACT(sock_recvfrom_into)
ABSTRACT(sock_sendall)
ABSTRACT(sock_sendto)
ABSTRACT(sock_connect)
ABSTRACT(sock_accept)
ABSTRACT(sock_sendfile)
ABSTRACT(add_signal_handler)
ABSTRACT(remove_signal_handler)
ABSTRACT(set_task_factory)
ABSTRACT(get_task_factory)
ABSTRACT(get_exception_handler)
ABSTRACT(set_exception_handler)
ABSTRACT(default_exception_handler)
ABSTRACT(call_exception_handler)
ABSTRACT(get_debug)
ABSTRACT(set_debug)

NATIVE(abstract_make, "AbstractEventLoop(cls, *args, **kwargs)", "Make an instance of a subclass.")
{
    void *self = type_instance(vm, as_type(argv[0]));
    return self ? from_object(self) : FAIL;
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
    .size = sizeof(Container),
    .doc = "What every event loop has.",
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_ATTRIBUTES,
    .new = &abstract_make_def,
    .methods = abstract_methods,
};
