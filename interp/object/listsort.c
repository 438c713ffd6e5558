/* listsort.c - list.sort: a stable, adaptive merge sort.
 *
 * Runs that are there already (ascending, or strictly descending and then turned round) are
 * found, short ones extended by binary insertion, and merged in the order of powersort (Munro
 * and Wild 2018: "Nearly-optimal mergesorts"), which needs a stack of log2(n) runs.  Comparing
 * may run script code, so the list gives its array away meanwhile (capacity -1 tells whether
 * somebody touched it), and the array holds each item exactly once whenever a comparison can
 * fail. The routines are written once and inlined for each way to compare: `less` and `paired`
 * are constants there.
 * Ints, floats and strs, whose comparisons nobody sees, are sorted by numbers that stand for them:
 * a smaller number is a smaller key, and only keys that share one are compared.
 * Neighbours: list.c, base/radix.c (sorting by numbers). */
/* SPDX-License-Identifier: MIT */
#include "base/radix.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/number.h"
#include "object/sequence.h"

typedef int Less(Vm *vm, Value a, Value b); /* 1: a < b; 0; -1: raised */

typedef struct Run {
    ptrdiff_t start, len;
    int power; /* of the boundary between this run and the one before it */
} Run;

typedef struct Sorter {
    Vm *vm;
    Ref *keys;
    Ref *values; /* moved along with keys; NULL when the keys are the items */
    ptrdiff_t len;
    Ref *spare; /* room for half of keys, then half of values; NULL until needed */
    int depth;
    Run runs[70];
} Sorter;

/* Leaves runs alone: there are none yet. */
static void sorter_open(Sorter *s, Vm *vm, Ref *keys, Ref *values, ptrdiff_t len)
{
    s->vm = vm;
    s->keys = keys;
    s->values = values;
    s->len = len;
    s->spare = NULL;
    s->depth = 0;
}

#define INLINE static inline __attribute__((always_inline))

/* ---- ways to compare ---- */

static inline int less_int(Vm *vm __attribute__((unused)), Value a, Value b)
{
    return as_int(a) < as_int(b);
}
static inline int less_float(Vm *vm __attribute__((unused)), Value a, Value b)
{
    return as_float(a) < as_float(b);
}
/* Doubles but NaN and -0.0 are in the order of their bits, read as sign and magnitude. */
static inline bool by_bits(double number)
{
    return number > 0 || number < 0 || (number == 0 && !signbit(number));
}
static inline int64_t order_of(Value v)
{
    double number = as_float(v);
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}
static inline int less_ordered(Vm *vm __attribute__((unused)), Value a, Value b)
{
    return order_of(a) < order_of(b);
}
/* As many characters from offset on as fit, of so many bytes each: the first counts most. */
static inline uint64_t leading_characters(const Str *str, ptrdiff_t offset, int width)
{
    ptrdiff_t left = str->len - offset;
    uint64_t bits = 0;
    if (width > 1) {
        int step = 8 / width;
        for (int n = 0; n < step; n++)
            bits = bits << 8 * width | (n < left ? str_at(str, offset + n) : 0);
        return bits;
    }
    if (left > 0) memcpy(&bits, str->data + offset, left < 8 ? left : 8);
    return __builtin_bswap64(bits);
}
static inline int less_str(Vm *vm __attribute__((unused)), Value a, Value b)
{
    const Str *x = as_str(a), *y = as_str(b);
    if (x->width != 1 || y->width != 1) return str_compare(x, y) < 0;
    if (x->len >= 8 && y->len >= 8) { /* mostly these decide */
        uint64_t a_first = leading_characters(x, 0, 1), b_first = leading_characters(y, 0, 1);
        if (a_first != b_first) return a_first < b_first;
    }
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return order ? order < 0 : x->len < y->len;
}
static inline int less_long(Vm *vm __attribute__((unused)), Value a, Value b)
{
    return int_compare(a, b) < 0;
}
static inline int less_bytes(Vm *vm __attribute__((unused)), Value a, Value b)
{
    const Bytes *x = as_bytes(a), *y = as_bytes(b);
    int order = memcmp(x->data, y->data, (size_t)(x->len < y->len ? x->len : y->len));
    return order ? order < 0 : x->len < y->len;
}
/* Small ints and bools. */
static inline int64_t flag_of(Value v) { return is_int(v) ? as_int(v) : v == TRUE; }
static inline int less_flag(Vm *vm __attribute__((unused)), Value a, Value b)
{
    return flag_of(a) < flag_of(b);
}
/* Small ints and floats; exact, since a small int is a double too. */
static inline double number_of(Value v) { return is_int(v) ? (double)as_int(v) : as_float(v); }
static inline int less_number(Vm *vm __attribute__((unused)), Value a, Value b)
{
    return number_of(a) < number_of(b);
}
static int less_any(Vm *vm, Value a, Value b)
{
    if (both_ints(a, b)) return as_int(a) < as_int(b);
    return value_test(vm, a, b, CMP_LESS);
}

/* The answer of a comparison slot; steals it. */
static int answer_of(Vm *vm, Ref out)
{
    if (is_bool(out)) return out == TRUE;
    if (failed(out)) return -1;
    int answer = value_truth(vm, out);
    decref(out);
    return answer;
}

/* Both of one builtin type, whose slot knows what to do with them. */
static int less_alike(Vm *vm, Value a, Value b)
{
    Ref out = as_object(a)->shape->type->slots.compare(vm, a, b, CMP_LESS);
    return out == NOT_IMPLEMENTED ? value_test(vm, a, b, CMP_LESS) : answer_of(vm, out);
}

/* Tuples, or lists. */
INLINE int less_items(Vm *vm, Value a, Value b, const Ref *a_items, ptrdiff_t a_len,
                      const Ref *b_items, ptrdiff_t b_len)
{
    if (a_len && b_len) { /* the first items mostly decide */
        Value x = a_items[0], y = b_items[0];
        if (x != y) {
            if (both_ints(x, y)) return as_int(x) < as_int(y);
            if (both_floats(x, y) && as_float(x) != as_float(y)) return as_float(x) < as_float(y);
            if (is_exact(x, KIND_STR) && is_exact(y, KIND_STR)) {
                int order = str_compare(as_str(x), as_str(y));
                if (order) return order < 0;
            }
        }
    }
    return answer_of(vm, sequence_compare(vm, a, b, CMP_LESS));
}
static int less_tuple(Vm *vm, Value a, Value b)
{
    return less_items(vm, a, b, as_tuple(a)->items, tuple_len(a), as_tuple(b)->items, tuple_len(b));
}
static int less_list(Vm *vm, Value a, Value b)
{
    return less_items(vm, a, b, as_list(a)->items, as_list(a)->len, as_list(b)->items,
                      as_list(b)->len);
}

/* ---- runs ---- */

static void reverse_refs(Ref *items, ptrdiff_t len)
{
    for (ptrdiff_t i = 0, j = len - 1; i < j; i++, j--) {
        Ref item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}

/* The length of the run at start (made ascending); -1: raised. */
INLINE ptrdiff_t count_run(Sorter *s, ptrdiff_t start, Less *less, bool paired)
{
    Ref *keys = s->keys;
    ptrdiff_t end = start + 1;
    if (end >= s->len) return 1;
    int down = less(s->vm, keys[end], keys[start]);
    if (down < 0) return -1;
    for (end++; end < s->len; end++) {
        int order = less(s->vm, keys[end], keys[end - 1]);
        if (order < 0) return -1;
        if (order != down) break;
    }
    if (down) {
        reverse_refs(keys + start, end - start);
        if (paired) reverse_refs(s->values + start, end - start);
    }
    return end - start;
}

/* Sorts [start, end), of which [start, sorted) is sorted. */
INLINE bool insert_sort(Sorter *s, ptrdiff_t start, ptrdiff_t sorted, ptrdiff_t end, Less *less,
                        bool paired)
{
    Ref *keys = s->keys;
    for (ptrdiff_t i = sorted; i < end; i++) {
        ptrdiff_t low = start, high = i;
        Ref key = keys[i];
        while (low < high) {
            ptrdiff_t middle = low + (high - low) / 2;
            int order = less(s->vm, key, keys[middle]);
            if (order < 0) return false;
            if (order) high = middle;
            else low = middle + 1;
        }
        memmove(keys + low + 1, keys + low, (i - low) * sizeof(Ref));
        keys[low] = key;
        if (paired) {
            Ref value = s->values[i];
            memmove(s->values + low + 1, s->values + low, (i - low) * sizeof(Ref));
            s->values[low] = value;
        }
    }
    return true;
}

/* ---- merging ---- */

/* How many of the sorted keys[0 .. len) come before key (equal ones too when after_equal),
 * looking from the left with doubling steps.  -1: raised. */
INLINE ptrdiff_t search_left(Vm *vm, Ref *keys, ptrdiff_t len, Value key, Less *less,
                             bool after_equal)
{
    ptrdiff_t low = 0, high = len, step = 1;
    for (ptrdiff_t at = 0; at < len; at += step, step *= 2) {
        int order = after_equal ? less(vm, key, keys[at]) : less(vm, keys[at], key);
        if (order < 0) return -1;
        if (order == after_equal) {
            high = at;
            break;
        }
        low = at + 1;
    }
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        int order = after_equal ? less(vm, key, keys[middle]) : less(vm, keys[middle], key);
        if (order < 0) return -1;
        if (order == after_equal) high = middle;
        else low = middle + 1;
    }
    return low;
}

/* The same, looking from the right. */
INLINE ptrdiff_t search_right(Vm *vm, Ref *keys, ptrdiff_t len, Value key, Less *less,
                              bool after_equal)
{
    ptrdiff_t low = 0, high = len, step = 1;
    for (ptrdiff_t at = len - 1; at >= 0; at -= step, step *= 2) {
        int order = after_equal ? less(vm, key, keys[at]) : less(vm, keys[at], key);
        if (order < 0) return -1;
        if (order != after_equal) {
            low = at + 1;
            break;
        }
        high = at;
    }
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        int order = after_equal ? less(vm, key, keys[middle]) : less(vm, keys[middle], key);
        if (order < 0) return -1;
        if (order == after_equal) high = middle;
        else low = middle + 1;
    }
    return low;
}

static bool spare_open(Sorter *s)
{
    if (s->spare) return true;
    ptrdiff_t half = s->len / 2 + 1;
    s->spare = memory_new(s->vm, half * sizeof(Ref) * (s->values ? 2 : 1));
    return s->spare;
}

/* The shorter left run moves to spare; merges from the left.  [to, j) is always the room for
 * what is in spare. */
INLINE bool merge_low(Sorter *s, ptrdiff_t start, ptrdiff_t left, ptrdiff_t right, Less *less,
                      bool paired)
{
    Ref *keys = s->keys, *values = s->values, *spare = s->spare,
        *spare_values = s->spare + s->len / 2 + 1;
    memcpy(spare, keys + start, left * sizeof(Ref));
    if (paired) memcpy(spare_values, values + start, left * sizeof(Ref));
    ptrdiff_t to = start, i = 0, j = start + left, end = j + right;
    bool ok = true;
    while (i < left && j < end) {
        int order = less(s->vm, keys[j], spare[i]);
        if (order < 0) {
            ok = false;
            break;
        }
        keys[to] = order ? keys[j] : spare[i];
        if (paired) values[to] = order ? values[j] : spare_values[i];
        to++;
        j += order;
        i += !order;
    }
    memcpy(keys + to, spare + i, (left - i) * sizeof(Ref));
    if (paired) memcpy(values + to, spare_values + i, (left - i) * sizeof(Ref));
    return ok;
}

/* The shorter right run moves to spare; merges from the right. */
INLINE bool merge_high(Sorter *s, ptrdiff_t start, ptrdiff_t left, ptrdiff_t right, Less *less,
                       bool paired)
{
    Ref *keys = s->keys, *values = s->values, *spare = s->spare,
        *spare_values = s->spare + s->len / 2 + 1;
    memcpy(spare, keys + start + left, right * sizeof(Ref));
    if (paired) memcpy(spare_values, values + start + left, right * sizeof(Ref));
    ptrdiff_t to = start + left + right - 1, i = start + left - 1, j = right - 1;
    bool ok = true;
    while (i >= start && j >= 0) {
        int order = less(s->vm, spare[j], keys[i]);
        if (order < 0) {
            ok = false;
            break;
        }
        keys[to] = order ? keys[i] : spare[j];
        if (paired) values[to] = order ? values[i] : spare_values[j];
        to--;
        i -= order;
        j -= !order;
    }
    memcpy(keys + to - j, spare, (j + 1) * sizeof(Ref));
    if (paired) memcpy(values + to - j, spare_values, (j + 1) * sizeof(Ref));
    return ok;
}

/* Merges the two topmost runs. */
INLINE bool merge_top(Sorter *s, Less *less, bool paired)
{
    Run *a = &s->runs[s->depth - 2], *b = &s->runs[s->depth - 1];
    ptrdiff_t start = a->start, left = a->len, right = b->len, middle = start + left;
    a->len += right;
    s->depth--;
    /* What stands before the right run's first key, and after the left run's last, is in place
     * already. */
    ptrdiff_t skip = search_left(s->vm, s->keys + start, left, s->keys[middle], less, true);
    if (skip < 0) return false;
    start += skip;
    left -= skip;
    if (left == 0) return true;
    right = search_right(s->vm, s->keys + middle, right, s->keys[middle - 1], less, false);
    if (right < 0) return false;
    if (right == 0) return true;
    if (!spare_open(s)) return false;
    return left <= right ? merge_low(s, start, left, right, less, paired)
                         : merge_high(s, start, left, right, less, paired);
}

/* Powersort: the depth in a perfectly balanced merge tree of the node that splits the two
 * neighbouring runs. */
static int boundary_power(ptrdiff_t len, const Run *a, ptrdiff_t b_len)
{
    uint64_t n = len, left = 2 * (uint64_t)a->start + a->len, right = left + a->len + b_len;
    int power = 0;
    for (;;) { /* compare left/2n and right/2n, the runs' middles, bit by bit */
        power++;
        bool left_bit = left >= n, right_bit = right >= n;
        if (left_bit != right_bit) return power;
        if (left_bit) {
            left -= n;
            right -= n;
        }
        left *= 2;
        right *= 2;
    }
}

INLINE bool push_run(Sorter *s, ptrdiff_t start, ptrdiff_t len, Less *less, bool paired)
{
    if (s->depth > 0) {
        int power = boundary_power(s->len, &s->runs[s->depth - 1], len);
        while (s->depth > 1 && s->runs[s->depth - 1].power > power)
            if (!merge_top(s, less, paired)) return false;
        s->runs[s->depth] = (Run){start, len, power};
    } else {
        s->runs[0] = (Run){start, len, 0};
    }
    s->depth++;
    return true;
}

/* Between 32 and 64, such that len divided by it is close to, but no more than, a power of two. */
static ptrdiff_t shortest_run(ptrdiff_t len)
{
    ptrdiff_t rest = 0;
    for (; len >= 64; len >>= 1) rest |= len & 1;
    return len + rest;
}

INLINE bool sort_by(Sorter *s, Less *less, bool paired)
{
    ptrdiff_t shortest = shortest_run(s->len);
    for (ptrdiff_t start = 0; start < s->len;) {
        ptrdiff_t run = count_run(s, start, less, paired);
        if (run < 0) return false;
        if (run < shortest) {
            ptrdiff_t len = s->len - start < shortest ? s->len - start : shortest;
            if (!insert_sort(s, start, start + run, start + len, less, paired)) return false;
            run = len;
        }
        if (!push_run(s, start, run, less, paired)) return false;
        start += run;
    }
    while (s->depth > 1)
        if (!merge_top(s, less, paired)) return false;
    return true;
}

/* ---- the sorts, one for each way to compare ---- */

INLINE bool sort_with(Sorter *s, Less *less)
{
    return s->values ? sort_by(s, less, true) : sort_by(s, less, false);
}
static bool sort_whole_strs(Sorter *s) { return sort_with(s, less_str); }
static bool sort_numbers(Sorter *s) { return sort_with(s, less_number); }
static bool sort_other(Sorter *s, Less *less) { return sort_with(s, less); }
static bool sort_whole_longs(Sorter *s) { return sort_other(s, less_long); }

/* ---- sorting by numbers ---- */

enum { FEW_KEYS = 64, MANY_KEYS = 1 << 22 }; /* fewer, or more, are compared */
#define SIGN_BIT ((uint64_t)1 << 63)

/* Room for len items and as many spare ones; NULL: raised. */
static Ranked *ranks_new(Vm *vm, ptrdiff_t len)
{
    return memory_new(vm, (size_t)len * 2 * sizeof(Ranked));
}

static void rearrange(Ref *items, const Ranked *ranks, ptrdiff_t len, Ref *spare)
{
    for (ptrdiff_t i = 0; i < len; i++) spare[i] = items[ranks[i].place];
    memcpy(items, spare, (size_t)len * sizeof *items);
}

/* Brings keys and values (or NULL) into the order of the numbers in ranks. */
static void sort_ranks(Ranked *ranks, Ref *keys, Ref *values, ptrdiff_t len)
{
    for (ptrdiff_t i = 0; i < len; i++) ranks[i].place = (uint64_t)i;
    if (!radix_sort(ranks, ranks + len, len)) return;
    Ref *spare = (Ref *)(void *)(ranks + len);
    rearrange(keys, ranks, len, spare);
    if (values) rearrange(values, ranks, len, spare);
}

static uint64_t number_of_small(Value v) { return (uint64_t)as_int(v) ^ SIGN_BIT; }
static uint64_t number_of_flag(Value v) { return (uint64_t)flag_of(v) ^ SIGN_BIT; }
static uint64_t number_of_float(Value v) { return (uint64_t)order_of(v) ^ SIGN_BIT; }

/* Any int: its sign, how many bits it has, and the first 50 after the leading one. */
static uint64_t number_of_int(Value v)
{
    enum { BITS_MOST = (1 << 13) - 1, SHOWN = 50 };
    IntView view;
    long bits;
    double fraction = mpz_get_d_2exp(&bits, int_view(&view, v));
    if (fraction == 0) return SIGN_BIT;
    uint64_t shown = (uint64_t)((fabs(fraction) - 0.5) * (double)(1ull << (SHOWN + 1)));
    if (bits >= BITS_MOST) { /* too long to be told apart */
        bits = BITS_MOST;
        shown = 0;
    }
    uint64_t magnitude = (uint64_t)bits << SHOWN | shown;
    return fraction < 0 ? SIGN_BIT - magnitude : SIGN_BIT + magnitude;
}

/* Do the keys rise and fall a few times only, so that merging is less work than sorting by numbers?
 * Where they do not, that shows soon. */
INLINE bool has_few_turns(const Sorter *s, Less *less)
{
    ptrdiff_t left = 8 + s->len / 256;
    int before = -1;
    for (ptrdiff_t i = 1; i < s->len && left > 0; i++) {
        int order = less(s->vm, s->keys[i], s->keys[i - 1]);
        left -= order != before;
        before = order;
    }
    return left > 0;
}

/* Are keys that have numbers better compared? */
INLINE bool compare_rather(const Sorter *s, Less *less)
{
    return s->len < FEW_KEYS || s->len > MANY_KEYS || has_few_turns(s, less);
}

/* Keys whose number says all there is to say. */
INLINE bool sort_by_number(Sorter *s, uint64_t (*number)(Value v), Less *less)
{
    if (compare_rather(s, less)) return sort_with(s, less);
    Ranked *ranks = ranks_new(s->vm, s->len);
    if (!ranks) return false;
    for (ptrdiff_t i = 0; i < s->len; i++) ranks[i].number = number(s->keys[i]);
    sort_ranks(ranks, s->keys, s->values, s->len);
    memory_free(ranks);
    return true;
}

static bool sort_ints(Sorter *s) { return sort_by_number(s, number_of_small, less_int); }

static bool sort_flags(Sorter *s) { return sort_by_number(s, number_of_flag, less_flag); }

static bool sort_floats(Sorter *s)
{
    bool ordered = true;
    for (ptrdiff_t i = 0; i < s->len && ordered; i++) ordered = by_bits(as_float(s->keys[i]));
    if (ordered) return sort_by_number(s, number_of_float, less_ordered);
    return sort_with(s, less_float);
}

/* keys[start .. end), and values if there are any, by comparing them. */
static bool sort_part(const Sorter *s, ptrdiff_t start, ptrdiff_t end, bool (*sort)(Sorter *))
{
    Sorter part;
    sorter_open(&part, s->vm, s->keys + start, s->values ? s->values + start : NULL, end - start);
    bool ok = sort(&part);
    memory_free(part.spare);
    return ok;
}

/* Ints of every size. */
static bool sort_longs(Sorter *s)
{
    if (compare_rather(s, less_long)) return sort_whole_longs(s);
    Ranked *ranks = ranks_new(s->vm, s->len);
    if (!ranks) return false;
    for (ptrdiff_t i = 0; i < s->len; i++) ranks[i].number = number_of_int(s->keys[i]);
    sort_ranks(ranks, s->keys, s->values, s->len);
    bool ok = true;
    for (ptrdiff_t start = 0, end; ok && start < s->len; start = end) {
        for (end = start + 1; end < s->len && ranks[end].number == ranks[start].number;) end++;
        if (end - start > 1) ok = sort_part(s, start, end, sort_whole_longs);
    }
    memory_free(ranks);
    return ok;
}

/* ---- strs by several characters at a time ----
 *
 * Characters [offset, offset + step) of each str make one number, eight narrow ones, or as many as
 * fit of the widest that there are, so that sorting touches the strs themselves once; then the
 * groups that share it are sorted by those that follow. */

enum { OFFSET_MAX = 64 };

static bool sort_strs_at(const Sorter *s, ptrdiff_t start, ptrdiff_t end, ptrdiff_t offset,
                         int width);

/* Are no characters left from offset on, so that only NULs at their ends tell strs apart? */
static bool spent_at(Ref *strs, ptrdiff_t len, ptrdiff_t offset, bool *alike)
{
    *alike = true;
    for (ptrdiff_t i = 0; i < len; i++) {
        if (as_str(strs[i])->len > offset) return false;
        *alike &= as_str(strs[i])->len == as_str(strs[0])->len;
    }
    return true;
}

/* Sorts each group of the strs from start on that share their characters at offset. */
static bool sort_groups(const Sorter *s, const Ranked *ranks, ptrdiff_t start, ptrdiff_t len,
                        ptrdiff_t offset, int width)
{
    for (ptrdiff_t i = 0, end; i < len; i = end) {
        for (end = i + 1; end < len && ranks[end].number == ranks[i].number;) end++;
        if (end - i > 1 && !sort_strs_at(s, start + i, start + end, offset + 8 / width, width))
            return false;
    }
    return true;
}

/* keys[start .. end), all of whose characters before offset are the same. */
static bool sort_strs_at(const Sorter *s, ptrdiff_t start, ptrdiff_t end, ptrdiff_t offset,
                         int width)
{
    ptrdiff_t len = end - start;
    Ref *strs = s->keys + start;
    bool alike, spent = spent_at(strs, len, offset, &alike);
    if (spent && alike && offset) return true; /* the same strs */
    if (len < FEW_KEYS || len > MANY_KEYS || offset > OFFSET_MAX || spent)
        return sort_part(s, start, end, sort_whole_strs);
    Ranked *ranks = ranks_new(s->vm, len);
    if (!ranks) return false;
    for (ptrdiff_t i = 0; i < len; i++)
        ranks[i].number = leading_characters(as_str(strs[i]), offset, width);
    sort_ranks(ranks, strs, s->values ? s->values + start : NULL, len);
    bool ok = sort_groups(s, ranks, start, len, offset, width);
    memory_free(ranks);
    return ok;
}

static bool sort_strs(Sorter *s)
{
    if (compare_rather(s, less_str)) return sort_whole_strs(s);
    int width = 1;
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (as_str(s->keys[i])->width > width) width = as_str(s->keys[i])->width;
    return sort_strs_at(s, 0, s->len, 0, width);
}

static bool all_exact(const Sorter *s, Kind kind)
{
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (!is_exact(s->keys[i], kind)) return false;
    return true;
}

static bool all_flags(const Sorter *s)
{
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (!is_int(s->keys[i]) && !is_bool(s->keys[i])) return false;
    return true;
}

static bool all_ints(const Sorter *s)
{
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (!is_int(s->keys[i]) && !is_exact(s->keys[i], KIND_INT)) return false;
    return true;
}

/* Are all of one builtin type that compares? */
static bool all_alike(const Sorter *s)
{
    if (!is_heap(s->keys[0])) return false;
    const Object *first = as_object(s->keys[0]);
    if (first->flags & OBJ_SUBCLASS || !first->shape->type->slots.compare ||
        (first->shape->type->flags & TYPE_HEAP))
        return false;
    for (ptrdiff_t i = 1; i < s->len; i++)
        if (!is_heap(s->keys[i]) || as_object(s->keys[i])->shape != first->shape) return false;
    return true;
}

static bool sort_keys(Sorter *s)
{
    if (s->len < 2) return true;
    ptrdiff_t i = 0;
    if (is_int(s->keys[0])) {
        while (i < s->len && is_int(s->keys[i])) i++;
        if (i == s->len) return sort_ints(s);
    } else if (is_float(s->keys[0])) {
        while (i < s->len && is_float(s->keys[i])) i++;
        if (i == s->len) return sort_floats(s);
    }
    while (i < s->len && (is_int(s->keys[i]) || is_float(s->keys[i]))) i++;
    if (i == s->len) return sort_numbers(s);
    if (all_flags(s)) return sort_flags(s);
    if (all_ints(s)) return sort_longs(s);
    if (all_exact(s, KIND_STR)) return sort_strs(s);
    if (all_exact(s, KIND_BYTES)) return sort_other(s, less_bytes);
    if (all_exact(s, KIND_TUPLE)) return sort_other(s, less_tuple);
    if (all_exact(s, KIND_LIST)) return sort_other(s, less_list);
    return sort_other(s, all_alike(s) ? less_alike : less_any);
}

/* Fills keys with key(item); false: raised, and keys hold nothing. */
static bool make_keys(Vm *vm, Value key, Ref *items, Ref *keys, ptrdiff_t len)
{
    for (ptrdiff_t i = 0; i < len; i++) {
        keys[i] = call1(vm, key, items[i]);
        if (failed(keys[i])) {
            while (i > 0) decref(keys[--i]);
            return false;
        }
    }
    return true;
}

/* Sorts the detached array. */
static bool sort_items(Vm *vm, Ref *items, ptrdiff_t len, Value key, bool reverse)
{
    Sorter sorter;
    sorter_open(&sorter, vm, items, NULL, len);
    if (!is_none(key)) {
        sorter.values = items;
        sorter.keys = memory_new(vm, len * sizeof(Ref));
        if (!sorter.keys) return false;
        if (!make_keys(vm, key, items, sorter.keys, len)) {
            memory_free(sorter.keys);
            return false;
        }
    }
    /* Turning round before and after keeps equal items in their order. */
    if (reverse) {
        reverse_refs(sorter.keys, len);
        if (sorter.values) reverse_refs(sorter.values, len);
    }
    bool ok = sort_keys(&sorter);
    if (reverse) reverse_refs(items, len);
    memory_free(sorter.spare);
    if (sorter.values) {
        for (ptrdiff_t i = 0; i < len; i++) decref(sorter.keys[i]);
        memory_free(sorter.keys);
    }
    return ok;
}

bool list_sort(Vm *vm, List *list, Value key, bool reverse)
{
    Ref *items = list->items;
    ptrdiff_t len = list->len, capacity = list->capacity;
    if (len == 0) return true;
    list->items = NULL;
    list->len = 0;
    list->capacity = -1;
    bool ok = sort_items(vm, items, len, key, reverse);
    bool touched = list->capacity != -1;
    Ref *intruders = list->items;
    ptrdiff_t count = list->len;
    list->items = items;
    list->len = len;
    list->capacity = capacity;
    while (count > 0) decref(intruders[--count]);
    memory_free(intruders);
    if (ok && touched) {
        throw(vm, ValueError, "list modified during sort");
        return false;
    }
    return ok;
}
