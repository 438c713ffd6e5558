/* options.h - what the command line asks for. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_OPTIONS_H
#define AIO_CLI_OPTIONS_H

#include <stdio.h>

#include "memory/flags.h"

typedef enum Action {
    RUN_PROMPT,
    RUN_FILE,
    RUN_TEXT,
    RUN_MODULE,
    RUN_STDIN,
    RUN_CHECK,
    RUN_EXPLAIN,
    RUN_PS,
    SHOW_TOKENS,
    SHOW_AST,
    SHOW_DIS,
    SHOW_VERSION,
    SHOW_BUILD,
    SHOW_HELP,
    SHOW_HELP_ENV,
    SHOW_HELP_X,
    SHOW_HELP_ALL
} Action;

/* Exit statuses (docs/command_line.md has the table). */
enum {
    STATUS_ERROR = 1,
    STATUS_USAGE = 2,
    STATUS_DEADLOCK = 70, /* every task waits for ever */
    STATUS_FLUSH = 120,   /* what was printed could not be written */
    STATUS_SIGNAL = 128,  /* plus the number of the signal that ends the process */
};

enum { TEXTS_MAX = 64 };

/* Arguments given to an option that may come several times; they point into argv. */
typedef struct Texts {
    const char *items[TEXTS_MAX];
    int count;
} Texts;

typedef struct Options {
    Action action;
    const char *target; /* file, code, module or what SHOW_* shows */
    char **args;        /* what follows, for sys.argv; points into argv */
    int arg_count;
    char **argv; /* the whole, for sys.orig_argv */
    int argc;
    Flags flags;
    Texts warnings, extra; /* of -W and -X */
    bool skip_line;        /* -x */
    bool report_faults;    /* -X faulthandler */
    const char *problem;   /* wrong use: what is wrong; NULL: all is well */
    char problem_text[160];
} Options;

/* Reads argv and the environment. */
void options_read(Options *options, int argc, char **argv);
/* The text of --help and of its siblings: of an action SHOW_HELP... */
void options_help(FILE *out, Action which);

#endif
