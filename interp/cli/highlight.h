/* highlight.h - a line of source with colours, for the prompt. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_HIGHLIGHT_H
#define AIO_CLI_HIGHLIGHT_H

#include <stdbool.h>

/* The line with escape sequences; free() it.  NULL: out of memory. */
char *highlight_line(const char *line);
/* How many columns the first len bytes of a line take (one a code point). */
int highlight_columns(const char *line, int len);
/* Is it one row of at most that many columns? */
bool highlight_fits(const char *line, int columns);

#endif
