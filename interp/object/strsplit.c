/* strsplit.c - taking text apart, stripping its ends, and putting it together: split, partition,
 * strip, join.
 *
 * Neighbours: strfind.c (the search), char.c (what a blank is). */
/* SPDX-License-Identifier: MIT */
#include "base/block.h"
#include "base/bytescan.h"
#include "object/char.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"
#include "object/parts.h"
#include "object/strmethod.h"
#include "object/tuple.h"

/* The blanks among the first 256 points. */
static const bool latin1_blanks[256] = {
    [9] = true,    [10] = true,   [11] = true,   [12] = true,  [13] = true,   [0x1C] = true,
    [0x1D] = true, [0x1E] = true, [0x1F] = true, [' '] = true, [0x85] = true, [0xA0] = true,
};

static bool is_space_at(const Str *s, ptrdiff_t i) { return char_is_space(str_at(s, i)); }

/* Skips blanks, or what is none, from i on. */
static inline ptrdiff_t skip_while(const Str *s, ptrdiff_t i, bool blank)
{
    ptrdiff_t len = s->len;
    if (s->width == 1) {
        const uint8_t *data = (const uint8_t *)s->data;
        while (i < len && latin1_blanks[data[i]] == blank) i++;
    } else {
        while (i < len && is_space_at(s, i) == blank) i++;
    }
    return i;
}

static inline bool add_slice(Parts *out, Value s, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t len = end - start;
    Ref piece = as_str(s)->ascii && len < as_str(s)->len
                    ? str_from_ascii(out->vm, as_str(s)->data + start, len)
                    : str_slice(out->vm, s, start, end);
    return parts_add(out, piece);
}

/* --- split ----------------------------------------------------------------------------------- */

static bool split_blanks(Parts *out, Value self, ptrdiff_t most)
{
    const Str *s = as_str(self);
    for (ptrdiff_t i = 0;;) {
        i = skip_while(s, i, true);
        if (i == s->len) return true;
        ptrdiff_t start = i;
        if (most-- == 0) return add_slice(out, self, start, s->len);
        i = skip_while(s, i, false);
        if (!add_slice(out, self, start, i)) return false;
    }
}

static bool rsplit_blanks(Parts *out, Value self, ptrdiff_t most)
{
    const Str *s = as_str(self);
    for (ptrdiff_t i = s->len;;) {
        while (i > 0 && is_space_at(s, i - 1)) i--;
        if (i == 0) return true;
        ptrdiff_t end = i;
        if (most-- == 0) return add_slice(out, self, 0, end);
        while (i > 0 && !is_space_at(s, i - 1)) i--;
        if (!add_slice(out, self, i, end)) return false;
    }
}

/* Both of one byte a point, the separator few points. */
static bool split_at_few(Parts *out, Value self, const Str *separator, ptrdiff_t most)
{
    const char *data = as_str(self)->data, *end = data + as_str(self)->len, *start = data;
    for (; most > 0; most--) {
        const char *at = bytescan_near_few(start, end, separator->data, separator->len);
        if (at == end) break;
        if (!add_slice(out, self, start - data, at - data)) return false;
        start = at + separator->len;
    }
    return add_slice(out, self, start - data, end - data);
}

static bool split_at(Parts *out, Value self, const Str *separator, ptrdiff_t most)
{
    const Str *s = as_str(self);
    ptrdiff_t start = 0, at;
    if (s->width == 1 && separator->width == 1 && separator->len <= BYTESCAN_FEW)
        return split_at_few(out, self, separator, most);
    while (most-- > 0 && (at = str_find(s, separator, start, s->len)) >= 0) {
        if (!add_slice(out, self, start, at)) return false;
        start = at + separator->len;
    }
    return add_slice(out, self, start, s->len);
}

static bool rsplit_at(Parts *out, Value self, const Str *separator, ptrdiff_t most)
{
    const Str *s = as_str(self);
    ptrdiff_t end = s->len, at;
    while (most-- > 0 && (at = str_find_last(s, separator, 0, end)) >= 0) {
        if (!add_slice(out, self, at + separator->len, end)) return false;
        end = at;
    }
    return add_slice(out, self, 0, end);
}

static Ref split(Vm *vm, Value *argv, bool from_right)
{
    int64_t most;
    Value separator = argv[1];
    if (!is_none(separator) && !is_str(separator))
        return throw(vm, TypeError, "must be str or None, not %T", separator);
    if (!index_argument(vm, argv[2], &most)) return FAIL;
    if (most < 0) most = PTRDIFF_MAX;
    if (!is_none(separator) && as_str(separator)->len == 0)
        return throw(vm, ValueError, "empty separator");
    Parts out;
    parts_open(vm, &out);
    bool good;
    if (is_none(separator)) good = (from_right ? rsplit_blanks : split_blanks)(&out, argv[0], most);
    else good = (from_right ? rsplit_at : split_at)(&out, argv[0], as_str(separator), most);
    return parts_close(&out, good, from_right);
}

SHARED_NATIVE(str_split, "split(self, /, sep=None, maxsplit=-1)",
              "Return the list of the parts between occurrences of sep, or of runs of blanks when "
              "sep is None.\n"
              "At most maxsplit splits are made, from the left; a negative number means no limit.")
{
    return split(vm, argv, false);
}

SHARED_NATIVE(str_rsplit, "rsplit(self, /, sep=None, maxsplit=-1)",
              "Like split, but the splits are made from the right.")
{
    return split(vm, argv, true);
}

ALWAYS_INLINE bool may_break(uint32_t point)
{
    return point <= 0x1E || point == 0x85 || point >> 4 == 0x202;
}

ALWAYS_INLINE ptrdiff_t line_end_in(const Str *s, int width, ptrdiff_t i)
{
    for (; i < s->len; i++) {
        uint32_t point = points_at(s->data, width, i);
        if (may_break(point) && char_is_line_break(point)) break;
    }
    return i;
}

/* Where the line that begins at i ends. */
static ptrdiff_t line_end(const Str *s, ptrdiff_t i)
{
    if (s->width == 2) { /* past blocks in which no line ends */
        for (; i + 8 <= s->len; i += 8) {
            Units8 block = units8_at(s->data + 2 * i);
            Units8 ends = (Units8)(block <= 0x1E) | (Units8)(block == 0x85) |
                          (Units8)((block & 0xFFF0) == 0x2020);
            if (!block_is_zero((Bytes16)ends)) break;
        }
        return line_end_in(s, 2, i);
    }
    return s->width == 1 ? line_end_in(s, 1, i) : line_end_in(s, 4, i);
}

SHARED_NATIVE(str_splitlines, "splitlines(self, /, keepends=False)",
              "Return the list of lines, with their line breaks when keepends is true.")
{
    const Str *s = as_str(argv[0]);
    Truth keep = value_truth(vm, argv[1]);
    if (keep == FAILED) return FAIL;
    Parts out;
    bool good = true;
    parts_open(vm, &out);
    for (ptrdiff_t i = 0; good && i < s->len;) {
        ptrdiff_t start = i, end = line_end(s, i);
        i = end;
        if (i < s->len)
            i += str_at(s, i) == '\r' && i + 1 < s->len && str_at(s, i + 1) == '\n' ? 2 : 1;
        good = add_slice(&out, argv[0], start, keep ? i : end);
    }
    return parts_close(&out, good, false);
}

/* --- partition ------------------------------------------------------------------------------- */

static Ref partition(Vm *vm, Value self, Value separator, bool from_right)
{
    if (!is_str(separator)) return throw(vm, TypeError, "must be str, not %T", separator);
    const Str *s = as_str(self), *sub = as_str(separator);
    if (sub->len == 0) return throw(vm, ValueError, "empty separator");
    ptrdiff_t at = from_right ? str_find_last(s, sub, 0, s->len) : str_find(s, sub, 0, s->len);
    Value empty = vm->interp->empty_str;
    if (at < 0) {
        Ref whole = str_exact(vm, self);
        if (failed(whole)) return FAIL;
        Ref out = from_right ? tuple_pack(vm, 3, empty, empty, (Value)whole)
                             : tuple_pack(vm, 3, (Value)whole, empty, empty);
        decref(whole);
        return out;
    }
    Ref parts[] = {str_slice(vm, self, 0, at), newref(separator),
                   str_slice(vm, self, at + sub->len, s->len)};
    if (!failed(parts[0]) && !failed(parts[2])) return tuple_from_refs(vm, 3, parts);
    for (int i = 0; i < 3; i++) decref(parts[i]);
    return FAIL;
}

SHARED_NATIVE(
    str_partition, "partition(self, sep, /)",
    "Return (before, sep, after) around the first sep; (self, '', '') when there is none.")
{
    return partition(vm, argv[0], argv[1], false);
}

SHARED_NATIVE(str_rpartition, "rpartition(self, sep, /)",
              "Return (before, sep, after) around the last sep; ('', '', self) when there is none.")
{
    return partition(vm, argv[0], argv[1], true);
}

/* --- strip ----------------------------------------------------------------------------------- */

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

static bool strips(const Str *s, ptrdiff_t i, const Str *points)
{
    uint32_t point = str_at(s, i);
    if (!points) return char_is_space(point);
    for (ptrdiff_t j = 0; j < points->len; j++)
        if (str_at(points, j) == point) return true;
    return false;
}

static Ref strip(Vm *vm, const char *name, Value *argv, int sides)
{
    const Str *s = as_str(argv[0]);
    if (!is_none(argv[1]) && !is_str(argv[1]))
        return throw(vm, TypeError, "%s arg must be None or str", name);
    const Str *points = is_none(argv[1]) ? NULL : as_str(argv[1]);
    ptrdiff_t start = 0, end = s->len;
    if (sides & STRIP_LEFT)
        while (start < end && strips(s, start, points)) start++;
    if (sides & STRIP_RIGHT)
        while (end > start && strips(s, end - 1, points)) end--;
    return str_slice(vm, argv[0], start, end);
}

SHARED_NATIVE(str_strip, "strip(self, chars=None, /)",
              "Return a copy without leading and trailing blanks, or characters of chars.")
{
    return strip(vm, "strip", argv, STRIP_LEFT | STRIP_RIGHT);
}

SHARED_NATIVE(str_lstrip, "lstrip(self, chars=None, /)",
              "Return a copy without leading blanks, or characters of chars.")
{
    return strip(vm, "lstrip", argv, STRIP_LEFT);
}

SHARED_NATIVE(str_rstrip, "rstrip(self, chars=None, /)",
              "Return a copy without trailing blanks, or characters of chars.")
{
    return strip(vm, "rstrip", argv, STRIP_RIGHT);
}

static bool lies_at(const Str *s, const Str *sub, ptrdiff_t i)
{
    return i >= 0 && i + sub->len <= s->len && str_find(s, sub, i, i + sub->len) == i;
}

SHARED_NATIVE(str_removeprefix, "removeprefix(self, prefix, /)",
              "Return a copy without prefix at its beginning, if it is there.")
{
    if (!require_str(vm, "removeprefix", 0, argv[1])) return FAIL;
    const Str *s = as_str(argv[0]), *prefix = as_str(argv[1]);
    return str_slice(vm, argv[0], lies_at(s, prefix, 0) ? prefix->len : 0, s->len);
}

SHARED_NATIVE(str_removesuffix, "removesuffix(self, suffix, /)",
              "Return a copy without suffix at its end, if it is there.")
{
    if (!require_str(vm, "removesuffix", 0, argv[1])) return FAIL;
    const Str *s = as_str(argv[0]), *suffix = as_str(argv[1]);
    ptrdiff_t cut = lies_at(s, suffix, s->len - suffix->len) ? suffix->len : 0;
    return str_slice(vm, argv[0], 0, s->len - cut);
}

SHARED_NATIVE(str_join_method, "join(self, iterable, /)",
              "Return the strings of iterable joined, self between them.")
{
    return str_join(vm, argv[0], argv[1]);
}
