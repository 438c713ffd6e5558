/* plain.c - lines for the prompt from anything that is no terminal, or without readline.
 *
 * The descriptor is watched by the loop, so tasks run while nothing comes; what the kernel cannot
 * watch (a file) is read at once.  The prompt goes to standard error, as python's does.
 *
 * Neighbours: repl.h, edit.c (the same with readline). */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/repl.h"
#include "loop/handle.h"
#include "loop/job.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/tuple.h"

typedef struct Plain {
    char *data; /* read, not handed out yet */
    size_t len, capacity;
    bool ended;
} Plain;

static bool plain_open(Session *session)
{
    session->input_state = calloc(1, sizeof(Plain));
    if (session->input_state) return true;
    throw_no_memory(session->vm);
    return false;
}

/* Ctrl-D ends what is read from a terminal once: it can be read again. */
static void hand_out_end(Session *session)
{
    Plain *plain = session->input_state;
    if (session->terminal) {
        plain->ended = false;
        fputc('\n', stderr);
    }
    session_line(session, NULL);
}

/* Hands out the first line of what was read; false: there is none yet. */
static bool hand_out(Session *session)
{
    Plain *plain = session->input_state;
    char *newline = plain->len ? memchr(plain->data, '\n', plain->len) : NULL;
    if (!newline && !(plain->ended && plain->len)) {
        bool ended = plain->ended;
        if (ended) hand_out_end(session);
        return ended;
    }
    size_t len = newline ? (size_t)(newline - plain->data) : plain->len,
           used = newline ? len + 1 : len;
    char *line = strndup(plain->data, len);
    if (line && len && line[len - 1] == '\r') line[len - 1] = 0;
    memmove(plain->data, plain->data + used, plain->len - used);
    plain->len -= used;
    session_line(session, line);
    return true;
}

/* Reads what there is (waits when there is nothing). */
static void read_more(Plain *plain)
{
    if (plain->capacity - plain->len < 4096) {
        char *data = realloc(plain->data, plain->capacity + 8192);
        if (!data) {
            plain->ended = true;
            return;
        }
        plain->data = data;
        plain->capacity += 8192;
    }
    ssize_t got = read(0, plain->data + plain->len, plain->capacity - plain->len);
    if (got > 0) plain->len += (size_t)got;
    else if (got == 0 || (errno != EINTR && errno != EAGAIN)) plain->ended = true;
}

static Session *session_of(Value capsule) { return (Session *)(uintptr_t)as_int(capsule); }

NATIVE(plain_ready, "ready(session)", "Standard input can be read.")
{
    (void)vm;
    Session *session = session_of(argv[0]);
    read_more(session->input_state);
    hand_out(session);
    return NONE;
}

/* Watches standard input; false and nothing raised: it cannot be watched. */
static bool watch(Session *session)
{
    Vm *vm = session->vm;
    Ref capsule = from_int64(vm, (int64_t)(uintptr_t)session);
    Ref function = native_function(vm, &plain_ready_def, UNDEF, UNDEF), args = FAIL;
    if (!failed(function) && !failed(capsule)) args = tuple_pack(vm, 1, (Value)capsule);
    Handle *handle =
        failed(args) ? NULL : handle_new(vm, borrow(session->loop), function, args, UNDEF);
    bool good = handle && loop_watch(vm, session->loop, 0, POLL_READ, from_object(handle));
    if (!good && error_is(vm, OSError)) error_clear(vm);
    decref(args);
    decref(function);
    decref(capsule);
    return good;
}

static bool plain_ask(Session *session, const char *prompt, int indent __attribute__((unused)))
{
    Plain *plain = session->input_state;
    fputs(prompt, stderr);
    fflush(stderr);
    if (hand_out(session)) return true;
    if (watch(session)) return true;
    if (!absent(session->vm->error)) return false;
    while (!hand_out(session)) read_more(plain);
    return true;
}

static void plain_pause(Session *session)
{
    Watch *watched = session->loop->watch_capacity ? &session->loop->watches[0] : NULL;
    if (watched && !absent(watched->reader) &&
        !loop_watch(session->vm, session->loop, 0, POLL_READ, UNDEF))
        error_clear(session->vm);
}

static void plain_remember(Session *session __attribute__((unused)),
                           const char *block __attribute__((unused)))
{
}

static void plain_close(Session *session)
{
    Plain *plain = session->input_state;
    if (!session->terminal && !session->vm->interp->flags.quiet) fputc('\n', stderr);
    if (plain) free(plain->data);
    free(plain);
}

const Input input_plain = {"plain",     plain_open,     plain_ask,
                           plain_pause, plain_remember, plain_close};
