/* show.h - --tokens, --ast. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_SHOW_H
#define AIO_CLI_SHOW_H

#include "cli/options.h"

/* Prints what the options ask for of their target; the exit status. */
int show_source(const Options *options);
/* All of a stream, as memory to free(); NULL: out of memory. */
char *read_stream(FILE *file, ptrdiff_t *len);

/* The text of -VV. */
void show_build(void);

#endif
