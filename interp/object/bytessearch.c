/* bytessearch.c - methods that search, split and strip; shared by bytes and bytearray.
 *
 * An argument's bytes are borrowed through a Buffer for the duration; self's bytes are looked at
 * only afterwards, since getting a buffer may run script code.
 * Neighbours: bytesmethod.c, bytesmethods.def (the table). */
/* SPDX-License-Identifier: MIT */
#include "object/bytesmethod.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "object/sequence.h"
#include "object/tuple.h"

/* --- the search ------------------------------------------------------------------------------ */

static ptrdiff_t find(Span s, Span sub, ptrdiff_t start, ptrdiff_t end)
{
    if (end - start < sub.len) return -1;
    if (sub.len == 0) return start;
    const char *found = memmem(s.data + start, (size_t)(end - start), sub.data, (size_t)sub.len);
    return found ? found - s.data : -1;
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
    ptrdiff_t count = 0;
    for (; count < most && (start = find(s, sub, start, end)) >= 0; count++) start += sub.len;
    return count;
}

/* --- arguments ------------------------------------------------------------------------------- */

/* What is searched for: a bytes-like object or one byte. */
typedef struct Needle {
    Buffer buffer;
    char byte;
    Span span;
} Needle;

static bool needle_get(Vm *vm, Value v, Needle *needle)
{
    needle->buffer.owner = UNDEF;
    if (sequence_is_index(vm, v)) {
        needle->span = (Span){&needle->byte, 1};
        return byte_value(vm, v, "byte must be in range(0, 256)", &needle->byte);
    }
    if (!type_of(vm, v)->slots.buffer) {
        throw(vm, TypeError, "argument should be integer or bytes-like object, not '%T'", v);
        return false;
    }
    if (!buffer_get(vm, v, &needle->buffer, false)) return false;
    needle->span = (Span){needle->buffer.data, needle->buffer.len};
    return true;
}

typedef ptrdiff_t Find(Span s, Span sub, ptrdiff_t start, ptrdiff_t end);

/* argv: self, sub, start, end.  -2: raised. */
static ptrdiff_t search(Vm *vm, Value *argv, Find *how)
{
    Needle needle;
    ptrdiff_t from, to, at = -2;
    if (!needle_get(vm, argv[1], &needle)) return -2;
    if (slice_bounds(vm, argv[2], argv[3], span_of(argv[0]).len, &from, &to)) {
        Span s = span_of(argv[0]); /* perhaps shorter now: a bound's __index__ may do anything */
        at = how(s, needle.span, from, to < s.len ? to : s.len);
    }
    buffer_release(vm, &needle.buffer);
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

/* Does self[from:to] begin (end) with affix? */
static Truth affix_matches(Vm *vm, Value self, Value affix, ptrdiff_t from, ptrdiff_t to,
                           bool at_end)
{
    Buffer buffer;
    if (!buffer_get(vm, affix, &buffer, false)) return FAILED;
    Span s = span_of(self);
    bool fits = to <= s.len && to - from >= buffer.len;
    bool same = fits && memcmp(s.data + (at_end ? to - buffer.len : from), buffer.data,
                               (size_t)buffer.len) == 0;
    buffer_release(vm, &buffer);
    return same ? YES : NO;
}

static Ref has_affix(Vm *vm, const char *name, Value *argv, bool at_end)
{
    ptrdiff_t from, to;
    if (!slice_bounds(vm, argv[2], argv[3], span_of(argv[0]).len, &from, &to)) return FAIL;
    if (!is_tuple(argv[1])) {
        if (!type_of(vm, argv[1])->slots.buffer)
            return throw(vm, TypeError, "%s first arg must be bytes or a tuple of bytes, not %T",
                         name, argv[1]);
        Truth known = affix_matches(vm, argv[0], argv[1], from, to, at_end);
        return known == FAILED ? FAIL : from_bool(known == YES);
    }
    for (ptrdiff_t i = 0; i < tuple_len(argv[1]); i++) {
        Truth known = affix_matches(vm, argv[0], tuple_at(argv[1], i), from, to, at_end);
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
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Span s = span_of(argv[0]);
    bool there = s.len >= buffer.len && memcmp(s.data, buffer.data, (size_t)buffer.len) == 0;
    Ref out = part(vm, argv[0], there ? buffer.len : 0, s.len);
    buffer_release(vm, &buffer);
    return out;
}

SHARED_NATIVE(bytes_removesuffix, "removesuffix(self, suffix, /)",
              "Return a copy without suffix at its end, if it is there.")
{
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Span s = span_of(argv[0]);
    bool there = s.len >= buffer.len &&
                 memcmp(s.data + s.len - buffer.len, buffer.data, (size_t)buffer.len) == 0;
    Ref out = part(vm, argv[0], 0, there ? s.len - buffer.len : s.len);
    buffer_release(vm, &buffer);
    return out;
}

/* --- replace --------------------------------------------------------------------------------- */

/* The first `count` occurrences of old (all there) replaced by new; to has room. */
static void write_replaced(char *to, Span s, Span old, Span new, ptrdiff_t count)
{
    ptrdiff_t from = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        ptrdiff_t at = old.len ? find(s, old, from, s.len) : i;
        if (at > from) memcpy(to, s.data + from, (size_t)(at - from));
        to += at - from;
        if (new.len) memcpy(to, new.data, (size_t) new.len);
        to += new.len;
        from = at + old.len;
    }
    if (s.len > from) memcpy(to, s.data + from, (size_t)(s.len - from));
}

SHARED_NATIVE(
    bytes_replace, "replace(self, old, new, count=-1, /)",
    "Return a copy in which occurrences of old (the first count, all when negative) are new.")
{
    Buffer old, new;
    int64_t most;
    Ref out = FAIL;
    if (!index_argument(vm, argv[3], &most) || !buffer_get(vm, argv[1], &old, false)) return FAIL;
    if (!buffer_get(vm, argv[2], &new, false)) {
        buffer_release(vm, &old);
        return FAIL;
    }
    Span s = span_of(argv[0]), from = {old.data, old.len}, into = {new.data, new.len};
    ptrdiff_t count = count_of(s, from, 0, s.len, most < 0 ? PTRDIFF_MAX : most), grow, len;
    if (count == 0) {
        out = part(vm, argv[0], 0, s.len);
    } else if (__builtin_mul_overflow(count, into.len - from.len, &grow) ||
               __builtin_add_overflow(s.len, grow, &len)) {
        throw(vm, OverflowError, "replace bytes is too long");
    } else {
        out = bytes_like(vm, argv[0], NULL, len);
        if (!failed(out) && len)
            write_replaced((char *)(uintptr_t)span_of(out).data, s, from, into, count);
    }
    buffer_release(vm, &new);
    buffer_release(vm, &old);
    return out;
}

/* --- split ----------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || (c >= 9 && c <= 13); }

static bool push_part(Vm *vm, Ref list, Value self, ptrdiff_t start, ptrdiff_t end)
{
    Ref piece = part(vm, self, start, end);
    return !failed(piece) && list_push(vm, as_list(list), piece);
}

static bool split_blanks(Vm *vm, Ref out, Value self, ptrdiff_t most)
{
    Span s = span_of(self);
    for (ptrdiff_t i = 0;;) {
        while (i < s.len && is_blank(s.data[i])) i++;
        if (i == s.len) return true;
        ptrdiff_t start = i;
        if (most-- == 0) return push_part(vm, out, self, start, s.len);
        while (i < s.len && !is_blank(s.data[i])) i++;
        if (!push_part(vm, out, self, start, i)) return false;
    }
}

static bool rsplit_blanks(Vm *vm, Ref out, Value self, ptrdiff_t most)
{
    Span s = span_of(self);
    for (ptrdiff_t i = s.len;;) {
        while (i > 0 && is_blank(s.data[i - 1])) i--;
        if (i == 0) return true;
        ptrdiff_t end = i;
        if (most-- == 0) return push_part(vm, out, self, 0, end);
        while (i > 0 && !is_blank(s.data[i - 1])) i--;
        if (!push_part(vm, out, self, i, end)) return false;
    }
}

static bool split_at(Vm *vm, Ref out, Value self, Span separator, ptrdiff_t most)
{
    Span s = span_of(self);
    ptrdiff_t start = 0, at;
    while (most-- > 0 && (at = find(s, separator, start, s.len)) >= 0) {
        if (!push_part(vm, out, self, start, at)) return false;
        start = at + separator.len;
    }
    return push_part(vm, out, self, start, s.len);
}

static bool rsplit_at(Vm *vm, Ref out, Value self, Span separator, ptrdiff_t most)
{
    Span s = span_of(self);
    ptrdiff_t end = s.len, at;
    while (most-- > 0 && (at = find_last(s, separator, 0, end)) >= 0) {
        if (!push_part(vm, out, self, at + separator.len, end)) return false;
        end = at;
    }
    return push_part(vm, out, self, 0, end);
}

/* Turns round the items of a list built back to front. */
static void reverse_items(List *list)
{
    for (ptrdiff_t i = 0, j = list->len - 1; i < j; i++, j--) {
        Ref item = list->items[i];
        list->items[i] = list->items[j];
        list->items[j] = item;
    }
}

static Ref split(Vm *vm, Value *argv, bool from_right)
{
    int64_t most;
    Buffer buffer = {.owner = UNDEF};
    if (!index_argument(vm, argv[2], &most)) return FAIL;
    if (most < 0) most = PTRDIFF_MAX;
    if (!is_none(argv[1]) && !buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Ref out = FAIL;
    if (!is_none(argv[1]) && buffer.len == 0) throw(vm, ValueError, "empty separator");
    else out = list_new(vm, 0);
    if (!failed(out)) {
        Span separator = {buffer.data, buffer.len};
        bool ok = is_none(argv[1])
                      ? (from_right ? rsplit_blanks : split_blanks)(vm, out, argv[0], most)
                      : (from_right ? rsplit_at : split_at)(vm, out, argv[0], separator, most);
        if (ok && from_right) reverse_items(as_list(out));
        if (!ok) {
            decref(out);
            out = FAIL;
        }
    }
    buffer_release(vm, &buffer);
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
    Ref out = list_new(vm, 0);
    if (failed(out)) return FAIL;
    Span s = span_of(argv[0]);
    for (ptrdiff_t i = 0; i < s.len;) {
        ptrdiff_t start = i;
        while (i < s.len && s.data[i] != '\n' && s.data[i] != '\r') i++;
        ptrdiff_t end = i;
        if (i < s.len) i += s.data[i] == '\r' && i + 1 < s.len && s.data[i + 1] == '\n' ? 2 : 1;
        if (!push_part(vm, out, argv[0], start, keep ? i : end)) {
            decref(out);
            return FAIL;
        }
    }
    return out;
}

static Ref partition(Vm *vm, Value self, Value separator, bool from_right)
{
    Buffer buffer;
    Ref head = FAIL, middle = FAIL, tail = FAIL, out = FAIL;
    if (!buffer_get(vm, separator, &buffer, false)) return FAIL;
    if (buffer.len == 0) {
        throw(vm, ValueError, "empty separator");
        goto done;
    }
    Span s = span_of(self), sub = {buffer.data, buffer.len};
    ptrdiff_t at = from_right ? find_last(s, sub, 0, s.len) : find(s, sub, 0, s.len);
    ptrdiff_t first = at >= 0 ? at : from_right ? 0 : s.len; /* where head ends, and tail begins */
    ptrdiff_t second = at >= 0 ? at + sub.len : first;
    head = part(vm, self, 0, first);
    if (at >= 0 && is_bytes(self)) middle = newref(separator);
    else middle = bytes_like(vm, self, sub.data, at >= 0 ? sub.len : 0);
    tail = part(vm, self, second, s.len);
    if (!failed(head) && !failed(middle) && !failed(tail))
        out = tuple_pack(vm, 3, (Value)head, (Value)middle, (Value)tail);
done:
    decref(head);
    decref(middle);
    decref(tail);
    buffer_release(vm, &buffer);
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

static Ref strip(Vm *vm, Value *argv, int sides)
{
    Buffer buffer = {.data = " \t\n\v\f\r", .len = 6, .owner = UNDEF};
    if (!is_none(argv[1]) && !buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Span s = span_of(argv[0]);
    ptrdiff_t start = 0, end = s.len;
    if (sides & STRIP_LEFT)
        while (start < end && memchr(buffer.data, s.data[start], (size_t)buffer.len)) start++;
    if (sides & STRIP_RIGHT)
        while (end > start && memchr(buffer.data, s.data[end - 1], (size_t)buffer.len)) end--;
    if (!is_none(argv[1])) buffer_release(vm, &buffer);
    return part(vm, argv[0], start, end);
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

/* Of bytes objects and nothing else; UNDEF: there is something else among them. */
static Ref join_plain(Vm *vm, Value joiner, Value items)
{
    ptrdiff_t len, total = 0, between = as_bytes(joiner)->len;
    const Ref *item = sequence_items(items, &len);
    for (ptrdiff_t i = 0; i < len; i++) {
        if (!is_exact(item[i], KIND_BYTES)) return UNDEF;
        ptrdiff_t more = as_bytes(item[i])->len + (i ? between : 0);
        if (__builtin_add_overflow(total, more, &total)) return throw_no_memory(vm);
    }
    if (len == 1) return newref(item[0]);
    Ref made = bytes_from(vm, NULL, total);
    if (failed(made)) return FAIL;
    char *to = as_bytes(made)->data;
    for (ptrdiff_t i = 0; i < len; i++) {
        if (i) to = (char *)mempcpy(to, as_bytes(joiner)->data, (size_t)between);
        to = (char *)mempcpy(to, as_bytes(item[i])->data, (size_t)as_bytes(item[i])->len);
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
    Ref out = is_bytes(argv[0]) ? join_plain(vm, argv[0], items) : UNDEF;
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
