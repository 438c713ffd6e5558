/* screen.c - where the edited text lies on the screen: its places, its colours.
 *
 * The same reckoning as readline's: characters are as wide as wcwidth() says, a row that is full
 * goes on in the next, a wide character that does not fit too, and a newline begins a row.
 * Neighbours: edit.c (readline draws), highlight.c (the colours). */
/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <string.h>
#include <wchar.h>

#include "cli/highlight.h"

/* Bytes and columns of the character at text; width -1: it cannot be told. */
static size_t character(const char *text, size_t len, int *width)
{
    wchar_t wide;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    size_t used = mbrtowc(&wide, text, len, &state);
    if (used == 0 || used == (size_t)-1 || used == (size_t)-2) return *width = -1, 1;
    *width = wcwidth(wide);
    return used;
}

/* The place after a character of that width. */
static Place advance(Place at, int width, int columns)
{
    if (at.column + width > columns) at = (Place){at.row + 1, 0};
    at.column += width;
    if (at.column == columns && width > 0) at = (Place){at.row + 1, 0};
    return at;
}

/* Columns of a prompt's last line; what stands between \001 and \002 takes none. */
static Place after_prompt(const char *prompt, int columns)
{
    Place at = {0, 0};
    const char *line = strrchr(prompt, '\n');
    size_t len = strlen(line ? line + 1 : prompt);
    for (const char *text = line ? line + 1 : prompt; len;) {
        const char *hidden = *text == '\001' ? memchr(text, '\002', len) : NULL;
        int width = 0;
        size_t used = hidden ? (size_t)(hidden - text) + 1 : character(text, len, &width);
        if (width < 0) return (Place){-1, 0};
        at = advance(at, width, columns);
        text += used;
        len -= used;
    }
    return at;
}

Place screen_place(const char *prompt, const char *text, size_t len, int columns)
{
    Place at = after_prompt(prompt, columns);
    for (size_t n = 0, used; n < len && at.row >= 0; n += used) {
        int width = 0;
        used = text[n] == '\n' ? 1 : character(text + n, len - n, &width);
        if (width < 0) return (Place){-1, 0};
        at = text[n] == '\n' ? (Place){at.row + 1, 0} : advance(at, width, columns);
    }
    return at;
}

/* Moves the cursor; rows that are there already. */
static void move(FILE *out, Place from, Place to)
{
    if (to.row < from.row) fprintf(out, "\033[%dA", from.row - to.row);
    if (to.row > from.row) fprintf(out, "\033[%dB", to.row - from.row);
    fputc('\r', out);
    if (to.column > 0) fprintf(out, "\033[%dC", to.column);
}

/* Writes text from a place, row by row; the place after it. */
static Place write_rows(FILE *out, Place at, const char *text, size_t len, int columns)
{
    for (size_t n = 0, used; n < len; n += used) {
        int width = 0;
        used = text[n] == '\n' ? 1 : character(text + n, len - n, &width);
        Place next = text[n] == '\n' ? (Place){at.row + 1, 0} : advance(at, width, columns);
        bool wraps_first = next.row > at.row && next.column == width && width > 0;
        if (wraps_first) move(out, at, (Place){next.row, 0});
        if (text[n] != '\n') fwrite(text + n, 1, used, out);
        if (next.row > at.row && !wraps_first) move(out, at, next);
        at = next;
    }
    return at;
}

void screen_paint(FILE *out, const char *prompt, const char *text, size_t point, int rows,
                  int columns)
{
    Place at = after_prompt(prompt, columns), cursor = screen_place(prompt, text, point, columns),
          end = screen_place(prompt, text, strlen(text), columns);
    if (at.row < 0 || end.row < 0 || end.row >= rows || columns < 2) return;
    move(out, cursor, at);
    bool defines = false;
    while (*text) {
        const char *colour;
        size_t len = highlight_piece(text, &colour, &defines);
        if (colour) fputs(colour, out);
        at = write_rows(out, at, text, len, columns);
        if (colour) fputs(HIGHLIGHT_RESET, out);
        text += len;
    }
    move(out, at, cursor);
    fflush(out);
}

int screen_column_after(int from, const char *data, size_t len, int columns)
{
    const char *newline = memrchr(data, '\n', len);
    size_t begin = newline ? (size_t)(newline - data) + 1 : 0;
    Place at = {0, newline ? 0 : from};
    for (size_t n = begin, used; n < len; n += used) {
        int width;
        used = character(data + n, len - n, &width);
        if (width < 0) return 0;
        at = advance(at, width, columns);
    }
    return at.column;
}
