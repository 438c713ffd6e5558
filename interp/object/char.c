/* char.c - properties of code points.
 *
 * General categories and simple case mappings come from utf8proc; char.def lists what that library
 * lacks (derived properties, mappings longer than one point).  Surrogates and unassigned points are
 * fine everywhere.
 * Neighbours: char.def (tables), strcase.c, strsplit.c. */
/* SPDX-License-Identifier: MIT */
#include "object/char.h"

#include <utf8proc.h>

typedef struct Range {
    uint32_t first, last;
} Range;
typedef struct CaseRow {
    uint32_t point, lower[3], title[3], upper[3];
} CaseRow;

#define LOWER(first, last) {first, last},
static const Range other_lower[] = {
#include "object/char.def"
};
#define UPPER(first, last) {first, last},
static const Range other_upper[] = {
#include "object/char.def"
};
#define DIGIT(first, last) {first, last},
static const Range other_digit[] = {
#include "object/char.def"
};
#define NUMERIC(first, last) {first, last},
static const Range other_numeric[] = {
#include "object/char.def"
};
#define ID_START(first, last) {first, last},
static const Range id_start[] = {
#include "object/char.def"
};
#define NOT_ID_START(first, last) {first, last},
static const Range not_id_start[] = {
#include "object/char.def"
};
#define ID_MORE(first, last) {first, last},
static const Range id_more[] = {
#include "object/char.def"
};
#define NOT_ID(first, last) {first, last},
static const Range not_id[] = {
#include "object/char.def"
};
#define IGNORABLE(first, last) {first, last},
static const Range ignorable[] = {
#include "object/char.def"
};
#define CASE(point, lower, title, upper) {point, lower, title, upper},
static const CaseRow case_rows[] = {
#include "object/char.def"
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool range_has(const Range *table, size_t count, uint32_t point)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point > table[middle].last) low = middle + 1;
        else if (point < table[middle].first) high = middle;
        else return true;
    }
    return false;
}
#define IN(table, point) range_has(table, COUNT(table), point)

static const CaseRow *case_row(uint32_t point)
{
    size_t low = 0, high = COUNT(case_rows);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (case_rows[middle].point == point) return &case_rows[middle];
        if (case_rows[middle].point < point) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

static utf8proc_category_t category(uint32_t point)
{
    return utf8proc_category((utf8proc_int32_t)point);
}

/* Is the category in the set given as a bit mask? */
static bool category_in(uint32_t point, uint32_t mask) { return mask >> category(point) & 1; }
#define BIT(name)  (1u << UTF8PROC_CATEGORY_##name)
#define LETTERS    (BIT(LU) | BIT(LL) | BIT(LT) | BIT(LM) | BIT(LO))
#define SEPARATORS (BIT(ZS) | BIT(ZL) | BIT(ZP))
#define OTHERS     (BIT(CN) | BIT(CC) | BIT(CF) | BIT(CS) | BIT(CO))

static bool ascii_alpha(uint32_t point) { return (point | 32) - 'a' < 26; }

bool char_is_alpha(uint32_t point)
{
    return point < 128 ? ascii_alpha(point) : category_in(point, LETTERS);
}

bool char_is_decimal(uint32_t point)
{
    return point < 128 ? point - '0' < 10 : category(point) == UTF8PROC_CATEGORY_ND;
}

bool char_is_digit(uint32_t point)
{
    return char_is_decimal(point) || (point >= 128 && IN(other_digit, point));
}

bool char_is_numeric(uint32_t point)
{
    if (point < 128) return point - '0' < 10;
    return category_in(point, BIT(ND) | BIT(NL) | BIT(NO)) || IN(other_numeric, point);
}

bool char_is_lower(uint32_t point)
{
    if (point < 128) return point - 'a' < 26;
    return category(point) == UTF8PROC_CATEGORY_LL || IN(other_lower, point);
}

bool char_is_upper(uint32_t point)
{
    if (point < 128) return point - 'A' < 26;
    return category(point) == UTF8PROC_CATEGORY_LU || IN(other_upper, point);
}

bool char_is_title(uint32_t point)
{
    return point >= 128 && category(point) == UTF8PROC_CATEGORY_LT;
}

bool char_is_wide_space(uint32_t point)
{
    if (point < 0x1680) return point == 0x85 || point == 0xA0;
    return point == 0x1680 || point - 0x2000 <= 10 || point == 0x2028 || point == 0x2029 ||
           point == 0x202F || point == 0x205F || point == 0x3000;
}

bool char_is_printable(uint32_t point)
{
    return point < 128 ? point - 32 < 95 : !category_in(point, SEPARATORS | OTHERS);
}

bool char_is_id_start(uint32_t point)
{
    if (point < 128) return ascii_alpha(point) || point == '_';
    return (category_in(point, LETTERS | BIT(NL)) && !IN(not_id_start, point)) ||
           IN(id_start, point);
}

bool char_is_id_continue(uint32_t point)
{
    if (point < 128) return ascii_alpha(point) || point - '0' < 10 || point == '_';
    uint32_t mask = LETTERS | BIT(NL) | BIT(MN) | BIT(MC) | BIT(ND) | BIT(PC);
    return (category_in(point, mask) && !IN(not_id, point)) || IN(id_start, point) ||
           IN(id_more, point);
}

bool char_is_ignorable(uint32_t point)
{
    return category_in(point, BIT(MN) | BIT(ME) | BIT(CF) | BIT(LM) | BIT(SK)) ||
           IN(ignorable, point);
}

/* Copies a mapping that ends at its first 0. */
static int copy_mapping(const uint32_t mapping[3], uint32_t out[3])
{
    int n = 0;
    for (; n < 3 && mapping[n]; n++) out[n] = mapping[n];
    return n;
}

int char_lower(uint32_t point, uint32_t out[3])
{
    if (point < 128) {
        out[0] = point - 'A' < 26 ? point + 32 : point;
        return 1;
    }
    const CaseRow *row = case_row(point);
    if (row) return copy_mapping(row->lower, out);
    out[0] = (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
    return 1;
}

int char_upper(uint32_t point, uint32_t out[3])
{
    if (point < 128) {
        out[0] = point - 'a' < 26 ? point - 32 : point;
        return 1;
    }
    const CaseRow *row = case_row(point);
    if (row) return copy_mapping(row->upper, out);
    out[0] = (uint32_t)utf8proc_toupper((utf8proc_int32_t)point);
    return 1;
}

int char_title(uint32_t point, uint32_t out[3])
{
    if (point < 128) return char_upper(point, out);
    const CaseRow *row = case_row(point);
    if (row) return copy_mapping(row->title, out);
    out[0] = (uint32_t)utf8proc_totitle((utf8proc_int32_t)point);
    return 1;
}

int char_fold(uint32_t point, uint32_t out[3])
{
    if (point < 128) return char_lower(point, out);
    utf8proc_int32_t folded[4];
    int last = 0;
    ptrdiff_t n =
        utf8proc_decompose_char((utf8proc_int32_t)point, folded, 4, UTF8PROC_CASEFOLD, &last);
    if (n < 1 || n > 3) {
        out[0] = point;
        return 1;
    }
    for (int i = 0; i < n; i++) out[i] = (uint32_t)folded[i];
    return (int)n;
}
