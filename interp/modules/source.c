/* source.c - reading source files, and the source text of a value. */
/* SPDX-License-Identifier: MIT */
#include "modules/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compiler.h"
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

bool source_text_open(Vm *vm, Value value, const char *who, const char *wanted, SourceText *out)
{
    *out = (SourceText){.text = NULL};
    if (is_str(value)) {
        out->text = str_utf8(vm, value, &out->len, &out->owned);
        if (!out->text) return false;
        out->mode = PARSE_UTF8;
    } else {
        if (!type_of(vm, value)->slots.buffer)
            return throw(vm, TypeError, "%s must be a %s", who, wanted), false;
        if (!buffer_get(vm, value, &out->buffer, false)) return false;
        out->text = out->buffer.data;
        out->len = out->buffer.len;
    }
    if (!memchr(out->text, 0, (size_t)out->len)) return true;
    throw(vm, SyntaxError, "source code string cannot contain null bytes");
    source_text_close(vm, out);
    return false;
}

void source_text_close(Vm *vm, SourceText *source)
{
    memory_free(source->owned);
    if (source->buffer.data) buffer_release(vm, &source->buffer);
}
