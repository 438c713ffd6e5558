/* source.c - reading source files. */
/* SPDX-License-Identifier: MIT */
#include "modules/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "object/error.h"
#include "object/str.h"

static char *read_all(FILE *file, ptrdiff_t *len)
{
    size_t capacity = 1 << 16, used = 0;
    char *text = malloc(capacity + 1);
    while (text) {
        used += fread(text + used, 1, capacity - used, file);
        if (used < capacity) break;
        char *more = realloc(text, capacity * 2 + 1);
        if (!more) free(text);
        text = more;
        capacity *= 2;
    }
    if (text && ferror(file)) {
        free(text);
        return NULL;
    }
    if (text) text[used] = 0;
    *len = (ptrdiff_t)used;
    return text;
}

char *source_read(Vm *vm, Value filename, ptrdiff_t *len)
{
    char *owned = NULL;
    const char *path = str_utf8(vm, filename, NULL, &owned);
    if (!path) return NULL;
    errno = 0;
    FILE *file = fopen(path, "rb");
    memory_free(owned);
    char *text = file ? read_all(file, len) : NULL;
    if (!text) throw_errno(vm, errno ? errno : ENOMEM, filename);
    if (file) fclose(file);
    return text;
}
