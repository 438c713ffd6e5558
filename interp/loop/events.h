/* events.h - the one stream of what happens in a loop.
 *
 * Task tree, timeline, deadlock report, replay and exploration are listeners of it; nothing else
 * hooks the loop.  When nobody listens an event costs one predictable branch. Neighbours: loop.h,
 * events.c (AIO_DEBUG=loop prints the stream). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_EVENTS_H
#define AIO_LOOP_EVENTS_H

#include "memory/vm.h"

/* EVENT(NAME, text): what `subject` and `object` are. */
#define EVENTS(EVENT)                                                                              \
    EVENT(CREATED, "created")       /* subject: task; object: the task that made it */             \
    EVENT(STEP_BEGUN, "step")       /* subject: task */                                            \
    EVENT(STEP_ENDED, "step ended") /* subject: task */                                            \
    EVENT(AWAITS, "awaits")         /* subject: task; object: future or waiter */                  \
    EVENT(WOKEN, "woken")           /* subject: task; object: the task that woke it, or UNDEF */   \
    EVENT(TIMER, "timer")           /* subject: what is due */                                     \
    EVENT(IO, "io")                 /* subject: the handle */                                      \
    EVENT(CANCELLED, "cancelled")   /* subject: task; object: the message */                       \
    EVENT(EXCEPTION, "exception")   /* subject: task; object: the exception */                     \
    EVENT(FINISHED, "finished")     /* subject: task */

typedef enum EventKind {
#define EVENT(name, text) EVENT_##name,
    EVENTS(EVENT)
#undef EVENT
} EventKind;

struct Loop;

typedef struct Listener {
    void (*tell)(Vm *vm, struct Listener *self, struct Loop *loop, EventKind kind, Value subject,
                 Value object);
    struct Listener *next;
    void (*close)(struct Listener *self); /* frees it, with what it holds */
} Listener;

void events_tell(Vm *vm, struct Loop *loop, EventKind kind, Value subject, Value object);
/* Prints the stream to stderr; what AIO_DEBUG=loop adds. */
Listener *events_printer(Vm *vm);
void events_close(struct Loop *loop);

#define announce(vm, loop, kind, subject, object)                                                  \
    do {                                                                                           \
        if (__builtin_expect((loop)->listeners != NULL, 0))                                        \
            events_tell(vm, loop, EVENT_##kind, subject, object);                                  \
    } while (0)

#endif
