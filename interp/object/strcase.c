/* strcase.c - letter case and the is...() predicates of str.
 *
 * ASCII text is handled byte by byte; the rest goes point by point through char.c, whose mappings
 * may give up to three points.
 * Neighbours: char.c, strmethod.c. */
/* SPDX-License-Identifier: MIT */
#include "object/char.h"
#include "object/strmethod.h"

typedef int CaseMap(uint32_t point, uint32_t out[3]);

enum { CAPITAL_SIGMA = 0x3A3 };
enum { MAPPED_MOST = 3 }; /* so many points may come of one */

/* What a map made of a point, when that was one point. */
typedef struct Known {
    CaseMap *map;
    uint32_t from, to;
} Known;

/* Where text in another case is gathered; there is room.  Text has few letters: what became of each
 * is known the next time. */
typedef struct Recased {
    uint32_t *points;
    ptrdiff_t len;
    Known known[64]; /* by the low bits of the point */
} Recased;

static void add_mapped(Recased *out, CaseMap *map, uint32_t point)
{
    Known *known = &out->known[point % 64];
    uint32_t *to = out->points + out->len;
    if (known->map == map && known->from == point) {
        *to = known->to;
        out->len++;
        return;
    }
    int count = map(point, to);
    if (count == 1) *known = (Known){map, point, *to};
    out->len += count;
}

/* Is the sigma at s[i] the last letter of a word? */
static bool is_final_sigma(const Str *s, ptrdiff_t i)
{
    ptrdiff_t j = i - 1;
    while (j >= 0 && char_is_ignorable(str_at(s, j))) j--;
    if (j < 0 || !char_is_cased(str_at(s, j))) return false;
    for (j = i + 1; j < s->len && char_is_ignorable(str_at(s, j)); j++)
        ;
    return j == s->len || !char_is_cased(str_at(s, j));
}

static void add_lower(Recased *out, const Str *s, ptrdiff_t i)
{
    uint32_t point = str_at(s, i);
    if (point == CAPITAL_SIGMA) out->points[out->len++] = is_final_sigma(s, i) ? 0x3C2 : 0x3C3;
    else add_mapped(out, char_lower, point);
}

typedef enum CaseForm {
    FORM_LOWER,
    FORM_UPPER,
    FORM_FOLD,
    FORM_TITLE,
    FORM_SWAP,
    FORM_CAPITAL
} CaseForm;

static char ascii_in_form(char c, CaseForm form, bool first, bool in_word)
{
    bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';
    bool want_upper = form == FORM_UPPER || (form == FORM_TITLE && !in_word) ||
                      (form == FORM_CAPITAL && first) || (form == FORM_SWAP && lower);
    if (want_upper) return lower ? (char)(c - 32) : c;
    return upper ? (char)(c + 32) : c;
}

static void add_in_form(Recased *out, const Str *s, ptrdiff_t i, CaseForm form, bool in_word)
{
    uint32_t point = str_at(s, i);
    if (point < 128) {
        out->points[out->len++] = (uint8_t)ascii_in_form((char)point, form, i == 0, in_word);
        return;
    }
    switch (form) {
    case FORM_LOWER: add_lower(out, s, i); break;
    case FORM_UPPER: add_mapped(out, char_upper, point); break;
    case FORM_FOLD: add_mapped(out, char_fold, point); break;
    case FORM_TITLE:
        if (in_word) add_lower(out, s, i);
        else add_mapped(out, char_title, point);
        break;
    case FORM_CAPITAL:
        if (i > 0) add_lower(out, s, i);
        else add_mapped(out, char_title, point);
        break;
    case FORM_SWAP:
        if (char_is_upper(point)) add_lower(out, s, i);
        else if (char_is_lower(point)) add_mapped(out, char_upper, point);
        else out->points[out->len++] = point;
        break;
    }
}

/* Changes the case of those of eight ASCII bytes that lie between first and first + 25. */
static inline uint64_t recase_word(uint64_t word, uint64_t first)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t from_first = word + ones * (128 - first), behind_last = word + ones * (102 - first);
    return word ^ (((from_first ^ behind_last) & ones * 128) >> 2);
}

/* Whole ASCII text in lower or upper case, by words; the last one may overlap. */
static void ascii_recase(char *to, const char *from, ptrdiff_t len, bool upper)
{
    uint8_t first = upper ? 'a' : 'A';
    if (len < 8) {
        for (ptrdiff_t i = 0; i < len; i++)
            to[i] = (char)(from[i] ^ ((uint8_t)(from[i] - first) < 26 ? 32 : 0));
        return;
    }
    for (ptrdiff_t i = 0; i < len; i += 8) {
        uint64_t word;
        if (i > len - 8) i = len - 8;
        memcpy(&word, from + i, 8);
        word = recase_word(word, first);
        memcpy(to + i, &word, 8);
    }
}

/* Writes the points of s, of that width, in lower, upper or folded case to `to`, of the same width;
 * gives their bitwise or, 0: some do not give one point that fits. */
ALWAYS_INLINE uint32_t recase_into(char *to, int width, const Str *s, CaseForm form)
{
    CaseMap *map = form == FORM_LOWER ? char_lower : form == FORM_UPPER ? char_upper : char_fold;
    uint32_t first = form == FORM_UPPER ? 'a' : 'A', all = 0;
    Known known[64] = {0};
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = points_at(s->data, width, i), made[MAPPED_MOST];
        Known *seen = &known[point % 64];
        if (point < 128) {
            *made = point ^ (point - first < 26 ? 32 : 0);
        } else if (seen->from == point) {
            *made = seen->to;
        } else {
            if (point == CAPITAL_SIGMA && form == FORM_LOWER) return 0; /* its place decides */
            if (map(point, made) != 1 || *made > str_limit(s)) return 0;
            *seen = (Known){map, point, *made};
        }
        all |= *made;
        points_set(to, width, i, *made);
    }
    return all;
}

/* Text, not ASCII, in lower, upper or folded case; UNDEF: it has another length or width. */
static Ref recase_points(Vm *vm, const Str *s, CaseForm form)
{
    Ref out = str_new(vm, s->len, str_limit(s));
    if (failed(out)) return FAIL;
    char *to = as_str(out)->data;
    uint32_t all = s->width == 1   ? recase_into(to, 1, s, form)
                   : s->width == 2 ? recase_into(to, 2, s, form)
                                   : recase_into(to, 4, s, form);
    if (all > (s->width == 1 ? STR_ASCII : s->width == 2 ? STR_LATIN1 : STR_WIDE)) return out;
    decref(out);
    return UNDEF;
}

static Ref convert(Vm *vm, Value self, CaseForm form)
{
    const Str *s = as_str(self);
    bool in_word = false;
    if (s->ascii) {
        Ref out = str_new(vm, s->len, STR_ASCII);
        if (failed(out) || s->len == 0) return out;
        char *to = as_str(out)->data;
        if (form <= FORM_FOLD) {
            ascii_recase(to, s->data, s->len, form == FORM_UPPER);
            return out;
        }
        for (ptrdiff_t i = 0; i < s->len; i++) {
            to[i] = ascii_in_form(s->data[i], form, i == 0, in_word);
            in_word = form == FORM_TITLE && char_is_alpha((uint8_t)s->data[i]);
        }
        return out;
    }
    Ref same_length = form <= FORM_FOLD && s->len > 1 ? recase_points(vm, s, form) : UNDEF;
    if (!absent(same_length)) return same_length;
    uint32_t few[64 * MAPPED_MOST];
    Recased out = {.points = few};
    few[0] = 0; /* the compiler cannot tell that s is not empty */
    if (s->len > 64 &&
        !(out.points = memory_new(vm, (size_t)s->len * MAPPED_MOST * sizeof *out.points)))
        return FAIL;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        add_in_form(&out, s, i, form, in_word);
        in_word = form == FORM_TITLE && char_is_cased(str_at(s, i));
    }
    Ref text = str_from_points(vm, out.points, out.len);
    if (out.points != few) memory_free(out.points);
    return text;
}

SHARED_NATIVE(str_lower, "lower(self, /)", "Return a copy in lower case.")
{
    return convert(vm, argv[0], FORM_LOWER);
}

SHARED_NATIVE(str_upper, "upper(self, /)", "Return a copy in upper case.")
{
    return convert(vm, argv[0], FORM_UPPER);
}

SHARED_NATIVE(str_casefold, "casefold(self, /)",
              "Return a copy fit for comparing without regard to case.")
{
    return convert(vm, argv[0], FORM_FOLD);
}

SHARED_NATIVE(str_title, "title(self, /)",
              "Return a copy in which each word begins in upper case and goes on in lower case.")
{
    return convert(vm, argv[0], FORM_TITLE);
}

SHARED_NATIVE(str_swapcase, "swapcase(self, /)",
              "Return a copy with upper and lower case exchanged.")
{
    return convert(vm, argv[0], FORM_SWAP);
}

SHARED_NATIVE(str_capitalize, "capitalize(self, /)",
              "Return a copy whose first character is in upper case, the rest in lower case.")
{
    return convert(vm, argv[0], FORM_CAPITAL);
}

/* --- predicates ------------------------------------------------------------------------------ */

/* True when s is not empty and every point satisfies test. */
static Ref all_points(Value self, bool (*test)(uint32_t point))
{
    const Str *s = as_str(self);
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (!test(str_at(s, i))) return FALSE;
    return from_bool(s->len > 0);
}

/* True when there is a cased point and no point of the wrong case. */
static Ref all_cased(Value self, bool (*right)(uint32_t point), bool (*wrong)(uint32_t point))
{
    const Str *s = as_str(self);
    bool cased = false;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        if (wrong(point) || char_is_title(point)) return FALSE;
        cased |= right(point);
    }
    return from_bool(cased);
}

static bool is_alnum(uint32_t point) { return char_is_alpha(point) || char_is_numeric(point); }

SHARED_NATIVE(str_isalnum, "isalnum(self, /)",
              "Tell whether all characters are letters or numbers and there is one.")
{
    return all_points(argv[0], is_alnum);
}

SHARED_NATIVE(str_isalpha, "isalpha(self, /)",
              "Tell whether all characters are letters and there is one.")
{
    return all_points(argv[0], char_is_alpha);
}

SHARED_NATIVE(str_isascii, "isascii(self, /)", "Tell whether all characters are below U+0080.")
{
    return from_bool(as_str(argv[0])->ascii);
}

SHARED_NATIVE(str_isdecimal, "isdecimal(self, /)",
              "Tell whether all characters are decimal digits and there is one.")
{
    return all_points(argv[0], char_is_decimal);
}

SHARED_NATIVE(str_isdigit, "isdigit(self, /)",
              "Tell whether all characters are digits and there is one.")
{
    return all_points(argv[0], char_is_digit);
}

SHARED_NATIVE(str_isnumeric, "isnumeric(self, /)",
              "Tell whether all characters are numeric and there is one.")
{
    return all_points(argv[0], char_is_numeric);
}

SHARED_NATIVE(str_isspace, "isspace(self, /)",
              "Tell whether all characters are white space and there is one.")
{
    return all_points(argv[0], char_is_space);
}

SHARED_NATIVE(str_isprintable, "isprintable(self, /)",
              "Tell whether repr() would show all characters as they are.")
{
    return as_str(argv[0])->len == 0 ? TRUE : all_points(argv[0], char_is_printable);
}

SHARED_NATIVE(str_isidentifier, "isidentifier(self, /)",
              "Tell whether self could be a name; keywords count as names.")
{
    const Str *s = as_str(argv[0]);
    if (s->len == 0 || !char_is_id_start(str_at(s, 0))) return FALSE;
    return all_points(argv[0], char_is_id_continue);
}

SHARED_NATIVE(str_islower, "islower(self, /)",
              "Tell whether all cased characters are lower case and there is one.")
{
    return all_cased(argv[0], char_is_lower, char_is_upper);
}

SHARED_NATIVE(str_isupper, "isupper(self, /)",
              "Tell whether all cased characters are upper case and there is one.")
{
    return all_cased(argv[0], char_is_upper, char_is_lower);
}

SHARED_NATIVE(str_istitle, "istitle(self, /)",
              "Tell whether each word begins in upper case and goes on in lower case.")
{
    const Str *s = as_str(argv[0]);
    bool cased = false, in_word = false;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        bool starts = char_is_upper(point) || char_is_title(point), follows = char_is_lower(point);
        if ((starts && in_word) || (follows && !in_word)) return FALSE;
        in_word = starts || follows;
        cased |= in_word;
    }
    return from_bool(cased);
}
