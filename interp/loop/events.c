/* events.c - telling listeners what happens.
 *
 * Neighbours: events.h. */
/* SPDX-License-Identifier: MIT */
#include "loop/events.h"

#include <stdio.h>
#include <stdlib.h>

#include "loop/loop.h"
#include "loop/task.h"
#include "object/number.h"
#include "object/str.h"

void events_tell(Vm *vm, Loop *loop, EventKind kind, Value subject, Value object)
{
    Ref error = error_take(vm); /* the event may come while an exception travels */
    for (Listener *listener = loop->listeners; listener; listener = listener->next)
        listener->tell(vm, listener, loop, kind, subject, object);
    if (!absent(error)) error_restore(vm, error);
}

void events_close(Loop *loop)
{
    while (loop->listeners) {
        Listener *listener = loop->listeners;
        loop->listeners = listener->next;
        listener->close(listener);
    }
}

/* ---- the printer of AIO_DEBUG=loop ---- */

static void print_value(Vm *vm, Value v)
{
    Ref text = is_task(v) ? task_name(vm, as_task(v)) : value_repr(vm, v);
    char *owned = NULL;
    const char *utf8 = failed(text) ? NULL : str_utf8(vm, text, NULL, &owned);
    if (!utf8) error_clear(vm);
    fprintf(stderr, " %s", utf8 ? utf8 : "?");
    memory_free(owned);
    decref(text);
}

static void print_event(Vm *vm, Listener *self __attribute__((unused)), Loop *loop, EventKind kind,
                        Value subject, Value object)
{
    static const char *const names[] = {
#define EVENT(name, text) text,
        EVENTS(EVENT)
#undef EVENT
    };
    fprintf(stderr, "loop: %6llu %-10s", (unsigned long long)loop->turns, names[kind]);
    if (!absent(subject)) print_value(vm, subject);
    if (!absent(object)) print_value(vm, object);
    Value file, name;
    int line;
    if (kind == EVENT_STEP_ENDED && task_where(vm, as_task(subject), &file, &name, &line))
        fprintf(stderr, " at line %d", line);
    fputc('\n', stderr);
}

static void printer_close(Listener *self) { free(self); }

Listener *events_printer(Vm *vm)
{
    Listener *printer = malloc(sizeof *printer);
    if (!printer) {
        throw_no_memory(vm);
        return NULL;
    }
    *printer = (Listener){print_event, NULL, printer_close};
    return printer;
}
