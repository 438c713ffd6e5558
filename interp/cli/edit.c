/* edit.c - lines for the prompt from a terminal, edited with readline.
 *
 * readline runs in its callback form: the loop watches standard input and calls us for each key,
 * so tasks go on while a line is edited.  Before anything is written to the terminal meanwhile
 * (Interp.before_output) the edited line is wiped; it is drawn again when the loop's turn is
 * over.  Colours are painted over what readline has drawn (screen.c), so that readline's own
 * bookkeeping stays true.  readline has one line buffer for the process and hands no state to its
 * callbacks: `editing` is the session it works for, a global that the library forces on us.
 * Neighbours: repl.h, plain.c (without a terminal), stdlib/aio/prompt.aio (completion). */
/* SPDX-License-Identifier: MIT */
#ifdef AIO_READLINE
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "cli/repl.h"
#include "cli/screen.h"
#include "loop/handle.h"
#include "loop/job.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/list.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/signals.h"

enum { HISTORY_LINES = 2000, HISTORY_FILE_LINES = 10000 };

typedef struct Editor {
    Session *session;
    bool active; /* a line is on the screen */
    bool wiped;  /* ... and has been wiped for somebody's output */
    bool dumb;   /* the terminal knows no escape sequences */
    bool colour;
    int column; /* where that output ended: not 0 when no newline did */
    int width;  /* of the terminal when it was last looked at; 0: never */
    char *history_path;
} Editor;

static Editor editing;

static const char *shown_prompt(void) { return rl_display_prompt ? rl_display_prompt : ""; }

static int screen_columns(int *rows)
{
    int columns, unused;
    rl_get_screen_size(rows ? rows : &unused, &columns);
    return columns;
}

/* ---- output above the line ---- */

static void draw_again(void)
{
    editing.wiped = false;
    rl_on_new_line();
    rl_forced_update_display();
}

static bool redraw(Vm *vm, Job *job, Value arg)
{
    (void)vm, (void)job, (void)arg;
    if (!editing.active || !editing.wiped) return true;
    if (editing.column) fputc('\n', rl_outstream);
    draw_again();
    return true;
}

/* Wipes the line; the cursor goes to where the last output ended. */
static void wipe(Vm *vm)
{
    rl_clear_visible_line();
    if (editing.column && !editing.dumb) fprintf(rl_outstream, "\033[A\r\033[%dC", editing.column);
    fflush(rl_outstream);
    editing.wiped = true;
    Job *job = job_new(vm, redraw, UNDEF, UNDEF);
    if (!job || !loop_ready(vm, editing.session->loop, ENTRY_NATIVE, job, UNDEF))
        error_unraisable(vm, "Exception ignored while the line was drawn", UNDEF);
    if (vm != editing.session->vm) loop_wake(editing.session->loop);
}

/* Interp.before_output: a stream is about to write data to fd. */
static void before_output(Vm *vm, int fd, const char *data, size_t len)
{
    if (!editing.active || !isatty(fd) || len == 0) return;
    if (!editing.wiped) wipe(vm);
    editing.column = screen_column_after(editing.column, data, len, screen_columns(NULL));
}

/* ---- colours ---- */

static void repaint(void)
{
    if (editing.wiped) return;
    rl_redisplay();
    if (!editing.colour || !rl_line_buffer || RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH))
        return;
    int rows, columns = screen_columns(&rows);
    screen_paint(rl_outstream, shown_prompt(), rl_line_buffer, (size_t)rl_point, rows, columns);
}

/* ---- signals, while a line is edited ---- */

/* The terminal has another width, and has wrapped anew what stands on it. */
static void resized(void)
{
    rl_reset_screen_size();
    if (editing.wiped || editing.dumb) return;
    Place at = screen_place(shown_prompt(), rl_line_buffer, (size_t)rl_point, screen_columns(NULL));
    if (at.row > 0) fprintf(rl_outstream, "\033[%dA", at.row);
    fputs("\r\033[J", rl_outstream);
    draw_again();
}

/* Keys may be read before the signal that tells of another width. */
static void look_at_width(void)
{
    struct winsize now;
    if (ioctl(fileno(rl_outstream), TIOCGWINSZ, &now) != 0 || now.ws_col == editing.width) return;
    bool known = editing.width > 0;
    editing.width = now.ws_col;
    if (known) resized();
}

/* Ctrl-Z: the shell gets the terminal as it was, and we take it again afterwards. */
static void stopped(void)
{
    fputc('\n', rl_outstream);
    rl_deprep_terminal();
    fflush(rl_outstream);
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    rl_prep_terminal(1);
    rl_reset_screen_size();
    draw_again();
}

static void catch_signals(Vm *vm, bool on);

NATIVE(edit_signal, "signal(number, frame)", "The terminal was resized, or Ctrl-Z pressed.")
{
    if (argv[0] == from_small(SIGWINCH)) {
        if (editing.active) resized();
        return NONE;
    }
    if (!editing.active) { /* the line was entered meanwhile: what it does is stopped */
        signal(SIGTSTP, SIG_DFL);
        raise(SIGTSTP);
        return NONE;
    }
    stopped();
    catch_signals(vm, true);
    return NONE;
}

static bool is_default(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

/* Unless the session has handlers of its own. */
static void catch_signals(Vm *vm, bool on)
{
    static const int numbers[] = {SIGWINCH, SIGTSTP};
    Ref ours = native_function(vm, &edit_signal_def, UNDEF, UNDEF);
    for (int n = 0; n < 2 && !failed(ours); n++) {
        Value now = signal_get(vm, numbers[n]);
        bool set = is_native(now) && as_native(now)->native == &edit_signal_def;
        if (on ? set || is_default(numbers[n]) : set)
            decref(signal_set(vm, numbers[n], on ? (Value)ours : (Value)NONE));
    }
    if (failed(ours)) error_unraisable(vm, "Exception ignored while signals were set", UNDEF);
    decref(ours);
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
    if (failed(found) && error_is(vm, MemoryError))
        error_unraisable(vm, "Exception ignored while a word was completed", UNDEF);
    else if (failed(found)) error_clear(vm);
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

/* Does the line begin with a command that takes the name of a file or a task (load, save, why,
 * cancel), and the cursor stand there? */
static bool wants_argument(void)
{
    return rl_line_buffer[0] == ':' && strchr("lswc", rl_line_buffer[1]) &&
           memchr(rl_line_buffer, ' ', (size_t)rl_point);
}

/* Does a string begin before the cursor that has not ended? */
static bool in_string(void)
{
    char quote = 0;
    for (int n = 0; n < rl_point; n++) {
        char c = rl_line_buffer[n];
        if (quote && c == '\\') n++;
        else if (quote ? c == quote : c == '"' || c == '\'') quote = quote ? 0 : c;
        else if (!quote && c == '#') return false;
    }
    return quote;
}

/* What ends a word: in a file's name less than elsewhere. */
static char *word_breaks(void)
{
    static char of_names[] = " \t\n\"'`@$><=;|&{}()[]+-*/%,~^!:", of_files[] = "\t\n\"'",
                of_arguments[] = " ";
    if (rl_line_buffer[0] == ':' && !memchr(rl_line_buffer, ' ', (size_t)rl_point)) return of_files;
    return wants_argument() ? of_arguments : in_string() ? of_files : of_names;
}

/* Shows the choices: of a dotted name the last part only. */
static void show_choices(char **matches, int count, int longest)
{
    int skip = 0;
    for (const char *at = matches[0]; *at; at++)
        if (*at == '.' || *at == '/') skip = (int)(at - matches[0]) + 1;
    for (int n = 1; n <= count; n++)
        memmove(matches[n], matches[n] + skip, strlen(matches[n] + skip) + 1);
    rl_display_match_list(matches, count, longest - skip);
    rl_forced_update_display();
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

/* Tab at the beginning of a line indents; elsewhere it completes, the second time it lists. */
static int on_tab(int count, int key)
{
    int at = rl_point;
    while (at > 0 && strchr(" \t", rl_line_buffer[at - 1])) at--;
    if (at == 0 || rl_line_buffer[at - 1] == '\n') return rl_insert_text("    "), 0;
    if (rl_last_func == on_tab) rl_last_func = rl_complete;
    return rl_complete(count, key);
}

/* ---- up and down: through the lines of a block, then through the history ---- */

/* The place in the line that begins at `start`, as many bytes from there as `column`. */
static int place_in_line(int start, int column)
{
    int at = start, end = start + (int)strcspn(rl_line_buffer + start, "\n");
    at = end - start < column ? end : start + column;
    while (at > start && (rl_line_buffer[at] & 0xc0) == 0x80) at--; /* within a character */
    return at;
}

static int line_start(int at)
{
    while (at > 0 && rl_line_buffer[at - 1] != '\n') at--;
    return at;
}

static int on_up(int count, int key)
{
    int start = line_start(rl_point);
    if (start == 0) return rl_get_previous_history(count, key);
    rl_point = place_in_line(line_start(start - 1), rl_point - start);
    return 0;
}

static int on_down(int count, int key)
{
    int start = line_start(rl_point), next = start + (int)strcspn(rl_line_buffer + start, "\n");
    if (next == rl_end) return rl_get_next_history(count, key);
    rl_point = place_in_line(next + 1, rl_point - start);
    return 0;
}

static int on_home(int count, int key)
{
    (void)count, (void)key;
    rl_point = line_start(rl_point);
    return 0;
}

static int on_end(int count, int key)
{
    (void)count, (void)key;
    rl_point += (int)strcspn(rl_line_buffer + rl_point, "\n");
    return 0;
}

/* Unless ~/.inputrc has given the keys another meaning. */
static void bind_arrows(void)
{
    static const struct {
        const char *keys;
        rl_command_func_t *usual, *ours;
    } rows[] = {
        {"\033[A", rl_get_previous_history, on_up}, {"\033OA", rl_get_previous_history, on_up},
        {"\033[B", rl_get_next_history, on_down},   {"\033OB", rl_get_next_history, on_down},
        {"\033[H", rl_beg_of_line, on_home},        {"\033OH", rl_beg_of_line, on_home},
        {"\033[1~", rl_beg_of_line, on_home},       {"\001", rl_beg_of_line, on_home},
        {"\033[F", rl_end_of_line, on_end},         {"\033OF", rl_end_of_line, on_end},
        {"\033[4~", rl_end_of_line, on_end},        {"\005", rl_end_of_line, on_end}};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++)
        if (rl_function_of_keyseq(rows[n].keys, NULL, NULL) == rows[n].usual)
            rl_bind_keyseq(rows[n].keys, rows[n].ours);
}

/* ---- reading ---- */

static void on_line(char *line)
{
    editing.active = false;
    rl_callback_handler_remove();
    if (!line && editing.dumb) fputc('\n', rl_outstream); /* else readline did */
    session_line(editing.session, line);
}

/* Ctrl-D at an indent that nobody typed ends the block. */
static int read_key(FILE *in)
{
    int key = rl_getc(in);
    if (key == ('D' & 31) && rl_end > 0 && !rl_line_buffer[strspn(rl_line_buffer, " ")])
        rl_replace_line("", 0);
    return key;
}

NATIVE(edit_ready, "ready()", "A key was pressed.")
{
    (void)vm, (void)argv;
    if (editing.active) look_at_width();
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

/* In the locale C, which says nothing of the user, text is UTF-8 all the same; readline goes back
 * to C for each line. */
static void use_utf8(void)
{
    if (strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") != 0 || !setlocale(LC_CTYPE, "C.UTF-8"))
        return;
    rl_variable_bind("input-meta", "on");
    rl_variable_bind("output-meta", "on");
    rl_variable_bind("convert-meta", "off");
}

static bool edit_ask(Session *session, const char *prompt, int indent)
{
    if (!watch(session)) return false;
    rl_reset_screen_size();
    rl_callback_handler_install(prompt, on_line);
    use_utf8();
    editing.active = true;
    editing.wiped = false;
    editing.column = 0;
    catch_signals(session->vm, true);
    if (indent > 0) {
        for (int n = 0; n < indent; n++) rl_insert_text(" ");
        rl_redisplay();
    }
    return true;
}

static void edit_pause(Session *session)
{
    catch_signals(session->vm, false);
    if (editing.active) { /* left by an exception: Ctrl-C */
        rl_point = rl_end;
        repaint();
        editing.active = false;
        rl_free_line_state();
        rl_callback_sigcleanup();
        rl_callback_handler_remove();
        rl_replace_line("", 1);
    }
    if (!loop_watch(session->vm, session->loop, 0, POLL_READ, UNDEF)) error_clear(session->vm);
}

/* ---- history: one entry a block ---- */

/* The last entry goes to the file at once: other sessions write there, and a terminal may be closed
 * at any time. */
static void history_append(void)
{
    if (!editing.history_path) return;
    int fd = open(editing.history_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    close(fd);
    append_history(1, editing.history_path);
}

static void edit_remember(Session *session, const char *block)
{
    (void)session;
    size_t len = strlen(block);
    while (len && strchr(" \t\n", block[len - 1])) len--;
    char *text = strndup(block, len);
    HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
    if (text && len && !(last && strcmp(last->line, text) == 0)) {
        add_history(text);
        history_append();
    }
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
    const char *kind = getenv("TERM");
    bool dumb = !kind || !*kind || strcmp(kind, "dumb") == 0,
         plain = flags_colour(&session->vm->interp->flags) == COLOUR_NEVER;
    editing = (Editor){.session = session, .dumb = dumb, .colour = !dumb && !plain};
    rl_readline_name = "aio";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_getc_function = read_key;
    rl_attempted_completion_function = complete;
    rl_completion_word_break_hook = word_breaks;
    rl_basic_quote_characters = ""; /* a quote is not closed for the user */
    rl_completion_display_matches_hook = show_choices;
    rl_initialize();
    rl_variable_bind("enable-bracketed-paste", dumb ? "off" : "on");
    rl_bind_key('\t', on_tab);
    bind_arrows();
    rl_redisplay_function = repaint;
    history_open();
    session->vm->interp->before_output = before_output;
    return true;
}

static void edit_close(Session *session)
{
    session->vm->interp->before_output = NULL;
    if (editing.history_path) history_truncate_file(editing.history_path, HISTORY_FILE_LINES);
    free(editing.history_path);
    rl_clear_history();
}

const Input input_edit = {"edit", edit_open, edit_ask, edit_pause, edit_remember, edit_close};
#else
typedef int NothingWithoutReadline;
#endif
