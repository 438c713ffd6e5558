/* arena.c - memory that is freed all at once.
 *
 * Blocks form a list, newest first; only the newest has free space.  Blocks come from calloc and
 * are used once, so what arena_alloc hands out is zero without clearing it again.  Block sizes
 * double up to BLOCK_MAX_BYTES, so a short script costs little and a long one few calls.
 * Neighbours: syntax/ (the tree lives in an arena), compiler/ (closes it). */
/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN_BYTES = 8 << 10, BLOCK_MAX_BYTES = 512 << 10, ALIGNMENT = 16 };

struct ArenaBlock {
    ArenaBlock *older;
    size_t size_bytes; /* of data */
    _Alignas(ALIGNMENT) char data[];
};

void arena_open(Arena *arena) { *arena = (Arena){0}; }

/* Adds a block with room for size_bytes and makes it the newest. */
static void arena_grow(Arena *arena, size_t size_bytes)
{
    size_t block_bytes = arena->blocks ? arena->blocks->size_bytes * 2 : BLOCK_MIN_BYTES;
    if (block_bytes > BLOCK_MAX_BYTES) block_bytes = BLOCK_MAX_BYTES;
    if (block_bytes < size_bytes) block_bytes = size_bytes;
    ArenaBlock *block = calloc(1, sizeof(ArenaBlock) + block_bytes);
    if (!block) {
        fputs("aio: out of memory while reading source text\n", stderr);
        exit(70);
    }
    block->older = arena->blocks;
    block->size_bytes = block_bytes;
    arena->blocks = block;
    arena->next = block->data;
    arena->end = block->data + block_bytes;
}

void *arena_alloc(Arena *arena, size_t size_bytes)
{
    size_bytes = (size_bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((size_t)(arena->end - arena->next) < size_bytes) arena_grow(arena, size_bytes);
    void *memory = arena->next;
    arena->next += size_bytes;
    return memory;
}

char *arena_copy(Arena *arena, const char *text, ptrdiff_t len)
{
    char *copy = arena_alloc(arena, (size_t)len + 1);
    if (len) memcpy(copy, text, (size_t)len);
    return copy;
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    char buffer[256];
    va_list args, again;
    if (!format) return arena_copy(arena, "", 0);
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(buffer, sizeof buffer, format, args);
    if (len < 0) len = 0;
    char *text = arena_alloc(arena, (size_t)len + 1);
    if (len < (int)sizeof buffer) memcpy(text, buffer, (size_t)len);
    else vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void arena_close(Arena *arena)
{
    for (ArenaBlock *block = arena->blocks, *older; block; block = older) {
        older = block->older;
        free(block);
    }
    *arena = (Arena){0};
}
