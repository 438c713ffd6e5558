/* edit.c - lines for the prompt from a terminal, edited with readline.
 *
 * readline runs in its callback form: the loop watches standard input and calls us for each key,
 * so tasks go on while a line is edited.  Before anything is written to the terminal meanwhile
 * (Interp.before_output) the edited line is wiped; it is drawn again when the loop's turn is
 * over.  Colours are painted over what readline has drawn, so that readline's own bookkeeping
 * stays true. readline has one line buffer for the process and hands no state to its callbacks:
 * `editing` is the session it works for, a global that the library forces on us.
 * Neighbours:
 * repl.h, plain.c (without a terminal), highlight.c (colours), stdlib/aio/prompt.aio
 * (completion). */
/* SPDX-License-Identifier: MIT */
#ifdef AIO_READLINE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "cli/highlight.h"
#include "cli/repl.h"
#include "loop/handle.h"
#include "loop/job.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/list.h"
#include "object/str.h"
#include "object/tuple.h"

enum { HISTORY_LINES = 2000 };

typedef struct Editor {
    Session *session;
    bool active;      /* a line is on the screen */
    bool wiped;       /* ... and has been wiped for somebody's output */
    bool column_zero; /* that output ended with a newline */
    bool colour;
    char *history_path;
} Editor;

static Editor editing;

/* ---- output above the line ---- */

static bool redraw(Vm *vm, Job *job, Value arg)
{
    (void)vm, (void)job, (void)arg;
    if (!editing.active || !editing.wiped) return true;
    if (!editing.column_zero) fputc('\n', rl_outstream);
    editing.wiped = false;
    rl_on_new_line();
    rl_forced_update_display();
    return true;
}

/* Interp.before_output: a stream is about to write data to fd. */
static void before_output(Vm *vm, int fd, const char *data, size_t len)
{
    if (!editing.active || !isatty(fd) || len == 0) return;
    if (!editing.wiped) {
        rl_clear_visible_line();
        fflush(rl_outstream);
        editing.wiped = true;
        Job *job = job_new(vm, redraw, UNDEF, UNDEF);
        if (!job || !loop_ready(vm, editing.session->loop, ENTRY_NATIVE, job, UNDEF))
            error_clear(vm);
    }
    editing.column_zero = data[len - 1] == '\n';
}

/* ---- colours ---- */

static void repaint(void)
{
    rl_redisplay();
    if (!editing.colour || !rl_line_buffer || editing.wiped) return;
    int rows, columns, prompt = (int)strlen(rl_display_prompt ? rl_display_prompt : "");
    rl_get_screen_size(&rows, &columns);
    if (!highlight_fits(rl_line_buffer, columns - prompt - 1)) return;
    char *painted = highlight_line(rl_line_buffer);
    if (!painted) return;
    int at = highlight_columns(rl_line_buffer, rl_point);
    fprintf(rl_outstream, "\r\033[%dC%s\r\033[%dC", prompt, painted, prompt + at);
    fflush(rl_outstream);
    free(painted);
}

/* ---- completion ---- */

/* aio.prompt.complete(text before the cursor, word): a list, owned; FAIL: none. */
static Ref ask_library(const char *before, const char *word)
{
    Session *session = editing.session;
    Vm *vm = session->vm;
    Ref function = attr_get_text(vm, session->library, "complete"), text = FAIL, part = FAIL,
        found = FAIL;
    if (!failed(function)) text = str_from(vm, before);
    if (!failed(text)) part = str_from(vm, word);
    if (!failed(part)) found = call2(vm, function, text, part);
    if (failed(found)) error_clear(vm);
    decref(part);
    decref(text);
    decref(function);
    return found;
}

static char *common_start(char **matches, int count)
{
    size_t len = strlen(matches[0]);
    for (int n = 1; n < count; n++)
        for (size_t i = 0; i < len; i++)
            if (matches[n][i] != matches[0][i]) len = i;
    return strndup(matches[0], len);
}

static char **complete(const char *word, int start, int end)
{
    (void)start;
    rl_attempted_completion_over = 1;
    char *before = strndup(rl_line_buffer, (size_t)end);
    Ref found = before ? ask_library(before, word) : FAIL;
    free(before);
    int count = is_list(found) ? (int)as_list(found)->len : 0, used = 0;
    char **matches = count ? calloc((size_t)count + 2, sizeof *matches) : NULL;
    for (int n = 0; matches && n < count; n++) {
        char *owned = NULL;
        Value item = list_at(as_list(found), n);
        const char *text = is_str(item) ? str_utf8(editing.session->vm, item, NULL, &owned) : NULL;
        if (text) matches[++used] = strdup(text);
        memory_free(owned);
    }
    decref(found);
    if (!used) return free(matches), NULL;
    matches[0] = common_start(matches + 1, used);
    if (used == 1) free(matches[1]), matches[1] = NULL;
    rl_completion_append_character = 0;
    return matches;
}

/* Tab at the beginning of a line indents. */
static int on_tab(int count, int key)
{
    int at = 0;
    while (at < rl_point && strchr(" \t", rl_line_buffer[at])) at++;
    if (at < rl_point) return rl_complete(count, key);
    return rl_insert_text("    "), 0;
}

/* ---- reading ---- */

static void on_line(char *line)
{
    editing.active = false;
    rl_callback_handler_remove();
    if (!line) fputc('\n', rl_outstream);
    session_line(editing.session, line);
}

NATIVE(edit_ready, "ready()", "A key was pressed.")
{
    (void)vm, (void)argv;
    if (editing.active) rl_callback_read_char();
    return NONE;
}

static bool watch(Session *session)
{
    Vm *vm = session->vm;
    Ref function = native_function(vm, &edit_ready_def, UNDEF, UNDEF);
    Handle *handle =
        failed(function) ? NULL : handle_new(vm, borrow(session->loop), function, UNDEF, UNDEF);
    bool good = handle && loop_watch(vm, session->loop, 0, POLL_READ, from_object(handle));
    decref(function);
    return good;
}

static bool edit_ask(Session *session, const char *prompt, int indent)
{
    if (!watch(session)) return false;
    rl_callback_handler_install(prompt, on_line);
    editing.active = true;
    editing.wiped = false;
    if (indent > 0) {
        for (int n = 0; n < indent; n++) rl_insert_text(" ");
        rl_redisplay();
    }
    return true;
}

static void edit_pause(Session *session)
{
    if (editing.active) { /* left by an exception: Ctrl-C */
        editing.active = false;
        rl_free_line_state();
        rl_callback_sigcleanup();
        rl_callback_handler_remove();
        rl_replace_line("", 1);
    }
    if (!loop_watch(session->vm, session->loop, 0, POLL_READ, UNDEF)) error_clear(session->vm);
}

/* ---- history: one entry a block ---- */

static void edit_remember(Session *session, const char *block)
{
    (void)session;
    size_t len = strlen(block);
    while (len && strchr(" \t\n", block[len - 1])) len--;
    char *text = strndup(block, len);
    HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
    if (text && len && !(last && strcmp(last->line, text) == 0)) add_history(text);
    free(text);
}

/* Blocks are separated by time stamps, which is how readline tells lines of one entry from
 * entries. */
static void history_open(void)
{
    const char *home = getenv("HOME");
    using_history();
    stifle_history(HISTORY_LINES);
    history_comment_char = '#';
    history_write_timestamps = 1;
    history_multiline_entries = 1;
    if (!home || !*home || asprintf(&editing.history_path, "%s/.aio_history", home) < 0)
        editing.history_path = NULL;
    if (editing.history_path) read_history(editing.history_path);
}

/* ---- opening and closing ---- */

static bool edit_open(Session *session)
{
    editing = (Editor){.session = session, .colour = !getenv("NO_COLOR")};
    const char *kind = getenv("TERM");
    if (!kind || strcmp(kind, "dumb") == 0) editing.colour = false;
    rl_readline_name = "aio";
    rl_catch_signals = 0;
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n\"'`@$><=;|&{}()[]+-*/%,~^!";
    rl_initialize();
    rl_variable_bind("enable-bracketed-paste", "on");
    rl_bind_key('\t', on_tab);
    rl_redisplay_function = repaint;
    history_open();
    session->vm->interp->before_output = before_output;
    return true;
}

static void edit_close(Session *session)
{
    session->vm->interp->before_output = NULL;
    if (editing.history_path) write_history(editing.history_path);
    free(editing.history_path);
    rl_clear_history();
}

const Input input_edit = {"edit", edit_open, edit_ask, edit_pause, edit_remember, edit_close};
#else
typedef int NothingWithoutReadline;
#endif
