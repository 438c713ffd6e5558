/* screen.h - where the edited text lies on the screen. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_SCREEN_H
#define AIO_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A place, from the row and column at which the prompt begins. */
typedef struct Place {
    int row, column;
} Place;

/* Where the cursor stands after the prompt and the first len bytes of text, on a screen of that
 * many columns; row -1: not known (tabs, control characters, broken bytes). */
Place screen_place(const char *prompt, const char *text, size_t len, int columns);
/* Paints text, which stands on the screen, with colours over itself; the cursor, which is at byte
 * `point`, returns there.  Nothing happens when text is not wholly on the screen. */
void screen_paint(FILE *out, const char *prompt, const char *text, size_t point, int rows,
                  int columns);
/* The column after data was written at column `from`; 0: at the beginning, or not known. */
int screen_column_after(int from, const char *data, size_t len, int columns);

#endif
