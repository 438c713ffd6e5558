/* fuzz_syntax.c - parses damaged sources; whatever happens, it must not crash.
 *
 *   fuzz_syntax ROUNDS SEED FILE...
 * Each round takes a piece of a file, damages it in a few places and parses it in each mode.  Best
 * built with -fsanitize=address,undefined.  Neighbours: interp/syntax/parser.h. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/dump.h"
#include "syntax/parser.h"

enum { PIECE_MAX = 4000 };

static uint64_t state;

static uint32_t random_below(uint32_t limit) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545F4914F6CDD1Du) >> 33) % limit;
}

static const char *const snippets[] = {
    "(",       ")",     "[",     "]",      "{",     "}",      ":",        ",",      "=",
    ":=",      "*",     "**",    "/",      "not",   "lambda", "f'",       "f'''",   "t\"",
    "{x!r:",   "\\",    "\n",    "\n    ", "\t",    "if",     "else",     "for",    "in",
    "async",   "await", "match", "case",   "type",  "_",      "print",    "yield",  "del",
    "import",  "from",  "as",    "with",   "class", "def",    "try:",     "except", "except*",
    "finally", "\\N{",  "0x",    "1_",     "1e",    "0777",   "\xc3\xa9", "\xff",   "'",
    "\"\"\"",  "#",     ";",     "@",      "->",    "!",      "!=",       "<>",     "...",
    "1if",     "u'",    "b'",    "rb'",    "elif",  "global",
};

static size_t damage(char *text, size_t len)
{
    for (uint32_t i = random_below(6); i > 0 && len > 1; i--) {
        size_t at = random_below((uint32_t)len);
        switch (random_below(4)) {
        case 0: { /* insert */
            const char *snippet = snippets[random_below(sizeof snippets / sizeof *snippets)];
            size_t size = strlen(snippet);
            memmove(text + at + size, text + at, len - at);
            memcpy(text + at, snippet, size);
            len += size;
            break;
        }
        case 1: { /* delete */
            size_t size = random_below(20);
            if (at + size > len) size = len - at;
            memmove(text + at, text + at + size, len - at - size);
            len -= size;
            break;
        }
        case 2: text[at] = (char)random_below(256); break;
        default: len = at; break; /* cut */
        }
    }
    return len;
}

static void parse_piece(const char *text, size_t len)
{
    static const ParseMode modes[] = {PARSE_FILE, PARSE_EVAL, PARSE_SINGLE,
                                      PARSE_FILE | PARSE_UTF8};
    Arena arena;
    arena_open(&arena);
    char *exact = malloc(len ? len : 1); /* so that reading past the end is noticed */
    memcpy(exact, text, len);
    ParseResult result = parse(&arena, exact, (ptrdiff_t)len, modes[random_below(4)]);
    if (!result.tree == !result.problem.message) abort();
    FILE *sink = fopen("/dev/null", "w");
    if (result.tree && sink) dump_tree_positions(sink, result.tree);
    if (sink) fclose(sink);
    free(exact);
    arena_close(&arena);
}

int main(int argc, char **argv)
{
    static char text[PIECE_MAX + 200];
    if (argc < 4) return 2;
    int rounds = atoi(argv[1]);
    state = strtoull(argv[2], NULL, 10) * 2 + 1;
    for (int i = 0; i < rounds; i++) {
        FILE *file = fopen(argv[3 + random_below((uint32_t)argc - 3)], "rb");
        if (!file) continue;
        fseek(file, 0, SEEK_END);
        long size = ftell(file);
        fseek(file, size > PIECE_MAX ? (long)random_below((uint32_t)(size - PIECE_MAX)) : 0,
              SEEK_SET);
        size_t len = fread(text, 1, 1 + random_below(PIECE_MAX), file);
        fclose(file);
        const char *newline = memchr(text, '\n', len); /* start at a line */
        size_t skip = newline && random_below(8) ? (size_t)(newline + 1 - text) : 0;
        memmove(text, text + skip, len - skip);
        parse_piece(text, damage(text, len - skip));
    }
    printf("%d rounds\n", rounds);
    return 0;
}
