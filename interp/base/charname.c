/* charname.c - the names of characters: Unicode's names, aliases included.
 *
 * The names are in charname.bin, which tools/charname.aio makes and the assembler puts into this
 * object.  A name is the codes of its words and a zero; words 0 to 159 have the codes 1 to 160, the
 * others two bytes.  All numbers are little-endian, of 32 bits, slots of 16:
 *     how many words, runs, aliases, blocks, slots for words, slots for names there are
 *     runs:         first code point and how many names stand before; a last one beyond all
 *     aliases:      their code points
 *     offsets:      where each word begins, and where the last ends, in the words
 *     blocks:       where every 4th name begins, in the names
 *     word slots:   by the hash of a word, or in the next free one: 1 + its number; 0: free
 *     name slots:   the same of a name's bytes; the names of aliases count on from those of runs
 *     words:        NUL-terminated, the most frequent first
 *     names:        of the characters in the order of the runs, then of the aliases
 * Names that follow a rule (CJK and Tangut ideographs, Hangul syllables) are computed.
 * Source of the data: Unicode Character Database 15.0, UnicodeData.txt and NameAliases.txt. */
/* SPDX-License-Identifier: MIT */
#include "base/charname.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__asm__(".section .rodata\n"
        ".balign 4\n"
        "charname_data:\n"
        ".incbin \"interp/base/charname.bin\"\n"
        ".previous\n");
extern const uint8_t charname_data[];

enum { HEAD_BYTES = 24, ONE_BYTE = 160, BLOCK = 4 };
enum { HANGUL_FIRST = 0xAC00, HANGUL_COUNT = 11172, VOWELS = 21, TAILS = 28 };

static uint32_t number_at(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Where the tables begin, and how long they are. */
typedef struct Tables {
    uint32_t words, runs, aliases, blocks, word_slots, name_slots;
    const uint8_t *run, *alias, *offset, *block, *word_slot, *name_slot, *word, *name;
} Tables;

static Tables tables(void)
{
    const uint8_t *at = charname_data;
    Tables t = {number_at(at),      number_at(at + 4),  number_at(at + 8),     number_at(at + 12),
                number_at(at + 16), number_at(at + 20), .run = at + HEAD_BYTES};
    t.alias = t.run + 8 * (size_t)t.runs;
    t.offset = t.alias + 4 * (size_t)t.aliases;
    t.block = t.offset + 4 * ((size_t)t.words + 1);
    t.word_slot = t.block + 4 * (size_t)t.blocks;
    t.name_slot = t.word_slot + 2 * (size_t)t.word_slots;
    t.word = t.name_slot + 2 * (size_t)t.name_slots;
    t.name = t.word + number_at(t.offset + 4 * (size_t)t.words);
    return t;
}

/* ---- names that follow a rule */

static const struct {
    uint32_t first, last;
    const char *prefix;
} ideographs[] = {
    {0x3400, 0x4DBF, "CJK UNIFIED IDEOGRAPH-"},   {0x4E00, 0x9FFF, "CJK UNIFIED IDEOGRAPH-"},
    {0x20000, 0x2A6DF, "CJK UNIFIED IDEOGRAPH-"}, {0x2A700, 0x2B739, "CJK UNIFIED IDEOGRAPH-"},
    {0x2B740, 0x2B81D, "CJK UNIFIED IDEOGRAPH-"}, {0x2B820, 0x2CEA1, "CJK UNIFIED IDEOGRAPH-"},
    {0x2CEB0, 0x2EBE0, "CJK UNIFIED IDEOGRAPH-"}, {0x30000, 0x3134A, "CJK UNIFIED IDEOGRAPH-"},
    {0x31350, 0x323AF, "CJK UNIFIED IDEOGRAPH-"}, {0x17000, 0x187F7, "TANGUT IDEOGRAPH-"},
    {0x18D00, 0x18D08, "TANGUT IDEOGRAPH-"},
};
enum { IDEOGRAPHS = sizeof ideographs / sizeof *ideographs };

static const char *const leads[] = {"G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
                                    "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
static const char *const vowels[] = {"A",   "AE", "YA", "YAE", "EO", "E",  "YEO",
                                     "YE",  "O",  "WA", "WAE", "OE", "YO", "U",
                                     "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
static const char *const tails[] = {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D", "L",  "LG",
                                    "LM", "LB", "LS", "LT", "LP", "LH", "M",  "B", "BS", "S",
                                    "SS", "NG", "J",  "C",  "K",  "T",  "P",  "H"};

static int hangul_name(uint32_t index, char *name)
{
    return snprintf(name, CHARNAME_MAX, "HANGUL SYLLABLE %s%s%s", leads[index / (VOWELS * TAILS)],
                    vowels[index / TAILS % VOWELS], tails[index % TAILS]);
}

/* Is part the beginning of *text?  Then it is cut off. */
static bool cut_prefix(const char **text, const char *part)
{
    size_t len = strlen(part);
    if (strncmp(*text, part, len) != 0) return false;
    *text += len;
    return true;
}

static bool find_hangul(const char *name, uint32_t *point)
{
    for (uint32_t lead = 0; lead < HANGUL_COUNT / (VOWELS * TAILS); lead++) {
        const char *rest = name;
        if (!cut_prefix(&rest, leads[lead])) continue;
        for (uint32_t vowel = 0; vowel < VOWELS; vowel++) {
            const char *end = rest;
            if (!cut_prefix(&end, vowels[vowel])) continue;
            for (uint32_t tail = 0; tail < TAILS; tail++) {
                if (strcmp(end, tails[tail]) != 0) continue;
                *point = HANGUL_FIRST + (lead * VOWELS + vowel) * TAILS + tail;
                return true;
            }
        }
    }
    return false;
}

static bool find_by_rule(const char *name, uint32_t *point)
{
    if (cut_prefix(&name, "HANGUL SYLLABLE ")) return find_hangul(name, point);
    for (int i = 0; i < IDEOGRAPHS; i++) {
        const char *digits = name;
        if (!cut_prefix(&digits, ideographs[i].prefix)) continue;
        char *end;
        unsigned long value = strtoul(digits, &end, 16);
        if (*end || strlen(digits) < 4 || strlen(digits) > 5) continue;
        if (value < ideographs[i].first || value > ideographs[i].last) continue;
        *point = (uint32_t)value;
        return true;
    }
    return false;
}

/* ---- finding */

/* FNV-1a */
static uint32_t hash_bytes(const uint8_t *data, size_t len)
{
    uint32_t hash = 0x811C9DC5;
    for (size_t i = 0; i < len; i++) hash = (hash ^ data[i]) * 0x01000193;
    return hash;
}

/* The number in slot `at` less one; -1: it is free. */
static int64_t slot_number(const uint8_t *slots, uint32_t at)
{
    return (slots[2 * (size_t)at] | slots[2 * (size_t)at + 1] << 8) - 1;
}

/* The start of the name after the one at `at`. */
static const uint8_t *next_name(const uint8_t *at)
{
    while (*at) at += *at > ONE_BYTE ? 2 : 1;
    return at + 1;
}

static const uint8_t *name_at(const Tables *t, uint32_t index)
{
    const uint8_t *at = t->name + number_at(t->block + 4 * (size_t)(index / BLOCK));
    for (index %= BLOCK; index > 0; index--) at = next_name(at);
    return at;
}

static const char *word_at(const Tables *t, uint32_t index, size_t *len)
{
    const uint8_t *offset = t->offset + 4 * (size_t)index;
    uint32_t start = number_at(offset);
    *len = number_at(offset + 4) - start - 1;
    return (const char *)t->word + start;
}

/* The code of the word text[0:len]: how many bytes it takes; 0: no name has that word. */
static int word_code(const Tables *t, const char *text, size_t len, uint8_t code[2])
{
    uint32_t at = hash_bytes((const uint8_t *)text, len);
    for (;; at++) {
        int64_t i = slot_number(t->word_slot, at &= t->word_slots - 1);
        if (i < 0) return 0;
        size_t word_len;
        const char *word = word_at(t, (uint32_t)i, &word_len);
        if (word_len != len || memcmp(word, text, len) != 0) continue;
        code[0] = (uint8_t)(i < ONE_BYTE ? i + 1 : (i - ONE_BYTE) / 256 + ONE_BYTE + 1);
        code[1] = (uint8_t)((i - ONE_BYTE) % 256);
        return i < ONE_BYTE ? 1 : 2;
    }
}

/* The codes of a whole name and the zero; 0: it cannot be one. */
static size_t encode(const Tables *t, const char *name, uint8_t *out)
{
    size_t len = 0;
    for (;;) {
        size_t word_len = strcspn(name, " ");
        uint8_t code[2];
        int size = word_code(t, name, word_len, code);
        if (!size) return 0;
        memcpy(out + len, code, (size_t)size);
        len += (size_t)size;
        name += word_len;
        if (!*name) break;
        name++;
    }
    out[len++] = 0;
    return len;
}

enum { RUN_POINT = 0, RUN_INDEX = 4 }; /* fields of a run */

/* The number of the last run whose field is not above n. */
static uint32_t run_of(const Tables *t, uint32_t n, size_t field)
{
    uint32_t low = 0, high = t->runs;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (number_at(t->run + 8 * (size_t)middle + field) > n) high = middle;
        else low = middle;
    }
    return low;
}

/* The code point of the index-th name. */
static uint32_t point_of(const Tables *t, uint32_t index)
{
    const uint8_t *end = t->run + 8 * ((size_t)t->runs - 1);
    uint32_t names = number_at(end + RUN_INDEX);
    if (index >= names) return number_at(t->alias + 4 * (size_t)(index - names));
    const uint8_t *run = t->run + 8 * (size_t)run_of(t, index, RUN_INDEX);
    return number_at(run + RUN_POINT) + index - number_at(run + RUN_INDEX);
}

bool charname_find(const char *name, ptrdiff_t len, uint32_t *point)
{
    char upper[CHARNAME_MAX];
    uint8_t code[2 * CHARNAME_MAX];
    if (len <= 0 || len >= CHARNAME_MAX) return false;
    for (ptrdiff_t i = 0; i < len; i++)
        upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
    upper[len] = 0;
    if (find_by_rule(upper, point)) return true;
    const Tables t = tables();
    size_t size = encode(&t, upper, code);
    if (!size) return false;
    for (uint32_t at = hash_bytes(code, size);; at++) {
        int64_t i = slot_number(t.name_slot, at &= t.name_slots - 1);
        if (i < 0) return false;
        const uint8_t *found = name_at(&t, (uint32_t)i);
        if ((size_t)(next_name(found) - found) != size || memcmp(found, code, size) != 0) continue;
        *point = point_of(&t, (uint32_t)i);
        return true;
    }
}

/* ---- telling */

static int decode(const Tables *t, const uint8_t *at, char *name)
{
    size_t len = 0, word_len;
    while (*at) {
        uint32_t i = *at <= ONE_BYTE ? *at - 1u : (*at - ONE_BYTE - 1u) * 256 + at[1] + ONE_BYTE;
        const char *word = word_at(t, i, &word_len);
        if (len) name[len++] = ' ';
        memcpy(name + len, word, word_len);
        len += word_len;
        at += *at > ONE_BYTE ? 2 : 1;
    }
    name[len] = 0;
    return (int)len;
}

int charname_of(uint32_t point, char name[CHARNAME_MAX])
{
    for (int i = 0; i < IDEOGRAPHS; i++)
        if (point >= ideographs[i].first && point <= ideographs[i].last)
            return snprintf(name, CHARNAME_MAX, "%s%04X", ideographs[i].prefix, point);
    if (point - HANGUL_FIRST < HANGUL_COUNT) return hangul_name(point - HANGUL_FIRST, name);
    const Tables t = tables();
    const uint8_t *run = t.run + 8 * (size_t)run_of(&t, point, RUN_POINT);
    uint32_t first = number_at(run + RUN_POINT), index = number_at(run + RUN_INDEX);
    if (point < first || run == t.run + 8 * ((size_t)t.runs - 1)) return 0;
    if (point - first >= number_at(run + 8 + RUN_INDEX) - index) return 0;
    return decode(&t, name_at(&t, index + point - first), name);
}
