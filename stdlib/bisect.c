/* bisect.c - finding and keeping the order in sorted sequences by halving.
 *
 * Comparisons and keys may run script code, so an item is held while it is compared and the
 * sequence asked anew for each. */
/* SPDX-License-Identifier: MIT */
#include "native.h"

/* The parameters of all of them, in the order of their signatures. */
enum { SEQUENCE, ITEM, LOW, HIGH, KEY };

/* x < item (right) or item < x. */
static inline Truth order_test(Vm *vm, Value x, Value item, bool right)
{
    if (both_ints(x, item)) return right ? as_int(x) < as_int(item) : as_int(item) < as_int(x);
    return right ? value_test(vm, x, item, CMP_LESS) : value_test(vm, item, x, CMP_LESS);
}

/* The item at i, or what key makes of it. */
static Ref ranked_item(Vm *vm, Value sequence, int64_t i, Value key)
{
    Ref at = from_int64(vm, i), item = failed(at) ? FAIL : value_get_item(vm, sequence, at);
    decref(at);
    if (failed(item) || is_none(key)) return item;
    Ref rank = call1(vm, key, item);
    decref(item);
    return rank;
}

/* Is x to the left of place i?  FAILED: raised. */
static Truth is_left(Vm *vm, Value *argv, Value x, int64_t i, bool right)
{
    Value sequence = argv[SEQUENCE];
    if (is_exact(sequence, KIND_LIST) && is_none(argv[KEY]) && i < as_list(sequence)->len) {
        Value item = list_at(as_list(sequence), i);
        if (both_ints(x, item)) return right ? as_int(x) < as_int(item) : as_int(x) <= as_int(item);
    }
    Ref item = ranked_item(vm, sequence, i, argv[KEY]);
    if (failed(item)) return FAILED;
    Truth order = order_test(vm, x, item, right);
    decref(item);
    return order == FAILED ? FAILED : order == right;
}

/* Where x belongs; -1: raised. */
static int64_t find(Vm *vm, Value *argv, Value x, bool right)
{
    int64_t low, high;
    if (!int_index(vm, argv[LOW], &low)) return -1;
    if (low < 0) {
        throw(vm, ValueError, "lo must be non-negative");
        return -1;
    }
    if (!is_none(argv[HIGH])) {
        if (!int_index(vm, argv[HIGH], &high)) return -1;
    } else if ((high = value_len(vm, argv[SEQUENCE])) < 0) {
        return -1;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        Truth left = is_left(vm, argv, x, middle, right);
        if (left == FAILED) return -1;
        if (left) high = middle;
        else low = middle + 1;
    }
    return low;
}

static Ref place(Vm *vm, Value *argv, bool right)
{
    int64_t i = find(vm, argv, argv[ITEM], right);
    return i < 0 ? FAIL : from_int64(vm, i);
}

static Ref insert(Vm *vm, Value *argv, bool right)
{
    Ref rank = is_none(argv[KEY]) ? newref(argv[ITEM]) : call1(vm, argv[KEY], argv[ITEM]);
    int64_t i = failed(rank) ? -1 : find(vm, argv, rank, right);
    decref(rank);
    if (i < 0) return FAIL;
    if (is_exact(argv[SEQUENCE], KIND_LIST)) {
        return list_insert(vm, as_list(argv[SEQUENCE]), i, newref(argv[ITEM])) ? NONE : FAIL;
    }
    Ref at = from_int64(vm, i), name = failed(at) ? FAIL : str_interned(vm, "insert");
    Ref out = FAIL;
    if (!failed(name)) out = call_method(vm, argv[SEQUENCE], name, 2, (Value[]){at, argv[ITEM]});
    decref(at);
    decref(name);
    if (failed(out)) return FAIL;
    decref(out);
    return NONE;
}

NATIVE(bisect_right, "bisect_right(a, x, lo=0, hi=None, *, key=None)",
       "Return where to insert x into sorted list a so that it stands after every item equal to\n"
       "it.  The search is confined to a[lo:hi]; key, when given, is applied to the items but not\n"
       "to x.")
{
    return place(vm, argv, true);
}

NATIVE(bisect_left, "bisect_left(a, x, lo=0, hi=None, *, key=None)",
       "Return where to insert x into sorted list a so that it stands before every item equal to\n"
       "it.  The search is confined to a[lo:hi]; key, when given, is applied to the items but not\n"
       "to x.")
{
    return place(vm, argv, false);
}

NATIVE(insort_right, "insort_right(a, x, lo=0, hi=None, *, key=None)",
       "Insert x into sorted list a, after every item equal to it.")
{
    return insert(vm, argv, true);
}

NATIVE(insort_left, "insort_left(a, x, lo=0, hi=None, *, key=None)",
       "Insert x into sorted list a, before every item equal to it.")
{
    return insert(vm, argv, false);
}

static bool set_alias(Vm *vm, Value module, const char *alias, const char *name)
{
    Ref function = attr_get_text(vm, module, name);
    return !failed(function) && module_set(vm, module, alias, function);
}

static bool bisect_open(Vm *vm, Value module)
{
    return set_alias(vm, module, "bisect", "bisect_right") &&
           set_alias(vm, module, "insort", "insort_right");
}

static const Native *const bisect_functions[] = {&bisect_right_def, &bisect_left_def,
                                                 &insort_right_def, &insort_left_def, NULL};
const ModuleDef bisect_module = {
    .name = "bisect",
    .doc = "Finding and keeping the order in sorted lists by halving.",
    .functions = bisect_functions,
    .open = bisect_open,
};
