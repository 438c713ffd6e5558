/* subclass.c - a script's own event loop: what a subclass may override, and the parts it looks at.
 *
 * A subclass with its own time() is the loop's clock, one with its own _run_once() takes each turn,
 * one with its own call_at() sees each timer, those of sleep() and timeouts included, and what it
 * keeps as _selector is asked before the poller: that is how test loops make time virtual.  Loops
 * without such a class pay nothing.  Neighbours: loop.c (asks), eventloop.c (the class). */
/* SPDX-License-Identifier: MIT */
#include "loop/subclass.h"

#include "loop/handle.h"
#include "loop/task.h"
#include "object/attr.h"
#include "object/float.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/tuple.h"

bool subclass_overrides(Vm *vm, Loop *loop, const char *text)
{
    if (!loop->subclass) return false;
    Ref name = str_interned(vm, text);
    Value method = failed(name) ? FAIL : type_lookup(vm, type_of(vm, borrow(loop)), name);
    decref(name);
    if (failed(method))
        error_unraisable(vm, "Exception ignored while the class of a loop was looked at", UNDEF);
    return !failed(method) && !absent(method) && !is_native(method);
}

/* The clock cannot raise: a time() that fails stands still. */
static int64_t script_now_ns(void *state)
{
    Loop *loop = state;
    Vm *vm = loop->clock_vm;
    Ref travelling = error_take(vm), name = str_interned(vm, "time");
    Ref seconds = failed(name) ? FAIL : call_method(vm, borrow(loop), name, 0, NULL);
    double now_s;
    if (!failed(seconds) && float_from(vm, seconds, &now_s)) loop->told_ns = ns_from_seconds(now_s);
    else error_unraisable(vm, "Exception ignored in", borrow(loop));
    decref(name);
    decref(seconds);
    error_restore(vm, travelling);
    return loop->told_ns;
}
static const Clock clock_script = {"script", script_now_ns};

void subclass_open(Vm *vm, Loop *loop)
{
    if (!(type_of(vm, borrow(loop))->flags & TYPE_HEAP)) return;
    loop->subclass = true;
    loop->own_turns = subclass_overrides(vm, loop, "_run_once");
    Ref timers = subclass_overrides(vm, loop, "call_at") ? dict_new(vm) : UNDEF;
    if (failed(timers)) error_unraisable(vm, "Exception ignored while a loop was opened", UNDEF);
    else loop->own_timers = timers;
    if (!subclass_overrides(vm, loop, "time")) return;
    loop->clock_vm = vm;
    loop->source.clock = &clock_script;
    loop->source.clock_state = loop;
}

/* ---- loops written in the language ---- */

void subclass_open_abstract(Vm *vm, Loop *loop)
{
    loop->abstract = true;
    loop->source = (Source){.clock = &clock_real};
    loop->wake_fd = loop->wake_in = -1;
    loop->slow_callback_s = 0.1;
    subclass_open(vm, loop);
    if (absent(loop->own_timers)) loop->own_timers = dict_new(vm);
    if (!failed(loop->own_timers)) return;
    error_unraisable(vm, "Exception ignored while a loop was opened", UNDEF);
    loop->own_timers = UNDEF;
}

NATIVE(loop_run_what_is_ready, "run_what_is_ready(self)", "Run what became ready with this call.")
{
    return loop_run_next(vm, as_loop(argv[0])) ? NONE : FAIL;
}

bool subclass_soon(Vm *vm, Loop *loop)
{
    bool elsewhere = loop->thread_id && loop->thread_id != vm->thread_id;
    Ref travelling = error_take(vm), name = FAIL, handle = FAIL;
    Ref callback = native_function(vm, &loop_run_what_is_ready_def, borrow(loop), UNDEF);
    if (!failed(callback))
        name = str_interned(vm, elsewhere ? "call_soon_threadsafe" : "call_soon");
    if (!failed(name)) handle = call_method(vm, borrow(loop), name, 1, (Value[]){callback});
    decref(callback);
    decref(name);
    decref(handle);
    if (failed(handle)) decref(travelling);
    else error_restore(vm, travelling);
    return !failed(handle);
}

bool subclass_begin(Vm *vm, Loop *loop)
{
    Ref name = str_interned(vm, "get_debug");
    Ref debug = failed(name) ? FAIL : call_method(vm, borrow(loop), name, 0, NULL);
    decref(name);
    if (failed(debug) && !error_is(vm, NotImplementedError)) return false;
    if (failed(debug)) error_clear(vm);
    Truth is = failed(debug) ? NO : value_truth(vm, debug);
    decref(debug);
    loop->debug = is == YES;
    loop->thread_id = vm->thread_id;
    return is != FAILED;
}

void subclass_end(Loop *loop) { loop->thread_id = 0; }

bool subclass_turn(Vm *vm, Loop *loop)
{
    Ref name = str_interned(vm, "_run_once");
    Ref done = failed(name) ? FAIL : call_method(vm, borrow(loop), name, 0, NULL);
    decref(name);
    decref(done);
    return !failed(done);
}

/* ---- timers ---- */

Ref subclass_call_at(Vm *vm, Loop *loop, double when, Value callback, Value args, Value context)
{
    Ref method = attr_get(vm, borrow(loop), N(call_at)), named = dict_new(vm);
    Ref first = tuple_pack(vm, 2, (Value)from_float(when), callback), all = FAIL, handle = FAIL;
    if (!failed(first)) all = number_add(vm, first, args);
    if (!failed(all) && !failed(method) && !failed(named) &&
        dict_set_text(vm, as_dict(named), "context", absent(context) ? (Value)NONE : context))
        handle = call_unpacked(vm, method, all, named);
    decref(method);
    decref(named);
    decref(first);
    decref(all);
    return handle;
}

/* What call_at() is to call; self is (object, tag, serial). */
NATIVE(loop_timer_due, "timer_due(self)", "The time of a timer has come.")
{
    Value object = tuple_at(argv[0], 0), loop = tuple_at(argv[0], 3);
    uint64_t serial = (uint64_t)as_int(tuple_at(argv[0], 2));
    if (!absent(as_loop(loop)->own_timers))
        decref(dict_pop(vm, as_dict(as_loop(loop)->own_timers), tuple_at(argv[0], 2)));
    EntryTag tag = (EntryTag)as_int(tuple_at(argv[0], 1));
    return timer_fire(vm, tag, as_object(object), serial) ? NONE : FAIL;
}

bool subclass_timer_start(Vm *vm, Loop *loop, int64_t due_ns, Tagged what, uint64_t *timer)
{
    Value serial = from_small(++loop->own_serial);
    Ref self = tuple_pack(vm, 4, borrow(object_of(what)), (Value)from_small(tag_of(what)), serial,
                          borrow(loop));
    Ref callback = failed(self) ? FAIL : native_function(vm, &loop_timer_due_def, self, UNDEF);
    decref(self);
    Value argv[] = {from_float((double)due_ns / 1e9), callback};
    Ref handle = failed(callback) ? FAIL : call_method(vm, borrow(loop), N(call_at), 2, argv);
    decref(callback);
    bool ok = !failed(handle) && dict_set(vm, as_dict(loop->own_timers), serial, handle);
    decref(handle);
    if (ok) *timer = (uint64_t)as_int(serial);
    return ok;
}

void subclass_timer_stop(Loop *loop, uint64_t serial)
{
    Vm *vm = loop->head.head.shape->interp->running;
    Ref handle = dict_pop(vm, as_dict(loop->own_timers), from_small((int64_t)serial));
    if (is_kind(handle, KIND_TIMER_HANDLE)) handle_cancel((Handle *)as_object(handle));
    decref(handle);
}

/* ---- waiting ---- */

/* self.<method>(argument), dropping what it returns. */
static bool tell(Vm *vm, Value self, const char *method, Value argument, Ref *answer)
{
    Ref name = str_interned(vm, method);
    *answer = failed(name) ? FAIL : call_method(vm, self, name, 1, &argument);
    decref(name);
    return !failed(*answer);
}

Truth subclass_select(Vm *vm, Loop *loop, int64_t timeout_ns)
{
    Ref name = str_interned(vm, "_selector");
    Ref selector = failed(name) ? FAIL : attr_get_or_absent(vm, borrow(loop), name);
    decref(name);
    if (failed(selector)) return FAILED;
    if (absent(selector)) return NO;
    Ref timeout = timeout_ns < 0 ? NONE : from_float((double)timeout_ns / 1e9);
    Ref events = FAIL, done = FAIL;
    bool ok = tell(vm, selector, "select", timeout, &events) &&
              tell(vm, borrow(loop), "_process_events", events, &done);
    decref(selector);
    decref(timeout);
    decref(events);
    decref(done);
    return ok ? YES : FAILED;
}

/* ---- parts that programs look at ---- */

#define METHOD(id, signature, doc)                                                                 \
    static Ref id(Vm *vm, Value *argv);                                                            \
    const Native id##_def = {signature, doc, id, NATIVE_PLAIN, NULL};                              \
    static Ref id(Vm *vm __attribute__((unused)), Value *argv __attribute__((unused)))

METHOD(loop_run_once, "_run_once(self)", "One turn: wait, expire timers, run what is ready.")
{
    return loop_turn(vm, as_loop(argv[0])) ? NONE : FAIL;
}
METHOD(loop_process_events, "_process_events(self, event_list)",
       "What a subclass does with the events of its own selector; here nothing.")
{
    return NONE;
}
METHOD(loop_write_to_self, "_write_to_self(self)", "End a wait, from any thread.")
{
    loop_wake(as_loop(argv[0]));
    return NONE;
}
METHOD(loop_check_closed, "_check_closed(self)", "Raise RuntimeError when the loop is closed.")
{
    return loop_check_open(vm, as_loop(argv[0])) ? NONE : FAIL;
}
METHOD(loop_check_running, "_check_running(self)",
       "Raise RuntimeError when this loop, or another one in this thread, runs.")
{
    if (as_loop(argv[0])->running)
        return throw(vm, RuntimeError, "This event loop is already running");
    if (!loop_is_busy(vm)) return NONE;
    return throw(vm, RuntimeError, "Cannot run the event loop while another loop is running");
}

/* Adds the handle of an entry that is one. */
static bool push_handle(Vm *vm, List *list, Tagged what)
{
    return tag_of(what) != ENTRY_HANDLE || list_push(vm, list, newref(borrow(object_of(what))));
}
static Ref get_ready(Vm *vm, Value self)
{
    const Ring *ring = &as_loop(self)->ready;
    Ref list = list_new(vm, ring->len);
    for (uint32_t i = 0; !failed(list) && i < ring->len; i++) {
        Tagged what = ring->items[(ring->head + i) & (ring->capacity - 1)].what;
        if (list_push(vm, as_list(list), newref(borrow(object_of(what))))) continue;
        decref(list);
        return FAIL;
    }
    return list;
}
static Ref get_scheduled(Vm *vm, Value self)
{
    const Heap *heap = &as_loop(self)->timers;
    Ref list = list_new(vm, 0);
    for (size_t i = 0; !failed(list) && i < heap->len; i++) {
        if (push_handle(vm, as_list(list), heap->items[i].item)) continue;
        decref(list);
        return FAIL;
    }
    return list;
}
static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }
static Ref get_executor(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_loop(self)->executor);
}
static bool set_executor(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_loop(self)->executor, absent(value) ? NONE : newref(value));
    return true;
}
static Ref get_handler(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_loop(self)->exception_handler);
}
static Ref get_factory(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_loop(self)->task_factory);
}
static Ref get_debug(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_loop(self)->debug);
}
static bool set_debug(Vm *vm, Value self, Value value)
{
    Truth truth = absent(value) ? NO : value_truth(vm, value);
    if (truth != FAILED) as_loop(self)->debug = truth == YES;
    return truth != FAILED;
}
static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_loop(self)->closed);
}
static Ref get_stopping(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_loop(self)->stopping);
}
static bool set_stopping(Vm *vm, Value self, Value value)
{
    Truth truth = absent(value) ? NO : value_truth(vm, value);
    if (truth != FAILED) as_loop(self)->stopping = truth == YES;
    return truth != FAILED;
}
static Ref get_thread(Vm *vm, Value self)
{
    uint64_t id = as_loop(self)->thread_id;
    return id ? from_int64(vm, (int64_t)id) : NONE;
}

static Ref get_slow(Vm *vm __attribute__((unused)), Value self)
{
    return from_any_float(as_loop(self)->slow_callback_s);
}
static bool set_slow(Vm *vm, Value self, Value value)
{
    if (!absent(value)) return float_from(vm, value, &as_loop(self)->slow_callback_s);
    throw(vm, AttributeError, "cannot delete attribute 'slow_callback_duration'");
    return false;
}

const Attribute loop_attributes[] = {
    {"slow_callback_duration", get_slow, set_slow,
     "Seconds from which debug mode reports a callback as slow."},
    {"_ready", get_ready, NULL, "What runs in the next turn, a list."},
    {"_scheduled", get_scheduled, NULL, "The timer handles that wait, a list."},
    {"_default_executor", get_executor, set_executor, "What set_default_executor() set, or None."},
    {"_exception_handler", get_handler, NULL, "What set_exception_handler() set, or None."},
    {"_task_factory", get_factory, NULL, "What set_task_factory() set, or None."},
    {"_debug", get_debug, set_debug, "Is debug mode on?"},
    {"_closed", get_closed, NULL, "Was it closed?"},
    {"_stopping", get_stopping, set_stopping, "Does it stop after this turn?"},
    {"_thread_id", get_thread, NULL, "The thread that runs it, or None."},
    {0}};
