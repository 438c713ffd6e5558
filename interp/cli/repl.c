/* repl.c - a session at the prompt.
 *
 * One thread, one loop: while a line is edited the loop runs, and with it the tasks begun
 * earlier.  A complete statement stops the loop and is run between its turns: one that awaits as
 * a task of it, with Ctrl-C cancelling just that; any other as a plain call, in which
 * asyncio.run() is allowed too (Loop.at_prompt).
 * Neighbours: repl.h (Input), statement.c (is it
 * complete?), edit.c, plain.c, stdlib/aio/prompt.aio (commands, help). */
/* SPDX-License-Identifier: MIT */
#include "cli/repl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ending.h"
#include "cli/statement.h"
#include "cli/sysvars.h"
#include "compiler/compiler.h"
#include "loop/task.h"
#include "modules/source.h"
#include "modules/sys.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/frame.h"
#include "vm/import.h"

void session_line(Session *session, char *line)
{
    free(session->line);
    session->line = line;
    session->got_line = true;
    session->loop->stopping = true;
}

/* ---- running what was typed ---- */

/* Is it a frame of the prompt's own library? */
static bool is_own_frame(const Traceback *step)
{
    if (!is_kind(step->code, KIND_CODE)) return false;
    Value filename = as_code(step->code)->filename;
    return is_str(filename) && strncmp(as_str(filename)->data, "<stdlib>/aio/", 13) == 0;
}

static void leave_out_own_frames(Vm *vm)
{
    if (!is_exception(vm->error)) return;
    Ref *slot = &as_exception(vm->error)->traceback;
    while (is_kind(*slot, KIND_TRACEBACK)) {
        Traceback *step = (Traceback *)as_object(*slot);
        if (is_own_frame(step)) replace(slot, newref(step->next));
        else slot = &step->next;
    }
}

/* Ctrl-C while nothing ran: a line was edited, or an await was cancelled. */
static bool is_idle_interrupt(Vm *vm)
{
    return error_is(vm, KeyboardInterrupt) && absent(as_exception(vm->error)->traceback);
}

/* An exception reached the prompt: told, and SystemExit ends the session. */
static void session_error(Session *session)
{
    Vm *vm = session->vm;
    leave_out_own_frames(vm);
    if (error_is(vm, SystemExit)) {
        session->status = ending_uncaught(vm);
        session->ended = true;
    } else if (is_idle_interrupt(vm)) {
        error_clear(vm);
        sys_flush(vm);
        fputs("KeyboardInterrupt\n", stderr);
    } else {
        ending_report(vm);
    }
}

/* As a plain call between two turns of the loop. */
static Ref run_plainly(Session *session, Code *code)
{
    Vm *vm = session->vm;
    vm->running_loop = session->loop;
    session->loop->at_prompt = true;
    Ref result = run_code(vm, code, session->names, UNDEF);
    session->loop->at_prompt = false;
    vm->running_loop = NULL;
    return result;
}

/* Nothing will wake what was typed: its task is cancelled, unless it waits for another, which
 * would be cancelled with it and may be woken by what is typed next. */
static void end_deadlocked(Session *session, Value coroutine)
{
    Vm *vm = session->vm;
    Ref error = error_take(vm);
    for (Task *task = session->loop->first_task; task; task = task->next) {
        if (task->coroutine != coroutine || is_task(task->waiting)) continue;
        if (task_cancel(vm, task, UNDEF) == FAILED) error_clear(vm);
        break;
    }
    error_restore(vm, error);
}

/* runner.run(coroutine): as a task of the session's loop. */
static Ref run_awaiting(Session *session, Value coroutine)
{
    Vm *vm = session->vm;
    Ref run = attr_get_text(vm, session->runner, "run");
    Ref result = failed(run) ? FAIL : call1(vm, run, coroutine);
    decref(run);
    if (failed(result) && error_is(vm, DeadlockError)) end_deadlocked(session, coroutine);
    return result;
}

/* Runs code (stolen), as a task when it awaits, and tells what goes wrong; false: something did. */
static bool run_session_code(Session *session, Ref code)
{
    Vm *vm = session->vm;
    Ref result = FAIL;
    if (!failed(code) && as_code(code)->flags & CODE_COROUTINE) {
        Ref coroutine = run_code(vm, as_code(code), session->names, UNDEF);
        result = failed(coroutine) ? FAIL : run_awaiting(session, coroutine);
        decref(coroutine);
    } else if (!failed(code)) {
        result = run_plainly(session, as_code(code));
    }
    bool good = !failed(result);
    if (!good) session_error(session);
    decref(result);
    decref(code);
    sys_flush(vm);
    return good;
}

/* The file name of the next input, for which its text is kept. */
static Ref next_input(Session *session, const char *text)
{
    char name[40];
    snprintf(name, sizeof name, "<python-input-%d>", session->serial++);
    Ref filename = str_from(session->vm, name);
    if (!failed(filename) &&
        sysvars_keep_source(session->vm, filename, text, (ptrdiff_t)strlen(text)))
        return filename;
    decref(filename);
    return FAIL;
}

/* Runs what was typed; false: something went wrong, which has been told. */
static bool run_statement(Session *session, const char *text)
{
    Ref filename = next_input(session, text);
    Ref code = failed(filename) ? FAIL : statement_compile(session->vm, text, filename);
    decref(filename);
    return run_session_code(session, code);
}

/* Runs a file; with `typed` it counts as typed, for :save. */
static void run_file(Session *session, Value path, bool typed)
{
    Vm *vm = session->vm;
    ptrdiff_t len;
    char *text = source_read(vm, path, &len);
    Ref input = text && typed ? next_input(session, text) : UNDEF;
    Ref code = !text || failed(input)
                   ? FAIL
                   : compile_source(vm, text, len, path, PARSE_FILE, COMPILE_TOP_LEVEL_AWAIT);
    decref(input);
    free(text);
    run_session_code(session, code);
}

/* Runs a text; then(seconds) when nothing went wrong. */
static void run_then(Session *session, Value text, Value then)
{
    Vm *vm = session->vm;
    char *owned = NULL;
    const char *source = str_utf8(vm, text, NULL, &owned);
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    bool good = source && run_statement(session, source);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    memory_free(owned);
    if (!good) return;
    double seconds =
        (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
    Ref done = call1(vm, then, from_any_float(seconds));
    if (failed(done)) session_error(session);
    decref(done);
}

/* aio.prompt.command(line, names): what begins with a colon.  It returns None, the path of a file
 * to run, or a text to run and what is told of the time that took. */
static void run_command(Session *session, const char *line)
{
    Vm *vm = session->vm;
    vm->running_loop = session->loop;
    session->loop->at_prompt = true;
    Ref function = attr_get_text(vm, session->library, "command"),
        text = failed(function) ? FAIL : str_from(vm, line);
    Ref result = failed(text) ? FAIL : call2(vm, function, text, borrow(session->names));
    session->loop->at_prompt = false;
    vm->running_loop = NULL;
    if (failed(result)) session_error(session);
    if (is_str(result)) run_file(session, result, true);
    if (is_tuple(result)) run_then(session, as_tuple(result)->items[0], as_tuple(result)->items[1]);
    decref(result);
    decref(text);
    decref(function);
    sys_flush(vm);
}

/* ---- lines to statements ---- */

/* The block so far and one more line; false: out of memory. */
static bool block_add(Session *session, const char *line)
{
    size_t before = session->block ? strlen(session->block) : 0, len = strlen(line);
    char *block = realloc(session->block, before + len + 2);
    if (!block) return false;
    memcpy(block + before, line, len);
    strcpy(block + before + len, "\n");
    session->block = block;
    return true;
}

static void block_clear(Session *session)
{
    free(session->block);
    session->block = NULL;
}

static bool is_blank(const char *line) { return !line[strspn(line, " \t\r\n\f")]; }

/* A bare exit or quit, unless the session has given the name another meaning. */
static Truth is_word_to_leave(Session *session, const char *line)
{
    size_t len = strlen(line);
    while (len && strchr(" \t", line[len - 1])) len--;
    if (len != 4 || (strncmp(line, "exit", 4) != 0 && strncmp(line, "quit", 4) != 0)) return NO;
    Ref name = str_from_utf8(session->vm, line, 4);
    Truth own = failed(name) ? FAILED : dict_has(session->vm, session->names, name);
    decref(name);
    return own == FAILED ? FAILED : own == NO ? YES : NO;
}

static void take_line(Session *session, const char *line)
{
    bool first = !session->block;
    if (first && is_blank(line)) return;
    const char *word = line + strspn(line, " \t");
    if (first && word[0] == ':') {
        session->input->remember(session, word);
        run_command(session, word);
        return;
    }
    Truth leaves = first ? is_word_to_leave(session, line) : NO;
    if (leaves == FAILED) session_error(session);
    if (leaves == YES) session->ended = true;
    if (leaves != NO) return;
    if (!block_add(session, line)) {
        fputs("MemoryError\n", stderr);
        block_clear(session);
        return;
    }
    if (!statement_is_complete(session->block, first && strchr(line, '\n'))) return;
    session->input->remember(session, session->block);
    char *text = session->block;
    session->block = NULL;
    run_statement(session, text);
    free(text);
}

/* Do tasks of the session still run? */
static int tasks_left(const Session *session)
{
    int count = 0;
    for (const Task *task = session->loop->first_task; task; task = task->next) count++;
    return count;
}

static void take_end(Session *session)
{
    if (session->block) {
        char *text = session->block;
        session->block = NULL;
        run_statement(session, text);
        free(text);
        if (!session->terminal) session->ended = true;
        return;
    }
    int left = session->terminal && !session->warned ? tasks_left(session) : 0;
    session->warned = left > 0;
    session->ended = left == 0;
    if (left)
        printf("%d task%s still run%s (:tasks lists them); Ctrl-D again leaves and cancels %s\n",
               left, left == 1 ? "" : "s", left == 1 ? "s" : "", left == 1 ? "it" : "them");
    fflush(stdout);
}

/* ---- the session ---- */

/* str(sys.ps1) or ps2, to free(); NULL: out of memory. */
static char *prompt_text(Session *session)
{
    Vm *vm = session->vm;
    const char *otherwise = session->block ? "... " : ">>> ";
    Value prompt = dict_get_text(vm, as_dict(vm->interp->sys), session->block ? "ps2" : "ps1");
    Ref text = absent(prompt) || failed(prompt) ? str_from(vm, otherwise) : value_str(vm, prompt);
    char *owned = NULL;
    const char *found = failed(text) ? NULL : str_utf8(vm, text, NULL, &owned);
    if (!found) error_clear(vm);
    char *copy = strdup(found ? found : otherwise);
    memory_free(owned);
    decref(text);
    return copy;
}

/* One line, while the loop runs; false: the loop was left by an exception, which has been told. */
static bool read_line(Session *session)
{
    char *prompt = prompt_text(session);
    session->got_line = false;
    int indent = session->block && session->terminal ? statement_indent(session->block) : 0;
    bool good = session->input->ask(session, prompt ? prompt : "", indent);
    free(prompt);
    if (good && !session->got_line) good = loop_run(session->vm, session->loop);
    session->loop->stopping = false;
    session->input->pause(session);
    if (good) return true;
    if (error_is(session->vm, KeyboardInterrupt)) block_clear(session);
    fputc('\n', stderr); /* the cursor stands in what was being typed */
    session_error(session);
    return false;
}

static void converse(Session *session)
{
    while (!session->ended) {
        if (!read_line(session) || !session->got_line) continue;
        char *line = session->line;
        session->line = NULL;
        if (line) session->warned = false, take_line(session, line);
        else take_end(session);
        free(line);
    }
}

/* The file that AIOSTARTUP names. */
static void run_startup(Session *session)
{
    Vm *vm = session->vm;
    const char *path = flags_getenv(&vm->interp->flags, "AIOSTARTUP");
    if (!path) return;
    Ref filename = str_from(vm, path);
    if (failed(filename)) session_error(session);
    else if (access(path, R_OK) != 0)
        fprintf(stderr, "aio: can't open file '%s', which AIOSTARTUP names: [Errno %d] %s\n", path,
                errno, strerror(errno));
    else run_file(session, filename, false);
    decref(filename);
}

/* asyncio.Runner() and its loop; aio.prompt. */
static bool session_open(Session *session)
{
    Vm *vm = session->vm;
    Ref asyncio = import_text(vm, "asyncio"), get_loop = FAIL, loop = FAIL;
    Ref make = failed(asyncio) ? FAIL : attr_get_text(vm, asyncio, "Runner");
    session->runner = failed(make) ? FAIL : call0(vm, make);
    if (!failed(session->runner)) get_loop = attr_get_text(vm, session->runner, "get_loop");
    if (!failed(get_loop)) loop = call0(vm, get_loop);
    if (is_loop(loop)) session->loop = as_loop(loop);
    decref(loop);
    decref(get_loop);
    decref(make);
    decref(asyncio);
    Ref package = session->loop ? import_text(vm, "aio.prompt") : FAIL;
    session->library = newref(package);
    Ref start = failed(session->library) ? FAIL : attr_get_text(vm, session->library, "start");
    Ref done = failed(start)
                   ? FAIL
                   : call2(vm, start, borrow(session->names), from_bool(session->terminal));
    decref(package);
    decref(start);
    decref(done);
    return !failed(done) && session->input->open(session);
}

/* object.name(), if there is that object. */
static void call_at_close(Vm *vm, Value object, const char *name)
{
    if (absent(object) || failed(object)) return;
    Ref method = attr_get_text(vm, object, name), done = failed(method) ? FAIL : call0(vm, method);
    if (failed(done)) ending_report(vm);
    decref(done);
    decref(method);
}

/* runner.close(): what still runs is cancelled. */
static void session_close(Session *session)
{
    Vm *vm = session->vm;
    if (session->loop) session->input->close(session);
    call_at_close(vm, session->runner, "close");
    call_at_close(vm, session->library, "end");
    decref(session->runner);
    decref(session->library);
    block_clear(session);
    free(session->line);
}

int repl_run(Vm *vm, Dict *names, bool after_script)
{
    bool terminal = isatty(0) && isatty(1);
    Session session = {.vm = vm,
                       .names = names,
                       .terminal = terminal,
                       .runner = UNDEF,
                       .library = UNDEF,
                       .input = &input_plain};
#ifdef AIO_READLINE
    if (terminal && !vm->interp->flags.basic_prompt) session.input = &input_edit;
#endif
    vm->interp->flags.interactive = 1;
    if (!session_open(&session)) {
        session.status = ending_uncaught(vm);
    } else {
        if (!after_script) run_startup(&session);
        converse(&session);
    }
    session_close(&session);
    return session.status;
}
