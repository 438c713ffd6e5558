/* show.c - the first two stages of compilation as text: tokens and tree.
 *
 * Neither needs an interpreter.  Neighbours: syntax/dump.h (the printing), launch.c (--dis). */
/* SPDX-License-Identifier: MIT */
#include "cli/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/dump.h"
#include "syntax/parser.h"

char *read_stream(FILE *file, ptrdiff_t *len)
{
    size_t capacity = 1 << 16, used = 0;
    char *text = malloc(capacity);
    for (size_t got; text && (got = fread(text + used, 1, capacity - used, file)) > 0;) {
        used += got;
        if (used < capacity) continue;
        char *more = realloc(text, capacity *= 2);
        if (!more) free(text);
        text = more;
    }
    *len = (ptrdiff_t)used;
    return text;
}

static int show_tree(const char *name, const char *text, ptrdiff_t len)
{
    Arena arena;
    arena_open(&arena);
    ParseResult parsed = parse(&arena, text, len, PARSE_FILE);
    if (parsed.tree) dump_tree(stdout, parsed.tree);
    else
        fprintf(stderr, "%s:%d:%d: %s\n", name, parsed.problem.pos.line, parsed.problem.pos.col + 1,
                parsed.problem.message);
    int status = parsed.tree ? 0 : STATUS_ERROR;
    arena_close(&arena);
    return status;
}

int show_source(const Options *options)
{
    bool standard = strcmp(options->target, "-") == 0;
    FILE *file = standard ? stdin : fopen(options->target, "rb");
    if (!file) {
        fprintf(stderr, "aio: can't open file '%s': [Errno %d] %s\n", options->target, errno,
                strerror(errno));
        return STATUS_USAGE;
    }
    ptrdiff_t len;
    char *text = read_stream(file, &len);
    int status = STATUS_ERROR;
    if (text && options->action == SHOW_TOKENS) dump_tokens(stdout, text, len), status = 0;
    else if (text) status = show_tree(options->target, text, len);
    if (!standard) fclose(file);
    free(text);
    return status;
}

void show_build(void)
{
#ifdef __clang__
    const char *compiler = "clang";
#else
    const char *compiler = "gcc";
#endif
#ifdef AIO_READLINE
    const char *lines = "with readline";
#else
    const char *lines = "without readline";
#endif
    printf("aio 0.1.0 (Python 3.14), %s, %s %s\n", lines, compiler, __VERSION__);
}
