/* strsplit.c - taking text apart, stripping its ends, and putting it together: split, partition,
 * strip, join.
 *
 * Neighbours: strfind.c (the search), char.c (what a blank is). */
/* SPDX-License-Identifier: MIT */
#include "base/marks.h"
#include "object/char.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"
#include "object/parts.h"
#include "object/strmethod.h"
#include "object/tuple.h"

static bool is_space_at(const Str *s, ptrdiff_t i) { return char_is_space(str_at(s, i)); }

/* What split and splitlines part text at, as kinds of marks; a vector of points b is asked. */
#define AMONG(b, low, high) ((b) - (low) <= (high) - (low))
#define LATIN1_BLANKS(b)    (AMONG(b, 9, 13) | AMONG(b, 0x1C, 0x20) | ((b) == 0x85) | ((b) == 0xA0))
#define OTHER_BLANKS(b)                                                                            \
    (((b) == 0x1680) | AMONG(b, 0x2000, 0x200A) | AMONG(b, 0x2028, 0x2029) | ((b) == 0x202F) |     \
     ((b) == 0x205F) | ((b) == 0x3000))
#define LATIN1_LINE_ENDS(b) (AMONG(b, 10, 13) | AMONG(b, 0x1C, 0x1E) | ((b) == 0x85))
#define OTHER_LINE_ENDS(b)  AMONG(b, 0x2028, 0x2029)
#define KIND_OF_POINTS(name, Vector, test)                                                         \
    ALWAYS_INLINE Bytes16 name(Bytes16 block, uint32_t unused)                                     \
    {                                                                                              \
        (void)unused;                                                                              \
        Vector b = (Vector)block;                                                                  \
        return (Bytes16)(test);                                                                    \
    }
KIND_OF_POINTS(blank_bytes, Bytes16, LATIN1_BLANKS(b))
KIND_OF_POINTS(blank_units, Units8, LATIN1_BLANKS(b) | OTHER_BLANKS(b))
KIND_OF_POINTS(blank_points, Points4, LATIN1_BLANKS(b) | OTHER_BLANKS(b))
KIND_OF_POINTS(line_end_bytes, Bytes16, LATIN1_LINE_ENDS(b))
KIND_OF_POINTS(line_end_units, Units8, LATIN1_LINE_ENDS(b) | OTHER_LINE_ENDS(b))
KIND_OF_POINTS(line_end_points, Points4, LATIN1_LINE_ENDS(b) | OTHER_LINE_ENDS(b))

ALWAYS_INLINE bool add_slice(Parts *out, Value s, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t len = end - start;
    if (!as_str(s)->ascii || len == as_str(s)->len)
        return parts_add(out, str_slice(out->vm, s, start, end));
    const char *data = as_str(s)->data + start;
    return parts_add(out, len == 1 ? newref(out->vm->interp->latin1[(uint8_t)*data])
                                   : str_from_ascii(out->vm, data, len));
}

/* --- split ----------------------------------------------------------------------------------- */

ALWAYS_INLINE bool split_blanks_of(Parts *out, Value self, ptrdiff_t most, int width,
                                   MarkKind *kind)
{
    ptrdiff_t len = as_str(self)->len * width;
    Marks marks = marks_open(as_str(self)->data, len, width, true, MARKS_EDGES, kind, 0);
    for (;;) {
        ptrdiff_t start = marks_next(&marks, kind, 0);
        if (start == len) return true;
        if (most-- == 0) return add_slice(out, self, start / width, len / width);
        ptrdiff_t end = marks_next(&marks, kind, 0);
        if (!add_slice(out, self, start / width, end / width)) return false;
    }
}

static bool split_blanks(Parts *out, Value self, ptrdiff_t most)
{
    switch (as_str(self)->width) {
    case 1: return split_blanks_of(out, self, most, 1, blank_bytes);
    case 2: return split_blanks_of(out, self, most, 2, blank_units);
    default: return split_blanks_of(out, self, most, 4, blank_points);
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

/* Does separator, whose first point is at `at`, lie there with all of them? */
ALWAYS_INLINE bool goes_on_at(const Str *s, int width, const Str *separator, ptrdiff_t at)
{
    if (s->len - at < separator->len) return false;
    for (ptrdiff_t i = 1; i < separator->len; i++)
        if (points_at(s->data, width, at + i) != str_at(separator, i)) return false;
    return true;
}

/* A separator of few points, at places found by its first. */
ALWAYS_INLINE bool split_at_few(Parts *out, Value self, const Str *separator, ptrdiff_t most,
                                int width, MarkKind *kind)
{
    const Str *s = as_str(self);
    uint32_t first = str_at(separator, 0);
    Marks marks = marks_open(s->data, s->len * width, width, true, MARKS_EACH, kind, first);
    ptrdiff_t start = 0;
    while (most > 0) {
        ptrdiff_t at = marks_next(&marks, kind, first) / width;
        if (at == s->len) break;
        if (at < start || !goes_on_at(s, width, separator, at)) continue;
        if (!add_slice(out, self, start, at)) return false;
        start = at + separator->len;
        most--;
    }
    return add_slice(out, self, start, s->len);
}

static bool split_at(Parts *out, Value self, const Str *separator, ptrdiff_t most)
{
    const Str *s = as_str(self);
    ptrdiff_t start = 0, at;
    if (separator->width <= s->width && separator->len <= SEPARATOR_FEW) switch (s->width) {
        case 1: return split_at_few(out, self, separator, most, 1, mark_byte);
        case 2: return split_at_few(out, self, separator, most, 2, mark_unit);
        default: return split_at_few(out, self, separator, most, 4, mark_point);
        }
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
    if (!index_argument(vm, argv[2], &most)) return FAIL;
    if (!is_none(separator) && !is_str(separator))
        return throw(vm, TypeError, "must be str or None, not %T", separator);
    if (most < 0) most = PTRDIFF_MAX;
    if (!is_none(separator) && as_str(separator)->len == 0)
        return throw(vm, ValueError, "empty separator");
    if (most == PTRDIFF_MAX && (is_none(separator) || as_str(separator)->len == 1))
        from_right = false; /* all the same */
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

ALWAYS_INLINE bool split_lines_of(Parts *out, Value self, bool keep, int width, MarkKind *kind)
{
    const Str *s = as_str(self);
    ptrdiff_t len = s->len;
    Marks marks = marks_open(s->data, len * width, width, true, MARKS_EACH, kind, 0);
    bool good = true;
    for (ptrdiff_t start = 0; good && start < len;) {
        ptrdiff_t end = marks_next(&marks, kind, 0) / width, next = end;
        if (end < start) continue; /* the second half of a line break */
        if (end < len) {
            bool crlf = points_at(s->data, width, end) == '\r' && end + 1 < len &&
                        points_at(s->data, width, end + 1) == '\n';
            next += crlf ? 2 : 1;
        }
        good = add_slice(out, self, start, keep ? next : end);
        start = next;
    }
    return good;
}

SHARED_NATIVE(str_splitlines, "splitlines(self, /, keepends=False)",
              "Return the list of lines, with their line breaks when keepends is true.")
{
    Value self = argv[0];
    Truth keep = value_truth(vm, argv[1]);
    if (keep == FAILED) return FAIL;
    Parts out;
    bool good;
    parts_open(vm, &out);
    switch (as_str(self)->width) {
    case 1: good = split_lines_of(&out, self, keep, 1, line_end_bytes); break;
    case 2: good = split_lines_of(&out, self, keep, 2, line_end_units); break;
    default: good = split_lines_of(&out, self, keep, 4, line_end_points);
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

/* Is the point at i among points? */
static bool strips(const Str *s, ptrdiff_t i, const Str *points)
{
    uint32_t point = str_at(s, i);
    for (ptrdiff_t j = 0; j < points->len; j++)
        if (str_at(points, j) == point) return true;
    return false;
}

/* Leaves out the blanks at these sides of the points from *start to *end. */
ALWAYS_INLINE void leave_blanks(const char *data, int width, int sides, ptrdiff_t *start,
                                ptrdiff_t *end)
{
    ptrdiff_t from = *start, to = *end;
    if (sides & STRIP_LEFT)
        while (from < to && char_is_space(points_at(data, width, from))) from++;
    if (sides & STRIP_RIGHT)
        while (to > from && char_is_space(points_at(data, width, to - 1))) to--;
    *start = from;
    *end = to;
}

static Ref strip(Vm *vm, const char *name, Value *argv, int sides)
{
    const Str *s = as_str(argv[0]);
    ptrdiff_t start = 0, end = s->len;
    if (is_none(argv[1])) {
        if (s->width == 1) leave_blanks(s->data, 1, sides, &start, &end);
        else leave_blanks(s->data, s->width, sides, &start, &end);
        return str_slice(vm, argv[0], start, end);
    }
    if (!is_str(argv[1])) return throw(vm, TypeError, "%s arg must be None or str", name);
    const Str *points = as_str(argv[1]);
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
