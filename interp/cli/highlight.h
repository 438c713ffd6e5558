/* highlight.h - a text of source with colours, for the prompt. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_HIGHLIGHT_H
#define AIO_CLI_HIGHLIGHT_H

#include <stdbool.h>
#include <stddef.h>

#define HIGHLIGHT_RESET "\033[0m"

/* Length and colour (an escape sequence; NULL: none) of the word, number, string or comment at
 * text; *defines, false at first, is kept from piece to piece. */
size_t highlight_piece(const char *text, const char **colour, bool *defines);

#endif
