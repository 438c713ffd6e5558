/* options.c - reading the command line and the environment.
 *
 * As python does: one-letter options may stand together (-uB) and hold their argument (-Werror);
 * -c and -m end the options, and so does the first word that is none.  The rows are in
 * options.def.
 * Neighbours: launch.c (does what is asked), memory/flags.h. */
/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void options_push(Texts *texts, const char *text)
{
    if (texts->count < TEXTS_MAX) texts->items[texts->count++] = text;
}

static void problem(Options *o, const char *before, const char *what, const char *after)
{
    if (o->problem) return;
    snprintf(o->problem_text, sizeof o->problem_text, "%s%s%s", before, what, after);
    o->problem = o->problem_text;
}

static void options_digits(Options *o, const char *source, const char *text)
{
    char *end;
    long digits = strtol(text, &end, 10);
    if (end == text || *end || digits < 0 || (digits && digits < 640) || digits > 0x7fffffff)
        problem(o, source, ": the limit must be 0 or at least 640, not ", text);
    else o->flags.int_max_str_digits = (int)digits;
}

static void options_seed(Options *o, const char *text)
{
    char *end;
    unsigned long long seed = strtoull(text, &end, 10);
    if (strcmp(text, "random") == 0) return;
    if (end == text || *end || *text == '-' || seed > 0xffffffff)
        problem(o, "PYTHONHASHSEED must be \"random\" or an integer from 0 to 4294967295, not ",
                text, "");
}

static void options_utf8(Options *o, const char *source, const char *text)
{
    if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
        problem(o, source, ": 0 or 1, not ", text);
    else o->flags.utf8_mode = *text == '1';
}

static void options_cpus(Options *o, const char *text)
{
    char *end;
    if (strcmp(text, "default") != 0 && (strtol(text, &end, 10) < 1 || *end))
        problem(o, "-X cpu_count: a number from 1 on, or \"default\", not ", text, "");
}

static void options_isolate(Options *o)
{
    o->flags.isolated++;
    o->flags.ignore_environment++;
    o->flags.no_user_site++;
    o->flags.safe_path++;
}

/* PYTHONOPTIMIZE=2 means 2, and any other text 1. */
static void options_level(int *level, const char *text)
{
    int asked = atoi(text);
    if (asked < 1) asked = strcmp(text, "0") == 0 ? 0 : 1;
    if (asked > *level) *level = asked;
}

/* -X NAME or NAME=VALUE; names that are not known are kept for sys._xoptions. */
static void options_extra(Options *o, const char *text)
{
    options_push(&o->extra, text);
    if (strcmp(text, "dev") == 0) o->flags.dev_mode = 1;
    else if (strcmp(text, "importtime") == 0) o->flags.import_times = true;
    else if (strcmp(text, "faulthandler") == 0) o->report_faults = true;
    else if (strcmp(text, "warn_default_encoding") == 0) o->flags.warn_default_encoding = 1;
    else if (strncmp(text, "utf8=", 5) == 0) options_utf8(o, "-X utf8", text + 5);
    else if (strncmp(text, "cpu_count=", 10) == 0) options_cpus(o, text + 10);
    else if (strncmp(text, "int_max_str_digits=", 19) == 0)
        options_digits(o, "-X int_max_str_digits", text + 19);
}

/* ---- argv ---- */

/* How an option's letter is served: false when there is none of that letter. */
static bool apply(Options *o, char letter, const char *text)
{
    switch (letter) {
#define OPTION(key, argument, statement, meaning)                                                  \
    case key:                                                                                      \
        statement;                                                                                 \
        return true;
#define RARE_OPTION OPTION
#include "cli/options.def"
    default: (void)text; return false;
    }
}

static bool wants_argument(char letter)
{
    static const struct {
        char letter;
        bool argument;
    } rows[] = {
#define OPTION(key, argument, statement, meaning) {key, (argument) != NULL},
#define RARE_OPTION                               OPTION
#include "cli/options.def"
    };
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++)
        if (rows[n].letter == letter) return rows[n].argument;
    return false;
}

/* One word of letters, at argv[at]; returns the index of the next word. */
static int read_letters(Options *o, int at)
{
    for (const char *letter = o->argv[at++] + 1; *letter && !o->problem; letter++) {
        char name[2] = {*letter, 0};
        const char *text = NULL;
        if (wants_argument(*letter)) {
            text = letter[1] ? letter + 1 : at < o->argc ? o->argv[at++] : NULL;
            if (!text) problem(o, "argument expected for the -", name, " option");
        }
        if (o->problem) break;
        if (!apply(o, *letter, text)) problem(o, "unknown option -", name, " (see aio --help)");
        if (o->action == RUN_TEXT || o->action == RUN_MODULE) o->target = text;
        if (text || (o->action != RUN_PROMPT && o->action != SHOW_VERSION)) break;
    }
    return at;
}

static int read_long(Options *o, int at)
{
    const char *name = o->argv[at++] + 2;
    static const struct {
        const char *name, *argument;
    } rows[] = {
#define LONG(key, argument, statement, meaning) {key, argument},
#define RARE_LONG                               LONG
#include "cli/options.def"
    };
    int row = 0, count = (int)(sizeof rows / sizeof *rows);
    while (row < count && strcmp(rows[row].name, name) != 0) row++;
    if (row == count) return problem(o, "unknown option --", name, " (see aio --help)"), at;
    if (rows[row].argument && at >= o->argc)
        return problem(o, "argument expected for the --", name, " option"), at;
    int n = 0;
#define LONG(key, argument, statement, meaning)                                                    \
    if (n++ == row) statement;
#define RARE_LONG LONG
#include "cli/options.def"
    if (rows[row].argument) o->target = o->argv[at++];
    return at;
}

/* The first word that is no option: a script, `-`, or one of aio's own commands. */
static int read_target(Options *o, int at)
{
    const char *word = o->argv[at++];
    o->target = word;
    o->action = strcmp(word, "-") == 0                                   ? RUN_STDIN
                : strcmp(word, "check") == 0                             ? RUN_CHECK
                : strcmp(word, "explain") == 0                           ? RUN_EXPLAIN
                : strcmp(word, "ps") == 0 || strcmp(word, "pstree") == 0 ? RUN_PS
                                                                         : RUN_FILE;
    return at;
}

static void read_environment(Options *o)
{
    const char *text;
#define VARIABLE(name, statement, meaning)                                                         \
    if ((text = flags_getenv(&o->flags, name))) statement;
#define RARE_VARIABLE VARIABLE
#include "cli/options.def"
}

void options_read(Options *options, int argc, char **argv)
{
    int at = 1;
    *options = (Options){
        .argc = argc, .argv = argv, .flags = {.int_max_str_digits = 4300, .utf8_mode = 1}};
    while (at < argc && options->action == RUN_PROMPT && !options->problem) {
        const char *word = argv[at];
        if (strcmp(word, "--") == 0) {
            if (++at < argc) at = read_target(options, at);
            break;
        }
        at = word[0] != '-' || !word[1] ? read_target(options, at)
             : word[1] == '-'           ? read_long(options, at)
                                        : read_letters(options, at);
    }
    read_environment(options);
    if (options->action == RUN_PROMPT && !options->flags.interactive && !isatty(0))
        options->action = RUN_STDIN;
    if (!options->target) options->target = "";
    options->args = argv + at;
    options->arg_count = argc - at;
}

/* ---- help ---- */

static void help_row(FILE *out, const char *left, const char *meaning)
{
    fprintf(out, "  %-26s %s\n", left, meaning);
}

static void help_option(FILE *out, const char *dashes, const char *name, const char *argument,
                        const char *meaning)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s%s", dashes, name, argument ? " " : "",
             argument ? argument : "");
    help_row(out, left, meaning);
}

static bool told_in(Action which, const char *group)
{
    bool x = strcmp(group, "-X") == 0, environment = strcmp(group, "environment") == 0;
    return which == SHOW_HELP_ALL || (which == SHOW_HELP_X && x) ||
           (which == SHOW_HELP_ENV && environment) || (which == SHOW_HELP && !x);
}

void options_help(FILE *out, Action which)
{
    bool told = false, rare = which != SHOW_HELP;
    if (which == SHOW_HELP || which == SHOW_HELP_ALL)
        fputs("usage: aio [option ...] [script.aio | folder | zip | -c CODE | -m MODULE | -] "
              "[argument ...]\n"
              "       aio check FILE ...      what can be known without running\n"
              "       aio explain CODE        a finding or a message, with examples\n"
              "       aio ps PID              the tasks of a running aio process\n"
              "       aio pstree PID          the same as a tree: who awaits whom\n"
              "Without a script: the prompt; standard input when that is no terminal.\n\n",
              out);
    const char *between = "";
#define GROUP(title)                                                                               \
    if ((told = told_in(which, title))) fprintf(out, "%s%s\n", between, title), between = "\n";
#define OPTION(letter, argument, statement, meaning)                                               \
    if (told) help_option(out, "-", (char[]){letter, 0}, argument, meaning);
#define LONG(name, argument, statement, meaning)                                                   \
    if (told) help_option(out, "--", name, argument, meaning);
#define VARIABLE(name, statement, meaning)                                                         \
    if (told) help_row(out, name, meaning);
#define XOPTION(name, meaning)                                                                     \
    if (told) help_row(out, name, meaning);
#define RARE_OPTION(letter, argument, statement, meaning)                                          \
    if (told && rare) help_option(out, "-", (char[]){letter, 0}, argument, meaning);
#define RARE_LONG(name, argument, statement, meaning)                                              \
    if (told && rare) help_option(out, "--", name, argument, meaning);
#define RARE_VARIABLE(name, statement, meaning)                                                    \
    if (told && rare) help_row(out, name, meaning);
#include "cli/options.def"
}
