/* words.c - the identifiers of one parse, each stored once.
 *
 * The slots are malloc'd and live as long as the lexer; the text lies in the arena and outlives
 * them.  Keywords are entered first, so finding a word also tells whether it is a keyword.
 * Neighbours: lexer.c (the user), grammar/tokens.def (the keywords). */
/* SPDX-License-Identifier: MIT */
#include "syntax/words.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_START = 256 };

static Word *words_allocate(uint32_t count)
{
    Word *slots = calloc(count, sizeof(Word));
    if (!slots) abort();
    return slots;
}

static void words_grow(Words *words)
{
    Word *old = words->slots;
    uint32_t count = words->mask + 1;
    words->slots = words_allocate(count * 2);
    words->mask = count * 2 - 1;
    for (uint32_t i = 0; i < count; i++) {
        if (!old[i].name) continue;
        uint32_t at = old[i].hash & words->mask;
        while (words->slots[at].name) at = (at + 1) & words->mask;
        words->slots[at] = old[i];
    }
    free(old);
}

static Word *words_slot(Words *words, const char *text, ptrdiff_t len, uint32_t hash)
{
    uint32_t at = hash & words->mask;
    for (;; at = (at + 1) & words->mask) {
        Word *word = &words->slots[at];
        if (!word->name) return word;
        if (word->hash == hash && word->len == len && !memcmp(word->name, text, (size_t)len)) {
            return word;
        }
    }
}

static Word *words_enter(Words *words, Name name, uint32_t len, uint32_t hash)
{
    Word *word = words_slot(words, name, len, hash);
    *word = (Word){.name = name, .hash = hash, .len = (int32_t)len, .kind = TOK_NAME};
    words->used++;
    return word;
}

static uint32_t text_hash(const char *text)
{
    uint32_t hash = WORD_HASH_START;
    while (*text) hash = word_hash(hash, *text++);
    return hash;
}

void words_open(Words *words, Arena *arena)
{
    static const struct {
        const char *text;
        uint8_t len, kind, soft;
    } rows[] = {
#define KEYWORD(name, text) {text, sizeof text - 1, KW_##name, SOFT_NO},
#define SOFT(name, text)    {text, sizeof text - 1, TOK_NAME, SOFT_##name},
#include "../grammar/tokens.def"
    };
    *words = (Words){.slots = words_allocate(WORDS_START), .mask = WORDS_START - 1, .arena = arena};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Word *word = words_enter(words, rows[i].text, rows[i].len, text_hash(rows[i].text));
        word->kind = rows[i].kind;
        word->soft = rows[i].soft;
    }
}

const Word *words_find(Words *words, const char *text, ptrdiff_t len, uint32_t hash)
{
    Word *word = words_slot(words, text, len, hash);
    if (word->name) return word;
    if (words->used * 2 > words->mask) words_grow(words);
    return words_enter(words, arena_copy(words->arena, text, len), (uint32_t)len, hash);
}

void words_close(Words *words)
{
    free(words->slots);
    words->slots = NULL;
}
