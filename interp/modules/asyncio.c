/* asyncio.c - module _asyncio: the loop layer as scripts see it.
 *
 * Every native of interp/loop/ is collected here; the package asyncio (stdlib/asyncio/) takes its
 * names from this module and adds what is policy rather than mechanism. Neighbours: loop/ (the
 * bodies), stdlib/asyncio/__init__.aio. */
/* SPDX-License-Identifier: MIT */
#include "loop/chain.h"
#include "loop/eventloop.h"
#include "loop/gather.h"
#include "loop/graph.h"
#include "loop/runner.h"
#include "loop/server.h"
#include "loop/sleep.h"
#include "loop/subclass.h"
#include "loop/task.h"
#include "loop/timeout.h"
#include "loop/wait.h"
#include "object/exception.h"
#include "object/module.h"

/* ---- loops of a thread */

NATIVE(asyncio_get_running_loop, "get_running_loop()",
       "Return the event loop running in this thread.\nRaises RuntimeError when there is none.")
{
    Loop *loop = loop_running(vm);
    return loop ? newref(borrow(loop)) : FAIL;
}

NATIVE(asyncio_get_running_loop_or_none, "_get_running_loop()",
       "Return the event loop running in this thread, or None.")
{
    return vm->running_loop ? newref(borrow(vm->running_loop)) : NONE;
}

NATIVE(asyncio_set_running_loop, "_set_running_loop(loop, /)",
       "Say which event loop runs in this thread; None: none.")
{
    if (!is_none(argv[0]) && !is_loop(argv[0]))
        return throw(vm, TypeError, "an event loop was expected, got %R", argv[0]);
    if (vm->running_loop && vm->running_loop->abstract) subclass_end(vm->running_loop);
    if (!is_none(argv[0]) && as_loop(argv[0])->abstract && !subclass_begin(vm, as_loop(argv[0])))
        return FAIL;
    vm->running_loop = is_none(argv[0]) ? NULL : as_loop(argv[0]);
    replace(&vm->running_set, is_none(argv[0]) ? UNDEF : newref(argv[0]));
    return NONE;
}

NATIVE(asyncio_get_event_loop, "get_event_loop()",
       "Return the running event loop, or else the one given to set_event_loop().\nRaises "
       "RuntimeError when there is neither.")
{
    Loop *loop = loop_current_or_set(vm);
    return loop ? newref(borrow(loop)) : FAIL;
}

NATIVE(asyncio_set_event_loop, "set_event_loop(loop)",
       "Make loop the current event loop of this thread; None: no loop.")
{
    if (!is_none(argv[0]) && !is_loop(argv[0]))
        return throw(vm, TypeError,
                     "loop must be an instance of AbstractEventLoop or None, not '%T'", argv[0]);
    replace(&vm->current_loop, is_none(argv[0]) ? UNDEF : newref(argv[0]));
    return NONE;
}

NATIVE(asyncio_new_event_loop, "new_event_loop()",
       "Return a new event loop, which does not run yet.")
{
    Loop *loop = eventloop_new(vm);
    return loop ? from_object(loop) : FAIL;
}

static const Native *const own_functions[] = {&asyncio_get_running_loop_def,
                                              &asyncio_get_running_loop_or_none_def,
                                              &asyncio_set_running_loop_def,
                                              &asyncio_get_event_loop_def,
                                              &asyncio_set_event_loop_def,
                                              &asyncio_new_event_loop_def,
                                              NULL};

/* ---- the module */

static bool add_functions(Vm *vm, Value module)
{
    const Native *const *const lists[] = {task_functions,   sleep_functions,     gather_functions,
                                          wait_functions,   completed_functions, timeout_functions,
                                          runner_functions, chain_functions,     executor_functions,
                                          graph_functions};
    Ref name = str_from(vm, "asyncio");
    bool good = !failed(name);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const Native *const *native = lists[i]; good && *native; native++) {
            Ref function = native_function(vm, *native, UNDEF, name);
            good = !failed(function) &&
                   dict_set(vm, module_dict(module), as_native(function)->name, function);
            decref(function);
        }
    decref(name);
    return good;
}

static bool add_types(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        Kind kind;
    } types[] = {{"AbstractEventLoop", KIND_ABSTRACT_EVENT_LOOP},
                 {"BaseEventLoop", KIND_EVENT_LOOP},
                 {"Handle", KIND_HANDLE},
                 {"TimerHandle", KIND_TIMER_HANDLE},
                 {"Future", KIND_FUTURE},
                 {"Task", KIND_TASK},
                 {"Lock", KIND_LOCK},
                 {"Event", KIND_EVENT},
                 {"Condition", KIND_CONDITION},
                 {"Semaphore", KIND_SEMAPHORE},
                 {"BoundedSemaphore", KIND_BOUNDED_SEMAPHORE},
                 {"Barrier", KIND_BARRIER},
                 {"Queue", KIND_QUEUE},
                 {"PriorityQueue", KIND_PRIORITY_QUEUE},
                 {"LifoQueue", KIND_LIFO_QUEUE},
                 {"Timeout", KIND_TIMEOUT},
                 {"TaskGroup", KIND_TASK_GROUP},
                 {"_Transport", KIND_TRANSPORT},
                 {"_Server", KIND_SERVER},
                 {"StreamReader", KIND_STREAM_READER},
                 {"StreamWriter", KIND_STREAM_WRITER},
                 {"_StreamProtocol", KIND_STREAM_PROTOCOL}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!module_set(vm, module, types[i].name, newref(borrow(type_builtin(vm, types[i].kind)))))
            return false;
    Type *acceptor = type_from_def(vm, &acceptor_type);
    Type *loop = type_from_def(vm, &selector_event_loop_type);
    return acceptor && loop && module_set(vm, module, "_Acceptor", newref(borrow(acceptor))) &&
           module_set(vm, module, "EventLoop", newref(borrow(loop)));
}

static bool add_exceptions(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        ExcId id;
    } exceptions[] = {{"CancelledError", CancelledError},
                      {"InvalidStateError", InvalidStateError},
                      {"TimeoutError", TimeoutError},
                      {"IncompleteReadError", IncompleteReadError},
                      {"LimitOverrunError", LimitOverrunError},
                      {"SendfileNotAvailableError", SendfileNotAvailableError},
                      {"BrokenBarrierError", BrokenBarrierError},
                      {"QueueEmpty", QueueEmpty},
                      {"QueueFull", QueueFull},
                      {"QueueShutDown", QueueShutDown},
                      {"DeadlockError", DeadlockError}};
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (!module_set(vm, module, exceptions[i].name,
                        newref(borrow(exception_class(vm, exceptions[i].id)))))
            return false;
    return true;
}

static bool add_constants(Vm *vm, Value module)
{
    static const char *const names[] = {"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"};
    for (int i = 0; i < 3; i++)
        if (!module_set(vm, module, names[i], str_interned(vm, names[i]))) return false;
    return true;
}

static bool asyncio_open(Vm *vm, Value module)
{
    return add_functions(vm, module) && add_types(vm, module) && add_exceptions(vm, module) &&
           add_constants(vm, module);
}

const ModuleDef _asyncio_module = {
    .name = "_asyncio",
    .doc = "The native part of asyncio.",
    .functions = own_functions,
    .types = runner_types,
    .open = asyncio_open,
};
