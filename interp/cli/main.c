/* main.c - the program: reads the command line, opens an interpreter, launches, closes, leaves.
 *
 * Neighbours: options.c (the command line), launch.c (running), ending.c (leaving), interp.c. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ending.h"
#include "cli/interp.h"
#include "cli/launch.h"
#include "cli/options.h"
#include "cli/show.h"
#include "memory/alloc.h"

/* sites=FILE of len bytes at text: opens FILE to add to it. */
static int open_sites(const char *text, size_t len)
{
    char *path = strndup(text, len);
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd < 0) fprintf(stderr, "aio: AIO_DEBUG=sites cannot write %.*s\n", (int)len, text);
    free(path);
    return fd;
}

/* AIO_DEBUG; a word that is none is told. */
static Debugging read_debug(void)
{
    static const struct {
        const char *name;
        unsigned bit;
    } words[] = {{"ops", DEBUG_OPS},     {"gc", DEBUG_GC},     {"loop", DEBUG_LOOP},
                 {"cache", DEBUG_CACHE}, {"refs", DEBUG_REFS}, {"gcstress", DEBUG_GCSTRESS}};
    Debugging debugging = {0, -1, -1};
    const char *text = getenv("AIO_DEBUG");
    while (text && *text) {
        size_t len = strcspn(text, ",");
        unsigned bit = 0;
        for (size_t n = 0; n < sizeof words / sizeof *words; n++)
            if (strlen(words[n].name) == len && strncmp(text, words[n].name, len) == 0)
                bit = words[n].bit;
        debugging.bits |= bit;
        if (strncmp(text, "oom=", 4) == 0) debugging.fail_after = strtoll(text + 4, NULL, 10);
        else if (strncmp(text, "sites=", 6) == 0) debugging.sites = open_sites(text + 6, len - 6);
        else if (!bit) fprintf(stderr, "aio: AIO_DEBUG knows no %.*s\n", (int)len, text);
        text += len + (text[len] == ',');
    }
    return debugging;
}

static int run(const Options *options)
{
    Vm *vm = interp_open(read_debug(), &options->flags);
    if (!vm) {
        fputs("aio: out of memory at start-up\n", stderr);
        _exit(STATUS_ERROR); /* what is half open cannot be closed */
    }
    int status = launch(vm, options), closing = interp_close(vm);
    return status ? status : closing;
}

int main(int argc, char **argv)
{
    Options options;
    heap_prepare();
    options_read(&options, argc, argv);
    if (options.problem) {
        fprintf(stderr, "aio: %s\n", options.problem);
        return STATUS_USAGE;
    }
    switch (options.action) {
    case SHOW_HELP:
    case SHOW_HELP_ENV:
    case SHOW_HELP_X:
    case SHOW_HELP_ALL: options_help(stdout, options.action); return 0;
    case SHOW_VERSION: puts("aio 0.1.0 (Python 3.14)"); return 0;
    case SHOW_BUILD: show_build(); return 0;
    case SHOW_TOKENS:
    case SHOW_AST: return show_source(&options);
    default: ending_leave(run(&options));
    }
}
