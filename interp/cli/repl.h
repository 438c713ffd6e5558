/* repl.h - the prompt: a session that reads, runs and shows, on a loop of its own.
 *
 * repl.c runs the session; where lines come from is an Input (edit.c: readline; plain.c: anything
 * else). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_REPL_H
#define AIO_CLI_REPL_H

#include "loop/loop.h"
#include "object/dict.h"

typedef struct Session Session;

/* A source of lines.  It runs while the loop waits: its descriptor is watched, and each line goes
 * to session_line. */
typedef struct Input {
    const char *name;
    bool (*open)(Session *session);
    /* Shows the prompt and begins to read a line that starts with `indent` blanks; false: raised.
     * */
    bool (*ask)(Session *session, const char *prompt, int indent);
    void (*pause)(Session *session); /* gives the terminal back to what is run */
    void (*remember)(Session *session, const char *block); /* for the history */
    void (*close)(Session *session);
} Input;

struct Session {
    Vm *vm;
    Dict *names; /* the globals of what is typed */
    Loop *loop;  /* the runner's; borrowed */
    Ref runner;  /* asyncio.Runner */
    Ref library; /* module aio.prompt */
    const Input *input;
    void *input_state; /* of plain.c */
    char *block;       /* lines of a statement so far, with newlines; NULL: none */
    char *line;        /* the last line read (free()), or NULL: the end of the input */
    bool got_line;
    bool warned; /* that tasks still run: the next end of input ends the session */
    bool ended;
    bool terminal; /* both standard input and output are one */
    int serial;    /* of the next input, for its file name */
    int status;
};

/* Reads and runs, with names as the globals, until the end of the input or exit(); the exit
 * status.  After a script AIOSTARTUP is not asked. */
int repl_run(Vm *vm, Dict *names, bool after_script);

/* What an Input calls: a line (malloc'd, stolen), or NULL at the end. */
void session_line(Session *session, char *line);

extern const Input input_plain;
#ifdef AIO_READLINE
extern const Input input_edit;
#endif

#endif
