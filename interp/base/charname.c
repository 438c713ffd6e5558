/* charname.c - the names of characters: Unicode's names, aliases included.
 *
 * The names are in charname.bin, which tools/charname.aio makes and the assembler puts into this
 * object.  All numbers are little-endian and 32 bits: words, bytes of words, runs, bytes of names,
 * aliases, bytes of aliases runs:    first code point and how many follow one another (characters
 * with a name, in order) aliases: their code points words:   NUL-terminated, the most frequent
 * first; the names; the aliases A name is the codes of its words and a zero.  Words 0 to 159 have
 * the codes 1 to 160, the others two bytes. Names that follow a rule (CJK and Tangut ideographs,
 * Hangul syllables) are computed. Source of the data: Unicode Character Database 15.0,
 * UnicodeData.txt and NameAliases.txt. */
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

enum { HEAD_BYTES = 24, ONE_BYTE = 160 };
enum { HANGUL_FIRST = 0xAC00, HANGUL_COUNT = 11172, VOWELS = 21, TAILS = 28 };

static uint32_t number_at(size_t offset)
{
    const uint8_t *at = charname_data + offset;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t word_count(void) { return number_at(0); }
static uint32_t run_count(void) { return number_at(8); }
static uint32_t alias_count(void) { return number_at(16); }
static size_t aliases_offset(void) { return HEAD_BYTES + 8 * (size_t)run_count(); }
static const char *words(void)
{
    return (const char *)charname_data + aliases_offset() + 4 * (size_t)alias_count();
}
static const uint8_t *names(void) { return (const uint8_t *)words() + number_at(4); }
static const uint8_t *alias_names(void) { return names() + number_at(12); }

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

static bool find_by_rule(const char *name, uint32_t *point)
{
    for (int i = 0; i < IDEOGRAPHS; i++) {
        size_t len = strlen(ideographs[i].prefix);
        if (strncmp(name, ideographs[i].prefix, len) != 0) continue;
        char *end;
        unsigned long value = strtoul(name + len, &end, 16);
        if (*end || strlen(name + len) < 4 || strlen(name + len) > 5) continue;
        if (value < ideographs[i].first || value > ideographs[i].last) continue;
        *point = (uint32_t)value;
        return true;
    }
    if (strncmp(name, "HANGUL SYLLABLE ", 16) != 0) return false;
    for (uint32_t index = 0; index < HANGUL_COUNT; index++) {
        char candidate[CHARNAME_MAX];
        hangul_name(index, candidate);
        if (strcmp(candidate, name) != 0) continue;
        *point = HANGUL_FIRST + index;
        return true;
    }
    return false;
}

/* ---- names in the data */

/* The code of the word text[0:len]: how many bytes it takes; 0: no name has that word. */
static int word_code(const char *text, size_t len, uint8_t code[2])
{
    const char *word = words();
    for (uint32_t i = 0; i < word_count(); i++) {
        size_t word_len = strlen(word);
        if (word_len == len && memcmp(word, text, len) == 0) {
            code[0] = (uint8_t)(i < ONE_BYTE ? i + 1 : (i - ONE_BYTE) / 256 + ONE_BYTE + 1);
            code[1] = (uint8_t)((i - ONE_BYTE) % 256);
            return i < ONE_BYTE ? 1 : 2;
        }
        word += word_len + 1;
    }
    return 0;
}

/* The codes of a whole name and the zero; 0: it cannot be one. */
static size_t encode(const char *name, uint8_t *out)
{
    size_t len = 0;
    for (;;) {
        size_t word_len = strcspn(name, " ");
        uint8_t code[2];
        int size = word_code(name, word_len, code);
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

/* The start of the name after the one at `at`. */
static const uint8_t *next_name(const uint8_t *at)
{
    while (*at) at += *at > ONE_BYTE ? 2 : 1;
    return at + 1;
}

/* How many names stand before the one that is encoded so; -1: none is. */
static int64_t search(const uint8_t *from, size_t bytes, const uint8_t *code, size_t len)
{
    int64_t index = 0;
    for (const uint8_t *at = from; at < from + bytes; at = next_name(at), index++)
        if ((size_t)(from + bytes - at) >= len && memcmp(at, code, len) == 0) return index;
    return -1;
}

/* The code point of the index-th character with a name. */
static uint32_t point_of(int64_t index)
{
    size_t run = HEAD_BYTES;
    for (; index >= number_at(run + 4); run += 8) index -= number_at(run + 4);
    return number_at(run) + (uint32_t)index;
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
    size_t size = encode(upper, code);
    if (!size) return false;
    int64_t index = search(names(), number_at(12), code, size);
    if (index >= 0) {
        *point = point_of(index);
        return true;
    }
    index = search(alias_names(), number_at(20), code, size);
    if (index >= 0) *point = number_at(aliases_offset() + 4 * (size_t)index);
    return index >= 0;
}

static int decode(const uint8_t *at, char *name)
{
    int len = 0;
    while (*at) {
        uint32_t wanted =
            *at <= ONE_BYTE ? *at - 1u : (*at - ONE_BYTE - 1u) * 256 + at[1] + ONE_BYTE;
        const char *word = words();
        for (uint32_t i = 0; i < wanted; i++) word += strlen(word) + 1;
        len += snprintf(name + len, (size_t)(CHARNAME_MAX - len), "%s%s", len ? " " : "", word);
        at += *at > ONE_BYTE ? 2 : 1;
    }
    return len;
}

int charname_of(uint32_t point, char name[CHARNAME_MAX])
{
    for (int i = 0; i < IDEOGRAPHS; i++)
        if (point >= ideographs[i].first && point <= ideographs[i].last)
            return snprintf(name, CHARNAME_MAX, "%s%04X", ideographs[i].prefix, point);
    if (point - HANGUL_FIRST < HANGUL_COUNT) return hangul_name(point - HANGUL_FIRST, name);
    uint32_t index = 0;
    for (uint32_t run = 0; run < run_count(); run++) {
        uint32_t first = number_at(HEAD_BYTES + 8 * (size_t)run),
                 count = number_at(HEAD_BYTES + 8 * (size_t)run + 4);
        if (point < first) return 0;
        if (point - first < count) {
            const uint8_t *at = names();
            for (index += point - first; index > 0; index--) at = next_name(at);
            return decode(at, name);
        }
        index += count;
    }
    return 0;
}
