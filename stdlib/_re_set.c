/* _re_set.c - sets of characters in patterns: [a-z\d], \w, and what ignoring case adds.
 *
 * For narrow subjects (bytes, ASCII, Latin-1) a set becomes a bitmap of 256 points, classes and
 * case
 * worked out here, so that PCRE2 tests one bit.  For wide ones it stays ranges and properties, and
 * PCRE2 folds case, but for what it knows otherwise than Python: the dotted and dotless i, a few
 * pairs, and the ASCII flag.  Neighbours: _re_parse.c. */
/* SPDX-License-Identifier: MIT */
#include "_re_parse.h"

enum { SET_DIGIT = 1, SET_NOT_DIGIT = 2, SET_WORD = 4, SET_NOT_WORD = 8 };

/* str.isspace beyond ASCII, and below. */
static const PointRange space_ranges[] = {
    {0x09, 0x0D},     {0x1C, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
    {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
};
enum { SPACE_RANGES = sizeof space_ranges / sizeof *space_ranges };
static const PointRange ascii_space[] = {{0x09, 0x0D}, {0x20, 0x20}};
static const PointRange ascii_digit[] = {{'0', '9'}};
static const PointRange ascii_word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};

/* Points above Latin-1 that ignoring case makes equal to points in it. */
static const struct {
    uint16_t high;
    uint8_t low[2];
} into_latin1[] = {
    {0x130, {'i', 'I'}}, {0x131, {'i', 'I'}},  {0x17F, {'s', 'S'}},
    {0x178, {0xFF, 0}},  {0x39C, {0xB5, 0}},   {0x3BC, {0xB5, 0}},
    {0x1E9E, {0xDF, 0}}, {0x212A, {'k', 'K'}}, {0x212B, {0xC5, 0xE5}},
};
enum { INTO_LATIN1 = sizeof into_latin1 / sizeof *into_latin1 };
static const uint32_t turkish[] = {'I', 'i', 0x130, 0x131};
/* Pairs that Python takes for cases of each other and PCRE2 does not. */
static const uint32_t twins[][2] = {{0x390, 0x1FD3}, {0x3B0, 0x1FE3}, {0xFB05, 0xFB06}};
enum { TWINS = sizeof twins / sizeof *twins };

static bool is_turkish(uint32_t point)
{
    return point == 'I' || point == 'i' || point == 0x130 || point == 0x131;
}

static bool is_wide(const Parser *p) { return p->kind >= SUBJECT_WIDE; }

static bool is_ascii_only(const Parser *p) { return p->bytes || (p->flags & RE_ASCII); }

static inline bool has_bit(const CharSet *set, uint32_t point)
{
    return set->bits[point >> 5] >> (point & 31) & 1;
}

static inline void add_bit(CharSet *set, uint32_t point)
{
    set->bits[point >> 5] |= 1u << (point & 31);
}

static bool add_range(Parser *p, CharSet *set, uint32_t low, uint32_t high)
{
    if (!is_wide(p)) {
        for (uint32_t c = low; c <= high && c <= p->limit; c++) add_bit(set, c);
        if (!(p->flags & RE_IGNORECASE) || is_ascii_only(p)) return true;
        for (int n = 0; n < INTO_LATIN1; n++)
            for (int k = 0; into_latin1[n].high - low <= high - low && k < 2; k++)
                if (into_latin1[n].low[k] && into_latin1[n].low[k] <= p->limit)
                    add_bit(set, into_latin1[n].low[k]);
        return true;
    }
    if (set->count == set->capacity) {
        int capacity = set->capacity ? set->capacity * 2 : 16;
        PointRange *ranges = memory_resize(p->vm, set->ranges, capacity * sizeof *ranges);
        if (!ranges) return false;
        set->ranges = ranges;
        set->capacity = capacity;
    }
    set->ranges[set->count++] = (PointRange){low, high};
    return true;
}

/* Sorted ranges, or all that lies outside of them. */
static bool add_ranges(Parser *p, CharSet *set, const PointRange *ranges, int count, bool outside)
{
    uint32_t next = 0;
    for (int n = 0; n < count; n++) {
        if (!outside && !add_range(p, set, ranges[n].low, ranges[n].high)) return false;
        if (outside && ranges[n].low > next && !add_range(p, set, next, ranges[n].low - 1))
            return false;
        next = ranges[n].high + 1;
    }
    return !outside || add_range(p, set, next, STR_FULL);
}

static bool is_word_point(uint32_t c)
{
    return c == '_' || char_is_alpha(c) || char_is_decimal(c) || char_is_digit(c) ||
           char_is_numeric(c);
}

bool set_add_class(Parser *p, CharSet *set, uint32_t c)
{
    const bool outside = c < 'a', ascii = is_ascii_only(p);
    const uint32_t class = c | 32;
    if (class == 's')
        return ascii ? add_ranges(p, set, ascii_space, 2, outside)
                     : add_ranges(p, set, space_ranges, SPACE_RANGES, outside);
    if (class == 'd' && (ascii || !is_wide(p))) return add_ranges(p, set, ascii_digit, 1, outside);
    if (class == 'w' && ascii) return add_ranges(p, set, ascii_word, 4, outside);
    if (is_wide(p)) {
        set->classes |= class == 'd' ? (outside ? SET_NOT_DIGIT : SET_DIGIT)
                                     : (outside ? SET_NOT_WORD : SET_WORD);
        return true;
    }
    for (uint32_t point = 0; point <= p->limit; point++)
        if (is_word_point(point) != outside) add_bit(set, point);
    return true;
}

/* ---- case ---- */

int set_case_exceptions(Parser *p, uint32_t point, uint32_t out[4])
{
    const bool ascii = is_ascii_only(p);
    if (is_wide(p)) {
        if (ascii && (point > 127 || (point | 32) == 'k' || (point | 32) == 's')) {
            if (point > p->limit) return -1;
            out[0] = point;
            out[1] = point ^ 32;
            return point > 127 ? 1 : 2;
        }
        for (int n = 0; n < TWINS && !ascii; n++) {
            if (twins[n][0] != point && twins[n][1] != point) continue;
            memcpy(out, twins[n], sizeof twins[n]);
            return 2;
        }
        if (ascii || !is_turkish(point)) return -1;
        memcpy(out, turkish, sizeof turkish);
        return 4;
    }
    if (point <= p->limit) {
        if (!ascii || p->kind != SUBJECT_LATIN1 || point < 128) return -1;
        out[0] = point;
        return 1;
    }
    int count = 0;
    for (int n = 0; n < INTO_LATIN1 && !ascii; n++)
        for (int k = 0; into_latin1[n].high == point && k < 2; k++)
            if (into_latin1[n].low[k] && into_latin1[n].low[k] <= p->limit)
                out[count++] = into_latin1[n].low[k];
    return count;
}

/* Both cases of every letter in the bitmap. */
static void close_narrow(Parser *p, CharSet *set)
{
    for (uint32_t c = 'A'; c <= 'Z'; c++) {
        if (has_bit(set, c)) add_bit(set, c + 32);
        else if (has_bit(set, c + 32)) add_bit(set, c);
    }
    if (is_ascii_only(p) || p->limit < 0xFF) return;
    for (uint32_t c = 0xC0; c <= 0xDE; c++) {
        if (c == 0xD7) continue;
        if (has_bit(set, c)) add_bit(set, c + 32);
        else if (has_bit(set, c + 32)) add_bit(set, c);
    }
}

static bool holds(const CharSet *set, uint32_t point)
{
    for (int n = 0; n < set->count; n++)
        if (point - set->ranges[n].low <= set->ranges[n].high - set->ranges[n].low) return true;
    return false;
}

static bool close_wide(Parser *p, CharSet *set)
{
    if (is_ascii_only(p)) {
        for (uint32_t c = 'A'; c <= 'Z'; c++) {
            bool upper = holds(set, c), lower = holds(set, c + 32);
            if (upper != lower && !add_range(p, set, upper ? c + 32 : c, upper ? c + 32 : c))
                return false;
        }
        return true;
    }
    bool any = false;
    for (int n = 0; n < 4; n++) any |= holds(set, turkish[n]);
    for (int n = 0; any && n < 4; n++)
        if (!add_range(p, set, turkish[n], turkish[n])) return false;
    for (int n = 0; n < TWINS; n++) {
        bool first = holds(set, twins[n][0]);
        uint32_t other = twins[n][first];
        if (first != holds(set, twins[n][1]) && !add_range(p, set, other, other)) return false;
    }
    return true;
}

/* ---- writing ---- */

static bool emit_point(Parser *p, uint32_t c)
{
    bool plain = (c | 32) - 'a' < 26 || c - '0' < 10;
    return plain ? put_point(p, c) : put_format(p, "\\x{%x}", c);
}

static bool emit_range(Parser *p, uint32_t low, uint32_t high)
{
    if (low > p->limit) return true;
    if (high > p->limit) high = p->limit;
    if (!emit_point(p, low)) return false;
    return low == high || ((high == low + 1 || put_point(p, '-')) && emit_point(p, high));
}

static bool emit_narrow(Parser *p, CharSet *set, bool negated)
{
    if (p->flags & RE_IGNORECASE) close_narrow(p, set);
    const uint32_t top = p->bytes ? 0xFF : p->limit;
    int members = 0;
    for (uint32_t c = 0; c <= top; c++) members += has_bit(set, c);
    if (members == 0) return put_text(p, negated ? "[\\x{0}-\\x{ff}]" : "[^\\x{0}-\\x{ff}]");
    if (members == (int)top + 1)
        return put_text(p, negated ? "[^\\x{0}-\\x{ff}]" : "[\\x{0}-\\x{ff}]");
    const bool apart =
        (p->flags & RE_IGNORECASE) && (p->flags & RE_ASCII) && p->kind == SUBJECT_LATIN1;
    if (!put_text(p, apart ? "(?-i:[" : "[") || (negated && !put_point(p, '^'))) return false;
    for (uint32_t c = 0; c <= top; c++) {
        if (!has_bit(set, c)) continue;
        uint32_t low = c;
        while (c < top && has_bit(set, c + 1)) c++;
        if (!emit_range(p, low, c)) return false;
    }
    return put_text(p, apart ? "])" : "]");
}

static bool emit_wide(Parser *p, CharSet *set, bool negated)
{
    const bool caseless = p->flags & RE_IGNORECASE, apart = caseless && is_ascii_only(p);
    if (caseless && !close_wide(p, set)) return false;
    bool any = set->classes != 0;
    for (int n = 0; n < set->count; n++) any |= set->ranges[n].low <= p->limit;
    if (!any) return put_format(p, negated ? "[\\x{0}-\\x{%x}]" : "[^\\x{0}-\\x{%x}]", p->limit);
    if (!put_text(p, apart ? "(?-i:[" : "[") || (negated && !put_point(p, '^'))) return false;
    for (int n = 0; n < set->count; n++)
        if (!emit_range(p, set->ranges[n].low, set->ranges[n].high)) return false;
    if ((set->classes & SET_DIGIT) && !put_text(p, "\\p{Nd}")) return false;
    if ((set->classes & SET_NOT_DIGIT) && !put_text(p, "\\P{Nd}")) return false;
    if ((set->classes & SET_WORD) && !put_text(p, "\\p{L}\\p{N}_")) return false;
    if ((set->classes & SET_NOT_WORD) && /* all the rest, Pc without the low line spelt out */
        !put_text(p, "\\p{M}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\p{S}\\p{Z}\\p{C}"
                     "\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}"))
        return false;
    return put_text(p, apart ? "])" : "]");
}

bool set_emit(Parser *p, CharSet *set, bool negated)
{
    return is_wide(p) ? emit_wide(p, set, negated) : emit_narrow(p, set, negated);
}

void set_close(CharSet *set)
{
    memory_free(set->ranges);
    *set = (CharSet){0};
}

/* ---- reading ---- */

static bool warn_set(Parser *p, const char *what, ptrdiff_t position)
{
    return warn(p->vm, FutureWarning, 1, "Possible %s at position %zd", what, position);
}

/* && and the like may come to mean something one day. */
static bool warn_doubled(Parser *p, uint32_t c, ptrdiff_t at)
{
    if (p->at >= p->len || p->text[p->at] != c) return true;
    const char *what = c == '-'   ? "set difference"
                       : c == '&' ? "set intersection"
                       : c == '~' ? "set symmetric difference"
                       : c == '|' ? "set union"
                                  : NULL;
    return !what || warn_set(p, what, at);
}

/* An escape within a set, p->at behind the backslash: a point, or (YES in *class) a class
 * letter. */
static bool read_set_escape(Parser *p, ptrdiff_t start, uint32_t *point, bool *class)
{
    if (p->at >= p->len) return parse_fail(p, start, "bad escape (end of pattern)");
    uint32_t c = p->text[p->at++];
    *point = c;
    *class = c == 'd' || c == 'D' || c == 's' || c == 'S' || c == 'w' || c == 'W';
    if (*class) return true;
    if (c == 'b') {
        *point = '\b';
        return true;
    }
    Truth known = parse_escape_point(p, start, c, point);
    if (known != NO) return known == YES;
    if (c - '0' < 8) {
        *point = c - '0';
        for (int n = 0; n < 2 && p->at < p->len && p->text[p->at] - '0' < 8; n++)
            *point = *point * 8 + p->text[p->at++] - '0';
        if (*point <= 0377) return true;
        return parse_fail_text(p, start, "octal escape value %S outside of range 0-0o377", start,
                               p->at);
    }
    if (c - '0' < 10 || (c | 32) - 'a' < 26)
        return parse_fail_text(p, start, "bad escape %S", start, p->at);
    *point = c;
    return true;
}

/* One end of a range, or a member. */
static bool read_member(Parser *p, ptrdiff_t here, uint32_t *point, bool *class)
{
    ptrdiff_t start = p->at;
    if (p->at >= p->len) return parse_fail(p, here, "unterminated character set");
    *class = false;
    *point = p->text[p->at++];
    return *point != '\\' || read_set_escape(p, start, point, class);
}

static bool add_member(Parser *p, CharSet *set, uint32_t point, bool class)
{
    return class ? set_add_class(p, set, point) : add_range(p, set, point, point);
}

/* Of longer escapes the message names the first two points, and counts only them. */
static bool bad_range(Parser *p, ptrdiff_t start, ptrdiff_t middle)
{
    ptrdiff_t first = token_end(p, start), second = token_end(p, middle);
    Ref low = parse_text(p, start, first);
    Ref high = failed(low) ? FAIL : parse_text(p, middle, second);
    if (!failed(high))
        parse_fail(p, p->at - (first - start) - 1 - (second - middle), "bad character range %S-%S",
                   (Value)low, (Value)high);
    decref(low);
    decref(high);
    return false;
}

static bool read_members(Parser *p, CharSet *set, ptrdiff_t here)
{
    for (ptrdiff_t first = p->at;;) {
        ptrdiff_t start = p->at;
        if (p->at >= p->len) return parse_fail(p, here, "unterminated character set");
        uint32_t low, high;
        bool low_class, high_class;
        if (p->text[p->at] == ']' && p->at != first) {
            p->at++;
            return true;
        }
        if (!read_member(p, here, &low, &low_class)) return false;
        if (p->text[start] != '\\' && start != first && !warn_doubled(p, low, start)) return false;
        if (p->at >= p->len || p->text[p->at] != '-') {
            if (!add_member(p, set, low, low_class)) return false;
            continue;
        }
        ptrdiff_t dash = p->at++;
        if (p->at >= p->len) return parse_fail(p, here, "unterminated character set");
        if (p->text[p->at] == ']') {
            p->at++;
            return add_member(p, set, low, low_class) && add_range(p, set, '-', '-');
        }
        ptrdiff_t middle = p->at;
        bool doubled = p->text[middle] == '-';
        if (!read_member(p, here, &high, &high_class)) return false;
        if (doubled && !warn_set(p, "set difference", dash)) return false;
        if (low_class || high_class || high < low) return bad_range(p, start, middle);
        if (!add_range(p, set, low, high)) return false;
    }
}

bool parse_set(Parser *p)
{
    ptrdiff_t here = p->at - 1;
    CharSet set = {0};
    if (p->at < p->len && p->text[p->at] == '[' && !warn_set(p, "nested set", p->at)) return false;
    bool negated = p->at < p->len && p->text[p->at] == '^';
    p->at += negated;
    bool good = read_members(p, &set, here) && set_emit(p, &set, negated);
    set_close(&set);
    return good;
}
