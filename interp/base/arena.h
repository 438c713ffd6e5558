/* arena.h - memory that is freed all at once. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_ARENA_H
#define AIO_BASE_ARENA_H

#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *blocks; /* newest first */
    char *next, *end;   /* free space of the newest block */
} Arena;

/* An empty arena; needs no memory until the first arena_alloc. */
void arena_open(Arena *arena);

/* size_bytes of zeroed memory aligned to 16.  Out of memory ends the process with a message:
 * an arena holds a syntax tree, whose size the source text bounds. */
void *arena_alloc(Arena *arena, size_t size_bytes);

/* A NUL-terminated copy of len bytes of text. */
char *arena_copy(Arena *arena, const char *text, ptrdiff_t len);

/* printf into the arena. */
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees everything allocated from arena. */
void arena_close(Arena *arena);

#endif
