/* bytessearch.c - methods that search, split and strip; shared by bytes and bytearray.
 *
 * An argument's bytes are borrowed through a Buffer for the duration; self's bytes are looked at
 * only afterwards, since getting a buffer may run script code.
 * Neighbours: base/bytescan.c (the search), bytesmethod.c, bytesmethods.def (the table). */
/* SPDX-License-Identifier: MIT */
#include "base/bytescan.h"
#include "base/copy.h"
#include "base/marks.h"
#include "object/bytesmethod.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "object/parts.h"
#include "object/sequence.h"
#include "object/tuple.h"

/* --- the search ------------------------------------------------------------------------------ */

static ptrdiff_t find(Span s, Span sub, ptrdiff_t start, ptrdiff_t end)
{
    if (end - start < sub.len) return -1;
    if (sub.len == 0) return start;
    ptrdiff_t at = bytescan_find(s.data + start, end - start, sub.data, sub.len);
    return at < 0 ? -1 : start + at;
}

static ptrdiff_t find_last(Span s, Span sub, ptrdiff_t start, ptrdiff_t end)
{
    if (end - start < sub.len) return -1;
    if (sub.len == 0) return end;
    for (ptrdiff_t stop = end - sub.len + 1; stop > start;) {
        const char *found = memrchr(s.data + start, *sub.data, (size_t)(stop - start));
        if (!found) return -1;
        if (memcmp(found, sub.data, (size_t)sub.len) == 0) return found - s.data;
        stop = found - s.data;
    }
    return -1;
}

static ptrdiff_t count_of(Span s, Span sub, ptrdiff_t start, ptrdiff_t end, ptrdiff_t most)
{
    if (end < start) return 0;
    if (sub.len == 0) return end - start + 1 < most ? end - start + 1 : most;
    return bytescan_count(s.data + start, end - start, sub.data, sub.len, most);
}

/* --- arguments ------------------------------------------------------------------------------- */

/* The bytes of an argument, which stay in place until they are given back. */
typedef struct Loan {
    Span span;
    Buffer buffer; /* owner UNDEF: the argument itself keeps them */
    char byte;     /* of an argument that is one */
} Loan;

static inline bool loan_take(Vm *vm, Value v, Loan *loan)
{
    if (is_exact(v, KIND_BYTES)) {
        loan->buffer.owner = UNDEF;
        loan->span = span_of(v);
        return true;
    }
    if (!buffer_get(vm, v, &loan->buffer, false)) return false;
    loan->span = (Span){loan->buffer.data, loan->buffer.len};
    return true;
}

static inline void loan_return(Vm *vm, Loan *loan)
{
    if (!absent(loan->buffer.owner)) buffer_release(vm, &loan->buffer);
}

/* What is searched for: a bytes-like object or one byte. */
static inline bool needle_take(Vm *vm, Value v, Loan *needle)
{
    if (is_exact(v, KIND_BYTES)) return loan_take(vm, v, needle);
    if (sequence_is_index(vm, v)) {
        needle->buffer.owner = UNDEF;
        needle->span = (Span){&needle->byte, 1};
        return byte_value(vm, v, "byte must be in range(0, 256)", &needle->byte);
    }
    if (!type_of(vm, v)->slots.buffer) {
        throw(vm, TypeError, "argument should be integer or bytes-like object, not '%T'", v);
        return false;
    }
    return loan_take(vm, v, needle);
}

/* The bounds of a search.  What runs script code is asked for its index at once, while the length
 * that both are clamped to is that of the moment when the search begins. */
typedef struct Bounds {
    Value start, end;
} Bounds;

static bool bound_fix(Vm *vm, Value *bound)
{
    enum { FAR_BITS = 48 }; /* farther than any length */
    ptrdiff_t n, far = (ptrdiff_t)1 << FAR_BITS;
    if (absent(*bound) || is_none(*bound) || is_int(*bound)) return true;
    if (!is_any_int(*bound) && !type_of(vm, *bound)->slots.index) {
        throw(vm, TypeError, "slice indices must be integers or None or have an __index__ method");
        return false;
    }
    if (!int_subscript(vm, *bound, &n, true)) return false;
    *bound = from_small(n < -far ? -far : n > far ? far : n);
    return true;
}

static inline bool bounds_fix(Vm *vm, Value start, Value end, Bounds *bounds)
{
    *bounds = (Bounds){start, end};
    return bound_fix(vm, &bounds->start) && bound_fix(vm, &bounds->end);
}

typedef ptrdiff_t Find(Span s, Span sub, ptrdiff_t start, ptrdiff_t end);

/* argv: self, sub, start, end.  -2: raised. */
static inline ptrdiff_t search(Vm *vm, Value *argv, Find *how)
{
    Loan needle;
    Bounds bounds;
    ptrdiff_t from, to;
    if (!bounds_fix(vm, argv[2], argv[3], &bounds)) return -2;
    if (!needle_take(vm, argv[1], &needle)) return -2;
    Span s = span_of(argv[0]);
    slice_bounds(vm, bounds.start, bounds.end, s.len, &from, &to);
    ptrdiff_t at = how(s, needle.span, from, to);
    loan_return(vm, &needle);
    return at;
}

static Ref search_or_raise(Vm *vm, Value *argv, Find *how)
{
    ptrdiff_t at = search(vm, argv, how);
    if (at == -1) return throw(vm, ValueError, "subsection not found");
    return at < 0 ? FAIL : from_small(at);
}

static Ref part(Vm *vm, Value self, ptrdiff_t start, ptrdiff_t end)
{
    Span span = span_of(self);
    if (is_exact(self, KIND_BYTES) && start == 0 && end == span.len) return newref(self);
    return bytes_like(vm, self, span.data + start, end - start);
}

/* --- find, count, startswith ----------------------------------------------------------------- */

SHARED_NATIVE(bytes_find, "find(self, sub, start=None, end=None, /)",
              "Return the lowest index where sub, bytes or one byte, lies within self[start:end]; "
              "-1: nowhere.")
{
    ptrdiff_t at = search(vm, argv, find);
    return at == -2 ? FAIL : from_small(at);
}

SHARED_NATIVE(bytes_rfind, "rfind(self, sub, start=None, end=None, /)",
              "Return the highest index where sub, bytes or one byte, lies within self[start:end]; "
              "-1: nowhere.")
{
    ptrdiff_t at = search(vm, argv, find_last);
    return at == -2 ? FAIL : from_small(at);
}

SHARED_NATIVE(bytes_index, "index(self, sub, start=None, end=None, /)",
              "Like find, but raise ValueError when sub is not there.")
{
    return search_or_raise(vm, argv, find);
}

SHARED_NATIVE(bytes_rindex, "rindex(self, sub, start=None, end=None, /)",
              "Like rfind, but raise ValueError when sub is not there.")
{
    return search_or_raise(vm, argv, find_last);
}

static ptrdiff_t count_all(Span s, Span sub, ptrdiff_t start, ptrdiff_t end)
{
    return count_of(s, sub, start, end, PTRDIFF_MAX);
}

SHARED_NATIVE(
    bytes_count, "count(self, sub, start=None, end=None, /)",
    "Return how many times sub, bytes or one byte, occurs in self[start:end] without overlap.")
{
    ptrdiff_t count = search(vm, argv, count_all);
    return count == -2 ? FAIL : from_small(count);
}

/* Does self[start:end] begin (end) with affix? */
static inline Truth affix_matches(Vm *vm, Value self, Value affix, Bounds bounds, bool at_end)
{
    Loan loan;
    ptrdiff_t from, to;
    if (!loan_take(vm, affix, &loan)) return FAILED;
    Span s = span_of(self), sub = loan.span;
    slice_bounds(vm, bounds.start, bounds.end, s.len, &from, &to);
    bool same = to - from >= sub.len &&
                memcmp(s.data + (at_end ? to - sub.len : from), sub.data, (size_t)sub.len) == 0;
    loan_return(vm, &loan);
    return same ? YES : NO;
}

static Ref has_affix(Vm *vm, const char *name, Value *argv, bool at_end)
{
    Bounds bounds;
    if (!bounds_fix(vm, argv[2], argv[3], &bounds)) return FAIL;
    if (!is_tuple(argv[1])) {
        if (!type_of(vm, argv[1])->slots.buffer)
            return throw(vm, TypeError, "%s first arg must be bytes or a tuple of bytes, not %T",
                         name, argv[1]);
        Truth known = affix_matches(vm, argv[0], argv[1], bounds, at_end);
        return known == FAILED ? FAIL : from_bool(known == YES);
    }
    for (ptrdiff_t i = 0; i < tuple_len(argv[1]); i++) {
        Truth known = affix_matches(vm, argv[0], tuple_at(argv[1], i), bounds, at_end);
        if (known != NO) return known == FAILED ? FAIL : TRUE;
    }
    return FALSE;
}

SHARED_NATIVE(bytes_startswith, "startswith(self, prefix, start=None, end=None, /)",
              "Tell whether self[start:end] begins with prefix, or with one of a tuple of them.")
{
    return has_affix(vm, "startswith", argv, false);
}

SHARED_NATIVE(bytes_endswith, "endswith(self, suffix, start=None, end=None, /)",
              "Tell whether self[start:end] ends with suffix, or with one of a tuple of them.")
{
    return has_affix(vm, "endswith", argv, true);
}

SHARED_NATIVE(bytes_removeprefix, "removeprefix(self, prefix, /)",
              "Return a copy without prefix at its beginning, if it is there.")
{
    Loan loan;
    if (!loan_take(vm, argv[1], &loan)) return FAIL;
    Span s = span_of(argv[0]), sub = loan.span;
    bool there = s.len >= sub.len && memcmp(s.data, sub.data, (size_t)sub.len) == 0;
    Ref out = part(vm, argv[0], there ? sub.len : 0, s.len);
    loan_return(vm, &loan);
    return out;
}

SHARED_NATIVE(bytes_removesuffix, "removesuffix(self, suffix, /)",
              "Return a copy without suffix at its end, if it is there.")
{
    Loan loan;
    if (!loan_take(vm, argv[1], &loan)) return FAIL;
    Span s = span_of(argv[0]), sub = loan.span;
    bool there =
        s.len >= sub.len && memcmp(s.data + s.len - sub.len, sub.data, (size_t)sub.len) == 0;
    Ref out = part(vm, argv[0], 0, there ? s.len - sub.len : s.len);
    loan_return(vm, &loan);
    return out;
}

/* --- replace --------------------------------------------------------------------------------- */

/* New between the bytes and at both ends, count times in all; to has room. */
static void write_interleaved(char *to, Span s, Span new, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        if (i) *to++ = s.data[i - 1];
        to = copy_few(to, new.data, (size_t) new.len);
    }
    if (count <= s.len) memcpy(to, s.data + count - 1, (size_t)(s.len - count + 1));
}

/* The first `count` occurrences of old (all there) replaced by new; to has room. */
static void write_replaced(char *to, Span s, Span old, Span new, ptrdiff_t count)
{
    ByteScan scan = bytescan_open(s.data, s.len, old.data, old.len);
    ptrdiff_t from = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        ptrdiff_t at = bytescan_next(&scan, from);
        to = copy_few(to, s.data + from, (size_t)(at - from));
        to = copy_few(to, new.data, (size_t) new.len);
        from = at + old.len;
    }
    memcpy(to, s.data + from, (size_t)(s.len - from));
}

/* self with old (not empty) replaced by as many bytes: a copy is overwritten where old was. */
static Ref replace_alike(Vm *vm, Value self, Span old, Span new, ptrdiff_t most)
{
    Span s = span_of(self);
    ByteScan scan = bytescan_open(s.data, s.len, old.data, old.len);
    ptrdiff_t at = most ? bytescan_next(&scan, 0) : -1;
    if (at < 0) return part(vm, self, 0, s.len);
    Ref out = bytes_like(vm, self, s.data, s.len);
    if (failed(out)) return FAIL;
    char *to = (char *)(uintptr_t)span_of(out).data;
    if (old.len == 1 && most >= s.len) {
        bytescan_exchange(to + at, s.len - at, *old.data, *new.data);
        return out;
    }
    for (; at >= 0 && most > 0; most--, at = bytescan_next(&scan, at + old.len))
        copy_few(to + at, new.data, (size_t) new.len);
    return out;
}

static Ref replace_spans(Vm *vm, Value self, Span old, Span new, ptrdiff_t most)
{
    if (old.len == new.len && old.len) return replace_alike(vm, self, old, new, most);
    Span s = span_of(self);
    ptrdiff_t count = count_of(s, old, 0, s.len, most), grow, len;
    if (count == 0) return part(vm, self, 0, s.len);
    if (__builtin_mul_overflow(count, new.len - old.len, &grow) ||
        __builtin_add_overflow(s.len, grow, &len))
        return throw(vm, OverflowError, "replace bytes is too long");
    Ref out = bytes_like(vm, self, NULL, len);
    if (failed(out) || len == 0) return out;
    char *to = (char *)(uintptr_t)span_of(out).data;
    if (old.len) write_replaced(to, s, old, new, count);
    else write_interleaved(to, s, new, count);
    return out;
}

SHARED_NATIVE(
    bytes_replace, "replace(self, old, new, count=-1, /)",
    "Return a copy in which occurrences of old (the first count, all when negative) are new.")
{
    Loan old, new;
    int64_t most;
    if (!loan_take(vm, argv[1], &old)) return FAIL;
    if (!loan_take(vm, argv[2], &new)) {
        loan_return(vm, &old);
        return FAIL;
    }
    Ref out = FAIL;
    if (index_argument(vm, argv[3], &most))
        out = replace_spans(vm, argv[0], old.span, new.span, most < 0 ? PTRDIFF_MAX : most);
    loan_return(vm, &new);
    loan_return(vm, &old);
    return out;
}

/* --- split ----------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || (c >= 9 && c <= 13); }

ALWAYS_INLINE Bytes16 mark_blank(Bytes16 block, uint32_t unused)
{
    (void)unused;
    return block_between(block, 9, 13) | (Bytes16)(block == ' ');
}

ALWAYS_INLINE Bytes16 mark_line_end(Bytes16 block, uint32_t unused)
{
    (void)unused;
    return (Bytes16)(block == '\n') | (Bytes16)(block == '\r');
}

static inline bool add_part(Parts *out, Value self, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t len = end - start;
    Ref piece = is_bytes(self) && len < as_bytes(self)->len
                    ? bytes_piece(out->vm, as_bytes(self)->data + start, len)
                    : part(out->vm, self, start, end);
    return parts_add(out, piece);
}

static bool split_blanks(Parts *out, Value self, ptrdiff_t most)
{
    Span s = span_of(self);
    Marks marks = marks_open(s.data, s.len, 1, is_bytes(self), MARKS_EDGES, mark_blank, 0);
    for (;;) {
        ptrdiff_t start = marks_next(&marks, mark_blank, 0);
        if (start == s.len) return true;
        if (most-- == 0) return add_part(out, self, start, s.len);
        ptrdiff_t end = marks_next(&marks, mark_blank, 0);
        if (!add_part(out, self, start, end)) return false;
    }
}

static bool rsplit_blanks(Parts *out, Value self, ptrdiff_t most)
{
    Span s = span_of(self);
    for (ptrdiff_t i = s.len;;) {
        while (i > 0 && is_blank(s.data[i - 1])) i--;
        if (i == 0) return true;
        ptrdiff_t end = i;
        if (most-- == 0) return add_part(out, self, 0, end);
        while (i > 0 && !is_blank(s.data[i - 1])) i--;
        if (!add_part(out, self, i, end)) return false;
    }
}

/* A separator of few bytes, at places found by its first. */
static bool split_at_few(Parts *out, Value self, Span separator, ptrdiff_t most)
{
    const Span s = span_of(self);
    uint32_t first = (uint8_t)*separator.data;
    Marks marks = marks_open(s.data, s.len, 1, is_bytes(self), MARKS_EACH, mark_byte, first);
    ptrdiff_t start = 0;
    while (most > 0) {
        ptrdiff_t at = marks_next(&marks, mark_byte, first), same = 1;
        if (s.len - at < separator.len) break;
        if (at < start) continue;
        while (same < separator.len && s.data[at + same] == separator.data[same]) same++;
        if (same < separator.len) continue;
        if (!add_part(out, self, start, at)) return false;
        start = at + separator.len;
        most--;
    }
    return add_part(out, self, start, s.len);
}

static bool split_at(Parts *out, Value self, Span separator, ptrdiff_t most)
{
    if (separator.len <= SEPARATOR_FEW) return split_at_few(out, self, separator, most);
    Span s = span_of(self);
    ByteScan scan = bytescan_open(s.data, s.len, separator.data, separator.len);
    ptrdiff_t start = 0, at;
    while (most-- > 0 && (at = bytescan_next(&scan, start)) >= 0) {
        if (!add_part(out, self, start, at)) return false;
        start = at + separator.len;
    }
    return add_part(out, self, start, s.len);
}

static bool rsplit_at(Parts *out, Value self, Span separator, ptrdiff_t most)
{
    Span s = span_of(self);
    ptrdiff_t end = s.len, at;
    while (most-- > 0 && (at = find_last(s, separator, 0, end)) >= 0) {
        if (!add_part(out, self, at + separator.len, end)) return false;
        end = at;
    }
    return add_part(out, self, 0, end);
}

/* separator NULL: blanks */
static Ref split_self(Vm *vm, Value self, const Span *separator, ptrdiff_t most, bool from_right)
{
    if (separator && separator->len == 0) return throw(vm, ValueError, "empty separator");
    if (most == PTRDIFF_MAX && (!separator || separator->len == 1)) from_right = false; /* same */
    Parts out;
    bool good;
    parts_open(vm, &out);
    if (separator) good = (from_right ? rsplit_at : split_at)(&out, self, *separator, most);
    else good = (from_right ? rsplit_blanks : split_blanks)(&out, self, most);
    return parts_close(&out, good, from_right);
}

static Ref split(Vm *vm, Value *argv, bool from_right)
{
    int64_t most;
    Loan loan;
    if (!index_argument(vm, argv[2], &most)) return FAIL;
    if (most < 0) most = PTRDIFF_MAX;
    if (is_none(argv[1])) return split_self(vm, argv[0], NULL, most, from_right);
    if (!loan_take(vm, argv[1], &loan)) return FAIL;
    Ref out = split_self(vm, argv[0], &loan.span, most, from_right);
    loan_return(vm, &loan);
    return out;
}

SHARED_NATIVE(bytes_split, "split(self, /, sep=None, maxsplit=-1)",
              "Return the list of the parts between occurrences of sep, or of runs of blanks when "
              "sep is None.")
{
    return split(vm, argv, false);
}

SHARED_NATIVE(bytes_rsplit, "rsplit(self, /, sep=None, maxsplit=-1)",
              "Like split, but the splits are made from the right.")
{
    return split(vm, argv, true);
}

SHARED_NATIVE(bytes_splitlines, "splitlines(self, /, keepends=False)",
              "Return the list of lines, with their line breaks when keepends is true.")
{
    Truth keep = value_truth(vm, argv[1]);
    if (keep == FAILED) return FAIL;
    Parts out;
    bool good = true;
    parts_open(vm, &out);
    Span s = span_of(argv[0]);
    bool headed = is_bytes(argv[0]);
    Marks marks = marks_open(s.data, s.len, 1, headed, MARKS_EACH, mark_line_end, 0);
    for (ptrdiff_t start = 0; good && start < s.len;) {
        ptrdiff_t end = marks_next(&marks, mark_line_end, 0), next = end;
        if (end < start) continue; /* the second half of a line break */
        if (end < s.len)
            next += s.data[end] == '\r' && end + 1 < s.len && s.data[end + 1] == '\n' ? 2 : 1;
        good = add_part(&out, argv[0], start, keep ? next : end);
        start = next;
    }
    return parts_close(&out, good, false);
}

/* self[:first], separator (or nothing) and self[second:] as a tuple; middle UNDEF: a new copy. */
static Ref three_parts(Vm *vm, Value self, ptrdiff_t first, ptrdiff_t second, Value separator,
                       Span sub)
{
    Ref out = FAIL, middle, head = part(vm, self, 0, first);
    if (second > first && is_bytes(self)) middle = newref(separator);
    else middle = bytes_like(vm, self, sub.data, second - first);
    Ref tail = part(vm, self, second, span_of(self).len);
    if (!failed(head) && !failed(middle) && !failed(tail))
        out = tuple_pack(vm, 3, (Value)head, (Value)middle, (Value)tail);
    decref(head);
    decref(middle);
    decref(tail);
    return out;
}

static Ref partition(Vm *vm, Value self, Value separator, bool from_right)
{
    Loan loan;
    Ref out = FAIL;
    if (!loan_take(vm, separator, &loan)) return FAIL;
    Span s = span_of(self), sub = loan.span;
    if (sub.len == 0) {
        throw(vm, ValueError, "empty separator");
    } else {
        ptrdiff_t at = from_right ? find_last(s, sub, 0, s.len) : find(s, sub, 0, s.len);
        ptrdiff_t first = at >= 0 ? at : from_right ? 0 : s.len; /* where head ends */
        out = three_parts(vm, self, first, at >= 0 ? at + sub.len : first, separator, sub);
    }
    loan_return(vm, &loan);
    return out;
}

SHARED_NATIVE(
    bytes_partition, "partition(self, sep, /)",
    "Return (before, sep, after) around the first sep; (self, b'', b'') when there is none.")
{
    return partition(vm, argv[0], argv[1], false);
}

SHARED_NATIVE(
    bytes_rpartition, "rpartition(self, sep, /)",
    "Return (before, sep, after) around the last sep; (b'', b'', self) when there is none.")
{
    return partition(vm, argv[0], argv[1], true);
}

/* --- strip and join -------------------------------------------------------------------------- */

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

static inline Ref strip_blanks(Vm *vm, Value self, int sides)
{
    Span s = span_of(self);
    ptrdiff_t start = 0, end = s.len;
    if (sides & STRIP_LEFT)
        while (start < end && is_blank(s.data[start])) start++;
    if (sides & STRIP_RIGHT)
        while (end > start && is_blank(s.data[end - 1])) end--;
    return part(vm, self, start, end);
}

static Ref strip_bytes(Vm *vm, Value self, Value bytes, int sides)
{
    Loan loan;
    bool unwanted[256] = {false};
    if (!loan_take(vm, bytes, &loan)) return FAIL;
    for (ptrdiff_t i = 0; i < loan.span.len; i++) unwanted[(uint8_t)loan.span.data[i]] = true;
    Span s = span_of(self);
    ptrdiff_t start = 0, end = s.len;
    if (sides & STRIP_LEFT)
        while (start < end && unwanted[(uint8_t)s.data[start]]) start++;
    if (sides & STRIP_RIGHT)
        while (end > start && unwanted[(uint8_t)s.data[end - 1]]) end--;
    loan_return(vm, &loan);
    return part(vm, self, start, end);
}

static inline Ref strip(Vm *vm, Value *argv, int sides)
{
    return is_none(argv[1]) ? strip_blanks(vm, argv[0], sides)
                            : strip_bytes(vm, argv[0], argv[1], sides);
}

SHARED_NATIVE(bytes_strip, "strip(self, bytes=None, /)",
              "Return a copy without leading and trailing blanks, or any of bytes.")
{
    return strip(vm, argv, STRIP_LEFT | STRIP_RIGHT);
}

SHARED_NATIVE(bytes_lstrip, "lstrip(self, bytes=None, /)",
              "Return a copy without leading blanks, or any of bytes.")
{
    return strip(vm, argv, STRIP_LEFT);
}

SHARED_NATIVE(bytes_rstrip, "rstrip(self, bytes=None, /)",
              "Return a copy without trailing blanks, or any of bytes.")
{
    return strip(vm, argv, STRIP_RIGHT);
}

/* The items of iterable as a list or tuple; while they come a bytearray joiner keeps its size. */
static Ref joined_items(Vm *vm, Value joiner, Value iterable)
{
    if (is_sequence(iterable)) return newref(iterable);
    if (is_bytearray(joiner)) as_bytearray(joiner)->exports++;
    Ref items = list_from(vm, iterable);
    if (is_bytearray(joiner)) as_bytearray(joiner)->exports--;
    return items;
}

/* Adds the bytes of item i to out. */
static bool join_item(Vm *vm, ByteArray *out, Value item, ptrdiff_t i)
{
    Buffer buffer;
    if (!type_of(vm, item)->slots.buffer) {
        throw(vm, TypeError, "sequence item %zd: expected a bytes-like object, %T found", i, item);
        return false;
    }
    if (!buffer_get(vm, item, &buffer, false)) return false;
    bool ok = bytearray_splice(vm, out, out->len, out->len, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return ok;
}

/* Of bytes and bytearrays and nothing else; UNDEF: there is something else among them. */
static Ref join_plain(Vm *vm, Value joiner, Value items)
{
    Span between = span_of(joiner);
    ptrdiff_t len, total = 0;
    const Ref *item = sequence_items(items, &len);
    for (ptrdiff_t i = 0; i < len; i++) {
        if (!is_exact(item[i], KIND_BYTES) && !is_exact(item[i], KIND_BYTEARRAY)) return UNDEF;
        ptrdiff_t more = span_of(item[i]).len + (i ? between.len : 0);
        if (__builtin_add_overflow(total, more, &total)) return throw_no_memory(vm);
    }
    if (len == 1 && is_bytes(joiner) && is_bytes(item[0])) return newref(item[0]);
    Ref made = bytes_like(vm, joiner, NULL, total);
    if (failed(made)) return FAIL;
    char *to = (char *)(uintptr_t)span_of(made).data;
    for (ptrdiff_t i = 0; i < len; i++) {
        Span piece = span_of(item[i]);
        if (i) to = copy_few(to, between.data, (size_t)between.len);
        to = copy_few(to, piece.data, (size_t)piece.len);
    }
    return made;
}

SHARED_NATIVE(bytes_join, "join(self, iterable_of_bytes, /)",
              "Return the bytes-like objects of iterable joined, self between them.")
{
    const Type *type = type_of(vm, argv[1]);
    if (!type->slots.iter && !type->slots.get_item)
        return throw(vm, TypeError, "can only join an iterable");
    Ref items = joined_items(vm, argv[0], argv[1]);
    if (failed(items)) return FAIL;
    Ref out = join_plain(vm, argv[0], items);
    if (!absent(out)) {
        decref(items);
        return out;
    }
    Ref made = bytearray_from(vm, NULL, 0);
    out = FAIL;
    bool ok = !failed(made);
    ptrdiff_t len;
    for (ptrdiff_t i = 0; ok && (sequence_items(items, &len), i < len); i++) {
        Ref item = newref(sequence_items(items, &len)[i]);
        Span between = span_of(argv[0]);
        ok = (i == 0 || bytearray_splice(vm, as_bytearray(made), as_bytearray(made)->len,
                                         as_bytearray(made)->len, between.data, between.len)) &&
             join_item(vm, as_bytearray(made), item, i);
        decref(item);
    }
    if (ok) {
        Span span = span_of(made);
        out = is_bytearray(argv[0]) ? newref(made) : bytes_from(vm, span.data, span.len);
    }
    decref(made);
    decref(items);
    return out;
}
