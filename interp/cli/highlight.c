/* highlight.c - colours for source, while it is typed.
 *
 * It looks at words, numbers, strings and comments only: what is typed does not parse yet.
 * Neighbours: screen.c (puts them on the screen). */
/* SPDX-License-Identifier: MIT */
#include "cli/highlight.h"

#include <ctype.h>
#include <string.h>

#define KEYWORD "\033[1;34m"
#define STRING  "\033[32m"
#define NUMBER  "\033[36m"
#define COMMENT "\033[31m"
#define DEFINED "\033[1m"

static bool is_keyword(const char *word, size_t len)
{
    static const char *const words[] = {
        "False",  "None",    "True",  "and",      "as",     "assert", "async",  "await",
        "break",  "case",    "class", "continue", "def",    "del",    "elif",   "else",
        "except", "finally", "for",   "from",     "global", "if",     "import", "in",
        "is",     "lambda",  "match", "nonlocal", "not",    "or",     "pass",   "raise",
        "return", "try",     "type",  "while",    "with",   "yield"};
    for (size_t n = 0; n < sizeof words / sizeof *words; n++)
        if (strlen(words[n]) == len && memcmp(words[n], word, len) == 0) return true;
    return false;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Length of the string literal at text, whose quote stands there. */
static size_t string_length(const char *text)
{
    char quote = *text;
    size_t open = text[1] == quote && text[2] == quote ? 3 : 1;
    for (size_t n = open; text[n]; n++) {
        if (text[n] == '\\' && text[n + 1]) n++;
        else if (open == 1 && text[n] == '\n') return n;
        else if (open == 1 && text[n] == quote) return n + 1;
        else if (open == 3 && strncmp(text + n, (char[]){quote, quote, quote, 0}, 3) == 0)
            return n + 3;
    }
    return strlen(text);
}

size_t highlight_piece(const char *text, const char **colour, bool *defines)
{
    size_t len = 0;
    *colour = NULL;
    if (*text == '#') return *colour = COMMENT, strcspn(text, "\n");
    if (*text == '"' || *text == '\'') return *colour = STRING, string_length(text);
    if (isdigit((unsigned char)*text)) {
        while (in_word(text[len]) || text[len] == '.') len++;
        return *colour = NUMBER, len;
    }
    while (in_word(text[len])) len++;
    if (!len) return 1;
    if ((text[len] == '"' || text[len] == '\'') && len <= 2)
        return *colour = STRING, len + string_length(text + len);
    if (*defines) *colour = DEFINED;
    else if (is_keyword(text, len)) *colour = KEYWORD;
    *defines =
        (len == 3 && memcmp(text, "def", 3) == 0) || (len == 5 && memcmp(text, "class", 5) == 0);
    return len;
}
