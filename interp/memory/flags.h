/* flags.h - what the command line asked of the interpreter.
 *
 * cli/options.c fills it in before the interpreter opens; from then on it is only read.
 * Neighbours: flags.def (the fields), modules/sysinfo.c (sys.flags). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MEMORY_FLAGS_H
#define AIO_MEMORY_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Flags {
#define FLAG(position, name, meaning) int name;
#include "memory/flags.def"
    bool unbuffered;   /* -u */
    bool import_times; /* -X importtime */
    bool poll;         /* AIO_POLLER=poll: loops use poll(2) */
    bool plain;        /* AIO_PLAIN: reports as CPython's, nothing added */
    bool basic_prompt; /* PYTHON_BASIC_REPL: the prompt reads plain lines at a terminal too */
} Flags;

/* An environment variable that is set and not empty; NULL otherwise, and with -E. */
const char *flags_getenv(const Flags *flags, const char *name);

typedef enum ColourWish { COLOUR_AT_TERMINAL, COLOUR_NEVER, COLOUR_ALWAYS } ColourWish;

/* What the environment says of colours; what is set first decides, as in stdlib/_colorize.aio. */
ColourWish flags_colour(const Flags *flags);

#endif
