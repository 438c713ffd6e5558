/* syntax_tool.c - shows what the front end makes of source files; for comparing with CPython.
 *
 *   syntax_tool tree FILE...     trees with positions, or the problem
 *   syntax_tool errors FILE      FILE holds sources separated by lines of "%%"; one result a line
 *   syntax_tool parse FILE...    parses only (timing, fuzzing)
 *   syntax_tool tokens FILE...   tokens
 * Neighbours: compare_tree.py, compare_errors.py (the other side). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/dump.h"
#include "syntax/parser.h"

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*len + 1);
    if (!text || fread(text, 1, *len, file) != *len) exit(2);
    text[*len] = 0;
    fclose(file);
    return text;
}

static void show_problem(const SyntaxProblem *problem)
{
    static const char *const kinds[] = {"SyntaxError", "IndentationError", "TabError",
                                        "SyntaxError", "MemoryError"};
    printf("%s|%d|%d|%d|%d|%s\n", kinds[problem->kind], problem->pos.line, problem->pos.col + 1,
           problem->pos.end_line, problem->pos.end_col + 1, problem->message);
}

static void show(const char *text, size_t len, bool tree)
{
    Arena arena;
    arena_open(&arena);
    ParseResult result = parse(&arena, text, (ptrdiff_t)len, PARSE_FILE);
    if (!result.tree) show_problem(&result.problem);
    else if (tree) dump_tree_positions(stdout, result.tree);
    else puts("ok");
    arena_close(&arena);
}

static void show_errors(char *text)
{
    while (text) {
        char *next = strstr(text, "\n%%\n");
        size_t len = next ? (size_t)(next - text) : strlen(text);
        show(text, len, false);
        text = next ? next + 4 : NULL;
    }
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        size_t len;
        char *text = read_file(argv[i], &len);
        if (!strcmp(argv[1], "tokens")) {
            dump_tokens(stdout, text, (ptrdiff_t)len);
        } else if (!strcmp(argv[1], "errors")) {
            show_errors(text);
        } else if (!strcmp(argv[1], "tree")) {
            show(text, len, true);
        } else {
            Arena arena;
            arena_open(&arena);
            ParseResult result = parse(&arena, text, (ptrdiff_t)len, PARSE_FILE);
            if (!result.tree) printf("%s: %s\n", argv[i], result.problem.message);
            arena_close(&arena);
        }
        free(text);
    }
    return 0;
}
