/* strfind.c - searching: str.find, count, replace, startswith and their like.
 *
 * One code point is searched with memchr where it is a byte.  For a longer pattern, places where
 * its first and its last point stand are looked for sixteen bytes at a time; when many of them
 * mislead, the C library's memmem (linear time) goes on, whose matches are checked for alignment.
 * Neighbours: str.c, strsplit.c, block.h. */
/* SPDX-License-Identifier: MIT */
#include <wchar.h>

#include "base/block.h"
#include "base/bytescan.h"
#include "base/copy.h"
#include "object/error.h"
#include "object/int.h"
#include "object/range.h"
#include "object/strmethod.h"
#include "object/tuple.h"

/* --- the search ------------------------------------------------------------------------------ */

static ptrdiff_t find_point(const Str *s, uint32_t point, ptrdiff_t start, ptrdiff_t end)
{
    if (end <= start) return -1;
    if (s->width == 1) {
        const char *found = memchr(s->data + start, (int)point, (size_t)(end - start));
        return found ? found - s->data : -1;
    }
    if (s->width == 4) {
        const wchar_t *points = (const wchar_t *)(const void *)s->data;
        const wchar_t *found = wmemchr(points + start, (wchar_t)point, (size_t)(end - start));
        return found ? found - points : -1;
    }
    ptrdiff_t i = start;
    for (; i + 8 <= end; i += 8) {
        unsigned mask = block_equal(s->data + 2 * i, 2, point);
        if (mask) return i + __builtin_ctz(mask) / 2;
    }
    for (; i < end; i++)
        if (points_at(s->data, 2, i) == point) return i;
    return -1;
}

static ptrdiff_t find_last_point(const Str *s, uint32_t point, ptrdiff_t start, ptrdiff_t end)
{
    if (s->width == 1) {
        const char *found = memrchr(s->data + start, (int)point, (size_t)(end - start));
        return found ? found - s->data : -1;
    }
    for (ptrdiff_t i = end - 1; i >= start; i--)
        if (str_at(s, i) == point) return i;
    return -1;
}

/* Does sub lie at s[i]?  It fits there. */
static bool matches_at(const Str *s, const Str *sub, ptrdiff_t i)
{
    if (s->width == sub->width)
        return memcmp(s->data + i * s->width, sub->data, (size_t)sub->len * s->width) == 0;
    for (ptrdiff_t j = 0; j < sub->len; j++)
        if (str_at(s, i + j) != str_at(sub, j)) return false;
    return true;
}

/* A search in progress: goes on at `at`; places where sub may begin lie before `end`. */
typedef struct Search {
    const Str *s, *sub;
    ptrdiff_t at, end;
    int misled;
} Search;

enum { MISLED_MOST = 32 }; /* places */

/* Does the rest of sub lie at s[i], where its first and its last point do? */
ALWAYS_INLINE bool middle_matches(const Str *s, const Str *sub, ptrdiff_t i, int width)
{
    if (sub->len > BLOCK_BYTES) return matches_at(s, sub, i);
    for (ptrdiff_t j = 1; j < sub->len - 1; j++)
        if (points_at(s->data, width, i + j) != str_at(sub, j)) return false;
    return true;
}

/* Looks at the places where the first and the last point of sub stand; -1: there is none, or, when
 * search->at is before the end, too many of them were misleading. */
ALWAYS_INLINE ptrdiff_t find_by_ends(Search *search, int width)
{
    const Str *s = search->s, *sub = search->sub;
    uint32_t first = str_at(sub, 0), final = str_at(sub, sub->len - 1);
    ptrdiff_t i = search->at, points = BLOCK_BYTES / width;
    const char *ahead = s->data + (sub->len - 1) * width;
    for (; i + points <= search->end; i += points) {
        unsigned mask = block_equal(s->data + i * width, width, first) &
                        block_equal(ahead + i * width, width, final);
        for (; mask; mask &= ~(((1u << width) - 1) << __builtin_ctz(mask))) {
            ptrdiff_t found = i + __builtin_ctz(mask) / width;
            if (middle_matches(s, sub, found, width)) return found;
            search->at = found + 1;
            if (++search->misled > MISLED_MOST) return -1;
        }
    }
    for (; i < search->end; i++)
        if (points_at(s->data, width, i) == first && points_at(ahead, width, i) == final &&
            middle_matches(s, sub, i, width))
            return i;
    search->at = i;
    return -1;
}

/* Both of the same width. */
static ptrdiff_t find_aligned(const Str *s, const Str *sub, ptrdiff_t start, ptrdiff_t end)
{
    size_t width = s->width;
    const char *at = s->data + start * s->width, *stop = s->data + end * s->width;
    for (;;) {
        const char *found = memmem(at, (size_t)(stop - at), sub->data, (size_t)sub->len * width);
        if (!found) return -1;
        size_t offset = (size_t)(found - s->data);
        if (offset % width == 0) return (ptrdiff_t)(offset / width);
        at = s->data + (offset / width + 1) * width;
    }
}

ptrdiff_t str_find(const Str *s, const Str *sub, ptrdiff_t start, ptrdiff_t end)
{
    if (end - start < sub->len) return -1;
    if (sub->len == 0) return start;
    if (sub->width > s->width) return -1;
    if (sub->len == 1) return find_point(s, str_at(sub, 0), start, end);
    if (s->width == 1) {
        ptrdiff_t found = bytescan_find(s->data + start, end - start, sub->data, sub->len);
        return found < 0 ? -1 : start + found;
    }
    Search search = {s, sub, start, end - sub->len + 1, 0};
    do { /* patterns of another width have no faster way */
        ptrdiff_t found = s->width == 2 ? find_by_ends(&search, 2) : find_by_ends(&search, 4);
        if (found >= 0 || search.at >= search.end) return found;
        search.misled = 0;
    } while (s->width != sub->width);
    return find_aligned(s, sub, search.at, end);
}

ptrdiff_t str_find_last(const Str *s, const Str *sub, ptrdiff_t start, ptrdiff_t end)
{
    if (end - start < sub->len) return -1;
    if (sub->len == 0) return end;
    if (sub->width > s->width) return -1;
    if (sub->len == 1) return find_last_point(s, str_at(sub, 0), start, end);
    uint32_t first = str_at(sub, 0);
    for (ptrdiff_t stop = end - sub->len + 1, i; (i = find_last_point(s, first, start, stop)) >= 0;
         stop = i)
        if (matches_at(s, sub, i)) return i;
    return -1;
}

static ptrdiff_t count_point(const Str *s, uint32_t point, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t count = 0, i = start, points = BLOCK_BYTES / s->width;
    if (point > str_limit(s)) return 0;
    for (; i + points <= end; i += points)
        count += __builtin_popcount(block_equal(s->data + i * s->width, s->width, point));
    count /= s->width;
    for (; i < end; i++) count += str_at(s, i) == point;
    return count;
}

ptrdiff_t str_count_of(const Str *s, const Str *sub, ptrdiff_t start, ptrdiff_t end, ptrdiff_t most)
{
    if (end < start) return 0;
    if (sub->len == 0) return end - start + 1 < most ? end - start + 1 : most;
    ptrdiff_t count = 0;
    if (sub->width > s->width) return 0;
    if (s->width == 1)
        return bytescan_count(s->data + start, end - start, sub->data, sub->len, most);
    if (sub->len == 1 && most == PTRDIFF_MAX) return count_point(s, str_at(sub, 0), start, end);
    for (; count < most && (start = str_find(s, sub, start, end)) >= 0; count++) start += sub->len;
    return count;
}

/* --- arguments ------------------------------------------------------------------------------- */

static bool slice_index(Vm *vm, Value v, ptrdiff_t *n)
{
    if (!is_any_int(v) && !type_of(vm, v)->slots.index) {
        throw(vm, TypeError, "slice indices must be integers or None or have an __index__ method");
        return false;
    }
    return int_subscript(vm, v, n, true);
}

bool slice_bounds(Vm *vm, Value start, Value end, ptrdiff_t len, ptrdiff_t *from, ptrdiff_t *to)
{
    *from = 0;
    *to = len;
    if (!absent(start) && !is_none(start) && !slice_index(vm, start, from)) return false;
    if (!absent(end) && !is_none(end) && !slice_index(vm, end, to)) return false;
    if (*to > len) *to = len;
    if (*to < 0) *to += len;
    if (*to < 0) *to = 0;
    if (*from < 0) *from += len;
    if (*from < 0) *from = 0;
    return true;
}

bool index_asked(Vm *vm, Value v, int64_t *n)
{
    if (int_index(vm, v, n)) return true;
    if (error_is(vm, OverflowError)) {
        error_clear(vm);
        throw(vm, OverflowError, "Python int too large to convert to C ssize_t");
    }
    return false;
}

const char *argument_type(Vm *vm, Value v) { return is_none(v) ? "None" : type_name(vm, v); }

bool require_str(Vm *vm, const char *name, int i, Value v)
{
    if (is_str(v)) return true;
    if (i)
        throw(vm, TypeError, "%s() argument %d must be str, not %s", name, i, argument_type(vm, v));
    else throw(vm, TypeError, "%s() argument must be str, not %s", name, argument_type(vm, v));
    return false;
}

typedef ptrdiff_t Find(const Str *s, const Str *sub, ptrdiff_t start, ptrdiff_t end);

/* argv: self, sub, start, end.  -2: raised. */
static ptrdiff_t search(Vm *vm, const char *name, Value *argv, Find *find)
{
    ptrdiff_t from, to;
    const Str *s = as_str(argv[0]);
    if (!require_str(vm, name, 1, argv[1]) ||
        !slice_bounds(vm, argv[2], argv[3], s->len, &from, &to))
        return -2;
    return find(s, as_str(argv[1]), from, to);
}

static Ref search_or_raise(Vm *vm, const char *name, Value *argv, Find *find)
{
    ptrdiff_t at = search(vm, name, argv, find);
    if (at == -1) return throw(vm, ValueError, "substring not found");
    return at < 0 ? FAIL : from_small(at);
}

/* --- methods --------------------------------------------------------------------------------- */

SHARED_NATIVE(str_find_method, "find(self, sub, start=None, end=None, /)",
              "Return the lowest index where sub lies within self[start:end], -1 when it does not.")
{
    ptrdiff_t at = search(vm, "find", argv, str_find);
    return at == -2 ? FAIL : from_small(at);
}

SHARED_NATIVE(
    str_rfind, "rfind(self, sub, start=None, end=None, /)",
    "Return the highest index where sub lies within self[start:end], -1 when it does not.")
{
    ptrdiff_t at = search(vm, "rfind", argv, str_find_last);
    return at == -2 ? FAIL : from_small(at);
}

SHARED_NATIVE(str_index, "index(self, sub, start=None, end=None, /)",
              "Like find, but raise ValueError when sub is not there.")
{
    return search_or_raise(vm, "index", argv, str_find);
}

SHARED_NATIVE(str_rindex, "rindex(self, sub, start=None, end=None, /)",
              "Like rfind, but raise ValueError when sub is not there.")
{
    return search_or_raise(vm, "rindex", argv, str_find_last);
}

SHARED_NATIVE(str_count, "count(self, sub, start=None, end=None, /)",
              "Return how many times sub occurs in self[start:end] without overlap.")
{
    ptrdiff_t from, to;
    const Str *s = as_str(argv[0]);
    if (!require_str(vm, "count", 1, argv[1]) ||
        !slice_bounds(vm, argv[2], argv[3], s->len, &from, &to))
        return FAIL;
    return from_small(str_count_of(s, as_str(argv[1]), from, to, PTRDIFF_MAX));
}

static bool affix_matches(const Str *s, const Str *affix, ptrdiff_t from, ptrdiff_t to, bool at_end)
{
    if (to - from < affix->len || affix->width > s->width) return false;
    return matches_at(s, affix, at_end ? to - affix->len : from);
}

static Ref has_affix(Vm *vm, const char *name, Value *argv, bool at_end)
{
    ptrdiff_t from, to;
    const Str *s = as_str(argv[0]);
    if (!slice_bounds(vm, argv[2], argv[3], s->len, &from, &to)) return FAIL;
    if (is_str(argv[1])) return from_bool(affix_matches(s, as_str(argv[1]), from, to, at_end));
    if (!is_tuple(argv[1]))
        return throw(vm, TypeError, "%s first arg must be str or a tuple of str, not %T", name,
                     argv[1]);
    for (ptrdiff_t i = 0; i < tuple_len(argv[1]); i++) {
        Value affix = tuple_at(argv[1], i);
        if (!is_str(affix))
            return throw(vm, TypeError, "tuple for %s must only contain str, not %T", name, affix);
        if (affix_matches(s, as_str(affix), from, to, at_end)) return TRUE;
    }
    return FALSE;
}

SHARED_NATIVE(str_startswith, "startswith(self, prefix, start=None, end=None, /)",
              "Tell whether self[start:end] begins with prefix, or with one of a tuple of them.")
{
    return has_affix(vm, "startswith", argv, false);
}

SHARED_NATIVE(str_endswith, "endswith(self, suffix, start=None, end=None, /)",
              "Tell whether self[start:end] ends with suffix, or with one of a tuple of them.")
{
    return has_affix(vm, "endswith", argv, true);
}

/* --- replace --------------------------------------------------------------------------------- */

/* old is empty: new goes before each point and at the end, `count` times. */
static Ref interleave(Vm *vm, Value self, Value new, ptrdiff_t count)
{
    const Str *s = as_str(self), *piece = as_str(new);
    uint32_t limit = str_limit(s) > str_limit(piece) ? str_limit(s) : str_limit(piece);
    ptrdiff_t len;
    if (__builtin_mul_overflow(count, piece->len, &len) ||
        __builtin_add_overflow(len, s->len, &len))
        return throw(vm, OverflowError, "replace string is too long");
    Ref out = str_new(vm, len, limit);
    if (failed(out) || len == 0) return out;
    Str *to = as_str(out);
    ptrdiff_t at = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        points_copy(to->data, to->width, at, piece, 0, piece->len);
        at += piece->len;
        if (i < s->len) points_set(to->data, to->width, at++, str_at(s, i));
    }
    if (count < s->len) points_copy(to->data, to->width, at, s, count, s->len - count);
    return out;
}

/* out, filled: as it is, or a narrower copy when its widest points have gone. */
static Ref narrowed(Vm *vm, Ref out)
{
    const Str *s = as_str(out);
    uint32_t limit = str_limit_of(s, 0, s->len), narrower = s->width == 1   ? STR_ASCII
                                                            : s->width == 2 ? STR_LATIN1
                                                                            : STR_WIDE;
    if (s->len > 1 && (s->ascii || limit > narrower)) return out;
    Ref copy = s->len == 1 ? str_from_char(vm, str_at(s, 0)) : str_new(vm, s->len, limit);
    if (!failed(copy) && s->len > 1)
        points_copy(as_str(copy)->data, as_str(copy)->width, 0, s, 0, s->len);
    decref(out);
    return copy;
}

/* Text in which each point old is new, none of them wider than the text. */
static Ref replace_points(Vm *vm, Value self, uint32_t old, uint32_t new)
{
    const Str *s = as_str(self);
    int width = s->width;
    ptrdiff_t i = find_point(s, old, 0, s->len);
    if (i < 0 || old == new) return str_exact(vm, self);
    if (s->len == 1) return str_from_char(vm, new);
    Ref out = str_new(vm, s->len, s->ascii && new > STR_ASCII ? STR_LATIN1 : str_limit(s));
    if (failed(out)) return out;
    char *to = as_str(out)->data;
    memcpy(to, s->data, (size_t)s->len * s->width);
    for (; width == 1 && i + BLOCK_BYTES <= s->len; i += BLOCK_BYTES) {
        Bytes16 block = bytes16_at(to + i), there = (Bytes16)(block == (uint8_t)old);
        block = (block & ~there) | (there & (uint8_t) new);
        memcpy(to + i, &block, sizeof block);
    }
    for (; width == 2 && i + 8 <= s->len; i += 8) {
        Units8 block = units8_at(to + 2 * i), there = (Units8)(block == (uint16_t)old);
        block = (block & ~there) | (there & (uint16_t) new);
        memcpy(to + 2 * i, &block, sizeof block);
    }
    for (; i < s->len; i++)
        if (points_at(to, width, i) == old) points_set(to, width, i, new);
    return narrowed(vm, out);
}

enum { FOUND_KEPT = 16 };

/* The next place of old, which is not empty, in s, from `from` on; scan walks over text of one byte
 * a point. */
static inline ptrdiff_t next_place(const Str *s, const Str *old, ByteScan *scan, ptrdiff_t from)
{
    return s->width == 1 ? bytescan_next(scan, from) : str_find(s, old, from, s->len);
}

/* Counts the occurrences of old, `most` at most; the first ones' places are kept. */
static ptrdiff_t find_all(const Str *s, const Str *old, ptrdiff_t most,
                          ptrdiff_t places[FOUND_KEPT])
{
    ptrdiff_t count = 0, at = 0;
    if (old->len == 0) return str_count_of(s, old, 0, s->len, most);
    if (old->width > s->width) return 0;
    ByteScan scan = bytescan_open(s->data, s->len, old->data, old->len);
    for (; count < most && (at = next_place(s, old, &scan, at)) >= 0; count++, at += old->len)
        if (count < FOUND_KEPT) places[count] = at;
    return count;
}

/* Copies s[start:end] to *at of out, and moves on. */
ALWAYS_INLINE void put_slice(Str *out, ptrdiff_t *at, const Str *s, ptrdiff_t start, ptrdiff_t end)
{
    if (out->width == 1) copy_few(out->data + *at, s->data + start, (size_t)(end - start));
    else points_copy(out->data, out->width, *at, s, start, end - start);
    *at += end - start;
}

/* Replaces the first `count` (> 0, all there) occurrences of old, of which some places are known.
 */
static Ref replace_found(Vm *vm, Value self, const Str *old, const Str *new, ptrdiff_t count,
                         const ptrdiff_t places[FOUND_KEPT])
{
    const Str *s = as_str(self);
    ptrdiff_t grow, len;
    if (__builtin_mul_overflow(count, new->len - old->len, &grow) ||
        __builtin_add_overflow(s->len, grow, &len))
        return throw(vm, OverflowError, "replace string is too long");
    Ref out = str_new(vm, len, str_limit(new) > str_limit(s) ? str_limit(new) : str_limit(s));
    if (failed(out) || len == 0) return out;
    ptrdiff_t from = 0, at = 0;
    ByteScan scan = bytescan_open(s->data, s->len, old->data, old->len);
    for (ptrdiff_t i = 0; i < count; i++) {
        ptrdiff_t found = i < FOUND_KEPT ? places[i] : next_place(s, old, &scan, from);
        put_slice(as_str(out), &at, s, from, found);
        put_slice(as_str(out), &at, new, 0, new->len);
        from = found + old->len;
    }
    put_slice(as_str(out), &at, s, from, s->len);
    return narrowed(vm, out);
}

SHARED_NATIVE(
    str_replace, "replace(self, old, new, /, count=-1)",
    "Return a copy in which occurrences of old (the first count, all when negative) are new.")
{
    int64_t most;
    if (!require_str(vm, "replace", 1, argv[1]) || !require_str(vm, "replace", 2, argv[2]) ||
        !index_argument(vm, argv[3], &most))
        return FAIL;
    const Str *s = as_str(argv[0]), *old = as_str(argv[1]), *new = as_str(argv[2]);
    if (most < 0 && old->len == 1 && new->len == 1 &&
        old->width <= s->width &&new->width <= s->width)
        return replace_points(vm, argv[0], str_at(old, 0), str_at(new, 0));
    ptrdiff_t places[FOUND_KEPT], count = find_all(s, old, most < 0 ? PTRDIFF_MAX : most, places);
    if (count == 0 || str_equal(old, new)) return str_exact(vm, argv[0]);
    return old->len == 0 ? interleave(vm, argv[0], argv[2], count)
                         : replace_found(vm, argv[0], old, new, count, places);
}
