/* words.h - the identifiers of one parse, each stored once; keywords are there from the start. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_WORDS_H
#define AIO_SYNTAX_WORDS_H

#include "syntax/token.h"

typedef struct Word {
    Name name; /* NULL: a free slot */
    uint32_t hash;
    int32_t len;
    uint8_t kind; /* TOK_NAME or a keyword's kind */
    uint8_t soft; /* SoftWord */
} Word;

typedef struct Words { /* a hash table with open addressing */
    Word *slots;
    uint32_t mask; /* slots - 1, a power of two minus one */
    uint32_t used;
    Arena *arena; /* where the text goes */
} Words;

/* Feeds one byte to the hash that words_find takes; start from WORD_HASH_START. */
#define WORD_HASH_START 0x811C9DC5u
static inline uint32_t word_hash(uint32_t hash, char byte)
{
    return (hash ^ (uint8_t)byte) * 0x01000193u;
}

/* Fills the table with the keywords. */
void words_open(Words *words, Arena *arena);

/* The word of that text, made when it is new.  Valid until the next call. */
const Word *words_find(Words *words, const char *text, ptrdiff_t len, uint32_t hash);

void words_close(Words *words);

#endif
